"""Spans of buckets: where a mask is true, as starts and stops; the core of every replay."""

from __future__ import annotations

import numpy as np

Spans = tuple[np.ndarray, np.ndarray]
"""First bucket of each span, and the first one after it; sorted and apart."""


def spans_of(mask: np.ndarray) -> Spans:
    """Where a mask is true."""
    edges = np.flatnonzero(mask[1:] != mask[:-1]) + 1
    if len(mask) and mask[0]:
        edges = np.concatenate([[0], edges])
    if len(edges) % 2:
        edges = np.concatenate([edges, [len(mask)]])
    return edges[::2], edges[1::2]


def paint(spans: Spans, size: int) -> np.ndarray:
    """The mask that is true in the spans."""
    steps = np.zeros(size + 1, dtype="int8")
    steps[spans[0]] += 1
    steps[spans[1]] -= 1
    return np.cumsum(steps[:-1], dtype="int8").view("bool")


def delayed(spans: Spans, buckets: int) -> Spans:
    """Spans without their first buckets: what is left after waiting."""
    starts, stops = spans[0] + buckets, spans[1]
    kept = starts < stops
    return starts[kept], stops[kept]


def joined(several: list[Spans], *, gap: int = 0) -> Spans:
    """Union of several lists of spans; those at most `gap` buckets apart become one."""
    starts = np.concatenate([one[0] for one in several])
    stops = np.concatenate([one[1] for one in several])
    if not len(starts):
        return starts, stops
    order = np.argsort(starts, kind="stable")
    starts, reach = starts[order], np.maximum.accumulate(stops[order])
    new = np.concatenate([[True], starts[1:] > reach[:-1] + gap])
    last = np.concatenate([np.flatnonzero(new)[1:] - 1, [len(starts) - 1]])
    return starts[new], reach[last]
