"""The exact words of notebook 06: harm, none to be seen, too few, the other way round."""

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

SHIPPED = pd.DataFrame({"deployment_id": ["d"]})


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def costs(effects) -> list[str]:
    """The first lines of the notebook."""
    return [plain(line) for line in findings.cost_sentences(effects, deployments=SHIPPED)]


def sentence(**given) -> str:
    """One service."""
    return plain(findings._effect_sentence(effect(**given)))


def test_harm_beyond_chance_is_a_cost():
    """800 of 2,000 allowed."""
    assert sentence() == (
        "**shop**: 800 bad events more than usual in the 6 h after 20 deployments (95 % interval "
        "300 to 1,300, p = 0.002): they cost **40 %** of its error budget (15 % to 65 %)."
    )


def test_without_a_target_the_share_is_that_of_all_bad_events():
    """No budget, no cost: only a part of what went wrong."""
    assert sentence(allowance=NAN).endswith(
        "(95 % interval 300 to 1,300, p = 0.002): that is **20 %** of all its bad events (7.5 % to "
        "33 %)."
    )


def test_no_effect_names_what_could_have_been_shown():
    """Within the reach of chance, with enough deployments: the smallest effect beside it."""
    assert sentence(value=100, low=-200, high=400, p=0.31) == (
        "**shop**: **no effect this data could show**. 20 deployments came with 100 bad events "
        "more than usual in the 6 h after (95 % interval −200 to 400, p = 0.31); an excess below "
        "400 bad events, 20 % of its budget, would most likely have gone unseen."
    )


@pytest.mark.parametrize("given", [{"deployments": 3}, {"detectable": 5000.0}])
def test_too_few_to_tell(given):
    """Three deployments, or an effect of two and a half budgets that could have hidden."""
    text = sentence(value=-100, low=-400, high=200, p=0.6, **given)
    n, hidden, share = (3, "400", "20 %") if "deployments" in given else (20, "5,000", "250 %")
    assert text == (
        f"**shop**: **too few deployments to tell**. {n} deployments came with 100 bad events "
        f"fewer than usual in the 6 h after (95 % interval −400 to 200, p = 0.6); an excess below "
        f"{hidden} bad events, {share} of its budget, would most likely have gone unseen."
    )


def test_fewer_bad_events_than_usual_is_said_as_such():
    """The opposite sign, beyond chance."""
    assert sentence(value=-800, low=-1300, high=-300) == (
        "**shop**: 800 bad events **fewer** than usual in the 6 h after 20 deployments (95 % "
        "interval −1,300 to −300, p = 0.002): shipping did not cost it reliability there."
    )


def test_time_is_not_counted_in_events():
    """Where a state is measured, bad time is said as a length of time."""
    text = plain(findings._effect_sentence(effect(7200, 3600, 10800), unit="seconds"))
    assert text.startswith(
        "**shop**: 2 h of bad time more than usual in the 6 h after 20 deployments (95 % interval "
        "1 h to 3 h, p = 0.002)"
    )
    quiet = plain(findings._effect_sentence(effect(-600, -7200, 3600, p=0.4, detectable=5400.0),
                                         unit="seconds"))  # fmt: skip
    assert "came with 10 min of bad time less than usual" in quiet
    assert "an excess below 1 h 30 min of bad time" in quiet


def test_long_buckets_blur_the_hours_after():
    """Days against six hours; minutes do not."""
    days = pd.DataFrame(index=pd.date_range("2026-01-05", periods=3, freq="D", tz="UTC"))
    minutes = pd.DataFrame(index=pd.date_range("2026-01-05", periods=3, freq="min", tz="UTC"))
    assert plain(findings.blur_sentence({SHOP: days, WEB: minutes}, after="6h")) == (
        "**shop** is counted in buckets of 1 day, so the 6 h after a deployment stand for that "
        "long, and short harm is diluted."
    )
    assert findings.blur_sentence({WEB: minutes}, after="6h") == ""


