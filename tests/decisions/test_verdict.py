"""Verdicts of histories whose right answer is plain, and laws that hold for any."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib.decisions import DecisionRules, decide
from srelib.decisions.verdict import (
    ALERTS,
    CARRY_ON,
    FEW_DEPLOYMENTS,
    FEW_EVENTS,
    FEW_WEEKS,
    FIX,
    MISSED,
    NO_OBJECTIVE,
    NOT_ENOUGH,
    SAFER_RELEASES,
    SHIP_MORE,
    TARGET,
    UNSURE,
)
from srelib.errors import InsufficientDataError, ParameterError
from srelib.windows import Window
from tests.decisions.made import (
    KEY,
    alerts,
    broken,
    decided,
    deployments,
    hours,
    incidents,
    nights,
)

OUTAGES = nights(*range(2, 91, 4))
"""23 nights, one in four, with an outage."""


def harmful() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Four deployments a week, one in four of which breaks 250 requests: 149 % of the budget."""
    made = deployments(4)
    return broken(hours(), made["finished_at"].iloc[::4], 250), made


def outages(bad: float = 160) -> pd.DataFrame:
    """Every fourth night 160 requests fail: 168 % of the budget."""
    return broken(hours(), OUTAGES, bad)


# Each verdict, from a history of which there is no doubt


def test_deployments_that_break_the_budget_are_to_be_made_safer():
    """13 deployments broke 250 requests each, 3,250 where the target allows 2,184."""
    found = decided(*harmful())
    assert found.verdict == SAFER_RELEASES
    assert found.causes["deployments"] == pytest.approx(3250 / 2184, rel=0.1)
    assert found.confidence > 0.9
    assert found.met.value < 0.5


def test_outages_at_night_are_to_be_fixed_by_name():
    """23 outages of one title, no deployment near: it is named with what it spent."""
    found = decided(outages(), deployments(1), incidents=incidents(OUTAGES))
    assert found.verdict == FIX
    assert found.named[["title", "incidents"]].values.tolist() == [["Disk full", 23]]
    assert found.named["share"].iloc[0] == pytest.approx(23 * 160 / 2184, rel=0.02)


def test_usual_errors_above_the_budget_do_not_fit_the_target():
    """Two requests fail every hour where one may; no outage, no deployment."""
    counts = hours(bad_every=0)
    found = decided(counts.assign(good=counts["good"] - 2.0))
    assert found.verdict == TARGET
    assert found.causes == pytest.approx({"deployments": 0, "outages": 0, "usual": 2.0})


def test_a_budget_that_nobody_uses_is_there_to_ship_more():
    """Two fifths of a deployment a week, a fifth of the budget spent."""
    found = decided(hours(), deployments(0.4))
    assert (found.verdict, found.causes["usual"]) == (SHIP_MORE, pytest.approx(0.2, abs=0.01))


def test_a_healthy_service_that_ships_often_carries_on():
    """The same with four deployments a week."""
    assert decided(hours(), deployments(4)).verdict == CARRY_ON


def test_a_service_that_nobody_deploys_is_not_asked_to_ship_more():
    """No deployment on record is not one a month."""
    assert decided(hours()).verdict == CARRY_ON


def test_costly_outages_that_no_alert_detects_are_named_first():
    """The same nights; the alerts on record belong to other ones."""
    found = decided(outages(), deployments(1), incidents=incidents(OUTAGES),
                    alerts=alerts(nights(0, 1, 3)))  # fmt: skip
    assert (found.verdict, found.missed) == (ALERTS, (23, 1.0))


def test_outages_that_alerts_detect_are_to_be_fixed():
    """An alert for each of them, and the verdict is about the outages again."""
    found = decided(outages(), deployments(1), incidents=incidents(OUTAGES),
                    alerts=alerts(OUTAGES))  # fmt: skip
    assert (found.verdict, found.missed) == (FIX, (0, 0.0))


def test_how_many_outages_alerts_must_miss_can_be_said():
    """All 23 missed, or 12 of them, just over half of what all spent: lines around that."""
    half = alerts(OUTAGES[:11])
    for log, lines, verdict in (
        (alerts(nights(0)), {"undetected": 23}, ALERTS),
        (alerts(nights(0)), {"undetected": 24}, FIX),
        (half, {}, ALERTS),
        (half, {"undetected_share": 0.55}, FIX),
    ):
        found = decided(outages(), deployments(1), incidents=incidents(OUTAGES), alerts=log,
                        rules=DecisionRules(**lines))  # fmt: skip
        assert found.verdict == verdict


