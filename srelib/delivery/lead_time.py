"""Change lead time: from a commit, or its merge, to the deployment that first shipped it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from srelib import events, tables
from srelib.delivery.attribution import _deployment_places
from srelib.delivery.frequency import (
    Columns,
    Span,
    _per_period,
    _rounded,
    _seconds,
    _service_names,
    _span_of,
)
from srelib.errors import ParameterError
from srelib.stats.intervals import _group_sizes, _grouped_mean, _quantile
from srelib.windows import Window

SHIPPED = "shipped"
WAITING = "waiting"
BEFORE = "before the first known deployment"
UNLINKED = "not linked to a deployment"
UNREACHED = "deployment did not reach users"
BACKWARDS = "shipped before it began"
UNDATED = "start not known"
STATES = (SHIPPED, WAITING, BEFORE, UNLINKED, UNREACHED, BACKWARDS, UNDATED)


def _lead_times(
    changes: pd.DataFrame,
    deployments: pd.DataFrame,
    *,
    between: Span,
    start: str = "committed",
    minutes: str = "exact",
) -> pd.DataFrame:
    """How long each change took to its users, and why some took no known time."""
    known = _timed(changes, deployments, _span_of(between), start, minutes)
    rows, place = known["row"], known["place"]
    ids = np.array([*deployments["deployment_id"].astype("str"), None], dtype=object)
    named = _text(changes, "deployment_id").to_numpy(dtype=object)[rows]
    at = tables.main_time(changes, "changes") if start == "committed" else changes.get("merged_at")
    shown = np.where(np.isnan(known["shipped"]), -1, place)
    return pd.DataFrame(
        {
            "change_id": changes["change_id"].array.take(rows),
            "service": changes["service"].array.take(rows),
            "deployment_id": pd.Series(np.where(place >= 0, ids[place], named), dtype="str"),
            "began_at": pd.NaT if at is None else at.array.take(rows),
            "shipped_at": deployments["finished_at"].array.take(shown, allow_fill=True),
            "state": pd.Series(np.array(STATES, dtype=object)[known["state"]], dtype="str"),
            "seconds": known["seconds"],
        }
    )


def change_lead_time(
    changes: pd.DataFrame,
    deployments: pd.DataFrame,
    *,
    between: Span,
    start: str = "committed",
    window: Window | str | None = None,
    together: str | None = None,
    lead: str = "median",
    minutes: str = "exact",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Change lead time per service, and per period of the deployment where asked.

    Parameters
    ----------
    changes, deployments, between, window, together, confidence : see `srelib.delivery`
    start, lead, minutes : as of `Rules`

    Returns
    -------
    DataFrame
        value, low, high [s], n [changes]; p90, p90_low, p90_high [s]; deployments they came in,
        which the intervals count as independent. NaN and n 0 without a change that was shipped.

    Raises
    ------
    ParameterError
        A start or statistic that does not exist.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T11:00Z", "2026-06-02T00:00Z"])
    >>> shipped = pd.DataFrame({"deployment_id": "d1", "service": "shop", "finished_at": at[1:2],
    ...                         "status": "succeeded", "commit_sha": "c1"})
    >>> made = pd.DataFrame({"change_id": "c1", "service": "shop", "committed_at": at[:1]})
    >>> change_lead_time(made, shipped, between=(at[0], at[2]))[["value", "n"]].values.tolist()
    [[7200.0, 1.0]]
    """
    ParameterError.check_one_of(lead, "lead", ("median", "mean"))
    span = _span_of(between)
    known = _timed(changes, deployments, span, start, minutes)
    shipped = known["shipped"]
    first, last = (time.timestamp() for time in span)
    keep = (known["state"] == 0) & (shipped >= first) & (shipped <= last)
    groups = known["place"][keep]
    if together is not None:
        groups = events._first_of_release(deployments)[groups]

    def found(own: Columns, _: Any) -> dict[str, Any]:
        times, groups = own["seconds"], own["place"]
        if lead == "mean":
            middle = _grouped_mean(times, groups, confidence=confidence)
        else:
            middle = _quantile(times, confidence=confidence, groups=groups)
        slow = _quantile(times, 0.9, confidence=confidence, groups=groups)
        return {"value": middle, "p90": slow, "deployments": len(_group_sizes(groups)[1])}

    rows = pd.DataFrame(
        {
            "service": pd.Categorical.from_codes(known["service"][keep], pd.Index(known["names"])),
            "shipped_at": shipped[keep],
            "seconds": known["seconds"][keep],
            "place": groups,
        }
    )
    return _per_period(
        rows, found, time="shipped_at", between=span, window=window,
        services=_service_names(deployments, changes), together=together,
    )  # fmt: skip


def _batch_sizes(lead: pd.DataFrame) -> pd.DataFrame:
    """Changes in the first deployment of each service, and in a usual one."""
    shipped = lead[lead["state"] == SHIPPED].sort_values("shipped_at", kind="stable")
    sizes = shipped.groupby([shipped["service"].astype("str"), "deployment_id"], sort=False).size()
    found = sizes.groupby("service").agg(["first", "median", "size"])
    found.columns = pd.Index(["first", "usual", "deployments"])
    return found.reset_index()


