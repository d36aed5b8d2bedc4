"""Figures of service levels: titles that state the finding, units, limits, descriptions."""

import numpy as np
import pandas as pd
import pytest

from srelib import figures, sli, tables
from srelib.errors import InsufficientDataError
from srelib.figures import show
from srelib.figures.canvas import alt
from srelib.fleet import Indicator
from srelib.sli import SliceShares
from tests.figures.drawn import SHOP, SITE, WINDOW, hours, panels, title, weekly


def test_periods_are_drawn_as_bad_shares_from_zero_up():
    """The share of bad events, not of good ones on a cut axis; the allowed share is a line."""
    ax = figures.sli.plot_periods({SHOP: weekly(0.02), SITE: weekly(0.02)})
    shop, site = panels(ax)
    assert shop.get_ylim()[0] == 0
    points = shop.containers[0].lines[0]
    assert points.get_ydata() == pytest.approx([0.02, 0.02])
    assert points.get_marker() == "^"
    assert site.containers[0].lines[0].get_marker() == "o"
    assert any(line.get_ydata()[0] == pytest.approx(0.01) for line in shop.lines)
    assert title(ax) == (
        "shop missed its target in 2 of 2 weeks, all of them by more than chance explains; "
        "1 of 2 indicators never did"
    )


def test_markers_say_what_was_measured_and_are_hollow_within_the_reach_of_chance():
    """Missed and kept, each more than chance explains and not: two shapes, filled or not."""
    bad = pd.Series([0.03, 0.0101, 0.0099, 0.002])
    levels = pd.DataFrame({
        "starts_at": pd.date_range("2026-06-01", periods=4, freq="7D", tz="UTC"),
        "ratio": 1 - bad, "low": 1 - bad - 0.001, "high": 1 - bad + 0.001,
    })  # fmt: skip
    ax = figures.sli.plot_periods({SHOP: levels})
    drawn = {}
    for container in panels(ax)[0].containers:
        points = container.lines[0]
        hollow = points.get_markerfacecolor() == "white"
        drawn[round(points.get_ydata()[0], 4)] = (points.get_marker(), hollow)
    expected = {0.03: ("^", False), 0.0101: ("^", True), 0.0099: ("o", True), 0.002: ("o", False)}
    assert drawn == expected
    assert title(ax) == (
        "shop missed its target in 2 of 4 weeks, 1 of them by more than chance explains"
    )
    (key,) = ax.texts
    assert "triangle: missed   dot: kept   hollow: within chance" in key.get_text()
    assert "hollow where chance could have kept or missed the target" in alt(ax)


def test_weeks_without_an_interval_are_drawn_hollow():
    """Uptime without any downtime has no interval; the points are still there."""
    levels = weekly(0.0).assign(low=np.nan, high=np.nan)
    ax = figures.sli.plot_periods({SITE: levels})
    points = panels(ax)[0].containers[0].lines[0]
    assert points.get_ydata() == pytest.approx([0, 0])
    assert points.get_markerfacecolor() == "white"
    show.png(ax.figure)


def test_the_title_follows_the_data():
    """Other numbers, another finding."""
    fine = figures.sli.plot_periods({SHOP: weekly(0.001)})
    assert title(fine) == "No target was missed in any week"


def test_worst_windows_are_log_log_and_name_the_reach():
    """An hour of outage in eight days: missed over short windows only."""
    counts = hours(0)
    counts.iloc[50, 0] = 0.0
    ax = figures.sli.plot_worst_windows({SHOP: sli.worst_windows(counts.good, counts.total)})
    (panel,) = panels(ax)
    assert (panel.get_xscale(), panel.get_yscale()) == ("log", "log")
    assert panel.lines[0].get_ydata()[0] == 1.0
    assert title(ax) == "shop misses its target even over its worst 3 days"


def test_a_flat_curve_is_not_missed_because_another_is_bad():
    """Zero is drawn at the lowest share there is; that is not what was measured."""
    fine, bad = hours(0), hours(50)
    worst = {key: sli.worst_windows(c.good, c.total) for key, c in ((SHOP, fine), (SITE, bad))}
    texts = [panel.texts[-1].get_text() for panel in panels(figures.sli.plot_worst_windows(worst))]
    assert texts == ["target kept at every length", "missed at every length"]


def test_slices_are_two_marks_on_a_line_from_zero():
    """Never colour alone: a dot for events, a diamond for slices."""
    counted = Indicator("site", target=0.9, unit="slices of 5 min")
    shares = {SHOP: SliceShares(0.01, 0.05), counted: SliceShares(0.2, 0.2)}
    ax = figures.sli.plot_slices(shares, slice="5m")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["shop"]
    assert [line.get_marker() for line in ax.lines[:2]] == ["o", "D"]
    assert ax.get_xlim()[0] == 0
    assert "%" in ax.xaxis.get_major_formatter()(0.05)
    assert title(ax) == "Counted in 5 min slices, shop looks worse than counted in events"


def test_low_traffic_marks_what_hangs_on_single_failures():
    """Ten events an hour at 99 %: 4.8 failures allowed in two days."""
    few = sli.low_traffic(hours(0).good / 10, hours(0).total / 10, target=0.99, window=WINDOW)
    ax = figures.sli.plot_low_traffic({SHOP: few})
    assert ax.lines[0].get_marker() == "^"
    assert ax.lines[0].get_xdata() == pytest.approx([4.8])
    assert title(ax) == "One failure of shop costs 21 % of its error budget"


NOTHING = {
    "periods": lambda: figures.sli.plot_periods({}),
    "worst": lambda: figures.sli.plot_worst_windows({SHOP: InsufficientDataError("none")}),
    "slices": lambda: figures.sli.plot_slices({}, slice="5m"),
    "low traffic": lambda: figures.sli.plot_low_traffic({}),
}  # fmt: skip


@pytest.mark.parametrize("draw", NOTHING.values(), ids=NOTHING)
def test_without_data_a_figure_says_what_is_missing(draw):
    """Never an error, never an empty frame: a note, which is the description too."""
    ax = draw()
    assert len(ax.texts) == 1
    assert alt(ax) == " ".join(ax.texts[0].get_text().split())


def test_notes_stand_as_numbers_over_their_days():
    """In the panels of their service, those on all in each; days not shown have no mark."""
    periods = {SHOP: weekly(0.02), SITE: weekly(0.02)}
    first = weekly(0.02)["starts_at"].iloc[0]
    made = tables.conform(pd.DataFrame({
        "service": [SHOP.service, None, SHOP.service, SHOP.service],
        "date": [first, first + pd.Timedelta("7D"), first + pd.Timedelta("7D2h"),
                 first + pd.Timedelta("90D")],
        "note": ["a", "all", "b", "later"],
    }), "annotations")  # fmt: skip
    ax = figures.sli.plot_periods(periods, notes=made)
    marks = [[text.get_text() for text in panel.texts if text.get_text()[:1].isdigit()]
             for panel in panels(ax)]  # fmt: skip
    assert marks == [["1", "2,3"], ["2"]]
    without = panels(figures.sli.plot_periods(periods))
    assert [len(panel.texts) for panel in without] == [
        len(panel.texts) - len(shown) for panel, shown in zip(panels(ax), marks, strict=True)
    ]
