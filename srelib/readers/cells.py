"""Text cells to times and numbers, each failure with its reason.

Everything here is vectorised over a column and knows nothing about files.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from srelib.errors import ReadError
from srelib.readers import dates

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

_ZONED = r"[T ]\d{1,2}:?\d{2}.*(?:[Zz]|\s?(?:UTC|GMT)|[+-]\d{2}(?::?\d{2})?)$"
_EPOCH = r"^\d{9,19}(?:\.\d*)?$"
_BYTES = {"B": 1.0} | {
    f"{prefix}iB": 1024.0**power for power, prefix in enumerate("KMGTP", start=1)
}
_DECIMAL_BYTES = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15}
_SHORT = {"K": 1e3, "k": 1e3, "Mil": 1e6, "M": 1e6, "Bil": 1e9, "G": 1e9, "Tri": 1e12, "T": 1e12}
_SECONDS = {
    "ns": 1e-9, "µs": 1e-6, "μs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0,
    "min": 60.0, "mins": 60.0, "hour": 3600.0, "hours": 3600.0, "day": 86400.0, "days": 86400.0,
    "week": 604800.0, "weeks": 604800.0,
}  # fmt: skip
UNITS = _BYTES | _DECIMAL_BYTES | _SHORT | _SECONDS | {"%": 0.01}
"""Factor of each unit suffix: bytes to bytes, durations to seconds, percent to a fraction."""


@dataclass(frozen=True)
class Cells:
    """A column of cells, converted."""

    values: pd.Series
    reasons: pd.Series
    notes: tuple[str, ...] = ()
    zone: str | None = None


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


def times(
    cells: pd.Series, *, timezone: str | None = None, file: str | None = None, column: str = "time"
) -> Cells:
    """Text cells as UTC times."""
    text = cells.astype("str").str.strip()
    known = ~is_missing(text)
    values = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us, UTC]")
    reasons = pd.Series(None, index=cells.index, dtype="object")
    epoch = known & text.str.match(_EPOCH).fillna(False).astype(bool)
    zoned = known & ~epoch & text.str.contains(_ZONED).fillna(False).astype(bool)
    naive = known & ~epoch & ~zoned
    text[naive] = dates.iso(text[naive], file=file, column=column)
    if epoch.any():
        _epochs(text[epoch], values, reasons)
    if zoned.any():
        values[zoned] = _iso(text[zoned], utc=True)
        reasons[zoned & values.isna()] = "not a time: write it as 2026-01-31T14:05:00Z"
    used = None
    if naive.any():
        used = _naive(text[naive], values, reasons, timezone, file, column, int(known.sum()))
    far = values.notna() & ((values < EARLIEST) | (values >= LATEST))
    reasons[far] = "time outside the years 2000 to 2099"
    values[far] = pd.NaT
    return Cells(values, reasons, zone=used)


def _iso(text: pd.Series, *, utc: bool) -> pd.Series:
    plain = text.str.replace(r"\s?(?:UTC|GMT)$", "Z", regex=True)
    plain = plain.str.replace(r"^(\d{4})/(\d{1,2})/(\d{1,2})", r"\1-\2-\3", regex=True)
    plain = plain.str.replace(r" ([+-]\d{2}:?\d{2})Z?$", r"\1", regex=True)
    read = pd.to_datetime(plain, format="ISO8601", utc=utc, errors="coerce")
    return read.dt.as_unit("us")


def _naive(
    text: pd.Series, values: pd.Series, reasons: pd.Series, timezone: str | None,
    file: str | None, column: str, known: int,
) -> str | None:  # fmt: skip
    read = _iso(text, utc=False) if timezone else _iso(text, utc=True)
    read = read.where(text.str.match(r"\d{4}"))  # -1 is no year, though pandas reads one
    index = text.index[read.isna()]
    reasons[index] = "not a time: write it as 2026-01-31T14:05:00Z"
    read = read.dropna()
    if read.empty:
        return None
    if timezone is None:
        if 2 * len(read) >= known:
            raise ReadError(
                f"times in column {column!r} carry no time zone (such as {text[read.index[0]]!r})",
                file=file,
                fix=f'add timezone = "Europe/Berlin" (or "UTC", or your own) '
                f"to a [[file]] with match = {file or 'FILE'!r} in sources.toml",
            )
        reasons[read.index] = "this time carries no zone while others in the column do"
        return None
    local = zone(timezone, file=file)
    placed = read.dt.tz_localize(local, ambiguous="NaT", nonexistent="NaT")
    lost = placed.index[placed.isna()]
    if len(lost):
        folded = read[lost].dt.tz_localize(
            local, ambiguous=np.ones(len(lost), dtype=bool), nonexistent="NaT"
        )
        reasons[folded.index[folded.notna()]] = (
            f"this local time occurred twice in {timezone} (the clocks went back)"
        )
        reasons[folded.index[folded.isna()]] = (
            f"this local time does not exist in {timezone} (the clocks skipped it)"
        )
    values[placed.index] = placed.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    return timezone


def _epochs(text: pd.Series, values: pd.Series, reasons: pd.Series) -> None:
    number = pd.to_numeric(text, errors="coerce").astype("float64")
    units = epoch_unit(number.to_numpy())
    known = pd.Series(units, index=text.index)
    counts = known[known != ""].value_counts(sort=False)
    if len(counts):
        usual = sorted(counts.index, key=lambda unit: (-counts[unit], unit))[0]
        right = known == usual
        values[text.index[right]] = _from_epoch(text[right], usual)
        for unit in sorted(set(counts.index) - {usual}):
            reasons[text.index[known == unit]] = (
                f"epoch in {unit} in a column whose other epochs are in {usual}"
            )
    reasons[text.index[known == ""]] = "epoch outside the years 2000 to 2099 in any unit"


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
    if left.any():
        plain = plain[left[known]]
        values[left] = _suffixed(plain)
        if values[left].notna().any():
            notes = (
                f"column {column!r} is a formatted export, its values are rounded; "
                "export raw values instead",
            )
        reasons[left & values.isna()] = "not a number"
    infinite = np.isinf(values)
    reasons[infinite] = "infinite: a division by zero in the source, not a measurement"
    values[infinite] = np.nan
    return Cells(values, reasons, notes)


def _suffixed(text: pd.Series) -> pd.Series:
    parts = text.str.extract(r"^([+-]?[\d.]+(?:[eE][+-]?\d+)?)[\s\u00a0]*([A-Za-zµμ%]+)(?:/s)?$")
    factors = parts[1].map(UNITS).astype("float64")
    return pd.to_numeric(parts[0], errors="coerce").astype("float64") * factors


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
    raise ReadError(
        f"commas in column {column!r} can be decimal marks or thousands separators "
        f"(such as {number[number != ''].iloc[0]!r})",
        file=file,
        fix='say decimal = "," or decimal = "." in sources.toml',
    )