def test_one_week_that_carries_the_effect_is_named():
    """Without it the rest is within chance; a week that carries little is not blamed."""
    text = sentence(weeks=(("2026-05-18", 700.0, 0.4), ("2026-05-25", 100.0, 0.003)))
    assert text.endswith(
        "**One week carries it**: without that of 18 May 2026 it is within the reach of chance "
        "(p = 0.4)."
    )
    assert "One week" not in sentence(weeks=(("2026-05-18", 100.0, 0.06),))
    assert "One week" not in sentence(weeks=(("2026-05-18", 700.0, 0.01),))


def test_bottom_line_counts_who_pays():
    """One of two; the other could not have shown it."""
    found = costs({SHOP: effect(), WEB: effect(10, -200, 300, service="web", p=0.8)})
    assert found[0] == "Shipping costs reliability in **1 of 2 services**, beyond chance: **shop**."
    assert found[1].startswith("**shop**: 800 bad events more than usual")
    assert found[2:] == ["In **web** there is no effect this data could show."]


def test_bottom_line_of_two_kinds_of_doubt():
    """Enough deployments but no effect, and too few deployments."""
    found = costs({
        SHOP: effect(), WEB: effect(10, -200, 300, service="web", p=0.8),
        NASTY: effect(10, -200, 300, service="<b>*x*", p=0.8, deployments=2),
    })  # fmt: skip
    assert found[-1] == (
        "In **web** there is no effect this data could show; of **&#60;b&#62;\\*x\\*** there are "
        "too few deployments to tell."
    )


def test_nothing_beyond_chance_says_so_first():
    """Then what could have been shown, service by service."""
    quiet = {SHOP: effect(10, -200, 300, p=0.8), WEB: effect(5, -200, 300, service="web", p=0.9)}
    found = costs(quiet)
    assert found[0] == (
        "**No cost of shipping shows beyond chance** in any of 2 services; what it could have "
        "shown is in the table below."
    )
    assert len(found) == 3


def test_help_beyond_chance_is_no_cost():
    """Fewer bad events than usual in one of two."""
    found = costs({SHOP: effect(-800, -1300, -300), WEB: effect(5, -9, 30, service="web", p=0.9)})
    assert found[0].endswith("Fewer bad events than usual followed those of **shop**.")


def test_one_service_needs_no_count():
    """Its own sentence is the bottom line."""
    (found,) = costs({SHOP: effect()})
    assert found.startswith("**shop**: 800 bad events")


def test_sentences_of_the_services_begin_with_sure_harm_and_end_with_the_table():
    """Ten services: the two sure ones by their share, six more, and where the rest is."""
    quiet = {
        Indicator(str(k), str(k), target=0.99): effect(10, -9, 30, service=str(k), p=0.8)
        for k in range(8)
    }
    found = findings.effects_sentences({**quiet, SHOP: effect(), WEB: effect(900, service="web")})
    assert [text.split(":")[0] for text in found[:2]] == ["**web**", "**shop**"]
    assert len(found) == 9
    assert found[-1] == "2 more are in the table."
    failed = findings.effects_sentences({SHOP: InsufficientDataError("none")})
    assert failed == ["No effect of deployments could be estimated."]


def test_without_deployments_how_to_export_them_is_said():
    """The notebook still runs."""
    (found,) = findings.cost_sentences({}, deployments=SHIPPED.iloc[:0])
    assert found.startswith("**Nothing can be said about what shipping costs, because there are no")
    assert "gh api" in found


def test_errors_are_reasons():
    """A service whose effect could not be estimated is named with why."""
    wrong = {SHOP: InsufficientDataError("no deployment of <shop>")}
    said = "Not estimated: **shop**: no deployment of &#60;shop&#62;."
    assert findings.failed_sentence(wrong) == said
    assert costs(wrong)[0].endswith(said)
    assert findings.failed_sentence({SHOP: effect()}) == ""


