"""The exact words of each branch: fine, overspent, too little data, no traffic, missing."""

from types import SimpleNamespace

import pandas as pd
import pytest

from srelib import budget, tables, windows
from srelib.errors import InsufficientDataError
from srelib.findings import budget as spoken_budget
from srelib.findings import quality as spoken_quality
from srelib.findings import sli as spoken_levels
from srelib.findings import sli as spoken_sli
from srelib.fleet import Indicator
from srelib.quality import Observed
from srelib.stats import Estimate

WINDOW = windows.Window.parse("28d")
SHOP = Indicator("shop", "shop", "availability", target=0.999, window=WINDOW)
NASTY = Indicator("<b>*x*", "x", "availability", target=0.99, window=WINDOW)
BARE = Indicator("shop", "shop", "availability")
DAYS = pd.Timedelta("91D")


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
    assert plain(spoken_levels.level_sentence(indicator, level)) == text


def test_levels_without_data_say_how_to_export():
    """No series at all is an answer, too."""
    assert spoken_levels.levels_sentences({}, length=DAYS) == [spoken_levels.NO_DATA]


def test_many_kept_targets_share_a_sentence():
    """What is fine is said once."""
    fine = {Indicator(name, target=0.9): estimate(0.99, 0.98, 0.995) for name in "abcd"}
    assert [plain(text) for text in spoken_levels.levels_sentences(fine, length=DAYS)] == [
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
    assert plain(spoken_levels.levels_sentences(levels, length=DAYS)[0]) == text


def test_the_bottom_line_without_objectives_names_the_least_reliable():
    """Nothing promised is nothing missed."""
    levels = {Indicator("a"): KEPT, Indicator("b"): MISSED}
    assert plain(spoken_levels.levels_sentences(levels, length=DAYS)[0]) == (
        "Of 2 series over 91 days, **b** was the least reliable, 50 % good; nothing is promised."
    )


def test_one_objective_is_its_own_bottom_line():
    """One sentence says all there is to say."""
    (only,) = spoken_levels.levels_sentences({Indicator("a", target=0.9): KEPT}, length=DAYS)
    assert plain(only) == ("**a**: 99.0 % good (95 % interval 98.0 % to 99.5 %); "
                           "the target of 90 % was kept.")  # fmt: skip


def test_uptime_without_downtime_has_no_interval():
    """A record without an outage does not say how rare outages are."""
    site = Indicator("site", target=0.9, unit="seconds")
    assert plain(spoken_levels.level_sentence(site, NO_BAD_TIME)) == (
        "**site**: 100 % good; the target of 90 % was kept; without any bad time there is no "
        "interval."
    )
    row = spoken_levels.levels_table({site: NO_BAD_TIME}, coverage={site: 1.0}).rows[0]
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
    assert spoken_levels.verdict(Indicator("a", target=0.9), found) == verdict


def method(name: str) -> Estimate:
    """A service level whose interval was made in one way."""
    return Estimate(0.99, 0.98, 0.995, 90, 0.95, name)


WIDE = "Wilson, widened for clustering"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([method("Wilson")] * 2, "All intervals are 95 % intervals. Errors look independent, so "
                                 "Wilson's interval is used."),
        ([method("block bootstrap over days")],
         "The interval is a 95 % interval. Errors come in clusters, so whole days (or hours) were "
         "resampled."),
        ([method("Wilson"), method(WIDE), method("block bootstrap over hours"),
          method("block bootstrap over days"), NO_BAD_TIME],
         "All intervals are 95 % intervals. In 2 of 5 indicators errors come in clusters, so whole "
         "days (or hours) were resampled; in 1 there was too little to resample, so Wilson's "
         "interval was widened for errors that come in clusters; in 1 errors look independent, so "
         "Wilson's interval is used; in 1 no bad time was seen, so there is no interval: a record "
         "without an outage does not say how rare outages are."),
        ([NO_BAD_TIME] * 2, "No bad time was seen, so there is no interval: a record without an "
                            "outage does not say how rare outages are."),
        ([IDLE], "No traffic was seen, so there is no interval."),
        ([], "There is no interval, because there is no data."),
    ],
)  # fmt: skip
def test_methods_are_told_for_every_indicator(found, text):
    """Mixed, alike, and none at all."""
    levels = {Indicator(str(n)): e for n, e in enumerate(found)}
    assert plain(spoken_levels.methods_sentence(levels)) == text


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


