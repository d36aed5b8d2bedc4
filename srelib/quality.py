"""How much was observed: coverage, gaps, duplicates; each a score or table and a mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib import windows
from srelib.errors import ColumnError, ParameterError, TimeIndexError
from srelib.windows import Window
from srelib.wording import duration

if TYPE_CHECKING:
    from srelib.dataset import Dataset

SERIES = ["service", "sli", "time"]


def coverage(counts: pd.DataFrame) -> float:
    """Share of the buckets from the first to the last that were observed.

    Parameters
    ----------
    counts : DataFrame
        Columns good and total [events] on a UTC index of bucket starts; a bucket that was
        not observed is missing, as NaN or as a row that is not there.

    Returns
    -------
    float
        0 to 1 [fraction]; NaN without any bucket.

    Notes
    -----
    A bucket without traffic (total = 0) was observed.
    The length of a bucket is the most common step, so one early gap does not rescale it.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> coverage(pd.DataFrame({"good": 1.0, "total": [1.0, 2.0, None, 1.0]}, index=index))
    0.75
    """
    seen = _observed(counts)
    return windows.ratio(float(seen.sum()), float(len(seen)))


def covered(counts: pd.DataFrame, *, min_coverage: float, timezone: str = "UTC") -> pd.Series:
    """Whether the day of each bucket was observed well enough to be used."""
    if not 0 <= min_coverage <= 1:
        raise ParameterError(f"min_coverage must lie between 0 and 1; got {min_coverage:g}.")
    days = _local_days(times_of(counts), timezone)
    share = coverage_by_day(counts, timezone=timezone).reindex(days)
    return pd.Series(share.to_numpy() >= min_coverage, index=counts.index, name="covered")


def coverage_by_day(counts: pd.DataFrame, *, timezone: str = "UTC") -> pd.Series:
    """Share of each day's buckets that were observed.

    Parameters
    ----------
    counts : DataFrame
        Columns good and total [events] on a UTC index of bucket starts.
    timezone : str
        IANA time zone whose midnights divide the days.

    Returns
    -------
    Series
        0 to 1 [fraction], index the local midnights of every day from first to last.

    Notes
    -----
    A day with a clock change has 23 or 25 hours of buckets.
    Of the first and the last day only the part inside the data counts.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=4, freq="12h", tz="UTC")
    >>> counts = pd.DataFrame({"good": 1.0, "total": [1.0, None, 1.0, 1.0]}, index=index)
    >>> coverage_by_day(counts).tolist()
    [0.5, 1.0]
    """
    seen = _observed(counts)
    days = _local_days(pd.DatetimeIndex(seen.index), timezone)
    return seen.astype("float64").groupby(days).mean().rename("coverage")


def gaps(counts: pd.DataFrame, *, at_least: pd.Timedelta | str = "0s") -> pd.DataFrame:
    """The stretches of time in which nothing was observed."""
    seen = _observed(counts)
    edges = np.diff(np.concatenate([[0], ~seen.to_numpy(), [0]]).astype("int8"))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    times = pd.DatetimeIndex(seen.index)
    step = _step(times)
    frame = pd.DataFrame({"starts_at": times[starts], "ends_at": times[ends - 1] + step})
    frame["length"] = frame["ends_at"] - frame["starts_at"]
    return frame[frame["length"] >= pd.Timedelta(at_least)].reset_index(drop=True)


def in_gap(counts: pd.DataFrame, *, at_least: pd.Timedelta | str = "0s") -> pd.Series:
    """Whether each bucket lies in a gap."""
    found = gaps(counts, at_least=at_least)
    times = times_of(counts)
    inside = np.zeros(len(times), dtype=bool)
    low = times.searchsorted(pd.DatetimeIndex(found["starts_at"]))
    high = times.searchsorted(pd.DatetimeIndex(found["ends_at"]))
    for first, last in zip(low, high, strict=True):
        inside[first:last] = True
    return pd.Series(inside, index=counts.index, name="in_gap")


def duplicates(sli: pd.DataFrame) -> pd.DataFrame:
    """Buckets of a series that appear more than once, and whether the copies disagree."""
    repeated = sli[is_duplicate(sli)]
    groups = repeated.groupby(SERIES, observed=True, sort=True)
    different = groups[["good", "total"]].nunique(dropna=False).gt(1).any(axis=1)
    frame = pd.DataFrame({"rows": groups.size(), "conflicting": different})
    return frame.reset_index()[[*SERIES, "rows", "conflicting"]]


def is_duplicate(sli: pd.DataFrame) -> pd.Series:
    """Whether another row of the table holds the same bucket of the same series."""
    lacking = [name for name in SERIES if name not in sli.columns]
    if lacking:
        raise ColumnError(f"sli lacks {', '.join(lacking)}; columns seen: {list(sli)}.")
    return sli.duplicated(SERIES, keep=False).rename("duplicate")


def times_of(counts: pd.DataFrame) -> pd.DatetimeIndex:
    """Starts of the buckets, refused when they are not tz-aware and increasing."""
    index = counts.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        raise TimeIndexError("counts need an index of tz-aware times; localize it first.")
    if not (index.is_monotonic_increasing and index.is_unique):
        raise TimeIndexError("times must increase; sort and deduplicate first.")
    return index


def _local_days(times: pd.DatetimeIndex, timezone: str) -> pd.DatetimeIndex:
    """Start of the local day of each time; where clocks skip midnight, the first moment after."""
    calendar = windows.Window(unit="day", timezone=timezone)
    return windows.period_starts(times, window=calendar).tz_convert(timezone).rename("day")


def _step(times: pd.DatetimeIndex) -> pd.Timedelta:
    return windows.step_of(times) if len(times) > 1 else pd.Timedelta(0)


def _observed(counts: pd.DataFrame) -> pd.Series:
    """Whether each bucket was observed, on the full grid from the first to the last."""
    times = times_of(counts)
    lacking = [name for name in ("good", "total") if name not in counts.columns]
    if lacking:
        raise ColumnError(f"counts lack {', '.join(lacking)}; columns seen: {list(counts)}.")
    seen = counts["good"].notna() & counts["total"].notna()
    if len(times) < 2:
        return seen
    full = pd.date_range(times[0], times[-1], freq=_step(times))
    return seen if len(full) == len(times) else seen.reindex(full, fill_value=False)


SHIFTS = tuple(hours for hours in range(-14, 15) if hours)
"""Whole hours two clocks may differ by: the time zones of the Earth."""

MIN_INCIDENTS = 3
LIFT = 2.0  # an incident is visible when its error ratio is above this many times the usual one


@dataclass(frozen=True)
class HourShift:
    """Whether incidents fit the bad events better on a clock some hours away."""

    hours: int
    visible: int
    visible_shifted: int
    incidents: int


def hour_shift(counts: pd.DataFrame, incidents: pd.DataFrame) -> HourShift:
    """Whether incidents would fit the bad events on a clock some whole hours away."""
    rows = incidents[incidents["resolved_at"] > incidents["started_at"]]
    times = times_of(counts)
    good_seen, total_seen = (counts[name].to_numpy() for name in ("good", "total"))
    bad, total = windows.prefix_pair(total_seen - good_seen, total_seen)
    usual = float(windows.divide(bad.sums[-1:], total.sums[-1:])[0])
    scores = {}
    for hours in (0, *SHIFTS):
        moved = pd.Timedelta(hours=hours)
        low = times.searchsorted(pd.DatetimeIndex(rows["started_at"] + moved))
        high = times.searchsorted(pd.DatetimeIndex(rows["resolved_at"] + moved))
        held = bad.sums[high] - bad.sums[low]
        ratio = windows.divide(held, total.sums[high] - total.sums[low])
        scores[hours] = (int((ratio > LIFT * usual).sum()), float(held.sum()), -abs(hours))
    best = max(scores, key=lambda hours: scores[hours])
    visible, shifted = scores[0][0], scores[best][0]
    better = shifted >= max(MIN_INCIDENTS, len(rows) / 2) and shifted > 2 * visible
    return HourShift(best if better else 0, visible, shifted if better else visible, len(rows))


ORDERED = {
    "deployments": (("started_at", "finished_at"),),
    "changes": (("committed_at", "merged_at"),),
    "incidents": (
        ("started_at", "detected_at"),
        ("started_at", "acknowledged_at"),
        ("started_at", "mitigated_at"),
        ("started_at", "resolved_at"),
    ),
    "alerts": (("fired_at", "resolved_at"),),
    "exclusions": (("starts_at", "ends_at"),),
}
"""Pairs of times of one row of which the first must not come after the second."""

KEYS = {"deployments": "deployment_id", "incidents": "incident_id", "changes": "change_id"}
MOMENT = {"deployments": "finished_at", "incidents": "started_at", "alerts": "fired_at"}
TROUBLE = ["trouble", "table", "service", "key", "column", "time", "detail"]


def is_future(times: pd.Series, *, as_of: pd.Timestamp) -> pd.Series:
    """Whether a time lies after "now", the end of the data."""
    return (times > as_of).rename("future")


def is_out_of_order(times: pd.Series) -> pd.Series:
    """Whether a time lies before one that stands above it."""
    return (times < times.cummax()).rename("out_of_order")


def is_outside(times: pd.Series, *, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    """Whether a time lies outside the span in which the service was observed."""
    return ((times < first) | (times >= last)).rename("outside")


def is_skipped(times: pd.Series, *, timezone: str) -> pd.Series:
    """Whether the clocks of a zone skip this time: read as local time it does not exist."""
    wall = pd.DatetimeIndex(times).tz_convert("UTC").tz_localize(None)
    first = np.ones(len(wall), dtype=bool)
    local = wall.tz_localize(timezone, nonexistent="NaT", ambiguous=first)
    skipped = np.asarray(local.isna()) & np.asarray(wall.notna())
    return pd.Series(skipped, index=times.index, name="skipped")


def clock_trouble(dataset: Dataset) -> pd.DataFrame:
    """Everything about the times of a dataset that looks wrong.

    Parameters
    ----------
    dataset : Dataset
        The exports, as `srelib.load` returns them.

    Returns
    -------
    DataFrame
        One row per finding: trouble ('in the future', 'out of order', 'outside the data',
        'hour shift', 'skipped hour'), table, service, key (identifier, where there is one),
        column, time, detail (in words; names as the source has them, not escaped).

    Notes
    -----
    A deployment or incident outside the time observed is no error, but nothing can be said
    about its effect.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from srelib import tables
    >>> parts = {name: tables.empty(name) for name in tables.TABLES}
    >>> nothing = SimpleNamespace(**parts, as_of=pd.Timestamp("2026-01-01", tz="UTC"), slos=[])
    >>> len(clock_trouble(nothing))
    0
    """
    rows: list[dict[str, object]] = []
    for table, pairs in ORDERED.items():
        frame = getattr(dataset, table)
        rows += _future_rows(frame, table, pairs, as_of=dataset.as_of)
        rows += _order_rows(frame, table, pairs)
    rows += _outside_rows(dataset)
    rows += _series_rows(dataset)
    found = pd.DataFrame(rows, columns=TROUBLE)
    return found.assign(time=pd.to_datetime(found["time"], utc=True).astype("datetime64[us, UTC]"))


def _future_rows(
    frame: pd.DataFrame,
    table: str,
    pairs: tuple[tuple[str, str], ...],
    *,
    as_of: pd.Timestamp,
) -> list[dict[str, object]]:
    if table == "exclusions":
        return []  # maintenance is planned ahead
    columns = dict.fromkeys(column for pair in pairs for column in pair)
    return [
        _row("in the future", table, row, column, f"after the end of the data, {as_of}")
        for column in columns
        for _, row in frame[is_future(frame[column], as_of=as_of)].iterrows()
    ]


def _order_rows(
    frame: pd.DataFrame, table: str, pairs: tuple[tuple[str, str], ...]
) -> list[dict[str, object]]:
    return [
        _row("out of order", table, row, second, f"{second} lies before {first}, {row[first]}")
        for first, second in pairs
        for _, row in frame[frame[second] < frame[first]].iterrows()
    ]


def _outside_rows(dataset: Dataset) -> list[dict[str, object]]:
    rows = []
    for service, (first, last) in _spans(dataset.series).items():
        for table, column in MOMENT.items():
            frame = getattr(dataset, table)
            frame = frame[frame["service"] == service]
            outside = is_outside(frame[column], first=first, last=last)
            future = is_future(frame[column], as_of=dataset.as_of)
            rows += [
                _row("outside the data", table, row, column, f"observed: {first} to {last}")
                for _, row in frame[outside & ~future].iterrows()
            ]
    return rows


def _spans(series: pd.DataFrame) -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
    ends = series["last"] + pd.to_timedelta(series["step_seconds"], unit="s")
    groups = series.assign(ends=ends).groupby("service", observed=True)
    return {str(service): (rows["first"].min(), rows["ends"].max()) for service, rows in groups}


def _series_rows(dataset: Dataset) -> list[dict[str, object]]:
    """What only the counts can tell: incidents on another clock, hours the clocks skipped."""
    zones = {slo.window.timezone for slo in dataset.slos} - {"UTC"}
    rows: list[dict[str, object]] = []
    for service, sli in zip(dataset.series["service"], dataset.series["sli"], strict=True):
        counts = dataset.counts(service, sli)
        incidents = dataset.incidents[dataset.incidents["service"] == service]
        known = {"service": service, "sli": sli}
        shift = hour_shift(counts, incidents)
        if shift.hours and not any(_is_shift_of(row, service) for row in rows):
            rows.append(_row("hour shift", "incidents", known, "started_at", _shift_text(shift)))
        rows += _skipped_rows(counts, known, sorted(zones))
    return rows


def _is_shift_of(row: dict[str, object], service: object) -> bool:
    return row["trouble"] == "hour shift" and row["service"] == service


def _shift_text(shift: HourShift) -> str:
    direction = "later" if shift.hours > 0 else "earlier"
    return (
        f"errors stand out during {shift.visible_shifted} of {shift.incidents} incidents "
        f"{abs(shift.hours)} h {direction}, but during {shift.visible} as given; "
        f"check the time zone of the export"
    )


def _skipped_rows(
    counts: pd.DataFrame, known: dict[str, str], zones: list[str]
) -> list[dict[str, object]]:
    found = gaps(counts)
    hourly = found[found["length"] == pd.Timedelta(hours=1)]
    return [
        _row(
            "skipped hour", "sli", {**known, "time": time}, "time",
            f"a gap of one hour where the clocks of {zone} skip one; "
            f"local time may have been read as UTC",
        )
        for zone in zones
        for time in hourly["starts_at"][is_skipped(hourly["starts_at"], timezone=zone)]
    ]  # fmt: skip


def _row(trouble: str, table: str, row: object, column: str, detail: str) -> dict[str, object]:
    values = dict(row)  # type: ignore[call-overload]
    service = values.get("service")
    return {
        "trouble": trouble,
        "table": table,
        "service": service,
        "key": values.get(KEYS.get(table, "sli"), values.get("rule")),
        "column": column,
        "time": values.get(column, pd.NaT),
        "detail": detail,
    }


COLUMNS = [
    "service",
    "sli",
    "unit",
    "step",
    "first",
    "last",
    "buckets",
    "missing",
    "coverage",
    "gaps",
    "longest_gap",
    "gap_starts_at",
    "no_traffic",
    "total",
    "note",
]


def summary(dataset: Dataset) -> pd.DataFrame:
    """How well each series was observed.

    Parameters
    ----------
    dataset : Dataset
        The exports, as `srelib.load` returns them.

    Returns
    -------
    DataFrame
        One row per service and indicator: service, sli, unit, step [Timedelta], first, last
        (start of the first and of the last bucket), buckets (observed), missing (buckets
        between first and last that were not), coverage [fraction], gaps (how many),
        longest_gap [Timedelta; 0 without], gap_starts_at (of the longest; NaT without),
        no_traffic [fraction of the observed buckets in which nothing was asked],
        total [events or seconds], note.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from srelib import tables
    >>> summary(SimpleNamespace(series=tables.empty("series"))).shape
    (0, 15)
    """
    rows = [_of_series(dataset, series) for series in dataset.series.to_dict("records")]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_series(dataset: Dataset, series: dict) -> dict[str, object]:
    counts = dataset.counts(series["service"], series["sli"])
    seen = counts["total"].notna() & counts["good"].notna()
    found = gaps(counts)
    longest = found.iloc[found["length"].argmax()] if len(found) else None
    return {
        **{name: series.get(name) for name in ("service", "sli", "unit", "first", "last", "note")},
        "step": pd.Timedelta(seconds=series["step_seconds"]),
        "buckets": int(seen.sum()),
        "missing": int((~seen).sum()),
        "coverage": coverage(counts),
        "gaps": len(found),
        "longest_gap": pd.Timedelta(0) if longest is None else longest["length"],
        "gap_starts_at": pd.NaT if longest is None else longest["starts_at"],
        "no_traffic": windows.ratio(float((counts["total"] == 0).sum()), float(seen.sum())),
        "total": windows.totals(counts["good"], counts["total"])[1],
    }


ENOUGH = 0.95
"""Share of a window [fraction] below which what is said of it is said with the time observed."""


@dataclass(frozen=True)
class Observed:
    """How much of the current window of an objective was observed.

    Parameters
    ----------
    length : Timedelta
        Time observed since the window began.
    share : float
        Of the whole window [fraction]; a calendar period that goes on counts whole.
    window : Window
        The window.
    """

    length: pd.Timedelta
    share: float
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
    counts : DataFrame
        On a regular UTC index.
    window : Window or None
        Window of the objective.

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
