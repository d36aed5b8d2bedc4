"""Do the intervals of incidents hold the truth, and do verdicts stay silent when nothing changed?

Incidents are drawn as `srelib.simulate` draws them: Poisson, with aftershocks within about a day
where they cluster, durations lognormal with log mean 4.25 and log standard deviation 1.25, in
minutes. In one case a fifth are still open, each cut off at a moment that does not depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from srelib import incidents, stats
from srelib.incidents import comparison, postmortems, times
from srelib.stats.intervals import _survival_quantile
from tests.validity.cells import Cell, over

START = pd.Timestamp("2026-01-05", tz="UTC")
LOG_MEAN, LOG_SD = 4.25, 1.25
MEDIAN = float(np.exp(LOG_MEAN))
LOW, HIGH, FALSE = 0.93, 0.97, 0.05


@dataclass(frozen=True)
class Case:
    """One kind of history.

    Parameters
    ----------
    name : str
    per_week : float
        Incidents that nothing set off [1/week].
    weeks : int
    aftershocks : float
        Mean number that each sets off.
    more, longer : float
        Factor on number and on duration in the second half; 1: nothing changes.
    open_share : float
        Share that the end of the data cuts off before they are over [fraction].
    """

    name: str
    per_week: float
    weeks: int
    aftershocks: float = 0.0
    more: float = 1.0
    longer: float = 1.0
    open_share: float = 0.0


CASES = (
    Case("2 a week, 26 weeks", 2, 26),
    Case("5 a week, 26 weeks, half as many and half as long after", 5, 26, more=0.5, longer=0.5),
    Case("5 a week, 52 weeks, bursts", 5, 52, aftershocks=0.3),
    Case("2 a week, 52 weeks, bursts, twice as many after", 2, 52, aftershocks=0.3, more=2.0),
    Case("5 a week, 26 weeks, strong bursts", 5, 26, aftershocks=0.6),
    Case("2 a week, 26 weeks, a fifth still open", 2, 26, open_share=0.2),
)


def history(seed: int, case: Case) -> tuple[pd.DataFrame, times.Between]:
    """Incidents of one simulated history, and the time it covers."""
    rng = np.random.default_rng([seed, 517])
    half = case.weeks * 7 / 2
    parts = [
        rng.uniform(0, half, rng.poisson(case.per_week * case.weeks / 2 * factor)) + shift
        for factor, shift in ((1.0, 0.0), (case.more, half))
    ]
    days = np.concatenate(parts)
    parents = np.repeat(days, rng.poisson(case.aftershocks, len(days)))
    days = np.sort(np.concatenate([days, parents + rng.exponential(1.0, len(parents))]))
    days = days[days < 2 * half]
    minutes = np.exp(LOG_MEAN + LOG_SD * rng.standard_normal(len(days)))
    minutes *= np.where(days < half, 1.0, case.longer)
    at = START + pd.to_timedelta(days, unit="D").round("s")
    ends = pd.Series(at + pd.to_timedelta(minutes, unit="min").round("s"))
    rows = pd.DataFrame({
        "incident_id": [f"i{n}" for n in range(len(days))], "service": "api",
        "started_at": pd.Series(at).astype("datetime64[us, UTC]"),
        "resolved_at": ends.astype("datetime64[us, UTC]"),
    })  # fmt: skip
    return rows, (START, START + pd.Timedelta(days=2 * half))


def one(seed: int, case: Case) -> dict[str, bool | float]:
    """What the measures say of one history, held against the truth."""
    rows, between = history(seed, case)
    counts = comparison._count_trend(rows, between=between)
    lengths = comparison._duration_trend(rows, between=between)
    median = _median(seed, rows, case)
    patterns = postmortems._recurrence(rows, between=between, resamples=199, seed=seed)
    noise = incidents.noise_check(rows, between=between, resamples=199, seed=seed)
    return {
        "median": _holds(median, MEDIAN),
        "counts": _holds(counts.ratio, case.more),
        "lengths": _holds(lengths.ratio, case.longer),
        "correlation": _holds(lengths.correlation, 0.0),
        "more or fewer": counts.verdict != "cannot tell",
        "longer or shorter": lengths.verdict != "cannot tell",
        "shuffled": noise.share <= 0.05,
        "pattern": any(p.adjusted_p_value < 0.05 for p in patterns.values()),
    }


def _median(seed: int, rows: pd.DataFrame, case: Case) -> stats.Estimate:
    """Kaplan-Meier median where a share of the incidents is cut off before the end is seen."""
    minutes = (rows["resolved_at"] - rows["started_at"]).dt.total_seconds().to_numpy() / 60
    rng = np.random.default_rng([seed, 518])
    cut = np.where(rng.random(len(rows)) < 2 * case.open_share,
                   np.exp(LOG_MEAN + LOG_SD * rng.standard_normal(len(rows))), np.inf)  # fmt: skip
    return _survival_quantile(np.minimum(minutes, cut), minutes <= cut)


def _holds(found: stats.Estimate, truth: float) -> bool:
    """Whether the interval holds the truth; an end that is not known has no end."""
    return not (found.low > truth or found.high < truth)


def run(*, seeds: int, workers: int) -> Sequence[Cell]:
    """Coverage of the intervals and false alarms of the verdicts, per kind of history."""
    cells: list[Cell] = []
    for case in CASES:
        found = pd.DataFrame(over(partial(one, case=case), range(seeds), workers=workers))
        share = {name: float(found[name].mean()) for name in found.columns}
        holds = ["counts", "lengths"]
        if case.longer == 1:
            holds += ["median", "correlation"]
        cells += [Cell(case.name, HELD[name], share[name], LOW, HIGH, seeds) for name in holds]
        silent = [name for name, same in (("more or fewer", case.more == 1),
                                          ("longer or shorter", case.longer == 1),
                                          ("shuffled", case.longer == 1),
                                          ("pattern", True)) if same]  # fmt: skip
        cells += [Cell(case.name, WRONG[name], share[name], high=FALSE, n=seeds) for name in silent]
    return cells


HELD = {
    "median": "95 % interval of the median time to restore (Kaplan-Meier) holds the truth",
    "counts": "95 % interval of the ratio of counts holds the truth",
    "lengths": "95 % interval of the ratio of durations holds the truth",
    "correlation": "95 % interval of the rank correlation with time holds 0",
}
WRONG = {
    "more or fewer": "says more or fewer though nothing changed",
    "longer or shorter": "says longer or shorter though nothing changed",
    "shuffled": "shuffling finds at most 5 % as different though nothing changed",
    "pattern": "finds an hour or a weekday though there is none",
}
