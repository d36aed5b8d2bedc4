"""Which columns of a wide file make up which indicator: by their names, labels, or as stated."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from srelib.errors import ReadError
from srelib.questions import question
from srelib.readers.meaning import COUNTS, ROLES
from srelib.readers.words import column_names, known_words

if TYPE_CHECKING:
    from srelib.sources import SeriesSpec, Source

INDICATORS = ("availability", "latency", "freshness", "correctness", "quality", "durability")
"""Words before the last one that name the indicator and not the service."""

SERVICE_LABELS = column_names()["sli"]["service"]
"""Labels asked for the service of a series or an alert, in this order."""
CODE_LABELS = ("code", "status", "status_code", "response_code", "http_status_code")

_LABELS = re.compile(r'([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"')
_NUMBER = re.compile(r"\+?Inf|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
_BETWEEN = re.compile(r"[\s_/.:|\-]+")


@dataclass(frozen=True)
class WideColumns:
    """One indicator of a wide file: the columns to add up for each role."""

    service: str
    sli: str
    roles: dict[str, tuple[str, ...]]
    threshold: float | None = None
    op: str | None = None


def labels(name: str) -> dict[str, str]:
    """Prometheus labels in the name of a series."""
    inside = re.search(r"\{(.*)\}", name)
    return dict(_LABELS.findall(inside.group(1))) if inside else {}


_REPLICAS = ("replica", "prometheus_replica", "__replica__")


def without_replicas(sizes: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Names of series with labels once each, of a highly available pair the one with most values;
    and what to say of the others.
    """
    fullest: dict[Any, str] = {}
    for name, size in sizes.items():
        known = labels(name)
        bare = sorted((key, value) for key, value in known.items() if key not in _REPLICAS)
        key = (name.partition("{")[0], *bare) if known else name
        if key not in fullest or size > sizes[fullest[key]]:
            fullest[key] = name
    kept, again = set(fullest.values()), len(sizes) - len(fullest)
    said = (
        f"{again} series differ from another in their replica only: not added up, the fullest of "
        "each is read"
    )
    return [name for name in sizes if name in kept], [said] * bool(again)


def indicators(
    names: Sequence[str], source: Source, *, file: str
) -> tuple[list[WideColumns], list[str]]:
    """The indicators of a wide file, and the columns that none of them uses."""
    role = _role_of_all(names, source)
    mapped: _Roles = {r: (n,) for r, n in source.columns.items() if r in COUNTS and n in names}
    if source.series:
        found = [_stated(spec, source) for spec in source.series]
    elif len(mapped) > 1:
        found = _named({("", ""): mapped}, source, file)
    elif role:
        own = source.columns.get(role, "")
        found = _one_role(role, [own] if own in names else names, source, file)
    else:
        found = _by_names(names, source, file)
    used = {column for entry in found for columns in entry.roles.values() for column in columns}
    absent = sorted(used - set(names))
    if absent:
        raise ReadError(
            f"there is no column {absent[0]!r}; the file has {listed_names(names)}", file=file,
            fix="correct the name in [[file.series]] of sources.toml",
        )  # fmt: skip
    if not found:
        raise ReadError(
            f"which columns are good and which are total is not known; columns seen: "
            f"{listed_names(names)}",
            file=file,
            fix=f"say in sources.toml, in [[file.series]] of the [[file]] with match = {file!r}, "
            'which columns are good and total (or table = "ignore", to leave the file out)',
            asks={"series": names},
        )
    return found, [name for name in names if name not in used]


def listed_names(names: Sequence[str]) -> str:
    """Names as a message shows them, the first twenty."""
    shown = ", ".join(map(repr, names[:20]))
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"


def _stated(spec: SeriesSpec, source: Source) -> WideColumns:
    given = {role: getattr(spec, role) for role in ROLES}
    roles = {role: (names,) if isinstance(names, str) else tuple(names)
             for role, names in given.items() if names}  # fmt: skip
    threshold = source.threshold if spec.threshold is None else spec.threshold
    service = str(spec.service or source.service)
    return WideColumns(service, spec.sli, roles, threshold, spec.op or source.op)


def _role_of_all(names: Sequence[str], source: Source) -> str | None:
    """The one role that all columns have, where `sources.toml` says so."""
    said = next((role for role in ROLES if source.columns.get(role) in ("value", *names)), None)
    if said or source.unit not in ("ratio", "percent", "value"):
        return said
    alone = len(names) == 1 or all(map(labels, names))
    return ("value" if source.unit == "value" else "ratio") if alone else None


