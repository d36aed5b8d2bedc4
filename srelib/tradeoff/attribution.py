"""Where the budget went: incidents of deployments, hours after them, other incidents, the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib import delivery
from srelib.budget.accounting import _exact_parts, _with_shares
from srelib.budget.status import _exact_sum
from srelib.delivery.rules import DEFAULT
from srelib.tradeoff.after_deployments import (
    TIMES,
    ServiceHistory,
    allowance,
    comparable_deployments,
    covered,
    history,
    incidents_of_service,
    ratio,
    usual_ratios,
    window_edges,
)
from srelib.windows.sums import _checked

LINKED = "incidents of deployments"
AFTER = "after deployments"
OTHER = "other incidents"
BACKGROUND = "background"
PARTS = (LINKED, AFTER, OTHER, BACKGROUND)
"""What a bad event is attributed to."""


def attribution(
    good: pd.Series,
    total: pd.Series,
    deployments: pd.DataFrame | None,
    *,
    incidents: pd.DataFrame | None = None,
    exclusions: pd.DataFrame | None = None,
    target: float | None = None,
    after: pd.Timedelta | str = "6h",
) -> pd.DataFrame:
    """Where the budget of a service went: four parts that add up exactly to what was spent.

    Parameters
    ----------
    good, total : Series, counts of one service on a regular UTC index [events]; NaN is unknown
    deployments : DataFrame or None, table ``deployments`` of that service in production
    incidents : DataFrame, its table ``incidents`` with what caused each, as from `with_causes`
    exclusions : DataFrame, its table ``exclusions``; the counts must already be without them
    target : float, service level objective [fraction]; None or NaN: there is none
    after : Timedelta or str, length of the window after a deployment

    Returns
    -------
    DataFrame
        One row per cause, in the order of `PARTS`: cause, bad [events], share_of_allowance (NaN
        without a target), share_of_spent [fraction].

    Raises
    ------
    InsufficientDataError
        Less than three weeks of counts, or none finer than days.
    ParameterError, ColumnError
        A table of several services, or without a column.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-05", periods=4 * 168, freq="h", tz="UTC")
    >>> total = pd.Series(1000.0, hours)
    >>> found = attribution(total - 3, total, None, target=0.99)
    >>> found["cause"].tolist()[-1], found["bad"].tolist()
    ('background', [0.0, 0.0, 0.0, 2016.0])
    """
    past = history(good, total, incidents=incidents)
    kinds = _kinds(past, deployments, incidents, exclusions, pd.Timedelta(after) / past.step)
    good_seen, total_seen = _checked(good, total)
    bad = _exact_parts(_split(past, kinds), _exact_sum(total_seen - good_seen))
    frame = pd.DataFrame({"cause": PARTS, "bad": bad})
    return _with_shares(frame, allowance=allowance(target, _exact_sum(total_seen)))


def _kinds(
    past: ServiceHistory,
    deployments: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    exclusions: pd.DataFrame | None,
    after: float,
) -> np.ndarray:
    """For each bucket its place in `PARTS`; of several incidents, the first has it."""
    size = len(past.total)
    kinds = np.full(size, PARTS.index(BACKGROUND))
    if deployments is not None and len(deployments):
        rows, _ = comparable_deployments(
            deployments, past, after=after, incidents=incidents, exclusions=exclusions
        )
        inside = covered(*window_edges(rows["place"].to_numpy(), after), size)
        kinds[inside] = PARTS.index(AFTER)
    rows = incidents_of_service(incidents)
    rows = rows.sort_values("started_at", ascending=False, kind="stable")
    ends = past.place(rows["resolved_at"])
    begin = np.floor(past.place(rows["started_at"]))
    end = np.ceil(np.where(np.isnan(ends), size, ends))
    low, high = (np.clip(edge, 0, size).astype("int64") for edge in (begin, end))
    for first, last, linked in zip(low, high, rows["deployment_id"].notna(), strict=True):
        kinds[first:last] = PARTS.index(LINKED if linked else OTHER)
    return kinds


def _split(past: ServiceHistory, kinds: np.ndarray) -> np.ndarray:
    """Bad events of each part, what its buckets would have held anyway being background."""
    quiet = kinds == PARTS.index(BACKGROUND)
    calm, traffic, every = (
        np.bincount(past.hour, values, minlength=TIMES)
        for values in (quiet * past.calm, quiet * past.total, past.total)
    )
    bucket = every / np.maximum(1, np.bincount(past.hour, minlength=TIMES))
    usual = usual_ratios(calm[:, None], traffic[:, None], bucket)[:, 0]
    bursts = ratio(past.burst[quiet].sum(), past.total[quiet].sum())
    bad = np.bincount(kinds, past.bad, minlength=len(PARTS))
    due = np.bincount(kinds, past.total * (usual[past.hour] + bursts), minlength=len(PARTS))
    parts = np.clip(bad - due, 0.0, bad)
    parts[-1] = bad.sum() - parts[:-1].sum()
    return np.asarray(parts)


def with_causes(
    incidents: pd.DataFrame,
    deployments: pd.DataFrame,
    *,
    rules: delivery.Rules = DEFAULT,
) -> pd.DataFrame:
    """Incidents, each with the deployment it is attributed to.

    Parameters
    ----------
    incidents, deployments : DataFrame, the tables, of any number of services
    rules : delivery.Rules, how incidents are attributed to deployments

    Returns
    -------
    DataFrame
        Table ``incidents`` with ``deployment_id`` by the rules; missing where they name none.

    Examples
    --------
    >>> with_causes(pd.DataFrame(), pd.DataFrame()).empty
    True
    """
    if not len(incidents):
        return incidents
    found = delivery.attribute_incidents(deployments, incidents, rules=rules)
    found = found.drop_duplicates(["service", "incident_id"])
    names = found.set_index(["service", "incident_id"])["deployment_id"]
    keys = pd.MultiIndex.from_frame(incidents[["service", "incident_id"]].astype("str"))
    return incidents.assign(deployment_id=names.reindex(keys).to_numpy())
