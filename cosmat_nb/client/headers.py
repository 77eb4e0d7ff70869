"""The headers of an answer: looked up in any case, shown as they were written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Headers"]


class Headers(Mapping[str, str]):
    """Names and values of one answer's headers.

    Parameters
    ----------
    fields : iterable of (str, str)
        As they came. The values of a name that came twice are joined by a comma.

    Examples
    --------
    >>> headers = Headers([("ETag", "1"), ("x-a", "2"), ("X-A", "3")])
    >>> headers["etag"], headers["x-a"], list(headers)
    ('1', '2, 3', ['ETag', 'x-a'])
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._fields: dict[str, tuple[str, str]] = {}
        for written, text in fields:
            key, name, value = written.lower(), written, text
            if key in self._fields:
                name, earlier = self._fields[key]
                value = f"{earlier}, {text}"
            self._fields[key] = name, value

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"
