"""Figures of notebook 03: incidents and alerts, detection times, hours, and other policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator

from srelib import wording
from srelib.alerts import AlertReplay, PooledAlerts
from srelib.errors import SrelibError
from srelib.figures import canvas, heat, names
from srelib.fleet import Indicator, answers

NOTHING = ("No alert could be replayed: a burn rate needs an objective (slos.yaml) and data with "
           "buckets shorter than the windows of the rules.")  # fmt: skip
HALVES = ("One half of the history holds nothing to detect, so policies cannot be chosen on "
          "one half and tested on the other.")  # fmt: skip
QUIET = "Nothing fired, so there is nothing to draw."
WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HALF = ("chosen_on", "tested_on")
FLOOR = 1e-4
BARS = "#B9C9D6"


@canvas.redrawn
def plot_timeline(
    replays: Mapping[Indicator, AlertReplay | SrelibError], *, ax: Axes | None = None
) -> Axes:
    """Budget spent per day, with incidents and pages above it, one panel per objective."""
    results = canvas.some(answers(replays), NOTHING)
    one = next(iter(results.values()))
    event, kind = one.event_kind, one.severity

    def missed(key: Indicator) -> float:
        return len(results[key].score.missed) + len(results[key].score.pages) / 1e3

    return canvas.panels(
        ax, _timeline_title(results), results,
        lambda panel, key: _timeline_panel(panel, key, results[key]), each=1.7, worst=missed,
        about=f"Budget spent per day with {event}s and {kind}s, one panel per objective",
        caption="bars: spent per day, as a share of the budget of a period; upper "
                f"row: {event}s, \u25cf detected by a {kind} of this objective, "
                f"\u2715 missed; lower row: {kind}s, \u25bc that detected one, "
                f"\u25bd that matched no {event}; each panel has a scale of its own",
    )  # fmt: skip


def _timeline_panel(ax: Axes, indicator: Indicator, result: AlertReplay) -> None:
    daily, found = result.budget.daily, result.score
    edges = [*daily["starts_at"], daily["starts_at"].iloc[-1] + pd.Timedelta(days=1)]
    ax.stairs(daily["spent"], edges, fill=True, color=BARS)
    ax.set(ylim=(0, (float(daily["spent"].max()) or 0.01) * 1.6), xlim=(edges[0], edges[-1]))
    detected = found.events["detected"].to_numpy(dtype=bool)
    useful = found.pages["key"].notna().to_numpy()
    events, pages = found.events["starts_at"], found.pages["fired_at"]
    _row(ax, events[detected], 0.93, marker="o", color=canvas.BLUE)
    _row(ax, events[~detected], 0.93, marker="x", color=canvas.VERMILLION, mew=1.4)
    when = ((events, 0.93, found.events["label"]), (pages, 0.79, ["paged"] * len(pages)))
    for times, height, texts in when:
        canvas.hover(ax, times, np.full(len(times), height), [
            f"{indicator.label}, {wording.moment(time)}: {wording.label(text)}"
            for time, text in zip(times, texts, strict=True)
        ], transform=ax.get_xaxis_transform())  # fmt: skip
    _row(ax, pages[useful], 0.79, marker="v", color=canvas.BLUE)
    _row(ax, pages[~useful], 0.79, marker="v", color=canvas.GREY, mfc="white")
    canvas.percent_axis(ax.yaxis, ticks=3)
    canvas.time_axis(ax)
    many = len(found.events)
    text = f"{int(detected.sum())} of {many} detected" if many else "nothing to detect"
    canvas.panel_title(ax, indicator.label, text)


def _row(ax: Axes, times: pd.Series, height: float, **style: Any) -> None:
    ax.plot(times, np.full(len(times), height), ls="", ms=4.5, transform=ax.get_xaxis_transform(),
            **style)  # fmt: skip


def _timeline_title(results: Mapping[Indicator, AlertReplay]) -> str:
    event = next(iter(results.values())).event_kind
    many = {key: len(r.score.events) for key, r in results.items()}
    missed = {key: len(r.score.missed) for key, r in results.items()}
    if not any(many.values()):
        return f"No {event} to detect"
    worst = max(missed, key=lambda key: missed[key])
    if not missed[worst]:
        return f"Every {event} was detected on every objective it touched"
    return (f"{worst.label}: its own alert would have missed {missed[worst]} of "
            f"{wording.plural(many[worst], event)}, more than any other")  # fmt: skip


@canvas.redrawn
def plot_detection(pooled: PooledAlerts | None, *, ax: Axes | None = None) -> Axes:
    """Time until the first page against the budget each event spent.

    One dot per event; those never detected are crosses in the strip on top.
    """
    pooled = canvas.some(pooled, NOTHING)
    canvas.some(pooled.events, f"There was no {pooled.event_kind} to detect.")
    rows, detected = pooled.events, pooled.events["detected"]
    x = rows["spent"].clip(lower=FLOOR)
    minutes = (rows["detection"].dt.total_seconds() / 60).clip(lower=1)
    top = max(60.0, float(minutes.max()) if detected.any() else 0.0)
    never = 10 ** (np.log10(top) + 0.45)
    about = (f"Time from the start of each {pooled.event_kind} to its first {pooled.severity} "
             "against the share of a budget it spent")  # fmt: skip
    with canvas.drawing(ax, _detection_title(pooled), about=about, height=4.0) as ax:
        ax.set(xscale="log", yscale="log")
        dots: dict[str, Any] = {"ms": 5.5, "color": canvas.BLUE, "alpha": 0.75, "mec": "white"}
        ax.plot(x[detected], minutes[detected], "o", **dots)
        ax.plot(x[~detected], np.full(int((~detected).sum()), never), "x", ms=6, mew=1.6,
                color=canvas.VERMILLION)  # fmt: skip
        canvas.hover(ax, x, minutes.where(detected, never), [
            f"{wording.label(row['label'])}, {wording.label(row['service'])}: "
            f"{wording.percent(row['spent'])} of a budget, "
            + (f"first {pooled.severity} after {wording.wait(row['detection'])}"
               if row["detected"] else "never detected") for _, row in rows.iterrows()
        ])  # fmt: skip
        ax.axhline(10 ** (np.log10(top) + 0.2), color=canvas.PALE, lw=1)
        ax.axvline(pooled.share, **canvas.LIMIT)
        _detection_axes(ax, pooled, float(x.max()), top, never)
        _name_missed(ax, pooled, never)
    return ax


def _detection_axes(ax: Axes, pooled: PooledAlerts, most: float, top: float, never: float) -> None:
    """Both axes are logarithmic: the ends hold what lies beyond."""
    ticks = [m for m in (1, 3, 10, 30, 60, 180, 360, 1440, 4320) if m <= top * 1.05]
    names = [wording.duration(pd.Timedelta(minutes=m)) for m in ticks]
    ax.set_yticks([*ticks, never], [f"\u2264 {names[0]}", *names[1:], "never"])
    shares = [s for s in (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0) if s <= max(most, 1e-1) * 1.05]
    shown = [canvas.tick_percent(s) for s in shares]
    ax.set_xticks(shares, [f"\u2264 {shown[0]}", *shown[1:]])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set(xlim=(FLOOR * 0.7, max(most, 0.1) * 1.8), ylim=(0.45, never * 2.2))
    ax.set_xlabel(f"share of the budget of a period that the {pooled.event_kind} spent")
    ax.set_ylabel(f"from its start to the first {pooled.severity}")
    canvas.label(ax, f"{wording.percent(pooled.share)} of a budget", (pooled.share, 0.02), (4, 0),
                 xycoords=("data", "axes fraction"), bbox=WHITE)  # fmt: skip


def _name_missed(ax: Axes, pooled: PooledAlerts, never: float) -> None:
    for _, row in pooled.missed.head(1).iterrows():
        x = max(float(row["spent"]), FLOOR)
        what, where = wording.label(row["label"], limit=36), wording.label(row["service"], limit=20)
        left = x > 0.01
        canvas.label(ax, f"{what}, {where}", (x, never), (5 if left else -4, 7), bbox=WHITE,
                     ha="right" if left else "left", color=canvas.VERMILLION)  # fmt: skip


def _detection_title(pooled: PooledAlerts) -> str:
    rows = pooled.events
    big, event = rows[rows["spent"] >= pooled.share], pooled.event_kind
    line = wording.percent(pooled.share)
    if not len(big):
        detected = int(rows["detected"].sum())
        return f"No {event} spent {line} of a budget; {detected} of {len(rows)} detected"
    seen = big[big["detected"]]
    text = (f"{len(seen) or 'None'} of {wording.plural(len(big), event)} that spent {line} of a "
            "budget would have been detected")  # fmt: skip
    if not len(seen):
        return text
    return f"{text}, half of these within {wording.wait(seen['detection'].median())}"


@canvas.redrawn
def plot_hours(pooled: PooledAlerts | None, *, timezone: str, ax: Axes | None = None) -> Axes:
    """Pages by hour of the week in the time zone of those paged; the frame: office hours."""
    pooled = canvas.some(pooled, NOTHING)
    canvas.some(pooled.pages, QUIET)
    hours, where = pooled.pages_by_hour(timezone=timezone), wording.label(timezone)
    counts, title = hours.to_numpy(), _hours_title(hours, pooled.severity)
    about = f"Heat map of {pooled.severity}s by hour of the week, {where}"
    with canvas.drawing(ax, title, about=about, height=2.9, labels=DAYS) as ax:
        heat.cells(ax, counts, lambda day, hour: f"{DAYS[day]}, from {hour}:00")
        ax.add_patch(Rectangle((8.5, -0.5), 8, 5, fill=False, ec=canvas.INK, lw=1.2, zorder=3,
                               clip_on=False))  # fmt: skip
        ax.set_xticks(np.arange(0, 24, 3) - 0.5, [f"{h}" for h in range(0, 24, 3)])
        ax.set_yticks(range(7), DAYS)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(f"hour of the day, {where} (frame: office hours)")
    return ax


def _hours_title(hours: pd.DataFrame, severity: str) -> str:
    inside = int(hours.iloc[:5, 9:17].to_numpy().sum())
    many = int(hours.to_numpy().sum())
    if inside == many:
        return f"No {severity} came outside office hours ({many} came within)"
    share, even = wording.percent(1 - inside / many), wording.percent(1 - 40 / 168)
    sent = wording.plural(many, severity)
    return f"{share} of {sent} came outside office hours; spread evenly, {even} would"


@canvas.redrawn
def plot_search(
    found: pd.DataFrame | None, *, severity: str = "page", ax: Axes | None = None
) -> Axes:
    """Policies side by side: pages a week against budget spent before the first page.

    Dots: on the second half of history; dashed: the best on the first half, which they were
    chosen on; lower left is better.
    """
    found = canvas.some(found, NOTHING if found is None else HALVES)
    about = (f"Policies by {severity}s a week and by budget spent at detection, chosen on the "
             "first half of history and tested on the second")  # fmt: skip
    title, labels = _search_title(found, severity), ["median share, 5 %"]
    with canvas.drawing(ax, title, about=about, height=4.3, labels=labels) as ax:
        _search_lines(ax, found)
        low, high, most = _reach(found)
        ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if low < t < high]
        ax.set_xscale("log")
        canvas.ticks(ax.xaxis, ticks, "{:g}".format)
        ax.set(xlim=(low, high), ylim=(-0.03 * most, 1.12 * most or 1))
        canvas.percent_axis(ax.yaxis, ticks=5)
        ax.set_xlabel(f"{severity}s a week, all objectives together (logarithmic; lower left is "
                      "better)")  # fmt: skip
        ax.set_ylabel(f"median share of a budget spent\nbefore the first {severity}")
        _search_names(ax, found)
        canvas.key(ax, [
            Line2D([], [], ls=(0, (4, 2)), marker="o", ms=4, mfc="white", color=canvas.GREY, lw=1.1,
                   label="best on the first half"),
            canvas.dot("second half", "#B5B5B5", ms=4),
            canvas.dot("ready-made (no.: earlier attempts)", canvas.BLUE, "s", ms=5.5),
            canvas.dot("chosen", canvas.GREEN, "^", ms=7),
        ])  # fmt: skip
    return ax


def _reach(found: pd.DataFrame) -> tuple[float, float, float]:
    """Where the axis of pages begins and ends, and the most that was spent."""
    pages = pd.concat([_xy(found, half)[0] for half in HALF])
    spent = pd.concat([_xy(found, half)[1] for half in HALF])
    return float(pages.min()) / 1.5, float(pages.max()) * 1.9, float(spent.max())


def _xy(rows: pd.DataFrame, half: str) -> tuple[pd.Series, pd.Series]:
    return rows[f"pages_per_week_{half}"].clip(lower=0.1), rows[f"spent_{half}"]


def _search_lines(ax: Axes, found: pd.DataFrame) -> None:
    best = found[found["front"]].sort_values("pages_per_week_chosen_on")
    rest = found[(found["kind"] == "candidate") & ~found["chosen"]]
    named = found[(found["kind"] == "ready-made") & ~found["chosen"]]
    ax.plot(*_xy(best, "chosen_on"), ls=(0, (4, 2)), lw=1.1, color=canvas.GREY, marker="o", ms=4,
            mfc="white", drawstyle="steps-post")  # fmt: skip
    ax.plot(*_xy(rest, "tested_on"), "o", ms=4, color="#B5B5B5")
    ax.plot(*_xy(named, "tested_on"), "s", ms=5.5, color=canvas.BLUE)
    ax.plot(*_xy(found[found["chosen"]], "tested_on"), "^", ms=8, color=canvas.GREEN)
    ax.plot(*_xy(found[found["kind"] == "current"], "tested_on"), "D", ms=7,
            color=canvas.VERMILLION)  # fmt: skip
    canvas.hover(ax, *_xy(found, "tested_on"), [
        f"{wording.label(row['policy'])}, second half: "
        f"{wording.rate(row['pages_per_week_tested_on'])} a week, "
        f"{wording.percent(row['spent_tested_on'])} spent" for _, row in found.iterrows()
    ])  # fmt: skip


def _search_names(ax: Axes, found: pd.DataFrame) -> None:
    """Names beside the policies that have one, where they do not cover each other."""
    low, high, most = _reach(found)
    taken: names.Taken = []
    for rows, half in ((found, "tested_on"), (found[found["front"]], "chosen_on")):
        pages, spent = _xy(rows, half)
        x = np.log10(pages / low) / np.log10(high / low)
        taken += [(a - 0.01, a + 0.01, b) for a, b in zip(x, spent / (most or 1.0), strict=True)]
    rank = (found["kind"] != "current").astype(int) - found["chosen"] * 0.5
    named = rank[(found["kind"] != "candidate") | found["chosen"]].sort_values()
    for i in found.index.get_indexer(named.index):
        row, (left, right, y) = found.iloc[i], taken[i]
        point = max(row["pages_per_week_tested_on"], 0.1), row["spent_tested_on"]
        names.name_point(ax, _policy(row), point, ((left + right) / 2, y), taken, pad=8,
                          color=_color(row), steps=(0.05, 0.1, 0.15), height=205,
                          path_effects=canvas.halo(), sides=(False, True))  # fmt: skip


def _policy(row: pd.Series) -> str:
    """A name; the Workbook's earlier attempts by their number."""
    short = row["policy"][:1].isdigit() and row["kind"] != "candidate"
    text = f"no. {row['policy'][0]}" if short else wording.label(row["policy"], limit=30)
    return f"{text} (in use)" if row["kind"] == "current" else text


def _color(row: pd.Series) -> str:
    if row["kind"] == "current":
        return canvas.VERMILLION
    return canvas.GREEN if row["chosen"] else canvas.BLUE


def _search_title(found: pd.DataFrame, severity: str) -> str:
    now = found[found["kind"] == "current"].iloc[0]
    best = found[found["chosen"]].iloc[0]
    if best["policy"] == now["policy"]:
        return f"No policy tried beats {wording.label(now['policy'])} on the first half of history"
    pages = [_with_interval(row) for row in (best, now)]
    spent = wording.percents([row["spent_tested_on"] for row in (best, now)])
    what = f"{pages[0]} against {pages[1]} {severity}s a week"
    at = f"at {spent[0]} spent" if spent[0] == spent[1] else f"{spent[0]} against {spent[1]} spent"
    return (f"{wording.label(best['policy'])} (chosen on the first half) on the second: {what}, "
            f"{at}")  # fmt: skip


def _with_interval(row: pd.Series) -> str:
    rate, low, high = (wording.rate(row[f"{of}_tested_on"])
                       for of in ("pages_per_week", "pages_low", "pages_high"))  # fmt: skip
    return f"{rate} ({low} to {high})"
