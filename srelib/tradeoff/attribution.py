"""Where the budget went: incidents of deployments, hours after them, other incidents, the rest."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from srelib import delivery
from srelib.budget.status import _exact_sum
from srelib.delivery.attribution import _attributed
from srelib.delivery.rules import DEFAULT
from srelib.tradeoff.after_deployments import (
    TIMES,
    ServiceHistory,
    allowance,
    comparable_deployments,
    covered,
    eligible_incidents,
    history,
    ratio,
    usual_ratios,
    window_edges,
)
from srelib.windows.sums import _checked, _divide

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
    good, total : Series
        Good and total events [events] of one service on a regular UTC index; missing is unknown,
        excluded buckets hold good = total = 0.
    deployments : DataFrame or None
        Table ``deployments`` of that service in production.
    incidents : DataFrame, optional
        Table ``incidents`` of that service; ``deployment_id`` names the deployment that caused
        one, as from `with_causes`.
    exclusions : DataFrame, optional
        Table ``exclusions`` of that service.
    target : float, optional
        Service level objective [fraction], strictly between 0 and 1; None or NaN: there is none.
    after : Timedelta or str
        Length of the window after a deployment.

    Returns
    -------
    DataFrame
        One row per cause, in the order of `PARTS`: cause, pieces (incidents or deployments in
        it), bad [events], share_of_allowance (NaN without a target), share_of_spent [fraction].

    Raises
    ------
    InsufficientDataError
        Less than three weeks of counts, or none finer than days.
    ParameterError, ColumnError
        A table of several services, or without a column.

    Notes
    -----
    A bucket belongs to the first incident open in it, else to the window after a deployment, else
    to the background. What it would have held anyway at that hour of the week is background too.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-05", periods=4 * 168, freq="h", tz="UTC")
    >>> total = pd.Series(1000.0, hours)
    >>> found = attribution(total - 3, total, None, target=0.99)
    >>> found["cause"].tolist()[-1], found["bad"].tolist()
    ('background', [0.0, 0.0, 0.0, 2016.0])
    """
    past = history(good, total, incidents=incidents)
    kinds, pieces = _kinds(past, deployments, incidents, exclusions, pd.Timedelta(after))
    good_seen, total_seen = _checked(good, total)
    whole = _exact_sum(total_seen - good_seen)
    bad = _to_the_bit(_split(past, kinds), whole)
    frame = pd.DataFrame({"cause": PARTS, "pieces": pieces, "bad": bad})
    budget = allowance(target, _exact_sum(total_seen))
    for name, of in (("share_of_allowance", budget), ("share_of_spent", whole)):
        frame[name] = _divide(frame["bad"].to_numpy(), np.full(len(frame), of))
    return frame


def _kinds(
    past: ServiceHistory,
    deployments: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    exclusions: pd.DataFrame | None,
    after: pd.Timedelta,
) -> tuple[np.ndarray, list[int]]:
    """For each bucket its place in `PARTS`, and how many incidents or deployments each has."""
    kinds = np.full(len(past.total), PARTS.index(BACKGROUND))
    width, used = after / past.step, 0
    if deployments is not None and len(deployments):
        rows, _ = comparable_deployments(
            deployments, past, after=width, incidents=incidents, exclusions=exclusions
        )
        used = len(rows)
        kinds[covered(*window_edges(rows["place"].to_numpy(), width), len(kinds))] = PARTS.index(
            AFTER
        )
    rows = eligible_incidents(incidents).sort_values("started_at", ascending=False, kind="stable")
    begin = np.floor(past.place(rows["started_at"]))
    ends = past.place(rows["resolved_at"])
    end = np.ceil(np.where(np.isnan(ends), len(kinds), ends))
    linked = rows["deployment_id"].notna().to_numpy()
    low, high = (np.clip(edge, 0, len(kinds)).astype("int64") for edge in (begin, end))
    for first, last, known in zip(low, high, linked, strict=True):
        kinds[first:last] = PARTS.index(LINKED if known else OTHER)
    touching = high > low
    return kinds, [int((touching & linked).sum()), used, int((touching & ~linked).sum()), 0]


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


def _to_the_bit(parts: np.ndarray, whole: float) -> np.ndarray:
    """Parts in units of the last bit of the whole, the rest going to the largest."""
    unit = math.ulp(whole)
    units = [round(part / unit) for part in parts.tolist()]
    units[int(np.argmax(parts))] += round(whole / unit) - sum(units)
    return np.array([count * unit for count in units])


def with_causes(
    incidents: pd.DataFrame,
    deployments: pd.DataFrame,
    *,
    rules: delivery.Rules = DEFAULT,
) -> pd.DataFrame:
    """Incidents, each with the deployment it is attributed to.

    Parameters
    ----------
    incidents, deployments : DataFrame
        The tables, of any number of services.
    rules : delivery.Rules
        How incidents are attributed to deployments.

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
    found = _attributed(deployments, incidents, rules=rules)
    found = found.drop_duplicates(["service", "incident_id"])
    names = found.set_index(["service", "incident_id"])["deployment_id"]
    keys = pd.MultiIndex.from_frame(incidents[["service", "incident_id"]].astype("str"))
    return incidents.assign(deployment_id=names.reindex(keys).to_numpy())
