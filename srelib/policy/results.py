"""From walks to outcomes: schedules, delays, and the account of bad events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from srelib import windows
from srelib.budget import budget_fraction
from srelib.policy.account import given, holding, saved
from srelib.policy.daily import daily
from srelib.policy.outcome import Outcome, Replay
from srelib.policy.prepare import Part
from srelib.policy.rules import Policy
from srelib.policy.walk import FATES, FROZEN, NEVER, STATES, Track, Walk
from srelib.stats import Estimate, survival_median
from srelib.windows import Window, as_window


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
