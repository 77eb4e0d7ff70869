"""rembg's model folder, and what is fetched into it from a server on loopback."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from weights_server import SIGNATURE, WEIGHTS, serve_weights

from cosmat_nb.errors import OptionsError, ProtocolError, TransportError
from cosmat_nb.matting.folder import (
    fetch_model,
    file_md5,
    look_up,
    model_folder,
    model_path,
)
from cosmat_nb.matting.models import MODELS, Model


@pytest.fixture(scope="module")
def server():
    """A started server."""
    with serve_weights() as running:
        yield running


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The model folder, which is not there yet."""
    folder = tmp_path / "models" / ".u2net"
    monkeypatch.setenv("U2NET_HOME", str(folder))
    return folder


def left(folder):
    """Return the names of what lies in a folder."""
    return sorted(path.name for path in folder.glob("*")) if folder.exists() else []


def test_the_folder_is_rembgs(monkeypatch, tmp_path):
    """Its own variable, else the data folder, else home; empty counts as absent."""
    assert model_folder() == tmp_path / "home" / ".u2net"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert model_folder() == tmp_path / "data" / ".u2net"
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "own"))
    assert model_folder() == tmp_path / "own"
    monkeypatch.setenv("U2NET_HOME", "~/mine")
    assert model_folder() == tmp_path / "home" / "mine"
    monkeypatch.setenv("U2NET_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", "")
    assert model_folder() == tmp_path / "home" / ".u2net"


def test_a_machine_without_a_home_is_told_what_to_set(monkeypatch):
    """Where no home can be found, the error names the variable."""
    monkeypatch.setenv("U2NET_HOME", "~nobody-of-this-name/models")
    with pytest.raises(OptionsError, match="set U2NET_HOME"):
        model_folder()


def test_a_file_is_named_by_its_model(monkeypatch, tmp_path):
    """As rembg names it, also where the address names it otherwise."""
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    path = model_path(MODELS["birefnet-general-lite"])
    assert path == tmp_path / "birefnet-general-lite.onnx"


def test_what_lies_there_is_told(folder):
    """Nothing; a file of other bytes; the right one."""
    model = Model(name="tiny", md5=hashlib.md5(b"right").hexdigest())
    found = look_up(model)
    assert (found.nbytes, found.intact) == (None, False)
    folder.mkdir(parents=True)
    assert found.path == folder / "tiny.onnx"
    found.path.write_bytes(b"other")
    found = look_up(model)
    assert (found.nbytes, found.intact) == (5, False)
    assert file_md5(found.path) == hashlib.md5(b"other").hexdigest()
    found.path.write_bytes(b"right")
    found = look_up(model)
    assert (found.nbytes, found.intact) == (5, True)


def test_a_model_without_a_checksum_is_never_intact(folder):
    """Nothing to compare with is no match."""
    folder.mkdir(parents=True)
    (folder / "tiny.onnx").write_bytes(b"any")
    assert not look_up(Model(name="tiny")).intact


def test_what_is_no_file_is_said(folder):
    """A folder of the model's name is an error of ours."""
    (folder / "tiny.onnx").mkdir(parents=True)
    with pytest.raises(OptionsError, match=r"expected a file at .*tiny\.onnx"):
        look_up(Model(name="tiny"))


def test_a_file_in_the_way_of_the_folder(server, monkeypatch, tmp_path):
    """Looking into it finds nothing; fetching into it is an error of ours."""
    (tmp_path / "wall").write_text("a file")
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "wall" / "models"))
    assert look_up(Model(name="tiny")).nbytes is None
    with pytest.raises(OptionsError, match=r"cannot be written.*set U2NET_HOME"):
        fetch_model(server.model("right"))


@pytest.mark.parametrize("way", ["right", "open_ended", "moved"])
def test_a_model_is_fetched(server, folder, way):
    """The file comes whole, alone and under its name, also through a redirect."""
    path = fetch_model(server.model(way))
    assert path == folder / "tiny.onnx"
    assert path.read_bytes() == WEIGHTS
    assert left(folder) == ["tiny.onnx"]


@pytest.mark.skipif(os.name != "posix", reason="rights are POSIX")
def test_a_fetched_file_has_the_rights_of_any_new_file(server, folder):
    """Others who share the folder may read it, as the umask says."""
    path = fetch_model(server.model("right"))
    other = folder / "other"
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode


@pytest.mark.usefixtures("folder")
def test_what_is_there_is_not_fetched(server):
    """The right file is taken as it is: nothing is asked."""
    fetch_model(server.model("right"))
    before = list(server.asked)
    assert fetch_model(server.model("missing")).read_bytes() == WEIGHTS
    assert server.asked == before


def test_a_damaged_file_is_replaced(server, folder):
    """A file of another checksum gives way to the right one."""
    folder.mkdir(parents=True)
    (folder / "tiny.onnx").write_bytes(WEIGHTS[:1000])
    assert fetch_model(server.model("right")).read_bytes() == WEIGHTS
    assert left(folder) == ["tiny.onnx"]


