"""What a rule does about a constant burn, on paper: detection, budget spent, reset."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib.alerts.firing import history, rule_spans
from srelib.alerts.policies import (
    Policy,
    Rule,
    check_policy,
    length_of,
    period_length,
    replace_rule,
    threshold,
)
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
    """Detection, budget spent and reset of each rule when errors start and stay constant."""
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


def rehearsed(
    policy: Policy, *, target: float, error_ratio: float, step: pd.Timedelta | str = "1min"
) -> pd.DataFrame:
    """The same as `expected`, replayed: a history without errors in which they start and stay."""
    if not 0 < error_ratio <= 1:
        raise ParameterError(
            f"error_ratio must be a fraction above 0, at most 1; got {error_ratio}."
        )
    length = length_of(step, "step")
    if not length > pd.Timedelta(0):
        raise ParameterError(f"step must be positive; got {step}.")
    rows = [_rehearsal(rule, target, error_ratio, length) for rule in check_policy(policy)]
    found = pd.DataFrame(rows)
    return found.assign(**{
        name: pd.Series([row[name] for row in rows], dtype="timedelta64[us]")
        for name in ("detection", "reset")
    })  # fmt: skip


def exhaustion(burn: float, *, period: Window | pd.Timedelta | str) -> pd.Timedelta:
    """How long a whole budget lasts at a constant burn rate: period / burn."""
    if not burn > 0:
        raise ParameterError(f"burn must be positive; got {burn}.")
    return period_length(period) / burn


def is_reachable(rule: Rule, *, target: float) -> bool:
    """Whether a total outage fires a rule: factor * (1 - target) < 1."""
    return _fires(rule, 1.0, threshold(rule, target=target))


def _fires(rule: Rule, error_ratio: float, limit: float) -> bool:
    return error_ratio > limit or (rule.op == ">=" and error_ratio == limit)


def _rehearsal(
    rule: Rule, target: float, error_ratio: float, step: pd.Timedelta
) -> dict[str, object]:
    """One row of `rehearsed`."""
    row: dict[str, object] = {
        "severity": rule.severity, "long": rule.long, "short": rule.short, "factor": rule.factor,
        "detection": pd.NaT, "reset": pd.NaT,
    }  # fmt: skip
    if min(rule.windows) < step:
        return row
    long = -int(-rule.long // step)
    last = 3 * long - int(-rule.wait // step)
    bad = np.zeros(last + long)
    bad[long:last] = error_ratio
    index = pd.date_range("2026-01-01", periods=len(bad), freq=step, tz="UTC")
    past = history(pd.Series(1 - bad, index), pd.Series(1.0, index))
    whole = replace_rule(rule, min_bad=0.0, min_total=0.0)
    ((starts, stops),) = rule_spans(past, [whole], target=target)
    if len(starts):
        row |= {"detection": (starts[0] + 1 - long) * step, "reset": (stops[-1] + 1 - last) * step}
    return row


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
