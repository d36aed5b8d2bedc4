"""What ``findings.json`` holds: the same bytes for the same inputs, and nothing of the machine."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell

import srelib
from srelib import changes, report
from srelib.errors import InputError
from srelib.report import values
from srelib.report.render import Page
from tests.changes import made
from tests.report import conftest
from tests.report.test_build import files
from tests.report.tiny import PARAMETERS, book, code

books, exports = conftest.books, conftest.exports

STATES = """import srelib
from srelib.findings import Finding, show
show(Finding("budget.left", "error budget left", "shop", "28 days", 0.5, "50 %",
             "shop-availability", "left", low=0.4, sentence=f"Half is left, says {data}.",
             anchor="what-is-left"))
"""


def one_page(**more: object) -> Page:
    """A page that states one thing."""
    stated = {"key": "budget.left", "quantity": "error budget left", "service": "shop",
              "subject": "up", "anchor": "", "value": 0.5, "low": None}  # fmt: skip
    return Page("02_budget", "Left?", "", "", stated=({**stated, **more},),
                parameters={"data": "x", "weeks": 4})  # fmt: skip


def test_a_finding_names_its_page_and_the_days_behind_it():
    """The place of its counts in `days`; null where there are none."""
    kept = made.record(
        made.daily("pages", [1.0], start="2026-06-01"),
        made.daily("service level", [1.0, 2.0], start="2026-06-01", subject="up", n=9.0),
    )
    found = json.loads(values.text(kept, [one_page(anchor="left"), one_page(subject="other")]))
    first, second = found["findings"]
    assert (first["anchor"], second["anchor"]) == ("02_budget.html#left", "02_budget.html")
    assert found["days"][first["days"]] == {
        "service": "shop", "quantity": "service level", "subject": "up", "first": "2026-06-01",
        "sum": [1.0, 2.0], "n": [9.0, 9.0],
    }  # fmt: skip
    assert second["days"] is None
    assert found["parameters"] == {"02_budget": {"weeks": 4}}


@pytest.fixture
def stating(books: Path) -> Path:
    """Notebooks, one of which states a finding."""
    nbformat.write(book(code(PARAMETERS, "parameters"), code(STATES)), books / "02_budget.ipynb")
    return books


def test_a_report_holds_its_values(stating, exports, tmp_path):
    """Schema, hashes, parameters, objectives, findings; equal bytes twice; no path, no time."""
    texts = []
    for name in ("one", "two"):
        report.run(exports, out=tmp_path / name, notebooks=stating)
        texts.append((tmp_path / name / "findings.json").read_text("utf-8"))
    assert texts[0] == texts[1]
    assert str(tmp_path) not in texts[0]
    found = json.loads(texts[0])
    assert list(found) == [
        "schema", "srelib", "folder", "as_of", "services", "teams", "files", "parameters",
        "objectives", "annotations", "failed", "pages", "findings", "days",
    ]  # fmt: skip
    assert (found["schema"], found["srelib"]) == (1, srelib.__version__)
    assert sorted(found["files"]) == ["requests.csv"]
    assert found["parameters"]["01_where"] == {"weeks": 13, "target": 0.999}
    assert found["objectives"][0]["objective"] == "shop works"
    (said,) = found["findings"]
    assert said["anchor"] == "02_budget.html#what-is-left"
    assert (said["value"], said["low"], said["high"]) == (0.5, 0.4, None)
    assert found["days"][0] == {
        "service": "shop", "quantity": "coverage", "subject": "shop works", "first": "2026-06-01",
        "sum": [24.0, 24.0], "n": [24.0, 24.0],
    }  # fmt: skip
    kept = changes.read(tmp_path / "one")
    again = changes.read(exports)
    assert kept.objectives == again.objectives
    assert {row.verdict for row in changes.compare(kept, again).rows} == {"could be chance"}


def test_pages_that_failed_are_named(books, exports, tmp_path):
    """A machine sees what a person sees."""
    nbformat.write(book(code("1/0")), books / "03_broken.ipynb")
    report.run(exports, out=tmp_path / "out", notebooks=books)
    found = json.loads((tmp_path / "out" / "findings.json").read_text("utf-8"))
    assert list(found["failed"]) == ["03_broken"]
    assert "ZeroDivisionError" in found["failed"]["03_broken"]


def test_other_pages_are_kept_as_if_all_had_run(stating, exports, tmp_path):
    """Their findings, verdicts and sentences too: the report is the same, byte for byte."""
    why = 'from IPython.display import Markdown\nMarkdown("- **shop works** as ever.")'
    cells = (new_markdown_cell("## What this says"), code(why))
    nbformat.write(book(*cells), stating / "03_why.ipynb")
    out, run = tmp_path / "out", {"out": tmp_path / "out", "notebooks": stating}
    report.run(exports, **run)
    before = files(out)
    assert b"**shop works** as ever." in before["findings.json"]
    assert b"shop works</strong> as ever." in before["service-shop.html"]
    other = report.run(exports, **run, only=["00"], parameters={"weeks": 26})
    assert other.pages == ("00_how_many", "01_where", "02_budget", "03_why")
    assert b"48 rows in 26 weeks" in files(out)["index.html"]
    assert files(out)["01_where.html"] == before["01_where.html"]
    report.run(exports, **run, only=["00"])
    assert files(out) == before


def test_pages_of_other_data_are_not_kept(exports, books, tmp_path):
    """They would pass as of the new data; with all pages renewed nothing is in the way."""
    run = {"out": tmp_path / "out", "notebooks": books}
    report.run(exports, **run)
    before = files(tmp_path / "out")
    text = (exports / "requests.csv").read_text()
    (exports / "requests.csv").write_text(text.replace("shop,90,100", "shop,80,100"))
    with pytest.raises(InputError, match=r"'out' are about other data \(requests.csv changed\)"):
        report.run(exports, **run, only=["00"])
    assert files(tmp_path / "out") == before
    report.run(exports, **run, only=["00", "01"])
    assert b"shop 80 100" in (tmp_path / "out" / "00_how_many.html").read_bytes()


def test_pages_that_cannot_be_read_are_not_kept(exports, books, tmp_path):
    """Nor deleted."""
    run = {"out": tmp_path / "out", "notebooks": books}
    report.run(exports, **run)
    (tmp_path / "out" / "findings.json").write_text("{}")
    with pytest.raises(InputError, match=r"cannot be kept \(its findings.json is of another"):
        report.run(exports, **run, only=["00"])
    assert (tmp_path / "out" / "01_where.html").exists()
