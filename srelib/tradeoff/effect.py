"""Bad events after deployments beyond what would have come anyway: an event study."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from srelib import wording
from srelib.budget.status import _exact_sum
from srelib.errors import InsufficientDataError, ParameterError, SrelibError
from srelib.fleet import Indicator, Results, answers
from srelib.shown import estimates
from srelib.stats import Estimate
from srelib.tradeoff.after_deployments import (
    TIMES,
    WEEK,
    allowance,
    comparable_deployments,
    history,
    nearest_deployment,
    ratio,
)
from srelib.tradeoff.placebo import (
    Comparison,
    Placements,
    bursts,
    chance,
    compare,
    detectable,
    interval,
    more_placebos,
    placements,
    two_sided,
    without_bursts,
)
from srelib.windows.sums import _checked, _divide

METHOD = "placebo schedules"
HOUR = pd.Timedelta(hours=1)
BIN = pd.Timedelta(minutes=30)
ENOUGH = 400
"""Placebo schedules for the band of the curve."""
FAR_OUT = 10
"""Placebo schedules, both sides, below which more are drawn: a fleet corrects for its size."""
ENOUGH_PLACEBOS = 200
"""Placebo schedules for each comparison without a week."""


@dataclass(frozen=True)
class EffectDraws:
    """What `fleet_effect` needs of a service beside its effect.

    placebos, noise: excess of each placebo schedule, and draws of what chance adds [events]
    shifted: what chance would have put into the windows 0, 1, ... hours later [events]
    traffic: mean traffic in the windows [events/min]
    """

    placebos: np.ndarray
    noise: np.ndarray
    shifted: np.ndarray
    traffic: float


@dataclass(frozen=True)
class Effect:
    """What the deployments of one service cost, beside what chance does to it.

    deployments: how many were used
    left_out: the others: deployment_id, finished_at, reason
    excess: bad events after deployments beyond what would have come anyway [events]
    budget: bad events the target allows over the history [events]; NaN without one
    bad: all bad events of the history [events]
    p_value: share of placebo schedules at least as far out, either way
    adjusted_p_value: corrected for the number of services; for one service the same
    curve: offset (since the deployment), excess_ratio, low, high [fraction]
    detectable: smallest evenly spread excess the test would find in 80 of 100 [events]
    by_week: week, deployments, excess, without (of all other weeks), p_value (of that)
    per_deployment: deployment_id, finished_at, excess; they add up to the excess
    after: length of the window after a deployment
    draws: for `fleet_effect`
    """

    service: str
    deployments: int
    left_out: pd.DataFrame
    excess: Estimate
    budget: float
    bad: float
    p_value: float
    adjusted_p_value: float
    curve: pd.DataFrame
    detectable: float
    by_week: pd.DataFrame
    per_deployment: pd.DataFrame
    after: pd.Timedelta
    draws: EffectDraws = field(repr=False, compare=False)

    def _repr_html_(self) -> str:
        whole = "error budget" if self.has_target else "bad events"
        caption = (
            f"Cost of deployments of {self.service or 'the service'}, within "
            f"{wording.duration(self.after)}: p = {self.adjusted_p_value:.2g}, "
            f"{len(self.left_out)} of {self.deployments + len(self.left_out)} left out"
        )
        rows = {
            "bad events beyond the usual": (self.excess, wording.count),
            f"share of the {whole}": (self.share, wording.percent),
        }
        return estimates(caption, rows)._repr_html_()

    @property
    def is_significant(self) -> bool:
        """Whether it is more than chance explains, after correction for how many were asked."""
        return bool(self.adjusted_p_value < 1 - self.excess.confidence)

    @property
    def has_target(self) -> bool:
        """Whether there is a budget."""
        return self.budget == self.budget

    @property
    def share(self) -> Estimate:
        """The excess as share of the budget; of all bad events without a target [fraction]."""
        return self.excess.over(self._whole)

    @property
    def detectable_share(self) -> float:
        """What is detectable, as share of the same [fraction]."""
        return float(_divide(np.array(self.detectable), self._whole))

    @property
    def _whole(self) -> float:
        return self.budget if self.has_target else self.bad


_CURVE = ["offset", "excess_ratio", "low", "high"]
_BY_WEEK = ["week", "deployments", "excess", "without", "p_value"]


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
    details: bool = True,
    by_week: bool = True,
) -> Effect:
    """What deployments cost: bad events in the hours after them beyond what chance brings.

    excess = bad in the windows - traffic in the windows * ratio of the matched controls

    0 lies outside the interval exactly when the test rejects at 1 - `confidence`.

    Parameters
    ----------
    good, total : Series, counts of one service on a regular UTC index [events]; NaN is unknown
    deployments : DataFrame, table ``deployments`` of that service in production
    incidents : DataFrame, its table ``incidents``, to leave out deployments made because of one
    exclusions : DataFrame, its table ``exclusions``; the counts must already be without them
    target : float, service level objective [fraction]; None or NaN: there is none
    before, after : Timedelta or str, length of the curve before and the window after a deployment
    placebos : int, placebo schedules to draw
    confidence : float, of the intervals [fraction]
    seed : int, of the draws
    details : bool, also the curve and the effect of each week, which take a quarter of the time
    by_week : bool, with the details: also the effect of each week

    Raises
    ------
    InsufficientDataError
        No deployment can be compared, less than three weeks of counts, or none finer than days.
    ParameterError, ColumnError
        A length or number that cannot be; a table of several services, or without a column.

    Examples
    --------
    >>> index = pd.date_range("2026-01-05", periods=70 * 24, freq="h", tz="UTC")
    >>> at = index[[24 * 7 * week + 24 * (week % 5) + 10 for week in range(10)]]
    >>> total = pd.Series(1000.0, index)
    >>> good = total - pd.Series(range(len(index)), index) % 5
    >>> good[at[[1, 4, 8]]] -= 100
    >>> shipped = pd.DataFrame({"deployment_id": [str(n) for n in range(10)], "finished_at": at})
    >>> found = deployment_effect(good, total, shipped)
    >>> round(found.excess.value), found.excess.low > 200, found.p_value < 0.05
    (300, True, True)
    """
    before, after = pd.Timedelta(before), pd.Timedelta(after)
    _check(before, after, placebos, confidence)
    past = history(good, total, incidents=incidents)
    width = after / past.step
    used, left_out = comparable_deployments(
        deployments, past, after=width, incidents=incidents, exclusions=exclusions
    )
    if used.empty:
        raise InsufficientDataError(_why_none(left_out))
    place = used["place"].to_numpy()
    placed = placements(past, place, after=width, placebos=placebos, seed=seed)
    found = compare(placed, confidence=confidence)
    good_seen, total_seen = _checked(good, total)
    seen = bursts(placed, found)
    noise = chance(placed, found, seen, seed=seed)
    harm = np.where(placed.treated, 1.0 - np.append(seen.by_chance, 1.0)[seen.number], 0.0)
    most = float(past.bad[placed.treated].sum())
    low, high = interval(found, noise, most=most, confidence=confidence)
    p_value = _p_value(placed, found, level=1 - confidence, seed=seed)
    minutes = float(placed.treated.sum()) * (past.step / pd.Timedelta(minutes=1))
    curve, each_week = (pd.DataFrame(columns=names) for names in (_CURVE, _BY_WEEK))
    if details:
        before_it = before / past.step
        curve = _curve(placed, found, before=before_it, after=width, confidence=confidence)
    if details and by_week:
        each_week = _by_week(placed, found)
    return Effect(
        service=str(deployments["service"].iloc[0]) if "service" in deployments else "",
        deployments=len(used),
        left_out=left_out,
        excess=Estimate(found.excess, low, high, len(used), confidence, METHOD),
        budget=allowance(target, _exact_sum(total_seen)),
        bad=_exact_sum(total_seen - good_seen),
        p_value=p_value,
        adjusted_p_value=p_value,
        curve=curve,
        detectable=detectable(without_bursts(placed, found, harm), noise,
                              level=1 - confidence),
        by_week=each_week,
        per_deployment=_per_deployment(placed, found, used, width),
        after=after,
        draws=EffectDraws(found.placebos, noise, _shifted(placed, harm),
                          found.traffic / minutes),
    )  # fmt: skip


def adjusted(effects: Results[Effect]) -> dict[Indicator, Effect | SrelibError]:
    """Effects of several services, p-values corrected for how many were asked.

    The correction is that of Benjamini and Hochberg.

    Parameters
    ----------
    effects : mapping of Indicator to Effect, or to the errors in their place, which are kept

    Examples
    --------
    >>> adjusted({})
    {}
    """
    from scipy.stats import false_discovery_control

    known = answers(effects)
    if not known:
        return dict(effects)
    corrected = false_discovery_control([effect.p_value for effect in known.values()]).tolist()
    fixed = zip(known.items(), corrected, strict=True)
    return {**effects, **{key: replace(e, adjusted_p_value=p) for (key, e), p in fixed}}


def _check(before: pd.Timedelta, after: pd.Timedelta, placebos: int, confidence: float) -> None:
    for name, length in (("before", before), ("after", after)):
        if not pd.Timedelta(0) < length < WEEK:
            raise ParameterError(
                f"{name} must be longer than nothing and shorter than a week; got {length}."
            )
    if placebos < 100:
        raise ParameterError(f"placebos must be 100 or more; got {placebos}.")
    ParameterError.check_fraction(confidence, "confidence")


def _why_none(left_out: pd.DataFrame) -> str:
    if left_out.empty:
        return "there are no deployments to compare; export those that reached production."
    counted = left_out["reason"].value_counts()
    why = ", ".join(f"{count} {reason}" for reason, count in counted.items())
    return f"no deployment can be compared with other weeks: {why}."


def _shifted(placed: Placements, harm: np.ndarray) -> np.ndarray:
    """Bad events of chance in the windows, had their ratios come later by whole hours."""
    past, size = placed.past, len(placed.past.total)
    by_chance = ratio(past.beyond * (1 - harm), past.total)
    windows, moved = (np.fft.rfft(v) for v in (placed.treated * past.total, by_chance))
    sums = np.fft.irfft(windows * np.conj(moved), n=size)
    hours = np.arange(int(size * past.step / HOUR)) * (HOUR / past.step)
    return np.asarray(sums[hours.astype("int64") % size])


def _p_value(placed: Placements, found: Comparison, *, level: float, seed: int) -> float:
    """The p-value, from ten times the placebos where hardly any lies as far out."""
    first = two_sided(found.excess, found.placebos)
    if first * len(found.placebos) > FAR_OUT or first >= level:
        return first
    more = more_placebos(placed, found, seed=seed)
    again = two_sided(found.excess, np.append(found.placebos, more))
    return again if again < level else first


def _per_deployment(
    placed: Placements, found: Comparison, used: pd.DataFrame, after: float
) -> pd.DataFrame:
    """Excess of the windows, each bucket attributed to the latest deployment before it."""
    beyond = placed.past.bad - found.expected
    owner, _ = nearest_deployment(placed.place, len(beyond), before=0, after=after)
    sums = np.bincount(owner[owner >= 0], beyond[owner >= 0], minlength=len(used))
    return used[["deployment_id", "finished_at"]].assign(excess=sums)


def _curve(
    placed: Placements, found: Comparison, *, before: float, after: float, confidence: float
) -> pd.DataFrame:
    """Excess ratio by time since the deployment, with what chance alone would spread it over."""
    past = placed.past
    width = max(1, round(BIN / past.step))
    lead = max(1, int(np.ceil(round(before) / width)))
    owner, offset = nearest_deployment(
        placed.place, len(past.total), before=lead * width, after=after
    )
    last = int(np.ceil(max(1, round(after)) / width))
    bins = np.where(owner >= 0, np.clip(offset // width, -lead, last - 1) + lead, -1)
    many = lead + last
    beyond = past.bad - found.expected
    ratio = _divide(_by_bin(bins, beyond, many), _by_bin(bins, past.total, many))
    low, high = _band(placed, beyond, bins, many, confidence=confidence)
    offset = (np.arange(many) - lead) * width * past.step
    low, high = ratio + np.minimum(low, 0), ratio + np.maximum(high, 0)
    return pd.DataFrame(dict(zip(_CURVE, (offset, ratio, low, high), strict=True)))


def _by_bin(bins: np.ndarray, values: np.ndarray, many: int) -> np.ndarray:
    inside = bins >= 0
    return np.bincount(bins[inside], values[inside], minlength=many)


def _band(
    placed: Placements, beyond: np.ndarray, bins: np.ndarray, many: int, *, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """How far below and above the ratio of each bin the truth may lie."""
    past, weeks = placed.past, placed.units
    own = placed.rows(bins.astype("float64") + 1).astype("int64")
    own[:, round(placed.period / past.step) :] = 0
    where, at = np.nonzero(own)
    pairs = np.empty((2, many, weeks, weeks))
    for number, values in enumerate((beyond, past.total)):
        rows = placed.rows(values)[:, at]
        for week in range(weeks):
            key = where * many + own[where, at] - 1
            pairs[number, :, :, week] = (
                np.bincount(key, rows[week], minlength=weeks * many).reshape(weeks, many).T
            )
    tail = (1 - confidence) / 2
    low, high = np.zeros(many), np.zeros(many)
    for number in range(many):
        part, whole = placed.sums(pairs[:, number], first=ENOUGH)
        drawn = _divide(part, whole)[whole > 0]
        if len(drawn):
            low[number], high[number] = drawn.mean() - np.quantile(drawn, [1 - tail, tail])
    return low, high


def _by_week(placed: Placements, found: Comparison) -> pd.DataFrame:
    """The effect of each week, and that of all the others without it."""
    past, unit = placed.past, placed.unit_of
    picked = placed.sums(found.table.pairs, first=ENOUGH_PLACEBOS)
    many = round(WEEK / placed.period)
    excess = np.bincount(unit // many, np.where(placed.treated, past.bad - found.expected, 0.0))
    began = unit[np.floor(placed.place).astype("int64")] // many
    made = np.bincount(began, minlength=len(excess))
    rows = []
    for week in np.flatnonzero(made).tolist():
        units = np.arange(week * many, min((week + 1) * many, placed.units))
        start = past.first + int(placed.starts[units[0]]) * past.step
        without = _without(units, placed, found, picked)
        rows.append((start, int(made[week]), float(excess[week]), *without))
    return pd.DataFrame(rows, columns=_BY_WEEK)


def _without(
    units: np.ndarray, placed: Placements, found: Comparison, picked: np.ndarray
) -> tuple[float, float]:
    """Excess of all weeks but one, and the p-value of it; NaN where days move."""
    table = found.table
    whole, own = (
        (sums.sum(axis=1) - sums[:, units].sum(axis=1))[:, None]
        for sums in (table.series, table.own)
    )
    traffic = float(own[TIMES : 2 * TIMES].sum())
    centre = found.centre * traffic / found.traffic
    value = float(table.excess(own, whole, traffic)[0]) - centre
    if len(units) > 1:
        return value, np.nan
    number, pairs, orders = int(units[0]), table.pairs, placed.orders[:ENOUGH_PLACEBOS]
    to, come = orders[:, number], np.argmax(orders == number, axis=1)
    both = np.where(to == number, pairs[:, number, number][:, None], pairs[:, come, to])
    inside = picked - pairs[:, number, to] - pairs[:, come, number] + both
    return value, two_sided(value, table.excess(inside, whole, traffic) - centre)
