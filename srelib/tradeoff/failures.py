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
from srelib.stats.intervals import NAN, _normal_quantile, _wilson
from srelib.tradeoff.association import Span
from srelib.windows.sums import _divide

LABELS = {
    "weekday": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "hour": ("before 9 h", "9 to 12 h", "12 to 15 h", "15 to 18 h", "after 18 h"),
}
SIZES = ("1", "2", "3\u20134", "5\u20138", "9\u201316", "17 or more")
"""Numbers of changes: each group up to twice the one before, the last one open."""
HOURS = (0, 9, 12, 15, 18)
"""Where the parts of a day begin."""
CONFIDENCE = 0.95
ODDS = "logistic regression within services (Firth)"
SHARES = ["label", "deployments", "failed", "share", "low", "high", "expected"]
OUTCOMES = ["deployment_id", "service", "finished_at", "size", "failed"]


def deployment_outcomes(
    deployments: pd.DataFrame,
    changes: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    *,
    between: Span | None,
    rules: delivery.Rules = DEFAULT,
) -> pd.DataFrame:
    """Deployments that reached users: when, how large, and whether they failed.

    Parameters
    ----------
    deployments : DataFrame, table ``deployments``, production only
    changes, incidents : DataFrame or None, the tables; None: nobody exported them
    between : pair of Timestamp or None, half-open; None: nothing
    rules : delivery.Rules, which signals make a failure

    Returns
    -------
    DataFrame
        deployment_id, service, finished_at, size (NaN where no change names it) [changes],
        failed; in order of time.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-15T09:00Z"])
    >>> rows = pd.DataFrame({"deployment_id": ["d1", "d2"], "service": "shop",
    ...     "finished_at": days, "status": ["succeeded", "rolled_back"], "planned": True})
    >>> deployment_outcomes(rows, None, None, between=(days[0], days[1]))["failed"].tolist()
    [False, True]
    """
    if between is None:
        return pd.DataFrame(columns=OUTCOMES)
    found = _failures(deployments, incidents, between=between, rules=rules)
    found = found.sort_values("finished_at", kind="stable", ignore_index=True)
    found["service"] = found["service"].astype("str")
    found["size"] = np.nan
    if changes is not None and len(changes) and len(found):
        linked = _lead_times(changes, deployments, between=between)
        many = linked.groupby(["service", "deployment_id"], observed=True).size()
        keys = pd.MultiIndex.from_frame(found[["service", "deployment_id"]].astype("str"))
        found["size"] = many.reindex(keys).to_numpy(dtype="float64")
    return found[OUTCOMES]


@dataclass(frozen=True)
class Failures:
    """How often deployments of several kinds failed, and whether the kind has to do with it.

    kind: 'batch size', 'weekday' or 'hour'
    shares: label, deployments, failed, share, low, high (Wilson), expected (what the services in
        this row fail at over all their deployments) [fraction]
    odds: of batch size: factor on the odds of failing for twice the changes
    p_value: chance of such differences if failing had nothing to do with the kind
    """

    kind: str
    shares: pd.DataFrame
    odds: Estimate
    p_value: float
    deployments: int


def by_batch(outcomes: pd.DataFrame) -> Failures:
    """Do large deployments fail more often than small ones of the same service?

    log odds = a(service) + b log2(changes), penalised after Firth

    Parameters
    ----------
    outcomes : DataFrame, as from `deployment_outcomes`

    Examples
    --------
    >>> sizes = pd.Series([1, 1, 2, 2, 8, 8, 16, 16.0])
    >>> rows = pd.DataFrame({"service": "shop", "size": sizes, "failed": sizes > 4})
    >>> found = by_batch(rows)
    >>> found.odds.value > 1, found.shares["share"].tolist()
    (True, [0.0, 0.0, 1.0, 1.0])
    """
    rows = outcomes[outcomes["size"] >= 1]
    if not len(rows):
        return _nothing("batch size")
    doublings = np.log2(rows["size"].to_numpy(float))
    groups = _grouped(np.ceil(doublings).clip(0, 5).astype(int), SIZES, rows.index)
    odds, p = _odds(doublings, rows)
    return Failures("batch size", _shares(rows, groups), odds, p, len(rows))


