"""Figures of error budgets: filled against zero, stacked from zero, open where open."""

import pandas as pd
import pytest

from srelib import budget, figures, tables
from srelib.budget import Forecast
from srelib.figures.canvas import alt
from srelib.quality import Observed
from tests.figures.drawn import SHOP, SITE, WINDOW, hours, panels, title


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


def test_days_name_the_costliest():
    """Fifty bad events on one of eight days of 24: 26 % of an allowance of 192."""
    counts = hours(0)
    counts.iloc[50, 0] = 50.0
    days = budget.spent_by_day(counts.good, counts.total, target=0.99)
    ax = figures.budget.plot_days({SHOP: days})
    assert title(ax) == "One day, 3 June 2026, took 26 % of the allowance of shop"
    assert panels(ax)[0].get_ylim()[0] == 0


def forecast(**values) -> Forecast:
    """A forecast to the end of July."""
    defaults = {"at": pd.NaT, "low": pd.NaT, "high": pd.NaT, "probability": 0.0,
                "horizon": pd.Timestamp("2026-07-27", tz="UTC"), "confidence": 0.95, "days": 91,
                "method": "bootstrap"}  # fmt: skip
    return Forecast(**{**defaults, **values})


def test_forecast_shows_an_open_interval_as_open():
    """An interval that reaches beyond the horizon ends in an arrow."""
    now = pd.Timestamp("2026-06-29", tz="UTC")
    likely = forecast(at=now + pd.Timedelta("9D"), low=now + pd.Timedelta("1D"), probability=0.7)
    ax = figures.budget.plot_forecast({SHOP: likely, SITE: forecast()}, as_of=now)
    assert title(ax) == "More likely than not to run out: shop"
    assert ">" in [line.get_marker() for line in ax.lines]
    texts = [text.get_text().replace("\u00a0", " ") for text in ax.texts]
    assert set(texts) == {"70 % likely", "not in sight"}


def test_a_budget_spent_before_now_is_gone_by_the_rule_of_the_sentence():
    """By what the forecast says of itself, not by where its interval happens to lie."""
    now = pd.Timestamp("2026-06-29", tz="UTC")
    ends = dict.fromkeys(("at", "low", "high"), now)
    spent = forecast(**ends, probability=1.0, method="already spent")
    certain = forecast(**ends, probability=1.0)
    ax = figures.budget.plot_forecast({SHOP: spent, SITE: certain}, as_of=now)
    assert title(ax).startswith("The budget of shop is gone already; more likely than not")
    texts = [text.get_text().replace("\u00a0", " ") for text in ax.texts]
    assert set(texts) == {"gone already", "100 % likely"}


NOTHING = {
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
    assert alt(ax) == " ".join(ax.texts[0].get_text().split())


def test_notes_are_marked_on_the_burn_down():
    """Over the day they speak of; other services have none."""
    counts = hours(2)
    result = budget.burn_down(counts.good, counts.total, target=0.99, window=WINDOW)
    day = pd.Timestamp(counts.index[-1]).floor("D")
    made = tables.conform(
        pd.DataFrame({"service": ["x", SHOP.service], "date": day, "note": ["a", "b"]}),
        "annotations",
    )
    (panel,) = panels(figures.budget.plot_burn_down({SHOP: result}, notes=made))
    assert [t.get_text() for t in panel.texts if t.get_text().isdigit()] == ["2"]
