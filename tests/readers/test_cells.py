"""Cells to times and numbers: what each means, and why one means nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from srelib.errors import ReadError
from srelib.readers import cells


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-05-01T11:18:00Z", "2026-05-01T11:18:00Z"),
        ("2026-05-01T11:18:00.5Z", "2026-05-01T11:18:00.500Z"),
        ("2026-05-01T13:18:00+02:00", "2026-05-01T11:18:00Z"),
        ("2026-05-01 13:18:00 +0200", "2026-05-01T11:18:00Z"),
        ("2026-05-01 11:18:00 UTC", "2026-05-01T11:18:00Z"),
        ("1777634280", "2026-05-01T11:18:00Z"),
        ("1777634280.781", "2026-05-01T11:18:00.781Z"),
        ("1777634280000", "2026-05-01T11:18:00Z"),
        ("1777634280000000", "2026-05-01T11:18:00Z"),
        ("1777634280000000000", "2026-05-01T11:18:00Z"),
    ],
)
def test_times_of_every_kind_become_utc(cell: str, expected: str) -> None:
    """ISO 8601 with an offset and epochs of four units give the same instant."""
    assert cells.times(pd.Series([cell])).values[0] == pd.Timestamp(expected)


def test_mixed_iso_precision_is_read() -> None:
    """Fractions of seconds may come and go within a column."""
    found = cells.times(pd.Series(["2022-07-05T05:15:09Z", "2022-07-05T18:21:21.49Z"]))
    assert found.reasons.isna().all()


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("99999999999", "outside"),
        ("1970-01-01T00:00:00Z", "outside the years 2000 to 2099"),
        ("0001-01-01T00:00:00Z", "not a time|outside"),
        ("2026-02-30T00:00:00Z", "not a time"),
        ("yesterday T10:00Z", "not a time"),
    ],
)
def test_impossible_times_are_refused(cell: str, why: str) -> None:
    """Wrong units, broken clocks and dates that do not exist have a reason."""
    found = cells.times(pd.Series([cell, "2026-05-01T11:18:00Z"]))
    assert found.values.isna().tolist() == [True, False]
    assert pd.Series(found.reasons[0]).str.contains(why).all()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["31.01.2026 14:05", "1.2.2026 00:00:30"], ["2026-01-31 14:05", "2026-02-01 00:00:30"]),
        (["31/01/2026, 14:05", "02/03/2026, 01:00"], ["2026-01-31 14:05", "2026-03-02 01:00"]),
        (["1/31/2026 2:05 PM", "2/3/2026 12:00 AM"], ["2026-01-31 14:05", "2026-02-03 00:00"]),
        (["2026-01-31 14:05", "31.01.2026"], ["2026-01-31 14:05", "2026-01-31 00:00"]),
        (["31-Jan-2026 14:05", "1 März 2026"], ["2026-01-31 14:05", "2026-03-01 00:00"]),
    ],
    ids=["dots", "day first", "month first", "mixed with ISO", "names of months"],
)
def test_local_dates_are_read(column: list[str], expected: list[str]) -> None:
    """Spreadsheets of several countries give the same moments."""
    read = cells.times(pd.Series(column), timezone="UTC")
    assert read.values.tolist() == [pd.Timestamp(text, tz="UTC") for text in expected]


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (["1/2/2026 10:00", "3/4/2026 10:00"], "none of them shows which number is the month"),
        (["13/2/2026 10:00", "2/14/2026 10:00"], "'13/2/2026 10:00' has the day first and '2/14"),
    ],
    ids=["no hint", "both"],
)
def test_dates_that_read_two_ways_are_an_error(column: list[str], why: str) -> None:
    """A guess would move a deployment by months."""
    with pytest.raises(ReadError, match=f"^a.csv: dates in column 'at' such as .*{why}.*Fix: "):
        cells.times(pd.Series(column), timezone="UTC", file="a.csv", column="at")


@pytest.mark.parametrize(
    "cell", ["32.01.2026 10:00", "1.13.2026", "1.1.2026 25:00", "1/13/2026 13:00 PM"]
)
def test_local_dates_that_cannot_be_are_refused(cell: str) -> None:
    """Only that cell is lost, with the reason."""
    read = cells.times(pd.Series([cell, "2026-01-01T00:00:00Z"]), timezone="UTC")
    assert read.values.isna().tolist() == [True, False]
    assert "not a time" in read.reasons[0]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("7.47 KiB", 7649.28), ("567 B", 567), ("20.3 K", 20300), ("1.33 ms", 0.00133),
     ("99.9%", 0.999), ("250 µs", 0.00025), ("1.5 min", 90), ("2 Mil", 2e6)],
)  # fmt: skip
def test_formatted_values_are_read_with_a_warning(cell: str, expected: float) -> None:
    """Units of formatted exports are undone, and the note says that precision is lost."""
    found = cells.numbers(pd.Series([cell]))
    assert found.values[0] == pytest.approx(expected)
    assert "rounded" in found.notes[0]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["1,5", "20"], [1.5, 20]),
        (["1.721,99", "3"], [1721.99, 3]),
        (["1,721,992,142.283", "5"], [1721992142.283, 5]),
        (["0,125"], [0.125]),
    ],
)
def test_decimal_marks_are_told_from_the_cells(column: list[str], expected: list[float]) -> None:
    """A comma is a decimal mark or a thousands separator, as the column shows."""
    assert cells.numbers(pd.Series(column)).values.tolist() == expected


def test_ambiguous_commas_are_an_error_and_decimal_settles_it() -> None:
    """1,234 alone can be read two ways; sources.toml decides."""
    column = pd.Series(["1,234"])
    with pytest.raises(ReadError, match='decimal = ","'):
        cells.numbers(column)
    assert cells.numbers(column, decimal=",").values[0] == 1.234
    assert cells.numbers(column, decimal=".").values[0] == 1234


@pytest.mark.parametrize("cell", ["2026-06-01 10:1:00Z", "2026-06-01T10Z", "2026-06-01 12:01+02"])
def test_a_zone_in_the_cell_goes_before_that_of_the_file(cell: str) -> None:
    """However short the time of day is written, its own zone counts: never that of Berlin."""
    found = cells.times(pd.Series([cell, "2026-06-01 12:00"]), timezone="Europe/Berlin")
    assert found.values[1] == pd.Timestamp("2026-06-01T10:00Z")
    assert found.values[0] in pd.to_datetime(["2026-06-01T10:01Z", "2026-06-01T10:00Z"])


def test_dates_of_kibana_are_read():
    """A month by its name, with or without seconds; one that has no such name is no time."""
    written = ["Jan 5, 2026 @ 14:05:00.250", "Dec 31, 2026 @ 09:00", "Foo 5, 2026 @ 14:05:00"]
    read = cells.times(pd.Series(written), timezone="Europe/Berlin")
    assert read.values.dropna().map(str).tolist() == [
        "2026-01-05 13:05:00.250000+00:00", "2026-12-31 08:00:00+00:00",
    ]  # fmt: skip
    assert read.reasons.notna().tolist() == [False, False, True]
    with pytest.raises(ReadError, match="carry no time zone"):
        cells.times(pd.Series(written[:1]))


def test_few_cells_without_a_zone_are_refused_beside_a_format_with_one() -> None:
    """The format of the others shows the zone; nobody is asked for it because of one cell."""
    seen = ["01/Jun/2026:02:00:01 +0200", "02/Jun/2026:02:00:01 +0200", "2026-06-01 10:00:00", "-"]
    found = cells.times(pd.Series(seen), form="%d/%b/%Y:%H:%M:%S %z")
    assert found.values[:2].tolist() == [
        pd.Timestamp("2026-06-01T00:00:01Z"), pd.Timestamp("2026-06-02T00:00:01Z"),
    ]  # fmt: skip
    assert found.values[2:].isna().all()
    assert (
        found.reasons[2]
        == "this time carries no zone while others in the column do: write all with it"
    )


def test_a_short_date_with_dashes_is_left_to_the_general_rule() -> None:
    """26-03-11 may begin with its year, which no date of Jira's own does."""
    rows = pd.DataFrame({"at": ["26-03-11 22:36", "31/12/20 00:00", "31/Dec/20 1:05 PM"]})
    found = cells.jira_iso(rows, {"at": "Created"}, file="j.csv")["at"].tolist()
    assert found == ["26-03-11 22:36", "2020-12-31T00:00:00", "2020-12-31T13:05:00"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Nov 3, 2026 2:05 PM", "2026-11-03T14:05Z"),
        ("Tuesday, November 3, 2026, 2:05:07 AM", "2026-11-03T02:05:07Z"),
        ("03-Nov-2026 14:05", "2026-11-03T14:05Z"),
        ("3. März 2026 14:05", "2026-03-03T14:05Z"),
        ("2026-11-03 12:05 AM", "2026-11-03T00:05Z"),
        ("Nov 2026", "2026-11-01T00:00Z"),
        ("2026-11-03 14:05:06,123", "2026-11-03T14:05:06.123Z"),
    ],
)
def test_dates_with_a_month_by_name_or_half_days_are_read(cell: str, expected: str) -> None:
    """None of them can be read in two ways."""
    assert cells.times(pd.Series([cell]), timezone="UTC").values[0] == pd.Timestamp(expected)


