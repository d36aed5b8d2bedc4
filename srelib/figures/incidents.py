"""Figures of notebook 05: when incidents came, how long they took, and what so few can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from srelib import wording
from srelib.figures import canvas

NOTHING = "There are no incidents here, so there is nothing to draw."
TOO_FEW = "Too few incidents with a known duration to draw this."
FREE = "No incident touches an objective with data, so none can be priced."
BARS = "#B9C9D6"
BEFORE, AFTER = canvas.GREY, canvas.BLUE
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TICKS = (1, 10, 60, 600, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400)
SERVICES, DEAREST, BINS = 14, 12, 60
VERDICTS = {"better": "beyond chance", "worse": "beyond chance",
            "cannot tell": "within the reach of chance"}  # fmt: skip


def plot_timeline(review: Any, *, ax: Axes | None = None) -> Axes:
    """Every incident in a row for its service: where it is, and by its size how long it took.

    Parameters
    ----------
    review : Review or None
        As from `srelib.incidents.review`.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        One row per service, most incidents on top; the dashed line divides the two parts.
    """
    if review is None:
        return canvas.note(NOTHING, ax=ax)
    table = review.services.head(SERVICES)
    rows = review.durations
    names = [wording.label(name, limit=24) for name in table["service"]]
    ax = canvas.axes(ax, height=1.35 + 0.3 * len(table))
    with canvas.style():
        for y, service in enumerate(table["service"]):
            own = rows[rows["service"].astype("str") == service]
            ax.axhline(y, color=canvas.PALE, lw=0.8, zorder=0)
            _bubbles(ax, own, y)
            ax.text(1.01, y, f"{len(own)}", transform=ax.get_yaxis_transform(), va="center",
                    fontsize=8.5, color=canvas.GREY)  # fmt: skip
        ax.axvline(review.split, color=canvas.INK, lw=0.9, ls=(0, (4, 2)))
        ax.set_yticks(range(len(names)), names)
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.set_xlim(*review.between)
        ax.spines["left"].set_visible(False)
        canvas.time_axis(ax)
        title = _timeline_title(review)
        canvas.headline(ax, title, labels=names)
        _timeline_key(ax, review)
    return canvas.describe(ax, f"Incidents over time, one row per service, larger circles for "
                               f"longer ones. {title}.")  # fmt: skip


def _bubbles(ax: Axes, rows: pd.DataFrame, y: int) -> None:
    """Smaller and paler where there are many in a row."""
    scale, looks = min(1.0, 60 / max(len(rows), 1)), {
        "ended": (BARS, canvas.BLUE), "open": ("white", canvas.VERMILLION),
        "unknown": ("white", canvas.GREY),
    }  # fmt: skip
    for state, (face, edge) in looks.items():
        own = rows[rows["state"] == state]
        ax.scatter(own["started_at"], np.full(len(own), y), s=_area(own["seconds"]) * scale,
                   color=face, edgecolors=edge, linewidths=0.9 if scale > 0.5 else 0.5,
                   alpha=0.85 if scale > 0.5 else 0.6, clip_on=False, zorder=2)  # fmt: skip


def _area(seconds: pd.Series | np.ndarray) -> np.ndarray:
    """Area of a circle by duration: ten times as long, about three times the area."""
    hours = np.nan_to_num(np.asarray(seconds, dtype="float64"), nan=60.0) / 3600
    return np.clip(36 * np.sqrt(hours), 5, 320)


def _timeline_key(ax: Axes, review: Any) -> None:
    sizes = [Line2D([], [], ls="", marker="o", color=BARS, mec=canvas.BLUE, label=text,
                    ms=float(np.sqrt(_area(np.array([s]))[0])))
             for s, text in ((600, "10 min"), (3600, "1 h"), (36000, "10 h"))]  # fmt: skip
    if (review.durations["state"] == "open").any():
        sizes.append(Line2D([], [], ls="", marker="o", ms=6, color="white",
                            mec=canvas.VERMILLION, label="still open"))  # fmt: skip
    sizes.append(Line2D([], [], color=canvas.INK, lw=0.9, ls=(0, (4, 2)),
                        label="where the two parts meet"))  # fmt: skip
    canvas.key(ax, sizes)


def _timeline_title(review: Any) -> str:
    table, n = review.services, len(review.incidents)
    if len(table) == 1:
        return f"{wording.plural(n, 'incident')} in {_length(review.between)}"
    first = table.iloc[0]
    who = wording.label(first["service"], limit=30)
    more = f"; {len(table) - SERVICES} services not drawn" if len(table) > SERVICES else ""
    return f"{first['incidents']} of {wording.plural(n, 'incident')} were at {who}{more}"


def plot_survival(review: Any, *, ax: Axes | None = None) -> Axes:
    """Share of incidents still going on after each time, before the split and after it.

    Parameters
    ----------
    review : Review or None
        As from `srelib.incidents.review`.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Two Kaplan-Meier curves with their 95 % bands; lower and further left is better.
    """
    if review is None:
        return canvas.note(NOTHING, ax=ax)
    parts = {"before": review.lengths.before, "after": review.lengths.after}
    if not all(len(part.curve) > 1 for part in parts.values()):
        return canvas.note(TOO_FEW, ax=ax)
    ax = canvas.axes(ax, height=3.6)
    title = _survival_title(review)
    with canvas.style():
        ax.axhline(0.5, color=canvas.PALE, lw=0.9, zorder=0)
        for (name, part), color, height in zip(
            parts.items(), (BEFORE, AFTER), (0.88, 0.12), strict=True
        ):
            _curve(ax, part.curve, color)
            _curve_name(ax, part, f"{name} ({part.incidents})", color, height)
        seconds = np.concatenate([part.curve["time"] for part in parts.values()])
        _duration_axis(ax.xaxis, ax, seconds)
        ax.set_ylim(0, 1.02)
        canvas.percent_axis(ax.yaxis, ticks=4)
        ax.set_xlabel("time since the start of the incident (logarithmic; further left is better)")
        ax.set_ylabel("share still going on")
        canvas.headline(ax, title, labels=["share 100 %"])
    return canvas.describe(ax, "Share of incidents still going on after each time, before and "
                               f"after {wording.day(review.split)}. {title}.")  # fmt: skip


def _curve(ax: Axes, curve: pd.DataFrame, color: str) -> None:
    x = np.concatenate([[1e-9], curve["time"].clip(lower=1.0)])
    steps = {name: np.concatenate([[1.0], curve[name]]) for name in ("going_on", "low", "high")}
    ax.fill_between(x, steps["low"], steps["high"], step="post", color=color, alpha=0.16, lw=0)
    ax.step(x, steps["going_on"], where="post", color=color)


def _curve_name(ax: Axes, part: Any, text: str, color: str, height: float) -> None:
    """The name beside the curve, at a height where the two are apart from the middle."""
    curve = part.curve
    at = int(np.argmin(np.abs(curve["going_on"].to_numpy() - height)))
    upper = height > 0.5
    ax.annotate(text, (max(float(curve["time"].iloc[at]), 1.0), float(curve["going_on"].iloc[at])),
                xytext=(-9 if upper else 9, -10 if upper else 8), textcoords="offset points",
                ha="right" if upper else "left", va="center", fontsize=9, color=color,
                fontweight="bold", path_effects=canvas.halo())  # fmt: skip


def _survival_title(review: Any) -> str:
    before, after = (part.median.value for part in (review.lengths.before, review.lengths.after))
    if before != before or after != after:
        return "In one part too few have ended to say how long half of them take"
    times = [wording.duration(_coarse(x)) for x in (before, after)]
    return (f"Half were over within {times[0]} before {_day(review.split)}, {times[1]} after; "
            f"{VERDICTS[review.lengths.verdict]}")  # fmt: skip


def plot_durations(review: Any, *, ax: Axes | None = None) -> Axes:
    """Time to restore of each incident over time, with the median of either part.

    Parameters
    ----------
    review : Review or None
        As from `srelib.incidents.review`.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        One dot per incident; triangles are still open; the bands are 95 % intervals of the
        medians.
    """
    if review is None:
        return canvas.note(NOTHING, ax=ax)
    rows = review.durations[review.durations["seconds"].notna()]
    if not len(rows):
        return canvas.note(TOO_FEW, ax=ax)
    ax = canvas.axes(ax, height=3.5)
    title = _durations_title(review)
    y, ended = rows["seconds"].clip(lower=1.0), rows["state"] == "ended"
    with canvas.style():
        ends = (review.between[0], review.split), (review.split, review.between[1])
        for span, part, color in zip(
            ends, (review.lengths.before, review.lengths.after), (BEFORE, AFTER), strict=True
        ):
            _level(ax, span, part.median, color)
        ax.plot(rows["started_at"][ended], y[ended], "o", ms=4 if len(rows) < 300 else 2.5,
                color=canvas.BLUE, alpha=0.6, mec="none")  # fmt: skip
        ax.plot(rows["started_at"][~ended], y[~ended], "^", ms=6, color=canvas.VERMILLION)
        ax.axvline(review.split, color=canvas.INK, lw=0.9, ls=(0, (4, 2)))
        ax.set_xlim(*review.between)
        _duration_axis(ax.yaxis, ax, y.to_numpy())
        canvas.time_axis(ax)
        ax.set_ylabel("time to restore (logarithmic)")
        canvas.headline(ax, title, labels=["mm 12 h"])
        _durations_key(ax, bool((~ended).any()))
    return canvas.describe(ax, f"Time to restore of each incident over time. {title}.")


def _level(ax: Axes, span: tuple[Any, Any], estimate: Any, color: str) -> None:
    """A median over a part of the history, with its interval."""
    if estimate.value != estimate.value:
        return
    low = estimate.low if estimate.low == estimate.low else 1.0
    if estimate.high == estimate.high:
        ax.fill_between(list(span), max(low, 1.0), max(estimate.high, 1.0), color=color,
                        alpha=0.16, lw=0)  # fmt: skip
    ax.hlines(max(estimate.value, 1.0), *span, color=color, lw=1.8)


def _durations_key(ax: Axes, still_open: bool) -> None:
    handles = [
        Line2D([], [], ls="", marker="o", ms=4, color=canvas.BLUE, label="one incident"),
        Line2D([], [], color=BEFORE, lw=1.8, label="median before"),
        Line2D([], [], color=AFTER, lw=1.8, label="median after (bands: 95 % intervals)"),
    ]
    if still_open:
        handles.insert(1, Line2D([], [], ls="", marker="^", ms=6, color=canvas.VERMILLION,
                                 label="still open, so far"))  # fmt: skip
    canvas.key(ax, handles)


def _durations_title(review: Any) -> str:
    found = review.lengths.correlation
    if found.value != found.value:
        return f"Time to restore of {wording.plural(found.n, 'incident')}; no trend can be told"
    if found.high < 0:
        return f"Times to restore fell over the history (rank correlation {_signed(found.value)})"
    if found.low > 0:
        return f"Times to restore rose over the history (rank correlation {_signed(found.value)})"
    return ("Times to restore neither rise nor fall beyond chance (rank correlation "
            f"{_signed(found.value)}, {_signed(found.low)} to {_signed(found.high)})")  # fmt: skip


def plot_counts(review: Any, *, ax: Axes | None = None) -> Axes:
    """Incidents per week, with the rate of either part and its interval.

    Parameters
    ----------
    review : Review or None
        As from `srelib.incidents.review`.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Bars from 0, of four weeks each where there are many; a cut last one is drawn as narrow as
        it is; the bands are 95 % intervals.
    """
    if review is None:
        return canvas.note(NOTHING, ax=ax)
    ax = canvas.axes(ax)
    title, counts, weeks = _counts_title(review), review.counts, review.bins
    with canvas.style():
        wide = (weeks["ends_at"] - weeks["starts_at"]) / pd.Timedelta(days=1)
        per = weeks["count"] / weeks["weeks"].clip(lower=0.15)
        ax.bar(weeks["starts_at"], per, width=wide * 0.9, align="edge", color=BARS)
        ends = (review.between[0], review.split), (review.split, review.between[1])
        for span, rate, color in zip(
            ends, (counts.before, counts.after), (BEFORE, AFTER), strict=True
        ):
            ax.fill_between(list(span), rate.low, rate.high, color=color, alpha=0.18, lw=0)
            ax.hlines(rate.value, *span, color=color, lw=1.8)
            middle = span[0] + (span[1] - span[0]) / 2
            ax.annotate(f"{_number(rate.value)} a week", (middle, rate.high), xytext=(0, 3),
                        textcoords="offset points", ha="center", va="bottom", fontsize=9,
                        color=color, fontweight="bold", path_effects=canvas.halo())  # fmt: skip
        ax.set_xlim(*review.between)
        top = max(float(per.max()), counts.before.high, counts.after.high)
        ax.set_ylim(0, top * 1.12)
        ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        canvas.time_axis(ax)
        ax.set_ylabel("incidents a week")
        canvas.headline(ax, title)
    return canvas.describe(ax, f"Incidents per week, with the rate before and after "
                               f"{wording.day(review.split)}. {title}.")  # fmt: skip


def _counts_title(review: Any) -> str:
    found = review.counts
    before, after = (_number(rate.value) for rate in (found.before, found.after))
    return (f"{before} incidents a week before {_day(review.split)}, {after} after; "
            f"{VERDICTS[found.verdict]}")  # fmt: skip


def plot_noise(review: Any, *, ax: Axes | None = None) -> Axes:
    """Differences between the two parts that shuffling makes, and the one observed.

    Parameters
    ----------
    review : Review or None
        As from `srelib.incidents.review`.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Histogram; those at least as large as the one observed, either way, in red.
    """
    if review is None or review.noise is None:
        return canvas.note(NOTHING if review is None else TOO_FEW, ax=ax)
    found = review.noise
    size, unit = _unit(np.abs(found.differences).max())
    drawn, seen = found.differences / size, found.observed / size
    ax = canvas.axes(ax)
    title = _noise_title(found)
    with canvas.style():
        counts, edges = np.histogram(drawn, bins=BINS)
        middles = (edges[:-1] + edges[1:]) / 2
        colors = ["#F3B58C" if abs(x) >= abs(seen) else BARS for x in middles]
        ax.bar(middles, counts, width=edges[1] - edges[0], color=colors)
        top = float(np.max(counts))
        ax.axvline(seen, color=canvas.VERMILLION, lw=1.6)
        right = seen > 0
        ax.annotate("observed", (seen, top), xytext=(5 if right else -5, 0),
                    textcoords="offset points", ha="left" if right else "right", va="center",
                    fontsize=9, color=canvas.VERMILLION, fontweight="bold",
                    path_effects=canvas.halo())  # fmt: skip
        ax.set_ylim(0, top * 1.08)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(f"{found.statistic} after less {found.statistic} before [{unit}] (left: "
                      "shorter after), in shufflings of the same incidents")  # fmt: skip
        canvas.headline(ax, title)
    return canvas.describe(ax, f"Histogram of the differences in {found.statistic} time to "
                               f"restore when incidents are shuffled. {title}.")  # fmt: skip


def _noise_title(found: Any) -> str:
    share = wording.percent(found.share)
    length = wording.duration(_coarse(abs(found.observed)))
    return f"Chance alone makes a difference of {length} or more in {share} of shufflings"


def plot_detectable(review: Any, *, ax: Axes | None = None) -> Axes:
    """The smallest improvement that would show, against the number of incidents.

    Parameters
    ----------
    review : Review or None
        As from `srelib.incidents.review`.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Two curves, of durations and of counts; dots: as many incidents as there are.
    """
    if review is None or review.detectable is None:
        return canvas.note(NOTHING if review is None else TOO_FEW, ax=ax)
    found = review.detectable
    n = found.n_before + found.n_after
    ax = canvas.axes(ax, height=3.5)
    title = _detectable_title(found)
    with canvas.style():
        ax.set_xscale("log")
        for name, at, color in (("cut", found.cut, canvas.BLUE),
                                ("count_cut", found.count_cut, canvas.GREEN)):  # fmt: skip
            ax.plot(found.curve["n"], found.curve[name], color=color)
            if at == at:
                ax.plot([n], [at], "o", ms=7, color=color, mec="white", zorder=3)
        ax.axvline(n, color=canvas.INK, lw=0.9, ls=(0, (4, 2)))
        ax.annotate(f"{n:.0f} here", (n, 1), xycoords=("data", "axes fraction"), xytext=(4, -2),
                    textcoords="offset points", va="top", fontsize=9, color=canvas.INK,
                    path_effects=canvas.halo())  # fmt: skip
        _curve_names(ax, found.curve)
        ax.set_ylim(0, 1)
        canvas.percent_axis(ax.yaxis, ticks=5)
        top = float(found.curve["n"].iloc[-1])
        ticks = [t for t in (10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000) if t <= top]
        ax.xaxis.set_major_locator(FixedLocator(ticks))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xlim(10, top)
        ax.set_xlabel("incidents in both parts together (logarithmic)")
        ax.set_ylabel(f"smallest cut seen {wording.percent(found.power)} of the time")
        canvas.headline(ax, title, labels=["mm 100 %"])
    return canvas.describe(ax, "Smallest improvement that would show against the number of "
                               f"incidents. {title}.")  # fmt: skip


def _curve_names(ax: Axes, curve: pd.DataFrame) -> None:
    """Names inside, where the curves run: the upper one above, the lower one below."""
    names = {"cut": ("of every duration", canvas.BLUE),
             "count_cut": ("of the number", canvas.GREEN)}  # fmt: skip
    at = int(len(curve) * 0.72)
    x = float(curve["n"].iloc[at])
    order = sorted(names, key=lambda name: float(np.nan_to_num(curve[name].iloc[at], nan=1.0)))
    for name, below in zip(order, (True, False), strict=True):
        y = float(curve[name].iloc[at])
        if y == y:
            text, color = names[name]
            ax.annotate(text, (x, y), xytext=(-4 if below else 4, -11 if below else 11),
                        textcoords="offset points", ha="right" if below else "left", va="center",
                        fontsize=9, color=color, fontweight="bold",
                        path_effects=canvas.halo())  # fmt: skip


def _detectable_title(found: Any) -> str:
    n = wording.plural(found.n_before + found.n_after, "incident")
    cut, fewer = (wording.percent(round(x, 2)) for x in (found.cut, found.count_cut))
    if found.cut == found.cut:
        return f"With {n}, only a cut of durations by {cut} or more would show"
    if found.count_cut == found.count_cut:
        return f"With {n}, only a cut of their number by {fewer} or more would show"
    return f"With {n}, no improvement would show, however large"


def plot_costs(costs: pd.DataFrame, *, postmortem: float = 0.2, ax: Axes | None = None) -> Axes:
    """The dearest incidents by the share of a budget they spent.

    Parameters
    ----------
    costs : DataFrame
        As from `srelib.incidents.dearest`.
    postmortem : float
        Share above which one needs a postmortem [fraction].
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Bars from 0, dearest on top; those above the line are filled.
    """
    rows = costs[costs["share"] > 0].head(DEAREST) if len(costs) else costs
    if not len(rows):
        return canvas.note(FREE, ax=ax)
    ax = canvas.axes(ax, height=1.1 + 0.27 * len(rows))
    title = _costs_title(costs, postmortem)
    names = [_incident(row) for _, row in rows.iterrows()]
    with canvas.style():
        y = np.arange(len(rows))
        colors = [canvas.VERMILLION if above else BARS for above in rows["postmortem"]]
        ax.barh(y, rows["share"], height=0.66, color=colors)
        for i, share in enumerate(rows["share"]):
            ax.annotate(wording.percent(share), (share, i), xytext=(4, 0), va="center",
                        textcoords="offset points", fontsize=8.5, color=canvas.INK, zorder=5,
                        path_effects=canvas.halo())  # fmt: skip
        ax.axvline(postmortem, color=canvas.INK, lw=0.9, ls=(0, (4, 2)))
        ax.set_yticks(y, names)
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_xlim(0, max(float(rows["share"].max()) * 1.14, postmortem * 1.3))
        canvas.percent_axis(ax.xaxis, ticks=6)
        ax.set_xlabel(f"share of a budget (beyond {wording.percent(postmortem)}: postmortem)")
        canvas.headline(ax, title, labels=names)
    return canvas.describe(ax, f"Bars of the incidents that spent most budget. {title}.")


def _incident(row: pd.Series) -> str:
    day = f"{row['starts_at'].day}{wording.NBSP}{row['starts_at']:%b}"
    title = wording.label(row["title"], limit=26)
    return f"{title}, {wording.label(row['service'], limit=14)}, {day}"


def _costs_title(costs: pd.DataFrame, postmortem: float) -> str:
    line, many = wording.percent(postmortem), int(costs["postmortem"].sum())
    if not many:
        first = wording.percent(float(costs["share"].iloc[0]))
        return f"No incident spent more than {line} of a budget; the dearest took {first}"
    return f"{many} of {wording.plural(len(costs), 'incident')} spent more than {line} of a budget"


def plot_recurrence(
    found: Mapping[str, Any] | None, *, timezone: str, ax: Axes | None = None
) -> Axes:
    """Incidents by hour of the day and by day of the week, against an even spread.

    Parameters
    ----------
    found : mapping of str to Recurrence, or None
        As from `srelib.incidents.recurrence`.
    timezone : str
        For the axis.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Container of two panels of bars from 0; lines: if incidents came evenly.
    """
    if found is None:
        return canvas.note(NOTHING, ax=ax)
    ax = canvas.axes(ax, height=2.7)
    title = _recurrence_title(found)
    with canvas.style():
        ax.set_axis_off()
        boxes = {"hour": (0.0, 0.16, 0.6, 0.7), "weekday": (0.68, 0.16, 0.32, 0.7)}
        for of, box in boxes.items():
            panel = ax.inset_axes(box)
            counts = found[of].counts
            panel.bar(counts["value"], counts["count"], width=0.86, color=BARS)
            panel.step(np.append(counts["value"] - 0.5, counts["value"].iloc[-1] + 0.5),
                       np.append(counts["expected"], counts["expected"].iloc[-1]), where="post",
                       color=canvas.GREY, lw=1.2)  # fmt: skip
            panel.set_ylim(0, max(float(counts["count"].max()), 1.0) * 1.1)
            panel.yaxis.set_major_locator(MaxNLocator(4, integer=True))
            panel.tick_params(axis="x", length=0)
            if of == "weekday":
                panel.set_xticks(range(7), DAYS)
            else:
                panel.set_xticks(range(0, 24, 3))
                panel.set_xlabel(f"hour of the day, {wording.label(timezone)}")
        canvas.headline(ax, title)
        canvas.subtitle(ax, "incidents that began then; grey line: if they came evenly over time")
    return canvas.describe(ax, f"Incidents by hour of the day and by day of the week. {title}.")


def _recurrence_title(found: Mapping[str, Any]) -> str:
    if found["hour"].p_value != found["hour"].p_value:
        return "Too few incidents to say whether hour or weekday matters"
    sure = [of for of in ("hour", "weekday") if found[of].adjusted_p_value < 0.05]
    words = {"hour": "the hour of the day", "weekday": "the day of the week"}
    if not sure:
        return "Neither hour nor weekday matters beyond what chance would do"
    return f"Incidents depend on {wording.listing(words[of] for of in sure)}, beyond chance"


def _duration_axis(axis: Any, ax: Axes, seconds: np.ndarray) -> None:
    """A logarithmic axis of durations, ends as wide as the data."""
    known = np.maximum(seconds[np.isfinite(seconds)], 1.0)
    low, high = float(known.min()), float(known.max())
    low, high = low / 1.5, max(high, low * 2) * 1.5
    vertical = axis is ax.yaxis
    (ax.set_yscale if vertical else ax.set_xscale)("log")
    (ax.set_ylim if vertical else ax.set_xlim)(low, high)
    ticks: list[float] = [t for t in TICKS if low <= t <= high]
    if len(ticks) < 2:
        ticks = [low * 1.5, high / 1.5]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda x, _: _tick(x)))
    axis.set_minor_locator(NullLocator())


def _tick(seconds: float) -> str:
    text = wording.duration(_coarse(seconds))
    return f"\u2264 {text}" if seconds <= 1 else text


def _coarse(seconds: float) -> float:
    """To the minute from ten minutes on."""
    return round(seconds / 60) * 60.0 if seconds >= 600 else round(seconds)


def _unit(seconds: float) -> tuple[float, str]:
    if seconds >= 2 * 86400:
        return 86400.0, "days"
    return (3600.0, "h") if seconds >= 2 * 3600 else (60.0, "min")


def _length(between: tuple[pd.Timestamp, pd.Timestamp]) -> str:
    return wording.roughly(between[1] - between[0])


def _day(time: pd.Timestamp) -> str:
    return wording.day(time)


def _number(value: float) -> str:
    if value >= 10:
        return wording.count(round(value))
    return wording.count(round(value, 1) if value >= 2 else round(value, 2))


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", wording.MINUS)
