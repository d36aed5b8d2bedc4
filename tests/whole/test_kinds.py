"""More inputs of every kind in `cases`, made at random: right, or asked for.

The truth of each input is computed here, from the same random numbers, before it is written down
in the way that was once misread.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import srelib
from tests.whole.test_cases import loaded

START = datetime(2026, 6, 1, tzinfo=UTC)
few = settings(max_examples=4, deadline=None)


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
            "values": [[seen.time(n).timestamp(), f"{v:.10g}"] for n, v in enumerate(values)],
        }
        for code, values in series.items()
    ]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})


@few
@given(traffic(), st.sampled_from(["http_requests_total", "requests_count", None]),
       st.floats(0.2, 0.8))  # fmt: skip
def test_running_sums(tmp_path_factory, seen: Traffic, name: str | None, at: float) -> None:
    """Of a query or a table: their increases, or a question."""
    restart = int(at * len(seen.total))
    good, bad = running(seen.good, restart), running(seen.bad, restart)
    data = outcome(tmp_path_factory, q__json=query({"200": good, "500": bad}, seen, name))
    assert (data is None) == (name is None)
    table = seen.csv("time,service,good,total", text(good), text(good + bad))
    for found in (data, outcome(tmp_path_factory, a__csv=table)):
        if found is not None:  # the first sample has nothing to be compared with
            assert ratio(found) == pytest.approx(seen.sli, abs=2 / seen.total.sum() + 0.002)


@few
@given(traffic())
def test_rates(tmp_path_factory, seen: Traffic) -> None:
    """Fractions of events are asked for; said to be rates they are events times the step."""
    seconds = 60.0 * seen.minutes
    text_of = query({"200": seen.good / seconds, "500": seen.bad / seconds}, seen, None)
    assert outcome(tmp_path_factory, q__json=text_of) is None
    data = outcome(tmp_path_factory, '[[file]]\nmatch = "q.json"\nunit = "rate"', q__json=text_of)
    assert data is not None
    assert data.sli["total"].sum() == pytest.approx(seen.total.sum(), rel=1e-6)


@few
@given(traffic(), st.sampled_from(["errors", "failures", "bad"]))
def test_percentages_where_counts_are_expected(tmp_path_factory, seen: Traffic, name: str) -> None:
    """A column with % signs beside the requests is a share of them."""
    shares = [f"{100 * share:.4f}%" for share in seen.bad / seen.total]
    table = seen.csv(f"time,service,requests,{name}", text(seen.total), shares)
    data = outcome(tmp_path_factory, a__csv=table)
    assert data is None or ratio(data) == pytest.approx(seen.sli, abs=1e-4)


@few
@given(traffic(), st.sampled_from(["error_rate", "failure share", "5xx"]))
def test_shares_of_bad_events(tmp_path_factory, seen: Traffic, name: str) -> None:
    """Read where it is said; never taken for a share of good events."""
    table = seen.csv(f"time,service,{name}", text(seen.bad / seen.total))
    entry = '[[file]]\nmatch = "a.csv"\nunit = "ratio"\ncolumns = {{ {} = "{}" }}'
    data = outcome(tmp_path_factory, entry.format("bad_ratio", name), a__csv=table)
    assert data is not None
    assert ratio(data) == pytest.approx(float(np.mean(seen.good / seen.total)), abs=1e-9)
    assert outcome(tmp_path_factory, entry.format("ratio", name), a__csv=table) is None


@few
@given(traffic(), st.floats(0, 0.2), st.sampled_from(["ratio", "percent"]))
def test_percent_without_a_sign(tmp_path_factory, seen: Traffic, down: float, unit: str) -> None:
    """The column as a whole is percent, its zeros with it."""
    share = np.where(np.arange(len(seen.total)) < down * len(seen.total), 0, 99.95)
    table = seen.csv("time,service,ratio", text(share))
    data = outcome(tmp_path_factory, f'[[file]]\nmatch = "a.csv"\nunit = "{unit}"', a__csv=table)
    assert (data is None) == (unit == "ratio")
    if data is not None:
        assert ratio(data) == pytest.approx(share.mean() / 100, abs=1e-9)


@few
@given(traffic(), st.floats(1e-12, 9e-7))
def test_dust_is_no_contradiction(tmp_path_factory, seen: Traffic, dust: float) -> None:
    """Every row kept, of counts and of ratios."""
    good = np.where(seen.bad == 0, seen.total * (1 + dust), seen.good)
    table = seen.csv("time,service,good,total", text(good, ".17g"), text(seen.total))
    shares = seen.csv("time,service,ratio", text(good / seen.total, ".17g"))
    for file in (table, shares):
        data = outcome(tmp_path_factory, a__csv=file)
        assert data is not None
        assert (len(data.sli), len(data.rejects)) == (len(seen.total), 0)
        assert (data.sli["good"] <= data.sli["total"]).all()


@few
@given(traffic(), st.floats(0.0005, 0.003), st.integers(0, 2**32 - 1))
def test_extrapolated_counts(tmp_path_factory, seen: Traffic, noise: float, seed: int) -> None:
    """Sums stay as exported, or the series is refused; no refusal leans."""
    spread = np.random.default_rng(seed).normal(1, noise, len(seen.total))
    table = seen.csv("time,service,good,total", text(seen.good * spread, ".6f"), text(seen.total))
    said = '[[file]]\nmatch = "a.csv"\nunit = "count"'
    for file in (
        outcome(tmp_path_factory, a__csv=table),
        outcome(tmp_path_factory, said, a__csv=table),
    ):
        truth = float((seen.good * spread).sum() / seen.total.sum())
        assert file is None or ratio(file) == pytest.approx(truth, abs=1e-6)


@few
@given(st.integers(1, 60), st.integers(30, 200), st.integers(1, 20), st.integers(40, 900))
def test_silence_of_a_monitor(
    tmp_path_factory, every: int, up: int, down: int, silent: int
) -> None:
    """Checks, then nothing for a long time: unknown, neither outage nor uptime."""
    states = ["up"] * up + ["down"] * down
    times = [START + timedelta(minutes=every * n) for n in range(len(states))]
    times.append(times[-1] + timedelta(minutes=every * silent))
    rows = [f"{t:%Y-%m-%dT%H:%M:%SZ},site,{s}" for t, s in zip(times, [*states, "up"], strict=True)]
    data = outcome(tmp_path_factory, h__csv="\n".join(["time,service,state", *rows]) + "\n")
    assert data is not None
    known = timedelta(seconds=float(data.sli["total"].sum()))
    assert known <= timedelta(minutes=every * (len(states) + 3))
    ended = data.incidents["resolved_at"] - data.incidents["started_at"]
    assert ended.max() <= timedelta(minutes=every * (down + 3))


@few
@given(st.lists(st.sampled_from("0123"), min_size=20, max_size=60),
       st.sampled_from(["state", "status"]))  # fmt: skip
def test_numbers_as_states(tmp_path_factory, codes: list[str], column: str) -> None:
    """They mean different things in different tools: always asked for."""
    rows = [f"{START + timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ},s,{c}" for n, c in enumerate(codes)]
    said = '[[file]]\nmatch = "n.csv"\nunit = "state"'
    table = "\n".join([f"time,service,{column}", *rows]) + "\n"
    assert outcome(tmp_path_factory, said, n__csv=table) is None


@few
@given(st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Sydney"]),
       st.sampled_from(["2026-03-01", "2026-10-01"]), st.integers(40, 90))  # fmt: skip
def test_local_days(tmp_path_factory, zone: str, first: str, count: int) -> None:
    """Each day its own, over a change of clocks."""
    days = [str(day.date()) for day in pd.date_range(first, periods=count)]
    rows = [f"{day},web,{90 + n % 7},{100 + n % 3}" for n, day in enumerate(days)]
    said = f'[[file]]\nmatch = "a.csv"\ntimezone = "{zone}"\ncolumns = {{ time = "date" }}'
    data = outcome(tmp_path_factory, said, a__csv="\n".join(["date,service,good,total", *rows]))
    assert data is not None
    assert [str(time.date()) for time in data.sli["time"].dt.tz_convert(zone)] == days
    assert data.series["coverage"].tolist() == [1.0]


@few
@given(traffic(), st.booleans())
def test_files_without_a_header(tmp_path_factory, seen: Traffic, named: bool) -> None:
    """The first row counts where the columns are named, and is never lost in silence."""
    table = seen.csv("", text(seen.good), text(seen.total)).lstrip("\n")
    said = '[[file]]\nmatch = "a.csv"\nheader = ["time", "service", "good", "total"]'
    data = outcome(tmp_path_factory, said if named else "", a__csv=table)
    assert (data is not None) == named
    if data is not None:
        assert data.sli["total"].sum() == seen.total.sum()


@few
@given(traffic())
def test_one_row_an_event(tmp_path_factory, seen: Traffic) -> None:
    """Requests one by one are counted by minute."""
    rows = [
        f"{int(seen.time(n).timestamp() * 1000) + k},{'false' if k < bad else 'true'}"
        for n, (total, bad) in enumerate(zip(seen.total[:20], seen.bad[:20], strict=True))
        for k in range(int(total))
    ]
    said = ('[[file]]\nmatch = "r.jtl"\nservice = "s"\nunit = "event"\n'
            "good = \"success = 'true'\"\ncolumns = { time = \"timeStamp\" }")  # fmt: skip
    data = outcome(tmp_path_factory, said, r__jtl="\n".join(["timeStamp,success", *rows]) + "\n")
    assert data is not None
    assert data.sli["total"].sum() == seen.total[:20].sum()
    assert data.sli["good"].sum() == seen.good[:20].sum()


@few
@given(st.permutations(range(4)), st.integers(1, 9))
def test_the_history_of_a_record(tmp_path_factory, order: list[int], hours: int) -> None:
    """The latest end counts, whatever the order of rows."""
    ends = ["", *(f"2026-05-01T1{n}:30:00Z" for n in (2, 3, hours % 6 + 4))]
    rows = [f"i1,web,2026-05-01T11:00:00Z,{ends[n]}" for n in order]
    table = "\n".join(["incident_id,service,started_at,resolved_at", *rows]) + "\n"
    data = outcome(tmp_path_factory, i__csv=table)
    assert data is not None
    assert data.incidents["resolved_at"].max() == pd.Timestamp(max(ends))
    assert len(data.incidents) == 1


@few
@given(st.integers(13, 28), st.integers(1, 12), st.sampled_from(["-", "/", "."]))
def test_dates_with_one_reading(tmp_path_factory, day: int, month: int, mark: str) -> None:
    """A day above 12 shows the order; without one it is asked for."""
    rows = [f"i{d},web,{d:02d}{mark}{month:02d}{mark}2026 10:00:00," for d in (day, 3)]
    said = '[[file]]\nmatch = "i.csv"\ntimezone = "UTC"'
    header = "incident_id,service,started_at,resolved_at"
    data = outcome(tmp_path_factory, said, i__csv="\n".join([header, *rows]) + "\n")
    assert data is not None
    assert sorted(data.incidents["started_at"].dt.day) == [3, day]
    if mark != ".":
        assert (
            outcome(tmp_path_factory, said, i__csv=f"{header}\n{rows[1]}\n") is None or month > 12
        )
