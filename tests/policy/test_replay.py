"""Replay of a policy: worked by hand, and laws; no decision learns from what came later."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srelib import budget
from srelib import policy as policies
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.policy import Policy
from srelib.windows import Window
from tests.policy.shapes import TARGET, failing, hours, made, replayed

OUTAGE = ("2026-06-23T10:00", "2026-06-23T18:00", 1000.0)
"""8,000 bad events; the budget of four weeks is 28 * 24 * 1,000 * 0.01 = 6,720."""


def stamps(times: pd.Series) -> list[str]:
    """Times as short texts."""
    return [f"{time:%m-%d %H:%M}" for time in times]


def fates(outcome) -> dict[str, str]:
    """What became of each deployment."""
    return dict(zip(outcome.schedule["deployment_id"], outcome.schedule["fate"], strict=True))


# Worked by hand


def test_the_freeze_lasts_until_the_outage_leaves_the_four_weeks():
    """Over from the morning after until the first morning whose window begins after it."""
    found = replayed(failing(hours(), OUTAGE), made(
        ("before", "2026-06-22T12:00"), ("held", "2026-06-25T12:00"),
        ("after", "2026-07-23T12:00"),
    ))  # fmt: skip
    for outcome in found.outcomes:
        assert outcome.frozen_days == 28
        assert stamps(outcome.spans.iloc[0]) == ["06-24 09:00", "07-22 09:00"]
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


def test_postponed_harm_meets_the_traffic_of_its_new_time():
    """Half the traffic in July: half of the harm is avoided by waiting."""
    counts = failing(hours(), OUTAGE)
    counts.loc["2026-07-01":] /= 2
    counts.loc["2026-06-25T12:00":"2026-06-25T14:59", "good"] -= 200
    found = replayed(counts, made(("one", "2026-06-25T12:00")))
    assert found.postponed.saved.value == pytest.approx(300.0, abs=40)
    assert found.avoided.saved.value == pytest.approx(600.0, abs=5)


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


def test_those_that_wait_at_the_end_save_nothing_for_sure():
    """Postponed: their harm is yet to come; their delay is counted so far."""
    counts = failing(hours(days=40), OUTAGE, ("2026-06-25T12:00", "2026-06-25T15:00", 200.0))
    found = replayed(counts, made(("one", "2026-06-25T12:00")))
    (row,) = found.postponed.held.to_dict("records")
    assert (row["fate"], row["released_at"] is pd.NaT) == ("waiting", True)
    assert row["delay"] == pd.Timestamp("2026-07-11T00:00Z") - pd.Timestamp("2026-06-25T12:00Z")
    assert (found.postponed.saved.value, found.avoided.saved.value) == (0.0, 600.0)
    assert np.isnan(found.postponed.delay.value)


# Variants


def test_thawing_waits_for_more_than_freezing():
    """70 % left on 22 July is not 80 %; the rest of the bad events leaves on 26 July."""
    counts = failing(hours(), OUTAGE, ("2026-06-27T12:00", "2026-06-27T14:00", 1000.0))
    slow = Policy(name="x", window="28d", thaw_above=0.8)
    found = replayed(counts, made(), policy=slow)
    assert stamps(found.postponed.spans.iloc[0]) == ["06-24 09:00", "07-26 09:00"]
    assert stamps(replayed(counts, made()).postponed.spans.iloc[0])[1] == "07-22 09:00"


def test_back_within_the_objective_ends_a_freeze_early():
    """Seven good days are enough, though the four weeks are still overspent."""
    found = replayed(failing(hours(), OUTAGE), made(), policy=policies.named("week"))
    assert stamps(found.postponed.spans.iloc[0]) == ["06-24 09:00", "07-01 09:00"]


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
    assert stamps(found.spans.iloc[0]) == ["06-27 09:00", "07-25 09:00"]
    assert set(stamps(found.schedule["released_at"])) == {"07-27 09:00"}
    assert found.batch == 3


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
    assert stamps(found.postponed.spans.iloc[0]) == ["06-15 09:00", "06-30 09:00"]
    assert fates(found.postponed) == {"early": "shipped", "late": "delayed"}


def test_while_too_little_is_known_things_stay_as_they_are():
    """Three weeks without data: frozen before, frozen on."""
    counts = failing(hours(), OUTAGE)
    counts.loc["2026-06-24T10:00":"2026-07-23T12:00"] = np.nan
    found = replayed(counts, made())
    state = found.postponed.days.set_index("decided_at")["state"]
    assert state[pd.Timestamp("2026-07-23T09:00Z")] == "frozen"
    assert not found.recorded.set_index("decided_at")["judged"]["2026-07-23"].any()


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


def test_a_service_halts_when_any_of_its_objectives_says_so():
    """The other one is fine, and shares the schedule."""
    bad, fine = failing(hours(), OUTAGE), hours()
    found = policies.replay_service(
        {name: (c["good"], c["total"], TARGET, "28d") for name, c in
         {"bad": bad, "fine": fine}.items()},
        made(("one", "2026-06-25T12:00")), policy=policies.named("workbook"),
    )  # fmt: skip
    assert fates(found["fine"].postponed) == {"one": "delayed"}
    assert found["fine"].postponed.frozen_days == 28
    assert found["fine"].postponed.days["frozen"].sum() == 0
    assert found["bad"].postponed.days["frozen"].sum() == 28


def test_the_policy_that_holds_nothing_changes_nothing():
    """Recorded and replayed are one."""
    found = replayed(failing(hours(), OUTAGE), made(("one", "2026-06-25T12:00")),
                     policy=policies.named("none"))  # fmt: skip
    for outcome in found.outcomes:
        assert (outcome.frozen_days, len(outcome.held), outcome.saved.value) == (0, 0, 0.0)
        assert outcome.sli == found.sli
        assert outcome.days["left_share"].equals(found.recorded["left_share"])


def test_cancelled_deployments_never_come_up():
    """They reached nobody; failed ones had to be let through."""
    rows = made(("a", "2026-06-25T12:00"), ("b", "2026-06-25T13:00"))
    rows["status"] = ["cancelled", "failed"]
    assert fates(replayed(failing(hours(), OUTAGE), rows).postponed) == {"b": "delayed"}


def test_harm_given_with_intervals_is_added_up_as_independent():
    """3-4-5: half-widths of 30 and 40 give 50."""
    counts = failing(hours(), OUTAGE, ("2026-06-25T12:00", "2026-06-26T20:00", 100.0))
    rows = made(("a", "2026-06-25T12:00"), ("b", "2026-06-26T12:00"))
    known = pd.DataFrame({"harm": [100.0, 200.0], "low": [70.0, 160.0], "high": [130.0, 240.0]},
                         index=["a", "b"])  # fmt: skip
    saved = replayed(counts, rows, harms=known).avoided.saved
    assert (saved.value, saved.low, saved.high) == (300.0, 250.0, 350.0)


def test_too_few_spans_without_a_release_leave_everything_open():
    """Four releases a day: nothing to compare with, so harm is anything from none to all."""
    rows = made(*((f"{d}-{h}", f"2026-06-{d:02}T{h:02}:00") for d in range(1, 31)
                  for h in (1, 7, 13, 19)), *((f"{d}+{h}", f"2026-07-{d:02}T{h:02}:00")
                  for d in range(1, 27) for h in (1, 7, 13, 19)))  # fmt: skip
    counts = failing(hours(), OUTAGE, ("2026-06-25T13:00", "2026-06-25T15:00", 100.0))
    saved = replayed(counts, rows).avoided.saved
    assert (saved.low, saved.high) == (0.0, 200.0)
    assert saved.method == "anything from nothing to all that came after"


# Laws


@st.composite
def histories(draw):
    """Two months of hours with outages, and releases, fixes among them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    counts = hours(days=60, total=500.0)
    index = counts.index
    counts["total"] = rng.poisson(500, len(index)).astype(float)
    bad = rng.binomial(counts["total"].astype(int), 0.004).astype(float)
    for start in rng.integers(0, len(index), draw(st.integers(0, 6))):
        bad[start : start + 5] = np.minimum(bad[start : start + 5] + 400, counts["total"].iloc[
            start : start + 5])  # fmt: skip
    counts["good"] = counts["total"] - bad
    counts.loc[rng.random(len(index)) < 0.02] = np.nan
    times = index[0] + pd.to_timedelta(np.sort(rng.uniform(0, 60 * 24, 30)), unit="h")
    rows = made(*((f"d{n}", f"{t:%Y-%m-%dT%H:%M}", bool(rng.random() > 0.2))
                  for n, t in enumerate(times)))  # fmt: skip
    return counts, rows


