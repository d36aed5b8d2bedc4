"""When the budget runs out: planted answers, limits, no look-ahead."""

import numpy as np
import pandas as pd
import pytest

from srelib import budget
from srelib.errors import InsufficientDataError, InvalidTargetError, ParameterError
from srelib.windows import Window

START = pd.Timestamp("2026-01-05", tz="UTC")  # a Monday
ROLLING = Window.parse("28d")
MONTH = Window.parse("1M", rolling=False)


def hourly(values: object, first: pd.Timestamp = START) -> pd.Series:
    """Hourly counts."""
    data = np.asarray(values, dtype="float64")
    return pd.Series(data, index=pd.date_range(first, periods=len(data), freq="h", unit="us"))


def steady(days: int, first: pd.Timestamp = START) -> pd.Series:
    """A thousand events every hour."""
    return hourly(np.full(days * 24, 1000.0), first)


def bursts(days: int, *, seed: int) -> tuple[pd.Series, pd.Series]:
    """Good and total with an outage on about one day in six."""
    rng = np.random.default_rng(seed)
    down = np.repeat(rng.random(days) < 1 / 6, 24) & (np.arange(days * 24) % 24 < 3)
    total = steady(days)
    return total - np.where(down, 60.0, 0.3), total


def test_a_steady_burn_runs_out_when_arithmetic_says():
    """2 % of a month's traffic at 99 % is gone after half of the month, without spread."""
    total = steady(10, pd.Timestamp("2026-01-01", tz="UTC"))
    result = budget.forecast(total - 20, total, target=0.99, window=MONTH)
    expected = pd.Timestamp("2026-01-16T12:00", tz="UTC")
    assert (result.low, result.at, result.high) == (expected, expected, expected)
    assert result.probability == 1


def test_a_budget_that_lasts_has_no_time():
    """Half of the allowed errors never empty the budget: NaT, probability 0."""
    total = steady(40)
    for window in (ROLLING, MONTH):
        result = budget.forecast(total - 5, total, target=0.99, window=window)
        assert result.at is pd.NaT
        assert result.low is pd.NaT
        assert result.high is pd.NaT
        assert result.probability == 0


def test_burning_exactly_the_budget_does_not_run_out():
    """Spending exactly what is allowed meets the target, whatever floating point thinks."""
    total = steady(40)
    result = budget.forecast(total - 1, total, target=0.999, window=ROLLING)
    assert result.probability == 0


def test_old_bad_events_leave_a_rolling_window():
    """An outage that spent nearly all leaves in a week; the slow burn alone never empties it.

    6,000 + 28 days of 24 leave 48 of 6,720. Never letting go of the outage would end on day 2
    in every future; letting go, it takes another such day, which came once in 60.
    """
    total = steady(60)
    bad = np.ones(60 * 24)
    bad[-21 * 24 : -21 * 24 + 6] = 1000.0
    result = budget.forecast(total - bad, total, target=0.99, window=ROLLING)
    assert result.at is pd.NaT
    assert 0.02 < result.probability < 0.35


def test_bad_events_that_leave_are_not_spent_again():
    """Errors only in the oldest day: nothing left to spend them after it has left."""
    total = steady(28)
    bad = np.zeros(28 * 24)
    bad[:24] = 270.0  # 6,480 of 6,720; one more such day in the window would be too much
    result = budget.forecast(total - bad, total, target=0.99, window=ROLLING, horizon="1D", seed=1)
    assert result.probability == 0


def test_a_spent_rolling_budget_is_spent_now():
    """More bad than allowed in the window: now, with probability 1, without any history."""
    total = steady(3)
    result = budget.forecast(total - 20, total, target=0.99, window=ROLLING)
    assert result.at == result.low == result.high == START + pd.Timedelta("3D")
    assert result.probability == 1
    assert result.method == "already spent"


