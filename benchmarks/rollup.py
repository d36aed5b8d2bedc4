"""``srelib.rollup`` of request rows in Parquet against the same count in hand-written DuckDB SQL.

200 million rows where the disk has room for three times their 2.6 GB, else fewer (said); within
2 GiB. Polars' streaming engine stands beside it where polars is installed. The counts of Spark (a
local cluster of two workers, where pyspark is installed) and of pandas on a part must be the same.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.measure import ROOT, Row, alternate

FOLDER = ROOT / "benchmarks" / ".data" / "rollup"
ROWS, PART, BYTES = 200_000_000, 10_000_000, 13
MEMORY = "2GiB"
LIMIT, LIMIT_MEMORY = 1.1, 1.0
REPEATS = 3
RULES = ("status < 500", {"latency": "300ms,1s", "duration": "took:s"})

_MEASURE = """
import json, re, resource, sys, time
{imports}
start = time.perf_counter()
{call}
took = time.perf_counter() - start
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1024
print(json.dumps({{"seconds": took, "peak": peak}}))
"""
OURS = _MEASURE.format(
    imports="import duckdb, ibis.backends.duckdb, pyarrow\nfrom pathlib import Path\n"
    "from srelib import rollup",
    call=f"""
rules = rollup.read_rules({RULES[0]!r}, **{RULES[1]!r})
with rollup.opened([sys.argv[1]], rules, memory={MEMORY!r}, timezone="UTC") as logs:
    rollup.write(logs, rules, Path(sys.argv[2]))
""",
)
HAND = f"""
import duckdb
with duckdb.connect() as db:
    db.execute("SET memory_limit = '{MEMORY}'; SET preserve_insertion_order = false")
    db.execute('''
        CREATE TEMP TABLE counted AS
        SELECT date_trunc('minute', time) AS time, service, count(*) AS total,
               count(*) FILTER (WHERE status < 500) AS availability,
               count(*) FILTER (WHERE took <= 0.3) AS "latency_le_0.3",
               count(*) FILTER (WHERE took <= 1) AS latency_le_1
        FROM read_parquet(?) GROUP BY ALL''', [sys.argv[1] + "/*.parquet"])
    db.execute(f'''
        COPY (SELECT time, service, sli, good::DOUBLE AS good, total::DOUBLE AS total FROM
              (UNPIVOT (FROM counted ORDER BY service, time)
               ON availability, "latency_le_0.3", latency_le_1 INTO NAME sli VALUE good))
        TO '{{sys.argv[2]}}/sli' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (service),
                                WRITE_PARTITION_COLUMNS true)''')
"""
THEIRS = _MEASURE.format(imports="import duckdb, pathlib", call=(
    "pathlib.Path(sys.argv[2]).mkdir()\n" + HAND.replace("import duckdb\n", "", 1)
))  # fmt: skip
POLARS = _MEASURE.format(
    imports="import polars as pl",
    call="""
rows = pl.scan_parquet(sys.argv[1] + "/*.parquet")
(rows.group_by(pl.col("time").dt.truncate("1m"), "service")
 .agg(pl.len(), (pl.col("status") < 500).sum().alias("availability"),
      (pl.col("took") <= 0.3).sum().alias("a"), (pl.col("took") <= 1).sum().alias("b"))
 .collect(engine="streaming").write_parquet(sys.argv[2]))
""",
)


def generate(folder: Path = FOLDER, wanted: int = ROWS // PART) -> tuple[Path, int]:
    """Write the rows, in parts, as far as the disk has room.

    Parameters
    ----------
    folder : Path
        Where to.
    wanted : int
        How many parts.

    Returns
    -------
    folder : Path
    rows : int
        How many there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    room = shutil.disk_usage(folder).free // (3 * BYTES * PART)
    parts = min(wanted, max(1, room + len(list(folder.glob("*.parquet")))))
    for number in range(parts):
        path = folder / f"requests-{number:02d}.parquet"
        if path.exists():
            continue
        unfinished = path.with_suffix(".part")
        first = number * PART
        duckdb.sql(
            "COPY (SELECT make_timestamp(1780272000000000 + i * 12960) AS time,"
            " 'service-' || (hash(i) % 100)::VARCHAR AS service,"
            " (CASE WHEN hash(i + 1) % 500 = 0 THEN 503 ELSE 200 END)::SMALLINT AS status,"
            " ((hash(i + 2) % 1500) / 1000)::DOUBLE AS took"
            f" FROM range({first}, {first + PART}) r(i)) TO '{unfinished}'"
            " (FORMAT parquet, COMPRESSION zstd)"
        )
        unfinished.rename(path)
    return folder, parts * PART


