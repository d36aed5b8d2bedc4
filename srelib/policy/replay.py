"""What a policy would have changed: frozen days, releases held, bad events avoided."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from srelib.errors import InsufficientDataError, ParameterError
from srelib.policy.account import Setting, chances, held, result, track
from srelib.policy.aftermath import Objective, Prepared, prepare
from srelib.policy.daily import MIN_COVERAGE, decision_times
from srelib.policy.rules import Policy
from srelib.policy.walk import READINGS, Replay, walk
from srelib.windows import Window

DRAWS = 20
"""How often a history is walked again with other luck."""


def replay(
    good: pd.Series,
    total: pd.Series,
    deployments: pd.DataFrame,
    *,
    target: float,
    policy: Policy,
    window: Window | pd.Timedelta | str,
    incidents: pd.DataFrame | None = None,
    harms: pd.Series | pd.DataFrame | None = None,
    after: pd.Timedelta | str = "6h",
    min_coverage: float = MIN_COVERAGE,
    confidence: float = 0.95,
    draws: int = DRAWS,
) -> Replay:
    """Replay an error-budget policy on the history of one objective.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index; missing is unknown.
    deployments : DataFrame
        Table ``deployments`` of the service, production only.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    policy : Policy
    window : Window, Timedelta or str
        Window of the objective; used where the policy has none of its own.
    incidents : DataFrame, optional
        Table ``incidents`` of the service: time inside one that was open when a deployment began
        is not held against that deployment.
    harms : Series or DataFrame, optional
        Bad events that each deployment cost [events], by deployment_id, such as
        ``effect.per_deployment.set_index("deployment_id")["excess"]`` of
        `srelib.tradeoff.deployment_effect`; a DataFrame has columns harm, low, high, and without
        the latter two what was avoided has no interval. Default: estimated from the hours after
        each.
    after : Timedelta or str
        How long after it finished a deployment is answerable; whole hours.
    min_coverage : float
        Share of the window that must have been observed for a decision [fraction]; with less,
        things stay as they are.
    confidence : float
        Of the intervals [fraction].
    draws : int
        How often the history is walked again with other luck, to see which decisions were close.

    Returns
    -------
    Replay

    Raises
    ------
    InvalidTargetError, CountError, TimeIndexError
        As in `srelib.budget.status`.
    ColumnError
        Deployments lack a column.
    InsufficientDataError
        Buckets longer than an hour, or no decision within the data.
    ParameterError
        A value that is not allowed.

    Notes
    -----
    The budget a decision sees is that of the world with the policy: recorded, less what held
    releases had done by then, and (postponed) more what released ones had done again. It stands
    on buckets that were over by then, and on deployments and incidents begun by then.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 2 and appendix B.

    Examples
    --------
    >>> from srelib.policy import named
    >>> index = pd.date_range("2026-06-01", periods=28 * 24, freq="h", tz="UTC")
    >>> total = pd.Series(1000.0, index)
    >>> good = total.mask(index.normalize() == "2026-06-17", 500.0)
    >>> made = pd.DataFrame({"deployment_id": ["a", "b"],
    ...                      "finished_at": pd.to_datetime(["2026-06-16T12Z", "2026-06-19T12Z"])})
    >>> found = replay(good, total, made, target=0.99, policy=named("workbook"), window="28d")
    >>> found.postponed.schedule["fate"].tolist()
    ['shipped', 'waiting']
    """
    key = "objective"
    found = replay_service(
        {key: (good, total, target, window)}, deployments, policy=policy, incidents=incidents,
        harms=None if harms is None else {key: harms}, after=after, min_coverage=min_coverage,
        confidence=confidence, draws=draws,
    )  # fmt: skip
    return found[key]


def replay_service(
    objectives: Mapping[Any, Objective],
    deployments: pd.DataFrame,
    *,
    policy: Policy,
    incidents: pd.DataFrame | None = None,
    harms: Mapping[Any, pd.Series | pd.DataFrame] | None = None,
    after: pd.Timedelta | str = "6h",
    min_coverage: float = MIN_COVERAGE,
    confidence: float = 0.95,
    draws: int = DRAWS,
) -> dict[Any, Replay]:
    """Replay a policy on a service with several objectives: frozen when any of them says so."""
    prepared = prepare(objectives, deployments, incidents=incidents, harms=harms, after=after,
                       timezone=policy.timezone)  # fmt: skip
    return replay_prepared(prepared, policy=policy, min_coverage=min_coverage,
                           confidence=confidence, draws=draws)  # fmt: skip


def replay_prepared(
    service: Prepared,
    *,
    policy: Policy,
    min_coverage: float = MIN_COVERAGE,
    confidence: float = 0.95,
    draws: int = DRAWS,
) -> dict[Any, Replay]:
    """Replay one policy on a service that was prepared."""
    if not 0 < min_coverage <= 1:
        raise ParameterError(f"min_coverage must lie in (0, 1]; got {min_coverage}.")
    ledgers = [part.ledger for part in service.parts.values()]
    first, last = min(x.first for x in ledgers), max(x.last for x in ledgers)
    times = decision_times(first, last, hour=policy.hour, timezone=policy.timezone)
    if not len(times):
        raise InsufficientDataError(
            f"no decision falls into the {last - first} of data; export more than a day."
        )
    tracks = [
        track(part, times, policy, min_coverage=min_coverage) for part in service.parts.values()
    ]
    walks, close = {}, {}
    for reading in READINGS:
        over = partial(walk, times=times, rows=service.rows, policy=policy,
                       postponed=reading == "postponed")  # fmt: skip
        walks[reading] = over(tracks)
        estimated = all(part.harms is None for part in service.parts.values())
        tried = chances(tracks, draws) if estimated and held(walks[reading]).size else []
        close[reading] = [(over(other), other) for other in tried]
    setting = Setting(policy, times, service.rows, walks, close, confidence, last)
    return {
        key: result(i, part, tracks[i], setting)
        for i, (key, part) in enumerate(service.parts.items())
    }
