"""Who spent the budget: parts that add up exactly, one cause per bucket; and exclusions."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import budget
from srelib.errors import ColumnError, InvalidTargetError, ParameterError, TimeIndexError
from tests.budget.shapes import counts, series

FAST = settings(max_examples=40, deadline=None)
BASE = pd.Timestamp("2026-01-05", tz="UTC")


def at(hours: object) -> pd.Series:
    """Times as hours after 5 January 2026; None stays missing."""
    return BASE + pd.to_timedelta(pd.Series(hours, dtype="float64"), unit="h")


def incidents(*rows: tuple, **columns: object) -> pd.DataFrame:
    """Incidents of one service as (id, started, resolved) in hours."""
    ids, started, resolved = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "incident_id": ids,
            "service": "shop",
            "started_at": at(started),
            "resolved_at": at(resolved),
            **columns,
        }
    )


def deployments(*rows: tuple, **columns: object) -> pd.DataFrame:
    """Deployments of one service as (id, finished) in hours."""
    ids, finished = zip(*rows, strict=True)
    return pd.DataFrame(
        {"deployment_id": ids, "service": "shop", "finished_at": at(finished), **columns}
    )


def spenders(bad: object, **tables: object) -> pd.DataFrame:
    """Accounting of these hourly bad events out of 100 each, at 90 %, two hours answerable."""
    total = series(np.full(len(list(bad)), 100.0))
    policy = {"target": 0.9, "incidents": None, "deployments": None, "within": "2h", **tables}
    return budget.spent_by_event(total - series(bad).to_numpy(), total, **policy)


def owned(parts: pd.DataFrame) -> dict[str, float]:
    """Bad events by key; the rest under an empty key."""
    return dict(zip(parts["key"], parts["bad"], strict=True))


def test_every_bucket_belongs_to_one_cause():
    """Incident first, then the hours after the deployment, then nobody."""
    parts = spenders(
        [1, 2, 4, 8, 16, 32],
        incidents=incidents(("i", 2, 3)),
        deployments=deployments(("d", 1)),
        within="3h",
    )
    assert owned(parts) == {"d": 2 + 8, "i": 4, "": 1 + 16 + 32}
    assert parts["share_of_spent"].sum() == pytest.approx(1)
    assert parts["share_of_allowance"].tolist() == pytest.approx([4 / 60, 10 / 60, 49 / 60])


def test_overlapping_incidents_are_counted_once_and_the_first_owns():
    """The incident that started earlier keeps what both cover."""
    parts = spenders([1, 2, 4, 8], incidents=incidents(("late", 1, 4), ("early", 0, 2)))
    assert owned(parts) == {"early": 3, "late": 12, "": 0}


def test_an_incident_inside_another_owns_nothing_but_is_listed():
    """Nested incidents do not take from the one around them."""
    parts = spenders([1, 2, 4, 8], incidents=incidents(("outer", 0, 4), ("inner", 1, 2)))
    assert owned(parts) == {"outer": 15, "inner": 0, "": 0}


def test_an_open_incident_lasts_until_the_data_ends():
    """A missing end is not a missing incident."""
    parts = spenders([1, 2, 4, 8], incidents=incidents(("open", 2, None)))
    assert owned(parts) == {"open": 12, "": 3}
    assert parts.set_index("key").loc["open", "ends_at"] == BASE + pd.Timedelta("4h")


def test_planned_maintenance_is_no_cause():
    """Severity maintenance leaves the bad events to the rest."""
    table = incidents(("m", 0, 4), ("i", 1, 2), severity=["Maintenance", None])
    assert owned(spenders([1, 2, 4, 8], incidents=table)) == {"i": 2, "": 13}


@pytest.mark.parametrize("resolved", [1.5, 1.0])
def test_an_incident_that_did_not_last_owns_nothing(resolved):
    """Zero length, or an end before the start, claims no bucket."""
    table = incidents(("i", 1.5, resolved))
    assert owned(spenders([1, 2, 4], incidents=table)) == {"": 7}


def test_a_bucket_belongs_to_the_latest_deployment_before_it():
    """The next deployment takes over, even while the first would still be answerable."""
    parts = spenders([1, 2, 4, 8, 16], deployments=deployments(("a", 0), ("b", 1)), within="3h")
    assert owned(parts) == {"a": 1, "b": 2 + 4 + 8, "": 16}


def test_a_bucket_is_not_divided():
    """A deployment in the middle of an hour owns that hour."""
    parts = spenders([1, 2, 4], deployments=deployments(("a", 1.5)), within="30min")
    assert owned(parts) == {"a": 2, "": 5}


def test_deployments_that_reached_nobody_spent_nothing():
    """Rolled back ones and those of unknown status count; failed and cancelled ones do not."""
    table = deployments(
        ("a", 0), ("b", 1), ("c", 2), ("d", 3), status=["failed", "cancelled", "rolled_back", None]
    )
    parts = spenders([1, 2, 4, 8], deployments=table, within="1h")
    assert owned(parts) == {"c": 4, "d": 8, "": 3}


def test_causes_outside_the_data_are_not_listed():
    """An incident last year and a deployment next week are not in the table."""
    parts = spenders(
        [1, 2], incidents=incidents(("old", -9, -8)), deployments=deployments(("new", 5))
    )
    assert parts["cause"].tolist() == ["other"]


def test_a_deployment_shortly_before_the_data_still_answers():
    """What began before the first bucket owns the buckets it reaches."""
    assert owned(spenders([1, 2, 4], deployments=deployments(("d", -1)))) == {"d": 1, "": 6}


def test_labels_come_from_the_data_as_they_are():
    """Titles are not escaped here; without a title the identifier stands in."""
    table = incidents(("i1", 0, 1), ("i2", 1, 2), title=["<b>*down*</b>", None])
    shipped = deployments(("d", 2), commit_sha=["0123456789abcdef"])
    parts = spenders([1, 2, 4, 8], incidents=table, deployments=shipped)
    assert parts["label"].tolist() == ["<b>*down*</b>", "i2", "01234567", "neither"]


def test_nothing_spent_has_no_shares_of_it():
    """A clean month has parts of 0 and shares of NaN."""
    parts = spenders([0, 0], incidents=incidents(("i", 0, 1)))
    assert parts["bad"].tolist() == [0, 0]
    assert parts["share_of_spent"].isna().all()
    assert parts["share_of_allowance"].tolist() == [0, 0]


def test_unknown_buckets_spend_nothing():
    """A gap during an incident adds nothing to it."""
    total = series([100, np.nan, 100])
    parts = budget.spent_by_event(
        total - 5, total, target=0.9, incidents=incidents(("i", 0, 2)), deployments=None,
        within="1h",
    )  # fmt: skip
    assert owned(parts) == {"i": 5, "": 5}


def test_an_incident_nobody_could_see_says_so():
    """Coverage tells an incident in a gap from one that did no harm."""
    total = series([100, np.nan, np.nan, 100])
    table = incidents(("unseen", 1, 3), ("harmless", 3, 4), ("inside", 1.5, 2))
    parts = budget.spent_by_event(
        total, total, target=0.9, incidents=table, deployments=None, within="1h"
    ).set_index("key")
    assert parts["bad"].tolist() == [0, 0, 0, 0]
    coverage = parts["coverage"]
    assert (coverage["unseen"], coverage["harmless"]) == (0, 1)
    assert np.isnan(coverage["inside"])  # it owns no bucket


def test_nothing_observed_is_attributed_to_nobody():
    """Without one observed bucket every part is NaN."""
    total = series([np.nan, np.nan])
    parts = budget.spent_by_event(
        total, total, target=0.9, incidents=None, deployments=None, within="1h"
    )
    assert parts["bad"].isna().all()


def test_incidents_of_several_services_are_refused():
    """Another service's incidents would be blamed silently."""
    table = incidents(("i", 0, 1), ("j", 1, 2), service=["shop", "search"])
    with pytest.raises(ParameterError, match="got 2 services"):
        spenders([1, 2], incidents=table)


