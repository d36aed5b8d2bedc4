"""Who is meant: services in the cells of exports, and names that differ from table to table."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace

import pandas as pd

from srelib import tables
from srelib.errors import InputError, ReadError
from srelib.questions import Unconfirmed
from srelib.readers.base import FileResult

_SEPARATOR = re.compile(r"\s*[,;\n]\s*")
_MARKS = re.compile(r"[\W_]+")
_LOOSE = re.compile(r"\s*[/|&+]\s*|\s+and\s+")
"""What stands between services, and in names of services: only known ones are taken apart."""
_ALIKE = 0.9
_TABLES = tables.EXPORTS


def _names_in(frame: pd.DataFrame) -> set[str]:
    column = frame["service"]
    named = isinstance(column.dtype, pd.CategoricalDtype)  # as in sli, where each name is used
    return {str(name) for name in (column.cat.categories if named else column.dropna().unique())}


def named_in(joined: Mapping[str, pd.DataFrame]) -> set[str]:
    """Every service that the tables name, apart from exclusions and notes."""
    evidence = (table for table in _TABLES if table not in tables.PLANNED)
    return {name for table in evidence for name in _names_in(joined[table])}


def named_as_said(result: FileResult, said: Mapping[str, str], file: str) -> FileResult:
    """Indicators of services under the names `sources.toml` gives them; records have theirs."""
    seen = {entry.service for entry in result.series}
    if not seen or not said:
        return result
    unused = sorted(name for name in said if name not in seen and said[name] not in seen)
    notes = [f"sources.toml: services names {', '.join(map(repr, unused))}, which no row is about."]
    result = replace(result, notes=(*result.notes, *notes[: len(unused)]))
    names = {name: said[name] for name in seen if name in said}
    series = tuple(replace(e, service=names.get(e.service, e.service)) for e in result.series)
    keys = [(entry.service, entry.sli, entry.part) for entry in series]
    twice = next((key for key in keys if keys.count(key) > 1 or "\n" in key[0]), None)
    if twice is not None:
        raise ReadError(
            f"services makes one series of several, or several of one: {twice[0]!r} {twice[1]}",
            file=file, fix="give each series a service of its own in services, or add them up in "
            "the query",
        )  # fmt: skip
    tables_ = {
        name: _renamed(frame, names) if name == "sli" or result.log else frame
        for name, frame in result.tables.items()
    }
    log = result.log and replace(result.log, rows=_renamed(result.log.rows, names))
    return replace(result, tables=tables_, series=series, log=log)


def _renamed(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    column = frame["service"]
    found = column.map(lambda name: names.get(name, name), na_action="ignore")
    return frame.assign(service=found.astype("category") if column.dtype == "category" else found)


def several_services(
    joined: Mapping[str, pd.DataFrame], said: Collection[str]
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """The tables with a row for each service of a list; lists of unknown services are asked for."""
    names = {table: _names_in(joined[table]) for table in _TABLES}
    known = {name for found in names.values() for name in found if not _SEPARATOR.search(name)}
    known |= {part for name in said if "\n" in name for part in name.split("\n")}
    kept = {name for name in said if "\n" not in name}
    split, notes = dict(joined), []
    for table in _TABLES[1:]:
        lists = sorted(n for n in names[table] if _SEPARATOR.search(n) and n not in kept)
        parts = {name: [part for part in _SEPARATOR.split(name) if part] for name in lists}
        _ask_for(table, {name for name in lists if not set(parts[name]) <= known})
        loose = {name: _LOOSE.split(name) for name in names[table] - kept if _LOOSE.search(name)}
        parts |= {name: found for name, found in loose.items() if {*found} <= known - {*loose}}
        lists = sorted(parts)
        if lists:
            services = joined[table]["service"].map(lambda name, parts=parts: parts.get(name, name))
            frame = joined[table].assign(service=services).explode("service", ignore_index=True)
            split[table] = frame.astype({"service": "str"})
            added = len(frame) - len(joined[table])
            notes.append(
                f"{added:,} rows of {table} were added for cells that list several services, such "
                f"as {lists[0]!r}: each counts for every one of them"
            )
    return split, notes


def _ask_for(table: str, lists: Collection[str]) -> None:
    if not lists:
        return
    pairs = ", ".join(f'"{name}" = "{_SEPARATOR.split(name)[0]}"' for name in sorted(lists)[:3])
    parts = {name: "\n".join(filter(None, _SEPARATOR.split(name))) for name in lists}
    about = "the services each cell names: one name, perhaps the whole cell, or a list"
    raise InputError(
        f"{table} name {', '.join(map(repr, sorted(lists)[:3]))}, which may be several services, "
        "and not all of them are named elsewhere in the folder",
        fix="say in sources.toml, for the [[file]] of these rows, what they stand for, one name "
        f'(perhaps the same) or a list such as ["api", "web"]: services = {{ {pairs} }}',
        asks={"services": Unconfirmed(parts, about)},
    )


def differing_names(joined: Mapping[str, pd.DataFrame]) -> list[str]:
    """What to say of services that look alike and are spelt in different ways."""
    where: dict[str, list[str]] = defaultdict(list)
    for table in _TABLES:
        for name in sorted(_names_in(joined[table])):
            where[name].append(table)
    notes = [_pair_note(one, other, where) for one, other in _pairs(sorted(where))]
    deployed, broken = (_names_in(joined[table]) for table in ("deployments", "incidents"))
    if deployed and broken and not deployed & broken:
        notes.insert(0, "no incident belongs to a service that was deployed")
        like = [(one, next((other for other in sorted(deployed) if _holds(one, other)), None))
                for one in sorted(broken)]  # fmt: skip
        notes += [_pair_note(one, other, where) for one, other in like if other is not None]
    alone = [name for name, found in where.items() if found == ["annotations"]]
    notes += [f"no export names {name!r}, of which there are notes" for name in alone]
    return list(dict.fromkeys(notes))


def _holds(one: str, other: str) -> bool:
    """Whether one name is a part of the other, apart from their spelling."""
    short, long = sorted((_bare(one), _bare(other)), key=len)
    return len(short) > 3 and short in long and _digits(short) == _digits(long)


def _digits(name: str) -> list[str]:
    return re.findall(r"\d+", name)


def _pairs(names: list[str]) -> list[tuple[str, str]]:
    """Names that differ in case, blanks or marks only, or in little more."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[_bare(name)].append(name)
    found = [(one, same[0]) for same in groups.values() for one in same[1:]]
    alone = [bare for bare, same in groups.items() if len(same) == 1 and len(bare) > 5]
    if len(alone) > 200:
        return found
    for place, bare in enumerate(alone):
        near = difflib.get_close_matches(bare, alone[place + 1 :], n=1, cutoff=_ALIKE)
        if near and _digits(bare) == _digits(near[0]):
            found.append((groups[bare][0], groups[near[0]][0]))
    return found


def _bare(name: str) -> str:
    """A name without case, blanks, marks and invisible characters."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", name).casefold()) or name


def _pair_note(one: str, other: str, where: Mapping[str, list[str]]) -> str:
    """Of a pair the name in the earlier table stays: that of metrics before that of incidents."""
    first = {name: _TABLES.index(where[name][0]) for name in (one, other)}
    kept, changed = sorted((one, other), key=lambda name: (first[name], name))
    return (
        f"{changed!r} ({', '.join(where[changed])}) and {kept!r} ({', '.join(where[kept])}) look "
        f"like one service; if they are, add to the [[file]] of {where[changed][0]} in "
        f'sources.toml: services = {{ "{changed}" = "{kept}" }}'
    )
