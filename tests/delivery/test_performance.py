"""The five numbers of a service together, DORA's published levels, and the sample's truth."""

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import srelib
from srelib import delivery
from srelib.delivery.frequency import _history
from srelib.delivery.performance import DAY, HOUR, MONTH, WEEK, YEARS, _dora_level
from srelib.errors import ParameterError
from tests.delivery.made import JUNE, deployments, incidents

ROOT = Path(__file__).parents[2]
SHIPPED = deployments(
    """
    deployment_id=d1 finished_at=02T09:00 planned=yes
    deployment_id=d2 finished_at=05T09:00 planned=yes status=rolled_back
    deployment_id=d3 finished_at=08T09:00 planned=yes
    deployment_id=fix finished_at=08T15:00 planned=no
    deployment_id=d4 finished_at=20T09:00 planned=yes
    """
)
BROKEN = incidents(
    """
    incident_id=i1 started_at=02T09:10 resolved_at=02T10:10
    incident_id=i2 started_at=02T10:00 resolved_at=02T11:10
    incident_id=i3 started_at=02T20:00 resolved_at=02T20:30
    """
)


def test_all_five_numbers_come_together():
    """What is not known is NaN with n 0."""
    found = delivery.metrics(SHIPPED, None, BROKEN, between=JUNE)["shop"]
    assert found.deployments == 5
    assert found.frequency.value == 1.25
    assert found.fail_rate.value == 0.6
    assert found.recovery.value == 75 * 60
    assert found.rework_rate.value == 0.2
    assert np.isnan(found.lead_time.value)
    assert found.lead_time.n == 0


def test_failures_known_from_incidents_alone_are_held_against_chance():
    """An incident every 12 hours follows any moment within a day; a repair is a sign of its own."""
    rows = "\n".join(
        f"incident_id=i{n} started_at={n // 2 + 1:02d}T{12 * (n % 2):02d}:00" for n in range(56)
    )
    plain = SHIPPED[SHIPPED["status"].eq("succeeded") & SHIPPED["planned"]]
    found = delivery.metrics(plain, None, incidents(rows), between=JUNE)["shop"]
    assert found.fail_rate.value == 1.0
    assert found.fail_chance > 0.95
    assert not found.fail_clear
    mended = delivery.metrics(SHIPPED, None, incidents(rows), between=JUNE)["shop"]
    assert mended.fail_clear


def test_services_are_blended_only_on_request_and_under_a_name():
    """Two services: two answers, or one that says what it is."""
    both = pd.concat([SHIPPED, SHIPPED.assign(service="web", deployment_id=SHIPPED[
        "deployment_id"] + "w")], ignore_index=True)  # fmt: skip
    assert list(delivery.metrics(both, None, BROKEN, between=JUNE)) == ["shop", "web"]
    blend = delivery.metrics(both, None, BROKEN, between=JUNE, together="both")
    assert list(blend) == ["both"]
    assert blend["both"].fail_rate.value == 0.5


@pytest.mark.parametrize(
    ("year", "metric", "value", "expected"),
    [
        (2019, "frequency", 10, "elite"),  # more than one a day
        (2019, "frequency", 3, "high"),  # between once a day and once a week
        (2019, "fail_rate", 0.12, "elite high medium"),  # 0-15 % for all three
        (2019, "recovery", 5 * HOUR, "high medium"),
        (2021, "lead_time", 0.5 * HOUR, "elite"),
        (2021, "lead_time", 3 * MONTH, "medium"),
        (2021, "fail_rate", 0.2, "high medium low"),  # 16-30 % for all three
        (2023, "fail_rate", 0.08, "high"),  # 10 %
        (2023, "frequency", 0.5, "medium low"),  # once a week to once a month for both
        (2024, "fail_rate", 0.08, "high"),  # 20 %; medium has 10 %
        (2024, "fail_rate", 0.15, "high"),
        (2024, "recovery", 2 * WEEK, "low"),
    ],
)
def test_numbers_fall_into_the_published_clusters(year, metric, value, expected):
    """Accelerate State of DevOps Reports of those years; shared ranges name all levels."""
    assert _dora_level(value, metric=metric, year=year) == tuple(expected.split())


def test_a_gap_goes_to_the_worse_neighbor():
    """2021 has nothing between an hour and a day, nor between a week and a month."""
    assert _dora_level(5 * HOUR, metric="lead_time", year=2021) == ("high",)
    assert _dora_level(2 * WEEK, metric="lead_time", year=2021) == ("medium",)
    assert _dora_level(3 * DAY, metric="lead_time", year=2021) == ("high",)


def test_what_is_beyond_every_level_is_the_last_one():
    """90 % of deployments failing was never published."""
    assert _dora_level(0.9, metric="fail_rate", year=2024) == ("low",)
    assert _dora_level(0.0, metric="frequency", year=2024) == ("low",)


def test_the_unknown_has_no_level():
    """NaN is not the worst."""
    assert _dora_level(math.nan, metric="recovery", year=2024) == ()


def test_2025_published_no_levels():
    """The error says which years did."""
    with pytest.raises(ParameterError, match="one of 2019, 2021, 2023, 2024; got 2025"):
        _dora_level(1.0, metric="recovery", year=2025)
    with pytest.raises(ParameterError, match="metric must be one of frequency"):
        _dora_level(1.0, metric="rework_rate", year=2024)


def test_every_year_has_four_levels_of_four_metrics():
    """None is filled in that was not published."""
    assert set(YEARS) == {2019, 2021, 2023, 2024}
    assert all(len(ranges) == 4 for year in YEARS.values() for ranges in year.values())


@pytest.fixture(scope="module")
def sample():
    """The sample as loaded, and its history."""
    dataset = srelib.load(ROOT / "data" / "sample")
    return dataset, _history(dataset.deployments, as_of=dataset.as_of)


@pytest.fixture(scope="module")
def truth():
    """What happened, by service."""
    truth = json.loads((ROOT / "tests" / "truth" / "sample.json").read_text(encoding="utf-8"))
    reached = [d for d in truth["deployments"] if d["status"] in ("succeeded", "rolled_back")]
    shipped = Counter(d["service"] for d in reached)
    broke = Counter(d["service"] for d in reached if d["broke"])
    rework = Counter(d["service"] for d in reached if d["reason"] != "release")
    return shipped, broke, rework, truth


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
