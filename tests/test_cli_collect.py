"""The commands that write exports, from the line that is typed to the folder that is read."""

import json
import subprocess
import sys
import threading
import time
from http.server import ThreadingHTTPServer

from srelib import dataset
from tests import test_prometheus
from tests.test_cli import run

failing, Failing = test_prometheus.failing, test_prometheus.Failing
SLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: shop}
spec:
  service: shop
  indicator:
    metadata: {name: availability}
    spec:
      ratioMetric:
        good: {metricSource: {spec: {query: 'req{code!~"5.."}'}}}
        total: {metricSource: {spec: {query: req}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""


def matrix(good, total):
    """The answer of a range query of both counts, a value each minute."""

    def values(number):
        return [[1780272000 + 60 * i, str(number)] for i in range(60)]

    series = [
        {"metric": {"events": name}, "values": values(number)}
        for name, number in (("good", good), ("total", total))
    ]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}})


def test_collect_prometheus_leaves_a_folder_that_is_read(failing, tmp_path, capsys):
    """With the objectives in it, the answers and what they hold; done again it asks nothing."""
    url, server = failing
    (tmp_path / "slos.yaml").write_text(SLO)
    server.answers = [(200, {}, matrix(99.5, 100).encode())]
    told = (
        "collect",
        "prometheus",
        url,
        "--since",
        "2026-06-01",
        "--until",
        "2026-06-01T01:00Z",
        "--out",
        tmp_path,
    )
    code, shown, noise = run(*told, capsys=capsys)
    assert (code, shown) == (0, f"{tmp_path / 'prometheus'}\n")
    assert noise == "shop: 1 of 1\n"
    counts = dataset.load(tmp_path).counts("shop", "availability")
    assert counts[["good", "total"]].drop_duplicates().to_numpy().tolist() == [[99.5, 100.0]]
    assert len(counts) == 60
    assert run(*told, capsys=capsys)[0] == 0
    assert run("check", tmp_path, capsys=capsys)[0] == 0


def test_collect_prometheus_says_what_fails(failing, tmp_path, capsys):
    """Exit 2, and the entries to paste where a file of one's own is there."""
    url, server = failing
    (tmp_path / "slos.yaml").write_text(SLO)
    (tmp_path / "sources.toml").write_text("# mine\n")
    told = ("collect", "prometheus", url, "--since", "2026-06-01", "--out", tmp_path, "--until")
    server.answers = [(400, {}, b'{"error": "parse error"}')]
    code, shown, noise = run(*told, "2026-06-02", capsys=capsys)
    assert (code, shown) == (2, "")
    assert "answers 400: parse error" in noise
    server.answers = [(200, {}, matrix(1, 1).encode())]
    code, _, noise = run(*told, "2026-06-02", capsys=capsys)
    assert code == 0
    assert 'match = "prometheus/shop.*.json"' in noise
    assert (tmp_path / "sources.toml").read_text() == "# mine\n"


def test_collect_killed_at_any_moment_goes_on_with_whole_files(tmp_path):
    """No answer is there in part; what came is not asked for again."""
    body, asked = matrix(99.5, 100).encode(), []

    class Slow(Failing):
        def do_GET(self):
            asked.append(time.monotonic())
            self.send_response(200)
            self.end_headers()
            for part in (body[: len(body) // 2], body[len(body) // 2 :]):
                self.wfile.write(part)
                self.wfile.flush()
                time.sleep(0.02)

    (tmp_path / "slos.yaml").write_text(SLO)
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        command = [
            sys.executable, "-m", "srelib", "collect", "prometheus", url, "--pause", "0",
            "--since", "2026-01-01", "--until", "2026-07-01", "--out", str(tmp_path),
        ]  # fmt: skip
        for pieces in (1, 4, 9):
            one = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            until = len(asked) + pieces
            while len(asked) < until and one.poll() is None:
                time.sleep(0.005)
            one.kill()
            one.wait()
            assert all(file.read_bytes() == body for file in tmp_path.glob("prometheus/*.json"))
        before, done = len(asked), len(list(tmp_path.glob("prometheus/*.json")))
        subprocess.run(command, check=True, capture_output=True)
        server.shutdown()
    files = list(tmp_path.glob("prometheus/*.json"))
    assert done >= 3
    assert len(asked) - before == len(files) - done


def test_collect_github_prints_the_files(failing, tmp_path, capsys):
    """And how far it is, on standard error; a day without a zone is UTC."""
    url, server = failing
    issue = {
        "number": 1,
        "title": "Incident: down",
        "state": "open",
        "labels": [],
        **dict.fromkeys(("created_at", "updated_at"), "2026-06-02T00:00:00Z"),
    }
    server.answers = [(200, {}, b"[]"), (200, {}, b"[]"), (200, {}, json.dumps([issue]).encode())]
    told = ("collect", "github", "shop/web", "--since", "2026-06-01", "--out", tmp_path)
    code, shown, noise = run(*told, "--api", url, capsys=capsys)
    assert (code, shown) == (0, f"{tmp_path / 'github-issues.json'}\n")
    assert "github-issues.json: 1" in noise
    server.answers = [(404, {}, b'{"message": "Not Found"}')]
    told = ("collect", "gitlab", "shop/none", "--since", "2026-06-01", "--out", tmp_path)
    code, _, noise = run(*told, "--api", url, capsys=capsys)
    assert (code, "answers 404: Not Found" in noise) == (2, True)
