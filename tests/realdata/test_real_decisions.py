"""What to do on real exports: what the rules say, and what they rightly leave open."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import srelib
from srelib import decisions, events, fleet, objectives, tradeoff
from tests.realdata.real_folders import MINUTES_DOWN, WINDOWS, make

REAL = os.environ.get("SRELIB_REAL_DATA")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(REAL is None, reason="SRELIB_REAL_DATA does not name a folder"),
]
ROOT = Path(REAL or ".")


def rows(path):
    """Rows of a real CSV, as the csv module reads them."""
    with (ROOT / path).open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def loaded(name, folder):
    """A real folder."""
    return srelib.load(make(name, ROOT, folder))


def decided(data):
    """What notebook 09 decides about every service."""
    every = objectives.measured(data)
    counts = objectives.per_service(every, sli="availability")
    tables_of = {name: data.exported(name) for name in ("deployments", "incidents", "alerts")}
    effects = fleet.each(counts, lambda key, seen: tradeoff.deployment_effect(
        seen["good"], seen["total"], events.of_service(data.deployments, key.service),
        target=key.target, incidents=events.of_service(data.incidents, key.service),
    ))  # fmt: skip
    made = events.eligible_deployments(data.deployments)
    span = tradeoff.shared_span(counts, made, incidents=data.incidents, as_of=data.as_of)
    return decisions.decide_each(every, tradeoff.adjusted(effects), between=span, **tables_of)


def test_biosimulations_has_not_enough_data_for_more_deployments(tmp_path):
    """A sixth of the budget used in 88 weeks, but 1.48 times that of the last 30 days."""
    (found,) = decided(loaded("biosimulations", tmp_path)).values()
    down = {row["date"]: float(row["minutes_down"])
            for row in rows(MINUTES_DOWN) if row["slug"] == "biosimulations-api"}  # fmt: skip
    last = pd.date_range(end=WINDOWS["B"][1], periods=30).strftime("%Y-%m-%d")
    assert sum(down.get(day, 0.0) for day in last) > 30 * 1440 * 0.01
    assert (found.verdict, found.leaning) == ("not enough data", "no change needed")
    assert found.enough == found.weeks + 5  # 30 days are more than four weeks
    assert found.deployments > 0


def test_deployments_alone_say_what_is_missing(tmp_path):
    """Without good and total events no deployment can be judged."""
    made = loaded("cow_services", tmp_path).deployments
    (found,) = decisions.decide_each({}, {}, between=None, deployments=made).values()
    assert (found.verdict, found.lacks) == ("not enough data", "counts")
    assert found.deployments == len(events.eligible_deployments(made))


def test_incidents_of_github_are_judged_by_what_comes_back(tmp_path):
    """No counts, no deployments: the incidents whose title came three times or more, by name."""
    (found,) = decided(loaded("github", tmp_path)).values()
    assert found.verdict == "fix outages unrelated to deployments"
    assert not found.causes
    assert not found.levers
    titles = Counter(row["title"] for row in rows("incidents/github_statuses_incidents.csv")
                     if row["impact"] != "maintenance")  # fmt: skip
    named = found.named.set_index("title")["incidents"]
    assert named.min() >= 3
    assert named["Incident with Codespaces"] == titles["Incident with Codespaces"]
