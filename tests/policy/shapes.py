"""Histories small enough to work out by hand."""

import pandas as pd

from srelib import fleet
from srelib import policy as policies
from srelib.fleet import Indicator
from srelib.policy import Outcome, Policy, PolicyReplay

TARGET = 0.99


def hours(days: int = 56, *, total: float = 1000.0, start: str = "2026-06-01") -> pd.DataFrame:
    """Hours of so many events, all of them good; 1 June 2026 is a Monday."""
    index = pd.date_range(start, periods=24 * days, freq="h", tz="UTC", unit="us")
    return pd.DataFrame({"good": total, "total": total}, index=index)


def failing(counts: pd.DataFrame, *spans: tuple[str, str, float]) -> pd.DataFrame:
    """The same with so many bad events more in every hour from the first to before the last."""
    changed = counts.copy()
    for first, last, bad in spans:
        inside = (changed.index >= pd.Timestamp(first, tz="UTC")) & (
            changed.index < pd.Timestamp(last, tz="UTC")
        )
        changed.loc[inside, "good"] -= bad
    return changed


def made(*rows: tuple[str, str] | tuple[str, str, bool]) -> pd.DataFrame:
    """Deployments: identifier, when it finished, and whether it was planned."""
    times = pd.to_datetime([row[1] for row in rows], utc=True)
    planned = [row[2] if len(row) > 2 else True for row in rows]
    return pd.DataFrame({
        "deployment_id": [row[0] for row in rows], "service": "shop", "finished_at": times,
        "status": "succeeded", "planned": pd.array(planned, dtype="boolean"),
    })  # fmt: skip


def replayed(
    counts: pd.DataFrame, deployments: pd.DataFrame, *, policy: Policy | None = None, **options
) -> PolicyReplay:
    """The Workbook's policy, at 99 %."""
    return policies.replay(
        counts["good"], counts["total"], deployments, target=TARGET, window="28d",
        policy=policy or policies.named("workbook"), **options,
    )  # fmt: skip


def prepared(
    counts: dict[Indicator, pd.DataFrame], deployments: pd.DataFrame, **options
) -> dict[str, policies.PreparedService]:
    """Every service, as notebook 07 prepares it."""
    return fleet.each(fleet.by_service(counts), lambda service, own: policies.prepare(
        own, deployments[deployments["service"] == service], **options
    ))  # fmt: skip


def replayed_fleet(
    counts: dict[Indicator, pd.DataFrame],
    deployments: pd.DataFrame,
    *,
    policy: Policy,
    draws: int = 0,
    **options,
) -> dict[Indicator, PolicyReplay]:
    """One policy on every objective, as notebook 07 replays it."""
    services = prepared(counts, deployments, **options)
    found = fleet.each(
        services, lambda _, own: policies.replay_service(own, policy=policy, draws=draws)
    )
    return fleet.by_objective(found, counts)


def stamps(times: pd.Series) -> list[str]:
    """Times as short texts."""
    return [f"{time:%m-%d %H:%M}" for time in times]


def fates(outcome: Outcome) -> dict[str, str]:
    """What became of each deployment."""
    return dict(zip(outcome.schedule["deployment_id"], outcome.schedule["fate"], strict=True))


OUTAGE = ("2026-06-23T10:00", "2026-06-23T18:00", 1000.0)
"""8,000 bad events; the budget of four weeks is 28 * 24 * 1,000 * 0.01 = 6,720."""
