"""Which deployment an unplanned one mends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from srelib import tables
from srelib.delivery.attribution import attribute_incidents
from srelib.delivery.frequency import (
    Columns,
    Span,
    by_chain,
    counted,
    needed,
    per_piece,
    real_incidents,
    rounded,
    seconds,
    service_names,
    span_of,
    within_history,
)
from srelib.delivery.rules import DEFAULT, Rules
from srelib.stats import Estimate, grouped_mean, quantile, survival_median
from srelib.windows import Window


def mended_by(rows: pd.DataFrame, pairs: pd.DataFrame, limit: pd.Timedelta) -> np.ndarray:
    """Row of the deployment that each unplanned one mends; -1: none, or not unplanned."""
    repair = (rows["planned"] == False).fillna(False).to_numpy(dtype=bool)  # noqa: E712
    codes, at = pd.factorize(rows["service"])[0], seconds(rows["finished_at"])
    places = np.arange(len(rows))
    found = np.where(_follows(rows), places - 1, -1)
    rolled = np.flatnonzero((rows["status"] == "rolled_back").fillna(False))
    marks = [(codes[rolled], at[rolled], rolled)]
    own = pairs["place"].to_numpy(dtype="int64")
    started = seconds(pairs["started_at"].astype("datetime64[us, UTC]"))
    marks.append((codes[own], np.maximum(started, at[own]), own))
    for code, time, place in marks:
        hit = _latest(codes, at, code, time, limit.total_seconds())
        earlier = np.append(place, -1)[hit]
        good = (hit >= 0) & repair & (at[earlier] < at) if len(rows) else repair
        found = np.where(good, earlier, found)
    return found


def _follows(rows: pd.DataFrame) -> np.ndarray:
    """Whether each deployment mends the one before it, if nothing else is known."""
    return np.append(False, rows["mended"].to_numpy(dtype=bool)[:-1])[: len(rows)]


def _latest(
    codes: np.ndarray, at: np.ndarray, code: np.ndarray, time: np.ndarray, limit: float
) -> np.ndarray:
    """For each deployment the latest mark of its service before it, not too old; -1: none."""
    if not len(at) or not len(time):
        return np.full(len(at), -1)
    span = max(at.max(), time.max()) - min(at.min(), time.min()) + 1
    low = min(at.min(), time.min())
    order = np.lexsort((time, code))
    marks = (code * span + time - low)[order]
    hit = np.searchsorted(marks, codes * span + at - low, side="right") - 1
    place = order[hit]
    good = (hit >= 0) & (code[place] == codes) & (at - time[place] <= limit)
    return np.where(good, place, -1)


def chains(mends: np.ndarray) -> np.ndarray:
    """First deployment of the chain each belongs to: what was mended, and all that mended it."""
    roots = np.where(mends >= 0, mends, np.arange(len(mends)))
    while len(roots) and (roots[roots] != roots).any():
        roots = roots[roots]
    return roots


NAN = float("nan")


def attributed(
    deployments: pd.DataFrame, incidents: pd.DataFrame, *, rules: Rules = DEFAULT
) -> pd.DataFrame:
    """`attribute_incidents` with a set of rules."""
    return attribute_incidents(
        deployments, incidents, within=rules.within, match=rules.match, strict=rules.strict,
        shared=rules.shared, scope=rules.scope, statuses=rules.statuses,
    )  # fmt: skip


def failures(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame | None,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    placed: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Deployments that reached users, and each signal that one of them failed."""
    rows = counted(
        deployments, between=between, statuses=rules.statuses, hotfix_within=rules.hotfix_within
    )
    incidents = tables.empty("incidents") if incidents is None else incidents
    pairs = attributed(deployments, incidents, rules=rules) if placed is None else placed
    place = _places(rows, len(deployments))[pairs["deployment_row"]]
    many = np.bincount(place[place >= 0], minlength=len(rows))
    rows["incident"] = many > 0
    rows["rolled_back"] = (rows["status"] == "rolled_back").fillna(False).to_numpy(dtype=bool)
    limit = pd.Timedelta(rules.hotfix_within)
    mends = mended_by(rows, pairs.assign(place=place)[place >= 0], limit)
    rows["chain"] = chains(mends)
    rows["hotfix"] = np.isin(np.arange(len(rows)), mends[mends >= 0])
    rows = rows.drop(columns="mended")
    rows["failed"] = rows[list(rules.signals)].any(axis=1)
    rows["incidents"] = many
    rows["by_time"] = np.isin(np.arange(len(rows)), place[pairs["rule"] != "source"])
    return rows


