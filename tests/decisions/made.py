"""Histories made by hand: 1,000 requests an hour, of which the target allows one to fail.

A week thus has a budget of 168 failures, the 13 weeks one of 2,184, and a window of 28 days 672.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib import tradeoff
from srelib.decisions import Decision, decide
from srelib.fleet import Indicator
from srelib.windows import Window

WEEKS, TARGET = 13, 0.999
KEY = Indicator("api", "api", "availability", target=TARGET, window=Window.parse("28d"))


def hours(weeks: int = WEEKS, *, total: float = 1000.0, bad_every: int = 5) -> pd.DataFrame:
    """Hourly counts from a Monday; one request fails every so many hours (0: none)."""
    index = pd.date_range("2026-03-30", periods=168 * weeks, freq="h", tz="UTC", unit="us")
    good = pd.Series(total, index)
    if bad_every:
        good.iloc[::bad_every] -= 1.0
    return pd.DataFrame({"good": good, "total": total}, index=index)


def broken(counts: pd.DataFrame, starts: pd.Series | pd.DatetimeIndex, bad: float, *,
           lasts: int = 2) -> pd.DataFrame:  # fmt: skip
    """The counts with so many failures, spread over so many hours from each start on."""
    good = counts["good"].copy()
    for start in starts:
        first = good.index.searchsorted(pd.Timestamp(start).floor("h"))
        good.iloc[first : first + lasts] -= bad / lasts
    return counts.assign(good=good.clip(lower=0))


def deployments(per_week: float, *, weeks: int = WEEKS, seed: int = 1) -> pd.DataFrame:
    """Deployments at odd hours of working days, and rows as in the table."""
    rng = np.random.default_rng(seed)
    many = round(per_week * weeks)
    days = np.sort(rng.permutation(np.arange(7 * weeks)[np.arange(7 * weeks) % 7 < 5])[:many])
    at = pd.Timestamp("2026-03-30", tz="UTC") + pd.to_timedelta(
        24 * days + rng.integers(9, 16, many), "h"
    )
    return pd.DataFrame({
        "deployment_id": [f"d{n}" for n in range(many)], "service": "api",
        "environment": "production", "started_at": at, "finished_at": at, "status": "succeeded",
        "planned": True,
    })  # fmt: skip


def incidents(
    starts: pd.DatetimeIndex, *, title: str = "Disk full", lasts: str = "2h"
) -> pd.DataFrame:
    """Incidents of one title, detected ten minutes after they began."""
    unknown = pd.Series([None] * len(starts), dtype="str")
    return pd.DataFrame({
        "incident_id": [f"{title} {n}" for n in range(len(starts))], "service": "api",
        "severity": "high", "title": title, "started_at": starts,
        "detected_at": starts + pd.Timedelta("10min"), "acknowledged_at": pd.NaT,
        "resolved_at": starts + pd.Timedelta(lasts), "deployment_id": unknown,
    })  # fmt: skip


def alerts(starts: pd.DatetimeIndex) -> pd.DataFrame:
    """Pages ten minutes after each start, for an hour."""
    return pd.DataFrame({
        "service": "api", "rule": "burn", "severity": "page",
        "fired_at": starts + pd.Timedelta("10min"), "resolved_at": starts + pd.Timedelta("70min"),
    })  # fmt: skip


def nights(*days: int) -> pd.DatetimeIndex:
    """Three in the night of these days, when nobody deploys."""
    return pd.DatetimeIndex(
        [pd.Timestamp("2026-03-30 03:00", tz="UTC") + pd.Timedelta(days=d) for d in days]
    )


def decided(counts: pd.DataFrame, made: pd.DataFrame | None = None, *, key: Indicator = KEY,
            **more) -> Decision:  # fmt: skip
    """The decision on one service; `made` are its deployments."""
    effect, often = None, 0.0
    if made is not None:
        effect = tradeoff.deployment_effect(
            counts["good"], counts["total"], made, incidents=more.get("incidents"),
            target=key.target if key.has_target else None, placebos=500,
        )  # fmt: skip
        often = len(made) / (len(counts) / 168)
    return decide({key: counts}, key=key, effect=effect, deployments=made, frequency=often, **more)
