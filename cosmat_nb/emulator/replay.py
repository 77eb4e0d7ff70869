"""A replay: answers from a recording, and from nothing else."""

from __future__ import annotations

import difflib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from cosmat_nb.emulator.messages import Outgoing
from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.documents import ErrorDocument
from cosmat_nb.wire.exchange import NUMBERED, Asked, Exchange

if TYPE_CHECKING:
    from cosmat_nb.emulator.messages import Incoming

__all__ = ["Replay"]

SERVER = "cosmat-replay"
"""``Server`` of a refusal: no answer of the service has it."""

_HOP = frozenset(
    "connection content-length date keep-alive proxy-authenticate proxy-connection "  # noqa: SIM905 - as a list it would fill a screen
    "te trailer transfer-encoding upgrade".split()
)
_NEAREST = 3


class Replay:
    """Answers requests as a recording has it; safe for several threads.

    A request is found again by its method, object key, parameters, body and the headers
    that change an answer; host and signature do not count. The same request asked again
    gets its recorded answers in their order, and then the last one for ever. What was
    never recorded is refused with status 501, and so that it cannot be taken for the
    service: without a request id, from the server ``cosmat-replay``.

    Parameters
    ----------
    folder : str or Path
        What ``connect_cloud(record=folder)`` wrote. Read once, here, into memory.

    Raises
    ------
    OptionsError
        When there is no such folder, no exchange in it, or a file in it is damaged.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self._lock = threading.Lock()
        self._answers: dict[Asked, list[Exchange]] = {}
        for files in _records(self.folder):
            exchange = _read(files)
            question = exchange.question.scrubbed()
            self._answers.setdefault(question, []).append(exchange)
        self._played = dict.fromkeys(self._answers, 0)

    def __repr__(self) -> str:
        return f"Replay({str(self.folder)!r}, {len(self)} exchanges)"

    def __len__(self) -> int:
        """How many exchanges it has."""
        return sum(map(len, self._answers.values()))

    def answer(self, incoming: Incoming) -> Outgoing:
        """Answer as the service did, or refuse.

        Returns
        -------
        Outgoing
            With every header that is to be sent but ``Date`` and, except for HEAD,
            ``Content-Length``.
        """
        asked = Asked.of(
            incoming.method,
            incoming.key,
            incoming.params,
            incoming.headers,
            incoming.body,
        ).scrubbed()
        exchange = self._next(asked)
        if exchange is None:
            return self._refuse(asked)
        headers = {
            name: _as_bytes(value)
            for name, value in exchange.headers
            if name.lower() not in _HOP
        }
        for name, value in exchange.headers:
            # What HEAD tells is the size of a body that does not come.
            if asked.method == "HEAD" and name.lower() == "content-length":
                headers["Content-Length"] = value
        return Outgoing(status=exchange.status, headers=headers, body=exchange.body)

    def _next(self, asked: Asked) -> Exchange | None:
        exchanges = self._answers.get(asked)
        if exchanges is None:
            return None
        with self._lock:
            turn = self._played[asked]
            self._played[asked] = min(turn + 1, len(exchanges) - 1)
        return exchanges[turn]

    def _refuse(self, asked: Asked) -> Outgoing:
        known = [str(question) for question in self._answers]
        near = difflib.get_close_matches(str(asked), known, n=_NEAREST, cutoff=0)
        document = ErrorDocument(
            code="NotImplemented",
            message=(
                "This is a replay and not the service; its recording has no answer to "
                f"{asked}. The nearest of {len(known)} it has: {'; '.join(near)}"
            ),
        )
        return Outgoing(
            status=501,
            headers={"Content-Type": "application/xml", "Server": SERVER},
            body=document.to_xml(),
        )


def _records(folder: Path) -> list[dict[str, Path]]:
    """Files of each exchange by suffix, in the order of their numbers."""
    if not folder.is_dir():
        raise OptionsError(f"there is no recording: {folder} is not a folder")
    found: dict[str, dict[str, Path]] = {}
    for path in folder.iterdir():
        if NUMBERED.match(path.name):
            found.setdefault(path.stem, {})[path.suffix] = path
    # A body without its record was being written when its process died.
    stems = [stem for stem, files in found.items() if ".json" in files]
    if not stems:
        raise OptionsError(
            f"{folder} holds no exchange: expected files as 0001-GET-mug.jpg.json, "
            "written by connect_cloud(record=folder)"
        )
    stems.sort(key=lambda stem: (int(stem.partition("-")[0]), stem))
    return [found[stem] for stem in stems]


def _read(files: dict[str, Path]) -> Exchange:
    path = files[".json"]
    try:
        return Exchange.from_files({s: file.read_bytes() for s, file in files.items()})
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OptionsError(f"{path} cannot be read: {reason}") from None
    except OptionsError as error:
        raise OptionsError(f"{path} is no whole exchange: {error}") from None


def _as_bytes(value: str) -> str:
    # Servers write a header's characters as single bytes; this yields UTF-8.
    return value if value.isascii() else value.encode().decode("latin-1")