def test_counts_with_missing_rows_are_refused():
    """On an irregular index a bucket's owner would be a guess."""
    total = series([1, 1, 1, 1]).drop(BASE + pd.Timedelta("1h"))
    with pytest.raises(TimeIndexError, match="full grid"):
        budget.spent_by_event(
            total, total, target=0.9, incidents=None, deployments=None, within="1h"
        )


def test_a_table_without_its_columns_is_refused():
    """The missing column is named."""
    with pytest.raises(ColumnError, match="deployments lack finished_at"):
        spenders([1, 2], deployments=pd.DataFrame({"deployment_id": ["d"]}))


@pytest.mark.parametrize("within", ["0h", "-1h"])
def test_no_time_to_answer_is_refused(within):
    """`within` must be longer than nothing."""
    with pytest.raises(ParameterError, match="within must be longer than nothing"):
        spenders([1, 2], within=within)


def test_a_target_in_percent_is_refused():
    """Attribution checks the target like everything else."""
    with pytest.raises(InvalidTargetError, match=r"write 0\.999"):
        spenders([1, 2], target=99.9)


def test_seconds_of_a_ratio_add_up_to_the_last_bit():
    """Tenths of seconds in thousands of buckets lose nothing in any order of adding up."""
    rng = np.random.default_rng(5)
    total = series(np.full(3000, 60.0))
    good = total * (1 - rng.random(3000) / 7)
    rows = [(f"i{n}", float(n), n + rng.random() * 30) for n in range(0, 3000, 50)]
    parts = budget.spent_by_event(
        good, total, target=0.9, incidents=incidents(*rows), deployments=None, within="1h"
    )
    spent = budget.status(good, total, target=0.9).spent
    assert parts["bad"].sum() == parts["bad"][::-1].sum() == math.fsum(parts["bad"]) == spent
    assert spent == math.fsum(total - good)


