"""Every service that any table names, with or without counts."""

import pandas as pd
import pytest

from srelib import decisions
from srelib.decisions.verdict import (
    CARRY_ON,
    FIX,
    NO_COUNTS,
    NO_OBJECTIVE,
    NOT_ENOUGH,
    SHIP_MORE,
)
from srelib.errors import InsufficientDataError
from srelib.fleet import Indicator
from tests.decisions.by_hand import SHOP, hours, incidents

DEPLOYED = pd.DataFrame({
    "deployment_id": ["a", "b", "c"], "service": ["shop", "web", "web"], "status": "succeeded",
    "finished_at": pd.to_datetime(["2026-04-07T10Z", "2026-04-08T10Z", "2026-04-09T10Z"]),
    "started_at": pd.NaT, "planned": True, "environment": "production", "commit_sha": None,
})  # fmt: skip
SPAN = (pd.Timestamp("2026-03-30", tz="UTC"), pd.Timestamp("2026-06-29", tz="UTC"))
NO_EFFECT = InsufficientDataError("too few.")


def test_services_of_any_table_are_decided_on_in_order_of_their_names():
    """One with counts, one with deployments alone, one with incidents alone."""
    rows = incidents([100, 300, 500]).assign(service="api")
    found = decisions.decide_each(
        {SHOP: hours(1.0)}, {SHOP: NO_EFFECT}, between=SPAN, deployments=DEPLOYED, incidents=rows
    )
    assert list(found) == ["api", "shop", "web"]
    assert [one.verdict for one in found.values()] == [FIX, SHIP_MORE, NOT_ENOUGH]
    assert found["shop"].frequency == pytest.approx(1 / 13)
    assert found["web"].deployments == 2
    assert found["web"].lacks == NO_COUNTS


def test_a_service_with_counts_and_no_objective_lacks_the_objective():
    """Not the counts, which are there; also where only the counts name it."""
    bare = {Indicator(name, name, "availability"): hours(1.0) for name in ("web", "cart", "api")}
    rows = incidents([100, 300, 500]).assign(service="api")
    found = decisions.decide_each({SHOP: hours(1.0)} | bare, {SHOP: NO_EFFECT}, between=SPAN,
                                  deployments=DEPLOYED, incidents=rows)  # fmt: skip
    assert list(found) == ["api", "cart", "shop", "web"]
    assert [found[name].lacks for name in ("api", "cart", "web")] == [NO_OBJECTIVE] * 3
    assert [found[name].verdict for name in ("api", "cart")] == [FIX, NOT_ENOUGH]
    assert found["shop"].verdict == SHIP_MORE


def test_without_a_table_of_deployments_nobody_is_told_to_ship_more():
    """How often it ships is unknown, not never."""
    found = decisions.decide_each({SHOP: hours(1.0)}, {SHOP: NO_EFFECT}, between=SPAN)
    assert found["shop"].verdict == CARRY_ON


def test_a_service_that_cannot_be_asked_keeps_its_error():
    """No traffic at all."""
    counts = hours()
    counts.loc[:] = 0.0
    found = decisions.decide_each({SHOP: counts}, {SHOP: NO_EFFECT}, between=SPAN)
    assert isinstance(found["shop"], InsufficientDataError)


def test_incidents_that_come_back_are_named_by_the_time_they_were_open():
    """Three of one title and two of another; numbers in titles do not tell them apart."""
    titles = ["Disk 1 full", "Disk 2 full", "Disk 3 full", "Slow", "Slow"]
    rows = incidents([10, 200, 400, 600, 800], title=titles)
    found = decisions.without_counts(incidents=rows)
    assert found.verdict == FIX
    assert found.named[["incidents", "hours"]].to_numpy().tolist() == [[3, 6.0]]


def test_incidents_that_do_not_come_back_are_not_enough():
    """Two of one title may be chance."""
    found = decisions.without_counts(incidents=incidents([10, 200]), deployments=DEPLOYED)
    assert (found.verdict, found.lacks, found.deployments) == (NOT_ENOUGH, NO_COUNTS, 3)