def test_deployments_left_out_are_counted_by_reason():
    """Most frequent first, and why those inside incidents must go."""
    reasons = (INSIDE_INCIDENT, NO_DATA, INSIDE_INCIDENT)
    assert plain(findings.left_out_sentence({SHOP: effect(left_out=reasons)})) == (
        "20 of 23 deployments were used; left out: 2 inside an open incident and 1 no data. A "
        "deployment made because of an incident would be blamed for it."
    )
    assert plain(findings.left_out_sentence({SHOP: effect()})) == "All 20 deployments were used."
    assert findings.left_out_sentence({}) == "There is no effect to speak of."


def test_table_holds_what_would_have_shown():
    """Sure harm first."""
    found = findings.effects_table(
        {WEB: effect(10, -200, 300, service="web", p=0.8), SHOP: effect()}
    )
    assert [row[0] for row in found.rows] == ["shop", "web"]
    assert plain(found.rows[0][-1]) == "400 (20 %)"
    assert findings.effects_table({}) is None


MONDAYS = pd.date_range("2026-01-05", periods=26, freq="7D", tz="UTC")


def panel(slope: float, level: float, *, services: int = 6, weeks: int = 26) -> pd.DataFrame:
    """Bad share that rises by `slope` with the deployments of a week, by `level` between."""
    rng, rows = np.random.default_rng(1), []
    for k in range(services):
        x = rng.standard_normal(weeks)
        y = slope * x + 0.3 * rng.standard_normal(weeks) + level * k
        rows.append(pd.DataFrame({"service": f"s{k}", "starts_at": MONDAYS[:weeks],
                                  "deployments": x + 9 * k, "bad_share": y}))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def moved(*given, **more) -> list[str]:
    """What is said of a panel."""
    found = tradeoff.association(panel(*given, **more))
    return [plain(line) for line in findings.association_sentences(found)]


def test_moving_together_is_not_cause():
    """Both beyond chance, in the same direction."""
    within, between = moved(1.0, 5.0)
    assert within.startswith(
        "Within services, deployments and bad events **moved together**: the weeks in which a "
        "service shipped more were its worse weeks (rank correlation +0.9"
    )
    assert within.endswith("156 weeks). Association is not cause.")
    assert between == (
        "Between services, those that ship more are **less reliable** (rank correlation +1.00, "
        "95 % interval +1.00 to +1.00, p = 0.0028, 6 services), for whatever reason."
    )


def test_moving_apart_is_said_as_such():
    """The opposite sign within services."""
    within, _ = moved(-1.0, -5.0)
    assert within.startswith(
        "Within services, deployments and bad events **moved in opposite directions**: the weeks "
        "in which a service shipped more were its better weeks"
    )


def test_simpsons_paradox_is_named():
    """Services that ship more are better, each is worse in its busy weeks."""
    *_, last = moved(1.0, -5.0)
    assert last.startswith("**The two answers point in opposite directions** (Simpson's paradox)")


def test_no_association_names_what_could_have_been_seen():
    """Noise."""
    within, between = moved(0.0, 0.0)[:2]
    assert within.startswith("Within services, deployments and bad events did not move together "
                             "beyond chance (rank correlation ")  # fmt: skip
    assert within.endswith("would most likely have gone unseen.")
    assert between.startswith("Between services, shipping more goes with neither beyond chance")


def test_too_few_weeks_and_services_to_associate():
    """Seven weeks of one service."""
    assert moved(1.0, 0.0, services=1, weeks=7) == [
        "**Too few weeks to tell** whether busy weeks are bad weeks: it takes eight whole weeks of "
        "a service whose deployments vary.",
        "Between services nothing can be said: 1 service is too few.",
    ]
    (nothing,) = moved(1.0, 0.0, weeks=0)
    assert nothing.startswith("No whole week is known")


