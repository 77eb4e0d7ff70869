"""The engine with a network, and how it is found and kept."""

from __future__ import annotations

import hashlib
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from onnx_files import write_onnx

from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.edges import refine_alpha
from cosmat_nb.matting.models import COSMAT, MODELS, Model
from cosmat_nb.matting.network import Network
from cosmat_nb.matting.neural import EDGES, WEIGHTS, NeuralEngine, load_engine


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty model folder, which is the user's."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("U2NET_HOME", str(folder))
    return folder


@pytest.fixture
def mine(tmp_path):
    """An ONNX file of the user's own: its answer is the red plane."""
    path = tmp_path / "my own (2).onnx"
    path.write_bytes(write_onnx())
    return path


def known_as(name, path, **feeding):
    """Return models of which one has this file's checksum."""
    md5 = hashlib.md5(path.read_bytes()).hexdigest()
    return {name: Model(name=name, md5=md5, license="MIT", **feeding)}


def split(height=60, width=90):
    """Return a picture: black on the left, red on the right."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, width // 2 :, 0] = 255
    return picture


def test_our_own_engine_is_at_hand():
    """`cosmat` is the default, with our weights, our feeding and its own name."""
    engine = load_engine()
    assert engine is load_engine("cosmat")
    assert engine.name == "cosmat"
    assert engine.network.path == WEIGHTS
    assert engine.network.model == COSMAT
    assert "cosmat.onnx" in repr(engine)


def test_the_version_tells_edges_and_weights():
    """First the number of the way edges are found, then the network's digits."""
    engine = load_engine()
    assert engine.version == f"{EDGES}-{engine.network.version}"


def test_alpha_is_the_coarse_matte_refined(mine):
    """The engine hands picture and matte on, and answers at the picture's size."""
    engine = load_engine(mine)
    picture = split()
    alpha = engine.estimate_alpha(picture)
    assert alpha.shape == (60, 90)
    assert alpha.dtype == np.float32
    expected = refine_alpha(picture, engine.network.matte(picture))
    assert np.array_equal(alpha, expected)
    assert alpha[:, :40].max() < 0.1
    assert alpha[:, 50:].min() > 0.9


def test_our_own_engine_answers_the_same_again():
    """Same bytes in, same alpha out, with values in [0, 1]."""
    first = load_engine().estimate_alpha(split())
    assert first.min() >= 0
    assert first.max() <= 1
    assert np.array_equal(first, load_engine().estimate_alpha(split()))


@pytest.mark.parametrize("as_text", [True, False])
def test_a_file_of_ones_own_is_fed_as_u2net_is(mine, as_text):
    """Both a Path and its text are taken; the name is plain, the sides 320 px."""
    engine = load_engine(str(mine) if as_text else mine)
    assert engine.name == "my-own-2"
    assert engine.network.model == Model(name="my-own-2")
    assert engine.network.matte(split()).shape == (320, 320)


@pytest.mark.parametrize("stem", ["模型 ", "..", "-.-"])
def test_a_file_without_a_plain_letter_has_a_name_too(tmp_path, stem):
    """What would be an empty name, or a folder's, is `own`."""
    path = tmp_path / f"{stem}.onnx"
    path.write_bytes(write_onnx())
    assert load_engine(path).name == "own"


def test_a_file_that_fixes_its_sides_is_fed_those(tmp_path):
    """A static input side is the file's word."""
    path = tmp_path / "small.onnx"
    path.write_bytes(write_onnx(shape=(1, 3, 48, 48)))
    assert load_engine(path).network.matte(split()).shape == (48, 48)


def test_a_file_with_a_known_checksum_is_fed_as_that_model(mine):
    """Wherever it lies and whatever it is called."""
    models = known_as("tiny", mine, side=24, sigmoid=True)
    engine = load_engine(mine, models=models)
    assert engine.network.model is models["tiny"]
    assert engine.name == "tiny"


def test_a_copy_of_our_weights_is_fed_as_ours(tmp_path):
    """A copy of `cosmat` under another name answers as `cosmat` does."""
    path = tmp_path / "copy.onnx"
    path.write_bytes(WEIGHTS.read_bytes())
    engine = load_engine(path)
    assert engine.network.model == COSMAT
    assert engine.version == load_engine().version


def test_a_name_is_looked_up_in_the_model_folder(mine, folder):
    """A model whose file is there and right cuts with its own feeding."""
    (folder / "tiny.onnx").write_bytes(mine.read_bytes())
    models = known_as("tiny", mine, side=24)
    engine = load_engine("tiny", models=models)
    assert engine.name == "tiny"
    assert engine.network.matte(split()).shape == (24, 24)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_is_not_there_is_not_fetched(folder, name):
    """The message says where it was looked for, what to do, and the licence."""
    words = rf"{name} is not in the model folder .*models: `cosmat models get {name}`"
    with pytest.raises(OptionsError, match=words) as caught:
        load_engine(name)
    assert MODELS[name].license in str(caught.value)
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("folder")
def test_a_model_that_cannot_be_fetched_is_not_offered():
    """Without an address, only where its file would be is said."""
    with pytest.raises(OptionsError, match=r"ONNX file at .*tiny\.onnx: No such file"):
        load_engine("tiny", models={"tiny": Model(name="tiny")})


