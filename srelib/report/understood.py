"""Whether a folder holds anything a report could be about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from srelib import tables, wording
from srelib.errors import InputError
from srelib.report.index import folder_name, when

EVIDENCE = ("sli", "deployments", "incidents", "alerts")


def usable(dataset: Any) -> Any:
    """The dataset, or an error when there is nothing in it to show."""
    if any(len(getattr(dataset, table)) for table in EVIDENCE):
        return dataset
    rejected = int(dataset.sources["rows_rejected"].sum()) if len(dataset.sources) else 0
    seen = f"; {rejected:,} rows were rejected" if rejected else ""
    raise InputError(
        f"nothing to report on: no metrics, deployments, incidents or alerts were read{seen}",
        fix="run `srelib check` on the folder to see what each file was understood as",
    )


def understood(folder: Path) -> dict[str, Any]:
    """Read a folder and say what was seen in it.

    Parameters
    ----------
    folder : Path
        Folder of exports.

    Returns
    -------
    dict
        Plain values only: usable, folder, as_of, files, series, slos, rejects, notes.

    Raises
    ------
    InputError
        The folder cannot be read at all.
    """
    from srelib.dataset import load
    from srelib.errors import InputError

    if not folder.is_dir():
        raise InputError(f"no folder {str(folder)!r}", fix="name the folder that holds the exports")
    dataset = load(folder)
    return {
        "usable": any(len(getattr(dataset, table)) for table in EVIDENCE),
        "folder": folder_name(dataset.path),
        "as_of": _plain(dataset.as_of),
        "files": _records(dataset.sources.assign(rows_left_out=_left_out(dataset))),
        "series": _records(dataset.series),
        "slos": [_slo(slo) for slo in dataset.slos],
        "rejects": _reasons(dataset.rejects),
        "notes": _notes(dataset),
    }


def _left_out(dataset: Any) -> pd.Series:
    """Of the rows rejected of each file, how many are fine and left out by a rule."""
    out = dataset.rejects.loc[tables.left_out(dataset.rejects), "file"].value_counts()
    return dataset.sources["file"].map(out).fillna(0).astype(int)


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


def _slo(slo: Any) -> dict[str, Any]:
    return {
        "name": slo.name,
        "service": slo.service,
        "sli": slo.sli,
        "target": slo.target,
        "window": str(slo.window),
        "method": slo.method,
    }


def _reasons(rejects: pd.DataFrame) -> list[dict[str, Any]]:
    if rejects.empty:
        return []
    return [
        {
            "file": str(file),
            "reason": str(reason),
            "by_rule": bool(tables.left_out(group).all()),
            "rows": len(group),
            "first_lines": [int(line) for line in group["line"].drop_duplicates().head(3)],
            "first_values": [_plain(value) for value in group["value"].head(3)],
        }
        for (file, reason), group in rejects.groupby(["file", "reason"], observed=True, sort=True)
    ]


def _notes(dataset: Any) -> list[str]:
    notes = [str(note) for note in getattr(dataset, "notes", ())]
    if not dataset.slos:
        notes.append("No SLOs: budgets need slos.yaml; `srelib init` writes a commented one.")
    measured = set(
        dataset.series[["service", "sli"]].astype(str).itertuples(index=False, name=None)
    )
    for slo in dataset.slos:
        if (slo.service, slo.sli) not in measured:
            notes.append(f"SLO {slo.name!r} has no data: no series {slo.sli!r} of {slo.service!r}.")
    return notes


def show(seen: dict[str, Any]) -> None:
    """Print it for people, on standard output.

    Parameters
    ----------
    seen : dict
        From `understood`.
    """
    from rich.console import Console

    console = Console(highlight=False, markup=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=160)
    console.print(_files(seen))
    if seen["series"]:
        console.print(_series(seen))
    if seen["slos"]:
        console.print(_slos(seen))
    if seen["rejects"]:
        console.print(_rejected(seen))
    for file in seen["files"]:
        for note in (file["notes"] or "").splitlines():
            console.print(
                f"- {wording.label(file['file'], limit=80)}: {wording.label(note, limit=400)}"
            )
    for note in seen["notes"]:
        console.print(f"- {wording.label(note, limit=400)}")
    verdict = (
        "Usable." if seen["usable"] else "Not usable: no metrics, deployments, incidents or alerts."
    )
    end = f" Data end at {when(pd.Timestamp(seen['as_of']))} UTC." if seen["as_of"] else ""
    console.print(verdict + end)


def _table(title: str, *headers: str) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        right = header.startswith(("Rows", "Refused", "Left", "Covered"))
        table.add_column(header, justify="right" if right else "left", overflow="fold")
    return table


def _add(table: Any, *cells: Any) -> None:
    from rich.text import Text

    table.add_row(*(Text(wording.label(cell, limit=200) if cell else "") for cell in cells))


def _files(seen: dict[str, Any]) -> Any:
    counts = ("Rows kept", "Refused", "Left out by rule")
    table = _table("Files", "File", "Read as", *counts, "From", "To", "Time zone")
    for file in seen["files"]:
        first, last = (
            when(pd.Timestamp(file[end]) if file[end] else pd.NaT) for end in ("first", "last")
        )
        read_as = f"{file['format']}: {file['table']}" if file["table"] else "not an export"
        out = file["rows_left_out"]
        rows = [f"{n:,}" for n in (file["rows_kept"], file["rows_rejected"] - out, out)]
        _add(table, file["file"], read_as, *rows, first, last, file["timezone"] or "UTC")
    return table


def _series(seen: dict[str, Any]) -> Any:
    table = _table("Indicators", "Service", "SLI", "Bucket", "Counts", "Covered", "Note")
    for one in seen["series"]:
        step = wording.duration(pd.Timedelta(seconds=one["step_seconds"]))
        covered = wording.percent(one["coverage"])
        _add(table, one["service"], one["sli"], step, one["unit"], covered, one["note"] or "")
    return table


def _slos(seen: dict[str, Any]) -> Any:
    table = _table("Objectives", "Name", "Service", "SLI", "Target", "Window", "Method")
    for slo in seen["slos"]:
        target = wording.percent(slo["target"])
        _add(table, slo["name"], slo["service"], slo["sli"], target, slo["window"], slo["method"])
    return table


def _rejected(seen: dict[str, Any]) -> Any:
    table = _table("Rows not used", "File", "Reason", "Refused?", "Rows", "First lines")
    for reason in sorted(seen["rejects"], key=lambda one: (one["by_rule"], -one["rows"])):
        lines = ", ".join(map(str, reason["first_lines"]))
        what = "left out by rule" if reason["by_rule"] else "refused"
        _add(table, reason["file"], reason["reason"], what, f"{reason['rows']:,}", lines)
    return table
