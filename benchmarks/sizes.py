"""Time and memory from 1 to 10,000 services and from 1 to 1,000 million rows.

``python -m benchmarks.sizes NAME ...`` measures `load`, `rollup`, `report` or `fleet` and keeps the
numbers in ``docs/sizes.csv``; without a name it draws them, ``docs/sizes.png``. Each size is a
process of its own, on an otherwise idle machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from benchmarks import fleet, rollup
from benchmarks.measure import ROOT

TABLE, FIGURE = ROOT / "docs" / "sizes.csv", ROOT / "docs" / "sizes.png"
FOLDER = ROOT / "benchmarks" / ".data"
SIZES = {
    "load": (1e6, 3e6, 10e6, 30e6, 100e6, 300e6),
    "rollup": (1e6, 10e6, 100e6, 1000e6),
    "report": (1, 3, 10, 30, 100),
    "fleet": (1, 10, 100, 1_000, 10_000),
}
WORDS = {
    "load": "load", "rollup": "rollup",
    "report": "report", "fleet": "fleet",
}  # fmt: skip
PER_SERVICE = 30 * 24 * 60

_MEASURE = """
import json, re, resource, sys, time
{imports}
if __name__ == "__main__":
    start = time.perf_counter()
    {call}
    took = time.perf_counter() - start
    own = int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({{"seconds": took, "bytes": 1024 * max(own, others)}}))
"""
CALLS = {
    "load": _MEASURE.format(imports="import srelib", call="srelib.load(sys.argv[1])"),
    "rollup": rollup.OURS.replace('"peak"', '"bytes"'),
    "report": _MEASURE.format(
        imports="from srelib.report import run",
        call="run(sys.argv[1], out=sys.argv[2], keep=False)",
    ),
    "fleet": _MEASURE.format(
        imports="from pathlib import Path\nfrom srelib import partitioned\n"
        "from srelib.report import fleet_pages",
        call="fleet_pages.write(partitioned.summarize(sys.argv[1], keep=False, "
        "on=partitioned.engine()), Path(sys.argv[2]))",
    ),
}


def measure(name: str) -> None:
    """Measure every size of one of `SIZES`, and keep the numbers.

    Parameters
    ----------
    name : str
        Which.
    """
    for size in SIZES[name]:
        source = _MADE[name](int(size))
        out = FOLDER / "sizes-out"
        subprocess.run(["rm", "-rf", str(out)], check=True)
        script = FOLDER / "sizes.py"
        script.write_text(CALLS[name])
        done = subprocess.run(
            [sys.executable, str(script), str(source), str(out)], cwd=ROOT, capture_output=True,
            text=True, check=True, env=os.environ | {"SRELIB_CACHE": "", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        found = json.loads(done.stdout.strip().splitlines()[-1])
        _keep({"what": name, "size": int(size), "seconds": round(found["seconds"], 2),
               "megabytes": round(found["bytes"] / 1e6)})  # fmt: skip
        print(name, int(size), found, flush=True)


def _keep(row: dict[str, Any]) -> None:
    rows = pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(columns=list(row))
    rows = rows[(rows["what"] != row["what"]) | (rows["size"] != row["size"])]
    rows = pd.concat([rows, pd.DataFrame([row])] if len(rows) else [pd.DataFrame([row])])
    rows.sort_values(["what", "size"]).to_csv(TABLE, index=False)


def _csv(rows: int) -> Path:
    """A long CSV of as many rows, a service for each month of minutes."""
    folder = FOLDER / f"load-{rows}"
    if not folder.exists():
        folder.mkdir(parents=True)
        duckdb.sql(
            f"COPY (SELECT strftime(make_timestamp(1780272000000000 + (i % {PER_SERVICE})"
            f" * 60000000), '%Y-%m-%dT%H:%M:%SZ') AS time, 'service-' || (i // {PER_SERVICE})"
            " AS service, 'availability' AS sli, 60 - (hash(i) % 50 = 0)::INT AS good, 60 AS total"
            f" FROM range({rows}) r(i)) TO '{folder / 'requests.csv'}' (HEADER)"
        )
    return folder


def _requests(rows: int) -> Path:
    """Request rows in Parquet, parts of 10 million."""
    if rows > rollup.PART:
        return rollup.generate(FOLDER / f"requests-{rows}", rows // rollup.PART)[0]
    folder = FOLDER / f"requests-{rows}"
    if not folder.exists():
        part = rollup.generate(FOLDER / "requests-part", 1)[0] / "requests-00.parquet"
        folder.mkdir(parents=True)
        duckdb.sql(f"COPY (FROM '{part}' LIMIT {rows}) TO '{folder / 'requests.parquet'}'")
    return folder


_MADE: dict[str, Callable[[int], Path]] = {
    "load": _csv, "rollup": _requests, "report": fleet.generate, "fleet": fleet.generate,
}  # fmt: skip


def draw(path: Path = FIGURE) -> None:
    """Draw time and memory against the size, with the line of proportion through the largest.

    Parameters
    ----------
    path : Path
        Where the PNG goes.
    """
    import matplotlib.pyplot as plt

    from srelib.figures import canvas

    rows = pd.read_csv(TABLE)
    with canvas.style():
        figure = plt.figure(figsize=(canvas.WIDTH, 5.2), layout="constrained")
        panels = figure.subplots(2, 2, sharex="col")
        for column, (names, label) in enumerate(
            [(("load", "rollup"), "rows"), (("report", "fleet"), "services, a month of minutes")]
        ):
            for line, quantity in enumerate(("seconds", "megabytes")):
                own = rows[rows["what"].isin(names)]
                _panel(panels[line][column], own, names, quantity)
            panels[1][column].set_xlabel(label)
        figure.suptitle("Time and memory by size", x=0.012, ha="left", fontweight="bold")
        figure.savefig(path, dpi=110)
    plt.close(figure)


def _plain(number: float, place: int) -> str:
    """A power of ten in figures."""
    return f"{number / 1e6:,.0f} M" if number >= 1e6 else f"{number:,g}"


def _panel(ax: Any, rows: pd.DataFrame, names: Sequence[str], quantity: str) -> None:
    from srelib.figures import canvas

    for name, color in zip(names, (canvas.BLUE, canvas.VERMILLION), strict=True):
        own = rows[rows["what"] == name]
        size, value = own["size"].to_numpy(), own[quantity].to_numpy()
        if quantity == "seconds":
            ax.plot(size, value[-1] * size / size[-1], color=canvas.GREY, lw=1, ls=(0, (4, 2)))
        ax.plot(size, value, "o-", ms=5, lw=1.2, color=color, clip_on=False)
        ax.annotate(WORDS[name], (size[-1], value[-1]), xytext=(0, 8), ha="right", color=color,
                    textcoords="offset points", fontsize=8.5, annotation_clip=False)  # fmt: skip
    low, high = rows[quantity].min(), rows[quantity].max()
    ax.set(xscale="log", yscale="log", ylim=(low / 2, high * 4))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(_plain)
        axis.set_minor_formatter("")
    words = {"seconds": "time [s]", "megabytes": "memory [MB]"}
    ax.set_title(words[quantity], loc="left", fontsize=9.5, fontweight="normal")


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        measure(asked)
    draw()
    print(FIGURE)
