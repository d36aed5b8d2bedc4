"""Traps of existing tools: each one is reproduced under their rules, and ours stays out of it."""

import numpy as np
import pandas as pd
import pytest

from srelib import delivery
from tests.delivery.made import JUNE, changes, deployments, incidents

LONG = (pd.Timestamp("2026-06-01", tz="UTC"), pd.Timestamp("2026-09-01", tz="UTC"))
ONE = deployments("deployment_id=d1 finished_at=01T12:00")


def test_an_incident_39_days_later_is_not_pinned_on_the_deployment():
    """The latest earlier deployment, however old, is what a tool with no window blames."""
    late = incidents(
        "incident_id=i1 started_at=2026-07-10T12:00 resolved_at=2026-07-10T13:00\n"
        "incident_id=i2 started_at=2026-08-05T12:00 resolved_at=2026-08-05T13:00"
    )
    theirs = delivery.attributed(ONE, late, rules=delivery.preset("devlake"))
    assert theirs["delay"].dt.days.tolist() == [39, 65]
    ours = delivery.attribute_incidents(ONE, late)
    assert ours["deployment_id"].isna().all()
    assert len(ours) == 2


def test_quiet_time_before_a_failure_is_not_recovery():
    """Ten quiet hours and one of trouble: one hour, not eleven."""
    broken = incidents("incident_id=i1 started_at=01T22:00 resolved_at=01T23:00")
    ours = delivery.recovery_time(ONE, broken, between=JUNE).iloc[0]
    assert ours["value"] == 3600
    assert ours["from_deployment"] == 11 * 3600
    theirs = delivery.metrics(ONE, None, broken, between=JUNE, rules=delivery.preset("devlake"))
    assert theirs["shop"].recovery.value == 11 * 3600


def test_a_month_without_data_is_not_a_month_of_0_hours():
    """July saw no deployment: lead time and recovery are unknown there, and the best is not."""
    made = changes("change_id=c1 committed_at=01T10:00 deployment_id=d1")
    broken = incidents("incident_id=i1 started_at=01T22:00 resolved_at=01T23:00")
    lead = delivery.change_lead_time(made, ONE, between=LONG, window="1M")
    recovery = delivery.recovery_time(ONE, broken, between=LONG, window="1M")
    for rows in (lead, recovery):
        assert rows["value"].isna().tolist() == [False, True, True]
        assert rows["n"].tolist() == [1, 0, 0]


def test_a_fail_rate_is_never_above_1():
    """Five incidents after one deployment are one failed deployment."""
    lines = "\n".join(f"incident_id=i{n} started_at=01T1{n}:30" for n in range(3, 8))
    row = delivery.change_fail_rate(ONE, incidents(lines), between=JUNE).iloc[0]
    assert (row["value"], row["incidents"]) == (1.0, 5)
    theirs = delivery.change_fail_rate(
        ONE, incidents(lines), between=JUNE, rules=delivery.preset("gitlab")
    )
    assert theirs["value"].tolist() == [5.0]


def test_no_deployments_are_not_0_percent():
    """Nothing failed because nothing was tried."""
    rows = delivery.change_fail_rate(ONE, None, between=LONG, window="1M")
    assert np.isnan(rows["value"].iloc[1:]).all()
    assert rows["n"].iloc[1:].tolist() == [0, 0]


def test_the_whole_is_not_the_mean_of_its_parts():
    """1 of 1 failed in June and 0 of 9 in July: 10 %, and not the mean of 100 % and 0 %."""
    shipped = deployments(
        "deployment_id=d0 finished_at=02T12:00\n"
        + "\n".join(f"deployment_id=d{n} finished_at=2026-07-{n:02d}T12:00" for n in range(1, 10))
    )
    broken = incidents("incident_id=i1 started_at=02T13:00 resolved_at=02T14:00")
    between = (LONG[0], pd.Timestamp("2026-08-01", tz="UTC"))
    months = delivery.change_fail_rate(shipped, broken, between=between, window="1M")
    whole = delivery.change_fail_rate(shipped, broken, between=between).iloc[0]
    assert months["value"].tolist() == [1.0, 0.0]
    assert months["value"].mean() == 0.5
    assert whole["value"] == pytest.approx(0.1)


def test_the_median_of_all_is_not_the_median_of_medians():
    """Ninety quick changes and three slow ones are quick."""
    lines = [f"change_id=c{n} committed_at=05T11:00 deployment_id=d1" for n in range(9)]
    lines += ["change_id=s1 committed_at=02T12:00 deployment_id=d2",
              "change_id=s2 committed_at=02T12:00 deployment_id=d3"]  # fmt: skip
    shipped = deployments(
        "deployment_id=d1 finished_at=05T12:00\n"
        "deployment_id=d2 finished_at=12T12:00\ndeployment_id=d3 finished_at=19T12:00"
    )
    made = changes("\n".join(lines))
    weeks = delivery.change_lead_time(made, shipped, between=JUNE, window="1w")
    whole = delivery.change_lead_time(made, shipped, between=JUNE).iloc[0]
    assert np.nanmedian(weeks["value"]) == 10 * 86_400
    assert whole["value"] == 3600


def test_cancelled_is_not_failed():
    """An action of a person is no verdict on the code."""
    rows = deployments(
        "deployment_id=d1 finished_at=02T12:00\ndeployment_id=d2 finished_at=03T12:00 "
        "status=cancelled"
    )
    broken = incidents("incident_id=i1 started_at=03T12:30")
    row = delivery.change_fail_rate(rows, broken, between=JUNE).iloc[0]
    assert (row["n"], row["cancelled"], row["before_users"]) == (1, 1, 0)
    assert delivery.attribute_incidents(rows, broken, within="48h")["deployment_id"].tolist() == [
        "d1"
    ]


SAME_TAGS = """
    deployment_id=v1 finished_at=02T09:00
    deployment_id=v1 finished_at=03T09:00 service=cart
    deployment_id=v2 finished_at=04T09:00
    deployment_id=v2 finished_at=05T09:00 service=cart
"""


def test_a_tag_of_two_services_stays_two_deployments():
    """v1.2 of one repository is not v1.2 of another: incidents go to that of their service."""
    down = incidents("""
        incident_id=i1 started_at=03T10:00 resolved_at=03T11:00 service=cart
        incident_id=i2 started_at=04T10:00 resolved_at=04T12:00 deployment_id=v2
        incident_id=i2 started_at=05T10:00 resolved_at=05T13:00 deployment_id=v2 service=cart
    """)
    shipped = deployments(SAME_TAGS)
    found = delivery.failures(shipped, down, between=JUNE)
    failed = found[found["failed"]][["service", "deployment_id"]].values.tolist()
    assert sorted(failed) == [["cart", "v1"], ["cart", "v2"], ["shop", "v2"]]
    lasted = delivery.recoveries(shipped, down, between=JUNE)
    lasted = lasted.set_index(["service", "deployment_id"])
    assert (lasted["from_failure"] / 3600).to_dict() == {
        ("cart", "v1"): 1, ("shop", "v2"): 2, ("cart", "v2"): 3,
    }  # fmt: skip


def test_a_change_is_shipped_by_the_tag_of_its_own_service():
    """Two repositories with a v2 each: an hour before that of the own service, never a day off."""
    made = changes("""
        change_id=a committed_at=04T08:00 deployment_id=v2
        change_id=b committed_at=05T08:00 deployment_id=v2 service=cart
    """)
    found = delivery.lead_times(made, deployments(SAME_TAGS), between=JUNE)
    assert (found["seconds"] / 3600).tolist() == [1, 1]