def _one_role(role: str, names: Sequence[str], source: Source, file: str) -> list[WideColumns]:
    """An indicator of each service that the labels name; only counts are added up."""
    groups: dict[str, tuple[str, ...]] = {}
    for name in names:
        service = source.service or service_of(labels(name))
        if not service:
            raise question(f"the series {name} names no service", file=file, service=None)
        groups[service] = (*groups.get(service, ()), name)
    several = [service for service, mine in groups.items() if len(mine) > 1]
    if several and role not in COUNTS:
        raise ReadError(
            f"{len(groups[several[0]])} series of {several[0]} hold a {role} each, and these "
            "cannot be added up",
            file=file, fix="aggregate them in the query",
        )  # fmt: skip
    sli = source.sli or "availability"
    return [
        WideColumns(service, sli, {role: mine}, source.threshold, source.op)
        for service, mine in groups.items()
    ]


_Roles = dict[str, tuple[str, ...]]


def _by_names(names: Sequence[str], source: Source, file: str) -> list[WideColumns]:
    """Indicators whose columns end in good, total, errors, ...; else those that labels tell."""
    paired: dict[tuple[str, str], _Roles] = {}
    labelled: dict[tuple[str, str], _Roles] = {}
    bounds: dict[str, dict[float, tuple[str, ...]]] = {}
    for name in names:
        found = labels(name)
        service, bound = service_of(found) or "", found.get("le")
        if not found:
            own, role = split_name(name)
            if role:
                paired.setdefault(own, {}).setdefault(role, (name,))
        elif bound is None:
            for role in _label_roles(found):
                roles = labelled.setdefault((service, ""), {})
                roles[role] = (*roles.get(role, ()), name)
        elif _NUMBER.fullmatch(bound):
            mine = bounds.setdefault(source.service or service, {})
            mine[float(bound)] = (*mine.get(float(bound), ()), name)
    for roles in labelled.values():
        if "total" in roles and "good" not in roles:
            roles.setdefault("bad", ())
    wide = _named(paired, source, file)
    return wide or _bounds(bounds, source, file) + _named(labelled, source, file)


def _named(
    groups: Mapping[tuple[str, str], _Roles], source: Source, file: str
) -> list[WideColumns]:
    """The complete groups; ``service`` and ``sli`` of the file go before their own names."""
    found: dict[tuple[str, str], tuple[tuple[str, str], WideColumns]] = {}
    for own, roles in groups.items():
        service = source.service or own[0]
        sli = source.sli or own[1] or "availability"
        if len(roles) > 2:
            roles = {role: roles[role] for role in ("good", "total")}
        if len(roles) < 2 or not service:
            continue
        if (service, sli) in found:
            named = (found[service, sli][0], own)
            both = " and ".join(repr(" ".join(part).strip()) for part in named)
            raise ReadError(
                f"the columns name {both}, and sources.toml calls all of them {service} {sli}",
                file=file,
                fix="leave service and sli out, or name the columns of each in [[file.series]]",
            )
        found[service, sli] = (own, WideColumns(service, sli, roles))
    return [entry for _, entry in found.values()]


def split_name(name: str) -> tuple[tuple[str, str], str | None]:
    """Service and indicator a column is named for (empty: none), and its role."""
    words = [word for word in _BETWEEN.split(name.strip()) if word]
    role = known_words("series").get(words[-1].lower()) if words else None
    if role is None:
        return ("", ""), None
    sli = ""
    stem = name.strip()[: name.strip().rindex(words[-1])].rstrip(" _/.:|-")
    if len(words) > 1 and words[-2].lower() in INDICATORS:
        sli = words[-2].lower()
        stem = stem[: stem.rindex(words[-2])].rstrip(" _/.:|-")
    return (stem, sli), role


def _bounds(
    groups: Mapping[str, dict[float, tuple[str, ...]]], source: Source, file: str
) -> list[WideColumns]:
    """One indicator per bound of each histogram: events within it, of those within infinity."""
    stem = source.sli or "latency"
    made = []
    for service, bounds in groups.items():
        if not service:
            continue
        if math.inf not in bounds:
            raise ReadError(
                f'the histogram of {service!r} has no bucket le="+Inf", which holds all events',
                file=file, fix="export all buckets, without a condition on le",
            )  # fmt: skip
        made += [
            WideColumns(service, f"{stem}_le_{bound:.12g}",
                        {"good": good, "total": bounds[math.inf]})
            for bound, good in sorted(bounds.items()) if math.isfinite(bound)
        ]  # fmt: skip
    return made


def service_of(found: dict[str, str]) -> str | None:
    """The service a set of labels names."""
    return next((found[label] for label in SERVICE_LABELS if found.get(label)), None)


def _label_roles(found: dict[str, str]) -> tuple[str, ...]:
    for label in CODE_LABELS:
        code = found.get(label, "")
        if re.fullmatch(r"[1-5](\d\d|xx)", code):
            return ("bad", "total") if code.startswith("5") else ("total",)
    others = (value.lower() for key, value in found.items() if key not in SERVICE_LABELS)
    words = map(known_words("series").get, others)
    return tuple(word for word in words if word)[:1]
