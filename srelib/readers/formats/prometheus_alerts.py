"""Episodes of alerts: the answer of a range query of Prometheus for ``ALERTS``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from srelib.errors import ReadError
from srelib.readers.base import Family, FileResult, Head, file_text
from srelib.readers.declaration import choose_note, left_out, not_chosen
from srelib.readers.engine import record_result
from srelib.readers.formats.alertmanager import service_of
from srelib.readers.json_text import as_text, holds, json_documents, nested, objects_in, value_at
from srelib.readers.record_tables import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

_QUERY_LABELS = "data.result.metric"


def _is_prometheus_alerts(head: Head) -> bool:
    """Whether the file is the answer of a query for ``ALERTS``."""
    return holds(head, "alertname", "alertstate", under=(_QUERY_LABELS,))


def _read_prometheus_alerts(head: Head, source: Source) -> FileResult:
    """Episodes, one row each: samples of one series without a gap."""
    series = _query_series(json_documents(file_text(head), file=head.name), head)
    moments = np.concatenate([_sample_times(one) for one in series] or [np.array([])])
    if not len(moments):
        raise ReadError("no alert fired in this answer", file=head.name,
                        fix="ask for a longer span of time, or take the file away")  # fmt: skip
    step = _query_step(series, source, head)
    first, last = float(moments.min()), float(moments.max())
    rows = [row for one in series for row in _query_rows(one, step, last, source)]
    lines = range(1, len(rows) + 1)
    notes = [*choose_note(rows), *_alerts_query_notes(rows, step, first)]
    return record_result(head, rows, list(lines), "alerts", source, notes=notes)


def _query_series(answers: list[Any], head: Head) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for answer in answers:
        data = nested(answer if isinstance(answer, dict) else {}, "data")
        if data.get("resulttype") != "matrix":
            raise ReadError(
                f"this is no answer of a range query (resultType {data.get('resulttype')!r})",
                file=head.name,
                fix="use /api/v1/query_range with start, end and step",
            )
        found += objects_in(data.get("result"))
    return found


def _sample_times(series: dict[str, Any]) -> np.ndarray:
    """Times of the samples at which the alert was there [s]."""
    given = series.get("values")
    samples = given if isinstance(given, list) else []
    pairs = [sample for sample in samples if isinstance(sample, list) and len(sample) == 2]
    return np.unique([float(at) for at, value in pairs if _is_time(at) and str(value) == "1"])


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e10


def _query_step(series: list[dict[str, Any]], source: Source, head: Head) -> float:
    """What was said, else the most common distance of two samples."""
    if source.step is not None:
        return float(source.step.total_seconds())
    gaps = np.concatenate([np.diff(_sample_times(one)) for one in series]).round(3)
    if not len(gaps):
        raise ReadError(
            "no series has two samples, so the step of the query cannot be told", file=head.name,
            fix='say step = "1m", or whatever the step of the query was, in sources.toml',
        )  # fmt: skip
    lengths, counts = np.unique(gaps, return_counts=True)
    return float(lengths[counts.argmax()])


def _query_rows(series: dict[str, Any], step: float, last: float, source: Source) -> Iterator[Row]:
    given = series.get("metric")
    labels = given if isinstance(given, dict) else {}
    named = {
        "service": source.service or service_of(labels),
        "rule": as_text(labels.get("alertname")),
        "severity": as_text(labels.get("severity")),
        **{name: as_text(value_at(labels, path)) for name, path in source.columns.items()},
    }
    mark, state = not_chosen(labels, source), labels.get("alertstate")
    for begun, ended in _firing_spans(_sample_times(series), step):
        row = named | {"fired_at": f"{begun:.3f}"} | mark
        if state != "firing":
            reason = "the alert was only pending: it did not fire"
            yield row | left_out(reason, value=state, column="alertstate")
        else:
            yield row | {"resolved_at": None if ended >= last else f"{ended + step:.3f}"}


def _firing_spans(moments: np.ndarray, step: float) -> Iterator[tuple[float, float]]:
    breaks = np.flatnonzero(np.diff(moments) > 1.5 * step)
    starts, ends = np.r_[0, breaks + 1], np.r_[breaks, len(moments) - 1]
    if len(moments):
        yield from zip(moments[starts].tolist(), moments[ends].tolist(), strict=True)


def _alerts_query_notes(rows: list[Row], step: float, first: float) -> list[str]:
    notes = [f"Alerts are known to the step of the query, {step:g} s: shorter ones may be missing."]
    fired = [row for row in rows if "resolved_at" in row]
    early = sum(float(row["fired_at"]) <= first for row in fired)
    if early:
        notes.append(
            f"{early:,} alerts fire at the start of the answer: they may have begun before."
        )
    still = sum(row["resolved_at"] is None for row in fired)
    if still:
        notes.append(f"{still:,} alerts fire at the end of the answer: they count as not ended.")
    return notes


PROMETHEUS_ALERTS = Family(
    "prometheus_alerts", _is_prometheus_alerts, _read_prometheus_alerts, ("alerts",)
)
