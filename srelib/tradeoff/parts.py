"""Where the budgets of several services went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import delivery
from srelib.errors import SrelibError
from srelib.tradeoff.attribution import attribution
from srelib.tradeoff.panel import linked


def divided(
    counts: Mapping[Any, pd.DataFrame],
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame,
    exclusions: pd.DataFrame | None = None,
    rules: delivery.Rules = delivery.DEFAULT,
    after: pd.Timedelta | str = "6h",
) -> dict[Any, pd.DataFrame | SrelibError]:
    """Where the budget of each service went, incidents put down to deployments by a rule.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        Counts good and total on a regular UTC index, without planned exclusions.
    deployments : DataFrame
        Table ``deployments`` of all services, production only.
    incidents : DataFrame
        Table ``incidents`` of all services.
    exclusions : DataFrame, optional
        Table ``exclusions`` of all services; a row without a service is about each.
    rules : delivery.Rules
        How incidents are put down to deployments.
    after : Timedelta or str
        Length of the window after a deployment.

    Returns
    -------
    dict
        By key of `counts`, as from `attribution`; the error in place of the answer where there
        is none.

    Examples
    --------
    >>> divided({}, pd.DataFrame(), incidents=pd.DataFrame())
    {}
    """
    caused = linked(incidents, deployments, rules=rules)
    planned = pd.DataFrame() if exclusions is None else exclusions
    found: dict[Any, pd.DataFrame | SrelibError] = {}
    for key, frame in counts.items():
        try:
            found[key] = attribution(
                frame["good"], frame["total"], _of(deployments, key), incidents=_of(caused, key),
                exclusions=_about(planned, key), after=after,
                target=key.target if key.target == key.target else None,
            )  # fmt: skip
        except SrelibError as error:
            found[key] = error
    return found


def _of(table: pd.DataFrame, key: Any) -> pd.DataFrame:
    return table[table["service"] == key.service] if len(table) else table


def _about(exclusions: pd.DataFrame, key: Any) -> pd.DataFrame:
    """Exclusions of a service and indicator; a row that names none is about all."""
    if not len(exclusions):
        return exclusions
    mine = exclusions["service"].isna() | (exclusions["service"] == key.service)
    if "sli" in exclusions:
        mine &= exclusions["sli"].isna() | (exclusions["sli"] == key.sli)
    return exclusions[mine]
