"""What a rule does about a constant burn, on paper: detection, budget spent, reset."""

from __future__ import annotations

import pandas as pd

from srelib.alerts.policies import Policy, Rule, check_policy, period_length, threshold
from srelib.budget import budget_fraction
from srelib.errors import ParameterError
from srelib.windows import Window


def expected(
    policy: Policy,
    *,
    target: float,
    error_ratio: float,
    period: Window | pd.Timedelta | str,
) -> pd.DataFrame:
    """Detection, budget spent and reset of each rule when errors start and stay constant.

    detection = (1 - target) / error ratio * long * factor + wait; spent = error ratio /
    (1 - target) * detection / period; reset after a total stop = short - (1 - target) /
    error ratio * short * factor.

    Parameters
    ----------
    policy : sequence of Rule
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    error_ratio : float
        Share of bad events from the start on [fraction].
    period : Window, Timedelta or str
        Period of the SLO.

    Returns
    -------
    DataFrame
        One row per rule: severity, long, short, factor, reachable (whether a total outage fires
        it), detection, reset (Timedelta; NaT when it never fires), spent [fraction of the budget
        of the period].

    Raises
    ------
    ParameterError
        `error_ratio` outside (0, 1].
    InvalidTargetError
        The target is not a fraction strictly between 0 and 1.

    Notes
    -----
    Traffic is taken as even and errors as absent before.
    Reset is that of the shorter window, after errors have lasted at least until detection.
    Buckets add up to one step to what is replayed, because an alert sees whole buckets.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 5.

    Examples
    --------
    >>> rules = (Rule("page", "1h", "5m", 14.4),)
    >>> row = expected(rules, target=0.999, error_ratio=0.15, period="30d").iloc[0]
    >>> row["detection"] / pd.Timedelta("1min"), row["reset"] / pd.Timedelta("1min")
    (5.76, 4.52)
    """
    if not 0 < error_ratio <= 1:
        raise ParameterError(
            f"error_ratio must be a fraction above 0, at most 1; got {error_ratio}."
        )
    burn = error_ratio / budget_fraction(target)
    length = period_length(period)
    rows = [_row(rule, target, error_ratio) for rule in check_policy(policy)]
    found = pd.DataFrame(rows)
    lengths: dict[str, pd.Series] = {
        name: pd.Series([row[name] for row in rows], dtype="timedelta64[us]")
        for name in ("detection", "reset")
    }
    return found.assign(
        **lengths, spent=lengths["detection"].to_numpy() / length.to_timedelta64() * burn
    )


def exhaustion(burn: float, *, period: Window | pd.Timedelta | str) -> pd.Timedelta:
    """How long a whole budget lasts at a constant burn rate: period / burn.

    Parameters
    ----------
    burn : float
        Burn rate; 1 spends exactly the budget in one period.
    period : Window, Timedelta or str
        Period of the SLO.

    Returns
    -------
    Timedelta

    Raises
    ------
    ParameterError
        The burn rate is not positive.

    Examples
    --------
    >>> exhaustion(1000, period="30d")
    Timedelta('0 days 00:43:12')
    """
    if not burn > 0:
        raise ParameterError(f"burn must be positive; got {burn}.")
    return period_length(period) / burn


def is_reachable(rule: Rule, *, target: float) -> bool:
    """Whether a total outage fires a rule: factor * (1 - target) < 1.

    Parameters
    ----------
    rule : Rule
    target : float
        Service level objective [fraction], strictly between 0 and 1.

    Returns
    -------
    bool

    Notes
    -----
    A total outage has an error ratio of 1, which must exceed the threshold (or reach it where
    the rule compares with >=).

    Examples
    --------
    >>> is_reachable(Rule("page", "1h", "5m", 14.4), target=0.9)
    False
    """
    return _fires(rule, 1.0, threshold(rule, target=target))


def _fires(rule: Rule, error_ratio: float, limit: float) -> bool:
    return error_ratio > limit or (rule.op == ">=" and error_ratio == limit)


def _row(rule: Rule, target: float, error_ratio: float) -> dict[str, object]:
    """One row of `expected`, without what was spent."""
    limit = threshold(rule, target=target)
    part, shorter = limit / error_ratio, min(rule.windows)
    fires = _fires(rule, error_ratio, limit)
    return {
        "severity": rule.severity,
        "long": rule.long,
        "short": rule.short,
        "factor": rule.factor,
        "reachable": is_reachable(rule, target=target),
        "detection": rule.long * part + rule.wait if fires else pd.NaT,
        "reset": shorter * (1 - part) if fires else pd.NaT,
    }
