"""Where services are asked: in processes of this machine, or on a Spark cluster."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib.errors import InputError, SrelibError
from srelib.partitioned.folder import OUTLINE, Parts, of_files

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Question = Callable[[Parts, str, pd.DataFrame | None], Any]
Task = tuple[Sequence[str], Question]
Answers = dict[str, Any]
"""What was answered about each service, or why not."""


class Engine(ABC):
    """Where services are asked."""

    together: int
    """How many services are one task: what an end in between loses."""

    def outline(self, files: Sequence[Path]) -> pd.DataFrame | None:
        """The outline of the counts in these files, or where else they lie."""
        return of_files(files)

    @abstractmethod
    def ask(self, parts: Parts, tasks: Sequence[Task]) -> Iterator[tuple[int, Answers]]:
        """The answers to each task, by its number, as they come."""

    def close(self) -> None:  # noqa: B027 most have nothing to end
        """End what was started for it."""


def engine(
    address: str = "processes", *, jobs: int | None = None, table: str | None = None
) -> Engine:
    """Where to ask services.

    Parameters
    ----------
    address : str
        ``"processes"`` of this machine; or what Spark calls a master: ``"local[4]"``,
        ``"spark://host:7077"``, ``"yarn"``; ``"spark"``: the session there is.
    jobs : int, optional
        Processes at a time; by default one for each processor.
    table : str, optional
        Name or path of the counts as Spark knows it; by default the Parquet of the folder.

    Returns
    -------
    Engine

    Raises
    ------
    InputError
        PySpark is not installed, or cannot connect.

    Examples
    --------
    >>> engine("processes", jobs=2).together
    8
    """
    if address == "processes":
        if table is not None:
            raise InputError("--table needs Spark", fix="name its master with --engine")
        return Processes(jobs or os.cpu_count() or 1)
    return Spark(address, table)


class Processes(Engine):
    """Each process holds the small tables and the counts of one service at a time."""

    together = 8

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def ask(self, parts: Parts, tasks: Sequence[Task]) -> Iterator[tuple[int, Answers]]:
        """Tasks one after the other, so many at a time."""
        if self.jobs == 1 or len(tasks) < 2:
            yield from ((n, _asked(parts, *task)) for n, task in enumerate(tasks))
            return
        with TemporaryDirectory(prefix="srelib-fleet-") as folder:
            offered = Path(folder, "parts.pickle")
            try:
                offered.write_bytes(pickle.dumps(parts.without_counts()))
            except OSError as error:
                problem = f"the temporary folder cannot be written ({error.strerror})"
                fix = "make room there, or name another in TMPDIR"
                raise InputError(problem, fix=fix) from error
            context = multiprocessing.get_context("spawn")
            workers = ProcessPoolExecutor(self.jobs, context, _take, (str(offered),))
            with _single_threaded(), workers as pool:
                left, running = iter(enumerate(tasks)), dict[Future[Answers], int]()
                while True:
                    for number, (services, question) in left:
                        own = None if parts.step is not None else {
                            name: parts.counts(name) for name in services}  # fmt: skip
                        running[pool.submit(_ask, services, question, own)] = number
                        if len(running) > self.jobs:
                            break
                    if not running:
                        return
                    for done in wait(running, return_when=FIRST_COMPLETED).done:
                        yield running.pop(done), _result(done)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Processes that start meanwhile use one thread each for arrays, as there is one for each."""
    left = [name for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS") if name not in os.environ]
    os.environ.update(dict.fromkeys(left, "1"))
    try:
        yield
    finally:
        for name in left:
            del os.environ[name]


def _result(done: Future[Answers]) -> Answers:
    try:
        return done.result()
    except BrokenProcessPool:
        fix = "run it again, with --jobs 1; it goes on where it was"
        problem = "a process that asked was ended, perhaps for want of memory"
        raise InputError(problem, fix=fix) from None


_parts: Parts
"""Of a process that asks."""


def _take(offered: str) -> None:
    global _parts
    _parts = pickle.loads(Path(offered).read_bytes())


def _ask(services: Sequence[str], question: Question, own: Answers | None) -> Answers:
    return _asked(_parts, services, question, own)


def _asked(
    parts: Parts, services: Sequence[str], question: Question, own: Answers | None = None
) -> Answers:
    counts = parts.counts if own is None else own.__getitem__
    return {name: answer(parts, name, question, partial(counts, name)) for name in services}


def answer(
    parts: Parts, service: str, question: Question, counts: Callable[[], pd.DataFrame | None]
) -> Any:
    """What is answered about a service, or the error in its place."""
    try:
        return question(parts, service, counts())
    except SrelibError as error:
        return error


class Spark(Engine):
    """Each service asked by the same functions on a worker, which reads its files or gets its rows.

    Of a folder, whose files every worker sees, only names travel. Rows of a table travel in groups
    by service.
    """

    together = 512

    def __init__(self, master: str, table: str | None) -> None:
        self.session, self.table, self.own = _session(master), table, master != "spark"
        self.rows: DataFrame | None = None

    def close(self) -> None:
        """Stop the session, unless it was there before."""
        if self.own:
            self.session.stop()

    def outline(self, files: Sequence[Path]) -> pd.DataFrame | None:
        """The outline of the counts; of a table by Spark."""
        if self.table is None:
            if not files:
                fix = "name a table with --table, or leave --engine out"
                raise InputError("the folder holds no counts in Parquet", fix=fix)
            return of_files([file.resolve() for file in files])
        reader = self.session.read
        self.rows = reader.parquet(self.table) if "/" in self.table else reader.table(self.table)
        self.rows.createOrReplaceTempView("srelib_counts")
        found = self.session.sql(OUTLINE.format(rows="srelib_counts", hash="xxhash64", files=""))
        return found.toPandas()

    def ask(self, parts: Parts, tasks: Sequence[Task]) -> Iterator[tuple[int, Answers]]:
        """Each task spread over the cluster; of a table, services without counts are asked here."""
        context = self.session.sparkContext
        pieces = 4 * context.defaultParallelism
        shared = context.broadcast(parts.without_counts())
        for number, (services, question) in enumerate(tasks):
            if self.rows is None:
                ask = partial(_own, shared=shared, question=question)
                yield number, dict(context.parallelize(services, pieces).map(ask).collect())
                continue
            counted = [name for name in services if name in parts.checks]
            found = {name: answer(parts, name, question, lambda: None)
                     for name in services if name not in parts.checks}  # fmt: skip
            if counted:
                found |= self._grouped(counted, pieces, shared, question)
            yield number, found

    def _grouped(
        self, services: list[str], pieces: int, shared: Any, question: Question
    ) -> Answers:
        from pyspark.sql import functions as F

        assert self.rows is not None
        own = self.rows.where(F.col("service").isin(services)).repartition(pieces, "service")
        group = partial(_group, shared=shared, question=question)
        rows = own.groupBy("service").applyInPandas(group, "service string, answer binary")
        return {row["service"]: pickle.loads(row["answer"]) for row in rows.collect()}


def _own(service: str, *, shared: Any, question: Question) -> tuple[str, Any]:
    """A service whose files are read on the worker."""
    parts: Parts = shared.value
    return service, answer(parts, service, question, partial(parts.counts, service))


def _group(counts: pd.DataFrame, *, shared: Any, question: Question) -> pd.DataFrame:
    """The counts of one service, as Spark hands them over, asked."""
    service = str(counts["service"].iloc[0])
    found = answer(shared.value, service, question, lambda: counts)
    return pd.DataFrame({"service": [service], "answer": [pickle.dumps(found)]})


def _session(master: str) -> SparkSession:
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise InputError("Spark is reached by PySpark, which is not installed",
                         fix="pip install 'srelib[spark]'") from None  # fmt: skip
    builder = SparkSession.builder.appName("srelib fleet")
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if master != "spark":
        builder = builder.master(master)
    try:
        session = builder.getOrCreate()
    except Exception as error:  # Py4J and Java have their own
        what = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"Spark cannot be reached at {master!r} ({what})",
                         fix="check --engine") from error  # fmt: skip
    session.conf.set("spark.sql.session.timeZone", "UTC")
    session.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
    return session
