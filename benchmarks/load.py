"""``srelib.load`` of a long CSV against DuckDB's own ``read_csv`` of the same file to Arrow.

The file has 5.3 million rows (ten services, a year of minutes): time, service, good, total.
Peak memory is what the process needed beyond its size after the imports.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import ROOT, Row, alternate, table

FOLDER = ROOT / "benchmarks" / ".data" / "load"
SERVICES = ("api", "web", "cart", "pay", "auth", "feed", "mail", "user", "sync", "edge")
LIMIT_TIME, LIMIT_MEMORY = 1.4, 2.5
REPEATS = 9
SEED = 20260629

_MEASURE = """
import json, re, sys, time
{imports}
def status(name):
    with open("/proc/self/status") as text:
        return int(re.search(name + r":\\s+(\\d+) kB", text.read())[1]) * 1024
before = status("VmRSS")
start = time.perf_counter()
result = {call}
took = time.perf_counter() - start
print()
print(json.dumps({{"seconds": took, "peak": status("VmHWM") - before, "size": {size}}}))
"""
OURS = _MEASURE.format(
    imports="import duckdb, pyarrow, srelib, srelib.dataset, srelib.readers.recognition",
    call="srelib.load(sys.argv[1])",
    size="int(result.sli.memory_usage(index=True).sum())",
)
THEIRS = _MEASURE.format(
    imports="import duckdb, pyarrow",
    call="duckdb.sql(f\"SELECT * FROM read_csv('{sys.argv[1]}/requests.csv')\").to_arrow_table()",
    size="result.nbytes",
)


def generate(folder: Path = FOLDER) -> Path:
    """Write the CSV unless it is there; the same seed gives the same file.

    Parameters
    ----------
    folder : Path
        Where to.

    Returns
    -------
    Path
        The folder, which holds nothing but the CSV.
    """
    path = folder / "requests.csv"
    if path.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)
    minutes = pd.date_range("2025-01-01", "2026-01-01", freq="1min", inclusive="left")
    total = random.poisson(500, (len(minutes), len(SERVICES)))
    good = total - random.binomial(total, 0.002)
    unfinished = path.with_suffix(".part")
    with unfinished.open("w") as out:
        out.write("time,service,good,total\n")
        for at, row_good, row_total in zip(
            minutes.strftime("%Y-%m-%dT%H:%M:%SZ"), good.tolist(), total.tolist(), strict=True
        ):
            rows = zip(SERVICES, row_good, row_total, strict=True)
            out.writelines(f"{at},{service},{g},{t}\n" for service, g, t in rows)
    unfinished.rename(path)
    return folder


def measured(code: str, folder: Path) -> dict[str, float]:
    """Seconds, peak memory and size of the result of one run in a fresh process.

    Parameters
    ----------
    code : str
        Python that prints them as JSON.
    folder : Path
        Its argument.

    Returns
    -------
    dict of str to float
    """
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def run(repeats: int = REPEATS) -> list[Row]:
    """Measure.

    Parameters
    ----------
    repeats : int
        Runs of each side.

    Returns
    -------
    list of Row
    """
    folder = generate()
    ours, other = alternate(
        lambda: measured(OURS, folder)["seconds"],
        lambda: measured(THEIRS, folder)["seconds"],
        repeats=repeats,
    )
    memory = [measured(OURS, folder) for _ in range(repeats)]
    peak = float(np.median([each["peak"] for each in memory])) / 1e6
    size = float(memory[0]["size"]) / 1e6
    return [
        Row("load 5.3 M rows", ours, other, "DuckDB read_csv", LIMIT_TIME, repeats),
        Row("peak memory of load", peak, size, "the table", LIMIT_MEMORY, repeats, "MB"),
    ]


if __name__ == "__main__":
    print(table(run()))
