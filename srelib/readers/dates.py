"""Dates as spreadsheets and local exports write them (31.01.2026, 1/31/2026 2:05 PM), to ISO 8601.

Everything here is vectorised over a column.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

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


LANGUAGES = (
    "en", "cs", "da", "de", "es", "et", "fi", "fr", "hu", "is", "it", "nb", "nl", "pl", "pt", "ro",
    "ru", "sk", "sv", "tr",
)  # fmt: skip
"""Languages of a Jira profile whose months have names; no name means two months in them."""
_OLDER = {"mrz": 3, "sept": 9}
"""Short forms of Java before version 9 that Unicode's tables do not have."""

_CLOCK = r"(?:\s+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?\s*(?P<half>[AaPp][Mm])?)?"
_NAMED = re.compile(
    r"(?P<day>\d{1,2})[/ .-](?P<month>[^\W\d]+)\.?[/ .-](?P<year>\d{4}|\d\d)" + _CLOCK
)
_NUMBERED = re.compile(r"(?P<one>\d{1,2})[/.](?P<two>\d{1,2})[/.](?P<year>\d{4}|\d\d)" + _CLOCK)
_FOREIGN = (
    "no month is called {month!r} in the languages known here: set the language of your Jira "
    "profile to English and export again"
)
_IMPOSSIBLE = "not a date: no such day or time of day"


def jira_iso(frame: pd.DataFrame, shown: Mapping[str, str], *, file: str) -> pd.DataFrame:
    """The frame with its dates in ISO 8601; what is no date stays, or becomes a fault."""
    dated = frame.copy()
    if "fault" not in dated:
        dated[["fault", "fault_column", "fault_value"]] = None
    day_first = _jira_day_first(dated, shown, file)
    for name, called in shown.items():
        for row, value in dated[name].dropna().items():
            text, fault = _converted(str(value).strip(), day_first)
            dated.at[row, name] = text
            if fault and dated.loc[[row], "fault"].isna().all():
                told = (fault, called, str(value))
                dated.loc[row, ["fault", "fault_column", "fault_value"]] = told
    return dated


def _jira_day_first(frame: pd.DataFrame, shown: Mapping[str, str], file: str) -> bool:
    """Whether the day stands before the month, as a number above 12 somewhere shows."""
    texts = [str(text).strip() for name in shown for text in frame[name].dropna()]
    matches = [(match, text) for text in texts if (match := _NUMBERED.fullmatch(text))]
    first = [text for match, text in matches if int(match["one"]) > 12]
    second = [text for match, text in matches if int(match["two"]) > 12]
    if matches and bool(first) == bool(second):
        why = "no date shows which number is the month" if not first else (
            f"{first[0]!r} has the day first and {second[0]!r} the month"
        )  # fmt: skip
        raise ReadError(
            f"dates such as {matches[0][1]!r} can be read in two ways; {why}", file=file,
            fix="export again from Jira and do not save it in Excel, or write dates as 2026-01-31",
        )  # fmt: skip
    return bool(first)


def _converted(text: str, day_first: bool) -> tuple[str | None, str | None]:
    """The date in ISO 8601, or why there is none; anything unknown stays as it is."""
    named, numbered = _NAMED.fullmatch(text), _NUMBERED.fullmatch(text)
    if named:
        month = months().get(named["month"].lower())
        if month is None:
            return None, _FOREIGN.format(month=named["month"])
        return _written(named, month, int(named["day"]))
    if numbered:
        one, two = int(numbered["one"]), int(numbered["two"])
        return _written(numbered, two if day_first else one, one if day_first else two)
    return text, None


@functools.cache
def months() -> dict[str, int]:
    """Number of the month by its name, short or long, in every language of `LANGUAGES`."""
    from babel.dates import get_month_names

    found = dict(_OLDER)
    for language in LANGUAGES:
        for width in ("abbreviated", "wide"):
            for context in ("format", "stand-alone"):
                names = get_month_names(width, context, language)
                found |= {name.lower().rstrip("."): number for number, name in names.items()}
    return found


def _written(match: re.Match[str], month: int, day: int) -> tuple[str | None, str | None]:
    year = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
    hour, half = int(match["hour"] or 0), (match["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        return None, _IMPOSSIBLE
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        at = pd.Timestamp(
            year, month, day, hour, int(match["minute"] or 0), int(match["second"] or 0)
        )
    except ValueError:
        return None, _IMPOSSIBLE
    return at.isoformat(), None
