"""Allowance, spent, left: the error budget of a stretch of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srelib.budget.counts import Counts, budget_fraction, checked, exact_sum, share


@dataclass(frozen=True)
class Status:
    """The error budget of a stretch of time.

    Parameters
    ----------
    good, total, bad : float
        Sums [events], or seconds when weighted by time; NaN when nothing was observed.
    target : float
        Service level objective [fraction].
    allowance : float
        Bad events the target allows on this traffic [events].
    spent : float
        Bad events [events].
    left : float
        allowance - spent [events]; negative when overspent.
    spent_share, left_share : float
        Share of the allowance [fraction]; NaN without an allowance.
    sli : float
        good / total [fraction]; NaN without traffic.
    """

    good: float
    total: float
    bad: float
    target: float
    allowance: float
    spent: float
    left: float
    spent_share: float
    left_share: float
    sli: float


def status(good: Counts, total: Counts, *, target: float) -> Status:
    """Error budget: what was allowed, what was spent, what is left.

    allowance = (1 - target) * total; spent = total - good; left = allowance - spent.

    Parameters
    ----------
    good, total : Series or float
        Good and total events [events]; a missing bucket is unknown and left out.
    target : float
        Service level objective [fraction], strictly between 0 and 1.

    Returns
    -------
    Status
        Sums over everything given; all NaN when no bucket was observed.

    Raises
    ------
    InvalidTargetError
        The target is not a fraction strictly between 0 and 1.
    CountError
        Counts that cannot be: negative, infinite, good > total.

    Notes
    -----
    Counts are summed first and divided last.
    Where nothing was asked (total = 0), nothing is spent; shares are then NaN.
    Nothing is rounded on the way.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 2.

    Examples
    --------
    >>> budget = status(3_557_865, 3_663_253, target=0.97)
    >>> f"{budget.allowance:.2f} {budget.spent:.0f} {budget.left_share:.3f}"
    '109897.59 105388 0.041'
    """
    fraction = budget_fraction(target)
    good_seen, total_seen = checked(good, total)
    if np.isnan(total_seen).all():
        nan = float("nan")
        return Status(nan, nan, nan, float(target), nan, nan, nan, nan, nan, nan)
    asked = exact_sum(total_seen)
    answered = exact_sum(good_seen)
    bad = exact_sum(total_seen - good_seen)
    allowance = fraction * asked
    spent_share = share(bad, allowance)
    return Status(
        good=answered,
        total=asked,
        bad=bad,
        target=float(target),
        allowance=allowance,
        spent=bad,
        left=allowance - bad,
        spent_share=spent_share,
        left_share=1 - spent_share,
        sli=share(answered, asked),
    )
