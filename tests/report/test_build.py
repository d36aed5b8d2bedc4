"""A whole report, from a folder of exports to a folder of pages; written complete or not at all."""

from __future__ import annotations

import html
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
import psutil
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell

from srelib import dataset, report
from srelib.errors import InputError, ParameterError
from srelib.report import build, destination
from tests.report.tiny import SLO, book, code


def files(folder) -> dict[str, bytes]:
    """Every file of a report with its bytes."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_page_per_notebook_and_an_index(exports, books, tmp_path):
    """Numbers come from the data, parameters from the call, and no path is shown."""
    result = report.run(exports, out=tmp_path / "out", notebooks=books, parameters={"weeks": "26"})
    assert result.pages == ("00_how_many", "01_where")
    assert result.failed == {}
    pages = {name: content.decode() for name, content in files(tmp_path / "out").items()}
    assert set(pages) == {
        "index.html", "00_how_many.html", "01_where.html", "changes.html", "findings.json",
        "glossary.html", "service-shop.html", ".srelib-report",
    }  # fmt: skip
    assert "48 rows in 26 weeks" in pages["00_how_many.html"]
    assert "48 rows in 26 weeks" in pages["index.html"]
    assert "26 0.999" in pages["01_where.html"]
    assert not [name for name, text in pages.items() if str(tmp_path) in text]
    assert "my exports" in pages["00_how_many.html"]


def test_the_scoreboard_is_about_these_exports(exports, books, tmp_path):
    """10 failures of 4,800 where 1 % is allowed: 48 allowed, 79.2 % left."""
    report.run(exports, out=tmp_path / "out", notebooks=books, only=["01"])
    index = BeautifulSoup((tmp_path / "out" / "index.html").read_text(), "html.parser")
    row = index.select_one(".scoreboard tbody tr")
    assert row.select_one("[data-label=Achieved]").get_text() == "99.79\xa0%"
    assert "79\xa0%" in row.select_one("[data-label='Left in its window']").get_text()
    assert row.select_one(".status").get_text() == "Within budget so far"


def test_the_same_input_gives_the_same_bytes(exports, books, tmp_path):
    """Whatever runs first, and however many at a time."""
    for name, jobs in (("one", 1), ("two", 3)):
        report.run(exports, out=tmp_path / name, notebooks=books, jobs=jobs)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_another_number_gives_another_sentence(exports, books, tmp_path):
    """Nothing is remembered from an earlier run."""
    report.run(exports, out=tmp_path / "out", notebooks=books, only=["00"])
    before = (tmp_path / "out" / "00_how_many.html").read_text()
    text = (exports / "requests.csv").read_text()
    (exports / "requests.csv").write_text(text.replace("shop,90,100", "shop,80,100"))
    report.run(exports, out=tmp_path / "out", notebooks=books, only=["00"])
    after = (tmp_path / "out" / "00_how_many.html").read_text()
    assert "shop 90 100" in before
    assert "shop 80 100" in after


def test_a_report_does_not_take_the_place_of_its_exports(exports, books):
    """Nor is anything tried."""
    with pytest.raises(InputError, match="take the place of the exports"):
        report.run(exports, out=exports, notebooks=books)


@pytest.mark.slow
def test_runs_killed_at_any_moment_leave_a_whole_report(exports, books, tmp_path):
    """The old one or a new one, and nothing of theirs after the next run."""
    chance, out = random.Random(1), tmp_path / "out"
    (tmp_path / "work").mkdir()
    command = [sys.executable, "-m", "srelib", "report", exports, "--out", out,
               "--notebooks", books, "--no-cache"]  # fmt: skip
    settings = {**os.environ, "TMPDIR": str(tmp_path / "work")}
    began = time.monotonic()
    subprocess.run(command, env=settings, check=True)
    took, whole = time.monotonic() - began, files(out)
    for _ in range(5):
        running = subprocess.Popen(command, env=settings)
        time.sleep(chance.uniform(0.3, 1.0) * took)
        running.kill()
        running.wait()
        assert files(out) == whole
    time.sleep(destination._STARTING)
    subprocess.run(command, env=settings, check=True)
    assert files(out) == whole
    assert not list((tmp_path / "work").glob("srelib-*"))
    assert not list(tmp_path.glob(".out*"))


def test_a_broken_notebook_costs_one_page(exports, books, tmp_path):
    """The others are written, the index says which and why, as text."""
    broken = book(code("raise KeyError('<script>x</script>')"), title="Broken?")
    nbformat.write(broken, books / "02_broken.ipynb")
    result = report.run(exports, out=tmp_path / "out", notebooks=books)
    assert list(result.failed) == ["02_broken"]
    assert (tmp_path / "out" / "01_where.html").exists()
    index = BeautifulSoup((tmp_path / "out" / "index.html").read_text(), "html.parser")
    assert "cell 1: KeyError: '<script>x</script>'" in index.select_one(".failure").get_text()
    assert not index.find("script")


def test_unusable_input_writes_nothing(tmp_path, books):
    """Not even the folder of the report."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        report.run(tmp_path / "empty", out=tmp_path / "out", notebooks=books)
    assert not (tmp_path / "out").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".out")]


