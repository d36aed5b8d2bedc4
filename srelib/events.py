"""Which deployments, changes and incidents count, for what, and why the others do not.

Readers decide whether a record is of the kind at all (its type, its environment, pre-releases)
and count what they leave out.
What they keep is decided here, once, for every notebook, figure, sentence and report:

- a deployment counts when it reached users: cancelled ones never happened, failed
  ones ended before any user saw them;
- a change counts with the deployment that brought it to users;
- an incident counts unless it is planned maintenance or has no start; where its severity says
  that no user was affected, it adds nothing to downtime;
- what names no service (an exclusion for everything) is about every service;
- an incident that hits several services is one incident for the fleet and one for each of them,
  and one deployment of several services (a release) counts once when services are asked together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from srelib import tables
from srelib.errors import ParameterError

__all__ = [
    "affecting_users", "deployment_exclusions", "eligible_deployments", "eligible_incidents",
    "incident_exclusions", "of_service", "once_for_fleet",
]  # fmt: skip
__dir__ = __all__.copy

REACHED = ("succeeded", "rolled_back")
"""Statuses of deployments that reached their users; a missing status is taken as one."""

CANCELLED = "cancelled"
BEFORE_USERS = "failed before users"
UNFINISHED = "no end on record"
MAINTENANCE = "planned maintenance"
NO_START = "no start on record"

END_OF_TIME = pd.Timestamp("2262-01-01", tz="UTC")

RELEASE = pd.Timedelta(hours=1)
"""Deployments of several services under one identifier this close together are one release."""


def deployment_exclusions(deployments: pd.DataFrame) -> pd.Series:
    """Why each deployment does not count, the first reason that applies; missing where it does.

    What has no status counts, what is 'cancelled' never does.
    """
    found = pd.Series(pd.NA, deployments.index, dtype="str")
    if "finished_at" in deployments:
        found = found.mask(deployments["finished_at"].isna(), UNFINISHED)
    if "status" in deployments:
        found = found.mask(~_reached_users(deployments), BEFORE_USERS)
        found = found.mask((deployments["status"] == CANCELLED).fillna(False), CANCELLED)
    return found


def eligible_deployments(deployments: pd.DataFrame) -> pd.DataFrame:
    """The deployments that count: those that reached users, or whose status is not known.

    Parameters
    ----------
    deployments : DataFrame, table ``deployments``

    Returns
    -------
    DataFrame
        A selection of the rows, in their order.

    Examples
    --------
    >>> eligible_deployments(pd.DataFrame({"status": ["succeeded", "failed", "cancelled"]}))
          status
    0  succeeded
    """
    return deployments[deployment_exclusions(deployments).isna()]


def _reached_users(deployments: pd.DataFrame, statuses: Sequence[str] = REACHED) -> pd.Series:
    """Whether each deployment reached its users, by its status alone."""
    status = deployments["status"]
    return (status.isin(statuses) | status.isna()) & (status != "cancelled").fillna(True)


def _unplanned(deployments: pd.DataFrame) -> np.ndarray:
    """Which deployments are known to be unplanned: fixes and rollbacks."""
    if "planned" not in deployments:
        return np.zeros(len(deployments), dtype=bool)
    known = deployments["planned"].astype("boolean")
    return known.eq(False).fillna(False).to_numpy(dtype=bool, copy=True)


def incident_exclusions(incidents: pd.DataFrame) -> pd.Series:
    """Why each incident does not count (`MAINTENANCE`, `NO_START`); missing where it does."""
    found = pd.Series(pd.NA, incidents.index, dtype="str")
    if "started_at" in incidents:
        found = found.mask(incidents["started_at"].isna(), NO_START)
    if "severity" in incidents:
        planned = incidents["severity"].astype("str").str.casefold() == "maintenance"
        found = found.mask(planned.fillna(False).to_numpy(dtype=bool), MAINTENANCE)
    return found


def eligible_incidents(
    incidents: pd.DataFrame, *, severity: str | Sequence[str] | None = None
) -> pd.DataFrame:
    """The incidents that count: without planned maintenance, with a start.

    Parameters
    ----------
    incidents : DataFrame, table ``incidents``
    severity : str or sequence of str, only those of these severities, upper or lower case

    Returns
    -------
    DataFrame
        A selection of the rows, in their order.

    Raises
    ------
    ParameterError
        No incident has that severity.

    Examples
    --------
    >>> table = pd.DataFrame({"severity": ["high", "low", "maintenance"]})
    >>> eligible_incidents(table, severity="HIGH").index.tolist()
    [0]
    """
    rows = incidents[incident_exclusions(incidents).isna()]
    if severity is None or not len(incidents):
        return rows
    wanted = {s.casefold() for s in ([severity] if isinstance(severity, str) else severity)}
    found = incidents["severity"].astype("str").str.casefold()
    if unknown := sorted(wanted - set(found)):
        known = sorted(incidents["severity"].dropna().astype("str").unique())
        raise ParameterError(
            f"no incident has severity {', '.join(map(repr, unknown))}; the data have "
            f"{', '.join(map(repr, known)) or 'none'}."
        )
    return rows[found[rows.index].isin(wanted)]


def affecting_users(incidents: pd.DataFrame) -> pd.DataFrame:
    """The incidents that users felt, for downtime: not those of severity ``none``."""
    if "severity" not in incidents:
        return incidents
    return incidents[incidents["severity"].astype("str").str.casefold().ne("none").fillna(True)]


def of_service(
    table: pd.DataFrame, service: str, *, sli: str | None = None, also: Collection[str] = ()
) -> pd.DataFrame:
    """What a table holds about one service.

    Parameters
    ----------
    table : DataFrame, of any kind; exclusions without a service or indicator are about all
    service : str, its name
    sli : str, name of the indicator, for exclusions
    also : collection of str, services of the members of a composite, taken as this one; their
        common incidents once

    Returns
    -------
    DataFrame
        A selection of the rows, in their order.

    Examples
    --------
    >>> table = pd.DataFrame({"service": ["a", None, "b"], "starts_at": 0, "ends_at": 1})
    >>> of_service(table, "a").index.tolist()
    [0, 1]
    """
    if also:
        table = table[table["service"].isin({service, *also}).to_numpy(dtype=bool)]
        table = once_for_fleet(table) if "incident_id" in table else table
        table = table.assign(service=service)
    mine = (table["service"] == service).fillna(False)
    if "ends_at" in table and "starts_at" in table:
        mine |= table["service"].isna()
        if sli is not None and "sli" in table:
            mine &= table["sli"].isna() | (table["sli"] == sli)
    return table[mine.to_numpy(dtype=bool)]


def once_for_fleet(incidents: pd.DataFrame) -> pd.DataFrame:
    """Incidents with those of several services once, the first row of each.

    Rows are one incident when they share identifier and title and were open at the same time;
    number 12 of two repositories stays two incidents.
    """
    return incidents[_incident_numbers(incidents) == np.arange(len(incidents))]


def _incident_numbers(incidents: pd.DataFrame) -> pd.Series:
    """For each row the place of the row of its incident that `once_for_fleet` keeps."""
    tables.need(incidents, "incidents", "incident_id", "started_at", "resolved_at")
    places = np.arange(len(incidents))
    if incidents["incident_id"].duplicated().any():
        keys = [name for name in ("incident_id", "title") if name in incidents]
        names = incidents.groupby(keys, dropna=False).ngroup()
        ends = incidents["resolved_at"].astype("datetime64[us, UTC]").fillna(END_OF_TIME)
        places = _first_of_runs(names, incidents["started_at"], ends)
    return pd.Series(places, incidents.index)


def _first_of_release(deployments: pd.DataFrame) -> np.ndarray:
    """For each row the place of the first row of its release.

    Rows are one release when they share an identifier and each ended within `RELEASE` of the one
    before; the same tag in two repositories at other times stays two deployments.
    """
    tables.need(deployments, "deployments", "deployment_id", "finished_at")
    if not deployments["deployment_id"].duplicated().any():
        return np.arange(len(deployments))
    times = deployments["finished_at"]
    return _first_of_runs(deployments["deployment_id"], times, times + RELEASE)


def _first_of_runs(names: pd.Series, starts: pd.Series, ends: pd.Series) -> np.ndarray:
    """For each row the place of the first of its run: each starts before another has ended."""
    rows = pd.DataFrame({"name": names.array, "start": starts.array, "end": ends.array})
    rows = rows.sort_values(["name", "start"], kind="stable")
    until = rows.groupby("name", sort=False)["end"].transform(lambda own: own.cummax().shift())
    first = (until.isna() | (rows["start"] > until)).to_numpy()
    places = rows.index.to_numpy()
    found = np.empty_like(places)
    found[places] = places[first][np.cumsum(first) - 1]
    return found


def _check_one_service(table: pd.DataFrame, name: str, *columns: str) -> None:
    """Refuse a table that lacks one of these columns or holds several services."""
    tables.need(table, name, *columns)
    many = table["service"].nunique() if "service" in table else 1
    if many > 1:
        raise ParameterError(
            f"{name} must belong to the one service whose counts are given; got {many} services. "
            "Keep the rows of one service."
        )
