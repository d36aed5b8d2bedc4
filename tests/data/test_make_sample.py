"""The sample data: equal to its generator, shaped like the real exports, true to its stories."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
from pathlib import Path

import pandas as pd
import pytest

import srelib
from data import make_sample
from srelib.dataset import Dataset
from srelib.simulate import Fleet

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "data" / "sample"
TRUTH_FILE = ROOT / "tests" / "truth" / "sample.json"


@pytest.fixture(scope="module")
def world() -> Fleet:
    """The fleet behind the sample."""
    return make_sample.sample()


@pytest.fixture(scope="module")
def written(world: Fleet) -> dict[str, bytes]:
    """The exports as the generator makes them now."""
    return make_sample.files(world)


@pytest.fixture(scope="module")
def truth() -> dict:
    """The committed truth."""
    return json.loads(TRUTH_FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """Lines of the committed metrics."""
    return gzip.decompress((FOLDER / make_sample.METRICS).read_bytes()).decode().split("\r\n")


@pytest.fixture(scope="module")
def deployments() -> list[dict]:
    """All deployments of the committed export, page after page."""
    text, found = (FOLDER / "github-deployments.json").read_text(encoding="utf-8"), []
    decoder, place = json.JSONDecoder(), 0
    while place < len(text):
        page, place = decoder.raw_decode(text, place)
        found += page
    return found


@pytest.fixture(scope="module")
def pages() -> list[dict[str, str]]:
    """Rows of the committed PagerDuty report."""
    text = (FOLDER / "pagerduty-incidents.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """The sample as a user loads it."""
    return srelib.load(FOLDER)


def test_the_committed_files_equal_their_generator(written: dict[str, bytes]) -> None:
    """Each committed export holds what the generator makes; the metrics once unpacked."""
    assert sorted(written) == sorted(path.name for path in FOLDER.iterdir())
    for name, content in written.items():
        committed = (FOLDER / name).read_bytes()
        if name.endswith(".gz"):
            committed, content = gzip.decompress(committed), gzip.decompress(content)
        assert committed == content, name


def test_the_committed_truth_equals_its_generator(world: Fleet, truth: dict) -> None:
    """The truth beside the tests is that of the committed exports."""
    assert json.loads(json.dumps(make_sample.truth_of(world))) == truth


def test_writing_twice_gives_identical_bytes(written: dict[str, bytes], tmp_path: Path) -> None:
    """Two runs write the same bytes, gzip header and all."""
    *exports, _ = make_sample.write(tmp_path / "a", truth=tmp_path / "a.json")
    assert {path.name: path.read_bytes() for path in exports} == written


def test_the_sample_is_small() -> None:
    """All files together stay under 5 MB."""
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 5_000_000


def test_metrics_look_as_grafana_writes_them(lines: list[str]) -> None:
    """Quoted header, CRLF without one at the end, epoch milliseconds, undefined in gaps."""
    assert lines[0].startswith('"Time","checkout good","checkout total","checkout fast"')
    assert lines[-1] != ""
    first, last = (int(line.split(",")[0]) for line in (lines[1], lines[-1]))
    assert pd.Timestamp(first, unit="ms") == pd.Timestamp("2026-03-30")
    assert pd.Timestamp(last, unit="ms") == pd.Timestamp("2026-06-28 23:59")
    columns = {len(line.split(",")) for line in lines}
    assert columns == {15}
    words = {cell for line in lines[1:] for cell in line.split(",") if not cell.isdigit()}
    assert words == {"undefined"}


def test_metrics_hold_two_wrong_lines(lines: list[str]) -> None:
    """One line comes twice and one has good > total, and no other."""
    rows = [line.split(",") for line in lines[1:]]
    names = [name.strip('"') for name in lines[0].split(",")]
    good, total = names.index("billing good"), names.index("billing total")
    assert sum(int(row[good]) > int(row[total]) for row in rows) == 1
    times = [row[0] for row in rows]
    assert len(times) - len(set(times)) == 1


def test_deployments_look_as_github_lists_them(deployments: list[dict]) -> None:
    """Pages of at most 100, newest first; a superseded success is inactive since the next one."""
    assert len({record["id"] for record in deployments}) == len(deployments)
    staged: dict[tuple[str, str], list[dict]] = {}
    for record in deployments:
        staged.setdefault((record["repository_url"], record["environment"]), []).append(record)
    environments = {environment.split("-")[0] for _, environment in staged}
    assert environments == {"production", "staging", "preview"}
    inactive = 0
    for records in staged.values():
        created = [record["created_at"] for record in records]
        assert created == sorted(created, reverse=True)
        ends = [
            {status["state"]: status["created_at"] for status in record["statuses"]}
            for record in records
        ]
        successes = [end for end in ends if "success" in end]
        for newer, older in itertools.pairwise(successes):
            assert older["inactive"] == newer["success"]
            inactive += 1
        assert not successes or "inactive" not in successes[0]
    assert inactive > 200


def test_pagerduty_rows_hold_what_real_ones_hold(pages: list[dict[str, str]]) -> None:
    """23 columns, offsets, commas, line breaks, seconds that fit the times, one open incident."""
    assert len(pages[0]) == 23
    assert all(row["created_on"].endswith("+02:00") for row in pages)
    texts = "".join(row["description"] for row in pages)
    assert "," in texts
    assert "\n" in texts
    assert 'Checkout <b>slow</b> & "stuck"' in {row["description"] for row in pages}
    closed = [row for row in pages if row["resolved_on"]]
    assert len(pages) - len(closed) == 1
    for row in closed:
        took = pd.Timestamp(row["resolved_on"]) - pd.Timestamp(row["created_on"])
        assert int(row["seconds_to_resolve"]) == took.total_seconds()


def spent(world: Fleet, service: str) -> pd.Series:
    """Share of the last 28 days' allowance each cause spent, from the truth."""
    parts, total = world.truth.bad_by_cause(service), world.counts(service)["total"]
    recent = parts["observed"] & ~parts["excluded"]
    recent &= parts.index >= pd.Timestamp("2026-06-01", tz="UTC")
    promised = {slo[0]: slo[2] for slo in make_sample.SLOS if slo[1] == "availability"}
    causes = ["background", "maintenance", "deployment", "incident"]
    return parts.loc[recent, causes].sum() / ((1 - promised[service]) * total[recent].sum())


