"""What the deployments of all services together cost: one test, one total, one mean harm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.errors import InsufficientDataError, ParameterError
from srelib.fleet import Results, answers
from srelib.stats import Estimate
from srelib.tradeoff.effect import Effect, adjusted
from srelib.tradeoff.placebo import two_sided

_TOTAL = "chance of all services, joined by their correlation"
_MEAN = "random effects (Paule and Mandel), Hartung and Knapp"
_STEPS = 60
_HEAVY = 1.1
"""A history seldom holds its worst outage; intervals over 20 services need so much more width."""
_POWER, _DRAWS, _HALVINGS = 0.8, 400, 16


@dataclass(frozen=True)
class FleetEffect:
    """What the deployments of several services cost together, beside what chance does to it.

    services, deployments: how many were used
    p_value: share of joint placebo schedules at least as far out, either way
    score: how far out the fleet is, in standard deviations of these; above 0 is harm
    total: sum of the excess of the services counted in `unit` [unit]
    unit: what most services count: 'events', 'seconds', or slices
    summed: services in `total`
    share: excess as share of all budgets; of all bad events without one [fraction]
    has_target: whether `share` is of budgets, of the services that have one
    per_deployment: mean harm over services [min of complete outage per deployment]
    tau: standard deviation of the harm between services [min of complete outage]
    detectable: smallest even harm the test would find in 80 of 100 [min of outage]
    correlation: by how much shared outages widen the interval of `total` [ratio]
    by_service: the largest shrunken harm first: service, deployments, excess, per_deployment,
        shrunken [min], adjusted_p_value, stands_out
    after: length of the window after a deployment
    """

    services: int
    deployments: int
    p_value: float
    score: float
    total: Estimate
    unit: str
    summed: int
    share: Estimate
    has_target: bool
    per_deployment: Estimate
    tau: float
    detectable: float
    correlation: float
    by_service: pd.DataFrame
    after: pd.Timedelta

    @property
    def is_significant(self) -> bool:
        """Whether it is more than chance explains."""
        return bool(self.p_value < 1 - self.total.confidence)


def fleet_effect(effects: Results[Effect]) -> FleetEffect:
    """What the deployments of a fleet cost: all services in one test, one total, one mean.

    score = sum over services of the normal score of the excess among its placebo schedules
    harm [min of complete outage] = excess / (deployments used * traffic per minute in the windows)

    Parameters
    ----------
    effects : mapping of Indicator to Effect, as `deployment_effect` gives them for one seed; errors
        are left out

    Returns
    -------
    FleetEffect
        Its p-value compares the score with that of the same weeks' order in every service. The
        interval of the total holds 0 where the test does not reject, and may hold it where it
        does: the largest services make up the total, while all count alike in the test.

    Raises
    ------
    InsufficientDataError, ParameterError
        There is no effect of any service; they differ in `after`, `confidence` or `placebos`.

    References
    ----------
    .. [1] Stouffer et al., *The American Soldier*, volume 1, 1949, 45.
    .. [2] Zou, Donner, *Statistics in Medicine* 27, 2008, 1693 (intervals of sums).
    .. [3] Paule, Mandel, *Journal of Research of the National Bureau of Standards* 87, 1982, 377.
    .. [4] Knapp, Hartung, *Statistics in Medicine* 22, 2003, 2693.

    Examples
    --------
    >>> fleet_effect({})
    Traceback (most recent call last):
    srelib.errors.InsufficientDataError: there is no effect of any service to pool.
    """
    known = answers(adjusted(effects))
    if not known:
        raise InsufficientDataError("there is no effect of any service to pool.")
    found = list(known.values())
    _check_alike(found)
    scores = np.sum([_scores(e.excess.value, e.draws.placebos) for e in found], axis=0)
    unit = Counter(key.unit for key in known).most_common(1)[0][0]
    alike = [e for key, e in known.items() if key.unit == unit]
    budgeted = [e for e in alike if e.budget > 0]
    p_value = two_sided(float(scores[0]), scores[1:])
    total, wider = _total(alike, p_value)
    share, _ = _total(budgeted or alike, p_value)
    mean, tau, rows = _pooled(found)
    return FleetEffect(
        services=len(found),
        deployments=sum(e.deployments for e in found),
        p_value=p_value,
        score=float(scores[0] / max(scores[1:].std(), 1e-9)),
        total=total,
        unit=unit,
        summed=len(alike),
        share=share.over(sum(e.budget for e in budgeted) or sum(e.bad for e in alike)),
        has_target=bool(budgeted),
        per_deployment=mean,
        tau=tau,
        detectable=_detectable(found, scores[1:]),
        correlation=wider,
        by_service=rows,
        after=found[0].after,
    )


def _check_alike(found: Sequence[Effect]) -> None:
    kinds = {(e.after, e.excess.confidence, len(e.draws.placebos)) for e in found}
    if len(kinds) > 1:
        raise ParameterError(
            "effects must have the same after, confidence and placebos to be pooled; "
            f"got {len(kinds)} different settings. Ask deployment_effect alike of every service."
        )


def _scores(excess: float, placebos: np.ndarray) -> np.ndarray:
    """Normal scores of the excess and of each placebo among all of them."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    values = np.append(excess, placebos)
    return np.asarray(ndtri((rankdata(values) - 0.5) / len(values)))


