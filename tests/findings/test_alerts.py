"""The exact words of notebook 03: detected, missed, nothing to tell, false alarms, and when."""

import pandas as pd
import pytest

from srelib import alerts
from srelib.errors import InsufficientDataError
from srelib.findings import alert_policies as compared
from srelib.findings import alerts as spoken
from tests.alerts.made import minutes
from tests.findings.replayed import LATER, NASTY, OUTAGE, incidents, plain, replays


def told(counts: pd.DataFrame, **options) -> list[str]:
    """The first lines of the notebook."""
    found = replays(counts, **options)
    return [plain(x) for x in spoken.summary_sentences(alerts.pooled(found), replays=found)]


def test_all_told_says_how_soon_and_at_what_price():
    """An hour of total outage, written down, is paged after 9 minutes: 2 % of 6.72 h are 8.06."""
    log = incidents(("down", OUTAGE))
    assert told(minutes(OUTAGE), incidents=log) == [
        "The **workbook** alert policy, replayed, would have detected **1 of 1 incident** (100 %, "
        "95 % interval 21 % to 100 %), half of those within 9 min of the start.",
        "It would have missed nothing.",
        "By the first page, or by its end where none came, half of what happened had spent at "
        "most 2.2 % of the budget of a period.",
        "It would have sent **0.9 pages a week** (95 % interval 0 to 4.9; 1 in 1.1 weeks, over 1 "
        "objective); 100 % of them told about one of these incidents, 0 % came out of office "
        "hours.",
    ]


def test_what_was_missed_is_named_with_its_price():
    """An incident that spent nothing and one that spent 5 minutes of 403: both by name."""
    log = incidents(("paper <b>cut</b>", "2026-06-04T12:00"), ("blip", "2026-06-05T12:00"))
    lines = told(minutes("2026-06-05T12:10", length="4min"), incidents=log)
    assert lines[0] == (
        "The **workbook** alert policy, replayed, would have detected **none** of 2 incidents (0 "
        "%, 95 % interval 0 % to 66 %)."
    )
    assert lines[1] == (
        "It would have missed 2, none of which spent 2 % of a budget: **blip**, shop, 5 June "
        "(1.2 %) and **paper &#60;b&#62;cut&#60;/b&#62;**, shop, 4 June (0 %)."
    )
    assert lines[3] == "It would have sent **no pages** in 1.1 weeks, over 1 objective."


def test_a_dear_miss_is_marked():
    """Seven minutes of 403 are 1.7 %: at 1 % that is dear."""
    log = incidents(("slow burn", "2026-06-05T12:00"))
    lines = told(minutes("2026-06-05T12:10", length="6min"), incidents=log, share=0.01)
    assert lines[1] == (
        "It would have missed 1, each at least 1 % of a budget: **slow burn**, shop, 5 June "
        "(1.7 %)."
    )
    log = incidents(("slow burn", "2026-06-05T12:00"), ("paper", "2026-06-06T12:00"))
    lines = told(minutes("2026-06-05T12:10", length="6min"), incidents=log, share=0.01)
    assert lines[1] == (
        "It would have missed 2, **1 of them 1 % of a budget or more**: **slow burn**, shop, 5 "
        "June (1.7 %)."
    )


def test_nothing_to_tell_is_an_answer():
    """A quiet week without incidents or spending."""
    assert told(minutes()) == [
        "There was **nothing to tell about**: no budget event in 1.1 weeks.",
        "It would have sent **no pages** in 1.1 weeks, over 1 objective.",
    ]


def test_the_words_change_with_the_policy():
    """The Workbook's fourth attempt wants 5 % of a budget in an hour: 21 minutes of outage."""
    counts, log = minutes(OUTAGE), incidents(("down", OUTAGE))
    line = told(counts, incidents=log, policy="4 one burn rate")[0]
    assert line.startswith(
        "The **4 one burn rate** alert policy, replayed, would have detected **1 of 1 incident**"
    )
    assert line.endswith("half of those within 21 min of the start.")
    short = minutes(OUTAGE, length="14min")
    assert "would have detected **1 of 1" in told(short, incidents=log)[0]
    assert "would have detected **none**" in told(short, incidents=log, policy="4 one burn rate")[0]


def test_a_policy_of_ones_own_is_said_as_it_was_written():
    """Markup in it stays text; beside others it is yours."""
    found = replays(minutes(OUTAGE), policy="5% in 1h", incidents=incidents(("down", OUTAGE)))
    lines = spoken.summary_sentences(alerts.pooled(found), replays=found, policy="5% in 1h")
    assert plain(lines[0]).startswith(
        "Your alert policy (**5% in 1h**), replayed, would have detected **1 of 1 incident**"
    )
    lines = compared.compare_sentences(alerts.compare(found))
    assert plain(lines[0]) == (
        "**workbook** (0.9 pages a week) tells about the same incidents as **yours**."
    )


