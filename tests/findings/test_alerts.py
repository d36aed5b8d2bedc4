"""The exact words of notebook 03: detected or missed, how soon, with how many alerts."""

import pandas as pd
import pytest

from srelib import alerts
from srelib.errors import InsufficientDataError
from srelib.findings import alerts as spoken
from tests.alerts.made import minutes
from tests.findings.replayed import LATER, NASTY, OUTAGE, incidents, replays, said


def summary(counts: pd.DataFrame, **options) -> list[str]:
    """The first lines of the notebook."""
    found = replays(counts, **options)
    return said(spoken.summary_sentences(alerts.pooled(found), replays=found, policy="5% in 1h <"))


def test_the_answer_says_how_many_how_soon_and_how_often():
    """An hour of total outage on record is paged after 9 minutes: 2 % of 6.72 h are 8.06."""
    assert summary(minutes(OUTAGE), incidents=incidents(("down", OUTAGE))) == [
        "The alert policy **workbook**, replayed on 1.1 weeks, would have detected **1 of 1 "
        "incident** (100 %, 95 % interval 21 % to 100 %), half of these within 9 min, with **0.88 "
        "alerts a week** (0.02 to 4.9).",
        "It would have detected every incident that used 2 % of an error budget or more.",
    ]


@pytest.mark.parametrize(
    ("share", "line"),
    [
        (0.02, "No incident used 2 % of an error budget or more."),
        (0.01, "Of the incidents that used 1 % of an error budget or more, it would have **missed "
               "1 of 1**; costliest: **&#60;b&#62;slow** (shop, 1.7 %)."),
    ],
)  # fmt: skip
def test_a_costly_miss_is_named(share, line):
    """Seven minutes of 403 are 1.7 %; the other incident used nothing. Markup stays text."""
    log = incidents(("<b>slow", "2026-06-05T12:00"), ("paper", "2026-06-06T12:00"))
    counts = minutes("2026-06-05T12:10", length="6min")
    lines = summary(counts, incidents=log, share=share)
    assert lines == [
        "The alert policy **workbook**, replayed on 1.1 weeks, would have detected **none of 2 "
        "incidents** (95 % interval 0 % to 66 %), with 0 alerts a week.",
        line,
    ]


def test_without_events_the_alerts_are_counted():
    """A quiet week."""
    assert summary(minutes()) == [
        "There was **no budget event** in 1.1 weeks; the alert policy **workbook**, replayed, "
        "would have sent no alerts."
    ]


def test_rules_of_ones_own_are_said_as_written():
    """The Workbook's fourth attempt by name, other rules as somebody wrote them."""
    counts, log = minutes(OUTAGE, length="14min"), incidents(("down", OUTAGE))
    (line, _) = summary(counts, incidents=log, policy="4 one burn rate")
    assert line.startswith("The alert policy **4 one burn rate**, replayed on 1.1 weeks, would")
    assert "detected **none of 1 incident**" in line
    (line, _) = summary(counts, incidents=log, policy="5% in 1h")
    assert line.startswith("The alert policy **5% in 1h &#60;**, replayed on 1.1 weeks, would")


def test_without_objectives_the_remedy_is_said():
    """No objective, no burn rate; else each error that stands for an answer."""
    (line,) = said(spoken.summary_sentences(None, replays={}))
    assert line.startswith("**No alert can be replayed, because no objective has data.**")
    errors = {NASTY: InsufficientDataError("every page rule is blind")}
    assert said(spoken.summary_sentences(None, replays=errors)) == [
        "**No alert could be replayed.**",
        "Not replayed: **&#60;b&#62;\\*x\\***: every page rule is blind.",
    ]


@pytest.mark.parametrize(
    ("log", "truth", "start"),
    [
        (incidents(("down", OUTAGE)), "incidents", "Incidents on record may be late"),
        (None, "budget", "Alerts are scored against 1 span of time that each used 2 % of an"),
        (None, "incidents", "There are no incidents in the folder, so alerts are scored against 1"),
    ],
)  # fmt: skip
def test_the_doubt_says_sample_and_truth(log, truth, start):
    """Records, the budget, or the budget because there are no records."""
    pooled = alerts.pooled(replays(minutes(OUTAGE), incidents=log))
    basis, against = said(spoken.basis_sentences(pooled, truth=truth))
    kind = "budget event" if log is None else "incident"
    assert basis == (f"**How sure:** 1 {kind} and 1 alert in 1.1 weeks over 1 objective. Too few "
                     "to separate similar policies.")  # fmt: skip
    assert against.startswith(start)


def test_alerts_without_an_incident_may_mean_a_gap_in_the_record():
    """Two outages that no record holds; scored against the budget, both match."""
    log = incidents(("paper", "2026-06-05T12:00"))
    pooled = alerts.pooled(replays(minutes(OUTAGE, LATER), incidents=log))
    assert said(spoken.unmatched_sentences(pooled)) == [
        "2 of 2 alerts replayed matched no incident (2 from **shop**); 2 of these came while 2 % "
        "of a budget or more was used, so incidents are missing from the record."
    ]
    budget = alerts.pooled(replays(minutes(OUTAGE)))
    assert said(spoken.unmatched_sentences(budget)) == [
        "None of 1 alert replayed was without a matching budget event."
    ]


def test_nothing_replayed_says_nothing():
    """The first line and the figures say why."""
    nothing = spoken.unmatched_sentences(None), spoken.basis_sentences(None, truth="budget")
    assert (*nothing, spoken.events_table(None)) == ([], [], None)
    assert spoken.unmatched_sentences(alerts.pooled(replays(minutes()))) == []


def test_the_table_begins_with_what_was_detected_last():
    """A missed incident is charged in full; markup stays text, and every incident is a value."""
    log = incidents(("<script>x</script>", OUTAGE), ("blip", "2026-06-05T12:00"))
    counts = minutes(OUTAGE)
    counts.loc["2026-06-05T12:10":"2026-06-05T12:19", "good"] = 0
    found = replays(counts, incidents=log, policy="4 one burn rate")
    table = spoken.events_table(alerts.pooled(found))
    assert [[cell.replace("\u00a0", " ") for cell in row] for row in table.rows] == [
        ["<script>x</script>", "shop", "2026-06-02", "21 min", "5.2 %", "15 %"],
        ["blip", "shop", "2026-06-05", "missed", "2.5 %", "2.5 %"],
    ]
    assert "<script>" not in table._repr_html_()
    assert {one.subject for one in table.findings} == {"shop: 0", "shop: 1"}
