"""Change lead time: from a commit, or its merge, to the deployment that first shipped it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from srelib.delivery.counted import Span, needed, reached, rounded, seconds, span_of, within_history
from srelib.delivery.rules import one_of
from srelib.delivery.spans import per_piece, service_names
from srelib.stats import survival_median
from srelib.stats.grouped import grouped_mean, quantile
from srelib.windows import Window

SHIPPED = "shipped"
WAITING = "waiting"
BEFORE = "before the first known deployment"
UNLINKED = "not linked to a deployment"
UNREACHED = "deployment did not reach users"
BACKWARDS = "shipped before it began"
UNDATED = "start not known"
STATES = (SHIPPED, WAITING, BEFORE, UNLINKED, UNREACHED, BACKWARDS, UNDATED)


def lead_times(
    changes: pd.DataFrame,
    deployments: pd.DataFrame,
    *,
    between: Span,
    start: str = "committed",
    minutes: str = "exact",
) -> pd.DataFrame:
    """How long each change took to its users, and why some took no known time.

    Parameters
    ----------
    changes : DataFrame
        Table ``changes``.
    deployments : DataFrame
        Table ``deployments``, production only.
    between : (Timestamp, Timestamp)
        The history; its end is now.
    start : {'committed', 'merged'}
        Where the clock starts.
    minutes : {'exact', 'up', 'down'}
        As it is, or in whole minutes rounded up or down; from a commit, its way to the merge and
        on from there each.

    Returns
    -------
    DataFrame
        One row per change: change_id, service, deployment_id, began_at, shipped_at, state (one of
        `STATES`), seconds [s]: until it was shipped, or until now while it is waiting.

    Raises
    ------
    ParameterError
        A start that does not exist.
    ColumnError
        A table lacks a column.
    TimeIndexError
        The history cannot be one.

    Notes
    -----
    A change belongs to the deployment it names; where it names none, to the first one of its
    service whose ``commit_sha`` it is; otherwise to none, for no date says what a release held.
    A change without a deployment that is older than the first known one of its service may have
    been shipped before these exports begin: it is left out, not put down to that first one.
    A later one is waiting, if others of its service name their deployments; else nothing is
    known of it.
    A squash merge replaces commits, and a cherry-pick copies one: their originals never name a
    deployment, and look as if they were waiting.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T11:00Z", "2026-06-02T00:00Z"])
    >>> shipped = pd.DataFrame({"deployment_id": ["d1"], "service": ["shop"], "commit_sha": ["c1"],
    ...                         "finished_at": at[1:2], "status": ["succeeded"]})
    >>> made = pd.DataFrame({"change_id": ["c1"], "service": ["shop"], "committed_at": at[:1],
    ...                      "merged_at": [None], "deployment_id": [None]})
    >>> lead_times(made, shipped, between=(at[0], at[2]))["seconds"].tolist()
    [7200.0]
    """
    one_of(start, "start", ("committed", "merged"))
    one_of(minutes, "minutes", ("exact", "up", "down"))
    _, last = span_of(between)
    needed(changes, "changes", "change_id", "service", "committed_at")
    needed(deployments, "deployments", "deployment_id", "service", "finished_at", "status")
    rows = _linked(changes, deployments)
    rows = rows[~(rows["shipped_at"] > last)] if len(rows) else rows
    began = rows["committed_at"] if start == "committed" else rows["merged_at"]
    length = seconds(rows["shipped_at"]) - seconds(began)
    length = _in_stages(rows, start, length, minutes)
    state = _states(rows, began, length, deployments)
    waited = last.timestamp() - seconds(began)
    took = np.where(state == SHIPPED, length, np.where(state == WAITING, waited, np.nan))
    known = state.astype(object)
    found = pd.DataFrame(
        {
            "change_id": rows["change_id"].array,
            "service": rows["service"].array,
            "deployment_id": rows["deployment_id"].array,
            "began_at": began.array,
            "shipped_at": rows["shipped_at"].array,
            "state": known,
            "seconds": took,
        }
    )
    return found


def change_lead_time(
    changes: pd.DataFrame,
    deployments: pd.DataFrame,
    *,
    between: Span,
    start: str = "committed",
    window: Window | str | None = None,
    together: str | None = None,
    waiting: bool = False,
    lead: str = "median",
    minutes: str = "exact",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Change lead time per service, and per period of the deployment where asked.

    Parameters
    ----------
    changes : DataFrame
        Table ``changes``.
    deployments : DataFrame
        Table ``deployments``, production only.
    between : (Timestamp, Timestamp)
        The history; deployments outside it are left out, its end is now.
    start : {'committed', 'merged'}
        Where the clock starts.
    window : Window or str, optional
        A calendar window such as ``1w`` or ``1M``; without it the whole history is one.
    waiting : bool
        Count changes still waiting for as long as they have waited (Kaplan-Meier) instead of
        leaving them out; only for the whole history.
    lead : {'median', 'mean'}
        What `value` is; a mean is there for comparison with tools that give one.
    minutes : {'exact', 'up', 'down'}
        As in `lead_times`.
    together : str, optional
        A name under which all services are taken as one, instead of each by itself.
    confidence : float
        Of the intervals [fraction].

    Returns
    -------
    DataFrame
        One row per service and period: service, label, starts_at, ends_at, complete; value, low,
        high [s], n [changes], method; p90, p90_low, p90_high [s]; deployments they came in.
        Without a change that was shipped all of it is NaN, n is 0.

    Raises
    ------
    ParameterError
        A start or statistic that does not exist.
    ColumnError
        A table lacks a column.

    Notes
    -----
    Changes of one deployment share its moment, so that deployments and not changes are what the
    interval counts as independent (`srelib.stats.grouped.quantile`).

    References
    ----------
    .. [1] DORA, "DORA's software delivery performance metrics", dora.dev, 2026.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T11:00Z", "2026-06-02T00:00Z"])
    >>> shipped = pd.DataFrame({"deployment_id": ["d1"], "service": ["shop"], "commit_sha": ["c1"],
    ...                         "finished_at": at[1:2], "status": ["succeeded"]})
    >>> made = pd.DataFrame({"change_id": ["c1"], "service": ["shop"], "committed_at": at[:1],
    ...                      "merged_at": [None], "deployment_id": [None]})
    >>> change_lead_time(made, shipped, between=(at[0], at[2]))[["value", "n"]].values.tolist()
    [[7200.0, 1.0]]
    """
    one_of(lead, "lead", ("median", "mean"))
    span = span_of(between)
    rows = lead_times(changes, deployments, between=span, start=start, minutes=minutes)
    keep = (rows["state"] == SHIPPED) & within_history(rows["shipped_at"], span)
    if waiting and window is None:
        keep |= rows["state"] == WAITING
        rows["shipped_at"] = rows["shipped_at"].fillna(span[1])

    def found(own: pd.DataFrame, _: Any) -> dict[str, Any]:
        times = own["seconds"].to_numpy()
        done = (own["state"] == SHIPPED).to_numpy()
        groups = pd.factorize(own["deployment_id"])[0]
        if lead == "mean":
            middle = grouped_mean(times, groups, confidence=confidence)
        elif done.all():
            middle = quantile(times, confidence=confidence, groups=groups)
        else:
            middle = survival_median(times, done, confidence=confidence)
        slow = quantile(times[done], 0.9, confidence=confidence, groups=groups[done])
        shipments = len(np.unique(groups[done]))
        return {"value": middle, "p90": slow, "deployments": shipments}

    return per_piece(
        rows[keep], found, time="shipped_at", between=span, window=window,
        services=service_names(deployments, changes), together=together,
    )  # fmt: skip


