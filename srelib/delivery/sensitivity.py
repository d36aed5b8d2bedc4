"""What the length of the attribution window does to the fail rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from srelib.delivery.failures import attributed, change_fail_rate
from srelib.delivery.frequency import Span, reached, seconds, service_names, span_of, within_history
from srelib.delivery.rules import DEFAULT, Rules

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
    """Fail rate by length of the window, and how many incidents would fall into it by chance."""
    span = span_of(between)
    match = rules.match if rules.match.endswith("window") else "source_then_window"
    incidents = incidents[within_history(incidents["started_at"], span)]
    parts = []
    for within in sorted({pd.Timedelta(one) for one in (*lengths, rules.within)}):
        own = replace(rules, match=match, within=within)
        rates = change_fail_rate(
            deployments, incidents, between=span, rules=own, together=together,
            confidence=confidence,
        )  # fmt: skip
        counts = chance(deployments, incidents, between=span, rules=own).set_index("service")
        if together is not None:
            counts = counts[_COUNTS].sum().to_frame(together).T
            counts = counts.astype(dict.fromkeys(_COUNTS[:-1], "int64"))
        rates = rates[["service", "value", "low", "high", "n"]].join(counts, on="service")
        parts.append(rates.assign(within=pd.Timedelta(within)))
    columns = ["within", "service", "value", "low", "high", "n", *_COUNTS]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


_COUNTS = ["incidents", "named", "attributed", "by_chance"]


def chance(
    deployments: pd.DataFrame, incidents: pd.DataFrame, *, between: Span, rules: Rules = DEFAULT
) -> pd.DataFrame:
    """Incidents put down to deployments, and how many would be by chance alone."""
    span = span_of(between)
    incidents = incidents[within_history(incidents["started_at"], span)]
    placed = attributed(deployments, incidents, rules=rules)
    placed = placed.drop_duplicates(["service", "incident_id"])
    named = placed["rule"] == "source"
    services = service_names(deployments)
    pool = deployments[reached(deployments, rules.statuses)]
    ends = seconds(pool["finished_at"])
    owner = pool["service"].astype("str").to_numpy()
    share = {s: _covered(ends[owner == s], rules, span) for s in services}
    if rules.scope == "project":
        share = dict.fromkeys(services, _covered(ends, rules, span))
    moments = seconds(placed["started_at"].astype("datetime64[us, UTC]"))
    limit = pd.Timedelta(rules.within).total_seconds()
    rows = []
    for service in services:
        own = placed["service"] == service
        free = int((own & ~named).sum())
        hit = int((own & placed["deployment_id"].notna()).sum())
        known = int((own & named).sum())
        rows.append((service, int(own.sum()), known, hit, known + free * share[service],
                     _followed(moments[own & ~named], limit, span, rules)))  # fmt: skip
    columns = ["service", *_COUNTS, "followed_by_chance"]
    return pd.DataFrame(rows, columns=columns)


def _followed(moments: np.ndarray, within: float, span: Span, rules: Rules) -> float:
    """Share of moments of the history that an incident follows within the window."""
    if not rules.match.endswith("window"):
        return float("nan")
    first, last = (time.timestamp() for time in span)
    ends = np.sort(moments)
    begin = np.maximum(ends - within, np.append(first, ends[:-1])) if len(ends) else ends
    return float((ends - begin).clip(min=0).sum() / (last - first))


def _covered(ends: np.ndarray, rules: Rules, span: Span) -> float:
    """Share of the history within the window after some deployment."""
    if rules.match == "source":
        return 0.0
    endless = rules.match.endswith("latest")
    within = np.inf if endless else pd.Timedelta(rules.within).total_seconds()
    first, last = (time.timestamp() for time in span)
    begin = np.sort(ends[(ends <= last) & (ends + within > first)])
    if not len(begin):
        return 0.0
    until = np.minimum(np.append(begin[1:], last), begin + within)
    return float((until - np.maximum(begin, first)).clip(min=0).sum() / (last - first))
