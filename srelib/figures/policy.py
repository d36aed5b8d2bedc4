"""Figures of notebook 07: frozen days, what was held and for how long, what that avoided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.dates import date2num
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from srelib import wording
from srelib.errors import SrelibError
from srelib.figures import canvas
from srelib.fleet import Indicator, answers
from srelib.policy import PolicyReplay, PooledReplays

NOTHING = ("No policy could be replayed: an error budget needs an objective (slos.yaml) and "
           "data in buckets of an hour or less.")  # fmt: skip
NOTHING_HELD = "The policy would have held no deployment, so there is nothing to draw."
BOTH, ONE, LEFT = "#EFB48F", "#FAE3D3", "#9CC7E3"


def plot_freezes(
    replays: Mapping[Indicator, PolicyReplay | SrelibError], *, ax: Axes | None = None
) -> Axes:
    """The budget left at each decision, the days frozen, and what came up for release.

    Parameters
    ----------
    replays : mapping of Indicator to PolicyReplay
        As from `srelib.policy.replay_service` by `srelib.fleet.by_objective`.

    Returns
    -------
    Axes
        Container of one panel per objective: filled, the budget in the world with the policy,
        harm postponed; dashed, as recorded; below, a row of ticks per fate.
    """
    results = answers(replays)
    if not results:
        return canvas.note(NOTHING, ax=ax)
    title = _freeze_title(results)
    with canvas.style():
        ax, shown, key = canvas.grid(ax, results, each=1.95, worst=lambda i, r: _most(r)[1])
        for panel, indicator in shown:
            _freeze_panel(panel, indicator, results[indicator])
        canvas.headline(ax, title)
        canvas.subtitle(
            ax,
            "line: budget left when it was looked at (dashed: as recorded); shaded: service "
            "frozen, pale where only if harm was merely postponed; ticks: deployments, grey "
            f"shipped, red held, green fixes let through{key}",
        )
    return canvas.describe(ax, f"Budget left each day with frozen spans and deployments, one panel "
                               f"per objective. {title}.")  # fmt: skip


def _freeze_panel(ax: Axes, indicator: Indicator, result: PolicyReplay) -> None:
    days = result.postponed.days
    left = days["left_share"].where(days["judged"])
    times, share = days["decided_at"], left.to_numpy(dtype=float)
    for start, end in result.postponed.spans:
        ax.axvspan(date2num(start), date2num(end), color=ONE, lw=0)
    for start, end in result.avoided.spans:
        ax.axvspan(date2num(start), date2num(end), color=BOTH, lw=0)
    ax.fill_between(times, 0, share, where=share >= 0, color=LEFT, lw=0, interpolate=True)
    ax.fill_between(times, 0, share, where=share <= 0, color=canvas.VERMILLION, alpha=0.35, lw=0,
                    interpolate=True)  # fmt: skip
    recorded = result.recorded["left_share"].where(result.recorded["judged"])
    ax.plot(times, recorded, color=canvas.GREY, lw=0.9, ls=(0, (3, 2)))
    ax.plot(times, share, color=canvas.INK, lw=1.0)
    ax.axhline(0, color=canvas.INK, lw=0.9)
    _panel_limits(ax, [share, recorded.to_numpy(dtype=float)], result)
    _ticks(ax, result.postponed.schedule)
    canvas.percent_axis(ax.yaxis, ticks=4)
    canvas.time_axis(ax)
    ax.spines["bottom"].set_visible(False)
    low, high = sorted(outcome.frozen_days for outcome in result.outcomes)
    text = "never frozen" if not high else f"{_range(low, high)} of {result.judged_days} d frozen"
    canvas.panel_title(ax, indicator.label, text)


def _panel_limits(ax: Axes, lines: list[np.ndarray], result: PolicyReplay) -> None:
    """From a little below the least of the lines, with room for the ticks under it."""
    known = np.concatenate(lines)
    known = known[np.isfinite(known)]
    low = min(0.0, float(known.min())) if len(known) else 0.0
    span = 1.05 - low
    ax.set_ylim(low - 0.28 * span, 1.05)
    ax.set_xlim(date2num(result.first), date2num(result.last))


def _ticks(ax: Axes, schedule: pd.DataFrame) -> None:
    """Three rows under the budget: shipped, held, fixes."""
    kinds = {
        0.15: (["shipped"], canvas.GREY), 0.09: (["delayed", "waiting"], canvas.VERMILLION),
        0.03: (["exempt"], canvas.GREEN),
    }  # fmt: skip
    for height, (fates, color) in kinds.items():
        times = schedule.loc[schedule["fate"].isin(fates), "due_at"]
        ax.plot(times, np.full(len(times), height), "|", ms=6, mew=1.1, color=color,
                transform=ax.get_xaxis_transform())  # fmt: skip


def _most(result: PolicyReplay) -> tuple[int, int]:
    low, high = sorted(outcome.frozen_days for outcome in result.outcomes)
    return low, high


def _range(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low} to {high}"


def _freeze_title(results: Mapping[Indicator, PolicyReplay]) -> str:
    worst = max(results, key=lambda key: (_most(results[key])[1], _most(results[key])[0]))
    low, high = _most(results[worst])
    judged = results[worst].judged_days
    if not judged:
        return "Too little of any window was observed for a decision"
    if not high:
        return "No service would have been frozen on any day"
    of = f"{_range(low, high)} of {wording.plural(judged, 'day')}"
    rest = len({key.service for key in results}) > 1
    return (
        f"{wording.label(worst.service)} would have been frozen {'most: ' if rest else 'on '}{of}"
    )


def plot_held(pooled: PooledReplays | None, *, ax: Axes | None = None) -> Axes:
    """Each deployment held: from when it came up to when it was let go.

    Parameters
    ----------
    pooled : PooledReplays or None
        As from `srelib.policy.pooled`.

    Returns
    -------
    Axes
        One line per deployment, services one above the other; harm is taken as postponed.
    """
    if pooled is None or not len(pooled.postponed.held):
        return canvas.note(NOTHING if pooled is None else NOTHING_HELD, ax=ax)
    rows = pooled.postponed.held
    most = list(rows["service"].value_counts().index)
    services, dropped = most[: canvas.PANELS], len(most[canvas.PANELS :])
    rows = rows[rows["service"].isin(services)]
    ax = canvas.axes(ax, height=1.4 + 0.055 * min(len(rows), 150) + 0.3 * len(services))
    title = _held_title(pooled)
    with canvas.style():
        labels = _held_lines(ax, rows, services)
        ax.tick_params(axis="y", length=0)
        canvas.time_axis(ax)
        if dropped:
            ax.set_xlabel(f"{wording.plural(dropped, 'service')} with fewer held not drawn")
        canvas.headline(ax, title, labels=labels)
        canvas.key(ax, [
            Line2D([], [], marker="|", ls="", color=canvas.INK, ms=6, label="came up"),
            Line2D([], [], color=canvas.BLUE, lw=1.6, label="held until let go"),
            Line2D([], [], color=canvas.VERMILLION, marker=">", ms=4, lw=1.6,
                   label="still waits"),
        ])  # fmt: skip
    return canvas.describe(ax, f"Deployments held by the policy, from when each came up to when it "
                               f"was let go. {title}.")  # fmt: skip


def _held_lines(ax: Axes, rows: pd.DataFrame, services: list[str]) -> list[str]:
    """Lines from the top down, a gap between services; returns the labels of the axis."""
    places, marks, y = {}, [], 0.0
    for service in services:
        mine = rows[rows["service"] == service].sort_values("due_at")
        heights = y - np.arange(len(mine))
        for height, row in zip(heights, mine.itertuples(), strict=True):
            _held_line(ax, float(height), row)
        places[float(heights.mean())] = f"{wording.label(service, limit=24)} ({len(mine)})"
        marks.append(y + 1.5)
        y = float(heights[-1]) - 3
    for mark in marks[1:]:
        ax.axhline(mark, color=canvas.PALE, lw=0.8)
    ax.set_yticks(list(places), list(places.values()))
    ax.set_ylim(y + 1.5, 1.5)
    return list(places.values())


def _held_line(ax: Axes, height: float, row: Any) -> None:
    waits = row.fate == "waiting"
    end, color = row.due_at + row.delay, canvas.VERMILLION if waits else canvas.BLUE
    ax.plot([row.due_at, end], [height, height], color=color, lw=1.4, solid_capstyle="butt")
    ax.plot(row.due_at, height, "|", color=canvas.INK, ms=4, mew=0.9)
    if waits:
        ax.plot(end, height, ">", color=color, ms=4)


def _held_title(pooled: PooledReplays) -> str:
    one = pooled.postponed
    many = wording.plural(len(one.held), "deployment")
    half = wording.roughly(one.delay.value) if one.delay.value == one.delay.value else None
    text = f"{many} held" + (f", half of them for {half} or more" if half else "")
    return f"{text}; {one.batch} let go at once" if one.batch > 1 else text


def plot_saved(
    replays: Mapping[Indicator, PolicyReplay | SrelibError], *, ax: Axes | None = None
) -> Axes:
    """Bad events avoided per objective: between two readings, with how far chance reaches.

    Parameters
    ----------
    replays : mapping of Indicator to PolicyReplay
        As from `srelib.policy.replay_service` by `srelib.fleet.by_objective`.

    Returns
    -------
    Axes
        One row per objective that had anything held; as a share of its allowance of all the time.
    """
    results = {k: r for k, r in answers(replays).items() if any(len(o.held) for o in r.outcomes)}
    if not results:
        known = len(answers(replays))
        return canvas.note(NOTHING_HELD if known else NOTHING, ax=ax)
    rows = sorted(results, key=lambda key: results[key].avoided.saved_share.value)[-16:]
    ax = canvas.axes(ax, height=1.7 + 0.42 * len(rows))
    title = _saved_title(results)
    with canvas.style():
        for y, key in enumerate(rows):
            _saved_row(ax, y, results[key])
        ax.axvline(0, color=canvas.INK, lw=0.9)
        ax.set_yticks(range(len(rows)), [key.label for key in rows])
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.tick_params(axis="y", length=0)
        ax.margins(x=0.14)
        canvas.percent_axis(ax.xaxis, ticks=6)
        ax.set_xlabel("bad events avoided, as a share of all that the objective allowed (right is "
                      "better)")  # fmt: skip
        canvas.headline(ax, title, labels=[key.label for key in rows])
        canvas.key(ax, [
            Line2D([], [], marker="o", ls="", mfc="white", color=canvas.BLUE,
                   label="harm only postponed"),
            Line2D([], [], marker="o", ls="", color=canvas.BLUE, label="harm avoided"),
            Line2D([], [], color=canvas.BLUE, lw=1.2, label="reach of chance"),
            Patch(color=canvas.PALE, label="range"),
        ])  # fmt: skip
    return canvas.describe(ax, f"Bad events avoided by the policy, lower and upper bound with "
                               f"intervals, one row per objective. {title}.")  # fmt: skip


def _saved_row(ax: Axes, y: int, result: PolicyReplay) -> None:
    shares = [outcome.saved_share for outcome in (result.postponed, result.avoided)]
    low, high = min(0.0, *(s.low for s in shares)), max(s.high for s in shares)
    ax.barh(y, high - low, left=low, height=0.62, color=canvas.PALE, zorder=0)
    for share, lift, face in zip(shares, (-0.14, 0.14), ("white", canvas.BLUE), strict=True):
        ax.plot([share.low, share.high], [y + lift] * 2, color=canvas.BLUE, lw=1.2, zorder=2)
        ax.plot(share.value, y + lift, "o", ms=5.5, color=canvas.BLUE, mfc=face, zorder=3)
    text = " to ".join(wording.count(round(x)) for x in sorted(
        (result.postponed.saved.value, result.avoided.saved.value)))  # fmt: skip
    ax.annotate(text, (high, y), xytext=(5, 0), textcoords="offset points", va="center",
                fontsize=8.5, color=canvas.GREY, annotation_clip=False)  # fmt: skip


def _saved_title(results: Mapping[Indicator, PolicyReplay]) -> str:
    most = max(results, key=lambda key: results[key].avoided.saved_share.value)
    one = results[most]
    if one.avoided.saved.high <= 0:
        return "Holding deployments back would have avoided nothing"
    shares = sorted(o.saved_share.value for o in one.outcomes)
    low, high = wording.percents(shares)
    beyond = "" if one.avoided.saved.low > 0 else ", which chance could explain"
    lead = "Most for " if len(results) > 1 else "For "
    return f"{lead}{most.label}: {low} to {high} of its allowance avoided{beyond}"


def plot_frontier(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Policies side by side: what they delay against what they avoid.

    Parameters
    ----------
    table : DataFrame
        As from `srelib.policy.frontier`.

    Returns
    -------
    Axes
        Two points per policy, joined: harm avoided (filled) and only postponed (hollow); upper
        left is better.
    """
    if not len(table):
        return canvas.note(NOTHING, ax=ax)
    if not (table["held"].max() or table["held_best"].max()):
        return canvas.note("No policy tried would have held a deployment.", ax=ax)
    ax = canvas.axes(ax, height=4.4)
    title = _frontier_title(table)
    with canvas.style():
        _frontier_points(ax, table)
        ax.axhline(0, color=canvas.INK, lw=0.8)
        ax.margins(y=0.1)
        ax.set_xlim(-0.01 * _widest(table), 1.08 * _widest(table))
        ax.set_xlabel("deployment-days of delay, all services together (upper left is better)")
        ax.set_ylabel("bad events avoided,\nin four-week budgets")
        _frontier_names(ax, table)
        canvas.headline(ax, title, labels=["in four-week"])
        canvas.key(ax, [
            Line2D([], [], marker="o", ls="", color=canvas.BLUE, label="harm avoided"),
            Line2D([], [], marker="o", ls="", mfc="white", color=canvas.BLUE,
                   label="same policy, harm postponed"),
            Line2D([], [], ls=(0, (4, 2)), color=canvas.GREY, label="none better in both"),
            Line2D([], [], marker="D", ls="", color=canvas.VERMILLION, label="in question"),
        ])  # fmt: skip
    return canvas.describe(ax, f"Policies by deployment-days of delay and by bad events avoided, "
                               f"under two readings. {title}.")  # fmt: skip


