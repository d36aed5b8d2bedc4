"""Which deployment an incident is attributed to, by each rule, and what is left over."""

import pandas as pd
import pytest

from srelib import delivery, tables
from srelib.delivery.attribution import _chance
from srelib.errors import ColumnError, ParameterError
from tests.delivery.made import JUNE, deployments, incidents

SHIPPED = deployments(
    """
    deployment_id=d1 finished_at=02T09:00
    deployment_id=d2 finished_at=02T15:00
    deployment_id=w1 finished_at=02T16:00 service=web
    deployment_id=bad finished_at=02T17:00 status=failed
    deployment_id=off finished_at=02T17:30 status=cancelled
    """
)


def placed(text, **rules):
    """Incident, deployment and rule of each pair."""
    found = delivery.attribute_incidents(SHIPPED, incidents(text), rules=delivery.Rules(**rules))
    return [
        (row.incident_id, *(None if pd.isna(x) else x for x in (row.deployment_id, row.rule)))
        for row in found.itertuples()
    ]


def test_the_latest_deployment_within_the_window_is_answerable():
    """Failed and cancelled ones in between reached nobody."""
    assert placed("incident_id=i1 started_at=02T18:00") == [("i1", "d2", "window")]


def test_the_delay_runs_from_the_end_of_the_deployment():
    """Three hours from 15:00 to 18:00."""
    found = delivery.attribute_incidents(SHIPPED, incidents("incident_id=i1 started_at=02T18:00"))
    assert found["delay"].tolist() == [pd.Timedelta("3h")]


def test_rows_say_where_incident_and_deployment_stand_in_their_tables():
    """Whatever the order of the tables, by name and by time, and -1 where there is none."""
    text = """
    incident_id=i1 started_at=02T18:00
    incident_id=i2 started_at=02T17:00 deployment_id=bad
    incident_id=i3 started_at=01T00:00
    """
    broken, shipped = incidents(text), SHIPPED.iloc[::-1]
    found = delivery.attribute_incidents(shipped, broken)
    assert broken["incident_id"].iloc[found["incident_row"]].tolist() == ["i3", "i2", "i1"]
    assert found["deployment_row"].tolist()[0] == -1
    named = shipped["deployment_id"].iloc[found["deployment_row"][1:]]
    assert named.tolist() == found["deployment_id"].tolist()[1:] == ["bad", "d2"]


def test_an_incident_long_after_is_left_over_and_says_why():
    """25 hours are more than a day; the row is there all the same."""
    found = delivery.attribute_incidents(SHIPPED, incidents("incident_id=i1 started_at=03T16:00"))
    assert found["deployment_id"].isna().all()
    assert found["why"].tolist() == ["latest deployment too long before"]
    assert placed("incident_id=i1 started_at=03T15:00") == [("i1", "d2", "window")]


def test_an_incident_before_every_deployment_is_left_over():
    """Nothing can be answerable that was not there yet."""
    found = delivery.attribute_incidents(SHIPPED, incidents("incident_id=i1 started_at=01T00:00"))
    assert found["why"].tolist() == ["no deployment before"]


def test_strict_leaves_out_a_deployment_of_the_same_moment():
    """At 15:00 sharp, d2 is either the latest, or not before it."""
    text = "incident_id=i1 started_at=02T15:00"
    assert placed(text) == [("i1", "d2", "window")]
    assert placed(text, strict=True) == [("i1", "d1", "window")]


def test_latest_goes_back_as_far_as_it_takes():
    """65 days are no obstacle to a rule without a window."""
    text = "incident_id=i1 started_at=2026-08-06T15:00"
    assert placed(text, match="latest") == [("i1", "d2", "latest")]
    assert placed(text) == [("i1", None, None)]


def test_the_project_includes_other_services():
    """w1 of another service came later than d2."""
    text = "incident_id=i1 started_at=02T18:00"
    assert placed(text, scope="project", match="latest") == [("i1", "w1", "latest")]


def test_what_the_source_says_comes_first():
    """i1 names the older deployment; i2 names none and falls to the window."""
    text = """
    incident_id=i1 started_at=02T18:00 deployment_id=d1
    incident_id=i2 started_at=02T18:00
    """
    assert placed(text) == [("i1", "d1", "source"), ("i2", "d2", "window")]
    assert placed(text, match="source") == [("i1", "d1", "source"), ("i2", None, None)]
    assert placed(text, match="window") == [("i1", "d2", "window"), ("i2", "d2", "window")]


@pytest.mark.parametrize("name", ["gone", "off"])
def test_a_named_deployment_that_is_not_there_is_not_replaced_by_a_guess(name):
    """The source knows better than the clock; a cancelled deployment did nothing."""
    text = f"incident_id=i1 started_at=02T18:00 deployment_id={name}"
    assert placed(text) == [("i1", None, None)]