def by_time(
    outcomes: pd.DataFrame,
    part: str,
    *,
    timezone: str = "UTC",
    resamples: int = 1999,
    seed: int = 0,
) -> Failures:
    """Do deployments of one weekday, or hour of the day, fail more often than those of others?

    Groups are those of `LABELS` with a deployment, in their order.

    Parameters
    ----------
    outcomes : DataFrame, as from `deployment_outcomes`
    part : str, 'weekday' or 'hour'
    timezone : str, IANA zone of the people who deploy
    resamples, seed : int, of the permutation of failures within each service

    Raises
    ------
    ParameterError
        Another part of time, or fewer than 99 resamples.

    Examples
    --------
    >>> rows = pd.DataFrame({"service": "shop", "failed": [True, False, False, False],
    ...     "finished_at": pd.date_range("2026-01-05", periods=4, freq="31h", tz="UTC")})
    >>> [by_time(rows, part).shares["label"].tolist() for part in ("weekday", "hour")]
    [['Mon', 'Tue', 'Wed', 'Thu'], ['before 9 h', '12 to 15 h', 'after 18 h']]
    """
    ParameterError.check_one_of(part, "part", LABELS)
    if resamples < 99:
        raise ParameterError(f"resamples must be at least 99; got {resamples}.")
    if not len(outcomes):
        return _nothing(part)
    at = outcomes["finished_at"].astype("datetime64[us, UTC]").dt.tz_convert(timezone).dt
    hours = np.searchsorted(HOURS, at.hour, side="right") - 1
    of = hours if part == "hour" else at.day_of_week.to_numpy()
    groups = _grouped(of, LABELS[part], outcomes.index)
    none = Estimate(NAN, NAN, NAN, len(outcomes), CONFIDENCE, "permuted deployments")
    p = _permuted(outcomes, groups, resamples, seed)
    return Failures(part, _shares(outcomes, groups), none, p, len(outcomes))


def _nothing(kind: str) -> Failures:
    none = Estimate(NAN, NAN, NAN, 0, CONFIDENCE, ODDS)
    return Failures(kind, pd.DataFrame(columns=SHARES), none, NAN, 0)


def _grouped(of: np.ndarray, labels: tuple[str, ...], index: pd.Index) -> pd.Series:
    """The label of each row, in the order of the labels."""
    values = np.array(labels, dtype=object)[of]
    return pd.Series(pd.Categorical(values, categories=list(labels)), index)


def _shares(rows: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Share that failed of each group, beside what its services fail at anyway."""
    usual = rows.groupby("service")["failed"].transform("mean")
    frame = rows.assign(usual=usual).groupby(groups, observed=True)
    found = frame.agg(deployments=("failed", "size"), failed=("failed", "sum"),
                      expected=("usual", "mean"))  # fmt: skip
    low, high = _wilson(found["failed"], found["deployments"], confidence=CONFIDENCE)
    share = _divide(found["failed"], found["deployments"])
    found = found.assign(share=share, low=low, high=high).rename_axis("label").reset_index()
    found["label"] = found["label"].astype("str")
    return found[SHARES]


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


def _odds(x: np.ndarray, rows: pd.DataFrame) -> tuple[Estimate, float]:
    """Factor on the odds for one step of x, each service with a level of its own."""
    from scipy.special import erfc

    failed, service = rows["failed"].to_numpy(float), pd.factorize(rows["service"])[0]
    frame = pd.DataFrame({"x": x, "failed": failed}).groupby(service)
    spread = frame.transform("max") - frame.transform("min")
    telling = np.asarray((spread > 0).all(axis=1))  # some failed, some did not, and sizes differ
    x, failed, service = x[telling], failed[telling], service[telling]
    none = Estimate(NAN, NAN, NAN, len(rows), CONFIDENCE, ODDS)
    if not len(x):
        return none, NAN
    slope, error = _firth(x, failed, pd.factorize(service)[0])
    half = _normal_quantile(CONFIDENCE) * error
    low, high = np.exp(slope - half), np.exp(slope + half)
    found = Estimate(float(np.exp(slope)), float(low), float(high), len(rows), CONFIDENCE, ODDS)
    return found, float(erfc(abs(slope / error) / np.sqrt(2)))


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
