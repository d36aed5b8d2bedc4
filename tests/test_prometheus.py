"""Counts of objectives from a real Prometheus, and from servers that fail."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

import srelib
from srelib import prometheus, web
from srelib.errors import InputError, ParameterError, SloError
from srelib.slos import Queries, Slo
from srelib.windows import Window

START = pd.Timestamp("2026-06-01", tz="UTC")
HOURS = 30
QUERIES = {
    "good": Queries(good='req{code!~"5.."}', total="req"),
    "bad": Queries(bad='req{code=~"5.."}', total="req"),
    "window": Queries(good='sum(rate(req{code!~"5.."}[{{.window}}]))',
                      total="sum(rate(req[{{.window}}]))"),
}  # fmt: skip


def objective(name: str, queries: Queries) -> Slo:
    """One with these queries."""
    return Slo(name=name, service="shop's", sli="availability", target=0.99,
               window=Window.parse("28d"), queries=queries)  # fmt: skip


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    """Requests of every minute; of an hour nothing is known, and in another none is bad."""
    random = np.random.default_rng(20261129)
    total = random.poisson(120, HOURS * 60)
    bad = random.binomial(total, 0.03)
    bad[:60] = 0
    index = pd.date_range(START, periods=HOURS * 60, freq="1min", name="time")
    return pd.DataFrame({"good": total - bad, "total": total}, index=index, dtype="float64")


@pytest.fixture(scope="module")
def server(truth, tmp_path_factory) -> Iterator[str]:
    """A Prometheus with blocks of two counters, scraped every 15 s, one of which begins anew."""
    missing = [name for name in ("prometheus", "promtool") if not shutil.which(name)]
    if missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{missing[0]} is not installed, and in CI this test must run")
        pytest.skip(f"{missing[0]} is not installed")
    folder = tmp_path_factory.mktemp("prometheus")
    lines = ["# TYPE req counter"]
    for code, counts in (("200", truth["good"]), ("503", truth["total"] - truth["good"])):
        ends = np.arange(len(counts) * 4 + 1)
        sums = np.interp(ends / 4, np.arange(len(counts) + 1), np.r_[0, counts.cumsum()])
        restart = 10 * 60 * 4 + 1
        sums[restart:] -= sums[restart - 1]
        at = START.timestamp() + 15 * ends
        known = ~((ends > 20 * 60 * 4) & (ends < 21 * 60 * 4))
        seen = known & (sums > 0) if code == "503" else known
        lines += [f'req_total{{code="{code}"}} {v:.6f} {t:.0f}'
                  for t, v in zip(at[seen], sums[seen], strict=True)]  # fmt: skip
    (folder / "metrics").write_text("\n".join([*lines, "# EOF", ""]))
    blocks = ["promtool", "tsdb", "create-blocks-from", "openmetrics"]
    subprocess.run([*blocks, folder / "metrics", folder / "data"], check=True, capture_output=True)
    (folder / "none.yml").write_text("")
    port = free_port()
    running = subprocess.Popen(
        ["prometheus", f"--config.file={folder / 'none.yml'}",
         f"--storage.tsdb.path={folder / 'data'}", "--storage.tsdb.retention.time=100y",
         f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/-/ready", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield url
    running.kill()
    running.wait()


def named(queries: Queries) -> Queries:
    """The queries on the counter as OpenMetrics calls it."""
    swap = {key: getattr(queries, key) for key in ("good", "bad", "total")}
    return Queries(**{key: text and text.replace("req", "req_total") for key, text in swap.items()})


@pytest.mark.parametrize("kind", ["good", "bad"])
def test_what_is_collected_is_what_happened(server, truth, tmp_path, kind):
    """Each bucket as it was, but for what Prometheus extrapolates; unknown where it was unknown."""
    slos = [objective("shop availability", named(QUERIES[kind]))]
    end = START + pd.Timedelta(hours=HOURS)
    given = {"since": START, "until": end, "out": tmp_path}
    files = prometheus.collect(server, slos, pause=0, **given)
    assert prometheus.add_entries(slos, step=prometheus.MINUTE, out=tmp_path) == ""
    dataset = srelib.load(tmp_path)
    assert dataset.services == ["shop's"]
    counts = dataset.counts("shop's", "availability")
    known = truth.drop(truth.index[(truth.index >= START + pd.Timedelta("20h"))
                                   & (truth.index < START + pd.Timedelta("21h"))])  # fmt: skip
    both = counts.join(known.add_suffix("_true"), how="inner").dropna()
    assert len(both) >= len(known) - 5
    for name in ("good", "total"):
        assert both[name].sum() == pytest.approx(both[f"{name}_true"].sum(), rel=2e-3)
        assert np.abs(both[name] - both[f"{name}_true"]).median() < 1
    early = counts.loc[: START + pd.Timedelta("58min")]
    assert (early["good"] == early["total"]).all()
    gap = counts.reindex(pd.date_range(START + pd.Timedelta("20h2min"), periods=55, freq="1min"))
    assert gap["total"].isna().all()
    before = [file.stat().st_mtime_ns for file in files]
    assert prometheus.collect("http://127.0.0.1:9", slos, pause=0, **given) == files
    assert [file.stat().st_mtime_ns for file in files] == before


def test_pieces_stay_below_the_limit_of_the_server(server, tmp_path):
    """A year of minutes; each bucket is asked for once, and a longer span asks for what is new."""
    slos = [objective("a", named(QUERIES["good"]))]
    year = {"since": START - pd.Timedelta("365D"), "out": tmp_path}
    pieces = list(prometheus._pieces(slos[0], year["since"], START, tmp_path, prometheus.MINUTE))
    ends = [pieces[0].first, *(piece.last + prometheus.MINUTE for piece in pieces)]
    assert ends[0] == year["since"]
    assert ends[-1] == START
    assert [piece.first for piece in pieces] == ends[:-1]
    assert all((p.last - p.first) / prometheus.MINUTE < 11_000 for p in pieces)
    assert len(pieces) < 65
    two = {"since": START, "out": tmp_path, "pause": 0}
    first = prometheus.collect(server, slos, until=START + pd.Timedelta("5h"), **two)
    then = prometheus.collect(server, slos, until=START + pd.Timedelta("9h"), **two)
    assert sorted((tmp_path / "prometheus").iterdir()) == then != first


def test_a_window_in_the_query_is_put_in(server, tmp_path):
    """As Sloth writes it."""
    slos = [objective("a", named(QUERIES["window"]))]
    (file,) = prometheus.collect(server, slos, since=START, until=START + pd.Timedelta("2h"),
                                 out=tmp_path, pause=0)  # fmt: skip
    names = {one["metric"]["events"] for one in json.loads(file.read_text())["data"]["result"]}
    assert names == {"good", "total"}


class Failing(BaseHTTPRequestHandler):
    """A server that answers what it is told, one after the other."""

    answers: ClassVar[list[tuple[int, dict[str, str], bytes]]] = []
    heard: ClassVar[list[str | None]] = []
    waited: ClassVar[list[float]] = []

    def do_POST(self):
        """The next answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self):
        """The next answer."""
        self.heard.append(self.headers.get("Authorization"))
        code, headers, body = self.answers.pop(0)
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *text):
        """Nothing."""


