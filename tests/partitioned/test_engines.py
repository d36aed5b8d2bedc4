"""Processes and Spark answer as a loop does, and one broken service silences no other."""

import os
import shutil
from pathlib import Path

import pytest

from srelib import partitioned
from srelib.errors import InputError
from srelib.partitioned.engines import Processes


def told(summary):
    """Everything a summary holds, as text."""
    return {
        name: [
            repr((one.decision, one.scorecard, one.place, one.rows)),
            one.decision.named.to_csv(),
            *(repr((own.key, own.status, own.coverage, own.advice)) for own in one.objectives),
            *(own.alerts.events.to_csv() + own.alerts.pages.to_csv() for own in one.objectives),
        ]
        for name, one in summary.services.items()
    }


def test_processes_answer_as_a_loop_does(exports, found, monkeypatch):
    """Bit for bit, of counts in Parquet."""
    monkeypatch.setattr(Processes, "together", 1)
    other = partitioned.summarize(exports, on=partitioned.engine(jobs=2), keep=False)
    assert told(found) == told(other)


def test_processes_take_counts_that_are_in_memory(whole, exports, tmp_path, found, monkeypatch):
    """Of a folder of ordinary exports."""
    monkeypatch.setattr(Processes, "together", 2)
    folder = tmp_path / "plain"
    shutil.copytree(exports, folder, ignore=shutil.ignore_patterns("sli"))
    rows = whole.sli.assign(time=whole.sli["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    rows.to_csv(folder / "counts.csv", index=False)
    other = partitioned.summarize(folder, on=partitioned.engine(jobs=2), keep=False)
    assert {name: one.decision.verdict for name, one in other.services.items()} == {
        name: one.decision.verdict for name, one in found.services.items()
    }
    assert other.effect.total == found.effect.total


def test_a_service_that_cannot_be_read_is_an_error_in_its_place(exports, tmp_path, found):
    """The others are answered; their fleet is one service smaller."""
    folder = tmp_path / "broken"
    shutil.copytree(exports, folder)
    file = folder / "sli" / "service=web" / "data_0.parquet"
    parts = partitioned.read(folder)
    file.write_bytes(file.read_bytes()[:4000])
    on = Processes(1)
    answers = dict(on.ask(parts, [(parts.services, lambda parts, name, counts: len(counts))]))
    assert isinstance(answers[0]["web"], InputError)
    assert answers[0]["api"] == len(parts.counts("api"))


def end(parts, service, counts):
    """Ends the process that asks."""
    os._exit(9)


def test_a_process_that_is_ended_is_an_error_that_says_what_to_do(exports):
    """As the system does that has no more memory."""
    parts = partitioned.read(exports)
    tasks = [([name], end) for name in parts.services]
    with pytest.raises(InputError, match=r"want of memory\. Fix: run it again, with --jobs 1"):
        list(Processes(2).ask(parts, tasks))


def test_a_temporary_folder_without_room_is_named(exports, monkeypatch):
    """Through which processes get the small tables."""
    parts = partitioned.read(exports)
    tasks = [([name], end) for name in parts.services]

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=r"temporary folder cannot be written \(No space left"):
        list(Processes(2).ask(parts, tasks))


def test_what_no_engine_is_is_refused(monkeypatch):
    """With what to do about it."""
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    with pytest.raises(InputError, match=r"PySpark, which is not installed\. Fix: pip install"):
        partitioned.engine("local[2]")
    with pytest.raises(InputError, match="--table needs Spark"):
        partitioned.engine(table="counts")


@pytest.mark.filterwarnings("ignore")  # of PySpark: sockets left open, arguments of older pandas
@pytest.mark.parametrize("table", [None, "sli"])
def test_spark_answers_as_a_loop_does(exports, found, table):
    """Bit for bit, where PySpark is installed; so does `python -m benchmarks fleet` at any size."""
    pytest.importorskip("pyspark")
    spark = partitioned.engine("local[2]", table=table and str(exports / table))
    try:
        assert told(found) == told(partitioned.summarize(exports, on=spark, keep=False))
    finally:
        spark.close()
