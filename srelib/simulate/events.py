"""What can happen to a service: deployments, incidents, and the plan that holds them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Deployment:
    """One deployment; times in minutes since the start of the grid.

    Parameters
    ----------
    deployment_id : str
        Identifier.
    started, finished : float
        When it began and when it reached its users [min].
    status : str
        succeeded, failed, rolled_back or cancelled.
    reason : {'release', 'rollback', 'hotfix', 'answer'}
        Why it was made.
    planned : bool
        What an export would say.
    changes : int
        Batch size [changes].
    harm_ratio, harm_minutes : float
        Excess error ratio [fraction] and how long it lasts [min]; 0 when harmless.
    answers : str or None
        Deployment or incident it was made for.
    """

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
        return commit_sha(self.deployment_id)


@dataclass(frozen=True)
class Incident:
    """One incident; times in minutes since the start of the grid.

    Parameters
    ----------
    incident_id, severity, title : str
        As an export would have them.
    started, ended : float
        When users began and ceased to be harmed [min].
    detected, acknowledged, resolved : float
        What people noted down [min]; NaN where it had not happened by the end.
    error_ratio : float
        Excess error ratio while it lasts [fraction].
    deployment_id : str or None
        The deployment that caused it; None: infrastructure.
    """

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
    """All that happens to one service.

    Parameters
    ----------
    deployments : tuple of Deployment
    incidents : tuple of Incident
    gaps, maintenance : tuple of (float, float)
        Spans without data, and spans of planned maintenance [min].
    """

    deployments: tuple[Deployment, ...] = ()
    incidents: tuple[Incident, ...] = ()
    gaps: tuple[tuple[float, float], ...] = ()
    maintenance: tuple[tuple[float, float], ...] = ()


def commit_sha(text: str) -> str:
    """A made-up commit hash, always the same for the same text."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