def _frontier_points(ax: Axes, table: pd.DataFrame) -> None:
    best = table[["deployment_days_best", "avoided"]].to_numpy(dtype=float)
    cautious = table[["deployment_days", "postponed"]].to_numpy(dtype=float)
    pairs = np.stack([best, cautious], axis=1)
    ax.add_collection(LineCollection(list(pairs), colors="#C9C9C9", linewidths=0.9, zorder=1))
    front = table[table["front"]].sort_values("deployment_days_best")
    ax.plot(front["deployment_days_best"], front["avoided"], ls=(0, (4, 2)), lw=1.1,
            color=canvas.GREY, drawstyle="steps-post", zorder=2)  # fmt: skip
    order = np.argsort(table["kind"] == "current", kind="stable")
    for i in order.tolist():
        color, mark = _mark(table["kind"].iloc[i])
        ax.plot(*best[i], mark, ms=6.5, color=color, zorder=4)
        ax.plot(*cautious[i], mark, ms=5, color=color, mfc="white", zorder=3)


def _mark(kind: str) -> tuple[str, str]:
    if kind == "current":
        return canvas.VERMILLION, "D"
    return (canvas.GREEN, "s") if kind == "workbook" else (canvas.BLUE, "o")


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
        canvas.name_point(ax, text, point, (row["x"], row["y"]), taken, pad=9, height=250,
                          color=_mark(row["kind"])[0], steps=(0.06, 0.11, 0.16),
                          path_effects=canvas.halo(), annotation_clip=False)  # fmt: skip


def _widest(table: pd.DataFrame) -> float:
    return float(table[["deployment_days", "deployment_days_best"]].to_numpy().max()) or 1.0


def _frontier_title(table: pd.DataFrame) -> str:
    now = table[table["kind"] == "current"]
    if not len(now):
        return f"{len(table)} policies on the same history"
    row = now.iloc[0]
    name = wording.label(row["policy"])
    if row["front"]:
        return f"None of {len(table)} policies avoids more than {name} for no more delay"
    beats = table[
        (table["deployment_days_best"] <= row["deployment_days_best"])
        & (table["avoided"] >= row["avoided"])
        & (table["policy"] != row["policy"])
    ]
    best = wording.label(beats.sort_values("avoided")["policy"].iloc[-1])
    return f"At best, {best} avoids as much as {name} or more, for no more delay"
