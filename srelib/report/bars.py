"""A budget left as a bar."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Bar:
    """A budget as a bar: full at the left means everything is left, below zero is overspent."""

    x: float
    width: float
    zero: float
    over: bool


def bar(left_share: float, *, width: float = 120.0) -> Bar | None:
    """A budget left as a bar on a scale from -50 % to 100 %; what lies beyond is cut."""
    if pd.isna(left_share):
        return None
    zero = width / 3
    end = zero + min(max(left_share, -0.5), 1.0) * (width - zero)
    left, right = sorted((zero, end))
    return Bar(round(left, 2), round(right - left, 2), round(zero, 2), left_share < 0)
