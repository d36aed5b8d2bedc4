"""Intervals of a share, for events that are independent or overdispersed."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from srelib.errors import ParameterError


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
        How many observations the interval stands on: events for Wilson (widened or not) and
        Clopper-Pearson, time units such as days for a bootstrap.
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


def widened_wilson(
    part: Any, whole: Any, *, index: float, confidence: float = 0.95
) -> tuple[Any, Any]:
    """Wilson's interval where events cluster: as if there were ``whole / index`` of them.

    Parameters
    ----------
    part, whole : number or array
        Events counted and events in all.
    index : float
        Overdispersion, as `dispersion` gives it; below 1 it is taken as 1.
    confidence : float
        Share of such intervals that should hold the truth [fraction].

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
    .. [1] McCullagh, Nelder, Generalized Linear Models, 2nd ed. 1989, section 4.5
       (variance is ``index`` times the binomial one).

    Examples
    --------
    >>> widened_wilson(30, 100_000, index=10.0) == wilson(3, 10_000)
    True
    """
    k, n = _counts(part, whole)
    scale = max(index, 1.0)
    return wilson(k / scale, n / scale, confidence=confidence)


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
    tail = (1 - level(confidence)) / 2
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
    return NormalDist().inv_cdf((1 + level(confidence)) / 2)


def level(confidence: float) -> float:
    """The confidence, if it is one.

    Parameters
    ----------
    confidence : float
        Share of intervals that hold the truth [fraction].

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        Confidence outside (0, 1).

    Examples
    --------
    >>> level(0.95)
    0.95
    """
    if not 0 < confidence < 1:
        raise ParameterError(
            f"confidence must lie strictly between 0 and 1; got {confidence}. For 95 % write 0.95."
        )
    return confidence


def _counts(part: Any, whole: Any) -> tuple[np.ndarray, np.ndarray]:
    """Part and whole as arrays, part within whole."""
    k, n = np.asarray(part, dtype="float64"), np.asarray(whole, dtype="float64")
    if ((k < 0) | (k > n)).any():
        raise ParameterError(f"part must lie between 0 and whole; got {part!r} of {whole!r}.")
    return k, n


def _ends(low: np.ndarray, high: np.ndarray, n: np.ndarray) -> tuple[Any, Any]:
    """Ends of an interval, NaN without observations; floats for single numbers."""
    low, high = (np.where(n > 0, end, np.nan) for end in (low, high))
    return (low, high) if low.ndim else (float(low), float(high))
