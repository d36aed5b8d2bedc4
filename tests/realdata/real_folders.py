"""Folders of real exports, put together as a user would: the files and what must be said of them.

``python tests/realdata/real_folders.py dagshub OUT`` makes one to look at or to report on.
The files themselves lie outside this tree, in the folder that ``SRELIB_REAL_DATA`` names.
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent

FILES = {
    "dagshub": ("upptime/dagshub_checks.csv",),
    "drycc": ("upptime/drycc_checks.csv",),
    "biosimulations": (
        "delivery/biosimulations_deployments.csv",
        "delivery/biosimulations_prod_deployment_commits.csv",
    ),
    "cow_services": ("delivery/cow-services_releases.csv", "delivery/cow-services_commits.csv"),
    "github": ("incidents/github_statuses_incidents.csv",),
    "metrics": (
        "metrics/nginxplus_server_zones.csv",
        "metrics/apache_semicomplete_hourly.csv",
        "metrics/nab_elb_request_count_8c0756.csv",
        "metrics/nab_ec2_request_latency_system_failure.csv",
    ),
    "grafana": ("metrics/grafana/*.csv",),
}
"""Files of every folder, as patterns below the real data."""

MINUTES_DOWN = "upptime/biosimulations_daily_minutes_down.csv"
WINDOWS = {"A": ("2021-07-23", "2022-04-04"), "B": ("2024-01-28", "2025-01-26")}
"""First and last day of each window of `MINUTES_DOWN`; days without a row had no downtime."""


def real_files(name: str, real: Path) -> list[Path]:
    """The real files of a folder.

    Parameters
    ----------
    name : str
        One of `FILES`.
    real : Path
        The folder of all real data.

    Returns
    -------
    list of Path
    """
    return sorted(file for pattern in FILES[name] for file in real.glob(pattern))


def make(name: str, real: Path, folder: Path) -> Path:
    """Put a folder of exports together.

    Parameters
    ----------
    name : str
        One of `FILES`.
    real : Path
        The folder of all real data.
    folder : Path
        Where to; made if it is not there.

    Returns
    -------
    Path
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in (*real_files(name, real), *(HERE / name).iterdir()):
        shutil.copyfile(file, folder / file.name)
    if name == "biosimulations":
        with (folder / "daily_availability.csv").open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(("date", "slug", "up_share"))
            writer.writerows(daily_availability(real / MINUTES_DOWN))
    return folder


def daily_availability(file: Path) -> Iterator[tuple[str, str, float]]:
    """Every day of every service that a window names, with the share of it that was up.

    Parameters
    ----------
    file : Path
        CSV of date, slug, minutes_down, snapshot; only days with downtime.

    Yields
    ------
    tuple of str, str and float
        Day, service, share of the day [fraction].
    """
    with file.open(newline="") as rows:
        down = {(r["snapshot"], r["slug"], r["date"]): float(r["minutes_down"])
                for r in csv.DictReader(rows)}  # fmt: skip
    for window, slug in sorted({(window, slug) for window, slug, _ in down}):
        first, last = map(date.fromisoformat, WINDOWS[window])
        for day in range((last - first).days + 1):
            at = (first + timedelta(days=day)).isoformat()
            yield at, slug, 1 - down.get((window, slug, at), 0.0) / 1440


if __name__ == "__main__":
    made = make(sys.argv[1], Path(os.environ["SRELIB_REAL_DATA"]), Path(sys.argv[2]))
    sys.stdout.write(f"{made}\n")
