"""Ways to a client: the cloud when there are keys, else the emulator."""

import threading
from pathlib import Path

import pytest
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.credentials import Credentials

BUCKET, REGION = "mybucket-1250000000", "ap-beijing"


@pytest.fixture
def keys(monkeypatch):
    """A key pair in the environment."""
    monkeypatch.setenv("COS_SECRET_ID", "env-id")
    monkeypatch.setenv("COS_SECRET_KEY", "env-key")


def count_servers():
    """Count the emulators that run in this process."""
    return sum(thread.name == "cosmat-emulator" for thread in threading.enumerate())


def test_without_an_account_the_emulator_answers(capfd):
    """``connect()`` starts one with samples, prints nothing, and close stops it."""
    before = count_servers()
    with cm.connect() as client:
        assert count_servers() == before + 1
        assert repr(client).startswith("MattingClient(emulator: ")
        assert client.service == f"emulator cosmat {cm.get_engine().version}"
        keys = [info.key for info in client.list_objects("samples/")]
        assert len(keys) == 13
    assert count_servers() == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("keys")
def test_with_an_account_the_cloud_answers(monkeypatch, capfd):
    """Keys, bucket and region of the environment make a client of the cloud."""
    monkeypatch.setenv("COS_BUCKET", BUCKET)
    monkeypatch.setenv("COS_REGION", REGION)
    with cm.connect() as client:
        assert repr(client) == f"MattingClient(cloud: {BUCKET} in {REGION})"
        assert client.endpoint == f"https://{BUCKET}.cos.{REGION}.myqcloud.com"
        assert not client.emulated
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", ["COS_BUCKET", "COS_REGION"])
def test_an_account_without_a_place_is_an_error(name, monkeypatch):
    """Keys without bucket and region never fall back to the emulator in silence."""
    monkeypatch.setenv(name, BUCKET if name == "COS_BUCKET" else REGION)
    with pytest.raises(OptionsError, match="COS_BUCKET and COS_REGION") as caught:
        cm.connect()
    assert "environment (COS_SECRET_ID)" in str(caught.value)


