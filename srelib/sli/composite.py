"""Composite objectives: the counts of several members on one grid, put together by a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib.errors import InsufficientDataError, ParameterError, TimeIndexError
from srelib.slos.model import ALL_EVENTS, WEIGHTED_MEAN, WORST_MEMBER
from srelib.windows import Member
from srelib.windows.sums import _block_sums, _checked, _divide
from srelib.windows.window import _fixed_step
from srelib.wording import duration

if TYPE_CHECKING:
    from srelib.slos import Composite, Slo


def _unit(series: pd.DataFrame, slo: Slo) -> str:
    """What the good and total of an objective count."""
    if slo.composite is not None and slo.composite.rule == WORST_MEMBER:
        return "slices of time"
    if slo.composite is not None:
        units = sorted({_unit(series, one) for one in slo.composite.members})
        if slo.composite.rule == ALL_EVENTS:
            return units[0]
        return f"weighted {units[0]}" if len(units) == 1 else "weighted counts"
    if slo.method != "Occurrences" and slo.slice is not None:
        return f"slices of {duration(slo.slice)}"
    found = series.loc[(series["service"] == slo.service) & (series["sli"] == slo.sli), "unit"]
    return str(found.iloc[0]) if len(found) else "events"


def _member_counts(
    composite: Composite, series: pd.DataFrame, counts: Callable[[Slo], pd.DataFrame]
) -> pd.DataFrame:
    """Good and total of each member, as `counts` gives them, on one even UTC index.

    When targets of their own came into force is no matter here.
    """
    names = [one.display_name or one.name for one in composite.members]
    if len(set(names)) < len(names):  # of the document, and so of all of them
        names = [one.name for one in composite.members]
    return _together({
        Member(name, weight, _unit(series, one)): counts(replace(one, valid_from=None))
        for name, one, weight in zip(names, composite.members, composite.weights, strict=True)
    })  # fmt: skip


def _together(counts: Mapping[Member, pd.DataFrame]) -> pd.DataFrame:
    """Good and total of every member side by side, from when all are measured to the last bucket.

    A bucket of a coarser grid is unknown where a part of it is.
    """
    steps = {member: _fixed_step(own.index) for member, own in counts.items()}
    coarse = max(steps.values())
    even = {member: _coarser(member, counts[member], steps[member], coarse) for member in counts}
    first = max(own.index[0] for own in even.values())
    last = max(own.index[-1] for own in even.values())
    if first > min(own.index[-1] for own in even.values()):
        raise InsufficientDataError(
            "the members of the composite were never measured at the same time: "
            + "; ".join(f"{m.name} from {c.index[0]} to {c.index[-1]}" for m, c in even.items())
        )
    grid = pd.date_range(first, last, freq=coarse, name="time").as_unit("us")
    off = [member.name for member, own in even.items() if (own.index[0] - first) % coarse]
    if off:
        raise TimeIndexError(
            f"the buckets of {', '.join(off)} begin at other times than those of the other "
            f"members of the composite, all being {coarse} long. Export them on one grid."
        )
    frames = {member: own.reindex(grid)[["good", "total"]] for member, own in even.items()}
    return pd.concat(frames, axis=1).swaplevel(axis=1)


def _coarser(
    member: Member, counts: pd.DataFrame, step: pd.Timedelta, coarse: pd.Timedelta
) -> pd.DataFrame:
    """Counts in longer buckets."""
    if step == coarse:
        return counts
    if coarse % step:
        raise TimeIndexError(
            f"{member.name} is measured in buckets of {step}, another member of the composite in "
            f"buckets of {coarse}, which is no multiple. Export them in equal buckets."
        )
    sums = _block_sums(counts["good"], counts["total"], coarse)
    return sums[["good", "total"]].where(sums["known"] == coarse // step)


def _put_together(parts: pd.DataFrame, rule: str) -> pd.DataFrame:
    """The counts of a composite; those of a weighted mean stay apart, to be weighted by window.

    Where any member is unknown, so is the whole.
    """
    if rule == WEIGHTED_MEAN:
        return parts
    right, asked = _arrays(parts)
    if rule == ALL_EVENTS:
        units = {member.unit: member.name for member in parts["good"].columns}
        if len(units) > 1:
            raise ParameterError(
                "'all events' adds the counts of its members, and they are not of one kind: "
                + ", ".join(f"{name} counts {unit}" for unit, name in units.items())
                + ". Use 'weighted mean' or 'worst member'."
            )
        good, total = right.sum(axis=0), asked.sum(axis=0)
    else:
        good = _divide(right, asked)
        worst = np.where(asked > 0, good, np.inf).min(axis=0)
        unknown = np.isnan(asked).any(axis=0)
        total = np.where(unknown, np.nan, (asked > 0).any(axis=0))
        good = np.where(unknown, np.nan, np.where(total > 0, worst, 0.0))
    return pd.DataFrame({"good": good, "total": total}, index=parts.index)


def _arrays(parts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Good and total of each member, one row each, checked."""
    counts = [_checked(parts["good", m], parts["total", m]) for m in parts["good"].columns]
    right, asked = zip(*counts, strict=True)
    return np.stack(right), np.stack(asked)


def _spent_by_bucket(parts: pd.DataFrame, rule: str) -> np.ndarray:
    """What each member adds to the bad events of the composite in each bucket; 0 where unknown."""
    right, asked = _arrays(parts)
    unknown = np.isnan(asked).any(axis=0)
    if rule == ALL_EVENTS:
        return np.where(unknown, 0.0, asked - right)
    lost = np.where(asked > 0, 1 - _divide(right, asked), 0.0)
    worst = np.where(unknown, 0.0, lost.max(axis=0))
    tied = (lost == worst) & (worst > 0)
    return np.nan_to_num(_divide(tied * worst, tied.sum(axis=0)))
