"""Could a difference be chance? The user's own incidents, shuffled between two periods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.errors import InsufficientDataError, ParameterError
from srelib.incidents.periods import Between, halves
from srelib.incidents.times import UNKNOWN, counted, durations
from srelib.incidents.trend import inside
from srelib.stats import Estimate, wilson

STATISTICS: dict[str, Callable[..., np.ndarray]] = {
    "mean": np.mean,
    "median": np.median,
}
FEWEST = 3


@dataclass(frozen=True)
class Noise:
    """How often shuffling makes a difference as large as the one observed.

    Parameters
    ----------
    statistic : str
        'mean' or 'median'.
    before, after : float
        Of the durations in either period [s].
    n_before, n_after : int
        Incidents.
    open : int
        Of these, how many had not ended; they count for as long as they were seen to last.
    share : float
        Of shufflings with a difference at least this large, either way [fraction].
    differences : array
        After less before, in each shuffling [s].
    between, split
        The periods.
    """

    statistic: str
    before: float
    after: float
    n_before: int
    n_after: int
    open: int
    share: float
    differences: np.ndarray
    between: Between
    split: pd.Timestamp

    @property
    def observed(self) -> float:
        """After less before [s]."""
        return self.after - self.before


def noise_check(
    incidents: pd.DataFrame,
    *,
    between: Between,
    split: pd.Timestamp | str | None = None,
    statistic: str = "mean",
    to: str = "restore",
    resamples: int = 9999,
    seed: int = 0,
) -> Noise:
    """Shuffle the incidents between the two periods: how often is the difference this large?

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents``.
    between : pair of Timestamp
        Time in which incidents were written down, half-open; its end is "now".
    split : Timestamp or str, optional
        Where it is divided; default: in the middle.
    statistic : {'mean', 'median'}
        What is compared: the mean (which most dashboards show) or the median.
    to : {'restore', 'mitigate', 'acknowledge', 'detect'}
        What ends the time.
    resamples : int
        Shufflings.
    seed : int
        Seed of these.

    Returns
    -------
    Noise

    Raises
    ------
    ParameterError
        `statistic` or `to` is none of these, `split` does not lie inside, `resamples` below 1.
    InsufficientDataError
        Fewer than three incidents with a known duration in either period.

    Notes
    -----
    Every incident keeps its duration; only which period it belongs to is drawn anew, in the
    numbers there were. A share of one half says: in every second world in which nothing changed
    the two periods differ as much as these.

    References
    ----------
    .. [1] Davidovic, Incident Metrics in SRE, 2021.
    .. [2] Phipson, Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010) 39
       (the observed order counts as one of the shufflings).

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
    if statistic not in STATISTICS:
        raise ParameterError(
            f"statistic must be one of {', '.join(STATISTICS)}; got {statistic!r}."
        )
    if resamples < 1:
        raise ParameterError(f"resamples must be at least 1; got {resamples}.")
    parts = halves(between, split=split)
    known = durations(inside(counted(incidents), between), as_of=between[1], to=to)
    known = known[known["state"] != UNKNOWN]
    sides = [inside(known, part)["seconds"].to_numpy("float64") for part in parts]
    if min(map(len, sides)) < FEWEST:
        raise InsufficientDataError(
            f"shuffling needs at least {FEWEST} incidents with a known duration in either period; "
            f"got {len(sides[0])} before {parts[0][1]} and {len(sides[1])} after."
        )
    before, after = (float(STATISTICS[statistic](side)) for side in sides)
    share, drawn = _shuffled(sides[0], sides[1], STATISTICS[statistic], resamples, seed)
    going_on = int((known["state"] == "open").sum())
    return Noise(statistic, before, after, len(sides[0]), len(sides[1]), going_on, share, drawn,
                 between, parts[0][1])  # fmt: skip


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
        batch=max(1, 2_000_000 // (len(before) + len(after))),
    )  # fmt: skip
    drawn, least = found.null_distribution, abs(float(found.statistic)) * (1 - 1e-12)
    exact = len(drawn) < resamples
    as_large = int((np.abs(drawn) >= least).sum())
    return (as_large + (not exact)) / (len(drawn) + (not exact)), np.asarray(drawn)


def improvement_looks_worse(
    durations: np.ndarray | pd.Series,
    *,
    cut: float = 0.1,
    n: int | None = None,
    trials: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Estimate:
    """How often a true improvement makes the mean look worse (Davidovic's simulation)."""
    known = _known(durations)
    many = len(known) if n is None else n
    if not (0 <= cut < 1 and trials >= 1 and many >= 2):
        raise ParameterError(
            f"cut must lie in [0, 1), trials be at least 1 and n at least 2; got {cut}, {trials} "
            f"and {many}."
        )
    rng, worse, batch = np.random.default_rng(seed), 0, max(1, 2_000_000 // many)
    for start in range(0, trials, batch):
        size = min(batch, trials - start)
        drawn = rng.choice(known, (size, many))
        first, second = drawn[:, : many // 2], drawn[:, many // 2 :] * (1 - cut)
        worse += int((second.mean(axis=1) >= first.mean(axis=1)).sum())
    low, high = wilson(worse, trials, confidence=confidence)
    return Estimate(worse / trials, low, high, trials, confidence, "simulation")


def chance_difference(
    durations: np.ndarray | pd.Series, *, n: int | None = None, confidence: float = 0.9
) -> float:
    """By how much the means of two halves differ by chance alone."""
    from srelib.stats import normal_quantile

    known = _known(durations)
    many = len(known) if n is None else n
    if many < 2:
        raise ParameterError(f"n must be at least 2; got {many}.")
    first = many // 2
    spread = float(np.std(known, ddof=1))
    return normal_quantile(confidence) * float(np.sqrt(1 / first + 1 / (many - first))) * spread


def _known(durations: np.ndarray | pd.Series) -> np.ndarray:
    values = np.asarray(durations, dtype="float64")
    values = values[~np.isnan(values)]
    if len(values) < 2:
        raise InsufficientDataError(f"two known durations are needed; got {len(values)}.")
    return values
