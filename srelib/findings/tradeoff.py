"""What notebook 06 says: what deployments cost, what moved together, which of them fail."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from srelib import wording
from srelib.findings.finding import Finding, markdown, name, names, sentence
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, refusal_reasons, table
from srelib.fleet import Indicator, Results, answers, refusals
from srelib.stats import Estimate
from srelib.tradeoff import Association, Effect, Failures, FleetEffect
from srelib.tradeoff.after_deployments import INSIDE_INCIDENT

FEW = 5
"""Deployments used below which a result that is not beyond chance is called too few to tell."""
NO_DEPLOYMENTS = ("**Nothing can be said about what shipping costs, because there are no "
                  f"deployments in the folder.** To add them, export {HOW_TO['deployments']}."
                  )  # fmt: skip
NO_LEVELS = ("**Nothing can be said about what shipping costs, because no service has both "
             f"deployments and service levels.** To add levels, export {HOW_TO['sli']}."
             )  # fmt: skip
MOST_EFFECTS = 8
SHARED_OUTAGES = 1.3
"""How much wider shared outages make the interval of a fleet's total before it is said."""
NOT_CAUSE = "Association is not cause."


def cost_sentences(effects: Results[Effect], *, deployments: pd.DataFrame) -> list[str]:
    """The answer: whose deployments cost reliability, how much, how sure; the bottom line first."""
    if not len(deployments):
        return [NO_DEPLOYMENTS]
    known = _ranked(effects)
    if not known:
        return [NO_LEVELS if not effects else f"{NO_LEVELS} {failed_sentence(effects)}"]
    sure = {key: effect for key, effect in known.items() if effect.is_significant}
    lines = [_bottom_line(len(known), sure)] if len(known) > 1 else []
    lines += [_effect_sentence(e, unit=key.unit) for key, e in list((sure or known).items())[:2]]
    if sure and len(sure) < len(known):
        lines.append(_unseen([effect for effect in known.values() if not effect.is_significant]))
    return lines


def fleet_sentence(effect: FleetEffect | None) -> Finding | str:
    """What the deployments of all services together cost; empty for fewer than two services."""
    if effect is None or effect.services < 2:
        return ""
    out = effect.by_service.query("stands_out and excess > 0")["service"]
    limit = 60 * effect.detectable if effect.detectable < np.inf else None
    verdict = _fleet_verdict(effect, alone=bool(len(out)))
    text = sentence(
        "tradeoff.fleet", verdict, services=str(effect.services), found=_fleet_found(effect),
        alone=names(out), doubts="".join(_fleet_doubts(effect)),
        after=wording.duration(effect.after), detectable=wording.duration(limit),
        side="more" if effect.score > 0 else "fewer",
    )  # fmt: skip
    if not effect.has_target:
        return text
    share = effect.share
    return Finding("tradeoff.fleet", "cost of deployments", "", "the whole history", share.value,
                   wording.cost_share(share.value), verdict=verdict, low=share.low,
                   high=share.high, n=share.n, sentence=text,
                   anchor="what-happens-after-a-deployment")  # fmt: skip


def _fleet_verdict(effect: FleetEffect, *, alone: bool) -> str:
    if not effect.is_significant:
        return "chance" if effect.detectable < np.inf else "no_data"
    if effect.score * effect.total.value < 0:
        return "mixed"
    harm = "harm" if alone else "harm_together"
    return harm if effect.score > 0 else "help"


def _fleet_found(effect: FleetEffect) -> str:
    total, share = effect.total, effect.share
    value, low, high = map(wording.cost_share, (share.value, share.low, share.high))
    return sentence(
        "tradeoff.found", "more" if total.value >= 0 else "fewer",
        bad=_bad(abs(total.value), effect.unit), fewer=_less(effect.unit),
        after=wording.duration(effect.after), deployments=f"{effect.deployments:,}", share=value,
        whole="all error budgets" if effect.has_target else "all bad events", low=low, high=high,
        level=wording.percent(share.confidence), p=_p(effect.p_value),
    )  # fmt: skip


