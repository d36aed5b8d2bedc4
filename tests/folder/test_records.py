"""Records of several files: what lies far from all metrics."""

from __future__ import annotations

import pandas as pd

from srelib.folder import records


def test_records_far_from_all_metrics_are_said():
    """A month apart may be history; more is most often a wrong year, and counts for nothing."""

    def frame(**times):
        return pd.DataFrame({name: pd.to_datetime(at, utc=True) for name, at in times.items()})

    joined = {
        "sli": frame(time=["2026-06-01", "2026-06-30"]),
        "changes": frame(committed_at=["2020-01-01"]),
        "deployments": frame(finished_at=["2025-06-03", "2026-05-02", "2026-06-03"]),
        "incidents": frame(started_at=["2026-06-03"]), "alerts": frame(fired_at=[]),
    }  # fmt: skip
    assert records.far_outside(joined) == [
        "1 of 3 deployments lie more than 31 days before or after the metrics (2026-06-01 to "
        "2026-06-30)"
    ]
