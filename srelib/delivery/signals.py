"""Further signals of a failed deployment: reverts, hotfixes and rollbacks by their marks.

DORA counts deployments that need intervention; the marks of changes stand beside that rate, never
in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from srelib import events, marks, tables
from srelib.delivery import failures, lead_time
from srelib.delivery.frequency import (
    NAN,
    Span,
    _as_releases,
    _seconds,
    _service_names,
    _share_by_chain,
    _span_of,
)
from srelib.delivery.rules import DEFAULT, Rules, _length

REVERTED = "reverted"
MARKED = {"revert": REVERTED, "hotfix": "hotfix_change", "rollback": "rollback_change"}
"""The signal of each kind of change."""
MARKS = "marked"
"""Any of these."""
_SHORTEST = 7  # digits of a commit that git abbreviates to


def failure_signals(
    deployments: pd.DataFrame,
    changes: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    together: str | None = None,
    revert_within: pd.Timedelta | str = "30D",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Each signal that deployments failed by itself, and the fail and rework rate with or without.

    A revert names what it reverts: that deployment failed, and the one that ships the revert is
    rework. A change marked as a hotfix or rollback makes its deployment rework, and mends what an
    unplanned deployment at its place would (`Rules.hotfix_within`).

    Parameters
    ----------
    deployments, changes, incidents, between, rules, together, confidence
        See `srelib.delivery`; changes may be None.
    revert_within : Timedelta or str
        What was reverted longer after it was deployed is no failed deployment.

    Returns
    -------
    DataFrame
        One row per service and signal that these exports can give. signal: those of `Rules`, then
        'reverted', 'hotfix_change', 'rollback_change', and 'marked' for any of these three;
        in_rate: whether the fail rate counts it; failed [deployments], also (of those, how many
        have another signal too), value, low, high [fraction], n [deployments, of marks those with a
        change of a known kind]; fail_rate, fail_rate_low, fail_rate_high: without the signal
        where the rate counts it, else with it; repairs [deployments], rework_rate, rework_rate_low,
        rework_rate_high, rework_rate_n in the same way, NaN where the signal is no rework;
        unplaced [changes]: reverts of something that is in no known deployment.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-01T15:00Z", "2026-06-03T09:00Z"])
    >>> shipped = pd.DataFrame({"deployment_id": ["d1", "d2"], "service": "shop",
    ...                         "finished_at": at[:2], "status": "succeeded"})
    >>> made = pd.DataFrame({"change_id": ["c1", "c2"], "service": "shop",
    ...                      "deployment_id": ["d1", "d2"], "kind": ["regular", "revert"],
    ...                      "reverts": [None, "c1"], "committed_at": at[:2]})
    >>> found = failure_signals(shipped, made, None, between=(at[0], at[2]))
    >>> found[["signal", "failed", "value", "repairs"]].values.tolist()
    [['reverted', 1, 0.5, 1], ['marked', 1, 0.5, 1]]
    """
    given: dict[str, Any] = {"between": _span_of(between), "rules": rules}
    limit = _length(revert_within, "revert_within")
    seen, flags, repairs = _signalled(deployments, changes, incidents, limit, given)
    rows = seen.rows
    found: list[dict[str, Any]] = []
    for name, own_flags in flags.items():
        apart = {name, MARKS} if name != MARKS else {name, *MARKED.values()}
        others = [other for key, other in flags.items() if key not in apart]
        also = own_flags & np.any([np.zeros_like(own_flags), *others], axis=0)
        frame = _with_and_without(rows, name, flags, repairs, rules, seen.known)
        frame = frame.assign(own=own_flags, also=also)
        if name in repairs and name not in rules.signals:
            kept = ~(rows["rework"].to_numpy() | repairs[name])
            own = deployments.assign(planned=seen.in_table(kept))
            frame["chain"] = failures._failures(own, incidents, **given)["chain"]
        found += _of_services(frame, name, name in rules.signals, together, confidence)
    services = [together] if together else _service_names(deployments)
    order = {service: place for place, service in enumerate(services)}
    table = pd.DataFrame(found, columns=[*_COLUMNS]).assign(unplaced=0)
    unplaced = {together: sum(seen.unplaced.values())} if together else seen.unplaced
    reverts = table["signal"] == REVERTED
    table.loc[reverts, "unplaced"] = table["service"][reverts].map(unplaced).fillna(0).astype(int)
    return table.sort_values("service", key=lambda s: s.map(order), kind="stable",
                             ignore_index=True)  # fmt: skip


def _signalled(
    deployments: pd.DataFrame, changes: pd.DataFrame | None, incidents: pd.DataFrame | None,
    limit: pd.Timedelta, given: dict[str, Any],
) -> tuple[_Seen, dict[str, np.ndarray], dict[str, np.ndarray]]:  # fmt: skip
    """Which deployments each signal says failed, and which mended them, by its name."""
    rows = failures._failures(deployments, incidents, **given)
    rows["known"] = rows["planned"].notna().to_numpy()
    rows["rework"] = events._unplanned(rows)
    seen = _Seen(rows, deployments, tables.empty("changes") if changes is None else changes)
    there = failures._signals(deployments, incidents, given["rules"])
    flags = {name: rows[name].to_numpy() for name in there}
    repairs = {"hotfix": rows["rework"].to_numpy()} if "hotfix" in flags else {}
    for kind, name in MARKED.items():
        chosen = seen.of(kind)
        if name == REVERTED and chosen.any():
            flags[name], repairs[name] = seen.reverted(limit)
        elif chosen.any():
            repairs[name] = seen.shipping(chosen)
            own = deployments.assign(planned=seen.in_table(~repairs[name]))
            flags[name] = failures._failures(own, incidents, **given)["hotfix"].to_numpy()
    if marked := [name for name in MARKED.values() if name in flags]:
        for found in (flags, repairs):
            found[MARKS] = np.any([found[name] for name in marked], axis=0)
    return seen, flags, repairs