def run() -> list[Row]:
    """Time both sides in turns, hold the memory to its limit, and compare the counts.

    Returns
    -------
    list of Row
    """
    folder, rows = generate()
    peaks: list[float] = []
    ours, hand = alternate(lambda: _run(OURS, folder, peaks), lambda: _run(THEIRS, folder, []),
                           repeats=REPEATS)  # fmt: skip
    millions = f"{rows / 1e6:,.0f} M requests by minute and service"
    found = [
        Row(millions, ours, hand, "the same in DuckDB's SQL", LIMIT, REPEATS),
        Row(
            "its peak memory",
            max(peaks) / 2**30,
            2.5,
            "2 GiB and 0.5 for Python",
            LIMIT_MEMORY,
            REPEATS,
            "GiB",
        ),
    ]
    held: list[float] = []
    try:
        polars = _run(POLARS, folder, held)
    except subprocess.CalledProcessError:
        print("polars is missing", file=sys.stderr)
    else:
        beside = f"polars, streaming, in {held[0] / 2**30:.1f} GiB, no table sli"
        found.append(Row(millions, ours, polars, beside, 2.0, 1))
    _compare(folder, rows)
    return found


def _run(code: str, folder: Path, peaks: list[float]) -> float:
    out = folder.parent / "rollup-out"
    for path in (out, out.with_suffix(".parquet")):
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
    target = out.with_suffix(".parquet") if "polars" in code else out
    done = subprocess.run([sys.executable, "-c", code, str(folder), str(target)],
                          cwd=ROOT, capture_output=True, text=True, check=True)  # fmt: skip
    measured = json.loads(done.stdout.strip().splitlines()[-1])
    peaks.append(measured["peak"])
    return float(measured["seconds"])


def _compare(folder: Path, rows: int) -> None:
    """The counts of DuckDB, of pandas on the first part, and of Spark, bit for bit."""
    from srelib import rollup

    said = rollup.read_rules(RULES[0], **RULES[1])
    part = str(folder / "requests-00.parquet")
    with rollup.opened([part], said, timezone="UTC") as logs:
        sql = rollup.sql("duckdb", "logs", said)
        mine = _sorted(logs.connection.con.sql(sql).df())
    frame = pd.read_parquet(part)
    frame["time"] = frame["time"].dt.floor("min")
    good = {"availability": frame["status"] < 500, "latency_le_0.3": frame["took"] <= 0.3,
            "latency_le_1": frame["took"] <= 1.0}  # fmt: skip
    true = frame.assign(total=1, refused=0, left_out=0, **good)
    true = true.groupby(["time", "service"], as_index=False)[list(mine.columns[2:])].sum()
    pd.testing.assert_frame_equal(mine, _sorted(true), check_dtype=False)
    print(f"pandas counts {len(true):,} buckets of {PART:,} rows alike", file=sys.stderr)
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        print("pyspark is missing", file=sys.stderr)
        return
    spark = (SparkSession.builder.master("local-cluster[2,1,2048]")
             .config("spark.sql.session.timeZone", "UTC").getOrCreate())  # fmt: skip
    spark.read.parquet(str(folder)).createOrReplaceTempView("logs")
    theirs = spark.sql(rollup.sql("databricks", "logs", said)).toPandas()
    spark.stop()
    with rollup.opened([str(folder)], said, timezone="UTC") as logs:
        every = _sorted(logs.connection.con.sql(sql).df())
    pd.testing.assert_frame_equal(every, _sorted(theirs), check_dtype=False)
    print(f"Spark counts {len(every):,} buckets of {rows:,} rows alike", file=sys.stderr)


def _sorted(counted: pd.DataFrame) -> pd.DataFrame:
    counted["time"] = counted["time"].astype("datetime64[us]")
    return counted.sort_values(["time", "service"], ignore_index=True)
