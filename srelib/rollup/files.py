"""Files of request logs as a table of DuckDB: larger than memory, of several kinds, in parts.

Every cell is read as text and typed on the way, so that a line that cannot be typed is counted
and can be shown.
"""

from __future__ import annotations

import glob
import gzip
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from srelib import wording
from srelib.condition import as_sql
from srelib.errors import InputError
from srelib.readers import cells
from srelib.readers.base import head
from srelib.readers.formats.request_logs import ALB_LINE, COMBINED_LINE
from srelib.rollup.expression import RequestRules, engine

if TYPE_CHECKING:
    import ibis.expr.types as ir

_ZONED = re.compile(r".*(?:[Zz]|[+-]\d\d:?\d\d)")
_WHOLE = re.compile(r"U?(TINY|SMALL|BIG)?INT(EGER)?")
_LINES = {"combined": COMBINED_LINE, "alb": ALB_LINE}
_FORMS = {"combined": "%d/%b/%Y:%H:%M:%S %z"}
MOST_BROKEN = 1_000_000
"""Lines without the right number of columns after which a file is refused."""


@dataclass(frozen=True)
class Logs:
    """Request logs, opened: one table, its times in UTC.

    Parameters
    ----------
    connection : ibis backend of DuckDB
    table : ibis Table
    kind : str
        "csv", "json", "parquet", "combined" or "alb".
    rules : RequestRules
    """

    connection: Any
    table: ir.Table
    kind: str
    rules: RequestRules

    def broken(self) -> int:
        """Lines that are no rows at all; known after the table was read."""
        if self.kind != "csv":
            return 0
        found = asked(self.connection, "SELECT count(DISTINCT (file_id, line)) FROM reject_errors")
        return int(found[0][0])

    def samples(self, most: int = 5) -> list[str]:
        """Some lines that were refused, as they stand in the file."""
        lacking = " OR ".join(f"logs.{_name(name)} IS NULL" for name in self.rules.columns)
        if self.rules.where is not None:
            names = {name: f"logs.{_name(name)}" for name in self.rules.columns}
            lacking = f"({lacking}) AND ({as_sql(self.rules.where, names)}) IS NOT FALSE"
        query = f"SELECT to_json(_row) FROM whole_rows AS logs WHERE {lacking} LIMIT {most}"
        lines = [text for (text,) in asked(self.connection, query)]
        if self.kind == "csv":
            more = f"SELECT DISTINCT csv_line FROM reject_errors LIMIT {most - len(lines)}"
            lines += [str(text).rstrip() for (text,) in asked(self.connection, more)]
        return [wording.label(line, limit=200) for line in lines]


def asked(connection: Any, query: str) -> list[tuple[Any, ...]]:
    """All that the database answers, so that it is free for the next question."""
    return connection.con.execute(query).fetchall()


@contextmanager
def opened(
    files: Sequence[str],
    rules: RequestRules,
    *,
    service: str | None = None,
    timezone: str | None = None,
    memory: str = "2GiB",
    spill: Path | None = None,
) -> Iterator[Logs]:
    """Logs in the files that these names and patterns mean.

    Parameters
    ----------
    files : sequence of str
        Files of one kind: CSV, JSON lines, Parquet, or the logs of web servers (combined) and of
        load balancers of AWS; gzip too.
    rules : RequestRules
    service : str, optional
        The service that all of them are of, where no column says it.
    timezone : str, optional
        Zone of times that do not name one.
    memory : str
        What the database may hold; what it needs beyond goes to `spill`.
    spill : Path, optional
        Folder for that; by default a temporary one.

    Yields
    ------
    Logs

    Raises
    ------
    InputError
        There is no file, they are of no such kind, or what a time means is not said.
    """
    ibis = engine()
    paths = _found(files)
    kind = _kind_of_all(paths)
    with _spilling(spill) as folder:
        connection = ibis.duckdb.connect(
            memory_limit=memory, temp_directory=str(folder),
            preserve_insertion_order=False,
            autoinstall_known_extensions=False, autoload_known_extensions=False,
        )  # fmt: skip
        try:
            asked(connection, "LOAD icu; SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            source = _source(paths, kind, rules)
            also = f", {_text(service)} AS {_name(rules.service)}" if service else ""
            asked(connection, f"CREATE VIEW source AS SELECT *{also} FROM {source}")
            view = _view(connection, kind, rules, timezone, paths[0])
            asked(connection, f"CREATE VIEW logs AS SELECT {view} FROM source")
            whole = f"SELECT {view}, source AS _row FROM source"
            asked(connection, f"CREATE VIEW whole_rows AS {whole}")
            yield Logs(connection, connection.table("logs"), kind, rules)
        finally:
            connection.disconnect()


@contextmanager
def _spilling(folder: Path | None) -> Iterator[Path]:
    """The folder to spill to."""
    from tempfile import TemporaryDirectory

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="srelib-", dir=folder, ignore_cleanup_errors=True) as name:
        yield Path(name)


