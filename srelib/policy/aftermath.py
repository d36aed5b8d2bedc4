"""What came after each deployment, hour by hour: bad events beyond what was to be expected.

Two expectations are kept apart. `then` uses only what was known before the deployment, so that
a decision never learns from the future; `now` looks back over all of the history, and is what
the account is drawn up with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib.budget import budget_fraction
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.policy.daily import Ledger
from srelib.windows import Window, as_window

HOUR = 3_600_000_000  # [us]
TRIM = 0.1
"""Share of the hours, the worst, that do not count where an ordinary hour is wanted."""
LONGEST = 24
"""Hours that a release is answerable for at most, while errors stay up [h]."""
FORGOTTEN = pd.Timedelta(hours=24)
"""An incident without an end is taken to excuse what follows for so long."""
CLASSES = 48  # hours of a working day, hours of a day of the weekend


@dataclass(frozen=True)
class Aftermath:
    """The hours after each deployment, one by one, counted from when it finished.

    Parameters
    ----------
    ends : ndarray of int, shape (n, pieces)
        End of each piece [us since 1970].
    bad, total : ndarray, shape (n, pieces)
        Events in the part of the piece that counts [events]: before the next release, and not
        while an incident is open that was so when the deployment finished.
    then, now : ndarray, shape (n, pieces)
        Bad events that part would have had anyhow [events].
    cut : ndarray, shape (n, pieces + 1)
        When those parts begin and end [buckets from the start].
    controls : Controls
        Spans of the same length without a release, to see how much that varies.
    """

    ends: np.ndarray
    bad: np.ndarray
    total: np.ndarray
    then: np.ndarray
    now: np.ndarray
    cut: np.ndarray
    controls: Controls

    @property
    def known(self) -> np.ndarray:
        """Excess of each piece as it could be told at its end [events]."""
        return self.bad - self.then

    @property
    def excess(self) -> np.ndarray:
        """Excess of each piece, told in hindsight [events]."""
        return self.bad - self.now


@dataclass(frozen=True)
class Controls:
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


def releases(deployments: pd.DataFrame) -> pd.DataFrame:
    """Deployments by time, each with when it was due and whether it is a fix."""
    lacking = [c for c in ("deployment_id", "finished_at") if c not in deployments]
    if lacking:
        raise ColumnError(f"deployments lack {', '.join(lacking)}; columns: {list(deployments)}.")
    if "service" in deployments and deployments["service"].nunique() > 1:
        raise ParameterError(
            "deployments must belong to one service; got "
            f"{deployments['service'].nunique()} services. Keep the rows of one service."
        )
    rows = deployments[deployments["finished_at"].notna()]
    if "status" in rows:
        rows = rows[rows["status"].astype("str") != "cancelled"]
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


def aftermath(
    ledger: Ledger,
    rows: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None,
    after: pd.Timedelta,
    timezone: str,
) -> Aftermath:
    """The hours after each deployment beside what was to be expected."""
    pieces = int(after / pd.Timedelta(hours=1))
    if pieces < 1 or pieces * pd.Timedelta(hours=1) != after:
        raise ParameterError(f"after must be whole hours, at least one; got {after}. Try '6h'.")
    finished = rows["finished_at"].astype("int64").to_numpy()
    own, incident = ~rows["fix"].to_numpy(), _open_until(incidents)
    low = np.maximum(finished, _open_at(*incident, rows["due_at"].astype("int64").to_numpy()))
    edges = finished[:, None] + np.arange(max(pieces, LONGEST) + 1) * HOUR
    marks = (edges - ledger.start) / ledger.step  # where an edge falls, in buckets
    first, stop = _spans(ledger, low, marks[:, -1], own)
    longest = np.clip(np.clip(marks, first[:, None], stop[:, None]), 0, ledger.size)
    longest[:, 0] = np.clip(first, 0, ledger.size)
    rate = _rate_before(ledger, _clear_hours(ledger, first, marks[:, pieces], own), finished)
    many = _hours_that_count(ledger, longest, rate, pieces)
    last = np.take_along_axis(longest, many[:, None], axis=1)
    cut = np.minimum(longest, last)
    clear = _clear_hours(ledger, first, np.maximum(last[:, 0], marks[:, pieces]), own)
    rates = _hourly(ledger, clear, timezone)
    total = ledger.between(ledger.total, cut)
    return Aftermath(
        ends=ledger.start + np.ceil(cut[:, 1:]).astype("int64") * ledger.step,
        bad=ledger.between(ledger.bad, cut), total=total, then=total * np.nan_to_num(rate)[:, None],
        now=ledger.between(rates.expected, cut),
        cut=np.minimum(np.maximum(cut, (low[:, None] - ledger.start) / ledger.step), last),
        controls=_controls(ledger, rates, clear, incident, pieces),
    )  # fmt: skip


def _hours_that_count(ledger: Ledger, cut: np.ndarray, rate: np.ndarray, pieces: int) -> np.ndarray:
    """How many hours a release is answerable for: more than asked while errors stay up."""
    bad = ledger.between(ledger.bad, cut)[:, pieces:]
    usual = ledger.between(ledger.total, cut)[:, pieces:] * rate[:, None]
    up = (bad >= 3) & (bad > 3 * usual) & (bad > usual + 3 * np.sqrt(usual))
    return pieces + np.cumprod(up, axis=1).sum(axis=1)


def _open_until(incidents: pd.DataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """Starts of incidents in order, and until when one that began by then stays open [us]."""
    if incidents is None or not len(incidents):
        return np.array([], dtype="i8"), np.array([], dtype="i8")
    rows = incidents.sort_values("started_at", kind="stable")
    if "severity" in rows:
        rows = rows[rows["severity"].astype("str").str.casefold() != "maintenance"]
    starts = rows["started_at"].dt.as_unit("us").astype("int64").to_numpy()
    ends = (
        rows["resolved_at"]
        .fillna(rows["started_at"] + FORGOTTEN)
        .dt.as_unit("us")
        .astype("int64")
        .to_numpy()
    )
    return starts, np.maximum.accumulate(ends) if len(ends) else ends


def _open_at(opens: np.ndarray, closes: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Until when an incident that began before each time stays open; the start of all if none."""
    place = np.searchsorted(opens, times, side="left")
    padded = np.concatenate([[np.iinfo("i8").min], closes])
    return padded[place]


