"""Good and total events become service level indicators, each with its interval.

*Counts* are a good and a total Series on one regular tz-aware index: 0 of 0 is no traffic, NaN
is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib import stats, windows
from srelib.errors import (
    ColumnError,
    InsufficientDataError,
    InvalidTargetError,
    ParameterError,
    TimeIndexError,
)
from srelib.windows import Window

if TYPE_CHECKING:
    from srelib.slos import Slo

METHODS = ("auto", "wilson", "clopper_pearson", "bootstrap")
_DAY = pd.Timedelta("1D")
_HOUR = pd.Timedelta("1h")
_ENOUGH_DAYS = 14
_ALPHA = 0.05


# --- indicators from other shapes of data -------------------------------------------------


def by_threshold(values: pd.Series, *, threshold: float, op: str = "lte") -> pd.DataFrame:
    """A measured value per bucket as good or bad time: good where ``value op threshold``.

    Parameters
    ----------
    values : Series
        One value per bucket, for example the 99th percentile of latency, in any unit.
    threshold : float
        Bound in the unit of the values.
    op : {'lte', 'lt', 'gte', 'gt'}
        Comparison that makes a bucket good, named as in OpenSLO.

    Returns
    -------
    DataFrame
        good (1 or 0) and total (1) per bucket; NaN where the value is unknown.

    Raises
    ------
    ParameterError
        Unknown comparison.

    Examples
    --------
    >>> by_threshold(pd.Series([0.2, 0.3, 0.4]), threshold=0.3)["good"].tolist()
    [1.0, 1.0, 0.0]
    """
    if op not in ("lte", "lt", "gte", "gt"):
        raise ParameterError(f"op must be lte, lt, gte or gt; got {op!r}.")
    compare = {"lte": values.le, "lt": values.lt, "gte": values.ge, "gt": values.gt}[op]
    known = values.notna()
    good = compare(threshold).astype("float64").where(known)
    return pd.DataFrame({"good": good, "total": known.astype("float64").where(known)})


def latency(histogram: pd.DataFrame, *, threshold: float) -> pd.DataFrame:
    """Share of requests no slower than a threshold, from a cumulative histogram.

    Parameters
    ----------
    histogram : DataFrame
        One row per bucket of time; columns are upper bounds as numbers (Prometheus ``le``), the
        largest one ``inf``; values are events no slower than the bound [events].
    threshold : float
        One of the bounds.

    Returns
    -------
    DataFrame
        good, total [events].

    Raises
    ------
    ParameterError
        The threshold is no bound of the histogram; between bounds nobody can count.
    ColumnError
        There is no column ``inf``, so that the total is unknown.

    Examples
    --------
    >>> latency(pd.DataFrame({0.1: [90.0], 0.3: [98.0], math.inf: [100.0]}), threshold=0.3)
       good  total
    0  98.0  100.0
    """
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


def time_slices(
    good: pd.Series, total: pd.Series, *, slice: pd.Timedelta | str, threshold: float
) -> pd.DataFrame:
    """Slices of time as events: a slice is good when its own ratio reaches the threshold.

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events].
    slice : Timedelta or str
        Length of a slice, a whole number of buckets; slices start at multiples of it since 1970.
    threshold : float
        Ratio from which on a slice is good [fraction].

    Returns
    -------
    DataFrame
        good, total [slices], one row per slice, indexed by its start.
        0 of 0 where the slice had no traffic, NaN where nothing in it is known.

    Raises
    ------
    ParameterError
        A slice that is no whole number of buckets.

    References
    ----------
    .. [1] OpenSLO v1, SLO, budgetingMethod Timeslices and timeSliceTarget.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> good, total = pd.Series([9.0, 10, 5, 0], minutes), pd.Series([10.0, 10, 10, 0], minutes)
    >>> time_slices(good, total, slice="2m", threshold=0.95)["good"].tolist()
    [1.0, 0.0]
    """
    sums = _slice_sums(good, total, slice)
    ratios = windows.divide(sums["good"], sums["total"])
    reached = (ratios >= threshold).astype("float64")
    return _as_slices(reached, sums)


def slice_ratios(good: pd.Series, total: pd.Series, *, slice: pd.Timedelta | str) -> pd.DataFrame:
    """Slices of time that weigh the same: each counts as its own ratio of good events.

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events].
    slice : Timedelta or str
        Length of a slice, a whole number of buckets.

    Returns
    -------
    DataFrame
        good (the ratio of the slice), total (1) [slices]; 0 of 0 without traffic, NaN unknown.

    Raises
    ------
    ParameterError
        A slice that is no whole number of buckets.

    References
    ----------
    .. [1] OpenSLO v1, SLO, budgetingMethod RatioTimeslices.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=2, freq="min", tz="UTC")
    >>> good, total = pd.Series([9.0, 10], minutes), pd.Series([10.0, 10], minutes)
    >>> slice_ratios(good, total, slice="2m")["good"].tolist()
    [0.95]
    """
    sums = _slice_sums(good, total, slice)
    return _as_slices(windows.divide(sums["good"], sums["total"]), sums)


def _slice_sums(good: pd.Series, total: pd.Series, slice: pd.Timedelta | str) -> pd.DataFrame:
    length, step = _length(slice), _step(good, total)
    if step is not None and (length < step or length % step != pd.Timedelta(0)):
        raise ParameterError(
            f"slice must be a whole number of buckets of {step}; got {length}. "
            f"Export finer data, or use a longer slice."
        )
    return _block_sums(good, total, length)


def _as_slices(value: pd.Series, sums: pd.DataFrame) -> pd.DataFrame:
    asked = (sums["total"] > 0).astype("float64").where(sums["total"].notna())
    return pd.DataFrame({"good": value.where(asked != 0, 0.0).where(asked.notna()), "total": asked})


def for_slo(counts: pd.DataFrame, slo: Slo) -> pd.DataFrame:
    """Counts as the budgeting method of an SLO counts them.

    Parameters
    ----------
    counts : DataFrame, regular tz-aware index
        good, total [events].
    slo : Slo
        Its method, slice and slice target decide.

    Returns
    -------
    DataFrame
        good, total. Occurrences: the events as they are. Timeslices: good slices of all slices.
        RatioTimeslices: the ratio of each slice, all slices weighing the same.

    Raises
    ------
    ParameterError
        The method is unknown, or the slice is no whole number of buckets.

    References
    ----------
    .. [1] OpenSLO v1, SLO, budgetingMethod.
    """
    if slo.method == "Occurrences":
        return counts[["good", "total"]]
    if slo.slice is None:
        raise ParameterError(f"SLO {slo.name!r}: method {slo.method} needs a slice length.")
    if slo.method == "RatioTimeslices":
        return slice_ratios(counts["good"], counts["total"], slice=slo.slice)
    if slo.method != "Timeslices" or slo.slice_target is None:
        raise ParameterError(
            f"SLO {slo.name!r}: method must be Occurrences, RatioTimeslices, or Timeslices with a "
            f"slice target; got {slo.method!r}, slice target {slo.slice_target}."
        )
    return time_slices(counts["good"], counts["total"], slice=slo.slice, threshold=slo.slice_target)


# --- intervals ----------------------------------------------------------------------------


def interval(
    good: pd.Series,
    total: pd.Series,
    *,
    confidence: float = 0.95,
    method: str = "auto",
    seed: int = 0,
) -> stats.Estimate:
    """Share of good events with an interval that fits how the errors occur.

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events].
    confidence : float
        Share of such intervals that should hold the truth [fraction].
    method : {'auto', 'wilson', 'clopper_pearson', 'bootstrap'}
        auto: Wilson where errors look independent, block bootstrap where they cluster.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    stats.Estimate
        Fractions; the method that was used is in `method`. All NaN without traffic.

    Raises
    ------
    ParameterError
        Unknown method.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC")
    >>> total = pd.Series(1000.0, hours)
    >>> interval(total - 1, total).method
    'Wilson'
    """
    if method not in METHODS:
        raise ParameterError(f"method must be one of {', '.join(METHODS)}; got {method!r}.")
    windows.check_counts(good, total)
    part, whole = windows.totals(total - good, total)
    if not whole:
        return stats.Estimate(math.nan, math.nan, math.nan, 0, confidence, "no traffic")
    if method in ("auto", "bootstrap"):
        unit, sums = _groups(good, total)
        if method == "bootstrap" or _clustered(sums):
            return _bootstrapped(sums, unit, confidence, seed)
    exact = method == "clopper_pearson"
    ends = (stats.clopper_pearson if exact else stats.wilson)(part, whole, confidence=confidence)
    name = "Clopper-Pearson" if exact else "Wilson"
    return stats.Estimate(
        windows.ratio(good, total), 1 - ends[1], 1 - ends[0], whole, confidence, name
    )


def _groups(good: pd.Series, total: pd.Series) -> tuple[str, pd.DataFrame]:
    days = _block_sums(good, total, _DAY)
    if int((days["total"] > 0).sum()) >= _ENOUGH_DAYS:
        return "days", days
    return "hours", _block_sums(good, total, _HOUR)


def _clustered(sums: pd.DataFrame) -> bool:
    known = sums.fillna(0.0)
    bad = (known["total"] - known["good"]).to_numpy()
    return stats.dispersion(bad, known["total"].to_numpy()).p_value < _ALPHA


def _bootstrapped(sums: pd.DataFrame, unit: str, confidence: float, seed: int) -> stats.Estimate:
    known = sums.fillna(0.0)
    bad, total = (known["total"] - known["good"]).to_numpy(), known["total"].to_numpy()
    block = 1 if unit == "days" else min(24, len(bad) // 3)
    if block < 1:
        raise InsufficientDataError(f"a bootstrap needs 3 {unit} of data; got {len(bad)}.")
    found = stats.block_bootstrap(bad, total, block=block, confidence=confidence, seed=seed)
    name = f"block bootstrap over {unit}"
    return stats.Estimate(1 - found.value, 1 - found.high, 1 - found.low, found.n, confidence, name)


def by_period(
    good: pd.Series,
    total: pd.Series,
    *,
    period: str | Window = "week",
    timezone: str = "UTC",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Share of good events per calendar period, with interval and coverage.

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events].
    period : {'day', 'week', 'month', 'quarter', 'year'} or Window
        The periods; a rolling Window gives blocks that end with the data.
    timezone : str
        IANA zone of the periods, unless `period` is a Window.
    confidence : float
        Share of such intervals that should hold the truth [fraction].

    Returns
    -------
    DataFrame
        starts_at, ends_at, label, good, total [events], ratio, low, high [fraction],
        coverage (share of the buckets the data spans in this period that are known),
        method, complete (whether the data spans all of the period).

    Raises
    ------
    TimeIndexError
        The index is not regular.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-05", periods=14 * 24, freq="h", tz="UTC")
    >>> total = pd.Series(100.0, hours)
    >>> by_period(total, total)[["label", "ratio", "complete"]].values.tolist()
    [['2026-W02', 1.0, True], ['2026-W03', 1.0, True]]
    """
    step = _step(good, total)
    if not len(good) or step is None:
        raise InsufficientDataError(f"periods need at least two buckets; got {len(good)}.")
    window = period if isinstance(period, Window) else Window(unit=period, timezone=timezone)
    spans = windows.periods(good.index[0], good.index[-1] + step, window=window)
    edges = good.index.searchsorted(
        pd.DatetimeIndex([*spans["starts_at"], spans["ends_at"].iloc[-1]])
    )
    rows = [
        _period_row(good.iloc[a:b], total.iloc[a:b], confidence)
        for a, b in zip(edges[:-1], edges[1:], strict=True)
    ]
    found = pd.DataFrame(rows)
    return pd.concat([spans[["starts_at", "ends_at", "label"]], found, spans[["complete"]]], axis=1)


