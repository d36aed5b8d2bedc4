"""Figures of notebook 03: what is drawn where, titles from the data, drawn or said why not."""

from dataclasses import replace

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from srelib import alerts, figures, windows
from srelib.errors import InsufficientDataError
from srelib.figures import canvas, show
from srelib.figures.canvas import alt
from srelib.fleet import Indicator
from tests.alerts.made import minutes

matplotlib.use("agg")

WINDOW = windows.Window.parse("28d")
SHOP = Indicator("shop", "shop", "availability", target=0.99, window=WINDOW)
SITE = Indicator("site $x_1$ 🚀", "site", "availability", target=0.99, window=WINDOW)


@pytest.fixture(autouse=True)
def _closed():
    """No figure outlives its test."""
    yield
    plt.close("all")


def title(ax) -> str:
    """The title on one line, with ordinary spaces."""
    return ax.get_title("left").replace("\n", " ").replace("\u00a0", " ")


def points(ax, marker: str, color: str) -> list:
    """x and y of the markers of a kind and colour."""
    lines = [x for x in ax.lines if x.get_marker() == marker and x.get_color() == color]
    return [xy for line in lines for xy in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def replay(*outages: str, key: Indicator = SHOP, log: list[tuple[str, str]] | None = None):
    """Eight days of minutes with an hour of outage at each of these times."""
    counts = minutes(*outages)
    incidents = None if log is None else pd.DataFrame({
        "incident_id": [name for name, _ in log], "title": [name for name, _ in log],
        "started_at": pd.to_datetime([time for _, time in log], utc=True),
        "resolved_at": pd.to_datetime([time for _, time in log], utc=True) + pd.Timedelta("1h"),
    })  # fmt: skip
    return alerts.replay(
        counts["good"], counts["total"], target=0.99, period=WINDOW, policy="workbook",
        truth="budget" if log is None else "incidents", incidents=incidents, candidates={},
    )  # fmt: skip


def test_timeline_marks_what_was_detected_and_what_was_missed():
    """One incident with a page, one without, and a page that matched no incident."""
    found = replay(
        "2026-06-02T12:00", "2026-06-06T12:00",
        log=[("down", "2026-06-02T12:00"), ("paper", "2026-06-04T12:00")],
    )  # fmt: skip
    ax = figures.alerts.plot_timeline({SHOP: found, SITE: replay(log=[])})
    shop, site = ax.child_axes
    assert len(points(shop, "o", canvas.BLUE)) == 1
    assert len(points(shop, "x", canvas.VERMILLION)) == 1
    assert len(points(shop, "v", canvas.BLUE)) == 1
    assert len(points(shop, "v", canvas.GREY)) == 1
    assert shop.get_title("right") == "1 of 2 detected"
    assert site.get_title("right") == "nothing to detect"
    (bars,) = shop.patches
    assert max(bars.get_data().values) == pytest.approx(1 / 6.72)
    assert title(ax) == (
        "shop: its own alert would have missed 1 of 2 incidents, more than any other"
    )


@pytest.mark.parametrize(
    ("log", "text"),
    [
        ([("down", "2026-06-02T12:00")],
         "Every incident was detected on every objective it touched"),
        ([], "No incident to detect"),
    ],
)  # fmt: skip
def test_timeline_title_follows_the_data(log, text):
    """All detected, nothing to detect."""
    assert title(figures.alerts.plot_timeline({SHOP: replay("2026-06-02T12:00", log=log)})) == text


def test_detection_puts_what_was_missed_on_top():
    """Nine minutes for the outage; the incident that was missed is above all others."""
    found = alerts.pooled({SHOP: replay(
        "2026-06-02T12:00", log=[("down", "2026-06-02T12:00"), ("$paper$", "2026-06-04T12:00")]
    )})  # fmt: skip
    ax = figures.alerts.plot_detection(found)
    ((x, y),) = points(ax, "o", canvas.BLUE)
    assert (x, y) == pytest.approx((1 / 6.72, 9))
    ((_, never),) = points(ax, "x", canvas.VERMILLION)
    assert never > 60
    assert "never" in [label.get_text() for label in ax.get_yticklabels()]
    assert any(text.get_text() == "$paper$, shop" for text in ax.texts)
    assert title(ax) == (
        "1 of 1 incident that spent 2 % of a budget would have been detected, half of these within "
        "9 min"
    )
    show.png(ax.figure)


def test_detection_of_small_events_says_so():
    """Nothing costly happened."""
    found = alerts.pooled({SHOP: replay(log=[("paper", "2026-06-04T12:00")])})
    assert title(figures.alerts.plot_detection(found)) == (
        "No incident spent 2 % of a budget; 0 of 1 detected"
    )


def paged(*times: str, severity: str = "page") -> alerts.PooledAlerts:
    """Pages at these times, and nothing to detect."""
    one = replay()
    pages = pd.DataFrame({"fired_at": pd.to_datetime(list(times), utc=True)})
    pooled = alerts.pooled({SHOP: one})
    return replace(pooled, severity=severity, pages=pages)


def test_hours_show_every_count_and_frame_office_hours():
    """Two pages on Tuesday at 9 in Berlin, one on Sunday at 3."""
    tuesday = ("2026-06-02T07:10", "2026-06-09T07:50")
    ax = figures.alerts.plot_hours(paged(*tuesday, "2026-06-07T01:00"), timezone="Europe/Berlin")
    assert {(t.get_position(), t.get_text()) for t in ax.texts} == {((9, 1), "2"), ((3, 6), "1")}
    *cells, frame = ax.patches
    assert len(cells) == 2
    assert (frame.get_x(), frame.get_width(), frame.get_height()) == (8.5, 8, 5)
    assert "Europe/Berlin" in ax.get_xlabel()
    assert title(ax) == "33 % of 3 pages came outside office hours; spread evenly, 76 % would"
    tickets = paged(*tuesday, severity="ticket")
    inside = figures.alerts.plot_hours(tickets, timezone="Europe/Berlin")
    assert title(inside) == "No ticket came outside office hours (2 came within)"


def searched(**changes) -> pd.DataFrame:
    """Three policies on two halves; the candidate is chosen."""
    return pd.DataFrame({
        "policy": ["workbook", "pyrra", "1 % in $1h$"],
        "kind": ["current", "ready-made", "candidate"],
        "pages_per_week_chosen_on": [2.0, 1.0, 2.0], "spent_chosen_on": [0.02, 0.03, 0.01],
        "events_chosen_on": 5, "pages_per_week_tested_on": [4.0, 2.0, 3.0],
        "pages_low_tested_on": [2.0, 1.0, 1.0], "pages_high_tested_on": [8.0, 4.0, 6.0],
        "spent_tested_on": [0.02, 0.04, 0.01], "events_tested_on": 6,
        "front": [False, True, True], "chosen": [False, False, True], **changes,
    })  # fmt: skip


def test_search_draws_the_second_half_and_names_policies():
    """Markers stand where a policy came out on the part it was not chosen on."""
    ax = figures.alerts.plot_search(searched())
    assert points(ax, "D", canvas.VERMILLION) == [(4.0, 0.02)]
    assert points(ax, "s", canvas.BLUE) == [(2.0, 0.04)]
    assert points(ax, "^", canvas.GREEN) == [(3.0, 0.01)]
    assert points(ax, "o", canvas.GREY) == [(1.0, 0.03), (2.0, 0.01)]
    assert {text.get_text() for text in ax.texts} == {"workbook (in use)", "pyrra", "1 % in $1h$"}
    assert title(ax) == (
        "1 % in $1h$ (chosen on the first half) on the second: 3 (1 to 6) against 4 "
        "(2 to 8) pages a week, 1 % against 2 % spent"
    )
    show.png(ax.figure)


def test_search_says_when_nothing_is_better():
    """The policy in use is the one chosen."""
    ax = figures.alerts.plot_search(searched(chosen=[True, False, False]))
    assert title(ax) == "No policy tried beats workbook on the first half of history"


def test_what_cannot_be_drawn_is_said():
    """No replay, nothing fired, nothing to choose on: a note in place of an empty frame."""
    error = {SHOP: InsufficientDataError("blind")}
    notes = [
        (figures.alerts.plot_timeline(error), figures.alerts.NOTHING),
        (figures.alerts.plot_detection(None), figures.alerts.NOTHING),
        (figures.alerts.plot_hours(None, timezone="UTC"), figures.alerts.NOTHING),
        (figures.alerts.plot_hours(paged(), timezone="UTC"), figures.alerts.QUIET),
        (figures.alerts.plot_search(None), figures.alerts.NOTHING),
        (figures.alerts.plot_search(pd.DataFrame()), figures.alerts.HALVES),
    ]
    assert [alt(ax) for ax, _ in notes] == [text for _, text in notes]


def test_figures_describe_themselves_and_take_an_axes():
    """Alternative text with the finding; drawn where asked."""
    ax = plt.figure().add_subplot()
    assert figures.alerts.plot_search(searched(), ax=ax) is ax
    assert "chosen on the first half of history and tested on the second" in alt(ax)
