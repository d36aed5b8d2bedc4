"""What to do about one service, by written rules, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist

import numpy as np
import pandas as pd

from srelib.budget.status import _budget_fraction
from srelib.decisions.causes import causes
from srelib.decisions.detection import Detection, detection
from srelib.decisions.levers import (
    DETECTED,
    HISTORIES,
    REPEATED,
    RETARGET,
    SAFER,
    TWICE,
    Lever,
    WhatIf,
    frozen,
    levers,
    retargeted,
    what_if,
)
from srelib.errors import InsufficientDataError, ParameterError, SrelibError
from srelib.fleet import NAN, Indicator
from srelib.policy import Policy, prepare, replay_service
from srelib.policy.rules import FOUR_WEEKS
from srelib.stats import Estimate
from srelib.targets import Advice, candidates, recommend
from srelib.targets.candidates import BUDGET_POLICY
from srelib.targets.probability import (
    METHOD,
    _week_weights,
    _weeks_needed,
    _whole_weeks,
    _window_chance,
)
from srelib.tradeoff import Effect
from srelib.tradeoff.after_deployments import WEEK
from srelib.windows import Window, history
from srelib.windows.sums import _divide

SAFER_RELEASES = "make releases safer"
FIX = "fix outages unrelated to deployments"
CARRY_ON = "no change needed"
SHIP_MORE = "deploy more often"
ALERTS = "improve alerting"
TARGET = "review the target"
NOT_ENOUGH = "not enough data"
VERDICTS = (SAFER_RELEASES, FIX, ALERTS, TARGET, SHIP_MORE, CARRY_ON, NOT_ENOUGH)
"""What can be said of a service, what needs doing first."""

ASKS_FOR = {
    SAFER_RELEASES: SAFER, FIX: REPEATED, ALERTS: DETECTED, TARGET: RETARGET, SHIP_MORE: TWICE,
}  # fmt: skip
"""The change that a verdict asks for."""

NO_OBJECTIVE, NO_COUNTS, FEW_WEEKS, FEW_DEPLOYMENTS, UNSURE, FEW_EVENTS = (
    "objective", "counts", "weeks", "deployments", "unsure", "events",
)  # fmt: skip
"""Why there is not enough data."""
MISSED = "missed"
"""The last window missed the target, the next one most likely will not."""

FOUND = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
"""How many standard deviations an effect has that the test finds in 80 of 100 histories."""
EPSILON, MOST = 1e-9, 1e5
"""Next to nothing, and more deployments than anybody waits for."""

LONGER = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""How many times as much history is tried, where there is not enough of it."""


@dataclass(frozen=True, kw_only=True)
class DecisionRules:
    """Where the lines of the verdicts lie (20 %: The Site Reliability Workbook, appendix B).

    Parameters
    ----------
    pass_probability : float, with which the next window must meet the target [fraction]
    sure : float, share of redrawn histories that must give the same verdict [fraction]
    fast : float, deployments a week from which a service ships often [1/week]
    spare : float, most of the budget that may be spent where more is to be shipped [fraction]
    costly : float, share of a window's budget from which an outage is costly [fraction]
    undetected : int, costly outages that no alert on record detected, from which alerts miss them
    undetected_share : float, the least of what all costly outages spent that those spent [fraction]

    Raises
    ------
    ParameterError
        A share outside (0, 1), or a rate or number that is not above 0.

    Examples
    --------
    >>> DecisionRules(pass_probability=0.8).costly
    0.2
    """

    pass_probability: float = 0.9
    sure: float = 0.8
    fast: float = 1.0
    spare: float = 0.5
    costly: float = 0.2
    undetected: int = 2
    undetected_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ("pass_probability", "sure", "spare", "costly", "undetected_share"):
            ParameterError.check_fraction(getattr(self, name), name)
        for name in ("fast", "undetected"):
            if not getattr(self, name) > 0:
                raise ParameterError(f"{name} must be above 0; got {getattr(self, name)}.")


