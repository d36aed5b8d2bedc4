"""Availability as users lived through it."""

from __future__ import annotations

import pandas as pd

from srelib.errors import ColumnError


def user_uptime(events: pd.DataFrame, *, cutoff: pd.Timedelta | None = None) -> pd.DataFrame:
    """Up and active time of every user, from the outcome of each request."""
    for name in ("user", "time", "ok"):
        if name not in events.columns:
            raise ColumnError(f"column {name!r} is missing; columns seen: {list(events.columns)}.")
    ordered = events.sort_values(["user", "time"], kind="stable")
    until = ordered.groupby("user", sort=False)["time"].shift(-1) - ordered["time"]
    limit = until.quantile(0.99) if cutoff is None else cutoff
    seconds = until.where(until <= limit).dt.total_seconds().fillna(0.0)
    spent = pd.DataFrame({"good": seconds.where(ordered["ok"].astype(bool), 0.0), "total": seconds})
    return spent.groupby(ordered["user"]).sum()
