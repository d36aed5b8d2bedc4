"""Policies that cannot be."""

import pytest

from srelib import policy as policies
from srelib.errors import ParameterError
from srelib.policy import Policy


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"freeze_below": 20}, ParameterError, "freeze_below must be a share .* got 20"),
        ({"thaw_above": -0.1}, ParameterError, "thaw_above must not lie below freeze_below"),
        ({"slow_below": 0.1}, ParameterError, "slow_below and slow_to belong together"),
        ({"slow_below": 0.1, "slow_to": 0}, ParameterError, "slow_to must be at least 1"),
        ({"until": "monday"}, ParameterError, "until must be one of budget, slo"),
        ({"hour": 24}, ParameterError, "hour must be a whole hour from 0 to 23; got 24"),
        ({"release_days": (7,)}, ParameterError, "release_days must hold days from 0"),
        ({"timezone": "Mars"}, ParameterError, "timezone must be an IANA name"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(options, error, text):
    """The value seen and what is allowed are in the text."""
    with pytest.raises(error, match=text):
        Policy(name="x", **options)


def test_a_policy_that_is_not_known_is_refused():
    """With those that are."""
    with pytest.raises(ParameterError, match="policy must be one of none, workbook"):
        policies.named("worbook")
