"""Text cells to times and numbers, each failure with its reason."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from srelib.errors import ReadError
from srelib.questions import Unconfirmed, question
from srelib.readers.words import marked, packaged

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?P<rest>:\d\d(?:\.\d+)?)?\s*(?P<half>[AaPp][Mm])?"
_DATE = (
    r"^(?P<one>\d{1,2})"
    r"(?:(?P<mark>[./-])(?P<two>\d{1,2})[./-]|(?:\. |[/ .-])(?P<word>[^\W\d]+)\.?[/ .-])"
    rf"(?P<year>\d{{4}}|\d\d),?(?:[ T]+{_CLOCK})?$"
)
"""Such as 31.01.2026 14:05, 1/31/2026 2:05 PM and 31/Jan/26 2:05 PM."""
_MONTH_FIRST = (
    r"^(?:[^\W\d]{3,},? )?(?P<word>[^\W\d]{3,})\.? (?:(?P<one>\d{1,2}),? )?(?P<year>\d{4})"
    rf"(?:(?:,| @)? {_CLOCK})?$"
)
"""Such as Jan 5, 2026 @ 14:05:00.000, Tuesday, January 5, 2026 2:05 PM, and Jan 2026."""
_HALF_DAYS = (
    r"^(?P<year>\d{4})[/-](?P<two>\d{1,2})[/-](?P<one>\d{1,2})(?=.*[AaPp][Mm]$)" rf" {_CLOCK}$"
)
"""Such as 2026-01-05 2:05 PM."""
_SHORT_YEAR = r"^\d{1,2}[./ -](?:\d{1,2}|[^\W\d]{3})[./ -]\d\d(?!\S)"
"""Such as 01/31/26."""
_PARTS = ("one", "mark", "two", "word", "year", "hour", "minute", "rest", "half")

LANGUAGES = (
    "en", "cs", "da", "de", "es", "et", "fi", "fr", "hu", "is", "it", "nb", "nl", "pl", "pt", "ro",
    "ru", "sk", "sv", "tr",
)  # fmt: skip
"""Languages of a Jira profile whose months have names; no name means two months in them."""
_OLDER = {"mrz": 3, "sept": 9}
"""Short forms of Java before version 9 that Unicode's tables do not have."""


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


def _local(text: pd.Series, pattern: str, file: str | None, column: str | None) -> pd.DataFrame:
    """Parts of the cells with a local date, and its `iso`, if any; without a column: as in Jira."""
    parts = text.str.extract(pattern).dropna(subset=["year"])
    parts = parts.reindex(columns=list(_PARTS)).astype("str")
    whole = parts["year"].str.len() == 4
    parts = parts[whole if column else parts["mark"] != "-"]  # 26-03-11 may begin with the year
    one, two = (pd.to_numeric(parts[name]).astype("Int64") for name in ("one", "two"))
    named = parts["word"].notna()
    names = parts["word"].str.lower().map(months() if named.any() else {}).astype("Int64")
    unclear = parts["mark"].isin(["/", "-"]) | (~named & (column is None))
    first = ~unclear | _day_first(text, one[unclear], two[unclear], file, column)
    day, month = one.where(first, two), two.where(first, one).where(~named, names)
    hour = pd.to_numeric(parts["hour"]).astype("Int64")
    half = parts["half"].str.lower()
    known = half.isna() | hour.between(1, 12).fillna(False).astype(bool)
    hour = hour.where(half.isna(), hour % 12 + 12 * (half == "pm"))
    year = parts["year"].where(whole, "20" + parts["year"])
    date = year + "-" + _two(month) + ("-" + _two(day)).where(day.notna(), "")
    clock = "T" + _two(hour) + ":" + parts["minute"] + parts["rest"].fillna(":00")
    return parts.assign(iso=(date + clock.fillna("")).where(known))


def _two(number: pd.Series) -> pd.Series:
    return number.astype("str").str.zfill(2)


def _iso_local(text: pd.Series, file: str | None, column: str) -> pd.Series:
    """Text cells with local dates in ISO 8601, all others as they are."""
    for pattern in (_MONTH_FIRST, _DATE, _HALF_DAYS):
        made = _local(text, pattern, file, column)["iso"].dropna()
        text = text.where(~text.index.isin(made.index), made.reindex(text.index))
    _ask_for_year(text, file, column)
    return text


