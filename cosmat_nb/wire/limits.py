"""Which pictures the matting service takes."""

from __future__ import annotations

from dataclasses import dataclass

from cosmat_nb.errors import ImageError, OptionsError
from cosmat_nb.wire.picture import PictureInfo

__all__ = ["Breach", "Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One limit that a picture breaks.

    Attributes
    ----------
    limit : str
        The field of `Limits` that is broken.
    code : str
        The service's error code: ``ImageTooLarge`` for a wrong size, too small ones
        included (observed by others), and for too many bytes (assumed);
        ``InvalidImageFormat`` for another format (assumed).
    words : str
        What came, what is allowed and what to do: one sentence without a full stop.
    """

    limit: str
    code: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a picture to be cut out, for whoever asks and whoever answers.

    Parameters
    ----------
    formats : frozenset of str, default JPEG and PNG
        Accepted formats, as `PictureInfo` names them. Observed by others, who quote
        the vendor's limits page; that WebP, GIF, BMP and HEIF are refused is assumed.
    min_side : int, default 32
        Fewest px of each side; observed by others.
    max_long_side : int, default 7680
        Most px of the longer side; observed by others as 7680 × 4320.
    max_short_side : int, default 4320
        Most px of the shorter side; likewise.
    max_bytes : int, default 33554432
        Most bytes of the file. 32 MB is documented for generic image processing;
        that matting keeps to it, and counts in MiB, is assumed.
    portrait : bool, default True
        Whether a picture 4320 px wide and 7680 high is accepted, which is assumed.
        When False, `max_long_side` bounds the width and `max_short_side` the height.

    Raises
    ------
    OptionsError
        When `formats` is not a frozenset with names in it, or the sides leave
        nothing in between.

    Examples
    --------
    >>> from cosmat_nb.wire.picture import PictureInfo
    >>> Limits().refusal(PictureInfo(format="GIF"))
    'the picture is GIF; it must be JPEG or PNG: convert it first'
    >>> Limits().breach(PictureInfo(format="PNG", height=4, width=64)).code
    'ImageTooLarge'
    >>> Limits().breach(PictureInfo(nbytes=4096)) is None
    True
    """

    formats: frozenset[str] = frozenset({"JPEG", "PNG"})
    min_side: int = 32
    max_long_side: int = 7680
    max_short_side: int = 4320
    max_bytes: int = 32 << 20
    portrait: bool = True

    def __post_init__(self) -> None:
        # In a plain string every format would be found that is a part of it.
        if not isinstance(self.formats, frozenset) or not self.formats:
            raise OptionsError(
                f"formats must be a frozenset of names; not {self.formats!r}"
            )
        if not self.min_side <= self.max_short_side <= self.max_long_side:
            raise OptionsError(
                "sides must obey min_side <= max_short_side <= max_long_side; got "
                f"{self.min_side}, {self.max_short_side}, {self.max_long_side}"
            )

    def breach(self, picture: PictureInfo) -> Breach | None:
        """Return the first limit that a picture breaks, None when it passes.

        Parameters
        ----------
        picture : PictureInfo
            What is None there is unknown and not judged; the format ``""`` is known
            to be none of the accepted ones.

        Examples
        --------
        >>> from cosmat_nb.wire.picture import PictureInfo
        >>> Limits().breach(PictureInfo(nbytes=40 << 20)).limit
        'max_bytes'
        """
        if not isinstance(picture, PictureInfo):
            raise OptionsError(
                "expected a PictureInfo, as client.probe(key) returns; "
                f"got {type(picture).__name__}"
            )
        return (
            self._format_breach(picture)
            or self._side_breach(picture)
            or self._bytes_breach(picture)
        )

    def refusal(self, picture: PictureInfo) -> str:
        """Say in one sentence why a picture is refused; ``""`` when it passes.

        Examples
        --------
        >>> from cosmat_nb.wire.picture import PictureInfo
        >>> Limits().refusal(PictureInfo(format="PNG", height=32, width=32))
        ''
        """
        breach = self.breach(picture)
        return breach.words if breach else ""

    def check(self, picture: PictureInfo, what: str) -> None:
        """Refuse a picture that breaks a limit.

        Parameters
        ----------
        picture : PictureInfo
            As `breach` takes it.
        what : str
            How the caller names the picture: the message starts with it.

        Raises
        ------
        ImageError
            With the sentence of `refusal`; its `too_large` tells whether the picture
            has too many px.

        Examples
        --------
        >>> from cosmat_nb.wire.picture import PictureInfo
        >>> Limits().check(PictureInfo(format="PNG", height=600, width=800), "a.png")
        """
        breach = self.breach(picture)
        if breach:
            large = breach.limit in ("max_long_side", "max_short_side")
            raise ImageError(f"{what}: {breach.words}", too_large=large)

    def _format_breach(self, picture: PictureInfo) -> Breach | None:
        if picture.format is None or picture.format in self.formats:
            return None
        came = picture.format or "of no known format"
        if picture.nbytes == 0:
            came = "an empty file"
        wanted = " or ".join(sorted(self.formats))
        return Breach(
            limit="formats",
            code="InvalidImageFormat",
            words=f"the picture is {came}; it must be {wanted}: convert it first",
        )

    def _side_breach(self, picture: PictureInfo) -> Breach | None:
        height, width = picture.height, picture.width
        sides = [side for side in (height, width) if side is not None]
        if min(sides, default=self.min_side) < self.min_side:
            rule = f"each side must have at least {self.min_side}: enlarge it first"
            return _size_breach(picture, "min_side", rule)
        names = ("longer side", "shorter side")
        long, short = max(sides, default=0), min(sides, default=0)
        if not self.portrait:
            names, long, short = ("width", "height"), width or 0, height or 0
        elif None in (height, width):
            short = 0
        if long > self.max_long_side:
            rule = f"its {names[0]} may have {self.max_long_side}: shrink it first"
            return _size_breach(picture, "max_long_side", rule)
        if short > self.max_short_side:
            rule = f"its {names[1]} may have {self.max_short_side}: shrink it first"
            return _size_breach(picture, "max_short_side", rule)
        return None

    def _bytes_breach(self, picture: PictureInfo) -> Breach | None:
        if picture.nbytes is None or picture.nbytes <= self.max_bytes:
            return None
        return Breach(
            limit="max_bytes",
            code="ImageTooLarge",
            words=f"the picture has {picture.nbytes} bytes; it may have "
            f"{self.max_bytes}: shrink it or compress it more",
        )


def _size_breach(picture: PictureInfo, limit: str, rule: str) -> Breach:
    sides = [(picture.width, "wide"), (picture.height, "high")]
    came = " and ".join(f"{side} px {way}" for side, way in sides if side is not None)
    return Breach(
        limit=limit, code="ImageTooLarge", words=f"the picture is {came}; {rule}"
    )
