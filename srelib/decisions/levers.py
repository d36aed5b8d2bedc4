"""What-ifs on one service: its next window, pages and freezes, were something changed.

A lever takes bad events away from the history (or adds some), bucket by bucket; the weeks of what
is left are redrawn as `srelib.targets` redraws those that were, so that both can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from srelib import wording
from srelib.alerts import workbook_policy
from srelib.alerts.policies import AlertPolicy
from srelib.budget.status import _budget_fraction
from srelib.decisions.causes import CONFIDENCE, Causes, causes
from srelib.decisions.detection import Detection
from srelib.decisions.recurring import BURSTS, costliest_recurring
from srelib.fleet import NAN, Indicator
from srelib.policy import PolicyReplay
from srelib.policy.rules import FOUR_WEEKS
from srelib.stats import Estimate
from srelib.stats.bursts import bursts_interval
from srelib.targets import Advice
from srelib.targets.candidates import QUARTER, _freeze_days, _pages
from srelib.targets.probability import (
    DAY,
    METHOD,
    _met,
    _pass_probabilities,
    _week_weights,
    _Weeks,
    _whole_weeks,
)
from srelib.tradeoff import Effect, deployment_effect
from srelib.tradeoff.after_deployments import WEEK, _rolled
from srelib.windows import History, Window, history
from srelib.windows.sums import _divide

SAFER = "deployments half as harmful"
REPEATED = "costliest recurring incident gone"
DETECTED = "detection by the alert policy"
TWICE = "twice as many deployments"
FREEZE = "freeze policy"
RETARGET = "another target"
LEVERS = (SAFER, REPEATED, DETECTED, TWICE, FREEZE, RETARGET)
"""What can be changed, in the order shown."""

FINE = pd.Timedelta(minutes=5)
"""Buckets in which pages are replayed; those of the history where they are longer."""
HISTORIES = 200
"""Redrawn histories in which a change is compared with what was."""
TURNS = 3
"""How many ways further deployments are laid into the history."""


@dataclass(frozen=True)
class Lever:
    """What one change would bring.

    name, detail: one of `LEVERS`; which incident, policy or target, empty where the name says it
    probability: that the next window meets the target, then [fraction]
    gain: by how much that is more than today [fraction]
    saved: share of the budget of the history that is saved [fraction]
    pages: further pages [1/week]; NaN where unknown
    frozen: further days without budget in 90 [d]; of a freeze policy its frozen days
    """

    name: str
    detail: str
    probability: Estimate
    gain: Estimate
    saved: Estimate
    pages: float
    frozen: float


@dataclass(frozen=True)
class WhatIf:
    """A service whose history can be changed.

    Its whole weeks as it was, and `fine`, the same in buckets in which pages are replayed.
    """

    causes: Causes
    weeks: _Weeks
    target: float
    window: Window
    policy: AlertPolicy
    fine: History

    @cached_property
    def weights(self) -> np.ndarray:
        """How much each week counts in each redrawn history."""
        return _week_weights(self.weeks, HISTORIES)

    @cached_property
    def met(self) -> np.ndarray:
        """Share of redrawn windows that meet the target, by redrawn history."""
        return self.met_without(np.zeros(len(self.causes.past.bad)), weights=self.weights)

    @cached_property
    def probability(self) -> Estimate:
        """That the next window meets the target, as `srelib.targets` says it [fraction]."""
        row = _pass_probabilities(self.weeks, targets=[self.target], window=self.window).iloc[0]
        value, low, high = row.tolist()
        return Estimate(value, low, high, len(self.weeks), CONFIDENCE, METHOD)

    @cached_property
    def costs(self) -> np.ndarray:
        """Pages a week, and days without budget in 90, as it was."""
        return self.costs_without(None)

    @property
    def allowed(self) -> float:
        """Bad events that the target allows over the history [events]."""
        return _budget_fraction(self.target) * float(self.causes.past.total.sum())

    def met_without(self, removed: np.ndarray, *, weights: np.ndarray | None = None) -> np.ndarray:
        """The same had these bad events not been, where below 0 had more been [events]."""
        if weights is None and not removed.any():
            return self.met
        weeks, change = self.weeks, self.by_week(removed)
        changed = _Weeks(weeks.end, np.clip(weeks.bad - change, 0.0, weeks.total), weeks.total,
                         weeks.whole, weeks.kept)  # fmt: skip
        found = _met(changed, targets=[self.target], window=self.window,
                     weights=self.weights if weights is None else weights)  # fmt: skip
        return np.asarray(np.nan_to_num(found[:, 0], nan=1.0))

    def by_week(self, values: np.ndarray) -> np.ndarray:
        """Sums by day of the whole weeks that count, oldest first."""
        past, many = self.causes.past, 7 * len(self.weeks.kept)
        since = (self.weeks.end - past.first) / DAY - (np.arange(len(values)) + 0.5) * (
            past.step / DAY
        )
        day = many - 1 - np.floor(np.maximum(since, 0.0)).astype("int64")
        inside = day >= 0
        sums = np.bincount(day[inside], values[inside], minlength=many)
        return np.asarray(sums.reshape(-1, 7)[self.weeks.kept])

    def costs_without(self, removed: np.ndarray | None) -> np.ndarray:
        """Pages a week, and days without budget in 90, had these bad events not been."""
        if removed is not None and not removed.any():
            return self.costs
        past = self.fine if removed is None else self._changed(removed)
        pages = _pages(past, targets=[self.target], policy=self.policy)["pages_per_week"]
        frozen = _freeze_days(past, targets=[self.target], window=self.window)["freeze_days"]
        return np.array([pages.iloc[0], frozen.iloc[0]])

    def _changed(self, removed: np.ndarray) -> History:
        """The fine history with bad events removed in proportion, or added evenly."""
        many = round(self.causes.past.step / self.fine.step)
        place = np.arange(len(self.fine.index)) // many
        bad, total = (np.diff(sums.sums) for sums in (self.fine.bad, self.fine.total))
        known = np.diff(self.fine.known) > 0
        share = np.clip(np.nan_to_num(_divide(removed, self.causes.past.bad)), None, 1.0)
        taken = np.where(removed > 0, share, 0.0)[place] * bad
        bad = np.minimum(bad - taken + np.where(removed < 0, -removed / many, 0.0)[place], total)
        seen = pd.Series(np.where(known, total, np.nan), self.fine.index)
        return history(seen - bad, seen)


def what_if(
    good: pd.Series, total: pd.Series, found: Causes, weeks: _Weeks, *, key: Indicator
) -> WhatIf:
    """The service with its counts in buckets fine enough for the alert policy."""
    index = pd.DatetimeIndex(total.index)
    step = index[1] - index[0]
    whole = round(found.past.step / step)
    many = max(n for n in range(1, whole + 1) if whole % n == 0 and (n == 1 or n * step <= FINE))
    known = (good.notna() & total.notna()).to_numpy()
    parts = [_rolled(np.where(known, each, 0.0), many) for each in (good, total)]
    seen = _rolled(known.astype("float64"), many) > 0
    times = pd.date_range(index[0], periods=len(seen), freq=many * step)
    counts = [pd.Series(np.where(seen, part, np.nan), times) for part in parts]
    window = key.window or FOUR_WEEKS
    return WhatIf(found, weeks, key.target, window, workbook_policy(window), history(*counts))


def levers(service: WhatIf, *, effect: Effect | None, seen: Detection) -> list[Lever]:
    """What each change of the service itself would bring, where the data can speak about it."""
    found = [_repeated(service), _detected(service, seen)]
    if effect is not None:
        found = [changed_harm(service, effect, share=0.5), *found, _twice(service, effect)]
    return [lever for lever in found if lever is not None]


def _lever(
    service: WhatIf,
    name: str,
    removed: Sequence[np.ndarray],
    ends: Sequence[np.ndarray],
    saved: Estimate,
    detail: str = "",
    shares: Sequence[float] = (),
) -> Lever:
    """A lever from what is removed, in ways that count alike or by their shares (what is left of
    1: nothing is), and at the ends of its interval.
    """
    now, today = service.met, service.probability
    counts = np.asarray(shares or np.full(len(removed), 1 / len(removed)))
    then = now + counts @ [service.met_without(part) - now for part in removed]
    others = [float(service.met_without(part).mean() - now.mean()) for part in ends]
    least = 0.0 if (removed[0] >= 0).all() else -today.value
    most = 0.0 if (removed[0] <= 0).all() else 1 - today.value
    gain = _gain(then - now, others, today, (least, most))
    costs = counts @ [service.costs_without(part) - service.costs for part in removed]
    tails = np.quantile(np.stack([now, then]), _tails(today), axis=1)
    moved = [end + float(after - before) for end, (before, after) in
             zip((today.low, today.high), tails, strict=True)]  # fmt: skip
    value = today.value + gain.value
    low, high = _widened(value, min(moved[0], value), max(moved[1], value),
                         [today.value + end for end in others])  # fmt: skip
    probability = replace(today, value=value, low=max(low, 0.0), high=min(high, 1.0))
    return Lever(name, detail, probability, gain, saved, *costs.tolist())


def _tails(like: Estimate) -> list[float]:
    tail = (1 - like.confidence) / 2
    return [tail, 1 - tail]


def _widened(value: float, low: float, high: float, ends: Sequence[float]) -> tuple[float, float]:
    """An interval joined with the ends of another doubt, by square and add."""
    below = np.hypot(value - low, max(0.0, value - min(ends, default=value)))
    above = np.hypot(high - value, max(0.0, max(ends, default=value) - value))
    return float(value - below), float(value + above)


def _gain(draws: np.ndarray, ends: Sequence[float], like: Estimate, bounds: tuple[float, float]
          ) -> Estimate:  # fmt: skip
    """By how much the probability changes: the mean of the draws, within what is possible."""
    value = float(draws.mean())
    low, high = np.quantile(draws, _tails(like))
    low, high = _widened(value, min(low, value), max(high, value), ends)
    low, value, high = np.clip([low, value, high], *bounds).tolist()
    return replace(like, value=value, low=low, high=high)


def _share(service: WhatIf, events: Sequence[float], n: float, method: str) -> Estimate:
    """Bad events and their interval, as share of what the target allows over the history."""
    value, low, high = (float(_divide(np.array(e), service.allowed)) for e in events)
    return Estimate(value, low, high, n, CONFIDENCE, method)


def changed_harm(service: WhatIf, effect: Effect, *, share: float) -> Lever:
    """What it would bring if every deployment did this share of the harm it did.

    Parameters
    ----------
    service : WhatIf, as of `harm_what_if`
    effect : Effect, of its deployments
    share : float, of the harm; above 1: more than it did [fraction]

    Examples
    --------
    >>> hours = pd.date_range("2026-01-05", periods=24 * 91, freq="h", tz="UTC")
    >>> seen = pd.DataFrame({"good": 999.0, "total": 1000.0}, hours)
    >>> made = pd.DataFrame({"deployment_id": list("abcd"), "finished_at": hours[10:900:240]})
    >>> effect = deployment_effect(seen["good"], seen["total"], made, target=0.99)
    >>> service = harm_what_if(seen, effect, key=Indicator("shop", "shop", target=0.99))
    >>> abs(changed_harm(service, effect, share=2.0).saved.value)
    0.0
    """
    removed, excess = (1 - share) * service.causes.after_deployments, effect.excess
    ends = sorted((1 - share) * end for end in (excess.low, excess.high))
    saved = _share(service, [(1 - share) * excess.value, *ends], excess.n, excess.method)
    name = SAFER if share == 0.5 else f"deployments {wording.percent(share)} as harmful"
    return _lever(service, name, [removed], _at_ends(removed, excess), saved)


def harm_what_if(
    counts: pd.DataFrame, effect: Effect, *, key: Indicator, incidents: pd.DataFrame | None = None
) -> WhatIf | None:
    """An objective ready to be asked what another harm of its deployments would bring.

    None without a whole week of counts. For an example see `changed_harm`.

    Parameters
    ----------
    counts, key, incidents : as of `half_harm`
    effect : Effect, of its deployments
    """
    good, total = counts["good"], counts["total"]
    weeks = _whole_weeks(history(good, total))
    if not len(weeks):
        return None
    found = causes(good, total, effect=effect, incidents=incidents)
    return what_if(good, total, found, weeks, key=key)


def half_harm(
    counts: pd.DataFrame,
    *,
    key: Indicator,
    deployments: pd.DataFrame,
    incidents: pd.DataFrame | None = None,
    exclusions: pd.DataFrame | None = None,
) -> Lever | None:
    """What deployments half as harmful would bring for one objective.

    None without a whole week of counts.

    Parameters
    ----------
    counts : DataFrame, good and total of the objective on a regular UTC index [events]
    key : Indicator, the objective; it has a target
    deployments, incidents, exclusions : DataFrame, tables of its service

    Raises
    ------
    InsufficientDataError
        As of `srelib.tradeoff.deployment_effect`.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-05", periods=24 * 91, freq="h", tz="UTC")
    >>> seen = pd.DataFrame({"good": 999.0, "total": 1000.0}, hours)
    >>> made = pd.DataFrame({"deployment_id": list("abcd"), "finished_at": hours[10:900:240]})
    >>> half_harm(seen, key=Indicator("shop", "shop", target=0.99), deployments=made).gain.value
    0.0
    """
    effect = deployment_effect(
        counts["good"], counts["total"], deployments, incidents=incidents, exclusions=exclusions,
        target=key.target, details=False,
    )  # fmt: skip
    service = harm_what_if(counts, effect, key=key, incidents=incidents)
    return None if service is None else changed_harm(service, effect, share=0.5)


def _at_ends(part: np.ndarray, whole: Estimate) -> list[np.ndarray]:
    """A part of an estimate as it would be at the ends of the interval."""
    if not whole.value > 0:
        return []
    return [part * (max(end, 0.0) / whole.value) for end in (whole.low, whole.high)]


def _repeated(service: WhatIf) -> Lever | None:
    """The kind of incident that came back and cost most does not come again."""
    found = costliest_recurring(service.causes)
    if found is None:
        return None
    cost, ends = found.cost, _at_ends(found.parts[0], found.spent)
    saved = _share(service, [cost.value, cost.low, cost.high], cost.n, cost.method)
    return _lever(service, REPEATED, found.parts, ends, saved, found.title, found.shares)


def _detected(service: WhatIf, found: Detection) -> Lever | None:
    """Costly spans are detected when the alert policy would have, and end so much sooner."""
    rows = found.events
    if rows.empty:
        return None
    past, size = service.causes.past, len(service.causes.past.bad)
    apart = np.zeros(size + 1)
    for end, last in zip(past.place(rows["over_at"]), past.place(rows["ends_at"]), strict=True):
        if end < last:
            apart[max(0, int(end)) : min(size, int(np.ceil(last)))] = 1.0
    removed = apart[:size] * service.causes.burst
    number = np.cumsum(np.diff(apart[:size], prepend=0) > 0) * (apart[:size] > 0)
    sizes = np.bincount(number, removed)[1:]
    whole = float(sizes.sum())
    low, high = bursts_interval(sizes[sizes > 0], confidence=CONFIDENCE)
    saved = Estimate(whole, low, high, len(rows), CONFIDENCE, BURSTS)
    share = _share(service, [whole, low, high], len(rows), BURSTS)
    return _lever(service, DETECTED, [removed], _at_ends(removed, saved), share)


def _twice(service: WhatIf, effect: Effect) -> Lever:
    """As many deployments again, each with the harm of today's, in other weeks at their hours."""
    harm, week = service.causes.after_deployments, round(WEEK / service.causes.past.step)
    weeks = len(harm) // week
    turns = {round(weeks * (n + 1) / (TURNS + 1)) for n in range(TURNS)} - {0, weeks}
    added = [-np.roll(harm, turn * week) for turn in sorted(turns)] or [-harm]
    excess = effect.excess
    spent = [-excess.value, -excess.high, -excess.low]
    saved = _share(service, spent, excess.n, excess.method)
    return _lever(service, TWICE, added, _at_ends(added[0], excess), saved)


