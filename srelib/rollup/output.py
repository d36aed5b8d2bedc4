"""Counts of requests as a folder of Parquet, whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srelib import wording
from srelib.errors import InputError
from srelib.rollup.expression import COUNTS, RequestRules, engine, long, rollup
from srelib.rollup.files import Logs, _text, asked

if TYPE_CHECKING:
    import ibis.expr.types as ir

MOST_REFUSED = 0.01
"""Share of rows of a service that may be refused; more could lean towards failures."""


@dataclass(frozen=True)
class Rolled:
    """What became of the rows.

    Parameters
    ----------
    out : Path
        Folder of the table.
    rows, kept, left_out, refused : int
        Rows read, and what became of them; the last three add up to the first.
    services, buckets : int
        How many there are; buckets of all services.
    samples : tuple of str
        Some rows that were refused.
    named : bool
        Whether a key kept a request from counting twice.
    """

    out: Path
    rows: int
    kept: int
    left_out: int
    refused: int
    services: int
    buckets: int
    samples: tuple[str, ...] = ()
    named: bool = False

    def lines(self) -> list[str]:
        """What to say of it."""
        said = (f"{self.rows:,} rows: {self.kept:,} kept, {self.left_out:,} left out by rule, "
                f"{self.refused:,} refused; {wording.plural(self.buckets, 'bucket')} of "
                f"{wording.plural(self.services, 'service')}.")  # fmt: skip
        twice = [] if self.named else ["- a request logged twice counts twice (--key prevents it)"]
        return [said, *(f"- refused: {sample}" for sample in self.samples), *twice]


def table_of(address: str, name: str) -> ir.Table:
    """A table of requests on another engine, whose session then counts time in UTC.

    Parameters
    ----------
    address : str
        Where to connect, as `ibis.connect` takes it: ``postgres://...``, ``bigquery://...``,
        ``pyspark://...``.
    name : str
        Table there, or ``schema.table``.

    Returns
    -------
    ibis Table

    Raises
    ------
    InputError
        The engine cannot be reached, or has no such table.
    """
    ibis = engine()
    try:
        connection = ibis.connect(address)
        if zone := _ZONES.get(connection.name):
            connection.raw_sql(zone)
        *database, table = name.split(".")
        return connection.table(table, database=tuple(database) or None)
    except Exception as error:  # every engine has its own
        what = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"table {name!r} cannot be opened ({wording.label(what, limit=200)})",
            fix="check --engine and the name; pip install 'ibis-framework[ENGINE]' for its engine",
        ) from error


_ZONES = {
    "pyspark": "SET TIME ZONE 'UTC'", "databricks": "SET TIME ZONE 'UTC'",
    "postgres": "SET TIME ZONE 'UTC'", "snowflake": "ALTER SESSION SET TIMEZONE = 'UTC'",
    "duckdb": "SET TimeZone = 'UTC'",
}  # fmt: skip


def write(source: Logs | ir.Table, rules: RequestRules, out: Path) -> Rolled:
    """Count the requests, and leave table `sli` as Parquet, a folder for each service.

    Parameters
    ----------
    source : Logs or ibis Table
        Files as `opened` gives them, or a table as `table_of` does.
    rules : RequestRules
    out : Path
        A folder that does not exist; it is there when it is complete.

    Returns
    -------
    Rolled

    Raises
    ------
    InputError
        The folder exists or cannot be written; no row counts; or more than 1 % of the rows, or of
        those of one service, had to be refused.
    """
    import duckdb

    ibis = engine()
    local = source.connection if isinstance(source, Logs) else ibis.duckdb.connect()
    with _new(out) as folder:
        try:
            if isinstance(source, Logs):
                query = ibis.to_sql(rollup(source.table, rules), dialect="duckdb")
                asked(local, f"CREATE TEMP TABLE counted AS {query}")
            else:
                local.con.register("batches", _batches(rollup(source, rules)))
                asked(local, "CREATE TEMP TABLE counted AS SELECT * FROM batches")
            rolled = _balance(local, source, rules, out)
            table = ibis.to_sql(long(local.table("counted"), rules), dialect="duckdb")
            target = _text(str(folder / "sli"))
            step = int(rules.every.total_seconds())
            asked(
                local,
                f"COPY ({table}) TO {target} (FORMAT parquet, COMPRESSION zstd, "
                "PARTITION_BY (service), WRITE_PARTITION_COLUMNS true, "
                f"KV_METADATA {{step: {step}}})",
            )
        except duckdb.Error as error:
            what = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise InputError(
                f"the rows could not be counted ({wording.label(what, limit=300)})",
                fix="check the files; --memory and --spill give the database more room",
            ) from error
    return rolled


def _batches(counted: ir.Table) -> Any:
    """The counts as they come; Ibis 12 asks DuckDB for a method that its version 2 lacks."""
    where = counted.get_backend()
    if where.name != "duckdb":
        return counted.to_pyarrow_batches()
    return where.con.sql(str(engine().to_sql(counted, dialect="duckdb"))).to_arrow_reader()


def _balance(local: Any, source: Logs | ir.Table, rules: RequestRules, out: Path) -> Rolled:
    """What became of the rows; refused where too many of them could not be read."""
    sums = ", ".join(f"coalesce(sum({name}), 0)::BIGINT" for name in COUNTS)
    kept, refused, left_out, services, buckets = asked(
        local,
        f"SELECT {sums}, count(DISTINCT service) FILTER (WHERE total > 0),"
        " count(*) FILTER (WHERE total > 0) FROM counted",
    )[0]
    files = isinstance(source, Logs)
    refused += source.broken() if files else 0
    samples = tuple(source.samples()) if files and refused else ()
    rows = kept + refused + left_out
    if refused > MOST_REFUSED * rows:
        seen = f", such as {samples[0]}" if samples else ""
        raise InputError(
            f"{refused:,} of {rows:,} rows lack a time, a service or a number that is needed{seen}",
            fix="leave them out by --where if they are no requests, or name other columns",
        )
    leaning = asked(
        local,
        "SELECT service FROM counted WHERE service IS NOT NULL GROUP BY service"
        f" HAVING sum(refused) > {MOST_REFUSED} * sum(total + refused + left_out) ORDER BY service",
    )
    if leaning:
        named = wording.listing([repr(wording.label(service)) for (service,) in leaning])
        raise InputError(
            f"of {named} more than 1 % of the rows lack a time or a number that is needed, which "
            "could lean towards failures" + (f"; such as {samples[0]}" if samples else ""),
            fix="leave these rows or services out by --where, or name other columns",
        )
    if not kept:
        raise InputError("no row counts", fix="check --where and the files")
    return Rolled(out, rows, kept, left_out, refused, services, buckets, samples,
                  named=rules.key is not None)  # fmt: skip


@contextmanager
def _new(out: Path) -> Iterator[Path]:
    """A folder beside the one asked for, which takes its name when the block ends."""
    if out.exists():
        raise InputError(f"{str(out)!r} exists", fix="name another folder with --out, or remove it")
    folder = out.with_name(f".{out.name}.new-{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        for left in out.parent.glob(f".{out.name}.new-*"):
            if not _runs(int(left.name.rpartition("-")[2])):
                shutil.rmtree(left, ignore_errors=True)
        folder.mkdir()
        yield folder
        folder.rename(out)
    except OSError as error:
        raise InputError(
            f"{str(out)!r} cannot be written ({error.strerror or error})",
            fix="name another folder with --out",
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    """Whether a process of that number runs."""
    with suppress(OSError):
        os.kill(process, 0)
        return True
    return False
