"""Entries of sources.toml as they are printed, and what they mean when they are pasted."""

from __future__ import annotations

import tomllib

import pandas as pd

from srelib.folder import source_entries
from srelib.questions import Unconfirmed
from srelib.sources import Source, Sources, matches

ZONE = Unconfirmed("UTC", "the zone")


def read_back(text: str) -> Sources:
    """The text as sources.toml."""
    return Sources.model_validate(tomllib.loads(text))


def test_an_entry_says_what_is_known_and_marks_what_is_not():
    """Keys stand in the order of the documentation, with the mark behind a proposal."""
    keys = {"columns": {"time": "ts", "good": "2xx"}, "timezone": ZONE, "table": "sli"}
    assert source_entries.block("a.csv", keys) == (
        '[[file]]\nmatch = "a.csv"\ntable = "sli"\ntimezone = "UTC"  # ? the zone\n'
        'columns = { time = "ts", good = "2xx" }\n'
    )


def test_whatever_an_entry_says_can_be_pasted():
    """Quotes, line ends, lists, lengths of time, several services and series come back."""
    said = Source.model_validate(
        {
            "match": "x", "service": 'a "b"\\c\n', "step": "90s", "workflow": ["A", "B"],
            "services": {"a, b": ["a", "b"]}, "prereleases": True, "threshold": 0.25,
            "values": {"status": {"Done": "succeeded"}},
            "series": [{"service": "shop", "good": ["2xx", "3xx"], "total": "all"}],
        }
    )  # fmt: skip
    (entry,) = read_back(source_entries.block("x", source_entries.said(said))).file
    assert entry == said
    assert entry.step == pd.Timedelta("90s")


def test_a_proposal_stays_on_its_line():
    """Text of the export in a comment cannot begin a line of its own."""
    text = source_entries.block("a", {"unit": Unconfirmed("state", "x\nunit = 'count'\x00")})
    assert len(text.splitlines()) == 3
    assert read_back(text).file[0].unit == "state"


def test_what_is_asked_joins_what_is_said():
    """Tables are joined key by key, and a mark stays on the whole of one."""
    more = {"columns": Unconfirmed({"good": "b"}, "check"), "unit": "rate"}
    keys = source_entries.merged({"columns": {"time": "a"}, "unit": "count"}, more)
    assert keys == {"columns": Unconfirmed({"time": "a", "good": "b"}, "check"), "unit": "rate"}
    entry = source_entries.assumed("a.csv", keys)
    assert entry is not None
    assert (entry.columns, entry.unit) == ({"time": "a", "good": "b"}, "rate")
    assert source_entries.assumed("a.csv", {"columns": {"nonsense": "a"}}) is None


def test_equal_entries_of_many_files_become_one():
    """One glob stands for files it means alone; else each has its own entry."""
    entries = {f"req-{month}.csv": {"timezone": ZONE} for month in ("may", "june")}
    text = source_entries.blocks(entries, entries)
    assert [entry.match for entry in read_back(text).file] == ["req-*.csv"]
    text = source_entries.blocks(entries, [*entries, "req-old.csv"])
    assert [entry.match for entry in read_back(text).file] == ["req-may.csv", "req-june.csv"]


def test_an_entry_means_its_file_only():
    """A file of the same name in a folder below is not meant, nor are marks of globs."""
    names = ["a.csv", "2026/a.csv", "b[1]*.csv", "b1x.csv"]
    for name in names:
        (entry,) = read_back(source_entries.blocks({name: {"unit": "count"}}, names)).file
        assert [other for other in names if matches(entry.match, other)] == [name]


def test_the_entry_of_a_folder_stands_before_that_of_a_name():
    """The first entry that fits counts, and a bare name fits everywhere."""
    names = ["b/a.csv", "c.csv"]
    entries = {
        name: {"unit": unit} for name, unit in zip(names[::-1], ("rate", "count"), strict=True)
    }
    found = [entry.match for entry in read_back(source_entries.blocks(entries, names)).file]
    assert found == ["b/a.csv", "c.csv"]


def test_marks_that_are_left_are_found():
    """Lines that are comments as a whole confirm nothing and ask nothing."""
    text = '# lines with # ? are proposals\n[[file]]\nmatch = "a"\ntimezone = "UTC"  # ? zone\n'
    assert source_entries.unconfirmed_lines(text) == [(4, "timezone")]
