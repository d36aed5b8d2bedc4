"""Burn rates, replay, scoring and search, against NumPy, pandas, polars and a real Prometheus.

Ten services or one, a year of minutes each.
promtool replays three days, which is what its windows see for all but the start of a year.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measure import Row, alternate, seconds, table
from srelib import alerts, windows
from srelib.alerts.policies import AlertPolicy, _threshold
from srelib.alerts.score import _budget_events, _spending
from srelib.fleet import Indicator
from srelib.windows.sums import _prefix_pair, _ratios

MINUTES = 525_600
SERVICES = 10
PROMTOOL_MINUTES = 4_500
TIMES = 10_000
TARGET = 0.99
PERIOD = "28d"
REPEATS = 5
SEED = 20260629
FAST = ("30m/150s", "1h/5m", "2h/10m", "3h/15m")
SLOW = ("4h/20m", "6h/30m", "12h/1h", "1d/2h")
WIDTHS = (5, 30, 60, 120, 360, 1440, 4320)
LIMIT_FLOOR, LIMIT_PANDAS, LIMIT_PROMTOOL, LIMIT_SEARCH = 1.5, 0.1, 1.0, 0.1
LIMIT_POLARS = 0.25


def year(seed: int = SEED) -> tuple[pd.Series, pd.Series]:
    """A year of minutes of one service with a hundred incidents.

    Parameters
    ----------
    seed : int

    Returns
    -------
    good, total : Series
        [events]
    """
    random = np.random.default_rng(seed)
    index = pd.date_range("2025-01-01", periods=MINUTES, freq="1min", tz="UTC", unit="us")
    total = random.poisson(500, MINUTES)
    ratio = np.full(MINUTES, 0.002)
    for start in random.integers(0, MINUTES - 300, 100):
        ratio[start : start + random.integers(5, 300)] = random.choice([0.02, 0.1, 0.5, 1.0])
    good = total - random.binomial(total, ratio)
    return pd.Series(good, index, dtype="float64"), pd.Series(total, index, dtype="float64")


def burn_rates(bad: np.ndarray, total: np.ndarray) -> None:
    """Error ratios of every service over all windows.

    Parameters
    ----------
    bad, total : array, shape (services, minutes)
        [events]
    """
    _ratios(*_prefix_pair(bad, total), widths=WIDTHS)


def one_by_one(bad: np.ndarray, total: np.ndarray) -> None:
    """The same a service at a time, as a replay does it: nothing is kept but the last.

    Parameters
    ----------
    bad, total : array, shape (services, minutes)
        [events]
    """
    for service in zip(bad, total, strict=True):
        burn_rates(*service)


def floor(bad: np.ndarray, total: np.ndarray) -> None:
    """The bare cumulative sums and subtractions those need, without a division or a check.

    Parameters
    ----------
    bad, total : array, shape (services, minutes)
        [events]
    """
    sums = [np.cumsum(each, axis=1) for each in (bad, total)]
    for width in WIDTHS:
        for each in sums:
            each[:, width:] - each[:, :-width]


def with_pandas(counts: pd.DataFrame) -> None:
    """The same burn rates the way one would write them in a notebook.

    Parameters
    ----------
    counts : DataFrame
        service, bad, total, a row per service and minute in order of time.
    """
    grouped = counts.groupby("service")[["bad", "total"]]
    for width in WIDTHS:
        rolled = grouped.rolling(width, min_periods=1).sum()
        rolled["bad"] / rolled["total"]


def with_polars(frames: list[Any], *, by: str | None = None) -> None:
    """The same burn rates with polars, which runs the expressions of a frame on every core.

    Parameters
    ----------
    frames : list of polars.DataFrame
        bad, total: a frame per service, or one long frame.
    by : str, optional
        Column that tells the services of a long frame apart.
    """
    import polars

    bad, total = polars.col("bad"), polars.col("total")
    for frame in frames:
        rates = []
        for width in WIDTHS:
            sums = [each.rolling_sum(width, min_samples=1) for each in (bad, total)]
            part, whole = [each.over(by) for each in sums] if by else sums
            rates.append((part / whole).alias(str(width)))
        frame.select(rates)


def replay(good: pd.Series, total: pd.Series) -> alerts.Score:
    """Replay the Workbook's policy and score it.

    Parameters
    ----------
    good, total : Series
        [events]

    Returns
    -------
    Score
    """
    past = windows.history(good, total)
    truth = _budget_events(past, target=TARGET, period=PERIOD, share=0.02)
    budget = _spending(past, target=TARGET, period=PERIOD)
    fires = alerts.firing(good, total, target=TARGET, policy=alerts.workbook_policy(PERIOD))
    return alerts.score(fires, truth, budget=budget, merge="1h")


def _rates(repeats: int) -> list[Row]:
    """Seven windows of ten services."""
    pairs = [year(SEED + n) for n in range(SERVICES)]
    total = np.array([whole.to_numpy() for _, whole in pairs])
    bad = total - np.array([good.to_numpy() for good, _ in pairs])
    ours, bare = alternate(
        lambda: seconds(lambda: burn_rates(bad, total)),
        lambda: seconds(lambda: floor(bad, total)),
        repeats=repeats,
    )
    counts = pd.DataFrame(
        {
            "service": pd.Categorical(np.repeat(np.arange(SERVICES), MINUTES)),
            "bad": bad.ravel(),
            "total": total.ravel(),
        }
    )
    again, slow = alternate(
        lambda: seconds(lambda: burn_rates(bad, total)),
        lambda: seconds(lambda: with_pandas(counts)),
        repeats=2,
    )
    name = f"burn rates, {len(WIDTHS)} windows, {SERVICES} service-years of minutes"
    return [
        Row(name, ours, bare, "NumPy cumsum and subtract", LIMIT_FLOOR, repeats),
        Row(name, again, slow, "pandas groupby.rolling", LIMIT_PANDAS, 2),
        *_polars(name, bad, total, repeats),
    ]


def _polars(name: str, bad: np.ndarray, total: np.ndarray, repeats: int) -> list[Row]:
    """The same against polars; nothing where it is missing."""
    if importlib.util.find_spec("polars") is None:
        return []
    import polars

    frames = [
        polars.DataFrame({"service": [str(n)] * len(b), "bad": b, "total": t})
        for n, (b, t) in enumerate(zip(bad, total, strict=True))
    ]
    long = [polars.concat(frames)]
    rows = []
    for text, given, by, call in (
        ("polars rolling_sum over service", long, "service", burn_rates),
        ("polars rolling_sum, both a service at a time", frames, None, one_by_one),
    ):
        ours, other = alternate(
            lambda call=call: seconds(lambda: call(bad, total)),  # type: ignore[misc]
            lambda given=given, by=by: seconds(lambda: with_polars(given, by=by)),  # type: ignore[misc]
            repeats=3 * repeats,
        )
        rows.append(Row(name, ours, other, text, LIMIT_POLARS, 3 * repeats))
    return rows


def _promtool(good: pd.Series, total: pd.Series) -> list[Row]:
    """Ten thousand minutes here against one minute there; nothing where promtool is missing."""
    if shutil.which("promtool") is None:
        return []
    from tests.alerts import promtool

    limits = [(r, _threshold(r, target=TARGET)) for r in alerts.workbook_policy(PERIOD)]
    bad = (total - good).to_numpy()[:PROMTOOL_MINUTES]
    whole = total.to_numpy()[:PROMTOOL_MINUTES]
    ours, other = alternate(
        lambda: 1e3 * seconds(lambda: replay(good, total)) / MINUTES * TIMES,
        lambda: 1e3 * seconds(lambda: promtool.firing(bad, whole, limits=limits)) / len(bad),
        repeats=5,
        warm=False,
    )
    name = f"replay and score, {TIMES:,} minutes of history"
    return [Row(name, ours, other, "promtool, one minute", LIMIT_PROMTOOL, 5, "ms")]


def searched_policies() -> dict[str, tuple[alerts.Rule, ...]]:
    """Four hundred policies of a fast and a slow rule.

    Returns
    -------
    dict of str to tuple of Rule
        By the text that reads as them.
    """
    fast = [f"{share}% in {spans}" for spans in FAST for share in (0.5, 1, 2, 3, 5)]
    slow = [f"{share}% in {spans}" for spans in SLOW for share in (2, 3, 5, 7, 10)]
    texts = [f"{one} or {other}" for one in fast for other in slow]
    return {text: alerts.read_policy(text, period=PERIOD) for text in texts}


def search(good: pd.Series, total: pd.Series, tried: Mapping[str, AlertPolicy]) -> pd.DataFrame:
    """Replay many policies at once, choose on the first half of the year, test on the second.

    Parameters
    ----------
    good, total : Series
        [events]
    tried : mapping of str to policy

    Returns
    -------
    DataFrame
    """
    one = alerts.replay(
        good, total, target=TARGET, period=PERIOD, policy="workbook", candidates=tried
    )
    return alerts.search({Indicator("service"): one})


def _search(good: pd.Series, total: pd.Series, repeats: int) -> list[Row]:
    """Four hundred policies at once, against one after the other."""
    past = windows.history(good, total)
    truth = _budget_events(past, target=TARGET, period=PERIOD, share=0.02)
    budget = _spending(past, target=TARGET, period=PERIOD)
    tried = searched_policies()
    some = list(tried.values())[:: len(tried) // 20]

    def each() -> None:
        for policy in some:
            fires = alerts.firing(good, total, target=TARGET, policy=policy)
            alerts.score(fires, truth, budget=budget, merge="1h")

    ours, other = alternate(
        lambda: seconds(lambda: search(good, total, tried)),
        lambda: len(tried) / len(some) * seconds(each),
        repeats=repeats,
    )
    name = f"search, {len(tried)} policies, one service-year"
    return [Row(name, ours, other, "each replayed by itself", LIMIT_SEARCH, repeats)]


def run(repeats: int = REPEATS) -> list[Row]:
    """Measure.

    Parameters
    ----------
    repeats : int
        Runs of each side; fewer of what takes long.

    Returns
    -------
    list of Row
        Without promtool or polars their rows are left out.
    """
    from benchmarks import growth

    good, total = year()
    return [
        *_rates(repeats),
        *_promtool(good, total),
        *_search(good, total, min(repeats, 3)),
        *growth.rows(min(repeats, 3)),
    ]


if __name__ == "__main__":
    print(table(run()))
