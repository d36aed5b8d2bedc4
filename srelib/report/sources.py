"""What a folder of exports was read as: for the command `check`, and for the foot of every page."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

import srelib
from srelib import tables, wording
from srelib.dataset import Dataset, _together, explored
from srelib.errors import InputError
from srelib.findings.quality import _left_out
from srelib.folder import teams
from srelib.partitioned.folder import Parts, looked_at

PROMISED = ("name", "service", "sli", "target", "window", "method")
RECORDS = ("deployments", "changes", "incidents", "alerts")
EVIDENCE = ("sli", "deployments", "incidents", "alerts")


def _is_usable(dataset: Dataset) -> bool:
    return any(len(getattr(dataset, table)) for table in EVIDENCE)


def _refuse_empty(dataset: Dataset) -> None:
    if _is_usable(dataset):
        return
    rejected = int(dataset.sources["rows_rejected"].sum())
    seen = f"; {rejected:,} rows were rejected" if rejected else ""
    problem = f"nothing to report on: no metrics, deployments, incidents or alerts were read{seen}"
    fix = "run `srelib check` on the folder to see what each file was understood as"
    raise InputError(problem, fix=fix)


def _provenance(dataset: Dataset, only: Sequence[str] = ()) -> dict[str, Any]:
    """What every page says about its input; `only`: the services asked for."""
    sources, series = dataset.sources, dataset.series
    out = _left_out(sources, dataset.rejects)
    notes: Any = [list(filter(None, text.split("\n"))) for text in sources["notes"].fillna("")]
    files = sources.astype("object").fillna("").assign(notes=notes, rows_left_out=out)
    files["rows_refused"] = sources["rows_rejected"] - out
    for end in ("first", "last"):
        files[end] = sources[end].map(_when)
    first = (series if len(series) else sources)["first"].min()
    return {
        "folder": _folder_name(dataset.path),
        "first": _when(first),
        "as_of": _when(dataset.as_of),
        "only": wording.listing([wording.label(name, limit=60) for name in only], limit=6),
        "rows_kept": int(sources["rows_kept"].sum()),
        "rows_refused": int((sources["rows_rejected"] - out).sum()),
        "rows_left_out": int(out.sum()),
        "rows_missing": int(sources["rows_missing"].sum()),
        "timezones": wording.listing(sorted(set(sources["timezone"].dropna()) - {"UTC"}), limit=6),
        "files": files.to_dict("records"),
        "versions": f"srelib {srelib.__version__}, pandas {pd.__version__}, "
        f"Python {platform.python_version()}",
    }


def _folder_name(path: Path) -> str:
    """The name of a folder, without where it lies."""
    place = path.resolve()
    return wording.shown_path(place, place.parent) if place.name else "data"


def _when(time: Any) -> str:
    return "–" if pd.isna(time) else f"{time:%Y-%m-%d %H:%M}"


def _rejections(rejects: pd.DataFrame) -> list[dict[str, Any]]:
    """Why rows of each file were not used, how many, and where the first ones are."""
    groups = rejects.assign(by_rule=tables.left_out(rejects)).groupby(
        ["file", "reason", "by_rule"], observed=True, sort=True
    )
    return [
        {
            "file": str(file),
            "reason": str(reason),
            "column": ", ".join(sorted(set(group["column"].dropna().astype("str")))) or None,
            "by_rule": bool(by_rule),
            "rows": len(group),
            "first_lines": [int(line) for line in group["line"].drop_duplicates().head(3)],
            "first_values": [_plain(value) for value in group["value"].head(3)],
        }
        for (file, reason, by_rule), group in groups
    ]


def check(folder: Path) -> dict[str, Any]:
    """Read a folder and say what was seen in it.

    Parameters
    ----------
    folder : Path, of exports

    Returns
    -------
    dict
        Plain values only: usable, unconfirmed (whether it rests on proposals that nobody has
        confirmed, and so is not usable yet), folder, as_of, files, series, slos, teams, rejects,
        notes;
        error (every problem, else null) and sources_toml (the entries that answer them). With an
        error the other parts show the folder as if the entries were there; where that fails they
        are absent.

    Raises
    ------
    InputError
        There is no such folder, or nothing in it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "alerts.csv").write_text(
    ...         "service,rule,severity,fired_at,resolved_at\\n"
    ...         "shop,Burn,page,2026-06-05T04:02:00Z,2026-06-05T04:20:00Z\\n")
    ...     seen = check(Path(folder))
    >>> seen["usable"], [file["table"] for file in seen["files"]]
    (True, ['alerts'])
    """
    if not folder.is_dir():
        raise InputError(f"no folder {str(folder)!r}", fix="name the folder that holds the exports")
    try:
        found, parts = looked_at(folder)
    except InputError:  # a folder that cannot be read in parts may be read as a whole
        found = explored(folder)
        parts = Parts(found.dataset) if found.dataset else None
    error = str(_together(found)) if found.problems else None
    asked = {"error": error, "sources_toml": found.to_paste or None}
    if parts is None:
        return {"usable": False, **asked}
    dataset = parts.described()
    readable = _is_usable(dataset) and not error
    unconfirmed = readable and found.unconfirmed
    return {
        "usable": readable and not unconfirmed,
        "unconfirmed": unconfirmed,
        **asked,
        "folder": _folder_name(dataset.path),
        "as_of": _plain(dataset.as_of),
        "files": _records(
            dataset.sources.assign(rows_left_out=_left_out(dataset.sources, dataset.rejects))
        ),
        "series": _records(dataset.series),
        "slos": [
            {name: getattr(slo, name) for name in PROMISED}
            | {"window": str(slo.window), "method": slo.counted_as}
            for slo in dataset.slos
        ],
        "teams": teams.summary(dataset.teams),
        "rejects": _rejections(dataset.rejects),
        "notes": _notes(dataset),
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    """A value as JSON knows it; missing is null."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


