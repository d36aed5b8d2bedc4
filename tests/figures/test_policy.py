"""Figures of notebook 07: what is drawn where, titles from the data, drawn or said why not."""

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.dates import num2date

from srelib import figures, fleet
from srelib import policy as policies
from srelib.errors import InsufficientDataError
from srelib.figures import canvas
from srelib.fleet import Indicator
from srelib.windows import Window
from tests.policy.shapes import failing, hours, made, prepared, replayed_fleet

matplotlib.use("agg")

WINDOW = Window.parse("28d")
SHOP = Indicator("shop", "shop", "availability", target=0.99, window=WINDOW)
OUTAGE = ("2026-06-23T10:00", "2026-06-23T18:00", 850.0)
HARM = ("2026-06-25T12:00", "2026-06-25T20:00", 1000.0)
SHIPPED = made(
    ("a", "2026-06-22T12:00"), ("b", "2026-06-25T12:00"), ("fix", "2026-06-25T21:00", False),
    ("d", "2026-07-23T12:00"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _closed():
    """No figure outlives its test."""
    yield
    plt.close("all")


def title(ax) -> str:
    """The title on one line, with ordinary spaces."""
    return ax.get_title("left").replace("\n", " ").replace("\u00a0", " ")


def replays(*keys: Indicator, counts=None, deployments=SHIPPED, name: str = "workbook"):
    """The same history under each of these names."""
    counts = failing(hours(), OUTAGE, HARM) if counts is None else counts
    every = dict.fromkeys(keys or (SHOP,), counts)
    rows = pd.concat([deployments.assign(service=s) for s in {key.service for key in every}])
    return replayed_fleet(every, rows, policy=policies.named(name))


def test_freezes_are_shaded_dark_where_both_readings_agree():
    """28 days in any case; 23 to 26 July only where the harm comes again."""
    ax = figures.policy.plot_freezes(replays())
    (panel,) = ax.child_axes
    shaded = {}
    for bars in panel.collections:
        color = matplotlib.colors.to_hex(bars.get_facecolor()[0]).upper()
        ends = [path.get_extents().intervalx for path in bars.get_paths()]
        shaded[color] = [[f"{num2date(x):%m-%d %H}" for x in pair] for pair in ends]
    assert shaded["#EFB48F"] == [["06-24 09", "07-22 09"]]
    assert shaded["#FAE3D3"] == [["06-24 09", "07-22 09"], ["07-23 09", "07-27 00"]]
    assert panel.get_title("right") == "28 to 32 of 42 d frozen"
    assert title(ax) == "shop would have been frozen on 28 to 32 of 42 days"
    assert len(canvas.alt(ax)) > 60


def test_ticks_tell_shipped_held_and_fixes_apart():
    """One row each: a shipped, b and d held, the fix let through."""
    (panel,) = figures.policy.plot_freezes(replays()).child_axes
    rows = {line.get_color(): len(line.get_xdata()) for line in panel.lines
            if line.get_marker() == "|"}  # fmt: skip
    assert rows == {canvas.GREY: 1, canvas.VERMILLION: 2, canvas.GREEN: 1}


def test_the_budget_is_drawn_against_zero_from_the_first_day_judged():
    """Nothing before half of the window; overspent lies below zero and inside the panel."""
    (panel,) = figures.policy.plot_freezes(replays()).child_axes
    line = next(x for x in panel.lines if x.get_color() == canvas.INK and len(x.get_xdata()) > 2)
    values = pd.Series(line.get_ydata())
    assert values.isna().sum() == 14
    assert panel.get_ylim()[0] < values.min() < 0
    assert panel.get_ylim()[1] == pytest.approx(1.05)


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (hours(), "No service would have been frozen on any day"),
        (hours(days=9), "Too little of any window was observed for a decision"),
        (failing(hours(), ("2026-06-01", "2026-07-27", 20.0)),
         "shop would have been frozen on 42 of 42 days"),
    ],
    ids=["never", "too short", "always"],
)  # fmt: skip
def test_freezes_say_never_always_and_too_short(counts, text):
    """Titles of the other cases."""
    ax = figures.policy.plot_freezes(replays(counts=counts, deployments=made()))
    assert title(ax) == text
    ax.get_figure(root=True).canvas.draw()


