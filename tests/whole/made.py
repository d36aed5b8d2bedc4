"""Random inputs of the kinds in `cases`, their truth known before they are written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st

import srelib
from tests.whole.test_cases import loaded

START = datetime(2026, 6, 1, tzinfo=UTC)
_FEW = settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.generate))
"""Not shrunk: a failing input is small, and reading hundreds of others takes minutes."""


@dataclass(frozen=True)
class Traffic:
    """Requests and errors of one service, a bucket of `minutes` each."""

    service: str
    minutes: int
    total: np.ndarray
    bad: np.ndarray

    @property
    def good(self) -> np.ndarray:
        return self.total - self.bad

    @property
    def sli(self) -> float:
        return float(self.good.sum() / self.total.sum())

    def time(self, n: int) -> datetime:
        return START + timedelta(minutes=self.minutes * n)

    def stamps(self) -> list[str]:
        return [f"{self.time(n):%Y-%m-%dT%H:%M:%SZ}" for n in range(len(self.total))]

    def csv(self, header: str, *columns: list[str]) -> str:
        rows = zip(self.stamps(), [self.service] * len(self.total), *columns, strict=True)
        return "\n".join([header, *(",".join(row) for row in rows)]) + "\n"


@st.composite
def traffic(draw: st.DrawFn) -> Traffic:
    """A few hours of a service with ordinary traffic and some errors."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.integers(90, 400))
    total = random.poisson(draw(st.floats(20, 300)), size).astype("float64") + 1
    bad = random.binomial(total.astype("int64"), draw(st.floats(0.002, 0.05))).astype("float64")
    bad[0] = 1.0
    service = draw(st.sampled_from(["web", "checkout-api", "Ünï corn", "a.b"]))
    return Traffic(service, draw(st.sampled_from([1, 5, 60])), total, bad)


def text(numbers: np.ndarray, form: str = ".12g") -> list[str]:
    """Numbers as a file writes them."""
    return [format(number, form) for number in numbers]


def outcome(tmp: pytest.TempPathFactory, said: str = "", **files: str) -> srelib.Dataset | None:
    """The dataset, or None where it was refused with something to paste."""
    folder = tmp.mktemp("exports")
    for name, content in files.items():
        Path(folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
    if said:
        (folder / "sources.toml").write_text(said, encoding="utf-8")
    data, refusal = loaded(folder)
    assert data is not None or "sources.toml" in refusal, refusal
    return data


def ratio(data: srelib.Dataset) -> float:
    """Share of good events over everything."""
    return float(data.sli["good"].sum() / data.sli["total"].sum())


def running(values: np.ndarray, restart: int) -> np.ndarray:
    """Running sums that begin again at zero once."""
    sums = np.cumsum(values)
    return np.where(np.arange(len(values)) < restart, sums, sums - sums[restart - 1])


def query(series: dict[str, np.ndarray], seen: Traffic, name: str | None) -> str:
    """The answer of a range query, one series for each status code."""
    labels = {"service": seen.service} | ({"__name__": name} if name else {})
    result = [
        {
            "metric": labels | {"code": code},
            "values": [[seen.time(n).timestamp(), f"{v:.17g}"] for n, v in enumerate(values)],
        }
        for code, values in series.items()
    ]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})


COVERED: set[str] = set()
"""The cases of which there are more inputs, made at random."""


def more_of(*cases: str) -> Callable[[Any], Any]:
    """Mark a test as making more inputs of the kind of these cases; a few of them."""

    def marked(test: Any) -> Any:
        COVERED.update(cases)
        return _FEW(test)

    return marked
