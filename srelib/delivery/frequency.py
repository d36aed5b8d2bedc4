"""How often each service is deployed, and how a history is split by service and period."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from srelib import events, tables
from srelib.delivery.rules import DEFAULT, Rules
from srelib.errors import TimeIndexError
from srelib.stats import Estimate
from srelib.stats.intervals import NAN, _grouped_share, _scattered_rate
from srelib.windows import Window
from srelib.windows.window import _calendar_periods

Span = tuple[pd.Timestamp, pd.Timestamp]
DAY = pd.Timedelta(days=1)
WEEK = pd.Timedelta(days=7)
_WEEK = WEEK.total_seconds()


def _span_of(between: Span) -> Span:
    """Start and end of the history, checked."""
    first, last = (pd.Timestamp(time) for time in between)
    if first.tz is None or last.tz is None:
        raise TimeIndexError(f"between must carry a time zone; got {first} and {last}.")
    if not first < last:
        raise TimeIndexError(f"between must run forward; got {first} to {last}.")
    return first.tz_convert("UTC"), last.tz_convert("UTC")


def _history(deployments: pd.DataFrame, *, as_of: pd.Timestamp) -> Span:
    """The time the deployments are known for: from the day of the first one until now."""
    tables.need(deployments, "deployments", "finished_at")
    first = deployments["finished_at"].min()
    known = pd.notna(first) and first < as_of
    return (first if known else as_of - DAY).floor("D"), as_of


def _rounded(times: np.ndarray, minutes: str) -> np.ndarray:
    """Lengths of time as they are, or in whole minutes; those below zero go up to it."""
    if minutes == "exact":
        return times
    if minutes == "down":
        return np.floor(times / 60) * 60
    return np.maximum(np.ceil(times / 60) * 60, 0.0)


def _seconds(times: pd.Series) -> np.ndarray:
    """Times or lengths of time as seconds, NaN where missing."""
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    raw = times.to_numpy()
    if raw.dtype.kind == "f":
        return raw
    kind = "m8[us]" if raw.dtype.kind == "m" else "M8[us]"
    plain = raw.astype(kind)
    numbers = plain.astype("int64") / 1e6
    numbers[np.isnat(plain)] = np.nan
    return numbers


def _service_names(*parts: pd.DataFrame | None) -> list[str]:
    """Services of some tables, by name."""
    found: set[str] = set()
    for part in parts:
        if part is not None and "service" in part:
            found.update(part["service"].dropna().astype("str").unique())
    return sorted(found)


def _periods(between: Span, window: Window | str | None) -> pd.DataFrame:
    """The periods of a history: one for all of it without a window."""
    first, last = between
    calendar = Window.parse(window, rolling=False) if isinstance(window, str) else window
    if calendar is None:
        return pd.DataFrame({"label": ["all"], "starts_at": [first], "ends_at": [last],
                             "complete": [True]})  # fmt: skip
    found = _calendar_periods(first, last, window=calendar)
    starts, ends = found["starts_at"], found["ends_at"]
    return found.assign(
        starts_at=starts.where(starts > first, first), ends_at=ends.where(ends < last, last)
    )


Columns = dict[str, np.ndarray]
"""Rows of one service and period, by column; ``at`` is their time [s]."""


def _pieces(
    rows: pd.DataFrame, time: str, periods: pd.DataFrame, services: list[str]
) -> Iterator[tuple[str, Any, Columns]]:
    """Rows of each service in each period, empty ones too."""
    spans = list(periods.itertuples(index=False))
    owner = rows["service"]
    owner = owner if isinstance(owner.dtype, pd.CategoricalDtype) else owner.astype("str")
    codes = pd.Categorical(owner, categories=services).codes
    at = _seconds(rows[time])
    order = np.lexsort((at, codes)) if len(spans) > 1 else np.argsort(codes, kind="stable")
    names = [name for name in rows.columns if name not in ("service", time)]
    columns = {"at": at[order], **{name: rows[name].to_numpy()[order] for name in names}}
    inner = _seconds(periods["starts_at"])[1:]
    bounds = np.searchsorted(codes[order], np.arange(len(services) + 1))
    for service, low, high in zip(services, bounds[:-1], bounds[1:], strict=True):
        cuts = [low, *(low + np.searchsorted(columns["at"][low:high], inner)), high]
        for period, first, last in zip(spans, cuts[:-1], cuts[1:], strict=True):
            yield service, period, {name: all_[first:last] for name, all_ in columns.items()}


def _per_period(
    rows: pd.DataFrame, measure: Callable[[Columns, Any], dict[str, Any]], *, time: str,
    between: Span, window: Window | str | None, services: list[str], together: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """What a measure finds in the rows of each service and period, one row each."""
    if together is not None:
        rows, services = rows.assign(service=together), [together] if services else []
    found = []
    for service, period, own in _pieces(rows, time, _periods(between, window), services or [""]):
        columns: dict[str, Any] = {"service": service, **period._asdict()}
        for name, result in measure(own, period).items():
            columns.update(_columns(name, result))
        found.append(columns)
    table = pd.DataFrame(found)
    return table if services else table.iloc[:0]


def _columns(name: str, result: Any) -> dict[str, Any]:
    if not isinstance(result, Estimate):
        return {name: result}
    front = "" if name == "value" else f"{name}_"
    ends = {"low": result.low, "high": result.high, "n": int(result.n), "method": result.method}
    return {name: result.value, **{f"{front}{key}": value for key, value in ends.items()}}


def _deployments_in_order(
    deployments: pd.DataFrame, *, between: Span, rules: Rules
) -> pd.DataFrame:
    """Deployments that reached users, in order; `chain` is the first one a repair mends."""
    tables.need(deployments, "deployments", "deployment_id", "service", "finished_at", "status")
    wanted = ["deployment_id", "service", "finished_at", "status", "planned"]
    reached = events._reached_users(deployments, rules.statuses)
    rows = np.flatnonzero(reached & deployments["finished_at"].between(*_span_of(between)))
    codes, names = pd.factorize(deployments["service"].astype("str"), sort=True)
    at = _seconds(deployments["finished_at"])
    rows = rows[np.lexsort((at[rows], codes[rows]))]
    codes, at = codes[rows], at[rows]
    kept = deployments.reindex(columns=wanted).take(rows)
    limit = pd.Timedelta(rules.hotfix_within).total_seconds()
    follows = events._unplanned(kept)
    follows[:1] = False
    follows[1:] &= (codes[1:] == codes[:-1]) & (np.diff(at) <= limit)
    return pd.DataFrame(
        {
            "deployment_id": kept["deployment_id"].astype("str").array,
            "service": np.asarray(names, dtype=object)[codes],
            "finished_at": kept["finished_at"].array,
            "status": kept["status"].array,
            "planned": kept["planned"].astype("boolean").array,
            "chain": np.maximum.accumulate(np.where(follows, 0, np.arange(len(kept)))),
            "follows": follows,
            "row": rows,
        }
    )


def _as_releases(rows: pd.DataFrame) -> pd.DataFrame:
    """Deployments in order with those of one release as one, which is what any of them is."""
    first = events._first_of_release(rows)
    own = first == np.arange(len(rows))
    if own.all():
        return rows
    flags = rows.select_dtypes("bool").groupby(first).transform("any")
    return rows.assign(**flags, chain=first[rows["chain"]])[own].reset_index(drop=True)


def deployment_frequency(
    deployments: pd.DataFrame,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    window: Window | str | None = None,
    together: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Deployments a week per service, and per period where asked.

    Parameters
    ----------
    deployments, between, rules, window, together, confidence : see `srelib.delivery`

    Returns
    -------
    DataFrame
        value, low, high [1/week], n [deployments]; days (on which any was), day_share [fraction of
        days], longest_gap (between two, Timedelta), weeks (seen of the period).

    Examples
    --------
    >>> at = pd.date_range("2026-06-01", periods=8, freq="7D", tz="UTC")
    >>> rows = pd.DataFrame({"deployment_id": at.astype(str), "service": "shop",
    ...                      "finished_at": at, "status": "succeeded"})
    >>> found = deployment_frequency(rows, between=(at[0], at[7] + pd.Timedelta("6D 23h")))
    >>> found["n"].tolist(), found["days"].tolist()
    ([8], [8])
    """
    span = _span_of(between)
    rows = _deployments_in_order(deployments, between=span, rules=rules)
    rows = rows if together is None else _as_releases(rows)

    def found(own: Columns, period: Any) -> dict[str, Any]:
        weeks = float((period.ends_at - period.starts_at) / WEEK)
        at = np.sort(own["at"])
        days, gaps = len(np.unique(at // 86_400)), np.diff(at)
        return {
            "value": _rate(at, period, confidence),
            "days": days,
            "day_share": min(days / (7 * weeks), 1.0),
            "longest_gap": pd.Timedelta(gaps.max() if len(gaps) else NAN, "s"),
            "weeks": weeks,
        }

    return _per_period(
        rows[["service", "finished_at"]], found, time="finished_at", between=span, window=window,
        services=_service_names(deployments), together=together,
    )  # fmt: skip


def _rate(at: np.ndarray, period: Any, confidence: float) -> Estimate:
    """Deployments a week, from counts in steps of seven days back from the end."""
    first, last = period.starts_at.timestamp(), period.ends_at.timestamp()
    whole = int(-(-(last - first) // _WEEK))
    edges = np.maximum(last - _WEEK * np.arange(whole, -1, -1), first)
    counts = np.diff(np.searchsorted(at, [*edges[:-1], np.inf]))
    lengths = np.diff(edges) / _WEEK
    return _scattered_rate(counts, lengths, confidence=confidence)


def rework_rate(
    deployments: pd.DataFrame,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    window: Window | str | None = None,
    together: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Share of deployments that were unplanned, made after an incident.

    Parameters
    ----------
    deployments, between, rules, window, together, confidence : see `srelib.delivery`

    Returns
    -------
    DataFrame
        value, low, high [fraction], n [deployments known to be planned or not]; unplanned, unknown
        [deployments]. NaN and n 0 where that is known of none.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T10:00Z", "2026-06-03T09:00Z"])
    >>> rows = pd.DataFrame({"deployment_id": list("abc"), "service": "shop", "finished_at": at,
    ...                      "status": "succeeded", "planned": [True, False, None]})
    >>> rework_rate(rows, between=(at[0], at[2]))[["value", "n", "unknown"]].values.tolist()
    [[0.5, 2.0, 1.0]]
    """
    span = _span_of(between)
    rows = _deployments_in_order(deployments, between=span, rules=rules)
    rows["known"] = rows["planned"].notna().to_numpy()
    rows["unplanned"] = ~rows["planned"].fillna(True).to_numpy(dtype=bool)
    rows = rows if together is None else _as_releases(rows)

    def found(own: Columns, _: Any) -> dict[str, Any]:
        known, unplanned = own["known"], own["unplanned"]
        return {
            "value": _share_by_chain(unplanned[known], own["chain"][known], confidence),
            "unplanned": int(unplanned.sum()),
            "unknown": int((~known).sum()),
        }

    return _per_period(
        rows[["service", "finished_at", "chain", "known", "unplanned"]], found,
        time="finished_at", between=span, window=window,
        services=_service_names(deployments), together=together,
    )  # fmt: skip


def _share_by_chain(flags: np.ndarray, chain: np.ndarray, confidence: float) -> Estimate:
    """Share of deployments that are flagged, a deployment and its repairs kept together."""
    _, places = np.unique(chain, return_inverse=True)
    parts = np.bincount(places, weights=flags)
    return _grouped_share(parts, np.bincount(places), confidence=confidence)
