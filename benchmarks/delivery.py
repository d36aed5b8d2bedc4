"""All five metrics of a large fleet against reading the same tables from CSV with pandas."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from benchmarks.measure import Row, alternate, seconds, table
from srelib import delivery, events, tables

CHANGES, DEPLOYMENTS, INCIDENTS, SERVICES = 1_000_000, 100_000, 20_000, 200
LIMIT = 3.0
REPEATS = 3
SEED = 20260629
FIRST = pd.Timestamp("2024-01-01", tz="UTC")
SPAN = 2 * 365 * 86_400


def fleet() -> dict[str, pd.DataFrame]:
    """Two years of 200 services.

    Returns
    -------
    dict of str to DataFrame
        Tables ``deployments``, ``changes`` and ``incidents``.
    """
    rng = np.random.default_rng(SEED)
    owner = rng.integers(SERVICES, size=DEPLOYMENTS)
    ended = np.sort(rng.uniform(0, SPAN, DEPLOYMENTS))
    shipped = pd.DataFrame(
        {
            "deployment_id": [f"d{n}" for n in range(DEPLOYMENTS)],
            "service": _names(owner),
            "finished_at": _times(ended),
            "status": rng.choice(["succeeded", "failed", "rolled_back"], DEPLOYMENTS,
                                 p=[0.93, 0.04, 0.03]),
            "planned": rng.random(DEPLOYMENTS) > 0.05,
        }
    )  # fmt: skip
    of = rng.integers(DEPLOYMENTS, size=CHANGES)
    lead = 72_000 * np.exp(rng.standard_normal(CHANGES))
    made = pd.DataFrame(
        {
            "change_id": [f"c{n}" for n in range(CHANGES)],
            "service": _names(owner[of]),
            "committed_at": _times(ended[of] - lead),
            "merged_at": _times(ended[of] - 0.3 * lead),
            "deployment_id": shipped["deployment_id"].to_numpy()[of],
        }
    )
    at = rng.uniform(0, SPAN, INCIDENTS)
    broken = pd.DataFrame(
        {
            "incident_id": [f"i{n}" for n in range(INCIDENTS)],
            "service": _names(rng.integers(SERVICES, size=INCIDENTS)),
            "started_at": _times(at),
            "resolved_at": _times(at + 4000 * np.exp(rng.standard_normal(INCIDENTS))),
        }
    )
    frames = {"deployments": shipped, "changes": made, "incidents": broken}
    return {name: tables.conform(frame, name) for name, frame in frames.items()}


def _names(numbers: np.ndarray) -> np.ndarray:
    return np.array([f"service-{n:03d}" for n in range(SERVICES)], dtype=object)[numbers]


def _times(seconds: np.ndarray) -> pd.DatetimeIndex:
    return FIRST + pd.to_timedelta(np.rint(seconds), unit="s")


def read(files: dict[str, bytes]) -> dict[str, pd.DataFrame]:
    """The tables from CSV, as one would read them in a notebook.

    Parameters
    ----------
    files : dict of str to bytes
        CSV by name of the table.

    Returns
    -------
    dict of str to DataFrame
    """
    times = {
        name: [c.name for c in tables.TABLES[name] if c.kind == "time"] for name in files
    }  # fmt: skip
    return {
        name: pd.read_csv(io.BytesIO(content), parse_dates=times[name])
        for name, content in files.items()
    }


def measured(frames: dict[str, pd.DataFrame]) -> dict[str, delivery.Delivery]:
    """The five numbers of every service.

    Parameters
    ----------
    frames : dict of str to DataFrame
        The tables.

    Returns
    -------
    dict of str to Delivery
    """
    between = (FIRST, FIRST + pd.Timedelta(seconds=SPAN))
    return delivery.metrics(
        frames["deployments"], frames["changes"], frames["incidents"], between=between
    )


def run(repeats: int = REPEATS) -> list[Row]:
    """Measure, after checking that every row was counted.

    Parameters
    ----------
    repeats : int
        Runs of each side.

    Returns
    -------
    list of Row
    """
    frames = fleet()
    files = {name: frame.to_csv(index=False).encode() for name, frame in frames.items()}
    found = measured(frames)
    reached = int(events._reached_users(frames["deployments"]).sum())
    assert sum(each.deployments for each in found.values()) == reached
    assert sum(each.lead_time.n for each in found.values()) > 0.9 * CHANGES
    ours, other = alternate(
        lambda: seconds(lambda: measured(frames)),
        lambda: seconds(lambda: read(files)),
        repeats=repeats,
    )
    name = "five metrics, 1 M changes, 100 k deployments, 20 k incidents"
    return [Row(name, ours, other, "pandas read_csv of the tables", LIMIT, repeats)]


if __name__ == "__main__":
    print(table(run()))
