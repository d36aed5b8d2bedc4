"""A fleet drawn with a known truth, as a folder whose counts lie in Parquet by service."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from srelib import simulate
from srelib.simulate import Fleet

SLO = """\
---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {service}-availability}}
spec:
  service: {service}
  indicator:
    metadata: {{name: availability}}
    spec: {{ratioMetric: {{good: {query}, total: {query}}}}}
  timeWindow: [{{duration: 4w, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {target}}}]
"""
QUERY = "{metricSource: {type: Prometheus, spec: {query: requests_total}}}"


def fleet() -> Fleet:
    """Three services over six weeks."""
    return simulate.fleet(3, weeks=6, step="5min")


def write(world: Fleet, folder: Path, *, counts: pd.DataFrame | None = None) -> Path:
    """The exports of a fleet; counts as `srelib rollup` leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in ("deployments", "changes", "incidents", "alerts"):
        rows = getattr(world.dataset, table).dropna(axis="columns", how="all")
        if len(rows):
            rows.to_csv(folder / f"{table}.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    slos = [SLO.format(service=slo.service, target=slo.target, query=QUERY)
            for slo in world.dataset.slos if slo.sli == "availability"]  # fmt: skip
    (folder / "slos.yaml").write_text("".join(slos), "utf-8")
    sli = world.dataset.sli if counts is None else counts
    for service, rows in sli.groupby("service", observed=True):
        write_counts(rows, folder / "sli" / f"service={service}")
    return folder


def write_counts(rows: pd.DataFrame, folder: Path, *, step: str = "300") -> None:
    """Counts of one service, times without a zone as DuckDB writes them."""
    plain = rows.astype({"service": "str", "sli": "str"})
    plain["time"] = pd.DatetimeIndex(plain["time"]).tz_localize(None)
    table = pa.Table.from_pandas(plain, preserve_index=False)
    folder.mkdir(parents=True)
    parquet.write_table(table.replace_schema_metadata({"step": step}), folder / "data_0.parquet")
