"""Static twins: what is seen of widgets where no kernel answers."""

from __future__ import annotations

from urllib.parse import urlsplit

import nbformat
import pandas as pd
import pytest
from nbconvert import HTMLExporter

import cosmat_nb as cm
from cosmat_nb.frame.glance import Facts, Failure, Glance
from cosmat_nb.view.progress_panel import ProgressPanel

NETWORKS = {"cdnjs.cloudflare.com", "cdn.jsdelivr.net", "unpkg.com"}
HOSTILE = (
    "<script>hit = 1</script>\"'&\u202egpj.<img src=x onerror='hit = 1'>" + "y" * 40
)
LIVE = "application/vnd.jupyter.widget-view+json"
PICTURES = {"BeforeAfter": 2, "Gallery": 2, "Explorer": 3, "Review": 2, "Progress": 0}
"""How many pictures the twin of each widget has."""

SEEN = """
(all) => all.map((each) => {
  const { width, height } = each.getBoundingClientRect();
  return each.complete && Math.min(each.naturalWidth, width, height) > 1;
})
"""


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """What each widget hands to a notebook, for pictures of which one is hostile."""
    folder = tmp_path_factory.mktemp("twins")
    with (
        cm.Emulator.with_samples() as emulator,
        cm.connect_emulator(emulator) as client,
    ):
        client.put(HOSTILE, client.fetch("samples/mug.jpg"))
        frame = pd.DataFrame({"key": [HOSTILE, "samples/mug.jpg"]})
        store = cm.Store(folder / "store")
        table = cm.matte_frame(frame, client, store=store, progress=False)
        explorer = cm.explore(client, frame, store=store)
        explorer.key = HOSTILE
        review = cm.review(table, folder / "review.jsonl")
        review._act({"kind": "decide", "place": 0, "verdict": "keep", "note": HOSTILE})
        widgets = {
            "BeforeAfter": cm.BeforeAfter(None, table["cutout"].iloc[0]),
            "Gallery": cm.gallery(table),
            "Explorer": explorer,
            "Review": review,
            "Progress": make_panel(),
        }
        return {name: each._repr_mimebundle_()[0] for name, each in widgets.items()}


def make_panel():
    """A panel of a batch that met a hostile error."""
    panel = ProgressPanel()
    failures = (Failure("InvalidArgument", 1, HOSTILE),)
    glance = Glance(
        total=2, done=2, failures=failures, facts=Facts("3 calls"), state="ended"
    )
    panel.end(glance, "1 ok, 1 error")
    return panel


def make_notebook(bundles):
    """A notebook as it is saved without widget state: a cell a widget."""
    # Without the name of a kernel, JupyterLab would ask for one and wait.
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    for name, data in bundles.items():
        assert LIVE in data, name
        output = nbformat.v4.new_output("display_data", data)
        cell = nbformat.v4.new_code_cell(f"# {name}", outputs=[output])
        cell.execution_count = 1
        notebook.cells.append(cell)
    return notebook


def check_twins(page, cells, outputs):
    """See each widget's pictures and words in the output of its own cell."""
    for number, (name, count) in enumerate(PICTURES.items()):
        output = page.locator(cells).nth(number).locator(outputs)
        # Words are whole only if no part of them became an element.
        output.get_by_text("<script>hit = 1</script>").first.wait_for()
        assert output.locator("img").evaluate_all(SEEN) == [True] * count, name
        assert output.locator("script").count() == 0, name
    assert page.evaluate("window.hit") is None


def test_an_exported_page_shows_the_twins(chromium, bundles, tmp_path):
    """From a file, without a kernel: pictures and words, and nobody complains.

    What nbconvert itself asks networks for does not come, and is all that is missing.
    """
    notebook = make_notebook(bundles)
    path = tmp_path / "exported.html"
    path.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    with chromium.new_page() as page:
        page.goto(path.as_uri())
        check_twins(page, ".jp-CodeCell", ".jp-OutputArea-output")
        assert {urlsplit(each).hostname for each in chromium.outside} <= NETWORKS
        missed = [each for each in chromium.complaints if "ERR_FAILED" in each]
        assert len(missed) == len(chromium.outside)
        assert chromium.complaints == missed
        chromium.outside.clear()
        chromium.complaints.clear()


def test_a_notebook_nobody_trusts_shows_the_twins(lab, page, bundles):
    """JupyterLab cleans what it was not told to trust, and keeps pictures and words."""
    nbformat.write(make_notebook(bundles), lab.write("twins.ipynb"))
    lab.open(page, "twins.ipynb")
    check_twins(page, ".jp-CodeCell", ".jp-OutputArea-output")
    # Words that are wider than their tile would lie over the next one.
    tiles = page.locator(".jp-OutputArea-output div[style*='width: 180px']")
    tiles = tiles.or_(page.locator(".jp-OutputArea-output div[style*='width:180px']"))
    wide = "(all) => all.map((each) => each.scrollWidth <= each.clientWidth)"
    assert tiles.evaluate_all(wide) == [True, True]
    trusted = "panel.content.widgets.map((cell) => cell.model.trusted)"
    assert page.evaluate(trusted) == [False] * len(bundles)
