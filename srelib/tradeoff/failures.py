"""Which deployments fail: large ones, those of a weekday, those of an hour?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import delivery
from srelib.delivery.failures import _failures
from srelib.delivery.lead_time import _lead_times
from srelib.delivery.rules import DEFAULT
from srelib.errors import ParameterError
from srelib.stats import Estimate
from srelib.stats.intervals import _normal_quantile, _wilson
from srelib.tradeoff.association import Span

NAN = float("nan")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS = ((0, 9, "before 9 h"), (9, 12, "9 to 12 h"), (12, 15, "12 to 15 h"), (15, 18, "15 to 18 h"),
         (18, 24, "after 18 h"))  # fmt: skip
ODDS = "logistic regression within services (Firth)"
SHIPPED = ["deployment_id", "service", "finished_at", "size", "failed"]


def shipped(
    deployments: pd.DataFrame,
    changes: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    *,
    between: Span | None,
    rules: delivery.Rules = DEFAULT,
) -> pd.DataFrame:
    """What reached users: when, how large, and whether it failed.

    Parameters
    ----------
    deployments : DataFrame
        Table ``deployments``, production only.
    changes, incidents : DataFrame or None
        The tables.
    between : pair of Timestamp or None
        Start and end, half-open; None: nothing.
    rules : delivery.Rules
        Which signals make a failure.

    Returns
    -------
    DataFrame
        deployment_id, service, finished_at, size (changes in it; NaN where no change names it)
        [changes], failed; in order of time.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-15T09:00Z"])
    >>> rows = pd.DataFrame({"deployment_id": ["d1", "d2"], "service": "shop",
    ...     "finished_at": days, "status": ["succeeded", "rolled_back"], "planned": True})
    >>> shipped(rows, None, None, between=(days[0], days[1]))["failed"].tolist()
    [False, True]
    """
    if between is None:
        return pd.DataFrame(columns=SHIPPED)
    found = _failures(deployments, incidents, between=between, rules=rules)
    found = found.sort_values("finished_at", kind="stable", ignore_index=True)
    found["service"] = found["service"].astype("str")
    found["size"] = np.nan
    if changes is not None and len(changes) and len(found):
        linked = _lead_times(changes, deployments, between=between)
        many = linked.groupby(["service", "deployment_id"], observed=True).size()
        keys = pd.MultiIndex.from_frame(found[["service", "deployment_id"]].astype("str"))
        found["size"] = many.reindex(keys).to_numpy(dtype="float64")
    return found[SHIPPED]


@dataclass(frozen=True)
class Failures:
    """How often deployments of several kinds failed, and whether the kind has to do with it.

    Parameters
    ----------
    kind : str
        'batch size', 'weekday' or 'hour'.
    shares : DataFrame
        label, deployments, failed [count], share, low, high (Wilson) [fraction], expected (what
        the services in this row fail at over all their deployments) [fraction].
    odds : Estimate
        For batch size: factor on the odds of failing for twice the changes, within services.
        NaN for the others.
    p_value : float
        Chance of differences at least as large if failing had nothing to do with the kind.
    deployments : int
        How many are in it.
    """

    kind: str
    shares: pd.DataFrame
    odds: Estimate
    p_value: float
    deployments: int


def by_batch(shipped: pd.DataFrame, *, confidence: float = 0.95) -> Failures:
    """Do large deployments fail more often than small ones of the same service?

    Parameters
    ----------
    shipped : DataFrame
        As from `srelib.tradeoff.shipped`: service, size [changes], failed.
    confidence : float
        Of the intervals [fraction].

    Returns
    -------
    Failures

    Notes
    -----
    log odds = a(service) + b log2(changes), penalised after Firth, so that a service where
    nothing or everything failed does no harm; the interval is Wald's, the p-value that of the
    same statistic.
    Each service is held against itself: a service with large batches that fails often for other
    reasons does not make batches look guilty.

    References
    ----------
    .. [1] Firth, Biometrika 80 (1993) 27.

    Examples
    --------
    >>> sizes = pd.Series([1, 1, 2, 2, 8, 8, 16, 16.0])
    >>> rows = pd.DataFrame({"service": "shop", "size": sizes, "failed": sizes > 4})
    >>> found = by_batch(rows)
    >>> found.odds.value > 1, found.shares["share"].tolist()
    (True, [0.0, 0.0, 1.0, 1.0])
    """
    rows = shipped[shipped["size"] >= 1]
    if not len(rows):
        return _nothing("batch size", confidence)
    groups = _size_groups(rows["size"])
    shares = _shares(rows, groups, confidence)
    odds, p = _odds(np.log2(rows["size"].to_numpy(float)), rows, confidence)
    return Failures("batch size", shares, odds, p, len(rows))


def by_weekday(
    shipped: pd.DataFrame,
    *,
    timezone: str = "UTC",
    confidence: float = 0.95,
    resamples: int = 1999,
    seed: int = 0,
) -> Failures:
    """Do deployments of one weekday fail more often than those of others?

    Parameters
    ----------
    shipped : DataFrame
        As from `srelib.tradeoff.shipped`: service, finished_at, failed.
    timezone : str
        IANA zone of the people who ship.
    confidence : float
        Of the intervals [fraction].
    resamples, seed : int
        Of the permutation test.

    Returns
    -------
    Failures
        Weekdays with a deployment, Monday first.

    Notes
    -----
    The p-value permutes which deployments failed among those of the same service.

    Examples
    --------
    >>> rows = pd.DataFrame({"service": "shop", "failed": [True, False, False, False],
    ...     "finished_at": pd.date_range("2026-01-05", periods=4, freq="D", tz="UTC")})
    >>> by_weekday(rows).shares["label"].tolist()
    ['Mon', 'Tue', 'Wed', 'Thu']
    """
    days = _local(shipped, timezone).dt.day_of_week
    return _by_time("weekday", shipped, days, DAYS, (confidence, resamples, seed))


def by_hour(
    shipped: pd.DataFrame,
    *,
    timezone: str = "UTC",
    confidence: float = 0.95,
    resamples: int = 1999,
    seed: int = 0,
) -> Failures:
    """Do deployments of one part of the day fail more often than those of others?

    Parameters
    ----------
    shipped, timezone, confidence, resamples, seed
        As in `by_weekday`.

    Returns
    -------
    Failures
        Parts of the day with a deployment, as in `HOURS`.

    Examples
    --------
    >>> rows = pd.DataFrame({"service": "shop", "failed": [True, False],
    ...     "finished_at": pd.to_datetime(["2026-01-05T10:00Z", "2026-01-05T16:00Z"])})
    >>> by_hour(rows).shares["label"].tolist()
    ['9 to 12 h', '15 to 18 h']
    """
    starts = [first for first, _, _ in HOURS]
    hours = _local(shipped, timezone).dt.hour
    parts = pd.Series(np.searchsorted(starts, hours, side="right") - 1, hours.index)
    labels = tuple(label for _, _, label in HOURS)
    return _by_time("hour", shipped, parts, labels, (confidence, resamples, seed))


def _local(shipped: pd.DataFrame, timezone: str) -> pd.Series:
    return shipped["finished_at"].astype("datetime64[us, UTC]").dt.tz_convert(timezone)


def _by_time(
    kind: str,
    shipped: pd.DataFrame,
    of: pd.Series,
    labels: tuple[str, ...],
    options: tuple[float, int, int],
) -> Failures:
    confidence, resamples, seed = options
    if resamples < 99:
        raise ParameterError(f"resamples must be at least 99; got {resamples}.")
    if not len(shipped):
        return _nothing(kind, confidence)
    groups = _grouped(of.to_numpy(dtype="int64"), labels, shipped.index)
    shares = _shares(shipped, groups, confidence)
    none = Estimate(NAN, NAN, NAN, len(shipped), confidence, "permuted deployments")
    p = _permuted(shipped, groups, resamples, seed)
    return Failures(kind, shares, none, p, len(shipped))


def _nothing(kind: str, confidence: float) -> Failures:
    columns = ["label", "deployments", "failed", "share", "low", "high", "expected"]
    none = Estimate(NAN, NAN, NAN, 0, confidence, ODDS)
    return Failures(kind, pd.DataFrame(columns=columns), none, NAN, 0)


def _size_groups(sizes: pd.Series) -> pd.Series:
    """1, 2, 3 to 4, 5 to 8, ... changes: each group twice the one before, the last one open."""
    step = np.ceil(np.log2(sizes.to_numpy(float))).clip(0, 5).astype(int)
    labels = ("1", "2", "3\u20134", "5\u20138", "9\u201316", "17 or more")
    return _grouped(step, labels, sizes.index)


def _grouped(of: np.ndarray, labels: tuple[str, ...], index: pd.Index) -> pd.Series:
    """The label of each row, in the order of the labels."""
    values = np.array(labels, dtype=object)[of]
    return pd.Series(pd.Categorical(values, categories=list(labels)), index)


def _shares(rows: pd.DataFrame, groups: pd.Series, confidence: float) -> pd.DataFrame:
    """Share that failed of each group, beside what its services fail at anyway."""
    usual = rows.groupby("service")["failed"].transform("mean")
    frame = rows.assign(usual=usual).groupby(groups, observed=True)
    found = frame.agg(deployments=("failed", "size"), failed=("failed", "sum"),
                      expected=("usual", "mean"))  # fmt: skip
    low, high = _wilson(found["failed"], found["deployments"], confidence=confidence)
    share = found["failed"] / found["deployments"]
    found = found.assign(share=share, low=low, high=high).rename_axis("label").reset_index()
    found["label"] = found["label"].astype("str")
    return found[["label", "deployments", "failed", "share", "low", "high", "expected"]]


def _permuted(rows: pd.DataFrame, groups: pd.Series, resamples: int, seed: int) -> float:
    """P of the scatter of groups around what their services fail at, failures permuted within."""
    failed, of = rows["failed"].to_numpy(float), groups.cat.codes.to_numpy()
    service = pd.factorize(rows["service"])[0]
    usual = rows.groupby("service")["failed"].transform("mean").to_numpy(float)
    many = len(groups.cat.categories)
    noise = np.bincount(of, usual * (1 - usual), minlength=many)
    if not noise.sum() or (noise > 0).sum() < 2:
        return NAN
    rng = np.random.default_rng(seed)
    made = np.zeros((int(service.max()) + 1, many), dtype="int64")
    np.add.at(made, (service, of), 1)
    broke = np.bincount(service, failed).astype("int64")
    drawn = np.zeros((resamples, many))
    for colors, k in zip(made, broke, strict=True):
        if k > 0:
            drawn += rng.multivariate_hypergeometric(colors, k, size=resamples)
    due = np.bincount(of, usual, minlength=many)
    found = _scatter(np.bincount(of, failed, minlength=many) - due, noise)
    hits = (_scatter(drawn - due, noise) >= found * (1 - 1e-9)).sum()
    return float((1 + hits) / (1 + resamples))


def _scatter(beyond: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Squares of what lies beyond the usual, over its variance, summed over groups."""
    return np.asarray((beyond[..., noise > 0] ** 2 / noise[noise > 0]).sum(axis=-1))