def _linked(changes: pd.DataFrame, deployments: pd.DataFrame) -> pd.DataFrame:
    """Changes with the end and status of the deployment that first shipped them."""
    there = deployments[["deployment_id", "service", "finished_at", "status"]].assign(
        ok=reached(deployments)
    )
    unique = there.drop_duplicates("deployment_id").set_index("deployment_id")
    named = _text(changes, "deployment_id")
    place = unique.index.get_indexer(pd.Index(named))
    rows = pd.DataFrame(
        {
            "change_id": changes["change_id"].array,
            "service": changes["service"].array,
            "committed_at": changes["committed_at"].array,
            "merged_at": changes["merged_at"].array if "merged_at" in changes else pd.NaT,
            "deployment_id": named.array,
            "named": named.notna().to_numpy(),
            "place": place,
        }
    )
    rows = _by_sha(rows, deployments, unique)
    found = rows["place"].to_numpy()
    ok = np.append(unique["ok"].to_numpy(), False)
    rows["ok"] = ok[found]
    ends = unique["finished_at"].array.take(found, allow_fill=True)
    rows["shipped_at"] = pd.Series(ends, index=rows.index).where(rows["ok"])
    if rows.duplicated(["service", "change_id"]).any():
        rows = rows.sort_values("shipped_at", kind="stable", na_position="last")
        rows = rows.drop_duplicates(["service", "change_id"]).sort_index()
    return rows