TEN_MINUTES = Observed(pd.Timedelta("10min"), 10 / 40320, WINDOW)
NEARLY_ALL = Observed(pd.Timedelta("27D"), 27 / 28, WINDOW)


@pytest.mark.parametrize(
    ("good", "text"),
    [
        (99_950, "**shop** has 50 % of its budget left over the 10 min observed of 28 days: "
                 "50 events bad against 100 events allowed (target 99.9 %)."),
        (99_800, "**shop** is **overspent by 100 %** over the 10 min observed of 28 days: "
                 "200 events bad against 100 events allowed (target 99.9 %)."),
        (100_000, "**shop** has its whole budget left over the 10 min observed of 28 days: "
                  "0 events bad against 100 events allowed (target 99.9 %)."),
        (99_900, "**shop** has nothing of its budget left over the 10 min observed of 28 days: "
                 "100 events bad against 100 events allowed (target 99.9 %)."),
    ],
)  # fmt: skip
def test_a_short_history_is_said_with_the_budget(good, text):
    """Ten minutes are not twenty-eight days."""
    status = budget.status(float(good), 100_000.0, target=0.999)
    assert plain(spoken_budget.status_sentence(SHOP, status, observed=TEN_MINUTES)) == text


def test_a_window_nearly_full_is_a_window():
    """A day missing of twenty-eight changes no sentence."""
    status = budget.status(99_950.0, 100_000.0, target=0.999)
    assert spoken_budget.status_sentence(
        SHOP, status, observed=NEARLY_ALL
    ) == spoken_budget.status_sentence(SHOP, status)


def test_the_rest_names_whose_window_is_short():
    """Of several budgets, the one observed for less than its window is named."""
    keys = [Indicator(c, target=0.999, window=WINDOW) for c in "abcd"]
    statuses = {k: budget.status(99_950.0, 100_000.0, target=0.999) for k in keys}
    last = spoken_budget.status_sentences(statuses, observed={keys[3]: TEN_MINUTES})[-1]
    assert plain(last) == "1 other has 50 % left: **d**. Observed for less than the window: **d**."
    table = spoken_budget.status_table(statuses, observed={keys[3]: TEN_MINUTES})
    windows_ = [plain(row[1]) for row in table.rows]
    assert windows_ == ["28 days", "28 days", "28 days", "10 min observed of 28 days"]


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
    parts = ("60 % during incidents, 30 % in the first hours after deployments and 10 % at other "
             "times. This is bookkeeping, not proof of cause.")  # fmt: skip
    one, two = {SHOP: causes}, {SHOP: causes, BARE: causes}
    assert plain(spoken_budget.causes_sentence(one)) == (
        f"**shop** spent 50 % of its allowance: {parts}"
    )
    assert plain(spoken_budget.causes_sentence(two)) == (
        f"**shop** spent most, 50 % of its allowance: {parts}"
    )


