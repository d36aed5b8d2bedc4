"""The exports are read once for all notebooks, and only where that is the same reading."""

from __future__ import annotations

import html
import subprocess
import sys

import nbformat
import pandas as pd
import pytest

from srelib import dataset, report
from srelib.report import shared
from tests.report.tiny import book, code


@pytest.fixture
def taking(monkeypatch, tmp_path):
    """A process that takes what is offered for `tmp_path`; other folders are read as 'read'."""
    monkeypatch.setattr(dataset, "load", lambda path, as_of=None: ("read", str(path), as_of))
    shared.take(str(tmp_path), str(tmp_path))
    return tmp_path


def test_the_folder_of_the_report_is_not_read_again(taking):
    """What was offered comes back."""
    shared.offer({"rows": pd.DataFrame({"a": [1]})}, taking)
    assert dataset.load(taking)["rows"].to_dict("list") == {"a": [1]}


def test_every_notebook_gets_its_own_copy(taking):
    """What one call changes, the next does not see."""
    shared.offer({"a": 1}, taking)
    dataset.load(taking)["a"] = 2
    assert dataset.load(taking) == {"a": 1}


def test_anything_else_is_read_as_usual(taking):
    """Another folder, or another end of the data."""
    shared.offer("offered", taking)
    assert dataset.load(taking / "x") == ("read", str(taking / "x"), None)
    assert dataset.load(taking, as_of="2026-01-01") == ("read", str(taking), "2026-01-01")


def test_without_an_offer_the_kernel_reads_for_itself(taking, monkeypatch):
    """After a while; a report never hangs on it."""
    monkeypatch.setattr(shared, "PATIENCE", 0.05)
    assert dataset.load(taking) == ("read", str(taking), None)


def test_a_notebook_sees_the_same_numbers_either_way(exports, tmp_path):
    """Tables, types, objectives and provenance of the shared dataset equal a fresh reading."""
    source = (
        "import srelib, hashlib, pickle\n"
        "d = srelib.load(data)\n"
        "tables = (d.sli, d.series, d.sources, d.rejects, d.deployments)\n"
        "print('shared' if 'shared' in srelib.load.__module__ else 'own')\n"
        "print([(list(t.dtypes.astype(str)), t.to_csv()) for t in tables], d.slos, d.as_of)\n"
        "print(d.counts('shop').sum().tolist())"
    )
    books = tmp_path / "books"
    books.mkdir()
    node = book(code('data = "x"', "parameters"), code(source))
    nbformat.write(node, books / "00_x.ipynb")
    report.run(exports, out=tmp_path / "out", notebooks=books)
    page = (tmp_path / "out" / "00_x.html").read_text()
    fresh = dataset.load(exports)
    tables = (fresh.sli, fresh.series, fresh.sources, fresh.rejects, fresh.deployments)
    expected = [(list(t.dtypes.astype(str)), t.to_csv()) for t in tables]
    assert "shared\n" in page
    assert str(expected)[:2000] in html.unescape(page)
    assert "[4790.0, 4800.0]" in page


def test_kernels_do_not_pay_for_the_report():
    """What they import of it brings neither nbformat nor nbconvert, a second each."""
    program = (
        "import sys, srelib.report.shared\n"
        "print([m for m in ('nbformat', 'nbclient', 'nbconvert') if m in sys.modules])"
    )
    shown = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert shown.strip() == "[]"