@pytest.fixture
def failing(monkeypatch) -> Iterator[tuple[str, type[Failing]]]:
    """The address of such a server; waiting takes no time."""
    monkeypatch.setattr(web.time, "sleep", lambda seconds: waited.append(seconds))
    waited: list[float] = []
    Failing.answers, Failing.heard, Failing.waited = [], [], waited
    with HTTPServer(("127.0.0.1", 0), Failing) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", Failing
        running.shutdown()


EMPTY = b'{"status": "success", "data": {"resultType": "matrix", "result": []}}'


def asked(url, tmp_path, *, days=1):
    """What is collected of some days."""
    return prometheus.collect(url, [objective("a", QUERIES["good"])], since=START, out=tmp_path,
                              until=START + pd.Timedelta(days=days), pause=0)  # fmt: skip


def test_a_server_that_is_busy_is_asked_again(failing, tmp_path):
    """After the time that it says; a cut answer is none."""
    url, server = failing
    server.answers = [(503, {}, b""), (429, {"Retry-After": "7"}, b""), (200, {}, EMPTY[:-5]),
                      (200, {}, EMPTY)]  # fmt: skip
    (file,) = asked(url, tmp_path)
    assert file.read_bytes() == EMPTY
    assert server.waited == [2.0, 7.0, 8.0, 0]


def test_a_run_that_failed_goes_on_where_it_was(failing, tmp_path):
    """What came stays, and only the rest is asked for."""
    url, server = failing
    server.answers = [(200, {}, EMPTY), (400, {}, b'{"error": "parse error: unexpected x"}')]
    with pytest.raises(InputError, match=r"answers 400: parse error: unexpected x.*it goes on"):
        asked(url, tmp_path, days=20)
    assert len(list((tmp_path / "prometheus").iterdir())) == 1
    server.answers = [(200, {}, EMPTY)] * 10
    assert len(asked(url, tmp_path, days=20)) == 11 - len(server.answers)


def test_the_token_goes_only_where_nobody_else_reads_it(failing, tmp_path, monkeypatch):
    """It comes from the environment, and never into a message."""
    url, server = failing
    monkeypatch.setenv(prometheus.TOKEN, "s3cret")
    server.answers = [(401, {}, b"<html>who are you</html>")]
    with pytest.raises(InputError, match="answers 401: who are you") as refused:
        asked(url, tmp_path)
    assert server.heard == ["Bearer s3cret"]
    assert "s3cret" not in str(refused.value)
    with pytest.raises(InputError, match="without encryption"):
        asked("http://example.org", tmp_path)


def test_what_makes_no_sense_is_refused(tmp_path):
    """No span, no objective, no query, no server."""
    slo = objective("a", QUERIES["good"])
    with pytest.raises(ParameterError, match="since must be before until"):
        prometheus.collect("http://x", [slo], since=START, until=START, out=tmp_path)
    late = START + pd.Timedelta("1D")
    with pytest.raises(InputError, match="no objective"):
        prometheus.collect("http://x", [], since=START, until=late, out=tmp_path)
    with pytest.raises(SloError, match="names no queries"):
        prometheus.collect("http://x", [objective("a", Queries())], since=START, until=late,
                           out=tmp_path)  # fmt: skip
    with pytest.raises(InputError, match="no address of a server"):
        asked("localhost:9090", tmp_path)


def test_entries_that_are_there_are_not_said_again(tmp_path):
    """A file of one's own is left as it is; what it lacks is handed back."""
    slos = [objective("a", QUERIES["good"]), objective("b", QUERIES["good"])]
    (tmp_path / "sources.toml").write_text('[[file]]\nmatch = "prometheus/a.*.json"\n')
    lacking = prometheus.add_entries(slos, step=prometheus.MINUTE, out=tmp_path)
    assert lacking.startswith('[[file]]\nmatch = "prometheus/b.*.json"\n')
    assert lacking.count("[[file]]") == 1
