"""Composite objectives: read from a document whose objectives have indicators of their own."""

import pytest

from srelib.errors import ParameterError, SloError
from srelib.slos import Composite
from srelib.slos.files import _write
from tests.slos.made import SLI, WEB, read_text, web_with

PART = """\
    - displayName: fast
      target: 0.999
      compositeWeight: 2
      indicatorRef: latency
"""
ANNOTATED = """\
  name: web
  displayName: Web
  labels: {owner: storefront}
  annotations: {srelib/composite: worst member, srelib/composite-target: "0.95"}
"""


def test_weights_make_a_weighted_mean(tmp_path):
    """Two objectives and the composite of both, with the target both have; 1 where none is said."""
    up, fast, whole = read_text(tmp_path, WEB + PART)
    assert whole.composite == Composite("weighted mean", (up, fast), (1.0, 2.0))
    assert (whole.name, whole.service, whole.sli, whole.target) == ("web", "shop", "web", 0.999)
    assert (whole.counted_as, whole.member_services) == ("weighted mean", ("shop", "shop"))
    assert whole.window == up.window
    assert "the weighted mean is taken" in whole.notes[0]
    assert "is the one all its objectives have" in whole.notes[1]


def test_annotations_name_rule_and_target(tmp_path):
    """Nothing is assumed then, but weights that play no part are said to."""
    whole = read_text(tmp_path, web_with("  name: web\n", ANNOTATED) + PART)[-1]
    assert (whole.composite.rule, whole.target, whole.owner) == ("worst member", 0.95, "storefront")
    assert whole.notes == ("compositeWeight plays no part in 'worst member'.",)


def test_without_weight_or_rule_objectives_stay_single(tmp_path):
    """Each objective by itself; where every one has its own indicator, that is said."""
    part = PART.replace("      compositeWeight: 2\n", "")
    found = read_text(tmp_path, WEB + part)
    assert [slo.composite for slo in found] == [None, None]
    assert found[0].notes == ()
    first, _ = read_text(tmp_path, WEB.replace("    - target: 0.999\n", "") + part + part.replace(
        "fast", "up").replace("latency", "availability"))  # fmt: skip
    assert "its objectives are judged one by one; compositeWeight or" in first.notes[-1]


def test_members_may_be_of_several_services(tmp_path):
    """The metric sources say which; without a service the document names the composite."""
    named = SLI.replace("query: slow", "service: pay, sli: latency")
    named = named.replace("query: all", "service: pay, sli: latency")
    text = web_with("metricSource: {}", "metricSource: {spec: {service: cart}}")
    text = text.replace("  service: shop\n", "") + PART.replace("latency", "web-latency")
    *members, whole = read_text(tmp_path, f"{named}---\n{text}")
    assert whole.member_services == ("cart", "pay")
    assert whole.service == "web"
    assert [slo.service for slo in members] == ["cart", "pay"]


def test_who_owns_the_whole_does_not_own_the_services_of_others(tmp_path):
    """Unless the objective says so itself; written and read back the same."""
    text = web_with("  name: web\n", ANNOTATED) + PART.replace(
        "indicatorRef: latency",
        "labels: {owner: storefront}\n"
        "      indicator: {metadata: {name: latency}, spec: {ratioMetric: "
        "{bad: {metricSource: {spec: {service: pay}}}, total: {metricSource: {}}}}}",
    )
    text = text.replace("metricSource: {}", "metricSource: {spec: {service: cart}}", 1)
    before = read_text(tmp_path, text)
    assert [slo.owner for slo in before] == [None, "storefront", "storefront"]
    assert read_text(tmp_path, _write(before)) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WEB + PART.replace("0.999", "0.99"), r"OpenSLO has no target for a composite, and its "
         r"objectives have several \(0.99, 0.999\).*annotations: \{srelib/composite-target: "
         r'"0.99"\}'),
        (web_with("  name: web\n", ANNOTATED.replace("worst member", "worst")) + PART,
         "line 7: .*'worst' is no rule for a composite.*worst member"),
        (web_with("  name: web\n", ANNOTATED.replace("0.95", "95")) + PART, "For 95 % write 0.95"),
        (web_with("  name: web\n", ANNOTATED.replace("0.95", "x")) + PART, "'x' is no number"),
        (web_with("  name: web\n", ANNOTATED), "two indicators or more, each once"),
        (WEB + PART.replace("latency", "availability"), "two indicators or more, each once"),
        (WEB + PART.replace("compositeWeight: 2", "compositeWeight: 0"), "0.0 is no weight"),
        (WEB + PART.replace("compositeWeight: 2", "compositeWeight: .inf"), "inf is no weight"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(tmp_path, text, message):
    """A target nobody said is asked for; rules, targets and weights that cannot be are refused."""
    with pytest.raises(SloError, match=message):
        read_text(tmp_path, text)


@pytest.mark.parametrize("head", ["  name: web\n", ANNOTATED, "  name: web\n  displayName: Web\n"])
def test_what_is_written_is_read_back(tmp_path, head):
    """Members stand in the document of their composite, with names, weights, owners."""
    part = PART.replace("displayName: fast", "displayName: fast\n      labels: {owner: data}")
    before = read_text(tmp_path, web_with("  name: web\n", head) + part)
    text = _write(before)
    assert text.count("kind: SLO") == 1
    assert read_text(tmp_path, text) == before


def test_a_composite_written_alone_brings_its_members(tmp_path):
    """As a recommended target is written: its members as they were read."""
    before = read_text(tmp_path, WEB + PART)
    assert read_text(tmp_path, _write(before[-1:])) == before


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rule": "mean"}, "rule must be one of weighted mean, all events, worst member"),
        ({"weights": (1.0,)}, "2 members and 1 weights"),
        ({"weights": (1.0, -1.0)}, "finite and above 0"),
    ],
)
def test_a_composite_that_cannot_be_is_refused(tmp_path, changed, message):
    """The same where one is made without a document."""
    members = tuple(read_text(tmp_path, WEB + PART)[:2])
    made = {"rule": "all events", "members": members, "weights": (1.0, 1.0), **changed}
    with pytest.raises(ParameterError, match=message):
        Composite(**made)
