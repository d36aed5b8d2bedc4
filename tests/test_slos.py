"""Objectives from OpenSLO, Sloth, Pyrra and slo-generator, and back to OpenSLO."""

from pathlib import Path
from textwrap import dedent

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import slos
from srelib.errors import InvalidTargetError, ParameterError, SloError
from srelib.slos import Queries, Slo
from srelib.windows import Window

WEB = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: web
spec:
  service: shop
  indicator:
    metadata:
      name: availability
    spec:
      ratioMetric:
        good:
          metricSource: {}
        total:
          metricSource: {}
  timeWindow:
    - duration: 28d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999
"""

SLOTH = """\
version: prometheus/v1
service: shop
labels:
  owner: storefront
slos:
  - name: requests
    objective: 99.9
    description: Requests answered without an error.
    sli:
      events:
        error_query: sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(http_requests_total[{{.window}}]))
    alerting:
      page_alert: {disable: true}
"""

PYRRA = """\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: shop-errors
  labels:
    pyrra.dev/service: shop
    pyrra.dev/team: storefront
spec:
  target: "99.5"
  window: 4w
  indicator:
    ratio:
      errors: {metric: 'http_requests_total{code=~"5.."}'}
      total: {metric: http_requests_total}
"""

SLO_GENERATOR = """\
apiVersion: sre.google.com/v2
kind: ServiceLevelObjective
metadata:
  name: shop-availability
  labels:
    service_name: shop
    slo_name: availability
spec:
  description: Availability of the shop.
  error_budget_policy: default
  backend: cloud_monitoring
  method: good_bad_ratio
  service_level_indicator:
    filter_good: metric.type="good"
    filter_valid: metric.type="valid"
  goal: 0.95
"""


def read_text(folder: Path, text: str) -> list[Slo]:
    """The objectives in a text, saved as slos.yaml."""
    (folder / "slos.yaml").write_text(text, encoding="utf-8")
    return slos.read(folder / "slos.yaml")


def web_with(old: str, new: str) -> str:
    """The document WEB with one part replaced."""
    assert old in WEB
    return WEB.replace(old, new)


# What is read


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


def test_the_owner_comes_from_a_label(tmp_path):
    """A label owner or team names who answers."""
    (slo,) = read_text(
        tmp_path, web_with("  name: web\n", "  name: web\n  labels: {team: [a, b]}\n")
    )
    assert slo.owner == "a, b"


def test_the_parts_of_a_composite_are_read_one_by_one(tmp_path):
    """Each objective may have its own indicator; that weights are not used is said."""
    part = """\
    - target: 0.99
      compositeWeight: 2
      indicatorRef: latency
"""
    first, second = read_text(tmp_path, WEB + part)
    assert (first.sli, second.sli) == ("availability", "latency")
    assert "compositeWeight is not used" in second.notes[-1]


SLI = """\
apiVersion: openslo/v1
kind: SLI
metadata: {name: web-latency}
spec:
  ratioMetric:
    bad: {metricSource: {type: Prometheus, spec: {query: slow}}}
    total: {metricSource: {type: Prometheus, spec: {query: all}}}
