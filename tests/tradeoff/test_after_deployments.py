"""What follows a deployment: windows, open incidents, and who takes part for what reason."""

import numpy as np
import pandas as pd
import pytest

from srelib import tradeoff
from srelib.tradeoff.after_deployments import (
    ANSWER,
    EXCLUDED,
    INSIDE_INCIDENT,
    NO_CONTROL,
    NO_DATA,
    NOT_SHIPPED,
    OpenIncidents,
    covered,
    history,
    nearest_deployment,
    next_begin,
    window_edges,
)
from tests.tradeoff.made import HOURS, WEEKS, counts, incident, shipped


def test_a_window_holds_the_bucket_of_the_deployment_and_those_half_inside():
    """At 10.2 for two buckets: 10 and 11; at 10.6 the bucket from 12 is half inside too."""
    begin, end = window_edges(np.array([10.2, 10.6]), 2.0)
    assert (begin.tolist(), end.tolist()) == ([10, 10], [12, 13])


def test_windows_cover_each_bucket_once_and_none_outside_the_data():
    """Two that overlap, one that begins before the data, one that reaches beyond."""
    found = covered(np.array([2, 3, -4, 8]), np.array([4, 5, 1, 20]), 10)
    assert np.flatnonzero(found).tolist() == [0, 2, 3, 4, 8, 9]


def test_a_bucket_belongs_to_the_latest_deployment_before_it():
    """Ahead of the first by so many buckets it is measured from that one; far away from none."""
    owner, offset = nearest_deployment(np.array([3.5, 5.5]), 12, before=1, after=3.0)
    assert owner.tolist() == [-1, -1, 0, 0, 0, 1, 1, 1, 1, -1, -1, -1]
    assert offset.tolist() == [0, 0, -1, 0, 1, 0, 1, 2, 3, 0, 0, 0]
    assert next_begin(np.array([7, 3]), np.array([2, 3, 7]), none=99).tolist() == [3, 7, 99]


def test_open_incidents_overlap_and_last_as_long_as_told():
    """The longer of two; strictly after its start; without an end so long, or until a moment."""

    def at(hour):
        return ((HOURS[0] + pd.Timedelta(hours=hour)) - pd.Timestamp(0, tz="UTC")).value // 1000

    both = pd.concat([incident(10, 20), incident(12, 14), incident(30, None)])
    found = OpenIncidents.of(both, unresolved=pd.Timedelta("24h"))
    asked = np.array([at(h) for h in (9, 10, 15, 21, 31)])
    assert found.until(asked)[1:].tolist() == [found.until(asked)[0], at(20), at(20), at(54)]
    ends = OpenIncidents.of(both, unresolved=HOURS[-1])
    assert ends.until(asked)[-1] == HOURS[-1].value // 1000
    assert OpenIncidents.of(None, unresolved=HOURS[-1]).until(asked).max() < 0


def test_a_deployment_in_the_bucket_in_which_an_incident_ends_is_left_out():
    """What that bucket still holds of the incident would be blamed on it; an hour later is fine."""
    table = shipped(60.5, 61.5, 300.5)
    down = incident(58, 60.2)
    found = tradeoff.deployment_effect(*counts({58: 50, 59: 50, 60: 10}), table, incidents=down)
    assert found.left_out["deployment_id"].tolist() == ["d0"]
    assert found.left_out["reason"].tolist() == [INSIDE_INCIDENT]
    whole = tradeoff.deployment_effect(*counts(), shipped(60.5), incidents=incident(58, 60))
    assert whole.left_out.empty


def test_a_place_in_the_history_is_inside_the_incident_of_that_time():
    """Open from hour 10 to 12: not at its start, inside until its end."""
    past = history(*counts(), incidents=incident(10, 12))
    assert past.inside(np.array([10.0, 10.5, 11.9, 12.0])).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("table", "more", "reason"),
    [
        (shipped(58, 300, status=["failed", "succeeded"]), {}, NOT_SHIPPED),
        (shipped(58, 300, status=["cancelled", "succeeded"]), {}, NOT_SHIPPED),
        (shipped(-20, 300), {}, NO_DATA),
        (shipped(WEEKS * 168 + 1, 300), {}, NO_DATA),
        (shipped(58, 300), {"incidents": incident(57, 59)}, INSIDE_INCIDENT),
        (shipped(58, 300, planned=[False, True]), {}, ANSWER),
    ],
)
def test_a_deployment_is_left_out_for_a_reason(table, more, reason):
    """Each one left out is listed with its reason, the other one is used."""
    found = tradeoff.deployment_effect(*counts(), table, **more)
    assert found.left_out["reason"].tolist() == [reason]
    assert found.left_out["finished_at"].tolist() == [table["finished_at"].iloc[0]]
    assert (found.deployments, len(found.per_deployment)) == (1, 1)


