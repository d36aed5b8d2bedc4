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
from srelib.alerts.written import read_policy
from srelib.windows import Window

OWN = "yours"
"""What a policy is called that somebody wrote."""


def ready_made(period: Window | pd.Timedelta | str) -> dict[str, tuple[Rule, ...]]:
    """Every ready-made policy."""
    return {
        "workbook": workbook_policy(period),
        "pyrra": pyrra_policy(period),
        "grafana": grafana_policy(period),
        **earlier_attempts(period),
    }


def named(text: str, *, period: Window | pd.Timedelta | str) -> tuple[Rule, ...]:
    """A policy by its name, or as somebody wrote it.

    Parameters
    ----------
    text : str
        A name of `ready_made`, or rules as `read_policy` reads them.
    period : Window, Timedelta or str
        Period of the SLO.

    Returns
    -------
    tuple of Rule

    Raises
    ------
    ParameterError
        A part of the text is neither.

    Examples
    --------
    >>> named("pyrra", period="28d")[0].factor
    14.0
    >>> [rule.factor for rule in named("2% in 1h/5m, ticket 1x in 3d/6h", period="30d")]
    [14.4, 1.0]
    """
    return read_policy(text, period=period, known=ready_made(period))


def called(text: str) -> str:
    """What a policy is called beside others."""
    names = {name.lower(): name for name in ready_made("28d")}
    return names.get(str(text).strip().lower(), OWN)
