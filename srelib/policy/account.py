"""The account of a walk: bad events avoided, with how far that can be told from chance.

What a release did is what came after it less what would have come anyhow. The second part is
not seen; it is drawn from spans of the same history in which nothing was released.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from srelib import windows
from srelib.budget import budget_fraction
from srelib.policy.aftermath import Aftermath, Controls, Part
from srelib.policy.daily import daily
from srelib.policy.rules import Policy
from srelib.policy.walk import (
    DELAYED,
    FATES,
    FROZEN,
    NEVER,
    STATES,
    WAITING,
    Outcome,
    Replay,
    Track,
    Walk,
    carried,
)
from srelib.stats import Estimate, survival_median
from srelib.windows import Window, as_window

ENOUGH = 12
"""Spans without a release, no two of which overlap, that it takes to tell harm from chance."""
PLACEBO = "spans without a release"
UNKNOWN = "anything from nothing to all that came after"
GIVEN = "as given"


def chances(tracks: Sequence[Track], count: int, *, seed: int = 0) -> list[list[Track]]:
    """The same service with other luck: errors after releases split anew into harm and chance."""
    if any(track.after.controls.apart < ENOUGH for track in tracks):
        return []
    rng = np.random.default_rng(seed)
    size = len(tracks[0].harm)
    several = [luck(track.after.controls, (count, size), rng) for track in tracks]
    return [
        [
            replace(track, harm=track.after.bad - track.after.now * draws[i][:, None])
            for track, draws in zip(tracks, several, strict=True)
        ]
        for i in range(count)
    ]


def holding(
    track: Track, walk: Walk, times: pd.DatetimeIndex, due: np.ndarray, *, postponed: bool
) -> Holding:
    """What a walk held, as the account of one objective needs it."""
    rows = held(walk)
    day = np.searchsorted(times.as_unit("us").asi8, due[rows], side="right")
    return Holding(rows, weights(track, walk, due, postponed=postponed), day)


def held(walk: Walk) -> np.ndarray:
    """Which deployments were delayed, or still wait at the end."""
    return np.flatnonzero(np.isin(walk.fate, (DELAYED, WAITING)))


def weights(track: Track, walk: Walk, due: np.ndarray, *, postponed: bool) -> np.ndarray:
    """Share of the harm of each held release that did not happen."""
    rows = held(walk)
    found = np.ones((len(rows), track.after.bad.shape[1]))
    if not postponed:
        return found
    found[walk.fate[rows] == WAITING] = 0.0
    released = np.where(walk.fate[rows] == DELAYED, walk.released[rows], 0)
    for at in np.unique(released[released > 0]):
        batch = np.flatnonzero(released == at)
        ones = rows[batch]
        found[batch] = 1 - carried(track, ones.tolist(), at - due[ones])
    return found


@dataclass(frozen=True)
class Holding:
    """What one walk held, and how much of its harm did not happen."""

    rows: np.ndarray
    share: np.ndarray
    day: np.ndarray


def saved(
    after: Aftermath,
    holding: Holding,
    *,
    others: Sequence[Holding] = (),
    confidence: float,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Bad events avoided by holding releases back, and how far chance reaches."""
    n = len(holding.rows)
    if not n:
        return Estimate(0.0, 0.0, 0.0, 0, confidence, "nothing was held")
    least, most = _reach(after, holding)
    if after.controls.apart < ENOUGH:
        value = float((holding.share * after.excess[holding.rows]).sum())
        return Estimate(float(np.clip(value, least, most)), least, most, n, confidence, UNKNOWN)
    rng = np.random.default_rng(seed)
    own = _drawn(after, holding, resamples, rng)
    each = max(resamples // max(len(others), 1), 50)
    tail = (1 - confidence) / 2
    ends = [np.quantile(_scattered(after, holding, own, rng), [tail, 1 - tail])]
    if others:
        every = [_scattered(after, one, _drawn(after, one, each, rng), rng) for one in others]
        ends.append(np.quantile(np.concatenate(every), [tail, 1 - tail]))
    value = float(np.median(own))
    low, high = (float(f([end[i] for end in ends])) for i, f in enumerate((np.min, np.max)))
    return Estimate(value, min(low, value), max(high, value), n, confidence, PLACEBO)


def _drawn(
    after: Aftermath, holding: Holding, resamples: int, rng: np.random.Generator
) -> np.ndarray:
    """What may have been avoided, over draws of what would have come anyhow."""
    rows, share = holding.rows, holding.share
    if not len(rows):
        return np.zeros(resamples)
    bad = (share * after.bad[rows]).sum()
    _, which = np.unique(holding.day, return_inverse=True)
    bases = np.bincount(which, weights=(share * after.now[rows]).sum(axis=1))
    drawn = bad - luck(after.controls, (resamples, len(bases)), rng) @ bases
    return np.clip(drawn, *_reach(after, holding))


def _scattered(
    after: Aftermath, holding: Holding, drawn: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The same where harm comes again: as many requests fail by chance a few more or fewer."""
    again = ((1 - holding.share) * after.excess[holding.rows]).sum()
    return drawn + np.sqrt(max(float(again), 0.0)) * rng.standard_normal(len(drawn))


def _reach(after: Aftermath, holding: Holding) -> tuple[float, float]:
    """The least and the most that can have been avoided, were all or nothing harm."""
    parts = holding.share * after.bad[holding.rows]
    return float(np.minimum(parts, 0).sum()), float(np.maximum(parts, 0).sum())


def luck(controls: Controls, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Bad / expected of clear spans: weeks drawn with replacement, then spans of those weeks."""
    _, starts, sizes = np.unique(controls.week, return_index=True, return_counts=True)
    several = rng.integers(len(starts), size=(shape[0], len(starts)))
    chosen = np.take_along_axis(several, rng.integers(len(starts), size=shape), axis=1)
    inside = (rng.random(shape) * sizes[chosen]).astype("int64")
    return controls.ratio[starts[chosen] + inside]


def given(
    low: np.ndarray, value: np.ndarray, high: np.ndarray, share: np.ndarray, *, confidence: float
) -> Estimate:
    """Bad events avoided where the harm of each release is known from elsewhere."""
    if not len(value):
        return Estimate(0.0, 0.0, 0.0, 0, confidence, "nothing was held")
    whole = float((share * value).sum())
    below = np.where(share >= 0, value - low, high - value) * share
    above = np.where(share >= 0, high - value, value - low) * share
    ends = whole - np.sqrt((below**2).sum()), whole + np.sqrt((above**2).sum())
    return Estimate(whole, float(ends[0]), float(ends[1]), len(value), confidence, GIVEN)


@dataclass(frozen=True)
class Setting:
    """What all objectives of a service share in one replay."""

    policy: Policy
    times: pd.DatetimeIndex
    rows: pd.DataFrame
    walks: dict[str, Walk]
    close: dict[str, list[tuple[Walk, list[Track]]]]
    confidence: float
    last: pd.Timestamp

    @cached_property
    def schedules(self) -> dict[str, pd.DataFrame]:
        """What became of each deployment, by reading; the same for every objective."""
        return {name: _schedule(one, self.rows, self.last) for name, one in self.walks.items()}

    @cached_property
    def delays(self) -> dict[str, Estimate]:
        """Median delay of what was held, by reading [s]."""
        return {name: median_delay(rows, self.confidence) for name, rows in self.schedules.items()}


def median_delay(schedule: pd.DataFrame, confidence: float) -> Estimate:
    """Median delay of what was held, those still waiting counted for as long as was seen."""
    delayed = (schedule["fate"] == "delayed").to_numpy()
    kept = delayed | (schedule["fate"] == "waiting").to_numpy()
    seconds = schedule["delay"].to_numpy()[kept] / np.timedelta64(1, "s")
    if not kept.any():
        return Estimate(float("nan"), float("nan"), float("nan"), 0, confidence, "Kaplan-Meier")
    return survival_median(seconds, delayed[kept], confidence=confidence)


def track(part: Part, times: pd.DatetimeIndex, policy: Policy, *, min_coverage: float) -> Track:
    """One objective, ready to be walked."""
    ledger, after = part.ledger, part.after
    budget = daily(
        ledger, times, target=part.target, window=_window(policy, part.window),
        recent=pd.Timedelta(policy.recent),
    )  # fmt: skip
    known = part.harms
    harm = after.known if known is None else _spread(known["harm"].to_numpy(), after.bad)
    judged = (budget.coverage >= min_coverage) & (budget.times <= ledger.end)
    return Track(ledger, budget, after, harm, judged & (budget.allowance > 0))


def _window(policy: Policy, window: Window) -> Window:
    return window if policy.window is None else as_window(policy.window)


def _spread(harm: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Harm given for a whole deployment, put where bad events came: never more than had come."""
    so_far = np.minimum(np.cumsum(bad, axis=1), np.maximum(harm, 0.0)[:, None])
    return np.diff(so_far, axis=1, prepend=0.0)


def result(i: int, part: Part, one: Track, setting: Setting) -> Replay:
    """What a replay found for one objective."""
    ledger = part.ledger
    bad, total = float(ledger.bad[-1]), float(ledger.total[-1])
    avoided, postponed = (_outcome(name, i, part, one, setting) for name in setting.walks)
    recorded = pd.DataFrame({
        "decided_at": setting.times, "left_share": one.daily.left(), "judged": one.judged,
    })  # fmt: skip
    return Replay(
        policy=setting.policy, target=part.target, window=_window(setting.policy, part.window),
        first=ledger.first, last=ledger.last, recorded=recorded, avoided=avoided,
        postponed=postponed, harm=_harm(part, setting.rows), bad=bad, total=total,
        allowance=budget_fraction(part.target) * total,
    )  # fmt: skip


def _harm(part: Part, rows: pd.DataFrame) -> pd.DataFrame:
    bad, expected = part.after.bad.sum(axis=1), part.after.now.sum(axis=1)
    excess = bad - expected if part.harms is None else part.harms["harm"].to_numpy()
    return pd.DataFrame({
        "deployment_id": rows["deployment_id"], "finished_at": rows["finished_at"],
        "bad": bad, "expected": expected, "excess": excess,
    })  # fmt: skip


def _outcome(reading: str, i: int, part: Part, one: Track, setting: Setting) -> Outcome:
    found, last = setting.walks[reading], part.ledger.last
    bad, total = float(part.ledger.bad[-1]), float(part.ledger.total[-1])
    events = _saved(reading, i, part, one, setting)
    return Outcome(
        reading=reading, days=_days(found, i, one, setting.times, last),
        schedule=setting.schedules[reading],
        frozen=_frozen(found, setting.close[reading], setting.confidence),
        delay=setting.delays[reading], saved=events,
        saved_share=scaled(events, budget_fraction(part.target) * total),
        sli=float(windows.divide(np.asarray(total - bad + events.value), np.asarray(total))),
    )  # fmt: skip


def _saved(reading: str, i: int, part: Part, one: Track, setting: Setting) -> Estimate:
    """Bad events avoided, from the harm given or from what came after."""
    due = setting.rows["due_at"].astype("int64").to_numpy()
    found, postponed = setting.walks[reading], reading == "postponed"
    own = holding(one, found, setting.times, due, postponed=postponed)
    if part.harms is None:
        others = [holding(tracks[i], other, setting.times, due, postponed=postponed)
                  for other, tracks in setting.close[reading]]  # fmt: skip
        return saved(one.after, own, others=others, confidence=setting.confidence)
    pieces = one.harm[own.rows]
    sums = pieces.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        weighed = (own.share * pieces).sum(axis=1) / sums
    alone = np.where(sums > 0, weighed, own.share.mean(axis=1))
    low, value, high = (part.harms[c].to_numpy()[own.rows] for c in ("low", "harm", "high"))
    return given(low, value, high, alone, confidence=setting.confidence)


def _frozen(found: Walk, close: list[tuple[Walk, list[Track]]], confidence: float) -> Estimate:
    """Frozen days, and how many there may have been where decisions were close."""
    days = int((found.state == FROZEN).sum())
    several = [int((walk.state == FROZEN).sum()) for walk, _ in close] or [days]
    tail = (1 - confidence) / 2
    low, high = np.quantile(several, [tail, 1 - tail], method="closest_observation").tolist()
    method = "walks with other luck"
    return Estimate(days, min(low, days), max(high, days), len(found.state), confidence, method)


def _days(
    found: Walk, i: int, one: Track, times: pd.DatetimeIndex, last: pd.Timestamp
) -> pd.DataFrame:
    return pd.DataFrame({
        "decided_at": times,
        "ends_at": times[1:].append(pd.DatetimeIndex([last]).as_unit("us")),
        "left_share": found.left[i],
        "judged": one.judged,
        "frozen": found.frozen[i],
        "state": np.array(STATES)[found.state],
    })  # fmt: skip


def _schedule(found: Walk, rows: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    waits = found.released == NEVER
    due = rows["due_at"].dt.tz_localize(None).to_numpy(dtype="M8[us]")
    released = np.where(waits, np.datetime64("NaT", "us"), found.released.view("datetime64[us]"))
    until = np.where(waits, np.datetime64(last.tz_localize(None), "us"), released)
    return pd.DataFrame({
        "deployment_id": rows["deployment_id"], "due_at": rows["due_at"], "fix": rows["fix"],
        "fate": np.array(FATES)[found.fate],
        "released_at": pd.DatetimeIndex(released).tz_localize("UTC"), "delay": until - due,
    })  # fmt: skip


def scaled(estimate: Estimate, whole: float) -> Estimate:
    """An estimate as a share of a whole."""
    by = 1 / whole if whole else float("nan")
    return Estimate(estimate.value * by, estimate.low * by, estimate.high * by, estimate.n,
                    estimate.confidence, estimate.method)  # fmt: skip