def _timed(
    changes: pd.DataFrame, deployments: pd.DataFrame, span: Span, start: str, minutes: str
) -> dict[str, np.ndarray]:
    """Changes by number: row and place (of the deployment), service, times [s], state."""
    ParameterError.check_one_of(start, "start", ("committed", "merged"))
    ParameterError.check_one_of(minutes, "minutes", ("exact", "up", "down"))
    tables.need(changes, "changes", "change_id", "service", "committed_at")
    tables.need(deployments, "deployments", "deployment_id", "service", "finished_at", "status")
    place, named = _places(changes, deployments)
    codes, names = pd.factorize(changes["service"].astype("str"))
    ok = np.append(events._reached_users(deployments).to_numpy(), False)
    ends = np.append(_seconds(deployments["finished_at"]), np.nan)
    shipped = np.where(ok[place], ends[place], np.nan)
    committed = _seconds(tables.main_time(changes, "changes"))
    merged = committed
    if start == "merged" or minutes == "up":
        merged = _seconds(changes.get("merged_at", pd.Series(pd.NaT, index=changes.index)))
    began = committed if start == "committed" else merged
    now = span[1].timestamp()
    rows = _once(changes, shipped)
    rows = rows[~((shipped > now) | (np.isnan(shipped) & (began > now)))[rows]]
    if len(rows) < len(changes):
        place, named, shipped, codes = place[rows], named[rows], shipped[rows], codes[rows]
        committed, merged, began = committed[rows], merged[rows], began[rows]
    reached = deployments[["service", "finished_at"]][events._reached_users(deployments)]
    begun = reached["finished_at"].groupby(reached["service"].astype("str")).min()
    first = _seconds(pd.Series(begun.reindex(pd.Index(names)).array))[codes]
    early = np.isnan(first) | (committed < first)
    state = _states(codes, len(names), place, named, ok, early, began, shipped < began)
    took = _in_stages(committed, merged, shipped, start, minutes)
    length = np.where(state == 0, took, np.where(state == 1, now - began, np.nan))
    return {
        "row": rows,
        "place": place,
        "service": codes,
        "names": names.to_numpy(dtype=object),
        "shipped": shipped,
        "state": state,
        "seconds": length,
    }


def _once(changes: pd.DataFrame, shipped: np.ndarray) -> np.ndarray:
    """Rows of changes, of those listed several times the one shipped first."""
    if changes["change_id"].is_unique:
        return np.arange(len(changes))
    order = np.argsort(shipped, kind="stable")
    again = changes[["service", "change_id"]].iloc[order].duplicated().to_numpy()
    return np.sort(order[~again])


def _places(changes: pd.DataFrame, deployments: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Row of the deployment that first shipped each change, -1 for none; whether it names one."""
    text = _text(changes, "deployment_id")
    named = text.notna().to_numpy()
    services = pd.Index(changes["service"].astype("str"))
    place = _deployment_places(deployments, pd.Index(text), services)
    if "commit_sha" in deployments and not named.all():
        place[~named] = _by_sha(changes[~named], deployments)
    return place, named


def _by_sha(changes: pd.DataFrame, deployments: pd.DataFrame) -> np.ndarray:
    """Row of the first deployment that reached users with the commit each change is; -1: none."""
    good = (events._reached_users(deployments) & deployments["commit_sha"].notna()).to_numpy()
    rows = np.flatnonzero(good)
    rows = rows[np.argsort(_seconds(deployments["finished_at"])[rows], kind="stable")]
    heads = deployments[["service", "commit_sha"]].iloc[rows].astype("str")
    fresh = ~heads.duplicated().to_numpy()
    if not fresh.any():
        return np.full(len(changes), -1)
    index = pd.MultiIndex.from_frame(heads[fresh])
    own = pd.MultiIndex.from_frame(changes[["service", "change_id"]].astype("str"))
    hit = index.get_indexer(own)
    return np.where(hit >= 0, np.append(rows[fresh], -1)[hit], -1)


def _text(table: pd.DataFrame, column: str) -> pd.Series:
    if column not in table:
        return pd.Series(pd.NA, index=table.index, dtype="str")
    return table[column].astype("str")


def _states(
    services: np.ndarray, many: int, place: np.ndarray, named: np.ndarray, ok: np.ndarray,
    early: np.ndarray, began: np.ndarray, backwards: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Why each change has a lead time, or has none: its place in `STATES`."""
    linked = place >= 0
    links = np.bincount(services[named & linked], minlength=many) > 0
    free, missing = ~named & ~linked, np.isnan(began)
    holds, states = zip(
        (free & early, BEFORE),
        (free & ~links[services], UNLINKED),
        (free & ~missing, WAITING),
        (~free & ~linked, UNLINKED),
        (~free & ~ok[place], UNREACHED),
        (missing, UNDATED),
        (backwards, BACKWARDS),
        strict=True,
    )
    return np.select(holds, [STATES.index(name) for name in states], STATES.index(SHIPPED))


def _in_stages(
    committed: np.ndarray, merged: np.ndarray, shipped: np.ndarray, start: str, minutes: str
) -> np.ndarray:
    """Lead times rounded as asked, upward each stage by itself."""
    whole = shipped - (committed if start == "committed" else merged)
    if start == "merged" or minutes != "up":
        return _rounded(whole, minutes)
    both = _rounded(merged - committed, minutes) + _rounded(shipped - merged, minutes)
    return np.where(np.isnan(merged), _rounded(whole, minutes), both)
