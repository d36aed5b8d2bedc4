"""What a report states, as values for machines and for a later report: ``findings.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from srelib import wording
from srelib.changes.record import FILE, LEVEL, SCHEMA, Record, as_json
from srelib.errors import InputError
from srelib.report.render import Markdown, Page, line_said

OF_LEVEL = (
    "error budget left", "error budget allowed", "error budget spent", "cost of deployments",
)  # fmt: skip
"""Quantities that pages state and that stand on the daily counts behind a service level."""
WHERE = "data"
"""The parameter that says where the exports lie, which is of one machine."""


def text(kept: Record, pages: Sequence[Page]) -> str:
    """The file of a report: a line for each finding and for each list of days."""
    parameters = {
        page.name: {name: value for name, value in page.parameters.items() if name != WHERE}
        for page in pages
    }
    known = {**_about(kept), "parameters": parameters}
    days = known.pop("days")
    places = {(one["service"], one["quantity"], one["subject"]): i for i, one in enumerate(days)}
    stated = [
        {**_finding(one, page, places), "team": kept.teams.get(one["service"])}
        for page in pages for one in page.stated
    ]  # fmt: skip
    known["failed"] = {page.name: page.failure for page in pages if page.failure}
    lines = [f"{_dumped(name)}: {_dumped(value)}" for name, value in known.items()]
    told = [
        {"page": page.name, "title": page.title, "says": page.says,
         "lines": [[one.anchor, one.text] for one in page.lines]}
        for page in pages
    ]  # fmt: skip
    for name, values in (("pages", told), ("findings", stated), ("days", days)):
        rows = ",\n".join(_dumped(value) for value in values)
        lines.append(f"{_dumped(name)}: [\n{rows}\n]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def earlier(folder: Path, kept: Record, *, renewed: Sequence[str]) -> list[Page]:
    """Pages of the report in a folder that are not renewed; refused if they are of other data."""
    if not (folder / FILE).is_file():
        return []
    try:
        old = json.loads((folder / FILE).read_text("utf-8"))
        others = [one for one in old["pages"] if one["page"] not in renewed]
        markdown = Markdown([*renewed, *(one["page"] for one in others)])
        pages = [_earlier(one, old, folder, markdown) for one in others]
    except (ValueError, KeyError, TypeError, OSError) as error:
        other = isinstance(error, KeyError | TypeError)
        why = f"its {FILE} is of another version" if other else f"{type(error).__name__}: {error}"
        problem = f"the other pages of {folder.name!r} cannot be kept ({why})"
        raise InputError(problem, fix=_ANEW) from error
    if pages:
        _refuse_other_data(old, json.loads(_dumped(_about(kept))), folder.name)
    return pages


def _earlier(
    one: Mapping[str, Any], old: Mapping[str, Any], folder: Path, markdown: Markdown
) -> Page:
    name, found = one["page"], []
    for stated in old["findings"]:
        address, _, section = stated["anchor"].partition("#")
        if address == f"{name}.html":
            found.append({**stated, "anchor": section})
    return Page(
        name, one["title"], (folder / f"{name}.html").read_text("utf-8"),
        markdown.sentence(one["says"]), old["failed"].get(name, ""), tuple(found),
        old["parameters"][name], one["says"],
        tuple(line_said(text, anchor, markdown) for anchor, text in one["lines"]),
    )  # fmt: skip


_ANEW = "run without --only, or name another folder with --out"


def _about(kept: Record) -> dict[str, Any]:
    """What a report is about, whichever notebooks it holds."""
    return {"schema": SCHEMA, "srelib": kept.version, **as_json(replace(kept, parameters={}))}


def _refuse_other_data(old: dict[str, Any], now: dict[str, Any], name: str) -> None:
    """Pages of other exports, or of another part of them, must not pass as of these."""
    differ = [key for key, value in now.items() if key != "parameters" and old.get(key) != value]
    files = [f for f in {**old["files"], **now["files"]}
             if old["files"].get(f) != now["files"].get(f)]  # fmt: skip
    if differ:
        why = wording.listing(sorted(files)) + " changed" if files else (
            f"another part of them, or another version: {wording.listing(differ)}")  # fmt: skip
        other = f"the other pages of {name!r} are about other data ({why})"
        raise InputError(f"{other} and would seem to be about these", fix=_ANEW)


def _finding(
    one: Mapping[str, Any], page: Page, places: Mapping[tuple[str, str, str], int]
) -> dict[str, Any]:
    """A finding with the page that shows it, and the place of the counts behind it in `days`."""
    quantity = LEVEL if one["quantity"] in OF_LEVEL else one["quantity"]
    subject = one["subject"] if quantity == LEVEL else ""
    anchor = f"{page.name}.html" + (f"#{one['anchor']}" if one["anchor"] else "")
    days = places.get((one["service"], quantity, subject))
    return {**one, "anchor": anchor, "days": days}


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
