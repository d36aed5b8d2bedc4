"""Changes assisted by an AI tool: held against others of the same service, month and size."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from srelib import delivery, tables
from srelib.delivery.assistance import FEWEST

START = pd.Timestamp("2026-01-01", tz="UTC")


def history(
    rows: list[tuple[str, int, bool, bool, float]],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Deployments of one change each: service, day, assisted, failed, lead time in hours."""
    frame = pd.DataFrame(rows, columns=["service", "day", "assisted", "failed", "hours"])
    times = START + pd.to_timedelta(frame["day"], unit="D") + pd.to_timedelta(range(len(rows)), "s")
    names = pd.Series([f"d{number}" for number in range(len(rows))])
    status = np.where(frame["failed"], "rolled_back", "succeeded")
    shipped = pd.DataFrame({"deployment_id": names, "service": frame["service"],
                            "finished_at": times, "status": status})  # fmt: skip
    made = pd.DataFrame({
        "change_id": "c" + names, "service": frame["service"], "deployment_id": names,
        "committed_at": times - pd.to_timedelta(frame["hours"], unit="h"),
        "assisted": frame["assisted"].astype("boolean"),
    })  # fmt: skip
    return shipped, made


def found(shipped, made, incidents=None):
    """The contrasts by measure."""
    end = shipped["finished_at"].max() + pd.Timedelta("1D")
    result = delivery.assisted_changes(shipped, made, incidents, as_of=end)
    return {one.measure: one for one in result.contrasts}


def confounded(effect: int = 0) -> list[tuple[str, int, bool, bool, float]]:
    """January: 10 of 100 assisted, half fail; March: 90 of 100 assisted, one in ten fails.

    Of the assisted ones so many more (in 100) fail, and every change takes 10 h, then 1 h.
    """
    rows = []
    for day, marked, per_ten, hours in ((0, 10, 5, 10.0), (60, 90, 1, 1.0)):
        for place in range(100):
            assisted = place < marked
            fails = place % 10 < per_ten + (effect // 10 if assisted else 0)
            rows.append(("shop", day, assisted, fails, hours * (1 + place % 10 / 100)))
    return rows


def test_adoption_over_time_is_no_effect():
    """Assisted changes fail less and are quicker only because they came later."""
    both = found(*history(confounded()))
    failed, waited = both["failed"], both["lead_time"]
    assert (failed.assisted, failed.others) == pytest.approx((0.14, 0.46))
    assert failed.difference.value == pytest.approx(0, abs=1e-12)
    assert failed.difference.low < 0 < failed.difference.high
    assert waited.assisted < 0.2 * waited.others
    assert waited.difference.value == pytest.approx(1)
    assert failed.counts == (100, 100)
    assert failed.difference.n == 200


def test_an_effect_within_service_and_month_is_found():
    """Thirty in a hundred more, against the trend."""
    failed = found(*history(confounded(effect=30)))["failed"]
    assert failed.difference.value == pytest.approx(0.3)
    assert failed.difference.low > 0
    assert failed.detectable < 0.3


def test_services_are_not_held_against_each_other():
    """One that always fails and is assisted, one that never is either: nothing to compare."""
    rows = [(service, 0, service == "bad", service == "bad", 1.0)
            for service in ("bad", "good") for _ in range(50)]  # fmt: skip
    failed = found(*history(rows))["failed"]
    assert math.isnan(failed.difference.value)
    assert failed.enough == FEWEST / 0.5


def test_large_deployments_are_held_against_large_ones():
    """Of one change 10 of 40 are assisted and 1 in 10 fails, of four 36 of 40 and half of them."""
    small = [("shop", 0, place < 10, place % 10 == 0, 1.0) for place in range(40)]
    large = [("shop", 0, place < 36, place % 2 == 0, 1.0) for place in range(40)]
    shipped, made = history([*small, *large])
    more = [made.iloc[40:].assign(change_id=lambda rows, n=number: rows["change_id"] + f"-{n}")
            for number in range(3)]  # fmt: skip
    failed = found(shipped, pd.concat([made, *more], ignore_index=True))["failed"]
    assert (failed.assisted, failed.others) == pytest.approx((19 / 46, 5 / 34))
    assert failed.difference.value == pytest.approx(0, abs=1e-12)
    assert failed.difference.n == 80


@pytest.mark.parametrize("failing", [4, 0])
def test_too_few_failures_are_said_with_how_many_would_do(failing):
    """Four of forty failed: about fifty of each kind would do; without any nobody knows."""
    rows = [("shop", 0, place % 2 == 0, place < failing, 1.0) for place in range(40)]
    failed = found(*history(rows), tables.empty("incidents"))["failed"]
    assert math.isnan(failed.difference.low)
    assert failed.enough == 50 if failing else math.isnan(failed.enough)


def test_without_a_mark_there_is_no_contrast():
    """None marked, no column, no changes: nothing is made of silence."""
    shipped, made = history(confounded())
    end = shipped["finished_at"].max()
    for changes in (made.assign(assisted=pd.NA), made.drop(columns="assisted"), None):
        result = delivery.assisted_changes(shipped, changes, None, as_of=end)
        assert (result.marked, result.contrasts) == (0, ())


def test_deployments_that_are_not_known_are_left_out():
    """A change nobody asked about may be assisted, unless another of its deployment is."""
    shipped, made = history(confounded())
    unknown = made.iloc[:1].assign(change_id="x", assisted=pd.NA)
    plain = made.iloc[99:100].assign(change_id="y", assisted=pd.NA)
    counts = found(shipped, pd.concat([made, unknown, plain], ignore_index=True))["failed"].counts
    assert counts == (100, 99)


def test_rework_is_what_another_deployment_mends():
    """An unplanned deployment an hour after each third one."""
    shipped, made = history([("shop", place, place % 2 == 0, False, 1.0) for place in range(31)])
    fixes = shipped.iloc[::3].assign(
        deployment_id=lambda rows: rows["deployment_id"] + "fix", planned=False,
        finished_at=lambda rows: rows["finished_at"] + pd.Timedelta("1h"),
    )  # fmt: skip
    shipped = pd.concat([shipped.assign(planned=True), fixes], ignore_index=True)
    shipped["planned"] = shipped["planned"].astype("boolean")
    reworked = found(shipped, made)["reworked"]
    assert (reworked.assisted, reworked.others) == pytest.approx((6 / 16, 5 / 15))
