"""Which team owns which service: sources that agree, that contradict each other, that are vague."""

from __future__ import annotations

from pathlib import Path

import pytest

import srelib
from srelib.errors import InputError, ParameterError
from srelib.folder import teams
from srelib.slos.model import Owner
from tests.test_dataset import folder

DEPLOYED = "deployment_id,service,finished_at,status\n" + "".join(
    f"{n},{name},2026-05-01T09:00:00Z,succeeded\n"
    for n, name in enumerate(("checkout", "billing-eu", "billing-us", "search"))
)
SERVICE = """apiVersion: openslo/v1
kind: Service
metadata: {name: search, labels: {team: browse}, annotations: {owner: jane}}
"""


def load(tmp_path: Path, toml: str = "", **files: str) -> srelib.Dataset:
    """Four services that were deployed, and what is said of their teams."""
    return srelib.load(folder(tmp_path, a__csv=DEPLOYED, sources__toml=toml, **files))


def test_a_folder_that_names_no_team_has_none(tmp_path):
    """And nothing is said of services without one."""
    data = load(tmp_path)
    assert data.teams.to_dict() == {}
    assert not [note for note in data.notes if "team" in note]


def test_services_by_name_and_by_wildcard(tmp_path):
    """A star stands for anything; those nobody names are listed."""
    data = load(tmp_path, '[teams]\npay = ["checkout", "billing-*"]\n')
    assert data.teams.to_dict() == {"billing-eu": "pay", "billing-us": "pay", "checkout": "pay"}
    assert "no team is named for search" in data.notes


def test_a_document_of_a_service_names_its_team(tmp_path):
    """OpenSLO: the label team, a team rather than a person."""
    assert load(tmp_path, slos__yaml=SERVICE).teams.to_dict() == {"search": "browse"}


def test_a_table_of_services_and_teams(tmp_path):
    """Recognised by its two columns; a row about no service is left out with the likely name."""
    data = load(tmp_path, who__csv="Service;Owner\nsearch;browse\nchekout;pay\n")
    assert data.teams.to_dict() == {"search": "browse"}
    row = data.sources.set_index("file").loc["who.csv"]
    assert (row["table"], row["rows_read"], row["rows_kept"]) == ("teams", 2, 1)
    (out,) = data.rejects.to_dict("records")
    assert (out["line"], out["value"], out["by_rule"]) == (3, "chekout", True)
    assert out["reason"] == "no export names this service; did you mean 'checkout'?"


def test_two_columns_more_are_another_export(tmp_path):
    """Deployments that name a team as well stay deployments."""
    text = DEPLOYED.replace("status\n", "status,team\n").replace("succeeded\n", "succeeded,x\n")
    data = srelib.load(folder(tmp_path, a__csv=text))
    assert data.teams.to_dict() == {}
    assert len(data.deployments) == 4


def test_codeowners_is_read_by_its_name(tmp_path):
    """Paths whose last part is a service; the others are left out by rule."""
    data = load(tmp_path, CODEOWNERS="* @acme/all\n/svc/search/ @acme/browse\n")
    assert data.teams.to_dict() == {"search": "browse"}
    row = data.sources.set_index("file").loc["CODEOWNERS"]
    assert (row["rows_read"], row["rows_kept"], row["rows_rejected"]) == (2, 1, 1)


def test_sources_that_agree_are_one(tmp_path):
    """Whatever says it."""
    data = load(tmp_path, '[teams]\nbrowse = ["sea*"]\n', slos__yaml=SERVICE,
                who__csv="service,team\nsearch,browse\n")  # fmt: skip
    assert data.teams.to_dict() == {"search": "browse"}


def test_a_contradiction_is_asked_with_the_lines_to_paste(tmp_path):
    """No source wins by itself, a wildcard neither; pasted, the lines answer it."""
    files = {"slos__yaml": SERVICE, "who__csv": "service,team\nsearch,find\n"}
    with pytest.raises(InputError) as refused:
        load(tmp_path, '[teams]\nall = ["*"]\n', **files)
    said = str(refused.value)
    assert "search: all (sources.toml), browse (slos.yaml) and find (who.csv)" in said
    assert "checkout" not in said
    lines = [line for line in said.splitlines() if line.startswith(("[teams]", '"'))]
    assert lines == ["[teams]", '"all" = ["search"]']
    data = load(tmp_path, "\n".join(lines), **files)
    assert data.teams.to_dict() == {"search": "all"}
    assert "search belongs to all, as sources.toml says; slos.yaml says browse" in data.notes


def test_a_service_named_by_two_teams_is_asked(tmp_path):
    """Also where both stand in sources.toml."""
    with pytest.raises(InputError, match=r"checkout: a \(sources.toml\) and b \(sources.toml\)"):
        load(tmp_path, '[teams]\na = ["checkout"]\nb = ["checkout"]\n')


def test_two_paths_that_end_alike_are_asked(tmp_path):
    """The last part of a path is a service only where it is unique."""
    with pytest.raises(InputError, match=r"search: a \(CODEOWNERS\) and b \(CODEOWNERS\)"):
        load(tmp_path, CODEOWNERS="/new/search @acme/a\n/old/search @acme/b\n")


def test_a_name_that_is_no_service_is_said(tmp_path):
    """With the one that was probably meant."""
    notes = load(tmp_path, '[teams]\npay = ["chekout", "x-*"]\n').notes
    assert "sources.toml: no export names 'chekout' of team pay; did you mean 'checkout'?" in notes
    assert "sources.toml: no export names 'x-*' of team pay" in notes


def test_a_team_takes_its_part_of_the_data(tmp_path):
    """Alone, with others, or within services asked for; unknown names are refused."""
    data = load(tmp_path, '[teams]\npay = ["checkout", "billing-*"]\nbrowse = ["search"]\n')
    assert data.of(team="pay").services == ["billing-eu", "billing-us", "checkout"]
    assert data.of(team=["browse", "pay"]).services == data.services
    part = data.of(["checkout", "search"], team="pay")
    assert (part.services, part.teams.to_dict()) == (["checkout"], {"checkout": "pay"})
    with pytest.raises(ParameterError, match="no team 'payy'; did you mean 'pay'"):
        data.of(team="payy")
    with pytest.raises(ParameterError, match="none of search belongs to pay"):
        data.of("search", team="pay")


def test_a_summary_lists_the_services_of_each_team():
    """Teams and services by name."""
    found = teams.owners(["b", "a", "c"], {"y": ["b", "a"]}, [Owner("c", "x", "s.yaml")], {})
    assert teams.summary(found.teams) == [
        {"team": "x", "services": ["c"]}, {"team": "y", "services": ["a", "b"]},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('"" = ["checkout"]', "a team has no name. Fix: write its name on the left"),
        ("pay = 3", "teams.pay: 3 should be a list"),
        ("pay = [3]", "should be a valid string"),
    ],
)
def test_what_is_no_team_is_refused(tmp_path, toml, said):
    """With the key and what to write."""
    with pytest.raises(InputError, match=said):
        load(tmp_path, f"[teams]\n{toml}\n")
