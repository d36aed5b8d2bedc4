"""What notebook 08 says: which target to promise, why, and what speaks against it."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from srelib import wording
from srelib.findings.show import Table, markdown, name, names, table
from srelib.fleet import Indicator, answers
from srelib.targets.probability import UNSEEN

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
    advices: Mapping[Indicator, Any],
    *,
    pass_probability: float,
    histograms: Mapping[tuple[str, str], Any] | None = None,
    confidence: float = 0.95,
) -> list[str]:
    """The answer of the notebook: one line per objective, those that need a decision first.

    Parameters
    ----------
    advices : mapping of Indicator to Advice
        Or the errors in their place.
    pass_probability : float
        How likely the next window shall meet a target [fraction].
    histograms : mapping of (service, name) to DataFrame, optional
        Latency histograms, which are weighed bound by bound.
    confidence : float
        Of the intervals [fraction].

    Returns
    -------
    list of str
        Markdown.
    """
    if not advices:
        return [ONLY_BOUNDS.format(names(" ".join(k) for k in histograms)) if histograms
                else NOTHING]  # fmt: skip
    known = answers(advices)
    order = sorted(known, key=lambda key: _urgency(known[key]))
    lines = [_advice(key, known[key], pass_probability, confidence) for key in order[:LINES]]
    if len(order) > LINES:
        rest = len(order) - LINES
        lines.append(f"{rest} more {'is' if rest == 1 else 'are'} in the table below.")
    reasons: dict[str, list[str]] = {}
    for key, error in advices.items():
        if key not in known:
            reasons.setdefault(markdown(error, limit=400).rstrip("."), []).append(key.name)
    return lines + [f"{names(who)}: **cannot tell**, {why}." for why, who in reasons.items()]


def _urgency(advice: Any) -> tuple[int, float]:
    order = ("loosen", "tighten", "cannot tell", "promise", "keep", "nothing")
    value = advice.current_probability.value
    return order.index(advice.verdict), value if value == value else 2.0


def _advice(key: Indicator, advice: Any, asked: float, confidence: float) -> str:
    who, window = name(key.name), _next(advice.window)
    now, new = wording.percent(advice.current), wording.percent(advice.target)
    if advice.reasons and advice.reasons[0].kind == "short":
        return f"{who}: **cannot tell**{_in_use(advice)}. {_short(advice)}"
    old, best = (_chance(e, asked, confidence) for e in (advice.current_probability,
                                                        advice.probability))  # fmt: skip
    also = _chance(advice.probability, asked)
    p = wording.percent(asked)
    if advice.verdict == "keep":
        return f"{who}: **keep {now}**. {window} meets it with a probability of {best}."
    if advice.verdict == "promise":
        return (f"{who} promises nothing yet: **{new}** is the strictest target that fits. "
                f"{window} meets it with a probability of {best}.")  # fmt: skip
    if advice.verdict == "nothing":
        return f"{who} promises nothing yet, and **no target tried fits**: {_barred(advice)}."
    if advice.verdict == "tighten":
        return (f"{who}: **tighten from {now} to {new}**. {window} meets {new} with a "
                f"probability of {best}.")  # fmt: skip
    if advice.verdict == "loosen":
        to = f" to {new}" if advice.has_target else ""
        text = f"{who}: **loosen from {now}{to}**. {_why(key, advice, window, old)}"
        if not advice.has_target:
            return f"{text}; no target tried fits."
        return f"{text}; {new} with {also}." if "probability" in text else (
            f"{text}. {window} meets {new} with a probability of {best}.")  # fmt: skip
    guess = f" If it had to be chosen today: {new}, with {also}." if advice.has_target else ""
    return (f"{who}: **cannot tell** whether {now} can be kept with {p}. {window} meets it with a "
            f"probability of {old}.{guess}")  # fmt: skip


def _why(key: Indicator, advice: Any, window: str, old: str) -> str:
    """The first reason to loosen: impossible, too dear, or too unlikely."""
    hard = [r for r in advice.reasons if r.target == advice.current
            and r.kind in ("traffic", "dependencies")]  # fmt: skip
    if hard:
        return _sentence(_spelled(hard[0], key))
    kinds = {r.kind for r in advice.reasons if r.target == advice.current}
    if "missed" not in kinds and "pages" in kinds:
        return _sentence(_spelled(next(r for r in advice.reasons if r.kind == "pages"), key))
    return f"{window} meets {wording.percent(advice.current)} with a probability of {old}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _in_use(advice: Any) -> str:
    if advice.current != advice.current:
        return ""
    return f" whether {wording.percent(advice.current)} can be kept"


def _short(advice: Any) -> str:
    reason = advice.reasons[0]
    seen = wording.plural(reason.value, "whole week")
    verb = "was" if reason.value == 1 else "were"
    text = f"{seen} {verb} observed; a target over {_over(advice.window)} needs {reason.limit:.0f}."
    return _sentence(text)


def _barred(advice: Any) -> str:
    reason = next(r for r in advice.reasons if r.kind == "none")
    return f"not even {wording.percent(reason.target)}"


def _next(window: Any) -> str:
    if window.is_rolling:
        days = window.duration / pd.Timedelta(days=1)
        return "The next day" if days == 1 else f"The next window of {window}"
    return f"The next {_over(window).removeprefix('a ')}"


def _over(window: Any) -> str:
    return str(window) if window.is_rolling else f"a {str(window).split(' (')[0]}"


def _chance(estimate: Any, asked: float, confidence: float | None = None) -> str:
    """A probability with its interval, named where its confidence is given."""
    value, low, high = (
        chance(x, asked=asked) for x in (estimate.value, estimate.low, estimate.high)
    )
    level = "" if confidence is None else f"{wording.percent(confidence)} interval "
    return f"{value} ({level}{low} to {high})"


def chance(probability: float, *, asked: float) -> str:
    """A probability in whole percent: never certain, and on its side of what is asked."""
    if probability != probability:
        return wording.UNKNOWN
    if probability < 0.01:
        return f"under 1{wording.NBSP}%"
    if probability > 0.99:
        return f"over 99{wording.NBSP}%"
    for places in (0, 1, 2):
        rounded = round(100 * probability, places)
        if (rounded >= 100 * asked) == (probability >= asked):
            return f"{rounded:.{places}f}{wording.NBSP}%"
    return wording.percent(probability, against=asked)


def reason_sentences(advices: Mapping[Indicator, Any], *, pass_probability: float) -> list[str]:
    """For every objective with a recommendation: what speaks for it, and what against.

    Parameters
    ----------
    advices : mapping of Indicator to Advice
        Or the errors in their place.
    pass_probability : float
        How likely the next window shall meet a target [fraction].

    Returns
    -------
    list of str
        Markdown; the first line says what the numbers are.
    """
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


def _spelled(reason: Any, key: Indicator) -> str:
    """A reason in words."""
    target, p = wording.percent(reason.target), wording.percent(reason.limit)
    value = chance(reason.value, asked=reason.limit)
    words = {
        "met": f"{target} has {value}",
        "missed": f"{target} has {value}, clearly too little",
        "unsure": f"{target} has {value}, too little though perhaps by chance",
        "next": f"{target} may have as little as {value}",
        "low": f"it may have as little as {value}",
        "chance": f"chance alone misses it in {value} of windows",
        "silent": "no rule of the alert policy can page at it",
        "none": f"not even {target} fits",
        "traffic": f"the budget of {target} is less than one {_grain(key)} "
                   f"({wording.count(reason.value)} in a window)",
        "few events": f"the budget of {target} holds only {wording.count(reason.value)} "
                      f"{_grain(key)}s",
        "pages": f"{target} pages {_number(reason.value)} times a week ({_number(reason.limit)} "
                 "bearable)",
        "dependencies": f"dependencies allow no more than {p}, not {target}",
    }  # fmt: skip
    return words[reason.kind]


def _number(value: float) -> str:
    return wording.count(round(float(value), 1) if value < 10 else round(float(value)))


def candidates_table(
    tables: Mapping[Indicator, Any], advices: Mapping[Indicator, Any], *, max_rows: int = 60
) -> Table | None:
    """The candidates that matter of every objective: around those in use and recommended.

    Parameters
    ----------
    tables : mapping of Indicator to DataFrame
        Results of `srelib.targets.candidates`.
    advices : mapping of Indicator to Advice
    max_rows : int
        Most rows shown.

    Returns
    -------
    Table or None
        None where nothing was weighed.
    """
    known = answers(advices)
    parts = [_rows(key, t, known[key]) for key, t in answers(tables).items() if key in known]
    if not parts:
        return None
    frame = pd.concat(parts, ignore_index=True)
    return table(
        frame, max_rows=max_rows,
        caption="Candidates: past windows that met the target, probability of the next one with "
                "its interval, budget of a window, pages a week, days frozen a quarter of 90 days",
        headers={"met": "past windows met", "next": "next window",
                 "budget": "budget (as an outage)", "pages": "pages a week",
                 "frozen": "days frozen"},
    )  # fmt: skip


def _rows(key: Indicator, candidates: pd.DataFrame, advice: Any) -> pd.DataFrame:
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
            "pages": _or_unknown(row["pages_per_week"]), "frozen": _or_unknown(row["freeze_days"]),
        }
        for _, row in shown.iterrows()
    ])  # fmt: skip


def _target(target: float, advice: Any) -> str:
    marks = [text for text, value in (("in use", advice.current), ("recommended", advice.target))
             if value == target]  # fmt: skip
    return f"{wording.percent(target)}{' (' + ', '.join(marks) + ')' if marks else ''}"


def _range(row: pd.Series) -> str:
    if row["probability"] != row["probability"]:
        return wording.UNKNOWN
    value, low, high = (
        chance(row[c], asked=1.0).replace("under", "<").replace("over", ">")
        for c in ("probability", "low", "high")
    )
    return value if value == low == high else f"{value} ({low} to {high})"


def _or_unknown(value: float) -> str:
    return wording.UNKNOWN if value != value else _number(float(value))


def chosen(advices: Mapping[Indicator, Any], objective: str = "") -> Indicator | None:
    """The objective looked at closely: the one named, else the one that most needs a decision.

    Parameters
    ----------
    advices : mapping of Indicator to Advice
        Or the errors in their place.
    objective : str
        Its name; empty: none.

    Returns
    -------
    Indicator or None
        None where nothing is known of it.

    Examples
    --------
    >>> chosen({}) is None
    True
    """
    known = answers(advices)
    if objective:
        return next((key for key in known if key.name == objective), None)
    return min(known, key=lambda key: _urgency(known[key]), default=None)


def price_sentence(
    key: Indicator | None, tables: Mapping[Indicator, Any], advices: Mapping[Indicator, Any]
) -> str:
    """What changing the target of one objective would have changed in pages and frozen days.

    Parameters
    ----------
    key : Indicator or None
        As from `chosen`.
    tables : mapping of Indicator to DataFrame
    advices : mapping of Indicator to Advice

    Returns
    -------
    str
        Markdown.
    """
    if key is None:
        return NO_CHOICE
    rows, advice = tables[key].set_index("target"), advices[key]
    named = list(dict.fromkeys(t for t in (advice.current, advice.target) if t == t))
    if not named:
        return f"{name(key.name)} has no target to price."
    parts = [_price(target, rows.loc[target]) for target in named]
    return (f"On this history {name(key.name)} would have had, {'; '.join(parts)}. With another "
            "target people would have acted otherwise, which is not in these numbers.")  # fmt: skip


def _price(target: float, row: pd.Series) -> str:
    pages, days = row["pages_per_week"], row["freeze_days"]
    woke = "an unknown number of pages" if pages != pages else (
        f"{_number(pages)} {'page' if _number(pages) == '1' else 'pages'} a week "
        f"({_number(row['pages_low'])} to {_number(row['pages_high'])})")  # fmt: skip
    froze = "an unknown number of days frozen" if days != days else (
        f"{wording.plural(round(float(days)), 'day')} frozen a quarter")  # fmt: skip
    return f"at {wording.percent(target)}, {woke} and {froze}"


def history_sentence(tables: Mapping[Indicator, Any]) -> str:
    """How much the past windows tell: rolling windows overlap.

    Parameters
    ----------
    tables : mapping of Indicator to DataFrame

    Returns
    -------
    str
        Markdown.
    """
    results = answers(tables)
    if not results:
        return NO_CHOICE
    first = {k: t.iloc[0] for k, t in results.items()}
    least = min(first, key=lambda k: first[k]["independent"])
    most = max(first, key=lambda k: first[k]["independent"])
    row = first[most]
    if not row["windows"]:
        return "The history holds no whole window, so none of them was met or missed."
    text = (f"The {row['windows']:.0f} windows of {name(most.name)} overlap and tell as much as "
            f"{_number(row['independent'])} that do not") if _is_rolling(row) else (
            f"{name(most.name)} has {wording.plural(row['windows'], 'whole period')}")  # fmt: skip
    if first[least]["independent"] < row["independent"]:
        few = wording.plural(first[least]["windows"], "whole period") if not _is_rolling(
            first[least]) else f"{_number(first[least]['independent'])}"  # fmt: skip
        text += f"; {name(least.name)} has {few}"
    return (f"{text}. A share of past windows is therefore a description; the probability above "
            "is drawn from weeks.")  # fmt: skip


def _is_rolling(row: pd.Series) -> bool:
    return bool(row["window"].is_rolling)


def traffic_sentences(tables: Mapping[Indicator, Any]) -> list[str]:
    """Where traffic is too low for strict targets, and what chance alone does.

    Parameters
    ----------
    tables : mapping of Indicator to DataFrame

    Returns
    -------
    list of str
        Markdown.
    """
    results = answers(tables)
    if not results:
        return [NO_CHOICE]
    thin = {k: t for k, t in results.items() if not t["steady"].iloc[0] > 0.999}
    lines = [_thin(k, t) for k, t in thin.items()]
    if not lines:
        key = min(results, key=lambda k: results[k]["events"].iloc[0])
        row = results[key].iloc[0]
        return [f"Every series can carry 99.9{wording.NBSP}%: the one with least traffic, "
                f"{name(key.name)}, expects {wording.amount(row['events'], key.unit)} in a window, "
                f"so the budget of {wording.percent(_short_of_one(row['steady']))} is ten "
                f"{_smallest(key, 10)}."]  # fmt: skip
    return lines


def _thin(key: Indicator, candidates: pd.DataFrame) -> str:
    row = candidates.iloc[0]
    seen = wording.amount(row["events"], key.unit)
    if row["strictest"] != row["strictest"]:
        return (f"{name(key.name)} expects {seen} in a window: no target can be told from "
                "another.")  # fmt: skip
    hard = wording.percent(_short_of_one(row["strictest"]))
    text = f"{name(key.name)} expects {seen} in a window: from {hard} on a single "
    text += f"{_smallest(key, 1)} misses the target"
    if row["steady"] == row["steady"]:
        text += f", and {wording.percent(_short_of_one(row['steady']))} has a budget of ten"
    lucky = candidates[(candidates["chance"] > 0.01) & (candidates["target"] < row["strictest"])]
    if not len(lucky):
        return f"{text}."
    first = lucky.iloc[0]
    return (f"{text}. At its ordinary share of bad events, {wording.percent(row['background'])}, "
            f"chance alone misses {wording.percent(first['target'])} in "
            f"{chance(first['chance'], asked=1.0)} of windows.")  # fmt: skip


def _short_of_one(target: float) -> float:
    """A target to two digits of what it allows."""
    return float(f"{1 - float(f'{1 - target:.2g}'):.12g}")


def _smallest(key: Indicator, n: int) -> str:
    noun = f"bad {_grain(key)}"
    return noun if n == 1 else f"{noun}s"


def _grain(key: Indicator) -> str:
    """The least that can go wrong."""
    return "event" if key.unit == "events" else "slice" if "slice" in key.unit else "bucket"


def dependency_sentences(ceilings: Mapping[str, Any], tables: Mapping[Indicator, Any]) -> list[str]:
    """What dependencies allow, and which targets in use are above it.

    Parameters
    ----------
    ceilings : mapping of str to Ceiling
        By service.
    tables : mapping of Indicator to DataFrame

    Returns
    -------
    list of str
        Markdown.
    """
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
    tables: Mapping[tuple[str, str], Any], *, pass_probability: float
) -> list[str]:
    """Latency: what can be promised within which bound.

    Parameters
    ----------
    tables : mapping of (service, name) to DataFrame
        Results of `srelib.targets.thresholds`, or the errors in their place.
    pass_probability : float
        How likely the next window shall keep the promise [fraction].

    Returns
    -------
    list of str
        Markdown.
    """
    if not tables:
        return [NO_HISTOGRAM]
    lines = []
    for key, found in tables.items():
        who = name(" ".join(key))
        if isinstance(found, Exception):
            lines.append(f"{who}: {markdown(found, limit=300)}")
            continue
        best = found[found["chosen"]].sort_values("threshold", kind="stable")
        best = best.drop_duplicates("target")
        p = wording.percent(pass_probability)
        if not len(best):
            lines.append(f"{who}: no bound keeps any target tried with {p}.")
            continue
        pairs = [f"{wording.percent(row.target)} within {row.threshold:g}"
                 for row in best.itertuples()]  # fmt: skip
        lines.append(f"{who} can promise, each with {p}: {wording.listing(pairs, limit=12)} (in "
                     "the unit of the bounds). Between two bounds nobody can count, so none is "
                     "offered.")  # fmt: skip
    return lines


def threshold_table(tables: Mapping[tuple[str, str], Any], *, max_rows: int = 40) -> Table | None:
    """Bounds of every histogram with the share within, and the target that can be promised."""
    rows = []
    for key, found in tables.items():
        if isinstance(found, Exception):
            continue
        for threshold, part in found.groupby("threshold"):
            best = part[part["chosen"]]
            rows.append({
                "histogram": " ".join(key), "within": f"{threshold:g}",
                "share": wording.percent(part["share"].iloc[0]),
                "target": wording.percent(best["target"].iloc[0]) if len(best) else "none",
                "next": _range(best.iloc[0]) if len(best) else "",
            })  # fmt: skip
    if not rows:
        return None
    return table(pd.DataFrame(rows), caption="Latency bounds: share of events within, target to "
                 "promise, probability that the next window keeps it", max_rows=max_rows,
                 headers={"share": "share so far", "target": "strictest target that fits",
                          "next": "next window"})  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A text to copy, folded away until it is wanted, and then as it is.

    Parameters
    ----------
    text : str
    caption : str
        What it is.
    """

    text: str
    caption: str

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.text}".rstrip()

    def _repr_html_(self) -> str:
        caption = html.escape(self.caption)
        if not self.text:
            return f"<p>{caption}</p>"
        return (
            f'<details><summary style="cursor:pointer">{caption}</summary><pre tabindex="0" '
            f'aria-label="{caption}" style="overflow-x:auto">{html.escape(self.text)}</pre>'
            "</details>"
        )


