"""A fleet of any size as pages: what needs doing first, each team, and every service by name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from srelib import tradeoff, wording
from srelib.decisions import DecisionRules
from srelib.decisions.verdict import CARRY_ON, NOT_ENOUGH, SHIP_MORE, VERDICTS
from srelib.errors import InputError
from srelib.findings import decisions as said
from srelib.findings.finding import as_json
from srelib.findings.show import refused_sentences
from srelib.findings.teams import NO_TEAM, totals_text
from srelib.findings.tradeoff import fleet_sentence
from srelib.partitioned import (
    FleetSummary,
    ServiceSummary,
    Settings,
    objectives_table,
    services_table,
)
from srelib.report import destination, glossary, sources
from srelib.report.actions import MOODS, actions
from srelib.report.index import MOST_ACTIONS, Group, Scoreboard, _service
from srelib.report.render import Context, Page, filled

MOST_ROWS, MOST_NAMES, MOST_REFUSED = 200, 500, 20
"""Rows of a page; names of a page of names; reasons why services are not known."""
CALM = (CARRY_ON, SHIP_MORE, NOT_ENOUGH)
"""Verdicts that ask for nothing now."""
EDGES = (-math.inf, -1.0, 0.0, 0.25, 0.5, 0.75, math.inf)
LEFT = ("overspent more than twice", "overspent", "0 to 25 % of the budget left", "25 to 50 %",
        "50 to 75 %", "75 to 100 %")  # fmt: skip


class Paged(NamedTuple):
    """Rows of one page, and the pages before and after it."""

    file: str
    rows: list[dict[str, Any]]
    before: str | None
    after: str | None


def write(found: FleetSummary, out: Path) -> None:
    """Write the pages and tables of a fleet into a folder that is complete or as it was."""
    with destination.reserved(out):
        files = {name: glossary.linked(text) for name, text in pages(found)}
        files["services.csv"] = services_table(found).to_csv(index=False)
        files["objectives.csv"] = objectives_table(found).to_csv(index=False)
        with destination.replaced(out) as new:
            for name, text in files.items():
                (new / name).write_text(text, "utf-8")


def pages(found: FleetSummary) -> Iterator[tuple[str, str]]:
    """Every page by the name of its file, the first one first."""
    context = Context([], sources._provenance(found.base), {})
    rows = _rows(found, context)
    ranked = [rows[name] for name in said.ranked(found.decided)]
    for page in _places(ranked, "services"):
        for number, row in enumerate(page.rows):
            row["at"], row["anchor"] = page.file, f"s{number}"
    known = {"span": _span(found)}
    empty: dict[str, Any] = dict.fromkeys(
        ("lead", "verdicts", "actions", "teams", "ranges", "names", "refused", "more", "before",
         "after", "heading"), None) | {"said": (), "first": False, "parameters": ()}  # fmt: skip
    teams = _teams(found, rows)
    by_name = [rows[name] for name in sorted(rows)]
    names = _places(by_name, "names", most=MOST_NAMES)
    lead = fleet_sentence(found.effect)
    recorded = {name: found.base.exported(name) for name in ("deployments", "incidents", "alerts")}
    missing = said.missing_sentence(recorded)
    counted = f"{wording.count(len(found.services))} services"
    yield "index.html", filled("fleet.html.j2", context, **empty | known | {
        "title": f"What to do about {counted}", "first": True,
        "lead": context.sentence(lead.sentence) if lead else None,
        "said": [context.sentence(missing.sentence)] if missing else [],
        "verdicts": _counted(found, ranked), "heading": "What to do first",
        "actions": [Group(None, ranked[:MOST_ACTIONS])],
        "more": "services-1.html" if len(ranked) > MOST_ACTIONS else None,
        "teams": [one for one in teams if one["team"]],
        "ranges": [{"page": one.file, "first": one.rows[0]["name"], "last": one.rows[-1]["name"]}
                   for one in names],
        "refused": _refused(found, context),
        "parameters": [(name, value, value != getattr(Settings, name))
                       for name, value in asdict(found.settings).items()],
    })  # fmt: skip
    lists = [("Every service, what needs doing first", _places(ranked, "services"))]
    lists += [(one["name"], _places(one["rows"], one["file"])) for one in teams if one["team"]]
    for title, own in lists:
        for page in own:
            bare = [{**row, "anchor": row["anchor"] if page.file == row["at"] else ""}
                    for row in page.rows]  # fmt: skip
            yield page.file, filled("fleet.html.j2", context, **empty | known | {
                "title": title, "heading": "What to do", "actions": [Group(None, bare)],
                "before": page.before, "after": page.after})  # fmt: skip
    for page in names:
        listed = [{"name": row["name"], "page": f"{row['at']}#{row['anchor']}",
                   "verdict": row["verdict"]} for row in page.rows]  # fmt: skip
        title = f"{listed[0]['name']} to {listed[-1]['name']}"
        yield page.file, filled("fleet.html.j2", context, **empty | known | {
            "title": title, "names": listed})  # fmt: skip
    yield f"{glossary.PAGE}.html", glossary.page(context)


def _places(rows: Sequence[dict[str, Any]], name: str, most: int = MOST_ROWS) -> list[Paged]:
    """Rows over as many pages as they need."""
    parts = [list(rows[at : at + most]) for at in range(0, len(rows), most)]
    files = [None, *(f"{name}-{number}.html" for number in range(1, len(parts) + 1)), None]
    return [Paged(str(files[n]), own, files[n - 1], files[n + 1]) for n, own in enumerate(parts, 1)]


def _rows(found: FleetSummary, context: Context) -> dict[str, dict[str, Any]]:
    """What to do about each service, as on the first page of a report."""
    rules = DecisionRules(pass_probability=found.settings.pass_probability)
    table = said.decisions_table(found.decided, teams=found.base.teams, rules=rules)
    stated = [
        *said.service_sentences(found.decided, rules=rules),
        *(table.findings if table else ()),
    ]
    span = found.between
    length = wording.roughly(span[1] - span[0]) if span else ""
    cards = tuple(_service(one.scorecard, pd.Series(one.place) if one.place else None, length)
                  for one in found.services.values()
                  if isinstance(one, ServiceSummary) and one.scorecard)  # fmt: skip
    page = Page("", "", "", "", stated=tuple(as_json(one) for one in stated))
    board = Scoreboard(cards, "", None, (), ())
    return {row["service"]: row for row in actions([page], board, context)}


def _counted(
    found: FleetSummary, ranked: Sequence[Mapping[str, Any]]
) -> list[tuple[str, list[Any]]]:
    """Services by verdict, and by what is left of their budget; both with their share."""
    verdicts = pd.Series([row["verdict"] for row in ranked], dtype="str").value_counts()
    first = {row["verdict"]: f"{row['at']}#{row['anchor']}" for row in reversed(ranked)}
    left = np.array([one.scorecard.left.value for one in found.services.values()
                     if isinstance(one, ServiceSummary) and one.scorecard])  # fmt: skip
    by_left = np.histogram(left[left == left], EDGES)[0].tolist()
    rows = [(name, int(verdicts[name]), MOODS.get(name, "bad"), first[name])
            for name in VERDICTS if name in verdicts]  # fmt: skip
    lefts = [(name, many, "bad" if end <= 0 else "good", "")
             for name, many, end in zip(LEFT, by_left, EDGES[1:], strict=True)]  # fmt: skip
    tables = [("By verdict.", _bars(rows))]
    over = f"By error budget left over {_span(found)}."
    return [*tables, (over, _bars(lefts))] if any(by_left) else tables


def _span(found: FleetSummary) -> str:
    span = found.between
    return f"{wording.day(span[0])} to {wording.day(span[1])}" if span else "the data"


def _bars(rows: Sequence[tuple[str, int, str, str]]) -> list[dict[str, Any]]:
    whole = sum(many for _, many, _, _ in rows) or 1
    return [{"name": name[:1].upper() + name[1:], "number": many, "mood": mood, "page": page,
             "wide": round(120 * many / whole, 1), "share": wording.percent(many / whole)}
            for name, many, mood, page in rows]  # fmt: skip


def _teams(found: FleetSummary, rows: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The teams, those first of whose services the largest share needs action."""
    cards = {name: one.scorecard for name, one in found.services.items()
             if isinstance(one, ServiceSummary) and one.scorecard}  # fmt: skip
    totals = tradeoff.team_totals(cards, found.base.teams, between=found.between,
                                  incidents=found.base.exported("incidents"))  # fmt: skip
    order = {name: place for place, name in enumerate(said.ranked(found.decided))}
    teams = []
    for number, one in enumerate(totals, 1):
        own = sorted((name for name in one.services if name in rows), key=order.__getitem__)
        need = sum(rows[name]["verdict"] not in CALM for name in own)
        teams.append({
            "team": one.team, "name": wording.label(one.team or NO_TEAM, limit=60),
            "file": f"team-{number}", "page": f"team-{number}-1.html", "need": need,
            "services": len(own), "words": totals_text(one), "rows": [rows[name] for name in own],
        })  # fmt: skip
    return sorted(teams, key=lambda one: -one["need"] / max(one["services"], 1))


def _refused(found: FleetSummary, context: Context) -> list[Any]:
    """Why nothing is known of some services, and rows that were refused."""
    lines = [one.sentence for one in refused_sentences(found.decided, "decisions.refused")]
    reasons: dict[str, list[str]] = {}
    for name, one in found.services.items():
        for reason in one.reasons if isinstance(one, ServiceSummary) else ():
            reasons.setdefault(reason, []).append(name)
    for reason, who in reasons.items():
        error = InputError(f"rows were refused: {reason}")
        lines += [one.sentence for one in
                  refused_sentences(dict.fromkeys(who, error), "decisions.refused")]  # fmt: skip
    return [context.sentence(text) for text in lines[:MOST_REFUSED]]
