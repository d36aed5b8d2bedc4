"""Which deployment caused an incident: by named rules, by chance, and what no rule could say."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from srelib import events, tables
from srelib.delivery.frequency import NAN, Span, _seconds, _service_names, _span_of
from srelib.delivery.rules import DEFAULT, Rules

COLUMNS = [
    "incident_id", "service", "deployment_id", "rule", "delay", "why", "started_at", "deployed",
    "incident_row", "deployment_row", "incident_url", "deployment_url",
]  # fmt: skip
UNKNOWN = "names a deployment that is not in the table"
UNNAMED = "names no deployment"
NOTHING = "no deployment before"
TOO_OLD = "latest deployment too long before"


def attribute_incidents(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame | None,
    *,
    within: pd.Timedelta | str | None = None,
    match: str | None = None,
    rules: Rules = DEFAULT,
) -> pd.DataFrame:
    """Put incidents down to deployments by a named rule.

    Parameters
    ----------
    deployments, incidents, rules : see `srelib.delivery`; planned maintenance is left out
    within, match : instead of those of `rules`

    Returns
    -------
    DataFrame
        One row per pair, in order of the start of the incidents: incident_id, service (of the
        incident), deployment_id, rule ('source', 'window', 'latest'), delay (Timedelta from the end
        of the deployment to the start of the incident), why, started_at (of the incident), deployed
        (service of the deployment), incident_row, deployment_row (places in the tables; -1: none),
        incident_url, deployment_url. An incident no rule could place has one row too, without
        deployment_id and rule; why says what was lacking.

    Raises
    ------
    ParameterError
        A rule that does not exist, or a window of no length.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T09:20Z", "2026-06-04T09:00Z"])
    >>> shipped = pd.DataFrame({"deployment_id": "d1", "service": "shop", "finished_at": at[:1],
    ...                         "status": "succeeded"})
    >>> rows = pd.DataFrame({"incident_id": ["i1", "i2"], "service": "shop", "started_at": at[1:]})
    >>> attribute_incidents(shipped, rows)[["incident_id", "deployment_id"]].values.tolist()
    [['i1', 'd1'], ['i2', nan]]
    """
    incidents = tables.empty("incidents") if incidents is None else incidents
    rules = replace(rules, within=within or rules.within, match=match or rules.match)
    tables.need(deployments, "deployments", "deployment_id", "service", "finished_at", "status")
    tables.need(incidents, "incidents", "incident_id", "service", "started_at")
    rows = _eligible_rows(incidents)
    named = _named(rows, deployments) if rules.match.startswith("source") else rows.iloc[:0]
    rest = rows.drop(index=named.index)
    if rules.match == "source":
        left = rest.assign(why=UNNAMED)
    else:
        pool = _pool(deployments, rules.statuses)
        left = _by_time(rest, pool, rules)
        if rules.shared and rules.match.endswith("window"):
            left = _all_of_window(left, pool, rules)
    found = pd.concat([frame for frame in (named, left) if len(frame)] or [rows])
    return _with_deployments(found, deployments)


def _eligible_rows(incidents: pd.DataFrame) -> pd.DataFrame:
    """Incidents to place, in order of time; none has a deployment yet."""
    numbered = incidents.assign(incident_row=np.arange(len(incidents)))
    rows = events.eligible_incidents(numbered).sort_values(
        "started_at", kind="stable", ignore_index=True
    )
    nothing = pd.Series(pd.NA, index=rows.index, dtype="str")
    return pd.DataFrame(
        {
            "place": np.arange(len(rows)),
            "incident_row": rows["incident_row"],
            "incident_id": rows["incident_id"].astype("str"),
            "service": rows["service"].astype("str"),
            "started_at": rows["started_at"].astype("datetime64[us, UTC]"),
            "named": rows.get("deployment_id", nothing).astype("str"),
            "rule": nothing,
            "why": nothing,
            "deployment_row": -1,
            "incident_url": rows.get("url", nothing).astype("str"),
        }
    )


def _named(rows: pd.DataFrame, deployments: pd.DataFrame) -> pd.DataFrame:
    """Incidents that name a deployment; unknown ones say so."""
    rows = rows[rows["named"].notna()]
    cancelled = events.deployment_exclusions(deployments) == events.CANCELLED
    sound = np.flatnonzero(~cancelled.fillna(False))
    place = _deployment_places(
        deployments.iloc[sound], pd.Index(rows["named"]), pd.Index(rows["service"])
    )
    known = place >= 0
    return rows.assign(
        deployment_row=np.append(sound, -1)[place],
        rule=rows["rule"].mask(known, "source"),
        why=rows["why"].mask(~known, UNKNOWN),
    )


def _pool(deployments: pd.DataFrame, statuses: tuple[str, ...]) -> pd.DataFrame:
    """Deployments to choose from, in order of time."""
    kinds = {"finished_at": "datetime64[us, UTC]", "service": "str"}
    rows = np.flatnonzero(events._reached_users(deployments, statuses))
    rows = rows[np.argsort(deployments["finished_at"].array.take(rows), kind="stable")]
    return deployments[list(kinds)].take(rows).astype(kinds).assign(deployment_row=rows)


def _by_time(rows: pd.DataFrame, pool: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Incidents with the latest deployment before them."""
    rule = rules.match.rpartition("_")[2]
    same: dict[str, Any] = {"by": "service"} if rules.scope == "service" else {}
    known = pool if same else pool.drop(columns="service")
    found = pd.merge_asof(
        rows.drop(columns="deployment_row"), known, left_on="started_at", right_on="finished_at",
        allow_exact_matches=not rules.strict, **same,
    )  # fmt: skip
    none = found["finished_at"].isna()
    old = (found["started_at"] - found["finished_at"] > rules.within) & (rule == "window")
    return found.drop(columns="finished_at").assign(
        deployment_row=found["deployment_row"].mask(none | old, -1).astype("int64"),
        rule=found["rule"].mask(~(none | old), rule),
        why=found["why"].mask(none, NOTHING).mask(old, TOO_OLD),
    )


