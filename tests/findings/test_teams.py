"""The exact words about teams."""

from __future__ import annotations

import pandas as pd
import pytest

from srelib.decisions import DecisionRules
from srelib.decisions.verdict import CARRY_ON, FIX
from srelib.findings import decisions, teams
from srelib.tradeoff import TeamTotals
from tests.decisions.by_hand import decision

OWN = pd.Series({"shop": "pay", "bank": "pay"})
RULES = DecisionRules()


def totals(services: int, overspent: int, unknown: int = 0, **more) -> TeamTotals:
    """A team of so many services over four weeks."""
    names = tuple(f"s{n}" for n in range(services))
    given = {"deployments": 8, "incidents": 1, **more}
    return TeamTotals("pay", names, names[:overspent], unknown, weeks=4.0, **given)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (totals(3, 1), "1 of 3 services has overspent its error budget"),
        (
            totals(3, 2, 1),
            "2 of 3 services have overspent their error budgets (of 1 it is not known)",
        ),
        (totals(2, 0), "none of 2 services has overspent its error budget"),
        (totals(2, 0, 2), "no error budget of 2 services is known"),
        (totals(1, 1), "its one service has overspent its error budget"),
        (totals(1, 0), "its one service is within the error budget"),
    ],
)
def test_a_team_in_words(one, said):
    """How many overspent, then counts with their rates."""
    words = teams.totals_text(one).replace("\u00a0", " ")
    assert words == f"{said}; 8 deployments (2 a week); 1 incident (0.25 a week)."


def test_what_nobody_exported_is_not_counted():
    """No deployments on record is not none."""
    words = teams.totals_text(totals(2, 0, deployments=None, incidents=None))
    assert words.endswith("error budget.")


def test_the_decisions_of_each_team():
    """Verdicts with their services; services without a team last; nothing without teams."""
    known = {"shop": decision(FIX), "lone": decision(FIX), "bank": decision(CARRY_ON)}
    said = [text.replace("\u00a0", " ") for text in teams.decisions_sentences(known, OWN)]
    assert said == [
        f"**pay**, 2 services: {FIX} (shop); {CARRY_ON} (bank).",
        f"Without a team, 1 service: {FIX} (lone).",
    ]
    assert teams.decisions_sentences(known, OWN[:0]) == []


def test_the_table_of_decisions_is_grouped_by_team():
    """A column names the team; without teams there is none."""
    known = {"lone": decision(FIX), "shop": decision(FIX), "bank": decision(CARRY_ON)}
    table = decisions.decisions_table(known, teams=OWN, rules=RULES)
    assert [row[:2] for row in table.rows] == [("shop", "pay"), ("bank", "pay"), ("lone", "–")]
    assert "team" not in decisions.decisions_table(known, teams=OWN[:0], rules=RULES).headers


def test_every_service_has_its_verdict_as_a_value():
    """Also those that the sentences leave to the table."""
    known = {f"s{n}": decision(FIX) for n in range(decisions.LINES + 2)}
    stated = decisions.decisions_table(known, teams=OWN[:0], rules=RULES).findings
    rest = [one for one in stated if one.key == decisions.UNSAID]
    assert [one.service for one in rest] == [f"s{n}" for n in range(decisions.LINES, len(known))]
    assert all(one.sentence.startswith(f"**{one.service}**: **fix") for one in rest)
