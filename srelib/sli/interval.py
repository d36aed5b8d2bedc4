"""Share of good events with its interval: of all the data, per period, against a target."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from srelib import stats
from srelib.errors import ColumnError, InsufficientDataError, InvalidTargetError, ParameterError
from srelib.stats.comparisons import WIDENED, block_bootstrap, dispersion
from srelib.stats.intervals import _widened_wilson, _wilson
from srelib.windows import Window
from srelib.windows.sums import (
    _block_sums,
    _checked_step,
    _divide,
    _paired,
    _ratio,
    _sums_between,
    _totals,
)
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
_ALPHA = 0.05
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

    Wilson's interval where errors look independent, a block bootstrap where they cluster, and
    Wilson's widened by the overdispersion where there is too little to resample (docs/methods.md).

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events].
    confidence : float
        Share of such intervals that should hold the truth [fraction].
    seed : int
        Seed of the bootstrap.
    weighting : {'events', 'time'}
        time: the counts are seconds, which are never independent of each other.

    Returns
    -------
    stats.Estimate
        Fractions, and in `method` how they were made. All NaN without traffic; ends NaN for time
        without any bad time: a record without an outage does not say how rare outages are.

    Raises
    ------
    CountError, ParameterError
        Negative, infinite, or good above total; unknown weighting.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC")
    >>> total = pd.Series(1000.0, hours)
    >>> interval(total - 1, total).method
    'Wilson'
    """
    _check_weighting(weighting)
    _checked_step(good, total)
    found = _bad_interval(good, total, confidence, seed, weighting)
    value = _ratio(good, total)
    return replace(found, value=value, low=1 - found.high, high=1 - found.low)


def _bad_interval(
    good: pd.Series, total: pd.Series, confidence: float, seed: int, weighting: str
) -> stats.Estimate:
    """Interval of the bad share, which is the rare one, by the method that fits."""
    part, whole = _totals(total - good, total)
    if not whole:
        return stats.Estimate(math.nan, math.nan, math.nan, 0, confidence, NO_TRAFFIC)
    if weighting == "time" and not part:
        return stats.Estimate(0.0, math.nan, math.nan, whole, confidence, NO_BAD_TIME)
    unit, bad, total_of = _groups(good, total)
    if weighting == "time" or dispersion(bad, total_of).p_value < _ALPHA:
        return _dependent(bad, total_of, unit, confidence, seed)
    low, high = _wilson(part, whole, confidence=confidence)
    return stats.Estimate(_ratio(part, whole), low, high, whole, confidence, "Wilson")


def _check_weighting(weighting: str) -> None:
    """Refuse a weighting that does not exist."""
    if weighting not in ("events", "time"):
        raise ParameterError(f"weighting must be events or time; got {weighting!r}.")


def _groups(good: pd.Series, total: pd.Series) -> tuple[str, np.ndarray, np.ndarray]:
    """Bad and total of the coarsest groups of which there are enough."""
    for unit, length in (("days", DAY), ("hours", HOUR)):
        sums = _block_sums(good, total, length).fillna(0.0)
        if int((sums["total"] > 0).sum()) >= _FEW:
            return unit, (sums["total"] - sums["good"]).to_numpy(), sums["total"].to_numpy()
    top, bottom = (np.nan_to_num(counts) for counts in _paired(good, total))
    return "buckets", bottom - top, bottom


def _dependent(
    bad: np.ndarray, total: np.ndarray, unit: str, confidence: float, seed: int
) -> stats.Estimate:
    """Interval of the bad share for events that cluster."""
    if len(bad) < _FEW:
        return _widened(bad, total, confidence)
    week, short = (7, 3) if unit == "days" else (24, 3)
    block = week if len(bad) >= 4 * week else short
    found = block_bootstrap(bad, total, block=block, confidence=confidence, seed=seed)
    plain = found.method == "block bootstrap"
    return replace(found, method=f"{found.method} over {unit}") if plain else found