def test_checkout_overspends_because_of_its_releases(world: Fleet) -> None:
    """Checkout spent more than its budget, and releases spent most of that."""
    shares = spent(world, "checkout")
    assert shares.sum() > 1
    assert shares["deployment"] > 0.6 * shares.sum()


def test_search_ships_as_often_and_is_healthy(world: Fleet) -> None:
    """Search ships nearly daily and keeps more than half of its budget."""
    releases = world.truth.deployments.query("reason == 'release'").groupby("service").size()
    assert releases[["checkout", "search"]].min() > 60
    assert spent(world, "search").sum() < 0.5


def test_billing_ships_monthly_with_budget_to_spare(world: Fleet) -> None:
    """Billing has three to five releases in thirteen weeks and keeps most of its budget."""
    releases = world.truth.deployments.query("service == 'billing' and reason == 'release'")
    assert 3 <= len(releases) <= 5
    assert spent(world, "billing").sum() < 0.35


def test_warehouse_fails_without_its_releases(world: Fleet) -> None:
    """Warehouse ships about monthly; infrastructure alone spends more than its budget."""
    releases = world.truth.deployments.query("service == 'warehouse' and reason == 'release'")
    assert len(releases) <= 5
    shares = spent(world, "warehouse")
    assert shares["incident"] > 1
    assert shares["deployment"] < 0.05


def test_partner_api_has_little_traffic(world: Fleet) -> None:
    """Partner-api gets a few requests an hour, so most minutes have none."""
    total = world.counts("partner-api")["total"]
    assert 3 < total.mean() * 60 < 8
    assert (total == 0).mean() > 0.8


def test_catalog_has_gaps_and_maintenance(world: Fleet) -> None:
    """Catalog is unknown for hours and excluded every second Sunday; the others hardly."""
    missing = world.truth.slis.query("sli == 'availability'").set_index("service")["missing"]
    assert missing["catalog"] > 20 * 60
    assert missing.drop("catalog").max() == 55
    assert len(world.exclusions) == 7
    assert set(world.exclusions["service"]) == {"catalog"}


