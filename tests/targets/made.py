"""Histories without a failure, to break by hand."""

import pandas as pd


def hours(weeks: float = 13, *, total: float = 1000.0) -> pd.DataFrame:
    """Hourly counts without a failure, from a Monday."""
    index = pd.date_range("2026-03-30", periods=int(168 * weeks), freq="h", tz="UTC", unit="us")
    return pd.DataFrame({"good": total, "total": total}, index=index)
