"""The exact words about service levels: kept, missed, by chance, no traffic."""

from types import SimpleNamespace

import pandas as pd
import pytest

from srelib import windows
from srelib.findings import sli as spoken_sli
from srelib.fleet import Indicator
from srelib.sli import SliceShares
from srelib.sli.interval import ASSUMED, BACKGROUND_ONLY, CLUSTERED, OUTAGES, WILSON
from srelib.stats import Estimate

WINDOW = windows.Window.parse("28d")


SHOP = Indicator("shop", "shop", "availability", target=0.999, window=WINDOW)


BARE = Indicator("shop", "shop", "availability")


DAYS = pd.Timedelta("91D")


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def estimate(value: float, low: float, high: float) -> Estimate:
    """A service level with its interval."""
    return Estimate(value, low, high, 90, 0.95, OUTAGES)


@pytest.mark.parametrize(
    ("indicator", "level", "text"),
    [
        (SHOP, estimate(0.9995, 0.9993, 0.9997),
         "**shop**: 99.95 % good (95 % interval 99.93 % to 99.97 %); "
         "the target of 99.9 % was kept."),
        (SHOP, estimate(0.9941, 0.989, 0.9964),
         "**shop**: 99.41 % good (95 % interval 98.90 % to 99.64 %); "
         "the target of 99.9 % was missed."),
        (SHOP, estimate(0.9988, 0.998, 0.9993),
         "**shop**: 99.88 % good (95 % interval 99.80 % to 99.93 %); "
         "the target of 99.9 % was missed, but within the reach of chance."),
        (SHOP, estimate(0.9992, 0.9985, 0.9996),
         "**shop**: 99.92 % good (95 % interval 99.85 % to 99.96 %); "
         "the target of 99.9 % was kept, but within the reach of chance."),
        (BARE, estimate(0.5, 0.4, 0.6),
         "**shop**: 50 % good (95 % interval 40 % to 60 %); nothing is promised."),
        (SHOP, estimate(float("nan"), float("nan"), float("nan")),
         "**shop** saw no traffic, so it has no service level."),
    ],
)  # fmt: skip
def test_level_sentence_says_no_more_than_the_interval_allows(indicator, level, text):
    """Kept, missed, either by chance, nothing promised, no traffic."""
    assert plain(spoken_sli._level_sentence(indicator, level)) == text


def test_levels_without_data_say_how_to_export():
    """No series at all is an answer, too."""
    assert spoken_sli.levels_sentences({}, length=DAYS) == [spoken_sli.NO_DATA]


def test_many_kept_targets_share_a_sentence():
    """What is fine is said once."""
    fine = {Indicator(name, target=0.9): estimate(0.99, 0.98, 0.995) for name in "abcd"}
    assert [plain(text) for text in spoken_sli.levels_sentences(fine, length=DAYS)] == [
        "All 4 objectives were kept over 91 days.",
        "4 kept their target beyond the reach of chance: **a**, **b**, **c** and **d**.",
    ]


KEPT, MISSED = estimate(0.99, 0.98, 0.995), estimate(0.5, 0.4, 0.6)


PERHAPS_KEPT, PERHAPS_MISSED = estimate(0.91, 0.85, 0.95), estimate(0.89, 0.85, 0.95)


NO_BAD_TIME = Estimate(1.0, float("nan"), float("nan"), 600, 0.95, "none, no bad time seen")


IDLE = Estimate(float("nan"), float("nan"), float("nan"), 0, 0.95, "none, no traffic")


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([KEPT, PERHAPS_MISSED, MISSED, PERHAPS_KEPT],
         "Of 4 objectives over 91 days, 2 were kept and 2 missed (**c** and **b**); "
         "2 of these results are within the reach of chance."),
        ([KEPT, PERHAPS_MISSED], "Of 2 objectives over 91 days, 1 was kept and 1 missed (**b**); "
                                 "1 of these results is within the reach of chance."),
        ([KEPT, KEPT], "Both objectives were kept over 91 days."),
        ([PERHAPS_MISSED, MISSED, MISSED],
         "All 3 objectives were missed over 91 days (**b**, **c** and **a**); "
         "1 of these results is within the reach of chance."),
        ([NO_BAD_TIME, MISSED, IDLE],
         "Of 2 objectives over 91 days, 1 was kept and 1 missed (**b**); 1 saw no traffic; "
         "1 of these results is without an interval."),
        ([IDLE, MISSED], "The objective **b** was missed over 91 days; 1 saw no traffic."),
        ([IDLE, IDLE], "None of 2 objectives saw any traffic over 91 days."),
    ],
)  # fmt: skip
def test_the_bottom_line_counts_facts_and_names_the_doubt_apart(found, text):
    """Kept and missed are measured, the most missed named first; chance is said after that."""
    levels = {Indicator(c, target=0.9): e for c, e in zip("abcd", found, strict=False)}
    assert plain(spoken_sli.levels_sentences(levels, length=DAYS)[0]) == text


