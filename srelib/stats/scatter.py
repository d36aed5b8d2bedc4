"""Do events cluster more than chance would have it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
    """Pearson's chi-square of each row against a common share."""
    p = part.sum(axis=-1, keepdims=True) / whole.sum()
    spread = np.where((p > 0) & (p < 1), p * (1 - p), 1.0)
    return ((part - p * whole) ** 2 / (spread * whole)).sum(axis=-1)
