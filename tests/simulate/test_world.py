"""A simulated fleet: same seed same fleet, one parameter changes what it says and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest

from srelib import tables
from srelib.errors import ParameterError
from srelib.simulate import ServiceSpec, fleet
from tests.simulate.made import BREAKING, calm, one


def test_same_seed_gives_the_same_fleet() -> None:
    """Two fleets of one seed have equal tables and equal truth."""
    first, second = fleet(3, step="1h"), fleet(3, step="1h")
    for table in tables.EXPORTS:
        pd.testing.assert_frame_equal(getattr(first.dataset, table), getattr(second.dataset, table))
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


def test_a_release_never_made_takes_only_its_own_harm_along() -> None:
    """Dropping a release leaves traffic, background and everything else as they were."""
    spec = ServiceSpec(name="api", break_probability=0.5, incidents_per_week=0)
    before = one(spec)
    victim = before.truth.deployments.query("broke and observed > 0").iloc[0]
    after = fleet(7, services=[spec], step="1h", delays={victim["deployment_id"]: None})
    assert victim["deployment_id"] not in set(after.deployments["deployment_id"])
    pd.testing.assert_series_equal(before.counts("api")["total"], after.counts("api")["total"])
    was, now = before.truth.bad_by_cause("api"), after.truth.bad_by_cause("api")
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
