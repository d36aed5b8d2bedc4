"""The budget each morning, what it freezes and holds, and incidents that ask for a postmortem."""

import numpy as np
import pandas as pd
import pytest

from srelib import policy as policies
from srelib.policy import Policy
from srelib.windows import Window
from tests.policy.shapes import (
    OUTAGE,
    TARGET,
    failing,
    fates,
    hours,
    made,
    replayed,
    stamps,
)


def test_days_follow_the_clock_of_the_people_who_decide():
    """Nine in Berlin is seven in UTC in summer and eight in winter."""
    berlin = policies.named("workbook", timezone="Europe/Berlin")
    found = replayed(hours(start="2026-03-26", days=6), made(), policy=berlin)
    assert stamps(found.recorded["decided_at"]) == [
        "03-26 08:00", "03-27 08:00", "03-28 08:00", "03-29 07:00", "03-30 07:00", "03-31 07:00",
    ]  # fmt: skip


def test_nothing_is_decided_until_half_of_the_window_was_seen():
    """A bad first day cannot freeze; after a fortnight of four weeks it can."""
    counts = failing(hours(), ("2026-06-01T10:00", "2026-06-01T18:00", 1000.0))
    found = replayed(counts, made(("early", "2026-06-03T12:00"), ("late", "2026-06-16T12:00")))
    assert found.judged_days == 56 - 14
    assert stamps(found.postponed.spans[0]) == ["06-15 09:00", "06-30 09:00"]
    assert fates(found.postponed) == {"early": "shipped", "late": "delayed"}


def test_a_calendar_month_has_its_budget_from_the_first_day():
    """One bad hour on the 1st is little of a whole month, though much of a day."""
    month = Window(unit="month")
    counts = failing(hours(days=61), ("2026-07-01T02:00", "2026-07-01T03:00", 900.0))
    own = policies.named("objective's window")
    found = policies.replay(counts["good"], counts["total"], made(), target=TARGET, window=month,
                            policy=own)  # fmt: skip
    left = found.recorded.set_index("decided_at")["left_share"]
    assert left[pd.Timestamp("2026-07-01T09:00Z")] == pytest.approx(1 - 900 / 7440)
    assert found.postponed.frozen_days == 0


def test_the_freeze_lasts_until_the_outage_leaves_the_four_weeks():
    """Over from the morning after until the first morning whose window begins after it."""
    found = replayed(failing(hours(), OUTAGE), made(
        ("before", "2026-06-22T12:00"), ("held", "2026-06-25T12:00"),
        ("after", "2026-07-23T12:00"),
    ))  # fmt: skip
    for outcome in found.outcomes:
        assert outcome.frozen_days == 28
        assert stamps(outcome.spans[0]) == ["06-24 09:00", "07-22 09:00"]
        assert fates(outcome) == {"before": "shipped", "held": "delayed", "after": "shipped"}
        (row,) = outcome.held.to_dict("records")
        assert row["released_at"] == pd.Timestamp("2026-07-22T09:00Z")
        assert row["delay"] == pd.Timedelta("26D 21h")
        assert outcome.delay.value == row["delay"].total_seconds()


def test_the_day_of_the_outage_itself_is_not_frozen():
    """At nine nothing had happened; what is shipped that day goes through."""
    found = replayed(failing(hours(), OUTAGE), made(("same", "2026-06-23T17:00")))
    assert fates(found.postponed) == {"same": "shipped"}


def test_fixes_go_through_and_are_counted():
    """An unplanned deployment passes; unknown counts as planned; without the exemption it waits."""
    rows = made(("fix", "2026-06-24T12:00", False), ("feature", "2026-06-24T13:00"),
                ("who knows", "2026-06-24T14:00"))  # fmt: skip
    rows.loc[2, "planned"] = pd.NA
    counts = failing(hours(), OUTAGE)
    assert fates(replayed(counts, rows).postponed) == {
        "fix": "exempt", "feature": "delayed", "who knows": "delayed",
    }  # fmt: skip
    strict = policies.named("workbook", exempt_fixes=False)
    assert set(fates(replayed(counts, rows, policy=strict).postponed).values()) == {"delayed"}


