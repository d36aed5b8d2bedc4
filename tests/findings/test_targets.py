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
from tests.findings.replayed import plain, said
from tests.targets.made import WINDOW, candidates, likely

NASTY = "<b>*x*"
SHOP = Indicator("shop", "shop", "availability", target=0.99, window=WINDOW)


def table(*rows: tuple[float, float, float, float], current: float = math.nan, **same):
    """Candidates: target, probability, low, high; the rest is unremarkable."""
    return candidates(*(likely(*row) for row in rows), current=current, **same)


LOOSE, FIRM, STRICT = (0.98, 0.995, 0.96, 1.0), (0.99, 0.95, 0.8, 0.998), (0.999, 0.4, 0.1, 0.8)


def advised(found: pd.DataFrame, *, name: str = "shop", unit: str = "events") -> str:
    """The line of one objective."""
    key = Indicator(name, name, "availability", target=0.99, window=WINDOW, unit=unit)
    return said(spoken.advice_sentences({key: targets.recommend(found)}, pass_probability=0.9))[0]


MONTH = Window(unit="month", timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (table(LOOSE, FIRM, STRICT, current=0.99),
         "**shop**: **keep 99 %**. It would be met in 95 of 100 windows (28 days; 95 % interval "
         "80 to over 99)."),
        (table(FIRM, current=0.99, window=MONTH),
         "**shop**: **keep 99 %**. It would be met in 95 of 100 windows (calendar month; 95 % "
         "interval 80 to over 99)."),
        (table(LOOSE, FIRM, STRICT, current=0.999),
         "**shop**: **loosen 99.9 % to 99 %**. 99.9 % would be met in 40 of 100 windows (28 days; "
         "95 % interval 10 to 80), 99 % in 95 (80 to over 99)."),
        (table(LOOSE, (0.99, 0.97, 0.92, 1.0), STRICT, current=0.98),
         "**shop**: **tighten 98 % to 99 %**. 99 % would be met in 97 of 100 windows (28 days; "
         "95 % interval 92 to over 99)."),
        (table(LOOSE, FIRM, (0.999, 0.4, 0.1, 0.95), current=0.999),
         "**shop**: **not enough data** on 99.9 %. It would be met in 40 of 100 windows (28 days; "
         "95 % interval 10 to 95); 90 % is required."),
        (table(LOOSE, current=0.98, weeks=1),
         "**shop**: **not enough data**: 1 whole week observed; a target over 28 days needs 8."),
        (table(LOOSE, weeks=0),
         "**shop**: **not enough data**: no whole weeks observed; a target over 28 days needs 8."),
        (table(LOOSE, FIRM, STRICT),
         "**shop** has no target: **99 %** is the strictest that fits. It would be met in 95 of "
         "100 windows (28 days; 95 % interval 80 to over 99)."),
        (table((0.9, 0.5, 0.2, 0.8)),
         "**shop** has no target, and **no candidate fits**, not even 90 %."),
        (table((0.9, 0.5, 0.2, 0.8), current=0.9),
         "**shop**: **90 % is too strict, and no candidate fits**. It would be met in 50 of 100 "
         "windows (28 days; 95 % interval 20 to 80)."),
    ],
    ids=["keep", "keep a month", "loosen", "tighten", "unsure", "too short", "too short, no SLO",
         "no SLO", "nothing fits, no SLO", "nothing fits"],
)  # fmt: skip
def test_every_verdict_has_its_line(found, text):
    """With size and interval; or what is missing."""
    assert advised(found) == text


