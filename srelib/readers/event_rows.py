"""Files with one row per request, check or sample: counted per bucket."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib import tables
from srelib.condition import as_sql, columns_of_condition, parse_condition
from srelib.errors import ReadError
from srelib.readers import counts, generic, meaning, words
from srelib.readers.base import Family, FileResult, Head, rejects
from srelib.readers.database import connect
from srelib.readers.engine import lines_of
from srelib.readers.text import Scan, scan, scan_lines

if TYPE_CHECKING:
    from srelib.sources import Source


@dataclass(frozen=True, eq=False)
class EventRows:
    """The rows of a log behind its buckets: of each row the bucket, and of each bucket a number
    that is the same where times and columns of its rows are.
    """

    bucket: np.ndarray
    prints: np.ndarray
    lines: Callable[[np.ndarray], np.ndarray]


def read_events(head: Head, source: Source, *, line: re.Pattern[str] | None = None) -> FileResult:
    """Good and total rows of each bucket; of a log, the parts of its lines are the columns."""
    if source.good is None:
        raise ReadError(
            "unit is 'event', and nothing says which rows are good", file=head.name,
            fix='add a condition on its columns, such as good = "status < 500", in sources.toml',
            asks={"table": None},
        )  # fmt: skip
    condition = parse_condition(source.good)
    names = {role: generic.NAMES[role] for role in ("time", "service", "sli")}
    keys = generic.columns_by_name(head.header, names) | dict(source.columns)
    for role, said in (("service", source.service), ("sli", source.sli)):
        if said and role not in source.columns:
            keys.pop(role, None)
    generic.demand(head, source, keys, "time", "service", table="sli")
    texts = [keys[role] for role in ("service", "sli") if role in keys]
    measured: list[str] = []
    for compared in columns_of_condition(condition):
        (texts if isinstance(compared.values[0], str) else measured).append(compared.column)
    types = generic.column_types(
        head, ("time", [keys["time"]]), ("text", texts), ("number", measured)
    )
    needed = list(types)
    types |= dict.fromkeys(set(source.where) - set(types), "text")
    if line:
        found, numbers = lines_of(head, line)
        scanned = scan_lines(head, found, numbers, types, timezone=source.timezone, required=needed)
    else:
        scanned = scan(
            head, types, timezone=source.timezone, decimal=source.decimal, required=needed
        )
    scanned = _chosen(scanned, source)
    step = source.step if source.step is not None else pd.Timedelta("1min")
    sql = as_sql(condition, _named(scanned.frame))
    counted, bucket, prints = _counted(scanned.frame, keys, sql, step)
    texts = [role for role in ("service", "sli") if role in keys]
    frame = generic.named(counted.astype(dict.fromkeys(texts, "category")), source)
    told = meaning.Meaning("event", f"a row is an event, good where {source.good}")
    rule = counts.NumberRule("count", step, file=head.name, meaning=told)
    result = generic.result(replace(scanned, frame=counted), [counts.build(frame, rule)])
    return replace(
        result, rows_read=scanned.rows_read, rows_kept=len(scanned.frame), rejects=scanned.rejects,
        lines=None, events=EventRows(bucket, prints, scanned.slim().lines),
    )  # fmt: skip


def _chosen(scanned: Scan, source: Source) -> Scan:
    """The rows that ``where`` of `sources.toml` chooses; the others are left out by rule."""
    marked, notes = words.chosen(scanned.frame, scanned.frame, source)
    if "left_out" not in marked:
        return scanned
    out = marked["left_out"].notna().to_numpy()
    assert scanned.head is not None
    bad = rejects(
        scanned.head.name, scanned.lines(np.flatnonzero(out)), marked["left_out_column"][out],
        marked["left_out_value"][out], words.NOT_CHOSEN,
    ).assign(by_rule=True)  # fmt: skip
    kept = scanned.lines(np.flatnonzero(~out))
    return replace(
        scanned, frame=scanned.frame[~out].reset_index(drop=True), _cache={"lines": kept},
        rejects=tables.stacked([scanned.rejects, bad], "rejects").sort_values(
            "line", kind="stable", ignore_index=True
        ),
        notes=(*scanned.notes, *notes),
    )  # fmt: skip


def _named(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): f"c{place}" for place, name in enumerate(frame.columns)}


def _counted(
    frame: pd.DataFrame, keys: dict[str, str], condition: str, step: pd.Timedelta
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows and good rows of each bucket, by DuckDB; the bucket of each row, each bucket's print."""
    size = step // pd.Timedelta(1, "us")
    names = _named(frame)
    roles = [role for role in ("service", "sli") if role in keys]
    rows = frame.set_axis(list(names.values()), axis=1)
    ticks = counts.ticks(frame[keys["time"]])
    rows = rows.assign(**{names[keys["time"]]: ticks}, start=ticks // size * size)
    by = ["start", *(names[keys[role]] for role in roles)]
    with connect(len(rows) << 6) as connection:
        connection.register("rows", rows)
        found = connection.sql(
            f"SELECT {', '.join(by)}, count(*) FILTER (WHERE {condition})::DOUBLE AS good, "
            f"count(*)::DOUBLE AS total, (sum(hash({', '.join(names.values())}) >> 16) "
            "% 9007199254740881)::BIGINT AS print FROM rows GROUP BY ALL ORDER BY ALL"
        ).df()
    bucket = rows.groupby(by, sort=True).ngroup().to_numpy(dtype="int32")
    prints = found.pop("print").to_numpy()
    times = counts.times_of(found.pop("start").to_numpy(dtype="int64"))
    parts = {role: found.pop(names[keys[role]]).astype("str") for role in roles}
    return found.assign(time=times, **parts), bucket, prints


EVENTS = Family("events", lambda head: False, read_events, ("sli",))
