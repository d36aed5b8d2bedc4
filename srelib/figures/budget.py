"""Figures of notebook 02: what is left of the error budget, and where it went.

They take results of `srelib.budget` by objective; `observed` says how much of each window was
observed: where it is clearly less than all, the figure says "so far".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from srelib import wording
from srelib.annotations import numbered
from srelib.budget import Forecast
from srelib.budget.status import _without_start
from srelib.figures import canvas, names
from srelib.fleet import Indicator, Results, answers
from srelib.quality import Observed

NOTHING = ("No objective has data here, so there is no error budget; "
           "put a slos.yaml beside the exports (srelib init writes one).")  # fmt: skip
CAUSES = {
    "incident": ("incidents", canvas.VERMILLION, ""),
    "deployment": ("first hours after deployments", canvas.BLUE, "////"),
    "other": ("the rest", "#B5B5B5", ""),
}


@canvas.redrawn
def plot_burn_down(
    burn: Results[pd.DataFrame],
    *,
    observed: Results[Observed | None] | None = None,
    notes: pd.DataFrame | None = None,
    ax: Axes | None = None,
) -> Axes:
    """What was left of each budget over time (`burn_down`), filled against the zero line.

    A rolling window is drawn from when it is full, a calendar period from a tenth of it on.
    Notes (table ``annotations``) stand as numbers over their days.
    """
    some = {key: r for key, r in answers(burn).items() if r["left_share"].notna().any()}
    results = canvas.some(some, NOTHING)
    now = {key: float(r["left_share"].dropna().iloc[-1]) for key, r in results.items()}
    short = _short(observed)

    def drawn(panel: Axes, key: Indicator) -> None:
        left = _without_start(results[key]["left_share"], window=key.window)
        _burn_panel(panel, key, left, now[key], so_far=key in short)
        names.numbered(panel, numbered(notes), key.service)

    return canvas.panels(
        ax, _burn_title(now, short), results, drawn, worst=lambda key: -now[key],
        about="Share of the error budget left over time, one panel per objective",
        caption="share of the allowance left, as it stood at each time; blue: left, "
                "hatched orange: overspent; each panel has a scale of its own",
    )  # fmt: skip


def _short(observed: Results[Observed | None] | None) -> set[Indicator]:
    """Whose window was observed for clearly less than its length."""
    found = answers(observed or {}).items()
    return {key for key, seen in found if isinstance(seen, Observed) and seen.is_short}


def _burn_panel(
    ax: Axes, indicator: Indicator, left: pd.Series, now: float, *, so_far: bool
) -> None:
    line = canvas.thin(left)
    times, share = line.index, line.to_numpy()
    ax.fill_between(times, 0, share, where=share >= 0, color="#9CC7E3", lw=0, interpolate=True)
    ax.fill_between(times, 0, share, where=share <= 0, facecolor="#F3B58C", hatch="////",
                    edgecolor=canvas.VERMILLION, lw=0, interpolate=True)  # fmt: skip
    ax.plot(times, share, color=canvas.INK, lw=0.9)
    some = left.dropna().iloc[:: max(1, -(-left.notna().sum() // 40))]
    canvas.hover(ax, some.index, some, [
        f"{indicator.label}, {wording.moment(when)}: {wording.percent(share)} of the budget left"
        for when, share in zip(some.index, some, strict=True)
    ])  # fmt: skip
    ax.axhline(0, color=canvas.INK, lw=0.9)
    low = float(np.nanmin(share)) if np.isfinite(share).any() else 0.0
    ax.set_ylim(min(0.0, low) - 0.03 * (1 - min(0, low)), 1.05)
    canvas.percent_axis(ax.yaxis, ticks=4)
    canvas.time_axis(ax)
    ax.spines["bottom"].set_visible(False)
    text = f"{wording.percent(now)} left" if now >= 0 else f"{wording.percent(-now)} over"
    canvas.panel_title(ax, indicator.label, f"{text} so far" if so_far else text)


def _burn_title(now: Mapping[Indicator, float], short: Collection[Indicator]) -> str:
    gone = sorted((key for key in now if now[key] < 0), key=lambda key: now[key])
    shown = gone or list(now)
    so_far = " so far" if any(key in short for key in shown) else ""
    least = min(now, key=lambda key: now[key])
    share = wording.percent(abs(now[least]))
    if len(now) == 1:
        if gone:
            return f"{least.label} has overspent its budget by {share}{so_far}"
        return f"{least.label} has {share if now[least] else 'nothing'} of its budget left{so_far}"
    if not gone:
        return f"Every budget has something left{so_far}; the least has {least.label}, {share}"
    names = wording.listing([key.label for key in gone], limit=2)
    verb = "is" if len(gone) == 1 else "are"
    return f"{len(gone)} of {len(now)} budgets {verb} overspent{so_far}: {names}"


@canvas.redrawn
def plot_causes(
    causes: Results[pd.DataFrame],
    *,
    observed: Results[Observed | None] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Where each budget went (`spent_by_cause`): a bar per objective; dashed: the allowance."""
    shares = {key: r.set_index("cause")["share_of_allowance"].astype(float)
              for key, r in answers(causes).items()}  # fmt: skip
    shares = canvas.some({key: s for key, s in shares.items() if s.notna().any()}, NOTHING)
    rows = sorted(shares, key=lambda key: shares[key].sum())[-20:]
    short = _short(observed)
    parts = [{str(cause): float(x) for cause, x in shares[key].items()} for key in rows]
    texts = [f"{wording.percent(sum(part.values()))}{' so far' if key in short else ''}"
             for key, part in zip(rows, parts, strict=True)]  # fmt: skip
    about = "Share of the error budget spent by cause: incidents, first hours after deployments"
    return canvas.budget_bars(ax, _cause_title(shares), parts, [key.label for key in rows], CAUSES,
                              texts, about=f"{about}, the rest")  # fmt: skip


