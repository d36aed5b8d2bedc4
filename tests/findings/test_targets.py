"""The exact words of notebook 08: keep, loosen, tighten, too little, no traffic, low traffic."""

import math

import pandas as pd
import pytest

from srelib import targets
from srelib.errors import InsufficientDataError
from srelib.findings import targets as spoken
from srelib.fleet import Indicator
from srelib.windows import Window
from tests.decisions.by_hand import lever
from tests.targets.made import WINDOW, candidates, likely

NASTY = "<b>*x*"
SHOP = Indicator("shop", "shop", "availability", target=0.99, window=WINDOW)


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def table(*rows: tuple[float, float, float, float], current: float = math.nan, **same):
    """Candidates: target, probability, low, high; the rest is unremarkable."""
    return candidates(*(likely(*row) for row in rows), current=current, **same)


LOOSE, FIRM, STRICT = (0.98, 0.995, 0.96, 1.0), (0.99, 0.95, 0.8, 0.998), (0.999, 0.4, 0.1, 0.8)


def said(found: pd.DataFrame, *, name: str = "shop", **options) -> str:
    """The line of one objective."""
    key = Indicator(name, name, "availability", target=0.99, window=WINDOW)
    (line,) = spoken.advice_sentences(
        {key: targets.recommend(found, **options)}, pass_probability=0.9
    )
    return plain(line)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (table(LOOSE, FIRM, STRICT, current=0.99),
         "**shop**: **keep 99 %**. The next window of 28 days meets it with a probability of 95 % "
         "(95 % interval 80 % to over 99 %)."),
        (table(LOOSE, FIRM, STRICT, current=0.999),
         "**shop**: **loosen from 99.9 % to 99 %**. The next window of 28 days meets 99.9 % with a "
         "probability of 40 % (95 % interval 10 % to 80 %); 99 % with 95 % (80 % to over 99 %)."),
        (table(LOOSE, (0.99, 0.97, 0.92, 1.0), STRICT, current=0.98),
         "**shop**: **tighten from 98 % to 99 %**. The next window of 28 days meets 99 % with a "
         "probability of 97 % (95 % interval 92 % to over 99 %)."),
        (table(LOOSE, FIRM, (0.999, 0.4, 0.1, 0.95), current=0.999),
         "**shop**: **cannot tell** whether 99.9 % can be kept with 90 %. The next window of "
         "28 days meets it with a probability of 40 % (95 % interval 10 % to 95 %). No target is "
         "recommended."),
        (table(LOOSE, current=0.98, weeks=1),
         "**shop**: **cannot tell** whether 98 % can be kept. 1 whole week was observed; a target "
         "over 28 days needs 8."),
        (table(LOOSE, weeks=0),
         "**shop**: **cannot tell**. No whole weeks were observed; a target over 28 days needs 8."),
        (table(LOOSE, FIRM, STRICT),
         "**shop** promises nothing yet: **99 %** is the strictest target that fits. The next "
         "window of 28 days meets it with a probability of 95 % (95 % interval 80 % to over 99 "
         "%)."),
        (table((0.9, 0.5, 0.2, 0.8)),
         "**shop** promises nothing yet, and **no target tried fits**: not even 90 %."),
        (table((0.9, 0.5, 0.2, 0.8), current=0.9),
         "**shop**: **loosen from 90 %**. The next window of 28 days meets 90 % with a "
         "probability of 50 % (95 % interval 20 % to 80 %); no target tried fits."),
    ],
    ids=["keep", "loosen", "tighten", "cannot tell", "too short", "too short, no SLO", "no SLO",
         "nothing fits, no SLO", "nothing fits"],
)  # fmt: skip
def test_every_verdict_has_its_line(found, text):
    """With probability and interval; or what is missing."""
    assert said(found) == text


def test_low_traffic_loosens_with_its_reason():
    """Half an event of budget at 99.9 %."""
    rows = pd.concat([
        table((0.98, 0.995, 0.96, 1.0), budget_events=50.0),
        table((0.999, 0.995, 0.96, 1.0), current=0.999, budget_events=0.5),
    ]).assign(events=900.0, strictest=1 - 1 / 900)  # fmt: skip
    assert said(rows) == (
        "**shop**: **loosen from 99.9 % to 98 %**. The budget of 99.9 % is less than one event "
        "(0.5 in a window). The next window of 28 days meets 98 % with a probability of over 99 % "
        "(95 % interval 96 % to over 99 %)."
    )


