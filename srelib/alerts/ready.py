"""Policies by name, as a notebook or a command line asks for them."""

from __future__ import annotations

import pandas as pd

from srelib.alerts.policies import (
    Rule,
    earlier_attempts,
    grafana_policy,
    pyrra_policy,
    workbook_policy,
)
from srelib.errors import ParameterError
from srelib.windows import Window


def ready_made(period: Window | pd.Timedelta | str) -> dict[str, tuple[Rule, ...]]:
    """Every ready-made policy.

    Parameters
    ----------
    period : Window, Timedelta or str
        Period of the SLO.

    Returns
    -------
    dict of str to tuple of Rule
        'workbook', 'pyrra', 'grafana', and the Workbook's five earlier attempts.

    Examples
    --------
    >>> list(ready_made("28d"))[:4]
    ['workbook', 'pyrra', 'grafana', '1 error rate over the target']
    """
    return {
        "workbook": workbook_policy(period),
        "pyrra": pyrra_policy(period),
        "grafana": grafana_policy(period),
        **earlier_attempts(period),
    }


def named(name: str, *, period: Window | pd.Timedelta | str) -> tuple[Rule, ...]:
    """A ready-made policy by its name.

    Parameters
    ----------
    name : str
        As in `ready_made`.
    period : Window, Timedelta or str
        Period of the SLO.

    Returns
    -------
    tuple of Rule

    Raises
    ------
    ParameterError
        There is no policy of that name.

    Examples
    --------
    >>> named("pyrra", period="28d")[0].factor
    14.0
    """
    policies = ready_made(period)
    if name not in policies:
        raise ParameterError(f"policy must be one of {', '.join(policies)}; got {name!r}.")
    return policies[name]