def judged(p_batch: float, p_day: float):
    """Failures of three kinds with given p-values."""
    shares = pd.DataFrame({
        "label": ["Thu", "Fri"], "deployments": [40, 20], "failed": [4, 10], "share": [0.1, 0.5],
        "low": [0.04, 0.3], "high": [0.23, 0.7], "expected": [0.2, 0.2],
    })  # fmt: skip
    odds = tradeoff.Failures(
        "batch size", shares,
        estimate(1.5, 1.1, 2.05, 60), p_batch, 60,
    )  # fmt: skip
    day = tradeoff.Failures("weekday", shares, odds.odds, p_day, 60)
    hour = tradeoff.Failures("hour", shares, odds.odds, float("nan"), 60)
    return [plain(s) for s in findings.failures_sentences(odds, day, hour)]


def test_failures_beyond_chance():
    """Size by odds, weekday by the one that stands out."""
    assert judged(0.01, 0.003) == [
        "Larger deployments of the same service failed **more often** (odds of failing times 1.50 "
        "for twice the changes, 95 % interval 1.10 to 2.05, n = 60).",
        "Failing had to do with the weekday (p = 0.003, n = 60): Fri stands out, 10 of 20 failed "
        "(95 % interval 30 % to 70 %), where 20 % is what these services fail at.",
        "Whether the hour of the day of a deployment matters cannot be said from these.",
    ]


def test_failures_within_chance():
    """Neither nor."""
    assert judged(0.4, 0.4)[:2] == [
        "Larger deployments of the same service failed neither more nor less often, beyond chance "
        "(odds of failing times 1.50 for twice the changes, 95 % interval 1.10 to 2.05, n = 60).",
        "No weekday stands out beyond chance (p = 0.4, n = 60).",
    ]


def test_without_changes_batch_size_says_how_to_add_them():
    """No change names a deployment."""
    at = pd.date_range("2026-01-05", periods=4, freq="D", tz="UTC")
    rows = pd.DataFrame({"service": "shop", "finished_at": at, "size": NAN, "failed": False})
    batch, day = tradeoff.by_batch(rows), tradeoff.by_time(rows, "weekday")
    said = findings.failures_sentences(batch, day, tradeoff.by_time(rows, "hour"))
    assert said[0].startswith("No change names the deployment that shipped it")
    empty = rows.iloc[:0]
    nothing = [tradeoff.by_time(empty, part) for part in ("weekday", "hour")]
    assert findings.failures_sentences(tradeoff.by_batch(empty), *nothing) == [
        "No deployment is known whose failure could be judged."
    ]


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
        per_deployment=estimate(0.25, 0.1, 0.4), tau=0.1, heterogeneity=0.4, detectable=0.05,
        correlation=1.0, by_service=rows, after=pd.Timedelta("6h"),
    )  # fmt: skip
    return replace(known, **other)


def said(found: Finding | str) -> str:
    """The sentence, with plain spaces and signs."""
    text = found.sentence if isinstance(found, Finding) else found
    return text.replace("\u00a0", " ").replace("\u2212", "-")


SIZE = ("3,000 bad events more than usual in the 6 h after 1,200 deployments, **12 %** of all "
        "error budgets of the whole history (95 % interval 4 % to 20 %), p = 0.002")  # fmt: skip


def test_harm_is_said_with_its_size_its_interval_and_what_it_leaves_out():
    """Which services show it alone comes last but one."""
    assert said(findings.fleet_sentence(fleet())) == (
        f"**Deployments cost reliability** in these 20 services together: {SIZE}. "
        "Services with a significant cost of their own: **shop**. Harm later than 6 h or to other "
        "services is not counted."
    )


def test_the_verdict_travels_as_a_value():
    """The share of all budgets with its interval, of no service alone."""
    found = findings.fleet_sentence(fleet())
    assert (found.quantity, found.service, found.verdict) == ("cost of deployments", "", "harm")
    assert (found.value, found.low, found.high, found.n) == (0.12, 0.04, 0.2, 20)
    assert said(found.text) == "12 %"


