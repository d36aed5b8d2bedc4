"""Policies as one writes them: ``page 2% in 1h/5m, 5% in 6h/30m, ticket 10% in 3d/6h``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from srelib.alerts.policies import PAGE, Policy, Rule, guarded, period_length
from srelib.errors import ParameterError, SrelibError
from srelib.windows import Window, as_window

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


def read_policy(
    text: str,
    *,
    period: Window | pd.Timedelta | str,
    known: Mapping[str, Policy] | None = None,
) -> tuple[Rule, ...]:
    """The rules of a policy written as text."""
    if not isinstance(text, str):
        raise ParameterError(f"policy must be text such as '{EXAMPLE}'; got {text!r}.")
    parts = [part.strip() for part in _BETWEEN.split(text.strip()) if part.strip()]
    if not parts:
        raise ParameterError(
            f"policy: a policy needs at least one rule; got {text!r}. {_allowed(known)}"
        )
    return tuple(rule for part in parts for rule in _rules(part, period, known or {}))


def _rules(
    part: str, period: Window | pd.Timedelta | str, known: Mapping[str, Policy]
) -> tuple[Rule, ...]:
    """Rules of one part: a rule, or a policy by its name."""
    name = _named(part, known)
    found = _RULE.fullmatch(part)
    if name is None and found is None:
        raise ParameterError(f"policy: {part!r} cannot be read.{_guess(part, known)} "
                             f"{_allowed(known)}")  # fmt: skip
    try:
        if name is not None:
            more = _more(part[len(name) :])
            if "wait" in more:
                raise ParameterError("a ready-made policy brings its own waits; leave 'for' out.")
            return guarded(known[name], **more) if more else tuple(known[name])
        return (_rule(dict(found.groupdict()), period),) if found else ()
    except SrelibError as error:
        raise ParameterError(f"policy: {part!r}: {error}") from error


def _named(part: str, known: Mapping[str, Policy]) -> str | None:
    """The name that a part begins with, the longest where several do."""
    plain = part.lower()
    names = [n for n in known if plain == n.lower() or plain.startswith(f"{n.lower()} ")]
    return max(names, key=len, default=None)


def _rule(said: dict[str, Any], period: Window | pd.Timedelta | str) -> Rule:
    long, factor = _length(said["long"], "long"), Decimal(said["amount"])
    if said["unit"] == "%":
        if not 0 < factor <= 100:
            raise ParameterError(
                f"a share of the budget is above 0 and at most 100 %; got {factor} %. "
                "For a burn rate write x, as in 14.4x."
            )
        factor = factor * Decimal(repr(period_length(period) / long)) / 100
    short = None if said["short"] is None else _length(said["short"], "short")
    return Rule(
        (said["severity"] or PAGE).lower(), long, short, float(factor),
        op=said["op"] or ">", **_more(said["more"] or ""),
    )  # fmt: skip


def _length(text: str, name: str) -> pd.Timedelta:
    """A window, whose months and years would be longer or shorter than one another."""
    try:
        length = as_window(text).duration
    except SrelibError as error:
        raise ParameterError(
            f"the {name} window {text!r} is no length of time; write 5m, 6h or 3d."
        ) from error
    assert length is not None  # a text is a rolling window
    return length


def _more(text: str) -> dict[str, Any]:
    """What stands behind a rule: its wait and its guard."""
    found: dict[str, Any] = {}
    place = 0
    for match in _MORE.finditer(text):
        if match.start() != place:
            break
        place = match.end()
        if match["wait"]:
            found["wait"] = match["wait"]
        else:
            found["min_bad" if match["of"].lower() == "bad" else "min_total"] = match["least"]
    if text[place:].strip():
        raise ParameterError(
            f"{text[place:].strip()!r} cannot be read; allowed there are 'for 15m', "
            "'at least 10 bad' and 'at least 100 events'."
        )
    return {name: float(v) if name != "wait" else v for name, v in found.items()}


def _allowed(known: Mapping[str, Policy] | None) -> str:
    names = f", or name one of: {', '.join(known)}" if known else ""
    return f"Write rules such as '{EXAMPLE}'{names}."


def _guess(part: str, known: Mapping[str, Policy]) -> str:
    close = difflib.get_close_matches(part.lower(), known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
