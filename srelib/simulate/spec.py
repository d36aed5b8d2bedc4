"""What a simulated service is like: one frozen dataclass, every knob documented."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from srelib.errors import ParameterError

SEVERITIES = (("SEV1", 0.1, 0.5), ("SEV2", 0.3, 0.15), ("SEV3", 0.6, 0.04))
"""Severity, probability, median error ratio of an incident of that severity."""


@dataclass(frozen=True, kw_only=True)
class ServiceSpec:
    """One service of a simulated fleet.

    Times of the day and of the week are UTC.
    "Median" parameters are medians of lognormal distributions.

    Parameters
    ----------
    name : str
        Name; also the key of its random numbers, so that adding a service to a
        fleet leaves the others as they were.
    target : float
        SLO target of its availability [fraction].
    requests_per_minute : float
        Mean traffic over a week [events/min].
    daily_swing : float
        Amplitude of the daily wave, relative to the mean [fraction, 0 to 1].
    peak_hour : float
        Hour of the day with most traffic [h].
    weekend : float
        Traffic of Saturday and Sunday relative to a working day [ratio].
    traffic_dispersion : float
        Squared coefficient of variation of the traffic around its shape.
        0 gives Poisson counts; d > 0 gives negative-binomial counts with
        variance m + d m**2 [ratio].
    error_ratio : float
        Share of requests that fail with nothing special going on [fraction].
    error_dispersion : float
        Intra-bucket correlation rho of background failures: a bucket of n requests
        is beta-binomial with variance n p (1 - p) (1 + (n - 1) rho); 0 is binomial.
    drift : float
        Standard deviation of the logarithm of the background error ratio, which
        wanders as an hourly AR(1) process with mean 1; 0 switches it off.
    drift_hours : float
        Time in which that autocorrelation falls to 1/e [h].
    load_errors : float
        Exponent with which the background error ratio follows traffic; 0: not at all.
    slow_ratio : float or None
        Share of good requests that are too slow; None: no latency indicator [fraction].
    slow_per_error : float
        Extra share of slow requests per unit of error ratio of a harm [ratio].
    deploys_per_week : float
        Releases a week, spread evenly over the working days [1/week].
    working_days : tuple of int
        Days on which releases happen (0 is Monday).
    working_hours : tuple of float
        First and last hour of the day in which releases happen [h].
    changes_per_deploy : float
        Mean batch size, 1 or more [changes].
    lead_hours, lead_sigma : float
        Median time from commit to production [h] and its log standard deviation.
    pipeline_failures : float
        Share of releases whose deployment fails or is cancelled before reaching users.
    break_probability : float
        Probability that a release of mean batch size harms its users [fraction].
    batch_effect : float
        Exponent of batch size in the hazard of breaking: 0 no effect, 1 each change
        carries its own risk.
    harm_ratio, harm_sigma : float
        Median excess error ratio of a broken release [fraction], log standard deviation.
    harm_minutes, harm_minutes_sigma : float
        Median length of that harm [min], log standard deviation.
    page_probability : float
        Probability that a broken release becomes an incident; otherwise nobody is told.
    rollback_probability, hotfix_probability : float
        Probability that the harm ends with an unplanned rollback, or hotfix.
    incidents_per_week : float
        Infrastructure incidents, Poisson [1/week].
    incident_mu, incident_sigma : float
        Mean and standard deviation of the log duration, durations in minutes
        (4.25 and 1.25: the lognormal of Davidovic's incident histories).
    aftershocks : float
        Mean number of further incidents each one sets off within about a day;
        above 0, incidents cluster.
    severities : tuple of (str, float, float)
        Name, probability, median error ratio of infrastructure incidents.
    ratio_sigma : float
        Log standard deviation of the error ratio around that median.
    answer_probability : float
        Probability that an infrastructure incident is answered by a harmless
        deployment while it is still open.
    answers_planned : bool
        Whether those answers carry ``planned=True``, as exports without such a
        flag would have it.
    detect_minutes, acknowledge_minutes, close_minutes : float
        Median delay from start to detection, from detection to acknowledgement,
        from the end of the harm to the ticket being closed [min].
    alert_probability : float
        Probability that an incident fired an alert.
    false_alerts_per_week : float
        Alerts with nothing behind them [1/week].
    gaps_per_week, gap_minutes : float
        How often the monitor is down [1/week], median length [min].
    fixed_gaps : tuple of (str, str)
        Further spans without data, as times in UTC.
    maintenance_every_days : float
        Days between planned maintenance windows, 0: none [d].
    maintenance_minutes, maintenance_hour : float
        Length [min] and hour of the day at which they start [h].
    maintenance_errors : float
        Error ratio inside them; 0: traffic is switched off instead [fraction].
    titles, release_titles : tuple of str
        Titles of infrastructure incidents, and of those after a release, in rotation.

    Raises
    ------
    ParameterError
        A ratio or probability lies outside 0 to 1, or a rate is negative.

    References
    ----------
    .. [1] Davidovic, "Incident Metrics in SRE", 2021.

    Examples
    --------
    >>> ServiceSpec(name="api", break_probability=0.2).requests_per_minute
    60.0
    """

    name: str
    target: float = 0.999
    requests_per_minute: float = 60.0
    daily_swing: float = 0.6
    peak_hour: float = 14.0
    weekend: float = 0.6
    traffic_dispersion: float = 0.0
    error_ratio: float = 0.0004
    error_dispersion: float = 0.002
    drift: float = 0.0
    drift_hours: float = 12.0
    load_errors: float = 0.0
    slow_ratio: float | None = None
    slow_per_error: float = 2.0
    deploys_per_week: float = 5.0
    working_days: tuple[int, ...] = (0, 1, 2, 3, 4)
    working_hours: tuple[float, float] = (9.0, 17.0)
    changes_per_deploy: float = 3.0
    lead_hours: float = 20.0
    lead_sigma: float = 1.0
    pipeline_failures: float = 0.03
    break_probability: float = 0.1
    batch_effect: float = 0.0
    harm_ratio: float = 0.05
    harm_sigma: float = 0.5
    harm_minutes: float = 90.0
    harm_minutes_sigma: float = 0.6
    page_probability: float = 0.7
    rollback_probability: float = 0.4
    hotfix_probability: float = 0.4
    incidents_per_week: float = 0.5
    incident_mu: float = 4.25
    incident_sigma: float = 1.25
    aftershocks: float = 0.0
    severities: tuple[tuple[str, float, float], ...] = SEVERITIES
    ratio_sigma: float = 0.4
    answer_probability: float = 0.0
    answers_planned: bool = False
    detect_minutes: float = 6.0
    acknowledge_minutes: float = 4.0
    close_minutes: float = 8.0
    alert_probability: float = 0.9
    false_alerts_per_week: float = 0.2
    gaps_per_week: float = 0.0
    gap_minutes: float = 60.0
    fixed_gaps: tuple[tuple[str, str], ...] = ()
    maintenance_every_days: float = 0.0
    maintenance_minutes: float = 60.0
    maintenance_hour: float = 3.0
    maintenance_errors: float = 0.5
    titles: tuple[str, ...] = ("Node pool out of memory", "Database failover", "Network loss")
    release_titles: tuple[str, ...] = ("Errors after release", "Elevated 5xx since deployment")

    def __post_init__(self) -> None:
        for name in _FRACTIONS:
            _allow(self, name, 0.0, 1.0)
        for name in _AT_LEAST:
            _allow(self, name, _AT_LEAST[name], math.inf)
        if self.slow_ratio is not None:
            _allow(self, "slow_ratio", 0.0, 1.0)
        _check_work(self)
        _check_severities(self)


_FRACTIONS = (
    "target", "daily_swing", "error_ratio", "error_dispersion", "pipeline_failures",
    "break_probability", "harm_ratio", "page_probability", "rollback_probability",
    "hotfix_probability", "answer_probability", "alert_probability", "maintenance_errors",
)  # fmt: skip
_AT_LEAST = {
    "requests_per_minute": 0.0, "weekend": 0.0, "traffic_dispersion": 0.0, "drift": 0.0,
    "drift_hours": 0.01, "deploys_per_week": 0.0, "changes_per_deploy": 1.0, "lead_hours": 0.0,
    "lead_sigma": 0.0, "harm_sigma": 0.0, "harm_minutes": 0.01, "harm_minutes_sigma": 0.0,
    "incidents_per_week": 0.0, "incident_sigma": 0.0, "aftershocks": 0.0, "ratio_sigma": 0.0,
    "slow_per_error": 0.0, "detect_minutes": 0.01, "acknowledge_minutes": 0.01,
    "close_minutes": 0.01, "false_alerts_per_week": 0.0, "gaps_per_week": 0.0,
    "gap_minutes": 0.01, "maintenance_every_days": 0.0, "maintenance_minutes": 0.0,
    "maintenance_hour": 0.0,
}  # fmt: skip


def _allow(spec: ServiceSpec, name: str, low: float, high: float) -> None:
    value = getattr(spec, name)
    if not low <= value <= high:
        raise ParameterError(
            f"{spec.name}: {name} must lie between {low:g} and {high:g}; got {value!r}."
        )


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
