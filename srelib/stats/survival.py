"""Durations of which some have not ended yet: Kaplan-Meier curve and median."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from srelib.errors import ParameterError
from srelib.stats.intervals import Estimate, level

NAN = float("nan")
KAPLAN_MEIER = "Kaplan-Meier"


def kaplan_meier(durations: Any, ended: Any, *, confidence: float = 0.95) -> pd.DataFrame:
    """Share of durations longer than each time, open ones counted for as long as they were seen."""
    from scipy.stats import CensoredData, ecdf

    level(confidence)
    times, done = checked_durations(durations, ended)
    if not done.any():
        columns = ("time", "going_on", "low", "high", "at_risk", "ends")
        return pd.DataFrame({name: np.array([], dtype="float64") for name in columns})
    ends_at, ends = np.unique(times[done], return_counts=True)
    at_risk = len(times) - np.searchsorted(np.sort(times), ends_at)
    going_on = ecdf(CensoredData.right_censored(times, ~done)).sf.evaluate(ends_at)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = _band(going_on, at_risk, ends, confidence)
    return pd.DataFrame({"time": ends_at, "going_on": going_on, "low": low, "high": high,
                         "at_risk": at_risk, "ends": ends})  # fmt: skip


def survival_median(durations: Any, ended: Any, *, confidence: float = 0.95) -> Estimate:
    """Median duration where some have not ended yet."""
    return survival_quantile(durations, ended, share=0.5, confidence=confidence)


def survival_quantile(
    durations: Any, ended: Any, *, share: float, confidence: float = 0.95
) -> Estimate:
    """Duration by which a share of all have ended, where some have not ended yet."""
    if not 0 < share < 1:
        raise ParameterError(f"share must lie strictly between 0 and 1; got {share}.")
    curve = kaplan_meier(durations, ended, confidence=confidence)
    value, low, high = (_crossing(curve, name, 1 - share) for name in ("going_on", "low", "high"))
    return Estimate(value, low, high, len(np.atleast_1d(durations)), confidence, KAPLAN_MEIER)


def checked_durations(durations: Any, ended: Any) -> tuple[np.ndarray, np.ndarray]:
    """Durations and whether each has ended, as arrays, if they are such."""
    times = np.asarray(durations, dtype="float64")
    done = np.asarray(ended, dtype=bool)
    if len(times) != len(done):
        raise ParameterError(f"got {len(times)} durations but {len(done)} flag(s) of their ends.")
    if not (times >= 0).all():
        raise ParameterError(f"durations must not be negative or unknown; got {times.min():g}.")
    return times, done


def _band(
    going_on: np.ndarray, at_risk: np.ndarray, ends: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Greenwood's interval on the scale log(-log)."""
    from scipy.stats import norm

    variance = np.cumsum(ends / (at_risk * (at_risk - ends)))
    half = norm.ppf((1 + confidence) / 2) * np.sqrt(variance) / np.log(going_on)
    return going_on ** np.exp(-half), going_on ** np.exp(half)


def _crossing(curve: pd.DataFrame, column: str, left: float) -> float:
    """First time the curve is at most this; the middle of the step where it is just that."""
    at = np.flatnonzero(curve[column].to_numpy() <= left + 1e-12)
    if not len(at):
        return NAN
    first = at[0]
    exact = abs(curve[column].iloc[first] - left) < 1e-12 and first + 1 < len(curve)
    return float(curve["time"].iloc[[first, first + 1] if exact else [first]].mean())
