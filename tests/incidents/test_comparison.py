"""Better, worse or cannot tell: two parts of a history, their services, the sample's truth."""

import json
import math
from functools import cache

import pandas as pd
import pytest

from srelib import incidents
from srelib.errors import ParameterError
from srelib.incidents import comparison
from srelib.incidents.comparison import _summary
from srelib.stats import Estimate
from tests.incidents.made import EVEN, ROOT, WHOLE, sample, table


def compared(rows: pd.DataFrame) -> incidents.PeriodComparison | None:
    """The halves of a history that ends after eight weeks."""
    return incidents.compare_periods(rows, as_of=WHOLE[1], observed_since=WHOLE[0])


def test_as_many_in_either_half_cannot_tell():
    """One a day throughout."""
    found = comparison._count_trend(table(EVEN, [1.0] * 56), between=WHOLE)
    assert (found.before.value, found.after.value, found.ratio.value) == (7.0, 7.0, 1.0)
    assert found.verdict == "cannot tell"


@pytest.mark.parametrize(("first", "word"), [(True, "better"), (False, "worse")])
def test_far_fewer_is_better_and_far_more_is_worse(first, word):
    """Thirty against five."""
    few, many = [d + 0.2 for d in range(0, 28, 6)], [d * 0.9 for d in range(30)]
    days = many + [28 + d for d in few] if first else few + [28 + d for d in many]
    found = comparison._count_trend(table(days, [1.0] * 35), between=WHOLE)
    assert found.verdict == word
    assert (found.before.n, found.after.n) == ((30, 5) if first else (5, 30))


def test_one_burst_is_no_trend():
    """Twenty incidents of a single night against five elsewhere: exact Poisson would say worse."""
    calm = [float(d) + 0.3 for d in range(0, 56, 7)]
    days = sorted(calm + [40 + n / 48 for n in range(20)])
    found = comparison._count_trend(table(days, [0.3] * len(days)), between=WHOLE)
    assert found.index > 5
    assert found.verdict == "cannot tell"


def test_the_split_belongs_to_the_second_part_and_may_be_anywhere():
    """A day as text is UTC midnight."""
    found = comparison._count_trend(table([7.0], [1.0]), between=WHOLE, split="2026-01-08")
    assert (found.before.n, found.after.n) == (0, 1)
    with pytest.raises(ParameterError, match="split must lie inside the history"):
        comparison._count_trend(table([7.0], [1.0]), between=WHOLE, split="2027-01-01")
    with pytest.raises(ParameterError, match="split must be a date or time; got 'soon'"):
        comparison._count_trend(table([7.0], [1.0]), between=WHOLE, split="soon")


def test_durations_a_quarter_as_long_are_better():
    """Hand-worked: each later one a quarter of an earlier one."""
    hours = [float(2 + d % 7) for d in range(28)]
    rows = table(EVEN, [*hours, *(h / 4 for h in hours)])
    found = comparison._duration_trend(rows, between=WHOLE)
    assert found.ratio.value == pytest.approx(0.25, rel=1e-4)
    assert (found.verdict, found.correlation.high < 0) == ("better", True)


def test_one_endless_incident_changes_no_verdict():
    """It moves the mean a hundredfold, the ranks hardly."""
    hours: list[float | None] = [float(2 + d % 7) for d in range(56)]
    hours[50] = 5000.0
    found = comparison._duration_trend(table(EVEN, hours), between=WHOLE)
    assert found.verdict == "cannot tell"
    assert found.ratio.value == pytest.approx(1.0, abs=0.1)


def test_a_verdict_per_service_is_corrected_for_how_many_there_are():
    """Twenty services: one with p just below 5 % alone is no finding; a clear one is."""
    odd = table([1, 2, 3, 4, 5, 6, 30], [1.0] * 7, "s00")
    calm = [table([5.0 + n / 10, 40.0], [1.0] * 2, f"s{n:02d}") for n in range(1, 20)]
    clear = table([d * 0.9 for d in range(30)], [1.0] * 30, "clear")
    at = {"between": WHOLE, "split": WHOLE[0] + pd.Timedelta("28D")}
    alone = comparison._compare_services(odd, **at).set_index("service")
    assert alone.loc["s00", "count_verdict"] == "cannot tell"
    rows = comparison._compare_services(pd.concat([odd, clear, *calm]), **at).set_index("service")
    assert rows.loc["clear", "count_verdict"] == "better"
    assert set(rows.drop(index="clear")["count_verdict"]) == {"cannot tell"}


def test_a_long_silence_at_the_end_is_noticed():
    """One a day and then none for four weeks: by chance once in e^28."""
    assert compared(table(EVEN[:28], [1.0] * 28)).silence_p_value < 1e-9
    assert compared(table(EVEN, [1.0] * 56)).silence_p_value > 0.3


def test_without_incidents_there_is_no_comparison():
    """None, for pages that say what is missing."""
    assert compared(table([], [])) is None


def test_an_incident_of_two_services_is_one_for_the_fleet_and_one_for_each():
    """A week of incidents at both services: nothing about the fleet changes, the table doubles."""
    rows = table(EVEN, [1.0, 2.0, 3.0, 6.0] * 14)
    one, two = compared(rows), compared(pd.concat([rows, rows[:7].assign(service="api")]))
    assert (two.counts, two.noise.share) == (one.counts, one.noise.share)
    assert two.times["restore"].median == one.times["restore"].median
    assert (len(two.durations), len(two.service_durations)) == (56, 63)
    assert two.bins["count"].sum() == 56
    assert (two.lengths.correlation, two.detectable.cut) == (
        one.lengths.correlation, one.detectable.cut,
    )  # fmt: skip
    assert two.services.set_index("service")["incidents"].to_dict() == {"shop": 56, "api": 7}
    assert two.downtime.summed == one.downtime.summed


