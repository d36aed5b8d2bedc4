"""What notebook 09 says: what to do about each service, what it would bring, and how sure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import pandas as pd

from srelib import wording
from srelib.decisions import Decision, DecisionRules, Lever
from srelib.decisions.levers import (
    DETECTED,
    HISTORIES,
    REPEATED,
    RETARGET,
    SAFER,
    TWICE,
)
from srelib.decisions.verdict import (
    ALERTS,
    CARRY_ON,
    FEW_DEPLOYMENTS,
    FEW_WEEKS,
    FIX,
    LONGER,
    MISSED,
    NO_COUNTS,
    NOT_ENOUGH,
    SAFER_RELEASES,
    SHIP_MORE,
    TARGET,
    UNSURE,
    VERDICTS,
)
from srelib.errors import SrelibError
from srelib.events import END_OF_TIME
from srelib.findings.finding import Finding, markdown, name, sentence
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, refusal_reasons, table
from srelib.findings.teams import grouped
from srelib.fleet import answers, refusals
from srelib.policy.rules import FOUR_WEEKS
from srelib.stats import Estimate
from srelib.targets.probability import _weeks_needed

Decisions = Mapping[str, Decision | SrelibError]
"""What `decide_each` says of every service."""

LINES = 8
NAMED = 3
KEYS = {
    SAFER_RELEASES: "safer", FIX: "fix", ALERTS: "alerts", TARGET: "target",
    SHIP_MORE: "ship_more", CARRY_ON: "carry_on",
}  # fmt: skip
HELPS = {
    SAFER_RELEASES: SAFER, FIX: REPEATED, ALERTS: DETECTED, TARGET: RETARGET, SHIP_MORE: TWICE,
}  # fmt: skip
"""The change that a verdict asks for."""
EVIDENCE = {
    SAFER_RELEASES: "06_delivery_vs_reliability", FIX: "05_incidents", ALERTS: "03_alerting",
    TARGET: "08_choosing_slos", SHIP_MORE: "04_delivery", CARRY_ON: "02_error_budget",
}  # fmt: skip
"""The notebook that shows what a verdict stands on."""
UNSAID = "decisions.row"
"""Key of what is said of a service that only the table shows."""
CAUSES = {"deployments": "deployments", "outages": "other outages", "usual": "usual errors"}


def fleet_sentence(decided: Decisions) -> str:
    """How many services there are of each verdict, and which."""
    known = ranked(decided)
    if not known:
        return "There is no service to decide about."
    parts = []
    for verdict in VERDICTS:
        who = [service for service, one in known.items() if one.verdict == verdict]
        if who:
            parts.append(f"{verdict} ({wording.listing([markdown(w) for w in who], limit=4)})")
    return sentence("decisions.fleet", "all", services=wording.plural(len(known), "service"),
                    verdicts="; ".join(parts))  # fmt: skip


def ranked(decided: Decisions) -> dict[str, Decision]:
    """Those that are known: what needs doing first, of one verdict the most certain first."""
    order = {verdict: number for number, verdict in enumerate(VERDICTS)}

    def rank(item: tuple[str, Decision]) -> tuple[int, float]:
        sure = item[1].confidence
        return order[item[1].verdict], -sure if sure == sure else 0.0

    return dict(sorted(answers(decided).items(), key=rank))


def service_sentences(decided: Decisions, *, rules: DecisionRules) -> list[Finding | str]:
    """What to do about each service, with its size; what needs doing first."""
    known = ranked(decided)
    lines: list[Finding | str] = [
        _service(service, one, rules) for service, one in list(known.items())[:LINES]
    ]
    if len(known) > LINES:
        lines.append(f"{len(known) - LINES} more are in the table.")
    reasons = refusal_reasons((service, error) for service, error in refusals(decided).items())
    return [*lines, *(f"{who}: {why}." for who, why in reasons)]


def _service(service: str, one: Decision, rules: DecisionRules) -> Finding:
    key = KEYS.get(one.verdict, one.lacks)
    if one.lacks == NO_COUNTS and one.verdict == FIX:
        key = "incidents"
    elif one.verdict in (FIX, CARRY_ON) and not one.deployments:
        key = f"{key}_alone"
    text = sentence("decisions.service", key, **_parts(service, one, rules))
    shown = "" if one.confidence != one.confidence else wording.shares([one.confidence])[0]
    if shown and one.verdict != NOT_ENOUGH:
        text += sentence("decisions.part", "sure", confidence=shown)
    if one.verdict in EVIDENCE:
        text += sentence("decisions.part", "evidence", book=EVIDENCE[one.verdict])
    return Finding("decisions.service", "confidence of a verdict", service, _window(one),
                   one.confidence, shown, verdict=one.verdict, n=one.weeks, sentence=text,
                   anchor="what-would-each-change-bring")  # fmt: skip


def _window(one: Decision) -> str:
    return f"{one.weeks} weeks" if one.weeks else "the whole history"


def _parts(service: str, one: Decision, rules: DecisionRules) -> dict[str, str]:
    """Everything that the sentence about a service may name."""
    used = wording.plural(one.deployments, "deployment")
    causes = {cause: wording.cost_share(share) for cause, share in one.causes.items()}
    harm = _harm(one)
    parts = {
        "who": name(service), "span": f"{one.weeks}{wording.NBSP}weeks", "used": used,
        "harm": causes.get("deployments", ""), "outages": causes.get("outages", ""),
        "usual": causes.get("usual", ""), "spent": wording.cost_share(one.spent),
        "harm_low": wording.cost_share(harm.low), "harm_high": wording.cost_share(harm.high),
        "often": wording.per_week(one.frequency), "costly": wording.percent(rules.costly),
        "target": wording.percent(one.target), "now": wording.of_100(one.met.value),
        "low": wording.of_100(one.met.low), "high": wording.of_100(one.met.high),
        "weeks": str(_weeks_needed(FOUR_WEEKS, end=END_OF_TIME)),
        "seen": wording.plural(one.weeks, "whole week"), "leaning": one.leaning,
        "missed": wording.plural(one.missed[0], "outage"),
        "missed_share": wording.shares([one.missed[1]])[0],
    }  # fmt: skip
    for key, lever in (("safer", SAFER), ("twice", TWICE)):
        found = one.lever(lever)
        parts[key] = "?" if found is None else wording.of_100(found.probability.value)
    found = one.lever(DETECTED)
    parts["detected"] = "" if found is None else wording.cost_share(found.saved.value)
    return {**parts, "loosen": _loosen(one), "named": _named(one), "without": _without(one),
            "enough": _enough(one)}  # fmt: skip


def _harm(one: Decision) -> Estimate:
    """What deployments used of the budget, twice what half of it is."""
    lever = one.lever(SAFER)
    nan = float("nan")
    if lever is None:
        return Estimate(nan, nan, nan, 0, nan, "")
    half = lever.saved
    return replace(half, value=2 * half.value, low=2 * half.low, high=2 * half.high)


def _loosen(one: Decision) -> str:
    lever = one.lever(RETARGET)
    if lever is None or float(lever.detail) >= one.target:
        return ""
    return sentence("decisions.part", "loosen", new=wording.percent(float(lever.detail)),
                    then=wording.of_100(lever.probability.value))  # fmt: skip


def _named(one: Decision) -> str:
    """The costliest kinds of incident, how often each came and what it used."""
    rows = one.named.head(NAMED)
    said = []
    for row in rows.to_dict("records"):
        much = wording.cost_share(row["share"]) if row["share"] == row["share"] else (
            f"{wording.duration(row['hours'] * 3600)} open")  # fmt: skip
        often = wording.plural(row["incidents"], "time")
        said.append(f"{name(row['title'])} ({often}, {much})")
    return sentence("decisions.part", "named", titles=wording.listing(said)) if said else ""


def _without(one: Decision) -> str:
    lever = one.lever(REPEATED)
    if lever is None or not len(one.named) or lever.detail != one.named["title"].iloc[0]:
        return ""
    return sentence("decisions.part", "without", target=wording.percent(one.target),
                    then=wording.of_100(lever.probability.value), now=wording.of_100(one.met.value)
                    )  # fmt: skip


def _enough(one: Decision) -> str:
    """How much would be enough, where that is known."""
    if one.lacks == FEW_WEEKS:
        return wording.plural(one.enough, "whole week")
    if one.lacks not in (UNSURE, MISSED, FEW_DEPLOYMENTS):
        return ""
    if one.enough != one.enough:
        never = sentence("decisions.part", "never", times=wording.count(max(LONGER)))
        return never if one.lacks == UNSURE else ""
    which = "more_deployments" if one.lacks == FEW_DEPLOYMENTS else "more_weeks"
    return sentence("decisions.part", which, enough=wording.count(one.enough))


def decisions_table(
    decided: Decisions, *, teams: pd.Series | None = None, rules: DecisionRules | None = None
) -> Table | None:
    """One row per service: verdict, what it would bring, how sure; by team where there are some.

    What is said of services that `service_sentences` leaves to the table travels with it.
    """
    known = ranked(decided)
    if not known:
        return None
    rows = pd.DataFrame([_row(service, one) for service, one in known.items()])
    if teams is not None and len(teams):
        order = [s for own in grouped(known, teams).values() for s in own]
        rows = rows.set_index("service").loc[order].reset_index()
        rows.insert(1, "team", [teams.get(service, "\u2013") for service in order])
    made = table(
        rows, max_rows=60,
        caption="What to do about each service, and how sure that is; what the change that the "
                "verdict asks for would bring: windows of 100 that meet the target, today and "
                "then, and budget saved; the largest cause of spent budget",
        headers={"cause": "largest cause", "windows": "windows of 100", "saved": "budget saved"},
    )  # fmt: skip
    stated = [f for service, one in known.items() for f in _stated(service, one)]
    rest = [replace(_service(service, one, rules or DecisionRules()), key=UNSAID)
            for service, one in list(known.items())[LINES:]]  # fmt: skip
    return made.stating([*stated, *rest])


def _row(service: str, one: Decision) -> dict[str, str]:
    lever = one.lever(HELPS.get(one.verdict, ""))
    cause = max(one.causes, key=lambda key: one.causes[key]) if one.causes else ""
    now = wording.of_100(one.met.value) if one.met.value == one.met.value else "\u2013"
    then = "" if lever is None else f" \u2192 {wording.of_100(lever.probability.value)}"
    saved = "\u2013" if lever is None or lever.saved.value != lever.saved.value else (
        wording.cost_share(lever.saved.value))  # fmt: skip
    return {
        "service": service, "verdict": one.verdict,
        "confidence": "\u2013" if one.confidence != one.confidence else
        wording.shares([one.confidence])[0], "windows": f"{now}{then}", "saved": saved,
        "change": "\u2013" if lever is None else _change(lever),
        "cause": f"{CAUSES[cause]} {wording.cost_share(one.causes[cause])}" if cause else "\u2013",
    }  # fmt: skip


def _change(lever: Lever) -> str:
    """What is changed, with its detail."""
    if lever.name == RETARGET:
        return f"target {wording.percent(float(lever.detail))}"
    return f"{lever.name}: {lever.detail}" if lever.detail else lever.name


def _stated(service: str, one: Decision) -> Iterable[Finding]:
    """What the table states as values."""
    met = one.met
    if met.value == met.value:
        yield Finding("decisions.cell", "probability to meet the next window", service,
                      str(one.window), met.value, wording.of_100(met.value), low=met.low,
                      high=met.high, n=met.n)  # fmt: skip
    harm = _harm(one)
    if harm.value == harm.value:
        yield Finding("decisions.cell", "cost of deployments", service, "the whole history",
                      harm.value, wording.cost_share(harm.value), one.objective, low=harm.low,
                      high=harm.high, n=one.deployments)  # fmt: skip


def levers_table(decided: Decisions) -> Table | None:
    """What each change would bring, per service."""
    rows = [_lever_row(service, one, lever)
            for service, one in ranked(decided).items() for lever in one.levers]  # fmt: skip
    if not rows:
        return None
    return table(
        pd.DataFrame(rows), max_rows=60,
        caption="What each change would bring, simulated on the history: windows of 100 that meet "
                "the target then, how many more these are, share of the error budget of the "
                "history that is saved, further pages a week and further days without budget in "
                "90 (of a freeze policy: frozen days); each with its interval",
        headers={"windows": "windows of 100", "gain": "more of 100", "saved": "budget saved",
                 "pages": "pages a week", "frozen": "days"},
    )  # fmt: skip


def _lever_row(service: str, one: Decision, lever: Lever) -> dict[str, str]:
    return {
        "service": service, "change": _change(lever),
        "windows": _interval(lever.probability, wording.of_100),
        "gain": _interval(lever.gain, _more), "saved": _interval(lever.saved, wording.cost_share),
        "pages": _signed(lever.pages, 1), "frozen": _signed(lever.frozen, 0),
    }  # fmt: skip


def _interval(estimate: Estimate, write: Callable[[float], str]) -> str:
    """A value with its interval, or the range alone where there is no value."""
    low, high = (write(end) for end in (estimate.low, estimate.high))
    ends = "" if estimate.low != estimate.low else f"{low} to {high}"
    if estimate.value != estimate.value:
        return ends or "\u2013"
    return f"{write(estimate.value)} ({ends})" if ends else write(estimate.value)


def _more(gain: float) -> str:
    return _signed(100 * gain, 0)


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
        rows[columns], max_rows=10,
        caption="Outages by title of the incident, without what is attributed to deployments: "
                "share of the service's error budget of the history",
        formats={"share": wording.cost_share, "hours": lambda h: wording.duration(h * 3600),
                 "title": lambda t: wording.label(t, limit=60)},
        headers={"share": "of the budget", "hours": "open"},
    )  # fmt: skip


def basis_sentences(decided: Decisions, *, rules: DecisionRules) -> list[str]:
    """What the verdicts and what-ifs stand on."""
    if not any(one.levers for one in answers(decided).values()):
        return []
    return [
        sentence("decisions.basis", "verdicts", histories=str(HISTORIES),
                 sure=wording.percent(rules.sure)),
        sentence("decisions.basis", "simulated"),
        sentence("decisions.basis", "costliest"),
    ]  # fmt: skip


def missing_sentence(tables: Mapping[str, pd.DataFrame | None]) -> str:
    """Which tables nobody exported, and what stays open without them."""
    lacking = [kind for kind, rows in tables.items() if rows is None]
    if not lacking:
        return ""
    return sentence("decisions.part", "missing", what=wording.listing(
        [f"**{kind}** ({HOW_TO[kind]})" for kind in lacking]))  # fmt: skip
