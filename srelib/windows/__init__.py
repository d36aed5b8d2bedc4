"""Counts over time windows, and the one place where a ratio is divided.

A *counts* Series holds one value per bucket, indexed by the start of the bucket on a regular
tz-aware index.
Zero means observed and nothing happened; NaN means unknown.
Rolling windows are ``(t - W, t]``: known at the *end* of bucket ``t``, cut where history begins.
Window sums are exact, differences of running sums (docs/methods.md, Windows and ratios).
"""

from srelib.windows.history import History, current, history
from srelib.windows.sums import rolling_ratio
from srelib.windows.weighted import Member
from srelib.windows.window import Window, step_of

__all__ = ["History", "Member", "Window", "current", "history", "rolling_ratio", "step_of"]
__dir__ = __all__.copy
