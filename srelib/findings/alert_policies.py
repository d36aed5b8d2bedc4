"""Other policies and the alerts on record on the same history, and what each rule needs.

`found` is as from `srelib.alerts.compare`, `reviews` are those of `srelib.alerts.review`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.alerts import PooledAlerts, RecordedAlerts, Rule
from srelib.alerts.policies import _builtin_policies, _earlier_attempts
from srelib.findings.alerts import _costliest, _counts
from srelib.findings.finding import Finding, names, say
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, table
from srelib.fleet import Results, answers
from srelib.stats import Estimate

Policies = Mapping[str, PooledAlerts]


def compare_table(found: Policies | None, *, recorded: RecordedAlerts | None) -> Table | None:
    """The policy in use, the alerts on record and other ready-made policies on the same history."""
    if not found:
        return None
    one, *others = found.values()
    real = [] if recorded is None or recorded.pooled is None else [recorded.pooled]
    kept = [p for p in others if p.policy not in _earlier_attempts("28d")]
    rows = [{"policy": p.policy, "detected": _share_of(p.recall), "change": _change(p, one),
             "useful": wording.percent(p.precision.value),
             "week": wording.rate(p.pages_per_week.value),
             "first": wording.length(max(p.detection_seconds.value, 0)),
             "spent": wording.percent(p.spent_at_detection.value)}
            for p in (one, *real, *kept)]  # fmt: skip
    note = "; recorded: alerts on record" if real else ""
    return table(pd.DataFrame(rows), caption=f"Policies replayed (medians{note})",
                 headers={"detected": f"{one.event_kind}s detected",
                          "change": f"beside {wording.label(one.policy)}",
                          "useful": f"alerts for an {one.event_kind}", "week": "alerts a week",
                          "first": "first alert after",
                          "spent": "budget used by then"})  # fmt: skip


def _share_of(estimate: Estimate) -> str:
    if not estimate.n:
        return "–"
    value, low, high = wording.shares([estimate.value, estimate.low, estimate.high])
    return f"{value} of {wording.count(estimate.n)}\n{low} to {high}"


def _change(one: PooledAlerts, current: PooledAlerts) -> str:
    """How many events more and fewer a policy detects than the one in use."""
    lost, won = _lost_and_won(one, current)
    return "–" if one is current else f"+{len(won)}, {wording.MINUS}{len(lost)}"


def _lost_and_won(one: PooledAlerts, current: PooledAlerts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events that only the policy in use detects, and those that only the other one does."""
    rows, other = (p.events.set_index(["objective", "key"], drop=False) for p in (one, current))
    known = other["detected"].reindex(rows.index).astype("boolean").fillna(False).astype(bool)
    return rows[known & ~rows["detected"]], rows[~known & rows["detected"]]


def compare_sentences(found: Policies | None) -> list[Finding]:
    """Which ready-made policies could not be replayed on every objective."""
    known = set(_builtin_policies("28d")) - set(_earlier_attempts("28d"))
    left_out = sorted(known - set(found)) if found else []
    return [say("alerts.compared", "left_out", policies=left_out, n=len(left_out))] * bool(left_out)


def recorded_sentences(
    recorded: RecordedAlerts | None, found: Policies | None, *, severity: str
) -> list[Finding]:
    """The alerts on record beside the policy in use, and what the record leaves open."""
    if not found:
        return []
    if recorded is None:
        return [say("alerts.record", "missing", how=HOW_TO["alerts"])]
    if recorded.unclear:
        return [say("alerts.record", "unclear", unclear=recorded.unclear)]
    if recorded.pooled is None:
        verdict = "other" if recorded.others else "none"
        return [say("alerts.record", verdict, severity=severity, others=recorded.others)]
    one, current = recorded.pooled, next(iter(found.values()))
    lost, won = _lost_and_won(one, current)
    verdict = "less" if len(lost) else "more" if len(won) else "same"
    top = _costliest(lost if len(lost) else won) if verdict != "same" else {}
    beside = say("alerts.record", verdict, lost=len(lost), won=len(won),
                 known=int(current.events["detected"].sum()), **top, **_counts(one))  # fmt: skip
    return [beside, *_which_came_first(one, current), *_record_limits(recorded, severity)]


def _which_came_first(one: PooledAlerts, current: PooledAlerts) -> list[Finding]:
    """Whether the alerts on record came sooner, of what both detected."""
    rows = [p.events.set_index(["objective", "key"])["detected_at"] for p in (one, current)]
    later = (rows[0] - rows[1].reindex(rows[0].index)).dropna().dt.total_seconds()
    if not len(later):
        return []
    middle = float(later.median())
    return [say("alerts.first", "later" if middle > 0 else "sooner" if middle < 0 else "same",
                both=len(later), first=int((later < 0).sum()), last=int((later > 0).sum()),
                lead=abs(middle))]  # fmt: skip