_ORDERS = (("%d", "%b", "%y"), ("%d", "%m", "%y"), ("%m", "%d", "%y"), ("%y", "%m", "%d"))


def _ask_for_year(text: pd.Series, file: str | None, column: str) -> None:
    """Ask for the order of dates with a year of two digits; the year is what varies least."""
    short = text[text.str.contains(_SHORT_YEAR).fillna(False).astype(bool)]
    if short.empty or 2 * len(short) < len(text):
        return
    seen = short.iloc[0]
    read = {form: _formatted(short, form, file) for form in (_form(seen, o) for o in _ORDERS)}
    form = min(read, key=lambda form: (read[form].isna().sum(), read[form].dt.year.nunique()))
    raise question(
        f"dates in column {column!r} such as {seen!r} have a year of two digits", file=file,
        time_format=Unconfirmed(form, _CODES),
    )  # fmt: skip


_CODES = "%d is the day, %m the month (%b its name), %y or %Y the year; or as they are written"


_FORMS = (
    "%m/%Y", "%m.%Y", "%m-%Y", "%Y%m", "%Y%m%d", "%b-%y", "%b %y", "%Y%m%dT%H%M%SZ", "%Y%m%d%H%M%S",
    "%d.%m.%Y, %H:%M Uhr", "%d.%m.%Y %H:%M Uhr",
)  # fmt: skip
"""Forms of times that pandas has no idea of, or another one."""


def _ask_for_form(text: pd.Series, file: str | None, column: str) -> None:
    """Ask how times are written of which none can be read, where pandas has an idea."""
    some = text.drop_duplicates()[:300]
    with warnings.catch_warnings(action="ignore"):  # of days that stand before the month
        guessed = filter(None, map(guess_datetime_format, some[:3]))
        forms = (
            form for form in chain(_FORMS, guessed) if _formatted(some, form, file).notna().all()
        )
        form = next(forms, None)
    if form is not None:
        raise question(
            f"times in column {column!r} such as {text.iloc[0]!r} are of no form known here",
            file=file, time_format=Unconfirmed(form, _CODES),
        )  # fmt: skip


def _day_first(
    text: pd.Series, one: pd.Series, two: pd.Series, file: str | None, column: str | None
) -> bool:
    """Whether the day stands before the month in dates of numbers."""
    if one.empty:
        return False
    days, months = one.index[one > 12], two.index[two > 12]
    if bool(len(days)) != bool(len(months)):
        return bool(len(days))
    why = f"{'none of them' if column else 'no date'} shows which number is the month"
    if len(days):
        why = f"{text[days[0]]!r} has the day first and {text[months[0]]!r} the month"
    seen = text[one.index[0]]
    if column is None:
        raise ReadError(
            f"dates such as {seen!r} can be read in two ways; {why}", file=file,
            fix="export again from Jira and do not save it in Excel, or write dates as 2026-01-31",
        )  # fmt: skip
    about = f'the day first; or "{_form(seen, ("%m", "%d", "%Y"))}" for the month'
    raise question(
        f"dates in column {column!r} such as {seen!r} can be read in two ways; {why}",
        file=file, time_format=Unconfirmed(_form(seen), about),
        more=", or write dates as 2026-01-31T14:05:00",
    )  # fmt: skip


def _form(seen: str, order: tuple[str, ...] = ("%d", "%m", "%Y")) -> str:
    """How a date such as 31/01/2026 14:05 is written, in the codes of strptime."""
    form = re.sub(r"^\d+(\W)\w+\W\d+", lambda m: m[1].join(order), seen)
    hour = "%I" if re.search(r"(?i)[ap]m$", form) else "%H"
    form = re.sub(r"\d{1,2}([:.])\d\d(\1\d\d)?",
                  lambda m: f"{hour}{m[1]}%M{m[1] + '%S' if m[2] else ''}", form)  # fmt: skip
    return re.sub(r"(?i)[ap]m$", "%p", re.sub(r"\.\d+(?= |$)", ".%f", form))


_FOREIGN = (
    "no month is called {month!r} in the languages known here: set the language of your Jira "
    "profile to English and export again"
)
_IMPOSSIBLE = "not a date, no such day or time of day: write it as 2026-01-31"


