"""What stands beside the exports of the sample: `slos.yaml` and `sources.toml`."""

from __future__ import annotations

from collections.abc import Sequence

from srelib.simulate.world import Fleet

SOURCES = """\
# What srelib cannot know from the exports themselves.
# Every other file here is recognised from its content.

[[file]]
match = "requests-*.csv.gz"   # Grafana: Inspect > Data > Series joined by time > Download CSV
table = "sli"
unit = "count"                # each cell is sum(increase(...[1m])): events, not a rate
step = "1m"

{series}
[[file]]
match = "github-deployments.json"   # gh api .../deployments --paginate, statuses merged in
environment = "production"          # staging and previews are left out
columns = {{ planned = "payload.planned" }}   # our pipeline notes what a deployment is for
"""

SERIES = """\
  [[file.series]]
  service = "{service}"
  sli = "{sli}"
  good = "{service} {good}"
  total = "{service} total"
"""


def sources(world: Fleet) -> str:
    """`sources.toml` for the sample."""
    made = []
    for each in world.worlds:
        name = each.spec.name
        made.append(SERIES.format(service=name, sli="availability", good="good"))
        if each.counts.fast is not None:
            made.append(SERIES.format(service=name, sli="latency", good="fast"))
    return SOURCES.format(series="\n".join(made))


def slos(promises: Sequence[tuple[str, str, float, str, str]]) -> str:
    """OpenSLO documents, one a promise."""
    return "---\n".join(_slo(*promise) for promise in promises)


def _slo(service: str, sli: str, target: float, window: str, promise: str) -> str:
    good, total = _metrics(service, sli)
    return f"""\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {service}-{sli}
  displayName: {service} {sli}
spec:
  description: {promise}
  service: {service}
  indicator:
    metadata:
      name: {sli}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec:
              query: '{good}'
        total:
          metricSource:
            type: Prometheus
            spec:
              query: '{total}'
{_window(window)}
{_objective(service, sli, target)}
"""


def _metrics(service: str, sli: str) -> tuple[str, str]:
    total = f'http_requests_total{{service="{service}"}}'
    if sli == "availability":
        return f'http_requests_total{{service="{service}",code!~"5.."}}', total
    return f'http_request_duration_seconds_bucket{{service="{service}",le="0.8"}}', total


def _window(window: str) -> str:
    rolling = f"  timeWindow:\n    - duration: {window}\n      isRolling: "
    if window != "1M":
        return rolling + "true"
    calendar = "\n      calendar:\n        startTime: 2026-01-01 00:00:00\n        timeZone: "
    return rolling + "false" + calendar + "Europe/Berlin"


def _objective(service: str, sli: str, target: float) -> str:
    lines = f"  objectives:\n    - displayName: promised\n      target: {target}"
    if (service, sli) != ("search", "latency"):
        return "  budgetingMethod: Occurrences\n" + lines
    slices = "\n      timeSliceTarget: 0.97\n      timeSliceWindow: 5m"
    return "  budgetingMethod: Timeslices\n" + lines + slices
