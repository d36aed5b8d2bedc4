"""The exact words of the scoreboard: who leads in which discipline, where each service stands."""

from dataclasses import replace

import pandas as pd
import pytest

from srelib import tradeoff
from srelib.findings import scoreboard as spoken
from srelib.tradeoff import Scorecard
from srelib.tradeoff.scoreboard import DEVOPS, SHARED, SRE
from tests.tradeoff.made import NAN, estimate

NONE = estimate(NAN, NAN, NAN, 0)


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


def board(*services: Scorecard) -> dict[str, Scorecard]:
    """By name."""
    return {one.service: one for one in services}


def placed(*services: Scorecard, **options):
    """Where they stand."""
    return tradeoff.quadrants(
        {one.service: one.frequency for one in services},
        {one.service: one.left for one in services},
        **options,
    )


FAST, SLOW = scorecard("quick", 5.0, -0.4), scorecard("calm", 0.5, 0.6)


def test_each_discipline_points_to_another_service():
    """The quickest overspends, the most reliable hardly ships."""
    assert plain(spoken.devops_and_sre_sentence(board(FAST, SLOW))) == (
        "DevOps would point to **quick** (5 deployments a week), which is last of 2 by budget left "
        "(−40 %); SRE to **calm** (60 % left), which ships 0.5 times a week."
    )


def test_both_disciplines_point_to_the_same_service():
    """Quick and reliable."""
    both = replace(FAST, left=estimate(0.9, 0.8, 1.0))
    assert plain(spoken.devops_and_sre_sentence(board(both, SLOW))) == (
        "**quick** ships most often **and** has the most of its budget left: 5 deployments a week, "
        "90 % left."
    )


def test_a_number_in_the_middle():
    """Second of three."""
    third = scorecard("worst", 1.0, -2.0)
    text = plain(spoken.devops_and_sre_sentence(board(FAST, SLOW, third)))
    assert "which is number 2 of 3 by budget left (−40 %)" in text


def test_what_is_lacking_is_said_with_how_to_add_it():
    """Incidents, changes, alerts and service levels are unknown of every service."""
    text = spoken.missing_sentence(board(FAST, SLOW))
    assert text.startswith("For the whole comparison the folder lacks **service levels** (")
    for word in ("changes", "incidents", "alerts"):
        assert f"**{word}** (" in text
    assert "**deployments**" not in text
    fields = ("lead_time", "sli", "pages", "incidents")
    whole = replace(FAST, **dict.fromkeys(fields, estimate(1, 1, 1)))
    assert spoken.missing_sentence(board(whole, SLOW)) == ""


def test_one_service_is_not_compared():
    """Nothing to point to."""
    assert spoken.devops_and_sre_sentence(board(FAST)) == ""


def test_quadrants_are_said_with_their_probability():
    """Fragile first; those in doubt named again."""
    sure = replace(SLOW, left=estimate(0.6, 0.55, 0.65), frequency=estimate(0.2, 0.15, 0.27))
    assert [plain(s) for s in spoken.quadrants_sentences(placed(FAST, sure))] == [
        "**Fast and fragile**: **quick** (over 99 %).",
        "**Slow with budget to spare**, so you can afford to ship more: **calm** (over 99 %).",
    ]
    unsure = replace(FAST, left=estimate(-0.1, -0.9, 0.4))
    said = [plain(s) for s in spoken.quadrants_sentences(placed(unsure, sure))]
    assert said[0].startswith("**Fast and fragile**: **quick** (6")
    assert said[-1] == "In brackets the probability of that place; of **quick** it is below 95 %."


def test_no_quadrant_without_both():
    """Nothing can be placed."""
    assert spoken.quadrants_sentences(placed())[0].startswith("No service can be placed")
    assert spoken.lines_sentence(placed()) == ""


def test_lines_are_explicit():
    """Stated, or the median of the fleet; who could not be placed is named."""
    ghost = scorecard("ghost", NAN, 0.5)
    assert plain(spoken.lines_sentence(placed(FAST, ghost))) == (
        "Fast is 1 deployment a week or more (as stated); safe is at least 0 % of the budget left. "
        "Not placed, for want of deployments or an objective: **ghost**."
    )
    text = plain(spoken.lines_sentence(placed(FAST, SLOW, speed_line="fleet")))
    assert text.startswith("Fast is 2.8 deployments a week or more (the median of the fleet)")


SPAN = (pd.Timestamp("2026-03-30", tz="UTC"), pd.Timestamp("2026-06-29", tz="UTC"))


def test_tables_show_value_interval_and_n():
    """Unknown is a dash, an unknown end leaves the interval out."""
    one = replace(
        FAST, lead_time=estimate(7200 * 3, 3600, 90_000, 12), fail_rate=estimate(0.2, 0.1, 0.3, 90),
        recovery=estimate(1800, 600, NAN, 2), sli=estimate(0.985, 0.98, 0.99, 91),
    )  # fmt: skip
    row = [plain(cell) for cell in spoken.delivery_table(board(one), between=SPAN).rows[0]]
    assert row == ["quick", "5 (3.3 to 7.5), n = 20", "6 h (1 h to 1 day 1 h), n = 12",
                   "20 % (10 % to 30 %), n = 90", "30 min, n = 2", "–"]  # fmt: skip
    row = [plain(cell) for cell in spoken.reliability_table(board(one), between=SPAN).rows[0]]
    assert row == ["quick", "98.5 % of 99 % (98.0 % to 99.0 %)", "−40 % (−60 % to −20 %)", "–",
                   "–", "–", "–"]  # fmt: skip
    assert spoken.delivery_table({}, between=SPAN) is None
    assert spoken.delivery_table(board(one), between=None) is None


@pytest.mark.parametrize("known", [True, False])
def test_span_says_over_what_both_are_judged(known):
    """Both disciplines over the same weeks, and how many services have both."""
    one = replace(FAST, sli=estimate(0.99, 0.98, 1.0)) if known else FAST
    assert plain(spoken.span_sentence(SPAN, board=board(one))) == (
        "Both sides are judged over the same 13 weeks, 30 March 2026 to 29 June 2026; "
        f"{int(known)} of 1 service has both deployments and service levels."
    )
    assert "no time" in spoken.span_sentence(None, board={})
