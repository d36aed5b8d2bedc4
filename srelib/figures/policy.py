"""Figures of notebook 07: frozen days, what was delayed and for how long, what that avoided.

`replays` are the results of a policy by objective, `pooled` the policy on the whole fleet, None
where nothing could be replayed, and `table` comes from `srelib.policy.frontier`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.dates import date2num
from matplotlib.lines import Line2D

from srelib import wording
from srelib.figures import canvas, names
from srelib.fleet import Indicator, Results, answers
from srelib.policy import PolicyReplay, PooledReplays

NOTHING = ("No policy could be replayed: an error budget needs an objective (slos.yaml) and "
           "data in buckets of an hour or less.")  # fmt: skip
NOTHING_HELD = "The policy would have delayed no deployment, so there is nothing to draw."
BOTH, ONE, LEFT = "#EFB48F", "#FAE3D3", "#9CC7E3"
KINDS = {
    "current": (canvas.VERMILLION, "D"), "workbook": (canvas.GREEN, "s"),
    "other": (canvas.BLUE, "o"),
}  # fmt: skip


@canvas.redrawn
def plot_freezes(replays: Results[PolicyReplay], *, ax: Axes | None = None) -> Axes:
    """The budget left at each decision, the days frozen, and the deployments requested.

    One panel per objective: filled, the budget in the world with the policy, harm postponed;
    dashed, as recorded; below, a row of ticks per fate.
    """
    results = canvas.some(answers(replays), NOTHING)
    return canvas.panels(
        ax, _freeze_title(results), results,
        lambda panel, key: _freeze_panel(panel, key, results[key]),
        each=1.95, worst=lambda key: _days(results[key])[1],
        about="Replayed budget left each day with frozen spans and deployments, one panel per "
              "objective",
        caption="replayed; line: budget left at each decision (dashed: as recorded); shaded: "
                "service frozen, pale: only if harm is postponed; ticks: deployments, grey on "
                "time, orange delayed, green fixes not delayed",
    )  # fmt: skip


def _freeze_panel(ax: Axes, indicator: Indicator, result: PolicyReplay) -> None:
    days = result.postponed.days
    left = days["left_share"].where(days["judged"])
    times, share = days["decided_at"], left.to_numpy(dtype=float)
    for outcome, color in ((result.postponed, ONE), (result.avoided, BOTH)):
        spans = [(date2num(start), date2num(end)) for start, end in outcome.spans]
        ax.broken_barh([(start, end - start) for start, end in spans], (0, 1), color=color, lw=0,
                       transform=ax.get_xaxis_transform())  # fmt: skip
    ax.fill_between(times, 0, share, where=share >= 0, color=LEFT, lw=0, interpolate=True)
    ax.fill_between(times, 0, share, where=share <= 0, color=canvas.VERMILLION, alpha=0.35, lw=0,
                    interpolate=True)  # fmt: skip
    recorded = result.recorded["left_share"].where(result.recorded["judged"])
    ax.plot(times, recorded, color=canvas.GREY, lw=0.9, ls=(0, (3, 2)))
    ax.plot(times, share, color=canvas.INK, lw=1.0)
    ax.axhline(0, color=canvas.INK, lw=0.9)
    least = min([0.0, *share[np.isfinite(share)], *recorded.dropna()])
    ax.set_ylim(least - 0.28 * (1.05 - least), 1.05)  # room for the ticks under the lines
    ax.set_xlim(date2num(result.first), date2num(result.last))
    some = days[days["judged"] & days["left_share"].notna()].iloc[:: max(1, -(-len(days) // 40))]
    canvas.hover(ax, some["decided_at"], some["left_share"], [
        f"{indicator.label}, {wording.day(when)}: {wording.percent(value)} left"
        for when, value in zip(some["decided_at"], some["left_share"], strict=True)
    ])  # fmt: skip
    _ticks(ax, result.postponed.schedule)
    canvas.percent_axis(ax.yaxis, ticks=4)
    canvas.time_axis(ax)
    ax.spines["bottom"].set_visible(False)
    frozen = f"{_range(result)} of {result.judged_days} d frozen"
    canvas.panel_title(ax, indicator.label, frozen if _days(result)[1] else "never frozen")


def _ticks(ax: Axes, schedule: pd.DataFrame) -> None:
    """Three rows under the budget: deployments on time, delayed, and fixes."""
    kinds = {
        0.15: (["shipped"], canvas.GREY), 0.09: (["delayed", "waiting"], canvas.VERMILLION),
        0.03: (["exempt"], canvas.GREEN),
    }  # fmt: skip
    for height, (fates, color) in kinds.items():
        times = schedule.loc[schedule["fate"].isin(fates), "due_at"]
        ax.plot(times, np.full(len(times), height), "|", ms=6, mew=1.1, color=color,
                transform=ax.get_xaxis_transform())  # fmt: skip


def _days(result: PolicyReplay) -> list[int]:
    """Frozen days under the two readings, fewer first."""
    return sorted(outcome.frozen_days for outcome in result.outcomes)


def _range(result: PolicyReplay) -> str:
    return " to ".join(map(str, dict.fromkeys(_days(result))))


def _freeze_title(results: Mapping[Indicator, PolicyReplay]) -> str:
    worst = max(results, key=lambda key: _days(results[key])[::-1])
    judged = results[worst].judged_days
    if not judged:
        return "Too little of any window was observed for a decision"
    if not _days(results[worst])[1]:
        return "No service would have been frozen on any day"
    how = "most: " if len({key.service for key in results}) > 1 else "on "
    return (f"{wording.label(worst.service)} would have been frozen {how}{_range(results[worst])} "
            f"of {wording.plural(judged, 'day')}")  # fmt: skip


@canvas.redrawn
def plot_held(pooled: PooledReplays | None, *, ax: Axes | None = None) -> Axes:
    """Each deployment delayed, from its request to its release in the replay, harm postponed.

    One line per deployment, services one above the other.
    """
    pooled = canvas.some(pooled, NOTHING)
    rows = canvas.some(pooled.postponed.held, NOTHING_HELD).sort_values("due_at", kind="stable")
    many = rows["service"].value_counts()
    shown = {service: rows[rows["service"] == service] for service in many.index[: canvas.PANELS]}
    labels = [f"{wording.label(s, limit=24)} ({len(mine)})" for s, mine in shown.items()]
    drawn = sum(map(len, shown.values()))
    about = ("Deployments the policy would have delayed, from request to release, if harm is only "
             "postponed")  # fmt: skip
    with canvas.drawing(ax, _held_title(pooled), about=about, labels=labels,
                        height=1.4 + 0.055 * min(drawn, 150) + 0.3 * len(shown)) as ax:  # fmt: skip
        _held_lines(ax, list(shown.values()), labels)
        ax.tick_params(axis="y", length=0)
        canvas.time_axis(ax)
        if len(many) > len(shown):
            dropped = wording.plural(len(many) - len(shown), "service")
            ax.set_xlabel(f"{dropped} with fewer delayed not drawn")
        canvas.key(ax, [
            canvas.dot("requested", canvas.INK, "|", ms=6),
            Line2D([], [], color=canvas.BLUE, lw=1.6, label="delayed until released (replayed)"),
            Line2D([], [], color=canvas.VERMILLION, marker=">", ms=4, lw=1.6,
                   label="would still wait"),
        ])  # fmt: skip
    return ax


def _held_lines(ax: Axes, services: list[pd.DataFrame], labels: list[str]) -> None:
    """Lines from the top down, a gap between services."""
    places, gaps, y = [], [], 0.0
    for mine in services:
        heights = y - np.arange(len(mine))
        ends, waits = mine["due_at"] + mine["delay"], mine["fate"] == "waiting"
        for x, end, height, late in zip(mine["due_at"], ends, heights, waits, strict=True):
            color = canvas.VERMILLION if late else canvas.BLUE
            ax.plot([x, end], [height, height], color=color, lw=1.4, solid_capstyle="butt")
            ax.plot(x, height, "|", color=canvas.INK, ms=4, mew=0.9)
            if late:
                ax.plot(end, height, ">", color=color, ms=4)
        canvas.hover(ax, mine["due_at"], heights, [
            f"{wording.label(service)}, requested {wording.moment(due)}: " + (
                "would still wait" if late else f"delayed by {wording.roughly(delay)}")
            for service, due, delay, late in zip(mine["service"], mine["due_at"], mine["delay"],
                                                 waits, strict=True)
        ])  # fmt: skip
        places.append(float(heights.mean()))
        y = float(heights[-1]) - 3
        gaps.append(y + 1.5)
    for gap in gaps[:-1]:
        ax.axhline(gap, color=canvas.PALE, lw=0.8)
    ax.set_yticks(places, labels)
    ax.set_ylim(y + 1.5, 1.5)


def _held_title(pooled: PooledReplays) -> str:
    one = pooled.postponed
    text = f"{wording.plural(len(one.held), 'deployment')} would have been delayed"
    if one.delay.value == one.delay.value:
        text += f", half of them by {wording.roughly(one.delay.value)} or more"
    return f"{text}; {one.batch} released at once" if one.batch > 1 else text


@canvas.redrawn
def plot_saved(replays: Results[PolicyReplay], *, ax: Axes | None = None) -> Axes:
    """The range of bad events avoided per objective, from harm only postponed to harm avoided.

    One bar per objective that had anything delayed; as a share of its error budget of all the time.
    """
    results = {k: r for k, r in answers(replays).items() if any(len(o.held) for o in r.outcomes)}
    canvas.some(results, NOTHING_HELD if answers(replays) else NOTHING)
    rows = sorted(results, key=lambda key: results[key].avoided.saved_share.value)[-16:]
    labels = [key.label for key in rows]
    about = "Range of bad events the policy would have avoided, one bar per objective"
    with canvas.drawing(ax, _saved_title(results), about=about, labels=labels,
                        height=1.7 + 0.36 * len(rows)) as ax:  # fmt: skip
        ax.use_sticky_edges = False
        for y, key in enumerate(rows):
            _saved_row(ax, y, results[key])
        ax.axvline(0, color=canvas.INK, lw=0.9)
        canvas.name_rows(ax, labels, spine=True)
        ax.margins(x=0.14)
        canvas.percent_axis(ax.xaxis, ticks=6)
        ax.set_xlabel("bad events avoided in the replay, as a share of the error budget\n"
                      "(range with chance included; right is better)")  # fmt: skip
    return ax


def _saved_row(ax: Axes, y: int, result: PolicyReplay) -> None:
    low, high = _shares(result)
    ax.barh(y, high - low, left=low, height=0.5, color=LEFT)
    canvas.hover(ax, [(low + high) / 2], [y], [f"{wording.percent(low)} to {wording.percent(high)} "
                                               "of the error budget avoided"])  # fmt: skip
    text = " to ".join(wording.count(round(end)) for end in (result.low, result.high))
    canvas.label(ax, text, (high, y), (5, 0), va="center", annotation_clip=False)


def _shares(result: PolicyReplay) -> tuple[float, float]:
    """Ends of the range of what was avoided, as shares of the error budget."""
    shares = [outcome.saved_share for outcome in result.outcomes]
    return min(0.0, *(share.low for share in shares)), max(share.high for share in shares)


def _saved_title(results: Mapping[Indicator, PolicyReplay]) -> str:
    most = max(results, key=lambda key: results[key].avoided.saved_share.value)
    one = results[most]
    if one.avoided.saved.high <= 0:
        return "Delays would have avoided nothing"
    low, high = wording.percents(_shares(one))
    beyond = "" if one.avoided.saved.low > 0 else ", could be chance"
    lead = "Most for " if len(results) > 1 else "For "
    return f"{lead}{most.label}: {low} to {high} of its error budget would be avoided{beyond}"


@canvas.redrawn
def plot_frontier(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Policies side by side: delays against bad events avoided.

    Two points per policy, joined: harm avoided (filled), and the low end of the range, for harm
    that is only postponed (hollow).
    """
    delayed = bool(canvas.some(table, NOTHING)[["held", "held_best"]].to_numpy().any())
    canvas.some(delayed, "No policy tried would have delayed a deployment.")
    about = ("Freeze policies replayed, by deployment-days of delay and by bad events avoided: the "
             "upper value, and the low end of the range")  # fmt: skip
    with canvas.drawing(ax, _frontier_title(table), about=about, labels=["in four-week"],
                        height=4.4) as ax:  # fmt: skip
        _frontier_points(ax, table)
        ax.axhline(0, color=canvas.INK, lw=0.8)
        ax.margins(y=0.1)
        widest = table[["deployment_days", "deployment_days_best"]].to_numpy().max() or 1.0
        ax.set_xlim(-0.01 * widest, 1.08 * widest)
        ax.set_xlabel("deployment-days of delay, all services together (upper left is better)")
        ax.set_ylabel("bad events avoided in the replay,\nin four-week budgets")
        _frontier_names(ax, table)
        canvas.key(ax, [
            canvas.dot("harm avoided", canvas.BLUE),
            canvas.dot("harm postponed: low end of the range", canvas.BLUE, mfc="white"),
            Line2D([], [], ls=(0, (4, 2)), color=canvas.GREY, label="none better in both"),
            canvas.dot("chosen policy", canvas.VERMILLION, "D"),
        ])  # fmt: skip
    return ax


