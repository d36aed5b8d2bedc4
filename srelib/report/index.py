"""The first page: a scoreboard of services, error budgets, what each notebook says first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup

from srelib import budget, events, objectives, quality, tradeoff, windows, wording
from srelib.dataset import Dataset
from srelib.errors import SrelibError
from srelib.findings.finding import beside_chance
from srelib.findings.scoreboard import chance
from srelib.findings.teams import NO_TEAM, totals_text
from srelib.quality import Observed
from srelib.report.render import DECISION, Context, Page, css, filled
from srelib.slos import Slo
from srelib.tradeoff import Quadrants, Scorecard, TeamTotals
from srelib.tradeoff.scoreboard import DEVOPS, SHARED, SRE

MOST_ACTIONS = 20
"""Services on the first screen; the page of decisions has all."""
LEADS = ("06", "02", "03", "05", "04")
"""Beginnings of the pages, the first of which opens the report with what it says."""


class Team(NamedTuple):
    """A team as a heading: its name, its place (0: no team), counts and rates of its services."""

    name: str
    place: int
    words: str = ""


class Group(NamedTuple):
    """Rows of one team; without a team where the folder names none."""

    team: Team | None
    rows: list[Any]


def headings(totals: Iterable[TeamTotals]) -> dict[str, Team]:
    """The teams by name, services without one under an empty name."""
    return {
        one.team: Team(
            wording.label(one.team or NO_TEAM, limit=60), place if one.team else 0, totals_text(one)
        )
        for place, one in enumerate(totals, start=1)
    }


def grouped(
    rows: Sequence[Any], teams: dict[str, Team], *, of: Callable[[Any], str]
) -> list[Group]:
    """Rows under their teams, in the order of the teams; one group where there are none."""
    if not teams:
        return [Group(None, list(rows))]
    own: dict[str, list[Any]] = {name: [] for name in (*teams, "")}
    for row in rows:
        own[of(row) if of(row) in teams else ""].append(row)
    return [Group(teams.get(n, Team(NO_TEAM, 0)), found) for n, found in own.items() if found]


@dataclass(frozen=True)
class BudgetRow:
    """One objective on the scoreboard; texts as shown, escaped only by the template.

    `of` is its service as the data name it, `page` the page of that service where there is one.
    """

    service: str
    slo: str
    target: str
    window: str
    sli: str = "–"
    left: str = "–"
    bar: dict[str, Any] | None = None
    status: str = ""
    mood: str = "none"
    coverage: str = ""
    team: str = ""
    of: str = ""
    page: str = ""


@dataclass(frozen=True)
class Scoreboard:
    """Rows and map of the services, rows of the objectives, and what has to be said about them."""

    services: tuple[ServiceRow, ...]
    span: str
    map: dict[str, Any] | None
    budgets: tuple[BudgetRow, ...]
    notes: tuple[str, ...]
    teams: dict[str, Team] = field(default_factory=dict)

    def by_team(self, rows: Sequence[ServiceRow] | Sequence[BudgetRow]) -> list[Group]:
        """Rows of services or of budgets under their teams."""
        return grouped(rows, self.teams, of=lambda row: row.team)


def scoreboard(dataset: Dataset) -> Scoreboard:
    """How each service, fragile ones first, and each objective stand at the end of the data."""
    counts = objectives.per_service(objectives.measured(dataset))
    deployed = events.eligible_deployments(dataset.deployments)
    span = tradeoff.shared_span(counts, deployed, incidents=dataset.incidents, as_of=dataset.as_of)
    tables: Any = {name: dataset.exported(name) for name in ("changes", "incidents", "alerts")}
    board = tradeoff.scoreboard(counts, deployed, between=span, **tables)
    placed = tradeoff.quadrants(
        {name: one.frequency for name, one in board.items()},
        {name: one.left for name, one in board.items()},
    )
    rows = {row["service"]: row for _, row in placed.services.iterrows()}
    names = sorted(board, key=lambda name: _alarm(rows.get(name), board[name]))
    length = wording.roughly(span[1] - span[0]) if span else ""
    totals = tradeoff.team_totals({name: board[name] for name in names}, dataset.teams,
                                  between=span, incidents=tables["incidents"])  # fmt: skip
    return Scoreboard(
        services=tuple(
            replace(
                _service(board[name], rows.get(name), length), team=str(dataset.teams.get(name, ""))
            )
            for name in names
        ),
        span=f"{wording.day(span[0])} to {wording.day(span[1])}" if span else "",
        map=drawn(placed),
        budgets=tuple(_row(dataset, slo) for slo in dataset.slos),
        notes=tuple(_notes(dataset)),
        teams=headings(totals),
    )


def _alarm(row: pd.Series | None, one: Scorecard) -> tuple[int, float, str]:
    place = len(MOODS) if row is None else [*MOODS].index(row["quadrant"])
    return place, one.left.value if one.left.value == one.left.value else math.inf, one.service


def _row(dataset: Dataset, slo: Slo) -> BudgetRow:
    row = BudgetRow(
        service=wording.label(slo.service, limit=60),
        slo=wording.label(slo.display_name or slo.sli, limit=60),
        target=wording.percent(slo.target),
        window=str(slo.window),
        team=dataset.teams.get(slo.service, ""),
        of=slo.service,
    )
    try:
        part = windows.current(dataset.slo_counts(slo), window=slo.window)
        observed = quality.observed(part, window=slo.window)
        status = budget.status(part["good"], part["total"], target=slo.target)
    except SrelibError as error:
        return replace(row, status=wording.label(error, limit=200))
    word, mood = ("Within budget", "good") if status.left >= 0 else ("Budget overspent", "bad")
    if pd.isna(status.left_share):
        word, mood = "No traffic seen", "none"
    elif observed is not None and observed.is_short:
        word = f"{word} so far"
    return replace(
        row,
        sli=wording.percent(status.sli, against=slo.target),
        left=wording.percent(status.left_share),
        bar=bar(status.left_share),
        status=word,
        mood=mood,
        coverage=_coverage(part, observed),
    )


def _coverage(part: pd.DataFrame, observed: Observed | None) -> str:
    if observed is not None and observed.is_short:
        return f"{wording.duration(observed.length)} of it observed"
    share = quality.coverage(part)
    return "" if share >= 1 else f"{wording.percent(share)} observed"


def _notes(dataset: Dataset) -> list[str]:
    notes = []
    if not dataset.slos:
        notes.append("No SLO file: add slos.yaml (srelib init writes one) to see budgets here.")
    with_target = {(slo.service, slo.sli) for slo in dataset.slos}
    series = dataset.series[["service", "sli"]].astype(str).itertuples(index=False, name=None)
    without = [
        f"{wording.label(s)} ({wording.label(i)})" for s, i in series if (s, i) not in with_target
    ]
    if dataset.slos and without:
        notes.append(f"Measured, but without an objective: {wording.listing(without, limit=8)}.")
    if dataset.deployments.empty:
        notes.append("No deployments in the data: what needs them is empty, not zero.")
    if dataset.incidents.empty:
        notes.append("No incidents in the data: what needs them is empty, not zero.")
    return notes


def render(
    board: Scoreboard,
    pages: Sequence[Page],
    context: Context,
    changed: Sequence[tuple[str, Sequence[Markup]]] = (),
    actions: Sequence[dict[str, Any]] = (),
) -> str:
    """The index as HTML; `changed`: title and sentences of each comparison."""
    whole = [page for page in pages if not page.failure]
    notes = [
        f"{wording.label(file['file'], limit=80)}: {note}"
        for file in context.provenance["files"]
        for note in file["notes"]
    ]
    first = lead(pages)
    decides = (p for p in whole if any(one["key"] == DECISION for one in p.stated))
    decided = next(decides, None)
    return filled(
        "report.html.j2",
        context,
        css=Markup(css() + _choice(board.teams)),
        board=board,
        pages=[(page, Markup(page.finding)) for page in pages],
        lead=first,
        actions=grouped(actions[:MOST_ACTIONS], board.teams, of=lambda one: one["team"]),
        left_out=max(len(actions) - MOST_ACTIONS, 0),
        decided=decided,
        answered=(first, decided),
        changed=changed,
        failed=[page for page in pages if page.failure],
        data_page=next((page for page in pages if page.name.startswith("00")), None),
        notes=notes,
    )


def _choice(teams: dict[str, Team]) -> str:
    """Rules of the style sheet that hide the rows of other teams where one is chosen."""
    return "".join(
        f'\nmain:has(#team-{one.place}:checked) [data-team]:not([data-team="{one.place}"])'
        " { display: none; }"
        for one in teams.values()
    )


def lead(pages: Sequence[Page]) -> Page | None:
    """The page whose first sentence opens the report."""
    whole = [page for page in pages if page.finding and not page.failure]
    return next((page for start in LEADS for page in whole if page.name.startswith(start)), None)


def bar(left_share: float, *, width: float = 120.0) -> dict[str, Any] | None:
    """A budget left as a bar on a scale from -50 % to 100 %; what lies beyond is cut."""
    if pd.isna(left_share):
        return None
    zero, end = (float(x) for x in np.interp((0, left_share), (-0.5, 1), (0, width)))
    x, wide = round(min(zero, end), 2), round(abs(zero - end), 2)
    return {"x": x, "width": wide, "zero": round(zero, 2), "over": left_share < 0}


GROUPS = {"devops": DEVOPS, "both": SHARED, "sre": SRE}
LABELS = {
    "frequency": "Deployments a week", "lead_time": "Lead time", "rework_rate": "Rework",
    "fail_rate": "Change fail rate", "recovery": "Recovery", "felt": "Pages users felt",
    "sli": "Service level", "left": "Budget left, {length}", "pages": "Pages a week",
    "incidents": "Incidents a week", "restore": "Time to restore",
}  # fmt: skip
MOODS = {
    tradeoff.FAST_FRAGILE: "bad",
    tradeoff.SLOW_FRAGILE: "bad",
    tradeoff.SLOW_SAFE: "calm",
    tradeoff.FAST_SAFE: "good",
}
"""Quadrants, those that need action first, and how they look."""
MAP_WIDTH, MAP_HEIGHT, MARGIN = 480.0, 300.0, 12.0
MOST_DOTS = 24


@dataclass(frozen=True)
class Cell:
    """One number of a service; texts as shown, escaped only by the template.

    `course` is the path of its sparkline, `change` what it was and is in the weeks compared.
    """

    field: str
    group: str
    label: str
    value: str
    ends: str
    bar: dict[str, Any] | None = None
    course: str = ""
    change: str = ""
    mood: str = ""


@dataclass(frozen=True)
class ServiceRow:
    """One row of the scoreboard."""

    name: str
    quadrant: str
    chance: str
    mood: str
    cells: tuple[Cell, ...]
    service: str = ""
    objective: str = ""
    team: str = ""
    page: str = ""


def _service(one: Scorecard, row: pd.Series | None, length: str) -> ServiceRow:
    cells = tuple(
        _cell(one, field, group, length) for group, fields in GROUPS.items() for field in fields
    )
    name = wording.label(one.service, limit=60)
    if row is None:
        return ServiceRow(name, "", "", "none", cells, one.service, one.objective)
    quadrant = row["quadrant"]
    return ServiceRow(name, quadrant, chance(float(row[quadrant])), MOODS[quadrant], cells,
                      one.service, one.objective)  # fmt: skip


def _cell(one: Scorecard, field: str, group: str, length: str) -> Cell:
    estimate, label = getattr(one, field), LABELS[field].format(length=length)
    if estimate.value != estimate.value:
        return Cell(field, group, label, "\u2013", "")
    ends, target = (estimate.low, estimate.high), one.target if one.target == one.target else None
    value, low, high = wording.estimates(field, (estimate.value, *ends), against=target)
    text = wording.ends(low, high) if all(end == end for end in ends) else ""
    if field == "sli":
        text = f"target {wording.percent(target)}" if target is not None else "no objective"
    if field == "fail_rate" and one.fail_chance == one.fail_chance and not one.fail_clear:
        value, text = "unclear", f"{value}, {beside_chance(one)}"
    return Cell(field, group, label, value, text,
                bar(estimate.value, width=72.0) if field == "left" else None)  # fmt: skip


def drawn(placed: Quadrants) -> dict[str, Any] | None:
    """The quadrants as a drawing: deployments a week to the right, budget left upwards."""
    rows = placed.services
    if not len(rows):
        return None
    speeds = pd.concat([rows["speed"], rows["speed_low"], rows["speed_high"]]).to_list()
    known = np.log([speed for speed in (*speeds, placed.speed_line) if speed > 0])
    ends = (float(known.min()) - 0.25, float(known.max()) + 0.25)
    own = pd.Series([float(row[row["quadrant"]]) for _, row in rows.iterrows()], rows.index)
    shown = rows.loc[own.sort_values(ascending=False, kind="stable").index[:MOST_DOTS]]
    dots: list[dict[str, Any]] = []
    for _, row in shown.iterrows():
        dots.append(_dot(row, ends, dots))
    steps = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)
    words = "; ".join(
        f"{dot['name']}: {quadrant}" for dot, quadrant in zip(dots, shown["quadrant"], strict=True)
    )
    return {
        "dots": dots,
        "line_x": _x(placed.speed_line, ends),
        "line_y": _y(placed.left_line),
        "ticks": [(_x(t, ends), f"{t:g}") for t in steps if ends[0] < math.log(t) < ends[1]],
        "words": f"Map of services by deployments a week and error budget left. {words}.",
        "more": len(rows) - len(shown),
    }


def _x(speed: float, ends: tuple[float, float]) -> float:
    """Deployments a week, between the logarithms at the edges."""
    at = math.log(speed) if speed > 0 else ends[0]
    return round(float(np.interp(at, ends, (MARGIN, MAP_WIDTH - MARGIN))), 1)


def _y(left: float) -> float:
    """The budget left, from -100 % to 100 %; what lies beyond is put at the edge."""
    return round(float(np.interp(left, (-1, 1), (MAP_HEIGHT - MARGIN, MARGIN))), 1)


Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""


def _dot(row: pd.Series, ends: tuple[float, float], others: list[dict[str, Any]]) -> dict[str, Any]:
    """A dot, with its name where that covers no other; without it where there is no room."""
    x, y = _x(row["speed"], ends), _y(row["left"])
    name = wording.label(row["service"], limit=22)
    places = [
        (anchor, round(x + aside, 1), round(y + up, 1))
        for up in (-7, 16, -21, 30)
        for anchor, aside in (("start", 8), ("end", -8))
    ]
    taken = [(dot["x"] - 7, dot["y"] - 7, dot["x"] + 7, dot["y"] + 7) for dot in others]
    taken += [dot["named"] for dot in others if dot["named"]]
    free = [place for place in places if _is_free(_box(name, *place), taken)]
    anchor, text_x, text_y = (free or places)[0]
    ways = ("speed_low", "speed_high", "left_low", "left_high")
    low, high, bottom, top = (row[n] if row[n] == row[n] else row[n.split("_")[0]] for n in ways)
    return {
        "x": x,
        "y": y,
        "left": _x(low, ends),
        "right": _x(high, ends),
        "top": _y(top),
        "bottom": _y(bottom),
        "text_x": text_x,
        "text_y": text_y,
        "anchor": anchor,
        "name": name,
        "named": _box(name, *free[0]) if free else None,
        "mood": MOODS[row["quadrant"]],
        "sure": bool(row["sure"]),
    }


def _box(name: str, anchor: str, x: float, y: float) -> Box:
    wide = 7.2 * len(name)
    left = x if anchor == "start" else x - wide
    return left, y - 12, left + wide, y + 3


def _is_free(box: Box, taken: list[Box]) -> bool:
    left, top, right, bottom = box
    inside = left >= 0 and right <= MAP_WIDTH and top >= 18 and bottom <= MAP_HEIGHT - 18
    return inside and not any(
        left < other[2] and right > other[0] and top < other[3] and bottom > other[1]
        for other in taken
    )
