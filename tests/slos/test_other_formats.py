"""Sloth, Pyrra, slo-generator and OpenSLO v1alpha: each in its unit, by its own keys."""

from textwrap import dedent

import pandas as pd
import pytest

from srelib.errors import SloError
from srelib.slos import Queries
from srelib.slos.files import _read_documents
from srelib.windows import Window
from tests.slos.made import PYRRA, SLO_GENERATOR, SLOTH, read_text


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
    found = _read_documents(tmp_path)
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
