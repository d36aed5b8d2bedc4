"""A document of every format, and how to read one."""

from pathlib import Path

from srelib import slos
from srelib.slos import Slo

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


SLI = """\
apiVersion: openslo/v1
kind: SLI
metadata: {name: web-latency}
spec:
  ratioMetric:
    bad: {metricSource: {type: Prometheus, spec: {query: slow}}}
    total: {metricSource: {type: Prometheus, spec: {query: all}}}
"""
