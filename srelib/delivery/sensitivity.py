"""What the length of the attribution window does to the fail rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from srelib.delivery.counted import Span, reached, seconds, span_of, within_history
from srelib.delivery.failures import attributed, change_fail_rate
from srelib.delivery.rules import DEFAULT, Rules
from srelib.delivery.spans import service_names

LENGTHS = ("30min", "1h", "2h", "4h", "8h", "24h", "72h", "168h")


def sensitivity(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    lengths: Iterable[pd.Timedelta | str] = LENGTHS,
    together: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Fail rate by length of the window, and how many incidents would fall into it by chance.

    Parameters
    ----------
    deployments : DataFrame
        Table ``deployments``, production only.
    incidents : DataFrame
        Table ``incidents``.
    between : (Timestamp, Timestamp)
        The history.
    rules : Rules
        All other choices; an attribution without a window gets one.
    lengths : iterable of Timedelta or str
        Windows to try.
    together : str, optional
        A name under which all services are taken as one.
    confidence : float
        Of the intervals [fraction].

    Returns
    -------
    DataFrame
        One row per length and service: within (Timedelta), service, value, low, high [fraction],
        n [deployments], incidents [in all], attributed, by_chance [incidents].

    Notes
    -----
    By chance: the share of the history that lies within the window after some deployment of the
    service, times its incidents that name no deployment themselves.
    Where attributed is hardly more than that, the window says little of cause.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T00:00Z", "2026-06-01T01:00Z", "2026-06-11T00:00Z"])
    >>> shipped = pd.DataFrame({"deployment_id": ["d1"], "service": ["shop"],
    ...                         "finished_at": at[:1], "status": ["succeeded"]})
    >>> broken = pd.DataFrame({"incident_id": ["i1"], "service": ["shop"],
    ...                        "started_at": at[1:2], "deployment_id": [None]})
    >>> found = sensitivity(shipped, broken, between=(at[0], at[2]), lengths=["24h"])
    >>> found[["attributed", "by_chance"]].values.tolist()
    [[1.0, 0.1]]
    """
    span = span_of(between)
    match = rules.match if rules.match.endswith("window") else "source_then_window"
    incidents = incidents[within_history(incidents["started_at"], span)]
    parts = []
    for within in lengths:
        own = replace(rules, match=match, within=within)
        rates = change_fail_rate(
            deployments, incidents, between=span, rules=own, together=together,
            confidence=confidence,
        )  # fmt: skip
        counts = _counts(deployments, incidents, span, own)
        if together is not None:
            counts = counts.sum().to_frame(together).T
        rates = rates[["service", "value", "low", "high", "n"]].join(counts, on="service")
        parts.append(rates.assign(within=pd.Timedelta(within)))
    columns = ["within", "service", "value", "low", "high", "n", *_COUNTS]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


_COUNTS = ["incidents", "attributed", "by_chance"]


def _counts(
    deployments: pd.DataFrame, incidents: pd.DataFrame, span: Span, rules: Rules
) -> pd.DataFrame:
    """Incidents of each service: all, those attributed, and how many by chance."""
    placed = attributed(deployments, incidents, rules=rules).drop_duplicates("incident_id")
    named = placed["rule"] == "source"
    services = service_names(deployments)
    pool = deployments[reached(deployments, rules.statuses)]
    ends = seconds(pool["finished_at"])
    owner = pool["service"].astype("str").to_numpy()
    share = {s: _covered(ends[owner == s], rules, span) for s in services}
    if rules.scope == "project":
        share = dict.fromkeys(services, _covered(ends, rules, span))
    rows = []
    for service in services:
        own = placed["service"] == service
        free = int((own & ~named).sum())
        hit = int((own & placed["deployment_id"].notna()).sum())
        rows.append((int(own.sum()), hit, int((own & named).sum()) + free * share[service]))
    return pd.DataFrame(rows, columns=_COUNTS, index=services)


def _covered(ends: np.ndarray, rules: Rules, span: Span) -> float:
    """Share of the history within the window after some deployment."""
    within = pd.Timedelta(rules.within).total_seconds()
    first, last = (time.timestamp() for time in span)
    begin = np.sort(ends[(ends <= last) & (ends + within > first)])
    if not len(begin):
        return 0.0
    until = np.minimum(np.append(begin[1:], last), begin + within)
    return float((until - np.maximum(begin, first)).clip(min=0).sum() / (last - first))
