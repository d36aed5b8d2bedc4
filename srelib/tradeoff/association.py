"""Did delivery and reliability move together: week by week, and from service to service.

The two questions have two answers, which may differ in sign (Simpson's paradox).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd

from srelib import windows
from srelib.errors import ColumnError, ParameterError
from srelib.fleet import Indicator
from srelib.stats import Estimate
from srelib.stats.intervals import NAN, _normal_quantile
from srelib.windows import Window
from srelib.windows.sums import _divide, _sums_between
from srelib.windows.window import _calendar_periods

FEWEST_WEEKS = 8
"""Weeks of a service below which nothing is said of it."""
FEWEST_SERVICES = 4
CONFIDENCE = 0.95
MIN_COVERAGE, POWER = 0.5, 0.8
WITHIN = "shifted and shuffled weeks"
BETWEEN = "permuted services"
COLUMNS = [
    "service", "starts_at", "deployments", "batch", "failed", "fail_share",
    "bad", "total", "allowed", "bad_share", "spent", "coverage",
]  # fmt: skip

Span = tuple[pd.Timestamp, pd.Timestamp]
"""Start and end of a period, half-open."""


def shared_span(
    counts: Mapping[Indicator, pd.DataFrame],
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None = None,
    as_of: pd.Timestamp | None = None,
) -> Span | None:
    """The time on which both reliability and deployments are on record, half-open.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame, counts on regular UTC indexes
    deployments : DataFrame, table ``deployments``; its record begins with its first row
    incidents : DataFrame, table ``incidents``, where there is neither of the others
    as_of : Timestamp, end of the data, where there are no counts

    Returns
    -------
    pair of Timestamp or None
        From the later beginning to the end of the counts; without deployments all of the counts,
        without counts from the first deployment (or else incident) to `as_of`. None where there
        is nothing, or the two never overlap.

    Examples
    --------
    >>> shared_span({}, pd.DataFrame()) is None
    True
    """
    indexes = [pd.DatetimeIndex(frame.index) for frame in counts.values() if len(frame) > 1]
    seen = [(index[0], index[-1] + windows.step_of(index)) for index in indexes]
    return _overlap(seen, deployments, incidents=incidents, as_of=as_of)


def _overlap(
    seen: Sequence[Span],
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None,
    as_of: pd.Timestamp | None,
) -> Span | None:
    """The same, of counts that were `seen` in these spans."""
    deployed = _first(deployments, "finished_at")
    if seen:
        first, last = min(start for start, _ in seen), max(end for _, end in seen)
        first = first if deployed is None else max(first, deployed)
    else:
        begun = _first(incidents, "started_at")
        known = deployed if deployed is not None else begun
        if known is None or as_of is None:
            return None
        first, last = known, as_of
    return (first, last) if first < last else None


def _first(table: pd.DataFrame | None, column: str) -> pd.Timestamp | None:
    """Start of the day of the first record."""
    if table is None or not len(table) or not table[column].notna().any():
        return None
    return pd.Timestamp(table[column].min()).floor("D")


def weekly(
    counts: Mapping[Indicator, pd.DataFrame],
    outcomes: pd.DataFrame,
    *,
    between: Span | None,
    timezone: str = "UTC",
) -> pd.DataFrame:
    """Every whole week of every service: deployments beside bad events.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame, one of each service (`objectives.per_service`)
    outcomes : DataFrame, as from `deployment_outcomes`
    between : pair of Timestamp or None, as from `shared_span`; None: no weeks
    timezone : str, IANA zone in which weeks begin on Monday at midnight

    Returns
    -------
    DataFrame
        service, starts_at, deployments, batch (their mean size) [changes], failed, fail_share
        [fraction], bad, total, allowed (by the target on that traffic) [events], bad_share, spent
        (bad over allowed), coverage [fraction]. A week without a deployment has no batch and no
        fail share; bad events of one less than half observed are unknown.

    Raises
    ------
    ParameterError
        A service has two indicators.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-05", periods=2 * 168, freq="h", tz="UTC")
    >>> seen = pd.DataFrame({"good": 99.0, "total": 100.0}, index=hours)
    >>> shop = Indicator("shop", "shop", target=0.98)
    >>> rows = pd.DataFrame({"service": "shop", "finished_at": hours[[0, 3]], "size": 1.0,
    ...                      "failed": False})
    >>> weeks = weekly({shop: seen}, rows, between=(hours[0], hours[-1] + pd.Timedelta("1h")))
    >>> weeks[["deployments", "bad", "spent"]].round(6).values.tolist()
    [[2.0, 168.0, 0.5], [0.0, 168.0, 0.5]]
    """
    services = [key.service for key in counts]
    if len(set(services)) < len(services):
        twice = next(name for name in services if services.count(name) > 1)
        raise ParameterError(
            f"counts must hold one indicator for each service; {twice!r} has several. "
            "Choose with objectives.per_service."
        )
    if between is None:
        return pd.DataFrame(columns=COLUMNS)
    weeks = _calendar_periods(*between, window=Window(unit="week", timezone=timezone))
    weeks = weeks[weeks["complete"]]
    groups = {str(name): rows for name, rows in outcomes.groupby("service")}
    parts = [_of_service(key, own, groups.get(key.service), weeks) for key, own in counts.items()]
    rows = [part for part in parts if len(part)]
    return pd.concat(rows, ignore_index=True)[COLUMNS] if rows else pd.DataFrame(columns=COLUMNS)


def _of_service(
    key: Indicator, counts: pd.DataFrame, outcomes: pd.DataFrame | None, weeks: pd.DataFrame
) -> pd.DataFrame:
    edges = pd.DatetimeIndex([*weeks["starts_at"], *weeks["ends_at"].iloc[-1:]])
    if len(edges) < 2 or len(counts) < 2:
        return pd.DataFrame(columns=COLUMNS)
    index = pd.DatetimeIndex(counts.index)
    seen = _sums_between(counts["good"], counts["total"], index.searchsorted(edges))
    of = np.diff(edges) / windows.step_of(index).to_timedelta64()
    coverage = _divide(seen["known"].to_numpy(), of)
    known = seen.where(pd.Series(coverage >= MIN_COVERAGE))
    bad = known["total"] - known["good"]
    share = _divide(bad, known["total"])
    allowed = known["total"] * (1 - key.target)
    found = {"service": key.service, "starts_at": edges[:-1], "bad": bad, "total": known["total"],
             "allowed": allowed, "bad_share": share, "spent": _divide(bad, allowed),
             "coverage": coverage}  # fmt: skip
    return pd.DataFrame({**found, **_deployments_by_week(outcomes, edges)})


def _deployments_by_week(
    outcomes: pd.DataFrame | None, edges: pd.DatetimeIndex
) -> dict[str, np.ndarray]:
    """Deployments, mean batch, failed and their share, from one edge to the next."""
    if outcomes is None:
        none = np.full(len(edges) - 1, np.nan)
        return {"deployments": np.zeros(len(edges) - 1), "batch": none, "failed": none,
                "fail_share": none}  # fmt: skip
    cuts = pd.DatetimeIndex(outcomes["finished_at"]).searchsorted(edges)
    n = np.diff(cuts).astype("float64")
    size, sized = _sums(outcomes["size"], cuts)
    failed, known = _sums(outcomes["failed"], cuts)
    return {"deployments": n, "batch": _divide(size, sized),
            "failed": np.where(known > 0, failed, np.nan),
            "fail_share": _divide(failed, known)}  # fmt: skip


def _sums(values: pd.Series, cuts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum of the known values from one cut to the next, and their number."""
    running = pd.DataFrame({"sum": values.astype("float64").fillna(0.0), "known": values.notna()})
    sums = np.vstack([np.zeros(2), running.cumsum().to_numpy(dtype="float64")])[cuts]
    found = np.diff(sums, axis=0)
    return found[:, 0], found[:, 1]