def jira_iso(frame: pd.DataFrame, shown: Mapping[str, str], *, file: str) -> pd.DataFrame:
    """The frame with its dates in ISO 8601; what is no date stays, or becomes a fault."""
    text = frame[list(shown)].astype("object").stack(future_stack=True).dropna()
    text = text.astype("str").str.strip()
    parts = _local(text, _DATE, file, None)
    at = pd.to_datetime(parts["iso"], format="ISO8601", errors="coerce")
    text[at.index] = at.map(pd.Timestamp.isoformat, na_action="ignore").astype("str")
    lost = parts.loc[at.isna(), "word"]
    known = months() if lost.notna().any() else {}
    why = lost.map(
        lambda word: _IMPOSSIBLE if word.lower() in known else _FOREIGN.format(month=word),
        na_action="ignore",
    )
    faults = why.fillna(_IMPOSSIBLE).unstack().reindex(frame.index)
    dated = text.unstack().reindex(index=frame.index, columns=list(shown))
    for name in [one for one in shown if one in faults]:
        bad = faults[name].notna()
        frame = marked(frame, bad, "fault", faults[name], shown[name], frame[name].astype("str"))
    return frame.assign(**dated)


MISSING = (
    "", "undefined", "null", "NULL", "-", "?", "N/A", "n/a", "No data", "no data", "None",
)  # fmt: skip
"""Texts that say "there is no value here"; kept as unknown, never as zero."""

NOT_A_NUMBER = ("NaN", "nan", "NAN")
"""What exporters write for 0/0; unknown as well."""

EARLIEST, LATEST = pd.Timestamp("2000-01-01", tz="UTC"), pd.Timestamp("2100-01-01", tz="UTC")
"""Times outside these are taken for a wrong unit or a broken clock."""

EPOCH_UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""Ticks in a second of each epoch unit."""

_ZONED = r"[T ]\d.*(?:[Zz]|\s?(?:UTC|GMT)|[+-]\d{2}(?::?\d{2})?)$"
_EPOCH = r"^\d{9,19}(?:\.\d*)?$"
UNITS: dict[str, float] = packaged("units.toml")
"""Factors of each unit suffix: bytes to bytes, durations to seconds, percent to a fraction."""


@dataclass(frozen=True)
class Cells:
    """A column of cells, converted."""

    values: pd.Series
    reasons: pd.Series
    notes: tuple[str, ...] = ()
    zone: str | None = None
    suffixes: Mapping[str, int] = field(default_factory=dict)


def is_missing(cells: pd.Series) -> pd.Series:
    """Whether each cell says that there is no value."""
    return cells.isna() | cells.isin(MISSING)


def zone(name: str, *, file: str | None = None) -> ZoneInfo:
    """The IANA time zone of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ReadError(
            f"time zone {name!r} is unknown", file=file,
            fix='write an IANA name such as timezone = "Europe/Berlin" in sources.toml',
        ) from error  # fmt: skip


_NO_TIME = "not a time: write it as 2026-01-31T14:05:00Z"


def times(
    cells: pd.Series,
    *,
    timezone: str | None = None,
    form: str | None = None,
    file: str | None = None,
    column: str = "time",
) -> Cells:
    """Text cells as UTC times; `form` says how they are written where ISO 8601 does not."""
    text = cells.astype("str").str.strip()
    values = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us, UTC]")
    if form is not None:
        read = _formatted(text, form, file)
        if read.dt.tz is None:
            written = read.map(lambda at: at.isoformat(), na_action="ignore").astype("object")
            text = written.where(read.notna(), text)
        else:
            values = read.dt.as_unit("us")
    known = ~is_missing(text)
    open_ = known & values.isna()
    reasons = pd.Series(None, index=cells.index, dtype="object")
    epoch = _matches(text, open_, _EPOCH)
    zoned = _matches(text, open_ & ~epoch, _ZONED)
    no_end = open_ & text.eq("0") & bool(epoch.any())  # what has not happened yet, among epochs
    naive = open_ & ~epoch & ~zoned & ~no_end
    text[naive] = _iso_local(text[naive], file, column)
    if epoch.any():
        _epochs(text[epoch], values, reasons)
    if zoned.any():
        values[zoned] = _iso(text[zoned])
        reasons[zoned & values.isna()] = _NO_TIME
    used = None
    if naive.any():
        used = _naive(text[naive], values, reasons, timezone, file, column, int(known.sum()))
    if known.any() and reasons[known].notna().all():
        _ask_for_form(text[known], file, column)
    far = values.notna() & ((values < EARLIEST) | (values >= LATEST))
    reasons[far] = "time outside the years 2000 to 2099: check its unit and the clock"
    values[far] = pd.NaT
    return Cells(values, reasons, zone=used)


