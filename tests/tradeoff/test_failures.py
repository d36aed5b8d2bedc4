"""Which deployments fail: by size, weekday and hour, each service held against itself."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from srelib import tables, tradeoff
from srelib.errors import ParameterError


def shipped(**columns) -> pd.DataFrame:
    """Deployments of one service unless it says otherwise."""
    return pd.DataFrame({"service": "shop", **columns})


def drawn(slope: float, *, n: int = 3000, seed: int = 1) -> pd.DataFrame:
    """Two services of different levels; log odds rise by `slope` for twice the changes."""
    rng = np.random.default_rng(seed)
    size = 2.0 ** rng.integers(0, 5, n)
    service = rng.integers(0, 2, n)
    odds = np.exp(-2 + 1.5 * service + slope * np.log2(size))
    failed = rng.random(n) < odds / (1 + odds)
    return pd.DataFrame({"service": np.array(["a", "b"])[service], "size": size, "failed": failed})


def test_planted_slope_of_batch_size_is_found():
    """Odds grow by half for twice the changes."""
    found = tradeoff.by_batch(drawn(np.log(1.5)))
    assert found.odds.low < 1.5 < found.odds.high
    assert found.p_value < 0.001


def test_firth_agrees_with_its_penalised_likelihood():
    """Jeffreys' prior maximised numerically, as Firth (1993) has it for exponential families."""
    rows = drawn(0.3, n=60)
    x = np.log2(rows["size"].to_numpy())
    design = np.column_stack([rows["service"] == "a", rows["service"] == "b", x]).astype(float)
    y = rows["failed"].to_numpy(float)

    def loss(beta):
        p = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (p * (1 - p))[:, None])
        likelihood = (y * np.log(p) + (1 - y) * np.log(1 - p)).sum()
        return -likelihood - 0.5 * np.linalg.slogdet(information)[1]

    best = minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-9}).x
    assert np.log(tradeoff.by_batch(rows).odds.value) == pytest.approx(best[2], abs=1e-4)


def test_a_service_with_large_batches_does_not_make_batches_guilty():
    """One ships large and fails often, the other ships small; within each, size does nothing."""
    rng = np.random.default_rng(3)
    parts = []
    for name, shift, p in (("big", 4, 0.5), ("small", 0, 0.05)):
        size = 2.0 ** (shift + rng.integers(0, 2, 400))
        parts.append(pd.DataFrame({"service": name, "size": size, "failed": rng.random(400) < p}))
    rows = pd.concat(parts, ignore_index=True)
    found = tradeoff.by_batch(rows)
    assert found.shares["share"].iloc[-1] > 5 * found.shares["share"].iloc[0]
    assert found.odds.low < 1 < found.odds.high


def test_a_service_in_which_nothing_failed_says_nothing_about_size():
    """No outcome to tell large from small by."""
    found = tradeoff.by_batch(shipped(size=[1.0, 2, 4, 8], failed=False))
    assert np.isnan(found.odds.value)
    assert found.deployments == 4


def test_every_failure_large_gives_a_finite_answer():
    """Separation, which sends plain logistic regression to infinity."""
    size = pd.Series([1.0] * 10 + [16.0] * 10)
    found = tradeoff.by_batch(shipped(size=size, failed=size > 8))
    assert np.isfinite([found.odds.value, found.odds.low, found.odds.high]).all()
    assert found.odds.value > 1


def test_groups_of_size_double():
    """1, 2, 3 to 4, 5 to 8, 9 to 16, more."""
    size = [1, 2, 3, 4, 5, 8, 9, 16, 17, 400]
    found = tradeoff.by_batch(shipped(size=np.array(size, float), failed=False))
    assert dict(zip(found.shares["label"], found.shares["deployments"], strict=True)) == {
        "1": 1, "2": 1, "3–4": 2, "5–8": 2, "9–16": 2, "17 or more": 2,
    }  # fmt: skip


def test_unknown_sizes_are_left_out():
    """NaN is not 0."""
    found = tradeoff.by_batch(shipped(size=[np.nan, 2.0], failed=[True, False]))
    assert found.deployments == 1
    assert tradeoff.by_batch(shipped(size=[np.nan], failed=[True])).shares.empty


def test_friday_failures_are_found():
    """Half of Friday's fail, one in twenty of the others."""
    rng = np.random.default_rng(5)
    times = pd.date_range("2026-01-05T10:00", periods=280, freq="D", tz="UTC")
    p = np.where(times.day_of_week == 4, 0.5, 0.05)
    found = tradeoff.by_time(shipped(finished_at=times, failed=rng.random(280) < p), "weekday")
    assert found.p_value < 0.01
    assert found.shares.set_index("label")["share"].idxmax() == "Fri"


