"""Objectives and results to draw, and what can be read off an Axes."""

import pandas as pd

from srelib import windows
from srelib.fleet import Indicator

WINDOW = windows.Window.parse("2d")
SHOP = Indicator("shop", "shop", "availability", target=0.99, window=WINDOW)
SITE = Indicator("site $x_1$", "site", "availability", target=0.9, window=WINDOW)


def hours(bad: float, *, days: int = 8) -> pd.DataFrame:
    """Hourly buckets of 100 events with so many bad ones."""
    index = pd.date_range("2026-06-01", periods=24 * days, freq="h", tz="UTC", unit="us")
    return pd.DataFrame({"good": 100.0 - bad, "total": 100.0}, index=index)


def weekly(bad: float) -> pd.DataFrame:
    """Two weeks of service levels with intervals a tenth of a percent wide."""
    return pd.DataFrame({
        "starts_at": pd.to_datetime(["2026-06-01", "2026-06-08"], utc=True),
        "ratio": 1 - bad, "low": 1 - bad - 0.001, "high": 1 - bad + 0.001,
    })  # fmt: skip


def title(ax) -> str:
    """The title on one line, with ordinary spaces."""
    return ax.get_title("left").replace("\n", " ").replace("\u00a0", " ")


def panels(ax) -> list:
    """The panels inside a container."""
    return ax.child_axes
