"""What incidents cost: error budget spent by each, and which of them need a postmortem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib.alerts.firing import history
from srelib.alerts.score import period_budget
from srelib.budget import attribute
from srelib.errors import ParameterError
from srelib.incidents.review import same_title
from srelib.windows import Window

POSTMORTEM = 0.2
QUARTER = pd.Timedelta(days=90)
COLUMNS = ["incident_id", "title", "service", "objective", "starts_at", "ends_at", "bad", "share",
           "share_of_quarter", "share_of_spent", "coverage"]  # fmt: skip


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
    As `srelib.budget.attribute` does it: a moment in which several were open belongs to the one
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
    parts = attribute(
        good, total, target=target, incidents=incidents, deployments=None, within="1h"
    )
    past, own = history(good, total), parts[parts["cause"] == "incident"]
    budget = period_budget(past, target=target, period=period)
    quarter = period_budget(past, target=target, period=QUARTER)
    return pd.DataFrame({
        "incident_id": own["key"], "title": own["label"], "starts_at": own["starts_at"],
        "ends_at": own["ends_at"], "bad": own["bad"], "share": own["bad"] / budget,
        "share_of_quarter": own["bad"] / quarter, "share_of_spent": own["share_of_spent"],
        "coverage": own["coverage"],
    }).reset_index(drop=True)  # fmt: skip


def dearest(spent: Mapping[Any, pd.DataFrame], *, postmortem: float = POSTMORTEM) -> pd.DataFrame:
    """Incidents of all objectives by what they cost, each counted once.

    Parameters
    ----------
    spent : mapping of Indicator to DataFrame
        As from `budget_spent`, by objective.
    postmortem : float
        Share of the budget of a period above which an incident needs a postmortem [fraction].

    Returns
    -------
    DataFrame
        Columns of `budget_spent`, service, objective (the one it spent most of) and postmortem
        (bool); those that spent the largest share first.

    Raises
    ------
    ParameterError
        `postmortem` not positive.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, appendix B: a single
       incident that spends more than 20 % of the error budget of four weeks needs a postmortem.

    Examples
    --------
    >>> dearest({}).columns[-1], len(dearest({}))
    ('postmortem', 0)
    """
    if not postmortem > 0:
        raise ParameterError(f"postmortem must be above 0; got {postmortem}. For 20 % write 0.2.")
    parts = [rows.assign(service=key.service, objective=key.name)
             for key, rows in spent.items() if len(rows)]  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=[*COLUMNS, "postmortem"])
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.sort_values("share", ascending=False, kind="stable", na_position="last")
    rows = rows.drop_duplicates(["service", "incident_id"]).reset_index(drop=True)
    return rows[COLUMNS].assign(postmortem=rows["share"] > postmortem)


def classes(costs: pd.DataFrame, *, as_of: pd.Timestamp, limit: float = POSTMORTEM) -> pd.DataFrame:
    """Outages of one kind together: which spent too much of a quarter?

    Parameters
    ----------
    costs : DataFrame
        As from `dearest`.
    as_of : Timestamp
        "Now"; the quarter is the 90 days before it.
    limit : float
        Share of the budget of a quarter above which a class belongs into the plan [fraction].

    Returns
    -------
    DataFrame
        title, service, incidents [count], share_of_quarter [fraction], too_much (bool), dearest
        first.

    Notes
    -----
    A class is a title at a service, as in `repeated`.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, appendix B: a class of
       outages that spends more than 20 % of the error budget of a quarter must be on the plan.

    Examples
    --------
    >>> len(classes(dearest({}), as_of=pd.Timestamp("2026-01-01", tz="UTC")))
    0
    """
    columns = ["title", "service", "incidents", "share_of_quarter", "too_much"]
    rows = costs[costs["starts_at"] > as_of - QUARTER] if len(costs) else costs
    if not len(rows):
        return pd.DataFrame(columns=columns)
    groups = rows.groupby([same_title(rows["title"]), "service"], sort=False)
    found = groups.agg(title=("title", "last"), incidents=("title", "size"),
                       share_of_quarter=("share_of_quarter", "sum"))  # fmt: skip
    found = found.reset_index("service").reset_index(drop=True)
    found = found.sort_values("share_of_quarter", ascending=False, kind="stable")
    return found.assign(too_much=found["share_of_quarter"] > limit)[columns].reset_index(drop=True)
