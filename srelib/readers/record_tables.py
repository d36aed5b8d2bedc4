"""Rows of deployments, changes, incidents, alerts and exclusions as canonical tables.

The rules that do not depend on the export: what a status word means, which environment is
kept, what a duplicate is, that nothing ends before it starts, that planned maintenance is an
exclusion and no incident.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from srelib import marks, recurring, tables
from srelib.readers import cells, words
from srelib.readers.base import FileResult, Head, LineOf, in_line_order, lines_at

if TYPE_CHECKING:
    from srelib.readers.text import Scan
    from srelib.sources import Source

Row = dict[str, Any]


def with_times(
    frame: pd.DataFrame,
    names: Sequence[str],
    *,
    file: str,
    timezone: str | None = None,
    shown: Mapping[str, str] | None = None,
    form: str | None = None,
) -> pd.DataFrame:
    """The frame with text turned into UTC times; what is no time becomes a fault."""
    timed = frame.copy()
    for name in names:
        called = (shown or {}).get(name, name)
        text = timed[name].astype("str")
        read = cells.times(text, timezone=timezone, form=form, file=file, column=called)
        bad = read.reasons.notna()
        timed = words.marked(timed, bad, "fault", read.reasons, called, timed[name])
        timed[name] = read.values
    return timed


def with_planned(frame: pd.DataFrame, *, column: str) -> pd.DataFrame:
    """The frame with ``planned`` as a flag; what is neither yes nor no becomes a fault."""
    text = frame["planned"].astype("str").str.strip()
    said = text.str.lower().map(words.known_words("planned"))
    flags = said.eq("true").where(said.notna()).astype("boolean")
    bad = text.notna() & (text != "") & flags.isna()
    reason = "neither true nor false (write true, false, 1, 0, yes or no)"
    found = words.marked(frame, bad, "fault", reason, column, text)
    return found.assign(planned=~flags if words.name_clues()["unplanned"].search(column) else flags)


Lines = ArrayLike | LineOf


class AcceptedRows:
    """Accepted rows, and the first rejection reason of each other row."""

    def __init__(
        self, frame: pd.DataFrame, *, file: str, lines: Lines, records: Sequence[int] | None = None
    ) -> None:
        self.frame = frame.reset_index(drop=True)
        self._records = np.arange(len(frame)) if records is None else np.asarray(records)
        self.line_of: LineOf = lines if callable(lines) else np.asarray(lines, dtype="int64").take
        self._file = file
        self._refused: list[pd.DataFrame] = []

    def lines(self, rows: pd.Index | None = None) -> pd.Series:
        """Lines of rows still in; computed only when needed, since it costs a reading."""
        rows = self.frame.index if rows is None else rows
        return pd.Series(self.line_of(rows.to_numpy()), index=rows, dtype="int64")

    @property
    def rejects(self) -> pd.DataFrame:
        """Table ``rejects`` of the records of which no row is left, by line."""
        if not self._refused:
            return tables.empty("rejects")
        found = pd.concat(self._refused)
        record = self._records[found.index]
        lost = ~np.isin(record, self._records[self.frame.index])
        return in_line_order(found[lost & ~pd.Series(record).duplicated().to_numpy()])

    @property
    def kept(self) -> int:
        """Records of the file of which a row is left, whatever the number of their services."""
        return len(np.unique(self._records[self.frame.index]))

    def refuse(
        self,
        mask: pd.Series,
        *,
        column: str | pd.Series,
        reason: str | pd.Series,
        value: pd.Series | None = None,
        by_rule: bool = False,
    ) -> None:
        """Take out the rows under the mask."""
        mask = mask.fillna(False).astype(bool)
        if not mask.any():
            return
        shown = self.frame[column] if value is None and isinstance(column, str) else value
        text = None if shown is None else shown.map(as_shown)
        rows = pd.DataFrame({"file": self._file, "line": self.lines(self.frame.index[mask])})
        rows = rows.assign(column=column, reason=reason, value=text, by_rule=by_rule)  # aligned
        self._refused.append(rows)
        self.frame = self.frame[~mask]

    def refuse_marked(self, mark: str) -> None:
        """Take out the rows that a reader marked: ``left_out`` by a rule, or with a ``fault``."""
        if mark in self.frame:
            column, value = self.frame[f"{mark}_column"], self.frame[f"{mark}_value"]
            self.refuse(
                self.frame[mark].notna(), column=column, reason=self.frame[mark], value=value,
                by_rule=mark == "left_out",
            )  # fmt: skip


def as_shown(value: object) -> str | None:
    """A value as a reject shows it: times in ISO 8601, missing values missing."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


