"""A recorder: every answer of the service, kept as plain files without secrets."""

from __future__ import annotations

import logging
import os
import re
import tempfile
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from cosmat_nb.errors import CosmatWarning, OptionsError
from cosmat_nb.places import shown_place
from cosmat_nb.wire.address import parse_target
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.exchange import NUMBERED, Asked, Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cosmat_nb.client.steps import Attempt, Reply

__all__ = ["Recorder"]

logger = logging.getLogger(__name__)

MAX_NAME = 40
"""Most characters of an object key in a file's name; its end says more."""

MAX_SECRETS = 64
"""Secret keys remembered; temporary ones change once or twice an hour."""


class Recorder:
    """Keeps exchanges in a folder; safe for several threads and processes.

    Each exchange is a file ``0001-GET-samples_mug.jpg.json`` and, where the answer has
    a body, one beside it with the body. They are numbered in the order in which answers
    arrived. Signatures, tokens and key ids are replaced by ``***``. Attempts that no
    whole answer came to leave no file.

    An object that was fetched (GET of a key, 2xx, no ``ci-process``) is kept as it came
    but for the secrets that the recorder knows: the secret keys that it overheard, and
    id, token and signature of the request. Any other body that is text, and all keys,
    parameters and headers, also lose what is named like a secret. Headers tell of the
    body that came, so where something was taken out, ``ETag`` does not fit the rest.

    Parameters
    ----------
    folder : str or Path
        Made when it is missing; more is added to what is in it.

    Raises
    ------
    OptionsError
        When the folder cannot be made or written.

    Examples
    --------
    >>> import tempfile
    >>> from cosmat_nb.client.protocol import Attempt, Reply
    >>> attempt = Attempt(method="GET", target="/a/mug.txt", headers={}, body=b"",
    ...                   seconds=9)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Recorder(folder).keep(attempt, Reply(status=200, headers={}, body=b"tea"))
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['0001-GET-a_mug.txt.bin', '0001-GET-a_mug.txt.json']
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self._keys: dict[str, None] = {}
        self._noting = threading.Lock()
        self._last: int | None = None
        self._first_failure = threading.Lock()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Asking is not enough: root may write anywhere but on a read-only disk.
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise OptionsError(
                f"the recording {self.folder} cannot be written: "
                f"{error.strerror or error}; choose another folder"
            ) from None

    def __repr__(self) -> str:
        return f"Recorder({str(self.folder)!r})"

    def overhear(
        self, credentials: Credentials | Callable[[], Credentials]
    ) -> Credentials | Callable[[], Credentials]:
        """Return credentials as they are, noting the secret keys that are given out.

        A secret key is never sent, but a fetched object may hold it; only a recorder
        that has seen it can take it out.
        """
        if not callable(credentials):
            return self._note(credentials)
        return lambda: self._note(credentials())

    def _note(self, given: Credentials) -> Credentials:
        # What is no Credentials at all is for the caller to refuse.
        if isinstance(given, Credentials):
            with self._noting:
                # Noted anew it is the newest, and the last to be forgotten.
                self._keys.pop(given.secret_key, None)
                self._keys[given.secret_key] = None
                if len(self._keys) > MAX_SECRETS:
                    del self._keys[next(iter(self._keys))]
        return given

    def keep(self, attempt: Attempt, reply: Reply) -> None:
        """Keep one exchange. Never raises: the answer may have been paid for.

        When it cannot be written, the first failure warns (`CosmatWarning`).

        Parameters
        ----------
        attempt : Attempt
            As it was sent, with its signature; the secrets in it are taken out.
        reply : Reply
            As it came.
        """
        try:
            self._write(_exchange(attempt, reply).scrubbed(self._secrets(attempt)))
        except Exception as error:  # noqa: BLE001 - no failure may cost a paid answer
            if self._first_failure.acquire(blocking=False):
                self._warn(error)

    def _warn(self, error: Exception) -> None:
        # Not the error's own words: they could quote what was to be scrubbed.
        reason = getattr(error, "strerror", None) or type(error).__name__
        message = (
            f"an answer could not be recorded in {self.folder}: {reason}. "
            "It is passed on all the same; further failures are not told"
        )
        try:
            warnings.warn(message, CosmatWarning, stacklevel=3)
        except CosmatWarning:
            # Where warnings are errors, this one still may not cost the answer.
            logger.warning("%s", message)

    def _secrets(self, attempt: Attempt) -> Iterator[str]:
        with self._noting:
            keys = tuple(self._keys)
        yield from keys
        headers = {name.lower(): value for name, value in attempt.headers.items()}
        _, params = parse_target(attempt.target)
        fields = dict(
            part.strip().partition("=")[::2]
            for part in headers.get("authorization", "").split("&")
        )
        for source in (fields, headers, params):
            for name in ("q-ak", "q-signature", "x-cos-security-token"):
                yield source.get(name, "")

    def _write(self, exchange: Exchange) -> None:
        files = exchange.to_files()
        number, draft = self._claim()
        stem = f"{number:04d}-{_label(exchange.question)}"
        try:
            for suffix, content in files.items():
                if suffix != ".json":
                    _write_whole(self.folder / f"{stem}{suffix}", content)
            _write_whole(draft, files[".json"])
            # Only now the exchange is there: a body without its record is ignored.
            draft.rename(self.folder / f"{stem}.json")
        except BaseException:
            draft.unlink(missing_ok=True)
            for suffix in files:
                (self.folder / f"{stem}{suffix}").unlink(missing_ok=True)
            raise

    def _claim(self) -> tuple[int, Path]:
        number = self._last or self._highest()
        while True:
            number += 1
            draft = self.folder / f".{number:04d}-part"
            try:
                draft.touch(exist_ok=False)
            except FileExistsError:
                continue
            # Another process may have used it up since we looked.
            if not self._is_used(number):
                self._last = max(number, self._last or 0)
                return number, draft
            draft.unlink()
            number = self._highest()

    def _highest(self) -> int:
        numbers = (NUMBERED.match(name.removeprefix(".")) for name in self._names())
        return max((int(found["number"]) for found in numbers if found), default=0)

    def _is_used(self, number: int) -> bool:
        start = f"{number:04d}-"
        return any(name.startswith(start) for name in self._names())

    def _names(self) -> list[str]:
        return os.listdir(self.folder)  # noqa: PTH208 - thousands, for every answer


def _exchange(attempt: Attempt, reply: Reply) -> Exchange:
    key, params = parse_target(attempt.target)
    question = Asked.of(attempt.method, key, params, attempt.headers, attempt.body)
    return Exchange.of(question, reply.status, _as_written(reply.headers), reply.body)


def _as_written(headers: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(headers, httpx.Headers):
        return dict(headers)
    written: dict[str, str] = {}
    spelling: dict[str, str] = {}
    for raw_name, raw_value in headers.raw:
        name = raw_name.decode("ascii")
        value = raw_value.decode(headers.encoding)
        first = spelling.setdefault(name.lower(), name)
        written[first] = f"{written[first]}, {value}" if first in written else value
    return written


def _label(asked: Asked) -> str:
    params = dict(asked.params)
    link = shown_place(params.get("detect-url", ""))
    place = asked.key or link.rstrip("/").rpartition("/")[2] or "bucket"
    words = [asked.method, params.get("ci-process", ""), place[-MAX_NAME:]]
    safe = (re.sub(r"[^\w.-]", "_", word[:MAX_NAME]) for word in words if word)
    return "-".join(safe)


def _write_whole(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