def _period_row(good: pd.Series, total: pd.Series, confidence: float) -> dict[str, object]:
    sums = windows.totals(good, total)
    found = interval(good, total, confidence=confidence)
    known = (good.notna() & total.notna()).mean()
    return {
        "good": sums[0], "total": sums[1], "ratio": found.value, "low": found.low,
        "high": found.high, "coverage": known, "method": found.method,
    }  # fmt: skip


# --- windowed availability ----------------------------------------------------------------


def worst_windows(
    good: pd.Series, total: pd.Series, *, lengths: Iterable[pd.Timedelta | str] | None = None
) -> pd.DataFrame:
    """The worst ratio over every window length: few long outages against many short ones.

    MCR(w) = the smallest sum(good) / sum(total) over all windows of length w inside the data.

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events]; unknown buckets are left out of both sums.
    lengths : list of Timedelta or str, optional
        Window lengths, whole numbers of buckets; the bucket times powers of two when not given.

    Returns
    -------
    DataFrame
        window (Timedelta), ratio (MCR) [fraction], starts_at, ends_at (the worst window; the
        earliest of equals). NaN and NaT where no window of this length had traffic.

    Raises
    ------
    ParameterError
        A length that is no whole number of buckets, or longer than the data.

    Notes
    -----
    MCR(k w) >= MCR(w) for whole k: a long window is no worse than the worst of its parts.
    The curve of a service with one long outage stays low far to the right; with many short ones
    it rises early.

    References
    ----------
    .. [1] Hauer et al., Meaningful Availability, NSDI 2020, section 5.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> good, total = pd.Series([10.0, 0, 10, 10], minutes), pd.Series(10.0, minutes)
    >>> worst_windows(good, total)["ratio"].tolist()
    [0.0, 0.5, 0.75]
    """
    windows.check_counts(good, total)
    step = _step(good, total)
    if step is None:
        raise InsufficientDataError(f"windows need at least two buckets; got {len(good)}.")
    widths = _widths(len(good), step, lengths)
    top, bottom = windows.paired(good, total)
    known = ~np.isnan(bottom)
    whole = windows.prefix(np.where(known, bottom, 0.0))
    part = windows.prefix(np.where(known, top, 0.0), exponent=whole.exponent)
    worst = [_worst(part.sums, whole.sums, width) for width in widths]
    starts = [good.index[i] if i >= 0 else pd.NaT for i, _ in worst]
    spans = pd.to_timedelta([width * step for width in widths])
    begins = pd.DatetimeIndex(starts, dtype=good.index.dtype)
    return pd.DataFrame(
        {
            "window": spans,
            "ratio": [value for _, value in worst],
            "starts_at": begins,
            "ends_at": begins + spans,
        }
    )


