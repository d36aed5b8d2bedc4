"""Rows of deployments, changes, incidents, alerts and exclusions: which may stay.

The one place for the rules that do not depend on the export: what a status word
means, which environment counts, what a duplicate is, that nothing ends before it
starts, that planned maintenance is no incident.
Readers hand over a frame with canonical column names and UTC times; they get
canonical tables back, and one reject for every row that could not stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from srelib import tables
from srelib.readers.base import Lines, Sieve, shown_as

STATUS_WORDS = {
    "succeeded": ("success", "successful", "succeeded", "ok", "finished", "passed", "completed"),
    "failed": ("failure", "failed", "fail", "error", "errored"),
    "rolled_back": ("rollback", "rolled_back", "rolledback", "reverted"),
    "cancelled": ("aborted", "abort", "cancelled", "canceled"),
}
"""Words of deployment tools by what they mean; case, spaces and dashes do not matter."""

UNFINISHED_WORDS = ("in_progress", "queued", "pending", "waiting", "running", "requested")

PRODUCTION = r"(?i)(prod|production|live)([^a-z].*)?"
"""Environments kept when nothing is said; matched against the whole name."""

MAINTENANCE_WORDS = ("maintenance", "planned_maintenance", "scheduled_maintenance", "scheduled")

_IDS = {"deployments": "deployment_id", "changes": "change_id", "incidents": "incident_id"}
_SPANS = {
    "deployments": ("started_at", "finished_at"),
    "incidents": ("started_at", "resolved_at"),
    "alerts": ("fired_at", "resolved_at"),
    "exclusions": ("starts_at", "ends_at"),
}
_VERBATIM = ("title", "reason")  # text that readers must not even trim


@dataclass(frozen=True)
class Built:
    """Canonical tables made from the rows of one file."""

    tables: dict[str, pd.DataFrame]
    kept: int
    rejects: pd.DataFrame
    notes: tuple[str, ...] = ()
    lines: dict[str, Callable[[np.ndarray], np.ndarray]] = field(default_factory=dict)


def build(
    frame: pd.DataFrame,
    table: str,
    *,
    file: str,
    lines: Lines,
    environment: Sequence[str] = (),
    services: Mapping[str, str] | None = None,
) -> Built:
    """Canonical tables from the rows of one file."""
    sieve = Sieve(_clean(frame, table), file=file, lines=lines)
    notes = _rename_services(sieve, services or {})
    if table == "deployments":
        notes += _keep_environments(sieve, environment)
    _leave_out(sieve)
    _refuse_faulty(sieve)
    if table == "deployments":
        notes += _translate_statuses(sieve)
    _refuse_incomplete(sieve, table)
    notes += _identify(sieve, table)
    _refuse_backwards(sieve, table)
    _refuse_repeated(sieve, table)
    made = _split_maintenance(sieve) if table == "incidents" else {table: _canonical(sieve, table)}
    if "exclusions" in made and table == "incidents":
        notes.append(f"{len(made['exclusions'])} planned maintenance windows became exclusions.")
    places = {name: sieve.places(rows.index.to_numpy()) for name, rows in made.items()}
    made = {name: tables.conform(rows, name) for name, rows in made.items()}
    return Built(made, len(sieve.frame), sieve.rejects, tuple(notes), places)


def _clean(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Blank text is missing text; names lose the blanks around them."""
    kinds = {column.name: column.kind for column in tables.TABLES[table]}
    clean = frame.copy()
    for name in clean.columns:
        if kinds.get(name) != "text" or clean[name].isna().all():
            continue
        text = clean[name].astype("str")
        trimmed = text.str.strip()
        clean[name] = (text if name in _VERBATIM else trimmed).mask(trimmed == "")
    return clean


def _rename_services(sieve: Sieve, services: Mapping[str, str]) -> list[str]:
    if not services:
        return []
    named = sieve.frame.get("service", pd.Series(dtype="str"))
    told = set(named.dropna())
    sieve.frame = sieve.frame.assign(service=named.replace(dict(services)))
    reached = set(sieve.frame["service"].dropna())
    unused = sorted(n for n in services if n not in told and services[n] not in reached)
    if not unused:
        return []
    return [f"sources.toml: services names {', '.join(map(repr, unused))}, which no row is about."]


def _leave_out(sieve: Sieve) -> None:
    if "left_out" in sieve.frame:
        frame = sieve.frame
        sieve.refuse(
            frame["left_out"].notna(),
            column=frame["left_out_column"],
            reason=frame["left_out"],
            value=frame["left_out_value"],
            by_rule=True,
        )


def _refuse_faulty(sieve: Sieve) -> None:
    if "fault" in sieve.frame:
        frame = sieve.frame
        sieve.refuse(
            frame["fault"].notna(),
            column=frame["fault_column"],
            reason=frame["fault"],
            value=frame["fault_value"],
        )


def _keep_environments(sieve: Sieve, patterns: Sequence[str]) -> list[str]:
    if "environment" not in sieve.frame:
        return []
    names = sieve.frame["environment"].astype("str")
    wanted = names.isna() if not patterns else pd.Series(False, index=names.index)
    for pattern in patterns or (PRODUCTION,):
        wanted |= names.str.fullmatch(pattern).fillna(False).astype(bool)
    if not patterns and "is_production" in sieve.frame:
        wanted |= sieve.frame["is_production"].fillna(False).astype(bool)
    others = names[~wanted].fillna("(none)").value_counts()
    rule = "not an environment asked for" if patterns else "not a production environment"
    sieve.refuse(
        ~wanted,
        column="environment",
        reason=f"{rule}; to keep it, set environment = ... for this file in sources.toml",
        by_rule=True,
    )
    if others.empty:
        return []
    listed = ", ".join(f"{name} {count:,}" for name, count in others.head(5).items())
    more = f" and {len(others) - 5} more" if len(others) > 5 else ""
    return [f"{others.sum():,} deployments to other environments left out: {listed}{more}."]


