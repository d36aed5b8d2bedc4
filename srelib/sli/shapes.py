"""Good and total from measured values and from latency histograms."""

from __future__ import annotations

import math

import pandas as pd

from srelib.errors import ColumnError, ParameterError


def by_threshold(values: pd.Series, *, threshold: float, op: str = "lte") -> pd.DataFrame:
    """A measured value per bucket as good or bad time: good where ``value op threshold``.

    Parameters
    ----------
    values : Series
        One value per bucket, for example the 99th percentile of latency, in any unit.
    threshold : float
        Bound in the unit of the values.
    op : {'lte', 'lt', 'gte', 'gt'}
        Comparison that makes a bucket good, named as in OpenSLO.

    Returns
    -------
    DataFrame
        good (1 or 0) and total (1) per bucket; NaN where the value is unknown.

    Raises
    ------
    ParameterError
        Unknown comparison.

    Examples
    --------
    >>> by_threshold(pd.Series([0.2, 0.3, 0.4]), threshold=0.3)["good"].tolist()
    [1.0, 1.0, 0.0]
    """
    if op not in ("lte", "lt", "gte", "gt"):
        raise ParameterError(f"op must be lte, lt, gte or gt; got {op!r}.")
    compare = {"lte": values.le, "lt": values.lt, "gte": values.ge, "gt": values.gt}[op]
    known = values.notna()
    good = compare(threshold).astype("float64").where(known)
    return pd.DataFrame({"good": good, "total": known.astype("float64").where(known)})


def latency(histogram: pd.DataFrame, *, threshold: float) -> pd.DataFrame:
    """Share of requests no slower than a threshold, from a cumulative histogram.

    Parameters
    ----------
    histogram : DataFrame
        One row per bucket of time; columns are upper bounds as numbers (Prometheus ``le``), the
        largest one ``inf``; values are events no slower than the bound [events].
    threshold : float
        One of the bounds.

    Returns
    -------
    DataFrame
        good, total [events].

    Raises
    ------
    ParameterError
        The threshold is no bound of the histogram; between bounds nobody can count.
    ColumnError
        There is no column ``inf``, so that the total is unknown.

    Examples
    --------
    >>> latency(pd.DataFrame({0.1: [90.0], 0.3: [98.0], math.inf: [100.0]}), threshold=0.3)
       good  total
    0  98.0  100.0
    """
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
