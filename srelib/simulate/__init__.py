"""Fleets with a known truth: the sample data, and the ground of the validity tests."""

from __future__ import annotations

from srelib.simulate.spec import ServiceSpec
from srelib.simulate.world import Fleet, Truth, fleet

__all__ = ["Fleet", "ServiceSpec", "Truth", "fleet"]
