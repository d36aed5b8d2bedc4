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
from srelib.policy.daily import Ledger
from srelib.tradeoff.after_deployments import OpenIncidents, covered, next_begin

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
    """The hours after each deployment, one by one, counted from when it finished.

    Parameters
    ----------
    ends : ndarray of int, shape (n, pieces)
        End of each piece [us since 1970].
    bad, total : ndarray, shape (n, pieces)
        Events in the part of the piece that counts [events]: before the next release, and not
        while an incident is open that was so when the deployment finished.
    expected_then, expected : ndarray, shape (n, pieces)
        Bad events that part would have had anyhow [events].
    cut : ndarray, shape (n, pieces + 1)
        When those parts begin and end [buckets from the start].
    controls : ControlSpans
        Spans of the same length without a release, to see how much that varies.
    """

    ends: np.ndarray
    bad: np.ndarray
    total: np.ndarray
    expected_then: np.ndarray
    expected: np.ndarray
    cut: np.ndarray
    controls: ControlSpans

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
    """Spans clear of releases: bad events over those to be expected.

    Parameters
    ----------
    ratio : ndarray
        Bad / expected of each span; 1 on average.
    week : ndarray of int
        Week it starts in, counted from the first.
    apart : int
        How many of them do not overlap.
    """

    ratio: np.ndarray
    week: np.ndarray
    apart: int


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
    })  # fmt: skip
    return frame.sort_values(["due_at", "deployment_id"], kind="stable", ignore_index=True)