def _frontier_points(ax: Axes, table: pd.DataFrame) -> None:
    best = table[["deployment_days_best", "avoided"]].to_numpy(dtype=float)
    cautious = table[["deployment_days", "low"]].to_numpy(dtype=float)
    pairs = np.stack([best, cautious], axis=1)
    ax.add_collection(LineCollection(list(pairs), colors="#C9C9C9", linewidths=0.9, zorder=1))
    front = table[table["front"]].sort_values("deployment_days_best")
    ax.plot(front["deployment_days_best"], front["avoided"], ls=(0, (4, 2)), lw=1.1,
            color=canvas.GREY, drawstyle="steps-post", zorder=2)  # fmt: skip
    order = np.argsort(table["kind"] == "current", kind="stable")
    for points, kind in ((best, "harm avoided"), (cautious, "harm postponed")):
        canvas.hover(ax, points[:, 0], points[:, 1], [
            f"{wording.label(name)}, {kind}: {wording.count(round(days))} days of delay, "
            f"{wording.rounded(avoided)} four-week budgets avoided"
            for name, (days, avoided) in zip(table["policy"], points.tolist(), strict=True)
        ])  # fmt: skip
    for i in order.tolist():
        color, mark = KINDS[table["kind"].iloc[i]]
        ax.plot(*best[i], mark, ms=6.5, color=color, zorder=4)
        ax.plot(*cautious[i], mark, ms=5, color=color, mfc="white", zorder=3)


