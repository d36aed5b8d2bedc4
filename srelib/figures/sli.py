"""Figures of notebook 01: service levels per week, over all window lengths, in time slices.

They take results of `srelib.sli` by indicator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from srelib import wording
from srelib.annotations import numbered
from srelib.figures import canvas, names
from srelib.fleet import Indicator, Results, answers
from srelib.sli import LowTraffic, SliceShares
from srelib.sli.interval import _compared_with_target
from srelib.sli.time_based import _longest_missed

NOTHING = "No service level indicator has data here; export good and total events per service."
NO_ALLOWANCE = "Without an objective with data there is no allowance to judge."
ONLY_TIME = "Time is counted here and not events, so there is no traffic to be too low."
TICKS = {1 / 60: "1 s", 1: "1 min", 60: "1 h", 1440: "1 day", 40320: "4 weeks", 525600: "1 year"}
HOUR = pd.Timedelta("1h")
FEW = 50  # failures allowed; below it one failure costs more than 2 % of the budget


@canvas.redrawn
def plot_periods(
    periods: Results[pd.DataFrame],
    *,
    period: str = "week",
    notes: pd.DataFrame | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Share of bad events per `period` with interval (`by_period`), one panel per indicator.

    Notes (table ``annotations``) stand as numbers over their days.
    """
    results = canvas.some(answers(periods), NOTHING)
    found = {key: _compared_with_target(r, target=key.target_of(r))
             for key, r in results.items()}  # fmt: skip

    def drawn(panel: Axes, key: Indicator) -> None:
        _periods_panel(panel, key, results[key], found[key])
        names.numbered(panel, numbered(notes), key.service)

    return canvas.panels(
        ax, _periods_title(results, found, period), results, drawn,
        worst=lambda key: found[key]["missed"].sum(),
        about=f"Share of bad events per {period} with interval, one panel per indicator; a marker "
              "is hollow where chance could have kept or missed the target",
        caption=f"bad share per {period}, interval; dashed: allowed   triangle: missed   dot: kept "
                "  hollow: within chance; each panel has a scale of its own",
    )  # fmt: skip


def _periods_panel(
    ax: Axes, indicator: Indicator, result: pd.DataFrame, found: pd.DataFrame
) -> None:
    points = found.assign(
        starts_at=result["starts_at"], bad=1 - result["ratio"], least=1 - result["high"],
        most=1 - result["low"],
    ).dropna(subset=["bad"])  # fmt: skip
    filled = points["beyond_chance"] | (not indicator.has_target)
    for below, marker, color in ((False, "o", canvas.BLUE), (True, "^", canvas.VERMILLION)):
        for full in (False, True):
            some = points[(points["missed"] == below) & (filled == full)]
            if some.empty:
                continue
            errors = np.clip([some["bad"] - some["least"], some["most"] - some["bad"]], 0, None)
            ax.errorbar(some["starts_at"], some["bad"], yerr=np.nan_to_num(errors), fmt=marker,
                        color=color, ms=4.5, markerfacecolor=color if full else "white",
                        elinewidth=1, clip_on=False)  # fmt: skip
    top = float(np.nanmax([points["most"].max(), 2 * indicator.allowed, 0.0]))
    ax.set_ylim(0, top * 1.08 if top else 0.01)
    share = zip(points["starts_at"], points["bad"], points["least"], points["most"], strict=True)
    canvas.hover(ax, points["starts_at"], points["bad"], [
        f"{indicator.label}, from {wording.day(when)}: {bad} bad ({least} to {most})"
        for when, *three in share for bad, least, most in [wording.percents(three)]
    ])  # fmt: skip
    if len(points):
        first, last = points["starts_at"].min(), points["starts_at"].max()
        edge = max(pd.Timedelta(days=4), (last - first) / 30)
        ax.set_xlim(first - edge, last + edge)
    if indicator.has_target:
        ax.axhline(indicator.allowed, zorder=1, **canvas.LIMIT)
    canvas.percent_axis(ax.yaxis, ticks=3)
    canvas.time_axis(ax)
    missed = f"{int(points['missed'].sum())} of {len(points)} missed"
    canvas.panel_title(ax, indicator.label, missed if indicator.has_target else "no target")