def _cause_title(shares: Mapping[Indicator, pd.Series]) -> str:
    most = max(shares, key=lambda key: shares[key].sum())
    share = shares[most]
    if share.sum() == 0:
        return "No budget was touched"
    cause = str(share.idxmax())
    part = wording.percent(float(share[cause] / share.sum()))
    where = {"incident": "during incidents", "deployment": "in the first hours after deployments",
             "other": "outside incidents and fresh deployments"}[cause]  # fmt: skip
    spent = f"{wording.percent(float(share.sum()))} of its allowance, {part} of that {where}"
    return f"{most.label} spent {'most: ' if len(shares) > 1 else ''}{spent}"


@canvas.redrawn
def plot_days(days: Results[pd.DataFrame], *, ax: Axes | None = None) -> Axes:
    """What each day spent (`spent_by_day`), one panel per objective; the costliest is named."""
    known = {key: r for key, r in answers(days).items() if r["share_of_allowance"].notna().any()}
    results = canvas.some(known, NOTHING)
    return canvas.panels(
        ax, _days_title(results), results, lambda panel, key: _days_panel(panel, key, results[key]),
        worst=lambda key: results[key]["share_of_allowance"].sum(),
        about="Budget spent per day, one panel per objective",
        caption="spent per day, as a share of the allowance of the window; orange: the costliest "
                "day; each panel has a scale of its own",
    )  # fmt: skip


def _days_panel(ax: Axes, indicator: Indicator, result: pd.DataFrame) -> None:
    share, top = result["share_of_allowance"], int(result["share_of_allowance"].argmax())
    colors = [canvas.VERMILLION if i == top else canvas.BLUE for i in range(len(result))]
    ax.bar(result["starts_at"], share, width=20 / 24, align="edge", color=colors)
    known = result.dropna(subset=["share_of_allowance"])
    canvas.hover(ax, known["starts_at"] + pd.Timedelta(hours=10), known["share_of_allowance"], [
        f"{indicator.label}, {wording.day(when)}: {wording.percent(spent)} of the allowance"
        for when, spent in zip(known["starts_at"], known["share_of_allowance"], strict=True)
    ])  # fmt: skip
    ax.set_ylim(0, float(share.max()) * 1.1 or 0.01)
    canvas.percent_axis(ax.yaxis, ticks=3)
    canvas.time_axis(ax)
    when, most = result["starts_at"].iloc[top], float(share.iloc[top])
    text = f"{when.day} {when.month_name()[:3]}: {wording.percent(most)}"
    canvas.panel_title(ax, indicator.label, text if most > 0 else "nothing spent")


