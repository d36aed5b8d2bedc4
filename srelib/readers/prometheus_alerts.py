"""Alert episodes from a range query of Prometheus for ``ALERTS``.

The series is 1 at every step at which an alert was firing, and absent otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from srelib.errors import ReadError
from srelib.readers import json_text
from srelib.readers.alertmanager import SERVICE_LABELS
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "prometheus_alerts"
TABLES = ("alerts",)

_PLACE = "data.result.metric"


def recognise(head: Head) -> bool:
    """Whether the file is the answer of a query for ``ALERTS``."""
    return json_text.holds(head, "alertname", "alertstate", under=(_PLACE,))


def read(head: Head, source: Source | None) -> Result:
    """Episodes, one row each: samples of one series without a gap."""
    series = _series(json_text.parse(json_text.content(head), file=head.name), head)
    moments = np.concatenate([_moments(one) for one in series] or [np.array([])])
    if not len(moments):
        raise ReadError("no alert fired in this answer", file=head.name,
                        fix="ask for a longer span of time, or take the file away")  # fmt: skip
    step = _step(series, source, head)
    first, last = float(moments.min()), float(moments.max())
    rows = [row for one in series for row in _rows(one, step, last, source)]
    found = json_text.result(
        head, rows, range(1, len(rows) + 1), table="alerts", times=("fired_at", "resolved_at"),
        source=source, notes=_notes(rows, step, first),
    )  # fmt: skip
    return found


def _series(answers: list[Any], head: Head) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for answer in answers:
        told = json_text.keyed(answer) if isinstance(answer, dict) else {}
        data = json_text.inner(told, "data")
        if data.get("resulttype") != "matrix":
            raise ReadError(
                f"this is no answer of a range query (resultType {data.get('resulttype')!r})",
                file=head.name,
                fix="use /api/v1/query_range with start, end and step",
            )
        found += json_text.listed(data.get("result"))
    return found


def _moments(series: dict[str, Any]) -> np.ndarray:
    """Times of the samples at which the alert was there [s]."""
    given = series.get("values")
    samples = given if isinstance(given, list) else []
    pairs = [sample for sample in samples if isinstance(sample, list) and len(sample) == 2]
    return np.unique([float(at) for at, value in pairs if _is_time(at) and str(value) == "1"])


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e10


def _step(series: list[dict[str, Any]], source: Source | None, head: Head) -> float:
    """What was said, else the most common distance of two samples."""
    if source is not None and source.step is not None:
        return float(source.step.total_seconds())
    gaps = np.concatenate([np.diff(_moments(one)) for one in series]).round(3)
    if not len(gaps):
        raise ReadError(
            "no series has two samples, so the step of the query cannot be told", file=head.name,
            fix='say step = "1m", or whatever the step of the query was, in sources.toml',
        )  # fmt: skip
    lengths, counts = np.unique(gaps, return_counts=True)
    return float(lengths[counts.argmax()])


def _rows(series: dict[str, Any], step: float, last: float, source: Source | None) -> Iterator[Row]:
    given = series.get("metric")
    labels = given if isinstance(given, dict) else {}
    service = next((labels[name] for name in SERVICE_LABELS if labels.get(name)), None)
    told = {
        "service": json_text.said_service(source) or json_text.text(service),
        "rule": json_text.text(labels.get("alertname")),
        "severity": json_text.text(labels.get("severity")),
        **json_text.chosen(labels, source),
    }
    state = labels.get("alertstate")
    for begun, ended in _runs(_moments(series), step):
        row = told | {"fired_at": f"{begun:.3f}"}
        if state != "firing":
            reason = "the alert was only pending: it did not fire"
            yield row | json_text.left_out(reason, value=state, column="alertstate")
        else:
            yield row | {"resolved_at": None if ended >= last else f"{ended + step:.3f}"}


def _runs(moments: np.ndarray, step: float) -> Iterator[tuple[float, float]]:
    breaks = np.flatnonzero(np.diff(moments) > 1.5 * step)
    starts, ends = np.r_[0, breaks + 1], np.r_[breaks, len(moments) - 1]
    if len(moments):
        yield from zip(moments[starts].tolist(), moments[ends].tolist(), strict=True)


def _notes(rows: list[Row], step: float, first: float) -> list[str]:
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
