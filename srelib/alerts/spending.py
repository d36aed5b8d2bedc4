"""How much of the budget of a period went between two moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.alerts.firing import history
from srelib.alerts.truth import period_budget
from srelib.windows import Window


@dataclass(frozen=True)
class Spending:
    """Budget spent over time.

    Parameters
    ----------
    first : Timestamp
        Start of the first bucket, UTC.
    step : Timedelta
        Length of a bucket.
    spent : array, shape (buckets + 1,)
        Share of the budget of a period spent before each bucket, and by the end [fraction].
    """

    first: pd.Timestamp
    step: pd.Timedelta
    spent: np.ndarray

    @property
    def last(self) -> pd.Timestamp:
        """End of the last bucket."""
        return self.first + self.step * (len(self.spent) - 1)

    def between(self, starts: pd.Series, stops: pd.Series) -> np.ndarray:
        """Share of the budget of a period spent between two times, row by row.

        Parameters
        ----------
        starts, stops : Series of Timestamp

        Returns
        -------
        array
            Fractions; inside a bucket spending is taken as even; NaN where a time is missing.
        """
        places = np.arange(len(self.spent), dtype="float64")
        low, high = (
            np.interp((times - self.first) / self.step, places, self.spent)
            for times in (starts, stops)
        )
        return np.where(starts.isna() | stops.isna(), np.nan, high - low)


def spending(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    period: Window | pd.Timedelta | str,
) -> Spending:
    """Budget spent over time, as a share of the budget of one SLO period."""
    past = history(good, total)
    share = past.bad.sums / period_budget(past, target=target, period=period)
    return Spending(past.index[0].tz_convert("UTC").as_unit("us"), past.step, share)
