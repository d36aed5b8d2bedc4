"""The exact words about service levels: kept, missed, by chance, no traffic."""

from types import SimpleNamespace

import pandas as pd
import pytest

from srelib import windows
from srelib.findings import sli as spoken
from srelib.fleet import Indicator
from srelib.sli import SliceShares
from srelib.sli.interval import ASSUMED, BACKGROUND_ONLY, OUTAGES, WILSON
from srelib.stats import Estimate
from tests.findings.replayed import plain, said

WINDOW = windows.Window.parse("28d")
SHOP = Indicator("shop", "shop", "availability", target=0.999, window=WINDOW)
BARE = Indicator("shop", "shop", "availability")
DAYS = pd.Timedelta("91D")
NAN = float("nan")


def estimate(value: float, low: float, high: float, made: str = OUTAGES) -> Estimate:
    """A service level with its interval."""
    return Estimate(value, low, high, 90, 0.95, made)


KEPT, MISSED = estimate(0.99, 0.98, 0.995), estimate(0.5, 0.4, 0.6)
PERHAPS_KEPT, PERHAPS_MISSED = estimate(0.91, 0.85, 0.95), estimate(0.89, 0.85, 0.95)
NO_BAD_TIME = Estimate(1.0, NAN, NAN, 600, 0.95, "none, no bad time seen")
IDLE = Estimate(NAN, NAN, NAN, 0, 0.95, "none, no traffic")


@pytest.mark.parametrize(
    ("indicator", "level", "text"),
    [
        (SHOP, estimate(0.9995, 0.9993, 0.9997),
         "99.95 % good (95 % interval 99.93 % to 99.97 %); the target of 99.9 % was kept."),
        (SHOP, estimate(0.9941, 0.989, 0.9964),
         "99.41 % good (95 % interval 98.90 % to 99.64 %); the target of 99.9 % was missed."),
        (SHOP, estimate(0.9988, 0.998, 0.9993),
         "99.88 % good (95 % interval 99.80 % to 99.93 %); the target of 99.9 % was missed, but "
         "this could be chance."),
        (SHOP, estimate(0.9992, 0.9985, 0.9996),
         "99.92 % good (95 % interval 99.85 % to 99.96 %); the target of 99.9 % was kept, but "
         "this could be chance."),
        (BARE, estimate(0.5, 0.4, 0.6),
         "50 % good (95 % interval 40 % to 60 %); it has no target."),
        (BARE, NO_BAD_TIME,
         "100 % good; it has no target. No bad time was seen, so there is no interval."),
        (SHOP, NO_BAD_TIME, "100 % good; the target of 99.9 % was kept. No bad time was seen, so "
                            "there is no interval."),
        (SHOP, estimate(0.9995, 0.9993, 0.9997, OUTAGES + ASSUMED),
         "99.95 % good (95 % interval 99.93 % to 99.97 %, on an assumed spread of outage sizes); "
         "the target of 99.9 % was kept."),
        (SHOP, estimate(0.9995, 0.9993, 0.9997, WILSON + BACKGROUND_ONLY),
         "99.95 % good (95 % interval 99.93 % to 99.97 %, of background errors only: no outage "
         "seen); the target of 99.9 % was kept."),
    ],
)  # fmt: skip
def test_a_level_says_no_more_than_the_interval_allows(indicator, level, text):
    """Kept, missed, either by chance, no target, no interval, what an interval leaves out."""
    (line,) = said(spoken.levels_sentences({indicator: level}, length=DAYS))
    assert line == f"**shop**: {text}"


def test_levels_without_traffic_or_data_are_answers():
    """No traffic at all, and no series at all."""
    assert said(spoken.levels_sentences({SHOP: IDLE}, length=DAYS)) == [
        "**shop** saw no traffic, so it has no service level."
    ]
    (line,) = said(spoken.levels_sentences({}, length=DAYS))
    assert line.startswith("There is no service level series here: export good and total events")


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        ([KEPT, PERHAPS_MISSED, MISSED, PERHAPS_KEPT],
         ["Over 91 days, **2 of 4 objectives missed their targets**: **c** and **b**.",
          "In 2 of 4 objectives the interval contains the target, so kept or missed could be "
          "chance."]),
        ([KEPT, KEPT], ["Over 91 days, **2 objectives were kept** and none missed."]),
        ([IDLE, MISSED], ["Over 91 days, **1 of 1 objective missed its target**: **b**.",
                          "1 objective saw no traffic."]),
        ([IDLE, IDLE], ["None of 2 series saw any traffic over 91 days."]),
    ],
)  # fmt: skip
def test_the_bottom_line_counts_facts_and_names_the_doubt_apart(found, lines):
    """Kept and missed are measured, the most missed named first; then doubt and the worst one."""
    levels = {Indicator(c, target=0.9): e for c, e in zip("abcd", found, strict=False)}
    shown = said(spoken.levels_sentences(levels, length=DAYS))
    assert shown[: len(lines)] == lines
    assert len(shown) - len(lines) == (IDLE not in found or MISSED in found)


