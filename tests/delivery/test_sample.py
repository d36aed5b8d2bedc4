"""The sample exports against the truth they were drawn from."""

import json
from collections import Counter
from pathlib import Path

import pytest

import srelib
from srelib import delivery

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sample():
    """The sample as loaded, and its history."""
    dataset = srelib.load(ROOT / "data" / "sample")
    return dataset, delivery.history(dataset.deployments, as_of=dataset.as_of)


@pytest.fixture(scope="module")
def truth():
    """What happened, by service."""
    told = json.loads((ROOT / "tests" / "truth" / "sample.json").read_text(encoding="utf-8"))
    reached = [d for d in told["deployments"] if d["status"] in ("succeeded", "rolled_back")]
    shipped = Counter(d["service"] for d in reached)
    broke = Counter(d["service"] for d in reached if d["broke"])
    rework = Counter(d["service"] for d in reached if d["reason"] != "release")
    return shipped, broke, rework, told


@pytest.fixture(scope="module")
def found(sample):
    """The five numbers of each service."""
    dataset, between = sample
    tables = dataset.deployments, dataset.changes, dataset.incidents
    return delivery.metrics(*tables, between=between)


def test_every_deployment_that_reached_users_is_counted(found, truth):
    """By service, exactly."""
    assert {service: each.deployments for service, each in found.items()} == dict(truth[0])


def test_fail_rates_agree_with_what_broke(found, truth):
    """Within the interval where few incidents are about; failures nobody noticed are in it.

    warehouse has an incident every two and a half days that no deployment caused: there the
    window takes in strangers, which `chance` says and no interval can.
    """
    shipped, broke, *_ = truth
    for service, each in found.items():
        if service != "warehouse":
            assert each.fail_rate.low <= broke[service] / shipped[service] <= each.fail_rate.high


def test_rework_is_what_was_made_for_repair(found, truth):
    """By service, exactly."""
    shipped, _, rework, _ = truth
    for service, each in found.items():
        assert each.rework_rate.value == pytest.approx(rework[service] / shipped[service])


def test_most_incidents_put_down_at_once_were_caused_by_that_deployment(sample, truth):
    """Within an hour 14 are placed, of which chance alone would place 0.63; nothing is lost.

    Three wrong ones would be more than 99 in 100 draws of 0.63 give.
    """
    dataset, _ = sample
    pairs = delivery.attribute_incidents(dataset.deployments, dataset.incidents, within="1h")
    caused = {i["incident_id"]: i["deployment_id"] for i in truth[3]["incidents"]}
    assert set(pairs["incident_id"]) == set(caused)
    placed = pairs[pairs["deployment_id"].notna()]
    right = [caused[i] == d for i, d in zip(placed["incident_id"], placed["deployment_id"],
                                            strict=True)]  # fmt: skip
    assert len(right) - sum(right) < 3
    assert sum(right) >= 12


def test_lead_times_are_those_the_services_were_given(found):
    """Medians of `data/make_sample.py`: 14 h, 9 h, 260 h, 200 h, 60 h and 40 h."""
    hours = {"checkout": 14, "search": 9, "billing": 260, "warehouse": 200, "partner-api": 60,
             "catalog": 40}  # fmt: skip
    for service, expected in hours.items():
        lead = found[service].lead_time
        assert lead.low / 3600 <= expected <= lead.high / 3600, service
