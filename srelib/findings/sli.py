"""What notebook 01 says of all the data: was each target kept, and could chance have done it.

Sentences and tables take results of `srelib.sli` by indicator: `levels` those of `interval`.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from srelib import wording
from srelib.findings.finding import Finding, say
from srelib.findings.show import Table, table
from srelib.fleet import Indicator, Results, answers
from srelib.sli import LowTraffic, SliceShares
from srelib.sli.interval import ASSUMED, BACKGROUND_ONLY, OUTAGES, _compared_with_target
from srelib.sli.time_based import _longest_missed
from srelib.stats import Estimate

LIMITS: dict[str, Callable[[Estimate], bool]] = {
    "assumed": lambda e: e.method.endswith(ASSUMED),
    "background": lambda e: e.method.endswith(BACKGROUND_ONLY),
    "members": lambda e: e.method.startswith("weighted mean"),
    "none": lambda e: e.low != e.low,
}
"""What an interval assumes or leaves out."""


def _verdict(indicator: Indicator, estimate: Estimate) -> str:
    """Whether the target was kept, as measured, and whether chance could have done it."""
    if estimate.value != estimate.value:
        return "no traffic"
    if not indicator.has_target:
        return "no target"
    level = {"ratio": [estimate.value], "low": [estimate.low], "high": [estimate.high]}
    found = _compared_with_target(pd.DataFrame(level), target=indicator.target).iloc[0]
    side = "kept" if found["kept"] else "missed"
    if estimate.low != estimate.low:
        return f"{side}, no interval"
    return side if found["beyond_chance"] else f"{side}, could be chance"


def _level(indicator: Indicator, estimate: Estimate) -> Finding:
    """The service level of one indicator, with interval, and what it means for the target."""
    side, _, doubt = _verdict(indicator, estimate).partition(", ")
    kind = {"could be chance": "chance", "no interval": "none"}.get(doubt, "clear")
    if side == "no target":
        kind = "bare" if estimate.low == estimate.low else "bare_none"
    value, low, high = _numbers(indicator, estimate)
    limits = (text for text in (BACKGROUND_ONLY, ASSUMED) if estimate.method.endswith(text))
    return say("sli.level", "idle" if side == "no traffic" else kind, who=indicator.name,
               value=value, low=low, high=high, level=estimate.confidence, side=side,
               target=indicator.target, reserved=next(limits, ""))  # fmt: skip


def _numbers(indicator: Indicator, estimate: Estimate) -> list[str]:
    """Value, low and high in percent, on the right side of the target."""
    line = indicator.target if indicator.has_target else None
    return wording.percents((estimate.value, estimate.low, estimate.high), against=line)


def levels_sentences(levels: Results[Estimate], *, length: pd.Timedelta) -> list[Finding]:
    """The answer of the notebook: all objectives, how sure, and the most alarming of them."""
    results = answers(levels)
    if not results:
        return [say("sli.fleet", "no_data")]
    order = sorted(results, key=lambda key: -_weight(key, results[key]))
    first, known = order[0], results[order[0]]
    worst = [_level(first, known)]
    if len(results) == 1:
        return worst
    found = {key: _verdict(key, results[key]) for key in order}
    judged = [key for key in order if found[key].startswith(("kept", "missed"))]
    missed = [key.name for key in judged if found[key].startswith("missed")]
    doubts = {"chance": sum(found[key].endswith("chance") for key in judged),
              "silent": sum(verdict == "no traffic" for verdict in found.values())}  # fmt: skip
    verdict = "missed" if missed else "kept" if judged else "bare"
    if known.value != known.value:  # the first has traffic where any has
        verdict, worst = "idle", []
    lines = [say("sli.fleet", verdict, length=length, missed=len(missed), judged=len(judged),
                 who=missed, all=len(order), worst=first.name)]  # fmt: skip
    lines += [say("sli.doubt", kind, n=n, judged=len(judged))
              for kind, n in doubts.items() if n and judged]  # fmt: skip
    return lines + worst


def _weight(indicator: Indicator, estimate: Estimate) -> float:
    """How alarming a level is: its bad share over the allowed one; without a target, below all."""
    if estimate.value != estimate.value:
        return -2.0
    if not indicator.has_target:
        return -estimate.value
    return (1 - estimate.value) / indicator.allowed


def levels_table(levels: Results[Estimate]) -> Table | None:
    """Service level of every indicator, with interval and what it stands on."""
    rows = []
    for key, e in answers(levels).items():
        value, low, high = _numbers(key, e)
        unit = "outages" if e.method.startswith(OUTAGES) else key.unit
        rows.append(
            {
                "objective": key.name,
                "target": wording.percent(key.target) if key.has_target else "none",
                "good": f"{value}\n{low} to {high}" if e.low == e.low else value,
                "n": wording.amount(e.n, unit),
                "result": _verdict(key, e),
            }
        )
    confidence = next((e.confidence for e in answers(levels).values()), 0.95)
    caption = f"Service levels over all the data, {wording.percent(confidence)} intervals"
    return table(rows, caption=caption)


def basis_sentences(levels: Results[Estimate]) -> list[Finding]:
    """What the intervals say, and what some of them assume or leave out."""
    results = list(answers(levels).values())
    if not results:
        return []
    counted = {kind: sum(holds(e) for e in results) for kind, holds in LIMITS.items()}
    return [say("sli.basis", "all", level=results[0].confidence)] + [
        say("sli.basis", kind, n=n, all=len(results)) for kind, n in counted.items() if n
    ]


def periods_sentences(periods: Results[pd.DataFrame], *, period: str = "week") -> list[Finding]:
    """In how many periods (`by_period`) targets were missed, and in how many beyond chance."""
    results = {k: _compared_with_target(r, target=k.target_of(r))
               for k, r in answers(periods).items() if k.has_target}  # fmt: skip
    if not results:
        return []
    missed = {k: int(r["missed"].sum()) for k, r in results.items()}
    sure = {k: int((r["missed"] & r["beyond_chance"]).sum()) for k, r in results.items()}
    seen = {k: int((r["kept"] | r["missed"]).sum()) for k, r in results.items()}
    worst = max(missed, key=lambda key: (missed[key], sure[key]))
    verdict = "several" if len(results) > 1 else "one"
    if not missed[worst]:
        verdict = "never" if sum(seen.values()) else "idle"
    return [say("sli.periods", verdict, who=worst.name, period=period, missed=missed[worst],
                seen=seen[worst], every=sum(seen.values()), total=sum(missed.values()),
                sure=sum(sure.values()))]  # fmt: skip


def worst_sentences(worst: Results[pd.DataFrame]) -> list[Finding]:
    """How the curves of windowed availability read: long outages against many short ones."""
    known = {k: r.dropna(subset=["ratio"]) for k, r in answers(worst).items() if k.has_target}
    reach = {k: _longest_missed(r, target=k.target).total_seconds()
             for k, r in known.items() if len(r)}  # fmt: skip
    if not reach:
        return []
    far, near = max(reach, key=lambda k: reach[k]), min(reach, key=lambda k: reach[k])
    verdict = ("never" if not reach[far] else "one" if reach[near] == reach[far]
               else "short" if reach[near] else "no_window")  # fmt: skip
    return [say("sli.worst", verdict, far=far.name, near=near.name,
                long=wording.roughly(reach[far]), short=wording.roughly(reach[near]))]  # fmt: skip


def slices_sentences(shares: Results[SliceShares], *, slice: str) -> list[Finding]:
    """What counting time (`slice_shares`) instead of events changes; `slice` is its length."""
    known = {key: s for key, s in answers(shares).items()
             if not key.counts_slices and s.slices == s.slices}  # fmt: skip
    if not known:
        return [say("sli.slices", "none", length=pd.Timedelta(slice))]
    key = max(known, key=lambda key: abs(known[key].slices - known[key].events))
    counted = "time was" if key.unit == "seconds" else "events were"
    return [say("sli.slices", "some", who=key.name, events=known[key].events, counted=counted,
                slices=known[key].slices, length=pd.Timedelta(slice))]  # fmt: skip


def low_traffic_sentences(low: Results[LowTraffic]) -> list[Finding]:
    """Which targets the traffic can hardly resolve."""
    results = {k: r for k, r in answers(low).items() if k.unit != "seconds"}
    few = {k: r for k, r in results.items() if r.is_low and r.events > 0}
    idle = [k.name for k, r in results.items() if r.events == 0]
    silent = [say("sli.traffic", "idle", who=idle)] if idle else []
    if not few:
        return [say("sli.traffic", "enough")] * (len(idle) < len(results)) + silent
    key = max(few, key=lambda k: few[k].cost_of_one)
    row, others = few[key], [k.name for k in few if k != key]
    lines = [say("sli.traffic", "low" if row.allowance >= 1 else "below_one", who=key.name,
                 events=wording.amount(row.events, key.unit), window=row.window,
                 allowed=row.failures_allowed, cost=row.cost_of_one)]  # fmt: skip
    return [*lines, *([say("sli.traffic", "also", who=others)] if others else []), *silent]
