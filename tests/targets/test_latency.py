"""Latency from histograms: exact at bounds, bounded between them, promised only at bounds."""

import math

import numpy as np
import pandas as pd
import pytest

from srelib import targets
from srelib.errors import ColumnError, CountError
from srelib.fleet import Indicator


def hours(weeks: int = 10, **within: float) -> pd.DataFrame:
    """An hourly histogram of 1,000 events, so many of them within each bound."""
    index = pd.date_range("2026-03-30", periods=168 * weeks, freq="h", tz="UTC", unit="us")
    columns = {float(name[1:].replace("_", ".")): value for name, value in within.items()}
    return pd.DataFrame({**columns, math.inf: 1000.0}, index=index)


FOUND = hours(b0_1=900.0, b0_3=990.0, b1=999.9)


def test_shares_are_exact_at_bounds():
    """Sums first, divided last."""
    table = targets.thresholds(FOUND, window="28d").drop_duplicates("threshold")
    assert table["threshold"].tolist() == [0.1, 0.3, 1.0]
    assert table["share"].tolist() == pytest.approx([0.9, 0.99, 0.9999])


def test_pairs_are_the_strictest_target_of_each_bound():
    """A steady 90, 99 and 99.99 % within three bounds; a percentile just met leaves no room."""
    table = targets.thresholds(FOUND, window="28d")
    chosen = table[table["chosen"]].set_index("threshold")["target"]
    assert chosen.to_dict() == {0.1: 0.75, 0.3: 0.98, 1.0: 0.999}
    assert (
        table.groupby("threshold")["probability"].apply(lambda p: p.is_monotonic_decreasing)
    ).all()


def test_a_short_history_promises_nothing():
    """Three weeks of the eight two windows take."""
    table = targets.thresholds(hours(3, b0_1=900.0, b0_3=999.0), window="28d")
    assert not table["fits"].any()
    assert not table["chosen"].any()


def test_a_histogram_that_shrinks_is_refused():
    """More events within 0.1 than within 0.3."""
    wrong = FOUND.copy()
    wrong.loc[wrong.index[5], 0.3] = 100.0
    with pytest.raises(CountError, match=r"got 900 within 0\.1 and 100 within 0\.3"):
        targets.thresholds(wrong, window="28d")


def test_a_histogram_without_a_total_is_refused():
    """The bound inf is missing."""
    with pytest.raises(ColumnError, match="needs the bound inf"):
        targets.thresholds(FOUND.drop(columns=math.inf), window="28d")


def test_series_named_for_bounds_are_one_histogram():
    """Two services, one of them with a single bound; other indicators are left out."""
    frame = pd.DataFrame({"good": [90.0, np.nan], "total": [100.0, 100.0]})
    wider = frame.assign(good=[95.0, 99.0])
    found = targets.histograms({
        Indicator("a", "shop", "latency_le_0.3"): wider,
        Indicator("b", "shop", "latency_le_2.5e-3"): frame,
        Indicator("c", "site", "latency_le_1"): frame,
        Indicator("d", "shop", "availability"): frame,
    })  # fmt: skip
    assert list(found) == [("shop", "latency")]
    assert list(found["shop", "latency"].columns) == [0.0025, 0.3, math.inf]
    assert found["shop", "latency"][0.3].tolist() == [95.0, 99.0]
    assert found["shop", "latency"][math.inf].tolist() == [100.0, 100.0]
