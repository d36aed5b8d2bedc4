"""The budget as it stood each day when it was looked at: nothing later is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from srelib import events
from srelib.budget.status import _budget_fraction
from srelib.errors import ParameterError
from srelib.policy.rules import FOUR_WEEKS, Policy
from srelib.windows import Window
from srelib.windows.sums import _checked, _divide, _prefix_pair
from srelib.windows.window import _as_window, _period_starts, _regular_step

PROJECT = pd.Timedelta(days=28)
"""Traffic of the rest of a calendar period is expected to be as in so many days before."""
MIN_COVERAGE = 0.5
"""Share of a window that must have been observed before its budget decides anything."""
_ROUNDING = 1e-12
"""A budget spent to the last event has nothing left, but is not overspent."""


@dataclass(frozen=True)
class Ledger:
    """Counts of one objective as running sums, to be asked about any span.

    Parameters
    ----------
    start, step : int
        Start of the first bucket and length of a bucket [us since 1970], [us].
    bad, total, known : ndarray, shape (n + 1,)
        Sums before each bucket [events], [events], [buckets].
    """

    start: int
    step: int
    bad: np.ndarray
    total: np.ndarray
    known: np.ndarray

    @classmethod
    def of(cls, good: pd.Series, total: pd.Series) -> Ledger:
        """Running sums of counts."""
        good_seen, total_seen = _checked(good, total)
        times = pd.DatetimeIndex(good.index)
        step = _regular_step(times)
        known = np.concatenate([[0], np.cumsum(~np.isnan(total_seen))])
        spent, asked = _prefix_pair(
            np.nan_to_num(total_seen - good_seen), np.nan_to_num(total_seen)
        )
        begins, width = int(times.as_unit("us").asi8[0]), int(step / pd.Timedelta(1, "us"))
        return cls(begins, width, spent.sums, asked.sums, known)

    @property
    def size(self) -> int:
        """Buckets."""
        return len(self.bad) - 1

    @property
    def end(self) -> int:
        """End of the last bucket [us since 1970]."""
        return self.start + self.size * self.step

    def until(self, times: np.ndarray) -> np.ndarray:
        """Number of buckets that are over by each time [us since 1970]."""
        return np.clip((times - self.start) // self.step, 0, self.size)

    @staticmethod
    def between(sums: np.ndarray, cut: np.ndarray) -> np.ndarray:
        """Sums between moments [buckets from the start]; within a bucket they grow evenly."""
        whole = np.minimum(cut.astype("int64"), len(sums) - 2)
        values = sums[whole] + (cut - whole) * (sums[whole + 1] - sums[whole])
        return np.asarray(np.diff(values, axis=-1))

    @cached_property
    def first(self) -> pd.Timestamp:
        """Start of the first bucket."""
        return pd.Timestamp(self.start, unit="us", tz="UTC")

    @cached_property
    def last(self) -> pd.Timestamp:
        """End of the last bucket."""
        return pd.Timestamp(self.end, unit="us", tz="UTC")


def _decision_times(
    first: pd.Timestamp, last: pd.Timestamp, *, hour: int, timezone: str
) -> pd.DatetimeIndex:
    """Each day's moment at which is decided, from the first day on until before the end."""
    days = pd.date_range(
        first.tz_convert(timezone).tz_localize(None).normalize(),
        last.tz_convert(timezone).tz_localize(None).normalize(),
        freq="D",
    )
    local = (days + pd.Timedelta(hours=hour)).tz_localize(
        timezone, ambiguous=np.ones(len(days), dtype=bool), nonexistent="shift_forward"
    )
    times = local.tz_convert("UTC").as_unit("us")
    return times[(times > first) & (times < last)]


@dataclass(frozen=True)
class _Daily:
    """The recorded budget at each decision."""

    times: np.ndarray
    since: np.ndarray
    bad: np.ndarray
    allowance: np.ndarray
    coverage: np.ndarray
    recent_since: np.ndarray
    recent_bad: np.ndarray
    recent_allowance: np.ndarray

    def left(self, change: np.ndarray | float = 0.0) -> np.ndarray:
        """Share of the allowance left, with so many bad events more in each window."""
        return 1 - _divide(np.asarray(self.bad + change), self.allowance)


