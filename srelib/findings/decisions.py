"""What notebook 09 says: what to do about each service, what it would bring, and how sure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import pandas as pd

from srelib import wording
from srelib.decisions import Decision, DecisionRules, Lever
from srelib.decisions import levers as changes
from srelib.decisions import verdict as verdicts
from srelib.errors import SrelibError
from srelib.events import END_OF_TIME
from srelib.findings.finding import Finding, markdown, name, say, sentence
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, refused_sentences, table
from srelib.findings.teams import grouped
from srelib.fleet import answers
from srelib.policy.rules import FOUR_WEEKS
from srelib.stats import Estimate
from srelib.targets.probability import _weeks_needed

Decisions = Mapping[str, Decision | SrelibError]
"""What `decide_each` says of every service."""

LINES = 8
ASKED = {
    verdicts.SAFER_RELEASES: ("safer", "06_delivery_vs_reliability"),
    verdicts.FIX: ("fix", "05_incidents"),
    verdicts.ALERTS: ("alerts", "03_alerting"),
    verdicts.TARGET: ("target", "08_choosing_slos"),
    verdicts.SHIP_MORE: ("ship_more", "04_delivery"),
    verdicts.CARRY_ON: ("carry_on", "02_error_budget"),
}
"""Of each verdict the key of its sentences, and the notebook that shows what it stands on."""
KEYS, EVIDENCE = ({verdict: row[i] for verdict, row in ASKED.items()} for i in range(2))
UNSAID = "decisions.row"
"""Key of what is said of a service that only the table shows."""
RECURRING = "fix recurring incidents"
"""What the verdict `FIX` is called where nothing but incidents is known."""
REASON = "decisions.reason"
"""Key of the reason of each verdict."""
MEETS, MEETS_THEN = "probability to meet the next window", "probability after the change"


def fleet_sentence(decided: Decisions) -> Finding:
    """How many services there are of each verdict, and which."""
    known = ranked(decided)
    who = {verdict: [s for s, one in known.items() if one.verdict == verdict]
           for verdict in verdicts.VERDICTS}  # fmt: skip
    parts = [sentence("decisions.of_verdict", verdict=verdict, many=len(who[verdict]),
                      services=[markdown(service) for service in who[verdict]])
             for verdict in verdicts.VERDICTS if who[verdict]]  # fmt: skip
    return say("decisions.fleet", "all" if known else "none", many=len(known),
               verdicts="; ".join(parts))  # fmt: skip


def ranked(decided: Decisions) -> dict[str, Decision]:
    """Those that are known: what needs doing first, of one verdict the most certain first."""

    def rank(item: tuple[str, Decision]) -> tuple[int, float]:
        sure = item[1].confidence
        return verdicts.VERDICTS.index(item[1].verdict), -sure if sure == sure else 0.0

    return dict(sorted(answers(decided).items(), key=rank))


def service_sentences(decided: Decisions, *, rules: DecisionRules) -> list[Finding]:
    """What to do about each service, with its size; what needs doing first."""
    known = ranked(decided)
    lines = [_service(service, one, rules) for service, one in list(known.items())[:LINES]]
    if len(known) > LINES:
        lines.append(say("decisions.more", many=len(known) - LINES))
    return [*lines, *refused_sentences(decided, "decisions.refused")]


def _service(service: str, one: Decision, rules: DecisionRules) -> Finding:
    """Verdict, reason, what the change would bring, confidence, and where the evidence is."""
    shown = _sure(one)
    verdict = RECURRING if one.verdict == verdicts.FIX and one.lacks else one.verdict
    parts = [f"{name(service)}: **{verdict}**.", _reason(one, rules), _gain(one)]
    if shown and one.verdict != verdicts.NOT_ENOUGH:
        parts.append(sentence("decisions.sure", confidence=shown))
    if one.verdict in EVIDENCE:
        parts.append(sentence("decisions.evidence", book=EVIDENCE[one.verdict]))
    return Finding("decisions.service", "confidence of a verdict", service, _window(one),
                   one.confidence, shown, verdict=one.verdict, n=one.weeks,
                   sentence=" ".join(filter(None, parts)),
                   anchor="what-would-each-change-bring")  # fmt: skip


def _sure(one: Decision) -> str:
    return "" if one.confidence != one.confidence else wording.shares([one.confidence])[0]


def _window(one: Decision) -> str:
    return f"{one.weeks} weeks" if one.weeks else "the whole history"


def _reason(one: Decision, rules: DecisionRules) -> str:
    """Why that is the verdict, with its size."""
    key = KEYS.get(one.verdict, one.lacks)
    if one.lacks and one.verdict == verdicts.FIX:
        key = f"incidents_without_{one.lacks}"
    elif one.verdict in (verdicts.FIX, verdicts.CARRY_ON) and not one.deployments:
        key = f"{key}_alone"
    parts = [sentence("decisions.reason", key, one=one, harm=_harm(one), rules=rules,
                      least=_weeks_needed(FOUR_WEEKS, end=END_OF_TIME))]  # fmt: skip
    if one.verdict == verdicts.FIX and len(one.named):
        row = one.named.iloc[0]
        used = "used" if row["share"] == row["share"] else "open"
        length = 3600 * row.get("hours", 0.0)
        parts.append(sentence("decisions.costliest", used, **row, length=length))
    parts.append(sentence("decisions.enough", _enough(one), one=one, times=max(verdicts.LONGER)))
    return " ".join(filter(None, parts))


def _enough(one: Decision) -> str:
    """Which sentence says how much would be enough, where that is known."""
    if one.lacks not in (verdicts.UNSURE, verdicts.MISSED, verdicts.FEW_DEPLOYMENTS):
        return "unsaid"
    if one.enough != one.enough:
        return "never" if one.lacks == verdicts.UNSURE else "unsaid"
    return "deployments" if one.lacks == verdicts.FEW_DEPLOYMENTS else "weeks"


def _gain(one: Decision) -> str:
    """What the change that the verdict asks for would bring."""
    lever = one.change
    costliest = "" if not len(one.named) else one.named["title"].iloc[0]
    if lever is None or (one.verdict == verdicts.FIX and lever.detail != costliest):
        return ""
    target = float(lever.detail) if one.verdict == verdicts.TARGET else one.target
    return sentence("decisions.gain", KEYS[one.verdict], one=one, lever=lever, target=target)


def _harm(one: Decision) -> Estimate:
    """What deployments used of the budget, twice what half of it is."""
    lever = one.lever(changes.SAFER)
    if lever is None:
        return Estimate(math.nan, math.nan, math.nan, 0, math.nan, "")
    half = lever.saved
    return replace(half, value=2 * half.value, low=2 * half.low, high=2 * half.high)


def decisions_table(decided: Decisions, *, teams: pd.Series, rules: DecisionRules) -> Table | None:
    """One row per service: verdict, what it would bring, how sure; by team where there are some.

    What the first page shows, and what is said of services that `service_sentences` leaves out,
    travels with it as findings.
    """
    known = ranked(decided)
    stated = [f for service, one in known.items() for f in _stated(service, one, rules)]
    rest = [replace(_service(service, known[service], rules), key=UNSAID)
            for service in list(known)[LINES:]]  # fmt: skip
    team = {}
    if len(teams):
        known = {s: known[s] for own in grouped(known, teams).values() for s in own}
        team = {service: {"team": teams.get(service, "\u2013")} for service in known}
    return table(
        [{"service": service, **team.get(service, {}), **_row(one)}
         for service, one in known.items()],
        caption="Verdict for each service; windows of 100 that would meet the target, today and "
                "after the change that the verdict asks for",
        headers={"windows": "windows of 100", "saved": "budget saved"},
        findings=[*stated, *rest],
    )  # fmt: skip


def _row(one: Decision) -> dict[str, str]:
    lever = one.change
    now = wording.of_100(one.met.value) if one.met.value == one.met.value else "\u2013"
    then = "" if lever is None else f" \u2192 {wording.of_100(lever.probability.value)}"
    saved = "\u2013" if lever is None or lever.saved.value != lever.saved.value else (
        wording.cost_share(lever.saved.value))  # fmt: skip
    return {"verdict": one.verdict, "windows": f"{now}{then}",
            "change": "\u2013" if lever is None else _change(lever), "saved": saved,
            "confidence": _sure(one) or "\u2013"}  # fmt: skip


def _change(lever: Lever) -> str:
    if lever.name == changes.RETARGET:
        return f"target {wording.percent(float(lever.detail))}"
    return f"{lever.name}: {lever.detail}" if lever.detail else lever.name


def _stated(service: str, one: Decision, rules: DecisionRules) -> Iterable[Finding]:
    """What the table states as values, and the reason that the first page gives."""
    met, lever, harm = one.met, one.change, _harm(one)
    yield Finding(REASON, "", service, _window(one), math.nan, verdict=one.verdict,
                  sentence=_reason(one, rules))  # fmt: skip
    if met.value == met.value:
        yield Finding("decisions.cell", MEETS, service, str(one.window), met.value,
                      wording.of_100(met.value), low=met.low, high=met.high, n=met.n)  # fmt: skip
    if lever is not None:
        then = lever.probability
        yield Finding("decisions.cell", MEETS_THEN, service, str(one.window), then.value,
                      wording.of_100(then.value), _change(lever), low=then.low, high=then.high,
                      n=then.n)  # fmt: skip
    if harm.value == harm.value:
        yield Finding("decisions.cell", "cost of deployments", service, "the whole history",
                      harm.value, wording.cost_share(harm.value), one.objective, low=harm.low,
                      high=harm.high, n=one.deployments)  # fmt: skip


def levers_table(decided: Decisions) -> Table | None:
    """What each change would bring, per service; without changes that hardly do anything."""
    rows = [_lever_row(service, one, lever) for service, one in ranked(decided).items()
            for lever in one.levers if _matters(lever)]  # fmt: skip
    return table(
        rows,
        caption="Simulated, with intervals; pages and days without budget (freeze policy: days "
                "frozen) in 90 are further ones; changes below one window in 100 are left out",
        headers={"windows": "windows of 100", "saved": "budget saved", "pages": "pages a week",
                 "frozen": "days"},
    )  # fmt: skip


def _matters(lever: Lever) -> bool:
    """Whether it changes a window in a hundred, as far as is known."""
    known = [abs(x) for x in (lever.gain.value, lever.gain.low, lever.gain.high) if x == x]
    return round(100 * (known[0] if lever.gain.value == lever.gain.value else max(known))) > 0


def _lever_row(service: str, one: Decision, lever: Lever) -> dict[str, str]:
    return {
        "service": service, "change": _change(lever),
        "windows": wording.of_100(lever.probability.value)
        if lever.gain.value == lever.gain.value else _interval(lever.probability, wording.of_100),
        "more": _interval(lever.gain, lambda gain: _signed(100 * gain, 0)),
        "saved": _interval(lever.saved, wording.cost_share),
        "pages": _signed(lever.pages, 1), "frozen": _signed(lever.frozen, 0),
    }  # fmt: skip


def _interval(estimate: Estimate, write: Callable[[float], str]) -> str:
    """A value with its interval below, or the range alone where there is no value."""
    low, high = (write(end) for end in (estimate.low, estimate.high))
    ends = "" if estimate.low != estimate.low else f"{low} to {high}"
    if estimate.value != estimate.value:
        return ends or "\u2013"
    return f"{write(estimate.value)}\n{ends}" if ends else write(estimate.value)


def _signed(number: float, digits: int) -> str:
    """A change with its sign; none is 0."""
    if number != number:
        return "\u2013"
    near = round(number, digits) + 0.0
    text = f"{abs(near):.{digits}f}"
    return text if not near else f"{'+' if near > 0 else wording.MINUS}{text}"


def incidents_table(decided: Decisions) -> Table | None:
    """Outages that came with an incident on record, by its title, what used most first."""
    parts = [one.named.assign(service=service) for service, one in answers(decided).items()
             if len(one.named)]  # fmt: skip
    if not parts:
        return None
    rows = pd.concat(parts, ignore_index=True)
    by = ["share", "hours"] if "hours" in rows else ["share"]
    rows = rows.sort_values(by, ascending=False, kind="stable", na_position="last")
    columns = ["service", "title", "incidents", "share", *by[1:]]
    return table(
        rows[columns], max_rows=8,
        caption="Costliest kinds of incident, without errors attributed to deployments",
        formats={"share": wording.cost_share, "hours": lambda h: wording.duration(h * 3600),
                 "title": lambda t: wording.label(t, limit=60)},
        headers={"share": "of the budget of the history", "hours": "open"},
    )  # fmt: skip


def basis_sentences(decided: Decisions, *, rules: DecisionRules) -> list[Finding]:
    """What the verdicts and what-ifs stand on."""
    if not any(one.levers for one in answers(decided).values()):
        return []
    return [say("decisions.basis", verdict, histories=changes.HISTORIES, rules=rules)
            for verdict in ("verdicts", "simulated", "costliest")]  # fmt: skip


def missing_sentence(tables: Mapping[str, pd.DataFrame | None]) -> Finding | None:
    """Which tables nobody exported, and what stays open without them."""
    kinds = [f"**{kind}** ({HOW_TO[kind]})" for kind, rows in tables.items() if rows is None]
    return say("decisions.missing", kinds=kinds) if kinds else None
