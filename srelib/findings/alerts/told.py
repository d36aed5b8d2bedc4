"""The answer: what a policy told us about, how soon, and at what price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.alerts.ready import OWN
from srelib.findings.alerts import words
from srelib.findings.alerts.recorded import recorded_sentence
from srelib.findings.alerts.words import NOTHING
from srelib.findings.quality import HOW_TO
from srelib.findings.text import markdown, name, names
from srelib.indicators import Indicator, answered

NO_SLO = ("**No alert can be replayed, because no objective has data.** A burn rate is measured "
          "against a target; put a slos.yaml beside the exports (`srelib init DIR` writes a "
          "commented one).")  # fmt: skip


def told_sentences(
    pooled: Any, *, replays: Mapping[Indicator, Any], policy: str = "", real: Any = None
) -> list[str]:
    """The answer of the notebook: told or not, how soon, at what price.

    Parameters
    ----------
    pooled : Pooled or None
        Of the policy in use; None where nothing could be replayed.
    replays : mapping of Indicator to Replay
        Or the errors in their place.
    policy : str
        The policy as somebody wrote it, to be said where it has no name.
    real : Recorded, optional
        What the alerts on record told.

    Returns
    -------
    list of str
        Markdown; the first is the bottom line.
    """
    if pooled is None:
        why = failed_sentence(replays)
        return [f"**No alert could be replayed.** {why}"] if why else [NO_SLO]
    if not len(pooled.events):
        what = words.noun(pooled)
        lines = [f"There was **nothing to tell about**: no {what} in {words.weeks(pooled)}."]
    else:
        lines = [_recall(pooled, policy), missed_sentence(pooled), spent_sentence(pooled)]
    lines += [pages_sentence(pooled), recorded_sentence(real), failed_sentence(replays)]
    return [line for line in lines if line]


def _recall(pooled: Any, policy: str) -> str:
    told, of = (
        int(pooled.events["caught"].sum()),
        wording.plural(len(pooled.events), words.noun(pooled)),
    )
    own = f"Your policy ({name(policy, limit=200)})" if policy else "Your policy"
    who = own if pooled.policy == OWN else f"The {name(pooled.policy)} policy"
    share = words.share(pooled.recall)
    if not told:
        return f"{who} told us about **none** of {of} ({share})."
    return f"{who} told us about **{told} of {of}** ({share}), {words.half(pooled)}."


def missed_sentence(pooled: Any) -> str:
    """What no page told about, and whether it mattered, by name."""
    missed, line = pooled.missed, wording.percent(pooled.share)
    if not len(missed):
        return "It missed nothing." if len(pooled.events) else ""
    big = missed[missed["spent"] >= pooled.share]
    if not len(big):
        return (f"It missed {len(missed)}, none of which spent {line} of a budget: "
                f"{_listed(missed, limit=3)}.")  # fmt: skip
    if len(big) == len(missed):
        return f"It missed {len(missed)}, each at least {line} of a budget: {_listed(big)}."
    return (f"It missed {len(missed)}, **{len(big)} of them {line} of a budget or more**: "
            f"{_listed(big)}.")  # fmt: skip


def _listed(rows: pd.DataFrame, *, limit: int = 4) -> str:
    parts = [f"{words.event(row)} ({wording.percent(row['spent'])})" for _, row in rows.iterrows()]
    return wording.listing(parts, limit=limit)


def spent_sentence(pooled: Any) -> str:
    """How much budget was gone when the first page came."""
    spent = pooled.spent_at_detection
    if spent.value != spent.value:
        return ""
    interval = words.interval(wording.percents([spent.low, spent.high]))
    return (f"By the first {markdown(pooled.severity)}, or by its end where none came, half of "
            f"what happened had spent at most {wording.percent(spent.value)} of the budget of a "
            f"period{interval}.")  # fmt: skip


def pages_sentence(pooled: Any) -> str:
    """What the pages cost: how many, how many for nothing, and how many out of hours."""
    kind, n = markdown(pooled.severity), len(pooled.pages)
    fleet = wording.plural(pooled.objectives, "objective")
    if not n:
        return f"It sent **no {kind}s** in {words.weeks(pooled)}, over {fleet}."
    per = pooled.pages_per_week
    low, high = (words.number(x) for x in (per.low, per.high))
    text = (f"It sent **{words.number(per.value)} {kind}s a week** (95{wording.NBSP}% interval "
            f"{low} to {high}; {n} in {words.weeks(pooled)}, over {fleet})")  # fmt: skip
    told = wording.percent(pooled.precision.value)
    out = wording.percent(pooled.out_of_hours.value)
    return (f"{text}; {told} of them told about one of these {words.noun(pooled)}s, {out} came out "
            "of office hours.")  # fmt: skip


def failed_sentence(replays: Mapping[Indicator, Any]) -> str:
    """Objectives that could not be replayed, each with the reason."""
    known = answered(replays)
    reasons: dict[str, list[str]] = {}
    for key, error in replays.items():
        if key not in known:
            reasons.setdefault(markdown(error, limit=400).rstrip("."), []).append(key.name)
    parts = [f"{names(who)}: {why}" for why, who in reasons.items()]
    return f"Not replayed: {'; '.join(parts)}." if parts else ""


def truth_sentence(pooled: Any, *, truth: str) -> str:
    """What the pages are scored against, and why.

    Parameters
    ----------
    pooled : Pooled or None
    truth : str
        What was asked for: 'incidents' or 'budget'.

    Returns
    -------
    str
        Markdown.
    """
    if pooled is None:
        return NOTHING
    if pooled.truth == "incidents":
        n = wording.plural(len(pooled.events), "incident")
        return (f"Scored against {n} on record. People write incidents down late, or not at all; "
                "set `truth` to `budget` to score against the data itself.")  # fmt: skip
    events = wording.plural(len(pooled.events), "span")
    text = (f"Scored against {events} of time that spent at least {wording.percent(pooled.share)} "
            "of the budget of a period.")  # fmt: skip
    if truth == "incidents":
        return f"There are no incidents in the folder. {text} To add them, {HOW_TO['incidents']}."
    return text


def basis_sentence(pooled: Any) -> str:
    """How many events and pages all this stands on.

    Parameters
    ----------
    pooled : Pooled or None

    Returns
    -------
    str
        Markdown.
    """
    if pooled is None:
        return NOTHING
    what, kind = wording.plural(len(pooled.events), words.noun(pooled)), markdown(pooled.severity)
    text = (f"All of this stands on {what} and {wording.plural(len(pooled.pages), kind)} in "
            f"{words.weeks(pooled)}")  # fmt: skip
    if pooled.recall.n and pooled.recall.high - pooled.recall.low > 0.3:
        return f"{text}: too few to tell policies apart that differ by a few {words.noun(pooled)}s."
    return f"{text}."
