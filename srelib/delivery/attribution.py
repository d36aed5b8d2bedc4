"""Which deployment caused an incident: named rules, and what none of them could say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from srelib.delivery.frequency import named_rows, needed, reached, real_incidents
from srelib.delivery.rules import MATCHES, REACHED, length, one_of

COLUMNS = ["incident_id", "service", "deployment_id", "rule", "delay", "why", "started_at",
           "deployed", "incident_row", "deployment_row"]  # fmt: skip
_OF_DEPLOYMENT = ["deployment_id", "finished_at", "deployed", "deployment_row"]
UNKNOWN = "names a deployment that is not in the table"
UNNAMED = "names no deployment"
NOTHING = "no deployment before"
TOO_OLD = "latest deployment too long before"


def attribute_incidents(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame,
    *,
    within: pd.Timedelta | str = "24h",
    match: str = "source_then_window",
    strict: bool = False,
    shared: bool = False,
    scope: str = "service",
    statuses: tuple[str, ...] = REACHED,
) -> pd.DataFrame:
    """Put incidents down to deployments by a named rule.

    Parameters
    ----------
    deployments : DataFrame
        Table ``deployments``, production only.
    incidents : DataFrame
        Table ``incidents``; planned maintenance is left out.
    within : Timedelta or str
        ``window``: longest time from the end of a deployment to the start of an incident.
    match : {'source', 'window', 'latest', 'source_then_window', 'source_then_latest'}
        ``source``: the deployment the incident names.
        ``window``: the latest deployment at most `within` before the start.
        ``latest``: the latest one before the start, however old, as most tools have it.
        ``source_then_...``: what the source says, and the rule only where it says nothing.
    strict : bool
        The deployment must end before the start of the incident, not with it.
    shared : bool
        ``window``: every deployment within it is answerable, and not the latest alone.
    scope : {'service', 'project'}
        Deployments of the same service, or of any.
    statuses : tuple of str
        Statuses of deployments the rules choose from; a missing one counts too.

    Returns
    -------
    DataFrame
        One row per pair: incident_id, service (of the incident), deployment_id, rule ('source',
        'window', 'latest'), delay (Timedelta from the end of the deployment to the start of the
        incident), why, started_at (of the incident), deployed (service of the deployment),
        incident_row, deployment_row (place of each in its table; -1: no deployment).
        An incident no rule could place has one row too: deployment_id and rule are missing, and
        why says what was lacking.
        In order of the start of the incidents.

    Raises
    ------
    ParameterError
        A rule that does not exist, or a window of no length.
    ColumnError
        A table lacks a column.

    Notes
    -----
    What follows a deployment was not necessarily caused by it: the longer the window and the
    more deployments, the more incidents fall into it by chance.
    On record an incident usually starts when it was detected, some minutes late: a delay is that
    much too long, and a very quick repair can seem to come before what it mends.
    The clock starts at the end of a deployment, since many exports start one when it was asked
    for, hours before anybody approved it; an incident in the middle of a long rollout therefore
    goes to the deployment before.
    A deployment an incident names counts whatever its status; a cancelled one never does.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T09:20Z", "2026-06-04T09:00Z"])
    >>> shipped = pd.DataFrame({"deployment_id": ["d1"], "service": ["shop"],
    ...                         "finished_at": at[:1], "status": ["succeeded"]})
    >>> broken = pd.DataFrame({"incident_id": ["i1", "i2"], "service": ["shop", "shop"],
    ...                        "started_at": at[1:], "deployment_id": [None, None]})
    >>> found = attribute_incidents(shipped, broken)
    >>> found[["incident_id", "deployment_id", "rule"]].values.tolist()
    [['i1', 'd1', 'window'], ['i2', nan, nan]]
    """
    one_of(match, "match", MATCHES)
    one_of(scope, "scope", ("service", "project"))
    limit = length(within, "within")
    needed(deployments, "deployments", "deployment_id", "service", "finished_at", "status")
    needed(incidents, "incidents", "incident_id", "service", "started_at")
    rows = _rows(incidents)
    named = _named(rows, deployments) if match.startswith("source") else rows.iloc[:0]
    rest = rows[~rows["place"].isin(named["place"])]
    rule = match.rpartition("_")[2]
    if rule == "source":
        left = rest.assign(why=UNNAMED)
    else:
        pool = _pool(deployments, statuses)
        left = _following(rest, pool, rule, limit, strict=strict, shared=shared, scope=scope)
    found = pd.concat([frame for frame in (named, left) if len(frame)] or [rows])
    return _finished(found)


def _rows(incidents: pd.DataFrame) -> pd.DataFrame:
    """Incidents to place, in order of time."""
    numbered = incidents.assign(incident_row=np.arange(len(incidents)))
    real = real_incidents(numbered).sort_values("started_at", kind="stable")
    names = real.get("deployment_id", pd.NA)
    return pd.DataFrame(
        {
            "place": range(len(real)),
            "incident_row": real["incident_row"].to_numpy(),
            "incident_id": real["incident_id"].to_numpy(),
            "service": real["service"].astype("str").to_numpy(),
            "started_at": real["started_at"].astype("datetime64[us, UTC]").array,
            "named": pd.Series(names, index=real.index, dtype="str").to_numpy(),
            "deployment_id": pd.Series(pd.NA, index=real.index, dtype="str").to_numpy(),
            "finished_at": pd.Series(pd.NaT, index=real.index, dtype="datetime64[us, UTC]").array,
            "rule": pd.Series(pd.NA, index=real.index, dtype="str").to_numpy(),
            "why": pd.Series(pd.NA, index=real.index, dtype="str").to_numpy(),
            "deployed": pd.Series(pd.NA, index=real.index, dtype="str").to_numpy(),
            "deployment_row": -1,
        }
    )


def _named(rows: pd.DataFrame, deployments: pd.DataFrame) -> pd.DataFrame:
    """Incidents that name a deployment, with its end; unknown ones say so."""
    rows = rows[rows["named"].notna()]
    if not len(rows):
        return rows
    sound = np.flatnonzero((deployments["status"] != "cancelled").fillna(True))
    known = deployments[["deployment_id", "service", "finished_at"]].iloc[sound]
    known = known.reset_index(drop=True)
    place = named_rows(
        known, pd.Index(rows["named"]), pd.Index(rows["service"].astype("str")), anywhere=True
    )
    target = known[["service", "finished_at"]].reindex(np.where(place >= 0, place, len(known)))
    finished = pd.Series(target["finished_at"].array, index=rows.index)
    there = finished.notna()
    return rows.assign(
        deployment_row=np.where(there, np.append(sound, -1)[place], -1),
        finished_at=finished,
        deployment_id=rows["named"].where(there),
        deployed=pd.Series(target["service"].astype("str").array, index=rows.index),
        rule=pd.Series("source", index=rows.index, dtype="str").where(there),
        why=pd.Series(UNKNOWN, index=rows.index, dtype="str").where(~there),
    )


def _following(
    rows: pd.DataFrame, pool: pd.DataFrame, rule: str, limit: pd.Timedelta, *,
    strict: bool, shared: bool, scope: str,
) -> pd.DataFrame:  # fmt: skip
    """Incidents with the latest deployment before them, or with all of a window."""
    rows = rows.drop(columns=_OF_DEPLOYMENT).astype({"service": "str"})
    by: dict[str, Any] = (
        {"left_by": "service", "right_by": "deployed"} if scope == "service" else {}
    )
    found = pd.merge_asof(
        rows, pool, left_on="started_at", right_on="finished_at", allow_exact_matches=not strict,
        **by,
    )  # fmt: skip
    none = found["finished_at"].isna()
    old = (found["started_at"] - found["finished_at"] > limit) & (rule == "window")
    found["why"] = found["why"].mask(none, NOTHING).mask(old, TOO_OLD)
    found["rule"] = found["rule"].mask(~(none | old), rule)
    for column in _OF_DEPLOYMENT[:-1]:
        found[column] = found[column].mask(none | old)
    found["deployment_row"] = found["deployment_row"].mask(none | old, -1).astype("int64")
    return _all_of(found, pool, limit, strict, scope) if shared and rule == "window" else found


def _pool(deployments: pd.DataFrame, statuses: tuple[str, ...]) -> pd.DataFrame:
    """Deployments to choose from, in order of time."""
    kinds = {"finished_at": "datetime64[us, UTC]", "service": "str", "deployment_id": "str"}
    rows = np.flatnonzero(reached(deployments, statuses))
    times = deployments["finished_at"].array.take(rows)
    rows = rows[np.argsort(times, kind="stable")]
    kept = deployments[list(kinds)].take(rows).astype(kinds).reset_index(drop=True)
    return kept.rename(columns={"service": "deployed"}).assign(deployment_row=rows)


def _all_of(
    found: pd.DataFrame, pool: pd.DataFrame, limit: pd.Timedelta, strict: bool, scope: str
) -> pd.DataFrame:
    """Incidents with every deployment of the window instead of the latest."""
    placed = found["deployment_id"].notna()
    bare = found[placed].drop(columns=_OF_DEPLOYMENT)
    if scope == "service":
        pairs = bare.merge(pool, left_on="service", right_on="deployed")
    else:
        pairs = bare.merge(pool, how="cross")
    delay = pairs["started_at"] - pairs["finished_at"]
    zero = pd.Timedelta(0)
    pairs = pairs[(delay <= limit) & ((delay > zero) if strict else (delay >= zero))]
    return pd.concat([frame for frame in (found[~placed], pairs) if len(frame)] or [found])


def _finished(found: pd.DataFrame) -> pd.DataFrame:
    """Pairs with their delay, in order of the incidents."""
    found = found.assign(delay=found["started_at"] - found["finished_at"])
    found = found.sort_values(["place", "finished_at"], kind="stable", ignore_index=True)
    texts = dict.fromkeys(
        ("service", "incident_id", "deployment_id", "rule", "why", "deployed"), "str"
    )
    return found[COLUMNS].astype(texts)
