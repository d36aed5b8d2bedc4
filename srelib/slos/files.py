"""Files of service level objectives: read in any format, written as OpenSLO."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import ValidationError

from srelib.errors import ParameterError, SloError
from srelib.slos.composites import RULE, TARGET
from srelib.slos.documents import SCHEDULE, Metadata, YamlDocument, load, merged_labels, owner_label
from srelib.slos.history import VALID_FROM, joined
from srelib.slos.model import Documents, Owner, Slo
from srelib.slos.openslo import VERSIONS, Reference, indicators, read_openslo
from srelib.slos.other_formats import FORMATS, V1ALPHA_VERSION
from srelib.windows import Window

SUFFIXES = (".yaml", ".yml")

OTHER_KINDS = (
    "SLI", "Service", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget",
    "BudgetAdjustment",
)  # fmt: skip

OPENSLO = (*VERSIONS, V1ALPHA_VERSION)
SLO_KINDS = ("SLO", "SLI", "ServiceLevelObjective", "PrometheusServiceLevel")

LENGTHS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
CALENDAR_UNITS = {"day": "d", "week": "w", "month": "M", "quarter": "Q", "year": "Y"}

_EXAMPLE = "srelib init FOLDER writes a commented slos.yaml to start from"


def read(path: str | Path) -> list[Slo]:
    """The objectives of a file or of all YAML files of a folder.

    OpenSLO v1, v2alpha and v1alpha, Sloth, Pyrra and slo-generator are understood.
    The format decides the unit of a target (OpenSLO and slo-generator write fractions, Sloth
    and Pyrra percent); its size never does.

    Parameters
    ----------
    path : str or Path
        A YAML file, or a folder (folders in it included, hidden ones left out).

    Returns
    -------
    list of Slo
        Empty for a folder that describes none.

    Raises
    ------
    SloError
        A document is wrong, or a single file holds no SLO; the text names file, line and fix.
    """
    return list(_read_documents(path).slos)


def _read_documents(path: str | Path) -> Documents:
    """As `read`, with notes on what was skipped or assumed."""
    path = Path(path)
    names = _files(path)
    folder = path.parent if path.is_file() else path
    documents = [document for name in names for document in load(folder / name, name)]
    known = indicators([one for one in documents if isinstance(one.value, dict)])
    slos, notes, owners = [], [], []
    for document in documents:
        found, note = _read(document, known)
        owner = _service_owner(document)
        slos += found
        owners += owner
        notes += [] if owner else note
    if path.is_file() and not slos:
        raise SloError("no SLO in this file", file=path.name, fix=_EXAMPLE)
    slos = joined(slos)
    owners += [Owner(slo.service, slo.owner, slo.source.file)
               for slo in slos if slo.owner and slo.source]  # fmt: skip
    return Documents(tuple(slos), tuple(notes), tuple(names), tuple(owners))


def _files(path: Path) -> list[str]:
    if path.is_file():
        return [path.name]
    if not path.is_dir():
        raise SloError("no such file or folder", file=str(path), fix=_EXAMPLE)
    found = [file.relative_to(path) for file in path.rglob("*") if file.suffix.lower() in SUFFIXES]
    return sorted(
        name.as_posix()
        for name in found
        if not (path / name).is_dir() and not any(part.startswith(".") for part in name.parts)
    )


def _read(document: YamlDocument, known: dict[str, Reference]) -> tuple[list[Slo], list[str]]:
    where = f"{document.file}, document {document.number}"
    if not isinstance(document.value, dict):
        return [], [f"{where}: not a mapping; skipped."]
    kind = document.value.get("kind")
    if kind in OTHER_KINDS and document.value.get("apiVersion") in OPENSLO:
        more = " (write the time into an exclusions CSV to have it applied)"
        said = f"{where}: kind {kind} is not needed; skipped{more * (kind == 'BudgetAdjustment')}."
        return [], [said] if kind != "SLI" else []
    try:
        slos = _slos(document, known)
    except ParameterError as error:
        fix = "names are text that is not empty"
        raise document.error(str(error).rstrip("."), fix) from None
    if slos is None:
        what = f"kind {kind!s:.60} is no SLO" if kind else "no SLO document"
        return [], [f"{where}: {what}; skipped."]
    return slos, [f"{where}: {note}" for slo in slos for note in slo.notes]


def _service_owner(document: YamlDocument) -> list[Owner]:
    """Who answers for the service that a document of OpenSLO describes, where it says so."""
    value = document.value if isinstance(document.value, dict) else {}
    if value.get("kind") != "Service" or value.get("apiVersion") not in OPENSLO:
        return []
    try:
        metadata = Metadata.model_validate(value.get("metadata"))
    except ValidationError:
        return []  # it is not needed, and was never refused
    team = owner_label(merged_labels(metadata.labels, metadata.annotations))
    return [Owner(metadata.name, team, document.file)] if team else []


def _slos(document: YamlDocument, known: dict[str, Reference]) -> list[Slo] | None:
    kind, version = document.value.get("kind"), document.value.get("apiVersion")
    if version in OPENSLO and kind != "SLO":
        raise document.at("kind").error(f"{kind!r} is not a kind of OpenSLO", "write kind: SLO")
    if version in VERSIONS:
        return read_openslo(document, known)
    for key, value, read_format in FORMATS:
        if document.value.get(key) == value and kind != "AlertWindows":
            return read_format(document)
    _refuse_near_miss(document)
    return None


def _refuse_near_miss(document: YamlDocument) -> None:
    """An SLO whose version is missing or unknown is an error, not something to skip."""
    kind, version = document.value.get("kind"), document.value.get("apiVersion")
    if kind in SLO_KINDS or "openslo" in str(version).lower():
        raise document.at("apiVersion").error(
            "key 'apiVersion' is missing" if version is None else f"{version!r} is not known",
            "write apiVersion: openslo/v1; also read are openslo.com/v2alpha, openslo/v1alpha, "
            "sloth.slok.dev/v1, pyrra.dev/v1alpha1 and sre.google.com/v2",
        )


def _write(slos: Iterable[Slo]) -> str:
    """Objectives as OpenSLO v1, a YAML document each; members stand in that of their composite."""
    slos = list(slos)
    named = {slo.name: slo for slo in slos}
    inside = {one.name for slo in slos if slo.composite for one in slo.composite.members}
    documents = [
        _document(replace(slo, valid_from=since, target=target), named)
        for slo in slos if slo.name not in inside
        for since, target in slo.targets or [(slo.valid_from, slo.target)]
    ]  # fmt: skip
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, width=100)


def _document(slo: Slo, named: Mapping[str, Slo]) -> dict[str, Any]:
    parts = slo.composite.members if slo.composite else ()
    members = [_since(named.get(one.name, one), slo.valid_from) for one in parts]
    spec = _without_none(
        description=slo.description,
        service=slo.service,
        indicator=None if members else _indicator(slo),
        timeWindow=[_written_window(slo.window)],
        budgetingMethod=members[0].method if members else slo.method,
        objectives=_members(slo, members) if members else [_written_objective(slo)],
    )
    labels = {"owner": slo.owner} if slo.owner is not None else None
    annotations = _without_none(**{
        SCHEDULE: None if slo.schedule is None else slo.schedule.text,
        VALID_FROM: None if slo.valid_from is None else slo.valid_from.isoformat(),
        RULE: None if slo.composite is None else slo.composite.rule,
        TARGET: None if slo.composite is None else repr(slo.target),
    })  # fmt: skip
    metadata = _without_none(
        name=slo.name, displayName=slo.display_name, labels=labels, annotations=annotations or None
    )
    return {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": metadata, "spec": spec}


def _since(slo: Slo, time: pd.Timestamp | None) -> Slo:
    """With the target that came into force at a time, where there is one."""
    return replace(slo, target=dict(slo.targets).get(time, slo.target))


def _members(slo: Slo, members: list[Slo]) -> list[dict[str, Any]]:
    """The objectives of a composite, each with its indicator and what it says for itself."""
    assert slo.composite is not None
    found = []
    for one, weight in zip(members, slo.composite.weights, strict=True):
        own = (one.display_name or "").removeprefix(slo.display_name or "").removeprefix(": ")
        inherited = slo.owner if one.service == slo.service else None
        found.append(
            _without_none(
                displayName=own or None,
                labels=None if one.owner in (None, inherited) else {"owner": str(one.owner)},
                **_written_objective(one),
                indicator=_indicator(one),
                compositeWeight=weight,
            )
        )
    return found


def _indicator(slo: Slo) -> dict[str, Any]:
    queries, kind = slo.queries, "ratioMetric"
    if slo.threshold is not None:
        kind, metric = "thresholdMetric", _metric(slo, queries.value)
    elif queries.raw is not None:
        metric = {"rawType": queries.raw_type, "raw": _metric(slo, queries.raw)}
    else:
        parts = ("bad" if queries.bad is not None else "good", "total")
        metric = {part: _metric(slo, getattr(queries, part)) for part in parts}
    return {"metadata": {"name": slo.sli}, "spec": {kind: metric}}


def _metric(slo: Slo, query: str | None) -> dict[str, Any]:
    spec = _without_none(service=slo.service, sli=slo.sli, query=query)
    return {"metricSource": _without_none(type=slo.queries.source_type, spec=spec)}


def _written_objective(slo: Slo) -> dict[str, Any]:
    return _without_none(
        op=slo.op,
        value=slo.threshold,
        target=slo.target,
        timeSliceTarget=slo.slice_target,
        timeSliceWindow=None if slo.slice is None else _shorthand(slo.slice),
    )


def _written_window(window: Window) -> dict[str, Any]:
    if window.duration is not None:
        return {"duration": _shorthand(window.duration), "isRolling": True}
    start = None if window.anchor is None else str(window.anchor)
    calendar = _without_none(startTime=start, timeZone=window.timezone)
    duration = f"{window.count}{CALENDAR_UNITS[str(window.unit)]}"
    return {"duration": duration, "isRolling": False, "calendar": calendar}


def _shorthand(length: pd.Timedelta) -> str:
    """The length in the largest unit it is a whole number of, as Prometheus writes it too."""
    milliseconds = round(length / pd.Timedelta("1ms"))
    unit, size = next(pair for pair in LENGTHS.items() if milliseconds % pair[1] == 0)
    return f"{milliseconds // size}{unit}"


def _without_none(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
