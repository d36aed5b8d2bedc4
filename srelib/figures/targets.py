"""Figures of notebook 08: how likely each target is met, what it costs, what the past held.

`tables` are results of `srelib.targets.candidates` and `advices` of `srelib.targets.recommend`;
`pass_probability` is the probability with which the next window must meet a target [fraction].
A diamond is the target in use, a triangle the one recommended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from srelib import wording
from srelib.errors import SrelibError
from srelib.figures import canvas
from srelib.fleet import Indicator, answers
from srelib.targets import Advice
from srelib.targets.advice import Advices, CandidateTables

NOTHING = ("No series has enough data to choose a target from; a few weeks of good and total "
           "events are needed.")  # fmt: skip
NO_HISTOGRAM = "There is no latency histogram in the folder."
NINES = (0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)
WALL = "#DADADA"
MARKS = (("D", canvas.VERMILLION), ("^", canvas.GREEN))
"""Of the target in use, and of the one recommended."""


@canvas.redrawn
def plot_chances(
    tables: CandidateTables, advices: Advices, *, pass_probability: float, ax: Axes | None = None
) -> Axes:
    """Probability that the next window meets each target with its band, one panel per objective.

    The wall begins where a budget holds less than one event, the dotted line is the ceiling of
    the dependencies.
    """
    known = answers(advices)
    results = {k: t for k, t in answers(tables).items()
               if k in known and t["probability"].notna().any()}  # fmt: skip
    canvas.some(results, NOTHING)
    return canvas.panels(
        ax, _chances_title({k: known[k] for k in results}, pass_probability), results,
        lambda panel, key: _chance_panel(panel, key, results[key], known[key], pass_probability),
        each=1.75, worst=lambda key: -_likely(known[key]),
        about="Probability to meet the next window against candidate target, one panel per "
              "objective",
        caption="by target: probability that the next window meets it, with 95 % interval; "
                f"dashed: {wording.percent(pass_probability)}, as asked; ◆ in use, ▲ recommended; "
                "grey: less than one event of budget; dotted: what dependencies allow",
    )  # fmt: skip


def _likely(advice: Advice) -> float:
    value = advice.current_probability.value if advice.has_current else 1.0
    return value if value == value else 1.0


def _chance_panel(
    ax: Axes, key: Indicator, table: pd.DataFrame, advice: Advice, required: float
) -> None:
    rows = table.sort_values("target")
    x = _nines(rows["target"])
    ax.fill_between(x, rows["low"], rows["high"], color="#9CC7E3", alpha=0.7, lw=0)
    ax.plot(x, rows["probability"], color=canvas.BLUE, lw=1.6)
    ax.axhline(required, color=canvas.INK, lw=0.8, ls=(0, (4, 2)))
    left, right = _span(rows)
    known = rows[_nines(rows["target"]) <= right].dropna(subset=["probability", "low", "high"])
    canvas.hover(ax, _nines(known["target"]), known["probability"], [
        f"{key.label}, target {wording.percent(row['target'])}: met with "
        f"{wording.percent(row['probability'])} ({wording.percent(row['low'])} to "
        f"{wording.percent(row['high'])})" for _, row in known.iterrows()
    ])  # fmt: skip
    marked = (advice.current, MARKS[0], 8.5), (advice.target, MARKS[1], 6.5)
    for target, (marker, color), size in marked:
        row = rows[rows["target"] == target]
        if len(row):
            ax.plot(_nines(row["target"]), row["probability"], marker, color=color, ms=size,
                    mec="white", zorder=4, clip_on=False)  # fmt: skip
    _limits(ax, rows.iloc[0], right)
    ax.set(xlim=(left, right), ylim=(0, 1.06))
    ax.set_yticks([0, 0.5, 1], [canvas.tick_percent(t) for t in (0, 0.5, 1)])
    _nines_axis(ax, left, right)
    canvas.panel_title(ax, key.label, _panel_text(advice))


def _limits(ax: Axes, first: pd.Series, right: float) -> None:
    """The wall of the traffic and the ceiling of the dependencies."""
    wall = _nines(first["strictest"])
    if wall < right:
        ax.axvspan(wall, right, color=WALL, lw=0, zorder=0)
    if first["ceiling"] > 0:
        ax.axvline(_nines(first["ceiling"]), color=canvas.PURPLE, lw=1.6, ls=":")


def _span(rows: pd.DataFrame) -> tuple[float, float]:
    """From the loosest candidate to a little beyond the strictest one that is not hopeless."""
    alive = rows.loc[(rows["high"] > 0.005) | rows["current"], "target"]
    most = alive.max() if len(alive) else rows["target"].min()
    beyond = rows.loc[rows["target"] > most, "target"]
    last = beyond.min() if len(beyond) else most
    first = _nines(rows["target"].min())
    right = max(_nines(last), first + 1) + 0.15
    wall = _nines(rows["strictest"].iloc[0])
    return first - 0.08, max(right, wall + 0.2) if wall < right + 0.8 else right


def _nines_axis(ax: Axes, left: float, right: float) -> None:
    ticks = [t for t in NINES if left <= _nines(t) <= right]
    ax.xaxis.set_major_locator(FixedLocator([_nines(t) for t in ticks]))
    ax.set_xticklabels([canvas.tick_percent(t) for t in ticks])
    minor = [1 - f * 10.0**-n for n in range(1, 6) for f in (0.5, 0.2)]
    ax.xaxis.set_minor_locator(FixedLocator([_nines(t) for t in minor]))


def _nines(target: float | np.ndarray | pd.Series) -> Any:
    """Where a target stands on an axis that is even in nines: -log10(1 - target)."""
    return -np.log10(np.maximum(1 - target, 1e-12))


def _panel_text(advice: Advice) -> str:
    new = wording.percent(advice.target) if advice.has_target else ""
    if advice.verdict in ("keep", "nothing"):
        return f"{advice.verdict} {new}" if new else "no target fits"
    return "not enough data" if advice.verdict == "cannot tell" else (
        f"{advice.verdict}: {new or 'none fits'}")  # fmt: skip


def _chances_title(advices: Mapping[Indicator, Advice], required: float) -> str:
    in_use = {k: a for k, a in advices.items() if a.has_current}
    p = f"a probability of at least {wording.percent(required)}"
    if not in_use:
        some = sum(a.has_target for a in advices.values())
        series = wording.plural(len(advices), "series", "series")
        return f"{some} of {series} have a target that fits, met with {p}"
    if len(in_use) == 1:
        ((key, advice),) = in_use.items()
        chance = wording.percent(round(advice.current_probability.value, 2))
        return f"{key.label}: the next window meets {wording.percent(advice.current)} with {chance}"
    likely = [k for k, a in in_use.items() if a.current_probability.value >= required]
    if len(likely) == len(in_use):
        return f"The next window meets every target in use with {p}"
    of = wording.plural(len(in_use), "target")
    return f"The next window meets {len(likely) or 'none'} of {of} in use with {p}"


@canvas.redrawn
def plot_price(
    tables: CandidateTables,
    advices: Advices,
    *,
    key: Indicator | None,
    pages_per_week: float,
    ax: Axes | None = None,
) -> Axes:
    """What each target of an objective would have cost: pages a week, days without budget in 90.

    Dashed: `pages_per_week`, the most that is acceptable [1/week].
    """
    key = canvas.some(key, NOTHING)
    advice = canvas.some(answers(advices).get(key), NOTHING)
    rows = _worth_pricing(canvas.some(answers(tables).get(key), NOTHING), advice)
    with canvas.drawing(ax, _price_title(rows, advice, key.name), height=4.6,
                        labels=["days without"], about="Two panels over candidate targets: pages "
                        "a week, and days without budget in 90") as ax:  # fmt: skip
        ax.set_axis_off()
        upper, lower = ax.inset_axes((0, 0.56, 1, 0.42)), ax.inset_axes((0, 0.08, 1, 0.36))
        places = np.arange(len(rows))
        _pages_panel(upper, places, rows, pages_per_week)
        _freeze_panel(lower, places, rows)
        names = ["\n".join([canvas.tick_percent(t), *advice.marks(t)]) for t in rows["target"]]
        lower.set_xticks(places, names)
        upper.set_xticks(places, [""] * len(places))
        for panel in (upper, lower):
            panel.set_xlim(-0.6, len(rows) - 0.4)
            panel.xaxis.set_minor_locator(NullLocator())
        lower.set_xlabel("target")
    return ax


def _worth_pricing(table: pd.DataFrame, advice: Advice) -> pd.DataFrame:
    """Candidates up to one step beyond the last that the next window could meet."""
    rows = table.sort_values("target", ignore_index=True)
    alive = (rows["high"] > 0.005) | rows["target"].isin([advice.current, advice.target])
    last = int(np.flatnonzero(alive)[-1]) if alive.any() else 4
    return rows.iloc[: min(last + 2, len(rows))].tail(9)


def _pages_panel(ax: Axes, places: np.ndarray, rows: pd.DataFrame, most: float) -> None:
    ax.set_ylabel("pages a week")
    known = rows["pages_per_week"].notna()
    if not known.any():
        ax.text(0.5, 0.5, "these buckets are too coarse for the alert policy", ha="center",
                transform=ax.transAxes, color=canvas.GREY)  # fmt: skip
        ax.set_yticks([])
        return
    pages = rows["pages_per_week"]
    ax.errorbar(places, pages, yerr=[pages - rows["pages_low"], rows["pages_high"] - pages],
                fmt="o", color=canvas.BLUE, ms=5.5, lw=1.4)  # fmt: skip
    ax.axhline(most, color=canvas.INK, lw=0.8, ls=(0, (4, 2)))
    canvas.label(ax, "accepted", (-0.55, most), (0, 3))
    canvas.hover(ax, places[known], pages[known], [
        f"target {wording.percent(row['target'])}: {wording.rounded(row['pages_per_week'])} pages "
        f"a week ({wording.rounded(row['pages_low'])} to {wording.rounded(row['pages_high'])})"
        for _, row in rows[known].iterrows()
    ])  # fmt: skip
    for place, silent in zip(places, ~rows["can_page"], strict=True):
        if silent:
            canvas.label(ax, "cannot page", (place, 0), (0, 8), ha="center")
    ax.set_ylim(0, max(1.3 * most, 1.1 * float(rows["pages_high"].max())))
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))


def _freeze_panel(ax: Axes, places: np.ndarray, rows: pd.DataFrame) -> None:
    days = rows["freeze_days"]
    ax.set_ylabel("days without\nbudget in 90")
    ax.bar(places, days.fillna(0.0), width=0.6, color=canvas.VERMILLION)
    for place, value in zip(places, days, strict=True):
        text = "?" if value != value else f"{value:.0f}"
        ax.annotate(text, (place, 0.0 if value != value else value), xytext=(0, 2),
                    textcoords="offset points", ha="center", fontsize=8.5)  # fmt: skip
    ax.set_ylim(0, max(10.0, 1.2 * float(days.max() if days.notna().any() else 0.0)))
    ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))


def _price_title(rows: pd.DataFrame, advice: Advice, name: str) -> str:
    who = wording.label(name, limit=34)
    named = advice.targets
    if not named:
        return f"{who}: what each target would have cost"
    at = rows.set_index("target").loc[named]
    parts = []
    units = {"pages_per_week": "pages a week", "freeze_days": "days without budget in 90"}
    for column, unit in units.items():
        if at[column].notna().all():
            values = zip(named, at[column].tolist(), strict=True)
            each = [f"{wording.count(round(v, 1) if v < 10 else round(v))} at {wording.percent(t)}"
                    for t, v in values]  # fmt: skip
            parts.append(f"{unit}: {wording.listing(each)}")
    return f"{who}, {'; '.join(parts)}" if parts else f"{who}: the cost is not known"


@canvas.redrawn
def plot_history(past: CandidateTables, advices: Advices, *, ax: Axes | None = None) -> Axes:
    """The windows of the past (`srelib.targets.past_windows`) against the targets, by objective.

    Pale dots: windows (rolling ones once a day), dark: the latest.
    """
    known = answers(advices)
    results = {k: r["ratio"].dropna() for k, r in answers(past).items()
               if k in known and r["ratio"].notna().any()}  # fmt: skip
    canvas.some(results, "The history holds no whole window of any objective.")
    rows = list(results)[:20][::-1]
    labels = [key.label for key in rows]
    imperfect = [_nines(r[r < 1].max()) for r in results.values() if (r < 1).any()]
    named = [_nines(known[key].target) for key in rows if known[key].has_target]
    right = min(max([3.0, *imperfect, *named]) + 0.3, 6.3)
    left = min(0.9, *(_nines(min(r.min(), 1 - 1e-9)) - 0.1 for r in results.values()))
    with canvas.drawing(ax, _history_title(results, known), height=1.6 + 0.36 * len(rows),
                        labels=labels, about="Share of good events of every past window against "
                        "the targets, one row per objective") as ax:  # fmt: skip
        for y, key in enumerate(rows):
            _history_row(ax, y, results[key], known[key], right)
        canvas.name_rows(ax, labels)
        ax.set(ylim=(-0.7, len(rows) - 0.4), xlim=(left, right))
        _nines_axis(ax, left, right)
        ax.set_xlabel("share of good events in a window (right: better, and stricter)")
        canvas.key(ax, [
            canvas.dot("past windows", "#9CC7E3", ms=5),
            canvas.dot("the latest", canvas.INK, ms=6),
            canvas.dot("in use", canvas.VERMILLION, "D", ms=6),
            canvas.dot("recommended", canvas.GREEN, "^", ms=7),
        ])  # fmt: skip
    return ax


def _history_row(ax: Axes, y: int, ratios: pd.Series, advice: Advice, right: float) -> None:
    x = np.minimum(_nines(np.minimum(ratios.to_numpy(), 1 - 1e-9)), right - 0.04)
    ax.plot([x.min(), x.max()], [y, y], color=canvas.PALE, lw=5, solid_capstyle="round", zorder=0)
    ax.plot(x, np.full(len(x), float(y)), "o", ms=5, color="#9CC7E3", alpha=0.6, mec="none")
    ax.plot(x[-1], y, "o", ms=6, color=canvas.INK, mec="white")
    canvas.hover(ax, [x[-1]], [y], [f"the latest window: {wording.percent(ratios.iloc[-1])} good"])
    marked = (advice.current, MARKS[0], 8, "in use"), (advice.target, MARKS[1], 6, "advised")
    for target, (marker, color), size, what in marked:
        if target == target:
            place = min(_nines(target), right - 0.04)
            ax.plot(place, y + 0.26, marker, ms=size, color=color, mec="white", zorder=4)
            canvas.hover(ax, [place], [y + 0.26], [f"target {what}: {wording.percent(target)}"])


def _history_title(
    results: Mapping[Indicator, pd.Series], advices: Mapping[Indicator, Advice]
) -> str:
    missed = {k: float((results[k] < advices[k].current).mean()) for k in results
              if advices[k].has_current}  # fmt: skip
    if not missed:
        return "Past windows"
    worst = max(missed, key=lambda k: missed[k])
    if not missed[worst]:
        return "Every past window met its target"
    more = ", more than any other" if len(missed) > 1 else ""
    often = wording.percent(missed[worst])
    return f"{worst.label} missed its target in {often} of its past windows{more}"


@canvas.redrawn
def plot_thresholds(
    tables: Mapping[tuple[str, str], pd.DataFrame | SrelibError],
    *,
    pass_probability: float,
    ax: Axes | None = None,
) -> Axes:
    """Latency: share within each bound, and the strictest target the next window is likely to meet.

    One panel per histogram (`srelib.targets.thresholds`); x: the bounds, evenly spaced.
    """
    results = canvas.some({k: t for k, t in answers(tables).items() if len(t)}, NO_HISTOGRAM)
    return canvas.panels(
        ax, _thresholds_title(results, pass_probability), results,
        lambda panel, key: _threshold_panel(panel, key, results[key]), each=1.9,
        about="Share of events within each latency bound, and the strictest target that fits",
        caption="by threshold (bounds of the histogram): ● share within it, ▲ strictest target "
                f"that the next window meets with {wording.percent(pass_probability)}",
    )  # fmt: skip


def _threshold_panel(ax: Axes, key: tuple[str, str], table: pd.DataFrame) -> None:
    rows = table.drop_duplicates("threshold")
    places = {bound: place for place, bound in enumerate(rows["threshold"])}
    x = np.arange(len(rows))
    share = np.minimum(rows["share"].fillna(0.0), 1 - 1e-6)
    chosen = table[table["chosen"]]
    ax.plot(x, _nines(share), "o-", color=canvas.BLUE, ms=4.5, lw=1)
    ax.plot([places[b] for b in chosen["threshold"]], _nines(chosen["target"]), "^",
            color=canvas.GREEN, ms=7, mec="white", zorder=4)  # fmt: skip
    canvas.hover(ax, x, _nines(share), [
        f"within {bound:g}: {wording.percent(part)}"
        for bound, part in zip(rows["threshold"], rows["share"].fillna(0.0), strict=True)
    ])  # fmt: skip
    top = max(2.2, _nines(share).max() + 0.2)
    ticks = [t for t in NINES if _nines(t) <= top]
    ax.set_yticks([_nines(t) for t in ticks], [canvas.tick_percent(t) for t in ticks])
    ax.set_ylim(0, top)
    every = max(1, -(-len(x) // 7))
    ax.set_xticks(x[::every], [f"{b:g}" for b in rows["threshold"]][::every])
    ax.set_xlim(-0.5, len(x) - 0.5)
    canvas.panel_title(ax, " ".join(key), wording.plural(len(rows), "bound"))


def _thresholds_title(results: Mapping[tuple[str, str], pd.DataFrame], required: float) -> str:
    found = {k: t[t["chosen"]] for k, t in results.items()}
    some = {k: rows for k, rows in found.items() if len(rows)}
    if not some:
        return f"No threshold meets any target tried with {wording.percent(required)}"
    key, rows = next(iter(some.items()))
    row = rows[rows["target"] == rows["target"].max()].iloc[0]
    return (f"{wording.label(' '.join(key), limit=34)}: {wording.percent(row['target'])} within "
            f"{row['threshold']:g} would be met")  # fmt: skip
