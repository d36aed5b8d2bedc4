"""All objectives together: each event once, and every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib.alerts.fleet.replaying import Replay
from srelib.alerts.ready import ready_made
from srelib.alerts.score import Score
from srelib.errors import ParameterError
from srelib.stats import Estimate, median, rate, share

WEEK = pd.Timedelta(days=7)


@dataclass(frozen=True)
class Pooled:
    """What the pages of all objectives told us, each event counted once.

    Parameters
    ----------
    policy, truth, severity : str
    share : float
        Smallest share of a budget that makes an event [fraction].
    objectives : int
        How many were replayed.
    weeks : float
        From the first bucket to the last [weeks].
    recall, precision, out_of_hours : Estimate
        [fraction]
    pages_per_week : Estimate
        Of all objectives together [1/week].
    detection_seconds, spent_at_detection : Estimate
        Medians [s], [fraction of the budget of a period].
    events : DataFrame
        service, objective (the one it spent most of), key, label, starts_at, ends_at, caught,
        detected_at, detection (Timedelta), spent, spent_at_detection.
    pages : DataFrame
        objective, service, fired_at, resolved_at, key, out_of_hours, burning.
    """

    policy: str
    truth: str
    severity: str
    share: float
    objectives: int
    weeks: float
    recall: Estimate
    precision: Estimate
    out_of_hours: Estimate
    pages_per_week: Estimate
    detection_seconds: Estimate
    spent_at_detection: Estimate
    events: pd.DataFrame
    pages: pd.DataFrame

    @property
    def missed(self) -> pd.DataFrame:
        """Events no page told about, those that spent most first."""
        rows = self.events[~self.events["caught"]]
        return rows.sort_values("spent", ascending=False, kind="stable", ignore_index=True)


def pooled(replays: Mapping[Any, Replay], *, policy: str | None = None) -> Pooled:
    """One policy on all objectives, each event counted once."""
    if not replays:
        raise ParameterError("replays must hold at least one; got none.")
    one = next(iter(replays.values()))
    name = policy or one.policy
    found = {key: r.scores[name] for key, r in replays.items() if name in r.scores}
    events, pages = _events(replays, found), _all_pages(replays, found, name)
    first = min(r.budget.first for r in replays.values())
    weeks = (max(r.budget.last for r in replays.values()) - first) / WEEK
    return Pooled(
        policy=name,
        truth=one.truth,
        severity=one.score.severity,
        share=one.share,
        objectives=len(found),
        weeks=weeks,
        recall=share_of(events["caught"]),
        precision=share_of(pages["key"].notna()),
        out_of_hours=share_of(pages["out_of_hours"]),
        pages_per_week=rate(len(pages), weeks, 0.95),
        detection_seconds=median(events["detection"].dt.total_seconds(), 0.95),
        spent_at_detection=median(events["spent_at_detection"], 0.95),
        events=events,
        pages=pages,
    )


def pooled_or_none(replays: Mapping[Any, Replay]) -> Pooled | None:
    """The policy in use on all objectives; None where nothing could be replayed.

    Parameters
    ----------
    replays : mapping of Indicator to Replay

    Returns
    -------
    Pooled or None

    Examples
    --------
    >>> pooled_or_none({}) is None
    True
    """
    return pooled(replays) if replays else None


def side_by_side(replays: Mapping[Any, Replay]) -> dict[str, Pooled]:
    """Every ready-made policy that could be replayed on all objectives, the one in use first.

    Parameters
    ----------
    replays : mapping of Indicator to Replay

    Returns
    -------
    dict of str to Pooled
        Empty without replays.

    Examples
    --------
    >>> side_by_side({})
    {}
    """
    if not replays:
        return {}
    current = next(iter(replays.values())).policy
    known = [name for name in ready_made("28d") if name != current]
    everywhere = [name for name in known if all(name in r.scores for r in replays.values())]
    return {name: pooled(replays, policy=name) for name in (current, *everywhere)}


def share_of(flags: pd.Series) -> Estimate:
    """Share of flags that are set, with its 95 % interval."""
    return share(flags.astype(bool), 0.95)


def until_told(events: pd.DataFrame, replays: Mapping[Any, Replay]) -> np.ndarray:
    """What each event had spent of the objective it hurt most when the first page came."""
    budgets = {key.name: r.budget for key, r in replays.items()}
    found = pd.Series(np.nan, events.index)
    until = events["detected_at"].fillna(events["ends_at"])
    for name, rows in events.groupby("objective"):
        spent = budgets[str(name)].between(rows["starts_at"], until[rows.index])
        found[rows.index] = spent
    return found.to_numpy()


def hours(one: Pooled | None, *, timezone: str = "UTC") -> pd.DataFrame | None:
    """Pages by hour of the week, as `by_hour_of_week`; None where nothing could be replayed.

    Parameters
    ----------
    one : Pooled or None
    timezone : str
        IANA zone of the people who are paged.

    Returns
    -------
    DataFrame or None

    Examples
    --------
    >>> hours(None) is None
    True
    """
    return None if one is None else by_hour_of_week(one.pages["fired_at"], timezone=timezone)


def by_hour_of_week(times: pd.Series, *, timezone: str = "UTC") -> pd.DataFrame:
    """How many times fall into each hour of the week."""
    try:
        local = times.dt.tz_convert(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ParameterError(f"timezone must be an IANA name; got {timezone!r}.") from error
    table = pd.crosstab(local.dt.day_of_week, local.dt.hour)
    return table.reindex(index=range(7), columns=range(24), fill_value=0).astype("int64")


def _events(replays: Mapping[Any, Replay], found: Mapping[Any, Score]) -> pd.DataFrame:
    """Events of all objectives; an incident of several objectives is one."""
    parts = [_named(key, s.events) for key, s in found.items() if len(s.events)]
    if not parts:
        empty = next(iter(found.values())).events.drop(columns="reset")
        return empty.assign(service="", objective="")
    rows = pd.concat(parts, ignore_index=True)
    one = next(iter(replays.values()))
    rows["of"] = rows["service"] if one.truth == "incidents" else rows["objective"]
    rows = rows.sort_values("spent", ascending=False, kind="stable")
    groups = rows.groupby(["of", "key"], sort=False)
    told = groups["detected_at"].min()
    events = groups.first().drop(columns=["reset", "detection"])
    events = events.assign(detected_at=told, caught=told.notna(), detection=told - events.starts_at)
    events["spent_at_detection"] = until_told(events, replays)
    return events.reset_index().drop(columns="of").sort_values("starts_at", ignore_index=True)


def _named(key: Any, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(service=key.service, objective=key.name)


def _all_pages(
    replays: Mapping[Any, Replay], found: Mapping[Any, Score], policy: str
) -> pd.DataFrame:
    parts = []
    for key, one in found.items():
        known = policy == replays[key].policy
        burning = replays[key].burning if known else pd.Series(pd.NA, one.pages.index)
        parts.append(_named(key, one.pages).assign(burning=burning.astype("boolean")))
    kept = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(kept, ignore_index=True).sort_values(
        "fired_at", kind="stable", ignore_index=True
    )