POLICIES = st.sampled_from([
    policies.named("workbook"), policies.named("early", timezone="Asia/Kolkata"),
    policies.named("cautious"), policies.named("week"), policies.named("slow down"),
    Policy(name="month", window=Window(unit="month", timezone="Europe/Berlin"), freeze_below=0.3),
])  # fmt: skip
LAWS = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LAWS
@given(histories(), POLICIES, st.integers(20, 59), st.integers(0, 2**32 - 1))
def test_what_comes_later_never_changes_a_decision(history, policy, day, seed):
    """Other counts, other releases and other incidents after a moment: all before it stays."""
    counts, rows = history
    cut = counts.index[0] + pd.Timedelta(days=day, hours=5)
    rng = np.random.default_rng(seed)
    other = counts.copy()
    later = other.index >= cut.floor("h")
    other.loc[later, "total"] = 700.0
    other.loc[later, "good"] = rng.integers(0, 700, later.sum()).astype(float)
    extra = made(*((f"x{n}", f"{cut + pd.Timedelta(hours=7 * n + 1):%Y-%m-%dT%H:%M}")
                   for n in range(20)))  # fmt: skip
    others = pd.concat([rows[rows["finished_at"] < cut], extra], ignore_index=True)
    log = pd.DataFrame({"incident_id": ["i"], "started_at": [cut], "resolved_at": [pd.NaT]})
    log["resolved_at"] = pd.to_datetime(log["resolved_at"], utc=True)
    one = replayed(counts, rows, policy=policy, draws=0)
    two = replayed(other, others, policy=policy, incidents=log, draws=0)
    for was, now in zip(one.outcomes, two.outcomes, strict=True):
        before = [o.days[o.days["decided_at"] <= cut.floor("h")] for o in (was, now)]
        columns = ["decided_at", "left_share", "judged", "frozen", "state"]
        pd.testing.assert_frame_equal(before[0][columns], before[1][columns])
        parts = []
        for o in (was, now):
            rows_before = o.schedule[o.schedule["due_at"] < cut]
            held = rows_before["fate"].isin(["delayed", "waiting"])
            released = rows_before["released_at"].where(rows_before["released_at"] <= cut)
            parts.append(pd.DataFrame({"id": rows_before["deployment_id"], "held": held,
                                       "released": released}))  # fmt: skip
        pd.testing.assert_frame_equal(parts[0], parts[1])


