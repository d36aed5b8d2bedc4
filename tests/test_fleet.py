"""One question asked of every objective: answers, refusals, and all answers together."""

import pandas as pd

from srelib import fleet
from srelib.errors import SrelibError
from srelib.fleet import Indicator

A, B, C = Indicator("a", "shop"), Indicator("b", "shop"), Indicator("c", "site")


def halves(key: Indicator, number: int) -> float:
    """A question that some cannot answer."""
    if number % 2:
        raise SrelibError(f"{key.name}: {number} is odd")
    return number / 2


def test_answers_and_refusals_stay_with_their_keys():
    """In the order asked; one refusal silences nobody."""
    results = fleet.each({A: 2, B: 3, C: 4}, halves)
    assert list(results) == [A, B, C]
    assert fleet.answers(results) == {A: 1.0, C: 2.0}
    assert {key: str(error) for key, error in fleet.refusals(results).items()} == {B: "b: 3 is odd"}


def test_a_refusal_passes_through_further_questions():
    """The first error is the one that is shown."""
    first = fleet.each({A: 2, B: 3}, halves)
    second = fleet.each(first, lambda key, value: value + 1)
    assert second[A] == 2.0
    assert second[B] is first[B]


def test_threads_change_nothing_but_time():
    """Same answers, same order."""
    items = {Indicator(str(n)): n for n in range(40)}
    assert fleet.answers(fleet.each(items, halves, threads=4)) == fleet.answers(
        fleet.each(items, halves)
    )


def test_pooling_needs_an_answer():
    """Nothing to pool is None, not zero."""
    results = fleet.each({A: 2, B: 3, C: 4}, halves)
    assert fleet.pooled(results, lambda found: sum(found.values())) == 3.0
    assert fleet.pooled({B: SrelibError("no")}, len) is None


def test_objectives_of_a_service_come_together():
    """By service, in order."""
    assert fleet.by_service({A: 1, C: 2, B: 3}) == {"shop": {A: 1, B: 3}, "site": {C: 2}}


def test_the_span_reaches_from_the_first_bucket_to_the_end_of_the_last():
    """Of any indicator; refusals have none."""
    hours = pd.date_range("2026-01-01", periods=24, freq="h", tz="UTC")
    early, late = (pd.DataFrame({"good": 1.0}, index=hours + pd.Timedelta(days=d)) for d in (0, 2))
    assert fleet.span({A: early, B: SrelibError("no"), C: late}) == pd.Timedelta(days=3)


def test_answers_of_services_are_laid_out_by_objective():
    """In the order wanted; a refusal is that of every objective of the service."""
    up, fast, site = Indicator("up", "x"), Indicator("fast", "x"), Indicator("site", "y")
    error = SrelibError("no")
    found = fleet.by_objective({"x": {fast: 1, up: 2}, "y": error}, [up, site, fast])
    assert list(found.items()) == [(up, 2), (site, error), (fast, 1)]
