"""Figures: titles that state the finding, units, limits, descriptions; drawn from fixed results."""

import base64
import io
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from srelib import budget, figures, sli, windows
from srelib.errors import InsufficientDataError
from srelib.figures import canvas
from srelib.fleet import Indicator
from srelib.quality import Observed

matplotlib.use("agg")

WINDOW = windows.Window.parse("2d")
SHOP = Indicator("shop", "shop", "availability", target=0.99, window=WINDOW)
SITE = Indicator("site $x_1$", "site", "availability", target=0.9, window=WINDOW)


@pytest.fixture(autouse=True)
def _closed():
    """No figure outlives its test."""
    yield
    plt.close("all")


def hours(bad: float, *, days: int = 8) -> pd.DataFrame:
    """Hourly buckets of 100 events with so many bad ones."""
    index = pd.date_range("2026-06-01", periods=24 * days, freq="h", tz="UTC", unit="us")
    return pd.DataFrame({"good": 100.0 - bad, "total": 100.0}, index=index)


def title(ax) -> str:
    """The title on one line, with ordinary spaces."""
    return ax.get_title("left").replace("\n", " ").replace("\u00a0", " ")


def panels(ax) -> list:
    """The panels inside a container."""
    return ax.child_axes


def weekly(bad: float) -> pd.DataFrame:
    """Two weeks of service levels with intervals a tenth of a percent wide."""
    return pd.DataFrame({
        "starts_at": pd.to_datetime(["2026-06-01", "2026-06-08"], utc=True),
        "ratio": 1 - bad, "low": 1 - bad - 0.001, "high": 1 - bad + 0.001,
    })  # fmt: skip


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
    assert figures.alt(ax).endswith(
        "shop missed its target in 2 of 2 weeks, all of them beyond chance."
    )


def test_the_style_does_not_leak():
    """Drawing changes no setting of the session."""
    before = dict(matplotlib.rcParams)
    figures.sli.plot_periods({SHOP: weekly(0.02)})
    assert dict(matplotlib.rcParams) == before


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
        "shop missed its target in 2 of 2 weeks, all of them beyond chance; "
        "1 of 2 indicators never did"
    )


def test_markers_say_what_was_measured_and_are_hollow_within_the_reach_of_chance():
    """Missed and kept, each beyond chance and within: two shapes, filled or not."""
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
    assert title(ax) == "shop missed its target in 2 of 4 weeks, 1 of them beyond chance"
    (key,) = ax.texts
    assert "triangle: missed   dot: kept   hollow: within chance" in key.get_text()
    assert "hollow where chance could have kept or missed the target" in figures.alt(ax)


def test_weeks_without_an_interval_are_drawn_hollow():
    """Uptime without any downtime has no interval; the points are still there."""
    levels = weekly(0.0).assign(low=np.nan, high=np.nan)
    ax = figures.sli.plot_periods({SITE: levels})
    points = panels(ax)[0].containers[0].lines[0]
    assert points.get_ydata() == pytest.approx([0, 0])
    assert points.get_markerfacecolor() == "white"
    canvas.png(ax.figure)


def test_the_title_follows_the_data():
    """Other numbers, another finding."""
    fine = figures.sli.plot_periods({SHOP: weekly(0.001)})
    assert title(fine) == "No target was missed in any week"


def test_names_from_the_data_are_not_read_as_formulas():
    """A dollar sign in a service name is a dollar sign."""
    ax = figures.sli.plot_periods({SITE: weekly(0.2)})
    assert panels(ax)[0].get_title("left") == "site $x_1$"
    canvas.png(ax.figure)


def test_glyphs_the_font_lacks_raise_no_warning():
    """Names in any script are drawn without noise in the notebook."""
    key = Indicator("決済 🚀", target=0.99, window=WINDOW)
    canvas.png(figures.sli.plot_periods({key: weekly(0.02)}).figure)


def test_many_indicators_are_capped_with_a_note():
    """Of forty indicators the worst twelve are drawn, and the rest is counted."""
    many = {Indicator(f"s{i:02d}", target=0.99): weekly(0.02 if i > 30 else 0) for i in range(40)}
    ax = figures.sli.plot_periods(many)
    names = [panel.get_title("left") for panel in panels(ax)]
    assert len(names) == 12
    assert {f"s{i}" for i in range(31, 40)} <= set(names)
    (key,) = ax.texts
    assert "28 milder ones not drawn" in key.get_text().replace("\u00a0", " ")


