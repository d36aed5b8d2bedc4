"""Figures of notebook 05: what is drawn where, titles from the data, drawn or said why not."""

from functools import cache

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from srelib import figures, incidents
from srelib.figures import canvas
from srelib.fleet import Indicator

matplotlib.use("agg")

START = pd.Timestamp("2026-01-05", tz="UTC")
END = START + pd.Timedelta("56D")
draw = figures.incidents


@pytest.fixture(autouse=True)
def _closed():
    """No figure outlives its test."""
    yield
    plt.close("all")


def title(ax) -> str:
    """The title on one line, with ordinary spaces."""
    return ax.get_title("left").replace("\n", " ").replace("\u00a0", " ")


def table(service: str, days, hours) -> pd.DataFrame:
    """Incidents that begin on these days and last so many hours; NaN is open."""
    at = pd.Series(START + pd.to_timedelta(days, unit="D"))
    return pd.DataFrame({
        "incident_id": [f"{service}{n}" for n in range(len(days))], "service": service,
        "started_at": at, "resolved_at": at + pd.to_timedelta(pd.Series(hours), unit="h"),
        "title": "down $x$ <b>",
    })  # fmt: skip


def compared(*tables: pd.DataFrame, timezone: str = "UTC"):
    """The halves of eight weeks."""
    rows = pd.concat(tables)
    return incidents.compare_periods(rows, as_of=END, observed_since=START, timezone=timezone)


@cache
def shop():
    """One a day, two hours each in the first half and half an hour in the second."""
    hours = [1.5, 2.0, 2.5, 3.0] * 7 + [0.5, 0.4, 0.6, 0.7] * 7
    return compared(table("shop", np.arange(56) + 0.5, hours), timezone="Europe/Berlin")


def test_timeline_has_a_row_per_service_and_its_number():
    """Most incidents on top; an open one is hollow; the split is dashed."""
    found = compared(
        table("api", [1.0, 30.0], [1.0, float("nan")]), table("shop", range(5), [1.0] * 5)
    )
    ax = draw.plot_timeline(found)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["shop", "api"]
    assert [t.get_text() for t in ax.texts] == ["5", "2"]
    edges = [c.get_edgecolor() for c in ax.collections if len(c.get_offsets())]
    assert any(np.allclose(e[0][:3], matplotlib.colors.to_rgb(canvas.VERMILLION)) for e in edges)
    assert title(ax) == "5 of 7 incidents affected shop"
    assert "one row per service" in canvas.alt(ax)


def test_circles_grow_with_the_duration():
    """Ten hours more than one, one more than ten minutes."""
    small, middle, large = draw._area(np.array([600.0, 3600.0, 36000.0]))
    assert small < middle < large


def test_survival_draws_both_parts_with_bands_and_names():
    """Two curves that begin at all and end at none."""
    ax = draw.plot_survival(shop())
    assert len(ax.collections) == 2
    curves = [line for line in ax.lines if len(line.get_xdata()) > 2]
    assert [line.get_ydata()[0] for line in curves] == [1.0, 1.0]
    assert [line.get_ydata()[-1] for line in curves] == [0.0, 0.0]
    assert [t.get_text() for t in ax.texts] == ["before (28)", "after (28)"]
    assert title(ax) == (
        "Half were restored within 2 h 15 min before 2 February 2026, 33 min after; significant"
    )


def test_durations_mark_open_ones_and_the_medians():
    """A triangle for the open one; two levels."""
    rows = table("shop", np.arange(30), [1.0] * 29 + [float("nan")])
    ax = draw.plot_durations(compared(rows))
    markers = {line.get_marker(): len(line.get_xdata()) for line in ax.lines}
    assert (markers["o"], markers["^"]) == (29, 1)
    assert ax.get_yscale() == "log"


def test_counts_draw_bars_from_zero_and_both_rates():
    """Seven a week in every week; the bars add up to the incidents."""
    ax = draw.plot_counts(shop())
    heights = [bar.get_height() for bar in ax.patches]
    assert heights == pytest.approx([7.0] * 8)
    assert ax.get_ylim()[0] == 0
    assert [t.get_text() for t in ax.texts] == ["7 a week", "7 a week"]
    assert title(ax) == ("7 incidents a week before 2 February 2026, 7 after; could be chance")