def fired(*rows: tuple[str, str], severity: str | None = "page") -> pd.DataFrame:
    """Alerts of the shop: start and end."""
    times = [pd.to_datetime([row[n] for row in rows], utc=True) for n in (0, 1)]
    return pd.DataFrame({"service": "shop", "rule": "Burn", "severity": severity,
                         "fired_at": times[0], "resolved_at": times[1]})  # fmt: skip


def really(log: pd.DataFrame, found: dict) -> list[str]:
    """What is said of the alerts on record: the line above, then those beside the policies."""
    real = alerts.recorded(log, found)
    lines = spoken.recorded_sentences(real, alerts.compare(found), severity="page")
    return [plain(x) for x in (spoken._recorded_sentence(real), *lines)]


def test_what_really_fired_is_held_against_the_replay():
    """Told: the first, 4 minutes later than the 9 of the replay; missed: the second; none won."""
    log = incidents(("down", OUTAGE), ("later", LATER))
    found = replays(minutes(OUTAGE, LATER), incidents=log)
    assert really(fired(("2026-06-02T12:13", "2026-06-02T13:00"),
                        ("2026-06-08T12:13", "2026-06-08T13:00")), found) == [
        "The 2 pages that **really fired** (1.8 a week) detected **1 of 2 incidents** (50.0 "
        "%, 95 % interval 9.5 % to 90.5 %), half of those within 13 min of the start.",
        "**What really fired** (1.8 pages a week) missed 1 that **workbook** would have told about "
        "(**later**, shop, 7 June, 15 %).",
        "Of 1 incident that both told about, the alert on record came first in none and last in 1; "
        "at the median 4 min later.",
    ]  # fmt: skip


def test_a_record_that_saw_more_is_said():
    """A slow burn that no rule of the policy sees, paged before it was written down."""
    log = incidents(("blip", "2026-06-05T12:00"))
    found = replays(minutes("2026-06-05T12:10", length="4min"), incidents=log)
    assert really(fired(("2026-06-05T11:50", "2026-06-05T12:20")), found)[:2] == [
        "The 1 page that **really fired** (0.9 a week) detected **1 of 1 incident** (100 %, "
        "95 % interval 21 % to 100 %), half of those no later than the start.",
        "**What really fired** (0.9 pages a week) told about 1 that **workbook** would have missed "
        "(**blip**, shop, 5 June, 1.2 %).",
    ]


def test_a_record_that_agrees_is_said():
    """The same incident, the same minute."""
    found = replays(minutes(OUTAGE), incidents=incidents(("down", OUTAGE)))
    assert really(fired(("2026-06-02T12:09", "2026-06-02T13:00")), found)[1:3] == [
        "**What really fired** (0.9 pages a week) told about the same incidents as **workbook** "
        "replayed (0.9 pages a week).",
        "Of 1 incident that both told about, the alert on record came first in none and last in "
        "none; at the median neither came first.",
    ]


@pytest.mark.parametrize(
    ("severity", "text"),
    [
        ("critical", "Mind that **critical** is taken for **page**; the last alert on record is of "
                     "2 June, perhaps because the export ends there."),
        (None, "Mind that no alert on record has a severity, so all of them count; the last alert "
               "on record is of 2 June, perhaps because the export ends there."),
        ("<b>", "Whether alerts of severity **&#60;b&#62;** page somebody is not known, so what "
                "really fired is not compared. Say it with values.severity in sources.toml; "
                "`srelib check` writes the line."),
        ("ticket", "No alert on record has the severity **page**, so what really fired is not "
                   "compared; there are **ticket**."),
    ],
)  # fmt: skip
def test_what_the_record_leaves_open_is_said(severity, text):
    """Another word for a page, none at all, or one that nobody knows; a short export."""
    found = replays(minutes(OUTAGE), incidents=incidents(("down", OUTAGE)))
    alerts = fired(("2026-06-02T12:09", "2026-06-02T13:00"), severity=severity)
    assert really(alerts, found)[-1] == text


def test_services_without_any_alert_on_record_are_named():
    """They may be quiet, or missing from the export."""
    counts, log = minutes(OUTAGE), incidents(("down", OUTAGE))
    found = {**replays(counts, incidents=log), **replays(counts, key=NASTY)}
    alerts = fired(
        ("2026-06-02T12:09", "2026-06-02T13:00"), ("2026-06-08T12:09", "2026-06-08T13:00")
    )
    assert really(alerts, found)[-1] == (
        "Mind that there is no alert of **&#60;b&#62;\\*x\\*** on record, for whatever reason."
    )


def test_without_alerts_on_record_the_remedy_is_said():
    """Nothing on top, and how to get them beside the policies; nothing without a replay."""
    found = alerts.compare(replays(minutes(OUTAGE)))
    (line,) = spoken.recorded_sentences(None, found, severity="page")
    assert line.startswith(
        "There are no alerts in the folder, so what really fired is not compared"
    )
    assert "fired_at" in line
    assert spoken._recorded_sentence(None) == ""
    assert spoken.recorded_sentences(None, {}, severity="page") == []


