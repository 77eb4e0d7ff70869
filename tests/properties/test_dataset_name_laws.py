"""Laws of names: safe for any keys, and from each key alone."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.dataset.exports.names import LONGEST, fold_name, name_examples

LAW = settings(derandomize=True, deadline=None, max_examples=150)
PIECES = st.sampled_from(
    ["..", "/", "\\", ".", "_", "__", "-", "mug", "Mug", ".jpg", ".JPG", "_png", ".png"]
)
ANY = st.text(st.characters(), max_size=40)
PATHS = st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=8).map("".join)
KEYS = st.one_of(PATHS, ANY)
UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*. ]')
RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


@LAW
@given(st.lists(KEYS, unique=True, max_size=12))
def test_names_are_safe_and_unlike_each_other(keys):
    """Any disk takes every name as it is, beside all the others."""
    names = name_examples(keys)
    assert len({fold_name(name) for name in names}) == len(keys)
    for name in names:
        assert name
        assert len(name.encode("utf-8")) <= LONGEST
        assert not UNSAFE.search(name)
        assert not RESERVED.fullmatch(name)
        assert name[0] not in "-_"
        assert not any(unicodedata.category(char) in {"Cf", "Cs"} for char in name)


@LAW
@given(st.lists(KEYS, unique=True, min_size=1, max_size=12), st.randoms())
def test_a_name_depends_on_its_key_alone(keys, random):
    """Shuffled, or with other rows taken away, every key has the name it had."""
    names = dict(zip(keys, name_examples(keys), strict=True))
    random.shuffle(keys)
    some = keys[: random.randint(1, len(keys))]
    assert name_examples(some) == [names[key] for key in some]


@LAW
@given(st.lists(PATHS, unique=True, max_size=12))
def test_a_plain_name_leads_back_to_its_key(keys):
    """A name without a hash holds all of its key."""
    for key, name in zip(keys, name_examples(keys), strict=True):
        if not re.search("-[0-9a-f]{8}$", name):
            path = name.replace("__", "/")
            assert key in {f"{path}.jpg", re.sub(r"_(\w+)$", r".\1", path)}


@LAW
@given(
    st.lists(st.tuples(st.sampled_from(["a.jpg", "B.jpg"]), KEYS, KEYS), max_size=8),
    st.randoms(),
)
def test_rows_of_one_key_keep_their_names_when_shuffled(rows, random):
    """The order of rows that differ in anything does not show in their names."""
    rows = list(dict.fromkeys(rows))
    names = name_examples([row[0] for row in rows], [row[1:] for row in rows])
    assert len({fold_name(name) for name in names}) == len(rows)
    known = dict(zip(rows, names, strict=True))
    random.shuffle(rows)
    again = name_examples([row[0] for row in rows], [row[1:] for row in rows])
    assert again == [known[row] for row in rows]
