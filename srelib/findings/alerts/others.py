"""Other policies on the same history, and whether one of them would do better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.alerts.ready import ready_made
from srelib.findings.alerts import words
from srelib.findings.alerts.words import NOTHING
from srelib.findings.show import Table, table
from srelib.findings.text import markdown, name, names


def compare_table(found: Mapping[str, Any]) -> Table | None:
    """Ready-made policies side by side on the same history.

    Parameters
    ----------
    found : mapping of str to Pooled
        As from `srelib.alerts.fleet.side_by_side`.

    Returns
    -------
    Table or None
        None without policies.
    """
    if not found:
        return None
    rows = [{"policy": policy, "told": _of(p.recall), "useful": _of(p.precision),
             "week": words.number(p.pages_per_week.value),
             "first": words.about(p.detection_seconds.value),
             "spent": wording.percent(p.spent_at_detection.value),
             "out": wording.percent(p.out_of_hours.value)}
            for policy, p in found.items()]  # fmt: skip
    one = next(iter(found.values()))
    kind = one.severity
    real = "; recorded: what really fired" if "recorded" in found else ""
    return table(pd.DataFrame(rows), max_rows=20,
                 caption="Policies on the same history, the one in use first; medians; numbered: "
                         f"the Workbook's own earlier attempts{real}",
                 headers={"told": f"{words.noun(one)}s told about", "useful": f"{kind}s that told",
                          "week": f"{kind}s a week", "first": f"first {kind} after",
                          "spent": "budget spent by then", "out": "out of hours"})  # fmt: skip


def _of(estimate: Any) -> str:
    if not estimate.n:
        return "–"
    return f"{wording.percent(estimate.value)} of {wording.count(estimate.n)}"


def compare_sentences(found: Mapping[str, Any]) -> list[str]:
    """What each ready-made policy missed, beside the one in use.

    Parameters
    ----------
    found : mapping of str to Pooled

    Returns
    -------
    list of str
        Markdown, one per policy.
    """
    if not found:
        return [NOTHING]
    first, *others = found
    seen = {policy: words.caught(p) for policy, p in found.items()}
    lines = [_beside(found[policy], seen[policy], found[first], seen[first]) for policy in others]
    left_out = [policy for policy in ready_made("28d") if policy not in found]
    if left_out:
        lines.append(f"Not replayed on every objective, so not compared: {names(left_out)}.")
    return lines


def _beside(one: Any, seen: set[Any], current: Any, known: set[Any]) -> str:
    pages = f"{words.number(one.pages_per_week.value)} {markdown(one.severity)}s a week"
    lost, won = known - seen, seen - known
    who = name(one.policy)
    if not lost and not won:
        return f"{who} ({pages}) tells about the same {words.noun(one)}s as {name(current.policy)}."
    parts = []
    if lost:
        parts.append(f"misses {len(lost)} that {name(current.policy)} tells about"
                     f" ({words.dearest(one, lost)})")  # fmt: skip
    if won:
        parts.append(f"tells about {len(won)} that {name(current.policy)} misses"
                     f" ({words.dearest(one, won)})")  # fmt: skip
    return f"{who} ({pages}) {' and '.join(parts)}."


def front_sentence(front: pd.DataFrame | None, *, severity: str) -> str:
    """Whether another policy would do better, chosen early and tested late.

    Parameters
    ----------
    front : DataFrame or None
        As from `srelib.alerts.fleet.front`.
    severity : str

    Returns
    -------
    str
        Markdown.
    """
    if front is None:
        return NOTHING
    if not len(front):
        return "One half of the history holds nothing to tell about, so no policy can be chosen."
    now = front[front["kind"] == "current"].iloc[0]
    best = front[front["chosen"]].iloc[0]
    tried = f"Of {len(front)} policies tried on the first half"
    if best["policy"] == now["policy"]:
        return (f"{tried}, none spends less before anybody knows for as few {markdown(severity)}s "
                f"as {name(now['policy'])}.")  # fmt: skip
    early, late = (_trade(best, now, part, severity) for part in ("chosen_on", "tested_on"))
    lasts = "**It lasts**" if _is_better(best, now) else "**It does not last**"
    return (f"{tried}, {name(best['policy'])} does best for no more {markdown(severity)}s than "
            f"{name(now['policy'])}: {early}. {lasts} on the second half: {late}.")  # fmt: skip


def _is_better(best: Any, now: Any) -> bool:
    pages = best["pages_per_week_tested_on"] - now["pages_per_week_tested_on"]
    spent = best["spent_tested_on"] - now["spent_tested_on"]
    return bool(pages <= 0 and spent <= 0 and (pages < 0 or spent < 0))


def _trade(best: Any, now: Any, part: str, severity: str) -> str:
    pages = [words.number(row[f"pages_per_week_{part}"]) for row in (best, now)]
    spent = wording.percents([row[f"spent_{part}"] for row in (best, now)])
    gone = f"{spent[0]} against {spent[1]}" if spent[0] != spent[1] else f"{spent[0]} with either"
    n = int(best[f"events_{part}"])
    return (f"{pages[0]} against {pages[1]} {markdown(severity)}s a week, {gone} of a budget spent "
            f"before anybody knew (n = {n})")  # fmt: skip
