"""What counts as a failed deployment, and how long failures last."""

import numpy as np
import pandas as pd
import pytest

from srelib import delivery, tables
from srelib.delivery import Rules
from srelib.delivery.attribution import _chance
from srelib.delivery.failures import _failures, _recoveries
from tests.delivery.made import JUNE, LONG, SAME_TAGS, changes, deployments, incidents

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
ONE = deployments("deployment_id=d1 finished_at=01T12:00")
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
    rows = _failures(shipped, broken, between=JUNE)
    assert rows["hotfix"].tolist() == [True, False, False]
    assert rows["chain"].tolist() == [0, 1, 0]
    unnoticed = _failures(shipped, None, between=JUNE)
    assert unnoticed["hotfix"].tolist() == [False, True, False]


def test_a_rate_is_unknown_without_a_deployment():
    """NaN and n 0: no deployment failed, and none succeeded."""
    rows = delivery.change_fail_rate(SHIPPED, BROKEN, between=JUNE, window="1w")
    assert rows["n"].tolist() == [2, 2, 1, 0]
    assert np.isnan(rows["value"].iloc[3])


def test_the_interval_is_wilsons_where_deployments_stand_alone():
    """1 of 10: 1.8 % to 40.4 % (Brown, Cai, DasGupta 2001, Wilson's interval)."""
    lines = "\n".join(f"deployment_id=d{n} finished_at={n + 2:02d}T09:00" for n in range(10))
    row = rate(deployments(lines), incidents("incident_id=i started_at=02T09:10"))
    assert (row["value"], row["n"]) == (0.1, 10)
    assert [row["low"], row["high"]] == pytest.approx([0.0179, 0.4042], abs=1e-4)


def test_overlapping_incidents_are_one_failure():
    """09:10 to 10:10 and 10:00 to 11:10 are two hours once; 20:00 is another one."""
    rows = _recoveries(SHIPPED, BROKEN, between=JUNE)
    assert rows["deployment_id"].tolist() == ["d1", "d1"]
    assert (rows["from_failure"] / 60).tolist() == [120, 30]
    assert (rows["from_deployment"] / 60).tolist() == [130, 690]


def test_an_open_failure_counts_for_as_long_as_it_lasted():
    """From noon of the 28th until the end of the history, and not as ended."""
    shipped = deployments("deployment_id=d finished_at=28T11:00")
    rows = _recoveries(shipped, BROKEN, between=JUNE)
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


def test_wider_windows_take_in_more_incidents():
    """Never fewer, and chance grows with them."""
    rows = delivery.sensitivity(SHIPPED, BROKEN, between=JUNE)
    assert rows["attributed"].is_monotonic_increasing
    assert rows["by_chance"].is_monotonic_increasing
    assert rows["within"].is_monotonic_increasing


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
    assert (row["value"], row["incident"]) == (1.0, 1)
    theirs = delivery.change_fail_rate(
        ONE, incidents(lines), between=JUNE, rules=delivery.preset("gitlab")
    )
    assert theirs["value"].tolist() == [5.0]


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


def test_a_tag_of_two_services_stays_two_deployments():
    """v1.2 of one repository is not v1.2 of another: incidents go to that of their service."""
    down = incidents("""
        incident_id=i1 started_at=03T10:00 resolved_at=03T11:00 service=cart
        incident_id=i2 started_at=04T10:00 resolved_at=04T12:00 deployment_id=v2
        incident_id=i2 started_at=05T10:00 resolved_at=05T13:00 deployment_id=v2 service=cart
    """)
    shipped = deployments(SAME_TAGS)
    found = _failures(shipped, down, between=JUNE)
    failed = found[found["failed"]][["service", "deployment_id"]].values.tolist()
    assert sorted(failed) == [["cart", "v1"], ["cart", "v2"], ["shop", "v2"]]
    lasted = _recoveries(shipped, down, between=JUNE)
    lasted = lasted.set_index(["service", "deployment_id"])
    assert (lasted["from_failure"] / 3600).to_dict() == {
        ("cart", "v1"): 1, ("shop", "v2"): 2, ("cart", "v2"): 3,
    }  # fmt: skip


