"""Weeks by services: what was shipped beside what went wrong, on the same weeks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from srelib import delivery, windows
from srelib.budget.status import budget_fraction, checked, exact_sum
from srelib.errors import ParameterError, SrelibError
from srelib.tradeoff.after_deployments import (
    TIMES,
    History,
    covered,
    history,
    real_incidents,
    sorted_out,
)
from srelib.tradeoff.placebo import ratio, usual_ratios
from srelib.windows import Window

WEEK = pd.Timedelta(days=7)
COLUMNS = [
    "service", "starts_at", "deployments", "batch", "failed", "fail_share",
    "bad", "total", "allowed", "bad_share", "spent", "coverage",
]  # fmt: skip
SHIPPED = ["deployment_id", "service", "finished_at", "size", "failed"]

Span = tuple[pd.Timestamp, pd.Timestamp]
"""Start and end of a period, half-open."""


def per_service(counts: Mapping[Any, pd.DataFrame], *, sli: str = "availability") -> dict[Any, Any]:
    """One indicator for each service, chosen by name and never by how it turned out.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        Counts good and total on a regular UTC index.
    sli : str
        Name of the indicator wanted; a service without it keeps its first one.

    Returns
    -------
    dict of Indicator to DataFrame
        At most one key for each service, in the order given.

    Notes
    -----
    The worst of several indicators would look worse than it is, because it was chosen for that.

    Examples
    --------
    >>> class Fast:
    ...     service, sli = "shop", "latency"
    >>> class Up:
    ...     service, sli = "shop", "availability"
    >>> [key.sli for key in per_service({Fast: pd.DataFrame(), Up: pd.DataFrame()})]
    ['availability']
    """
    chosen: dict[str, Any] = {}
    for key in counts:
        held = chosen.setdefault(key.service, key)
        if held.sli != sli and key.sli == sli:
            chosen[key.service] = key
    return {key: counts[key] for key in counts if chosen[key.service] is key}


def production(deployments: pd.DataFrame, *, environment: str) -> pd.DataFrame:
    """The deployments that users met.

    Parameters
    ----------
    deployments : DataFrame
        Table ``deployments``.
    environment : str
        Start of the names of environments that count, upper or lower case; rows that name none
        are kept.

    Returns
    -------
    DataFrame
        A selection of the rows.

    Examples
    --------
    >>> rows = pd.DataFrame({"environment": ["Production", "staging", None]})
    >>> production(rows, environment="prod").index.tolist()
    [0, 2]
    """
    if "environment" not in deployments or not len(deployments):
        return deployments
    names = deployments["environment"].astype("str").str.lower()
    kept = deployments["environment"].isna() | names.str.startswith(environment.lower())
    return deployments[kept]


def shared_span(
    counts: Mapping[Any, pd.DataFrame],
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None = None,
    as_of: pd.Timestamp | None = None,
) -> Span | None:
    """The time on which both reliability and deployments are on record.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        Counts on regular UTC indexes.
    deployments : DataFrame
        Table ``deployments``; its record begins with its first row, of whatever service.
    incidents : DataFrame, optional
        Table ``incidents``, where there is neither of the others.
    as_of : Timestamp, optional
        End of the data, where there are no counts.

    Returns
    -------
    pair of Timestamp or None
        From the later beginning to the end of the counts, half-open; the counts alone decide
        where there are no deployments. Without counts from the first deployment, or else the
        first incident, to `as_of`. None where there is nothing, or the two never overlap.

    Examples
    --------
    >>> shared_span({}, pd.DataFrame()) is None
    True
    """
    seen = [pd.DatetimeIndex(frame.index) for frame in counts.values() if len(frame) > 1]
    shipped = _first(deployments, "finished_at")
    if seen:
        first = min(index[0] for index in seen)
        last = max(index[-1] + windows.step_of(index) for index in seen)
        first = first if shipped is None else max(first, shipped)
    else:
        begun = _first(incidents, "started_at")
        known = shipped if shipped is not None else begun
        if known is None or as_of is None:
            return None
        first, last = known, as_of
    return (first, last) if first < last else None


def _first(table: pd.DataFrame | None, column: str) -> pd.Timestamp | None:
    """Start of the day of the first record."""
    if table is None or not len(table) or not table[column].notna().any():
        return None
    return pd.Timestamp(table[column].min()).floor("D")


def linked(
    incidents: pd.DataFrame,
    deployments: pd.DataFrame,
    *,
    rules: delivery.Rules = delivery.DEFAULT,
) -> pd.DataFrame:
    """Incidents, each with the deployment it is put down to."""
    if not len(incidents):
        return incidents
    found = delivery.attributed(deployments, incidents, rules=rules)
    found = found.drop_duplicates(["service", "incident_id"])
    names = found.set_index(["service", "incident_id"])["deployment_id"]
    keys = pd.MultiIndex.from_frame(incidents[["service", "incident_id"]].astype("str"))
    return incidents.assign(deployment_id=names.reindex(keys).to_numpy())


def shipped(
    deployments: pd.DataFrame,
    changes: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    *,
    between: Span | None,
    rules: delivery.Rules = delivery.DEFAULT,
) -> pd.DataFrame:
    """What reached users: when, how large, and whether it failed.

    Parameters
    ----------
    deployments : DataFrame
        Table ``deployments``, production only.
    changes, incidents : DataFrame or None
        The tables.
    between : pair of Timestamp or None
        Start and end, half-open; None: nothing.
    rules : delivery.Rules
        Which signals make a failure.

    Returns
    -------
    DataFrame
        deployment_id, service, finished_at, size (changes in it; NaN where no change names it)
        [changes], failed; in order of time.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-15T09:00Z"])
    >>> rows = pd.DataFrame({"deployment_id": ["d1", "d2"], "service": "shop",
    ...     "finished_at": days, "status": ["succeeded", "rolled_back"], "planned": True})
    >>> shipped(rows, None, None, between=(days[0], days[1]))["failed"].tolist()
    [False, True]
    """
    if between is None:
        return pd.DataFrame(columns=SHIPPED)
    found = delivery.failures(deployments, incidents, between=between, rules=rules)
    found = found.sort_values("finished_at", kind="stable", ignore_index=True)
    found["service"] = found["service"].astype("str")
    found["size"] = np.nan
    if changes is not None and len(changes) and len(found):
        linked = delivery.lead_times(changes, deployments, between=between)
        many = linked.groupby(["service", "deployment_id"], observed=True).size()
        keys = pd.MultiIndex.from_frame(found[["service", "deployment_id"]].astype("str"))
        found["size"] = many.reindex(keys).to_numpy(dtype="float64")
    return found[SHIPPED]


def weekly(
    counts: Mapping[Any, pd.DataFrame],
    shipped: pd.DataFrame,
    *,
    between: Span | None,
    timezone: str = "UTC",
    min_coverage: float = 0.5,
) -> pd.DataFrame:
    """Every whole week of every service: deployments beside bad events.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        Counts good and total on a regular UTC index, one indicator for each service.
    shipped : DataFrame
        As from `shipped`.
    between : pair of Timestamp or None
        Start and end, half-open, as from `shared_span`; None: no weeks.
    timezone : str
        IANA zone in which weeks begin on Monday at midnight.
    min_coverage : float
        Share of a week that must be observed [fraction]; below it its bad share is unknown.

    Returns
    -------
    DataFrame
        One row per service and week: service, starts_at, deployments [count], batch (mean size)
        [changes], failed [count], fail_share [fraction], bad, total [events], allowed (by the
        target on that traffic; NaN without a target) [events], bad_share, spent (bad over
        allowed), coverage [fraction].
        A week without a deployment has no batch and no fail share.

    Raises
    ------
    ParameterError
        A service has two indicators.

    Examples
    --------
    >>> hours = pd.date_range("2026-01-05", periods=2 * 168, freq="h", tz="UTC")
    >>> seen = pd.DataFrame({"good": 99.0, "total": 100.0}, index=hours)
    >>> class Up:
    ...     service, target = "shop", 0.98
    >>> rows = pd.DataFrame({"service": "shop", "finished_at": hours[[0, 3]], "size": 1.0,
    ...                      "failed": False})
    >>> weeks = weekly({Up: seen}, rows, between=(hours[0], hours[-1] + pd.Timedelta("1h")))
    >>> weeks[["deployments", "bad", "spent"]].round(6).values.tolist()
    [[2.0, 168.0, 0.5], [0.0, 168.0, 0.5]]
    """
    services = [key.service for key in counts]
    if len(set(services)) < len(services):
        twice = next(name for name in services if services.count(name) > 1)
        raise ParameterError(
            f"counts must hold one indicator for each service; {twice!r} has several. "
            "Choose with tradeoff.per_service."
        )
    if between is None:
        return pd.DataFrame(columns=COLUMNS)
    weeks = windows.periods(*between, window=Window(unit="week", timezone=timezone))
    weeks = weeks[weeks["complete"]]
    groups = {str(name): rows for name, rows in shipped.groupby("service")}
    parts = [
        _of_service(key, frame, groups.get(key.service), weeks, min_coverage)
        for key, frame in counts.items()
    ]
    rows = [part for part in parts if len(part)]
    return pd.concat(rows, ignore_index=True)[COLUMNS] if rows else pd.DataFrame(columns=COLUMNS)


def _of_service(
    key: Any,
    counts: pd.DataFrame,
    shipped: pd.DataFrame | None,
    weeks: pd.DataFrame,
    min_coverage: float,
) -> pd.DataFrame:
    edges = pd.DatetimeIndex([*weeks["starts_at"], *weeks["ends_at"].iloc[-1:]])
    if len(edges) < 2 or len(counts) < 2:
        return pd.DataFrame(columns=COLUMNS)
    index = pd.DatetimeIndex(counts.index)
    seen = windows.sums_between(counts["good"], counts["total"], index.searchsorted(edges))
    of = np.diff(edges) / windows.step_of(index).to_timedelta64()
    coverage = seen["known"].to_numpy() / of
    known = seen.where(pd.Series(coverage >= min_coverage))
    bad = known["total"] - known["good"]
    share = windows.divide(bad, known["total"])
    allowed = known["total"] * (1 - key.target)
    found = {"service": key.service, "starts_at": edges[:-1], "bad": bad, "total": known["total"],
             "allowed": allowed, "bad_share": share, "spent": windows.divide(bad, allowed),
             "coverage": coverage}  # fmt: skip
    return pd.DataFrame({**found, **_counted(shipped, edges)})


def _counted(shipped: pd.DataFrame | None, edges: pd.DatetimeIndex) -> dict[str, np.ndarray]:
    """Deployments, mean batch, failed and their share, from one edge to the next."""
    if shipped is None:
        none = np.full(len(edges) - 1, np.nan)
        return {"deployments": np.zeros(len(edges) - 1), "batch": none, "failed": none,
                "fail_share": none}  # fmt: skip
    cuts = pd.DatetimeIndex(shipped["finished_at"]).searchsorted(edges)
    n = np.diff(cuts).astype("float64")
    size, sized = _sums(shipped["size"], cuts)
    failed, judged = _sums(shipped["failed"], cuts)
    return {"deployments": n, "batch": windows.divide(size, sized),
            "failed": np.where(judged > 0, failed, np.nan),
            "fail_share": windows.divide(failed, judged)}  # fmt: skip


def _sums(values: pd.Series, cuts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum of the known values from one cut to the next, and their number."""
    plain = values.to_numpy(dtype="float64")
    known = ~np.isnan(plain)
    return tuple(
        np.diff(np.concatenate([[0.0], np.cumsum(x)])[cuts])
        for x in (np.where(known, plain, 0.0), known.astype("float64"))
    )  # type: ignore[return-value]


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


