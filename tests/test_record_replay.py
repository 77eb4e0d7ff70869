"""A recorded session is answered again from its files, with no service at all."""

import asyncio
from pathlib import Path

import pandas as pd
import pytest
from squares import WhiteEngine

import cosmat_nb as cm
from cosmat_nb.client.recording import Recorder
from cosmat_nb.emulator.replay import Replay

SECRET = cm.Credentials("recorded-id-1234", "recorded-key-5678", "recorded-token-90")
OPTIONS = cm.MattingOptions(center=True, padding=(20, 10))


def spend(client, picture):
    """Do a little of everything that costs something, and return what came of it."""
    client.put("方 1.jpg", picture, content_type="image/jpeg")
    frame = cm.list_frame(client)[["key"]]
    frame.loc[len(frame)] = ["missing.jpg"]
    result = cm.matte_frame(frame, client, OPTIONS, progress=False)
    return {
        "frame": result.drop(columns=["cutout", "seconds", "error", "source"]),
        "png": result.cutout[0].png,
        "upload": client.matte_upload("up.jpg", picture, save_as="out/up.png"),
        "stored": client.matte_stored("方 1.jpg", {"a.png": OPTIONS}),
        "part": client.fetch("a.png", 1, 4),
        "gone": client.delete_objects(["a.png", "up.jpg"]),
    }


@pytest.fixture
def recorded(tmp_path, square):
    """Answers of a session by temporary keys, and the folder that recorded it."""
    with (
        cm.Emulator(engine=WhiteEngine(), credentials=SECRET) as emulator,
        cm.connect_cloud(
            emulator.address.bucket,
            emulator.address.region,
            credentials=lambda: SECRET,
            endpoint=emulator.endpoint,
            record=tmp_path / "recording",
        ) as client,
    ):
        yield spend(client, square), tmp_path / "recording"


def test_a_session_is_played_again(recorded, square):
    """With the recording in the service's place every answer is the same."""
    answers, folder = recorded
    with (
        cm.Emulator(replay=Replay(folder)) as emulator,
        cm.connect_emulator(emulator) as client,
    ):
        again = spend(client, square)
        assert emulator.billed == 0
        with pytest.raises(cm.ServerError, match="its recording has no answer"):
            client.matte("方 1.jpg", cm.MattingOptions(padding=(1, 1)))
    pd.testing.assert_frame_equal(again.pop("frame"), answers.pop("frame"))
    assert again == answers


def test_a_recording_holds_no_secret(recorded):
    """Neither key pair nor token nor signature is in any file or file name."""
    _, folder = recorded
    texts = [path.name.encode() + path.read_bytes() for path in Path(folder).iterdir()]
    assert len(texts) > 8
    for secret in (SECRET.secret_id, SECRET.secret_key, SECRET.token, "q-signature="):
        assert not any(secret.encode() in text for text in texts)


def test_the_awaiting_client_records_too(emulator, tmp_path, square):
    """Its exchanges are kept just so, and played to the blocking client."""
    emulator.bucket.put("a.jpg", square, "image/jpeg")

    async def cut():
        async with cm.AsyncMattingClient(
            emulator.address,
            emulator.credentials,
            endpoint=emulator.endpoint,
            recorder=Recorder(tmp_path / "r"),
        ) as client:
            return await client.matte("a.jpg")

    cutout = asyncio.run(cut())
    with (
        cm.Emulator(replay=Replay(tmp_path / "r")) as player,
        cm.connect_emulator(player) as client,
    ):
        assert client.matte("a.jpg") == cutout
