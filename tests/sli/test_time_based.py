"""Slices of time and the worst windows: golden numbers, and counting by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srelib import sli, windows
from srelib.errors import (
    ParameterError,
)
from srelib.sli.time_based import _for_slo, _slices
from srelib.slos import Slo
from srelib.windows import Window
from srelib.windows.sums import _ratio
from tests.sli.shapes import BUCKET, FEW, as_counts, counts


def slo(**more: object) -> Slo:
    """An objective with a budgeting method."""
    values = {
        "name": "a", "service": "a", "sli": "availability", "target": 0.95,
        "window": Window.parse("28d"), **more,
    }  # fmt: skip
    return Slo(**values)


def test_two_weeks_at_95_percent_of_minutes_allow_16_h_48_min() -> None:
    """OpenSLO Timeslices: 1,008 bad minutes of 20,160 are on target, to the minute."""
    frame = counts("2026-06-01", 14 * 1440)
    frame.iloc[:1008, 0] = 8.0
    found = _for_slo(frame, slo(method="Timeslices", slice=pd.Timedelta("1min"), slice_target=0.9))
    assert found["total"].sum() - found["good"].sum() == 16 * 60 + 48
    assert _ratio(found["good"], found["total"]) == 0.95


def test_occurrences_count_events_as_they_are(one_outage: pd.DataFrame) -> None:
    """600 of 14,400 events failed."""
    found = _for_slo(one_outage, slo())
    assert (found["good"].sum(), found["total"].sum()) == (13_800, 14_400)


def test_the_three_methods_of_openslo_differ_on_one_busy_minute() -> None:
    """98 of 100, 0 of 1, and no traffic: by events 98/101, by slices 1/2, by ratios 0.49."""
    frame = as_counts([(98, 2), (0, 1), (0, 0)])
    minute = pd.Timedelta("1min")
    shares = [
        _ratio(found["good"], found["total"])
        for found in (
            _for_slo(frame, slo()),
            _for_slo(frame, slo(method="Timeslices", slice=minute, slice_target=0.98)),
            _for_slo(frame, slo(method="RatioTimeslices", slice=minute)),
        )
    ]
    assert shares == pytest.approx([98 / 101, 0.5, 0.49])


def test_a_slice_on_its_threshold_is_good() -> None:
    """999 of 1,000 reach 0.999; 998 do not."""
    frame = as_counts([(0, 0), (0, 0)])
    frame["good"], frame["total"] = [999.0, 998.0], [1000.0, 1000.0]
    found = _slices(frame["good"], frame["total"], slice="1m", threshold=0.999)
    assert found["good"].tolist() == [1, 0]


def test_slices_start_at_multiples_of_their_length() -> None:
    """Data from 00:03 on: the first slice of five minutes is that of 00:00."""
    frame = counts("2026-06-01T00:03", 4)
    found = _slices(frame["good"], frame["total"], slice="5m", threshold=0.9)
    assert [str(t.time()) for t in found.index] == ["00:00:00", "00:05:00"]
    assert found["good"].tolist() == [1, 1]


def test_slices_without_traffic_or_data_are_not_good_and_not_bad(
    no_traffic_night: pd.DataFrame, gap: pd.DataFrame
) -> None:
    """0 of 0 for the night, NaN for the gap."""
    for frame, night in ((no_traffic_night, 0.0), (gap, np.nan)):
        for found in (
            _slices(frame["good"], frame["total"], slice="1h", threshold=0.95),
            _slices(frame["good"], frame["total"], slice="1h"),
        ):
            np.testing.assert_equal(found.iloc[4].to_numpy(), [night, night])
            assert found["total"].iloc[7] == 1.0


@pytest.mark.parametrize("slice", ["30s", "90s"])
def test_a_slice_must_be_whole_buckets(slice: str) -> None:
    """Half a bucket cannot be counted."""
    frame = counts("2026-06-01", 4)
    with pytest.raises(ParameterError, match="whole number of buckets"):
        _slices(frame["good"], frame["total"], slice=slice, threshold=0.9)


@FEW
@given(st.lists(BUCKET, min_size=1, max_size=40), st.integers(1, 7), st.floats(0.1, 0.9))
def test_slices_equal_counting_by_hand(buckets: list, width: int, threshold: float) -> None:
    """Each slice by plain addition; the data starts on a slice."""
    frame = as_counts(buckets)
    frame.index = pd.date_range("1970-01-01", periods=len(frame), freq="min", tz="UTC", unit="us")
    before = frame.copy()
    found = _slices(frame["good"], frame["total"], slice=f"{width}m", threshold=threshold)
    for k, start in enumerate(range(0, len(buckets), width)):
        known = [b for b in buckets[start : start + width] if b is not None]
        good, total = sum(b[0] for b in known), sum(sum(b) for b in known)
        expected = (
            [np.nan] * 2
            if not known
            else [float(total > 0 and good / total >= threshold), float(total > 0)]
        )
        np.testing.assert_equal(found.iloc[k].to_numpy(), expected)
    pd.testing.assert_frame_equal(frame, before)


def worst_by_hand(buckets: list, width: int) -> float:
    """Smallest ratio over all windows of this many buckets, by plain addition."""
    found = []
    for start in range(len(buckets) - width + 1):
        known = [b for b in buckets[start : start + width] if b is not None]
        total = sum(sum(b) for b in known)
        if total:
            found.append(sum(b[0] for b in known) / total)
    return min(found, default=math.nan)


@FEW
@given(st.lists(BUCKET, min_size=2, max_size=40))
def test_the_worst_window_equals_trying_them_all(buckets: list) -> None:
    """Exact for every length, and at the place it names."""
    frame = as_counts(buckets)
    found = sli.worst_windows(frame["good"], frame["total"])
    for row in found.itertuples():
        width = row.window // pd.Timedelta("1min")
        np.testing.assert_equal(row.ratio, worst_by_hand(buckets, width))
        if not math.isnan(row.ratio):
            inside = frame[(frame.index >= row.starts_at) & (frame.index < row.ends_at)]
            assert _ratio(inside["good"], inside["total"]) == row.ratio


@FEW
@given(st.lists(BUCKET, min_size=2, max_size=64))
def test_a_long_window_is_no_worse_than_the_worst_of_its_parts(buckets: list) -> None:
    """MCR(2 w) >= MCR(w) (Hauer et al., NSDI 2020)."""
    frame = as_counts(buckets)
    ratios = sli.worst_windows(frame["good"], frame["total"])["ratio"].dropna()
    assert (ratios.diff().dropna() >= -1e-12).all()


def test_slices_that_missed_stand_beside_bad_events(one_outage: pd.DataFrame) -> None:
    """One hour of 24 lost: 600 of 14,400 events, 12 of 288 slices; a half slice lost counts."""
    frame = one_outage
    frame.iloc[780:782, 0] = 0.0
    found = sli.slice_shares(frame["good"], frame["total"], slice="5m", target=0.9)
    assert found.events == pytest.approx(620 / 14_400)
    assert found.slices == pytest.approx(13 / 288)


def test_the_curve_of_one_outage_is_its_share_of_each_window(one_outage: pd.DataFrame) -> None:
    """60 bad minutes: 0 up to 32 min, then 1 - 60 / w; the window found holds the outage."""
    found = sli.worst_windows(one_outage["good"], one_outage["total"])
    minutes = (found["window"] / pd.Timedelta("1min")).astype(int)
    assert minutes.tolist() == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    assert found["ratio"].tolist() == pytest.approx([max(0, 1 - 60 / w) for w in minutes])
    assert found["starts_at"].iloc[0] == pd.Timestamp("2026-06-01T12:00Z")
    assert (found["ends_at"] - found["starts_at"]).eq(found["window"]).all()


def test_windows_without_traffic_have_no_worst() -> None:
    """NaN and NaT, not 0 and not 1."""
    frame = as_counts([(0, 0), None, (0, 0)])
    found = sli.worst_windows(frame["good"], frame["total"])
    assert found["ratio"].isna().all()
    assert found["starts_at"].isna().all()


def test_every_window_of_a_weighted_mean_is_weighted_by_itself():
    """cart 0.8, 1; pay 1, 0 at weights 2:1: single hours 0.8667 and 0.6667, both 0.7667."""
    index = pd.date_range("2026-06-01", periods=2, freq="h", tz="UTC", unit="us")
    cart, pay = windows.Member("cart", 2.0), windows.Member("pay")
    total = pd.DataFrame({cart: [10.0, 10.0], pay: [30.0, 30.0]}, index=index)
    found = sli.worst_windows(total - pd.DataFrame({cart: [2, 0], pay: [0, 30]}, index), total)
    assert found["ratio"].tolist() == pytest.approx([2 / 3, 2.3 / 3])
    assert found["starts_at"].tolist() == [index[1], index[0]]