def _odds(x: np.ndarray, rows: pd.DataFrame, confidence: float) -> tuple[Estimate, float]:
    """Factor on the odds for one step of x, each service with a level of its own."""
    from scipy.special import erfc

    failed, service = rows["failed"].to_numpy(float), pd.factorize(rows["service"])[0]
    informative = _informative(x, failed, service)
    x, failed, service = x[informative], failed[informative], service[informative]
    none = Estimate(NAN, NAN, NAN, len(rows), confidence, ODDS)
    if not len(x):
        return none, NAN
    slope, error = _firth(x, failed, pd.factorize(service)[0])
    half = _normal_quantile(confidence) * error
    low, high = np.exp(slope - half), np.exp(slope + half)
    found = Estimate(float(np.exp(slope)), float(low), float(high), len(rows), confidence, ODDS)
    return found, float(erfc(abs(slope / error) / np.sqrt(2)))


def _informative(x: np.ndarray, failed: np.ndarray, service: np.ndarray) -> np.ndarray:
    """Deployments of services in which some failed, some did not, and sizes differ."""
    frame = pd.DataFrame({"x": x, "failed": failed}).groupby(service)
    spread = frame.transform("max") - frame.transform("min")
    return np.asarray((spread > 0).all(axis=1))


def _firth(x: np.ndarray, failed: np.ndarray, service: np.ndarray) -> tuple[float, float]:
    """Slope and its standard error; one level per service, penalised by the information."""
    n = int(service.max()) + 1
    x = x - (np.bincount(service, x) / np.bincount(service))[service]
    rate = (np.bincount(service, failed) + 0.5) / (np.bincount(service) + 1)
    level, slope = np.log(rate / (1 - rate)), 0.0
    error = NAN
    for _ in range(60):
        p = 1 / (1 + np.exp(-(level[service] + slope * x)))
        w = p * (1 - p)
        diagonal, edge = np.bincount(service, w, n), np.bincount(service, w * x, n)
        corner = float((w * x * x).sum() - (edge**2 / diagonal).sum())
        beside = x - (edge / diagonal)[service]
        leverage = w * (1 / diagonal[service] + beside**2 / corner)
        rest = failed - p + leverage * (0.5 - p)
        up = np.bincount(service, rest, n)
        across = float((rest * x).sum() - (edge * up / diagonal).sum())
        step = float(np.clip(across / corner, -2, 2))
        move = np.clip((up - edge * step) / diagonal, -2, 2)
        slope, level, error = slope + step, level + move, corner**-0.5
        if max(abs(step), float(np.abs(move).max())) < 1e-8:
            break
    return slope, error
