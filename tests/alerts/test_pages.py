"""Which alerts on record are pages, and which of them are one."""

import pandas as pd
import pytest

from srelib import tables
from srelib.alerts import pages


def fired(*rows: tuple[str | None, str, str | None]) -> pd.DataFrame:
    """Alerts of one service, each of its own rule unless said: severity, start, end on 3 June."""
    begun, ended = (pd.to_datetime([None if row[n] is None else f"2026-06-03 {row[n]}"
                                    for row in rows], utc=True) for n in (1, 2))  # fmt: skip
    return tables.conform(pd.DataFrame({
        "service": "shop", "rule": "Burn", "severity": [row[0] for row in rows],
        "fired_at": begun, "resolved_at": ended,
    }), "alerts")  # fmt: skip


def of(*severities: str | None) -> pd.DataFrame:
    """One alert of each severity."""
    return fired(*((name, "12:00", "12:10") for name in severities))


@pytest.mark.parametrize(
    ("severity", "kind"),
    [
        ("page", "page"), ("Critical", "page"), (" HIGH ", "page"), (None, "page"),
        ("disaster", "page"), ("ticket", "ticket"), ("Warning", "ticket"), ("low", "ticket"),
        ("info", "notice"), ("none", "notice"), ("P1", None), ("sev2", None), ("error", None),
        ("pages", None), ("not critical", None),
    ],
)  # fmt: skip
def test_what_a_severity_says(severity, kind):
    """Well-known words in any spelling; anything else may be either."""
    (found,) = pages.alert_kinds(of(severity))
    assert (None if pd.isna(found) else found) == kind


def test_a_severity_is_meant_by_any_of_its_names_or_by_its_own():
    """A word that is none of the well-known ones only means itself."""
    rows = of("page", "critical", None, "warning", "P1", "p1")
    assert pages.of_severity(rows, "page").tolist() == [True, True, True, False, False, False]
    assert pages.of_severity(rows, "Ticket").tolist() == [False] * 3 + [True, False, False]
    assert pages.of_severity(rows, "P1").tolist() == [False] * 4 + [True, True]


def test_what_is_not_known_is_named_with_the_line_to_write():
    """As the records spell it, each once, in an order that does not vary."""
    names = pages.unclear_severities(of("sev2", "page", 'P"1', "sev2", None))
    assert names == ('P"1', "sev2")
    assert pages.severities_to_say(names) == (
        r'values.severity = { "P\"1" = "page", "sev2" = "page" }'
    )
    assert pages.unclear_severities(of("page", None)) == ()


def test_pages_of_one_rule_within_the_hour_are_one():
    """An end an hour before the next start, and a minute more; another rule is another page."""
    rows = fired(("page", "12:00", "12:10"), ("critical", "13:10", "13:20"),
                 ("page", "14:21", "14:30"))  # fmt: skip
    found = pages.page_episodes(rows)
    assert found["fired_at"].dt.strftime("%H:%M").tolist() == ["12:00", "14:21"]
    assert found["resolved_at"].dt.strftime("%H:%M").tolist() == ["13:20", "14:30"]
    assert len(pages.page_episodes(rows.assign(rule=["a", "b", "c"]))) == 3


def test_pages_of_the_same_moment_are_one():
    """Two rules that woke somebody once: until the later end."""
    rows = fired(("page", "12:00", "12:10"), ("page", "12:00", "12:40")).assign(rule=["a", "b"])
    (one,) = pages.page_episodes(rows).to_dict("records")
    assert one["resolved_at"] == pd.Timestamp("2026-06-03 12:40", tz="UTC")


def test_an_alert_without_an_end_is_a_moment():
    """It does not fire ever since."""
    (one,) = pages.page_episodes(fired(("page", "12:00", None))).to_dict("records")
    assert one["resolved_at"] == one["fired_at"]


def test_without_alerts_there_are_no_pages():
    """An empty table."""
    assert len(pages.page_episodes(tables.empty("alerts"))) == 0
    assert pages.unclear_severities(tables.empty("alerts")) == ()
