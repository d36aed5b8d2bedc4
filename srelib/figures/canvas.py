"""What every figure shares: the style, a figure that carries its alternative text, panels.

In a notebook a title and a line below it are part of the picture; on a page of the report
(`on_page`) they are text of the page, and the picture may be narrow. `show` makes either.
"""

from __future__ import annotations

import textwrap
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, partial, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DAILY, AutoDateLocator, num2date
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FixedLocator, Formatter, FuncFormatter, MaxNLocator, NullLocator

from srelib import wording

STYLE = Path(__file__).with_name("srelib.mplstyle")
WIDTH, NARROW, HEIGHT, DPI = 7.2, 4.2, 3.2, 110
PANELS = 12
BLUE, VERMILLION, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#595959"
INK, PALE = "#262626", "#E8E8E8"
P = ParamSpec("P")
T = TypeVar("T")
K = TypeVar("K")
LIMIT: dict[str, Any] = {"color": INK, "lw": 0.9, "ls": (0, (4, 2))}
"""How a line that must not be crossed, or that divides, is drawn."""


class SuiteFigure(Figure):
    """A figure with an alternative text, drawn in the suite's style wherever it is saved.

    `again` draws it anew. Only on a page: its title, the line below it, why there is nothing to
    draw, and the texts of each set of points that says what is under the pointer.
    """

    alt: str = ""
    again: Callable[[], Axes] | None = None
    title: str = ""
    caption: str = ""
    reason: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names: dict[str, list[str]] = {}

    def savefig(self, fname: Any, **kwargs: Any) -> None:
        """Save in the suite's style, without the date and software version in the file."""
        with style(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")
            super().savefig(fname, **kwargs)

    def __repr__(self) -> str:
        return self.alt or super().__repr__()


@contextmanager
def style() -> Iterator[None]:
    """The suite's matplotlib style, for as long as the block lasts."""
    with plt.style.context(STYLE):
        yield


_room: ContextVar[float | None] = ContextVar("_room", default=None)


@contextmanager
def on_page(inches: float) -> Iterator[None]:
    """Draw for a page of the report that has so much room, as long as the block lasts."""
    before = _room.set(inches)
    try:
        yield
    finally:
        _room.reset(before)


def width() -> float:
    """Width of new figures [inches]."""
    return _room.get() or WIDTH


def is_narrow() -> bool:
    """Whether figures are drawn for a phone."""
    return width() < WIDTH


class _NothingToDrawError(Exception):
    """Ends a function that draws; its text says why."""


def some(found: T | None, otherwise: str) -> T:
    """What a figure is to draw; where there is none of it, the figure says why (`redrawn`)."""
    if found is None or (isinstance(found, Sized) and not len(found)) or found is False:
        raise _NothingToDrawError(otherwise)
    return found


def redrawn(draw: Callable[P, Axes]) -> Callable[P, Axes]:
    """A function whose figures can be drawn again, at another width."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Axes:
        given: Any = kwargs.get("ax")
        try:
            ax = draw(*args, **kwargs)
        except _NothingToDrawError as why:
            ax = note(str(why), ax=given)
        figure = ax.get_figure(root=True)
        if given is None and isinstance(figure, SuiteFigure):
            figure.again = partial(drawn, *args, **kwargs)
        return ax

    return drawn


def _page_figure(ax: Axes) -> SuiteFigure | None:
    """The figure an Axes belongs to, where the page writes title and caption."""
    figure = ax.get_figure(root=True)
    return figure if _room.get() and isinstance(figure, SuiteFigure) else None


def axes(ax: Axes | None, *, height: float = HEIGHT) -> Axes:
    """The axes given, or those of a new figure."""
    if ax is not None:
        return ax
    look: dict[str, Any] = {"dpi": DPI, "facecolor": "white", "layout": "constrained"}
    if _room.get():
        taller = 1.15 if is_narrow() else 1.0
        figure: Any = SuiteFigure(figsize=(width(), (height - 0.3) * taller), **look)
    else:
        figure = plt.figure(FigureClass=SuiteFigure, figsize=(WIDTH, height), **look)
    with style():
        return figure.add_subplot()


@contextmanager
def drawing(
    ax: Axes | None, title: str, *, about: str, details: str = "", height: float = HEIGHT,
    labels: Iterable[str] = (),
) -> Iterator[Axes]:  # fmt: skip
    """Axes to draw on in the suite's style, described by `about`, the title and `details`."""
    ax = axes(ax, height=height)
    with style():
        headline(ax, title, labels=labels)
        yield ax
    describe(ax, f"{about}. {title}. {details}")


def describe(ax: Axes, text: str) -> Axes:
    """Store the alternative text of the figure an Axes belongs to."""
    setattr(ax.get_figure(root=True), "alt", " ".join(text.split()))  # noqa: B010
    return ax


def alt(ax: Axes) -> str:
    """The alternative text of the figure an Axes belongs to."""
    return getattr(ax.get_figure(root=True), "alt", "")


def headline(ax: Axes, text: str, *, labels: Iterable[str] = ()) -> None:
    """Set the title: the finding, wrapped to the width there is."""
    if figure := _page_figure(ax):
        figure.title = text
        return
    room = 72 * WIDTH - 14 - max((text_width(label, 8.5) + 8 for label in labels), default=34.0)
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, 11, bold=True) > room and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    ax.set_title("\n".join(lines), loc="left", parse_math=False)


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a line of text will be."""
    if not text.strip():
        return 0.0
    font = FontProperties(size=size, weight="bold" if bold else "normal")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])


def note(text: str, *, ax: Axes | None = None) -> Axes:
    """An Axes that says why there is nothing to draw."""
    ax = axes(ax, height=1.1)
    if figure := _page_figure(ax):
        figure.reason = text
    with style():
        ax.set_axis_off()
        ax.text(0, 0.5, textwrap.fill(text, 96), transform=ax.transAxes, va="center", color=GREY)
    return describe(ax, text)


def grid(
    ax: Axes | None,
    results: Mapping[K, Any],
    *,
    each: float = 1.5,
    worst: Callable[[K], float] = lambda _: 0.0,
) -> tuple[Axes, list[tuple[Axes, K]], str]:
    """Panels inside one Axes, which keeps only its title: one per key, of many the worst."""
    kept = sorted(results, key=lambda key: -worst(key))[:PANELS]
    keys = [key for key in results if key in kept]
    alone = len(keys) == 1
    columns = 1 if alone or is_narrow() else 2
    rows = -(-len(keys) // columns)
    ax = axes(ax, height=0.75 + each * rows * (1.5 if alone else 1))
    ax.set_axis_off()
    wide, pitch = (1 - 0.12 * (columns - 1)) / columns, 1 / rows
    below, tall = (0.14, 0.76) if alone else (0.2, 0.58)
    boxes = [((i % columns) * (wide + 0.12), 1 - (i // columns + 1 - below) * pitch)
             for i in range(len(keys))]  # fmt: skip
    panels = [ax.inset_axes((x, y, wide, tall * pitch)) for x, y in boxes]
    for panel in panels:
        panel.narrow = columns > 1  # type: ignore[attr-defined]
    left_out = len(results) - len(keys)
    remark = f"   {left_out} milder ones not drawn".replace(" ", wording.NBSP) if left_out else ""
    return ax, list(zip(panels, keys, strict=True)), remark


def panels(
    ax: Axes | None, title: str, results: Mapping[K, Any], draw: Callable[[Axes, K], None], *,
    about: str, caption: str, **of_grid: Any,
) -> Axes:  # fmt: skip
    """The panels of `grid`, each drawn by `draw`, with a title and a line that explains them."""
    with style():
        ax, shown, remark = grid(ax, results, **of_grid)
    with drawing(ax, title, about=about):
        for panel, key in shown:
            draw(panel, key)
        subtitle(ax, caption + remark)
    return ax


LONGEST = 200
"""Characters of the longest name of a panel: no more of the narrowest letter fit on a figure."""


def panel_title(ax: Axes, left: str, right: str = "", *, inside: bool = False) -> None:
    """Name a panel on the left, and say its number on the right."""
    room = 72 * width() * (0.39 if getattr(ax, "narrow", True) else 0.88)
    room -= 0 if inside else text_width(right, 8.5) + 8
    room -= 16 if _room.get() else 0  # a page's letters may be wider, and panels narrower

    def needed(limit: int) -> float:
        return text_width(wording.label(left, limit=limit), 9, bold=True)

    limit = 8 + bisect_right(range(9, min(len(left), LONGEST) + 1), room, key=needed)
    name = wording.label(left, limit=limit)
    ax.set_title(name, loc="left", fontsize=9, pad=4, parse_math=False)
    if inside:
        ax.text(0.02, 0.05, right, transform=ax.transAxes, fontsize=8.5, color=GREY, va="bottom",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
    else:
        ax.set_title(right, loc="right", fontsize=8.5, pad=4, fontweight="normal", color=GREY)


def subtitle(ax: Axes, text: str) -> None:
    """A grey line between the title of the figure and its panels: what is drawn, how to read it."""
    if figure := _page_figure(ax):
        figure.caption = text
        return
    lines = textwrap.wrap(text, 104)
    label(ax, "\n".join(lines), (0, 1), (0, 6), xycoords="axes fraction", va="bottom",
          annotation_clip=False)  # fmt: skip
    ax.set_title(ax.get_title("left"), loc="left", pad=12 + 12 * len(lines))


class _Dates(Formatter):
    """Day and month, or hours where the axis is short; the year is the offset text."""

    def __init__(self, *, year: bool) -> None:
        self._year, self._offset = year, ""

    def format_ticks(self, values: Any) -> list[str]:
        """Texts of all ticks."""
        times = num2date(values)
        if not times:
            return []
        self._offset = years(times) if self._year else ""
        if times[-1] - times[0] > pd.Timedelta(days=400):
            return [f"{time:%b %Y}" for time in times]
        if len(times) == 1 or times[-1] - times[0] >= pd.Timedelta(days=2):
            return [f"{time.day} {time:%b}" for time in times]
        if not self._year:
            return [f"{time.day} {time:%b %H:%M}" for time in times]
        self._offset = f"{times[0].day} {times[0]:%b %Y}"
        return [f"{time:%H:%M}" if time.hour or time.minute else f"{time.day} {time:%b}"
                for time in times]  # fmt: skip

    def __call__(self, x: float, pos: int | None = None) -> str:
        time = num2date(x)
        return f"{time.day} {time:%b}"

    def get_offset(self) -> str:
        """The year, or first and last year."""
        return self._offset


def halo() -> list[AbstractPathEffect]:
    """White around letters, so that a line behind them does not run through them."""
    return [withStroke(linewidth=3.5, foreground="white")]


def time_axis(ax: Axes, *, year: bool = True, ticks: int = 5) -> None:
    """Few, short dates on the x axis."""
    fewest, most = (2, min(ticks, 4)) if is_narrow() else (3, ticks)
    locator = AutoDateLocator(minticks=fewest, maxticks=most)
    locator.intervald[DAILY] = [1, 2, 3, 7, 14]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(_Dates(year=year))
    ax.xaxis.get_offset_text().set_fontsize(8)


def years(times: Any) -> str:
    """The year or years of some times, for an axis label."""
    found = sorted({min(times).year, max(times).year})
    return "\u2013".join(map(str, found))


KEY_ROOM = 200.0
"""Room of a key beside the names of rows of a narrow figure [points]."""


def key(ax: Axes, handles: list[Any]) -> None:
    """Name symbols in one line between title and axes, without a box; in several where narrow."""
    widest = max(text_width(handle.get_label(), 8.5) for handle in handles) + 30
    columns = max(1, int(KEY_ROOM // widest)) if is_narrow() else len(handles)
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=columns,
              borderaxespad=0.2, handlelength=1.4, handletextpad=0.5, columnspacing=1.6,
              fontsize=8.5, labelcolor=GREY, borderpad=0)  # fmt: skip
    ax.set_title(ax.get_title("left"), loc="left", pad=24)


def dot(label: str, color: str, marker: str = "o", **look: Any) -> Line2D:
    """A symbol to be named by `key`."""
    return Line2D([], [], ls="", marker=marker, color=color, label=label, **look)


def hover(ax: Axes, x: Any, y: Any, texts: Iterable[str | None], **where: Any) -> None:
    """Say what is under the pointer: a text for each point, on a page with room for a pointer."""
    figure = _page_figure(ax)
    if figure is None or is_narrow():
        return
    rows = pd.DataFrame({"x": np.asarray(x), "y": np.asarray(y), "text": list(texts)}).dropna()
    name = f"hover-{len(figure.names)}"
    figure.names[name] = rows["text"].tolist()
    (points,) = ax.plot(rows["x"], rows["y"], "o", ms=10, mew=0, color=INK, alpha=0, gid=name,
                        zorder=9, clip_on=False, **where)  # fmt: skip
    points.set_in_layout(False)


POINTS, PAGE_POINTS = 2000, 600
"""Most points of a line, and of one on a page, which holds every one of them as text."""


def thin(values: pd.Series) -> pd.Series:
    """Fewer points with the same outline: lowest and highest of each chunk are kept."""
    points = PAGE_POINTS if _room.get() else POINTS
    if len(values) <= points:
        return values
    size = -(-len(values) // (points // 2 - 1))
    array = values.to_numpy(dtype=float)
    padded = np.pad(array, (0, -len(array) % size), constant_values=np.nan).reshape(-1, size)
    low = np.where(np.isnan(padded), np.inf, padded).argmin(axis=1)
    high = np.where(np.isnan(padded), -np.inf, padded).argmax(axis=1)
    starts = np.arange(len(padded)) * size
    keep = np.unique(np.concatenate([starts + low, starts + high, [0, len(array) - 1]]))
    return values.iloc[keep]


def name_rows(
    ax: Axes, labels: Sequence[str], *, from_top: bool = False, spine: bool = False
) -> None:
    """Name rows along the y axis, the first at the bottom or the top, without ticks."""
    ax.set_yticks(range(len(labels)), labels, parse_math=False)
    ends = -0.6, len(labels) - 0.4
    ax.set_ylim(*(reversed(ends) if from_top else ends))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(spine)


def label(
    ax: Axes, text: str, point: tuple[Any, Any], by: tuple[float, float] = (0, 0), *,
    color: str = GREY, fontsize: float = 8.5, **look: Any,
) -> None:  # fmt: skip
    """Small letters some points of type beside a point."""
    ax.annotate(text, point, xytext=by, textcoords="offset points", color=color,
                fontsize=fontsize, **look)  # fmt: skip


def beside(end: float, text: str, *, line: float, span: float) -> float:
    """Where a text may begin that stands right of a bar, so that no line runs through it."""
    wide = (text_width(text, 8.5) + 8) / (0.7 * 72 * width()) * span
    return line if line - wide < end < line else end


Looks = Mapping[str, tuple[str, str, str]]
"""Name, color and hatch of the parts of a bar, in their order."""


def budget_bars(
    ax: Axes | None, title: str, rows: Sequence[Mapping[str, float]], labels: list[str],
    looks: Looks, texts: list[str], *, about: str,
) -> Axes:  # fmt: skip
    """A stacked bar per row of shares of a budget, its text behind it; dashed: the allowance."""
    span = max(1.15, max(sum(shares.values()) for shares in rows) * 1.12)
    with drawing(ax, title, about=about, labels=labels, height=1.7 + 0.34 * len(rows)) as ax:
        for y, shares in enumerate(rows):
            start = 0.0
            for part, (name, color, hatch) in looks.items():
                long = float(shares.get(part, 0.0))
                ax.barh(y, long, left=start, height=0.6, facecolor=color, hatch=hatch,
                        edgecolor="white", lw=0.5)  # fmt: skip
                if long > 0:
                    text = f"{labels[y]}, {name}: {wording.percent(long)}"
                    hover(ax, [start + long / 2], [y], [text])
                start += long
            end = beside(start, texts[y], line=1.0, span=span), y
            label(ax, texts[y], end, (4, 0), color=INK, va="center", path_effects=halo())
        ax.axvline(1, **LIMIT)
        edge = "data", "axes fraction"
        label(ax, "allowance", (1, 0), (3, 3), xycoords=edge, path_effects=halo())
        name_rows(ax, labels, spine=True)
        ax.set(ylim=(-0.9, len(rows) - 0.4), xlim=(0, span))
        percent_axis(ax.xaxis, ticks=6)
        ax.set_xlabel("spent, as a share of the allowance")
        key(ax, [Patch(facecolor=color, hatch=hatch, edgecolor="white", label=text)
                 for text, color, hatch in looks.values()])  # fmt: skip
    return ax


def percent_axis(axis: Any, *, ticks: int = 4) -> None:
    """Label an axis of fractions in percent."""
    most = min(ticks, 4) if is_narrow() else ticks
    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda x, _: tick_percent(x)))


def tick_percent(share: float) -> str:
    """A tick label in percent, without superfluous digits."""
    return f"{share * 100:.6g}".replace("-", wording.MINUS) + f"{wording.NBSP}%"


def annotate(
    ax: Axes, text: str, point: tuple[Any, float], color: str, by: tuple[float, float], *,
    ha: str = "center", va: str = "center",
) -> None:  # fmt: skip
    """Name a point in bold letters beside it, readable on lines."""
    label(ax, text, point, by, color=color, fontsize=9, fontweight="bold", ha=ha, va=va,
          path_effects=halo())  # fmt: skip


def ticks(axis: Any, places: Iterable[float], text: Callable[[float], str]) -> None:
    """Ticks at these places and no others, also of a logarithmic axis."""
    axis.set_major_locator(FixedLocator([*places]))
    axis.set_major_formatter(FuncFormatter(lambda x, _: text(x)))
    axis.set_minor_locator(NullLocator())


DURATIONS = (1, 10, 60, 600, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400)
"""Where a logarithmic axis of durations may have its ticks [s]."""


def duration_axis(axis: Any, ax: Axes, seconds: np.ndarray) -> None:
    """A logarithmic axis of durations, ends as wide as the data."""
    known = np.maximum(seconds[np.isfinite(seconds)], 1.0)
    low, high = float(known.min()) / 1.5, float(known.max())
    high = max(high, low * 3) * 1.5
    of = "y" if axis is ax.yaxis else "x"
    ax.set(**{f"{of}scale": "log", f"{of}lim": (low, high)})
    places: list[float] = [t for t in DURATIONS if low <= t <= high]
    places = places if len(places) > 1 else [low * 1.5, high / 1.5]
    ticks(axis, places, lambda s: f"{'≤ ' if s <= 1 else ''}{wording.to_the_minute(s)}")