def _all_of_window(found: pd.DataFrame, pool: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Incidents with every deployment of the window instead of the latest."""
    placed = found["deployment_row"] >= 0
    bare = found[placed].drop(columns="deployment_row")
    if rules.scope == "service":
        pairs = bare.merge(pool, on="service")
    else:
        pairs = bare.merge(pool.drop(columns="service"), how="cross")
    delay = pairs["started_at"] - pairs["finished_at"]
    after = delay > pd.Timedelta(0) if rules.strict else delay >= pd.Timedelta(0)
    pairs = pairs[(delay <= rules.within) & after]
    pairs = pairs.drop(columns="finished_at")
    return pd.concat([frame for frame in (found[~placed], pairs) if len(frame)] or [found])


def _with_deployments(found: pd.DataFrame, deployments: pd.DataFrame) -> pd.DataFrame:
    """Pairs with what is known of the deployment, in order of the incidents."""
    known = deployments.reindex(columns=["deployment_id", "service", "finished_at", "url"])
    known.columns = pd.Index(["deployment_id", "deployed", "finished_at", "deployment_url"])
    known = known.reset_index(drop=True)
    kinds = {"deployment_id": "str", "deployed": "str", "finished_at": "datetime64[us, UTC]",
             "deployment_url": "str"}  # fmt: skip
    found = found.join(known.astype(kinds), on="deployment_row")
    found = found.assign(delay=found["started_at"] - found["finished_at"])
    return found.sort_values(["place", "finished_at"], kind="stable", ignore_index=True)[COLUMNS]


def _deployment_places(
    deployments: pd.DataFrame, names: pd.Index, services: pd.Index
) -> np.ndarray:
    """Row of the deployment that each name stands for, that of the own service first; -1: none."""
    ids, owners = deployments["deployment_id"].astype("str"), deployments["service"].astype("str")
    place = _first(pd.Index(ids), names)
    if ids.is_unique:
        return place
    own = _first(pd.MultiIndex.from_arrays([owners, ids]),
                 pd.MultiIndex.from_arrays([services, names]))  # fmt: skip
    return np.where(own >= 0, own, place)


def _first(known: pd.Index, wanted: pd.Index) -> np.ndarray:
    """Row of the first of `known` that each wanted one is; -1: none."""
    fresh = np.flatnonzero(~known.duplicated())
    hit = known[fresh].get_indexer(wanted)
    return np.where(hit >= 0, np.append(fresh, -1)[hit], -1)


COUNTS = ["incidents", "named", "attributed", "by_chance"]


def _chance(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame | None,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    together: str | None = None,
) -> pd.DataFrame:
    """incidents attributed to deployments, and how many would be by chance alone."""
    span = _span_of(between)
    services = _service_names(deployments, incidents)
    placed = attribute_incidents(deployments, incidents, rules=rules).drop_duplicates(
        "incident_row"
    )
    placed = placed[placed["started_at"].between(*span)]
    named = placed["rule"] == "source"
    share = placed["service"].map(_shares_covered(deployments, services, rules, span))
    rows = pd.DataFrame(
        {
            "service": placed["service"],
            "incidents": 1,
            "named": named,
            "attributed": placed["deployment_id"].notna(),
            "by_chance": share.mask(named, 1.0).astype("float64"),
        }
    )
    if together is not None and incidents is not None:
        incident = events._incident_numbers(incidents).to_numpy()[placed["incident_row"]]
        likely = 1 - (1 - rows["by_chance"]).groupby(incident).prod()
        rows = rows[COUNTS[:3]].groupby(incident).max().assign(by_chance=likely)
        services, rows["service"] = [together] if services else [], together
    found = rows.groupby("service")[COUNTS].sum().reindex(services, fill_value=0)
    found["followed_by_chance"] = NAN
    if rules.match.endswith("window"):
        within = pd.Timedelta(rules.within).total_seconds()
        starts = placed["started_at"][~named].groupby(placed["service"])
        near = {service: _near(own, span, before=within) for service, own in starts}
        found["followed_by_chance"] = [near.get(service, 0.0) for service in services]
    return found.rename_axis("service").reset_index()


def _shares_covered(
    deployments: pd.DataFrame, services: list[str], rules: Rules, span: Span
) -> dict[str, float]:
    """Share of the history within the window after some deployment, by service."""
    found = dict.fromkeys(services, 0.0)
    if rules.match == "source":
        return found
    pool = deployments[events._reached_users(deployments, rules.statuses)]
    endless = rules.match.endswith("latest")
    after = math.inf if endless else pd.Timedelta(rules.within).total_seconds()
    if rules.scope == "project":
        return dict.fromkeys(services, _near(pool["finished_at"], span, after=after))
    ends = pool.groupby(pool["service"].astype("str"))["finished_at"]
    return found | {service: _near(own, span, after=after) for service, own in ends}


def _near(times: pd.Series, span: Span, *, before: float = 0.0, after: float = 0.0) -> float:
    """Share of the history that lies at most so long before or after one of these times [s]."""
    first, last = (time.timestamp() for time in span)
    at = np.sort(_seconds(times.dropna()))
    begin, until = np.clip(at - before, first, last), np.clip(at + after, first, last)
    until = np.minimum(until, np.append(begin[1:], last))
    return float((until - begin).sum() / (last - first))
