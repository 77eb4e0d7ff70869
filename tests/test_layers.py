"""Who may import whom, and what the face shows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cosmat_nb

ROOT = Path(cosmat_nb.__file__).parent
PROJECT = Path(__file__).resolve().parents[1]

# Room: rooms of ours it may import; third-party packages it may import.
TABLE = {
    "errors": ("", ""),
    "places": ("", ""),
    "margins": ("errors", ""),
    "options": ("errors margins", ""),
    "images": ("errors", "PIL numpy"),
    "wire": ("errors options places", ""),
    "metrics": ("errors", "numpy scipy"),
    "matting": ("errors options", "PIL httpx numpy onnxruntime scipy"),
    "cutout": ("errors images matting options", "PIL numpy"),
    "local": ("cutout errors images matting options places wire", "PIL numpy"),
    "framing": ("cutout errors images matting options", "PIL numpy"),
    "store": ("cutout errors options places wire", "platformdirs pandas"),
    "client": ("cutout errors options places wire", "httpx"),
    "emulator": (
        "errors images matting options wire",
        "fastcrc starlette uvicorn numpy scipy",
    ),
    "connect": ("client emulator errors matting wire", ""),
    "batch": ("client cutout errors options places store wire", ""),
    "frame": (
        "batch client cutout errors images metrics options places store",
        "pandas numpy tqdm",
    ),
    "dataset": (
        (
            "batch cutout errors frame framing images margins matting metrics options "
            "places store"
        ),
        "PIL datasets fiftyone numpy pandas pyarrow scipy supervision",
    ),
    "view": (
        (
            "batch client cutout errors frame framing images matting metrics options "
            "places store wire"
        ),
        "PIL matplotlib ipywidgets anywidget traitlets IPython pandas numpy",
    ),
}
"""The import table of CONTRIBUTING.md; `FREE` rooms may import everything."""

FREE = {"cli", "commands", "__init__"}


def modules():
    """Every module of the package with its room."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield pytest.param(path, parts[0], id="/".join(parts))


MODULES = list(modules())


def is_for_types(node):
    """Whether a statement is ``if TYPE_CHECKING:``, which binds nothing at run time."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imported(path):
    """Names of all modules that a file imports; for types alone, only ours."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {n for top in filter(is_for_types, tree.body) for n in ast.walk(top)}
    for name, node in named_imports(tree):
        if node not in for_types or name.startswith("cosmat_nb"):
            yield name


def named_imports(tree):
    """Every absolute module name of a tree with the statement that imports it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if node.module == "cosmat_nb":
                yield from ((f"cosmat_nb.{alias.name}", node) for alias in node.names)
            else:
                yield node.module, node


@pytest.mark.parametrize(("path", "room"), MODULES)
def test_a_room_imports_only_what_its_row_of_the_table_allows(path, room):
    """Rooms depend on each other as the import table says, and on nothing else."""
    if room in FREE:
        return
    ours, theirs = (set(names.split()) for names in TABLE[room])
    for name in imported(path):
        top, _, rest = name.partition(".")
        if top == "cosmat_nb":
            assert rest.partition(".")[0] in ours | {room}, f"{room} imports {name}"
        elif top not in sys.stdlib_module_names:
            assert top in theirs, f"{room} imports {name}"


def test_rooms_import_each_other_in_no_circle():
    """The table itself has an order in which every room comes after what it uses."""
    left = {room: set(ours.split()) for room, (ours, _) in TABLE.items()}
    while left:
        ready = {room for room, uses in left.items() if not uses & left.keys()}
        assert ready, f"a circle among {sorted(left)}"
        left = {room: uses for room, uses in left.items() if room not in ready}


def test_contributing_shows_the_same_import_table():
    """The table in CONTRIBUTING.md is the one that is kept."""
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d \| `(\w+)` \| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    shown = {
        room: (set(re.findall(r"\w+", ours)), set(re.findall(r"\w+", theirs)))
        for room, ours, theirs in rows
    }
    kept = {room: (set(a.split()), set(b.split())) for room, (a, b) in TABLE.items()}
    assert shown == kept


def test_the_face_is_complete_and_sorted():
    """`__all__` lists every public name of the face, in order, and no other."""
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    bound = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
    }
    assert set(cosmat_nb.__all__) == bound
    constants = [name for name in cosmat_nb.__all__ if name.isupper()]
    classes = [name for name in cosmat_nb.__all__ if name[0].isupper()]
    classes = [name for name in classes if name not in constants]
    functions = [name for name in cosmat_nb.__all__ if name[0].islower()]
    expected = [*sorted(constants), *sorted(classes), *sorted(functions)]
    assert cosmat_nb.__all__ == expected


def test_importing_does_nothing(tmp_path):
    """Importing prints nothing, writes no file (fonts, caches) and opens no thread."""
    code = (
        "import cosmat_nb, sys, threading;"
        "heavy = {'matplotlib', 'onnxruntime', 'scipy.fft', 'scipy.sparse'};"
        "heavy |= {'scipy.spatial'};"
        "assert not heavy & {*sys.modules};"
        "assert threading.active_count() == 1"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert list(tmp_path.rglob("*")) == []


def test_no_file_is_longer_than_300_lines():
    """A longer file holds two nouns."""
    lengths = {
        path.relative_to(ROOT).as_posix(): path.read_text().count("\n")
        for path in ROOT.rglob("*.py")
    }
    assert {name: n for name, n in lengths.items() if n > 300} == {}


def test_the_version_is_the_one_of_the_distribution():
    """`__version__` is the version of pyproject.toml."""
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"$', text, re.MULTILINE)[1]
    assert cosmat_nb.__version__ == version
