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


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


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


def said(rows: pd.DataFrame) -> list[str]:
    """The first lines of the notebook."""
    return [plain(x) for x in sentences.better_sentences(compared(rows), NONE)]


DAILY = np.arange(56) + 0.5
HOURS = [1.0, 2.0, 3.0, 6.0] * 14


def test_no_difference_cannot_tell_and_says_what_would_show():
    """One a day of the same lengths throughout."""
    lines = said(table(DAILY, HOURS))
    assert lines[:3] == [
        "**Better or worse, these incidents cannot tell**: the 28 before 2 February 2026 and the "
        "28 since differ no more, in number or in length, than chance allows.",
        "**7 incidents a week before, 7 after** (28 and 28): 1 times as many (95 % interval 0.59 "
        "to 1.7), within the reach of chance.",
        "**Half were restored within 2 h 30 min before, 2 h 30 min after**: durations changed by "
        "a factor of 1 (95 % interval 0.67 to 1.5), within the reach of chance.",
    ]
    assert lines[3].startswith("With 56 incidents, **only a cut of every duration by at least ")
    assert lines[3].endswith("a smaller one passes for noise more often than that.")


@pytest.mark.parametrize(
    ("days", "hours", "first"),
    [
        (DAILY, [*HOURS[:28], *(h / 8 for h in HOURS[28:])],
         "Since 2 February 2026 incidents are **shorter**, beyond chance; more or fewer, 56 "
         "incidents cannot tell."),
        (DAILY, [*HOURS[:28], *(h * 8 for h in HOURS[28:])],
         "Since 2 February 2026 incidents are **longer**, beyond chance; more or fewer, 56 "
         "incidents cannot tell."),
        (DAILY[[*range(28), 30, 37, 44, 51]], HOURS[:32],
         "Since 2 February 2026 there are **fewer** incidents, beyond chance; shorter or longer, "
         "32 incidents cannot tell."),
        (DAILY[[2, 9, 16, 23, *range(28, 56)]], HOURS[:32],
         "Since 2 February 2026 there are **more** incidents, beyond chance; shorter or longer, "
         "32 incidents cannot tell."),
    ],
    ids=["shorter", "longer", "fewer", "more"],
)  # fmt: skip
def test_only_what_lies_beyond_chance_is_claimed(days, hours, first):
    """One verdict, and that the other cannot be given."""
    assert said(table(days, hours))[0] == first


def test_both_at_once_is_one_sentence():
    """Four later ones, each a tenth as long."""
    rows = table(DAILY[[*range(28), 30, 37, 44, 51]], [*HOURS[:28], 0.1, 0.2, 0.3, 0.2])
    assert said(rows)[0] == (
        "Since 2 February 2026 there are **fewer** incidents and they are **shorter**, both "
        "beyond chance (32 incidents)."
    )


def test_bursts_are_said_where_they_widen():
    """Twenty in one night."""
    lines = said(table([*range(0, 56, 7), *(40 + n / 48 for n in range(20))], [1.0] * 28))
    assert "They come in bursts: their number scatters" in lines[1]
    assert lines[1].count("within the reach of chance") == 1


def test_hardly_any_incidents_say_so_first():
    """One, two: too few for anything."""
    assert said(table([5.0], [1.0]))[0] == (
        "**1 incident is too few to say whether anything got better or worse.**"
    )
    assert said(table([5.0, 40.0], [1.0, 2.0]))[0] == (
        "**2 incidents are too few to say whether anything got better or worse.**"
    )


def test_no_incidents_say_how_to_export_them():
    """Every sentence of the notebook can do without."""
    (line,) = sentences.better_sentences(None, NONE)
    assert line.startswith("**There are no incidents in the folder**")
    assert "the incident list of the paging tool as CSV" in line
    nothing = "Without incidents there is nothing to say here."
    assert sentences.trend_sentence(None) == nothing
    assert sentences.noise_sentences(None) == sentences.pattern_sentences(None) == [nothing]
    for table in (sentences.times_table, sentences.services_table, sentences.repeated_table):
        assert table(None) is None


def test_the_record_is_described_with_what_is_odd_in_it():
    """Detection by construction, no length, overlap, open, felt by nobody, planned work."""
    rows = table(
        [1.0, 1.02, 20.0, 50.0], [1.0, 1.0, 0.0, float("nan")],
        severity=["high", "high", "none", "low"],
    )  # fmt: skip
    rows["detected_at"] = rows["started_at"]
    found = [plain(x) for x in sentences.trust_sentences(compared(rows), planned=2)]
    assert found == [
        "4 incidents on record from 5 January 2026 to 2 March 2026; 2 planned maintenance windows "
        "left out.",
        "**Detection cannot be known**, because the source sets it to the start of the incident; "
        "no time of acknowledgement is on record; no time of mitigation is on record.",
        "Of them 1 is still open, 1 ended as it began, 1 began before an earlier one of the same "
        "service was over and 1 says of itself that no user was affected.",
    ]