def test_a_deployment_during_planned_maintenance_is_left_out():
    """The table of exclusions says why."""
    off = pd.DataFrame({"starts_at": HOURS[[57]], "ends_at": HOURS[[60]]})
    found = tradeoff.deployment_effect(*counts(), shipped(58, 300), exclusions=off)
    assert found.left_out["reason"].tolist() == [EXCLUDED]


def test_a_deployment_is_not_left_out_for_the_incident_it_caused():
    """An incident that the source puts down to the deployment itself is no reason."""
    own = incident(57.9, 60, caused_by="d0")
    found = tradeoff.deployment_effect(*counts({59: 50}), shipped(58, 300), incidents=own)
    assert found.left_out.empty
    other = incident(57.9, 60, caused_by="d1")
    found = tradeoff.deployment_effect(*counts({59: 50}), shipped(58, 300), incidents=other)
    assert found.left_out["reason"].tolist() == [INSIDE_INCIDENT]


def test_an_incident_without_an_end_is_open_until_the_data_ends():
    """Everything deployed after it began may have been an answer to it."""
    found = tradeoff.deployment_effect(
        *counts(), shipped(58, 900, 1000), incidents=incident(800, None)
    )
    assert found.left_out["reason"].tolist() == [INSIDE_INCIDENT] * 2


def test_planned_maintenance_is_no_incident():
    """Incidents of severity maintenance leave nothing out."""
    off = incident(57, 59).assign(severity="maintenance")
    found = tradeoff.deployment_effect(*counts(), shipped(58, 300), incidents=off)
    assert found.left_out.empty


def test_hours_never_clear_of_deployments_have_no_match():
    """A deployment every working day at ten leaves no such day to be compared with."""
    daily = [24 * day + 10 for day in range(7 * WEEKS) if day % 7 < 5]
    found = tradeoff.deployment_effect(*counts(), shipped(*daily, 24 * 5 + 2))
    assert found.left_out["reason"].tolist() == [NO_CONTROL] * len(daily)
    assert found.per_deployment["deployment_id"].tolist() == [f"d{len(daily)}"]


def test_minutes_are_rolled_up_without_loss():
    """Minutes and ten-minute sums of them give the same excess."""
    index = pd.date_range("2026-01-05", periods=28 * 1440, freq="min", tz="UTC", unit="us")
    rng = np.random.default_rng(1)
    total = pd.Series(rng.poisson(50, len(index)).astype(float), index)
    good = total - rng.binomial(total.astype(int), 0.01)
    fine = tradeoff.deployment_effect(good, total, shipped(58, 200, 500), placebos=200)
    coarse = [s.resample("10min").sum() for s in (good, total)]
    rolled = tradeoff.deployment_effect(*coarse, shipped(58, 200, 500), placebos=200)
    assert (fine.excess, fine.p_value) == (rolled.excess, rolled.p_value)


def test_windows_that_overlap_count_once():
    """Two deployments within an hour share their bad events; the later one is put down for them."""
    found = tradeoff.deployment_effect(*counts({62: 80}), shipped(58, 59, 300))
    assert found.excess.value == pytest.approx(80)
    assert found.per_deployment["excess"].to_numpy() == pytest.approx([0, 80, 0])


def test_what_comes_later_than_the_window_is_not_in_it():
    """Seven hours after a deployment its window has ended; a longer one still holds it."""
    given = (*counts({65: 90}), shipped(58, 400))
    assert tradeoff.deployment_effect(*given).excess.value == pytest.approx(0, abs=1)
    found = tradeoff.deployment_effect(*given, after="8h")
    assert found.excess.value == pytest.approx(90)