def test_the_profile_alone_is_enough(tmp_path):
    """The vendor's profile file holds all that ``connect()`` needs."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".cos.conf").write_text(
        f"[common]\nsecret_id=a\nsecret_key=b\nbucket={BUCKET}\nregion={REGION}\n",
        encoding="utf-8",
    )
    with cm.connect() as client:
        assert repr(client) == f"MattingClient(cloud: {BUCKET} in {REGION})"


def test_half_a_pair_never_means_the_emulator(monkeypatch):
    """A forgotten half is an error, not an emulator taken for the cloud."""
    monkeypatch.setenv("COS_SECRET_ID", "only-id")
    with pytest.raises(OptionsError, match="set both"):
        cm.connect()


def test_without_credentials_the_error_lists_what_was_tried():
    """Argument, both families of variables, the file and the free way out are named."""
    with pytest.raises(OptionsError) as caught:
        cm.connect_cloud(BUCKET, REGION)
    for place in (
        "credentials=Credentials(id, key)",
        "COS_SECRET_ID and COS_SECRET_KEY",
        "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY",
        "~/.cos.conf",
        "connect_emulator()",
    ):
        assert place in str(caught.value)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("kind", ["pair", "function"])
def test_the_argument_comes_before_the_environment(kind, emulator):
    """Credentials that are passed are used, as a pair or as a function."""
    pair = emulator.credentials
    with cm.connect_cloud(
        emulator.address.bucket,
        emulator.address.region,
        credentials=pair if kind == "pair" else lambda: pair,
        endpoint=emulator.endpoint,
    ) as client:
        assert client.put("k", b"1")


def test_the_environment_is_used_when_nothing_is_passed(monkeypatch, emulator):
    """Without an argument the pair of the environment is what signs."""
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", emulator.credentials.secret_id)
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", emulator.credentials.secret_key)
    with cm.connect_cloud(
        emulator.address.bucket, emulator.address.region, endpoint=emulator.endpoint
    ) as client:
        assert client.put("k", b"1")


@pytest.mark.parametrize(
    ("bucket", "region"),
    [("nobucket", REGION), ("Big-1", REGION), (BUCKET, "Beijing"), (BUCKET, "")],
)
def test_an_illegal_place_is_an_error(bucket, region):
    """Names that no host could have are refused before anything is sent."""
    with pytest.raises(OptionsError, match=r"bucket|region"):
        cm.connect_cloud(bucket, region, credentials=Credentials("a", "b"))


def test_settings_reach_the_client(emulator):
    """Concurrency and endpoint are what was asked for."""
    with cm.connect_emulator(emulator, concurrency=3) as client:
        assert client.concurrency == 3
        assert client.endpoint == emulator.endpoint
        assert client.emulated
    with cm.connect_cloud(
        BUCKET, REGION, credentials=Credentials("a", "b"), concurrency=5
    ) as client:
        assert client.concurrency == 5


def test_a_running_emulator_outlives_its_clients(emulator):
    """Two clients share one emulator, and closing the first stops nothing."""
    with cm.connect_emulator(emulator) as first:
        first.put("k", b"1")
    assert emulator.is_running
    with cm.connect_emulator(emulator) as second:
        assert second.fetch("k") == b"1"


def test_an_engine_is_chosen_by_keyword():
    """An engine, or its name, cuts in the emulator that is started for the client."""
    with cm.connect_emulator(engine=WhiteEngine()) as client:
        assert client.service == "emulator white 1"
        client.put("a.png", images.encode_png(draw_square()))
        assert client.matte("a.png").box == (16, 24, 48, 72)
        assert client.list_objects("samples/")


def test_an_engine_beside_an_emulator_is_refused():
    """An emulator that is given has an engine already; nothing is started."""
    emulator = cm.Emulator(engine=WhiteEngine())
    with pytest.raises(OptionsError, match="has an engine"):
        cm.connect_emulator(emulator, engine="cosmat")
    assert not emulator.is_running


@pytest.mark.parametrize("engine", ["magic", "u2netp", Path("missing.onnx")], ids=str)
def test_an_engine_that_is_not_there_starts_nothing(engine):
    """An unknown name, a model nobody fetched, a missing file: refused at once."""
    before = count_servers()
    with pytest.raises(OptionsError, match=str(engine)):
        cm.connect_emulator(engine=engine)
    for make in (cm.Emulator, cm.Emulator.with_samples):
        with pytest.raises(OptionsError, match=str(engine)):
            make(engine=engine)
    assert count_servers() == before


def test_a_damaged_network_starts_nothing(tmp_path):
    """A file that holds no network is refused before anything listens."""
    weights = tmp_path / "damaged.onnx"
    weights.write_bytes(b"no network")
    before = count_servers()
    with pytest.raises(OptionsError, match="damaged"):
        cm.connect_emulator(engine=weights)
    assert count_servers() == before


def test_an_emulator_started_for_a_client_ends_with_it():
    """One that was not yet started is started, and stopped by close; twice is fine."""
    emulator = cm.Emulator(engine=WhiteEngine())
    client = cm.connect_emulator(emulator)
    assert emulator.is_running
    client.close()
    client.close()
    assert not emulator.is_running


def test_a_client_that_cannot_be_made_leaves_no_emulator_behind():
    """A bad argument stops what was started for it, and only that."""
    emulator = cm.Emulator(engine=WhiteEngine())
    with pytest.raises(OptionsError, match="concurrency"):
        cm.connect_emulator(emulator, concurrency=0)
    assert not emulator.is_running
    with emulator:
        with pytest.raises(OptionsError, match="concurrency"):
            cm.connect_emulator(emulator, concurrency=0)
        assert emulator.is_running
