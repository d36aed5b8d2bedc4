"""What is said to have changed between two reports, and what is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import srelib
from srelib import changes, tables
from srelib.changes import CHANCE, DATA, DEFINITION, REAL, comparison
from srelib.errors import InputError, ParameterError
from tests.changes import made

MAY, JUNE = "2026-05-04", "2026-06-01"
"""Two Mondays, four weeks apart."""


def row_of(found: changes.Changes, quantity: str) -> changes.Change:
    """The one row about a quantity."""
    (row,) = [row for row in found.rows if row.quantity == quantity]
    return row


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> changes.Changes:
    """Two months of the sample, compared."""
    folder = tmp_path_factory.mktemp("months")
    return srelib.compare(made.month(folder, later=False), made.month(folder, later=True))


def test_one_service_got_better_and_one_worse(months):
    """Exactly the two that were changed, each in its direction, and no other service."""
    directions = {row.service: set() for row in months.of(REAL)}
    for row in months.of(REAL):
        directions[row.service].add(row.direction)
    assert directions == {made.BETTER: {"better"}, made.WORSE: {"worse"}}
    assert ("errors outside outages", f"{made.BETTER} availability") in {
        (row.quantity, row.subject) for row in months.of(REAL)
    }


def test_a_new_service_and_another_target_are_no_change_of_what_happened(months):
    """The new service is other data, the target another definition, and nothing else is either."""
    assert [(row.service, row.quantity, row.detail) for row in months.of(DATA)] == [
        (made.NEW, "service", "only in the later report")
    ]
    assert [(row.service, row.subject, row.detail) for row in months.of(DEFINITION)] == [
        (made.TARGET, f"{made.TARGET} availability: target", "0.997 → 0.999")
    ]


def test_every_service_has_a_line(months):
    """The one that did not change too, with the difference that would have shown."""
    assert {row.service for row in months.rows} == {
        made.BETTER, made.WORSE, made.SAME, made.NEW, made.TARGET,
    }  # fmt: skip
    same = [row for row in months.rows if row.service == made.SAME]
    assert {row.verdict for row in same} == {CHANCE}
    assert all(row.detectable > 0 or row.detail for row in same)


def two_months(before: float, after: float, quantity: str = "deployments") -> changes.Changes:
    """A daily count with these means, four weeks each."""
    return srelib.compare(
        made.record(made.daily(quantity, made.noisy(before, 28, seed=1), start=MAY, n=1 / 7)),
        made.record(made.daily(quantity, made.noisy(after, 28, seed=2), start=JUNE, n=1 / 7)),
    )


@pytest.mark.parametrize(
    ("quantity", "before", "after", "direction"),
    [
        ("deployments", 2, 6, "more"),
        ("deployments", 6, 2, "fewer"),
        ("incidents", 2, 6, "worse"),
        ("pages", 6, 2, "better"),
    ],
)
def test_a_planted_change_is_detected_with_its_direction(quantity, before, after, direction):
    """Three times as much is more than chance explains; values are sums over n."""
    found = row_of(two_months(before, after, quantity), quantity)
    assert (found.verdict, found.direction, found.weeks) == (REAL, direction, (4, 4))
    assert found.before == pytest.approx(sum(made.noisy(before, 28, seed=1)) / 4)
    assert found.after == pytest.approx(sum(made.noisy(after, 28, seed=2)) / 4)
    assert abs(found.after - found.before) >= found.detectable


def test_no_change_could_be_chance():
    """The smallest change that would have shown is larger than the difference seen."""
    found = row_of(two_months(4, 4), "deployments")
    assert (found.verdict, found.direction) == (CHANCE, "")
    assert abs(found.after - found.before) < found.detectable < 28


def test_p_values_of_many_quantities_without_change_keep_their_level():
    """The least of eight p-values is adjusted: at most 1 in 10 is below 0.1, within its error."""
    rng = np.random.default_rng(11)
    least = []
    for _ in range(150):
        parts = [
            [made.daily("service level", rng.normal(9, 1, 28).tolist(), start=start, subject=str(i))
             for i in range(8)]
            for start in (MAY, JUNE)
        ]  # fmt: skip
        found = srelib.compare(made.record(*parts[0]), made.record(*parts[1]))
        least.append(min(row.p_value for row in found.rows))
    assert 0.02 <= np.mean(np.array(least) <= 0.1) <= 0.15
    assert 0.4 <= np.mean(least) <= 0.6


def weekdays(weeks: float, start: str) -> pd.DataFrame:
    """One deployment on every working day."""
    days = pd.date_range(start, periods=int(7 * weeks), freq="D")
    return made.daily("deployments", (days.day_of_week < 5).astype(float).tolist(), start=start,
                      n=1 / 7)  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [(MAY, JUNE), ("2026-05-01", JUNE), (MAY, "2026-06-04"), ("2026-05-02", "2026-06-12")],
)
def test_months_with_more_weekends_are_no_change(first, second):
    """Whole weeks are compared, whatever day a month begins on and with days missing between."""
    later = weekdays(31 / 7, second)
    found = srelib.compare(made.record(weekdays(4.3, first)), made.record(later))
    row = row_of(found, "deployments")
    assert (row.before, row.after) == (pytest.approx(5), pytest.approx(5))
    assert row.weeks[1] == 4
    assert (row.verdict, row.p_value) == (CHANCE, 1.0)


def test_days_in_both_reports_are_not_compared():
    """An export that grows by a month: that month against the four weeks before it."""
    old = made.daily("incidents", [0.0] * 28 + made.noisy(4, 28, seed=1), start="2026-04-06",
                     n=1 / 7)  # fmt: skip
    new = made.daily("incidents", made.noisy(4, 28, seed=2), start=JUNE, n=1 / 7)
    found = srelib.compare(made.record(old), made.record(old, new))
    row = row_of(found, "incidents")
    assert (row.verdict, row.weeks, row.since) == (CHANCE, (4, 4), pd.Timestamp(JUNE, tz="UTC"))
    assert row.before == pytest.approx(sum(made.noisy(4, 28, seed=1)) / 4)


def test_the_same_report_twice_has_nothing_new():
    """No later days: a line that says so, and no verdict on chance."""
    one = made.record(made.daily("incidents", made.noisy(4, 28, seed=1), start=MAY, n=1 / 7))
    row = row_of(srelib.compare(one, one), "incidents")
    assert (row.detail, row.weeks, row.since) == (
        "the later report holds no later days",
        (0, 0),
        None,
    )
    assert row.p_value != row.p_value


def test_too_few_weeks_are_not_tested():
    """Two weeks against three: how many a test needs is said."""
    old = made.record(made.daily("pages", [1.0] * 21, start="2026-05-11"))
    new = made.record(made.daily("pages", [90.0] * 14, start=JUNE))
    row = row_of(srelib.compare(old, new), "pages")
    assert (row.verdict, row.detail) == (
        CHANCE, "3 and 2 whole weeks; a test needs 6 together, 2 of them later",
    )  # fmt: skip


def test_restated_days_are_other_data():
    """Days in both reports with other numbers; the newest ones may still change."""
    old = made.daily("pages", [1.0] * 28, start=MAY)
    new = old.assign(sum=[1.0] * 10 + [2.0, 3.0] + [1.0] * 12 + [7.0] * 4)
    (row,) = srelib.compare(made.record(old), made.record(new)).of(DATA)
    assert row.detail == "2 of 20 days in both reports have other numbers now"


def test_a_table_that_came_or_went_is_other_data():
    """Alerts exported for the first time, and no incidents any more."""
    level = [made.daily("service level", [5.0] * 28, start=start, subject="up", n=1e4)
             for start in (MAY, JUNE)]  # fmt: skip
    old = made.record(level[0], made.daily("incidents", [1.0] * 28, start=MAY))
    new = made.record(level[1], made.daily("pages", [1.0] * 28, start=JUNE))
    found = srelib.compare(old, new)
    assert [(row.quantity, row.detail) for row in found.of(DATA)] == [
        ("incidents", "only in the earlier report"),
        ("pages", "only in the later report"),
    ]


def test_nothing_to_restore_is_not_a_missing_export():
    """Incidents are exported, none ended in one of the months: not enough data, not other data."""
    counts = [made.daily("incidents", [1.0] * 28, start=start) for start in (MAY, JUNE)]
    old = made.record(counts[0], made.daily("time to restore", [7.0] * 28, start=MAY))
    found = srelib.compare(old, made.record(counts[1]))
    row = row_of(found, "time to restore")
    assert (row.verdict, row.detail) == (CHANCE, "nothing to compare in the later weeks")


def test_less_coverage_is_other_data():
    """A month of which a third was not observed."""
    old = made.record(made.daily("coverage", [1.0] * 28, start=MAY, subject="up"))
    new = made.record(made.daily("coverage", [1.0, 1.0, 0.0] * 9 + [1.0], start=JUNE, subject="up"))
    (row,) = srelib.compare(old, new).rows
    assert (row.verdict, row.after) == (DATA, pytest.approx(19 / 28))


def objective(**more: object) -> dict:
    """What defines an objective."""
    return {"sli": "up", "target": 0.99, "window": "28d", "method": "Occurrences", "slice": None,
            "slice_target": None, "threshold": None, "op": None, "schedule": None,
            **more}  # fmt: skip


@pytest.mark.parametrize(
    ("way", "detail"),
    [
        ({"method": "Timeslices"}, "Occurrences → Timeslices"),
        ({"schedule": "Mon-Fri"}, "None → Mon-Fri"),
    ],
)
def test_a_service_level_counted_otherwise_is_not_compared(way, detail):
    """Slices instead of events, business hours: other definition, no verdict on the numbers."""
    days = [made.daily("service level", values, start=start, subject="up", n=1e4)
            for values, start in (([5.0] * 28, MAY), ([500.0] * 28, JUNE))]  # fmt: skip
    ways = [objective(), objective(**way)]
    old, new = (
        made.record(part, objectives={("shop", "up"): way})
        for part, way in zip(days, ways, strict=True)
    )
    found = srelib.compare(old, new)
    assert [(row.verdict, row.detail) for row in found.rows] == [(DEFINITION, detail)]


def test_version_parameters_and_files_of_the_whole_report():
    """What concerns every service; files only where exports keep their names."""
    days = [made.daily("pages", [1.0] * 28, start=start) for start in (MAY, JUNE)]
    old = made.record(days[0], files={"a.csv": "1", "b.csv": "2"}, parameters={"02": {"weeks": 4}})
    new = made.record(days[1], version="2", files={"a.csv": "3"}, parameters={"02": {"weeks": 8}})
    rows = [r for r in srelib.compare(old, new).rows if not r.service]
    assert [(row.quantity, row.subject, row.detail) for row in rows] == [
        ("version", "", "1 → 2"),
        ("parameter", "02: weeks", "4 → 8"),
        ("file", "b.csv", "only in the earlier report"),
    ]
    renamed = made.record(days[1], files={"c.csv": "3"})
    assert not srelib.compare(old, renamed).of(DATA)


def test_a_service_known_by_its_objective_alone_has_a_line():
    """Neither report has data of it."""
    days = [made.daily("pages", [1.0] * 28, start=start) for start in (MAY, JUNE)]
    pair = [made.record(part, objectives={("other", "up"): objective()}) for part in days]
    (row,) = [row for row in srelib.compare(*pair).rows if row.service == "other"]
    assert (row.verdict, row.detail) == (DATA, "no days to compare in either report")


def test_the_later_report_comes_second():
    """Reports in the wrong order are refused with the fix."""
    old, new = (made.record(made.daily("pages", [1.0] * 28, start=s)) for s in (MAY, JUNE))
    with pytest.raises(
        InputError, match=r"ends 2026-06-01, before 'shop' does .*earlier one first"
    ):
        srelib.compare(new, old)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_the_confidence_is_a_fraction(confidence):
    """A percentage is refused."""
    one = made.record(made.daily("pages", [1.0] * 28, start=MAY))
    with pytest.raises(ParameterError, match="between 0 and 1"):
        srelib.compare(one, one, confidence=confidence)


def test_recently_compares_the_last_weeks_with_those_before():
    """Nothing older counts, and a history that is too short gives nothing."""
    values = [0.0] * 28 + made.noisy(2, 28, seed=1) + made.noisy(8, 28, seed=2)
    kept = made.record(made.daily("pages", values, start="2026-04-06", n=1 / 7))
    found = changes.recently(kept)
    assert found is not None
    row = row_of(found, "pages")
    assert (row.verdict, row.direction, row.weeks) == (REAL, "worse", (4, 4))
    assert row.before == pytest.approx(sum(values[28:56]) / 4)
    assert changes.recently(kept, weeks=7) is None
    with pytest.raises(ParameterError, match="weeks must be 3 or more"):
        changes.recently(kept, weeks=2)


def test_the_same_records_give_the_same_answer():
    """Shuffles are seeded."""
    assert repr(two_months(4, 5).rows) == repr(two_months(4, 5).rows)


def test_half_weeks_are_shuffled_among_the_same_days_of_the_week():
    """Every labelling has as many later halves of each kind as there are, the first is the true."""
    halves = np.r_[-8:0, 0:6]
    labels = comparison._labels(halves, 0)
    assert labels[0].tolist() == [0.0] * 8 + [1.0] * 6
    assert {tuple(labels[:, halves % 2 == kind].sum(axis=1)) for kind in (0, 1)} == {
        (3.0,) * len(labels)
    }


@pytest.mark.parametrize(
    ("since", "detail"),
    [
        ("2026-06-10T00:00:00+00:00", "0.99 → 0.999 from 2026-06-10"),
        ("2026-05-10T00:00:00+00:00", "0.99 → 0.999"),
    ],
)
def test_a_target_with_a_date_is_another_from_then_on(since, detail):
    """Where the earlier report had the one in force at its end; else it was defined otherwise."""
    new = objective(target=0.999, targets=[[None, 0.99], [since, 0.999]])
    old, later = (
        made.record(made.daily("service level", [5.0] * 28, start=start, subject="up", n=1e4),
                    objectives={("shop", "up"): way})
        for start, way in ((MAY, objective()), (JUNE, new))
    )  # fmt: skip
    rows = srelib.compare(old, later).of(DEFINITION)
    assert [row.detail for row in rows] == [detail]


def test_notes_on_the_weeks_compared_go_with_them():
    """Those of both reports, each once; not those of weeks before, nor without weeks compared."""
    made_of = [("shop", "2026-05-03", "before"), ("shop", "2026-05-04", "first"),
               (None, "2026-06-28", "last"), ("shop", "2026-06-29", "after")]  # fmt: skip
    notes = tables.conform(pd.DataFrame(
        [(s, pd.Timestamp(d, tz="UTC"), n) for s, d, n in made_of],
        columns=["service", "date", "note"]), "annotations")  # fmt: skip
    plain = two_months(2, 2)
    old, new = (replace(one, annotations=notes) for one in (plain.old, plain.new))
    assert srelib.compare(old, new).annotations["note"].tolist() == ["first", "last"]
    assert not len(srelib.compare(new, new).annotations)
    assert not len(plain.annotations)