@LAWS
@given(histories(), st.sampled_from([0.0, 0.2, 0.5]))
def test_without_harm_the_states_are_those_of_the_recorded_budget(history, threshold):
    """The budget module, asked afresh for each morning's window, freezes on the same days."""
    counts, rows = history
    chosen = Policy(name="x", window="28d", freeze_below=threshold)
    found = replayed(counts, rows, policy=chosen, harms=pd.Series(dtype="float64"))
    state = []
    for at in found.recorded["decided_at"]:
        seen = counts[(counts.index >= at - pd.Timedelta("28D")) & (counts.index < at)]
        if seen["total"].notna().sum() < 14 * 24:
            state.append(state[-1] if state else "open")
            continue
        left = budget.status(seen["good"], seen["total"], target=TARGET).left_share
        state.append("frozen" if left < threshold else "open")
    for outcome in found.outcomes:
        assert outcome.days["state"].tolist() == state


@LAWS
@given(histories(), POLICIES)
def test_the_account_stays_within_what_there_is(history, policy):
    """Nothing is released early; avoided harm lies between none and all that came after."""
    counts, rows = history
    copies = counts.copy(), rows.copy()
    found = replayed(counts, rows, policy=policy, draws=0)
    shuffled = replayed(counts, rows.sample(frac=1, random_state=1), policy=policy, draws=0)
    pd.testing.assert_frame_equal(counts, copies[0])
    pd.testing.assert_frame_equal(rows, copies[1])
    assert found.avoided.saved == shuffled.avoided.saved
    after = found.harm.set_index("deployment_id")["bad"]
    most = after[found.avoided.held["deployment_id"]].sum()
    saved = found.avoided.saved
    assert 0 <= saved.low <= saved.value <= saved.high <= most + 1e-6
    assert found.low <= found.high
    for outcome in found.outcomes:
        assert (outcome.schedule["delay"] >= pd.Timedelta(0)).all()
        assert len(outcome.schedule) == len(rows)
        shipped = outcome.schedule["fate"].isin(["shipped", "exempt"])
        assert (outcome.schedule.loc[shipped, "delay"] == pd.Timedelta(0)).all()


# Refused


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"freeze_below": 20}, ParameterError, "freeze_below must be a share .* got 20"),
        ({"thaw_above": -0.1}, ParameterError, "thaw_above must not lie below freeze_below"),
        ({"slow_below": 0.1}, ParameterError, "slow_below and slow_to belong together"),
        ({"slow_below": 0.1, "slow_to": 0}, ParameterError, "slow_to must be at least 1"),
        ({"until": "monday"}, ParameterError, "until must be one of budget, slo"),
        ({"hour": 24}, ParameterError, "hour must be a whole hour from 0 to 23; got 24"),
        ({"release_days": (7,)}, ParameterError, "release_days must hold days from 0"),
        ({"timezone": "Mars"}, ParameterError, "timezone must be an IANA name"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(options, error, text):
    """The value seen and what is allowed are in the text."""
    with pytest.raises(error, match=text):
        Policy(name="x", **options)


def test_what_cannot_be_replayed_is_refused():
    """Columns, lengths and names that are not there."""
    counts, rows = hours(), made(("one", "2026-06-25T12:00"))
    with pytest.raises(ColumnError, match="deployments lack finished_at"):
        replayed(counts, rows.drop(columns="finished_at"))
    with pytest.raises(ParameterError, match="after must be whole hours"):
        replayed(counts, rows, after="90min")
    with pytest.raises(ParameterError, match="min_coverage must lie in"):
        replayed(counts, rows, min_coverage=0)
    with pytest.raises(ParameterError, match="deployments must belong to one service; got 2"):
        replayed(counts, pd.concat([rows, rows.assign(service="b")]))
    with pytest.raises(ColumnError, match="harms lack the column harm"):
        replayed(counts, rows, harms=pd.DataFrame({"cost": [1.0]}))
    with pytest.raises(InsufficientDataError, match="buckets longer than an hour"):
        replayed(counts.resample("6h").sum(), rows)
    with pytest.raises(InsufficientDataError, match="no decision falls into"):
        replayed(counts.iloc[:5], rows)
    with pytest.raises(ParameterError, match="policy must be one of none, workbook"):
        policies.named("worbook")
