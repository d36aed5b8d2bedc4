"""Logs of events in several files: they add up, and rows that two of them hold count once."""

from __future__ import annotations

from pathlib import Path

import pytest

import srelib
from srelib.dataset import Dataset
from srelib.errors import InputError

SAID = '[[file]]\nmatch = "*"\nservice = "shop"\n'


def rows(*seconds: int, bad: int = -1) -> str:
    """A log of JMeter with a request at each second, of which one may be bad."""
    return "timeStamp,elapsed,success\n" + "".join(
        f"{1780272000 + second}000,8,{'false' if second == bad else 'true'}\n" for second in seconds
    )


def loaded(folder: Path, **files: str) -> Dataset:
    """A folder of logs of one service."""
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    (folder / "sources.toml").write_text(SAID)
    return srelib.load(folder)


def test_logs_add_up_where_they_overlap(tmp_path: Path) -> None:
    """One node's 1 of 2 and another's 2 of 2 in the first minute; a copy counts once."""
    first = rows(0, 1, 61, 121, bad=1)
    data = loaded(tmp_path, a=first, b=rows(2, 3, 181, bad=181), copy=first)
    assert data.sli[["good", "total"]].values.tolist() == [[3, 4], [1, 1], [1, 1], [0, 1]]
    assert data.rejects[["file", "line"]].values.tolist() == [["copy.csv", n] for n in (2, 3, 4, 5)]
    assert set(data.rejects["reason"]) == {
        "repeats rows of a.csv (same service, times and columns)"
    }
    assert data.rejects["value"][0] == "shop availability 2026-06-01T00:00:00Z"
    assert data.sources[["rows_kept", "rows_rejected"]].values.tolist() == [[4, 0], [3, 0], [0, 4]]


def test_overlapping_exports_of_one_log_count_once(tmp_path: Path) -> None:
    """At the end of the first and the start of the second the fuller minute counts."""
    every = range(0, 600, 15)
    data = loaded(tmp_path, a=rows(*[s for s in every if s < 310]),
                  b=rows(*[s for s in every if s >= 200]))  # fmt: skip
    assert data.sli["total"].tolist() == [4.0] * 10
    assert data.sources["rows_kept"].sum() == len(every)
    assert data.rejects.groupby("file").size().to_dict() == {"a.csv": 1, "b.csv": 6}


def test_nodes_with_the_same_counts_are_no_copies(tmp_path: Path) -> None:
    """Both see two requests a minute, at other seconds."""
    data = loaded(tmp_path, a=rows(0, 1, 60, 61, 120, 121), b=rows(2, 3, 62, 63, 122, 123))
    assert data.sli["total"].tolist() == [4.0] * 3
    assert not len(data.rejects)


def test_a_log_is_not_mixed_with_counts(tmp_path: Path) -> None:
    """Which of the two is right is asked, and another name for one of them answers it."""
    counts = "time,service,good,total\n2026-06-01T00:00:00Z,shop,5,6\n"
    with pytest.raises(InputError, match="availability counts events here, but rows in a"):
        loaded(tmp_path, a=rows(0, 1), b=counts)
    (tmp_path / "sources.toml").write_text(f'[[file]]\nmatch = "b*"\nsli = "edge"\n{SAID}')
    data = srelib.load(tmp_path)
    assert data.series[["sli", "buckets"]].values.tolist() == [["availability", 1], ["edge", 1]]
