"""Intervals and resampling on plain arrays.

Nothing in here knows about services or targets: *part* and *whole* are counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from srelib.errors import InsufficientDataError, ParameterError


@dataclass(frozen=True)
class Estimate:
    """A number with the interval it travels with.

    Parameters
    ----------
    value : float
        The estimate itself.
    low, high : float
        Ends of the interval, in the unit of the value; NaN where none can be given.
    n : float
        How many observations the interval stands on: events for Wilson and Clopper-Pearson,
        time units such as days for a bootstrap.
    confidence : float
        Share of such intervals that hold the truth [fraction].
    method : str
        How the interval was made, in words fit for a sentence.

    Examples
    --------
    >>> Estimate(0.99, 0.98, 0.995, 1000, 0.95, "Wilson").low
    0.98
    """

    value: float
    low: float
    high: float
    n: float
    confidence: float
    method: str


@dataclass(frozen=True)
class Dispersion:
    """How much more counts scatter between groups than chance alone would have it.

    Parameters
    ----------
    index : float
        Pearson's chi-square / (groups - 1): 1 for independent events, above where they cluster.
    p_value : float
        Chance of an index this large or larger if events were independent [fraction].
    groups : int
        Groups with a whole above zero.

    Examples
    --------
    >>> Dispersion(index=1.1, p_value=0.4, groups=28).groups
    28
    """

    index: float
    p_value: float
    groups: int


def wilson(part: Any, whole: Any, *, confidence: float = 0.95) -> tuple[Any, Any]:
    """Wilson's score interval of a share of independent events.

    Parameters
    ----------
    part, whole : number or array
        Events counted and events in all.
    confidence : float
        Share of such intervals that hold the truth [fraction].

    Returns
    -------
    low, high : float or array
        Fractions 0 to 1; NaN where whole is 0.

    Raises
    ------
    ParameterError
        Confidence outside (0, 1), or part outside [0, whole].

    References
    ----------
    .. [1] Wilson, JASA 22 (1927) 209; Brown, Cai, DasGupta, Statistical Science 16 (2001) 101.

    Examples
    --------
    >>> low, high = wilson(3, 10_000)
    >>> f"{low:.6g} {high:.6g}"
    '0.000102032 0.000881736'
    """
    k, n = _counts(part, whole)
    z = normal_quantile(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (k + z * z / 2) / (n + z * z)
        half = z / (n + z * z) * np.sqrt(k * (n - k) / n + z * z / 4)
    low = np.where(k == 0, 0.0, np.maximum(middle - half, 0.0))
    high = np.where(k == n, 1.0, np.minimum(middle + half, 1.0))
    return _ends(low, high, n)


def clopper_pearson(part: Any, whole: Any, *, confidence: float = 0.95) -> tuple[Any, Any]:
    """Exact interval of a share of independent events; never covers less than it says.

    Parameters
    ----------
    part, whole : number or array
        Events counted and events in all.
    confidence : float
        Share of such intervals that hold the truth [fraction]; a one-sided bound at 0.95 is the
        end of a two-sided interval at 0.90.

    Returns
    -------
    low, high : float or array
        Fractions 0 to 1; NaN where whole is 0.

    Raises
    ------
    ParameterError
        Confidence outside (0, 1), or part outside [0, whole].

    References
    ----------
    .. [1] Clopper, Pearson, Biometrika 26 (1934) 404.

    Examples
    --------
    >>> low, high = clopper_pearson(3, 10_000)
    >>> f"{low:.6g} {high:.6g}"
    '6.18715e-05 0.000876475'
    """
    from scipy.special import betaincinv

    k, n = _counts(part, whole)
    tail = (1 - _fraction(confidence)) / 2
    low = np.where(k == 0, 0.0, betaincinv(np.maximum(k, 1e-300), n - k + 1, tail))
    high = np.where(k == n, 1.0, betaincinv(k + 1, np.maximum(n - k, 1e-300), 1 - tail))
    return _ends(low, high, n)


def normal_quantile(confidence: float) -> float:
    """Standard deviations on either side that hold this share of a normal distribution.

    Parameters
    ----------
    confidence : float
        Share between the two quantiles [fraction].

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        Confidence outside (0, 1).

    Examples
    --------
    >>> round(normal_quantile(0.95), 3)
    1.96
    """
    return NormalDist().inv_cdf((1 + _fraction(confidence)) / 2)


def resample_sums(
    values: np.ndarray,
    *,
    block: int,
    resamples: int = 2000,
    seed: int = 0,
    length: int | None = None,
) -> np.ndarray:
    """Sums of a series over block-bootstrap resamples of it.

    Blocks of neighbouring values are drawn with replacement from the series closed to a circle,
    so that every value is equally likely, and laid end to end until `length` is reached.

    Parameters
    ----------
    values : array, shape (..., n)
        One value per time unit; all rows share the draws, so that pairs stay pairs.
    block : int
        Length of a block [time units].
    resamples : int
        How many resamples.
    seed : int
        Seed of the draws.
    length : int, optional
        Length of each resample [time units]; that of the series when not given.

    Returns
    -------
    array, shape (..., resamples)

    Raises
    ------
    ParameterError
        A block that is not between 1 and n.

    Notes
    -----
    Whole blocks are added up, never the data, so a resample costs n / block additions.

    References
    ----------
    .. [1] Politis, Romano, in Exploring the Limits of Bootstrap, 1992, 263 (circular blocks).

    Examples
    --------
    >>> resample_sums(np.ones(10), block=3, resamples=2)
    array([10., 10.])
    """
    values = np.asarray(values, dtype="float64")
    n = values.shape[-1]
    length = n if length is None else length
    if not 1 <= block <= n:
        raise ParameterError(f"block must lie between 1 and the {n} values; got {block}.")
    rng = np.random.default_rng(seed)
    whole, rest = divmod(length, block)
    sums = circular_sums(values, block)[..., rng.integers(n, size=(resamples, whole))].sum(axis=-1)
    if rest:
        sums += circular_sums(values, rest)[..., rng.integers(n, size=resamples)]
    return sums


def circular_sums(values: np.ndarray, block: int) -> np.ndarray:
    """Sum of the block that starts at each value, the series closed to a circle.

    Parameters
    ----------
    values : array, shape (..., n)
        One value per time unit.
    block : int
        Length of a block [time units], at most n.

    Returns
    -------
    array, shape (..., n)

    Examples
    --------
    >>> circular_sums(np.array([1.0, 2.0, 4.0]), 2)
    array([3., 6., 5.])
    """
    closed = np.concatenate([values, values[..., : block - 1]], axis=-1)
    return np.lib.stride_tricks.sliding_window_view(closed, block, axis=-1).sum(axis=-1)


def block_bootstrap(
    part: np.ndarray,
    whole: np.ndarray,
    *,
    block: int = 1,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Interval of sum(part) / sum(whole) where neighbouring values depend on each other.

    Parameters
    ----------
    part, whole : array, shape (n,)
        Counts per time unit, in order of time.
    block : int
        Length of a block [time units]; long enough to hold what belongs together.
    confidence : float
        Share of such intervals that should hold the truth [fraction].
    resamples : int
        How many resamples.
    seed : int
        Seed of the draws.

    Returns
    -------
    Estimate
        `n` is the number of time units with a whole above zero.

    Raises
    ------
    InsufficientDataError
        Fewer than three blocks.
    ParameterError
        Confidence outside (0, 1), or a block that does not fit.

    Examples
    --------
    >>> days = np.array([0, 0, 9, 1, 0, 0, 2, 0, 0, 30.0])
    >>> block_bootstrap(days, np.full(10, 1000.0)).value
    0.0042
    """
    part, whole = np.asarray(part, dtype="float64"), np.asarray(whole, dtype="float64")
    if len(part) < 3 * block:
        raise InsufficientDataError(
            f"a bootstrap needs at least 3 blocks; got {len(part)} values in blocks of {block}."
        )
    sums = resample_sums(np.stack([part, whole]), block=block, resamples=resamples, seed=seed)
    tail = (1 - _fraction(confidence)) / 2
    ratios = sums[0][sums[1] > 0] / sums[1][sums[1] > 0]
    low, high = np.quantile(ratios, [tail, 1 - tail])
    n = int((whole > 0).sum())
    value = float(part.sum() / whole.sum())
    return Estimate(value, float(low), float(high), n, confidence, "block bootstrap")