def _periods_title(
    results: Mapping[Indicator, pd.DataFrame], found: Mapping[Indicator, pd.DataFrame], period: str
) -> str:
    found = {key: rows for key, rows in found.items() if key.has_target}
    if not found:
        worst = min(results, key=lambda key: results[key]["ratio"].min())
        share = wording.percent(1 - float(results[worst]["ratio"].min()))
        return f"{worst.label} had the worst {period}: {share} bad"
    missing = {key: int(f["missed"].sum()) for key, f in found.items() if f["missed"].any()}
    if not missing:
        return f"No target was missed in any {period}"
    sure = {key: int((found[key]["missed"] & found[key]["beyond_chance"]).sum()) for key in missing}
    worst = max(missing, key=lambda key: (missing[key], sure[key]))
    of = wording.plural(int(results[worst]["ratio"].notna().sum()), period)
    text = f"{worst.label} missed its target in {missing[worst]} of {of}"
    text += wording.beyond(missing[worst], sure[worst])
    others = len(found) - len(missing)
    return f"{text}; {others} of {len(found)} indicators never did" if others else text


@canvas.redrawn
def plot_worst_windows(worst: Results[pd.DataFrame], *, ax: Axes | None = None) -> Axes:
    """The worst share of bad events over every window length (`worst_windows`), on log scales.

    One panel per indicator, the others in grey (Hauer et al., Meaningful Availability, NSDI 2020).
    """
    results = canvas.some(answers(worst), NOTHING)
    curves = {key: _curve(result) for key, result in results.items()}
    reach = {key: _longest_missed(result, target=key.target) for key, result in results.items()}
    ends = [end for c in curves.values() if len(c) for end in (c.index[0], c.index[-1])]
    span = (min(ends, default=1.0) / 1.5, max(ends, default=2.0) * 1.5)
    floor = min((c[c > 0].min() for c in curves.values() if (c > 0).any()), default=1e-4)
    lowest = min([floor, *(key.allowed for key in results if key.has_target)])

    def drawn(panel: Axes, key: Indicator) -> None:
        for other, curve in curves.items():
            if other != key:
                panel.plot(curve.index, curve.clip(lower=floor), color="#CFCFCF", lw=0.8)
        _worst_panel(panel, key, curves[key].clip(lower=floor), span)
        text = _reach_text(key, results[key], reach[key])
        canvas.panel_title(panel, key.label, text, inside=True)
        panel.set(ylim=(lowest / 5, 1.6), xlim=span)

    return canvas.panels(
        ax, _worst_title(results, reach), results, drawn,
        each=1.6, worst=lambda key: reach[key] / HOUR,
        about="Worst share of bad events against window length, one panel per indicator",
        caption="worst bad share in any window of that length (log scales); dashed: allowed; "
                "grey: the others",
    )  # fmt: skip


def _curve(result: pd.DataFrame) -> pd.Series:
    minutes = result["window"].dt.total_seconds() / 60
    return pd.Series((1 - result["ratio"]).to_numpy(), index=minutes.to_numpy()).dropna()


def _worst_panel(
    ax: Axes, indicator: Indicator, curve: pd.Series, span: tuple[float, float]
) -> None:
    ax.plot(curve.index, curve, color=canvas.BLUE, lw=1.8)
    canvas.hover(ax, curve.index, curve, [
        f"{indicator.label}, worst {wording.duration(60 * minutes)}: "
        f"{wording.percent(bad)} bad" for minutes, bad in zip(curve.index, curve, strict=True)
    ])  # fmt: skip
    if indicator.has_target:
        ax.axhline(indicator.allowed, zorder=1, **canvas.LIMIT)
    ax.set(xscale="log", yscale="log")
    ticks = [tick for tick in TICKS if span[0] <= tick <= span[1]]
    canvas.ticks(ax.xaxis, ticks, TICKS.__getitem__)
    ax.yaxis.set_major_locator(LogLocator(numticks=4))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: canvas.tick_percent(y)))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_minor_locator(NullLocator())


