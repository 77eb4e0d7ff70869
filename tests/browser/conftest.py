"""Real browsers: a bare page for one widget's module, and a whole JupyterLab."""

from __future__ import annotations

import pytest
from chromium import Chromium, find_chromium
from laboratory import Lab


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    """A headless Chromium for the tests of one file: its loop must not stay."""
    if find_chromium() is None:
        pytest.skip("no Chromium here: install Debian's package chromium")
    with Chromium.start(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture
def page(chromium):
    """An empty page; no other host may be asked, and nothing may complain."""
    with chromium.new_page() as opened:
        yield opened


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab on loopback with a home of its own."""
    with Lab.start(tmp_path_factory.mktemp("lab")) as started:
        yield started
