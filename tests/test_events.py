"""Which deployments and incidents count, and why the others do not."""

import pandas as pd
import pytest

from srelib import events
from srelib.errors import ColumnError, ParameterError


def times(*texts: str) -> pd.Series:
    """Times in UTC."""
    return pd.Series(pd.to_datetime(list(texts), utc=True, format="ISO8601"))


DEPLOYMENTS = pd.DataFrame({
    "deployment_id": ["1", "2", "3", "4", "5", "6"],
    "service": ["a", "a", "a", "b", "b", "b"],
    "finished_at": times("2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04", "2026-06-05",
                         "2026-06-06"),
    "status": ["succeeded", "failed", "succeeded", None, "cancelled", "rolled_back"],
})  # fmt: skip
INCIDENTS = pd.DataFrame({
    "incident_id": ["i", "i", "i", "j", "k"],
    "service": ["a", "b", "a", "b", "b"],
    "severity": ["high", "high", "low", "MAINTENANCE", None],
    "started_at": times("2026-06-01T10:00", "2026-06-01T10:30", "2026-06-08", "2026-06-09",
                        "2026-06-10"),
    "resolved_at": times("2026-06-01T11:00", "2026-06-01T12:00", "2026-06-08T01:00", "2026-06-10",
                         "2026-06-11"),
})  # fmt: skip


def test_a_deployment_counts_when_it_reached_users():
    """Each other row has the one reason that keeps it out."""
    reasons = events.deployment_exclusions(DEPLOYMENTS).fillna("counts").tolist()
    assert reasons == [
        "counts", "failed before users", "counts", "counts", "cancelled", "counts",
    ]  # fmt: skip
    counting = events.eligible_deployments(DEPLOYMENTS)
    assert counting["deployment_id"].tolist() == ["1", "3", "4", "6"]


def test_a_deployment_without_an_end_is_not_placed_in_time():
    """It is left out with that reason."""
    open_ended = DEPLOYMENTS.assign(finished_at=pd.NaT)[:1]
    assert events.deployment_exclusions(open_ended).tolist() == [events.UNFINISHED]


def test_columns_that_are_not_there_exclude_nothing():
    """A table of identifiers alone counts whole."""
    bare = pd.DataFrame({"deployment_id": ["1", "2"]})
    assert len(events.eligible_deployments(bare)) == 2
    assert len(events.eligible_incidents(pd.DataFrame({"incident_id": ["1"]}))) == 1


def test_planned_maintenance_and_what_has_no_start_are_no_incidents():
    """Both are named."""
    rows = INCIDENTS.assign(started_at=INCIDENTS["started_at"].where(INCIDENTS.index != 4))
    reasons = events.incident_exclusions(rows)
    assert reasons[3:].tolist() == [events.MAINTENANCE, events.NO_START]
    assert events.eligible_incidents(rows).index.tolist() == [0, 1, 2]


def test_severities_are_asked_for_by_name():
    """Upper or lower case; one that no incident has is refused with those there are."""
    assert events.eligible_incidents(INCIDENTS, severity=["HIGH"]).index.tolist() == [0, 1]
    with pytest.raises(ParameterError, match="'sev0'; the data have 'MAINTENANCE', 'high', 'low'"):
        events.eligible_incidents(INCIDENTS, severity="SEV0")


def test_an_incident_of_several_services_is_one_for_the_fleet():
    """Rows of one identifier that were open together; a later one of that name is another."""
    assert events.once_for_fleet(INCIDENTS).index.tolist() == [0, 2, 3, 4]
    still_open = INCIDENTS.assign(
        resolved_at=pd.Series(pd.NaT, INCIDENTS.index, dtype=times().dtype)
    )
    assert events.once_for_fleet(still_open).index.tolist() == [0, 3, 4]


def test_equal_numbers_of_two_trackers_stay_two_incidents():
    """Issue 12 of one repository and issue 12 of another, open on the same day."""
    rows = INCIDENTS.assign(title=["API down", "Disk full", "API down", "x", "y"])
    assert events.once_for_fleet(rows).index.tolist() == [0, 1, 2, 3, 4]
    assert events._incident_numbers(rows).is_unique


def test_severity_none_says_that_no_user_was_affected():
    """Upper or lower case; without a severity it is taken as felt."""
    rows = INCIDENTS.assign(severity=["None", "high", None, "low", "NONE"])
    assert events.affecting_users(rows).index.tolist() == [1, 2, 3]
    assert len(events.affecting_users(INCIDENTS.drop(columns="severity"))) == 5


def test_rows_of_one_incident_share_its_number():
    """Those that `once_for_fleet` takes as one, in any order of the table."""
    for rows in (INCIDENTS, INCIDENTS.iloc[::-1]):
        numbers = events._incident_numbers(rows)
        assert numbers[0] == numbers[1]
        assert numbers.nunique() == 4


def test_a_release_of_several_services_counts_once():
    """One identifier within the hour; the same tag another day is another deployment."""
    rows = pd.DataFrame({
        "deployment_id": ["v2", "v2", "v2", "v2"], "service": ["a", "b", "c", "a"],
        "finished_at": times("2026-06-01T10:00", "2026-06-01T10:50", "2026-06-01T11:40",
                             "2026-06-03T10:00"),
    })  # fmt: skip
    assert events._first_of_release(rows).tolist() == [0, 0, 0, 3]
    assert events._first_of_release(rows.iloc[::-1]).tolist() == [0, 3, 3, 3]


def test_exclusions_that_name_no_service_are_about_all():
    """And those of another indicator are not about this one."""
    table = pd.DataFrame({
        "service": ["a", None, "b", "a"], "sli": [None, None, None, "latency"],
        "starts_at": times(*["2026-06-01"] * 4), "ends_at": times(*["2026-06-02"] * 4),
    })  # fmt: skip
    assert events.of_service(table, "a").index.tolist() == [0, 1, 3]
    assert events.of_service(table, "a", sli="availability").index.tolist() == [0, 1]
    assert events.of_service(INCIDENTS, "b").index.tolist() == [1, 3, 4]


def test_the_tables_are_left_as_they_were():
    """Asking changes nothing."""
    before = DEPLOYMENTS.copy(), INCIDENTS.copy()
    events.eligible_deployments(DEPLOYMENTS)
    events.once_for_fleet(INCIDENTS)
    pd.testing.assert_frame_equal(DEPLOYMENTS, before[0])
    pd.testing.assert_frame_equal(INCIDENTS, before[1])


def test_a_table_of_several_services_is_refused_where_one_is_asked_about():
    """As is one that lacks a column; one service, or none named, is fine."""
    table = pd.DataFrame({"service": ["a", "a"], "started_at": 0})
    events._check_one_service(table, "incidents", "started_at")
    with pytest.raises(ParameterError, match=r"belong to the one service .* got 2"):
        events._check_one_service(table.assign(service=["a", "b"]), "incidents", "started_at")
    with pytest.raises(ColumnError, match="incidents lack resolved_at"):
        events._check_one_service(table, "incidents", "resolved_at")


def test_events_of_members_are_those_of_the_composite_once():
    """An incident of two members counts once; others are not asked."""
    at = pd.to_datetime(["2026-06-01"] * 3, utc=True)
    table = pd.DataFrame({"incident_id": ["7", "7", "8"], "service": ["cart", "pay", "search"],
                          "started_at": at, "resolved_at": at + pd.Timedelta("1h")})  # fmt: skip
    found = events.of_service(table, "shop", also=("cart", "pay"))
    assert found[["incident_id", "service"]].to_numpy().tolist() == [["7", "shop"]]