def test_a_target_is_loosened_for_its_first_reason():
    """Half an event of budget, five pages a week, or a dependency without one more nine."""
    firm, strict = table(FIRM), (0.999, 0.99, 0.95, 1.0)
    many = pd.concat([firm, table(strict, current=0.999, pages_per_week=5.0, pages_low=3.0)])
    assert advised(many).startswith(
        "**shop**: **loosen 99.9 % to 99 %**. 99.9 % would send 5 pages a week, more than the 2 "
        "accepted; 99 % would be met in 95 of 100 windows (28 days)."
    )
    stands = pd.concat([firm, table(strict, current=0.999, allowed=False)]).assign(ceiling=0.995)
    assert "**. Its dependencies allow at most 99.5 %; 99 % would be met in 95" in advised(stands)
    few = pd.concat([table(FIRM, budget_events=50.0), table(strict, current=0.999,
                     budget_events=0.5)]).assign(events=900.0, strictest=1 - 1 / 900)  # fmt: skip
    for unit, noun in (("events", "event"), ("seconds", "bucket"), ("slices of 5 min", "slice")):
        budget = f"The error budget of 99.9 % is less than one {noun} (0.5 per window);"
        assert budget in advised(few, unit=unit)


@pytest.mark.parametrize(
    ("gain", "end"),
    [(0.33, "With deployments half as harmful, 99.9 % would be met in 76."), (0.001, ")."),],
)  # fmt: skip
def test_a_target_is_loosened_beside_what_safer_releases_would_bring(gain, end):
    """Where they would change something; an error says nothing."""
    advices = {SHOP: targets.recommend(table(LOOSE, FIRM, STRICT, current=0.999))}
    safer = {SHOP: lever("safer", 0.76, gain), Indicator("web"): InsufficientDataError("no")}
    (line,) = said(spoken.advice_sentences(advices, pass_probability=0.9, safer=safer))
    assert line.endswith(end)


def test_names_are_text_and_errors_are_said():
    """Markup stays text; no traffic is a reason of its own; bounds of histograms are named."""
    line = advised(table(FIRM, current=0.99), name=NASTY)
    assert line.startswith("**&#60;b&#62;\\*x\\***: **keep")
    index = pd.date_range("2026-06-01", periods=24 * 30, freq="h", tz="UTC", unit="us")
    none = pd.Series(0.0, index)
    with pytest.raises(InsufficientDataError) as error:
        targets.candidates(none, none, window="28d")
    assert said(spoken.advice_sentences({SHOP: error.value}, pass_probability=0.9)) == [
        "**shop**: **not enough data**, there is no traffic to choose a target from."
    ]
    (line,) = said(spoken.advice_sentences({}, pass_probability=0.9))
    assert line.startswith("**No target can be recommended")
    only = {("<b>", "latency"): pd.DataFrame()}
    (line,) = said(spoken.advice_sentences({}, pass_probability=0.9, histograms=only))
    assert line.startswith("The series here are bounds of latency histograms (**&#60;b&#62; lat")


def test_what_needs_a_decision_comes_first_and_the_rest_is_grouped():
    """Thirteen to loosen leave one for the table; two to keep and two unsure share a line each."""
    keep, loosen, unsure = (
        targets.recommend(table(LOOSE, FIRM, last, current=now))
        for last, now in ((STRICT, 0.99), (STRICT, 0.999), ((0.999, 0.4, 0.1, 0.95), 0.999))
    )
    many = {**{f"k{n}": keep for n in range(2)}, **{f"u{n}": unsure for n in range(2)},
            **{f"l{n:02}": loosen for n in range(13)}}  # fmt: skip
    advices = {Indicator(name, name): advice for name, advice in many.items()}
    lines = said(spoken.advice_sentences(advices, pass_probability=0.9))
    assert lines[0].startswith("**l00**: **loosen")
    assert lines[12:] == [
        "1 more is in the table below.",
        "**Not enough data** on the targets of **u0** and **u1**: the interval of each contains "
        "the 90 % required.",
        "**Keep** the targets of **k0** and **k1**: each would be met in 95 of 100 windows or "
        "more.",
    ]