_COLUMNS = (
    "service", "signal", "in_rate", "failed", "also", "value", "low", "high", "n",
    "fail_rate", "fail_rate_low", "fail_rate_high",
    "repairs", "rework_rate", "rework_rate_low", "rework_rate_high", "rework_rate_n",
)  # fmt: skip


class _Seen:
    """What changes say of the deployments in order."""

    def __init__(
        self, rows: pd.DataFrame, deployments: pd.DataFrame, changes: pd.DataFrame
    ) -> None:
        self.rows, self.index, self.many = rows, deployments.index, len(deployments)
        self.changes = changes.assign(**{name: None for name in marks.OWN if name not in changes})
        self.kinds = self.changes["kind"].astype("str").str.split(r"\s*,\s*", regex=True)
        place = np.full(len(changes), -1)
        if len(changes):
            place = lead_time._places(changes, deployments)[0]
        self.at = failures._places(rows, len(deployments))[place]
        self.known = self.shipping(self.changes["kind"].notna().to_numpy())
        self.unplaced: dict[str, int] = {}

    def of(self, kind: str) -> np.ndarray:
        """Which changes are of a kind."""
        return np.array([isinstance(own, list) and kind in own for own in self.kinds], dtype=bool)

    def shipping(self, chosen: np.ndarray) -> np.ndarray:
        """Which deployments ship one of the changes."""
        return np.isin(np.arange(len(self.rows)), self.at[chosen & (self.at >= 0)])

    def in_table(self, flags: np.ndarray) -> pd.Series:
        """Flags of deployments in order as those of the table."""
        found = np.zeros(self.many, dtype=bool)
        found[self.rows["row"].to_numpy()[flags]] = True
        return pd.Series(found, self.index, dtype="boolean")

    def reverted(self, limit: pd.Timedelta) -> tuple[np.ndarray, np.ndarray]:
        """Deployments of which something was reverted later, and those that reverted it."""
        time = _seconds(self.rows["finished_at"])
        failed, repairs = np.zeros((2, len(self.rows)), dtype=bool)
        reverting = self.of("revert")
        services = self.changes["service"].astype("str").tolist()
        known = _Names(services, self.changes["change_id"].astype("str").tolist(), self.at)
        for number in np.flatnonzero(reverting & (self.at >= 0)):
            names = self.changes["reverts"].iloc[number]
            named = [] if pd.isna(names) else str(names).split(", ")
            targets = [known.place(services[number], name) for name in named]
            if not targets or min(targets) < 0 or any(self.at[one] < 0 for one in targets):
                self.unplaced[services[number]] = self.unplaced.get(services[number], 0) + 1
            for one in targets:
                last, first = self.at[number], self.at[one] if one >= 0 else -1
                wait = time[last] - time[first] if first >= 0 else NAN
                if not reverting[one] and 0 < wait <= limit.total_seconds():
                    failed[first] = repairs[last] = True
        return failed, repairs


class _Names:
    """Changes by their names, also by the start of a commit."""

    def __init__(self, services: list[str], ids: list[str], at: np.ndarray) -> None:
        self.exact: dict[tuple[str, str], int] = {}
        for number in sorted(range(len(ids)), key=lambda one: (at[one] < 0, at[one])):
            self.exact.setdefault((services[number], ids[number]), number)
        self.ordered = sorted(self.exact)

    def place(self, service: str, name: str) -> int:
        """Number of the change of a service that goes by the name; -1: none, or several."""
        from bisect import bisect_left

        if (service, name) in self.exact or len(name) < _SHORTEST:
            return self.exact.get((service, name), -1)
        first = bisect_left(self.ordered, (service, name))
        near = self.ordered[first : first + 2]
        fits = [key for key in near if key[0] == service and key[1].startswith(name)]
        return self.exact[fits[0]] if len(fits) == 1 else -1


def _with_and_without(
    rows: pd.DataFrame, name: str, flags: dict[str, np.ndarray], repairs: dict[str, np.ndarray],
    rules: Rules, known: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    """Deployments with what the rates count if the signal is left out, or counted too."""
    none = np.zeros(len(rows), dtype=bool)
    inside = name in rules.signals
    counted = [flags[key] for key in flags if key in rules.signals and key != name]
    own = repairs.get(name, none)
    return rows.assign(
        fails=np.any([none, *counted, none if inside else flags[name]], axis=0),
        repairs=own,
        again=none if inside else rows["rework"].to_numpy() | own,
        of=(none if inside or name not in repairs else rows["known"].to_numpy() | known),
        seen=np.ones(len(rows), dtype=bool) if inside else known | flags[name],
        left=np.full(len(rows), bool(counted) or not inside),
    )


def _of_services(
    frame: pd.DataFrame, name: str, inside: bool, together: str | None, confidence: float
) -> Iterable[dict[str, Any]]:
    """A row per service."""
    if together is not None:
        frame = _as_releases(frame).assign(service=together)
    for service, own in frame.groupby("service", sort=False):
        alone, fails, again = (
            _share_by_chain(own[flag][own[among]].to_numpy(), own["chain"][own[among]].to_numpy(),
                            confidence)
            for flag, among in (("own", "seen"), ("fails", "left"), ("again", "of"))
        )  # fmt: skip
        yield dict(zip(_COLUMNS, (
            service, name, inside, int(own["own"].sum()), int(own["also"].sum()),
            alone.value, alone.low, alone.high, int(alone.n),
            fails.value, fails.low, fails.high,
            int(own["repairs"].sum()), again.value, again.low, again.high, int(again.n),
        ), strict=True))  # fmt: skip