def test_a_folder_that_does_not_exist_is_named(tmp_path, books):
    """With the fix."""
    with pytest.raises(InputError, match=r"no folder .*nowhere"):
        report.run(tmp_path / "nowhere", out=tmp_path / "out", notebooks=books)


def test_a_wrong_parameter_stops_before_anything_runs(exports, books, tmp_path):
    """The old report stays."""
    with pytest.raises(ParameterError, match="did you mean 'weeks'"):
        report.run(exports, out=tmp_path / "out", notebooks=books, parameters={"week": 1})
    with pytest.raises(ParameterError, match="jobs must be 1 or more"):
        report.run(exports, out=tmp_path / "out", notebooks=books, jobs=0)
    assert not (tmp_path / "out").exists()


def test_names_from_the_data_become_neither_markup_nor_files(exports, books, tmp_path):
    """A service may be called like a path, a script or Markdown."""
    name = "../../<script>alert(1)</script> [x](javascript:y) **b** $z$"
    text = (exports / "requests.csv").read_text().replace(",shop,", f',"{name}",')
    (exports / "requests.csv").write_text(text)
    slos = (exports / "slos.yaml").read_text().replace("service: shop", f"service: '{name}'")
    (exports / "slos.yaml").write_text(slos)
    report.run(exports, out=tmp_path / "out", notebooks=books)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "index.html", "00_how_many.html", "01_where.html", "changes.html", "findings.json",
        "service-script-alert-1-script-x-javascript-y-b-z.html", "glossary.html", ".srelib-report",
    }  # fmt: skip
    for path in (tmp_path / "out").glob("*.html"):
        page = BeautifulSoup(path.read_text(), "html.parser")
        assert not page.find("script")
        assert not [link for link in page.find_all("a") if "javascript:" in link["href"]]
    index = BeautifulSoup((tmp_path / "out" / "index.html").read_text(), "html.parser")
    assert "<script>alert(1)</script>" in index.select_one(".scoreboard tbody th").get_text()


EVIL = "../<script>alert(1)</script>[x](javascript:alert(1))**b**|$a$<img src=x onerror=y()>"