def _by_sha(rows: pd.DataFrame, deployments: pd.DataFrame, unique: pd.DataFrame) -> pd.DataFrame:
    """Changes that name no deployment but are the commit of one: its first that reached users."""
    bare = ~rows["named"]
    if "commit_sha" not in deployments or not bare.any():
        return rows
    heads = deployments[reached(deployments) & deployments["commit_sha"].notna()]
    heads = heads.sort_values("finished_at", kind="stable").drop_duplicates(
        ["service", "commit_sha"]
    )
    if not len(heads):
        return rows
    index = pd.MultiIndex.from_frame(heads[["service", "commit_sha"]].astype("str"))
    own = rows.loc[bare, ["service", "change_id"]].astype("str")
    hit = index.get_indexer(pd.MultiIndex.from_frame(own))
    ids = heads["deployment_id"].astype("str").to_numpy()[hit]
    names, place = rows["deployment_id"].to_numpy(dtype=object), rows["place"].to_numpy().copy()
    at = np.flatnonzero(bare)[hit >= 0]
    names[at] = ids[hit >= 0]
    place[at] = unique.index.get_indexer(pd.Index(ids[hit >= 0]))
    return rows.assign(deployment_id=pd.Series(names, index=rows.index, dtype="str"), place=place)


def _text(table: pd.DataFrame, column: str) -> pd.Series:
    if column not in table:
        return pd.Series(pd.NA, index=table.index, dtype="str")
    return table[column].astype("str")


def _states(
    rows: pd.DataFrame, began: pd.Series, length: np.ndarray, deployments: pd.DataFrame
) -> np.ndarray:
    """Why each change has a lead time, or has none."""
    known = deployments[reached(deployments)]
    firsts = known.groupby(known["service"].astype("str"))["finished_at"].min()
    service = rows["service"].astype("str")
    first = pd.Series(firsts.reindex(service).array, index=rows.index)
    linked = rows["place"].to_numpy() >= 0
    links = rows.loc[rows["named"] & linked, "service"].astype("str").unique()
    unnamed = ~rows["named"].to_numpy() & ~linked
    early = unnamed & ((rows["committed_at"] < first) | first.isna()).to_numpy()
    missing = began.isna().to_numpy()
    return np.select(
        [
            early,
            unnamed & ~service.isin(links).to_numpy(),
            unnamed & ~missing,
            ~unnamed & ~linked,
            ~unnamed & ~rows["ok"].to_numpy(),
            missing,
            np.nan_to_num(length, nan=-1.0) < 0,
        ],
        [BEFORE, UNLINKED, WAITING, UNLINKED, UNREACHED, UNDATED, BACKWARDS],
        default=SHIPPED,
    )


def _in_stages(rows: pd.DataFrame, start: str, length: np.ndarray, minutes: str) -> np.ndarray:
    """Lead times rounded as asked, each stage by itself."""
    if start == "merged" or minutes == "exact":
        return rounded(length, minutes)
    merged = seconds(rows["merged_at"])
    coding = merged - seconds(rows["committed_at"])
    rest = seconds(rows["shipped_at"]) - merged
    both = rounded(coding, minutes) + rounded(rest, minutes)
    return np.where(np.isnan(merged), rounded(length, minutes), both)
