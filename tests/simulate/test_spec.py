"""Parameters of a simulated service: what cannot be is refused."""

from __future__ import annotations

import pytest

from srelib.errors import ParameterError
from srelib.simulate import ServiceSpec


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"error_ratio": 1.5}, "error_ratio must lie between 0 and 1; got 1.5"),
        ({"deploys_per_week": -1.0}, "deploys_per_week must lie between 0 and inf; got -1"),
        ({"changes_per_deploy": 0.5}, "changes_per_deploy must lie between 1"),
        ({"working_days": ()}, "working_days must hold days from 0"),
        ({"working_days": (7,)}, "working_days must hold days from 0"),
        ({"working_hours": (17.0, 9.0)}, "working_hours must rise within 0 to 24"),
        ({"severities": (("SEV1", 0.5, 0.1),)}, "severities must have probabilities"),
        ({"slow_ratio": 2.0}, "slow_ratio must lie between 0 and 1; got 2"),
        ({"error_ratio": float("nan")}, "error_ratio must lie between"),
    ],
)
def test_an_impossible_service_is_refused(parameters: dict, text: str) -> None:
    """A parameter outside its range is an error naming service, parameter, value and range."""
    with pytest.raises(ParameterError, match=text):
        ServiceSpec(name="api", **parameters)
