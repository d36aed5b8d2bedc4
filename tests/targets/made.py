"""Histories without a failure, to break by hand, and candidates as `candidates` gives them."""

import math

import pandas as pd

from srelib.windows import Window

WINDOW = Window.parse("28d")


def hours(weeks: float = 13, *, total: float = 1000.0) -> pd.DataFrame:
    """Hourly counts without a failure, from a Monday."""
    index = pd.date_range("2026-03-30", periods=int(168 * weeks), freq="h", tz="UTC", unit="us")
    return pd.DataFrame({"good": total, "total": total}, index=index)


def candidates(*rows: dict, current: float = math.nan, **same) -> pd.DataFrame:
    """Candidates by hand; what a row does not say is unremarkable."""
    usual = {
        "window": WINDOW, "windows": 64, "independent": 3.25, "met": 0.5, "met_low": 0.1,
        "met_high": 0.9, "budget_events": 1e4, "budget_minutes": 40.32, "pages_per_week": 0.52,
        "pages_low": 0.2, "pages_high": 1.04, "can_page": True, "freeze_days": 12.2, "chance": 0.0,
        "allowed": True, "weeks": 13, "weeks_needed": 8, "events": 1e7, "strictest": 1 - 1e-7,
        "steady": 1 - 1e-6, "background": 1e-4, "ceiling": math.nan,
    }  # fmt: skip
    found = pd.DataFrame([{**usual, **same, **row} for row in rows])
    return found.assign(current=found["target"] == current)


def likely(target: float, probability: float, low: float, high: float = 1.0, **more) -> dict:
    """One candidate."""
    return {"target": target, "probability": probability, "low": low, "high": high, **more}