def test_the_bottom_line_without_objectives_names_the_least_reliable():
    """No target is no target missed."""
    levels = {Indicator("a"): KEPT, Indicator("b"): MISSED}
    line, worst = said(spoken.levels_sentences(levels, length=DAYS))
    assert line == (
        "There are no objectives; over 91 days, **b** was the least reliable of 2 series."
    )
    assert worst.startswith("**b**: 50 % good")


def test_the_table_shows_what_an_interval_stands_on():
    """Outages or events; the interval below the level; no interval without bad time."""
    levels = {
        Indicator("a<b>", target=0.9): KEPT, Indicator("c", target=0.9): PERHAPS_MISSED,
        Indicator("d", unit="events"): estimate(0.99, 0.98, 0.995, WILSON + BACKGROUND_ONLY),
        Indicator("site", target=0.9, unit="seconds"): NO_BAD_TIME,
    }  # fmt: skip
    found = spoken.levels_table(levels)
    assert [[plain(cell) for cell in row] for row in found.rows] == [
        ["a<b>", "90 %", "99.0 %\n98.0 % to 99.5 %", "90 outages", "kept"],
        ["c", "90 %", "89 %\n85 % to 95 %", "90 outages", "missed, could be chance"],
        ["d", "none", "99.0 %\n98.0 % to 99.5 %", "90 events", "no target"],
        ["site", "90 %", "100 %", "10 min", "kept, no interval"],
    ]
    assert "<b>" not in found._repr_html_()


def test_the_basis_says_what_intervals_assume():
    """Two outages, none, members, no interval; each with its number."""
    kinds = (OUTAGES, OUTAGES + ASSUMED, WILSON + BACKGROUND_ONLY, "weighted mean of the members")
    found = [estimate(0.99, 0.98, 0.995, made) for made in kinds]
    levels = {Indicator(str(n)): e for n, e in enumerate([*found, NO_BAD_TIME, IDLE])}
    assert said(spoken.basis_sentences(levels)) == [
        "**How sure:** 95 % intervals say how much each share would vary with other days like "
        "these.",
        "1 of 6 intervals rest on one or two outages; how much outage sizes differ is assumed.",
        "1 of 6 series saw no outage; their intervals cover background errors only.",
        "1 of 6 intervals are of weighted means, as if errors of the members came together.",
        "2 of 6 series have no interval, because no bad time or no traffic was seen.",
    ]
    assert len(spoken.basis_sentences({Indicator("a"): KEPT})) == 1
    assert spoken.basis_sentences({}) == []


def weeks(*ratios: float, wide: float = 0.05) -> pd.DataFrame:
    """Weekly levels with an interval of the same width on both sides."""
    ratio = pd.Series(ratios, dtype=float)
    return pd.DataFrame({"ratio": ratio, "low": ratio - wide, "high": ratio + wide})


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"a": weeks(0.89, 0.88, 0.5, 0.95)},
         "**a** missed its target in 3 of 4 weeks, 1 by more than chance explains."),
        ({"a": weeks(0.89, 0.89), "b": weeks(0.5, 0.99)},
         "**a** missed its target in 2 of 2 weeks. Of 4 weeks of all objectives, 3 missed the "
         "target, 1 by more than chance explains."),
        ({"a": weeks(0.91, 0.99)}, "No target was missed in any week."),
        ({"a": weeks(NAN)}, "No week saw any traffic."),
    ],
)  # fmt: skip
def test_weeks_are_counted_as_measured_and_the_interval_is_said_apart(found, text):
    """A week below its target was missed, whatever the interval says of the rate behind it."""
    periods = {Indicator(c, target=0.9): frame for c, frame in found.items()}
    assert said(spoken.periods_sentences(periods)) == [text]
    assert spoken.periods_sentences({BARE: weeks(0.5)}) == []


