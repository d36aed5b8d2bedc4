"""The exact words about the data: read, refused, observed, missing."""

from types import SimpleNamespace

import pandas as pd
import pytest

from srelib import tables, windows
from srelib.findings import quality as spoken_quality
from srelib.fleet import Indicator
from srelib.quality import Profile

WINDOW = windows.Window.parse("28d")


SHOP = Indicator("shop", "shop", "availability", target=0.999, window=WINDOW)


NASTY = Indicator("<b>*x*", "x", "availability", target=0.99, window=WINDOW)


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def said(*found) -> str:
    """Sentences, one after the other, with ordinary spaces."""
    return plain(" ".join(one.sentence for one in found))


def folder(read: pd.DataFrame, refused: pd.DataFrame, **given: pd.DataFrame) -> list:
    """What is said of a folder that has all kinds of exports but for the empty ones given."""
    here = pd.DataFrame({"service": ["a"]})
    series = tables.empty("series")
    dataset = SimpleNamespace(**dict.fromkeys(spoken_quality.HOW_TO, here) | given,
                              sources=read, rejects=refused, series=series)  # fmt: skip
    found = spoken_quality.folder_sentences(
        dataset, coverage={}, trouble=pd.DataFrame(), unmeasured={}
    )
    return [one for one in found if one]


def sources(*, rejected: int) -> pd.DataFrame:
    """One file of a thousand rows."""
    return pd.DataFrame(
        {"rows_read": [1000], "rows_kept": [1000 - rejected], "rows_rejected": [rejected]}
    )


@pytest.mark.parametrize(
    ("rejected", "left_out", "text"),
    [
        (0, 0, "All 1,000 rows of 1 file were kept."),
        (3, 0, "1,000 rows of 1 file were read: 997 kept, **3 refused** (0.3 %), 0 left out by "
               "rule."),
        (3, 2, "1,000 rows of 1 file were read: 997 kept, **1 refused** (0.1 %), 2 left out by "
               "rule."),
        (2, 2, "1,000 rows of 1 file were read: 998 kept, 2 left out by rule."),
    ],
)  # fmt: skip
def test_files_sentence_adds_up(rejected, left_out, text):
    """Kept, refused and left out add up to what was read, to the last row."""
    found = rejects(*[("a.csv", "bad", n < left_out) for n in range(rejected)])
    assert said(folder(sources(rejected=rejected), found)[0]) == text


def test_no_file_is_said():
    """An empty folder has no rows to add up."""
    nothing = sources(rejected=0)[:0]
    assert said(folder(nothing, rejects())[0]) == "No file was read."


def rejects(*rows: tuple[str, str, bool]) -> pd.DataFrame:
    """Rejects of a file, each with reason and whether a rule leaves them out."""
    frame = pd.DataFrame(rows, columns=["file", "reason", "by_rule"]).assign(line=2)
    return tables.conform(frame, "rejects")


def test_rows_left_out_by_rule_are_not_called_refused():
    """Staging deployments are sound rows; their number must not hide the one that is wrong."""
    rule = [("d.json", "not an environment asked for", True)] * 110
    both = rejects(*rule, ("d.json", "no time", False), ("c.csv", "no time", False))
    table = spoken_quality.rejects_table(both)
    assert [row[-2:] for row in table.rows] == [
        ("refused", "1"), ("refused", "1"), ("left out by rule", "110"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("overall", "start"),
    [
        ({SHOP: 1.0, NASTY: 1.0}, "Every series was observed without a gap."),
        ({SHOP: 1.0}, "The series was observed without a gap."),
        ({SHOP: 0.5}, "**shop** was observed 50 % of its time; the rest is unknown"),
        ({SHOP: 1.0, NASTY: 0.99996},
         "**&#60;b&#62;\\*x\\*** was observed least: 99.996 % of its time (1 of 2 series have no"),
        ({}, "There is no series to judge here."),
    ],
)  # fmt: skip
def test_coverage_sentence_never_rounds_a_gap_away(overall, start):
    """99.996 % is not all."""
    found = spoken_quality.coverage_sentence(overall)
    assert said(found).startswith(start)
    current = spoken_quality.coverage_sentence(overall, current=True)
    if " of its time" in found.sentence:
        assert current.sentence == found.sentence.replace("its time", "its current window")
        assert (found.window, current.window) == ("all the data", str(SHOP.window))


def test_missing_inputs_come_with_how_to_export_them():
    """Each missing kind is named with its remedy; what is there is not."""
    gone = {
        kind: tables.empty(kind) for kind in tables.EXPORTS if kind not in ("sli", "deployments")
    }
    text = said(*folder(sources(rejected=0), rejects(), **gone))
    assert "**incidents** (the incident list of the paging tool as CSV" in text
    assert "**deployments**" not in text


def test_unmeasured_objectives_say_what_to_do():
    """The error of the loader, with its fix, reaches the page escaped."""
    text = spoken_quality.unmeasured_sentence({SHOP: ValueError("no data for *shop*")})
    assert said(text) == "**1 objective has no data**: **shop**. no data for \\*shop\\*"
    assert spoken_quality.unmeasured_sentence({}) == ""


def profile(*, gaps: int = 0, no_traffic: float = 0.0) -> Profile:
    """A series of minutes with so many gaps of an hour."""
    hour, start = pd.Timedelta("1h"), pd.Timestamp("2026-06-01T12:00", tz="UTC")
    longest = (hour, start) if gaps else (pd.Timedelta(0), pd.NaT)
    return Profile(pd.Timedelta("1min"), 1000.0, 1 - gaps / 10, gaps, *longest, no_traffic)


def test_gaps_are_counted_and_the_longest_named():
    """With its series and start; nothing where there is none."""
    profiles = {SHOP: profile(gaps=2), NASTY: profile(gaps=1), Indicator("c"): profile()}
    assert said(*spoken_quality.series_sentences(profiles)) == (
        "3 gaps in 2 series; the longest lasts 1 h, in **shop** availability from "
        "1 June 2026 12:00 UTC."
    )
    whole = said(*spoken_quality.series_sentences({SHOP: profile()}))
    assert whole == "There is no gap in any series."


def test_series_without_traffic_are_named():
    """Only those idle for most of their time."""
    profiles = {SHOP: profile(no_traffic=0.75), NASTY: profile(no_traffic=0.5)}
    assert said(*spoken_quality.series_sentences(profiles)[1:]) == (
        "**shop** availability had no traffic in 75 % of its buckets; these are neither good nor "
        "bad."
    )


def test_the_table_of_series_has_a_row_for_each():
    """Bucket, sum, coverage, gaps, idle buckets."""
    table = spoken_quality.series_table({SHOP: profile(gaps=1, no_traffic=0.25)})
    assert [plain(cell) for cell in table.rows[0]] == [
        "shop", "availability", "1 min", "1,000", "events", "90 %", "1", "1 h", "25 %",
    ]  # fmt: skip
