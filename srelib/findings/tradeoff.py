"""What notebook 06 says of deployments: what they cost, what moved together, which of them fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from srelib import wording
from srelib.findings.finding import Finding, markdown, say, sentence
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, refused_sentences, table
from srelib.fleet import Indicator, Results, answers
from srelib.stats import Estimate
from srelib.tradeoff import Association, Effect, Failures, FleetEffect
from srelib.tradeoff.association import Span

SHARED_OUTAGES = 1.3
"""How much wider shared outages make the interval of a fleet's total before it is said."""
HISTORY = "the whole history"


def cost_sentences(effects: Results[Effect], *, deployments: pd.DataFrame) -> list[Finding]:
    """Services whose deployments cost reliability, with the size, and those of which it is open."""
    if not len(deployments):
        return [say("tradeoff.none", "deployments", how=HOW_TO["deployments"])]
    known = _ranked(effects)
    if not known:
        refused = refused_sentences(effects, "tradeoff.failed", of="service")
        return [say("tradeoff.none", "levels", how=HOW_TO["sli"]), *refused]
    if len(known) == 1:
        [(key, effect)] = known.items()
        verdict = "cost" if effect.excess.value > 0 else "less"
        size = _size(effect, effect.excess, key.unit, effect.adjusted_p_value,
                     sentence("tradeoff.whole", _whole(effect)))  # fmt: skip
        return [say("tradeoff.service", verdict if effect.is_significant else "chance",
                    service=effect.service, who=effect.service, size=size,
                    limit=_limit(effect, key.unit))]  # fmt: skip
    sure = [effect for effect in known.values() if effect.is_significant]
    cost = [sentence("tradeoff.found", _whole(effect), who=effect.service, low=effect.share.low,
                     high=effect.share.high, share=effect.share.value)
            for effect in sure if effect.excess.value > 0]  # fmt: skip
    groups = {
        "less": [effect.service for effect in sure if effect.excess.value <= 0],
        "open": [effect.service for effect in known.values() if not effect.is_significant],
    }
    lines = [say("tradeoff.services", "some" if cost else "none", n=len(cost), found=cost,
                 services=len(known))]  # fmt: skip
    return lines + [say("tradeoff.others", which, who=who) for which, who in groups.items() if who]


def fleet_sentence(effect: FleetEffect | None) -> Finding | None:
    """What the deployments of all services together cost; None for fewer than two services."""
    if effect is None or effect.services < 2:
        return None
    whole = sentence("tradeoff.whole", "budgets" if effect.has_target else "all_errors",
                     services=effect.services)  # fmt: skip
    verdict, share = _fleet_verdict(effect), effect.share
    text = sentence(
        "tradeoff.fleet", verdict, limit=60 * effect.detectable, doubts=_doubts(effect),
        size=_size(effect, effect.total, effect.unit, effect.p_value, whole),
    )  # fmt: skip
    if not effect.has_target:
        return Finding("tradeoff.fleet", "", "", HISTORY, np.nan, verdict=verdict, sentence=text)
    return Finding("tradeoff.fleet", "cost of deployments", "", HISTORY, share.value,
                   wording.cost_share(share.value), verdict=verdict, low=share.low,
                   high=share.high, n=share.n, sentence=text,
                   anchor="what-happens-after-a-deployment")  # fmt: skip


def _fleet_verdict(effect: FleetEffect) -> str:
    if not effect.is_significant:
        return "chance" if effect.detectable < np.inf else "few"
    verdict = "cost" if effect.score > 0 else "less"
    return f"mixed_{verdict}" if effect.score * effect.total.value < 0 else verdict


def _doubts(effect: FleetEffect) -> str:
    """What the total leaves out, what widens its interval, why it may hold 0 all the same."""
    known = {
        "part": effect.summed < effect.services,
        "shared": effect.correlation >= SHARED_OUTAGES,
        "zero": effect.is_significant and effect.total.low <= 0 <= effect.total.high,
    }
    times = f"{effect.correlation:.1f}"
    return "".join(
        sentence("tradeoff.doubt", why, summed=effect.summed, unit=effect.unit, times=times)
        for why, holds in known.items() if holds
    )  # fmt: skip


