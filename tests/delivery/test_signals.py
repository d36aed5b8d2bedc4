"""Signals of failed deployments beside the fail rate: reverts, hotfixes and rollbacks by marks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from srelib import delivery
from srelib.delivery.signals import failure_signals
from tests.delivery.made import JUNE, changes, deployments, incidents

SHIPPED = deployments(
    """
    deployment_id=d1 finished_at=02T09:00 planned=yes
    deployment_id=d2 finished_at=05T09:00 planned=yes
    deployment_id=d3 finished_at=08T09:00 planned=yes
    deployment_id=fix finished_at=08T15:00 planned=no
    deployment_id=d4 finished_at=20T09:00 planned=yes
    deployment_id=d5 finished_at=20T11:00 planned=yes
    deployment_id=d6 finished_at=22T09:00 planned=yes
    deployment_id=bad finished_at=23T09:00 planned=yes status=failed
    """
)
MADE = changes(
    """
    change_id=aaaaaaa1 deployment_id=d1 committed_at=01T09:00 kind=regular
    change_id=aaaaaaa2 deployment_id=d2 committed_at=01T09:00 kind=regular
    change_id=bbbbbbb2 deployment_id=d2 committed_at=01T09:00 kind=revert reverts=aaaaaaa1
    change_id=aaaaaaa4 deployment_id=d4 committed_at=01T09:00 kind=regular
    change_id=bbbbbbb4 deployment_id=d4 committed_at=01T09:00 kind=revert reverts=aaaaaaa4
    change_id=aaaaaaa5 deployment_id=d5 committed_at=01T09:00 kind=hotfix
    change_id=bbbbbbb6 deployment_id=d6 committed_at=01T09:00 kind=revert reverts=0123456
    """
)


def found(shipped=SHIPPED, made=MADE, broken=None, **more) -> pd.DataFrame:
    """The signals of one service, by name."""
    return failure_signals(shipped, made, broken, between=JUNE, **more).set_index("signal")


def test_the_reverted_deployment_failed_and_the_reverting_one_is_rework():
    """d1 by the revert in d2; what never left its deployment, and what nobody knows, does not."""
    row = found().loc["reverted"]
    assert (row["failed"], row["n"], row["repairs"]) == (1, 5, 1)
    assert row["value"] == pytest.approx(1 / 5)
    assert row["unplaced"] == 1


def test_a_hotfix_marks_what_it_mends_as_an_unplanned_deployment_would():
    """d5 ships a hotfix two hours after d4."""
    row = found().loc["hotfix_change"]
    assert (row["failed"], row["repairs"], row["also"]) == (1, 1, 0)
    late = SHIPPED.copy()
    late.loc[late["deployment_id"] == "d5", "finished_at"] += pd.Timedelta("30h")
    assert found(late).loc["hotfix_change", "failed"] == 0


def test_the_fail_rate_stays_as_it_is_and_each_signal_is_added_or_left_out():
    """Of seven d3 failed by its repair, d1 by an incident and a revert, d4 by a mark."""
    broken = incidents("incident_id=i1 started_at=02T09:10 resolved_at=02T10:10")
    table = found(broken=broken)
    headline = delivery.change_fail_rate(SHIPPED, broken, between=JUNE).iloc[0]
    assert (headline["value"], headline["n"]) == (pytest.approx(2 / 7), 7)
    assert table["in_rate"].to_dict() == {
        "incident": True, "hotfix": True, "reverted": False, "hotfix_change": False,
        "marked": False,
    }  # fmt: skip
    assert table["fail_rate"].to_dict() == pytest.approx(
        {
            "incident": 1 / 7,
            "hotfix": 1 / 7,
            "reverted": 2 / 7,
            "hotfix_change": 3 / 7,
            "marked": 3 / 7,
        }
    )
    assert table["also"].to_dict() == {
        "incident": 1, "hotfix": 0, "reverted": 1, "hotfix_change": 0, "marked": 1,
    }  # fmt: skip
    assert table["rework_rate"].fillna(-1).to_dict() == pytest.approx(
        {"incident": -1, "hotfix": -1, "reverted": 2 / 7, "hotfix_change": 2 / 7, "marked": 3 / 7}
    )
    inside = (table["low"] <= table["value"]) & (table["value"] <= table["high"])
    assert inside.all()


def test_without_a_mark_there_are_only_the_signals_of_the_rate():
    """Silence is no rate of 0, and neither are exports without changes."""
    plain = MADE.assign(kind="regular", reverts=None)
    assert found(made=plain).index.tolist() == found(made=None).index.tolist() == ["hotfix"]
    bare = MADE.drop(columns=["kind", "reverts"])
    assert found(made=bare).index.tolist() == ["hotfix"]
    assert np.isnan(found(made=bare).loc["hotfix", "fail_rate"])


@pytest.mark.parametrize(
    ("changed", "failed"),
    [
        ({"reverts": "aaaaaaa"}, 0),  # d1, d2, d4 and d5 begin so: nothing says which
        ({"reverts": "aaaaaaa1ffff"}, 0),  # longer than the name of any change
        ({"reverts": "aaaaaaa1, aaaaaaa2"}, 1),  # the second never left its deployment
        ({"reverts": "bbbbbbb4"}, 0),  # a revert that is reverted
        ({"reverts": None}, 0),
    ],
)
def test_what_is_reverted_is_named_without_doubt(changed, failed):
    """By its whole name or one beginning; what is named by nobody is counted as not placed."""
    made = MADE.copy()
    for name, value in changed.items():
        made.loc[2, name] = value
    assert found(made=made).loc["reverted", "failed"] == failed


def test_the_beginning_of_a_commit_is_enough():
    """As git abbreviates it; of another service it is another commit."""
    made = MADE.assign(change_id=MADE["change_id"].replace("aaaaaaa1", "c0ffee7f" + "0" * 32))
    made.loc[2, "reverts"] = "c0ffee7f"
    assert found(made=made).loc["reverted", "failed"] == 1
    made.loc[0, "service"] = "other"
    assert found(made=made).loc["reverted", "failed"] == 0


def test_what_is_reverted_late_is_no_failed_deployment():
    """Three days after it was deployed, where two are allowed."""
    assert found(revert_within="2D").loc["reverted", "failed"] == 0
    assert found(revert_within="3D").loc["reverted", "failed"] == 1


def test_all_services_together_count_a_release_once():
    """One release of two services with one reverted change is one deployment."""
    other = SHIPPED.assign(service="api")
    both = pd.concat([SHIPPED, other], ignore_index=True)
    table = found(both, together="all")
    assert table["service"].unique().tolist() == ["all"]
    assert table.loc["reverted", ["failed", "repairs", "n", "unplaced"]].tolist() == [1, 1, 5, 1]
    apart = failure_signals(both, MADE, None, between=JUNE)
    assert apart.groupby("service")["failed"].sum().to_dict() == {"api": 1, "shop": 5}
