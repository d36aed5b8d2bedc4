"""The first page: how each objective stands, what the pages found, what the data are worth."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import srelib
from srelib import tables, tradeoff
from srelib.decisions.verdict import CARRY_ON
from srelib.errors import InsufficientDataError
from srelib.findings.finding import FIELDS
from srelib.report import first_page, index, render
from srelib.report.actions import actions
from srelib.report.sources import _provenance
from srelib.stats import Estimate
from srelib.tradeoff import TeamTotals
from srelib.windows import Window
from tests.findings.test_finding import stated
from tests.report.test_actions import decided
from tests.report.test_actions import page as decides
from tests.report.tiny import dataset, hourly, slo

ROOT = Path(__file__).parents[2]


def only_row(data) -> index.BudgetRow:
    """The single row of a scoreboard."""
    (row,) = index.scoreboard(data).budgets
    return row


def page(data, *pages: render.Page) -> BeautifulSoup:
    """The index, parsed."""
    context = render.Context([], _provenance(data), {})
    board = index.scoreboard(data)
    todo = actions(pages, board, context)
    html = index.render(board, pages, context, actions=todo)
    return BeautifulSoup(html, "html.parser")


def test_half_the_budget_left():
    """5 bad of 10,000 at 99.9 % is half of the 10 allowed."""
    row = only_row(dataset(hourly(28, good=9995, total=10000), slo()))
    assert (row.sli, row.target, row.left) == ("99.95\xa0%", "99.9\xa0%", "50\xa0%")
    assert (row.status, row.mood) == ("Within budget", "good")


def test_an_overspent_budget_is_said_in_a_word():
    """Twice the allowance: one budget too much; not told by color alone."""
    row = only_row(dataset(hourly(28, good=9980, total=10000), slo()))
    assert row.left == "−100\xa0%"
    assert (row.status, row.mood) == ("Budget overspent", "bad")
    assert row.bar["over"]
    assert row.bar["x"] == 0


def test_only_the_window_counts():
    """Two bad weeks before the last 28 days do not show."""
    counts = pd.concat(
        [hourly(14, good=0, total=100, end="2026-06-01"), hourly(28, good=100, total=100)]
    )
    assert only_row(dataset(counts, slo())).sli == "100\xa0%"


def test_a_calendar_window_is_counted_since_it_began():
    """On 29 June, June in Berlin: what failed in May is gone."""
    counts = pd.concat(
        [hourly(14, good=0, total=100, end="2026-05-31"), hourly(29, good=100, total=100)]
    )
    month = Window.parse("1M", rolling=False, timezone="Europe/Berlin")
    row = only_row(dataset(counts, slo(window=month)))
    assert (row.sli, row.window) == ("100\xa0%", "calendar month (Europe/Berlin)")


def test_no_traffic_is_neither_good_nor_bad():
    """Zero requests: unknown ratio, no bar."""
    row = only_row(dataset(hourly(28, good=0, total=0), slo()))
    assert (row.sli, row.left, row.bar) == ("unknown", "unknown", None)
    assert (row.status, row.mood) == ("No traffic seen", "none")


def test_a_window_observed_in_part_is_shown_with_the_time_observed():
    """A quarter of the window unknown."""
    counts = hourly(28, good=100, total=100)
    counts.iloc[: 7 * 24] = float("nan")
    row = only_row(dataset(counts, slo()))
    assert (row.coverage, row.status) == ("21\xa0days of it observed", "Within budget so far")


def test_a_short_history_is_within_budget_so_far():
    """Two days of a window of twenty-eight; the time observed stands beside the window."""
    row = only_row(dataset(hourly(2, good=9995, total=10000), slo()))
    assert (row.status, row.mood) == ("Within budget so far", "good")
    assert row.coverage == "2\xa0days of it observed"
    over = only_row(dataset(hourly(2, good=9900, total=10000), slo()))
    assert (over.status, over.mood) == ("Budget overspent so far", "bad")


def test_a_small_gap_is_shown_as_coverage():
    """Seven hours unknown of four weeks do not make the window short."""
    counts = hourly(28, good=100, total=100)
    counts.iloc[:7] = float("nan")
    row = only_row(dataset(counts, slo()))
    assert (row.coverage, row.status) == ("99.0\xa0% observed", "Within budget")


def test_an_objective_that_cannot_be_computed_keeps_its_row():
    """The reason stands where the status would."""

    def refuse(slo, exclusions=True):
        raise InsufficientDataError("no data of <shop>")

    data = dataset(hourly(1, good=1, total=1), slo(), slo_counts=refuse)
    row = only_row(data)
    assert (row.status, row.sli, row.bar) == ("no data of <shop>", "–", None)
    assert "no data of <shop>" in page(data).select_one(".status").get_text()


def test_missing_tables_are_said_not_counted_as_zero():
    """No export of deployments does not mean no deployments."""
    data = dataset(hourly(28, good=100, total=100), slo())
    assert "No deployments in the data" in page(data).get_text()


def test_without_objectives_the_page_says_how_to_add_them():
    """The report still renders."""
    assert (
        "slos.yaml" in page(dataset(hourly(1, good=1, total=1))).select_one("#content").get_text()
    )


def test_names_from_the_data_stay_text():
    """A service may be called anything."""
    data = dataset(
        hourly(28, good=100, total=100), slo(service="<script>x()</script>", display_name="<b>")
    )
    data.sources.loc[0, "file"] = "../<i>.csv"
    found = page(data)
    assert not found.find_all(["script", "b", "i"])
    assert "<script>x()</script>" in found.select_one("tbody th").get_text()


def test_a_failed_page_is_named_with_its_reason():
    """At the top, and on its card."""
    failed = render.Page("01_x", "Why?", "", "", "cell 3: KeyError: '<b>'")
    found = page(dataset(hourly(1, good=1, total=1), slo()), failed)
    assert "1 of 1 pages is incomplete" in found.select_one(".failure").get_text()
    assert "cell 3: KeyError: '<b>'" in found.select_one(".failure li").get_text()
    assert not found.find("b")


def test_each_page_is_linked_with_its_question_and_first_finding():
    """The reader knows whether to click."""
    one = render.Page("01_x", "Why?", "", "<strong>a</strong> spent 3 %.")
    card = page(dataset(hourly(1, good=1, total=1), slo()), one).select_one(".pages li")
    assert (card.a["href"], card.a.get_text()) == ("01_x.html", "Why?")
    assert card.p.get_text() == "a spent 3 %."


def test_refused_rows_are_counted_and_their_page_is_linked():
    """Which shows why, with the first lines."""
    made = render.Page("00_x", "Trust?", "", "")
    found = page(dataset(hourly(1, good=1, total=1), slo()), made)
    text = found.select_one("section[aria-labelledby=quality] p")
    assert "1 was refused" in " ".join(text.get_text().split())
    assert text.a["href"] == "00_x.html"


def test_only_refused_rows_are_red():
    """Rows that a rule leaves out are counted beside them, in the color of everything else."""
    rejects = pd.DataFrame({"file": "requests.csv", "line": [2], "reason": "r", "by_rule": [True]})
    counts = hourly(1, good=1, total=1)
    line = page(dataset(counts, slo())).select_one(".data-line")
    assert line.select_one(".warn").get_text() == "1 refused"
    data = dataset(counts, slo(), rejects=tables.conform(rejects, "rejects"))
    line = page(data).select_one(".data-line")
    assert line.select_one(".warn") is None
    shown = " ".join(line.get_text().split())
    assert shown.endswith("48 rows kept 0 refused, 1 left out by rule")
    cells = [cell.get_text() for cell in page(data).select(".files tbody td.n")]
    assert cells == ["48", "0", "1"]


@pytest.mark.parametrize(
    ("share", "x", "width"),
    [(1.0, 40, 80), (0.25, 40, 20), (0, 40, 0), (-0.25, 20, 20), (-9, 0, 40)],
)
def test_the_bar_grows_from_nothing_left(share, x, width):
    """To the right what remains, to the left what was overspent, cut at the end."""
    drawn = index.bar(share)
    assert (drawn["x"], drawn["width"]) == (x, width)


def deployed(*days: str, service: str = "shop") -> pd.DataFrame:
    """Deployments that reached users on these days."""
    rows = pd.DataFrame({
        "deployment_id": [f"{service} {n}" for n in range(len(days))], "service": service,
        "finished_at": pd.to_datetime(list(days), utc=True), "status": "succeeded",
    })  # fmt: skip
    return tables.conform(rows, "deployments")


WEEKLY = ("2026-06-02", "2026-06-09", "2026-06-16", "2026-06-23", "2026-06-24", "2026-06-25")


def test_each_service_stands_in_both_disciplines():
    """Six deployments in the four weeks since the first; half of the budget left."""
    data = dataset(hourly(40, good=9995, total=10000), slo(), deployments=deployed(*WEEKLY))
    (service,) = index.scoreboard(data).services
    cells = {cell.field: (cell.value, cell.ends) for cell in service.cells}
    assert cells["frequency"][0] == "1.6"
    assert cells["sli"] == ("99.950\xa0%", "target 99.9\xa0%")  # the digits of its interval
    assert cells["left"][0] == "50\xa0%"
    assert cells["incidents"] == ("–", "")
    assert service.quadrant == "fast and safe"
    assert [cell.group for cell in service.cells] == ["devops"] * 3 + ["both"] * 3 + ["sre"] * 5


def test_fragile_services_come_first():
    """Overspent before what is left; unknown last."""
    frames = {"fine": hourly(28, good=100, total=100), "over": hourly(28, good=90, total=100)}
    parts = [deployed(*WEEKLY, service=name) for name in ("fine", "over", "ghost")]
    shipped = pd.concat(parts, ignore_index=True)
    data = dataset(
        frames["fine"], slo(name="f", service="fine"), slo(name="o", service="over"),
        deployments=shipped, slo_counts=lambda one, exclusions=True: frames[one.service],
    )  # fmt: skip
    names = [service.name for service in index.scoreboard(data).services]
    assert names == ["over", "fine", "ghost"]


def test_both_disciplines_are_grouped_columns_of_one_table():
    """A caption, a scope for every header, groups that span their columns."""
    data = dataset(hourly(28, good=9995, total=10000), slo(), deployments=deployed(*WEEKLY))
    found = page(data).select_one(".standing table")
    assert found.caption
    groups = found.select("thead th[scope=colgroup]")
    assert [(g.contents[0].strip(), g["colspan"]) for g in groups] == [
        ("DevOps", "3"), ("Both", "3"), ("SRE", "5"),
    ]  # fmt: skip
    assert len(found.select("thead th[scope=col]")) == 12
    assert len(found.select("tbody tr td")) == 11
    assert found.select_one("tbody th")["scope"] == "row"


def test_the_map_says_in_words_what_it_draws():
    """No picture without words, no script, no color alone."""
    data = dataset(hourly(28, good=9995, total=10000), slo(), deployments=deployed(*WEEKLY))
    drawing = page(data).select_one(".map svg")
    assert drawing["role"] == "img"
    assert "shop: fast and safe" in drawing["aria-label"]
    assert [text.get_text() for text in drawing.select(".name")] == ["shop"]


def test_without_deployments_no_service_is_placed():
    """The row stays; there is no map and no quadrant."""
    found = page(dataset(hourly(28, good=9995, total=10000), slo()))
    assert found.select_one(".map") is None
    assert found.select_one(".standing .place") is None
    assert found.select_one(".standing tbody th").get_text() == "shop"


def test_nothing_measured_and_nothing_shipped_has_no_scoreboard():
    """A folder of alerts alone."""
    assert page(dataset(hourly(1, good=1, total=1))).select_one(".standing") is None


def test_the_cost_of_deployments_opens_the_report():
    """Or the first whole page after it in that order; every other page has its card filled."""
    made = [
        render.Page(name, f"{name}?", "", f"Says {name}.", failure)
        for name, failure in (("00_a", ""), ("02_b", ""), ("03_c", "broke"), ("06_d", "broke"))
    ]
    found = page(dataset(hourly(1, good=1, total=1), slo()), *made)
    assert " ".join(found.select_one(".headline").get_text().split()) == "Says 02_b. 02_b?"
    cards = [li.get_text() for li in found.select(".pages li")]
    others = [one for one in made if one.name != "02_b"]
    assert all(f"Says {one.name}." in card for one, card in zip(others, cards, strict=True))


def test_names_of_many_services_do_not_cover_each_other():
    """Thirty services close together: a name without room is left to the table."""
    speed, left = {}, {}
    for n in range(30):
        value = 0.5 + n / 3
        speed[f"service {n}"] = Estimate(value, value * 0.8, value * 1.2, 9, 0.95, "given")
        left[f"service {n}"] = Estimate((n % 7) / 7, 0.0, 1.0, 9, 0.95, "given")
    drawing = index.drawn(tradeoff.quadrants(speed, left))
    assert len(drawing["dots"]) == 24
    assert drawing["more"] == 6
    assert all(0 <= dot["x"] <= 480 and 0 <= dot["y"] <= 300 for dot in drawing["dots"])
    boxes = [(dot["named"][0], dot["text_y"]) for dot in drawing["dots"] if dot["named"]]
    assert len(boxes) >= 8
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert abs(a[0] - b[0]) >= 60 or abs(a[1] - b[1]) >= 10


@pytest.mark.parametrize(("many", "long"), [(3, False), (60, True)])
def test_tables_of_many_services_scroll_by_themselves(many, long):
    """The page stays as long as with few of them; the keyboard reaches each table."""
    objectives = (slo(name=f"web-{number}", service=f"web-{number}") for number in range(many))
    found = page(dataset(hourly(28, good=9995, total=10000), *objectives))
    headings = found.select("#scoreboard, #budgets")
    boxes = [heading.find_next(class_="table-box") for heading in headings]
    assert {("long" in box["class"], box["tabindex"]) for box in boxes} == {(long, "0")}


def test_the_first_page_says_what_the_notebooks_say():
    """Every number of its tables that a notebook states too, in the same words."""
    board = index.scoreboard(srelib.load(ROOT / "data" / "sample"))
    texts = {}
    for one in stated():
        claim = one["quantity"], one["service"], one["subject"], one["window"].split(",")[0]
        texts[claim] = one["text"]
    held = 0
    for row in board.services:
        for cell in row.cells:
            subject = f"{row.name} availability" if cell.field == "left" else ""
            same = texts.get((FIELDS.get(cell.field), row.name, subject, "13\u00a0weeks"))
            if same and cell.value not in ("unclear", "\u2013"):
                assert (row.name, cell.field, cell.value) == (row.name, cell.field, same)
                held += 1
    for budget_row in board.budgets:
        window = next(key[3] for key in texts if key[:3] == (
            "error budget left", budget_row.service, budget_row.slo) and "weeks" not in key[3]
        )  # fmt: skip
        assert budget_row.window in window
        assert budget_row.left == texts[
            "error budget left", budget_row.service, budget_row.slo, window
        ]  # fmt: skip
        held += 1
    assert held >= 30


OWN = {"checkout": "pay", "billing": "pay", "search": "<browse>"}
"""Services and their teams."""


@pytest.fixture(scope="module")
def teamed() -> srelib.Dataset:
    """The sample, with two teams and three services without one."""
    data = srelib.load(ROOT / "data" / "sample")
    object.__setattr__(data, "teams", pd.Series(OWN))
    return data


def under_teams(found, selector: str) -> dict[str, list[str]]:
    """First words of the rows under each heading of a table."""
    bodies = found.select(f"{selector} tbody")
    return {
        next(body.select_one(".team th").stripped_strings): [
            next(row.th.stripped_strings) for row in body.select("tr:not(.team)")
        ]
        for body in bodies
    }


def test_services_and_budgets_stand_under_their_teams(teamed):
    """Teams in the order of their worst service, those without one last; names are text."""
    found = page(teamed)
    board = under_teams(found, "[aria-labelledby=scoreboard]")
    assert list(board) == ["pay", "<browse>", "No team"]
    assert sorted(board["pay"]) == ["billing", "checkout"]
    assert board["<browse>"] == ["search"]
    assert sum(map(len, board.values())) == 6
    budgets = under_teams(found, ".scoreboard")
    assert budgets["pay"] == ["checkout", "checkout", "billing"]
    words = found.select_one(".standing .team span").get_text().replace("\u00a0", " ")
    assert words.startswith("1 of 2 services has overspent its error budget; ")


def test_what_to_do_is_grouped_by_team(teamed):
    """A heading for each team before its services."""
    told = (decided(name, CARRY_ON) for name in ("search", "catalog", "checkout"))
    board = under_teams(page(teamed, decides(*told)), ".actions")
    assert board == {"pay": ["checkout"], "<browse>": ["search"], "No team": ["catalog"]}


def test_a_team_is_chosen_without_a_script(teamed):
    """A radio button for each team; rules of the style sheet hide the rows of the others."""
    found = page(teamed)
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


def test_the_first_page_as_markdown_lists_the_teams(teamed):
    """Counts of each team, and the services in the order of their teams."""
    text = first_page.text(index.scoreboard(teamed), [], [], _provenance(teamed))
    assert "- **pay**: 1 of 2 services has overspent" in text.replace("\u00a0", " ")
    names = [line.split(" | ")[0] for line in text.split("## Error")[0].splitlines()]
    order = [name.removeprefix("| ") for name in names if name.startswith("| ")][2:]
    assert {*order[:2]} == {"checkout", "billing"}
    assert order[2] == "search"


def test_rows_of_an_unknown_team_are_not_lost():
    """A budget of a service that no scoreboard shows stands under no team."""
    known = index.headings([TeamTotals("pay", ("a",), (), 0, 1, 1, 4.0)])
    groups = index.grouped(["pay", "other", ""], known, of=lambda row: row)
    assert [(group.team.name, group.rows) for group in groups] == [
        ("pay", ["pay"]), ("No team", ["other", ""]),
    ]  # fmt: skip
