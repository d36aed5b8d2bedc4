"""Answers of CloudWatch."""

from __future__ import annotations

import json

import pytest

from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.sources import Source
from tests.readers.reading import at, noted
from tests.readers.shapes import cloudwatch

TIMES = [f"2026-06-01T10:{minute:02d}:00+00:00" for minute in (0, 5, 10)]
SAID = {
    "service": "shop", "unit": "count", "absent": "zero",
    "series": [{"bad": "5XX", "total": "RequestCount"}],
}  # fmt: skip
ANSWER = cloudwatch(RequestCount=dict(zip(TIMES, (10, 20, 30), strict=True)),
                    **{"5XX": {TIMES[1]: 4}})  # fmt: skip


def read_answer(folder, content, form="cloudwatch", **said):
    """The answer as a file, with its records conserved."""
    path = folder / "c.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    found, result = recognition.read(path, root=folder, source=Source(match="*", **said))
    assert found == form
    assert result.rows_read == result.rows_kept + result.rows_rejected
    return result


def test_series_stand_beside_each_other_whatever_their_order(tmp_path):
    """Newest first; errors exist only where there were some, and absent says what that means."""
    sli = read_answer(tmp_path, ANSWER, **SAID).tables["sli"].sort_values("time")
    assert sli["time"].tolist() == [at("06-01T10:00"), at("06-01T10:05"), at("06-01T10:10")]
    assert sli["total"].tolist() == [10, 20, 30]
    assert sli["good"].tolist() == [10, 16, 30]


def test_without_absent_a_missing_count_is_unknown(tmp_path):
    """Only one of three buckets has both."""
    result = read_answer(tmp_path, ANSWER, **{k: v for k, v in SAID.items() if k != "absent"})
    assert result.rows_missing == 2


def test_pages_are_one_answer(tmp_path):
    """Whatever the page a value stands on."""
    pages = [cloudwatch(RequestCount={TIMES[0]: 10}, **{"5XX": {}}),
             cloudwatch(RequestCount={TIMES[1]: 20}, **{"5XX": {TIMES[1]: 4}})]  # fmt: skip
    text = "\n".join(json.dumps(page) for page in pages)
    assert read_answer(tmp_path, text, **SAID).tables["sli"]["total"].sum() == 30


def test_what_the_answer_does_not_say_is_asked_for(tmp_path):
    """The statistic is not in it: the block to paste names the series."""
    with pytest.raises(ReadError, match=r"which statistic") as error:
        read_answer(tmp_path, ANSWER)
    for line in ("match = 'c.json'", 'unit = "count"', "bad = '5XX'", "total = 'RequestCount'"):
        assert line in str(error.value)


def test_an_answer_that_is_not_whole_says_so(tmp_path):
    """PartialData with a token for more; messages of CloudWatch are shown."""
    partial = json.loads(json.dumps(ANSWER)) | {"NextToken": "x"}
    partial["MetricDataResults"][0]["StatusCode"] = "PartialData"
    partial["Messages"] = [{"Code": "C", "Value": "Too much"}]
    result = read_answer(tmp_path, partial, **SAID)
    assert noted(result, "'RequestCount'", "PartialData", "NextToken")
    assert noted(result, "CloudWatch says: Too much")


@pytest.mark.parametrize(("again", "good"), [(7, [16, 30]), (1, [9, 16, 30])])
def test_samples_that_contradict_each_other_are_refused(tmp_path, again, good):
    """Two values at one time: the bucket is unknown; the same value twice counts once."""
    pages = [cloudwatch(RequestCount=dict(zip(TIMES, (10, 20, 30), strict=True)),
                        **{"5XX": dict(zip(TIMES, (1, 4, 0), strict=True))}),
             cloudwatch(RequestCount={}, **{"5XX": {TIMES[0]: again}})]  # fmt: skip
    result = read_answer(tmp_path, "\n".join(map(json.dumps, pages)), **SAID)
    assert result.tables["sli"].sort_values("time")["good"].tolist() == good
    (reason,) = result.rejects["reason"]
    assert ("differs" if again == 7 else "repeats") in reason


@pytest.mark.parametrize(
    "labels", [("request_count", "error_count"), ("Requests", "Errors"), ("all", "5XX")]
)
def test_labels_that_say_what_they_count_need_no_series(tmp_path, labels):
    """Names of columns that are known anywhere, or those that columns names."""
    whole, bad = labels
    content = cloudwatch(**{whole: {TIMES[0]: 10, TIMES[1]: 20}, bad: {TIMES[0]: 1, TIMES[1]: 2},
                            "CPU": {TIMES[0]: 50, TIMES[1]: 60}})  # fmt: skip
    said = {"columns": {"total": "all", "bad": "5XX"}} if bad == "5XX" else {}
    result = read_answer(tmp_path, content, service="shop", unit="count", **said)
    assert result.tables["sli"].sort_values("time")["good"].tolist() == [9, 18]
    assert noted(result, "series not used: 'CPU'")


def point(at, **values):
    """A data point of get-metric-statistics."""
    return {"Timestamp": at, "Unit": "Count"} | values


STATISTICS = [
    {"Label": "RequestCount", "Datapoints": [point(TIMES[1], Sum=20.0), point(TIMES[0], Sum=10.0)]},
    {"Label": "5XX", "Datapoints": [point(TIMES[1], Sum=4.0)]},
]


def test_statistics_are_named_by_label_and_statistic(tmp_path):
    """Sums are counts, and the points come in no order."""
    said = {
        "service": "shop",
        "absent": "zero",
        "series": [{"bad": "5XX Sum", "total": "RequestCount Sum"}],
    }
    result = read_answer(tmp_path, STATISTICS, "cloudwatch_statistics", **said)
    sli = result.tables["sli"].sort_values("time")
    assert (sli["good"].tolist(), sli["total"].tolist()) == ([10, 16], [10, 20])


def test_an_average_is_no_count(tmp_path):
    """Its unit must be said."""
    average = {"Label": "Errors", "Datapoints": [point(TIMES[0], Average=0.5)]}
    said = {"service": "shop", "series": [{"bad": "Errors Average", "total": "Errors Average"}]}
    with pytest.raises(ReadError, match="Errors Average"):
        read_answer(tmp_path, average, "cloudwatch_statistics", **said)


def test_an_empty_answer_is_an_error(tmp_path):
    """With what to do."""
    with pytest.raises(ReadError, match="no value in this answer"):
        read_answer(tmp_path, {"MetricDataResults": [], "Messages": []})


def test_a_series_without_points_is_there_all_the_same(tmp_path):
    """A metric of errors has none while there are no errors."""
    quiet = cloudwatch(RequestCount={TIMES[0]: 10, TIMES[1]: 20}, **{"5XX": {}})
    sli = read_answer(tmp_path, quiet, **SAID).tables["sli"].sort_values("time")
    assert sli["good"].tolist() == sli["total"].tolist() == [10, 20]
    said = SAID | {"series": [{"bad": "5XX Sum", "total": "RequestCount Sum"}]}
    content = [STATISTICS[0], {"Label": "5XX", "Datapoints": []}]
    sli = read_answer(tmp_path, content, "cloudwatch_statistics", **said).tables["sli"]
    assert sli["good"].tolist() == sli["total"].tolist()
