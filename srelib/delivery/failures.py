"""How many deployments fail in the hands of users, and how long such failures last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from srelib import events, tables
from srelib.delivery.attribution import COUNTS, _chance, attribute_incidents
from srelib.delivery.frequency import (
    NAN,
    Columns,
    Span,
    _as_releases,
    _deployments_in_order,
    _per_period,
    _rounded,
    _seconds,
    _service_names,
    _share_by_chain,
    _span_of,
)
from srelib.delivery.rules import DEFAULT, Rules
from srelib.stats import Estimate
from srelib.stats.intervals import _grouped_mean, _quantile, _rate, _survival_quantile
from srelib.windows import Window

LENGTHS = ("30min", "1h", "2h", "4h", "8h", "24h", "72h", "168h")
_FLAGS = ["failed", "incident", "rolled_back", "hotfix"]
_DEPLOYED, _BEFORE_USERS, _CANCELLED, _INCIDENT = range(4)


def _failures(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame | None,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    placed: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Deployments that reached users, and each signal that one of them failed."""
    rows = _deployments_in_order(deployments, between=between, rules=rules)
    pairs = attribute_incidents(deployments, incidents, rules=rules) if placed is None else placed
    place = _places(rows, len(deployments))[pairs["deployment_row"]]
    number = np.arange(len(rows))
    mended = _mended(rows, pairs.assign(place=place)[place >= 0], rules)
    rows["incident"] = np.isin(number, place)
    rows["rolled_back"] = (rows["status"] == "rolled_back").fillna(False).to_numpy(dtype=bool)
    rows["hotfix"] = np.isin(number, mended[mended >= 0])
    rows["failed"] = rows[list(rules.signals)].any(axis=1)
    rows["by_time"] = np.isin(number, place[pairs["rule"] != "source"])
    return rows.drop(columns="follows").assign(chain=_chains(mended))


def _places(rows: pd.DataFrame, deployments: int) -> np.ndarray:
    """Which of the rows in order each deployment is, by its place in the table; -1: none."""
    found = np.full(deployments + 1, -1)
    found[rows["row"]] = np.arange(len(rows))
    return found


def _mended(rows: pd.DataFrame, pairs: pd.DataFrame, rules: Rules) -> np.ndarray:
    """Row of the deployment that each unplanned one mends; -1: none, or not unplanned."""
    repair = events._unplanned(rows)
    codes, at = pd.factorize(rows["service"])[0], _seconds(rows["finished_at"])
    found = np.where(rows["follows"], np.arange(len(rows)) - 1, -1)
    rolled = np.flatnonzero((rows["status"] == "rolled_back").fillna(False))
    own = pairs["place"].to_numpy(dtype="int64")
    started = np.maximum(_seconds(pairs["started_at"]), at[own])
    limit = pd.Timedelta(rules.hotfix_within).total_seconds()
    for time, place in ((at[rolled], rolled), (started, own)):
        if len(place):
            latest = _latest(codes, at, codes[place], time, limit)
            earlier = place[latest]
            found = np.where((latest >= 0) & repair & (at[earlier] < at), earlier, found)
    return found


def _latest(
    codes: np.ndarray, at: np.ndarray, code: np.ndarray, time: np.ndarray, limit: float
) -> np.ndarray:
    """For each deployment the latest mark of its service before it, not too old; -1: none."""
    low = min(at.min(), time.min())
    span = max(at.max(), time.max()) - low + 1
    order = np.lexsort((time, code))
    marks = (code * span + time - low)[order]
    hit = np.searchsorted(marks, codes * span + at - low, side="right") - 1
    place = order[hit]
    good = (hit >= 0) & (code[place] == codes) & (at - time[place] <= limit)
    return np.where(good, place, -1)


def _chains(mended: np.ndarray) -> np.ndarray:
    """First deployment of the chain each belongs to: what was mended, and all that mended it."""
    roots = np.where(mended >= 0, mended, np.arange(len(mended)))
    while (roots[roots] != roots).any():
        roots = roots[roots]
    return roots


