"""Tables of one service: checked, and without what does not count."""

from __future__ import annotations

import pandas as pd

from srelib.errors import ColumnError, ParameterError


def real_incidents(incidents: pd.DataFrame | None) -> pd.DataFrame:
    """Incidents that began, without planned maintenance."""
    wanted = ["incident_id", "started_at", "resolved_at", "deployment_id"]
    if incidents is None or incidents.empty:
        empty = pd.DataFrame({name: pd.Series(dtype="str") for name in wanted})
        times = pd.Series(dtype="datetime64[us, UTC]")
        return empty.assign(started_at=times, resolved_at=times)
    check_table(incidents, "incidents", ("started_at", "resolved_at"))
    rows = incidents
    if "severity" in rows:
        rows = rows[rows["severity"].astype("str").str.casefold() != "maintenance"]
    rows = rows[rows["started_at"].notna()]
    return rows.reindex(columns=wanted)


def check_table(table: pd.DataFrame, name: str, needed: tuple[str, ...]) -> None:
    """Refuse a table that lacks a column or holds several services."""
    lacking = [column for column in needed if column not in table.columns]
    if lacking:
        raise ColumnError(f"{name} lack {', '.join(lacking)}; columns seen: {list(table)}.")
    if "service" in table and table["service"].nunique() > 1:
        raise ParameterError(
            f"{name} must belong to the one service whose counts are given; got "
            f"{table['service'].nunique()} services. Keep the rows of one service."
        )