def _fleet_doubts(effect: FleetEffect) -> list[str]:
    """What the total leaves out, what widens its interval, why it may hold 0 all the same."""
    known = {
        "part": effect.summed < effect.services,
        "shared": effect.correlation >= SHARED_OUTAGES,
        "zero": effect.is_significant and effect.total.low <= 0 <= effect.total.high,
    }
    parts = {
        "summed": str(effect.summed),
        "unit": effect.unit,
        "times": f"{effect.correlation:.1f}",
    }
    return [sentence("tradeoff.doubt", why, **parts) for why, holds in known.items() if holds]


def fleet_mean_sentence(effect: FleetEffect | None) -> str:
    """What a deployment costs on average over services, and how much these differ."""
    if effect is None or effect.services < 3:
        return ""
    mean, worst = effect.per_deployment, effect.by_service.iloc[0]
    minutes = {"value": mean.value, "low": mean.low, "high": mean.high, "tau": effect.tau,
               "harm": worst["shrunken"]}  # fmt: skip
    return sentence(
        "tradeoff.mean", "differ" if effect.tau else "alike", worst=name(worst["service"]),
        level=wording.percent(mean.confidence),
        **{part: wording.duration(60 * value) for part, value in minutes.items()},
    )  # fmt: skip


def _ranked(effects: Results[Effect]) -> dict[Indicator, Effect]:
    """The effects that are known, sure ones first, the largest share first."""

    def rank(known: tuple[Indicator, Effect]) -> tuple[bool, float]:
        share = known[1].share.value
        return not known[1].is_significant, -share if share == share else 0.0

    return dict(sorted(answers(effects).items(), key=rank))


def _bottom_line(many: int, sure: Mapping[Indicator, Effect]) -> str:
    harmed = [key.service for key, effect in sure.items() if effect.excess.value > 0]
    if harmed:
        return (f"Shipping costs reliability in **{len(harmed)} of {many} services**, beyond "
                f"chance: {names(harmed)}.")  # fmt: skip
    tail = f" Fewer bad events than usual followed those of {names(k.service for k in sure)}." \
        if sure else ""  # fmt: skip
    return (f"**No cost of shipping shows beyond chance** in any of {many} services; what it could "
            f"have shown is in the table below.{tail}")  # fmt: skip


def _unseen(unsure: list[Effect]) -> str:
    few = [effect.service for effect in unsure if _is_few(effect)]
    enough = [effect.service for effect in unsure if not _is_few(effect)]
    parts = [f"in {names(enough)} there is no effect this data could show"] if enough else []
    if few:
        parts.append(f"of {names(few)} there are too few deployments to tell")
    return f"{_first('; '.join(parts))}."


def _is_few(effect: Effect) -> bool:
    """Whether the data could hardly have shown anything: few deployments, or a whole budget."""
    return effect.deployments < FEW or (effect.has_target and effect.detectable_share > 1)


def _effect_sentence(effect: Effect, *, unit: str = "events") -> str:
    """What the deployments of one service cost: beyond chance, within it, or too few to tell."""
    who, n = name(effect.service), wording.plural(effect.deployments, "deployment")
    value, low, high = (effect.excess.value, effect.excess.low, effect.excess.high)
    level = wording.percent(effect.excess.confidence)
    interval = f"{level} interval {_amount(low, unit)} to {_amount(high, unit)}"
    p = _p(effect.adjusted_p_value)
    after = wording.duration(effect.after)
    if effect.is_significant and value > 0:
        cost = _cost(effect)
        return (f"{who}: {_bad(value, unit)} more than usual in the {after} after {n} "
                f"({interval}, {p}){cost}.{_one_week(effect)}")  # fmt: skip
    if effect.is_significant:
        return (f"{who}: {_bad(-value, unit)} **{_less(unit)}** than usual in the {after} after "
                f"{n} ({interval}, {p}): shipping did not cost it reliability there."
                f"{_one_week(effect)}")  # fmt: skip
    side = "more" if value >= 0 else _less(unit)
    seen = (f"{n} came with {_bad(abs(value), unit)} {side} than usual in the {after} after "
            f"({interval}, {p})")  # fmt: skip
    limit = _limit(effect, unit)
    if _is_few(effect):
        return f"{who}: **too few deployments to tell**. {_first(seen)}; {limit}."
    return f"{who}: **no effect this data could show**. {_first(seen)}; {limit}."


