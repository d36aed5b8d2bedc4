"""How often a service ships, and how much of it is rework."""

import numpy as np
import pandas as pd
import pytest

from srelib import delivery, tables
from srelib.delivery.frequency import _history
from srelib.stats.intervals import _scattered_rate
from tests.delivery.made import JUNE, deployments


def shipped(times, **columns):
    """Deployments at these times."""
    frame = pd.DataFrame({"deployment_id": [f"d{n}" for n in range(len(times))],
                          "service": "shop", "finished_at": pd.DatetimeIndex(times),
                          "status": "succeeded", **columns})  # fmt: skip
    return tables.conform(frame, "deployments")


def test_deployments_that_did_not_reach_users_are_not_counted():
    """Cancelled never, failed before anybody saw it neither; rolled back did."""
    rows = deployments(
        """
        deployment_id=d1 finished_at=02T09:00
        deployment_id=d2 finished_at=02T10:00 status=rolled_back
        deployment_id=d3 finished_at=02T11:00 status=failed
        deployment_id=d4 finished_at=03T11:00 status=cancelled
        """
    )
    row = delivery.deployment_frequency(rows, between=JUNE).iloc[0]
    assert (row["n"], row["days"]) == (2, 1)
    assert row["value"] == pytest.approx(0.5)


def test_partial_weeks_at_the_edges_count_as_partial():
    """From a Wednesday: five days with five deployments are seven a week, not five."""
    days = pd.date_range("2026-06-03T12:00", periods=12, freq="D", tz="UTC")
    between = (pd.Timestamp("2026-06-03", tz="UTC"), pd.Timestamp("2026-06-15", tz="UTC"))
    rows = delivery.deployment_frequency(shipped(days), between=between, window="1w")
    assert rows["label"].tolist() == ["2026-W23", "2026-W24"]
    assert rows["n"].tolist() == [5, 7]
    assert rows["complete"].tolist() == [False, True]
    assert rows["value"].tolist() == pytest.approx([7.0, 7.0])


def test_a_week_without_a_deployment_is_there():
    """With n 0: a pause is part of the frequency."""
    rows = delivery.deployment_frequency(shipped([JUNE[0]]), between=JUNE, window="1w")
    assert rows["n"].tolist() == [1, 0, 0, 0]
    assert rows["value"].tolist() == [1.0, 0.0, 0.0, 0.0]


def test_the_longest_gap_is_between_deployments():
    """One, then three days."""
    times = pd.DatetimeIndex(["2026-06-02", "2026-06-03", "2026-06-06"], tz="UTC")
    row = delivery.deployment_frequency(shipped(times), between=JUNE).iloc[0]
    assert row["longest_gap"] == pd.Timedelta("3D")


def test_a_release_train_is_known_better_than_bursts():
    """The same number of deployments, spread evenly or in one week."""
    even = pd.date_range("2026-04-06T10:00", periods=12, freq="7D", tz="UTC")
    burst = pd.date_range("2026-04-06T10:00", periods=12, freq="h", tz="UTC")
    between = (pd.Timestamp("2026-04-06", tz="UTC"), pd.Timestamp("2026-06-29", tz="UTC"))
    wide = {
        name: delivery.deployment_frequency(shipped(times), between=between).iloc[0]
        for name, times in (("even", even), ("burst", burst))
    }
    poisson = (0.517, 1.747)  # Garwood's limits of 12 events, 6.201 and 20.962, over 12 weeks
    assert wide["even"]["low"] > poisson[0]
    assert wide["even"]["high"] < poisson[1]
    assert wide["burst"]["low"] < poisson[0]
    assert wide["burst"]["high"] > poisson[1]


def test_rework_is_what_was_unplanned():
    """Of those of which it is known."""
    times = pd.date_range("2026-06-02", periods=5, freq="3D", tz="UTC")
    rows = shipped(times, planned=pd.array([True, False, True, None, True], dtype="boolean"))
    row = delivery.rework_rate(rows, between=JUNE).iloc[0]
    assert (row["unplanned"], row["n"], row["unknown"]) == (1, 4, 1)
    assert row["value"] == 0.25


def test_rework_is_unknown_where_the_exports_do_not_say():
    """NaN with n 0, not none."""
    row = delivery.rework_rate(shipped([JUNE[0]]), between=JUNE).iloc[0]
    assert np.isnan(row["value"])
    assert (row["n"], row["unknown"]) == (0, 1)


def test_a_release_of_two_services_counts_once_for_both_together():
    """And once for each of them where services are asked by themselves."""
    rows = deployments("""
        deployment_id=v1 finished_at=02T09:00 planned=yes
        deployment_id=v1 finished_at=02T09:30 planned=yes service=cart
        deployment_id=v2 finished_at=03T09:00 planned=no
    """)
    apart = delivery.deployment_frequency(rows, between=JUNE)
    assert dict(zip(apart["service"], apart["n"], strict=True)) == {"cart": 1, "shop": 2}
    assert delivery.deployment_frequency(rows, between=JUNE, together="all")["n"].tolist() == [2]
    rework = delivery.rework_rate(rows, between=JUNE, together="all").iloc[0]
    assert (rework["unplanned"], rework["n"]) == (1, 2)


def test_the_history_starts_with_the_day_of_the_first_deployment():
    """Without one before now it is the day before, so that every question has an answer."""
    rows = deployments("deployment_id=d1 finished_at=02T09:00")
    assert _history(rows, as_of=JUNE[1]) == (JUNE[0] + pd.Timedelta("1D"), JUNE[1])
    day = (JUNE[0] - pd.Timedelta("1D"), JUNE[0])
    assert _history(rows, as_of=JUNE[0]) == day
    assert _history(tables.empty("deployments"), as_of=JUNE[0]) == day


@pytest.mark.parametrize("size", [1.0, 8.0])
def test_the_interval_of_a_rate_holds_it(size):
    """Clumped or not, in 93 to 97 of 100 histories of 13 weeks with about 20 events."""
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(1500):
        counts = rng.negative_binomial(size, size / (size + 1.6), 13)
        found = _scattered_rate(counts, np.ones(13))
        hits.append(found.low <= 1.6 <= found.high)
    assert 0.915 <= np.mean(hits) <= 0.975