DEFAULT = DecisionRules()
NOTHING = Estimate(NAN, NAN, NAN, 0, NAN, METHOD)


@dataclass(frozen=True)
class Decision:
    """What to do about one service.

    verdict: one of `VERDICTS`
    confidence: share of redrawn histories that give it [fraction]; NaN without counts
    leaning, lacks, enough: where there is not enough data: the verdict that more would most likely
        give, what of, and how many weeks or deployments would be enough (NaN: unknown)
    objective: its name; empty without one
    met: probability that the next window meets the target [fraction]
    causes: share of the budget of the history that went by cause: 'deployments', 'outages', 'usual'
        [fraction]
    named: outages by kind of incident, costliest first: title, incidents, share of the budget of
        the history [fraction]; NaN without an objective
    missed: costly outages that no alert detected, and their share
    weeks, deployments: that were used
    frequency: deployments [1/week]; NaN where unknown
    """

    verdict: str
    confidence: float = NAN
    leaning: str = ""
    lacks: str = ""
    enough: float = NAN
    objective: str = ""
    target: float = NAN
    window: Window | None = None
    met: Estimate = NOTHING
    causes: dict[str, float] = field(default_factory=dict)
    named: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["title", "incidents", "share"])
    )
    levers: tuple[Lever, ...] = ()
    missed: tuple[int, float] = (0, 0.0)
    weeks: int = 0
    deployments: int = 0
    frequency: float = NAN

    @property
    def spent(self) -> float:
        """Share of the budget of the history that went [fraction]; NaN without an objective."""
        return sum(self.causes.values()) if self.causes else NAN

    def lever(self, name: str) -> Lever | None:
        """A lever by its name."""
        return next((one for one in self.levers if one.name == name), None)

    @property
    def change(self) -> Lever | None:
        """What the change that the verdict asks for would bring."""
        return self.lever(ASKS_FOR.get(self.verdict, ""))


def decide(
    counts: Mapping[Indicator, pd.DataFrame],
    *,
    key: Indicator,
    effect: Effect | SrelibError | None = None,
    deployments: pd.DataFrame | None = None,
    incidents: pd.DataFrame | None = None,
    alerts: pd.DataFrame | None = None,
    frequency: float = NAN,
    freeze: Policy = BUDGET_POLICY,
    rules: DecisionRules = DEFAULT,
) -> Decision:
    """What to do about one service: a verdict by written rules, and what each change would bring.

    Of `decide_each`, asked about the objective `key` of a service with these counts, tables and
    effect (an error or None: there is none). A freeze policy looks at all objectives; it and
    another target are tried only where the target is likely to be missed.

    Raises
    ------
    CountError, TimeIndexError, InvalidTargetError, InsufficientDataError
        As of `srelib.targets.candidates`; less than three weeks, or buckets longer than a day.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-05", periods=24 * 91, freq="h", tz="UTC")
    >>> shop = Indicator("shop", "shop", target=0.99, window=Window(pd.Timedelta("28D")))
    >>> seen = {shop: pd.DataFrame({"good": 999.0, "total": 1000.0}, hours)}
    >>> found = decide(seen, key=shop, frequency=0.2)
    >>> found.verdict, round(found.causes["usual"], 3)
    ('deploy more often', 0.1)
    """
    if not key.has_target:
        return Decision(NOT_ENOUGH, lacks=NO_OBJECTIVE, frequency=frequency)
    good, total = counts[key]["good"], counts[key]["total"]
    window = key.window or FOUR_WEEKS
    weeks = _whole_weeks(history(good, total))
    needed = _weeks_needed(window, end=weeks.end)
    said = Decision(NOT_ENOUGH, objective=key.name, target=key.target, window=window,
                    weeks=len(weeks), frequency=frequency)  # fmt: skip
    if len(weeks) < needed:
        return replace(said, lacks=FEW_WEEKS, enough=float(needed))
    known = effect if isinstance(effect, Effect) else None
    found = causes(good, total, effect=known, incidents=incidents)
    service = what_if(good, total, found, weeks, key=key)
    shares = found.sums / service.allowed
    named = found.named[["title", "incidents"]].assign(
        share=_divide(found.named["bad"].to_numpy(dtype="float64"), service.allowed)
    )
    said = replace(
        said, deployments=0 if known is None else known.deployments, named=named,
        causes=dict(zip(("deployments", "outages", "usual"), shares.tolist(), strict=True)),
    )  # fmt: skip
    if _budget_fraction(key.target) * weeks.expected(window) < 1:
        return replace(said, lacks=FEW_EVENTS)
    seen = detection(service.fine, target=key.target, window=window, policy=service.policy,
                     alerts=alerts, incidents=incidents)  # fmt: skip
    case = _Case(service, known, seen, rules, frequency)
    tried = levers(service, effect=known, seen=seen)
    advice = None
    if service.probability.value < rules.pass_probability:
        table = candidates(good, total, window=window, current=key.target, weighting=key.weighting)
        advice = recommend(table, pass_probability=rules.pass_probability)
        others = [_blocked(service, counts, key, deployments, incidents, freeze),
                  retargeted(table, advice)]  # fmt: skip
        tried += [lever for lever in others if lever is not None]
    said = replace(said, met=service.probability, levers=tuple(tried),
                   missed=seen.missed(costly=rules.costly))  # fmt: skip
    return _judged(said, case, advice)