def _reach_text(indicator: Indicator, result: pd.DataFrame, reach: pd.Timedelta) -> str:
    if not indicator.has_target:
        return "no target"
    if not reach:
        return "target kept at every length"
    known = result.dropna(subset=["ratio"])
    if reach < known["window"].max():
        return f"missed up to {wording.roughly(reach)}"
    every = (known["ratio"] < indicator.target).all()
    return "missed at every length" if every else "missed over all the time"


def _worst_title(
    results: Mapping[Indicator, pd.DataFrame], reach: Mapping[Indicator, pd.Timedelta]
) -> str:
    reach = {key: length for key, length in reach.items() if key.has_target}
    if not reach:
        return "Worst share of bad events over every length of window"
    ratios = {key: results[key]["ratio"].dropna() for key in reach}
    times = {key: _times_allowed(key, results[key]) for key, known in ratios.items()
             if len(known) and (known < key.target).all()}  # fmt: skip
    if len(times) > 1:
        worst = max(times, key=lambda key: times[key])
        return (f"{len(times)} of {len(reach)} indicators miss their target at every length, "
                f"{worst.label} by most: {wording.rounded(times[worst])} times what is allowed "
                "over the longest")  # fmt: skip
    far, near = max(reach, key=lambda key: reach[key]), min(reach, key=lambda key: reach[key])
    if not reach[far]:
        return "No indicator misses its target in any window of any length"
    text = f"{far.label} misses its target even over its worst {wording.roughly(reach[far])}"
    if far == near:
        return text
    length = f"over at most about {wording.roughly(reach[near])}"
    return f"{text}, {near.label} {length if reach[near] else 'in no window'}"


def _times_allowed(indicator: Indicator, result: pd.DataFrame) -> float:
    """The bad share of the longest window, as a multiple of what the target allows."""
    longest = result.dropna(subset=["ratio"]).sort_values("window").iloc[-1]
    return float(1 - longest["ratio"]) / indicator.allowed


@canvas.redrawn
def plot_slices(shares: Results[SliceShares], *, slice: str, ax: Axes | None = None) -> Axes:
    """Bad events (dot) against bad slices of time (diamond, `slice_shares`) of each indicator.

    Objectives that count slices already are left out; `slice` is their length, such as ``"5m"``.
    """
    slice = wording.duration(pd.Timedelta(slice))
    known = [(key, s.events, s.slices) for key, s in answers(shares).items()
             if not key.counts_slices and s.slices == s.slices]  # fmt: skip
    rows = pd.DataFrame(known[:20][::-1], columns=["indicator", "events", "slices"])
    canvas.some(rows, f"Slices need an objective, and buckets of time no longer than {slice}.")
    labels, title = [key.label for key in rows["indicator"]], _slices_title(rows, slice)
    with canvas.drawing(ax, title, about="Share of bad events and of bad slices per indicator",
                        labels=labels, height=1.3 + 0.32 * len(rows)) as ax:  # fmt: skip
        ax.hlines(rows.index, rows[["events", "slices"]].min(axis=1),
                  rows[["events", "slices"]].max(axis=1), color="#BDBDBD", lw=2)  # fmt: skip
        marks: dict[str, Any] = {"clip_on": False, "zorder": 3, "ls": ""}
        dots = ax.plot(rows["events"], rows.index, "o", color=canvas.BLUE, ms=6,
                       label=f"share of {_counted(rows)}", **marks)  # fmt: skip
        diamonds = ax.plot(rows["slices"], rows.index, "D", color=canvas.VERMILLION, ms=5.5,
                           label=f"share of {slice} slices", **marks)  # fmt: skip
        for column, of in (("events", _counted(rows)), ("slices", f"{slice} slices")):
            canvas.hover(ax, rows[column], rows.index, [
                f"{label}: {wording.percent(share)} of {of} bad"
                for label, share in zip(labels, rows[column], strict=True)
            ])  # fmt: skip
        canvas.name_rows(ax, labels)
        ax.set_xlim(left=0)
        canvas.percent_axis(ax.xaxis, ticks=6)
        ax.set_xlabel("bad share (lower is better)")
        canvas.key(ax, [*dots, *diamonds])
    return ax


