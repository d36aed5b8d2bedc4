"""How often past windows met a target, and how likely the next one will.

The past is read as the windows it held, and as whole weeks from which next windows are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from srelib.budget.forecast import DAY, MIN_COVERAGE, _check_step, _day_edges, _day_sums
from srelib.budget.status import _budget_fraction
from srelib.errors import ParameterError
from srelib.stats.intervals import _level
from srelib.windows import History, Window
from srelib.windows.sums import _buckets, _divide
from srelib.windows.window import _calendar_periods, _in_force

MIN_DAYS = 4
"""Days of a week that must have been observed before the week counts."""

MIN_WEEKS, MIN_WINDOWS = 4, 2
"""Least history from which a target can be recommended: whole weeks, and windows."""

METHOD = "weeks redrawn, with room for worse ones than were seen"
HISTORIES, DRAWS = 500, 120
UNSEEN = 0.6
"""Weight of all weeks worse than the worst one seen, where each week seen has 1."""
TOP, SHAPE, DECAY = 4, 2.0, 0.5
"""Worst weeks that tell how heavy the tail is; shape and mean of what is taken for granted."""
UNBOUNDED = 0.1
"""Share of redrawn histories whose unseen weeks are of any size up to a total outage."""


@dataclass(frozen=True)
class _Weeks:
    """Whole weeks back from the end of the data, oldest first; `kept` says which of all."""

    end: pd.Timestamp
    bad: np.ndarray
    total: np.ndarray
    whole: bool
    kept: np.ndarray = field(default_factory=lambda: np.ones(0, dtype=bool))

    def __len__(self) -> int:
        return len(self.total)

    def expected(self, window: Window) -> float:
        """Events expected in the next window, traffic being as in these weeks."""
        if not len(self):
            return float("nan")
        start, end = _window_chance(window, self.end)
        return float(self.total.mean() * ((end - start) / DAY))


def _whole_weeks(past: History) -> _Weeks:
    """The whole weeks of a history that were observed well enough."""
    _check_step(past.step)
    days = _day_sums(past, _day_edges(past, 7 * int(past.length // (7 * DAY))))
    bad, total = days.T.reshape(2, -1, 7)
    kept = (~np.isnan(total)).sum(axis=1) >= MIN_DAYS
    filled = [np.where(np.isnan(d), np.nanmean(d, axis=1, keepdims=True), d)
              for d in (bad[kept], total[kept])]  # fmt: skip
    return _Weeks(past.end, filled[0], filled[1], past.total.exponent is None, kept)


def _weeks_needed(window: Window, *, end: pd.Timestamp) -> int:
    """Whole weeks of history from which a target over this window can be recommended."""
    start, stop = _window_chance(window, end)
    return max(MIN_WEEKS, math.ceil(MIN_WINDOWS * ((stop - start) / (7 * DAY)) - 1e-9))


def _background_error_rate(weeks: _Weeks) -> float:
    """Error rate of an ordinary day: that of the median day, or week where few events are bad."""
    bad, total = weeks.bad, weeks.total
    if bad.size and bad.mean() < 5:
        bad, total = bad.sum(axis=1), total.sum(axis=1)
    rates = _divide(bad, total)[total > 0]
    return float(np.median(rates)) if len(rates) else math.nan


def _window_chance(window: Window, end: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The next whole window after the end of the data."""
    if window.duration is not None:
        return end, end + window.duration
    start, after = window.bounds_at(end)
    return (start, after) if start == end else window.bounds_at(after)


