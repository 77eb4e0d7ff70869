"""Signed requests and what came back, with nothing of our own client in between."""

from __future__ import annotations

import contextlib
import http.client
import io
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from cosmat_nb.errors import ProtocolError
from cosmat_nb.wire.address import write_target
from cosmat_nb.wire.documents import ErrorDocument, Listing
from cosmat_nb.wire.results import UploadResult
from cosmat_nb.wire.signature import sign

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.wire.address import Address
    from cosmat_nb.wire.credentials import Credentials

MATTE = {"ci-process": "AIPicMatting"}
_TOKEN = "x-cos-security-token"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def code(self):
        """The code of the error document; the status where there is none."""
        if self.status < 300:
            return ""
        try:
            return ErrorDocument.from_xml(self.body).code or str(self.status)
        except ProtocolError:
            return str(self.status)

    @property
    def rgba(self):
        """The pixels, (H, W, 4) uint8."""
        assert self.status == 200, f"refused: {self.status} {self.code}"
        with Image.open(io.BytesIO(self.body)) as image:
            return np.asarray(image.convert("RGBA"))

    @property
    def listing(self):
        """The ListBucketResult document."""
        return Listing.from_xml(self.body)

    @property
    def result(self):
        """The UploadResult document."""
        return UploadResult.from_xml(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Asks one bucket."""

    endpoint: str
    address: Address
    credentials: Credentials

    @classmethod
    def of(cls, emulator):
        """Ask an emulator."""
        return cls(
            endpoint=emulator.endpoint,
            address=emulator.address,
            credentials=emulator.credentials,
        )

    def ask(self, method, key="", params=None, *, headers=None, body=None, host=None):
        """Send one signed request, once, and read the whole answer."""
        params = params or {}
        covered = {"host": host or self.address.host, **(headers or {})}
        if self.credentials.token:
            covered[_TOKEN] = self.credentials.token
        period = (int(time.time()) - 60, int(time.time()) + 600)
        signed = sign(self.credentials, method, f"/{key}", params, covered, period)
        place = urlsplit(self.endpoint)
        secure = place.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(place.netloc, timeout=60)
        with contextlib.closing(connection):
            connection.request(
                method,
                write_target(key, params),
                body=body,
                headers={**covered, "Authorization": signed.header},
            )
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())

    def cut(self, key="", params=None, **asked):
        """Ask for a cutout while downloading."""
        return self.ask("GET", key, MATTE | (params or {}), **asked)

    def process(self, key, operations):
        """Ask for results in the cloud; `operations` is the header's text."""
        return self.ask(
            "POST", key, {"image_process": ""}, headers={"pic-operations": operations}
        )

    def upload(self, key, body, operations):
        """Upload a picture and ask for a result; `operations` is the header's text."""
        return self.ask("PUT", key, headers={"pic-operations": operations}, body=body)
