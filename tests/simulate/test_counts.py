"""Counts of a simulated service: planted numbers are recovered, causes conserved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib.simulate import ServiceSpec
from tests.simulate.made import calm, one


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    deploys=st.floats(0, 30),
    incidents=st.floats(0, 20),
    gaps=st.floats(0, 5),
    maintenance=st.sampled_from([0.0, 3.0]),
    maintenance_errors=st.sampled_from([0.0, 0.5]),
)
def test_every_bad_event_has_exactly_one_cause(
    seed: int,
    deploys: float,
    incidents: float,
    gaps: float,
    maintenance: float,
    maintenance_errors: float,
) -> None:
    """In every bucket, good and the bad events of all causes add up to total."""
    spec = ServiceSpec(
        name="api", deploys_per_week=deploys, incidents_per_week=incidents, gaps_per_week=gaps,
        maintenance_every_days=maintenance, maintenance_errors=maintenance_errors,
        break_probability=0.5, slow_ratio=0.1,
    )  # fmt: skip
    drawn = one(spec, seed=seed, weeks=3)
    parts = drawn.truth.bad_by_cause("api")
    bad = parts[["background", "maintenance", "deployment", "incident"]].sum(axis=1)
    seen = drawn.counts("api").dropna()
    assert (seen["good"] + bad[seen.index] == seen["total"]).all()
    assert parts["observed"].sum() == len(seen)
    causes = drawn.truth.causes.set_index("cause")["observed"]
    assert causes.sum() == (seen["total"] - seen["good"]).sum()
    assert causes["deployment"] == drawn.truth.deployments["observed"].sum()
    infrastructure = drawn.truth.incidents.query("cause == 'infrastructure'")
    assert causes["incident"] == infrastructure["observed"].sum()
    fast = drawn.counts("api", "latency").dropna()
    assert (fast["good"] <= seen["good"]).all()


def test_traffic_has_the_mean_asked_for() -> None:
    """Requests a minute over whole weeks equal the parameter, within five standard errors."""
    total = one(calm(requests_per_minute=30)).counts("api")["total"]
    minutes = 13 * 7 * 1440
    assert total.sum() / minutes == pytest.approx(30, abs=5 * np.sqrt(30 / minutes))


def test_weekends_and_nights_are_as_quiet_as_asked_for() -> None:
    """Saturday carries the given share of Friday; the trough and peak show the daily swing."""
    total = one(calm(weekend=0.25, daily_swing=0.5, peak_hour=12)).counts("api")["total"]
    daily = total.groupby(total.index.day_of_week).sum()
    assert daily[5] / daily[4] == pytest.approx(0.25, rel=0.02)
    hourly = total.groupby(total.index.hour).sum()
    assert hourly.max() / hourly.min() == pytest.approx(1.5 / 0.5, rel=0.03)
    assert hourly.idxmax() in (11, 12)


@pytest.mark.parametrize(("dispersion", "expected"), [(0.0, 1.0), (0.02, 1 + 0.02 * 3600)])
def test_traffic_is_poisson_or_negative_binomial(dispersion: float, expected: float) -> None:
    """Variance over mean is 1 for Poisson counts and 1 + d m with dispersion d and mean m."""
    flat = calm(daily_swing=0, weekend=1, traffic_dispersion=dispersion)
    total = one(flat, weeks=26).counts("api")["total"]
    assert total.var() / total.mean() == pytest.approx(expected, rel=0.08)


def test_background_errors_have_the_ratio_and_the_dispersion_asked_for() -> None:
    """Mean p and variance n p (1 - p) (1 + (n - 1) rho) of the beta-binomial are recovered."""
    p, rho = 0.02, 0.003
    flat = calm(daily_swing=0, weekend=1, error_ratio=p, error_dispersion=rho)
    counts = one(flat, weeks=26, step="10min").counts("api")
    bad, n = counts["total"] - counts["good"], counts["total"]
    assert bad.sum() / n.sum() == pytest.approx(p, rel=0.02)
    expected = (n * p * (1 - p) * (1 + (n - 1) * rho)).mean()
    assert ((bad - n * p) ** 2).mean() == pytest.approx(expected, rel=0.08)


def test_drift_keeps_the_mean_and_adds_autocorrelation() -> None:
    """A wandering background has the same long-run ratio; its hours resemble each other."""
    spec = calm(error_ratio=0.02, drift=0.5, drift_hours=24, error_dispersion=0)
    counts = one(spec, weeks=104).counts("api")
    ratio = 1 - counts["good"] / counts["total"]
    assert ratio.mean() == pytest.approx(0.02, rel=0.1)
    assert ratio.autocorr(1) > 0.7
    assert ratio.autocorr(24) == pytest.approx(ratio.autocorr(1) * np.exp(-23 / 24), abs=0.12)


def test_errors_may_follow_the_load() -> None:
    """With load_errors 1 the error ratio at the peak over that at night is that of the traffic."""
    spec = calm(error_ratio=0.02, load_errors=1.0, daily_swing=0.5, weekend=1, peak_hour=12)
    counts = one(spec, weeks=52).counts("api")
    hourly = counts.groupby(counts.index.hour).sum()
    ratio = 1 - hourly["good"] / hourly["total"]
    traffic = hourly["total"]
    assert ratio[12] / ratio[0] == pytest.approx(traffic[12] / traffic[0], rel=0.05)


def test_latency_has_the_share_of_slow_requests_asked_for() -> None:
    """Good requests that are not fast make up slow_ratio of the good ones."""
    drawn = one(calm(slow_ratio=0.05, daily_swing=0, weekend=1))
    good, fast = drawn.counts("api")["good"].sum(), drawn.counts("api", "latency")["good"].sum()
    assert 1 - fast / good == pytest.approx(0.05, rel=0.02)


def test_an_incident_costs_its_error_ratio() -> None:
    """Bad events of one long incident are its error ratio of the requests meanwhile."""
    spec = calm(
        incidents_per_week=1, severities=(("SEV1", 1.0, 0.5),), ratio_sigma=0.0,
        incident_mu=8.0, incident_sigma=0.0, error_ratio=0.0,
    )  # fmt: skip
    drawn = one(spec, weeks=4, step="1min")
    row = drawn.truth.incidents.iloc[0]
    inside = drawn.counts("api")["total"][row["started_at"] : row["ended_at"]].sum()
    assert row["observed"] / inside == pytest.approx(0.5, rel=0.02)


def test_gaps_are_unknown_and_not_zero() -> None:
    """Buckets the monitor missed are NaN and have no row in the table."""
    spec = calm(fixed_gaps=(("2026-04-01T05:00Z", "2026-04-01T08:00Z"),))
    drawn = one(spec)
    counts = drawn.counts("api")
    missing = counts.index[counts["total"].isna()]
    assert list(missing) == list(pd.date_range("2026-04-01 05:00", periods=3, freq="h", tz="UTC"))
    assert len(drawn.sli) == len(counts) - 3


@pytest.mark.parametrize(("errors", "silent"), [(0.0, True), (0.5, False)])
def test_maintenance_is_excluded_and_silent_or_failing(errors: float, silent: bool) -> None:
    """Inside maintenance there is no traffic, or the given share fails; outside nothing does."""
    spec = calm(
        maintenance_every_days=7, maintenance_minutes=120, maintenance_errors=errors, error_ratio=0
    )
    drawn = one(spec)
    window = drawn.exclusions.iloc[0]
    counts = drawn.counts("api")
    inside = counts[(counts.index >= window["starts_at"]) & (counts.index < window["ends_at"])]
    assert len(inside) == 2
    assert bool(inside["total"].sum() == 0) is silent
    causes = drawn.truth.causes.set_index("cause")
    assert causes["counted"].sum() == 0
    assert causes.loc["maintenance", "observed"] == (counts["total"] - counts["good"]).sum()
