"""Counts, rates, counters, ratios and values become good and total."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from srelib.errors import ReadError
from srelib.readers import counts
from tests.readers.test_generic import at, metric_rows, minute_csv, read_metrics


@pytest.mark.parametrize(
    ("header", "line", "column", "value", "why"),
    [
        (
            "time,service,good,total",
            "shop,11,10",
            "good",
            "11 of 10",
            "good is more than total: check both columns",
        ),
        (
            "time,service,bad,total",
            "shop,11,10",
            "bad",
            "11 of 10",
            "bad is more than total: check both columns",
        ),
        ("time,service,good,total", "shop,-1,10", "good", "-1", "negative: check the column"),
        ("time,service,good,total", "shop,Infinity,10", "good", "Infinity", "infinite"),
        (
            "time,service,good,total",
            "shop,a,10",
            "good",
            "a",
            "not a number: write digits, such as 12.5",
        ),
        ("time,service,good,total", ",1,10", "service", "<NA>", "service is missing"),
        (
            "time,service,ratio",
            "shop,1.5",
            "ratio",
            "1.5",
            "a share above 1: check the column",
        ),
        ("time,service,ratio", "shop,-0.5", "ratio", "-0.5", "negative: check the column"),
    ],
)
def test_impossible_rows_are_rejects_with_line_column_value_and_reason(
    tmp_path: Path, header: str, line: str, column: str, value: str, why: str
) -> None:
    """A row that cannot be true is refused and counted; its neighbours stay."""
    fine = "shop,0.5" if "ratio" in header else "shop,1,10"
    result = read_metrics(tmp_path, minute_csv(header, fine, line, fine))
    reject = result.rejects.iloc[0]
    assert (reject["file"], reject["line"], reject["column"]) == ("a.csv", 3, column)
    assert value == "<NA>" or reject["value"] == value
    assert pd.Series([reject["reason"]]).str.contains(why).all()
    assert (result.rows_read, result.rows_kept, len(result.rejects)) == (3, 2, 1)
    assert [row[0] for row in metric_rows(result)] == [0, 2]


def test_no_value_is_unknown_and_not_zero(tmp_path: Path) -> None:
    """A row without a value is kept as missing: no bucket, no reject."""
    result = read_metrics(
        tmp_path, minute_csv("time,service,good,total", "a,1,2", "a,undefined,2", "a,,")
    )
    assert metric_rows(result) == [[0, "a", 1, 2]]
    assert (result.rows_read, result.rows_kept, result.rows_missing) == (3, 3, 2)
    assert any("unknown, not zero" in note for note in result.notes)


def test_zero_total_is_observed(tmp_path: Path) -> None:
    """No traffic is a row with total 0, also where the other part has no series."""
    result = read_metrics(tmp_path, minute_csv("time,service,bad,total", "a,0,0", "a,undefined,0"))
    assert metric_rows(result) == [[0, "a", 0, 0], [1, "a", 0, 0]]


def test_rates_are_multiplied_by_the_step_and_say_so(tmp_path: Path) -> None:
    """Events per second times 60 s, marked as an estimate."""
    result = read_metrics(
        tmp_path, minute_csv("time,service,good,total", "a,0.5,1", "a,1,2"), unit="rate"
    )
    assert metric_rows(result) == [[0, "a", 30, 60], [1, "a", 60, 120]]
    assert "estimated from a rate" in str(result.series[0].note)


def test_counters_give_increases_and_survive_a_reset(tmp_path: Path) -> None:
    """Increase belongs to the bucket it began in; after a reset the new value counts."""
    lines = ["a,100,110", "a,150,165", "a,10,12", "a,30,40"]
    result = read_metrics(tmp_path, minute_csv("time,service,good,total", *lines), unit="counter")
    assert metric_rows(result) == [[0, "a", 50, 55], [1, "a", 10, 12], [2, "a", 20, 28]]
    assert (result.rows_kept, result.rows_missing) == (4, 1)


def test_counter_gap_longer_than_two_steps_is_unknown(tmp_path: Path) -> None:
    """What grew while nobody looked is not spread over the gap."""
    lines = [f"{at(minute)},a,{minute},{minute * 10}" for minute in (0, 1, 2, 4, 9, 10)]
    text = "\n".join(["time,service,good,total", *lines]) + "\n"
    assert metric_rows(read_metrics(tmp_path, text, unit="counter")) == [
        [0, "a", 1, 10], [1, "a", 1, 10], [2, "a", 2, 20], [9, "a", 1, 10],
    ]  # fmt: skip


def test_counters_of_several_services_do_not_mix(tmp_path: Path) -> None:
    """Each series is differenced on its own, in any order of rows."""
    lines = [f"{at(m)},{s},{v},{v}" for m in (1, 0) for s, v in (("a", 5 + m), ("b", 70 + 2 * m))]
    text = "\n".join(["time,service,good,total", *lines]) + "\n"
    assert sorted(metric_rows(read_metrics(tmp_path, text, unit="counter"))) == [
        [0, "a", 1, 1],
        [0, "b", 2, 2],
    ]


def test_ratio_alone_is_weighted_by_time(tmp_path: Path) -> None:
    """Good is the share of the bucket's seconds; the series says so."""
    result = read_metrics(tmp_path, minute_csv("time,service,ratio", "a,0.5", "a,1", "a,NaN"))
    assert metric_rows(result) == [[0, "a", 30, 60], [1, "a", 60, 60]]
    assert (result.series[0].weighting, result.rows_missing) == ("time", 1)


