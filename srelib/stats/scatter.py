"""Do events cluster more than chance would have it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dispersion:
    """How much more counts scatter between groups than chance alone would have it."""

    index: float
    p_value: float
    groups: int


def dispersion(
    part: np.ndarray, whole: np.ndarray, *, resamples: int = 999, seed: int = 0
) -> Dispersion:
    """Do events cluster in some groups more than chance would have it?"""
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
