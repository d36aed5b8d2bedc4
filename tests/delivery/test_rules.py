"""Other tools' published rules, worked out by hand on one small history.

Two services, three deployments, three incidents:
shop d1 ends 10:00:00, shop d2 12:00:00, web w1 11:00:00, shop d0 failed at 11:30:00;
i1 of shop 12:00:00 to 13:00:30 (names d1), i2 of web 14:00:00 to 14:10:59, i3 of shop open.
"""

from dataclasses import replace

import pandas as pd
import pytest

from srelib import delivery
from srelib.delivery.rules import DEFAULT
from srelib.errors import ParameterError
from tests.delivery.made import JUNE, changes, deployments, incidents

SHIPPED = deployments(
    """
    deployment_id=d1 finished_at=02T10:00:00
    deployment_id=w1 finished_at=02T11:00:00 service=web
    deployment_id=d0 finished_at=02T11:30:00 status=failed
    deployment_id=d2 finished_at=02T12:00:00
    """
)
BROKEN = incidents(
    """
    incident_id=i1 started_at=02T12:00:00 resolved_at=02T13:00:30 deployment_id=d1
    incident_id=i2 started_at=02T14:00:00 resolved_at=02T14:10:59 service=web
    incident_id=i3 started_at=20T14:00:00
    """
)
MADE = changes(
    """
    change_id=c1 committed_at=02T09:00:10 merged_at=02T09:30:00 deployment_id=d1
    change_id=c2 committed_at=02T11:00:00 merged_at=02T11:20:20 deployment_id=d2
    """
)


def blended(name):
    """The five numbers of both services as one, as these tools have it for a project."""
    rules = delivery.preset(name)
    return delivery.metrics(SHIPPED, MADE, BROKEN, between=JUNE, rules=rules, together="all")["all"]


def placed(name):
    """What each incident was attributed to."""
    pairs = delivery.attribute_incidents(SHIPPED, BROKEN, rules=delivery.preset(name))
    return [None if name != name else name for name in pairs["deployment_id"]]


def test_devlake():
    """Latest earlier success of the project, strict; minutes up; from the deployment.

    i1 at 12:00:00 is not after d2, so w1 of 11:00 is blamed; i2 and i3, 18 days later, fall on d2.
    Recovery: 11:00:00 to 13:00:30 is 121 min, 12:00:00 to 14:10:59 131 min; i3 is open.
    Lead: 29:50 up to 30 + 30 min; 20:20 up to 21 + 39:40 up to 40 min.
    """
    found = blended("devlake")
    assert placed("devlake") == ["w1", "d2", "d2"]
    assert (found.fail_rate.value, found.fail_rate.n) == (pytest.approx(2 / 3), 3)
    assert found.recovery.value / 60 == 126
    assert found.lead_time.value / 60 == 60.5
    assert found.deployments == 3


def test_four_keys():
    """What the incident names, nothing else; from the deployment where that is earlier.

    i1: 10:00:00 to 13:00:30, whole minutes 180; i2 names none: 14:00:00 to 14:10:59, 10.
    Lead: 59:50 is 59 whole minutes, and 60:00 60.
    """
    found = blended("four_keys")
    assert placed("four_keys") == ["d1", None, None]
    assert found.fail_rate.value == pytest.approx(1 / 3)
    assert (found.recovery.value / 60, found.recovery.n) == (95, 2)
    assert found.lead_time.value / 60 == 59.5


def test_middleware():
    """Latest deployment at or before; means; incidents that were resolved.

    i1 at 12:00:00 sharp falls on d2, as do the others.
    Recovery: (3630 + 659) / 2 s; lead: (3590 + 3600) / 2 s.
    """
    found = blended("middleware")
    assert placed("middleware") == ["d2", "d2", "d2"]
    assert found.fail_rate.value == pytest.approx(1 / 3)
    assert (found.recovery.value, found.recovery.n) == (2144.5, 2)
    assert found.lead_time.value == 3595


def test_gitlab():
    """Incidents over deployments, whatever they were about; lead times from the merge.

    3 incidents, 3 deployments; median of 3630 and 659 s; 1800 and 2380 s.
    """
    found = blended("gitlab")
    assert found.fail_rate.value == pytest.approx(3 / 3)
    assert found.recovery.value == 2144.5
    assert found.lead_time.value == 2090


def test_gitlabs_rate_can_be_above_one_and_ours_cannot():
    """shop alone: two incidents, two deployments; a third incident makes 150 %."""
    more = incidents("\n".join(f"incident_id=x{n} started_at=03T0{n}:00" for n in range(3)))
    rows = {
        name: delivery.change_fail_rate(
            SHIPPED, more, between=JUNE, rules=delivery.preset(name)
        ).set_index("service").loc["shop", "value"]
        for name in ("gitlab", "srelib")
    }  # fmt: skip
    assert rows == {"gitlab": 1.5, "srelib": 0.5}


def test_ours_stands_beside_them():
    """i1 names d1; i2 is three hours after w1; i3 is left over, and open but nobody's."""
    found = delivery.metrics(SHIPPED, MADE, BROKEN, between=JUNE)
    assert placed("srelib") == ["d1", "w1", None]
    assert found["shop"].fail_rate.value == 0.5
    assert found["shop"].recovery.value == 3630
    assert found["web"].recovery.value == 659


def test_every_preset_has_its_name():
    """So that a page can say whose rules it went by."""
    assert [rules.name for rules in delivery.PRESETS.values()] == list(delivery.PRESETS)
    with pytest.raises(ParameterError, match="rules must be one of srelib, devlake, four_keys"):
        delivery.preset("dora")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"match": "nearest"}, "match must be one of"),
        ({"signals": ("page",)}, "signals must be one of incident, rolled_back, hotfix"),
        ({"within": "-1h"}, "within must be longer than nothing"),
        ({"minutes": "nearest"}, "minutes must be one of exact, up, down"),
    ],
)
def test_rules_that_do_not_exist_are_refused(wrong, says):
    """The error names the rule and what it may be."""
    with pytest.raises(ParameterError, match=says):
        replace(DEFAULT, **wrong)


def test_a_preset_of_another_tool_keeps_its_own_rules():
    """What is set for ours does not change theirs."""
    assert delivery.preset("srelib", within="2h", start="merged").within == pd.Timedelta("2h")
    assert delivery.preset("srelib", start="merged").start == "merged"
    assert delivery.preset("devlake", within="2h", start="merged") == delivery.PRESETS["devlake"]
