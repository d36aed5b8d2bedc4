"""Alerts of Alertmanager: notifications of a webhook, or the current ones of the API."""

from typing import Any

from srelib.readers import declaration as say
from srelib.readers.engine import FileContext, Format
from srelib.readers.indicators import SERVICE_LABELS
from srelib.readers.json_text import as_moment, keyed


def _episodes(found: list[Any], *_: Any) -> list[Any]:
    """One record for each alert and start: what was said of its end last counts."""
    last: dict[str, Any] = {}
    for number, alert in enumerate(found):
        plain = keyed(alert) if isinstance(alert, dict) else {}
        key = f"{_identity(plain)} {plain.get('startsat')}" if "labels" in plain else f"#{number}"
        before = last.get(key)
        if before is None or _end(plain) or not _end(keyed(before)):
            last[key] = alert
    return list(last.values())


def _identity(alert: say.Record) -> str:
    labels = alert.get("labels")
    pairs = sorted(labels.items()) if isinstance(labels, dict) else labels
    return repr(alert.get("fingerprint") or pairs)


def _end(alert: say.Record) -> str | None:
    """The end, where there was one: what is still firing only says when it would time out."""
    state = say.first(alert, ("status.state", "status"))
    if str(state).lower() in ("firing", "active", "suppressed", "unprocessed"):
        return None
    end, start = as_moment(alert.get("endsat")), as_moment(alert.get("startsat"))
    ended = end is not None and (start is None or end >= start)
    return say.first(alert, "endsat") if ended else None


def _repeated(context: FileContext) -> list[str]:
    found, episodes = context.count, len(context.rows)
    if found <= episodes:
        return []
    return [
        f"{found:,} alerts in notifications tell of {episodes:,} episodes: a record is an episode."
    ]


ALERTMANAGER = Format(
    "alertmanager", "alerts", "an alert",
    signs=(say.has("labels", "startsat", "endsat"),),
    wrappers=("alerts", "data"),
    prepare=_episodes,
    sign="labels",
    empty=("no alert in this file", "log the notifications of a webhook"),
    columns={
        "service": tuple(f"labels.{name}" for name in SERVICE_LABELS),
        "rule": "labels.alertname",
        "severity": "labels.severity",
        "fired_at": "startsat",
        "resolved_at": _end,
    },
    rules=(
        say.Drop("fires all the time to show that alerting works: no alert",
                 {"labels.alertname": "watchdog|deadmansswitch"}, "labels.alertname", "rule"),
    ),
    remarks=_repeated,
    notes=(
        say.Note("These are the alerts of one moment: Alertmanager keeps no history; log its "
                 'webhook, or export ALERTS{{alertstate="firing"}} from Prometheus as a range '
                 "query.", {"status.state": ".+"}),
    ),
)  # fmt: skip
