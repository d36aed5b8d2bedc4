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
        "Reverts, hotfixes and rollbacks mark **2 deployments** as failed, 2 of which the change "
        "fail rate does not count. With them it would be 43 % (95 % interval 21 % to 68 %), and "
        "rework 43 % (21 % to 68 %), all services together. 1 more revert names no change of a "
        "known deployment."
    )


def test_marks_that_the_rate_counts_already_are_not_new():
    """The reverted deployment was also rolled back."""
    shipped = SHIPPED.copy()
    shipped.loc[[0, 4], "status"] = "rolled_back"
    rows = delivery.failure_signals(shipped, MADE, None, between=JUNE, together="all")
    said = signals.marks_sentence(rows, between=JUNE)
    assert said.verdict == "known"
    assert "all of which the change fail rate counts already" in said.sentence


def test_reverts_that_name_nothing_mark_nothing():
    """They are counted, and no deployment failed by them."""
    made = MADE[MADE["change_id"] == "bbbbbbb6"]
    assert plain(signals.marks_sentence(found(made), between=JUNE).sentence) == (
        "Reverts, hotfixes and rollbacks mark no deployment as failed. 1 more revert names no "
        "change of a known deployment."
    )


def test_without_marks_there_is_one_line_each():
    """Of failures, and of AI tools."""
    line = signals.marks_sentence(found(None), between=JUNE)
    assert (line.verdict, line.text) == ("nothing", "")
    (line,) = signals.assisted_sentences(NOBODY)
    assert line.sentence == "No change in these exports is marked as assisted by an AI tool."


def said(one: Contrast) -> str:
    """The sentence of a contrast."""
    return plain(signals.assisted_sentences(result(one))[1].sentence)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (contrast("failed", 0.12, 0.031, 0.21),
         "Change fail rate with AI tools: **higher by 12 points** than without, within service, "
         "month and size (95 % interval 3.1 to 21 points, n = 80)."),
        (contrast("reworked", -0.12, -0.21, -0.031),
         "Rework rate with AI tools: **lower by 12 points** than without, within service, month "
         "and size (95 % interval 3.1 to 21 points, n = 80)."),
        (contrast("failed", -0.01, -0.06, 0.04, reach=0.07),
         "Change fail rate with AI tools: no significant difference, −1 points (95 % interval −6 "
         "to 4 points, n = 80); one below 7 points would probably be missed."),
        (contrast("failed"),
         "Change fail rate with AI tools: **not enough data**, 30 deployments with and 50 without."
         " About 40 of each would be enough."),
        (contrast("failed", enough=NAN),
         "Change fail rate with AI tools: **not enough data**, since no deployment counts as "
         "such."),
        (contrast("lead_time", 0.5, 0.4, 0.7),
         "Change lead time with AI tools: **shorter, 0.5 times** that without, within service and "
         "month (95 % interval 0.4 to 0.7, n = 80)."),
    ],
)  # fmt: skip
def test_each_verdict_has_its_sentence(one, text):
    """With interval and n, or with what would be enough."""
    assert said(one) == text


@pytest.mark.parametrize("measure", ["failed", "reworked", "lead_time"])
@pytest.mark.parametrize("reach", [1.5, NAN])
@pytest.mark.parametrize("ends", [(), (2.0, 1.5, 3.0), (0.5, 0.4, 0.9), (1.1, -0.5, 1.4)])
def test_every_measure_has_every_verdict(measure, ends, reach):
    """No sentence is lacking, and none keeps a place for what is not filled in."""
    text = said(contrast(measure, *ends, reach=reach))
    assert text.endswith(".")
    assert "{" not in text
    assert "nan" not in text


def test_adoption_is_said_with_both_halves_and_what_it_cannot_know():
    """The share of the first half and of the second."""
    head = signals.assisted_sentences(result())[0]
    assert head.value == 0.3
    assert plain(head.sentence).startswith(
        "**30 of 100 changes** are marked as assisted by an AI tool: 10 % in the first half, 50 % "
        f"in the second ({WEEKS})."
    )
    one = AssistedChanges(100, 30, NAN, 0.3, JUNE, ())
    (head,) = signals.assisted_sentences(one)
    assert "half" not in head.sentence
    assert head.verdict == "part"
