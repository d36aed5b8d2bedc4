"""The exact words about what changed."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from srelib.changes import CHANCE, DATA, DEFINITION, REAL, Change, Changes
from srelib.findings import changes as spoken
from tests.changes import made
from tests.findings.test_scoreboard import plain

SINCE = pd.Timestamp("2026-06-01", tz="UTC")


def change(quantity: str, verdict: str = CHANCE, **more: object) -> Change:
    """A change of service `shop`."""
    given = {"service": "shop", "weeks": (4, 4), "since": SINCE, **more}
    return Change(quantity=quantity, verdict=verdict, **given)  # type: ignore[arg-type]


def found(*rows: Change) -> Changes:
    """These changes between two empty reports."""
    one = made.record(made.daily("pages", [1.0], start="2026-05-01"))
    return Changes(rows, one, one, 0.95)


@pytest.mark.parametrize(
    ("row", "texts"),
    [
        (
            change("service level", REAL, subject="up", before=0.9995, after=0.998,
                   direction="worse"),
            ("service level (up)", "99.95 %", "99.80 %", "worse: more than chance explains"),
        ),
        (
            change("incidents", before=1.5, after=2.0, detectable=1.25),
            ("incidents a week", "1.5", "2",
             "could be chance: 1.2 a week would have counted as a change"),
        ),
        (
            change("change lead time", before=3600.0, after=7200.0, detectable=2.5),
            ("change lead time", "1 h", "2 h",
             "could be chance: a factor of 2.5 would have counted as a change"),
        ),
        (
            change("change fail rate", before=0.1, after=0.2, detectable=0.3),
            ("change fail rate", "10 %", "20 %",
             "could be chance: 30 points would have counted as a change"),
        ),
        (
            change("change fail rate", before=0.5, after=0.2, detectable=0.9),
            ("change fail rate", "50 %", "20 %",
             "could be chance: with so few, no difference would have counted as a change"),
        ),
        (
            change("pages", before=0.0, after=0.0, detectable=0.0),
            ("pages a week", "0", "0", "the same in every week"),
        ),
        (
            change("time to restore", before=math.nan, after=60.0, detail="nothing to compare"),
            ("time to restore", "–", "1 min", "not enough data: nothing to compare"),
        ),
        (
            change("pages", DATA, detail="only in the later report"),
            ("pages a week", "–", "–", "other data: only in the later report"),
        ),
        (
            change("objective", DEFINITION, subject="up: target", detail="0.99 → 0.999"),
            ("objective (up: target)", "–", "–", "other definition: 0.99 → 0.999"),
        ),
    ],
)  # fmt: skip
def test_a_row_in_words(row, texts):
    """Quantity, before, after, verdict."""
    assert tuple(plain(text) for text in spoken.cells(row)) == ("shop", *texts)


def test_the_headline_counts_services():
    """How many of how many, by name."""
    quiet = change("pages", before=1.0, after=1.0, detectable=1.0)
    loud = change("pages", REAL, service="api", direction="worse", before=1.0, after=9.0)
    said = spoken.changes_sentence(found(quiet))
    assert said == "No service changed by more than chance explains."
    said = plain(spoken.changes_sentence(found(quiet, loud, loud)))
    assert said == "1 of 2 services changed by more than chance explains: **api**."
    again = change("pages", REAL, direction="better", before=9.0, after=1.0)
    said = plain(spoken.changes_sentence(found(again, loud)))
    assert said == "2 of 2 services changed by more than chance explains: **api** and **shop**."


def test_certain_changes_are_sentences_with_their_weeks():
    """Changes first, then other data, then other definitions; what could be chance is silent."""
    rows = [
        change("version", DEFINITION, service="", detail="1 → 2", weeks=(0, 0), since=None),
        change("pages", before=1.0, after=1.0, detectable=1.0),
        change("deployments", REAL, direction="more", before=2.0, after=6.0),
        change("pages", REAL, direction="worse", before=2.0, after=6.0),
        change("incidents", DATA, detail="only in the earlier report"),
        change("service", DATA, service="b_b", detail="only in the later report"),
    ]
    assert [plain(text) for text in spoken.change_sentences(found(*rows))] == [
        "**shop**: **more deployments a week**, from 2 to 6, which is more than chance explains "
        "(4 weeks from 1 June 2026 against the 4 weeks before).",
        "**shop**: **pages a week got worse**, from 2 to 6, which is more than chance explains "
        "(4 weeks from 1 June 2026 against the 4 weeks before).",
        "**shop**: other data for incidents a week: only in the earlier report.",
        "**b\\_b**: other data, only in the later report.",
        "Whole report: version is defined differently: 1 → 2.",
    ]


def untested(service: str, reason: str, **more: object) -> list[Change]:
    """Two quantities of a service that could not be tested for one reason."""
    given = {"service": service, "detail": reason, "weeks": (0, 0), "since": None, **more}
    return [change(quantity, **given) for quantity in ("deployments", "pages")]


def test_services_without_anything_compared_are_one_sentence_per_reason():
    """Every one of them is named, the table holds the others, and no number is left out."""
    many = [f"s{number:02d}" for number in range(11)]
    silent = [row for service in many for row in untested(service, "no later days")]
    other = untested("a_b", "nothing")
    known = untested("known", "1 and 1 weeks", before=1.0, after=2.0)
    mixed = [*untested("mixed", "nothing")[:1], change("pages", service="mixed", before=1.0,
                                                      after=1.0, detectable=2.0)]  # fmt: skip
    whole = found(*silent, *other, *known, *mixed)
    listed = ", ".join(f"**{service}**" for service in many[:-1]) + f" and **{many[-1]}**"
    said = [plain(text) for text in spoken.change_sentences(whole)]
    assert said == [
        f"{listed}: not enough data, no later days.", "**a\\_b**: not enough data, nothing.",
    ]  # fmt: skip
    shown = spoken.changes_table(whole)
    assert [row[0] for row in shown.rows] == ["known", "known", "mixed", "mixed"]
    assert spoken.changes_sentence(whole) == "No service changed by more than chance explains."
    assert spoken.changes_sentence(found(*silent, *other)) == "Nothing could be compared."


def test_the_table_holds_every_row_and_its_weeks():
    """Services by name, the time in the caption."""
    rows = [change("pages", before=1.0, after=1.0, detectable=1.0)] * 3
    shown = spoken.changes_table(found(*rows))
    assert plain(shown.caption) == "4 weeks from 1 June 2026 against the 4 weeks before"
    assert len(shown.rows) == 3
    silent = change("pages", weeks=(0, 0), since=None, detail="nothing new")
    assert spoken.spans(found(silent)) == (
        "Nothing in the later report is newer than the earlier one"
    )