def test_weekday_is_that_of_the_people_who_ship():
    """Sunday 23:30 UTC is Monday in Berlin."""
    rows = shipped(finished_at=pd.to_datetime(["2026-01-04T23:30Z"]), failed=[True])
    assert tradeoff.by_time(rows, "weekday").shares["label"].tolist() == ["Sun"]
    berlin = tradeoff.by_time(rows, "weekday", timezone="Europe/Berlin")
    assert berlin.shares["label"].tolist() == ["Mon"]


def test_a_service_that_ships_on_fridays_does_not_make_fridays_guilty():
    """It fails as often on its other days; p is that of differences within services."""
    rng = np.random.default_rng(8)
    fridays = pd.date_range("2026-01-02T10:00", periods=60, freq="7D", tz="UTC")
    mondays = pd.date_range("2026-01-05T10:00", periods=60, freq="7D", tz="UTC")
    rows = pd.DataFrame({
        "service": ["bad"] * 60 + ["good"] * 60, "finished_at": [*fridays, *mondays],
        "failed": rng.random(120) < np.repeat([0.6, 0.05], 60),
    })  # fmt: skip
    found = tradeoff.by_time(rows, "weekday")
    assert np.isnan(found.p_value) or found.p_value > 0.05
    expected = found.shares.set_index("label")["expected"]
    assert expected["Fri"] == pytest.approx(found.shares.set_index("label")["share"]["Fri"])


def test_hours_are_parts_of_the_day():
    """Half open: nine o'clock is no longer before nine."""
    times = pd.to_datetime([f"2026-01-05T{h:02d}:00Z" for h in (8, 9, 12, 15, 18)])
    found = tradeoff.by_time(shipped(finished_at=times, failed=False), "hour")
    assert found.shares["label"].tolist() == [
        "before 9 h", "9 to 12 h", "12 to 15 h", "15 to 18 h", "after 18 h",
    ]  # fmt: skip


def test_nothing_shipped_is_nothing_said():
    """Empty in, empty out."""
    rows = shipped(finished_at=pd.to_datetime([], utc=True), failed=[], size=[])
    for found in (
        tradeoff.by_batch(rows), *(tradeoff.by_time(rows, part) for part in ("weekday", "hour"))
    ):  # fmt: skip
        assert found.deployments == 0
        assert np.isnan(found.p_value)


def test_what_cannot_be_asked_is_refused():
    """A p-value needs some resamples; failures are grouped by weekday or hour."""
    rows = shipped(finished_at=pd.to_datetime(["2026-01-05T10:00Z"]), failed=[True])
    with pytest.raises(ParameterError, match="resamples must be at least 99; got 5"):
        tradeoff.by_time(rows, "hour", resamples=5)
    with pytest.raises(ParameterError, match="part must be one of weekday, hour; got 'month'"):
        tradeoff.by_time(rows, "month")


def exported(*rows: tuple[str, str]) -> pd.DataFrame:
    """Table deployments of the shop: time, status."""
    return tables.conform(pd.DataFrame({
        "deployment_id": [f"d{n}" for n in range(len(rows))], "service": "shop",
        "finished_at": pd.to_datetime([row[0] for row in rows], utc=True),
        "status": [row[1] for row in rows],
    }), "deployments")  # fmt: skip


def test_nothing_is_shipped_in_no_time():
    """Without a span there is nothing to judge failures over."""
    assert tradeoff.deployment_outcomes(exported(("2026-01-13", "succeeded")), None, None,
                            between=None).empty  # fmt: skip


def test_shipped_counts_changes_and_marks_failures():
    """Two changes in one, none known in the other; a rollback says that it failed."""
    rows = exported(("2026-01-13", "succeeded"), ("2026-01-14", "rolled_back"),
                       ("2026-01-15", "cancelled"))  # fmt: skip
    changes = tables.conform(pd.DataFrame({
        "change_id": ["c1", "c2"], "service": "shop", "deployment_id": "d0",
        "committed_at": pd.to_datetime(["2026-01-10", "2026-01-11"], utc=True),
    }), "changes")  # fmt: skip
    found = tradeoff.deployment_outcomes(
        rows, changes, None, between=tuple(pd.to_datetime(["2026-01-07", "2026-02-04"], utc=True))
    )
    assert found["deployment_id"].tolist() == ["d0", "d1"]
    assert found["size"].fillna(-1).tolist() == [2.0, -1.0]
    assert found["failed"].tolist() == [False, True]