UNFINISHED = "not finished when this was exported; export again later"
PRODUCTION = r"(?i)(prod|production|live)([^a-z].*)?"
"""Environments kept when nothing is said; matched against the whole name."""

IDS = {"deployments": "deployment_id", "changes": "change_id", "incidents": "incident_id"}
_SPANS = {
    "deployments": ("started_at", "finished_at"),
    "incidents": ("started_at", "resolved_at"),
    "alerts": ("fired_at", "resolved_at"),
    "exclusions": ("starts_at", "ends_at"),
}
MADE_UP = ("deployment_id", "incident_id")
"""Identifiers made of service and time where an export has none."""
UPDATED = "updated_at"
"""Column, of no table, of the last change of a record."""
_VERBATIM = ("title", "reason")  # text that readers must not even trim


def read_rows(
    frame: pd.DataFrame,
    table: str,
    *,
    head: Head,
    source: Source,
    lines: Lines = (),
    records: Sequence[int] | None = None,
    scan: Scan | None = None,
    notes: Iterable[str] = (),
) -> FileResult:
    """Canonical tables from rows with canonical column names and UTC times, and their rejects."""
    accepted = AcceptedRows(
        _clean(frame, table), file=head.name, lines=lines if scan is None else scan.lines,
        records=records,
    )  # fmt: skip
    found = _rename_services(accepted, source.services)
    _translate_words(accepted, source)
    if table == "changes":
        accepted.frame = marks.with_marks(accepted.frame)
    if table == "deployments":
        found += _keep_environments(accepted, source.environment)
    accepted.refuse_marked("left_out")
    accepted.refuse_marked("fault")
    if table == "deployments":
        found += _translate_statuses(accepted)
    _refuse_incomplete(accepted, table)
    found += _identify(accepted, table)
    _refuse_backwards(accepted, table)
    _fold_repeated(accepted, table)
    refused = accepted.rejects
    strange = refused["reason"].astype("str").str.startswith(words.UNKNOWN_STATUS)
    if (seen := refused.loc[strange, "value"].dropna()).any():
        found.append(words.unknown_note(seen))
    whole = {table: _canonical(accepted, table)}
    made = _split_maintenance(accepted) if table == "incidents" else whole
    if len(made) > 1:
        found.append(f"{len(made['exclusions'])} planned maintenance windows became exclusions.")
    broken = [] if scan is None else [scan.rejects]
    return FileResult(
        {name: tables.conform(rows, name) for name, rows in made.items()},
        rows_read=accepted.kept + len(accepted.rejects) + sum(map(len, broken)),
        rows_kept=accepted.kept,
        rejects=in_line_order(*broken, accepted.rejects),
        timezone="UTC" if scan is None else scan.timezone,
        notes=(*(() if scan is None else scan.notes), *found, *notes),
        event_lines={
            name: lines_at(accepted.line_of, rows.index.to_numpy()) for name, rows in made.items()
        },
    )


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
    if "service" in clean and clean["service"].notna().any():
        clean["service"] = words.named_services(clean["service"])
    return clean


def _rename_services(accepted: AcceptedRows, services: Mapping[str, str]) -> list[str]:
    if not services:
        return []
    named = accepted.frame.get("service", pd.Series(dtype="str"))
    seen = set(named.dropna())
    accepted.frame = accepted.frame.assign(service=named.replace(dict(services)))
    reached = set(accepted.frame["service"].dropna())
    unused = sorted(n for n in services if n not in seen and services[n] not in reached)
    if not unused:
        return []
    return [f"sources.toml: services names {', '.join(map(repr, unused))}, which no row is about."]


