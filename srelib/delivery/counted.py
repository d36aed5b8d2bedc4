"""Which deployments and incidents count: those that reached users, within the history."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib.delivery.rules import REACHED
from srelib.errors import ColumnError, TimeIndexError

Span = tuple[pd.Timestamp, pd.Timestamp]


def reached(deployments: pd.DataFrame, statuses: tuple[str, ...] = REACHED) -> pd.Series:
    """Whether each deployment reached its users.

    Parameters
    ----------
    deployments : DataFrame
        Table ``deployments``, production only.
    statuses : tuple of str
        Statuses that count; a missing one counts too.

    Returns
    -------
    Series of bool
        On the index of the table.

    Raises
    ------
    ColumnError
        The table lacks a column.

    Notes
    -----
    Cancelled deployments never count, and those that failed did so before any user saw them.

    Examples
    --------
    >>> reached(pd.DataFrame({"status": ["succeeded", "cancelled", None]})).tolist()
    [True, False, True]
    """
    needed(deployments, "deployments", "status")
    status = deployments["status"]
    return (status.isin(statuses) | status.isna()) & (status != "cancelled")


def needed(table: pd.DataFrame, name: str, *columns: str) -> None:
    """Refuse a table that lacks a column.

    Parameters
    ----------
    table : DataFrame
    name : str
        Its name, for the error.
    *columns : str
        What it must have.

    Raises
    ------
    ColumnError
        It lacks one.

    Examples
    --------
    >>> needed(pd.DataFrame({"service": []}), "deployments", "service")
    """
    lacking = [column for column in columns if column not in table.columns]
    if lacking:
        raise ColumnError(f"{name} lacks {lacking}; columns seen: {list(table.columns)}.")


def span_of(between: Span) -> Span:
    """Start and end of the history, checked.

    Parameters
    ----------
    between : (Timestamp, Timestamp)
        Tz-aware.

    Returns
    -------
    (Timestamp, Timestamp)

    Raises
    ------
    TimeIndexError
        A time without a zone, or a start not before the end.

    Examples
    --------
    >>> day = pd.Timestamp("2026-06-01", tz="UTC")
    >>> span_of((day, day + pd.Timedelta("1D")))[0] == day
    True
    """
    first, last = (pd.Timestamp(time) for time in between)
    if first.tz is None or last.tz is None:
        raise TimeIndexError(f"between must carry a time zone; got {first} and {last}.")
    if not first < last:
        raise TimeIndexError(f"between must run forward; got {first} to {last}.")
    return first.tz_convert("UTC"), last.tz_convert("UTC")


def history(deployments: pd.DataFrame, *, as_of: pd.Timestamp) -> Span | None:
    """The time the deployments are known for: from the day of the first one until now.

    Parameters
    ----------
    deployments : DataFrame
        Table ``deployments``.
    as_of : Timestamp
        End of the data.

    Returns
    -------
    (Timestamp, Timestamp) or None
        None without a deployment.

    Examples
    --------
    >>> shipped = pd.DataFrame({"finished_at": [pd.Timestamp("2026-06-01T10:00Z")]})
    >>> history(shipped, as_of=pd.Timestamp("2026-06-29T00:00Z"))[0].hour
    0
    """
    needed(deployments, "deployments", "finished_at")
    first = deployments["finished_at"].min()
    if pd.isna(first) or not first < as_of:
        return None
    return first.floor("D"), as_of


def within_history(times: pd.Series, between: Span) -> pd.Series:
    """Whether each time lies in the history, its end included.

    Parameters
    ----------
    times : Series of Timestamp
    between : (Timestamp, Timestamp)

    Returns
    -------
    Series of bool

    Examples
    --------
    >>> day = pd.Timestamp("2026-06-01", tz="UTC")
    >>> within_history(pd.Series([day]), (day, day + pd.Timedelta("1D"))).tolist()
    [True]
    """
    return (times >= between[0]) & (times <= between[1])


def real_incidents(incidents: pd.DataFrame) -> pd.DataFrame:
    """Incidents without planned maintenance.

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents``.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> len(real_incidents(pd.DataFrame({"severity": ["SEV1", "Maintenance", None]})))
    2
    """
    if "severity" not in incidents or not len(incidents):
        return incidents
    planned = incidents["severity"].astype("str").str.casefold() == "maintenance"
    return incidents[~planned.fillna(False)] if planned.any() else incidents


def rounded(times: np.ndarray, minutes: str) -> np.ndarray:
    """Lengths of time as they are, or in whole minutes.

    Parameters
    ----------
    times : array
        [s]
    minutes : {'exact', 'up', 'down'}

    Returns
    -------
    array
        [s]

    Examples
    --------
    >>> rounded(np.array([61.0]), "up").tolist(), rounded(np.array([61.0]), "down").tolist()
    ([120.0], [60.0])
    """
    if minutes == "exact":
        return times
    return (np.ceil if minutes == "up" else np.floor)(times / 60) * 60


def seconds(times: pd.Series) -> np.ndarray:
    """Times or lengths of time as seconds, NaN where missing.

    Parameters
    ----------
    times : Series of Timestamp or Timedelta
        Or of numbers, which are seconds already.

    Returns
    -------
    array of float
        [s], since 1970 for times.

    Examples
    --------
    >>> seconds(pd.Series([pd.Timedelta("2min"), None])).tolist()
    [120.0, nan]
    """
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    raw = times.to_numpy()
    if raw.dtype.kind == "f":
        return raw
    kind = "m8[us]" if raw.dtype.kind == "m" else "M8[us]"
    plain = raw.astype(kind)
    numbers = plain.astype("int64") / 1e6
    numbers[np.isnat(plain)] = np.nan
    return numbers


def named_rows(
    deployments: pd.DataFrame, names: pd.Index, services: pd.Index, *, anywhere: bool
) -> np.ndarray:
    """Row of the deployment that each name stands for, that of the own service first.

    Parameters
    ----------
    deployments : DataFrame
        With deployment_id, service; an identifier is unique per service at best: tags such as
        ``v1.2`` recur in every repository.
    names, services : Index of str
        Identifiers looked for, and the service each is looked for in.
    anywhere : bool
        Take that of another service where the own one has none.

    Returns
    -------
    array of int
        -1 where there is none.

    Examples
    --------
    >>> rows = pd.DataFrame({"deployment_id": ["v1", "v1", "v2"], "service": ["a", "b", "b"]})
    >>> named_rows(rows, pd.Index(["v1", "v2"]), pd.Index(["b", "a"]), anywhere=True).tolist()
    [1, 2]
    """
    ids, owners = deployments["deployment_id"].astype("str"), deployments["service"].astype("str")
    if ids.is_unique:
        place = _first(pd.Index(ids), names)
        if anywhere or not len(place) or ids.empty:
            return place
        same = owners.to_numpy(dtype=object)[place] == services.to_numpy(dtype=object)
        return np.where(same, place, -1)
    place = _first(pd.Index(ids), names) if anywhere else np.full(len(names), -1)
    own = _first(pd.MultiIndex.from_arrays([owners, ids]),
                 pd.MultiIndex.from_arrays([services, names]))  # fmt: skip
    place = np.where(own >= 0, own, place)
    return place


def _first(known: pd.Index, wanted: pd.Index) -> np.ndarray:
    """Row of the first of `known` that each wanted one is; -1: none."""
    fresh = np.flatnonzero(~known.duplicated())
    hit = known[fresh].get_indexer(wanted)
    return np.where(hit >= 0, np.append(fresh, -1)[hit], -1)
