"""Episodes of alerts: the answer of a range query of Prometheus for ``ALERTS``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from srelib.questions import Unconfirmed, question
from srelib.readers import declaration as say
from srelib.readers import flat
from srelib.readers.base import Head
from srelib.readers.engine import Format
from srelib.readers.indicators import SERVICE_LABELS
from srelib.readers.json_text import nested, objects_in


def _episodes(found: list[Any], head: Head, source: say.Source) -> list[Any]:
    """The labels of every series once for each episode: samples without a gap."""
    series = objects_in(found)
    kind = next((one.get("resulttype") for one in series), "matrix")
    if kind != "matrix":
        raise head.error(
            f"this is no answer of a range query (resultType {kind!r})",
            "use /api/v1/query_range with start, end and step",
        )
    times = [_sample_times(one) for one in series]
    moments = np.concatenate([*times, np.array([])])
    if not len(moments):
        raise head.error("no alert fired in this answer", flat.LONGER)
    step = _query_step(times, source, head)
    return [
        nested(one, "metric") | {
            "firedat": f"{begun:.3f}",
            "endedat": None if ended >= moments.max() else f"{ended + step:.3f}",
            "isfirst": begun <= moments.min(),
            "querystep": f"{step:g}",
        }
        for one, own in zip(series, times, strict=True)
        for begun, ended in _firing_spans(own, step)
    ]  # fmt: skip


def _sample_times(series: say.Record) -> np.ndarray:
    """Times of the samples at which the alert was there [s]."""
    pairs = flat.pairs_in(series.get("values"))
    return np.unique([float(at) for at, value in pairs if _is_time(at) and str(value) == "1"])


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e10


def _query_step(times: list[np.ndarray], source: say.Source, head: Head) -> float:
    """What was said, else the most common distance of two samples."""
    if source.step is not None:
        return float(source.step.total_seconds())
    gaps = np.concatenate([np.diff(own) for own in times]).round(3)
    if not len(gaps):
        raise question(
            "no series has two samples, so the step of the query cannot be told", file=head.name,
            step=Unconfirmed("1m", "the step of the query"),
        )  # fmt: skip
    lengths, counts = np.unique(gaps, return_counts=True)
    return float(lengths[counts.argmax()])


def _firing_spans(moments: np.ndarray, step: float) -> Iterator[tuple[float, float]]:
    breaks = np.flatnonzero(np.diff(moments) > 1.5 * step)
    starts, ends = np.r_[0, breaks + 1], np.r_[breaks, len(moments) - 1]
    if len(moments):
        yield from zip(moments[starts].tolist(), moments[ends].tolist(), strict=True)


PROMETHEUS_ALERTS = Format(
    "prometheus_alerts", "alerts", "an alert",
    signs=(say.has("alertname", "alertstate", under=("data.result.metric",)),),
    wrappers=("data.result",),
    carried={"resulttype": "data.resulttype"},
    prepare=_episodes,
    columns={
        "service": SERVICE_LABELS,
        "rule": "alertname",
        "severity": "severity",
        "fired_at": "firedat",
        "resolved_at": "endedat",
    },
    rules=(
        say.Drop("the alert was only pending: it did not fire", {"alertstate": "(?!firing$).*"},
                 "alertstate", "alertstate"),
    ),
    notes=(
        say.Note("Alerts are known to the step of the query, {one[querystep]} s: shorter ones may "
                 "be missing."),
        say.Note("{n} alerts fire at the start of the answer: they may have begun before.",
                 {"alertstate": "firing", "isfirst": "true"}),
        say.Note("{n} alerts fire at the end of the answer: they count as not ended.",
                 {"alertstate": "firing", "endedat": ""}),
    ),
)  # fmt: skip