def test_time_is_counted_in_buckets_and_slices():
    """Half a bucket of 60 s, or half a slice, instead of half an event."""
    rows = table((0.999, 0.995, 0.96, 1.0), current=0.999, budget_events=30.0, events=6e4,
                 strictest=1 - 1e-3)  # fmt: skip
    for unit, noun in (("seconds", "bucket"), ("slices of 5 min", "slice")):
        key = Indicator("shop", "shop", "availability", target=0.999, window=WINDOW, unit=unit)
        (line,) = spoken.advice_sentences({key: targets.recommend(rows)}, pass_probability=0.9)
        assert f"is less than one {noun} (0.5 in a window); no target tried fits." in plain(line)


def test_pages_and_dependencies_loosen_with_their_reason():
    """Five pages a week; a dependency without one more nine."""
    many = pd.concat([table(FIRM), table((0.999, 0.99, 0.95, 1.0), current=0.999,
                                         pages_per_week=5.0, pages_low=3.0)])  # fmt: skip
    assert "**. 99.9 % pages 5 times a week (2 bearable). The next window" in said(many)
    stands = pd.concat([table(FIRM), table((0.999, 0.99, 0.95, 1.0), current=0.999,
                                           allowed=False)]).assign(ceiling=0.995)  # fmt: skip
    assert "**. Dependencies allow no more than 99.5 %, not 99.9 %. The next" in said(stands)


def test_a_calendar_window_is_called_by_its_name():
    """The next calendar month."""
    month = Window(unit="month", timezone="Europe/Berlin")
    assert "The next calendar month meets it" in said(table(FIRM, current=0.99, window=month))
    short = table(FIRM, current=0.99, window=month, weeks=5, weeks_needed=9)
    assert said(short).endswith("5 whole weeks were observed; a target over a calendar month "
                                "needs 9.")  # fmt: skip


def test_names_are_text_and_errors_are_said():
    """Markup stays text; no traffic is a reason of its own."""
    assert said(table(FIRM, current=0.99), name=NASTY).startswith("**&#60;b&#62;\\*x\\***: **keep")
    index = pd.date_range("2026-06-01", periods=24 * 30, freq="h", tz="UTC", unit="us")
    none = pd.Series(0.0, index)
    with pytest.raises(InsufficientDataError) as error:
        targets.candidates(none, none, window="28d")
    (line,) = spoken.advice_sentences({SHOP: error.value}, pass_probability=0.9)
    assert plain(line) == (
        "**shop**: **cannot tell**, there is no traffic to choose a target from."
    )


def test_what_needs_a_decision_comes_first_and_many_are_cut():
    """Loosen before keep; thirteen objectives leave one for the table."""
    keep = targets.recommend(table(LOOSE, FIRM, STRICT, current=0.99))
    loosen = targets.recommend(table(LOOSE, FIRM, STRICT, current=0.999))
    many = {Indicator(f"s{n:02}", f"s{n:02}"): keep for n in range(12)}
    found = [plain(x) for x in spoken.advice_sentences(
        {**many, SHOP: loosen}, pass_probability=0.9)]  # fmt: skip
    assert found[0].startswith("**shop**: **loosen")
    assert len(found) == 13
    assert found[-1] == "1 more is in the table below."


def test_reasons_stand_for_and_against():
    """What speaks for a target, why not a stricter one, and what speaks against it."""
    found = targets.recommend(table(LOOSE, FIRM, STRICT, current=0.99))
    lines = spoken.reason_sentences({SHOP: found}, pass_probability=0.9)
    assert [plain(line) for line in lines] == [
        "Probabilities that the next window meets a target; asked for: 90 %.",
        "**shop**, **99 %**: 99 % has 95 % and 99.9 % has 40 %, clearly too little. "
        "Against it: it may have as little as 80 %.",
    ]
    sure = targets.recommend(table((0.98, 0.99, 0.95, 1.0), current=0.98))
    assert plain(spoken.reason_sentences({SHOP: sure}, pass_probability=0.9)[1]) == (
        "**shop**, **98 %**: 98 % has 99 %. Against it: nothing found."
    )


def test_every_reason_has_its_words():
    """None is left without."""
    for kind in ("met", "missed", "unsure", "next", "low", "chance", "silent", "none", "traffic",
                 "few events", "pages", "dependencies"):  # fmt: skip
        assert spoken._spelled(targets.Reason(kind, 0.5, 0.9, 0.99), SHOP)


