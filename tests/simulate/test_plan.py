"""What happens to a simulated service: as often and as long as asked for, in order."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from srelib.simulate import ServiceSpec
from tests.simulate.made import BREAKING, calm, one


def test_incidents_have_the_rate_and_the_lognormal_durations_asked_for() -> None:
    """Default durations are lognormal(4.25, 1.25) in minutes; counts are Poisson."""
    incidents = one(calm(incidents_per_week=20), weeks=52).truth.incidents
    minutes = (incidents["ended_at"] - incidents["started_at"]) / pd.Timedelta(minutes=1)
    n = len(incidents)
    assert n == pytest.approx(20 * 52, abs=4 * np.sqrt(20 * 52))
    assert np.log(minutes).mean() == pytest.approx(4.25, abs=4 * 1.25 / np.sqrt(n))
    assert np.log(minutes).std() == pytest.approx(1.25, rel=0.1)


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
