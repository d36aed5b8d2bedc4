"""Effects made by hand, so that words and drawings are seen without estimating anything."""

from __future__ import annotations

import pandas as pd

from srelib import tradeoff
from srelib.fleet import Indicator
from srelib.stats import Estimate

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
) -> tradeoff.Effect:
    """An effect; `weeks` are start, excess and p without it."""
    excess = estimate(value, low, high, deployments)
    parts = [Estimate(value / w, low / w, high / w, deployments, 0.95, "given")
             for w in (allowance, bad)]  # fmt: skip
    offsets = pd.timedelta_range("-2h", "5h30min", freq="30min")
    ratio = [0.001 if t < pd.Timedelta(0) else 0.02 for t in offsets]
    at = pd.to_datetime(["2026-06-01"] * len(left_out), utc=True)
    return tradeoff.Effect(
        service=service,
        deployments=deployments,
        left_out=pd.DataFrame({"deployment_id": [str(n) for n in range(len(left_out))],
                               "finished_at": at, "reason": list(left_out)}),
        excess=excess, budget_share=parts[0], bad_share=parts[1],
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
        before=pd.Timedelta("2h"), after=pd.Timedelta("6h"), windows=deployments, weeks=13.0,
    )  # fmt: skip
