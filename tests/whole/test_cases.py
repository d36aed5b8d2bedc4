"""Small inputs of the kinds that were once read wrong: right or refused, never wrong.

Each folder of `cases` holds what a user would hand over, and `expected.json` what must come out.
A new kind is a new folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import srelib
from srelib import tables
from srelib.errors import SrelibError
from srelib.readers import recognition
from srelib.report import sources
from srelib.sources import UNSAID, read_sources

CASES = sorted(path for path in Path(__file__).with_name("cases").iterdir() if path.is_dir())


def _ratio(data: srelib.Dataset) -> float:
    known = data.sli.dropna(subset=["good", "total"])
    return float(known["good"].sum() / known["total"].sum())


def _hours(data: srelib.Dataset) -> pd.Series:
    lengths = data.incidents["resolved_at"] - data.incidents["started_at"]
    return (lengths / pd.Timedelta("1h")).set_axis(data.incidents["incident_id"])


def _days(data: srelib.Dataset, zone: str) -> list[str]:
    return data.sli["time"].dt.tz_convert(zone).dt.strftime("%Y-%m-%d").tolist()


FORMATS = {
    "01": "prometheus", "02": "prometheus", "03": "generic", "04": "generic", "05": "generic",
    "06": "grafana", "07": "generic", "08": "generic", "09": "prometheus", "10": "statelog",
    "11": "statelog", "12": "generic", "13": "generic", "14": "statelog", "15": "grafana",
    "16": "cloudwatch", "17": "datadog_slo", "18": "uptimerobot", "19": "jmeter", "20": "jira",
    "21": "jira", "22": "github_pulls", "23": "gittags", "24": "records", "25": "records",
    "26": "records", "27": "records", "28": "records", "29": "azure_devops",
    "30": "gitlab_merge_requests", "31": "servicenow", "32": "json", "33": "generic",
}  # fmt: skip
"""What the exports of a case are, by its number; each of them as this and as nothing else."""

GENERAL = {"statelog", "records", "generic", "json"}
"""Formats that go by names of columns and not by the marks of a tool."""

SEEN: dict[str, Callable[[srelib.Dataset, dict[str, Any]], Any]] = {
    "sli": lambda data, _: _ratio(data),
    "events": lambda data, _: float(data.sli["total"].sum()),
    "rows": lambda data, _: len(data.sli) or len(data.incidents),
    "rows_read": lambda data, _: int(data.sources["rows_read"].sum()),
    "local_days": lambda data, case: _days(data, case["timezone"]),
    "timezone": lambda data, _: data.sources["timezone"].iloc[0],
    "starts": lambda data, _: _days(data, "UTC"),
    "service": lambda data, _: data.series["service"].iloc[0],
    "services": lambda data, _: sorted(set(data.incidents["service"])),
    "incidents": lambda data, _: sorted(set(data.incidents["incident_id"])),
    "hours_to_resolve": lambda data, _: _hours(data).to_dict(),
    "changes": lambda data, _: len(data.changes),
    "deployments": lambda data, _: len(data.deployments),
    "statuses": lambda data, _: data.deployments["status"].value_counts().to_dict(),
}
"""What a key of `expected.json` is about."""


def handed_over(case: Path, folder: Path) -> Path:
    """The folder as a user has it, without what is expected."""
    shutil.copytree(case, folder, ignore=shutil.ignore_patterns("expected.json"))
    return folder


def loaded(folder: Path) -> tuple[srelib.Dataset | None, str]:
    """The dataset, or the text of its refusal."""
    try:
        return srelib.load(folder), ""
    except SrelibError as error:
        return None, str(error)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_comes_out_right_or_is_refused(case: Path, tmp_path: Path) -> None:
    """Numbers within their tolerance; where a refusal is right it names file and fix."""
    expected = json.loads((case / "expected.json").read_text())
    folder = handed_over(case, tmp_path / "exports")
    data, refusal = loaded(folder)
    if data is None:
        assert expected.get("may_refuse") or expected.get("refuse"), refusal
        assert "sources.toml" in refusal
        return
    assert not expected.get("refuse"), "this must be asked for"
    for key, wanted in expected.items():
        if key in SEEN:
            seen = SEEN[key](data, expected)
            tolerance = expected.get("tolerance", 1e-6) * (wanted if key == "events" else 1)
            if key in ("sli", "events"):
                wanted = pytest.approx(wanted, abs=tolerance)
            assert seen == wanted
    if "longest_incident_hours" in expected:
        assert _hours(data).max() <= expected["longest_incident_hours"]
    said = "\n".join(sources.check(folder)["notes"])
    assert all(word in said for word in expected.get("check_says", ()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_recognised_as_one_format_only(case: Path) -> None:
    """By the marks of its tool, which no other format sees in it; what has none is general."""
    form = FORMATS[case.name[:2]]
    told = read_sources(case)
    for path in case.iterdir():
        if path.suffix == ".toml" or path.name == "expected.json":
            continue
        source = told.for_file(path.name) or UNSAID
        head = recognition.start(path, case, source)
        every = (*recognition.families("csv"), *recognition.families("json"))
        yes = {family.name for family in every if family.recognise(head)}
        assert yes - GENERAL == {form} - GENERAL
        assert recognition._choose(head, source).name == form


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_row_of_a_case_is_kept_left_out_or_refused(case: Path, tmp_path: Path) -> None:
    """Rows read = rows kept + rows left out or refused, each of these with reason and line."""
    data, _ = loaded(handed_over(case, tmp_path / "exports"))
    if data is None:
        return
    for row in data.sources.itertuples():
        assert row.rows_read == row.rows_kept + row.rows_rejected
        mine = data.rejects[data.rejects["file"] == row.file]
        assert len(mine) == row.rows_rejected
        assert mine["reason"].notna().all()
        refused = mine[~tables.left_out(mine)]
        assert not refused["reason"].str.contains(r"\d{3,}", regex=True).any()
