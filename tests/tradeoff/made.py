"""Histories small enough to work out by hand, and effects without estimating anything."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib import tradeoff
from srelib.fleet import Indicator
from srelib.stats import Estimate
from srelib.tradeoff.effect import EffectDraws

NAN = float("nan")
SHOP = Indicator("shop works", "shop", "availability", target=0.99)
WEB = Indicator("web works", "web", "availability", target=0.99)
NASTY = Indicator("<b>*x*", "<b>*x*", "availability", target=0.99)


def estimate(value: float, low: float, high: float, n: float = 20) -> Estimate:
    """A 95 % interval."""
    return Estimate(value, low, high, n, 0.95, "given")


def effect(
    value: float = 800.0,
    low: float = 300.0,
    high: float = 1300.0,
    *,
    service: str = "shop",
    p: float = 0.002,
    deployments: int = 20,
    allowance: float = 2000.0,
    bad: float = 4000.0,
    detectable: float = 400.0,
    left_out: tuple[str, ...] = (),
    weeks: tuple[tuple[str, float, float], ...] = (),
    placebos: tuple[float, ...] = (0.0,),
    noise: tuple[float, ...] = (0.0,),
    shifted: tuple[float, ...] = (0.0,),
    traffic: float = 1.0,
) -> tradeoff.Effect:
    """An effect; `weeks` are start, excess and p without it."""
    excess = estimate(value, low, high, deployments)
    offsets = pd.timedelta_range("-2h", "5h30min", freq="30min")
    ratio = [0.001 if t < pd.Timedelta(0) else 0.02 for t in offsets]
    at = pd.to_datetime(["2026-06-01"] * len(left_out), utc=True)
    return tradeoff.Effect(
        service=service,
        deployments=deployments,
        left_out=pd.DataFrame({"deployment_id": [str(n) for n in range(len(left_out))],
                               "finished_at": at, "reason": list(left_out)}),
        excess=excess, budget=allowance, bad=bad,
        p_value=p, adjusted_p_value=p,
        curve=pd.DataFrame({"offset": offsets, "excess_ratio": ratio,
                            "low": [r - 0.01 for r in ratio], "high": [r + 0.01 for r in ratio]}),
        detectable=detectable,
        by_week=pd.DataFrame({
            "week": pd.to_datetime([w[0] for w in weeks], utc=True), "deployments": 2,
            "excess": [w[1] for w in weeks], "without": [value - w[1] for w in weeks],
            "p_value": [w[2] for w in weeks],
        }),
        per_deployment=pd.DataFrame({"deployment_id": [], "finished_at": [], "excess": []}),
        after=pd.Timedelta("6h"),
        draws=EffectDraws(np.array(placebos), np.array(noise), np.array(shifted), traffic),
    )  # fmt: skip


WEEKS = 8
HOURS = pd.date_range("2026-01-05", periods=WEEKS * 168, freq="h", tz="UTC", unit="us")
QUIET = 2.0


def counts(extra: dict[int, float] | None = None) -> tuple[pd.Series, pd.Series]:
    """Good and total of 1,000 requests an hour, two of them bad, and more in some hours."""
    bad = pd.Series(QUIET, HOURS)
    for hour, more in (extra or {}).items():
        bad.iloc[hour] += more
    total = pd.Series(1000.0, HOURS)
    return total - bad, total


def shipped(*hours: float, **columns: object) -> pd.DataFrame:
    """Deployments that reached their users so many hours after the start."""
    at = [HOURS[0] + pd.Timedelta(hours=hour) for hour in hours]
    ids = [f"d{number}" for number in range(len(hours))]
    times = pd.Series(at, dtype="datetime64[us, UTC]")
    return pd.DataFrame({"deployment_id": ids, "finished_at": times, **columns})


def incident(start: float, end: float | None, caused_by: str | None = None) -> pd.DataFrame:
    """One incident, in hours after the start; open without an end."""
    at = [None if h is None else HOURS[0] + pd.Timedelta(hours=h) for h in (start, end)]
    times = pd.Series(at, dtype="datetime64[us, UTC]")
    return pd.DataFrame(
        {
            "incident_id": ["i"],
            "started_at": times[:1],
            "resolved_at": times[1:].reset_index(drop=True),
            "severity": ["SEV1"],
            "deployment_id": pd.Series([caused_by], dtype="str"),
        }
    )


MIDWEEK = [58 + 168 * week for week in range(WEEKS)]
