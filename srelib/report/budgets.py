"""What every objective has left of its error budget, for the command `budget`."""

from __future__ import annotations

from typing import Any

from srelib import budget, fleet, objectives, quality, windows, wording
from srelib.dataset import Dataset
from srelib.report import sources

HEADERS = ("Objective", "Service", "Target", "Window", "Budget left", "Observed", "Problem")


def left(dataset: Dataset) -> list[dict[str, Any]]:
    """Each objective with the share of its budget that is left at the end of the data, or None."""
    counts = objectives.with_target(dataset)
    now = fleet.each(counts, lambda key, c: windows.current(c, window=key.window))
    statuses = fleet.each(now, lambda key, c: budget.status(c.good, c.total, target=key.target))
    known = fleet.answers(statuses)
    errors = {**objectives.without_data(dataset), **fleet.refusals(statuses)}
    rows = []
    for key in (*statuses, *objectives.without_data(dataset)):
        share = known[key].left_share if key in known else float("nan")
        observed = quality.coverage(fleet.answers(now)[key]) if key in known else 0.0
        problem = str(errors[key]) if key in errors else "no traffic" if share != share else ""
        rows.append({
            "name": key.name, "service": key.service, "sli": key.sli, "target": key.target,
            "window": str(key.window), "left": None if share != share else share,
            "observed": observed, "problem": problem,
        })  # fmt: skip
    return rows


def show(rows: list[dict[str, Any]], *, until: str) -> None:
    """Print them, on standard output."""
    cells = [
        [row["name"], row["service"], wording.percent(row["target"]), row["window"],
         "?" if row["left"] is None else wording.percent(row["left"]),
         wording.percent(row["observed"]), row["problem"]]
        for row in rows
    ]  # fmt: skip
    sources.console().print(sources._table(f"Error budgets at {until}.", HEADERS, cells))