def dispersion(
    part: np.ndarray, whole: np.ndarray, *, resamples: int = 999, seed: int = 0
) -> Dispersion:
    """Do events cluster in some groups more than chance would have it?

    index = sum((part - p whole)^2 / (p (1 - p) whole)) / (groups - 1), p = sum(part) / sum(whole)

    Parameters
    ----------
    part, whole : array, shape (groups,)
        Counts per group, for example per day; groups without a whole are left out.
    resamples : int
        How many simulated series where the expected counts are small.
    seed : int
        Seed of these.

    Returns
    -------
    Dispersion
        NaN index and p_value with fewer than two groups, or with part 0 or all of the whole.

    Notes
    -----
    The chi-square distribution gives p where a group expects five events or more on average;
    below that, binomial series with the same wholes are simulated.

    References
    ----------
    .. [1] McCullagh, Nelder, Generalized Linear Models, 2nd ed. 1989, section 4.5.

    Examples
    --------
    >>> dispersion(np.array([10, 10, 10, 10]), np.full(4, 1000)).index
    0.0
    """
    part, whole = np.asarray(part, dtype="float64"), np.asarray(whole, dtype="float64")
    part, whole = part[whole > 0], whole[whole > 0]
    groups = len(whole)
    if groups < 2 or not 0 < part.sum() < whole.sum():
        return Dispersion(float("nan"), float("nan"), groups)
    square = float(_chi_square(part[None, :], whole)[0])
    p = part.sum() / whole.sum()
    if part.sum() * (1 - p) >= 5 * groups:
        from scipy.special import chdtrc

        return Dispersion(square / (groups - 1), float(chdtrc(groups - 1, square)), groups)
    whole = np.maximum(np.rint(whole), 1)
    drawn = np.random.default_rng(seed).binomial(whole.astype("int64"), p, (resamples, groups))
    above = int((_chi_square(drawn, whole) >= square * (1 - 1e-12)).sum())
    return Dispersion(square / (groups - 1), (above + 1) / (resamples + 1), groups)


def _chi_square(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    p = part.sum(axis=-1, keepdims=True) / whole.sum()
    spread = np.where((p > 0) & (p < 1), p * (1 - p), 1.0)
    return ((part - p * whole) ** 2 / (spread * whole)).sum(axis=-1)


def _counts(part: Any, whole: Any) -> tuple[np.ndarray, np.ndarray]:
    k, n = np.asarray(part, dtype="float64"), np.asarray(whole, dtype="float64")
    if ((k < 0) | (k > n)).any():
        raise ParameterError(f"part must lie between 0 and whole; got {part!r} of {whole!r}.")
    return k, n


def _fraction(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ParameterError(
            f"confidence must lie strictly between 0 and 1; got {confidence}. For 95 % write 0.95."
        )
    return confidence


def _ends(low: np.ndarray, high: np.ndarray, n: np.ndarray) -> tuple[Any, Any]:
    low, high = (np.where(n > 0, end, np.nan) for end in (low, high))
    return (low, high) if low.ndim else (float(low), float(high))
