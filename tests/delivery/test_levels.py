"""DORA's published levels and answer categories, as they were published."""

import math

import pytest

from srelib import delivery
from srelib.delivery.summary import DAY, HOUR, MONTH, WEEK, YEARS
from srelib.errors import ParameterError
from srelib.stats import Estimate


@pytest.mark.parametrize(
    ("year", "metric", "value", "expected"),
    [
        (2019, "frequency", 10, "elite"),  # more than one a day
        (2019, "frequency", 3, "high"),  # between once a day and once a week
        (2019, "fail_rate", 0.12, "elite, high or medium"),  # 0-15 % for all three
        (2019, "recovery", 5 * HOUR, "high or medium"),
        (2021, "lead_time", 0.5 * HOUR, "elite"),
        (2021, "lead_time", 3 * MONTH, "medium"),
        (2021, "fail_rate", 0.2, "high, medium or low"),  # 16-30 % for all three
        (2023, "fail_rate", 0.08, "high"),  # 10 %
        (2023, "frequency", 0.5, "medium or low"),  # once a week to once a month for both
        (2024, "fail_rate", 0.08, "high"),  # 20 %; medium has 10 %
        (2024, "fail_rate", 0.15, "high"),
        (2024, "recovery", 2 * WEEK, "low"),
    ],
)
def test_numbers_fall_into_the_published_clusters(year, metric, value, expected):
    """Accelerate State of DevOps Reports of those years; shared ranges name all levels."""
    assert str(delivery.level(value, metric=metric, year=year)) == expected


def test_a_gap_goes_to_the_worse_neighbor_and_says_so():
    """2021 has nothing between an hour and a day, nor between a week and a month."""
    found = delivery.level(5 * HOUR, metric="lead_time", year=2021)
    assert (str(found), found.published) == ("high", False)
    found = delivery.level(2 * WEEK, metric="lead_time", year=2021)
    assert (str(found), found.published) == ("medium", False)
    assert delivery.level(3 * DAY, metric="lead_time", year=2021).published


def test_what_is_beyond_every_level_is_the_last_one():
    """90 % of deployments failing was never published."""
    found = delivery.level(0.9, metric="fail_rate", year=2024)
    assert (found.names, found.published) == (("low",), False)


def test_the_unknown_has_no_level():
    """NaN is not the worst."""
    assert delivery.level(math.nan, metric="recovery", year=2024) is None
    assert delivery.category(math.nan, metric="recovery") is None


def test_2025_published_no_levels():
    """The error says which years did."""
    with pytest.raises(ParameterError, match="one of 2019, 2021, 2023, 2024; got 2025"):
        delivery.level(1.0, metric="recovery", year=2025)
    with pytest.raises(ParameterError, match="levels exist for frequency"):
        delivery.level(1.0, metric="rework_rate", year=2024)


def test_every_year_has_four_levels_of_four_metrics():
    """None is filled in that was not published."""
    assert set(YEARS) == {2019, 2021, 2023, 2024}
    assert all(len(ranges) == 4 for year in YEARS.values() for ranges in year.values())


@pytest.mark.parametrize(
    ("metric", "value", "expected"),
    [
        ("lead_time", 0.5 * HOUR, "less than an hour"),
        ("lead_time", 23 * HOUR, "less than a day"),
        ("recovery", 8 * DAY, "a week to a month"),
        ("recovery", 400 * DAY, "more than 6 months"),
        ("frequency", 2.0, "once a day to once a week"),
        ("frequency", 0.0, "less than once in 6 months"),
    ],
)
def test_answer_categories_leave_no_gap(metric, value, expected):
    """The answers DORA's own survey offers."""
    assert delivery.category(value, metric=metric) == expected


def test_levels_reach_as_far_as_the_interval():
    """Five deployments with one failure could be anything."""
    wide = Estimate(0.2, 0.04, 0.58, 5, 0.95, "Wilson")
    often = Estimate(3.0, 0.5, 9.0, 12, 0.95, "exact Poisson")
    unknown = Estimate(math.nan, math.nan, math.nan, 0, 0.95, "none")
    found = delivery.levels(
        {"shop": delivery.Delivery(5, often, unknown, wide, unknown, unknown)}, year=2024
    ).set_index("metric")
    assert found.loc["fail_rate", ["best", "worst"]].tolist() == ["elite", "low"]
    assert found.loc["frequency", ["level", "best", "worst"]].tolist() == [
        "high",
        "elite",
        "medium",
    ]
    assert found.loc["lead_time", ["level", "best", "worst"]].isna().all()
