"""Counts of requests as a folder: whole or absent, and read by `srelib.load` as they are."""

import os
import signal
import subprocess
import sys
import time

import duckdb
import numpy as np
import pandas as pd
import pytest

import srelib
from srelib import rollup
from srelib.errors import InputError

RULES = rollup.read_rules("status < 500", latency="300ms,1s", duration="ms:ms", key="id")
NAMES = ["shop", "a/b=c", "naïve 名 *"]


def logs(folder, *, n=6000):
    """Requests of three services over ten hours, one a minute without any, one repeated."""
    at = pd.Timestamp("2026-06-01", tz="UTC") + pd.to_timedelta(range(0, 6 * n, 6), unit="s")
    frame = pd.DataFrame({"time": at, "service": [NAMES[i % 3] for i in range(n)],
                          "status": [503 if i % 40 == 0 else 200 for i in range(n)],
                          "ms": [i % 1200 for i in range(n)], "id": range(n)})  # fmt: skip
    frame = frame[frame["time"].dt.minute != 30]
    folder.mkdir(exist_ok=True)
    pd.concat([frame, frame.iloc[:1]]).to_csv(folder / "requests.csv", index=False)
    return frame


def written(folder, out, rules=RULES, **given):
    """What became of the rows of a folder."""
    with rollup.opened([str(folder)], rules, **given) as found:
        return rollup.write(found, rules, out)


def test_the_folder_is_loaded_as_it_was_counted(tmp_path):
    """Names of services, buckets, counts of each indicator; a minute without requests is none."""
    frame = logs(tmp_path / "logs")
    rolled = written(tmp_path / "logs", tmp_path / "out")
    assert (rolled.rows, rolled.kept, rolled.left_out, rolled.refused) == (
        len(frame) + 1, len(frame), 1, 0,
    )  # fmt: skip
    dataset = srelib.load(tmp_path / "out")
    assert sorted(dataset.services) == sorted(NAMES)
    assert set(dataset.series["step_seconds"]) == {60.0}
    assert dataset.rejects.empty
    true = frame.assign(
        time=frame["time"].dt.floor("min"),
        total=1.0,
        availability=1.0 * (frame["status"] < 500),
        **{f"latency_le_{b}": 1.0 * (frame["ms"] <= 1000 * b) for b in (0.3, 1)},
    )
    true = true.groupby(["time", "service"], as_index=False)[
        ["total", "availability", "latency_le_0.3", "latency_le_1"]
    ].sum()  # fmt: skip
    true = true.melt(["time", "service", "total"], var_name="sli", value_name="good")
    keys = ["service", "sli", "time"]
    mine = dataset.sli.astype({"service": "str", "sli": "str"}).sort_values(keys)
    pd.testing.assert_frame_equal(
        mine[[*keys, "good", "total"]].reset_index(drop=True),
        true.sort_values(keys, ignore_index=True)[[*keys, "good", "total"]],
        check_dtype=False,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["int8", "uint16", "int32", "int64", "uint64", "float32"])
@pytest.mark.parametrize(
    ("good", "true"),
    [
        ("status < 50", 2),
        ("status <= 49.5", 2),
        ("status in (20, 50)", 2),
        ("not status = 20", 2),
        ("status < 1000000000000000000000000000000", 3),
    ],
)
def test_numbers_of_any_type_compare_alike(tmp_path, kind, good, true):
    """20, 49 and 50, as Parquet holds them."""
    rows = pd.DataFrame({"time": pd.date_range("2026-06-01", periods=3, freq="s"),
                         "service": "shop", "status": np.array([20, 49, 50], kind)})  # fmt: skip
    rows.to_parquet(tmp_path / "logs.parquet")
    rules = rollup.read_rules(good)
    with rollup.opened([str(tmp_path / "logs.parquet")], rules, timezone="UTC") as found:
        rollup.write(found, rules, tmp_path / "out")
    assert srelib.load(tmp_path / "out").sli[["good", "total"]].to_numpy().tolist() == [[true, 3]]


def test_a_table_of_another_engine_gives_the_same_files(tmp_path):
    """Only what was counted comes over."""
    frame = logs(tmp_path / "logs")
    with duckdb.connect(str(tmp_path / "warehouse.db")) as other:
        other.register("frame", frame.assign(time=frame["time"].dt.tz_localize(None)))
        other.execute("CREATE TABLE requests AS SELECT * FROM frame")
    table = rollup.table_of(f"duckdb://{tmp_path / 'warehouse.db'}", "requests")
    theirs = rollup.write(table, RULES, tmp_path / "theirs")
    mine = written(tmp_path / "logs", tmp_path / "mine")
    assert (theirs.kept, theirs.buckets) == (mine.kept, mine.buckets)
    loaded = [srelib.load(tmp_path / name).sli for name in ("theirs", "mine")]
    pd.testing.assert_frame_equal(*loaded)


