"""Results as tables of a notebook: what they hold, and that names from data stay text."""

import re

from srelib import budget, events, load, simulate, tradeoff
from srelib.alerts import replay
from srelib.shown import HtmlTable, estimates
from srelib.stats import Estimate


def cells(result) -> list[list[str]]:
    """The cells of a result's table, row by row; a table nobody could read aloud fails."""
    page = result._repr_html_()
    assert re.search(r'<div [^>]*role="region" aria-label="[^"]+" tabindex="0"', page)
    assert "<caption" in page
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    assert all('<th scope="' in row for row in rows)
    plain = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[text.replace("\u00a0", " ") for text in row] for row in plain]


def test_a_status_shows_its_budget():
    """1,000 events at 99 % allow 10; 4 are spent."""
    found = budget.status(996, 1000, target=0.99)
    assert cells(found) == [
        ["budget", "bad events", "share"],
        ["allowed", "10", "100 %"],
        ["spent", "4", "40 %"],
        ["left", "6", "60 %"],
    ]
    assert "target of 99\u00a0%; 99.6\u00a0% are good" in found._repr_html_()


def test_a_score_shows_what_was_detected(one_outage):
    """The outage of an hour is one budget event, and the one page detects it."""
    found = replay(one_outage["good"], one_outage["total"], target=0.99, period="28d",
                   policy="workbook", candidates={}).score  # fmt: skip
    rows = {row[0]: row[1:] for row in cells(found)}
    assert rows["events detected"][0] == "100 %"
    assert rows["pages that detected one"][3] == "1"


def test_an_effect_shows_its_cost_with_the_interval():
    """As in its values, and how many deployments were left out."""
    fleet = simulate.fleet(seed=1).dataset
    service = fleet.deployments["service"].iloc[0]
    counts = fleet.counts(service)
    found = tradeoff.deployment_effect(
        counts["good"], counts["total"], events.of_service(fleet.deployments, service), target=0.99
    )
    _, excess, share = cells(found)
    assert excess[-1] == share[-1] == str(found.deployments)
    assert share[0] == "share of the error budget"
    assert f"{len(found.left_out)} of " in found._repr_html_()


def test_a_dataset_shows_what_each_file_was_read_as(tmp_path):
    """Rows kept, left out by a rule and refused, of each file; markup in a name stays text."""
    (tmp_path / "deployments.csv").write_text(
        "deployment_id,service,environment,finished_at,status\n"
        "d1,<b>shop,production,2026-06-07T04:00:00Z,succeeded\n"
        "d2,<b>shop,staging,2026-06-07T05:00:00Z,succeeded\n"
        "d3,<b>shop,production,never,succeeded\n"
    )
    found = load(tmp_path)
    head, row = cells(found)
    assert head[:2] == ["file", "read as"]
    assert row[:2] == ["deployments.csv", "records: deployments"]
    assert row[2:] == ["1", "1", "1", "2026-06-07 04:00", "2026-06-07 04:00"]
    assert "&lt;b&gt;shop" in found._repr_html_()
    assert "<b>" not in found._repr_html_()


def test_what_is_unknown_says_so():
    """An estimate without an interval has a table, too."""
    nothing = Estimate(float("nan"), float("nan"), float("nan"), 0, 0.95, "none")
    assert cells(estimates("Nothing", {"x": (nothing, str)}))[1] == ["x", *["unknown"] * 3, "0"]


def test_long_tables_are_folded_after_eight_rows():
    """What is folded has the headers again."""
    rows = tuple((str(n),) for n in range(20))
    page = HtmlTable("Numbers", ("n",), rows, (True,))._repr_html_()
    shown, _, folded = page.partition("<details>")
    assert shown.count("<tr>") == 9
    assert folded.count("<tr>") == 13
    assert "12 more of 20 rows" in folded
