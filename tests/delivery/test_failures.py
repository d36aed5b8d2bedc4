"""What counts as a failed deployment, and how long failures last."""

import numpy as np
import pandas as pd
import pytest

from srelib import delivery, tables
from srelib.delivery import Rules
from tests.delivery.made import JUNE, deployments, incidents

SHIPPED = deployments(
    """
    deployment_id=d1 finished_at=02T09:00 planned=yes
    deployment_id=d2 finished_at=05T09:00 planned=yes status=rolled_back
    deployment_id=d3 finished_at=08T09:00 planned=yes
    deployment_id=fix finished_at=08T15:00 planned=no
    deployment_id=d4 finished_at=20T09:00 planned=yes
    deployment_id=bad finished_at=21T09:00 planned=yes status=failed
    """
)
BROKEN = incidents(
    """
    incident_id=i1 started_at=02T09:10 resolved_at=02T10:10
    incident_id=i2 started_at=02T10:00 resolved_at=02T11:10
    incident_id=i3 started_at=02T20:00 resolved_at=02T20:30
    incident_id=i4 started_at=28T12:00
    """
)


def rate(shipped, broken, **rules):
    """The row of the fail rate."""
    return delivery.change_fail_rate(shipped, broken, between=JUNE, rules=Rules(**rules)).iloc[0]


def test_each_signal_is_counted_apart_and_each_deployment_once():
    """d1 by three incidents, d2 rolled back, d3 mended: three of five."""
    row = rate(SHIPPED, BROKEN)
    assert (row["incident"], row["rolled_back"], row["hotfix"], row["failed"]) == (1, 1, 1, 3)
    assert (row["n"], row["value"]) == (5, 0.6)
    assert row["before_users"] == 1


def test_signals_can_be_chosen():
    """Incidents alone: one of five."""
    assert rate(SHIPPED, BROKEN, signals=("incident",))["value"] == 0.2


def test_a_repair_mends_only_what_is_near():
    """Six hours are too long for a limit of two."""
    assert rate(SHIPPED, BROKEN, hotfix_within="2h")["hotfix"] == 0


def test_a_repair_mends_what_failed_and_not_what_came_between():
    """d1 had the incident, d2 was shipped while it lasted: the fix is for d1."""
    shipped = deployments(
        """
        deployment_id=d1 finished_at=02T09:00 planned=yes
        deployment_id=d2 finished_at=02T10:00 planned=yes
        deployment_id=fix finished_at=02T11:00 planned=no
        """
    )
    broken = incidents("incident_id=i1 started_at=02T09:10 resolved_at=02T11:00")
    rows = delivery.failures(shipped, broken, between=JUNE)
    assert rows["hotfix"].tolist() == [True, False, False]
    assert rows["chain"].tolist() == [0, 1, 0]
    unnoticed = delivery.failures(shipped, None, between=JUNE)
    assert unnoticed["hotfix"].tolist() == [False, True, False]


def test_a_rate_is_unknown_without_a_deployment():
    """NaN and n 0: no deployment failed, and none succeeded."""
    rows = delivery.change_fail_rate(SHIPPED, BROKEN, between=JUNE, window="1w")
    assert rows["n"].tolist() == [2, 2, 1, 0]
    assert np.isnan(rows["value"].iloc[3])


def test_silence_is_not_a_rate_of_zero():
    """Exports without incidents, rollbacks and plans say nothing of failures."""
    mute = SHIPPED[SHIPPED["status"] == "succeeded"].assign(planned=pd.NA)
    mute = tables.conform(mute, "deployments")
    row = rate(mute, tables.empty("incidents"))
    assert np.isnan(row["value"])
    assert (row["n"], row["heard"]) == (0, "")
    assert rate(mute, BROKEN)["heard"] == "incident"


def test_the_interval_is_wilsons_where_deployments_stand_alone():
    """1 of 10: 1.8 % to 40.4 % (Brown, Cai, DasGupta 2001, Wilson's interval)."""
    lines = "\n".join(f"deployment_id=d{n} finished_at={n + 2:02d}T09:00" for n in range(10))
    row = rate(deployments(lines), incidents("incident_id=i started_at=02T09:10"))
    assert (row["value"], row["n"]) == (0.1, 10)
    assert [row["low"], row["high"]] == pytest.approx([0.0179, 0.4042], abs=1e-4)


