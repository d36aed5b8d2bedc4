"""What a report and the command line show of changes."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

import srelib
from srelib import tables
from srelib.report import difference, index
from srelib.report.render import Context
from tests.changes import made
from tests.findings.test_scoreboard import plain


def test_every_row_is_printed_with_the_weeks_and_the_headline(capsys):
    """The time compared first, the headline last, without markup."""
    old, new = (
        made.record(made.daily("pages", made.noisy(mean, 28, seed=seed), start=start, n=1 / 7))
        for mean, seed, start in ((2, 1, "2026-05-04"), (8, 2, "2026-06-01"))
    )
    difference.show(srelib.compare(old, new))
    lines = [plain(line).strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "4 weeks from 1 June 2026 against the 4 weeks before."
    assert lines[-1] == "1 of 1 service changed by more than chance explains: shop."
    (row,) = [line for line in lines if line.startswith("shop")]
    assert row.split()[1:4] == ["pages", "a", "week"]
    assert row.endswith("worse: more than chance explains")


def test_equal_reports_are_one_sentence_on_the_command_line_and_the_page(capsys):
    """Services are named as they are called, without a row for each of their quantities."""
    parts = [made.daily(quantity, [1.0] * 28, start="2026-05-04", service=service)
             for service in ("a_b", "c&d") for quantity in ("pages", "deployments")]  # fmt: skip
    one = made.record(*parts)
    same = srelib.compare(one, one)
    assert len(same.rows) == 4
    difference.show(same)
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == [
        "Nothing in the later report is newer than the earlier one.",
        "a_b and c&d: not enough data, the later report holds no later days.",
        "Nothing could be compared.",
    ]
    page = difference.page([difference.Compared("Since the last report", same)], CONTEXT)
    assert page.count("the later report holds no later days") == 1
    assert "<table" not in page.split("Since the last report")[1].split("</section>")[0]


CONTEXT = Context(books=(), provenance={
    "folder": "shop", "first": "a", "as_of": "b", "only": "", "rows_kept": 1, "rows_refused": 0,
    "rows_left_out": 0, "rows_missing": 0, "timezones": "", "files": [], "versions": "1",
}, places={})  # fmt: skip
LAST = pd.Timestamp("2026-06-28", tz="UTC")


def months(**more: object) -> tuple[srelib.changes.Record, srelib.changes.Record]:
    """Pages four times as frequent in the later month, of a service with a hostile name."""
    names = {"service": "<b>shop</b>"}
    old, new = (
        made.record(
            made.daily("pages", made.noisy(mean, 28, seed=seed), start=start, n=1 / 7, **names)
        )
        for mean, seed, start in ((2, 1, "2026-05-04"), (8, 2, "2026-06-01"))
    )
    return old, new


def test_the_last_weeks_are_always_compared():
    """With an earlier report that comes first; a short history says so."""
    old, new = months()
    assert [one.title for one in difference.compared(new, None)] == [
        "The last 4 weeks against the 4 before"
    ]
    first, second = difference.compared(new, old)
    assert first.title == "Since the last report"
    assert first.found.of(srelib.changes.REAL)
    assert second.found is None
    assert second.sentences[0].startswith("The data hold less than 8 weeks")


def test_the_page_has_every_row_and_no_markup_from_data():
    """Sentences, and a table with its weeks in the caption."""
    html = difference.page(difference.compared(*reversed(months())), CONTEXT)
    assert "<b>shop" not in html
    assert "&lt;b&gt;shop&lt;/b&gt;" in html
    assert "4 weeks from 1 June 2026 against" in plain(html)
    assert "worse: more than chance explains" in html


def test_the_first_page_has_the_first_sentences():
    """Headline and eight; how many more there are is said."""
    old, new = months()
    old = made.record(old.days, parameters={"02": {f"p{n}": 1 for n in range(12)}})
    new = made.record(new.days, parameters={"02": {f"p{n}": 2 for n in range(12)}})
    said = difference.short(difference.compared(new, old)[0], CONTEXT)
    assert len(said) == 10
    assert said[-1] == "5 more."


def test_the_scoreboard_shows_course_and_change():
    """Of the fields that are compared; the others stay as they were."""
    old, new = months()
    cells = tuple(index.Cell(field, "sre", "x", "1", "") for field in ("pages", "rework_rate"))
    row = index.ServiceRow("shop", "", "", "none", cells, "<b>shop</b>", "up")
    board = index.Scoreboard((row,), "", None, (), ())
    shown = difference.on_board(board, new, difference.compared(new, old)).services[0].cells
    assert shown[1] == cells[1]
    before, after = (sum(made.noisy(mean, 28, seed=seed)) / 4 for mean, seed in ((2, 1), (8, 2)))
    assert shown[0].change == f"{before:.0f} → {after:.0f} (worse)"
    assert shown[0].mood == "bad"
    assert shown[0].course.count("L") == 3


def points(path: str) -> list[tuple[str, float, float]]:
    """Commands of a path."""
    found = re.findall(r"([ML])([\d.]+) ([\d.]+)", path)
    return [(step, float(x), float(y)) for step, x, y in found]


@pytest.mark.parametrize(
    ("quantity", "ends"), [("pages", (12.0, 2.0)), ("service level", (2.0, 12.0))]
)
def test_a_course_rises_with_its_number(quantity, ends):
    """Week by week to the last one; service levels are kept as what was bad."""
    values = [float(week) for week in range(13) for _ in range(7)]
    days = made.daily(quantity, values, start="2026-03-30", n=100.0)
    path = points(difference.course(days, last=LAST))
    assert [step for step, _, _ in path] == ["M", *"L" * 12]
    assert (path[0][2], path[-1][2]) == ends
    assert (path[0][1], path[-1][1]) == (1.0, 71.0)


def test_a_course_breaks_where_nothing_is_known():
    """A gap is no line, and three weeks are no course."""
    days = made.daily("pages", [1.0] * 91, start="2026-03-30")
    gap = days[(days["day"] < "2026-05-04") | (days["day"] >= "2026-05-11")]
    path = points(difference.course(gap, last=LAST))
    assert [step for step, _, _ in path].count("M") == 2
    assert len(path) == 12
    assert {y for _, _, y in path} == {7.0}
    assert difference.course(days.tail(21), last=LAST) == ""


def test_notes_on_the_weeks_compared_are_shown(capsys):
    """On the page and on the command line, as text."""
    noted = tables.conform(pd.DataFrame({
        "service": [None], "date": [pd.Timestamp("2026-06-03", tz="UTC")],
        "note": ["<script>x</script> **sale**"]}), "annotations")  # fmt: skip
    old, new = (replace(one, annotations=noted) for one in months())
    html = difference.page(difference.compared(new, old), CONTEXT)
    assert "<script" not in html
    assert plain(html).count("3 June 2026, every service: &lt;script&gt;x") == 1
    assert "**sale**" in html
    difference.show(srelib.compare(old, new))
    last = plain(capsys.readouterr().out.splitlines()[-1])
    assert last == "3 June 2026, every service: <script>x</script> **sale**"
