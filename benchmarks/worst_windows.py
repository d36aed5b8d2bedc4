"""The worst ratio over every window length, a year of minutes, against pandas ``rolling``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.measure import Row, alternate, seconds, table
from srelib import sli

MINUTES = 525_600
LIMIT = 0.5
REPEATS = 5
SEED = 20260629


def year() -> pd.DataFrame:
    """A year of minutes of one service.

    Returns
    -------
    DataFrame
        good and total [events].
    """
    random = np.random.default_rng(SEED)
    index = pd.date_range("2025-01-01", periods=MINUTES, freq="1min", tz="UTC")
    total = random.poisson(500, MINUTES).astype("float64")
    good = total - random.binomial(total.astype("int64"), 0.002)
    return pd.DataFrame({"good": good, "total": total}, index=index)


def with_pandas(counts: pd.DataFrame, *, lengths: list[int]) -> list[float]:
    """The same worst ratios the way one would write them in a notebook.

    Parameters
    ----------
    counts : DataFrame
        good and total [events].
    lengths : list of int
        Window lengths [buckets].

    Returns
    -------
    list of float
    """
    sums = (counts.rolling(n).sum() for n in lengths)
    return [float((rolled["good"] / rolled["total"]).min()) for rolled in sums]


def run(repeats: int = REPEATS) -> list[Row]:
    """Measure, after checking that both sides agree.

    Parameters
    ----------
    repeats : int
        Runs of each side.

    Returns
    -------
    list of Row
    """
    counts = year()
    found = sli.worst_windows(counts["good"], counts["total"])
    lengths = [int(window / pd.Timedelta("1min")) for window in found["window"]]
    np.testing.assert_allclose(found["ratio"], with_pandas(counts, lengths=lengths), rtol=1e-9)
    ours, other = alternate(
        lambda: seconds(lambda: sli.worst_windows(counts["good"], counts["total"])),
        lambda: seconds(lambda: with_pandas(counts, lengths=lengths)),
        repeats=repeats,
    )
    name = f"worst windows, {len(lengths)} lengths, a year of minutes"
    return [Row(name, ours, other, "pandas rolling", LIMIT, repeats)]


if __name__ == "__main__":
    print(table(run()))
