"""What is kept of a report so that a later one can be compared with it: days, not events."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import srelib
from srelib import events, objectives, tables, tradeoff, windows
from srelib.annotations import together
from srelib.delivery.lead_time import _lead_times
from srelib.errors import InputError
from srelib.incidents.times import ENDED, _durations
from srelib.stats.bursts import in_bursts
from srelib.tradeoff.scoreboard import _paged
from srelib.windows.sums import _sums_between

if TYPE_CHECKING:
    from srelib.dataset import Dataset
    from srelib.slos import Composite, Slo

FILE = "findings.json"
"""Name of the file in a report's folder."""
SCHEMA = 1
"""Version of its layout: one more when a key goes or changes its meaning."""
HOUR, DAY = pd.Timedelta("1h"), pd.Timedelta("1D")

LEVEL, BACKGROUND, COVERAGE = "service level", "errors outside outages", "coverage"
DEPLOYMENTS, LEAD_TIME, FAIL_RATE = "deployments", "change lead time", "change fail rate"
INCIDENTS, RESTORE, PAGES = "incidents", "time to restore", "pages"
QUANTITIES = (
    LEVEL, BACKGROUND, COVERAGE, DEPLOYMENTS, LEAD_TIME, FAIL_RATE, INCIDENTS, RESTORE, PAGES,
)  # fmt: skip
"""What is kept of each day, in the order shown."""
LOGARITHMS = (LEAD_TIME, RESTORE)
"""Kept as logarithms: what is compared is the typical time (geometric mean)."""
RATES = (DEPLOYMENTS, INCIDENTS, PAGES)

COLUMNS = ["service", "quantity", "subject", "day", "sum", "n"]


@dataclass(frozen=True, eq=False)
class Record:
    """A report as far as a later one needs it.

    folder, version: name of the folder of exports; version of srelib
    as_of: end of the data
    days: service, quantity (of `QUANTITIES`), subject (the objective, else empty), day (its start
        in UTC), sum and n; the quantity over several days is sum / n, of what was bad for a service
        level, of natural logarithms of seconds for times
    objectives: by service and objective: what each objective is
    named: services that any export names
    files: SHA-256 of each file
    parameters: of each notebook; empty where none was run
    teams: the team of each service that has one
    annotations: notes on days (table ``annotations``)
    """

    folder: str
    version: str
    as_of: pd.Timestamp
    days: pd.DataFrame
    objectives: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)
    annotations: pd.DataFrame = field(default_factory=lambda: tables.empty("annotations"))

    @property
    def services(self) -> list[str]:
        """Every service of which something is known; a composite is known by its members."""
        promised = {service for (service, _), one in self.objectives.items()
                    if "composite" not in one}  # fmt: skip
        return sorted({*self.days["service"], *self.named, *promised})

    def of(self, services: Collection[str]) -> Record:
        """The same of some services."""
        return replace(
            self,
            days=self.days[self.days["service"].isin(list(services))].reset_index(drop=True),
            objectives={k: v for k, v in self.objectives.items() if k[0] in services},
            named=tuple(name for name in self.named if name in services),
            teams={name: team for name, team in self.teams.items() if name in services},
            annotations=self.annotations[
                self.annotations["service"].isna()
                | self.annotations["service"].isin(list(services))
            ],
        )


def record(dataset: Dataset) -> Record:
    """What is kept of a dataset for a later comparison.

    Days are whole ones in UTC, over which what was exported is on record.

    Examples
    --------
    >>> from srelib import simulate
    >>> kept = record(simulate.fleet(seed=1).dataset)
    >>> kept.services, kept.days["day"].nunique()
    (['api', 'web', 'worker'], 91)
    """
    parts = [part for part in _parts(dataset) if len(part)]
    days = pd.concat(parts, ignore_index=True)[COLUMNS] if parts else pd.DataFrame(columns=COLUMNS)
    days = days[days["n"] > 0].reset_index(drop=True)
    return Record(
        folder=dataset.path.resolve().name,
        version=srelib.__version__,
        as_of=dataset.as_of,
        days=days,
        objectives={
            (slo.service, name): _objective(slo)
            for slo, name in zip(dataset.slos, _names(dataset.slos), strict=True)
        },
        named=tuple(dataset.services),
        files=dict(zip(dataset.sources["file"], dataset.sources["sha256"], strict=True)),
        teams={str(service): str(team) for service, team in dataset.teams.items()},
        annotations=dataset.annotations.assign(date=dataset.annotations["date"].dt.floor("D")),
    )


def _names(slos: Sequence[Slo]) -> list[str]:
    """Objectives as pages call them, or by their unique name where two would be called alike."""
    titles = [(slo.service, slo.display_name or slo.name) for slo in slos]
    return [title[1] if titles.count(title) == 1 else slo.name
            for slo, title in zip(slos, titles, strict=True)]  # fmt: skip


