"""The data card: honest words, YAML that the hub reads, text that stays in place."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shard_examples import import_datasets
from whole_sets import (
    EMULATED,
    PAID,
    make_example,
    make_head,
    make_records,
    write_whole,
)

import cosmat_nb
from cosmat_nb.dataset import reading, verifying
from cosmat_nb.dataset.cards.card import write_card
from cosmat_nb.dataset.cards.front_matter import name_splits, write_front_matter
from cosmat_nb.dataset.cards.markdown import (
    show_block,
    show_code,
    show_table,
    show_words,
)
from cosmat_nb.dataset.loaders import torchlike

HOSTILE = "a|b\n---\n\"'`<script>#*_[x](y)&amp;\\ \u2028é😀\x85\x00"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)

yaml = pytest.importorskip("yaml", reason="reads YAML independently of us")
mistune = pytest.importorskip("mistune", reason="reads Markdown independently of us")


def front_matter(card):
    """Read the YAML block as the hub does: between the first two lines of dashes."""
    start, block, _ = re.split(r"^---$", card, maxsplit=2, flags=re.MULTILINE)
    assert start == ""
    return yaml.safe_load(block)


def section(card, title):
    """Return the text of one section."""
    return re.split(r"^## ", card.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


class Cells(HTMLParser):
    """What a browser shows of each cell of a table's body."""

    def __init__(self):
        super().__init__()
        self.rows, self.tags = [], set()

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the parser's own form
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def rows_of(lines):
    """Read the cells of a table, without its head, as a GFM reader shows them."""
    cells = Cells()
    render = mistune.create_markdown(escape=False, plugins=["table"])
    cells.feed(render("\n".join(lines)))
    known = {"table", "thead", "tbody", "tr", "td", "th", "code", "p"}
    assert cells.tags <= known
    return [[cell.strip() for cell in row] for row in cells.rows[1:]]


def seen_of(text):
    """Return what of a text leaves a mark on paper."""
    return "".join(char for char in text if char.isprintable() and not char.isspace())


