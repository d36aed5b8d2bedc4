"""Excess of a schedule and of its placebos, the test, and what the data could have shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srelib.tradeoff.matching import History
from srelib.tradeoff.placebo import Placements

NAN = float("nan")
_DUST = 1e-9


@dataclass(frozen=True)
class Comparison:
    """The windows after deployments beside the controls, and the placebos beside theirs.

    Parameters
    ----------
    excess : float
        Bad events in the windows beyond what the controls let expect [events].
    placebos : ndarray
        The same of each placebo schedule, scaled to the traffic of the real one [events].
    expected_ratio : float
        Bad events beyond the baseline in the controls, as share of their traffic [fraction].
    treated_total : float
        Traffic in the windows [events].
    odds : float
        Traffic in the windows over (weighted) traffic in the controls [ratio].
    treated_share : ndarray
        Of an effect spread evenly over the windows, what each placebo would see [fraction].
    """

    excess: float
    placebos: np.ndarray
    expected_ratio: float
    treated_total: float
    odds: float
    treated_share: np.ndarray

    def p_value(self) -> float:
        """Twice the smaller share of placebos at least as far out, the real one among them."""
        return two_sided(self.excess, self.placebos)


def two_sided(value: float, placebos: np.ndarray) -> float:
    """Twice the smaller tail of a value among placebos, itself included.

    Parameters
    ----------
    value : float
    placebos : ndarray

    Returns
    -------
    float
        [fraction]

    References
    ----------
    .. [1] Phipson, Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010) 39: (1 + b) / (1 + m).

    Examples
    --------
    >>> two_sided(5.0, np.array([0.0, 1.0, 2.0]))
    0.5
    """
    above, below = tails(value, placebos)
    return float(min(1.0, 2 * min(above, below)))


def tails(value: float, placebos: np.ndarray) -> tuple[float, float]:
    """Share of placebos at least as large, and at least as small, the value among them."""
    dust = _DUST * max(1.0, abs(value))
    many = 1 + len(placebos)
    above = (1 + np.count_nonzero(placebos >= value - dust)) / many
    return float(above), float((1 + np.count_nonzero(placebos <= value + dust)) / many)


def compare(past: History, placed: Placements, beyond: np.ndarray) -> Comparison:
    """The windows beside the controls, for the real schedule and for each placebo.

    Parameters
    ----------
    past : History
    placed : Placements
    beyond : ndarray
        Bad events beyond the baseline [events]; `past.beyond`, or what a study puts there.

    Returns
    -------
    Comparison
    """
    weights, total = placed.weights, past.total
    marked = np.where(placed.treated, total, 0.0)
    series = (beyond, weights * beyond, total, weights * total, marked, weights * marked)
    picked = placed.sums(placed.pairs(*series))
    whole = np.array([values.sum() for values in series])
    own = np.array([values[placed.treated].sum() for values in series])
    traffic = float(own[2])
    excess = _excess(own, whole, traffic, 0)
    ratio = _ratio(whole[1] - own[1], whole[3] - own[3])
    return Comparison(
        excess=float(excess),
        placebos=_excess(picked, whole[:, None], traffic, 0),
        expected_ratio=float(ratio),
        treated_total=traffic,
        odds=float(_ratio(np.asarray(traffic), whole[3] - own[3])),
        treated_share=_excess(picked, whole[:, None], traffic, 4) / max(traffic, 1e-300),
    )


def _excess(inside: np.ndarray, whole: np.ndarray, traffic: float, row: int) -> np.ndarray:
    """Excess of the series at `row` (its weighted twin behind it), scaled to `traffic`."""
    here = _ratio(inside[row], inside[2])
    there = _ratio(whole[row + 1] - inside[row + 1], whole[3] - inside[3])
    return np.asarray(traffic * (here - there))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part over whole; 0 where there is no whole."""
    positive = np.asarray(whole) > 0
    return np.asarray(np.where(positive, part, 0.0) / np.where(positive, whole, 1.0))


def detectable(found: Comparison, noise: np.ndarray, *, level: float, power: float = 0.8) -> float:
    """Smallest excess the test would have found in so many of such histories.

    Parameters
    ----------
    found : Comparison
        Of the history without what deployments may have cost.
    noise : ndarray
        What chance adds to the excess [events], as from `chance`.
    level : float
        Of the test, two-sided [fraction].
    power : float
        [fraction]

    Returns
    -------
    float
        [events]; inf where no excess would be found.

    Notes
    -----
    An excess is seen by placebos too, as far as they overlap the windows; that is allowed for.
    """
    weak = float(np.quantile(noise, 1 - power))

    def shown(size: float) -> bool:
        seen = found.placebos + size * found.treated_share
        return bool(size + weak > np.quantile(seen, 1 - level / 2))

    high = max(1.0, float(np.abs(found.placebos).max()), abs(weak))
    for _ in range(20):
        if shown(high):
            break
        high *= 2
    else:
        return float("inf")
    low = 0.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return high
