"""OpenSLO documents: windows, targets, slices, indicators, and what is refused where."""

from textwrap import dedent

import pandas as pd
import pytest

from srelib import slos
from srelib.errors import SloError
from srelib.slos import Queries
from srelib.windows import Window
from tests.slos.made import SLI, WEB, read_text, web_with


def test_openslo_v1_names_series_target_and_window(tmp_path):
    """A plain OpenSLO v1 document becomes one objective."""
    (slo,) = read_text(tmp_path, WEB)
    assert (slo.name, slo.service, slo.sli) == ("web", "shop", "availability")
    assert (slo.target, slo.method) == (0.999, "Occurrences")
    assert slo.window == Window(pd.Timedelta(days=28))
    assert slo.notes == ()
    assert str(slo.source) == "slos.yaml, document 1, line 21"


@pytest.mark.parametrize(
    ("percent", "fraction"), [("99.95", 0.9995), ("99.9", 0.999), ("90", 0.9), ("99.99", 0.9999)]
)
def test_target_percent_becomes_the_nearest_fraction(tmp_path, percent, fraction):
    """targetPercent is divided by 100 without a rounding error."""
    text = web_with("target: 0.999", f"targetPercent: {percent}")
    assert read_text(tmp_path, text)[0].target == fraction


def test_a_tiny_percentage_is_taken_as_written_and_noted(tmp_path):
    """The format decides the unit: targetPercent 0.999 is 0.999 %, with a warning."""
    (slo,) = read_text(tmp_path, web_with("target: 0.999", "targetPercent: 0.999"))
    assert slo.target == 0.00999
    assert slo.notes == (
        "the target 0.999 is read as 0.999 %, because this format writes percent.",
    )


@pytest.mark.parametrize(("text", "days"), [("4w", 28), ("30d", 30), ("720h", 30)])
def test_rolling_windows_have_their_length(tmp_path, text, days):
    """Weeks, days and hours are lengths of rolling windows."""
    (slo,) = read_text(tmp_path, web_with("28d", text))
    assert slo.window == Window(pd.Timedelta(days=days))


@pytest.mark.parametrize(("text", "unit"), [("1M", "month"), ("1Q", "quarter"), ("1w", "week")])
def test_calendar_windows_keep_zone_and_start(tmp_path, text, unit):
    """A calendar window carries its IANA zone and its start as written."""
    calendar = "calendar: {startTime: 2026-01-01 12:30:00, timeZone: America/New_York}"
    new = web_with("28d\n      isRolling: true", f"{text}\n      {calendar}")
    (slo,) = read_text(tmp_path, new)
    start = pd.Timestamp("2026-01-01 12:30:00")
    assert slo.window == Window(unit=unit, timezone="America/New_York", anchor=start)


def test_a_calendar_window_without_zone_is_utc_with_a_note(tmp_path):
    """A missing timeZone is assumed to be UTC, and said."""
    new = web_with("28d\n      isRolling: true", "1M\n      isRolling: false")
    (slo,) = read_text(tmp_path, new)
    assert slo.window == Window(unit="month")
    assert slo.notes == ("the calendar window names no timeZone; UTC is assumed.",)


def test_a_missing_window_is_28_days_with_a_note(tmp_path):
    """OpenSLO allows to leave out timeWindow; what is assumed is said."""
    new = web_with("  timeWindow:\n    - duration: 28d\n      isRolling: true\n", "")
    (slo,) = read_text(tmp_path, new)
    assert slo.window == Window(pd.Timedelta(days=28))
    assert slo.notes == ("no timeWindow is given; 28 days are assumed.",)


def test_timeslices_carry_length_and_target_of_a_slice(tmp_path):
    """Timeslices need the length of a slice and the share that makes it good."""
    text = web_with("Occurrences", "Timeslices")
    text += "      timeSliceTarget: 0.95\n      timeSliceWindow: 5m\n"
    (slo,) = read_text(tmp_path, text)
    assert (slo.method, slo.slice, slo.slice_target) == (
        "Timeslices",
        pd.Timedelta(minutes=5),
        0.95,
    )


def test_a_bare_number_of_a_slice_means_minutes(tmp_path):
    """The specification says that a slice given as a number is in minutes."""
    text = web_with("Occurrences", "RatioTimeslices") + "      timeSliceWindow: 10\n"
    (slo,) = read_text(tmp_path, text)
    assert (slo.slice, slo.slice_target) == (pd.Timedelta(minutes=10), None)


