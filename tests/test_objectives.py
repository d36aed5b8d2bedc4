"""Which objectives and series a folder holds, each with its counts."""

import pandas as pd
import pytest

import srelib
from srelib import objectives
from srelib.errors import InputError
from srelib.fleet import Indicator

MINUTES = pd.date_range("2026-06-01", periods=10, freq="min", tz="UTC")


def slo(name: str, service: str, **method: str) -> str:
    """One OpenSLO document with a target of 99 %."""
    extra = "".join(f"\n    {key}: {value}" for key, value in method.items())
    return (
        f"apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}}}\nspec:\n"
        f"  service: {service}\n"
        "  indicator: {metadata: {name: availability}, spec: {ratioMetric: {counter: false,\n"
        "    good: {metricSource: {type: csv, spec: {query: good}}},\n"
        "    total: {metricSource: {type: csv, spec: {query: total}}}}}}\n"
        "  timeWindow: [{duration: 28d, isRolling: true}]\n"
        f"  budgetingMethod: {'Timeslices' if method else 'Occurrences'}\n"
        f"  objectives:\n  - target: 0.99{extra}\n"
    )


@pytest.fixture
def folder(tmp_path):
    """Ten minutes of two services, ten requests a minute, the fourth minute of shop all bad."""
    rows = [
        f"{time:%Y-%m-%dT%H:%M:%SZ},{service},{0 if (service, n) == ('shop', 3) else 10},10"
        for service in ("search", "shop")
        for n, time in enumerate(MINUTES)
    ]
    (tmp_path / "counts.csv").write_text("\n".join(["time,service,good,total", *rows, ""]))
    return tmp_path


def test_without_objectives_every_series_is_measured(folder):
    """Named for the service alone where it has one series; no target."""
    dataset = srelib.load(folder)
    found = objectives.measured(dataset)
    assert [key.name for key in found] == ["search", "shop"]
    assert not any(key.has_target for key in found)
    assert [counts["good"].sum() for counts in found.values()] == [100, 90]
    assert objectives.with_target(dataset) == {}


def test_objectives_are_measured_as_they_count(folder):
    """Events, or slices of five minutes, of which one fell below its own target."""
    slices = slo("steady", "shop", timeSliceTarget="0.9", timeSliceWindow="5m")
    (folder / "slos.yaml").write_text(f"{slo('up', 'shop')}---\n{slices}")
    found = objectives.measured(srelib.load(folder))
    assert [(key.name, key.unit, key.target) for key in found] == [
        ("up", "events", 0.99), ("steady", "slices of 5\u00a0min", 0.99),
    ]  # fmt: skip
    assert [counts["total"].sum() for counts in found.values()] == [100, 2]
    assert [counts["good"].sum() for counts in found.values()] == [90, 1]
    assert [key.counts_slices for key in found] == [False, True]


def test_what_no_objective_is_about_and_what_no_data_is_about(folder):
    """A series without objective, and an objective without series with its error."""
    (folder / "slos.yaml").write_text(f"{slo('up', 'shop')}---\n{slo('pay', 'payments')}")
    dataset = srelib.load(folder)
    assert [key.service for key in objectives.without_target(dataset)] == ["search"]
    assert [key.service for key in objectives.with_target(dataset)] == ["shop"]
    ((key, error),) = objectives.without_data(dataset).items()
    assert key.name == "pay"
    assert isinstance(error, InputError)


def test_one_indicator_a_service_is_chosen_by_name():
    """Availability where there is one, else the first; never by the numbers."""
    fast, shop = Indicator("fast", "shop", "latency"), Indicator("up", "shop", "availability")
    slow = Indicator("slow", "web", "latency")
    given = {key: pd.DataFrame() for key in (fast, shop, slow)}
    assert list(objectives.per_service(given)) == [shop, slow]
    assert list(objectives.per_service(given, sli="latency")) == [fast, slow]
