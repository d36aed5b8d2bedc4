"""What is said of the deployments of a fleet, word by word."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from srelib.findings import tradeoff as findings
from srelib.findings.finding import Finding
from srelib.tradeoff import FleetEffect
from tests.tradeoff.made import estimate

NBSP = "\u00a0"


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
    return text.replace(NBSP, " ").replace("\u2212", "-")


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
