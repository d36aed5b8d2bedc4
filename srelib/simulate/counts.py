"""Counts of a simulated service on its grid of buckets, each bad event with its cause."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from srelib.errors import ParameterError
from srelib.simulate.spec import Plan, ServiceSpec

WEEK = 7 * 1440.0
SLOW_PER_ERROR = 2.0
"""Extra share of slow requests per unit of error ratio of a harm."""


@dataclass(frozen=True)
class BucketGrid:
    """Buckets from `start` on; everything inside the simulator is minutes since `start`."""

    start: pd.Timestamp
    size: int
    minutes: float

    @classmethod
    def over(
        cls, start: str | pd.Timestamp, *, weeks: float, step: str | pd.Timedelta
    ) -> BucketGrid:
        """The grid of so many weeks at this step."""
        at = _utc(start)
        minutes = pd.Timedelta(step) / pd.Timedelta(minutes=1)
        if at != at.floor("D") or minutes <= 0 or 1440 % minutes or weeks * WEEK < minutes:
            raise ParameterError(
                "start must be a midnight in UTC, step must divide a day and weeks hold a step; "
                f"got start={start!s}, step={step!s}, weeks={weeks!r}."
            )
        return cls(at.as_unit("us"), int(weeks * WEEK // minutes), float(minutes))

    @property
    def span(self) -> float:
        """Length of the grid [min]."""
        return self.size * self.minutes

    @property
    def weeks(self) -> float:
        """Length of the grid [weeks]."""
        return self.span / WEEK

    @cached_property
    def index(self) -> pd.DatetimeIndex:
        """Starts of the buckets, UTC."""
        step = pd.Timedelta(minutes=self.minutes)
        return pd.date_range(self.start, periods=self.size, freq=step, unit="us", name="time")

    @cached_property
    def middles(self) -> np.ndarray:
        """Middle of each bucket [min since the Monday before `start`]."""
        return self.start.weekday() * 1440.0 + (np.arange(self.size) + 0.5) * self.minutes

    def at(self, minutes: float) -> pd.Timestamp:
        """The time so many minutes after `start`, to the second."""
        return self.times([minutes])[0]

    def minutes_to(self, time: str) -> float:
        """How many minutes after `start` a time is."""
        return (_utc(time) - self.start) / pd.Timedelta(minutes=1)

    def times(self, minutes: list[float] | np.ndarray) -> pd.Series:
        """Times so many minutes after `start`, to the second; NaT for NaN."""
        seconds = np.round(np.asarray(minutes, dtype=float) * 60)
        whole = np.where(np.isnan(seconds), 0, seconds).astype("int64")
        stamps = self.start.tz_localize(None).to_datetime64() + whole * np.timedelta64(1, "s")
        stamps = stamps.astype("datetime64[us]")
        stamps[np.isnan(seconds)] = np.datetime64("NaT")
        return pd.Series(stamps).dt.tz_localize("UTC")

    def cover(self, begin: float, end: float) -> tuple[slice, np.ndarray]:
        """The buckets a span touches and the share of each that it covers."""
        first = max(int(begin // self.minutes), 0)
        last = min(int(np.ceil(end / self.minutes)), self.size)
        starts = np.arange(first, max(last, first)) * self.minutes
        share = np.minimum(starts + self.minutes, end) - np.maximum(starts, begin)
        return slice(first, max(last, first)), np.clip(share / self.minutes, 0.0, 1.0)


def _utc(time: str | pd.Timestamp) -> pd.Timestamp:
    known = pd.Timestamp(time)
    return known.tz_localize("UTC") if known.tzinfo is None else known.tz_convert("UTC")


def _stream(seed: int, *keys: str) -> np.random.Generator:
    """The random numbers of one purpose, independent of all others."""
    words = [seed, *(zlib.crc32(key.encode()) for key in keys)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


CAUSES = ("background", "maintenance", "deployment", "incident")


@dataclass(frozen=True)
class Harm:
    """One span in which good events turn bad."""

    cause: str
    key: str
    begin: float
    end: float
    ratio: float


@dataclass(frozen=True)
class Counts:
    """Counts of one service on the grid, as they happened and whether they were seen."""

    total: np.ndarray
    good: np.ndarray
    fast: np.ndarray | None
    observed: np.ndarray
    excluded: np.ndarray
    bad_by_cause: dict[str, np.ndarray]
    by_key: list[tuple[Harm, int, int]]


def _harms(spec: ServiceSpec, plan: Plan) -> list[Harm]:
    found = []
    for number, span in enumerate(plan.maintenance if spec.maintenance_errors else (), 1):
        found.append(Harm("maintenance", f"maintenance-{number}", *span, spec.maintenance_errors))
    for d in plan.deployments:
        if d.broke:
            span = d.finished, d.finished + d.harm_minutes
            found.append(Harm("deployment", d.deployment_id, *span, d.harm_ratio))
    for i in plan.incidents:
        if i.deployment_id is None:
            found.append(Harm("incident", i.incident_id, i.started, i.ended, i.error_ratio))
    return found


def _shape(spec: ServiceSpec, grid: BucketGrid) -> np.ndarray:
    """Traffic through day and week, relative to its mean over a week."""
    day = grid.middles // 1440 % 7
    hour = grid.middles / 60 % 24
    wave = 1 + spec.daily_swing * np.cos(2 * np.pi * (hour - spec.peak_hour) / 24)
    weekly = np.where(day >= 5, spec.weekend, 1.0) / ((5 + 2 * spec.weekend) / 7)
    return wave * weekly


def _draw_counts(seed: int, spec: ServiceSpec, grid: BucketGrid, plan: Plan) -> Counts:
    total = _traffic(seed, spec, grid, plan)
    observed = ~_within(grid, plan.gaps)
    excluded = _begins_within(grid, plan.maintenance)
    background = _background(seed, spec, grid, total)
    good, bad = total - background, {cause: np.zeros(grid.size, "int32") for cause in CAUSES}
    bad["background"] = background
    by_key = []
    for harm in _harms(spec, plan):
        where, share = grid.cover(harm.begin, harm.end)
        rng = _stream(seed, spec.name, "harm", harm.key)
        lost = rng.binomial(good[where], harm.ratio * share).astype("int32")
        good[where] -= lost
        bad[harm.cause][where] += lost
        seen = lost * observed[where]
        by_key.append((harm, int(seen.sum()), int(seen[~excluded[where]].sum())))
    fast = _fast(seed, spec, grid, good, _harms(spec, plan))
    return Counts(total, good, fast, observed, excluded, bad, by_key)


def _traffic(seed: int, spec: ServiceSpec, grid: BucketGrid, plan: Plan) -> np.ndarray:
    rng = _stream(seed, spec.name, "traffic")
    mean = spec.requests_per_minute * grid.minutes * _shape(spec, grid)
    if spec.traffic_dispersion:
        spread = spec.traffic_dispersion
        mean = mean * rng.gamma(1 / spread, spread, grid.size)
    total = rng.poisson(mean).astype("int32")
    if not spec.maintenance_errors:
        total[_within(grid, plan.maintenance)] = 0
    return total


def _background(seed: int, spec: ServiceSpec, grid: BucketGrid, total: np.ndarray) -> np.ndarray:
    rng = _stream(seed, spec.name, "background")
    ratio = spec.error_ratio * _shape(spec, grid) ** spec.load_errors * _drift(seed, spec, grid)
    mixed = _mixed(rng, np.minimum(ratio, 0.95), spec.error_dispersion)
    return rng.binomial(total, mixed).astype("int32")


def _mixed(rng: np.random.Generator, ratio: np.ndarray, dispersion: float) -> np.ndarray:
    """Beta-distributed ratios with this mean and intra-bucket correlation."""
    if not dispersion:
        return ratio
    weight = 1 / dispersion - 1
    positive = np.maximum(ratio * weight, 1e-12)
    return rng.beta(positive, np.maximum((1 - ratio) * weight, 1e-12))


def _drift(seed: int, spec: ServiceSpec, grid: BucketGrid) -> np.ndarray:
    """A factor with mean 1 that wanders: exp of an AR(1) process, one step an hour."""
    if not spec.drift:
        return np.ones(grid.size)
    rng = _stream(seed, spec.name, "drift")
    keep = math.exp(-1 / spec.drift_hours)
    fresh = math.sqrt(1 - keep**2)
    noise = rng.standard_normal(int(np.ceil(grid.span / 60)) + 1).tolist()
    state = [noise[0]]
    for shock in noise[1:]:
        state.append(keep * state[-1] + fresh * shock)
    hours = (np.arange(grid.size) * grid.minutes // 60).astype(int)
    return np.exp(spec.drift * np.array(state)[hours] - spec.drift**2 / 2)


def _fast(
    seed: int, spec: ServiceSpec, grid: BucketGrid, good: np.ndarray, spans: list[Harm]
) -> np.ndarray | None:
    if spec.slow_ratio is None:
        return None
    rng = _stream(seed, spec.name, "latency")
    slow = np.minimum(spec.slow_ratio * _shape(spec, grid), 0.95)
    for harm in spans:
        where, share = grid.cover(harm.begin, harm.end)
        slow[where] += SLOW_PER_ERROR * harm.ratio * share
    mixed = _mixed(rng, np.clip(slow, 0, 0.95), spec.error_dispersion)
    return rng.binomial(good, 1 - mixed).astype("int32")


def _within(grid: BucketGrid, spans: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Buckets any part of which lies in one of the spans."""
    mask = np.zeros(grid.size, dtype=bool)
    for begin, end in spans:
        mask[grid.cover(begin, end)[0]] = True
    return mask


def _begins_within(grid: BucketGrid, spans: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Buckets whose start lies in one of the spans (start included, end not)."""
    starts = np.arange(grid.size) * grid.minutes
    mask = np.zeros(grid.size, dtype=bool)
    for begin, end in spans:
        mask |= (starts >= begin) & (starts < end)
    return mask
