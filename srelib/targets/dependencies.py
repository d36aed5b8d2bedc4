"""What a service can promise at all, given what it depends on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from srelib.budget import budget_fraction
from srelib.errors import ParameterError

EXTRA = 10
"""One more nine: a critical dependency may spend a tenth of the budget of what stands on it."""


@dataclass(frozen=True)
class Ceiling:
    """How strict a target can be above these dependencies.

    Parameters
    ----------
    taken : float
        Share of events the dependencies may fail, all together [fraction].
    absolute : float
        1 - taken: the target that leaves the service no failure of its own [fraction].
    advised : float
        Target at which each dependency has one more nine [fraction].
    narrowest : str
        The dependency that decides.
    table : DataFrame
        dependency, target, share, budget (share of events it may take from the service).

    Examples
    --------
    >>> ceiling({"a": 0.9999}).advised
    0.999
    """

    taken: float
    absolute: float
    advised: float
    narrowest: str
    table: pd.DataFrame

    def allows(self, target: float) -> bool:
        """Whether each dependency has one more nine than this target.

        Parameters
        ----------
        target : float
            [fraction]

        Returns
        -------
        bool
        """
        return budget_fraction(target) >= (1 - self.advised) * (1 - 1e-9)


def ceiling(dependencies: Mapping[str, Any]) -> Ceiling:
    """The strictest target that critical dependencies allow.

    Parameters
    ----------
    dependencies : mapping of str to float, or to mapping
        Target of each critical dependency by its name [fraction], or
        ``{"target": ..., "share": ...}`` where its outage takes only a share of the events with
        it, such as one of five shards.

    Returns
    -------
    Ceiling

    Raises
    ------
    ParameterError
        No dependency, an unknown key, or a share outside (0, 1].
    InvalidTargetError
        A target is not a fraction strictly between 0 and 1.

    Notes
    -----
    A dependency is critical when the service fails without it; failures are taken not to
    coincide, which is the worst case.

    References
    ----------
    .. [1] Treynor, Dahlin, Rau, Beyer, "The Calculus of Service Availability", ACM Queue 15
       (2017), "the rule of the extra 9".

    Examples
    --------
    Five dependencies at 99.999 % take 26.28 of the 52.56 minutes a year that 99.99 % allows:

    >>> found = ceiling({name: 0.99999 for name in "abcde"})
    >>> round(found.taken * 365 * 1440, 2), round(found.advised, 6)
    (26.28, 0.9999)
    """
    if not dependencies:
        raise ParameterError("dependencies must name at least one; got none.")
    rows = [(name, *_entry(name, value)) for name, value in dependencies.items()]
    table = pd.DataFrame(rows, columns=["dependency", "target", "share"])
    table["budget"] = [budget_fraction(t) * s for t, s in zip(table["target"], table["share"],
                                                              strict=True)]  # fmt: skip
    taken, most = float(table["budget"].sum()), float(table["budget"].max())
    narrowest = str(table.loc[table["budget"].idxmax(), "dependency"])  # type: ignore[index]
    advised = max(0.0, min(round(1 - EXTRA * most, 12), 1 - taken))
    return Ceiling(taken, 1 - taken, advised, narrowest, table)


def outages(left: float, *, shares: Sequence[float]) -> float:
    """How long each of several outages may last, some of which hit only a part of the users."""
    if not shares or not all(0 < share <= 1 for share in shares):
        raise ParameterError(f"shares must hold fractions above 0 and at most 1; got {shares!r}.")
    return left / sum(shares)


def parse(text: str | Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What every service depends on, from JSON as a notebook parameter holds it.

    Parameters
    ----------
    text : str or mapping
        ``{"service": {"dependency": target, ...}, ...}``; empty text is none.

    Returns
    -------
    dict of str to dict
        Dependencies by service, as `ceiling` takes them.

    Raises
    ------
    ParameterError
        No JSON, or another shape; names what was seen.

    Examples
    --------
    >>> parse('{"shop": {"payments": 0.9995}}')
    {'shop': {'payments': 0.9995}}
    """
    found: Any = text
    if isinstance(text, str):
        try:
            found = json.loads(text) if text.strip() else {}
        except ValueError as error:
            raise ParameterError(
                f"dependencies must be JSON such as {_EXAMPLE}; got {text!r} ({error})."
            ) from None
    if not isinstance(found, Mapping) or not all(isinstance(v, Mapping) for v in found.values()):
        raise ParameterError(f"dependencies must look like {_EXAMPLE}; got {text!r}.")
    for named in found.values():
        if named:
            ceiling(named)
    return {str(service): dict(named) for service, named in found.items() if named}


_EXAMPLE = '{"shop": {"payments": 0.9995}}'


def _entry(name: str, value: Any) -> tuple[float, float]:
    """Target and share of one dependency."""
    if not isinstance(value, Mapping):
        budget_fraction(value)
        return float(value), 1.0
    unknown = sorted(set(value) - {"target", "share"})
    if unknown or "target" not in value:
        raise ParameterError(
            f"dependency {name!r} has a target and perhaps a share; got {dict(value)!r}."
        )
    budget_fraction(value["target"])
    share = value.get("share", 1.0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise ParameterError(
            f"the share of dependency {name!r} must be above 0 and at most 1; got {share!r}."
        )
    return float(value["target"]), float(share)
