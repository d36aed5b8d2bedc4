"""What notebook 03 says: what a policy told us about, how soon, and what it cost in pages."""

from srelib.findings.alerts.events import (
    detection_sentence,
    events_table,
    false_sentence,
    hours_sentence,
)
from srelib.findings.alerts.others import compare_sentences, compare_table, front_sentence
from srelib.findings.alerts.recorded import recorded_sentence, recorded_sentences
from srelib.findings.alerts.rules import review_sentences, rules_table
from srelib.findings.alerts.told import (
    NO_SLO,
    basis_sentence,
    failed_sentence,
    missed_sentence,
    pages_sentence,
    spent_sentence,
    told_sentences,
    truth_sentence,
)
from srelib.findings.alerts.words import NOTHING

__all__ = [
    "NOTHING",
    "NO_SLO",
    "basis_sentence",
    "compare_sentences",
    "compare_table",
    "detection_sentence",
    "events_table",
    "failed_sentence",
    "false_sentence",
    "front_sentence",
    "hours_sentence",
    "missed_sentence",
    "pages_sentence",
    "recorded_sentence",
    "recorded_sentences",
    "review_sentences",
    "rules_table",
    "spent_sentence",
    "told_sentences",
    "truth_sentence",
]
