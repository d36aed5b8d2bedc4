"""Counts over time windows, and the one place where a ratio is divided.

A *counts* Series holds one value per bucket, indexed by the start of the bucket on a regular
tz-aware index.
Zero means observed and nothing happened; NaN means unknown.

Rolling windows are ``(t - W, t]``: the value at bucket ``t`` covers the buckets whose start
lies in that span, which is the bucket at ``t`` and the ones before it, W / step in all.
Its information is complete at the *end* of bucket ``t``.
Where history is shorter than W, what exists is used.

Sums come from prefix sums: every window costs one subtraction per bucket.
Whole numbers are exact as long as the sum over the series stays below 2**53.
Fractional counts are first put on a common binary grid fine enough for 52 significant bits of
that sum, so that their window sums are exact too: a window without events is 0, never 1e-12.
"""

from srelib.windows.sums import History, history, rolling_ratio
from srelib.windows.window import Window, current, step_of

__all__ = ["History", "Window", "current", "history", "rolling_ratio", "step_of"]


def __dir__() -> list[str]:
    return __all__
