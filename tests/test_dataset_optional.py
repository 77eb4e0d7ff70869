"""Libraries that are imported only when asked for."""

from __future__ import annotations

import pytest

from cosmat_nb.dataset.loaders.optional import import_optional
from cosmat_nb.errors import OptionsError


def test_a_library_that_is_missing_is_named_with_its_command():
    """The error tells what needs it and how to install it."""
    with pytest.raises(OptionsError) as caught:
        import_optional("no_such_library.part", "the bridge")
    assert str(caught.value) == (
        "the bridge needs no_such_library, which is not installed: "
        "pip install no_such_library"
    )


def test_a_library_that_is_there_is_given():
    """Its dotted part, not its root."""
    assert import_optional("os.path", "nothing").join("a", "b").endswith("b")


def test_a_library_that_misses_a_part_of_its_own_says_so(tmp_path, monkeypatch):
    """To install what is there already would not help."""
    (tmp_path / "half_a_library.py").write_text("import its_missing_half")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="its_missing_half"):
        import_optional("half_a_library", "the bridge")
