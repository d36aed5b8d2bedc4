"""Requests counted by bucket and service, against pandas on the same rows."""

from functools import partial
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import rollup
from srelib.errors import InputError, ParameterError

START = pd.Timestamp("2026-06-01 23:50")
LOG = {
    "ts": st.integers(0, 3600),
    "svc": st.sampled_from(["shop", "pay's", None]),
    "status": st.sampled_from([200, 404, 500, 503, None]),
    "path": st.sampled_from(["/", "/health", None]),
    "ms": st.one_of(st.none(), st.sampled_from([0, 299, 300, 301, 1000, 1001])),
}


def table(rows: list[dict]):
    """Requests as an Ibis table."""
    frame = pd.DataFrame(rows, columns=[*LOG])
    frame["ts"] = START + pd.to_timedelta(frame["ts"].astype("float64"), unit="s")
    return frame, ibis.memtable(frame.astype({"status": "Int64", "ms": "Int64"}))


rules = partial(rollup.read_rules, time="ts", service="svc")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.fixed_dictionaries(LOG), min_size=1, max_size=40),
       st.sampled_from(["1m", "5m", "1h", "7m"]))  # fmt: skip
def test_counts_are_those_of_pandas(rows, every):
    """Kept, left out and refused are all rows; good ones by status and by each bound."""
    frame, logs = table(rows)
    said = rules("status < 500 and not status in (404)", where="path != '/health'", every=every,
                 latency="300ms,1s", duration="ms:ms")  # fmt: skip
    found = rollup.rollup(logs, said).execute()
    needed = ["svc", "status", "path", "ms"]
    sound = frame[needed].notna().all(axis=1)
    out = frame["path"] == "/health"  # whatever else is missing
    counts = sound & ~out
    assert found[["total", "refused", "left_out"]].sum().tolist() == [
        counts.sum(), (~sound & ~out).sum(), out.sum(),
    ]  # fmt: skip
    kept = frame[counts]
    status, took = kept["status"].astype("float64"), kept["ms"].astype("float64")
    size = pd.Timedelta(every.replace("m", "min"))
    bucket = pd.Timestamp(0) + (kept["ts"] - pd.Timestamp(0)) // size * size
    true = pd.DataFrame({
        "time": bucket, "service": kept["svc"], "total": 1,
        "availability": (status < 500) & (status != 404),
        "latency_le_0.3": took <= 300, "latency_le_1": took <= 1000,
    }).groupby(["time", "service"], as_index=False).sum()  # fmt: skip
    mine = found[found["total"] > 0].sort_values(["time", "service"])[list(true.columns)]
    pd.testing.assert_frame_equal(
        mine.reset_index(drop=True), true.sort_values(["time", "service"], ignore_index=True),
        check_dtype=False,
    )  # fmt: skip


def test_a_request_with_a_name_counts_once_and_at_its_earliest():
    """Rows that `where` leaves out take no name from those that count."""
    frame = pd.DataFrame({
        "ts": START + pd.to_timedelta([70, 0, 10, 20], unit="s"), "svc": "shop",
        "status": [200, 503, 200, 200], "id": ["a", "a", "b", "b"],
        "path": ["/", "/", "/health", "/"],
    })  # fmt: skip
    said = rules("status < 500", key="id", where="path != '/health'")
    found = rollup.rollup(ibis.memtable(frame), said).execute().sort_values("time")
    assert found["time"].tolist() == [START, START + pd.Timedelta("1min")]
    assert found["total"].tolist() == [2, 0]
    assert found["availability"].tolist() == [1, 0]
    assert found["left_out"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("condition", "good"),
    [("ok = 'true'", 2), ("ok != 'true'", 1), ("code >= 0.5", 2), ("ok in ('true', 'maybe')", 2),
     ("not ok = 'true' or code > 9", 1)],
)  # fmt: skip
def test_truth_values_and_texts_compare_as_they_are_written(condition, good):
    """A column of booleans with 'true', a column of texts with a number."""
    frame = pd.DataFrame({"ts": START, "svc": "shop", "ok": [True, True, False],
                          "code": ["1", "0.5", "0.25"]})  # fmt: skip
    found = rollup.rollup(ibis.memtable(frame), rules(condition)).execute()
    assert found["availability"].tolist() == [good]


def test_a_text_that_is_no_number_is_refused():
    """Where a number is compared."""
    frame = pd.DataFrame({"ts": START, "svc": "shop", "code": ["200", "-", "x"]})
    found = rollup.rollup(ibis.memtable(frame), rules("code < 500")).execute()
    assert found[["total", "refused", "availability"]].to_numpy().tolist() == [[1, 2, 1]]


@pytest.mark.parametrize("dialect", rollup.DIALECTS)
@pytest.mark.parametrize("every", ["1m", "5m"])
def test_the_query_of_every_engine_parses(dialect, every):
    """And groups once."""
    said = rules("status < 500", where="path != '/health'", latency="1s", duration="ms:ms",
                 every=every, key="id")  # fmt: skip
    text = rollup.sql(dialect, "requests", said)
    tree = sqlglot.parse_one(text, read=dialect)
    assert len(list(tree.find_all(sqlglot.exp.Group))) == 1
    assert [t.name for t in tree.find_all(sqlglot.exp.Table) if t.name] == ["requests"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"good": "status <"}, "a number or a text"),
        ({"good": "status < 500", "every": "500ms"}, "whole seconds"),
        ({"good": "status < 500", "every": "soon"}, "not a length of time"),
        ({"good": "status < 500", "latency": "1s"}, "COLUMN:UNIT"),
        ({"good": "status < 500", "latency": "1s", "duration": "ms:min"}, "unit must be one of"),
    ],
)
def test_what_cannot_be_read_is_refused(given, said):
    """As an error of parameters, with what would be right."""
    with pytest.raises(ParameterError, match=said):
        rules(**given)


def test_columns_that_are_not_there_are_named():
    """With those that are; and a text is no time."""
    _, logs = table([dict.fromkeys(LOG) | {"ts": 0}])
    with pytest.raises(InputError, match="no column 'code'; the rows have 'ts', 'svc'"):
        rollup.rollup(logs, rules("code < 500"))
    text = ibis.memtable(pd.DataFrame({"ts": ["2026"], "svc": ["a"], "status": [1]}))
    with pytest.raises(InputError, match="of type string, no time"):
        rollup.rollup(text, rules("status < 500"))


def test_table_sli_holds_only_buckets_with_requests():
    """One row for each indicator, counts as numbers with a fraction."""
    _, logs = table([
        {"ts": 0, "svc": "shop", "status": 200, "path": "/", "ms": 400},
        {"ts": 60, "svc": "shop", "status": None, "path": "/", "ms": 1},
    ])  # fmt: skip
    said = rules("status < 500", latency="300ms", duration="ms:ms")
    found = rollup.long(rollup.rollup(logs, said), said).execute()
    assert found[["sli", "good", "total"]].to_numpy().tolist() == [
        ["availability", 1.0, 1.0], ["latency_le_0.3", 0.0, 1.0],
    ]  # fmt: skip
    assert found["good"].dtype == np.float64


def test_the_documentation_has_the_query_of_every_engine():
    """As `--sql` prints it today."""
    text = (Path(__file__).parents[2] / "docs" / "rollup.md").read_text("utf-8")
    said = rollup.read_rules("status < 500", where="path != '/health'", latency="300ms,1s",
                             duration="latency_ms:ms")  # fmt: skip
    for dialect in rollup.DIALECTS:
        block = f"### {dialect}\n\n```sql\n{rollup.sql(dialect, 'requests', said)}\n```\n"
        assert block in text, dialect
