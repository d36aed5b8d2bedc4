"""Weeks by services: whole weeks only, unknown stays unknown, one indicator a service."""

import numpy as np
import pandas as pd
import pytest

from srelib import tables, tradeoff
from srelib.errors import ParameterError
from srelib.fleet import Indicator

HOURS = pd.date_range("2026-01-07", periods=4 * 168, freq="h", tz="UTC", unit="us")
"""From a Wednesday: three whole weeks from Monday the 12th."""
SPAN = (HOURS[0], HOURS[-1] + pd.Timedelta("1h"))
SHOP = Indicator("shop", "shop", "availability", target=0.98)


def counts(good: float = 99.0, total: float = 100.0) -> pd.DataFrame:
    """The same counts every hour."""
    return pd.DataFrame({"good": good, "total": total}, index=HOURS)


def shipped(*times: str, size: float = 2.0, failed: bool = False) -> pd.DataFrame:
    """Deployments of the shop."""
    at = pd.to_datetime(list(times), utc=True, format="ISO8601")
    return pd.DataFrame({
        "deployment_id": [str(n) for n in range(len(times))], "service": "shop",
        "finished_at": at, "size": size, "failed": failed,
    })  # fmt: skip


def deployments(*rows: tuple[str, str]) -> pd.DataFrame:
    """Table deployments of the shop: time, status."""
    return tables.conform(pd.DataFrame({
        "deployment_id": [f"d{n}" for n in range(len(rows))], "service": "shop",
        "finished_at": pd.to_datetime([row[0] for row in rows], utc=True),
        "status": [row[1] for row in rows],
    }), "deployments")  # fmt: skip


def test_only_whole_weeks_count():
    """Four weeks from a Wednesday hold three from Monday to Sunday."""
    rows = tradeoff.weekly({SHOP: counts()}, shipped(), between=SPAN)
    assert [f"{t:%m-%d}" for t in rows["starts_at"]] == ["01-12", "01-19", "01-26"]
    assert rows["total"].tolist() == [16800.0] * 3
    assert rows["spent"].tolist() == pytest.approx([0.5] * 3)


def test_deployments_fall_into_the_week_they_reached_users():
    """The last minute of Sunday, the first of Monday; the first days belong to no whole week."""
    rows = tradeoff.weekly(
        {SHOP: counts()},
        shipped("2026-01-08", "2026-01-18T23:59", "2026-01-19T00:00", "2026-01-20"),
        between=SPAN,
    )
    assert rows["deployments"].tolist() == [1.0, 2.0, 0.0]


def test_weeks_begin_where_the_people_are():
    """Sunday 23:30 UTC is Monday in Berlin."""
    rows = tradeoff.weekly({SHOP: counts()}, shipped("2026-01-18T23:30"), between=SPAN,
                           timezone="Europe/Berlin")  # fmt: skip
    assert rows["deployments"].tolist() == [0.0, 1.0, 0.0]


def test_a_week_without_a_deployment_has_no_batch_and_no_fail_share():
    """0 of 0 is unknown."""
    rows = tradeoff.weekly({SHOP: counts()}, shipped("2026-01-13", failed=True), between=SPAN)
    assert rows["batch"].iloc[0] == 2.0
    assert rows["fail_share"].iloc[0] == 1.0
    assert rows[["batch", "fail_share"]].iloc[1:].isna().all(axis=None)


def test_a_week_hardly_observed_is_unknown():
    """Four of seven days missing; three missing still count, on what was seen."""
    seen = counts()
    seen.loc["2026-01-12":"2026-01-15"] = np.nan
    seen.loc["2026-01-19":"2026-01-21"] = np.nan
    rows = tradeoff.weekly({SHOP: seen}, shipped(), between=SPAN)
    assert rows["bad_share"].isna().tolist() == [True, False, False]
    assert rows["bad_share"].iloc[1] == pytest.approx(0.01)
    assert rows["coverage"].tolist() == pytest.approx([3 / 7, 4 / 7, 1.0])