def test_loaded_counts_equal_the_truth(dataset: Dataset, truth: dict) -> None:
    """Good and total of each series, loaded, are the true ones less the impossible minute."""
    wrong = truth["spoiled"]["impossible"]
    for row in truth["slis"]:
        counts = dataset.counts(row["service"], row["sli"])
        less = wrong if row["service"] == wrong["service"] else {"good": 0, "total": 0}
        assert counts["good"].sum() == row["good"] - less["good"]
        assert counts["total"].sum() == row["total"] - less["total"]
        gaps = row["missing"] + (row["service"] == wrong["service"])
        assert counts["total"].isna().sum() == gaps
        assert len(counts) == row["buckets"]


def test_loaded_counts_outside_maintenance_equal_the_truth(dataset: Dataset, truth: dict) -> None:
    """With exclusions applied, catalog keeps the true sums outside maintenance."""
    slo = next(slo for slo in dataset.slos if slo.service == "catalog")
    counted = dataset.slo_counts(slo, exclusions=True)
    row = next(row for row in truth["slis"] if row["service"] == "catalog")
    assert counted["good"].sum() == row["counted_good"]
    assert counted["total"].sum() == row["counted_total"]


def test_loaded_deployments_equal_the_truth(dataset: Dataset, truth: dict) -> None:
    """Production deployments come back with their number, service and planned flag."""
    loaded = dataset.deployments.set_index("deployment_id")
    expected = {row["deployment_id"]: row for row in truth["deployments"]}
    assert set(loaded.index) == set(expected)
    for number, row in expected.items():
        assert loaded.loc[number, "service"] == row["service"]
        assert loaded.loc[number, "planned"] == (row["reason"] == "release")
        reached = row["status"] in ("succeeded", "rolled_back")
        assert (loaded.loc[number, "status"] == "succeeded") == reached


def test_loaded_incidents_equal_the_truth(dataset: Dataset, truth: dict) -> None:
    """Incidents come back; PagerDuty heard of each after it began, and none is linked."""
    loaded = dataset.incidents.set_index("incident_id")
    expected = {row["incident_id"]: row for row in truth["incidents"]}
    assert set(loaded.index) == set(expected)
    for number, row in expected.items():
        assert loaded.loc[number, "service"] == row["service"]
        assert loaded.loc[number, "started_at"] >= pd.Timestamp(row["started_at"])
    assert loaded["deployment_id"].isna().all()


def test_wrong_rows_are_rejected_and_counted(
    dataset: Dataset, truth: dict, deployments: list[dict]
) -> None:
    """Every planted fault is a reject, and nothing else but other environments is."""
    faults = dataset.rejects.groupby("file")["line"].agg(list)
    assert faults["changes.csv"] == [truth["spoiled"]["changes_line"]]
    elsewhere = sum(not record["production_environment"] for record in deployments)
    assert len(faults["github-deployments.json"]) == elsewhere + 1
    impossible, *again = faults[make_sample.METRICS]
    reasons = dataset.rejects.loc[dataset.rejects["line"] == impossible, "reason"]
    assert len(again) == 8
    assert set(again) == {max(again)}
    assert reasons.str.startswith("good is more than total").any()
    assert set(faults.index) == {"changes.csv", "github-deployments.json", make_sample.METRICS}


def test_a_user_sees_the_services_the_objectives_and_the_end_of_the_data(dataset: Dataset) -> None:
    """Loading finds six services, eight objectives and the end of the last minute."""
    assert dataset.services == sorted(spec.name for spec in make_sample.SERVICES)
    assert [(slo.service, slo.sli, slo.target) for slo in dataset.slos] == [
        (service, sli, target) for service, sli, target, *_ in make_sample.SLOS
    ]
    assert {slo.method for slo in dataset.slos} == {"Occurrences", "Timeslices"}
    windows = {slo.service: str(slo.window) for slo in dataset.slos}
    assert "Europe/Berlin" in windows["catalog"]
    assert dataset.as_of == pd.Timestamp("2026-06-29", tz="UTC")


def test_the_readme_tells_the_truth_about_checkout(world: Fleet) -> None:
    """About one release in five breaks something, and about a third of those page anybody."""
    deployments = world.truth.deployments.query("service == 'checkout' and reason == 'release'")
    broken = deployments[deployments["broke"]]
    assert len(broken) / len(deployments) == pytest.approx(0.2, abs=0.05)
    paged = world.truth.incidents["deployment_id"].isin(broken["deployment_id"]).sum()
    assert paged / len(broken) == pytest.approx(1 / 3, abs=0.1)