def test_each_week_is_judged_by_the_target_in_force_at_its_end():
    """98 % in four weeks: kept at 90 %, missed at 99 % from the third week on."""
    ends = pd.date_range("2026-06-07", periods=4, freq="7D", tz="UTC")
    key = Indicator("a", target=0.99, targets=((None, 0.9), (ends[1], 0.99)))
    assert said(spoken.periods_sentences({key: weeks(*[0.98] * 4).assign(ends_at=ends)})) == [
        "**a** missed its target in 2 of 4 weeks, 0 by more than chance explains."
    ]


def curve(*missed: bool) -> pd.DataFrame:
    """Worst windows of one hour, two days and eight weeks: below 90 % or not."""
    return pd.DataFrame({"window": pd.to_timedelta(["1h", "2D", "56D"]),
                         "ratio": [0.5 if one else 0.99 for one in missed]})  # fmt: skip


@pytest.mark.parametrize(
    ("near", "text"),
    [
        ((True, True, True), "**a** misses its target even over its worst 8 weeks."),
        ((True, True, False), "**a** misses its target even over its worst 8 weeks; **b** in no "
                              "window longer than about 2 days."),
        ((False, False, False), "**a** misses its target even over its worst 8 weeks; **b** misses "
                                "it in no window."),
    ],
)  # fmt: skip
def test_long_outages_are_told_from_short_ones(near, text):
    """By the longest window in which each target is missed."""
    known = {Indicator("a", target=0.9): curve(True, True, True),
             Indicator("b", target=0.9): curve(*near)}  # fmt: skip
    assert said(spoken.worst_sentences(known)) == [text]
    never = {Indicator("a", target=0.9): curve(False, False, False)}
    assert said(spoken.worst_sentences(never)) == [
        "No objective misses its target in any window of any length."
    ]
    assert spoken.worst_sentences({BARE: curve(True, True, True)}) == []


def traffic(events: float, allowance: float) -> SimpleNamespace:
    """Traffic of 28 days."""
    return SimpleNamespace(
        events=events, allowance=allowance, failures_allowed=int(allowance), window=WINDOW,
        cost_of_one=1 / allowance if allowance else float("inf"), is_low=allowance < 50,
    )  # fmt: skip


OTHER = Indicator("other", target=0.99)


@pytest.mark.parametrize(
    ("low", "lines"),
    [
        ({SHOP: traffic(1e6, 1000)},
         ["No objective has so little traffic that single bad events decide about its target."]),
        ({SHOP: traffic(3328, 3.3), OTHER: traffic(3328, 33.3)},
         ["**shop** sees 3,328 events per 28 days: the target allows 3 bad events, each 30 % of "
          "the error budget.", "Also low: **other**."]),
        ({SHOP: traffic(100, 0.1), OTHER: traffic(0, 0)},
         ["**shop** sees 100 events per 28 days: the target allows less than one bad event.",
          "No traffic: **other**."]),
        ({SHOP: traffic(0, 0)}, ["No traffic: **shop**."]),
        ({}, []),
        ({Indicator("site", target=0.99, unit="seconds"): traffic(60, 1)}, []),
    ],
)  # fmt: skip
def test_low_traffic_says_what_one_bad_event_costs(low, lines):
    """Enough, little, less than one bad event, none, no objective, time instead of events."""
    assert said(spoken.low_traffic_sentences(low)) == lines


def test_slices_are_compared_where_they_differ_most():
    """Seconds are time; objectives that count slices already are left out."""
    site = Indicator("site", target=0.9, unit="seconds")
    counted = Indicator("slices", target=0.9, unit="slices of 5 min")
    shares = {SHOP: SliceShares(0.01, 0.02), site: SliceShares(0.1, 0.3),
              counted: SliceShares(0.0, 0.9)}  # fmt: skip
    assert said(spoken.slices_sentences(shares, slice="5m")) == [
        "**site** differs most: 10 % of its time was bad, but 30 % of its slices of 5 min below "
        "the target."
    ]
    (line,) = said(spoken.slices_sentences({SHOP: shares[SHOP]}, slice="5m"))
    assert "1 % of its events were bad" in line
    assert said(spoken.slices_sentences({counted: shares[counted]}, slice="5m")) == [
        "Nothing to compare: slices need an objective, and buckets no longer than 5 min."
    ]
