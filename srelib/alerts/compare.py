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
    """Replay several policies on one history and score each.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index; missing is unknown.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    period : Window, Timedelta or str
        Period of the SLO.
    policies : mapping of str to policy
        By name.
    truth : DataFrame
        Events that mattered (`budget_events`, `incident_events`).
    severity : str
        Which alerts are scored; a policy without such rules pages never.
    **options
        Further keywords of `score`: grace, merge, timezone, office, confidence.

    Returns
    -------
    dict of str to Score

    Raises
    ------
    ParameterError
        No policies, or one without rules.

    Examples
    --------
    >>> from srelib.alerts import budget_events, workbook_policy
    >>> index = pd.date_range("2026-01-01", periods=7200, freq="min", tz="UTC")
    >>> total = pd.Series(100.0, index)
    >>> good = total.mask((index.day == 4) & (index.hour == 12), 0.0)
    >>> truth = budget_events(good, total, target=0.99, period="28d", share=0.02)
    >>> found = scores(good, total, target=0.99, period="28d", truth=truth,
    ...                policies={"workbook": workbook_policy("28d")})
    >>> found["workbook"].recall.value
    1.0
    """
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
    """Scores side by side, one row per policy.

    Parameters
    ----------
    found : mapping of str to Score
        As from `scores`.

    Returns
    -------
    DataFrame
        policy, pages, events, missed, false_pages [counts], pages_per_week [1/week], precision,
        recall, out_of_hours, spent_at_detection [fraction], detection, reset (Timedelta, median).
        The intervals are in the scores.

    Examples
    --------
    >>> compare({}).empty
    True
    """
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
