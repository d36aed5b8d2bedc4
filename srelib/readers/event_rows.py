"""Files with one row per request, check or sample: counted per bucket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib.condition import as_sql, columns_of_condition, parse_condition
from srelib.readers import counts, generic, record_tables, words
from srelib.readers.base import Family, FileResult, Head, LineOf, in_line_order
from srelib.readers.database import connect
from srelib.readers.text import Scan, scan
from srelib.series import Meaning, ticks, times_of

if TYPE_CHECKING:
    from srelib.sources import Source


@dataclass(frozen=True, eq=False)
class EventRows:
    """The rows of a log behind its buckets: of each row the bucket, and of each bucket a number
    that is the same where times and columns of its rows are.
    """

    bucket: np.ndarray
    prints: np.ndarray
    lines: LineOf


def read_events(head: Head, source: Source) -> FileResult:
    """Good and total rows of each bucket."""
    if source.good is None:
        raise head.error(
            "unit is 'event', and nothing says which rows are good",
            'add a condition on its columns, such as good = "status < 500", in sources.toml',
            table=None,
        )
    condition = parse_condition(source.good)
    names = {role: words.column_names()["sli"][role] for role in ("time", "service", "sli")}
    keys = words.columns_by_name(head.header, names) | dict(source.columns)
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
    scanned = scan(head, types, timezone=source.timezone, decimal=source.decimal, required=needed)
    scanned = _chosen(scanned, source)
    step = source.step if source.step is not None else pd.Timedelta("1min")
    sql = as_sql(condition, _named(scanned.frame))
    counted, bucket, prints = _counted(scanned.frame, keys, sql, step)
    texts = [role for role in ("service", "sli") if role in keys]
    frame = generic.named(counted.astype(dict.fromkeys(texts, "category")), source)
    told = Meaning("event", f"a row is an event, good where {source.good}")
    rule = counts.NumberRule("count", step, file=head.name, meaning=told)
    result = generic.result(replace(scanned, frame=counted), [counts.build(frame, rule)])
    return replace(
        result, rows_read=scanned.rows_read, rows_kept=len(scanned.frame), rejects=scanned.rejects,
        lines=None, events=EventRows(bucket, prints, scanned.slim().lines),
    )  # fmt: skip


def _chosen(scanned: Scan, source: Source) -> Scan:
    """The rows that ``where`` of `sources.toml` chooses; the others are left out by rule."""
    marked, notes = words.chosen(scanned.frame, scanned.frame, source)
    if not notes:
        return scanned
    rows = record_tables.AcceptedRows(marked, file=scanned.head.name, lines=scanned.lines)
    rows.refuse_marked("left_out")
    return replace(
        scanned, frame=rows.frame[scanned.frame.columns].reset_index(drop=True),
        rejects=in_line_order(scanned.rejects, rows.rejects), notes=(*scanned.notes, *notes),
        _cache={"lines": rows.lines().to_numpy()},
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
    at = ticks(frame[keys["time"]])
    rows = rows.assign(**{names[keys["time"]]: at}, start=at // size * size)
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
    times = times_of(found.pop("start").to_numpy(dtype="int64"))
    parts = {role: found.pop(names[keys[role]]).astype("str") for role in roles}
    return found.assign(time=times, **parts), bucket, prints


EVENTS = Family("events", lambda head: False, read_events, ("sli",))
