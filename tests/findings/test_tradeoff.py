"""What notebook 06 says: a cost, none, one that could be chance, too little data, by whom."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from srelib import tradeoff
from srelib.errors import InsufficientDataError
from srelib.findings import tradeoff as findings
from srelib.findings.finding import Finding
from srelib.fleet import Indicator
from srelib.tradeoff import FleetEffect
from srelib.tradeoff.after_deployments import INSIDE_INCIDENT, NO_DATA
from tests.tradeoff.made import NAN, NASTY, SHOP, WEB, effect, estimate

DEPLOYED = pd.DataFrame({"deployment_id": ["d"]})
MONDAYS = pd.date_range("2026-01-05", periods=26, freq="7D", tz="UTC")
SPAN = (pd.Timestamp("2026-03-30", tz="UTC"), pd.Timestamp("2026-06-29", tz="UTC"))


def plain(text: str) -> str:
    """A text with ordinary spaces and signs."""
    return text.replace("\u00a0", " ").replace("\u2212", "-")


def said(found: list[Finding]) -> list[str]:
    """The sentences."""
    return [plain(one.sentence) for one in found]


def costs(effects) -> list[str]:
    """What is said of each service."""
    return said(findings.cost_sentences(effects, deployments=DEPLOYED))


def alone(*given, unit="events", **more) -> str:
    """What is said of the only service."""
    (text,) = costs({replace(SHOP, unit=unit): effect(*given, **more)})
    return text


def test_a_cost_is_said_with_its_size_its_share_and_how_sure_it_is():
    """800 of 2,000 allowed; without a target a share of all bad events."""
    assert alone() == (
        "**Deployments cost reliability** of **shop**: an excess of 800 bad events over the usual "
        "level in the 6 h after 20 deployments, **40 %** of its error budget of the whole history "
        "(95 % interval 15 % to 65 %, p = 0.002)."
    )
    assert "**20 %** of all its bad events (95 % interval 7.5 % to 33 %" in alone(allowance=NAN)


def test_what_could_be_chance_names_what_would_have_been_found():
    """As a share of the budget, or of what is counted where there is none."""
    text = alone(value=100, low=-200, high=400, p=0.31)
    assert text.startswith("**No significant cost of deployments** of **shop**: an excess of 100")
    assert text.endswith(
        "p = 0.31), which could be chance. A cost below 20 % would probably not have been found."
    )
    assert "A cost below 400 bad events would" in alone(value=100, allowance=NAN, p=0.31)


def test_fewer_bad_events_than_usual_are_no_cost():
    """The opposite sign, significant."""
    text = alone(value=-800, low=-1300, high=-300)
    assert text.startswith(
        "**Deployments did not cost reliability** of **shop**: an excess of -800"
    )


@pytest.mark.parametrize(
    ("unit", "words"), [("seconds", "2 h of bad time"), ("slices of 5 min", "7,200 bad slices")]
)
def test_time_is_not_counted_in_events(unit, words):
    """Where a state is measured, bad time is said as a length of time."""
    assert f"an excess of {words} over the usual" in alone(7200, 3600, 10800, unit=unit)


def test_several_services_are_said_together_the_largest_cost_first():
    """Two with a cost, one with less than usual, one that could be chance."""
    quiet = Indicator("quiet", "quiet", target=0.99)
    found = findings.cost_sentences({
        SHOP: effect(), WEB: effect(900, service="web"),
        NASTY: effect(-800, -1300, -300, service="<b>*x*"),
        quiet: effect(10, -200, 300, service="quiet", p=0.8),
    }, deployments=DEPLOYED)  # fmt: skip
    assert said(found) == [
        "Share of the error budget, where significant (2 of 4 services): **web** 45 % (15 % to "
        "65 %) and **shop** 40 % (15 % to 65 %).",
        "Fewer errors than usual followed deployments of **&#60;b&#62;\\*x\\***.",
        "Not significant: **quiet**.",
    ]
    nobody = costs({SHOP: effect(10, p=0.8), WEB: effect(5, service="web", p=0.9)})
    assert nobody[0] == "Not significant in any single service of 2."


def test_a_week_that_carries_the_cost_is_named():
    """Without it the rest could be chance; a week that carries little is not named."""

    def of(week):
        return said(findings.week_sentences({SHOP: effect(weeks=(week,))}))

    assert of(("2026-05-18", 700.0, 0.4)) == [
        "Without the week of 18 May 2026, the cost of deployments of **shop** could be chance "
        "(p = 0.4)."
    ]
    assert of(("2026-05-18", 100.0, 0.06)) == of(("2026-05-18", 700.0, 0.01)) == []


def test_without_deployments_or_effects_the_missing_export_is_named():
    """The notebook still runs; a service without an effect is named with the reason."""
    (none,) = said(findings.cost_sentences({}, deployments=DEPLOYED.iloc[:0]))
    assert "there are no deployments in the folder" in none
    assert "gh api" in none
    wrong = {SHOP: InsufficientDataError("no deployment of <shop>")}
    first, second = costs(wrong)
    assert first.startswith("**Not enough data: no service has both deployments and")
    assert second == "Not estimated: **shop**: no deployment of &#60;shop&#62;."
    assert findings.effects_table(wrong) is None


def test_the_basis_counts_deployments_by_reason_and_names_long_buckets():
    """Most frequent reason first; days against six hours dilute, minutes do not."""
    frames = [pd.DataFrame(index=pd.date_range("2026-01-05", periods=3, freq=step, tz="UTC"))
              for step in ("D", "min")]  # fmt: skip
    left = (INSIDE_INCIDENT, NO_DATA, INSIDE_INCIDENT)
    counts = dict(zip((SHOP, WEB), frames, strict=True))
    found = findings.basis_sentences({SHOP: effect(left_out=left)}, counts=counts, between=SPAN)
    assert said(found) == [
        "20 of 23 deployments (30 March 2026 to 29 June 2026) were compared; left out: 2 inside an "
        "open incident and 1 no data.",
        "**shop** is counted in buckets of 1 day, longer than half of the 6 h after a deployment: "
        "short harm is diluted.",
    ]
    (whole,) = said(findings.basis_sentences({SHOP: effect()}, counts={}, between=SPAN))
    assert whole == "All 20 deployments (30 March 2026 to 29 June 2026) were compared."
    assert findings.basis_sentences({}, counts={}, between=None) == []


def test_table_holds_share_interval_and_what_would_have_been_found():
    """Significant cost first; without a target of what the share is."""
    bare = effect(10, -200, 300, service="web", p=0.8, allowance=NAN)
    found = findings.effects_table({WEB: bare, SHOP: effect(left_out=(NO_DATA,))})
    assert [[plain(cell) for cell in row] for row in found.rows] == [
        ["shop", "20 of 21", "800", "40 %\n15–65 %", "0.002", "20 %"],
        ["web", "20 of 20", "10", "0.25 %\n-5 % to 7.5 % of its bad events", "0.8",
         "400 bad events"],
    ]  # fmt: skip
    assert [(one.service, one.value) for one in found.findings] == [("shop", 0.4)]


def moved(slope: float, level: float, *, services: int = 6, weeks: int = 26) -> list[str]:
    """What is said where errors rise by `slope` with deployments of a week, by `level` between."""
    rng, rows = np.random.default_rng(1), []
    for k in range(services):
        x = rng.standard_normal(weeks)
        y = slope * x + 0.3 * rng.standard_normal(weeks) + level * k
        rows.append(pd.DataFrame({"service": f"s{k}", "starts_at": MONDAYS[:weeks],
                                  "deployments": x + 9 * k, "bad_share": y}))  # fmt: skip
    found = tradeoff.association(pd.concat(rows, ignore_index=True))
    return said(findings.association_sentences(found))


def test_a_correlation_is_said_with_its_interval_and_not_as_a_cause():
    """Both significant, in the same direction."""
    within, between = moved(1.0, 5.0)
    assert within.startswith("Within services, weeks with more deployments had **more errors** (")
    assert within.endswith("156 weeks). Association is not cause.")
    assert between == (
        "Services that deploy more are **less reliable** (rank correlation 1.00, 95 % interval "
        "1.00 to 1.00, p = 0.0028, 6 services). Association is not cause."
    )
    within, between = moved(-1.0, -5.0)
    assert "**fewer errors**" in within
    assert "**more reliable**" in between


def test_simpsons_paradox_is_named():
    """Services that deploy more are better, each is worse in its busy weeks."""
    *_, last = moved(1.0, -5.0)
    assert last.startswith("**The two point in opposite directions** (Simpson's paradox)")


def test_no_correlation_names_what_would_have_been_found_and_too_few_weeks_say_so():
    """Noise; seven weeks of one service; no week at all."""
    within, between = moved(0.0, 0.0)[:2]
    assert within.startswith("Within services: no significant correlation of weekly deployments")
    assert within.endswith("would probably be missed.")
    assert between.startswith("Between services: no significant correlation (")
    few, alone = moved(1.0, 0.0, services=1, weeks=7)
    assert "takes eight whole weeks of a service" in few
    assert alone == "**Not enough services** to compare (1)."
    assert moved(1.0, 0.0, weeks=0)[0].startswith("**Not enough data**")


def judged(p_batch: float, p_day: float) -> list[str]:
    """What is said of failures of three kinds with given p-values, the hour without one."""
    shares = pd.DataFrame({
        "label": ["Thu", "Fri"], "deployments": [40, 20], "failed": [4, 10], "share": [0.1, 0.5],
        "low": [0.04, 0.3], "high": [0.23, 0.7], "expected": [0.2, 0.2],
    })  # fmt: skip
    odds = estimate(1.5, 1.1, 2.05, 60)
    kinds = {"batch size": p_batch, "weekday": p_day, "hour": NAN}
    return said(findings.failures_sentences(
        *(tradeoff.Failures(kind, shares, odds, p, 60) for kind, p in kinds.items())
    ))  # fmt: skip


def test_failures_by_size_and_time():
    """Size by odds, weekday by the one that stands out; neither nor."""
    assert judged(0.01, 0.003) == [
        "Larger deployments of the same service failed **more often**: odds of failure 1.50 times "
        "as high for twice the changes (95 % interval 1.10 to 2.05, n = 60).",
        "The weekday matters (p = 0.003, n = 60): on Fri, 10 of 20 deployments failed (95 % "
        "interval 30 % to 70 %), against 20 % expected.",
    ]
    (size,) = judged(0.4, 0.4)
    assert size.startswith("Batch size: no significant difference, odds of failure 1.50 times as")


def test_without_changes_batch_size_says_how_to_add_them():
    """No change names a deployment; no deployment at all."""
    at = pd.date_range("2026-01-05", periods=4, freq="D", tz="UTC")
    rows = pd.DataFrame({"service": "shop", "finished_at": at, "size": NAN, "failed": False})
    for some in (rows, rows.iloc[:0]):
        times = [tradeoff.by_time(some, part) for part in ("weekday", "hour")]
        found = said(findings.failures_sentences(tradeoff.by_batch(some), *times))
        assert bool(found) == bool(len(some))
        assert not found or found[0].startswith("Batch size is unknown: no change names its")


# All services together


def fleet(**other: object) -> FleetEffect:
    """Twenty services, of which one shows harm alone."""
    rows = pd.DataFrame({
        "service": ["shop", "<b>*x*"], "deployments": [60, 40], "excess": [900.0, -10.0],
        "per_deployment": [0.5, 0.0], "shrunken": [0.4, 0.1], "adjusted_p_value": [0.01, 0.5],
        "stands_out": [True, False],
    })  # fmt: skip
    known = FleetEffect(
        services=20, deployments=1200, p_value=0.002, score=4.0,
        total=estimate(3000.0, 1000.0, 5000.0), unit="events", summed=20,
        share=estimate(0.12, 0.04, 0.2), has_target=True,
        per_deployment=estimate(0.25, 0.1, 0.4), tau=0.1, detectable=0.05,
        correlation=1.0, by_service=rows, after=pd.Timedelta("6h"),
    )  # fmt: skip
    return replace(known, **other)


def of_fleet(**other: object) -> str:
    """What is said of it."""
    return plain(findings.fleet_sentence(fleet(**other)).sentence)


SIZE = ("an excess of 3,000 bad events over the usual level in the 6 h after 1,200 deployments, "
        "**12 %** of the error budgets of 20 services over the whole history (95 % interval 4 % to "
        "20 %, p = 0.002)")  # fmt: skip


def test_the_cost_of_a_fleet_is_a_sentence_and_a_value():
    """The share of all budgets with its interval, of no service alone."""
    assert of_fleet() == f"**Deployments cost reliability**: {SIZE}."
    found = findings.fleet_sentence(fleet())
    assert (found.quantity, found.service, found.verdict) == ("cost of deployments", "", "cost")
    assert (found.value, found.low, found.high, found.n) == (0.12, 0.04, 0.2, 20)
    assert plain(found.text) == "12 %"
    assert findings.fleet_sentence(fleet(has_target=False)).quantity == ""


@pytest.mark.parametrize(
    ("other", "start"),
    [
        ({"score": -4.0, "total": estimate(-3000.0, -5000.0, -1000.0)},
         "**Deployments did not cost reliability**: an excess of -3,000 bad events"),
        ({"total": estimate(-3000.0, -5000.0, 1000.0)},
         "**Most services had more errors than usual after deployments**, but not all of them"),
        ({"score": -4.0}, "**Most services had fewer errors than usual after deployments**, but"),
        ({"p_value": 0.3, "detectable": np.inf}, "**Not enough data to find a cost of deployments"),
    ],
)  # fmt: skip
def test_a_fleet_without_a_clear_cost_is_not_said_to_have_one(other, start):
    """Fewer errors than usual, a sum on the other side of the test, too little data."""
    assert of_fleet(**other).startswith(start)


def test_what_is_not_significant_in_a_fleet_says_what_would_have_been_found():
    """And never that there is no effect."""
    assert of_fleet(p_value=0.3, score=1.0) == (
        f"**No significant cost of deployments**: {SIZE.replace('0.002', '0.3')}, which could be "
        "chance. A cost below 3 s of complete outage per deployment would probably not have been "
        "found."
    )


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"summed": 12}, " The total covers the 12 services that count events."),
        ({"has_target": False}, "of all bad events of 20 services"),
        ({"unit": "seconds"}, "an excess of 50 min of bad time over the usual"),
        ({"correlation": 2.0}, " Outages that services share make the interval 2.0 times as wide."),
        ({"total": estimate(3000.0, -100.0, 5000.0)}, "the interval includes 0, because a few"),
    ],
)
def test_what_the_numbers_of_a_fleet_count_is_said(other, words):
    """Other units, no targets, shared outages, a total that holds 0 beside a clear test."""
    assert words in of_fleet(**other)
    assert words not in of_fleet()


def test_the_mean_is_in_time_of_complete_outage_and_names_the_worst():
    """0.25 minutes are 15 s; 0.4 of the worst, after shrinkage, 24 s."""
    (differ, alike) = said([findings.mean_sentence(fleet(tau=tau)) for tau in (0.1, 0.0)])
    assert differ == (
        "Average cost of a deployment: 15 s of complete outage (95 % interval 6 s to 24 s); most "
        "in **shop**, 24 s after allowing for chance."
    )
    assert alike.endswith("; services do not differ significantly.")


def test_too_few_services_are_no_fleet():
    """One is said by its own sentence; two have no spread to speak of."""
    assert findings.fleet_sentence(None) is findings.fleet_sentence(fleet(services=1)) is None
    assert findings.mean_sentence(None) is findings.mean_sentence(fleet(services=2)) is None
