"""Figures of notebook 08: what is drawn where, titles from the data, drawn or said why not."""

import math

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from srelib import figures, targets
from srelib.errors import InsufficientDataError
from srelib.figures import show
from srelib.figures.canvas import alt
from srelib.figures.targets import _nines
from srelib.fleet import Indicator
from tests.targets.made import WINDOW, candidates, likely

matplotlib.use("agg")

SHOP = Indicator("shop", "shop", "availability", target=0.999, window=WINDOW)
SITE = Indicator("site $x_1$ 🚀 " + "long " * 12, "site", "availability")


@pytest.fixture(autouse=True)
def _closed():
    """No figure outlives its test."""
    yield
    plt.close("all")


def title(ax) -> str:
    """The title on one line, with ordinary spaces."""
    return ax.get_title("left").replace("\n", " ").replace("\u00a0", " ")


def points(ax, marker: str) -> list:
    """x and y of the markers of a kind."""
    lines = [x for x in ax.lines if x.get_marker() == marker]
    return [xy for line in lines for xy in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def table(current: float = math.nan, **same) -> pd.DataFrame:
    """Four candidates."""
    rows = zip((0.9, 0.99, 0.999, 0.9999), (0.99, 0.95, 0.4, 0.0), (0.95, 0.8, 0.1, 0.0),
               (1.0, 1.0, 0.8, 0.0), strict=True)  # fmt: skip
    priced = {
        "pages_per_week": [0.0, 0.5, 3.0, 9.0], "pages_low": [0.0, 0.2, 2.5, 8.0],
        "pages_high": [0.3, 1.0, 4.0, 10.0], "can_page": [False, True, True, True],
        "freeze_days": [0.0, 0.0, 45.0, 90.0],
    }  # fmt: skip
    return candidates(*(likely(*row) for row in rows), current=current).assign(**{**priced, **same})


def both(found: pd.DataFrame, key: Indicator = SHOP):
    """Tables and advices of one objective."""
    return {key: found}, {key: targets.recommend(found)}


def test_chances_draw_line_band_and_marks():
    """Probability against nines; diamond in use, triangle recommended; the wall and the ceiling."""
    tables, advices = both(table(0.999, strictest=1 - 10**-3.5, events=10**3.5, ceiling=0.995,
                                 budget_events=[300, 30, 3, 0.3]))  # fmt: skip
    ax = figures.targets.plot_chances(tables, advices, pass_probability=0.9)
    (panel,) = ax.child_axes
    line = next(x for x in panel.lines if len(x.get_xdata()) == 4)
    assert line.get_xdata() == pytest.approx([1, 2, 3, 4])
    assert list(line.get_ydata()) == [0.99, 0.95, 0.4, 0.0]
    assert points(panel, "D") == [(pytest.approx(3), 0.4)]
    assert points(panel, "^") == [(pytest.approx(2), 0.95)]
    (wall,) = [p for p in panel.patches if hasattr(p, "get_x")]
    assert wall.get_x() == pytest.approx(3.5)
    dotted = [x for x in panel.lines if x.get_linestyle() == ":"]
    assert dotted[0].get_xdata()[0] == pytest.approx(float(_nines(0.995)))
    assert panel.get_ylim()[0] == 0
    assert panel.get_title("right").replace("\u00a0", " ") == "loosen: 99 %"
    assert title(ax) == "shop: the next window meets 99.9 % with 40 %"
    assert "one panel per objective" in alt(ax)
    show.png(ax.figure)


def test_chances_of_series_without_target():
    """Nothing in use, no diamond; the title says for how many a target fits."""
    tables, advices = both(table(), SITE)
    ax = figures.targets.plot_chances(tables, advices, pass_probability=0.9)
    assert points(ax.child_axes[0], "D") == []
    assert title(ax) == (
        "1 of 1 series have a target that fits, met with a probability of at least 90 %"
    )
    show.png(ax.figure)


def test_the_least_likely_are_drawn_where_there_are_many():
    """Fourteen objectives, twelve panels, and the remark."""
    sure = table(0.99)
    keys = [Indicator(f"s{n}", f"s{n}", target=0.99, window=WINDOW) for n in range(13)]
    tables = {**dict.fromkeys(keys, sure), SHOP: table(0.999)}
    advices = {key: targets.recommend(found) for key, found in tables.items()}
    ax = figures.targets.plot_chances(tables, advices, pass_probability=0.9)
    assert len(ax.child_axes) == 12
    assert "shop" in [panel.get_title("left") for panel in ax.child_axes]
    assert title(ax).startswith("The next window meets 13 of 14 targets in use")
    del tables[SHOP], advices[SHOP]
    assert title(figures.targets.plot_chances(tables, advices, pass_probability=0.9)) == (
        "The next window meets every target in use with a probability of at least 90 %"
    )


def test_price_has_two_panels_with_one_axis():
    """Pages with their interval above, frozen days from zero below; the same targets."""
    tables, advices = both(table(0.999))
    ax = figures.targets.plot_price(tables, advices, key=SHOP, pages_per_week=2.0)
    upper, lower = ax.child_axes
    assert upper.get_xlim() == lower.get_xlim()
    assert [bar.get_height() for bar in lower.patches] == [0, 0, 45, 90]
    assert lower.get_ylim()[0] == upper.get_ylim()[0] == 0
    names = [t.get_text().replace("\u00a0", " ") for t in lower.get_xticklabels()]
    assert names == ["90 %", "99 %\nrecommended", "99.9 %\nin use", "99.99 %"]
    assert "cannot page" in [t.get_text() for t in upper.texts]
    assert title(ax) == (
        "shop, pages a week: 3 at 99.9 % and 0.5 at 99 %; days without budget in 90: 45 at 99.9 % "
        "and 0 at 99 %"
    )
    show.png(ax.figure)


def test_price_that_is_unknown_says_so():
    """Coarse buckets, no whole window."""
    nan = {"pages_per_week": math.nan, "pages_low": math.nan, "pages_high": math.nan,
           "freeze_days": math.nan}  # fmt: skip
    tables, advices = both(table(0.999, **nan))
    ax = figures.targets.plot_price(tables, advices, key=SHOP, pages_per_week=2.0)
    upper, lower = ax.child_axes
    assert upper.texts[0].get_text() == "these buckets are too coarse for the alert policy"
    assert {t.get_text() for t in lower.texts} == {"?"}
    assert title(ax) == "shop: the cost is not known"


def test_history_puts_windows_beside_targets():
    """Three windows, one of them missed; a perfect one stays within the frame."""
    past = pd.DataFrame({"ratio": [0.998, 0.9995, 1.0]})
    tables, advices = both(table(0.999))
    ax = figures.targets.plot_history({SHOP: past}, advices)
    dots = next(x for x in ax.lines if len(x.get_xdata()) == 3)
    assert dots.get_xdata()[:2] == pytest.approx(_nines(np.array([0.998, 0.9995])))
    assert dots.get_xdata()[2] < ax.get_xlim()[1]
    assert points(ax, "D")[0][0] == pytest.approx(3)
    assert title(ax) == "shop missed its target in 33 % of its past windows"
    kept = figures.targets.plot_history({SHOP: past.iloc[1:]}, advices)
    assert title(kept) == "Every past window met its target"
    assert tables


def test_thresholds_draw_shares_and_targets():
    """Share within each bound, the target chosen at it."""
    found = pd.DataFrame({"threshold": [0.1, 0.3], "target": [0.75, 0.9], "share": [0.9, 0.99],
                          "chosen": [False, True]})  # fmt: skip
    ax = figures.targets.plot_thresholds({("shop", "latency"): found}, pass_probability=0.9)
    (panel,) = ax.child_axes
    assert points(panel, "o") == [(0, pytest.approx(1)), (1, pytest.approx(2))]
    assert points(panel, "^") == [(1, pytest.approx(1))]
    assert title(ax) == "shop latency: 90 % within 0.3 would be met"
    none = {("shop", "latency"): found.assign(chosen=False)}
    assert title(figures.targets.plot_thresholds(none, pass_probability=0.9)) == (
        "No threshold meets any target tried with 90 %"
    )


def test_what_cannot_be_drawn_is_said():
    """Errors, no window, no histogram: a note in place of an empty frame."""
    error = {SHOP: InsufficientDataError("blind")}
    drawn = [
        figures.targets.plot_chances(error, error, pass_probability=0.9),
        figures.targets.plot_price(error, error, key=None, pages_per_week=2.0),
        figures.targets.plot_history({SHOP: pd.DataFrame({"ratio": []})}, both(table())[1]),
        figures.targets.plot_thresholds({}, pass_probability=0.9),
    ]
    assert [alt(ax) for ax in drawn] == [
        figures.targets.NOTHING, figures.targets.NOTHING,
        "The history holds no whole window of any objective.", figures.targets.NO_HISTOGRAM,
    ]  # fmt: skip
