"""Whatever bytes come in, only errors of srelib come out, and no row is lost."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import CORPUS, SEEDS, mutated
from tests.fuzz.targets import TARGETS, attempt

FOUND = sorted(path for path in CORPUS.iterdir() if path.suffix == ".bin")
BUDGET = settings(
    max_examples=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_found_cases_stay_solved(path):
    """What once ended in a traceback or lost a row."""
    attempt(path.name.split(".")[0], path.read_bytes())


@pytest.mark.parametrize("target", SEEDS)
def test_sound_inputs_are_counted(target):
    """The seeds themselves hold what is asked of their changed copies."""
    assert target in TARGETS
    attempt(target, SEEDS[target][0])


@pytest.mark.parametrize("target", SEEDS)
@BUDGET
@given(chance=st.randoms(use_true_random=False))
def test_changed_inputs_end_in_an_error_or_are_counted(target, chance):
    """Parts dropped, doubled, exchanged, or replaced by what belongs nowhere."""
    attempt(target, mutated(target, random.Random(chance.getrandbits(32))))


@pytest.mark.parametrize("target", SEEDS)
@BUDGET
@given(content=st.binary(max_size=200))
def test_any_bytes_end_in_an_error_or_are_counted(target, content):
    """Bytes of no format at all."""
    attempt(target, content)
