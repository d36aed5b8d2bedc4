"""What is left of every budget: shares, and why one is not known."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import srelib
from srelib.report import budgets, index, sources

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


def test_a_composite_has_a_budget_like_any_objective(tmp_path):
    """Read by `check` too, by its rule; of a service with one bad event and one without traffic."""
    times = pd.date_range("2026-06-01", periods=48, freq="h", tz="UTC")
    (tmp_path / "counts.csv").write_text("time,service,good,total\n" + "".join(
        f"{time:%Y-%m-%dT%H:%M:%SZ},cart,{99 if n == 9 else 100},100\n"
        f"{time:%Y-%m-%dT%H:%M:%SZ},pay,0,0\n" for n, time in enumerate(times)
    ))  # fmt: skip
    members = "".join(
        f"  - {{target: 0.999, compositeWeight: 1, indicator: {{metadata: {{name: availability}},\n"
        f"      spec: {{ratioMetric: {{good: {{metricSource: {{spec: {{service: {name}}}}}}},\n"
        f"      total: {{metricSource: {{}}}}}}}}}}}}\n"
        for name in ("cart", "pay")
    )
    (tmp_path / "slos.yaml").write_text(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: site}\nspec:\n  service: shop\n"
        "  timeWindow: [{duration: 28d, isRolling: true}]\n"
        f"  budgetingMethod: Occurrences\n  objectives:\n{members}"
    )
    dataset = srelib.load(tmp_path)
    row = budgets.left(dataset)[-1]
    assert (row["name"], row["service"], row["observed"]) == ("site", "shop", 1)
    assert row["left"] == pytest.approx(1 - 1 / 4.8)  # 1 of 4,800, of which 4.8 may be bad
    (board,) = [one for one in index.scoreboard(dataset).budgets if one.service == "shop"]
    assert (board.slo, board.left.replace("\u00a0", " ")) == ("site", "79 %")
    checked = sources.check(tmp_path)
    assert checked["usable"]
    assert checked["slos"][-1]["method"] == "weighted mean"