def _counted(rows: pd.DataFrame) -> str:
    return "time" if all(key.unit == "seconds" for key in rows["indicator"]) else "events"


def _slices_title(rows: pd.DataFrame, slice: str) -> str:
    worse = rows["slices"] > rows["events"]
    if len(rows) == 1:
        who = rows["indicator"].iloc[0].label
        text = f"{who} looks {'worse' if worse.all() else 'no worse'}"
    elif worse.all() or not worse.any():
        text = f"{'every' if worse.all() else 'no'} indicator looks worse"
    else:
        text = f"{int(worse.sum())} of {len(rows)} indicators look worse"
    return f"Counted in {slice} slices, {text} than counted in {_counted(rows)}"


@canvas.redrawn
def plot_low_traffic(low: Results[LowTraffic], *, ax: Axes | None = None) -> Axes:
    """How many failures the target allows per window (`low_traffic`), on a log scale.

    Below about fifty single failures decide: one costs more than 2 % of the budget.
    """
    results = {key: r for key, r in answers(low).items()
               if r.allowance > 0 and key.unit != "seconds"}  # fmt: skip
    timed = any(key.unit == "seconds" for key in answers(low))
    canvas.some(results, ONLY_TIME if timed else NO_ALLOWANCE)
    rows = sorted(results, key=lambda key: results[key].allowance)[:20][::-1]
    labels = [key.label for key in rows]
    with canvas.drawing(ax, _low_title(results), about="Failures allowed per window by indicator",
                        labels=labels, height=1.3 + 0.32 * len(rows)) as ax:  # fmt: skip
        for y, key in enumerate(rows):
            n, few = results[key].allowance, results[key].is_low
            ax.plot(n, y, marker="^" if few else "o", ms=6,
                    color=canvas.VERMILLION if few else canvas.BLUE)  # fmt: skip
            canvas.label(ax, wording.count(n), (n, y), (8, 0), va="center",
                         bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # fmt: skip
        canvas.hover(ax, [results[key].allowance for key in rows], range(len(rows)), [
            f"{key.label}: {wording.count(results[key].allowance)} failures allowed per window; "
            f"one costs {wording.percent(results[key].cost_of_one)} of the budget" for key in rows
        ])  # fmt: skip
        ax.set_xscale("log")
        allowed = [r.allowance for r in results.values()]
        ax.set_xlim(min(0.5, min(allowed) / 2), max(allowed) * 4)
        ax.axvline(FEW, zorder=1, **canvas.LIMIT)
        canvas.label(ax, "one failure costs 2\u00a0%", (FEW, 1), (0, 1), ha="center", va="bottom",
                     xycoords=("data", "axes fraction"))  # fmt: skip
        ax.xaxis.set_major_locator(LogLocator(numticks=4 if canvas.is_narrow() else 9))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.6g}"))
        ax.xaxis.set_minor_locator(NullLocator())
        canvas.name_rows(ax, labels)
        ax.set_xlabel("failures the target allows per window (log scale; triangle: low traffic)")
        ax.set_title(ax.get_title("left"), loc="left", pad=20)
    return ax


def _low_title(results: Mapping[Indicator, LowTraffic]) -> str:
    few = [key for key, r in results.items() if r.is_low]
    if not few:
        return "No target hangs on single failures: one costs at most 2\u00a0% of any budget"
    worst = max(few, key=lambda key: results[key].cost_of_one)
    cost = wording.percent(results[worst].cost_of_one)
    return f"One failure of {worst.label} costs {cost} of its error budget"
