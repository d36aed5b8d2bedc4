"""Logs of states: how long each state held, the seconds up and known, and when it was down.

A log is a table in order of `time`, with a `state` (`GOOD`, `BAD` or `UNKNOWN`), the longest
`silence` after which it means nothing any more, and `at`, the row that it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from srelib.series import ticks, times_of

UNKNOWN, BAD, GOOD = -1, 0, 1
"""What a row says; one says nothing that is ignored, or that another contradicts."""


def with_silence(log: pd.DataFrame) -> pd.DataFrame:
    """The log with an unknown state from where it was silent too long."""
    log = log.assign(time=log["time"].dt.as_unit("us"), silent=False)
    gap = log["time"].shift(-1) - log["time"] > log["silence"]
    late = log[gap]
    late = late.assign(time=late["time"] + late["silence"], state=UNKNOWN, silent=True)
    return pd.concat([log, late]).sort_values("time", kind="stable").reset_index(drop=True)


def of_probes(logs: Sequence[pd.DataFrame], rule: str) -> pd.DataFrame:
    """One log of several probes: good where any, the majority or all of those known say so."""
    timed, numbers = [log.set_index("time") for log in logs], range(len(logs))
    states, rows_at = (
        pd.concat([log[name] for log in timed], axis=1, keys=numbers, sort=True)
        for name in ("state", "at")
    )
    states = states.ffill().fillna(UNKNOWN)
    origin = rows_at.ffill().where(states != UNKNOWN, -1).max(axis=1)
    up, known = (states == GOOD).sum(axis=1), (states != UNKNOWN).sum(axis=1)
    good = {"any": up > 0, "majority": 2 * up > known, "all": up == known}[rule]
    state = np.select([known == 0, good], [UNKNOWN, GOOD], BAD)
    found = pd.DataFrame({"state": state, "at": origin.astype("int64"), "silent": False})
    return found.rename_axis("time").reset_index()


def seconds_up(log: pd.DataFrame, step: pd.Timedelta) -> tuple[pd.DataFrame, np.ndarray]:
    """Seconds up and known in every bucket in which something is known, and its last known row."""
    size = step // pd.Timedelta(1, "us")
    starts = ticks(log["time"])
    lengths = np.diff(starts, append=starts[-1])
    state = log["state"].to_numpy(dtype="float64")
    held = (state != UNKNOWN) & (lengths > 0)
    first, final = starts[held] // size, (starts + lengths - 1)[held] // size
    many = final - first + 1
    begins = np.unique(np.repeat(first - many.cumsum() + many, many) + np.arange(many.sum())) * size
    good, known = (
        _time_before(begins + size, starts, part) - _time_before(begins, starts, part)
        for part in (np.where(state == GOOD, lengths, 0), np.where(held, lengths, 0))
    )
    last = np.maximum.accumulate(np.where(state != UNKNOWN, np.arange(len(state)), 0))
    origin = log["at"].to_numpy()[last[np.searchsorted(starts, begins + size) - 1]]
    seconds = {"time": times_of(begins), "good": good / 1e6, "total": known / 1e6}
    return pd.DataFrame(seconds), origin


def _time_before(at: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Time held before each moment, in whole microseconds; each row holds from its start on."""
    row = np.clip(np.searchsorted(starts, at, side="right") - 1, 0, None)
    earlier = np.cumsum(lengths) - lengths
    return np.asarray(earlier[row] + np.clip(at - starts[row], 0, lengths[row]))


def down_episodes(log: pd.DataFrame, service: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Every run of down rows as an incident, up to the first other row; and its first row."""
    down = (log["state"] == BAD).to_numpy()
    before = np.r_[False, down[:-1]]
    first, after = log[down & ~before], log[~down & before]
    ends = after.reset_index(drop=True).reindex(range(len(first)))
    started = first["time"].reset_index(drop=True)
    silent = ends["silent"].eq(True)
    more = silent.map({True: "; its end is unknown, the monitor fell silent", False: ""})
    frame = pd.DataFrame(
        {
            "incident_id": service + started.dt.strftime(" %Y-%m-%dT%H:%M:%SZ"),
            "service": service,
            "severity": "outage",
            "started_at": started,
            "detected_at": started,
            "resolved_at": ends["time"],
            "title": f"{service} down" + more,
        }
    )
    return frame, first["at"].to_numpy()
