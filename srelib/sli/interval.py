"""Share of good events with its interval: of all the data, per period, against a target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from srelib import stats
from srelib.errors import ColumnError, InsufficientDataError, InvalidTargetError, ParameterError
from srelib.stats.bursts import Split, index_of, share_interval, split
from srelib.stats.intervals import _widened_wilson
from srelib.windows import Window, history
from srelib.windows.sums import (
    _block_sums,
    _checked_step,
    _divide,
    _paired,
    _ratio,
    _sums_between,
    _totals,
)
from srelib.windows.weighted import _members, _shares
from srelib.windows.window import _as_window, _calendar_periods

HOUR = pd.Timedelta("1h")
DAY = pd.Timedelta("1D")


def _latency(histogram: pd.DataFrame, *, threshold: float) -> pd.DataFrame:
    """Share of requests no slower than a threshold, from a cumulative histogram."""
    bounds = [float(name) for name in histogram.columns]
    if math.inf not in bounds:
        raise ColumnError(f"the histogram needs the bound inf, which holds all; got {bounds}.")
    if float(threshold) not in bounds:
        raise ParameterError(
            f"threshold must be a bound of the histogram ({', '.join(map(str, sorted(bounds)))}); "
            f"got {threshold}. Between two bounds the share is a guess."
        )
    good = histogram.iloc[:, bounds.index(float(threshold))]
    total = histogram.iloc[:, bounds.index(math.inf)]
    return pd.DataFrame({"good": good, "total": total}).astype("float64")


NO_TRAFFIC = "none, no traffic"
NO_BAD_TIME = "none, no bad time seen"
WILSON, WIDENED = "Wilson", "Wilson, widened for clustering"
MEAN_OF_ENDS = "weighted mean of the members' intervals"
CLUSTERED = "gamma with overdispersion"
OUTAGES = "outages and background apart"
ASSUMED = ", on an assumed spread of outage sizes"
BACKGROUND_ONLY = ", of background errors only: no outage seen"
APART = pd.Timedelta("6h")
_FEW = 12


def interval(
    good: pd.Series,
    total: pd.Series,
    *,
    confidence: float = 0.95,
    seed: int = 0,
    weighting: str = "events",
) -> stats.Estimate:
    """Share of good events with an interval that fits how the errors occur.

    Outages and background get intervals of their own, joined by square and add (docs/methods.md).
    Where no outage was seen, the interval is of the background only, and `method` says so.

    Parameters
    ----------
    good, total : Series, counts per bucket [events] on one regular tz-aware index. DataFrames with
        a column for each `Member`: their weighted mean, and the same mean of the ends of their
        intervals, which holds however they depend on each other.
    confidence : float, share of such intervals that should hold the truth [fraction]
    seed : int, of the test whether the background errors cluster, where they are few
    weighting : {'events', 'time'}, time: the counts are seconds, which always depend on each other

    Returns
    -------
    stats.Estimate
        Fractions, in `n` how many outages were seen (without any: how many events). All NaN
        without traffic; ends NaN for time without any bad time: a record without an outage does
        not say how rare outages are.

    Raises
    ------
    CountError, ParameterError
        Negative, infinite, or good above total; unknown weighting.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC")
    >>> total = pd.Series(1000.0, hours)
    >>> interval(total - 1, total).method
    'Wilson, of background errors only: no outage seen'
    """
    if isinstance(good, pd.DataFrame):
        return _weighted_interval(good, total, confidence=confidence, seed=seed)
    ParameterError.check_one_of(weighting, "weighting", ("events", "time"))
    _checked_step(good, total)
    found = _bad_interval(good, total, confidence, seed, weighting)
    value = _ratio(good, total)
    return replace(found, value=value, low=1 - found.high, high=1 - found.low)


def _weighted_interval(
    good: pd.DataFrame, total: pd.DataFrame, *, confidence: float, seed: int
) -> stats.Estimate:
    """The weighted mean of members' ratios, with the same mean of the ends of their intervals."""
    found = {
        member: interval(
            good[member], total[member], confidence=confidence, seed=seed,
            weighting=member.weighting,
        )
        for member in _members(good)
    }  # fmt: skip
    shares = _shares_of_members(total, [np.arange(len(total))])[:, 0]
    asked = float(total.sum().sum())
    if total.isna().all().any() or not asked:
        return stats.Estimate(math.nan, math.nan, math.nan, 0, confidence, NO_TRAFFIC)
    value, low, high = (
        sum(share * end for share, end in zip(shares, ends, strict=True) if share)
        for ends in zip(*((one.value, one.low, one.high) for one in found.values()), strict=True)
    )
    return stats.Estimate(float(value), float(low), float(high), asked, confidence, MEAN_OF_ENDS)


def _shares_of_members(total: pd.DataFrame, spans: Sequence[np.ndarray]) -> np.ndarray:
    """Share of each member in the mean over each span of buckets."""
    values = total.to_numpy()
    sums = np.array([np.nansum(values[rows], axis=0) for rows in spans]).T
    return _shares(sums, np.array([member.weight for member in _members(total)]))


