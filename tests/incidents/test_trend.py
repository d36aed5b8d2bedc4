"""Better, worse or cannot tell; shuffling; the record and its halves."""

import itertools

import numpy as np
import pandas as pd
import pytest

from srelib import incidents
from srelib.errors import InsufficientDataError, ParameterError

START = pd.Timestamp("2026-01-01", tz="UTC")
WHOLE = START, START + pd.Timedelta("56D")


def table(days: list[float], hours: list[float | None], service: str = "shop") -> pd.DataFrame:
    """Incidents that begin on these days and last so many hours; None is open."""
    at = pd.Series(START + pd.to_timedelta(days, unit="D"))
    return pd.DataFrame({
        "incident_id": [f"{service}{n}" for n in range(len(days))], "service": service,
        "started_at": at, "resolved_at": at + pd.to_timedelta(pd.Series(hours), unit="h"),
        "title": "down",
    })  # fmt: skip


EVEN = [float(d) + 0.5 for d in range(56)]


def test_as_many_in_either_half_cannot_tell():
    """One a day throughout."""
    found = incidents.count_trend(table(EVEN, [1.0] * 56), between=WHOLE)
    assert (found.before.value, found.after.value, found.ratio.value) == (7.0, 7.0, 1.0)
    assert found.verdict == "cannot tell"


@pytest.mark.parametrize(("first", "word"), [(True, "better"), (False, "worse")])
def test_far_fewer_is_better_and_far_more_is_worse(first, word):
    """Thirty against five."""
    few, many = [d + 0.2 for d in range(0, 28, 6)], [d * 0.9 for d in range(30)]
    days = many + [28 + d for d in few] if first else few + [28 + d for d in many]
    found = incidents.count_trend(table(days, [1.0] * 35), between=WHOLE)
    assert found.verdict == word
    assert (found.before.n, found.after.n) == ((30, 5) if first else (5, 30))


def test_one_burst_is_no_trend():
    """Twenty incidents of a single night against five elsewhere: exact Poisson would say worse."""
    calm = [float(d) + 0.3 for d in range(0, 56, 7)]
    days = sorted(calm + [40 + n / 48 for n in range(20)])
    found = incidents.count_trend(table(days, [0.3] * len(days)), between=WHOLE)
    assert found.index > 5
    assert found.verdict == "cannot tell"


def test_the_split_belongs_to_the_second_part_and_may_be_anywhere():
    """A day as text is UTC midnight."""
    found = incidents.count_trend(table([7.0], [1.0]), between=WHOLE, split="2026-01-08")
    assert (found.before.n, found.after.n, found.split.day) == (0, 1, 8)
    with pytest.raises(ParameterError, match="split must lie inside the history"):
        incidents.count_trend(table([7.0], [1.0]), between=WHOLE, split="2027-01-01")
    with pytest.raises(ParameterError, match="split must be a date or time; got 'soon'"):
        incidents.count_trend(table([7.0], [1.0]), between=WHOLE, split="soon")


def test_durations_a_quarter_as_long_are_better():
    """Hand-worked: each later one a quarter of an earlier one."""
    hours = [float(2 + d % 7) for d in range(28)]
    rows = table(EVEN, [*hours, *(h / 4 for h in hours)])
    found = incidents.duration_trend(rows, between=WHOLE)
    assert found.ratio.value == pytest.approx(0.25, rel=1e-4)
    assert (found.verdict, found.correlation.high < 0) == ("better", True)


def test_one_endless_incident_changes_no_verdict():
    """It moves the mean a hundredfold, the ranks hardly."""
    hours: list[float | None] = [float(2 + d % 7) for d in range(56)]
    hours[50] = 5000.0
    found = incidents.duration_trend(table(EVEN, hours), between=WHOLE)
    assert found.verdict == "cannot tell"
    assert found.ratio.value == pytest.approx(1.0, abs=0.1)


def test_shuffling_six_incidents_counts_every_way_to_divide_them():
    """Exact: 3 + 3 of 1, 2, 3 | 4, 5, 9 hours; only the observed way and its mirror are as far."""
    hours = [1.0, 2.0, 3.0, 4.0, 5.0, 9.0]
    rows = table([1, 2, 3, 29, 30, 31], hours)
    found = incidents.noise_check(rows, between=WHOLE)
    ways = [sum(c) for c in itertools.combinations(hours, 3)]
    as_far = sum(abs(24 - 2 * s) >= 12 for s in ways)
    assert (as_far, len(ways)) == (2, 20)
    assert found.share == pytest.approx(as_far / len(ways))
    assert (found.before, found.after) == (2 * 3600, 6 * 3600)


