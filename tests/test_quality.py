"""Coverage, gaps, profiles and clock trouble."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import quality, tables
from srelib.errors import ColumnError, TimeIndexError
from srelib.windows import Member, Window

FAST = settings(max_examples=40, deadline=None)
BASE = pd.Timestamp("2026-01-05", tz="UTC")
UNKNOWN = float("nan")


def hourly(total: object, first: str = "2026-01-05") -> pd.DataFrame:
    """Hourly counts without a bad event; NaN is unknown."""
    data = np.asarray(total, dtype="float64")
    index = pd.date_range(first, periods=len(data), freq="h", tz="UTC", unit="us")
    return pd.DataFrame({"good": data, "total": data}, index=index)


def at(*hours: float | None) -> pd.Series:
    """Times as hours after 5 January 2026; None stays missing."""
    return BASE + pd.to_timedelta(pd.Series(hours, dtype="float64"), unit="h")


# --- coverage -----------------------------------------------------------------------------


def test_no_traffic_was_observed():
    """Zero events is knowledge; only a missing bucket lowers coverage."""
    assert quality.coverage(hourly([0, 0, UNKNOWN, 5])) == 0.75


def test_rows_that_are_not_there_are_missing_too():
    """A frame with rows left out has the coverage of the full grid."""
    counts = hourly(np.ones(10)).drop(index=hourly(np.ones(10)).index[[1, 2]])
    assert quality.coverage(counts) == pytest.approx(0.8)
    assert quality._gaps(counts)["length"].tolist() == [pd.Timedelta("2h")]


def test_a_gap_at_the_start_does_not_rescale_the_series():
    """The bucket length is the most common step, not the first one."""
    full = hourly(np.ones(20))
    assert quality.coverage(full.drop(index=full.index[1])) == 0.95


def test_coverage_of_nothing_is_unknown():
    """Without a bucket there is no share."""
    assert np.isnan(quality.coverage(hourly([])))


@pytest.mark.parametrize(
    ("first", "hours_seen", "day", "expected"),
    [("2026-03-28T23:00", 23, 0, 1.0), ("2026-10-24T22:00", 25, 0, 1.0)],
)
def test_days_with_a_clock_change_have_their_true_length(first, hours_seen, day, expected):
    """Berlin's 29 March has 23 hours, its 25 October 25; all seen is 1."""
    by_day = quality.coverage_by_day(hourly(np.ones(hours_seen), first), timezone="Europe/Berlin")
    assert len(by_day) == 1
    assert by_day.iloc[day] == expected


def test_days_are_local():
    """An unknown hour at 23:30 UTC belongs to the next day in Berlin."""
    counts = hourly(np.where(np.arange(48) == 23, UNKNOWN, 1.0))
    utc = quality.coverage_by_day(counts)
    berlin = quality.coverage_by_day(counts, timezone="Europe/Berlin")
    assert utc.tolist() == pytest.approx([23 / 24, 1])
    assert berlin.tolist() == pytest.approx([1, 23 / 24, 1])
    assert [day.day for day in berlin.index] == [5, 6, 7]


@pytest.mark.parametrize(
    ("timezone", "first"), [("Africa/Cairo", "2026-04-23"), ("America/Havana", "2026-10-31")]
)
def test_zones_that_skip_or_repeat_midnight_have_days(timezone, first):
    """In Cairo a day begins at 01:00, in Havana one has two midnights."""
    by_day = quality.coverage_by_day(hourly(np.ones(72), first), timezone=timezone)
    assert (by_day == 1).all()
    assert by_day.index.is_unique


def test_gaps_are_the_runs_of_unknown_buckets():
    """Each run once, half-open, the last one included."""
    found = quality._gaps(hourly([1, UNKNOWN, UNKNOWN, 0, 1, UNKNOWN]))
    assert found["starts_at"].tolist() == at(1, 5).tolist()
    assert found["ends_at"].tolist() == at(3, 6).tolist()
    assert found["length"].tolist() == [pd.Timedelta("2h"), pd.Timedelta("1h")]