def _size(effect: Effect | FleetEffect, excess: Estimate, unit: str, p: float, whole: str) -> str:
    """How much more failed than usual, as a number and as a share."""
    share = effect.share
    return sentence(
        "tradeoff.size", bad=_bad(excess.value, unit), after=effect.after, n=effect.deployments,
        share=share.value, low=share.low, high=share.high, whole=whole, level=excess.confidence,
        p=_p(p),
    )  # fmt: skip


def _bad(number: float, unit: str) -> str:
    if unit != "seconds" and abs(number) >= 1:
        number = round(number)
    return sentence("tradeoff.bad", unit.partition(" ")[0], n=number)


def mean_sentence(effect: FleetEffect | None) -> Finding | None:
    """What a deployment costs on average over services, and how much these differ."""
    if effect is None or effect.services < 3:
        return None
    mean, worst = effect.per_deployment, effect.by_service.iloc[0]
    return say(
        "tradeoff.mean", "differ" if effect.tau else "alike", worst=worst["service"],
        level=mean.confidence, value=60 * mean.value, low=60 * mean.low, high=60 * mean.high,
        most=60 * worst["shrunken"],
    )  # fmt: skip


def _ranked(effects: Results[Effect]) -> dict[Indicator, Effect]:

    def rank(known: tuple[Indicator, Effect]) -> tuple[bool, float]:
        share = known[1].share.value
        return not known[1].is_significant, -share if share == share else 0.0

    return dict(sorted(answers(effects).items(), key=rank))


def _whole(effect: Effect) -> str:
    return "budget" if effect.has_target else "errors"


def _limit(effect: Effect, unit: str) -> str:
    """The smallest cost that the data would probably have shown."""
    share = wording.cost_share(effect.detectable_share)
    return share if effect.has_target else _bad(effect.detectable, unit)


def _p(p: float) -> str:
    if p != p:
        return "no test"
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def week_sentences(effects: Results[Effect]) -> list[Finding]:
    """Services whose significant cost stands on a single week."""
    found = []
    for effect in _ranked(effects).values():
        weeks = effect.by_week.dropna(subset="p_value")
        if not effect.is_significant or not len(weeks):
            continue
        worst = weeks.iloc[int(weeks["p_value"].argmax())]
        many = worst["excess"] / effect.excess.value >= 0.5
        if many and worst["p_value"] >= 1 - effect.excess.confidence:
            found.append(say("tradeoff.week", service=effect.service, who=effect.service,
                             day=worst["week"], p=_p(worst["p_value"])))  # fmt: skip
    return found


def basis_sentences(
    effects: Results[Effect], *, counts: Mapping[Indicator, pd.DataFrame], between: Span | None
) -> list[Finding]:
    """How many deployments were compared, why others were not, and where buckets are too long."""
    known = answers(effects)
    if not known or between is None:
        return []
    used = sum(effect.deployments for effect in known.values())
    reasons = pd.concat([e.left_out["reason"] for e in known.values()]).value_counts()
    parts = [f"{n} {markdown(reason)}" for reason, n in reasons.items()]
    lines = [say("tradeoff.used", "some" if parts else "all", used=used, reasons=parts,
                 all=used + int(reasons.sum()), first=between[0], last=between[1])]  # fmt: skip
    after = next(iter(known.values())).after
    steps = {key.service: frame.index[1] - frame.index[0]
             for key, frame in counts.items() if len(frame) > 1}  # fmt: skip
    long = {service: step for service, step in steps.items() if step > after / 2}
    if long:
        lines.append(say("tradeoff.blur", who=long, n=len(long), after=after,
                         longest=max(long.values())))  # fmt: skip
    return lines + refused_sentences(effects, "tradeoff.failed", of="service")


