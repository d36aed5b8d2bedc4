"""What notebook 08 says: which target to choose, why, and what limits it.

`tables` are results of `srelib.targets.candidates` and `advices` of `srelib.targets.recommend`,
or the errors in their place; `pass_probability` is the probability with which the next window
must meet a target [fraction].
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.decisions import Lever
from srelib.errors import SrelibError
from srelib.findings.finding import Finding, markdown, say, sentence
from srelib.findings.show import Document, Table, refused_sentences, table
from srelib.fleet import Indicator, Results, answers
from srelib.targets import Advice, Ceiling
from srelib.targets.advice import Advices, CandidateTables
from srelib.targets.probability import UNSEEN

LINES = 12
"""Most objectives with a line of their own."""
ORDER = ("loosen", "tighten", "promise", "nothing", "cannot tell", "keep")
"""Verdicts, those that need a decision first."""
CAUTIONS = {"chance": "chance", "silent": "silent", "few events": "few", "pages": "pages"}
"""What speaks against a recommended target; the low end of its interval is said with it."""
Histograms = Mapping[tuple[str, str], "pd.DataFrame | SrelibError"]


def advice_sentences(
    advices: Advices,
    *,
    pass_probability: float,
    safer: Results[Lever | None] | None = None,
    histograms: Histograms | None = None,
) -> list[Finding]:
    """The answer: what needs a decision first; `safer` is what deployments half as harmful bring.

    Objectives to keep, and those with too little data, are named together where there are several.
    """
    if not advices:
        who = [" ".join(key) for key in histograms or ()]
        return [say("targets.series", "bounds" if who else "none", who=who)]
    known = answers(advices)
    order = sorted(known, key=lambda key: _urgency(known[key]))
    levers = answers(safer or {})
    groups = {kind: [key for key in order if _kind(known[key]) == kind]
              for kind in ("unsure", "keep")}  # fmt: skip
    together = {kind: keys for kind, keys in groups.items() if len(keys) > 1}
    alone = [key for key in order if _kind(known[key]) not in together]
    lines = [_advice(key, known[key], pass_probability, levers.get(key)) for key in alone[:LINES]]
    if len(alone) > LINES:
        lines.append(say("targets.advice", "more", n=len(alone) - LINES))
    for kind, keys in together.items():
        least = min(known[key].current_probability.value for key in keys)
        lines.append(say("targets.group", kind, who=[key.name for key in keys], least=least,
                         required=pass_probability))  # fmt: skip
    cautions = [say("targets.caution", CAUTIONS[one.kind], who=key.name, target=one.target,
                    value=one.value, limit=one.limit, grain=_grain(key))
                for key in alone for one in known[key].cautions if one.kind in CAUTIONS
                ]  # fmt: skip
    return [*lines, *cautions, *refused_sentences(advices, "targets.advice", "refused")]


def _urgency(advice: Advice) -> tuple[int, float]:
    value = advice.current_probability.value
    return ORDER.index(advice.verdict), value if value == value else 2.0


def _kind(advice: Advice) -> str:
    """Which sentence an advice has."""
    if advice.reasons and advice.reasons[0].kind == "short":
        return "short"
    return "unsure" if advice.verdict == "cannot tell" else advice.verdict


def _advice(key: Indicator, advice: Advice, required: float, lever: Lever | None) -> Finding:
    old, new, kind = advice.current_probability, advice.probability, _kind(advice)
    mine = {r.kind: r for r in reversed(advice.reasons) if r.target == advice.current}
    why = ("traffic", "dependencies", "missed", "pages")  # impossible, too unlikely, too costly
    reason = next((mine[kind] for kind in why if kind in mine), advice.reasons[0])
    window = str(advice.window)
    if not advice.window.is_rolling:
        window = window.split(" (")[0].removeprefix("a ")
    parts: dict[str, Any] = {
        "who": key.name, "now": advice.current, "new": advice.target, "required": required,
        "p": old.value, "low": old.low, "high": old.high, "level": new.confidence,
        "new_p": new.value, "new_low": new.low, "new_high": new.high, "window": window,
        "value": reason.target if kind == "nothing" else reason.value, "limit": reason.limit,
        "grain": _grain(key), "safer": "", "seen": reason.value, "needed": reason.limit,
    }  # fmt: skip
    if kind != "loosen":
        return say("targets.advice", kind, **parts)
    if lever is not None and lever.gain.value >= 0.005:
        parts["safer"] = sentence("targets.safer", "part", now=advice.current,
                                  then=lever.probability.value)  # fmt: skip
    return say("targets.loosen", reason.kind if advice.has_target else "none", **parts)


def _grain(key: Indicator) -> str:
    """The least that can go wrong."""
    return "event" if key.unit == "events" else "slice" if "slice" in key.unit else "bucket"


def candidates_table(tables: CandidateTables, advices: Advices) -> Table | None:
    """The targets in use and recommended of every objective, and what they would cost."""
    known = answers(advices)
    rows = [row for key, found in answers(tables).items() if key in known
            for row in _rows(key, found, known[key])]  # fmt: skip
    return table(
        rows,
        caption="Targets in use (◆) and recommended (▲); all but the budget is simulated",
        headers={"next": "windows met of 100", "budget": "budget as an outage",
                 "pages": "pages a week", "frozen": "days without budget in 90"},
    )  # fmt: skip


def _rows(key: Indicator, candidates: pd.DataFrame, advice: Advice) -> list[dict[str, str]]:
    """The targets in use and recommended; the likeliest candidate where there is neither."""
    rows = candidates.sort_values("target", ignore_index=True)
    named = rows[rows["target"].isin(advice.targets)]
    shown = named if len(named) else rows.iloc[[int(rows["probability"].fillna(0).argmax())]]
    return [
        {
            "objective": key.name, "target": _target(row["target"], advice), "next": _of_100(row),
            "budget": wording.roughly(60 * float(row["budget_minutes"])),
            "pages": _number(row["pages_per_week"]), "frozen": _number(row["freeze_days"]),
        }
        for row in shown.to_dict("records")
    ]  # fmt: skip


def _target(target: float, advice: Advice) -> str:
    marks = "".join({"in use": "◆", "recommended": "▲"}[one] for one in advice.marks(target))
    return f"{wording.percent(target)} {marks}".rstrip()


def _of_100(row: Mapping[Any, Any]) -> str:
    if row["probability"] != row["probability"]:
        return wording.UNKNOWN
    value, low, high = (wording.of_100(row[c]).replace("under ", "<").replace("over ", ">")
                        for c in ("probability", "low", "high"))  # fmt: skip
    return value if value == low == high else f"{value}\n{low} to {high}"


def _number(value: float) -> str:
    return wording.UNKNOWN if value != value else wording.rate(float(value))


def chosen(advices: Advices) -> Indicator | None:
    """The objective that most needs a decision."""
    known = answers(advices)
    return min(known, key=lambda key: _urgency(known[key]), default=None)


def past_sentences(tables: CandidateTables, past: CandidateTables) -> list[Finding]:
    """How much past windows (`past_windows`) say, and how they met the targets in force then."""
    first = {k: t.iloc[0] for k, t in answers(tables).items()}
    if not first:
        return []
    most = max(first, key=lambda k: first[k]["independent"])
    row = first[most]
    verdict = "calendar" if not row["window"].is_rolling else "rolling"
    lines = [say("targets.past", verdict if row["windows"] else "none", who=most.name,
                 windows=row["windows"], independent=row["independent"])]  # fmt: skip
    for key, rows in answers(past).items():
        known = rows.dropna(subset=["ratio", "target"])
        if key.targets and len(known):
            met = int((known["ratio"] >= known["target"] * (1 - 1e-12)).sum())
            lines.append(say("targets.past", "in_force", who=key.name, met=met, known=len(known)))
    return lines


def document(text: str) -> Document:
    """The OpenSLO documents of what is recommended (`srelib.targets.openslo`), to copy."""
    if not text:
        return Document("", "No target changes, so there is no document to copy.")
    many = wording.plural(text.count("apiVersion:"), "document")
    return Document(text, f"OpenSLO, {many}, to copy into slos.yaml")


def basis_sentences(
    tables: CandidateTables, advices: Advices, *, pass_probability: float
) -> list[Finding]:
    """How much history all of it stands on, and how many probabilities leave the answer open."""
    weeks = [int(t["weeks"].iloc[0]) for t in answers(tables).values()]
    if not weeks:
        return []
    low, high = min(weeks), max(weeks)
    known = [a.current_probability for a in answers(advices).values() if a.has_current]
    no_worse = math.prod((high + n) / (high + UNSEEN + n) for n in range(4)) if high else 1.0
    return [say("targets.basis", "none" if not high else "same" if low == high else "mixed",
                low=low, high=high, worse=round(1 - no_worse, 2), required=pass_probability,
                many=sum(e.low < pass_probability <= e.high for e in known), all=len(known))
            ]  # fmt: skip


def traffic_sentences(tables: CandidateTables) -> list[Finding]:
    """Where traffic is too low for strict targets, and what chance alone does."""
    results = answers(tables)
    low = []
    for key, found in results.items():
        row = found.iloc[0]
        if row["steady"] > 0.999:
            continue
        missed = found[(found["chance"] > 0.01) & (found["target"] < row["strictest"])]
        first = missed.iloc[0] if len(missed) else row
        few = row["steady"] != row["steady"]
        low.append(say(
            "targets.traffic", "few" if few else "chance" if len(missed) else "low",
            who=key.name, events=wording.amount(row["events"], key.unit), grain=_grain(key),
            wall=_nines(row["strictest"]), steady=_nines(row["steady"]),
            background=row["background"], first=first["target"], value=first["chance"],
        ))  # fmt: skip
    if low or not results:
        return low
    key = min(results, key=lambda k: results[k]["events"].iloc[0])
    events = wording.amount(results[key]["events"].iloc[0], key.unit)
    return [say("targets.traffic", "plenty", who=key.name, events=events)]


def _nines(target: float) -> float:
    """A target to two digits of what it allows."""
    return float(f"{1 - float(f'{1 - target:.2g}'):.12g}")


def dependency_sentences(ceilings: Mapping[str, Ceiling], tables: CandidateTables) -> list[Finding]:
    """What dependencies allow, and which targets in use are above it."""
    lines = []
    for service, one in ceilings.items():
        mine = [k for k in answers(tables) if k.service == service and k.has_target]
        over = [k.name for k in mine if not one.allows(k.target)]
        verdict = "strict" if over else "allows" if mine else "unknown"
        lines.append(say("targets.dependency", verdict, who=service, over=over,
                         on=list(one.table["dependency"]), taken=one.taken, advised=one.advised,
                         absolute=one.absolute, narrowest=one.narrowest))  # fmt: skip
    return lines or [say("targets.dependency", "none")]


def threshold_sentences(tables: Histograms, *, pass_probability: float) -> list[Finding]:
    """Latency: what can be promised within which bound (`srelib.targets.thresholds`)."""
    return [_bounds(" ".join(key), found, pass_probability) for key, found in tables.items()] or [
        say("targets.latency", "missing")
    ]


def _bounds(who: str, found: pd.DataFrame | SrelibError, required: float) -> Finding:
    if isinstance(found, SrelibError):
        return say("targets.latency", "refused", who=who, why=markdown(found, limit=300))
    best = found[found["chosen"]].sort_values("threshold", kind="stable").drop_duplicates("target")
    pairs = [sentence("targets.latency", "pair", share=target, bound=f"{bound:g}")
             for bound, target in best[["threshold", "target"]].to_numpy()]  # fmt: skip
    return say("targets.latency", "fits" if pairs else "none", who=who, pairs=pairs,
               required=required)  # fmt: skip
