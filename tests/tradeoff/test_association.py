"""Moving together: within services, between services, and Simpson's paradox."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import tradeoff
from srelib.errors import ColumnError, ParameterError

MONDAYS = pd.date_range("2026-01-05", periods=26, freq="7D", tz="UTC")


def panel(**services: tuple) -> pd.DataFrame:
    """Weeks of services, each with its deployments and its bad share."""
    parts = [
        pd.DataFrame({"service": name, "starts_at": MONDAYS[: len(x)],
                      "deployments": np.asarray(x, float), "bad_share": np.asarray(y, float)})
        for name, (x, y) in services.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def noise(n: int, seed: int) -> np.ndarray:
    """Independent weeks."""
    return np.random.default_rng(seed).standard_normal(n)


def paradox() -> pd.DataFrame:
    """Six services: who ships more is better, yet each is worse in the weeks it ships more."""
    services = {}
    for level in range(6):
        wave = noise(26, level)
        services[f"s{level}"] = (10 * level + wave, 0.1 / (1 + level) + 1e-3 * wave)
    return panel(**services)


def test_simpsons_paradox_is_found():
    """Within +1, between -1, and the pooled number hides the first."""
    found = tradeoff.association(paradox())
    assert found.within.value == pytest.approx(1.0)
    assert found.between.value == pytest.approx(-1.0)
    assert found.between_p == pytest.approx(2 / 720)
    assert found.pooled < -0.8
    assert found.reverses
    assert found.is_paradox


def test_same_direction_is_no_paradox():
    """The other way round between services: both rise."""
    services = {f"s{k}": (10 * k + noise(26, k), 0.1 * k + noise(26, k)) for k in range(6)}
    found = tradeoff.association(panel(**services))
    assert not found.reverses


def test_straight_drift_is_not_moving_together():
    """Both grow over the half year and have nothing else in common."""
    time = np.arange(26) / 6
    services = {f"s{k}": (time + noise(26, k), time + noise(26, 50 + k)) for k in range(6)}
    found = tradeoff.association(panel(**services))
    assert found.pooled > 0.5
    assert abs(found.within.value) < 0.25
    assert found.within_p > 0.05


def test_planted_link_is_found_within_services():
    """Correlation 0.7 in each of six services."""
    services = {}
    for k in range(6):
        x = noise(26, k)
        services[f"s{k}"] = (x, 0.7 * x + 0.71 * noise(26, 100 + k))
    found = tradeoff.association(panel(**services))
    assert found.within.low < 0.68 < found.within.high
    assert found.within_p < 0.01
    assert found.within.n == 6 * 26


def test_one_service_has_no_between():
    """Fewer than four services: unknown, not 0."""
    found = tradeoff.association(panel(a=(noise(20, 1), noise(20, 2))))
    assert np.isnan(found.between.value)
    assert found.between.n == 1
    assert np.isfinite(found.within.value)


def test_too_few_weeks_say_nothing():
    """Seven weeks."""
    found = tradeoff.association(panel(a=(noise(7, 1), noise(7, 2))))
    assert np.isnan(found.within.value)
    assert np.isnan(found.detectable)
    assert found.left_out == ("a",)


def test_service_that_never_changes_is_left_out_and_named():
    """One deployment every week says nothing about more or fewer."""
    found = tradeoff.association(
        panel(a=(np.ones(20), noise(20, 2)), b=(noise(20, 3), noise(20, 4)))
    )
    assert found.left_out == ("a",)
    assert found.within.n == 20


def test_missing_weeks_are_left_out_not_filled():
    """A week without a bad share counts for nothing."""
    x, y = noise(20, 1), noise(20, 2)
    y[3] = np.nan
    assert tradeoff.association(panel(a=(x, y))).within.n == 19


def test_levels_sum_first_and_divide_last():
    """Two weeks with 10 of 100 and 0 of 900 are 1 %, not 5 %."""
    rows = panel(a=(noise(10, 1), [0.1] + [0.0] * 9)).assign(bad=[10.0] + [0.0] * 9,
                                                           total=[100.0] + [900.0] * 9)  # fmt: skip
    assert tradeoff.association(rows).services["y"][0] == pytest.approx(10 / 8200)


def test_halves_are_the_quiet_and_the_busy_weeks():
    """Four weeks with few deployments, four with many."""
    x = [0, 9, 1, 8, 0, 9, 1, 8]
    y = [0.1, 0.3, 0.1, 0.3, 0.1, 0.3, 0.1, 0.3]
    row = tradeoff.association(panel(a=(x, y))).services.iloc[0]
    assert row[["few_x", "many_x"]].tolist() == [0.5, 8.5]
    assert row[["few_y", "many_y"]].tolist() == pytest.approx([0.1, 0.3])


def test_smaller_effects_show_in_longer_histories():
    """A year shows less than a quarter of its weeks does."""
    weeks = [tradeoff.association(panel(a=(noise(n, 1), noise(n, 2)))).detectable
             for n in (10, 26)]  # fmt: skip
    assert 0 < weeks[1] < weeks[0] < 1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 50), st.floats(-5, 5))
def test_scale_and_order_of_services_change_nothing(seed, scale, shift):
    """Ranks see neither units nor levels."""
    x, y = noise(16, seed), noise(16, seed + 1)
    u, v = noise(16, seed + 2), noise(16, seed + 3)
    first = tradeoff.association(panel(a=(x, y), b=(u, v)), resamples=99)
    second = tradeoff.association(panel(b=(u * scale + shift, v), a=(x, y * scale)), resamples=99)
    assert first.within.value == pytest.approx(second.within.value)


def test_input_is_left_alone():
    """The panel is read, not changed."""
    rows = paradox()
    before = rows.copy()
    tradeoff.association(rows, resamples=99)
    pd.testing.assert_frame_equal(rows, before)


def test_missing_column_and_too_few_resamples_are_refused():
    """With what was seen."""
    with pytest.raises(ColumnError, match="panel lacks spent; columns seen"):
        tradeoff.association(paradox(), y="spent")
    with pytest.raises(ParameterError, match="resamples must be at least 99; got 9"):
        tradeoff.association(paradox(), resamples=9)
