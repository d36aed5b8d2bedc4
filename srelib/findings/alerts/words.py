"""Words that all of these sentences use."""

from __future__ import annotations

from typing import Any

import pandas as pd

from srelib import wording
from srelib.findings.text import markdown, name

NOTHING = "No alert was replayed, so there is nothing to say here."


def about(length: Any) -> str:
    """A length of time, to the minute from ten minutes on; none is at once."""
    if pd.isna(length):
        return wording.UNKNOWN
    length = length if isinstance(length, pd.Timedelta) else pd.Timedelta(length, "s")
    if length <= pd.Timedelta(0):
        return "0 min".replace(" ", wording.NBSP)
    return wording.duration(length.round("min") if length >= pd.Timedelta("10min") else length)


def half(pooled: Any) -> str:
    """How soon half of what was told about was told."""
    if not pooled.detection_seconds.value > 0:
        return "half of those no later than the start"
    return f"half of those within {about(pooled.detection_seconds.value)} of the start"


def share(estimate: Any) -> str:
    """A share with its interval."""
    value, low, high = wording.percents([estimate.value, estimate.low, estimate.high])
    return f"{value}, 95{wording.NBSP}% interval {low} to {high}"


def interval(texts: list[str]) -> str:
    """An interval in brackets."""
    low, high = texts
    if wording.UNKNOWN in texts:
        return ""
    return f" (95{wording.NBSP}% interval {low} to {high})"


def number(value: float) -> str:
    """A rate: one decimal below ten."""
    return wording.count(round(value, 1)) if value < 10 else wording.count(round(value))


def noun(pooled: Any) -> str:
    """What pages are scored against."""
    return "incident" if pooled.truth == "incidents" else "budget event"


def weeks(pooled: Any) -> str:
    """Length of the history."""
    return wording.plural(round(pooled.weeks, 1), "week")


def event(row: pd.Series) -> str:
    """An event by its title, service and day, or by its objective where it has no title."""
    day = f"{row['starts_at'].day}{wording.NBSP}{row['starts_at'].month_name()}"
    if row["label"].startswith(f"{row['starts_at']:%Y-%m-%d}"):
        return f"{name(row['objective'])}, {day}"
    return f"{name(row['label'])}, {markdown(row['service'])}, {day}"


def caught(pooled: Any) -> set[tuple[str, str]]:
    """Events told about."""
    rows = pooled.events[pooled.events["caught"]]
    return set(zip(rows["objective"], rows["key"], strict=True))


def dearest(pooled: Any, keys: set[Any]) -> str:
    """The event among these that spent most."""
    rows = pooled.events.sort_values("spent", ascending=False, kind="stable")
    kept = [pair in keys for pair in zip(rows["objective"], rows["key"], strict=True)]
    top = rows[kept].iloc[0]
    lead = "" if len(keys) == 1 else "dearest: "
    return f"{lead}{event(top)}, {wording.percent(top['spent'])}"