def test_history_says_how_much_it_tells():
    """Overlapping windows, calendar periods, none at all."""
    month = Window(unit="month")
    calendar = table(FIRM, window=month, windows=2, independent=2.0)
    catalog = Indicator("catalog", "catalog", "availability", target=0.99, window=month)
    line = spoken.history_sentence({SHOP: table(FIRM), catalog: calendar})
    assert plain(line) == (
        "The 64 windows of **shop** overlap and tell as much as 3.2 that do not; **catalog** has "
        "2 whole periods. A share of past windows is therefore a description; the probability "
        "above is drawn from weeks."
    )
    assert spoken.history_sentence({SHOP: table(FIRM, windows=0, independent=0.0)}) == (
        "The history holds no whole window, so none of them was met or missed."
    )


def test_price_names_pages_and_days():
    """In use and recommended; unknown where buckets are too coarse."""
    rows = table(LOOSE, FIRM, STRICT, current=0.999)
    tables, advices = {SHOP: rows}, {SHOP: targets.recommend(rows)}
    assert plain(spoken.price_sentence(SHOP, tables, advices)) == (
        "On this history **shop** would have had, at 99.9 %, 0.5 pages a week (0.2 to 1) and "
        "12 of 90 days without budget; at 99 %, 0.5 pages a week (0.2 to 1) and 12 of 90 days "
        "without budget. With another target people would have acted otherwise, which is not in "
        "these numbers."
    )
    coarse = table(FIRM, current=0.99, pages_per_week=math.nan, freeze_days=math.nan)
    text = spoken.price_sentence(SHOP, {SHOP: coarse}, {SHOP: targets.recommend(coarse)})
    assert "an unknown number of pages and an unknown number of days without budget" in text


def test_the_table_shows_what_is_around_the_choice():
    """The candidates named, one looser and one stricter; markup stays text."""
    rows = table((0.9, 1.0, 0.99, 1.0), LOOSE, FIRM, STRICT, (0.9999, 0.0, 0.0, 0.0), current=0.99)
    key = Indicator("<script>", "s", "availability", target=0.99, window=WINDOW)
    found = spoken.candidates_table({key: rows}, {key: targets.recommend(rows)})
    assert [plain(row[1]) for row in found.rows] == [
        "98 %", "99 % (in use, recommended)", "99.9 %"
    ]  # fmt: skip
    assert [plain(cell) for cell in found.rows[1][2:]] == [
        "50 % of 64", "95 % (80 % to > 99 %)", "10,000 events (40 min 19 s)", "0.5", "12"
    ]  # fmt: skip
    assert "<script>" not in found._repr_html_()


def test_the_document_is_shown_as_text():
    """Escaped, in one block to copy; or said that there is none."""
    shown = spoken.document("apiVersion: openslo/v1\nname: <b>")._repr_html_()
    assert "<pre" in shown
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    assert plain(spoken.document("apiVersion: 1\n---\napiVersion: 2").caption) == (
        "OpenSLO, 2 documents, to copy into slos.yaml"
    )
    assert spoken.document("").caption == "Nothing is recommended, so there is no document to copy."


def test_the_basis_is_said():
    """Room for a worse one: 1 - 13/13.6 x 14/14.6 x 15/15.6 x 16/16.6 = 15 %."""
    assert plain(spoken.basis_sentence({SHOP: table(FIRM)})) == (
        "All of this stands on 13 whole weeks of each series. That the next four weeks hold one "
        "worse than any of 13 seen is taken to be about 15 % likely."
    )


def test_nothing_weighed_is_said_everywhere():
    """No section is left empty."""
    assert {
        spoken.price_sentence(None, {}, {}), spoken.history_sentence({}),
        spoken.basis_sentence({}), spoken.reason_sentences({}, pass_probability=0.9)[0],
    } == {spoken.NO_CHOICE}  # fmt: skip
    assert spoken.advice_sentences({}, pass_probability=0.9) == [spoken.NOTHING]
    only = {("<b>", "latency"): pd.DataFrame()}
    (line,) = spoken.advice_sentences({}, pass_probability=0.9, histograms=only)
    assert line.startswith("The series here are bounds of latency histograms (**&#60;b&#62; lat")
    assert spoken.candidates_table({}, {}) is None


def plenty(*targets: float, **same) -> pd.DataFrame:
    """Candidates of a series with plenty of traffic."""
    return candidates(*({"target": target} for target in targets), **same)


def test_traffic_is_said_where_it_is_low():
    """3,328 events: a wall, a budget of ten, and chance; plenty of traffic is said once."""
    rows = plenty(0.99, 0.995, events=3328.4, strictest=0.9996996,
                 steady=0.996996, background=0.0047)  # fmt: skip
    rows["chance"] = [0.0, 0.4]
    (line,) = spoken.traffic_sentences({SHOP: rows})
    assert plain(line) == (
        "**shop** expects 3,328 events in a window: from 99.97 % on a single bad event misses the "
        "target, and 99.7 % has a budget of ten. At its ordinary share of bad events, 0.47 %, "
        "chance alone misses 99.5 % in 40 % of windows."
    )
    (line,) = spoken.traffic_sentences({SHOP: plenty(0.99)})
    assert plain(line) == (
        "Every series can carry 99.9 %: the one with least traffic, **shop**, expects 10 million "
        "events in a window, so the budget of 99.9999 % is ten bad events."
    )
    assert spoken.traffic_sentences({}) == [spoken.NO_CHOICE]


