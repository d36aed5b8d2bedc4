"""Clock trouble: times in the future, out of order, outside the data, off by whole hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib.quality.coverage import gaps
from srelib.quality.shift import HourShift, hour_shift

if TYPE_CHECKING:
    from srelib.dataset import Dataset

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
