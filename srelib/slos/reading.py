"""Files and folders of SLO documents, whatever dialect each is written in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from srelib.errors import ParameterError, SloError
from srelib.slos import openslo, openslo_indicator, openslo_v1alpha, pyrra, slo_generator, sloth
from srelib.slos.documents import Document, load
from srelib.slos.model import Slo
from srelib.slos.openslo_indicator import Reference

SUFFIXES = (".yaml", ".yml")

OTHER_KINDS = (
    "SLI",
    "Service",
    "DataSource",
    "AlertPolicy",
    "AlertCondition",
    "AlertNotificationTarget",
    "BudgetAdjustment",
)

_EXAMPLE = "srelib init FOLDER writes a commented slos.yaml to start from"


@dataclass(frozen=True)
class Documents:
    """What a file or folder says about objectives."""

    slos: tuple[Slo, ...]
    notes: tuple[str, ...]
    files: tuple[str, ...]


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
        A document is wrong; the text names file, document, line, key, value and fix.
        A single file without any SLO is an error too.

    Notes
    -----
    ``spec.service`` and the name of the indicator say which series an OpenSLO is about.
    ``service`` and ``sli`` in a ``metricSource.spec`` say it more exactly.

    References
    ----------
    .. [1] OpenSLO specification, https://github.com/OpenSLO/OpenSLO
    """
    return list(read_documents(path).slos)


def read_documents(path: str | Path) -> Documents:
    """As `read`, with notes on what was skipped or assumed."""
    path = Path(path)
    names = _files(path)
    documents = [document for name in names for document in load(*_located(path, name))]
    known = openslo_indicator.indicators([one for one in documents if isinstance(one.value, dict)])
    slos, notes = [], []
    for document in documents:
        found, note = _read(document, known)
        slos += found
        notes += note
    if path.is_file() and not slos:
        raise SloError("no SLO in this file", file=path.name, fix=_EXAMPLE)
    _check_names(slos)
    return Documents(tuple(slos), tuple(notes), tuple(names))


def _files(path: Path) -> list[str]:
    if path.is_file():
        return [path.name]
    if not path.is_dir():
        raise SloError("no such file or folder", file=str(path), fix=_EXAMPLE)
    found = [file.relative_to(path) for file in path.rglob("*") if file.suffix.lower() in SUFFIXES]
    return sorted(
        name.as_posix()
        for name in found
        if (path / name).is_file() and not any(part.startswith(".") for part in name.parts)
    )


def _located(path: Path, name: str) -> tuple[Path, str]:
    return (path if path.is_file() else path / name), name


def _read(document: Document, known: dict[str, Reference]) -> tuple[list[Slo], list[str]]:
    if not isinstance(document.value, dict):
        return [], [f"{_place(document)}: not a mapping; skipped."]
    kind = document.value.get("kind")
    if kind in OTHER_KINDS and _is_openslo(document):
        return [], [] if kind == "SLI" else [_skipped(document, kind)]
    try:
        slos = _slos(document, known)
    except ParameterError as error:
        fix = "names are text that is not empty"
        raise document.error((), str(error).rstrip("."), fix) from None
    if slos is None:
        return [], [f"{_place(document)}: {_described(document)}; skipped."]
    return slos, [f"{_place(document)}: {note}" for slo in slos for note in slo.notes]


def _slos(document: Document, known: dict[str, Reference]) -> list[Slo] | None:
    if openslo_indicator.recognise(document):
        return openslo.read(_of_kind(document, "SLO"), known)
    if openslo_v1alpha.recognise(document):
        return openslo_v1alpha.read(_of_kind(document, "SLO"))
    for dialect in (sloth, pyrra, slo_generator):
        if dialect.recognise(document):
            return dialect.read(document)
    _refuse_near_miss(document)
    return None


def _is_openslo(document: Document) -> bool:
    return openslo_indicator.recognise(document) or openslo_v1alpha.recognise(document)


def _of_kind(document: Document, kind: str) -> Document:
    seen = document.value.get("kind")
    if seen == kind:
        return document
    raise document.error(("kind",), f"{seen!r} is not a kind of OpenSLO", f"write kind: {kind}")


def _refuse_near_miss(document: Document) -> None:
    """An SLO whose version is missing or unknown is an error, not something to skip."""
    value = document.value
    version = value.get("apiVersion")
    is_slo = value.get("kind") in ("SLO", "SLI", "ServiceLevelObjective", "PrometheusServiceLevel")
    if is_slo or "openslo" in str(version).lower():
        raise document.error(
            ("apiVersion",),
            "key 'apiVersion' is missing" if version is None else f"{version!r} is not known",
            "write apiVersion: openslo/v1; also read are openslo.com/v2alpha, openslo/v1alpha, "
            "sloth.slok.dev/v1, pyrra.dev/v1alpha1 and sre.google.com/v2",
        )


def _skipped(document: Document, kind: str) -> str:
    more = ""
    if kind == "BudgetAdjustment":
        more = " (write the time into an exclusions CSV to have it applied)"
    return f"{_place(document)}: kind {kind} is not needed; skipped{more}."


def _described(document: Document) -> str:
    kind = document.value.get("kind")
    return f"kind {kind!s:.60} is no SLO" if kind else "no SLO document"


def _place(document: Document) -> str:
    return f"{document.file}, document {document.number}"


def _check_names(slos: list[Slo]) -> None:
    first: dict[str, Slo] = {}
    for slo in slos:
        if slo.name in first and slo.source:
            raise SloError(
                f"document {slo.source.document}, SLO {slo.name!r} is already defined in "
                f"{first[slo.name].source}",
                file=slo.source.file,
                line=slo.source.line,
                fix="rename one of the two, or remove it",
            )
        first[slo.name] = slo
