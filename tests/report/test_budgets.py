"""What is left of every budget: shares, and why one is not known."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import srelib
from srelib.report import budgets

SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: {name}
  indicatorRef: availability
  budgetingMethod: Occurrences
  timeWindow: [{{duration: 7d, isRolling: true}}]
  objectives: [{{target: 0.98}}]
"""


def folder(path: Path) -> Path:
    """A week of two services, one of them without traffic, and an objective without data."""
    times = pd.date_range("2026-06-01", periods=168, freq="1h", tz="UTC")
    frame = pd.DataFrame({"time": times.strftime("%Y-%m-%dT%H:%M:%SZ")})
    both = [frame.assign(service="shop", good=99, total=100),
            frame.assign(service="idle", good=0, total=0)]  # fmt: skip
    pd.concat(both).to_csv(path / "requests.csv", index=False)
    names = ("shop", "idle", "gone")
    (path / "slos.yaml").write_text("---\n".join(SLO.format(name=name) for name in names))
    return path


def test_a_budget_that_is_not_known_says_why(tmp_path, capsys):
    """Half is left of one; of 0 of 0 events and of no data nothing can be told."""
    rows = budgets.left(srelib.load(folder(tmp_path)))
    found = {row["name"]: (row["left"], row["problem"]) for row in rows}
    assert found["shop"] == (0.5, "")
    assert found["idle"] == (None, "no traffic")
    assert found["gone"][0] is None
    assert "there is no data for service 'gone'" in found["gone"][1]
    budgets.show(rows, until="now")
    assert "Error budgets at now." in capsys.readouterr().out