def _matches(text: pd.Series, asked: pd.Series, pattern: str) -> pd.Series:
    found = text[asked].str.contains(pattern).fillna(False).astype(bool)
    return found.reindex(text.index, fill_value=False)


def _formatted(text: pd.Series, form: str, file: str | None) -> pd.Series:
    """The times of cells that fit a format of strptime, in UTC where it has a zone."""
    zoned = "%z" in form or "%Z" in form
    try:
        return pd.to_datetime(text, format=form, errors="coerce", utc=zoned)
    except ValueError as error:
        raise ReadError(
            f"time_format {form!r} cannot be used ({error})", file=file,
            fix="write it in the codes of strptime, such as %d-%m-%Y %H:%M:%S",
        ) from error  # fmt: skip


def _iso(text: pd.Series) -> pd.Series:
    plain = text.str.replace(r"\s?(?:UTC|GMT)$", "Z", regex=True)
    plain = plain.str.replace(r"^(\d{4})/(\d{1,2})/(\d{1,2})", r"\1-\2-\3", regex=True)
    plain = plain.str.replace(r"(:\d\d),(\d+)", r"\1.\2", regex=True)
    plain = plain.str.replace(r" ([+-]\d{2}:?\d{2})Z?$", r"\1", regex=True)
    read = pd.to_datetime(plain, format="ISO8601", utc=True, errors="coerce")
    return read.dt.as_unit("us")


def _naive(
    text: pd.Series, values: pd.Series, reasons: pd.Series, timezone: str | None,
    file: str | None, column: str, known: int,
) -> str | None:  # fmt: skip
    read = _iso(text).dt.tz_localize(None)
    read = read.where(text.str.match(r"\d{4}"))  # -1 is no year, though pandas reads one
    index = text.index[read.isna()]
    reasons[index] = _NO_TIME
    read = read.dropna()
    if read.empty:
        return None
    if timezone is None:
        if 2 * len(read) >= known:
            about = 'the zone these times were written in, such as "Europe/Berlin"'
            raise question(
                f"times in column {column!r} carry no time zone (such as {text[read.index[0]]!r})",
                file=file, timezone=Unconfirmed("UTC", about),
            )  # fmt: skip
        reasons[read.index] = (
            "this time carries no zone while others in the column do: write all with it"
        )
        return None
    local, early = zone(timezone, file=file), np.ones(len(read), dtype=bool)
    first, second = (
        read.dt.tz_localize(local, ambiguous=earlier, nonexistent="NaT")
        for earlier in (early, ~early)
    )
    lost, twice = first.isna(), first.notna() & (first != second)
    reasons[read.index[twice]] = (
        f"this local time occurred twice in {timezone} (the clocks went back): export UTC"
    )
    reasons[read.index[lost]] = (
        f"this local time does not exist in {timezone} (the clocks skipped it): check timezone"
    )
    once = first[~lost & ~twice].dt.tz_convert("UTC")
    values[once.index] = once.astype("datetime64[us, UTC]")
    return timezone


def _epochs(text: pd.Series, values: pd.Series, reasons: pd.Series) -> None:
    numbers = pd.to_numeric(text, errors="coerce").astype("float64").to_numpy()
    units = pd.Series(epoch_unit(numbers), index=text.index)
    counts = units[units != ""].value_counts()
    usual = min(counts.index, key=lambda unit: (-counts[unit], unit), default=None)
    other = f"in a column whose other epochs are in {usual}: write all in one"
    why = {unit: f"epoch in {unit} {other}" for unit in EPOCH_UNITS}
    why[""] = "epoch outside the years 2000 to 2099 in any unit: check the clock"
    wrong = units != usual
    reasons[text.index[wrong]] = units[wrong].map(why)
    if usual:
        values[text.index[~wrong]] = _from_epoch(text[~wrong], usual)


