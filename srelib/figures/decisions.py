"""Figures of notebook 09: where each budget went by cause, what each change would bring."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from srelib import wording
from srelib.decisions import Decision, Lever
from srelib.decisions.levers import FREEZE, RETARGET
from srelib.errors import SrelibError
from srelib.figures import canvas
from srelib.fleet import answers

NOTHING = "No service has an objective with enough good and total events to be decided about."
CAUSES = {
    "deployments": ("excess after deployments", canvas.BLUE, "////"),
    "outages": ("other outages", canvas.VERMILLION, ""),
    "usual": ("usual errors", "#B5B5B5", ""),
}
MOST_ROWS, MOST_SERVICES = 20, 4


@canvas.redrawn
def plot_causes(decided: dict[str, Decision | SrelibError], *, ax: Axes | None = None) -> Axes:
    """What used each budget over the history: a bar per service; dashed: the allowance."""
    known = canvas.some({k: one for k, one in answers(decided).items() if one.causes}, NOTHING)
    rows = sorted(known, key=lambda service: known[service].spent)[-MOST_ROWS:]
    labels = [wording.label(service, limit=34) for service in rows]
    about = ("Share of the error budget of the history that was used, by cause: excess after "
             "deployments, other outages, usual errors")  # fmt: skip
    causes = [known[service].causes for service in rows]
    texts = [wording.percent(round(known[service].spent, 2)) for service in rows]
    title = _causes_title(known)
    return canvas.budget_bars(ax, title, causes, labels, CAUSES, texts, about=about)


def _causes_title(known: dict[str, Decision]) -> str:
    over = [s for s in sorted(known, key=lambda s: -known[s].spent) if known[s].spent > 1]
    if not over:
        return "Every service used less than its error budget"
    parts = []
    for service in over[:2]:
        causes = known[service].causes
        most = max(causes, key=lambda cause: causes[cause])
        parts.append(f"{CAUSES[most][0]} used {wording.percent(round(causes[most], 2))} of the "
                     f"error budget of {wording.label(service, limit=24)}")  # fmt: skip
    text = "; ".join(parts)
    return text[0].upper() + text[1:]


@canvas.redrawn
def plot_levers(
    decided: dict[str, Decision | SrelibError], *, pass_probability: float, ax: Axes | None = None
) -> Axes:
    """Windows of 100 that would meet the target after each change, services at risk first.

    Grey line: today; dashed: `pass_probability` [fraction]; a range without a dot is simulated.
    """
    known = canvas.some({k: one for k, one in answers(decided).items() if one.levers}, NOTHING)
    order = sorted(known, key=lambda service: known[service].met.value)
    risky = [s for s in order if known[s].met.value < pass_probability]
    drawn = (risky or order)[:MOST_SERVICES]
    rows: list[tuple[str, Lever | None]] = []
    for service in drawn[::-1]:
        rows += [(service, lever) for lever in known[service].levers[::-1]] + [(service, None)]
    labels = [wording.label(service, limit=34) if lever is None else _label(lever)
              for service, lever in rows]  # fmt: skip
    left_out = len(known) - len(drawn)
    details = f"{wording.plural(left_out, 'service')} not drawn." if left_out else ""
    with canvas.drawing(ax, _levers_title(known, drawn), labels=labels, details=details,
                        height=1.3 + 0.27 * len(rows), about="Windows of 100 that would meet the "
                        "target after each change, with interval, by service") as ax:  # fmt: skip
        for y, (service, lever) in enumerate(rows):
            _lever_row(ax, y, known[service], lever)
        ax.axvline(pass_probability, color=canvas.INK, lw=0.8, ls=(0, (4, 2)), zorder=0)
        canvas.name_rows(ax, labels)
        for y, (_, lever) in enumerate(rows):
            if lever is None:
                ax.get_yticklabels()[y].set_fontweight("bold")
        ax.set_xlim(-0.02, 1.02)
        ticks = np.linspace(0, 1, 6)
        ax.set_xticks(ticks, [f"{100 * tick:.0f}" for tick in ticks])
        ax.set_xlabel(f"windows of 100 that would meet the target (right: better; dashed: "
                      f"{100 * pass_probability:g} asked for)")  # fmt: skip
        canvas.key(ax, [
            Line2D([], [], color=canvas.GREY, lw=2, label="today"),
            Line2D([], [], color=canvas.GREEN, marker="o", ms=6, lw=2, label="better than today"),
            Line2D([], [], color=canvas.VERMILLION, marker="o", ms=6, lw=2, label="worse"),
            Line2D([], [], color=canvas.PURPLE, lw=2, ls=":", label="range only"),
        ])  # fmt: skip
    return ax


def _label(lever: Lever) -> str:
    if lever.name == RETARGET:
        return f"target {wording.percent(float(lever.detail))}"
    return "freeze policy (simulated)" if lever.name == FREEZE else lever.name


def _lever_row(ax: Axes, y: int, one: Decision, lever: Lever | None) -> None:
    now = one.met.value
    if lever is None:
        canvas.label(ax, f"{100 * now:.0f} today", (now, y), ha="center", va="center")
        return
    ax.plot([now, now], [y - 0.5, y + 0.5], color=canvas.GREY, lw=2, zorder=0)
    found = lever.probability
    if found.value != found.value:
        ax.plot([found.low, found.high], [y, y], color=canvas.PURPLE, lw=2, ls=":")
        return
    gain = lever.gain.value
    color = canvas.GREY if abs(gain) < 0.005 else canvas.GREEN if gain > 0 else canvas.VERMILLION
    ax.plot([found.low, found.high], [y, y], color=color, lw=2, solid_capstyle="butt", alpha=0.6)
    ax.plot(found.value, y, "o", ms=6.5, color=color, mec="white", zorder=3)
    ends = f"{wording.of_100(found.low)} to {wording.of_100(found.high)}"
    text = f"{_label(lever)}: {wording.of_100(found.value)} of 100 windows ({ends})"
    canvas.hover(ax, [found.value], [y], [f"{text}; today {wording.of_100(now)}"])


def _levers_title(known: dict[str, Decision], drawn: list[str]) -> str:
    worst = drawn[0]
    one = known[worst]
    tried = [lever for lever in one.levers if lever.gain.value > 0.005 and lever.name != RETARGET]
    who = wording.label(worst, limit=24)
    if not tried:
        return f"{who}: no change tried would bring much"
    best = max(tried, key=lambda lever: lever.gain.value)
    now, then = (round(100 * value) for value in (one.met.value, best.probability.value))
    return f"{who}: {best.name} would do most, {now} to {then} of 100 windows"
