"""What a notebook measures: one indicator per objective, or per series where nothing is promised.

A dataset holds series and objectives; every question is asked of all of them at once.
`measured` pairs each indicator with its counts, `each` asks one question of all,
and an answer that cannot be had is kept as its error, so that one thin service does not
silence the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib.errors import SrelibError
from srelib.wording import duration, label

if TYPE_CHECKING:
    from srelib.dataset import Dataset
    from srelib.slos import Slo
    from srelib.windows import Window

NAN = float("nan")
ENOUGH = 0.95
"""Share of a window [fraction] below which what is said of it is said with the time observed."""


@dataclass(frozen=True)
class Indicator:
    """One thing measured.

    Parameters
    ----------
    name : str
        Name of the objective, or service and indicator where there is none.
    service, sli : str
        The series it comes from.
    target : float
        Service level objective [fraction]; NaN where nothing is promised.
    window : Window or None
        Window of the objective.
    unit : str
        What good and total count: 'events', 'seconds', or slices.

    Examples
    --------
    >>> Indicator("shop availability", "shop", "availability", target=0.999).allowed
    0.001
    """

    name: str
    service: str = ""
    sli: str = ""
    target: float = NAN
    window: Window | None = None
    unit: str = "events"

    @property
    def label(self) -> str:
        """The name on one line, cut when long."""
        return label(self.name, limit=34)

    @property
    def allowed(self) -> float:
        """Share of bad events the objective allows [fraction]."""
        return round(1 - self.target, 12)

    @property
    def has_target(self) -> bool:
        """Whether something is promised."""
        return self.target == self.target

    @property
    def weighting(self) -> str:
        """What an interval must take the counts for: 'events', or 'time' (seconds, slices)."""
        return "events" if self.unit == "events" else "time"


@dataclass(frozen=True)
class Observed:
    """How much of the current window of an objective was observed.

    Parameters
    ----------
    length : Timedelta
        Time observed since the window began.
    share : float
        Of the whole window [fraction]; a calendar period that goes on counts whole.
    window : Window
        The window.
    """

    length: pd.Timedelta
    share: float
    window: Window

    @property
    def is_short(self) -> bool:
        """Whether clearly less than the window was observed, so that results are so far."""
        return self.share < ENOUGH

    def __str__(self) -> str:
        the = "" if self.window.is_rolling else "the "
        return f"{duration(self.length)} observed of {the}{self.window}"


def series(dataset: Dataset) -> dict[Indicator, pd.DataFrame]:
    """Every series of a dataset with its counts, objectives or not.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    dict of Indicator to DataFrame
        Counts good and total on the full regular index, missing buckets NaN.
    """
    rows = dataset.series[["service", "sli", "unit"]].drop_duplicates(["service", "sli"])
    keys = [
        Indicator(_title(row["service"], row["sli"], rows), row["service"], row["sli"],
                  unit=row["unit"])
        for row in rows.to_dict("records")
    ]  # fmt: skip
    return {key: dataset.counts(key.service, key.sli) for key in keys}


def measured(dataset: Dataset, *, exclusions: bool = True) -> dict[Indicator, pd.DataFrame]:
    """Every objective that has data with its counts; every series where there is none.

    Parameters
    ----------
    dataset : Dataset
    exclusions : bool
        Whether planned maintenance and corrections are left out.

    Returns
    -------
    dict of Indicator to DataFrame
        Counts good and total as the objective counts them.
    """
    if not dataset.slos:
        return series(dataset)
    found = {_indicator(dataset, slo): slo for slo in dataset.slos}
    counts = {
        key: _or_error(dataset.slo_counts, slo, exclusions=exclusions) for key, slo in found.items()
    }
    return answered(counts) or series(dataset)


def promised(dataset: Dataset, *, exclusions: bool = True) -> dict[Indicator, pd.DataFrame]:
    """As `measured`, only what has an objective.

    Parameters
    ----------
    dataset : Dataset
    exclusions : bool
        Whether planned maintenance and corrections are left out.

    Returns
    -------
    dict of Indicator to DataFrame
    """
    found = measured(dataset, exclusions=exclusions)
    return {key: counts for key, counts in found.items() if key.has_target}


def unpromised(dataset: Dataset) -> dict[Indicator, pd.DataFrame]:
    """Every series that no objective is about, with its counts.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    dict of Indicator to DataFrame
        Without the bounds of latency histograms, which are no indicators by themselves.
    """
    from srelib.targets.latency import BOUND

    about = {(slo.service, slo.sli) for slo in dataset.slos}
    return {
        key: counts for key, counts in series(dataset).items()
        if (key.service, key.sli) not in about and not BOUND.fullmatch(key.sli)
    }  # fmt: skip


def unmeasured(dataset: Dataset) -> dict[Indicator, SrelibError]:
    """Objectives whose data is not there, each with the error that says what to do.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    dict of Indicator to SrelibError
    """
    tried = {_indicator(dataset, slo): _or_error(dataset.slo_counts, slo) for slo in dataset.slos}
    return {key: error for key, error in tried.items() if isinstance(error, SrelibError)}


def each(
    counts: Mapping[Indicator, pd.DataFrame], question: Callable[[Indicator, pd.DataFrame], Any]
) -> dict[Indicator, Any]:
    """One question asked of every indicator.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        As from `measured`.
    question : callable
        Takes the indicator and its counts.

    Returns
    -------
    dict of Indicator to result
        The error in place of the answer where there is none.

    Examples
    --------
    >>> counts = {Indicator("a"): pd.DataFrame({"good": [1, 2]})}
    >>> list(each(counts, lambda key, c: int(c["good"].sum())).values())
    [3]
    """
    return {key: _or_error(question, key, frame) for key, frame in counts.items()}


def then(
    results: Mapping[Indicator, Any], question: Callable[[Indicator, Any], Any]
) -> dict[Indicator, Any]:
    """One more question asked of the answers; errors stay where they are.

    Parameters
    ----------
    results : mapping of Indicator to result
        As from `each`.
    question : callable
        Takes the indicator and its answer.

    Returns
    -------
    dict of Indicator to result

    Examples
    --------
    >>> list(then({Indicator("a"): 2, Indicator("b"): SrelibError("no")},
    ...           lambda key, n: n + 1).values())
    [3, SrelibError('no')]
    """
    return {
        key: result if isinstance(result, SrelibError) else _or_error(question, key, result)
        for key, result in results.items()
    }


def answered(results: Mapping[Indicator, Any]) -> dict[Indicator, Any]:
    """The results that are not errors.

    Parameters
    ----------
    results : mapping of Indicator to result
        As from `each`.

    Returns
    -------
    dict of Indicator to result
    """
    return {key: value for key, value in results.items() if not isinstance(value, SrelibError)}


def current(key: Indicator, counts: pd.DataFrame) -> pd.DataFrame:
    """The counts of the window of the objective that the data ends in.

    Parameters
    ----------
    key : Indicator
        With a window; without one everything is returned.
    counts : DataFrame
        On a regular UTC index.

    Returns
    -------
    DataFrame
        Rolling: the last window before the end of the data. Calendar: since the period began.
    """
    from srelib import windows

    if key.window is None or counts.empty:
        return counts
    end = counts.index[-1] + windows.step_of(pd.DatetimeIndex(counts.index))
    if key.window.is_rolling:
        return counts.loc[key.window.bounds_at(end)[0] :]
    return counts.loc[key.window.bounds_at(counts.index[-1])[0] :]


def observed(key: Indicator, counts: pd.DataFrame) -> Observed | None:
    """How much of the window that the data ends in was observed.

    Parameters
    ----------
    key : Indicator
        With a window.
    counts : DataFrame
        On a regular UTC index.

    Returns
    -------
    Observed or None
        None without a window or without a bucket.

    Examples
    --------
    >>> from srelib.windows import Window
    >>> hours = pd.date_range("2026-01-01", periods=42, freq="h", tz="UTC")
    >>> counts = pd.DataFrame({"good": 1.0, "total": 1.0}, index=hours)
    >>> found = observed(Indicator("a", window=Window.parse("7d")), counts)
    >>> found.share, found.is_short
    (0.25, True)
    """
    from srelib import quality, windows

    if key.window is None or counts.empty:
        return None
    part = current(key, counts)
    step = windows.step_of(pd.DatetimeIndex(counts.index))
    length = quality.coverage(part) * len(part) * step
    return Observed(length, length / key.window.length_at(part.index[-1]), key.window)


def judged(key: Indicator, levels: pd.DataFrame) -> pd.DataFrame:
    """Which levels kept or missed the target, and which by more than chance explains."""
    kept, missed = levels["ratio"] >= key.target, levels["ratio"] < key.target
    beyond = (kept & (levels["low"] >= key.target)) | (missed & (levels["high"] < key.target))
    return pd.DataFrame({"kept": kept, "missed": missed, "beyond_chance": beyond})


def span(counts: Mapping[Indicator, pd.DataFrame]) -> pd.Timedelta:
    """From the first bucket of any indicator to the end of the last one.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        As from `measured`.

    Returns
    -------
    Timedelta
        Nothing without data.

    Examples
    --------
    >>> span({})
    Timedelta('0 days 00:00:00')
    """
    from srelib import windows

    indexes = [pd.DatetimeIndex(c.index) for c in answered(counts).values() if len(c)]
    if not indexes:
        return pd.Timedelta(0)
    ends = [index[-1] + windows.step_of(index) for index in indexes if len(index) > 1]
    return max([*ends, *(i[-1] for i in indexes)]) - min(index[0] for index in indexes)


def settled(key: Indicator, left: pd.Series) -> pd.Series:
    """A burn-down without the start of a window, when a few events swing it."""
    from srelib import windows

    if key.window is None or len(left) < 3:
        return left
    index = pd.DatetimeIndex(left.index)
    length = key.window.length_at(index[-1])
    if key.window.is_rolling:
        return left if index[0] + length >= index[len(index) // 2] else left[index[0] + length :]
    return left.mask(index - windows.period_starts(index, window=key.window) < length / 10)


def related(
    events: pd.DataFrame, key: Indicator, *, environment: str | None = None
) -> pd.DataFrame:
    """The incidents or deployments of the service of an indicator.

    Parameters
    ----------
    events : DataFrame
        Table ``incidents`` or ``deployments``.
    key : Indicator
    environment : str, optional
        Start of the names of environments that count, upper or lower case;
        rows that name none are kept.

    Returns
    -------
    DataFrame
        A selection of the rows.

    Examples
    --------
    >>> deployments = pd.DataFrame({"service": ["a", "a", "b"],
    ...                             "environment": ["Production", "staging", "production"]})
    >>> related(deployments, Indicator("a", "a"), environment="prod").index.tolist()
    [0]
    """
    mine = events["service"] == key.service
    if environment is None or "environment" not in events.columns:
        return events[mine]
    names = events["environment"].astype("str").str.lower()
    return events[mine & (events["environment"].isna() | names.str.startswith(environment.lower()))]


def slice_shares(counts: Mapping[Indicator, pd.DataFrame], *, slice: str) -> pd.DataFrame:
    """Share of bad events beside share of bad slices of time, a slice being judged by the target.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        As from `promised`; indicators that already count slices are left out.
    slice : str
        Length of a slice, for example ``"5m"``.

    Returns
    -------
    DataFrame
        indicator (Indicator), events, slices: bad shares [fraction].
    """
    from srelib import sli, windows

    rows = []
    for key, frame in counts.items():
        if not key.has_target or key.unit.startswith("slices"):
            continue
        good, total = frame["good"], frame["total"]
        found = _or_error(sli.time_slices, good, total, slice=slice, threshold=key.target)
        if not isinstance(found, SrelibError):
            shares = (windows.ratio(good, total), windows.ratio(found["good"], found["total"]))
            rows.append((key, 1 - shares[0], 1 - shares[1]))
    return pd.DataFrame(rows, columns=["indicator", "events", "slices"])


def _or_error(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except SrelibError as error:
        return error


def _indicator(dataset: Dataset, slo: Slo) -> Indicator:
    return Indicator(
        name=slo.display_name or slo.name,
        service=slo.service,
        sli=slo.sli,
        target=slo.target,
        window=slo.window,
        unit=_unit(dataset.series, slo),
    )


def _unit(rows: pd.DataFrame, slo: Slo) -> str:
    if slo.method != "Occurrences" and slo.slice is not None:
        return f"slices of {duration(slo.slice)}"
    found = rows.loc[(rows["service"] == slo.service) & (rows["sli"] == slo.sli), "unit"]
    return str(found.iloc[0]) if len(found) else "events"


def _title(service: str, sli: str, rows: pd.DataFrame) -> str:
    alone = (rows["service"] == service).sum() == 1 and sli == "availability"
    return service if alone else f"{service} {sli}"