def test_the_front_matter_is_what_the_hub_takes():
    """Licence, title, task, size and a file pattern for each split, in its words."""
    about = {"title": "Mugs", "license": "CC-BY-4.0", "keywords": ["mug"]}
    assert front_matter(write_card(make_head(about=about), [])) == {
        "pretty_name": "Mugs",
        "license": "cc-by-4.0",
        "task_categories": ["image-segmentation"],
        "tags": ["image-matting", "alpha-matte", "mug"],
        "size_categories": ["n<1K"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train", "path": "train/**"},
                    {"split": "val", "path": "val/**"},
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("MIT", {"license": "mit"}),
        ("GPL-3.0-or-later", {"license": "gpl-3.0"}),
        ("ODbL-1.0", {"license": "odbl"}),
        (
            "O-UDA-1.0",
            {
                "license": "other",
                "license_name": "o-uda-1.0",
                "license_link": "https://spdx.org/licenses/O-UDA-1.0.html",
            },
        ),
        (
            "https://a.com/t",
            {
                "license": "other",
                "license_name": "custom",
                "license_link": "https://a.com/t",
            },
        ),
        ("ask Jo", {"license": "other", "license_name": "custom"}),
        ("LicenseRef-x", {"license": "other", "license_name": "licenseref-x"}),
        ("", {}),
    ],
)
def test_a_licence_has_the_name_that_the_hub_gives_it(text, told):
    """SPDX in lower case, the hub's own names where they differ, else other."""
    found = front_matter(write_card(make_head(about={"license": text}), []))
    assert {k: v for k, v in found.items() if k.startswith("license")} == told


@pytest.mark.parametrize(
    ("examples", "size"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (99_999, "10K<n<100K"),
        (1_000_000, "1M<n<10M"),
        (10**9, "10M<n<100M"),
    ],
)
def test_a_size_has_the_hubs_name(examples, size):
    """Powers of ten, from a thousand on."""
    found = front_matter(write_card(make_head(examples=examples), []))
    assert found["size_categories"] == [size]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("folder", "train/**"),
        ("coco", "images/train/*"),
        ("yolo", "images/train/*"),
        ("webdataset", "train-[0-9][0-9][0-9][0-9][0-9].tar"),
        ("parquet", "data/train-[0-9][0-9][0-9][0-9][0-9].parquet"),
    ],
)
def test_each_format_has_a_pattern_of_its_own(name, path):
    """The loader is told which files are a split's."""
    found = front_matter(write_card(make_head(format=name), []))
    (config,) = found["configs"]
    assert config["data_files"][0] == {"split": "train", "path": path}
    assert config.get("drop_labels", False) == (name in {"coco", "yolo"})


def test_marks_of_a_pattern_in_a_splits_name_are_meant_as_they_are():
    """A star in a split's name finds no other split."""
    found = front_matter(write_card(make_head(splits={"a*[1]?": 3}), []))
    (files,) = found["configs"][0]["data_files"]
    assert files == {"split": "a__1__", "path": "a[*][[]1][?]/**"}


def test_what_is_not_split_is_called_train_alone_and_data_beside_others():
    """`load_dataset` then has a split for every example."""
    assert name_splits([""]) == {"": "train"}
    assert name_splits(["", "train"]) == {"": "data", "train": "train"}
    assert name_splits(["a-b", "a.b", "a_b"]) == {
        "a-b": "a_b",
        "a.b": "a_b_2",
        "a_b": "a_b_3",
    }


def test_nothing_at_all_makes_a_card_too():
    """An empty data set without a word about itself has a card."""
    head = make_head(
        examples=0, splits={}, categories=(), columns={}, calls={}, about={}
    )
    card = write_card(head, [])
    assert front_matter(card)["pretty_name"] == "Image mattes"
    assert "configs" not in front_matter(card)
    assert "\n# Image mattes\n" in card
    assert "## Calls" not in card
    assert "No licence was named" in card


@settings(max_examples=150, deadline=None, derandomize=True)
@given(TEXT, TEXT, st.lists(TEXT, max_size=2))
def test_any_text_comes_back_out_of_the_yaml(title, link, keywords):
    """No text ends its string, whatever marks or line ends it holds."""
    about = {
        "title": title or "x",
        "license": f"https://a/{link}",
        "keywords": keywords,
    }
    lines = write_front_matter(make_head(about=about))
    found = yaml.safe_load("\n".join(lines[1:-1]))
    assert found["pretty_name"] == (title or "x")
    assert found["tags"][:2] == ["image-matting", "alpha-matte"]
    assert set(found["tags"][2:]) == set(keywords) - {"image-matting", "alpha-matte"}
    assert "---" not in lines[1:-1]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(TEXT, TEXT)
def test_any_text_stays_in_its_cell(words, code):
    """A Markdown reader finds two cells, with the words as they were but for blanks."""
    lines = show_table(["a", "b"], [(show_words(words), show_code(code))])
    ((first, second),) = rows_of(lines)
    assert seen_of(first) == seen_of(words)
    assert seen_of(second) == seen_of(code)


def test_hostile_words_are_shown_as_they_are():
    """Bars, marks, HTML and line ends of a category, key, column or rule are text."""
    head = make_head(
        columns={HOSTILE: "string"},
        about={"title": HOSTILE, "creator": HOSTILE, "citation": HOSTILE},
        calls={**EMULATED, "service": HOSTILE},
    )
    cutout = {"rule": HOSTILE}
    records = make_records(category=HOSTILE, cutout=cutout, license=HOSTILE)
    card = write_card(head, records)
    assert front_matter(card)["pretty_name"] == HOSTILE
    body = card.split("\n---\n", 1)[1]
    assert "<script" not in re.sub(r"`+[^\n]*`", "", body)
    assert "\u2028" not in body
    parse = mistune.create_markdown(renderer=None, plugins=["table"])
    kinds = [token["type"] for token in parse(body)]
    assert "thematic_break" not in kinds
    assert "block_html" not in kinds
    titles = [t for t in parse(body) if t["type"] == "heading"]
    assert [t["attrs"]["level"] for t in titles] == [1] + [2] * (len(titles) - 1)


def test_half_characters_of_a_key_are_escaped():
    """The card is UTF-8 whatever a file's name was."""
    records = make_records(category="a\udce9")
    assert "a\\\\udce9" in write_card(make_head(), records).encode().decode()


def test_a_code_block_left_open_ends_with_its_text():
    """A description cannot swallow the sections after it."""
    assert show_block("a\n```py\nx") == "a\n```py\nx\n```"
    assert show_block("````\n```\nx") == "````\n```\nx\n````"
    assert show_block("```\nx\n```") == "```\nx\n```"
    card = write_card(make_head(about={"description": "see\n~~~~ sh\nmake"}), [])
    assert "make\n~~~~\n" in card


def test_splits_and_categories_are_counted():
    """Each split has a row, each category a column, and the sums are right."""
    table = section(write_card(make_head(), make_records()), "Splits and categories")
    assert rows_of([table]) == [
        ["train", "2", "1", "1"],
        ["val", "1", "1", "0"],
        ["all", "3", "2", "1"],
    ]


def test_many_categories_are_summed_up_as_others():
    """Twelve columns are shown, the rest together."""
    records = [{**make_records()[0], "category": f"c{n:02}"} for n in range(14)]
    (row,) = rows_of(
        [section(write_card(make_head(), records), "Splits and categories")]
    )
    assert row == ["train", "14", *["1"] * 12, "2"]


def test_what_is_not_split_is_counted_as_data():
    """The row is named as the folder is, and holding out a part is advised."""
    records = [{**record, "split": ""} for record in make_records()]
    card = write_card(make_head(splits={"": 3}), records)
    assert "| data | 3 | 2 | 1 |" in card
    assert "Nothing is split" in card
    assert "Nothing is split" not in write_card(make_head(), make_records())


def test_numbers_of_the_mattes_are_quantiles():
    """Of 0.1, 0.2 … 1.1 the median is 0.6, and 5 % lie below 0.15."""
    records = [
        {**make_records()[0], "columns": {"coverage": n / 10, "shop": 5, "parts": None}}
        for n in range(1, 12)
    ]
    table = section(write_card(make_head(), records), "The mattes in numbers")
    assert rows_of([table]) == [["coverage", "11", "0.1", "0.15", "0.6", "1.05", "1.1"]]


def test_what_is_no_number_counts_for_nothing():
    """Missing values, truth values, words and endless numbers are left out."""
    odd = (None, True, "0.5", float("nan"), float("inf"), 10**400)
    records = [{**make_records()[0], "columns": {"coverage": each}} for each in odd]
    assert "in numbers" not in write_card(make_head(), records)


def test_findings_are_counted_by_name():
    """The most frequent first, and how many examples have any."""
    records = make_records(findings=["halo"])
    records[0]["findings"] = ["dust", "halo"]
    records.append({**make_records()[0], "findings": []})
    text = section(write_card(make_head(), records), "Findings")
    assert "3 examples of 4 with a finding." in text
    assert rows_of([text.split("\n\n", 1)[1]]) == [["halo", "3"], ["dust", "1"]]
    assert "## Findings" not in write_card(make_head(), make_records())


def test_an_emulators_cutouts_are_said_to_be_the_emulators():
    """Who answered is in the text, in the cost and in the limits."""
    card = write_card(make_head(calls=EMULATED), make_records())
    assert (
        "The cutouts are an emulator's (`emulator cosmat 1`), not the service" in card
    )
    assert "nothing was paid" in section(card, "Calls and cost")
    assert "emulator" in section(card, "Limits")
    assert "answers of Tencent" not in card


def test_the_services_cutouts_are_said_to_be_the_services():
    """The cost is told with its currency and that nobody held it against a bill."""
    card = write_card(make_head(calls=PAID), make_records())
    assert "The cutouts are the answers of Tencent Cloud" in card
    assert "emulator" not in card
    text = section(card, "Calls and cost")
    assert "3 distinct answers, 4 requests sent for them, each of which may" in text
    assert "Cost of the requests: 1.50 CNY, by a price never held against" in text
    verified = write_card(make_head(calls={**PAID, "verified": True}), [])
    assert "Cost of the requests: 1.50 CNY.\n" in verified


def test_the_prices_own_words_are_repeated():
    """Where the head has them."""
    words = "unverified as of 2026-09-01: AIPicMatting 0.02 CNY a call"
    text = write_card(make_head(calls={**PAID, "price": words}), [])
    assert f"Price: {words}." in text


def test_what_is_not_known_is_said_not_to_be_known():
    """Neither who answered nor what it cost is guessed."""
    calls = {**PAID, "service": None, "sandbox": None, "cost": None}
    card = write_card(make_head(calls=calls), [])
    assert "Who made the cutouts is not known" in card
    assert "What they cost is not known." in card


def test_rules_are_counted():
    """What was asked for stands there with how often."""
    records = make_records(cutout={"rule": "ci-process=AIPicMatting"})
    records[2] = {**records[2], "cutout": {"rule": "ci-process=GoodsMatting"}}
    text = section(write_card(make_head(), records), "How the mattes were made")
    assert "| `ci-process=AIPicMatting` | 2 |" in text
    assert "| `ci-process=GoodsMatting` | 1 |" in text


@pytest.mark.parametrize(
    ("rendering", "words"),
    [
        ({"image": "source"}, "photographs that were cut"),
        ({"image": "cutout", "premultiplied": True}, "colours are premultiplied"),
        ({"image": "cutout", "premultiplied": False}, "colours are straight"),
        ({"image": "cutout", "wipe": True}, "Under alpha 0 they are 0."),
        ({"image": "cutout", "wipe": False}, "Under alpha 0 they are as they came."),
        ({"image": "composite", "background": "a|b"}, "Background: a&#124;b."),
        ({"colors": "estimated"}, "were estimated anew"),
        ({"size": 512}, "512 px on the longer side at most"),
        ({"size": [20, 30]}, "20 px high and 30 px wide"),
        ({"alpha_bits": 16}, "Mattes are grey PNG files of 16 bits."),
        ({"alpha_bits": 16}, "16 bits, 0 to 65535"),
        ({"alpha_bits": 16}, '["alpha"])) / 65535'),
        ({"alpha_bits": 8}, '["alpha"])) / 255'),
    ],
)
def test_what_was_written_is_declared(rendering, words):
    """Every setting that changes pixels is told in words."""
    assert words in write_card(make_head(rendering=rendering), make_records())


def test_scenes_are_told():
    """Composed examples are counted as such."""
    records = make_records()
    records[0]["scene"] = {"seed": 1}
    card = write_card(make_head(), records)
    assert "1 example is a scene composed" in card
    assert "The other pictures are the photographs that were cut" in card
    assert "photographs' own, and the backgrounds'." in card
    assert "by chance" in section(card, "Limits")
    plain = write_card(make_head(), make_records())
    for words in ("composed", "scene", "other pictures", "backgrounds"):
        assert words not in plain


def test_scenes_alone_are_no_photographs():
    """Nothing is said of pictures and calls that no example has."""
    calls = {**EMULATED, "pictures": 0, "requests": 0}
    card = write_card(make_head(calls=calls), make_records(scene={"seed": 1}))
    assert "photographs that were cut" not in card
    assert "## Calls" not in card
    assert "The cutouts are an emulator's" in card


def test_a_scene_counts_in_each_of_its_categories():
    """Two mugs and a tree: one example, a mug and a tree."""
    subjects = [{"category": name} for name in ("mug", "tree", "mug")]
    records = make_records()
    records[0] |= {"category": "mug, tree", "scene": {"subjects": subjects}}
    text = section(write_card(make_head(), records), "Splits and categories")
    table, words = text.strip().split("\n\n")
    assert rows_of([table]) == [
        ["train", "2", "1", "2"],
        ["val", "1", "1", "0"],
        ["all", "3", "2", "2"],
    ]
    assert words == "A scene counts in each category that it holds."


def test_settings_are_told_where_they_were_set():
    """What is so by default needs no words."""
    assert "Format `folder`: " in write_card(make_head(), [])
    told = write_card(make_head(settings={"parquet": True}), [])
    assert "Format `folder` (`parquet=True`): " in told


def test_licences_of_photographs_are_counted():
    """A column of licences becomes a table."""
    records = make_records(license="CC0-1.0")
    assert "| CC0-1.0 | 3 |" in write_card(make_head(), records)
    same = write_card(make_head(about={"license": "CC0-1.0"}), records)
    assert "| CC0-1.0 | 3 |" not in same


def test_the_same_set_makes_the_same_card():
    """Bytes follow from head and records alone."""
    one, other = (write_card(make_head(), make_records()) for _ in range(2))
    assert one == other
    assert not re.search(r"\d{4}-\d\d-\d\d", one)


def test_shards_of_several_kinds_of_pictures_are_opened_by_us():
    """`datasets` refuses tar shards of JPEG and PNG, so the card does not show it."""
    head = make_head(format="webdataset", rendering={"image": "source"})
    for kinds, is_shown in ((["JPEG", "PNG"], False), (["JPEG", "JPEG"], True)):
        records = [
            {**record, "source": {"format": kind}}
            for record, kind in zip(make_records(), kinds, strict=False)
        ]
        assert ("load_dataset" in write_card(head, records)) is is_shown


FORMATS = ["folder", "coco", "yolo", "webdataset", "parquet"]


# webdataset leaves its files to the garbage collector, pycocotools is behind NumPy.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <_io:pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("name", FORMATS)
def test_its_snippets_run(tmp_path, monkeypatch, name):
    """Every block of Python in the card runs in the data set's folder as it stands."""
    import_datasets()
    root = tmp_path / "set"
    write_whole(root, name)
    monkeypatch.chdir(root)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    for module, names in (
        (reading, ["read_dataset"]),
        (torchlike, ["ExampleSet"]),
        (verifying, ["verify_dataset"]),
    ):
        for each in names:
            monkeypatch.setattr(cosmat_nb, each, getattr(module, each), raising=False)
    card = (root / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    assert len(blocks) == 6
    for block in blocks:
        for module in re.findall(r"^(?:import|from) (\w+)", block, flags=re.MULTILINE):
            pytest.importorskip(module, reason="the card shows how to load with it")
        exec(compile(block, f"README of {name}", "exec"), {})


@pytest.mark.parametrize("name", FORMATS)
def test_datasets_opens_the_folder_without_code(tmp_path, name):
    """`load_dataset(folder)` finds every split with its examples and pictures."""
    datasets = import_datasets()
    examples = [
        make_example("mug", "train"),
        make_example("käse", "train"),
        make_example("tree", "hold-out"),
    ]
    write_whole(tmp_path / "set", name, examples=examples)
    found = datasets.load_dataset(
        str(tmp_path / "set"), cache_dir=str(tmp_path / "cache")
    )
    assert {split: len(rows) for split, rows in found.items()} == {
        "train": 2,
        "hold_out": 1,
    }
    column = "jpg" if name == "webdataset" else "image"
    assert {row[column].size for row in found["train"]} == {(32, 24)}
    if name in {"folder", "parquet"}:
        assert found["hold_out"][0]["alpha"].mode == "L"


def test_its_command_verifies(tmp_path):
    """The line of shell in the card finds nothing, and finds a change."""
    write_whole(tmp_path)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"```sh\n(.*?)\n```", card)
    if sys.platform != "linux":
        pytest.skip("sha256sum is GNU's")
    run = subprocess.run(
        command.split(), cwd=tmp_path, capture_output=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, b"")
    (tmp_path / "README.md").write_text("x")
    run = subprocess.run(
        command.split(), cwd=tmp_path, capture_output=True, check=False
    )
    assert run.returncode == 1
