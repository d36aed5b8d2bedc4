"""Numbers and names as words: the one place where a number becomes text.

Figures and findings share these, so that a title and a sentence about the same number agree.
A share is never rounded across a line that matters: 99.996 % does not become 100 %,
and a ratio just below its target is not written as the target.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

NBSP = "\u00a0"
MINUS = "\u2212"
UNKNOWN = "unknown"


def percent(share: float, *, against: float | None = None, places: int = 0) -> str:
    """A share in percent, with as many digits as it takes to tell it from 0, 1 and `against`."""
    if share is None or not math.isfinite(share):
        return UNKNOWN
    distance = min(abs(share), abs(1 - share))
    digits = 0 if distance < 1e-12 else max(0, 1 - math.floor(math.log10(distance * 100)))
    digits = max(digits, places)
    lines = [0.0, 1.0] if against is None else [0.0, 1.0, against]
    while digits < 12 and any(_crosses(share, line, digits) for line in lines):
        digits += 1
    text = f"{abs(share) * 100:,.{digits}f}"
    if digits > places and abs(round(share * 100, digits - 1) - share * 100) < 1e-9:
        text = text.rstrip("0").rstrip(".")
        if len(text.partition(".")[2]) < places:
            text = f"{abs(share) * 100:,.{places}f}"
    return f"{MINUS if share < 0 and text.strip('0.') else ''}{text}{NBSP}%"


def probability(value: float, *, required: float) -> str:
    """A probability in whole percent: never certain, and on its side of what is required."""
    if value != value:
        return UNKNOWN
    if value < 0.01:
        return f"under 1{NBSP}%"
    if value > 0.99:
        return f"over 99{NBSP}%"
    for places in (0, 1, 2):
        rounded = round(100 * value, places)
        if (rounded >= 100 * required) == (value >= required):
            return f"{rounded:.{places}f}{NBSP}%"
    return percent(value, against=required)


def of_100(value: float) -> str:
    """A probability as so many of a hundred; never none and never all of them."""
    return probability(value, required=0.5).replace(f"{NBSP}%", "")


def percents(shares: Iterable[float], *, against: float | None = None) -> list[str]:
    """Several shares in percent with the same number of decimal places, unless one needs far more
    than the first; 0 and 100 % have none.
    """
    values = list(shares)
    alone = [percent(share, against=against) for share in values]
    needed = [len(text.partition(".")[2].rstrip("%" + NBSP)) for text in alone]
    places = max(needed, default=0)
    if needed and places > needed[0] + 2:
        places = needed[0]
    return [percent(share, against=against, places=0 if share in (0, 1) else places)
            for share in values]  # fmt: skip


def _crosses(share: float, line: float, digits: int) -> bool:
    """Whether rounding puts the share on another side of the line."""
    rounded, exact = round(share * 100, digits), share * 100
    side = 0 if abs(exact - line * 100) < 1e-10 else math.copysign(1, exact - line * 100)
    after = 0 if abs(rounded - line * 100) < 1e-10 else math.copysign(1, rounded - line * 100)
    return side != after


def count(number: float) -> str:
    """A number of things: digits up to a million, then words."""
    if number is None or not math.isfinite(number):
        return UNKNOWN
    size = abs(number)
    sign = MINUS if number < 0 else ""
    for unit, words in ((1e9, "billion"), (1e6, "million")):
        if size >= unit * 0.999995:
            return f"{sign}{_significant(size / unit, 3)}{NBSP}{words}"
    if abs(size - round(size)) < 1e-9 or size >= 10:
        return f"{sign}{round(size):,}"
    return f"{sign}{_significant(size, 2)}"


def exact(number: float) -> str:
    """A whole number to the last digit, where sums must be seen to add up."""
    return f"{round(number):,}".replace("-", MINUS)


def rounded(number: float) -> str:
    """A rate or ratio with about two digits."""
    if number != number:
        return UNKNOWN
    return count(round(number, 0 if number >= 10 else 1 if number >= 2 else 2))


def signed(number: float) -> str:
    """A correlation: two decimals, a true minus."""
    return f"{number:.2f}".replace("-", MINUS)


def _significant(size: float, digits: int) -> str:
    if size == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{size:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _seconds(length: Any) -> float:
    if length is None or pd.isna(length):
        return math.nan
    return length.total_seconds() if hasattr(length, "total_seconds") else float(length)


def duration(length: Any) -> str:
    """A length of time in its two largest units."""
    seconds = _seconds(length)
    if seconds != seconds:
        return UNKNOWN
    sign, seconds = (MINUS if seconds < 0 else ""), abs(seconds)
    if seconds < 60:
        return f"{sign}{_significant(seconds, 2)}{NBSP}s"
    whole = round(seconds) if seconds < 3600 else round(seconds / 60) * 60
    whole = round(whole / 3600) * 3600 if whole >= 2 * 86400 else whole
    parts = []
    for size, name in ((86400, "day"), (3600, "h"), (60, "min"), (1, "s")):
        n, whole = divmod(whole, size)
        if n:
            plural = "s" if name == "day" and n > 1 else ""
            parts.append(f"{int(n)}{NBSP}{name}{plural}")
    return sign + " ".join(parts[:2])


def to_the_minute(seconds: float) -> str:
    """A length of time in seconds, to the minute from ten minutes on."""
    return duration(round(seconds / 60) * 60.0 if seconds >= 600 else seconds)


def roughly(length: Any) -> str:
    """A length of time in its largest handy unit, where more digits would claim too much."""
    seconds = _seconds(length)
    for size, name in ((7 * 86400, "weeks"), (86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{round(seconds / size)}{NBSP}{name}"
    return duration(seconds)


def wait(length: Any) -> str:
    """How long something took, a Timedelta or seconds, to the minute from ten on; none is 0 min."""
    seconds = _seconds(length)
    return f"0{NBSP}min" if seconds <= 0 else to_the_minute(seconds)


def rate(number: float) -> str:
    """A number of things per time: one decimal below ten."""
    return count(round(number, 1)) if number < 10 else count(round(number))


def length(seconds: float) -> str:
    """A time that was measured: to the minute from two minutes on, to the hour from ten on."""
    if pd.isna(seconds):
        return UNKNOWN
    unit = 3600 if seconds >= 36_000 else 60 if seconds >= 120 else 1
    near = round(seconds / unit) * unit
    return roughly(seconds) if near >= 2 * 86_400 else duration(near)


def per_week(value: float) -> str:
    """A rate: two decimals below one a week, one above."""
    return UNKNOWN if value != value else count(round(value, 2 if value < 1 else 1))


def shares(values: Iterable[float]) -> list[str]:
    """Estimated shares in whole percent, or with the digits small ones need."""
    known = list(values)
    if any(0 < abs(v) < 0.005 for v in known):
        return [percent(v) for v in known]
    return [f"{v * 100:,.0f}{NBSP}%".replace("-", MINUS) if v == v else UNKNOWN for v in known]


def interval(confidence: float) -> str:
    """What an interval is called, by its confidence."""
    return f"{percent(confidence)} interval"


def cost_share(share: float) -> str:
    """What something cost as a share, or an end of its interval: whole percent from 10 % on."""
    return percent(round(share, 2) if abs(share) >= 0.1 else share)


_RATES = ("frequency", "pages", "incidents")
_TIMES = ("lead_time", "recovery", "restore")


def estimates(field: str, values: Iterable[float], *, against: float | None = None) -> list[str]:
    """An estimate and the ends of its interval, by the field of a scorecard they are of."""
    if field == "sli":
        return percents(values, against=against)
    if field in _RATES or field in _TIMES:
        return [per_week(value) if field in _RATES else length(value) for value in values]
    return shares(values)


def ends(low: str, high: str) -> str:
    """The ends of a range in a cell, with a unit they share once: 13\u201327 %."""
    if low == high:
        return low
    if {" ", MINUS} & {*low, *high}:
        return f"{low} to {high}"
    number, _, unit = low.rpartition(NBSP)
    shared = number and NBSP not in number and high.endswith(NBSP + unit)
    return f"{number if shared else low}\N{EN DASH}{high}"


def amount(number: float, unit: str) -> str:
    """A number of events, seconds or slices, with its unit."""
    if not math.isfinite(number):
        return UNKNOWN
    if unit == "seconds":
        return duration(number)
    noun = unit
    if number == 1:
        noun = unit[:-1] if unit.endswith("s") else unit.replace("slices ", "slice ", 1)
    return f"{count(number)}{NBSP}{noun}"


def plural(number: float, noun: str, nouns: str | None = None) -> str:
    """A count with its noun in the right number."""
    many = nouns or f"{noun}s"
    if number == 0:
        return f"no {many}"
    return f"{count(number)}{NBSP}{noun if number == 1 else many}"


def beyond(found: int, sure: int) -> str:
    """How many of some findings are more than chance explains, to follow their number."""
    if found == 0:
        return ""
    if found == 1:
        return ", more than chance explains" if sure else ", which could be chance"
    many = {0: "none", found: "all"}.get(sure, f"{sure}")
    return f", {many} of them by more than chance explains"


def reach_of_chance(verdict: str) -> str:
    """Whether chance alone explains a difference, by the verdict on it."""
    return "could be chance" if verdict == "cannot tell" else "significant"


def day(time: pd.Timestamp) -> str:
    """A date."""
    if pd.isna(time):
        return UNKNOWN
    return f"{time.day}{NBSP}{time.month_name()}{NBSP}{time.year}"


def moment(time: pd.Timestamp) -> str:
    """A date and time of day, with the zone."""
    if pd.isna(time):
        return UNKNOWN
    return f"{day(time)} {time.strftime('%H:%M')}{NBSP}{time.tzname() or ''}".rstrip()


def label(text: Any, *, limit: int = 40) -> str:
    """A name from the data on one line: no line breaks, no control characters, cut when long."""
    if text is None or (not isinstance(text, str) and pd.isna(text)):
        return "unnamed"
    line = re.sub(r"[^\S\u00a0]+", " ", str(text)).strip()
    line = "".join(c for c in line if c.isprintable() or c == NBSP) or "unnamed"
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def listing(items: Iterable[str], *, limit: int = 4) -> str:
    """A list in a sentence, cut when long."""
    names = list(items)
    if len(names) > limit:
        names = [*names[:limit], f"{len(names) - limit} more"]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def shown_path(path: Path, root: Path) -> str:
    """The path below a folder as text; bytes of its name that are not UTF-8 as ``\\xff``."""
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")
