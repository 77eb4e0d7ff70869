"""Natural mistakes are told at once, in a line, and with what to do."""

import enum

import numpy as np
import pandas as pd
import pytest

import cosmat_nb as cm
from cosmat_nb.errors import OptionsError

KEYS = cm.Credentials("an-id", "a-key")
PLACE = cm.Address("examplebucket-1250000000", "ap-guangzhou")


@pytest.fixture(scope="module")
def client():
    """A client that is never asked anything."""
    with cm.MattingClient(PLACE, KEYS, endpoint="http://127.0.0.1:9") as made:
        yield made


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: c.matte(bytes(10**6)), "must be a non-empty string; not bytes"),
        (lambda c: c.matte(pd.Series(["a"])), "not Series"),
        (lambda c: c.matte("http://x.com/a.jpg"), "use matte_url"),
        (lambda c: c.matte("a", {"center": True}), "must be MattingOptions; not dict"),
        (
            lambda c: c.matte_stored("a", {cm.MattingOptions(): "b"}),
            "not MattingOptions to str",
        ),
        (lambda c: c.presign("a", 60), "must be MattingOptions; not int"),
        (lambda c: c.limits.refusal("a.jpg"), "expected a PictureInfo"),
        (lambda c: c.delete_objects(None), "keys must be object keys; not NoneType"),
        (lambda c: c.required_policy(["mate"]), "must be some of"),
        (lambda _: cm.MattingClient("b", KEYS), r"must be Address\(bucket, region\)"),
        (lambda _: cm.MattingClient(PLACE, ("id", "key")), "not tuple"),
        (lambda c: cm.list_frame("samples/", c), "must be a MattingClient.*got str"),
        (lambda _: cm.Emulator(faults=[cm.Fault.fail()]), r"faults must be Faults"),
        (lambda _: cm.Emulator(latency=1.0), r"latency must be Latency"),
        (lambda _: cm.Emulator(replay="folder"), r"replay must be Replay"),
        (lambda _: cm.Emulator("pictures"), "must be a MemoryBucket or a FolderBucket"),
    ],
)
def test_a_mistake_is_told_in_a_line(client, call, words):
    """Nothing is sent; the message says what came and never repeats a picture."""
    with pytest.raises(OptionsError, match=words) as caught:
        call(client)
    assert len(str(caught.value)) < 400


def test_a_frame_wants_the_blocking_client(client):
    """An awaiting client would answer rows with things to await."""
    frame = pd.DataFrame({"key": ["a"]})
    awaiting = cm.AsyncMattingClient.like(client)
    with pytest.raises(OptionsError, match="got AsyncMattingClient"):
        cm.matte_frame(frame, awaiting)


def test_strings_of_numpy_are_strings(client):
    """A key out of an array is shown as the plain text that it is."""
    link = client.presign(np.str_("a.jpg"))
    assert type(link.place) is str


def test_a_key_out_of_an_enumeration_is_its_value(client):
    """What was checked is what is sent."""

    class Place(str, enum.Enum):  # noqa: UP042 - whose str() is not its value
        MUG = "samples/mug.jpg"

    assert client.presign(Place.MUG).place == "samples/mug.jpg"


def test_a_stopped_batch_says_so(tmp_path):
    """Where warnings are shown, one tells why the rest was not asked for."""
    wrong = cm.Credentials("emulator-id", "wrong-key")
    with cm.Emulator() as emulator:
        emulator.bucket.put("a", b"x", "text/plain")
        client = cm.MattingClient(emulator.address, wrong, endpoint=emulator.endpoint)
        with client, pytest.warns(cm.CosmatWarning, match="batch stopped"):
            result = cm.matte_frame(
                pd.DataFrame({"key": ["a", "b", "c"]}),
                client,
                store=cm.Store(tmp_path),
                progress=False,
            )
    assert set(result.status) <= {"error", "skipped"}
