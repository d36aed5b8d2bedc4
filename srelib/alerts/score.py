"""What alerts should have told us about: incidents on record, or budget that was spent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import windows
from srelib.alerts.firing import History, Spans, as_episodes, history, joined, plain, spans_of, utc
from srelib.alerts.policies import length_of, period_length
from srelib.budget import budget_fraction
from srelib.budget.status import regular_step
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.stats import Estimate, median, rate, share
from srelib.windows import Window

COLUMNS = ["key", "label", "starts_at", "ends_at"]


def incident_events(incidents: pd.DataFrame, *, until: pd.Timestamp) -> pd.DataFrame:
    """Incidents as the truth to score against."""
    for name in ("incident_id", "started_at", "resolved_at"):
        if name not in incidents.columns:
            raise ColumnError(f"incidents lack {name!r}; columns seen: {list(incidents.columns)}.")
    titles = incidents["title"] if "title" in incidents.columns else incidents["incident_id"]
    found = pd.DataFrame(
        {
            "key": incidents["incident_id"].astype("str"),
            "label": titles.fillna(incidents["incident_id"]).astype("str"),
            "starts_at": incidents["started_at"],
            "ends_at": incidents["resolved_at"].fillna(until),
        }
    )
    real = found["ends_at"] > found["starts_at"]
    if "severity" in incidents.columns:
        real &= incidents["severity"].astype("str").str.lower() != "maintenance"
    return found[real].sort_values("starts_at", kind="stable").reset_index(drop=True)


def budget_events(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    period: Window | pd.Timedelta | str,
    share: float,
    burn: float = 1.0,
    window: pd.Timedelta | str = "10m",
    quiet: pd.Timedelta | str = "30m",
) -> pd.DataFrame:
    """Significant budget events: spans that spent at least a share of the budget of a period."""
    if not (share > 0 and burn > 0):
        raise ParameterError(f"share and burn must be positive; got {share} and {burn}.")
    past = history(good, total)
    spans = _burning(past, burn * budget_fraction(target), length_of(window, "window"))
    starts, stops = joined([spans], gap=int(length_of(quiet, "quiet") // past.step))
    spent = (past.bad.sums[stops] - past.bad.sums[starts]) / period_budget(
        past, target=target, period=period
    )
    kept = spent >= share
    times = past.index.tz_convert("UTC").as_unit("us")
    found = pd.DataFrame(
        {
            "starts_at": times[starts[kept]],
            "ends_at": times[stops[kept] - 1] + past.step,
            "spent": spent[kept],
        }
    )
    found.insert(0, "key", [str(n + 1) for n in range(len(found))])
    found.insert(1, "label", found["starts_at"].dt.strftime("%Y-%m-%d %H:%M").astype("str"))
    return found.astype({"key": "str", "label": "str"})


def period_budget(past: History, *, target: float, period: Window | pd.Timedelta | str) -> float:
    """Bad events that a whole SLO period allows at the average traffic of the history."""
    known = int(past.total.known_before[-1])
    seen = float(past.total.sums[-1])
    if not (known and seen):
        raise InsufficientDataError(
            "the budget of a period needs traffic; the history holds none. Check the export."
        )
    return budget_fraction(target) * seen / known * (period_length(period) / past.step)


def _burning(past: History, limit: float, window: pd.Timedelta) -> Spans:
    """Where the trailing error ratio exceeds the limit, cut to the buckets that do themselves."""
    width = max(1, int(window // past.step))
    trailing, own = windows.ratios(past.bad, past.total, widths=[width, 1])
    starts, stops = spans_of(trailing > limit)
    bad = np.flatnonzero(own > limit)
    first = np.searchsorted(bad, np.maximum(starts - width + 1, 0))
    last = np.searchsorted(bad, stops) - 1
    kept = first <= last
    return joined([(bad[first[kept]], bad[last[kept]] + 1)])


@dataclass(frozen=True)
class Spending:
    """Budget spent over time.

    Parameters
    ----------
    first : Timestamp
        Start of the first bucket, UTC.
    step : Timedelta
        Length of a bucket.
    spent : array, shape (buckets + 1,)
        Share of the budget of a period spent before each bucket, and by the end [fraction].
    """

    first: pd.Timestamp
    step: pd.Timedelta
    spent: np.ndarray

    @property
    def last(self) -> pd.Timestamp:
        """End of the last bucket."""
        return self.first + self.step * (len(self.spent) - 1)

    def between(self, starts: pd.Series, stops: pd.Series) -> np.ndarray:
        """Share of the budget of a period spent between two times, row by row.

        Parameters
        ----------
        starts, stops : Series of Timestamp

        Returns
        -------
        array
            Fractions; inside a bucket spending is taken as even; NaN where a time is missing.
        """
        places = np.arange(len(self.spent), dtype="float64")
        low, high = (
            np.interp((times - self.first) / self.step, places, self.spent)
            for times in (starts, stops)
        )
        return np.where(starts.isna() | stops.isna(), np.nan, high - low)


def spending(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    period: Window | pd.Timedelta | str,
) -> Spending:
    """Budget spent over time, as a share of the budget of one SLO period."""
    past = history(good, total)
    share = past.bad.sums / period_budget(past, target=target, period=period)
    return Spending(past.index[0].tz_convert("UTC").as_unit("us"), past.step, share)


WEEK = pd.Timedelta(days=7)
_ZERO = pd.Timedelta(0)


@dataclass(frozen=True)
class Score:
    """What the pages of one severity told us about the events that mattered.

    Parameters
    ----------
    severity : str
        Of the pages scored.
    weeks : float
        Length of the history [weeks].
    precision : Estimate
        Pages that told about an event / all pages [fraction].
    recall : Estimate
        Events told about / all events [fraction].
    detection_seconds : Estimate
        Median from the start of an event to its first page, of those told about [s].
    reset_seconds : Estimate
        Median from the end of an event until its last page resolved [s].
    spent_at_detection : Estimate
        Median over ALL events of the budget of a period already spent at the first page, or by
        the whole event where none came [fraction]; NaN without `budget`.
    pages_per_week : Estimate
        Pages [1/week].
    out_of_hours : Estimate
        Pages outside office hours / all pages [fraction].
    events : DataFrame
        One row per event: key, label, starts_at, ends_at, caught, detected_at, detection, reset
        (Timedelta), spent, spent_at_detection [fraction of the budget of a period].
    pages : DataFrame
        One row per page: severity, fired_at, resolved_at, key (event it told about, missing for a
        false page), out_of_hours.
    """

    severity: str
    weeks: float
    precision: Estimate
    recall: Estimate
    detection_seconds: Estimate
    reset_seconds: Estimate
    spent_at_detection: Estimate
    pages_per_week: Estimate
    out_of_hours: Estimate
    events: pd.DataFrame
    pages: pd.DataFrame

    @property
    def missed(self) -> pd.DataFrame:
        """Events no page told about."""
        return self.events[~self.events["caught"]].reset_index(drop=True)

    @property
    def false_pages(self) -> pd.DataFrame:
        """Pages that told about no event."""
        return self.pages[self.pages["key"].isna()].reset_index(drop=True)


def score(
    alerts: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    severity: str | Iterable[str] = "page",
    budget: Spending | None = None,
    between: tuple[pd.Timestamp, pd.Timestamp] | None = None,
    grace: pd.Timedelta | str = "15m",
    merge: pd.Timedelta | str = _ZERO,
    timezone: str = "UTC",
    office: tuple[str, str] = ("09:00", "17:00"),
    confidence: float = 0.95,
) -> Score:
    """Score alerts against the events they should have told us about.

    Parameters
    ----------
    alerts : DataFrame
        A replay (`firing`), its `episodes`, or the table ``alerts`` of an export.
    truth : DataFrame
        Events that mattered: key, label, starts_at, ends_at (`budget_events`, `incident_events`).
    severity : str or iterable of str
        Which alerts count; several are scored as one.
    budget : Spending, optional
        As from `spending`, to know what was spent when a page came.
    between : (Timestamp, Timestamp), optional
        The history; needed where `alerts` are rows and there is no `budget`.
        Events and pages that start outside are left out.
    grace : Timedelta or str
        A page up to this long after an event still tells about it.
    merge : Timedelta or str
        Pages at most this far apart are one.
    timezone : str
        IANA zone of the people who are paged.
    office : (str, str)
        Office hours there, Monday to Friday; start and end as HH:MM.
    confidence : float
        Of the intervals [fraction].

    Returns
    -------
    Score

    Raises
    ------
    ParameterError
        The history is not known, the severity does not occur in a replay, or a zone or office
        hours cannot be read.
    ColumnError
        A table lacks a column.

    Notes
    -----
    A page tells about an event when it fires no later than `grace` after its end and has not
    resolved before its start; a page that tells about several is listed with the first.
    A page already firing when an event starts detects it after no time.
    Intervals take events and pages as independent: Wilson's for shares, Poisson's for the number
    of pages, order statistics for medians.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 5: precision,
       recall, detection time, reset time.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=120, freq="min", tz="UTC")
    >>> fires = pd.DataFrame({"page": (index.minute > 20) & (index.minute < 40)}, index)
    >>> truth = pd.DataFrame({"key": ["1"], "label": ["deploy"],
    ...                       "starts_at": [index[16]], "ends_at": [index[30]]})
    >>> found = score(fires, truth)
    >>> found.recall.value, found.precision.value, found.detection_seconds.value
    (1.0, 0.5, 360.0)
    """
    wanted = [severity] if isinstance(severity, str) else list(severity)
    first, last = _history(alerts, budget, between)
    pages = _pages(alerts, wanted, merge, first, last)
    events = _events(truth, first, last)
    told = _told(events, pages, length_of(grace, "grace"))
    events = _described(events, pages, told, budget)
    pages["key"] = _first_key(events, told)
    pages["out_of_hours"] = _out_of_hours(pages["fired_at"], timezone, office)
    weeks = (last - first) / WEEK
    return Score(
        severity=" or ".join(wanted),
        weeks=weeks,
        precision=share(pages["key"].notna(), confidence),
        recall=share(events["caught"], confidence),
        detection_seconds=median(events["detection"].dt.total_seconds(), confidence),
        reset_seconds=median(events["reset"].dt.total_seconds(), confidence),
        spent_at_detection=median(events["spent_at_detection"], confidence),
        pages_per_week=rate(len(pages), weeks, confidence),
        out_of_hours=share(pages["out_of_hours"], confidence),
        events=events,
        pages=pages,
    )


def _history(
    alerts: pd.DataFrame,
    budget: Spending | None,
    between: tuple[pd.Timestamp, pd.Timestamp] | None,
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Start and end of the time scored."""
    if between is not None:
        return between
    if isinstance(alerts.index, pd.DatetimeIndex):
        return alerts.index[0], alerts.index[-1] + regular_step(alerts.index)
    if budget is not None:
        return budget.first, budget.last
    raise ParameterError("between is needed to score rows of alerts; give start and end of them.")


