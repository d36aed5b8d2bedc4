"""One service asked everything the report asks: what its deployments cost, and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import pandas as pd

from srelib import (
    alerts,
    budget,
    decisions,
    events,
    fleet,
    objectives,
    policy,
    quality,
    schema,
    tables,
    targets,
    tradeoff,
    windows,
)
from srelib.dataset import Dataset
from srelib.decisions import Decision, DecisionRules
from srelib.decisions.verdict import NO_COUNTS, NOT_ENOUGH
from srelib.errors import ParameterError, SrelibError
from srelib.fleet import Indicator
from srelib.partitioned.folder import Parts
from srelib.tradeoff import Effect, Scorecard
from srelib.tradeoff.effect import _check

MOST_REASONS = 3
UNNAMED = Decision(NOT_ENOUGH, lacks=NO_COUNTS)
"""Of a service that only changes name."""
Effects = Mapping[Indicator, Effect | SrelibError]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the notebooks call the same, asked of every service.

    Parameters
    ----------
    sli : str
        The indicator that is decided about, where a service has several.
    after : str
        How long after a deployment its effect is looked for.
    pass_probability : float
        How likely the next window shall meet the target [fraction].
    pages_per_week : float
        Most pages a recommended target may send.
    alert_policy, freeze_policy : str
        The policies replayed.
    timezone : str
        Of the people who deploy and are paged, an IANA name.

    Raises
    ------
    ParameterError
        One of them makes no sense, for whichever service.

    Examples
    --------
    >>> Settings.read({"pass_probability": "0.95"}).pass_probability
    0.95
    """

    sli: str = "availability"
    after: str = "6h"
    pass_probability: float = 0.9
    pages_per_week: float = 2.0
    alert_policy: str = "workbook"
    freeze_policy: str = "workbook"
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        DecisionRules(pass_probability=self.pass_probability)
        policy.named(self.freeze_policy, timezone=self.timezone)
        alerts.read_policy(self.alert_policy, period="28d")
        if not self.pages_per_week > 0:
            raise ParameterError(f"pages_per_week must be above 0; got {self.pages_per_week}.")
        try:
            after = pd.Timedelta(self.after)
        except ValueError:
            raise ParameterError(f"after is no length such as 6h: {self.after!r}.") from None
        _check(pd.Timedelta("1h"), after, placebos=1000, confidence=0.95)

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Settings:
        """From texts by name; ParameterError for a name or a number that is none."""
        kinds: dict[str, Any] = {one.name: type(one.default) for one in fields(cls)}
        for name in values:
            if name not in kinds:
                hint = schema.did_you_mean(name, kinds) or f"known are {', '.join(kinds)}"
                raise ParameterError(f"there is no parameter {name!r}; {hint}.")
        try:
            return cls(**{name: kinds[name](value) for name, value in values.items()})
        except ParameterError:
            raise
        except ValueError as error:
            raise ParameterError(f"a parameter must be a number: {error}.") from error


@dataclass(frozen=True)
class ObjectiveSummary:
    """One objective: its budget in the current window, its alerts replayed, its target.

    Parameters
    ----------
    key : Indicator
    status : Status or SrelibError
    coverage : float
        Share of the current window that was observed [fraction].
    alerts : Score or SrelibError
        The alert policy replayed, scored against incidents, or where none is known against budget
        that was spent.
    advice : Advice or SrelibError
        The target to recommend.
    """

    key: Indicator
    status: budget.Status | SrelibError
    coverage: float
    alerts: alerts.Score | SrelibError
    advice: targets.Advice | SrelibError


@dataclass(frozen=True)
class ServiceSummary:
    """Everything about one service that pages and tables show.

    Parameters
    ----------
    service : str
    decision : Decision or SrelibError
    scorecard : Scorecard or None
    place : mapping of str to float or str
        Its quadrant with the probability of each; empty where speed or budget is unknown.
    objectives : tuple of ObjectiveSummary
    rows : mapping of str to int
        Rows of counts 'read', 'kept', 'left_out' and 'refused'.
    reasons : tuple of str
        Why some were refused.
    """

    service: str
    decision: Decision | SrelibError
    scorecard: Scorecard | None
    place: Mapping[str, Any]
    objectives: tuple[ObjectiveSummary, ...]
    rows: Mapping[str, int]
    reasons: tuple[str, ...] = ()


