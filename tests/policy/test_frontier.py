"""One policy on many services, and policies against each other."""

import pandas as pd
import pytest

from srelib import policy as policies
from srelib.fleet import Indicator
from srelib.policy.frontier import _budgets
from srelib.windows import Window
from tests.policy.shapes import (
    OUTAGE,
    failing,
    hours,
    made,
    prepared,
    replayed_fleet,
)

WINDOW = Window.parse("28d")
SHOP = Indicator("shop availability", "shop", "availability", target=0.99, window=WINDOW)
SLOW = Indicator("shop latency", "shop", "latency", target=0.99, window=WINDOW)
SITE = Indicator("site", "site", "availability", target=0.99, window=WINDOW)
HARM = ("2026-06-25T12:00", "2026-06-25T15:00", 200.0)
ROWS = pd.concat([
    made(("a", "2026-06-25T12:00"), ("fix", "2026-06-26T12:00", False)),
    made(("z", "2026-06-25T12:00")).assign(service="site"),
], ignore_index=True)  # fmt: skip


def on_fleet(counts):
    """The Workbook's policy on these objectives."""
    return replayed_fleet(counts, ROWS, policy=policies.named("workbook"))


def pooled(counts):
    """And on the fleet."""
    return policies.pooled(on_fleet(counts))


def test_a_deployment_counts_once_however_many_objectives_it_touches():
    """Two objectives of one service, one of another."""
    one = pooled({SHOP: failing(hours(), OUTAGE, HARM), SLOW: hours(), SITE: hours()})
    assert (one.services, one.deployments) == (2, 3)
    assert (one.judged_days, one.days) == (2 * 42, 2 * 56)
    for total in one.totals:
        assert total.fates == {"delayed": 1, "shipped": 1, "exempt": 1}
        assert (total.frozen_days, total.batch, len(total.held)) == (28, 1, 1)
        assert total.deployment_days == pytest.approx(26.875)


def test_bad_events_are_added_in_budgets_of_four_weeks():
    """600 avoided of 6,720 allowed in four weeks; chance of services adds up as independent."""
    one = pooled({SHOP: failing(hours(), OUTAGE, HARM), SITE: hours()})
    assert one.avoided.budgets.value == pytest.approx(600 / 6720)
    both = on_fleet({SHOP: failing(hours(), OUTAGE, HARM), SITE: failing(hours(), OUTAGE, HARM)})
    found = policies.pooled(both).avoided.budgets
    assert found.value == pytest.approx(2 * 600 / 6720)
    each = _budgets(both[SHOP], both[SHOP].avoided.saved)
    assert found.value - found.low == pytest.approx(2**0.5 * (each.value - each.low))


def test_the_front_holds_what_none_beats_in_both():
    """Half as long for the same; nothing for nothing; the slower is beaten."""
    counts = {SHOP: failing(hours(), OUTAGE, HARM)}
    tried = {name: policies.named(name) for name in ("workbook", "week", "none")}
    rows = policies.frontier(prepared(counts, ROWS), policies=tried, current="week")
    rows = rows.set_index("policy")
    assert rows["front"].to_dict() == {"workbook": False, "week": True, "none": True}
    assert rows["kind"].to_dict() == {"workbook": "workbook", "week": "current", "none": "other"}
    assert rows.loc["week", "deployment_days_best"] == pytest.approx(5.875)
    assert rows.loc["workbook", "avoided"] == pytest.approx(rows.loc["week", "avoided"])
    assert (rows.loc["none", ["frozen_days", "held", "avoided"]] == 0).all()


def test_the_fleet_keeps_the_confidence_of_its_replays():
    """Replayed at 80 %, the sum and the median delay are of 80 % as well."""
    services = prepared({SHOP: failing(hours(), OUTAGE, HARM), SITE: hours()}, ROWS)
    found = {key: one for own in services.values() for key, one in policies.replay_service(
        own, policy=policies.named("workbook"), confidence=0.8, draws=0).items()}  # fmt: skip
    for total in policies.pooled(found).totals:
        assert (total.budgets.confidence, total.delay.confidence) == (0.8, 0.8)
