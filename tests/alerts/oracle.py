"""``python -m tests.alerts.oracle``: compare over 200 random histories with a real Prometheus."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tests.alerts import promtool
from tests.alerts.scenarios import Scenario, many


def differences(one: Scenario) -> dict[str, tuple[int, int]]:
    """Buckets that fire in Prometheus, and buckets that differ, per severity.

    Parameters
    ----------
    one : Scenario

    Returns
    -------
    dict of str to (int, int)
    """
    wanted = promtool.firing(
        one.bad, one.total, limits=one.limits(), step=one.step, counters=one.counters
    )
    got = one.replayed()
    assert sorted(got.columns) == sorted(wanted)
    return {
        name: (int(mask.sum()), int(np.count_nonzero(got[name].to_numpy() != mask)))
        for name, mask in wanted.items()
    }


def main() -> int:
    """Compare all of them.

    Returns
    -------
    int
        0 when every bucket of every scenario is equal, else 1.
    """
    start, scenarios = time.perf_counter(), list(many())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(differences, scenarios))
    fired = wrong = buckets = busy = 0
    for one, found in zip(scenarios, results, strict=True):
        buckets += len(one.total) * len(found)
        fired += sum(count for count, _ in found.values())
        busy += any(0 < count < len(one.total) for count, _ in found.values())
        if any(differ for _, differ in found.values()):
            wrong += 1
            print(f"DIFFERENT {one.name}: {found}")
    print(
        f"{len(scenarios)} scenarios, {buckets} buckets and severities, {fired} of them firing, "
        f"{busy} scenarios both fire and rest; {wrong} differ; "
        f"{time.perf_counter() - start:.0f} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
