"""Words in exports: pre-releases, choices, counts."""

from __future__ import annotations

import pandas as pd
import pytest

from srelib import marks, tables
from srelib.readers import words
from srelib.sources import EXTRA_COLUMNS
from tests.readers.reading import noted, read

DEPLOYMENTS = """deployment_id,service,finished_at,status,team
1,web,2026-05-01T09:00:00Z,partiallySucceeded,a
2,web,2026-05-02T09:00:00Z,TimedOut,b
3,web,2026-05-03T09:00:00Z,Success,b
"""


@pytest.mark.parametrize(
    ("name", "early"),
    [
        ("v1.1.0-rc.1", True), ("1.2rc1", True), ("v2.0.0-beta", True), ("2.0-alpha.3", True),
        ("1.2a1", True), ("v3.0.0-preview.2", True), ("5.0.0-M1", True), ("1.4.dev2", True),
        ("v1.2.0-next.1", True), ("2.0.0-ea.3", True), ("1.0-SNAPSHOT", True),
        ("v1.1.0", False), ("v1.1.0-1", False), ("release-2026-05", False),
        ("20240101-a1b2c3", False), ("v1.0.0-hotfix", False), ("v1.2-alphabet", False),
        (None, False),
    ],
)  # fmt: skip
def test_a_prerelease_is_known_by_its_name(name, early):
    """As semantic versioning, Python and Maven write it."""
    assert words.is_prerelease(name) is early


def test_words_are_counted_most_frequent_first():
    """A missing one is one too."""
    assert words.word_counts(["b", "a", "b", None]) == "'b' 2, 'a' 1, (none) 1"


def test_words_of_a_csv_are_translated(tmp_path):
    """`values.status` says what they mean; ignored ones are left out by rule."""
    said = {"status": {"partiallysucceeded": "succeeded", "TimedOut": "ignore"}}
    result = read(tmp_path, "records", DEPLOYMENTS, name="d.csv", values=said)
    assert result.tables["deployments"]["deployment_id"].tolist() == ["1", "3"]
    assert result.rejects[["value", "by_rule"]].values.tolist() == [["TimedOut", True]]


def test_unknown_words_of_a_csv_are_counted(tmp_path):
    """The note holds the line to write."""
    result = read(tmp_path, "records", DEPLOYMENTS, name="d.csv")
    assert result.rejects["value"].tolist() == ["partiallySucceeded", "TimedOut"]
    assert noted(result, "2 rows have an unknown status", 'values.status = { "partiallySucceeded"')


def test_where_chooses_rows_of_a_csv(tmp_path):
    """The whole value of the column must be one of those named."""
    said = {"where": {"team": ["b"]}, "values": {"status": {"TimedOut": "failed"}}}
    result = read(tmp_path, "records", DEPLOYMENTS, name="d.csv", **said)
    assert result.tables["deployments"]["deployment_id"].tolist() == ["2", "3"]
    assert result.rejects[["column", "value", "by_rule"]].values.tolist() == [["team", "a", True]]
    assert noted(result, "1 records left out by team: 'a' 1")


@pytest.mark.parametrize(
    ("cell", "name"),
    [("{'id': 'P6', 'summary': 'checkout'}", "checkout"), ('{"name": "search"}', "search"),
     ("[{'name': 'a'}, {'name': 'b'}]", "a, b"), ("['a', 'b']", "a, b"), ("{a} team", "{a} team"),
     ("None", None), ("No components were affected by this update.", None), ("N/A", None)],
)  # fmt: skip
def test_a_cell_is_a_name_or_nobody(cell: str, name: str | None) -> None:
    """Objects give their name, placeholders nobody; other text stays."""
    found = words.named_services(pd.Series([cell])).iloc[0]
    assert found == name or (name is None and pd.isna(found))


@pytest.mark.parametrize("table", words.column_names())
def test_every_name_of_a_column_is_found(table):
    """Alone in a header, whatever its spelling; columns without other names go by their own."""
    known = words.column_names()[table]
    for column, names in known.items():
        assert names[0] == column
        assert len({*names}) == len(names)
        for name in names:
            shown = name.upper().replace("_", "-") if name[0] != "_" else name
            assert shown in words.columns_by_name([shown], known).values()
    own = {*tables.TABLES, "states", "history"}
    roles = {*tables.names(table), *EXTRA_COLUMNS} if table in tables.TABLES else {*known}
    roles |= {*marks.TEXTS} if table == "changes" else set()
    assert table in own
    assert {*known} <= roles


def test_a_column_has_one_role_and_the_first_of_its_names_counts():
    """What is taken is nobody else's."""
    known = {"id": ("id", "number"), "other": ("other", "number", "no")}
    assert words.columns_by_name(["Number", "No"], known) == {"id": "Number", "other": "No"}
    assert words.columns_by_name(["number"], known, ["number"]) == {}