def _harm_after(
    ledger: Ledger,
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
    marks = (edges - ledger.start) / ledger.step  # where an edge falls, in buckets
    first, stop = _own_spans(ledger, low, marks[:, -1], own)
    longest = np.clip(np.clip(marks, first[:, None], stop[:, None]), 0, ledger.size)
    longest[:, 0] = np.clip(first, 0, ledger.size)
    rate = _rate_before(ledger, _clear_hours(ledger, first, marks[:, pieces], own), finished)
    many = _hours_that_count(ledger, longest, rate, pieces)
    last = np.take_along_axis(longest, many[:, None], axis=1)
    cut = np.minimum(longest, last)
    clear = _clear_hours(ledger, first, np.maximum(last[:, 0], marks[:, pieces]), own)
    rates = _hourly(ledger, clear, timezone)
    total = ledger.between(ledger.total, cut)
    return HarmHours(
        ends=ledger.start + np.ceil(cut[:, 1:]).astype("int64") * ledger.step,
        bad=ledger.between(ledger.bad, cut), total=total,
        expected_then=total * np.nan_to_num(rate)[:, None],
        expected=ledger.between(rates.expected, cut),
        cut=np.minimum(np.maximum(cut, (low[:, None] - ledger.start) / ledger.step), last),
        controls=_controls(ledger, rates, clear, opened, pieces),
    )  # fmt: skip


def _hours_that_count(ledger: Ledger, cut: np.ndarray, rate: np.ndarray, pieces: int) -> np.ndarray:
    """How many hours a release is answerable for: more than asked while errors stay up."""
    bad = ledger.between(ledger.bad, cut)[:, pieces:]
    usual = ledger.between(ledger.total, cut)[:, pieces:] * rate[:, None]
    up = (bad >= 3) & (bad > 3 * usual) & (bad > usual + 3 * np.sqrt(usual))
    return pieces + np.cumprod(up, axis=1).sum(axis=1)


def _own_spans(
    ledger: Ledger, low: np.ndarray, stop: np.ndarray, own: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First bucket of each release's hours and the one after the last; none for fixes."""
    first = (low - ledger.start) // ledger.step
    following = next_begin(first[own], first, none=np.iinfo("i8").max)
    return first, np.where(own, np.maximum(np.minimum(stop, following), first), first)


def _clear_hours(
    ledger: Ledger, first: np.ndarray, last: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """Which hours from the start hold nothing of the hours after a release."""
    hours = -((ledger.start - ledger.end) // HOUR)
    ends = np.ceil(last[own] * ledger.step / HOUR).astype("int64")
    return ~covered(first[own] * ledger.step // HOUR, ends, hours)


@dataclass(frozen=True)
class _HourlyRates:
    """Per hour: bad, total; and running sums of what is to be expected, per bucket."""

    bad: np.ndarray
    total: np.ndarray
    expected: np.ndarray
    hours: np.ndarray


def _edges(ledger: Ledger) -> np.ndarray:
    """Bucket at which each hour from the start begins; the last one ends the data."""
    hours = -((ledger.start - ledger.end) // HOUR)
    return np.minimum(-(-np.arange(hours + 1) * HOUR // ledger.step), ledger.size)


def _hourly(ledger: Ledger, clear: np.ndarray, timezone: str) -> _HourlyRates:
    """Bad events to be expected anyhow: level of all clear hours, shape of an ordinary day."""
    edges = _edges(ledger)
    bad, total = np.diff(ledger.bad[edges]), np.diff(ledger.total[edges])
    starts = pd.to_datetime(ledger.start + np.arange(len(bad)) * HOUR, unit="us", utc=True)
    local = starts.tz_convert(timezone)
    kind = np.asarray(local.hour + 24 * (local.day_of_week >= 5))
    ratio = _shape(bad, total, kind, clear)[kind] * _level(bad, total, clear)
    owner = np.repeat(np.arange(len(bad)), np.diff(edges))
    expected = np.zeros(ledger.size + 1)
    np.cumsum(np.diff(ledger.total) * ratio[owner], out=expected[1:])
    return _HourlyRates(bad, total, expected, edges)


def _level(bad: np.ndarray, total: np.ndarray, clear: np.ndarray) -> float:
    """Error ratio of the clear hours; of all hours where no traffic fell into clear ones."""
    use = clear if total[clear].sum() > 0 else np.ones(len(clear), dtype=bool)
    whole = total[use].sum()
    return float(bad[use].sum() / whole) if whole else 0.0


def _shape(bad: np.ndarray, total: np.ndarray, kind: np.ndarray, clear: np.ndarray) -> np.ndarray:
    """Error ratio of each hour of the day relative to all, the worst hours cut down."""
    rows = np.flatnonzero(clear & (total > 0))
    if not bad[rows].sum():
        return np.ones(CLASSES)
    ratio = bad[rows] / total[rows]
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


def _rate_before(ledger: Ledger, clear: np.ndarray, finished: np.ndarray) -> np.ndarray:
    """Error ratio of the clear hours in the whole weeks before, the worst left out."""
    edges = _edges(ledger)
    bad, total = np.diff(ledger.bad[edges]), np.diff(ledger.total[edges])
    weeks = np.clip((finished - ledger.start) // HOUR, 0, len(clear)) // 168
    rate = np.zeros(len(finished))
    for week in np.unique(weeks):
        rate[weeks == week] = _ordinary(bad, total, clear, int(week) * 168)
    return rate


def _ordinary(bad: np.ndarray, total: np.ndarray, clear: np.ndarray, until: int) -> float:
    """Error ratio of the clear hours before one, without the worst of them; NaN without any."""
    rows = np.flatnonzero(clear[:until] & (total[:until] > 0))
    if not len(rows):
        return float("nan")
    ratio = bad[rows] / total[rows]
    kept = rows[ratio <= np.quantile(ratio, 1 - TRIM)]
    return float(bad[kept].sum() / total[kept].sum())


def _controls(
    ledger: Ledger,
    rates: _HourlyRates,
    clear: np.ndarray,
    incidents: OpenIncidents,
    pieces: int,
) -> ControlSpans:
    """Every span of as many clear hours, what was open at its start left out as there."""
    blocked = np.concatenate([[0], np.cumsum(~clear)])
    starts = np.arange(max(len(clear) - pieces + 1, 0))
    starts = starts[blocked[starts + pieces] == blocked[starts]]
    begins = ledger.start + starts * HOUR
    low = np.maximum(begins, incidents.until(begins))
    first = np.clip((low - ledger.start) // ledger.step, 0, ledger.size)
    last = np.clip((begins + pieces * HOUR - ledger.start) // ledger.step, first, ledger.size)
    bad = ledger.bad[last] - ledger.bad[first]
    expected = rates.expected[last] - rates.expected[first]
    keep = expected > 0
    apart = _apart(starts[keep], pieces)
    week = starts[keep] // 168
    return ControlSpans(bad[keep] / expected[keep], week, apart)


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
    """Bad / expected of clear spans: weeks drawn with replacement, then spans of those weeks."""
    _, starts, sizes = np.unique(controls.week, return_index=True, return_counts=True)
    weeks = rng.integers(len(starts), size=(shape[0], len(starts)))
    chosen = np.take_along_axis(weeks, rng.integers(len(starts), size=shape), axis=1)
    inside = (rng.random(shape) * sizes[chosen]).astype("int64")
    return controls.ratio[starts[chosen] + inside]