def test_held_lines_run_from_due_to_release():
    """b is let go on 22 July, d still waits at the end; harm postponed."""
    ax = figures.policy.plot_held(fleet.pooled(replays(), policies.pooled))
    lines = [x for x in ax.lines if len(x.get_xdata()) == 2 and x.get_linestyle() == "-"
             and x.get_color() in (canvas.BLUE, canvas.VERMILLION)]  # fmt: skip
    ends = [[f"{t:%m-%d %H}" for t in pd.to_datetime(x.get_xdata())] for x in lines]
    assert ends == [["06-25 12", "07-22 09"], ["07-23 12", "07-27 00"]]
    assert [x.get_color() for x in lines] == [canvas.BLUE, canvas.VERMILLION]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["shop (2)"]
    assert title(ax).startswith("2 deployments would have been delayed")


def test_saved_rows_show_the_range_and_no_single_value():
    """From nothing, were harm only postponed, to 8,000 of 13,440 allowed."""
    ax = figures.policy.plot_saved(replays())
    assert not [x for x in ax.lines if x.get_marker() not in (None, "None", "")]
    (bar,) = ax.patches
    assert ax.get_xlim()[0] < bar.get_x() <= 0
    assert bar.get_x() + bar.get_width() == pytest.approx(8000 / 13_440, abs=0.01)
    assert title(ax) == "For shop: −1.8 % to 59.5 % of its error budget would be avoided"


def table(names=("workbook", "week", "none")) -> pd.DataFrame:
    """Policies on one history."""
    counts = failing(hours(), OUTAGE, HARM)
    services = prepared({SHOP: counts}, SHIPPED)
    tried = {name: policies.named(name) for name in names}
    return policies.frontier(services, policies=tried, current="workbook")


def test_frontier_marks_the_one_in_question_and_joins_both_readings():
    """A diamond for it; a line from each filled point to its hollow twin."""
    rows = table()
    ax = figures.policy.plot_frontier(rows)
    diamonds = [x for x in ax.lines if x.get_marker() == "D"]
    assert [(x.get_xdata()[0], x.get_ydata()[0]) for x in diamonds] == [
        (rows["deployment_days_best"][0], rows["avoided"][0]),
        (rows["deployment_days"][0], rows["low"][0]),
    ]
    (joined,) = ax.collections
    assert len(joined.get_segments()) == 3
    assert {text.get_text() for text in ax.texts} >= {"workbook", "week", "none"}
    assert title(ax) == "At best, week would avoid as much as workbook or more, for no more delay"


def test_frontier_says_when_nothing_beats_the_one_in_question():
    """Alone with one that holds nothing."""
    ax = figures.policy.plot_frontier(table(("workbook", "none")))
    assert title(ax) == "None of 2 freeze policies would avoid more than workbook for no more delay"


def test_figures_without_anything_to_draw_say_why():
    """Nothing replayed, or nothing held."""
    broken = {SHOP: InsufficientDataError("no")}
    assert "needs an objective" in canvas.alt(figures.policy.plot_freezes(broken))
    assert "needs an objective" in canvas.alt(figures.policy.plot_saved(broken))
    assert "needs an objective" in canvas.alt(figures.policy.plot_held(None))
    assert "needs an objective" in canvas.alt(figures.policy.plot_frontier(pd.DataFrame()))
    quiet = replays(counts=hours())
    assert "delayed no deployment" in canvas.alt(
        figures.policy.plot_held(fleet.pooled(quiet, policies.pooled))
    )
    assert "delayed no deployment" in canvas.alt(figures.policy.plot_saved(quiet))


def test_many_objectives_with_long_names_are_drawn():
    """Twelve panels at most, the most frozen kept; names are cut, never markup."""
    keys = [Indicator(f"{'very long name of a service ' * 3}$x_{n}$", f"s{n}", "a", target=0.99,
                      window=WINDOW) for n in range(14)]  # fmt: skip
    found = replays(*keys)
    ax = figures.policy.plot_freezes(found)
    assert len(ax.child_axes) == 12
    for drawn in (ax, figures.policy.plot_saved(found),
                  figures.policy.plot_held(fleet.pooled(found, policies.pooled))):  # fmt: skip
        drawn.get_figure(root=True).canvas.draw()