@dataclass(frozen=True)
class Association:
    """How one thing measured every week moved with another.

    x, y: columns of the panel
    within: rank correlation of the weeks of a service, drifts taken out; n: weeks
    within_p: chance of one at least as far from 0 if weeks had nothing to do with it
    between: rank correlation of the services' own levels; n: services
    between_p: the same for services
    pooled: rank correlation of all weeks thrown together, which mixes the two
    detectable: smallest correlation within services shown with 80 % power
    weeks: service, starts_at, x, y, x_within, y_within (ranks, from -0.5 to 0.5)
    services: service, x, y (levels), weeks, few_x, few_y, many_x, many_y (levels of the weeks with
        few x and with many), slope (rank correlation of its weeks)
    left_out: services with too few weeks, or in which x or y never changes
    """

    x: str
    y: str
    within: Estimate
    within_p: float
    between: Estimate
    between_p: float
    pooled: float
    detectable: float
    weeks: pd.DataFrame
    services: pd.DataFrame
    left_out: tuple[str, ...]

    @property
    def reverses(self) -> bool:
        """Whether the two answers differ in sign."""
        return self.within.value * self.between.value < 0

    @property
    def is_paradox(self) -> bool:
        """Whether they differ in sign, both beyond chance: Simpson's paradox."""
        return self.reverses and max(self.within_p, self.between_p) < 1 - self.within.confidence


