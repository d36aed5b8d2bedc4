"""The sample: what each policy tells and misses follows from the incidents planted in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

import srelib
from srelib import alerts, fleet, objectives
from srelib.findings import alerts as spoken

ROOT = Path(__file__).parents[2]
TRUTH = ROOT / "tests" / "truth" / "sample.json"
POLICIES = ("workbook", "pyrra", "4 one burn rate")
SURE, BUSY = 1.1, 100
"""Error ratio over a window, against the threshold, that leaves no doubt; events an hour below
which chance decides, not the ratio that was planted."""


@pytest.fixture(scope="module")
def replays() -> Mapping[fleet.Indicator, alerts.Replay]:
    """Every objective of the sample, under three policies."""
    dataset = srelib.load(ROOT / "data" / "sample")
    log = alerts.known_incidents(dataset.incidents, truth="incidents")
    return {
        key: alerts.replay(
            counts.good, counts.total, target=key.target, period=key.window, policy="workbook",
            policies={name: alerts.named(name, period=key.window) for name in POLICIES},
            incidents=alerts.of_service(log, key.service),
        )
        for key, counts in objectives.with_target(dataset).items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def busy() -> set[str]:
    """Services with enough traffic for a ratio to be what was planted."""
    file = json.loads(TRUTH.read_text(encoding="utf-8"))
    hours = (pd.Timestamp(file["end"]) - pd.Timestamp(file["start"])) / pd.Timedelta("1h")
    return {row["service"] for row in file["slis"]
            if row["sli"] == "availability" and row["total"] > BUSY * hours}  # fmt: skip


@pytest.fixture(scope="module")
def planted(replays, busy) -> pd.DataFrame:
    """The incidents of the truth, with the share of each rule's threshold they reach alone."""
    rows = pd.DataFrame(json.loads(TRUTH.read_text(encoding="utf-8"))["incidents"])
    starts, ends = pd.to_datetime(rows["started_at"]), pd.to_datetime(rows["ended_at"])
    rows = rows.assign(starts=starts, ends=ends, length=ends - starts)
    promised = {key.service: key for key in replays if key.sli == "availability"}
    for name in POLICIES:
        rows[name] = [_reached(row, promised[row["service"]], name) for _, row in rows.iterrows()]
    rows["alone"] = [_alone(row, rows) for _, row in rows.iterrows()]
    rows["single"] = [sum(key.service == s for key in replays) == 1 for s in rows["service"]]
    return rows[rows["service"].isin(busy)].set_index("incident_id")


def _reached(row: pd.Series, key: fleet.Indicator, policy: str) -> float:
    """Its error ratio over the long window of the rule it comes closest to, over the threshold."""
    return max(
        min(row["length"] / rule.long, 1) * row["error_ratio"]
        / alerts.threshold(rule, target=key.target)
        for rule in alerts.named(policy, period=key.window) if rule.severity == "page"
    )  # fmt: skip


def _alone(row: pd.Series, rows: pd.DataFrame) -> bool:
    """Whether no other incident of its service lies within a day before it, or in it."""
    others = rows[(rows["service"] == row["service"]) & (rows["incident_id"] != row["incident_id"])]
    near = (others["ends"] > row["starts"] - pd.Timedelta("1D")) & (others["starts"] < row["ends"])
    return not near.any()


@pytest.mark.parametrize("policy", POLICIES)
def test_what_must_fire_by_the_book_is_told(policy, replays, planted):
    """Every incident that reaches a threshold by itself is told about."""
    events = alerts.pooled(replays, policy=policy).events.set_index("key")
    must = planted.index[planted[policy] > SURE]
    assert len(must) >= 5
    assert events.loc[must, "caught"].all()


@pytest.mark.parametrize("policy", POLICIES)
def test_what_cannot_fire_by_the_book_is_missed_and_named(policy, replays, planted):
    """Incidents that stay below, with no other nor a second objective near, are missed by name."""
    pooled = alerts.pooled(replays, policy=policy)
    events = pooled.events.set_index("key")
    cannot = planted.index[(planted[policy] < 1 / SURE) & planted["alone"] & planted["single"]]
    assert len(cannot) >= 9
    assert not events.loc[cannot, "caught"].any()
    assert set(cannot) <= set(pooled.missed["key"])
    dear = events.loc[cannot].query("spent >= 0.02").sort_values("spent", ascending=False)
    said = spoken.missed_sentence(pooled)
    assert len(dear)
    assert dear["label"].iloc[0].replace(":", "&#58;") in said


def test_a_stricter_policy_says_other_names(replays):
    """The sentences are those of the policy."""
    lines = {name: spoken.missed_sentence(alerts.pooled(replays, policy=name)) for name in POLICIES}
    assert len(set(lines.values())) == len(POLICIES)
