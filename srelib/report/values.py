"""What a report states, as values for machines and for a later report: ``findings.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from srelib.changes.record import (
    DEPLOYMENTS,
    FAIL_RATE,
    LEAD_TIME,
    LEVEL,
    SCHEMA,
    Record,
    as_json,
)
from srelib.report.render import Page

COUNTED = {
    "error budget left": LEVEL,
    "error budget allowed": LEVEL,
    "error budget spent": LEVEL,
    "cost of deployments": LEVEL,
    "deployments": DEPLOYMENTS,
    "change lead time": LEAD_TIME,
    "change fail rate": FAIL_RATE,
}
"""The daily counts behind a quantity that pages state."""
WHERE = "data"
"""The parameter that says where the exports lie, which is of one machine."""


def text(kept: Record, pages: Sequence[Page]) -> str:
    """The file of a report: a line for each finding and for each list of days."""
    parameters = {
        page.name: {name: value for name, value in page.parameters.items() if name != WHERE}
        for page in pages
    }
    known = as_json(replace(kept, parameters=parameters))
    days = known.pop("days")
    places = {(one["service"], one["quantity"], one["subject"]): i for i, one in enumerate(days)}
    stated = [
        {**_finding(one, page, places), "team": kept.teams.get(one["service"])}
        for page in pages for one in page.stated
    ]  # fmt: skip
    failed = {page.name: page.failure for page in pages if page.failure}
    parts = {"schema": SCHEMA, "srelib": kept.version, **known, "failed": failed}
    lines = [f"{_dumped(name)}: {_dumped(value)}" for name, value in parts.items()]
    lines += [
        f"{_dumped(name)}: [\n{_lines(values)}\n]"
        for name, values in (("findings", stated), ("days", days))
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _finding(
    one: Mapping[str, Any], page: Page, places: Mapping[tuple[str, str, str], int]
) -> dict[str, Any]:
    """A finding with the page that shows it, and the place of the counts behind it in `days`."""
    quantity = COUNTED.get(one["quantity"], "")
    subject = one["subject"] if quantity == LEVEL else ""
    anchor = f"{page.name}.html" + (f"#{one['anchor']}" if one["anchor"] else "")
    days = places.get((one["service"], quantity, subject))
    return {**one, "anchor": anchor, "days": days}


def _lines(values: Sequence[Mapping[str, Any]]) -> str:
    return ",\n".join(_dumped(value) for value in values)


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
