"""Bad input ends in a clear error or a counted reject, never in a traceback or a wrong number."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest

import srelib
from srelib.errors import SrelibError

HEADER = "time,service,good,total\n"
ROWS = [f"2026-06-01T10:0{minute}:00Z,shop,9{minute},100\n" for minute in range(4)]
CLEAN = HEADER + "".join(ROWS)
GOOD, TOTAL = 90 + 91 + 92 + 93, 400

SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: shop-availability
spec:
  service: shop
  indicator:
    metadata:
      name: availability
    spec:
      ratioMetric:
        counter: true
        good: {{metricSource: {{type: srelib, spec: {{}}}}}}
        total: {{metricSource: {{type: srelib, spec: {{}}}}}}
  timeWindow:
    - duration: 28d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: {target}
"""


@dataclass(frozen=True)
class Case:
    """A folder, and what has to come of it.

    ``error``: pattern of the one error; None: the folder is usable.
    ``lines``: lines refused, ``reason``: words in each reason.
    ``good`` and ``total``: sums of what is left.
    """

    files: dict[str, str | bytes] = field(default_factory=dict)
    error: str | None = None
    lines: tuple[int, ...] = ()
    reason: str = ""
    good: float = GOOD
    total: float = TOTAL
    missing: int = 0

    def write(self, folder: Path) -> Path:
        """The files in the folder."""
        for name, content in self.files.items():
            raw = content if isinstance(content, bytes) else content.encode("utf-8")
            (folder / name).write_bytes(raw)
        return folder


def broken_off(text: str) -> bytes:
    """The text as a gzip file whose download broke off."""
    return gzip.compress(text.encode())[:-12]


BERLIN = '[[file]]\nmatch = "*.csv"\ntimezone = "Europe/Berlin"\n'
FOLD = HEADER + "".join(
    f"2026-10-25 {at}:00,shop,90,100\n" for at in ("01:00", "02:30", "03:00", "04:00")
)
NAIVE = CLEAN.replace("T", " ").replace("Z", "")
CASES = {
    "an empty folder": Case(error=r"is empty.* Fix: put CSV or JSON exports"),
    "no objectives": Case({"a.csv": CLEAN}),
    "an unknown format": Case({"a.csv": "x,y,z\n1,2,3\n"}, r"a\.csv.*'x', 'y', 'z'(.|\n)*Fix: "),
    "an unknown JSON": Case({"a.json": '{"x": 1}'}, r"a\.json: .*not known(.|\n)*Fix: "),
    "broken JSON": Case({"a.json": '{"data":\n {"resultType"'}, r"a\.json(.|\n)*Fix: "),
    "UTF-16": Case({"a.csv": CLEAN.encode("utf-16")}),
    "UTF-16 with tabs": Case({"a.csv": CLEAN.replace(",", "\t").encode("utf-16-le")}, "zero bytes"),
    "a byte-order mark": Case({"a.csv": b"\xef\xbb\xbf" + CLEAN.encode()}),
    "a separator line": Case({"a.csv": "sep=;\n" + CLEAN.replace(",", ";")}),
    "line ends of two kinds": Case({"a.csv": "sep=;\r\n" + CLEAN.replace(",", ";")}),
    "carriage returns": Case({"a.csv": CLEAN.replace("\n", "\r\n")}),
    "undefined": Case(
        {"a.csv": CLEAN.replace("93,100", "undefined,100")}, good=GOOD - 93, total=300, missing=1
    ),
    "infinity": Case(
        {"a.csv": CLEAN.replace("93,100", "Infinity,100")},
        lines=(5,), reason="infinite", good=GOOD - 93, total=300,
    ),
    "text for a number": Case(
        {"a.csv": CLEAN.replace("93,100", "many,100")},
        lines=(5,), reason="not a number", good=GOOD - 93, total=300,
    ),
    "good above total": Case(
        {"a.csv": CLEAN.replace("93,100", "101,100")},
        lines=(5,), reason="more than total", good=GOOD - 93, total=300,
    ),
    "a negative count": Case(
        {"a.csv": CLEAN.replace("93,100", "-3,100")},
        lines=(5,), reason="negative", good=GOOD - 93, total=300,
    ),
    "a row repeated": Case({"a.csv": CLEAN + ROWS[1]}, lines=(6,), reason="repeats"),
    "rows in conflict": Case(
        {"a.csv": CLEAN + ROWS[1].replace("91,100", "17,100")},
        lines=(3, 6), reason="", good=GOOD - 91, total=300,
    ),
    "a row too short": Case({"a.csv": CLEAN + "2026-06-01T10:04:00Z\n"}, lines=(6,)),
    "a row too long": Case({"a.csv": CLEAN + "2026-06-01T10:04:00Z,shop,1,2,3\n"}, lines=(6,)),
    "times without a zone": Case({"a.csv": NAIVE}, r"no time zone(.|\n)*Fix: .*timezone = "),
    "an hour that came twice": Case(
        {"a.csv": FOLD, "sources.toml": BERLIN},
        lines=(3,), reason="occurred twice in Europe/Berlin", good=270, total=300,
    ),
    "mixed epochs": Case(
        {"a.csv": HEADER + "".join(
            f"{epoch},shop,90,100\n"
            for epoch in (1780308000, 1780308060, 1780308120000, 1780308180)
        )},
        lines=(4,), reason="epoch in ms", good=270, total=300,
    ),
    "a truncated gzip": Case({"a.csv.gz": broken_off(CLEAN)}, r"a\.csv\.gz: .*cut short.* Fix: "),
    "a file of 0 bytes": Case({"a.csv": b""}, r"a\.csv: the file is empty.* Fix: "),
    "a header and nothing else": Case({"a.csv": HEADER}, r"no records.* Fix: "),
    "an Excel file": Case({"a.csv": b"PK\x03\x04" + bytes(50)}, r"Excel.* Fix: .*export it as CSV"),
    "a target of 99.9": Case(
        {"a.csv": CLEAN, "slos.yaml": SLO.format(target=99.9)}, r"slos\.yaml(.|\n)*0\.999"
    ),
    "an objective without data": Case({"a.csv": CLEAN.replace("shop", "cart"),
                                       "slos.yaml": SLO.format(target=0.999)},
                                      good=GOOD, total=TOTAL),
    "a misspelt key": Case(
        {"a.csv": CLEAN, "sources.toml": '[[file]]\nmatch = "*"\ntimezon = "UTC"\n'},
        r"sources\.toml(.|\n)*timezon",
    ),
    "no TOML": Case({"a.csv": CLEAN, "sources.toml": "[[file\n"}, r"sources\.toml(.|\n)*Fix: "),
}  # fmt: skip


