"""Log files of each kind, as one table."""

import gzip
import json

import duckdb
import pandas as pd
import pytest

from srelib import rollup
from srelib.errors import InputError

RULES = rollup.read_rules("status < 500", time="ts", service="svc")
ROWS = [
    {"ts": "2026-06-01T00:00:10Z", "svc": "shop", "status": 200, "note": 'a "b", c'},
    {"ts": "2026-06-01T02:00:59+02:00", "svc": "shop", "status": 503, "note": ""},
    {"ts": "2026-06-01T00:01:00.5Z", "svc": "pay", "status": 200, "note": "x"},
]
TRUE = [
    ["2026-06-01 00:00", "shop", 2, 1],
    ["2026-06-01 00:01", "pay", 1, 1],
]


def counted(files, rules=RULES, **given):
    """Time, service, total and good of what counts; and how many rows were refused."""
    with rollup.opened([str(file) for file in files], rules, **given) as logs:
        found = rollup.rollup(logs.table, rules).execute()
    refused = int(found["refused"].sum())
    found = found[found["total"] > 0].sort_values(["time", "service"])
    found["time"] = found["time"].dt.strftime("%Y-%m-%d %H:%M")
    return found[["time", "service", "total", rules.sli]].to_numpy().tolist(), refused


def as_csv(path):
    """The rows as CSV."""
    pd.DataFrame(ROWS).to_csv(path, index=False)


def as_json(path):
    """The rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))


def as_parquet(path):
    """The rows as Parquet, times as such."""
    frame = pd.DataFrame(ROWS)
    frame["ts"] = pd.to_datetime(frame["ts"], format="ISO8601", utc=True)
    frame.to_parquet(path)


def packed(write):
    """What writes the same as gzip."""

    def write_packed(path):
        plain = path.with_suffix("")
        write(plain)
        path.write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()

    return write_packed


@pytest.mark.parametrize(
    ("name", "write"),
    [("a.csv", as_csv), ("a.jsonl", as_json), ("a.parquet", as_parquet),
     ("a.csv.gz", packed(as_csv)), ("a.jsonl.gz", packed(as_json))],
)  # fmt: skip
def test_the_same_rows_count_the_same_in_every_kind(tmp_path, name, write):
    """Times with a zone are UTC, whatever the zone."""
    write(tmp_path / name)
    assert counted([tmp_path]) == (TRUE, 0)


COMBINED = (
    '203.0.113.9 - - [01/Jun/2026:02:00:10 +0200] "GET / HTTP/1.1" 200 5 "-" "curl"\n'
    'shop.example 203.0.113.9 - bob [01/Jun/2026:00:00:20 +0000] "POST /a HTTP/2" 502 -\n'
)
ALB = (
    "https 2026-06-01T00:00:10.1Z app/shop/1 203.0.113.9:1 10.0.0.1:80 0.0 0.2 0.0 {} {} 1 2 "
    '"GET https://x:443/ HTTP/1.1" "curl" - - arn "Root=1" "-" "-" 0 2026-06-01T00:00:10Z\n'
)


def test_lines_of_web_servers(tmp_path):
    """Combined, with and without the name of the host; what is no such line is refused."""
    (tmp_path / "access.log").write_text(COMBINED + "garbage\n")
    rules = rollup.read_rules("status < 500")
    found = counted([tmp_path / "access.log"], rules, service="web")
    assert found == ([["2026-06-01 00:00", "web", 2, 1]], 1)


def test_lines_of_load_balancers(tmp_path):
    """By the status that the load balancer answered; a dash is no status."""
    (tmp_path / "alb.log").write_text("".join(ALB.format(s, s) for s in ("200", "503", "-")))
    rules = rollup.read_rules("elb_status_code < 500", latency="1s",
                              duration="target_processing_time:s")  # fmt: skip
    found = counted([tmp_path / "alb.log"], rules, service="web")
    assert found == ([["2026-06-01 00:00", "web", 2, 1]], 1)


def test_times_without_a_zone_are_asked_for(tmp_path):
    """And read in the one that is said; hours the clock skips or repeats are refused."""
    lines = ["2026-03-29 01:59:00", "2026-03-29 02:30:00", "2026-10-25 02:30:00",
             "2026-10-25 12:00:00"]  # fmt: skip
    (tmp_path / "a.csv").write_text("ts,svc,status\n" + "".join(f"{t},shop,200\n" for t in lines))
    with pytest.raises(InputError, match="such as '2026-03-29 01:59:00' name no zone"):
        counted([tmp_path / "a.csv"])
    assert counted([tmp_path / "a.csv"], timezone="Europe/Berlin") == (
        [["2026-03-29 00:59", "shop", 1, 1], ["2026-10-25 11:00", "shop", 1, 1]], 2,
    )  # fmt: skip
    with pytest.raises(InputError, match="time zone 'Berlin' is unknown"):
        counted([tmp_path / "a.csv"], timezone="Berlin")


def test_a_zone_that_is_missing_once_is_no_time(tmp_path):
    """Where the others name it."""
    (tmp_path / "a.csv").write_text(
        "ts,svc,status\n2026-06-01T00:00:10Z,shop,200\n2026-06-01 00:00:10,shop,200\n"
    )
    assert counted([tmp_path / "a.csv"]) == ([["2026-06-01 00:00", "shop", 1, 1]], 1)


@pytest.mark.parametrize("scale", [1, 1_000, 1_000_000, 1_000_000_000])
def test_epochs_in_any_unit(tmp_path, scale):
    """Told by their size."""
    at = int(pd.Timestamp("2026-06-01", tz="UTC").timestamp()) * scale
    (tmp_path / "a.csv").write_text(f"ts,svc,status\n{at},shop,200\n")
    assert counted([tmp_path / "a.csv"]) == ([["2026-06-01 00:00", "shop", 1, 1]], 0)


def test_lines_that_are_no_rows_are_counted_and_shown(tmp_path):
    """Of several files, each once, with the cells that could not be typed."""
    for name in ("a.csv", "b.csv"):
        as_csv(tmp_path / name)
        with (tmp_path / name).open("a") as file:
            file.write("2026-06-01T00:00:10Z,shop,oops,\nshort,row\n")
    with rollup.opened([str(tmp_path / "*.csv")], RULES) as logs:
        found = rollup.rollup(logs.table, RULES).execute()
        assert found["refused"].sum() == 2
        assert logs.broken() == 2
        samples = logs.samples()
    assert any('"status":"oops"' in sample for sample in samples)
    without = rollup.read_rules("status < 500", time="ts", service="svc", where="svc != 'shop'")
    with rollup.opened([str(tmp_path / "*.csv")], without) as logs:
        assert rollup.rollup(logs.table, without).execute()["refused"].sum() == 0
        assert not any("oops" in sample for sample in logs.samples())
    assert "short,row" in samples


def test_columns_of_any_name(tmp_path):
    """Quotes, spaces and the names of views do no harm."""
    (tmp_path / "a.csv").write_text('"the ""time""",logs,source\n2026-06-01T00:00:10Z,shop,200\n')
    rules = rollup.read_rules("source < 500", time='the "time"', service="logs")
    assert counted([tmp_path / "a.csv"], rules) == ([["2026-06-01 00:00", "shop", 1, 1]], 0)