def _days_title(results: Mapping[Indicator, pd.DataFrame]) -> str:
    top = {key: float(r["share_of_allowance"].max()) for key, r in results.items()}
    worst = max(top, key=lambda key: top[key])
    if top[worst] == 0:
        return "No day spent any budget"
    result = results[worst]
    when = result.nlargest(1, "share_of_allowance")["starts_at"].iloc[0]
    share = wording.percent(top[worst])
    which = f"One day, {wording.day(when)}," if len(result) > 1 else wording.day(when)
    return f"{which} took {share} of the allowance of {worst.label}"


@canvas.redrawn
def plot_forecast(
    forecasts: Results[Forecast], *, as_of: pd.Timestamp, ax: Axes | None = None
) -> Axes:
    """When each budget would run out if the coming days are like those before now (`as_of`).

    One row per objective: median and interval, and the probability in words.
    """
    none = "No objective has enough history for a forecast (seven days)."
    results = canvas.some(answers(forecasts), none)
    rows = sorted(results, key=lambda key: results[key].probability)[-20:]
    labels, title = [key.label for key in rows], _forecast_title(results)
    with canvas.drawing(ax, title, about="Forecast of when each error budget is gone",
                        labels=labels, height=1.3 + 0.36 * len(rows)) as ax:  # fmt: skip
        for y, key in enumerate(rows):
            _forecast_row(ax, y, results[key], as_of)
        canvas.name_rows(ax, labels)
        canvas.time_axis(ax, year=False)
        ax.set_xlabel(f"day of {canvas.years([as_of])} (pale: the time looked at)")
        canvas.key(ax, [
            canvas.dot("median", canvas.VERMILLION),
            Line2D([], [], color=canvas.BLUE, lw=2.5, label="interval (arrow: goes on)"),
        ])  # fmt: skip
    return ax


def _forecast_row(ax: Axes, y: int, result: Forecast, as_of: pd.Timestamp) -> None:
    """The time looked at, the interval and the median; what lies beyond stays open."""
    reach, goes_on = pd.DatetimeIndex([as_of, result.horizon]), pd.isna(result.high)
    ax.plot(reach, [y, y], color=canvas.PALE, lw=7, solid_capstyle="butt", zorder=0)
    if not pd.isna(result.low):
        ends = pd.DatetimeIndex([result.low, result.horizon if goes_on else result.high])
        ax.plot(ends, [y, y], color=canvas.BLUE, lw=2.5, solid_capstyle="butt")
        if goes_on:
            ax.plot(ends[1:], [y], ">", color=canvas.BLUE, ms=6)
    if not pd.isna(result.at):
        text = f"median {wording.day(result.at)}, {_chance(result)}"
        canvas.hover(ax, [result.at], [y], [text])
        ax.plot(pd.DatetimeIndex([result.at]), [y], "o", color=canvas.VERMILLION, ms=6)
    canvas.label(ax, _chance(result), (1, y), (8, 0), xycoords=("axes fraction", "data"),
                 va="center")  # fmt: skip


def _chance(result: Forecast) -> str:
    if result.is_gone:
        return "gone already"
    if result.probability == 0:
        return "not in sight"
    return f"{wording.percent(result.probability)} likely"


def _forecast_title(results: Mapping[Indicator, Forecast]) -> str:
    gone = [key for key, result in results.items() if result.is_gone]
    likely = [key for key, r in results.items() if r.probability > 0.5 and key not in gone]
    phrases = []
    if gone:
        many = f"{len(gone)} of {len(results)} budgets are"
        one = f"The budget of {gone[0].label} is"
        phrases.append(f"{one if len(gone) == 1 else many} gone already")
    if likely:
        names = wording.listing([key.label for key in likely], limit=2)
        phrases.append(f"more likely than not to follow: {names}" if gone else
                     f"More likely than not to run out: {names}")  # fmt: skip
    if not phrases:
        return "No budget is more likely than not to run out before its horizon"
    return "; ".join(phrases)
