"""What would a policy have detected: replayed on one objective, and pooled over a fleet?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from srelib import events
from srelib.alerts.firing import _alert_spans, _answerable, _bucket_ends, _episode_rows
from srelib.alerts.policies import (
    OWN,
    PAGE,
    AlertPolicy,
    Duration,
    _builtin_policies,
    _candidate_policies,
    _check_policy,
    _policy_name,
    _severities,
    read_policy,
)
from srelib.alerts.score import (
    WEEK,
    Score,
    Spending,
    _budget_events,
    _column_times,
    _incident_events,
    _page_matches,
    _spending,
    _until,
    score,
)
from srelib.errors import InsufficientDataError, ParameterError
from srelib.fleet import Indicator
from srelib.incidents import budget_spent
from srelib.windows import History, Window, history
from srelib.windows.window import _spelled

GRACE, MERGE = pd.Timedelta("15min"), pd.Timedelta("1h")
"""A page so long after an event still detects it; pages so close to each other are one."""
EVENT_KINDS = {"incidents": "incident", "budget": "budget event"}
"""What pages can be scored against, and what one of it is called."""


@dataclass(frozen=True)
class AlertReplay:
    """Policies replayed on one objective.

    policy, severity: the policy in use, by name, and the severity of the rules that count
    truth: 'incidents' or 'budget': what pages are scored against
    share: smallest share of a budget that makes an event [fraction]
    scores: of the policy in use and the ready-made ones, by name; in their pages `burning` says
        whether each fell into a span that spent `share` of the budget
    pages: of every policy tried: severity, fired_at, resolved_at
    grace: a page up to this long after an event still detects it
    budget: of this objective
    """

    policy: str
    severity: str
    truth: str
    share: float
    scores: dict[str, Score]
    pages: dict[str, pd.DataFrame]
    grace: pd.Timedelta
    budget: Spending

    @property
    def score(self) -> Score:
        """Of the policy in use."""
        return self.scores[self.policy]

    @property
    def event_kind(self) -> str:
        """What pages should detect."""
        return EVENT_KINDS[self.truth]


def truth_in_use(incidents: pd.DataFrame, *, wanted: str) -> str:
    """What pages can be scored against: what is wanted, or the budget where no incident is known.

    Parameters
    ----------
    incidents : DataFrame, table ``incidents`` of all services
    wanted : {'incidents', 'budget'}; anything else is a `ParameterError`

    Examples
    --------
    >>> truth_in_use(pd.DataFrame(), wanted="incidents")
    'budget'
    """
    ParameterError.check_one_of(wanted, "truth", EVENT_KINDS)
    return wanted if len(incidents) else "budget"


def replay(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    period: Window | Duration,
    policy: str,
    truth: str = "budget",
    incidents: pd.DataFrame | None = None,
    candidates: Mapping[str, AlertPolicy] | None = None,
    ready_made: bool = True,
    severity: str = PAGE,
    share: float = 0.02,
    timezone: str = "UTC",
) -> AlertReplay:
    """Replay a policy, and others to hold it against, on one objective.

    Pages an hour apart are one. Left out are rules that this history cannot answer, and policies
    left without a rule.

    Parameters
    ----------
    good, total, target : as of `firing`
    policy, period : the policy in use, as of `read_policy`; rules of one's own are called 'yours'
    truth : {'incidents', 'budget'}, what pages should detect: incidents, or spans of time that
        spent `share` of the budget
    incidents : DataFrame, optional, table ``incidents`` of the service, where they are the truth
    candidates : mapping of str to policy, optional, policies to search among besides the ready-made
        ones; default: three dozen
    ready_made : bool, whether the ready-made policies are replayed beside it
    severity, timezone : as of `score`
    share : float, smallest share of the budget that makes a budget event [fraction]

    Raises
    ------
    ParameterError, InsufficientDataError
        `policy` cannot be read, none of its rules can be answered, or there is no traffic.

    Examples
    --------
    >>> total = pd.Series(100.0, pd.date_range("2026-01-01", periods=7200, freq="min", tz="UTC"))
    >>> replay(total * 0.9, total, target=0.99, period="28d", policy="workbook").score.recall.value
    1.0
    """
    past = history(good, total)
    name, own = _policy_name(policy), read_policy(policy, period=period)
    known = _builtin_policies(period) if ready_made else {}
    tried = _candidate_policies(period) if candidates is None else candidates
    pages = _pages(past, {name: own, **known, **tried}, target, severity)
    if name not in pages:
        raise InsufficientDataError(_why_none(own, past, severity))
    budget = _spending(past, target=target, period=period)
    burnt = _budget_events(past, target=target, period=period, share=share)
    wanted = burnt
    if truth == "incidents":
        rows = pd.DataFrame(incidents)
        costs = budget_spent(good, total, target=target, period=period, incidents=rows)
        wanted = _incident_events(rows, costs, until=budget.last)
    scores = {}
    for key in (key for key in pages if key == name or key in known):
        found = score(pages[key], wanted, severity=severity, budget=budget, grace=GRACE,
                      timezone=timezone)  # fmt: skip
        burning = np.asarray(_page_matches(burnt, found.pages, GRACE).any(axis=0))
        scores[key] = replace(found, pages=found.pages.assign(burning=burning))
    return AlertReplay(name, severity, truth, share, scores, pages, GRACE, budget)


def with_rules(
    one: AlertReplay, past: History, *, target: float, rules: AlertPolicy, timezone: str = "UTC"
) -> AlertReplay:
    """The replay of another policy against the same events, and of nothing beside it.

    In its pages `burning` is missing.

    Parameters
    ----------
    one : AlertReplay, of the same objective; it brings the events, the budget and the severity that
        counts
    past : History, its counts, as of `srelib.windows.history`
    target, timezone : as of `replay`
    rules : sequence of Rule, called 'yours'

    Raises
    ------
    InsufficientDataError
        None of the rules can be answered.

    Examples
    --------
    >>> total = pd.Series(100.0, pd.date_range("2026-01-01", periods=7200, freq="min", tz="UTC"))
    >>> one = replay(total * 0.9, total, target=0.99, period="28d", policy="workbook")
    >>> rules = read_policy("20x in 1h", period="28d")
    >>> with_rules(one, history(total * 0.9, total), target=0.99, rules=rules).score.recall.value
    0.0
    """
    pages = _pages(past, {OWN: rules}, target, one.severity)
    if OWN not in pages:
        raise InsufficientDataError(_why_none(rules, past, one.severity))
    found = score(pages[OWN], one.score.events, severity=one.severity, budget=one.budget,
                  grace=one.grace, timezone=timezone)  # fmt: skip
    return replace(one, policy=OWN, scores={OWN: found}, pages=pages)


def _pages(
    past: History, policies: Mapping[str, AlertPolicy], target: float, severity: str
) -> dict[str, pd.DataFrame]:
    """Episodes of each policy that has a rule of the severity this history can answer."""
    rules = {
        name: [r for r in _answerable(policy, past) if r.severity == severity]
        for name, policy in policies.items()
    }
    usable = {name: own for name, own in rules.items() if own}
    spans = _alert_spans(past, usable, target=target, gap=int(MERGE // past.step))
    ends = _bucket_ends(past.index, past.step)
    return {name: _episode_rows(own, ends, severity) for name, own in spans.items()}


def _why_none(policy: AlertPolicy, past: History, severity: str) -> str:
    rules = [rule for rule in _check_policy(policy) if rule.severity == severity]
    if not rules:
        others = " and ".join(_severities(policy))
        return (f"the policy has no rule of severity {severity!r}, only {others}. Set severity, or "
                "add a rule.")  # fmt: skip
    if any(min(rule.windows) < past.step for rule in rules):
        return (f"every {severity} rule is blind: a window of it is shorter than a bucket of "
                f"{_spelled(past.step)}. Export one-minute data.")  # fmt: skip
    return (f"every {severity} rule looks back further than the history of "
            f"{_spelled(past.length)}. Export a longer span.")  # fmt: skip


@dataclass(frozen=True)
class PooledAlerts(Score):
    """How well the pages of all objectives did, each event counted once.

    severity, weeks, events, pages: as of `Score`; events also have service, objective (the one it
        spent most of) and event (its number), pages also service, objective and burning
    policy, truth, share: as of `AlertReplay`
    objectives: how many were replayed
    """

    policy: str
    truth: str
    share: float
    objectives: int

    @property
    def event_kind(self) -> str:
        """What pages should detect."""
        return EVENT_KINDS[self.truth]


def pooled(replays: Mapping[Indicator, AlertReplay], *, policy: str | None = None) -> PooledAlerts:
    """One policy on all objectives, each event counted once.

    An incident of several objectives or services counts once, with the objective it spent most of,
    and is detected by the first page of any of them.

    Parameters
    ----------
    replays : mapping of Indicator to AlertReplay, at least one
    policy : str, optional, name of a policy scored on all of them; default: the one in use

    Examples
    --------
    >>> total = pd.Series(100.0, pd.date_range("2026-01-01", periods=7200, freq="min", tz="UTC"))
    >>> one = replay(total * 0.9, total, target=0.99, period="28d", policy="workbook")
    >>> pooled({Indicator("a", "shop"): one, Indicator("b", "site"): one}).recall.n
    2
    """
    name = policy or next(iter(replays.values())).policy
    return _pool_scores(replays, {key: one.scores[name] for key, one in replays.items()}, name)


def _pool_scores(
    replays: Mapping[Indicator, AlertReplay], scores: Mapping[Indicator, Score], policy: str
) -> PooledAlerts:
    """Scores of the same events on all objectives as one."""
    one = next(iter(replays.values()))
    first, last = _history_span(replays)
    return PooledAlerts(
        severity=one.severity,
        weeks=(last - first) / WEEK,
        events=_fleet_events(replays, scores),
        pages=_stacked({key: found.pages for key, found in scores.items()}, "fired_at"),
        policy=policy,
        truth=one.truth,
        share=one.share,
        objectives=len(scores),
    )


def _history_span(
    replays: Mapping[Indicator, AlertReplay],
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """From the start of the first objective's history to the end of the last."""
    budgets = [one.budget for one in replays.values()]
    return min(b.first for b in budgets), max(b.last for b in budgets)


