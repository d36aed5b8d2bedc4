"""What members of a composite spent: the parts add up."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srelib.budget import spent_by_member, status
from srelib.sli.composite import _put_together
from srelib.slos.model import RULES
from srelib.windows import Member, Window, current
from tests.budget.shapes import hours

CART, PAY, IDLE = Member("cart", 2.0), Member("pay"), Member("idle", 5.0)


def frame(values: dict[Member, list[float]]) -> pd.DataFrame:
    """A column for each member, by hour."""
    return pd.DataFrame(values, index=hours("2026-06-01", len(next(iter(values.values())))),
                        dtype="float64")  # fmt: skip


GOOD = frame({CART: [8, 10], PAY: [30, 15], IDLE: [0, 0]})
TOTAL = frame({CART: [10, 10], PAY: [30, 30], IDLE: [0, 0]})


def spent(rule: str, window: Window | None = None) -> pd.DataFrame:
    """Of GOOD and TOTAL, at a target of 90 %."""
    return spent_by_member(GOOD, TOTAL, rule=rule, target=0.9, window=window)


def test_a_weighted_mean_is_spent_in_proportion_to_the_weights():
    """80 events, budget 8: cart loses 2/3 of its 2 in 20 (5.33), pay 1/3 of its 15 in 60 (6.67)."""
    found = spent("weighted mean")
    assert found["part"].tolist() == pytest.approx([2 / 3, 1 / 3, 0])
    assert found["bad"].tolist() == pytest.approx([80 * 2 / 3 * 0.1, 80 / 3 * 0.25, 0])
    assert found["share_of_allowance"].sum() == pytest.approx(12 / 8)
    assert found["sli"].tolist() == pytest.approx([0.9, 0.75, math.nan], nan_ok=True)


def test_all_events_are_spent_where_they_were_bad():
    """2 and 15 of a budget of 8."""
    found = spent("all events")
    assert found["bad"].tolist() == [2, 15, 0]
    assert found["share_of_spent"].tolist() == pytest.approx([2 / 17, 15 / 17, 0])
    assert found["part"].isna().all()


def test_the_worst_member_of_each_slice_spends_it():
    """cart 0.2 of the first hour, pay 0.5 of the second; the budget of two hours is 0.2."""
    found = spent("worst member")
    assert found["bad"].tolist() == pytest.approx([0.2, 0.5, 0])
    assert found["share_of_allowance"].sum() == pytest.approx(3.5)


def test_only_the_window_counts():
    """The last hour: cart lost nothing."""
    assert spent("all events", Window.parse("1h"))["bad"].tolist() == [0, 15, 0]


def test_what_is_unknown_is_not_zero():
    """A member never seen: what was spent of the whole is unknown."""
    lost = TOTAL.assign(**{}).copy()
    lost[PAY] = math.nan
    found = spent_by_member(GOOD, lost, rule="weighted mean", target=0.9, window=None)
    assert found["bad"].isna().all()
    assert found["coverage"].tolist() == [1, 0, 1]


ROWS = st.lists(
    st.tuples(*[st.none() | st.tuples(st.integers(0, 30), st.integers(0, 30))] * 3),
    min_size=2, max_size=15,
)  # fmt: skip


@given(ROWS, st.tuples(*[st.floats(0.01, 100)] * 3), st.sampled_from(RULES))
def test_members_add_up_to_what_was_spent(rows, weights, rule):
    """To the last bit, with gaps and quiet hours, under every rule."""
    members = [Member(name, weight) for name, weight in zip("abc", weights, strict=True)]
    cells = {m: [row[n] for row in rows] for n, m in enumerate(members)}
    good = frame({m: [math.nan if c is None else c[0] for c in own] for m, own in cells.items()})
    total = frame({m: [math.nan if c is None else sum(c) for c in own] for m, own in cells.items()})
    found = spent_by_member(good, total, rule=rule, target=0.99, window=None)
    parts = pd.concat({"good": good, "total": total}, axis=1)
    whole = current(_put_together(parts, rule), window=None)
    expected = status(whole["good"], whole["total"], target=0.99).spent
    np.testing.assert_equal(math.fsum(found["bad"]), expected)
