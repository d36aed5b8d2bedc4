"""Other policies on the same history, and whether one of them would do better."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from srelib import wording
from srelib.alerts import PooledAlerts, RecordedAlerts, Rule
from srelib.alerts.policies import _builtin_policies
from srelib.errors import SrelibError
from srelib.findings.alerts import NOTHING, NOW, _beside
from srelib.findings.finding import markdown, name, names
from srelib.findings.show import Table, table
from srelib.fleet import Indicator, answers
from srelib.stats import Estimate


def compare_table(
    found: Mapping[str, PooledAlerts] | None, *, recorded: RecordedAlerts | None = None
) -> Table | None:
    """Ready-made policies side by side on the same history, and what really fired.

    Parameters
    ----------
    found : mapping of str to PooledAlerts, or None
        As from `srelib.alerts.compare`.
    recorded : RecordedAlerts, optional
        The alerts on record, which stand behind the policy in use.
    """
    if not found:
        return None
    one, *others = found.values()
    real = [] if recorded is None or recorded.pooled is None else [recorded.pooled]
    rows = [{"policy": p.policy, "detected": _of(p.recall), "useful": _of(p.precision),
             "week": wording.rate(p.pages_per_week.value),
             "first": wording.wait(p.detection_seconds.value),
             "spent": wording.percent(p.spent_at_detection.value),
             "out": wording.percent(p.out_of_hours.value)}
            for p in (one, *real, *others)]  # fmt: skip
    kind = one.severity
    note = "; recorded: what really fired" if real else ""
    return table(pd.DataFrame(rows), max_rows=20,
                 caption="Policies on the same history, the one in use first; medians; numbered: "
                         f"the Workbook's own earlier attempts{note}",
                 headers={"detected": f"{one.event_kind}s told about",
                          "useful": f"{kind}s that told", "week": f"{kind}s a week",
                          "first": f"first {kind} after", "spent": "budget spent by then",
                          "out": "out of hours"})  # fmt: skip


def _of(estimate: Estimate) -> str:
    if not estimate.n:
        return "–"
    return f"{wording.percent(estimate.value)} of {wording.count(estimate.n)}"


def compare_sentences(found: Mapping[str, PooledAlerts] | None) -> list[str]:
    """What each ready-made policy missed, beside the one in use.

    Parameters
    ----------
    found : mapping of str to PooledAlerts, or None
        As from `srelib.alerts.compare`.
    """
    if not found:
        return [NOTHING]
    current, *others = found.values()
    lines = [_beside(name(one.policy), one, current, NOW) for one in others]
    left_out = [policy for policy in _builtin_policies("28d") if policy not in found]
    if left_out:
        lines.append(f"Not replayed on every objective, so not compared: {names(left_out)}.")
    return lines


def search_sentence(found: pd.DataFrame | None, *, severity: str) -> str:
    """Whether another policy would do better, chosen early and tested late.

    Parameters
    ----------
    found : DataFrame or None
        As from `srelib.alerts.search`.
    severity : str
    """
    if found is None:
        return NOTHING
    if not len(found):
        return "One half of the history holds nothing to tell about, so no policy can be chosen."
    now = found[found["kind"] == "current"].iloc[0]
    best = found[found["chosen"]].iloc[0]
    tried = f"Of {len(found)} policies tried on the first half"
    if best["policy"] == now["policy"]:
        return (f"{tried}, none spends less before anybody knows for as few {markdown(severity)}s "
                f"as {name(now['policy'])}.")  # fmt: skip
    early, late = (_trade(best, now, part, severity) for part in ("chosen_on", "tested_on"))
    lasts = "**It lasts**" if _is_better(best, now) else "**It does not last**"
    return (f"{tried}, {name(best['policy'])} does best for no more {markdown(severity)}s than "
            f"{name(now['policy'])}: {early}. {lasts} on the second half: {late}.")  # fmt: skip


def _is_better(best: pd.Series, now: pd.Series) -> bool:
    pages = best["pages_per_week_tested_on"] - now["pages_per_week_tested_on"]
    spent = best["spent_tested_on"] - now["spent_tested_on"]
    return bool(pages <= 0 and spent <= 0 and (pages < 0 or spent < 0))


def _trade(best: pd.Series, now: pd.Series, part: str, severity: str) -> str:
    pages = [wording.rate(row[f"pages_per_week_{part}"]) for row in (best, now)]
    spent = wording.percents([row[f"spent_{part}"] for row in (best, now)])
    gone = f"{spent[0]} against {spent[1]}" if spent[0] != spent[1] else f"{spent[0]} with either"
    n = int(best[f"events_{part}"])
    return (f"{pages[0]} against {pages[1]} {markdown(severity)}s a week, {gone} of a budget spent "
            f"before anybody knew (n = {n})")  # fmt: skip


def review_sentences(
    reviews: Mapping[Indicator, pd.DataFrame | SrelibError], *, severity: str
) -> list[str]:
    """Rules that cannot do their job on this data: unreachable, blind, set off by one failure.

    Parameters
    ----------
    reviews : mapping of Indicator to DataFrame
        Results of `srelib.alerts.review`.
    severity : str
        Of the rules that count.
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


def _rules(reviews: Mapping[Indicator, pd.DataFrame | SrelibError], severity: str) -> pd.DataFrame:
    parts = [r.assign(objective=key.name) for key, r in answers(reviews).items()]
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


def _rule(rule: Rule) -> str:
    windows = " and ".join(wording.duration(window) for window in rule.windows)
    return f"the {rule.factor:.4g}x rule over {windows}"


def rules_table(
    reviews: Mapping[Indicator, pd.DataFrame | SrelibError], *, severity: str
) -> Table | None:
    """What each rule needs to fire, per objective.

    Parameters
    ----------
    reviews, severity
        As of `review_sentences`.
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


def _in_outage(paper: pd.Timedelta, replayed: pd.Timedelta) -> str:
    """How soon a rule fires in a total outage, on paper and in buckets of the data."""
    if pd.isna(paper):
        return "never"
    seen = "" if pd.isna(replayed) else f", replayed {wording.duration(replayed)}"
    return f"{wording.duration(paper)} on paper{seen}"
