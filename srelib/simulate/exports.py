"""A fleet as its exports look when downloaded: Grafana, and plain CSV.

Text in, text out: nothing here touches a file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from srelib.simulate.events import commit_sha
from srelib.simulate.world import Fleet, World


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]], *, end: str = "\n") -> str:
    """Rows as CSV, quoted only where needed.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : iterable of sequences
        Values.
    end : str
        End of a line.

    Returns
    -------
    str

    Examples
    --------
    >>> csv_text(["a", "b"], [(1, "x, y")])
    'a,b\\n1,"x, y"\\n'
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end)
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def stamp(time: pd.Timestamp) -> str:
    """A time as most APIs write it; empty when it is missing.

    Parameters
    ----------
    time : Timestamp
        UTC.

    Returns
    -------
    str

    Examples
    --------
    >>> stamp(pd.Timestamp("2026-04-01 09:30", tz="UTC"))
    '2026-04-01T09:30:00Z'
    """
    return "" if pd.isna(time) else time.strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(prefix: str, text: str, length: int = 13) -> str:
    """A made-up identifier that is always the same for the same text.

    Parameters
    ----------
    prefix : str
        First characters.
    text : str
        What it stands for.
    length : int
        Characters after the prefix.

    Returns
    -------
    str
    """
    return prefix + commit_sha(text)[:length].upper()


def grafana_lines(fleet: Fleet) -> list[str]:
    """A Grafana panel, "Series joined by time", raw: header and lines, without line ends.

    Columns per service: ``<service> good``, ``<service> total`` and, with a latency
    indicator, ``<service> fast``.
    A bucket nobody recorded is ``undefined``; a row nobody recorded is not there.

    Parameters
    ----------
    fleet : Fleet
        The fleet.

    Returns
    -------
    list of str
    """
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
    """A canonical table as plain CSV: times as ISO 8601, missing values empty.

    Parameters
    ----------
    table : DataFrame
        One of the tables of a fleet.

    Returns
    -------
    list of str
        Header and lines, without line ends.

    Examples
    --------
    >>> plain(pd.DataFrame({"rule": ["Burn, fast"], "resolved_at": [pd.NaT]}))
    ['rule,resolved_at', '"Burn, fast",']
    """
    columns = [
        table[name].map(stamp)
        if isinstance(table[name].dtype, pd.DatetimeTZDtype)
        else table[name].astype(object).where(table[name].notna(), "")
        for name in table
    ]
    return csv_text([str(name) for name in table], zip(*columns, strict=True)).splitlines()