def _worst(part: np.ndarray, whole: np.ndarray, width: int) -> tuple[int, float]:
    total = whole[width:] - whole[:-width]
    ratios = windows.divide(part[width:] - part[:-width], total)
    if np.isnan(ratios).all():
        return -1, math.nan
    i = int(np.nanargmin(ratios))
    return i, float(ratios[i])


def _widths(n: int, step: pd.Timedelta, lengths: Iterable[pd.Timedelta | str] | None) -> list[int]:
    if lengths is None:
        return [2**k for k in range(n.bit_length()) if 2**k <= n]
    spans = [_length(item) for item in lengths]
    for span in spans:
        if span % step != pd.Timedelta(0) or not step <= span <= n * step:
            raise ParameterError(
                f"lengths must be whole numbers of buckets of {step}, up to the {n * step} of "
                f"data; got {span}."
            )
    return [span // step for span in spans]


def user_uptime(events: pd.DataFrame, *, cutoff: pd.Timedelta | None = None) -> pd.DataFrame:
    """Up and active time of every user, from the outcome of each request.

    user-uptime = sum of up time / sum of (up + down time) over all users, which is
    ``windows.ratio`` of the two columns.

    Parameters
    ----------
    events : DataFrame
        user, time, ok (True: the request succeeded); any order.
    cutoff : Timedelta, optional
        Longer silence between two requests counts as inactive, neither up nor down.
        The 99th percentile of all times between requests when not given.

    Returns
    -------
    DataFrame
        good (up) and total (up + down) [s], indexed by user.

    Raises
    ------
    ColumnError
        A column is missing.

    Notes
    -----
    The time between two requests carries the outcome of the first.

    References
    ----------
    .. [1] Hauer et al., Meaningful Availability, NSDI 2020, section 4.

    Examples
    --------
    >>> times = pd.to_datetime(["2026-01-01T00:00Z", "2026-01-01T00:03Z", "2026-01-01T00:04Z"])
    >>> one = pd.DataFrame({"user": "a", "time": times, "ok": [True, False, True]})
    >>> user_uptime(one, cutoff=pd.Timedelta("30min"))
          good  total
    user
    a    180.0  240.0
    """
    for name in ("user", "time", "ok"):
        if name not in events.columns:
            raise ColumnError(f"column {name!r} is missing; columns seen: {list(events.columns)}.")
    ordered = events.sort_values(["user", "time"], kind="stable")
    until = ordered.groupby("user", sort=False)["time"].shift(-1) - ordered["time"]
    limit = until.quantile(0.99) if cutoff is None else cutoff
    seconds = until.where(until <= limit).dt.total_seconds().fillna(0.0)
    spent = pd.DataFrame({"good": seconds.where(ordered["ok"].astype(bool), 0.0), "total": seconds})
    return spent.groupby(ordered["user"]).sum()


# --- low traffic --------------------------------------------------------------------------


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
    allowance : float
        Failures the target allows in one window, not rounded [events].
    failures_allowed : int
        Whole failures in it [events].
    cost_of_one : float
        Share of the budget that one failure spends [fraction]; above 1, one is too many.
    burn_rate_of_one : float
        Burn rate over an average hour with one failure.
    missed_by_chance : float
        Probability to miss the target when the true failure rate is just what it allows
        [fraction].

    Examples
    --------
    >>> hours = pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC")
    >>> total = pd.Series(10.0, hours)
    >>> found = low_traffic(total, total, target=0.999, window="30d")
    >>> found.failures_allowed, round(found.cost_of_one, 4), found.is_low
    (7, 0.1389, True)
    """

    target: float
    window: Window
    events: float
    allowance: float
    failures_allowed: int
    cost_of_one: float
    burn_rate_of_one: float
    missed_by_chance: float

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
    InvalidTargetError
        Target outside (0, 1).
    InsufficientDataError
        No known bucket.

    Notes
    -----
    A page under the Workbook's policy means 2 % of the budget within an hour, so where one
    failure costs more than that, every single failure pages.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, 2018, chapter 5, low-traffic services.
    """
    if not 0 < target < 1:
        raise InvalidTargetError(
            f"target must lie strictly between 0 and 1; got {target}. For 99.9 % write 0.999."
        )
    window = windows.as_window(window)
    step = _step(good, total)
    top, bottom = windows.paired(good, total)
    if step is None or np.isnan(bottom).all():
        raise InsufficientDataError("traffic needs at least two buckets, one of them known.")
    per_hour = float(np.nanmean(bottom)) * (_HOUR / step)
    events = per_hour * (window.length_at(good.index[-1]) / _HOUR)
    return _low_traffic(target, window, events, per_hour)


def _low_traffic(target: float, window: Window, events: float, per_hour: float) -> LowTraffic:
    from scipy.special import bdtrc

    allowance = events * (1 - target)
    allowed = math.floor(allowance + 1e-9 * max(allowance, 1.0))
    n = round(events)
    return LowTraffic(
        target=target,
        window=window,
        events=events,
        allowance=allowance,
        failures_allowed=allowed,
        cost_of_one=1 / allowance if allowance else math.inf,
        burn_rate_of_one=1 / per_hour / (1 - target) if per_hour else math.inf,
        missed_by_chance=float(bdtrc(allowed, n, 1 - target)) if n > allowed else 0.0,
    )


# --- shared -------------------------------------------------------------------------------


def _step(good: pd.Series, total: pd.Series) -> pd.Timedelta | None:
    if good.index is not total.index and not good.index.equals(total.index):
        raise TimeIndexError(
            f"good and total must share one index; got {len(good)} and {len(total)} rows."
        )
    return windows.check_index(good.index)


def _length(span: pd.Timedelta | str) -> pd.Timedelta:
    duration = windows.as_window(span).duration
    assert duration is not None  # a text or a Timedelta is always rolling
    return duration


def _block_sums(good: pd.Series, total: pd.Series, length: pd.Timedelta) -> pd.DataFrame:
    """Sums over blocks of one length aligned to 1970, NaN where nothing in a block is known."""
    _step(good, total)
    index = good.index.tz_convert("UTC").as_unit("us")
    size = length // pd.Timedelta(1, "us")
    number = index.asi8 // size
    first = number[0] if len(number) else 0
    edges = np.searchsorted(number, np.arange(first, number[-1] + 2)) if len(number) else []
    starts = pd.DatetimeIndex(
        ((first + np.arange(max(len(edges) - 1, 0))) * size).view("M8[us]"), name="time"
    ).tz_localize("UTC")
    columns = zip(("good", "total"), windows.paired(good, total), strict=True)
    return pd.DataFrame({name: _sums_between(x, edges) for name, x in columns}, index=starts)


def _sums_between(counts: np.ndarray, edges: np.ndarray) -> np.ndarray:
    summed = windows.prefix(counts)
    seen = np.arange(len(counts) + 1) if summed.seen is None else summed.seen
    sums = np.diff(summed.sums[edges])
    return np.where(np.diff(seen[edges]) > 0, sums, np.nan)