def test_a_verdict_that_no_service_gives_alone_says_so():
    """That is what pooling is for."""
    nobody = fleet().by_service.assign(stands_out=False)
    text = said(findings.fleet_sentence(fleet(by_service=nobody)))
    assert "p = 0.002. No single service has enough deployments to show it by itself. Harm" in text


def test_a_total_that_holds_nothing_beside_a_clear_verdict_is_explained():
    """The largest services make up the total, and all count alike in the test."""
    wide = fleet(total=estimate(3000.0, -100.0, 5000.0), share=estimate(0.12, -0.004, 0.2))
    text = said(findings.fleet_sentence(wide))
    assert "The size is uncertain: the interval includes 0, because a few large" in text
    assert "uncertain" not in said(findings.fleet_sentence(fleet()))


def test_a_sum_on_the_other_side_of_the_verdict_is_not_called_either():
    """Nineteen small services are harmed, and one large one had luck."""
    other = fleet(total=estimate(-3000.0, -5000.0, 1000.0), share=estimate(-0.12, -0.2, 0.04))
    text = said(findings.fleet_sentence(other))
    assert text.startswith(
        "**Most of these 20 services had more errors than usual after deployments, but their sum "
        "goes the other way**: 3,000 bad events fewer than usual"
    )


def test_what_is_not_significant_says_what_would_have_been_found():
    """And never that there is no effect."""
    text = said(findings.fleet_sentence(fleet(p_value=0.3, score=1.0)))
    assert text == (
        "**No significant cost of deployments** in these 20 services together: "
        f"{SIZE.replace('0.002', '0.3')}, which could be chance. A harm below 3 s of complete "
        "outage per deployment would most likely not have been found."
    )
    never = said(findings.fleet_sentence(fleet(p_value=0.3, detectable=np.inf)))
    assert never.startswith("**Not enough data to find a cost of deployments** in these 20")


def test_fewer_errors_than_usual_are_not_called_harm():
    """A fleet that ships at quiet hours for reasons of its own, say."""
    better = fleet(total=estimate(-3000.0, -5000.0, -1000.0), score=-4.0)
    text = said(findings.fleet_sentence(better))
    assert text.startswith(
        "**Deployments did not cost reliability** in these 20 services together;"
    )
    assert "3,000 bad events fewer than usual" in text


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"summed": 12}, "The sum is that of the 12 services that count events."),
        ({"has_target": False}, "of all bad events of the whole history"),
        ({"unit": "seconds"}, "50 min of bad time more than usual"),
    ],
)
def test_what_the_numbers_count_is_said(other, words):
    """Services that count something else, services without targets, time instead of events."""
    assert words in said(findings.fleet_sentence(fleet(**other)))


def test_outages_that_services_share_are_said_where_they_widen_the_interval():
    """Twice as wide as for services that fail each by itself."""
    text = said(findings.fleet_sentence(fleet(correlation=2.0)))
    assert "Services share outages, which makes the interval 2.0 times as wide." in text


def test_the_mean_is_in_time_of_complete_outage_and_names_the_worst():
    """0.25 minutes are 15 s; 0.4 of the worst, after shrinkage, 24 s."""
    assert said(findings.fleet_mean_sentence(fleet())) == (
        "In the average service a deployment costs as much as 15 s of complete outage (95 % "
        "interval 6 s to 24 s). Services differ by 6 s around that (standard deviation): most in "
        "**shop**, 24 s after allowing for chance."
    )
    alike = said(findings.fleet_mean_sentence(fleet(tau=0.0)))
    assert alike.endswith(" Services do not differ more than chance explains.")


def test_too_few_services_are_no_fleet():
    """One is said by its own sentence; two have no spread to speak of."""
    assert findings.fleet_sentence(None) == findings.fleet_sentence(fleet(services=1)) == ""
    assert (
        findings.fleet_mean_sentence(None) == findings.fleet_mean_sentence(fleet(services=2)) == ""
    )
