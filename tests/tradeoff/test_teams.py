"""What the services of a team add up to, counted by hand."""

from __future__ import annotations

import pandas as pd

from srelib import tradeoff
from srelib.fleet import Indicator
from srelib.tradeoff.teams import TeamTotals
from tests.tradeoff.test_scoreboard import HOURS, SPAN, counts, rows

OWN = pd.Series({"shop": "pay", "bank": "pay", "cart": "browse"})


def board(incidents: pd.DataFrame) -> dict:
    """Four weeks of three services: shop spends half of its budget, bank twice its own."""
    seen = {
        Indicator(name, name, "availability", target=0.98): counts(good)
        for name, good in (("shop", 99.0), ("bank", 96.0))
    }
    shipped = rows("deployments", deployment_id=["1", "2", "3"], finished_at=HOURS[[9, 99, 199]],
                   status="succeeded")  # fmt: skip
    shipped["service"] = ["shop", "bank", "cart"]
    return tradeoff.scoreboard(seen, shipped, between=SPAN, incidents=incidents)


def broken() -> pd.DataFrame:
    """One incident of shop and bank, one of shop alone, one of cart after the time."""
    times = [HOURS[5], HOURS[5], HOURS[50], SPAN[1] + pd.Timedelta("1D")]
    found = rows("incidents", incident_id=["i", "i", "j", "k"], started_at=times, title="down")
    found["resolved_at"] = found["started_at"] + pd.Timedelta("1h")
    found["service"] = ["shop", "bank", "shop", "cart"]
    return found


def test_counts_of_a_team_are_those_of_its_services():
    """An incident of two of them counts once; the overspent one is named; the unknown counted."""
    found = tradeoff.team_totals(board(broken()), OWN, between=SPAN, incidents=broken())
    assert found == [
        TeamTotals("pay", ("bank", "shop"), ("bank",), 0, 2, 2, 4.0),
        TeamTotals("browse", ("cart",), (), 1, 1, 0, 4.0),
    ]


def test_services_without_a_team_come_last():
    """Under an empty name."""
    found = tradeoff.team_totals(board(broken()), OWN.drop("bank"), between=SPAN)
    assert [one.team for one in found] == ["browse", "pay", ""]
    assert found[0].incidents is None


def test_without_teams_there_are_no_totals():
    """A folder that names no team looks as if there were none."""
    assert tradeoff.team_totals(board(broken()), OWN[:0], between=SPAN) == []
    assert tradeoff.team_totals({}, OWN, between=None) == []
