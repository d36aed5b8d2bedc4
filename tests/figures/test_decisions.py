"""Figures of notebook 09: budgets by cause, and what each change would bring."""

from dataclasses import replace

import pytest

from srelib import figures
from srelib.decisions import Decision
from srelib.decisions.levers import FREEZE, REPEATED, SAFER, TWICE
from srelib.decisions.verdict import CARRY_ON, FIX, NO_COUNTS, NOT_ENOUGH, SAFER_RELEASES
from srelib.figures.canvas import alt
from tests.decisions.by_hand import NAN, decision, estimate, lever
from tests.figures.drawn import title

FROZEN = replace(lever(FREEZE, NAN, NAN, detail="workbook"), probability=estimate(NAN, 0.2, 0.9),
                 gain=estimate(NAN, 0.0, 0.4))  # fmt: skip
RISKY = decision(SAFER_RELEASES, levers=(
    lever(SAFER, 0.76, 0.33), lever(REPEATED, 0.54, 0.11, detail="Disk"), lever(TWICE, 0.1, -0.33),
    FROZEN,
))  # fmt: skip
SAFE = decision(CARRY_ON, met=estimate(0.98, 0.9, 1.0), levers=(lever(SAFER, 0.98, 0.0),),
                causes={"deployments": 0.1, "outages": 0.1, "usual": 0.2})  # fmt: skip
NONE = Decision(NOT_ENOUGH, lacks=NO_COUNTS)


def test_causes_are_stacked_and_sum_to_what_was_spent():
    """118 % and 40 %, the largest on top; services without a budget are not drawn."""
    ax = figures.decisions.plot_causes({"shop": RISKY, "web": SAFE, "none": NONE})
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == pytest.approx([0.1, 0.1, 0.2, 0.82, 0.22, 0.14])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["web", "shop"]
    assert title(ax) == "Excess after deployments used 82 % of the error budget of shop"
    assert "by cause" in alt(ax)


def test_no_service_over_its_budget_is_said():
    """Nothing is blamed where there is nothing to blame."""
    ax = figures.decisions.plot_causes({"web": SAFE})
    assert title(ax) == "Every service used less than its error budget"


def test_each_change_is_drawn_beside_today():
    """Services at risk only; better, worse, and a range without an estimate."""
    ax = figures.decisions.plot_levers({"shop": RISKY, "web": SAFE, "none": NONE},
                                       pass_probability=0.9)  # fmt: skip
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == ["freeze policy (simulated)", TWICE, REPEATED, SAFER, "shop"]
    dots = {round(line.get_xdata()[0], 2) for line in ax.lines if line.get_marker() == "o"}
    assert dots == {0.76, 0.54, 0.1}
    assert "43 today" in [text.get_text() for text in ax.texts]
    assert title(ax) == f"shop: {SAFER} would do most, 43 to 76 of 100 windows"
    assert "1 service not drawn" in alt(ax).replace("\u00a0", " ")


def test_without_a_service_at_risk_the_lowest_are_drawn():
    """A change that brings nothing is not praised."""
    ax = figures.decisions.plot_levers({"web": SAFE}, pass_probability=0.9)
    assert title(ax) == "web: no change tried would bring much"


@pytest.mark.parametrize("decided", [{}, {"none": NONE}, {"none": Decision(FIX, lacks=NO_COUNTS)}])
def test_nothing_to_draw_says_so(decided):
    """A note instead of empty axes."""
    for ax in (figures.decisions.plot_causes(decided),
               figures.decisions.plot_levers(decided, pass_probability=0.9)):  # fmt: skip
        assert "No service has an objective" in alt(ax)
