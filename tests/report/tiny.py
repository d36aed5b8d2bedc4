"""Tiny notebooks, exports and datasets, so that what a report does is seen without real ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pandas as pd
from nbformat.v4 import new_code_cell, new_notebook

from srelib import tables
from srelib.slos import Slo
from srelib.windows import Window


def code(source: str, *tags: str) -> nbformat.NotebookNode:
    """A code cell with tags."""
    cell = new_code_cell(source)
    cell.metadata["tags"] = list(tags)
    return cell


def book(*cells: nbformat.NotebookNode, title: str = "Why?") -> nbformat.NotebookNode:
    """A notebook as the suite keeps them: Python 3, a question as title."""
    node = new_notebook(cells=list(cells))
    node.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    node.metadata["title"] = title
    for number, cell in enumerate(node.cells):
        cell["id"] = f"c{number}"
    return node


PARAMETERS = 'data = "../data/sample"  # folder of exports\nweeks = 13  # how many [weeks]'

SAYS = """from IPython.display import Markdown
from pathlib import Path
lines = (Path(data) / "requests.csv").read_text().splitlines()
Markdown(f"- {len(lines) - 1} rows in {weeks} weeks.\\n- Last: {lines[-1].replace(',', ' ')}")"""


SLO = """apiVersion: openslo/v1
kind: SLO
metadata: {name: shop-availability}
spec:
  service: shop
  indicator:
    metadata: {name: availability}
    spec:
      ratioMetric:
        counter: false
        good: {metricSource: {type: csv, spec: {}}}
        total: {metricSource: {type: csv, spec: {}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: shop works, target: 0.99}]
"""


def slo(**changes: Any) -> Slo:
    """An objective of 99.9 % over 28 days for service `shop`."""
    given = Slo(name="shop-availability", service="shop", sli="availability", target=0.999,
                window=Window.parse("28d"))  # fmt: skip
    return replace(given, **changes)


def dataset(counts: pd.DataFrame, *slos: Slo, **given: object) -> SimpleNamespace:
    """What `srelib.load` returns, with the counts of every objective given."""
    source = {
        "file": ["requests.csv"],
        "format": ["generic"],
        "table": ["sli"],
        "rows_read": [49],
        "rows_kept": [48],
        "rows_rejected": [1],
        "rows_missing": [0],
        "first": [counts.index[0]],
        "last": [counts.index[-1]],
        "timezone": ["Europe/Berlin"],
        "sha256": ["ab" * 32],
        "notes": ["counts estimated from a rate"],
    }
    frames = {name: given.get(name, tables.empty(name)) for name in tables.TABLES}
    return SimpleNamespace(
        **{
            "path": Path("my exports"),
            "as_of": counts.index[-1] + (counts.index[1] - counts.index[0]),
            "slos": list(slos),
            "slo_counts": lambda slo, exclusions=True: counts,
            "exported": lambda name: frames[name] if len(frames[name]) else None,
            **frames,
            "sources": tables.conform(pd.DataFrame(source), "sources"),
            **given,
        }
    )


def hourly(days: int, *, good: float, total: float, end: str = "2026-06-29") -> pd.DataFrame:
    """Hourly counts, the same in every bucket, ending at midnight UTC."""
    last = pd.Timestamp(end, tz="UTC") - pd.Timedelta(hours=1)
    index = pd.date_range(end=last, periods=days * 24, freq="h")
    return pd.DataFrame({"good": float(good), "total": float(total)}, index=index)
