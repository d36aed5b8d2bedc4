"""Resampling of series whose neighbouring values depend on each other."""

from __future__ import annotations

import numpy as np

from srelib.errors import InsufficientDataError, ParameterError
from srelib.stats.intervals import Estimate, level, widened_wilson

WIDENED = "Wilson, widened for clustering"
_EMPTY = 1 / 400


def resample_sums(
    values: np.ndarray,
    *,
    block: int,
    resamples: int = 2000,
    seed: int = 0,
    length: int | None = None,
) -> np.ndarray:
    """Sums of a series over block-bootstrap resamples of it."""
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
    """Sum of the block that starts at each value, the series closed to a circle."""
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
    """Interval of sum(part) / sum(whole) where neighbouring values depend on each other."""
    tail = (1 - level(confidence)) / 2
    part, whole = np.asarray(part, dtype="float64"), np.asarray(whole, dtype="float64")
    if len(part) < 3 * block or not whole.sum():
        raise InsufficientDataError(
            f"a bootstrap needs at least 3 blocks of {block} values, with a whole above 0; "
            f"got {len(part)} values with a whole of {whole.sum():g}."
        )
    value = float(part.sum() / whole.sum())
    drawn, error = _studentised(part, whole, block, resamples, seed)
    if error == 0 or np.mean(~np.isfinite(drawn)) > _EMPTY:
        index = max(error**2 * value * whole.sum() / (1 - value), 1.0) if value < 1 else 1.0
        low, high = widened_wilson(part.sum(), whole.sum(), index=index, confidence=confidence)
        return Estimate(value, low, high, float(whole.sum()), confidence, WIDENED)
    steps = np.quantile(drawn[np.isfinite(drawn)], [1 - tail, tail])
    low, high = value * np.exp(-steps * error)
    n = float((whole > 0).sum())
    return Estimate(value, float(low), min(float(high), 1.0), n, confidence, "block bootstrap")


def _studentised(
    part: np.ndarray, whole: np.ndarray, block: int, resamples: int, seed: int
) -> tuple[np.ndarray, float]:
    """T statistics of the log share over resamples, and its standard error in the data."""
    sums = circular_sums(np.stack([part, whole]), block)
    count = -(-len(part) // block)
    draws = np.random.default_rng(seed).integers(len(part), size=(resamples, count))
    value = part.sum() / whole.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        shares, errors = _shares(sums[:, draws])
        drawn = (np.log(shares) - np.log(value)) / errors
    moments = (sums[0] - value * sums[1]) ** 2
    spread = moments.mean() * count / (count - 1)
    error = np.sqrt(spread * count) / (count * sums[1].mean()) / value if value else 0.0
    return drawn, float(error)


def _shares(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of each resample and the standard error of its log, from its own blocks."""
    part, whole = blocks.sum(axis=-1)
    share = part / whole
    count = blocks.shape[-1]
    residual = blocks[0] - share[:, None] * blocks[1]
    spread = (residual**2).sum(axis=-1) * count / (count - 1)
    return share, np.sqrt(spread) / whole / share
