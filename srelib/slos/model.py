"""What a service level objective is, whatever file it came from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from srelib.errors import InvalidTargetError, ParameterError

if TYPE_CHECKING:
    from srelib.recurring import BusinessHours
    from srelib.windows import Window

METHODS = ("Occurrences", "Timeslices", "RatioTimeslices")
OPS = ("lte", "lt", "gte", "gt")
WEIGHTED_MEAN, ALL_EVENTS, WORST_MEMBER = "weighted mean", "all events", "worst member"
RULES = (WEIGHTED_MEAN, ALL_EVENTS, WORST_MEMBER)


@dataclass(frozen=True)
class Origin:
    """Where an objective was read from: file below the folder, document and line from 1 on."""

    file: str
    document: int
    line: int

    def __str__(self) -> str:
        return f"{self.file}, document {self.document}, line {self.line}"


@dataclass(frozen=True)
class Queries:
    """The queries a document names, as written; srelib never runs them.

    `raw` is of a ratio that is already divided, and `raw_type`, 'success' or 'failure', says of
    what; `value` of what a threshold is compared with; `source_type`: the system they are for.
    """

    good: str | None = None
    bad: str | None = None
    total: str | None = None
    raw: str | None = None
    raw_type: str | None = None
    value: str | None = None
    source_type: str | None = None

    def __post_init__(self) -> None:
        if (self.raw is None) != (self.raw_type is None):
            raise ParameterError(
                f"raw and raw_type come together; got raw={self.raw!r}, raw_type={self.raw_type!r}."
            )


@dataclass(frozen=True)
class Owner:
    """Who answers for a service, as a document says."""

    service: str
    team: str
    file: str


@dataclass(frozen=True)
class Composite:
    """How one objective is made of several indicators (docs/methods.md, Composite objectives)."""

    rule: str  # one of RULES
    members: tuple[Slo, ...]  # two or more, each with a target and a method of its own
    weights: tuple[float, ...]  # one for each, above 0; they count in a weighted mean alone

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ParameterError(f"rule must be one of {', '.join(RULES)}; got {self.rule!r}.")
        if len(self.members) < 2 or len(self.members) != len(self.weights):
            raise ParameterError(
                f"a composite has two members or more, each with a weight; got "
                f"{len(self.members)} members and {len(self.weights)} weights."
            )
        if not all(math.isfinite(weight) and weight > 0 for weight in self.weights):
            raise ParameterError(f"weights must be finite and above 0; got {self.weights}.")


@dataclass(frozen=True, kw_only=True)
class Slo:
    """A service level objective: which indicator, which target, over which window.

    Parameters
    ----------
    name : str, unique in a folder
    service, sli : str, the series it is about (`Dataset.counts(service, sli)`)
    target : float, share of events (or slices) that shall be good, above 0 and below 1 [fraction]
    window : Window, rolling or calendar window the target holds over
    method : {'Occurrences', 'Timeslices', 'RatioTimeslices'}
        What is counted: events; slices good enough; the mean over slices of their ratios.
    slice, slice_target : Timedelta and float, optional
        Length of a slice, and for Timeslices the share of events that makes it good [fraction].
    threshold, op : float and {'lte', 'lt', 'gte', 'gt'}, optional
        A value is good when ``value op threshold``, in the unit of the indicator.
    schedule : BusinessHours, hours in which it holds; None: always
    valid_from : Timestamp, when the target came into force; None: it always held
    targets : tuple of (Timestamp or None, float)
        Where that is known, every target with when it came into force, the earliest first.
    composite : Composite, its members and rule; `method`, `slice` and `threshold` are then theirs
    display_name, description, owner : str, for people
    queries : Queries, for alerting rules
    source, notes : Origin and tuple of str
        Where it was read, and what had to be assumed there; not compared.

    Raises
    ------
    InvalidTargetError
        The target is not a fraction strictly between 0 and 1.
    ParameterError
        A name is empty, or method, slice, threshold and op do not fit together.

    Examples
    --------
    >>> from srelib.windows import Window
    >>> slo = Slo(name="checkout", service="checkout", sli="availability", target=0.999,
    ...           window=Window.parse("28d"))
    >>> slo.method
    'Occurrences'
    """

    name: str
    service: str
    sli: str
    target: float
    window: Window
    method: str = "Occurrences"
    slice: pd.Timedelta | None = None
    slice_target: float | None = None
    threshold: float | None = None
    op: str | None = None
    schedule: BusinessHours | None = None
    valid_from: pd.Timestamp | None = None
    targets: tuple[tuple[pd.Timestamp | None, float], ...] = ()
    composite: Composite | None = None
    display_name: str | None = None
    description: str | None = None
    owner: str | None = None
    queries: Queries = Queries()
    source: Origin | None = field(default=None, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def at(self, time: pd.Timestamp) -> Slo:
        """With the target in force when a window ends at this time; else the first to come."""
        if not self.targets:
            return self
        held = [one for one in self.targets if one[0] is None or one[0] < time]
        since, target = held[-1] if held else self.targets[0]
        return replace(self, valid_from=since, target=target)

    @property
    def member_services(self) -> tuple[str, ...]:
        """The services a composite is made of; none where it is no composite."""
        return tuple(one.service for one in self.composite.members) if self.composite else ()

    @property
    def counted_as(self) -> str:
        """The budgeting method, or the rule of a composite."""
        return self.method if self.composite is None else self.composite.rule

    def __post_init__(self) -> None:
        for key in ("name", "service", "sli"):
            value = getattr(self, key)
            if not isinstance(value, str) or not value.strip():
                raise ParameterError(f"{key} must be text that is not empty; got {value!r}.")
        InvalidTargetError.check(self.target)
        _check_method(self.method, self.slice, self.slice_target)
        _check_threshold(self.threshold, self.op)


@dataclass(frozen=True)
class Documents:
    """What a file or folder says about objectives; notes: what was skipped or assumed."""

    slos: tuple[Slo, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    owners: tuple[Owner, ...] = ()


def _check_method(
    method: str, slice_length: pd.Timedelta | None, slice_target: float | None
) -> None:
    if method not in METHODS:
        raise ParameterError(f"method must be one of {', '.join(METHODS)}; got {method!r}.")
    if method == "Occurrences" and (slice_length is not None or slice_target is not None):
        raise ParameterError("method Occurrences has no slices; leave out slice and slice_target.")
    if method != "Occurrences" and not (slice_length and slice_length > pd.Timedelta(0)):
        raise ParameterError(f"method {method} needs slice > 0; got {slice_length!r}.")
    if method == "Timeslices" and not (slice_target is not None and 0 < slice_target <= 1):
        raise ParameterError(f"Timeslices needs 0 < slice_target <= 1; got {slice_target!r}.")
    if method == "RatioTimeslices" and slice_target is not None:
        raise ParameterError("RatioTimeslices averages ratios; leave out slice_target.")


def _check_threshold(threshold: float | None, op: str | None) -> None:
    if (threshold is None) != (op is None):
        raise ParameterError(
            f"threshold and op come together; got threshold={threshold!r}, op={op!r}."
        )
    if op is not None and op not in OPS:
        raise ParameterError(f"op must be one of {', '.join(OPS)}; got {op!r}.")
    if threshold is not None and not math.isfinite(threshold):
        raise ParameterError(f"threshold must be a finite number; got {threshold!r}.")
