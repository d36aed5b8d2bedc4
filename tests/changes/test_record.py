"""What is kept of a report: sums of days that anybody can count again."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from srelib import changes, simulate, tables
from srelib.changes.record import _levels, _objective, as_json
from srelib.errors import InputError
from srelib.simulate import ServiceSpec
from srelib.slos import Composite, Slo
from srelib.windows import Member, Window
from tests.changes import made


@pytest.fixture(scope="module")
def world() -> simulate.Fleet:
    """Two services over five weeks."""
    specs = [ServiceSpec(name="shop", incidents_per_week=3.0), ServiceSpec(name="api")]
    return simulate.fleet(3, services=specs, weeks=5, step="15min")


@pytest.fixture(scope="module")
def kept(world: simulate.Fleet) -> changes.Record:
    """The record of their dataset."""
    return changes.record(world.dataset)


def days_of(kept: changes.Record, quantity: str, service: str = "shop") -> pd.DataFrame:
    """The days of one quantity of a service."""
    days = kept.days
    return days[(days["quantity"] == quantity) & (days["service"] == service)].set_index("day")


def test_service_levels_are_bad_and_all_events_of_each_day(world, kept):
    """Sums over a day are those of its buckets."""
    counts = world.counts("shop")
    bad = (counts["total"] - counts["good"]).groupby(counts.index.floor("D")).sum()
    total = counts["total"].groupby(counts.index.floor("D")).sum()
    found = days_of(kept, "service level")
    assert found["sum"].tolist() == bad.tolist()
    assert found["n"].tolist() == total.tolist()
    assert set(days_of(kept, "coverage")["sum"] / days_of(kept, "coverage")["n"]) == {1.0}


def test_counts_are_those_of_the_tables(world, kept):
    """Deployments that reached users and incidents, none on the first, partial day."""
    reached = world.deployments[world.deployments["status"].isin(["succeeded", "rolled_back"])]
    for quantity, table, time in (
        ("deployments", reached, "finished_at"),
        ("incidents", world.incidents, "started_at"),
    ):
        own = table[table["service"] == "shop"][time]
        found = days_of(kept, quantity)
        own = own[own >= found.index[0]]
        expected = own.dt.floor("D").value_counts().reindex(found.index, fill_value=0)
        assert found["sum"].tolist() == expected.tolist()
        assert found["n"].tolist() == pytest.approx([1 / 7] * len(found))


def test_times_are_kept_as_logarithms(world, kept):
    """The geometric mean of the times to restore of a day."""
    own = world.incidents[world.incidents["service"] == "shop"].dropna(subset="resolved_at")
    seconds = (own["resolved_at"] - own["started_at"]).dt.total_seconds()
    day = own["started_at"].dt.floor("D")
    found = days_of(kept, "time to restore")
    for at, row in found.iterrows():
        expected = sum(math.log(value) for value in seconds[day == at])
        assert row["sum"] == pytest.approx(expected)
        assert row["n"] == (day == at).sum()


def levels(bad: list[float], *, start: str = "2026-06-01", step: str = "h") -> pd.DataFrame:
    """Days of a series with 1,000 events a bucket."""
    index = pd.date_range(start, periods=len(bad), freq=step, tz="UTC")
    counts = pd.DataFrame({"total": 1000.0, "good": 1000.0 - np.array(bad)}, index=index)
    return pd.concat(list(_levels("shop", "up", counts)))


def test_hours_of_an_outage_are_no_background():
    """An hour with a hundred times the errors of its day counts for the level alone."""
    bad = [2.0] * 48
    bad[30] = 200.0
    found = levels(bad).set_index(["quantity", "day"])
    level, calm = found.loc["service level"], found.loc["errors outside outages"]
    assert level["sum"].tolist() == [48.0, 246.0]
    assert calm["sum"].tolist() == [48.0, 46.0]
    assert calm["n"].tolist() == [24_000.0, 23_000.0]


def test_an_outage_is_judged_within_its_day():
    """What is said of a day does not depend on which other days were exported."""
    bad = [1.0] * 24 + [12.0] * 24 + [1.0] * 23 + [60.0]
    whole, alone = levels(bad), levels(bad[24:], start="2026-06-02")
    both = [part[part["quantity"] == "errors outside outages"] for part in (whole, alone)]
    assert both[0]["sum"].tolist() == [24.0, 288.0, 23.0]
    assert both[1]["sum"].tolist() == [288.0, 23.0]


def test_partial_days_are_left_out():
    """Only days from midnight to midnight count."""
    found = levels([1.0] * 60, start="2026-06-01T06:00")
    assert set(found["day"]) == {pd.Timestamp("2026-06-02", tz="UTC")}


def test_objectives_and_files_say_what_they_are(tmp_path):
    """By service and name; the hash of each file."""
    folder = made.month(tmp_path, later=True)
    kept = changes.read(folder)
    assert kept.objectives[made.TARGET, f"{made.TARGET} availability"]["target"] == 0.999
    assert {len(value) for value in kept.files.values()} == {64}
    assert kept.folder == "july"
    assert kept.services == sorted([made.BETTER, made.WORSE, made.SAME, made.NEW, made.TARGET])


def test_what_has_no_objective_is_kept_too(world):
    """Its series by its own name, beside those with an objective."""
    slos = [slo for slo in world.dataset.slos if slo.service != "api"]
    kept = changes.record(replace(world.dataset, slos=slos))
    assert {name for service, name in kept.objectives} == {
        slo.display_name or slo.name for slo in slos
    }
    assert set(days_of(kept, "service level", "api")["subject"]) == {"api"}
    assert kept.of(["api"]).services == ["api"]


def test_objectives_called_alike_keep_their_own_days(tmp_path):
    """Two objectives of a service with one title: by their unique names."""
    folder = made.month(tmp_path, later=False)
    text = (folder / "slos.yaml").read_text()
    title = f"displayName: {made.BETTER} "
    for sli in ("availability", "latency"):
        text = text.replace(f"{title}{sli}", f"{title}answers")
    (folder / "slos.yaml").write_text(text)
    kept = changes.read(folder)
    names = {f"{made.BETTER}-availability", f"{made.BETTER}-latency"}
    assert {name for service, name in kept.objectives if service == made.BETTER} == names
    assert set(days_of(kept, "service level", made.BETTER)["subject"]) == names


def written(folder: Path, kept: changes.Record, **more: object) -> Path:
    """A report's folder with nothing but the record."""
    known = {"schema": 1, "srelib": kept.version, **as_json(kept), **more}
    (folder / "findings.json").write_text(json.dumps(known))
    return folder


