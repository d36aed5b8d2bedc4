"""The exact words of notebook 05: better, worse, cannot tell, nothing there."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from srelib import incidents
from srelib.findings import incidents as sentences
from srelib.fleet import Indicator

START = pd.Timestamp("2026-01-05", tz="UTC")
END = START + pd.Timedelta("56D")
NONE = incidents.incident_costs({}, as_of=END)


def table(days, hours, **columns) -> pd.DataFrame:
    """Incidents that begin on these days and last so many hours; NaN is open."""
    at = pd.Series(START + pd.to_timedelta(days, unit="D"))
    return pd.DataFrame({
        "incident_id": [f"i{n}" for n in range(len(days))], "service": "<b>shop*",
        "started_at": at, "resolved_at": at + pd.to_timedelta(pd.Series(hours), unit="h"),
        "title": "<script>", **columns,
    })  # fmt: skip


def compared(rows: pd.DataFrame):
    """The halves of eight weeks."""
    return incidents.compare_periods(rows, as_of=END, observed_since=START)


@cache
def even():
    """One a day throughout."""
    return compared(table(DAILY, HOURS))


def plain(found) -> list[str]:
    """Sentences with ordinary spaces."""
    return [one.sentence.replace("\u00a0", " ") for one in found]


def said(rows: pd.DataFrame) -> list[str]:
    """The first lines of the notebook."""
    return plain(sentences.summary_sentences(compared(rows), NONE))


DAILY = np.arange(56) + 0.5
HOURS = [1.0, 2.0, 3.0, 6.0] * 14


def test_no_difference_could_be_chance_and_says_what_would_show():
    """One a day of the same lengths throughout."""
    assert said(table(DAILY, HOURS)) == [
        "Incidents went from **7 to 7 a week** after 2 February 2026 (28 and 28 incidents), but "
        "this could be chance: ratio 1, 95 % interval 0.59 to 1.7.",
        "Median time to restore went from **2 h 30 min to 2 h 30 min**, but this could be chance: "
        "factor 1, 95 % interval 0.67 to 1.5.",
    ]
    (line,) = plain(sentences.basis_sentences(even()))
    assert line.startswith("**How sure:** with 56 incidents, the smallest improvement that would")


FEW_LATER, FEW_EARLIER = [*range(28), 30, 37, 44, 51], [2, 9, 16, 23, *range(28, 56)]


@pytest.mark.parametrize(
    ("days", "hours", "number", "length"),
    [
        (DAILY, [*HOURS[:28], *(h / 8 for h in HOURS[28:])], "Incidents went", "**Shorter"),
        (DAILY, [*HOURS[:28], *(h * 8 for h in HOURS[28:])], "Incidents went", "**Longer"),
        (DAILY[FEW_LATER], HOURS[:32], "**Fewer incidents**: from 7 to 1 a week since", "Median"),
        (DAILY[FEW_EARLIER], HOURS[:32], "**More incidents**: from 1 to 7 a week since", "Median"),
        (DAILY[FEW_LATER], [*HOURS[:28], 0.1, 0.2, 0.3, 0.2], "**Fewer", "**Shorter incidents**"),
    ],
    ids=["shorter", "longer", "fewer", "more", "both"],
)
def test_only_what_lies_beyond_chance_is_claimed(days, hours, number, length):
    """One verdict of number, one of length."""
    lines = said(table(days, hours))
    assert lines[0].startswith(number)
    assert lines[1].startswith(length)
    assert ["could be chance" in line for line in lines] == [
        not line.startswith("**") for line in lines
    ]


def test_bursts_are_said_where_they_widen():
    """Twenty in one night."""
    rows = table([*range(0, 56, 7), *(40 + n / 48 for n in range(20))], [1.0] * 28)
    assert "could be chance" in said(rows)[0]
    assert sentences.basis_sentences(compared(rows))[1].key == "incidents.bursts"


def test_hardly_any_incidents_say_so_first():
    """One, two: too few for anything."""
    ends = " too few** to say whether anything got better or worse."
    assert said(table([5.0], [1.0])) == [f"**1 incident is{ends}"]
    assert said(table([5.0, 40.0], [1.0, 2.0])) == [f"**2 incidents are{ends}"]


def test_no_incidents_say_how_to_export_them():
    """Every sentence of the notebook can do without."""
    (line,) = plain(sentences.summary_sentences(None, NONE))
    assert line.startswith("**There are no incidents in the folder.**")
    assert "the incident list of the paging tool as CSV" in line
    rest = [sentences.trend_sentence(None), *sentences.noise_sentences(None),
            *sentences.pattern_sentences(None), *sentences.basis_sentences(None),
            *sentences.trust_sentences(None)]  # fmt: skip
    assert [one.key for one in rest] == ["incidents.nothing"] * 5
    for table in (sentences.times_table, sentences.services_table, sentences.repeated_table):
        assert table(None) is None


def test_the_record_is_described_with_what_is_odd_in_it():
    """Detection by construction, no length, overlap, open, felt by nobody, planned work."""
    rows = table(
        [1.0, 1.02, 20.0, 50.0], [1.0, 1.0, 0.0, float("nan")],
        severity=["high", "high", "none", "low"],
    )  # fmt: skip
    rows["detected_at"] = rows["started_at"]
    rows["acknowledged_at"] = rows["started_at"].where(rows["incident_id"] == "i0")
    assert plain(sentences.trust_sentences(compared(rows), planned=2)) == [
        "4 incidents from 5 January 2026 to 2 March 2026; 2 planned maintenance windows left out.",
        "Not known: detection (the source sets it to the start), acknowledgement of 2 of 4 "
        "incidents and mitigation.",
        "Of these incidents, 1 is still open, 1 ended as it began, 1 overlapped an earlier one of "
        "the same service and 1 affected no user.",
    ]


def test_an_incident_of_two_services_is_one_on_record():
    """Two rows of one incident, two services in the table, one on every line about the fleet."""
    rows = pd.concat([table([5.0], [1.0]), table([5.0], [1.0], service="api")])
    found = compared(rows)
    assert said(rows)[0].startswith("**1 incident is too few")
    assert plain(sentences.trust_sentences(found))[0].startswith("1 incident from")
    assert plain(sentences.pattern_sentences(found))[0].startswith(
        "Incidents were open for **1 h** of 8 weeks, overlaps counted once; longest for"
    )
    assert [row[:3] for row in sentences.services_table(found).rows] == [
        ("<b>shop*", "1", "0"), ("api", "1", "0"),
    ]  # fmt: skip


def test_a_silence_at_the_end_is_a_question_about_the_export():
    """One a day, then none for four weeks."""
    found = sentences.trust_sentences(compared(table(DAILY[:28], HOURS[:28])))
    assert found[-1].key == "incidents.silence"
    assert plain(found)[-1].startswith("**No incident in the last 4 weeks**")


def test_shuffling_and_a_false_alarm_are_told():
    """Mean of two hours against a quarter of an hour."""
    hours = [*([2.0] * 27), 2.5, *([0.25] * 27), 0.5]
    assert plain(sentences.noise_sentences(compared(table(DAILY, hours))))[0] == (
        "The mean time to restore went from 2 h 1 min to 16 min (n = 28 and 28). Assigned to the "
        "two halves at random, the same incidents differ at least as much in **0.01 %** of cases."
    )
    assert sentences.noise_sentences(even())[1].key == "incidents.looks_worse"


def test_downtime_counts_overlaps_once():
    """Two hours, the second begun in the midst of the first: three hours and not four."""
    rows = table([1.0, 1.0 + 1 / 24], [2.0, 2.0])
    assert plain(sentences.pattern_sentences(compared(rows)))[0] == (
        "Incidents were open for **3 h** of 8 weeks, overlaps counted once."
    )


def costs(*bad: float, title: str = "") -> incidents.IncidentCosts:
    """Incidents that spent so many of 672 bad events allowed in four weeks."""
    index = pd.date_range(START, periods=24 * 28, freq="h", unit="us")
    good = pd.Series(1000.0, index)
    at = [30 + 24 * n for n in range(len(bad))]
    good.iloc[at] -= list(bad)
    rows = table(
        [place / 24 for place in at], [1.0] * len(bad), title=[title or f"t{b}" for b in bad]
    )
    key = Indicator("<b>shop*", "<b>shop*", "availability", target=0.999)
    return incidents.incident_costs({key: incidents.budget_spent(
        good, pd.Series(1000.0, index), target=0.999, period="28d", incidents=rows)},
        as_of=END)  # fmt: skip


def test_postmortems_are_named_with_what_they_spent():
    """134.4 of 672 is the line: 140 is above it, 130 below."""
    assert plain(sentences.summary_sentences(even(), costs(140, 130)))[-1] == (
        "**1 of 2 incidents needs a postmortem**: it spent more than 20 % of the error budget of a "
        "window. Costliest: **t140** (**&#60;b&#62;shop\\***, 6 January 2026), 21 %."
    )
    assert plain(sentences.summary_sentences(even(), costs(10)))[-1] == (
        "No incident of 1 spent more than 20 % of an error budget."
    )


def test_a_kind_of_outage_that_came_back_too_often_is_named():
    """Twice 300 of 2,160 bad events allowed in a quarter are more than a fifth; 10 are not."""
    line = sentences.cost_sentence(costs(300, 300, title="disk full")).sentence
    assert "**disk full**" in line
    assert sentences.cost_sentence(costs(10)).verdict == "none"


def test_prices_need_an_objective():
    """What is missing is said, and how to write it."""
    line = sentences.cost_sentence(NONE).sentence
    assert "can be priced" in line
    assert "a slos.yaml" in line
    assert sentences.costs_table(NONE) is None


def test_markup_in_titles_and_names_stays_text():
    """In tables and sentences."""
    found = even()
    shown = [
        sentences.services_table(found)._repr_html_(),
        sentences.repeated_table(found)._repr_html_(),
        sentences.costs_table(costs(140))._repr_html_(),
        *plain(sentences.summary_sentences(found, costs(140))),
    ]
    assert not any("<script>" in text or "<b>" in text for text in shown)


def test_tables_show_what_is_known():
    """Times on record alone; the share of a budget; changes beyond chance."""
    assert [row[0] for row in sentences.times_table(even()).rows] == ["restoration"]
    (row, _) = sentences.costs_table(costs(140, 10)).rows
    assert row[-1].replace("\u00a0", " ") == "21 %"
    fewer = compared(table(DAILY[FEW_LATER], HOURS[:32]))
    assert [r[-1] for r in sentences.services_table(fewer).rows] == ["fewer"]
    assert [r[-1] for r in sentences.services_table(even()).rows] == ["none"]


def test_a_preference_is_named_with_its_number():
    """Every day at noon: an hour, and no weekday."""
    assert plain(sentences.pattern_sentences(even()))[1:] == [
        "More incidents start at certain hours: 56 at 12 h (UTC), 2.3 expected if spread evenly "
        "(p = 0.001).",
        "No significant pattern by weekday.",
    ]


def test_a_trend_is_named_where_its_interval_leaves_out_none():
    """Longer every day, and the same every day."""
    assert sentences.trend_sentence(compared(table(DAILY, DAILY / 10))).verdict == "rose"
    assert sentences.trend_sentence(even()).verdict == "chance"
    assert sentences.trend_sentence(compared(table([5.0], [1.0]))).verdict == "few"