def effects(
    parts: Parts, service: str, counts: pd.DataFrame | None, *, settings: Settings
) -> dict[Indicator, Effect | SrelibError]:
    """What the deployments of one service cost, before the correction for how many are asked."""
    own = parts.of(service, counts)
    return _effects(own, objectives.per_service(_counts(parts, own), sli=settings.sli), settings)


def _effects(
    own: Dataset, counts: Mapping[Indicator, pd.DataFrame], settings: Settings
) -> dict[Indicator, Effect | SrelibError]:
    return fleet.each(counts, lambda key, c: tradeoff.deployment_effect(
        c["good"], c["total"], own.deployments, target=key.target, incidents=own.incidents,
        after=settings.after, exclusions=own.exclusions, details=False))  # fmt: skip


def _counts(parts: Parts, own: Dataset) -> dict[Indicator, pd.DataFrame]:
    """Counts of the objectives of a service; of its series, where no service has any."""
    if parts.indicators and parts.indicators[0].has_target:
        return objectives.without_composites(objectives.with_target(own))
    return objectives.series(own)


def summary(
    parts: Parts,
    service: str,
    counts: pd.DataFrame | None,
    *,
    settings: Settings,
    p_values: Mapping[str, float],
) -> ServiceSummary:
    """Everything about one service; `p_values`: corrected ones of the effects, by service."""
    own = parts.of(service, counts)
    every = _counts(parts, own)
    chosen = objectives.per_service(every, sli=settings.sli)
    found = {
        key: replace(one, adjusted_p_value=p_values[service]) if isinstance(one, Effect) else one
        for key, one in _effects(own, chosen, settings).items()
    }
    known = {name: own.exported(name) for name in ("changes", "deployments", "incidents", "alerts")}
    decided = decisions.decide_each(
        objectives.without_target(own) | every, found, between=parts.between,
        rules=DecisionRules(pass_probability=settings.pass_probability),
        freeze=policy.named(settings.freeze_policy, timezone=settings.timezone),
        deployments=known["deployments"], incidents=known["incidents"], alerts=known["alerts"],
    )  # fmt: skip
    deployed = events.eligible_deployments(own.deployments)
    board = tradeoff.scoreboard(
        chosen, deployed, between=parts.between, changes=known["changes"],
        incidents=known["incidents"], alerts=known["alerts"],
    )  # fmt: skip
    truth = alerts.truth_in_use(parts.base.incidents, wanted="incidents")
    asked = tuple(_objective(key, c, own, settings, truth) for key, c in every.items()
                  if key.has_target)  # fmt: skip
    refused = own.rejects[~tables.left_out(own.rejects)]
    rows = {"kept": len(own.sli), "left_out": len(own.rejects) - len(refused),
            "refused": len(refused)}  # fmt: skip
    reasons = refused["reason"].astype("str").drop_duplicates().head(MOST_REASONS)
    return ServiceSummary(
        service, decided.get(service, UNNAMED), board.get(service), _place(board),
        asked, {"read": sum(rows.values()), **rows}, tuple(reasons),
    )  # fmt: skip


def _place(board: Mapping[str, Scorecard]) -> dict[str, Any]:
    placed = tradeoff.quadrants({name: one.frequency for name, one in board.items()},
                                {name: one.left for name, one in board.items()})  # fmt: skip
    rows: list[Any] = placed.services.to_dict("records")
    return dict(rows[0]) if rows else {}


def _objective(
    key: Indicator, counts: pd.DataFrame, own: Dataset, settings: Settings, truth: str
) -> ObjectiveSummary:
    now = windows.current(counts, window=key.window)
    period = targets.window_of(key.window, "")
    asked: dict[str, Any] = {
        "status": lambda c: budget.status(now["good"], now["total"], target=key.target),
        "alerts": lambda c: alerts.replay(
            c["good"], c["total"], target=key.target, period=period, truth=truth,
            policy=settings.alert_policy, candidates={}, ready_made=False,
            incidents=own.incidents, timezone=settings.timezone).score,
        "advice": lambda c: targets.recommend(
            targets.candidates(
                c["good"], c["total"], window=period, current=key.target, weighting=key.weighting,
                alert_policy=alerts.read_policy(settings.alert_policy, period=period)),
            pass_probability=settings.pass_probability, pages_per_week=settings.pages_per_week),
    }  # fmt: skip
    found: dict[str, Any] = fleet.each(asked, lambda _, question: question(counts))
    return ObjectiveSummary(key, coverage=quality.coverage(now), **found)