def _translate_statuses(sieve: Sieve) -> list[str]:
    if sieve.frame.empty:
        return []
    if "status" not in sieve.frame or sieve.frame["status"].isna().all():
        sieve.frame = sieve.frame.assign(status="succeeded")
        return ["No status is given: every deployment is taken as succeeded."]
    words = _word(sieve.frame["status"])
    meaning = words.map({w: status for status, all_ in STATUS_WORDS.items() for w in all_})
    sieve.refuse(
        words.isin(UNFINISHED_WORDS),
        column="status",
        reason="not finished when this was exported; export again later",
    )
    sieve.refuse(
        meaning[sieve.frame.index].isna(),
        column="status",
        reason=f"unknown status; allowed are {', '.join(STATUS_WORDS)} and the usual words for "
        "them (success, failure, rollback, aborted)",
    )
    sieve.frame = sieve.frame.assign(status=meaning[sieve.frame.index])
    return []


def _identify(sieve: Sieve, table: str) -> list[str]:
    """Give rows without an identifier one made of service and time."""
    name = _IDS.get(table)
    if name is None:
        return []
    frame = sieve.frame if name in sieve.frame else sieve.frame.assign(**{name: None})
    lacking = frame[name].isna()
    if not lacking.any():
        return []
    rows = frame[lacking]
    made = rows["service"].astype("str") + " " + rows[_moment(table)].map(shown_as).astype("str")
    again = rows.assign(**{name: made}).drop_duplicates().groupby(name).cumcount()
    again = again.reindex(rows.index, fill_value=0)  # an equal row gets the same name: a duplicate
    made = made.where(again == 0, made + " #" + (again + 1).astype("str"))
    sieve.frame = frame.assign(**{name: frame[name].astype(object).where(~lacking, made)})
    return [f"{len(rows):,} rows have no {name}: named by service and time."]


def _refuse_incomplete(sieve: Sieve, table: str) -> None:
    for name in tables.required(table):
        if name in sieve.frame and name != _IDS.get(table):
            fix = '; set service = "..." in sources.toml' if name == "service" else ""
            sieve.refuse(
                sieve.frame[name].isna(),
                column=name,
                reason=f"{name} is empty; a row needs one{fix}",
            )


def _refuse_backwards(sieve: Sieve, table: str) -> None:
    start, end = _SPANS.get(table, ("", ""))
    if {start, end} <= set(sieve.frame.columns):
        sieve.refuse(
            sieve.frame[end] < sieve.frame[start], column=end, reason=f"{end} lies before {start}"
        )


def _refuse_repeated(sieve: Sieve, table: str) -> None:
    key = ["service", _IDS[table]] if table in _IDS else tables.names(table)
    key = [name for name in key if name in sieve.frame]
    repeated = sieve.frame.duplicated(key)
    if not repeated.any():
        return
    told = [name for name in tables.names(table) if name in sieve.frame]
    equal = sieve.frame.duplicated(told)
    groups = [sieve.frame[name] for name in key]
    first = sieve.lines().groupby(groups, dropna=False).transform("first").astype("str")
    reason = ("the same row stands in line " + first).where(
        equal, f"another row with this {key[-1]} and other values stands in line " + first
    )
    sieve.refuse(repeated, column=key[-1], reason=reason)


def _split_maintenance(sieve: Sieve) -> dict[str, pd.DataFrame]:
    if "severity" not in sieve.frame:
        return {"incidents": _canonical(sieve, "incidents")}
    words = _word(sieve.frame["severity"].astype("str"))
    planned = words.isin(MAINTENANCE_WORDS).fillna(False)
    if not planned.any():
        return {"incidents": _canonical(sieve, "incidents")}
    ends = sieve.frame.get("resolved_at", pd.Series(pd.NaT, index=sieve.frame.index))
    sieve.refuse(
        planned & ends.isna(),
        column="resolved_at",
        reason="planned maintenance without an end; give one, or its severity another name",
    )
    planned = planned[sieve.frame.index]
    return {
        "incidents": _canonical(sieve, "incidents", rows=~planned),
        "exclusions": _as_exclusions(sieve.frame[planned]),
    }


def _as_exclusions(rows: pd.DataFrame) -> pd.DataFrame:
    reason = rows["title"] if "title" in rows else pd.Series(pd.NA, index=rows.index, dtype="str")
    return rows[["service"]].assign(
        starts_at=rows["started_at"],
        ends_at=rows["resolved_at"],
        reason=reason.fillna("planned maintenance"),
    )


def _canonical(sieve: Sieve, table: str, rows: pd.Series | None = None) -> pd.DataFrame:
    frame = sieve.frame if rows is None else sieve.frame[rows]
    return frame[[name for name in tables.names(table) if name in frame]]


def _moment(table: str) -> str:
    return {"deployments": "finished_at", "changes": "committed_at"}.get(table, "started_at")


def _word(text: pd.Series) -> pd.Series:
    return text.str.lower().str.replace(r"[\s-]+", "_", regex=True)
