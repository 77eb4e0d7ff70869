"""One exchange with the service as plain files: what was asked, what was answered."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.scrubbing import Scrubber, is_signing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["NUMBERED", "Asked", "Exchange", "Pairs"]

NUMBERED = re.compile(r"(?P<number>[0-9]{4,18})-")
"""How the names of a recording's files begin."""

Pairs = tuple[tuple[str, str], ...]
"""Names and values, sorted by name; each name once."""

FORMAT = 1
"""Raised when older readers would misread a record."""

_MATTERING = re.compile(r"pic-operations|range|content-type|if-.+|x-cos-meta-.+")
_STATUSES = range(200, 600)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_HEADER = re.compile("[\0-\x08\n-\x1f\x7f\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SUFFIXES = (".png", ".jpg", ".xml", ".bin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What identifies a request when it is asked again: nothing that signs it.

    Attributes
    ----------
    method : str
        Upper case.
    key : str
        Decoded object key, ``""`` for the bucket.
    params : tuple of (str, str)
        Decoded query without the parameters of a signature.
    headers : tuple of (str, str)
        Those that change the answer, names in lower case: ``pic-operations``,
        ``range``, ``if-*``, ``content-type``, ``x-cos-meta-*``.
    body_bytes : int
        Size of the request's body, which itself is not kept.
    body_sha256 : str
        Its SHA-256, 64 hex digits.

    Examples
    --------
    >>> print(Asked.of("GET", "mug.jpg", {"ci-process": "AIPicMatting"}))
    GET mug.jpg?ci-process=AIPicMatting
    """

    method: str
    key: str
    params: Pairs = ()
    headers: Pairs = ()
    body_bytes: int = 0
    body_sha256: str = hashlib.sha256().hexdigest()

    @classmethod
    def of(
        cls,
        method: str,
        key: str,
        params: Mapping[str, str] = {},
        headers: Mapping[str, str] = {},
        body: bytes = b"",
    ) -> Asked:
        """Take from a request what matters; the parts as they were on the wire."""
        lower = {name.lower(): value for name, value in headers.items()}
        return cls(
            method=method.upper(),
            key=key,
            params=_pairs({n: v for n, v in params.items() if not is_signing(n)}),
            headers=_pairs({n: v for n, v in lower.items() if _MATTERING.fullmatch(n)}),
            body_bytes=len(body),
            body_sha256=hashlib.sha256(body).hexdigest(),
        )

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.params)
        facts = [f"{name}: {value}" for name, value in self.headers]
        if self.body_bytes:
            facts.append(f"{self.body_bytes} bytes, SHA-256 {self.body_sha256[:12]}…")
        return (
            f"{self.method} {self.key or '/'}{'?' * bool(query)}{query}"
            f"{' (' * bool(facts)}{', '.join(facts)}{')' * bool(facts)}"
        )

    def scrubbed(self, secrets: Iterable[str] = ()) -> Asked:
        """Take secrets out of key, parameters and headers, as `Scrubber` does it."""
        scrubber = Scrubber(secrets)
        return replace(
            self,
            key=scrubber.text(self.key),
            params=_scrub(self.params, scrubber),
            headers=_scrub(self.headers, scrubber),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and the service's answer to it.

    Attributes
    ----------
    question : Asked
        What identifies the request.
    status : int
        HTTP status of the answer, 200 to 599.
    headers : tuple of (str, str)
        All headers of the answer, as the service wrote them.
    body : bytes
        Body of the answer; as it came, until it is `scrubbed`.

    Examples
    --------
    >>> asked = Asked.of("GET", "杯子.txt")
    >>> exchange = Exchange.of(asked, 200, {"ETag": '"1"'}, b"tea")
    >>> files = exchange.to_files()
    >>> sorted(files), files[".bin"], "杯子" in files[".json"].decode()
    (['.bin', '.json'], b'tea', True)
    >>> Exchange.from_files(files) == exchange
    True
    """

    question: Asked
    status: int
    headers: Pairs
    body: bytes = field(repr=False)

    @classmethod
    def of(
        cls, question: Asked, status: int, headers: Mapping[str, str], body: bytes
    ) -> Exchange:
        """Put an answer beside its question."""
        return cls(question=question, status=status, headers=_pairs(headers), body=body)

    def scrubbed(self, secrets: Iterable[str] = ()) -> Exchange:
        """Take secrets out of everything: key, parameters, headers and body.

        Parameters
        ----------
        secrets : iterable of str
            Known ids, keys, tokens and signatures; others go by their names, see
            `Scrubber`. Only these are taken out of an object that was fetched (GET of
            a key, 2xx, no ``ci-process``); where it holds none of them, it stays byte
            for byte. Any other text body may lose fields that are named like secrets.
            Headers stay those of the body that came, ``ETag`` and length included.
        """
        scrubber = Scrubber(secrets)
        return Exchange(
            question=self.question.scrubbed(scrubber.secrets),
            status=self.status,
            headers=_scrub(self.headers, scrubber),
            body=scrubber.body(self.body, by_name=not self._is_object()),
        )

    def _is_object(self) -> bool:
        asked = self.question
        whole = asked.method == "GET" and self.status // 100 == 2  # noqa: PLR2004 - 2xx
        return whole and bool(asked.key) and "ci-process" not in dict(asked.params)

    def to_files(self) -> dict[str, bytes]:
        """Write as one or two files: their contents by the suffix of their names.

        Returns
        -------
        dict of str to bytes
            ``.json`` in sorted, indented UTF-8; and where the answer has a body,
            ``.png``, ``.jpg``, ``.xml`` or ``.bin``, `body` byte for byte.
        """
        asked = self.question
        suffix = _suffix(self.body) if self.body else ""
        record = {
            "format": FORMAT,
            "asked": {
                "method": asked.method,
                "key": asked.key,
                "params": dict(asked.params),
                "headers": dict(asked.headers),
                "body_bytes": asked.body_bytes,
                "body_sha256": asked.body_sha256,
            },
            "answered": {
                "status": self.status,
                "headers": dict(self.headers),
                "body_suffix": suffix,
                "body_sha256": hashlib.sha256(self.body).hexdigest(),
            },
        }
        text = json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True)
        # A key that is not UTF-8 is held as lone surrogates, which UTF-8 cannot hold.
        text = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
        files = {".json": f"{text}\n".encode()}
        return files | ({suffix: self.body} if suffix else {})

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Exchange:
        """Read what `to_files` wrote.

        Raises
        ------
        OptionsError
            When a file is missing, damaged or of a later format; says what is wrong.
        """
        try:
            record = json.loads(files[".json"].decode())
            _check_format(record["format"])
            asked, answered = record["asked"], record["answered"]
            return cls(
                question=Asked(
                    method=_text(asked["method"]),
                    key=_text(asked["key"]),
                    params=_pairs(_texts(asked["params"])),
                    headers=_pairs(_texts(asked["headers"])),
                    body_bytes=int(asked["body_bytes"]),
                    body_sha256=_text(asked["body_sha256"]),
                ),
                status=_status(answered["status"]),
                headers=_pairs(_sendable(_texts(answered["headers"]))),
                body=_body(files, answered),
            )
        except KeyError as error:
            raise OptionsError(f"it lacks {error}") from None
        except (TypeError, ValueError, AttributeError, RecursionError) as error:
            raise OptionsError(f"it cannot be read: {error}") from None