def effects_sentences(effects: Results[Effect]) -> list[str]:
    """What the deployments of each service cost, sure harm first."""
    lines = [_effect_sentence(e, unit=key.unit) for key, e in _ranked(effects).items()]
    if len(lines) > MOST_EFFECTS:
        more = len(lines) - MOST_EFFECTS
        lines = [*lines[:MOST_EFFECTS], f"{more} more are in the table."]
    return lines or ["No effect of deployments could be estimated."]


def _first(text: str) -> str:
    return text[0].upper() + text[1:]


def _events(number: float) -> str:
    if number != number:
        return wording.UNKNOWN
    return wording.count(round(number)) if abs(number) >= 1 else wording.count(number)


def _p(p: float) -> str:
    if p != p:
        return "no test"
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def _cost(effect: Effect) -> str:
    share = effect.share
    if share.value != share.value:
        return ""
    verb, what = ("they cost", "of its error budget") if effect.has_target else (
        "that is", "of all its bad events")  # fmt: skip
    value, low, high = map(wording.cost_share, (share.value, share.low, share.high))
    return f": {verb} **{value}** {what} ({low} to {high})"


def _amount(number: float, unit: str) -> str:
    return wording.duration(number) if unit == "seconds" else _events(number)


def _bad(number: float, unit: str) -> str:
    """So many bad events, or so much bad time."""
    if unit == "seconds":
        return f"{wording.duration(number)} of bad time"
    return f"{_events(number)} bad {'slices' if unit.startswith('slices') else 'events'}"


def _less(unit: str) -> str:
    return "less" if unit == "seconds" else "fewer"


def _limit(effect: Effect, unit: str) -> str:
    if effect.detectable != effect.detectable:
        return "how small an effect it could have shown is unknown"
    share = wording.cost_share(effect.detectable_share)
    of = f", {share} of its budget," if effect.has_target else ""
    return (f"an excess below {_bad(effect.detectable, unit)}{of} would most likely have "
            "gone unseen")  # fmt: skip


def _one_week(effect: Effect) -> str:
    """Whether a single week carries the effect."""
    weeks = effect.by_week.dropna(subset="p_value")
    if not len(weeks):
        return ""
    worst = weeks.iloc[int(weeks["p_value"].argmax())]
    share = worst["excess"] / effect.excess.value
    if worst["p_value"] < 1 - effect.excess.confidence or share < 0.5:
        return ""
    return (f" **One week carries it**: without that of {wording.day(worst['week'])} it is within "
            f"the reach of chance ({_p(worst['p_value'])}).")  # fmt: skip


def failed_sentence(effects: Results[Effect]) -> str:
    """Services whose effect could not be estimated, each with the reason; empty where all could."""
    refused = refusal_reasons((key.service, error) for key, error in refusals(effects).items())
    parts = [f"{who}: {why}" for who, why in refused]
    return f"Not estimated: {'; '.join(parts)}." if parts else ""


