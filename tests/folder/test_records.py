"""Records of several files: what lies far from all metrics, and which alerts are pages."""

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


def test_severities_that_may_be_pages_are_asked_for():
    """With how often each occurs, and the line to write; nothing where all are known."""
    alerts = pd.DataFrame({"severity": ["page", "P1", "P3", "P1", None]}, dtype="str")
    (note,) = records.unclear_alerts(alerts)
    assert "alerts of severity 'P1' 2, 'P3' 1 page somebody is not known" in note
    assert 'values.severity = { "P1" = "page", "P3" = "page" }' in note
    assert records.unclear_alerts(alerts.iloc[[0, 4]]) == []
