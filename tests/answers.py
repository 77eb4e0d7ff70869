"""Answers of a service that a test scripts."""

from __future__ import annotations

import httpx
import numpy as np
import pandas as pd

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.wire.documents import ErrorDocument

ADDRESS = cm.Address("examplebucket-1250000000", "ap-guangzhou")


def reply(status, body):
    """Answer as from a network: a body that is streamed once."""
    headers = {"x-cos-request-id": "request-7"}
    return httpx.Response(status, stream=httpx.ByteStream(body), headers=headers)


def answer_png(_=None):
    """Answer with a small cutout."""
    pixels = np.full((4, 6, 4), 255, np.uint8)
    return reply(200, images.encode_png(pixels))


def answer_error(code, status):
    """Answer with an error document."""
    document = ErrorDocument(code=code, message="It is so.", request_id="request-7")
    return reply(status, document.to_xml())


def keys(*values, **columns):
    """Make a frame of keys."""
    return pd.DataFrame({"key": list(values), **columns})
