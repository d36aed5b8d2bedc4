"""Whether a folder holds anything a report could be about."""

from __future__ import annotations

from typing import Any

from srelib.errors import InputError

EVIDENCE = ("sli", "deployments", "incidents", "alerts")


def usable(dataset: Any) -> Any:
    """The dataset, or an error when there is nothing in it to show."""
    if any(len(getattr(dataset, table)) for table in EVIDENCE):
        return dataset
    rejected = int(dataset.sources["rows_rejected"].sum()) if len(dataset.sources) else 0
    seen = f"; {rejected:,} rows were rejected" if rejected else ""
    raise InputError(
        f"nothing to report on: no metrics, deployments, incidents or alerts were read{seen}",
        fix="run `srelib check` on the folder to see what each file was understood as",
    )