def _bad_interval(
    good: pd.Series, total: pd.Series, confidence: float, seed: int, weighting: str
) -> stats.Estimate:
    """Interval of the bad share, which is the rare one."""
    part, whole = _totals(total - good, total)
    if not whole:
        return stats.Estimate(math.nan, math.nan, math.nan, 0, confidence, NO_TRAFFIC)
    if weighting == "time" and not part:
        return stats.Estimate(0.0, math.nan, math.nan, whole, confidence, NO_BAD_TIME)
    found = _split(good, total, confidence, seed, weighting)
    low, high = share_interval(found, confidence=confidence)
    n = float(len(found.sizes)) or whole
    return stats.Estimate(part / whole, low, high, n, confidence, _method(found))


def _split(
    good: pd.Series, total: pd.Series, confidence: float, seed: int, weighting: str
) -> Split:
    """Outages and background apart: by the hour where there are days enough, else by the bucket."""
    index = pd.DatetimeIndex(good.index)
    days_enough = len(index) > 1 and index[-1] - index[0] >= _FEW * DAY
    if days_enough and index[1] - index[0] < HOUR:
        sums = _block_sums(good, total, HOUR)
        good, total, index = sums["good"], sums["total"], pd.DatetimeIndex(sums.index)
    top, bottom = (np.nan_to_num(counts) for counts in _paired(good, total))
    step = index[1] - index[0] if len(index) > 1 else DAY
    ticks = index.tz_convert("UTC").as_unit("us").asi8
    numbers = [ticks // (unit // pd.Timedelta(1, "us")) for unit in (DAY, HOUR)]
    numbers = [n for n in numbers if len(np.unique(n[bottom > 0])) >= _FEW]
    groups = numbers[0] if numbers else np.arange(len(top))
    return split(
        bottom - top,
        bottom,
        groups,
        gap=max(int(APART // step), 1),
        block=7 if len(np.unique(groups)) >= 8 * 7 else 3,
        independent=weighting == "events",
        confidence=confidence,
        seed=seed,
    )


def _method(found: Split, *, whole: bool = True) -> str:
    """How an interval of such errors is made, and what it leaves out or assumes."""
    few = "" if len(found.sizes) > 2 else ASSUMED if len(found.sizes) else BACKGROUND_ONLY
    if whole:
        return (OUTAGES if len(found.sizes) else CLUSTERED if found.worst else WILSON) + few
    return (WIDENED if index_of(found) > 1 else WILSON) + few


def by_period(
    good: pd.Series,
    total: pd.Series,
    *,
    period: str | Window = "week",
    timezone: str = "UTC",
    confidence: float = 0.95,
    weighting: str = "events",
) -> pd.DataFrame:
    """Share of good events per calendar period, with interval and coverage.

    Wilson's interval of every period is widened by the overdispersion of the whole series, with
    its outages; a period that holds all events has the interval of `interval`.

    Parameters
    ----------
    good, total, confidence, weighting : as of `interval`; a bucket belongs to the period it starts
        in
    period : {'day', 'week', 'month', 'quarter', 'year'} or Window, a rolling one gives blocks that
        end with the data
    timezone : str, IANA zone of the periods, unless `period` is a Window

    Returns
    -------
    DataFrame
        starts_at, ends_at, label, good, total [events], ratio, low, high [fraction],
        coverage (share of this period's buckets within the data that are known [fraction]),
        method, complete (whether the data spans all of the period).

    Raises
    ------
    CountError, TimeIndexError, InsufficientDataError
        Counts that cannot be; an irregular index; fewer than two buckets.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-05", periods=14 * 24, freq="h", tz="UTC")
    >>> total = pd.Series(100.0, hours)
    >>> by_period(total, total)[["label", "ratio", "complete"]].values.tolist()
    [['2026-W02', 1.0, True], ['2026-W03', 1.0, True]]
    """
    if isinstance(good, pd.DataFrame):
        return _weighted_periods(
            good, total, period=period, timezone=timezone, confidence=confidence
        )
    ParameterError.check_one_of(weighting, "weighting", ("events", "time"))
    step = _checked_step(good, total)
    if step is None:
        raise InsufficientDataError(f"periods need at least two buckets; got {len(good)}.")
    window = period if isinstance(period, Window) else Window(unit=period, timezone=timezone)
    spans = _calendar_periods(good.index[0], good.index[-1] + step, window=window)
    edges = good.index.searchsorted([*spans["starts_at"], spans["ends_at"].iloc[-1]])
    sums = _sums_between(good, total, edges)
    found = sums[["good", "total"]].fillna(0.0)
    found["ratio"] = _divide(found["good"], found["total"])
    if weighting == "time" and found["good"].sum() == found["total"].sum():
        found["low"], found["high"], method = np.nan, np.nan, NO_BAD_TIME
    else:
        low, high, method = _period_ends(
            found, _split(good, total, confidence, 0, weighting), confidence=confidence
        )
        found["low"], found["high"] = 1 - high, 1 - low
    found["coverage"] = _divide(sums["known"], np.diff(edges))
    found["method"] = np.where(found["total"] > 0, method, NO_TRAFFIC)
    return pd.concat([spans[["starts_at", "ends_at", "label"]], found, spans[["complete"]]], axis=1)


def _weighted_periods(good: pd.DataFrame, total: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """As `by_period`, of a weighted mean of members: each period weighted by itself."""
    parts = [
        by_period(good[member], total[member], weighting=member.weighting, **options)
        for member in _members(good)
    ]
    found = parts[0].copy()
    edges = total.index.searchsorted([*found["starts_at"], found["ends_at"].iloc[-1]])
    shares = _shares_of_members(total, [np.arange(*pair) for pair in pairwise(edges)])
    unknown = np.any([part["coverage"] == 0 for part in parts], axis=0)
    found["total"] = np.where(unknown, 0.0, sum(part["total"] for part in parts))
    for name in ("ratio", "low", "high"):
        ends = np.array([part[name] for part in parts])
        mean = np.where(shares > 0, shares * ends, 0.0).sum(axis=0)
        found[name] = np.where(found["total"] > 0, mean, np.nan)
    found["good"] = np.nan_to_num(found["ratio"]) * found["total"]
    seen = total.notna().all(axis=1).to_numpy().cumsum()
    found["coverage"] = _divide(np.diff([0, *seen[edges[1:] - 1]]), np.diff(edges))
    return found.assign(method=np.where(found["total"] > 0, MEAN_OF_ENDS, NO_TRAFFIC))


def _period_ends(
    periods: pd.DataFrame, found: Split, *, confidence: float
) -> tuple[np.ndarray, np.ndarray, str]:
    """Ends of the bad share of every period, from how the errors of the whole series occur."""
    whole = periods["total"].to_numpy()
    if found.total and whole.max() == found.total:
        ends = share_interval(found, confidence=confidence)
        low, high = (np.where(whole > 0, end, np.nan) for end in ends)
        return low, high, _method(found)
    bad, index = whole - periods["good"].to_numpy(), index_of(found)
    low, high = _widened_wilson(bad, whole, index=index, confidence=confidence)
    return low, high, _method(found, whole=False)


@dataclass(frozen=True)
class LowTraffic:
    """What the traffic of a service can and cannot say about a target.

    target [fraction]
    window: of the SLO
    events: expected in one window [events]
    """

    target: float
    window: Window
    events: float

    @property
    def allowance(self) -> float:
        """Failures the target allows in one window, not rounded [events]."""
        return self.events * (1 - self.target)

    @property
    def failures_allowed(self) -> int:
        """Whole failures in it [events]."""
        return _whole_failures(self.allowance)

    @property
    def cost_of_one(self) -> float:
        """Share of the budget that one failure spends [fraction]; above 1, one is too many."""
        return 1 / self.allowance if self.allowance else math.inf

    @property
    def is_low(self) -> bool:
        """Whether one failure spends over 2 % of the budget, which pages under the usual policy."""
        return self.cost_of_one > 0.02


def low_traffic(
    good: pd.Series, total: pd.Series, *, target: float, window: Window | pd.Timedelta | str
) -> LowTraffic:
    """Can this traffic resolve this target?

    Parameters
    ----------
    good, total : Series, counts per bucket [events] on one regular tz-aware index; unknown buckets
        are taken to be like the known ones
    target : float, of the SLO [fraction]
    window : Window, Timedelta or str, of the SLO; a calendar window is taken at its length at the
        end of the data

    Raises
    ------
    InvalidTargetError, InsufficientDataError
        Target outside (0, 1); no known bucket.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC")
    >>> total = pd.Series(10.0, hours)
    >>> found = low_traffic(total, total, target=0.999, window="30d")
    >>> found.failures_allowed, round(found.cost_of_one, 4), found.is_low
    (7, 0.1389, True)
    """
    InvalidTargetError.check(target)
    window = _as_window(window)
    if _checked_step(good, total) is None or np.isnan(_paired(good, total)[1]).all():
        raise InsufficientDataError("traffic needs at least two buckets, one of them known.")
    return LowTraffic(target, window, history(good, total).expected(window))


def _miss_probability(events: float, allowance: float, *, error_rate: float) -> float:
    """Probability that more failures than allowed happen by chance; NaN where one is unknown."""
    from scipy.special import bdtrc

    if events != events or error_rate != error_rate:
        return math.nan
    n, allowed = round(events), _whole_failures(allowance)
    return float(bdtrc(allowed, n, error_rate)) if n > allowed else 0.0


def _whole_failures(allowance: float) -> int:
    return math.floor(allowance + 1e-9 * max(allowance, 1.0))


def _compared_with_target(levels: pd.DataFrame, *, target: float | np.ndarray) -> pd.DataFrame:
    """Which levels kept or missed the target, one or each its own, and which beyond chance."""
    kept, missed = levels["ratio"] >= target, levels["ratio"] < target
    beyond = (kept & (levels["low"] >= target)) | (missed & (levels["high"] < target))
    return pd.DataFrame({"kept": kept, "missed": missed, "beyond_chance": beyond})
