"""Exported rules: Prometheus takes them, and they fire when the replay says so."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from srelib import alerts, slos
from srelib.alerts import Rule
from srelib.alerts.policies import _grafana_policy, _guarded, _pyrra_policy
from srelib.errors import SloError
from srelib.slos import Queries, Slo
from srelib.windows import Window
from tests.alerts import promtool

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "slos.yaml"


def shop(**changes: object) -> Slo:
    """An objective on counters of bad and of all requests."""
    fields: dict = {
        "name": "shop", "service": "shop", "sli": "availability", "target": 0.99,
        "window": Window.parse("30d"), "queries": Queries(bad="bad", total="total"),
    }  # fmt: skip
    return Slo(**{**fields, **changes})


def rules_of(text: str) -> list[dict]:
    """The rules of the first group."""
    return yaml.safe_load(text)["groups"][0]["rules"]


def checked(text: str, folder: Path) -> str:
    """What ``promtool check rules`` says."""
    path = folder / "rules.yml"
    path.write_text(text)
    command = [promtool.required(), "check", "rules", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


@pytest.mark.parametrize(
    "policy",
    [
        alerts.workbook_policy,
        _pyrra_policy,
        _grafana_policy(),
        _guarded(alerts.workbook_policy("30d"), min_bad=5, min_total=100),
        lambda period: alerts.read_policy(
            "2% in 1h/5m, page 14x in 1h/5m, 14x in 1h, ticket 1x in 3d for 1h", period=period
        ),
        lambda period: alerts.read_policy("9x in 1h, 9x in 1h for 5m, 9x in 1h", period=period),
    ],
    ids=["workbook", "pyrra", "grafana", "guarded", "written", "alike"],
)
def test_prometheus_takes_the_rules_of_the_sample(policy: object, tmp_path: Path) -> None:
    """Every objective of the sample gets rules that ``promtool check rules`` accepts."""
    read = slos.read(SAMPLE)
    said = checked(alerts.prometheus_rules(read, policy=policy), tmp_path)  # type: ignore[arg-type]
    windows = len({span for rule in alerts.workbook_policy("30d") for span in rule.windows})
    if policy is alerts.workbook_policy:
        assert f"{len(read) * (windows + 4)} rules found" in said
    assert "SUCCESS" in said


def test_names_cannot_break_out_of_the_rules(tmp_path: Path) -> None:
    """Quotes, templates and line breaks in names stay text."""
    slo = shop(name='a"} or vector(1) # {{ $value }}', service="b: [c]\nd")
    text = alerts.prometheus_rules([slo])
    checked(text, tmp_path)
    alert = rules_of(text)[-1]
    assert alert["labels"]["slo"] == 'a"} or vector(1) # {{"{{"}} $value }}'
    assert '{slo="a\\"} or vector(1) # {{ $value }}"}' in alert["expr"]


def test_exported_rules_fire_when_the_replay_does(tmp_path: Path) -> None:
    """Counters and the exported file in ``promtool test rules`` against `firing`."""
    random = np.random.default_rng(8)
    total = random.poisson(300, 420).astype("float64")
    ratio = np.full(420, 0.002)
    ratio[100:160], ratio[250:262] = 0.2, 0.9
    bad = random.binomial(total.astype("int64"), ratio).astype("float64")
    total[0] = bad[0] = 0
    policy = (Rule("page", "1h", "5m", 7, "2m"), Rule("ticket", "2h", "30m", 2))
    text = alerts.prometheus_rules([shop()], policy=policy)
    wanted = promtool.exported(bad, total, text, names={"page": "1h", "ticket": "2h"})
    index = pd.date_range("2026-06-01", periods=420, freq="min", tz="UTC")
    whole = pd.Series(total, index)
    got = alerts.firing(whole - bad, whole, target=0.99, policy=policy)
    for severity, mask in wanted.items():
        assert 0 < mask.sum() < 420
        assert got[severity].tolist() == mask.tolist()


@pytest.mark.parametrize(
    ("queries", "expression"),
    [
        (Queries(bad='req{code=~"5.{2}"}', total="req"),
         '(sum(rate(req{code=~"5.{2}"}[5m])) or vector(0)) / sum(rate(req[5m]))'),
        (Queries(good="ok", total="req"),
         "(sum(rate(req[5m])) - (sum(rate(ok[5m])) or vector(0))) / sum(rate(req[5m]))"),
        (Queries(bad="sum(rate(b[{{.window}}]))", total="sum(rate(t[{{ .window }}]))"),
         "((sum(rate(b[5m]))) or vector(0)) / (sum(rate(t[5m])))"),
        (Queries(raw="1 - ok:ratio[$__range]", raw_type="failure"), "(1 - ok:ratio[5m])"),
        (Queries(raw="avg_over_time(ok[$__rate_interval])", raw_type="success"),
         "1 - ((avg_over_time(ok[5m])))"),
    ],
)  # fmt: skip
def test_queries_become_error_ratios(queries: Queries, expression: str) -> None:
    """Counters, templates of Sloth and Grafana, and ratios that are divided already."""
    text = alerts.prometheus_rules([shop(queries=queries)], policy=(Rule("page", "5m", None, 1),))
    assert rules_of(text)[0]["expr"] == expression


def test_thresholds_are_those_of_the_replay() -> None:
    """14.4 times 1 % of 99 % is 0.144, written as one would."""
    (*_, alert) = rules_of(
        alerts.prometheus_rules([shop()], policy=(Rule("page", "1h", "5m", 14.4, "2m"),))
    )
    assert alert["expr"].count("> 0.144") == 2
    assert alert["for"] == "2m"


def test_slices_are_said_to_be_counted_as_events() -> None:
    """An objective in time slices gets a note in each alert."""
    slo = shop(method="Timeslices", slice=pd.Timedelta("5min"), slice_target=0.9)
    (*_, alert) = rules_of(alerts.prometheus_rules([slo]))
    assert "slices" in alert["annotations"]["note"]


@pytest.mark.parametrize(
    ("queries", "match"),
    [
        (Queries(), "'shop': its document names no queries"),
        (Queries(good="ok"), "names no queries"),
        (Queries(bad="sum(rate(b[5m]))", total="t"), "neither a counter nor names a window"),
    ],
)
def test_objectives_without_usable_queries_are_refused(queries: Queries, match: str) -> None:
    """The error names the objective and the fix."""
    with pytest.raises(SloError, match=match):
        alerts.prometheus_rules([shop(queries=queries)])


def test_names_are_needed_once() -> None:
    """No objectives, or two of one name, give no rules."""
    with pytest.raises(SloError, match="no objective"):
        alerts.prometheus_rules([])
    with pytest.raises(SloError, match="two objectives are named 'shop'"):
        alerts.prometheus_rules([shop(), shop()])


def test_openslo_policies_say_what_rules_say() -> None:
    """One document per rule: burn rate, window, wait and severity; the short window in words."""
    documents = list(yaml.safe_load_all(alerts.openslo_policies(_pyrra_policy("28d"))))
    assert [each["kind"] for each in documents] == ["AlertPolicy"] * 4
    assert len({each["metadata"]["name"] for each in documents}) == 4
    condition = documents[0]["spec"]["conditions"][0]["spec"]
    assert condition["condition"] == {
        "kind": "burnrate", "op": "gt", "threshold": 14.0, "lookbackWindow": "1h",
        "alertAfter": "2m",
    }  # fmt: skip
    assert documents[0]["spec"]["description"].endswith("over 1h, and over 5m")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("2x in 1h/5m, 3x in 6h/30m, ticket 1x in 1h/5m", ["1h", "6h", "1h"]),
        ("2x in 1h/5m, 3x in 1h/1m", ["1h/5m", "1h/1m"]),
        ("2x in 1h/5m, >=3x in 1h/5m", ["1h/5m >2x", "1h/5m >=3x"]),
        ("2x in 1h, 2x in 1h for 5m, 2x in 1h", ["1h >2x no. 1", "1h >2x no. 2"]),
    ],
)
def test_rules_that_share_a_window_are_told_apart(text: str, labels: list[str]) -> None:
    """The label says no more than it must, and the same rule twice is one."""
    policy = alerts.read_policy(text, period="30d")
    written = rules_of(alerts.prometheus_rules([shop()], policy=policy))
    assert [r["labels"]["window"] for r in written if "alert" in r] == labels
    names = [d["metadata"]["name"] for d in yaml.safe_load_all(alerts.openslo_policies(policy))]
    assert len(set(names)) == len(names) == len(labels)
