"""incident.io incidents."""

from srelib.readers import declaration as say
from srelib.readers.engine import Format


def _times(*names: str) -> tuple[say.Key, ...]:
    """The keys of the times of these names."""
    return tuple(
        say.each("incidenttimestampvalues", "value.value", when={"incidenttimestamp.name": name})
        for name in names
    )


_REPORTED = _times("reported at")
_STARTED = (*_times("impact started at", "impact started", "started at"), *_REPORTED)

INCIDENT_IO = Format(
    "incident_io", "incidents", "an incident",
    signs=(say.has("incidenttimestampvalues", "reference"), say.has("incidentstatus", "reference")),
    wrappers=("incidents",),
    sign="reference",
    columns={
        "incident_id": ("reference", "id"),
        "severity": "severity.name",
        "started_at": (*_STARTED, "createdat"),
        "detected_at": (*_REPORTED, "createdat"),
        "acknowledged_at": _times("accepted at"),
        "mitigated_at": _times("fixed at", "mitigated at"),
        "resolved_at": _times("resolved at", "closed at"),
        "title": "name",
        "url": "permalink",
    },
    rules=(
        say.Drop("{said}: no incident of its own",
                 {"incidentstatus.category": "declined|canceled|cancelled|merged"},
                 "incidentstatus.category", "incident_status"),
        say.Drop("its mode is {said}: no real incident", {"mode": "test|tutorial"}, "mode", "mode"),
    ),
    asks="these incidents do not say which service they hit",
    paging=say.Paging((25, 250), "export every page", more="paginationmeta.after"),
    notes=(
        say.Note("{n} of {of} incidents do not say when they were reported: they start when they "
                 "were created.", {_STARTED: ""}),
    ),
)  # fmt: skip