def _pairs(values: Mapping[str, str]) -> Pairs:
    return tuple(sorted(values.items()))


def _scrub(pairs: Pairs, scrubber: Scrubber) -> Pairs:
    clean = {scrubber.text(n): scrubber.value(n, v) for n, v in pairs}
    return _pairs(clean)


def _suffix(body: bytes) -> str:
    if body.startswith(b"\x89PNG"):
        return ".png"
    if body.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    return ".xml" if body.lstrip()[:1] == b"<" else ".bin"


def _check_format(value: Any) -> None:
    if value != FORMAT:
        raise ValueError(f"format {value!r} is not {FORMAT}")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, not {value!r}")
    return value


def _texts(values: Any) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in values.items()}


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if (
            not _HEADER_NAME.fullmatch(name)
            or _NOT_IN_HEADER.search(value)
            or (value != value.strip())
        ):
            raise ValueError(f"HTTP cannot carry the header {name!r}")
    return headers


def _status(value: Any) -> int:
    if value not in _STATUSES:
        raise ValueError(f"status must be 200 to 599; not {value!r}")
    return int(value)


def _body(files: Mapping[str, bytes], answered: Mapping[str, Any]) -> bytes:
    suffix = answered["body_suffix"]
    if suffix not in ("", *_SUFFIXES):
        raise ValueError(f"body_suffix must be one of {_SUFFIXES}; not {suffix!r}")
    body = files[suffix] if suffix else b""
    if hashlib.sha256(body).hexdigest() != answered["body_sha256"]:
        raise ValueError("its body was changed since: the SHA-256 differs")
    return body