def _widened(bad: np.ndarray, total: np.ndarray, confidence: float) -> stats.Estimate:
    """Wilson's interval widened by the overdispersion of the groups, of the bad share."""
    index = dispersion(bad, total).index
    low, high = _widened_wilson(
        bad.sum(), total.sum(), index=1.0 if math.isnan(index) else index, confidence=confidence
    )
    value = _ratio(bad, total)
    return stats.Estimate(value, low, high, float(total.sum()), confidence, WIDENED)


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

    Where the errors of the whole series cluster, Wilson's interval of every period is widened by
    the overdispersion.

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events]; a bucket belongs to the period its start lies in.
    period : {'day', 'week', 'month', 'quarter', 'year'} or Window
        The periods; a rolling Window gives blocks that end with the data.
    timezone : str
        IANA zone of the periods, unless `period` is a Window.
    confidence, weighting
        As `interval`.

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
    _check_weighting(weighting)
    step = _checked_step(good, total)
    if step is None:
        raise InsufficientDataError(f"periods need at least two buckets; got {len(good)}.")
    window = period if isinstance(period, Window) else Window(unit=period, timezone=timezone)
    spans = _calendar_periods(good.index[0], good.index[-1] + step, window=window)
    edges = good.index.searchsorted([*spans["starts_at"], spans["ends_at"].iloc[-1]])
    sums = _sums_between(good, total, edges)
    found = sums[["good", "total"]].fillna(0.0)
    found["ratio"] = _divide(found["good"], found["total"])
    whole = found["total"].to_numpy()
    bad = whole - found["good"].to_numpy()
    index, method = _overdispersion(bad, whole, good, total, weighting)
    low, high = _widened_wilson(bad, whole, index=index, confidence=confidence)
    none = method == NO_BAD_TIME
    found["low"], found["high"] = (np.nan, np.nan) if none else (1 - high, 1 - low)
    found["coverage"] = _divide(sums["known"], np.diff(edges))
    found["method"] = np.where(whole > 0, method, NO_TRAFFIC)
    return pd.concat([spans[["starts_at", "ends_at", "label"]], found, spans[["complete"]]], axis=1)


def _overdispersion(
    bad: np.ndarray, whole: np.ndarray, good: pd.Series, total: pd.Series, weighting: str
) -> tuple[float, str]:
    """Overdispersion of the whole series, and the method it calls for."""
    if weighting == "time" and not bad.sum():
        return 1.0, NO_BAD_TIME
    _, bad_of, total_of = _groups(good, total)
    scatter = dispersion(bad_of, total_of)
    if weighting == "events" and not scatter.p_value < _ALPHA:
        return 1.0, "Wilson"
    indexes = [scatter.index, dispersion(bad, whole).index if len(bad) >= 4 else 1.0, 1.0]
    return float(np.nanmax(indexes)), WIDENED


@dataclass(frozen=True)
class LowTraffic:
    """What the traffic of a service can and cannot say about a target.

    Parameters
    ----------
    target : float
        The target [fraction].
    window : Window
        Window of the SLO.
    events : float
        Events expected in one window [events].
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
    good, total : Series, one regular tz-aware index
        Counts per bucket [events]; unknown buckets are taken to be like the known ones.
    target : float
        Target of the SLO [fraction].
    window : Window, Timedelta or str
        Window of the SLO; a calendar window is taken at its length at the end of the data.

    Returns
    -------
    LowTraffic

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
    if not 0 < target < 1:
        raise InvalidTargetError(
            f"target must lie strictly between 0 and 1; got {target}. For 99.9 % write 0.999."
        )
    window = _as_window(window)
    step = _checked_step(good, total)
    bottom = _paired(good, total)[1]
    if step is None or np.isnan(bottom).all():
        raise InsufficientDataError("traffic needs at least two buckets, one of them known.")
    per_hour = float(np.nanmean(bottom)) * (HOUR / step)
    return LowTraffic(target, window, per_hour * (window.length_at(good.index[-1]) / HOUR))


def _miss_probability(events: float, allowance: float, *, error_rate: float) -> float:
    """Probability that more failures than allowed happen by chance; NaN where one is unknown."""
    from scipy.special import bdtrc

    if events != events or error_rate != error_rate:
        return math.nan
    n, allowed = round(events), _whole_failures(allowance)
    return float(bdtrc(allowed, n, error_rate)) if n > allowed else 0.0


def _whole_failures(allowance: float) -> int:
    return math.floor(allowance + 1e-9 * max(allowance, 1.0))


def _compared_with_target(levels: pd.DataFrame, *, target: float) -> pd.DataFrame:
    """Which levels kept or missed the target, and which by more than chance explains."""
    kept, missed = levels["ratio"] >= target, levels["ratio"] < target
    beyond = (kept & (levels["low"] >= target)) | (missed & (levels["high"] < target))
    return pd.DataFrame({"kept": kept, "missed": missed, "beyond_chance": beyond})
