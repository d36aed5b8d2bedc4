"""Histories that the tests of alerts share."""

from pathlib import Path
from typing import Any

import pandas as pd

import srelib
from srelib import alerts
from srelib.fleet import Indicator

SHOP = Indicator("shop availability", "shop", "availability", target=0.99)
SLOW = Indicator("shop latency", "shop", "latency", target=0.99)
OTHER = Indicator("other", "other", "availability", target=0.99)

FIRST = pd.Timestamp("2026-06-01", tz="UTC")
DOWN = ((300_007, 300_640), (302_000, 302_041), (400_000, 403_599))
"""Seconds after the first row of the monitor, from and to; none on a whole minute."""
PAUSED = (350_011, 351_013)
MONITORED, MONITORED_BAD = 600_000, 4_273


def minutes(
    *outages: str, days: int = 8, total: float = 100.0, length: str = "59min"
) -> pd.DataFrame:
    """Minutes of so many events; from each of these times on every event fails, for an hour."""
    index = pd.date_range("2026-06-01", periods=1440 * days, freq="min", tz="UTC", unit="us")
    frame = pd.DataFrame({"good": total, "total": total}, index=index)
    for start in outages:
        first = pd.Timestamp(start, tz="UTC")
        frame.loc[first : first + pd.Timedelta(length), "good"] = 0.0
    return frame


def incidents(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Incidents of an hour: key, service, start."""
    starts = pd.to_datetime([row[2] for row in rows], utc=True)
    return pd.DataFrame({
        "incident_id": [row[0] for row in rows], "service": [row[1] for row in rows],
        "title": [f"title {row[0]}" for row in rows], "severity": "high",
        "started_at": starts, "resolved_at": starts + pd.Timedelta("1h"),
    })  # fmt: skip


def replay(counts: pd.DataFrame, **options: Any) -> alerts.AlertReplay:
    """The Workbook's policy at 99 % over 28 days, against incidents where there are some."""
    options = {"policy": "workbook", **options}
    options["truth"] = "budget" if options.get("incidents") is None else "incidents"
    return alerts.replay(counts["good"], counts["total"], target=0.99, period="28d", **options)


def monitor(folder: Path) -> srelib.Dataset:
    """A week of an uptime monitor with three outages and a pause, and a target of 99.5 %."""
    changes = [(0, "up"), (MONITORED, "up"), *((at, "down") for at, _ in DOWN),
               *((at, "up") for _, at in DOWN), (PAUSED[0], "paused"),
               (PAUSED[1], "up")]  # fmt: skip
    rows = [f"{FIRST + pd.Timedelta(at, 's'):%Y-%m-%dT%H:%M:%SZ},site,{state}"
            for at, state in sorted(changes)]  # fmt: skip
    (folder / "monitor.csv").write_text("\n".join(["time,service,state", *rows, ""]))
    (folder / "sources.toml").write_text('[[file]]\nmatch = "monitor.csv"\nmax_silence = "8d"\n')
    (folder / "slos.yaml").write_text(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: site}\nspec:\n  service: site\n"
        "  indicator: {metadata: {name: availability}, spec: {ratioMetric: {counter: false,\n"
        "    good: {metricSource: {type: csv, spec: {query: good}}},\n"
        "    total: {metricSource: {type: csv, spec: {query: total}}}}}}\n"
        "  timeWindow: [{duration: 30d, isRolling: true}]\n  budgetingMethod: Occurrences\n"
        "  objectives: [{target: 0.995}]\n"
    )
    return srelib.load(folder)