def _places(rows: pd.DataFrame, deployments: int) -> np.ndarray:
    """Which of the counted rows each deployment is, by its place in the table; -1: none."""
    found = np.full(deployments + 1, -1)
    found[rows["row"]] = np.arange(len(rows))
    return found


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

    Parameters
    ----------
    deployments : DataFrame
        Table ``deployments``, production only.
    incidents : DataFrame or None
        Table ``incidents``.
    between : (Timestamp, Timestamp)
        The history.
    rules : Rules
        Attribution, and the signals that count.
    placed : DataFrame, optional
        As from `attributed` with the same tables and rules, where it is at hand.
    window : Window or str, optional
        A calendar window such as ``1w`` or ``1M``; without it the whole history is one.
    together : str, optional
        A name under which all services are taken as one, instead of each by itself.
    confidence : float
        Of the intervals [fraction].

    Returns
    -------
    DataFrame
        One row per service and period: service, label, starts_at, ends_at, complete; value, low,
        high [fraction], n [deployments], method; failed, incident, rolled_back, hotfix
        [deployments with that signal], before_users [deployments that failed before anybody saw
        them: not in n], cancelled [neither], heard (signals these exports can give, in words).
        NaN and n 0 without a deployment that reached users, and where no signal asked for could
        have been heard: silence of exports that say nothing of failures is not a rate of 0.

    Notes
    -----
    A deployment counts once, however many signals or incidents it has.
    Repairs are deployments too and stand below the line; the interval keeps them with what they
    mend (`srelib.stats.grouped_share`).

    References
    ----------
    .. [1] DORA, "DORA's software delivery performance metrics", dora.dev, 2026.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T10:00Z"])
    >>> rows = pd.DataFrame({"deployment_id": ["d1", "d2"], "service": "shop", "finished_at": at,
    ...                      "status": "succeeded", "planned": [True, False]})
    >>> change_fail_rate(rows, None, between=(at[0], at[1]))[["value", "n"]].values.tolist()
    [[0.5, 2.0]]
    """
    span = span_of(between)
    rows = failures(deployments, incidents, between=span, rules=rules, placed=placed)
    others = deployments[within_history(deployments["finished_at"], span)]
    others = others[others["status"].isin(["failed", "cancelled"])]
    others = others[~others["status"].isin(rules.statuses) | (others["status"] == "cancelled")]
    parts = [rows.assign(seen=True), _unseen(others)]
    if rules.per == "incidents" and incidents is not None:
        parts.append(_unseen(_as_rows(incidents, span)))
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)

    signals = heard(deployments, incidents, rules=rules)

    rows["kind"] = rows["status"].where(~rows["seen"]).map(_KINDS).fillna(0).astype("int64")

    def found(own: Columns, _: Any) -> dict[str, Any]:
        kind, seen = own["kind"], own["seen"]
        counts = {name: int(own[name][seen].sum()) for name in _SIGNALS}
        if rules.per == "incidents" and signals:
            rate = _per_incident(int((kind == 3).sum()), int(seen.sum()), confidence)
        elif not signals:
            rate = Estimate(NAN, NAN, NAN, 0, confidence, "no signal")
        else:
            rate = by_chain(own["failed"][seen], own["chain"][seen], confidence)
        return {
            "value": rate, **counts,
            "before_users": int((kind == 1).sum()),
            "cancelled": int((kind == 2).sum()),
            "heard": ", ".join(signals),
        }  # fmt: skip

    columns = ["service", "finished_at", "kind", "seen", "chain", *_SIGNALS]
    return per_piece(
        rows[columns], found, time="finished_at", between=span, window=window,
        services=service_names(deployments), together=together,
    )  # fmt: skip


_INCIDENT = "incident"
_KINDS = {"failed": 1, "cancelled": 2, _INCIDENT: 3}
_SIGNALS = ("failed", "incident", "rolled_back", "hotfix", "incidents")


def _unseen(others: pd.DataFrame) -> pd.DataFrame:
    """Deployments that never reached users, in the columns of those that did."""
    frame = others[["deployment_id", "service", "finished_at", "status"]].assign(seen=False)
    return frame.assign(**dict.fromkeys(_SIGNALS[:-1], False), incidents=0, chain=-1)


def heard(
    deployments: pd.DataFrame, incidents: pd.DataFrame | None, *, rules: Rules = DEFAULT
) -> list[str]:
    """Signals of failure that these exports can give at all."""
    there = {
        "incident": incidents is not None and len(incidents) > 0,
        "rolled_back": bool((deployments["status"] == "rolled_back").any()),
        "hotfix": "planned" in deployments and bool(deployments["planned"].notna().any()),
    }
    return [signal for signal in rules.signals if there[signal]]


def _as_rows(incidents: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Incidents within the history, in the columns of deployments."""
    real = real_incidents(incidents)
    real = real[within_history(real["started_at"], span)]
    return pd.DataFrame(
        {
            "deployment_id": real["incident_id"].array,
            "service": real["service"].astype("str").array,
            "finished_at": real["started_at"].array,
            "status": _INCIDENT,
        }
    )


