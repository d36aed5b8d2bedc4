"""What policies beside each other say: what they delay, what they avoid, which none beats."""

from __future__ import annotations

import pandas as pd

from srelib import wording
from srelib.findings.policy import NOTHING, _range_text
from srelib.findings.show import Table, name, table


def policies_table(rows: pd.DataFrame, *, caption: str = "") -> Table | None:
    """Policies side by side.

    Parameters
    ----------
    rows : DataFrame
        As from `srelib.policy.frontier`.
    caption : str
        Default: that these are ready-made policies.

    Returns
    -------
    Table or None
        None without rows.
    """
    if not len(rows):
        return None
    frame = pd.DataFrame({
        "policy": [f"{p} (in question)" if k == "current" else p
                   for p, k in zip(rows["policy"], rows["kind"], strict=True)],
        "frozen": _ranges(rows, "frozen_days"), "held": _ranges(rows, "held"),
        "delay": _ranges(rows, "deployment_days"), "batch": rows["batch"],
        "avoided": [f"{_number(a)} to {_number(b)}" for a, b in
                    zip(rows[["postponed", "avoided"]].min(axis=1),
                        rows[["postponed", "avoided"]].max(axis=1), strict=True)],
        "range": [f"{_number(a)} to {_number(b)}" for a, b in
                  zip(rows["low"], rows["high"], strict=True)],
    })  # fmt: skip
    return table(
        frame, max_rows=30,
        caption=caption or "Policies on the same history, all services together; from harm "
                           "avoided to only postponed",
        headers={"frozen": "days frozen", "held": "deployments held",
                 "delay": "deployment-days of delay", "batch": "most let go at once",
                 "avoided": "four-week budgets avoided", "range": "chance included"},
    )  # fmt: skip


def _ranges(rows: pd.DataFrame, column: str) -> list[str]:
    pairs = rows[[column, f"{column}_best"]].round().astype("int64")
    return [_range_text(a, b) for a, b in zip(pairs.min(axis=1), pairs.max(axis=1), strict=True)]


def frontier_sentence(rows: pd.DataFrame) -> str:
    """Whether another policy would avoid more for less.

    Parameters
    ----------
    rows : DataFrame
        As from `srelib.policy.frontier`.
    """
    if not len(rows):
        return NOTHING
    if not rows["held_best"].max() and not rows["held"].max():
        return f"None of {len(rows)} policies would have held a deployment."
    now = rows[rows["kind"] == "current"].iloc[0]
    tried = f"Of {len(rows)} policies"
    cheaper = rows["deployment_days_best"] <= now["deployment_days_best"]
    others = rows["policy"] != now["policy"]
    better = rows[cheaper & others & (rows["avoided"] >= now["avoided"])]
    if now["front"] or not len(better):
        text = (f"{tried}, none avoids more than {name(now['policy'])} for no more delay, harm "
                "being avoided")  # fmt: skip
    else:
        best = better.sort_values("avoided").iloc[-1]
        text = (f"{tried}, {name(best['policy'])} avoids {_number(best['avoided'])} four-week "
                f"budgets against {_number(now['avoided'])} of {name(now['policy'])}, for "
                f"{_number(best['deployment_days_best'])} against "
                f"{_number(now['deployment_days_best'])} deployment-days of delay")  # fmt: skip
    most = _number(max(float(rows["postponed"].max()), 0.0))
    return f"{text}. Were harm only postponed, none would avoid more than {most} of a budget."


def sensitivity_sentence(rows: pd.DataFrame) -> str:
    """How much the answer depends on window and threshold.

    Parameters
    ----------
    rows : DataFrame
        As from `srelib.policy.frontier`, of `srelib.policy.grid`.
    """
    if not len(rows):
        return NOTHING
    days = rows[["frozen_days", "frozen_days_best"]]
    held = rows[["held", "held_best"]]
    text = (f"Over {len(rows)} windows and thresholds, days frozen run from "
            f"{int(days.min().min())} to {int(days.max().max())}, deployments held from "
            f"{int(held.min().min())} to {int(held.max().max())}")  # fmt: skip
    if not held.max().max():
        return f"{text}."
    return (f"{text}, and what is avoided at best from {_number(rows['avoided'].min())} to "
            f"{_number(rows['avoided'].max())} four-week budgets.")  # fmt: skip


def _number(value: float) -> str:
    """Two digits where they matter, whole from ten on."""
    if abs(value) >= 10:
        return wording.count(round(value))
    return wording.count(round(value, 2) + 0.0)
