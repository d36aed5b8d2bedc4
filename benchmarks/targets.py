"""Candidate targets on years of minutes, against one replay per candidate.

Each candidate needs the alerts replayed at its own threshold; the error ratios are the same for
all of them.
"""

from __future__ import annotations

from benchmarks.alerts import PERIOD, year
from benchmarks.measure import Row, alternate, seconds
from srelib import alerts, targets
from srelib.alerts.firing import _as_episodes
from srelib.targets.candidates import LADDER

SERVICES = 20
WHOLE = 100
REPEATS = 3
LIMIT_REPLAYS, LIMIT_GROWTH, LIMIT_MINUTE = 0.5, 1.25, 1.0


def run() -> list[Row]:
    """Against a replay per candidate, the last services against the first, and a minute.

    Returns
    -------
    list of Row
    """
    good, total = year()
    policy = alerts.workbook_policy(PERIOD)
    ours, other = alternate(
        lambda: seconds(lambda: targets.candidates(good, total, window=PERIOD)),
        lambda: seconds(lambda: [
            _as_episodes(alerts.firing(good, total, target=target, policy=policy), merge="1h")
            for target in LADDER
        ]),
        repeats=REPEATS,
    )  # fmt: skip
    several = [year(seed) for seed in range(SERVICES)]
    each = [seconds(lambda pair=pair: targets.candidates(*pair, window=PERIOD)) for pair in several]
    half = SERVICES // 2
    name = f"{len(LADDER)} candidates, one service-year of minutes"
    return [
        Row(name, ours, other, "alerts replayed for each of them", LIMIT_REPLAYS, REPEATS),
        Row(f"the last {half} of {SERVICES} services, each", sum(each[half:]) / half,
            sum(each[:half]) / half, f"the first {half}", LIMIT_GROWTH, 1),
        Row(f"{WHOLE} services, from {SERVICES}", WHOLE * sum(each) / SERVICES, 60.0,
            "a minute", LIMIT_MINUTE, 1),
    ]  # fmt: skip
