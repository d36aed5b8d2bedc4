"""Which threshold and which percentile to choose, from a latency histogram.

A histogram has one row per bucket of time; its columns are upper bounds as numbers (Prometheus
``le``), the largest one ``inf``; its values are events no slower than the bound, so they grow
from bound to bound.
At a bound everything is exact; between two bounds nobody can count.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from srelib.errors import CountError
from srelib.fleet import Indicator
from srelib.sli.interval import _latency
from srelib.targets.candidates import MIN_BUDGET_EVENTS
from srelib.targets.probability import _pass_probabilities, _weeks_needed, _whole_weeks
from srelib.windows import Window, history
from srelib.windows.sums import _ratio
from srelib.windows.window import _as_window

PERCENTILES = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Targets of latency objectives people use."""

BOUND = re.compile(r"(?P<name>.+)_le_(?P<bound>\d[\d.]*(?:e[+-]?\d+)?)", re.IGNORECASE)
"""Indicators that are one bound of a histogram, as the reader of Prometheus names them."""


def histograms(counts: Mapping[Indicator, pd.DataFrame]) -> dict[tuple[str, str], pd.DataFrame]:
    """Histograms among the series of a dataset.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        Good and total of every series, as `srelib.objectives.series` gives them; indicators named
        ``latency_le_0.3`` are bounds of one histogram.

    Returns
    -------
    dict of (service, name) to DataFrame
        Those with at least two finite bounds, which are in ascending order.

    Examples
    --------
    >>> from srelib.fleet import Indicator
    >>> one = pd.DataFrame({"good": [9.0, 8.0], "total": 10.0})
    >>> keys = [Indicator(b, "shop", f"latency_le_{b}") for b in ("0.1", "0.3")]
    >>> list(histograms(dict.fromkeys(keys, one)))
    [('shop', 'latency')]
    """
    found: dict[tuple[str, str], dict[float, pd.DataFrame]] = {}
    for key, frame in counts.items():
        named = BOUND.fullmatch(key.sli)
        if named:
            mine = found.setdefault((key.service, named["name"]), {})
            mine[float(named["bound"])] = frame
    return {key: _joined(bounds) for key, bounds in found.items() if len(bounds) > 1}


def thresholds(
    histogram: pd.DataFrame,
    *,
    window: Window | pd.Timedelta | str,
    targets: Sequence[float] = PERCENTILES,
    pass_probability: float = 0.9,
    seed: int = 0,
) -> pd.DataFrame:
    """Pairs of threshold and target, and how likely the next window meets each.

    Parameters
    ----------
    histogram : DataFrame
        On a regular UTC index.
    window : Window, Timedelta or str
        Window of the objective.
    targets : sequence of float
        Candidate percentiles [fraction].
    pass_probability : float
        Probability with which the next window must meet the target [fraction].
    seed : int
        Seed of the draws.

    Returns
    -------
    DataFrame
        threshold, target, share (within the threshold, over the history), probability, low, high
        [fraction], fits (probable enough, with ten events of budget and enough weeks), chosen
        (the strictest target that fits at this threshold).

    Raises
    ------
    CountError
        Fewer events within a bound than within a smaller one.
    InsufficientDataError
        No whole week with traffic.

    Notes
    -----
    Thresholds are the bounds of the histogram, where counts are exact; nothing is interpolated.

    References
    ----------
    .. [1] Prometheus documentation, "Histograms and summaries".

    Examples
    --------
    >>> hours = pd.date_range("2026-01-05", periods=24 * 70, freq="h", tz="UTC")
    >>> found = thresholds(pd.DataFrame({0.1: 900.0, 0.3: 995.0, math.inf: 1000.0}, index=hours),
    ...                    window="28d")
    >>> found.loc[found["chosen"], ["threshold", "target"]].values.tolist()
    [[0.1, 0.75], [0.3, 0.99]]
    """
    span, parts = _as_window(window), []
    for bound in _finite_bounds(histogram):
        counts = _latency(histogram, threshold=bound)
        weeks = _whole_weeks(history(counts["good"], counts["total"]))
        part = _pass_probabilities(weeks, targets=sorted(targets), window=span, seed=seed)
        part = part.reset_index()
        part.insert(0, "threshold", bound)
        part.insert(2, "share", _ratio(counts["good"], counts["total"]))
        enough = len(weeks) >= _weeks_needed(span, end=weeks.end)
        steady = (1 - part["target"]) * weeks.expected(span) >= MIN_BUDGET_EVENTS - 1e-9
        part["fits"] = (part["probability"] >= pass_probability) & steady & enough
        part["chosen"] = part["target"] == part.loc[part["fits"], "target"].max()
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _finite_bounds(histogram: pd.DataFrame) -> list[float]:
    """The finite bounds, ascending, of a histogram that can be one."""
    bounds = sorted(float(name) for name in histogram.columns)
    columns = {float(name): histogram[name].to_numpy(dtype="float64") for name in histogram.columns}
    for low, high in pairwise(bounds):
        wrong = np.flatnonzero(columns[low] > columns[high] * (1 + 1e-9))
        if len(wrong):
            raise CountError(
                f"a histogram must grow from bound to bound; got {columns[low][wrong[0]]:g} within "
                f"{low:g} and {columns[high][wrong[0]]:g} within {high:g} at "
                f"{histogram.index[wrong[0]]}."
            )
    return [bound for bound in bounds if math.isfinite(bound)]


def _joined(bounds: Mapping[float, pd.DataFrame]) -> pd.DataFrame:
    """Good of every bound side by side, and the total; unknown where one of them is."""
    columns = {bound: bounds[bound]["good"] for bound in sorted(bounds)}
    columns[math.inf] = bounds[max(bounds)]["total"]
    return pd.DataFrame(columns).sort_index()
