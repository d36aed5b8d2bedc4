"""Could a difference be chance? The user's own incidents, shuffled between two periods."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.errors import InsufficientDataError, ParameterError
from srelib.incidents import times
from srelib.stats.intervals import NAN, _normal_quantile

STATISTICS: dict[str, Callable[..., np.ndarray]] = {"mean": np.mean, "median": np.median}
FEWEST = 3
FINE = 4000
"""As many quantiles say how durations scatter as well as more of them would."""
FEWEST_DURATIONS = 10
POWER, CONFIDENCE = 0.8, 0.95
"""How often an improvement would be seen, by a test that rejects at 1 less this."""
BATCH = 2_000_000
"""Numbers drawn at once."""


@dataclass(frozen=True)
class Noise:
    """How often shuffling makes a difference as large as the one observed.

    statistic: 'mean' or 'median'
    before, after: of the durations in either period [s]
    n_before, n_after, open: incidents; how many had not ended and count for as long as they were
        seen to last
    share: of shufflings with a difference at least this large, either way [fraction]
    differences: after less before, in each shuffling [s]
    """

    statistic: str
    before: float
    after: float
    n_before: int
    n_after: int
    open: int
    share: float
    differences: np.ndarray

    @property
    def observed(self) -> float:
        """After less before [s]."""
        return self.after - self.before


def noise_check(
    incidents: pd.DataFrame,
    *,
    between: times.Between,
    split: pd.Timestamp | str | None = None,
    statistic: str = "mean",
    resamples: int = 9999,
    seed: int = 0,
) -> Noise:
    """Shuffle the incidents between the two periods: how often is the difference this large?

    Every incident keeps its duration; only which period it belongs to is drawn anew.

    Parameters
    ----------
    incidents, split : see `srelib.incidents`
    between : pair of Timestamp, time in which incidents were written down, half-open; its end is
        "now"
    statistic : {'mean', 'median'}, what is compared: the mean (which most dashboards show) or the
        median
    resamples, seed : int, shufflings, and their seed

    Raises
    ------
    ParameterError
        `statistic` is none of these, `split` does not lie inside, `resamples` below 1.
    InsufficientDataError
        Fewer than three incidents with a known duration in either period.

    Examples
    --------
    >>> at = pd.date_range("2026-01-01", periods=28, freq="D", tz="UTC")
    >>> hours = pd.to_timedelta([1.0, 2, 3, 4] * 7, unit="h")
    >>> rows = pd.DataFrame({"incident_id": map(str, range(28)), "service": "shop",
    ...                      "started_at": at, "resolved_at": at + hours})
    >>> found = noise_check(rows, between=(at[0], at[0] + pd.Timedelta("28D")), resamples=999)
    >>> found.n_before, found.share > 0.2
    (14, True)
    """
    ParameterError.check_one_of(statistic, "statistic", STATISTICS)
    if resamples < 1:
        raise ParameterError(f"resamples must be at least 1; got {resamples}.")
    parts = times._before_and_after(between, split=split)
    rows = times._started_in(times._fleet_incidents(incidents), between)
    known = times._durations(rows, as_of=between[1])
    known = known[known["state"] != times.UNKNOWN]
    sides = [times._started_in(known, part)["seconds"].to_numpy("float64") for part in parts]
    if min(map(len, sides)) < FEWEST:
        raise InsufficientDataError(
            f"shuffling needs at least {FEWEST} incidents with a known duration in either period; "
            f"got {len(sides[0])} before {parts[0][1]} and {len(sides[1])} after."
        )
    before, after = (float(STATISTICS[statistic](side)) for side in sides)
    share, drawn = _shuffled(sides[0], sides[1], STATISTICS[statistic], resamples, seed)
    still_open = int((known["state"] == times.OPEN).sum())
    return Noise(statistic, before, after, len(sides[0]), len(sides[1]), still_open, share, drawn)


def _shuffled(
    before: np.ndarray,
    after: np.ndarray,
    statistic: Callable[..., np.ndarray],
    resamples: int,
    seed: int,
) -> tuple[float, np.ndarray]:
    """Share of shufflings with a difference at least as large, and the differences."""
    from scipy.stats import permutation_test

    def difference(late: np.ndarray, early: np.ndarray, axis: int = -1) -> np.ndarray:
        return statistic(late, axis=axis) - statistic(early, axis=axis)

    found = permutation_test(
        (after, before), difference, permutation_type="independent", vectorized=True,
        n_resamples=resamples, alternative="two-sided", rng=np.random.default_rng(seed),
        batch=max(1, BATCH // (len(before) + len(after))),
    )  # fmt: skip
    drawn, least = found.null_distribution, abs(float(found.statistic)) * (1 - 1e-12)
    exact = len(drawn) < resamples
    as_large = int((np.abs(drawn) >= least).sum())
    return (as_large + (not exact)) / (len(drawn) + (not exact)), np.asarray(drawn)


def _improvement_looks_worse(durations: np.ndarray, *, n: int, trials: int = 10_000) -> float:
    """How often a cut by a tenth makes the mean of n incidents look worse (Davidovic)."""
    rng, worse, batch = np.random.default_rng(0), 0, max(1, BATCH // n)
    for start in range(0, trials, batch):
        drawn = rng.choice(durations, (min(batch, trials - start), n))
        before, after = drawn[:, : n // 2], drawn[:, n // 2 :] * 0.9
        worse += int((after.mean(axis=1) >= before.mean(axis=1)).sum())
    return worse / trials


@dataclass(frozen=True)
class Detectable:
    """The smallest improvement that would be seen so often (`power`).

    cut: of every duration [fraction]; NaN where even a cut to nothing would often be missed, and
        where fewer than ten durations (or only equal ones) do not say how they scatter
    count_cut: of the number of incidents [fraction]; NaN likewise
    n_before, n_after: incidents in either period
    curve: n (incidents in both periods), cut, count_cut [fraction]
    """

    cut: float
    count_cut: float
    n_before: float
    n_after: float
    curve: pd.DataFrame
    power: float = POWER


def detectable_change(
    durations: np.ndarray | pd.Series, *, n: tuple[float, float] | None = None, index: float = 1.0
) -> Detectable:
    """The smallest improvement that two periods with this many incidents could show.

    Parameters
    ----------
    durations : array or Series, of past incidents, any unit of time; NaN is unknown and left out
    n : pair of float, optional, incidents before and after; default: half of the durations each
    index : float, overdispersion of the counts, as in `CountTrend`

    Raises
    ------
    ParameterError
        `n` below 2.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = detectable_change(rng.lognormal(4.25, 1.25, 2000), n=(100, 100))
    >>> 0.35 < found.cut < 0.45
    True
    """
    known = np.asarray(durations, dtype="float64")
    known = known[~np.isnan(known)]
    values, half = _smoothed(known), len(known) / 2
    before, after = (half, half) if n is None else (float(n[0]), float(n[1]))
    if min(before, after) < 2:
        raise ParameterError(f"n must hold at least 2 incidents in either period; got {n}.")
    share, top = before / (before + after), max(2000.0, 8 * (before + after))
    sizes = np.unique(np.rint(np.geomspace(10, top, 28))).astype("float64")
    curve = pd.DataFrame({
        "n": sizes,
        "cut": [_smallest(values, (s * share, s * (1 - share))) for s in sizes],
        "count_cut": [_smallest_count(s / 2, index) for s in sizes],
    })  # fmt: skip
    fewer = _smallest_count((before + after) / 2, index)
    return Detectable(_smallest(values, (before, after)), fewer, before, after, curve)


def _power_of_cut(values: np.ndarray, cut: float, *, n: tuple[float, float]) -> float:
    """How often the rank test would see a cut of every duration."""
    before, after = n
    shorter = values * (1 - cut)
    longer_than = _above(shorter, values)
    beaten_by = 1 - _above(values, shorter)
    p, size = float(longer_than.mean()), float(len(values))
    many = np.unique(values, return_counts=True)[1].astype("float64")
    tied = float((many**3 - many).sum() / (size**3 - size))  # ties shrink the variance of ranks
    null = math.sqrt((before + after + 1) / (12 * before * after) * (1 - tied))
    both = float((beaten_by**2).mean()), float((longer_than**2).mean())
    variance = p * (1 - p) + (after - 1) * (both[0] - p**2) + (before - 1) * (both[1] - p**2)
    spread = math.sqrt(max(variance, 1e-12) / (before * after))
    limit = _normal_quantile(CONFIDENCE) * null
    return _normal((p - 0.5 - limit) / spread) + _normal((0.5 - p - limit) / spread)


def _above(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """For each point the share of the values above it, ties counting half."""
    ordered = np.sort(values)
    left, right = (np.searchsorted(ordered, points, side) for side in ("left", "right"))
    return 1 - (left + right) / (2 * len(ordered))


def _smallest(values: np.ndarray, n: tuple[float, float]) -> float:
    """The smallest cut that would be seen often enough; NaN where there is none."""
    from scipy.optimize import brentq

    def lacking(cut: float) -> float:
        return _power_of_cut(values, cut, n=n) - POWER

    most = 0.999
    if min(n) < 2 or not len(values) or not lacking(most) >= 0:
        return NAN
    return float(brentq(lacking, 0.0, most, xtol=1e-4))


def _smallest_count(mean: float, index: float) -> float:
    """The smallest cut of the count, whose mean is given, on the scale of square roots."""
    from scipy.special import ndtri

    step = (_normal_quantile(CONFIDENCE) + float(ndtri(POWER))) * math.sqrt(max(index, 1.0) / 2)
    middle = math.sqrt(max(mean - step**2 / 4, 0.0))
    before, after = middle + step / 2, middle - step / 2
    return 1 - (after / before) ** 2 if after > 0 else NAN


def _normal(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def _smoothed(known: np.ndarray) -> np.ndarray:
    """Durations as many and as smooth as the formulas need them; empty with too few."""
    if len(known) < FEWEST_DURATIONS or known.min() == known.max():
        return np.array([])
    if len(known) > FINE:
        return np.quantile(known, (np.arange(FINE) + 0.5) / FINE)
    copies = -(-FINE // (2 * len(known)))
    none, logs = known[known <= 0], np.log(known[known > 0])
    return np.concatenate([none.repeat(copies), np.exp(_spread_out(logs, copies))])


def _spread_out(logs: np.ndarray, copies: int) -> np.ndarray:
    """Each value as several around it, without more scatter of all together."""
    from scipy.special import ndtri

    if not len(logs):
        return logs
    spread, middle = float(logs.std()), logs.mean()
    width = 1.06 * spread * len(logs) ** -0.2
    kernel = ndtri((np.arange(copies) + 0.5) / copies)
    if copies > 1:
        kernel = kernel / kernel.std()
    around = (logs[:, None] + width * kernel[None, :]).ravel()
    shrink = spread / math.hypot(spread, width) if spread and copies > 1 else 1.0
    return middle + (around - middle) * shrink
