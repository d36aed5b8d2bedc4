"""How fast each service ships against what is left of its budget, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.errors import ParameterError
from srelib.stats import Estimate, normal_quantile

NAN = float("nan")
FAST_SAFE = "fast and safe"
FAST_FRAGILE = "fast and fragile"
SLOW_SAFE = "slow with budget to spare"
SLOW_FRAGILE = "slow and fragile"
QUADRANTS = (FAST_SAFE, FAST_FRAGILE, SLOW_SAFE, SLOW_FRAGILE)
FLEET = "median of the fleet"


@dataclass(frozen=True)
class Quadrants:
    """Services by how fast they ship and what is left of their budget.

    Parameters
    ----------
    services : DataFrame
        service; speed, speed_low, speed_high [unit of the speed]; left, left_low, left_high
        [fraction]; quadrant (where the estimates lie, one of `QUADRANTS`); the probability of
        each quadrant, in columns of their names [fraction]; sure (whether that of its own
        quadrant reaches `confidence`).
    speed_line : float
        From here on a service is fast [unit of the speed].
    left_line : float
        From here on it has budget left [fraction].
    line_is : str
        Where the line of speed comes from: 'stated', or 'median of the fleet'.
    confidence : float
        [fraction]
    unknown : tuple of str
        Services of which speed or budget is unknown.
    """

    services: pd.DataFrame
    speed_line: float
    left_line: float
    line_is: str
    confidence: float
    unknown: tuple[str, ...]


def quadrants(
    speed: Mapping[str, Estimate],
    left: Mapping[str, Estimate],
    *,
    speed_line: float | str = 1.0,
    left_line: float = 0.0,
    confidence: float = 0.95,
    draws: int = 4000,
    seed: int = 0,
) -> Quadrants:
    """Fast or slow, safe or fragile: where each service stands, with probabilities.

    Parameters
    ----------
    speed : mapping of str to Estimate
        How fast each service ships; more is faster, for example deployments a week [1/week].
    left : mapping of str to Estimate
        Share of the budget that is left [fraction]; at most 1.
    speed_line : float or 'fleet'
        A service that ships at least so fast is fast [unit of `speed`]; 'fleet': the median of
        the services.
    left_line : float
        A service with at least so much left is safe [fraction], below 1.
    confidence : float
        What a probability must reach to be sure [fraction].
    draws, seed : int
        Of the simulation behind the probabilities.

    Returns
    -------
    Quadrants

    Raises
    ------
    ParameterError
        A line that is none.

    Notes
    -----
    Each estimate becomes a distribution whose middle is its value and whose ends at the level of
    its interval are that interval's: on the log of the speed, and on the log of the share spent,
    which may be skew.
    Speed and budget of a service are drawn independently. Where the line is the median of the
    fleet, it moves with every draw.
    An estimate without an interval counts as certain.

    References
    ----------
    .. [1] Forsgren, Humble, Kim, Accelerate, 2018, chapter 2 (speed and stability are two axes).

    Examples
    --------
    >>> often = Estimate(5.0, 4.0, 6.2, 65, 0.95, "exact Poisson")
    >>> spare = Estimate(0.6, 0.4, 0.75, 91, 0.95, "block bootstrap")
    >>> row = quadrants({"shop": often}, {"shop": spare}).services.iloc[0]
    >>> row["quadrant"], round(float(row["fast and safe"]), 2)
    ('fast and safe', 1.0)
    """
    if speed_line != "fleet" and not (isinstance(speed_line, int | float) and speed_line > 0):
        raise ParameterError(f"speed_line must be above 0, or 'fleet'; got {speed_line!r}.")
    if not left_line < 1:
        raise ParameterError(f"left_line must lie below 1; got {left_line}.")
    names = [n for n in speed if n in left and _known(speed[n]) and _known(left[n])]
    every = [*speed, *(n for n in left if n not in speed)]
    rng = np.random.default_rng(seed)
    fast = np.array([_drawn(speed[n], draws, rng, flip=False) for n in names])
    kept = np.array([1 - _drawn(left[n], draws, rng, flip=True) for n in names])
    lines = _lines(fast.reshape(-1, draws), speed_line)
    values = np.array([speed[n].value for n in names])
    line = float(np.median(values)) if speed_line == "fleet" and names else speed_line
    line = float(line) if line != "fleet" else NAN
    rows = [
        _row(n, speed[n], left[n], (f >= lines, k >= left_line), (line, left_line), confidence)
        for n, f, k in zip(names, fast, kept, strict=True)
    ]
    return Quadrants(
        services=pd.DataFrame(rows, columns=COLUMNS),
        speed_line=line,
        left_line=left_line,
        line_is=FLEET if speed_line == "fleet" else "stated",
        confidence=confidence,
        unknown=tuple(n for n in every if n not in names),
    )


COLUMNS = ["service", "speed", "speed_low", "speed_high", "left", "left_low", "left_high",
           "quadrant", *QUADRANTS, "sure"]  # fmt: skip


def quadrant_of(fast: bool, safe: bool) -> str:
    """The quadrant of a service."""
    if fast:
        return FAST_SAFE if safe else FAST_FRAGILE
    return SLOW_SAFE if safe else SLOW_FRAGILE


def _known(estimate: Estimate) -> bool:
    return bool(np.isfinite(estimate.value))


def _row(
    name: str,
    speed: Estimate,
    left: Estimate,
    drawn: tuple[np.ndarray, np.ndarray],
    lines: tuple[float, float],
    confidence: float,
) -> dict[str, object]:
    fast, safe = drawn
    shares = {
        quadrant_of(f, s): float(((fast == f) & (safe == s)).mean())
        for f in (True, False)
        for s in (True, False)
    }
    own = quadrant_of(speed.value >= lines[0], left.value >= lines[1])
    return {
        "service": name,
        "speed": speed.value, "speed_low": speed.low, "speed_high": speed.high,
        "left": left.value, "left_low": left.low, "left_high": left.high,
        "quadrant": own, **shares, "sure": shares[own] >= confidence,
    }  # fmt: skip


def _lines(fast: np.ndarray, speed_line: float | str) -> np.ndarray | float:
    """The line of speed in every draw."""
    if speed_line == "fleet":
        return np.median(fast, axis=0) if len(fast) else NAN
    return float(speed_line)


def _drawn(estimate: Estimate, draws: int, rng: np.random.Generator, *, flip: bool) -> np.ndarray:
    """Draws of a positive quantity from its estimate; `flip`: of 1 minus it, such as spent."""
    ends = (estimate.low, estimate.value, estimate.high)
    low, value, high = (1 - e for e in reversed(ends)) if flip else ends
    z = rng.standard_normal(draws)
    if not np.isfinite(low) or not np.isfinite(high):
        return np.full(draws, max(value, 0.0))
    steps = normal_quantile(estimate.confidence)
    if value <= 0:
        return np.abs(z) * max(high, 0.0) / steps
    floor = value * 1e-6
    down = np.log(value / max(min(low, value), floor)) / steps
    up = np.log(max(high, value) / value) / steps
    return np.asarray(value * np.exp(np.where(z < 0, z * down, z * up)))
