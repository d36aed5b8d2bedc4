"""The canonical tables: one description of every column, and one way into it."""

from __future__ import annotations

import pandas as pd
import pytest

from srelib import tables
from srelib.errors import ColumnError

AT = pd.Timestamp("2026-06-01T09:00Z")


@pytest.mark.parametrize("table", tables.TABLES)
def test_an_empty_table_has_the_columns_and_dtypes_of_a_full_one(table: str) -> None:
    """A reader that finds nothing returns the same shape as one that finds rows."""
    frame = tables.empty(table)
    expected = [tables.DTYPES[column.kind] for column in tables.TABLES[table]]
    assert list(frame.columns) == tables.names(table)
    assert [str(dtype) for dtype in frame.dtypes] == expected


def test_missing_optional_columns_are_added_as_missing() -> None:
    """What an export does not say stays unknown; it is not filled in."""
    frame = tables.conform(
        pd.DataFrame({"incident_id": ["a"], "service": ["shop"], "started_at": [AT]}), "incidents"
    )
    assert list(frame.columns) == tables.names("incidents")
    assert frame["resolved_at"].isna().all()
    assert frame["title"].isna().all()
    assert str(frame["resolved_at"].dtype) == "datetime64[us, UTC]"


def test_the_input_is_not_changed_and_the_index_is_fresh() -> None:
    """Readers keep their frame; the table counts its rows from zero."""
    given = pd.DataFrame(
        {"rule": ["r"], "service": ["shop"], "fired_at": [AT.tz_convert("Europe/Berlin")]},
        index=[7],
    )
    before = given.copy(deep=True)
    frame = tables.conform(given, "alerts")
    pd.testing.assert_frame_equal(given, before)
    assert frame.index.tolist() == [0]
    assert frame["fired_at"].iloc[0] == AT


def test_times_without_a_zone_are_refused() -> None:
    """Nobody guesses a zone on the way into a table."""
    given = pd.DataFrame(
        {"service": ["a"], "rule": ["r"], "fired_at": pd.to_datetime(["2026-06-01"])}
    )
    with pytest.raises(ColumnError, match=r"alerts\.fired_at holds times without a zone"):
        tables.conform(given, "alerts")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"service": ["a"]}, "lacks 'rule', 'fired_at'; columns seen: 'service'"),
        ({"service": ["a"], "rule": ["r"], "fired_at": [AT], "pager": ["x"]}, "no column 'pager'"),
        ({"service": ["a"], "rule": ["r"], "fired_at": ["soon"]}, "fired_at must be datetime64"),
    ],
)
def test_a_table_of_another_shape_is_refused_with_the_column(given: dict, said: str) -> None:
    """The message names the column, what was seen and what belongs there."""
    with pytest.raises(ColumnError, match=said):
        tables.conform(pd.DataFrame(given), "alerts")


def test_tables_of_one_kind_are_stacked_and_empty_ones_cost_nothing() -> None:
    """Rows come in the order of the tables, numbered anew; no rows give the empty table."""
    one = tables.conform(
        pd.DataFrame({"service": ["a"], "rule": ["r"], "fired_at": [AT]}), "alerts"
    )
    both = tables.stacked([one, tables.empty("alerts"), one.assign(service="b")], "alerts")
    assert both["service"].tolist() == ["a", "b"]
    assert both.index.tolist() == [0, 1]
    pd.testing.assert_frame_equal(tables.stacked([], "alerts"), tables.empty("alerts"))
