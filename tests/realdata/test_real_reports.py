"""Reports on real exports: every notebook runs, and the pages say what the data say."""

from __future__ import annotations

import html
import os
import re
from pathlib import Path

import pytest

from srelib import report
from tests.realdata.real_folders import make, real_files

REAL = os.environ.get("SRELIB_REAL_DATA")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(REAL is None, reason="SRELIB_REAL_DATA does not name a folder"),
]
ROOT = Path(REAL or ".")

SAID = {
    "dagshub": {"01_service_levels": ["dags-hub-availability : 99.71 % good"]},
    "biosimulations": {"00_start_here": ["1,336", "left out: dev 1,206, deploy 130"]},
    "grafana": {"00_start_here": ["10 files"]},
    "github": {
        "00_start_here": ["819 rows", "18 planned maintenance windows became exclusions"],
        "05_incidents": [
            "there are more incidents and they are longer , both beyond chance",
            "71 days 23 h",
            "22 ended as they began",
        ],
    },
}


def words(page):
    """Text of a page as a reader sees it, without style, pictures and markup."""
    bare = re.sub(r"<style.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", bare)))


@pytest.mark.parametrize("name", SAID)
def test_a_report_on_real_exports_is_complete(tmp_path, name):
    """No notebook fails, no page runs a script, and known figures are on the page."""
    folder = make(name, ROOT, tmp_path / name)
    done = report.run(folder, out=tmp_path / "out", only=["00", "01", "02", "05"], jobs=2)
    assert done.failed == {}
    pages = {
        file.stem: file.read_text(encoding="utf-8") for file in (tmp_path / "out").glob("*.html")
    }
    assert len(pages) == 5
    for page in pages.values():
        assert "<script" not in page
    for page, texts in SAID[name].items():
        seen = words(pages[page])
        assert [text for text in texts if text not in seen] == []


COSTS = {
    "biosimulations": [
        "36 deployments came with",
        "would most likely have gone unseen",
        "36 of 48 deployments were used; left out: 12 no data.",
        "is counted in buckets of 1 day",
    ],
    "github": [
        "because there are no deployments in the folder",
        "For the whole comparison the folder lacks deployments",
        "No service can be placed",
    ],
}


@pytest.mark.parametrize("name", COSTS)
def test_what_shipping_costs_is_said_or_what_is_missing(tmp_path, name):
    """Too few to tell names what could have shown; incidents alone say what to export."""
    folder = make(name, ROOT, tmp_path / name)
    done = report.run(folder, out=tmp_path / "out", only=["06"], jobs=1)
    assert done.failed == {}
    seen = words((tmp_path / "out" / "06_delivery_vs_reliability.html").read_text(encoding="utf-8"))
    assert [text for text in COSTS[name] if text not in seen] == []


def test_every_panel_is_named_on_the_page_as_it_was_downloaded(tmp_path):
    """File names with spaces, dashes and ampersands are text on the page."""
    folder = make("grafana", ROOT, tmp_path / "grafana")
    report.run(folder, out=tmp_path / "out", only=["00"], jobs=1)
    seen = words((tmp_path / "out" / "00_start_here.html").read_text(encoding="utf-8"))
    assert [file.name for file in real_files("grafana", ROOT) if file.name not in seen] == []
