"""How a figure shows itself: as a sharp PNG in a notebook, as SVG for a page of the report.

Either has the same bytes every run and carries its alternative text; figures that others made are
left alone. A page gets two drawings, one for a phone, and writes title and caption itself.
"""

from __future__ import annotations

import base64
import html
import io
import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from srelib.figures import canvas
from srelib.figures.canvas import SuiteFigure

SHARP, QUICK = 2, 1.5
PAGE = "application/vnd.srelib.figure+json"
"""Kind of output that holds a figure for a page."""

WANTED = "SRELIB_FIGURES"
"""Environment variable that says "page" where a report runs the notebook."""

LABELS = 120.0
"""Room of names beside a narrow figure [points]."""


def png(figure: Figure) -> tuple[str, dict[str, Any]]:
    """A figure as PNG at twice its size, and the metadata that say how to show it."""
    raw, buffer = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png", dpi=canvas.DPI * SHARP, metadata={"Software": None})
    few_colors = Image.open(raw).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few_colors.save(buffer, format="PNG", optimize=True)
    width, height = (int(figure.get_size_inches()[i] * canvas.DPI) for i in (0, 1))
    metadata = {"alt": getattr(figure, "alt", ""), "width": width, "height": height}
    return base64.b64encode(buffer.getvalue()).decode("ascii"), metadata


def picture(ax: Axes) -> str:
    """A figure as an image in HTML, drawn as fast as can be, and closed."""
    figure, buffer = ax.get_figure(root=True), io.BytesIO()
    assert figure is not None
    figure.savefig(buffer, format="png", dpi=canvas.DPI * QUICK, pil_kwargs={"compress_level": 1})
    plt.close(figure)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    width = int(figure.get_size_inches()[0] * canvas.DPI)
    return (f'<img alt="{html.escape(canvas.alt(ax))}" style="width: {width}px; max-width: 100%" '
            f'src="data:image/png;base64,{data}">')  # fmt: skip


def page(figure: SuiteFigure) -> dict[str, Any]:
    """A figure for a page: texts, and SVG for a wide and for a narrow one."""
    if figure.again is None:
        return {}
    drawings: dict[str, str] = {}
    texts: dict[str, Any] = {"alt": figure.alt, "names": {}}
    for name, inches in (("wide", canvas.WIDTH), ("narrow", canvas.NARROW)):
        with canvas.on_page(inches):
            own = figure.again().get_figure(root=True)
            if not isinstance(own, SuiteFigure) or own.reason:
                return {PAGE: {"reason": figure.alt}}
            drawings[name] = svg(own)
        texts |= {"title": own.title, "caption": own.caption}
        texts["names"] |= own.names
    return {PAGE: {**texts, **drawings}}


def svg(figure: SuiteFigure) -> str:
    """A figure as SVG whose letters are left to whoever shows it."""
    for text in figure.findobj(Text):
        if isinstance(text, Text) and text.get_path_effects():
            text.set_path_effects([])
            text.set_gid("halo")
    if canvas.is_narrow():
        broken = [_wrap(ax) for ax in _every(figure.axes)]
        figure.set_figheight(figure.get_figheight() * (1.3 if any(broken) else 1.0))
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with plt.rc_context({"svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata=nothing, transparent=True)
    return buffer.getvalue()


def _every(axes: Sequence[Any]) -> Iterator[Axes]:
    for ax in axes:
        yield ax
        yield from _every(ax.child_axes)


def _wrap(ax: Axes) -> bool:
    """Break long names of rows, and what is written below; whether there are long names."""
    labels = [text.get_text() for text in ax.get_yticklabels()]
    widest = max((canvas.text_width(label, 8.5) for label in labels), default=0.0)
    if widest > LABELS:
        ax.set_yticks(ax.get_yticks(), [_broken(label, LABELS, 8.5) for label in labels])
    room = 72 * canvas.NARROW - 30 - min(widest, LABELS)
    ax.xaxis.label.set_text(_broken(ax.get_xlabel().replace("\n", " "), room, 9.0))
    return widest > LABELS


def _broken(text: str, room: float, size: float) -> str:
    wide = canvas.text_width(text, size)
    if wide <= room:
        return text
    letters = max(8, int(len(text) * room / wide))
    return textwrap.fill(text, letters, break_long_words=False)


def register() -> None:
    """Teach the notebook kernel to show a `SuiteFigure`; nothing happens outside one."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return
    show = shell.display_formatter
    show.formatters["image/png"].for_type(SuiteFigure, png)
    if os.environ.get(WANTED) == "page":
        show.mimebundle_formatter.for_type(SuiteFigure, page)
        show.formatters["image/png"].for_type(SuiteFigure, lambda f: None if f.again else png(f))
    if hasattr(shell, "kernel"):
        plt.switch_backend(matplotlib.get_backend())
        if "inline" in matplotlib.get_backend():  # which shows PNGs, and nothing drawn before
            plt.uninstall_repl_displayhook()
