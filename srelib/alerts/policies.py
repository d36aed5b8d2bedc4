"""Burn-rate alerting policies: what they are, and the ones that come ready-made."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import pandas as pd

from srelib.budget import budget_fraction
from srelib.errors import ParameterError
from srelib.windows import Window, as_window
from srelib.windows.window import spelled

OPS = (">", ">=")
PAGE, TICKET = "page", "ticket"
_ZERO = pd.Timedelta(0)

Duration = pd.Timedelta | str


@dataclass(frozen=True)
class Rule:
    """One condition of a burn-rate alert: the budget burns too fast over both windows.

    fires when error ratio over `long` > factor * (1 - target), the same over `short`, and both
    have been so for `wait`.

    Parameters
    ----------
    severity : str
        What it does: 'page' wakes somebody, 'ticket' waits for the morning; any name goes.
    long : Timedelta or str
        Window that says how much budget went.
    short : Timedelta or str, optional
        Window that says that it still goes; None for a rule with one window.
    factor : float
        Burn rate above which it fires; 1 spends exactly the budget in one SLO period.
    wait : Timedelta or str
        How long the condition must hold first (``for`` in Prometheus).
    op : {'>', '>='}
        How the error ratio is compared; Prometheus rules of the Workbook, Sloth and Pyrra use >.
    min_bad : float
        Fires only with at least so many bad events in the long window [events].
    min_total : float
        Fires only with at least so many events in the long window [events].

    Raises
    ------
    ParameterError
        A factor that is not positive, a short window longer than the long one, ...

    Examples
    --------
    >>> str(Rule("page", "1h", "5m", 14.4))
    'page: 14.4x over 1 hour and 5 minutes'
    """

    severity: str
    long: pd.Timedelta
    short: pd.Timedelta | None
    factor: float
    wait: pd.Timedelta = _ZERO
    op: str = ">"
    min_bad: float = 0.0
    min_total: float = 0.0

    def __init__(
        self,
        severity: str,
        long: Duration,
        short: Duration | None,
        factor: float,
        wait: Duration = _ZERO,
        op: str = ">",
        min_bad: float = 0.0,
        min_total: float = 0.0,
    ) -> None:
        values = {
            "severity": severity,
            "long": _length(long, "long"),
            "short": None if short is None else _length(short, "short"),
            "factor": float(factor),
            "wait": length_of(wait, "wait"),
            "op": op,
            "min_bad": float(min_bad),
            "min_total": float(min_total),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        _check(self)

    @property
    def windows(self) -> tuple[pd.Timedelta, ...]:
        """The long window, and the short one where there is one."""
        return (self.long,) if self.short is None else (self.long, self.short)

    def __str__(self) -> str:
        """The rule in words."""
        spans = " and ".join(spelled(window) for window in self.windows)
        wait = f", for {spelled(self.wait)}" if self.wait else ""
        return f"{self.severity}: {self.factor:g}x over {spans}{wait}"


Policy = Sequence[Rule]
"""Rules; those of one severity are one alert, which fires while any of them does."""


def threshold(rule: Rule, *, target: float) -> float:
    """Error ratio above which a rule fires: factor * (1 - target), as written in decimal."""
    return float(Decimal(repr(rule.factor)) * Decimal(repr(budget_fraction(target))))


def check_policy(policy: Policy) -> tuple[Rule, ...]:
    """The rules of a policy, refused when there are none."""
    rules = tuple(policy) if not isinstance(policy, Rule) else (policy,)
    for rule in rules:
        if not isinstance(rule, Rule):
            raise ParameterError(f"a policy holds alerts.Rule; got {rule!r}.")
    if not rules:
        raise ParameterError(
            "a policy needs at least one rule; got none. "
            'For the usual one write alerts.workbook_policy("28d").'
        )
    return rules


def workbook_policy(period: Window | Duration) -> tuple[Rule, ...]:
    """The multiwindow, multi-burn-rate policy of the SRE Workbook, for any SLO period.

    factor = share of the budget * period / long window.

    Parameters
    ----------
    period : Window, Timedelta or str
        Period of the SLO; a calendar month, quarter or year counts 30, 90 or 365 days.

    Returns
    -------
    tuple of Rule
        Pages for 2 % of the budget in 1 h and 5 % in 6 h, tickets for 10 % in 1 d and in 3 d;
        the short window is a twelfth of the long one.

    Notes
    -----
    For 30 days the factors are the book's 14.4, 6, 3 and 1; for 28 days 13.44, 5.6, 2.8, 0.933.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 5, tables 5-6, 5-8.

    Examples
    --------
    >>> [rule.factor for rule in workbook_policy("30d")]
    [14.4, 6.0, 3.0, 1.0]
    """
    parts = ((PAGE, "1h", "2"), (PAGE, "6h", "5"), (TICKET, "1d", "10"), (TICKET, "3d", "10"))
    return tuple(_share_rule(severity, long, percent, period) for severity, long, percent in parts)


def pyrra_policy(period: Window | Duration) -> tuple[Rule, ...]:
    """Pyrra's policy: windows grow with the SLO period, factors stay."""
    length = period_length(period)
    parts = (
        (PAGE, 14, 672, 8064, 20160),
        (PAGE, 7, 112, 1344, 2688),
        (TICKET, 2, 28, 336, 672),
        (TICKET, 1, 7, 112, 224),
    )
    return tuple(
        Rule(severity, _whole(length / long), _whole(length / short), factor, _whole(length / wait))
        for severity, factor, long, short, wait in parts
    )