def _notes(dataset: Dataset) -> list[str]:
    notes = [str(note) for note in dataset.notes]
    if not dataset.slos and not any(note.startswith("no objectives") for note in notes):
        notes.append("No SLOs: budgets need slos.yaml; `srelib init` writes a commented one.")
    measured = set(
        dataset.series[["service", "sli"]].astype(str).itertuples(index=False, name=None)
    )
    for slo in dataset.slos:
        if not slo.composite and (slo.service, slo.sli) not in measured:
            notes.append(f"SLO {slo.name!r} has no data: no series {slo.sli!r} of {slo.service!r}.")
    aimed = {(slo.service, slo.sli) for slo in dataset.slos}
    for service, sli in sorted(measured - aimed) if dataset.slos else ():
        notes.append(f"{service} {sli} has no objective: add one to slos.yaml.")
    seen = {service for service, _ in measured | aimed}
    for service in sorted({*dataset.services} - seen) if measured else ():
        rows = {kind: int((getattr(dataset, kind)["service"] == service).sum()) for kind in RECORDS}
        held = ", ".join(f"{n:,} {kind}" for kind, n in rows.items() if n)
        notes.append(f"{service} has neither metrics nor an objective: only {held}.")
    return notes


def show(seen: Mapping[str, Any]) -> None:
    """Print what `check` found for people, on standard output."""
    if "files" not in seen:
        return
    out = console()
    rejects = sorted(seen["rejects"], key=lambda one: (one["by_rule"], -one["rows"]))
    seen = {**seen, "rejects": rejects}
    for part, (title, headers, cells) in TABLES.items():
        if seen[part] or part == "files":
            out.print(_table(title, headers, [cells(one) for one in seen[part]]))
    for file in seen["files"]:
        for note in (file["notes"] or "").splitlines():
            out.print(
                f"- {wording.label(file['file'], limit=80)}: {wording.label(note, limit=400)}"
            )
    for note in seen["notes"]:
        out.print(f"- {wording.label(note, limit=400)}")
    if seen["error"]:
        out.print("This is how the folder is read once sources.toml holds the entries below.")
        return
    verdict = "Usable."
    if seen["unconfirmed"]:
        verdict = "Read with proposals that nobody has confirmed: usable once they are."
    elif not seen["usable"]:
        verdict = "Not usable: no metrics, deployments, incidents or alerts."
    end = f" Data end at {_when(pd.Timestamp(seen['as_of']))} UTC." if seen["as_of"] else ""
    out.print(verdict + end)


def console() -> Console:
    """Standard output for tables, wide where it is no terminal."""
    found = Console(highlight=False, markup=False)
    return found if found.is_terminal else Console(highlight=False, markup=False, width=160)


def _table(title: str, headers: tuple[str, ...], rows: list[list[Any]]) -> RichTable:
    table = RichTable(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        right = header.startswith(("Rows", "Refused", "Left", "Covered"))
        table.add_column(header, justify="right" if right else "left", overflow="fold")
    for cells in rows:
        table.add_row(*(Text(wording.label(cell, limit=200) if cell else "") for cell in cells))
    return table


def _file_cells(file: Mapping[str, Any]) -> list[Any]:
    first, last = (
        _when(pd.Timestamp(file[end]) if file[end] else pd.NaT) for end in ("first", "last")
    )
    read_as = f"{file['format']}: {file['table']}" if file["table"] else "not an export"
    out = file["rows_left_out"]
    rows = [f"{n:,}" for n in (file["rows_kept"], file["rows_rejected"] - out, out)]
    return [file["file"], read_as, *rows, first, last, file["timezone"] or "UTC"]


def _series_cells(one: Mapping[str, Any]) -> list[Any]:
    step = one["period"] or wording.duration(pd.Timedelta(seconds=one["step_seconds"]))
    covered = wording.percent(one["coverage"])
    told = [one["read_as"] or "measured value", one["evidence"]]
    note = one["note"] if one["note"] != one["evidence"] else None
    return [one["service"], one["sli"], step, *told, covered, note]


def _slo_cells(slo: Mapping[str, Any]) -> list[Any]:
    target = wording.percent(slo["target"])
    return [slo["name"], slo["service"], slo["sli"], target, slo["window"], slo["method"]]


def _rejects_cells(reason: Mapping[str, Any]) -> list[Any]:
    lines = ", ".join(map(str, reason["first_lines"]))
    what = "left out by rule" if reason["by_rule"] else "refused"
    values = ", ".join(dict.fromkeys(str(v) for v in reason["first_values"] if v is not None))
    where = [reason["file"], reason["column"], values]
    return [*where, reason["reason"], what, f"{reason['rows']:,}", lines]


TABLES = {
    "files": (
        "Files",
        ("File", "Read as", "Rows kept", "Refused", "Left out by rule", "From", "To", "Time zone"),
        _file_cells,
    ),
    "series": (
        "Indicators",
        ("Service", "SLI", "Bucket", "Read as", "Evidence", "Covered", "Note"),
        _series_cells,
    ),
    "slos": ("Objectives", ("Name", "Service", "SLI", "Target", "Window", "Method"), _slo_cells),
    "teams": ("Teams", ("Team", "Services"), lambda one: [one["team"], ", ".join(one["services"])]),
    "rejects": (
        "Rows not used",
        ("File", "Column", "Values", "Reason", "Refused?", "Rows", "First lines"),
        _rejects_cells,
    ),
}
"""Of each part of what `check` finds the title, the headers, and the cells of a row."""