def past_windows(
    past: History,
    *,
    window: Window,
    target: float = math.nan,
    targets: Sequence[tuple[pd.Timestamp | None, float]] = (),
) -> pd.DataFrame:
    """Every window the history held: rolling ones once a day, calendar periods once.

    Parameters
    ----------
    past : History
    window : Window, a day or longer, and no shorter than a bucket (else `ParameterError`)
    target : float, the target in use [fraction]; NaN where there is none
    targets : sequence of (Timestamp or None, float), optional, every target so far with when it
        came into force

    Returns
    -------
    DataFrame
        ends_at (UTC), bad, total [events], ratio (share of good events [fraction]), target (in
        force at its end; NaN where there was none); one row per whole window of which at least
        half was observed.

    Examples
    --------
    >>> from srelib.windows import history
    >>> hours = pd.date_range("2026-01-01", periods=24 * 9, freq="h", tz="UTC")
    >>> total = pd.Series(10.0, hours)
    >>> past_windows(history(total, total), window=Window.parse("7d"))["ratio"].tolist()
    [1.0, 1.0, 1.0]
    """
    _check_length(window)
    if window.is_rolling:  # whole ones that end at each 24 hours back from the end of the data
        stops = _day_edges(past, int(past.length // DAY))
        starts = stops - _buckets(window, step=past.step)
        starts, stops = starts[starts >= 0], stops[starts >= 0]
        ends = pd.DatetimeIndex(past.index[0] + stops * past.step.to_numpy())
    else:
        periods = _calendar_periods(past.index[0], past.end, window=window)
        periods = periods[periods["complete"]]
        starts, stops = (past.index.searchsorted(periods[c]) for c in ("starts_at", "ends_at"))
        ends = pd.DatetimeIndex(periods["ends_at"])
    known = past.known
    kept = (known[stops] - known[starts]) >= MIN_COVERAGE * (stops - starts)
    bad, total = (sums.between(starts[kept], stops[kept]) for sums in (past.bad, past.total))
    ratio = 1 - _divide(bad, total)
    held = _in_force(target, targets, ends[kept])
    columns = {"ends_at": ends[kept], "bad": bad, "total": total, "ratio": ratio, "target": held}
    return pd.DataFrame(columns)


def _check_length(window: Window) -> None:
    """Refuse windows shorter than a day, which weeks of days cannot fill."""
    if window.duration is not None and window.duration < DAY:
        raise ParameterError(
            f"window must be at least a day long; got {window}. For four weeks write 28d."
        )


def _pass_probabilities(
    weeks: _Weeks,
    *,
    targets: Sequence[float],
    window: Window,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Probability that the next window meets each target; unknown without a whole week."""
    tail = (1 - _level(confidence)) / 2
    if not weeks.total.sum() > 0:
        return pd.DataFrame(math.nan, _by_target(targets), ["probability", "low", "high"])
    by_history = _met(weeks, targets=targets, window=window, seed=seed)
    by_history = by_history[~np.isnan(by_history).any(axis=1)]
    mean = by_history.mean(axis=0)
    low, high = np.quantile(by_history, [tail, 1 - tail], axis=0)
    found = pd.DataFrame({"probability": mean}, _by_target(targets))
    # a few histories can carry the mean beyond nearly all
    return found.assign(low=np.minimum(low, mean), high=np.maximum(high, mean))


def _met(
    weeks: _Weeks,
    *,
    targets: Sequence[float],
    window: Window,
    seed: int = 0,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Share of simulated windows that meet each target, one row per redrawn history.

    `weights` are those of the weeks in their order, as `_week_weights` gives them.
    """
    budgets = np.array([_budget_fraction(target) for target in targets])
    bad, total = _simulated_windows(weeks, window, np.random.default_rng(seed), weights)
    has_traffic = total > 0
    error_rates = np.sort(np.where(has_traffic, _divide(bad, total), np.inf) / (1 + 1e-9), axis=1)
    met = np.stack([np.searchsorted(row, budgets, side="right") for row in error_rates])
    return _divide(met, has_traffic.sum(axis=1)[:, None])


def _week_weights(weeks: _Weeks, many: int, *, longer: float = 1.0) -> np.ndarray:
    """Weight of each week, and of what is worse than all, in redrawn histories so much longer."""
    parts = [*np.full(len(weeks), longer), UNSEEN]
    return np.random.default_rng([0, many]).dirichlet(parts, size=many)


def _by_target(targets: Sequence[float]) -> pd.Index:
    """The index of tables with one row per target."""
    return pd.Index(np.asarray(targets, dtype="float64"), name="target")


def _simulated_windows(
    weeks: _Weeks, window: Window, rng: np.random.Generator, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Bad and total events of simulated windows, one row per redrawn history."""
    start, end = _window_chance(window, weeks.end)
    count = max(round((end - start) / DAY), 1)
    first = round((start - weeks.end) / DAY) % 7
    whole, rest = divmod(count, 7)
    order, ratio, totals, part_bad, part_total = _rank(weeks, (first + np.arange(rest)) % 7)
    if weights is None:
        number = rng.dirichlet([*np.ones(len(weeks)), UNSEEN], size=HISTORIES)
    else:
        number = weights[:, [*order, len(weeks)]]
    many = len(number)
    exponent = _tail_exponents(ratio, rng, many)
    unbounded = rng.random((many, 1)) < UNBOUNDED
    bad, total = np.zeros((many, DRAWS)), np.zeros((many, DRAWS))
    for turn in range(whole + (rest > 0)):
        place, share = _draw_weeks(ratio, totals.sum(), number, exponent, unbounded, rng)
        traffic, failed = totals[place], share * totals[place]
        if turn == whole:
            traffic, failed = traffic * part_total[place], failed * part_bad[place]
        total += traffic
        if weeks.whole:
            failed = np.floor(failed + rng.random(failed.shape))
        bad += np.minimum(failed, traffic)
    return bad, total


def _rank(weeks: _Weeks, part: np.ndarray) -> tuple[np.ndarray, ...]:
    """Order of the weeks by error rate; so ordered their rate and total, and what falls on some of
    their days of the bad and of all.
    """
    bad, total = weeks.bad.sum(axis=1), weeks.total.sum(axis=1)
    ratio = np.nan_to_num(_divide(bad, total))
    part_total = np.nan_to_num(_divide(weeks.total[:, part].sum(axis=1), total))
    part_bad = np.where(bad > 0, _divide(weeks.bad[:, part].sum(axis=1), bad), part_total)
    order = np.argsort(ratio, kind="stable")
    return order, *(values[order] for values in (ratio, total, part_bad, part_total))


def _draw_weeks(
    ratio: np.ndarray, total: float, weights: np.ndarray, exponent: np.ndarray,
    unbounded: np.ndarray, rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """One week of every simulated window: the past week it is like, and its error rate."""
    n, histories = len(ratio), len(weights)
    edges = np.cumsum(weights, axis=1) + np.arange(histories)[:, None]
    where = rng.random((histories, DRAWS)) + np.arange(histories)[:, None]
    cell = np.searchsorted(edges.ravel(), where.ravel()).reshape(where.shape)
    cell = np.clip(cell - np.arange(histories)[:, None] * (n + 1), 0, n)
    place = np.minimum(cell, n - 1)
    least = 1 / max(total, 1.0)
    high = ratio[place]
    low = np.maximum(ratio[np.maximum(place - 1, 0)], np.minimum(least, high))
    even = 1 - rng.random(where.shape)
    worst = max(ratio[-1], least)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.where(high > 0, high * (low / high) ** even, 0.0)
        beyond = worst * np.exp(np.minimum(-np.log(even) * exponent, -np.log(worst)))
    beyond = np.where(unbounded, worst ** (1 - even), beyond)
    return place, np.where(cell == n, beyond, between)


def _tail_exponents(ratio: np.ndarray, rng: np.random.Generator, many: int) -> np.ndarray:
    """How heavy the tail beyond the worst week is, one draw per redrawn history."""
    top = min(TOP, len(ratio) - 1)
    logs = 0.0
    if top and ratio[-1] > 0:
        base = max(ratio[-1 - top], 1e-3 * ratio[-1])
        logs = float(np.log(np.maximum(ratio[len(ratio) - top :], base) / base).sum())
    return (SHAPE * DECAY + logs) / rng.gamma(SHAPE + top, size=(many, 1))