def test_alerts_that_nobody_exported_have_missed_nothing():
    """No table and an empty table are no alerts on record, not alerts that missed all."""
    for none in (None, alerts(OUTAGES).iloc[:0]):
        assert decided(outages(), incidents=incidents(OUTAGES), alerts=none).verdict == FIX


# Too little to say


def test_no_objective_no_verdict():
    """Without a target nothing can be missed."""
    found = decided(hours(), key=replace(KEY, target=math.nan))
    assert (found.verdict, found.lacks) == (NOT_ENOUGH, NO_OBJECTIVE)


def test_a_short_history_says_how_many_weeks_would_do():
    """A window of 28 days asks for two of them: eight weeks; there are five."""
    found = decided(hours(5))
    assert (found.verdict, found.lacks, found.enough) == (NOT_ENOUGH, FEW_WEEKS, 8)
    assert found.enough > found.weeks == 5


def test_a_budget_of_less_than_one_request_says_nothing():
    """One request an hour: 672 a window, of which 0.67 may fail."""
    counts = hours(total=1.0, bad_every=0)
    found = decided(counts)
    assert (found.verdict, found.lacks) == (NOT_ENOUGH, FEW_EVENTS)


def test_no_traffic_is_refused():
    """Nothing asked, nothing said."""
    counts = hours() * 0
    with pytest.raises(InsufficientDataError, match="no traffic"):
        decided(counts)


def test_harm_that_could_be_chance_asks_for_more_deployments():
    """Three deployments, one of which is followed by the only outage there is."""
    made = deployments(0.25)
    found = decided(broken(hours(), made["finished_at"].iloc[1:2], 2500), made)
    assert (found.verdict, found.lacks, found.leaning) == (
        NOT_ENOUGH, FEW_DEPLOYMENTS, SAFER_RELEASES,
    )  # fmt: skip
    assert found.enough > len(made)


def test_harm_that_could_be_chance_is_not_laid_on_outages_either():
    """Mostly usual errors, 80 % of the budget; what else there is follows one of three deployments.

    The target would be met without it, so the rules look for the larger of harm and outages.
    """
    made = deployments(0.25)
    counts = hours(bad_every=0)
    counts["good"] -= np.arange(len(counts)) % 5 < 4
    found = decided(broken(counts, made["finished_at"].iloc[1:2], 1200), made)
    assert found.causes["usual"] > found.causes["deployments"] > found.causes["outages"]
    assert (found.verdict, found.lacks) == (NOT_ENOUGH, FEW_DEPLOYMENTS)
    assert found.enough > len(made)


def test_a_missed_last_window_is_not_the_time_to_carry_on():
    """A quiet year and an outage in its last week: 700 failed where a window allows 672."""
    found = decided(broken(hours(weeks=52), nights(7 * 51 + 2), 700), deployments(2, weeks=52))
    assert found.met.value > 0.9
    assert (found.verdict, found.lacks, found.leaning) == (NOT_ENOUGH, MISSED, CARRY_ON)
    assert found.enough == 52 + 4


def test_a_window_missed_long_ago_does_not_keep_from_carrying_on():
    """The same outage in the second week."""
    found = decided(broken(hours(weeks=52), nights(9), 700), deployments(2, weeks=52))
    assert found.verdict == CARRY_ON


def test_what_lies_on_the_line_asks_for_more_weeks():
    """Outages that spend the budget of a window now and then: no verdict is sure."""
    days = [9, 37, 44, 68]
    found = decided(broken(hours(), nights(*days), 260), rules=DecisionRules(sure=0.95))
    assert (found.verdict, found.lacks) == (NOT_ENOUGH, UNSURE)
    assert found.leaning in (FIX, CARRY_ON)
    assert math.isnan(found.enough) or found.enough > found.weeks == 13


# What must not matter


