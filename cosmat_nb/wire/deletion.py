"""Deleting many objects in one call: the request's document and its answer."""

from __future__ import annotations

from dataclasses import dataclass

from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import check_key
from cosmat_nb.wire.markup import (
    Tree,
    read_document,
    survives_xml,
    text_of,
    write_xml,
)

__all__ = ["MAX_DELETE", "DeleteFailure", "DeleteRequest", "DeleteResult"]

MAX_DELETE = 1000
"""Most keys of one call (vendor's page "DELETE Multiple Objects")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRequest:
    """Keys to delete (``Delete``).

    Attributes
    ----------
    keys : tuple of str
        1 to 1000 object keys.
    quiet : bool
        Whether the answer tells failures only.

    Examples
    --------
    >>> request = DeleteRequest.of(("a&b.jpg", "c.jpg"))
    >>> DeleteRequest.from_xml(request.to_xml()) == request
    True
    """

    keys: tuple[str, ...]
    quiet: bool = False

    @classmethod
    def of(cls, keys: tuple[str, ...]) -> DeleteRequest:
        """Build a request from keys that the service would accept.

        Raises
        ------
        OptionsError
            When there are none or over 1000, or a key breaks a naming rule or holds a
            character that XML cannot.
        """
        if not 1 <= len(keys) <= MAX_DELETE:
            raise OptionsError(
                f"one call deletes 1 to {MAX_DELETE} keys; not {len(keys)}"
            )
        return cls(keys=tuple(_carried(check_key(key)) for key in keys))

    def to_xml(self) -> bytes:
        """Write the document.

        Raises
        ------
        OptionsError
            When a key holds a character that XML cannot: another would be deleted.
        """
        rows: list[Tree] = [("Object", [("Key", _carried(key))]) for key in self.keys]
        return write_xml(("Delete", [("Quiet", str(self.quiet).lower()), *rows]))

    @classmethod
    def from_xml(cls, body: bytes) -> DeleteRequest:
        """Read a document.

        Raises
        ------
        ProtocolError
            When `body` is not a ``Delete`` document.
        """
        root = read_document(body, "Delete")
        return cls(
            keys=tuple(text_of(row, "Key") for row in root.iterfind("Object")),
            quiet=text_of(root, "Quiet").strip().lower() == "true",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteFailure:
    """One key that could not be deleted, and why."""

    key: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteResult:
    """The answer to a multi-delete (``DeleteResult``).

    Attributes
    ----------
    deleted : tuple of str
        Keys that are gone; a quiet answer tells none.
    failed : tuple of DeleteFailure
        Keys that are not.
    """

    deleted: tuple[str, ...] = ()
    failed: tuple[DeleteFailure, ...] = ()

    def to_xml(self) -> bytes:
        """Write the document."""
        done: list[Tree] = [("Deleted", [("Key", key)]) for key in self.deleted]
        errors: list[Tree] = [
            (
                "Error",
                [("Key", row.key), ("Code", row.code), ("Message", row.message)],
            )
            for row in self.failed
        ]
        return write_xml(("DeleteResult", [*done, *errors]))

    @classmethod
    def from_xml(cls, body: bytes) -> DeleteResult:
        """Read a document.

        Raises
        ------
        ProtocolError
            When `body` is not a ``DeleteResult`` document.
        """
        root = read_document(body, "DeleteResult")
        return cls(
            deleted=tuple(text_of(row, "Key") for row in root.iterfind("Deleted")),
            failed=tuple(
                DeleteFailure(
                    key=text_of(row, "Key"),
                    code=text_of(row, "Code"),
                    message=text_of(row, "Message"),
                )
                for row in root.iterfind("Error")
            ),
        )


def _carried(key: str) -> str:
    if not survives_xml(key):
        raise OptionsError(
            f"object key {key!r} holds a character that XML cannot carry: "
            "delete it alone"
        )
    return key
