"""How a network is loaded, fed and read."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from onnx_files import HALF, INT64, write_onnx
from PIL import Image

from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.models import COSMAT, MODELS, Model
from cosmat_nb.matting.network import Network
from cosmat_nb.matting.neural import WEIGHTS

PLAIN = {
    "side": 2,
    "peak": False,
    "mean": (0, 0, 0),
    "deviation": (1, 1, 1),
    "stretch": False,
}
"""A feeding after which `Identity` answers the red plane, divided by 255."""

REDS = np.array([[0, 51], [102, 204]], np.uint8)


@pytest.fixture
def made(tmp_path):
    """Make a network of one operation, fed as told."""

    def make(feeding=(), **graph):
        path = tmp_path / "mine.onnx"
        path.write_bytes(write_onnx(**graph))
        return Network(path, Model(name="mine", **{**PLAIN, **dict(feeding)}))

    return make


def red(values):
    """Return a picture of these reds; its greens and blues are smaller."""
    picture = np.zeros((*np.shape(values), 3), np.uint8)
    picture[..., 0] = values
    return picture


@pytest.mark.parametrize(
    ("feeding", "expected"),
    [
        ({}, [[0, 0.2], [0.4, 0.8]]),
        ({"peak": True}, [[0, 0.25], [0.5, 1]]),
        ({"mean": (-0.1, 9, 9)}, [[0.1, 0.3], [0.5, 0.9]]),
        ({"deviation": (2, 9, 9)}, [[0, 0.1], [0.2, 0.4]]),
        ({"mean": (-0.2, 0, 0), "deviation": (2, 1, 1)}, [[0.1, 0.2], [0.3, 0.5]]),
        ({"mean": (0.4, 0, 0)}, [[0, 0], [0, 0.4]]),
        ({"deviation": (0.5, 1, 1)}, [[0, 0.4], [0.8, 1]]),
        ({"stretch": True}, [[0, 0.25], [0.5, 1]]),
        ({"stretch": True, "mean": (0.5, 0, 0)}, [[0, 0.25], [0.5, 1]]),
        ({"sigmoid": True}, 1 / (1 + np.exp(REDS / -255))),
    ],
)
def test_what_is_fed_and_how_the_answer_is_read(made, feeding, expected):
    """Worked out by hand for the red plane: divided, mean off, deviation, stretch."""
    matte = made(feeding).matte(red(REDS))
    assert matte.dtype == np.float32
    assert matte == pytest.approx(np.array(expected), abs=1e-6)


def test_colours_are_fed_as_planes_in_their_order(made):
    """Red is the first of three planes, rows before columns."""
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[..., 1:] = 255
    picture[0, 1] = (255, 0, 0)
    assert made().matte(picture).tolist() == [[0, 1], [0, 0]]


def test_logits_of_any_size_become_a_matte(made):
    """The logistic function neither overflows nor warns."""
    feeding = {"sigmoid": True, "mean": (0.5, 0, 0), "deviation": (1e-4, 1, 1)}
    assert made(feeding).matte(red([[0, 0], [255, 255]])).tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize("level", [0, 25, 255])
def test_a_flat_answer_is_not_stretched(made, level):
    """One value everywhere stays that value: nothing is nothing, all is all."""
    matte = made({"stretch": True}).matte(red(np.full((2, 2), level)))
    assert matte == pytest.approx(np.full((2, 2), level / 255))


def test_nothing_with_a_little_noise_stays_nothing(made):
    """Answers up to 0.06, as U²-Net's to an empty picture, do not become a subject."""
    matte = made({"stretch": True}).matte(red([[0, 5], [10, 15]]))
    assert matte.max() < 0.06
    kept = made({"stretch": True}).matte(red([[250, 251], [252, 255]]))
    assert kept.min() > 0.98


def test_a_faint_answer_is_stretched(made):
    """From a difference of 0.1 on, an answer is stretched as rembg does."""
    matte = made({"stretch": True}).matte(red([[0, 0], [13, 26]]))
    assert matte.tolist() == [[0, 0], [0.5, 1]]


def test_sides_the_file_fixes_count(made):
    """A file made for 4 px is fed 4 px, whatever the model says."""
    assert made(shape=(1, 3, 4, 4)).matte(red(REDS)).shape == (4, 4)
    assert made(shape=(1, 3, "h", 5)).matte(red(REDS)).shape == (5, 5)


def test_sides_the_file_leaves_open_are_the_models(made):
    """Also the number of pictures at once may be open."""
    network = made({"side": 7}, shape=("n", "c", "h", "w"))
    assert network.matte(red(REDS)).shape == (7, 7)