@pytest.mark.parametrize("counts", [hourly([]), hourly([1]), hourly([1, 0, 3])])
def test_without_gaps_there_is_an_empty_table(counts):
    """No data, one bucket, all known: no gap, the same columns."""
    found = quality._gaps(counts)
    assert list(found) == ["starts_at", "ends_at", "length"]
    assert len(found) == 0


@FAST
@given(st.lists(st.sampled_from([0.0, 5.0, UNKNOWN]), min_size=2, max_size=80))
def test_coverage_gaps_and_days_agree(total):
    """Coverage, gap lengths and days tell the same story; the input stays as it was."""
    counts = hourly(total)
    before = counts.copy()
    missing = int(np.isnan(total).sum())
    assert quality.coverage(counts) == pytest.approx(1 - missing / len(total))
    assert quality._gaps(counts)["length"].sum() / pd.Timedelta("1h") == missing
    days = quality.coverage_by_day(counts, timezone="Asia/Kolkata")
    buckets = pd.Series(1, counts.index.tz_convert("Asia/Kolkata")).groupby(lambda t: t.date())
    assert (days.to_numpy() * buckets.sum().to_numpy()).sum() == pytest.approx(len(total) - missing)
    pd.testing.assert_frame_equal(counts, before)


def test_unsorted_and_naive_times_are_refused():
    """Coverage of shuffled or zoneless times would be a guess."""
    counts = hourly([1, 2, 3])
    with pytest.raises(TimeIndexError, match="times must increase"):
        quality.coverage(counts[::-1])
    with pytest.raises(TimeIndexError, match="tz-aware"):
        quality.coverage(counts.tz_localize(None))


def test_counts_lacking_a_column_are_refused():
    """The missing column is named."""
    with pytest.raises(ColumnError, match="counts lack total"):
        quality._gaps(hourly([1, 2]).drop(columns="total"))


# --- clocks -------------------------------------------------------------------------------


