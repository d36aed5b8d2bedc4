"""Counts in minutes and hours, made or drawn."""

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

FEW = settings(max_examples=30, deadline=None)
BUCKET = st.one_of(st.none(), st.tuples(st.integers(0, 20), st.integers(0, 20)))
"""Good and bad events; None is unknown."""


def counts(start: str, buckets: int, *, freq: str = "min", total: float = 10.0) -> pd.DataFrame:
    """Buckets in which every event was good."""
    index = pd.date_range(start, periods=buckets, freq=freq, tz="UTC", unit="us", name="time")
    return pd.DataFrame({"good": total, "total": total}, index=index)


def as_counts(buckets: list) -> pd.DataFrame:
    """Minutes of (good, bad), None for unknown."""
    frame = counts("2026-06-01", len(buckets))
    pairs = [(np.nan, np.nan) if b is None else (b[0], sum(b)) for b in buckets]
    frame[["good", "total"]] = np.array(pairs, dtype="float64").reshape(-1, 2)
    return frame
