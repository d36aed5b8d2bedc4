"""Numbers and names as words: the one place where a number becomes text.

Figures and findings share these, so that a title and a sentence about the same number agree.
A share is never rounded across a line that matters: 99.996 % does not become 100 %,
and a ratio just below its target is not written as the target.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

NBSP = "\u00a0"
MINUS = "\u2212"
UNKNOWN = "unknown"


def percent(share: float, *, against: float | None = None, places: int = 0) -> str:
    """A share in percent, with as many digits as it takes to tell it from 0, 1 and `against`.

    Two significant digits of the distance to 0 or 100 %, whichever is nearer.

    Parameters
    ----------
    share : float
        The share [fraction]; NaN is written as unknown.
    against : float, optional
        A line the text must fall on the same side of, such as a target [fraction].
    places : int
        Fewest decimal places, so that several shares line up.

    Returns
    -------
    str

    Examples
    --------
    >>> percent(0.99996), percent(1.0), percent(0.998996, against=0.999)
    ('99.996\\xa0%', '100\\xa0%', '99.8996\\xa0%')
    """
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
        text = f"{abs(share) * 100:,.{digits}f}".rstrip("0").rstrip(".")
        decimals = len(text.partition(".")[2])
        text = text if decimals >= places else f"{abs(share) * 100:,.{places}f}"
    return f"{MINUS if share < 0 and text.strip('0.') else ''}{text}{NBSP}%"


def percents(shares: Iterable[float], *, against: float | None = None) -> list[str]:
    """Several shares in percent with the same number of decimal places; 0 and 100 % have none.

    Parameters
    ----------
    shares : iterable of float
        The shares [fraction].
    against : float, optional
        A line each text must fall on the same side of [fraction].

    Returns
    -------
    list of str

    Examples
    --------
    >>> percents([0.9941, 0.989, 0.9964])
    ['99.41\\xa0%', '98.90\\xa0%', '99.64\\xa0%']
    """
    values = list(shares)
    alone = [percent(share, against=against) for share in values]
    places = max((len(text.partition(".")[2].rstrip("%" + NBSP)) for text in alone), default=0)
    return [percent(share, against=against, places=0 if share in (0, 1) else places)
            for share in values]  # fmt: skip


def _crosses(share: float, line: float, digits: int) -> bool:
    """Whether rounding puts the share on another side of the line."""
    rounded, exact = round(share * 100, digits), share * 100
    side = 0 if abs(exact - line * 100) < 1e-10 else math.copysign(1, exact - line * 100)
    after = 0 if abs(rounded - line * 100) < 1e-10 else math.copysign(1, rounded - line * 100)
    return side != after


def count(number: float) -> str:
    """A number of things: digits up to a million, then words.

    Parameters
    ----------
    number : float
        How many; a fraction (a projected allowance) keeps two significant digits below 10.

    Returns
    -------
    str

    Examples
    --------
    >>> count(1234), count(1_234_567), count(0.42), count(3.0)
    ('1,234', '1.23\\xa0million', '0.42', '3')
    """
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
    """A whole number to the last digit, where sums must be seen to add up.

    Parameters
    ----------
    number : float

    Returns
    -------
    str

    Examples
    --------
    >>> exact(1048312)
    '1,048,312'
    """
    return f"{round(number):,}".replace("-", MINUS)


def _significant(size: float, digits: int) -> str:
    if size == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{size:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(length: Any) -> str:
    """A length of time in its two largest units.

    Parameters
    ----------
    length : Timedelta or number of seconds [s]

    Returns
    -------
    str

    Examples
    --------
    >>> duration(pd.Timedelta("43min")), duration(7500), duration(pd.Timedelta("28D"))
    ('43\\xa0min', '2\\xa0h 5\\xa0min', '28\\xa0days')
    """
    if length is None or pd.isna(length):
        return UNKNOWN
    seconds = length.total_seconds() if hasattr(length, "total_seconds") else float(length)
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


def roughly(length: Any) -> str:
    """A length of time in its largest handy unit, where more digits would claim too much.

    Parameters
    ----------
    length : Timedelta or number of seconds [s]

    Returns
    -------
    str

    Examples
    --------
    >>> roughly(pd.Timedelta("56D 21h")), roughly(pd.Timedelta("64h")), roughly(8192 * 60)
    ('8\\xa0weeks', '3\\xa0days', '6\\xa0days')
    """
    if length is None or pd.isna(length):
        return UNKNOWN
    seconds = length.total_seconds() if hasattr(length, "total_seconds") else float(length)
    units = ((7 * 86400, "weeks"), (86400, "days"), (3600, "h"), (60, "min"))
    for size, name in units:
        if seconds >= 2 * size:
            return f"{round(seconds / size)}{NBSP}{name}"
    return duration(seconds)


def amount(number: float, unit: str) -> str:
    """A number of events, seconds or slices, with its unit.

    Parameters
    ----------
    number : float
        How many [unit].
    unit : str
        'events', 'seconds' (written as a duration) or any plural noun.

    Returns
    -------
    str

    Examples
    --------
    >>> amount(1, "events"), amount(2580, "seconds"), amount(5, "5 min slices")
    ('1\\xa0event', '43\\xa0min', '5\\xa05 min slices')
    """
    if unit == "seconds":
        return duration(number) if math.isfinite(number) else UNKNOWN
    if not math.isfinite(number):
        return UNKNOWN
    noun = unit[:-1] if number == 1 and unit.endswith("s") else unit
    return f"{count(number)}{NBSP}{noun}"


def plural(number: float, noun: str, nouns: str | None = None) -> str:
    """A count with its noun in the right number.

    Parameters
    ----------
    number : float
        How many.
    noun : str
        The noun for one.
    nouns : str, optional
        The noun for many; default: with an s.

    Returns
    -------
    str

    Examples
    --------
    >>> plural(1, "gap"), plural(0, "gap"), plural(2, "series", "series")
    ('1\\xa0gap', 'no gaps', '2\\xa0series')
    """
    many = nouns or f"{noun}s"
    if number == 0:
        return f"no {many}"
    return f"{count(number)}{NBSP}{noun if number == 1 else many}"


def beyond(found: int, sure: int) -> str:
    """How many of some findings chance would not explain, to follow their number.

    Parameters
    ----------
    found : int
        How many there are.
    sure : int
        How many of them lie beyond the reach of chance.

    Returns
    -------
    str
        Empty where nothing was found.

    Examples
    --------
    >>> beyond(5, 1), beyond(5, 0), beyond(5, 5), beyond(1, 1), beyond(1, 0)
    (', 1 of them beyond chance', ', none of them beyond chance', ', all of them beyond chance',
     ', beyond chance', ', within the reach of chance')
    """
    if found == 0:
        return ""
    if found == 1:
        return ", beyond chance" if sure else ", within the reach of chance"
    many = {0: "none", found: "all"}.get(sure, f"{sure}")
    return f", {many} of them beyond chance"


def day(time: pd.Timestamp) -> str:
    """A date.

    Parameters
    ----------
    time : Timestamp

    Returns
    -------
    str

    Examples
    --------
    >>> day(pd.Timestamp("2026-04-14"))
    '14\\xa0April\\xa02026'
    """
    if pd.isna(time):
        return UNKNOWN
    return f"{time.day}{NBSP}{time.month_name()}{NBSP}{time.year}"


def moment(time: pd.Timestamp) -> str:
    """A date and time of day, with the zone.

    Parameters
    ----------
    time : Timestamp
        tz-aware.

    Returns
    -------
    str

    Examples
    --------
    >>> moment(pd.Timestamp("2026-04-14 13:05", tz="UTC"))
    '14\\xa0April\\xa02026 13:05\\xa0UTC'
    """
    if pd.isna(time):
        return UNKNOWN
    return f"{day(time)} {time.strftime('%H:%M')}{NBSP}{time.tzname() or ''}".rstrip()


def label(text: Any, *, limit: int = 40) -> str:
    """A name from the data on one line: no line breaks, no control characters, cut when long.

    Parameters
    ----------
    text : object
        The name.
    limit : int
        Longest text returned [characters].

    Returns
    -------
    str

    Examples
    --------
    >>> label("a\\nb"), label("x" * 50, limit=5)
    ('a b', 'xxxx…')
    """
    if text is None or (not isinstance(text, str) and pd.isna(text)):
        return "unnamed"
    line = re.sub(r"[^\S\u00a0]+", " ", str(text)).strip()
    line = "".join(c for c in line if c.isprintable() or c == NBSP) or "unnamed"
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def listing(items: Iterable[str], *, limit: int = 4) -> str:
    """A list in a sentence, cut when long.

    Parameters
    ----------
    items : iterable of str
    limit : int
        Most items named.

    Returns
    -------
    str

    Examples
    --------
    >>> listing(["a", "b", "c"]), listing(["a", "b", "c"], limit=2)
    ('a, b and c', 'a, b and 1 more')
    """
    names = list(items)
    if len(names) > limit:
        names = [*names[:limit], f"{len(names) - limit} more"]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
