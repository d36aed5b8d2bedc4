"""The simulator: same seed same fleet, planted numbers recovered, causes conserved."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import tables
from srelib.errors import ParameterError
from srelib.simulate import Fleet, ServiceSpec, fleet

CALM = {"deploys_per_week": 0.0, "incidents_per_week": 0.0, "false_alerts_per_week": 0.0}
BREAKING = ServiceSpec(name="api", deploys_per_week=10, break_probability=0.5)


def calm(**parameters: object) -> ServiceSpec:
    """A service to which nothing happens, with these parameters."""
    return ServiceSpec(name="api", **{**CALM, **parameters})  # type: ignore[arg-type]


def one(spec: ServiceSpec, *, seed: int = 7, weeks: float = 13, step: str = "1h") -> Fleet:
    """A fleet of one service."""
    return fleet(seed, services=[spec], weeks=weeks, step=step)


def test_same_seed_gives_the_same_fleet() -> None:
    """Two fleets of one seed have equal tables and equal truth."""
    first, second = fleet(3, step="1h"), fleet(3, step="1h")
    for table in tables.EXPORTS:
        pd.testing.assert_frame_equal(getattr(first, table), getattr(second, table))
    pd.testing.assert_frame_equal(first.truth.causes, second.truth.causes)


def test_another_seed_gives_another_fleet() -> None:
    """Counts, deployments and incidents all change with the seed."""
    first, second = fleet(3, step="1h"), fleet(4, step="1h")
    for table in ("sli", "deployments", "incidents", "changes", "alerts"):
        assert not getattr(first, table).equals(getattr(second, table))


def test_a_service_does_not_depend_on_its_neighbors() -> None:
    """Adding a service leaves the numbers of the others as they were."""
    alone = one(BREAKING)
    together = fleet(7, services=[ServiceSpec(name="web"), BREAKING], step="1h")
    pd.testing.assert_frame_equal(alone.counts("api"), together.counts("api"))


def test_what_happens_does_not_depend_on_the_step() -> None:
    """Deployments and incidents are the same whatever the bucket length."""
    coarse, fine = one(BREAKING, step="1h"), one(BREAKING, step="5min")
    pd.testing.assert_frame_equal(coarse.deployments, fine.deployments)
    pd.testing.assert_frame_equal(coarse.incidents, fine.incidents)


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
    parts = drawn.truth.parts("api")
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


def test_incidents_have_the_rate_and_the_lognormal_durations_asked_for() -> None:
    """Default durations are lognormal(4.25, 1.25) in minutes; counts are Poisson."""
    incidents = one(calm(incidents_per_week=20), weeks=52).truth.incidents
    minutes = (incidents["ended_at"] - incidents["started_at"]) / pd.Timedelta(minutes=1)
    n = len(incidents)
    assert n == pytest.approx(20 * 52, abs=4 * np.sqrt(20 * 52))
    assert np.log(minutes).mean() == pytest.approx(4.25, abs=4 * 1.25 / np.sqrt(n))
    assert np.log(minutes).std() == pytest.approx(1.25, rel=0.1)


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


def test_aftershocks_make_incidents_cluster() -> None:
    """With aftershocks, weekly counts of incidents vary more than Poisson counts do."""
    spec = calm(incidents_per_week=4, aftershocks=3.0)
    started = one(spec, weeks=208).incidents["started_at"]
    weekly = started.dt.floor("7D").value_counts()
    assert weekly.var() / weekly.mean() > 2


def test_people_note_things_down_in_order() -> None:
    """Started <= detected <= acknowledged <= resolved; open incidents have no end."""
    incidents = one(calm(incidents_per_week=40), weeks=26).incidents
    noted = incidents.dropna(subset="resolved_at")
    columns = ["started_at", "detected_at", "acknowledged_at", "resolved_at"]
    for earlier, later in itertools.pairwise(columns):
        assert (noted[earlier] <= noted[later]).all()
    assert 0 < incidents["resolved_at"].isna().sum() < 20


def test_releases_keep_to_working_hours() -> None:
    """Planned releases happen on working days in working hours only, as often as asked for."""
    spec = ServiceSpec(name="api", deploys_per_week=3, working_days=(1, 3), working_hours=(10, 15))
    releases = one(spec, weeks=52).deployments.query("planned")
    assert set(releases["finished_at"].dt.day_of_week) == {1, 3}
    assert releases["finished_at"].dt.hour.between(10, 14).all()
    assert len(releases) == pytest.approx(3 * 52, abs=4 * np.sqrt(52 * 2 * 0.25))


def test_releases_break_as_often_as_asked_for() -> None:
    """The share of releases that break equals break_probability, binomial error allowed."""
    spec = ServiceSpec(name="api", deploys_per_week=50, pipeline_failures=0, break_probability=0.2)
    broke = one(spec, weeks=52).truth.deployments.query("reason == 'release'")["broke"]
    assert broke.mean() == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / len(broke)))


def test_large_batches_break_more_often_where_changes_carry_the_risk() -> None:
    """With batch_effect 1 the odds of breaking grow with the changes shipped; with 0 not."""

    def breaking(effect: float) -> tuple[float, float]:
        spec = ServiceSpec(
            name="api", deploys_per_week=50, changes_per_deploy=8, batch_effect=effect
        )
        drawn = one(spec, weeks=52)
        releases = [d for d in drawn.worlds[0].plan.deployments if d.reason == "release"]
        small = [d.broke for d in releases if d.changes <= 6]
        large = [d.broke for d in releases if d.changes >= 10]
        return float(np.mean(small)), float(np.mean(large))

    small, large = breaking(1.0)
    assert large > 1.5 * small
    small, large = breaking(0.0)
    assert large == pytest.approx(small, abs=0.04)


def test_failed_pipelines_harm_nobody() -> None:
    """A deployment that never reached its users has no harm and ships no change."""
    drawn = one(ServiceSpec(name="api", pipeline_failures=0.5, break_probability=1.0))
    stuck = drawn.truth.deployments.query("status in ('failed', 'cancelled')")
    assert len(stuck) > 10
    assert not stuck["broke"].any()
    assert not drawn.changes["deployment_id"].isin(stuck["deployment_id"]).any()


def test_broken_releases_are_repaired_by_unplanned_deployments() -> None:
    """Each rollback or hotfix is unplanned and lands when the harm of its release ends."""
    drawn = one(BREAKING)
    repairs = drawn.truth.deployments.query("reason in ('rollback', 'hotfix')")
    finished = drawn.deployments.set_index("deployment_id")["finished_at"]
    harm = drawn.truth.deployments.set_index("deployment_id")["harm_minutes"]
    assert len(repairs) > 20
    for repair in repairs.itertuples():
        took = finished[repair.deployment_id] - finished[repair.answers]
        assert took / pd.Timedelta(minutes=1) == pytest.approx(harm[repair.answers], abs=0.05)
    planned = drawn.deployments.set_index("deployment_id")["planned"]
    assert not planned[repairs["deployment_id"]].any()


def test_answers_land_inside_the_incident_they_answer_and_are_harmless() -> None:
    """Deployments made in answer to an incident finish while it lasts and break nothing."""
    drawn = one(calm(incidents_per_week=10, answer_probability=0.5, answers_planned=True))
    answers = drawn.truth.deployments.query("reason == 'answer'")
    spans = drawn.truth.incidents.set_index("incident_id")
    finished = drawn.deployments.set_index("deployment_id")["finished_at"]
    assert len(answers) > 30
    assert not answers["broke"].any()
    for answer in answers.itertuples():
        span = spans.loc[answer.answers]
        assert span["started_at"] <= finished[answer.deployment_id] <= span["ended_at"]
    assert drawn.deployments["planned"].all()


def test_incidents_name_the_release_that_caused_them() -> None:
    """A paged release has an incident that starts when the release reached its users."""
    drawn = one(BREAKING)
    caused = drawn.incidents.dropna(subset="deployment_id")
    finished = drawn.deployments.set_index("deployment_id")["finished_at"]
    assert len(caused) > 20
    assert (caused["started_at"].to_numpy() == finished[caused["deployment_id"]].to_numpy()).all()


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


def test_a_release_never_made_takes_only_its_own_harm_along() -> None:
    """Dropping a release leaves traffic, background and everything else as they were."""
    spec = ServiceSpec(name="api", break_probability=0.5, incidents_per_week=0)
    before = one(spec)
    victim = before.truth.deployments.query("broke and observed > 0").iloc[0]
    after = fleet(7, services=[spec], step="1h", delays={victim["deployment_id"]: None})
    assert victim["deployment_id"] not in set(after.deployments["deployment_id"])
    pd.testing.assert_series_equal(before.counts("api")["total"], after.counts("api")["total"])
    was, now = before.truth.parts("api"), after.truth.parts("api")
    pd.testing.assert_series_equal(was["background"], now["background"])
    kept = after.truth.deployments.set_index("deployment_id")["broke"]
    assert kept.sum() == before.truth.deployments["broke"].sum() - 1
    saved = (after.counts("api")["good"] - before.counts("api")["good"]).sum()
    assert saved == pytest.approx(victim["observed"], rel=0.1)


def test_a_release_put_off_moves_with_all_that_follows_from_it() -> None:
    """Delaying a release by a day moves its harm, its incident and its repair by a day."""
    spec = ServiceSpec(name="api", break_probability=0.5, page_probability=1.0)
    before = one(spec)
    paged = before.incidents.dropna(subset="deployment_id").iloc[0]
    day = pd.Timedelta(days=1)
    after = fleet(7, services=[spec], step="1h", delays={paged["deployment_id"]: day})
    moved = after.incidents.set_index("incident_id").loc[paged["incident_id"]]
    assert moved["started_at"] == paged["started_at"] + day
    finished = after.deployments.set_index("deployment_id")["finished_at"]
    assert finished[paged["deployment_id"]] == paged["started_at"] + day


def test_alerts_start_before_people_notice() -> None:
    """Alerts that incidents fired start between the start and the detection of one."""
    drawn = one(calm(incidents_per_week=5, alert_probability=1.0))
    for alert in drawn.alerts.itertuples():
        known = drawn.incidents["started_at"] <= alert.fired_at
        assert (known & (alert.fired_at <= drawn.incidents["detected_at"])).any()


def test_false_alerts_come_as_often_as_asked_for() -> None:
    """With no incident at all, alerts still fire at the rate of false ones."""
    alerts = one(calm(false_alerts_per_week=5), weeks=52).alerts
    assert len(alerts) == pytest.approx(5 * 52, abs=4 * np.sqrt(5 * 52))
    assert ((alerts["resolved_at"] - alerts["fired_at"]).dropna() > pd.Timedelta(0)).all()


def test_changes_are_committed_before_they_ship() -> None:
    """Committed <= merged <= shipped for every change; waiting ones have no deployment."""
    drawn = one(ServiceSpec(name="api", changes_per_deploy=6))
    finished = drawn.deployments.set_index("deployment_id")["finished_at"]
    shipped = drawn.changes.dropna(subset="deployment_id")
    at = finished[shipped["deployment_id"]].reset_index(drop=True)
    assert (shipped["committed_at"] <= shipped["merged_at"]).all()
    assert (shipped["merged_at"].reset_index(drop=True) <= at).all()
    assert drawn.changes["deployment_id"].isna().any()


def test_a_fleet_can_be_empty_of_events() -> None:
    """A fleet to which nothing happens still has every table, with its columns."""
    drawn = one(calm())
    for table in ("deployments", "incidents", "alerts", "exclusions"):
        assert getattr(drawn, table).empty
        assert list(getattr(drawn, table).columns) == tables.names(table)


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"start": "2026-03-30 01:00"}, "start must be a midnight"),
        ({"step": "7min"}, "step must divide a day"),
        ({"weeks": 0}, "weeks hold a step"),
        ({"seed": -1}, "seed must be 0 or more; got -1"),
        ({"services": [BREAKING, BREAKING]}, "different names"),
    ],
)
def test_an_impossible_fleet_is_refused(parameters: dict, text: str) -> None:
    """Grids that do not fit and services of one name are errors that say so."""
    with pytest.raises(ParameterError, match=text):
        fleet(**{"seed": 1, **parameters})


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"error_ratio": 1.5}, "error_ratio must lie between 0 and 1; got 1.5"),
        ({"deploys_per_week": -1.0}, "deploys_per_week must lie between 0 and inf; got -1"),
        ({"changes_per_deploy": 0.5}, "changes_per_deploy must lie between 1"),
        ({"working_days": ()}, "working_days must hold days from 0"),
        ({"working_days": (7,)}, "working_days must hold days from 0"),
        ({"working_hours": (17.0, 9.0)}, "working_hours must rise within 0 to 24"),
        ({"severities": (("SEV1", 0.5, 0.1),)}, "severities must have probabilities"),
        ({"slow_ratio": 2.0}, "slow_ratio must lie between 0 and 1; got 2"),
        ({"error_ratio": float("nan")}, "error_ratio must lie between"),
    ],
)
def test_an_impossible_service_is_refused(parameters: dict, text: str) -> None:
    """A parameter outside its range is an error naming service, parameter, value and range."""
    with pytest.raises(ParameterError, match=text):
        ServiceSpec(name="api", **parameters)


def test_unknown_services_and_indicators_are_refused() -> None:
    """Asking for a service or an indicator the fleet lacks is an error."""
    drawn = one(calm())
    with pytest.raises(ParameterError, match="service must be one of"):
        drawn.counts("nobody")
    with pytest.raises(ParameterError, match="no indicator 'latency'"):
        drawn.counts("api", "latency")


def test_the_dataset_of_a_fleet_is_like_a_loaded_one() -> None:
    """Counts, objectives, services and "now" of the dataset are those of the fleet."""
    spec = ServiceSpec(name="web", target=0.99, slow_ratio=0.1, gaps_per_week=2, gap_minutes=300)
    drawn = fleet(5, services=[spec, BREAKING], weeks=4, step="1h")
    made = drawn.dataset
    assert made.services == ["api", "web"]
    assert made.as_of == pd.Timestamp("2026-04-27", tz="UTC")
    assert {slo.service: slo.target for slo in made.slos} == {"web": 0.99, "api": 0.999}
    for service, sli in (("web", "availability"), ("web", "latency"), ("api", "availability")):
        expected = drawn.counts(service, sli)
        seen = expected.loc[expected["total"].first_valid_index() : expected.last_valid_index()]
        pd.testing.assert_frame_equal(made.counts(service, sli), seen, check_freq=False)
    coverage = made.series.set_index(["service", "sli"])["coverage"]
    assert coverage["api", "availability"] == 1.0
    assert coverage["web", "availability"] < 1.0
