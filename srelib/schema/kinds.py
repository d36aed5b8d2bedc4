"""Values people write as text: lengths of time, time zones; and how one is refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Annotated, Any
from zoneinfo import available_timezones

import pandas as pd
from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

UNITS = {
    unit: pd.Timedelta(milliseconds=length)
    for unit, length in {
        "ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000,
        "w": 604_800_000,
    }.items()
}  # fmt: skip


def refused(problem: str, fix: str) -> PydanticCustomError:
    """The exception a validator raises so that its fix reaches the user."""
    # The texts are passed as context, so that braces in them are not read as fields.
    return PydanticCustomError("refused", "{problem}", {"problem": problem, "fix": fix})


def duration(text: str) -> pd.Timedelta:
    """Length of time written as in Prometheus or OpenSLO: ``30s``, ``5m``, ``1h30m``, ``26h``."""
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d|w)", text)
    if not re.fullmatch(r"\s*((\d+(\.\d+)?)\s*(ms|min|s|m|h|d|w)\s*)+", text):
        raise ValueError(f"{text!r} is not a length of time such as 30s, 5m, 1h30m or 26h")
    length = sum((float(n) * UNITS[u] for n, u in parts), pd.Timedelta(0))
    if length <= pd.Timedelta(0):
        raise ValueError(f"{text!r} is no time at all; write more than zero, such as 1m")
    return length


def _duration(value: Any) -> Any:
    if isinstance(value, pd.Timedelta):
        return value
    fix = 'write a length of time in quotes, such as "30s", "5m" or "26h"'
    if not isinstance(value, str):
        raise refused(f"{value!r} has no unit", fix)
    try:
        return duration(value)
    except (ValueError, OverflowError) as error:
        raise refused(str(error), fix) from None


def timezone(name: str) -> str:
    """An IANA time zone name, as given."""
    if name not in available_timezones():
        hint = did_you_mean(name, available_timezones())
        raise refused(
            f"{name!r} is not a time zone",
            f'{hint + ", or " if hint else ""}write an IANA name such as "Europe/Berlin" or "UTC"',
        )
    return name


Duration = Annotated[pd.Timedelta, BeforeValidator(_duration)]
TimeZone = Annotated[str, AfterValidator(timezone)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint for a word that looks like a known one; empty when none does."""
    lowered = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(str(word).lower(), lowered, n=1, cutoff=0.75)
    return f"did you mean {lowered[near[0]]!r}?" if near else ""