def _found(files: Sequence[str]) -> list[str]:
    """Every file, each once, in order; a name with an asterisk that is a file is that file."""
    found: list[str] = []
    for name in files:
        if Path(name).is_dir():
            found += [str(path) for path in sorted(Path(name).rglob("*")) if path.is_file()]
        else:
            found += [name] if Path(name).is_file() else sorted(glob.glob(name, recursive=True))
    if not found:
        raise InputError(f"no file is named {', '.join(files)}", fix="check the path")
    return list(dict.fromkeys(found))


def _kind_of_all(paths: Sequence[str]) -> str:
    """What the files hold; refused where they differ, because columns go by their place."""
    kinds = {path: _kind(path) for path in paths}
    kind, first = kinds[paths[0]], Path(paths[0])
    for path, other in kinds.items():
        if other != kind:
            raise InputError(f"{first.name} is {kind} and {Path(path).name} is {other}",
                             fix="count each kind by itself")  # fmt: skip
        if kind == "csv" and head(Path(path)).header != head(first).header:
            raise InputError(f"{first.name} and {Path(path).name} have different columns",
                             fix="count each by itself, or give them the same columns")  # fmt: skip
    return kind


def _kind(path: str) -> str:
    """What a file holds."""
    with Path(path).open("rb") as raw:
        start = raw.read(4)
    if start == b"PAR1":
        return "parquet"
    open_ = gzip.open if start[:2] == b"\x1f\x8b" else Path.open
    with open_(Path(path), "rb") as raw:
        line = raw.readline(1 << 20).decode("utf-8", "replace").strip("\ufeff\r\n")
    if line.startswith("{"):
        return "json"
    return next((name for name, form in _LINES.items() if form.fullmatch(line)), "csv")


def _source(paths: Sequence[str], kind: str, rules: RequestRules) -> str:
    """The table function that reads the files, every column that is needed as text."""
    listed = "[" + ", ".join(map(_text, paths)) + "]"
    if kind == "parquet":
        return f"read_parquet({listed}, union_by_name = true)"
    if kind == "json":
        columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in rules.columns)
        return (f"read_json({listed}, format = 'newline_delimited', ignore_errors = true, "
                f"columns = {{{columns}}})")  # fmt: skip
    if kind in _LINES:
        names = list(_LINES[kind].groupindex)
        fields = "[" + ", ".join(map(_text, names)) + "]"
        pattern = _text(f"^{_LINES[kind].pattern}$")
        lines = (
            f"read_csv({listed}, columns = {{line: 'VARCHAR'}}, delim = E'\\x01', quote = '', "
            "escape = '', header = false, auto_detect = false)"
        )
        parts = ", ".join(
            f"nullif(nullif(fields.{_name(n)}, ''), '-') AS {_name(n)}" for n in names
        )
        return (
            f"(SELECT line, {parts} FROM (SELECT line, regexp_extract(line, {pattern}, {fields})"
            f" AS fields FROM {lines}))"
        )
    start = head(Path(paths[0]))
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in start.header)
    missing = ", ".join(map(_text, cells.MISSING))
    return (
        f"read_csv({listed}, columns = {{{columns}}}, auto_detect = false, header = true, "
        f"skip = {start.skip}, delim = {_text(start.delimiter)}, quote = '\"', escape = '\"', "
        f"nullstr = [{missing}], store_rejects = true, rejects_limit = {MOST_BROKEN})"
    )


