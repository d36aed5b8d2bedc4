"""What every figure shares: style, description, panels."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from srelib import figures, wording
from srelib.figures import canvas, show
from srelib.figures.canvas import alt, note
from srelib.fleet import Indicator
from tests.figures.drawn import SHOP, SITE, WINDOW, panels, weekly


def test_a_new_figure_is_made_and_the_last_one_left_alone():
    """Without an ax nothing is drawn on what somebody else has open."""
    other = plt.figure().add_subplot()
    ax = figures.sli.plot_periods({SHOP: weekly(0.02)})
    assert ax.figure is not other.figure
    assert not other.lines
    assert not other.get_title()


def test_an_axes_given_is_used_and_returned():
    """Figures can be put into a layout of one's own, and described there too."""
    ax = plt.figure().add_subplot()
    assert figures.sli.plot_periods({SHOP: weekly(0.02)}, ax=ax) is ax
    assert alt(ax).endswith(
        "shop missed its target in 2 of 2 weeks, all of them by more than chance explains."
    )


def test_the_style_does_not_leak():
    """Drawing changes no setting of the session."""
    before = dict(matplotlib.rcParams)
    figures.sli.plot_periods({SHOP: weekly(0.02)})
    assert dict(matplotlib.rcParams) == before


def test_names_from_the_data_are_not_read_as_formulas():
    """A dollar sign in a service name is a dollar sign."""
    ax = figures.sli.plot_periods({SITE: weekly(0.2)})
    assert panels(ax)[0].get_title("left") == "site $x_1$"
    show.png(ax.figure)


def test_glyphs_the_font_lacks_raise_no_warning():
    """Names in any script are drawn without noise in the notebook."""
    key = Indicator("決済 🚀", target=0.99, window=WINDOW)
    show.png(figures.sli.plot_periods({key: weekly(0.02)}).figure)


@pytest.mark.parametrize("name", ["checkout", "a long name, " * 12, "W" * 10_000, "i" * 200])
def test_the_name_of_a_panel_takes_the_room_there_is(name, monkeypatch):
    """Not a character more, found with few trials however long it is."""
    widths = []

    def width(text: str, size: float, *, bold: bool = False) -> float:
        widths.append(text)
        return float(len(text)) * 8

    monkeypatch.setattr(canvas, "text_width", width)
    ax = canvas.axes(None)
    canvas.panel_title(ax, name, "12 %")
    shown, room = ax.get_title("left"), 72 * canvas.WIDTH * 0.39 - 4 * 8 - 8
    longest = int(room // 8)
    assert shown == wording.label(name, limit=longest)
    assert len(widths) < 20


def test_many_indicators_are_capped_with_a_note():
    """Of forty indicators the worst twelve are drawn, and the rest is counted."""
    many = {Indicator(f"s{i:02d}", target=0.99): weekly(0.02 if i > 30 else 0) for i in range(40)}
    ax = figures.sli.plot_periods(many)
    names = [panel.get_title("left") for panel in panels(ax)]
    assert len(names) == 12
    assert {f"s{i}" for i in range(31, 40)} <= set(names)
    (key,) = ax.texts
    assert "28 milder ones not drawn" in key.get_text().replace("\u00a0", " ")


def test_burn_down_draws_at_most_two_thousand_points():
    """A quarter of minutes is thinned; its lowest and highest point survive."""
    index = pd.date_range("2026-01-01", periods=129_600, freq="min", tz="UTC")
    values = pd.Series(np.sin(np.arange(129_600) / 5000), index=index)
    values.iloc[777] = -5.0
    thin = canvas.thin(values)
    assert len(thin) <= 2000
    assert thin.min() == -5.0
    assert thin.max() == values.max()


def test_thinning_keeps_gaps():
    """A gap stays a break in the line."""
    values = pd.Series(1.0, index=pd.date_range("2026-01-01", periods=10_000, freq="min"))
    values.iloc[3000:6000] = np.nan
    assert canvas.thin(values).isna().any()


def test_the_text_form_of_a_figure_is_its_description():
    """Where no picture can be shown, the finding is read."""
    ax = note("Nothing here.")
    assert repr(ax.figure) == "Nothing here."