def test_a_record_survives_its_file(kept, tmp_path):
    """Read from a report it says what it said before, and a comparison finds nothing."""
    kept = replace(kept, parameters={"02": {"weeks": 4}})
    found = changes.read(written(tmp_path, kept))
    for name in ("folder", "version", "as_of", "objectives", "named", "files", "parameters"):
        assert getattr(found, name) == getattr(kept, name)
    order = ["service", "quantity", "subject", "day"]
    pair = [one.days.sort_values(order).reset_index(drop=True) for one in (kept, found)]
    pd.testing.assert_frame_equal(*pair, check_dtype=False)
    assert {row.verdict for row in changes.compare(kept, found).rows} == {"could be chance"}


def test_a_report_of_another_schema_is_refused(kept, tmp_path):
    """Its version and what to do are said."""
    with pytest.raises(InputError, match="has schema 99, and this srelib reads 1"):
        changes.read(written(tmp_path, kept, schema=99))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"schema": 1}', '{"schema": 1, "days": 3}'])
def test_a_file_that_no_report_wrote_is_refused(text, tmp_path):
    """Broken or foreign: a clear text with the name of the file."""
    (tmp_path / "findings.json").write_text(text)
    with pytest.raises(InputError, match=r"findings\.json.*is not what a report writes"):
        changes.read(tmp_path)


def test_a_folder_that_is_none_is_refused():
    """What is missing is named."""
    with pytest.raises(InputError, match="no-such-folder"):
        changes.read("no-such-folder")


def test_days_of_a_weighted_mean_do_not_add_up_and_are_not_kept():
    """Its definition is: rule, members and weights."""
    days = pd.date_range("2026-06-01", periods=96, freq="h", tz="UTC")
    total = pd.DataFrame({Member("a"): 10.0, Member("b"): 5.0}, index=days)
    assert list(_levels("s", "s", pd.concat({"good": total, "total": total}, axis=1))) == []
    parts = tuple(
        Slo(name=name, service=name, sli="availability", target=0.9, window=Window.parse("7d"))
        for name in ("cart", "pay")
    )
    whole = replace(parts[0], name="site", composite=Composite("weighted mean", parts, (2.0, 1.0)))
    assert _objective(whole)["composite"] == (
        "weighted mean of cart availability x 2, pay availability x 1"
    )
    assert "composite" not in _objective(parts[0])


def test_a_composite_is_no_service_of_its_own(kept):
    """Its members are compared; alone it would have no days in any report."""
    known = next(iter(kept.objectives.values()))
    whole = {("site", "site"): {**known, "composite": "all events of shop availability x 1"}}
    single = {("site", "site"): known}
    assert replace(kept, objectives=kept.objectives | whole).services == kept.services
    assert "site" in replace(kept, objectives=kept.objectives | single).services


def test_teams_and_notes_are_carried_on(kept, tmp_path):
    """By the day, each note once with its services; older reports hold none."""
    rows = [
        ("shop", "2026-06-03 14:00", "x"),
        ("bank", "2026-06-03", "x"),
        (None, "2026-06-09", "y"),
    ]
    notes = tables.conform(pd.DataFrame(
        [(s, pd.Timestamp(d, tz="UTC"), n) for s, d, n in rows],
        columns=["service", "date", "note"]), "annotations")  # fmt: skip
    more = replace(kept, annotations=notes, teams={"shop": "pay", "bank": "core"})
    assert as_json(more)["annotations"] == [
        {"date": "2026-06-03", "services": ["bank", "shop"], "note": "x"},
        {"date": "2026-06-09", "services": [], "note": "y"},
    ]
    found = changes.read(written(tmp_path, more))
    assert found.teams == more.teams
    assert sorted(found.annotations["note"]) == ["x", "x", "y"]
    part = found.of(["shop"])
    assert part.teams == {"shop": "pay"}
    assert sorted(part.annotations["service"].fillna("all")) == ["all", "shop"]
    old = {
        name: value for name, value in as_json(kept).items() if name not in ("teams", "annotations")
    }
    (tmp_path / "findings.json").write_text(
        json.dumps({"schema": 1, "srelib": kept.version, **old})
    )
    assert (changes.read(tmp_path).teams, len(changes.read(tmp_path).annotations)) == ({}, 0)
