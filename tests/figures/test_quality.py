"""Figures of coverage and of the spans of inputs."""

import pandas as pd
import pytest

from srelib import figures
from srelib.figures.canvas import alt
from tests.figures.drawn import SHOP, title


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
}  # fmt: skip


@pytest.mark.parametrize("draw", NOTHING.values(), ids=NOTHING)
def test_without_data_a_figure_says_what_is_missing(draw):
    """Never an error, never an empty frame: a note, which is the description too."""
    ax = draw()
    assert len(ax.texts) == 1
    assert alt(ax) == " ".join(ax.texts[0].get_text().split())
