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
    """Wilson's score interval of a share of independent events."""
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
    """Wilson's interval where events cluster: as if there were ``whole / index`` of them."""
    k, n = _counts(part, whole)
    scale = max(index, 1.0)
    return wilson(k / scale, n / scale, confidence=confidence)


def clopper_pearson(part: Any, whole: Any, *, confidence: float = 0.95) -> tuple[Any, Any]:
    """Exact interval of a share of independent events; never covers less than it says."""
    from scipy.special import betaincinv

    k, n = _counts(part, whole)
    tail = (1 - level(confidence)) / 2
    low = np.where(k == 0, 0.0, betaincinv(np.maximum(k, 1e-300), n - k + 1, tail))
    high = np.where(k == n, 1.0, betaincinv(k + 1, np.maximum(n - k, 1e-300), 1 - tail))
    return _ends(low, high, n)


def normal_quantile(confidence: float) -> float:
    """Standard deviations on either side that hold this share of a normal distribution."""
    return NormalDist().inv_cdf((1 + level(confidence)) / 2)


def level(confidence: float) -> float:
    """The confidence, if it is one."""
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