def test_half_precision_is_fed_and_read(made):
    """A float16 network answers a float32 matte."""
    matte = made(kind=HALF, answered=HALF).matte(red(REDS))
    assert matte.dtype == np.float32
    assert matte == pytest.approx(REDS / 255, abs=1e-3)


@pytest.mark.parametrize(
    "graph",
    [
        {"shape": (1, 1, 2, 2)},
        {"shape": (1, 3, 2, 4)},
        {"shape": (2, 3, 2, 2)},
        {"shape": (1, 3, 2)},
        {"shape": (1, 2, 2, 3)},
        {"inputs": 2},
        {"kind": INT64, "answered": INT64},
        {"answered": None},
    ],
)
def test_networks_for_other_things_are_refused(made, graph):
    """The message says what the file takes, and what was expected."""
    with pytest.raises(OptionsError, match=r"mine\.onnx takes \[.*expected one input"):
        made(**graph).load()


def test_what_is_no_onnx_is_refused(tmp_path, capfd):
    """Words instead of a network: one error of ours, and onnxruntime stays silent."""
    path = tmp_path / "mine.onnx"
    for data in (b"", b"<html>not found</html>", WEIGHTS.read_bytes()[:-4000]):
        path.write_bytes(data)
        with pytest.raises(
            OptionsError, match=r"expected an ONNX file at .*mine\.onnx"
        ):
            Network(path, COSMAT).load()
    assert capfd.readouterr() == ("", "")


def test_a_missing_file_is_said(tmp_path):
    """Version and matte both say what was expected where."""
    network = Network(tmp_path / "none.onnx", COSMAT)
    for ask in (lambda: network.version, lambda: network.matte(red(REDS))):
        with pytest.raises(OptionsError, match=r"ONNX file at .*none\.onnx: No such"):
            ask()


def test_an_answer_of_another_shape_is_refused(made, capfd):
    """A list of numbers is no matte."""
    with pytest.raises(OptionsError, match=r"answered no matte.*got \(1, 12\)"):
        made(operation="Flatten", rank=2).matte(red(REDS))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("shape", [(2, 1, 4, 4), (1, 0, 4, 4), (1, 1, 0, 4), (4, 4)])
def test_only_one_matte_of_some_pixels_is_an_answer(made, shape):
    """Two mattes, none, one without rows or a bare table are refused."""
    with pytest.raises(OptionsError, match=r"answered no matte.*got \(.*float32"):
        made()._read_answer(np.zeros(shape, np.float32))


@pytest.mark.parametrize(
    "answer",
    [
        [np.zeros((3, 4, 4), np.float32)],
        [np.zeros(3), np.zeros(4)],
        {"matte": 1.0},
        None,
        np.full((1, 1, 2, 2), "0.5", object),
    ],
    ids=["list", "ragged", "map", "none", "words"],
)
def test_only_numbers_are_an_answer(made, answer):
    """Other things that ONNX knows, sequences, maps and words, are refused."""
    with pytest.raises(OptionsError, match="answered no matte"):
        made()._read_answer(answer)


def test_weights_outside_the_file_are_refused(made, monkeypatch, tmp_path):
    """They would be taken from the working folder, and not be part of the version."""
    np.ones(1, np.float32).tofile(tmp_path / "beside.bin")
    monkeypatch.chdir(tmp_path)
    network = made(operation="Add", beside="beside.bin")
    words = "External data path does not exist|model_path must not be empty"
    with pytest.raises(OptionsError, match=words):  # of onnxruntime now, and of 1.17
        network.load()


@pytest.mark.parametrize(
    ("operation", "sigmoid"),
    [("Sqrt", False), ("Sqrt", True), ("Log", False), ("Reciprocal", False)],
)
@pytest.mark.parametrize("stretch", [False, True])
def test_an_answer_that_is_not_a_number_is_refused(made, operation, sigmoid, stretch):
    """The root of -1, the logarithm of 0 and 1 / 0 reach nobody's picture."""
    feeding = {"sigmoid": sigmoid, "stretch": stretch}
    if operation == "Sqrt":
        feeding["mean"] = (1, 0, 0)
    network = made(feeding, operation=operation)
    with pytest.raises(OptionsError, match="not finite"):
        network.matte(red(REDS))


def test_what_cannot_run_is_refused(made, capfd):
    """A network whose blocks of 3 px do not fit 2 px gives one error of ours."""
    network = made(operation="SpaceToDepth", blocksize=3)
    with pytest.raises(OptionsError, match=r"mine of .*mine\.onnx could not run"):
        network.matte(red(REDS))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(made, picture):
    """Only (H, W, 3) uint8 with at least one pixel is looked at."""
    with pytest.raises(OptionsError, match=r"\(H, W, 3\) uint8"):
        made().matte(picture)


