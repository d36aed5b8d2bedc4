"""Asking every service or objective one question, answers and refusals kept apart.

Measures answer about one series at a time; a notebook asks them of a whole fleet with `each`.
An answer that cannot be had is kept as its error, so that one thin service does not silence the
others; `pooled` asks something of all answers together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from srelib.errors import SrelibError
from srelib.windows import Window, step_of
from srelib.windows.window import _in_force
from srelib.wording import label

__all__ = [
    "Indicator", "answers", "by_objective", "by_service", "each", "pooled", "refusals", "span",
]  # fmt: skip
__dir__ = __all__.copy

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
R = TypeVar("R")

NAN = float("nan")


@dataclass(frozen=True)
class Indicator:
    """One thing measured: the indicator of an objective, or of a series without one.

    Examples
    --------
    >>> Indicator("shop availability", "shop", "availability", target=0.999).allowed
    0.001
    """

    name: str  # of the objective, or service and indicator where there is none
    service: str = ""
    sli: str = ""
    target: float = NAN  # [fraction]; NaN where there is no objective
    window: Window | None = None
    unit: str = "events"  # what good and total count: 'events', 'seconds', or slices
    composite: str = ""  # rule by which it is made of several; empty where it is one
    members: tuple[str, ...] = ()  # the services it is then made of
    # where it changed or began: every target so far, with when it came into force
    targets: tuple[tuple[pd.Timestamp | None, float], ...] = ()

    def target_of(self, windows: pd.DataFrame) -> float | np.ndarray:
        """The target in force at the end of each of these windows; NaN before there was one."""
        if not self.targets:
            return self.target
        return _in_force(self.target, self.targets, pd.DatetimeIndex(windows["ends_at"]))

    @property
    def label(self) -> str:
        """The name on one line, cut when long."""
        return label(self.name, limit=34)

    @property
    def allowed(self) -> float:
        """Share of bad events the objective allows [fraction]."""
        return round(1 - self.target, 12)

    @property
    def has_target(self) -> bool:
        """Whether there is an objective."""
        return self.target == self.target

    @property
    def counts_slices(self) -> bool:
        """Whether good and total already count slices of time."""
        return self.unit.startswith("slices")

    @property
    def weighting(self) -> str:
        """What an interval must take the counts for: 'events', or 'time' (seconds, slices)."""
        return "events" if self.unit == "events" else "time"


Results = Mapping[Indicator, T | SrelibError]
"""What `each` gives for objectives: an answer or a refusal for every one."""


def each(
    items: Mapping[K, T | SrelibError], question: Callable[[K, T], R], *, threads: int = 1
) -> dict[K, R | SrelibError]:
    """One question asked of every service or objective.

    Parameters
    ----------
    items : mapping, what is asked about by key; refusals of an earlier `each` stay where they are
    question : callable, takes a key and what belongs to it
    threads : int, how many are asked at once, for questions that spend their time in NumPy

    Returns
    -------
    dict
        By the same keys in the same order: the answer, or the error in its place.

    Examples
    --------
    >>> counts = {Indicator("a"): pd.DataFrame({"good": [1, 2]}), Indicator("b"): SrelibError("no")}
    >>> list(each(counts, lambda key, c: int(c["good"].sum())).values())
    [3, SrelibError('no')]
    """

    def ask(key: K) -> R | SrelibError:
        item = items[key]
        if isinstance(item, SrelibError):
            return item
        try:
            return question(key, item)
        except SrelibError as error:
            return error

    if threads == 1:
        return {key: ask(key) for key in items}
    with ThreadPoolExecutor(max_workers=min(threads, os.cpu_count() or 1)) as pool:
        return dict(zip(items, pool.map(ask, items), strict=True))


def answers(results: Mapping[K, R | SrelibError]) -> dict[K, R]:
    """The results of `each` that are answers."""
    return {key: one for key, one in results.items() if not isinstance(one, SrelibError)}


def refusals(results: Mapping[K, Any]) -> dict[K, SrelibError]:
    """The results of `each` that are refusals, each an error that says what to do."""
    return {key: one for key, one in results.items() if isinstance(one, SrelibError)}


def pooled(results: Mapping[K, T | SrelibError], question: Callable[[dict[K, T]], R]) -> R | None:
    """One question asked of all answers together.

    Parameters
    ----------
    results : mapping, as from `each`; refusals are left out
    question : callable, takes the answers by key; not asked where there are none (None)

    Examples
    --------
    >>> pooled({"a": 2, "b": SrelibError("no"), "c": 3}, lambda found: sum(found.values()))
    5
    """
    found = answers(results)
    return question(found) if found else None


def by_service(items: Mapping[Indicator, T]) -> dict[str, dict[Indicator, T]]:
    """What belongs to the objectives of each service (counts, results of `each`), together.

    Examples
    --------
    >>> found = by_service({Indicator("a", "x"): 1, Indicator("b", "y"): 2, Indicator("c", "x"): 3})
    >>> {service: list(own.values()) for service, own in found.items()}
    {'x': [1, 3], 'y': [2]}
    """
    found: dict[str, dict[Indicator, T]] = {}
    for key, item in items.items():
        found.setdefault(key.service, {})[key] = item
    return found


def by_objective(
    results: Mapping[str, Mapping[Indicator, R] | SrelibError], keys: Iterable[Indicator]
) -> dict[Indicator, R | SrelibError]:
    """What services answered about their objectives, objective by objective.

    Parameters
    ----------
    results : mapping of str to mapping, by service; a refusal is that of every objective
    keys : iterable of Indicator, in the order wanted

    Examples
    --------
    >>> up, fast = Indicator("up", "x"), Indicator("fast", "y")
    >>> by_objective({"x": {up: 1}, "y": SrelibError("no")}, [fast, up])[up]
    1
    """
    own = {key: results[key.service] for key in keys}
    return {key: r if isinstance(r, SrelibError) else r[key] for key, r in own.items()}


def span(counts: Mapping[Indicator, pd.DataFrame | SrelibError]) -> pd.Timedelta:
    """From the first bucket of any indicator to the end of the last one; nothing without data."""
    indexes = [pd.DatetimeIndex(c.index) for c in answers(counts).values() if len(c)]
    if not indexes:
        return pd.Timedelta(0)
    ends = [index[-1] + step_of(index) for index in indexes if len(index) > 1]
    return max([*ends, *(i[-1] for i in indexes)]) - min(index[0] for index in indexes)
