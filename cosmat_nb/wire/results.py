"""UploadResult: what came of a picture that was stored and matted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cosmat_nb.wire.markup import Tree, read_document, text_of, whole_of, write_xml

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["StoredPicture", "UploadResult"]

_MOST_DIGITS = 15


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StoredPicture:
    """A picture in the bucket, as the service tells of it.

    Attributes
    ----------
    key : str
        Object key, without a leading ``/``.
    location : str
        Host and key, without a scheme.
    etag : str
        Without its quotes; opaque.
    size : int or None
        Bytes; None where the service does not say, as for all that follow.
    format : str
        For example ``png``; often empty after matting (vendor's example).
    height, width : int or None
        Size, px.
    quality : int or None
        0 to 100.
    color : str
        Mean colour of the source, ``0xRRGGBB``; told when it was asked for.
    orientation : int or None
        EXIF orientation of the source, 0 when it has none; told when asked for.
    """

    key: str
    location: str = ""
    etag: str = ""
    size: int | None = None
    format: str = ""
    height: int | None = None
    width: int | None = None
    quality: int | None = None
    color: str = ""
    orientation: int | None = None

    def __repr__(self) -> str:
        told = {name: getattr(self, name) for name in self.__slots__}
        facts = [f"{name}={value!r}" for name, value in told.items() if value]
        return f"StoredPicture({', '.join(facts)})"

    @classmethod
    def from_element(cls, element: Element) -> StoredPicture:
        """Read an ``OriginalInfo`` or an ``Object``; what is unreadable is absent."""
        info = element.find("ImageInfo")
        about = element if info is None else info
        return cls(
            key=text_of(element, "Key").removeprefix("/"),
            location=text_of(element, "Location"),
            etag=text_of(element, "ETag").strip('"'),
            size=_number(element, "Size"),
            format=text_of(about, "Format"),
            height=_number(about, "Height"),
            width=_number(about, "Width"),
            quality=_number(about, "Quality"),
            color=text_of(about, "Ave"),
            orientation=_number(about, "Orientation"),
        )

    def original(self) -> Tree:
        """Write it as ``OriginalInfo``, with ``ImageInfo`` when it has a format."""
        tree: list[Tree] = [*self._place(), ("ETag", f'"{self.etag}"')]
        if self.format:
            facts = {
                "Format": self.format,
                "Width": self.width,
                "Height": self.height,
                "Quality": self.quality,
                "Ave": self.color,
                "Orientation": self.orientation,
            }
            tree.append(("ImageInfo", _written(facts)))
        return ("OriginalInfo", tree)

    def result(self) -> Tree:
        """Write it as ``Object``; an unknown format is an empty element."""
        facts = {
            "Format": self.format,
            "Width": self.width,
            "Height": self.height,
            "Size": self.size,
            "Quality": self.quality,
        }
        return (
            "Object",
            [*self._place(), *_written(facts), ("ETag", f'"{self.etag}"')],
        )

    def _place(self) -> list[Tree]:
        return [("Key", self.key), ("Location", self.location)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadResult:
    """The answer to matting while uploading or in the cloud.

    Attributes
    ----------
    original : StoredPicture
        The source picture.
    objects : tuple of StoredPicture
        The results, one for each rule.
    request_id : str or None
        The service's name for the call.
    attempts : int
        Requests the call took; each may have been billed.

    Examples
    --------
    >>> result = UploadResult(original=StoredPicture(key="mug.jpg", etag="5aed"))
    >>> UploadResult.from_xml(result.to_xml()) == result
    True
    """

    original: StoredPicture
    objects: tuple[StoredPicture, ...] = ()
    request_id: str | None = field(default=None, compare=False)
    attempts: int = field(default=1, compare=False)

    def to_xml(self) -> bytes:
        """Write the document."""
        results = ("ProcessResults", [picture.result() for picture in self.objects])
        return write_xml(("UploadResult", [self.original.original(), results]))

    @classmethod
    def from_xml(cls, body: bytes) -> UploadResult:
        """Read a document; absent parts and unreadable numbers are left out.

        Raises
        ------
        ProtocolError
            When `body` is not an ``UploadResult`` document.
        """
        root = read_document(body, "UploadResult")
        original = root.find("OriginalInfo")
        return cls(
            original=StoredPicture(key="")
            if original is None
            else StoredPicture.from_element(original),
            objects=tuple(
                StoredPicture.from_element(row)
                for row in root.iterfind("ProcessResults/Object")
            ),
        )


def _written(facts: dict[str, str | int | None]) -> list[Tree]:
    return [(name, str(value)) for name, value in facts.items() if value is not None]


def _number(element: Element, name: str) -> int | None:
    # An answer that was paid for is not thrown away over a number.
    text = text_of(element, name).strip()
    try:
        return whole_of(text) if len(text) <= _MOST_DIGITS else None
    except ValueError:
        return None
