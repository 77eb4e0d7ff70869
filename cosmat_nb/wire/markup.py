"""XML of the service, read with care and written plainly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.parsers import expat

from cosmat_nb.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Tree",
    "parse_xml",
    "read_document",
    "survives_xml",
    "text_of",
    "whole_of",
    "write_xml",
]

Tree = tuple[str, "str | Iterable[Tree]"]
"""An element to write: its name, and its text or its children."""

MAX_BYTES = 8 << 20
MAX_DEPTH = 16
MAX_ELEMENTS = 100_000

_ENCODINGS = frozenset(
    {"utf-8", "utf-16", "utf-16be", "utf-16le", "iso-8859-1", "us-ascii"}
)
"""What expat reads by itself; for others it would ask Python's codecs."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse_xml(body: bytes) -> ET.Element:
    """Read one document; refuse what only an attacker would send.

    Parameters
    ----------
    body : bytes
        At most 8 MiB, 16 levels and 100 000 elements; no DOCTYPE and so no entities;
        UTF-8, UTF-16, ISO-8859-1 or US-ASCII, which expat reads by itself.

    Raises
    ------
    ProtocolError
        When the document is malformed or refused.
    """
    if len(body) > MAX_BYTES:
        raise ProtocolError(f"an XML answer of {len(body)} bytes is over {MAX_BYTES}")
    builder = ET.TreeBuilder()
    depth = count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if count > MAX_ELEMENTS:
            raise ProtocolError(f"an XML answer has over {MAX_ELEMENTS} elements")
        if depth > MAX_DEPTH:
            raise ProtocolError(f"an XML answer is over {MAX_DEPTH} levels deep")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def refuse(*_: object) -> None:
        raise ProtocolError(
            "an XML answer holds a DOCTYPE, which the service never sends"
        )

    def declare(_version: str, encoding: str | None, _alone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise ProtocolError(f"an XML answer is encoded as {encoding[:40]!r}")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.XmlDeclHandler = declare
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ProtocolError(f"an answer is not well-formed XML: {error}") from None
    return builder.close()


def read_document(body: bytes, name: str) -> ET.Element:
    """Read a document whose root must have this name.

    Raises
    ------
    ProtocolError
        As `parse_xml`, and when it is another document.
    """
    root = parse_xml(body)
    if root.tag != name:
        raise ProtocolError(f"expected a {name} document; got {root.tag[:80]!r}")
    return root


def text_of(element: ET.Element, name: str) -> str:
    """Text of a child; empty when there is none.

    Raises
    ------
    ProtocolError
        When the child holds elements: its text would be half of something.
    """
    child = element.find(name)
    if child is None:
        return ""
    if len(child):
        raise ProtocolError(f"expected text in {name}; got elements")
    return child.text or ""


def whole_of(text: str) -> int:
    """Read a whole number; ValueError for signs, blanks and other scripts' digits."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is no whole number")
    return int(text)


def survives_xml(text: str) -> bool:
    r"""Whether a text comes through XML 1.0 as it is, whoever writes and reads it.

    A bare carriage return does only where the writer takes care of it.

    Examples
    --------
    >>> survives_xml("a.jpg"), survives_xml("a\x01.jpg")
    (True, False)
    """
    return _NOT_XML.search(text) is None and "\r" not in text


def write_xml(tree: Tree) -> bytes:
    """Write a document with its declaration, UTF-8.

    Characters that XML 1.0 cannot hold become ``?``: ask for listings with
    ``encoding-type=url`` where keys may hold them.

    Examples
    --------
    >>> write_xml(("Error", [("Message", "a < b")])).partition(b"?>")[2]
    b'<Error><Message>a &lt; b</Message></Error>'
    """
    body: str = ET.tostring(_element(tree), encoding="unicode")
    # Readers take a bare carriage return for a line end (XML 1.0, section 2.11).
    body = body.replace("\r", "&#13;")
    return b'<?xml version="1.0" encoding="UTF-8"?>' + body.encode()


def _element(tree: Tree) -> ET.Element:
    name, content = tree
    element = ET.Element(name)
    if isinstance(content, str):
        element.text = _NOT_XML.sub("?", content) or None
    else:
        element.extend(map(_element, content))
    return element
