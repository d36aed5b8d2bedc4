"""What the numbers of a column are (counts, rates, running sums, shares), and how that is known.

A unit is declared in ``sources.toml``, told by the format, or seen in names and values.
Where names and values leave a doubt, the file is refused with the line to paste; where they
contradict what was declared, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from srelib.errors import ReadError
from srelib.questions import Unconfirmed, question
from srelib.readers.words import name_clues
from srelib.series import Meaning

DUST = 1e-6
"""Relative error that sums of floating point numbers and rounded exports bring."""

COUNTS = ("good", "bad", "total")
SHARES = ("ratio", "bad_ratio")
ROLES = (*COUNTS, *SHARES, "value")
"""What a column of numbers can be."""
UNITS = {
    COUNTS: ("count", "rate", "counter"),
    SHARES: ("ratio", "percent"),
    ("value",): ("value",),
}
"""What can be declared of columns in these roles, first what they are where nothing is."""

_RISES = 8
"""So many rises without a fall are hardly chance: less than one time in 300,000."""
_LIKELY = 3
"""So many without any fall are asked about."""
_SURELY = 30
"""So many, and no declaration can make counts of them."""
FEW = 2
"""So many faults may be slips; more of them in one direction are a mistaken meaning."""
_OFTEN = 0.1
"""Share of steps that is more than slips."""
_ENOUGH = 10
"""Changes from which falls say that a column is no running sum, and values that show a level."""

_LARGE_NUMBERS = {"", "K", "k", "Mil", "M", "Bil", "G", "Tri", "T"}


@dataclass(frozen=True)
class NumberColumn:
    """The numbers of one series in one role, in order of time, and the units its cells carry."""

    name: str
    role: str
    values: np.ndarray
    suffixes: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def steps(self) -> tuple[int, int]:
        """How often it rises, and how often it falls."""
        change = np.diff(_known([self]))
        return int((change > 0).sum()), int((change < 0).sum())

    @cached_property
    def restarts(self) -> int:
        """Of its falls those to at most half of the value before, and brief ones."""
        known = _known([self])
        held = without_dips(known, np.zeros(len(known), dtype=bool))
        low = (known[1:] <= known[:-1] / 2) | (held[1:] > known[1:])
        return int(((known[1:] < known[:-1]) & low).sum())

    @property
    def falls_often(self) -> bool:
        """Whether it falls in more than a quarter of its steps, as no running sum does."""
        rises, falls = self.steps
        return rises + falls >= _ENOUGH and 4 * falls > rises + falls

    @property
    def adds_counters(self) -> bool:
        """Whether it rises, and falls now and then to far more than it counts in a bucket."""
        rises, falls = self.steps
        if not falls or rises < _RISES * falls or falls == self.restarts:
            return False
        known = _known([self])
        change = np.diff(known)
        left = known[1:][(change < 0) & (known[1:] > known[:-1] / 2)]
        return bool(left.min(initial=np.inf) > 4 * np.quantile(change[change > 0], 0.95))

    def says(self, clue: str) -> bool:
        """Whether the name, or a unit in the cells, holds a clue."""
        return name_clues()[clue].search("\n".join([_own(self.name), *self.suffixes])) is not None


def meaning_of(
    columns: Sequence[NumberColumn], declared: str | None, *, file: str
) -> Meaning | None:
    """What counts or shares are; None for measured values, whose unit is the threshold's."""
    _check_suffixes(columns, file)
    shares = [column for column in columns if column.role in SHARES]
    if shares:
        return _shares(shares, declared, file)
    whole = [column for column in columns if column.role == "total"]
    signs = {c.role: 1 for c in columns if set(c.suffixes) == {"%"}}
    named = {c.role: 100 for c in columns if whole and c.role in ("good", "bad")
             and set(c.suffixes) <= {""} and c.says("percent")}  # fmt: skip
    percents = signs | named
    counts = [c for c in columns if c.role in COUNTS and c.role not in percents]
    if not counts:
        return None
    if declared in (None, "count"):
        _check_shares(counts, declared, file)
    _check_runs(counts, declared, file)
    said = Meaning(declared or "", f'unit = "{declared}" in sources.toml')
    found = said if declared else _inferred(counts, file)
    return replace(found, shares_of_total=percents)


def says_bad(name: str) -> bool:
    """Whether a column is named for what fails."""
    return name_clues()["bad"].search(_own(name)) is not None


def _own(name: str) -> str:
    """A name without labels that say whose numbers these are and not what they are."""
    return name_clues()["whose"].sub("", name)