def test_progress_is_told(server, folder):
    """Bytes so far grow to the whole; the whole is None where nobody knows it."""
    told = []
    fetch_model(server.model("right"), lambda *facts: told.append(facts))
    done = [each for each, _ in told]
    assert len(told) > 1
    assert done == sorted(set(done))
    assert done[-1] == len(WEIGHTS)
    assert {total for _, total in told} == {len(WEIGHTS)}
    told.clear()
    (folder / "tiny.onnx").unlink()
    fetch_model(server.model("open_ended"), lambda *facts: told.append(facts))
    assert {total for _, total in told} == {None}


def test_a_part_does_not_look_like_a_model(server, folder):
    """While it comes, the old file stays, and nothing else there ends in .onnx."""
    folder.mkdir(parents=True)
    (folder / "tiny.onnx").write_bytes(b"old")
    seen = []

    def look(*_):
        models = [path.read_bytes() for path in folder.glob("*.onnx")]
        seen.append((models, len(left(folder))))

    fetch_model(server.model("right"), look)
    assert seen
    assert all(each == ([b"old"], 2) for each in seen)


@pytest.mark.parametrize(
    ("way", "kind", "words"),
    [
        ("wrong", ProtocolError, "its MD5 is [0-9a-f]{32}, expected [0-9a-f]{32}"),
        ("short", TransportError, "expected tiny from .*/short: RemoteProtocolError"),
        ("huge", ProtocolError, "more than 1073741824 bytes"),
        ("missing", ProtocolError, r"expected tiny from .*/missing.*\[HTTP 404\]"),
        ("round", TransportError, "TooManyRedirects"),
        ("nowhere", TransportError, "expected tiny from .*/nowhere"),
        ("moved_to_nothing", TransportError, "RemoteProtocolError"),
        ("moved_to_a_file", TransportError, "UnsupportedProtocol"),
        ("moved_too_far", TransportError, "UnicodeError"),
        ("page", ProtocolError, "its MD5 is"),
        ("packed", ProtocolError, "its MD5 is"),
    ],
)
def test_what_goes_wrong_leaves_nothing_behind(server, folder, way, kind, words):
    """A typed error that tells no secret; what lay there before still lies there."""
    folder.mkdir(parents=True)
    (folder / "tiny.onnx").write_bytes(b"old")
    with pytest.raises(kind, match=words) as caught:
        fetch_model(server.model(way))
    assert SIGNATURE not in str(caught.value)
    assert left(folder) == ["tiny.onnx"]
    assert (folder / "tiny.onnx").read_bytes() == b"old"


def test_a_refused_connection_is_said(folder):
    """Nobody listens: the error says so, and that nothing was sent."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    model = Model(name="tiny", address=f"http://127.0.0.1:{port}/x", md5="0" * 32)
    with pytest.raises(TransportError, match=r"ConnectError.*online") as caught:
        fetch_model(model)
    assert caught.value.unsent
    assert not folder.exists()


@pytest.mark.usefixtures("folder")
def test_an_address_that_is_none_is_said():
    """What cannot be read as an address is an error of ours."""
    model = Model(name="tiny", address="http://x:port/", md5="0" * 32)
    with pytest.raises(TransportError, match="InvalidURL"):
        fetch_model(model)


@pytest.mark.parametrize("facts", [{"address": "http://127.0.0.1:1/x"}, {"md5": "0"}])
def test_a_model_without_address_or_checksum_is_not_fetched(facts):
    """What could not be checked is not asked for."""
    with pytest.raises(OptionsError, match="no address or no checksum"):
        fetch_model(Model(name="tiny", **facts))


def test_an_interrupt_leaves_nothing_behind(server, folder):
    """Ctrl-C in the middle: the interrupt goes on, and no part stays."""

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_model(server.model("right"), interrupt)
    assert left(folder) == []


def test_a_full_disk_is_said_and_leaves_nothing(server, folder):
    """Where no byte over 100 kB can be written, one error of ours, and no part."""
    pytest.importorskip("resource", reason="limits are POSIX")
    model = server.model("right")
    code = (
        "import resource, sys\n"
        "from cosmat_nb.errors import OptionsError\n"
        "from cosmat_nb.matting.folder import fetch_model\n"
        "from cosmat_nb.matting.models import Model\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        f"model = Model(name='tiny', address={model.address!r}, md5={model.md5!r})\n"
        "try:\n"
        "    fetch_model(model)\n"
        "except OptionsError as error:\n"
        "    assert 'cannot be written: File too large' in str(error), error\n"
        "else:\n"
        "    sys.exit('nothing was said')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert left(folder) == []


def test_two_who_fetch_at_once_do_not_meet(server, folder):
    """Both get the whole file, and no part stays."""
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(fetch_model, server.model("right")) for _ in range(4)]
        assert {each.result().read_bytes() for each in asked} == {WEIGHTS}
    assert left(folder) == ["tiny.onnx"]