"""

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


def test_v1alpha_counts_units_of_time(tmp_path):
    """v1alpha holds metrics in its objectives and windows as count and unit."""
    text = dedent("""\
        apiVersion: openslo/v1alpha
        kind: SLO
        metadata: {name: web, displayName: Web}
        spec:
          service: shop
          timeWindows: [{unit: Day, count: 30, isRolling: true}]
          budgetingMethod: Timeslices
          objectives:
            - target: 0.995
              timeSliceTarget: 0.95
              value: 1
              ratioMetrics:
                incremental: true
                good: {source: datadog, queryType: query, query: g}
                total: {source: datadog, queryType: query, query: t}
    """)
    (slo,) = read_text(tmp_path, text)
    assert (slo.service, slo.sli, slo.window) == ("shop", "web", Window(pd.Timedelta(days=30)))
    assert (slo.slice, slo.slice_target) == (pd.Timedelta(minutes=1), 0.95)
    assert slo.queries == Queries(good="g", total="t", source_type="datadog")
    assert slo.notes == ("v1alpha names no length of a slice; 1 minute is assumed.",)


def test_v1alpha_counts_events_where_no_method_is_given(tmp_path):
    """Files written for Sloth leave the method out; what is assumed is said."""
    text = dedent("""\
        apiVersion: openslo/v1alpha
        kind: SLO
        metadata: {name: web}
        spec:
          service: shop
          objectives: [{target: 0.9, ratioMetrics: {good: {query: g}, total: {query: t}}}]
          timeWindows: [{count: 30, unit: Day}]
    """)
    (slo,) = read_text(tmp_path, text)
    assert (slo.method, slo.window) == ("Occurrences", Window(pd.Timedelta(days=30)))
    assert slo.notes == ("no budgetingMethod is given; Occurrences is assumed.",)


def test_v1alpha_errors_point_at_its_own_keys(tmp_path):
    """What is wrong with v1alpha is said at the line of the file."""
    text = dedent("""\
        apiVersion: openslo/v1alpha
        kind: SLO
        metadata: {name: web}
        spec:
          service: shop
          timeWindows:
            - unit: Week
              count: 1
              calendar: {startTime: 2022-01-01 12:00:00, timeZone: Europe/Berln}
          budgetingMethod: Occurrences
          objectives: [{target: 0.9, ratioMetrics: {good: {query: g}, total: {query: t}}}]
    """)
    with pytest.raises(SloError, match=r"line 9: .*'Europe/Berln' is not a time zone.*did you"):
        read_text(tmp_path, text)


def test_sloth_writes_percent(tmp_path):
    """A Sloth objective of 99.9 is 99.9 %, over Sloth's default of 30 days."""
    (slo,) = read_text(tmp_path, SLOTH)
    assert (slo.name, slo.service, slo.sli) == ("shop-requests", "shop", "requests")
    assert (slo.target, slo.owner) == (0.999, "storefront")
    assert slo.window == Window(pd.Timedelta(days=30))
    assert slo.queries.bad == 'sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))'
    assert slo.notes == ("Sloth files name no window; its default of 30 days is assumed.",)


def test_a_sloth_objective_of_one_is_one_percent(tmp_path):
    """Size never decides: 1 in a Sloth file is 1 %, with a warning only below that."""
    (slo,) = read_text(tmp_path, SLOTH.replace("99.9", "1"))
    assert slo.target == 0.01


def test_sloth_resources_read_like_sloth_files(tmp_path):
    """The Kubernetes resource says the same in camelCase."""
    text = dedent("""\
        apiVersion: sloth.slok.dev/v1
        kind: PrometheusServiceLevel
        metadata: {name: any, namespace: monitoring}
        spec:
          service: shop
          slos:
            - name: requests
              objective: 99.9
              labels: {sli: availability}
              sli: {raw: {errorRatioQuery: r}}
    """)
    (slo,) = read_text(tmp_path, text)
    assert (slo.name, slo.sli, slo.target) == ("shop-requests", "availability", 0.999)
    assert slo.queries == Queries(raw="r", raw_type="failure", source_type="Prometheus")


def test_alert_windows_of_sloth_are_no_slo(tmp_path):
    """Sloth keeps its alert windows under the same version; they are skipped and noted."""
    text = "apiVersion: sloth.slok.dev/v1\nkind: AlertWindows\nspec: {sloPeriod: 7d}\n"
    (tmp_path / "windows.yaml").write_text(text)
    found = slos.read_documents(tmp_path)
    assert found.slos == ()
    assert found.notes == ("windows.yaml, document 1: kind AlertWindows is no SLO; skipped.",)


def test_pyrra_writes_percent_as_text(tmp_path):
    """A Pyrra target of "99.5" is 99.5 %; a label names the service."""
    (slo,) = read_text(tmp_path, PYRRA)
    assert (slo.name, slo.service, slo.sli) == ("shop-errors", "shop", "availability")
    assert (slo.target, slo.owner) == (0.995, "storefront")
    assert slo.window == Window(pd.Timedelta(days=28))
    assert slo.queries.total == "http_requests_total"


@pytest.mark.parametrize(
    ("indicator", "sli", "queries"),
    [
        (
            "latency: {success: {metric: fast}, total: {metric: all}}",
            "latency",
            Queries(good="fast", total="all", source_type="Prometheus"),
        ),
        (
            "latencyNative: {total: {metric: all}, latency: 200ms}",
            "latency",
            Queries(total="all", source_type="Prometheus"),
        ),
        (
            "bool_gauge: {metric: up}",
            "availability",
            Queries(raw="up", raw_type="success", source_type="Prometheus"),
        ),
    ],
)
def test_pyrra_indicators(tmp_path, indicator, sli, queries):
    """Each kind of Pyrra indicator names its series and keeps its queries."""
    text = PYRRA[: PYRRA.index("    ratio:")] + f"    {indicator}\n"
    (slo,) = read_text(tmp_path, text)
    assert (slo.sli, slo.queries) == (sli, queries)


