"""The rules behind the five numbers: ours, each a keyword, and those of other tools by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from srelib import events
from srelib.errors import ParameterError

SIGNALS = ("incident", "rolled_back", "hotfix")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What counts as what: attribution, clocks, signals.

    Parameters
    ----------
    name : str, of the set of rules
    match : {'source', 'window', 'latest', 'source_then_window', 'source_then_latest'}, the
        deployment that caused an incident: the one it names, the latest at most `within` before its
        start, the latest before it however old; or that only where it names none
    within : Timedelta or str, ``window``: longest time from the end of a deployment to the start of
        an incident
    strict : bool, the deployment must end before the start of the incident, not with it
    shared : bool, ``window``: every deployment within it is answerable, instead of the latest
    scope : {'service', 'project'}, deployments of the same service, or of any
    statuses : tuple of str, deployments that can be answerable, and that are counted; a missing
        status passes
    start : {'committed', 'merged'}, where a change lead time starts
    lead : {'median', 'mean'}, what is made of lead times, and of recovery times
    recovery_of : {'failures', 'attributed', 'incidents'}, what there is to recover from: failures
        that deployments brought, overlapping incidents of one deployment being one; each incident
        attributed to a deployment; or any incident
    recovery_from : {'failure', 'deployment'}, where the clock of recovery starts
    open_counts : bool, whether what is still open counts, for as long as it has lasted
        (Kaplan-Meier)
    signals : tuple of {'incident', 'rolled_back', 'hotfix'}, what makes a deployment a failed one
    hotfix_within : Timedelta or str, an unplanned deployment up to this long after another mends it
    minutes : {'exact', 'up', 'down'}, times as they are, or in whole minutes, up (each stage of a
        lead time by itself) or down
    per : {'deployments', 'incidents'}, what the fail rate counts above its line: deployments that
        failed, or incidents of the service whatever they were attributed to, so that it can be
        above 1

    Raises
    ------
    ParameterError
        A rule is not one of those allowed, or a time is not longer than nothing.

    Examples
    --------
    >>> Rules(within="4h").within
    Timedelta('0 days 04:00:00')
    """

    name: str = "srelib"
    match: str = "source_then_window"
    within: pd.Timedelta | str = "24h"
    strict: bool = False
    shared: bool = False
    scope: str = "service"
    statuses: tuple[str, ...] = events.REACHED
    start: str = "committed"
    lead: str = "median"
    recovery_of: str = "failures"
    recovery_from: str = "failure"
    open_counts: bool = True
    signals: tuple[str, ...] = SIGNALS
    hotfix_within: pd.Timedelta | str = "24h"
    minutes: str = "exact"
    per: str = "deployments"

    def __post_init__(self) -> None:
        """Refuse rules that do not exist, and turn lengths of time into Timedelta."""
        for name, allowed in _ALLOWED.items():
            ParameterError.check_one_of(getattr(self, name), name, allowed)
        for signal in self.signals:
            ParameterError.check_one_of(signal, "signals", SIGNALS)
        for name in ("within", "hotfix_within"):
            object.__setattr__(self, name, _length(getattr(self, name), name))


_ALLOWED: dict[str, tuple[str, ...]] = {
    "match": ("source", "window", "latest", "source_then_window", "source_then_latest"),
    "scope": ("service", "project"),
    "start": ("committed", "merged"),
    "lead": ("median", "mean"),
    "recovery_of": ("failures", "attributed", "incidents"),
    "recovery_from": ("failure", "deployment"),
    "minutes": ("exact", "up", "down"),
    "per": ("deployments", "incidents"),
}


def _length(value: pd.Timedelta | str, name: str) -> pd.Timedelta:
    """A length of time longer than nothing."""
    try:
        found = pd.Timedelta(value)
    except ValueError as error:
        raise ParameterError(f"{name} must be a length of time; got {value!r}. Try '24h'.") from (
            error
        )
    if not found > pd.Timedelta(0):
        raise ParameterError(f"{name} must be longer than nothing; got {value}. Try '24h'.")
    return found


DEFAULT = Rules()

_SUCCESS = ("succeeded",)

PRESETS: dict[str, Rules] = {
    "srelib": DEFAULT,
    "devlake": Rules(
        name="devlake", match="latest", strict=True, scope="project", statuses=_SUCCESS,
        signals=("incident",), recovery_of="attributed", recovery_from="deployment",
        open_counts=False, minutes="up",
    ),
    "four_keys": Rules(
        name="four_keys", match="source", statuses=_SUCCESS, signals=("incident",),
        recovery_of="incidents", recovery_from="deployment", open_counts=False, minutes="down",
    ),
    "middleware": Rules(
        name="middleware", match="latest", scope="project", statuses=_SUCCESS,
        signals=("incident",), lead="mean", recovery_of="incidents", open_counts=False,
    ),
    "gitlab": Rules(
        name="gitlab", match="source", statuses=_SUCCESS, signals=("incident",), start="merged",
        recovery_of="incidents", open_counts=False, per="incidents",
    ),
}  # fmt: skip
"""Sets of rules by name: ours, and what other tools publish as theirs (see docs/methods.md)."""


def preset(name: str, **ours: Any) -> Rules:
    """A set of rules by its name.

    Parameters
    ----------
    name : {'srelib', 'devlake', 'four_keys', 'middleware', 'gitlab'}
        Ours, or those another tool publishes as its own.
    **ours : of `Rules`, for ours; those of other tools stay as they publish them

    Raises
    ------
    ParameterError
        There is no such set.

    Examples
    --------
    >>> preset("gitlab").start
    'merged'
    """
    ParameterError.check_one_of(name, "rules", PRESETS)
    found = PRESETS[name]
    return replace(found, **ours) if found is DEFAULT else found
