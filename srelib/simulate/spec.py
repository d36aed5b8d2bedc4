"""What a simulated service is like: one frozen dataclass, every knob explained."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated, get_type_hints

from srelib.errors import ParameterError

Fraction = Annotated[float, (0.0, 1.0)]
Positive = Annotated[float, (0.0, math.inf)]
Length = Annotated[float, (0.01, math.inf)]

SEVERITIES = (("SEV1", 0.1, 0.5), ("SEV2", 0.3, 0.15), ("SEV3", 0.6, 0.04))
"""Severity, probability, median error ratio of an incident of that severity."""


@dataclass(frozen=True, kw_only=True)
class ServiceSpec:
    """One service of a simulated fleet.

    Times of the day and of the week are UTC; what is called median is that of a lognormal.

    References
    ----------
    .. [1] Davidovic, "Incident Metrics in SRE", 2021: the default duration of incidents.

    Examples
    --------
    >>> ServiceSpec(name="api", break_probability=0.2).requests_per_minute
    60.0
    """

    name: str  # the key of its random numbers: adding a service leaves the others as they were
    target: Fraction = 0.999  # SLO target of its availability [fraction]
    requests_per_minute: Positive = 60.0  # mean traffic over a week [events/min]
    daily_swing: Fraction = 0.6  # amplitude of the daily wave, relative to the mean [fraction]
    peak_hour: float = 14.0  # hour of the day with most traffic [h]
    weekend: Positive = 0.6  # traffic of Saturday and Sunday relative to a working day [ratio]
    traffic_dispersion: Positive = 0.0  # d of the variance m + d m**2 of the traffic; 0: Poisson
    error_ratio: Fraction = 0.0004  # requests that fail with nothing special going on [fraction]
    error_dispersion: Fraction = 0.002  # correlation of these failures within a bucket; 0: binomial
    drift: Positive = 0.0  # log deviation of the hourly AR(1) factor on the error ratio; 0: none
    drift_hours: Length = 12.0  # time in which its autocorrelation falls to 1/e [h]
    load_errors: float = 0.0  # exponent with which the error ratio follows traffic; 0: not at all
    slow_ratio: Annotated[float | None, (0.0, 1.0)] = None  # of good requests; None: no latency SLI
    deploys_per_week: Positive = 5.0  # releases, spread evenly over the working days [1/week]
    working_days: tuple[int, ...] = (0, 1, 2, 3, 4)  # on which releases happen; 0 is Monday
    working_hours: tuple[float, float] = (9.0, 17.0)  # between which hours of the day [h]
    changes_per_deploy: Annotated[float, (1.0, math.inf)] = 3.0  # mean batch size
    lead_hours: Positive = 20.0  # median time from commit to production [h]
    lead_sigma: Positive = 1.0  # its log deviation
    pipeline_failures: Fraction = 0.03  # releases that fail or are cancelled [fraction]
    break_probability: Fraction = 0.1  # that a release of mean batch size harms its users
    batch_effect: float = 0.0  # exponent of batch size in that hazard; 1: each change has its own
    harm_ratio: Fraction = 0.05  # median excess error ratio of a broken release [fraction]
    harm_minutes: Length = 90.0  # median length of that harm [min]
    harm_minutes_sigma: Positive = 0.6  # its log deviation
    page_probability: Fraction = 0.7  # that it becomes an incident; otherwise nobody is told
    rollback_probability: Fraction = 0.4  # that the harm ends with a rollback
    hotfix_probability: Fraction = 0.4  # that it ends with a hotfix
    incidents_per_week: Positive = 0.5  # infrastructure incidents, Poisson [1/week]
    incident_mu: float = 4.25  # log mean of their minutes [1]
    incident_sigma: Positive = 1.25  # log deviation of their minutes
    aftershocks: Positive = 0.0  # mean number of incidents each one sets off within about a day
    severities: tuple[tuple[str, float, float], ...] = SEVERITIES
    ratio_sigma: Positive = 0.4  # log deviation of the error ratio around that median
    answer_probability: Fraction = 0.0  # that an open one is answered by a harmless deployment
    answers_planned: bool = False  # those carry ``planned=True``, as exports without the flag do
    alert_probability: Fraction = 0.9  # that an incident fires an alert
    false_alerts_per_week: Positive = 0.2  # alerts with nothing behind them [1/week]
    gaps_per_week: Positive = 0.0  # how often the monitor is down [1/week]
    gap_minutes: Length = 60.0  # for how long, the median [min]
    fixed_gaps: tuple[tuple[str, str], ...] = ()  # further spans without data, as times in UTC
    maintenance_every_days: Positive = 0.0  # between planned maintenance windows; 0: none [d]
    maintenance_minutes: Positive = 60.0  # their length [min]
    maintenance_hour: Positive = 3.0  # when they begin [h]
    maintenance_errors: Fraction = 0.5  # error ratio inside; 0: traffic is switched off instead
    titles: tuple[str, ...] = ("Node pool out of memory", "Database failover", "Network loss")
    release_titles: tuple[str, ...] = ("Errors after release", "Elevated 5xx since deployment")

    def __post_init__(self) -> None:
        for name, (low, high) in _bounds().items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                self._refuse(name, f"must lie between {low:g} and {high:g}")
        if not self.working_days or set(self.working_days) - set(range(7)):
            self._refuse("working_days", "must hold days from 0 (Monday) to 6")
        if not 0 <= self.working_hours[0] < self.working_hours[1] <= 24:
            self._refuse("working_hours", "must rise within 0 to 24")
        shares = sum(share for _, share, _ in self.severities)
        if abs(shares - 1) > 1e-9 or not all(0 < ratio <= 1 for _, _, ratio in self.severities):
            problem = (
                "must have probabilities that add up to 1 and error ratios above 0 and at most 1"
            )
            self._refuse("severities", problem)

    def _refuse(self, name: str, problem: str) -> None:
        raise ParameterError(f"{self.name}: {name} {problem}; got {getattr(self, name)!r}.")


@cache
def _bounds() -> dict[str, tuple[float, float]]:
    """From where to where each number of a service may lie, as its type says."""
    hints = get_type_hints(ServiceSpec, include_extras=True)
    limited = {name: kind for name, kind in hints.items() if hasattr(kind, "__metadata__")}
    return {name: kind.__metadata__[0] for name, kind in limited.items()}


@dataclass(frozen=True)
class Deployment:
    """One deployment; times in minutes since the start of the grid."""

    deployment_id: str
    started: float
    finished: float
    status: str = "succeeded"
    reason: str = "release"
    planned: bool = True
    changes: int = 1
    harm_ratio: float = 0.0
    harm_minutes: float = 0.0
    answers: str | None = None

    @property
    def broke(self) -> bool:
        """Whether it harmed its users."""
        return self.harm_ratio > 0

    @property
    def commit_sha(self) -> str:
        """A commit hash made from the identifier."""
        return _commit_sha(self.deployment_id)


@dataclass(frozen=True)
class Incident:
    """One incident; times in minutes since the start of the grid."""

    incident_id: str
    severity: str
    title: str
    started: float
    ended: float
    detected: float
    acknowledged: float
    resolved: float
    error_ratio: float
    deployment_id: str | None = None


@dataclass(frozen=True)
class Plan:
    """All that happens to one service."""

    deployments: tuple[Deployment, ...] = ()
    incidents: tuple[Incident, ...] = ()
    gaps: tuple[tuple[float, float], ...] = ()
    maintenance: tuple[tuple[float, float], ...] = ()


def _commit_sha(text: str) -> str:
    """A made-up commit hash, always the same for the same text."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
