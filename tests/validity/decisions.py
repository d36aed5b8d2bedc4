"""What to do about a service: verdicts and what-ifs held against what was planted.

Right is what the rules say of a very long history of the same service, its bad events by planted
cause; within `NEAR` of a line of the rules either side of it is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise, product

import numpy as np
import pandas as pd

from srelib import tradeoff
from srelib.decisions import Decision, DecisionRules, decide
from srelib.decisions.levers import REPEATED, SAFER, TWICE, Lever
from srelib.decisions.verdict import (
    ALERTS,
    CARRY_ON,
    FIX,
    NOT_ENOUGH,
    SAFER_RELEASES,
    SHIP_MORE,
    TARGET,
)
from srelib.errors import InsufficientDataError
from srelib.fleet import Indicator
from srelib.simulate import Fleet, ServiceSpec, fleet
from srelib.simulate.counts import _draw_counts
from srelib.simulate.world import World
from srelib.stats import Estimate
from srelib.tradeoff import Effect
from srelib.windows import Window
from tests.validity.cells import Cell, over
from tests.validity.targets import any_service

SEEDS, FIRST = 400, 700_000
WEEKS, FOLLOWS, LONG = 13, 4, 200
WINDOW = Window.parse("28d")
PLACEBOS = 499
NEAR = 1.25
"""Shares and rates within this factor of a line are near it."""
LIKELY = (0.8, 0.9, 0.95)
"""Probabilities near the line at 90 %, and the line."""
BAR, WRONG = 0.9, 0.05
EDGES = (0.0, 0.2, 0.5, 0.8, 0.95, 1.0)
CLOSE, MUCH = 0.05, 0.05
"""How far what is met may lie from what is said, and a change large enough to be worth saying."""
HELD, FINE = 0.9, 0.01
"""How often intervals hold the truth, which is known to a point."""
AVERAGE = 0.02
"""How far the changes said may lie from what they are, on average."""
BUDGET = 0.001
MINUTES = 10_080 * BUDGET
"""Minutes of complete outage that the target allows in a week."""
RULES = DecisionRules()


@dataclass(frozen=True)
class Kind:
    """A kind of service, and its right verdicts by construction; none: those of its truth."""

    spec: Callable[[np.random.Generator], dict]
    right: frozenset[str] = frozenset()
    silent: bool = False


def _releases(rng: np.random.Generator, share: float) -> dict:
    """One deployment in 5 breaks, at 5 to 7 a week, which spends this share of the budget."""
    often = float(rng.uniform(5, 7))
    # traffic in working hours is 1.63 times the mean; lognormal means lie above their medians
    minutes = 90 * np.exp(0.6**2 / 2) * often * 0.97 * 0.2 * 1.63
    ratio = share * MINUTES / minutes / np.exp(0.5**2 / 2)
    return {"deploys_per_week": often, "break_probability": 0.2, "harm_ratio": float(ratio)}


def _outages(rng: np.random.Generator, share: float, often: float, sigma: float = 0.8) -> dict:
    """Infrastructure incidents of about an hour that spend this share of the budget."""
    minutes = 60 * np.exp(sigma**2 / 2) * often * np.exp(0.4**2 / 2)
    ratio = float(np.clip(share * MINUTES / minutes, 1e-4, 0.9))
    return {"incidents_per_week": often, "incident_mu": float(np.log(60)),
            "incident_sigma": sigma, "severities": (("SEV2", 1.0, ratio),)}  # fmt: skip


def _usual(share: float) -> dict:
    return {"error_ratio": share * BUDGET}


HARMLESS = {"break_probability": 0.0}
QUIET = {"incidents_per_week": 0.0}
KINDS = {
    "releases break, 60 to 100 % of the budget": Kind(
        lambda rng: {
            **_releases(rng, rng.uniform(0.6, 1)), **_usual(0.3), **_outages(rng, 0.05, 0.2),
        },
        frozenset([SAFER_RELEASES]),
    ),
    "two or three incidents a week, 1 to 3 times the budget": Kind(
        lambda rng: {
            **_outages(rng, rng.uniform(1, 3), rng.uniform(2, 3)), **_usual(0.3), **HARMLESS,
            "deploys_per_week": float(rng.uniform(0.2, 0.5)),
        },
        frozenset([FIX]),
    ),
    "usual errors 1.2 to 2 times the budget": Kind(
        lambda rng: {**_usual(rng.uniform(1.2, 2)), **QUIET, **HARMLESS,
                     "deploys_per_week": float(rng.uniform(1, 5))},
        frozenset([TARGET]),
    ),
    "healthy, one deployment a month": Kind(
        lambda rng: {**_usual(rng.uniform(0.1, 0.25)), **_outages(rng, 0.02, 0.1), **HARMLESS,
                     "deploys_per_week": 0.25},
        frozenset([SHIP_MORE]),
    ),
    "healthy, five deployments a week": Kind(
        lambda rng: {**_usual(rng.uniform(0.1, 0.4)), **_outages(rng, 0.02, 0.1), **HARMLESS,
                     "deploys_per_week": 5.0},
        frozenset([CARRY_ON]),
    ),
    "costly incidents fire no alert": Kind(
        lambda rng: {**_outages(rng, rng.uniform(1, 2), rng.uniform(0.8, 1.5)), **_usual(0.2),
                     **HARMLESS, "deploys_per_week": 2.0, "alert_probability": 1.0},
        frozenset([ALERTS]), silent=True,
    ),
    "harm and outages alike": Kind(
        lambda rng: {**_releases(rng, 0.7), **_outages(rng, 0.7, 2.0), **_usual(0.2)},
        frozenset([SAFER_RELEASES, FIX]),
    ),
    "borderline healthy": Kind(
        lambda rng: {**_usual(rng.uniform(0.3, 0.6)), **_outages(rng, rng.uniform(0.2, 0.4), 0.5),
                     **HARMLESS, "deploys_per_week": 3.0},
    ),
}  # fmt: skip


def spec_of(kind: str | None, seed: int) -> ServiceSpec:
    """A service of a kind; without one, like none other, its target within reach or not."""
    rng = np.random.default_rng([17, seed])
    if kind is not None:
        return ServiceSpec(name="api", **KINDS[kind].spec(rng))
    spec = any_service(seed)
    whole = fleet(2 * 10**7 + seed, services=[spec], weeks=52, step="1h").counts("api").sum()
    usual = 1 - whole["good"] / whole["total"]
    return replace(spec, target=float(1 - np.clip(usual * rng.uniform(0.5, 4), 1e-5, 0.2)))


def uneven(spec: ServiceSpec, seed: int) -> ServiceSpec:
    """The same service, some of whose kinds of incident come far more often than others."""
    rng = np.random.default_rng([19, seed])
    names = [f"Kind {letter}" for letter in "ABCDEFGHIJKL"[: rng.choice([3, 5, 12])]]
    titles = rng.choice(names, size=40, p=rng.dirichlet(np.full(len(names), 0.7)))
    return replace(spec, titles=tuple(titles.tolist()))


@dataclass(frozen=True)
class Truth:
    """The long run of a service: shares of the budget by cause, and how often windows are met."""

    harm: float
    outages: float
    usual: float
    met: float
    calm: float
    twice: float
    often: float

    def right(self, *, misses: bool = False) -> frozenset[str]:
        """What the rules say of it, with the lines where they are and a little to either side."""
        nears = (1 / NEAR, 1.0, NEAR)
        found = set()
        for met, calm, twice, harm, outages, spare, fast in product(
            LIKELY, LIKELY, LIKELY, nears, nears, nears, nears
        ):
            found.add(_rules(
                risk=self.met < met, calm=self.calm >= calm, twice=self.twice >= twice,
                harm=harm * self.harm, outages=outages * self.outages, usual=self.usual,
                spare=self.harm + self.outages + self.usual <= spare * RULES.spare,
                slow=0 < self.often < fast * RULES.fast, misses=misses,
            ))  # fmt: skip
        return frozenset(found)


def _rules(
    *, risk: bool, calm: bool, twice: bool, harm: float, outages: float, usual: float, spare: bool,
    slow: bool, misses: bool,
) -> str:  # fmt: skip
    """The rules as `docs/methods.md` has them."""
    if risk:
        if harm > 0 and harm >= max(outages, usual):
            return SAFER_RELEASES
        if outages >= max(harm, usual):
            return ALERTS if misses else FIX
        if not calm:
            return TARGET
        return SAFER_RELEASES if harm >= outages else FIX
    if misses:
        return ALERTS
    return SHIP_MORE if slow and spare and twice else CARRY_ON


def by_week(world: Fleet) -> pd.DataFrame:
    """Bad events of each week by planted cause, and all events."""
    counts = world.world("api").counts
    bad = counts.bad_by_cause
    columns = {"harm": bad["deployment"], "outages": bad["incident"],
               "usual": bad["background"] + bad["maintenance"], "total": counts.total}  # fmt: skip
    return pd.DataFrame({name: values.reshape(LONG, -1).sum(axis=1, dtype="float64")
                         for name, values in columns.items()})  # fmt: skip


def meets(bad: pd.Series, total: pd.Series, *, target: float) -> float:
    """Share of the windows that meet the target."""
    sums = pd.DataFrame({"bad": bad, "total": total}).rolling(FOLLOWS).sum().dropna()
    sums = sums[sums["total"] > 0]
    return float((sums["bad"] <= (1 - target) * sums["total"] * (1 + 1e-9)).mean())


def long_run(spec: ServiceSpec, seed: int) -> Fleet:
    """A very long history of a service."""
    return fleet(10**7 + seed, services=[spec], weeks=LONG, step="1h")


def truth_of(spec: ServiceSpec, seed: int) -> Truth:
    """The long run of a service, by arithmetic of its own on what was planted."""
    world = long_run(spec, seed)
    weeks = by_week(world)
    allowed = (1 - spec.target) * weeks["total"].sum()
    bad = weeks[["harm", "outages", "usual"]].sum(axis=1)
    other = pd.Series(np.roll(weeks["harm"], LONG // 2))
    met = partial(meets, total=weeks["total"], target=spec.target)
    return Truth(
        *(weeks[["harm", "outages", "usual"]].sum() / allowed), met(bad), met(weeks["usual"]),
        met(bad + other), deployed(world) / LONG,
    )  # fmt: skip


def deployed(world: Fleet) -> int:
    """Deployments that reached users."""
    return int(world.deployments["status"].isin(["succeeded", "rolled_back"]).sum())


@dataclass(frozen=True)
class Asked:
    """A history and what is asked of it."""

    world: Fleet
    spec: ServiceSpec
    effect: Effect | None

    @classmethod
    def of(cls, spec: ServiceSpec, seed: int, *, step: str = "1h") -> Asked:
        """A history of 13 weeks."""
        world = fleet(seed, services=[spec], weeks=WEEKS, step=step)
        counts = world.counts("api")
        try:
            effect = tradeoff.deployment_effect(
                counts["good"], counts["total"], world.deployments, incidents=world.incidents,
                target=spec.target, placebos=PLACEBOS, seed=seed, details=False,
            )  # fmt: skip
        except InsufficientDataError:
            effect = None
        return cls(world, spec, effect)

    def decision(self, alerts: pd.DataFrame | None = None) -> Decision:
        """What to do about it; the levers that change no bad events are left out."""
        key = Indicator("api", "api", "availability", target=self.spec.target, window=WINDOW)
        return decide(
            {key: self.world.counts("api")}, key=key, effect=self.effect, alerts=alerts,
            incidents=self.world.incidents, frequency=deployed(self.world) / WEEKS,
        )  # fmt: skip

    @property
    def loud(self) -> pd.DataFrame:
        """Alerts, but for those of incidents that cost a fifth of a budget or more."""
        cost = self.world.truth.incidents
        budget = BUDGET * self.world.world("api").counts.total.sum() * FOLLOWS / WEEKS
        costly = cost[cost["observed"] >= 0.1 * budget]
        rows = self.world.alerts
        silent = np.zeros(len(rows), dtype=bool)
        for start, end in zip(costly["started_at"], costly["ended_at"], strict=True):
            silent |= ((rows["fired_at"] >= start) & (rows["fired_at"] <= end)).to_numpy()
        return rows[~silent]


CHANGED: dict[str, Callable[[ServiceSpec], dict]] = {
    SAFER: lambda spec: {"harm_ratio": spec.harm_ratio / 2},
    TWICE: lambda spec: {"deploys_per_week": 2 * spec.deploys_per_week},
}
"""What a lever does to a service."""


def after(lever: Lever, spec: ServiceSpec, seed: int) -> float:
    """Share of windows met in the long run of the changed service."""
    if lever.name == REPEATED:
        world = without(lever.detail, long_run(spec, seed))
    else:
        world = long_run(replace(spec, **CHANGED[lever.name](spec)), seed)
    weeks = by_week(world)
    bad = weeks[["harm", "outages", "usual"]].sum(axis=1)
    return meets(bad, weeks["total"], target=spec.target)


def without(title: str, world: Fleet) -> Fleet:
    """The same history, had no incident of this title happened."""
    own = world.world("api")
    gone = [one for one in own.plan.incidents if one.title == title]
    ids = {one.deployment_id for one in gone}
    plan = replace(
        own.plan,
        incidents=tuple(one for one in own.plan.incidents if one.title != title),
        deployments=tuple(
            replace(one, harm_ratio=0.0, harm_minutes=0.0) if one.deployment_id in ids else one
            for one in own.plan.deployments
        ),
    )
    counts = _draw_counts(world.seed, own.spec, world.grid, plan)
    return Fleet(world.seed, world.grid, (World(own.spec, plan, counts),))


def any_kind(seed: int, *, mixed: bool = False) -> dict:
    """A service like none other: its verdict, and what each lever says and does; `mixed`: only the
    lever on incidents, whose kinds come unevenly.
    """
    spec = uneven(spec_of(None, seed), seed) if mixed else spec_of(None, seed)
    truth, said = truth_of(spec, seed), Asked.of(spec, seed).decision()
    levers = [
        (one.name, said.met.value, one.probability, one.gain, truth.met, after(one, spec, seed))
        for one in said.levers
        if one.name in ((REPEATED,) if mixed else (SAFER, REPEATED, TWICE))
    ]
    return {"said": said.verdict, "right": truth.right(), "levers": levers}


def of_kind(seed: int, *, kind: str) -> dict:
    """A service of a kind: its verdict, and whether its planted harm is detectable."""
    spec, silent = spec_of(kind, seed), KINDS[kind].silent
    asked = Asked.of(spec, seed, step="5min" if silent else "1h")
    said = asked.decision(asked.loud if silent else None).verdict
    right = KINDS[kind].right or truth_of(spec, seed).right()
    found = {"said": said, "right": right}
    if right == {SAFER_RELEASES} and asked.effect is not None:
        harm = truth_of(spec, seed).harm * asked.effect.budget
        found["detectable"] = harm > asked.effect.detectable
    return found


def run(*, seeds: int, workers: int) -> list[Cell]:
    """Verdicts by kind and of services of every kind, then what-ifs."""
    chosen = range(FIRST, FIRST + seeds)
    cells: list[Cell] = []
    for kind in KINDS:
        cells += _verdicts(kind, over(partial(of_kind, kind=kind), chosen, workers=workers))
    found = over(any_kind, chosen, workers=workers)
    cells += _verdicts("services of every kind", found)
    for name in (SAFER, REPEATED, TWICE):
        cells += _what_ifs(f"{name}, services of every kind", found, name)
    found = over(partial(any_kind, mixed=True), chosen, workers=workers)
    return cells + _what_ifs(f"{REPEATED}, kinds that come unevenly", found, REPEATED)


def _verdicts(case: str, found: list[dict]) -> list[Cell]:
    """Right, wrong and unsaid verdicts of one kind of service."""
    right = np.array([one["said"] in one["right"] for one in found])
    unsaid = np.array([one["said"] == NOT_ENOUGH for one in found])
    wrong = ~(right | unsaid)
    asked = BAR if len(KINDS[case].right if case in KINDS else ()) == 1 else np.nan
    clear = np.array([one.get("detectable", True) for one in found])
    what = "right, of those detectable" if not clear.all() else "right"
    n = len(found)
    return [
        Cell(case, what, float(right[clear].mean()), low=asked, n=int(clear.sum())),
        Cell(case, "not enough data", float(unsaid.mean()), n=n),
        Cell(case, "wrong", float(wrong.mean()), high=WRONG, n=n),
        Cell(
            case,
            "wrong, of the verdicts said",
            float(wrong[~unsaid].mean()),
            n=int((~unsaid).sum()),
        ),
    ]


def _what_ifs(case: str, found: list[dict], name: str) -> list[Cell]:
    """Whether windows are met after a change as often as the lever says."""
    rows = pd.DataFrame([
        {"now": now, "then": probability.value, "met": met, "after": then,
         "change held": _holds(gain, then - met), "then held": _holds(probability, then)}
        for one in found for lever, now, probability, gain, met, then in one["levers"]
        if lever == name
    ])  # fmt: skip
    cells = []
    for low, high in pairwise(EDGES):
        inside = rows[(rows["then"] >= low) & ((rows["then"] < high) | (high == 1.0))]
        if inside.empty:
            continue
        said, off = float(inside["then"].mean()), inside["after"] - inside["then"]
        cells.append(Cell(
            case, f"met then when {low:.0%} to {high:.0%} is said ({said:.1%} on average)",
            float(inside["after"].mean()), max(said - CLOSE, 0.0), min(said + CLOSE, 1.0),
            len(inside), error=float(off.std() / np.sqrt(len(inside))),
        ))  # fmt: skip
    then = rows["after"]
    said = {"the lever": rows["then"], "the probability unchanged": rows["now"],
            "climatology": (then.sum() - then) / (len(then) - 1)}  # fmt: skip
    scores = {key: then * (1 - p) ** 2 + (1 - then) * p**2 for key, p in said.items()}
    best = min(list(scores)[1:], key=lambda key: scores[key].mean())
    error = float((scores["the lever"] - scores[best]).std() / np.sqrt(len(rows)))
    gain, true = rows["then"] - rows["now"], rows["after"] - rows["met"]
    much, mean = gain.abs() >= MUCH, float(gain.mean())
    return [
        *cells,
        *(Cell(case, f"Brier score of {key}", float(each.mean()), n=len(rows), unit=" ",
               high=float(scores[best].mean()) if key == "the lever" else np.nan, error=error)
          for key, each in scores.items()),
        Cell(case, f"change, where {mean:.1%} is said on average", float(true.mean()),
             mean - AVERAGE, mean + AVERAGE, len(rows),
             error=float((true - gain).std() / np.sqrt(len(rows)))),
        Cell(case, f"change where {MUCH:.0%} or more is said", float(true[much].mean()),
             n=int(much.sum())),
        Cell(case, "which says on average", float(gain[much].mean()), n=int(much.sum())),
        *(Cell(case, f"95 % interval of {key} holds it", float(rows[column].mean()), HELD,
               n=len(rows)) for key, column in
          (("the change", "change held"), ("what is met then", "then held"))),
    ]  # fmt: skip


def _holds(said: Estimate, truth: float) -> bool:
    """Whether the interval holds the truth, which is one of 200 weeks."""
    return said.low - FINE <= truth <= said.high + FINE
