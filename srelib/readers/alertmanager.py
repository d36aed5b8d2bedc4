"""Alertmanager: a log of its webhook notifications, or the current alerts of its API.

Every notification repeats all alerts of its group, so one episode is told many times.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from srelib.errors import ReadError
from srelib.readers import json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "alertmanager"
TABLES = ("alerts",)

SERVICE_LABELS = ("service", "service_name", "app", "application", "job")
"""Labels asked for the service of an alert, in this order."""

_ALWAYS_ON = ("watchdog", "deadmansswitch")
_CURRENT = (
    "These are the alerts of one moment: Alertmanager keeps no history; log its webhook, or export "
    'ALERTS{alertstate="firing"} from Prometheus as a range query.'
)


def recognise(head: Head) -> bool:
    """Whether the file holds alerts of Alertmanager."""
    return json_text.holds(head, "labels", "startsat", "endsat", under=("", "alerts", "data"))


def read(head: Head, source: Source | None) -> Result:
    """Episodes, one row each: an alert with the same labels and the same start."""
    records = json_text.records(json_text.content(head), file=head.name)
    found, _ = json_text.members(records, "alerts", "data")
    episodes = _episodes(found)
    if not episodes:
        raise ReadError(
            "no alert in this file", file=head.name, fix="log the notifications of a webhook"
        )
    rows, numbers = json_text.rows(
        episodes, lambda alert: [_row(alert, source)], kind="an alert", sign="labels"
    )
    return json_text.result(
        head, rows, numbers, table="alerts", times=("fired_at", "resolved_at"), source=source,
        notes=_notes(found, episodes),
    )  # fmt: skip


def _episodes(found: Iterable[Any]) -> list[Any]:
    """One record for each alert and start: what was said of its end last counts."""
    last: dict[str, Any] = {}
    for number, alert in enumerate(found):
        plain = json_text.keyed(alert) if isinstance(alert, dict) else {}
        key = f"{_identity(plain)} {plain.get('startsat')}" if "labels" in plain else f"#{number}"
        before = last.get(key)
        if before is None or _ended(plain) or not _ended(json_text.keyed(before)):
            last[key] = alert
    return list(last.values())


def _identity(alert: dict[str, Any]) -> str:
    labels = alert.get("labels")
    pairs = sorted(labels.items()) if isinstance(labels, dict) else labels
    return repr(alert.get("fingerprint") or pairs)


def _ended(alert: dict[str, Any]) -> str | None:
    """The end, where there was one."""
    status = alert.get("status")
    state = json_text.keyed(status).get("state") if isinstance(status, dict) else status
    if str(state).lower() in ("firing", "active", "suppressed", "unprocessed"):
        return None
    end, start = json_text.moment(alert.get("endsat")), json_text.moment(alert.get("startsat"))
    if end is None or (start is not None and end < start):
        return None
    return json_text.text(alert.get("endsat"))


def _row(alert: dict[str, Any], source: Source | None) -> Row:
    labels = _labels(alert)
    service = next((labels[name] for name in SERVICE_LABELS if labels.get(name)), None)
    row = {
        "service": json_text.said_service(source) or service,
        "rule": labels.get("alertname"),
        "severity": labels.get("severity"),
        "fired_at": json_text.text(alert.get("startsat")),
        "resolved_at": _ended(alert),
    }
    if str(row["rule"]).lower() in _ALWAYS_ON:
        reason = "fires all the time to show that alerting works: no alert"
        return row | json_text.left_out(reason, value=row["rule"], column="rule")
    return row | json_text.chosen(alert, source)


def _labels(alert: dict[str, Any]) -> dict[str, str | None]:
    labels = alert.get("labels")
    known = labels.items() if isinstance(labels, dict) else ()
    return {str(name): json_text.text(value) for name, value in known}


def _notes(found: list[Any], episodes: list[Any]) -> list[str]:
    notes = []
    if len(found) > len(episodes):
        notes.append(
            f"{len(found):,} alerts in notifications tell of {len(episodes):,} episodes: a record "
            "is an episode."
        )
    if any(isinstance(alert.get("status"), dict) for alert in json_text.listed(found)):
        notes.append(_CURRENT)
    return notes