def _from_epoch(text: pd.Series, unit: str) -> pd.Series:
    whole = text.str.partition(".")
    ticks = pd.to_numeric(whole[0]).astype("int64")
    scale = EPOCH_UNITS["us"] / EPOCH_UNITS[unit]
    micros = ticks * int(scale) if scale >= 1 else ticks // EPOCH_UNITS["ms"]
    if unit != "ns" and (whole[2] != "").any():
        micros = micros + (pd.to_numeric("0." + whole[2]) * scale).round().astype("int64")
    return pd.to_datetime(micros, unit="us", utc=True).astype("datetime64[us, UTC]")


def epoch_unit(numbers: np.ndarray) -> np.ndarray:
    """Unit of each epoch, told by its magnitude."""
    units = np.full(len(numbers), "", dtype="<U2")
    for unit, ticks in EPOCH_UNITS.items():
        inside = (numbers >= EARLIEST.timestamp() * ticks) & (numbers < LATEST.timestamp() * ticks)
        units[inside] = unit
    return units


def numbers(
    cells: pd.Series, *, decimal: str | None = None, file: str | None = None, column: str = "value"
) -> Cells:
    """Text cells as numbers."""
    text = cells.astype("str").str.strip()
    known = ~(is_missing(text) | text.isin(NOT_A_NUMBER))
    values = pd.Series(np.nan, index=cells.index, dtype="float64")
    reasons = pd.Series(None, index=cells.index, dtype="object")
    if known.any():
        comma = decimal == "," or bool(text[known].str.contains(",", regex=False).any())
        plain = _points(text[known], decimal, file, column) if comma else text[known]
        values[known] = pd.to_numeric(plain, errors="coerce").astype("float64")
    notes: tuple[str, ...] = ()
    left = known & values.isna()
    suffixes = {"": int((known & ~left).sum())} if (known & ~left).any() else {}
    if left.any():
        plain = plain[left[known]]
        values[left], units = _suffixed(plain)
        often = units[values[left].notna()].value_counts()
        suffixes |= {str(unit): int(count) for unit, count in often.items()}
        if values[left].notna().any():
            notes = (
                f"column {column!r} is a formatted export, its values are rounded; "
                "export raw values instead",
            )
        reasons[left & values.isna()] = "not a number: write digits, such as 12.5"
    infinite = np.isinf(values)
    reasons[infinite] = "infinite, a division by zero: correct the query"
    values[infinite] = np.nan
    return Cells(values, reasons, notes, suffixes=suffixes)


def _suffixed(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    parts = text.str.extract(
        r"^([+-]?[\d.]+(?:[eE][+-]?\d+)?)[\s\u00a0]*([A-Za-zµμ%]*?)\s*((?:req|ops|msg)?/s)?$"
    )
    factors = parts[1].map(UNITS | {"": 1.0}).astype("float64")
    units = parts[1] + parts[2].str[-2:].fillna("")
    return pd.to_numeric(parts[0], errors="coerce").astype("float64") * factors, units


def _points(text: pd.Series, decimal: str | None, file: str | None, column: str) -> pd.Series:
    """Cells with a decimal point and no thousands separators."""
    commas = text[text.str.contains(",", regex=False)]
    number = commas.str.extract(r"^([+-]?[\d.,]+)")[0].fillna("")
    if decimal is None:
        decimal = _decimal_mark(number, file, column)
    if decimal == ",":
        return text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    return text.str.replace(",", "", regex=False)


def _decimal_mark(number: pd.Series, file: str | None, column: str) -> str | None:
    mark = number.str.match(r"^[+-]?(?:\d{1,3}(?:\.\d{3})+,\d+|\d+,(?:\d{1,2}|\d{4,}))$")
    mark |= number.str.match(r"^[+-]?(?:0|\d{4,}),\d+$")
    thousands = number.str.match(r"^[+-]?(?:\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,})$")
    if mark.any() and not thousands.any():
        return ","
    if thousands.any() and not mark.any():
        return "."
    if not (number != "").any():
        return "."
    raise question(
        f"commas in column {column!r} can be decimal marks or thousands separators "
        f"(such as {number[number != ''].iloc[0]!r})",
        file=file, decimal=Unconfirmed(",", 'the decimal mark, "," or "."'),
    )  # fmt: skip
