"""Deployment frequency and rework rate: what was shipped, and what had to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from srelib.delivery.counted import Span, needed, reached, seconds, span_of, within_history
from srelib.delivery.rules import REACHED
from srelib.delivery.spans import Columns, per_piece, service_names
from srelib.stats import Estimate
from srelib.stats.grouped import grouped_share, scattered_rate
from srelib.windows import Window

NAN = float("nan")
WEEK = pd.Timedelta(days=7)
_WEEK = WEEK.total_seconds()


def counted(
    deployments: pd.DataFrame,
    *,
    between: Span,
    statuses: tuple[str, ...] = REACHED,
    hotfix_within: pd.Timedelta | str = "24h",
) -> pd.DataFrame:
    """Deployments that reached users within the history, in order, with what they follow."""
    needed(deployments, "deployments", "deployment_id", "service", "finished_at", "status")
    span = span_of(between)
    wanted = ["deployment_id", "service", "finished_at", "status", "planned"]
    inside = reached(deployments, statuses) & within_history(deployments["finished_at"], span)
    rows = np.flatnonzero(inside)
    codes, names = pd.factorize(deployments["service"].astype("str"), sort=True)
    at = seconds(deployments["finished_at"])
    rows = rows[np.lexsort((at[rows], codes[rows]))]
    codes, at = codes[rows], at[rows]
    kept = deployments[[name for name in wanted if name in deployments]].take(rows)
    planned = kept["planned"] if "planned" in kept else pd.Series(pd.NA, index=kept.index)
    planned = planned.astype("boolean")
    repair = (planned == False).fillna(False).to_numpy(dtype=bool)  # noqa: E712
    limit = pd.Timedelta(hotfix_within).total_seconds()
    follows = np.zeros(len(kept), dtype=bool)
    follows[1:] = repair[1:] & (codes[1:] == codes[:-1]) & (np.diff(at) <= limit)
    return pd.DataFrame(
        {
            "deployment_id": kept["deployment_id"].astype("str").array,
            "service": np.asarray(names, dtype=object)[codes] if len(kept) else [],
            "finished_at": kept["finished_at"].array,
            "status": kept["status"].array,
            "planned": planned.array,
            "chain": np.cumsum(~follows) - 1,
            "mended": np.append(follows[1:], False) if len(kept) else follows,
            "row": rows,
        }
    )


def deployment_frequency(
    deployments: pd.DataFrame,
    *,
    between: Span,
    window: Window | str | None = None,
    together: str | None = None,
    statuses: tuple[str, ...] = REACHED,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Deployments a week per service, and per period where asked.

    Parameters
    ----------
    deployments : DataFrame
        Table ``deployments``, production only.
    between : (Timestamp, Timestamp)
        The history.
    window : Window or str, optional
        A calendar window such as ``1w`` or ``1M``; without it the whole history is one.
    statuses : tuple of str
        Statuses that count; a missing one does.
    together : str, optional
        A name under which all services are taken as one, instead of each by itself.
    confidence : float
        Of the intervals [fraction].

    Returns
    -------
    DataFrame
        One row per service and period: service, label, starts_at, ends_at, complete (False where
        the history holds only part of the period); value, low, high [1/week], n [deployments],
        method; days (on which any was), per_day [1/day], day_share [fraction of days], gap
        (median time between two) and longest_gap (Timedelta), weeks [weeks].

    Notes
    -----
    A period at an edge of the history counts at the length that was seen.
    The interval comes from the scatter between the weeks (`srelib.stats.grouped.scattered_rate`):
    a release train is known better than independent deployments would be, bursts less well.

    Examples
    --------
    >>> at = pd.date_range("2026-06-01", periods=8, freq="7D", tz="UTC")
    >>> rows = pd.DataFrame({"deployment_id": at.astype(str), "service": "shop",
    ...                      "finished_at": at, "status": "succeeded"})
    >>> found = deployment_frequency(rows, between=(at[0], at[7] + pd.Timedelta("6D 23h")))
    >>> found["n"].tolist(), found["days"].tolist()
    ([8], [8])
    """
    span = span_of(between)
    rows = counted(deployments, between=span, statuses=statuses)[["service", "finished_at"]]

    def found(own: Columns, period: Any) -> dict[str, Any]:
        weeks = float((period.ends_at - period.starts_at) / WEEK)
        at = np.sort(own["at"])
        days, gaps = len(np.unique(at // 86_400)), np.diff(at)
        return {
            "value": _rate(at, period, confidence),
            "days": days,
            "per_day": len(at) / (7 * weeks),
            "day_share": min(days / (7 * weeks), 1.0),
            "gap": _length(np.median(gaps) if len(gaps) else NAN),
            "longest_gap": _length(gaps.max() if len(gaps) else NAN),
            "weeks": weeks,
        }

    return per_piece(
        rows, found, time="finished_at", between=span, window=window,
        services=service_names(deployments), together=together,
    )  # fmt: skip


def _length(length: float) -> Any:
    return pd.NaT if length != length else pd.Timedelta(float(length), "s")


def _rate(at: np.ndarray, period: Any, confidence: float) -> Estimate:
    """Deployments a week, from counts in steps of seven days back from the end."""
    first, last = period.starts_at.timestamp(), period.ends_at.timestamp()
    whole = int(-(-(last - first) // _WEEK))
    edges = np.maximum(last - _WEEK * np.arange(whole, -1, -1), first)
    counts = np.diff(np.searchsorted(at, [*edges[:-1], np.inf]))
    lengths = np.diff(edges) / _WEEK
    return scattered_rate(counts, lengths, confidence=confidence)


def rework_rate(
    deployments: pd.DataFrame,
    *,
    between: Span,
    window: Window | str | None = None,
    together: str | None = None,
    statuses: tuple[str, ...] = REACHED,
    hotfix_within: pd.Timedelta | str = "24h",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Share of deployments that were unplanned, made after an incident.

    Parameters
    ----------
    deployments : DataFrame
        Table ``deployments``, production only.
    between : (Timestamp, Timestamp)
        The history.
    window : Window or str, optional
        A calendar window such as ``1w`` or ``1M``; without it the whole history is one.
    statuses : tuple of str
        Statuses that count; a missing one does.
    hotfix_within : Timedelta or str
        How long after a deployment an unplanned one belongs to it, for the interval.
    together : str, optional
        A name under which all services are taken as one, instead of each by itself.
    confidence : float
        Of the intervals [fraction].

    Returns
    -------
    DataFrame
        One row per service and period: service, label, starts_at, ends_at, complete; value, low,
        high [fraction], n [deployments known to be planned or not], method; unplanned, unknown
        [deployments].
        NaN and n 0 where the exports do not say of any deployment whether it was planned.

    References
    ----------
    .. [1] DORA, "DORA's software delivery performance metrics", dora.dev, 2026.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T10:00Z", "2026-06-03T09:00Z"])
    >>> rows = pd.DataFrame({"deployment_id": ["d1", "d2", "d3"], "service": "shop",
    ...                      "finished_at": at, "status": "succeeded",
    ...                      "planned": [True, False, None]})
    >>> rework_rate(rows, between=(at[0], at[2]))[["value", "n", "unknown"]].values.tolist()
    [[0.5, 2.0, 1.0]]
    """
    span = span_of(between)
    rows = counted(deployments, between=span, statuses=statuses, hotfix_within=hotfix_within)
    rows["known"] = rows["planned"].notna().to_numpy()
    rows["unplanned"] = ~rows["planned"].fillna(True).to_numpy(dtype=bool)

    def found(own: Columns, _: Any) -> dict[str, Any]:
        known, unplanned = own["known"], own["unplanned"]
        return {
            "value": by_chain(unplanned[known], own["chain"][known], confidence),
            "unplanned": int(unplanned.sum()),
            "unknown": int((~known).sum()),
        }

    return per_piece(
        rows[["service", "finished_at", "chain", "known", "unplanned"]], found,
        time="finished_at", between=span, window=window,
        services=service_names(deployments), together=together,
    )  # fmt: skip


def by_chain(flags: np.ndarray, chain: np.ndarray, confidence: float) -> Estimate:
    """Share of deployments that are flagged, a deployment and its repairs kept together."""
    _, places = np.unique(chain, return_inverse=True)
    parts = np.bincount(places, weights=flags)
    return grouped_share(parts, np.bincount(places), confidence=confidence)
