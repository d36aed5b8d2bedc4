"""Where the numbers of a report come from, as texts for the pages."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

import srelib
from srelib import budget, quality, tables, windows, wording
from srelib.errors import SrelibError
from srelib.fleet import Indicator
from srelib.quality import Observed
from srelib.report.render import TEMPLATES, Context, Page, css
from srelib.report.scoreboard import Bar, Standings, bar, standings


def provenance(dataset: Any) -> dict[str, Any]:
    """What every page says about its input."""
    sources, series = dataset.sources, dataset.series
    left_out = dataset.rejects.loc[tables.left_out(dataset.rejects), "file"].value_counts()
    first = (series if len(series) else sources)["first"].min()
    return {
        "folder": folder_name(dataset.path),
        "first": when(first),
        "as_of": when(dataset.as_of),
        "rows_kept": int(sources["rows_kept"].sum()),
        "rows_refused": int(sources["rows_rejected"].sum() - left_out.sum()),
        "rows_left_out": int(left_out.sum()),
        "rows_missing": int(sources["rows_missing"].sum()),
        "timezones": wording.listing(sorted(set(sources["timezone"].dropna()) - {"UTC"}), limit=6),
        "files": [_file(row, left_out) for row in sources.to_dict("records")],
        "versions": versions(),
    }


def _file(row: dict[Any, Any], left_out: pd.Series) -> dict[str, Any]:
    plain = {name: "" if pd.isna(value) else str(value) for name, value in row.items()}
    counts = {name: int(row[name]) for name in ("rows_kept", "rows_rejected", "rows_missing")}
    out = int(left_out.get(row["file"], 0))
    notes = [line for line in plain["notes"].split("\n") if line]
    return {
        **plain,
        **counts,
        "rows_refused": counts["rows_rejected"] - out,
        "rows_left_out": out,
        "first": when(row["first"]),
        "last": when(row["last"]),
        "notes": notes,
    }


def folder_name(path: Any) -> str:
    """The name of a folder, without where it lies."""
    from pathlib import Path

    return Path(path).resolve().name or "data"


def when(time: Any) -> str:
    """A time as text, to the minute, in UTC."""
    return "–" if pd.isna(time) else f"{time:%Y-%m-%d %H:%M}"


def versions() -> str:
    """The software that made a report."""
    return (
        f"srelib {srelib.__version__}, pandas {pd.__version__}, Python {platform.python_version()}"
    )


LEADS = ("06", "02", "03")
"""Beginnings of the pages whose first sentences matter most, in that order."""


@dataclass(frozen=True)
class Row:
    """One objective on the scoreboard; texts as shown, escaped only by the template."""

    service: str
    slo: str
    target: str
    window: str
    sli: str = "–"
    left: str = "–"
    bar: Bar | None = None
    status: str = ""
    mood: str = "none"
    coverage: str = ""
    deployments: str = "–"
    incidents: str = "–"


@dataclass(frozen=True)
class Scoreboard:
    """Rows of the scoreboard and what has to be said about them."""

    standings: Standings
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def scoreboard(dataset: Any) -> Scoreboard:
    """How each service and each objective stands at the end of the data."""
    rows = tuple(_row(dataset, slo) for slo in dataset.slos)
    return Scoreboard(standings(dataset), rows, tuple(_notes(dataset)))


def _row(dataset: Any, slo: Any) -> Row:
    name = wording.label(slo.display_name or slo.sli, limit=60)
    row = Row(
        service=wording.label(slo.service, limit=60),
        slo=name,
        target=wording.percent(slo.target),
        window=str(slo.window),
    )
    key = Indicator(name, slo.service, slo.sli, target=slo.target, window=slo.window)
    try:
        part = windows.current(dataset.slo_counts(slo), window=key.window)
        observed = quality.observed(part, window=key.window)
        status = budget.status(part["good"], part["total"], target=slo.target)
    except SrelibError as error:
        return replace(row, status=wording.label(error, limit=200))
    word, mood = _status(status.left_share, short=observed is not None and observed.is_short)
    times = pd.DatetimeIndex(part.index)
    span = times[0], times[-1] + windows.step_of(times)
    return replace(
        row,
        sli=wording.percent(status.sli, against=slo.target),
        left=wording.percent(status.left_share),
        bar=bar(status.left_share),
        status=word,
        mood=mood,
        coverage=_coverage(part, observed),
        deployments=_per_week(dataset.deployments, slo.service, span),
        incidents=_cell_number(dataset.incidents, slo.service, span),
    )


def _status(left_share: float, *, short: bool) -> tuple[str, str]:
    if pd.isna(left_share):
        return "No traffic seen", "none"
    word, mood = ("Within budget", "good") if left_share >= 0 else ("Budget overspent", "bad")
    return f"{word} so far" if short else word, mood


def _coverage(part: pd.DataFrame, observed: Observed | None) -> str:
    if observed is not None and observed.is_short:
        return f"{wording.duration(observed.length)} of it observed"
    share = quality.coverage(part)
    return "" if share >= 1 else f"{wording.percent(share)} observed"


Span = tuple[pd.Timestamp, pd.Timestamp]


def _within(times: pd.Series, span: Span) -> pd.Series:
    return (times >= span[0]) & (times < span[1])


def _per_week(deployments: pd.DataFrame, service: str, span: Span) -> str:
    if deployments.empty:
        return "–"
    mine = deployments[(deployments["service"] == service) & (deployments["status"] != "cancelled")]
    weeks = (span[1] - span[0]) / pd.Timedelta(days=7)
    shipped = int(_within(mine["finished_at"], span).sum())
    if weeks < 1:
        return f"{shipped} in {wording.duration(span[1] - span[0])}"
    per_week = shipped / weeks
    return f"{per_week:.1f}" if per_week else "0"


def _cell_number(incidents: pd.DataFrame, service: str, span: Span) -> str:
    if incidents.empty:
        return "–"
    mine = incidents[incidents["service"] == service]
    return f"{int(_within(mine['started_at'], span).sum()):,}"


def _notes(dataset: Any) -> list[str]:
    notes = []
    if not dataset.slos:
        notes.append("No SLO file: add slos.yaml (srelib init writes one) to see budgets here.")
    promised = {(slo.service, slo.sli) for slo in dataset.slos}
    series = dataset.series[["service", "sli"]].astype(str).itertuples(index=False, name=None)
    without = [
        f"{wording.label(s)} ({wording.label(i)})" for s, i in series if (s, i) not in promised
    ]
    if dataset.slos and without:
        notes.append(f"Measured, but without an objective: {wording.listing(without, limit=8)}.")
    if dataset.deployments.empty:
        notes.append("No deployments in the data: their column is empty, not zero.")
    if dataset.incidents.empty:
        notes.append("No incidents in the data: their column is empty, not zero.")
    return notes


def render(board: Scoreboard, pages: Sequence[Page], dataset: Any, context: Context) -> str:
    """The index as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "srelib"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    notes = [note for file in context.provenance["files"] for note in _file_notes(file)]
    return environment.get_template("report.html.j2").render(
        css=Markup(css()),
        provenance=context.provenance,
        board=board,
        pages=[(page, Markup(page.finding)) for page in pages],
        leads=[(page, Markup(page.finding)) for page in leads(pages)],
        failed=[page for page in pages if page.failure],
        rejects=_reject_reasons(dataset.rejects),
        notes=notes,
    )


def leads(pages: Sequence[Page]) -> list[Page]:
    """The pages whose first sentences open the report."""
    whole = [page for page in pages if page.finding and not page.failure]
    return [page for start in LEADS for page in whole if page.name.startswith(start)][:3]


def _file_notes(file: dict[str, Any]) -> list[str]:
    return [f"{wording.label(file['file'], limit=80)}: {note}" for note in file["notes"]]


def _reject_reasons(rejects: pd.DataFrame) -> list[tuple[str, str, bool, int, str]]:
    """File, reason, whether by rule, number, first lines; refused ones and frequent ones first."""
    if rejects.empty:
        return []
    groups = [
        (
            wording.label(file, limit=80),
            wording.label(reason, limit=160),
            bool(by_rule),
            len(group),
            wording.listing([str(line) for line in group["line"].drop_duplicates().head(3)]),
        )
        for (file, reason, by_rule), group in rejects.assign(
            by_rule=tables.left_out(rejects)
        ).groupby(["file", "reason", "by_rule"], observed=True)
    ]
    return sorted(groups, key=lambda group: (group[2], -group[3], group[0], group[1]))[:12]