@pytest.mark.parametrize(
    ("same", "line"),
    [
        ({"budget_events": 5.0}, "**shop**: the error budget of 99 % holds only 5 events."),
        ({"chance": 0.2}, "**shop**: chance alone would miss 99 % in 20 of 100 windows."),
        ({"can_page": False}, "**shop**: no rule of the alert policy can page at 99 %."),
        ({"pages_per_week": 5.0},
         "**shop**: 99 % would send 5 pages a week, more than the 2 accepted."),
    ],
)  # fmt: skip
def test_what_speaks_against_a_target_is_said(same, line):
    """A small budget, chance, no rule that can page, many pages; the low end is in the interval."""
    advices = {SHOP: targets.recommend(table(FIRM, current=0.99).assign(**same))}
    assert line in said(spoken.advice_sentences(advices, pass_probability=0.9))


def test_past_windows_say_how_many_they_are_and_what_they_met():
    """Overlapping, calendar, none; two met 90 % and one of two 99 %, the target in force then."""
    rows = pd.DataFrame({"ratio": [0.95, 0.98, 0.98, 0.99], "target": [0.9, 0.9, 0.99, 0.99]})
    change = (None, 0.9), (pd.Timestamp("2026-06-01", tz="UTC"), 0.99)
    past = {SHOP: rows, Indicator("old", target=0.99, targets=change): rows}
    assert said(spoken.past_sentences({SHOP: table(FIRM)}, past)) == [
        "Past windows overlap: the 64 of **shop** count as 3.2 independent ones.",
        "**old** met 3 of 4 past windows, each judged by the target in force at its end.",
    ]
    month = table(FIRM, window=MONTH, windows=2, independent=2.0)
    assert said(spoken.past_sentences({SHOP: month}, {})) == [
        "The history holds 2 whole periods of **shop**."
    ]
    none = table(FIRM, windows=0, independent=0.0)
    assert said(spoken.past_sentences({SHOP: none}, {})) == ["The history holds no whole window."]


def test_the_basis_says_how_much_history():
    """Room for a worse one: 1 - 13/13.6 x 14/14.6 x 15/15.6 x 16/16.6 = 15 %."""
    tables = {SHOP: table(FIRM, current=0.99)}
    advices = {SHOP: targets.recommend(tables[SHOP])}
    end = (", allowing for one worse than any seen (15 % in four weeks). 1 of 1 intervals contain "
           "90 %.")  # fmt: skip

    def basis(tables) -> list[str]:
        return said(spoken.basis_sentences(tables, advices, pass_probability=0.9))

    assert basis(tables) == [f"**How sure:** windows are drawn from 13 whole weeks{end}"]
    mixed = {**tables, Indicator("new"): table(FIRM, weeks=2)}
    assert basis(mixed) == [
        f"**How sure:** windows are drawn from 2 to 13 whole weeks of each series{end}"
    ]
    assert basis({SHOP: table(FIRM, weeks=0)}) == [
        "**How sure:** no series has a whole week of history."
    ]


def test_nothing_weighed_says_nothing():
    """The first line and the figures say why."""
    assert spoken.basis_sentences({}, {}, pass_probability=0.9) == []
    assert spoken.past_sentences({}, {}) == spoken.traffic_sentences({}) == []
    assert spoken.candidates_table({}, {}) is None


def test_the_table_shows_what_is_in_use_and_recommended():
    """And what each would cost; the likeliest candidate without either. Markup stays text."""
    rows = table(LOOSE, FIRM, STRICT, current=0.999)
    key = Indicator("<script>", "s", "availability", target=0.999, window=WINDOW)
    found = spoken.candidates_table({key: rows}, {key: targets.recommend(rows)})
    assert [plain(row[1]) for row in found.rows] == ["99 % ▲", "99.9 % ◆"]
    assert [plain(cell) for cell in found.rows[0][2:]] == [
        "95\n80 to >99", "40 min", "0.5", "12"
    ]  # fmt: skip
    assert "<script>" not in found._repr_html_()
    alone = table((0.9, 0.5, 0.2, 0.8), (0.95, 0.1, 0.0, 0.3), pages_per_week=math.nan)
    (row,) = spoken.candidates_table({key: alone}, {key: targets.recommend(alone)}).rows
    assert (plain(row[1]), row[4]) == ("90 %", "unknown")


