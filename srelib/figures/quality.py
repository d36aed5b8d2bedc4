"""Figures of notebook 00: what was observed, and over which time the inputs overlap.

`by_day` and `overall` are what `srelib.quality.coverage_by_day` and `coverage` found [fraction];
`sources` is the table of the dataset; a figure is drawn on `ax`, by default on axes of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from srelib import wording
from srelib.figures import canvas
from srelib.fleet import Indicator, Results, answers

ROWS = 24


@canvas.redrawn
def plot_coverage(
    by_day: Results[pd.Series], *, overall: Results[float], ax: Axes | None = None
) -> Axes:
    """Calendar of what was not observed: a row per series, a cell per day filled by that share."""
    none = "There is no time series in these exports, so nothing to cover."
    days, share = canvas.some(answers(by_day), none), answers(overall)
    rows = sorted(days, key=lambda key: share[key])[:ROWS]
    rows = [key for key in days if key in set(rows)][::-1]
    labels = [key.label for key in rows]
    left_out = len(days) - len(rows)
    about = "Calendar of coverage, one row per series"
    about += f"; {left_out} better covered series are not drawn" if left_out else ""
    with canvas.drawing(ax, _coverage_title(share), about=about, labels=labels,
                        height=1.35 + 0.3 * len(rows)) as ax:  # fmt: skip
        for y, key in enumerate(rows):
            _calendar_row(ax, y, days[key], share[key])
        both = [days[key].index[end] for key in rows for end in (0, -1)]
        ax.set_xlim(min(both), max(both) + pd.Timedelta(days=1))  # type: ignore[arg-type]
        canvas.name_rows(ax, labels)
        canvas.time_axis(ax, year=False, ticks=7)
        ax.set_xlabel(f"day of {canvas.years(both)} (orange: share of the day not observed)")
    return ax


def _calendar_row(ax: Axes, y: int, share: pd.Series, overall: float) -> None:
    """Grey cells, filled from below by what is missing; the share observed at the right end."""
    missing = 1 - share.to_numpy()
    height = np.where(missing > 0, np.maximum(missing, 0.15), 0.0) * 0.8
    seen = share.index[~np.isnan(missing)]
    wide = 0.9 if len(share) <= 150 else 1.0
    ax.bar(seen, 0.8, width=wide, bottom=y - 0.4, align="edge", color=canvas.PALE)
    some = missing > 0
    middle = pd.DatetimeIndex(share.index[some]) + pd.Timedelta(hours=11)
    canvas.hover(ax, middle, np.full(int(some.sum()), y), [
        f"{wording.day(when)}: {wording.percent(part)} not observed"
        for when, part in zip(share.index[some], missing[some], strict=True)
    ])  # fmt: skip
    ax.bar(share.index[some], height[some], width=wide, bottom=y - 0.4, align="edge",
           color=canvas.VERMILLION)  # fmt: skip
    canvas.label(ax, wording.percent(overall), (1, y), (6, 0), va="center",
                 xycoords=("axes fraction", "data"),
                 color=canvas.VERMILLION if overall < 1 else canvas.GREY)  # fmt: skip


def _coverage_title(overall: Mapping[Indicator, float]) -> str:
    partial = {key: share for key, share in overall.items() if share < 1}
    if not partial:
        every = f"All {len(overall)} series were" if len(overall) > 1 else "The one series was"
        return f"{every} observed without a gap"
    worst = min(partial, key=lambda key: partial[key])
    lowest = wording.percent(partial[worst])
    equal = sum(wording.percent(share) == lowest for share in partial.values())
    if equal > 1:
        who = f"All {equal}" if equal == len(overall) else f"{equal} of {len(overall)}"
        return f"{who} series were observed only {lowest} of the time"
    text = f"{worst.label} was observed {lowest} of the time"
    if len(overall) == 1:
        return text
    least = min(share for key, share in overall.items() if key != worst)
    rest = "without a gap" if least == 1 else f"at least {wording.percent(least)}"
    return f"{text}, the others {rest}"


@canvas.redrawn
def plot_spans(sources: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Which time each input covers, so that one sees where they overlap."""
    dated = sources.dropna(subset=["first", "last"]).reset_index(drop=True)
    canvas.some(dated, "No file holds any times, so there is no span to draw.")
    shown = dated.head(ROWS)[::-1].reset_index(drop=True)
    measured = dated[dated["table"].str.contains("sli")]
    labels = [_source_label(row) for _, row in shown.iterrows()]
    with canvas.drawing(ax, _span_title(dated, measured), labels=labels,
                        height=1.3 + 0.34 * len(shown),
                        about="First to last entry of each input file") as ax:  # fmt: skip
        for y, (_, row) in enumerate(shown.iterrows()):
            ax.barh(y, row["last"] - row["first"], left=row["first"], height=0.5,
                    color=canvas.BLUE, edgecolor=canvas.BLUE, lw=1.2)  # fmt: skip
            rows = wording.plural(row["rows_kept"], "row")
            span = f"{wording.moment(row['first'])} to {wording.moment(row['last'])}"
            middle = row["first"] + (row["last"] - row["first"]) / 2
            canvas.hover(ax, [middle], [y], [f"{_source_label(row)}: {span}, {rows}"])
            canvas.label(ax, rows, (row["last"], y), (5, 0), va="center")
        if len(measured):
            ax.axvspan(measured["first"].min(), measured["last"].max(), color=canvas.PALE,  # type: ignore[arg-type]
                       lw=0, zorder=0)  # fmt: skip
        canvas.name_rows(ax, labels)
        canvas.time_axis(ax, year=False, ticks=7)
        span = canvas.years([*dated["first"], *dated["last"]])
        ax.set_xlabel(f"day of {span} (UTC; shaded: service levels known)")
    return ax


def _source_label(row: pd.Series) -> str:
    return f"{row['table']}: {wording.label(row['file'], limit=26)}"


def _span_title(dated: pd.DataFrame, measured: pd.DataFrame) -> str:
    if measured.empty:
        return "No file holds service levels, so nothing else can be judged"
    first, last = measured["first"].min(), measured["last"].max()
    others = dated.drop(measured.index)
    beyond = int(((others["first"] < first) | (others["last"] > last)).sum())
    text = f"Service levels are known for {wording.duration(last - first)}"
    if others.empty:
        return text
    if len(others) == 1:
        return f"{text}; the other input {'goes beyond' if beyond else 'lies within'}"
    inside = f"{len(others) - beyond} of" if beyond else "all"
    return f"{text}; {inside} {len(others)} other inputs lie within"
