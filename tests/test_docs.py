"""What the documentation says is true."""

from __future__ import annotations

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