def _total(found: Sequence[Effect], p_value: float) -> tuple[Estimate, float]:
    """Sum of the excess with its interval, and by how much shared outages widen that.

    Each end is the farther one of two: the ends of the services, added in squares, or the sum of
    their draws of chance. Where the test does not reject, 0 is inside.
    """
    if len(found) == 1:
        return found[0].excess, 1.0
    ends = ("value", "low", "high")
    value, low, high = (np.array([getattr(e.excess, end) for e in found]) for end in ends)
    order, confidence = np.random.default_rng(0), found[0].excess.confidence
    noise = np.sum([order.permutation(e.draws.noise) for e in found], axis=0)
    tail = (1 - confidence) / 2
    chance_low, chance_high = np.quantile(noise, [1 - tail, tail]) * [1, -1]
    wider = _stretch(found, np.ones(len(found)))
    total, n = float(value.sum()), sum(e.excess.n for e in found)
    first = total - _HEAVY * wider * float(max(np.hypot.reduce(value - low), chance_low))
    last = total + _HEAVY * wider * float(max(np.hypot.reduce(high - value), chance_high))
    if p_value >= 1 - confidence:
        first, last = min(first, 0.0), max(last, 0.0)
    return Estimate(total, first, last, n, confidence, _TOTAL), wider


def _stretch(found: Sequence[Effect], weight: np.ndarray) -> float:
    """By how much shared outages widen a weighted sum over services; never narrower.

    Moving the bad events of all services by the same hours, the windows staying where they are,
    the sum varies so many times as much as if each service were moved by itself.
    """
    many = min(len(e.draws.shifted) for e in found)
    shifted = weight[:, None] * np.stack([e.draws.shifted[:many] for e in found])
    alone = float(shifted.var(axis=1).sum())
    return float(np.sqrt(max(1.0, shifted.sum(axis=0).var() / alone))) if alone > 0 else 1.0


def _pooled(found: Sequence[Effect]) -> tuple[Estimate, float, pd.DataFrame]:
    """Mean harm per deployment over services, its spread, and each service shrunken."""
    scale = np.array([e.deployments * e.draws.traffic for e in found])
    harm = np.array([e.excess.value for e in found]) / scale
    variance = (np.array([max(1.0, float(e.draws.noise.std())) for e in found]) / scale) ** 2
    tau2, freedom = _paule_mandel(harm, variance), len(found) - 1
    mean, q = _weighted(harm, variance + tau2)
    keep = tau2 / (tau2 + variance)
    rows = pd.DataFrame(
        {
            "service": [e.service for e in found],
            "deployments": [e.deployments for e in found],
            "excess": [e.excess.value for e in found],
            "per_deployment": harm,
            "shrunken": mean + keep * (harm - mean),
            "adjusted_p_value": [e.adjusted_p_value for e in found],
            "stands_out": [e.is_significant for e in found],
        }
    ).sort_values("shrunken", ascending=False, kind="stable", ignore_index=True)
    confidence = found[0].excess.confidence
    half = _half_width(variance + tau2, q, freedom, confidence)
    half *= _HEAVY * _stretch(found, 1 / scale / (variance + tau2))
    estimate = Estimate(mean, mean - half, mean + half, len(found), confidence, _MEAN)
    return estimate, float(np.sqrt(tau2)), rows


def _weighted(values: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """Mean weighted by precision, and the weighted sum of squares around it."""
    weight = 1 / variance
    mean = float((weight * values).sum() / weight.sum())
    return mean, float((weight * (values - mean) ** 2).sum())


def _paule_mandel(values: np.ndarray, variance: np.ndarray) -> float:
    """Variance between services at which the weighted sum of squares is what it should be."""
    between, freedom = 0.0, len(values) - 1
    for _ in range(_STEPS):
        mean, q = _weighted(values, variance + between)
        slope = float((((values - mean) / (variance + between)) ** 2).sum())
        if q <= freedom * (1 + 1e-9) or slope <= 0:
            break
        between += (q - freedom) / slope
    return between


def _half_width(variance: np.ndarray, q: float, freedom: int, confidence: float) -> float:
    """Half the interval of the mean by Hartung and Knapp; NaN for a single service."""
    from scipy.stats import t

    if freedom < 1:
        return float("nan")
    error = np.sqrt(max(1.0, q / freedom) / (1 / variance).sum())
    return float(t.ppf((1 + confidence) / 2, freedom) * error)


def _detectable(found: Sequence[Effect], placebos: np.ndarray) -> float:
    """Smallest harm per deployment, the same everywhere, that the test would most likely find."""
    from scipy.special import ndtri

    limit = float(np.quantile(placebos, (1 + found[0].excess.confidence) / 2))
    many, order = len(placebos), np.random.default_rng(0)
    score = ndtri((np.arange(many + 1) + 0.5) / (many + 1))
    known = [
        (np.sort(e.draws.placebos), order.permutation(e.draws.noise)[:_DRAWS],
         e.deployments * e.draws.traffic)
        for e in found
    ]  # fmt: skip

    def shown(harm: float) -> bool:
        drawn = [score[np.searchsorted(own, noise + harm * each)] for own, noise, each in known]
        return bool(np.mean(np.sum(drawn, axis=0) > limit) >= _POWER)

    low, high = 0.0, max(max(-own[0], own[-1], 1.0) / each for own, _, each in known)
    if not shown(high):
        return float("inf")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return float(high)
