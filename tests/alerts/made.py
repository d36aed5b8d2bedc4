"""Histories the tests of fleets and of recorded alerts share."""

import pandas as pd

from srelib.fleet import Indicator

SHOP = Indicator("shop availability", "shop", "availability", target=0.99)
SLOW = Indicator("shop latency", "shop", "latency", target=0.99)
OTHER = Indicator("other", "other", "availability", target=0.99)


def minutes(*outages: str, days: int = 8) -> pd.DataFrame:
    """Minutes of 100 events; every event fails for the hour that starts at each of these times."""
    index = pd.date_range("2026-06-01", periods=1440 * days, freq="min", tz="UTC", unit="us")
    frame = pd.DataFrame({"good": 100.0, "total": 100.0}, index=index)
    for start in outages:
        first = pd.Timestamp(start, tz="UTC")
        frame.loc[first : first + pd.Timedelta("59min"), "good"] = 0.0
    return frame


def incidents(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Incidents of an hour: key, service, start."""
    starts = pd.to_datetime([row[2] for row in rows], utc=True)
    return pd.DataFrame({
        "incident_id": [row[0] for row in rows], "service": [row[1] for row in rows],
        "title": [f"title {row[0]}" for row in rows], "severity": "high",
        "started_at": starts, "resolved_at": starts + pd.Timedelta("1h"),
    })  # fmt: skip
