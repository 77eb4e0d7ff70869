"""Requests to the emulator's parts without a server, signed where that matters."""

from squares import WhiteEngine

from cosmat_nb.emulator.assumptions import Assumptions
from cosmat_nb.emulator.bucket import MemoryBucket
from cosmat_nb.emulator.handlers import Handlers
from cosmat_nb.emulator.messages import Incoming
from cosmat_nb.wire.address import Address
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.signature import sign

ADDRESS = Address("examplebucket-1250000000", "ap-guangzhou")
OTHER = Address("other-1250000000", "ap-guangzhou")
KEYS = Credentials("test-id", "test-key")
NOW = 1_700_000_060.0
PERIOD = (1_700_000_000, 1_700_003_660)
SERVER = "127.0.0.1:8791"


def make_handlers(*, origins=(), **assumed):
    """Make handlers of two empty buckets, with the cheap engine and a fixed clock."""
    return Handlers(
        address=ADDRESS,
        buckets={ADDRESS.bucket: MemoryBucket(), OTHER.bucket: MemoryBucket()},
        credentials=KEYS,
        engine=WhiteEngine(),
        assumptions=Assumptions(**assumed),
        now=lambda: NOW,
        origins=frozenset(origins),
    )


def make_request(method, key="", params=None, headers=None, body=b"", host=""):
    """Make a request to the bucket's own host, not signed."""
    return Incoming(
        method=method,
        key=key,
        params=params or {},
        headers={"host": host or ADDRESS.host, **(headers or {})},
        body=body,
        server=SERVER,
    )


def sign_request(method, key="", params=None, headers=None, body=b"", host=""):
    """Make a request and sign all of it in its header."""
    request = make_request(method, key, params, headers, body, host)
    signed = sign(KEYS, method, f"/{key}", request.params, request.headers, PERIOD)
    signature = {"authorization": signed.header}
    return make_request(
        method, key, params, {**request.headers, **signature}, body, host
    )
