"""`cosmat models`, as a user types it."""

from __future__ import annotations

import pytest
from weights_server import WEIGHTS, serve_weights

from cosmat_nb.cli import main
from cosmat_nb.commands.models import get_model
from cosmat_nb.errors import ProtocolError
from cosmat_nb.matting.models import MODELS


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A model folder that is not there yet."""
    folder = tmp_path / "models"
    monkeypatch.setenv("U2NET_HOME", str(folder))
    return folder


@pytest.fixture(scope="module")
def server():
    """A started server."""
    with serve_weights() as running:
        yield running


def lines_by_name(text):
    """Return the lines of a listing by their first word."""
    return {line.split()[0]: line for line in text.splitlines()}


def test_models_are_listed(folder, capsys):
    """Each with its licence and whether it is there; nothing is made or fetched."""
    assert main(["models"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith(f"model folder: {folder}\n")
    lines = lines_by_name(said.out)
    assert lines["cosmat"].split()[1] == "Apache-2.0"
    assert "comes with cosmat-nb" in lines["cosmat"]
    for model in MODELS.values():
        assert model.license in lines[model.name]
        assert model.source in lines[model.name]
        assert "not there" in lines[model.name]
    assert not folder.exists()


def test_a_damaged_model_is_listed_as_such(folder, capsys):
    """Its size and that it is another file are said, and the exit code is 1."""
    folder.mkdir()
    (folder / "u2netp.onnx").write_bytes(b"x" * 1_260_000)
    assert main(["models"]) == 1
    lines = lines_by_name(capsys.readouterr().out)
    assert "1.3 MB  another file: its checksum differs" in lines["u2netp"]
    assert "not there" in lines["u2net"]


def test_a_model_is_fetched_and_its_licence_told(server, folder, capsys):
    """Licence, address and place are said; a second time nothing is asked."""
    model = server.model("moved")
    get_model(model)
    said = capsys.readouterr()
    assert "tiny: licence MIT, https://example.com/tiny" in said.err
    assert f"fetching {model.address}" in said.err
    path = folder / "tiny.onnx"
    assert said.out == f"{path}  0.3 MB, fetched, checksum right\n"
    assert path.read_bytes() == WEIGHTS
    before = len(server.asked)
    get_model(model)
    said = capsys.readouterr()
    assert said.out == f"{path}  0.3 MB, was there already, checksum right\n"
    assert "fetching" not in said.err
    assert len(server.asked) == before


def test_a_quiet_fetch_says_nothing(server, folder, capsys):
    """Only what goes wrong is said."""
    get_model(server.model("right"), quiet=True)
    assert capsys.readouterr() == ("", "")
    assert (folder / "tiny.onnx").read_bytes() == WEIGHTS


def test_a_wrong_file_is_an_error(server, folder):
    """What has another checksum is not kept."""
    with pytest.raises(ProtocolError, match="expected"):
        get_model(server.model("wrong"))
    assert list(folder.glob("*")) == []


def test_no_network_gives_one_sentence(folder, monkeypatch, capsys):
    """Where nothing is reached, exit code 2, no traceback, and nothing is left."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert main(["models", "get", "u2netp"]) == 2
    said = capsys.readouterr().err
    assert "cosmat: expected u2netp from https://github.com/" in said
    assert "Apache-2.0" in said
    assert "Traceback" not in said
    assert not folder.exists()


def test_an_unknown_name_is_refused(capsys):
    """The names that exist are said; a network of ours needs no fetching."""
    for name in ("magic", "cosmat"):
        with pytest.raises(SystemExit) as caught:
            main(["models", "get", name])
        assert caught.value.code == 2
        assert "birefnet-general-lite" in capsys.readouterr().err


def test_help_tells_the_folder_and_the_exit_codes(capsys):
    """`cosmat models --help` says where models are and what the codes mean."""
    with pytest.raises(SystemExit):
        main(["models", "--help"])
    said = capsys.readouterr().out
    assert "$U2NET_HOME" in said
    assert "exit codes:" in said