def test_each_objective_becomes_an_slo_with_its_own_name(tmp_path):
    """Several objectives are told apart by display name, else by number."""
    text = WEB + "    - displayName: Very Good!\n      target: 0.9999\n"
    first, second = read_text(tmp_path, text)
    assert (first.name, first.target) == ("web-1", 0.999)
    assert (second.name, second.target) == ("web-very-good", 0.9999)


def test_the_owner_comes_from_a_label(tmp_path):
    """A label owner or team names who answers."""
    (slo,) = read_text(
        tmp_path, web_with("  name: web\n", "  name: web\n  labels: {team: [a, b]}\n")
    )
    assert slo.owner == "a, b"


def test_the_parts_of_a_composite_are_read_one_by_one(tmp_path):
    """Each objective may have its own indicator; without a weight nothing is made of them."""
    part = """\
    - target: 0.99
      indicatorRef: latency
"""
    first, second = read_text(tmp_path, WEB + part)
    assert (first.sli, second.sli) == ("availability", "latency")


def test_merge_keys_are_understood(tmp_path):
    """YAML anchors and merges work as everywhere."""
    text = WEB.replace("    - target: 0.999\n", "    - &base {target: 0.999}\n    - <<: *base\n")
    assert [slo.target for slo in read_text(tmp_path, text)] == [0.999, 0.999]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.999", "99.9", r"line 21: document 1, spec.objectives\[0\].target: 99.9 is not a fr.* For 99.9 % write 0.999"),  # noqa: E501
        ("0.999", "1", "A target of 100 % leaves no budget"),
        ("0.999", "0", "0.0 is not a fraction strictly between 0 and 1"),
        ("0.999", ".nan", "nan is not a fraction"),
        ("0.999", "'0.999'", "should be a valid number.*without quotes: 0.999"),
        ("0.999", "", "key 'target' is missing"),
        ("target: 0.999", "targetPercent: 100", "100.0 is not a percentage strictly between"),
        ("target: 0.999", "targetpercent: 99", "did you mean 'targetPercent'"),
        ("0.999", "0.9\n      targetPercent: 90", "line 22: .*are both given.*keep one"),
        ("28d", "28x", r"timeWindow\[0\].duration: '28x' is not a rolling window.*such as 28d"),
        ("isRolling: true", "calendar: {timeZone: CET+1}", "'CET.1' is not a time zone"),
        ("isRolling: true", "calendar: {startTime: soon}", "'soon' is not a time"),
        ("isRolling: true", "isRolling: true\n      calendar: {}", "True contradicts calendar"),
        ("isRolling: true", "isRolling: true\n    - duration: 7d", "2 windows are given"),
        ("28d\n      isRolling: true", "28h\n      isRolling: false", "not a calendar window"),
        ("Occurrences", "occurrences", "did you mean 'Occurrences'"),
        ("Occurrences", "Timeslices", "'timeSliceWindow' is missing, which Timeslices needs"),
        ("  budgetingMethod: Occurrences\n", "", "is missing.*add budgetingMethod, such as Occ"),
        ("name: web", "name: ' '", r"line 1: document 1, name must be text that is not empty"),
        ("service: shop", "service: [a]", "spec.service: a list should be a valid string.*write t"),
        ("metricSource: {}", "metricSource: x", "'x' should be keys with values"),
        ("  service: shop\n", "", "key 'service' is missing.*service: checkout"),
        ("service: shop", "service: 404", 'put it in quotes: "404"'),
        ("name: web", "name: web\n  name: web", "line 5: key 'name' was already written on line 4"),
        ("openslo/v1", "openslo/v3", "'openslo/v3' is not known.*write apiVersion: openslo/v1"),
        ("apiVersion: openslo/v1\n", "", "key 'apiVersion' is missing"),
        ("kind: SLO", "kind: SLOs", "'SLOs' is not a kind of OpenSLO"),
        ("objectives:\n    - target: 0.999", "objectives: []", "the list is empty"),
        ("ratioMetric", "thresholdMetric", "key 'op' is missing, which a threshold"),
        ("        total:\n          metricSource: {}\n", "", "a ratio of good.*give good and"),
        ("good:", "goood:", "unknown key 'goood'.*did you mean 'good'"),
        ("  indicator:", "  indicatorRef: a\n  indicator:", "are both given"),
    ],
)  # fmt: skip
def test_openslo_errors_name_place_value_and_fix(tmp_path, old, new, message):
    """Each mistake is answered with its line, its key, what was seen and what to write."""
    with pytest.raises(SloError, match=r"slos\.yaml, line \d+: ") as caught:
        read_text(tmp_path, web_with(old, new))
    assert caught.match(message)
    assert "Fix: " in str(caught.value)


