"""A policy replayed on a history: one schedule of releases for a service, a budget for each SLO."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd

from srelib.budget.status import _budget_fraction
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.fleet import Indicator
from srelib.policy import outcome
from srelib.policy.daily import (
    FATES,
    FROZEN,
    NEVER,
    READINGS,
    STATES,
    BudgetTrack,
    PreparedObjective,
    Schedule,
    _daily_budget,
    _decision_times,
    _follow_policy,
)
from srelib.policy.harm import HOUR, _harm_after, _replayable
from srelib.policy.rules import FOUR_WEEKS, Policy
from srelib.stats import Estimate
from srelib.windows import History, Window, history
from srelib.windows.sums import _divide, _ratio
from srelib.windows.window import _as_window

DRAWS = 20
"""How often a history is replayed with other luck."""


def replay(
    good: pd.Series,
    total: pd.Series,
    deployments: pd.DataFrame,
    *,
    target: float,
    policy: Policy,
    window: Window | pd.Timedelta | str,
    incidents: pd.DataFrame | None = None,
    harms: pd.Series | pd.DataFrame | None = None,
    after: pd.Timedelta | str = "6h",
    confidence: float = 0.95,
    draws: int = DRAWS,
) -> outcome.PolicyReplay:
    """Replay an error-budget policy on the history of one objective.

    A decision sees the budget of the world with the policy: recorded, less what held releases had
    done by then, and (postponed) more what released ones had done again. Where less than half of
    the window was observed, things stay as they are.

    Parameters
    ----------
    good, total : Series, good and total events [events] on a regular UTC index; missing is unknown
    deployments : DataFrame, table ``deployments`` of the service in production
    target : float, service level objective [fraction], strictly between 0 and 1
    policy : Policy
    window : Window, Timedelta or str, of the objective; used where the policy has none of its own
    incidents : DataFrame, optional, table ``incidents``; time inside an open one is not held
        against a deployment
    harms : Series or DataFrame, optional, bad events that each deployment cost [events], by
        deployment_id, such as the excess of `srelib.tradeoff.deployment_effect`; a DataFrame has
        columns harm and perhaps low, high. Default: estimated from the hours after each.
    after : Timedelta or str, how long after it finished a deployment is answerable; whole hours
    confidence : float, of the intervals [fraction]
    draws : int, how often the history is replayed with other luck, to see which decisions were
        close

    Raises
    ------
    InvalidTargetError, CountError, TimeIndexError, ColumnError, ParameterError
        As in `srelib.budget.status`; a column is missing; a value is not allowed.
    InsufficientDataError
        Buckets longer than an hour, or no decision within the data.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 2 and appendix B.

    Examples
    --------
    >>> from srelib.policy import named
    >>> index = pd.date_range("2026-06-01", periods=28 * 24, freq="h", tz="UTC")
    >>> total = pd.Series(1000.0, index)
    >>> good = total.mask(index.normalize() == "2026-06-17", 500.0)
    >>> made = pd.DataFrame({"deployment_id": ["a", "b"],
    ...                      "finished_at": pd.to_datetime(["2026-06-16T12Z", "2026-06-19T12Z"])})
    >>> found = replay(good, total, made, target=0.99, policy=named("workbook"), window="28d")
    >>> found.postponed.schedule["fate"].tolist()
    ['shipped', 'waiting']
    """
    key = Indicator("objective", target=target, window=_as_window(window))
    service = prepare(
        {key: history(good, total)}, deployments, incidents=incidents,
        harms=None if harms is None else {key: harms}, after=after, timezone=policy.timezone,
    )  # fmt: skip
    return replay_service(service, policy=policy, confidence=confidence, draws=draws)[key]


@dataclass(frozen=True)
class PreparedService:
    """A service ready to have any number of policies replayed on it.

    `deployments`: those that count, in order of time: deployment_id, due_at, finished_at, fix, url.
    """

    deployments: pd.DataFrame
    objectives: dict[Indicator, PreparedObjective]


def prepare(
    counts: Mapping[Indicator, pd.DataFrame | History],
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None = None,
    harms: Mapping[Indicator, pd.Series | pd.DataFrame] | None = None,
    after: pd.Timedelta | str = "6h",
    timezone: str = "UTC",
) -> PreparedService:
    """A service made ready for any number of policies: what all of them share is computed once.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame or History, good and total of each objective of one
        service; four weeks where one has no window
    deployments, incidents, harms, after : as in `replay`, whose errors it raises; harms by
        objective
    timezone : str, IANA zone whose hours of the day are compared

    Examples
    --------
    >>> hours = pd.date_range("2026-06-01", periods=48, freq="h", tz="UTC")
    >>> made = pd.DataFrame({"deployment_id": ["a"], "finished_at": hours[[9]]})
    >>> counts = pd.DataFrame({"good": 9.0, "total": 10.0}, hours)
    >>> prepare({Indicator("shop", "shop", target=0.9): counts}, made).deployments["fix"].tolist()
    [False]
    """
    pasts = {key: c if isinstance(c, History) else history(c["good"], c["total"])
             for key, c in counts.items()}  # fmt: skip
    rows = _replayable(deployments)
    rows = rows[rows["due_at"] < max(past.end for past in pasts.values())]
    rows, found = rows.reset_index(drop=True), {}
    for key, past in pasts.items():
        _budget_fraction(key.target)
        if past.ticks > HOUR:
            raise InsufficientDataError(
                "deployments cannot be told apart in buckets longer than an hour; got "
                f"{past.step}. Export hourly or finer data."
            )
        hours = _harm_after(
            past, rows, incidents=incidents, after=pd.Timedelta(after), timezone=timezone
        )
        known = None if harms is None else _known_harm(harms[key], rows)
        found[key] = PreparedObjective(past, key.target, key.window or FOUR_WEEKS, hours, known)
    return PreparedService(rows, found)


def _known_harm(harms: pd.Series | pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
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


def replay_service(
    service: PreparedService, *, policy: Policy, confidence: float = 0.95, draws: int = DRAWS
) -> dict[Indicator, outcome.PolicyReplay]:
    """Replay a policy on every objective of a service: frozen when any of them says so.

    One schedule, and a budget for each objective.

    Parameters
    ----------
    service : PreparedService
    policy, confidence, draws : as in `replay`

    Raises
    ------
    InsufficientDataError
        No decision within the data.

    Examples
    --------
    >>> from srelib.policy import named
    >>> hours = pd.date_range("2026-06-01", periods=28 * 24, freq="h", tz="UTC")
    >>> shop = Indicator("shop", "shop", target=0.99, window=Window(pd.Timedelta("28D")))
    >>> none = pd.DataFrame({"deployment_id": [], "finished_at": pd.to_datetime([], utc=True)})
    >>> service = prepare({shop: pd.DataFrame({"good": 1.0, "total": 1.0}, hours)}, none)
    >>> replay_service(service, policy=named("workbook"))[shop].postponed.frozen_days
    0
    """
    parts = service.objectives
    first = min(part.past.index[0] for part in parts.values())
    last = max(part.past.end for part in parts.values())
    times = _decision_times(first, last, hour=policy.hour, timezone=policy.timezone)
    if not len(times):
        raise InsufficientDataError(
            f"no decision falls into the {last - first} of data; export more than a day."
        )
    tracks = [_budget_track(part, times, policy) for part in parts.values()]
    estimated = all(part.harms is None for part in parts.values())
    readings = []
    for reading in READINGS:
        follow = partial(_follow_policy, times=times, rows=service.deployments, policy=policy,
                         postponed=reading == "postponed")  # fmt: skip
        schedule = follow(tracks)
        doubtful = estimated and len(schedule.held)
        others = outcome._alternative_tracks(tracks, draws) if doubtful else []
        close = [(follow(other), other) for other in others]
        became = _releases(schedule, service.deployments, last)
        readings.append(_Reading(reading, times, schedule, close, became, confidence))
    return {
        key: _replayed(i, track, readings, policy, service.deployments)
        for i, (key, track) in enumerate(zip(parts, tracks, strict=True))
    }


def _budget_track(part: PreparedObjective, times: pd.DatetimeIndex, policy: Policy) -> BudgetTrack:
    """One objective, as a policy sees it."""
    window = _as_window(policy.window or part.window)
    daily = _daily_budget(part.past, times, target=part.target, window=window, policy=policy)
    if part.harms is None:
        return BudgetTrack(part, daily, part.after.known)
    # harm given for a whole deployment is put where bad events came: never more than had come
    most = np.maximum(part.harms["harm"].to_numpy(), 0.0)[:, None]
    so_far = np.minimum(np.cumsum(part.after.came, axis=1), most)
    return BudgetTrack(part, daily, np.diff(so_far, axis=1, prepend=0.0))


@dataclass(frozen=True)
class _Reading:
    """What all objectives of a service share under one reading; `close`: with other luck."""

    name: str
    times: pd.DatetimeIndex
    schedule: Schedule
    close: list[tuple[Schedule, list[BudgetTrack]]]
    releases: pd.DataFrame
    confidence: float

    @property
    def postponed(self) -> bool:
        """Whether harm of a held release comes later."""
        return self.name == "postponed"

    @cached_property
    def delay(self) -> Estimate:
        """Median delay of what was held [s]."""
        return outcome._median_delay(self.releases, self.confidence)


def _replayed(
    i: int, track: BudgetTrack, readings: list[_Reading], policy: Policy, deployments: pd.DataFrame
) -> outcome.PolicyReplay:
    """What a replay found for one objective."""
    part, past, after = track.part, track.part.past, track.part.after
    bad, total = float(past.bad.sums[-1]), float(past.total.sums[-1])
    allowance = _budget_fraction(part.target) * total
    avoided, postponed = (_outcome(reading, i, track, allowance) for reading in readings)
    harm = deployments[["deployment_id", "finished_at"]].assign(
        bad=after.bad.sum(axis=1), expected=after.expected.sum(axis=1)
    )
    harm["excess"] = harm["bad"] - harm["expected"] if part.harms is None else part.harms["harm"]
    recorded = pd.DataFrame({
        "decided_at": readings[0].times, "left_share": track.daily.left,
        "judged": track.daily.judged,
    })  # fmt: skip
    return outcome.PolicyReplay(
        policy=policy, target=part.target, window=_as_window(policy.window or part.window),
        first=past.index[0], last=past.end, recorded=recorded, avoided=avoided,
        postponed=postponed, harm=harm, bad=bad, total=total, allowance=allowance,
    )  # fmt: skip


def _outcome(reading: _Reading, i: int, track: BudgetTrack, allowance: float) -> outcome.Outcome:
    past = track.part.past
    bad, total = float(past.bad.sums[-1]), float(past.total.sums[-1])
    avoided = _avoided(reading, i, track)
    found, times = reading.schedule, reading.times
    days = pd.DataFrame({
        "decided_at": times,
        "ends_at": times[1:].append(pd.DatetimeIndex([past.end]).as_unit("us")),
        "left_share": found.left[i], "judged": track.daily.judged, "frozen": found.frozen[i],
        "state": np.array(STATES)[found.state],
    })  # fmt: skip
    return outcome.Outcome(
        reading=reading.name, days=days, schedule=reading.releases, frozen=_frozen(reading),
        delay=reading.delay, saved=avoided, saved_share=outcome._scaled(avoided, allowance),
        sli=_ratio(total - bad + avoided.value, total),
    )  # fmt: skip


def _avoided(reading: _Reading, i: int, track: BudgetTrack) -> Estimate:
    """Bad events avoided, from the harm given or from what came after."""
    due = reading.releases["due_at"].astype("int64").to_numpy()
    held = partial(outcome._held_harm, times=reading.times, due=due, postponed=reading.postponed)
    own, known = held(track, reading.schedule), track.part.harms
    if known is None:
        others = [held(tracks[i], schedule) for schedule, tracks in reading.close]
        return outcome._avoided_events(own, others, confidence=reading.confidence)
    pieces = track.harm[own.rows]
    sums = pieces.sum(axis=1)
    weighed = _divide((own.share * pieces).sum(axis=1), sums)
    share = np.where(sums > 0, weighed, own.share.mean(axis=1))
    return outcome._from_known_harm(known.iloc[own.rows], share, confidence=reading.confidence)


def _frozen(reading: _Reading) -> Estimate:
    """Frozen days, and how many there may have been where decisions were close."""
    days = int((reading.schedule.state == FROZEN).sum())
    others = [int((schedule.state == FROZEN).sum()) for schedule, _ in reading.close] or [days]
    tail = (1 - reading.confidence) / 2
    low, high = np.quantile(others, [tail, 1 - tail], method="closest_observation").tolist()
    return Estimate(days, min(low, days), max(high, days), len(reading.times), reading.confidence,
                    "replays with other luck")  # fmt: skip


def _releases(found: Schedule, rows: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    waits = found.released == NEVER
    due = rows["due_at"].dt.tz_localize(None).to_numpy(dtype="M8[us]")
    released = np.where(waits, np.datetime64("NaT", "us"), found.released.view("datetime64[us]"))
    until = np.where(waits, np.datetime64(last.tz_localize(None), "us"), released)
    return pd.DataFrame({
        "deployment_id": rows["deployment_id"], "due_at": rows["due_at"], "fix": rows["fix"],
        "url": rows["url"], "fate": np.array(FATES)[found.fate],
        "released_at": pd.DatetimeIndex(released).tz_localize("UTC"), "delay": until - due,
    })  # fmt: skip
