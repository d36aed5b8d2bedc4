"""Figures of notebook 04: deployments, change lead times, failures and recovery.

`result` is what `srelib.delivery.performance` found, `windows` what `srelib.delivery.sensitivity`
found for all services taken as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D

from srelib import wording
from srelib.delivery import DeliveryPerformance
from srelib.figures import canvas, heat

NOTHING = ("There are no deployments here; export them with `gh api "
           "repos/OWNER/REPO/deployments --paginate`, or as a CSV with service and "
           "finished_at.")  # fmt: skip
NO_CHANGES = ("No change names its deployment, so lead times are not known; add a CSV with "
              "change_id, service, committed_at and deployment_id.")  # fmt: skip
NO_SIGNAL = ("Whether deployments failed is not known: these exports hold no incident, no "
             "rollback, and no word of what was planned.")  # fmt: skip
NO_FAILURES = "No failure is attributed to a deployment, so there is no recovery to draw."
NO_INCIDENTS = "There are no incidents here, so no window can be tried."
ROWS = 20
POINTS = 300
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
TICKS = {
    MINUTE: "1 min", 10 * MINUTE: "10 min", HOUR: "1 h", 4 * HOUR: "4 h", DAY: "1 day",
    7 * DAY: "1 week", 30 * DAY: "1 month", 182.5 * DAY: "6 months", 730 * DAY: "2 years",
}  # fmt: skip


@canvas.redrawn
def plot_calendar(result: DeliveryPerformance, *, ax: Axes | None = None) -> Axes:
    """Deployments of each service per week, or per month or quarter in a long history.

    One row per service, those that deploy most on top; darker is more.
    """
    canvas.some(result.services, NOTHING)
    rows = result.calendar.assign(service=result.calendar["service"].astype("str"))
    order = result.frequency.sort_values("n", ascending=False, kind="stable")["service"]
    counts = rows.pivot(index="service", columns="starts_at", values="n").reindex(order[:ROWS])
    names = _names(counts.index)
    about = f"Calendar of deployments per service and {_unit(rows)}; darker is more"
    with canvas.drawing(ax, _calendar_title(result), about=about, labels=names,
                        height=1.5 + 0.3 * len(counts)) as ax:  # fmt: skip
        grid = counts.to_numpy(dtype=float)
        starts = [wording.day(start) for start in pd.DatetimeIndex(counts.columns)]
        heat.cells(ax, grid, lambda row, column: f"{names[row]}, {_unit(rows)} of {starts[column]}",
                   numbers=grid.shape[1] <= 30)  # fmt: skip
        ax.set_yticks(range(len(counts)), names)
        ax.tick_params(axis="both", length=0)
        _period_ticks(ax, counts.columns)
        ax.set_xlabel(f"{_unit(rows)} from (the first and last may be partial)")
        left_out = len(order) - len(counts)
        more = f"; {left_out} rarer ones not drawn" if left_out else ""
        canvas.subtitle(ax, f"deployments that reached users, per {_unit(rows)}{more}")
    return ax


def _unit(rows: pd.DataFrame) -> str:
    label = str(rows["label"].iloc[0])
    return "week" if "W" in label else "quarter" if "Q" in label else "month"


def _period_ticks(ax: Axes, starts: pd.Index) -> None:
    step = max(1, -(-len(starts) // (4 if canvas.is_narrow() else 7)))
    places = range(0, len(starts), step)
    years = len({start.year for start in starts}) > 1
    texts = [f"{s.day} {s:%b}" + (f"\n{s.year}" if years else "") for s in starts]
    ax.set_xticks(list(places), [texts[place] for place in places])


def _names(services: Iterable[str]) -> list[str]:
    return [wording.label(service, limit=22) for service in services]


def _calendar_title(result: DeliveryPerformance) -> str:
    rows = result.frequency.sort_values("n", ascending=False, kind="stable")
    most, least = rows.iloc[0], rows.iloc[-1]
    if not most["n"]:
        return "No deployment reached users"
    if result.weeks < 1:
        often = [wording.plural(row["n"], "time") for row in (most, least)]
    else:
        rates = (row["value"] for row in (most, least))
        often = [f"{wording.count(round(x, 1) if 1 <= x < 10 else x)} a week" for x in rates]
    if len(rows) == 1:
        return f"{wording.label(most['service'])} was deployed {often[0]}"
    return (f"{wording.label(most['service'], limit=30)} was deployed most often, {often[0]}; "
            f"{wording.label(least['service'], limit=30)} least, {often[1]}")  # fmt: skip


@canvas.redrawn
def plot_lead_times(result: DeliveryPerformance, *, ax: Axes | None = None) -> Axes:
    """Change lead times by period, with median and 90th percentile, one panel per service.

    A dot per change (a sample of them in long histories), a line per median and per 90th
    percentile; the shade is the interval of the median.
    """
    canvas.some(result.services, NOTHING)
    shipped = result.lead[result.lead["state"] == "shipped"]
    shipped = shipped[shipped["seconds"] > 0]
    periods = result.lead_periods.groupby("service", sort=False)
    known = {str(s): rows for s, rows in periods
             if s in result.metrics and rows["n"].sum() and (shipped["service"] == s).any()
             }  # fmt: skip
    results = canvas.some(known, NO_CHANGES)
    low, high = (float(shipped["seconds"].quantile(share)) for share in (0.01, 0.995))
    some = result.lead_periods[result.lead_periods["n"] > 0]
    low, high = min(low, some["value"].min()), max(high, some["p90"].max() * 2, low * 3)
    limits = max(low / 1.5, 30.0), high * 1.5

    def drawn(panel: Axes, service: str) -> None:
        _lead_panel(panel, results[service], shipped[shipped["service"] == service], limits)
        estimate = result.metrics[service].lead_time
        text = f"median {wording.length(estimate.value)}, n = {wording.count(estimate.n)}"
        canvas.panel_title(panel, service, text)

    what = {"1w": "week", "1M": "month", "1Q": "quarter"}[result.period]
    clock = "commit" if result.rules.start == "committed" else "merge"
    return canvas.panels(
        ax, _lead_title(result), results, drawn, each=1.8,
        worst=lambda service: result.metrics[service].lead_time.value,
        about="Change lead times over time with median and 90th percentile per period",
        caption=f"from {clock} to users (log scale), by day deployed; grey: changes; blue: median "
                f"of each {what}, shaded: its {_interval(result)}; orange, dashed: 90 % took at "
                "most this",
    )  # fmt: skip


def _time_axis(axis: Axis, limits: tuple[float, float]) -> None:
    canvas.ticks(axis, [t for t in TICKS if limits[0] <= t <= limits[1]], TICKS.__getitem__)


def _lead_panel(
    ax: Axes, periods: pd.DataFrame, changes: pd.DataFrame, limits: tuple[float, float]
) -> None:
    step = max(1, -(-len(changes) // POINTS))
    drawn = changes.sort_values("shipped_at", kind="stable").iloc[::step]
    ax.set_yscale("log")
    ax.plot(drawn["shipped_at"], drawn["seconds"].clip(*limits), "o", ms=2.5, mew=0, alpha=0.45,
            color="#8C8C8C")  # fmt: skip
    for row in periods[periods["n"] > 0].to_dict("records"):
        ends = [row["starts_at"], row["ends_at"]]
        if row["low"] == row["low"] and row["high"] == row["high"]:
            ax.fill_between(ends, row["low"], row["high"], color=canvas.BLUE, alpha=0.18, lw=0)
        ax.plot(ends, [row["value"]] * 2, color=canvas.BLUE, lw=2)
        middle = ends[0] + (ends[1] - ends[0]) / 2
        text = (f"from {wording.day(ends[0])}: median {wording.length(row['value'])}, "
                f"{wording.plural(row['n'], 'change')}")  # fmt: skip
        canvas.hover(ax, [middle], [row["value"]], [text])
        if row["n"] >= 10:
            ax.plot(ends, [row["p90"]] * 2, color=canvas.VERMILLION, lw=1.4, ls=(0, (3, 1.5)))
    ax.set(ylim=limits, xlim=(periods["starts_at"].min(), periods["ends_at"].max()))
    _time_axis(ax.yaxis, limits)
    canvas.time_axis(ax)
    _label_last(ax, periods)


def _label_last(ax: Axes, periods: pd.DataFrame) -> None:
    """Median and 90th percentile of the last period with a good number of changes."""
    good = periods[periods["n"] >= 10]
    if not len(good):
        return
    row = good.iloc[-1]
    at = row["ends_at"]
    for value, color, side in ((row["value"], canvas.BLUE, "top"),
                               (row["p90"], canvas.VERMILLION, "bottom")):  # fmt: skip
        canvas.label(ax, wording.length(value), (at, value), (-1, 2 if side == "bottom" else -2),
                     ha="right", va=side, fontsize=8, color=color,
                     path_effects=canvas.halo())  # fmt: skip


def _lead_title(result: DeliveryPerformance) -> str:
    known = {s: m.lead_time for s, m in result.metrics.items() if m.lead_time.n}
    slow, quick = max(known, key=lambda s: known[s].value), min(known, key=lambda s: known[s].value)
    if len(known) == 1:
        own = result.lead[(result.lead["service"] == slow) & (result.lead["state"] == "shipped")]
        most = wording.length(float(own["seconds"].quantile(0.9)))
        return (f"{wording.label(slow, limit=26)}: half of its changes took up to "
                f"{wording.length(known[slow].value)}, one in ten more than {most}")  # fmt: skip
    return (f"Half of the changes of {wording.label(quick, limit=24)} took up to "
            f"{wording.length(known[quick].value)}, of {wording.label(slow, limit=24)} "
            f"{wording.length(known[slow].value)}")  # fmt: skip


def _interval(result: DeliveryPerformance) -> str:
    return wording.interval(next(iter(result.metrics.values())).frequency.confidence)


@canvas.redrawn
def plot_rates(result: DeliveryPerformance, *, ax: Axes | None = None) -> Axes:
    """Change fail rate and rework rate of each service, with intervals; to the left is better."""
    canvas.some(result.services, NOTHING)
    rows = result.fails.sort_values(["value", "n"], ascending=[False, True], kind="stable")
    rows = canvas.some(rows[rows["n"] > 0][:ROWS], NO_SIGNAL)
    names = _names(rows["service"])
    rework = result.rework.set_index("service").loc[rows["service"]].reset_index()
    title = _rates_title(rows, result.most_failing)
    with canvas.drawing(ax, title, height=1.75 + 0.3 * len(rows), about="Change fail rate and "
                        f"rework rate per service with {_interval(result)}s") as ax:  # fmt: skip
        ax.set_axis_off()
        wide = max(canvas.text_width(name, 9) for name in names) / (72 * canvas.width())
        left = min(wide + 0.03, 0.3)
        each = (1 - left - 0.06) / 2
        by = result.chance.set_index("service").loc[rows["service"]]
        chance = by["followed_by_chance"].where(by["incidents"] > 0)
        rows = rows.assign(chance=chance.to_numpy())
        for place, (part, what) in enumerate(((rows, "change fail rate"), (rework, "rework rate"))):
            panel = ax.inset_axes((left + place * (each + 0.06), 0.13, each, 0.79))
            _rate_panel(panel, part.reset_index(drop=True), what, names if not place else None)
        canvas.subtitle(ax, f"dots: share of deployments, lines: {_interval(result)}s, to the left "
                            "is better; grey mark: what chance alone would give")  # fmt: skip
    return ax


def _rate_panel(ax: Axes, rows: pd.DataFrame, what: str, names: list[str] | None) -> None:
    places = np.arange(len(rows))[::-1]
    color = canvas.VERMILLION if names else canvas.BLUE
    ax.hlines(places, rows["low"], rows["high"], color=color, lw=2, alpha=0.45)
    ax.plot(rows["value"], places, "o", color=color, ms=6, clip_on=False, zorder=3)
    top = float(np.nanmax([*rows["high"], *rows["value"], 0.05]))
    part = "failed" if names else "unplanned"
    for place, row in zip(places, rows.to_dict("records"), strict=True):
        known = row["n"] > 0
        text = f"{row[part]} of {row['n']}" if known else "not in the exports"
        end = row["high"] if known and row["high"] == row["high"] else 0.0
        canvas.label(ax, text, (end, place), (5, 0), va="center", fontsize=8)
    texts = [f"{wording.label(row['service'])}, {what}: {wording.percent(row['value'])} "
             f"({wording.percent(row['low'])} to {wording.percent(row['high'])})"
             if row["n"] > 0 else None for row in rows.to_dict("records")]  # fmt: skip
    canvas.hover(ax, rows["value"], places, texts)
    if "chance" in rows:
        ax.plot(rows["chance"], places, "|", ms=11, mew=1.6, color=canvas.GREY, zorder=2)
    canvas.name_rows(ax, (names or [""] * len(rows))[::-1])
    ax.set_xlim(0, top * 1.28)
    canvas.percent_axis(ax.xaxis, ticks=4)
    ax.set_title(what, loc="left", fontsize=9, pad=4)


def _rates_title(rows: pd.DataFrame, named: str) -> str:
    worst, best = rows[rows["service"] == named].iloc[0], rows.iloc[-1]
    who, top = (wording.label(row["service"], limit=28) for row in (worst, rows.iloc[0]))
    said = f"{worst['failed']} of {wording.plural(worst['n'], 'deployment')}"
    if not worst["failed"]:
        return f"No deployment failed, of {wording.count(int(rows['n'].sum()))}"
    if len(rows) == 1:
        low, high = wording.percents([worst["low"], worst["high"]])
        return f"{said} of {who} failed ({low} to {high})"
    text = f"{who} failed most often, in {said}"
    if top != who:
        return f"{text}; the rate of {top} could be chance"
    apart = worst["low"] > best["high"]
    return f"{text}" + ("" if apart else "; the intervals of all services overlap")


@canvas.redrawn
def plot_sensitivity(
    windows: pd.DataFrame, *, within: pd.Timedelta | str, ax: Axes | None = None
) -> Axes:
    """Incidents in the attribution window, and the fail rate, by its length; `within` is marked."""
    canvas.some(bool(windows["incidents"].any()), NO_INCIDENTS)
    hours = windows["within"].dt.total_seconds() / HOUR

    def drawn(panel: Axes, what: str) -> None:
        (_chance_panel if what == "incidents" else _share_panel)(panel, hours, windows)
        panel.set_xscale("log")
        canvas.ticks(panel.xaxis, hours.tolist()[::2],
                     lambda x: wording.duration(round(x * HOUR)).replace("days", "d"))  # fmt: skip
        panel.set_xlabel("length of the window")
        panel.axvline(pd.Timedelta(within) / pd.Timedelta("1h"), zorder=1, **canvas.LIMIT)

    return canvas.panels(
        ax, _window_title(windows, within), {"incidents": 0, "fail rate": 0}, drawn, each=2.6,
        about="Incidents attributed to deployments, and fail rate, by length of the window",
        caption="by the longest time from a deployment to an incident attributed to it; dashed: "
                "the window in use",
    )  # fmt: skip


def _chance_panel(ax: Axes, hours: pd.Series, windows: pd.DataFrame) -> None:
    ax.plot(hours, windows["attributed"], "o-", ms=4, color=canvas.BLUE, lw=1.8)
    canvas.hover(ax, hours, windows["attributed"], [
        f"within {wording.duration(row['within'])}: {row['attributed']} of {row['incidents']}, "
        f"{wording.count(round(row['by_chance']))} by chance alone" for _, row in windows.iterrows()
    ])  # fmt: skip
    ax.plot(hours, windows["by_chance"], color=canvas.GREY, lw=1.4, ls=(0, (3, 1.5)))
    most = int(windows["incidents"].max())
    ax.set_ylim(0, most * 1.08)
    ax.axhline(most, color="#BDBDBD", lw=0.9)
    ends = ((windows["attributed"].iloc[0], "on record", canvas.BLUE, 6),
            (windows["by_chance"].iloc[0], "by chance alone", canvas.GREY, 8))  # fmt: skip
    for y, text, color, lift in ends:
        canvas.label(ax, text, (hours.iloc[0], y), (0, lift), color=color,
                     path_effects=canvas.halo())  # fmt: skip
    canvas.label(ax, f"all {most}", (hours.iloc[0], most), (0, -3), va="top")
    canvas.panel_title(ax, "incidents", "attributed to a deployment")


def _share_panel(ax: Axes, hours: pd.Series, windows: pd.DataFrame) -> None:
    band: dict[str, Any] = {"color": canvas.VERMILLION, "alpha": 0.15, "lw": 0}
    ax.fill_between(hours, windows["low"], windows["high"], **band)
    ax.plot(hours, windows["value"], "o-", ms=4, color=canvas.VERMILLION, lw=1.8)
    canvas.hover(ax, hours, windows["value"], [
        f"within {wording.duration(within)}: change fail rate {wording.percent(value)}"
        for within, value in zip(windows["within"], windows["value"].fillna(0.0), strict=True)
    ])  # fmt: skip
    ax.set_ylim(0, float(np.nanmax([*windows["high"], 0.05])) * 1.15)
    canvas.percent_axis(ax.yaxis, ticks=4)
    canvas.panel_title(ax, "change fail rate", "shaded: 95 % interval")


def _window_title(windows: pd.DataFrame, within: pd.Timedelta | str) -> str:
    near = (windows["within"] - pd.Timedelta(within)).abs().argmin()
    row = windows.iloc[int(near)]
    length = wording.duration(row["within"])
    return (f"Within {length} after a deployment started {row['attributed']} of "
            f"{wording.plural(row['incidents'], 'incident')}; "
            f"{wording.count(round(row['by_chance']))} would by chance alone")  # fmt: skip


@canvas.redrawn
def plot_recovery(result: DeliveryPerformance, *, ax: Axes | None = None) -> Axes:
    """How long each failure lasted, by service, with the median and its interval.

    A dot per failure, a triangle for one still open; to the left is better.
    """
    canvas.some(result.services, NOTHING)
    clock = f"from_{result.rules.recovery_from}"
    failed = result.recoveries[result.recoveries[clock] >= 0]
    rows = result.recovery[result.recovery["n"] > 0]
    rows = rows.sort_values(["value", "n"], ascending=False, kind="stable")[:ROWS]
    canvas.some(len(rows) > 0 and len(failed) > 0, NO_FAILURES)
    names = _names(rows["service"])
    times = failed[clock].clip(lower=MINUTE)
    limits = (float(times.min()) / 1.6, float(np.nanmax([times.max(), *rows["high"]])) * 1.6)
    with canvas.drawing(ax, _recovery_title(rows), about="How long each failure lasted, per "
                        "service", height=1.7 + 0.36 * len(rows),
                        labels=[f"{name} (99)" for name in names]) as ax:  # fmt: skip
        ax.set_xscale("log")
        for place, row in enumerate(rows[::-1].to_dict("records")):
            own = failed["service"] == row["service"]
            done = failed["recovered"].astype(bool)
            ax.plot(times[own & done], [place] * (own & done).sum(), "o", ms=5, color="#8C8C8C",
                    alpha=0.7, mew=0)  # fmt: skip
            ax.plot(times[own & ~done], [place] * (own & ~done).sum(), ">", ms=6,
                    color=canvas.VERMILLION, mew=0)  # fmt: skip
            canvas.hover(ax, times[own], np.full(int(own.sum()), place), [
                f"{wording.label(row['service'])}: {wording.length(seconds)}"
                for seconds in times[own]
            ])  # fmt: skip
            if row["low"] == row["low"] and row["high"] == row["high"]:
                ax.hlines(place, row["low"], row["high"], color=canvas.BLUE, lw=5, alpha=0.25)
            ax.plot([row["value"]], [place], "|", ms=15, mew=2.2, color=canvas.BLUE)
        many = zip(names[::-1], rows["n"][::-1], strict=True)
        canvas.name_rows(ax, [f"{name} ({n})" for name, n in many], spine=True)
        ax.set_xlim(*limits)
        _time_axis(ax.xaxis, limits)
        start = "start of the failure" if clock == "from_failure" else "end of the deployment"
        ax.set_xlabel(f"from the {start} to its end (logarithmic; to the left is better)")
        canvas.key(ax, [
            canvas.dot("a failure", "#8C8C8C", ms=5),
            canvas.dot("still open", canvas.VERMILLION, ">", ms=6),
            canvas.dot("median", canvas.BLUE, "|", ms=11, mew=2.2),
            Line2D([], [], color=canvas.BLUE, lw=5, alpha=0.25,
                   label=f"{_interval(result)}, from 6 on"),
        ])  # fmt: skip
    return ax


def _recovery_title(rows: pd.DataFrame) -> str:
    many = int(rows["n"].sum())
    first = rows.iloc[0]
    if len(rows) == 1:
        return (f"{wording.plural(many, 'failure')} of {wording.label(first['service'], limit=30)}"
                f": half lasted up to {wording.length(first['value'])}")  # fmt: skip
    sure = rows[rows["low"].notna() & rows["high"].notna()]
    if not len(sure):
        return f"{wording.plural(many, 'failure')}, too few of any service for an interval"
    top = sure.iloc[0]
    value, low, high = (wording.length(top[key]) for key in ("value", "low", "high"))
    return (f"Half of the {wording.plural(top['n'], 'failure')} of "
            f"{wording.label(top['service'], limit=28)} lasted up to {value} "
            f"({low} to {high})")  # fmt: skip
