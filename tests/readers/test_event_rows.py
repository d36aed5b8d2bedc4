"""One row per request, check or sample, counted per bucket."""

from __future__ import annotations

from pathlib import Path

import pytest

from srelib.errors import ReadError
from srelib.readers.base import FileResult
from srelib.readers.recognition import read
from srelib.sources import Source

LOG = """timeStamp,label,responseCode,success
1780272000179,GET /,200,true
1780272001179,GET /,503,false
1780272061179,GET /,200,true
1780272002179,GET /health,200,true
yesterday,GET /,200,true
"""


def events(folder: Path, **said: object) -> FileResult:
    """The log read as events of the shop."""
    path = folder / "results.jtl"
    path.write_text(LOG)
    columns = {"time": "timeStamp"} | dict(said.pop("columns", {}))  # type: ignore[call-overload]
    source = Source(match="*", unit="event", columns=columns, **said)  # type: ignore[arg-type]
    return read(path, root=folder, source=source)[1]


def test_rows_are_counted_by_minute(tmp_path: Path) -> None:
    """Three rows in the first minute, one of them bad; the row without a time is refused."""
    result = events(tmp_path, service="shop", good="success = 'true' and responseCode < 500")
    sli = result.tables["sli"]
    assert sli[["service", "good", "total"]].astype({"service": "str"}).values.tolist() == [
        ["shop", 2, 3], ["shop", 1, 1],
    ]  # fmt: skip
    assert result.rejects[["line", "column", "value"]].values.tolist() == [
        [6, "timeStamp", "yesterday"]
    ]
    assert (result.rows_read, result.rows_kept) == (5, 4)
    assert result.series[0].meaning.unit == "event"


def test_services_stand_in_a_column(tmp_path: Path) -> None:
    """Every value of the column is a service; the step is a choice."""
    result = events(tmp_path, good="responseCode in (200, 204)", step="1h",
                    columns={"service": "label"})  # fmt: skip
    sli = result.tables["sli"].astype({"service": "str"})
    assert sli[["service", "good", "total"]].values.tolist() == [
        ["GET /", 2, 3], ["GET /health", 1, 1],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "why"),
    [({"service": "shop"}, "nothing says which rows are good.* good = "),
     ({"good": "success = 'true'"}, "no column names the service"),
     ({"service": "shop", "good": "colour = 'red'"}, "no column 'colour'")],
)  # fmt: skip
def test_what_is_missing_is_asked_for(tmp_path: Path, said: dict[str, str], why: str) -> None:
    """Each with the key to add."""
    with pytest.raises(ReadError, match=why):
        events(tmp_path, **said)


def test_where_chooses_the_rows_that_are_events(tmp_path: Path) -> None:
    """The others are left out by rule, with their line, and counted."""
    result = events(tmp_path, service="shop", good="responseCode < 500", where={"label": "GET /"})
    assert result.tables["sli"][["good", "total"]].values.tolist() == [[1, 2], [1, 1]]
    left = result.rejects[result.rejects["by_rule"].fillna(False)]
    assert left[["line", "column", "value"]].values.tolist() == [[5, "label", "GET /health"]]
    assert (result.rows_read, result.rows_kept) == (5, 3)
    assert result.notes[0].startswith("1 records left out by label")