def _objective(slo: Slo) -> dict[str, Any]:
    """What defines an objective, as plain values."""
    length = None if slo.slice is None else str(slo.slice)
    return {
        "sli": slo.sli, "target": slo.target, "window": str(slo.window),
        "method": slo.method, "slice": length, "slice_target": slo.slice_target,
        "threshold": slo.threshold, "op": slo.op,
        "schedule": None if slo.schedule is None else str(slo.schedule),
    } | (
        ({"composite": _members(slo.composite)} if slo.composite else {})
        | ({"targets": [[s and s.isoformat(), t] for s, t in slo.targets]} if slo.targets else {})
    )  # fmt: skip


def _members(composite: Composite) -> str:
    """How an objective is made of others, in a line."""
    members = zip(composite.members, composite.weights, strict=True)
    listed = ", ".join(f"{one.service} {one.sli} x {weight:g}" for one, weight in members)
    return f"{composite.rule} of {listed}"


def _parts(dataset: Dataset) -> Iterator[pd.DataFrame]:
    counts = objectives.measured(dataset)
    names = zip(dataset.slos, _names(dataset.slos), strict=True)
    called = {objectives._indicator(dataset, slo): name for slo, name in names}
    for key, frame in {**counts, **objectives.without_target(dataset)}.items():
        yield from _levels(key.service, called.get(key, key.name), frame)
    deployed = events.eligible_deployments(dataset.deployments)
    incidents = dataset.exported("incidents")
    span = tradeoff.shared_span(counts, deployed, incidents=incidents, as_of=dataset.as_of)
    if span is None:
        return
    days = pd.date_range(span[0].ceil("D"), span[1].floor("D"), freq="D", inclusive="left")
    services = dataset.services
    between = span[0].ceil("D"), span[1].floor("D")
    if not len(days):
        return
    if dataset.exported("deployments") is not None:
        outcomes = tradeoff.deployment_outcomes(deployed, None, incidents, between=between)
        yield _rate(DEPLOYMENTS, outcomes, "finished_at", services, days)
        yield _mean(FAIL_RATE, outcomes, "finished_at", outcomes["failed"])
        if dataset.exported("changes") is not None:
            shipped = _lead_times(dataset.changes, deployed, between=between)
            yield _mean(LEAD_TIME, shipped, "shipped_at", _logarithm(shipped["seconds"]))
    if incidents is not None:
        rows = events.eligible_incidents(incidents)
        rows = rows[rows["started_at"].between(*between, inclusive="left")]
        took = _durations(rows, as_of=dataset.as_of)
        yield _rate(INCIDENTS, rows, "started_at", services, days)
        ended = took["seconds"].where(took["state"] == ENDED)
        yield _mean(RESTORE, took, "started_at", _logarithm(ended))
    if (alerts := dataset.exported("alerts")) is not None:
        for service, pages in _paged(alerts, services, between).items():
            yield _rate(PAGES, pages.assign(service=service), "fired_at", [service], days)


