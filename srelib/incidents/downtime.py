"""Time users felt: overlapping incidents counted once."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from srelib.incidents.periods import Between, period
from srelib.incidents.times import counted

NOT_FELT = ("none", "maintenance")
"""Severities, lower case, that say of themselves that no user was affected."""

ZERO = pd.Timedelta(0)


@dataclass(frozen=True)
class Downtime:
    """How long users were affected.

    Parameters
    ----------
    services : DataFrame
        One row per service, dearest first: service, incidents, summed, downtime (Timedelta; each
        moment once), share [fraction of the time], overlapping (how many began before an earlier
        one was over), zero (how many ended as they began), open, unknown [count].
    downtime : Timedelta
        Over all services, each moment once.
    summed : Timedelta
        What adding up all incidents gives instead.
    between : pair of Timestamp
        The time looked at.
    not_felt : int
        Incidents left out because their severity says that nobody was affected.
    """

    services: pd.DataFrame
    downtime: pd.Timedelta
    summed: pd.Timedelta
    between: Between
    not_felt: int


def spans(incidents: pd.DataFrame, *, between: Between) -> pd.DataFrame:
    """When at least one incident went on, whatever the service."""
    rows = _clipped(_felt(counted(incidents)), between).sort_values("starts_at", kind="stable")
    new = rows["starts_at"] > rows["ends_at"].cummax().shift()
    new.iloc[:1] = True
    groups = rows.groupby(new.cumsum())
    found = groups.agg(starts_at=("starts_at", "min"), ends_at=("ends_at", "max"),
                       incidents=("ends_at", "size"))  # fmt: skip
    return found.reset_index(drop=True)


def downtime(incidents: pd.DataFrame, *, between: Between) -> Downtime:
    """How long users were affected, per service and over all, overlaps counted once."""
    first, last = period(between)
    rows = counted(incidents)
    felt = _felt(rows)
    over_before = (felt["started_at"] < first) & (felt["resolved_at"] <= first)
    felt = felt[(felt["started_at"] < last) & ~over_before]
    services = [
        _row(str(name), part, between) for name, part in felt.groupby(felt["service"].astype("str"))
    ]
    columns = ["service", "incidents", "summed", "downtime", "share", "overlapping", "zero",
               "open", "unknown"]  # fmt: skip
    table = pd.DataFrame(services, columns=columns)
    table = table.sort_values("downtime", ascending=False, kind="stable", ignore_index=True)
    found = spans(felt, between=between)
    return Downtime(
        services=table,
        downtime=_total(found),
        summed=_total(_clipped(felt, between)),
        between=(first, last),
        not_felt=len(rows) - len(_felt(rows)),
    )


def _felt(rows: pd.DataFrame) -> pd.DataFrame:
    if "severity" not in rows.columns:
        return rows
    return rows[~rows["severity"].astype("str").str.casefold().isin(NOT_FELT)]


def _clipped(rows: pd.DataFrame, between: Between) -> pd.DataFrame:
    """Spans of incidents inside the time looked at; only those of some length."""
    first, last = period(between)
    starts, ends = rows["started_at"], rows["resolved_at"].fillna(last)
    found = pd.DataFrame(
        {"starts_at": starts.where(starts > first, first), "ends_at": ends.where(ends < last, last)}
    )
    return found[found["ends_at"] > found["starts_at"]]


def _total(rows: pd.DataFrame) -> pd.Timedelta:
    return pd.Timedelta((rows["ends_at"] - rows["starts_at"]).sum())


def _row(service: str, rows: pd.DataFrame, between: Between) -> dict[str, object]:
    ends = rows["resolved_at"]
    lasted = rows[ends.isna() | (ends > rows["started_at"])]
    until = lasted["resolved_at"].fillna(between[1]).cummax().shift()
    down = _total(spans(rows, between=between))
    return {
        "service": service,
        "incidents": len(rows),
        "summed": _total(_clipped(rows, between)),
        "downtime": down,
        "share": down / (between[1] - between[0]),
        "overlapping": int((lasted["started_at"] < until).sum()),
        "zero": int((ends == rows["started_at"]).sum()),
        "open": int((ends.isna() | (ends > between[1])).sum()),
        "unknown": int((ends < rows["started_at"]).sum()),
    }