_MEANT = {
    "count": "events in each bucket",
    "counter": "running sums",
    "rate": "events per second",
    "ratio": "shares from 0 to 1",
    "percent": "shares from 0 to 100",
}


def _ask(problem: str, file: str, *units: str) -> ReadError:
    others = [f'unit = "{unit}": {_MEANT[unit]}' for unit in units[1:]]
    about = "; or ".join([_MEANT[units[0]], *others])
    return question(problem, file=file, unit=Unconfirmed(units[0], about))


def _check_suffixes(columns: Sequence[NumberColumn], file: str) -> None:
    """Refuse cells whose own unit does not fit what the column stands for."""
    has_total = any(column.role == "total" for column in columns)
    for column in columns:
        seen = {unit.removesuffix("/s") for unit in column.suffixes}
        if column.role in COUNTS:
            parts = column.role != "total" and has_total
            fits = seen <= _LARGE_NUMBERS or (parts and seen == {"%"})
        elif column.role in SHARES:
            fits = seen <= {""} or seen == {"%"}
        else:
            fits = "%" not in seen or len(seen) == 1
        if not fits:
            units = ", ".join(repr(unit) if unit else "no unit" for unit in sorted(seen))
            raise ReadError(
                f"column {column.name!r} is read as {column.role}, and its cells carry {units}",
                file=file,
                fix="export plain numbers of one unit, or map another column in sources.toml",
            )


def _check_runs(columns: Sequence[NumberColumn], declared: str | None, file: str) -> None:
    """Refuse running sums beside events of other series, and a unit the values contradict."""
    wholes = _wholes(columns)
    running = any(_running([column], rises=_SURELY) for column in wholes)
    if running and (other := next((c for c in (*wholes, *columns) if c.falls_often), None)):
        raise ReadError(
            f"the numbers of {wholes[0].name!r} never fall in some series and do in others (such "
            f"as {other.name!r}), so some are running sums and some are not",
            file=file, fix="export all series in one way, or each kind in a file of its own",
        )  # fmt: skip
    broken = next((column for column in columns if column.adds_counters), None)
    if broken and (declared in (None, "counter") or broken.steps[0] >= _SURELY):
        raise ReadError(
            f"the numbers of {broken.name!r} rise and at times fall by a part, as sums of several "
            "counters do of which one begins again: what happened then cannot be told",
            file=file, fix="export events in each bucket, in PromQL sum(increase(...)); where they "
            'are those already, say unit = "count" in sources.toml',
        )  # fmt: skip
    falling = next((column for column in columns if column.falls_often), None)
    if declared == "counter" and falling:
        rises, falls = falling.steps
        raise _ask(
            f"column {falling.name!r} is declared a running sum and falls in {falls:,} of "
            f"{rises + falls:,} steps, which a running sum does only where it begins again",
            file, "count", "rate",
        )  # fmt: skip
    if declared not in (None, "counter") and _running(columns, rises=_SURELY):
        raise _ask(
            f"column {columns[0].name!r} is declared {declared!r} and never falls: it holds "
            "running sums",
            file, "counter",
        )  # fmt: skip


def _inferred(columns: Sequence[NumberColumn], file: str) -> Meaning:
    """The unit of counts that names and values show together."""
    rate, increase, minute, named, maybe = (
        next((column.name for column in columns if column.says(clue)), None)
        for clue in ("rate", "increase", "minute", "running", "maybe_rate")
    )
    first = columns[0].name
    if not rate and not increase:
        if named and _running(columns, rises=_RISES):
            return Meaning("counter", f"{named!r} is named as a counter, and its values never fall "
                                      "but where it begins again")  # fmt: skip
        often = _running(columns, rises=_RISES, restarts=4)
        if often or _running(columns, rises=_LIKELY, restarts=0):
            raise _ask(
                f"the numbers of {named or first!r} never fall{' but to restart' * often}: they "
                "may be running sums, or events in each bucket that grew",
                file, "counter", "count",
            )  # fmt: skip
        parts = [column for column in columns if column.role != "total"]
        mixed = len(parts) < len(columns) and not _parts_outgrow(columns)
        if mixed and _running(parts, rises=_RISES):
            raise ReadError(
                f"the numbers of {parts[0].name!r} never fall, as running sums do, and those of "
                "the total fall",
                file=file, fix="export both as events in each bucket, or both as running sums",
            )  # fmt: skip
    if minute and not increase:
        raise ReadError(
            f"{minute!r} names events per minute or hour, and nothing says that a bucket is as "
            "long as that",
            file=file,
            fix="export events in each bucket or per second; where they are those of each bucket, "
            'say unit = "count" in sources.toml',
        )
    if increase:
        return Meaning("count", f"{increase!r} names the increase in each bucket")
    if rate:
        return Meaning("rate", f"{rate!r} names a rate per second")
    if maybe and not increase:
        raise _ask(f"{maybe!r} may name a rate per second", file, "rate", "count")
    fractions = _fractions(columns)
    if len(fractions):
        raise _ask(
            f"the numbers of {first!r} are no whole events (such as {fractions[0]:.6g}): they may "
            "be rates, or counts that were extrapolated",
            file, "rate", "count",
        )  # fmt: skip
    return Meaning("count", "whole numbers")


