"""Figures of notebook 06: what is drawn where, titles from the data, drawn or said why not."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from srelib import figures, tradeoff
from srelib.errors import InsufficientDataError
from srelib.figures import canvas
from srelib.figures import tradeoff as drawn
from srelib.fleet import Indicator
from tests.figures.drawn import panels, title
from tests.tradeoff.made import NAN, NASTY, SHOP, WEB, effect


def texts(ax) -> list[str]:
    """All texts of an Axes, with ordinary spaces."""
    return [t.get_text().replace("\u00a0", " ") for t in ax.texts]


def test_curves_name_who_is_harmed():
    """One of two significant: the curve, its band, the deployment at 0."""
    known = {SHOP: effect(), WEB: effect(5, -200, 300, service="web", p=0.8)}
    ax = drawn.plot_curves(known)
    assert title(ax) == (
        "More errors after deployments of shop; not significant in 1 of 2 services"
    )
    shop, web = panels(ax)
    assert shop.get_title("left") == "shop"
    assert shop.get_title("right").replace("\u00a0", " ") == "20 deployments, p < 0.01"
    (line,) = [x for x in shop.lines if x.get_color() == canvas.VERMILLION]
    assert line.get_xdata()[0] == -1.75
    assert line.get_ydata().tolist() == known[SHOP].curve["excess_ratio"].tolist()
    assert [x for x in web.lines if x.get_color() == canvas.VERMILLION] == []


def test_curves_say_when_nothing_shows():
    """Neither more nor less."""
    ax = drawn.plot_curves({SHOP: effect(5, -200, 300, p=0.8)})
    assert title(ax) == "No significant effect of deployments in 1 service"
    helped = drawn.plot_curves({SHOP: effect(-800, -1300, -300)})
    assert title(helped) == "Fewer errors after deployments of shop"


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
    assert title(ax) == "No significant cost of deployments in 1 service"
    assert "all bad events" in ax.get_xlabel()


def test_a_share_of_bad_events_beside_shares_of_budgets_is_named():
    """The title's share is that of the service it names; who has no target is marked."""
    ax = drawn.plot_costs({WEB: effect(service="web", allowance=NAN), SHOP: effect()})
    assert title(ax) == "Deployments cost shop 15 % to 65 % of its budget; significant in 1 more"
    assert [t.get_text() for t in ax.get_yticklabels()] == ["shop", "web (no target)"]
    assert "the error budget, without a target of all bad events" in ax.get_xlabel()
    alone = drawn.plot_costs({WEB: effect(service="web", allowance=NAN)})
    assert title(alone) == "Deployments cost web 7.5 % to 33 % of its bad events"
    assert [t.get_text() for t in alone.get_yticklabels()] == ["web"]


@pytest.mark.parametrize("plot", [drawn.plot_curves, drawn.plot_costs])
def test_errors_and_nothing_are_said(plot):
    """A note in place of an empty figure."""
    for given in ({}, {SHOP: InsufficientDataError("none")}):
        assert len(canvas.alt(plot(given))) > 40


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
        "Services that deploy more are better, yet each is worse in weeks with more deployments"
    )
    arrows = [t for t in ax.texts if t.get_text() == ""]
    assert len(arrows) == 5
    assert all(a.xy[1] > a.get_position()[1] for a in arrows)
    assert {"s0", "s4"} <= set(texts(ax))
    assert "Association is not cause" in canvas.alt(ax)


def test_association_without_weeks_says_what_it_takes():
    """Nothing to draw."""
    empty = tradeoff.association(panel(0.5, 0.0).iloc[:0])
    assert "eight whole weeks" in canvas.alt(drawn.plot_association(empty))


def test_failures_are_drawn_beside_what_is_expected():
    """Three panels with one scale; a tick for what the services fail at anyway."""
    at = pd.date_range("2026-01-05T10:00", periods=60, freq="D", tz="UTC")
    rows = pd.DataFrame({"service": "shop", "finished_at": at, "size": [1.0, 2, 4] * 20,
                         "failed": [True, False, False, False] * 15})  # fmt: skip
    kinds = {"batch size": tradeoff.by_batch(rows), "weekday": tradeoff.by_time(rows, "weekday"),
             "hour": tradeoff.by_time(rows, "hour")}  # fmt: skip
    ax = drawn.plot_failures(kinds)
    assert title(ax) == "No significant difference in failures by batch size, weekday and hour"
    drawn_panels = panels(ax)
    assert len({p.get_ylim() for p in drawn_panels}) == 1
    assert drawn_panels[0].get_ylim()[0] == 0
    assert [t.get_text().split("\n")[0] for t in drawn_panels[2].get_xticklabels()] == ["9–12"]
    assert "No deployment" in canvas.alt(drawn.plot_failures({}))


def test_names_from_the_data_are_never_markup():
    """Dollars and brackets stay text: as a formula, this name could not be drawn."""
    key = Indicator("$x_$", "$x_$", "availability", target=0.99)
    known = {NASTY: effect(service="<b>*x*"), key: effect(service="$x_$")}
    for plot in (drawn.plot_curves, drawn.plot_costs):
        for own in (None, plt.figure().add_subplot()):
            plot(known, ax=own).figure.canvas.draw()


def test_every_figure_carries_its_words():
    """Alternative texts hold the title."""
    known = {SHOP: effect(), WEB: effect(service="web", p=0.7)}
    for ax in (drawn.plot_curves(known), drawn.plot_costs(known)):
        assert title(ax)[:30] in canvas.alt(ax).replace("\u00a0", " ")
    assert figures.tradeoff is drawn
