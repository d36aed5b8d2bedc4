"""Delivery and reliability of each service: known truths of the sample, unknown where unsaid."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import srelib
from data import make_sample
from srelib import alerts, events, objectives, simulate, sli, tables, tradeoff
from srelib.errors import ParameterError
from srelib.fleet import Indicator
from srelib.stats import Estimate
from srelib.tradeoff.scoreboard import DEVOPS, QUADRANTS, SHARED, SRE

ROOT = Path(__file__).parents[2]
HOURS = pd.date_range("2026-01-05", periods=28 * 24, freq="h", tz="UTC", unit="us")
SPAN = (HOURS[0], HOURS[-1] + pd.Timedelta("1h"))
SHOP = Indicator("shop works", "shop", "availability", target=0.98)
NAN = float("nan")
SERVICES = ("checkout", "search", "billing", "warehouse", "partner-api", "catalog")
FIELDS = (*DEVOPS, *SHARED, *SRE)


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
    for field in (*DEVOPS, *SHARED, "pages", "incidents", "restore"):
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


def test_tables_without_rows_say_none():
    """An export that holds no incident and no page is good news; its service had none."""
    one = board(incidents=tables.empty("incidents"), alerts=tables.empty("alerts"))["shop"]
    assert (one.incidents.value, one.pages.value) == (0.0, 0.0)
    assert (one.incidents.n, one.felt.n, one.restore.n) == (0, 0, 0)


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


def test_pages_of_one_rule_within_the_hour_are_one():
    """Three in two hours, each at most an hour after the one before, and one the next day."""
    log = pages("2026-01-10T12:00", "2026-01-10T13:00", "2026-01-10T14:10", "2026-01-11T12:00")
    assert board(alerts=log)["shop"].pages.n == 2


def test_pages_are_unknown_where_severities_do_not_say_which_they_are():
    """P2 may or may not wake somebody; the pages of another service are known all the same."""
    log = pd.concat([pages("2026-01-10"), pages("2026-01-12", severity="P2"),
                     pages("2026-01-12").assign(service="other")])  # fmt: skip
    found = board(alerts=log)
    assert (found["shop"].pages.n, found["shop"].felt.n) == (0, 0)
    assert np.isnan([found["shop"].pages.value, found["shop"].felt.value]).all()
    assert found["other"].pages.n == 1


def test_the_pages_on_record_are_those_of_the_chapter_on_alerting():
    """Of two rules, some merged, some at the same moment, in words of two tools."""
    total = pd.Series(100.0, pd.date_range(SPAN[0], SPAN[1], freq="5min", inclusive="left"))
    one = alerts.replay(total * 0.999, total, target=0.98, period="28d", policy="workbook")
    log = pd.concat([
        pages("2026-01-10T12:00", "2026-01-10T13:10", "2026-01-14T12:00"),
        pages("2026-01-10T12:00", "2026-01-20T12:00", severity="critical").assign(rule="other"),
        pages("2026-01-21", severity="warning"),
    ])  # fmt: skip
    recorded = alerts.recorded(log, {SHOP: one})
    assert len(recorded.pooled.pages) == board(alerts=log)["shop"].pages.n == 3


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


def test_the_budget_left_follows_from_the_level_at_both_ends():
    """Five outages in ten weeks of 99.9 %: from what the interval of the level leaves."""
    index = pd.date_range("2026-01-05", periods=70 * 24, freq="h", tz="UTC", unit="us")
    total = pd.Series(1000.0, index)
    bad = pd.Series(0.0, index)
    bad.iloc[[100, 400, 700, 1000, 1300]] = [300, 100, 500, 200, 400]
    frame = pd.DataFrame({"good": total - bad, "total": total})
    key = Indicator("shop", "shop", "availability", target=0.999)
    span = (index[0], index[-1] + pd.Timedelta("1h"))
    one = tradeoff.scoreboard({key: frame}, tables.empty("deployments"), between=span)["shop"]
    level = sli.interval(frame["good"], frame["total"])
    assert (one.sli.low, one.sli.high) == (level.low, level.high)
    ends = [1 - (1 - end) / 0.001 for end in (level.low, level.value, level.high)]
    assert [one.left.low, one.left.value, one.left.high] == pytest.approx(ends)
    assert one.left.value == pytest.approx(1 - 1500 / 1680)
    assert 1 - 10 * (1 - one.left.value) < one.left.low < one.left.high < 1


@pytest.fixture(scope="module")
def sample():
    """The scoreboard of the sample, and its truth."""
    data = srelib.load(ROOT / "data" / "sample")
    given = objectives.per_service(objectives.with_target(data))
    deployed = events.eligible_deployments(data.deployments)
    found = tradeoff.scoreboard(
        given, deployed, between=tradeoff.shared_span(given, deployed),
        **{name: data.exported(name) for name in ("changes", "incidents", "alerts")},
    )  # fmt: skip
    return found, json.loads((ROOT / "tests" / "truth" / "sample.json").read_text())


def places(board: dict[str, tradeoff.Scorecard]) -> pd.DataFrame:
    """The quadrants, by service."""
    speed = {name: one.frequency for name, one in board.items()}
    left = {name: one.left for name, one in board.items()}
    return tradeoff.quadrants(speed, left).services.set_index("service")


def test_the_sample_stands_where_it_was_planted(sample):
    """Fast and fragile, fast and safe, slow with budget to spare, slow and fragile."""
    placed = places(sample[0])
    planted = {"checkout": tradeoff.FAST_FRAGILE, "search": tradeoff.FAST_SAFE,
               "billing": tradeoff.SLOW_SAFE, "warehouse": tradeoff.SLOW_FRAGILE}  # fmt: skip
    assert {name: placed.loc[name, "quadrant"] for name in planted} == planted
    for name, quadrant in planted.items():
        assert placed.loc[name, quadrant] == placed.loc[name, list(QUADRANTS)].max()


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


def estimate(value: float, low: float, high: float) -> Estimate:
    """A 95 % interval."""
    return Estimate(value, low, high, 10, 0.95, "given")


def row_of(speed: Estimate, left: Estimate, **options):
    """The row of a single service."""
    return tradeoff.quadrants({"a": speed}, {"a": left}, **options).services.iloc[0]


@pytest.mark.parametrize(
    ("speed", "left", "expected"),
    [
        (5.0, 0.4, tradeoff.FAST_SAFE),
        (5.0, -0.4, tradeoff.FAST_FRAGILE),
        (0.5, 0.4, tradeoff.SLOW_SAFE),
        (0.5, -0.4, tradeoff.SLOW_FRAGILE),
        (1.0, 0.0, tradeoff.FAST_SAFE),
    ],
)
def test_lines_are_once_a_week_and_nothing_left(speed, left, expected):
    """On a line counts as beyond it."""
    assert row_of(estimate(speed, NAN, NAN), estimate(left, NAN, NAN))["quadrant"] == expected


def test_without_an_interval_the_place_is_certain():
    """Nothing is drawn where nothing is known of the spread."""
    row = row_of(estimate(5.0, NAN, NAN), estimate(0.4, NAN, NAN))
    assert row[tradeoff.FAST_SAFE] == 1.0
    assert row["sure"]


def test_probability_is_that_of_a_lognormal_speed():
    """Interval 1.5 / 1.96 s.d. steps either way: P(speed >= 1) by hand from the normal."""
    sigma = 0.4
    speed = estimate(1.5, 1.5 * math.exp(-1.96 * sigma), 1.5 * math.exp(1.96 * sigma))
    row = row_of(speed, estimate(0.5, NAN, NAN), draws=40_000)
    assert row[tradeoff.FAST_SAFE] == pytest.approx(norm.cdf(math.log(1.5) / sigma), abs=0.01)
    assert row[tradeoff.SLOW_SAFE] == pytest.approx(norm.sf(math.log(1.5) / sigma), abs=0.01)


def test_probability_follows_the_skew_side_of_the_budget():
    """80 % spent, up to 160 % at the end of the interval: ln 2 is 1.96 s.d. on that side."""
    left = estimate(0.2, 1 - 1.6, 1 - 0.7)
    row = row_of(estimate(5.0, NAN, NAN), left, draws=40_000)
    fragile = norm.sf(math.log(1 / 0.8) / (math.log(2) / 1.959964))
    assert row[tradeoff.FAST_FRAGILE] == pytest.approx(fragile, abs=0.01)


def test_probabilities_add_up_to_one():
    """Every draw lies in one quadrant."""
    row = row_of(estimate(1.2, 0.7, 2.0), estimate(0.1, -0.5, 0.5))
    assert sum(row[q] for q in QUADRANTS) == pytest.approx(1.0)


def test_interval_reaches_across_the_line_where_the_end_does():
    """An interval that ends on the line leaves 2.5 % beyond it."""
    row = row_of(estimate(2.0, 1.0, 4.0), estimate(0.5, NAN, NAN), draws=40_000)
    assert row[tradeoff.SLOW_SAFE] == pytest.approx(0.025, abs=0.004)


def test_fleet_line_is_the_median_and_moves_with_the_draws():
    """Three services: the middle one is on the line, so it is fast or slow with the draws."""
    speed = {"a": estimate(1, 0.9, 1.1), "b": estimate(2, 1.8, 2.2), "c": estimate(9, 8, 10)}
    left = dict.fromkeys(speed, estimate(0.5, 0.4, 0.6))
    found = tradeoff.quadrants(speed, left, speed_line="fleet")
    assert (found.speed_line, found.line_is) == (2.0, "median of the fleet")
    rows = found.services.set_index("service")
    assert rows.loc["b", tradeoff.FAST_SAFE] == 1.0
    assert rows.loc["a", tradeoff.SLOW_SAFE] == 1.0


def test_unknown_speed_or_budget_is_named_and_not_placed():
    """A service that was never deployed has no speed."""
    found = tradeoff.quadrants({"a": estimate(1, 1, 1)}, {"b": estimate(0.5, 0.4, 0.6)})
    assert len(found.services) == 0
    assert found.unknown == ("a", "b")


def test_no_deployment_at_all_is_slow():
    """A rate of 0 with its upper end: drawn from 0 up to it."""
    row = row_of(estimate(0.0, 0.0, 0.3), estimate(0.5, 0.4, 0.6))
    assert row["quadrant"] == tradeoff.SLOW_SAFE
    assert row[tradeoff.SLOW_SAFE] > 0.99


def test_nothing_spent_is_safe():
    """Left is all of it; spent is 0 with an upper end."""
    row = row_of(estimate(5.0, 4.0, 6.0), estimate(1.0, 0.8, 1.0))
    assert row[tradeoff.FAST_SAFE] == pytest.approx(1.0)


def test_same_seed_same_numbers():
    """Nothing depends on anything but the input."""
    given = {"a": estimate(1.2, 0.7, 2.0)}, {"a": estimate(0.1, -0.5, 0.5)}
    first, second = (tradeoff.quadrants(*given).services for _ in range(2))
    assert np.array_equal(first.to_numpy(dtype=object), second.to_numpy(dtype=object))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"speed_line": 0}, "speed_line must be above 0, or 'fleet'; got 0"),
        ({"speed_line": "median"}, "got 'median'"),
        ({"left_line": 1.0}, r"left_line must lie below 1; got 1\.0"),
    ],
)
def test_lines_that_are_none_are_refused(options, text):
    """With the value seen."""
    with pytest.raises(ParameterError, match=text):
        tradeoff.quadrants({}, {}, **options)


YEARS = 10


@pytest.mark.parametrize("service", SERVICES)
def test_the_place_where_a_service_was_made_to_stand_is_not_ruled_out(service, sample):
    """Over ten years of the same service; and where the sample leaves no doubt it is that one."""
    spec = next(spec for spec in make_sample.SERVICES if spec.name == service)
    long = simulate.fleet(4711, services=[spec], weeks=52 * YEARS, step="1h")
    counts, shipped = long.counts(service).sum(), long.deployments["status"]
    often = shipped.isin(["succeeded", "rolled_back"]).sum() / (52 * YEARS)
    spent = (counts["total"] - counts["good"]) / ((1 - spec.target) * counts["total"])
    slow, fragile = often < 1, bool(spent > 1)
    planted = {
        (False, False): "fast and safe", (False, True): "fast and fragile",
        (True, False): "slow with budget to spare", (True, True): "slow and fragile",
    }[slow, fragile]  # fmt: skip
    row = places(sample[0]).loc[service]
    assert row[planted] >= 0.05
    if row[row["quadrant"]] >= 0.95:
        assert row["quadrant"] == planted
