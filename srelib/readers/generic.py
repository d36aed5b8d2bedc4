"""Metrics as CSV of any origin: long (one row per bucket and series) or wide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from srelib import tables
from srelib.readers import counts, indicators, meaning, words
from srelib.readers.base import Family, FileResult, Head, in_line_order
from srelib.readers.text import Scan, scan
from srelib.series import rows_of_series, series_codes, ticks

if TYPE_CHECKING:
    from srelib.sources import Source


def _is_generic(head: Head) -> bool:
    """Whether the header names a time and at least one number this reader understands."""
    if head.kind != "csv":
        return False
    roles = words.columns_by_name(head.header, words.column_names()["sli"])
    if "time" not in roles:
        return False
    if any(role in roles for role in counts.ROLES):
        return True
    return any(indicators.labels(name) or indicators.split_name(name)[1] for name in head.header)


def read_generic(head: Head, source: Source) -> FileResult:
    """Read a long or wide CSV of counts, rates, counters, ratios or measured values."""
    roles = _roles(head.header, source)
    demand(head, source, roles, "time")
    if source.series or not {*counts.ROLES} & {*roles}:
        return read_wide(head, source, roles["time"])
    return _read_long(head, source, roles)


def demand(
    head: Head, source: Source, roles: Mapping[str, str], *needed: str, kind: str = "it",
    **asks: Any,
) -> None:  # fmt: skip
    """Refuse a file none of whose columns is known to be what it needs."""
    lacking = [role for role in needed if role not in roles]
    lacking = [role for role in lacking if not (role == "service" and source.service)]
    if lacking:
        also = ' or service = "..."' if lacking[0] == "service" else ""
        raise head.error(
            f"no column names the {lacking[0]}, and {kind} needs a column {lacking[0]}; columns "
            f"seen: {', '.join(map(repr, head.header))}",
            f'say columns = {{ {lacking[0]} = "..." }}{also} in sources.toml',
            **asks, columns=dict.fromkeys(lacking),
        )  # fmt: skip


def numbers_by_role(names: Sequence[str], source: Source) -> dict[str, str]:
    """Of these columns, those that are known to be good, total and the like."""
    roles = _roles(names, source)
    return {role: roles[role] for role in counts.ROLES if roles.get(role) in names}


def _roles(header: Sequence[str], source: Source) -> dict[str, str]:
    """Columns by role: as mapped; where no numbers are mapped, as their names suggest."""
    mapped = dict(source.columns)
    named = words.columns_by_name(header, words.column_names()["sli"])
    if any(role in mapped for role in counts.ROLES):
        named = {role: name for role, name in named.items() if role not in counts.ROLES}
    elif (alone := "ratio" if source.unit == "percent" else source.unit) in ("ratio", "value"):
        if alone == "ratio" and {*counts.ROLES} & {*named} == {"value"}:
            named["ratio"] = named["value"]  # the unit says what the value is
        others = set(counts.ROLES) - {alone} if alone in named else set()
        named = {role: name for role, name in named.items() if role not in others}
    taken = set(mapped.values())
    roles = {role: name for role, name in named.items() if name not in taken} | mapped
    if source.service and "service" not in mapped:
        roles.pop("service", None)
    if source.sli and "sli" not in mapped:
        roles.pop("sli", None)
    if {*meaning.SHARES} & {*mapped} and not {"good", "bad"} & {*roles}:
        roles.pop("total", None)  # a share beside its total is read alone
    if {"good", "bad", "total"} & set(roles):
        roles = {role: name for role, name in roles.items() if role not in meaning.SHARES}
    if {"good", "total"} <= set(roles):
        roles.pop("bad", None)
    if any(role in roles for role in counts.ROLES[:-1]) and "value" not in mapped:
        roles.pop("value", None)
    return roles


def _read_long(head: Head, source: Source, roles: dict[str, str]) -> FileResult:
    demand(head, source, roles, "service")
    _check_alone(head, source, roles)
    numbers = {role: roles[role] for role in counts.ROLES if role in roles}
    keys = {role: roles[role] for role in ("service", "sli") if role in roles}
    found = scanned(
        head, source, ("time", [roles["time"]]), ("category", keys.values()),
        ("number", numbers.values()),
    )  # fmt: skip
    read = {role: found.frame[column] for role, column in (keys | numbers).items()}
    frame = named(pd.DataFrame({"time": found.frame[roles["time"]], **read}, copy=False), source)
    columns = _long_columns(frame, found, numbers)
    built = counts.build(frame, understood(rule(head, source, roles), columns))
    return result(found, [built])


def scanned(
    head: Head, source: Source, *kinds: tuple[str, Iterable[str]], wide: bool = False
) -> Scan:
    """The columns of each kind; only numbers may be missing from a row."""
    types = column_types(head, *kinds)
    needed = [name for name, kind in types.items() if kind != "number"]
    return scan(
        head, types, timezone=source.timezone, decimal=source.decimal, required=needed, wide=wide
    )


def named(frame: pd.DataFrame, source: Source) -> pd.DataFrame:
    """The frame with the service and indicator that `sources.toml` says, where it has none."""
    said = {"service": str(source.service), "sli": source.sli or "availability"}
    lacking = {name: text for name, text in said.items() if name not in frame}
    return frame.assign(**{name: constant(text, len(frame)) for name, text in lacking.items()})


def column_types(head: Head, *kinds: tuple[str, Iterable[str]]) -> dict[str, str]:
    """What each column is to be read as; one of which two things were said is refused."""
    types: dict[str, str] = {}
    for kind, columns in kinds:
        for column in columns:
            if types.setdefault(column, kind) != kind:
                raise head.error(
                    f"column {column!r} cannot be read as {types[column]} and as {kind}",
                    "name another column for one of them in sources.toml",
                )
    return types


_LOOKED_AT = 200_000
"""Rows from whose order it is seen whether numbers are running sums."""


def _long_columns(
    frame: pd.DataFrame, scanned: Scan, roles: Mapping[str, str]
) -> list[meaning.NumberColumn]:
    """The numbers of each series, in order of time; of a long file those of its first rows."""
    first = frame.iloc[:_LOOKED_AT]
    codes, times = series_codes(first), ticks(first["time"])
    order = np.lexsort((times, codes))
    series = [order[rows] for _, rows in rows_of_series(codes[order])]
    return [
        meaning.NumberColumn(
            column, role, first[role].to_numpy()[rows], scanned.suffixes.get(column, {})
        )
        for role, column in roles.items()
        for rows in series
    ]


def understood(
    how: counts.NumberRule, columns: Sequence[meaning.NumberColumn]
) -> counts.NumberRule:
    """The rule with the unit that names and values of the columns show."""
    found = meaning.meaning_of(columns, how.unit, file=how.file)
    return how if found is None else replace(how, unit=found.unit, meaning=found)


def indicators_built(
    scanned: Scan, entries: Sequence[indicators.WideColumns], time: str, how: counts.NumberRule
) -> list[counts.BuiltCounts]:
    """Every indicator of a wide file; what its columns of counts are is decided for all at once."""
    order = np.argsort(ticks(scanned.frame[time]), kind="stable")
    used = dict.fromkeys(
        (r, n) for entry in entries for r, part in entry.roles.items() for n in part
    )
    columns = [
        meaning.NumberColumn(
            name, role, scanned.frame[name].to_numpy()[order], scanned.suffixes.get(name, {})
        )
        for role, name in used
    ]
    rules: dict[str, counts.NumberRule] = {}
    for roles, units in meaning.UNITS.items():
        group = [column for column in columns if column.role in roles]
        said = how.unit if how.unit in units else None
        rules |= dict.fromkeys(roles, understood(replace(how, unit=said), group))
    return [indicator(scanned, entry, time, rules[next(iter(entry.roles))]) for entry in entries]


def _check_alone(head: Head, source: Source, roles: dict[str, str]) -> None:
    """A single count is half an indicator; it must have been asked for."""
    present = [role for role in ("good", "bad", "total") if role in roles]
    mapped = any(role in source.columns for role in present)
    if len(present) == 1 and not mapped:
        raise head.error(
            f"only {present[0]} was found; columns seen: {', '.join(map(repr, head.header))}",
            'map two of good, bad and total in sources.toml: columns = { good = "...", total = '
            f'"..." }}; or, when the other part is in another file, columns = {{ {present[0]} = '
            '"..." }',
            table=None,
        )


def constant(text: str, size: int) -> pd.Series:
    """A category that is the same in every row."""
    codes = np.zeros(size, dtype="int8")
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index([text], dtype="str")))


def rule(head: Head, source: Source, columns: dict[str, str]) -> counts.NumberRule:
    """What ``sources.toml`` says about the numbers of a file."""
    return counts.NumberRule(
        source.unit, source.step, source.threshold, source.op, columns=columns, file=head.name,
        absent=source.absent or "unknown",
    )  # fmt: skip


def read_wide(head: Head, source: Source, time: str) -> FileResult:
    """Read a file with one time column and several indicators beside it."""
    names = [name for name in head.header if name != time]
    found, unused = indicators.indicators(names, source, file=head.name)
    used = {column: None for entry in found for part in entry.roles.values() for column in part}
    scanned_rows = scanned(head, source, ("time", [time]), ("number", used), wide=True)
    notes: list[str] = []
    if not source.series:
        sizes = {name: int(scanned_rows.frame[name].notna().sum()) for name in used}
        kept, notes = indicators.without_replicas(sizes)
        found = [replace(entry, roles={role: tuple(name for name in part if name in kept)
                                       for role, part in entry.roles.items()})
                 for entry in found] if notes else found  # fmt: skip
    built = indicators_built(scanned_rows, found, time, rule(head, source, {}))
    if len(found) > 1:
        notes.append(f"{len(found)} indicators in every row: a record is one of them in one row")
    if unused:
        notes.append(f"columns not used: {indicators.listed_names(unused)}")
    return result(scanned_rows, built, notes=notes)


def indicator(
    scanned: Scan, entry: indicators.WideColumns, time: str, base: counts.NumberRule
) -> counts.BuiltCounts:
    """One indicator of a wide file; a refused cell costs the record it is in."""
    mine = [column for part in entry.roles.values() for column in part]
    faults = scanned.faults[scanned.faults["column"].isin(mine)].drop_duplicates("row")
    whole = np.ones(len(scanned.frame), dtype=bool)
    whole[faults["row"].to_numpy(dtype="int64")] = False
    rows = np.flatnonzero(whole)
    frame = scanned.frame[[time, *dict.fromkeys(mine)]].iloc[rows].reset_index(drop=True)
    if base.unit == "counter":
        order = np.argsort(ticks(frame[time]), kind="stable")
        rows, frame = rows[order], frame.iloc[order].reset_index(drop=True)
        if any(len(part) > 1 for part in entry.roles.values()):
            for column in dict.fromkeys(mine):
                frame[column] = meaning.without_resets(frame[column].to_numpy())
    data: dict[str, Any] = {"time": frame[time], "service": constant(entry.service, len(frame))}
    data["sli"] = constant(entry.sli, len(frame))
    notes: list[str] = []
    for role, columns in entry.roles.items():
        data[role] = added_up(frame, columns, base, notes)
    names = {role: " + ".join(columns) for role, columns in entry.roles.items()}
    spec = replace(base, threshold=entry.threshold, op=entry.op, columns=names)
    built = counts.build(pd.DataFrame(data), spec)
    refused = built.refused.assign(row=rows[built.refused["row"].to_numpy(dtype="int64")])
    return replace(
        built,
        rows=rows[built.at],
        refused=pd.concat([part for part in (refused, faults) if len(part)] or [refused]),
        notes=(*notes, *built.notes),
    )


def added_up(
    frame: pd.DataFrame, columns: tuple[str, ...], base: counts.NumberRule, notes: list[str]
) -> np.ndarray:
    """Sum of several columns; unknown where one of them is, unless absent means zero."""
    if not columns:
        return np.full(len(frame), np.nan)
    parts = frame[list(columns)].astype("float64")
    lost = parts.isna().to_numpy()
    some = np.asarray(lost.any(axis=1) & ~lost.all(axis=1))
    numbers = parts.to_numpy()
    if some.any() and base.absent == "zero":
        held = parts.ffill().fillna(0.0).to_numpy() if base.unit == "counter" else 0.0
        numbers = np.where(lost & some[:, None], held, numbers)
        said = 'count a column without a value as zero (absent = "zero")'
    elif some.any():
        said = f"lack one of these columns: unknown, not zero; {counts.ABSENT_FIX}"
    if some.any():
        notes.append(f"{' + '.join(columns)}: {int(some.sum())} rows {said}")
    return numbers.sum(axis=1)


def result(
    scanned: Scan, built: list[counts.BuiltCounts], *bad_rows: pd.DataFrame,
    notes: Sequence[str] = (),
) -> FileResult:  # fmt: skip
    """The result of a scan whose rows became indicators."""
    refused = [scanned.rejects, *bad_rows]
    for part in (entry.refused for entry in built if len(entry.refused)):
        rows = part["row"].to_numpy(dtype="int64")
        found = scanned.refuse(
            rows, column=part["column"], values=part["value"], reason=part["reason"]
        )
        if "line" in part:
            own = part["line"].reset_index(drop=True)
            found["line"] = own.fillna(found["line"]).astype("int64")
        refused.append(found)
    bad = in_line_order(*refused)
    kept = len(scanned.frame) * len(built) - sum(len(part.refused) for part in built)
    sli, origin = _together(built)
    places = scanned.slim()
    said = [*scanned.notes, *(note for part in built for note in part.notes), *notes]
    return FileResult(
        {"sli": sli},
        rows_read=kept + len(bad),
        rows_kept=kept,
        rows_missing=sum(part.missing for part in built),
        rejects=bad,
        series=tuple(entry for part in built for entry in part.series),
        timezone=scanned.timezone,
        notes=tuple(dict.fromkeys(said)),
        lines=lambda at: places.lines(at if origin is None else origin[at]),
    )


def _together(built: list[counts.BuiltCounts]) -> tuple[pd.DataFrame, np.ndarray | None]:
    """One table ``sli`` (as it is, where it is one already), and the rows it was built from."""
    if len(built) == 1:
        sli, origin = built[0].sli, built[0].rows
    else:
        parts = [part.sli.astype({"service": "str", "sli": "str"}) for part in built]
        sli, origin = (
            pd.concat(parts, ignore_index=True),
            np.concatenate([part.at for part in built]),
        )
    wanted = {column.name: tables.DTYPES[column.kind] for column in tables.TABLES["sli"]}
    same = list(sli.dtypes.astype("str").items()) == list(wanted.items())
    return sli if same else tables.conform(sli, "sli"), origin


GENERIC = Family("generic", _is_generic, read_generic, ("sli",))