def test_worst_windows_are_log_log_and_name_the_reach():
    """An hour of outage in eight days: missed over short windows only."""
    counts = hours(0)
    counts.iloc[50, 0] = 0.0
    ax = figures.sli.plot_worst_windows({SHOP: sli.worst_windows(counts.good, counts.total)})
    (panel,) = panels(ax)
    assert (panel.get_xscale(), panel.get_yscale()) == ("log", "log")
    assert panel.lines[0].get_ydata()[0] == 1.0
    assert title(ax) == "shop misses its target even over its worst 3 days"


def test_slices_are_two_marks_on_a_line_from_zero():
    """Never colour alone: a dot for events, a diamond for slices."""
    shares = pd.DataFrame({"indicator": [SHOP], "events": [0.01], "slices": [0.05]})
    ax = figures.sli.plot_slices(shares, slice="5m")
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


def test_burn_down_is_filled_against_zero_and_ends_at_what_is_left():
    """Two of a hundred bad where one is allowed: overspent by 100 %."""
    counts = hours(2)
    result = budget.burn_down(counts.good, counts.total, target=0.99, window=WINDOW)
    ax = figures.budget.plot_burn_down({SHOP: result})
    (panel,) = panels(ax)
    assert panel.lines[0].get_ydata()[-1] == pytest.approx(-1.0)
    assert panel.get_title("right").replace("\u00a0", " ") == "100 % over"
    assert title(ax) == "shop has overspent its budget by 100 %"


def test_a_short_history_is_so_far():
    """An hour of a window of two days, at the end label and in the title."""
    counts = hours(0.5)
    result = budget.burn_down(counts.good, counts.total, target=0.99, window=WINDOW)
    seen = Observed(pd.Timedelta("1h"), 1 / 48, WINDOW)
    ax = figures.budget.plot_burn_down({SHOP: result}, observed={SHOP: seen})
    (panel,) = panels(ax)
    assert panel.get_title("right").replace("\u00a0", " ") == "50 % left so far"
    assert title(ax) == "shop has 50 % of its budget left so far"
    full = Observed(pd.Timedelta("2D"), 1.0, WINDOW)
    assert title(figures.budget.plot_burn_down({SHOP: result}, observed={SHOP: full})) == (
        "shop has 50 % of its budget left"
    )


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


def test_causes_are_stacked_from_zero_and_sum_to_what_was_spent():
    """Three parts of one bar, told apart by hatching too."""
    causes = pd.DataFrame({"cause": ["incident", "deployment", "other"],
                           "share_of_allowance": [0.9, 0.4, 0.2]})  # fmt: skip
    ax = figures.budget.plot_causes({SHOP: causes})
    bars = ax.patches
    assert [bar.get_x() for bar in bars] == pytest.approx([0, 0.9, 1.3])
    assert sum(bar.get_width() for bar in bars) == pytest.approx(1.5)
    assert bars[1].get_hatch()
    assert title(ax) == "shop spent 150 % of its allowance, 60 % of that during incidents"


def test_labels_of_causes_have_a_halo_where_they_cross_the_allowance():
    """White around the letters, and so far where the window is short."""
    causes = pd.DataFrame({"cause": ["incident", "deployment", "other"],
                           "share_of_allowance": [0.9, 0.0, 0.0]})  # fmt: skip
    seen = Observed(pd.Timedelta("1h"), 1 / 48, WINDOW)
    ax = figures.budget.plot_causes({SHOP: causes, SITE: causes},
                                    observed={SHOP: seen})  # fmt: skip
    texts = {text.get_text().replace("\u00a0", " "): text for text in ax.texts}
    assert set(texts) == {"allowance", "90 %", "90 % so far"}
    assert all(text.get_path_effects() for text in texts.values())
    assert title(ax).startswith("shop spent most: 90 % of its allowance")


def test_days_name_the_dearest():
    """Fifty bad events on one of eight days of 24: 26 % of an allowance of 192."""
    counts = hours(0)
    counts.iloc[50, 0] = 50.0
    days = budget.by_day(counts.good, counts.total, target=0.99)
    ax = figures.budget.plot_days({SHOP: days})
    assert title(ax) == "One day, 3 June 2026, took 26 % of the allowance of shop"
    assert panels(ax)[0].get_ylim()[0] == 0


def forecast(**values) -> SimpleNamespace:
    """A forecast to the end of July."""
    defaults = {"at": pd.NaT, "low": pd.NaT, "high": pd.NaT, "probability": 0.0,
                "horizon": pd.Timestamp("2026-07-27", tz="UTC")}  # fmt: skip
    return SimpleNamespace(**{**defaults, **values})


