"""PagerDuty incidents: JSON of REST and Analytics, and the CSV of reports."""

from dataclasses import replace

from srelib.readers import declaration as say
from srelib.readers.engine import Format
from srelib.readers.json_text import as_moment

_CREATED = ("created_on", "created_at", "Opened On")
_RESOLVED = ("resolved_on", "resolved_at", "Resolved On")
_LATE = {"status": "resolved", _RESOLVED: ""}
_FLAP_SECONDS = 300


def _is_flap(one: say.Record) -> bool:
    start, end = (as_moment(say.first(one, keys)) for keys in (_CREATED, _RESOLVED))
    if start is None or end is None or not say.meets(one, {"auto_resolved": "1|true"}):
        return False
    return (end - start).total_seconds() < _FLAP_SECONDS


def _zone(pages: list[say.Record]) -> str | None:
    """Zone that Analytics says its times are in, where they carry none."""
    zones = {say.first(page, "timezone") for page in pages}
    return zones.pop() if len(zones) == 1 else None


PAGERDUTY_API = Format(
    "pagerduty_api", "incidents", "an incident",
    signs=(
        *(say.has("incidentnumber", "createdat", key)
          for key in ("service", "servicename", "urgency")),
        say.has("incidents", "limit", "offset"),
    ),
    wrappers=("incidents", "data", "incident"),
    sign="createdat",
    columns={
        "incident_id": ("id", "incident_number", "#"),
        "service": ("service_name", "Service", "service.summary", "service.name", "service.id",
                    "service_id"),
        "severity": ("priority_name", "priority.summary", "priority.name", "urgency"),
        "started_at": _CREATED,
        "detected_at": _CREATED,
        "acknowledged_at": say.earliest(
            "acknowledgements.at",
            say.each("logentries", "createdat", when={"type": "acknowledge_log_entry.*"}),
            say.after(_CREATED, "seconds_to_first_ack"),
        ),
        "resolved_at": (*_RESOLVED, say.only("laststatuschangeat", _LATE)),
        "title": ("title", "description"),
        "url": "htmlurl",
    },
    rules=(
        say.Drop("merged into another incident, which stands for both",
                 {"resolvereason.type": ".*merge.*"}, ("id", "incidentnumber"), "resolve_reason"),
    ),
    zone=_zone,
    paging=say.Paging((25, 100, 10_000), "export every page, of shorter periods", more="more"),
    notes=(
        say.Note("{n} of {of} incidents do not say when they were resolved: the last change of "
                 "their status counts.", _LATE),
        say.Note("{n} incidents resolved themselves within five minutes: more likely flapping "
                 "alerts than incidents.", _is_flap),
    ),
)  # fmt: skip

PAGERDUTY = replace(
    PAGERDUTY_API,
    name="pagerduty",
    noun="a row",
    headers=(
        frozenset({"#", "Service", "Opened On", "Resolved On"}),
        *(frozenset({"incident_number", service, start, end})
          for service in ("service_name", "service_id")
          for start in _CREATED[:2] for end in _RESOLVED[:2]),
    ),
    signs=(),
    sign=None,
    columns={
        **PAGERDUTY_API.columns,
        "severity": ("urgency", "priority_name"),
        "title": ("description", "title"),
    },
    rules=(
        say.Drop("not a number: export it again",
                 {"seconds_to_first_ack": r"(?!\s*[-+]?\d*\.?\d*(e\d+)?\s*\Z).+"},
                 "seconds_to_first_ack", "seconds_to_first_ack", refuses=True),
    ),
    paging=say.Paging((20_000,), "later incidents are probably cut off: export shorter periods"),
)  # fmt: skip
