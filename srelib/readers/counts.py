"""From cells to good and total: the rules that every reader of metrics shares.

Counts stay counts, rates are multiplied by the step, counters are differenced, ratios and
measured values become seconds.
A row that breaks a rule is refused; a row without a value is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib.errors import ReadError
from srelib.questions import Unconfirmed, question
from srelib.readers.base import no_faults
from srelib.readers.meaning import COUNTS, DUST, FEW, ROLES, SHARES, UNITS, without_dips
from srelib.series import (
    Meaning,
    SeriesInfo,
    names_of,
    rows_of_series,
    series_codes,
    ticks,
    times_of,
    usual_step,
)

if TYPE_CHECKING:
    from pandas.api.typing import SeriesGroupBy

_MOST = 1e18
"""Largest number of events in a row; sums of such numbers stay finite."""
_LITTLE = 0.02
"""Largest share of all events by which extrapolated counts may exceed their total."""
_MOST_REFUSED = 0.01
"""Share of a series' rows that may be refused for being too good; more would lean the result."""
_LEANS = (
    "the whole series is refused: more than 1 % of its rows are impossible in the same direction, "
    "and what is left would lean; check which columns are good and total"
)

ABSENT_FIX = (
    'where no value means that nothing happened, say absent = "zero" in sources.toml, or let the '
    "query say it (in PromQL: or vector(0))"
)
"""What to do about counts that are not there."""

_KEYS = ["time", "service", "sli"]
_OPERATORS = {
    "lte": np.less_equal, "lt": np.less, "gte": np.greater_equal, "gt": np.greater,
}  # fmt: skip


@dataclass(frozen=True)
class NumberRule:
    """How numbers become good and total."""

    unit: str | None = None
    step: pd.Timedelta | None = None
    threshold: float | None = None
    op: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    file: str = ""
    absent: str = "unknown"
    meaning: Meaning | None = None