def divided(
    counts: Mapping[Any, pd.DataFrame],
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame,
    exclusions: pd.DataFrame | None = None,
    rules: delivery.Rules = delivery.DEFAULT,
    after: pd.Timedelta | str = "6h",
) -> dict[Any, pd.DataFrame | SrelibError]:
    """Where the budget of each service went, incidents put down to deployments by a rule.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        Counts good and total on a regular UTC index, without planned exclusions.
    deployments : DataFrame
        Table ``deployments`` of all services, production only.
    incidents : DataFrame
        Table ``incidents`` of all services.
    exclusions : DataFrame, optional
        Table ``exclusions`` of all services; a row without a service is about each.
    rules : delivery.Rules
        How incidents are put down to deployments.
    after : Timedelta or str
        Length of the window after a deployment.

    Returns
    -------
    dict
        By key of `counts`, as from `attribution`; the error in place of the answer where there
        is none.

    Examples
    --------
    >>> divided({}, pd.DataFrame(), incidents=pd.DataFrame())
    {}
    """
    caused = linked(incidents, deployments, rules=rules)
    planned = pd.DataFrame() if exclusions is None else exclusions
    found: dict[Any, pd.DataFrame | SrelibError] = {}
    for key, frame in counts.items():
        try:
            found[key] = attribution(
                frame["good"], frame["total"], _of(deployments, key), incidents=_of(caused, key),
                exclusions=_about(planned, key), after=after,
                target=key.target if key.target == key.target else None,
            )  # fmt: skip
        except SrelibError as error:
            found[key] = error
    return found


def _of(table: pd.DataFrame, key: Any) -> pd.DataFrame:
    return table[table["service"] == key.service] if len(table) else table


def _about(exclusions: pd.DataFrame, key: Any) -> pd.DataFrame:
    """Exclusions of a service and indicator; a row that names none is about all."""
    if not len(exclusions):
        return exclusions
    mine = exclusions["service"].isna() | (exclusions["service"] == key.service)
    if "sli" in exclusions:
        mine &= exclusions["sli"].isna() | (exclusions["sli"] == key.sli)
    return exclusions[mine]
