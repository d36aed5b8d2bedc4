"""Both disciplines of each service: known truths of the sample, unknown where nothing is said."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import srelib
from srelib import objectives, sli, tables, tradeoff
from srelib.fleet import Indicator

ROOT = Path(__file__).parents[2]
HOURS = pd.date_range("2026-01-05", periods=28 * 24, freq="h", tz="UTC", unit="us")
SPAN = (HOURS[0], HOURS[-1] + pd.Timedelta("1h"))
SHOP = Indicator("shop works", "shop", "availability", target=0.98)
FIELDS = (*tradeoff.DEVOPS, *tradeoff.SHARED, *tradeoff.SRE)


def counts(good: float = 99.0) -> pd.DataFrame:
    """Four weeks of hours of 100 requests."""
    return pd.DataFrame({"good": good, "total": 100.0}, index=HOURS)


def rows(table: str, **columns) -> pd.DataFrame:
    """A table of the shop; texts of times become times."""
    frame = pd.DataFrame({"service": "shop", **columns})
    for name in frame:
        if name.endswith("_at"):
            frame[name] = pd.to_datetime(frame[name], utc=True)
    return tables.conform(frame, table)


def board(given=None, deployments=None, **options):
    """The scoreboard of four weeks."""
    shipped = tables.empty("deployments") if deployments is None else deployments
    return tradeoff.scoreboard(
        {SHOP: counts()} if given is None else given, shipped, between=SPAN, **options
    )


def pages(*times: str, severity: str = "page") -> pd.DataFrame:
    """Alerts of half an hour."""
    fired = pd.to_datetime(list(times), utc=True)
    return rows("alerts", rule="burn", severity=severity, fired_at=fired,
                resolved_at=fired + pd.Timedelta("30min"))  # fmt: skip


def test_service_level_and_budget_of_the_whole_period():
    """1 % bad against 2 % allowed."""
    one = board()["shop"]
    assert (one.objective, one.target) == ("shop works", 0.98)
    assert one.sli.value == pytest.approx(0.99)
    assert one.left.value == pytest.approx(0.5)
    assert one.left.low < 0.5 < one.left.high


def test_what_the_exports_do_not_say_is_unknown():
    """No deployments, incidents or alerts in the folder: NaN with n 0, never 0."""
    one = board()["shop"]
    for field in (*tradeoff.DEVOPS, *tradeoff.SHARED, "pages", "incidents", "restore"):
        estimate = getattr(one, field)
        assert np.isnan(estimate.value), field
        assert estimate.n == 0


def test_a_log_without_this_service_says_none():
    """Incidents and pages of another service: the shop had none, which is known."""
    log = rows("incidents", incident_id=["i"], started_at=["2026-01-10"],
               resolved_at=["2026-01-11"]).assign(service="other")  # fmt: skip
    found = board(incidents=log, alerts=pages("2026-01-10").assign(service="other"))
    assert (found["shop"].incidents.value, found["shop"].pages.value) == (0.0, 0.0)
    assert found["shop"].incidents.high > 0
    assert found["other"].incidents.value == pytest.approx(1 / 4)
    assert np.isnan(found["other"].sli.value)


def test_rates_are_a_week():
    """Eight deployments, four incidents, two pages in four weeks."""
    days = [f"2026-01-{day:02d}" for day in range(6, 14)]
    shipped = rows("deployments", deployment_id=[str(n) for n in range(8)], finished_at=days,
                   status="succeeded")  # fmt: skip
    log = rows("incidents", incident_id=list("abcd"), started_at=days[:4],
               resolved_at=[f"{day}T02:00" for day in days[:4]])  # fmt: skip
    one = board(deployments=shipped, incidents=log, alerts=pages(*days[:2]))["shop"]
    assert one.frequency.value == pytest.approx(2.0)
    assert one.incidents.value == pytest.approx(1.0)
    assert one.restore.value == 7200.0
    assert one.pages.value == pytest.approx(0.5)


def test_tickets_wake_nobody():
    """Severities that can wait are no pages, in upper or lower case."""
    found = board(alerts=pd.concat([pages("2026-01-10"), pages("2026-01-12", severity="Warning")]))
    assert found["shop"].pages.n == 1


def test_pages_are_felt_when_more_fails_than_is_allowed():
    """One page in an hour of outage, one in an ordinary hour, one where nobody measured."""
    seen = counts()
    seen.loc["2026-01-10T11:00":"2026-01-10T12:00", "good"] = 50.0
    seen.loc["2026-01-20T08:00":"2026-01-20T16:00"] = np.nan
    log = pages("2026-01-10T12:10", "2026-01-15T12:10", "2026-01-20T12:10")
    felt = board({SHOP: seen}, alerts=log)["shop"].felt
    assert (felt.value, felt.n) == (0.5, 2)


def test_only_the_period_counts():
    """A bad week before it does not show."""
    seen = counts()
    seen.loc[:"2026-01-11", "good"] = 0.0
    later = (pd.Timestamp("2026-01-12", tz="UTC"), SPAN[1])
    one = tradeoff.scoreboard({SHOP: seen}, tables.empty("deployments"), between=later)["shop"]
    assert one.sli.value == pytest.approx(0.99)


def test_nothing_promised_has_a_level_and_no_budget():
    """The level is measured all the same."""
    key = Indicator("shop", "shop", "availability")
    one = board({key: counts()})["shop"]
    assert one.sli.value == pytest.approx(0.99)
    assert np.isnan(one.left.value)


def test_without_a_span_nothing_is_known():
    """Counts and deployments that never overlap."""
    assert tradeoff.scoreboard({SHOP: counts()}, tables.empty("deployments"), between=None) == {}


def test_daily_sums_give_the_interval_of_the_buckets():
    """The short way round changes nothing but the time it takes."""
    rng = np.random.default_rng(1)
    index = pd.date_range("2026-01-05T03:10", periods=40 * 288, freq="5min", tz="UTC", unit="us")
    total = pd.Series(rng.poisson(50, len(index)).astype(float), index)
    bad = rng.binomial(total.astype(int), np.where(rng.random(len(index)) < 0.01, 0.5, 0.01))
    good = (total - bad).mask(rng.random(len(index)) < 0.02)
    frame = pd.DataFrame({"good": good, "total": total.where(good.notna())})
    fast = tradeoff.service_level(frame)
    slow = sli.interval(frame["good"], frame["total"])
    assert (fast.value, fast.low, fast.high) == pytest.approx((slow.value, slow.low, slow.high))
    assert fast.method == slow.method


@pytest.fixture(scope="module")
def sample():
    """The scoreboard of the sample, and its truth."""
    data = srelib.load(ROOT / "data" / "sample")
    given = tradeoff.per_service(objectives.with_target(data))
    found = tradeoff.scoreboard(
        given, data.deployments, between=tradeoff.shared_span(given, data.deployments),
        changes=data.changes, incidents=data.incidents, alerts=data.alerts,
    )  # fmt: skip
    return found, json.loads((ROOT / "tests" / "truth" / "sample.json").read_text())


def test_the_sample_stands_where_it_was_planted(sample):
    """Fast and fragile, fast and safe, slow with budget to spare, slow and fragile."""
    found, _ = sample
    placed = tradeoff.quadrants(
        {name: one.frequency for name, one in found.items()},
        {name: one.left for name, one in found.items()},
    ).services.set_index("service")
    planted = {"checkout": tradeoff.FAST_FRAGILE, "search": tradeoff.FAST_SAFE,
               "billing": tradeoff.SLOW_SAFE, "warehouse": tradeoff.SLOW_FRAGILE}  # fmt: skip
    assert {name: placed.loc[name, "quadrant"] for name in planted} == planted
    for name, quadrant in planted.items():
        assert placed.loc[name, quadrant] == placed.loc[name, list(tradeoff.QUADRANTS)].max()


def test_the_sample_has_the_bad_events_it_was_drawn_with(sample):
    """Service levels are those of the truth, planned maintenance left out."""
    found, truth = sample
    levels = {s["service"]: s for s in truth["slis"] if s["sli"] == "availability"}
    for name in ("checkout", "search", "warehouse", "catalog"):
        level = levels[name]["counted_good"] / levels[name]["counted_total"]
        assert found[name].sli.value == pytest.approx(level, abs=1e-9)


def test_every_field_is_an_estimate_with_its_n(sample):
    """Nothing travels without its interval."""
    found, _ = sample
    for one in found.values():
        for field in FIELDS:
            estimate = getattr(one, field)
            may_be_none = field in ("pages", "incidents", "restore")
            assert (estimate.n == 0) == np.isnan(estimate.value) or may_be_none