def effects_table(effects: Results[Effect]) -> Table | None:
    """Excess, share of the budget, and what could have been shown, per service."""
    known = _ranked(effects)
    if not known:
        return None
    rows = [_effect_row(effect, key.unit) for key, effect in known.items()]
    found = [Finding("effect.cell", "cost of deployments", key.service, HISTORY, e.share.value,
                     wording.cost_share(e.share.value), key.name, low=e.share.low,
                     high=e.share.high, n=e.deployments)
             for key, e in known.items() if e.has_target]  # fmt: skip
    one = next(iter(known.values()))
    return table(rows,
                 caption=f"Cost of deployments in the {wording.duration(one.after)} after each, "
                         f"{wording.interval(one.excess.confidence)}; p corrected for "
                         f"{wording.plural(len(rows), 'service')}",
                 headers={"used": "deployments compared", "excess": "bad events above usual",
                          "share": "share of error budget",
                          "hidden": "smallest cost likely found"},
                 findings=found)  # fmt: skip


def _effect_row(effect: Effect, unit: str) -> dict[str, Any]:
    share = effect.share
    of = wording.ends(wording.cost_share(share.low), wording.cost_share(share.high))
    return {
        "service": effect.service,
        "used": f"{effect.deployments} of {effect.deployments + len(effect.left_out)}",
        "excess": _amount(effect.excess.value, unit),
        "share": f"{wording.cost_share(share.value)}\n{of}"
        f"{'' if effect.has_target else ' of its bad events'}",
        "p": _p(effect.adjusted_p_value).removeprefix("p = ").removeprefix("p "),
        "hidden": _limit(effect, unit),
    }


def _amount(number: float, unit: str) -> str:
    if unit == "seconds":
        return wording.duration(number)
    return wording.count(round(number) if abs(number) >= 1 else number)


def association_sentences(association: Association) -> list[Finding]:
    """Whether weeks with more deployments were worse, and services that deploy more."""
    if not len(association.weeks):
        return [say("tradeoff.weeks", "none")]
    lines = [
        _correlation("within", association.within, association.within_p, association.detectable),
        _correlation("between", association.between, association.between_p),
    ]
    if association.is_paradox:
        lines.append(say("tradeoff.weeks", "paradox", r=wording.signed(association.pooled)))
    return lines


def _correlation(key: str, one: Estimate, p: float, limit: float = np.nan) -> Finding:
    verdict = "few" if one.value != one.value else "more" if one.value > 0 else "less"
    if verdict != "few" and not p < 1 - one.confidence:
        verdict = "chance"
    r, low, high = map(wording.signed, (one.value, one.low, one.high))
    return say(f"tradeoff.{key}", verdict, r=r, low=low, high=high, level=one.confidence,
               p=_p(p), n=one.n, limit=wording.signed(limit))  # fmt: skip


def failures_sentences(batch: Failures, weekday: Failures, hour: Failures) -> list[Finding]:
    """Whether size, weekday or hour of a deployment has to do with its failing."""
    if not weekday.deployments:
        return []
    found = [_batch(batch)]
    for one in (weekday, hour):
        if one.p_value < 0.05:
            rows = one.shares
            beyond = rows["failed"] - rows["expected"] * rows["deployments"]
            worst, level = rows.iloc[int(beyond.argmax())], one.odds.confidence
            n, p = one.deployments, _p(one.p_value)
            found.append(say("tradeoff.time", one.kind, p=p, n=n, level=level, **worst))
    return found


def _batch(batch: Failures) -> Finding:
    odds, verdict = batch.odds, "chance"
    if not batch.deployments:
        verdict = "changes"
    elif odds.value != odds.value:
        verdict = "alike"
    elif batch.p_value < 0.05:
        verdict = "more" if odds.value > 1 else "less"
    value, low, high = (f"{x:.2f}" for x in (odds.value, odds.low, odds.high))
    return say("tradeoff.batch", verdict, odds=value, low=low, high=high, level=odds.confidence,
               n=batch.deployments, how=HOW_TO["changes"])  # fmt: skip
