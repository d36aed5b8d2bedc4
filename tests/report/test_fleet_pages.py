"""Pages of a fleet: each service where a reader looks for it, whatever their number."""

import csv
import re
from dataclasses import replace

import pandas as pd
import pytest

from srelib import partitioned
from srelib.decisions.verdict import VERDICTS
from srelib.errors import InputError
from srelib.report import fleet_pages
from srelib.report.fleet_pages import pages, write
from tests.partitioned import fleets


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Three services asked."""
    folder = fleets.write(fleets.fleet(), tmp_path_factory.mktemp("fleet") / "exports")
    return partitioned.summarize(folder, on=partitioned.engine(jobs=1), keep=False)


@pytest.fixture(scope="module")
def many(few):
    """The same as 1,200 services of eleven teams and some without, one of which is an error."""
    services = {}
    for number in range(1200):
        name = f"svc-{number:04d}"
        one = [*few.services.values()][number % 3]
        card = replace(one.scorecard, service=name)
        services[name] = replace(one, service=name, scorecard=card)
    services["svc-0007"] = InputError("its file is broken", fix="write it again")
    names = list(services)
    teams = pd.Series([f"team {n % 11}" for n in range(1100)], index=names[:1100])
    return replace(few, services=services, base=replace(few.base, teams=teams))


def rows(html):
    """Names in the table of what to do."""
    return re.findall(r'<th role="rowheader" scope="row">(svc-\d+)</th>', html)


def test_every_service_is_once_on_the_pages_by_rank_and_by_name(many):
    """Those by rank in the order of the verdicts; names lead to its row there."""
    found = dict(pages(many))
    ranked = [name for file, html in found.items() if file.startswith("services-")
              for name in rows(html)]  # fmt: skip
    assert sorted(ranked) == sorted(set(many.services) - {"svc-0007"})
    places = [VERDICTS.index(many.decided[name].verdict) for name in ranked]
    assert places == sorted(places)
    named = []
    for file, html in found.items():
        if file.startswith("names-"):
            for place, anchor, name in re.findall(
                r'<a href="(services-\d+\.html)#(s\d+)">(svc-\d+)</a>', html
            ):
                begins = rf'<tr role="row" id="{anchor}">\s*<th[^>]*>'
                row = re.search(rf"{begins}(svc-\d+)", found[place])
                assert row[1] == name
                named.append(name)
    assert named == sorted(ranked)


def test_every_link_leads_to_a_page_that_is_there(many):
    """And an anchor in it."""
    found = dict(pages(many))
    for file, html in found.items():
        for target, anchor in re.findall(r'href="([\w-]+\.html)(?:#([\w-]+))?"', html):
            assert target in found, (file, target)
            assert not anchor or f'id="{anchor}"' in found[target], (file, target, anchor)


def test_no_page_grows_with_the_fleet(many, monkeypatch):
    """Rows of a page are limited; the first page shows the worst, counts and teams."""
    found = dict(pages(many))
    assert max(len(rows(html)) for html in found.values()) == fleet_pages.MOST_ROWS
    assert len(rows(found["index.html"])) == 20
    assert max(map(len, found.values())) < 500_000


def test_the_first_page_counts_verdicts_and_teams(many):
    """As many as there are; a team's page holds its services and no others."""
    found = dict(pages(many))
    index = found["index.html"]
    verdicts = pd.Series([one.verdict for name, one in many.decided.items() if name != "svc-0007"])
    for verdict, number in verdicts.value_counts().items():
        assert re.search(rf">{verdict.capitalize()}</a></th><td[^>]*>{number:,}</td>", index)
    own = re.search(r'<a href="(team-\d+)-1\.html">team 3</a>', index)[1]
    listed = {name for file, html in found.items() if file.startswith(f"{own}-")
              for name in rows(html)}  # fmt: skip
    assert listed == {name for name, team in many.base.teams.items()
                      if team == "team 3" and name != "svc-0007"}  # fmt: skip


def test_teams_beyond_twenty_are_folded(many):
    """All are there, the first twenty seen."""
    teams = pd.Series({name: f"team {n % 24}" for n, name in enumerate(many.services)})
    index = dict(pages(replace(many, base=replace(many.base, teams=teams))))["index.html"]
    assert len(set(re.findall(r">team (\d+)</a>", index))) == 24
    assert "<summary>4 more</summary>" in index
    assert "more</summary>" not in dict(pages(many))["index.html"]


def test_what_is_not_known_is_said_with_its_reason(many):
    """Of a service whose file is broken."""
    index = dict(pages(many))["index.html"]
    assert re.search(r"<strong>svc-0007</strong>: its file is broken", index)


def test_what_nobody_exported_is_said(few):
    """On the first page, with what to do about it."""
    without = replace(
        few.base,
        deployments=few.base.deployments.iloc[:0],
        sources=few.base.sources[few.base.sources["table"] != "deployments"],
    )
    index = dict(pages(replace(few, base=without)))["index.html"]
    assert "Not in the folder, and so not considered: <strong>deployments</strong>" in index
    assert "not considered" not in dict(pages(few))["index.html"]


def test_the_tables_beside_the_pages_hold_every_service(many, tmp_path):
    """One row each, the error in its place; the folder is complete."""
    write(many, tmp_path / "out")
    with (tmp_path / "out" / "services.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 1200
    assert table[7]["error"].startswith("its file is broken")
    listed = (tmp_path / "out" / ".srelib-report").read_text().split()
    assert {"index.html", "objectives.csv", "services.csv", "glossary.html"} < {*listed}


def test_names_from_data_are_text(few):
    """In rows, teams and links."""
    (first, *_), name = few.services.values(), "<b>web</b>"
    card = replace(first.scorecard, service=name)
    one = replace(few, services={name: replace(first, service=name, scorecard=card)},
                  base=replace(few.base, teams=pd.Series({name: "<i>core</i>"})))  # fmt: skip
    for html in dict(pages(one)).values():
        assert "<b>web" not in html
        assert "<i>core" not in html


def test_the_same_fleet_gives_the_same_pages(few):
    """Byte for byte."""
    assert dict(pages(few)) == dict(pages(few))
