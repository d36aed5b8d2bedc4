"""What the scoreboard says: each service's numbers, where it stands, what is missing."""

from dataclasses import replace

import pandas as pd

from srelib import tradeoff
from srelib.findings import scoreboard as spoken
from srelib.tradeoff import Scorecard
from srelib.tradeoff.scoreboard import DEVOPS, SHARED, SRE
from tests.tradeoff.made import NAN, estimate

NONE = estimate(NAN, NAN, NAN, 0)
SPAN = (pd.Timestamp("2026-03-30", tz="UTC"), pd.Timestamp("2026-06-29", tz="UTC"))


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def scorecard(service: str, frequency: float, left: float, **more) -> Scorecard:
    """A service of which only speed and budget are known, unless it says more."""
    given = {
        "frequency": estimate(frequency, frequency / 1.5, frequency * 1.5),
        "left": estimate(left, left - 0.2, min(left + 0.2, 1.0)),
    }
    fields = dict.fromkeys((*DEVOPS, *SHARED, *SRE), NONE)
    return Scorecard(service=service, deployments=20, objective=service, target=0.99,
                    **{**fields, **given, **more})  # fmt: skip


FAST, SLOW = scorecard("quick", 5.0, -0.4), scorecard("calm", 0.5, 0.6)


def places(*services: Scorecard) -> list[str]:
    """What is said of where they stand."""
    placed = tradeoff.quadrants(
        {one.service: one.frequency for one in services},
        {one.service: one.left for one in services},
    )
    return [plain(one.sentence) for one in spoken.places_sentences(placed)]


def test_who_could_not_be_placed_is_named():
    """Some, all, or none."""
    assert places(FAST, scorecard("ghost", NAN, 0.5)) == [
        "Not placed, without deployments or an objective: **ghost**."
    ]
    assert places()[0].startswith("No service can be placed")
    assert places(FAST, SLOW) == []


def test_what_is_missing_is_said_with_how_to_add_it():
    """Incidents, changes, alerts and service levels are unknown of every service."""
    board = {"quick": FAST, "calm": SLOW}
    text = " ".join(one.sentence for one in spoken.missing_sentences(board))
    assert text.startswith("Missing for the whole comparison: **service levels**. To add it,")
    for word in ("changes", "incidents", "alerts"):
        assert f"**{word}**" in text
    assert "**deployments**" not in text
    fields = ("lead_time", "sli", "pages", "incidents")
    whole = replace(FAST, **dict.fromkeys(fields, estimate(1, 1, 1)))
    assert spoken.missing_sentences({"quick": whole, "calm": SLOW}) == []


def test_table_shows_value_and_below_it_interval_and_n():
    """Unknown is a dash, an unknown end leaves the interval out, limits stand beside it."""
    one = replace(
        FAST, lead_time=estimate(7200 * 3, 3600, NAN, 12), fail_chance=0.15, fail_clear=False,
        fail_rate=estimate(0.2, 0.1, 0.3, 90),
        left=replace(FAST.left, method=f"x, {spoken.ASSUMED}"),
    )  # fmt: skip
    found = spoken.board_table({"quick": one}, between=SPAN)
    assert [plain(cell) for cell in found.rows[0]] == [
        "quick", "5\n3.3–7.5", "6 h\n(12)", "20 %\n10–30 % (90) not clearly above chance (15 %)",
        "−40 %\n−60 % to −20 % outage sizes assumed", "–",
    ]  # fmt: skip
    assert {one.quantity for one in found.findings} == {
        "deployments", "change lead time", "change fail rate", "error budget left",
    }  # fmt: skip
    assert plain(found.caption) == "Delivery and reliability in 13 weeks, 95 % interval (n)"
    assert spoken.board_table({}, between=SPAN) is None
    assert spoken.board_table({"quick": one}, between=None) is None