def test_the_document_is_shown_as_text():
    """Escaped, in one block to copy; or said that there is none."""
    shown = spoken.document("apiVersion: openslo/v1\nname: <b>")._repr_html_()
    assert "<pre" in shown
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    assert plain(spoken.document("apiVersion: 1\n---\napiVersion: 2").caption) == (
        "OpenSLO, 2 documents, to copy into slos.yaml"
    )
    assert spoken.document("").caption == "No target changes, so there is no document to copy."


def plenty(*targets: float, **same) -> pd.DataFrame:
    """Candidates of a series with plenty of traffic."""
    return candidates(*({"target": target} for target in targets), **same)


def test_traffic_is_said_where_it_is_low():
    """3,328 events: a wall, a budget of ten, and chance; plenty of traffic is said once."""
    rows = plenty(0.99, 0.995, events=3328.4, strictest=0.9996996,
                 steady=0.996996, background=0.0047)  # fmt: skip
    rows["chance"] = [0.0, 0.4]
    assert said(spoken.traffic_sentences({SHOP: rows})) == [
        "**shop** (3,328 events per window): a single bad event misses a target of 99.97 % or "
        "stricter; at 99.7 % ten may be bad. At its usual error rate of 0.47 %, chance "
        "alone would miss 99.5 % in 40 of 100 windows."
    ]
    rows["chance"] = 0.0
    assert said(spoken.traffic_sentences({SHOP: rows}))[0].endswith("at 99.7 % ten may be bad.")
    assert said(spoken.traffic_sentences({SHOP: rows.assign(steady=math.nan)})) == [
        "**shop** has 3,328 events per window, too few for any target."
    ]
    assert said(spoken.traffic_sentences({SHOP: plenty(0.99)})) == [
        "Every series has enough traffic for 99.9 %; the least, **shop**, has 10 million events "
        "per window."
    ]


def test_dependencies_say_what_they_allow():
    """Two dependencies; 99 % in use is allowed, 99.9 % is not."""
    ceilings = {"shop": targets.ceiling({"pay<b>": 0.9995, "auth": 0.9999})}
    allows = (
        "**shop** depends on **pay&#60;b&#62;** and **auth**, which may fail 0.06 % of events "
        "together. With one more nine each, it can promise 99.5 %, and never more than 99.94 %; "
        "**pay&#60;b&#62;** limits it."
    )
    strict = Indicator("shop", "shop", "availability", target=0.999, window=WINDOW)
    for tables, end in (
        ({SHOP: plenty(0.99)}, ""),
        ({strict: plenty(0.99)}, " **Too strict**: **shop**."),
        ({}, " No objective of that service is in the exports."),
    ):
        assert said(spoken.dependency_sentences(ceilings, tables)) == [f"{allows}{end}"]
    (line,) = said(spoken.dependency_sentences({}, {}))
    assert line == "No dependencies are declared; `dependencies` sets them."


def test_thresholds_say_pairs_or_why_not():
    """Pairs of share and bound; none; an error; no histogram."""
    rows = pd.DataFrame({"threshold": [0.1, 0.3], "target": [0.75, 0.98], "share": [0.9, 0.99],
                         "probability": 0.97, "low": 0.9, "high": 1.0, "fits": True,
                         "chosen": True})  # fmt: skip
    key = ("shop", "latency")
    error = InsufficientDataError("too <b>little")
    for found, text in (
        (rows, "the next window would meet 75 % within 0.1 and 98 % within 0.3 with a probability "
               "of 90 % or more (bounds in the unit of the histogram)."),
        (rows.assign(chosen=False),
         "the next window would meet no target tried with a probability of 90 %."),
        (error, "too &#60;b&#62;little"),
    ):  # fmt: skip
        lines = said(spoken.threshold_sentences({key: found}, pass_probability=0.9))
        assert lines == [f"**shop latency**: {text}"]
    (line,) = said(spoken.threshold_sentences({}, pass_probability=0.9))
    assert line.startswith("To choose latency targets, export the")
