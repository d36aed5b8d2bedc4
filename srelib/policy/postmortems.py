"""Which incidents the Workbook's policy asks a postmortem for: those dear enough by themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib import windows
from srelib.budget import budget_fraction
from srelib.errors import ColumnError, ParameterError
from srelib.policy.daily import Ledger
from srelib.windows import Window, as_window

FOUR_WEEKS = Window(pd.Timedelta(days=28))


def postmortems(
    good: pd.Series,
    total: pd.Series,
    incidents: pd.DataFrame,
    *,
    target: float,
    window: Window | pd.Timedelta | str = FOUR_WEEKS,
    above: float = 0.2,
) -> pd.DataFrame:
    """Incidents that alone spent more than so much of the budget of a window.

    spent = bad events while it lasted / what the window of ordinary traffic allows

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index.
    incidents : DataFrame
        Table ``incidents`` of the service.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    window : Window, Timedelta or str
        Rolling window of the budget.
    above : float
        Share of it that asks for a postmortem [fraction].

    Returns
    -------
    DataFrame
        incident_id, title, started_at, ended_at (the end of the data while it is open), bad
        [events], spent [fraction]; dearest first.

    Raises
    ------
    ColumnError
        A column is missing.
    ParameterError
        A calendar window, or `above` is not positive.

    Notes
    -----
    What the window allows is taken from the mean traffic of all the data, so that an incident
    early in a short history is not held against a few days. A bucket counts as a whole.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, appendix B.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=1440 * 28, freq="min", tz="UTC")
    >>> total = pd.Series(100.0, index)
    >>> good = total.mask((index >= index[600]) & (index < index[609]), 0.0)
    >>> log = pd.DataFrame({"incident_id": ["i"], "started_at": index[[600]],
    ...                     "resolved_at": index[[609]]})
    >>> postmortems(good, total, log, target=0.999)["spent"].round(3).tolist()
    [0.223]
    """
    length = as_window(window).duration
    if length is None or not above > 0:
        raise ParameterError(
            "a postmortem needs a rolling window and a share above 0; "
            f"got {as_window(window)} and {above}."
        )
    lacking = [c for c in ("incident_id", "started_at", "resolved_at") if c not in incidents]
    if lacking:
        raise ColumnError(f"incidents lack {', '.join(lacking)}; columns: {list(incidents)}.")
    ledger = Ledger.of(good, total)
    ends = incidents["resolved_at"].fillna(ledger.last)
    frame = pd.DataFrame({
        "incident_id": incidents["incident_id"].astype("str"),
        "title": incidents.get("title", incidents["incident_id"]),
        "started_at": incidents["started_at"], "ended_at": ends,
        "bad": _bad(ledger, incidents["started_at"], ends),
    })  # fmt: skip
    rate = windows.divide(ledger.total[-1], ledger.known[-1])  # events in a bucket
    allowed = budget_fraction(target) * rate * (length / pd.Timedelta(ledger.step, "us"))
    frame["spent"] = windows.divide(frame["bad"].to_numpy(), np.full(len(frame), allowed))
    dear = frame[frame["spent"] > above]
    return dear.sort_values("spent", ascending=False, kind="stable", ignore_index=True)


def _bad(ledger: Ledger, starts: pd.Series, ends: pd.Series) -> np.ndarray:
    """Bad events in the buckets that each span touches."""
    first, last = (times.dt.as_unit("us").astype("int64").to_numpy() for times in (starts, ends))
    low = np.clip((first - ledger.start) // ledger.step, 0, ledger.size)
    high = np.clip(-((ledger.start - last) // ledger.step), low, ledger.size)
    return np.asarray(ledger.bad[high] - ledger.bad[low])
