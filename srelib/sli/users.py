"""Availability as users lived through it."""

from __future__ import annotations

import pandas as pd

from srelib.errors import ColumnError


def user_uptime(events: pd.DataFrame, *, cutoff: pd.Timedelta | None = None) -> pd.DataFrame:
    """Up and active time of every user, from the outcome of each request.

    user-uptime = sum of up time / sum of (up + down time) over all users, which is
    ``windows.ratio`` of the two columns.

    Parameters
    ----------
    events : DataFrame
        user, time, ok (True: the request succeeded); any order.
    cutoff : Timedelta, optional
        Longer silence between two requests counts as inactive, neither up nor down.
        The 99th percentile of all times between requests when not given.

    Returns
    -------
    DataFrame
        good (up) and total (up + down) [s], indexed by user.

    Raises
    ------
    ColumnError
        A column is missing.

    Notes
    -----
    The time between two requests carries the outcome of the first.

    References
    ----------
    .. [1] Hauer et al., Meaningful Availability, NSDI 2020, section 4.

    Examples
    --------
    >>> times = pd.to_datetime(["2026-01-01T00:00Z", "2026-01-01T00:03Z", "2026-01-01T00:04Z"])
    >>> one = pd.DataFrame({"user": "a", "time": times, "ok": [True, False, True]})
    >>> user_uptime(one, cutoff=pd.Timedelta("30min"))
          good  total
    user
    a    180.0  240.0
    """
    for name in ("user", "time", "ok"):
        if name not in events.columns:
            raise ColumnError(f"column {name!r} is missing; columns seen: {list(events.columns)}.")
    ordered = events.sort_values(["user", "time"], kind="stable")
    until = ordered.groupby("user", sort=False)["time"].shift(-1) - ordered["time"]
    limit = until.quantile(0.99) if cutoff is None else cutoff
    seconds = until.where(until <= limit).dt.total_seconds().fillna(0.0)
    spent = pd.DataFrame({"good": seconds.where(ordered["ok"].astype(bool), 0.0), "total": seconds})
    return spent.groupby(ordered["user"]).sum()
