"""Dates as spreadsheets and local exports write them (31.01.2026, 1/31/2026 2:05 PM), to ISO 8601.

Everything here is vectorised over a column.
"""

from __future__ import annotations

import pandas as pd

from srelib.errors import ReadError

_LOCAL = (
    r"^(?P<one>\d{1,2})(?P<mark>[./])(?P<two>\d{1,2})[./](?P<year>\d{4}),?"
    r"(?:[ T]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?P<rest>:\d\d(?:\.\d+)?)?"
    r"\s*(?P<half>[AaPp][Mm])?)?$"
)


def iso(text: pd.Series, *, file: str | None = None, column: str = "time") -> pd.Series:
    """Text cells with local dates in ISO 8601, all others as they are."""
    parts = text.str.extract(_LOCAL).dropna(subset=["one"])
    if parts.empty:
        return text
    one, two = (pd.to_numeric(parts[name]) for name in ("one", "two"))
    dotted = parts["mark"] == "."
    first = _day_first(text, one[~dotted], two[~dotted], file, column)
    day, month = one.where(dotted | first, two), two.where(dotted | first, one)
    hour = pd.to_numeric(parts["hour"]).fillna(0).astype("int64")
    half = parts["half"].str.lower()
    impossible = half.notna() & ~hour.between(1, 12)
    hour = hour.where(half.isna(), hour % 12 + 12 * (half == "pm"))
    found = parts["year"] + "-" + _two(month) + "-" + _two(day)
    clock = "T" + _two(hour) + ":" + parts["minute"].fillna("00") + parts["rest"].fillna("")
    made = found + clock.where(parts["hour"].notna(), "")
    return text.where(~text.index.isin(made.index[~impossible]), made.reindex(text.index))


def _two(number: pd.Series) -> pd.Series:
    return number.astype("str").str.zfill(2)


def _day_first(
    text: pd.Series, one: pd.Series, two: pd.Series, file: str | None, column: str
) -> bool:
    """Whether the day stands before the month in dates with slashes."""
    if one.empty:
        return False
    days, months = one.index[one > 12], two.index[two > 12]
    if bool(len(days)) != bool(len(months)):
        return bool(len(days))
    why = "none of them shows which number is the month"
    if len(days):
        why = f"{text[days[0]]!r} has the day first and {text[months[0]]!r} the month"
    raise ReadError(
        f"dates in column {column!r} such as {text[one.index[0]]!r} can be read in two ways; {why}",
        file=file,
        fix="write them as 2026-01-31T14:05:00 (in a spreadsheet: yyyy-mm-dd hh:mm:ss)",
    )
