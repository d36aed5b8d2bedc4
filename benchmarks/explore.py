"""Sliders: how long a figure takes to follow, against 300 ms, the longest that feels like moving.

A service-year of minutes with 200 deployments; each redraw is timed from the new value of the
slider to the new picture, another value each time, in processor time: one core does all of it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from itertools import cycle
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

from benchmarks.alerts import PERIOD, SEED, TARGET, year
from benchmarks.measure import Row
from srelib import alerts, decisions, explore, policy, simulate, tradeoff
from srelib.fleet import Indicator
from srelib.windows import Window

BOUND = 0.3
REPEATS = 7
DEPLOYMENTS = 200
KEY = Indicator("shop", "shop", target=TARGET, window=Window(pd.Timedelta(PERIOD)))


def explorers() -> dict[str, tuple[Any, str]]:
    """The controls of each notebook, and which of them is moved.

    Returns
    -------
    dict of str to tuple of widget and str
    """
    good, total = year()
    counts = {KEY: pd.DataFrame({"good": good, "total": total})}
    base = simulate.fleet(seed=1).dataset
    made = good.index[np.sort(np.random.default_rng(SEED).integers(0, len(good), DEPLOYMENTS))]
    deployed = pd.DataFrame({
        "deployment_id": [str(n) for n in range(DEPLOYMENTS)], "service": "shop",
        "environment": "production", "started_at": made, "finished_at": made,
        "status": "succeeded", "planned": True,
    })  # fmt: skip
    dataset = mock.Mock(deployments=deployed, incidents=base.incidents[:0],
                        exclusions=base.exclusions[:0])  # fmt: skip
    effects = {KEY: tradeoff.deployment_effect(good, total, deployed, target=TARGET)}
    decided = decisions.decide(counts, key=KEY, effect=effects[KEY], deployments=deployed)
    replayed = alerts.replay(
        good, total, target=TARGET, period=PERIOD, policy="workbook", candidates={}
    )
    rules = {KEY: alerts.workbook_policy(PERIOD)}
    with mock.patch("srelib.notebook.attended"):
        return {
            "03, factors of the alert policy": (explore.alerts(counts, {KEY: replayed}), "factors"),
            "06, window after a deployment": (
                explore.after(counts, effects, dataset, after="6h"), "after"),
            "07, freeze policy": (
                explore.freezes({"shop": policy.prepare(counts, deployed)}, policy="workbook"),
                "freeze below"),
            "08, target": (
                explore.target(counts, spans={KEY: KEY.window}, rules=rules, pass_probability=0.9,
                               needs={}), "target"),
            "09, harm of each deployment": (
                explore.harm(counts, effects, {"shop": decided}, incidents=dataset.incidents,
                             pass_probability=0.9), "harm"),
        }  # fmt: skip


def moving(widget: Any, name: str) -> Callable[[], None]:
    """Move a control to its next value; its figure follows before this returns.

    Parameters
    ----------
    widget : ipywidgets.Widget
        As from a function of `srelib.explore`.
    name : str
        Which of its controls.

    Returns
    -------
    callable
    """
    controls, _ = widget.children
    (control,) = [one for one in controls.children if one.description == name]
    steps = cycle(range(len(control.options)))

    def move() -> None:
        control.index = next(step for step in steps if step != control.index)

    return move


def _processor_seconds(call: Callable[[], None]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def run() -> list[Row]:
    """Measure.

    Returns
    -------
    list of Row
    """
    rows = []
    for text, (widget, name) in explorers().items():
        move = moving(widget, name)
        move()
        took = statistics.median(_processor_seconds(move) for _ in range(REPEATS))
        rows.append(Row(f"notebook {text}", took * 1e3, BOUND * 1e3, "300 ms", 1.0, REPEATS, "ms"))
    return rows