def test_a_slice_target_is_a_fraction_too(tmp_path):
    """timeSliceTarget 95 is refused like a target of 95."""
    text = web_with("Occurrences", "Timeslices")
    text += "      timeSliceWindow: 1m\n      timeSliceTarget: 95\n"
    with pytest.raises(SloError, match=r"line 23: .*95.0 is not a fraction above 0.*0.95"):
        read_text(tmp_path, text)


def test_threshold_metric_keeps_value_and_op(tmp_path):
    """A measured value comes with the threshold of the objective."""
    text = web_with(
        "      ratioMetric:\n        good:\n          metricSource: {}\n        total:\n"
        "          metricSource: {}\n",
        "      thresholdMetric:\n        metricSource:\n          type: Prometheus\n"
        "          spec: {query: p99_seconds, sli: latency}\n",
    )
    (slo,) = read_text(tmp_path, text + "      op: lte\n      value: 0.3\n")
    assert (slo.sli, slo.threshold, slo.op) == ("latency", 0.3, "lte")
    assert slo.queries == Queries(value="p99_seconds", source_type="Prometheus")


def test_metric_source_says_which_series(tmp_path):
    """The keys service and sli of a metric source win over the names of the document."""
    text = web_with("metricSource: {}", "metricSource: {spec: {service: checkout, sli: ok}}")
    (slo,) = read_text(tmp_path, text)
    assert (slo.service, slo.sli) == ("checkout", "ok")


BY_REFERENCE = WEB[: WEB.index("  indicator:")] + "  indicatorRef: web-latency\n"


BY_REFERENCE += WEB[WEB.index("  timeWindow:") :]


def test_an_indicator_may_stand_in_another_file(tmp_path):
    """indicatorRef finds a document of kind SLI anywhere in the folder."""
    (tmp_path / "indicators").mkdir()
    (tmp_path / "indicators" / "latency.yml").write_text(SLI)
    (tmp_path / "slos.yaml").write_text(BY_REFERENCE)
    (slo,) = slos.read(tmp_path)
    assert slo.sli == "web-latency"
    assert slo.queries == Queries(bad="slow", total="all", source_type="Prometheus")


def test_an_indicator_that_is_only_named_is_used_by_name(tmp_path):
    """Without the SLI document the name still says which series is meant."""
    (slo,) = read_text(tmp_path, BY_REFERENCE)
    assert (slo.sli, slo.queries) == ("web-latency", Queries())
    assert "no SLI document is called 'web-latency'" in slo.notes[0]


def test_v2alpha_has_sli_instead_of_indicator(tmp_path):
    """The draft v2alpha renames the indicator and drops the level metricSource."""
    text = dedent("""\
        apiVersion: openslo.com/v2alpha
        kind: SLO
        metadata: {name: web}
        spec:
          service: shop
          sli:
            metadata: {name: ok}
            spec:
              ratioMetric:
                counter: true
                good: {dataSourceRef: prom, spec: {query: g}}
                total: {dataSourceRef: prom, spec: {query: t}}
          timeWindow: [{duration: 1w, isRolling: true}]
          budgetingMethod: RatioTimeslices
          objectives: [{target: 0.98, timeSliceWindow: 1m}]
    """)
    (slo,) = read_text(tmp_path, text)
    assert (slo.sli, slo.queries) == ("ok", Queries(good="g", total="t"))
    assert (slo.method, slo.slice) == ("RatioTimeslices", pd.Timedelta(minutes=1))


def test_a_misspelt_reference_is_an_error(tmp_path):
    """A name close to a known SLI is a slip, not another series."""
    (tmp_path / "slis.yaml").write_text(SLI)
    (tmp_path / "slos.yaml").write_text(BY_REFERENCE.replace("web-latency", "web-latencies"))
    with pytest.raises(SloError, match=r"no SLI is called 'web-latencies'.*mean 'web-latency'"):
        slos.read(tmp_path)


def test_an_sli_defined_twice_is_an_error(tmp_path):
    """Two SLI documents of one name leave open which is meant."""
    with pytest.raises(SloError, match=r"document 2, .*'web-latency' is already the name"):
        read_text(tmp_path, f"{SLI}---\n{SLI}---\n{BY_REFERENCE}")


def test_metric_sources_that_disagree_are_an_error(tmp_path):
    """One indicator reads one series."""
    text = WEB.replace("metricSource: {}", "metricSource: {spec: {sli: a}}", 1)
    text = text.replace("metricSource: {}", "metricSource: {spec: {sli: b}}")
    with pytest.raises(SloError, match=r"several values of 'sli': a, b"):
        read_text(tmp_path, text)
