"""Bad events after deployments beyond what would have come anyway: an event study."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from srelib.budget.status import budget_fraction, checked, exact_sum
from srelib.errors import InsufficientDataError, ParameterError, SrelibError
from srelib.stats import Estimate
from srelib.tradeoff.after_deployments import DAY, WEEK, Effect, History, history, sorted_out
from srelib.tradeoff.excess import (
    Comparison,
    bursts,
    by_week,
    chance,
    compare,
    curve,
    detectable,
    interval,
    nearest,
    spared,
)
from srelib.tradeoff.placebo import Placements, placements

METHOD = "placebo schedules"
NAN = float("nan")
FEW_WEEKS = 6
HOPELESS = 0.9
NO_INCIDENTS = (
    "Without incidents, deployments made because of one cannot be told from the others; if there "
    "are any, the excess is too large."
)


@dataclass(frozen=True)
class _Lengths:
    before: pd.Timedelta
    after: pd.Timedelta


def deployment_effect(
    good: pd.Series,
    total: pd.Series,
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None = None,
    exclusions: pd.DataFrame | None = None,
    target: float | None = None,
    before: pd.Timedelta | str = "2h",
    after: pd.Timedelta | str = "6h",
    placebos: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Effect:
    """What deployments cost: bad events in the hours after them beyond what chance brings.

    excess = bad in the windows - traffic in the windows * ratio of the matched controls

    Parameters
    ----------
    good, total : Series
        Good and total events [events] of one service on a regular UTC index; missing is unknown,
        excluded buckets hold good = total = 0.
    deployments : DataFrame
        Table ``deployments`` of that service, production only.
    incidents : DataFrame, optional
        Table ``incidents`` of that service; without it, deployments made because of an incident
        cannot be left out.
    exclusions : DataFrame, optional
        Table ``exclusions`` of that service, to tell why a deployment is left out; the counts
        must already be without them.
    target : float, optional
        Service level objective [fraction], strictly between 0 and 1.
    before, after : Timedelta or str
        Span of the curve before a deployment, and length of the window after it.
    placebos : int
        Placebo schedules to draw.
    confidence : float
        Of the intervals [fraction].
    seed : int
        Of the draws.

    Returns
    -------
    Effect

    Raises
    ------
    InsufficientDataError
        No deployment can be compared, less than three weeks of counts, or none finer than days.
    ParameterError
        A length that is not positive, too few placebos, or a table of several services.
    ColumnError
        A table lacks a column.

    Notes
    -----
    The excess is the realised one: bad events in the windows of this history that would not have
    been there without the deployments.
    Harm that outlasts `after` is not in it, nor that of deployments left out.
    Windows that overlap are one, so no bucket counts twice; the bucket of the deployment counts
    whole.
    The controls are all other buckets, brought to the time of the week by a baseline; the placebo
    schedules move the deployments of each week to another week at the same hours, and make none
    while an incident is open.
    0 lies outside the interval exactly when the test rejects at 1 - `confidence`.

    References
    ----------
    .. [1] Rosenbaum, "Effects attributable to treatment", Biometrika 88 (2001) 219.
    .. [2] Phipson, Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010) 39 (p-values of permutations).

    Examples
    --------
    Ten deployments in ten weeks, three of which break for an hour:

    >>> index = pd.date_range("2026-01-05", periods=70 * 24, freq="h", tz="UTC")
    >>> at = index[[24 * 7 * week + 24 * (week % 5) + 10 for week in range(10)]]
    >>> total = pd.Series(1000.0, index)
    >>> good = total - pd.Series(range(len(index)), index) % 5
    >>> good[at[[1, 4, 8]]] -= 100
    >>> shipped = pd.DataFrame({"deployment_id": [str(n) for n in range(10)], "finished_at": at})
    >>> found = deployment_effect(good, total, shipped)
    >>> round(found.excess.value), found.excess.low > 200, found.excess.high < 400
    (300, True, True)
    >>> found.p_value < 0.05
    True
    """
    lengths = _checked(before, after, placebos, confidence)
    past = history(good, total, incidents=incidents)
    width = lengths.after / past.step
    used, left_out = sorted_out(
        deployments, past, after=width, incidents=incidents, exclusions=exclusions
    )
    if used.empty:
        raise InsufficientDataError(_why_none(left_out))
    place = used["place"].to_numpy()
    placed = placements(past, place, after=width, placebos=placebos, seed=seed)
    found = compare(past, placed)
    bad, asked = _sums(good, total)
    excess, smallest = _estimate(past, placed, found, n=len(used), confidence=confidence, seed=seed)
    allowance = NAN if target is None else budget_fraction(target) * asked
    weekly = by_week(past, placed, found, place)
    p_value = found.p_value()
    return Effect(
        service=_name(deployments),
        deployments=len(used),
        left_out=left_out,
        excess=excess,
        budget_share=_share_of(excess, allowance),
        bad_share=_share_of(excess, bad),
        p_value=p_value,
        adjusted_p_value=p_value,
        curve=curve(
            past, placed, found, place,
            before=lengths.before / past.step, after=width, confidence=confidence,
        ),
        detectable=smallest,
        by_week=weekly,
        per_deployment=_per_deployment(past, found, used, width),
        before=lengths.before,
        after=lengths.after,
        windows=int(np.count_nonzero(np.diff(placed.treated.astype("int8"), prepend=0) == 1)),
        weeks=float(len(past.total) * past.step / WEEK),
        notes=_notes(past, placed, found, weekly, lengths, p_value, confidence, incidents),
    )  # fmt: skip


def _checked(
    before: pd.Timedelta | str, after: pd.Timedelta | str, placebos: int, confidence: float
) -> _Lengths:
    lengths = _Lengths(pd.Timedelta(before), pd.Timedelta(after))
    for name, length in (("before", lengths.before), ("after", lengths.after)):
        if not pd.Timedelta(0) < length < WEEK:
            raise ParameterError(
                f"{name} must be longer than nothing and shorter than a week; got {length}."
            )
    if placebos < 100:
        raise ParameterError(f"placebos must be 100 or more; got {placebos}.")
    if not 0 < confidence < 1:
        raise ParameterError(f"confidence must lie between 0 and 1; got {confidence:g}.")
    return lengths


def _why_none(left_out: pd.DataFrame) -> str:
    if left_out.empty:
        return "there are no deployments to compare; export those that reached production."
    counted = left_out["reason"].value_counts()
    why = ", ".join(f"{count} {reason}" for reason, count in counted.items())
    return f"no deployment can be compared with other weeks: {why}."


def _name(deployments: pd.DataFrame) -> str:
    return str(deployments["service"].iloc[0]) if "service" in deployments else ""


def _sums(good: pd.Series, total: pd.Series) -> tuple[float, float]:
    good_seen, total_seen = checked(good, total)
    return exact_sum(total_seen - good_seen), exact_sum(total_seen)


def _estimate(
    past: History, placed: Placements, found: Comparison, *, n: int, confidence: float, seed: int
) -> tuple[Estimate, float]:
    """The excess with its interval, and the smallest excess the test would have found."""
    seen = bursts(past, placed, found)
    noise = chance(past, placed, found, seen, seed=seed)
    most = float(past.bad[placed.treated].sum())
    low, high = interval(found, noise, most=most, confidence=confidence)
    harm = np.where(placed.treated, 1.0 - np.append(seen.by_chance, 1.0)[seen.number], 0.0)
    smallest = detectable(spared(past, placed, found, harm), noise, level=1 - confidence)
    return Estimate(found.excess, low, high, n, confidence, METHOD), smallest


def _share_of(excess: Estimate, whole: float) -> Estimate:
    whole = whole if whole > 0 else NAN
    value, low, high = (each / whole for each in (excess.value, excess.low, excess.high))
    return Estimate(value, low, high, excess.n, excess.confidence, excess.method)


def _per_deployment(
    past: History, found: Comparison, used: pd.DataFrame, after: float
) -> pd.DataFrame:
    """Excess of the windows, each bucket put down to the latest deployment before it."""
    owner, _ = nearest(used["place"].to_numpy(), len(past.total), before=0, after=after)
    beyond = past.bad - found.expected
    inside = owner >= 0
    sums = np.bincount(owner[inside], beyond[inside], minlength=len(used))
    return used[["deployment_id", "finished_at"]].assign(excess=sums)


def _notes(
    past: History,
    placed: Placements,
    found: Comparison,
    weekly: pd.DataFrame,
    lengths: _Lengths,
    p_value: float,
    confidence: float,
    incidents: pd.DataFrame | None,
) -> tuple[str, ...]:
    notes = []
    if past.step >= DAY:
        notes.append("Counts are daily, so the effect is that of the day of a deployment.")
    elif past.step > lengths.after / 6:
        notes.append(
            f"Buckets of {past.step / pd.Timedelta(hours=1):g} h are coarse beside the "
            "window after a deployment; the one it falls into counts whole."
        )
    if placed.units < FEW_WEEKS:
        notes.append(
            f"{placed.units} weeks can be ordered in few ways only; a small p-value is out of "
            "reach."
        )
    if placed.period < WEEK:
        notes.append(
            "Most weeks ship at the same hours, so days are compared with other days of "
            "the same kind instead of weeks with weeks."
        )
    if placed.overlap > HOPELESS:
        notes.append(
            "The same hours of nearly all other such days lie after a deployment too, so there is "
            "hardly anything to compare with."
        )
    if incidents is None:
        notes.append(NO_INCIDENTS)
    most = weekly["excess"].abs() > abs(found.excess) / 2
    carried = weekly.loc[most & (weekly["p_value"] >= 1 - confidence), "week"]
    if p_value < 1 - confidence and len(carried):
        notes.append(
            f"The week of {carried.iloc[0]:%Y-%m-%d} carries most of the effect; without it chance "
            "would explain what is left."
        )
    return tuple(notes)


K = TypeVar("K")
THREADS = 4
"""Services worked on at once, as far as there are cores; each answer is its own."""


def effects(
    counts: Mapping[K, pd.DataFrame],
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None = None,
    exclusions: pd.DataFrame | None = None,
    targets: Mapping[K, float] | None = None,
    **options: Any,
) -> dict[K, Effect | SrelibError]:
    """The effect of deployments on each service, corrected for how many were asked.

    Parameters
    ----------
    counts : mapping of service to DataFrame
        Columns good and total [events]; the key is the name of the service, or has it as
        ``service`` (an ``Indicator``).
    deployments : DataFrame
        Table ``deployments`` of all services, production only.
    incidents, exclusions : DataFrame, optional
        Tables of all services.
    targets : mapping, optional
        Service level objective [fraction] of each key; an ``Indicator`` brings its own.
    **options
        As in `deployment_effect`.

    Returns
    -------
    dict
        By key of `counts`; the error in place of the answer where there is none.
    """
    shipped, down = _apart(deployments), {} if incidents is None else _apart(incidents)

    def one(key: K) -> Effect | SrelibError:
        service, frame = getattr(key, "service", key), counts[key]
        target = (targets or {}).get(key, getattr(key, "target", None))
        try:
            return deployment_effect(
                frame["good"],
                frame["total"],
                shipped.get(service, deployments[:0]),
                incidents=None if incidents is None else down.get(service, incidents[:0]),
                exclusions=_of(exclusions, service),
                target=target if target is not None and target == target else None,
                **options,
            )
        except SrelibError as error:
            return error

    with ThreadPoolExecutor(max_workers=min(THREADS, os.cpu_count() or 1)) as pool:
        return _adjusted(dict(zip(counts, pool.map(one, counts), strict=True)))


def _apart(table: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    return dict(iter(table.groupby("service", sort=False)))


def _of(exclusions: pd.DataFrame | None, service: Any) -> pd.DataFrame | None:
    """Those of a service, and those that name none and so apply to all."""
    if exclusions is None or "service" not in exclusions:
        return exclusions
    return exclusions[exclusions["service"].isna() | (exclusions["service"] == service)]


def _adjusted(found: dict[K, Effect | SrelibError]) -> dict[K, Effect | SrelibError]:
    from scipy.stats import false_discovery_control

    keys = [k for k, e in found.items() if isinstance(e, Effect) and not np.isnan(e.p_value)]
    if not keys:
        return found
    raw = [e.p_value for k in keys if isinstance(e := found[k], Effect)]
    fixed = dict(zip(keys, false_discovery_control(raw), strict=True))
    return {
        key: replace(e, adjusted_p_value=float(fixed[key]))
        if isinstance(e, Effect) and key in fixed
        else e
        for key, e in found.items()
    }
