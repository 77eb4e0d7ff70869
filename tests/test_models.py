"""What is said about networks that can cut."""

import re

import pytest

from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.models import COSMAT, MODELS, Model


def test_the_models_are_those_of_rembg():
    """The five names the documentation promises, in its order, each under its own."""
    assert list(MODELS) == [
        "u2netp",
        "u2net",
        "silueta",
        "isnet-general-use",
        "birefnet-general-lite",
    ]
    assert [model.name for model in MODELS.values()] == list(MODELS)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_each_can_be_fetched_and_checked(model):
    """Every one has an address, a checksum, a licence and its makers."""
    assert model.address.startswith(
        "https://github.com/danielgatis/rembg/releases/download/v0.0.0/"
    )
    assert re.fullmatch("[0-9a-f]{32}", model.md5)
    assert model.license
    assert model.source.startswith("https://github.com/")


def test_addresses_and_checksums_are_distinct():
    """No two models share a file by mistake."""
    assert len({model.md5 for model in MODELS.values()}) == 5
    assert len({model.address for model in MODELS.values()}) == 5


@pytest.mark.parametrize(
    ("name", "side", "deviation", "sigmoid"),
    [
        ("u2netp", 320, (0.229, 0.224, 0.225), False),
        ("u2net", 320, (0.229, 0.224, 0.225), False),
        ("silueta", 320, (0.229, 0.224, 0.225), False),
        ("isnet-general-use", 1024, (1, 1, 1), False),
        ("birefnet-general-lite", 1024, (0.229, 0.224, 0.225), True),
    ],
)
def test_each_is_fed_as_rembg_feeds_it(name, side, deviation, sigmoid):
    """Size, mean, deviation and what is done to the answer are rembg's."""
    model = MODELS[name]
    assert (model.side, model.deviation, model.sigmoid) == (side, deviation, sigmoid)
    assert model.mean == (0.485, 0.456, 0.406)
    assert model.peak
    assert model.stretch
    assert model.resample == "lanczos"


def test_our_own_takes_values_from_0_to_1_and_answers_alpha():
    """`COSMAT` sees 256 px, divided by 255 only; its answer is the matte."""
    assert COSMAT.feeding == (
        256,
        "bilinear",
        False,
        (0, 0, 0),
        (1, 1, 1),
        False,
        False,
    )
    assert COSMAT.license == "Apache-2.0"


def test_the_table_cannot_be_changed():
    """Nobody adds a model for everybody else."""
    with pytest.raises(TypeError):
        MODELS["mine"] = COSMAT


def test_lists_become_tuples():
    """A model can be hashed, however its numbers were given."""
    mine = Model(name="mine", mean=[0, 0, 0], deviation=[1, 2, 3])
    assert mine == Model(name="mine", mean=(0, 0, 0), deviation=(1, 2, 3))
    assert hash(mine) == hash(Model(name="mine", mean=(0, 0, 0), deviation=(1, 2, 3)))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "name is made of letters"),
        ({"name": "../up"}, "name is made of letters"),
        ({"name": "..."}, "name is made of letters"),
        ({"name": "a/b"}, "name is made of letters"),
        ({"name": "two words"}, "name is made of letters"),
        ({"name": "line\n"}, "name is made of letters"),
        ({"name": "größe"}, "name is made of letters"),
        ({"side": 0}, "side is a whole number"),
        ({"side": 320.0}, "side is a whole number"),
        ({"side": True}, "side is a whole number"),
        ({"resample": "nearest"}, "bilinear.*not 'nearest'"),
        ({"mean": (0, 0)}, "mean is three numbers"),
        ({"mean": 0.5}, "mean is three numbers"),
        ({"mean": (0, 0, float("nan"))}, "mean is three numbers"),
        ({"deviation": ("a", 1, 1)}, "deviation is three numbers"),
        ({"deviation": (1, 1, 0)}, "deviation is above 0"),
        ({"deviation": (1, -1, 1)}, "deviation is above 0"),
    ],
)
def test_values_that_feed_nothing_are_refused(values, words):
    """The message says what was expected and what came."""
    with pytest.raises(OptionsError, match=words):
        Model(**{"name": "mine", **values})


def test_whatever_changes_the_matte_is_part_of_the_feeding():
    """Two feedings differ as soon as one of their settings does; a licence is none."""
    plain = Model(name="mine")
    others = [
        Model(name="mine", **change)
        for change in (
            {"side": 321},
            {"resample": "bicubic"},
            {"peak": False},
            {"mean": (0, 0, 0)},
            {"deviation": (1, 1, 1)},
            {"sigmoid": True},
            {"stretch": False},
        )
    ]
    assert len({model.feeding for model in (plain, *others)}) == 8
    assert Model(name="yours", license="MIT").feeding == plain.feeding
