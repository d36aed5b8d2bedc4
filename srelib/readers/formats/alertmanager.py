"""Alerts of Alertmanager: notifications of a webhook, or the current ones of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from srelib.readers.declaration import Note, Record, has, left_out
from srelib.readers.engine import FileContext, Format
from srelib.readers.json_text import as_moment, as_text, keyed
from srelib.readers.record_tables import Row

SERVICE_LABELS = ("service", "service_name", "app", "application", "job")
"""Labels asked for the service of an alert, in this order."""

_ALWAYS_ON = ("watchdog", "deadmansswitch")


def service_of(labels: Any) -> str | None:
    """The service that labels name."""
    known: Mapping[str, Any] = labels if isinstance(labels, dict) else {}
    return as_text(next((known[name] for name in SERVICE_LABELS if known.get(name)), None))


def _episodes(found: list[Any], _: list[Record]) -> list[Any]:
    """One record for each alert and start: what was said of its end last counts."""
    last: dict[str, Any] = {}
    for number, alert in enumerate(found):
        plain = keyed(alert) if isinstance(alert, dict) else {}
        key = f"{_identity(plain)} {plain.get('startsat')}" if "labels" in plain else f"#{number}"
        before = last.get(key)
        if before is None or _end(plain) or not _end(keyed(before)):
            last[key] = alert
    return list(last.values())


def _identity(alert: Record) -> str:
    labels = alert.get("labels")
    pairs = sorted(labels.items()) if isinstance(labels, dict) else labels
    return repr(alert.get("fingerprint") or pairs)


def _end(alert: Record) -> str | None:
    """The end, where there was one: what is still firing only says when it would time out."""
    status = alert.get("status")
    state = keyed(status).get("state") if isinstance(status, dict) else status
    if str(state).lower() in ("firing", "active", "suppressed", "unprocessed"):
        return None
    end, start = as_moment(alert.get("endsat")), as_moment(alert.get("startsat"))
    if end is None or (start is not None and end < start):
        return None
    return as_text(alert.get("endsat"))


def _always_on(_: Record, row: Row, __: Any) -> Row | None:
    if str(row["rule"]).lower() not in _ALWAYS_ON:
        return None
    reason = "fires all the time to show that alerting works: no alert"
    return left_out(reason, value=row["rule"], column="rule")


def _repeated(context: FileContext) -> list[str]:
    found, episodes = len(context.found), len(context.rows)
    if found <= episodes:
        return []
    return [
        f"{found:,} alerts in notifications tell of {episodes:,} episodes: a record is an episode."
    ]


ALERTMANAGER = Format(
    "alertmanager", "alerts", "an alert",
    signs=(has("labels", "startsat", "endsat", under=("", "alerts", "data")),),
    wrappers=("alerts", "data"),
    prepare=_episodes,
    sign="labels",
    empty=("no alert in this file", "log the notifications of a webhook"),
    columns={
        "service": lambda alert: service_of(alert.get("labels")),
        "rule": "labels.alertname",
        "severity": "labels.severity",
        "fired_at": "startsat",
        "resolved_at": _end,
    },
    rules=(_always_on,),
    remarks=_repeated,
    notes=(
        Note("These are the alerts of one moment: Alertmanager keeps no history; log its webhook, "
             'or export ALERTS{{alertstate="firing"}} from Prometheus as a range query.',
             lambda alert: isinstance(alert.get("status"), dict)),
    ),
)  # fmt: skip
