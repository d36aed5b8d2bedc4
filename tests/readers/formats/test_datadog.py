"""Histories of SLOs and queries of Datadog."""

from __future__ import annotations

import json

import pytest

from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.sources import Source
from tests.readers.reading import at, noted
from tests.readers.shapes import datadog_query, slo_history


def read_answer(folder, content, form="datadog_slo", **said):
    """The answer as a file, with its records conserved."""
    path = folder / "d.json"
    path.write_text(json.dumps(content))
    found, result = recognition.read(path, root=folder, source=Source(match="*", **said))
    assert found == form
    assert result.rows_read == result.rows_kept + result.rows_rejected
    return result


def test_a_history_brings_good_and_total(tmp_path):
    """Times are in ms; service and name come from the SLO."""
    result = read_answer(tmp_path, slo_history(9, 10, 7))
    sli = result.tables["sli"]
    assert sli["time"].tolist() == [at("06-01T10:00"), at("06-01T10:05"), at("06-01T10:10")]
    assert (sli["good"].tolist(), sli["total"].tolist()) == ([9, 10, 7], [10, 10, 10])
    (series,) = result.series
    assert (series.service, series.sli) == ("checkout", "Checkout availability")
    assert series.step_seconds == 300


def test_the_target_of_datadog_is_told_and_not_used(tmp_path):
    """In percent there, a fraction here."""
    assert noted(read_answer(tmp_path, slo_history(9)), "99.5 % over 30d", "target: 0.995")


def test_a_history_without_counts_is_refused(tmp_path):
    """SLOs of monitors have none."""
    with pytest.raises(ReadError, match=r"has no counts \(type 'monitor'\)"):
        read_answer(tmp_path, slo_history(type="monitor", series={"times": [1]}))


def test_a_history_without_a_service_asks_for_it(tmp_path):
    """No tag names one."""
    bare = slo_history(9, 10, slo={"name": "A", "tags": ["team:pay"]})
    with pytest.raises(ReadError, match=r'Fix: add service = "\.\.\."'):
        read_answer(tmp_path, bare)
    assert read_answer(tmp_path, bare, service="shop").series[0].service == "shop"


SERIES = [{"bad": "errors{service:shop}", "total": "hits{service:shop}"}]


def test_a_query_of_counts_says_so_itself(tmp_path):
    """`.as_count()` in the text of the query; null is no value."""
    query = datadog_query(hits=[10, 20, 30], errors=[1, None, 3])
    result = read_answer(tmp_path, query, "datadog", service="shop", series=SERIES, absent="zero")
    sli = result.tables["sli"]
    assert (sli["good"].tolist(), sli["total"].tolist()) == ([9, 20, 27], [10, 20, 30])


def test_samples_that_contradict_each_other_are_refused(tmp_path):
    """Two values of errors at one time: that bucket is unknown."""
    query = datadog_query(hits=[10, 20, 30], errors=[1, 2, 3])
    for series in query["series"]:
        if series["metric"] == "errors":
            first = series["pointlist"][0]
            series["pointlist"].append([first[0], first[1] + 2])
    result = read_answer(tmp_path, query, "datadog", service="shop", series=SERIES)
    assert result.tables["sli"]["good"].tolist() == [18, 27]
    assert result.rejects["reason"].str.contains("another sample of this series").all()
    assert len(result.rejects) == 1


def test_an_objective_of_several_services_asks_for_one(tmp_path):
    """The first tag is as good as the next."""
    content = slo_history(9, 10)
    content["data"]["slo"]["tags"] = ["service:checkout", "service:cart"]
    with pytest.raises(ReadError, match="of several services") as caught:
        read_answer(tmp_path, content)
    assert caught.value.asks["service"].value == "checkout"
    (series,) = read_answer(tmp_path, content, service="cart").series
    assert series.service == "cart"


@pytest.mark.parametrize("interval", [True, None, "60", -1, 1e12])
def test_an_interval_that_is_none_is_not_used(tmp_path, interval):
    """The spacing of the points says how long a bucket is."""
    query = datadog_query(hits=[10, 10], errors=[1, 1])
    for series in query["series"]:
        series["interval"] = interval
    (series,) = read_answer(tmp_path, query, "datadog", service="shop", series=SERIES).series
    assert series.step_seconds is None


def test_a_rate_becomes_events_by_the_interval(tmp_path):
    """10 a second for a minute are 600."""
    query = json.loads(json.dumps(datadog_query(hits=[10, 10], errors=[1, 1])).replace(
        "as_count", "as_rate"))  # fmt: skip
    result = read_answer(tmp_path, query, "datadog", service="shop", series=SERIES)
    assert result.tables["sli"]["total"].tolist() == [600, 600]


def test_a_query_that_does_not_say_its_unit_asks_for_it(tmp_path):
    """The names of the series stand in the block to paste."""
    query = datadog_query(hits=[10], errors=[1])
    for series in query["series"]:
        series["expression"] = "sum:x{*}"
    with pytest.raises(ReadError, match="whether its values are counts") as error:
        read_answer(tmp_path, query, "datadog", service="shop", series=SERIES)
    assert "bad = 'errors{service:shop}'" in str(error.value)