def test_thawing_waits_for_more_than_freezing():
    """70 % left on 22 July is not 80 %; the rest of the bad events leaves on 26 July."""
    counts = failing(hours(), OUTAGE, ("2026-06-27T12:00", "2026-06-27T14:00", 1000.0))
    slow = Policy(name="x", window="28d", thaw_above=0.8)
    found = replayed(counts, made(), policy=slow)
    assert stamps(found.postponed.spans[0]) == ["06-24 09:00", "07-26 09:00"]
    assert stamps(replayed(counts, made()).postponed.spans[0])[1] == "07-22 09:00"


def test_back_within_the_objective_ends_a_freeze_early():
    """Seven good days are enough, though the four weeks are still overspent."""
    found = replayed(failing(hours(), OUTAGE), made(), policy=policies.named("week"))
    assert stamps(found.postponed.spans[0]) == ["06-24 09:00", "07-01 09:00"]


def test_rationed_releases_go_one_a_week():
    """Below a quarter: the first of the week goes, the others queue, each a week after the last."""
    rows = made(*((name, f"2026-06-{day}T12:00") for name, day in zip("abcd", range(24, 28),
                                                                      strict=True)))  # fmt: skip
    ration = Policy(name="x", window="28d", freeze_below=None, slow_below=0.25, slow_to=1)
    found = replayed(failing(hours(), OUTAGE), rows, policy=ration).postponed
    assert stamps(found.schedule["released_at"]) == [
        "06-24 12:00", "07-02 09:00", "07-09 09:00", "07-16 09:00",
    ]  # fmt: skip
    assert (found.frozen_days, found.slow_days, found.batch) == (0, 28, 1)


def test_what_was_held_is_let_go_on_a_working_day_and_together():
    """The freeze ends on a Saturday; three releases ship at once on Monday morning."""
    counts = failing(hours(days=62), ("2026-06-26T10:00", "2026-06-26T18:00", 1000.0))
    rows = made(*((str(day), f"2026-07-{day:02}T12:00") for day in (1, 2, 3)))
    found = replayed(counts, rows).postponed
    assert stamps(found.spans[0]) == ["06-27 09:00", "07-25 09:00"]
    assert set(stamps(found.schedule["released_at"])) == {"07-27 09:00"}
    assert found.batch == 3


def test_while_too_little_is_known_things_stay_as_they_are():
    """Three weeks without data: frozen before, frozen on."""
    counts = failing(hours(), OUTAGE)
    counts.loc["2026-06-24T10:00":"2026-07-23T12:00"] = np.nan
    found = replayed(counts, made())
    state = found.postponed.days.set_index("decided_at")["state"]
    assert state[pd.Timestamp("2026-07-23T09:00Z")] == "frozen"
    assert not found.recorded.set_index("decided_at")["judged"]["2026-07-23"].any()


def test_the_policy_that_holds_nothing_changes_nothing():
    """Recorded and replayed are one."""
    found = replayed(failing(hours(), OUTAGE), made(("one", "2026-06-25T12:00")),
                     policy=policies.named("none"))  # fmt: skip
    for outcome in found.outcomes:
        assert (outcome.frozen_days, len(outcome.held), outcome.saved.value) == (0, 0, 0.0)
        assert outcome.sli == found.sli
        assert outcome.days["left_share"].equals(found.recorded["left_share"])


def test_deployments_that_reached_no_user_are_never_requested():
    """Cancelled ones never happened; failed ones ended before anybody saw them."""
    rows = made(("a", "2026-06-25T12:00"), ("b", "2026-06-25T13:00"), ("c", "2026-06-25T14:00"))
    rows["status"] = ["cancelled", "failed", "rolled_back"]
    assert fates(replayed(failing(hours(), OUTAGE), rows).postponed) == {"c": "delayed"}
