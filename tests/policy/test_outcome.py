"""Bad events avoided, under two readings: worked by hand."""

import numpy as np
import pandas as pd
import pytest

from tests.policy.shapes import (
    OUTAGE,
    failing,
    fates,
    hours,
    made,
    replayed,
)


def test_the_two_readings_part_where_a_held_release_was_harmful():
    """7,000 bad events held: avoided, the freeze ends; postponed, they come and freeze anew."""
    counts = failing(
        hours(), ("2026-06-23T10:00", "2026-06-23T18:00", 850.0),
        ("2026-06-25T12:00", "2026-06-25T19:00", 1000.0),
    )  # fmt: skip
    rows = made(("bad one", "2026-06-25T12:00"), ("next", "2026-07-23T12:00"))
    found = replayed(counts, rows, harms=pd.Series({"bad one": 7000.0}))
    avoided, postponed = found.outcomes
    assert fates(avoided) == {"bad one": "delayed", "next": "shipped"}
    assert fates(postponed) == {"bad one": "delayed", "next": "waiting"}
    assert avoided.frozen_days == 28
    assert postponed.frozen_days == 28 + 4  # 23 to 26 July
    assert (avoided.saved.value, postponed.saved.value) == (7000.0, 0.0)
    assert avoided.sli == pytest.approx(1 - 6800 / (56 * 24_000))
    last = avoided.days["left_share"].iloc[-1], postponed.days["left_share"].iloc[-1]
    assert last == pytest.approx((1.0, 1 - 7000 / 6720))


def test_postponed_harm_meets_the_traffic_of_its_new_time():
    """Half the traffic in July: half of the harm is avoided by waiting."""
    counts = failing(hours(), OUTAGE)
    counts.loc["2026-07-01":] /= 2
    counts.loc["2026-06-25T12:00":"2026-06-25T14:59", "good"] -= 200
    found = replayed(counts, made(("one", "2026-06-25T12:00")))
    assert found.postponed.saved.value == pytest.approx(300.0, abs=40)
    assert found.avoided.saved.value == pytest.approx(600.0, abs=5)


def test_those_that_wait_at_the_end_save_nothing_for_sure():
    """Postponed: their harm is yet to come; their delay is counted so far."""
    counts = failing(hours(days=40), OUTAGE, ("2026-06-25T12:00", "2026-06-25T15:00", 200.0))
    found = replayed(counts, made(("one", "2026-06-25T12:00")))
    (row,) = found.postponed.held.to_dict("records")
    assert (row["fate"], row["released_at"] is pd.NaT) == ("waiting", True)
    assert row["delay"] == pd.Timestamp("2026-07-11T00:00Z") - pd.Timestamp("2026-06-25T12:00Z")
    assert (found.postponed.saved.value, found.avoided.saved.value) == (0.0, 600.0)
    assert np.isnan(found.postponed.delay.value)


def test_harm_given_with_intervals_is_added_up_as_independent():
    """3-4-5: half-widths of 30 and 40 give 50."""
    counts = failing(hours(), OUTAGE, ("2026-06-25T12:00", "2026-06-26T20:00", 100.0))
    rows = made(("a", "2026-06-25T12:00"), ("b", "2026-06-26T12:00"))
    known = pd.DataFrame({"harm": [100.0, 200.0], "low": [70.0, 160.0], "high": [130.0, 240.0]},
                         index=["a", "b"])  # fmt: skip
    saved = replayed(counts, rows, harms=known).avoided.saved
    assert (saved.value, saved.low, saved.high) == (300.0, 250.0, 350.0)
