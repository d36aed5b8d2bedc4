"""The exact words about error budgets: left, overspent, short history, no traffic."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from srelib import budget, windows
from srelib.budget import Forecast
from srelib.errors import InsufficientDataError
from srelib.findings import budget as spoken_budget
from srelib.fleet import Indicator
from srelib.quality import Observed

WINDOW = windows.Window.parse("28d")


SHOP = Indicator("shop", "shop", "availability", target=0.999, window=WINDOW)


NASTY = Indicator("<b>*x*", "x", "availability", target=0.99, window=WINDOW)


BARE = Indicator("shop", "shop", "availability")


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def only(status: budget.Status, key: Indicator = SHOP, *, observed=None) -> str:
    """What is said of the status of one objective."""
    [one] = spoken_budget.status_sentences({key: status}, observed={key: observed})
    return one.sentence


def summed(spenders: pd.DataFrame, status: budget.Status, **given: pd.DataFrame) -> list:
    """What is said of the parts and of missing exports, after what there is to say of causes."""
    here = pd.DataFrame({"service": ["a"]})
    folder = SimpleNamespace(**{"incidents": here, "deployments": here} | given)
    return spoken_budget.causes_sentences(
        {}, spenders={SHOP: spenders}, statuses={SHOP: status}, dataset=folder
    )[1:]


def said(findings) -> str:
    """Their sentences, one after the other, with ordinary spaces."""
    return plain(" ".join(one.sentence for one in findings))


@pytest.mark.parametrize(
    ("good", "total", "text"),
    [
        (99_950, 100_000, "**shop** has 50 % of its budget left: 50 events bad, 100 events "
                          "allowed (28 days, target 99.9 %)."),
        (99_800, 100_000, "**shop** is **overspent by 100 %**: 200 events bad, 100 events "
                          "allowed (28 days, target 99.9 %)."),
        (1000, 1000, "**shop** has its whole budget left: 0 events bad, 1 event allowed "
                     "(28 days, target 99.9 %)."),
        (0, 0, "**shop**: no traffic in its window (28 days), so nothing was allowed or spent."),
        (float("nan"), float("nan"),
         "**shop**: nothing was observed in its window (28 days), so its budget is unknown."),
    ],
)  # fmt: skip
def test_status_sentence_states_allowed_spent_and_left(good, total, text):
    """Fine, overspent, untouched, no traffic, unknown."""
    status = budget.status(float(good), float(total), target=0.999)
    assert plain(only(status)) == text


TEN_MINUTES = Observed(pd.Timedelta("10min"), 10 / 40320, WINDOW)


NEARLY_ALL = Observed(pd.Timedelta("27D"), 27 / 28, WINDOW)


@pytest.mark.parametrize(
    ("good", "text"),
    [
        (99_950, "**shop** has 50 % of its budget left: 50 events bad, 100 events "
                 "allowed (10 min observed of 28 days, target 99.9 %)."),
        (99_800, "**shop** is **overspent by 100 %**: 200 events bad, 100 events "
                 "allowed (10 min observed of 28 days, target 99.9 %)."),
        (100_000, "**shop** has its whole budget left: 0 events bad, 100 events "
                  "allowed (10 min observed of 28 days, target 99.9 %)."),
        (99_900, "**shop** has nothing of its budget left: 100 events bad, 100 events "
                 "allowed (10 min observed of 28 days, target 99.9 %)."),
    ],
)  # fmt: skip
def test_a_short_history_is_said_with_the_budget(good, text):
    """Ten minutes are not twenty-eight days."""
    status = budget.status(float(good), 100_000.0, target=0.999)
    assert plain(only(status, observed=TEN_MINUTES)) == text


def test_a_window_nearly_full_is_a_window():
    """A day missing of twenty-eight changes no sentence."""
    status = budget.status(99_950.0, 100_000.0, target=0.999)
    assert only(status, observed=NEARLY_ALL) == (only(status))


def test_the_rest_names_whose_window_is_short():
    """Of several budgets, the one observed for less than its window is named."""
    keys = [Indicator(c, target=0.999, window=WINDOW) for c in "abcd"]
    statuses = {k: budget.status(99_950.0, 100_000.0, target=0.999) for k in keys}
    last = said(spoken_budget.status_sentences(statuses, observed={keys[3]: TEN_MINUTES})[-2:])
    assert last == (
        "1 other objective has 50 % or more left: **d**. Observed for less than the window: **d**."
    )
    table = spoken_budget.status_table(statuses, observed={keys[3]: TEN_MINUTES})
    windows_ = [plain(row[1]) for row in table.rows]
    assert windows_ == ["28 days", "28 days", "28 days", "10 min observed of 28 days"]


def test_status_in_seconds_is_said_in_minutes():
    """A series weighted by time has a budget of time: 43 min 12 s of 30 days at 99.9 %."""
    key = Indicator("site", target=0.999, window=windows.Window.parse("30d"), unit="seconds")
    status = budget.status(2_592_000 - 1296.0, 2_592_000.0, target=0.999)
    assert plain(only(status, key)) == (
        "**site** has 50 % of its budget left: 21 min 36 s bad, 43 min 12 s allowed "
        "(30 days, target 99.9 %)."
    )


def test_names_from_the_data_are_escaped_in_sentences():
    """A service called like markup stays a name."""
    text = only(budget.status(9.0, 10.0, target=0.99), NASTY)
    assert text.startswith("**&#60;b&#62;\\*x\\*** is **overspent by")


def test_no_objective_is_said_with_its_remedy():
    """Without objectives there is no budget."""
    assert said(spoken_budget.status_sentences({}, observed={})).startswith(
        "**There is no error budget, because"
    )


def forecast(**values) -> Forecast:
    """A forecast from 91 days with horizon 27 July."""
    defaults = {
        "at": pd.NaT, "low": pd.NaT, "high": pd.NaT, "probability": 0.0, "days": 91,
        "horizon": pd.Timestamp("2026-07-27", tz="UTC"), "confidence": 0.95, "method": "bootstrap",
    }  # fmt: skip
    return Forecast(**{**defaults, **values})


def test_forecast_names_interval_probability_and_basis():
    """A date never travels without its probability and interval."""
    at, low = pd.Timestamp("2026-07-10", tz="UTC"), pd.Timestamp("2026-06-30", tz="UTC")
    found = spoken_budget.forecast_sentences({SHOP: forecast(at=at, low=low, probability=0.68)})
    assert said(found) == (
        "If the coming days are like the past 91 days, **shop** runs out before 27 July 2026 with "
        "a probability of 68 %; median 10 July 2026 (95 % interval 30 June 2026 to beyond 27 July "
        "2026)."
    )


def test_forecast_of_a_spent_budget_needs_no_probability():
    """What is gone is gone."""
    gone = {SHOP: forecast(method="already spent", probability=1)}
    assert said(spoken_budget.forecast_sentences(gone)) == "Spent already: **shop**."


def test_forecast_out_of_sight_promises_nothing():
    """No simulated future is not never."""
    found = said(spoken_budget.forecast_sentences({SHOP: forecast()}))
    assert found == "1 budget did not run out in any simulated future."


def test_forecast_without_history_says_so():
    """An error stands where the answer cannot be had, and is put in words."""
    found = said(spoken_budget.forecast_sentences({SHOP: InsufficientDataError("two days")}))
    assert found == "Too little history for a forecast (seven days are needed): **shop**."


def test_causes_are_shares_of_what_was_spent():
    """Parts in percent of the whole, and a warning against reading them as causes."""
    causes = pd.DataFrame({
        "cause": ["incident", "deployment", "other"], "bad": [60.0, 30.0, 10.0],
        "share_of_allowance": [0.3, 0.15, 0.05], "share_of_spent": [0.6, 0.3, 0.1],
    })  # fmt: skip
    assert said(spoken_budget._causes({SHOP: causes, BARE: causes})) == (
        "**shop** spent 50 % of its budget: of that 60 % during incidents, 30 % in the first hours "
        "after deployments and 10 % at other times. This attribution is by time and proves no "
        "cause."
    )


def test_a_cause_that_spent_nothing_is_left_out():
    """No zero percent of what was never in the folder."""
    causes = pd.DataFrame({
        "cause": ["incident", "deployment", "other"], "bad": [0.0, 30.0, 0.0],
        "share_of_allowance": [0.0, 1.0, 0.0], "share_of_spent": [0.0, 1.0, 0.0],
    })  # fmt: skip
    assert said(spoken_budget._causes({SHOP: causes})).startswith(
        "**shop** spent 100 % of its budget: of that 100 % in the first hours after deployments."
    )


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (1, "1 day of data is too few to tell whether spending is concentrated."),
        (7, "7 days of data are too few to tell whether spending is concentrated."),
        (8, "The three costliest of 8 days account for 38 % of what **shop** spent; spread evenly "
            "it would be 38 %."),
    ],
)  # fmt: skip
def test_three_of_a_few_days_say_nothing(n, text):
    """The three dearest of one day would be all there is."""
    days = pd.DataFrame({"bad": 1.0, "share_of_spent": 1 / n, "share_of_allowance": 0.1},
                        index=range(n))  # fmt: skip
    assert said([spoken_budget.days_sentence({SHOP: days})]) == text


@pytest.mark.parametrize("missing", [(), ("incidents",), ("incidents", "deployments")])
def test_missing_causes_are_said_with_what_to_export(missing):
    """None, one, both."""
    gone = {kind: pd.DataFrame() for kind in missing}
    status = budget.status(90.0, 100.0, target=0.99)
    found = summed(pd.DataFrame({"bad": [10.0]}), status, **gone)
    lines = [one.sentence for one in found]
    assert [line.split(" in the folder")[0] for line in lines] == [
        f"There are no {kind}" for kind in missing
    ]
    assert all("What to export: " in line for line in lines)


def test_parts_that_do_not_add_up_are_reported():
    """The sum is checked in front of the reader."""
    status = budget.status(90.0, 100.0, target=0.99)
    right, wrong = pd.DataFrame({"bad": [4.0, 6.0]}), pd.DataFrame({"bad": [4.0, 5.0]})
    assert summed(right, status) == []
    assert "do **not** add up" in said(summed(wrong, status))


def test_exclusions_state_what_they_change():
    """Nobody has to take a correction on trust."""
    window = pd.DataFrame({"bad": [40.0], "reason": ["move"]})
    excluded = SimpleNamespace(windows=window, total=100.0, bad=40.0)
    before = {SHOP: budget.status(99_800.0, 100_000.0, target=0.999)}
    after = {SHOP: budget.status(99_950.0, 100_000.0, target=0.999)}
    found = spoken_budget.exclusions_sentences({SHOP: excluded}, statuses=after, without=before)
    assert said(found) == (
        "Excluded as planned, neither good nor bad: **shop**, 1 window, 100 events, 40 of them "
        "bad. Without these exclusions **shop** would have \u2212100 % of its budget left "
        "instead of 50 %."
    )


def test_members_are_listed_with_what_they_spent():
    """One without traffic by the words that say so; nothing without a composite."""
    key = Indicator("site", "site", "site", target=0.9, composite="weighted mean",
                    unit="weighted events", window=WINDOW)  # fmt: skip
    rows = pd.DataFrame({
        "member": ["cart", "pay"], "part": [1.0, 0.0], "sli": [0.95, math.nan], "bad": [5.0, 0.0],
        "coverage": 1.0, "share_of_allowance": [0.5, 0.0], "share_of_spent": [1.0, 0.0],
    })  # fmt: skip
    found = spoken_budget.members_table({key: rows})
    assert [tuple(map(plain, row)) for row in found.rows] == [
        ("site", "weighted mean", "cart", "100 %", "95 %", "5 weighted events", "50 %", "100 %"),
        ("site", "weighted mean", "pay", "none, no traffic", "unknown", "0 weighted events", "0 %",
         "0 %"),
    ]  # fmt: skip
    assert spoken_budget.members_table({}) is None


def test_a_weighted_mean_has_no_forecast_and_not_for_lack_of_history():
    """The reason is its own."""
    key = Indicator("site", "site", "site", composite="weighted mean")
    refused = {key: InsufficientDataError("no sums")}
    assert said(spoken_budget.forecast_sentences(refused)) == (
        "No forecast of **site**: the days of a weighted mean do not add up."
    )


def test_a_changed_target_is_said_with_its_day():
    """Beside the budget, and with how past windows are judged."""
    hours = pd.date_range("2026-06-01", periods=48, freq="h", tz="UTC")
    since = pd.Timestamp("2026-06-02", tz="UTC")
    key = replace(SHOP, targets=((None, 0.99), (since, 0.999)))
    status = budget.status(999.5, 1000, target=0.999)
    (status,) = spoken_budget.status_sentences({key: status}, observed={})
    assert "target 99.9 % since 2 June 2026)" in plain(status.sentence)
    burn = {key: pd.DataFrame({"left_share": 1.0}, index=hours), SHOP: pd.DataFrame(index=hours)}
    assert said(spoken_budget._targets(burn)) == (
        "The target of **shop** went from 99 % to 99.9 % on 2 June 2026. Each window is judged by "
        "the target in force at its end, and by none before the first."
    )
    first = {replace(SHOP, targets=((since, 0.999),)): burn[key]}
    assert said(spoken_budget._targets(first)).startswith(
        "**shop** has a target since 2 June 2026: 99.9 %."
    )
    assert spoken_budget._targets({SHOP: burn[key]}) == []
    same = replace(SHOP, targets=((None, 0.999), (since, 0.999)))
    assert spoken_budget._targets({same: burn[key]}) == []
