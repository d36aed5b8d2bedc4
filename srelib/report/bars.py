"""A budget left as a bar."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Bar:
    """A budget as a bar: full at the left means everything is left, below zero is overspent.

    Parameters
    ----------
    x, width : float
        Where the bar begins and how long it is [px of a track].
    zero : float
        Where nothing is left [px].
    over : bool
        Whether more was spent than allowed.
    """

    x: float
    width: float
    zero: float
    over: bool


def bar(left_share: float, *, width: float = 120.0) -> Bar | None:
    """A budget left as a bar on a scale from -50 % to 100 %; what lies beyond is cut.

    Parameters
    ----------
    left_share : float
        Share of the allowance that is left [fraction].
    width : float
        Length of the whole scale [px].

    Returns
    -------
    Bar or None
        None where the share is unknown.

    Examples
    --------
    >>> bar(1.0)
    Bar(x=40.0, width=80.0, zero=40.0, over=False)
    """
    if pd.isna(left_share):
        return None
    zero = width / 3
    end = zero + min(max(left_share, -0.5), 1.0) * (width - zero)
    left, right = sorted((zero, end))
    return Bar(round(left, 2), round(right - left, 2), round(zero, 2), left_share < 0)