def test_no_traffic_is_neither_good_nor_bad():
    """Zero requests: no share."""
    rows = tradeoff.weekly({SHOP: counts(0.0, 0.0)}, shipped(), between=SPAN)
    assert rows["bad_share"].isna().all()


def test_nothing_promised_leaves_spent_unknown():
    """The bad share is known all the same."""
    key = Indicator("shop", "shop", "availability")
    rows = tradeoff.weekly({key: counts()}, shipped(), between=SPAN)
    assert rows["spent"].isna().all()
    assert rows["bad_share"].notna().all()


def test_two_indicators_of_a_service_are_refused():
    """A deployment would count twice."""
    other = Indicator("fast", "shop", "latency", target=0.9)
    with pytest.raises(ParameterError, match="'shop' has several"):
        tradeoff.weekly({SHOP: counts(), other: counts()}, shipped(), between=SPAN)


def test_one_indicator_a_service_is_chosen_by_name():
    """Availability where there is one, else the first; never by the numbers."""
    fast = Indicator("fast", "shop", "latency", target=0.9)
    slow = Indicator("slow", "web", "latency", target=0.9)
    given = {fast: counts(), SHOP: counts(0.0), slow: counts()}
    assert list(tradeoff.per_service(given)) == [SHOP, slow]
    assert list(tradeoff.per_service(given, sli="latency")) == [fast, slow]


def test_shared_span_begins_with_the_later_record():
    """Counts from the 7th, the first deployment on the 12th: weeks before it are unknown."""
    rows = deployments(("2026-01-12T09:00", "succeeded"))
    assert tradeoff.shared_span({SHOP: counts()}, rows)[0] == pd.Timestamp("2026-01-12", tz="UTC")
    assert tradeoff.shared_span({SHOP: counts()}, rows.iloc[:0]) == SPAN
    assert tradeoff.shared_span({}, rows) is None
    late = deployments(("2026-05-12T09:00", "succeeded"))
    assert tradeoff.shared_span({SHOP: counts()}, late) is None


def test_without_counts_the_span_is_that_of_the_records():
    """Deployments, or else incidents, until the end of the data."""
    end = pd.Timestamp("2026-02-01", tz="UTC")
    made = deployments(("2026-01-12T09:00", "succeeded"))
    down = pd.DataFrame({"started_at": pd.to_datetime(["2026-01-20T09:00Z"])})
    span = tradeoff.shared_span({}, made, incidents=down, as_of=end)
    assert span == (pd.Timestamp("2026-01-12", tz="UTC"), end)
    span = tradeoff.shared_span({}, made.iloc[:0], incidents=down, as_of=end)
    assert span == (pd.Timestamp("2026-01-20", tz="UTC"), end)
    assert tradeoff.shared_span({}, made.iloc[:0], as_of=end) is None


def test_nothing_is_shipped_in_no_time():
    """Without a span there is nothing to judge failures over."""
    assert tradeoff.shipped(deployments(("2026-01-13", "succeeded")), None, None,
                            between=None).empty  # fmt: skip


def test_shipped_counts_changes_and_marks_failures():
    """Two changes in one, none known in the other; a rollback says that it failed."""
    rows = deployments(("2026-01-13", "succeeded"), ("2026-01-14", "rolled_back"),
                       ("2026-01-15", "cancelled"))  # fmt: skip
    changes = tables.conform(pd.DataFrame({
        "change_id": ["c1", "c2"], "service": "shop", "deployment_id": "d0",
        "committed_at": pd.to_datetime(["2026-01-10", "2026-01-11"], utc=True),
    }), "changes")  # fmt: skip
    found = tradeoff.shipped(rows, changes, None, between=SPAN)
    assert found["deployment_id"].tolist() == ["d0", "d1"]
    assert found["size"].fillna(-1).tolist() == [2.0, -1.0]
    assert found["failed"].tolist() == [False, True]


def test_without_a_span_there_are_no_weeks():
    """Counts and deployments that never overlap."""
    rows = tradeoff.weekly({SHOP: counts()}, shipped(), between=None)
    assert rows.empty
    assert "bad_share" in rows