def test_a_damaged_model_is_refused(folder):
    """A file of other bytes is no u2netp; the message says how to get it."""
    (folder / "u2netp.onnx").write_bytes(write_onnx())
    words = r"u2netp\.onnx is not u2netp: its MD5 is .*`cosmat models get u2netp`"
    with pytest.raises(OptionsError, match=words):
        load_engine("u2netp")


def test_the_users_own_file_may_lie_in_the_folder(folder):
    """Named by its path, a file of other bytes is used as it is."""
    path = folder / "u2netp.onnx"
    path.write_bytes(write_onnx(comment="mine"))
    assert load_engine(path).network.model == Model(name="u2netp")


@pytest.mark.parametrize("which", ["magic", "", "COSMAT", "weights.pt", None, 3])
def test_an_unknown_engine_is_refused(which):
    """The message names those that exist and what came."""
    with pytest.raises(OptionsError, match=r"cosmat, u2netp, .*pathlib.Path; not "):
        load_engine(which)


def test_a_path_to_nothing_usable_is_refused_at_once(tmp_path):
    """Missing, a folder, words, another kind of network: each said when it is named."""
    with pytest.raises(OptionsError, match=r"none\.onnx: No such file"):
        load_engine(tmp_path / "none.onnx")
    with pytest.raises(OptionsError, match=r"ONNX file at .*: Is a directory"):
        load_engine(tmp_path)
    with pytest.raises(OptionsError, match=r"~nobody-here/x\.onnx: No such file"):
        load_engine("~nobody-here/x.onnx")
    with pytest.raises(OptionsError, match=r"ONNX file at .*: embedded null"):
        load_engine("x\0.onnx")
    (tmp_path / "words.onnx").write_text("words")
    with pytest.raises(OptionsError, match=r"ONNX file at .*words\.onnx; onnxruntime"):
        load_engine(str(tmp_path / "words.onnx"))
    (tmp_path / "other.onnx").write_bytes(write_onnx(shape=(1, 1, 28, 28)))
    with pytest.raises(OptionsError, match=r"other\.onnx takes \[1, 1, 28, 28\]"):
        load_engine(str(tmp_path / "other.onnx"))


def test_a_path_may_begin_at_home_or_here(mine, monkeypatch, tmp_path):
    """`~` and the working folder are understood, and give the same engine."""
    engine = load_engine(mine)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert load_engine(f"~/{mine.name}") is engine
    assert load_engine(mine.name) is engine
    assert load_engine(Path(mine.name)) is engine


def test_an_engine_is_kept_while_its_file_stays(mine):
    """The same file gives the same engine; a changed one another version."""
    first = load_engine(mine)
    assert load_engine(mine) is first
    facts = mine.stat()
    mine.write_bytes(write_onnx(comment="longer"))
    os.utime(mine, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    second = load_engine(mine)
    assert second is not first
    assert second.version != first.version
    os.utime(mine, ns=(facts.st_atime_ns, facts.st_mtime_ns + 10**9))
    assert load_engine(mine) is not second
    assert load_engine(mine).version == second.version


def test_threads_that_come_at_once_get_one_engine(mine):
    """Sixteen threads, released together, share engine and session."""
    for turn in range(3):
        mine.write_bytes(write_onnx(comment="x" * turn))
        gate = threading.Barrier(16)

        def ask(gate=gate):
            gate.wait()
            return load_engine(mine)

        with ThreadPoolExecutor(16) as pool:
            engines = [each.result() for each in [pool.submit(ask) for _ in range(16)]]
        assert len({id(engine) for engine in engines}) == 1
        assert len({id(engine.network._open()) for engine in engines}) == 1


def test_a_feeding_of_ones_own_is_said_with_a_model(mine):
    """A network fed otherwise than U²-Net is an engine of its own version."""
    fed = Model(name="mine", side=30, peak=False, mean=(0, 0, 0), stretch=False)
    engine = NeuralEngine(Network(str(mine), fed))
    assert engine.name == "mine"
    assert engine.network.matte(split()).shape == (30, 30)
    assert engine.version != load_engine(mine).version


def test_an_engine_crosses_to_another_process():
    """A pool of processes gets the engine, and its cut is the same."""
    engine = load_engine()
    picture = np.full((40, 40, 3), 240, np.uint8)
    picture[10:30, 10:30] = (200, 30, 30)
    copy = pickle.loads(pickle.dumps(engine))
    assert copy.version == engine.version
    assert np.array_equal(copy.estimate_alpha(picture), engine.estimate_alpha(picture))