# One service


def logged(*rows: tuple) -> pd.DataFrame:
    """Incidents from (service, start, hours or None, severity)."""
    frame = pd.DataFrame(rows, columns=["service", "started_at", "hours", "severity"])
    frame["started_at"] = pd.to_datetime(frame["started_at"], utc=True)
    frame["resolved_at"] = frame["started_at"] + pd.to_timedelta(frame["hours"], unit="h")
    frame["incident_id"] = [f"i{n}" for n in range(len(frame))]
    return frame.drop(columns="hours")


JANUARY = pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-29", tz="UTC")


def summary(rows: pd.DataFrame, service: str) -> tuple[Estimate, Estimate]:
    """January of one service: incidents a week, and the time to restore."""
    return _summary(rows[rows["service"] == service], between=JANUARY)


ROWS = logged(
    ("shop", "2025-12-31 23:59", 1.0, "high"),
    ("shop", "2026-01-01 00:00", 1.0, "high"),
    ("shop", "2026-01-05 00:00", 3.0, "low"),
    ("shop", "2026-01-28 23:00", None, "low"),
    ("shop", "2026-01-29 00:00", 1.0, "high"),
    ("api", "2026-01-09 00:00", 9.0, "Maintenance"),
    ("api", "2025-12-09 00:00", 9.0, "high"),
)


def test_an_incident_belongs_to_the_period_it_began_in():
    """Half-open: the start counts, the end does not."""
    found, _ = summary(ROWS, "shop")
    assert (found.n, found.value) == (3, 0.75)


def test_the_open_one_counts_for_as_long_as_it_was_seen():
    """Of 1 h, 3 h and one open after 1 h the median is 3 h: the open one leaves at 1 h."""
    assert summary(ROWS, "shop")[1].value == 3 * 3600


def test_no_incident_is_zero_a_week_and_no_time_to_restore():
    """Planned maintenance is none; a rate of 0 still has an upper end (Garwood: 3.689 in all)."""
    often, restore = summary(ROWS, "api")
    assert (often.n, often.value, restore.n) == (0, 0.0, 0)
    assert often.high == pytest.approx(3.689 / 4, abs=1e-3)
    assert math.isnan(restore.value)


def test_a_burst_says_less_than_as_many_apart():
    """Twelve in one night against twelve spread over four weeks: the same rate, wider interval."""
    night = logged(*(("shop", f"2026-01-05 0{n // 2}:{30 * (n % 2):02d}", 0.2, "high")
                    for n in range(12)))  # fmt: skip
    apart = logged(*(("shop", f"2026-01-{2 + 2 * n:02d}", 0.2, "high") for n in range(12)))
    burst, even = (summary(rows, "shop")[0] for rows in (night, apart))
    assert burst.value == even.value == 3.0
    assert burst.low < even.low < even.high < burst.high
    assert even.high == pytest.approx(20.96 / 4, abs=0.005)


def test_what_ended_after_the_period_was_open_in_it():
    """Only what was known by the end counts."""
    rows = logged(("shop", "2026-01-28 00:00", 48.0, "high"))
    _, restore = summary(rows, "shop")
    assert restore.n == 1
    assert math.isnan(restore.value)


def test_a_period_must_end_after_it_begins():
    """The message says what was seen."""
    with pytest.raises(ParameterError, match="between must end after it begins"):
        _summary(ROWS, between=JANUARY[::-1])


# The sample


@cache
def sample_compared() -> incidents.PeriodComparison:
    """The halves of the sample."""
    data = sample()
    since = data.series["first"].min()
    found = incidents.compare_periods(data.incidents, as_of=data.as_of, observed_since=since)
    assert found is not None
    return found


@cache
def truth() -> pd.DataFrame:
    """The incidents planted in it."""
    planted = json.loads((ROOT / "tests" / "truth" / "sample.json").read_text(encoding="utf-8"))
    rows = pd.DataFrame(planted["incidents"])
    for name in ("started_at", "ended_at"):
        rows[name] = pd.to_datetime(rows[name], utc=True)
    return rows


def test_nothing_was_planted_to_change_and_no_change_is_claimed():
    """Rates and durations are the same throughout; a bad week in June is not a trend."""
    found = sample_compared()
    assert (found.counts.verdict, found.lengths.verdict) == ("cannot tell", "cannot tell")
    assert set(found.services["count_verdict"]) == {"cannot tell"}
    assert found.counts.index > 1.25


def test_every_planted_incident_is_counted_at_its_service():
    """62, as many at each service as were planted."""
    found = sample_compared()
    by_service = found.services.set_index("service")["incidents"].to_dict()
    assert by_service == truth()["service"].value_counts().to_dict()


def test_the_median_holds_the_planted_one():
    """True length of the harm is shorter than what the tickets say, by noticing and closing."""
    found = sample_compared()
    rows = truth()
    harm = (rows["ended_at"] - rows["started_at"]).dt.total_seconds().median()
    median = found.times["restore"].median
    assert median.low < harm < median.high


def test_detection_is_not_known_from_this_source():
    """The export is PagerDuty's, which knows nothing before the page."""
    found = sample_compared()
    assert not found.times["detect"].recorded