def test_overlapping_incidents_are_one_failure():
    """09:10 to 10:10 and 10:00 to 11:10 are two hours once; 20:00 is another one."""
    rows = delivery.recoveries(SHIPPED, BROKEN, between=JUNE)
    assert rows["deployment_id"].tolist() == ["d1", "d1"]
    assert rows["incidents"].tolist() == [2, 1]
    assert (rows["from_failure"] / 60).tolist() == [120, 30]
    assert (rows["from_deployment"] / 60).tolist() == [130, 690]


def test_an_open_failure_counts_for_as_long_as_it_lasted():
    """From noon of the 28th until the end of the history, and not as ended."""
    shipped = deployments("deployment_id=d finished_at=28T11:00")
    rows = delivery.recoveries(shipped, BROKEN, between=JUNE)
    assert (rows["from_failure"] / 3600).tolist() == [12.0]
    assert rows["recovered"].tolist() == [False]
    row = delivery.recovery_time(shipped, BROKEN, between=JUNE).iloc[0]
    assert np.isnan(row["value"])
    assert (row["n"], row["open"]) == (1, 1)


def test_an_open_failure_pulls_the_median_up():
    """Leaving it out would make things look better: 1, 2, 3 h and one open for 12."""
    lines = [f"incident_id=i{n} started_at={n:02d}T10:00 resolved_at={n:02d}T{10 + n}:00"
             for n in (1, 2, 3)]  # fmt: skip
    lines.append("incident_id=i4 started_at=28T12:00")
    shipped = deployments(
        "\n".join(f"deployment_id=d{n} finished_at={n:02d}T09:00" for n in (1, 2, 3, 28))
    )
    row = delivery.recovery_time(shipped, incidents("\n".join(lines)), between=JUNE).iloc[0]
    assert row["value"] / 3600 == 2.5
    assert row["method"] == "Kaplan-Meier"


def test_the_clock_can_start_at_the_deployment():
    """A second, named figure; as the first only where the rules say so."""
    row = delivery.recovery_time(
        SHIPPED, BROKEN, between=JUNE, rules=Rules(recovery_from="deployment")
    ).iloc[0]
    assert row["value"] == row["from_deployment"] == pytest.approx((130 + 690) / 2 * 60)


def test_all_five_numbers_come_together():
    """What is not known is NaN with n 0."""
    found = delivery.metrics(SHIPPED, None, BROKEN, between=JUNE)["shop"]
    assert found.deployments == 5
    assert found.frequency.value == 1.25
    assert found.fail_rate.value == 0.6
    assert found.recovery.value == 75 * 60
    assert found.rework_rate.value == 0.2
    assert np.isnan(found.lead_time.value)
    assert found.lead_time.n == 0


def test_services_are_blended_only_on_request_and_under_a_name():
    """Two services: two answers, or one that says what it is."""
    both = pd.concat([SHIPPED, SHIPPED.assign(service="web", deployment_id=SHIPPED[
        "deployment_id"] + "w")], ignore_index=True)  # fmt: skip
    assert list(delivery.metrics(both, None, BROKEN, between=JUNE)) == ["shop", "web"]
    blend = delivery.metrics(both, None, BROKEN, between=JUNE, together="both")
    assert list(blend) == ["both"]
    assert blend["both"].fail_rate.value == 0.5


def test_chance_is_the_share_of_time_near_a_deployment():
    """One deployment, a day of 28: of 14 incidents half a one would fall into it."""
    shipped = deployments("deployment_id=d finished_at=10T00:00")
    lines = "\n".join(f"incident_id=i{n} started_at={2 * n + 1:02d}T12:00" for n in range(14))
    row = delivery.chance(shipped, incidents(lines), between=JUNE).iloc[0]
    assert (row["incidents"], row["attributed"]) == (14, 0)
    assert row["by_chance"] == pytest.approx(14 / 28)
    assert row["followed_by_chance"] == pytest.approx((12 + 13 * 24) / 24 / 28)


def test_wider_windows_take_in_more_incidents():
    """Never fewer, and chance grows with them."""
    rows = delivery.sensitivity(SHIPPED, BROKEN, between=JUNE)
    assert rows["attributed"].is_monotonic_increasing
    assert rows["by_chance"].is_monotonic_increasing
    assert rows["within"].is_monotonic_increasing