def test_slo_generator_writes_fractions(tmp_path):
    """slo-generator shares its kind with Pyrra; the version tells them apart."""
    (slo,) = read_text(tmp_path, SLO_GENERATOR)
    assert (slo.name, slo.service, slo.sli) == ("shop-availability", "shop", "availability")
    assert (slo.target, slo.window) == (0.95, Window(pd.Timedelta(days=28)))
    assert slo.queries.good == 'metric.type="good"'
    assert "28 days are assumed" in slo.notes[0]


def test_documents_of_all_dialects_live_in_one_folder(tmp_path):
    """A folder may mix dialects, files and documents; the order is that of the files."""
    (tmp_path / "b.yaml").write_text(f"---\n{WEB}\n---\n---\n{PYRRA}")
    (tmp_path / "a.yml").write_text(SLOTH)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "c.yaml").write_text("not: [closed")
    names = [slo.name for slo in slos.read(tmp_path)]
    assert names == ["shop-requests", "web", "shop-errors"]


def test_other_documents_are_skipped_but_noted(tmp_path):
    """What is no SLO is named, so that nobody wonders where it went."""
    service = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\nspec: {}\n"
    deployment = "apiVersion: apps/v1\nkind: Deployment\n"
    (tmp_path / "slos.yaml").write_text("---\n".join([WEB, service, deployment, "- 5\n"]))
    found = slos.read_documents(tmp_path)
    assert [slo.name for slo in found.slos] == ["web"]
    assert found.files == ("slos.yaml",)
    assert found.notes == (
        "slos.yaml, document 2: kind Service is not needed; skipped.",
        "slos.yaml, document 3: kind Deployment is no SLO; skipped.",
        "slos.yaml, document 4: not a mapping; skipped.",
    )


def test_a_list_of_documents_counts_as_documents(tmp_path):
    """OpenSLO tools also write a list at the top of a file."""
    text = "".join(f"  {line}\n" for line in WEB.splitlines()).replace("  api", "- api", 1)
    assert [slo.name for slo in read_text(tmp_path, text)] == ["web"]


def test_a_kubernetes_list_counts_as_documents(tmp_path):
    """What kubectl get -o yaml prints can be saved and read."""
    items = "".join(f"  {line}\n" for line in PYRRA.splitlines()).replace("  api", "- api", 1)
    text = f"apiVersion: v1\nkind: List\nitems:\n{items}"
    assert [slo.name for slo in read_text(tmp_path, text)] == ["shop-errors"]


def test_a_folder_without_objectives_is_empty(tmp_path):
    """An empty folder has no SLOs; whether that is an error is for the caller to say."""
    assert slos.read(tmp_path) == []


def test_merge_keys_are_understood(tmp_path):
    """YAML anchors and merges work as everywhere."""
    text = WEB.replace("    - target: 0.999\n", "    - &base {target: 0.999}\n    - <<: *base\n")
    assert [slo.target for slo in read_text(tmp_path, text)] == [0.999, 0.999]


# What is refused


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


