"""CODEOWNERS: which path is whose, by the rules of GitHub and GitLab."""

from __future__ import annotations

from pathlib import Path

import pytest

from srelib.errors import ReadError
from srelib.folder import codeowners


def read(tmp_path: Path, text: str):
    """What the file says; rows read are kept or left out, each with its line."""
    path = tmp_path / "CODEOWNERS"
    path.write_text(text, encoding="utf-8")
    result = codeowners.read(path, "CODEOWNERS")
    assert result.rows_read == result.rows_kept + result.rows_rejected
    assert result.rejects["by_rule"].fillna(False).all()
    return result


@pytest.mark.parametrize(
    ("line", "service", "team"),
    [
        ("/services/checkout/ @acme/payments", "checkout", "payments"),
        ("/services/checkout/** @acme/payments # who else", "checkout", "payments"),
        ("services/checkout/* @acme/payments @jane", "checkout", "payments"),
        ("checkout pay@example.com", "checkout", "pay@example.com"),
        (r"/web\ shop @shop", "web shop", "shop"),
    ],
)
def test_the_last_part_of_a_path_and_its_only_team(tmp_path, line, service, team):
    """A folder however it is written; of several owners the one that is a team."""
    rows = read(tmp_path, f"# owners\n\n{line}\n").tables["teams"]
    assert rows.values.tolist() == [[service, team]]


def test_the_last_line_about_a_path_counts(tmp_path):
    """As in GitHub; the earlier one is left out and says which line counts."""
    result = read(tmp_path, "/a @acme/one\n/b @acme/two\n/a @acme/three\n")
    assert result.tables["teams"].values.tolist() == [["b", "two"], ["a", "three"]]
    assert result.event_lines["teams"]([0, 1]).tolist() == [2, 3]
    row = result.rejects.iloc[0]
    assert (row["line"], row["value"]) == (1, "/a")
    assert row["reason"] == "line 3 says it again of the same path"


def test_a_line_without_owners_takes_those_of_its_section(tmp_path):
    """As in GitLab; outside a section nobody is named."""
    result = read(tmp_path, "/a\n[Pay][2] @acme/pay\n/b\n^[Docs]\n/c\n")
    assert result.tables["teams"].values.tolist() == [["b", "pay"]]
    assert result.rejects["line"].tolist() == [1, 5]
    assert set(result.rejects["reason"]) == {codeowners.NO_OWNER}


@pytest.mark.parametrize("owners", ["@acme/one @acme/two", "@jane @joe"])
def test_several_owners_of_one_kind_are_no_team(tmp_path, owners):
    """Nothing says which of them answers."""
    result = read(tmp_path, f"/a {owners}\n")
    assert not len(result.tables["teams"])
    assert result.rejects["reason"].tolist() == [codeowners.NOT_ONE]


def test_a_file_that_is_not_text_is_refused(tmp_path):
    """With what to do about it."""
    (tmp_path / "CODEOWNERS").write_bytes(b"/a @\xff\n")
    with pytest.raises(ReadError, match=r"CODEOWNERS: not UTF-8 text.*save it as UTF-8"):
        codeowners.read(tmp_path / "CODEOWNERS", "CODEOWNERS")