def without_dips(samples: np.ndarray, fresh: np.ndarray) -> np.ndarray:
    """A counter held where it falls and is back within two samples: late data, no restart."""
    held = samples.copy()
    for later in (1, 2):
        size = len(samples) - later
        if size < 2:
            break
        before, after = samples[: size - 1], samples[later + 1 :]
        back = (samples[1:size] < before) & (after >= before)
        for step in range(1, later + 2):
            back &= ~fresh[step : step + size - 1]
        for step in range(1, later + 1):
            part = held[step : step + size - 1]
            part[back] = np.maximum(part[back], before[back])
    return held


def _check_shares(columns: Sequence[NumberColumn], declared: str | None, file: str) -> None:
    """Refuse shares where whole totals stand beside them: they are not counted as those."""
    whole = [column for column in columns if column.role == "total"]
    if len(_fractions(whole)) or not np.any(_known(whole) > 1):
        return
    usual = float(np.median(_known(whole)))
    for role in ("good", "bad"):
        mine = [column for column in columns if column.role == role]
        known, parts = _known(mine), len(_fractions(mine)) > 0
        if not len(known) or known.max() > (1 if declared else 100):
            continue
        if known.max() > 1 and role == "good":  # nearly 100, whatever the total is
            middle = np.median(known)
            parts = middle >= 90 and abs(middle - usual) > usual / 10 and (parts or usual > 200)
        if parts:
            unit, most, like = ("ratio", "fractions up to 1", "shares")
            if known.max() > 1:
                unit, most, like = ("percent", "numbers up to 100", "percentages")
            column, name = f"{'bad_' * (role == 'bad')}ratio", mine[0].name
            raise ReadError(
                f"column {name!r} is read as {role} events, and holds {most} beside whole totals, "
                f"as {like} are",
                file=file,
                fix="export the number of events, or map only the share: columns = "
                f'{{ {column} = {json.dumps(name)} }}, unit = "{unit}"; or say unit = "count" '
                "where they are events",
                asks={"columns": Unconfirmed({column: name}, "the share, without its total"),
                      "unit": Unconfirmed(unit, "or count, without the line of columns")},
            )  # fmt: skip


