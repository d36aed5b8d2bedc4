"""The budget each morning, and incidents that ask for a postmortem."""

import pandas as pd
import pytest

from srelib import policy as policies
from srelib.errors import ColumnError, ParameterError
from srelib.windows import Window
from tests.policy.shapes import (
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


def minutes(down: float) -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    """Four weeks of minutes at ten events a second, total outage for so many seconds."""
    index = pd.date_range("2026-06-01", periods=28 * 1440, freq="min", tz="UTC", unit="us")
    total = pd.Series(600.0, index)
    good, start = total.copy(), index[20_000]
    whole, rest = divmod(down, 60)
    good.iloc[20_000 : 20_000 + int(whole)] = 0.0
    good.iloc[20_000 + int(whole)] -= 10 * rest
    log = pd.DataFrame({"incident_id": ["i1"], "title": ["down"], "started_at": [start],
                        "resolved_at": [start + pd.Timedelta(seconds=down)]})  # fmt: skip
    return good, total, log


@pytest.mark.parametrize(("seconds", "due"), [(483, 0), (484, 1)])
def test_eight_minutes_at_three_nines_are_the_line(seconds, due):
    """20 % of the 40.32 min that 28 days at 99.9 % allow are 8.064 min, or 483.84 s."""
    good, total, log = minutes(seconds)
    assert len(policies.postmortems(good, total, log, target=0.999)) == due


def test_the_dearest_comes_first_and_an_open_one_lasts_until_the_data_ends():
    """Shares of the budget; incidents that hurt nobody are left out."""
    good, total, log = minutes(600)
    good.iloc[-900:] = 0.0
    more = pd.DataFrame({
        "incident_id": ["open", "paper"], "title": ["open", "paper"],
        "started_at": [total.index[-900], total.index[50]],
        "resolved_at": [pd.NaT, total.index[90]],
    })  # fmt: skip
    more["resolved_at"] = pd.to_datetime(more["resolved_at"], utc=True)
    found = policies.postmortems(good, total, pd.concat([log, more]), target=0.999)
    assert found["incident_id"].tolist() == ["open", "i1"]
    assert found["spent"].tolist() == pytest.approx([900 / 40.32, 10 / 40.32])
    assert found["ended_at"][0] == total.index[-1] + pd.Timedelta("1min")


def test_what_cannot_be_asked_is_refused():
    """Columns, calendar windows, no line."""
    good, total, log = minutes(600)
    with pytest.raises(ColumnError, match="incidents lack resolved_at"):
        policies.postmortems(good, total, log.drop(columns="resolved_at"), target=0.999)
    with pytest.raises(ParameterError, match="needs a rolling window and a share above 0"):
        policies.postmortems(good, total, log, target=0.999, window=Window(unit="month"))
    with pytest.raises(ParameterError, match="got 28 days and 0"):
        policies.postmortems(good, total, log, target=0.999, above=0)
