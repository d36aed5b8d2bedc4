"""Numbers and names as text: nothing is rounded across a line that matters."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import wording
from srelib.wording import NBSP


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"), (1.0, "100 %"), (0.99996, "99.996 %"), (0.9999999, "99.99999 %"),
        (0.9993, "99.93 %"), (0.5, "50 %"), (0.123, "12 %"), (0.00042, "0.042 %"),
        (1.43, "143 %"), (12.89, "1,289 %"), (-12.89, "−1,289 %"), (1.004, "100.4 %"),
        (-0.004, "−0.4 %"), (math.nan, "unknown"), (math.inf, "unknown"),
    ],
)  # fmt: skip
def test_percent_keeps_the_digits_that_tell_a_share_from_0_and_100(share, text):
    """Two digits of the distance to 0 or 100 %, never rounded onto either."""
    assert plain(wording.percent(share)) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.99896, "99.896 %"), (0.998996, "99.8996 %"), (0.999, "99.9 %"), (0.9990001, "99.90001 %")],
)
def test_percent_never_writes_a_share_as_its_target(share, text):
    """A ratio just below 99.9 % is not written as 99.9 %."""
    assert plain(wording.percent(share, against=0.999)) == text


@settings(max_examples=100, deadline=None)
@given(st.floats(min_value=-20, max_value=20), st.sampled_from([0.9, 0.99, 0.999, 0.9995]))
def test_percent_stays_on_its_side_of_every_line(share, target):
    """The text, read back, lies on the same side of 0, 1 and the target as the number."""
    text = plain(wording.percent(share, against=target))
    read = float(text.removesuffix(" %").replace(",", "").replace("−", "-"))
    for line in (0, 1, target):
        if abs(share - line) > 1e-9:
            assert (read > line * 100) == (share > line)


@pytest.mark.parametrize(
    ("value", "text"), [(0.43, "43"), (0.999, "over 99"), (0.001, "under 1"), (0.985, "98")]
)
def test_windows_of_a_hundred_are_never_none_and_never_all(value, text):
    """A probability from draws is no certainty."""
    assert wording.of_100(value) == text


def test_percents_leave_a_whole_alone():
    """100 % needs no decimals beside an interval that has some."""
    assert [plain(text) for text in wording.percents([1.0, 0.9993])] == ["100 %", "99.93 %"]


def test_percents_line_up():
    """An interval has as many places as its estimate."""
    texts = [plain(text) for text in wording.percents([0.9941, 0.989, 0.9964])]
    assert texts == ["99.41 %", "98.90 %", "99.64 %"]
    texts = [plain(text) for text in wording.percents([0.9642857, 0.8682543, 0.9999988])]
    assert texts == ["96.4 %", "86.8 %", "99.99988 %"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (3, "3"), (0.42, "0.42"), (1234, "1,234"), (1_234_567, "1.23 million"),
        (999_999, "1 million"), (2.5e9, "2.5 billion"), (-1234, "−1,234"), (math.nan, "unknown"),
    ],
)  # fmt: skip
def test_count_writes_large_numbers_in_words(number, text):
    """Digits up to a million, three significant ones above."""
    assert plain(wording.count(number)) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        ("43min", "43 min"), ("2h5min", "2 h 5 min"), ("28D", "28 days"), ("1D1h", "1 day 1 h"),
        ("59.9min", "59 min 54 s"), ("23h59min50s", "1 day"), ("0.3s", "0.3 s"),
    ],
)  # fmt: skip
def test_duration_names_the_two_largest_units(length, text):
    """Smaller units are rounded into the larger ones."""
    assert plain(wording.duration(pd.Timedelta(length))) == text


def test_amount_of_seconds_is_a_duration():
    """Budgets of series weighted by time are minutes, not events."""
    assert plain(wording.amount(2580, "seconds")) == "43 min"


def test_amount_of_one_is_singular():
    """One event, two events."""
    assert [plain(wording.amount(n, "events")) for n in (1, 2)] == ["1 event", "2 events"]
    slices = [plain(wording.amount(n, "slices of time")) for n in (1, 2)]
    assert slices == ["1 slice of time", "2 slices of time"]


def test_label_is_one_printable_line():
    """Line breaks, tabs and control characters from the data disappear; long names are cut."""
    assert wording.label("a\n\tb\x07c") == "a bc"
    assert wording.label("x" * 99, limit=10) == "x" * 9 + "…"
    assert wording.label(None) == wording.label("  ") == "unnamed"


def test_a_probability_is_never_certain_and_stays_on_its_side():
    """Neither 0 nor 100 %; 89.96 % asked for 90 % does not become 90 %."""
    found = [wording.probability(p, required=0.9) for p in (0.0, 0.42, 0.8996, 0.9, 1.0, math.nan)]
    assert [text.replace("\u00a0", " ") for text in found] == [
        "under 1 %", "42 %", "89.96 %", "90 %", "over 99 %", "unknown"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "text"),
    [(12.6, "13"), (2.04, "2"), (2.16, "2.2"), (0.777, "0.78"), (float("nan"), "unknown")],
)
def test_rates_have_about_two_digits(number, text):
    """Whole from ten on, one decimal from two on, two below; what is not known says so."""
    assert wording.rounded(number) == text


def test_a_correlation_has_a_true_minus():
    """U+2212, not a hyphen."""
    assert (wording.signed(-0.188), wording.signed(0.071)) == ("\u22120.19", "0.07")


def test_seconds_are_left_out_from_ten_minutes_on():
    """And kept below."""
    found = [wording.to_the_minute(s).replace("\u00a0", " ") for s in (599, 614, 3691)]
    assert found == ["9 min 59 s", "10 min", "1 h 2 min"]


def test_a_verdict_says_what_chance_can_explain():
    """Better and worse are more than that."""
    found = [wording.reach_of_chance(v) for v in ("better", "worse", "cannot tell")]
    assert found == ["significant", "significant", "could be chance"]


@pytest.mark.parametrize(
    ("length", "text"),
    [("0s", "0 min"), ("52s", "52 s"), ("8min4s", "8 min 4 s"), ("10min29s", "10 min"),
     (pd.NaT, "unknown"), (5400.0, "1 h 30 min")],
)  # fmt: skip
def test_waits_are_said_to_the_minute_from_ten_minutes_on(length, text):
    """A Timedelta, or seconds; none is 0 min."""
    given = pd.Timedelta(length) if isinstance(length, str) else length
    assert wording.wait(given).replace("\u00a0", " ") == text


@pytest.mark.parametrize(("number", "text"), [(0.94, "0.9"), (9.96, "10"), (11.46, "11"), (0, "0")])
def test_rates_have_one_decimal_below_ten(number, text):
    """Above it, none."""
    assert wording.rate(number) == text


def test_an_interval_is_called_by_its_confidence():
    """No header says 95 % of an interval that is not."""
    assert [wording.interval(c).replace("\u00a0", " ") for c in (0.95, 0.9, 0.999)] == [
        "95 % interval", "90 % interval", "99.9 % interval",
    ]  # fmt: skip


def test_a_cost_is_in_whole_percent_from_a_tenth_on():
    """The same number reads the same in a sentence and in a figure, whatever stands beside it."""
    shares = (0.075, 0.3251, -0.204, 0.0012, 0.0)
    assert [wording.cost_share(s).replace("\u00a0", " ") for s in shares] == [
        "7.5 %", "33 %", "−20 %", "0.12 %", "0 %",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        ("3", "3", "3"),
        ("13\xa0%", "27\xa0%", "13\u201327\xa0%"), ("0.08", "0.79", "0.08\u20130.79"),
        ("12\xa0h", "14\xa0h", "12\u201314\xa0h"), ("25\xa0min", "5\xa0h", "25\xa0min\u20135\xa0h"),
        ("\u2212230\xa0%", "33\xa0%", "\u2212230\xa0% to 33\xa0%"),
        ("1\xa0h 36\xa0min", "5\xa0h", "1\xa0h 36\xa0min to 5\xa0h"),
        ("under 1\xa0%", "3\xa0%", "under 1\xa0% to 3\xa0%"),
    ],
)  # fmt: skip
def test_ends_of_an_interval_share_their_unit(low, high, text):
    """Where a dash cannot be read as a minus, and both are one number."""
    assert wording.ends(low, high) == text