def _frontier_names(ax: Axes, table: pd.DataFrame) -> None:
    """Names beside the filled points; policies that coincide share theirs."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    places = table.assign(
        x=((table["deployment_days_best"] - left) / (right - left)).round(3),
        y=((table["avoided"] - low) / (high - low)).round(3),
    )
    groups = [rows.sort_values("kind", key=lambda kind: kind != "current")
              for _, rows in places.groupby(["x", "y"], sort=False)]  # fmt: skip
    taken = [(x - 0.012, x + 0.012, y) for x, y in zip(places["x"], places["y"], strict=True)]
    for rows in sorted(groups, key=lambda rows: rows["kind"].iloc[0] != "current"):
        row = rows.iloc[0]
        text = wording.listing([wording.label(name, limit=24) for name in rows["policy"]])
        point = row["deployment_days_best"], row["avoided"]
        names.name_point(ax, text, point, (row["x"], row["y"]), taken, pad=9, height=250,
                          color=KINDS[row["kind"]][0], steps=(0.06, 0.11, 0.16),
                          path_effects=canvas.halo(), annotation_clip=False)  # fmt: skip


def _frontier_title(table: pd.DataFrame) -> str:
    now = table[table["kind"] == "current"]
    if not len(now):
        return f"{len(table)} freeze policies replayed on the same history"
    row = now.iloc[0]
    name = wording.label(row["policy"])
    if row["front"]:
        text = f"None of {len(table)} freeze policies would avoid more than {name}"
        return f"{text} for no more delay"
    beats = table[
        (table["deployment_days_best"] <= row["deployment_days_best"])
        & (table["avoided"] >= row["avoided"])
        & (table["policy"] != row["policy"])
    ]
    best = wording.label(beats.sort_values("avoided")["policy"].iloc[-1])
    return f"At best, {best} would avoid as much as {name} or more, for no more delay"
