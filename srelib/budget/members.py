"""What each member of a composite spent of its budget: the parts add up to the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from srelib.budget.accounting import _exact_parts
from srelib.budget.status import status
from srelib.sli.composite import _put_together, _spent_by_bucket
from srelib.slos.model import WEIGHTED_MEAN
from srelib.windows import Window, current
from srelib.windows.history import _cut
from srelib.windows.sums import _divide
from srelib.windows.weighted import _members, _shares


def spent_by_member(
    good: pd.DataFrame, total: pd.DataFrame, *, rule: str, target: float, window: Window | None
) -> pd.DataFrame:
    """What each member of a composite spent of the budget of its current window.

    A bad event of a weighted mean weighs as much as it does in the mean; the loss of a worst
    member is that of the bucket, divided equally among members that are equally bad.

    Parameters
    ----------
    good, total : DataFrame, a column for each `Member`, as from `srelib.objectives.members`
        [events]
    rule : {'weighted mean', 'all events', 'worst member'}
    target, window : float [fraction], Window or None, of the composite; None: all the time given

    Returns
    -------
    DataFrame
        One row per member: member, part (its share in a weighted mean, 0 without traffic; NaN
        under the other rules), sli (of the member alone), coverage [fraction], bad (of the
        composite; adds up to what it spent) [events], share_of_allowance, share_of_spent
        [fraction].

    Raises
    ------
    CountError, InvalidTargetError, ParameterError
        As `status`; members that cannot be added.

    Examples
    --------
    >>> from srelib.windows import Member
    >>> index = pd.date_range("2026-01-01", periods=2, freq="h", tz="UTC")
    >>> total = pd.DataFrame({Member("cart"): 10.0, Member("pay"): 30.0}, index=index)
    >>> found = spent_by_member(total - 1, total, rule="all events", target=0.9, window=None)
    >>> found[["member", "bad"]].to_numpy().tolist()
    [['cart', 2.0], ['pay', 2.0]]
    """
    parts = pd.concat({"good": good, "total": total}, axis=1)
    whole = current(_put_together(parts, rule), window=window)
    spent = status(whole["good"], whole["total"], target=target)
    seen = _cut(parts, window)
    own: Any = seen["total"]
    lost, asked = ((frame.sum()).to_numpy() for frame in (own - seen["good"], own))
    members = _members(own)
    part = np.full(len(members), np.nan)
    if rule == WEIGHTED_MEAN:
        weights = np.array([member.weight for member in members])
        part = _shares(asked[:, None], weights)[:, 0]
        bad = np.nan_to_num(part * _divide(lost, asked)) * asked.sum()
    else:
        bad = _spent_by_bucket(seen, rule).sum(axis=1)
    known = spent.spent == spent.spent
    bad = _exact_parts(bad, spent.spent) if known else np.full(len(members), np.nan)
    return pd.DataFrame({
        "member": [member.name for member in members],
        "part": part,
        "sli": 1 - _divide(lost, asked),
        "coverage": own.notna().mean().to_numpy(),
        "bad": bad,
        "share_of_allowance": _divide(bad, spent.allowance),
        "share_of_spent": _divide(bad, spent.spent),
    })  # fmt: skip