def test_a_name_used_twice_is_an_error(tmp_path):
    """Reports tell objectives apart by name; the text says where the first stands."""
    (tmp_path / "a.yaml").write_text(WEB)
    (tmp_path / "b.yaml").write_text(WEB)
    with pytest.raises(SloError, match=r"b\.yaml, line 21: .*'web' is already defined in a\.yaml"):
        slos.read(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SLOTH.replace("99.9", "999"), r"line 7: .*objective: 999.0 is not a percentage"),
        (SLOTH.replace("events", "event"), r"sli.event: unknown key.*did you mean 'events'"),
        (SLOTH.replace("error_query", "eror_query"), "did you mean 'error_query'"),
        (PYRRA.replace('"99.5"', "99.5"), r'line 9: .*put it in quotes: "99.5"'),
        (PYRRA.replace("99.5", "99.5%"), "'99.5%' is not a percentage"),
        (PYRRA.replace("4w", "4x"), "'4x' is not a rolling window"),
        (PYRRA.replace("ratio:", "bool_gauge: {metric: a}\n    ratio:"), "give exactly one of ra"),
        (SLO_GENERATOR.replace("0.95", "95"), r"spec.goal: 95.0 is not a fraction.*write 0.95"),
    ],
)
def test_other_dialects_refuse_the_wrong_unit(tmp_path, text, message):
    """Each format has one unit; a number of another unit is answered with the fix."""
    with pytest.raises(SloError, match=message):
        read_text(tmp_path, text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1\nb: 2\n", r"line 2: not YAML"),
        (b"a:\n\tb: 2\n", r"line 2: .*indent with spaces"),
        (b"a: b: c\n", r"line 1: .*quotes"),
        (b"ok: 1\na: !!python/object:os.system x\n", r"line 2: .*remove the tag"),
        (b"ok: 1\na: \xff\n", r"line 2: not UTF-8 text.*save it as UTF-8"),
        (b"ok: 1\na: \x00\n", r"line 2: .*unacceptable character"),
        (b"[" * 5000, "not YAML"),
        (b"", "no SLO in this file.*srelib init"),
        (b"time,service,good,total\n", "no SLO in this file"),
    ],
)
def test_files_that_are_no_yaml_are_clear_errors(tmp_path, content, message):
    """Text that is no YAML is answered with a line and a fix, never a traceback of yaml."""
    (tmp_path / "slos.yaml").write_bytes(content)
    with pytest.raises(SloError, match=message):
        slos.read(tmp_path / "slos.yaml")


def test_a_missing_file_is_a_clear_error(tmp_path):
    """A path that does not exist says how to get a first file."""
    with pytest.raises(SloError, match=r"no such file or folder.*srelib init"):
        slos.read(tmp_path / "none.yaml")


def test_other_encodings_with_a_mark_are_read(tmp_path):
    """Files saved with a byte order mark are read, UTF-16 included."""
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "slos.yaml").write_text(WEB, encoding=encoding)
        assert slos.read(tmp_path)[0].name == "web"


def test_nested_aliases_do_not_blow_up(tmp_path):
    """A small file that expands to billions of values is read without expanding it."""
    merges = "a0: &a0 {x: 1}\n" + "".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
    )
    lists = "a0: &a0 [1, 2]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    for text in (merges, lists):
        assert [slo.name for slo in read_text(tmp_path, text + WEB)] == ["web"]


ODD = [
    "",
    "[]",
    "{}",
    "[SLO]",
    "1",
    "1e999",
    "-0.5",
    "no",
    "~",
    "{1: 2}",
    "x: y",
    "&a [*a]",
    "!!set {a}",
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([WEB, SLOTH, PYRRA, SLO_GENERATOR, SLI]),
    st.integers(0, 30),
    st.sampled_from(ODD),
    st.booleans(),
)
def test_no_document_ends_in_anything_but_a_clear_error(tmp_path_factory, text, at, odd, drop):
    """Whatever stands in place of a value, the answer is objectives or an SloError."""
    lines = text.splitlines()
    at %= len(lines)
    lines[at] = "" if drop else f"{lines[at].split(':')[0]}: {odd}"
    folder = tmp_path_factory.mktemp("odd", numbered=True)
    (folder / "slos.yaml").write_text("\n".join(lines))
    try:
        clear = all(0 < slo.target < 1 for slo in slos.read(folder))
    except SloError as error:
        clear = str(error).startswith("slos.yaml")
    assert clear


# Slo itself


def test_the_budget_is_what_the_target_leaves():
    """budget_fraction is 1 - target."""
    slo = Slo(name="a", service="a", sli="a", target=0.75, window=Window.parse("7d"))
    assert slo.budget_fraction == 0.25


@pytest.mark.parametrize("target", [0, 1, 99.9, -0.5, float("nan"), True, "0.999", None])
def test_an_slo_refuses_a_target_that_is_no_fraction(target):
    """Only a number strictly between 0 and 1 is a target."""
    with pytest.raises(InvalidTargetError, match="strictly between 0 and 1"):
        Slo(name="a", service="a", sli="a", target=target, window=Window.parse("7d"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": " "}, "name must be text"),
        ({"method": "Events"}, "method must be one of Occurrences"),
        ({"slice": pd.Timedelta(minutes=1)}, "Occurrences has no slices"),
        ({"method": "Timeslices"}, "needs slice > 0"),
        ({"method": "Timeslices", "slice": pd.Timedelta(minutes=1)}, "0 < slice_target <= 1"),
        (
            {"method": "RatioTimeslices", "slice": pd.Timedelta(minutes=1), "slice_target": 0.9},
            "leave out slice_target",
        ),
        ({"threshold": 0.3}, "threshold and op come together"),
        ({"threshold": 0.3, "op": "<"}, "op must be one of lte"),
        ({"threshold": float("inf"), "op": "lt"}, "finite"),
    ],
)
def test_an_slo_refuses_what_does_not_fit_together(options, message):
    """A method has the slices it needs, and a threshold its operator."""
    values = {"name": "a", "service": "a", "sli": "a", "target": 0.9, **options}
    with pytest.raises(ParameterError, match=message):
        Slo(window=Window.parse("7d"), **values)