def blur_sentence(counts: Mapping[Indicator, pd.DataFrame], *, after: str) -> str:
    """Which services are counted in buckets so long that the hours `after` deployments blur."""
    window = pd.Timedelta(after)
    steps = {key.service: frame.index[1] - frame.index[0]
             for key, frame in counts.items() if len(frame) > 1}  # fmt: skip
    long = {service: step for service, step in steps.items() if step > window / 2}
    if not long:
        return ""
    most = wording.duration(max(long.values()))
    return (f"{names(long)} {'is' if len(long) == 1 else 'are'} counted in buckets of {most}, so "
            f"the {wording.duration(window)} after a deployment stand for that long, and short "
            "harm is diluted.")  # fmt: skip


def left_out_sentence(effects: Results[Effect]) -> str:
    """How many deployments were left out of the effect, and why."""
    known = answers(effects)
    if not known:
        return failed_sentence(effects) or "There is no effect to speak of."
    used = sum(e.deployments for e in known.values())
    reasons = pd.concat([e.left_out["reason"] for e in known.values()]).value_counts()
    if not len(reasons):
        return f"All {wording.plural(used, 'deployment')} were used."
    parts = [f"{n} {markdown(reason)}" for reason, n in reasons.items()]
    text = (f"{used:,} of {wording.plural(used + int(reasons.sum()), 'deployment')} were used; "
            f"left out: {wording.listing(parts, limit=6)}.")  # fmt: skip
    if INSIDE_INCIDENT in reasons.index:
        text += " A deployment made because of an incident would be blamed for it."
    return text


def effects_table(effects: Results[Effect]) -> Table | None:
    """Effect, share of the budget, what could have been shown, per service."""
    known = _ranked(effects)
    if not known:
        return None
    rows = []
    for key, e in known.items():
        low, high = _amount(e.excess.low, key.unit), _amount(e.excess.high, key.unit)
        share, hidden = (wording.cost_share(part) if e.has_target else ""
                         for part in (e.share.value, e.detectable_share))  # fmt: skip
        rows.append({
            "service": key.service, "used": e.deployments, "left_out": len(e.left_out),
            "excess": _amount(e.excess.value, key.unit), "interval": f"{low} to {high}",
            "share": share or "\u2013",
            "p": _p(e.adjusted_p_value).removeprefix("p = ").removeprefix("p "),
            "hidden": _amount(e.detectable, key.unit) + (f" ({hidden})" if hidden else ""),
        })  # fmt: skip
    one = next(iter(known.values()))
    return table(pd.DataFrame(rows), max_rows=40,
                 caption=f"Bad events in the {wording.duration(one.after)} after deployments "
                         "beyond the usual, share of the error budget of the whole history, p "
                         "corrected for the number of services, and the smallest excess that would "
                         "most likely have shown",
                 headers={"used": "deployments used", "left_out": "left out",
                          "excess": "excess", "interval": wording.interval(one.excess.confidence),
                          "share": "of the budget", "hidden": "would have shown"}).stating(
        Finding("effect.cell", "cost of deployments", key.service, "the whole history",
                e.share.value, wording.cost_share(e.share.value), key.name, low=e.share.low,
                high=e.share.high, n=e.deployments)
        for key, e in known.items() if e.has_target
    )  # fmt: skip


def association_sentences(association: Association) -> list[str]:
    """Whether busy weeks were bad weeks, and whether busy services are bad ones."""
    if not len(association.weeks):
        return ["No whole week is known with both deployments and service levels, so nothing can "
                "have moved together."]  # fmt: skip
    lines = [_within(association), _between(association)]
    if association.is_paradox:
        lines.append("**The two answers point in opposite directions** (Simpson's paradox): "
                     "thrown together, the weeks of all services would have hidden what happens "
                     f"within each of them (pooled {_r(association.pooled)}).")  # fmt: skip
    elif association.reverses:
        lines.append("The two answers differ in sign, but not beyond chance.")
    return [line for line in lines if line]


def _r(value: float) -> str:
    return f"{value:+.2f}".replace("-", wording.MINUS)


def _interval(estimate: Estimate) -> str:
    level = wording.percent(estimate.confidence)
    return f"{level} interval {_r(estimate.low)} to {_r(estimate.high)}"