def _translate_words(accepted: AcceptedRows, source: Source) -> None:
    """Words of any column as ``values`` of `sources.toml` says; of ignored ones the rows go."""
    for column in [name for name in source.values if name in accepted.frame]:
        known = words.words_of(source, column)
        plain = accepted.frame[column].astype("str").str.strip().str.lower()
        meant = plain.map(known)
        accepted.refuse(meant == "ignore", column=column, reason=words.IGNORED, by_rule=True)
        frame = accepted.frame
        meant = meant[frame.index]
        accepted.frame = frame.assign(**{column: frame[column].where(meant.isna(), meant)})


def _keep_environments(accepted: AcceptedRows, patterns: Sequence[str]) -> list[str]:
    if "environment" not in accepted.frame:
        return []
    names = accepted.frame["environment"].astype("str")
    wanted = names.isna() if not patterns else pd.Series(False, index=names.index)
    for pattern in patterns or (PRODUCTION,):
        wanted |= names.str.fullmatch(pattern).fillna(False).astype(bool)
    if not patterns and "is_production" in accepted.frame:
        wanted |= accepted.frame["is_production"].fillna(False).astype(bool)
    others = names[~wanted].fillna("(none)").value_counts()
    rule = "not an environment asked for" if patterns else "not a production environment"
    accepted.refuse(
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


def _translate_statuses(accepted: AcceptedRows) -> list[str]:
    if accepted.frame.empty:
        return []
    if "status" not in accepted.frame or accepted.frame["status"].isna().all():
        accepted.frame = accepted.frame.assign(status="succeeded")
        return ["No status is given: every deployment is taken as succeeded."]
    said = _word(accepted.frame["status"])
    meaning = said.map(words.known_words("status"))
    accepted.refuse(meaning.eq("unfinished"), column="status", reason=UNFINISHED)
    accepted.refuse(
        meaning[accepted.frame.index].isna(),
        column="status",
        reason=f"{words.UNKNOWN_STATUS}; allowed are succeeded, failed, rolled_back, cancelled and "
        f"the usual words for them (success, failure, rollback, aborted); {words.SAY_STATUS}",
    )
    accepted.frame = accepted.frame.assign(status=meaning[accepted.frame.index])
    return []


def _identify(accepted: AcceptedRows, table: str) -> list[str]:
    """Give rows without an identifier one made of service and time."""
    name = IDS.get(table)
    if name is None:
        return []
    if name not in accepted.frame:
        accepted.frame = accepted.frame.assign(**{name: None})
    frame = accepted.frame
    lacking = frame[name].isna()
    if not lacking.any():
        return []
    rows = frame[lacking]
    made = (
        rows["service"].astype("str")
        + " "
        + tables.main_time(rows, table).map(as_shown).astype("str")
    )
    again = rows.assign(**{name: made}).drop_duplicates().groupby(name).cumcount()
    again = again.reindex(rows.index, fill_value=0)  # an equal row gets the same name: a duplicate
    made = made.where(again == 0, made + " #" + (again + 1).astype("str"))
    accepted.frame = frame.assign(**{name: frame[name].astype(object).where(~lacking, made)})
    return [f"{len(rows):,} rows have no {name}: named by service and time."]


def _refuse_incomplete(accepted: AcceptedRows, table: str) -> None:
    for name in tables.required(table):
        if name in accepted.frame and name != IDS.get(table):
            fix = ', or set service = "..." in sources.toml' if name == "service" else ""
            accepted.refuse(
                accepted.frame[name].isna(),
                column=name,
                reason=f"{name} is empty: fill it in{fix}",
            )
    if table == "changes" and {"committed_at", "merged_at"} & set(accepted.frame):
        at = accepted.frame.reindex(columns=["committed_at", "merged_at"])
        accepted.refuse(
            at.isna().all(axis=1),
            column="committed_at",
            reason="committed_at and merged_at are empty: fill one of them in",
            value=at["committed_at"],
        )
    if table == "exclusions" and "rrule" in accepted.frame:
        rows = accepted.frame.reindex(columns=["rrule", "timezone", "starts_at"]).astype("object")
        faults = pd.Series([recurring.fault(*row) for row in rows.to_numpy()], rows.index)
        accepted.refuse(faults.notna(), column="rrule", reason=faults)


def _refuse_backwards(accepted: AcceptedRows, table: str) -> None:
    start, end = _SPANS.get(table, ("", ""))
    if {start, end} <= set(accepted.frame.columns):
        accepted.refuse(
            accepted.frame[end] < accepted.frame[start],
            column=end,
            reason=f"{end} lies before {start}: correct one of them",
        )


_EARLIER = "an earlier state of a record whose latest state counts"


def _fold_repeated(accepted: AcceptedRows, table: str) -> None:
    """Of several rows about one record the latest state counts; the others are its history."""
    key = ["service", IDS[table]] if table in IDS else tables.names(table)
    key = [name for name in key if name in accepted.frame]
    if table == "alerts" and "resolved_at" in key:
        rest = [accepted.frame[name] for name in key if name != "resolved_at"]
        ended = accepted.frame["resolved_at"].groupby(rest, dropna=False).transform("count") > 0
        open_ = ended & accepted.frame["resolved_at"].isna()
        accepted.refuse(open_, column="resolved_at", reason=_EARLIER, by_rule=True)
    if not accepted.frame.duplicated(key).any():
        return
    older = latest_first(accepted.frame, table).duplicated(key).reindex(accepted.frame.index)
    every = [name for name in tables.names(table) if name in accepted.frame]
    equal = accepted.frame.duplicated(every, keep=False)
    reason = pd.Series(_EARLIER, equal.index)
    accepted.refuse(
        older,
        column=key[-1],
        reason=reason.where(~equal, "repeats another row of the file"),
        by_rule=True,
    )


def latest_first(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Rows by their updates where there are some, else by their ends, the latest first and open
    ones last; at one time the fullest first.
    """
    end = {"changes": "merged_at"}.get(table) or _SPANS.get(table, ("", ""))[1]
    filled = frame.notna().sum(axis=1).sort_values(ascending=False, kind="stable").index
    by = [name for name in (UPDATED, end) if name in frame]
    return frame.loc[filled].sort_values(by, ascending=False, kind="stable") if by else (
        frame.loc[filled]
    )  # fmt: skip


def _split_maintenance(accepted: AcceptedRows) -> dict[str, pd.DataFrame]:
    frame = accepted.frame.reindex(columns=["severity", "resolved_at"])
    planned = _word(frame["severity"].astype("str")).isin(words.known_words("severity"))
    ends = frame["resolved_at"]
    accepted.refuse(
        planned & ends.isna(),
        column="resolved_at",
        reason="planned maintenance without an end; give one, or its severity another name",
    )
    planned = planned[accepted.frame.index]
    made = {"incidents": _canonical(accepted, "incidents", rows=~planned)}
    if planned.any():
        made["exclusions"] = _as_exclusions(accepted.frame[planned])
    return made


def _as_exclusions(rows: pd.DataFrame) -> pd.DataFrame:
    reason = rows["title"] if "title" in rows else pd.Series(pd.NA, index=rows.index, dtype="str")
    return rows[["service"]].assign(
        starts_at=rows["started_at"],
        ends_at=rows["resolved_at"],
        reason=reason.fillna("planned maintenance"),
    )


def _canonical(accepted: AcceptedRows, table: str, rows: pd.Series | None = None) -> pd.DataFrame:
    frame = accepted.frame if rows is None else accepted.frame[rows]
    return frame[[name for name in tables.names(table) if name in frame]]


def _word(text: pd.Series) -> pd.Series:
    return text.str.lower().str.replace(r"[\s-]+", "_", regex=True)