def _spans(
    ledger: Ledger, low: np.ndarray, stop: np.ndarray, own: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First bucket of each release's hours and the one after the last; none for fixes."""
    first = (low - ledger.start) // ledger.step
    order = np.sort(first[own])
    padded = np.concatenate([order, [np.iinfo("i8").max]])
    following = padded[np.searchsorted(order, first, side="right")]
    return first, np.where(own, np.maximum(np.minimum(stop, following), first), first)


def _clear_hours(
    ledger: Ledger, first: np.ndarray, last: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """Which hours from the start hold nothing of the hours after a release."""
    hours = -((ledger.start - ledger.end) // HOUR)
    change = np.zeros(hours + 1, dtype="int64")
    ends = np.ceil(last[own] * ledger.step / HOUR).astype("int64")
    np.add.at(change, np.clip(first[own] * ledger.step // HOUR, 0, hours), 1)
    np.add.at(change, np.clip(ends, 0, hours), -1)
    return np.cumsum(change)[:-1] == 0


@dataclass(frozen=True)
class _Rates:
    """Per hour: bad, total; and running sums of what is to be expected, per bucket."""

    bad: np.ndarray
    total: np.ndarray
    expected: np.ndarray
    hours: np.ndarray


def _edges(ledger: Ledger) -> np.ndarray:
    """Bucket at which each hour from the start begins; the last one ends the data."""
    hours = -((ledger.start - ledger.end) // HOUR)
    return np.minimum(-(-np.arange(hours + 1) * HOUR // ledger.step), ledger.size)


def _hourly(ledger: Ledger, clear: np.ndarray, timezone: str) -> _Rates:
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
    return _Rates(bad, total, expected, edges)


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
    rates: _Rates,
    clear: np.ndarray,
    incidents: tuple[np.ndarray, np.ndarray],
    pieces: int,
) -> Controls:
    """Every span of as many clear hours, what was open at its start left out as there."""
    blocked = np.concatenate([[0], np.cumsum(~clear)])
    starts = np.arange(max(len(clear) - pieces + 1, 0))
    starts = starts[blocked[starts + pieces] == blocked[starts]]
    begins = ledger.start + starts * HOUR
    low = np.maximum(begins, _open_at(*incidents, begins))
    first = np.clip((low - ledger.start) // ledger.step, 0, ledger.size)
    last = np.clip((begins + pieces * HOUR - ledger.start) // ledger.step, first, ledger.size)
    bad = ledger.bad[last] - ledger.bad[first]
    expected = rates.expected[last] - rates.expected[first]
    keep = expected > 0
    apart = _apart(starts[keep], pieces)
    week = starts[keep] // 168
    return Controls(bad[keep] / expected[keep], week, apart)


def _apart(starts: np.ndarray, pieces: int) -> int:
    """How many spans can be chosen of which no two overlap."""
    count, free = 0, -1
    for start in starts.tolist():
        if start >= free:
            count, free = count + 1, start + pieces
    return count


Objective = tuple[pd.Series, pd.Series, float, Window | pd.Timedelta | str]
"""Good, total, target and window of an objective."""


@dataclass(frozen=True)
class Part:
    """One objective of a service.

    Parameters
    ----------
    ledger : Ledger
    target : float
        [fraction]
    window : Window
        Of the objective.
    after : Aftermath
    harms : DataFrame or None
        low, harm, high of each deployment [events], where given.
    """

    ledger: Ledger
    target: float
    window: Window
    after: Aftermath
    harms: pd.DataFrame | None


@dataclass(frozen=True)
class Prepared:
    """A service ready to have any number of policies replayed on it.

    Parameters
    ----------
    rows : DataFrame
        Deployments, as from `releases`.
    parts : dict
        Of key to `Part`.
    """

    rows: pd.DataFrame
    parts: dict[Any, Part]


def prepare(
    objectives: Mapping[Any, Objective],
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None = None,
    harms: Mapping[Any, pd.Series | pd.DataFrame] | None = None,
    after: pd.Timedelta | str = "6h",
    timezone: str = "UTC",
) -> Prepared:
    """What all policies share: running sums, and the hours after each deployment."""
    ledgers = {key: Ledger.of(good, total) for key, (good, total, _, _) in objectives.items()}
    rows = releases(deployments)
    last = max((ledger.last for ledger in ledgers.values()), default=pd.Timestamp.max)
    rows = rows[rows["due_at"] < last].reset_index(drop=True)
    parts = {}
    for key, (_, _, target, window) in objectives.items():
        budget_fraction(target)
        ledger = ledgers[key]
        if ledger.step > HOUR:
            raise InsufficientDataError(
                "deployments cannot be told apart in buckets longer than an hour; got "
                f"{pd.Timedelta(ledger.step, 'us')}. Export hourly or finer data."
            )
        what = aftermath(
            ledger, rows, incidents=incidents, after=pd.Timedelta(after), timezone=timezone
        )
        known = None if harms is None else _given(harms[key], rows)
        parts[key] = Part(ledger, target, as_window(window), what, known)
    return Prepared(rows, parts)


def _given(harms: pd.Series | pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Harm of each deployment with its interval, NaN where none is given; 0 for those not named."""
    frame = harms.to_frame("harm") if isinstance(harms, pd.Series) else harms
    if "harm" not in frame:
        raise ColumnError(f"harms lack the column harm; columns seen: {list(frame)}.")
    frame = frame.set_axis(frame.index.astype("str"))
    if frame.index.has_duplicates:
        raise ParameterError("harms must name each deployment once.")
    found = frame.reindex(rows["deployment_id"]).astype("float64")
    named, value = found["harm"].notna(), found["harm"].fillna(0.0)
    blank = value.where(~named)
    low, high = (found[c].where(named, 0.0) if c in found else blank for c in ("low", "high"))
    return pd.DataFrame({"low": low, "harm": value, "high": high}).reset_index(drop=True)
