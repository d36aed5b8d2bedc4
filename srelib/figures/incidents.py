"""Figures of notebook 05: number and length of incidents, and what so few can show.

`compared` is what `srelib.incidents.compare_periods` found, None where there are no incidents.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from srelib import wording
from srelib.figures import canvas
from srelib.incidents import Detectable, IncidentCosts, PeriodComparison, Recurrence, TimeTo
from srelib.stats import Estimate

NOTHING = "There are no incidents here, so there is nothing to draw."
TOO_FEW = "Too few incidents with a known duration to draw this."
FREE = "No incident touches an objective with data, so none can be priced."
BARS = "#B9C9D6"
BEFORE, AFTER = canvas.GREY, canvas.BLUE
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
STATES = {"ended": (BARS, canvas.BLUE), "open": ("white", canvas.VERMILLION),
          "unknown": ("white", canvas.GREY)}  # fmt: skip
SIZES = {"10 min": 600, "1 h": 3600, "10 h": 36000}
NUMBERS = (10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)
CURVES = {"cut": ("of every duration", canvas.BLUE), "count_cut": ("of the number", canvas.GREEN)}
SERVICES, COSTLIEST, BINS = 14, 12, 60


@canvas.redrawn
def plot_timeline(compared: PeriodComparison | None, *, ax: Axes | None = None) -> Axes:
    """Every incident in a row for its service: where it is, and by its size how long it took.

    Most incidents on top; the dashed line divides the two parts.
    """
    compared = canvas.some(compared, NOTHING)
    table, rows = compared.services.head(SERVICES), compared.service_durations
    names = [wording.label(name, limit=24) for name in table["service"]]
    with canvas.drawing(ax, _timeline_title(compared), height=1.35 + 0.3 * len(table),
                        about="Incidents over time, one row per service, larger circles for "
                              "longer ones", labels=names) as ax:  # fmt: skip
        for y, service in enumerate(table["service"]):
            own = rows[rows["service"].astype("str") == service]
            ax.axhline(y, color=canvas.PALE, lw=0.8, zorder=0)
            _bubbles(ax, own, y)
            ax.text(1.01, y, f"{len(own)}", transform=ax.get_yaxis_transform(), va="center",
                    fontsize=8.5, color=canvas.GREY)  # fmt: skip
        canvas.name_rows(ax, names, from_top=True)
        _time_axis(ax, compared)
        sizes = [
            canvas.dot(text, BARS, mec=canvas.BLUE, ms=float(np.sqrt(_area(seconds))))
            for text, seconds in SIZES.items()
        ]
        if (compared.durations["state"] == "open").any():
            sizes.append(canvas.dot("still open", "white", ms=6, mec=canvas.VERMILLION))
        canvas.key(ax, [*sizes, Line2D([], [], **canvas.LIMIT, label="split")])
    return ax


def _time_axis(ax: Axes, compared: PeriodComparison) -> None:
    """The time looked at, a dashed line where it is divided."""
    span, split = cast(Any, compared.between), cast(Any, compared.split)
    ax.axvline(split, **canvas.LIMIT)
    ax.set_xlim(*span)
    canvas.time_axis(ax)


def _bubbles(ax: Axes, rows: pd.DataFrame, y: int) -> None:
    """Smaller and paler where there are many in a row."""
    canvas.hover(ax, rows["started_at"], np.full(len(rows), y), [_said(row) for _, row in
                 rows.iterrows()])  # fmt: skip
    scale = min(1.0, 60 / max(len(rows), 1))
    for state, (face, edge) in STATES.items():
        own = rows[rows["state"] == state]
        ax.scatter(own["started_at"], np.full(len(own), y), s=_area(own["seconds"]) * scale,
                   color=face, edgecolors=edge, linewidths=0.9 if scale > 0.5 else 0.5,
                   alpha=0.85 if scale > 0.5 else 0.6, clip_on=False, zorder=2)  # fmt: skip


def _said(row: pd.Series) -> str:
    known = row["seconds"] == row["seconds"]
    length = wording.length(row["seconds"]) if known else "length not known"
    still = ", still open" if row["state"] == "open" else ""
    return f"{wording.label(row['service'])}, {wording.moment(row['started_at'])}: {length}{still}"


def _area(seconds: Any) -> Any:
    """Area of a circle by duration: ten times as long, about three times the area."""
    hours = np.nan_to_num(np.asarray(seconds, dtype="float64"), nan=60.0) / 3600
    return np.clip(36 * np.sqrt(hours), 5, 320)


def _timeline_title(compared: PeriodComparison) -> str:
    table, n = compared.services, len(compared.durations)
    if len(table) == 1:
        length = wording.roughly(compared.between[1] - compared.between[0])
        return f"{wording.plural(n, 'incident')} in {length}"
    first = table.iloc[0]
    who = wording.label(first["service"], limit=30)
    more = f"; {len(table) - SERVICES} services not drawn" if len(table) > SERVICES else ""
    return f"{first['incidents']} of {wording.plural(n, 'incident')} affected {who}{more}"


@canvas.redrawn
def plot_survival(compared: PeriodComparison | None, *, ax: Axes | None = None) -> Axes:
    """Share of incidents still open after each time, before the split and after it.

    Two Kaplan-Meier curves with their bands; lower and further left is better.
    """
    compared = canvas.some(compared, NOTHING)
    parts = compared.lengths.before, compared.lengths.after
    canvas.some(all(len(part.curve) > 1 for part in parts), TOO_FEW)
    with canvas.drawing(ax, _survival_title(compared), height=3.6, labels=["share 100 %"],
                        about="Share of incidents still open after each time, before and after "
                              f"{wording.day(compared.split)}") as ax:  # fmt: skip
        ax.axhline(0.5, color=canvas.PALE, lw=0.9, zorder=0)
        for name, part, color, height in (("before", parts[0], BEFORE, 0.88),
                                          ("after", parts[1], AFTER, 0.12)):  # fmt: skip
            _curve(ax, part.curve, color)
            _curve_name(ax, part, f"{name} ({part.incidents})", color, height)
        seconds = np.concatenate([part.curve["time"] for part in parts])
        canvas.duration_axis(ax.xaxis, ax, seconds)
        ax.set_ylim(0, 1.02)
        canvas.percent_axis(ax.yaxis, ticks=4)
        ax.set_xlabel("time since the start of the incident (logarithmic; further left is better)")
        ax.set_ylabel("share still open")
    return ax


def _curve(ax: Axes, curve: pd.DataFrame, color: str) -> None:
    x = np.concatenate([[1e-9], curve["time"].clip(lower=1.0)])
    steps = {name: np.concatenate([[1.0], curve[name]]) for name in ("going_on", "low", "high")}
    ax.fill_between(x, steps["low"], steps["high"], step="post", color=color, alpha=0.16, lw=0)
    ax.step(x, steps["going_on"], where="post", color=color)
    some = curve.iloc[:: max(1, -(-len(curve) // 40))]
    canvas.hover(ax, some["time"].clip(lower=1.0), some["going_on"], [
        f"after {wording.length(seconds)}, {wording.percent(share)} still going on"
        for seconds, share in zip(some["time"], some["going_on"], strict=True)
    ])  # fmt: skip


def _curve_name(ax: Axes, part: TimeTo, text: str, color: str, height: float) -> None:
    """The name beside the curve, at a height where the two are apart from the middle."""
    curve, upper = part.curve, height > 0.5
    at = int(np.argmin(np.abs(curve["going_on"].to_numpy() - height)))
    point = max(float(curve["time"].iloc[at]), 1.0), float(curve["going_on"].iloc[at])
    by, ha = ((-9, -10), "right") if upper else ((9, 8), "left")
    canvas.annotate(ax, text, point, color, by, ha=ha)


def _survival_title(compared: PeriodComparison) -> str:
    before, after = compared.lengths.before.median.value, compared.lengths.after.median.value
    if before != before or after != after:
        return "Too few incidents of one half have ended for a median"
    early, late = wording.to_the_minute(before), wording.to_the_minute(after)
    day = wording.day(compared.split)
    return (f"Half were restored within {early} before {day}, {late} after; "
            f"{wording.reach_of_chance(compared.lengths.verdict)}")  # fmt: skip


@canvas.redrawn
def plot_durations(compared: PeriodComparison | None, *, ax: Axes | None = None) -> Axes:
    """Time to restore of each incident over time, with the median of either part.

    One dot per incident; triangles are still open; the bands are intervals of the medians.
    """
    compared = canvas.some(compared, NOTHING)
    rows = canvas.some(compared.durations[compared.durations["seconds"].notna()], TOO_FEW)
    y, ended = rows["seconds"].clip(lower=1.0), rows["state"] == "ended"
    with canvas.drawing(ax, _durations_title(compared), height=3.5, labels=["mm 12 h"],
                        about="Time to restore of each incident over time") as ax:  # fmt: skip
        medians = compared.lengths.before.median, compared.lengths.after.median
        for span, median, color in zip(compared.periods, medians, (BEFORE, AFTER), strict=True):
            _level(ax, span, median, color)
        ax.plot(rows["started_at"][ended], y[ended], "o", ms=4 if len(rows) < 300 else 2.5,
                color=canvas.BLUE, alpha=0.6, mec="none")  # fmt: skip
        ax.plot(rows["started_at"][~ended], y[~ended], "^", ms=6, color=canvas.VERMILLION)
        canvas.hover(ax, rows["started_at"], y, [
            f"{wording.moment(start)}: {wording.length(seconds)}"
            for start, seconds in zip(rows["started_at"], rows["seconds"], strict=True)
        ])  # fmt: skip
        _time_axis(ax, compared)
        canvas.duration_axis(ax.yaxis, ax, y.to_numpy())
        ax.set_ylabel("time to restore (logarithmic)")
        bands = f"bands: {wording.interval(medians[0].confidence)}s"
        still_open = canvas.dot("still open, so far", canvas.VERMILLION, "^", ms=6)  # fmt: skip
        canvas.key(ax, [
            canvas.dot("one incident", canvas.BLUE, ms=4),
            *([] if ended.all() else [still_open]),
            Line2D([], [], color=BEFORE, lw=1.8, label="median before"),
            Line2D([], [], color=AFTER, lw=1.8, label=f"median after ({bands})"),
        ])  # fmt: skip
    return ax


def _level(ax: Axes, span: tuple[Any, Any], estimate: Estimate, color: str) -> None:
    """A median over a part of the history, with its interval."""
    if estimate.value != estimate.value:
        return
    low, high = np.fmax(estimate.low, 1.0), max(estimate.high, 1.0)
    if high == high:
        ax.fill_between(list(span), low, high, color=color, alpha=0.16, lw=0)
    ax.hlines(max(estimate.value, 1.0), *span, color=color, lw=1.8)


def _durations_title(compared: PeriodComparison) -> str:
    found = compared.lengths.correlation
    if found.value != found.value:
        many = wording.plural(found.n, "incident")
        return f"Time to restore of {many}; not enough data for a trend"
    value, low, high = (wording.signed(x) for x in (found.value, found.low, found.high))
    if found.high < 0 or found.low > 0:
        word = "fell" if found.high < 0 else "rose"
        return f"Times to restore {word} significantly (rank correlation {value})"
    return ("No significant trend of times to restore (rank correlation "
            f"{value}, {low} to {high})")  # fmt: skip


@canvas.redrawn
def plot_counts(compared: PeriodComparison | None, *, ax: Axes | None = None) -> Axes:
    """Incidents per week, with the rate of either part and its interval.

    Bars of four weeks each where there are many; a cut last one is drawn as narrow as it is.
    """
    compared = canvas.some(compared, NOTHING)
    counts, weeks = compared.counts, compared.bins
    with canvas.drawing(ax, _counts_title(compared), about="Incidents per week, with the rate "
                        f"before and after {wording.day(compared.split)}") as ax:  # fmt: skip
        per = weeks["count"] / weeks["weeks"].clip(lower=0.15)
        ax.bar(weeks["starts_at"], per, width=weeks["weeks"] * 7 * 0.9, align="edge", color=BARS)
        middle = weeks["starts_at"] + pd.to_timedelta(weeks["weeks"] * 3.15, unit="D")
        canvas.hover(ax, middle, per, [
            f"from {wording.day(start)}: {wording.plural(n, 'incident')}"
            for start, n in zip(weeks["starts_at"], weeks["count"], strict=True)
        ])  # fmt: skip
        rates = counts.before, counts.after
        for span, rate, color in zip(compared.periods, rates, (BEFORE, AFTER), strict=True):
            _rate(ax, span, rate, color)
        ax.set_xlim(*cast(Any, compared.between))
        top = max(float(per.max()), counts.before.high, counts.after.high)
        ax.set_ylim(0, top * 1.12)
        ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        canvas.time_axis(ax)
        ax.set_ylabel("incidents a week")
    return ax


def _rate(ax: Axes, span: tuple[Any, Any], rate: Estimate, color: str) -> None:
    """Incidents a week over a part of the history, with the interval."""
    ax.fill_between(list(span), rate.low, rate.high, color=color, alpha=0.18, lw=0)
    ax.hlines(rate.value, *span, color=color, lw=1.8)
    middle = span[0] + (span[1] - span[0]) / 2
    text = f"{wording.rounded(rate.value)} a week"
    canvas.annotate(ax, text, (middle, rate.high), color, (0, 3), va="bottom")


def _counts_title(compared: PeriodComparison) -> str:
    found = compared.counts
    before, after = (wording.rounded(rate.value) for rate in (found.before, found.after))
    return (f"{before} incidents a week before {wording.day(compared.split)}, {after} after; "
            f"{wording.reach_of_chance(found.verdict)}")  # fmt: skip


@canvas.redrawn
def plot_noise(compared: PeriodComparison | None, *, ax: Axes | None = None) -> Axes:
    """Differences between the two parts that shuffling makes, and the one observed.

    Those at least as large as the one observed, either way, are red.
    """
    found = canvas.some(canvas.some(compared, NOTHING).noise, TOO_FEW)
    size, unit = _unit(np.abs(found.differences).max())
    drawn, seen = found.differences / size, found.observed / size
    share, length = wording.percent(found.share), wording.to_the_minute(abs(found.observed))
    title = f"Chance alone makes a difference of {length} or more in {share} of cases"
    with canvas.drawing(ax, title, about=f"Histogram of the differences in {found.statistic} time "
                        "to restore when incidents are shuffled") as ax:  # fmt: skip
        counts, edges = np.histogram(drawn, bins=BINS)
        middles = (edges[:-1] + edges[1:]) / 2
        colors = ["#F3B58C" if abs(x) >= abs(seen) else BARS for x in middles]
        ax.bar(middles, counts, width=edges[1] - edges[0], color=colors)
        top = float(np.max(counts))
        ax.axvline(seen, color=canvas.VERMILLION, lw=1.6)
        by, ha = ((5, 0), "left") if seen > 0 else ((-5, 0), "right")
        canvas.annotate(ax, "observed", (seen, top), canvas.VERMILLION, by, ha=ha)
        ax.set(ylim=(0, top * 1.08), yticks=[])
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(f"{found.statistic} after less {found.statistic} before [{unit}] (left: "
                      "shorter after), same incidents at random")  # fmt: skip
    return ax


@canvas.redrawn
def plot_detectable(compared: PeriodComparison | None, *, ax: Axes | None = None) -> Axes:
    """The smallest improvement that would show, against the number of incidents.

    Two curves, of durations and of counts; dots: as many incidents as there are.
    """
    found = canvas.some(canvas.some(compared, NOTHING).detectable, TOO_FEW)
    n, last = found.n_before + found.n_after, float(found.curve["n"].iloc[-1])
    with canvas.drawing(ax, _detectable_title(found), height=3.5, labels=["mm 100 %"],
                        about="Smallest improvement that would show against the number of incidents"
                        ) as ax:  # fmt: skip
        ax.set_xscale("log")
        for name, at in {"cut": found.cut, "count_cut": found.count_cut}.items():
            ax.plot(found.curve["n"], found.curve[name], color=CURVES[name][1])
            if at == at:
                ax.plot([n], [at], "o", ms=7, color=CURVES[name][1], mec="white", zorder=3)
        ax.axvline(n, **canvas.LIMIT)
        canvas.label(ax, f"{n:.0f} here", (n, 1), (4, -2), xycoords=("data", "axes fraction"),
                     va="top", fontsize=9, color=canvas.INK,
                     path_effects=canvas.halo())  # fmt: skip
        _curve_names(ax, found.curve)
        ax.set_ylim(0, 1)
        canvas.percent_axis(ax.yaxis, ticks=5)
        canvas.ticks(ax.xaxis, [t for t in NUMBERS if t <= last], "{:,.0f}".format)
        ax.set(xlim=(10, last), xlabel="incidents in both halves (logarithmic)")
        ax.set_ylabel(f"smallest cut detected in {wording.percent(found.power)} of cases")
    return ax


def _curve_names(ax: Axes, curve: pd.DataFrame) -> None:
    """Names inside, where the curves run: the upper one above, the lower one below."""
    at = int(len(curve) * 0.72)
    x = float(curve["n"].iloc[at])
    order = sorted(CURVES, key=lambda name: float(np.nan_to_num(curve[name].iloc[at], nan=1.0)))
    for name, by, ha in zip(order, ((-4, -11), (4, 11)), ("right", "left"), strict=True):
        y, (text, color) = float(curve[name].iloc[at]), CURVES[name]
        if y == y:
            canvas.annotate(ax, text, (x, y), color, by, ha=ha)


def _detectable_title(found: Detectable) -> str:
    n = wording.plural(found.n_before + found.n_after, "incident")
    cut, fewer = (wording.percent(round(x, 2)) for x in (found.cut, found.count_cut))
    if found.cut == found.cut:
        return f"With {n}, only durations cut by {cut} or more would be detected"
    if found.count_cut == found.count_cut:
        return f"With {n}, only a number cut by {fewer} or more would be detected"
    return f"With {n}, no improvement of any size would be detected"


@canvas.redrawn
def plot_costs(costs: IncidentCosts, *, ax: Axes | None = None) -> Axes:
    """The costliest incidents by the share of a budget they spent.

    Costliest on top; those that need a postmortem, above the line, are filled.
    """
    rows = canvas.some(costs.incidents[costs.incidents["share"] > 0].head(COSTLIEST), FREE)
    limit, names = costs.limit, [_incident(row) for _, row in rows.iterrows()]
    with canvas.drawing(ax, _costs_title(costs), height=1.1 + 0.27 * len(rows), labels=names,
                        about="Bars of the incidents that spent most budget") as ax:  # fmt: skip
        colors = [canvas.VERMILLION if above else BARS for above in rows["postmortem"]]
        ax.barh(np.arange(len(rows)), rows["share"], height=0.66, color=colors)
        span = max(float(rows["share"].max()) * 1.14, limit * 1.3)
        texts = [wording.percent(share) for share in rows["share"]]
        for i, (share, text) in enumerate(zip(rows["share"], texts, strict=True)):
            end = canvas.beside(share, text, line=limit, span=span)
            canvas.label(ax, text, (end, i), (4, 0), va="center", color=canvas.INK, zorder=5,
                         path_effects=canvas.halo())  # fmt: skip
        ax.axvline(limit, **canvas.LIMIT)
        canvas.name_rows(ax, names, from_top=True, spine=True)
        canvas.hover(ax, rows["share"] / 2, range(len(rows)), [
            f"{wording.label(row['title'], limit=80)}, {wording.label(row['service'])}, "
            f"{wording.day(row['starts_at'])}: {text} of a budget"
            for text, (_, row) in zip(texts, rows.iterrows(), strict=True)
        ])  # fmt: skip
        ax.set_xlim(0, span)
        canvas.percent_axis(ax.xaxis, ticks=6)
        ax.set_xlabel(f"share of a budget (above {wording.percent(limit)}: postmortem)")
    return ax


def _incident(row: pd.Series) -> str:
    day = f"{row['starts_at'].day}{wording.NBSP}{row['starts_at']:%b}"
    title = wording.label(row["title"], limit=26)
    return f"{title}, {wording.label(row['service'], limit=14)}, {day}"


def _costs_title(costs: IncidentCosts) -> str:
    rows, line = costs.incidents, wording.percent(costs.limit)
    many = int(rows["postmortem"].sum())
    if not many:
        first = wording.percent(float(rows["share"].iloc[0]))
        return f"No incident spent more than {line} of a budget; the costliest took {first}"
    return f"{many} of {wording.plural(len(rows), 'incident')} spent more than {line} of a budget"


@canvas.redrawn
def plot_recurrence(compared: PeriodComparison | None, *, ax: Axes | None = None) -> Axes:
    """Incidents by hour of the day and by day of the week, and lines: if they came evenly."""
    compared = canvas.some(compared, NOTHING)
    found = compared.recurrence
    narrow = canvas.is_narrow()
    with canvas.drawing(ax, _recurrence_title(found), height=4.2 if narrow else 2.7,
                        about="Incidents by hour of the day and by day of the week"
                        ) as ax:  # fmt: skip
        ax.set_axis_off()
        boxes = {"hour": (0.0, 0.16, 0.6, 0.7), "weekday": (0.68, 0.16, 0.32, 0.7)}
        if narrow:
            boxes = {"hour": (0.0, 0.6, 1.0, 0.36), "weekday": (0.0, 0.08, 1.0, 0.32)}
        for of, box in boxes.items():
            panel = ax.inset_axes(box)
            counts = found[of].counts
            panel.bar(counts["value"], counts["count"], width=0.86, color=BARS)
            panel.step(np.append(counts["value"] - 0.5, counts["value"].iloc[-1] + 0.5),
                       np.append(counts["expected"], counts["expected"].iloc[-1]), where="post",
                       color=canvas.GREY, lw=1.2)  # fmt: skip
            canvas.hover(panel, counts["value"], counts["count"], [
                f"{DAYS[value] if of == 'weekday' else f'from {value}:00'}: "
                f"{wording.plural(n, 'incident')}, {wording.rounded(expected)} if even"
                for value, n, expected in zip(counts["value"].astype(int), counts["count"],
                                              counts["expected"], strict=True)
            ])  # fmt: skip
            panel.set_ylim(0, max(float(counts["count"].max()), 1.0) * 1.1)
            panel.yaxis.set_major_locator(MaxNLocator(4, integer=True))
            panel.tick_params(axis="x", length=0)
            if of == "weekday":
                panel.set_xticks(range(7), DAYS)
            else:
                panel.set_xticks(range(0, 24, 3))
                panel.set_xlabel(f"hour of the day, {wording.label(compared.timezone)}")
        canvas.subtitle(ax, "incidents by start; grey line: spread evenly over time")
    return ax


def _recurrence_title(found: dict[str, Recurrence]) -> str:
    if found["hour"].p_value != found["hour"].p_value:
        return "Too few incidents for a pattern by hour or weekday"
    words = {"hour": "hours of the day", "weekday": "days of the week"}
    significant = [text for of, text in words.items() if found[of].adjusted_p_value < 0.05]
    if not significant:
        return "No significant pattern by hour or weekday"
    return f"Significantly more incidents at certain {wording.listing(significant)}"


def _unit(seconds: float) -> tuple[float, str]:
    if seconds >= 2 * 86400:
        return 86400.0, "days"
    return (3600.0, "h") if seconds >= 2 * 3600 else (60.0, "min")