def check(folder: Path, *options: str) -> subprocess.CompletedProcess:
    """`srelib check` on the folder, as a user runs it."""
    return subprocess.run(
        [sys.executable, "-m", "srelib.cli", "check", str(folder), *options],
        capture_output=True, text=True, timeout=120, check=False, encoding="utf-8",
        env=os.environ | {"COLUMNS": "200", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_loading_gives_a_clear_error_or_counted_rejects(tmp_path, name):
    """Usable rows keep their sums, refused ones have line and reason, errors have a fix."""
    case = CASES[name]
    case.write(tmp_path)
    if case.error is not None:
        with pytest.raises(SrelibError, match=case.error):
            srelib.load(tmp_path)
        return
    dataset = srelib.load(tmp_path)
    seen = dataset.sli.dropna(subset=["good", "total"])
    assert (seen["good"].sum(), seen["total"].sum()) == (case.good, case.total)
    assert tuple(dataset.rejects["line"]) == case.lines
    assert all(case.reason in reason for reason in dataset.rejects["reason"])
    source = dataset.sources.set_index("file").loc["a.csv"]
    assert source["rows_read"] == source["rows_kept"] + source["rows_rejected"]
    assert source["rows_rejected"] == len(case.lines)
    assert source["rows_missing"] == case.missing


CHECK_ALL = """
import contextlib, io, json, sys
from srelib import cli
said = {}
for folder in sys.argv[1:]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.main(["check", folder])
        except SystemExit as leave:
            code = leave.code
    said[folder] = [code, out.getvalue(), err.getvalue()]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """Exit code, output and errors of `srelib check` for every case, from one process."""
    folders = {name: tmp_path_factory.mktemp("case") for name in CASES}
    for name, folder in folders.items():
        CASES[name].write(folder)
    done = subprocess.run(
        [sys.executable, "-c", CHECK_ALL, *map(str, folders.values())],
        capture_output=True, text=True, timeout=300, check=False, encoding="utf-8",
        env=os.environ | {"COLUMNS": "200", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    return {name: said[str(folder)] for name, folder in folders.items()}


@pytest.mark.parametrize("name", CASES)
def test_the_command_line_says_the_same_without_a_traceback(checked, name):
    """Exit code 2 and the fix, or 0 and what was understood."""
    code, out, err = checked[name]
    assert "Traceback" not in out + err
    assert "internal error" not in out + err
    assert code == (0 if CASES[name].error is None else 2), out + err
    if CASES[name].error is not None:
        assert err.startswith("srelib: ")
    elif CASES[name].lines:
        assert str(CASES[name].lines[0]) in out


def test_a_missing_folder_is_named(tmp_path):
    """A typing error in the path is no empty report."""
    done = check(tmp_path / "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_named_like_a_file_is_an_error(tmp_path):
    """`x.csv` that is a folder is said to be one."""
    (tmp_path / "a.csv").write_text(CLEAN)
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(SrelibError, match=r"x\.csv: this is a folder"):
        srelib.load(tmp_path)
    done = check(tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path):
    """A link that leads nowhere cannot be read; nothing is silently left out."""
    (tmp_path / "a.csv").write_text(CLEAN)
    (tmp_path / "x.csv").symlink_to(tmp_path / "gone")
    with pytest.raises(SrelibError, match=r"x\.csv: .*cannot be opened.* Fix: "):
        srelib.load(tmp_path)
    done = check(tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


@pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="the superuser may read every file"
)
def test_a_file_without_permission_is_an_error(tmp_path):
    """A file the user may not read is named, with what to check."""
    path = tmp_path / "a.csv"
    path.write_text(CLEAN)
    path.chmod(0)
    with pytest.raises(SrelibError, match=r"a\.csv: .*cannot be opened"):
        srelib.load(tmp_path)
    assert check(tmp_path).returncode == 2


def test_every_unusable_file_is_named_at_once(tmp_path):
    """Three broken files cost one run, not three."""
    for name, content in (("a.csv", b""), ("b.csv", b"x,y\n1,2\n"), ("c.json", b"[1,")):
        (tmp_path / name).write_bytes(content)
    done = check(tmp_path)
    assert done.returncode == 2
    assert all(name in done.stderr for name in ("a.csv", "b.csv", "c.json"))


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "**bold** [link](javascript:alert(1)) `code` | cell",
    "../../etc/passwd",
    "..\\..\\windows",
    "[red]rich[/red] [/]",
    "{{ config }} ${HOME} %s %(x)s",
    "</style><h1>big</h1>",
)


@pytest.fixture
def hostile(tmp_path):
    """A folder whose service names and incident titles are attacks on whoever shows them."""
    cells = ['"' + text + '"' for text in HOSTILE]
    (tmp_path / "sli.csv").write_text(
        HEADER + "".join(f"2026-06-01T1{hour}:00:00Z,{cell},9,10\n"
                         for cell in cells for hour in (0, 1))
    )  # fmt: skip
    (tmp_path / "incidents.csv").write_text(
        "incident_id,service,severity,started_at,resolved_at,title\n"
        + "".join(
            f"{n},{cell},minor,2026-06-01T10:00:00Z,2026-06-01T11:00:00Z,{cell}\n"
            for n, cell in enumerate(cells)
        )
    )
    return tmp_path


def test_hostile_text_survives_loading_unchanged(hostile):
    """Names and titles are data, kept to the letter."""
    dataset = srelib.load(hostile)
    assert set(dataset.sli["service"]) == set(HOSTILE)
    assert set(dataset.incidents["title"]) == set(HOSTILE)
    assert set(dataset.services) == set(HOSTILE)
    for service in HOSTILE:
        assert dataset.counts(service)["total"].sum() == 20


def test_hostile_text_is_shown_as_text_and_names_no_file(hostile):
    """The command line prints the names as they are; the folder holds what it held."""
    before = sorted(path.name for path in hostile.parent.rglob("*"))
    done = check(hostile)
    assert done.returncode == 0, done.stderr
    assert "[red]rich[/red] [/]" in done.stdout
    machine = json.loads(check(hostile, "--json").stdout)
    assert HOSTILE[0] in json.dumps(machine)
    assert sorted(path.name for path in hostile.parent.rglob("*")) == before


def test_the_same_files_load_the_same_whatever_is_refused(tmp_path):
    """Refusals are part of the result: loading twice gives equal tables."""
    CASES["rows in conflict"].write(tmp_path)
    first, second = srelib.load(tmp_path), srelib.load(tmp_path)
    for table in ("sli", "rejects", "sources", "series"):
        pd.testing.assert_frame_equal(getattr(first, table), getattr(second, table))