@pytest.mark.parametrize(
    "only", [["00", "02", "05"], pytest.param(None, marks=pytest.mark.slow)], ids=["some", "all"]
)
def test_the_suite_shows_hostile_exports_as_text(tmp_path, only):
    """The real notebooks on services, titles and identifiers that are markup."""
    folder = tmp_path / "exports"
    folder.mkdir()
    times = pd.date_range("2026-05-01", periods=24 * 35, freq="h", tz="UTC")
    rows = [f'{t:%Y-%m-%dT%H:%M:%SZ},"{EVIL}",{99 + n % 2},100' for n, t in enumerate(times)]
    (folder / "requests.csv").write_text("\n".join(["time,service,good,total", *rows, ""]))
    incident = f'<b>1</b>,"{EVIL}",<i>,2026-05-10T10:00:00Z,2026-05-10T12:00:00Z,"{EVIL}"'
    header = "incident_id,service,severity,started_at,resolved_at,title"
    (folder / "incidents.csv").write_text(f"{header}\n{incident}\n")
    (folder / "slos.yaml").write_text(SLO.replace("service: shop", f"service: '{EVIL}'"))
    result = report.run(folder, out=tmp_path / "out", only=only)
    assert result.failed == {}
    for name in ("index", *result.pages):
        page = BeautifulSoup((tmp_path / "out" / f"{name}.html").read_text(), "html.parser")
        assert not page.find_all(["script", "iframe"])
        assert not [a for e in page.find_all(True) for a in e.attrs if a.startswith("on")]
        assert not [a for a in page.find_all("a") if a["href"].startswith(("javascript", "data"))]
        assert not [i for i in page.find_all("img") if not i["src"].startswith("data:image/png")]
        assert "&#" not in page.get_text()


@pytest.fixture
def taking(monkeypatch, tmp_path):
    """A process that takes what is offered for `tmp_path`; other folders are read as 'read'."""
    monkeypatch.setattr(dataset, "load", lambda path, as_of=None: ("read", str(path), as_of))
    build._take(str(tmp_path), str(tmp_path))
    return tmp_path


def test_the_folder_of_the_report_is_not_read_again(taking):
    """What was offered comes back."""
    build._offer({"rows": pd.DataFrame({"a": [1]})}, taking)
    assert dataset.load(taking)["rows"].to_dict("list") == {"a": [1]}


def test_every_notebook_gets_its_own_copy(taking):
    """What one call changes, the next does not see."""
    build._offer({"a": 1}, taking)
    dataset.load(taking)["a"] = 2
    assert dataset.load(taking) == {"a": 1}


def test_anything_else_is_read_as_usual(taking):
    """Another folder, or another end of the data."""
    build._offer("offered", taking)
    assert dataset.load(taking / "x") == ("read", str(taking / "x"), None)
    assert dataset.load(taking, as_of="2026-01-01") == ("read", str(taking), "2026-01-01")


def test_without_an_offer_the_kernel_reads_for_itself(taking, monkeypatch):
    """After a while; a report never hangs on it."""
    monkeypatch.setattr(build, "PATIENCE", 0.05)
    assert dataset.load(taking) == ("read", str(taking), None)


def test_a_notebook_sees_the_same_numbers_either_way(exports, tmp_path):
    """Tables, types, objectives and provenance of the shared dataset equal a fresh reading."""
    source = (
        "import srelib, hashlib, pickle\n"
        "d = srelib.load(data)\n"
        "tables = (d.sli, d.series, d.sources, d.rejects, d.deployments)\n"
        "print('shared' if 'report' in srelib.load.__module__ else 'own')\n"
        "print([(list(t.dtypes.astype(str)), t.to_csv()) for t in tables], d.slos, d.as_of)\n"
        "print(d.counts('shop').sum().tolist())"
    )
    books = tmp_path / "books"
    books.mkdir()
    node = book(code('data = "x"', "parameters"), code(source))
    nbformat.write(node, books / "00_x.ipynb")
    report.run(exports, out=tmp_path / "out", notebooks=books)
    page = (tmp_path / "out" / "00_x.html").read_text()
    fresh = dataset.load(exports)
    tables = (fresh.sli, fresh.series, fresh.sources, fresh.rejects, fresh.deployments)
    expected = [(list(t.dtypes.astype(str)), t.to_csv()) for t in tables]
    assert "shared\n" in page
    assert str(expected)[:2000] in html.unescape(page)
    assert "[4790.0, 4800.0]" in page


