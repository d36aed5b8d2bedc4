"""Policies side by side on the same history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib.alerts.firing import firing
from srelib.alerts.policies import Policy
from srelib.alerts.score import Score, score
from srelib.alerts.spending import spending
from srelib.errors import ParameterError
from srelib.windows import Window


def scores(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    period: Window | pd.Timedelta | str,
    policies: Mapping[str, Policy],
    truth: pd.DataFrame,
    severity: str = "page",
    **options: Any,
) -> dict[str, Score]:
    """Replay several policies on one history and score each."""
    if not policies:
        raise ParameterError("policies must name at least one policy; got none.")
    budget = spending(good, total, target=target, period=period)
    found = {}
    for name, policy in policies.items():
        fires = firing(good, total, target=target, policy=policy)
        fires[severity] = fires.get(severity, pd.Series(False, fires.index))
        found[name] = score(fires, truth, severity=severity, budget=budget, **options)
    return found


def compare(found: Mapping[str, Score]) -> pd.DataFrame:
    """Scores side by side, one row per policy."""
    return pd.DataFrame([{"policy": name, **_row(one)} for name, one in found.items()])


def _row(one: Score) -> dict[str, object]:
    return {
        "pages": len(one.pages),
        "events": len(one.events),
        "missed": len(one.missed),
        "false_pages": len(one.false_pages),
        "pages_per_week": one.pages_per_week.value,
        "precision": one.precision.value,
        "recall": one.recall.value,
        "detection": pd.Timedelta(one.detection_seconds.value, "s"),
        "reset": pd.Timedelta(one.reset_seconds.value, "s"),
        "spent_at_detection": one.spent_at_detection.value,
        "out_of_hours": one.out_of_hours.value,
    }