def _running(columns: Sequence[NumberColumn], *, rises: int, restarts: int = 20) -> bool:
    """Whether totals (else parts) rise and fall to begin again at most, in one step of so many."""
    changes = running = 0
    if _parts_outgrow(columns):
        return False
    for column in _wholes(columns):
        if len(column.values) <= rises:
            continue
        up, down = column.steps
        changes += up + down
        most = max(1, (up + down) // restarts) if restarts else 0
        running += (up + down) * (up >= rises and down <= most and down == column.restarts)
    return 2 * running > changes


def _parts_outgrow(columns: Sequence[NumberColumn]) -> bool:
    """Whether parts often grow by more than their totals, as those of running sums never do."""
    whole = [column.values for column in columns if column.role == "total"]
    parts = [column.values for column in columns if column.role != "total"]
    if len(whole) != len(parts) or list(map(len, whole)) != list(map(len, parts)):
        return False
    grown = [(np.diff(all_), np.diff(part)) for all_, part in zip(whole, parts, strict=True)]
    more = [(part > all_ + DUST) & (all_ >= 0) for all_, part in grown]
    return bool(np.mean(np.concatenate([[False], *more])) > _OFTEN)


def _wholes(columns: Sequence[NumberColumn]) -> Sequence[NumberColumn]:
    return [column for column in columns if column.role == "total"] or columns


def _known(columns: Sequence[NumberColumn]) -> np.ndarray:
    values = np.concatenate([np.empty(0), *(column.values for column in columns)])
    return values[~np.isnan(values)]


def _fractions(columns: Sequence[NumberColumn]) -> np.ndarray:
    """Values that are no whole numbers, dust apart."""
    known = _known(columns)
    return known[np.abs(known - np.rint(known)) > DUST * np.maximum(np.abs(known), 1)]


def _shares(columns: Sequence[NumberColumn], declared: str | None, file: str) -> Meaning:
    """Whether shares run to 1 or to 100; a share of errors is never taken for one of good."""
    wrong = next((c.name for c in columns if c.role == "ratio" and says_bad(c.name)), None)
    if wrong is not None:
        raise ReadError(
            f"column {wrong!r} is read as the share of good events, and its name says that it "
            "holds errors",
            file=file,
            fix=f"say columns = {{ bad_ratio = {json.dumps(wrong)} }} in sources.toml, or give "
            "the column another name",
            asks={"columns": {"bad_ratio": "value" if "{" in wrong else wrong}},
        )
    found = _share_unit(columns, declared, file)
    good = [column for column in columns if column.role == "ratio"]
    half = 50 if found.unit == "percent" else 0.5
    known = _known(good)
    low = len(known) >= _ENOUGH and np.quantile(known, 0.75) < half
    if low and not good[0].says("good"):
        column = "value" if "{" in good[0].name else good[0].name
        raise ReadError(
            f"column {good[0].name!r} is read as the share of good events, and three of four "
            f"values are below {half:g}, as shares of errors are",
            file=file,
            fix=f"say columns = {{ bad_ratio = {json.dumps(column)} }} in sources.toml; where so "
            "little was good, give the column a name that says so, such as availability",
            asks={"columns": Unconfirmed({"bad_ratio": column}, "the share of errors")},
        )  # fmt: skip
    return found


def _share_unit(columns: Sequence[NumberColumn], declared: str | None, file: str) -> Meaning:
    """Whether shares run to 1 or to 100."""
    values, name = _known(columns), columns[0].name
    if any("%" in column.suffixes for column in columns):
        return Meaning("ratio", "cells with a % sign")
    large = int((values > 1.01).sum())
    good = [_known([column]) for column in columns if column.role == "ratio"]
    small = [part.sum() > 0 and part.max() <= 1 for part in good]
    hundreds = [len(part) > 0 and np.median(part) > 2 for part in good]
    if any(small) and any(hundreds):
        raise ReadError(
            f"some series of {name!r} run to 100, and others to 1", file=file,
            fix="export all of them in one unit",
        )  # fmt: skip
    if declared == "percent":
        if any(small) and all(small):
            raise _ask(
                f"column {name!r} is declared percent, and no value is above 1", file, "ratio"
            )
        return Meaning("percent", 'unit = "percent" in sources.toml')
    if declared is None and not large and values.any() and columns[0].says("percent"):
        raise _ask(
            f"column {name!r} is named as percent, and no value is above 1",
            file,
            "percent",
            "ratio",
        )
    many = columns[0].role == "bad_ratio" and np.quantile(values, 0.25) > 0.1  # read as shares to 1
    if many and (large or declared is None):
        raise _ask(
            f"column {name!r} holds shares of errors, more than 0.1 in three of four values", file,
            *(("percent",) if declared else ("percent", "ratio")),
        )  # fmt: skip
    zeros_only = large and not np.any((values > 0) & (values <= 1.01))
    if large <= max(FEW, len(values) / 100) and not zeros_only:
        said = f'unit = "{declared}" in sources.toml' if declared else "values from 0 to 1"
        return Meaning("ratio", said)
    all_percent = values.min() >= 0 and values.max() <= 100 * (1 + DUST)
    if all_percent and 2 * large > len(values) and not declared and columns[0].role == "ratio":
        return Meaning("percent", f"values up to {values.max():.6g}")
    raise _ask(
        f"column {name!r} is read as shares from 0 to 1, and {large:,} of {len(values):,} values "
        f"are larger, up to {values.max():.6g}",
        file, "percent",
    )  # fmt: skip


def without_resets(samples: np.ndarray) -> np.ndarray:
    """A counter that goes on where it was reset."""
    known = np.flatnonzero(~np.isnan(samples))
    seen = without_dips(samples[known], np.zeros(len(known), dtype=bool))
    lost = np.r_[0.0, np.where(seen[1:] < seen[:-1], seen[:-1], 0.0)] if len(seen) else seen
    result = samples.copy()
    result[known] = seen + np.cumsum(lost)
    return result
