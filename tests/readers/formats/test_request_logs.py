"""Logs with one row or line per request, counted per minute without being told how."""

from __future__ import annotations

import gzip

import pytest

from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.sources import Source
from tests.readers.reading import noted

JMETER = """timeStamp,elapsed,label,responseCode,success
1780272000179,833,GET /,200,true
1780272001292,825,GET /,200,false
1780272060292,25,GET /,200,true
"""
K6 = """metric_name,timestamp,metric_value,method,service,status,url
http_reqs,1780272000,1.000000,GET,,200,http://x.example/
http_req_duration,1780272000,116.1,GET,,200,http://x.example/
http_req_failed,1780272000,0.000000,GET,,200,http://x.example/
http_req_failed,1780272001,1.000000,GET,,500,http://x.example/
"""
COMBINED = r"""10.0.0.7 - - [01/Jun/2026:02:00:01 +0200] "GET /a?x=1,2 HTTP/1.1" 200 23 "-" "M;"
::1 - bob [01/Jun/2026:02:00:05 +0200] "POST /b HTTP/1.1" 503 - "-" "curl"
203.0.113.7 - - [01/Jun/2026:02:01:01 +0200] "\x16\x03\"" 400 150 "-" "-" 0.004

nonsense
203.0.113.7 - - [99/Jun/2026:02:01:01 +0200] "GET / HTTP/1.1" 200 150
203.0.113.7 - - [01/Jun/2026:02:01:02 +0200] "GET / HTTP/1.1" - 0
"""
ALB = """https 2026-06-01T00:00:01.316365Z app/a 203.0.113.9:1 10.1.2.3 0.1 0.9 0.0 200 200 3 4 "-"
h2 2026-06-01T00:00:02.316365Z app/a 203.0.113.9:1 - -1 -1 -1 503 - 30 4 "GET h" "M" - - arn "x"
https 2026-06-01T00:01:03.316365Z app/a 203.0.113.9:1 10.1.2.3 0.1 2.5 0.0 200 200 3 4 "-"
"""


def read(folder, form, text, **said):
    """Result of reading a log of the shop, with conservation checked on the way."""
    path = folder / "log.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    source = Source(match="*", **({"service": "shop"} | said))
    found, result = recognition.read(path, root=folder, source=source)
    assert found == form
    assert result.rows_read == result.rows_kept + result.rows_rejected
    return result


def counted(result):
    """Good and total of each bucket."""
    return result.tables["sli"][["good", "total"]].values.tolist()


def test_samples_of_jmeter_are_good_where_they_succeeded(tmp_path):
    """One of two in the first minute."""
    result = read(tmp_path, "jmeter", JMETER)
    assert counted(result) == [[1, 2], [1, 1]]
    assert result.series[0].service == "shop"
    assert counted(read(tmp_path, "jmeter", JMETER, unit="event")) == [[1, 2], [1, 1]]


def test_another_condition_makes_another_indicator(tmp_path):
    """Two of three took longer than 300 ms."""
    result = read(tmp_path, "jmeter", JMETER, good="elapsed <= 300", sli="latency")
    assert counted(result) == [[0, 2], [1, 1]]
    assert result.series[0].sli == "latency"


def test_a_row_of_k6_per_request_counts_and_the_others_are_left_out(tmp_path):
    """Those of other metrics are counted by kind."""
    result = read(tmp_path, "k6", K6)
    assert counted(result) == [[1, 2]]
    assert result.rejects[["line", "column", "value", "by_rule"]].values.tolist() == [
        [2, "metric_name", "http_reqs", True], [3, "metric_name", "http_req_duration", True],
    ]  # fmt: skip
    assert noted(result, "2 records left out by metric_name")


@pytest.mark.parametrize("packed", [False, True])
def test_lines_of_a_web_server_are_good_below_500(tmp_path, packed):
    """Times with their offset; lines that are none and cells that are none keep their line."""
    text = gzip.compress(COMBINED.encode()) if packed else COMBINED
    result = read(tmp_path, "access_log", text)
    assert counted(result) == [[1, 2], [1, 1]]
    assert str(result.tables["sli"]["time"][0]) == "2026-06-01 00:00:00+00:00"
    assert result.rejects[["line", "column"]].fillna("").values.tolist() == [
        [5, ""], [6, "time"], [7, "status"],
    ]  # fmt: skip
    assert result.rejects["value"].tolist()[0] == "nonsense"


def test_a_condition_may_ask_for_any_part_of_a_line(tmp_path):
    """Only what was posted is bad here."""
    result = read(tmp_path, "access_log", "\n".join(COMBINED.splitlines()[:2]),
                  good="method = 'GET' and path != '/x'")  # fmt: skip
    assert counted(result) == [[1, 2]]


def test_a_server_of_several_sites_names_them(tmp_path):
    """As Apache writes `vhost_combined`; a line without a site is refused."""
    lines = COMBINED.splitlines()[:3]
    text = "\n".join([f"shop.example:443 {lines[0]}", f"docs.example:443 {lines[1]}", lines[2]])
    result = read(tmp_path, "access_log", text, service=None, columns={"service": "vhost"})
    assert result.tables["sli"]["service"].tolist() == ["docs.example:443", "shop.example:443"]
    assert result.rejects[["line", "column"]].values.tolist() == [[3, "vhost"]]


def test_where_chooses_lines(tmp_path):
    """The others are left out by rule."""
    result = read(tmp_path, "access_log", COMBINED, where={"method": "GET"})
    assert counted(result) == [[1, 1]]
    left = result.rejects[result.rejects["by_rule"].fillna(False)]
    assert left["line"].tolist() == [2, 3]


def test_lines_of_a_load_balancer_are_good_below_500(tmp_path):
    """What it could not dispatch has no time of the target, and no good one."""
    assert counted(read(tmp_path, "alb", ALB)) == [[1, 2], [1, 1]]
    fast = read(tmp_path, "alb", ALB, good="elb_status_code < 500 and target_processing_time <= 1")
    assert counted(fast) == [[1, 2], [0, 1]]


@pytest.mark.parametrize("text", [JMETER, K6, COMBINED, ALB])
def test_the_service_is_asked_for(tmp_path, text):
    """With the line to paste."""
    path = tmp_path / "log.txt"
    path.write_text(text)
    with pytest.raises(ReadError, match="does not say which service") as raised:
        recognition.read(path, root=tmp_path)
    assert "service = \"...\" to a [[file]] with match = 'log.txt'" in raised.value.fix


def test_numbers_of_a_load_test_may_be_read_as_any_others(tmp_path):
    """A unit said goes before the format."""
    result = read(tmp_path, "jmeter", JMETER, unit="value", threshold=300.0, op="lte",
                  columns={"time": "timeStamp", "value": "elapsed"}, sli="latency")  # fmt: skip
    assert result.series[0].weighting == "time"