def _per_incident(incidents: int, deployments: int, confidence: float) -> Estimate:
    """Incidents per deployment, as a Poisson count."""
    from srelib.stats import rate

    if not deployments:
        return Estimate(NAN, NAN, NAN, 0, confidence, "exact Poisson")
    found = rate(incidents, deployments, confidence)
    return Estimate(found.value, found.low, found.high, deployments, confidence, found.method)


def recoveries(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame | None,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    placed: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Failures that deployments brought, and how long each lasted."""
    span = span_of(between)
    incidents = tables.empty("incidents") if incidents is None else incidents
    needed(incidents, "incidents", "started_at", "resolved_at")
    pairs = attributed(deployments, incidents, rules=rules) if placed is None else placed
    pairs = pairs[within_history(pairs["started_at"], span)]
    rows = counted(deployments, between=span, statuses=rules.statuses)
    place = _places(rows, len(deployments))[pairs["deployment_row"]]
    pairs = pairs.assign(
        place=place,
        resolved_at=incidents["resolved_at"].array.take(pairs["incident_row"].to_numpy()),
        finished_at=rows["finished_at"].array.take(place, allow_fill=True),
    )
    if rules.recovery_of == "incidents":
        pairs = pairs.drop_duplicates("incident_row")
    else:
        pairs = pairs[place >= 0]
        pairs = pairs.assign(service=pairs["deployed"])
    if not rules.open_counts:
        pairs = pairs[pairs["resolved_at"] <= span[1]]
    return _episodes(pairs, span, rules)


def _episodes(pairs: pd.DataFrame, span: Span, rules: Rules) -> pd.DataFrame:
    """Overlapping incidents of a deployment joined."""
    pairs = pairs.sort_values(["place", "started_at"], kind="stable", ignore_index=True)
    open_ = pairs["resolved_at"].isna() | (pairs["resolved_at"] > span[1])
    begin = seconds(pairs["started_at"].astype("datetime64[us, UTC]"))
    end = np.where(open_, span[1].timestamp(),
                   seconds(pairs["resolved_at"].astype("datetime64[us, UTC]")))  # fmt: skip
    end = np.maximum(end, begin)
    owner = pairs["place"].to_numpy()
    reach = pd.Series(end).groupby(owner).cummax().to_numpy()
    new = np.ones(len(pairs), dtype=bool)
    if rules.recovery_of == "failures":
        new[1:] = (owner[1:] != owner[:-1]) | (begin[1:] > reach[:-1])
    episode = np.cumsum(new) - 1
    firsts = np.flatnonzero(new)
    still = np.bincount(episode, weights=open_, minlength=len(firsts)) > 0
    ends = np.maximum.reduceat(end, firsts) if len(firsts) else end
    from_failure = ends - begin[firsts]
    shipped = seconds(pairs["finished_at"].astype("datetime64[us, UTC]"))[firsts]
    earlier = np.fmin(shipped, begin[firsts]) if rules.recovery_of == "incidents" else shipped
    from_deployment = ends - earlier
    from_failure, from_deployment = (
        rounded(times, rules.minutes) for times in (from_failure, from_deployment)
    )
    resolved = pd.to_datetime(ends, unit="s", utc=True).as_unit("us")
    first = pairs.iloc[firsts]
    return pd.DataFrame(
        {
            "service": first["service"].array,
            "deployment_id": first["deployment_id"].array,
            "finished_at": first["finished_at"].array,
            "started_at": first["started_at"].array,
            "resolved_at": pd.Series(resolved).where(~still).array,
            "recovered": ~still,
            "from_failure": from_failure,
            "from_deployment": from_deployment,
            "incidents": np.bincount(episode, minlength=len(firsts)),
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
    """Failed deployment recovery time: median per service, and per period where asked.

    Parameters
    ----------
    deployments : DataFrame
        Table ``deployments``, production only.
    incidents : DataFrame or None
        Table ``incidents``.
    between : (Timestamp, Timestamp)
        The history; its end is now.
    rules : Rules
        Attribution, and where the clock of `value` starts.
    placed : DataFrame, optional
        As from `attributed` with the same tables and rules, where it is at hand.
    window : Window or str, optional
        A calendar window such as ``1w`` or ``1M``, by the start of the failure; without it the
        whole history is one.
    together : str, optional
        A name under which all services are taken as one, instead of each by itself.
    confidence : float
        Of the intervals [fraction].

    Returns
    -------
    DataFrame
        One row per service and period: service, label, starts_at, ends_at, complete; value, low,
        high [s], n [failures], method; from_deployment, from_deployment_low, ... (the same from
        the end of the deployment), open [failures].
        NaN without a failure.

    Notes
    -----
    Kaplan-Meier where a failure is still open: it counts for as long as it has lasted.
    A clock that starts at the deployment counts the quiet time before anything broke.

    References
    ----------
    .. [1] DORA, "DORA's software delivery performance metrics", dora.dev, 2026.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T09:20Z", "2026-06-01T10:20Z"])
    >>> shipped = pd.DataFrame({"deployment_id": ["d1"], "service": ["shop"],
    ...                         "finished_at": at[:1], "status": ["succeeded"]})
    >>> broken = pd.DataFrame({"incident_id": ["i1"], "service": ["shop"], "started_at": at[1:2],
    ...                        "resolved_at": at[2:], "deployment_id": [None]})
    >>> recovery_time(shipped, broken, between=(at[0], at[2]))["value"].tolist()
    [3600.0]
    """
    span = span_of(between)
    rows = recoveries(deployments, incidents, between=span, rules=rules, placed=placed)
    clock = f"from_{rules.recovery_from}"

    def found(own: Columns, _: Any) -> dict[str, Any]:
        return {
            "value": _middle(own, clock, rules.lead, confidence),
            "from_deployment": _middle(own, "from_deployment", rules.lead, confidence),
            "open": int((~own["recovered"]).sum()),
        }

    columns = ["service", "started_at", "recovered", "from_failure", "from_deployment"]
    return per_piece(
        rows[columns].astype({"recovered": bool}), found, time="started_at", between=span,
        window=window, services=service_names(deployments), together=together,
    )  # fmt: skip


def _middle(own: Columns, clock: str, lead: str, confidence: float) -> Estimate:
    times, done = own[clock], own["recovered"]
    if lead == "mean":
        return grouped_mean(times, np.arange(len(times)), confidence=confidence)
    if done.all():
        return quantile(times, confidence=confidence)
    known = ~np.isnan(times)
    return survival_median(np.maximum(times[known], 0), done[known], confidence=confidence)