def _within(association: Association) -> str:
    one, p = association.within, association.within_p
    if one.value != one.value:
        return ("**Too few weeks to tell** whether busy weeks are bad weeks: it takes eight whole "
                "weeks of a service whose deployments vary.")  # fmt: skip
    basis = f"rank correlation {_r(one.value)}, {_interval(one)}, {_p(p)}, {one.n:,.0f} weeks"
    if p < 1 - one.confidence:
        how, busy = ("together", "worse") if one.value > 0 else ("in opposite directions", "better")
        return (f"Within services, deployments and bad events **moved {how}**: the weeks in which "
                f"a service shipped more were its {busy} weeks ({basis}). {NOT_CAUSE}"
                )  # fmt: skip
    return (f"Within services, deployments and bad events did not move together beyond chance "
            f"({basis}); a correlation below {association.detectable:.2f} would most likely have "
            "gone unseen.")  # fmt: skip


def _between(association: Association) -> str:
    one, p = association.between, association.between_p
    n = wording.plural(one.n, "service")
    if one.value != one.value:
        return f"Between services nothing can be said: {n} {'is' if one.n == 1 else 'are'} too few."
    basis = f"rank correlation {_r(one.value)}, {_interval(one)}, {_p(p)}, {n}"
    if p < 1 - one.confidence:
        quick = "less reliable" if one.value > 0 else "more reliable"
        return (f"Between services, those that ship more are **{quick}** ({basis}), for whatever "
                "reason.")  # fmt: skip
    return f"Between services, shipping more goes with neither beyond chance ({basis})."


def failures_sentences(batch: Failures, weekday: Failures, hour: Failures) -> list[str]:
    """Whether size, weekday or hour of a deployment has to do with its failing."""
    if not weekday.deployments:
        return ["No deployment is known whose failure could be judged."]
    return [_batch(batch), *(_by_time(one) for one in (weekday, hour))]


def _batch(batch: Failures) -> str:
    odds, n = batch.odds, batch.deployments
    if not n:
        return ("No change names the deployment that shipped it, so nothing can be said about "
                f"batch size. To add changes, export {HOW_TO['changes']}.")  # fmt: skip
    if odds.value != odds.value:
        return (f"Batch size: no service has both sound and failed deployments of different sizes "
                f"(n = {n}), so nothing can be said.")  # fmt: skip
    basis = (f"odds of failing times {odds.value:.2f} for twice the changes, "
             f"{wording.percent(odds.confidence)} interval {odds.low:.2f} to {odds.high:.2f}, "
             f"n = {n:,}")  # fmt: skip
    if batch.p_value < 0.05:
        side = "more" if odds.value > 1 else "less"
        return f"Larger deployments of the same service failed **{side} often** ({basis})."
    return (f"Larger deployments of the same service failed neither more nor less often, beyond "
            f"chance ({basis}).")  # fmt: skip


def _by_time(one: Failures) -> str:
    rows, what = one.shares, "weekday" if one.kind == "weekday" else "hour of the day"
    if one.p_value != one.p_value:
        return f"Whether the {what} of a deployment matters cannot be said from these."
    if one.p_value >= 0.05:
        return f"No {what} stands out beyond chance ({_p(one.p_value)}, n = {one.deployments:,})."
    beyond = rows["failed"] - rows["expected"] * rows["deployments"]
    worst = rows.iloc[int(beyond.argmax())]
    low, high = wording.percents([worst["low"], worst["high"]])
    level = wording.interval(one.odds.confidence)
    return (f"Failing had to do with the {what} ({_p(one.p_value)}, n = {one.deployments:,}): "
            f"{markdown(worst['label'])} stands out, {int(worst['failed'])} of "
            f"{int(worst['deployments'])} failed ({level} {low} to {high}), where "
            f"{wording.cost_share(worst['expected'])} is what these services fail at.")  # fmt: skip
