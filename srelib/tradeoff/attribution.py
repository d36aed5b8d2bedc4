"""Where the budget went: incidents, what came after deployments without one, the rest."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from srelib import windows
from srelib.budget.counts import budget_fraction, checked, exact_sum
from srelib.tradeoff.controls import ratio, usual_ratios
from srelib.tradeoff.events import real_incidents
from srelib.tradeoff.history import TIMES, History, history
from srelib.tradeoff.matching import covered, sorted_out

LINKED = "incidents of deployments"
AFTER = "after deployments"
OTHER = "other incidents"
BACKGROUND = "background"
PARTS = (LINKED, AFTER, OTHER, BACKGROUND)
"""What a bad event is put down to."""


def attribution(
    good: pd.Series,
    total: pd.Series,
    deployments: pd.DataFrame | None,
    *,
    incidents: pd.DataFrame | None = None,
    exclusions: pd.DataFrame | None = None,
    target: float | None = None,
    after: pd.Timedelta | str = "6h",
) -> pd.DataFrame:
    """Who spent the budget: four parts that add up exactly to what was spent."""
    past = history(good, total, incidents=incidents)
    kinds, pieces = _kinds(past, deployments, incidents, exclusions, pd.Timedelta(after))
    good_seen, total_seen = checked(good, total)
    whole = exact_sum(total_seen - good_seen)
    bad = _to_the_bit(_split(past, kinds), whole)
    frame = pd.DataFrame({"cause": PARTS, "pieces": pieces, "bad": bad})
    allowance = np.nan if target is None else budget_fraction(target) * exact_sum(total_seen)
    for name, of in (("share_of_allowance", allowance), ("share_of_spent", whole)):
        frame[name] = windows.divide(frame["bad"].to_numpy(), np.full(len(frame), of))
    return frame


def _kinds(
    past: History,
    deployments: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    exclusions: pd.DataFrame | None,
    after: pd.Timedelta,
) -> tuple[np.ndarray, list[int]]:
    """For each bucket its place in `PARTS`, and how many incidents or deployments each has."""
    kinds = np.full(len(past.total), PARTS.index(BACKGROUND))
    width, used = after / past.step, 0
    if deployments is not None and len(deployments):
        rows, _ = sorted_out(
            deployments, past, after=width, incidents=incidents, exclusions=exclusions
        )
        used = len(rows)
        kinds[covered(rows["place"].to_numpy(), width, len(kinds))] = PARTS.index(AFTER)
    rows = real_incidents(incidents).sort_values("started_at", ascending=False, kind="stable")
    begin = np.floor(past.place(rows["started_at"]))
    ends = past.place(rows["resolved_at"])
    end = np.ceil(np.where(np.isnan(ends), len(kinds), ends))
    linked = rows["deployment_id"].notna().to_numpy()
    low, high = (np.clip(edge, 0, len(kinds)).astype("int64") for edge in (begin, end))
    for first, last, known in zip(low, high, linked, strict=True):
        kinds[first:last] = PARTS.index(LINKED if known else OTHER)
    touching = high > low
    return kinds, [int((touching & linked).sum()), used, int((touching & ~linked).sum()), 0]


def _split(past: History, kinds: np.ndarray) -> np.ndarray:
    """Bad events of each part, what its buckets would have held anyway being background."""
    quiet = kinds == PARTS.index(BACKGROUND)
    calm, asked, every = (
        np.bincount(past.hour, values, minlength=TIMES)
        for values in (quiet * past.calm, quiet * past.total, past.total)
    )
    bucket = every / np.maximum(1, np.bincount(past.hour, minlength=TIMES))
    usual = usual_ratios(calm[:, None], asked[:, None], bucket)[:, 0]
    bursts = ratio(past.burst[quiet].sum(), past.total[quiet].sum())
    bad = np.bincount(kinds, past.bad, minlength=len(PARTS))
    due = np.bincount(kinds, past.total * (usual[past.hour] + bursts), minlength=len(PARTS))
    parts = np.clip(bad - due, 0.0, bad)
    parts[-1] = bad.sum() - parts[:-1].sum()
    return np.asarray(parts)


def _to_the_bit(parts: np.ndarray, whole: float) -> np.ndarray:
    """Parts in units of the last bit of the whole, the rest going to the largest."""
    unit = math.ulp(whole)
    units = [round(part / unit) for part in parts.tolist()]
    units[int(np.argmax(parts))] += round(whole / unit) - sum(units)
    return np.array([count * unit for count in units])