def test_a_ratio_query_says_what_it_counts():
    """A raw ratio without its kind would be ambiguous."""
    with pytest.raises(ParameterError, match="raw and raw_type come together"):
        Queries(raw="x")


# Writing

TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1)
NAMES = TEXT.filter(str.strip)
OPTIONAL = st.none() | TEXT
WINDOWS = st.one_of(
    st.builds(lambda n: Window(pd.Timedelta(hours=n)), st.integers(1, 9000)),
    st.builds(
        Window,
        unit=st.sampled_from(["day", "week", "month", "quarter", "year"]),
        count=st.integers(1, 6),
        timezone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
        anchor=st.none()
        | st.datetimes(pd.Timestamp("2000-01-01"), pd.Timestamp("2030-01-01")).map(pd.Timestamp),
    ),
)
SLICES = st.integers(1, 1440).map(lambda n: pd.Timedelta(minutes=n))
METHODS = st.one_of(
    st.just({}),
    st.builds(lambda s: {"method": "RatioTimeslices", "slice": s}, SLICES),
    st.builds(
        lambda s, t: {"method": "Timeslices", "slice": s, "slice_target": t},
        SLICES,
        st.floats(0.01, 1),
    ),
)
QUERIES = st.one_of(
    st.builds(Queries, good=OPTIONAL, total=OPTIONAL, source_type=OPTIONAL),
    st.builds(Queries, bad=TEXT, total=OPTIONAL, source_type=OPTIONAL),
    st.builds(Queries, raw=TEXT, raw_type=st.sampled_from(["success", "failure"])),
)
KINDS = st.one_of(
    st.builds(lambda q: {"queries": q}, QUERIES),
    st.builds(
        lambda q, t, o: {"queries": Queries(value=q), "threshold": t, "op": o},
        OPTIONAL,
        st.floats(-1e9, 1e9),
        st.sampled_from(["lte", "lt", "gte", "gt"]),
    ),
)


@st.composite
def objectives(draw):
    """Any objective OpenSLO can hold; an owner that is blank is none."""
    return Slo(
        name=draw(NAMES),
        service=draw(NAMES),
        sli=draw(NAMES),
        target=draw(st.floats(1e-9, 1, exclude_max=True)),
        window=draw(WINDOWS),
        display_name=draw(OPTIONAL),
        description=draw(OPTIONAL),
        owner=draw(st.none() | NAMES),
        **draw(METHODS),
        **draw(KINDS),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(objectives(), min_size=1, max_size=3, unique_by=lambda slo: slo.name))
def test_what_is_written_is_read_back(tmp_path_factory, written):
    """read(write(slos)) gives the same objectives, but for where they stand."""
    folder = tmp_path_factory.mktemp("slos")
    assert read_text(folder, slos.write(written)) == written


def test_what_is_read_from_any_dialect_can_be_written_as_openslo(tmp_path):
    """Every dialect can be moved to OpenSLO without losing a number."""
    for text in (WEB, SLOTH, PYRRA, SLO_GENERATOR):
        before = read_text(tmp_path, text)
        assert read_text(tmp_path, slos.write(before)) == before


def test_written_documents_are_openslo_v1():
    """The YAML has the keys the specification names."""
    slo = Slo(name="a", service="b", sli="c", target=0.999, window=Window.parse("28d"))
    assert slos.write([slo]) == dedent("""\
        apiVersion: openslo/v1
        kind: SLO
        metadata:
          name: a
        spec:
          service: b
          indicator:
            metadata:
              name: c
            spec:
              ratioMetric:
                good:
                  metricSource:
                    spec:
                      service: b
                      sli: c
                total:
                  metricSource:
                    spec:
                      service: b
                      sli: c
          timeWindow:
          - duration: 28d
            isRolling: true
          budgetingMethod: Occurrences
          objectives:
          - target: 0.999
    """)