def test_an_incident_of_two_services_is_one_on_record():
    """Two rows of one incident, two services in the table, one on every line about the fleet."""
    rows = pd.concat([table([5.0], [1.0]), table([5.0], [1.0], service="api")])
    found = compared(rows)
    assert said(rows)[0].startswith("**1 incident is too few")
    assert plain(sentences.trust_sentences(found)[0]).startswith("1 incident on record")
    assert plain(sentences.pattern_sentences(found)[0]).startswith(
        "At least one incident was open for **1 h** in 8 weeks. Longest at"
    )
    assert [row[:3] for row in sentences.services_table(found).rows] == [
        ("<b>shop*", "1", "0"), ("api", "1", "0"),
    ]  # fmt: skip


def test_a_silence_at_the_end_is_a_question_about_the_export():
    """One a day, then none for four weeks."""
    found = sentences.trust_sentences(compared(table(DAILY[:28], HOURS[:28])))
    assert plain(found[-1]).startswith("**No incident in the last 4 weeks**: at the rate until")
    assert found[-1].endswith("Check that the export reaches the end of the data.")


def test_shuffling_is_told_in_one_breath():
    """Mean of two hours against a quarter of an hour."""
    hours = [*([2.0] * 27), 2.5, *([0.25] * 27), 0.5]
    assert plain(sentences.noise_sentences(compared(table(DAILY, hours)))[0]) == (
        "The mean time to restore went from 2 h 1 min to 16 min (n = 28 and 28). Shuffled between "
        "the two parts, the same incidents differ at least as much in **0.01 %** of cases."
    )


def test_downtime_counts_overlaps_once():
    """Two hours, the second begun in the midst of the first: three hours and not four."""
    rows = table([1.0, 1.0 + 1 / 24], [2.0, 2.0])
    assert plain(sentences.pattern_sentences(compared(rows))[0]) == (
        "At least one incident was open for **3 h** in 8 weeks; adding up durations would count "
        "4 h."
    )


def costs(*bad: float) -> incidents.IncidentCosts:
    """Incidents that spent so many of 672 bad events allowed in four weeks."""
    index = pd.date_range(START, periods=24 * 28, freq="h", unit="us")
    good = pd.Series(1000.0, index)
    at = [30 + 24 * n for n in range(len(bad))]
    good.iloc[at] -= list(bad)
    rows = table([place / 24 for place in at], [1.0] * len(bad), title=[f"t{b}" for b in bad])
    key = Indicator("<b>shop*", "<b>shop*", "availability", target=0.999)
    return incidents.incident_costs({key: incidents.budget_spent(
        good, pd.Series(1000.0, index), target=0.999, period="28d", incidents=rows)},
        as_of=END)  # fmt: skip


def better_last(known: incidents.IncidentCosts) -> str:
    """The last of the first lines of the notebook."""
    return sentences.better_sentences(even(), known)[-1]


def test_postmortems_are_named_with_what_they_spent():
    """134.4 of 672 is the line: 140 is above it, 130 below."""
    assert plain(better_last(costs(140, 130))) == (
        "**1 of 2 incidents spent more than 20 % of the budget of a period**, it needs a "
        "postmortem: **t140**, &#60;b&#62;shop\\*, 6 January (21 %)."
    )
    assert plain(better_last(costs(10))) == (
        "The one incident that can be priced has not spent more than 20 % of the budget of a "
        "period."
    )
    assert "budget" not in better_last(NONE)


def test_prices_need_an_objective():
    """What is missing is said, and how to write it."""
    (line,) = sentences.cost_sentences(NONE)
    assert "none can be priced" in line
    assert "a slos.yaml" in line
    assert sentences.costs_table(NONE) is None


def test_markup_in_titles_and_names_stays_text():
    """In tables and sentences."""
    found = even()
    shown = [
        sentences.services_table(found)._repr_html_(),
        sentences.repeated_table(found)._repr_html_(),
        sentences.costs_table(costs(140))._repr_html_(),
        *sentences.better_sentences(found, costs(140)),
    ]
    assert not any("<script>" in text or "<b>" in text for text in shown)


def test_tables_have_no_empty_cells():
    """What is not known is a dash; what needs no postmortem says so."""
    rows = sentences.times_table(even()).rows
    assert rows[0] == ("detection", "cannot be known", "–", "–", "0", "0", "56")
    assert [row[-1] for row in sentences.costs_table(costs(140, 10)).rows] == ["needed", "no"]


def test_a_preference_is_named_with_its_number():
    """Every day at noon: an hour, and no weekday."""
    assert [plain(x) for x in sentences.pattern_sentences(even())[1:]] == [
        "**They prefer hours of the day** (UTC): most come from 12 to 13 h, 56 incidents where an "
        "even spread gives 2.3 (p = 0.001, corrected).",
        "No preference for a day of the week beyond what chance would do.",
    ]
