"""What srelib init proposes for exports that are there."""

from __future__ import annotations

import pandas as pd
import pytest

import srelib
from srelib import cli, slos
from srelib.report.proposal import proposed


def counts(bad: range = range(3), *, total: int = 1000) -> str:
    """60 days of one service, in some of their hours one event in ten bad."""
    times = pd.date_range("2026-04-01", periods=24 * 60, freq="h", tz="UTC")
    rows = [f"{at:%Y-%m-%dT%H:%M:%SZ},shop,{total - (total // 10 if n in bad else 0)},{total}"
            for n, at in enumerate(times)]  # fmt: skip
    return "time,service,good,total\n" + "\n".join(rows) + "\n"


def test_a_new_folder_has_nothing_to_propose(tmp_path):
    """Absent, empty, or with files that are no exports."""
    assert proposed(tmp_path / "new") is None
    assert proposed(tmp_path) is None
    (tmp_path / "README.md").write_text("mine")
    assert proposed(tmp_path) is None


def test_the_target_is_one_that_every_28_days_met(tmp_path):
    """672 h of 1,000 events, 10 h of them 10 % bad: 1,000 of 672,000 = 99.851 % -> 99.8 %."""
    (tmp_path / "a.csv").write_text(counts(range(800, 810)))
    texts = proposed(tmp_path)
    (tmp_path / "slos.yaml").write_text(texts["slos.yaml"])
    (slo,) = slos.read(tmp_path)
    assert (slo.service, slo.sli, slo.target) == ("shop", "availability", 0.998)
    assert "of the 60 days of history the worst 28 days have 99.85 %" in texts["slos.yaml"]


def test_a_target_leaves_a_budget_of_ten_events(tmp_path):
    """10 events an hour are 6,720 in 28 days: 99.8 % leaves 13.4 of them, 99.9 % only 6.7."""
    (tmp_path / "a.csv").write_text(counts(range(0), total=10))
    assert "target: 0.998 " in proposed(tmp_path)["slos.yaml"]


def test_a_history_below_every_common_target_says_so(tmp_path):
    """Two events in ten bad are 80 %, and the lowest target is 90 %."""
    rows = "".join(f"2026-06-01T0{hour}:00:00Z,shop,80,100\n" for hour in range(2))
    (tmp_path / "a.csv").write_text(f"time,service,good,total\n{rows}")
    text = proposed(tmp_path)["slos.yaml"]
    assert "target: 0.9  # proposed: the history of 2 h has 80 %, less than that" in text


def test_init_of_a_folder_with_exports_is_all_that_is_needed(tmp_path, capsys):
    """What is asked stands in sources.toml, and the folder loads at once."""
    (tmp_path / "a.csv").write_text(counts().replace("Z,", ","))
    with pytest.raises(SystemExit, match="0"):
        cli.main(["init", str(tmp_path)])
    assert "lines marked # ?" in capsys.readouterr().err
    assert 'timezone = "UTC"  # ?' in (tmp_path / "sources.toml").read_text()
    data = srelib.load(tmp_path)
    assert [slo.name for slo in data.slos] == ["shop-availability"]
    assert len(data.slo_counts(data.slos[0])) == 24 * 60


def test_init_leaves_sources_alone_that_answer_everything(tmp_path):
    """Only slos.yaml is lacking; what would have to change is never overwritten."""
    (tmp_path / "a.csv").write_text(counts().replace("Z,", ","))
    (tmp_path / "sources.toml").write_text('[[file]]\nmatch = "*"\ntimezone = "UTC"\n')
    assert sorted(proposed(tmp_path)) == ["README.md", "slos.yaml"]
    (tmp_path / "sources.toml").write_text("")
    with pytest.raises(SystemExit, match="2"):
        cli.main(["init", str(tmp_path)])
    assert not (tmp_path / "slos.yaml").exists()
