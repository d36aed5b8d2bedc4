"""The exact words of each branch: fine, overspent, too little data, no traffic, missing."""

from types import SimpleNamespace

import pandas as pd
import pytest

from srelib import budget, tables, windows
from srelib.errors import InsufficientDataError
from srelib.findings import budget as spoken_budget
from srelib.findings import quality as spoken_quality
from srelib.findings import sli as spoken_sli
from srelib.indicators import Indicator
from srelib.stats import Estimate

WINDOW = windows.Window.parse("28d")
SHOP = Indicator("shop", "shop", "availability", target=0.999, window=WINDOW)
NASTY = Indicator("<b>*x*", "x", "availability", target=0.99, window=WINDOW)
BARE = Indicator("shop", "shop", "availability")


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def estimate(value: float, low: float, high: float) -> Estimate:
    """A service level with its interval."""
    return Estimate(value, low, high, 90, 0.95, "block bootstrap over days")


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
    assert plain(spoken_sli.level_sentence(indicator, level)) == text


def test_levels_without_data_say_how_to_export():
    """No series at all is an answer, too."""
    assert spoken_sli.levels_sentences({}) == [spoken_sli.NO_DATA]


def test_many_kept_targets_share_a_sentence():
    """What is fine is said once."""
    fine = {Indicator(name, target=0.9): estimate(0.99, 0.98, 0.995) for name in "abcd"}
    assert spoken_sli.levels_sentences(fine) == [
        "4 kept their target beyond the reach of chance: **a**, **b**, **c** and **d**."
    ]


@pytest.mark.parametrize(
    ("good", "total", "text"),
    [
        (99_950, 100_000, "**shop** has 50 % of its budget left: 50 events bad against 100 events "
                          "allowed (28 days, target 99.9 %)."),
        (99_800, 100_000, "**shop** is **overspent by 100 %**: 200 events bad against 100 events "
                          "allowed (28 days, target 99.9 %)."),
        (1000, 1000, "**shop** has its whole budget left: 0 events bad against 1 event allowed "
                     "(28 days, target 99.9 %)."),
        (0, 0, "**shop**: no traffic in its window (28 days), so nothing was allowed or spent."),
        (float("nan"), float("nan"),
         "**shop**: nothing was observed in its window (28 days), so its budget is unknown."),
    ],
)  # fmt: skip
def test_status_sentence_states_allowed_spent_and_left(good, total, text):
    """Fine, overspent, untouched, no traffic, unknown."""
    status = budget.status(float(good), float(total), target=0.999)
    assert plain(spoken_budget.status_sentence(SHOP, status)) == text


def test_status_in_seconds_is_said_in_minutes():
    """A series weighted by time has a budget of time: 43 min 12 s of 30 days at 99.9 %."""
    key = Indicator("site", target=0.999, window=windows.Window.parse("30d"), unit="seconds")
    status = budget.status(2_592_000 - 1296.0, 2_592_000.0, target=0.999)
    assert plain(spoken_budget.status_sentence(key, status)) == (
        "**site** has 50 % of its budget left: 21 min 36 s bad against 43 min 12 s allowed "
        "(30 days, target 99.9 %)."
    )


def test_names_from_the_data_are_escaped_in_sentences():
    """A service called like markup stays a name."""
    text = spoken_budget.status_sentence(NASTY, budget.status(9.0, 10.0, target=0.99))
    assert text.startswith("**&#60;b&#62;\\*x\\*** is **overspent by")


def test_no_objective_is_said_with_its_remedy():
    """Without objectives there is no budget."""
    assert spoken_budget.status_sentences({}) == [spoken_budget.NO_SLO]


def forecast(**values) -> SimpleNamespace:
    """A forecast from 91 days with horizon 27 July."""
    defaults = {
        "at": pd.NaT, "low": pd.NaT, "high": pd.NaT, "probability": 0.0, "days": 91,
        "horizon": pd.Timestamp("2026-07-27", tz="UTC"), "confidence": 0.95, "method": "bootstrap",
    }  # fmt: skip
    return SimpleNamespace(**{**defaults, **values})


def test_forecast_names_interval_probability_and_basis():
    """A date never travels without its probability and interval."""
    at, low = pd.Timestamp("2026-07-10", tz="UTC"), pd.Timestamp("2026-06-30", tz="UTC")
    text = spoken_budget.forecast_sentence({SHOP: forecast(at=at, low=low, probability=0.68)})
    assert plain(text) == (
        "If the coming days are like the past 91, **shop** runs out before 27 July 2026 with a "
        "probability of 68 %, half of the simulated futures before 10 July 2026 "
        "(95 % interval 30 June 2026 to beyond 27 July 2026)."
    )


def test_forecast_of_a_spent_budget_needs_no_probability():
    """What is gone is gone."""
    text = spoken_budget.forecast_sentence({SHOP: forecast(method="already spent", probability=1)})
    assert plain(text) == "Gone already: **shop**."


def test_forecast_out_of_sight_promises_nothing():
    """No simulated future is not never."""
    text = spoken_budget.forecast_sentence({SHOP: forecast()})
    assert plain(text) == "1 budget did not run out in any simulated future."