def test_without_objectives_the_remedy_is_said():
    """No objective, no burn rate."""
    assert spoken.summary_sentences(None, replays={}) == [spoken.NO_SLO]


def test_what_cannot_be_replayed_is_named_with_the_reason():
    """Errors stand where answers cannot be had; names stay text."""
    errors = {NASTY: InsufficientDataError("every page rule is blind")}
    assert spoken.summary_sentences(None, replays=errors) == [
        "**No alert could be replayed.** Not replayed: **&#60;b&#62;\\*x\\***: every page rule is "
        "blind."
    ]


@pytest.mark.parametrize(
    ("log", "truth", "text"),
    [
        (incidents(("down", OUTAGE)), "incidents",
         "Scored against 1 incident on record. People write incidents down late, or not at all; "
         "set `truth` to `budget` to score against the data itself."),
        (None, "budget", "Scored against 1 span of time that spent at least 2 % of the budget of "
                         "a period."),
    ],
)  # fmt: skip
def test_the_truth_is_named(log, truth, text):
    """Records, or the data itself."""
    pooled = alerts.pooled(replays(minutes(OUTAGE), incidents=log))
    assert plain(spoken.truth_sentence(pooled, truth=truth)) == text


def test_missing_incidents_are_said_with_how_to_get_them():
    """Asked for incidents, but there are none."""
    text = plain(spoken.truth_sentence(alerts.pooled(replays(minutes(OUTAGE))), truth="incidents"))
    assert text.startswith("There are no incidents in the folder. Scored against 1 span of time")
    assert "To add them, " in text


def test_pages_about_trouble_nobody_wrote_down_are_no_false_alarms():
    """The outage is not in the records; the budget burned all the same."""
    log = incidents(("paper", "2026-06-05T12:00"))
    pooled = alerts.pooled(replays(minutes(OUTAGE), incidents=log))
    assert plain(spoken.false_sentence(pooled)) == (
        "0 of 1 page told about something (0 %, 95 % interval 0 % to 79 %); the other came from "
        "**shop**. **1 was no false alarm**: it fell into a span that spent at least 2 % of a "
        "budget, and no incident records that."
    )
    twice = alerts.pooled(replays(minutes(OUTAGE, LATER), incidents=log))
    assert plain(spoken.false_sentence(twice)).endswith(
        "the others came from **shop**. **2 of these 2 were no false alarms**: they fell into "
        "spans that spent at least 2 % of a budget, and no incident records those."
    )
    budget = alerts.pooled(replays(minutes(OUTAGE)))
    assert plain(spoken.false_sentence(budget)) == (
        "1 of 1 page told about something (100 %, 95 % interval 21 % to 100 %)."
    )


def test_the_dearest_wait_is_named():
    """Nine minutes until anybody knew."""
    pooled = alerts.pooled(replays(minutes(OUTAGE), incidents=incidents(("down", OUTAGE))))
    assert plain(spoken.detection_sentence(pooled)) == (
        "Of 1 incident that spent at least 2 % of a budget, 1 was told about, half of those within "
        "9 min. The dearest wait: **down**, shop, 2 June, 9 min and 2.2 % of the budget until "
        "anybody knew."
    )


def test_hours_are_those_of_the_people_paged():
    """12:09 and 23:09 UTC: in Berlin the second is past midnight, on a Monday."""
    pooled = alerts.pooled(replays(minutes(OUTAGE, LATER), timezone="Europe/Berlin"))
    assert plain(spoken.hours_sentence(pooled, timezone="Europe/Berlin")) == (
        "1 of 2 pages came outside office hours (Monday to Friday, 9 to 17 h, Europe/Berlin; "
        "50.0 %, 95 % interval 9.5 % to 90.5 %), 1 of them between 23 and 7 h. Spread evenly over "
        "the week, 76 % would."
    )


def test_nothing_replayed_is_said_everywhere():
    """No section is left empty."""
    assert {
        spoken.false_sentence(None), spoken.detection_sentence(None), spoken.basis_sentence(None),
        spoken.hours_sentence(None, timezone="UTC"), spoken.truth_sentence(None, truth="budget"),
    } == {spoken.NOTHING}  # fmt: skip
    assert spoken.events_table(None) is None


def test_the_table_shows_what_happened():
    """First page and price per event; markup stays text."""
    log = incidents(("<script>x</script>", OUTAGE))
    events = spoken.events_table(alerts.pooled(replays(minutes(OUTAGE), incidents=log)))
    assert [plain(cell) for cell in events.rows[0]] == [
        "<script>x</script>", "shop", "2026-06-02 12:00", "9 min", "2.2 %", "15 %"
    ]  # fmt: skip
    assert "<script>" not in events._repr_html_()
