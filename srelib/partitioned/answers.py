"""What was found of a fleet: its services, and its deployments taken together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from srelib.dataset import Dataset
from srelib.decisions import Decision
from srelib.errors import SrelibError
from srelib.partitioned.service import ObjectiveSummary, ServiceSummary, Settings
from srelib.stats import Estimate
from srelib.tradeoff import FleetEffect
from srelib.tradeoff.association import Span
from srelib.tradeoff.scoreboard import DEVOPS, SHARED, SRE


@dataclass(frozen=True)
class FleetSummary:
    """Every service of a fleet, and its deployments taken together.

    Parameters
    ----------
    base : Dataset
        What was read as a whole: everything but the counts.
    between : pair of Timestamp or None
        What delivery and reliability are both on record for.
    settings : Settings
    services : mapping of str to ServiceSummary or SrelibError
    effect : FleetEffect or None
        What the deployments of all cost together; None where of none it is known.
    """

    base: Dataset
    between: Span | None
    settings: Settings
    services: Mapping[str, ServiceSummary | SrelibError]
    effect: FleetEffect | None

    @property
    def decided(self) -> dict[str, Decision | SrelibError]:
        """What to do about each service, or why nothing can be said."""
        return {name: one.decision if isinstance(one, ServiceSummary) else one
                for name, one in self.services.items()}  # fmt: skip

    @property
    def rows(self) -> dict[str, int]:
        """Rows of counts by service: read, kept, left_out, refused."""
        found = dict.fromkeys(("read", "kept", "left_out", "refused"), 0)
        for one in self.services.values():
            for name, many in one.rows.items() if isinstance(one, ServiceSummary) else ():
                found[name] += many
        return found


def services_table(found: FleetSummary) -> pd.DataFrame:
    """One row per service: what to do, what it would bring, and the numbers behind it.

    Shares are fractions, lengths of time are seconds, rates are per week; ``_low`` and ``_high``
    are the ends of 95 % intervals. `error` says why nothing is known of a service.
    """
    rows = []
    for name, one in found.services.items():
        row: dict[str, Any] = {"service": name, "team": found.base.teams.get(name, "")}
        if isinstance(one, ServiceSummary):
            row |= _decided(one.decision) | _scored(one)
            row |= {f"rows_{what}": many for what, many in one.rows.items()}
            row["refused_because"] = "; ".join(one.reasons)
        else:
            row["error"] = str(one)
        rows.append(row)
    return pd.DataFrame(rows)


def _decided(one: Decision | SrelibError) -> dict[str, Any]:
    if isinstance(one, SrelibError):
        return {"error": str(one)}
    change = one.change
    found = {
        "verdict": one.verdict, "confidence": one.confidence, "leaning": one.leaning,
        "lacks": one.lacks, "enough": one.enough, "objective": one.objective,
        "target": one.target, "window": "" if one.window is None else str(one.window),
        **_estimate("meets_next_window", one.met),
    }  # fmt: skip
    if change is not None:
        found |= {"change": change.name, "change_detail": change.detail,
                  **_estimate("meets_after_change", change.probability),
                  **_estimate("budget_saved", change.saved)}  # fmt: skip
    return found


def _scored(one: ServiceSummary) -> dict[str, Any]:
    if one.scorecard is None:
        return {}
    card = one.scorecard
    found: dict[str, Any] = {"deployments": card.deployments}
    for field in (*DEVOPS, *SHARED, *SRE):
        found |= _estimate(field, getattr(card, field))
    return found


def _estimate(name: str, one: Estimate) -> dict[str, float]:
    return {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}


def objectives_table(found: FleetSummary) -> pd.DataFrame:
    """One row per objective: its budget in the current window, alerts replayed, target.

    Shares are fractions, rates are per week, of events or seconds as the objective counts them.
    """
    rows = [_row(one) for own in found.services.values() if isinstance(own, ServiceSummary)
            for one in own.objectives]  # fmt: skip
    return pd.DataFrame(rows)


def _row(one: ObjectiveSummary) -> dict[str, Any]:
    key, errors = one.key, []
    row: dict[str, Any] = {
        "service": key.service, "objective": key.name, "sli_name": key.sli, "target": key.target,
        "window": str(key.window), "coverage": one.coverage,
    }  # fmt: skip
    if isinstance(one.status, SrelibError):
        errors.append(str(one.status))
    else:
        row |= {"sli": one.status.sli, "spent": one.status.spent, "left": one.status.left,
                "left_share": one.status.left_share}  # fmt: skip
    if isinstance(one.alerts, SrelibError):
        errors.append(str(one.alerts))
    else:
        row |= {"events": len(one.alerts.events), "events_detected": one.alerts.recall.value,
                "replayed_pages": one.alerts.pages_per_week.value}  # fmt: skip
    if isinstance(one.advice, SrelibError):
        errors.append(str(one.advice))
    else:
        row |= {"advice": one.advice.verdict, "recommended_target": one.advice.target}
    return {**row, "error": "; ".join(errors)}
