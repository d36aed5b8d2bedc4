"""Teams on the first page: rows under headings, and the choice of one without a script."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import srelib
from srelib.decisions.verdict import CARRY_ON
from srelib.report import first_page, index, teams
from srelib.report.sources import _provenance
from srelib.tradeoff import TeamTotals
from tests.report.test_actions import decided
from tests.report.test_actions import page as decides
from tests.report.test_index import page

ROOT = Path(__file__).parents[2]
OWN = {"checkout": "pay", "billing": "pay", "search": "<browse>"}


@pytest.fixture(scope="module")
def sample() -> srelib.Dataset:
    """The sample, with two teams and three services without one."""
    data = srelib.load(ROOT / "data" / "sample")
    object.__setattr__(data, "teams", pd.Series(OWN))
    return data


def rows(found, selector: str) -> dict[str, list[str]]:
    """First words of the rows under each heading of a table."""
    bodies = found.select(f"{selector} tbody")
    return {
        next(body.select_one(".team th").stripped_strings): [
            next(row.th.stripped_strings) for row in body.select("tr:not(.team)")
        ]
        for body in bodies
    }


def test_services_and_budgets_stand_under_their_teams(sample):
    """Teams in the order of their worst service, those without one last; names are text."""
    found = page(sample)
    board = rows(found, "[aria-labelledby=scoreboard]")
    assert list(board) == ["pay", "<browse>", "No team"]
    assert sorted(board["pay"]) == ["billing", "checkout"]
    assert board["<browse>"] == ["search"]
    assert sum(map(len, board.values())) == 6
    budgets = rows(found, ".scoreboard")
    assert budgets["pay"] == ["checkout", "checkout", "billing"]
    words = found.select_one(".standing .team span").get_text().replace("\u00a0", " ")
    assert words.startswith("1 of 2 services has overspent its error budget; ")


def test_what_to_do_is_grouped_by_team(sample):
    """A heading for each team before its services."""
    told = (decided(name, CARRY_ON) for name in ("search", "catalog", "checkout"))
    board = rows(page(sample, decides(*told)), ".actions")
    assert board == {"pay": ["checkout"], "<browse>": ["search"], "No team": ["catalog"]}


def test_a_team_is_chosen_without_a_script(sample):
    """A radio button for each team; rules of the style sheet hide the rows of the others."""
    found = page(sample)
    assert not found.select("script")
    buttons = [one["id"] for one in found.select(".choice input[name=team]")]
    assert buttons == ["team-every", "team-1", "team-2", "team-0"]
    assert found.select_one("#team-every").has_attr("checked")
    style = found.select_one("style").get_text()
    for place in ("1", "2", "0"):
        rule = f'main:has(#team-{place}:checked) [data-team]:not([data-team="{place}"])'
        assert f"{rule} {{ display: none; }}" in style
    places = {body["data-team"] for body in found.select("tbody[data-team]")}
    assert places == {"0", "1", "2"}


def test_without_teams_nothing_of_it_is_there():
    """No heading, no choice, no rule."""
    found = page(srelib.load(ROOT / "data" / "sample"))
    assert not found.select(".choice, .team, [data-team]")
    assert "#team-" not in found.select_one("style").get_text()


def test_the_first_page_as_markdown_lists_the_teams(sample):
    """Counts of each team, and the services in the order of their teams."""
    text = first_page.text(index.scoreboard(sample), [], [], _provenance(sample))
    assert "- **pay**: 1 of 2 services has overspent" in text.replace("\u00a0", " ")
    names = [line.split(" | ")[0] for line in text.split("## Error")[0].splitlines()]
    order = [name.removeprefix("| ") for name in names if name.startswith("| ")][2:]
    assert {*order[:2]} == {"checkout", "billing"}
    assert order[2] == "search"


def test_rows_of_an_unknown_team_are_not_lost():
    """A budget of a service that no scoreboard shows stands under no team."""
    known = teams.headings([TeamTotals("pay", ("a",), (), 0, 1, 1, 4.0)])
    groups = teams.grouped(["pay", "other", ""], known, of=lambda row: row)
    assert [(group.team.name, group.rows) for group in groups] == [
        ("pay", ("pay",)), ("No team", ("other", "")),
    ]  # fmt: skip