@pytest.fixture
def parted(tmp_path):
    """A notebook that takes a part of the data."""
    folder = tmp_path / "parted"
    folder.mkdir()
    cells = (
        code('data = "x"\nservice = None\nsince = None\nuntil = None', "parameters"),
        code("import srelib\npart = srelib.load(data).of(service).between(since, until)"),
        code("print(part.services, part.series['first'].min(), part.as_of)"),
    )
    nbformat.write(book(*cells), folder / "00_x.ipynb")
    return folder


def test_a_report_on_a_part_of_the_data_says_so_on_every_page(exports, parted, tmp_path):
    """The notebooks and the first page see the same services and the same time."""
    whole = dataset.load(exports)
    first = whole.series["first"].min()
    since, until = first + pd.Timedelta("2h"), first + pd.Timedelta("5h")
    wanted = {"service": ["shop"], "since": str(since), "until": str(until)}
    report.run(exports, out=tmp_path / "out", notebooks=parted, parameters=wanted)
    page = html.unescape((tmp_path / "out" / "00_x.html").read_text())
    assert f"['shop'] {since} {until}" in page
    for text in (page, (tmp_path / "out" / "index.html").read_text()):
        assert f"<span>{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} (UTC)</span>" in text
        assert "<span>only shop</span>" in text


def test_a_report_on_a_team_is_about_its_services(exports, parted, tmp_path):
    """In notebooks, on the first page, and in the values kept."""
    text = (exports / "requests.csv").read_text()
    (exports / "more.csv").write_text(text.replace("shop", "bank"))
    (exports / "who.csv").write_text("service,team\nshop,pay\nbank,core\n")
    book = nbformat.read(parted / "00_x.ipynb", as_version=4)
    book.cells[0].source += "\nteam = None"
    book.cells[1].source = book.cells[1].source.replace("of(service)", "of(service, team=team)")
    nbformat.write(book, parted / "00_x.ipynb")
    report.run(exports, out=tmp_path / "out", notebooks=parted, parameters={"team": "pay"})
    page = html.unescape((tmp_path / "out" / "00_x.html").read_text())
    assert "['shop']" in page
    assert "<span>only shop</span>" in (tmp_path / "out" / "index.html").read_text()
    kept = json.loads((tmp_path / "out" / "findings.json").read_text())
    assert (kept["services"], kept["teams"]) == (["shop"], {"shop": "pay"})


def test_every_link_of_a_service_leads_to_a_section(exports, tmp_path):
    """Sentences of a notebook that name the service are linked to where they stand."""
    (tmp_path / "b").mkdir()
    says = "from IPython.display import Markdown\nMarkdown('**shop works** as ever.')"
    cells = (
        new_markdown_cell("# Why?"), code('data = "x"', "parameters"),
        new_markdown_cell("## What this says"), code(says), new_markdown_cell("### And *then*?"),
        code(says.replace("ever", "before")),
    )  # fmt: skip
    nbformat.write(book(*cells), tmp_path / "b" / "01_why.ipynb")
    report.run(exports, out=tmp_path / "out", notebooks=tmp_path / "b")
    pages = {path.name: BeautifulSoup(path.read_text(), "html.parser")
             for path in (tmp_path / "out").glob("*.html")}  # fmt: skip
    found = [a["href"] for a in pages["service-shop.html"].select(".told li a")]
    assert found == ["01_why.html#what-this-says", "01_why.html#and-then"]
    for name, page in pages.items():
        for link in page.select("a[href]"):
            to, _, place = link["href"].partition("#")
            assert not place or pages[to or name].find(id=place), (name, link)
    assert pages["index.html"].select_one("a[href='service-shop.html']")


