"""What notebook 04 says: how often, how fast and how safely services are deployed.

`result` is what `srelib.delivery.performance` found, `windows` what `srelib.delivery.sensitivity`
found for all services taken as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.dataset import Dataset
from srelib.delivery import Delivery, DeliveryPerformance
from srelib.delivery.lead_time import _batch_sizes
from srelib.delivery.performance import FIVE, METRICS, _dora_level
from srelib.findings.finding import Finding, of_fields, say, sentence
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, table
from srelib.stats import Estimate
from srelib.windows.window import span_label

CLOCKS = {"committed": "commit", "merged": "merge"}
NAMES = {"lead_time": "change lead time", "fail_rate": "change fail rate",
         "recovery": "recovery time"}  # fmt: skip
PERIODS = {"1w": "week", "1M": "month", "1Q": "quarter"}


def summary_sentences(result: DeliveryPerformance) -> list[Finding]:
    """The answer of the notebook: deployment frequency, change lead time and change fail rate."""
    if not result.services:
        return [say("delivery.frequency", "nothing", how=HOW_TO["deployments"])]
    rows = _rows(result.frequency.sort_values("n", ascending=False, kind="stable"))
    total = sum(row.n for row in rows)
    verdict = "short" if result.weeks < 1 else "one" if len(rows) == 1 else "several"
    often = say("delivery.frequency", verdict if total else "none", n=total,
                history=_history(result), most=rows[0], least=rows[-1])  # fmt: skip
    known = {s: m.lead_time for s, m in result.metrics.items() if m.lead_time.n}
    if not known:
        unknown = say("delivery.lead_time", "unknown", how=HOW_TO["changes"])
        return [often, unknown, *_fail_rate(result)]
    quick, slow = min(known, key=lambda s: known[s].value), max(known, key=lambda s: known[s].value)
    lead = say(
        "delivery.lead_time", "one" if len(known) == 1 else "several", quick=quick, slow=slow,
        kind=result.rules.lead, clock=CLOCKS[result.rules.start], shortest=_time(known[quick]),
        longest=_time(known[slow]),
    )  # fmt: skip
    return [often, lead, *_fail_rate(result)]


def _fail_rate(result: DeliveryPerformance) -> list[Finding]:
    rows = result.fails[result.fails["n"] > 0]
    if not len(rows):
        unknown = say("delivery.fail_rate", "unknown", how=HOW_TO["incidents"])
        return [unknown] if result.frequency["n"].any() else []
    rows = rows.sort_values(["value", "n"], ascending=[False, False], kind="stable")
    (worst,), best = _rows(rows[rows["service"] == result.most_failing]), _rows(rows)[-1]
    verdict = ("none" if not worst.failed else "one" if worst == best
               else "apart" if worst.low > best.high else "overlap")  # fmt: skip
    n = int(rows["n"].sum())
    return [say("delivery.fail_rate", verdict, worst=worst, best=best, n=n)]


def basis_sentences(result: DeliveryPerformance, windows: pd.DataFrame) -> list[Finding]:
    """What the answer stands on, and what of it could be chance."""
    if not result.services:
        return [say("delivery.nothing")]
    doubtful = [
        sentence("delivery.chance", "part", row=row)
        for row in _rows(result.fails)
        if row.failed and row.n and not result.metrics[row.service].fail_clear
    ]
    incidents = result.pairs["incident_id"]
    placed = incidents[result.pairs["deployment_id"].notna()].nunique()
    verdict = "window" if result.rules.match.endswith("window") else "other"
    used = windows[windows["within"] == result.rules.within]
    found = say(
        "delivery.basis", verdict if len(incidents) else "none", history=_history(result),
        deployments=result.frequency["n"].sum(), changes=_deployed(result), attributed=placed,
        incidents=incidents.nunique(), by_chance=round((used["by_chance"] - used["named"]).sum()),
    )  # fmt: skip
    return [found] + ([say("delivery.chance", "some", parts=doubtful)] if doubtful else [])


def data_sentences(result: DeliveryPerformance, *, dataset: Dataset) -> list[Finding]:
    """What these numbers stand on, and what is missing."""
    missing = [
        say("delivery.missing", kind=kind, how=HOW_TO[kind])
        for kind in ("deployments", "changes", "incidents")
        if not len(getattr(dataset, kind))
    ]
    if not result.services:
        return missing
    rules, changes = result.rules, dataset.changes
    match = sentence("delivery.match", rules.match, within=rules.within)
    found = [say("delivery.rules", name=rules.name, match=match)]
    waiting = result.lead["seconds"][result.lead["state"] == "waiting"]
    if len(result.lead):
        found.append(say("delivery.changes", "waiting" if len(waiting) else "none",
                         n=len(result.lead), shipped=_deployed(result), waiting=len(waiting),
                         half=waiting.median()))  # fmt: skip
    merged = int(changes["committed_at"].isna().sum()) * (rules.start == "committed")
    broken = {str(s) for s in dataset.incidents["service"].dropna()} - set(result.services)
    parts = {
        "no_lead_time": [
            sentence("delivery.state", n=n, why=why)
            for why, n in result.lead["state"].value_counts().items()
            if why not in ("shipped", "waiting")
        ],
        "first_batch": [
            sentence("delivery.batch", row=row)
            for row in _rows(_batch_sizes(result.lead))
            if row.deployments >= 5 and row.first > 10 * row.usual
        ],
        "from_merge": [merged] if merged else [],
        "no_deployments": sorted(broken),
    }
    found += [say(f"delivery.{key}", parts=p, all=len(changes)) for key, p in parts.items() if p]
    return [*missing, *found]


def lead_time_sentence(result: DeliveryPerformance) -> Finding:
    """Whether the last period differs from the first by more than the intervals."""
    if not result.services:
        return say("delivery.nothing")
    rows = result.lead_periods[result.lead_periods["complete"] & (result.lead_periods["n"] >= 10)]
    ends = [(own[0], own[-1]) for own in map(_rows, dict([*rows.groupby("service")]).values())]
    ends = [(first, last) for first, last in ends if first != last]
    moved = [
        sentence("delivery.lead_trend", "part", who=last.service, first=first.value,
                 last=last.value)
        for first, last in ends if last.low > first.high or last.high < first.low
    ]  # fmt: skip
    verdict = "moved" if moved else "same" if ends else "few"
    return say("delivery.lead_trend", verdict, parts=moved, period=PERIODS[result.period])


def failure_sentences(result: DeliveryPerformance) -> list[Finding]:
    """Which signals failures had, what never reached users, and how much was unplanned."""
    if not result.services:
        return [say("delivery.nothing")]
    sums, signals = result.fails.sum(numeric_only=True), result.fails["signals"].iloc[0]
    parts = [
        sentence("delivery.signal", one, n=sums[one], within=result.rules.hotfix_within)
        for one in filter(None, signals.split(", "))
    ]
    verdict = "some" if sums["failed"] else "none"
    found = [say("delivery.failed", verdict if parts else "unknown", n=int(sums["failed"]),
                 parts=parts, before=int(sums["before_users"]))]  # fmt: skip
    known, unknown = result.rework["n"].sum(), result.rework["unknown"].sum()
    verdict = ("part" if unknown else "all") if known else "unknown"
    return [*found, say("delivery.rework", verdict, n=known, unknown=unknown,
                        unplanned=result.rework["unplanned"].sum())]  # fmt: skip


def attribution_sentence(result: DeliveryPerformance) -> Finding:
    """How many incidents are attributed to a deployment, by which rule, and why others are not."""
    if not result.services:
        return say("delivery.nothing")
    pairs = result.pairs.drop_duplicates(["service", "incident_id"])
    if not len(pairs):
        return say("delivery.attribution", "none", how=HOW_TO["incidents"])
    within, placed = result.rules.within, pairs["deployment_id"].notna()
    by, left = (
        [sentence(f"delivery.{key}", str(one), n=n, within=within)
         for one, n in own.value_counts().items()]
        for key, own in (("by", pairs["rule"][placed]), ("left", pairs["why"][~placed]))
    )  # fmt: skip
    verdict = "left" if not by else "part" if left else "all"
    return say("delivery.attribution", verdict, placed=placed.sum(), n=len(pairs), by=by, left=left)


def recovery_sentence(result: DeliveryPerformance) -> Finding:
    """How long failures last, where there are enough of them."""
    known = {s: each.recovery for s, each in result.metrics.items() if each.recovery.n}
    if not result.services:
        return say("delivery.nothing")
    if not known:
        recorded = result.fails["signals"].str.contains("incident").any()
        return say("delivery.recovery", "none" if recorded else "unknown", how=HOW_TO["incidents"])
    total, still = sum(e.n for e in known.values()), int(result.recovery["open"].sum())
    opened = sentence("delivery.recovery", "open", open=still, n=total) if still else ""
    most = max(known, key=lambda s: (_has_interval(known[s]), known[s].n))
    return say(
        "delivery.recovery", "some" if _has_interval(known[most]) else "few", n=total, who=most,
        kind=result.rules.lead, services=len(known), time=_time(known[most]), open=opened,
    )  # fmt: skip


def _time(estimate: Estimate) -> str:
    return sentence("delivery.time", "sure" if _has_interval(estimate) else "few", of=estimate)


def _has_interval(estimate: Estimate) -> bool:
    return estimate.low == estimate.low and estimate.high == estimate.high


def _history(result: DeliveryPerformance) -> float:
    return (result.between[1] - result.between[0]).total_seconds()


def _deployed(result: DeliveryPerformance) -> int:
    return int((result.lead["state"] == "shipped").sum())


def _rows(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples(index=False))


def metrics_table(result: DeliveryPerformance, *, year: int) -> Table | None:
    """The five numbers of each service with interval, n and their levels of a year."""
    if not result.services:
        return None
    rows = [
        {"service": wording.label(service, limit=30)}
        | {metric: _cell(each, metric, result, year) for metric in FIVE}
        for service, each in result.metrics.items()
    ]
    headers = {"frequency": "deployments a week", **NAMES, "rework_rate": "rework rate"}
    found = [one for service, each in result.metrics.items()
             for one in of_fields("delivery.five", each, service=service,
                                  window=span_label(*result.between))]  # fmt: skip
    return table(rows, headers=headers, findings=found,
                 caption=f"With 95 % interval and the DORA levels of {year} that it reaches "
                         "(survey clusters, not grades)")  # fmt: skip


def _cell(each: Delivery, metric: str, result: DeliveryPerformance, year: int) -> str:
    estimate: Estimate = getattr(each, metric)
    if estimate.value != estimate.value:
        return "not known"
    if metric == "frequency" and result.weeks < 1:
        return "too short"
    value, low, high = wording.estimates(metric, [estimate.value, estimate.low, estimate.high])
    if not _has_interval(estimate):
        return f"{value}\nn = {wording.count(estimate.n)}"
    notes = [f"{low} to {high}"]
    if metric in METRICS:
        best, worst = (_dora_level(end, metric=metric, year=year)
                       for end in (estimate.low, estimate.high))  # fmt: skip
        best, worst = (worst, best) if metric == "frequency" else (best, worst)
        notes.append(best[0] if best[0] == worst[-1] else f"{best[0]}–{worst[-1]}")
    if metric == "fail_rate" and not each.fail_clear:
        notes.append("could be chance")
    return f"{value}\n{'; '.join(notes)}"


def tools_table(found: Mapping[str, Mapping[str, Delivery]]) -> Table | None:
    """What other tools' rules make of the same exports: by their name, what `delivery.metrics` of
    all services together found.
    """
    rows = [{"rules": rules, "lead_time": _plain(each.lead_time, wording.length),
             "fail_rate": _plain(each.fail_rate, wording.percent),
             "recovery": _plain(each.recovery, wording.length)}
            for rules, services in found.items()
            for each in services.values() if each.deployments]  # fmt: skip
    caption = "The same exports by the published rules of other tools, all services together"
    return table(rows, headers=NAMES, caption=caption)


def _plain(estimate: Estimate, write: Callable[[float], str]) -> str:
    return write(estimate.value) if estimate.value == estimate.value else "not known"


def attribution_table(result: DeliveryPerformance, *, max_rows: int = 5) -> Table | None:
    """Incidents that are attributed to a deployment, latest first."""
    if not result.services:
        return None
    rows = result.pairs[result.pairs["deployment_id"].notna()]
    rows = rows.sort_values("started_at", ascending=False, kind="stable")
    columns = ["incident_id", "service", "started_at", "deployment_id", "delay"]
    headers = {"incident_id": "incident", "started_at": "started", "deployment_id": "deployment",
               "delay": "time after it"}  # fmt: skip
    links = {"incident_id": rows["incident_url"], "deployment_id": rows["deployment_url"]}
    return table(rows[columns], max_rows=max_rows, headers=headers, links=links,
                 caption="Incidents attributed to a deployment, latest first (UTC)")  # fmt: skip
