"""What came after each deployment beyond what was to be expected, and how far chance reaches.

Two expectations are kept apart: one uses only what was known before the deployment, so that a
decision never learns from the future; the other looks back over all of the history, and is what
the bad events avoided are added up with.
What would have come anyhow is not seen; it is drawn from spans in which nothing was released.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import events
from srelib.errors import ParameterError
from srelib.tradeoff.after_deployments import OpenIncidents, covered, next_begin
from srelib.windows import History
from srelib.windows.sums import _divide, _ratio

HOUR = 3_600_000_000  # [us]
TRIM = 0.1
"""Share of the hours, the worst, that do not count where an ordinary hour is wanted."""
LONGEST = 24
"""Hours that a release is answerable for at most, while errors stay up [h]."""
FORGOTTEN = pd.Timedelta(hours=24)
"""An incident without an end is taken to excuse what follows for so long."""
CLASSES = 48  # hours of a working day, hours of a day of the weekend


@dataclass(frozen=True)
class HarmHours:
    """The hours after each deployment, from when it finished; one row each, a column per hour.

    Counted is the part of an hour before the next release, not inside an incident that was open
    when the deployment finished.
    `ends` are in microseconds, `expected_then` and `expected` are bad events it would have had
    anyhow [events], `cut` is where the parts begin and end [buckets], `part` the share of them that
    counts for this release: those that finished in one bucket share what came after evenly.
    """

    ends: np.ndarray
    bad: np.ndarray
    total: np.ndarray
    expected_then: np.ndarray
    expected: np.ndarray
    cut: np.ndarray
    part: np.ndarray
    controls: ControlSpans

    @property
    def came(self) -> np.ndarray:
        """All bad events of each piece, also where other releases share them [events]."""
        return self.bad / np.where(self.part > 0, self.part, 1.0)

    @property
    def known(self) -> np.ndarray:
        """Excess of each piece as it could be told at its end [events]."""
        return self.bad - self.expected_then

    @property
    def excess(self) -> np.ndarray:
        """Excess of each piece, told in hindsight [events]."""
        return self.bad - self.expected


@dataclass(frozen=True)
class ControlSpans:
    """Spans without a release: bad / expected by hour, week of each; how many do not overlap."""

    ratio: np.ndarray
    week: np.ndarray
    apart: int


def between(sums: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """Sums between moments [buckets from the start]; within a bucket they grow evenly."""
    whole = np.minimum(cut.astype("int64"), len(sums) - 2)
    values = sums[whole] + (cut - whole) * (sums[whole + 1] - sums[whole])
    return np.asarray(np.diff(values, axis=-1))


def _replayable(deployments: pd.DataFrame) -> pd.DataFrame:
    """Deployments that count by time, each with when it was due and whether it is a fix."""
    events._check_one_service(deployments, "deployments", "deployment_id", "finished_at")
    rows = events.eligible_deployments(deployments)
    finished = rows["finished_at"].dt.tz_convert("UTC").dt.as_unit("us")
    began = rows.get("started_at", finished)
    planned = rows["planned"] if "planned" in rows else pd.Series(pd.NA, rows.index)
    frame = pd.DataFrame({
        "deployment_id": rows["deployment_id"].astype("str"),
        "due_at": began.dt.tz_convert("UTC").dt.as_unit("us").fillna(finished),
        "finished_at": finished,
        "fix": planned.astype("boolean").eq(False).fillna(False).astype(bool),
        "url": rows.get("url", pd.Series(pd.NA, rows.index)).astype("str"),
    })  # fmt: skip
    return frame.sort_values(["due_at", "deployment_id"], kind="stable", ignore_index=True)


def _harm_after(
    past: History,
    rows: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None,
    after: pd.Timedelta,
    timezone: str,
) -> HarmHours:
    """The hours after each deployment beside what was to be expected."""
    pieces = int(after / pd.Timedelta(hours=1))
    if pieces < 1 or pieces * pd.Timedelta(hours=1) != after:
        raise ParameterError(f"after must be whole hours, at least one; got {after}. Try '6h'.")
    finished = rows["finished_at"].astype("int64").to_numpy()
    own, opened = ~rows["fix"].to_numpy(), OpenIncidents.of(incidents, unresolved=FORGOTTEN)
    low = np.maximum(finished, opened.until(rows["due_at"].astype("int64").to_numpy()))
    edges = finished[:, None] + np.arange(max(pieces, LONGEST) + 1) * HOUR
    marks = (edges - past.start) / past.ticks  # where an edge falls, in buckets
    first, stop = _own_spans(past, low, marks[:, -1], own)
    longest = np.clip(np.clip(marks, first[:, None], stop[:, None]), 0, len(past.index))
    longest[:, 0] = np.clip(first, 0, len(past.index))
    rate = _rate_before(past, _clear_hours(past, first, marks[:, pieces], own), finished)
    many = _hours_that_count(past, longest, rate, pieces)
    last = np.take_along_axis(longest, many[:, None], axis=1)
    cut = np.minimum(longest, last)
    clear = _clear_hours(past, first, np.maximum(last[:, 0], marks[:, pieces]), own)
    expected, total = _expected(past, clear, timezone), between(past.total.sums, cut)
    part = np.zeros((len(first), 1))
    _, which, many_alike = np.unique(first[own], return_inverse=True, return_counts=True)
    part[own, 0] = 1 / many_alike[which]
    return HarmHours(
        ends=past.start + np.ceil(cut[:, 1:]).astype("int64") * past.ticks,
        bad=part * between(past.bad.sums, cut), total=total, part=part,
        expected_then=part * total * np.nan_to_num(rate)[:, None],
        expected=part * between(expected, cut),
        cut=np.minimum(np.maximum(cut, (low[:, None] - past.start) / past.ticks), last),
        controls=_controls(past, expected, clear, opened, pieces),
    )  # fmt: skip


def _hours_that_count(past: History, cut: np.ndarray, rate: np.ndarray, pieces: int) -> np.ndarray:
    """How many hours a release is answerable for: more than asked while errors stay up."""
    bad = between(past.bad.sums, cut)[:, pieces:]
    usual = between(past.total.sums, cut)[:, pieces:] * rate[:, None]
    up = (bad >= 3) & (bad > 3 * usual) & (bad > usual + 3 * np.sqrt(usual))
    return pieces + np.cumprod(up, axis=1).sum(axis=1)


def _own_spans(
    past: History, low: np.ndarray, stop: np.ndarray, own: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First bucket of each release's hours and the one after the last; none for fixes."""
    first = (low - past.start) // past.ticks
    following = next_begin(first[own], first, none=np.iinfo("i8").max)
    return first, np.where(own, np.maximum(np.minimum(stop, following), first), first)


