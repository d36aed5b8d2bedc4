"""The alerts that really fired, scored against the same truth as a replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from srelib.alerts.episodes import as_episodes
from srelib.alerts.fleet import Pooled, Replay, pooled, share_of, until_told
from srelib.alerts.policies import PAGE, TICKET
from srelib.alerts.score import Score, score
from srelib.errors import ColumnError
from srelib.stats import median, rate

NAME = "recorded"
"""What the alerts on record are called beside policies."""

ALSO = {PAGE: ("critical",), TICKET: ("warning",)}
"""What the severities of a policy are called in rules of Pyrra and many others."""

MUCH = 0.2
"""Share of the history without any alert at either end [fraction] that is worth a word."""


@dataclass(frozen=True)
class Recorded:
    """What the alerts on record told us.

    Parameters
    ----------
    pooled : Pooled or None
        Scored like a policy, called 'recorded'; None where no alert counts.
    severities : tuple of str
        As the records name those that count; empty where the records name none.
    others : tuple of str
        As the records name those that do not count.
    silent : tuple of str
        Services with an objective, and without any alert on record.
    begins, ends : Timestamp or None
        First and last alert of any severity, where the time without any before or after is a
        fifth of the history or more: the export may not reach further.
    """

    pooled: Pooled | None
    severities: tuple[str, ...]
    others: tuple[str, ...]
    silent: tuple[str, ...]
    begins: pd.Timestamp | None
    ends: pd.Timestamp | None


def recorded(
    alerts: pd.DataFrame,
    replays: Mapping[Any, Replay],
    *,
    severity: str = PAGE,
    timezone: str = "UTC",
    merge: pd.Timedelta | str = "1h",
) -> Recorded | None:
    """Score the alerts that really fired against what the replays are scored against.

    Parameters
    ----------
    alerts : DataFrame
        Table ``alerts`` of all services.
    replays : mapping of Indicator to Replay
        Of the objectives; they bring the events and what those spent.
    severity : str
        Alerts that count; where none on record has it, what Pyrra calls it
        ('critical' for 'page', 'warning' for 'ticket') does; all where the records name none.
    timezone : str
        IANA zone of the people who are paged.
    merge : Timedelta or str
        Pages of one rule of a service at most this far apart are one.

    Returns
    -------
    Recorded or None
        None without alerts or replays.

    Raises
    ------
    ColumnError
        A column is missing.

    Notes
    -----
    An alert on record belongs to a service, not to an objective: it tells about an event of any
    objective of its service.
    An alert without an end is taken as a moment, for exports often leave ends out; it is not
    still firing ever since.
    Alerts and events outside the data of a service are left out.

    Examples
    --------
    >>> recorded(pd.DataFrame(), {}) is None
    True
    """
    if not len(alerts) or not replays:
        return None
    lacking = [n for n in ("service", "rule", "severity", "fired_at", "resolved_at")
               if n not in alerts.columns]  # fmt: skip
    if lacking:
        raise ColumnError(f"alerts lack {lacking}; columns seen: {list(alerts.columns)}.")
    begins, ends = _reach(alerts["fired_at"], replays)
    services = list(dict.fromkeys(key.service for key in replays))
    known = alerts[alerts["service"].isin(services)]
    chosen = _chosen(alerts["severity"], severity)
    seen = [str(name) for name in alerts["severity"].dropna().unique()]
    return Recorded(
        pooled=_pooled(known[chosen[known.index]], replays, severity, timezone, merge)
        if chosen.any() else None,
        severities=tuple(sorted(alerts.loc[chosen, "severity"].dropna().astype("str").unique())),
        others=tuple(sorted(set(seen) - set(alerts.loc[chosen, "severity"].dropna()))),
        silent=tuple(name for name in services if name not in set(known["service"])),
        begins=begins,
        ends=ends,
    )  # fmt: skip


def beside(found: Mapping[str, Pooled], real: Recorded | None) -> dict[str, Pooled]:
    """Policies side by side, with the alerts on record behind the one in use.

    Parameters
    ----------
    found : mapping of str to Pooled
        As from `srelib.alerts.fleet.side_by_side`.
    real : Recorded or None

    Returns
    -------
    dict of str to Pooled

    Examples
    --------
    >>> beside({}, None)
    {}
    """
    if real is None or real.pooled is None or not found:
        return dict(found)
    first, *others = found.items()
    return dict([first, (NAME, real.pooled), *others])


def _chosen(names: pd.Series, severity: str) -> pd.Series:
    """Which alerts count."""
    if names.isna().all():
        return pd.Series(True, names.index)
    plain = names.str.strip().str.lower()
    exact = plain == severity.lower()
    return exact if exact.any() else plain.isin(ALSO.get(severity.lower(), ()))


def _reach(
    fired: pd.Series, replays: Mapping[Any, Replay]
) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    """First and last alert, where a long part of the history has none before or after."""
    first = min(r.budget.first for r in replays.values())
    last = max(r.budget.last for r in replays.values())
    long = (last - first) * MUCH
    low, high = fired.min(), fired.max()
    return low if low - first >= long else None, high if last - high >= long else None


def _pooled(
    alerts: pd.DataFrame,
    replays: Mapping[Any, Replay],
    severity: str,
    timezone: str,
    merge: pd.Timedelta | str,
) -> Pooled:
    current = pooled(replays)
    parts = {
        service: _score(
            alerts[alerts["service"] == service],
            current.events[current.events["service"] == service],
            [r for key, r in replays.items() if key.service == service],
            timezone, merge,
        )
        for service in dict.fromkeys(key.service for key in replays)
    }  # fmt: skip
    events = pd.concat([rows for _, rows in parts.values()], ignore_index=True)
    events = events.sort_values("starts_at", kind="stable", ignore_index=True)
    events["spent_at_detection"] = until_told(events, replays)
    pages = pd.concat([one.pages.assign(service=service, objective=service)
                       for service, (one, _) in parts.items()], ignore_index=True)  # fmt: skip
    return Pooled(
        policy=NAME, truth=current.truth, severity=severity, share=current.share,
        objectives=current.objectives, weeks=current.weeks,
        recall=share_of(events["caught"]),
        precision=share_of(pages["key"].notna()),
        out_of_hours=share_of(pages["out_of_hours"]),
        pages_per_week=rate(len(pages), current.weeks, 0.95),
        detection_seconds=median(events["detection"].dt.total_seconds(), 0.95),
        spent_at_detection=median(events["spent_at_detection"], 0.95),
        events=events,
        pages=pages.assign(burning=pd.array([pd.NA] * len(pages), dtype="boolean")),
    )  # fmt: skip


def _score(
    alerts: pd.DataFrame,
    events: pd.DataFrame,
    replays: list[Replay],
    timezone: str,
    merge: pd.Timedelta | str,
) -> tuple[Score, pd.DataFrame]:
    """The alerts of one service, and its events with when the first page came."""
    first = min(r.budget.first for r in replays)
    last = max(r.budget.last for r in replays)
    rows = alerts.assign(resolved_at=alerts["resolved_at"].fillna(alerts["fired_at"]))
    pages = as_episodes(rows.assign(severity=rows["rule"]), merge=merge)
    events = events.sort_values("starts_at", kind="stable", ignore_index=True)
    one = score(pages.assign(severity=NAME), events, severity=NAME, between=(first, last),
                grace=replays[0].grace, timezone=timezone)  # fmt: skip
    told = one.events[["caught", "detected_at", "detection"]]
    return one, events.assign(**{name: told[name].to_numpy() if name == "caught" else told[name]
                                 for name in told.columns})  # fmt: skip
