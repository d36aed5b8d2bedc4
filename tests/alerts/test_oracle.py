"""Firing buckets against a real Prometheus; ``python -m tests.alerts.oracle`` compares more."""

from __future__ import annotations

import pytest

from tests.alerts import promtool
from tests.alerts.oracle import differences
from tests.alerts.scenarios import Scenario, few


@pytest.fixture(scope="module", autouse=True)
def _promtool() -> None:
    promtool.required()


@pytest.mark.parametrize("one", few(), ids=lambda one: one.name)
def test_firing_buckets_are_those_of_prometheus(one: Scenario) -> None:
    """Every bucket of every severity fires, or does not, as ``promtool test rules`` says."""
    assert {name: differ for name, (_, differ) in differences(one).items()} == dict.fromkeys(
        {rule.severity for rule in one.policy}, 0
    )


def test_the_scenarios_tell_something() -> None:
    """At least half of the histories both fire and rest in Prometheus."""
    found = [differences(one) for one in few()[:12]]
    telling = [any(0 < count < 300 for count, _ in each.values()) for each in found]
    assert sum(telling) >= 6
