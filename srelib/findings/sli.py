"""What notebook 01 says of all the data: was each target kept, and could chance have done it.

Sentences and tables take results of `srelib.sli` by indicator: `levels` those of `interval`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from srelib import wording
from srelib.findings.finding import name, names
from srelib.findings.show import Table, table
from srelib.fleet import Indicator, Results, answers
from srelib.sli import LowTraffic, SliceShares
from srelib.sli.interval import ASSUMED, BACKGROUND_ONLY, OUTAGES, _compared_with_target
from srelib.sli.time_based import _longest_missed
from srelib.stats import Estimate
from srelib.wording import beyond

NO_DATA = ("There is no service level series here: export good and total events per service "
           "and minute, for example a Grafana panel (Inspect, Data, Download CSV).")  # fmt: skip
METHODS = {
    "weighted mean": "the interval is the weighted mean of those of the members, as if their "
                     "errors always came together",
    "assumed": "one or two outages were seen, so the interval assumes how much their sizes differ",
    "apart": "outages and the errors between them got intervals of their own, which were joined",
    "gamma": "no outage was seen, so the interval is of background errors only, which cluster",
    "wilson": "no outage was seen, so the interval is of background errors only, which look "
              "independent",
    "no bad time": "no bad time was seen, so there is no interval: a record without an outage "
                   "does not say how rare outages are",
    "no traffic": "no traffic was seen, so there is no interval",
}  # fmt: skip


def _verdict(indicator: Indicator, estimate: Estimate) -> str:
    """Whether the target was kept, as measured, and whether chance could have done it."""
    if estimate.value != estimate.value:
        return "no traffic"
    if not indicator.has_target:
        return "no target"
    found = _against_target(indicator, estimate)
    side = "kept" if found["kept"] else "missed"
    if estimate.low != estimate.low:
        return f"{side}, no interval"
    return side if found["beyond_chance"] else f"{side}, within chance"


def _against_target(indicator: Indicator, estimate: Estimate) -> pd.Series:
    level = {"ratio": [estimate.value], "low": [estimate.low], "high": [estimate.high]}
    return _compared_with_target(pd.DataFrame(level), target=indicator.target).iloc[0]


def _level_sentence(indicator: Indicator, estimate: Estimate) -> str:
    """The service level of one indicator, with interval, and what it means for the target."""
    found = _verdict(indicator, estimate)
    if found == "no traffic":
        return f"{name(indicator.name)} saw no traffic, so it has no service level."
    value, low, high = _numbers(indicator, estimate)
    text = f"{name(indicator.name)}: {value} good"
    if estimate.low == estimate.low:
        text += (f" ({wording.percent(estimate.confidence)} interval {low} to {high}"
                 f"{_reserved(estimate)})")  # fmt: skip
    if found == "no target":
        return f"{text}; nothing is promised."
    side, _, doubt = found.partition(", ")
    tail = {
        "within chance": ", but within the reach of chance",
        "no interval": "; without any bad time there is no interval",
    }.get(doubt, "")
    return f"{text}; the target of {wording.percent(indicator.target)} was {side}{tail}."


def _reserved(estimate: Estimate) -> str:
    """What the interval of a service level leaves out or assumes."""
    said = (text for text in (BACKGROUND_ONLY, ASSUMED) if estimate.method.endswith(text))
    return next(said, "")


def _numbers(indicator: Indicator, estimate: Estimate) -> list[str]:
    """Value, low and high in percent, on the right side of the target."""
    line = indicator.target if indicator.has_target else None
    return wording.percents((estimate.value, estimate.low, estimate.high), against=line)


def levels_sentences(levels: Results[Estimate], *, length: pd.Timedelta) -> list[str]:
    """The answer of the notebook: the bottom line first, then the most alarming first."""
    results = answers(levels)
    if not results:
        return [NO_DATA]
    groups = {key: _verdict(key, estimate) for key, estimate in results.items()}
    order = sorted(results, key=lambda key: -_weight(key, results[key]))
    sure = [key for key in order if groups[key] == "kept"]
    shared = sure if len(sure) > 3 else []
    lines = [_bottom_line(levels, length=length)] if len(results) > 1 else []
    lines += [_level_sentence(key, results[key]) for key in order if key not in shared][:11]
    if shared:
        lines.append(f"{len(shared)} kept their target beyond the reach of chance: "
                     f"{names((key.name for key in shared), limit=6)}.")  # fmt: skip
    return lines


def _weight(indicator: Indicator, estimate: Estimate) -> float:
    """How alarming a level is: its bad share over the allowed one; without a target, below all."""
    if estimate.value != estimate.value:
        return -2.0
    if not indicator.has_target:
        return -estimate.value
    return (1 - estimate.value) / indicator.allowed


def _bottom_line(levels: Results[Estimate], *, length: pd.Timedelta) -> str:
    """How many objectives were kept and missed, the most missed named first."""
    results = answers(levels)
    groups = {key: _verdict(key, e) for key, e in results.items() if key.has_target}
    over = f"over {wording.duration(length)}"
    if not groups:
        return _unpromised(results, over)
    kept, missed = ([k for k, found in groups.items() if found.startswith(side)]
                    for side in ("kept", "missed"))  # fmt: skip
    missed.sort(key=lambda key: -_weight(key, results[key]))
    if not kept and not missed:
        return f"None of {len(groups)} objectives saw any traffic {over}."
    quiet = len(groups) - len(kept) - len(missed)
    silent = f"; {wording.count(quiet)} saw no traffic" if quiet else ""
    return f"{_result(kept, missed, over)}{silent}{_doubt(list(groups.values()))}."


def _result(kept: list[Indicator], missed: list[Indicator], over: str) -> str:
    """How many were kept and missed; who missed is named."""
    n, who = len(kept) + len(missed), names((key.name for key in missed), limit=3)
    if n < 2:
        side = "kept" if kept else "missed"
        return f"The objective {names(k.name for k in kept + missed)} was {side} {over}"
    every = "Both objectives were" if n == 2 else f"All {n} objectives were"
    if not missed:
        return f"{every} kept {over}"
    if not kept:
        return f"{every} missed {over} ({who})"
    verb = "was" if len(kept) == 1 else "were"
    return f"Of {n} objectives {over}, {len(kept)} {verb} kept and {len(missed)} missed ({who})"


def _doubt(verdicts: list[str]) -> str:
    """How many of the results chance could have made, and how many cannot be judged."""
    text = ""
    for ending, words in (("within chance", "within the reach of chance"),
                          ("no interval", "without an interval")):  # fmt: skip
        n = sum(found.endswith(ending) for found in verdicts)
        if n:
            text += f"; {n} of these results {'is' if n == 1 else 'are'} {words}"
    return text


def _unpromised(results: Mapping[Indicator, Estimate], over: str) -> str:
    """The bottom line where nothing is promised: the least reliable series."""
    known = {key: e for key, e in results.items() if e.value == e.value}
    if not known:
        return f"None of {len(results)} series saw any traffic {over}."
    worst = min(known, key=lambda key: known[key].value)
    return (f"Of {len(results)} series {over}, {name(worst.name)} was the least reliable, "
            f"{wording.percent(known[worst].value)} good; nothing is promised.")  # fmt: skip


def levels_table(levels: Results[Estimate], *, coverage: Results[float]) -> Table:
    """Service level of every indicator, with interval, n, method and `coverage` [fraction]."""
    seen = answers(coverage)
    rows = [_level_row(key, e, seen[key]) for key, e in answers(levels).items()]
    columns = ["indicator", "target", "good", "interval", "n", "method", "observed", "verdict"]
    confidence = next((e.confidence for e in answers(levels).values()), 0.95)
    caption = f"Service levels over all the data, {wording.percent(confidence)} intervals"
    return table(pd.DataFrame(rows, columns=columns), max_rows=50, caption=caption)


def _level_row(key: Indicator, estimate: Estimate, coverage: float) -> dict[str, str]:
    value, low, high = _numbers(key, estimate)
    fact, comma, doubt = _verdict(key, estimate).partition(", ")
    unit = "outages" if estimate.method.startswith(OUTAGES) else key.unit
    return {"indicator": key.name,
            "target": wording.percent(key.target) if key.has_target else "none", "good": value,
            "interval": f"{low} to {high}" if estimate.low == estimate.low else "none",
            "n": wording.amount(estimate.n, unit),
            "method": estimate.method,
            "observed": wording.percent(coverage),
            "verdict": f"{fact}{comma}{doubt.replace(' ', wording.NBSP)}"}  # fmt: skip


def methods_sentence(levels: Results[Estimate]) -> str:
    """How the intervals were made, and where there is none."""
    results = answers(levels)
    if not results:
        return "There is no interval, because there is no data."
    found = [next(kind for kind in METHODS if kind in e.method.lower()) for e in results.values()]
    kinds = sorted(set(found), key=lambda kind: (-found.count(kind), list(METHODS).index(kind)))
    made = sum(not kind.startswith("no ") for kind in found)
    confidence = wording.percent(next(iter(results.values())).confidence)
    first = f"All intervals are {confidence} intervals. " if made > 1 else (
        f"The interval is a {confidence} interval. " if made else "")  # fmt: skip
    if len(kinds) == 1:
        reason = METHODS[kinds[0]]
        return f"{first}{reason[0].upper()}{reason[1:]}."
    phrases = [f"in {found.count(kind)}{f' of {len(found)} indicators' * (i == 0)} {METHODS[kind]}"
             for i, kind in enumerate(kinds)]  # fmt: skip
    text = "; ".join(phrases)
    return f"{first}{text[0].upper()}{text[1:]}."


def periods_sentence(periods: Results[pd.DataFrame], *, period: str = "week") -> str:
    """In how many periods (`by_period`) targets were missed, and in how many beyond chance."""
    results = {k: _compared_with_target(r, target=k.target_of(r))
               for k, r in answers(periods).items() if k.has_target}  # fmt: skip
    if not results:
        return "Without objectives there is nothing to miss; the figure shows the bad share alone."
    missed = {k: int(r["missed"].sum()) for k, r in results.items()}
    sure = {k: int((r["missed"] & r["beyond_chance"]).sum()) for k, r in results.items()}
    seen = {k: int((r["kept"] | r["missed"]).sum()) for k, r in results.items()}
    if not sum(seen.values()):
        return f"No {period} saw any traffic."
    worst = max(missed, key=lambda key: (missed[key], sure[key]))
    if not missed[worst]:
        return f"No target was missed in any {period}."
    n = wording.plural(seen[worst], period)
    text = (f"{name(worst.name)} missed its target in {missed[worst]} of {n}"
            f"{beyond(missed[worst], sure[worst])}.")  # fmt: skip
    if len(results) == 1:
        return text
    every = wording.plural(sum(seen.values()), f"indicator-{period}")
    total, clear = sum(missed.values()), sum(sure.values())
    verb = "was" if total == 1 else "were"
    return f"{text} Of all {every}, {total} {verb} missed{beyond(total, clear)}."


def worst_sentence(worst: Results[pd.DataFrame]) -> str:
    """How the curves of windowed availability read: long outages against many short ones."""
    results = {k: r.dropna(subset=["ratio"]) for k, r in answers(worst).items()}
    results = {k: r for k, r in results.items() if len(r)}
    if not results:
        return NO_DATA
    reach = {k: _longest_missed(r, target=k.target) for k, r in results.items() if k.has_target}
    if not reach:
        return "Without objectives the curves have no line to cross."
    far, near = max(reach, key=lambda k: reach[k]), min(reach, key=lambda k: reach[k])
    if not reach[far]:
        return "No indicator misses its target in any window of any length."
    text = f"{name(far.name)} misses its target even over its worst {wording.roughly(reach[far])}"
    if far == near or reach[near] == reach[far]:
        return f"{text}."
    if not reach[near]:
        return f"{text}; {name(near.name)} misses it in no window at all."
    return (f"{text}; {name(near.name)} misses it in no window longer than "
            f"about {wording.roughly(reach[near])}.")  # fmt: skip


def slices_sentence(shares: Results[SliceShares], *, slice: str) -> str:
    """What counting time (`slice_shares`) instead of events changes; `slice` is its length."""
    length = wording.duration(pd.Timedelta(slice))
    difference = {key: abs(s.slices - s.events) for key, s in answers(shares).items()
                  if not key.counts_slices and s.slices == s.slices}  # fmt: skip
    if not difference:
        return ("There is nothing to compare: slices need an objective, and buckets of time no "
                f"longer than {length}.")  # fmt: skip
    key = max(difference, key=lambda key: difference[key])
    share = answers(shares)[key]
    events, slices = wording.percent(share.events), wording.percent(share.slices)
    counted = "time was" if key.unit == "seconds" else "events were"
    who = f"{'The choice matters most for ' * (len(difference) > 1)}{name(key.name)}"
    return (f"{who}: {events} of its {counted} bad, and {slices} of its slices of {length} "
            "fell below the target.")  # fmt: skip


def low_traffic_sentence(low: Results[LowTraffic]) -> str:
    """Which targets the traffic can hardly resolve."""
    results = answers(low)
    if not results and low:
        return "There is too little history to tell how much traffic a window sees."
    if not results:
        return "Without objectives there is no allowance that traffic could be too low for."
    results = {k: r for k, r in results.items() if k.unit != "seconds"}
    if not results:
        return "Time is counted here and not events, so there is no traffic to be too low."
    few = {k: r for k, r in results.items() if r.is_low and r.events > 0}
    idle = [k for k, r in results.items() if r.events == 0]
    silent = f" No traffic at all: {names(k.name for k in idle)}." if idle else ""
    if len(idle) == len(results):
        return silent.strip()
    if not few:
        return ("No indicator has so little traffic that single failures decide about its "
                f"target.{silent}")  # fmt: skip
    key = max(few, key=lambda k: few[k].cost_of_one)
    row, tail = few[key], "not one failure fits into the target"
    if row.allowance >= 1:
        tail = (f"the target allows {wording.plural(row.failures_allowed, 'failure')}, and each "
                f"costs {wording.percent(row.cost_of_one)} of the budget")  # fmt: skip
    more = f" Also low: {names(k.name for k in few if k != key)}." if len(few) > 1 else ""
    return (f"Low traffic: of the {wording.amount(row.events, key.unit)} {name(key.name)} sees per "
            f"{row.window}, {tail}.{more}{silent}")  # fmt: skip
