"""The exact words about marks of changes."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from srelib import delivery
from srelib.delivery.assistance import AssistedChanges, Contrast
from srelib.findings import signals
from srelib.stats import Estimate
from tests.delivery.made import JUNE
from tests.delivery.test_signals import MADE, SHIPPED
from tests.findings.test_scoreboard import plain

NAN = math.nan
WEEKS = "4 weeks, 1 June 2026 to 29 June 2026"


def found(made: pd.DataFrame | None = MADE) -> pd.DataFrame:
    """Signals of all services together."""
    return delivery.failure_signals(SHIPPED, made, None, between=JUNE, together="all")


def result(*contrasts: Contrast) -> AssistedChanges:
    """Thirty of a hundred changes marked."""
    return AssistedChanges(100, 30, 0.1, 0.5, JUNE, contrasts)


NOBODY = AssistedChanges(0, 0, NAN, NAN, JUNE, ())


def contrast(measure: str, *ends: float, reach: float = NAN, enough: float = 40.0) -> Contrast:
    """A contrast with this difference and interval; none: too few."""
    value, low, high = ends or (NAN, NAN, NAN)
    difference = Estimate(value, low, high, 80, 0.95, "x")
    return Contrast(measure, 0.2, 0.1, difference, reach, (30, 50), enough)


def test_marks_are_signals_of_their_own():
    """d1 by a revert, d4 by a hotfix; neither counts in the rate, and one revert is lost."""
    said = signals.marks_sentence(found(), between=JUNE)
    assert (said.value, said.verdict) == (2.0, "new")
    assert plain(said.sentence) == (
        "**Reverts, hotfixes and rollbacks mark 2 deployments** as failed (1 by a revert and 1 by "
        f"a hotfix; {WEEKS}, all services together), of which 2 have no signal of the change fail "
        "rate. They are signals of their own and not part of that rate: the table shows what it "
        "would be with each. 1 more revert names nothing that is in a known deployment."
    )


def test_marks_that_the_rate_counts_already_are_not_new():
    """The reverted deployment was also rolled back."""
    shipped = SHIPPED.copy()
    shipped.loc[[0, 4], "status"] = "rolled_back"
    rows = delivery.failure_signals(shipped, MADE, None, between=JUNE, together="all")
    said = signals.marks_sentence(rows, between=JUNE)
    assert said.verdict == "known"
    assert "every one of them already counts in the change fail rate" in said.sentence


def test_reverts_that_name_nothing_mark_nothing():
    """They are counted, and no deployment failed by them."""
    made = MADE[MADE["change_id"] == "bbbbbbb6"]
    said = signals.marks_sentence(found(made), between=JUNE)
    assert said.verdict == "none"
    assert plain(said.sentence) == (
        f"Reverts, hotfixes and rollbacks mark no deployment as failed ({WEEKS}, all services "
        "together). 1 more revert names nothing that is in a known deployment."
    )


def test_without_marks_there_is_one_line_and_no_table():
    """Of failures and of AI tools together."""
    (line,) = signals.marks_sentences(found(None), NOBODY, between=JUNE)
    assert line.sentence == (
        "No change in these exports is marked as a revert, a hotfix or a rollback, or as assisted "
        "by an AI tool."
    )
    assert signals.marks_table(found(None)) is None
    assert signals.assisted_table(NOBODY) is None
    (line,) = signals.assisted_sentences(NOBODY)
    assert line.sentence == "No change in these exports is marked as assisted by an AI tool."
    both = signals.marks_sentences(found(None), result(), between=JUNE)
    assert both[0].sentence == (
        "No change in these exports is marked as a revert, a hotfix or a rollback."
    )


def test_the_table_shows_each_signal_and_the_rates_without_or_with_it():
    """A row per signal; 1 of 7 deployments failed by its repair."""
    table = signals.marks_table(found())
    rows = {row[0]: [plain(cell) for cell in row[1:]] for row in table.rows}
    assert list(rows) == [
        "mended by an unplanned deployment", "reverted later",
        "mended by a change marked as hotfix", "any of these marks",
    ]  # fmt: skip
    assert rows["mended by an unplanned deployment"][:3] == ["yes", "1", "0"]
    assert rows["reverted later"][:3] == ["no", "1", "0"]
    assert rows["reverted later"][3].startswith("20 % (4 % to 62 %; n = 5)")
    assert rows["reverted later"][4].startswith("with: 29 % (")
    assert rows["mended by an unplanned deployment"][4] == "–"


def said(one: Contrast) -> str:
    """The sentence of a contrast."""
    return plain(signals.assisted_sentences(result(one))[1].sentence)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (contrast("failed", 0.12, 0.031, 0.21),
         "Deployments with an assisted change **failed more often**: 12 points more than others of "
         "the same service, month and size (95 % interval 3.1 to 21 points, n = 80)."),
        (contrast("failed", -0.12, -0.21, -0.031),
         "Deployments with an assisted change **failed less often**: 12 points less than others of "
         "the same service, month and size (95 % interval 3.1 to 21 points, n = 80)."),
        (contrast("failed", -0.01, -0.06, 0.04, reach=0.07),
         "Deployments with an assisted change failed **neither more nor less often** than chance "
         "explains, against others of the same service, month and size (95 % interval −6 to 4 "
         "points, n = 80); a difference below 7 points would most likely not have been found."),
        (contrast("failed"),
         "Whether assisted changes fail more often: **not enough data**. Of 30 deployments with "
         "one and 50 without, too few failed in a service and month that has both; about 40 of "
         "each there would be enough to say something."),
        (contrast("failed", enough=NAN),
         "Whether assisted changes fail more often: **not enough data**, since no deployment "
         "failed."),
        (contrast("lead_time", 1.5, 1.2, 1.9),
         "Assisted changes **took longer** to reach users: 1.5 times as long as others of the "
         "same service and month (95 % interval 1.2 to 1.9, n = 80)."),
        (contrast("lead_time", 0.5, 0.4, 0.7),
         "Assisted changes **reached users sooner**: in 50 % of the time of others of the same "
         "service and month (95 % interval 40 % to 70 %, n = 80)."),
    ],
)  # fmt: skip
def test_each_verdict_has_its_sentence(one, text):
    """With interval and n, or with what would be enough."""
    assert said(one) == text


@pytest.mark.parametrize("measure", ["failed", "reworked", "lead_time"])
@pytest.mark.parametrize("ends", [(), (2.0, 1.5, 3.0), (0.5, 0.4, 0.9), (1.1, -0.5, 1.4)])
def test_every_measure_has_every_verdict(measure, ends):
    """No sentence is lacking, and none keeps a place for what is not filled in."""
    text = said(contrast(measure, *ends, reach=1.5))
    assert text.endswith(".")
    assert "{" not in text
    assert "nan" not in text


def test_adoption_is_said_with_both_halves_and_what_it_cannot_know():
    """The share of the first half and of the second."""
    head = signals.assisted_sentences(result())[0]
    assert head.value == 0.3
    assert plain(head.sentence).startswith(
        "**30 of 100 changes are marked as assisted by an AI tool**, 10 % in the first half and "
        f"50 % in the second ({WEEKS}, all services together). Help that nobody marked"
    )
    one = AssistedChanges(100, 30, NAN, 0.3, JUNE, ())
    (head,) = signals.assisted_sentences(one)
    assert "half" not in head.sentence
    assert head.verdict == "part"
