"""Records of several files as one table, each once, and records far from all metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from srelib import tables
from srelib.alerts.pages import alert_kinds, severities_to_say, unclear_severities
from srelib.readers import record_tables
from srelib.readers.base import FileResult
from srelib.readers.words import word_counts
from srelib.series import ends

_FAR = pd.Timedelta("31D")


def far_outside(joined: Mapping[str, pd.DataFrame]) -> list[str]:
    """What to say of records that lie far from all metrics; old commits are nothing unusual."""
    first, last = ends(joined["sli"]["time"])
    notes = []
    for table in ("deployments", "incidents", "alerts") if len(joined["sli"]) else ():
        own = joined[table][tables.MAIN_TIME[table]]
        far = int(((own < first - _FAR) | (own > last + _FAR)).sum())
        if far:
            notes.append(
                f"{far:,} of {len(own):,} {table} lie more than 31 days before or after the "
                f"metrics ({first:%Y-%m-%d} to {last:%Y-%m-%d})"
            )
    return notes


def unclear_alerts(alerts: pd.DataFrame) -> list[str]:
    """What to say of severities that may or may not be those of pages, and of alerts without."""
    names = unclear_severities(alerts)
    if not names:
        return []
    counts = word_counts(alerts["severity"][alert_kinds(alerts).isna()])
    return [
        f"whether alerts of severity {counts} page somebody is not known, so no page states how "
        f"often alerts fired; write {severities_to_say(names)} in sources.toml, under the file of "
        'the alerts, with "ticket" or "notice" for those that wake nobody'
    ]


def joined_records(
    table: str, results: Sequence[FileResult], names: Sequence[str]
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """One table of all files in order of time, each record once, and the rejects of the others."""
    parts = [
        result.tables[table].assign(_file=name, _row=range(len(result.tables[table])))
        for result, name in zip(results, names, strict=True)
        if len(result.tables.get(table, ()))
    ]
    if not parts:
        return tables.empty(table), []
    frame = pd.concat(parts, ignore_index=True)
    keys = (
        [record_tables.IDS[table], "service"] if table in record_tables.IDS else tables.names(table)
    )
    fullest = record_tables.latest_first(frame, table)
    again = fullest.duplicated(keys).reindex(frame.index)
    kept_in = fullest.groupby(keys, dropna=False)["_file"].transform("first").reindex(frame.index)
    across = again & (frame["_file"] != kept_in)
    lines = {name: result.event_lines[table] for result, name in zip(results, names, strict=True)
             if table in result.event_lines}  # fmt: skip
    found = []
    for name, mine in frame.groupby("_file", sort=True) if across.any() else ():
        line = pd.Series(lines[str(name)](mine["_row"].to_numpy()), mine.index)
        row = pd.MultiIndex.from_arrays([line, mine[keys[0]]])  # one, of however many services
        gone = across[mine.index].to_numpy()
        lost = gone & ~row.isin(row[~gone]) & ~row.duplicated()
        part = mine[lost]
        reasons = [f"repeats a record of {kept} (table {table})" for kept in kept_in[part.index]]
        shown = part[keys[0]].astype("str")
        found.append(tables.rejects(str(name), line[part.index], keys[0], shown, reasons))
    frame = frame[~across].drop(columns=["_file", "_row"])
    frame["_time"] = tables.main_time(frame, table)
    frame = frame.sort_values(["_time", *keys], kind="stable").drop(columns="_time")
    return tables.conform(frame, table), found
