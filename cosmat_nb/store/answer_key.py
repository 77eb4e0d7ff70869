"""What makes two answers the same answer: whose, of which picture, asked how."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.places import shown_place

if TYPE_CHECKING:
    from cosmat_nb.options import MattingOptions

__all__ = ["AnswerKey"]

_ASKED_BYTES = 16


class AnswerKey(NamedTuple):
    """Names one answer: the store finds it by this, and the ledger writes it down.

    Attributes
    ----------
    service : str
        Who answers, as ``client.service`` tells: ``"cloud"``, a named endpoint, or
        ``"emulator …"`` with its engine and version.
    bucket : str
        Where the source picture is; empty for an address.
    place : str
        Object key, or an address without its query.
    options : MattingOptions
        What was asked for.
    identity : str
        The source's ETag; empty when it is not known. Two identities differ only when
        both are known.
    address_hash : str
        SHA-256 of the whole address, hexadecimal; empty for an object key. A query may
        hold a signature, so the address itself is never kept.
    saved_as : str
        ``bucket/key`` of a result that stays in the bucket; empty for a download.

    Examples
    --------
    >>> from cosmat_nb.options import MattingOptions
    >>> key = AnswerKey.of_key("cloud", "b-1250000000", "mug.jpg", MattingOptions())
    >>> key.asked.hex()[:8], key.sandbox
    ('73a1cab8', False)
    """

    service: str
    bucket: str
    place: str
    options: MattingOptions
    identity: str = ""
    address_hash: str = ""
    saved_as: str = ""

    @classmethod
    def of_key(
        cls,
        service: str,
        bucket: str,
        key: str,
        options: MattingOptions,
        identity: str = "",
        saved_as: str = "",
    ) -> AnswerKey:
        """Name the answer for a picture in a bucket."""
        return cls(
            service=service,
            bucket=bucket,
            place=key,
            options=options,
            identity=identity,
            saved_as=saved_as,
        )

    @classmethod
    def of_address(cls, service: str, url: str, options: MattingOptions) -> AnswerKey:
        """Name the answer for a public picture; two queries are two pictures."""
        return cls(
            service=service,
            bucket="",
            place=shown_place(url),
            options=options,
            address_hash=hashlib.sha256(_bytes(url)).hexdigest(),
        )

    @property
    def asked(self) -> bytes:
        """16 bytes that tell keys apart by all fields but `identity`.

        The head of a SHA-256 over the fields, each behind its length, so that no two
        different rows of fields are the same text.
        """
        place = self.address_hash or self.place
        rule = rule_of(self.options)
        text = (
            f"{len(self.service)}:{self.service}{len(self.bucket)}:{self.bucket}"
            f"{len(self.address_hash)}:{len(place)}:{place}{len(rule)}:{rule}"
            f"{self.saved_as}"
        )
        return hashlib.sha256(_bytes(text)).digest()[:_ASKED_BYTES]

    @property
    def sandbox(self) -> bool:
        """Whether an emulator answers: nothing is paid, and nothing paid is found."""
        return self.service.startswith("emulator")


@cache
def rule_of(options: MattingOptions) -> str:
    """Return ``options.rule``, written once for each set of options."""
    return options.rule


def _bytes(text: str) -> bytes:
    # A file name that is not Unicode reaches Python as lone surrogates.
    return text.encode("utf-8", "surrogatepass")