def association(
    panel: pd.DataFrame,
    *,
    x: str = "deployments",
    y: str = "bad_share",
    resamples: int = 1999,
    seed: int = 0,
) -> Association:
    """How two columns of a weekly panel moved together, within services and between them.

    NaN where there are too few weeks (8 for a service) or services (4).

    Parameters
    ----------
    panel : DataFrame, weeks by services, as from `weekly`
    x, y : str, columns
    resamples, seed : int, shuffles of each kind, and their seed

    Raises
    ------
    ColumnError, ParameterError
        The panel lacks a column; fewer than 99 resamples.

    Examples
    --------
    >>> mondays = pd.date_range("2026-01-05", periods=12, freq="7D", tz="UTC")
    >>> one = pd.DataFrame({"service": "a", "starts_at": mondays,
    ...     "deployments": [1, 4, 2, 6, 3, 5, 2, 6, 1, 5, 3, 4.0]})
    >>> found = association(one.assign(bad_share=one["deployments"] / 1e4))
    >>> found.within.value, found.between.n
    (1.0, 1)
    """
    lacking = [name for name in ("service", "starts_at", x, y) if name not in panel.columns]
    if lacking:
        raise ColumnError(f"panel lacks {', '.join(lacking)}; columns seen: {list(panel)}.")
    if resamples < 99:
        raise ParameterError(f"resamples must be at least 99; got {resamples}.")
    rows = panel[["service", "starts_at", x, y]].dropna()
    rows = rows.set_axis(["service", "starts_at", "x", "y"], axis=1)
    table_x, table_y = (rows.pivot(index="service", columns="starts_at", values=c) for c in "xy")
    rank_x, rank_y = _ranks(table_x.to_numpy(float)), _ranks(table_y.to_numpy(float))
    used = (rank_x**2).sum(axis=1) * (rank_y**2).sum(axis=1) > 0
    rank_x, rank_y = rank_x * used[:, None], rank_y * used[:, None]
    within, within_p, spread = _within(rank_x, rank_y, resamples, seed)
    levels = _levels(panel, x, y)
    between, between_p = _between(levels, resamples, seed)
    size = np.sqrt((rank_x**2).sum(axis=1) * (rank_y**2).sum(axis=1))
    slopes = pd.Series(_divide((rank_x * rank_y).sum(axis=1), size), table_x.index.astype("str"))
    steps = _normal_quantile(CONFIDENCE) + _normal_quantile(2 * POWER - 1)
    at = (table_x.index.get_indexer(pd.Index(rows["service"])),
          table_x.columns.get_indexer(pd.Index(rows["starts_at"])))  # fmt: skip
    return Association(
        x, y, within, within_p, between, between_p,
        pooled=_spearman(rows["x"].to_numpy(float), rows["y"].to_numpy(float)),
        detectable=float(np.tanh(steps * spread)),
        weeks=rows.assign(x_within=rank_x[at], y_within=rank_y[at]).reset_index(drop=True),
        services=levels.assign(slope=levels["service"].map(slopes)),
        left_out=tuple(str(s) for s in table_x.index[~used]),
    )  # fmt: skip


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks of each row as shares of its length, mean and straight drift taken out; NaN is 0."""
    from scipy.stats import rankdata

    found = np.zeros(values.shape)
    for row, line in enumerate(values):
        at = np.flatnonzero(~np.isnan(line))
        if len(at) < FEWEST_WEEKS or np.ptp(line[at]) == 0:
            continue
        rank = (rankdata(line[at]) - (len(at) + 1) / 2) / len(at)
        time = at - at.mean()
        rest = rank - time * (time @ rank) / (time @ time)
        found[row, at] = rest if (rest**2).sum() > 1e-9 * (rank**2).sum() else 0.0
    return found


def _within(
    x: np.ndarray, y: np.ndarray, resamples: int, seed: int
) -> tuple[Estimate, float, float]:
    """Correlation of the ranks, its p, and the spread chance gives it, widened as t is."""
    from scipy.special import stdtr, stdtrit

    size = float(np.sqrt((x**2).sum() * (y**2).sum()))
    n = int(((x != 0) | (y != 0)).sum())
    if not size:
        return Estimate(NAN, NAN, NAN, n, CONFIDENCE, WITHIN), NAN, NAN
    value = float(np.clip((x * y).sum() / size, -1, 1))
    rng = np.random.default_rng(seed)
    drawn = _shifted(x, y, resamples, rng) / size, _shuffled(x, y, resamples, rng) / size
    far = abs(value) * (1 - 1e-9)
    p = max(float((1 + (np.abs(d) >= far).sum()) / (1 + len(d))) for d in drawn)
    spread, df = max(float(d.std()) for d in drawn), max(6, x.shape[1] // 4)
    steps = float(np.arctanh(min(abs(value), 1 - 1e-12)) / spread) if spread else np.inf
    p = max(p, float(2 * stdtr(df, -steps)))
    spread *= float(stdtrit(df, (1 + CONFIDENCE) / 2)) / _normal_quantile(CONFIDENCE)
    low, high = _fisher(value, spread)
    return Estimate(value, low, high, n, CONFIDENCE, WITHIN), p, spread


def _shifted(x: np.ndarray, y: np.ndarray, resamples: int, rng: Any) -> np.ndarray:
    """Sums of products with the weeks of each service shifted in a circle by its own lag."""
    services, weeks = x.shape
    at_lag = np.fft.irfft(np.fft.rfft(x) * np.conj(np.fft.rfft(y)), weeks)
    lags = rng.integers(weeks, size=(resamples, services))
    return np.asarray(at_lag[np.arange(services), lags].sum(axis=1))


def _shuffled(x: np.ndarray, y: np.ndarray, resamples: int, rng: Any) -> np.ndarray:
    """Sums of products with runs of weeks shuffled, in all services at once."""
    weeks = x.shape[1]
    product = x.T @ y
    runs = max(weeks // max(3, weeks // 4), 2)
    here = np.arange(weeks)
    run = np.repeat(np.arange(runs), [len(part) for part in np.array_split(here, runs)])
    places = np.argsort(rng.random((resamples, runs))[:, run], axis=1, kind="stable")
    order = (places + rng.integers(weeks, size=(resamples, 1))) % weeks
    return np.asarray(product[here, order].sum(axis=1))


def _fisher(value: float, spread: float) -> tuple[float, float]:
    if abs(value) >= 1:
        return value, value
    half = _normal_quantile(CONFIDENCE) * spread
    return float(np.tanh(np.arctanh(value) - half)), float(np.tanh(np.arctanh(value) + half))


def _levels(panel: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Levels of each service: mean of a count, ratio of sums for a share."""
    rows = panel.dropna(subset=[x, y])
    found = {}
    for name, part in rows.groupby("service", observed=True):
        few = part[x].rank(method="first") <= len(part) // 2
        halves = [_level(half, c) for half in (part[few], part[~few]) for c in (x, y)]
        found[str(name)] = (_level(part, x), _level(part, y), len(part), *halves)
    columns = ["x", "y", "weeks", "few_x", "few_y", "many_x", "many_y"]
    frame = pd.DataFrame.from_dict(found, orient="index", columns=columns)
    return frame.rename_axis("service").reset_index()