def test_forecast_without_history_says_so():
    """An error stands where the answer cannot be had, and is put in words."""
    short = {SHOP: InsufficientDataError("two days")}
    assert spoken_budget.forecast_sentence(short).startswith("No objective has the seven days")
    assert "Too little history for a forecast: **shop**." in spoken_budget.forecast_basis_sentence(
        short
    )


def test_causes_are_shares_of_what_was_spent():
    """Parts in percent of the whole, and a warning against reading them as causes."""
    causes = pd.DataFrame({
        "cause": ["incident", "deployment", "other"], "bad": [60.0, 30.0, 10.0],
        "share_of_allowance": [0.3, 0.15, 0.05], "share_of_spent": [0.6, 0.3, 0.1],
    })  # fmt: skip
    assert plain(spoken_budget.causes_sentence({SHOP: causes})) == (
        "**shop** spent most, 50 % of its allowance: 60 % during incidents, 30 % in the first "
        "hours after deployments and 10 % at other times. "
        "This is bookkeeping, not proof of cause."
    )


def test_parts_that_do_not_add_up_are_reported():
    """The sum is checked in front of the reader."""
    status = budget.status(90.0, 100.0, target=0.99)
    right, wrong = pd.DataFrame({"bad": [4.0, 6.0]}), pd.DataFrame({"bad": [4.0, 5.0]})
    assert plain(spoken_budget.sum_sentence({SHOP: right}, {SHOP: status})) == (
        "Checked for 1 budget: the parts add up to what was spent."
    )
    assert "do **not** add up" in spoken_budget.sum_sentence({SHOP: wrong}, {SHOP: status})


def sources(*, rejected: int) -> pd.DataFrame:
    """One file of a thousand rows."""
    return pd.DataFrame(
        {"rows_read": [1000], "rows_kept": [1000 - rejected], "rows_rejected": [rejected]}
    )


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (sources(rejected=0), "1,000 rows of 1 file were read, and every row was kept."),
        (sources(rejected=3), "1,000 rows of 1 file were read: 997 kept, **3 refused** (0.3 %), "
                              "each with a reason."),
        (sources(rejected=0)[:0], "No file was read."),
    ],
)  # fmt: skip
def test_files_sentence_adds_up(frame, text):
    """Kept and refused add up to what was read, to the last row."""
    assert plain(spoken_quality.files_sentence(frame)) == text


def test_rejects_sentence_escapes_the_value_it_quotes():
    """A reason may quote the data."""
    rejects = pd.DataFrame({"file": ["a.csv"], "reason": ["not a number: <script>"]})
    assert plain(spoken_quality.rejects_sentence(rejects)) == (
        "1 row in 1 file was refused and counts nowhere; most frequent reason (1 time): "
        "not a number&#58; &#60;script&#62;"
    )


@pytest.mark.parametrize(
    ("overall", "start"),
    [
        ({SHOP: 1.0, NASTY: 1.0}, "Every series was observed without a gap."),
        ({SHOP: 1.0, NASTY: 0.99996},
         "Least observed is **&#60;b&#62;\\*x\\***: 99.996 % of its time; 1 of 2 series have no"),
        ({}, "There is no series to judge here."),
    ],
)  # fmt: skip
def test_coverage_sentence_never_rounds_a_gap_away(overall, start):
    """99.996 % is not all."""
    assert plain(spoken_quality.coverage_sentence(overall)).startswith(start)


def test_missing_inputs_come_with_how_to_export_them():
    """Each missing kind is named with its remedy; what is there is not."""
    kinds = {kind: tables.empty(kind) for kind in tables.EXPORTS}
    here = pd.DataFrame({"service": ["a"]})
    dataset = SimpleNamespace(**{**kinds, "sli": here, "deployments": here}, slos=[1])
    text = spoken_quality.missing_sentence(dataset)
    assert "**incidents** (the incident list of the paging tool as CSV" in text
    assert "**deployments**" not in text


def test_unmeasured_objectives_say_what_to_do():
    """The error of the loader, with its fix, reaches the page escaped."""
    text = spoken_quality.unmeasured_sentence({SHOP: ValueError("no data for *shop*")})
    assert text == "**1 objective has no data**: **shop**. no data for \\*shop\\*"
    assert spoken_quality.unmeasured_sentence({}) == ""


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
    ],
)  # fmt: skip
def test_low_traffic_says_what_one_failure_costs(low, text):
    """Enough, little, less than one failure, none, nothing promised."""
    assert plain(spoken_sli.low_traffic_sentence(low)) == text


def test_exclusions_state_what_they_change():
    """Nobody has to take a correction on trust."""
    excluded = SimpleNamespace(windows=pd.DataFrame({"bad": [40.0]}), total=100.0, bad=40.0)
    before = {SHOP: budget.status(99_800.0, 100_000.0, target=0.999)}
    after = {SHOP: budget.status(99_950.0, 100_000.0, target=0.999)}
    text = spoken_budget.exclusions_sentence({SHOP: excluded}, statuses=after, without=before)
    assert plain(text) == (
        "Excluded as planned, neither spending nor earning: **shop** (1 window, 100 events, "
        "40 of them bad). Without that, **shop** would stand at 100 % overspent instead of "
        "50 % left."
    )
