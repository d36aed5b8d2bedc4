"""Figures of the scoreboard: two fields that overlap, and the map of quadrants."""

from dataclasses import replace

import matplotlib
import matplotlib.pyplot as plt
import pytest

from srelib import tradeoff
from srelib.figures import canvas
from srelib.figures import scoreboard as drawn
from srelib.tradeoff import Scorecard
from srelib.tradeoff.scoreboard import DEVOPS, SHARED, SRE
from tests.tradeoff.made import NAN, estimate

matplotlib.use("agg")
NONE = estimate(NAN, NAN, NAN, 0)


@pytest.fixture(autouse=True)
def _closed():
    """No figure outlives its test."""
    yield
    plt.close("all")


def title(ax) -> str:
    """The title on one line, with ordinary spaces."""
    return ax.get_title("left").replace("\n", " ").replace("\u00a0", " ")


def texts(ax) -> list[str]:
    """All texts of an Axes, with ordinary spaces."""
    return [t.get_text().replace("\u00a0", " ") for t in ax.texts]


def scorecard(service: str, frequency: float, left: float, **more) -> Scorecard:
    """A service of which only speed and budget are known, unless it says more."""
    given = {"frequency": estimate(frequency, frequency / 2, frequency * 2),
             "left": estimate(left, left - 0.2, min(left + 0.2, 1.0))}  # fmt: skip
    fields = dict.fromkeys((*DEVOPS, *SHARED, *SRE), NONE)
    return Scorecard(service=service, deployments=20, objective=service, target=0.99,
                    **{**fields, **given, **more})  # fmt: skip


BOARD = {
    name: scorecard(name, speed, left, fail_rate=estimate(fail, 0, 1))
    for name, speed, left, fail in (("quick", 8, -0.4, 0.2), ("both", 4, 0.5, 0.1),
                                    ("calm", 0.5, 0.9, 0.0))
}  # fmt: skip


def placed(**options):
    """The quadrants of the board."""
    return tradeoff.quadrants(
        {n: one.frequency for n, one in BOARD.items()}, {n: one.left for n, one in BOARD.items()},
        **options,
    )  # fmt: skip


def test_disciplines_name_the_ends_of_each_line():
    """Worst at the left, best at the right, what is not there said so."""
    ax = drawn.plot_devops_and_sre(BOARD)
    assert title(ax) == "quick deploys most often and has the least budget left"
    said = texts(ax)
    assert {"DevOps", "Both", "SRE"} <= set(said)
    assert said.count("calm 0.5") == said.count("quick 8") == 1
    assert {"quick 20 %", "calm 0 %", "quick −40 %", "calm 90 %"} <= set(said)
    assert said.count("not in these exports") == 7


def test_fields_of_the_two_disciplines_overlap():
    """The overlap is where the shared measures stand."""
    ax = drawn.plot_devops_and_sre(BOARD)
    boxes = sorted({(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches})
    (left, right), (start, end) = boxes
    assert left < start < right < end
    shared = next(t for t in ax.texts if t.get_text() == "change fail rate")
    assert start < shared.get_position()[0] < right


def test_dots_lie_better_to_the_right():
    """More often is better, failing is worse."""
    places = drawn.plot_devops_and_sre(BOARD)
    dots = {line.get_ydata()[0]: [] for line in places.lines if line.get_marker() == "o"}
    for line in places.lines:
        if line.get_marker() == "o":
            dots[line.get_ydata()[0]].append(float(line.get_xdata()[0]))
    assert [len(xs) for xs in dots.values()] == [9]
    assert all(xs == sorted(xs) for xs in dots.values())


def test_disciplines_hold_one_service_and_many_with_long_names():
    """Nothing to compare, and a hundred."""
    ax = drawn.plot_devops_and_sre({"a": scorecard("a", 1, 0.5)})
    assert title(ax) == "What DevOps and SRE look at, and what they share: 1 service"
    many = {f"a very long service name, number {n}": scorecard(str(n), n + 1, n / 100)
            for n in range(100)}  # fmt: skip
    drawn.plot_devops_and_sre(many).figure.canvas.draw()
    assert "no service" in canvas.alt(drawn.plot_devops_and_sre({}))


def test_quadrants_name_each_dot_with_its_probability():
    """Log speed, budget left; hollow where unsure."""
    ax = drawn.plot_quadrants(placed())
    assert title(ax) == "quick deploys often and overspends; calm has room for more deployments"
    assert ax.get_xscale() == "log"
    said = " ".join(texts(ax))
    assert "quick > 99 %" in said
    assert "room for more deployments" in said
    lines = [x.get_xdata()[0] for x in ax.lines if x.get_linestyle() == "--"]
    assert 1.0 in lines


def test_quadrants_hold_what_lies_beyond_the_axes():
    """Ten budgets overspent, no deployment at all."""
    speed = {"a": estimate(0.0, 0.0, 0.3), "b": estimate(3, 2, 4)}
    left = {"a": estimate(0.5, 0.4, 0.6), "b": estimate(-10, -20, -5)}
    ax = drawn.plot_quadrants(tradeoff.quadrants(speed, left))
    dots = [x for x in ax.lines if x.get_marker() == "o"]
    low, high = ax.get_ylim()
    assert all(low <= d.get_ydata()[0] <= high for d in dots)
    assert "takes deployments" in canvas.alt(drawn.plot_quadrants(tradeoff.quadrants({}, {})))


def test_names_and_words():
    """Dollars in a name stay text; alternative texts hold the title."""
    named = {"$x_1$": replace(BOARD["both"], service="$x_1$")}
    drawn.plot_devops_and_sre(named).figure.canvas.draw()
    for ax in (drawn.plot_quadrants(placed()), drawn.plot_devops_and_sre(BOARD)):
        assert title(ax)[:30] in canvas.alt(ax).replace("\u00a0", " ")