def test_early_in_a_period_the_whole_period_is_the_measure():
    """A bad first hour of the month overspends so far, but not the budget of the month."""
    first = pd.Timestamp("2026-01-25", tz="UTC")
    total = steady(8, first)  # to the end of 1 February
    bad = np.zeros(8 * 24)
    bad[-24] = 400.0  # first hour of February: 10 would be allowed so far
    result = budget.forecast(total - bad, total, target=0.99, window=MONTH)
    assert result.at is pd.NaT


def test_a_spent_calendar_budget_is_spent_now():
    """More bad events in ten days than the whole month allows: now, in every future."""
    total = steady(10, pd.Timestamp("2026-01-01", tz="UTC"))
    result = budget.forecast(total - 50, total, target=0.99, window=MONTH)
    assert result.at == result.low == result.high == pd.Timestamp("2026-01-11", tz="UTC")
    assert (result.probability, result.method) == (1, "already spent")


def test_a_calendar_period_is_not_looked_beyond():
    """The horizon is the end of the local month, and a longer one is cut to it."""
    berlin = Window.parse("1M", timezone="Europe/Berlin", rolling=False)
    total = steady(10)
    for horizon in (None, "90D"):
        result = budget.forecast(total - 1, total, target=0.9, window=berlin, horizon=horizon)
        assert result.horizon == pd.Timestamp("2026-01-31T23:00", tz="UTC")


def test_at_the_end_of_a_period_the_next_one_begins_unspent():
    """Data that ends with January asks about February, with a full budget."""
    total = steady(31, pd.Timestamp("2026-01-01", tz="UTC"))
    result = budget.forecast(total - 20, total, target=0.99, window=MONTH)
    assert result.at == pd.Timestamp("2026-02-15", tz="UTC")  # half of 28 days at twice the rate
    assert result.horizon == pd.Timestamp("2026-03-01", tz="UTC")


def test_uncertain_history_gives_an_interval_and_a_probability():
    """Outages on some days: the end is a range in order, and less than certain."""
    good, total = bursts(60, seed=3)
    result = budget.forecast(good, total, target=0.9985, window=ROLLING)
    assert 0 < result.probability < 1
    assert START + pd.Timedelta("60D") < result.low
    assert result.high is pd.NaT  # some futures last, so the late end is open
    assert result.days == 60


def test_a_wider_confidence_gives_a_wider_interval():
    """80 % lies inside 95 %."""
    good, total = bursts(60, seed=3)
    wide, narrow = (
        budget.forecast(good, total, target=0.9985, window=ROLLING, confidence=c).low
        for c in (0.95, 0.8)
    )
    assert wide <= narrow


def test_probability_is_that_of_the_planted_process():
    """Friday and Saturday must both fail: 7 of 44 working days did, and 3 of 16 weekend days."""
    down = np.arange(60) % 6 == 5  # the last one is a Thursday, the day before now
    bad = np.repeat(np.where(down, 100.0, 0.0), 24)
    total = steady(60)
    # 5 % of four days' 96,000 events are two failing days exactly; three are too many.
    result = budget.forecast(
        total - bad,
        total,
        target=0.95,
        window=Window.parse("4d"),
        horizon="2D",
        resamples=20_000,
    )
    assert result.probability == pytest.approx(7 / 44 * 3 / 16, abs=0.005)


def test_little_history_makes_the_future_less_certain():
    """Two of ten days failed; two in a row come more often than 0.2 x 0.2, as 0.2 is a guess.

    Over resamples of ten days the mean of the squared share is 0.04 + 0.2 * 0.8 / 10.
    """
    bad = np.repeat(np.where(np.arange(10) % 5 == 4, 100.0, 0.0), 24)
    total = steady(10)
    result = budget.forecast(
        total - bad,
        total,
        target=0.95,
        window=Window.parse("4d"),
        horizon="2D",
        resamples=20_000,
    )
    assert result.probability == pytest.approx(0.056, abs=0.005)