def grafana_policy(period: Window | Duration = "28d") -> tuple[Rule, ...]:
    """Grafana SLO's default fast-burn and slow-burn alerts, which compare with >=."""
    period_length(period)
    return tuple(replace_rule(rule, op=">=") for rule in workbook_policy("30d"))


def earlier_attempts(period: Window | Duration) -> dict[str, tuple[Rule, ...]]:
    """The five attempts the Workbook makes and rejects before its policy, for teaching."""
    length = period_length(period)
    one_hour = pd.Timedelta("1h")
    several = (("1h", "2", PAGE), ("6h", "5", PAGE), ("3d", "10", TICKET))
    return {
        "1 error rate over the target": (Rule(PAGE, "10m", None, 1, op=">="),),
        "2 longer window": (Rule(PAGE, length / 20, None, 1),),
        "3 longer wait": (Rule(PAGE, "1m", None, 1, "1h"),),
        "4 one burn rate": (Rule(PAGE, "1h", None, _factor("5", one_hour, length)),),
        "5 several burn rates": tuple(
            Rule(severity, long, None, _factor(percent, _length(long, "long"), length))
            for long, percent, severity in several
        ),
    }


def guarded(policy: Policy, *, min_bad: float = 0.0, min_total: float = 0.0) -> tuple[Rule, ...]:
    """A policy that keeps quiet about a handful of events: the low-traffic guard."""
    return tuple(
        replace_rule(rule, min_bad=min_bad, min_total=min_total) for rule in check_policy(policy)
    )


def replace_rule(rule: Rule, **changes: object) -> Rule:
    """A rule with some of its fields changed."""
    return replace(rule, **changes)  # type: ignore[arg-type]


def severities(policy: Policy) -> list[str]:
    """Severities of a policy in the order they appear."""
    return list(dict.fromkeys(rule.severity for rule in policy))


def length_of(value: Duration, name: str) -> pd.Timedelta:
    """A length of time, which may be none at all."""
    if isinstance(value, str) and re.fullmatch(r"0+[smhd]?", value):
        return _ZERO
    try:
        length = _length(value, name) if isinstance(value, str) else pd.Timedelta(value)
    except ParameterError:
        length = _as_pandas(value, name)
    if not length >= _ZERO:
        raise ParameterError(f"{name} must not be negative; got {length}.")
    return length


def period_length(period: Window | Duration) -> pd.Timedelta:
    """Length of an SLO period; a calendar one at the SRE book's round length."""
    window = as_window(period)
    if window.duration is not None:
        return window.duration
    days: Mapping[str, int] = {"day": 1, "week": 7, "month": 30, "quarter": 90, "year": 365}
    return pd.Timedelta(days=days[str(window.unit)] * window.count)


def _share_rule(severity: str, long: str, percent: str, period: Window | Duration) -> Rule:
    """The rule that fires when a share of the budget went in one long window."""
    length = _length(long, "long")
    return Rule(severity, length, length / 12, _factor(percent, length, period_length(period)))


def _factor(percent: str, long: pd.Timedelta, period: pd.Timedelta) -> float:
    """Burn rate that spends a percentage of the budget of a period in one window."""
    return float(Decimal(percent) * Decimal(repr(period / long)) / 100)


def _whole(length: pd.Timedelta) -> pd.Timedelta:
    """Rounded to whole minutes, halves up; at least one, for a window of zero sees nothing."""
    return pd.Timedelta(minutes=max(1, math.floor(length / pd.Timedelta("1min") + 0.5)))


def _length(value: Duration, name: str) -> pd.Timedelta:
    duration = as_window(value).duration
    if duration is None:
        raise ParameterError(f"{name} must be a length of time such as 1h; got {value}.")
    return duration


def _as_pandas(value: Duration, name: str) -> pd.Timedelta:
    try:
        return pd.Timedelta(value)
    except ValueError as error:
        raise ParameterError(
            f"{name} must be a length of time such as 15m; got {value!r}."
        ) from error


def _check(rule: Rule) -> None:
    """Refuse a rule that cannot be."""
    if not isinstance(rule.severity, str) or not rule.severity.strip():
        raise ParameterError(f"severity must be text such as 'page'; got {rule.severity!r}.")
    if not (rule.factor > 0 and math.isfinite(rule.factor)):
        raise ParameterError(f"factor must be a positive number; got {rule.factor:g}.")
    if rule.short is not None and rule.short > rule.long:
        raise ParameterError(
            f"short must not be longer than long; got short={spelled(rule.short)}, "
            f"long={spelled(rule.long)}. Did you swap them?"
        )
    if rule.op not in OPS:
        raise ParameterError(f"op must be one of {', '.join(OPS)}; got {rule.op!r}.")
    for name in ("min_bad", "min_total"):
        if not getattr(rule, name) >= 0:
            raise ParameterError(f"{name} must not be negative; got {getattr(rule, name)}.")
