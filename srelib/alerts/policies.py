"""Which burn-rate rules make up an alert policy: ready-made ones, and those somebody wrote."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pandas as pd

from srelib.budget.status import _budget_fraction
from srelib.errors import ParameterError, SrelibError
from srelib.windows import Window
from srelib.windows.window import _as_window, _spelled

OPS = (">", ">=")
PAGE, TICKET = "page", "ticket"
_ZERO = pd.Timedelta(0)

WORKBOOK = "page 2% in 1h/5m, page 5% in 6h/30m, ticket 10% in 1d/2h, ticket 10% in 3d/6h"

Duration = pd.Timedelta | str


@dataclass(frozen=True)
class Rule:
    """One condition of a burn-rate alert: the budget burns too fast over both windows.

    fires when error ratio over `long` > factor * (1 - target), the same over `short`, and both
    have been so for `wait`.

    Parameters
    ----------
    severity : str, what it does: 'page' wakes somebody, 'ticket' waits for the morning; any name
        goes
    long, short : Timedelta or str, windows that say how much budget went, and that it still goes
        (None for no second one)
    factor : float, burn rate above which it fires; 1 spends exactly the budget in one SLO period
    wait : Timedelta or str, how long the condition must hold first (``for`` in Prometheus)
    op : {'>', '>='}, how the error ratio is compared
    min_bad, min_total : float, fewest bad events, and fewest events, in the long window that fire
        it [events]

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

    def __post_init__(self) -> None:
        values = {
            "long": _length(self.long, "long"),
            "short": None if self.short is None else _length(self.short, "short"),
            "wait": _length_of(self.wait, "wait"),
            **{name: float(getattr(self, name)) for name in ("factor", "min_bad", "min_total")},
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
        spans = " and ".join(_spelled(window) for window in self.windows)
        wait = f", for {_spelled(self.wait)}" if self.wait else ""
        return f"{self.severity}: {self.factor:g}x over {spans}{wait}"


AlertPolicy = Sequence[Rule]
"""Rules; those of one severity are one alert, which fires while any of them does."""


def _threshold(rule: Rule, *, target: float) -> float:
    """Error ratio above which a rule fires: factor * (1 - target), as written in decimal."""
    return float(Decimal(repr(rule.factor)) * Decimal(repr(_budget_fraction(target))))


def _check_policy(policy: AlertPolicy) -> tuple[Rule, ...]:
    """The rules of a policy, refused when there are none."""
    rules = (policy,) if isinstance(policy, Rule) else tuple(policy)
    if odd := [rule for rule in rules if not isinstance(rule, Rule)]:
        raise ParameterError(f"a policy holds alerts.Rule; got {odd[0]!r}.")
    if not rules:
        raise ParameterError(
            "a policy needs at least one rule; got none. "
            'For the usual one write alerts.workbook_policy("28d").'
        )
    return rules


def workbook_policy(period: Window | Duration) -> tuple[Rule, ...]:
    """The multiwindow, multi-burn-rate policy of the SRE Workbook, for any SLO period.

    factor = share of the budget * period / long window; pages for 2 % of the budget in 1 h and
    5 % in 6 h, tickets for 10 % in 1 d and in 3 d; the short window is a twelfth of the long one.

    Parameters
    ----------
    period : Window, Timedelta or str, of the SLO; a calendar month, quarter or year counts 30, 90
        or 365 days

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 5, tables 5-6, 5-8.

    Examples
    --------
    >>> [rule.factor for rule in workbook_policy("30d")]
    [14.4, 6.0, 3.0, 1.0]
    """
    return _read_rules(WORKBOOK, _period_length(period))


def _pyrra_policy(period: Window | Duration) -> tuple[Rule, ...]:
    """Pyrra's policy: windows grow with the SLO period, factors stay."""
    length = _period_length(period)
    divisors = (
        (PAGE, 14, 672, 8064, 20160),
        (PAGE, 7, 112, 1344, 2688),
        (TICKET, 2, 28, 336, 672),
        (TICKET, 1, 7, 112, 224),
    )
    return tuple(
        Rule(severity, _whole(length / long), _whole(length / short), factor, _whole(length / wait))
        for severity, factor, long, short, wait in divisors
    )


def _grafana_policy() -> tuple[Rule, ...]:
    """Grafana SLO's default fast-burn and slow-burn alerts, which compare with >=."""
    return tuple(replace(rule, op=">=") for rule in workbook_policy("30d"))


def _earlier_attempts(period: Window | Duration) -> dict[str, tuple[Rule, ...]]:
    """The five attempts the Workbook makes and rejects before its policy, for teaching."""
    length = _period_length(period)
    return {
        "1 error rate over the target": _read_rules(">=1x in 10m", length),
        "2 longer window": (Rule(PAGE, length / 20, None, 1),),
        "3 longer wait": _read_rules("1x in 1m for 1h", length),
        "4 one burn rate": _read_rules("5% in 1h", length),
        "5 several burn rates": _read_rules("2% in 1h, 5% in 6h, ticket 10% in 3d", length),
    }


def _guarded(
    policy: AlertPolicy, *, min_bad: float = 0.0, min_total: float = 0.0
) -> tuple[Rule, ...]:
    """A policy that keeps quiet about a handful of events: the low-traffic guard."""
    return tuple(
        replace(rule, min_bad=min_bad, min_total=min_total) for rule in _check_policy(policy)
    )


def _severities(policy: AlertPolicy) -> list[str]:
    """Severities of a policy in the order they appear."""
    return list(dict.fromkeys(rule.severity for rule in policy))


def _length_of(value: Duration, name: str) -> pd.Timedelta:
    """A length of time as windows are written, or as pandas does; it may be none at all."""
    if isinstance(value, str) and re.fullmatch(r"0+[smhd]?", value):
        return _ZERO
    try:
        length = _length(value, name) if isinstance(value, str) else pd.Timedelta(value)
    except ParameterError:
        try:
            length = pd.Timedelta(value)
        except ValueError as error:
            problem = f"{name} must be a length of time such as 15m; got {value!r}."
            raise ParameterError(problem) from error
    if not length >= _ZERO:
        raise ParameterError(f"{name} must not be negative; got {length}.")
    return length


def _period_length(period: Window | Duration) -> pd.Timedelta:
    """Length of an SLO period; a calendar one at the SRE book's round length."""
    window = _as_window(period)
    days = {"day": 1, "week": 7, "month": 30, "quarter": 90, "year": 365}
    return window.duration or pd.Timedelta(days=days[str(window.unit)] * window.count)


def _whole(length: pd.Timedelta) -> pd.Timedelta:
    """Rounded to whole minutes, halves up; at least one, for a window of zero sees nothing."""
    return pd.Timedelta(minutes=max(1, math.floor(length / pd.Timedelta("1min") + 0.5)))


def _length(value: Duration, name: str) -> pd.Timedelta:
    duration = _as_window(value).duration
    if duration is None:
        raise ParameterError(f"{name} must be a length of time such as 1h; got {value}.")
    return duration


def _check(rule: Rule) -> None:
    """Refuse a rule that cannot be."""
    if not isinstance(rule.severity, str) or not rule.severity.strip():
        raise ParameterError(f"severity must be text such as 'page'; got {rule.severity!r}.")
    if not (rule.factor > 0 and math.isfinite(rule.factor)):
        raise ParameterError(f"factor must be a positive number; got {rule.factor:g}.")
    if rule.short is not None and rule.short > rule.long:
        raise ParameterError(
            f"short must not be longer than long; got short={_spelled(rule.short)}, "
            f"long={_spelled(rule.long)}. Did you swap them?"
        )
    ParameterError.check_one_of(rule.op, "op", OPS)
    for name in ("min_bad", "min_total"):
        if not getattr(rule, name) >= 0:
            raise ParameterError(f"{name} must not be negative; got {getattr(rule, name)}.")


EXAMPLE = "page 2% in 1h/5m, page 14.4x in 1h/5m for 2m, ticket 10% in 3d/6h at least 10 bad"

_BETWEEN = re.compile(r"\s*(?:[;\n]|,(?!\d)|(?<!\d),|\bor\b)\s*", re.IGNORECASE)
_RULE = re.compile(
    r"(?:(?P<severity>[a-z][\w-]*)\s+)?(?P<op>>=?)?\s*(?P<amount>[+-]?\d+(?:\.\d+)?)\s*"
    r"(?P<unit>%|x|\u00d7)\s*(?:in|over)\s+(?P<long>[^\s/]+)(?:\s*/\s*(?P<short>[^\s/]+))?"
    r"(?P<more>\s.*)?",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\s+(?:for\s+(?P<wait>\S+)|at\s+least\s+(?P<least>\d+(?:\.\d+)?)\s+(?P<of>bad|events))",
    re.IGNORECASE,
)


def read_policy(text: str, *, period: Window | Duration) -> tuple[Rule, ...]:
    """A policy by its name, or as somebody wrote it.

    Parameters
    ----------
    text : str, names of built-in policies, rules such as ``page 2% in 1h/5m for 2m at least 10
        bad``, or several of either with commas between
    period : Window, Timedelta or str, of the SLO, which turns a share of the budget into a factor

    Raises
    ------
    ParameterError
        A part of the text is neither; it is named, with what can be written.

    Examples
    --------
    >>> read_policy("pyrra", period="28d")[0].factor
    14.0
    >>> [rule.factor for rule in read_policy("2% in 1h/5m, ticket 1x in 3d/6h", period="30d")]
    [14.4, 1.0]
    """
    if not isinstance(text, str):
        raise ParameterError(f"policy must be text such as '{EXAMPLE}'; got {text!r}.")
    known = _builtin_policies(period)
    rules = _read_rules(text, _period_length(period), known)
    if not rules:
        raise ParameterError(
            f"policy: a policy needs at least one rule; got {text!r}. {_allowed(known)}"
        )
    return rules


def _read_rules(
    text: str, period: pd.Timedelta, known: Mapping[str, AlertPolicy] | None = None
) -> tuple[Rule, ...]:
    """Rules, and policies by their names, with commas between."""
    texts = [one.strip() for one in _BETWEEN.split(text.strip()) if one.strip()]
    return tuple(rule for one in texts for rule in _read_one(one, period, known or {}))


def _read_one(
    text: str, period: pd.Timedelta, known: Mapping[str, AlertPolicy]
) -> tuple[Rule, ...]:
    """A rule, or the rules of a policy by its name, with the guard that stands behind it."""
    name, found = _leading_name(text, known), _RULE.fullmatch(text)
    try:
        if name is not None:
            conditions = _conditions(text[len(name) :])
            if "wait" in conditions:
                raise ParameterError("a ready-made policy brings its own waits; leave 'for' out.")
            return _guarded(known[name], **conditions)
        if found is not None:
            return (_rule(dict(found.groupdict()), period),)
    except SrelibError as error:
        raise ParameterError(f"policy: {text!r}: {error}") from error
    close = difflib.get_close_matches(text.lower(), known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ParameterError(f"policy: {text!r} cannot be read.{hint} {_allowed(known)}")


def _leading_name(text: str, known: Mapping[str, AlertPolicy]) -> str | None:
    """The name that a text begins with, the longest where two do."""
    plain = text.lower()
    names = [n for n in known if plain == n.lower() or plain.startswith(f"{n.lower()} ")]
    return max(names, key=len, default=None)


def _rule(fields: dict[str, Any], period: pd.Timedelta) -> Rule:
    long, factor = _window_length(fields["long"], "long"), Decimal(fields["amount"])
    if fields["unit"] == "%":
        if not 0 < factor <= 100:
            raise ParameterError(
                f"a share of the budget is above 0 and at most 100 %; got {factor} %. "
                "For a burn rate write x, as in 14.4x."
            )
        factor = factor * Decimal(repr(period / long)) / 100
    short = None if fields["short"] is None else _window_length(fields["short"], "short")
    return Rule(
        (fields["severity"] or PAGE).lower(), long, short, float(factor),
        op=fields["op"] or ">", **_conditions(fields["more"] or ""),
    )  # fmt: skip


def _window_length(text: str, name: str) -> pd.Timedelta:
    try:
        return _length(text, name)
    except SrelibError as error:
        raise ParameterError(
            f"the {name} window {text!r} is no length of time; write 5m, 6h or 3d."
        ) from error


def _conditions(text: str) -> dict[str, Any]:
    """What stands behind a rule: its wait and its guard."""
    rest = _MORE.sub("", text).strip()
    if rest:
        raise ParameterError(
            f"{rest!r} cannot be read; allowed there are 'for 15m', 'at least 10 bad' and "
            "'at least 100 events'."
        )
    found: dict[str, Any] = {}
    for match in _MORE.finditer(text):
        if match["wait"]:
            found["wait"] = match["wait"]
        else:
            found["min_bad" if match["of"].lower() == "bad" else "min_total"] = float(
                match["least"]
            )
    return found


def _allowed(known: Mapping[str, AlertPolicy]) -> str:
    return f"Write rules such as '{EXAMPLE}', or name one of: {', '.join(known)}."


OWN = "yours"
"""What a policy is called that somebody wrote."""


def _builtin_policies(period: Window | Duration) -> dict[str, tuple[Rule, ...]]:
    """Every ready-made policy."""
    return {
        "workbook": workbook_policy(period),
        "pyrra": _pyrra_policy(period),
        "grafana": _grafana_policy(),
        **_earlier_attempts(period),
    }


def _policy_name(text: str) -> str:
    """What a policy is called beside others."""
    names = {name.lower(): name for name in _builtin_policies("28d")}
    return names.get(str(text).strip().lower(), OWN)


def _candidate_policies(period: Window | Duration) -> dict[str, tuple[Rule, ...]]:
    """Three dozen policies of a fast and a slow rule that page, by the text that reads as them."""
    fast = [f"{share}% in {spans}" for spans in ("1h/5m", "3h/15m") for share in (1, 2, 5)]
    slow = [f"{share}% in {spans}" for spans in ("6h/30m", "1d/2h") for share in (3, 5, 10)]
    texts = [f"{one} or {other}" for one in fast for other in slow]
    return {text: _read_rules(text, _period_length(period)) for text in texts}