def test_a_session_uses_one_thread_and_returns_its_memory():
    """As the session itself says: no threads of its own, no spinning, no arena."""
    session = Network(WEIGHTS, COSMAT)._open().session
    options = session.get_session_options()
    assert options.intra_op_num_threads == 1
    assert options.inter_op_num_threads == 1
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert not options.enable_cpu_mem_arena
    assert session.get_providers() == ["CPUExecutionProvider"]


def test_threads_that_come_at_once_load_once():
    """Sixteen threads, released together, share one session."""
    for _ in range(3):
        network = Network(WEIGHTS, COSMAT)
        gate = threading.Barrier(16)

        def ask(network=network, gate=gate):
            gate.wait()
            return network._open()

        with ThreadPoolExecutor(16) as pool:
            opened = [each.result() for each in [pool.submit(ask) for _ in range(16)]]
        assert len({id(each) for each in opened}) == 1


def test_threads_do_not_disturb_each_other(rng):
    """Many threads at once get what each picture gets alone, to the last bit."""
    pictures = list(rng.integers(0, 256, (4, 90, 120, 3), np.uint8))
    network = Network(WEIGHTS, COSMAT)
    alone = [network.matte(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        beside = list(pool.map(network.matte, pictures * 3))
    for matte, expected in zip(beside, alone * 3, strict=True):
        assert np.array_equal(matte, expected)


def test_the_version_follows_the_file_and_the_feeding(made):
    """Eight digits; others for other bytes or another feeding, not for another name."""
    first = made().version
    assert len(first) == 8
    assert int(first, 16) >= 0
    assert made().version == first
    assert made(comment="other bytes").version != first
    assert made({"peak": True}).version != first
    network = made()
    assert Network(network.path, Model(name="x", **PLAIN)).version == first


def test_the_version_needs_no_session(tmp_path):
    """A version is told without loading: what is no network has one too."""
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"words")
    assert len(Network(path, COSMAT).version) == 8


def test_weights_that_changed_since_their_version_was_told_are_refused(made):
    """No answer is kept under the version of other weights."""
    network = made()
    assert network.version
    network.path.write_bytes(write_onnx(comment="other bytes"))
    with pytest.raises(OptionsError, match="has changed"):
        network.matte(red(REDS))


def test_a_loaded_network_needs_its_file_no_more(made):
    """What is loaded stays loaded."""
    network = made()
    network.load()
    network.path.unlink()
    assert network.matte(red(REDS)).shape == (2, 2)
    assert len(network.version) == 8


def test_the_face_does_not_load_onnxruntime():
    """Importing the package, or asking for a version, loads no heavy library."""
    code = (
        "import sys, cosmat_nb\n"
        "from cosmat_nb.matting.neural import load_engine\n"
        "assert load_engine('cosmat').version\n"
        "assert 'onnxruntime' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@pytest.fixture
def teacher(shared):
    """U²-Netp's weights; the test is skipped where they are absent."""
    path = shared / "models" / "u2netp-fp16.onnx"
    if not path.is_file():
        pytest.skip("needs u2netp-fp16.onnx of the reference material")
    return path


def rembgs_matte(picture, path):
    """Feed U²-Netp and read it as rembg does, step by step and in float64."""
    import onnxruntime  # noqa: PLC0415 - heavy, and for these weights alone

    small = Image.fromarray(picture).resize((320, 320), Image.Resampling.LANCZOS)
    values = np.array(small) / max(np.array(small).max(), 1e-6)
    values = (values - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    session = onnxruntime.InferenceSession(path)
    given = session.get_inputs()[0].name
    planes = values.transpose(2, 0, 1)[None].astype(np.float32)
    answer = session.run(None, {given: planes})[0][0, 0]
    return (answer - answer.min()) / (answer.max() - answer.min())


@pytest.mark.parametrize("times", [1, 5])
def test_u2netp_answers_what_it_answers_to_rembg(teacher, times):
    """The same matte from the same weights; a picture to be reduced first, nearly."""
    rows, cols = np.ogrid[:300, :400]
    ball = (rows - 160) ** 2 + (cols - 210) ** 2 < 90**2
    light = (rows + cols)[..., None] // 5
    picture = np.where(ball[..., None], (200, 60, 40), 90 + light).astype(np.uint8)
    picture = picture.repeat(times, axis=0).repeat(times, axis=1)
    matte = Network(teacher, MODELS["u2netp"]).matte(picture)
    expected = rembgs_matte(picture, teacher)
    assert matte.shape == (320, 320)
    assert 0.05 < expected.mean() < 0.5
    assert np.abs(matte - expected).mean() < (1e-4 if times == 1 else 0.005)
