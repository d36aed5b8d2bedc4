"""One row per series: is it fit to use?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from srelib import windows
from srelib.quality.coverage import coverage, gaps

if TYPE_CHECKING:
    from srelib.dataset import Dataset

COLUMNS = [
    "service",
    "sli",
    "unit",
    "step",
    "first",
    "last",
    "buckets",
    "missing",
    "coverage",
    "gaps",
    "longest_gap",
    "gap_starts_at",
    "no_traffic",
    "total",
    "note",
]


def summary(dataset: Dataset) -> pd.DataFrame:
    """How well each series was observed.

    Parameters
    ----------
    dataset : Dataset
        The exports, as `srelib.load` returns them.

    Returns
    -------
    DataFrame
        One row per service and indicator: service, sli, unit, step [Timedelta], first, last
        (start of the first and of the last bucket), buckets (observed), missing (buckets
        between first and last that were not), coverage [fraction], gaps (how many),
        longest_gap [Timedelta; 0 without], gap_starts_at (of the longest; NaT without),
        no_traffic [fraction of the observed buckets in which nothing was asked],
        total [events or seconds], note.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from srelib import tables
    >>> summary(SimpleNamespace(series=tables.empty("series"))).shape
    (0, 15)
    """
    rows = [_of_series(dataset, series) for series in dataset.series.to_dict("records")]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_series(dataset: Dataset, series: dict) -> dict[str, object]:
    counts = dataset.counts(series["service"], series["sli"])
    seen = counts["total"].notna() & counts["good"].notna()
    found = gaps(counts)
    longest = found.iloc[found["length"].argmax()] if len(found) else None
    return {
        **{name: series.get(name) for name in ("service", "sli", "unit", "first", "last", "note")},
        "step": pd.Timedelta(seconds=series["step_seconds"]),
        "buckets": int(seen.sum()),
        "missing": int((~seen).sum()),
        "coverage": coverage(counts),
        "gaps": len(found),
        "longest_gap": pd.Timedelta(0) if longest is None else longest["length"],
        "gap_starts_at": pd.NaT if longest is None else longest["starts_at"],
        "no_traffic": windows.ratio(float((counts["total"] == 0).sum()), float(seen.sum())),
        "total": windows.totals(counts["good"], counts["total"])[1],
    }
