"""How do other policies, and the alerts that really fired, compare on the same history?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from srelib import tables
from srelib.alerts.pages import of_severity, page_episodes, unclear_severities
from srelib.alerts.policies import PAGE, _builtin_policies
from srelib.alerts.replay import (
    AlertReplay,
    PooledAlerts,
    _event_rows,
    _history_span,
    _pool_scores,
    _spent_by,
    pooled,
)
from srelib.alerts.score import WEEK, _column_times, _detection_times, _page_matches, _until, score
from srelib.fleet import Indicator
from srelib.stats.comparisons import unbeaten
from srelib.stats.intervals import _rate

NAME = "recorded"
"""What the alerts on record are called beside policies."""

MUCH = 0.2
"""Share of the history without any alert at either end [fraction] that is worth a word."""


def compare(replays: Mapping[Indicator, AlertReplay]) -> dict[str, PooledAlerts]:
    """Every ready-made policy that could be replayed on all objectives, the one in use first.

    Parameters
    ----------
    replays : mapping of Indicator to AlertReplay, at least one

    Examples
    --------
    >>> from srelib.alerts.replay import replay
    >>> total = pd.Series(100.0, pd.date_range("2026-01-01", periods=7200, freq="min", tz="UTC"))
    >>> one = replay(total, total, target=0.99, period="28d", policy="pyrra")
    >>> list(compare({Indicator("a", "shop"): one}))[:3]
    ['pyrra', 'workbook', 'grafana']
    """
    current = next(iter(replays.values())).policy
    others = [name for name in _builtin_policies("28d") if name != current]
    everywhere = [name for name in others if all(name in r.scores for r in replays.values())]
    return {name: pooled(replays, policy=name) for name in (current, *everywhere)}


def search(replays: Mapping[Indicator, AlertReplay]) -> pd.DataFrame:
    """Pages against budget spent at detection, policies chosen on the first half of history.

    Parameters
    ----------
    replays : mapping of Indicator to AlertReplay, at least one

    Returns
    -------
    DataFrame
        Empty when one of the two halves holds no event. One row per policy that could be replayed
        on every objective: policy, kind ('current', 'ready-made', 'candidate'), and for either half
        (``_chosen_on``, ``_tested_on``) pages_per_week [1/week] with its interval (pages_low,
        pages_high: as if pages came independently), spent (median over events) [fraction], events
        [count]; front (none is better on the first half in both), chosen (spends least on the
        first half among those that page at most as often as the one in use).

    Examples
    --------
    >>> from srelib.alerts.replay import replay
    >>> index = pd.date_range("2026-01-01", periods=7200, freq="min", tz="UTC")
    >>> total = pd.Series(100.0, index)
    >>> good = total.mask((index.day.isin([2, 4])) & (index.hour == 12), 0.0)
    >>> one = replay(good, total, target=0.99, period="28d", policy="workbook")
    >>> search({Indicator("a", "shop"): one})["kind"].value_counts().to_dict()
    {'candidate': 36, 'ready-made': 7, 'current': 1}
    """
    one = next(iter(replays.values()))
    events = pooled(replays).events
    starts, ends = _column_times(events, "starts_at"), _column_times(events, "ends_at")
    rows = _event_rows(replays, {key: r.score for key, r in replays.items()})
    order = np.argsort(rows["event"].to_numpy(), kind="stable")
    first = np.unique(rows["event"].to_numpy()[order], return_index=True)[1]
    place = np.searchsorted(np.unique(rows["event"]), events["event"])
    halves = _halves(replays, events["starts_at"])
    found = []
    for policy in [p for p in one.pages if all(p in r.pages for r in replays.values())]:
        at = np.fmin.reduceat(_detected_at(policy, replays)[order], first)[place]
        spent = _spent_by(events, replays, starts, _until(at, ends))
        fired = np.concatenate(
            [_column_times(r.pages[policy], "fired_at") for r in replays.values()]
        )
        found.append({"policy": policy, **_measured(halves, spent, fired)})
    return _ranked(pd.DataFrame(found), one.policy)


_Halves = dict[str, tuple[pd.Timestamp, pd.Timestamp, np.ndarray]]


def _halves(replays: Mapping[Indicator, AlertReplay], starts: pd.Series) -> _Halves:
    """Of the half policies are chosen on and the one they are tested on: from, to, its events."""
    first, last = _history_span(replays)
    middle = first + (last - first) / 2
    early = (starts < middle).to_numpy()
    return {"chosen_on": (first, middle, early), "tested_on": (middle, last, ~early)}


def _measured(halves: _Halves, spent: np.ndarray, fired: np.ndarray) -> dict[str, float]:
    """Pages a week with interval, median spent at detection, and events of each half."""
    row: dict[str, float] = {}
    for name, (low, high, own) in halves.items():
        start, stop = (time.tz_convert(None).to_datetime64() for time in (low, high))
        pages, known = np.count_nonzero((fired >= start) & (fired < stop)), spent[own]
        rate = _rate(int(pages), (high - low) / WEEK)
        row[f"pages_per_week_{name}"] = rate.value
        row[f"pages_low_{name}"], row[f"pages_high_{name}"] = rate.low, rate.high
        row[f"spent_{name}"] = float(np.median(known)) if len(known) else np.nan
        row[f"events_{name}"] = len(known)
    return row


def _detected_at(policy: str, replays: Mapping[Indicator, AlertReplay]) -> np.ndarray:
    """When a policy detected each event of each objective; NaT where it did not."""
    parts = []
    for one in replays.values():
        events, pages = one.score.events, one.pages[policy]
        parts.append(_detection_times(events, pages, _page_matches(events, pages, one.grace)))
    return np.concatenate(parts)


def _ranked(table: pd.DataFrame, current: str) -> pd.DataFrame:
    """Policies with their kind, those that none beats, and the one to choose."""
    if not (table[["events_chosen_on", "events_tested_on"]] > 0).all(axis=None):
        return pd.DataFrame()
    pages, spent = table["pages_per_week_chosen_on"], table["spent_chosen_on"]
    most = float(pages[table["policy"] == current].iloc[0])
    best = table[pages <= most].sort_values(
        ["spent_chosen_on", "pages_per_week_chosen_on"], kind="stable"
    )
    kind = np.where(table["policy"].isin(_builtin_policies("28d")), "ready-made", "candidate")
    return table.assign(
        kind=np.where(table["policy"] == current, "current", kind),
        front=unbeaten(pages, spent),
        chosen=table.index == best.index[0],
    )


@dataclass(frozen=True)
class RecordedAlerts:
    """What the alerts on record detected.

    pooled: scored like a policy, called 'recorded'; None where no alert counts
    severities, others: as the records name those that count, and those that do not
    unclear: severities that may or may not be those of pages; where there are any, nothing is
        scored
    silent: services with an objective, and without any alert on record
    begins, ends: first and last alert of any severity, where a fifth of the history or more before
        or after is without any: the export may not reach further
    """

    pooled: PooledAlerts | None
    severities: tuple[str, ...]
    others: tuple[str, ...]
    unclear: tuple[str, ...]
    silent: tuple[str, ...]
    begins: pd.Timestamp | None
    ends: pd.Timestamp | None


def recorded(
    alerts: pd.DataFrame,
    replays: Mapping[Indicator, AlertReplay],
    *,
    severity: str = PAGE,
    timezone: str = "UTC",
) -> RecordedAlerts | None:
    """Score the alerts that really fired against what the replays are scored against.

    An alert on record belongs to a service: it detects an event of any objective of it. None
    without alerts.

    Parameters
    ----------
    alerts : DataFrame, table ``alerts`` of all services; one without an end is taken as a moment
    replays : mapping of Indicator to AlertReplay, at least one; they bring the events and what
        those spent
    severity : str, alerts that count: 'page', 'ticket' or 'notice' by whichever name, any other by
        its own. Alerts without a severity are pages.
    timezone : str, IANA zone of the people who are paged

    Examples
    --------
    >>> from srelib.alerts.replay import replay
    >>> index = pd.date_range("2026-01-01", periods=7200, freq="min", tz="UTC")
    >>> total = pd.Series(100.0, index)
    >>> one = replay(total * 0.9, total, target=0.99, period="28d", policy="workbook")
    >>> real = pd.DataFrame({"service": ["shop"], "rule": ["Burn"], "severity": ["critical"],
    ...                      "fired_at": [index[60]], "resolved_at": [index[90]]})
    >>> recorded(real, {Indicator("a", "shop"): one}).pooled.recall.value
    1.0
    """
    if not len(alerts):
        return None
    tables.need(alerts, "alerts", "service", "rule", "severity", "fired_at", "resolved_at")
    first, last = _history_span(replays)
    begins, ends, long = alerts["fired_at"].min(), alerts["fired_at"].max(), (last - first) * MUCH
    services = list(dict.fromkeys(key.service for key in replays))
    counting = of_severity(alerts, severity)
    names = set(alerts.loc[counting, "severity"].dropna().astype("str"))
    unclear = tuple(name for name in unclear_severities(alerts) if name not in names)
    others = set(alerts["severity"].dropna().astype("str")) - names - set(unclear)
    known = counting.any() and not unclear
    return RecordedAlerts(
        pooled=_scored(alerts[counting], replays, timezone) if known else None,
        severities=tuple(sorted(names)),
        others=tuple(sorted(others)),
        unclear=unclear,
        silent=tuple(name for name in services if name not in set(alerts["service"])),
        begins=begins if begins - first >= long else None,
        ends=ends if last - ends >= long else None,
    )


def _scored(
    alerts: pd.DataFrame, replays: Mapping[Indicator, AlertReplay], timezone: str
) -> PooledAlerts:
    """Alerts of each service scored on each of its objectives; a page counts once."""
    scores = {}
    for key, one in replays.items():
        pages = page_episodes(alerts[alerts["service"] == key.service])
        scores[key] = score(pages.assign(severity=NAME), one.score.events, severity=NAME,
                            budget=one.budget, grace=one.grace, timezone=timezone)  # fmt: skip
    found = _pool_scores(replays, scores, NAME)
    pages = found.pages.groupby(["service", "fired_at"], sort=False).first().reset_index()
    return replace(found, pages=pages.assign(objective=pages["service"]))
