"""What came after each deployment beyond the ordinary: worked by hand."""

import numpy as np
import pandas as pd
import pytest

from srelib.fleet import Indicator
from tests.policy.shapes import (
    OUTAGE,
    failing,
    hours,
    made,
    prepared,
    replayed,
)

KEY = Indicator("shop", "shop", target=0.99)


def test_harm_is_what_came_after_beyond_the_ordinary():
    """Ten an hour always, 200 more for three hours after one of two releases."""
    counts = failing(
        hours(), ("2026-06-01", "2026-07-27", 10.0), (*OUTAGE[:2], 990.0),
        ("2026-06-25T12:00", "2026-06-25T15:00", 200.0),
    )  # fmt: skip
    found = replayed(counts, made(("one", "2026-06-25T12:00"), ("two", "2026-07-01T12:00")))
    saved = found.avoided.saved
    assert (saved.value, saved.n) == (pytest.approx(600.0, abs=5), 2)
    assert saved.low - 5 <= 600 <= saved.high + 5
    assert found.postponed.saved.value == pytest.approx(0.0, abs=1)
    assert found.low <= 0 <= found.high


def test_harm_that_goes_on_is_followed_beyond_the_hours_asked_for():
    """Ten hours of harm after a release that is answerable for six."""
    counts = failing(
        hours(), ("2026-06-01", "2026-07-27", 10.0), (*OUTAGE[:2], 990.0),
        ("2026-06-25T12:00", "2026-06-25T22:00", 100.0),
    )  # fmt: skip
    found = replayed(counts, made(("one", "2026-06-25T12:00")))
    assert found.avoided.saved.value == pytest.approx(1000.0, abs=10)


def test_time_inside_an_open_incident_is_not_held_against_a_release():
    """What was shipped into a running outage did not cause it."""
    counts = failing(hours(), OUTAGE, ("2026-06-25T11:00", "2026-06-25T16:00", 500.0))
    rows = made(("answer", "2026-06-25T12:00"))
    log = pd.DataFrame({
        "incident_id": ["i"], "started_at": pd.to_datetime(["2026-06-25T11:00Z"]),
        "resolved_at": pd.to_datetime(["2026-06-25T16:00Z"]),
    })  # fmt: skip
    assert replayed(counts, rows).avoided.saved.value == 2000.0
    assert replayed(counts, rows, incidents=log).avoided.saved.value == 0.0


def test_too_few_spans_without_a_release_leave_everything_open():
    """Four releases a day: nothing to compare with, so harm is anything from none to all."""
    rows = made(*((f"{d}-{h}", f"2026-06-{d:02}T{h:02}:00") for d in range(1, 31)
                  for h in (1, 7, 13, 19)), *((f"{d}+{h}", f"2026-07-{d:02}T{h:02}:00")
                  for d in range(1, 27) for h in (1, 7, 13, 19)))  # fmt: skip
    counts = failing(hours(), OUTAGE, ("2026-06-25T13:00", "2026-06-25T15:00", 100.0))
    saved = replayed(counts, rows).avoided.saved
    assert (saved.low, saved.high) == (0.0, 200.0)
    assert saved.method == "anything from nothing to all that came after"


def test_releases_of_one_bucket_share_what_came_after():
    """Two releases in one hour with 600 bad events after them: 600 in all, not twice."""
    counts = failing(hours(), OUTAGE, ("2026-06-25T12:00", "2026-06-25T15:00", 200.0))
    alone = replayed(counts, made(("one", "2026-06-25T12:10")))
    both = replayed(counts, made(("one", "2026-06-25T12:10"), ("two", "2026-06-25T12:50")))
    assert both.harm["bad"].tolist() == [300.0, 300.0]
    for pair, single in zip(both.outcomes, alone.outcomes, strict=True):
        assert pair.saved.value == pytest.approx(single.saved.value, abs=6)
    known = replayed(
        counts, made(("one", "2026-06-25T12:10"), ("two", "2026-06-25T12:50")),
        harms=pd.Series({"two": 600.0}),
    )  # fmt: skip
    assert known.avoided.saved.value == 600.0
    assert known.avoided.days["left_share"].iloc[-5] == pytest.approx(1.0)


def test_releases_of_one_bucket_fail_a_request_together_once():
    """Half of all requests fail after two releases of one hour: moved together, half fail again."""
    counts = failing(hours(), OUTAGE, ("2026-06-25T12:00", "2026-06-25T15:00", 500.0))
    both = replayed(counts, made(("one", "2026-06-25T12:10"), ("two", "2026-06-25T12:50")))
    assert both.avoided.saved.value == pytest.approx(1500.0, abs=10)
    assert both.postponed.saved.value == pytest.approx(0.0, abs=30)  # not 375, nor -750


def test_an_incident_in_one_hour_of_a_control_span_stays_in_that_hour():
    """Six hours of which one is bad: drawn hour by hour, not as their mean."""
    counts = failing(hours(), ("2026-06-01", "2026-07-27", 10.0), ("2026-06-10T12:00",
                     "2026-06-10T13:00", 300.0))  # fmt: skip
    service = prepared({KEY: counts}, made(("one", "2026-07-01T12:00")))["shop"]
    ratio = service.objectives[KEY].after.controls.ratio
    assert ratio.shape[1] == 6
    assert ratio.max() > 6 * np.median(ratio)
    assert np.median(ratio[ratio.max(axis=1) > 6 * np.median(ratio)].min(axis=1)) < 1.1
