"""Table `sli` as `srelib rollup` leaves it: Parquet, with the length of a bucket beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from srelib import tables, wording
from srelib.errors import ReadError
from srelib.readers import counts, generic
from srelib.readers.base import FileResult, Head
from srelib.readers.text import Scan
from srelib.series import Meaning

COLUMNS = ("time", "service", "sli", "good", "total")


def is_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet does; what cannot be opened is told as of any other."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as raw:
            return raw.read(4) == b"PAR1"
    except OSError:
        return False


def read_rollup(path: Path, root: Path) -> FileResult:
    """The counts of one service."""
    name = wording.shown_path(path, root)
    found, step = rows(path, name)
    return result(found, step, path, name)


def rows(path: Path, name: str) -> tuple[pd.DataFrame, pd.Timedelta]:
    """The rows of a file, and the length of a bucket."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            step = (file.schema_arrow.metadata or {}).get(b"step", b"").decode()
            whole = {*COLUMNS} <= {*file.schema_arrow.names}
            found = file.read(COLUMNS).to_pandas() if whole else None
    except (pa.ArrowException, OSError) as error:
        raise ReadError(f"this is no whole Parquet file ({error})", file=name,
                        fix="write it again") from error  # fmt: skip
    if found is None or not step:
        raise ReadError(
            "this is a Parquet file that srelib rollup did not write", file=name,
            fix="count its rows with srelib rollup, or export it as CSV",
        )  # fmt: skip
    return found, pd.Timedelta(float(step), "s")


def result(found: pd.DataFrame, step: pd.Timedelta, path: Path, name: str) -> FileResult:
    """What such rows say, checked as those of any export."""
    times = pd.to_datetime(found["time"], utc=True).astype(tables.DTYPES["time"])  # type: ignore[call-overload]
    frame = found.assign(time=times).astype({"service": "category", "sli": "category"})
    rule = counts.NumberRule(
        "count", step, file=name, meaning=Meaning("count", "requests counted by srelib rollup")
    )
    scan = Scan(
        Head(path, name, False, "", "parquet", ""), frame, tables.empty("rejects"), len(frame),
        _cache={"lines": np.arange(1, len(frame) + 1)},
    )  # fmt: skip
    return generic.result(scan, [counts.build(frame, rule)])
