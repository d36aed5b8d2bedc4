"""Is the data fit to use: how much was observed, where the gaps are, whether the clocks agree.

`counts` have the columns good and total [events] on a UTC index of bucket starts; a bucket that was
not observed is missing, as NaN or as a row that is not there; one without traffic was observed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib import events, tables, windows
from srelib.errors import TimeIndexError
from srelib.windows import Window
from srelib.windows.sums import _divide, _paired, _prefix_pair, _ratio, _totals
from srelib.windows.window import _aware, _period_starts
from srelib.wording import duration

if TYPE_CHECKING:
    from srelib.dataset import Dataset


__all__ = [
    "Observed", "Profile", "clock_trouble", "coverage", "coverage_by_day", "observed", "profile",
]  # fmt: skip
__dir__ = __all__.copy


def coverage(counts: pd.DataFrame) -> float:
    """Share of the buckets from the first to the last that were observed; NaN without any bucket.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> coverage(pd.DataFrame({"good": 1.0, "total": [1.0, 2.0, None, 1.0]}, index=index))
    0.75
    """
    seen = _observed(counts)
    return _ratio(float(seen.sum()), float(len(seen)))


def coverage_by_day(counts: pd.DataFrame, *, timezone: str = "UTC") -> pd.Series:
    """Share of each day's buckets that were observed.

    Parameters
    ----------
    counts : DataFrame, as for `coverage`
    timezone : str, IANA time zone whose midnights divide the days

    Returns
    -------
    Series, 0 to 1 [fraction], index the local midnights of every day from first to last

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=4, freq="12h", tz="UTC")
    >>> counts = pd.DataFrame({"good": 1.0, "total": [1.0, None, 1.0, 1.0]}, index=index)
    >>> coverage_by_day(counts).tolist()
    [0.5, 1.0]
    """
    seen = _observed(counts)
    calendar = Window(unit="day", timezone=timezone)
    days = _period_starts(pd.DatetimeIndex(seen.index), window=calendar)
    return seen.astype("float64").groupby(days.tz_convert(timezone).rename("day")).mean()


def _gaps(counts: pd.DataFrame) -> pd.DataFrame:
    """The stretches of time in which nothing was observed."""
    seen = _observed(counts)
    edges = np.diff(np.concatenate([[0], ~seen.to_numpy(), [0]]).astype("int8"))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    times = pd.DatetimeIndex(seen.index)
    frame = pd.DataFrame({"starts_at": times[starts], "ends_at": times[ends - 1] + _step(times)})
    return frame.assign(length=frame["ends_at"] - frame["starts_at"])


def _step(times: pd.DatetimeIndex) -> pd.Timedelta:
    return windows.step_of(times) if len(times) > 1 else pd.Timedelta(0)


def _observed(counts: pd.DataFrame) -> pd.Series:
    """Whether each bucket was observed, on the full grid from the first to the last."""
    tables.need(counts, "counts", "good", "total")
    times = _aware(counts.index)
    if not (times.is_monotonic_increasing and times.is_unique):
        raise TimeIndexError("times must increase; sort and deduplicate first.")
    seen = counts[["good", "total"]].notna().all(axis=1)
    if "observed" in counts:  # of a weighted mean: whether every member was
        seen &= counts["observed"]
    if len(times) < 2:
        return seen
    full = pd.date_range(times[0], times[-1], freq=_step(times))
    return seen if len(full) == len(times) else seen.reindex(full, fill_value=False)


@dataclass(frozen=True)
class Profile:
    """How well a series was observed."""

    step: pd.Timedelta  # length of a bucket; 0 where there is only one
    total: float  # sum [events or seconds]
    coverage: float  # of the buckets from first to last, as from `coverage` [fraction]
    gaps: int  # stretches of time not observed
    longest_gap: pd.Timedelta  # 0 without one
    gap_starts_at: pd.Timestamp  # of the longest gap; NaT without one
    no_traffic: float  # share of the observed buckets in which nothing was asked [fraction]


def profile(counts: pd.DataFrame) -> Profile:
    """How well a series was observed: coverage, gaps, buckets without traffic.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> found = profile(pd.DataFrame({"good": 1.0, "total": [1.0, 2.0, None, 1.0]}, index=index))
    >>> found.coverage, found.gaps, found.longest_gap
    (0.75, 1, Timedelta('0 days 00:01:00'))
    """
    seen = counts["good"].notna() & counts["total"].notna()
    found = _gaps(counts)
    longest = found.iloc[found["length"].argmax()] if len(found) else None
    return Profile(
        step=_step(pd.DatetimeIndex(counts.index)),
        total=_totals(counts["good"], counts["total"])[1],
        coverage=coverage(counts),
        gaps=len(found),
        longest_gap=pd.Timedelta(0) if longest is None else longest["length"],
        gap_starts_at=pd.NaT if longest is None else longest["starts_at"],  # type: ignore[arg-type]
        no_traffic=_ratio(seen & (counts["total"] == 0), seen),
    )


SHIFTS = tuple(hours for hours in range(-14, 15) if hours)
"""Whole hours two clocks may differ by: the time zones of the Earth."""

MIN_INCIDENTS = 3
LIFT = 2.0  # an incident is visible when its error ratio is above this many times the usual one


@dataclass(frozen=True)
class _HourShift:
    """Whether incidents fit the bad events better on a clock some hours away."""

    hours: int
    visible: int
    visible_shifted: int
    incidents: int


def _hour_shift(counts: pd.DataFrame, incidents: pd.DataFrame) -> _HourShift:
    rows = events.eligible_incidents(incidents)
    rows = rows[rows["resolved_at"] > rows["started_at"]]
    times = pd.DatetimeIndex(counts.index)
    good_seen, total_seen = _paired(counts["good"], counts["total"])
    bad, total = _prefix_pair(total_seen - good_seen, total_seen)
    usual = float(_divide(bad.sums[-1:], total.sums[-1:])[0])
    scores = {}
    for hours in (0, *SHIFTS):
        moved = pd.Timedelta(hours=hours)
        low = times.searchsorted(pd.DatetimeIndex(rows["started_at"] + moved))
        high = times.searchsorted(pd.DatetimeIndex(rows["resolved_at"] + moved))
        held = bad.sums[high] - bad.sums[low]
        ratio = _divide(held, total.sums[high] - total.sums[low])
        scores[hours] = (int((ratio > LIFT * usual).sum()), float(held.sum()), -abs(hours))
    best = max(scores, key=lambda hours: scores[hours])
    visible, shifted = scores[0][0], scores[best][0]
    better = shifted >= max(MIN_INCIDENTS, len(rows) / 2) and shifted > 2 * visible
    return _HourShift(best if better else 0, visible, shifted if better else visible, len(rows))


ORDERED = {
    "deployments": (("started_at", "finished_at"),),
    "changes": (("committed_at", "merged_at"),),
    "incidents": tuple(
        ("started_at", f"{what}_at")
        for what in ("detected", "acknowledged", "mitigated", "resolved")
    ),
    "alerts": (("fired_at", "resolved_at"),),
    "exclusions": (("starts_at", "ends_at"),),
}
"""Pairs of times of one row of which the first must not come after the second."""

KEYS = {"deployments": "deployment_id", "incidents": "incident_id", "changes": "change_id"}
MOMENT = {"deployments": "finished_at", "incidents": "started_at", "alerts": "fired_at"}
TROUBLE = ["trouble", "table", "service", "key", "column", "time", "detail"]


def clock_trouble(dataset: Dataset) -> pd.DataFrame:
    """Everything about the times of a dataset that looks wrong.

    Returns
    -------
    DataFrame, one row per finding
        trouble ('in the future', 'out of order', 'outside the data', 'hour shift', 'skipped hour'),
        table, service, key, column, time, detail (in words; names as the source has them).

    Examples
    --------
    >>> from srelib import simulate
    >>> clock_trouble(simulate.fleet(seed=1, step="1h").dataset)["trouble"].unique().tolist()
    []
    """
    rows = [row for table in ORDERED for row in _table_rows(dataset, table)]
    found = pd.DataFrame([*rows, *_outside_rows(dataset), *_series_rows(dataset)], columns=TROUBLE)
    return found.assign(time=pd.to_datetime(found["time"], utc=True).astype("datetime64[us, UTC]"))


def _table_rows(dataset: Dataset, table: str) -> list[dict[str, object]]:
    """Times in the future, but for maintenance, which is planned ahead; ends before starts."""
    frame, pairs = getattr(dataset, table), ORDERED[table]
    columns = dict.fromkeys(column for pair in pairs for column in pair)
    future = [
        _row("in the future", table, row, column, f"after the end of the data, {dataset.as_of}")
        for column in (columns if table != "exclusions" else ())
        for _, row in frame[frame[column] > dataset.as_of].iterrows()
    ]
    return future + [
        _row("out of order", table, row, second, f"{second} lies before {first}, {row[first]}")
        for first, second in pairs
        for _, row in frame[frame[second] < frame[first]].iterrows()
    ]


def _outside_rows(dataset: Dataset) -> list[dict[str, object]]:
    series, rows = dataset.series, []
    ends = series["last"] + pd.to_timedelta(series["step_seconds"], unit="s")
    for service, known in series.assign(ends=ends).groupby("service", observed=True):
        first, last = known["first"].min(), known["ends"].max()
        for table, column in MOMENT.items():
            frame = events.of_service(getattr(dataset, table), str(service))
            times = frame[column]
            outside = (times < first) | ((times >= last) & (times <= dataset.as_of))
            rows += [
                _row("outside the data", table, row, column, f"observed: {first} to {last}")
                for _, row in frame[outside].iterrows()
            ]
    return rows


def _series_rows(dataset: Dataset) -> list[dict[str, object]]:
    """What only the counts can tell: incidents on another clock, hours the clocks skipped."""
    zones = sorted({slo.window.timezone for slo in dataset.slos} - {"UTC"})
    rows: list[dict[str, object]] = []
    shifted = set()
    for service, sli in dataset.series[["service", "sli"]].itertuples(index=False):
        known, counts = {"service": service, "sli": sli}, dataset.counts(service, sli)
        shift = _hour_shift(counts, events.of_service(dataset.incidents, service))
        if shift.hours and service not in shifted:
            shifted.add(service)
            rows.append(_row("hour shift", "incidents", known, "started_at", _shift_text(shift)))
        found = _gaps(counts)
        hourly = found.loc[found["length"] == pd.Timedelta(hours=1), "starts_at"]
        rows += [
            _row("skipped hour", "sli", {**known, "time": time}, "time", SKIPPED.format(zone))
            for zone in zones
            for time in hourly[_is_skipped(hourly, timezone=zone)]
        ]
    return rows


SKIPPED = "a gap of one hour where the clocks of {} skip one; local time may have been read as UTC"


def _shift_text(shift: _HourShift) -> str:
    direction = "later" if shift.hours > 0 else "earlier"
    return (
        f"errors stand out during {shift.visible_shifted} of {shift.incidents} incidents "
        f"{abs(shift.hours)} h {direction}, but during {shift.visible} as given; "
        f"check the time zone of the export"
    )


def _is_skipped(times: pd.Series, *, timezone: str) -> np.ndarray:
    """Whether the clocks of a zone skip each time: read as local time it does not exist."""
    wall = pd.DatetimeIndex(times).tz_convert("UTC").tz_localize(None)
    first = np.ones(len(wall), dtype=bool)
    return np.asarray(wall.tz_localize(timezone, nonexistent="NaT", ambiguous=first).isna())


def _row(trouble: str, table: str, row: object, column: str, detail: str) -> dict[str, object]:
    values = dict(row)  # type: ignore[call-overload]
    key = values.get(KEYS.get(table, "sli"), values.get("rule"))
    cells = trouble, table, values.get("service"), key, column, values.get(column, pd.NaT), detail
    return dict(zip(TROUBLE, cells, strict=True))


ENOUGH = 0.95
"""Share of a window [fraction] below which what is said of it is said with the time observed."""


@dataclass(frozen=True)
class Observed:
    """How much of the current window of an objective was observed."""

    length: pd.Timedelta  # time observed since the window began
    share: float  # of the whole window [fraction]; a calendar period that goes on counts whole
    window: Window

    @property
    def is_short(self) -> bool:
        """Whether clearly less than the window was observed, so that results are so far."""
        return self.share < ENOUGH

    def __str__(self) -> str:
        the = "" if self.window.is_rolling else "the "
        return f"{duration(self.length)} observed of {the}{self.window}"


def observed(counts: pd.DataFrame, *, window: Window | None) -> Observed | None:
    """How much of the window that the data ends in was observed.

    Parameters
    ----------
    counts : DataFrame, on a regular UTC index
    window : Window or None, that of the objective

    Returns
    -------
    Observed or None
        None without a window or without a bucket.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-01", periods=42, freq="h", tz="UTC")
    >>> counts = pd.DataFrame({"good": 1.0, "total": 1.0}, index=hours)
    >>> found = observed(counts, window=Window.parse("7d"))
    >>> found.share, found.is_short
    (0.25, True)
    """
    if window is None or counts.empty:
        return None
    part = windows.current(counts, window=window)
    step = windows.step_of(pd.DatetimeIndex(counts.index))
    length = coverage(part) * len(part) * step
    return Observed(length, length / window.length_at(part.index[-1]), window)
