"""Incidents of eight weeks from the days they began on; the sample, loaded once."""

from functools import cache
from pathlib import Path

import pandas as pd

import srelib

ROOT = Path(__file__).parents[2]
START = pd.Timestamp("2026-01-01", tz="UTC")
WHOLE = START, START + pd.Timedelta("56D")
EVEN = [float(d) + 0.5 for d in range(56)]


def table(days: list[float], hours: list[float | None], service: str = "shop") -> pd.DataFrame:
    """Incidents that begin on these days and last so many hours; None is open."""
    at = pd.Series(START + pd.to_timedelta(days, unit="D"))
    return pd.DataFrame({
        "incident_id": [f"{service}{n}" for n in range(len(days))], "service": service,
        "started_at": at, "resolved_at": at + pd.to_timedelta(pd.Series(hours), unit="h"),
        "title": "down",
    })  # fmt: skip


@cache
def sample() -> srelib.Dataset:
    """The sample exports."""
    return srelib.load(ROOT / "data" / "sample")