def _record_limits(recorded: RecordedAlerts, severity: str) -> list[Finding]:
    """What the record itself leaves open."""
    taken = [one for one in recorded.severities if one.strip().lower() != severity.strip().lower()]
    parts: dict[str, Any] = {"taken": taken, "severity": severity, "silent": recorded.silent}
    limits = (
        ("unnamed", not recorded.severities, 0, None),
        ("taken", taken, len(taken), None),
        ("silent", recorded.silent, len(recorded.silent), None),
        ("begins", recorded.begins is not None, 0, recorded.begins),
        ("ends", recorded.ends is not None, 0, recorded.ends),
    )
    return [say("alerts.limit", verdict, n=n, day=day, **parts)
            for verdict, holds, n, day in limits if holds]  # fmt: skip


def search_sentences(found: pd.DataFrame | None) -> list[Finding]:
    """Whether another policy would do better, chosen early and tested late."""
    if found is None or not len(found):
        return []
    now, best = (found[mask].iloc[0] for mask in (found["kind"] == "current", found["chosen"]))
    parts = {
        "tried": len(found), "now": now["policy"], "best": best["policy"],
        "n": int(best["events_tested_on"]),
        "pages": best["pages_per_week_tested_on"], "spent": best["spent_tested_on"],
        "pages_now": now["pages_per_week_tested_on"], "spent_now": now["spent_tested_on"],
    }  # fmt: skip
    if best["policy"] == now["policy"]:
        return [say("alerts.search", "keep", **parts)]
    pages, spent = parts["pages"] - parts["pages_now"], parts["spent"] - parts["spent_now"]
    lasts = pages <= 0 and spent <= 0 and (pages < 0 or spent < 0)
    return [say("alerts.search", "lasts" if lasts else "fails", **parts)]


Reviews = Results[pd.DataFrame]


def review_sentences(reviews: Reviews, *, severity: str) -> list[Finding]:
    """Rules that cannot do their job on this data: unreachable, blind, set off by one failure."""
    rows = _rules(reviews, severity)
    if not len(rows):
        return []
    kinds = {
        "unreachable": ~rows["reachable"], "blind": rows["blind"],
        "too_long": rows["too_long"] & ~rows["blind"],
        "one_failure": rows["one_failure_fires"] & ~rows["blind"],
    }  # fmt: skip
    found = [say("alerts.rules", verdict, rules=_places(rows[mask]))
             for verdict, mask in kinds.items() if mask.any()]  # fmt: skip
    return found or [say("alerts.rules", "ok", objectives=len(answers(reviews)))]


def _rules(reviews: Reviews, severity: str) -> pd.DataFrame:
    parts = [r.assign(objective=key.name) for key, r in answers(reviews).items()]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"severity": []})
    return rows[rows["severity"] == severity]


def _places(rows: pd.DataFrame) -> str:
    groups = rows.groupby(rows["rule"].map(_rule), sort=False)["objective"]
    return wording.listing([f"{rule} ({names(who)})" for rule, who in groups])


def _rule(rule: Rule) -> str:
    """A rule in the words of `read_policy`, such as 14.4x in 1h/5m."""
    windows = "/".join(wording.duration(one).replace(wording.NBSP, "") for one in rule.windows)
    return f"{rule.factor:.4g}x in {windows.replace('min', 'm')}"


def rules_table(reviews: Reviews, *, severity: str) -> Table | None:
    """What the fastest rule of each objective needs to fire, at average traffic."""
    rows = _rules(reviews, severity)
    if not len(rows):
        return None
    soonest = rows.assign(outage=rows["replayed"].fillna(rows["on_paper"])).sort_values("outage")
    rows = soonest.groupby("objective", sort=False).first().reindex(rows["objective"].unique())
    rows["fires"] = [wording.duration(took) if took == took else "never" for took in rows["outage"]]
    rows["fires"] = rows["fires"].mask(rows["too_long"], "too long").mask(rows["blind"], "blind")
    frame = pd.DataFrame({"objective": rows.index, "rule": rows["rule"].map(_rule),
                          "needed": rows["failures_to_fire"], "outage": rows["fires"]})  # fmt: skip
    return table(frame, headers={"needed": "bad events needed", "outage": "fires after"},
                 caption="The rule of each objective that fires first in a total outage"
                 )  # fmt: skip
