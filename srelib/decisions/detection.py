"""When outages were detected, and when an alert policy would have detected them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.alerts.firing import _alert_spans, _answerable, _bucket_ends, _episode_rows
from srelib.alerts.pages import of_severity, unclear_severities
from srelib.alerts.policies import PAGE, AlertPolicy
from srelib.alerts.score import _budget_events, _spending, score
from srelib.windows import History, Window

EVENT = 0.02
"""Share of a window's budget that makes a span worth detecting: `srelib.alerts`."""


@dataclass(frozen=True)
class Detection:
    """When costly spans were detected, and when the alert policy would have detected them.

    `events` has starts_at, ends_at, spent [share of a window's budget], detected (by an alert on
    record) and over_at (when it would have been over); `recorded`: it is known what paged.
    """

    events: pd.DataFrame
    recorded: bool

    def missed(self, *, costly: float) -> tuple[int, float]:
        """Costly spans that no alert on record detected, and their share of what all spent."""
        rows = self.events[self.events["spent"] >= costly]
        if not self.recorded or rows.empty:
            return 0, 0.0
        out = rows[~rows["detected"]]
        return len(out), float(out["spent"].sum() / rows["spent"].sum())


def detection(
    past: History,
    *,
    target: float,
    window: Window,
    policy: AlertPolicy,
    alerts: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
) -> Detection:
    """Spans that spent budget, when they were detected, and when they would have been over.

    Response is taken to last as long as it did; where nobody was alerted, as long as the median.
    """
    budget = _spending(past, target=target, period=window)
    truth = _budget_events(past, target=target, period=window, share=EVENT)

    def scored(pages: pd.DataFrame) -> pd.DataFrame:
        rows = pages.assign(severity=PAGE)
        return score(rows, truth, budget=budget, merge="1h").events

    paged = _recorded_pages(alerts)
    parts = [part for part in (paged, _recorded_incidents(incidents)) if len(part)]
    told, first = scored(paged), scored(pd.concat(parts or [paged]))["detected_at"]
    replayed = scored(_replayed_pages(past, policy, target))["detected_at"]
    ends, zero = truth["ends_at"], pd.Timedelta(0)
    lengths = ends - first, first - replayed
    response, sooner = (length.mask(length < zero, zero) for length in lengths)
    over = ends - sooner.fillna(zero)
    if response.notna().any():
        over = over.mask(first.isna() & replayed.notna(), replayed + response.median())
    over = over.mask(over > ends, ends)
    events = truth.assign(detected=told["detected"].to_numpy(dtype=bool), over_at=over)
    return Detection(events, _is_known(alerts))


def _replayed_pages(past: History, policy: AlertPolicy, target: float) -> pd.DataFrame:
    """Pages that the alert policy would have sent."""
    rules = [rule for rule in _answerable(policy, past) if rule.severity == PAGE]
    none = np.array([], dtype=int)
    spans = _alert_spans(past, {PAGE: rules}, target=target)[PAGE] if rules else (none, none)
    return _episode_rows(spans, _bucket_ends(past.index, past.step), PAGE)


def _recorded_pages(alerts: pd.DataFrame | None) -> pd.DataFrame:
    """Alerts on record that page somebody."""
    columns = ["fired_at", "resolved_at"]
    if alerts is None or not _is_known(alerts):
        return pd.DataFrame(columns=columns, dtype="datetime64[us, UTC]")
    rows = alerts[of_severity(alerts, PAGE)]
    return rows[columns].assign(resolved_at=rows["resolved_at"].fillna(rows["fired_at"]))


def _is_known(alerts: pd.DataFrame | None) -> bool:
    return alerts is not None and not alerts.empty and not unclear_severities(alerts)


def _recorded_incidents(incidents: pd.DataFrame | None) -> pd.DataFrame:
    """Incidents on record as what detected a span, from when they were detected."""
    columns = {"detected_at": "fired_at", "resolved_at": "resolved_at"}
    if incidents is None or incidents.empty:
        return pd.DataFrame(columns=list(columns.values()), dtype="datetime64[us, UTC]")
    begun = incidents["detected_at"].fillna(incidents["started_at"])
    rows = incidents.assign(detected_at=begun).dropna(subset=["detected_at"])
    return rows[list(columns)].rename(columns=columns)