def brute(bad: list, causes: list, shipped: list, within: float) -> dict[str, float]:
    """Owner of each hour by reading the rule aloud."""
    sums = {"": 0.0}
    for hour, events in enumerate(bad):
        covering = [
            (start, end, key)
            for key, start, length in causes
            for end in [start + length]
            if start < hour + 1 and end > hour and length > 0
        ]
        before = [(done, key) for key, done in shipped if done < hour + 1]
        if covering:
            owner = min(covering)[2]
        elif before and max(before)[0] + within > hour:
            owner = max(before)[1]
        else:
            owner = ""
        sums[owner] = sums.get(owner, 0.0) + events
    return {key: events for key, events in sums.items() if events}


@FAST
@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=40),
    st.lists(st.tuples(st.floats(-3, 45), st.integers(0, 12)), max_size=6),
    st.lists(st.floats(-3, 45), max_size=6, unique=True),
    st.sampled_from([1, 2, 5]),
)
def test_parts_are_those_of_the_rule_and_sum_to_spent(bad, causes, shipped, within):
    """Vectorised ownership equals the rule applied bucket by bucket; parts sum to spent."""
    quarters = [(round(start * 4) / 4, length) for start, length in causes]
    down = [(f"i{n}", start, start + length) for n, (start, length) in enumerate(quarters)]
    live = list({round(done * 4) / 4: f"d{n}" for n, done in enumerate(shipped)}.items())
    live = [(key, done) for done, key in live]
    parts = spenders(
        bad,
        incidents=incidents(*down)[::-1] if down else None,
        deployments=deployments(*live)[::-1] if live else None,
        within=f"{within}h",
    )
    named = [(key, start, end - start) for key, start, end in down]
    found = {key: events for key, events in owned(parts).items() if events}
    assert found == brute(bad, named, live, within)
    assert parts["bad"].sum() == sum(bad)


def test_accounting_leaves_its_input_alone():
    """Tables and counts are the caller's."""
    total = series([10, 10])
    table, shipped = incidents(("b", 1, None), ("a", 0, 1)), deployments(("d", 0))
    before = total.copy(), table.copy(), shipped.copy()
    budget.spent_by_event(
        total, total, target=0.9, incidents=table, deployments=shipped, within="1h"
    )
    pd.testing.assert_series_equal(total, before[0])
    pd.testing.assert_frame_equal(table, before[1])
    pd.testing.assert_frame_equal(shipped, before[2])