def document(text: str) -> Document:
    """The OpenSLO documents of what is recommended, to copy.

    Parameters
    ----------
    text : str
        As from `srelib.targets.openslo`.

    Returns
    -------
    Document

    Examples
    --------
    >>> document("apiVersion: openslo/v1")._repr_html_()[:9]
    '<details>'
    """
    if not text:
        return Document("", "Nothing is recommended, so there is no document to copy.")
    many = wording.plural(text.count("apiVersion:"), "document")
    return Document(text, f"OpenSLO, {many}, to copy into slos.yaml")


def basis_sentence(tables: Mapping[Indicator, Any]) -> str:
    """How much history all of it stands on.

    Parameters
    ----------
    tables : mapping of Indicator to DataFrame

    Returns
    -------
    str
        Markdown.
    """
    weeks = [int(t["weeks"].iloc[0]) for t in answers(tables).values()]
    if not weeks:
        return NO_CHOICE
    low, high = min(weeks), max(weeks)
    span = wording.plural(high, "whole week") if low == high else f"{low} to {high} whole weeks"
    text = f"All of this stands on {span} of each series."
    if not high:
        return text
    spared = math.prod((high + n) / (high + UNSEEN + n) for n in range(4))
    worse = wording.percent(round(1 - spared, 2))
    return (f"{text} That the next four weeks hold one worse than any of {high} seen is taken to "
            f"be about {worse} likely.")  # fmt: skip