def test_weekends_are_like_weekends_and_leave_the_window_too():
    """1.5 % fail at weekends, nothing else; at 99 % two days are too much by Sunday, 08:00.

    At hour h of Sunday the two-day window holds 360 + 15 h of 480.
    Were Friday not to leave again, the three days would stay within budget.
    """
    days = 32  # Monday to Thursday, 5 February
    weekend = np.isin(np.arange(days) % 7, [5, 6])
    total = steady(days)
    result = budget.forecast(
        total - np.repeat(np.where(weekend, 15.0, 0.0), 24),
        total,
        target=0.99,
        window=Window.parse("2d"),
        horizon="7D",
    )
    sunday = pd.Timestamp("2026-02-08T08:00", tz="UTC")
    assert (result.low, result.at, result.high) == (sunday, sunday, sunday)


def test_exactly_the_budget_in_seconds_does_not_run_out():
    """60 - 59.94 is a little more than 0.06 in floating point; that is not an overdraft."""
    total = steady(40) * 0 + 60
    result = budget.forecast(total * 0 + 59.94, total, target=0.999, window=ROLLING)
    assert result.probability == 0


@pytest.mark.parametrize(("horizon", "found"), [("126h", False), ("133h", True)])
def test_a_horizon_within_a_day_is_kept(horizon, found):
    """The budget is gone 132 hours from now; 126 hours do not see that."""
    total = steady(10, pd.Timestamp("2026-01-01", tz="UTC"))
    result = budget.forecast(total - 20, total, target=0.99, window=MONTH, horizon=horizon)
    assert (result.at is not pd.NaT) is found


def test_the_same_seed_gives_the_same_answer():
    """Repeatable, and another seed draws other futures."""
    good, total = bursts(60, seed=3)
    policy = {"target": 0.9985, "window": ROLLING}
    first, again, other = (budget.forecast(good, total, **policy, seed=s) for s in (1, 1, 2))
    assert repr(first) == repr(again)
    assert first.probability != other.probability


def test_gaps_are_scaled_not_taken_for_quiet():
    """A day seen to half weighs as a whole one; a day hardly seen is not drawn from."""
    total = steady(10, pd.Timestamp("2026-01-01", tz="UTC"))
    total.iloc[24:36] = np.nan
    total.iloc[48:70] = np.nan
    result = budget.forecast(total - 20, total, target=0.99, window=MONTH)
    seen = 10 * 24 - 12 - 22
    whole = seen + 21 * 24  # allowance follows the traffic seen and expected
    at = pd.Timestamp("2026-01-11", tz="UTC") + pd.Timedelta(hours=whole / 2 - seen)
    assert result.days == 9
    assert abs(result.at - at) < pd.Timedelta("1s")


def test_too_little_history_is_refused_with_what_was_seen():
    """Six days cannot stand for the coming ones."""
    total = steady(6)
    with pytest.raises(InsufficientDataError, match=r"at least 7 past days .* got 6"):
        budget.forecast(total, total, target=0.99, window=ROLLING)


def test_buckets_longer_than_a_day_are_refused():
    """A week cannot be drawn as a day."""
    index = pd.date_range(START, periods=20, freq="7D", unit="us")
    total = pd.Series(1000.0, index=index)
    with pytest.raises(InsufficientDataError, match="buckets of 7 days"):
        budget.forecast(total, total, target=0.99, window=ROLLING)


@pytest.mark.parametrize(
    ("policy", "error", "text"),
    [
        ({"horizon": "0D"}, ParameterError, "horizon must be longer than nothing"),
        (
            {"confidence": 95},
            ParameterError,
            "confidence must lie strictly between 0 and 1; got 95",
        ),
        ({"target": 99.5}, InvalidTargetError, "For 99.5 % write 0.995"),
    ],
)
def test_policies_that_cannot_be_are_refused(policy, error, text):
    """Horizon, confidence and target are checked, with the value seen."""
    total = steady(8)
    with pytest.raises(error, match=text):
        budget.forecast(total, total, **{"target": 0.99, "window": ROLLING, **policy})


def test_forecast_leaves_its_input_alone():
    """The counts are the caller's."""
    good, total = bursts(20, seed=3)
    before = good.copy(), total.copy()
    budget.forecast(good, total, target=0.99, window=ROLLING)
    pd.testing.assert_series_equal(good, before[0])
    pd.testing.assert_series_equal(total, before[1])
