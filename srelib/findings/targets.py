"""What notebook 08 says: which target to choose, why, and what limits it.

`tables` are results of `srelib.targets.candidates` and `advices` of `srelib.targets.recommend`,
or the errors in their place; `key` is an objective as from `chosen`, and `pass_probability` the
probability with which the next window must meet a target [fraction].
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from srelib import wording
from srelib.decisions import Lever
from srelib.errors import SrelibError
from srelib.findings.finding import markdown, name, names, sentence
from srelib.findings.show import Document, Table, refusal_reasons, table
from srelib.fleet import Indicator, Results, answers, refusals
from srelib.stats import Estimate
from srelib.targets import Advice, Ceiling, Reason
from srelib.targets.advice import Advices, CandidateTables
from srelib.targets.candidates import QUARTER
from srelib.targets.probability import UNSEEN
from srelib.windows import Window

NOTHING = ("**No target can be recommended, because there is no series to choose one for.** Put "
           "good and total events per service beside each other; `srelib check` says what was "
           "understood.")  # fmt: skip
ONLY_BOUNDS = ("The series here are bounds of latency histograms ({}); which bound and share can "
               "be promised stands under *Which latency can be promised?*")  # fmt: skip
NO_CHOICE = "No target was weighed, so there is nothing to say here."
NO_HISTOGRAM = ("There is no latency histogram in the folder. To add one, export a range query of "
                "the `_bucket` series by service and `le`, all buckets, as JSON.")  # fmt: skip
NO_DEPENDENCIES = ("No dependencies are declared, so none limits a target; set `dependencies` to "
                   "say what each service cannot do without.")  # fmt: skip
LINES = 12
"""Most objectives that get a line of their own."""


def advice_sentences(
    advices: Advices,
    *,
    pass_probability: float,
    histograms: Mapping[tuple[str, str], pd.DataFrame] | None = None,
) -> list[str]:
    """The answer of the notebook: one line per objective, those that need a decision first."""
    if not advices:
        return [ONLY_BOUNDS.format(names(" ".join(k) for k in histograms)) if histograms
                else NOTHING]  # fmt: skip
    known = answers(advices)
    order = sorted(known, key=lambda key: _urgency(known[key]))
    lines = [_advice(key, known[key], pass_probability) for key in order[:LINES]]
    if len(order) > LINES:
        rest = len(order) - LINES
        lines.append(f"{rest} more {'is' if rest == 1 else 'are'} in the table below.")
    refused = refusal_reasons((key.name, error) for key, error in refusals(advices).items())
    return lines + [f"{who}: **cannot tell**, {why}." for who, why in refused]


def _urgency(advice: Advice) -> tuple[int, float]:
    order = ("loosen", "tighten", "cannot tell", "promise", "keep", "nothing")
    value = advice.current_probability.value
    return order.index(advice.verdict), value if value == value else 2.0


def _advice(key: Indicator, advice: Advice, required: float) -> str:
    who, window = name(key.name), _next(advice.window)
    now, new = wording.percent(advice.current), wording.percent(advice.target)
    if advice.reasons and advice.reasons[0].kind == "short":
        in_use = f" whether {now} can be kept" if advice.has_current else ""
        return f"{who}: **cannot tell**{in_use}. {_short(advice)}"
    old, best = (_chance(e, required) for e in (advice.current_probability, advice.probability))
    also = _chance(advice.probability, required, level=False)
    if advice.verdict == "loosen":
        return f"{who}: {_loosen(key, advice, old, best, also)}"
    barred = [wording.percent(reason.target) for reason in advice.reasons if reason.kind == "none"]
    return {
        "keep": f"{who}: **keep {now}**. {window} meets it with a probability of {best}.",
        "promise": f"{who} promises nothing yet: **{new}** is the strictest target that fits. "
                   f"{window} meets it with a probability of {best}.",
        "nothing": f"{who} promises nothing yet, and **no target tried fits**: not even "
                   f"{wording.listing(barred)}.",
        "tighten": f"{who}: **tighten from {now} to {new}**. {window} meets {new} with a "
                   f"probability of {best}.",
        "cannot tell": f"{who}: **cannot tell** whether {now} can be kept with "
                       f"{wording.percent(required)}. {window} meets it with a probability of "
                       f"{old}. No target is recommended.",
    }[advice.verdict]  # fmt: skip


def _loosen(key: Indicator, advice: Advice, old: str, best: str, also: str) -> str:
    """The first reason to loosen: impossible, too costly, or too unlikely."""
    window = _next(advice.window)
    now, new = wording.percent(advice.current), wording.percent(advice.target)
    mine = {r.kind: r for r in reversed(advice.reasons) if r.target == advice.current}
    found = mine.get("traffic") or mine.get("dependencies")
    found = found or (None if "missed" in mine else mine.get("pages"))
    why, second = f"{window} meets {now} with a probability of {old}", f"; {new} with {also}"
    if found:
        text = _spelled(found, key)
        why = text[0].upper() + text[1:]
        second = f". {window} meets {new} with a probability of {best}"
    if not advice.has_target:
        return f"**loosen from {now}**. {why}; no target tried fits."
    return f"**loosen from {now} to {new}**. {why}{second}."


def _short(advice: Advice) -> str:
    reason = advice.reasons[0]
    seen = wording.plural(reason.value, "whole week")
    verb = "was" if reason.value == 1 else "were"
    return (f"{seen[0].upper()}{seen[1:]} {verb} observed; a target over {_over(advice.window)} "
            f"needs {reason.limit:.0f}.")  # fmt: skip


def _next(window: Window) -> str:
    if window.duration == pd.Timedelta(days=1):
        return "The next day"
    if window.is_rolling:
        return f"The next window of {window}"
    return f"The next {_over(window).removeprefix('a ')}"


def _over(window: Window) -> str:
    return str(window) if window.is_rolling else f"a {str(window).split(' (')[0]}"


def _chance(estimate: Estimate, required: float, *, level: bool = True) -> str:
    """A probability with its interval, named with its confidence where wanted."""
    value, low, high = (
        wording.probability(x, required=required)
        for x in (estimate.value, estimate.low, estimate.high)
    )
    named = f"{wording.percent(estimate.confidence)} interval " if level else ""
    return f"{value} ({named}{low} to {high})"


def before_loosening_sentences(
    safer: Results[Lever | None], *, deployments: pd.DataFrame
) -> list[str]:
    """For each target to loosen: what deployments half as harmful would bring instead."""
    if deployments.empty:
        return []
    return [
        sentence("targets.loosen", "safer" if lever.gain.value >= 0.005 else "other",
                 who=name(key.name), target=wording.percent(key.target),
                 now=wording.of_100(lever.probability.value - lever.gain.value),
                 then=wording.of_100(lever.probability.value))
        for key, lever in answers(safer).items() if lever is not None
    ]  # fmt: skip


def reason_sentences(advices: Advices, *, pass_probability: float) -> list[str]:
    """For every objective with a recommendation: the reasons for it and against it."""
    known = {k: a for k, a in answers(advices).items() if a.has_target}
    if not known:
        return [NO_CHOICE]
    lines = [f"Probabilities that the next window meets a target; asked for: "
             f"{wording.percent(pass_probability)}."]  # fmt: skip
    for key, advice in list(known.items())[:LINES]:
        pro = wording.listing([_spelled(r, key) for r in advice.reasons], limit=9)
        con = wording.listing([_spelled(r, key) for r in advice.cautions], limit=9)
        lines.append(f"{name(key.name)}, **{wording.percent(advice.target)}**: {pro}. "
                     f"Against it: {con or 'nothing found'}.")  # fmt: skip
    return lines


def _budget_grain(key: Indicator) -> str:
    """The least that can go wrong."""
    return "event" if key.unit == "events" else "slice" if "slice" in key.unit else "bucket"


def _spelled(reason: Reason, key: Indicator) -> str:
    """A reason in words."""
    target, p = wording.percent(reason.target), wording.percent(reason.limit)
    value = wording.probability(reason.value, required=reason.limit)
    return {
        "met": f"{target} has {value}",
        "missed": f"{target} has {value}, clearly too little",
        "unsure": f"{target} has {value}, too little though perhaps by chance",
        "next": f"{target} may have as little as {value}",
        "low": f"it may have as little as {value}",
        "chance": f"chance alone misses it in {value} of windows",
        "silent": "no rule of the alert policy can page at it",
        "none": f"not even {target} fits",
        "traffic": f"the budget of {target} is less than one {_budget_grain(key)} "
                   f"({wording.count(reason.value)} in a window)",
        "few events": f"the budget of {target} holds only {wording.count(reason.value)} "
                      f"{_budget_grain(key)}s",
        "pages": f"{target} pages {_number(reason.value)} times a week ({_number(reason.limit)} "
                 "bearable)",
        "dependencies": f"dependencies allow no more than {p}, not {target}",
    }[reason.kind]  # fmt: skip


def _number(value: float) -> str:
    if value != value:
        return wording.UNKNOWN
    return wording.count(round(float(value), 1) if value < 10 else round(float(value)))


def candidates_table(tables: CandidateTables, advices: Advices) -> Table | None:
    """The candidates that matter of every objective: around those in use and recommended."""
    known = answers(advices)
    parts = [_rows(key, t, known[key]) for key, t in answers(tables).items() if key in known]
    if not parts:
        return None
    frame = pd.concat(parts, ignore_index=True)
    return table(
        frame, max_rows=60,
        caption="Candidates: past windows that met the target, probability of the next one with "
                "its interval, budget of the next window, pages a week, days without budget in 90",
        headers={"met": "past windows met", "next": "next window",
                 "budget": "budget (as an outage)", "pages": "pages a week",
                 "frozen": "days without budget"},
    )  # fmt: skip


def _rows(key: Indicator, candidates: pd.DataFrame, advice: Advice) -> pd.DataFrame:
    """A few candidates: those named, the one looser and the one stricter."""
    rows = candidates.sort_values("target", ignore_index=True)
    named = rows.index[rows["target"].isin([advice.current, advice.target])].tolist()
    if not named:
        named = rows.index[rows["probability"] > 0.01].tolist()[-2:] or [0]
    shown = rows.loc[max(min(named) - 1, 0) : max(named) + 1]
    return pd.DataFrame([
        {
            "objective": key.name, "target": _target(row["target"], advice),
            "met": f"{wording.percent(row['met'])} of {row['windows']:.0f}" if row["windows"]
                   else "no whole one",
            "next": _range(row),
            "budget": wording.amount(float(row["budget_events"]), key.unit) + " ("
                      + wording.duration(pd.Timedelta(minutes=float(row["budget_minutes"]))) + ")",
            "pages": _number(row["pages_per_week"]), "frozen": _number(row["freeze_days"]),
        }
        for _, row in shown.iterrows()
    ])  # fmt: skip


def _target(target: float, advice: Advice) -> str:
    marks = ", ".join(advice.marks(target))
    return f"{wording.percent(target)}{f' ({marks})' if marks else ''}"


def _range(row: pd.Series) -> str:
    if row["probability"] != row["probability"]:
        return wording.UNKNOWN
    value, low, high = (
        wording.probability(row[c], required=1.0).replace("under", "<").replace("over", ">")
        for c in ("probability", "low", "high")
    )
    return value if value == low == high else f"{value} ({low} to {high})"


def chosen(advices: Advices, objective: str = "") -> Indicator | None:
    """The objective of that name; without one, the objective that most needs a decision.

    Examples
    --------
    >>> chosen({}) is None
    True
    """
    known = answers(advices)
    if objective:
        return next((key for key in known if key.name == objective), None)
    return min(known, key=lambda key: _urgency(known[key]), default=None)


def price_sentence(key: Indicator | None, tables: CandidateTables, advices: Advices) -> str:
    """What another target of one objective would have changed in pages and days without budget."""
    if key is None:
        return NO_CHOICE
    rows, advice = answers(tables)[key], answers(advices)[key]
    if not advice.targets:
        return f"{name(key.name)} has no target to price."
    parts = [_price(rows[rows["target"] == target].iloc[0]) for target in advice.targets]
    return (f"On this history {name(key.name)} would have had, {'; '.join(parts)}. With another "
            "target people would have acted otherwise, which is not in these numbers.")  # fmt: skip


def _price(row: pd.Series) -> str:
    pages, days = row["pages_per_week"], row["freeze_days"]
    pages_text = "an unknown number of pages" if pages != pages else (
        f"{_number(pages)} {'page' if _number(pages) == '1' else 'pages'} a week "
        f"({_number(row['pages_low'])} to {_number(row['pages_high'])})")  # fmt: skip
    days_text = "an unknown number of days without budget" if days != days else (
        f"{wording.count(round(float(days)))} of {QUARTER:g} days without budget")  # fmt: skip
    return f"at {wording.percent(row['target'])}, {pages_text} and {days_text}"


def history_sentence(tables: CandidateTables) -> str:
    """How much the past windows tell: rolling windows overlap."""
    first = {k: t.iloc[0] for k, t in answers(tables).items()}
    if not first:
        return NO_CHOICE
    least = min(first, key=lambda k: first[k]["independent"])
    most = max(first, key=lambda k: first[k]["independent"])
    row = first[most]
    if not row["windows"]:
        return "The history holds no whole window, so none of them was met or missed."
    text = f"{name(most.name)} has {_independent(row)}"
    if row["window"].is_rolling:
        text = (f"The {row['windows']:.0f} windows of {name(most.name)} overlap and tell as much "
                f"as {_independent(row)} that do not")  # fmt: skip
    if first[least]["independent"] < row["independent"]:
        text += f"; {name(least.name)} has {_independent(first[least])}"
    return (f"{text}. A share of past windows is therefore a description; the probability above "
            "is drawn from weeks.")  # fmt: skip


def _independent(row: pd.Series) -> str:
    if row["window"].is_rolling:
        return _number(row["independent"])
    return wording.plural(row["windows"], "whole period")


def document(text: str) -> Document:
    """The OpenSLO documents of what is recommended (`srelib.targets.openslo`), to copy.

    Examples
    --------
    >>> document("apiVersion: openslo/v1")._repr_html_()[:9]
    '<details>'
    """
    if not text:
        return Document("", "Nothing is recommended, so there is no document to copy.")
    many = wording.plural(text.count("apiVersion:"), "document")
    return Document(text, f"OpenSLO, {many}, to copy into slos.yaml")


def in_force_sentence(past: CandidateTables) -> str:
    """Past windows (`past_windows`) judged by the targets in force then, where targets changed."""
    said = []
    for key, rows in answers(past).items():
        known = rows.dropna(subset=["ratio", "target"])
        if key.targets and len(known):
            met = int((known["ratio"] >= known["target"] * (1 - 1e-12)).sum())
            said.append(f"{name(key.name)} met {met} of {len(known)}")
    return sentence("targets.in_force", "met", met=wording.listing(said, limit=8)) if said else ""


def basis_sentence(tables: CandidateTables) -> str:
    """How much history all of it stands on."""
    weeks = [int(t["weeks"].iloc[0]) for t in answers(tables).values()]
    if not weeks:
        return NO_CHOICE
    low, high = min(weeks), max(weeks)
    span = wording.plural(high, "whole week") if low == high else f"{low} to {high} whole weeks"
    text = f"All of this stands on {span} of each series."
    if not high:
        return text
    no_worse = math.prod((high + n) / (high + UNSEEN + n) for n in range(4))
    worse = wording.percent(round(1 - no_worse, 2))
    return (f"{text} That the next four weeks hold one worse than any of {high} seen is taken to "
            f"be about {worse} likely.")  # fmt: skip


def traffic_sentences(tables: CandidateTables) -> list[str]:
    """Where traffic is too low for strict targets, and what chance alone does."""
    results = answers(tables)
    if not results:
        return [NO_CHOICE]
    lines = [_low_traffic(k, t) for k, t in results.items() if not t["steady"].iloc[0] > 0.999]
    if lines:
        return lines
    key = min(results, key=lambda k: results[k]["events"].iloc[0])
    row = results[key].iloc[0]
    return [f"Every series can carry 99.9{wording.NBSP}%: the one with least traffic, "
            f"{name(key.name)}, expects {wording.amount(row['events'], key.unit)} in a window, "
            f"so the budget of {_nines(row['steady'])} is ten bad "
            f"{_budget_grain(key)}s."]  # fmt: skip


def _low_traffic(key: Indicator, candidates: pd.DataFrame) -> str:
    row = candidates.iloc[0]
    text = f"{name(key.name)} expects {wording.amount(row['events'], key.unit)} in a window"
    if row["strictest"] != row["strictest"]:
        return f"{text}: no target can be told from another."
    text += (f": from {_nines(row['strictest'])} on a single bad {_budget_grain(key)} misses the "
             "target")  # fmt: skip
    if row["steady"] == row["steady"]:
        text += f", and {_nines(row['steady'])} has a budget of ten"
    chance, below = candidates["chance"] > 0.01, candidates["target"] < row["strictest"]
    if not (chance & below).any():
        return f"{text}."
    first = candidates[chance & below].iloc[0]
    return (f"{text}. At its ordinary share of bad events, {wording.percent(row['background'])}, "
            f"chance alone misses {wording.percent(first['target'])} in "
            f"{wording.probability(first['chance'], required=1.0)} of windows.")  # fmt: skip


def _nines(target: float) -> str:
    """A target to two digits of what it allows."""
    return wording.percent(float(f"{1 - float(f'{1 - target:.2g}'):.12g}"))


def dependency_sentences(ceilings: Mapping[str, Ceiling], tables: CandidateTables) -> list[str]:
    """What dependencies allow, and which targets in use are above it."""
    if not ceilings:
        return [NO_DEPENDENCIES]
    lines = []
    for service, one in ceilings.items():
        mine = {k: t for k, t in answers(tables).items() if k.service == service and k.has_target}
        over = [k for k in mine if not one.allows(k.target)]
        text = (f"{name(service)} depends on {names(one.table['dependency'])}, which may fail "
                f"{wording.percent(one.taken)} of events together: with one more nine each, "
                f"it can promise {wording.percent(one.advised)}, and never more than "
                f"{wording.percent(one.absolute)}; {name(one.narrowest)} decides")  # fmt: skip
        if over:
            text += f". **Too strict for it**: {names(k.name for k in over)}"
        elif not mine:
            text += ". No objective of that service is here"
        lines.append(f"{text}.")
    return lines


def threshold_sentences(
    tables: Mapping[tuple[str, str], pd.DataFrame | SrelibError], *, pass_probability: float
) -> list[str]:
    """Latency: what can be promised within which bound (`srelib.targets.thresholds`)."""
    p = wording.percent(pass_probability)
    lines = [f"{name(' '.join(key))}{_bounds(found, p)}" for key, found in tables.items()]
    return lines or [NO_HISTOGRAM]


def _bounds(found: pd.DataFrame | SrelibError, p: str) -> str:
    if isinstance(found, SrelibError):
        return f": {markdown(found, limit=300)}"
    best = found[found["chosen"]].sort_values("threshold", kind="stable")
    best = best.drop_duplicates("target")
    if not len(best):
        return f": no bound keeps any target tried with {p}."
    pairs = [f"{wording.percent(target)} within {bound:g}"
             for bound, target in best[["threshold", "target"]].to_numpy()]  # fmt: skip
    return (f" can promise, each with {p}: {wording.listing(pairs, limit=12)} (in the unit of the "
            "bounds). Between two bounds nobody can count, so none is offered.")  # fmt: skip