def test_dependencies_say_what_they_allow():
    """Two dependencies; 99 % in use is allowed, 99.9 % is not."""
    ceilings = {"shop": targets.ceiling({"pay<b>": 0.9995, "auth": 0.9999})}
    (line,) = spoken.dependency_sentences(ceilings, {SHOP: plenty(0.99)})
    assert plain(line) == (
        "**shop** depends on **pay&#60;b&#62;** and **auth**, which may fail 0.06 % of events "
        "together: with one more nine each, it can promise 99.5 %, and never more than 99.94 %; "
        "**pay&#60;b&#62;** decides."
    )
    strict = Indicator("shop", "shop", "availability", target=0.999, window=WINDOW)
    (line,) = spoken.dependency_sentences(ceilings, {strict: plenty(0.99)})
    assert line.endswith("**Too strict for it**: **shop**.")
    (line,) = spoken.dependency_sentences(ceilings, {})
    assert line.endswith("No objective of that service is here.")
    assert spoken.dependency_sentences({}, {}) == [spoken.NO_DEPENDENCIES]


def test_thresholds_say_pairs_or_why_not():
    """Pairs of share and bound; none; an error; no histogram."""
    rows = pd.DataFrame({"threshold": [0.1, 0.3], "target": [0.75, 0.98], "share": [0.9, 0.99],
                         "probability": 0.97, "low": 0.9, "high": 1.0, "fits": True,
                         "chosen": True})  # fmt: skip
    key = ("shop", "latency")
    (line,) = spoken.threshold_sentences({key: rows}, pass_probability=0.9)
    assert plain(line) == (
        "**shop latency** can promise, each with 90 %: 75 % within 0.1 and 98 % within 0.3 (in the "
        "unit of the bounds). Between two bounds nobody can count, so none is offered."
    )
    none = {key: rows.assign(chosen=False)}
    assert plain(spoken.threshold_sentences(none, pass_probability=0.9)[0]) == (
        "**shop latency**: no bound keeps any target tried with 90 %."
    )
    error = {key: InsufficientDataError("too <b>little")}
    assert spoken.threshold_sentences(error, pass_probability=0.9) == [
        "**shop latency**: too &#60;b&#62;little"
    ]
    assert spoken.threshold_sentences({}, pass_probability=0.9) == [spoken.NO_HISTOGRAM]


@pytest.mark.parametrize(
    ("gain", "text"),
    [
        (0.33, "with deployments half as harmful it would be met in 76 of 100 windows instead of "
               "43. [What to do first](09_what_to_do.ipynb) compares both."),
        (0.001, "deployments half as harmful would change next to nothing, 76 of 100 windows. "
                "[What to do first](09_what_to_do.ipynb) looks for another cause."),
    ],
)  # fmt: skip
def test_a_target_is_loosened_beside_what_safer_releases_would_bring(gain, text):
    """Refusals say nothing, and neither does a folder without deployments."""
    shipped = pd.DataFrame({"deployment_id": ["d"]})
    other = Indicator("web", "web", target=0.9)
    safer = {SHOP: lever("safer", 0.76, gain), other: InsufficientDataError("no")}
    (said,) = spoken.before_loosening_sentences(safer, deployments=shipped)
    assert said == f"Before loosening 99\u00a0% of **shop**: {text}"
    assert spoken.before_loosening_sentences(safer, deployments=shipped.iloc[:0]) == []


def test_past_windows_are_judged_by_the_targets_of_their_time():
    """Two met 90 %, one of two met 99 %; where no target changed nothing is said."""
    rows = pd.DataFrame({"ratio": [0.95, 0.98, 0.98, 0.99], "target": [0.9, 0.9, 0.99, 0.99]})
    change = (None, 0.9), (pd.Timestamp("2026-06-01", tz="UTC"), 0.99)
    key = Indicator("shop", target=0.99, targets=change)
    assert spoken.in_force_sentence({key: rows}).replace("\u00a0", " ") == (
        "Past windows, each judged by the target in force at its end: **shop** met 3 of 4."
    )
    assert spoken.in_force_sentence({Indicator("shop", target=0.99): rows}) == ""