@dataclass(frozen=True)
class BuiltCounts:
    """Rows of table ``sli``, and what became of the others."""

    sli: pd.DataFrame
    rows: np.ndarray | None
    refused: pd.DataFrame
    missing: int
    series: tuple[SeriesInfo, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def at(self) -> np.ndarray:
        """The row each was built from."""
        return np.arange(len(self.sli)) if self.rows is None else self.rows


def build(frame: pd.DataFrame, rule: NumberRule) -> BuiltCounts:
    """Good and total of every row."""
    present = [role for role in ROLES if role in frame.columns]
    shown = (units[0] for roles, units in UNITS.items() if {*roles} & {*present})
    unit = rule.unit or next(shown, "count")
    fitting = next((roles for roles, units in UNITS.items() if unit in units), SHARES)
    if not present or not {*present} <= {*fitting}:
        needed = (
            "two of good, bad and total"
            if fitting == COUNTS
            else f"a column {' or '.join(fitting)}"
        )
        raise ReadError(
            f"unit is {unit!r}, but the columns given are {', '.join(present) or 'none'}",
            file=rule.file,
            fix=f"map {needed} in sources.toml, or correct unit",
        )
    work = _Counting(frame, rule, present)
    work.scale_percents()
    if unit != "value":
        work.refuse_outside(-DUST, _MOST)
    if unit in ("count", "rate") and rule.absent == "zero":
        work.fill_absent()
    if unit == "counter":
        work.increase()
    if unit == "rate":
        work.scale()
    if fitting == COUNTS:
        return work.as_counts(unit)
    return work.as_value() if unit == "value" else work.as_ratio()


class _Counting:
    """One table on its way to good and total; the rows left are ``self.rows``."""

    def __init__(self, frame: pd.DataFrame, rule: NumberRule, present: list[str]) -> None:
        self.frame, self.rule, self.present = frame, rule, present
        self.seen, self.complete = frame, False
        self.rows: np.ndarray | None = None
        self.refused: list[pd.DataFrame] = []
        self.missing = 0
        self.notes: list[str] = []

    def refuse_outside(self, least: float, most: float) -> None:
        """Refuse numbers below or above what can be a count, and see whether some are missing."""
        self.complete = True
        for role in self.present:
            numbers = self.frame[role].to_numpy()
            if len(numbers) and numbers.min() >= least and numbers.max() <= most:
                continue
            self.complete = False
            self.refuse(numbers < least, role, "negative: check the column")
            above = self.frame[role].to_numpy() > most
            self.refuse(above, role, "more than 10^18, no count of anything: check the column")

    def refuse(self, mask: np.ndarray, role: str, reason: str, other: str | None = None) -> None:
        """Take the rows of the mask out, each with its value and the reason."""
        at = np.flatnonzero(mask)
        if not len(at):
            return
        values = [f"{value:.15g}" for value in self.frame[role].to_numpy()[at]]
        if other is not None:
            beside = self.frame[other].to_numpy()[at]
            values = [
                f"{value} of {whole:.15g}" for value, whole in zip(values, beside, strict=True)
            ]
        column = self.rule.columns.get(role, role)
        found = {"row": self._row(at), "column": column, "value": values, "reason": reason}
        self.refused.append(pd.DataFrame(found))
        self.keep(~mask)

    def refuse_too_good(self, over: np.ndarray, role: str, reason: str, other: str | None) -> None:
        """Refuse impossible rows; of a series with many of them every row, since the rest leans."""
        if not over.any():
            return
        codes = series_codes(self.frame)
        many = np.bincount(codes, over)
        whole = (many > np.maximum(FEW, _MOST_REFUSED * np.bincount(codes)))[codes]
        self.refuse(over, role, reason, other)
        self.refuse(whole[~over], role, _LEANS, other)

    def refuse_differing(self, roles: Iterable[str]) -> None:
        """Refuse numbers that differ from those of another row of that time."""
        for role in roles if self.frame.duplicated(_KEYS).any() else ():
            keys = [self.frame[name] for name in _KEYS]
            differing = differ(self.frame[role].groupby(keys, observed=True))
            differing &= self.frame[role].notna()
            self.refuse(differing.to_numpy(), role, "another row has another value: remove one")

    def keep(self, mask: np.ndarray) -> None:
        if mask.all():
            return
        self.rows = self._row(np.flatnonzero(mask))
        self.frame = self.frame[mask].reset_index(drop=True)

    def drop_missing(self, roles: Iterable[str]) -> None:
        if self.complete:
            return
        known = np.ones(len(self.frame), dtype=bool)
        for role in roles:
            known &= ~np.isnan(self.frame[role].to_numpy())
        self.missing += int((~known).sum())
        self.keep(known)

    def _row(self, at: np.ndarray) -> np.ndarray:
        return at if self.rows is None else self.rows[at]

    def fill_absent(self, codes: np.ndarray | None = None) -> None:
        """Good or bad without a value is zero where the count beside it has one."""
        values = {role: self.frame[role].to_numpy() for role in self.present}
        for role in self.present:
            beside = [other for other in ("total", "good", "bad") if other in values]
            beside = [other for other in beside if other != role][:1]
            if role == "total" or not beside:
                continue
            lost = np.isnan(values[role]) & ~np.isnan(values[beside[0]])
            if not lost.any():
                continue
            held = pd.Series(values[role])
            held = held * 0.0 if codes is None else held.groupby(codes).ffill()
            self.frame[role] = np.where(lost, held.fillna(0.0).to_numpy(), values[role])
            self.notes.append(f"{self._named(role)}: {int(lost.sum())} rows without a value count "
                              'as zero (absent = "zero")')  # fmt: skip

    def _named(self, role: str) -> str:
        return self.rule.columns.get(role, role) or f"a series of {role} events"

    def increase(self) -> None:
        """Differences between neighbouring samples of a counter, at the time of the first."""
        self._sort()
        self.complete = False
        if self.rule.absent == "zero":
            self.fill_absent(series_codes(self.frame))
        self.refuse_differing(self.present)
        repeated = self.frame.duplicated(_KEYS).to_numpy()
        self.refuse(repeated, self.present[0], "a second sample of this counter: remove one")
        codes = series_codes(self.frame)
        at = ticks(self.frame["time"])
        starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]][: len(codes)])
        longest = 2e6 * self._seconds() if len(codes) else at
        before = np.r_[0, at[:-1]] if len(at) else at
        fresh = at - before > longest
        fresh[starts] = True
        resets = dips = 0
        for role in self.present:
            samples = self.frame[role].to_numpy()
            held = without_dips(samples, fresh)
            last = np.r_[np.nan, held[:-1]][: len(held)]
            again = (held < last) & ~fresh
            dips, resets = dips + int((held > samples).sum()), resets + int(again.sum())
            self.frame[role] = np.where(fresh, np.nan, np.where(again, held, held - last))
        self.frame["time"] = times_of(np.where(fresh, at, before))
        self.notes.append(
            "counters: increases between samples"
            + (f", {resets} resets (the counter began again at zero)" if resets else "")
            + (f", {dips} samples late (lower than one before, and back within two)" * bool(dips))
        )

    def _sort(self) -> np.ndarray:
        """Put the rows in order of series and time, and tell which they were."""
        order = np.lexsort((ticks(self.frame["time"]), series_codes(self.frame)))
        self.rows, self.frame = self._row(order), self.frame.iloc[order].reset_index(drop=True)
        return order

    def _shown_steps(self) -> dict[int, float]:
        """Steps [s] that all rows show, where some of them fell out."""
        if self.rows is None or self.rule.unit == "counter":
            return {}
        found = {}
        codes, at = series_codes(self.seen), ticks(self.seen["time"])
        for code, rows in rows_of_series(codes):
            between = np.diff(np.unique(at[rows]))
            if len(between) and not np.any(between % between.min()):
                found[code] = between.min() / 1e6
        return found

    def scale_percents(self) -> None:
        """Percentages of the total as events, percentages by themselves as shares."""
        meaning = self.rule.meaning
        for role, whole in meaning.shares_of_total.items() if meaning else ():
            share = self.frame[role].to_numpy() / whole
            self.frame[role] = share * self.frame["total"].to_numpy()
            self.notes.append(f"{self._named(role)}: percentages of the total")
        if meaning and meaning.unit == "percent":
            for role in self.present:
                self.frame[role] = self.frame[role].to_numpy() / 100
            self.notes.append(f"{self._named(self.present[0])}: percent ({meaning.evidence})")

    def scale(self) -> None:
        seconds = self._seconds()
        for role in self.present:
            self.frame[role] = self.frame[role].to_numpy() * seconds
        self.notes.append("events estimated from a rate (rate times step)")

    def _seconds(self) -> np.ndarray:
        """Length of the bucket of every row [s]."""
        codes, at = series_codes(self.seen), ticks(self.seen["time"])
        lookup = np.zeros(codes.max(initial=0) + 1)
        for code, rows in rows_of_series(codes):
            step = self.rule.step or step_of(at[rows], self.rule.file)
            lookup[code] = step.total_seconds()
        return lookup[series_codes(self.frame)]

    def as_ratio(self) -> BuiltCounts:
        role = next(role for role in ("ratio", "bad_ratio") if role in self.present)
        over = self.frame[role].to_numpy() > 1 + DUST
        self.refuse_too_good(over, role, "a share above 1: check the column", None)
        self.drop_missing([role])
        seconds = self._seconds()
        share = np.clip(self.frame[role].to_numpy(), 0, 1)
        good = (share if role == "ratio" else 1 - share) * seconds
        note = "only the ratio is known: every bucket weighs the same, whatever its traffic"
        return self._done(good, seconds, "time", note)

    def as_value(self) -> BuiltCounts:
        self.drop_missing(["value"])
        self.refuse_differing(["value"])
        values, seconds = self.frame["value"].to_numpy(), self._seconds()
        if self.rule.threshold is None:
            return self._done(values, seconds, "time", None, part="value")
        good = above(values, self.rule.op or "lte", self.rule.threshold)
        note = f"a bucket is good when its value is {self.rule.op or 'lte'} {self.rule.threshold:g}"
        return self._done(good * seconds, seconds, "time", note)

    def as_counts(self, unit: str) -> BuiltCounts:
        note = self.notes[-1] if unit in ("rate", "counter") else None
        if len(self.present) == 1:
            part = self.present[0]
            self.drop_missing([part])
            values, nothing = self.frame[part].to_numpy(), np.full(len(self.frame), np.nan)
            good, total = (nothing, values) if part == "total" else (values, nothing)
            return self._done(good, total, "events", note, part=part)
        if "total" not in self.present:
            if not self.complete:
                self.refuse_differing(["good", "bad"])
            self.drop_missing(["good", "bad"])
            good = self.frame["good"].to_numpy()
            return self._done(good, good + self.frame["bad"].to_numpy(), "events", note)
        part = "good" if "good" in self.present else "bad"
        if not self.complete:
            self._without_part(part)
            self.refuse_differing([part, "total"])
        self.drop_missing([part, "total"])
        events, total = self._within_total(part)
        return self._done(events if part == "good" else total - events, total, "events", note)

    def _without_part(self, part: str) -> None:
        """Where the total is zero, a part that is missing is zero as well; else it is unknown."""
        some, total = self.frame[part].to_numpy(), self.frame["total"].to_numpy()
        self.frame[part] = np.where(np.isnan(some) & (total == 0), 0.0, some)
        lost = np.isnan(self.frame[part].to_numpy()) & ~np.isnan(total)
        if lost.any() and (self.rule.unit != "counter" or lost.all()):
            self.notes.append(
                f"{int(lost.sum())} rows have a total but no {self._named(part)}: unknown, not "
                f"zero; {ABSENT_FIX}"
            )

    def _within_total(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        """A part and its total; what exceeds the total is dust, extrapolation, or refused."""
        some, total = self.frame[part].to_numpy(), self.frame["total"].to_numpy()
        if len(some) and some.min() >= 0 and not np.any(some > total):
            return some, total
        some, total = np.maximum(some, 0), np.maximum(total, 0)
        over = some > total * (1 + DUST) + DUST
        if over.any() and np.any(
            np.abs(some - np.rint(some)) + np.abs(total - np.rint(total)) > DUST
        ):
            return self._carried(part, over)
        self.refuse_too_good(over, part, f"{part} is more than total: check both columns", "total")
        some, total = (np.maximum(self.frame[role].to_numpy(), 0) for role in (part, "total"))
        return np.minimum(some, total), total

    def _carried(self, part: str, over: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Extrapolated counts: what exceeds the total is paid for by buckets before; sums stay."""
        over = over[self._sort()]
        codes = series_codes(self.frame)
        some, total = self.frame[part].to_numpy(), self.frame["total"].to_numpy()
        surplus = np.bincount(codes, np.where(over, some - total, 0.0))
        events, parts = np.bincount(codes, total), np.bincount(codes, some)
        hopeless = (surplus > _LITTLE * events) | (parts > events)
        self.refuse(hopeless[codes] & np.isin(codes, codes[over]), part, _LEANS, "total")
        codes = series_codes(self.frame)
        some, total = (self.frame[role].to_numpy().copy() for role in (part, "total"))
        for _, mine in rows_of_series(codes):
            if np.any(some[mine] > total[mine]):
                some[mine] = total[mine] - _paid(total[mine] - some[mine])
        self.notes.append(
            f"{self._named(part)} exceeds the total by a little, as extrapolated counts do: "
            "carried to the buckets before, so that sums stay as exported"
        )
        return np.clip(some, 0, total), total

    def _done(
        self, good: np.ndarray, total: np.ndarray, weighting: str, note: str | None,
        part: str | None = None,
    ) -> BuiltCounts:  # fmt: skip
        keys = {name: self.frame[name] for name in _KEYS}
        sli = pd.DataFrame({**keys, "good": good, "total": total}, copy=False)
        stated = self.rule.step.total_seconds() if self.rule.step is not None else None
        shown = self._shown_steps()
        steps = {}
        if weighting == "time" and len(sli):
            found, first = np.unique(series_codes(sli), return_index=True)
            steps = dict(zip(found.tolist(), total[first].tolist(), strict=True))
        series = tuple(
            SeriesInfo(service, name, weighting, steps.get(code, stated), note, part,
                       shown.get(code), self.rule.absent == "zero", self.rule.meaning)
            for code, (service, name) in names_of(sli).items()
        )  # fmt: skip
        refused = pd.concat(self.refused, ignore_index=True) if self.refused else no_faults()
        return BuiltCounts(sli, self.rows, refused, self.missing, series, tuple(self.notes))


def _paid(rest: np.ndarray) -> np.ndarray:
    """Differences of a sum that may not fall and ends where that of `rest` ends, at 0 or above."""
    lowest = np.minimum.accumulate(np.cumsum(rest)[::-1])[::-1]
    return np.diff(np.maximum(lowest, 0.0), prepend=0.0)


def differ(values: SeriesGroupBy) -> pd.Series:
    """Whether the values of each row's group differ by more than dust."""
    high, low = values.transform("max"), values.transform("min")
    return high - low > DUST * np.maximum(high.abs(), low.abs())


def above(values: np.ndarray, op: str, threshold: float) -> np.ndarray:
    """1.0 where ``value op threshold``, else 0.0."""
    return _OPERATORS[op](values, threshold).astype("float64")


def step_of(times: np.ndarray, file: str) -> pd.Timedelta:
    """The most common difference between neighbouring times [us]."""
    usual = usual_step(np.unique(times))
    if usual is None:
        raise question(
            "the length of a bucket cannot be told from a single time", file=file,
            step=Unconfirmed("1m", "length of one bucket"),
        )  # fmt: skip
    return pd.Timedelta(usual, "us")
