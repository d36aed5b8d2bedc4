"""What a simulated service is like: one frozen dataclass, every knob documented."""

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

    Parameters
    ----------
    name : str, also the key of its random numbers: adding a service leaves the others as they were
    target : float, SLO target of its availability [fraction]
    requests_per_minute : float, mean traffic over a week [events/min]
    daily_swing : float, amplitude of the daily wave, relative to the mean [fraction]
    peak_hour : float, hour of the day with most traffic [h]
    weekend : float, traffic of Saturday and Sunday relative to a working day [ratio]
    traffic_dispersion : float, d of the variance m + d m**2 of the traffic; 0: Poisson [ratio]
    error_ratio : float, share of requests that fail with nothing special going on [fraction]
    error_dispersion : float, correlation of these failures within a bucket; 0: binomial [fraction]
    drift : float, log standard deviation of the hourly AR(1) factor on the error ratio; 0: none
    drift_hours : float, time in which its autocorrelation falls to 1/e [h]
    load_errors : float, exponent with which the error ratio follows traffic; 0: not at all
    slow_ratio : float or None, share of good requests too slow [fraction]; None: no latency SLI
    deploys_per_week : float, releases, spread evenly over the working days [1/week]
    working_days : tuple of int, days on which releases happen (0 is Monday)
    working_hours : tuple of float, between which hours of the day they happen [h]
    changes_per_deploy : float, mean batch size, 1 or more [changes]
    lead_hours, lead_sigma : float, median time from commit to production [h] and its log deviation
    pipeline_failures : float, share of releases that fail or are cancelled before users [fraction]
    break_probability : float, that a release of mean batch size harms its users [fraction]
    batch_effect : float, exponent of batch size in that hazard; 0: none, 1: each change has its own
    harm_ratio : float, median excess error ratio of a broken release [fraction]
    harm_minutes, harm_minutes_sigma : float, median length of that harm [min] and its log deviation
    page_probability : float, that it becomes an incident; otherwise nobody is told [fraction]
    rollback_probability, hotfix_probability : float, that the harm ends with that one [fraction]
    incidents_per_week : float, infrastructure incidents, Poisson [1/week]
    incident_mu, incident_sigma : float, log mean and log deviation of their minutes [1]
    aftershocks : float, mean number of incidents each one sets off within about a day
    severities : tuple of (str, float, float), name, probability, median error ratio of these
    ratio_sigma : float, log deviation of the error ratio around that median
    answer_probability : float, that an open one is answered by a harmless deployment [fraction]
    answers_planned : bool, whether those carry ``planned=True``, as exports without the flag do
    alert_probability : float, that an incident fires an alert [fraction]
    false_alerts_per_week : float, alerts with nothing behind them [1/week]
    gaps_per_week, gap_minutes : float, how often the monitor is down [1/week], median length [min]
    fixed_gaps : tuple of (str, str), further spans without data, as times in UTC
    maintenance_every_days : float, between planned maintenance windows; 0: none [d]
    maintenance_minutes, maintenance_hour : float, their length [min] and hour of the day [h]
    maintenance_errors : float, error ratio inside; 0: traffic is switched off instead [fraction]
    titles, release_titles : tuple of str, of infrastructure incidents, of those after a release

    References
    ----------
    .. [1] Davidovic, "Incident Metrics in SRE", 2021: the default duration of incidents.

    Examples
    --------
    >>> ServiceSpec(name="api", break_probability=0.2).requests_per_minute
    60.0
    """

    name: str
    target: Fraction = 0.999
    requests_per_minute: Positive = 60.0
    daily_swing: Fraction = 0.6
    peak_hour: float = 14.0
    weekend: Positive = 0.6
    traffic_dispersion: Positive = 0.0
    error_ratio: Fraction = 0.0004
    error_dispersion: Fraction = 0.002
    drift: Positive = 0.0
    drift_hours: Length = 12.0
    load_errors: float = 0.0
    slow_ratio: Annotated[float | None, (0.0, 1.0)] = None
    deploys_per_week: Positive = 5.0
    working_days: tuple[int, ...] = (0, 1, 2, 3, 4)
    working_hours: tuple[float, float] = (9.0, 17.0)
    changes_per_deploy: Annotated[float, (1.0, math.inf)] = 3.0
    lead_hours: Positive = 20.0
    lead_sigma: Positive = 1.0
    pipeline_failures: Fraction = 0.03
    break_probability: Fraction = 0.1
    batch_effect: float = 0.0
    harm_ratio: Fraction = 0.05
    harm_minutes: Length = 90.0
    harm_minutes_sigma: Positive = 0.6
    page_probability: Fraction = 0.7
    rollback_probability: Fraction = 0.4
    hotfix_probability: Fraction = 0.4
    incidents_per_week: Positive = 0.5
    incident_mu: float = 4.25
    incident_sigma: Positive = 1.25
    aftershocks: Positive = 0.0
    severities: tuple[tuple[str, float, float], ...] = SEVERITIES
    ratio_sigma: Positive = 0.4
    answer_probability: Fraction = 0.0
    answers_planned: bool = False
    alert_probability: Fraction = 0.9
    false_alerts_per_week: Positive = 0.2
    gaps_per_week: Positive = 0.0
    gap_minutes: Length = 60.0
    fixed_gaps: tuple[tuple[str, str], ...] = ()
    maintenance_every_days: Positive = 0.0
    maintenance_minutes: Positive = 60.0
    maintenance_hour: Positive = 3.0
    maintenance_errors: Fraction = 0.5
    titles: tuple[str, ...] = ("Node pool out of memory", "Database failover", "Network loss")
    release_titles: tuple[str, ...] = ("Errors after release", "Elevated 5xx since deployment")

    def __post_init__(self) -> None:
        for name, (low, high) in _bounds().items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ParameterError(
                    f"{self.name}: {name} must lie between {low:g} and {high:g}; got {value!r}."
                )
        _check_work(self)
        _check_severities(self)


@cache
def _bounds() -> dict[str, tuple[float, float]]:
    """From where to where each number of a service may lie, as its type says."""
    hints = get_type_hints(ServiceSpec, include_extras=True)
    limited = {name: kind for name, kind in hints.items() if hasattr(kind, "__metadata__")}
    return {name: kind.__metadata__[0] for name, kind in limited.items()}


def _check_work(spec: ServiceSpec) -> None:
    opens, closes = spec.working_hours
    if not spec.working_days or set(spec.working_days) - set(range(7)):
        raise ParameterError(
            f"{spec.name}: working_days must hold days from 0 (Monday) to 6; "
            f"got {spec.working_days!r}."
        )
    if not 0 <= opens < closes <= 24:
        raise ParameterError(
            f"{spec.name}: working_hours must rise within 0 to 24; got {spec.working_hours!r}."
        )


def _check_severities(spec: ServiceSpec) -> None:
    shares = sum(share for _, share, _ in spec.severities)
    ratios = [ratio for _, _, ratio in spec.severities]
    if abs(shares - 1) > 1e-9 or not all(0 < ratio <= 1 for ratio in ratios):
        raise ParameterError(
            f"{spec.name}: severities must have probabilities that add up to 1 and error ratios "
            f"above 0 and at most 1; got {spec.severities!r}."
        )


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
