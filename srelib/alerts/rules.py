"""Rules to run: Prometheus recording and alerting rules, and OpenSLO alert policies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pandas as pd

from srelib.alerts.policies import AlertPolicy, Rule, _check_policy, _threshold, workbook_policy
from srelib.errors import SloError
from srelib.slos import Slo
from srelib.slos.files import _shorthand

WINDOW = re.compile(r"\{\{\s*\.window\s*\}\}|\$__(?:rate_)?(?:interval|range)\b|\$\{?window\}?")
"""How tools write 'the window goes here': Sloth, Grafana, and a plain ``$window``."""

_SELECTOR = re.compile(r'[a-zA-Z_:][\w:]*\s*(?:\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\})?')

PolicyFor = AlertPolicy | Callable[[Any], AlertPolicy]


def prometheus_rules(slos: Iterable[Slo], *, policy: PolicyFor = workbook_policy) -> str:
    """Recording and alerting rules for Prometheus as YAML, one group per objective.

    A query is either the selector of a counter, such as ``http_requests_total{code=~"5.."}``, or
    an expression with the window written as ``{{.window}}`` (Sloth), ``$__rate_interval`` or
    ``$__range`` (Grafana). Rules of one severity are told apart by the label ``window``.

    Parameters
    ----------
    slos : iterable of Slo, objectives whose documents name the metrics of good (or bad) and all
        events
    policy : sequence of Rule, or callable that makes it from the period of an objective
        (`workbook_policy`)

    Raises
    ------
    SloError
        No objectives, two of one name, or an objective without usable queries.

    Examples
    --------
    >>> from srelib.slos import Queries
    >>> from srelib.windows import Window
    >>> slo = Slo(name="shop", service="shop", sli="availability", target=0.999,
    ...           window=Window.parse("30d"),
    ...           queries=Queries(bad='req{code=~"5.."}', total="req"))
    >>> print(prometheus_rules([slo]).splitlines()[3].strip())
    - record: slo:error_ratio:rate5m
    """
    import yaml

    chosen = list(slos)
    if not chosen:
        raise SloError("there is no objective to write rules for", fix="add one to slos.yaml")
    names = [slo.name for slo in chosen]
    again = sorted({name for name in names if names.count(name) > 1})
    if again:
        raise SloError(f"two objectives are named {again[0]!r}", fix="give each its own name")
    groups = [_group(slo, policy(slo.window) if callable(policy) else policy) for slo in chosen]
    return yaml.safe_dump({"groups": groups}, sort_keys=False, width=10_000, allow_unicode=True)


def openslo_policies(policy: AlertPolicy) -> str:
    """OpenSLO v1 alert policies, one per rule, as YAML documents of kind AlertPolicy.

    OpenSLO v1 knows one window per policy: the short one stands in the description.

    Parameters
    ----------
    policy : sequence of Rule

    Examples
    --------
    >>> print(openslo_policies([Rule("page", "1h", "5m", 14.4)]).splitlines()[1])
    kind: AlertPolicy
    """
    import yaml

    rules = list(dict.fromkeys(_check_policy(policy)))
    slugs = [re.sub(r"[^a-z0-9]+", "-", r.severity.lower()).strip("-") or "alert" for r in rules]
    names = [f"{slug}-{_shorthand(r.long)}-{r.factor:g}x"
             for slug, r in zip(slugs, rules, strict=True)]  # fmt: skip
    again = [names[:n].count(name) + 1 for n, name in enumerate(names)]
    unique = [name if n == 1 else f"{name}-{n}" for name, n in zip(names, again, strict=True)]
    documents = [_alert_policy(*pair) for pair in zip(rules, unique, strict=True)]
    return yaml.safe_dump_all(documents, sort_keys=False, width=10_000, allow_unicode=True)


def _group(slo: Slo, policy: AlertPolicy) -> dict[str, Any]:
    """Recorded error ratios of every window, then the alerts on them."""
    rules = list(dict.fromkeys(_check_policy(policy)))
    spans = sorted({window for rule in rules for window in rule.windows})
    labels = {"slo": slo.name, "service": slo.service}
    recorded = [
        {"record": _record(span), "expr": _error_ratio(slo, span), "labels": dict(labels)}
        for span in spans
    ]
    alerts = [_alert(slo, *pair) for pair in zip(rules, _marks(rules), strict=True)]
    return {"name": f"slo {slo.name}", "rules": recorded + alerts}


def _marks(rules: Sequence[Rule]) -> list[str]:
    """Label of each rule: its long window, and more only where two of a severity share that."""
    shown = [[_shorthand(rule.long) for rule in rules]]
    shown.append(["/".join(_shorthand(span) for span in rule.windows) for rule in rules])
    shown.append([f"{text} {r.op}{r.factor:g}x" for text, r in zip(shown[-1], rules, strict=True)])
    shown.append([f"{text} no. {n + 1}" for n, text in enumerate(shown[-1])])
    for texts in shown:
        if len(set(zip(texts, (rule.severity for rule in rules), strict=True))) == len(rules):
            return texts
    return shown[-1]


def _alert(slo: Slo, rule: Rule, mark: str) -> dict[str, Any]:
    limit = _threshold(rule, target=slo.target)
    chosen = "{slo=" + json.dumps(slo.name, ensure_ascii=False) + "}"
    conditions = [f"{_record(span)}{chosen} {rule.op} {limit!r}" for span in rule.windows]
    if rule.min_bad:
        conditions.append(f"{_increase(_bad(slo, rule.long), rule.long)} >= {rule.min_bad:g}")
    if rule.min_total:
        total = _rate(slo, slo.queries.total, rule.long)
        conditions.append(f"{_increase(total, rule.long)} >= {rule.min_total:g}")
    alert: dict[str, Any] = {"alert": "ErrorBudgetBurn", "expr": " and on () ".join(conditions)}
    if rule.wait:
        alert["for"] = _shorthand(rule.wait)
    alert["labels"] = {
        "severity": _plain(rule.severity),
        "slo": _plain(slo.name),
        "service": _plain(slo.service),
        "window": mark,
    }
    spans = " and ".join(_shorthand(span) for span in rule.windows)
    alert["annotations"] = {
        "summary": _plain(
            f"{slo.name} burns its error budget over {rule.factor:g} times too fast ({spans})"
        )
    }
    if slo.method != "Occurrences":
        alert["annotations"]["note"] = "counts events; the objective counts slices of time"
    return alert


def _record(span: pd.Timedelta) -> str:
    return f"slo:error_ratio:rate{_shorthand(span)}"


def _error_ratio(slo: Slo, span: pd.Timedelta) -> str:
    """Share of bad events over a window."""
    queries = slo.queries
    if queries.raw is not None and queries.total is None:
        ratio = _templated(slo, queries.raw, span)
        return ratio if queries.raw_type == "failure" else f"1 - ({ratio})"
    return f"{_bad(slo, span)} / {_rate(slo, queries.total, span)}"


def _bad(slo: Slo, span: pd.Timedelta) -> str:
    """Bad events per second."""
    if slo.queries.bad is not None:
        return f"({_rate(slo, slo.queries.bad, span)} or vector(0))"
    good = f"({_rate(slo, slo.queries.good, span)} or vector(0))"
    return f"({_rate(slo, slo.queries.total, span)} - {good})"


def _increase(rate: str, span: pd.Timedelta) -> str:
    return f"({rate} * {round(span / pd.Timedelta('1s'))})"


def counted(slo: Slo, step: pd.Timedelta) -> tuple[str, str]:
    """Queries for all and for good events of the bucket that begins at each time asked for."""
    total, ahead = slo.queries.total, f" offset -{_shorthand(step)}"
    whole = _increase(_rate(slo, total, step, shift=ahead), step)
    if slo.queries.bad is not None:
        bad = _increase(_rate(slo, slo.queries.bad, step, shift=ahead), step)
        return whole, f"({whole} - ({bad} or vector(0)))"
    good = _increase(_rate(slo, slo.queries.good, step, shift=ahead), step)
    return whole, f"({good} or vector(0))"


def _rate(slo: Slo, query: str | None, span: pd.Timedelta, *, shift: str = "") -> str:
    """Events per second of a query over a window; a selector can be shifted in time."""
    if query is None:
        raise _unusable(slo, "its document names no queries for good (or bad) and all events")
    text = query.strip()
    if _SELECTOR.fullmatch(text):
        return f"sum(rate({text}[{_shorthand(span)}]{shift}))"
    return _templated(slo, text, span)


def _templated(slo: Slo, text: str, span: pd.Timedelta) -> str:
    """An expression with the window put in."""
    if not WINDOW.search(text):
        raise _unusable(slo, f"the query {text!r} is neither a counter nor names a window")
    return f"({WINDOW.sub(_shorthand(span), text.strip())})"


def _unusable(slo: Slo, why: str) -> SloError:
    return SloError(
        f"no rules can be written for {slo.name!r}: {why}",
        file=slo.source.file if slo.source else None,
        line=slo.source.line if slo.source else None,
        fix='write a counter such as http_requests_total{code=~"5.."}, or {{.window}} where the '
        "window goes",
    )


def _plain(text: str) -> str:
    """Text that Prometheus does not take for a template."""
    return text.replace("{{", '{{"{{"}}')


def _alert_policy(rule: Rule, name: str) -> dict[str, Any]:
    also = f", and over {_shorthand(rule.short)}" if rule.short is not None else ""
    return {
        "apiVersion": "openslo/v1",
        "kind": "AlertPolicy",
        "metadata": {"name": name},
        "spec": {
            "description": f"Burn rate {rule.op} {rule.factor:g} over "
            f"{_shorthand(rule.long)}{also}",
            "alertWhenBreaching": True,
            "alertWhenResolved": True,
            "conditions": [
                {
                    "kind": "AlertCondition",
                    "metadata": {"name": f"{name}-burn"},
                    "spec": {
                        "severity": rule.severity,
                        "condition": {
                            "kind": "burnrate",
                            "op": "gt" if rule.op == ">" else "gte",
                            "threshold": rule.factor,
                            "lookbackWindow": _shorthand(rule.long),
                            "alertAfter": _shorthand(rule.wait),
                        },
                    },
                }
            ],
        },
    }
