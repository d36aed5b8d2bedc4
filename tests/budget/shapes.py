"""Hourly counts, made or drawn."""

import math

import numpy as np
import pandas as pd
from hypothesis import strategies as st


def hours(first: str, count: int) -> pd.DatetimeIndex:
    """Starts of hourly buckets."""
    return pd.date_range(first, periods=count, freq="h", tz="UTC", unit="us")


def series(values: object, first: str = "2026-01-05") -> pd.Series:
    """Hourly counts; 5 January 2026 is a Monday."""
    data = np.asarray(values, dtype="float64")
    return pd.Series(data, index=hours(first, len(data)))


@st.composite
def counts(draw: st.DrawFn) -> tuple[pd.Series, pd.Series]:
    """Good and total, with quiet hours and gaps."""
    rows = draw(
        st.lists(
            st.none() | st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=60
        )
    )
    total = [math.nan if row is None else sum(row) for row in rows]
    good = [math.nan if row is None else row[0] for row in rows]
    return series(good), series(total)