SUMS = {
    "bad_share": ("bad", "total"),
    "spent": ("bad", "allowed"),
    "fail_share": ("failed", "deployments"),
}
"""Shares of a panel, and the two columns whose sums make the share of several weeks."""


def _level(rows: pd.DataFrame, column: str) -> float:
    if column in SUMS and set(SUMS[column]) <= set(rows):
        part, whole = (rows[name].sum() for name in SUMS[column])
        return float(_divide(np.array(part), whole))
    return float(rows[column].mean())


def _between(levels: pd.DataFrame, resamples: int, seed: int) -> tuple[Estimate, float]:
    """Rank correlation of the levels, and its p over permutations of the services."""
    from scipy.stats import rankdata

    n, x, y = len(levels), levels["x"].to_numpy(float), levels["y"].to_numpy(float)
    if n < FEWEST_SERVICES or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Estimate(NAN, NAN, NAN, n, CONFIDENCE, BETWEEN), NAN
    value = _spearman(x, y)
    a, b = (rankdata(v) - (n + 1) / 2 for v in (x, y))
    if factorial(n) <= 5040:
        orders, added = np.array(list(permutations(range(n)))), 0
    else:
        rng = np.random.default_rng(seed)
        orders, added = np.array([rng.permutation(n) for _ in range(resamples)]), 1
    drawn = np.abs((a * b[orders]).sum(axis=1))
    hits = int((drawn >= abs((a * b).sum()) * (1 - 1e-9)).sum())
    spread = float(np.sqrt((1 + value**2 / 2) / (n - 3)))
    low, high = _fisher(value, spread)
    return (Estimate(value, low, high, n, CONFIDENCE, BETWEEN),
            (hits + added) / (len(orders) + added))  # fmt: skip


def _spearman(x: np.ndarray, y: np.ndarray) -> float:
    from scipy.stats import rankdata

    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return NAN
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
