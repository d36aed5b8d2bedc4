"""Policies side by side on the same history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib.alerts.firing import as_episodes, firing
from srelib.alerts.policies import PAGE, TICKET, Policy, ready_made
from srelib.alerts.replay import Pooled, Replay, pooled, share_of, until_told
from srelib.alerts.score import Score, score, spending
from srelib.errors import ColumnError, ParameterError
from srelib.stats import median, rate
from srelib.windows import Window


def scores(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    period: Window | pd.Timedelta | str,
    policies: Mapping[str, Policy],
    truth: pd.DataFrame,
    severity: str = "page",
    **options: Any,
) -> dict[str, Score]:
    """Replay several policies on one history and score each."""
    if not policies:
        raise ParameterError("policies must name at least one policy; got none.")
    budget = spending(good, total, target=target, period=period)
    found = {}
    for name, policy in policies.items():
        fires = firing(good, total, target=target, policy=policy)
        fires[severity] = fires.get(severity, pd.Series(False, fires.index))
        found[name] = score(fires, truth, severity=severity, budget=budget, **options)
    return found


def compare(found: Mapping[str, Score]) -> pd.DataFrame:
    """Scores side by side, one row per policy."""
    return pd.DataFrame([{"policy": name, **_row(one)} for name, one in found.items()])


def _row(one: Score) -> dict[str, object]:
    return {
        "pages": len(one.pages),
        "events": len(one.events),
        "missed": len(one.missed),
        "false_pages": len(one.false_pages),
        "pages_per_week": one.pages_per_week.value,
        "precision": one.precision.value,
        "recall": one.recall.value,
        "detection": pd.Timedelta(one.detection_seconds.value, "s"),
        "reset": pd.Timedelta(one.reset_seconds.value, "s"),
        "spent_at_detection": one.spent_at_detection.value,
        "out_of_hours": one.out_of_hours.value,
    }


WEEK = pd.Timedelta(days=7)


def front(replays: Mapping[Any, Replay], *, split: float = 0.5) -> pd.DataFrame | None:
    """Pages against budget spent at detection over all objectives, chosen early, scored late.

    Parameters
    ----------
    replays : mapping of Indicator to Replay
    split : float
        Share of the history that a policy is chosen on [fraction]; the rest is what it is tested
        on.

    Returns
    -------
    DataFrame or None
        None without replays; empty when one of the two parts holds no event.
        One row per policy that could be replayed on every objective: policy, kind ('current',
        'ready-made', 'candidate'), and for either part (``_chosen_on``, ``_tested_on``)
        pages_per_week [1/week], spent (median over events) [fraction], events [count];
        front (none is better on the first part in both), chosen (spends least on the first part
        among those that page at most as often as the one in use).

    Raises
    ------
    ParameterError
        `split` outside (0, 1).
    """
    if not 0 < split < 1:
        raise ParameterError(f"split must lie strictly between 0 and 1; got {split}.")
    if not replays:
        return None
    one = next(iter(replays.values()))
    everywhere = [p for p in one.pages if all(p in r.pages for r in replays.values())]
    first = min(r.budget.first for r in replays.values())
    last = max(r.budget.last for r in replays.values())
    middle = first + (last - first) * split
    events = pooled(replays).events
    rows = [_front_row(p, replays, events, (first, middle, last)) for p in everywhere]
    table = pd.DataFrame(rows)
    if not (table[["events_chosen_on", "events_tested_on"]] > 0).all(axis=None):
        return pd.DataFrame()
    pages, spent = table["pages_per_week_chosen_on"], table["spent_chosen_on"]
    table["front"] = [_unbeaten(pages, spent, i) for i in table.index]
    most = float(pages[table["kind"] == "current"].iloc[0])
    ranked = table[pages <= most].sort_values(
        ["spent_chosen_on", "pages_per_week_chosen_on"], kind="stable"
    )
    return table.assign(chosen=table.index == ranked.index[0])


def _front_row(
    policy: str,
    replays: Mapping[Any, Replay],
    events: pd.DataFrame,
    bounds: tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp],
) -> dict[str, object]:
    """One row of `front`."""
    one = next(iter(replays.values()))
    kind = "ready-made" if policy in ready_made("28d") else "candidate"
    row: dict[str, object] = {"policy": policy, "kind": "current" if policy == one.policy else kind}
    told = events.assign(detected_at=_told_at(policy, replays, events))
    spent = until_told(told, replays)
    pages = pd.concat([r.pages[policy]["fired_at"] for r in replays.values()])
    first, middle, last = bounds
    for part, low, high in (("chosen_on", first, middle), ("tested_on", middle, last)):
        own = events["starts_at"].between(low, high, inclusive="left").to_numpy()
        many = pages.between(low, high, inclusive="left").sum()
        row[f"pages_per_week_{part}"] = float(many / ((high - low) / WEEK))
        row[f"spent_{part}"] = float(np.median(spent[own])) if own.any() else np.nan
        row[f"events_{part}"] = int(own.sum())
    return row


def _told_at(policy: str, replays: Mapping[Any, Replay], events: pd.DataFrame) -> pd.Series:
    """When the first page of a policy told about each event; NaT where none did."""
    found = [_first_told(policy, key, r) for key, r in replays.items()]
    one = next(iter(replays.values()))
    by = "service" if one.truth == "incidents" else "objective"
    earliest = pd.concat(found).groupby([by, "key"])["at"].min()
    pairs = pd.MultiIndex.from_arrays([events[by], events["key"]])
    return pd.Series(earliest.reindex(pairs).to_numpy(), events.index).dt.tz_localize("UTC")


def _first_told(policy: str, key: Any, one: Replay) -> pd.DataFrame:
    """As `score` does it, for the first page only; pages are in order and apart."""
    events, rows = one.score.events, one.pages[policy]
    fired, resolved = _plain(rows["fired_at"]), _plain(rows["resolved_at"])
    starts, ends = _plain(events["starts_at"]), _plain(events["ends_at"])
    resolved = np.where(np.isnat(resolved), np.datetime64("9999", "us"), resolved)
    place = np.searchsorted(resolved, starts, side="right")
    first = np.append(fired, np.datetime64("NaT", "us"))[place]
    caught = first <= ends + one.grace.to_timedelta64()
    at = np.where(caught, np.maximum(first, starts), np.datetime64("NaT", "us"))
    return pd.DataFrame(
        {"service": key.service, "objective": key.name, "key": events["key"], "at": at}
    )


def _plain(times: pd.Series) -> np.ndarray:
    return times.dt.tz_convert(None).to_numpy(dtype="M8[us]")


def _unbeaten(pages: pd.Series, spent: pd.Series, i: Any) -> bool:
    """Whether no other is at least as good in both and better in one."""
    as_good = (pages <= pages[i]) & (spent <= spent[i])
    return not (as_good & ((pages < pages[i]) | (spent < spent[i]))).any()


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