def test_silence_is_not_a_rate_of_zero():
    """Exports without incidents, rollbacks and plans say nothing; a log without one says 0."""
    mute = SHIPPED[SHIPPED["status"] == "succeeded"].assign(planned=pd.NA)
    mute = tables.conform(mute, "deployments")
    row = rate(mute, None)
    assert np.isnan(row["value"])
    assert (row["n"], row["signals"]) == (0, "")
    row = rate(mute, tables.empty("incidents"))
    assert (row["value"], row["failed"], row["n"], row["signals"]) == (0.0, 0, 4, "incident")


def test_a_service_without_deployments_keeps_its_incidents():
    """An hour of b, though only shop was deployed: there, and counted by tools that count all."""
    broken = incidents("incident_id=i1 started_at=01T14:00 resolved_at=01T15:00 service=b")
    for measure in (delivery.recovery_time, delivery.change_fail_rate, _chance):
        assert measure(ONE, broken, between=JUNE)["service"].tolist() == ["b", "shop"]
    rules = delivery.preset("middleware")
    row = delivery.recovery_time(ONE, broken, between=JUNE, rules=rules).iloc[0]
    assert (row["value"], row["n"]) == (3600, 1)
    found = delivery.metrics(ONE, None, broken, between=JUNE, rules=rules)
    assert found["b"].recovery.value == 3600
    assert (found["b"].deployments, found["b"].frequency.n) == (0, 0)
    assert np.isnan(found["b"].frequency.value)
    assert list(delivery.metrics(ONE, None, broken, between=JUNE)) == ["shop"]


@pytest.mark.parametrize("together", [None, "all"])
def test_without_deployments_every_table_has_its_columns(together):
    """The same ones as with them, and no row."""
    made = changes("change_id=c1 committed_at=01T10:00 deployment_id=d1")
    broken = incidents("incident_id=i1 started_at=01T14:00 resolved_at=01T15:00")
    measures = (delivery.change_fail_rate, delivery.recovery_time, _chance,
                delivery.deployment_frequency, delivery.rework_rate, delivery.change_lead_time,
                delivery.sensitivity)  # fmt: skip
    for measure in measures:
        full, bare = (
            measure(*{
                delivery.change_lead_time: (c, d), delivery.deployment_frequency: (d,),
                delivery.rework_rate: (d,),
            }.get(measure, (d, i)), between=JUNE, together=together)
            for d, c, i in (
                (ONE, made, broken),
                [tables.empty(name) for name in ("deployments", "changes", "incidents")],
            )
        )  # fmt: skip
        assert list(bare) == list(full)
        assert len(bare) == 0


def test_a_release_of_two_services_fails_once_for_both_together():
    """One tag within the hour, hurt in one of them; the repair of the other belongs to it too."""
    shipped = deployments("""
        deployment_id=v1 finished_at=02T09:00 planned=yes
        deployment_id=v1 finished_at=02T09:30 planned=yes service=cart
        deployment_id=fix finished_at=02T11:00 planned=no service=cart
        deployment_id=v2 finished_at=12T09:00 planned=yes
    """)
    broken = incidents("""
        incident_id=i1 started_at=02T10:00 resolved_at=02T11:00
        incident_id=i1 started_at=02T10:00 resolved_at=02T11:00 service=cart
    """)
    row = delivery.change_fail_rate(shipped, broken, between=JUNE, together="all").iloc[0]
    assert (row["failed"], row["incident"], row["hotfix"], row["n"]) == (1, 1, 1, 3)
    for rules in ("srelib", "middleware"):
        row = delivery.recovery_time(
            shipped, broken, between=JUNE, together="all", rules=delivery.preset(rules)
        ).iloc[0]
        assert (row["value"], row["n"]) == (3600, 1)
    theirs = delivery.change_fail_rate(
        shipped, broken, between=JUNE, together="all", rules=delivery.preset("gitlab")
    ).iloc[0]
    assert theirs["value"] == pytest.approx(1 / 3)