# --- by cause, by day ---------------------------------------------------------------------


def test_by_cause_always_has_three_rows():
    """A cause without an event spent 0, it is not absent."""
    parts = spenders([1, 2, 4, 8], incidents=incidents(("i", 0, 1), ("j", 1, 2), ("k", 0, 1)))
    frame = budget.spent_by_cause(parts)
    assert frame["cause"].tolist() == ["incident", "deployment", "other"]
    assert frame["bad"].tolist() == [3, 0, 12]
    assert frame["share_of_spent"].tolist() == pytest.approx([0.2, 0, 0.8])


def test_by_cause_of_nothing_spent_has_no_shares_of_it():
    """Shares of nothing are NaN in every row."""
    frame = budget.spent_by_cause(spenders([0, 0]))
    assert frame["bad"].tolist() == [0, 0, 0]
    assert frame["share_of_spent"].isna().all()


def test_days_follow_the_clock_on_the_wall():
    """Berlin's 29 March 2026 has 23 hours, and midnight is at 23:00 UTC before it."""
    index = pd.date_range("2026-03-27T23:00", periods=24 + 23 + 24, freq="h", tz="UTC")
    total = pd.Series(100.0, index=index)
    frame = budget.spent_by_day(total - 1, total, target=0.9, timezone="Europe/Berlin")
    assert frame["bad"].tolist() == [24, 23, 24]
    assert (frame["ends_at"] - frame["starts_at"]).dt.total_seconds().tolist() == [
        24 * 3600, 23 * 3600, 24 * 3600,
    ]  # fmt: skip
    assert frame["coverage"].tolist() == [1, 1, 1]
    assert frame["share_of_spent"].sum() == pytest.approx(1)


