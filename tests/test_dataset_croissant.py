"""Croissant: valid for its own library, which reads records and pixels from it."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from whole_sets import make_example, make_head, make_records, write_whole

from cosmat_nb.dataset.cards.croissant import write_croissant
from cosmat_nb.dataset.files import FileFacts

mlc = pytest.importorskip("mlcroissant", reason="validates Croissant on its own")

FORMATS = ["folder", "coco", "yolo", "webdataset", "parquet"]
FULL = {
    "title": "Mugs & more",
    "description": "Two\nlines",
    "license": "CC-BY-4.0",
    "creator": "Jo",
    "url": "https://example.com/mugs",
    "citation": "@misc{mugs}",
    "date": "2026-11-23",
    "version": "1.2.0",
    "keywords": ["mug"],
}

# The library leaves files open, and pandas' future ways are its own affair.
CARELESS = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
pytestmark = CARELESS


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    """Keep the library from the user's own cache."""
    constants = pytest.importorskip("mlcroissant._src.core.constants")
    download = pytest.importorskip(
        "mlcroissant._src.operation_graph.operations.extract"
    )
    for module in (constants, download):
        for name in ("DOWNLOAD_PATH", "EXTRACT_PATH"):
            if hasattr(module, name):
                monkeypatch.setattr(
                    module, name, type(constants.DOWNLOAD_PATH)(tmp_path)
                )


def opened(folder):
    """Open a data set by its Croissant, which must have no errors."""
    dataset = mlc.Dataset(jsonld=str(folder / "croissant.json"))
    assert not dataset.metadata.issues.errors
    return dataset


def texts(values):
    """Return texts that the library gives as bytes."""
    return [value.decode() for value in values]


@pytest.mark.parametrize("name", FORMATS)
def test_its_own_library_finds_no_error_and_nothing_missing(tmp_path, name):
    """With all that `About` can say there is no warning either."""
    write_whole(tmp_path, name, about=FULL)
    issues = opened(tmp_path).metadata.issues
    assert (list(issues.errors), list(issues.warnings)) == ([], [])


@pytest.mark.parametrize("name", FORMATS)
def test_records_come_from_the_manifest(tmp_path, name):
    """Every format has the same record set of examples, with the user's columns."""
    head = write_whole(tmp_path, name)
    records = list(opened(tmp_path).records("examples"))
    assert texts(r["examples/name"] for r in records) == ["mug", "käse", "tree"]
    assert texts(r["examples/split"] for r in records) == ["train", "train", "val"]
    assert texts(r["examples/columns/shop"] for r in records) == ["mug", "käse", "tree"]
    assert [r["examples/height"] for r in records] == [24, 24, 24]
    coverage = make_example("mug", "train").facts["columns"]["coverage"]
    assert records[0]["examples/columns/coverage"] == pytest.approx(coverage)
    assert head.examples == 3


def test_pictures_and_mattes_are_joined_to_their_records(tmp_path):
    """The library decodes each picture and matte, and knows its split."""
    write_whole(tmp_path)
    dataset = opened(tmp_path)
    images = {r["image_files/name"].decode(): r for r in dataset.records("image_files")}
    assert images.keys() == {"mug", "käse", "tree"}
    assert images["tree"]["image_files/split"] == b"val"
    assert images["tree"]["image_files/image"].size == (32, 24)
    for record in dataset.records("alpha_files"):
        name = record["alpha_files/name"].decode()
        found = np.asarray(record["alpha_files/alpha"])[..., 0]
        assert np.array_equal(found, make_example(name, "train").alpha)


def test_mattes_are_read_out_of_tar_shards(tmp_path):
    """The file sets of a tar lie in its shards."""
    write_whole(tmp_path, "webdataset")
    records = list(opened(tmp_path).records("alpha_files"))
    assert sorted(texts(r["alpha_files/name"] for r in records)) == sorted(
        ["mug", "käse", "tree"]
    )
    for record in records:
        expected = make_example(record["alpha_files/name"].decode(), "train").alpha
        assert np.array_equal(np.asarray(record["alpha_files/alpha"]), expected)


def test_pixels_are_read_out_of_parquet(tmp_path):
    """Rows have pictures, mattes and masks."""
    write_whole(tmp_path, "parquet")
    records = list(opened(tmp_path).records("rows"))
    for record in records:
        expected = make_example(record["rows/name"].decode(), "train").alpha
        assert np.array_equal(np.asarray(record["rows/alpha"]), expected)
        assert np.array_equal(np.asarray(record["rows/mask"]) > 0, expected > 127)
        assert record["rows/image"].size == (32, 24)


