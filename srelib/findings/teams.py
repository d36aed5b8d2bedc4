"""What is said of teams: counts and rates of their services, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from srelib import wording
from srelib.decisions import Decision
from srelib.decisions.verdict import VERDICTS
from srelib.findings.finding import markdown, sentence
from srelib.tradeoff import TeamTotals

NO_TEAM = "No team"
"""Heading of services that nobody is known to answer for."""


def totals_text(one: TeamTotals) -> str:
    """How many services of a team overspent, its deployments and incidents; plain text."""
    services = wording.plural(len(one.services), "service")
    verdict = {0: "within", 1: "one"}.get(len(one.overspent), "some")
    verdict = f"only_{verdict}" if len(one.services) == 1 else verdict
    verdict = "none" if one.unknown == len(one.services) else verdict
    budgets = sentence("teams.part", verdict, services=services, many=str(len(one.overspent)))
    if one.unknown and verdict != "none":
        budgets += sentence("teams.part", "unknown", unknown=str(one.unknown))
    return sentence(
        "teams.totals", "all", budgets=budgets,
        deployments=_counted("deployments", one.deployments, one.weeks),
        incidents=_counted("incidents", one.incidents, one.weeks),
    )  # fmt: skip


def _counted(what: str, many: int | None, weeks: float) -> str:
    if many is None:
        return ""
    number = wording.plural(many, what.removesuffix("s"))
    return sentence("teams.part", what, many=number, rate=wording.per_week(many / weeks))


def decisions_sentences(known: Mapping[str, Decision], teams: pd.Series) -> list[str]:
    """For each team how many services there are of each verdict; nothing without teams."""
    groups = grouped(known, teams)
    said = []
    for team, services in groups.items() if {*groups} - {""} else ():
        parts = [f"{verdict} ({wording.listing([markdown(s) for s in who], limit=4)})"
                 for verdict in VERDICTS
                 if (who := [s for s in services if known[s].verdict == verdict])]  # fmt: skip
        said.append(sentence(
            "teams.decisions", "all" if team else "none", team=markdown(team) if team else "",
            services=wording.plural(len(services), "service"), verdicts="; ".join(parts),
        ))  # fmt: skip
    return said


def grouped(services: Mapping[str, Decision], teams: pd.Series) -> dict[str, list[str]]:
    """Services by team, teams in the order of their first service; those without one last."""
    groups: dict[str, list[str]] = {}
    for service in services:
        groups.setdefault(str(teams.get(service, "")), []).append(service)
    return {team: groups[team] for team in sorted(groups, key=lambda team: not team)}
