"""Rules that cannot do their job, and what it takes to fire each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.findings.show import Table, table
from srelib.findings.text import markdown, names
from srelib.indicators import Indicator, answered


def review_sentences(reviews: Mapping[Indicator, Any], *, severity: str) -> list[str]:
    """Rules that cannot do their job on this data: unreachable, blind, set off by one failure.

    Parameters
    ----------
    reviews : mapping of Indicator to DataFrame
        Results of `srelib.alerts.review`.
    severity : str
        Of the rules that count.

    Returns
    -------
    list of str
        Markdown.
    """
    rows = _rules(reviews, severity)
    if not len(rows):
        return ["There are no rules to look at."]
    kinds = (
        (~rows["reachable"], "**Unreachable**, not even a total outage fires it:"),
        (rows["blind"], "**Blind** and left out, a window is shorter than a bucket of the data:"),
        (rows["too_long"] & ~rows["blind"],
         "**Too long** and left out, it looks back further than the history:"),
        (rows["one_failure_fires"] & ~rows["blind"],
         "**One failure is enough** at average traffic:"),
    )  # fmt: skip
    found = [f"{text} {_places(rows[mask])}." for mask, text in kinds if mask.any()]
    if found:
        return found
    which = wording.plural(len(reviews), "objective")
    return [f"Every {markdown(severity)} rule can fire, sees the data and needs more than one "
            f"failure, on {which}."]  # fmt: skip


def _rules(reviews: Mapping[Indicator, Any], severity: str) -> pd.DataFrame:
    parts = [r.assign(objective=key.name) for key, r in answered(reviews).items()]
    if not parts:
        return pd.DataFrame()
    rows = pd.concat(parts, ignore_index=True)
    return rows[rows["severity"] == severity]


def _places(rows: pd.DataFrame) -> str:
    """Rules of each objective, objectives with the same rules together."""
    of: dict[str, list[str]] = {}
    for objective, part in rows.groupby("objective", sort=False):
        rules = wording.listing([_rule(rule) for rule in part["rule"]])
        of.setdefault(rules, []).append(str(objective))
    return "; ".join(f"{rules} of {names(who)}" for rules, who in of.items())


def _rule(rule: Any) -> str:
    windows = " and ".join(wording.duration(window) for window in rule.windows)
    return f"the {rule.factor:.4g}x rule over {windows}"


def rules_table(reviews: Mapping[Indicator, Any], *, severity: str) -> Table | None:
    """What each rule needs to fire, per objective.

    Parameters
    ----------
    reviews : mapping of Indicator to DataFrame
        Results of `srelib.alerts.review`.
    severity : str
        Of the rules that count.

    Returns
    -------
    Table or None
        None without rules.
    """
    rows = _rules(reviews, severity)
    if not len(rows):
        return None
    frame = pd.DataFrame({
        "objective": rows["objective"],
        "rule": [_rule(rule).removeprefix("the ").replace(" rule", "") for rule in rows["rule"]],
        "traffic": rows["events_in_long"], "needed": rows["failures_to_fire"],
        "outage": [_in_outage(*pair)
                   for pair in zip(rows["on_paper"], rows["replayed"], strict=True)],
        "on this data": ["blind" if b else "too long" if t else "replayed"
                         for b, t in zip(rows["blind"], rows["too_long"], strict=True)],
    })  # fmt: skip
    return table(frame, caption="What it takes to fire each rule, at average traffic", max_rows=24,
                 headers={"traffic": "events in its long window",
                          "needed": "bad events that fire it",
                          "outage": "a total outage fires it after"})  # fmt: skip


def _in_outage(paper: Any, replayed: Any) -> str:
    """How soon a rule fires in a total outage, on paper and in buckets of the data."""
    if pd.isna(paper):
        return "never"
    seen = "" if pd.isna(replayed) else f", replayed {wording.duration(replayed)}"
    return f"{wording.duration(paper)} on paper{seen}"
