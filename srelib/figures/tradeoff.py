"""Figures of notebook 06: what deployments cost, what moved together, which of them fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from srelib import wording
from srelib.figures import canvas
from srelib.fleet import Indicator, Results, answers
from srelib.tradeoff import Association, Effect, Failures

NO_EFFECT = ("Not enough data: no service has deployments, and good and total events around "
             "them.")  # fmt: skip
NO_WEEKS = ("Not enough data: it takes eight whole weeks of a service with deployments and service "
            "levels.")  # fmt: skip
MIXED = "the error budget, without a target of all bad events"
LIGHT = "#9A9A9A"
MOST_ROWS, MOST_NAMES = 24, 12


def _names(keys: Iterable[Indicator]) -> list[str]:
    return [wording.label(key.service, limit=26) for key in keys]


def _color(effect: Effect) -> str:
    if not effect.is_significant:
        return canvas.GREY
    return canvas.VERMILLION if effect.excess.value > 0 else canvas.GREEN


def _harm(effect: Effect) -> float:
    """How sure and how large a harm is, for the order of panels."""
    share = effect.share.value
    return share + (10.0 if effect.is_significant else 0.0) if share == share else -1.0


@canvas.redrawn
def plot_curves(effects: Results[Effect], *, ax: Axes | None = None) -> Axes:
    """Error rate around deployments above that of the same hours of other weeks, per service."""
    known = canvas.some(answers(effects), NO_EFFECT)
    with canvas.style():
        ax, panels, remark = canvas.grid(ax, known, each=1.7, worst=lambda key: _harm(known[key]))
        for panel, key in panels:
            _curve(panel, key, known[key])
        canvas.headline(ax, _curves_title(known) + remark)
        one = next(iter(known.values()))
        level = wording.percent(one.excess.confidence)
        canvas.subtitle(ax, f"error rate above the usual for that hour of the week, with {level} "
                            "interval; dashed: the deployment; each panel has a scale of its own"
                        )  # fmt: skip
    parts = "; ".join(f"{key.service}: {_curve_words(e)}" for key, e in list(known.items())[:12])
    return canvas.describe(ax, f"Average error rate around deployments, one panel per service. "
                               f"{_curves_title(known)}. {parts}.")  # fmt: skip


def _curve(ax: Axes, key: Indicator, effect: Effect) -> None:
    rows, color = effect.curve, _color(effect)
    hours = rows["offset"].dt.total_seconds().to_numpy() / 3600
    step = hours[1] - hours[0] if len(hours) > 1 else 1.0
    middle = hours + step / 2
    ax.axhline(0, color=canvas.INK, lw=0.8)
    ax.axvline(0, **canvas.LIMIT)
    ax.fill_between(middle, rows["low"], rows["high"], color=color, alpha=0.18, lw=0)
    ax.plot(middle, rows["excess_ratio"], color=color, lw=1.6)
    known = rows["excess_ratio"].notna()
    canvas.hover(ax, middle[known], rows["excess_ratio"][known], [
        f"{key.service}, {_hours(hour)}: {wording.percent(share)} beyond the usual"
        for hour, share in zip(hours[known], rows["excess_ratio"][known], strict=True)
    ])  # fmt: skip
    ax.set_xlim(hours[0], hours[-1] + step)
    low, high = _reach(rows)
    ax.set(ylim=(low, high), xticks=range(int(np.ceil(hours[0])), int(hours[-1] + step) + 1, 2))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _hours(x)))
    canvas.percent_axis(ax.yaxis, ticks=3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8.5)
    n = wording.plural(effect.deployments, "deployment")
    canvas.panel_title(ax, key.service, f"{n}, {_p(effect.adjusted_p_value)}")


def _hours(x: float) -> str:
    text = f"{x:+g}{wording.NBSP}h" if x else "0"
    return text.replace("-", wording.MINUS)


def _reach(rows: pd.DataFrame) -> tuple[float, float]:
    """Limits that show the curve, and its band as far as that is no further than it is tall."""
    values = rows["excess_ratio"].dropna()
    if not len(values):
        return -0.01, 0.01
    size = max(float(values.abs().max()), 1e-9)
    low = max(float(rows["low"].min()), -2 * size) if rows["low"].notna().any() else -size
    high = min(float(rows["high"].max()), 2.5 * size) if rows["high"].notna().any() else size
    low, high = min(low, -0.3 * size, float(values.min())), max(high, float(values.max()), 0)
    return low - 0.06 * (high - low), high + 0.06 * (high - low)


def _p(p: float) -> str:
    if p != p:
        return "no test"
    return "p < 0.01" if p < 0.01 else f"p = {p:.2f}"


def _curve_words(effect: Effect) -> str:
    side = "more" if effect.excess.value > 0 else "fewer"
    if not effect.is_significant:
        return "not significant"
    return f"significantly {side} bad events than usual afterwards"


def _curves_title(known: Mapping[Indicator, Effect]) -> str:
    harmed = [key for key, e in known.items() if e.is_significant and e.excess.value > 0]
    helped = [key for key, e in known.items() if e.is_significant and e.excess.value < 0]
    of = wording.plural(len(known), "service")
    if not harmed and not helped:
        return f"No significant effect of deployments in {of}"
    text = ", ".join(
        f"{much} errors after deployments of {wording.listing(_names(who), limit=2)}"
        for much, who in (("more", harmed), ("fewer", helped)) if who
    )  # fmt: skip
    rest = len(known) - len(harmed) - len(helped)
    tail = f"; not significant in {rest} of {of}" if rest else ""
    return f"{text[0].upper()}{text[1:]}{tail}"


@canvas.redrawn
def plot_costs(effects: Results[Effect], *, ax: Axes | None = None) -> Axes:
    """What deployments cost each service: share of the budget of the history, with interval.

    The grey bar reaches as far as an effect could hide.
    """
    known = {key: e for key, e in answers(effects).items() if e.share.value == e.share.value}
    canvas.some(known, NO_EFFECT)
    order = sorted(known, key=lambda key: -known[key].share.value)[:MOST_ROWS]
    rows, names = [known[key] for key in order], _names(order)
    what = _whole(rows)
    if what == MIXED:
        names = [name if effect.has_target else f"{name} (no target)"
                 for name, effect in zip(names, rows, strict=True)]  # fmt: skip
    more = f"{len(known) - len(order)} more not drawn." if len(known) > len(order) else ""
    with canvas.drawing(ax, _costs_title(rows), height=1.35 + 0.33 * len(rows),
                        about=f"Cost of deployments of each service with its interval, as share "
                              f"of {what}", details=more, labels=[*names, "90 used, 20 left out"]
                        ) as ax:  # fmt: skip
        for y, effect in enumerate(rows):
            _cost(ax, y, effect)
            out = f", {len(effect.left_out)} left out" if len(effect.left_out) else ""
            canvas.label(ax, f"{effect.deployments} used{out}", (1.01, y), annotation_clip=False,
                         xycoords=("axes fraction", "data"), fontsize=8, va="center")  # fmt: skip
        ax.axvline(0, color=canvas.INK, lw=0.9, zorder=1)
        canvas.name_rows(ax, names, from_top=True, spine=True)
        ax.set_xlim(*_cost_limits(rows))
        canvas.percent_axis(ax.xaxis, ticks=6)
        ax.set_xlabel(f"cost of deployments as share of {what} (right: harm)")
        canvas.key(ax, [
            Line2D([], [], color=canvas.VERMILLION, marker="o", ms=6, lw=2.2, label="significant"),
            Line2D([], [], color=canvas.GREY, marker="o", mfc="white", ms=6, lw=2.2,
                   label="could be chance"),
            Line2D([], [], color=canvas.PALE, lw=8, label="too small to be found"),
        ])  # fmt: skip
    return ax


def _whole(effects: list[Effect]) -> str:
    if all(effect.has_target for effect in effects):
        return "the error budget of the whole history"
    return MIXED if any(effect.has_target for effect in effects) else "all bad events"


def _cost(ax: Axes, y: int, effect: Effect) -> None:
    share, color, hidden = effect.share, _color(effect), effect.detectable_share
    if hidden == hidden:
        ax.barh(y, hidden, height=0.62, color=canvas.PALE, zorder=0)
    ax.plot([share.low, share.high], [y, y], color=color, lw=2.2, solid_capstyle="butt")
    low, high = map(wording.cost_share, (share.low, share.high))
    text = f"{effect.service}: {wording.cost_share(share.value)} ({low} to {high})"
    canvas.hover(ax, [share.value], [y], [wording.label(text, limit=80)])
    ax.plot(share.value, y, "o", ms=6.5, color=color if effect.is_significant else "white",
            mec=color, mew=1.6, zorder=3)  # fmt: skip


def _cost_limits(effects: list[Effect]) -> tuple[float, float]:
    values = np.array([[e.share.value, e.share.low, e.share.high] for e in effects])
    size = float(np.nanmax(np.abs(values[:, 0]))) or 0.01
    low = max(float(np.nanmin(values)), -3 * size - 0.2)
    high = min(float(np.nanmax(values)), 3 * size + 0.2)
    pad = 0.05 * (max(high, 0) - min(low, 0))
    return min(low, 0) - pad, max(high, 0) + pad


def _costs_title(effects: list[Effect]) -> str:
    harmed = sorted((e for e in effects if e.is_significant and e.share.value > 0),
                    key=lambda e: -e.share.value)  # fmt: skip
    if not harmed:
        many = wording.plural(len(effects), "service")
        return f"No significant cost of deployments in {many}"
    worst = harmed[0]
    share, what = worst.share, "budget" if worst.has_target else "bad events"
    low, high = map(wording.cost_share, (share.low, share.high))
    tail = f"; significant in {len(harmed) - 1} more" if len(harmed) > 1 else ""
    return (f"Deployments cost {wording.label(worst.service, limit=26)} {low} to {high} of its "
            f"{what}{tail}")  # fmt: skip


@canvas.redrawn
def plot_association(association: Association, *, ax: Axes | None = None) -> Axes:
    """Deployments against error rate, in weeks and services.

    An arrow leads from the quieter half of a service's weeks to the busier.
    """
    rows = canvas.some(association.services, NO_WEEKS)
    with canvas.drawing(ax, _association_title(association), details="Association is not cause.",
                        about="Deployments a week against error rate, weeks and services",
                        height=4.2, labels=["0.001 %"]) as ax:  # fmt: skip
        floor = _floor(association)
        weeks = association.weeks
        ax.plot(weeks["x"], weeks["y"].clip(lower=floor), "o", ms=3, color="#C8C8C8", zorder=1)
        for _, row in rows.iterrows():
            _arrow(ax, row, floor)
        ax.plot(rows["x"], rows["y"].clip(lower=floor), "o", ms=7, color=canvas.INK, mec="white",
                zorder=4)  # fmt: skip
        for table, what in ((weeks, "one week"), (rows, "all weeks")):
            canvas.hover(ax, table["x"], table["y"].clip(lower=floor), [
                f"{wording.label(row['service'])}, {what}: {wording.rounded(row['x'])} deployments "
                f"a week, {wording.percent(row['y'])} bad" for _, row in table.iterrows()
            ])  # fmt: skip
        ax.set_xscale("symlog", linthresh=1)
        ax.set_yscale("log")
        _association_axes(ax, association, floor)
        _name_services(ax, rows, floor)
        canvas.key(ax, [
            canvas.dot("one week", "#C8C8C8", ms=3),
            canvas.dot("one service", canvas.INK, ms=6),
            Line2D([], [], marker=">", ms=5, color=canvas.VERMILLION, lw=1.6,
                   label="from its quieter to its busier weeks"),
        ])  # fmt: skip
    return ax


def _floor(association: Association) -> float:
    values = association.weeks["y"]
    values = values[values > 0]
    return float(values.min()) / 1.5 if len(values) else 1e-6


def _arrow(ax: Axes, row: pd.Series, floor: float) -> None:
    few, many = ((row[f"{half}_x"], row[f"{half}_y"]) for half in ("few", "many"))
    if np.isnan([*few, *many]).any() or few[0] == many[0]:
        return
    color = canvas.VERMILLION if many[1] > few[1] else canvas.BLUE
    look = {"arrowstyle": "-|>", "lw": 1.6, "shrinkA": 0, "shrinkB": 0, "color": color}
    ax.annotate("", (many[0], max(many[1], floor)), (few[0], max(few[1], floor)),
                arrowprops=look, zorder=3)  # fmt: skip


def _association_axes(ax: Axes, association: Association, floor: float) -> None:
    weeks = association.weeks
    most = float(weeks["x"].max()) if len(weeks) else 1.0
    ticks = [t for t in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if t <= most * 1.2]
    canvas.ticks(ax.xaxis, ticks, "{:g}".format)
    ax.set_xlim(-0.15, max(most, 1) * 1.6)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: canvas.tick_percent(y)))
    top = float(weeks["y"].max()) if len(weeks) else 1.0
    ax.set(ylim=(floor / 1.3, max(top, floor) * 2), xlabel="deployments a week")
    ax.set_ylabel("error rate (logarithmic)")


def _name_services(ax: Axes, rows: pd.DataFrame, floor: float) -> None:
    first = rows.assign(rank=rows["x"].rank() + rows["y"].rank()).sort_values("rank")
    for _, row in first.tail(MOST_NAMES).iterrows():
        name = wording.label(row["service"], limit=24)
        canvas.label(ax, name, (row["x"], max(row["y"], floor)), (7, -9), color=canvas.INK,
                     path_effects=canvas.halo(), zorder=5)  # fmt: skip


def _association_title(association: Association) -> str:
    within, between = association.within, association.between
    sure = [association.within_p < 0.05, association.between_p < 0.05]
    if within.value != within.value:
        return "Not enough weeks to compare busy with quiet ones"
    busy = "worse" if within.value > 0 else "better"
    if association.is_paradox:
        other = "worse" if between.value > 0 else "better"
        return (f"Services that deploy more are {other}, yet each is {busy} in weeks with more "
                "deployments")  # fmt: skip
    r = f"{within.value:+.2f}".replace("-", wording.MINUS)
    if sure[0]:
        return f"Weeks with more deployments were {busy} (rank correlation {r})"
    return f"Weeks with more deployments were not significantly {busy} (rank correlation {r})"


@canvas.redrawn
def plot_failures(failures: Mapping[str, Failures], *, ax: Axes | None = None) -> Axes:
    """Share of deployments that failed by size, weekday and hour, beside what is expected.

    Panels by the label of their x axis; the tick is the share expected from the services alone.
    """
    known = {label: f for label, f in failures.items() if len(f.shares)}
    canvas.some(known, "No deployment is known to have failed or not.")
    widths = np.array([len(f.shares) + 1.2 for f in known.values()], dtype=float)
    gap = 0.03
    widths *= (1 - gap * (len(known) - 1)) / widths.sum()
    top = max(float(f.shares["share"].max()) for f in known.values())
    top = min(1.0, max(0.1, 1.25 * top, max(float(f.shares["high"].median())
                                            for f in known.values())))  # fmt: skip
    narrow = canvas.is_narrow()
    with canvas.drawing(ax, _failures_title(known), height=1.9 * len(known) if narrow else 3.5,
                        labels=["i"],
                        about="Share of deployments that failed, by group") as ax:  # fmt: skip
        ax.set_axis_off()
        start = 0.0
        for row, ((label, one), wide) in enumerate(zip(known.items(), widths, strict=True)):
            below = 1 - (row + 0.68) / len(known)
            box = (0, below, 1, 0.62 / len(known)) if narrow else (start, 0.22, wide, 0.68)
            panel = ax.inset_axes(box)
            _failure_panel(panel, label, one, top, first=narrow or not row)
            start += wide + gap
        level = wording.interval(next(iter(known.values())).odds.confidence)
        canvas.subtitle(ax, f"share of deployments that failed, with {level}; grey tick: "
                            "expected from the fail rates of these services"
                        )  # fmt: skip
    return ax


def _failure_panel(ax: Axes, label: str, one: Failures, top: float, *, first: bool) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    rows, x = one.shares, np.arange(len(one.shares))
    color = canvas.VERMILLION if one.p_value < 0.05 else canvas.BLUE
    ax.vlines(x, rows["low"], rows["high"].clip(upper=top), color=color, lw=2)
    ax.plot(x, rows["share"].clip(upper=top), "o", ms=6, color=color, mec="white", clip_on=False)
    canvas.hover(ax, x, rows["share"].clip(upper=top), [
        f"{label} {row['label']}: {wording.percent(row['share'])} of "
        f"{wording.plural(row['deployments'], 'deployment')} failed, expected "
        f"{wording.percent(row['expected'])}" for _, row in rows.iterrows()
    ])  # fmt: skip
    ax.hlines(rows["expected"].clip(upper=top), x - 0.3, x + 0.3, color=LIGHT, lw=2, zorder=1)
    short = [_short(text) for text in rows["label"]]
    ax.set_xticks(x, [f"{t}\n{n:,}" for t, n in zip(short, rows["deployments"], strict=True)],
                  fontsize=7.6)  # fmt: skip
    ax.tick_params(axis="x", length=0)
    ax.set(xlim=(-0.6, len(rows) - 0.4), ylim=(0, top * 1.03))
    canvas.percent_axis(ax.yaxis, ticks=4)
    if not first:
        ax.set_yticklabels([])
    ax.set_xlabel(f"{label} (below: deployments)" if first else label, fontsize=8.5)


def _short(label: str) -> str:
    if label.startswith("before "):
        return "<" + label.removeprefix("before ").removesuffix(" h")
    if label.startswith("after "):
        return label.removeprefix("after ").removesuffix(" h") + "+"
    return label.replace(" or more", "+").replace(" to ", "\u2013").removesuffix(" h")


def _failures_title(known: Mapping[str, Failures]) -> str:
    found = [label for label, f in known.items() if f.p_value < 0.05]
    if not found:
        return f"No significant difference in failures by {wording.listing(known)}"
    return f"Failures differ significantly by {wording.listing(found)}"
