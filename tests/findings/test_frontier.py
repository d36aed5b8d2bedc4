"""The exact words of policies beside each other."""

import pandas as pd

from srelib import policy as policies
from srelib.findings import frontier as spoken
from srelib.fleet import Indicator
from srelib.windows import Window
from tests.policy.shapes import failing, hours, made, prepared

WINDOW = Window.parse("28d")
SHOP = Indicator("shop availability", "shop", "availability", target=0.99, window=WINDOW)
OUTAGE = ("2026-06-23T10:00", "2026-06-23T18:00", 990.0)
ORDINARY = ("2026-06-01", "2026-07-27", 2.0)
HARM = ("2026-06-25T12:00", "2026-06-25T15:00", 200.0)
SHIPPED = made(
    ("a", "2026-06-22T12:00"), ("b", "2026-06-25T12:00"), ("c", "2026-06-25T19:00"),
    ("fix", "2026-06-25T15:00", False), ("d", "2026-07-23T12:00"),
)  # fmt: skip


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def policies_on(counts, *, current: str = "workbook", deployments=SHIPPED, several=None):
    """Ready-made policies on one objective."""
    rows = deployments.assign(service="shop")
    tried = several or policies.ready_made()
    return policies.frontier(prepared({SHOP: counts}, rows), policies=tried, current=current)


def test_the_front_is_said_both_ways():
    """Nothing beats the one in question; a stricter one is beaten by it."""
    counts = failing(hours(), ORDINARY, OUTAGE, HARM)
    names = ("workbook", "early")
    tried = {name: policies.named(name) for name in names}
    rows = policies_on(counts, several=tried)
    assert plain(spoken.frontier_sentence(rows)) == (
        "Of 2 policies, none avoids more than **workbook** for no more delay, harm being avoided. "
        "Were harm only postponed, none would avoid more than 0 of a budget."
    )
    week = {"workbook": policies.named("workbook"), "week": policies.named("week")}
    rows = policies_on(counts, several=week)
    assert plain(spoken.frontier_sentence(rows)) == (
        "Of 2 policies, **week** avoids 0.09 four-week budgets against 0.09 of **workbook**, for "
        "11 against 53 deployment-days of delay. Were harm only postponed, none would avoid more "
        "than 0 of a budget."
    )
    assert spoken.frontier_sentence(policies_on(hours())) == (
        "None of 7 policies would have held a deployment."
    )
    assert spoken.frontier_sentence(pd.DataFrame()) == spoken.NOTHING


def test_sensitivity_is_said_in_ranges():
    """The shortest and the longest over the grid."""
    several = policies.grid(windows=("14d", "28d"), thresholds=(0.0, 0.5))
    rows = policies_on(failing(hours(), ORDINARY, OUTAGE, HARM), several=several, current="x")
    assert plain(spoken.sensitivity_sentence(rows)) == (
        "Over 4 windows and thresholds, days frozen run from 14 to 28, deployments held from 2 to "
        "2, and what is avoided at best from 0.09 to 0.09 four-week budgets."
    )
    assert spoken.sensitivity_sentence(pd.DataFrame()) == spoken.NOTHING
    assert spoken.policies_table(pd.DataFrame()) is None
