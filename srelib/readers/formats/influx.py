"""Annotated CSV of InfluxDB: lines with ``#datatype`` and the like above each header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srelib.readers import generic, monitoring
from srelib.readers.base import Family, FileResult, Head

if TYPE_CHECKING:
    from srelib.sources import Source


def _read_influx(head: Head, source: Source) -> FileResult:
    """One value a row under the name of its field, or, once pivoted, one column a field."""
    if {"_time", "_field", "_value"} <= set(head.header) and not source.columns:
        return monitoring.read_long_panel(head, source)
    return generic.read_generic(head, source)


INFLUX = Family("influx", lambda head: head.annotated, _read_influx, ("sli",))
