"""Text cells of events to times and flags; what is neither becomes the fault of its row.

A fault is three columns beside the row: ``fault`` (the reason; missing: none),
``fault_column`` and ``fault_value``.
`srelib.readers.events.build` refuses the rows that bring one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from srelib.readers import cells

FLAG_WORDS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0"), False),
}
_UNPLANNED = re.compile(r"unplanned|rollback|hotfix|revert|rework|emergency")


def with_times(
    frame: pd.DataFrame,
    names: Sequence[str],
    *,
    file: str,
    timezone: str | None = None,
    shown: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The frame with text turned into UTC times; what is no time becomes a fault."""
    timed = frame.copy()
    if "fault" not in timed:
        timed[["fault", "fault_column", "fault_value"]] = None
    for name in names:
        called = (shown or {}).get(name, name)
        text = timed[name].astype("str")
        read = cells.times(text, timezone=timezone, file=file, column=called)
        bad = read.reasons.notna() & timed["fault"].isna()
        timed["fault"] = timed["fault"].where(~bad, read.reasons)
        timed["fault_column"] = timed["fault_column"].where(~bad, called)
        timed["fault_value"] = timed["fault_value"].where(~bad, timed[name])
        timed[name] = read.values
    return timed


def with_planned(frame: pd.DataFrame, *, column: str) -> pd.DataFrame:
    """The frame with ``planned`` as a flag; what is neither yes nor no becomes a fault."""
    text = frame["planned"].astype("str").str.strip()
    flags = text.str.lower().map(FLAG_WORDS).astype("boolean")
    given = frame["fault"] if "fault" in frame else pd.Series(None, frame.index, dtype="object")
    bad = text.notna() & (text != "") & flags.isna() & given.isna()
    told = {"fault": "neither true nor false (write true, false, 1, 0, yes or no)"}
    told |= {"fault_column": column}
    kept = {name: frame.get(name, given) for name in ("fault", "fault_column", "fault_value")}
    return frame.assign(
        planned=~flags if _UNPLANNED.search(column.lower()) else flags,
        **{name: kept[name].where(~bad, told.get(name, text)) for name in kept},
    )
