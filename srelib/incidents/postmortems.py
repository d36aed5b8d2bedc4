"""What a postmortem asks of incidents: the budget each spent, and whether they come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib import events
from srelib.budget import spent_by_event
from srelib.budget.status import _window_allowance
from srelib.errors import ParameterError, SrelibError
from srelib.fleet import NAN, Indicator, answers
from srelib.incidents.times import Between, _dispersion, _eligible_incidents, _started_in
from srelib.windows import Window, history
from srelib.windows.window import _as_window, _check_zone

POSTMORTEM = 0.2
QUARTER = pd.Timedelta(days=90)
CLASSES = ["title", "service", "incidents", "share_of_quarter", "too_much"]
COLUMNS = ["incident_id", "title", "service", "objective", "starts_at", "ends_at", "bad", "share",
           "share_of_quarter", "share_of_spent", "coverage"]  # fmt: skip
REPEATED = ["title", "incidents", "services", "first", "last", "gap"]
FEWEST = 10
NO_COSTS = pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS}).astype(
    {"starts_at": "datetime64[us, UTC]", "share": "float64", "share_of_quarter": "float64"}
)


def budget_spent(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    period: Window | pd.Timedelta | str,
    incidents: pd.DataFrame,
) -> pd.DataFrame:
    """Error budget that went while each incident was open, as in `srelib.budget.spent_by_event`.

    Parameters
    ----------
    good, total : Series, good and total events [events] of one objective on a regular UTC index
    target : float, service level objective [fraction], strictly between 0 and 1
    period : Window, Timedelta or str, period of the SLO
    incidents : DataFrame, table ``incidents`` of that service

    Returns
    -------
    DataFrame
        One row per incident that touches the data: incident_id, title, starts_at, ends_at, bad
        [events], share (of the budget of a period) and share_of_quarter (of 90 days), both at the
        average traffic of the history, share_of_spent (of all that was spent), coverage
        [fraction; NaN where an earlier incident owns all of its time].

    Raises
    ------
    InsufficientDataError, ParameterError
        Nothing was asked in all the history; the incidents belong to several services.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC")
    >>> total = pd.Series(100.0, index)
    >>> rows = pd.DataFrame({"incident_id": ["a"], "title": ["down"], "service": ["shop"],
    ...     "started_at": index[[12]], "resolved_at": index[[13]]})
    >>> found = budget_spent(total.mask(index.hour == 12, 50.0), total, target=0.99, period="28d",
    ...                      incidents=rows)
    >>> found["bad"].tolist(), found["share"].round(4).tolist(), found["share_of_spent"].tolist()
    ([50.0], [0.0744], [0.5])
    """
    parts = spent_by_event(
        good, total, target=target, incidents=incidents, deployments=None, within="1h"
    )
    past, own = history(good, total), parts[parts["cause"] == "incident"]
    budget = _window_allowance(past, target=target, window=_as_window(period))
    quarter = _window_allowance(past, target=target, window=Window(QUARTER))
    found = own.rename(columns={"key": "incident_id", "label": "title"})
    found = found.assign(share=own["bad"] / budget, share_of_quarter=own["bad"] / quarter)
    return found[[name for name in COLUMNS if name in found]].reset_index(drop=True)


@dataclass(frozen=True)
class IncidentCosts:
    """What the incidents of a fleet cost.

    incidents: each incident once, by the objective it spent most of; columns of `budget_spent`,
        service, objective and postmortem (bool); those that spent the largest share first
    classes: outages of one kind (a title at a service) in the last 90 days together: title,
        service, incidents [count], share_of_quarter [fraction], too_much (bool), costliest first
    limit: share of a budget above which an incident needs a postmortem, and a class of outages
        belongs into the plan [fraction]
    objectives: how many were looked at
    """

    incidents: pd.DataFrame
    classes: pd.DataFrame
    limit: float
    objectives: int


def incident_costs(
    spent: Mapping[Indicator, pd.DataFrame | SrelibError],
    *,
    as_of: pd.Timestamp,
    limit: float = POSTMORTEM,
) -> IncidentCosts:
    """What incidents cost over all objectives and services, each counted once.

    Parameters
    ----------
    spent : mapping of Indicator to DataFrame, as from `budget_spent`, by objective, or the errors
        in their place
    as_of : Timestamp, "now"; the quarter of classes of outages is the 90 days before it
    limit : float, as in `IncidentCosts`; 20 % is the rule of the SRE Workbook, appendix B

    Raises
    ------
    ParameterError
        `limit` not positive.

    Examples
    --------
    >>> found = incident_costs({}, as_of=pd.Timestamp("2026-01-01", tz="UTC"))
    >>> len(found.incidents), len(found.classes)
    (0, 0)
    """
    if not limit > 0:
        raise ParameterError(f"limit must be above 0; got {limit}. For 20 % write 0.2.")
    known = answers(spent)
    costs = _each_once([own.assign(service=key.service, objective=key.name)
                        for key, own in known.items() if len(own)])  # fmt: skip
    return IncidentCosts(
        incidents=costs.assign(postmortem=costs["share"] > limit),
        classes=_outage_classes(costs[costs["starts_at"] > as_of - QUARTER], limit),
        limit=limit,
        objectives=len(known),
    )


def _each_once(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Incidents by the objective each spent most of, the costliest first."""
    if not parts:
        return NO_COSTS
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.assign(number=events._incident_numbers(
        rows.rename(columns={"starts_at": "started_at", "ends_at": "resolved_at"})))  # fmt: skip
    rows = rows.sort_values("share", ascending=False, kind="stable", na_position="last")
    return rows.drop_duplicates("number").reset_index(drop=True)[COLUMNS]


