"""What the documentation says is true."""

from __future__ import annotations

import ast
import dataclasses
import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import cosmat_nb

PROJECT = Path(__file__).resolve().parents[1]
MODULES = [
    info.name for info in pkgutil.walk_packages(cosmat_nb.__path__, "cosmat_nb.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name):
    """Every example gives the output that stands under it."""
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


@pytest.mark.parametrize("name", cosmat_nb.__all__)
def test_every_public_name_is_explained(name):
    """What the face shows has a docstring of its own."""
    thing = getattr(cosmat_nb, name)
    if isinstance(thing, type) or callable(thing):
        assert (thing.__doc__ or "").strip()


def test_readme_and_contributing_name_files_that_exist():
    """Every path of this project that the documentation quotes is there."""
    for document in ("README.md", "CONTRIBUTING.md"):
        text = (PROJECT / document).read_text(encoding="utf-8")
        named = re.findall(r"\b(?:tests|benchmarks|notebooks|docs)/[\w./-]+\.\w+", text)
        assert named
        assert [name for name in named if not (PROJECT / name).exists()] == []


def test_the_map_shows_every_module():
    """CONTRIBUTING.md's map names each file of the package."""
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    files = {path.name for path in Path(cosmat_nb.__file__).parent.rglob("*.py")}
    assert [name for name in sorted(files) if name not in text] == []


def test_notebooks_are_small_and_stored_with_their_outputs():
    """A notebook has at most 300 kB and shows what it did."""
    notebooks = sorted((PROJECT / "notebooks").glob("*.ipynb"))
    assert notebooks
    for notebook in notebooks:
        text = notebook.read_text(encoding="utf-8")
        assert len(text.encode()) <= 300_000
        assert '"output_type"' in text
        assert "/tmp/" not in text


def test_the_readmes_code_runs(tmp_path, monkeypatch):
    """A user who copies the README's code, block after block, gets what it says."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names = {}
    try:
        for block in blocks:
            exec(block, names)
    finally:
        names["client"].close()
    assert len(blocks) >= 2
    assert (tmp_path / "first.png").read_bytes().startswith(b"\x89PNG")
    assert len(names["figure"].axes) == 4 * 4


def read_fidelity(text):
    """Read the rows of the README's table "Fidelity": lists of four cells."""
    _, _, section = text.partition("## Fidelity\n")
    lines = section.partition("\n#")[0].splitlines()
    rows = [line for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


@pytest.fixture(scope="module")
def fidelity():
    """Rows of the table, the heads left out."""
    return read_fidelity((PROJECT / "README.md").read_text(encoding="utf-8"))


def named_tests(path):
    """Name the test functions of a file, without importing it; none if it is absent."""
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    return {name for name in names if name.startswith("test_")}


def test_every_line_of_fidelity_names_a_test_that_exists(fidelity):
    """No behaviour is claimed without a test that shows it."""
    assert len(fidelity) > 50
    for behaviour, _, _, cell in fidelity:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", cell)
        assert named, f"{behaviour}: no test is named"
        for path, name in named:
            assert name in named_tests(PROJECT / path), (
                f"{behaviour}: no {path}::{name}"
            )


def test_every_line_of_fidelity_says_where_it_stands(fidelity):
    """What is assumed names its switch, or says that there is none."""
    switches = {field.name for field in dataclasses.fields(cosmat_nb.Assumptions)}
    for behaviour, standing, far, _ in fidelity:
        assert standing in ("same", "close", "assumed", "absent"), behaviour
        named = switches & set(re.findall(r"`(\w+)`", far))
        assert standing != "assumed" or named or "no switch" in far, behaviour
        assert standing == "assumed" or not named, f"{behaviour}: {named}"


def test_fidelity_tells_every_assumption(fidelity):
    """Each switch stands in a line of its own."""
    told = " ".join(far for _, standing, far, _ in fidelity if standing == "assumed")
    fields = dataclasses.fields(cosmat_nb.Assumptions)
    assert [field.name for field in fields if f"`{field.name}`" not in told] == []