def _pages(
    alerts: pd.DataFrame,
    wanted: list[str],
    merge: pd.Timedelta | str,
    first: pd.Timestamp,
    last: pd.Timestamp,
) -> pd.DataFrame:
    """Episodes of the severities wanted, taken as one, that fire within the history."""
    if isinstance(alerts.index, pd.DatetimeIndex):
        unknown = [name for name in wanted if name not in alerts.columns]
        if unknown:
            raise ParameterError(
                f"no alert has severity {unknown[0]!r}; there are {list(alerts.columns)}."
            )
        named = pd.DataFrame({" or ".join(wanted): alerts[wanted].any(axis=1)})
        rows = as_episodes(named, merge=merge)
    else:
        chosen = alerts[alerts["severity"].isin(wanted)] if "severity" in alerts else alerts
        rows = as_episodes(chosen.assign(severity=" or ".join(wanted)), merge=merge)
    inside = (rows["fired_at"] >= first) & (rows["fired_at"] <= last)
    return rows[inside].reset_index(drop=True)


def _events(truth: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Events that start within the history."""
    columns = ["key", "label", "starts_at", "ends_at"]
    lacking = [name for name in columns if name not in truth.columns]
    if lacking:
        raise ColumnError(f"truth lacks {lacking}; columns seen: {list(truth.columns)}.")
    inside = (truth["starts_at"] >= first) & (truth["starts_at"] < last)
    return truth.loc[inside, columns].sort_values("starts_at", kind="stable", ignore_index=True)


def _told(events: pd.DataFrame, pages: pd.DataFrame, grace: pd.Timedelta) -> np.ndarray:
    """Whether each event (row) is told about by each page (column)."""
    starts, ends = (
        plain(pd.DatetimeIndex(events[name]))[:, None] for name in ("starts_at", "ends_at")
    )
    fired, resolved = (plain(pd.DatetimeIndex(pages[n])) for n in ("fired_at", "resolved_at"))
    return (fired <= ends + grace.to_timedelta64()) & (np.isnat(resolved) | (resolved > starts))


def _described(
    events: pd.DataFrame, pages: pd.DataFrame, told: np.ndarray, budget: Spending | None
) -> pd.DataFrame:
    """Events with when they were detected, reset, and what was spent by then."""
    caught = np.asarray(told.any(axis=1))
    width = told.shape[1]
    first = told.argmax(axis=1) if width else np.zeros(len(events), dtype="int64")
    last = width - 1 - told[:, ::-1].argmax(axis=1) if width else first
    events = events.assign(caught=caught)
    detected = _picked(pages["fired_at"], np.where(caught, first, width))
    resolved = _picked(pages["resolved_at"], np.where(caught, last, width))
    events["detected_at"] = detected.where(~(detected < events["starts_at"]), events["starts_at"])
    events["detection"] = events["detected_at"] - events["starts_at"]
    events["reset"] = _not_negative(resolved - events["ends_at"])
    return events.assign(**_spent(events, budget))


def _not_negative(lengths: pd.Series) -> pd.Series:
    return lengths.where(~(lengths < _ZERO), _ZERO)


def _picked(times: pd.Series, places: np.ndarray) -> pd.Series:
    """Times at these places; NaT one behind the last."""
    known = np.append(plain(pd.DatetimeIndex(times)), np.datetime64("NaT"))
    return pd.Series(utc(known[places]))


def _spent(events: pd.DataFrame, budget: Spending | None) -> dict[str, np.ndarray]:
    """Budget each event spent in all, and until its first page."""
    if budget is None:
        unknown = np.full(len(events), np.nan)
        return {"spent": unknown, "spent_at_detection": unknown}
    until = events["detected_at"].fillna(events["ends_at"])
    return {
        "spent": budget.between(events["starts_at"], events["ends_at"]),
        "spent_at_detection": budget.between(events["starts_at"], until),
    }


def _first_key(events: pd.DataFrame, told: np.ndarray) -> pd.Series:
    """Key of the first event each page tells about."""
    if not len(events):
        return pd.Series([None] * told.shape[1], dtype="str")
    keys = events["key"].astype("str").to_numpy(dtype=object)[told.argmax(axis=0)]
    return pd.Series(keys, dtype="str").where(np.asarray(told.any(axis=0)))


def _out_of_hours(times: pd.Series, timezone: str, office: tuple[str, str]) -> pd.Series:
    """Whether each time lies outside office hours, or on a weekend, where people are."""
    try:
        local = times.dt.tz_convert(timezone)
        opens, closes = (pd.Timedelta(f"{text}:00") for text in office)
    except (KeyError, ValueError, OSError) as error:
        raise ParameterError(
            f"timezone must be an IANA name and office two times such as 09:00; "
            f"got {timezone!r}, {office!r}."
        ) from error
    clock = pd.to_timedelta(local.dt.hour * 60 + local.dt.minute, unit="min")
    return (local.dt.day_of_week >= 5) | (clock < opens) | (clock >= closes)
