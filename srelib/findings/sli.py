"""What notebook 01 says: how reliable each indicator was, how surely, over which windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.findings.show import Table, table
from srelib.findings.text import name, names
from srelib.indicators import Indicator, answered

NO_DATA = ("There is no service level series here: export good and total events per service "
           "and minute, for example a Grafana panel (Inspect, Data, Download CSV).")  # fmt: skip


def verdict(indicator: Indicator, estimate: Any) -> str:
    """Whether the target was kept, as far as the interval allows to say.

    Parameters
    ----------
    indicator : Indicator
    estimate : Estimate
        Share of good events with its interval [fraction].

    Returns
    -------
    str
        'kept', 'missed', 'unsure', 'no traffic' or 'no target'.
    """
    if estimate.value != estimate.value:
        return "no traffic"
    if not indicator.has_target:
        return "no target"
    if estimate.low >= indicator.target:
        return "kept"
    return "missed" if estimate.high < indicator.target else "unsure"


def level_sentence(indicator: Indicator, estimate: Any) -> str:
    """The service level of one indicator, with interval, n and what it means for the target.

    Parameters
    ----------
    indicator : Indicator
    estimate : Estimate
        Share of good events with its interval [fraction].

    Returns
    -------
    str
        Markdown.
    """
    found = verdict(indicator, estimate)
    if found == "no traffic":
        return f"{name(indicator.name)} saw no traffic, so it has no service level."
    value, low, high = _numbers(indicator, estimate)
    text = f"{name(indicator.name)}: {value} good"
    if estimate.low == estimate.low:
        text += f" ({wording.percent(estimate.confidence)} interval {low} to {high})"
    if found == "no target":
        return f"{text}; nothing is promised."
    target = wording.percent(indicator.target)
    if found == "unsure":
        side = "kept" if estimate.value >= indicator.target else "missed"
        return f"{text}; the target of {target} was {side}, but within the reach of chance."
    return f"{text}; the target of {target} was {found}."


def _numbers(indicator: Indicator, estimate: Any) -> list[str]:
    """Value, low and high in percent, on the right side of the target."""
    line = indicator.target if indicator.has_target else None
    return wording.percents((estimate.value, estimate.low, estimate.high), against=line)


def levels_sentences(levels: Mapping[Indicator, Any]) -> list[str]:
    """The answer of the notebook: who missed, who is unsure, who kept the target.

    Parameters
    ----------
    levels : mapping of Indicator to Estimate
        Results of `srelib.sli.interval`.

    Returns
    -------
    list of str
        Markdown; the most alarming first.
    """
    results = answered(levels)
    if not results:
        return [NO_DATA]
    groups: dict[str, list[Indicator]] = {}
    for key, estimate in results.items():
        groups.setdefault(verdict(key, estimate), []).append(key)
    lines = []
    unsure = sorted(groups.get("unsure", []), key=lambda k: results[k].value >= k.target)
    for key in groups.get("missed", []) + unsure:
        lines.append(level_sentence(key, results[key]))
    kept = groups.get("kept", [])
    if len(kept) > 3:
        lines.append(f"{len(kept)} kept their target beyond the reach of chance: "
                     f"{names((key.name for key in kept), limit=6)}.")  # fmt: skip
    else:
        lines += [level_sentence(key, results[key]) for key in kept]
    lines += [level_sentence(key, results[key])
              for kind in ("no target", "no traffic") for key in groups.get(kind, [])]  # fmt: skip
    return lines[:12]


def periods_sentence(periods: Mapping[Indicator, Any], *, period: str = "week") -> str:
    """In how many periods targets were clearly missed, and how many are too close to call.

    Parameters
    ----------
    periods : mapping of Indicator to DataFrame
        Results of `srelib.sli.by_period`.
    period : str
        What a period is, in words.

    Returns
    -------
    str
        Markdown.
    """
    results = {k: r for k, r in answered(periods).items() if k.has_target}
    if not results:
        return "Without objectives there is nothing to miss; the figure shows the bad share alone."
    missed = {k: int((r["high"] < k.target).sum()) for k, r in results.items()}
    unsure = sum(int(((r["high"] >= k.target) & (r["low"] < k.target)).sum())
                 for k, r in results.items())  # fmt: skip
    all_periods = sum(int(r["ratio"].notna().sum()) for r in results.values())
    worst = max(missed, key=lambda key: missed[key])
    if missed[worst] == 0:
        text = f"No indicator clearly missed its target in any {period}"
    else:
        n = int(results[worst]["ratio"].notna().sum())
        text = f"{name(worst.name)} clearly missed its target in {missed[worst]} of {n} {period}s"
    return (f"{text}; of all {wording.plural(all_periods, f'indicator-{period}')}, "
            f"{wording.count(unsure)} are too close to call.")  # fmt: skip


def worst_sentence(worst: Mapping[Indicator, Any]) -> str:
    """How the curves of windowed availability read: long outages against many short ones.

    Parameters
    ----------
    worst : mapping of Indicator to DataFrame
        Results of `srelib.sli.worst_windows`.

    Returns
    -------
    str
        Markdown.
    """
    results = {k: r.dropna(subset=["ratio"]) for k, r in answered(worst).items()}
    results = {k: r for k, r in results.items() if len(r)}
    if not results:
        return NO_DATA
    reach = {k: _reach(k, r) for k, r in results.items() if k.has_target}
    if not reach:
        return "Without objectives the curves have no line to cross."
    far, near = max(reach, key=lambda k: reach[k]), min(reach, key=lambda k: reach[k])
    if not reach[far]:
        return "No indicator misses its target in any window of any length."
    text = (f"{name(far.name)} misses its target even over its worst "
            f"{wording.duration(reach[far])}")  # fmt: skip
    if far == near or reach[near] == reach[far]:
        return f"{text}."
    if not reach[near]:
        return f"{text}; {name(near.name)} misses it in no window at all."
    return (f"{text}; {name(near.name)} misses it in no window longer than "
            f"{wording.duration(reach[near])}.")  # fmt: skip


def _reach(indicator: Indicator, result: pd.DataFrame) -> pd.Timedelta:
    """Longest window whose worst ratio misses the target; nothing where none does."""
    missed = result.loc[result["ratio"] < indicator.target, "window"]
    return missed.max() if len(missed) else pd.Timedelta(0)


def slices_sentence(shares: pd.DataFrame, *, slice: str) -> str:
    """What counting time instead of events changes.

    Parameters
    ----------
    shares : DataFrame
        indicator (Indicator), events, slices: bad shares [fraction].
    slice : str
        Length of a slice, for example ``"5m"``.

    Returns
    -------
    str
        Markdown.
    """
    rows = shares.dropna(subset=["events", "slices"])
    if rows.empty:
        return ("There is nothing to compare: slices need an objective, and buckets of time no "
                f"longer than {wording.duration(pd.Timedelta(slice))}.")  # fmt: skip
    difference = (rows["slices"] - rows["events"]).abs()
    row = rows.iloc[int(difference.to_numpy().argmax())]
    length = wording.duration(pd.Timedelta(slice))
    events, slices = wording.percent(row["events"]), wording.percent(row["slices"])
    counted = "time was" if row["indicator"].unit == "seconds" else "events were"
    return (f"The choice matters most for {name(row['indicator'].name)}: {events} of its {counted} "
            f"bad, and {slices} of its slices of {length} fell below the target.")  # fmt: skip


def low_traffic_sentence(low: Mapping[Indicator, Any]) -> str:
    """Which targets the traffic can hardly resolve.

    Parameters
    ----------
    low : mapping of Indicator to LowTraffic
        Results of `srelib.sli.low_traffic`.

    Returns
    -------
    str
        Markdown.
    """
    results = answered(low)
    if not results:
        return "Without objectives there is no allowance that traffic could be too low for."
    few = {k: r for k, r in results.items() if r.is_low and r.events > 0}
    idle = [k for k, r in results.items() if r.events == 0]
    silent = f" No traffic at all: {names(k.name for k in idle)}." if idle else ""
    if len(idle) == len(results):
        return silent.strip()
    if not few:
        return ("No indicator has so little traffic that single failures decide about its "
                f"target.{silent}")  # fmt: skip
    key = max(few, key=lambda k: few[k].cost_of_one)
    row = few[key]
    if row.allowance < 1:
        tail = "not one failure fits into the target"
    else:
        tail = (f"the target allows {wording.plural(row.failures_allowed, 'failure')}, and each "
                f"costs {wording.percent(row.cost_of_one)} of the budget")  # fmt: skip
    more = f" Also low: {names(k.name for k in few if k != key)}." if len(few) > 1 else ""
    window = f"{row.window}"
    return (f"Low traffic: of the {wording.count(row.events)} events {name(key.name)} sees per "
            f"{window}, {tail}.{more}{silent}")  # fmt: skip


def levels_table(levels: Mapping[Indicator, Any], *, coverage: Mapping[Indicator, float]) -> Table:
    """Service level of every indicator, with interval, n and method.

    Parameters
    ----------
    levels : mapping of Indicator to Estimate
        Results of `srelib.sli.interval`.
    coverage : mapping of Indicator to float
        Share of the time observed [fraction].

    Returns
    -------
    Table
    """
    rows = [_level_row(key, e, coverage[key]) for key, e in answered(levels).items()]
    columns = ["indicator", "target", "good", "interval", "n", "method", "observed", "verdict"]
    confidence = next((e.confidence for e in answered(levels).values()), 0.95)
    caption = f"Service levels over all the data, {wording.percent(confidence)} intervals"
    return table(pd.DataFrame(rows, columns=columns), max_rows=50, caption=caption)


def _level_row(key: Indicator, estimate: Any, coverage: float) -> dict[str, str]:
    value, low, high = _numbers(key, estimate)
    return {"indicator": key.name, "target": _maybe(key.target), "good": value,
            "interval": f"{low} to {high}", "n": _size(estimate), "method": estimate.method,
            "observed": wording.percent(coverage), "verdict": verdict(key, estimate)}  # fmt: skip


def _maybe(target: float) -> str:
    return wording.percent(target) if target == target else "none"


def _size(estimate: Any) -> str:
    unit = estimate.method.rsplit(" ", 1)[-1] if "over" in estimate.method else "events"
    return f"{wording.count(estimate.n)}{wording.NBSP}{unit}"


def methods_sentence(levels: Mapping[Indicator, Any]) -> str:
    """How the intervals were made, and on how much they stand.

    Parameters
    ----------
    levels : mapping of Indicator to Estimate
        Results of `srelib.sli.interval`.

    Returns
    -------
    str
        Markdown.
    """
    results = answered(levels)
    if not results:
        return "There is no interval, because there is no data."
    clustered = [key for key, e in results.items()
                 if "bootstrap" in e.method or "clustering" in e.method]  # fmt: skip
    widened = any("clustering" in e.method for e in results.values())
    tail = " Where there was too little to resample, Wilson's is widened." if widened else ""
    confidence = wording.percent(next(iter(results.values())).confidence)
    text = f"All intervals are {confidence} intervals."
    if not clustered:
        return f"{text} Errors look independent everywhere, so Wilson's interval is used."
    if len(clustered) == len(results):
        return (f"{text} Errors come in clusters everywhere, so whole days (or hours, where there "
                f"are few days) were resampled instead of single events.{tail}")  # fmt: skip
    return (f"{text} In {len(clustered)} of {len(results)} indicators errors come in clusters, "
            "so whole days (or hours) were resampled; elsewhere Wilson's interval is "
            f"used.{tail}")  # fmt: skip
