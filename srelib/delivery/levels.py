"""DORA's levels by year, and its own answer categories: what a number would be called."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from srelib.delivery.summary import Delivery
from srelib.errors import ParameterError
from srelib.stats import Estimate

HOUR, DAY = 3600.0, 86_400.0
WEEK, MONTH, HALF_YEAR = 7 * DAY, 30 * DAY, 182.5 * DAY
ORDER = ("elite", "high", "medium", "low")
METRICS = ("frequency", "lead_time", "fail_rate", "recovery")
"""What levels are published for; they are none for the rework rate."""

Range = tuple[float, float]
_ANY = math.inf

YEARS: dict[int, dict[str, tuple[Range, Range, Range, Range]]] = {
    2019: {
        "frequency": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (MONTH, HALF_YEAR)),
        "lead_time": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (MONTH, HALF_YEAR)),
        "fail_rate": ((0, 0.15), (0, 0.15), (0, 0.15), (0.46, 0.60)),
        "recovery": ((0, HOUR), (0, DAY), (0, DAY), (WEEK, MONTH)),
    },
    2021: {
        "frequency": ((0, DAY), (WEEK, MONTH), (MONTH, HALF_YEAR), (HALF_YEAR, _ANY)),
        "lead_time": ((0, HOUR), (DAY, WEEK), (MONTH, HALF_YEAR), (HALF_YEAR, _ANY)),
        "fail_rate": ((0, 0.15), (0.16, 0.30), (0.16, 0.30), (0.16, 0.30)),
        "recovery": ((0, HOUR), (0, DAY), (DAY, WEEK), (HALF_YEAR, _ANY)),
    },
    2023: {
        "frequency": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (WEEK, MONTH)),
        "lead_time": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (WEEK, MONTH)),
        "fail_rate": ((0, 0.05), (0.10, 0.10), (0.15, 0.15), (0.64, 0.64)),
        "recovery": ((0, HOUR), (0, DAY), (DAY, WEEK), (MONTH, HALF_YEAR)),
    },
    2024: {
        "frequency": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (MONTH, HALF_YEAR)),
        "lead_time": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (MONTH, HALF_YEAR)),
        "fail_rate": ((0, 0.05), (0.20, 0.20), (0.10, 0.10), (0.40, 0.40)),
        "recovery": ((0, HOUR), (0, DAY), (0, DAY), (WEEK, MONTH)),
    },
}
"""What was published for elite, high, medium and low; frequency as the time between two
deployments [s], where "on demand" is taken as more than one a day."""

_TIMES = (
    (HOUR, "less than an hour"), (DAY, "less than a day"), (WEEK, "a day to a week"),
    (MONTH, "a week to a month"), (HALF_YEAR, "1 to 6 months"), (_ANY, "more than 6 months"),
)  # fmt: skip
_OFTEN = (
    (HOUR, "more than once an hour"), (DAY, "once an hour to once a day"),
    (WEEK, "once a day to once a week"), (MONTH, "once a week to once a month"),
    (HALF_YEAR, "once a month to once in 6 months"), (_ANY, "less than once in 6 months"),
)  # fmt: skip


@dataclass(frozen=True)
class Level:
    """What a number would have been called in a year."""

    names: tuple[str, ...]
    published: bool

    def __str__(self) -> str:
        """The name or names in words."""
        return " or ".join([", ".join(self.names[:-1]), self.names[-1]][len(self.names) == 1 :])


def level(value: float, *, metric: str, year: int) -> Level | None:
    """The level of a year a number belongs to."""
    ranges = _ranges(metric, year)
    if value != value:
        return None
    length = badness(value, metric)
    for low, high in ranges:
        if length <= high:
            same = tuple(n for n, r in zip(ORDER, ranges, strict=True) if r == (low, high))
            return Level(same, low <= length)
    return Level((ORDER[-1],), False)


def badness(value: float, metric: str) -> float:
    """A number on a scale where less is better: time between deployments for a frequency."""
    if metric != "frequency":
        return value
    return WEEK / value if value > 0 else math.inf


def _ranges(metric: str, year: int) -> tuple[Range, ...]:
    if year not in YEARS:
        raise ParameterError(
            f"year must be one of {', '.join(map(str, YEARS))}; got {year}. "
            "DORA published no levels in 2025."
        )
    if metric not in METRICS:
        raise ParameterError(f"levels exist for {', '.join(METRICS)}; got {metric!r}.")
    return YEARS[year][metric]


def category(value: float, *, metric: str) -> str | None:
    """DORA's own answer category of a number: contiguous, of no year."""
    if metric == "fail_rate" or value != value:
        return None
    edges = _OFTEN if metric == "frequency" else _TIMES
    length = badness(value, metric)
    return next(name for edge, name in edges if length < edge or edge == _ANY)


def levels(found: Mapping[str, Delivery], *, year: int) -> pd.DataFrame:
    """Levels and categories of each service and metric, and how far the intervals reach."""
    _ranges("frequency", year)
    rows = [
        _row(service, metric, getattr(each, metric), year)
        for service, each in found.items()
        for metric in METRICS
    ]
    columns = ["service", "metric", "value", "n", "category", "level", "published", "best", "worst"]
    return pd.DataFrame(rows, columns=columns)


def _row(service: str, metric: str, estimate: Estimate, year: int) -> tuple[object, ...]:
    own = level(estimate.value, metric=metric, year=year)
    ends = [level(end, metric=metric, year=year) for end in (estimate.low, estimate.high)]
    best, worst = ends[::-1] if metric == "frequency" else ends
    return (
        service, metric, estimate.value, estimate.n, category(estimate.value, metric=metric),
        None if own is None else str(own), None if own is None else own.published,
        None if best is None else best.names[0], None if worst is None else worst.names[-1],
    )  # fmt: skip
