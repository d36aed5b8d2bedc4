"""Numbers of notes: the same wherever they are shown."""

import pandas as pd

from srelib import tables
from srelib.annotations import numbered, together


def notes(*rows: tuple[str | None, str, str]) -> pd.DataFrame:
    """A table of notes from service, time and text."""
    frame = pd.DataFrame(rows, columns=["service", "date", "note"])
    return tables.conform(
        frame.assign(date=pd.to_datetime(frame["date"], utc=True, format="ISO8601")), "annotations"
    )


MADE = notes(
    ("b", "2026-06-03 14:00", "moved"), (None, "2026-06-01", "sale"), ("a", "2026-06-03", "moved"),
    ("a", "2026-06-03", "broke"),
)  # fmt: skip


def test_notes_are_numbered_by_day():
    """One on several services has one number, whatever the time of day."""
    found = numbered(MADE)
    assert found["note"].tolist() == ["sale", "broke", "moved", "moved"]
    assert found["number"].tolist() == [1, 2, 3, 3]
    assert set(found["date"].dt.hour) == {0}


def test_each_note_once_with_its_services():
    """Without services it is about all of them."""
    day = pd.Timestamp("2026-06-03", tz="UTC")
    assert together(MADE)[1:] == [(2, day, ["a"], "broke"), (3, day, ["a", "b"], "moved")]
    assert together(MADE)[0][2] == []


def test_no_notes_are_none():
    """An empty table, or none at all."""
    assert together(None) == together(MADE[:0]) == []
    assert list(numbered(None)) == ["service", "date", "note", "number"]