def _daily_budget(
    ledger: Ledger, times: pd.DatetimeIndex, *, target: float, window: Window, recent: pd.Timedelta
) -> _Daily:
    """The budget at each decision, from the buckets that were over by then."""
    at = times.as_unit("us").asi8
    hi = ledger.until(at)
    fraction = _budget_fraction(target)
    if window.duration is not None:
        lo, since, width = _back(ledger, at, hi, window.duration)
        allowance = fraction * (ledger.total[hi] - ledger.total[lo])
    else:
        since = _period_starts(times, window=window).as_unit("us").asi8
        lo = np.minimum(ledger.until(since + ledger.step - 1), hi)
        width = np.maximum((at - since) // ledger.step, 1)
        allowance = fraction * _projected(ledger, at, hi, lo, _period_ends(times, window))
    seen = np.where(at - since < ledger.step, 1.0, (ledger.known[hi] - ledger.known[lo]) / width)
    near, near_since, _ = _back(ledger, at, hi, recent)
    return _Daily(
        times=at, since=since, bad=ledger.bad[hi] - ledger.bad[lo], allowance=allowance,
        coverage=seen, recent_since=near_since, recent_bad=ledger.bad[hi] - ledger.bad[near],
        recent_allowance=fraction * (ledger.total[hi] - ledger.total[near]),
    )  # fmt: skip


def _back(
    ledger: Ledger, at: np.ndarray, hi: np.ndarray, length: pd.Timedelta
) -> tuple[np.ndarray, np.ndarray, int]:
    """First bucket, start and number of buckets of a span that ends at each time."""
    reach = int(length / pd.Timedelta(1, "us"))
    width = max(reach // ledger.step, 1)
    return np.maximum(hi - width, 0), at - reach, width


def _period_ends(times: pd.DatetimeIndex, window: Window) -> np.ndarray:
    ends = [window.bounds_at(time)[1] for time in times]
    return pd.DatetimeIndex(ends).as_unit("us").asi8


def _projected(
    ledger: Ledger, at: np.ndarray, hi: np.ndarray, lo: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """Events of the whole period: those seen, and as many more as the last weeks had."""
    past, _, _ = _back(ledger, at, hi, PROJECT)
    rate = _divide(ledger.total[hi] - ledger.total[past], ledger.known[hi] - ledger.known[past])
    seen = ledger.total[hi] - ledger.total[lo]
    return seen + np.nan_to_num(rate) * ((ends - at) / ledger.step)


def _is_below(left: float | np.ndarray, share: float) -> bool | np.ndarray:
    """Whether less than a share of the budget is left."""
    return left < share - _ROUNDING


def _met_target(bad: float | np.ndarray, allowance: float | np.ndarray) -> bool | np.ndarray:
    """Whether a span kept the target: no more bad events than it allowed."""
    return bad <= allowance * (1 + _ROUNDING)


def _decide(
    left: float, *, was_frozen: bool, policy: Policy, met_lately: Callable[[], bool]
) -> tuple[bool, bool]:
    """Whether an objective asks for a freeze, and for rationing."""
    slow = policy.slow_below is not None and bool(_is_below(left, policy.slow_below))
    if policy.freeze_below is None:
        return False, slow
    if policy.until == "slo":
        asked = was_frozen or bool(_is_below(left, policy.freeze_below))
        return asked and not met_lately(), slow
    thaw = policy.thaw if policy.thaw is not None else 0.0
    return bool(_is_below(left, thaw if was_frozen else policy.freeze_below)), slow


def _recorded_decisions(
    ledger: Ledger,
    *,
    target: float,
    window: Window | pd.Timedelta | str,
    policy: Policy,
    min_coverage: float = MIN_COVERAGE,
) -> pd.DataFrame:
    """What a policy would have decided each day of a record that stays as it is."""
    times = _decision_times(ledger.first, ledger.last, hour=policy.hour, timezone=policy.timezone)
    budget = _daily_budget(
        ledger, times, target=target, recent=pd.Timedelta(policy.recent),
        window=_as_window(window) if policy.window is None else _as_window(policy.window),
    )  # fmt: skip
    left = np.asarray(budget.left())
    judged = (budget.coverage >= min_coverage) & (budget.times <= ledger.end)
    judged &= budget.allowance > 0
    lately = np.asarray(_met_target(budget.recent_bad, budget.recent_allowance))
    frozen = np.zeros(len(times), dtype=bool)
    was = False
    for k, known in enumerate(judged):
        if known:
            was, _ = _decide(left[k], was_frozen=was, policy=policy, met_lately=lately[k].item)
        frozen[k] = was
    return pd.DataFrame({"decided_at": times, "left": left, "judged": judged, "frozen": frozen})


def postmortems(
    good: pd.Series,
    total: pd.Series,
    incidents: pd.DataFrame,
    *,
    target: float,
    window: Window | pd.Timedelta | str = FOUR_WEEKS,
    above: float = 0.2,
) -> pd.DataFrame:
    """Incidents that alone spent more than so much of the budget of a window.

    spent = bad events while it lasted / what the window of ordinary traffic allows

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index.
    incidents : DataFrame
        Table ``incidents`` of the service.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    window : Window, Timedelta or str
        Rolling window of the budget.
    above : float
        Share of it that asks for a postmortem [fraction].

    Returns
    -------
    DataFrame
        incident_id, title, started_at, ended_at (the end of the data while it is open), bad
        [events], spent [fraction]; costliest first.

    Raises
    ------
    ColumnError
        A column is missing.
    ParameterError
        A calendar window, or `above` is not positive.

    Notes
    -----
    What the window allows is taken from the mean traffic of all the data, so that an incident
    early in a short history is not held against a few days. A bucket counts as a whole.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, appendix B.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=1440 * 28, freq="min", tz="UTC")
    >>> total = pd.Series(100.0, index)
    >>> good = total.mask((index >= index[600]) & (index < index[609]), 0.0)
    >>> log = pd.DataFrame({"incident_id": ["i"], "started_at": index[[600]],
    ...                     "resolved_at": index[[609]]})
    >>> postmortems(good, total, log, target=0.999)["spent"].round(3).tolist()
    [0.223]
    """
    length = _as_window(window).duration
    if length is None or not above > 0:
        raise ParameterError(
            "a postmortem needs a rolling window and a share above 0; "
            f"got {_as_window(window)} and {above}."
        )
    events._check_one_service(incidents, "incidents", "incident_id", "started_at", "resolved_at")
    ledger = Ledger.of(good, total)
    ends = incidents["resolved_at"].fillna(ledger.last)
    frame = pd.DataFrame({
        "incident_id": incidents["incident_id"].astype("str"),
        "title": incidents.get("title", incidents["incident_id"]),
        "started_at": incidents["started_at"], "ended_at": ends,
        "bad": _bad(ledger, incidents["started_at"], ends),
    })  # fmt: skip
    rate = _divide(ledger.total[-1], ledger.known[-1])  # events in a bucket
    allowed = _budget_fraction(target) * rate * (length / pd.Timedelta(ledger.step, "us"))
    frame["spent"] = _divide(frame["bad"].to_numpy(), np.full(len(frame), allowed))
    costly = frame[frame["spent"] > above]
    return costly.sort_values("spent", ascending=False, kind="stable", ignore_index=True)


def _bad(ledger: Ledger, starts: pd.Series, ends: pd.Series) -> np.ndarray:
    """Bad events in the buckets that each span touches."""
    first, last = (times.dt.as_unit("us").astype("int64").to_numpy() for times in (starts, ends))
    low = np.clip((first - ledger.start) // ledger.step, 0, ledger.size)
    high = np.clip(-((ledger.start - last) // ledger.step), low, ledger.size)
    return np.asarray(ledger.bad[high] - ledger.bad[low])
