"""What the emulator does for each request, once it has passed the gate."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from cosmat_nb.emulator.bucket import Bucket
from cosmat_nb.emulator.cutting import Cutter
from cosmat_nb.emulator.fetching import Fetcher
from cosmat_nb.emulator.gate import check_signature, find_bucket
from cosmat_nb.emulator.messages import Incoming, Outgoing
from cosmat_nb.emulator.objects import Objects
from cosmat_nb.emulator.refusal import NUMBERS, Refusal
from cosmat_nb.emulator.selection import select_cutout
from cosmat_nb.emulator.storing import Storing
from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cosmat_nb.emulator.assumptions import Assumptions
    from cosmat_nb.matting.engine import Engine
    from cosmat_nb.wire.credentials import Credentials

__all__ = ["Handlers"]

_NOT_YET = frozenset({"x-cos-copy-source"})
_SUBRESOURCES = frozenset(
    "acl append cors domain domaincertificate encryption intelligenttiering inventory "  # noqa: SIM905 - as a list it would fill a screen
    "lifecycle live location logging object-lock origin partNumber policy referer "
    "replication restore select style symlink tagging uploadId uploads versioning "
    "versions vod website".split()
)
"""Parameters that ask for something else than the object, as its rights or a part."""

_EDITS = re.compile("imageMogr2|imageView2|imageInfo|imageAve|imageInspect|watermark")
"""How parameters begin that ask for another picture than the one stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """The service: a gate, buckets, an engine and the open points.

    Attributes
    ----------
    address : Address
        Default bucket, and the one region.
    buckets : mapping of str to Bucket
        All buckets by name, the default one among them.
    credentials : Credentials
        The key pair that may pass.
    engine : Engine
        What cuts.
    assumptions : Assumptions
        How open points are played.
    now : callable
        Unix seconds.
    origins : frozenset of str
        Places other than its own buckets that ``detect-url`` may name.
    """

    address: Address
    buckets: Mapping[str, Bucket]
    credentials: Credentials
    engine: Engine
    assumptions: Assumptions
    now: Callable[[], float]
    origins: frozenset[str] = frozenset()
    shelves: Mapping[str, Objects] = field(init=False, repr=False)
    cutter: Cutter = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, bucket in self.buckets.items():
            if not isinstance(bucket, Bucket):
                raise OptionsError(
                    f"bucket {name} must be a MemoryBucket or a FolderBucket; "
                    f"not {type(bucket).__name__}"
                )
        shelves = {
            name: Objects(address=Address(name, self.address.region), bucket=bucket)
            for name, bucket in self.buckets.items()
        }
        cutter = Cutter(engine=self.engine, assumptions=self.assumptions)
        object.__setattr__(self, "shelves", shelves)
        object.__setattr__(self, "cutter", cutter)

    def answer(self, incoming: Incoming) -> Outgoing:
        """Let a request through the gate, find its handler and run it.

        Raises
        ------
        Refusal
            With one of the service's codes.
        Redirect
            When its bucket is at another host.
        """
        if incoming.method == "OPTIONS":
            # Browsers ask this without a signature; no bucket here has CORS rules.
            raise Refusal("AccessDenied", "CORS is not enabled for this bucket.")
        source = self._admit(incoming)
        if not _is_done_here(incoming):
            raise Refusal("NotImplemented", "This emulator does not do that.")
        handle = self._find_handler(incoming, source)
        if handle is None:
            raise Refusal(
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
            )
        return handle(incoming)

    def _find_handler(
        self, incoming: Incoming, source: Objects
    ) -> Callable[[Incoming], Outgoing] | None:
        method, params = incoming.method, incoming.params
        if method == "GET" and "ci-process" in params:
            return partial(self._matte, source=source)
        if not incoming.key:
            routes = {"GET": source.list, "HEAD": source.list}
            if "delete" in params:
                routes["POST"] = source.remove_many
            return routes.get(method)
        routes = {
            "GET": source.read,
            "HEAD": source.read,
            "PUT": source.write,
            "DELETE": source.remove,
        }
        if incoming.headers.get("pic-operations"):
            routes["PUT"] = partial(self._storing.upload, source=source)
        if "image_process" in params:
            routes["POST"] = partial(self._storing.process, source=source)
        return routes.get(method)

    def _admit(self, incoming: Incoming) -> Objects:
        assumed = self.assumptions
        name = self._find_bucket(incoming)
        check_signature(incoming, self.credentials, self.now(), assumed.wrong_token)
        return self.shelves[name]

    def _find_bucket(self, incoming: Incoming) -> str:
        return find_bucket(
            incoming,
            self.address,
            self.buckets,
            self.assumptions.foreign_region,
            self.assumptions.acceleration,
        )

    @property
    def _storing(self) -> Storing:
        return Storing(
            shelves=self.shelves, cutter=self.cutter, assumptions=self.assumptions
        )

    def _matte(self, incoming: Incoming, source: Objects) -> Outgoing:
        try:
            return self._download(incoming, source)
        except Refusal as refusal:
            number = NUMBERS.get(refusal.code)
            if number and self.assumptions.numbers == "present":
                refusal.headers = {**refusal.headers, "X-ErrNo": number}
            raise

    def _download(self, incoming: Incoming, source: Objects) -> Outgoing:
        options = self.cutter.read_options(incoming.params)
        cutting = self.cutter.cut(self._picture(incoming, source))
        outgoing = Outgoing(
            headers={
                "Content-Type": "image/png",
                "Server": "tencent-ci",
                "Status": "200 OK",
            },
            body=self.cutter.encode(cutting, options),
            billed=cutting.billed,
        )
        if self.assumptions.conditions == "ignore":
            return outgoing
        return select_cutout(incoming.headers, outgoing)

    def _picture(self, incoming: Incoming, source: Objects) -> bytes:
        url = incoming.params.get("detect-url", "")
        if url and incoming.key and self.assumptions.key_and_url == "refuse":
            message = "Name one picture: an object key or detect-url."
            raise Refusal("InvalidArgument", message)
        if url:
            fetcher = Fetcher(
                open_link=self._open_link,
                origins=self.origins,
                assumptions=self.assumptions,
            )
            return fetcher.fetch(url, incoming)
        if not incoming.key:
            message = "Name a picture: an object key, or detect-url."
            raise Refusal("InvalidArgument", message)
        return source.find(incoming.key).data

    def _open_link(self, link: Incoming) -> bytes:
        if "ci-process" in link.params:
            message = "A link to a matting call is not followed."
            raise Refusal("NotImplemented", message)
        if "q-signature" in link.params:
            return self.answer(link).body
        # Whether an object may be read without a signature is not asked here.
        return self.shelves[self._find_bucket(link)].find(link.key).data


def _is_done_here(incoming: Incoming) -> bool:
    if _NOT_YET & incoming.headers.keys() or _SUBRESOURCES & incoming.params.keys():
        return False
    return not any(map(_EDITS.match, incoming.params))