def _levels(service: str, name: str, counts: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Of each whole day: bad and all events, those outside outages, the share observed."""
    index = pd.DatetimeIndex(counts.index)
    if counts.columns.nlevels > 1:  # a weighted mean, of which days do not add up
        return
    if len(index) < 2 or windows.step_of(index) > DAY:
        return
    days = pd.date_range(index[0].ceil("D"), index[-1] + windows.step_of(index), freq="D")
    if len(days) < 2:
        return
    hours = pd.date_range(days[0], days[-1], freq=max(HOUR, windows.step_of(index)))
    places = index.searchsorted(hours)
    cells = _sums_between(counts["good"], counts["total"], places).fillna(0.0)
    cells = cells.assign(day=hours[:-1].floor("D"), bad=cells["total"] - cells["good"],
                         buckets=np.diff(places), n=1.0)  # fmt: skip
    outage = np.zeros(len(cells), dtype=bool)
    for at in cells.groupby("day").indices.values():  # each day by itself: others may be lacking
        outage[at] = in_bursts(cells["bad"].to_numpy()[at], cells["total"].to_numpy()[at])
    calm = cells[~outage]
    plain = {"service": service, "subject": name}
    for quantity, rows, part, whole in (
        (LEVEL, cells, "bad", "total"),
        (BACKGROUND, calm, "bad", "total"),
        (COVERAGE, cells, "known", "buckets"),
    ):
        sums = rows.groupby("day")[[part, whole]].sum().set_axis(["sum", "n"], axis=1)
        yield sums.reset_index().assign(quantity=quantity, **plain)


def _logarithm(seconds: pd.Series) -> pd.Series:
    """Natural logarithm of times [s]; what took no time counts as a second."""
    return np.log(seconds.clip(lower=1.0))  # type: ignore[return-value]


def _rate(
    quantity: str, rows: pd.DataFrame, time: str, services: list[str], days: pd.DatetimeIndex
) -> pd.DataFrame:
    """How many a week, of every service on every day: none on record is none."""
    many = rows.groupby([rows["service"].astype("str"), rows[time].dt.floor("D")]).size()
    every = pd.MultiIndex.from_product([services, days], names=["service", "day"])
    found = many.rename_axis(["service", "day"]).reindex(every, fill_value=0)
    frame = found.rename("sum").astype("float64").reset_index()
    return frame.assign(quantity=quantity, subject="", n=DAY / pd.Timedelta("7D"))


def _mean(quantity: str, rows: pd.DataFrame, time: str, values: pd.Series) -> pd.DataFrame:
    """Sum and number of the values known of each day."""
    known = values.notna() & rows[time].notna()
    by = [rows.loc[known, "service"].astype("str"), rows.loc[known, time].dt.floor("D")]
    groups = values[known].astype("float64").groupby(by)
    frame = pd.DataFrame({"sum": groups.sum(), "n": groups.size().astype("float64")})
    frame = frame.rename_axis(["service", "day"]).reset_index()
    return frame.assign(quantity=quantity, subject="")


def as_json(kept: Record) -> dict[str, Any]:
    """A record as JSON holds it: days as one list for each service, quantity and subject."""
    days = []
    for key, own in kept.days.set_index("day").sort_index().groupby(COLUMNS[:3], sort=True):
        full = own[["sum", "n"]].asfreq("D").fillna(0.0)  # unknown days have n 0
        numbers = {name: [float(f"{v:.12g}") for v in full[name]] for name in ("sum", "n")}
        names = dict(zip(COLUMNS[:3], map(str, key), strict=True))  # type: ignore[call-overload]
        days.append({**names, "first": f"{own.index[0]:%Y-%m-%d}", **numbers})
    return {
        "folder": kept.folder,
        "as_of": kept.as_of.isoformat(),
        "services": kept.services,
        "teams": kept.teams,
        "files": kept.files,
        "parameters": kept.parameters,
        "objectives": [
            {"service": service, "objective": name, **defined}
            for (service, name), defined in sorted(kept.objectives.items())
        ],
        "days": days,
        "annotations": [
            {"date": f"{date:%Y-%m-%d}", "services": services, "note": note}
            for _, date, services, note in together(kept.annotations)
        ],
    }


def read(path: str | Path) -> Record:
    """The record of a report's folder, or of a folder of exports.

    Raises
    ------
    InputError
        There is neither, or the file was written by a newer version.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "alerts.csv").write_text(
    ...         "service,rule,severity,fired_at,resolved_at\\n"
    ...         "shop,Burn,page,2026-06-05T04:02:00Z,2026-06-05T04:20:00Z\\n")
    ...     read(folder).services
    ['shop']
    """
    file = Path(path) / FILE
    if not file.is_file():
        return record(srelib.load(path))
    try:
        kept = json.loads(file.read_text("utf-8"))
        if kept["schema"] == SCHEMA:
            return _record_of(kept)
    except (ValueError, KeyError, TypeError, OSError, AttributeError) as error:
        raise InputError(
            f"is not what a report writes ({type(error).__name__}: {error})",
            file=str(file), fix="make the report again",
        ) from error  # fmt: skip
    raise InputError(
        f"has schema {kept['schema']}, and this srelib reads {SCHEMA}",
        file=str(file), fix="make both reports with the same version of srelib",
    )  # fmt: skip


def _record_of(kept: Mapping[str, Any]) -> Record:
    frames = [
        pd.DataFrame({
            **{name: series[name] for name in COLUMNS[:3]},
            "day": pd.date_range(series["first"], periods=len(series["n"]), freq="D", tz="UTC"),
            "sum": series["sum"], "n": series["n"],
        })
        for series in kept["days"]
    ]  # fmt: skip
    days = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)
    return Record(
        folder=kept["folder"],
        version=kept["srelib"],
        as_of=pd.Timestamp(kept["as_of"]),
        days=days[days["n"] > 0].reset_index(drop=True),
        objectives={
            (one["service"], one["objective"]): {
                name: value for name, value in one.items() if name not in ("service", "objective")
            }
            for one in kept["objectives"]
        },
        named=tuple(kept["services"]),
        files=kept["files"],
        parameters=kept["parameters"],
        teams=kept.get("teams", {}),
        annotations=_annotations(kept.get("annotations", [])),
    )


def _annotations(listed: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    rows = [
        {"service": service, "date": pd.Timestamp(one["date"], tz="UTC"), "note": one["note"]}
        for one in listed
        for service in one["services"] or [None]
    ]
    return tables.conform(pd.DataFrame(rows), "annotations") if rows else (
        tables.empty("annotations"))  # fmt: skip
