"""Bad events after deployments beyond what would have come anyway: an event study."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib.budget.counts import budget_fraction, checked, exact_sum, regular_step
from srelib.errors import InsufficientDataError
from srelib.stats import Estimate
from srelib.tradeoff.model import INSIDE_INCIDENT, NO_DATA, NOT_SHIPPED, Effect

WEEK = pd.Timedelta(days=7)
NAN = float("nan")


def deployment_effect(
    good: pd.Series,
    total: pd.Series,
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None = None,
    exclusions: pd.DataFrame | None = None,
    target: float | None = None,
    before: pd.Timedelta | str = "2h",
    after: pd.Timedelta | str = "6h",
    placebos: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Effect:
    """Excess bad events in the hours after deployments, against placebo times.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] of one service on a regular UTC index.
    deployments : DataFrame
        Table ``deployments`` of that service, production only.
    incidents, exclusions : DataFrame, optional
        Tables of that service.
    target : float, optional
        Service level objective [fraction].
    before, after : Timedelta or str
        Span of the curve before a deployment; the window after it.
    placebos : int
        Placebo schedules drawn.
    confidence : float
        Of the intervals [fraction].
    seed : int
        Of the draws.

    Returns
    -------
    Effect
    """
    good_seen, total_seen = checked(good, total)
    times = pd.DatetimeIndex(good.index)
    step = regular_step(times)
    before, after = pd.Timedelta(before), pd.Timedelta(after)
    used, left_out = _sorted_out(deployments, incidents, times, step)
    if used.empty:
        raise InsufficientDataError("no deployment can be used; give a history with deployments.")
    bad = np.nan_to_num(total_seen - good_seen)
    asked = np.nan_to_num(total_seen)
    starts = times.searchsorted(pd.DatetimeIndex(used["finished_at"]), side="right") - 1
    width = max(1, round(after / step))
    owner = np.full(len(times), -1)
    for number, start in enumerate(starts):
        owner[start : start + width] = number
    mask = owner >= 0
    hours = ((times - times[0].floor("D")) // pd.Timedelta(hours=1)).to_numpy() % 24
    observed, expected = _excess(mask, bad, asked, hours)
    rng = np.random.default_rng(seed)
    period = max(1, round(WEEK / step))
    shifts = rng.integers(1, max(2, len(times) // period), size=min(placebos, 200)) * period
    drawn = np.array([_excess(np.roll(mask, s), bad, asked, hours)[0] for s in shifts])
    tail = (1 - confidence) / 2
    low, high = observed - np.quantile(drawn - drawn.mean(), [1 - tail, tail])
    excess = Estimate(observed, float(low), float(high), len(used), confidence, "placebo schedules")
    above, below = (drawn >= observed).sum(), (drawn <= observed).sum()
    p_value = float(min(1.0, 2 * (1 + min(above, below)) / (1 + len(drawn))))
    allowance = budget_fraction(target) * exact_sum(asked) if target is not None else NAN
    each = np.bincount(owner[mask], (bad - expected)[mask], minlength=len(used))
    return Effect(
        service=str(used["service"].iloc[0]) if "service" in used else "",
        deployments=len(used),
        left_out=left_out,
        excess=excess,
        budget_share=_scaled(excess, allowance),
        bad_share=_scaled(excess, exact_sum(bad)),
        p_value=p_value,
        adjusted_p_value=p_value,
        curve=_curve(starts, bad - expected, asked, step, before, after),
        detectable=float(np.quantile(drawn, 1 - tail) - np.quantile(drawn, 0.2)),
        by_week=pd.DataFrame(columns=["week", "deployments", "excess", "without", "p_value"]),
        per_deployment=used[["deployment_id", "finished_at"]].assign(excess=each),
        before=before,
        after=after,
        windows=int((np.diff(np.concatenate([[0], mask.astype(int)])) == 1).sum()),
        weeks=float(len(times) * step / WEEK),
    )


def _sorted_out(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame | None,
    times: pd.DatetimeIndex,
    step: pd.Timedelta,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    at = deployments["finished_at"]
    reason = pd.Series(pd.NA, deployments.index, dtype="str")
    if incidents is not None and len(incidents):
        ends = incidents["resolved_at"].fillna(times[-1] + step)
        for start, end in zip(incidents["started_at"], ends, strict=True):
            reason[(at > start) & (at < end)] = INSIDE_INCIDENT
    reason[~((at >= times[0]) & (at < times[-1] + step))] = NO_DATA
    if "status" in deployments:
        reason[deployments["status"].astype("str").isin(["cancelled", "failed"])] = NOT_SHIPPED
    rows = deployments.assign(reason=reason)
    used = rows[reason.isna()].drop(columns="reason").sort_values("finished_at", ignore_index=True)
    left = rows.loc[reason.notna(), ["deployment_id", "finished_at", "reason"]]
    return used, left.reset_index(drop=True)


def _excess(
    mask: np.ndarray, bad: np.ndarray, asked: np.ndarray, groups: np.ndarray
) -> tuple[float, np.ndarray]:
    sums = [np.bincount(groups[~mask], v[~mask], minlength=24) for v in (bad, asked)]
    expected = asked * (sums[0] / np.maximum(sums[1], 1e-9))[groups]
    return float((bad - expected)[mask].sum()), expected


def _scaled(excess: Estimate, whole: float) -> Estimate:
    whole = whole if whole > 0 else NAN
    value, low, high = (float(v / whole) for v in (excess.value, excess.low, excess.high))
    return Estimate(value, low, high, excess.n, excess.confidence, excess.method)


def _curve(
    starts: np.ndarray,
    beyond: np.ndarray,
    asked: np.ndarray,
    step: pd.Timedelta,
    before: pd.Timedelta,
    after: pd.Timedelta,
) -> pd.DataFrame:
    offsets = np.arange(-max(1, round(before / step)), max(1, round(after / step)))
    places = np.clip(starts[:, None] + offsets, 0, len(asked) - 1)
    ratio = beyond[places].sum(axis=0) / np.maximum(asked[places].sum(axis=0), 1e-9)
    spread = (
        2
        * np.sqrt(np.abs(beyond[places]).sum(axis=0))
        / np.maximum(asked[places].sum(axis=0), 1e-9)
    )
    return pd.DataFrame(
        {"offset": offsets * step, "excess_ratio": ratio, "low": ratio - spread,
         "high": ratio + spread}
    )  # fmt: skip