def frozen(service: WhatIf, freeze: PolicyReplay) -> Lever | None:
    """Releases that a freeze policy blocks do no harm, or do it later: a range, no estimate."""
    causes = service.causes
    if not len(causes.deployment_ids):
        return None
    held = freeze.avoided.held["deployment_id"].astype("str")
    blocked = np.append(np.isin(causes.deployment_ids, held), False)[causes.deployment]
    removed = np.where(blocked, causes.after_deployments, 0.0)
    saved = _share(service, [NAN, freeze.low, freeze.high], len(held), "simulated freezes")
    most = _lever(service, FREEZE, [removed], [np.zeros(len(removed))], saved, freeze.policy.name)
    days = freeze.avoided.frozen_days * QUARTER / len(freeze.recorded)
    unknown = {name: replace(getattr(most, name), value=NAN) for name in ("probability", "gain")}
    return replace(most, **unknown, pages=NAN, frozen=days)


def retargeted(table: pd.DataFrame, advice: Advice) -> Lever | None:
    """The target that `srelib.targets` recommends, where it is another one."""
    if not (advice.has_target and advice.has_current) or advice.target == advice.current:
        return None
    rows = table.set_index("target")[["pages_per_week", "freeze_days"]]
    old, then = rows.loc[[advice.current, advice.target]].to_numpy(dtype="float64")
    pages, days = (then - old).tolist()
    new = advice.probability
    unknown = replace(new, value=NAN, low=NAN, high=NAN)
    gain = replace(unknown, value=new.value - advice.current_probability.value)
    return Lever(RETARGET, f"{advice.target!r}", new, gain, unknown, pages, days)
