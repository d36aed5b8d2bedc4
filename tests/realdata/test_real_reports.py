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

PAGES = {
    "dagshub": ["00", "01", "02"],
    "biosimulations": ["00", "01", "06"],
    "grafana": ["00", "01", "02"],
    "github": ["00", "02", "05", "06"],
}
"""The questions each folder can say something about, or must say what it lacks."""

SAID = {
    "dagshub": {"01_service_levels": ["dags-hub-availability : 99.71 % good"]},
    "biosimulations": {
        "00_start_here": ["1,336", "left out: dev 1,206, deploy 130"],
        "06_delivery_vs_reliability": [
            "in the 6 h after 36 deployments",
            "would probably not have been found",
            "36 of 48 deployments (",
            "were compared; left out: 12 no data.",
            "is counted in buckets of 1 day",
        ],
    },
    "grafana": {"00_start_here": ["10 files"]},
    "github": {
        "00_start_here": ["819 rows", "18 planned maintenance windows became exclusions"],
        "05_incidents": [
            "More incidents",
            "Longer incidents",
            "71 days 23 h",
            "22 ended as they began",
        ],
        "06_delivery_vs_reliability": [
            "there are no deployments in the folder",
            "Missing for the whole comparison: deployments",
            "No service can be placed",
        ],
    },
}


def words(page):
    """Text of a page as a reader sees it, without style, pictures and markup."""
    bare = re.sub(r"<style.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", bare)))


@pytest.mark.parametrize("name", PAGES)
def test_a_report_on_real_exports_is_complete(tmp_path, name):
    """No notebook fails, no page runs a script, and known figures are on the page."""
    folder = make(name, ROOT, tmp_path / name)
    done = report.run(folder, out=tmp_path / "out", only=PAGES[name], jobs=2)
    assert done.failed == {}
    pages = {
        file.stem: file.read_text(encoding="utf-8") for file in (tmp_path / "out").glob("*.html")
    }
    notebooks = [name for name in pages if name[0].isdigit()]
    of_services = [name for name in pages if name.startswith("service-")]
    assert len(notebooks) == len(PAGES[name])
    assert of_services
    assert pages.keys() == {"index", "changes", "glossary", *notebooks, *of_services}
    for page in pages.values():
        assert "<script" not in page
    for page, texts in SAID[name].items():
        seen = words(pages[page])
        assert [text for text in texts if text not in seen] == []
    if name == "grafana":  # names with spaces, dashes and ampersands
        seen = words(pages["00_start_here"])
        assert [f.name for f in real_files(name, ROOT) if f.name not in seen] == []
