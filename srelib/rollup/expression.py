"""Requests counted by bucket and service: one expression, in the language of any engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib.condition import Condition, Predicate, columns_of_condition, parse_condition
from srelib.errors import InputError, ParameterError
from srelib.schema import duration as length_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

DIALECTS = ("duckdb", "databricks", "bigquery", "snowflake", "trino", "clickhouse", "postgres")
"""Whose SQL `sql` writes; that of Spark is called after Databricks."""
COUNTS = ("total", "refused", "left_out")
MINUTE = pd.Timedelta("1min")
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True)
class RequestRules:
    """What of a request is what, and when it is good.

    Parameters
    ----------
    good : Condition
        Which requests are good, as `srelib.condition.parse_condition` reads it.
    time, service : str
        Columns: when the request was served, and which service it asked.
    every : Timedelta
        Length of a bucket [whole seconds].
    where : Condition, optional
        Which requests count; the others are left out.
    duration : str, optional
        Column: how long the request took, in `unit` ("s", "ms", "us" or "ns").
    bounds : sequence of float
        Bounds of latency [s]; each becomes an indicator ``latency_le_BOUND``.
    key : str, optional
        Column that names a request; of several rows with one name the earliest counts, and the
        others are left out.
    sli : str
        Name of the indicator that `good` is.
    """

    good: Condition
    time: str = "time"
    service: str = "service"
    every: pd.Timedelta = MINUTE
    where: Condition | None = None
    duration: str | None = None
    unit: str = "s"
    bounds: Sequence[float] = ()
    key: str | None = None
    sli: str = "availability"

    def __post_init__(self) -> None:
        if self.every < pd.Timedelta("1s") or self.every % pd.Timedelta("1s"):
            raise ParameterError(f"every must be whole seconds; got {self.every}.")
        if self.bounds and not self.duration:
            raise ParameterError("bounds of latency need the column that holds durations.")
        if self.unit not in UNITS:
            raise ParameterError(f"unit must be one of {', '.join(UNITS)}; got {self.unit!r}.")

    @property
    def numbers(self) -> list[str]:
        """Columns that are compared as numbers."""
        compared = [one.column for one in self._compared if not isinstance(one.values[0], str)]
        took = [self.duration] if self.duration and self.bounds else []
        return list(dict.fromkeys([*compared, *took]))

    @property
    def columns(self) -> list[str]:
        """Every column that is needed."""
        compared = [one.column for one in self._compared]
        also = [self.key] if self.key else []
        return list(dict.fromkeys([self.time, self.service, *compared, *self.numbers, *also]))

    @property
    def _compared(self) -> list[Predicate]:
        both = [self.good, *([self.where] if self.where is not None else [])]
        return [one for condition in both for one in columns_of_condition(condition)]


def read_rules(
    good: str,
    *,
    every: str = "1m",
    where: str | None = None,
    latency: str | None = None,
    duration: str | None = None,
    **columns: Any,
) -> RequestRules:
    """RequestRules from text, as on the command line.

    Parameters
    ----------
    good, where : str
        Conditions such as ``status < 500 and method in ('GET', 'POST')``.
    every : str
        Length of a bucket, such as ``1m``.
    latency : str, optional
        Bounds such as ``300ms,1s``.
    duration : str, optional
        Column and unit of durations, such as ``latency_ms:ms``.
    **columns
        `time`, `service`, `key` and `sli` of `RequestRules`.

    Returns
    -------
    RequestRules

    Raises
    ------
    ParameterError
        One of them cannot be read.

    Examples
    --------
    >>> read_rules("status < 500", latency="300ms,1s", duration="took:ms").bounds
    (0.3, 1.0)
    """
    if latency and not (duration and ":" in duration):
        raise ParameterError("--latency needs --duration COLUMN:UNIT, such as latency_ms:ms.")
    bounds = [one for one in (latency or "").split(",") if one]
    column, _, unit = (duration or ":s").rpartition(":")
    try:
        return RequestRules(
            parse_condition(good),
            every=length_of(every),
            where=parse_condition(where) if where else None,
            duration=column or None,
            unit=unit,
            bounds=tuple(length_of(one).total_seconds() for one in bounds),
            **columns,
        )
    except ValueError as error:
        raise ParameterError(f"{error}.") from None


def rollup(table: ir.Table, rules: RequestRules) -> ir.Table:
    """Requests counted by bucket and service, in one pass.

    Parameters
    ----------
    table : ibis Table
        One row per request; times are UTC.
    rules : RequestRules

    Returns
    -------
    ibis Table
        One row per bucket and service: time (start of the bucket), service; total (requests that
        count), refused (of which something needed is missing or no number), left_out (by `where`
        or `key`), and for each indicator how many of `total` are good [requests]. Refused ones
        may have no time or no service. total + refused + left_out are the rows of the table.

    Examples
    --------
    >>> import ibis
    >>> from srelib.condition import parse_condition
    >>> logs = ibis.memtable({"time": ["2026-06-01 00:00:30", "2026-06-01 00:00:59"],
    ...                       "service": ["shop", "shop"], "status": [200, 503]})
    >>> logs = logs.mutate(time=logs.time.cast("timestamp"))
    >>> rollup(logs, RequestRules(parse_condition("status < 500"))).execute().iloc[0, 2:].to_dict()
    {'total': 2, 'refused': 0, 'left_out': 0, 'availability': 1}
    """
    _demand(table, rules)
    typed = {name: table[name].try_cast("float64") for name in rules.numbers
             if table[name].type().is_string()}  # fmt: skip
    table = table.mutate(**typed) if typed else table
    sound = reduce(and_, (table[name].notnull() for name in rules.columns))
    counts, refused = sound, ~sound
    if rules.where is not None:
        chosen = _holds(rules.where, table)
        known = (table[one.column].notnull() for one in columns_of_condition(rules.where))
        counts, refused = sound & chosen, ~(sound | (reduce(and_, known) & ~chosen))
    table = table.mutate(_counts=counts, _refused=refused)
    if rules.key:
        table = table.mutate(_first=_first_of_its_name(table, rules))
        table = table.mutate(_counts=table["_counts"] & table["_first"])
    good = {rules.sli: _holds(rules.good, table)}
    for bound in rules.bounds:
        good[f"latency_le_{bound:g}"] = table[rules.duration] <= bound / UNITS[rules.unit]
    total = _number(table["_counts"])
    chooses = rules.where is not None or rules.key
    refused = _number(table["_refused"]) if chooses else table.count() - total
    return table.group_by(
        time=_bucket(table[rules.time], rules.every), service=table[rules.service]
    ).aggregate(
        total=total, refused=refused, left_out=table.count() - total - refused,
        **{name: _number(table["_counts"] & holds) for name, holds in good.items()},
    )  # fmt: skip


def long(counted: ir.Table, rules: RequestRules) -> ir.Table:
    """Counts of `rollup` as table `sli`: time, service, sli, good, total."""
    kept = counted.filter(counted["total"] > 0).order_by("service", "time")
    names = [name for name in kept.columns if name not in ("time", "service", *COUNTS)]
    narrow = kept.pivot_longer(names, names_to="sli", values_to="good")
    return narrow.select(
        "time", "service", "sli", *(narrow[one].cast("float64").name(one)
                                    for one in ("good", "total"))
    )  # fmt: skip


def sql(dialect: str, name: str, rules: RequestRules) -> str:
    """The query of `rollup` on a table of an engine, for those who may not connect to it.

    Parameters
    ----------
    dialect : str
        One of `DIALECTS`.
    name : str
        Table there; its times are taken for UTC.
    rules : RequestRules

    Returns
    -------
    str
        SQL.
    """
    ibis = engine()
    if dialect not in DIALECTS:
        raise ParameterError(f"dialect must be one of {', '.join(DIALECTS)}; got {dialect!r}.")
    kinds = dict.fromkeys(rules.columns, "string") | dict.fromkeys(rules.numbers, "float64")
    table = ibis.table(kinds | {rules.time: "timestamp"}, name=name)
    return str(ibis.to_sql(rollup(table, rules), dialect=dialect))


def engine() -> Any:
    """Ibis, which few need; InputError where it is not installed."""
    try:
        import ibis
    except ModuleNotFoundError:
        raise InputError(
            "counting requests needs Ibis", fix="pip install 'srelib[rollup]'"
        ) from None
    return ibis


def _demand(table: ir.Table, rules: RequestRules) -> None:
    lacking = [name for name in rules.columns if name not in table.columns]
    if lacking:
        seen = ", ".join(map(repr, table.columns))
        raise InputError(
            f"there is no column {lacking[0]!r}; the rows have {seen}",
            fix="name the columns with --time, --by, --good, --where, --duration and --key",
        )
    if not table[rules.time].type().is_timestamp():
        kind = table[rules.time].type()
        raise InputError(
            f"column {rules.time!r} is of type {kind}, no time",
            fix="make a view of the table with a timestamp in UTC, and name that",
        )


def _bucket(time: Any, every: pd.Timedelta) -> Any:
    """The start of the bucket a time is in; whole units are what engines are quick at."""
    for unit, length in {"s": "1s", "m": "1min", "h": "1h", "D": "1D"}.items():
        if every == pd.Timedelta(length):
            return time.truncate(unit)
    start, size = time.truncate("s"), int(every / pd.Timedelta("1s"))
    return start - (start.epoch_seconds() % size).as_interval("s")


def _number(holds: Any) -> Any:
    """How many rows it holds for; engines are quicker at this than at filters."""
    return engine().cases((holds, 1)).count()


def _first_of_its_name(table: ir.Table, rules: RequestRules) -> Any:
    """Whether a row is the earliest one that counts of those with its key."""
    ibis = engine()
    window = ibis.window(
        group_by=[table[rules.key], table["_counts"]],
        order_by=[table[rules.time], table[rules.service]],
    )
    return ibis.row_number().over(window) == 0


def _holds(condition: Condition, table: ir.Table) -> Any:
    """The condition as an expression on the table."""
    if not isinstance(condition, Predicate):
        parts = [_holds(part, table) for part in condition.parts]
        if condition.kind == "not":
            return ~parts[0]
        return reduce(and_ if condition.kind == "and" else or_, parts)
    column, value = table[condition.column], condition.values[0]
    if isinstance(value, str) and not column.type().is_string():
        column = column.cast("string")
    elif isinstance(value, float) and value.is_integer() and column.type().is_integer():
        value = int(value) if abs(value) < 2**53 else value  # whole numbers compare faster
    if condition.op == "in":
        return column.isin(condition.values)
    return {
        "=": column == value, "!=": column != value, "<": column < value, "<=": column <= value,
        ">": column > value, ">=": column >= value,
    }[condition.op]  # fmt: skip
