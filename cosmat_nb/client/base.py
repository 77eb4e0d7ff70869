"""What the blocking and the awaiting client share: everything but waiting."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, NoReturn, TypedDict

from cosmat_nb.client.clock import Clock
from cosmat_nb.client.keyring import Keyring
from cosmat_nb.client.protocol import Speaker
from cosmat_nb.client.retry import Retry
from cosmat_nb.client.sending import check_endpoint
from cosmat_nb.client.server_time import ServerTime
from cosmat_nb.client.verbs import Verbs
from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import Address
from cosmat_nb.wire.limits import Limits
from cosmat_nb.wire.policy import Policy, required_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cosmat_nb.client.link import Link
    from cosmat_nb.client.recording import Recorder
    from cosmat_nb.options import MattingOptions, Operation
    from cosmat_nb.wire.credentials import Credentials

__all__ = ["BaseClient", "Settings"]

MAX_CONCURRENCY = 256
"""Most calls in flight of one client; more threads would only wait."""


class Settings(TypedDict, total=False):
    """Keyword arguments of `BaseClient`; it says what they mean."""

    endpoint: str | None
    concurrency: int
    retry: Retry
    clock: Clock
    limits: Limits | None
    private_urls: bool
    emulator_version: str
    recorder: Recorder | None


class BaseClient:
    """A client without its driver.

    Parameters
    ----------
    address : Address
        Bucket and region; their host is sent and signed.
    credentials : Credentials or callable
        The key pair, or a function that returns it. Credentials with ``expires`` are
        kept until a minute before; without it the function is asked before every
        attempt. After ``ExpiredToken`` it is asked once more. What it raises ends the
        call and is passed on.
    endpoint : str, optional
        Where requests really go, as ``http://127.0.0.1:8791``; by default the bucket's
        host over HTTPS. The ``Host`` header does not change.
    concurrency : int, default 8
        Calls in flight that a batch keeps up.
    retry : Retry
        Attempts and deadlines of a call.
    clock : Clock
        By which time; for tests.
    limits : Limits or None
        Checked before a picture is uploaded; None leaves it to the service. For a
        stored one ask ``client.limits.refusal(client.probe(key))``.
    private_urls : bool, default False
        Whether ``detect-url`` may name loopback and private hosts, for a service that
        can reach them.
    emulator_version : str, default ""
        Set where the embedded emulator answers: its `Emulator.version`. Shown, and
        noted on results, which never pass for the service's.
    recorder : Recorder, optional
        Keeps every exchange as plain files without secrets.

    Raises
    ------
    OptionsError
        When concurrency is not 1 to 256 or the endpoint is not an http(s) address.

    Notes
    -----
    Every method raises a `CallError` when its call fails for good: `TransportError`,
    `ProtocolError` or the `ServiceError` that fits the service's error code; and before
    anything is sent an `OptionsError` for a key, address or other argument that the
    service would not take, and for a closed client.
    """

    def __init__(
        self,
        address: Address,
        credentials: Credentials | Callable[[], Credentials],
        *,
        endpoint: str | None = None,
        concurrency: int = 8,
        retry: Retry = Retry(),
        clock: Clock = Clock(),
        limits: Limits | None = Limits(),
        private_urls: bool = False,
        emulator_version: str = "",
        recorder: Recorder | None = None,
    ) -> None:
        if not isinstance(address, Address):
            raise OptionsError(
                f"address must be Address(bucket, region); not {type(address).__name__}"
            )
        if concurrency not in range(1, MAX_CONCURRENCY + 1):
            raise OptionsError(
                f"concurrency must be a whole number, 1 to {MAX_CONCURRENCY}; "
                f"not {concurrency!r}"
            )
        self.address = address
        self.endpoint = check_endpoint(endpoint or f"https://{address.host}")
        self.concurrency = concurrency
        self.emulated = bool(emulator_version)
        self.limits = limits
        self._settings = Settings(
            endpoint=endpoint,
            concurrency=concurrency,
            retry=retry,
            clock=clock,
            limits=limits,
            private_urls=private_urls,
            emulator_version=emulator_version,
            recorder=recorder,
        )
        self._credentials = credentials
        self._clock = clock
        self._recorder = recorder
        if recorder is not None:
            credentials = recorder.overhear(credentials)
        time = ServerTime(clock.now)
        self._verbs = Verbs(
            speaker=Speaker(
                host=address.host,
                keys=Keyring(credentials, time.now),
                time=time,
                retry=retry,
                clock=clock,
            ),
            address=address,
            endpoint=self.endpoint,
            limits=limits,
            private_urls=private_urls,
            service=self.service,
        )

    def __repr__(self) -> str:
        kind = "emulator" if self.emulated else "cloud"
        where = f" via {self.endpoint}" if self._is_diverted else ""
        return (
            f"{type(self).__name__}({kind}: {self.address.bucket} in "
            f"{self.address.region}{where})"
        )

    def _repr_html_(self) -> str:
        kind = "the embedded emulator; nothing is paid"
        if not self.emulated:
            kind = "the cloud service; <b>calls are paid</b>"
        rows = {"answers": kind, "bucket": html.escape(self.address.bucket)}
        rows["region"] = html.escape(self.address.region)
        rows["endpoint"] = html.escape(self.endpoint)
        cells = "".join(
            f"<tr><th>{name}</th><td>{text}</td></tr>" for name, text in rows.items()
        )
        return f"<table><caption>{type(self).__name__}</caption>{cells}</table>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} stays in its process: connect again in the other"
        )

    @property
    def service(self) -> str:
        """Who answers, as the store tells answers apart.

        ``cloud``; or the endpoint that was named in its place; or ``emulator`` with
        what its cutouts depend on, as ``emulator cosmat 1-ab12cd34``.
        """
        if self.emulated:
            return f"emulator {self._settings['emulator_version']}"
        return self.endpoint if self._is_diverted else "cloud"

    @property
    def _who(self) -> str:
        place = f"{self.address.bucket} in {self.address.region}"
        if self.emulated:
            return f"the embedded emulator at {self.endpoint}, as {place}"
        where = f"{self.endpoint} for " if self._is_diverted else ""
        return f"{where}the cloud service, {place}"

    @property
    def _is_diverted(self) -> bool:
        return self.endpoint != f"https://{self.address.host}"

    def check_place(self, place: str) -> None:
        """Refuse a key or an address that the service would not take; sends nothing.

        Raises
        ------
        OptionsError
            Saying which rule is broken.
        """
        self._verbs.check_place(place)

    def presign(
        self, key: str, options: MattingOptions | None = None, *, expires: float = 300.0
    ) -> Link:
        """Make a link that anyone can open for a while; sends nothing.

        Parameters
        ----------
        key : str
            Object key.
        options : MattingOptions, optional
            Makes it a link to the cutout, **paid each time it is opened**; without
            them it opens the object. Whoever holds either can add parameters, also
            those that cost.
        expires : float, default 300
            Life, seconds, at most a year; cut to that of temporary keys.

        Returns
        -------
        Link
            Its ``url`` is a secret.
        """
        return self._verbs.presign(key, options, expires)

    def required_policy(
        self,
        methods: Iterable[str],
        *,
        prefix: str = "",
        results: Address | str | None = None,
        operations: Iterable[Operation] | None = None,
    ) -> Policy:
        """Write the smallest policy that lets a sub-account make these calls.

        Parameters
        ----------
        methods : iterable of str
            Names of this client's methods, as ``["matte", "list_objects"]``.
        results : str or Address, optional
            Another bucket that results go to; a name means the same region.
        prefix, operations
            As in `cosmat_nb.wire.policy.required_policy`.

        Returns
        -------
        Policy
            Its ``notes`` say what is assumed, because the vendor's pages are silent or
            differ.
        """
        if isinstance(results, str):
            results = Address(results, self.address.region)
        if operations is None:
            return required_policy(
                self.address, methods, prefix=prefix, results=results
            )
        return required_policy(
            self.address, methods, prefix=prefix, results=results, operations=operations
        )
