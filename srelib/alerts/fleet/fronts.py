"""Pages against budget spent, over all objectives: chosen early, scored late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from srelib.alerts.fleet.pooling import pooled, until_told
from srelib.alerts.fleet.replaying import Replay
from srelib.alerts.ready import ready_made
from srelib.errors import ParameterError

WEEK = pd.Timedelta(days=7)


def front(replays: Mapping[Any, Replay], *, split: float = 0.5) -> pd.DataFrame | None:
    """Pages against budget spent at detection over all objectives, chosen early, scored late.

    Parameters
    ----------
    replays : mapping of Indicator to Replay
    split : float
        Share of the history that a policy is chosen on [fraction]; the rest is what it is tested
        on.

    Returns
    -------
    DataFrame or None
        None without replays; empty when one of the two parts holds no event.
        One row per policy that could be replayed on every objective: policy, kind ('current',
        'ready-made', 'candidate'), and for either part (``_chosen_on``, ``_tested_on``)
        pages_per_week [1/week], spent (median over events) [fraction], events [count];
        front (none is better on the first part in both), chosen (spends least on the first part
        among those that page at most as often as the one in use).

    Raises
    ------
    ParameterError
        `split` outside (0, 1).
    """
    if not 0 < split < 1:
        raise ParameterError(f"split must lie strictly between 0 and 1; got {split}.")
    if not replays:
        return None
    one = next(iter(replays.values()))
    everywhere = [p for p in one.pages if all(p in r.pages for r in replays.values())]
    first = min(r.budget.first for r in replays.values())
    last = max(r.budget.last for r in replays.values())
    middle = first + (last - first) * split
    events = pooled(replays).events
    rows = [_row(p, replays, events, (first, middle, last)) for p in everywhere]
    table = pd.DataFrame(rows)
    if not (table[["events_chosen_on", "events_tested_on"]] > 0).all(axis=None):
        return pd.DataFrame()
    pages, spent = table["pages_per_week_chosen_on"], table["spent_chosen_on"]
    table["front"] = [_unbeaten(pages, spent, i) for i in table.index]
    most = float(pages[table["kind"] == "current"].iloc[0])
    ranked = table[pages <= most].sort_values(
        ["spent_chosen_on", "pages_per_week_chosen_on"], kind="stable"
    )
    return table.assign(chosen=table.index == ranked.index[0])


def _row(
    policy: str,
    replays: Mapping[Any, Replay],
    events: pd.DataFrame,
    bounds: tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp],
) -> dict[str, object]:
    """One row of `front`."""
    one = next(iter(replays.values()))
    kind = "ready-made" if policy in ready_made("28d") else "candidate"
    row: dict[str, object] = {"policy": policy, "kind": "current" if policy == one.policy else kind}
    told = events.assign(detected_at=_told_at(policy, replays, events))
    spent = until_told(told, replays)
    pages = pd.concat([r.pages[policy]["fired_at"] for r in replays.values()])
    first, middle, last = bounds
    for part, low, high in (("chosen_on", first, middle), ("tested_on", middle, last)):
        own = events["starts_at"].between(low, high, inclusive="left").to_numpy()
        many = pages.between(low, high, inclusive="left").sum()
        row[f"pages_per_week_{part}"] = float(many / ((high - low) / WEEK))
        row[f"spent_{part}"] = float(np.median(spent[own])) if own.any() else np.nan
        row[f"events_{part}"] = int(own.sum())
    return row


def _told_at(policy: str, replays: Mapping[Any, Replay], events: pd.DataFrame) -> pd.Series:
    """When the first page of a policy told about each event; NaT where none did."""
    found = [_first_told(policy, key, r) for key, r in replays.items()]
    one = next(iter(replays.values()))
    by = "service" if one.truth == "incidents" else "objective"
    earliest = pd.concat(found).groupby([by, "key"])["at"].min()
    pairs = pd.MultiIndex.from_arrays([events[by], events["key"]])
    return pd.Series(earliest.reindex(pairs).to_numpy(), events.index).dt.tz_localize("UTC")


def _first_told(policy: str, key: Any, one: Replay) -> pd.DataFrame:
    """As `score` does it, for the first page only; pages are in order and apart."""
    events, rows = one.score.events, one.pages[policy]
    fired, resolved = _plain(rows["fired_at"]), _plain(rows["resolved_at"])
    starts, ends = _plain(events["starts_at"]), _plain(events["ends_at"])
    resolved = np.where(np.isnat(resolved), np.datetime64("9999", "us"), resolved)
    place = np.searchsorted(resolved, starts, side="right")
    first = np.append(fired, np.datetime64("NaT", "us"))[place]
    caught = first <= ends + one.grace.to_timedelta64()
    at = np.where(caught, np.maximum(first, starts), np.datetime64("NaT", "us"))
    return pd.DataFrame(
        {"service": key.service, "objective": key.name, "key": events["key"], "at": at}
    )


def _plain(times: pd.Series) -> np.ndarray:
    return times.dt.tz_convert(None).to_numpy(dtype="M8[us]")


def _unbeaten(pages: pd.Series, spent: pd.Series, i: Any) -> bool:
    """Whether no other is at least as good in both and better in one."""
    as_good = (pages <= pages[i]) & (spent <= spent[i])
    return not (as_good & ((pages < pages[i]) | (spent < spent[i]))).any()