def change_fail_rate(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame | None,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    placed: pd.DataFrame | None = None,
    window: Window | str | None = None,
    together: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Share of deployments that failed in the hands of users, per service and period.

    Each counts once, however many signals or incidents it has; repairs stand below the line too.

    Parameters
    ----------
    deployments, incidents, between, rules, placed, window, together, confidence : see
        `srelib.delivery`

    Returns
    -------
    DataFrame
        value, low, high [fraction], n [deployments]; failed, incident, rolled_back, hotfix
        [deployments with that signal], before_users [deployments that failed before anybody saw
        them: not in n], cancelled [neither], signals (those these exports can give, in words).
        NaN and n 0 without a deployment that reached users, and where the exports can give none
        of the signals asked for: silence about failures is not a rate of 0.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T10:00Z"])
    >>> rows = pd.DataFrame({"deployment_id": ["d1", "d2"], "service": "shop", "finished_at": at,
    ...                      "status": "succeeded", "planned": [True, False]})
    >>> change_fail_rate(rows, None, between=(at[0], at[1]))[["value", "n"]].values.tolist()
    [[0.5, 2.0]]
    """
    span = _span_of(between)
    rows = _failures(deployments, incidents, between=span, rules=rules, placed=placed)
    rows = rows if together is None else _as_releases(rows)
    signals = _signals(deployments, incidents, rules)
    parts = [rows.assign(kind=_DEPLOYED), _left_out(deployments, span, rules)]
    if rules.per == "incidents" and incidents is not None:
        parts.append(_begun(incidents, span, together))
    columns = ["service", "finished_at", "kind", "chain", *_FLAGS]
    rows = pd.concat([part[columns] for part in parts if len(part)] or parts[:1])

    def found(own: Columns, _: Any) -> dict[str, Any]:
        kind = own["kind"]
        deployed = kind == _DEPLOYED
        n = int(deployed.sum())
        if not signals:
            value = Estimate(NAN, NAN, NAN, 0, confidence, "no signal")
        elif rules.per == "incidents" and not n:
            value = Estimate(NAN, NAN, NAN, 0, confidence, "exact Poisson")
        elif rules.per == "incidents":
            value = replace(_rate(int((kind == _INCIDENT).sum()), n, confidence), n=n)
        else:
            value = _share_by_chain(own["failed"][deployed], own["chain"][deployed], confidence)
        return {
            "value": value, **{name: int(own[name].sum()) for name in _FLAGS},
            "before_users": int((kind == _BEFORE_USERS).sum()),
            "cancelled": int((kind == _CANCELLED).sum()),
            "signals": ", ".join(signals),
        }  # fmt: skip

    return _per_period(
        rows[columns], found, time="finished_at", between=span, window=window,
        services=_service_names(deployments, incidents), together=together,
    )  # fmt: skip


def _signals(deployments: pd.DataFrame, incidents: pd.DataFrame | None, rules: Rules) -> list[str]:
    """Signals of failure that these exports can give at all."""
    there = {
        "incident": incidents is not None,
        "rolled_back": bool((deployments["status"] == "rolled_back").any()),
        "hotfix": "planned" in deployments and bool(deployments["planned"].notna().any()),
    }
    return [signal for signal in rules.signals if there[signal]]


def _left_out(deployments: pd.DataFrame, span: Span, rules: Rules) -> pd.DataFrame:
    """Deployments of the history that never reached users, in the columns of those that did."""
    others = deployments[deployments["finished_at"].between(*span)]
    others = others[~events._reached_users(others, rules.statuses)]
    kinds = {events.BEFORE_USERS: _BEFORE_USERS, events.CANCELLED: _CANCELLED}
    kind = events.deployment_exclusions(others).map(kinds)
    rows = others[["service", "finished_at"]][kind.notna()]
    return rows.assign(kind=kind.dropna().astype("int64"), chain=-1, **dict.fromkeys(_FLAGS, False))


def _begun(incidents: pd.DataFrame, span: Span, together: str | None) -> pd.DataFrame:
    """Incidents that began in the history, in the columns of deployments."""
    rows = incidents if together is None else events.once_for_fleet(incidents)
    rows = events.eligible_incidents(rows)
    rows = rows[["service", "started_at"]][rows["started_at"].between(*span)]
    rows = rows.rename(columns={"started_at": "finished_at"})
    return rows.assign(kind=_INCIDENT, chain=-1, **dict.fromkeys(_FLAGS, False))


def _recoveries(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame | None,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    placed: pd.DataFrame | None = None,
    together: str | None = None,
) -> pd.DataFrame:
    """Failures that deployments brought, and how long each lasted."""
    span = _span_of(between)
    incidents = tables.empty("incidents") if incidents is None else incidents
    tables.need(incidents, "incidents", "started_at", "resolved_at")
    pairs = attribute_incidents(deployments, incidents, rules=rules) if placed is None else placed
    pairs = pairs[pairs["started_at"].between(*span)]
    rows = _deployments_in_order(deployments, between=span, rules=rules)
    place = _places(rows, len(deployments))[pairs["deployment_row"]]
    ends = incidents["resolved_at"].array.take(pairs["incident_row"].to_numpy())
    deployed_at = rows["finished_at"].array.take(place, allow_fill=True)
    pairs = pairs.assign(place=place, resolved_at=ends, deployed_at=deployed_at)
    if together is not None:
        pairs["place"] = np.append(events._first_of_release(rows), -1)[place]
        pairs["incident_row"] = events._incident_numbers(incidents).to_numpy()[
            pairs["incident_row"]
        ]
    if rules.recovery_of == "incidents":
        pairs = pairs.drop_duplicates("incident_row")
    else:
        pairs = pairs[place >= 0].drop_duplicates(["incident_row", "place"])
        pairs = pairs.assign(service=pairs["deployed"])
    if not rules.open_counts:
        pairs = pairs[pairs["resolved_at"] <= span[1]]
    return _episodes(pairs, span, rules)


def _episodes(pairs: pd.DataFrame, span: Span, rules: Rules) -> pd.DataFrame:
    """Overlapping incidents of a deployment joined."""
    pairs = pairs.sort_values(["place", "started_at"], kind="stable", ignore_index=True)
    is_open = pairs["resolved_at"].isna() | (pairs["resolved_at"] > span[1])
    begin = _seconds(pairs["started_at"])
    end = np.where(is_open, span[1].timestamp(), _seconds(pairs["resolved_at"]))
    end = np.maximum(end, begin)
    owner = pairs["place"].to_numpy()
    reach = pd.Series(end).groupby(owner).cummax().to_numpy()
    new = np.ones(len(pairs), dtype=bool)
    if rules.recovery_of == "failures":
        new[1:] = (owner[1:] != owner[:-1]) | (begin[1:] > reach[:-1])
    first = pairs[new]
    episode = np.cumsum(new) - 1
    ends = pd.Series(end).groupby(episode).max().to_numpy(dtype="float64")
    deployed, begin = _seconds(first["deployed_at"]), begin[new]
    deployed = np.fmin(deployed, begin) if rules.recovery_of == "incidents" else deployed
    return pd.DataFrame(
        {
            "service": first["service"].array,
            "deployment_id": first["deployment_id"].array,
            "started_at": first["started_at"].array,
            "recovered": np.bincount(episode, weights=is_open, minlength=len(first)) == 0,
            "from_failure": _rounded(ends - begin, rules.minutes),
            "from_deployment": _rounded(ends - deployed, rules.minutes),
        }
    )


def recovery_time(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame | None,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    placed: pd.DataFrame | None = None,
    window: Window | str | None = None,
    together: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Failed deployment recovery time: median per service, and per period of its start.

    Parameters
    ----------
    deployments, incidents, between, rules, placed, window, together, confidence : see
        `srelib.delivery`

    Returns
    -------
    DataFrame
        value, low, high [s], n [failures]; from_deployment, from_deployment_low, ... (the same from
        the end of the deployment), open [failures], which count for as long as they have lasted.
        NaN without a failure.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T09:20Z", "2026-06-01T10:20Z"])
    >>> shipped = pd.DataFrame({"deployment_id": "d1", "service": "shop", "finished_at": at[:1],
    ...                         "status": "succeeded"})
    >>> broken = pd.DataFrame({"incident_id": "i1", "service": "shop", "started_at": at[1:2],
    ...                        "resolved_at": at[2:]})
    >>> recovery_time(shipped, broken, between=(at[0], at[2]))["value"].tolist()
    [3600.0]
    """
    span = _span_of(between)
    rows = _recoveries(
        deployments, incidents, between=span, rules=rules, placed=placed, together=together
    )
    clock = f"from_{rules.recovery_from}"

    def found(own: Columns, _: Any) -> dict[str, Any]:
        return {
            "value": _typical(own, clock, rules.lead, confidence),
            "from_deployment": _typical(own, "from_deployment", rules.lead, confidence),
            "open": int((~own["recovered"]).sum()),
        }

    columns = ["service", "started_at", "recovered", "from_failure", "from_deployment"]
    return _per_period(
        rows[columns], found, time="started_at", between=span, window=window,
        services=_service_names(deployments, incidents), together=together,
    )  # fmt: skip


def _typical(own: Columns, clock: str, lead: str, confidence: float) -> Estimate:
    times, done = own[clock], own["recovered"]
    if lead == "mean":
        return _grouped_mean(times, np.arange(len(times)), confidence=confidence)
    if done.all():
        return _quantile(times, confidence=confidence)
    known = ~np.isnan(times)
    return _survival_quantile(np.maximum(times[known], 0), done[known], confidence=confidence)


def sensitivity(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame | None,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    lengths: Iterable[pd.Timedelta | str] = LENGTHS,
    together: str | None = None,
) -> pd.DataFrame:
    """Fail rate by length of the window, and how many incidents would fall into it by chance.

    Parameters
    ----------
    deployments, incidents, between, rules, together : see `srelib.delivery`; the window of the
        rules is one of those tried
    lengths : iterable of Timedelta or str, from the end of a deployment to the start of an incident

    Returns
    -------
    DataFrame
        One row per window and service: within, service; value, low, high [fraction] and n
        [deployments] of the fail rate; incidents, named (by the source), attributed, by_chance
        [incidents].

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T12:00Z", "2026-06-03T09:00Z"])
    >>> rows = pd.DataFrame({"deployment_id": "d1", "service": "shop", "finished_at": at[:1],
    ...                      "status": "succeeded"})
    >>> broken = pd.DataFrame({"incident_id": "i1", "service": "shop", "started_at": at[1:2]})
    >>> sensitivity(rows, broken, between=(at[0], at[2]), lengths=["1h"])["attributed"].tolist()
    [0, 1]
    """
    match = rules.match if rules.match.endswith("window") else "source_then_window"
    parts = []
    for within in sorted({pd.Timedelta(one) for one in (*lengths, rules.within)}):
        own: dict[str, Any] = {
            "between": between, "together": together,
            "rules": replace(rules, match=match, within=within),
        }  # fmt: skip
        rates = change_fail_rate(deployments, incidents, **own)
        rates = rates[["service", "value", "low", "high", "n"]].assign(within=within)
        counts = _chance(deployments, incidents, **own)[["service", *COUNTS]]
        parts.append(rates.merge(counts, on="service"))
    return pd.concat(parts, ignore_index=True)


def _beside_chance(
    deployments: pd.DataFrame, incidents: pd.DataFrame | None, *, between: Span, rules: Rules
) -> pd.DataFrame:
    """Per service, what chance gives, and the p-value of more planned deployments followed."""
    from scipy.stats import binom

    failed = _failures(deployments, incidents, between=between, rules=rules)
    planned = failed["planned"].fillna(True).astype(bool)
    counts = failed.assign(
        planned=planned,
        followed=failed["by_time"] & planned,
        otherwise=failed["failed"] & (failed["rolled_back"] | failed["hotfix"]),
    )
    counts = counts.groupby("service")[["planned", "followed", "otherwise", "by_time"]].sum()
    chance = _chance(deployments, incidents, between=between, rules=rules)
    rows = chance.join(counts, on="service").fillna(dict.fromkeys(counts, 0))
    p_value = binom.sf(rows["followed"] - 1, rows["planned"], rows["followed_by_chance"])
    return rows.assign(p_value=np.where(rows["by_time"] > 0, p_value, NAN)).drop(columns="by_time")
