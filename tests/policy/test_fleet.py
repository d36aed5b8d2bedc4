"""One policy on many services, and policies against each other."""

import pandas as pd
import pytest

from srelib import policy as policies
from srelib.errors import InsufficientDataError
from srelib.fleet import Indicator
from srelib.policy import fleet
from srelib.windows import Window
from tests.policy.shapes import failing, hours, made

WINDOW = Window.parse("28d")
SHOP = Indicator("shop availability", "shop", "availability", target=0.99, window=WINDOW)
SLOW = Indicator("shop latency", "shop", "latency", target=0.99, window=WINDOW)
SITE = Indicator("site", "site", "availability", target=0.99, window=WINDOW)
OUTAGE = ("2026-06-23T10:00", "2026-06-23T18:00", 1000.0)
HARM = ("2026-06-25T12:00", "2026-06-25T15:00", 200.0)
ROWS = pd.concat([
    made(("a", "2026-06-25T12:00"), ("fix", "2026-06-26T12:00", False)),
    made(("z", "2026-06-25T12:00")).assign(service="site"),
], ignore_index=True)  # fmt: skip


def replayed(counts, rows=ROWS, name: str = "workbook"):
    """A policy on these objectives."""
    ready = fleet.prepared(counts, rows)
    return fleet.replay(counts, ready, policy=policies.named(name), draws=0)


def test_objectives_of_a_service_share_their_schedule():
    """Latency is fine and waits with availability; the other service ships."""
    found = replayed({SLOW: hours(), SHOP: failing(hours(), OUTAGE), SITE: hours()})
    assert list(found) == [SLOW, SHOP, SITE]
    fates = {key.name: one.postponed.schedule["fate"].tolist() for key, one in found.items()}
    assert fates == {
        "shop latency": ["delayed", "exempt"], "shop availability": ["delayed", "exempt"],
        "site": ["shipped"],
    }  # fmt: skip


def test_a_deployment_counts_once_however_many_objectives_it_touches():
    """Two objectives of one service, one of another."""
    one = fleet.pooled(
        replayed({SHOP: failing(hours(), OUTAGE, HARM), SLOW: hours(), SITE: hours()})
    )
    assert (one.objectives, one.services, one.deployments) == (3, 2, 3)
    assert (one.judged_days, one.days) == (2 * 42, 2 * 56)
    for total in one.totals:
        assert total.fates == {"delayed": 1, "shipped": 1, "exempt": 1}
        assert (total.frozen_days, total.batch, len(total.held)) == (28, 1, 1)
        assert total.deployment_days == pytest.approx(26.875)


def test_bad_events_are_added_in_budgets_of_four_weeks():
    """600 avoided of 6,720 allowed in four weeks; chance of services adds up as independent."""
    one = fleet.pooled(replayed({SHOP: failing(hours(), OUTAGE, HARM), SITE: hours()}))
    assert one.avoided.budgets.value == pytest.approx(600 / 6720)
    both = replayed({SHOP: failing(hours(), OUTAGE, HARM), SITE: failing(hours(), OUTAGE, HARM)})
    found = fleet.pooled(both).avoided.budgets
    assert found.value == pytest.approx(2 * 600 / 6720)
    each = fleet.budgets(both[SHOP], "avoided")
    assert found.value - found.low == pytest.approx(2**0.5 * (each.value - each.low))


def test_a_service_that_cannot_be_replayed_leaves_the_others():
    """Buckets of six hours on one of two; the error says what to do."""
    found = replayed({SHOP: hours().resample("6h").sum(), SITE: failing(hours(), OUTAGE)})
    assert isinstance(found[SHOP], InsufficientDataError)
    assert fleet.pooled(found).services == 1
    assert fleet.pooled({SHOP: found[SHOP]}) is None


def test_the_front_holds_what_none_beats_in_both():
    """Half as long for the same; nothing for nothing; the slower is beaten."""
    counts = {SHOP: failing(hours(), OUTAGE, HARM)}
    ready = fleet.prepared(counts, ROWS)
    tried = {name: policies.named(name) for name in ("workbook", "week", "none")}
    rows = fleet.frontier(fleet.compare(counts, ready, policies=tried), current="week")
    rows = rows.set_index("policy")
    assert rows["front"].to_dict() == {"workbook": False, "week": True, "none": True}
    assert rows["kind"].to_dict() == {"workbook": "workbook", "week": "current", "none": "other"}
    assert rows.loc["week", "deployment_days_best"] == pytest.approx(5.875)
    assert rows.loc["workbook", "avoided"] == pytest.approx(rows.loc["week", "avoided"])
    assert (rows.loc["none", ["frozen_days", "held", "avoided"]] == 0).all()