def test_a_single_cause_holds_all_of_it():
    """No zero percent of what was never in the folder."""
    causes = pd.DataFrame({
        "cause": ["incident", "deployment", "other"], "bad": [0.0, 30.0, 0.0],
        "share_of_allowance": [0.0, 1.0, 0.0], "share_of_spent": [0.0, 1.0, 0.0],
    })  # fmt: skip
    assert plain(spoken_budget.causes_sentence({SHOP: causes})) == (
        "**shop** spent 100 % of its allowance: all of it in the first hours after deployments. "
        "This is bookkeeping, not proof of cause."
    )


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (1, "1 day of data cannot say whether spending is concentrated."),
        (7, "7 days of data cannot say whether spending is concentrated."),
        (8, "The three dearest of 8 days hold 38 % of what **shop** spent; "
            "spread evenly they would hold 38 %."),
    ],
)  # fmt: skip
def test_three_of_a_few_days_say_nothing(n, text):
    """The three dearest of one day would be all there is."""
    days = pd.DataFrame({"bad": 1.0, "share_of_spent": 1 / n, "share_of_allowance": 0.1},
                        index=range(n))  # fmt: skip
    assert plain(spoken_budget.days_sentence({SHOP: days})) == text


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        ((), ""),
        (("incidents",),
         "There are no incidents in the folder, so what they spent is counted among other times. "
         "What to export for incidents: the incident list of the paging tool as CSV, or a CSV with "
         "service, started_at and resolved_at."),
        (("incidents", "deployments"),
         "There are no incidents and no deployments in the folder, so what they spent is counted "
         "among other times. What to export for incidents: the incident list of the paging tool as "
         "CSV, or a CSV with service, started_at and resolved_at; for deployments: the output of "
         "`gh api repos/OWNER/REPO/deployments --paginate`, or a CSV with service and "
         "finished_at."),
    ],
)  # fmt: skip
def test_missing_causes_are_said_with_what_to_export(missing, text):
    """None, one, both."""
    here = pd.DataFrame({"service": ["a"]})
    tables_ = {kind: here[:0] if kind in missing else here for kind in ("incidents", "deployments")}
    assert spoken_budget.inputs_sentence(SimpleNamespace(**tables_)) == text


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
    ("rejected", "left_out", "text"),
    [
        (0, 0, "1,000 rows of 1 file were read, and every row was kept."),
        (3, 0, "1,000 rows of 1 file were read: 997 kept, **3 refused** (0.3 %), "
               "each with a reason."),
        (3, 2, "1,000 rows of 1 file were read: 997 kept, **1 refused** (0.1 %), "
               "2 left out by rule, each with a reason."),
        (2, 2, "1,000 rows of 1 file were read: 998 kept, 2 left out by rule, each with a reason."),
    ],
)  # fmt: skip
def test_files_sentence_adds_up(rejected, left_out, text):
    """Kept, refused and left out add up to what was read, to the last row."""
    found = rejects(*[("a.csv", "bad", n < left_out) for n in range(rejected)])
    assert plain(spoken_quality.files_sentence(sources(rejected=rejected), rejects=found)) == text


def test_no_file_is_said():
    """An empty folder has no rows to add up."""
    nothing = sources(rejected=0)[:0]
    assert spoken_quality.files_sentence(nothing, rejects=rejects()) == "No file was read."


def rejects(*rows: tuple[str, str, bool]) -> pd.DataFrame:
    """Rejects of a file, each with reason and whether a rule leaves them out."""
    frame = pd.DataFrame(rows, columns=["file", "reason", "by_rule"]).assign(line=2)
    return tables.conform(frame, "rejects")


def test_rejects_sentence_escapes_the_value_it_quotes():
    """A reason may quote the data."""
    found = rejects(("a.csv", "not a number: <script>", False))
    assert plain(spoken_quality.rejects_sentence(found)) == (
        "1 row in 1 file was refused and counts nowhere; most frequent reason for refusal "
        "(1 time): not a number&#58; &#60;script&#62;"
    )


def test_rows_left_out_by_rule_are_not_called_refused():
    """Staging deployments are sound rows; their number must not hide the one that is wrong."""
    rule = [("d.json", "not an environment asked for", True)] * 110
    assert plain(spoken_quality.rejects_sentence(rejects(*rule))) == (
        "No row was refused; 110 sound rows were left out by rule."
    )
    both = rejects(*rule, ("d.json", "no time", False), ("c.csv", "no time", False))
    assert plain(spoken_quality.rejects_sentence(both)) == (
        "2 rows in 2 files were refused and count nowhere, 110 sound rows were left out by rule; "
        "most frequent reason for refusal (2 times): no time"
    )
    table = spoken_quality.rejects_table(both)
    assert [row[-2:] for row in table.rows] == [
        ("refused", "1"), ("refused", "1"), ("left out by rule", "110"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("overall", "start"),
    [
        ({SHOP: 1.0, NASTY: 1.0}, "Every series was observed without a gap."),
        ({SHOP: 1.0}, "The series was observed without a gap."),
        ({SHOP: 0.5}, "**shop** was observed 50 % of its time. What was not observed is unknown"),
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
        ({Indicator("site", target=0.99, unit="seconds"): traffic(60, 1)},
         "Time is counted here and not events, so there is no traffic to be too low."),
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
