"""Services to which little happens, and fleets of one."""

from __future__ import annotations

from srelib.simulate import Fleet, ServiceSpec, fleet

CALM = {"deploys_per_week": 0.0, "incidents_per_week": 0.0, "false_alerts_per_week": 0.0}
BREAKING = ServiceSpec(name="api", deploys_per_week=10, break_probability=0.5)


def calm(**parameters: object) -> ServiceSpec:
    """A service to which nothing happens, with these parameters."""
    return ServiceSpec(name="api", **{**CALM, **parameters})  # type: ignore[arg-type]


def one(spec: ServiceSpec, *, seed: int = 7, weeks: float = 13, step: str = "1h") -> Fleet:
    """A fleet of one service."""
    return fleet(seed, services=[spec], weeks=weeks, step=step)
