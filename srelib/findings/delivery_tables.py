"""Tables of notebook 04: the five metrics, other tools' rules, and what caused each incident."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from srelib import wording
from srelib.delivery import Delivery, DeliveryPerformance
from srelib.delivery.performance import FIVE, METRICS, _dora_level
from srelib.findings.delivery import BP, TOO_FEW, _has_interval, _lengths, _number
from srelib.findings.show import Table, table
from srelib.stats import Estimate

NAMES = {"lead_time": "change lead time", "fail_rate": "change fail rate",
         "recovery": "recovery time"}  # fmt: skip


def metrics_table(result: DeliveryPerformance, *, year: int) -> Table | None:
    """The five numbers of each service with n, interval and level.

    Parameters
    ----------
    result : DeliveryPerformance
    year : int
        Whose levels.

    Returns
    -------
    Table or None
        None without a deployment.
    """
    if not result.services:
        return None
    rows = []
    for service, each in result.metrics.items():
        row = {"service": wording.label(service, limit=30)}
        for metric in FIVE:
            estimate = getattr(each, metric)
            reach = _level(estimate, metric, year) if metric in METRICS and estimate.n else ""
            row[metric] = _cell(estimate, metric, result) + reach
        rows.append(row)
    headers = {"frequency": "deployments a week", **NAMES, "rework_rate": "rework rate"}
    frame = pd.DataFrame(rows, columns=["service", *headers])
    return table(frame, headers=headers, caption=(
        f"DORA's five metrics: value (95{BP}% interval; n); level of {year}, and how far the "
        "interval reaches. A level names the survey cluster a number would have fallen into: not "
        "a grade, and only where n allows."))  # fmt: skip


def _cell(estimate: Estimate, metric: str, result: DeliveryPerformance) -> str:
    if not estimate.n and estimate.value != estimate.value:
        return "not known"
    if metric == "frequency" and result.weeks < 1:
        return wording.plural(estimate.n, "deployment")
    numbers = [estimate.value, estimate.low, estimate.high]
    texts = _lengths(estimate) if metric in ("lead_time", "recovery") else wording.percents(numbers)
    value, low, high = [_number(x) for x in numbers] if metric == "frequency" else texts
    n = f"n = {wording.count(estimate.n)}"
    ends = f"{low} to {high}; {n}" if _has_interval(estimate) else f"{n}{TOO_FEW}"
    return f"{value} ({ends})"


def _level(estimate: Estimate, metric: str, year: int) -> str:
    """The level a number would have had, and how far its interval reaches."""
    own, *ends = (
        _dora_level(value, metric=metric, year=year)
        for value in (estimate.value, estimate.low, estimate.high)
    )
    best, worst = ends[::-1] if metric == "frequency" else ends
    if not own or not best or not worst:
        return "; no level on so few" if own else "; "
    reach = "" if best[0] == worst[-1] else f", could be {best[0]} to {worst[-1]}"
    return f"; {' or '.join(filter(None, [', '.join(own[:-1]), own[-1]]))}{reach}"


def tools_table(found: Mapping[str, Mapping[str, Delivery]]) -> Table | None:
    """What other tools' rules make of the same exports, all services taken as one.

    Parameters
    ----------
    found : mapping of str to mapping
        By name of the rules, as from `srelib.delivery.metrics` of all services together.

    Returns
    -------
    Table or None
        None without a deployment.
    """
    rows = [
        {
            "rules": rules,
            "deployments": each.deployments,
            "lead_time": _plain(each.lead_time, wording.length),
            "fail_rate": _plain(each.fail_rate, wording.percent),
            "recovery": _plain(each.recovery, wording.length),
        }
        for rules, services in found.items()
        for each in services.values()
    ]
    if not any(row["deployments"] for row in rows):
        return None
    return table(pd.DataFrame(rows), headers=NAMES, caption=(
        "The same exports under other tools' published rules: all services taken as one, a blend "
        "that says nothing of any of them"))  # fmt: skip


def _plain(estimate: Estimate, write: Callable[[float], str]) -> str:
    if estimate.value != estimate.value:
        return "not known"
    return f"{write(estimate.value)} (n = {wording.count(estimate.n)})"


def attribution_table(result: DeliveryPerformance, *, max_rows: int = 12) -> Table | None:
    """Incidents with the deployment each was put down to, latest first.

    Parameters
    ----------
    result : DeliveryPerformance
    max_rows : int
        Most rows.

    Returns
    -------
    Table or None
        None without an incident.
    """
    if not result.services or not len(result.pairs):
        return None
    rows = result.pairs.sort_values("started_at", ascending=False, kind="stable")
    rows = rows.assign(
        deployment_id=rows["deployment_id"].fillna("none"), rule=rows["rule"].fillna(rows["why"])
    )
    columns = ["service", "incident_id", "started_at", "deployment_id", "delay", "rule"]
    headers = {"incident_id": "incident", "started_at": "started", "deployment_id": "deployment",
               "rule": "rule, or why none"}  # fmt: skip
    caption = "What each incident was put down to, latest first (UTC)"
    return table(rows[columns], caption=caption, max_rows=max_rows, headers=headers)