def test_every_file_but_the_many_stands_there_with_its_digest(tmp_path):
    """Lists and shards are named one by one, pictures by pattern."""
    write_whole(tmp_path)
    told = json.loads((tmp_path / "croissant.json").read_bytes())
    objects = {
        each["@id"]: each
        for each in told["distribution"]
        if "FileObject" in each["@type"]
    }
    assert objects.keys() == {
        "README.md",
        "dataset.json",
        "manifest.jsonl",
        "train/metadata.jsonl",
        "val/metadata.jsonl",
    }
    for path, each in objects.items():
        data = (tmp_path / path).read_bytes()
        assert each["sha256"] == hashlib.sha256(data).hexdigest()
        assert each["contentSize"] == f"{len(data)} B"
        assert each["contentUrl"] == path
    sets = {
        each["@id"]: each for each in told["distribution"] if "FileSet" in each["@type"]
    }
    assert sets["image"]["includes"] == ["train/images/*", "val/images/*"]
    assert sets["image"]["encodingFormat"] == "image/jpeg"
    assert sets.keys() == {"image", "alpha", "mask", "trimap"}


def test_pictures_of_two_kinds_have_two_media_types(tmp_path):
    """A set of files names every kind that is in it."""
    examples = [make_example("a", "train"), make_example("b", "train", suffix=".png")]
    write_whole(tmp_path, examples=examples)
    told = json.loads((tmp_path / "croissant.json").read_bytes())
    (image,) = [each for each in told["distribution"] if each["@id"] == "image"]
    assert image["encodingFormat"] == ["image/jpeg", "image/png"]
    assert image["includes"] == "train/images/*"


def test_splits_are_named_with_what_they_are_for(tmp_path):
    """Training, validation and test have the vocabulary's own terms."""
    write_whole(tmp_path)
    assert list(opened(tmp_path).records("splits")) == [
        {"splits/name": "train", "splits/url": "cr:TrainingSplit"},
        {"splits/name": "val", "splits/url": "cr:ValidationSplit"},
    ]


@pytest.mark.parametrize("split", ["", "früh"])
def test_splits_of_other_names_are_valid_too(tmp_path, split):
    """A split that the vocabulary does not know has a name alone, or there is none."""
    write_whole(tmp_path, examples=[make_example("a", split)])
    dataset = opened(tmp_path)
    names = {each.name for each in dataset.metadata.record_sets}
    assert ("splits" in names) == bool(split)
    assert len(list(dataset.records("image_files"))) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("MIT", "https://spdx.org/licenses/MIT.html"),
        ("LicenseRef-Shop", "LicenseRef-Shop"),
        ("https://example.com/t", "https://example.com/t"),
        ("ask Jo", "ask Jo"),
        ("", None),
    ],
)
def test_a_licence_is_an_address_where_it_has_one(text, told):
    """SPDX identifiers point at SPDX; other words stay words."""
    found = json.loads(write_croissant(make_head(about={"license": text}), [], {}))
    assert found.get("license") == told


def test_what_was_not_said_is_not_there():
    """No date, creator or citation is made up; a name and a description must be."""
    found = json.loads(write_croissant(make_head(about={}), [], {}))
    assert found["name"] == "Image mattes"
    assert found["description"]
    silent = {"license", "creator", "url", "datePublished", "version", "citeAs"}
    assert not silent & found.keys()


def test_columns_of_each_kind_have_a_data_type():
    """JSON's kinds become those of schema.org."""
    columns = {
        "a": "string",
        "b": "integer",
        "c": "number",
        "d": "boolean",
        "e": "json",
        "f'x": "string",
    }
    found = json.loads(write_croissant(make_head(columns=columns), make_records(), {}))
    (examples,) = [r for r in found["recordSet"] if r["@id"] == "examples"]
    types = {f["@id"]: f["dataType"] for f in examples["field"][6:]}
    assert types == {
        "examples/columns/a": "sc:Text",
        "examples/columns/b": "sc:Integer",
        "examples/columns/c": "sc:Float",
        "examples/columns/d": "sc:Boolean",
        "examples/columns/e": "sc:Text",
    }


def test_hostile_words_are_valid_json(tmp_path):
    """Quotes, line ends and half characters of title and columns break nothing."""
    title = 'a"b\\ \u2028 é </script> 😀'
    write_whole(tmp_path, about={"title": title, "description": "---\n\"'{}"})
    assert opened(tmp_path).metadata.name == title
    text = write_croissant(make_head(about={"title": "a\udce9"}), [], {})
    assert json.loads(text.encode())["name"] == "a\udce9"


def test_the_same_set_makes_the_same_bytes_in_any_order_of_its_files():
    """Files are sorted, whichever thread wrote them first."""
    facts = {path: FileFacts(1, "0" * 64) for path in ("b.json", "a.json")}
    other = dict(reversed(facts.items()))
    texts = {write_croissant(make_head(), make_records(), f) for f in (facts, other)}
    assert len(texts) == 1
    assert texts.pop().endswith("}\n")


def test_lists_that_come_later_are_not_named():
    """The file itself and the checksums, which hold its digest, are left out."""
    names = ("croissant.json", "checksums.sha256", "a.json")
    files = {path: FileFacts(1, "0" * 64) for path in names}
    found = json.loads(write_croissant(make_head(), [], files))
    assert [each["@id"] for each in found["distribution"]] == ["a.json"]


def test_the_context_is_the_vocabularys_own():
    """Every name of the library's own context for 1.0 is in ours with its meaning."""
    rdf = pytest.importorskip("mlcroissant._src.core.rdf")
    found = json.loads(write_croissant(make_head(), [], {}))["@context"]
    assert found == rdf.make_context()