def test_a_day_nobody_saw_is_unknown():
    """A day inside a gap is NaN with coverage 0; the others still add up."""
    total = series(np.where(np.arange(72) // 24 == 1, np.nan, 100.0))
    frame = budget.spent_by_day(total - 1, total, target=0.9)
    assert frame["bad"].isna().tolist() == [False, True, False]
    assert frame["coverage"].tolist() == [1, 0, 1]
    assert frame["bad"].sum() == 48


@FAST
@given(st.lists(st.none() | st.integers(0, 9), min_size=2, max_size=80))
def test_days_sum_to_spent(bad):
    """What the days spent is what was spent."""
    total = series([math.nan if b is None else 10 for b in bad])
    good = total - [0 if b is None else b for b in bad]
    frame = budget.spent_by_day(good, total, target=0.9, timezone="Asia/Kolkata")
    assert frame["bad"].sum() == sum(b for b in bad if b is not None)


def windows_out(*rows: tuple) -> pd.DataFrame:
    """Exclusion windows, times as hours after 5 January 2026."""
    frame = pd.DataFrame(rows, columns=["service", "sli", "starts_at", "ends_at", "reason"])
    return frame.assign(starts_at=at(frame["starts_at"]), ends_at=at(frame["ends_at"]))


def shop(good: list, total: list) -> pd.DataFrame:
    """Hourly counts of one service."""
    return pd.DataFrame({"good": series(good), "total": series(total)})


def test_overlapping_exclusions_count_once():
    """Two windows over the same outage take its events out once."""
    counts = shop([10, 0, 0, 10], [10, 10, 10, 10])
    windows = windows_out(("shop", None, 1, 2.5, "move"), ("shop", None, 2, 3, "disk"))
    result = budget.exclude(counts, windows, service="shop", sli="availability")
    assert (result.total, result.bad) == (20, 20)
    assert result.windows[["reason", "buckets", "bad"]].to_numpy().tolist() == [
        ["move; disk", 2, 20]
    ]
    assert result.counts["total"].tolist() == [10, 0, 0, 10]


def test_windows_inside_a_longer_one_are_one_window():
    """Two short windows inside a long one make one row."""
    counts = shop([0] * 6, [1] * 6)
    windows = windows_out(
        (None, None, 0, 5, "move"), (None, None, 1, 2, "disk"), (None, None, 3, 4, "move")
    )
    result = budget.exclude(counts, windows, service="shop", sli="availability")
    assert result.windows[["reason", "buckets"]].to_numpy().tolist() == [["move; disk", 5]]


def test_excluded_buckets_are_known_even_where_nothing_was_seen():
    """Maintenance with the monitoring off leaves no gap."""
    counts = shop([10, np.nan, 10], [10, np.nan, 10])
    result = budget.exclude(
        counts, windows_out((None, None, 1, 2, "move")), service="shop", sli="latency"
    )
    assert result.counts["total"].tolist() == [10, 0, 10]
    assert (result.total, result.windows["buckets"].tolist()) == (0, [1])


@pytest.mark.parametrize(
    ("service", "sli", "applies"),
    [
        (None, None, True),
        ("shop", None, True),
        ("shop", "availability", True),
        (None, "availability", True),
        ("shop", "latency", False),
        ("search", None, False),
        (None, "latency", False),
    ],
)
def test_a_window_without_service_or_sli_applies_to_all(service, sli, applies):
    """What a row leaves open is no restriction; what it names is one."""
    counts = shop([5, 5], [10, 10])
    windows = windows_out((service, sli, 0, 1, "move"))
    result = budget.exclude(counts, windows, service="shop", sli="availability")
    assert result.counts["total"].tolist() == [0 if applies else 10, 10]


def test_exclusion_is_half_open_and_by_the_start_of_the_bucket():
    """The bucket that begins when the window ends counts again."""
    counts = shop([0, 0, 0, 0], [1, 1, 1, 1])
    windows = windows_out((None, None, 0.5, 2, "move"))
    result = budget.exclude(counts, windows, service="shop", sli="availability")
    assert result.counts["total"].tolist() == [1, 0, 1, 1]


def test_a_window_that_ends_before_it_starts_excludes_nothing():
    """Swapped times take nothing out."""
    counts = shop([0, 0], [1, 1])
    windows = windows_out((None, None, 2, 0, "typing error"))
    result = budget.exclude(counts, windows, service="shop", sli="availability")
    pd.testing.assert_frame_equal(result.counts, counts)
    assert len(result.windows) == 0


@pytest.mark.parametrize("exclusions", [None, windows_out()])
def test_without_exclusions_counts_stay_as_they_are(exclusions):
    """No table and an empty table take nothing out."""
    counts = shop([1, np.nan], [2, np.nan])
    result = budget.exclude(counts, exclusions, service="shop", sli="availability")
    pd.testing.assert_frame_equal(result.counts, counts)
    assert (result.total, result.bad) == (0, 0)


def test_exclusions_lacking_a_column_are_refused():
    """The missing column is named."""
    with pytest.raises(ColumnError, match="exclusions lack ends_at"):
        budget.exclude(
            shop([1], [1]),
            windows_out((None, None, 0, 1, "")).drop(columns="ends_at"),
            service="shop",
            sli="availability",
        )


@settings(max_examples=15, deadline=None)
@given(
    counts(),
    st.lists(
        st.tuples(
            st.sampled_from([None, "shop", "search"]), st.integers(-5, 60), st.integers(0, 20)
        ),
        max_size=6,
    ),
)
def test_what_is_left_and_what_was_removed_are_everything(pair, rows):
    """Kept plus removed is what there was; order of the windows and the input do not change."""
    counts = pd.DataFrame({"good": pair[0], "total": pair[1]})
    before = counts.copy()
    table = windows_out(*[(service, None, start, start + n, "x") for service, start, n in rows])
    result = budget.exclude(counts, table, service="shop", sli="availability")
    for name in ("good", "total"):
        assert np.nansum(result.counts[name]) + result.windows[name].sum() == np.nansum(
            counts[name]
        )
    assert result.windows["total"].sum() == result.total
    reordered = budget.exclude(counts, table[::-1], service="shop", sli="availability")
    pd.testing.assert_frame_equal(result.windows, reordered.windows)
    pd.testing.assert_frame_equal(counts, before)