def test_the_bottom_line_without_objectives_names_the_least_reliable():
    """Nothing promised is nothing missed."""
    levels = {Indicator("a"): KEPT, Indicator("b"): MISSED}
    assert plain(spoken_sli.levels_sentences(levels, length=DAYS)[0]) == (
        "Of 2 series over 91 days, **b** was the least reliable, 50 % good; nothing is promised."
    )


def test_one_objective_is_its_own_bottom_line():
    """One sentence says all there is to say."""
    (only,) = spoken_sli.levels_sentences({Indicator("a", target=0.9): KEPT}, length=DAYS)
    assert plain(only) == ("**a**: 99.0 % good (95 % interval 98.0 % to 99.5 %); "
                           "the target of 90 % was kept.")  # fmt: skip


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (OUTAGES, ""),
        (OUTAGES + ASSUMED, ", on an assumed spread of outage sizes"),
        (WILSON + BACKGROUND_ONLY, ", of background errors only: no outage seen"),
    ],
)
def test_a_level_says_what_its_interval_leaves_out(made, words):
    """No outage seen, or too few to know how much they differ."""
    assert plain(spoken_sli._level_sentence(Indicator("a", target=0.9), method(made))) == (
        f"**a**: 99.0 % good (95 % interval 98.0 % to 99.5 %{words}); the target of 90 % was kept."
    )


def test_the_table_counts_outages_or_events():
    """What an interval stands on."""
    levels = {Indicator(n, target=0.9, unit="events"): method(made)
              for n, made in (("a", OUTAGES), ("b", WILSON + BACKGROUND_ONLY))}  # fmt: skip
    found = spoken_sli.levels_table(levels, coverage=dict.fromkeys(levels, 1.0))
    assert [plain(row[4]) for row in found.rows] == ["90 outages", "90 events"]


def test_uptime_without_downtime_has_no_interval():
    """A record without an outage does not say how rare outages are."""
    site = Indicator("site", target=0.9, unit="seconds")
    assert plain(spoken_sli._level_sentence(site, NO_BAD_TIME)) == (
        "**site**: 100 % good; the target of 90 % was kept; without any bad time there is no "
        "interval."
    )
    row = spoken_sli.levels_table({site: NO_BAD_TIME}, coverage={site: 1.0}).rows[0]
    assert [plain(cell) for cell in row] == [
        "site", "90 %", "100 %", "none", "10 min", "none, no bad time seen", "100 %",
        "kept, no interval",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "verdict"),
    [(KEPT, "kept"), (MISSED, "missed"), (PERHAPS_KEPT, "kept, within chance"),
     (PERHAPS_MISSED, "missed, within chance"), (NO_BAD_TIME, "kept, no interval"),
     (IDLE, "no traffic")],
)  # fmt: skip
def test_the_verdict_is_what_was_measured_with_its_doubt(found, verdict):
    """A table column that can be sorted: the fact first."""
    assert spoken_sli._verdict(Indicator("a", target=0.9), found) == verdict


def method(name: str) -> Estimate:
    """A service level whose interval was made in one way."""
    return Estimate(0.99, 0.98, 0.995, 90, 0.95, name)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([method(WILSON + BACKGROUND_ONLY)] * 2,
         "All intervals are 95 % intervals. No outage was seen, so the interval is of background "
         "errors only, which look independent."),
        ([method(OUTAGES)],
         "The interval is a 95 % interval. Outages and the errors between them got intervals of "
         "their own, which were joined."),
        ([method(WILSON + BACKGROUND_ONLY), method(CLUSTERED + BACKGROUND_ONLY), method(OUTAGES),
          method(OUTAGES), method(OUTAGES + ASSUMED), NO_BAD_TIME],
         "All intervals are 95 % intervals. In 2 of 6 indicators outages and the errors between "
         "them got intervals of their own, which were joined; in 1 one or two outages were seen, "
         "so the interval assumes how much their sizes differ; in 1 no outage was seen, so the "
         "interval is of background errors only, which cluster; in 1 no outage was seen, so the "
         "interval is of background errors only, which look independent; in 1 no bad time was "
         "seen, so there is no interval: a record without an outage does not say how rare outages "
         "are."),
        ([NO_BAD_TIME] * 2, "No bad time was seen, so there is no interval: a record without an "
                            "outage does not say how rare outages are."),
        ([IDLE], "No traffic was seen, so there is no interval."),
        ([], "There is no interval, because there is no data."),
    ],
)  # fmt: skip
def test_methods_are_told_for_every_indicator(found, text):
    """Mixed, alike, and none at all."""
    levels = {Indicator(str(n)): e for n, e in enumerate(found)}
    assert plain(spoken_sli.methods_sentence(levels)) == text