def test_forecast_shows_an_open_interval_as_open():
    """An interval that reaches beyond the horizon ends in an arrow."""
    now = pd.Timestamp("2026-06-29", tz="UTC")
    likely = forecast(at=now + pd.Timedelta("9D"), low=now + pd.Timedelta("1D"), probability=0.7)
    ax = figures.budget.plot_forecast({SHOP: likely, SITE: forecast()}, as_of=now)
    assert title(ax) == "More likely than not to run out: shop"
    assert ">" in [line.get_marker() for line in ax.lines]
    texts = [text.get_text().replace("\u00a0", " ") for text in ax.texts]
    assert set(texts) == {"70 % likely", "not in sight"}


def test_coverage_fills_each_day_by_what_is_missing():
    """Half a day missing is half a cell; the least gap stays visible."""
    days = pd.date_range("2026-06-01", periods=3, tz="UTC")
    by_day = {SHOP: pd.Series([1.0, 0.5, 0.9999], index=days)}
    ax = figures.quality.plot_coverage(by_day, overall={SHOP: 0.8333})
    grey, red = ax.containers
    assert len(grey) == 3
    assert [bar.get_height() for bar in red] == pytest.approx([0.4, 0.12])
    assert title(ax) == "shop was observed 83 % of the time"


def test_spans_say_what_lies_outside_the_time_measured():
    """Deployments that end before service levels begin cannot be judged."""
    at = pd.to_datetime(["2026-06-01", "2026-06-30", "2026-05-01", "2026-06-20"], utc=True)
    sources = pd.DataFrame(
        {
            "file": ["a.csv", "b.csv"],
            "table": ["sli", "deployments"],
            "rows_kept": [10, 2],
            "first": at[[0, 2]],
            "last": at[[1, 3]],
        }
    )
    ax = figures.quality.plot_spans(sources)
    assert title(ax) == "Service levels are known for 29 days; the other input goes beyond"


def test_one_series_without_a_gap_is_one():
    """No "all 1"."""
    days = pd.date_range("2026-06-01", periods=3, tz="UTC")
    by_day = {SHOP: pd.Series(1.0, index=days)}
    ax = figures.quality.plot_coverage(by_day, overall={SHOP: 1.0})
    assert title(ax) == "The one series was observed without a gap"


NOTHING = {
    "coverage": lambda: figures.quality.plot_coverage({}, overall={}),
    "spans": lambda: figures.quality.plot_spans(
        pd.DataFrame({"first": [pd.NaT], "last": [pd.NaT], "table": ["sli"]})),
    "periods": lambda: figures.sli.plot_periods({}),
    "worst": lambda: figures.sli.plot_worst_windows({SHOP: InsufficientDataError("none")}),
    "slices": lambda: figures.sli.plot_slices(
        pd.DataFrame(columns=["indicator", "events", "slices"]), slice="5m"),
    "low traffic": lambda: figures.sli.plot_low_traffic({}),
    "burn down": lambda: figures.budget.plot_burn_down({}),
    "causes": lambda: figures.budget.plot_causes({}),
    "days": lambda: figures.budget.plot_days({}),
    "forecast": lambda: figures.budget.plot_forecast({}, as_of=pd.Timestamp("2026-01-01")),
}  # fmt: skip


@pytest.mark.parametrize("draw", NOTHING.values(), ids=NOTHING)
def test_without_data_a_figure_says_what_is_missing(draw):
    """Never an error, never an empty frame: a note, which is the description too."""
    ax = draw()
    assert len(ax.texts) == 1
    assert figures.alt(ax) == " ".join(ax.texts[0].get_text().split())


def test_png_is_the_same_every_time_and_carries_its_description():
    """Same result, same bytes; twice the pixels of its size on the page."""
    first = canvas.png(figures.sli.plot_periods({SHOP: weekly(0.02)}).figure)
    second = canvas.png(figures.sli.plot_periods({SHOP: weekly(0.02)}).figure)
    assert first == second
    assert first[1]["alt"].startswith("Share of bad events per week")
    image = Image.open(io.BytesIO(base64.b64decode(first[0])))
    assert image.size == (2 * first[1]["width"], 2 * first[1]["height"])
    assert not {"Software", "Creation Time"} & set(image.info)


def test_the_text_form_of_a_figure_is_its_description():
    """Where no picture can be shown, the finding is read."""
    ax = figures.note("Nothing here.")
    assert repr(ax.figure) == "Nothing here."
