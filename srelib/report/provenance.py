"""Where the numbers of a report come from, as texts for the pages."""

from __future__ import annotations

import platform
from typing import Any

import pandas as pd

import srelib
from srelib import tables, wording


def provenance(dataset: Any) -> dict[str, Any]:
    """What every page says about its input."""
    sources, series = dataset.sources, dataset.series
    left_out = dataset.rejects.loc[tables.left_out(dataset.rejects), "file"].value_counts()
    first = (series if len(series) else sources)["first"].min()
    return {
        "folder": folder_name(dataset.path),
        "first": when(first),
        "as_of": when(dataset.as_of),
        "rows_kept": int(sources["rows_kept"].sum()),
        "rows_refused": int(sources["rows_rejected"].sum() - left_out.sum()),
        "rows_left_out": int(left_out.sum()),
        "rows_missing": int(sources["rows_missing"].sum()),
        "timezones": wording.listing(sorted(set(sources["timezone"].dropna()) - {"UTC"}), limit=6),
        "files": [_file(row, left_out) for row in sources.to_dict("records")],
        "versions": versions(),
    }


def _file(row: dict[Any, Any], left_out: pd.Series) -> dict[str, Any]:
    plain = {name: "" if pd.isna(value) else str(value) for name, value in row.items()}
    counts = {name: int(row[name]) for name in ("rows_kept", "rows_rejected", "rows_missing")}
    out = int(left_out.get(row["file"], 0))
    notes = [line for line in plain["notes"].split("\n") if line]
    return {
        **plain,
        **counts,
        "rows_refused": counts["rows_rejected"] - out,
        "rows_left_out": out,
        "first": when(row["first"]),
        "last": when(row["last"]),
        "notes": notes,
    }


def folder_name(path: Any) -> str:
    """The name of a folder, without where it lies."""
    from pathlib import Path

    return Path(path).resolve().name or "data"


def when(time: Any) -> str:
    """A time as text, to the minute, in UTC."""
    return "–" if pd.isna(time) else f"{time:%Y-%m-%d %H:%M}"


def versions() -> str:
    """The software that made a report."""
    return (
        f"srelib {srelib.__version__}, pandas {pd.__version__}, Python {platform.python_version()}"
    )
