"""The notebooks about padding and looking, as a reader opens them in JupyterLab."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
TROUBLE = """
() => panel.content.widgets
  .filter((cell) => cell.model.type === 'code')
  .flatMap((cell) => cell.model.sharedModel.outputs)
  .filter((output) => output.output_type === 'error' || output.name === 'stderr')
"""


@pytest.mark.parametrize(
    ("name", "widgets"),
    [
        ("04_padding_and_centering.ipynb", ["explorer-root"]),
        ("05_look_and_review.ipynb", ["ba", "gallery", "review"]),
    ],
)
def test_a_notebook_runs_top_to_bottom_and_its_widgets_live(page, lab, name, widgets):
    """Run all: no error, nothing on stderr, every widget in its place."""
    notebook = nbformat.read(NOTEBOOKS / name, 4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            # What is stored must not be taken for what was run.
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, lab.notebooks / name)
    lab.open(page, name)
    lab.run_all(page, 120)
    assert page.evaluate(TROUBLE) == []
    for widget in widgets:
        page.locator(f"div[class*=cosmat-{widget}]").first.wait_for(state="attached")
