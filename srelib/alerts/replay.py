"""One objective: a policy replayed, and others to hold it against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib.alerts.analysis import answerable, candidates
from srelib.alerts.firing import History, history, joined, rule_spans
from srelib.alerts.policies import (
    PAGE,
    Policy,
    Rule,
    called,
    check_policy,
    named,
    ready_made,
    severities,
)
from srelib.alerts.score import Score, Spending, budget_events, incident_events, score, spending
from srelib.errors import InsufficientDataError, ParameterError
from srelib.stats import Estimate, median, rate, share
from srelib.windows import Window
from srelib.windows.window import spelled

TRUTHS = ("incidents", "budget")
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Replay:
    """Policies replayed on one objective.

    Parameters
    ----------
    policy : str
        Name of the one in use.
    truth : str
        What pages are scored against: 'incidents' or 'budget'.
    share : float
        Smallest share of a budget that makes an event [fraction].
    scores : dict of str to Score
        Of the one in use and the ready-made ones, by policy.
    pages : dict of str to DataFrame
        Of every policy tried: fired_at, resolved_at.
    grace : Timedelta
        A page up to this long after an event still tells about it.
    burning : Series of bool
        Whether each page of the policy in use fell into a span that spent `share` of the budget.
    budget : Spending
    daily : DataFrame
        starts_at, spent [fraction of the budget of a period], one row per day from the first.
    """

    policy: str
    truth: str
    share: float
    scores: dict[str, Score]
    pages: dict[str, pd.DataFrame]
    grace: pd.Timedelta
    burning: pd.Series
    budget: Spending
    daily: pd.DataFrame

    @property
    def score(self) -> Score:
        """Of the policy in use."""
        return self.scores[self.policy]


def known_incidents(incidents: pd.DataFrame, *, truth: str) -> pd.DataFrame | None:
    """The incidents to score against, or None where budget events must do.

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents`` of all services.
    truth : {'incidents', 'budget'}
        What is wanted.

    Returns
    -------
    DataFrame or None
        None where `truth` is 'budget' or there are no incidents.

    Raises
    ------
    ParameterError
        `truth` is something else.

    Examples
    --------
    >>> known_incidents(pd.DataFrame(), truth="incidents") is None
    True
    """
    if truth not in TRUTHS:
        raise ParameterError(f"truth must be one of {', '.join(TRUTHS)}; got {truth!r}.")
    return incidents if truth == "incidents" and len(incidents) else None


def of_service(incidents: pd.DataFrame | None, service: str) -> pd.DataFrame | None:
    """The incidents of one service, where incidents are what counts.

    Parameters
    ----------
    incidents : DataFrame or None
        As from `known_incidents`.
    service : str

    Returns
    -------
    DataFrame or None

    Examples
    --------
    >>> of_service(pd.DataFrame({"service": ["a", "b"]}), "a").index.tolist()
    [0]
    """
    return None if incidents is None else incidents[incidents["service"] == service]


def few_candidates(period: Window | pd.Timedelta | str) -> dict[str, tuple[Rule, ...]]:
    """Three dozen policies, coarse enough to replay on every objective of a fleet."""
    return candidates(
        period, fast=("1h", "3h"), slow=("6h", "1d"),
        fast_shares=(0.01, 0.02, 0.05), slow_shares=(0.03, 0.05, 0.1),
    )  # fmt: skip


def replay(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    period: Window | pd.Timedelta | str,
    policy: str,
    incidents: pd.DataFrame | None = None,
    policies: Mapping[str, Policy] | None = None,
    severity: str = PAGE,
    share: float = 0.02,
    timezone: str = "UTC",
    grace: pd.Timedelta | str = "15min",
    merge: pd.Timedelta | str = "1h",
) -> Replay:
    """Replay a policy, and others to hold it against, on one objective.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index; missing is unknown.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    period : Window, Timedelta or str
        Period of the SLO.
    policy : str
        The policy in use: a name, or rules as `read_policy` reads them; with `policies`, one of
        their names.
    incidents : DataFrame, optional
        Table ``incidents`` of the service; without it budget events are what pages should tell.
    policies : mapping of str to policy, optional
        By name, each scored; default: the one in use (called 'yours' where somebody wrote it),
        those of `ready_made`, and those of `few_candidates` without a score, for `front` only.
    severity : str
        Rules that count.
    share : float
        Smallest share of the budget that makes a budget event [fraction].
    timezone : str
        IANA zone of the people who are paged.
    grace, merge : Timedelta or str
        As in `score`.

    Returns
    -------
    Replay
        Rules that this history cannot answer are left out of every policy; a policy that none is
        left of has no score.

    Raises
    ------
    ParameterError
        `policy` is not among `policies`, or cannot be read.
    InsufficientDataError
        No rule of the policy in use can be answered, or there is no traffic.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=7200, freq="min", tz="UTC")
    >>> total = pd.Series(100.0, index)
    >>> good = total.mask((index.day == 4) & (index.hour == 12), 0.0)
    >>> found = replay(good, total, target=0.99, period="28d", policy="workbook")
    >>> found.score.recall.value, found.burning.tolist()
    (1.0, [True])
    """
    policy, tried = _tried(policy, policies, period)
    past = history(good, total)
    rules = {name: _usable(several, past, severity) for name, several in tried.items()}
    if not rules[policy]:
        raise InsufficientDataError(_why_none(tried[policy], past, severity))
    budget = spending(good, total, target=target, period=period)
    burnt = budget_events(good, total, target=target, period=period, share=share)
    truth = burnt if incidents is None else incident_events(incidents, until=budget.last)
    options: dict[str, Any] = {
        "severity": severity, "budget": budget, "grace": grace, "timezone": timezone,
        "between": (budget.first, budget.last),
    }  # fmt: skip
    pages = _pages(past, rules, target, severity, pd.Timedelta(merge))
    whole = {policy, *(tried if policies else ready_made(period))}
    scores = {n: score(rows, truth, **options) for n, rows in pages.items() if n in whole}
    burning = score(pages[policy], burnt, **options).pages["key"].notna()
    kind = "budget" if incidents is None else "incidents"
    daily = _daily(budget)
    return Replay(policy, kind, share, scores, pages, pd.Timedelta(grace), burning, budget, daily)


def _tried(
    policy: str, policies: Mapping[str, Policy] | None, period: Window | pd.Timedelta | str
) -> tuple[str, dict[str, Policy]]:
    """What the policy in use is called, and every policy to replay."""
    if policies is None:
        own = {called(policy): named(policy, period=period)}
        return called(policy), {**own, **ready_made(period), **few_candidates(period)}
    if policy not in policies:
        raise ParameterError(f"policy must be one of {', '.join(policies)}; got {policy!r}.")
    return policy, dict(policies)


def _usable(policy: Policy, past: History, severity: str) -> tuple[Rule, ...]:
    """Rules of the severity that the history can answer."""
    rules = answerable(check_policy(policy), step=past.step, length=past.length)
    return tuple(rule for rule in rules if rule.severity == severity)


def _why_none(policy: Policy, past: History, severity: str) -> str:
    rules = [rule for rule in check_policy(policy) if rule.severity == severity]
    if not rules:
        others = " and ".join(severities(policy))
        return (f"the policy has no rule of severity {severity!r}, only {others}. Set severity, or "
                "add a rule.")  # fmt: skip
    blind = any(min(rule.windows) < past.step for rule in rules)
    if blind:
        return (f"every {severity} rule is blind: a window of it is shorter than a bucket of "
                f"{spelled(past.step)}. Export one-minute data.")  # fmt: skip
    return (f"every {severity} rule looks back further than the history of "
            f"{spelled(past.length)}. Export a longer span.")  # fmt: skip


def _pages(
    past: History,
    rules: Mapping[str, tuple[Rule, ...]],
    target: float,
    severity: str,
    merge: pd.Timedelta,
) -> dict[str, pd.DataFrame]:
    """Episodes of each policy; every rule is replayed once."""
    several = list(dict.fromkeys(rule for policy in rules.values() for rule in policy))
    fires = dict(zip(several, rule_spans(past, several, target=target), strict=True))
    known = (past.index + past.step).tz_convert("UTC").as_unit("us")
    ends = known.append(pd.DatetimeIndex([pd.NaT]))
    found = {}
    for name, policy in rules.items():
        if policy:
            starts, stops = joined([fires[rule] for rule in policy], gap=int(merge // past.step))
            found[name] = pd.DataFrame(
                {"severity": severity, "fired_at": ends[starts], "resolved_at": ends[stops]}
            )
    return found


def _daily(budget: Spending) -> pd.DataFrame:
    """Share of the budget of a period spent in each 24 hours from the start."""
    days = -(-(budget.last - budget.first) // DAY)
    starts = pd.Series(pd.date_range(budget.first, periods=days, freq="D"))
    return pd.DataFrame({"starts_at": starts, "spent": budget.between(starts, starts + DAY)})


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