@pytest.mark.parametrize(
    ("op", "good"), [("lte", [60, 60, 0]), ("lt", [60, 0, 0]), ("gt", [0, 0, 60])]
)
def test_value_is_good_when_it_keeps_to_the_threshold(
    tmp_path: Path, op: str, good: list[float]
) -> None:
    """A measured value makes the whole bucket good or bad."""
    result = read_metrics(
        tmp_path, minute_csv("time,service,value", "a,0.2", "a,0.3", "a,0.4"),
        unit="value", threshold=0.3, op=op,
    )  # fmt: skip
    assert result.tables["sli"]["good"].tolist() == good
    assert result.tables["sli"]["total"].tolist() == [60, 60, 60]


def test_values_that_contradict_each_other_are_all_refused(tmp_path: Path) -> None:
    """Two latencies for one minute: neither is believed, even where both would be good."""
    text = minute_csv("time,service,value", "a,0.2", "a,0.1") + f"{at(1)},a,0.15\n"
    result = read_metrics(tmp_path, text, unit="value", threshold=0.3, op="lte", step="1m")
    assert [row[0] for row in metric_rows(result)] == [0]
    assert result.rejects["line"].tolist() == [3, 4]


def test_single_rate_needs_a_step(tmp_path: Path) -> None:
    """From one time no step can be told."""
    with pytest.raises(ReadError, match="step = "):
        read_metrics(tmp_path, minute_csv("time,service,good,total", "a,1,2"), unit="rate")


@pytest.mark.parametrize(("absent", "kept"), [("unknown", [8]), ("zero", [8, 10])])
def test_empty_errors_of_a_long_csv_are_unknown_unless_said(
    tmp_path: Path, absent: str, kept: list[int]
) -> None:
    """A row with a total and no errors is unknown; with absent = "zero" it is good."""
    text = minute_csv("time,service,errors,requests", "shop,2,10", "shop,,10")
    result = read_metrics(tmp_path, text, absent=absent)
    assert result.tables["sli"]["good"].tolist() == kept


def test_counters_are_differenced_before_they_are_added_up(tmp_path: Path) -> None:
    """A reset of one column does not make the sum look reset."""
    spec = {"service": "api", "good": ["a", "b"], "total": ["a", "b", "c"]}
    text = minute_csv("time,a,b,c", "1000,50,0", "1010,5,1", "1020,9,1")
    result = read_metrics(tmp_path, text, unit="counter", series=[spec])
    assert metric_rows(result) == [[0, "api", 15, 16], [1, "api", 14, 14]]


def test_a_dip_of_a_counter_is_no_restart():
    """100 to 115 are 15 events, whatever one late sample said in between."""
    frame = pd.DataFrame({
        "time": pd.date_range("2026-06-01", periods=5, freq="min", tz="UTC", unit="us"),
        "service": pd.Categorical(["a"] * 5), "sli": pd.Categorical(["b"] * 5),
        "good": [100.0, 110, 108, 112, 115], "total": [100.0, 110, 108, 112, 115],
    })  # fmt: skip
    built = counts.build(frame, counts.NumberRule("counter"))
    assert built.sli["total"].sum() == 15
    assert "2 samples late" in built.notes[0]


def test_numbers_beyond_all_counting_are_refused():
    """Ten times 10^308 is no sum of events."""
    frame = pd.DataFrame({
        "time": pd.date_range("2026-06-01", periods=2, freq="min", tz="UTC", unit="us"),
        "service": pd.Categorical(["a"] * 2), "sli": pd.Categorical(["b"] * 2),
        "good": [1.0, 1e308], "total": [1e308, 2.0],
    })  # fmt: skip
    built = counts.build(frame, counts.NumberRule("count"))
    assert len(built.sli) == 0
    assert (
        built.refused["reason"].tolist()
        == ["more than 10^18, no count of anything: check the column"] * 2
    )
