"""What the costliest kind of incident will cost, on outages whose sizes are given."""

import pytest

from srelib.decisions.causes import Causes, causes
from srelib.decisions.recurring import costliest_recurring
from tests.decisions.by_hand import STARTS, incidents, outages_of_kinds, with_outages


def caused(counts, rows) -> Causes:
    """Causes of these counts, without deployments."""
    return causes(counts["good"], counts["total"], effect=None, incidents=rows)


def found(sizes: dict[str, list[int]]):
    """The costliest recurring kind, with a confidence of 95 %."""
    return costliest_recurring(caused(*outages_of_kinds(sizes)))


def test_the_costliest_of_kinds_that_are_alike_will_cost_what_they_do_on_average():
    """One of ten outages was twice as bad as the others, and nothing says of which kind the next
    such one will be: what it spent is named, what the next ones spend is the mean.
    """
    sizes = {"Disk full": [1800, 900, 900], "Network loss": [900] * 3, "Node lost": [900] * 4}
    named = caused(*outages_of_kinds(sizes)).named
    assert named["title"].tolist() == ["Disk full", "Node lost", "Network loss"]
    assert named["bad"].tolist() == pytest.approx([3600, 3600, 2700])
    one = found(sizes)
    assert (one.title, one.spent.n) == ("Disk full", 3)
    assert one.spent.value == pytest.approx(3600)
    assert one.cost.value == pytest.approx((3600 + 2700 + 3600) / 3)
    assert one.cost.low / one.spent.low == pytest.approx(3300 / 3600)
    assert one.cost.high == one.spent.high == named["high"].iloc[0]


def test_kinds_that_differ_by_more_than_chance_keep_what_they_spent():
    """Ten outages against one and one: by hand, 88.8 % of the scatter is no chance."""
    one = found({"Disk full": [2000] * 10, "Network loss": [200], "Node lost": [200]})
    scatter = (13_200**2 + 2 * 6600**2) / 2
    chance = (10 * 2000**2 + 2 * 200**2 + 2000**2) / 3
    distinct = 1 - chance / scatter
    assert distinct == pytest.approx(0.888, abs=0.001)
    assert one.cost.value == pytest.approx(6800 + distinct * 13_200)
    parts = [share * part.sum() for share, part in zip(one.shares, one.parts, strict=True)]
    assert sum(parts) == pytest.approx(one.cost.value)


def test_a_kind_is_never_said_to_cost_more_than_it_did():
    """A small incident that comes back beside a large one that came once."""
    one = found({"Disk full": [1900], "Network loss": [100] * 3})
    assert one.title == "Network loss"
    assert one.cost == one.spent
    assert one.cost.value == pytest.approx(300)


def test_the_only_kind_costs_what_it_did():
    """Nothing to pool it with."""
    one = found({"Disk full": [1000] * 5})
    assert (one.cost, one.shares) == (one.spent, [1])
    assert one.cost.value == pytest.approx(5000)


def test_incidents_that_came_once_or_cost_nothing():
    """No recurring kind; and one on record twice when nothing failed."""
    assert found({"Disk full": [1000], "Network loss": [1000]}) is None
    counts = with_outages(STARTS[5:6], bad=900)
    one = costliest_recurring(caused(counts, incidents(STARTS[:2])))
    assert (one.cost.value, one.cost.low, one.cost.high) == (0, 0, 0)