def _judged(said: Decision, case: _Case, advice: Advice | None) -> Decision:
    """The verdict of the rules, or why there is none."""
    verdict, sure = case.verdict()
    if verdict == MISSED:
        return replace(said, confidence=sure, lacks=MISSED, leaning=CARRY_ON,
                       enough=said.weeks + float(np.ceil(case.window_length / WEEK)))  # fmt: skip
    if verdict == FEW_DEPLOYMENTS:
        return replace(said, confidence=sure, lacks=FEW_DEPLOYMENTS, leaning=SAFER_RELEASES,
                       enough=case.deployments_needed())  # fmt: skip
    loose = advice is None or advice.verdict == "loosen"
    if sure < case.rules.sure or (verdict == TARGET and not loose):
        return replace(said, confidence=sure, lacks=UNSURE, leaning=verdict,
                       enough=case.weeks_needed(verdict))  # fmt: skip
    return replace(said, verdict=verdict, confidence=sure)


def _blocked(
    service: WhatIf,
    counts: Mapping[Indicator, pd.DataFrame],
    key: Indicator,
    deployments: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    freeze: Policy,
) -> Lever | None:
    """What a freeze policy would have changed, where deployments are on record."""
    if deployments is None or deployments.empty:
        return None
    with_target = {own: seen for own, seen in counts.items() if own.has_target}
    try:
        made = prepare(with_target, deployments, incidents=incidents, timezone=freeze.timezone)
        return frozen(service, replay_service(made, policy=freeze)[key])
    except InsufficientDataError:
        return None


