"""Figures of notebook 06: what is drawn where, titles from the data, drawn or said why not."""

from dataclasses import replace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from srelib import figures, tradeoff
from srelib.errors import InsufficientDataError
from srelib.figures import canvas
from srelib.figures import tradeoff as drawn
from srelib.fleet import Indicator
from srelib.tradeoff import Standing
from tests.tradeoff.made import NAN, NASTY, SHOP, WEB, effect, estimate

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


def standing(service: str, frequency: float, left: float, **more) -> Standing:
    """A service of which only speed and budget are known, unless it says more."""
    given = {"frequency": estimate(frequency, frequency / 2, frequency * 2),
             "left": estimate(left, left - 0.2, min(left + 0.2, 1.0))}  # fmt: skip
    fields = dict.fromkeys((*tradeoff.DEVOPS, *tradeoff.SHARED, *tradeoff.SRE), NONE)
    return Standing(service=service, deployments=20, objective=service, target=0.99,
                    **{**fields, **given, **more})  # fmt: skip


BOARD = {
    name: standing(name, speed, left, fail_rate=estimate(fail, 0, 1))
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
    ax = drawn.plot_disciplines(BOARD)
    assert title(ax) == "quick ships most often and has the least budget left"
    said = texts(ax)
    assert {"DevOps", "Both", "SRE"} <= set(said)
    assert said.count("calm 0.5") == said.count("quick 8") == 1
    assert {"quick 20 %", "calm 0 %", "quick −40 %", "calm 90 %"} <= set(said)
    assert said.count("not in these exports") == 7


def test_fields_of_the_two_disciplines_overlap():
    """The overlap is where the shared measures stand."""
    ax = drawn.plot_disciplines(BOARD)
    boxes = sorted({(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches})
    (left, right), (start, end) = boxes
    assert left < start < right < end
    shared = next(t for t in ax.texts if t.get_text() == "change fail rate")
    assert start < shared.get_position()[0] < right


def test_dots_lie_better_to_the_right():
    """More often is better, failing is worse."""
    places = drawn.plot_disciplines(BOARD)
    dots = {line.get_ydata()[0]: [] for line in places.lines if line.get_marker() == "o"}
    for line in places.lines:
        if line.get_marker() == "o":
            dots[line.get_ydata()[0]].append(float(line.get_xdata()[0]))
    assert [len(xs) for xs in dots.values()] == [9]
    assert all(xs == sorted(xs) for xs in dots.values())


def test_disciplines_hold_one_service_and_many_with_long_names():
    """Nothing to compare, and a hundred."""
    ax = drawn.plot_disciplines({"a": standing("a", 1, 0.5)})
    assert title(ax) == "What DevOps and SRE look at, and what they share: 1 service"
    many = {f"a very long service name, number {n}": standing(str(n), n + 1, n / 100)
            for n in range(100)}  # fmt: skip
    drawn.plot_disciplines(many).figure.canvas.draw()
    assert "no service" in canvas.alt(drawn.plot_disciplines({}))


def test_curves_name_who_is_harmed():
    """One of two beyond chance: the curve, its band, the deployment at 0."""
    known = {SHOP: effect(), WEB: effect(5, -200, 300, service="web", p=0.8)}
    ax = drawn.plot_curves(known)
    assert title(ax) == (
        "More fails after deployments of shop; 1 of 2 services show nothing beyond chance"
    )
    shop, web = ax.child_axes
    assert shop.get_title("left") == "shop"
    assert shop.get_title("right").replace("\u00a0", " ") == "20 deployments, p < 0.01"
    (line,) = [x for x in shop.lines if x.get_color() == canvas.VERMILLION]
    assert line.get_xdata()[0] == -1.75
    assert line.get_ydata().tolist() == known[SHOP].curve["excess_ratio"].tolist()
    assert [x for x in web.lines if x.get_color() == canvas.VERMILLION] == []


def test_curves_say_when_nothing_shows():
    """Neither more nor less."""
    ax = drawn.plot_curves({SHOP: effect(5, -200, 300, p=0.8)})
    assert title(ax) == "Deployments of 1 service shows no effect beyond chance"
    helped = drawn.plot_curves({SHOP: effect(-800, -1300, -300)})
    assert title(helped) == "Less fails after deployments of shop"


def test_costs_are_sorted_and_say_what_may_hide():
    """Largest first; a grey bar of 400 events of 2,000 allowed."""
    ax = drawn.plot_costs({WEB: effect(100, -200, 400, service="web", p=0.4), SHOP: effect()})
    assert [t.get_text() for t in ax.get_yticklabels()] == ["shop", "web"]
    assert title(ax) == "Deployments cost shop 15 % to 65 % of its budget"
    assert [round(p.get_width(), 3) for p in ax.patches] == [0.2, 0.2]
    ends = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2][:1]
    assert list(ends[0]) == pytest.approx([0.15, 0.65])
    assert "20 used" in texts(ax)


def test_costs_within_chance_are_called_that():
    """No service, and no target."""
    ax = drawn.plot_costs({SHOP: effect(100, -200, 400, p=0.4, allowance=NAN)})
    assert title(ax) == "For none of 1 service is a cost of deployments beyond chance"
    assert "all bad events" in ax.get_xlabel()


@pytest.mark.parametrize("plot", [drawn.plot_curves, drawn.plot_costs, drawn.plot_parts])
def test_errors_and_nothing_are_said(plot):
    """A note in place of an empty figure."""
    for given in ({}, {SHOP: InsufficientDataError("none")}):
        assert len(canvas.alt(plot(given))) > 40


def test_parts_are_stacked_from_zero_to_what_was_spent():
    """Four parts of 1,200 spent of 1,000 allowed."""
    rows = pd.DataFrame({"cause": list(drawn.PARTS), "bad": [600.0, 300.0, 200.0, 100.0]})
    ax = drawn.plot_parts({SHOP: rows.assign(share_of_allowance=rows["bad"] / 1000)})
    assert tuple(drawn.PARTS) == tradeoff.PARTS
    assert [round(p.get_x(), 2) for p in ax.patches] == [0.0, 0.6, 0.9, 1.1]
    assert "120 %" in texts(ax)
    assert title(ax).startswith("75 % of what shop spent lies in incidents of deployments")


def panel(within: float, between: float) -> pd.DataFrame:
    """Five services over 20 weeks."""
    rng, rows = np.random.default_rng(2), []
    for k in range(5):
        wave = rng.integers(0, 3, 20).astype(float)
        share = 0.01 * np.exp(within * wave + between * k)
        rows.append(pd.DataFrame({
            "service": f"s{k}", "starts_at": pd.date_range("2026-01-05", periods=20, freq="7D",
                                                           tz="UTC"),
            "deployments": wave + 3 * k, "bad_share": share.clip(max=1),
        }))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def test_association_draws_simpsons_paradox():
    """Arrows rise while the services fall."""
    ax = drawn.plot_association(tradeoff.association(panel(0.5, -1.0)))
    assert title(ax) == (
        "Services that ship more do better, yet each does worse in the weeks it ships more"
    )
    arrows = [t for t in ax.texts if t.get_text() == ""]
    assert len(arrows) == 5
    assert all(a.xy[1] > a.get_position()[1] for a in arrows)
    assert {"s0", "s4"} <= set(texts(ax))
    assert "Association is not cause" in canvas.alt(ax)


def test_association_without_weeks_says_what_it_takes():
    """Nothing to draw."""
    assert "eight whole weeks" in canvas.alt(drawn.plot_association(None))
    empty = tradeoff.association(panel(0.5, 0.0).iloc[:0])
    assert "eight whole weeks" in canvas.alt(drawn.plot_association(empty))


def test_failures_are_drawn_beside_what_is_expected():
    """Three panels with one scale; a tick for what the services fail at anyway."""
    at = pd.date_range("2026-01-05T10:00", periods=60, freq="D", tz="UTC")
    rows = pd.DataFrame({"service": "shop", "finished_at": at, "size": [1.0, 2, 4] * 20,
                         "failed": [True, False, False, False] * 15})  # fmt: skip
    kinds = {"batch size": tradeoff.by_batch(rows), "weekday": tradeoff.by_weekday(rows),
             "hour": tradeoff.by_hour(rows)}  # fmt: skip
    ax = drawn.plot_failures(kinds)
    assert title(ax) == "Batch size, weekday and hour made no difference beyond chance"
    panels = ax.child_axes
    assert len({p.get_ylim() for p in panels}) == 1
    assert panels[0].get_ylim()[0] == 0
    assert [t.get_text().split("\n")[0] for t in panels[2].get_xticklabels()] == ["9–12"]
    assert "No deployment" in canvas.alt(drawn.plot_failures({}))


def test_quadrants_name_each_dot_with_its_probability():
    """Log speed, budget left; hollow where unsure."""
    ax = drawn.plot_quadrants(placed())
    assert title(ax) == "quick ships fast and overspends; calm can afford to ship more"
    assert ax.get_xscale() == "log"
    said = " ".join(texts(ax))
    assert "quick > 99 %" in said
    assert "you can afford to ship more" in said
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


def test_names_from_the_data_are_never_markup():
    """Dollars and brackets stay text."""
    key = Indicator("$x_1$", "$x_1$", "availability", target=0.99)
    known = {NASTY: effect(service="<b>*x*"), key: effect(service="$x_1$")}
    board = {"$x_1$": replace(BOARD["both"], service="$x_1$")}
    for ax in (drawn.plot_curves(known), drawn.plot_costs(known), drawn.plot_disciplines(board)):
        ax.figure.canvas.draw()


def test_every_figure_carries_its_words():
    """Alternative texts hold the title."""
    known = {SHOP: effect(), WEB: effect(service="web", p=0.7)}
    for ax in (drawn.plot_curves(known), drawn.plot_costs(known), drawn.plot_quadrants(placed()),
               drawn.plot_disciplines(BOARD)):  # fmt: skip
        assert title(ax)[:30] in canvas.alt(ax).replace("\u00a0", " ")
    assert figures.tradeoff is drawn
