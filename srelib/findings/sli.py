"""What notebook 01 says of weeks, of windows of any length, of slices of time and of traffic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.findings.levels import NO_DATA
from srelib.findings.text import name, names
from srelib.indicators import Indicator, answered, judged
from srelib.wording import beyond


def periods_sentence(periods: Mapping[Indicator, Any], *, period: str = "week") -> str:
    """In how many periods targets were missed, and how many of these chance would not explain.

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
    results = {k: judged(k, r) for k, r in answered(periods).items() if k.has_target}
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
            f"{wording.roughly(reach[far])}")  # fmt: skip
    if far == near or reach[near] == reach[far]:
        return f"{text}."
    if not reach[near]:
        return f"{text}; {name(near.name)} misses it in no window at all."
    return (f"{text}; {name(near.name)} misses it in no window longer than "
            f"about {wording.roughly(reach[near])}.")  # fmt: skip


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
    who = name(row["indicator"].name)
    who = f"The choice matters most for {who}" if len(rows) > 1 else who
    return (f"{who}: {events} of its {counted} bad, and {slices} of its slices of {length} "
            "fell below the target.")  # fmt: skip


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
    row = few[key]
    if row.allowance < 1:
        tail = "not one failure fits into the target"
    else:
        tail = (f"the target allows {wording.plural(row.failures_allowed, 'failure')}, and each "
                f"costs {wording.percent(row.cost_of_one)} of the budget")  # fmt: skip
    more = f" Also low: {names(k.name for k in few if k != key)}." if len(few) > 1 else ""
    window = f"{row.window}"
    return (f"Low traffic: of the {wording.amount(row.events, key.unit)} {name(key.name)} sees per "
            f"{window}, {tail}.{more}{silent}")  # fmt: skip
