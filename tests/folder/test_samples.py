"""The first cells of each column of a file, and what kind of cells they are."""

from __future__ import annotations

import json
from pathlib import Path

from srelib.folder.samples import all_are, cells_of, kinds_of
from srelib.readers import base
from srelib.sources import UNSAID


def test_the_longest_list_of_dated_records_is_looked_at(tmp_path: Path) -> None:
    """Records stand anywhere in a document; inner values have dotted names."""
    path = tmp_path / "a.json"
    rows = [{"at": "2026-06-01T00:00:00Z", "of": {"name": "web"}}, {"at": "2026-06-02T00:00:00Z"}]
    path.write_text(json.dumps({"users": [{"n": 1}, {"n": 2}, {"n": 3}], "data": {"rows": rows}}))
    where, cells = cells_of(base.head(path))
    assert where == "data.rows"
    assert cells == {"at": [rows[0]["at"], rows[1]["at"]], "of.name": ["web", ""]}


def test_a_time_of_day_is_shown_with_its_date(tmp_path: Path) -> None:
    """The two columns are one time, under the name of the date."""
    path = tmp_path / "a.csv"
    path.write_text("Date,Time,n\n2026-06-01,10:15,4\n")
    _, cells = cells_of(base.head(path).as_said(UNSAID))
    assert cells == {"Date": ["2026-06-01 10:15"], "n": ["4"]}


def test_columns_are_of_times_numbers_or_words() -> None:
    """One odd cell in ten changes nothing, and cells without a value say nothing."""
    cells = {"at": ["31.12.2026 10:00"] * 9 + ["?"], "n": ["1"] * 9 + ["x"], "w": ["a", "2"]}
    assert kinds_of(cells) == (["at"], ["n"], ["w"])


def test_a_column_without_cells_is_of_no_form() -> None:
    """Where nothing is known, nothing is shown."""
    assert all_are(r"\d+", ["1", "-", "22"])
    assert not all_are(r"\d+", ["1", "b"])
    assert not all_are(r"\d+", ["", "-"])
