"""Which deployment an unplanned one mends."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib.delivery.counted import seconds


def mended_by(rows: pd.DataFrame, pairs: pd.DataFrame, limit: pd.Timedelta) -> np.ndarray:
    """Row of the deployment that each unplanned one mends; -1: none, or not unplanned."""
    repair = (rows["planned"] == False).fillna(False).to_numpy(dtype=bool)  # noqa: E712
    codes, at = pd.factorize(rows["service"])[0], seconds(rows["finished_at"])
    places = np.arange(len(rows))
    found = np.where(_follows(rows), places - 1, -1)
    rolled = np.flatnonzero((rows["status"] == "rolled_back").fillna(False))
    marks = [(codes[rolled], at[rolled], rolled)]
    own = pairs["place"].to_numpy(dtype="int64")
    started = seconds(pairs["started_at"].astype("datetime64[us, UTC]"))
    marks.append((codes[own], np.maximum(started, at[own]), own))
    for code, time, place in marks:
        hit = _latest(codes, at, code, time, limit.total_seconds())
        earlier = np.append(place, -1)[hit]
        good = (hit >= 0) & repair & (at[earlier] < at) if len(rows) else repair
        found = np.where(good, earlier, found)
    return found


def _follows(rows: pd.DataFrame) -> np.ndarray:
    """Whether each deployment mends the one before it, if nothing else is known."""
    return np.append(False, rows["mended"].to_numpy(dtype=bool)[:-1])[: len(rows)]


def _latest(
    codes: np.ndarray, at: np.ndarray, code: np.ndarray, time: np.ndarray, limit: float
) -> np.ndarray:
    """For each deployment the latest mark of its service before it, not too old; -1: none."""
    if not len(at) or not len(time):
        return np.full(len(at), -1)
    span = max(at.max(), time.max()) - min(at.min(), time.min()) + 1
    low = min(at.min(), time.min())
    order = np.lexsort((time, code))
    marks = (code * span + time - low)[order]
    hit = np.searchsorted(marks, codes * span + at - low, side="right") - 1
    place = order[hit]
    good = (hit >= 0) & (code[place] == codes) & (at - time[place] <= limit)
    return np.where(good, place, -1)


def chains(mends: np.ndarray) -> np.ndarray:
    """First deployment of the chain each belongs to: what was mended, and all that mended it."""
    roots = np.where(mends >= 0, mends, np.arange(len(mends)))
    while len(roots) and (roots[roots] != roots).any():
        roots = roots[roots]
    return roots