def test_the_order_of_rows_does_not_matter():
    """Deployments, incidents and alerts shuffled."""
    counts, made = harmful()
    tables = {"incidents": incidents(OUTAGES), "alerts": alerts(OUTAGES)}
    counts = broken(counts, OUTAGES, 40)
    one = decided(counts, made, **tables)
    mixed = {name: rows.sample(frac=1, random_state=3) for name, rows in tables.items()}
    two = decided(counts, made.sample(frac=1, random_state=3), **mixed)
    assert (two.verdict, two.confidence, two.causes) == (one.verdict, one.confidence, one.causes)
    pd.testing.assert_frame_equal(one.named, two.named)


def test_the_name_of_a_service_does_not_matter():
    """Renamed in the key and in every table."""
    counts, made = harmful()
    other = replace(KEY, service="web", name="web")
    one = decided(counts, made, incidents=incidents(OUTAGES))
    two = decided(counts, made.assign(service="web"), key=other,
                  incidents=incidents(OUTAGES).assign(service="web"))  # fmt: skip
    assert (two.verdict, two.confidence, two.causes) == (one.verdict, one.confidence, one.causes)


@pytest.mark.parametrize("case", ["harm", "outages", "usual", "healthy"])
def test_ten_times_the_traffic_keeps_the_verdict(case):
    """Good and total times ten: the same ratios, the same verdict."""
    counts, made = {
        "harm": harmful(), "outages": (outages(), deployments(1)),
        "usual": (hours(bad_every=0).assign(good=998.0), deployments(1)),
        "healthy": (hours(), deployments(4)),
    }[case]  # fmt: skip
    assert decided(10 * counts, made).verdict == decided(counts, made).verdict != NOT_ENOUGH


def test_a_gap_is_neither_good_nor_bad():
    """Two weeks that nobody measured leave the verdict and lower the weeks used."""
    counts, made = harmful()
    counts.iloc[168 * 6 : 168 * 8] = np.nan
    found = decided(counts, made)
    assert (found.verdict, found.weeks) == (SAFER_RELEASES, 11)


def test_a_calendar_month_is_judged_as_one():
    """Months in Berlin instead of 28 days."""
    month = replace(KEY, window=Window(unit="month", timezone="Europe/Berlin"))
    counts, made = harmful()
    assert decided(counts, made, key=month).verdict == SAFER_RELEASES
    assert decided(hours(), deployments(4), key=month).verdict == CARRY_ON


# Laws


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 400), st.integers(0, 12))
def test_a_verdict_is_said_only_where_it_is_sure_and_its_parts_add_up(seed, size, many):
    """Outages of any size in any weeks."""
    rng = np.random.default_rng(seed)
    counts = broken(hours(), nights(*rng.permutation(91)[:many]), size)
    made = deployments(2, seed=seed)
    found = decided(counts, made)
    spent = (counts["total"] - counts["good"]).sum() / 2184
    assert sum(found.causes.values()) == pytest.approx(spent)
    assert found.spent == pytest.approx(spent)
    assert (found.verdict == NOT_ENOUGH) == bool(found.lacks) == bool(found.leaning)
    assert found.verdict == NOT_ENOUGH or found.confidence >= DecisionRules().sure


def test_a_line_that_cannot_be_is_refused():
    """Shares are fractions, a rate is above 0."""
    with pytest.raises(ParameterError, match=r"For 90 % write 0\.9"):
        DecisionRules(sure=90)
    with pytest.raises(ParameterError, match="fast must be above 0"):
        DecisionRules(fast=0)
    with pytest.raises(ParameterError, match="undetected must be above 0"):
        DecisionRules(undetected=0)
    with pytest.raises(ParameterError, match=r"undetected_share must lie strictly between 0 and 1"):
        DecisionRules(undetected_share=50)


def test_objectives_of_other_windows_do_not_change_the_verdict():
    """A second objective of the service only takes part in the freeze policy."""
    counts, made = harmful()
    other = replace(KEY, name="api slow", sli="latency", target=0.9)
    one = decided(counts, made)
    both = decide({KEY: counts, other: counts}, key=KEY, effect=None, frequency=4.0)
    alone = decide({KEY: counts}, key=KEY, effect=None, frequency=4.0)
    assert (both.verdict, both.confidence) == (alone.verdict, alone.confidence)
    assert one.verdict == SAFER_RELEASES
