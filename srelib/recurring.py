"""Times that recur: maintenance by a rule of iCalendar, and the hours in which an objective holds.

Both are said in local time, so that they keep their hour over a change of clocks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from dateutil.rrule import rrulestr

from srelib.errors import InputError, ParameterError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"(?:(?P<days>[A-Za-z,\s-]+?)\s+)?(?P<from>\d\d:\d\d)\s*-\s*(?P<to>\d\d:\d\d)")
_TOO_OFTEN = re.compile(r"(?i)FREQ=(SECONDLY|MINUTELY)|INTERVAL=0*(?!\d)")


@dataclass(frozen=True)
class BusinessHours:
    """The hours of a week in which an objective holds; outside them time neither earns nor spends.

    Days and hours of the day, then the time zone: "Mon-Fri 08:00-18:00; Sat 10:00-14:00
    America/New_York". Days are left out where every day is meant, and hours may run over midnight
    ("Fri 22:00-06:00" ends on Saturday).
    """

    text: str

    def __post_init__(self) -> None:
        _ = self._zone, list(self._parts)

    def __str__(self) -> str:
        return self.text

    @property
    def _zone(self) -> ZoneInfo:
        return _zone(self.text.split()[-1] if self.text.split() else "")

    @property
    def _parts(self) -> Iterator[tuple[list[int], int, int]]:
        """Days of the week, and the minutes of the day between which they hold."""
        for part in self.text.rpartition(" ")[0].split(";"):
            found = _HOURS.fullmatch(part.strip())
            start, end = (_minute(found[name]) if found else -1 for name in ("from", "to"))
            if found is None or not 0 <= start < 1440 or not 0 <= end <= 1440 or start == end:
                raise ParameterError(
                    f"{part.strip()!r} are no hours; write a schedule such as "
                    '"Mon-Fri 08:00-18:00 Europe/Berlin".'
                )
            yield _days(found["days"] or "mon-sun"), start, end

    def holds(self, times: pd.DatetimeIndex) -> np.ndarray:
        """Whether the objective holds at each of these moments."""
        local = times.tz_convert(self._zone)
        minute, day = local.hour.to_numpy() * 60 + local.minute.to_numpy(), local.day_of_week
        held = np.zeros(len(times), dtype=bool)
        for days, start, end in self._parts:
            today, late = day.isin(days), ((day + 6) % 7).isin(days)
            if start < end:
                held |= today & (minute >= start) & (minute < end)
            else:
                held |= (today & (minute >= start)) | (late & (minute < end))
        return held

    def of_buckets(self, times: pd.DatetimeIndex) -> np.ndarray:
        """Whether the objective holds in each bucket, from its start to that of the next.

        A bucket on both sides of a limit is refused.
        """
        held = self.holds(times)
        lengths = np.diff(times.as_unit("us").asi8)
        lasting = np.append(lengths, lengths[-1:]) if len(lengths) else np.zeros(len(times), "i8")
        most = lasting - 1
        for later in range(0, int(most.max(initial=0)) + 1, self._shortest * 60_000_000):
            for within in (later, later + self._shortest * 60_000_000 - 1):
                at = times + np.minimum(within, np.maximum(most, 0)).astype("m8[us]")
                if (self.holds(at) != held).any():
                    raise InputError(
                        f"the schedule {self.text!r} begins or ends inside a bucket of the data",
                        fix="export shorter buckets, which fit the hours of the schedule",
                    )
        return held

    @property
    def _shortest(self) -> int:
        """Minutes of which no limit is nearer to another."""
        return math.gcd(1440, *(at for _, *limits in self._parts for at in limits))


def occurrences(
    rule: str, first: tuple[pd.Timestamp, pd.Timestamp], *, timezone: str, until: pd.Timestamp
) -> pd.DataFrame:
    """The windows (starts_at, ends_at) that a rule of iCalendar repeats, by the clock of a zone.

    A time that the clocks skip is the first after it, one that occurs twice the earlier one.
    """
    zone = _zone(timezone)
    begin, end, last = (_local(pd.Series([at]), zone).iloc[0] for at in (*first, until))
    try:
        if _TOO_OFTEN.search(rule):
            raise ValueError("it repeats more often than by the hour")
        known = rrulestr(_with_local_end(rule, zone), dtstart=begin.to_pydatetime())
        starts = known.between(begin.to_pydatetime(), last.to_pydatetime(), inc=True)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise ParameterError(
            f"{rule!r} is no rule of iCalendar ({error}); write one such as FREQ=WEEKLY;BYDAY=SU."
        ) from error
    local = pd.Series(starts, dtype="datetime64[us]")
    return pd.DataFrame(
        {"starts_at": _utc(local, zone), "ends_at": _utc(local + (end - begin), zone)}
    )


def expanded(exclusions: pd.DataFrame, *, until: pd.Timestamp) -> pd.DataFrame:
    """Table ``exclusions`` with the windows that a rule repeats one by one, up to a time.

    Without a time (NaT) only the first window of each rule.
    """
    ruled = exclusions["rrule"].notna()
    parts = [exclusions[~ruled]]
    for _, row in exclusions[ruled].iterrows():
        first = row["starts_at"], row["ends_at"]
        last = row["starts_at"] if pd.isna(until) else until
        found = occurrences(row["rrule"], first, timezone=zone_of(row["timezone"]), until=last)
        again = exclusions.loc[[row.name] * len(found)]
        parts.append(again.assign(**{str(name): found[name].to_numpy() for name in found}))
    return pd.concat(parts).sort_values("starts_at", kind="stable", ignore_index=True)


def fault(rule: object, timezone: object, start: pd.Timestamp) -> str | None:
    """What is wrong with a rule, its time zone and its start, if anything; without one nothing."""
    if not isinstance(rule, str):
        return None
    zone = zone_of(timezone)
    try:
        if len(occurrences(rule, (start, start), timezone=zone, until=start)):
            return None
    except ParameterError as error:
        return str(error)
    return f"starts_at is no time of this rule in {zone}: correct starts_at, rrule or timezone"


def zone_of(said: object) -> str:
    """The time zone that a cell names; where it names none, UTC."""
    return said if isinstance(said, str) else "UTC"


def _with_local_end(rule: str, zone: ZoneInfo) -> str:
    """The rule with an end in UTC as its local time, since starts are counted in local time."""

    def local(found: re.Match[str]) -> str:
        at = pd.Series([pd.Timestamp(found[1], tz="UTC")])
        return f"UNTIL={_local(at, zone).iloc[0]:%Y%m%dT%H%M%S}"

    return re.sub(r"(?i)UNTIL=(\d{8}T\d{6})Z", local, rule)


def _local(times: pd.Series, zone: ZoneInfo) -> pd.Series:
    return times.dt.tz_convert(zone).dt.tz_localize(None)


def _utc(times: pd.Series, zone: ZoneInfo) -> pd.Series:
    first = np.ones(len(times), dtype=bool)
    placed = times.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    return placed.dt.tz_convert("UTC")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ParameterError(
            f"time zone {name!r} is unknown; write an IANA name such as Europe/Berlin."
        ) from error


def _minute(clock: str) -> int:
    hour, minute = map(int, clock.split(":"))
    return hour * 60 + minute if minute < 60 else -1


def _days(text: str) -> list[int]:
    """Days of the week from text such as "Mon-Fri, Sun"; Monday is 0."""
    found: list[int] = []
    for part in text.lower().split(","):
        names = [name.strip()[:3] for name in part.split("-")]
        if len(names) > 2 or not set(names) <= {*_DAYS}:
            raise ParameterError(f"{text!r} are no days of the week; write Mon-Fri or Sat, Sun.")
        first, last = _DAYS.index(names[0]), _DAYS.index(names[-1])
        found += [day % 7 for day in range(first, last + 1 + 7 * (last < first))]
    return found