def test_a_part_that_is_not_there_is_refused(exports, parted, tmp_path):
    """Before anything is written."""
    before = kernels()
    with pytest.raises(ParameterError, match="no service 'shpo'; did you mean 'shop'"):
        report.run(exports, out=tmp_path / "out", notebooks=parted, parameters={"service": "shpo"})
    assert not (tmp_path / "out").exists()
    assert kernels() <= before


def kernels():
    """Processes of kernels that this process began and that still run."""
    found = (child for child in psutil.Process().children() if child.status() != "zombie")
    return {child.pid for child in found if "ipykernel_launcher" in child.cmdline()}


def test_kernels_do_not_pay_for_the_report():
    """What they import of it brings neither nbformat nor nbconvert, a second each."""
    program = (
        "import sys, srelib.report.build\n"
        "print([m for m in ('nbformat', 'nbclient', 'nbconvert') if m in sys.modules])"
    )
    shown = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert shown.strip() == "[]"


def month(folder: Path, name: str, *, first: str, bad: int) -> Path:
    """Four weeks of service `shop` with so many errors among 1,000 requests an hour."""
    times = pd.date_range(first, periods=28 * 24, freq="h", tz="UTC")
    errors = [bad + n % 3 for n in range(len(times))]
    rows = [
        f"{t:%Y-%m-%dT%H:%M:%SZ},shop,{1000 - e},1000" for t, e in zip(times, errors, strict=True)
    ]
    (folder / name).mkdir()
    (folder / name / "requests.csv").write_text("\n".join(["time,service,good,total", *rows, ""]))
    (folder / name / "slos.yaml").write_text(SLO)
    return folder / name


def test_a_report_says_what_changed_since_the_last_one(books, tmp_path):
    """From a report's folder, replaced by the new one, or from its exports: on every first page."""
    june = month(tmp_path, "june", first="2026-06-01", bad=2)
    july = month(tmp_path, "july", first="2026-06-29", bad=9)
    out = tmp_path / "out"
    assert "Since the last report" not in report.run(june, out=out, notebooks=books).markdown
    texts = []
    for previous in (out, june):
        made = report.run(july, out=out, notebooks=books, previous=previous)
        texts.append(
            [made.markdown, *((out / n).read_text() for n in ("index.html", "changes.html"))]
        )
    assert texts[0] == texts[1]
    for text in texts[0]:
        assert "Since the last report" in text
        plain = re.sub(r"\\|</?a[^>]*>", "", text)  # links to the glossary
        assert "service level (shop works) got worse" in plain
        assert "The data hold less than 8 weeks" in text
    index = BeautifulSoup(texts[0][1], "html.parser")
    (cell,) = index.select(".standing .change.bad")
    assert cell.get_text().replace("\u00a0", " ") == "99.7 % → 99.0 % (worse)"
    assert index.select(".standing .course path")


def test_a_part_is_compared_with_the_same_part(books, tmp_path):
    """A report of one service does not say that the others went."""
    parameters = code('data = "x"\nservice = None', "parameters")
    nbformat.write(book(parameters), books / "02_part.ipynb")
    june = month(tmp_path, "june", first="2026-06-01", bad=2)
    july = month(tmp_path, "july", first="2026-06-29", bad=2)
    text = (june / "requests.csv").read_text()
    (june / "requests.csv").write_text(text + text.split("\n", 1)[1].replace(",shop,", ",web,"))
    run = {"out": tmp_path / "out", "notebooks": books, "previous": june}
    assert "**web**: other data" in report.run(july, **run).markdown
    found = report.run(july, parameters={"service": ["shop"]}, **run)
    assert "web" not in found.markdown


def test_an_older_report_is_not_compared_with_a_newer_one(books, exports, tmp_path):
    """The wrong order is refused and nothing is written."""
    later = month(tmp_path, "later", first="2027-06-01", bad=2)
    with pytest.raises(InputError, match="name the earlier one first"):
        report.run(exports, out=tmp_path / "out", notebooks=books, previous=later)
    assert not (tmp_path / "out").exists()