def weeks(*ratios: float, wide: float = 0.05) -> pd.DataFrame:
    """Weekly levels with an interval of the same width on both sides."""
    ratio = pd.Series(ratios, dtype=float)
    return pd.DataFrame({"ratio": ratio, "low": ratio - wide, "high": ratio + wide})


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"a": weeks(0.89, 0.88, 0.5, 0.95)},
         "**a** missed its target in 3 of 4 weeks, 1 of them beyond chance."),
        ({"a": weeks(0.89, 0.95), "b": weeks(0.99, 0.99)},
         "**a** missed its target in 1 of 2 weeks, within the reach of chance. "
         "Of all 4 indicator-weeks, 1 was missed, within the reach of chance."),
        ({"a": weeks(0.89, 0.89), "b": weeks(0.5, 0.99)},
         "**a** missed its target in 2 of 2 weeks, none of them beyond chance. "
         "Of all 4 indicator-weeks, 3 were missed, 1 of them beyond chance."),
        ({"a": weeks(0.5)}, "**a** missed its target in 1 of 1 week, beyond chance."),
        ({"a": weeks(0.91, 0.99)}, "No target was missed in any week."),
        ({"a": weeks(float("nan"))}, "No week saw any traffic."),
    ],
)  # fmt: skip
def test_weeks_are_counted_as_measured_and_the_interval_is_said_apart(found, text):
    """A week below its target was missed, whatever the interval says of the rate behind it."""
    periods = {Indicator(c, target=0.9): frame for c, frame in found.items()}
    assert plain(spoken_sli.periods_sentence(periods)) == text


def traffic(events: float, allowance: float) -> SimpleNamespace:
    """Traffic of 28 days."""
    return SimpleNamespace(
        events=events, allowance=allowance, failures_allowed=int(allowance), window=WINDOW,
        cost_of_one=1 / allowance if allowance else float("inf"), is_low=allowance < 50,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("low", "text"),
    [
        ({SHOP: traffic(1e6, 1000)},
         "No indicator has so little traffic that single failures decide about its target."),
        ({SHOP: traffic(3328, 3.3)},
         "Low traffic: of the 3,328 events **shop** sees per 28 days, the target allows "
         "3 failures, and each costs 30 % of the budget."),
        ({SHOP: traffic(100, 0.1)},
         "Low traffic: of the 100 events **shop** sees per 28 days, "
         "not one failure fits into the target."),
        ({SHOP: traffic(0, 0)}, "No traffic at all: **shop**."),
        ({}, "Without objectives there is no allowance that traffic could be too low for."),
        ({Indicator("site", target=0.99, unit="seconds"): traffic(60, 1)},
         "Time is counted here and not events, so there is no traffic to be too low."),
    ],
)  # fmt: skip
def test_low_traffic_says_what_one_failure_costs(low, text):
    """Enough, little, less than one failure, none, nothing promised."""
    assert plain(spoken_sli.low_traffic_sentence(low)) == text


def test_slices_are_compared_where_they_differ_most():
    """Seconds are time; objectives that count slices already are left out."""
    site = Indicator("site", target=0.9, unit="seconds")
    counted = Indicator("slices", target=0.9, unit="slices of 5 min")
    shares = {SHOP: SliceShares(0.01, 0.02), site: SliceShares(0.1, 0.3),
              counted: SliceShares(0.0, 0.9)}  # fmt: skip
    assert plain(spoken_sli.slices_sentence(shares, slice="5m")) == (
        "The choice matters most for **site**: 10 % of its time was bad, and 30 % of its slices "
        "of 5 min fell below the target."
    )
    assert plain(spoken_sli.slices_sentence({SHOP: shares[SHOP]}, slice="5m")).startswith(
        "**shop**: 1 % of its events were bad, and 2 %"
    )
    assert plain(spoken_sli.slices_sentence({counted: shares[counted]}, slice="5m")) == (
        "There is nothing to compare: slices need an objective, and buckets of time no longer "
        "than 5 min."
    )


def test_each_week_is_judged_by_the_target_in_force_at_its_end():
    """98 % in four weeks: kept at 90 %, missed at 99 % from the third week on."""
    ends = pd.date_range("2026-06-07", periods=4, freq="7D", tz="UTC")
    key = Indicator("a", target=0.99, targets=((None, 0.9), (ends[1], 0.99)))
    periods = {key: weeks(*[0.98] * 4).assign(ends_at=ends)}
    assert plain(spoken_sli.periods_sentence(periods)) == (
        "**a** missed its target in 2 of 4 weeks, none of them beyond chance."
    )
