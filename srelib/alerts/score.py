"""How well did alerts detect what mattered: incidents on record, or budget that was spent?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from srelib import events, tables, wording
from srelib.alerts.firing import Spans, _as_episodes, _joined, _plain, _spans_of, _utc
from srelib.alerts.policies import Duration, _length_of
from srelib.budget.status import _budget_fraction, _window_allowance
from srelib.errors import ParameterError
from srelib.shown import estimates
from srelib.stats import Estimate
from srelib.stats.intervals import _median, _rate, _share
from srelib.windows import History, Window
from srelib.windows.sums import _ratios
from srelib.windows.window import _as_window, _check_zone, _regular_step

EVENT = ["key", "label", "starts_at", "ends_at"]
CONFIDENCE = 0.95
DAY, WEEK = pd.Timedelta(days=1), pd.Timedelta(days=7)
TRAILING, QUIET = pd.Timedelta("10min"), pd.Timedelta("30min")
"""Window over which a burn makes an event, and the longest rest within one event."""
OPENS, CLOSES = pd.Timedelta("9h"), pd.Timedelta("17h")
"""Office hours, Monday to Friday."""
_ZERO = pd.Timedelta(0)


def _incident_events(
    incidents: pd.DataFrame, costs: pd.DataFrame, *, until: pd.Timestamp
) -> pd.DataFrame:
    """Incidents as the truth to score against, each with the share of a budget it spent; open ones
    last `_until` the data ends.
    """
    tables.need(incidents, "incidents", "incident_id", "started_at", "resolved_at")
    rows = events.eligible_incidents(incidents)
    titles = rows["title"] if "title" in rows.columns else rows["incident_id"]
    found = pd.DataFrame(
        {
            "key": rows["incident_id"].astype("str"),
            "label": titles.fillna(rows["incident_id"]).astype("str"),
            "starts_at": rows["started_at"],
            "ends_at": rows["resolved_at"].fillna(until),
        }
    )
    found["spent"] = found["key"].map(costs.set_index("incident_id")["share"])
    found = found[found["ends_at"] > found["starts_at"]]
    return found.sort_values("starts_at", kind="stable", ignore_index=True)


def _budget_events(
    past: History, *, target: float, period: Window | Duration, share: float
) -> pd.DataFrame:
    """Significant budget events: spans that spent at least a share of the budget of a period."""
    if not share > 0:
        raise ParameterError(f"share must be positive; got {share}.")
    starts, stops = _joined([_burning(past, _budget_fraction(target))], gap=int(QUIET // past.step))
    budget = _window_allowance(past, target=target, window=_as_window(period))
    spent = (past.bad.sums[stops] - past.bad.sums[starts]) / budget
    kept = spent >= share
    times = past.index
    first = times[starts[kept]]
    return pd.DataFrame(
        {
            "key": pd.Series([str(n + 1) for n in range(len(first))], dtype="str"),
            "label": first.strftime("%Y-%m-%d %H:%M").astype("str"),
            "starts_at": first,
            "ends_at": times[stops[kept] - 1] + past.step,
            "spent": spent[kept],
        }
    )


def _burning(past: History, limit: float) -> Spans:
    """Where the trailing error ratio exceeds the limit, cut to the buckets that do themselves."""
    width = max(1, int(TRAILING // past.step))
    trailing, own = _ratios(past.bad, past.total, widths=[width, 1])
    starts, stops = _spans_of(trailing > limit)
    bad = np.flatnonzero(own > limit)
    first = np.searchsorted(bad, np.maximum(starts - width + 1, 0))
    last = np.searchsorted(bad, stops) - 1
    kept = first <= last
    return _joined([(bad[first[kept]], bad[last[kept]] + 1)])


@dataclass(frozen=True)
class Spending:
    """Budget spent over time, as a share of the budget of one SLO period.

    first, step: start of the first bucket (UTC), and length of each
    spent: spent before each bucket, and by the end [fraction]
    """

    first: pd.Timestamp
    step: pd.Timedelta
    spent: np.ndarray

    @property
    def last(self) -> pd.Timestamp:
        """End of the last bucket."""
        return self.first + self.step * (len(self.spent) - 1)

    @cached_property
    def daily(self) -> pd.DataFrame:
        """Share spent in each 24 hours from the start: starts_at, spent [fraction]."""
        days = -(-(self.last - self.first) // DAY)
        starts = pd.date_range(self.first, periods=days, freq="D")
        spent = self.between(_plain(starts), _plain(starts + DAY))
        return pd.DataFrame({"starts_at": starts, "spent": spent})

    def between(self, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
        """Share spent between times (UTC); even within a bucket, NaN where a time is missing."""
        return self._before(stops) - self._before(starts)

    def _before(self, times: np.ndarray) -> np.ndarray:
        """Share spent before each time."""
        first = self.first.tz_convert(None).to_datetime64()
        place = ((times - first) / self.step.to_timedelta64()).clip(0, len(self.spent) - 1)
        bucket = np.nan_to_num(place).astype("int64").clip(max=len(self.spent) - 2)
        whole, after = self.spent[bucket], self.spent[bucket + 1]
        return np.asarray(whole + (after - whole) * (place - bucket))


def _spending(past: History, *, target: float, period: Window | Duration) -> Spending:
    """Budget spent over time."""
    spent = past.bad.sums / _window_allowance(past, target=target, window=_as_window(period))
    return Spending(past.index[0], past.step, spent)


@dataclass(frozen=True)
class Score:
    """How well the pages of one severity detected the events that mattered.

    severity, weeks: of the pages scored; length of the history [weeks]
    events: one row per event: key, label, starts_at, ends_at, detected, detected_at, detection,
        reset (Timedelta), spent, spent_at_detection [fraction of the budget of a period]
    pages: one row per page: severity, fired_at, resolved_at, out_of_hours, key (the event it
        detected, missing for a false page)
    """

    severity: str
    weeks: float
    events: pd.DataFrame
    pages: pd.DataFrame

    def _repr_html_(self) -> str:
        rows = {
            "events detected": (self.recall, wording.percent),
            f"{self.severity}s that detected one": (self.precision, wording.percent),
            f"{self.severity}s a week": (self.pages_per_week, wording.rate),
            "median time to detect": (self.detection_seconds, wording.to_the_minute),
            "median budget spent by then": (self.spent_at_detection, wording.percent),
        }
        caption = f"Alerts scored over {self.weeks:.1f} weeks, with 95 % intervals"
        return estimates(caption, rows)._repr_html_()

    @cached_property
    def precision(self) -> Estimate:
        """Pages that detected an event / all pages [fraction]."""
        return _share(self.pages["key"].notna(), CONFIDENCE)

    @cached_property
    def recall(self) -> Estimate:
        """Events detected / all events [fraction]."""
        return _share(self.events["detected"].astype(bool), CONFIDENCE)

    @cached_property
    def detection_seconds(self) -> Estimate:
        """Median from the start of an event to its first page, of those detected [s]."""
        return _median(self.events["detection"].dt.total_seconds(), CONFIDENCE)

    @cached_property
    def spent_at_detection(self) -> Estimate:
        """Median over ALL events of what was spent at the first page, or in all [fraction]."""
        return _median(self.events["spent_at_detection"], CONFIDENCE)

    @cached_property
    def pages_per_week(self) -> Estimate:
        """Pages [1/week]."""
        return _rate(len(self.pages), self.weeks, CONFIDENCE)

    @property
    def missed(self) -> pd.DataFrame:
        """Events that no page detected, those that spent most first."""
        rows = self.events[~self.events["detected"]]
        return rows.sort_values("spent", ascending=False, kind="stable", ignore_index=True)

    @property
    def false_pages(self) -> pd.DataFrame:
        """Pages that detected no event."""
        return self.pages[self.pages["key"].isna()].reset_index(drop=True)

    def pages_by_hour(self, *, timezone: str) -> pd.DataFrame:
        """How many pages fired in each hour of the week, seven rows of 24, in an IANA zone."""
        local = self.pages["fired_at"].dt.tz_convert(_check_zone(timezone))
        table = pd.crosstab(local.dt.day_of_week, local.dt.hour)
        return table.reindex(index=range(7), columns=range(24), fill_value=0).astype("int64")


def score(
    alerts: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    severity: str = "page",
    budget: Spending | None = None,
    grace: Duration = "15m",
    merge: Duration = _ZERO,
    timezone: str = "UTC",
) -> Score:
    """Score alerts against the events they should have detected (SRE Workbook, chapter 5).

    A page detects an event when it fires no later than `grace` after its end and has not resolved
    before its start; one that detects several is listed with the first. Events and pages that
    start outside the history are left out.

    Parameters
    ----------
    alerts : DataFrame, a replay (`firing`), or rows as in the table ``alerts`` of an export
    truth : DataFrame, events that mattered: key, label, starts_at, ends_at
    severity : str, which alerts count
    budget : Spending, optional, budget spent over time; needed where `alerts` are rows, whose
        history it is
    grace, merge : Timedelta or str, a page up to `grace` after an event still detects it; those
        `merge` apart are one
    timezone : str, IANA zone of the people who are paged

    Raises
    ------
    ParameterError, ColumnError
        The history, the severity, a time zone or a column is unknown.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=120, freq="min", tz="UTC")
    >>> fires = pd.DataFrame({"page": (index.minute > 20) & (index.minute < 40)}, index)
    >>> truth = pd.DataFrame({"key": ["1"], "label": ["deploy"],
    ...                       "starts_at": [index[16]], "ends_at": [index[30]]})
    >>> score(fires, truth).precision.value
    0.5
    """
    if isinstance(alerts.index, pd.DatetimeIndex):
        first, last = alerts.index[0], alerts.index[-1] + _regular_step(alerts.index)
    elif budget is not None:
        first, last = budget.first, budget.last
    else:
        raise ParameterError("budget is needed to score rows of alerts; it tells their history.")
    pages = _pages(alerts, severity, merge, first, last)
    tables.need(truth, "events", *EVENT)
    columns = [*EVENT, "spent"] if "spent" in truth else EVENT
    found = truth.loc[truth["starts_at"].between(first, last, inclusive="left"), columns]
    found = found.sort_values("starts_at", kind="stable", ignore_index=True)
    matches = _page_matches(found, pages, _length_of(grace, "grace"))
    pages["key"] = _first_key(found, matches)
    pages["out_of_hours"] = _out_of_hours(pages["fired_at"], timezone)
    return Score(severity, (last - first) / WEEK, _described(found, pages, matches, budget), pages)


def _pages(
    alerts: pd.DataFrame, severity: str, merge: Duration, first: pd.Timestamp, last: pd.Timestamp
) -> pd.DataFrame:
    """Episodes of the severity that fire within the history."""
    if isinstance(alerts.index, pd.DatetimeIndex) and severity not in alerts.columns:
        known = list(alerts.columns)
        raise ParameterError(f"no alert has severity {severity!r}; there are {known}.")
    rows = _as_episodes(alerts, merge=merge)
    inside = (rows["fired_at"] >= first) & (rows["fired_at"] <= last)
    return rows[inside & (rows["severity"] == severity)].reset_index(drop=True)


def _page_matches(found: pd.DataFrame, pages: pd.DataFrame, grace: pd.Timedelta) -> np.ndarray:
    """Whether each event (row) is detected by each page (column)."""
    starts, ends = (_column_times(found, name)[:, None] for name in ("starts_at", "ends_at"))
    fired, resolved = (_column_times(pages, name) for name in ("fired_at", "resolved_at"))
    return (fired <= ends + grace.to_timedelta64()) & (np.isnat(resolved) | (resolved > starts))


def _detection_times(found: pd.DataFrame, pages: pd.DataFrame, matches: np.ndarray) -> np.ndarray:
    """When the first page detected each event, not before its start; NaT where none did."""
    width = matches.shape[1]
    first = matches.argmax(axis=1) if width else np.zeros(len(found), int)
    fired = _picked(pages, "fired_at", np.where(matches.any(axis=1), first, width))
    return np.asarray(np.maximum(fired, _column_times(found, "starts_at")))


def _described(
    found: pd.DataFrame, pages: pd.DataFrame, matches: np.ndarray, budget: Spending | None
) -> pd.DataFrame:
    """Events with when they were detected, reset, and what was spent by then."""
    width = matches.shape[1]
    last = width - 1 - matches[:, ::-1].argmax(axis=1) if width else np.zeros(len(found), int)
    detected = np.asarray(matches.any(axis=1))
    at = _detection_times(found, pages, matches)
    resolved = _picked(pages, "resolved_at", np.where(detected, last, width))
    starts, ends = _column_times(found, "starts_at"), _column_times(found, "ends_at")
    spent = by_then = np.full(len(found), np.nan)
    if budget is not None:
        spent, by_then = (budget.between(starts, stop) for stop in (ends, _until(at, ends)))
    spent = found["spent"].to_numpy() if "spent" in found else spent
    return found.assign(
        detected=detected,
        detected_at=_utc(at),
        detection=at - starts,
        reset=np.maximum(resolved - ends, np.timedelta64(0, "us")),
        spent=spent,
        spent_at_detection=np.where(detected, np.minimum(by_then, spent), spent),
    )


def _column_times(rows: pd.DataFrame, name: str) -> np.ndarray:
    """A column of times as a plain array in UTC."""
    return _plain(pd.DatetimeIndex(rows[name]))


def _until(detected_at: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """When events were detected, or over."""
    return np.where(np.isnat(detected_at), ends, detected_at)


def _picked(pages: pd.DataFrame, name: str, places: np.ndarray) -> np.ndarray:
    """Times at these places; NaT one behind the last."""
    return np.asarray(np.append(_column_times(pages, name), np.datetime64("NaT"))[places])


def _first_key(found: pd.DataFrame, matches: np.ndarray) -> pd.Series:
    """Key of the first event each page detects."""
    if not len(found):
        return pd.Series([None] * matches.shape[1], dtype="str")
    keys = found["key"].astype("str").to_numpy(dtype=object)[matches.argmax(axis=0)]
    return pd.Series(keys, dtype="str").where(np.asarray(matches.any(axis=0)))


def _out_of_hours(times: pd.Series, timezone: str) -> pd.Series:
    """Whether each time lies outside office hours, or on a weekend, where people are."""
    local = times.dt.tz_convert(_check_zone(timezone))
    clock = pd.to_timedelta(local.dt.hour * 60 + local.dt.minute, unit="min")
    return (local.dt.day_of_week >= 5) | (clock < OPENS) | (clock >= CLOSES)
