"""Decisions and levers made by hand, and histories whose causes are known by construction."""

from __future__ import annotations

import pandas as pd

from srelib.decisions import Decision, Lever
from srelib.fleet import Indicator
from srelib.stats import Estimate
from srelib.windows import Window

NAN = float("nan")
WINDOW = Window.parse("28d")
SHOP = Indicator("shop availability", "shop", "availability", target=0.99, window=WINDOW)
WEEKS = 13
STARTS = [24 * 7 * week + 34 for week in range(WEEKS)]
"""The same hour of every week [h]."""


def estimate(value: float, low: float, high: float, n: float = 13) -> Estimate:
    """With a confidence of 95 %."""
    return Estimate(value, low, high, n, 0.95, "by hand")


def lever(name: str, then: float, gain: float, saved: float = 0.1, **given) -> Lever:
    """Intervals a tenth wide to either side."""
    ends = {"detail": "", "pages": -0.5, "frozen": -3.0} | given
    return Lever(
        name, ends["detail"], estimate(then, then - 0.1, min(then + 0.1, 1.0)),
        estimate(gain, gain - 0.1, gain + 0.1), estimate(saved, saved - 0.05, saved + 0.05),
        ends["pages"], ends["frozen"],
    )  # fmt: skip


def decision(verdict: str, **given) -> Decision:
    """13 weeks of an objective of 99 %, met in 43 of 100 windows, 20 deployments."""
    known = {
        "confidence": 0.97, "objective": "shop availability", "target": 0.99, "window": WINDOW,
        "met": estimate(0.43, 0.1, 0.8), "weeks": WEEKS, "deployments": 20, "frequency": 1.54,
        "causes": {"deployments": 0.82, "outages": 0.22, "usual": 0.14},
    } | given  # fmt: skip
    return Decision(verdict, **known)


def hours(bad: float = 0.0, *, weeks: int = WEEKS, total: float = 1000.0) -> pd.DataFrame:
    """Hourly buckets of 1,000 events with so many bad ones."""
    index = pd.date_range("2026-03-30", periods=24 * 7 * weeks, freq="h", tz="UTC")
    return pd.DataFrame({"good": total - bad, "total": total}, index)


def with_outages(starts, *, bad: float, length: int = 2, usual: float = 0.0) -> pd.DataFrame:
    """The same, with so many more bad events an hour in outages that start at these hours."""
    counts = hours(usual)
    for start in starts:
        counts.iloc[start : start + length, 0] -= bad
    return counts


def incidents(starts, *, title: str | list[str] = "Disk full", length: int = 2) -> pd.DataFrame:
    """One incident of so many hours at each of these hours of the history."""
    begun = hours().index[list(starts)]
    return pd.DataFrame({
        "incident_id": [f"i{n}" for n in range(len(begun))], "service": "shop", "title": title,
        "severity": "high", "started_at": begun, "detected_at": begun,
        "resolved_at": begun + pd.Timedelta(hours=length),
    })  # fmt: skip


def outages_of_kinds(sizes: dict[str, list[int]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """An outage of two hours a week, with an incident: of these titles, so many bad events."""
    titles = [title for title, own in sizes.items() for _ in own]
    counts = hours()
    for start, bad in zip(STARTS, (bad for own in sizes.values() for bad in own), strict=False):
        counts.iloc[start : start + 2, 0] -= bad / 2
    return counts, incidents(STARTS[: len(titles)], title=titles)
