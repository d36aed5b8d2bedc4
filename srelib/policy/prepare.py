"""A service made ready for any number of policies: running sums, the hours after deployments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from srelib.budget import budget_fraction
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.policy.aftermath import HOUR, Aftermath, aftermath, releases
from srelib.policy.daily import Ledger
from srelib.windows import Window, as_window

Objective = tuple[pd.Series, pd.Series, float, Window | pd.Timedelta | str]
"""Good, total, target and window of an objective."""


@dataclass(frozen=True)
class Part:
    """One objective of a service.

    Parameters
    ----------
    ledger : Ledger
    target : float
        [fraction]
    window : Window
        Of the objective.
    after : Aftermath
    harms : DataFrame or None
        low, harm, high of each deployment [events], where given.
    """

    ledger: Ledger
    target: float
    window: Window
    after: Aftermath
    harms: pd.DataFrame | None


@dataclass(frozen=True)
class Prepared:
    """A service ready to have any number of policies replayed on it.

    Parameters
    ----------
    rows : DataFrame
        Deployments, as from `releases`.
    parts : dict
        Of key to `Part`.
    """

    rows: pd.DataFrame
    parts: dict[Any, Part]


def prepare(
    objectives: Mapping[Any, Objective],
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None = None,
    harms: Mapping[Any, pd.Series | pd.DataFrame] | None = None,
    after: pd.Timedelta | str = "6h",
    timezone: str = "UTC",
) -> Prepared:
    """What all policies share: running sums, and the hours after each deployment."""
    ledgers = {key: Ledger.of(good, total) for key, (good, total, _, _) in objectives.items()}
    rows = releases(deployments)
    last = max((ledger.last for ledger in ledgers.values()), default=pd.Timestamp.max)
    rows = rows[rows["due_at"] < last].reset_index(drop=True)
    parts = {}
    for key, (_, _, target, window) in objectives.items():
        budget_fraction(target)
        ledger = ledgers[key]
        if ledger.step > HOUR:
            raise InsufficientDataError(
                "deployments cannot be told apart in buckets longer than an hour; got "
                f"{pd.Timedelta(ledger.step, 'us')}. Export hourly or finer data."
            )
        what = aftermath(
            ledger, rows, incidents=incidents, after=pd.Timedelta(after), timezone=timezone
        )
        known = None if harms is None else _given(harms[key], rows)
        parts[key] = Part(ledger, target, as_window(window), what, known)
    return Prepared(rows, parts)


def _given(harms: pd.Series | pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Harm of each deployment with its interval, NaN where none is given; 0 for those not named."""
    frame = harms.to_frame("harm") if isinstance(harms, pd.Series) else harms
    if "harm" not in frame:
        raise ColumnError(f"harms lack the column harm; columns seen: {list(frame)}.")
    frame = frame.set_axis(frame.index.astype("str"))
    if frame.index.has_duplicates:
        raise ParameterError("harms must name each deployment once.")
    found = frame.reindex(rows["deployment_id"]).astype("float64")
    named, value = found["harm"].notna(), found["harm"].fillna(0.0)
    blank = value.where(~named)
    low, high = (found[c].where(named, 0.0) if c in found else blank for c in ("low", "high"))
    return pd.DataFrame({"low": low, "harm": value, "high": high}).reset_index(drop=True)