@dataclass(frozen=True)
class _Case:
    """The rules on one service: as estimated, and on each redrawn history."""

    service: WhatIf
    effect: Effect | None
    seen: Detection
    rules: DecisionRules
    frequency: float

    def verdict(self) -> tuple[str, float]:
        """What the estimates say, and the share of redrawn histories that say the same."""
        by_history = self._by_history(self.service.weights)
        middle = [float(np.mean(part)) for part in by_history]
        middle[0] = self.service.probability.value
        middle[3:] = (self.service.causes.sums / self.service.allowed).tolist()
        found = str(self._apply([np.array([part]) for part in middle])[0])
        return found, float((self._apply(by_history) == found).mean())

    @property
    def window_length(self) -> pd.Timedelta:
        """Length of the next window."""
        start, end = _window_chance(self.service.window, self.service.weeks.end)
        return end - start

    @property
    def missed_last(self) -> bool:
        """Whether the time as long as a window before the end of the data missed the target."""
        past = self.service.fine
        first = max(len(past.index) - round(self.window_length / past.step), 0)
        bad, total = (each.sums[-1] - each.sums[first] for each in (past.bad, past.total))
        return bool(bad > _budget_fraction(self.service.target) * total * (1 + 1e-9))

    def _by_history(self, weights: np.ndarray, *, longer: float = 1.0) -> list[np.ndarray]:
        """Probabilities to meet the target now, without deployments' harm and outages, and with
        twice the harm; then the share of the budget by cause; one value per redrawn history.
        """
        service, causes = self.service, self.service.causes
        harm = causes.after_deployments
        met = [service.met_without(part, weights=weights)
               for part in (np.zeros(len(harm)), harm + causes.outages, -harm)]  # fmt: skip
        seen = weights[:, :-1] / weights[:, :-1].sum(axis=1, keepdims=True)
        allowed = _budget_fraction(service.target) * (seen @ service.weeks.total.sum(axis=1))
        parts = [service.by_week(each).sum(axis=1) for each in
                 (harm, causes.outages, causes.usual)]  # fmt: skip
        shares = [_divide(seen @ part, allowed) for part in parts]
        shares[0] = shares[0] - self._noise(len(weights)) / np.sqrt(longer)
        return [*met, *shares]

    def _noise(self, many: int) -> np.ndarray:
        """Draws of what chance adds to the harm of deployments, as shares of the budget."""
        if self.effect is None:
            return np.zeros(many)
        drawn = np.random.default_rng([0, 3]).choice(self.effect.draws.noise, many)
        return np.asarray(drawn / self.service.allowed)

    def _apply(self, by_history: Sequence[np.ndarray]) -> np.ndarray:
        """The rules, the first that holds; `docs/methods.md` has them as a table."""
        met, calm, twice, harm, outages, usual = by_history
        rules, many = self.rules, len(met)
        risk = met < rules.pass_probability
        shown = self.effect is not None and self.effect.is_significant
        missed, of_all = self.seen.missed(costly=rules.costly)
        misses = missed >= rules.undetected and of_all >= rules.undetected_share
        slow = 0 < self.frequency < rules.fast
        spare = harm + outages + usual <= rules.spare
        most = np.maximum(np.maximum(harm, outages), usual)
        releases = SAFER_RELEASES if shown else FEW_DEPLOYMENTS
        cases = [
            (risk & (harm >= most) & (harm > 0), releases),
            (risk & (outages >= most) & misses, ALERTS),
            (risk & (outages >= most), FIX),
            (risk & (calm < rules.pass_probability), TARGET),
            (risk & (harm >= outages) & (harm > 0), releases),
            (risk, FIX),
            (np.full(many, misses), ALERTS),
            (np.full(many, self.missed_last), MISSED),
            (slow & spare & (twice >= rules.pass_probability), SHIP_MORE),
        ]
        holds, names = zip(*cases, strict=True)
        return np.select(holds, names, default=CARRY_ON)

    def weeks_needed(self, verdict: str) -> float:
        """Weeks of history like these from which the verdict would be sure."""
        weeks = self.service.weeks
        for longer in LONGER:
            weights = _week_weights(weeks, HISTORIES, longer=longer)
            found = self._apply(self._by_history(weights, longer=longer))
            if (found == verdict).mean() >= self.rules.sure:
                return float(np.ceil(longer * len(weeks)))
        return NAN

    def deployments_needed(self) -> float:
        """Deployments like these from which a harm as large as estimated would be found."""
        effect = self.effect
        if effect is None or not 0 < effect.excess.value < np.inf:
            return NAN
        seen = NormalDist().inv_cdf(1 - max(effect.adjusted_p_value, EPSILON) / 2)
        ratio = max(effect.detectable / effect.excess.value, FOUND / max(seen, EPSILON))
        needed = effect.deployments * ratio**2
        return float(np.ceil(needed)) if needed < MOST else NAN
