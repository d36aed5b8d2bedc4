"""Good and total from measured values and from latency histograms."""

from __future__ import annotations

import math

import pandas as pd

from srelib.errors import ColumnError, ParameterError


def by_threshold(values: pd.Series, *, threshold: float, op: str = "lte") -> pd.DataFrame:
    """A measured value per bucket as good or bad time: good where ``value op threshold``."""
    if op not in ("lte", "lt", "gte", "gt"):
        raise ParameterError(f"op must be lte, lt, gte or gt; got {op!r}.")
    compare = {"lte": values.le, "lt": values.lt, "gte": values.ge, "gt": values.gt}[op]
    known = values.notna()
    good = compare(threshold).astype("float64").where(known)
    return pd.DataFrame({"good": good, "total": known.astype("float64").where(known)})


def latency(histogram: pd.DataFrame, *, threshold: float) -> pd.DataFrame:
    """Share of requests no slower than a threshold, from a cumulative histogram."""
    bounds = [float(name) for name in histogram.columns]
    if math.inf not in bounds:
        raise ColumnError(f"the histogram needs the bound inf, which holds all; got {bounds}.")
    if float(threshold) not in bounds:
        raise ParameterError(
            f"threshold must be a bound of the histogram ({', '.join(map(str, sorted(bounds)))}); "
            f"got {threshold}. Between two bounds the share is a guess."
        )
    good = histogram.iloc[:, bounds.index(float(threshold))]
    total = histogram.iloc[:, bounds.index(math.inf)]
    return pd.DataFrame({"good": good, "total": total}).astype("float64")