def test_a_long_history_has_bars_of_four_weeks():
    """Three years: forty bars and not a hundred and fifty, still incidents a week."""
    rows = table("shop", np.arange(0, 1090, 7) + 0.5, [1.0] * 156)
    found = incidents.compare_periods(
        rows, as_of=START + pd.Timedelta("1092D"), observed_since=START
    )
    heights = [bar.get_height() for bar in draw.plot_counts(found).patches]
    assert heights == pytest.approx([1.0] * 39)


def test_noise_marks_what_was_observed_and_what_is_as_far():
    """Nothing shuffled comes as far as two hours against half an hour: one bar colour."""
    ax = draw.plot_noise(shop())
    (line,) = [x for x in ax.lines if x.get_color() == canvas.VERMILLION]
    assert line.get_xdata()[0] == pytest.approx((0.55 - 2.25) * 60)
    assert "[min]" in ax.get_xlabel()
    share = "in 0.01 % of cases"
    assert title(ax) == f"Chance alone makes a difference of 1 h 42 min or more {share}"
    colours = {bar.get_facecolor() for bar in ax.patches}
    assert len(colours) == 1


def test_detectable_marks_as_many_as_there_are():
    """Both curves, a dot on each, the number at the dashed line."""
    found = shop()
    ax = draw.plot_detectable(found)
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [56, 56]
    assert dots[0].get_ydata()[0] == pytest.approx(found.detectable.cut)
    texts = [t.get_text() for t in ax.texts]
    assert texts[0] == "56 here"
    assert set(texts[1:]) == {"of every duration", "of the number"}


def costs(*shares: float) -> incidents.IncidentCosts:
    """Incidents that spent these shares of a budget."""
    index = pd.date_range(START, periods=24 * 28, freq="h", unit="us")
    good = pd.Series(100.0, index)
    at = index[[30 + 24 * n for n in range(len(shares))]]
    for time, share in zip(at, shares, strict=True):
        good[time] -= share * 672
    rows = table("shop", (at - START) / pd.Timedelta("1D"), [1.0] * len(shares))
    key = Indicator("shop", "shop", "availability", target=0.99)
    return incidents.incident_costs({key: incidents.budget_spent(
        good, pd.Series(100.0, index), target=0.99, period="28d", incidents=rows)},
        as_of=END, limit=0.12)  # fmt: skip


def test_costs_fill_what_needs_a_postmortem():
    """Costliest on top, from zero, the line at a fifth."""
    ax = draw.plot_costs(costs(0.1, 0.14, 0.05))
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == pytest.approx([0.14, 0.1, 0.05])
    colours = [matplotlib.colors.to_hex(bar.get_facecolor()).upper() for bar in ax.patches]
    assert colours == [canvas.VERMILLION, draw.BARS, draw.BARS]
    assert ax.get_xlim()[0] == 0
    assert title(ax) == "1 of 3 incidents spent more than 12 % of a budget"


def test_recurrence_draws_hours_and_days_against_an_even_spread():
    """24 and 7 bars that add up to the incidents."""
    ax = draw.plot_recurrence(shop())
    hours, days = ax.child_axes
    assert sum(bar.get_height() for bar in hours.patches) == 56
    assert [bar.get_height() for bar in days.patches] == [8] * 7
    assert hours.get_xlabel() == "hour of the day, Europe/Berlin"
    assert title(ax) == "Significantly more incidents at certain hours of the day"


@pytest.mark.parametrize(
    "plot",
    [draw.plot_timeline, draw.plot_survival, draw.plot_durations, draw.plot_counts,
     draw.plot_noise, draw.plot_detectable, draw.plot_recurrence],
)  # fmt: skip
def test_nothing_to_draw_is_said(plot):
    """No incidents: a note and no axes; one incident: drawn, or said why not."""
    assert "no incidents here" in canvas.alt(plot(None))
    ax = plot(compared(table("shop", [5.0], [1.0])))
    ax.figure.canvas.draw()
    assert len(canvas.alt(ax)) > 30


def test_costs_without_incidents_are_a_note():
    """What is missing is said."""
    assert "none can be priced" in canvas.alt(draw.plot_costs(costs()))


def test_a_large_fleet_with_long_names_fits():
    """Sixteen services: fourteen rows, names cut, nothing read as a formula."""
    name = "service-with-a-very-long-$name$-{:02d}"
    many = [table(name.format(n), np.arange(n + 1) * 2.0, [1.0] * (n + 1)) for n in range(16)]
    ax = draw.plot_timeline(compared(*many))
    ax.figure.canvas.draw()
    assert len(ax.get_yticklabels()) == draw.SERVICES
    assert title(ax).endswith("; 2 services not drawn")
