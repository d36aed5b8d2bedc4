"""Notes on days: their numbers, the same in every figure, list and table."""

from __future__ import annotations

import pandas as pd

from srelib import tables


def numbered(annotations: pd.DataFrame | None) -> pd.DataFrame:
    """The table with a column ``number``, from 1 on by day; a note on several services has one."""
    rows = tables.empty("annotations") if annotations is None else annotations
    days = rows["date"].dt.floor("D")
    rows = rows.assign(date=days).sort_values(["date", "note"], kind="stable", ignore_index=True)
    new = ~rows.duplicated(["date", "note"])
    return rows.assign(number=new.cumsum())


def together(annotations: pd.DataFrame | None) -> list[tuple[int, pd.Timestamp, list[str], str]]:
    """Each note once: number, day, its services (none: it is about all), text."""
    found = []
    for number, rows in numbered(annotations).groupby("number"):
        services = [] if rows["service"].isna().any() else sorted(rows["service"].astype("str"))
        found.append((int(str(number)), rows["date"].iloc[0], services, str(rows["note"].iloc[0])))
    return found
