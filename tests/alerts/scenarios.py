"""Random histories to compare with a real Prometheus: shapes, policies, targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import alerts
from srelib.alerts.policies import AlertPolicy, _grafana_policy, _guarded, _pyrra_policy

POLICIES: dict[str, Callable[[], AlertPolicy]] = {
    "workbook 28d": lambda: alerts.workbook_policy("28d"),
    "workbook 30d": lambda: alerts.workbook_policy("30d"),
    "pyrra 28d": lambda: _pyrra_policy("28d"),
    "pyrra 30d": lambda: _pyrra_policy("30d"),
    "grafana": _grafana_policy,
    "guarded": lambda: _guarded(alerts.workbook_policy("30d"), min_bad=20, min_total=500),
    "waiting": lambda: (
        alerts.Rule("page", "10m", "2m", 5, "3m"),
        alerts.Rule("page", "1h", "5m", 2, "7m"),
        alerts.Rule("ticket", "2h", None, 1, "20m"),
    ),
    "odd": lambda: (
        alerts.Rule("page", "11m", "11m", 3, "90s"),
        alerts.Rule("ticket", "150s", None, 2, op=">="),
    ),
}
MAIN = ("workbook 28d", "workbook 30d", "pyrra 28d", "pyrra 30d")
"""The policies every shape is tried with."""

NONE = pd.Timedelta(0)
BUDGETS = {0.9: 0.1, 0.99: 0.01, 0.995: 0.005, 0.999: 0.001}
TARGETS = tuple(BUDGETS)


@dataclass(frozen=True)
class Scenario:
    """One history and the policy replayed on it.

    Parameters
    ----------
    name : str
        Shape, policy and seed.
    bad, total : array
        Events per bucket; NaN is a missing bucket.
    policy : AlertPolicy
    target : float
        [fraction]
    step : int
        Length of a bucket [min].
    counters : bool
        Whether Prometheus sees cumulative counters, else gauges.
    """

    name: str
    bad: np.ndarray
    total: np.ndarray
    policy: AlertPolicy
    target: float
    step: int
    counters: bool

    def replayed(self) -> pd.DataFrame:
        """What srelib says fires."""
        index = pd.date_range("2026-06-01", periods=len(self.total), freq=f"{self.step}min",
                              tz="UTC", unit="us")  # fmt: skip
        total = pd.Series(self.total, index)
        return alerts.firing(
            total - self.bad, total, target=self.target, policy=self.policy, partial=True
        )

    def limits(self) -> list[tuple[alerts.Rule, float]]:
        """Rules, each with the error ratio it compares with, as one would write them in YAML."""
        return [(rule, float(f"{rule.factor * BUDGETS[self.target]:.15g}")) for rule in self.policy]


def _constant(random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(n, float(random.integers(2))), np.full(n, 100_000.0)


def _traffic(random: np.random.Generator, n: int, mean: float) -> np.ndarray:
    wave = 1 + 0.6 * np.sin(np.arange(n) / 97 + random.uniform(0, 6))
    return random.poisson(mean * wave).astype("float64")


def _with_ratio(random: np.random.Generator, total: np.ndarray, ratio: object) -> np.ndarray:
    return random.binomial(total.astype("int64"), ratio).astype("float64")  # type: ignore[arg-type]


def _spikes(random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    total = _traffic(random, n, 200)
    ratio = np.full(n, 0.0005)
    for _ in range(max(3, n // 150)):
        start = random.integers(0, n)
        ratio[start : start + int(random.integers(1, 40))] = random.choice([0.01, 0.05, 0.3, 1.0])
    return _with_ratio(random, total, ratio), total


def _flapping(random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    total = _traffic(random, n, 100)
    on = np.repeat(random.integers(0, 2, n), random.integers(1, 12))[:n]
    return _with_ratio(random, total, on * random.choice([0.02, 0.1, 0.5])), total


def _quiet(random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    total = random.poisson(random.choice([0.02, 0.2, 1.0]), n).astype("float64")
    start = int(random.integers(0, n // 2))
    total[start : start + n // 4] = 0
    return _with_ratio(random, total, 0.1), total


def _gaps(random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    bad, total = _spikes(random, n)
    for _ in range(max(3, n // 120)):
        start = random.integers(0, n)
        stop = start + int(random.choice([1, 2, 5, 30, 90]))
        bad[start:stop] = total[start:stop] = np.nan
    return bad, total


def _rest(random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    bad, total = _spikes(random, n)
    for _ in range(max(3, n // 100)):
        start = random.integers(0, n)
        stop = start + int(random.choice([3, 10, 60, 150]))
        bad[start:stop] = total[start:stop] = 0
    return bad, total


SHAPES: dict[str, Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]] = {
    "constant": _constant,
    "spikes": _spikes,
    "flapping": _flapping,
    "zero traffic": _quiet,
    "gaps": _gaps,
    "counter at rest": _rest,
}


def scenario(shape: str, policy: str, seed: int, *, buckets: int, step: int = 1) -> Scenario:
    """A history of one shape with one policy.

    Parameters
    ----------
    shape : str
        Key of `SHAPES`.
    policy : str
        Key of `POLICIES`.
    seed : int
    buckets : int
    step : int
        Length of a bucket [min].

    Returns
    -------
    Scenario
        Every other one without gaps is seen as counters, where all windows are whole buckets:
        of others ``increase`` extrapolates what no sample shows.
    """
    random = np.random.default_rng([seed, *shape.encode()])
    bad, total = SHAPES[shape](random, buckets)
    rules = POLICIES[policy]()
    whole = all(span % pd.Timedelta(minutes=step) == NONE for r in rules for span in r.windows)
    counters = whole and (shape == "counter at rest" or (shape != "gaps" and seed % 2 == 1))
    target = TARGETS[int(random.integers(len(TARGETS)))]
    if shape == "constant":  # exactly at the threshold of a rule, or one event in 100,000 above
        rule = rules[int(random.integers(len(rules)))]
        bad += np.minimum(np.round(total * rule.factor * BUDGETS[target]), total - bad)
    if counters:
        bad[0] = total[0] = 0
    name = f"{shape}, {policy}, {target}, seed {seed}, {buckets} x {step} min"
    return Scenario(name, bad, total, rules, target, step, counters)


def few() -> list[Scenario]:
    """Some of everything, for every run of the tests.

    Returns
    -------
    list of Scenario
    """
    main = [(shape, MAIN[i % len(MAIN)]) for i, shape in enumerate(SHAPES)]
    more = [(shape, MAIN[(i + 2) % len(MAIN)]) for i, shape in enumerate(SHAPES)]
    rest = [("spikes", "grafana"), ("zero traffic", "guarded"), ("flapping", "waiting"),
            ("gaps", "waiting"), ("counter at rest", "odd"), ("constant", "grafana")]  # fmt: skip
    short = [scenario(*pair, i, buckets=300) for i, pair in enumerate([*main, *more, *rest])]
    return [
        scenario("constant", "workbook 30d", 1000, buckets=300),  # at a threshold
        *short,
        scenario("spikes", "workbook 30d", 100, buckets=1_300, step=5),
        scenario("gaps", "pyrra 28d", 101, buckets=1_300, step=5),
    ]


def many() -> Iterator[Scenario]:
    """Over 200 of them, some long enough for windows of three days, for the script.

    Yields
    ------
    Scenario
    """
    for seed in range(6):
        for shape in SHAPES:
            for policy in POLICIES if seed < 2 else MAIN:
                yield scenario(shape, policy, 1000 + seed, buckets=360)
    for number, shape in enumerate(SHAPES):
        for seed in range(4):
            policy = MAIN[(number + seed) % len(MAIN)]
            yield scenario(shape, policy, 2000 + seed, buckets=1_500, step=5)
    yield scenario("spikes", "workbook 28d", 3000, buckets=6_000)
    yield scenario("gaps", "workbook 30d", 3001, buckets=6_000)
    yield scenario("counter at rest", "pyrra 28d", 3002, buckets=6_500)
    yield scenario("flapping", "pyrra 30d", 3003, buckets=6_500)
