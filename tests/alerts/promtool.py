"""What a real Prometheus fires, minute by minute, for any series: ``promtool test rules``.

How a series becomes a promtool unit test, and why the windows are the same in all versions
-------------------------------------------------------------------------------------------
The bucket k is one sample at time k * step, rules are evaluated at every step, and what fires at
k * step is compared with the row of bucket k.

*As gauges*, a sample holds the events of its bucket and the rule adds them up with
``sum_over_time``.
Range selectors of Prometheus 3 are open at the left, ``(t - W, t]``; those of Prometheus 2 (what
Debian ships) also take a sample at exactly t - W.
``[W - 1ms]`` holds the same samples in both: those of ``(t - W, t]``.
A missing bucket is a missing sample (``_``).

*As counters*, a sample holds the events up to and with its bucket, and the rule uses
``increase``.
In Prometheus 2 the selector ``[W]`` holds the samples from t - W to t, so the increase is that of
the buckets ``(t - W, t]``; samples lie at both ends of the window, so nothing is extrapolated.
The counter starts at 0 at time 0 (the first bucket therefore has no events), which makes
Prometheus take the start as the birth of the counter and not extrapolate there either.
Prometheus 3 would need ``[W + step]`` for the same; the helper reads the version and says so.
Gaps in counters make ``increase`` extrapolate, which srelib does not do, and are only tested as
gauges.

How the answer comes out
------------------------
promtool only says where a test goes wrong.
So every alert is tested not to fire at any time, and where promtool *got* something instead is
read: the expected values of the comparison come from promtool alone.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from srelib.alerts import Rule

_FAILED = re.compile(r"alertname: (\w+), time: ([^,\n]+),\s*\n\s*exp:\[\],\s*\n\s*got:\[\s*\n\s*0:")
_PARTS = re.compile(r"(\d+)([dhms])")
_MINUTES = {"d": 1440.0, "h": 60.0, "m": 1.0, "s": 1 / 60}


def required() -> str:
    """Path of promtool; skips where it is missing, fails in CI.

    Returns
    -------
    str
    """
    path = shutil.which("promtool")
    if path is None and os.environ.get("CI") == "true":
        pytest.fail("promtool is missing; CI installs it with Debian's package prometheus")
    if path is None:
        pytest.skip("promtool is missing (Debian: apt-get install prometheus)")
    return path


@functools.cache
def major() -> int:
    """Major version of promtool.

    Returns
    -------
    int
    """
    said = subprocess.run([required(), "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"version (\d+)\.", said.stdout + said.stderr)
    assert found is not None
    return int(found[1])


def firing(
    bad: np.ndarray,
    total: np.ndarray,
    *,
    limits: Sequence[tuple[Rule, float]],
    step: int = 1,
    counters: bool = False,
) -> dict[str, np.ndarray]:
    """Buckets at which Prometheus fires, per severity.

    Parameters
    ----------
    bad, total : array
        Events per bucket; NaN is a missing sample.
    limits : sequence of (Rule, float)
        Rules, each with the error ratio it compares with.
    step : int
        Length of a bucket [min].
    counters : bool
        Write cumulative counters and use ``increase``.

    Returns
    -------
    dict of str to array of bool
    """
    names = list(dict.fromkeys(rule.severity for rule, _ in limits))
    rules = _rules(limits, step, counters=counters)
    return _fired(rules, bad, total, names, step, counters=counters)


def exported(
    bad: np.ndarray, total: np.ndarray, text: str, *, names: dict[str, str]
) -> dict[str, np.ndarray]:
    """Minutes at which an exported file fires on counters.

    Parameters
    ----------
    bad, total : array
        Events per minute.
    text : str
        The file; its recording rules read counters named bad and total.
    names : dict of str to str
        Label ``window`` of the alert of each severity, which becomes its name here.

    Returns
    -------
    dict of str to array of bool
    """
    groups = yaml.safe_load(text)
    for rule in groups["groups"][0]["rules"]:
        if "alert" in rule:
            severity = rule["labels"]["severity"]
            assert names[severity] == rule["labels"]["window"]
            rule["alert"] = severity
    return _fired(yaml.safe_dump(groups), bad, total, list(names), 1, counters=True)


def _fired(
    rules: str, bad: np.ndarray, total: np.ndarray, names: list[str], step: int, *, counters: bool
) -> dict[str, np.ndarray]:
    """Run promtool on a file of rules and two series."""
    with tempfile.TemporaryDirectory() as folder:
        test = Path(folder) / "test.yml"
        (Path(folder) / "rules.yml").write_text(rules)
        test.write_text(_test(bad, total, names, step, counters=counters))
        said = subprocess.run(
            [required(), "test", "rules", str(test)], capture_output=True, text=True, check=False
        )
    return _answer(said, names, len(total), step)


def _answer(
    said: subprocess.CompletedProcess[str], names: list[str], size: int, step: int
) -> dict[str, np.ndarray]:
    """The buckets promtool got something where nothing was expected."""
    output = said.stdout + said.stderr
    found = {name: np.zeros(size, dtype=bool) for name in names}
    failed = _FAILED.findall(output)
    assert bool(failed) == bool(said.returncode), output[-2000:]
    assert len(failed) == output.count(", time: "), output[-2000:]
    for severity, at in failed:
        minute = round(sum(float(n) * _MINUTES[unit] for n, unit in _PARTS.findall(at)))
        found[severity][minute // step] = True
    return found


def _rules(limits: Sequence[tuple[Rule, float]], step: int, *, counters: bool) -> str:
    lines = ["groups:", "- name: burn", f"  interval: {step}m", "  rules:"]
    for number, (rule, limit) in enumerate(limits):
        summed = functools.partial(_sum, step=step, counters=counters)
        conditions = [
            f"(({summed('bad', window)} / {summed('total', window)}) {rule.op} {limit!r})"
            for window in rule.windows
        ]
        if rule.min_bad:
            conditions.append(f"({summed('bad', rule.long)} >= {rule.min_bad!r})")
        if rule.min_total:
            conditions.append(f"({summed('total', rule.long)} >= {rule.min_total!r})")
        lines += [
            f"  - alert: {rule.severity}",
            f"    expr: {' and '.join(conditions)}",
            f"    for: {int(rule.wait.total_seconds())}s",
            f"    labels: {{rule: r{number}}}",
        ]
    return "\n".join(lines) + "\n"


def _sum(name: str, window: pd.Timedelta, *, step: int, counters: bool) -> str:
    """Events of a window; see the top of this file."""
    milliseconds = round(window.total_seconds() * 1000)
    if counters:
        return f"increase({name}[{milliseconds + (60_000 * step if major() > 2 else 0)}ms])"
    return f"sum_over_time({name}[{milliseconds - 1}ms])"


def _test(
    bad: np.ndarray, total: np.ndarray, names: list[str], step: int, *, counters: bool
) -> str:
    """One test file: the two series, and for every bucket that nothing should fire."""
    if counters:
        assert not np.isnan(total).any()
        assert total[0] == 0
        bad, total = np.cumsum(bad), np.cumsum(total)
    asked = "\n".join(
        f"  - {{alertname: {name}, eval_time: {step * number}m}}"
        for number in range(len(total))
        for name in names
    )
    return (
        f"rule_files: [rules.yml]\nevaluation_interval: {step}m\ntests:\n- interval: {step}m\n"
        f"  input_series:\n  - {{series: bad, values: '{_values(bad)}'}}\n"
        f"  - {{series: total, values: '{_values(total)}'}}\n"
        f"  alert_rule_test:\n{asked}\n"
    )


def _values(counts: np.ndarray) -> str:
    return " ".join("_" if np.isnan(x) else format(float(x), ".17g") for x in counts)
