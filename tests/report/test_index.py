"""The first page: how each objective stands, what the pages found, what the data are worth."""

from __future__ import annotations

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from srelib import tables
from srelib.errors import InsufficientDataError
from srelib.report import index, render
from srelib.report.provenance import provenance
from srelib.report.usable import usable
from srelib.windows import Window
from tests.report.tiny import dataset, hourly, slo


def only_row(data) -> index.Row:
    """The single row of a scoreboard."""
    (row,) = index.scoreboard(data).rows
    return row


def page(data, *pages: render.Page) -> BeautifulSoup:
    """The index, parsed."""
    context = render.Context([], provenance(data), {})
    return BeautifulSoup(index.render(index.scoreboard(data), pages, data, context), "html.parser")


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
    assert row.bar.over
    assert row.bar.x == 0


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


def test_deployments_and_incidents_are_those_of_the_window():
    """Four deployments in four weeks; cancelled, older and other services' ones left out."""
    days = ["2026-06-02", "2026-06-09", "2026-06-16", "2026-06-23", "2026-06-24", "2026-05-01"]
    status = ["succeeded", "succeeded", "failed", "rolled_back", "cancelled", "succeeded"]
    deployments = pd.DataFrame(
        {
            "deployment_id": [str(n) for n in range(7)],
            "service": ["shop"] * 6 + ["other"],
            "finished_at": pd.to_datetime([*days, "2026-06-03"], utc=True),
            "status": [*status, "succeeded"],
        }
    )
    incidents = pd.DataFrame(
        {
            "incident_id": ["a", "b", "c"],
            "service": ["shop", "shop", "other"],
            "started_at": pd.to_datetime(["2026-06-05", "2026-05-05", "2026-06-05"], utc=True),
        }
    )
    data = dataset(
        hourly(40, good=100, total=100),
        slo(),
        deployments=tables.conform(deployments, "deployments"),
        incidents=tables.conform(incidents, "incidents"),
    )
    row = only_row(data)
    assert (row.deployments, row.incidents) == ("1.0", "1")


def test_less_than_a_week_is_not_blown_up_to_one():
    """One deployment in a day is not seven a week."""
    finished = pd.to_datetime(["2026-06-28T12:00Z"])
    rows = {"deployment_id": ["a"], "service": "shop", "finished_at": finished, "status": "failed"}
    deployments = tables.conform(pd.DataFrame(rows), "deployments")
    data = dataset(hourly(1, good=100, total=100), slo(), deployments=deployments)
    assert only_row(data).deployments == "1 in 1\xa0day"


def test_missing_tables_are_said_not_counted_as_zero():
    """No export of deployments does not mean no deployments."""
    data = dataset(hourly(28, good=100, total=100), slo())
    row = only_row(data)
    assert (row.deployments, row.incidents) == ("–", "–")
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
    failed = render.Page("01_x", "Why?", "", "", (), "cell 3: KeyError: '<b>'")
    found = page(dataset(hourly(1, good=1, total=1), slo()), failed)
    assert "1 of 1 pages is incomplete" in found.select_one(".failure").get_text()
    assert "cell 3: KeyError: '<b>'" in found.select_one(".failure li").get_text()
    assert not found.find("b")


def test_each_page_is_linked_with_its_question_and_first_finding():
    """The reader knows whether to click."""
    one = render.Page("01_x", "Why?", "", "<strong>a</strong> spent 3 %.", ())
    card = page(dataset(hourly(1, good=1, total=1), slo()), one).select_one(".pages li")
    assert (card.a["href"], card.a.get_text()) == ("01_x.html", "Why?")
    assert card.p.get_text() == "a spent 3 %."


def test_rejected_rows_are_counted_by_reason():
    """With the first lines, so that they can be looked up."""
    rejects = pd.DataFrame(
        {
            "file": ["a.csv"] * 5,
            "line": [2, 3, 5, 8, 9],
            "reason": ["staging"] * 4 + ["no time"],
            "by_rule": [True] * 4 + [False],
        }
    )
    data = dataset(hourly(1, good=1, total=1), slo(), rejects=tables.conform(rejects, "rejects"))
    rows = [
        [cell.get_text() for cell in row.find_all(["th", "td"])]
        for row in page(data).select("section[aria-labelledby=quality] tbody tr")
    ]
    assert rows == [
        ["a.csv", "no time", "refused", "1", "9"],
        ["a.csv", "staging", "left out by rule", "4", "2, 3 and 5"],
    ]


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
    assert (drawn.x, drawn.width) == (x, width)


def test_a_folder_without_evidence_is_unusable():
    """Only an SLO file: there is nothing to report on."""
    data = dataset(hourly(1, good=1, total=1), slo())
    with pytest.raises(Exception, match=r"nothing to report on.*1 rows were rejected"):
        usable(data)
