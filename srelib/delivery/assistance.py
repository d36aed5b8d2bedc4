"""Changes marked as assisted by an AI tool: do they fail, need rework or wait more than others?

Both the use of such tools and everything else change over time and differ between services, so
only deployments of one service, month and size are compared, and changes of one service and month.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib import tables
from srelib.delivery import failures, lead_time
from srelib.delivery.frequency import NAN, Span, _history
from srelib.delivery.rules import DEFAULT
from srelib.delivery.signals import _Seen, _signalled
from srelib.stats import Estimate
from srelib.stats.comparisons import difference_within

FAILED, REWORKED, WAITED = "failed", "reworked", "lead_time"
FEWEST = 5
"""Failures expected of either kind, or deployments behind the lead times of either, below which
nothing is said."""
DETECTABLE = 2.8
"""Standard errors of a difference that is found in 80 % of cases, at 95 % confidence."""
_NORMAL = 1.96


@dataclass(frozen=True)
class Contrast:
    """What assisted changes are held against others in.

    measure: 'failed' or 'reworked' (deployments that failed, or that another one mended), or
        'lead_time' (from change to users)
    assisted, others: share of all deployments, or median lead time [s], as they are: months and
        services mixed
    difference: within services and months: difference of shares [fraction], or factor on lead
        times; n [deployments, or changes] in strata with both; NaN where there are too few
    detectable: smallest difference (or factor above 1) that would most likely have been found; NaN:
        none
    counts: deployments with an assisted change and others, or changes
    enough: deployments of each kind in the same services and months that could say something; NaN
        where nobody knows, as without any failure
    """

    measure: str
    assisted: float
    others: float
    difference: Estimate
    detectable: float
    counts: tuple[int, int]
    enough: float


@dataclass(frozen=True)
class AssistedChanges:
    """Changes assisted by an AI tool beside those that are not, as far as they are marked.

    changes, marked: changes of sources that mark some, and those marked
    first, last: share marked in the first and the second half of the history [fraction]
    between: the history
    contrasts: those that these exports can give
    """

    changes: int
    marked: int
    first: float
    last: float
    between: Span
    contrasts: tuple[Contrast, ...]


def assisted_changes(
    deployments: pd.DataFrame,
    changes: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    *,
    as_of: pd.Timestamp,
) -> AssistedChanges:
    """Failure, rework and lead time of changes that an AI tool assisted, within service and month.

    Without contrasts where no change is marked.

    Parameters
    ----------
    deployments, changes, incidents : see `srelib.delivery`; changes may be None
    as_of : Timestamp, end of the data

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T10:00Z"])
    >>> shipped = pd.DataFrame({"deployment_id": ["d1", "d2"], "service": "shop",
    ...                         "finished_at": at, "status": ["succeeded", "rolled_back"]})
    >>> made = pd.DataFrame({"change_id": ["c1", "c2"], "service": "shop", "committed_at": at[0],
    ...                      "deployment_id": ["d1", "d2"], "assisted": [True, False]})
    >>> found = assisted_changes(shipped, made, None, as_of=at[1])
    >>> found.marked, [one.measure for one in found.contrasts]
    (1, ['failed', 'lead_time'])
    """
    between = _history(deployments, as_of=as_of)
    given: dict[str, Any] = {"between": between, "rules": DEFAULT}
    nobody = AssistedChanges(0, 0, NAN, NAN, between, ())
    if changes is None or "assisted" not in changes or not changes["assisted"].any():
        return nobody
    known = changes["assisted"].astype("boolean")
    seen, flags, repairs = _signalled(deployments, changes, incidents, pd.Timedelta("30D"), given)
    rows = _deployments(seen, known)
    counted = [flags[name] for name in failures._signals(deployments, incidents, DEFAULT)]
    mended = [flags[name] for name in repairs]
    contrasts = [
        _share(name, np.any(own, axis=0), rows)
        for name, own in ((FAILED, counted), (REWORKED, mended))
        if own
    ]
    contrasts.append(_lead_time(deployments, changes, between))
    late = tables.main_time(changes, "changes") > between[0] + (between[1] - between[0]) / 2
    halves = (known[late == half].dropna().astype("float64") for half in (False, True))
    first, last = (float(own.mean()) for own in halves)
    return AssistedChanges(
        int(known.notna().sum()), int(known.sum()), first, last, between, tuple(contrasts)
    )


def _month(times: pd.Series) -> np.ndarray:
    """Number of the month of each time, in UTC."""
    at = times.dt.tz_convert("UTC").dt
    return np.asarray(at.year * 12 + at.month)


def _deployments(seen: _Seen, known: pd.Series) -> pd.DataFrame:
    """Deployments of which all changes are known, or one is assisted, with their stratum."""
    marked = seen.shipping(known.fillna(False).to_numpy(dtype=bool))
    unclear = seen.shipping(known.isna().to_numpy(dtype=bool))
    there = seen.shipping(known.notna().to_numpy(dtype=bool))
    size = np.bincount(seen.at[seen.at >= 0], minlength=len(seen.rows))
    group = np.ceil(np.log2(np.maximum(size, 1))).astype(int)  # 1, 2, 3 to 4, 5 to 8, ...
    strata = pd.DataFrame(
        {"service": seen.rows["service"], "month": _month(seen.rows["finished_at"]), "size": group}
    )
    return pd.DataFrame(
        {
            "marked": marked,
            "there": there & (marked | ~unclear),
            "stratum": strata.groupby(["service", "month", "size"]).ngroup(),
            "chain": seen.rows["chain"],
        }
    )


def _share(name: str, flags: np.ndarray, rows: pd.DataFrame) -> Contrast:
    """Share of deployments with assisted changes that are flagged, against others."""
    rows = rows.assign(flag=flags)[rows["there"]]
    marked = rows["marked"].to_numpy()
    shares = [float(rows["flag"][kind].mean()) for kind in (marked, ~marked)]
    found = difference_within(rows["flag"], marked, rows["stratum"], rows["chain"])
    rate = rows.groupby("stratum")["flag"].transform("mean")
    both = rows.groupby("stratum")["marked"].transform("nunique") == 2
    expected = min(float(rate[both & kind].sum()) for kind in (marked, ~marked))
    overall = float(rows["flag"].mean()) if len(rows) else 0.0
    enough = math.ceil(FEWEST / overall) if overall else NAN
    counts = int(marked.sum()), int((~marked).sum())
    return _contrast(name, shares, found, counts, enough, few=expected < FEWEST)


def _lead_time(deployments: pd.DataFrame, changes: pd.DataFrame, between: Span) -> Contrast:
    """Lead time of assisted changes as a factor on that of others."""
    timed = lead_time._timed(changes, deployments, between, DEFAULT.start, "exact")
    known = changes["assisted"].astype("boolean").array.take(timed["row"])
    first, last = (time.timestamp() for time in between)
    inside = (timed["shipped"] >= first) & (timed["shipped"] <= last)
    kept = (timed["state"] == 0) & inside & ~np.asarray(known.isna())
    marked = np.asarray(known.fillna(False), dtype=bool)[kept]
    seconds, place = timed["seconds"][kept], timed["place"][kept]
    month = _month(deployments["finished_at"].iloc[place])
    strata = pd.DataFrame({"service": timed["service"][kept], "month": month})
    stratum = strata.groupby(["service", "month"]).ngroup().to_numpy()
    logarithms = np.log(np.maximum(seconds, 1.0))
    found = difference_within(logarithms, marked, stratum, place)
    frame = pd.DataFrame({"marked": marked, "stratum": stratum, "place": place})
    both = frame.groupby("stratum")["marked"].transform("nunique") == 2
    behind = [frame["place"][both & kind].nunique() for kind in (marked, ~marked)]
    medians = [float(np.median(seconds[kind])) if kind.any() else NAN for kind in (marked, ~marked)]
    counts = int(marked.sum()), int((~marked).sum())
    return _contrast(WAITED, medians, found, counts, FEWEST, few=min(behind) < FEWEST)


def _contrast(
    name: str, values: list[float], found: Estimate, counts: tuple[int, int], enough: float, *,
    few: bool,
) -> Contrast:  # fmt: skip
    """The contrast of a measure; without a difference where there are too few."""
    reach = DETECTABLE * (found.high - found.low) / (2 * _NORMAL)
    if few or found.low != found.low:
        found = Estimate(NAN, NAN, NAN, found.n, found.confidence, found.method)
        reach = NAN
    if name == WAITED:
        value, low, high = (math.exp(one) for one in (found.value, found.low, found.high))
        found = Estimate(value, low, high, found.n, found.confidence, found.method)
        reach = math.exp(reach)
    return Contrast(name, values[0], values[1], found, reach, counts, enough)
