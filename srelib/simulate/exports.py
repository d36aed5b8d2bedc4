"""A fleet as its exports look when downloaded: Grafana, and plain CSV.

Text in, text out: nothing here touches a file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from srelib.simulate.spec import commit_sha
from srelib.simulate.world import Fleet, World


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]], *, end: str = "\n") -> str:
    """Rows as CSV, quoted only where needed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end)
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def stamp(time: pd.Timestamp) -> str:
    """A time as most APIs write it; empty when it is missing."""
    return "" if pd.isna(time) else time.strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(prefix: str, text: str, length: int = 13) -> str:
    """A made-up identifier that is always the same for the same text."""
    return prefix + commit_sha(text)[:length].upper()


def grafana_lines(fleet: Fleet) -> list[str]:
    """A Grafana panel, "Series joined by time", raw: header and lines, without line ends."""
    names, columns, seen = ["Time"], [], np.zeros(fleet.grid.size, dtype=bool)
    for world in fleet.worlds:
        counts = world.counts
        seen |= counts.observed
        for name, values in _grafana_series(world):
            names.append(f"{world.spec.name} {name}")
            text = values.astype(str).astype(object)
            text[~counts.observed] = "undefined"
            columns.append(text)
    milliseconds = fleet.grid.index.as_unit("ms").asi8.astype(str)
    rows = zip(milliseconds[seen], *(column[seen] for column in columns), strict=True)
    return [",".join(f'"{name}"' for name in names), *(",".join(row) for row in rows)]


def _grafana_series(world: World) -> list[tuple[str, np.ndarray]]:
    counts = world.counts
    series = [("good", counts.good), ("total", counts.total)]
    return series if counts.fast is None else [*series, ("fast", counts.fast)]


def plain(table: pd.DataFrame) -> list[str]:
    """A canonical table as plain CSV: times as ISO 8601, missing values empty."""
    columns = [
        table[name].map(stamp)
        if isinstance(table[name].dtype, pd.DatetimeTZDtype)
        else table[name].astype(object).where(table[name].notna(), "")
        for name in table
    ]
    return csv_text([str(name) for name in table], zip(*columns, strict=True)).splitlines()