def test_what_never_changed_is_often_as_different():
    """The share is even over histories in which nothing changed: half lie below one half."""
    rng = np.random.default_rng(4)
    found = [
        incidents.noise_check(
            table(EVEN, list(rng.lognormal(0, 1.2, 56))), between=WHOLE, resamples=99, seed=n
        ).share
        for n in range(60)
    ]
    assert np.mean(np.array(found) < 0.5) == pytest.approx(0.5, abs=0.2)


def test_the_same_seed_gives_the_same_shuffling():
    """And another one another, with the same answer within its error."""
    rows = table(EVEN, list(np.random.default_rng(0).lognormal(0, 1, 56)))
    one, two, other = (
        incidents.noise_check(rows, between=WHOLE, seed=seed, statistic="median")
        for seed in (1, 1, 2)
    )
    assert (one.differences == two.differences).all()
    assert not (one.differences == other.differences).all()
    assert one.share == pytest.approx(other.share, abs=0.03)


def test_shuffling_refuses_what_it_cannot_do():
    """Too few in a half, or another statistic."""
    with pytest.raises(InsufficientDataError, match=r"at least 3 incidents .* got 2 before"):
        incidents.noise_check(table([1, 2, 30, 31, 32], [1.0] * 5), between=WHOLE)
    with pytest.raises(ParameterError, match="statistic must be one of mean, median; got 'max'"):
        incidents.noise_check(table(EVEN, [1.0] * 56), between=WHOLE, statistic="max")


def test_the_record_begins_with_the_other_data_only_where_the_first_incident_is_near():
    """Months before the first incident of an export are not months without any."""
    rows = table([10.0, 20.0, 30.0, 40.0], [1.0] * 4)
    end = WHOLE[1]
    near = incidents.history(rows, as_of=end, observed_since=START)
    assert near == (START, end)
    far = incidents.history(rows, as_of=end, observed_since=START - pd.Timedelta("365D"))
    assert far == incidents.history(rows, as_of=end) == (START + pd.Timedelta("10D"), end)
    assert incidents.history(rows, as_of=end, observed_since=pd.NaT) == far
    with pytest.raises(InsufficientDataError, match="no incident began before"):
        incidents.history(rows, as_of=START)


def test_a_verdict_per_service_is_corrected_for_how_many_there_are():
    """Twenty services: one with p just below 5 % alone is no finding; a clear one is."""
    odd = table([1, 2, 3, 4, 5, 6, 30], [1.0] * 7, "s00")
    calm = [table([5.0 + n / 10, 40.0], [1.0] * 2, f"s{n:02d}") for n in range(1, 20)]
    clear = table([d * 0.9 for d in range(30)], [1.0] * 30, "clear")
    alone = incidents.by_service(odd, between=WHOLE).set_index("service")
    assert alone.loc["s00", "count_verdict"] == "cannot tell"
    found = incidents.by_service(pd.concat([odd, clear, *calm]), between=WHOLE)
    rows = found.set_index("service")
    assert rows.loc["clear", "count_verdict"] == "better"
    assert set(rows.drop(index="clear")["count_verdict"]) == {"cannot tell"}


def test_severities_are_chosen_by_name():
    """Upper or lower case; an unknown one is refused with what there is."""
    rows = table(EVEN[:2], [1.0] * 2).assign(severity=["High", "low"])
    assert incidents.of_severity(rows, ["high"])["incident_id"].tolist() == ["shop0"]
    assert len(incidents.of_severity(rows)) == 2
    with pytest.raises(ParameterError, match="severity 'sev1'; the data have 'High', 'low'"):
        incidents.of_severity(rows, "SEV1")


def test_a_long_silence_at_the_end_is_noticed():
    """One a day and then none for four weeks: by chance once in e^28."""
    found = incidents.review(table(EVEN[:28], [1.0] * 28), as_of=WHOLE[1])
    assert found.silence_p_value < 1e-9
    assert incidents.review(table(EVEN, [1.0] * 56), as_of=WHOLE[1]).silence_p_value > 0.3


def test_without_incidents_there_is_no_review():
    """None, for pages that say what is missing."""
    assert incidents.review(table([], []), as_of=WHOLE[1]) is None