def _outage_classes(costs: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Outages of one kind together, and which spent too much of a quarter."""
    groups = costs.groupby([_same_title(costs["title"]), "service"], sort=False)
    found = groups.agg(title=("title", "last"), incidents=("title", "size"),
                       share_of_quarter=("share_of_quarter", "sum"))  # fmt: skip
    found = found.reset_index("service").sort_values(
        "share_of_quarter", ascending=False, kind="stable"
    )
    return found.assign(too_much=found["share_of_quarter"] > limit)[CLASSES].reset_index(drop=True)


@dataclass(frozen=True)
class Recurrence:
    """How incidents spread over hours, weekdays or services.

    counts: value (0 to 23; 0 to 6, Monday first; name), count, expected [count] if they came evenly
    p_value, adjusted_p_value: chance of counts at least this uneven if they did [fraction], NaN
        with fewer than ten; and corrected (Holm) for looking in several ways
    """

    counts: pd.DataFrame
    p_value: float
    adjusted_p_value: float


def _recurrence(
    incidents: pd.DataFrame,
    *,
    between: Between,
    timezone: str = "UTC",
    resamples: int = 1999,
    seed: int = 0,
) -> dict[str, Recurrence]:
    """Do incidents prefer an hour of the day, a day of the week, a service?"""
    rows = _started_in(_eligible_incidents(incidents), between)
    local = events.once_for_fleet(rows)["started_at"].dt.tz_convert(_check_zone(timezone))
    times = pd.date_range(*between, freq="15min", inclusive="left").tz_convert(timezone)
    day = local.dt.tz_localize(None).dt.floor("D")
    week = day - pd.to_timedelta(local.dt.day_of_week, unit="D")
    rng = np.random.default_rng(seed)
    parts = {
        "hour": (local.dt.hour, day, np.bincount(times.hour, minlength=24)),
        "weekday": (local.dt.day_of_week, week, np.bincount(times.day_of_week, minlength=7)),
    }
    counts, p_values = {}, {}
    for of, (values, block, exposure) in parts.items():
        counts[of], p_values[of] = _rotated(values.to_numpy(), block, exposure, rng, resamples)
    if rows["service"].nunique() > 1:
        counts["service"], p_values["service"] = _services(rows, between)
    adjusted = _holm(p_values)
    return {of: Recurrence(counts[of], p_values[of], adjusted[of]) for of in counts}


def _rotated(
    values: np.ndarray,
    block: pd.Series,
    exposure: np.ndarray,
    rng: np.random.Generator,
    resamples: int,
) -> tuple[pd.DataFrame, float]:
    """Counts per value, and how often rotating each block at random makes them as uneven."""
    size, n = len(exposure), len(values)
    seen = np.bincount(values, minlength=size)
    expected = n * exposure / exposure.sum()
    frame = pd.DataFrame({"value": np.arange(size), "count": seen, "expected": expected})
    if n < FEWEST:
        return frame, NAN
    number, blocks = pd.factorize(block)
    observed, as_large = _unevenness(seen, expected), 0
    for _ in range(resamples):
        moved = (values + rng.integers(size, size=len(blocks))[number]) % size
        as_large += _unevenness(np.bincount(moved, minlength=size), expected) >= observed
    return frame, float((as_large + 1) / (resamples + 1))


def _unevenness(counts: np.ndarray, expected: np.ndarray) -> float:
    """Pearson's chi-square; what there was no time for is left out."""
    had = expected > 0
    return float(((counts[had] - expected[had]) ** 2 / expected[had]).sum().round(9))


def _services(rows: pd.DataFrame, between: Between) -> tuple[pd.DataFrame, float]:
    from scipy.stats import chi2

    seen = rows["service"].astype("str").value_counts()
    expected = np.full(len(seen), len(rows) / len(seen))
    frame = pd.DataFrame({"value": seen.index, "count": seen.to_numpy(), "expected": expected})
    if len(rows) < FEWEST:
        return frame, NAN
    index, _ = _dispersion((own, between) for _, own in rows.groupby("service")["started_at"])
    square = _unevenness(seen.to_numpy(), expected) / (index if index > 1 else 1.0)
    return frame, float(chi2.sf(square, len(seen) - 1))


def _holm(p_values: Mapping[Any, float]) -> dict[Any, float]:
    """P values corrected for how many there are."""
    known = sorted((key for key, p in p_values.items() if p == p), key=lambda key: p_values[key])
    found, least = dict.fromkeys(p_values, NAN), 0.0
    for rank, key in enumerate(known):
        least = max(least, min(1.0, p_values[key] * (len(known) - rank)))
        found[key] = least
    return found


def _repeated(incidents: pd.DataFrame, *, between: Between) -> pd.DataFrame:
    """Titles that came back."""
    rows = _started_in(_eligible_incidents(incidents), between)
    if "title" not in rows.columns or not rows["title"].notna().any():
        return pd.DataFrame(columns=REPEATED)
    rows = rows[rows["title"].notna()]
    once, services = (
        events.once_for_fleet(rows),
        rows.groupby(_same_title(rows["title"]))["service"],
    )
    groups = once.groupby(_same_title(once["title"]))
    found = groups.agg(title=("title", "last"), incidents=("title", "size"),
                       first=("started_at", "min"), last=("started_at", "max"))  # fmt: skip
    gaps = groups["started_at"].apply(lambda times: times.diff().median())
    found = found.assign(services=services.nunique(), gap=gaps)
    found = found[found["incidents"] > 1].sort_values("first", kind="stable")
    return found.sort_values(["incidents", "last"], ascending=False, kind="stable",
                             ignore_index=True)[REPEATED]  # fmt: skip


def _same_title(titles: pd.Series) -> pd.Series:
    """What titles have in common: lower case, single spaces, any number as the same."""
    plain = titles.astype("str").str.casefold().str.replace(r"\d+", "#", regex=True)
    return plain.str.split().str.join(" ")
