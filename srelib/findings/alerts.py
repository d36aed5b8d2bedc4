"""What notebook 03 says: what the policy in use and the alerts on record detected.

`pooled` is of the policy in use, as from `srelib.alerts.pooled`; None where none was replayed.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from srelib import wording
from srelib.alerts import AlertReplay, PooledAlerts, RecordedAlerts
from srelib.alerts.policies import OWN
from srelib.findings.finding import Finding, say, spent_by_incidents
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, refused_sentences, table
from srelib.fleet import Results

WIDE = 0.3
"""An interval of the share detected that is wider separates no similar policies [fraction]."""


def summary_sentences(
    pooled: PooledAlerts | None,
    *,
    replays: Results[AlertReplay],
    policy: str = "",
    recorded: RecordedAlerts | None = None,
) -> list[Finding]:
    """The answer: what was detected, how soon, with how many alerts; `policy` as it was written."""
    refused = refused_sentences(replays, "alerts.summary", "refused")
    if pooled is None:
        return [say("alerts.summary", "none" if refused else "no_slo"), *refused]
    lines = []
    if recorded is not None and recorded.pooled is not None:
        verdict = "some" if len(recorded.pooled.events) else "nothing"
        lines = [say("alerts.recorded", verdict, **_counts(recorded.pooled))]
    seen, any_events = pooled.events["detected"].any(), len(pooled.events) > 0
    lines.append(say(
        "alerts.replayed", "some" if seen else "none" if any_events else "nothing",
        policy=policy if pooled.policy == OWN else pooled.policy,
        wait=max(pooled.detection_seconds.value, 0.0), week_low=pooled.pages_per_week.low,
        week_high=pooled.pages_per_week.high, **_counts(pooled),
    ))  # fmt: skip
    return [*lines, *([_missed(pooled)] if any_events else []), *refused]


def _counts(pooled: PooledAlerts) -> dict[str, Any]:
    """Parts that many sentences about alerts fill in."""
    kinds = pooled.event_kind if len(pooled.events) == 1 else f"{pooled.event_kind}s"
    recall = pooled.recall
    return {
        "events": len(pooled.events), "detected": int(pooled.events["detected"].sum()),
        "kind": pooled.event_kind, "kinds": kinds, "sent": len(pooled.pages),
        "week": pooled.pages_per_week.value, "weeks": round(pooled.weeks, 1),
        "share": pooled.share, "objectives": pooled.objectives, "recall": recall.value,
        "low": recall.low, "high": recall.high, "level": recall.confidence,
    }  # fmt: skip


def _missed(pooled: PooledAlerts) -> Finding:
    """What no alert detected that was costly."""
    costly = pooled.events[pooled.events["spent"] >= pooled.share]
    missed = costly[~costly["detected"]]
    verdict = "small" if not len(costly) else "some" if len(missed) else "none"
    return say("alerts.missed", verdict, costly=len(costly), missed=len(missed), **_counts(pooled),
               **(_costliest(missed) if len(missed) else {}))  # fmt: skip


def _costliest(rows: pd.DataFrame) -> dict[str, Any]:
    top = rows.sort_values("spent", ascending=False, kind="stable").iloc[0]
    return {"what": top["label"], "where": top["objective"], "spent": top["spent"]}


def basis_sentences(pooled: PooledAlerts | None, *, truth: str) -> list[Finding]:
    """How much all this stands on, and what alerts are scored against; `truth` was asked for."""
    if pooled is None:
        return []
    few = pooled.recall.n and pooled.recall.high - pooled.recall.low > WIDE
    against = pooled.truth if pooled.truth == truth else "missing"
    return [
        say("alerts.basis", "few" if few else "enough", **_counts(pooled)),
        say("alerts.truth", against, how=HOW_TO["incidents"], **_counts(pooled)),
    ]


def unmatched_sentences(pooled: PooledAlerts | None) -> list[Finding]:
    """Alerts that matched nothing on record, and whether the budget burned all the same."""
    if pooled is None or not len(pooled.pages):
        return []
    false = pooled.false_pages
    if not len(false):
        return [say("alerts.unmatched", "none", **_counts(pooled))]
    by = false["objective"].value_counts()
    burning = int(false["burning"].fillna(False).sum()) if pooled.truth == "incidents" else 0
    return [say("alerts.unmatched", "burning" if burning else "some", unmatched=len(false),
                most=by.iloc[0], who=by.index[0], burning=burning, **_counts(pooled))]  # fmt: skip


def events_table(pooled: PooledAlerts | None) -> Table | None:
    """The events that used most budget before the first alert, or in all where none came."""
    if pooled is None or not len(pooled.events):
        return None
    rows = pooled.events.sort_values("spent_at_detection", ascending=False, kind="stable")
    first = [wording.length(max(took.total_seconds(), 0)) if seen else "missed"
             for took, seen in zip(rows["detection"], rows["detected"], strict=True)]  # fmt: skip
    frame = pd.DataFrame({
        "what": [wording.label(text, limit=33) for text in rows["label"]],
        "service": rows["service"], "from": rows["starts_at"].dt.strftime("%Y-%m-%d"),
        "first": first, "by_then": rows["spent_at_detection"], "spent": rows["spent"],
    })  # fmt: skip
    return table(frame.head(8), formats={"by_then": wording.percent, "spent": wording.percent},
                 caption=f"{pooled.event_kind.capitalize()}s that used most error budget before "
                         "the first replayed alert (UTC)",
                 headers={"what": pooled.event_kind, "first": "first alert after",
                          "by_then": "used by then", "spent": "used in all"},
                 findings=spent_by_incidents(rows, incident="key", share="spent")
                 if pooled.truth == "incidents" else ())  # fmt: skip
