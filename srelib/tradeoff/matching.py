"""Which deployments can be compared with other weeks, and the windows after them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib.tradeoff.events import check_table, real_incidents
from srelib.tradeoff.history import TIMES, History
from srelib.tradeoff.model import (
    ANSWER,
    EXCLUDED,
    INSIDE_INCIDENT,
    NO_CONTROL,
    NO_DATA,
    NOT_SHIPPED,
)


def sorted_out(
    deployments: pd.DataFrame,
    past: History,
    *,
    after: float,
    incidents: pd.DataFrame | None = None,
    exclusions: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Deployments that can be compared with other weeks, and the others with the reason why not."""
    check_table(deployments, "deployments", ("deployment_id", "finished_at"))
    rows = deployments.sort_values("finished_at", kind="stable", ignore_index=True)
    place = past.place(rows["finished_at"])
    reason = np.full(len(rows), "", dtype=object)
    for word, mask in (
        (NOT_SHIPPED, _not_shipped(rows)),
        (NO_DATA, ~_any_traffic(past, place, after)),
        (EXCLUDED, _within(rows["finished_at"], exclusions)),
        (INSIDE_INCIDENT, _answering(rows, past, place, incidents)),
        (ANSWER, ~_planned(rows)),
    ):
        reason[(reason == "") & mask] = word
    reason[(reason == "")] = np.where(_matched(past, place[reason == ""], after), "", NO_CONTROL)
    kept = reason == ""
    names = ["deployment_id", "finished_at"]
    used = rows.loc[kept, names].assign(place=place[kept]).reset_index(drop=True)
    left = rows.loc[~kept, names].assign(reason=pd.Series(reason[~kept], rows.index[~kept], "str"))
    return used, left.reset_index(drop=True)


def _not_shipped(rows: pd.DataFrame) -> np.ndarray:
    if "status" not in rows:
        return np.zeros(len(rows), dtype=bool)
    return np.asarray(rows["status"].astype("str").isin(["cancelled", "failed"]))


def _planned(rows: pd.DataFrame) -> np.ndarray:
    if "planned" not in rows:
        return np.ones(len(rows), dtype=bool)
    return np.asarray(rows["planned"].astype("boolean").fillna(True), dtype=bool)


def ends(place: np.ndarray, after: float) -> tuple[np.ndarray, np.ndarray]:
    """First bucket of a window and the one behind its last."""
    begin = np.floor(place).astype("int64")
    return begin, np.maximum(begin + 1, np.floor(place + after + 0.5).astype("int64"))


def _any_traffic(past: History, place: np.ndarray, after: float) -> np.ndarray:
    """Whether anything was asked in the window after each deployment."""
    size = len(past.total)
    known = ~np.isnan(place) & (place >= 0) & (place < size)
    begin, end = ends(np.where(known, place, 0.0), after)
    sums = np.concatenate([[0.0], np.cumsum(past.total)])
    return np.asarray(known & (sums[np.minimum(end, size)] > sums[np.minimum(begin, size)]))


def _within(times: pd.Series, exclusions: pd.DataFrame | None) -> np.ndarray:
    inside = np.zeros(len(times), dtype=bool)
    if exclusions is None or exclusions.empty:
        return inside
    for start, end in zip(exclusions["starts_at"], exclusions["ends_at"], strict=True):
        inside |= np.asarray((times >= start) & (times < end))
    return inside


def _answering(
    rows: pd.DataFrame, past: History, place: np.ndarray, incidents: pd.DataFrame | None
) -> np.ndarray:
    """Whether an incident was open that the deployment did not itself cause."""
    open_then = past.inside(np.where(np.isnan(place), -1.0, place))
    known = real_incidents(incidents)
    causes = known["deployment_id"].dropna().astype("str")
    for number in np.flatnonzero(open_then & rows["deployment_id"].astype("str").isin(causes)):
        at, own = rows["finished_at"].iloc[number], str(rows["deployment_id"].iloc[number])
        others = known[known["deployment_id"].astype("str").where(
            known["deployment_id"].notna(), "") != own]  # fmt: skip
        still = others["resolved_at"].isna() | (others["resolved_at"] > at)
        open_then[number] = bool(((others["started_at"] < at) & still).any())
    return open_then


def _matched(past: History, place: np.ndarray, after: float) -> np.ndarray:
    """Whether the same hours of other such days were observed clear of windows, in part."""
    clear = past.total * ~covered(place, after, len(past.total))
    free = np.bincount(past.hour, clear, minlength=TIMES) > 0
    sums = np.concatenate([[0], np.cumsum(free[past.hour])])
    begin, end = (np.clip(edge, 0, len(past.total)) for edge in ends(place, after))
    return np.asarray(sums[end] > sums[begin])


def covered(place: np.ndarray, after: float, size: int) -> np.ndarray:
    """Buckets that lie in the window after any deployment, each once."""
    begin, end = ends(place, after)
    change = np.zeros(size + 1, dtype="int64")
    np.add.at(change, np.minimum(begin, size), 1)
    np.add.at(change, np.minimum(end, size), -1)
    return np.asarray(np.cumsum(change[:-1]) > 0)
