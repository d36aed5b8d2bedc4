"""Moving together: within services, between services, and Simpson's paradox."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import tables, tradeoff
from srelib.errors import ColumnError, ParameterError
from srelib.fleet import Indicator

MONDAYS = pd.date_range("2026-01-05", periods=26, freq="7D", tz="UTC")


def panel(**services: tuple) -> pd.DataFrame:
    """Weeks of services, each with its deployments and its bad share."""
    parts = [
        pd.DataFrame({"service": name, "starts_at": MONDAYS[: len(x)],
                      "deployments": np.asarray(x, float), "bad_share": np.asarray(y, float)})
        for name, (x, y) in services.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def noise(n: int, seed: int) -> np.ndarray:
    """Independent weeks."""
    return np.random.default_rng(seed).standard_normal(n)


def paradox() -> pd.DataFrame:
    """Six services: who ships more is better, yet each is worse in the weeks it ships more."""
    services = {}
    for level in range(6):
        wave = noise(26, level)
        services[f"s{level}"] = (10 * level + wave, 0.1 / (1 + level) + 1e-3 * wave)
    return panel(**services)


def test_simpsons_paradox_is_found():
    """Within +1, between -1, and the pooled number hides the first."""
    found = tradeoff.association(paradox())
    assert found.within.value == pytest.approx(1.0)
    assert found.between.value == pytest.approx(-1.0)
    assert found.between_p == pytest.approx(2 / 720)
    assert found.pooled < -0.8
    assert found.reverses
    assert found.is_paradox


def test_same_direction_is_no_paradox():
    """The other way round between services: both rise."""
    services = {f"s{k}": (10 * k + noise(26, k), 0.1 * k + noise(26, k)) for k in range(6)}
    found = tradeoff.association(panel(**services))
    assert not found.reverses


def test_straight_drift_is_not_moving_together():
    """Both grow over the half year and have nothing else in common."""
    time = np.arange(26) / 6
    services = {f"s{k}": (time + noise(26, k), time + noise(26, 50 + k)) for k in range(6)}
    found = tradeoff.association(panel(**services))
    assert found.pooled > 0.5
    assert abs(found.within.value) < 0.25
    assert found.within_p > 0.05


def test_planted_link_is_found_within_services():
    """Correlation 0.7 in each of six services."""
    services = {}
    for k in range(6):
        x = noise(26, k)
        services[f"s{k}"] = (x, 0.7 * x + 0.71 * noise(26, 100 + k))
    found = tradeoff.association(panel(**services))
    assert found.within.low < 0.68 < found.within.high
    assert found.within_p < 0.01
    assert found.within.n == 6 * 26


def test_one_service_has_no_between():
    """Fewer than four services: unknown, not 0."""
    found = tradeoff.association(panel(a=(noise(20, 1), noise(20, 2))))
    assert np.isnan(found.between.value)
    assert found.between.n == 1
    assert np.isfinite(found.within.value)


def test_too_few_weeks_say_nothing():
    """Seven weeks."""
    found = tradeoff.association(panel(a=(noise(7, 1), noise(7, 2))))
    assert np.isnan(found.within.value)
    assert np.isnan(found.detectable)
    assert found.left_out == ("a",)


def test_service_that_never_changes_is_left_out_and_named():
    """One deployment every week says nothing about more or fewer."""
    found = tradeoff.association(
        panel(a=(np.ones(20), noise(20, 2)), b=(noise(20, 3), noise(20, 4)))
    )
    assert found.left_out == ("a",)
    assert found.within.n == 20


def test_missing_weeks_are_left_out_not_filled():
    """A week without a bad share counts for nothing."""
    x, y = noise(20, 1), noise(20, 2)
    y[3] = np.nan
    assert tradeoff.association(panel(a=(x, y))).within.n == 19


def test_levels_sum_first_and_divide_last():
    """Two weeks with 10 of 100 and 0 of 900 are 1 %, not 5 %."""
    rows = panel(a=(noise(10, 1), [0.1] + [0.0] * 9)).assign(bad=[10.0] + [0.0] * 9,
                                                           total=[100.0] + [900.0] * 9)  # fmt: skip
    assert tradeoff.association(rows).services["y"][0] == pytest.approx(10 / 8200)


def test_halves_are_the_quiet_and_the_busy_weeks():
    """Four weeks with few deployments, four with many."""
    x = [0, 9, 1, 8, 0, 9, 1, 8]
    y = [0.1, 0.3, 0.1, 0.3, 0.1, 0.3, 0.1, 0.3]
    row = tradeoff.association(panel(a=(x, y))).services.iloc[0]
    assert row[["few_x", "many_x"]].tolist() == [0.5, 8.5]
    assert row[["few_y", "many_y"]].tolist() == pytest.approx([0.1, 0.3])


def test_smaller_effects_show_in_longer_histories():
    """A year shows less than a quarter of its weeks does."""
    weeks = [tradeoff.association(panel(a=(noise(n, 1), noise(n, 2)))).detectable
             for n in (10, 26)]  # fmt: skip
    assert 0 < weeks[1] < weeks[0] < 1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 50), st.floats(-5, 5))
def test_scale_and_order_of_services_change_nothing(seed, scale, shift):
    """Ranks see neither units nor levels."""
    x, y = noise(16, seed), noise(16, seed + 1)
    u, v = noise(16, seed + 2), noise(16, seed + 3)
    first = tradeoff.association(panel(a=(x, y), b=(u, v)), resamples=99)
    second = tradeoff.association(panel(b=(u * scale + shift, v), a=(x, y * scale)), resamples=99)
    assert first.within.value == pytest.approx(second.within.value)


def test_input_is_left_alone():
    """The panel is read, not changed."""
    rows = paradox()
    before = rows.copy()
    tradeoff.association(rows, resamples=99)
    pd.testing.assert_frame_equal(rows, before)


def test_missing_column_and_too_few_resamples_are_refused():
    """With what was seen."""
    with pytest.raises(ColumnError, match="panel lacks spent; columns seen"):
        tradeoff.association(paradox(), y="spent")
    with pytest.raises(ParameterError, match="resamples must be at least 99; got 9"):
        tradeoff.association(paradox(), resamples=9)


# Weeks by services

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


def test_without_a_span_there_are_no_weeks():
    """Counts and deployments that never overlap."""
    rows = tradeoff.weekly({SHOP: counts()}, shipped(), between=None)
    assert rows.empty
    assert "bad_share" in rows
