"""Which deployments and incidents count: those that reached users, within the history."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib.delivery.rules import REACHED
from srelib.errors import ColumnError, TimeIndexError

Span = tuple[pd.Timestamp, pd.Timestamp]


def reached(deployments: pd.DataFrame, statuses: tuple[str, ...] = REACHED) -> pd.Series:
    """Whether each deployment reached its users."""
    needed(deployments, "deployments", "status")
    status = deployments["status"]
    return (status.isin(statuses) | status.isna()) & (status != "cancelled")


def needed(table: pd.DataFrame, name: str, *columns: str) -> None:
    """Refuse a table that lacks a column."""
    lacking = [column for column in columns if column not in table.columns]
    if lacking:
        raise ColumnError(f"{name} lacks {lacking}; columns seen: {list(table.columns)}.")


def span_of(between: Span) -> Span:
    """Start and end of the history, checked."""
    first, last = (pd.Timestamp(time) for time in between)
    if first.tz is None or last.tz is None:
        raise TimeIndexError(f"between must carry a time zone; got {first} and {last}.")
    if not first < last:
        raise TimeIndexError(f"between must run forward; got {first} to {last}.")
    return first.tz_convert("UTC"), last.tz_convert("UTC")


def history(deployments: pd.DataFrame, *, as_of: pd.Timestamp) -> Span | None:
    """The time the deployments are known for: from the day of the first one until now."""
    needed(deployments, "deployments", "finished_at")
    first = deployments["finished_at"].min()
    if pd.isna(first) or not first < as_of:
        return None
    return first.floor("D"), as_of


def within_history(times: pd.Series, between: Span) -> pd.Series:
    """Whether each time lies in the history, its end included."""
    return (times >= between[0]) & (times <= between[1])


def real_incidents(incidents: pd.DataFrame) -> pd.DataFrame:
    """Incidents without planned maintenance."""
    if "severity" not in incidents or not len(incidents):
        return incidents
    planned = incidents["severity"].astype("str").str.casefold() == "maintenance"
    return incidents[~planned.fillna(False)] if planned.any() else incidents


def rounded(times: np.ndarray, minutes: str) -> np.ndarray:
    """Lengths of time as they are, or in whole minutes."""
    if minutes == "exact":
        return times
    return (np.ceil if minutes == "up" else np.floor)(times / 60) * 60


def seconds(times: pd.Series) -> np.ndarray:
    """Times or lengths of time as seconds, NaN where missing."""
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
    """Row of the deployment that each name stands for, that of the own service first."""
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
