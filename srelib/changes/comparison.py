"""What changed: more than chance explains, could be chance, other data, or other definition.

Weeks that only the later report holds are compared with as many weeks of the earlier one, the last
before them (at least `LEAST_BEFORE`, where there are so many). Weeks that both hold show nothing.
Half weeks are shuffled between the two sides, all quantities of a service together, and the
largest of their standardised differences decides: a service without a change is said to have one
no more often than stated, however many quantities it has. `docs/methods.md` has the measurements.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from srelib import tables
from srelib.changes.record import (
    BACKGROUND,
    COLUMNS,
    COVERAGE,
    DAY,
    DEPLOYMENTS,
    FAIL_RATE,
    INCIDENTS,
    LEVEL,
    LOGARITHMS,
    QUANTITIES,
    RESTORE,
    Record,
    read,
    record,
)
from srelib.errors import InputError, ParameterError

if TYPE_CHECKING:
    from srelib.dataset import Dataset

REAL = "more than chance explains"
CHANCE = "could be chance"
DATA = "other data"
DEFINITION = "other definition"
BETTER, WORSE = "better", "worse"

DRAWS = 1999
"""How often half weeks are shuffled."""
LEAST_BEFORE, LEAST_AFTER, LEAST = 4, 2, 6
"""Weeks of the earlier report wanted; weeks after them and weeks in all that a test needs."""
STRICTER = 0.4
"""Half weeks still depend on each other a little, as when an incident goes on for days, so a
p-value must be smaller by this factor than the confidence alone would ask for."""
SEEN_LESS = 0.1
"""A change of coverage by so much is other data [fraction]."""
SETTLING = 7 * DAY
"""The last days of an export may still change: incidents end, failures become known."""


@dataclass(frozen=True)
class Change:
    """What is said of one quantity of one service.

    service, quantity, subject: empty for the report as a whole; of `QUANTITIES`, or "service",
        "objective", "parameter", "version", "file"; the objective, or the name of what is defined
        otherwise
    verdict: 'more than chance explains', 'could be chance', 'other data', 'other definition'
    before, after: over the weeks compared; NaN where there is nothing to compare
    direction: 'better', 'worse', 'more', 'fewer', ''; empty where a change is not certain
    p_value: chance of such a difference in any quantity without a change; NaN: no test
    detectable: smallest difference that would have counted as a change (of times: factor); NaN
        where no test was possible
    weeks: compared of the earlier and of the later report
    since: when the later weeks begin; None where none are compared
    detail: what is other, or why there is no test
    """

    service: str
    quantity: str
    verdict: str
    subject: str = ""
    before: float = math.nan
    after: float = math.nan
    direction: str = ""
    p_value: float = math.nan
    detectable: float = math.nan
    weeks: tuple[int, int] = (0, 0)
    since: pd.Timestamp | None = None
    detail: str = ""


@dataclass(frozen=True)
class Changes:
    """Every change between two records, services in order of their names."""

    rows: tuple[Change, ...]
    old: Record
    new: Record
    confidence: float

    def of(self, verdict: str) -> tuple[Change, ...]:
        """The changes of one verdict."""
        return tuple(row for row in self.rows if row.verdict == verdict)

    @property
    def annotations(self) -> pd.DataFrame:
        """The notes of both reports on the weeks compared (table ``annotations``)."""
        notes = tables.stacked((self.old.annotations, self.new.annotations), "annotations")
        spans = [(row.since, row.weeks) for row in self.rows if row.since and all(row.weeks)]
        if not spans or not len(notes):
            return notes[:0]
        ended = self.old.days["day"].max() + DAY
        first = min(min(since, ended) - 7 * before * DAY for since, (before, _) in spans)
        last = max(since + 7 * after * DAY for since, (_, after) in spans)
        within = (notes["date"] >= first) & (notes["date"] < last)
        return notes[within].drop_duplicates(ignore_index=True)


def compare(
    old: str | Path | Dataset | Record,
    new: str | Path | Dataset | Record,
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> Changes:
    """What changed from one report, or folder of exports, to a later one; a row or more a service.

    Parameters
    ----------
    old, new : path, Dataset or Record, folder of a report (``findings.json`` in it is read) or of
        exports
    confidence : float, a service without a change is said to have none this often [fraction]
    seed : int, of the shuffles

    Raises
    ------
    InputError, ParameterError
        A folder cannot be used, or the later one ends before the earlier one; the confidence is no
        fraction between 0 and 1.

    Examples
    --------
    >>> from srelib import simulate
    >>> fleet = simulate.fleet(seed=1).dataset
    >>> may = fleet.between("2026-05-01", "2026-05-29")
    >>> june = fleet.between("2026-05-29", "2026-06-26")
    >>> compare(may, june).of("other data")
    ()
    """
    ParameterError.check_fraction(confidence, "confidence")
    earlier, later = _record(old), _record(new)
    if later.as_of < earlier.as_of:
        raise InputError(
            f"{later.folder!r} ends {later.as_of:%Y-%m-%d}, before {earlier.folder!r} does "
            f"({earlier.as_of:%Y-%m-%d})", fix="name the earlier one first",
        )  # fmt: skip
    rows = [*_definitions(earlier, later), *_files(earlier, later)]
    held = _by_service(earlier), _by_service(later)
    for service in sorted({*earlier.services, *later.services}):
        own = held[0].get(service, {}), held[1].get(service, {})
        rows += _of_service(service, own, (earlier, later), confidence, seed)
    return Changes(tuple(rows), earlier, later, confidence)


def recently(given: Dataset | Record, *, weeks: int = 4) -> Changes | None:
    """The last weeks of a history against those before; None where it is too short for that.

    Parameters
    ----------
    given : Dataset or Record
    weeks : int, of each side

    Examples
    --------
    >>> from srelib import simulate
    >>> found = recently(simulate.fleet(seed=1).dataset)
    >>> {row.weeks for row in found.rows}
    {(4, 4)}
    """
    if weeks < LEAST_AFTER or 2 * weeks < LEAST:
        raise ParameterError(f"weeks must be {LEAST // 2} or more; got {weeks}.")
    kept = _record(given)
    if not len(kept.days):
        return None
    day = kept.days["day"]
    middle = day.max() + DAY - 7 * weeks * DAY
    if day.min() > middle - 7 * weeks * DAY:
        return None
    parts = kept.days[day < middle], kept.days[day >= middle]
    old, new = (replace(kept, days=part) for part in parts)
    return compare(old, new)


def _record(given: str | Path | Dataset | Record) -> Record:
    if isinstance(given, Record):
        return given
    return read(given) if isinstance(given, str | Path) else record(given)


def _definitions(old: Record, new: Record) -> Iterator[Change]:
    """What is defined otherwise: version, parameters, objectives."""
    if old.version != new.version:
        yield Change("", "version", DEFINITION, detail=f"{old.version} → {new.version}")
    for page in sorted({*old.parameters} & {*new.parameters}):
        for name, values in _differing(old.parameters[page], new.parameters[page]):
            yield Change("", "parameter", DEFINITION, f"{page}: {name}", detail=values)
    for service, name in sorted({*old.objectives} & {*new.objectives}):
        was, now = (dict(kept.objectives[service, name]) for kept in (old, new))
        since = _since(was, now, old.as_of)
        now.pop("targets", None), was.pop("targets", None)
        for what, values in _differing(was, now):
            values += since if what == "target" else ""
            yield Change(service, "objective", DEFINITION, f"{name}: {what}", detail=values)


def _since(was: Mapping[str, Any], now: Mapping[str, Any], time: pd.Timestamp) -> str:
    """When a target came into force that was none yet in the earlier report, after its value."""
    held = [(pd.Timestamp(since), target) for since, target in now.get("targets", ()) if since]
    later = [since for since, target in held if since >= time and target == now["target"]]
    before = [target for since, target in now.get("targets", ()) if not since
              or pd.Timestamp(since) < time]  # fmt: skip
    return f" from {later[0]:%Y-%m-%d}" if later and before[-1:] == [was["target"]] else ""


def _differing(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, f"{was.get(name)} → {now.get(name)}")
        for name in sorted({*was, *now})
        if was.get(name) != now.get(name)
    ]


def _files(old: Record, new: Record) -> Iterator[Change]:
    """Files that came or went, where exports keep their names from one report to the next."""
    if {*old.files} & {*new.files}:
        for name in sorted({*old.files} ^ {*new.files}):
            yield Change("", "file", DATA, name, detail=_only_in(name in old.files))


def _only_in(earlier: bool) -> str:
    return f"only in the {'earlier' if earlier else 'later'} report"


Key = tuple[str, str]
"""Quantity and subject."""
DIRECTIONS = {DEPLOYMENTS: ("fewer", "more"), LEVEL: (WORSE, BETTER)}
LESS_BAD = (BETTER, WORSE)
"""What less and what more of a quantity is called."""
COUNTED_BY = (
    "sli", "method", "slice", "slice_target", "threshold", "op", "schedule", "composite",
)  # fmt: skip
"""What of an objective says how its events are counted."""
ABOUT = {FAIL_RATE: DEPLOYMENTS, RESTORE: INCIDENTS}
"""What must have been exported for a quantity that some services have nothing to count of."""


@dataclass(frozen=True)
class _WholeWeeks:
    """Whole weeks compared: `after` of them from `start` on, `before` up to `gap` weeks earlier."""

    start: pd.Timestamp
    gap: int
    before: int
    after: int

    @property
    def is_enough(self) -> bool:
        """Whether there are so many that a change could show."""
        return self.after >= LEAST_AFTER and self.before + self.after >= LEAST

    @property
    def halves(self) -> np.ndarray:
        """Half weeks of both sides, those before counted back from the start: -1, -2, ..."""
        first = -2 * (self.gap + self.before)
        return np.r_[first : first + 2 * self.before, 0 : 2 * self.after]

    def sums(self, first: pd.DataFrame, second: pd.DataFrame) -> np.ndarray:
        """Sum and n of each half week."""
        found = np.zeros((len(self.halves), 2))
        for side, week, place, weeks in (
            (first, -self.gap - self.before, 0, self.before),
            (second, 0, 2 * self.before, self.after),
        ):
            days = np.asarray((pd.DatetimeIndex(side.index) - self.start) // DAY) - 7 * week
            inside = (days >= 0) & (days < 7 * weeks)
            half = place + 2 * (days // 7) + (days % 7 >= 3)
            np.add.at(found, half[inside], side.to_numpy()[inside])
        return found


def _weeks(first: Mapping[Key, pd.DataFrame], second: Mapping[Key, pd.DataFrame]) -> _WholeWeeks:
    """The weeks of a service to compare, from the days of its two reports."""
    begun = min(days.index[0] for days in first.values())
    ended = max(days.index[-1] for days in first.values())
    later = [index[index > ended] for index in (days.index for days in second.values())]
    later = [index for index in later if len(index)]
    if not later:
        return _WholeWeeks(ended + DAY, 0, 0, 0)
    start, last = min(index[0] for index in later), max(index[-1] for index in later)
    after = ((last - start) // DAY + 1) // 7
    gap = -(-((start - ended) // DAY - 1) // 7)
    there = (start - begun) // DAY // 7 - gap
    return _WholeWeeks(start, gap, max(0, min(there, max(LEAST_BEFORE, after))), after)


def _of_service(
    service: str,
    held: tuple[dict[Key, pd.DataFrame], dict[Key, pd.DataFrame]],
    reports: tuple[Record, Record],
    confidence: float,
    seed: int,
) -> list[Change]:
    if not all(held):
        missing = _only_in(bool(held[0])) if any(held) else "no days to compare in either report"
        return [Change(service, "service", DATA, detail=missing)]
    weeks, recounted = _weeks(*held), _recounted(service, *reports)
    none = next(iter(held[0].values()))[:0]
    rows, compared = [], {}
    for key in sorted({*held[0], *held[1]}, key=lambda k: (QUANTITIES.index(k[0]), k[1])):
        pair = held[0].get(key, none), held[1].get(key, none)
        about = ABOUT.get(key[0], key[0])
        here = [
            len(side) > 0 or (not key[1] and bool((kept.days["quantity"] == about).any()))
            for side, kept in zip(pair, reports, strict=True)
        ]  # a report that has the quantity of others would have it of this service
        if not all(here):
            if key[0] != COVERAGE:
                rows.append(Change(service, key[0], DATA, key[1], detail=_only_in(here[0])))
        elif key[1] not in recounted:
            rows += _restated(service, key, *pair)
            compared[key] = weeks.sums(*pair)
    return rows + _tested(service, compared, weeks, confidence, seed)


def _recounted(service: str, old: Record, new: Record) -> set[str]:
    """Objectives whose events are counted otherwise: their levels cannot be compared."""
    both = [key for key in {*old.objectives} & {*new.objectives} if key[0] == service]
    was, now = ([[kept.objectives[key].get(k) for k in COUNTED_BY] for key in both]
                for kept in (old, new))  # fmt: skip
    return {name for (_, name), a, b in zip(both, was, now, strict=True) if a != b}


def _by_service(kept: Record) -> dict[str, dict[Key, pd.DataFrame]]:
    """Sum and n of each day, by service, then by quantity and subject."""
    rows = kept.days.sort_values("day", kind="stable")
    numbers = rows.set_index("day")[["sum", "n"]]
    found: dict[str, dict[Key, pd.DataFrame]] = {}
    for key, own in numbers.groupby([rows[name].to_numpy() for name in COLUMNS[:3]]):
        service, quantity, subject = map(str, key)  # type: ignore[call-overload]
        found.setdefault(service, {})[quantity, subject] = own
    return found


def _restated(service: str, key: Key, first: pd.DataFrame, second: pd.DataFrame) -> list[Change]:
    """Days that both reports hold, with other numbers."""
    if key[0] == BACKGROUND or first.index.max() < second.index.min():
        return []  # of errors the service level says it
    days = first.index.intersection(second.index)[1:]
    days = days[days <= first.index.max() - SETTLING]
    differ = ~np.isclose(first.loc[days], second.loc[days], rtol=1e-6)
    many = int(differ.any(axis=1).sum())
    if not many:
        return []
    detail = f"{many} of {len(days)} days in both reports have other numbers now"
    return [Change(service, key[0], DATA, key[1], detail=detail)]


def _tested(
    service: str,
    compared: Mapping[Key, np.ndarray],
    weeks: _WholeWeeks,
    confidence: float,
    seed: int,
) -> list[Change]:
    """A verdict on every quantity, all of them together."""
    later = weeks.halves >= 0
    sides = {key: (sums[~later].sum(axis=0), sums[later].sum(axis=0))
             for key, sums in compared.items()}  # fmt: skip
    usable = {key: compared[key] for key, pair in sides.items()
              if key[0] != COVERAGE and all(n > 0 for _, n in pair)}  # fmt: skip
    found = _shuffled(usable, weeks.halves, confidence, seed) if weeks.is_enough and usable else {}
    rows = []
    for key, pair in sides.items():
        before, after = (_value(key, *side) for side in pair)
        row = Change(service, key[0], CHANCE, key[1], before, after,
                     weeks=(weeks.before, weeks.after),
                     since=weeks.start if weeks.after else None)  # fmt: skip
        if key[0] == COVERAGE:
            if abs(after - before) >= SEEN_LESS:
                rows.append(replace(row, verdict=DATA, detail="another share was observed"))
        elif key in found:
            p_value, least = found[key]
            sure, words = p_value <= STRICTER * (1 - confidence), DIRECTIONS.get(key[0], LESS_BAD)
            rows.append(replace(
                row, p_value=p_value, detectable=least, verdict=REAL if sure else CHANCE,
                direction=words[after > before] if sure else "",
            ))  # fmt: skip
        else:
            rows.append(replace(row, detail=_why_untested(weeks, [n for _, n in pair])))
    return rows


def _why_untested(weeks: _WholeWeeks, many: list[float]) -> str:
    if weeks.is_enough:
        names = ("the earlier weeks", "the later weeks")
        empty = [name for name, n in zip(names, many, strict=True) if not n > 0]
        return f"nothing to compare in {' and '.join(empty)}"
    if not weeks.after and not weeks.before:
        return "the later report holds no later days"
    return (f"{weeks.before} and {weeks.after} whole weeks; a test needs {LEAST} together, "
            f"{LEAST_AFTER} of them later")  # fmt: skip


def _value(key: Key, part: float, n: float) -> float:
    """A quantity in its own unit."""
    ratio = float(part / n) if n > 0 else math.nan
    if key[0] == LEVEL:
        return 1 - ratio
    return math.exp(ratio) if key[0] in LOGARITHMS else ratio


def _shuffled(
    compared: Mapping[Key, np.ndarray], halves: np.ndarray, confidence: float, seed: int
) -> dict[Key, tuple[float, float]]:
    """p-value and smallest detectable change of each quantity, adjusted for their number."""
    labels = _labels(halves, seed)
    distances = np.stack([_differences(labels, sums) for sums in compared.values()])
    spread = np.nanstd(distances, axis=1)
    spread = np.where(spread > 1e-12 * np.nanmax(np.abs(distances), axis=1), spread, 0.0)
    standard = np.divide(np.abs(distances), spread[:, None], where=spread[:, None] > 0,
                         out=np.zeros_like(distances))  # fmt: skip
    largest = np.nan_to_num(standard).max(axis=0)
    reached = float(np.quantile(largest, 1 - STRICTER * (1 - confidence), method="higher"))
    found = {}
    for key, own, width in zip(compared, standard[:, 0], spread.tolist(), strict=True):
        p_value = float((largest >= own - 1e-9).mean()) if width > 0 else 1.0
        size = reached * width
        found[key] = p_value, math.exp(size) if key[0] in LOGARITHMS else size
    return found


def _labels(halves: np.ndarray, seed: int) -> np.ndarray:
    """Which half weeks are later: as they are, then shuffled among the same days of the week."""
    rng = np.random.default_rng(seed)
    labels = np.tile((halves >= 0).astype("float64"), (DRAWS + 1, 1))
    for own in (0, 1):
        at = np.flatnonzero(halves % 2 == own)
        labels[1:, at] = rng.permuted(labels[1:, at], axis=1)
    return labels


def _differences(labels: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Later minus earlier ratio for each labelling; NaN where one side has nothing."""
    later, every = labels @ sums, sums.sum(axis=0)
    rest = every - later
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((later[:, 1] > 1e-9) & (rest[:, 1] > 1e-9),
                        later[:, 0] / later[:, 1] - rest[:, 0] / rest[:, 1], np.nan)  # fmt: skip
