"""What is asked of the service for one picture: operation, centring, padding."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.errors import OptionsError
from cosmat_nb.margins import find_layout, plain_box, read_margins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.margins import Laid

__all__ = ["MAX_PADDING", "MattingOptions", "Operation", "Padding", "parse_rule"]

MAX_PADDING = 1000
"""Largest dx and dy of ``padding-layout``, px (vendor's page, 2026-01-09)."""

_MOST_DIGITS = 18
_SHOWN = 80
_LARGEST_SHOWN = 10**30


class Operation(StrEnum):
    """The three matting operations; each value is the vendor's ``ci-process`` name."""

    GENERAL = "AIPicMatting"
    GOODS = "GoodsMatting"
    PORTRAIT = "AIPortraitMatting"


class Padding(NamedTuple):
    """Pixels added around the answer, in the service's own order.

    Attributes
    ----------
    dx : int
        Added on the left and on the right each, px, 0 to 1000.
    dy : int
        Added at the top and at the bottom each, px, 0 to 1000.
    """

    dx: int
    dy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MattingOptions:
    """Options of one matting call: frozen, hashable, checked on construction.

    Parameters
    ----------
    operation : Operation or str, default ``Operation.GENERAL``
        Which of the three operations the service runs.
    center : bool, default False
        ``center-layout``: move the subject to the middle.
    padding : tuple of int, default (0, 0)
        ``padding-layout`` as ``(dx, dy)``, px, each 0 to 1000. Columns come before
        rows here, and only here, because the service's own text is ``<dx>x<dy>``.

    Raises
    ------
    OptionsError
        When a value is out of range or of the wrong kind.

    Notes
    -----
    Parameter names and ranges: vendor's page "Generic Image Matting", 2026-01-09.

    Examples
    --------
    >>> options = MattingOptions(center=True, padding=(20, 10))
    >>> options.rule
    'ci-process=AIPicMatting&center-layout=1&padding-layout=20x10'
    >>> MattingOptions.from_rule(options.rule) == options
    True
    """

    operation: Operation = Operation.GENERAL
    center: bool = False
    padding: Padding = Padding(0, 0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "operation", _operation(self.operation))
        object.__setattr__(self, "center", _flag(self.center))
        object.__setattr__(self, "padding", _padding(self.padding))

    @property
    def parameters(self) -> dict[str, str]:
        """Query parameters of the request; what equals the default is left out."""
        parameters = {"ci-process": str(self.operation)}
        if self.center:
            parameters["center-layout"] = "1"
        if self.padding != (0, 0):
            parameters["padding-layout"] = f"{self.padding.dx}x{self.padding.dy}"
        return parameters

    @property
    def rule(self) -> str:
        """The same as the text of a ``Pic-Operations`` rule."""
        return "&".join(f"{name}={value}" for name, value in self.parameters.items())

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> MattingOptions:
        """Read the query parameters of a request; empty values count as absent.

        Parameters
        ----------
        parameters : mapping of str to str
            Decoded query parameters; names that are not options are ignored.

        Raises
        ------
        OptionsError
            When ``ci-process`` is missing or a value is malformed.
        """
        padding = parameters.get("padding-layout", "")
        return cls(
            operation=_operation(parameters.get("ci-process", "")),
            center=_flag(parameters.get("center-layout") or "0"),
            padding=_parse_padding(padding) if padding else Padding(0, 0),
        )

    @classmethod
    def from_rule(cls, rule: str) -> MattingOptions:
        """Read a rule; blanks around ``=`` and ``&`` are ignored, as the vendor prints.

        Parameters
        ----------
        rule : str
            For example ``"ci-process = AIPicMatting & center-layout = 1"``.

        Raises
        ------
        OptionsError
            When a part is not ``name=value`` or a value is malformed.
        """
        return cls.from_parameters(parse_rule(rule))

    @classmethod
    def for_margin(
        cls,
        cutout: Laid,
        *,
        percent: float | None = None,
        top: int | None = None,
        right: int | None = None,
        bottom: int | None = None,
        left: int | None = None,
        center: bool | None = None,
    ) -> MattingOptions:
        """Ask for margins around the subject, with the smallest padding that does it.

        The service adds the same on opposite sides and never crops, so margins are at
        least, not exactly, what is asked for; `fit_canvas` brings exact ones. Where
        the picture has more already, nothing is added: the mug below has 19 % free on
        its narrowest side, so 10 % need no padding and the picture stays as it is.

        Parameters
        ----------
        cutout : Cutout
            The picture's plain cutout, without centring and padding; its operation
            is kept. Everything with alpha above 0 is the subject.
        percent : float, optional
            Each margin over the finished canvas's side, per cent, 0 to below 50: what
            ``margin_top_share`` and its sisters then show times 100. Of a canvas H px
            high whose subject has t px above it, ``dy >= (p H - t) / (1 - 2 p)`` with
            p = percent / 100; likewise for the other sides.
        top, right, bottom, left : int, optional
            Instead of `percent`, px, 0 and up; a side that is left out may be 0.
        center : bool, optional
            Whether to centre the subject; by default where less padding does it.

        Raises
        ------
        OptionsError
            When a margin is out of range or needs a padding above 1000 px, when the
            matte is empty, or the cutout was centred or padded already.

        Notes
        -----
        It takes the layout of the service to be that of
        `cosmat_nb.matting.layout.lay_out`, which is documented in part and assumed in
        part.

        Examples
        --------
        >>> import cosmat_nb as cm
        >>> cutout = client.matte("samples/mug.jpg")  # doctest: +SKIP
        >>> cm.MattingOptions.for_margin(cutout, percent=10)  # doctest: +SKIP
        """
        sides = {"top": top, "right": right, "bottom": bottom, "left": left}
        margins = read_margins(percent, dict(sides))
        layout = find_layout(
            (cutout.height, cutout.width),
            plain_box(cutout),
            margins,
            center=None if center is None else _flag(center),
            most=MAX_PADDING,
        )
        largest = max(layout.dx, layout.dy)
        if largest > MAX_PADDING:
            raise OptionsError(
                f"these margins need a padding of {_shown(largest)} px, and the "
                f"service adds {MAX_PADDING} px at most: ask for less, or bring them "
                "here with fit_canvas"
            )
        return cls(
            operation=cutout.options.operation,
            center=layout.center,
            padding=Padding(layout.dx, layout.dy),
        )


def parse_rule(rule: str) -> dict[str, str]:
    """Split a rule into its parameters; blanks around ``=`` and ``&`` are ignored.

    Raises
    ------
    OptionsError
        When a part is not ``name=value``.

    Examples
    --------
    >>> parse_rule("ci-process = AIPicMatting & center-layout = 1")
    {'ci-process': 'AIPicMatting', 'center-layout': '1'}
    """
    parameters = {}
    for part in rule.split("&"):
        name, equals, value = (text.strip() for text in part.partition("="))
        if not equals or not name:
            raise OptionsError(
                "a rule must be name=value parts joined by &; "
                f"got {part.strip()[:_SHOWN]!r}"
            )
        parameters[name] = value
    return parameters


def _operation(value: str) -> Operation:
    try:
        return Operation(value)
    except ValueError:
        names = ", ".join(Operation)
        raise OptionsError(f"operation must be one of {names}; not {value!r}") from None


def _flag(value: object) -> bool:
    try:
        known = bool(value in (0, 1, "0", "1"))
    except (TypeError, ValueError):
        known = False  # a missing cell or a whole column compares to nothing
    if not known:
        raise OptionsError(f"center must be True or False; not {value!r}")
    return value in (1, "1")


def _padding(value: object) -> Padding:
    try:
        # A set or a mapping has no first side, and neither can be sliced.
        dx, dy = map(operator.index, value[:])  # type: ignore[index]
    except (TypeError, ValueError):
        raise OptionsError(
            f"padding must be two whole numbers (dx, dy), px; not {value!r}"
        ) from None
    for name, side in (("dx", dx), ("dy", dy)):
        if not 0 <= side <= MAX_PADDING:
            raise OptionsError(
                f"padding {name} must be 0 to {MAX_PADDING} px, as the service "
                f"documents; not {_shown(side)}"
            )
    return Padding(dx, dy)


def _shown(number: int) -> str:
    # Python refuses to write numbers of thousands of digits.
    return str(number) if abs(number) < _LARGEST_SHOWN else "far beyond it"


def _parse_padding(text: str) -> Padding:
    dx, cross, dy = text.partition("x")
    # int() would also take signs, blanks, underscores and other scripts' digits.
    if not (cross and _is_number(dx) and _is_number(dy)):
        raise OptionsError(f"padding-layout must be <dx>x<dy>, as 20x10; not {text!r}")
    return _padding((int(dx), int(dy)))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
