"""What incidents cost: error budget spent by each, and which of them need a postmortem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from srelib import events
from srelib.alerts.score import _period_budget
from srelib.budget import spent_by_event
from srelib.errors import ParameterError, SrelibError
from srelib.fleet import Indicator, answers
from srelib.incidents.recurrence import _same_title
from srelib.windows import Window, history

POSTMORTEM = 0.2
QUARTER = pd.Timedelta(days=90)
CLASSES = ["title", "service", "incidents", "share_of_quarter", "too_much"]
COLUMNS = ["incident_id", "title", "service", "objective", "starts_at", "ends_at", "bad", "share",
           "share_of_quarter", "share_of_spent", "coverage"]  # fmt: skip
NO_COSTS = pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS}).astype(
    {"starts_at": "datetime64[us, UTC]", "share": "float64", "share_of_quarter": "float64"}
)


def budget_spent(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    period: Window | pd.Timedelta | str,
    incidents: pd.DataFrame,
) -> pd.DataFrame:
    """Error budget that went while each incident was open.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] of one objective on a regular UTC index.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    period : Window, Timedelta or str
        Period of the SLO.
    incidents : DataFrame
        Table ``incidents`` of that service.

    Returns
    -------
    DataFrame
        One row per incident that touches the data: incident_id, title, starts_at, ends_at, bad
        [events], share (of the budget of a period) and share_of_quarter (of 90 days), both at the
        average traffic of the history, share_of_spent (of all that was spent), coverage
        [fraction; NaN where an earlier incident owns all of its time].

    Raises
    ------
    InsufficientDataError
        Nothing was asked in all the history.
    ParameterError
        The incidents belong to several services.

    Notes
    -----
    As in `srelib.budget.spent_by_event`: a moment in which several were open belongs to the one
    that began first, so that parts never add up to more than the whole. Bad events that would
    have come without the incident are in it too.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC")
    >>> total = pd.Series(100.0, index)
    >>> rows = pd.DataFrame({"incident_id": ["a"], "title": ["down"], "service": ["shop"],
    ...     "started_at": index[[12]], "resolved_at": index[[13]]})
    >>> found = budget_spent(total.mask(index.hour == 12, 50.0), total, target=0.99, period="28d",
    ...                      incidents=rows)
    >>> found["bad"].tolist(), found["share"].round(4).tolist(), found["share_of_spent"].tolist()
    ([50.0], [0.0744], [0.5])
    """
    parts = spent_by_event(
        good, total, target=target, incidents=incidents, deployments=None, within="1h"
    )
    past, own = history(good, total), parts[parts["cause"] == "incident"]
    budget = _period_budget(past, target=target, period=period)
    quarter = _period_budget(past, target=target, period=QUARTER)
    return pd.DataFrame({
        "incident_id": own["key"], "title": own["label"], "starts_at": own["starts_at"],
        "ends_at": own["ends_at"], "bad": own["bad"], "share": own["bad"] / budget,
        "share_of_quarter": own["bad"] / quarter, "share_of_spent": own["share_of_spent"],
        "coverage": own["coverage"],
    }).reset_index(drop=True)  # fmt: skip


@dataclass(frozen=True)
class IncidentCosts:
    """What the incidents of a fleet cost.

    Parameters
    ----------
    incidents : DataFrame
        Each incident once, by the objective it spent most of; columns of `budget_spent`, service,
        objective and postmortem (bool); those that spent the largest share first.
    classes : DataFrame
        Outages of one kind (a title at a service) in the last 90 days together: title, service,
        incidents [count], share_of_quarter [fraction], too_much (bool), costliest first.
    limit : float
        Share of a budget above which an incident needs a postmortem, and a class of outages
        belongs into the plan [fraction].
    objectives : int
        How many were looked at.
    """

    incidents: pd.DataFrame
    classes: pd.DataFrame
    limit: float
    objectives: int


def incident_costs(
    spent: Mapping[Indicator, pd.DataFrame | SrelibError],
    *,
    as_of: pd.Timestamp,
    limit: float = POSTMORTEM,
) -> IncidentCosts:
    """What incidents cost over all objectives and services, each counted once.

    Parameters
    ----------
    spent : mapping of Indicator to DataFrame
        As from `budget_spent`, by objective, or the errors in their place.
    as_of : Timestamp
        "Now"; the quarter of classes of outages is the 90 days before it.
    limit : float
        Share of a budget above which an incident needs a postmortem, and a class of outages
        belongs into the plan [fraction].

    Returns
    -------
    IncidentCosts

    Raises
    ------
    ParameterError
        `limit` not positive.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, appendix B: a single
       incident that spends more than 20 % of the error budget of four weeks needs a postmortem; a
       class of outages that spends more than 20 % of that of a quarter must be on the plan.

    Examples
    --------
    >>> found = incident_costs({}, as_of=pd.Timestamp("2026-01-01", tz="UTC"))
    >>> len(found.incidents), len(found.classes)
    (0, 0)
    """
    if not limit > 0:
        raise ParameterError(f"limit must be above 0; got {limit}. For 20 % write 0.2.")
    known = answers(spent)
    costs = _each_once([own.assign(service=key.service, objective=key.name)
                        for key, own in known.items() if len(own)])  # fmt: skip
    return IncidentCosts(
        incidents=costs.assign(postmortem=costs["share"] > limit),
        classes=_outage_classes(costs[costs["starts_at"] > as_of - QUARTER], limit),
        limit=limit,
        objectives=len(known),
    )


def _each_once(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Incidents by the objective each spent most of, the costliest first."""
    if not parts:
        return NO_COSTS
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.assign(number=events._incident_numbers(
        rows.rename(columns={"starts_at": "started_at", "ends_at": "resolved_at"})))  # fmt: skip
    rows = rows.sort_values("share", ascending=False, kind="stable", na_position="last")
    return rows.drop_duplicates("number").reset_index(drop=True)[COLUMNS]


def _outage_classes(costs: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Outages of one kind together, and which spent too much of a quarter."""
    groups = costs.groupby([_same_title(costs["title"]), "service"], sort=False)
    found = groups.agg(title=("title", "last"), incidents=("title", "size"),
                       share_of_quarter=("share_of_quarter", "sum"))  # fmt: skip
    found = found.reset_index("service").sort_values(
        "share_of_quarter", ascending=False, kind="stable"
    )
    return found.assign(too_much=found["share_of_quarter"] > limit)[CLASSES].reset_index(drop=True)