def test_an_engine_that_cannot_be_reached_is_named(tmp_path):
    """With what it says, and what to do."""
    with pytest.raises(InputError, match="table 'requests' cannot be opened"):
        rollup.table_of(f"duckdb://{tmp_path / 'none.db'}", "requests")


def test_too_much_that_cannot_be_read_is_refused(tmp_path):
    """More than one row in a hundred may lean; the folder is not written then."""
    frame = logs(tmp_path / "logs", n=1000)
    text = (tmp_path / "logs" / "requests.csv").read_text()
    (tmp_path / "logs" / "requests.csv").write_text(text + "2026-06-01T00:00:00Z,shop,-,1,x\n" * 20)
    with pytest.raises(InputError, match=r"20 of .* rows lack .* such as .*\"status\":null"):
        written(tmp_path / "logs", tmp_path / "out")
    assert not list(tmp_path.glob("*out*"))
    rules = rollup.read_rules("status < 500", where="status > 1000")
    with pytest.raises(InputError, match="no row counts"):
        written(logs_of(frame, tmp_path / "whole"), tmp_path / "out", rules)


def test_a_service_whose_rows_lean_is_not_hidden_by_the_others(tmp_path):
    """Few of all rows, but many of one service: it is named."""
    frame = logs(tmp_path / "logs", n=6000)
    small = frame.iloc[:50].assign(service="tiny", id=range(10**6, 10**6 + 50)).astype(object)
    small.iloc[:5, small.columns.get_loc("status")] = "-"
    whole = logs_of(pd.concat([frame, small]), tmp_path / "whole")
    with pytest.raises(InputError, match="of 'tiny' more than 1 % of the rows lack"):
        written(whole, tmp_path / "out")
    without = rollup.read_rules("status < 500", where="service != 'tiny'")
    assert written(whole, tmp_path / "out", without).services == 3


def logs_of(frame, folder):
    """A folder with these rows."""
    folder.mkdir()
    frame.to_csv(folder / "a.csv", index=False)
    return folder


def test_a_folder_that_exists_stays_as_it_is(tmp_path):
    """Also an empty one."""
    logs(tmp_path / "logs", n=100)
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="exists"):
        written(tmp_path / "logs", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


KILLED = """
import sys
from pathlib import Path
from srelib import rollup
rules = rollup.read_rules("status < 500")
with rollup.opened([sys.argv[1]], rules) as logs:
    print("begun", flush=True)
    rollup.write(logs, rules, Path(sys.argv[2]))
"""


def test_runs_killed_at_any_moment_leave_a_whole_folder_or_none(tmp_path):
    """And the next one begins anew, without what they left."""
    frame = logs(tmp_path / "logs", n=3000)
    out, kept = tmp_path / "out", 0
    for number in range(12):
        arguments = [sys.executable, "-c", KILLED, str(tmp_path / "logs"), str(out)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as running:
            running.stdout.readline()
            time.sleep(0.02 * number)
            os.kill(running.pid, signal.SIGKILL)
        if out.exists():
            kept += 1
            assert len(srelib.load(out).sli) > 0
            out.rename(tmp_path / f"kept{number}")
    written(tmp_path / "logs", out, rollup.read_rules("status < 500"))
    assert srelib.load(out).sli["total"].sum() == len(frame) + 1
    assert list(tmp_path.glob(".out.new-*")) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    """What was there stays."""
    logs(tmp_path / "logs", n=100)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="cannot be written"):
        written(tmp_path / "logs", tmp_path / "logs" / "requests.csv" / "out")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of this kind")
def test_a_full_disk_is_an_error_that_removes_nothing(tmp_path):
    """No file of the process may grow beyond a kilobyte, as on a disk without room."""
    import resource

    logs(tmp_path / "logs", n=3000)
    before = sorted(tmp_path.rglob("*"))
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # noqa: E731
    made = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "logs"), str(tmp_path / "out")],
        preexec_fn=limit, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 1
    assert "InputError: the rows could not be counted (IO Error" in made.stderr
    assert sorted(tmp_path.rglob("*")) == before