def test_a_failed_deployment_counts_where_it_is_named():
    """A rollout that broke half way can do harm, if the source says so."""
    text = "incident_id=i1 started_at=02T18:00 deployment_id=bad"
    assert placed(text) == [("i1", "bad", "source")]


def test_shared_names_every_deployment_of_the_window():
    """One row per pair, earliest deployment first."""
    text = "incident_id=i1 started_at=02T18:00"
    assert placed(text, shared=True) == [("i1", "d1", "window"), ("i1", "d2", "window")]
    assert placed(text, shared=True, within="4h") == [("i1", "d2", "window")]
    names = [d for _, d, _ in placed(text, shared=True, scope="project")]
    assert names == ["d1", "d2", "w1"]


def test_planned_maintenance_is_no_incident():
    """It was announced."""
    assert placed("incident_id=i1 started_at=02T18:00 severity=Maintenance") == []


def test_no_incident_is_ever_lost():
    """Whatever the rule, each has at least one row."""
    text = "\n".join(f"incident_id=i{n} started_at={n:02d}T12:00" for n in range(1, 29))
    for match in ("source", "window", "latest", "source_then_window", "source_then_latest"):
        for shared in (False, True):
            found = placed(text, match=match, shared=shared)
            assert {i for i, _, _ in found} == {f"i{n}" for n in range(1, 29)}


def test_the_tables_are_left_as_they_were():
    """Reading changes nothing."""
    shipped, broken = SHIPPED.copy(), incidents("incident_id=i1 started_at=02T18:00")
    before = broken.copy()
    delivery.attribute_incidents(shipped, broken)
    pd.testing.assert_frame_equal(shipped, SHIPPED)
    pd.testing.assert_frame_equal(broken, before)


def test_empty_tables_give_an_empty_answer():
    """With the columns all the same."""
    found = delivery.attribute_incidents(tables.empty("deployments"), tables.empty("incidents"))
    assert list(found)[:5] == ["incident_id", "service", "deployment_id", "rule", "delay"]
    assert found.empty


def test_rules_that_do_not_exist_are_refused():
    """The error says what there is."""
    none = tables.empty("incidents")
    with pytest.raises(ParameterError, match="match must be one of source, window, latest"):
        delivery.attribute_incidents(SHIPPED, none, match="nearest")
    with pytest.raises(ParameterError, match="within must be longer than nothing"):
        delivery.attribute_incidents(SHIPPED, none, within="0h")
    with pytest.raises(ParameterError, match="within must be a length of time; got 'long'"):
        delivery.attribute_incidents(SHIPPED, none, within="long")
    with pytest.raises(ColumnError, match="incidents lack started_at"):
        delivery.attribute_incidents(SHIPPED, none.drop(columns="started_at"))


def test_chance_is_the_share_of_time_near_a_deployment():
    """One deployment, a day of 28: of 14 incidents half a one would fall into it."""
    shipped = deployments("deployment_id=d finished_at=10T00:00")
    lines = "\n".join(f"incident_id=i{n} started_at={2 * n + 1:02d}T12:00" for n in range(14))
    row = _chance(shipped, incidents(lines), between=JUNE).iloc[0]
    assert (row["incidents"], row["attributed"]) == (14, 0)
    assert row["by_chance"] == pytest.approx(14 / 28)
    assert row["followed_by_chance"] == pytest.approx((12 + 13 * 24) / 24 / 28)


def test_an_incident_39_days_later_is_not_pinned_on_the_deployment():
    """The latest earlier deployment, however old, is what a tool with no window blames."""
    one = deployments("deployment_id=d1 finished_at=01T12:00")
    late = incidents(
        "incident_id=i1 started_at=2026-07-10T12:00 resolved_at=2026-07-10T13:00\n"
        "incident_id=i2 started_at=2026-08-05T12:00 resolved_at=2026-08-05T13:00"
    )
    theirs = delivery.attribute_incidents(one, late, rules=delivery.preset("devlake"))
    assert theirs["delay"].dt.days.tolist() == [39, 65]
    ours = delivery.attribute_incidents(one, late)
    assert ours["deployment_id"].isna().all()
    assert len(ours) == 2


def test_chance_counts_an_incident_of_two_services_once_for_the_fleet():
    """Within the day of a in one of two services, so that chance gives 1 - (1 - 1/28) of it."""
    shipped = deployments("deployment_id=d finished_at=10T00:00 service=a")
    broken = incidents("""
        incident_id=i started_at=20T00:00 service=a
        incident_id=i started_at=20T00:00 service=b
    """)
    apart = _chance(shipped, broken, between=JUNE)
    assert apart[["service", "incidents"]].values.tolist() == [["a", 1], ["b", 1]]
    whole = _chance(shipped, broken, between=JUNE, together="all").iloc[0]
    assert (whole["service"], whole["incidents"], whole["attributed"]) == ("all", 1, 0)
    assert whole["by_chance"] == pytest.approx(1 / 28)