@pytest.mark.parametrize(
    ("written", "form"),
    [
        (["10/28/26 14:05", "11/03/26 09:00"], "%m/%d/%y %H:%M"),
        (["28.10.26", "03.11.26"], "%d.%m.%y"),
        (["26/10/28", "26/11/03"], "%y/%m/%d"),
        (["28-OCT-26 2:05 PM", "03-NOV-26 2:05 PM"], "%d-%b-%y %I:%M %p"),
        (
            ["28-OCT-26 02.05.08.000000 PM", "03-NOV-26 02.05.08.000000 PM"],
            "%d-%b-%y %I.%M.%S.%f %p",
        ),
        (["20261028140500", "20261103140500"], "%Y%m%d%H%M%S"),
        (["28.10.2026, 14:05 Uhr", "03.11.2026, 14:05 Uhr"], "%d.%m.%Y, %H:%M Uhr"),
        (["Wed Oct 28 14:05:00 2026", "Tue Nov 03 14:05:00 2026"], "%a %b %d %H:%M:%S %Y"),
    ],
)
def test_how_other_dates_are_written_is_asked(written: list[str], form: str) -> None:
    """The proposal reads the cells; of short years the one that varies least is the year."""
    with pytest.raises(ReadError, match="time_format") as caught:
        cells.times(pd.Series(written), timezone="UTC")
    assert caught.value.asks["time_format"].value == form
    read = cells.times(pd.Series(written), timezone="UTC", form=form).values
    assert read.dt.strftime("%Y-%m-%d").tolist() == ["2026-10-28", "2026-11-03"]


@pytest.mark.parametrize("form", ["%m/%Y", "%m.%Y", "%Y%m", "%b-%y"])
def test_how_months_are_written_is_asked(form: str) -> None:
    """Months in forms that may be something else."""
    months = pd.Series(pd.to_datetime(["2025-11-01", "2025-12-01", "2026-01-01"]))
    written = months.dt.strftime(form)
    with pytest.raises(ReadError, match="time_format") as caught:
        cells.times(written, timezone="UTC")
    assert caught.value.asks["time_format"].value == form
    read = cells.times(written, timezone="UTC", form=form).values
    assert read.dt.tz_localize(None).tolist() == months.tolist()


def test_zero_among_epochs_is_what_has_not_happened_yet() -> None:
    """Tools write it as the end of what is open; alone it is no time."""
    found = cells.times(pd.Series(["1777634280", "0"]))
    assert found.values.isna().tolist() == [False, True]
    assert found.reasons.isna().all()
    assert cells.times(pd.Series(["0"])).reasons.notna().all()
