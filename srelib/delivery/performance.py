"""Software delivery performance: DORA's five numbers of each service, and their levels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from srelib.delivery.attribution import attribute_incidents
from srelib.delivery.failures import _beside_chance, _recoveries, change_fail_rate, recovery_time
from srelib.delivery.frequency import (
    NAN,
    Span,
    _history,
    _span_of,
    deployment_frequency,
    rework_rate,
)
from srelib.delivery.lead_time import _lead_times, change_lead_time
from srelib.delivery.rules import DEFAULT, Rules
from srelib.errors import ParameterError
from srelib.stats import Estimate

TOGETHER = "all services together"
_LONG = pd.Timedelta(weeks=8)
_VERY_LONG = pd.Timedelta(weeks=60)


@dataclass(frozen=True)
class Delivery:
    """How a service ships: DORA's five numbers; what the exports do not say is NaN with n 0.

    deployments: that reached users
    frequency: deployments [1/week]
    lead_time, recovery: median change lead time [s]; median time from the start of a failure to its
        end [s]
    fail_rate, rework_rate: failed, and unplanned, deployments / deployments [fraction]
    fail_chance: share of all moments that an incident follows as it would a deployment [fraction];
        NaN where incidents name their deployments
    fail_clear: False where failures are known from incidents alone, and not clearly more
        deployments were followed by one than chance would give
    """

    deployments: int
    frequency: Estimate
    lead_time: Estimate
    fail_rate: Estimate
    recovery: Estimate
    rework_rate: Estimate
    fail_chance: float = NAN
    fail_clear: bool = True


METRICS = ("frequency", "lead_time", "fail_rate", "recovery")
"""What levels are published for; they are none for the rework rate."""
FIVE = (*METRICS, "rework_rate")


def metrics(
    deployments: pd.DataFrame,
    changes: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    together: str | None = None,
    confidence: float = 0.95,
) -> dict[str, Delivery]:
    """DORA's five numbers of every service that was deployed, or of which one is known.

    By service; empty without a deployment.

    Parameters
    ----------
    deployments, changes, incidents, between, rules, together, confidence
        See `srelib.delivery`; changes may be None.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-06-01T09:00Z", "2026-06-08T09:00Z", "2026-06-15T09:00Z"])
    >>> rows = pd.DataFrame({"deployment_id": ["d1", "d2"], "service": "shop",
    ...                      "finished_at": at[:2], "status": ["succeeded", "rolled_back"]})
    >>> found = metrics(rows, None, None, between=(at[0], at[2]))["shop"]
    >>> found.deployments, found.frequency.value, found.fail_rate.value
    (2, 1.0, 0.5)
    """
    rows = _five(
        deployments, changes, incidents, between=between, rules=rules, together=together,
        confidence=confidence,
    )  # fmt: skip
    alone = together is None
    chance = _beside_chance(deployments, incidents, between=between, rules=rules) if alone else None
    return _by_service(rows, confidence, chance)


def _five(
    deployments: pd.DataFrame,
    changes: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    *,
    rules: Rules,
    **same: Any,
) -> dict[str, pd.DataFrame]:
    """Each of the five over the whole history, a row per service; without changes only four."""
    placed = attribute_incidents(deployments, incidents, rules=rules)
    found = {
        "frequency": deployment_frequency(deployments, rules=rules, **same),
        "fail_rate": change_fail_rate(deployments, incidents, rules=rules, placed=placed, **same),
        "recovery": recovery_time(deployments, incidents, rules=rules, placed=placed, **same),
        "rework_rate": rework_rate(deployments, rules=rules, **same),
    }
    if changes is None or not len(changes):
        return found
    timing: dict[str, Any] = {"start": rules.start, "lead": rules.lead, "minutes": rules.minutes}
    return {**found, "lead_time": change_lead_time(changes, deployments, **timing, **same)}


def _by_service(
    five: Mapping[str, pd.DataFrame], confidence: float, chance: pd.DataFrame | None
) -> dict[str, Delivery]:
    """The five numbers as estimates; those of which nothing is known say so."""
    known = {
        name: {
            str(row["service"]): Estimate(
                row["value"], row["low"], row["high"], int(row["n"]), confidence, row["method"]
            )
            for row in table.to_dict("records")
        }
        for name, table in five.items()
    }
    nothing = Estimate(NAN, NAN, NAN, 0, confidence, "no data")
    least, luck = 0.05 / max(len(known["frequency"]), 1), {}
    for row in [] if chance is None else chance.to_dict("records"):
        clear = row["otherwise"] > 0 or not row["p_value"] >= least
        luck[str(row["service"])] = {"fail_chance": row["followed_by_chance"], "fail_clear": clear}
    found = {}
    for service in sorted({*known["frequency"], *known["recovery"]}):
        own: dict[str, Any] = {name: known.get(name, {}).get(service, nothing) for name in FIVE}
        if service in known["frequency"] or own["recovery"].n:
            found[service] = Delivery(int(own["frequency"].n), **own, **luck.get(service, {}))
    return found


@dataclass(frozen=True, eq=False)
class DeliveryPerformance:
    """How the services of a folder were delivered over its history.

    between, rules: the history, and what counted as what
    metrics: the five numbers of each service
    frequency, fails, recovery, rework: as from the function of each, over the history
    calendar: as from `deployment_frequency`, per week, or per month or quarter in a long history
    lead: one row per change: change_id, service, deployment_id, began_at, shipped_at, state,
        seconds
    lead_periods, period: as from `change_lead_time`, and per which calendar window: ``1w``, ``1M``
        or ``1Q``
    recoveries: one row per failure, with the time it lasted
    pairs: as from `attribute_incidents`: the incidents of the history
    chance: per service, the incidents chance alone would attribute to a deployment, whether planned
        deployments were followed by incidents more often, and failures known otherwise
    """

    between: Span
    rules: Rules
    metrics: dict[str, Delivery]
    frequency: pd.DataFrame
    fails: pd.DataFrame
    recovery: pd.DataFrame
    rework: pd.DataFrame
    calendar: pd.DataFrame
    lead: pd.DataFrame
    lead_periods: pd.DataFrame
    period: str
    recoveries: pd.DataFrame
    pairs: pd.DataFrame
    chance: pd.DataFrame

    @property
    def services(self) -> list[str]:
        """Services that were deployed, by name."""
        return self.frequency["service"].tolist()

    @property
    def most_failing(self) -> str:
        """The service whose deployments fail most often, of those of which that is clear."""
        rows = self.fails[self.fails["n"] > 0]
        rows = rows.sort_values(["value", "n"], ascending=False, kind="stable")
        known = [(name, self.metrics[name]) for name in rows["service"].tolist()]
        clear = (name for name, one in known if one.fail_clear and one.fail_rate.value > 0)
        return next(clear, known[0][0])

    @property
    def weeks(self) -> float:
        """Length of the history [weeks]."""
        return (self.between[1] - self.between[0]) / pd.Timedelta(weeks=1)


def performance(
    deployments: pd.DataFrame,
    changes: pd.DataFrame,
    incidents: pd.DataFrame | None,
    *,
    as_of: pd.Timestamp,
    rules: Rules = DEFAULT,
) -> DeliveryPerformance:
    """How services were delivered, from the day of the first deployment on record until now.

    Without services where there is no deployment.

    Parameters
    ----------
    deployments, changes, incidents, rules : see `srelib.delivery`
    as_of : Timestamp, now

    Examples
    --------
    >>> from srelib import tables
    >>> nothing = (tables.empty("deployments"), tables.empty("changes"), None)
    >>> performance(*nothing, as_of=pd.Timestamp("2026-06-29", tz="UTC")).services
    []
    """
    span = _span_of(_history(deployments, as_of=as_of))
    length = span[1] - span[0]
    period = "1w" if length < _LONG else "1M" if length < 6 * _VERY_LONG / 5 else "1Q"
    weekly = "1w" if length < _VERY_LONG else "1M" if length < 5 * _VERY_LONG else "1Q"
    timing: dict[str, Any] = {"between": span, "start": rules.start, "minutes": rules.minutes}
    same: dict[str, Any] = {"between": span, "rules": rules}
    five = _five(deployments, changes, incidents, **same)
    pairs = attribute_incidents(deployments, incidents, rules=rules)
    chance = _beside_chance(deployments, incidents, **same)
    return DeliveryPerformance(
        **same,
        metrics=_by_service(five, 0.95, chance),
        frequency=five["frequency"],
        fails=five["fail_rate"],
        recovery=five["recovery"],
        rework=five["rework_rate"],
        calendar=deployment_frequency(deployments, window=weekly, **same),
        lead=_lead_times(changes, deployments, **timing),
        lead_periods=change_lead_time(changes, deployments, window=period, **timing),
        period=period,
        recoveries=_recoveries(deployments, incidents, placed=pairs, **same),
        pairs=pairs[pairs["started_at"].between(*span)].reset_index(drop=True),
        chance=chance,
    )


HOUR, DAY = 3600.0, 86_400.0
WEEK, MONTH, HALF_YEAR = 7 * DAY, 30 * DAY, 182.5 * DAY
ORDER = ("elite", "high", "medium", "low")

Range = tuple[float, float]
_ANY = math.inf

YEARS: dict[int, dict[str, tuple[Range, Range, Range, Range]]] = {
    2019: {
        "frequency": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (MONTH, HALF_YEAR)),
        "lead_time": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (MONTH, HALF_YEAR)),
        "fail_rate": ((0, 0.15), (0, 0.15), (0, 0.15), (0.46, 0.60)),
        "recovery": ((0, HOUR), (0, DAY), (0, DAY), (WEEK, MONTH)),
    },
    2021: {
        "frequency": ((0, DAY), (WEEK, MONTH), (MONTH, HALF_YEAR), (HALF_YEAR, _ANY)),
        "lead_time": ((0, HOUR), (DAY, WEEK), (MONTH, HALF_YEAR), (HALF_YEAR, _ANY)),
        "fail_rate": ((0, 0.15), (0.16, 0.30), (0.16, 0.30), (0.16, 0.30)),
        "recovery": ((0, HOUR), (0, DAY), (DAY, WEEK), (HALF_YEAR, _ANY)),
    },
    2023: {
        "frequency": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (WEEK, MONTH)),
        "lead_time": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (WEEK, MONTH)),
        "fail_rate": ((0, 0.05), (0.10, 0.10), (0.15, 0.15), (0.64, 0.64)),
        "recovery": ((0, HOUR), (0, DAY), (DAY, WEEK), (MONTH, HALF_YEAR)),
    },
    2024: {
        "frequency": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (MONTH, HALF_YEAR)),
        "lead_time": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (MONTH, HALF_YEAR)),
        "fail_rate": ((0, 0.05), (0.20, 0.20), (0.10, 0.10), (0.40, 0.40)),
        "recovery": ((0, HOUR), (0, DAY), (0, DAY), (WEEK, MONTH)),
    },
}
"""What was published for elite, high, medium and low; frequency as the time between two
deployments [s], where "on demand" is taken as more than one a day."""


def _dora_level(value: float, *, metric: str, year: int) -> tuple[str, ...]:
    """Names of the levels of a year that a number belongs to; none where it is not known."""
    if year not in YEARS:
        raise ParameterError(
            f"year must be one of {', '.join(map(str, YEARS))}; got {year}. "
            "DORA published no levels in 2025."
        )
    ParameterError.check_one_of(metric, "metric", METRICS)
    if value != value:
        return ()
    ranges, length = YEARS[year][metric], value
    if metric == "frequency":
        length = WEEK / value if value > 0 else math.inf
    own = next((one for one in ranges if length <= one[1]), ranges[-1])
    return tuple(name for name, one in zip(ORDER, ranges, strict=True) if one == own)
