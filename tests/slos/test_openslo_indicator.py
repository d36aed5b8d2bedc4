"""Indicators of OpenSLO: inline, in another file, by name alone, and two that disagree."""

from textwrap import dedent

import pandas as pd
import pytest

from srelib import slos
from srelib.errors import SloError
from srelib.slos import Queries
from tests.slos.made import SLI, WEB, read_text, web_with


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
