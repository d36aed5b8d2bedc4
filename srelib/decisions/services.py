"""Every service of a folder decided on, also those without an objective or without counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from srelib import delivery, events, fleet
from srelib.decisions.verdict import (
    DEFAULT,
    FIX,
    NO_COUNTS,
    NO_OBJECTIVE,
    NOT_ENOUGH,
    Decision,
    DecisionRules,
    decide,
)
from srelib.delivery.frequency import _service_names
from srelib.errors import SrelibError
from srelib.fleet import NAN, Indicator, Results
from srelib.incidents.postmortems import _same_title
from srelib.policy import Policy
from srelib.targets.candidates import BUDGET_POLICY
from srelib.tradeoff import Effect
from srelib.tradeoff.association import Span

AGAIN = 3
"""Incidents of one title that make it one that comes back, where nothing else is known."""


def decide_each(
    counts: Mapping[Indicator, pd.DataFrame],
    effects: Results[Effect],
    *,
    between: Span | None,
    deployments: pd.DataFrame | None = None,
    incidents: pd.DataFrame | None = None,
    alerts: pd.DataFrame | None = None,
    freeze: Policy = BUDGET_POLICY,
    rules: DecisionRules = DEFAULT,
    threads: int = 1,
) -> dict[str, Decision | SrelibError]:
    """What to do about every service that any table names.

    By service, in order of the names; the error where the counts refuse.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame, good and total of every objective, and of series
        without one, on regular UTC indexes [events]
    effects : mapping of Indicator to Effect or error, as from `srelib.tradeoff.adjusted`; its keys
        are the objective of each service that the verdict is about
    between : pair of Timestamp or None, as from `srelib.tradeoff.shared_span`
    deployments, incidents, alerts : DataFrame or None, the tables; None: nobody exported them
    freeze, rules : Policy, DecisionRules, the freeze policy to try, and where the lines lie
    threads : int, services asked at once

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, appendix B: an error-budget
       policy asks for the cause before it asks to stop.

    Examples
    --------
    >>> decide_each({}, {}, between=None)
    {}
    """
    tables = {"deployments": deployments, "incidents": incidents, "alerts": alerts}
    named = _service_names(*tables.values())
    keys = {key.service: key for key in effects}
    measured = {key.service for key in counts}
    made: dict[str, float] = {}
    if deployments is not None and between is not None:
        eligible = events.eligible_deployments(deployments)
        found = delivery.deployment_frequency(eligible, between=between)
        made = dict(zip(found["service"].astype("str"), found["value"].tolist(), strict=True))

    def ask(service: str, _: None) -> Decision:
        own: dict[str, Any] = {name: None if table is None else events.of_service(table, service)
                               for name, table in tables.items()}  # fmt: skip
        often = made.get(service, NAN if deployments is None else 0.0)
        if service not in keys:
            del own["alerts"]
            said = without_counts(**own, frequency=often)
            return replace(said, lacks=NO_OBJECTIVE) if service in measured else said
        key = keys[service]
        mine = {one: seen for one, seen in counts.items() if one.service == service}
        return decide(mine, key=key, effect=effects[key], frequency=often, freeze=freeze,
                      rules=rules, **own)  # fmt: skip

    return fleet.each(dict.fromkeys(sorted({*named, *measured, *keys})), ask, threads=threads)


def without_counts(
    *,
    incidents: pd.DataFrame | None,
    deployments: pd.DataFrame | None = None,
    frequency: float = NAN,
) -> Decision:
    """What can be said of a service whose good and total events nobody exported.

    `FIX`, where incidents of one title came at least three times; else there is not enough data.
    `named` then holds the hours that incidents were open instead of shares of a budget.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-01-01", "2026-01-08", "2026-01-15"], utc=True)
    >>> rows = pd.DataFrame({"incident_id": list("abc"), "title": "Disk full",
    ...     "started_at": days, "resolved_at": days + pd.Timedelta("2h")})
    >>> found = without_counts(incidents=rows)
    >>> found.verdict, found.named["hours"].tolist()
    ('fix outages unrelated to deployments', [6.0])
    """
    made = 0 if deployments is None else len(events.eligible_deployments(deployments))
    known = Decision(NOT_ENOUGH, lacks=NO_COUNTS, deployments=made, frequency=frequency)
    if incidents is None or incidents.empty:
        return known
    rows = events.eligible_incidents(incidents)
    hours = (rows["resolved_at"] - rows["started_at"]).dt.total_seconds() / 3600
    titles = rows["title"] if "title" in rows else rows["incident_id"]
    titles = titles.fillna(rows["incident_id"]).astype("str")
    groups = pd.DataFrame({"title": titles, "hours": hours}).groupby(_same_title(titles))
    named = groups.agg(title=("title", "last"), incidents=("title", "size"), hours=("hours", "sum"))
    named = named[named["incidents"] >= AGAIN].sort_values(
        ["hours", "incidents"], ascending=False, kind="stable", ignore_index=True
    )
    return replace(known, verdict=FIX if len(named) else NOT_ENOUGH, named=named.assign(share=NAN))