def _view(connection: Any, kind: str, rules: RequestRules, timezone: str | None, path: str) -> str:
    """The rows as they are counted: times in UTC without a zone, numbers as numbers."""
    described = asked(connection, "DESCRIBE source")
    kinds = {name: str(duck) for name, duck, *_ in described}
    lacking = [name for name in rules.columns if name not in kinds]
    if lacking:
        seen = ", ".join(map(repr, kinds))
        raise InputError(
            f"{Path(path).name} has no column {lacking[0]!r}; it has {seen}",
            fix="name the columns with --time, --by, --good, --where, --duration and --key",
        )
    parts = {name: _name(name) for name in rules.columns}
    for name in (one for one in rules.numbers if not _WHOLE.fullmatch(kinds[one])):
        number = f"TRY_CAST({_name(name)} AS DOUBLE)"
        parts[name] = f"CASE WHEN isfinite({number}) THEN {number} END"
    time = rules.time
    first = asked(
        connection,
        f"SELECT {_name(time)}::VARCHAR FROM source WHERE {_name(time)} IS NOT NULL LIMIT 1",
    )
    if not first:
        raise InputError(f"column {time!r} of {Path(path).name} holds no time",
                         fix="name another with --time")  # fmt: skip
    at = _utc(_name(time), kinds[time], first[0][0], _FORMS.get(kind), timezone, time)
    early, late = (f"TIMESTAMP '{end:%Y-%m-%d}'" for end in (cells.EARLIEST, cells.LATEST))
    parts[time] = f"CASE WHEN {at} >= {early} AND {at} < {late} THEN {at} END"
    return ", ".join(f"{what} AS {_name(n)}" for n, what in parts.items())


def _utc(
    column: str, kind: str, first: Any, form: str | None, timezone: str | None, name: str
) -> str:
    """A time as a timestamp in UTC; NULL where it is none."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({column}))"
    if kind.startswith("TIMESTAMP"):
        return _placed(column, timezone, first, name)
    text = str(first)
    if re.fullmatch(r"\d{9,19}(\.\d+)?", text):
        unit = str(cells.epoch_unit(np.array([float(text)]))[0])
        if not unit:
            raise InputError(f"times in column {name!r} such as {text} are no epoch of our time",
                             fix="name another with --time")  # fmt: skip
        micros = f"TRY_CAST({column} AS DOUBLE) * {1_000_000 / cells.EPOCH_UNITS[unit]:g}"
        return f"TRY(make_timestamp(TRY_CAST({micros} AS BIGINT)))"
    if form:
        return f"make_timestamp(epoch_us(try_strptime({column}, {_text(form)})::TIMESTAMPTZ))"
    if _ZONED.fullmatch(text):
        zoned = f"regexp_full_match({column}, {_text(_ZONED.pattern)})"
        return (f"CASE WHEN {zoned} THEN make_timestamp(epoch_us(TRY_CAST({column} AS "
                "TIMESTAMPTZ))) END")  # fmt: skip
    return _placed(f"TRY_CAST({column} AS TIMESTAMP)", timezone, first, name)


def _placed(local: str, timezone: str | None, first: Any, name: str) -> str:
    """A local time in UTC; NULL where the clock skipped it or showed it twice."""
    if timezone is None:
        raise InputError(
            f"times in column {name!r} such as {str(first)!r} name no zone",
            fix="say it with --timezone, such as UTC or Europe/Berlin",
        )
    zone = _text(str(cells.zone(timezone)))
    if timezone == "UTC":
        return local
    utc = f"timezone({zone}, {local})"
    near = " OR ".join(f"timezone({zone}, {utc} + INTERVAL '{h} hour') = {local}"
                       for h in (-1, 1))  # fmt: skip
    return (f"CASE WHEN timezone({zone}, {utc}) = {local} AND NOT ({near}) "
            f"THEN make_timestamp(epoch_us({utc})) END")  # fmt: skip


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