def _event_rows(
    replays: Mapping[Indicator, AlertReplay], scores: Mapping[Indicator, Score]
) -> pd.DataFrame:
    """Events of all objectives with the number of the event of the fleet that each is."""
    rows = _stacked({key: found.events for key, found in scores.items()})
    if next(iter(replays.values())).truth == "budget":
        return rows.assign(event=range(len(rows)))
    names = {"key": "incident_id", "starts_at": "started_at", "ends_at": "resolved_at"}
    return rows.assign(event=events._incident_numbers(rows.rename(columns=names)))


def _fleet_events(
    replays: Mapping[Indicator, AlertReplay], scores: Mapping[Indicator, Score]
) -> pd.DataFrame:
    """Events of all objectives, each once; detected by the first page of any objective."""
    rows = _event_rows(replays, scores).sort_values("spent", ascending=False, kind="stable")
    groups = rows.groupby("event", sort=False)
    at, reset = groups["detected_at"].min(), groups["reset"].max()
    found = groups.first().assign(detected=at.notna(), detected_at=at, reset=reset)
    found["detection"] = found["detected_at"] - found["starts_at"]
    found = found.reset_index().sort_values("starts_at", kind="stable", ignore_index=True)
    ends = _until(_column_times(found, "detected_at"), _column_times(found, "ends_at"))
    spent = _spent_by(found, replays, _column_times(found, "starts_at"), ends)
    return found.assign(spent_at_detection=spent)


def _spent_by(
    found: pd.DataFrame, replays: Mapping[Indicator, AlertReplay], starts: np.ndarray,
    ends: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """What each event had spent between two times, of the objective it spent most of."""
    spent, objectives = np.full(len(found), np.nan), found["objective"].to_numpy()
    for key, one in replays.items():
        own = np.flatnonzero(objectives == key.name)
        spent[own] = one.budget.between(starts[own], ends[own])
    return spent


def _stacked(tables: Mapping[Indicator, pd.DataFrame], by: str | None = None) -> pd.DataFrame:
    """Rows of every objective with its names, sorted where asked."""
    parts = [rows.assign(service=k.service, objective=k.name) for k, rows in tables.items()]
    kept = [part for part in parts if len(part)] or parts[:1]
    found = pd.concat(kept, ignore_index=True)
    return found if by is None else found.sort_values(by, kind="stable", ignore_index=True)
