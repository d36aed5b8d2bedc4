"""Weighted means of several members' ratios, over any window."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srelib.errors import ParameterError
from srelib.windows import Member, Window, current, history, rolling_ratio

CART, PAY = Member("cart", 2.0), Member("pay", 1.0)
NONE = float("nan")


def frame(**counts: dict[Member, list[float]]) -> pd.DataFrame:
    """Good and total of each member by hour."""
    made = {
        (name, member): values for name, own in counts.items() for member, values in own.items()
    }
    hours = pd.date_range("2026-06-01", periods=len(next(iter(made.values()))), freq="h", tz="UTC")
    return pd.DataFrame(made, index=hours.as_unit("us"), dtype="float64")


TWO_HOURS = frame(
    good={CART: [8, 10], PAY: [30, 0]},
    total={CART: [10, 10], PAY: [30, 30]},
)


def mean(part: pd.DataFrame) -> float:
    """Share of good events."""
    return part["good"].sum() / part["total"].sum()


def test_members_are_summed_divided_and_then_weighted():
    """cart 18 of 20 = 0.9, pay 30 of 60 = 0.5; weights 2:1 give (2 x 0.9 + 0.5) / 3 = 0.7667."""
    part = current(TWO_HOURS, window=None)
    assert mean(part) == pytest.approx(2.3 / 3)
    assert part["total"].sum() == pytest.approx(80)
    assert part["observed"].all()


def test_a_window_has_weights_of_its_own():
    """The last hour alone: cart 1, pay 0, so 2 / 3; of two hours together 0.7667, as above."""
    assert mean(current(TWO_HOURS, window=Window.parse("1h"))) == pytest.approx(2 / 3)
    past = history(TWO_HOURS["good"], TWO_HOURS["total"])
    starts, stops = np.array([0, 1, 0]), np.array([1, 2, 2])
    bad, total = past.bad.between(starts, stops), past.total.between(starts, stops)
    # cart 0.8, pay 1: (1.6 + 1) / 3 of the first hour
    assert (1 - bad / total).tolist() == pytest.approx([2.6 / 3, 2 / 3, 2.3 / 3])
    assert total.tolist() == [40, 40, 80]


def test_a_member_without_traffic_drops_out():
    """Observed, but nothing asked: the other has all the weight."""
    quiet = frame(good={CART: [9, 9], PAY: [0, 0]}, total={CART: [10, 10], PAY: [0, 0]})
    assert mean(current(quiet, window=None)) == pytest.approx(0.9)
    past = history(quiet["good"], quiet["total"])
    assert past.bad.between(np.array([0]), np.array([2])).tolist() == pytest.approx([2])


def test_a_member_that_is_not_known_leaves_the_whole_unknown():
    """Missing is neither good nor without traffic; a gap lowers what was observed."""
    lost = frame(good={CART: [9, 9], PAY: [NONE] * 2}, total={CART: [10, 10], PAY: [NONE] * 2})
    assert current(lost, window=None)[["good", "total"]].isna().all().all()
    past = history(lost["good"], lost["total"])
    assert np.isnan(past.bad.between(np.array([0]), np.array([2]))).all()
    gap = frame(good={CART: [8, 10], PAY: [30, NONE]}, total={CART: [10, 10], PAY: [30, NONE]})
    part = current(gap, window=None)
    assert mean(part) == pytest.approx((2 * 0.9 + 1) / 3)
    assert part["observed"].tolist() == [True, False]


def test_what_adds_up_buckets_is_refused_with_the_reason():
    """No burn rate, no sums before each bucket."""
    past, reason = history(TWO_HOURS["good"], TWO_HOURS["total"]), "exists over a window"
    with pytest.raises(ParameterError, match=reason):
        _ = past.total.sums
    with pytest.raises(ParameterError, match=reason):
        past.error_ratios([pd.Timedelta("1h")])
    with pytest.raises(ParameterError, match=reason):
        past.bad.window(1)
    with pytest.raises(ParameterError, match=reason):
        rolling_ratio(TWO_HOURS["good"], TWO_HOURS["total"], window="1h")


COUNTS = st.lists(
    st.tuples(*[st.integers(0, 50)] * 4).filter(lambda four: sum(four)), min_size=2, max_size=20
)


@given(COUNTS)
def test_equal_weights_and_equal_traffic_equal_all_events_together(rows):
    """Then an event weighs the same whoever answered it."""
    good, more, bad, spare = (
        np.array(values, dtype="float64") for values in zip(*rows, strict=True)
    )
    total = good + more + bad + spare
    members = {Member("a", 3.0): good, Member("b", 3.0): more}
    made = frame(good=members, total=dict.fromkeys(members, total))
    found = mean(current(made, window=None))
    assert found == pytest.approx((good.sum() + more.sum()) / (2 * total.sum()))


@given(COUNTS, st.tuples(st.floats(0.1, 9), st.floats(0.1, 9)))
def test_sums_over_spans_agree_with_the_same_span_weighted_by_itself(rows, weights):
    """Two ways to the mean of any window."""
    good, more, bad, spare = (
        np.array(values, dtype="float64") for values in zip(*rows, strict=True)
    )
    first, second = Member("a", weights[0]), Member("b", weights[1])
    made = frame(good={first: good, second: more}, total={first: good + bad, second: more + spare})
    past = history(made["good"], made["total"])
    for start in range(len(rows)):
        part = current(made.iloc[start:], window=None)
        bad_sum = past.bad.between(np.array([start]), np.array([len(rows)]))[0]
        assert (part["total"] - part["good"]).sum() == pytest.approx(bad_sum, abs=1e-9)