def outages(shift: float, *, visible: int = 6) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Thirty days with one-hour outages, and their incidents written `shift` hours late."""
    starts = [30 + 100 * n for n in range(6)]
    counts = hourly(np.full(720, 100.0))
    counts.iloc[starts[:visible], 0] = 20.0
    late = [start + shift for start in starts]
    table = pd.DataFrame({"started_at": at(*late), "resolved_at": at(*[end + 1 for end in late])})
    return counts, table


@pytest.mark.parametrize("hours", [-12, -2, -1, 1, 2, 5, 9])
def test_incidents_on_another_clock_are_found(hours):
    """Every whole-hour shift is undone by its opposite."""
    result = quality._hour_shift(*outages(hours))
    assert result.hours == -hours
    assert (result.visible, result.visible_shifted, result.incidents) == (0, 6, 6)


@pytest.mark.parametrize(("shift", "visible"), [(0, 6), (2, 2), (2, 0), (0, 3)])
def test_without_clear_evidence_no_shift_is_hinted_at(shift, visible):
    """Fitting incidents, and too few visible ones, are no sign of a wrong zone."""
    assert quality._hour_shift(*outages(shift, visible=visible)).hours == 0


def test_the_nearest_of_equal_clocks_is_hinted_at():
    """Two-hour outages fit one-hour incidents 2 or 3 hours earlier; 2 is nearer."""
    counts, table = outages(3)
    counts.iloc[[31 + 100 * n for n in range(6)], 0] = 20.0
    assert quality._hour_shift(counts, table).hours == -2


def test_a_clock_that_is_hardly_better_is_not_hinted_at():
    """Four of seven incidents fit two hours earlier, but three fit as they are."""
    counts, late = outages(2)
    counts.iloc[660, 0] = 20.0
    extra = pd.DataFrame({"started_at": at(660), "resolved_at": at(661)})
    table = pd.concat([late, extra], ignore_index=True)
    table.loc[:1] -= pd.Timedelta("2h")
    result = quality._hour_shift(counts, table)
    assert (result.hours, result.visible, result.incidents) == (0, 3, 7)


def test_a_clock_that_fits_few_incidents_is_not_hinted_at():
    """Three of eight visible two hours earlier may be chance."""
    counts, table = outages(2, visible=3)
    extra = pd.DataFrame({"started_at": at(600, 650), "resolved_at": at(601, 651)})
    result = quality._hour_shift(counts, pd.concat([table, extra], ignore_index=True))
    assert (result.hours, result.incidents) == (0, 8)


def test_no_incidents_no_shift():
    """Nothing to compare is no evidence, nor is an incident still open."""
    counts, table = outages(2)
    assert quality._hour_shift(counts, table[:0]).incidents == 0
    assert quality._hour_shift(counts, table.assign(resolved_at=at(*[None] * 6))).hours == 0


def dataset(**parts: object) -> SimpleNamespace:
    """A dataset of one service, shop, observed for 30 days."""
    everything = {name: tables.empty(name) for name in tables.EXPORTS}
    counts = parts.pop("counts", hourly(np.full(720, 100.0)))
    series = pd.DataFrame(
        {
            "service": ["shop"],
            "sli": "availability",
            "step_seconds": 3600.0,
            "weighting": "events",
            "unit": "events",
            "first": counts.index[0],
            "last": counts.index[-1],
            "buckets": len(counts),
            "coverage": 1.0,
        }
    )
    values = {
        "as_of": counts.index[-1] + pd.Timedelta("1h"),
        "slos": [],
        **everything,
        **{name: tables.conform(frame, name) for name, frame in parts.items() if name != "slos"},
        **{name: value for name, value in parts.items() if name == "slos"},
        "series": tables.conform(series, "series"),
    }
    return SimpleNamespace(**values, counts=lambda service, sli: counts)


def test_planned_maintenance_says_nothing_about_clocks():
    """Incidents are compared, announced maintenance is not."""
    counts, table = outages(2)
    assert quality._hour_shift(counts, table.assign(severity="maintenance")).incidents == 0


def incident(started: float, resolved: float | None) -> pd.DataFrame:
    """One incident of shop, in hours after the start of the data."""
    return pd.DataFrame(
        {
            "incident_id": ["i1"],
            "service": "shop",
            "started_at": at(started),
            "resolved_at": at(resolved),
        }
    )


def test_clean_data_has_no_clock_trouble():
    """Times in order and inside the data are no finding."""
    assert len(quality.clock_trouble(dataset(incidents=incident(5, 6)))) == 0


@pytest.mark.parametrize(
    ("started", "resolved", "expected"),
    [
        (10, 9, [("out of order", "resolved_at")]),
        (719, 725, [("in the future", "resolved_at")]),
        (730, None, [("in the future", "started_at")]),
        (-30, -29, [("outside the data", "started_at")]),
    ],
)
def test_trouble_with_an_incident_is_named(started, resolved, expected):
    """Resolved before started, after now, before the data: what, where, which incident."""
    found = quality.clock_trouble(dataset(incidents=incident(started, resolved)))
    assert list(zip(found["trouble"], found["column"], strict=True)) == expected
    assert found["key"].tolist() == ["i1"]
    assert found["service"].tolist() == ["shop"]


def test_trouble_with_deployments_alerts_and_exclusions_is_named():
    """Every table with times is looked at; planned maintenance may lie ahead."""
    shipped = pd.DataFrame(
        {"deployment_id": ["d1"], "service": "shop", "started_at": at(3), "finished_at": at(2)}
    )
    fired = pd.DataFrame({"service": ["shop"], "rule": "fast burn", "fired_at": at(-5)})
    planned = pd.DataFrame({"starts_at": at(900, 7), "ends_at": at(901, 6)})
    found = quality.clock_trouble(dataset(deployments=shipped, alerts=fired, exclusions=planned))
    assert found[["trouble", "table", "key"]].fillna("").to_numpy().tolist() == [
        ["out of order", "deployments", "d1"],
        ["out of order", "exclusions", ""],
        ["outside the data", "alerts", "fast burn"],
    ]


def test_an_hour_shift_is_reported_once_with_what_to_check():
    """The finding says how many incidents fit after the shift."""
    counts, table = outages(2)
    table = table.assign(incident_id=[f"i{n}" for n in range(6)], service="shop")
    found = quality.clock_trouble(dataset(counts=counts, incidents=table))
    assert found["trouble"].tolist() == ["hour shift"]
    assert found["detail"].item() == (
        "errors stand out during 6 of 6 incidents 2 h earlier, but during 0 as given; "
        "check the time zone of the export"
    )


@pytest.mark.parametrize(
    ("timezone", "time", "skipped"),
    [
        ("Europe/Berlin", "2026-03-29T02:00Z", True),
        ("Europe/Berlin", "2026-03-29T01:00Z", False),
        ("Europe/Berlin", "2026-10-25T02:00Z", False),
        ("America/New_York", "2026-03-08T02:00Z", True),
        ("UTC", "2026-03-29T02:00Z", False),
    ],
)
def test_a_gap_of_the_hour_the_clocks_skip_is_reported(timezone, time, skipped):
    """02:00 to 03:00 does not exist in Berlin on 29 March 2026; repeated hours do exist."""
    total = np.ones(96)
    total[26] = UNKNOWN
    slo = SimpleNamespace(window=Window.parse("1M", timezone=timezone, rolling=False))
    counts = hourly(total, pd.Timestamp(time) - pd.Timedelta("26h"))
    found = quality.clock_trouble(dataset(counts=counts, slos=[slo]))
    assert found["trouble"].tolist() == ["skipped hour"] * skipped
    assert found["time"].tolist() == [pd.Timestamp(time)] * skipped
    assert all(timezone in detail for detail in found["detail"])


# --- profile and window -------------------------------------------------------------------


def test_a_profile_counts_gaps_and_quiet_buckets():
    """Gaps, the longest, and how often nothing was asked among the buckets observed."""
    found = quality.profile(hourly([4, 0, UNKNOWN, 6, UNKNOWN, UNKNOWN, 0, 0, 5, 5]))
    assert (found.gaps, found.total, found.step) == (2, 20, pd.Timedelta("1h"))
    assert found.coverage == pytest.approx(0.7)
    assert (found.longest_gap, found.gap_starts_at) == (
        pd.Timedelta("2h"), BASE + pd.Timedelta("4h"),
    )  # fmt: skip
    assert found.no_traffic == pytest.approx(3 / 7)


@pytest.mark.parametrize("counts", [hourly([1, 1]), hourly([1])])
def test_a_profile_of_a_whole_series_has_no_gap(counts):
    """Without a gap the longest lasts 0 and starts never; one bucket has no length."""
    found = quality.profile(counts)
    assert (found.gaps, found.longest_gap, found.coverage) == (0, pd.Timedelta(0), 1)
    assert found.gap_starts_at is pd.NaT


def test_a_bucket_without_good_was_not_observed():
    """Neither in the profile nor in the window observed so far."""
    counts = hourly([0, 0, 0, 5])
    counts.iloc[1, 0] = UNKNOWN
    assert quality.profile(counts).no_traffic == pytest.approx(2 / 3)
    assert quality.observed(counts, window=Window.parse("8h")).share == pytest.approx(3 / 8)


def test_a_window_nearly_full_is_not_short():
    """A calendar period that goes on counts whole; from 95 % on nothing is said."""
    counts = hourly(np.ones(24))
    today = quality.observed(counts, window=Window.parse("1d", rolling=False))
    week = quality.observed(counts, window=Window.parse("1w", rolling=False))
    assert (today.share, today.is_short, str(week)) == (
        1, False, "1\u00a0day observed of the calendar week (UTC)",
    )  # fmt: skip
    assert week.is_short
    assert quality.observed(counts, window=None) is None


def test_a_bucket_is_observed_where_every_member_was():
    """Of a composite by member, and of its window once it is weighted."""
    index = pd.date_range("2026-01-01", periods=4, freq="h", tz="UTC")
    total = pd.DataFrame({Member("a"): 5.0, Member("b"): [5.0, None, 5.0, 5.0]}, index=index)
    counts = pd.concat({"good": total, "total": total}, axis=1)
    assert quality.coverage(counts) == 0.75
    assert quality.observed(counts, window=Window.parse("4h")).share == 0.75
