"""Members of a composite on one grid, and put together by each rule."""

import numpy as np
import pandas as pd
import pytest

from srelib.errors import InsufficientDataError, ParameterError, TimeIndexError
from srelib.sli.composite import _put_together, _spent_by_bucket, _together
from srelib.windows import Member

CART, PAY = Member("cart"), Member("pay")
NONE = float("nan")


def counts(good, total, *, start="2026-06-01 00:00", step="1min") -> pd.DataFrame:
    """Good and total from a time on."""
    index = pd.date_range(start, periods=len(good), freq=step, tz="UTC", unit="us", name="time")
    return pd.DataFrame({"good": good, "total": total}, index=index, dtype="float64")


def two(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Both side by side."""
    return _together({CART: first, PAY: second})


PARTS = two(counts([8, 10, 0, 10, 0], [10, 10, 0, 10, 0]),
            counts([30, 15, 30, NONE, 0], [30, 30, 30, NONE, 0]))  # fmt: skip
"""Minutes: cart worst; pay worst; cart without traffic; pay unknown; nothing asked of any."""


def test_all_events_are_summed():
    """Where one member is unknown so is the sum; no traffic adds nothing."""
    found = _put_together(PARTS, "all events")
    np.testing.assert_array_equal(found["good"], [38, 25, 30, NONE, 0])
    np.testing.assert_array_equal(found["total"], [40, 40, 30, NONE, 0])


def test_the_worst_member_decides_each_slice():
    """0.8 of cart, 0.5 of pay, then pay alone; a slice in which nobody asked does not count."""
    found = _put_together(PARTS, "worst member")
    np.testing.assert_allclose(found["good"], [0.8, 0.5, 1.0, NONE, 0])
    np.testing.assert_array_equal(found["total"], [1, 1, 1, NONE, 0])


def test_a_weighted_mean_keeps_its_members():
    """It is weighted by window, later."""
    assert _put_together(PARTS, "weighted mean") is PARTS


def test_what_a_slice_lost_belongs_to_its_worst_member():
    """0.2 to cart, 0.5 to pay; equally bad members share it: both lose half, a quarter each."""
    np.testing.assert_allclose(
        _spent_by_bucket(PARTS, "worst member"), [[0.2, 0, 0, 0, 0], [0, 0.5, 0, 0, 0]]
    )
    tied = two(counts([5, 5], [10, 10]), counts([15, 30], [30, 30]))
    np.testing.assert_allclose(_spent_by_bucket(tied, "worst member"), [[0.25, 0.5], [0.25, 0]])


def test_members_of_other_steps_meet_on_the_coarser_grid():
    """A bucket of five minutes is unknown where one of its minutes is, at the ends too."""
    fine = counts([9] * 13, [10] * 13, start="2026-06-01 00:03")
    fine.iloc[8] = NONE  # 00:11
    coarse = counts([50] * 3, [50] * 3, step="5min")
    found = two(fine, coarse)
    assert found.index[0] == pd.Timestamp("2026-06-01 00:00", tz="UTC")
    np.testing.assert_array_equal(found["total", CART], [NONE, 50, NONE, NONE])
    np.testing.assert_array_equal(found["total", PAY], [50, 50, 50, NONE])


def test_a_composite_begins_when_all_members_are_measured():
    """A member that came later starts it, one that ended earlier leaves it unknown."""
    found = two(counts([1] * 4, [1] * 4), counts([1] * 4, [1] * 4, start="2026-06-01 00:02"))
    assert len(found) == 4
    assert found["total", CART].isna().tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("other", "error", "message"),
    [
        (counts([1, 1], [1, 1], start="2026-06-02"), InsufficientDataError, "never measured at"),
        (
            counts([1] * 9, [1] * 9, start="2026-06-01 00:00:30"),
            TimeIndexError,
            "begin at other times",
        ),
        (counts([1] * 9, [1] * 9, step="90s"), TimeIndexError, "no multiple"),
    ],
)
def test_grids_that_do_not_meet_are_refused(other, error, message):
    """With what to export instead."""
    with pytest.raises(error, match=message):
        two(counts([1] * 4, [1] * 4), other)


def test_events_and_seconds_are_not_added():
    """Other rules take them."""
    parts = _together({CART: counts([1, 1], [1, 1]),
                       Member("up", unit="seconds"): counts([60, 60], [60, 60])})  # fmt: skip
    with pytest.raises(ParameterError, match="cart counts events, up counts seconds"):
        _put_together(parts, "all events")
    assert _put_together(parts, "worst member")["good"].tolist() == [1, 1]