def test_what_cannot_be_opened_is_refused(tmp_path):
    """No file, a column that is not there, a column without a time."""
    with pytest.raises(InputError, match="no file is named"):
        counted([tmp_path / "none*.csv"])
    (tmp_path / "a.csv").write_text("ts,svc,code\n,shop,200\n")
    with pytest.raises(InputError, match="no column 'status'; it has 'ts', 'svc', 'code'"):
        counted([tmp_path / "a.csv"])
    with pytest.raises(InputError, match="holds no time"):
        counted([tmp_path / "a.csv"], rollup.read_rules("code < 500", time="ts", service="svc"))


def test_more_than_memory_spills(tmp_path):
    """A million minutes counted within 100 MB, in the folder that is said, which is empty then."""
    duckdb.sql(
        "COPY (SELECT TIMESTAMPTZ '2026-06-01' + to_minutes(i) AS ts, 'shop' AS svc, "
        f"200 AS status FROM range(1000000) r(i)) TO '{tmp_path / 'a.parquet'}'"
    )
    with rollup.opened(
        [str(tmp_path / "a.parquet")], RULES, memory="100MiB", spill=tmp_path / "spill"
    ) as logs:
        assert rollup.write(logs, RULES, tmp_path / "out").buckets == 1_000_000
    assert list((tmp_path / "spill").iterdir()) == []


def test_files_that_differ_are_not_read_as_one(tmp_path):
    """Columns of CSV go by their place, so another order would be another meaning."""
    (tmp_path / "a.csv").write_text("ts,svc,status\n2026-06-01T00:00:10Z,shop,200\n")
    (tmp_path / "b.csv").write_text("status,svc,ts\n503,shop,2026-06-01T00:00:10Z\n")
    with pytest.raises(InputError, match=r"a\.csv and b\.csv have different columns"):
        counted([tmp_path])
    (tmp_path / "b.csv").unlink()
    as_json(tmp_path / "c.jsonl")
    with pytest.raises(InputError, match=r"a\.csv is csv and c\.jsonl is json"):
        counted([tmp_path])


@pytest.mark.parametrize("status", ["nan", "inf", "NaN", "-inf", "1e999"])
def test_what_is_no_number_is_neither_good_nor_bad(tmp_path, status):
    """Also where the database would take it for one."""
    (tmp_path / "a.csv").write_text(f"ts,svc,status\n2026-06-01T00:00:10Z,shop,{status}\n")
    assert counted([tmp_path / "a.csv"]) == ([], 1)


@pytest.mark.parametrize("at", ["1780272000000", "1e300", "99999999999999999999", "-5", "nan"])
def test_a_time_of_another_age_is_refused(tmp_path, at):
    """In a column of epochs in seconds."""
    (tmp_path / "a.csv").write_text(f"ts,svc,status\n1780272000,shop,200\n{at},shop,200\n")
    assert counted([tmp_path / "a.csv"]) == ([["2026-06-01 00:00", "shop", 1, 1]], 1)


def test_a_number_that_is_no_epoch_is_asked_about(tmp_path):
    """Instead of being read in some unit."""
    (tmp_path / "a.csv").write_text("ts,svc,status\n123456789,shop,200\n")
    with pytest.raises(InputError, match="no epoch of our time"):
        counted([tmp_path / "a.csv"])