def _clear_hours(past: History, first: np.ndarray, last: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Which hours from the start hold nothing of the hours after a release."""
    ends = np.ceil(last[own] * past.ticks / HOUR).astype("int64")
    return ~covered(first[own] * past.ticks // HOUR, ends, len(_edges(past)) - 1)


def _edges(past: History) -> np.ndarray:
    """Bucket at which each hour from the start begins; the last one ends the data."""
    hours = -(-len(past.index) * past.ticks // HOUR)
    return np.minimum(-(-np.arange(hours + 1) * HOUR // past.ticks), len(past.index))


def _hourly(past: History) -> tuple[np.ndarray, np.ndarray]:
    """Bad and total events of each hour from the start."""
    edges = _edges(past)
    return np.diff(past.bad.sums[edges]), np.diff(past.total.sums[edges])


def _expected(past: History, clear: np.ndarray, timezone: str) -> np.ndarray:
    """Running sums of bad events to be expected anyhow, from level and daily shape of clear hours.

    Where no traffic fell into clear hours, the level is that of all hours.
    """
    bad, total = _hourly(past)
    starts = pd.to_datetime(past.start + np.arange(len(bad)) * HOUR, unit="us", utc=True)
    local = starts.tz_convert(timezone)
    kind = np.asarray(local.hour + 24 * (local.day_of_week >= 5))
    use = clear if total[clear].sum() > 0 else np.ones(len(clear), dtype=bool)
    level = np.nan_to_num(_ratio(bad[use], total[use]))
    ratio = _shape(bad, total, kind, clear)[kind] * level
    owner = np.repeat(np.arange(len(bad)), np.diff(_edges(past)))
    return np.concatenate([[0.0], np.cumsum(np.diff(past.total.sums) * ratio[owner])])


def _shape(bad: np.ndarray, total: np.ndarray, kind: np.ndarray, clear: np.ndarray) -> np.ndarray:
    """Error ratio of each hour of the day relative to all, the worst hours cut down."""
    rows = np.flatnonzero(clear & (total > 0))
    if not bad[rows].sum():
        return np.ones(CLASSES)
    ratio = _divide(bad[rows], total[rows])
    usual = pd.Series(ratio).groupby(kind[rows]).transform("median").to_numpy()
    most = np.maximum(np.quantile(ratio, 1 - TRIM), 3 * usual)
    part = np.bincount(kind[rows], np.minimum(ratio, most) * total[rows], CLASSES)
    whole = np.bincount(kind[rows], total[rows], CLASSES)
    mean = part.sum() / whole.sum()
    if not mean:
        return np.ones(CLASSES)
    prior = whole.sum() / CLASSES / 4  # a quarter of what an hour holds on average
    shape = (part + prior * mean) / (whole + prior) / mean
    return shape / float((shape * whole).sum() / whole.sum())


def _rate_before(past: History, clear: np.ndarray, finished: np.ndarray) -> np.ndarray:
    """Error ratio of the clear hours in the whole weeks before, the worst left out; NaN: none."""
    bad, total = _hourly(past)
    weeks = np.clip((finished - past.start) // HOUR, 0, len(clear)) // 168
    rate = np.full(len(finished), np.nan)
    for week in np.unique(weeks).tolist():
        until = week * 168
        rows = np.flatnonzero(clear[:until] & (total[:until] > 0))
        if len(rows):
            ratio = _divide(bad[rows], total[rows])
            kept = rows[ratio <= np.quantile(ratio, 1 - TRIM)]
            rate[weeks == week] = _ratio(bad[kept], total[kept])
    return rate


def _controls(
    past: History, expected: np.ndarray, clear: np.ndarray, incidents: OpenIncidents, pieces: int
) -> ControlSpans:
    """Every span of as many clear hours, what was open at its start left out as there."""
    blocked = np.concatenate([[0], np.cumsum(~clear)])
    starts = np.arange(max(len(clear) - pieces + 1, 0))
    starts = starts[blocked[starts + pieces] == blocked[starts]]
    begins = past.start + starts * HOUR
    first = past.until(np.maximum(begins, incidents.until(begins)))
    edges = past.until(begins[:, None] + np.arange(pieces + 1) * HOUR)
    edges = np.maximum(edges, first[:, None])
    bad, usual = np.diff(past.bad.sums[edges]), np.diff(expected[edges])
    keep = usual.sum(axis=1) > 0
    ratio = np.nan_to_num(_divide(bad[keep], usual[keep]))
    return ControlSpans(ratio, starts[keep] // 168, _apart(starts[keep], pieces))


def _apart(starts: np.ndarray, pieces: int) -> int:
    """How many spans can be chosen of which no two overlap."""
    count, free = 0, -1
    for start in starts.tolist():
        if start >= free:
            count, free = count + 1, start + pieces
    return count


def _drawn_controls(
    controls: ControlSpans, shape: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Hours of clear spans, bad / expected: weeks drawn with replacement, then spans of those."""
    _, starts, sizes = np.unique(controls.week, return_index=True, return_counts=True)
    weeks = rng.integers(len(starts), size=(shape[0], len(starts)))
    chosen = np.take_along_axis(weeks, rng.integers(len(starts), size=shape), axis=1)
    inside = (rng.random(shape) * sizes[chosen]).astype("int64")
    return controls.ratio[starts[chosen] + inside]
