"""Where an HTTP/1.1 answer ends: its head, and a body framed in one of three ways.

Read by ourselves because the parsers at hand take their time for it (the standard
library's reads headers as e-mail), and none keeps to a deadline between two bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cosmat_nb.client.headers import Headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["MAX_HEAD", "Frame", "FramingError", "Head", "Stream"]

MAX_HEAD = 100 << 10
"""Longest head, chunk line and list of trailers that are read, bytes."""

_BLOCK = 1 << 16
_GROWTH = 1 << 20
_BLANK = re.compile(rb"\n\r?\n")
_STATUS = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\0\r]*)?")
# Names and values as in RFC 9110, sections 5.1 and 5.5.
_FIELD = re.compile(r"([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*([^\0\r]*)")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_LENGTH = re.compile(r"[0-9]{1,18}")
_SWITCHING, _FIRST_FINAL = 101, 200
_BODYLESS = (204, 304)


class FramingError(Exception):
    """What came is no whole HTTP/1.1 answer; its text says why."""


class Stream(Protocol):
    """Bytes from the other side; both methods tell its end by nothing at all."""

    def receive(self, most: int) -> bytes:
        """Return up to `most` bytes as soon as there are some."""
        ...

    def receive_into(self, view: memoryview) -> int:
        """Fill the first bytes of a view and return how many."""
        ...


class Head(NamedTuple):
    """What stands before a body.

    Attributes
    ----------
    version : int
        The digit after ``HTTP/1.``.
    status : int
        HTTP status.
    headers : Headers
        All of them.
    """

    version: int
    status: int
    headers: Headers

    @property
    def lasts(self) -> bool:
        """Whether the other side keeps the connection open after this answer."""
        tokens = self.headers.get("connection", "").lower().split(",")
        return self.version == 1 and "close" not in map(str.strip, tokens)


class Frame:
    """Reads the answer to one request; used once.

    Parameters
    ----------
    stream : Stream
        Where it comes from.

    Notes
    -----
    RFC 9112: status line and fields (sections 4 and 5; lines may end in a bare LF and
    be folded, as section 2.2 and 5.2 let a client take them), which body there is
    (section 6.3), chunks (section 7.1). Interim answers (1xx) are passed over.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer, self._at = b"", 0

    @property
    def is_spent(self) -> bool:
        """Whether nothing came after the answer."""
        return self._at == len(self._buffer)

    def read_head(self) -> Head:
        """Read up to the blank line of the final answer.

        Raises
        ------
        FramingError
            When it is not HTTP/1, longer than `MAX_HEAD` or cut short.
        """
        while True:
            while not (found := _BLANK.search(self._buffer, self._at)):
                self._read_more("the server disconnected without an answer")
            head = _parse_head(self._buffer[self._at : found.start()])
            self._at = found.end()
            if head.status >= _FIRST_FINAL:
                return head
            if head.status == _SWITCHING:
                raise FramingError("the server changed to another protocol")

    def read_body(
        self, head: Head, check_length: Callable[[int], None], *, is_head: bool
    ) -> tuple[bytes, bool]:
        """Read the body that belongs to a head.

        Parameters
        ----------
        head : Head
            From `read_head`.
        check_length : callable
            Told a length before so much is read; raises when it is too long.
        is_head : bool
            Whether the request was a HEAD: its answer has no body.

        Returns
        -------
        body : bytes
            Without its framing.
        lasts : bool
            Whether the connection can be used again.

        Raises
        ------
        FramingError
            When the framing is damaged or the body cut short.
        """
        body = bytearray()
        if is_head or head.status in _BODYLESS:
            return b"", head.lasts and self.is_spent
        coding = head.headers.get("transfer-encoding")
        length = head.headers.get("content-length")
        if coding is not None:
            if coding.lower() != "chunked":
                raise FramingError("the answer has a transfer coding of its own")
            for size in self._chunks():
                check_length(len(body) + size)
                self._fill(body, size)
        elif length is not None:
            size = _parse_length(length)
            check_length(size)
            self._fill(body, size)
        else:
            while block := self._take(_BLOCK) or self._stream.receive(_BLOCK):
                check_length(len(body) + len(block))
                body += block
            return bytes(body), False
        # Who tells two lengths may be understood in two ways: not used again.
        plain = coding is None or length is None
        return bytes(body), head.lasts and plain and self.is_spent

    def _chunks(self) -> Iterator[int]:
        while True:
            found = _CHUNK.fullmatch(self._line())
            if not found:
                raise FramingError("a chunk of the answer does not tell its size")
            size = int(found[1], 16)
            if not size:
                break
            yield size
            if self._line():
                raise FramingError("a chunk of the answer is longer than it says")
        trailers = 0
        while line := self._line():
            trailers += len(line)
            if trailers > MAX_HEAD:
                raise FramingError("the answer's trailers do not end")

    def _fill(self, body: bytearray, size: int) -> None:
        ready = self._take(size)
        body += ready
        missing = size - len(ready)
        while missing:
            at, step = len(body), min(missing, _GROWTH)
            # Grown step by step: a length is only a promise.
            body += bytes(step)
            view = memoryview(body)
            while at < len(view):
                got = self._stream.receive_into(view[at:])
                if not got:
                    missing -= step - (len(view) - at)
                    raise FramingError(f"the answer lacks {missing} bytes of its body")
                at += got
            view.release()
            missing -= step

    def _take(self, most: int) -> bytes:
        taken = self._buffer[self._at : self._at + most]
        self._at += len(taken)
        return taken

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n", self._at)) < 0:
            self._read_more("the answer is cut short between two chunks")
        line = self._buffer[self._at : end]
        self._at = end + 1
        return line.removesuffix(b"\r")

    def _read_more(self, otherwise: str) -> None:
        waiting = self._buffer[self._at :]
        if len(waiting) > MAX_HEAD:
            raise FramingError(f"a head or line of over {MAX_HEAD} bytes")
        block = self._stream.receive(_BLOCK)
        if not block:
            raise FramingError("the answer's head is cut" if waiting else otherwise)
        self._buffer, self._at = waiting + block, 0


def _parse_head(raw: bytes) -> Head:
    if len(raw) > MAX_HEAD:
        raise FramingError(f"a head of over {MAX_HEAD} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    first, *lines = text.replace("\r\n", "\n").removesuffix("\r").split("\n")
    found = _STATUS.fullmatch(first)
    if not found:
        raise FramingError(f"no HTTP/1 answer: it starts with {first[:20]!r}")
    return Head(int(found[1]), int(found[2]), Headers(_parse_fields(lines)))


def _parse_fields(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in _unfolded(lines):
        found = _FIELD.fullmatch(line)
        if not found:
            raise FramingError("a header of the answer cannot be read")
        yield found[1], found[2].rstrip(" \t")


def _unfolded(lines: list[str]) -> list[str]:
    whole: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t") and whole:
            whole[-1] += f" {line.strip(' ' + chr(9))}"
        else:
            whole.append(line)
    return whole


def _parse_length(told: str) -> int:
    lengths = {part.strip() for part in told.split(",")}
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        raise FramingError("the answer tells no single length")
    return int(length)
