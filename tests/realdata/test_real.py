"""Real exports: everything is read, nothing is lost, and the figures are those worked out apart.

Expected numbers come from the README beside the real data, or are counted here with the csv
module from the files themselves.
"""

from __future__ import annotations

import csv
import os
import re
import tomllib
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

import srelib
from srelib import budget, delivery, incidents, quality, tables
from srelib.delivery.frequency import _history
from srelib.incidents import times
from tests.realdata.real_folders import FILES, HERE, MINUTES_DOWN, WINDOWS, make, real_files

REAL = os.environ.get("SRELIB_REAL_DATA")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(REAL is None, reason="SRELIB_REAL_DATA does not name a folder"),
]
ROOT = Path(REAL or ".")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A real folder by name, loaded once."""
    loaded: dict[str, srelib.Dataset] = {}

    def load(name):
        if name not in loaded:
            loaded[name] = srelib.load(make(name, ROOT, tmp_path_factory.mktemp(name)))
        return loaded[name]

    return load


def rows(pattern):
    """Rows of a real CSV, as the csv module reads them."""
    (file,) = ROOT.glob(pattern)
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def at(text):
    """A time of a real CSV."""
    return datetime.fromisoformat(text)


def minutes(delta):
    """A length of time in minutes."""
    return delta.total_seconds() / 60


def union(spans):
    """Time that at least one of the spans covers."""
    covered, end = timedelta(), None
    for start, stop in sorted(spans):
        covered += max(stop - (start if end is None else max(start, end)), timedelta())
        end = stop if end is None else max(end, stop)
    return covered


def test_every_real_file_is_in_a_folder():
    """No file of the collection is forgotten."""
    used = {file for name in FILES for file in real_files(name, ROOT)} | {ROOT / MINUTES_DOWN}
    assert used == set(ROOT.rglob("*.csv"))


@pytest.mark.parametrize("name", FILES)
def test_rows_read_are_rows_kept_plus_rows_refused(dataset, name):
    """Every file of every folder is read whole; each refused row is listed with a reason."""
    data = dataset(name)
    sources = data.sources.set_index("file")
    assert len(sources) == len(real_files(name, ROOT)) + (name == "biosimulations")
    assert (sources["rows_read"] == sources["rows_kept"] + sources["rows_rejected"]).all()
    assert (sources["rows_kept"] > 0).all()
    refused = data.rejects["file"].value_counts().reindex(sources.index, fill_value=0)
    assert refused.tolist() == sources["rows_rejected"].tolist()
    assert (data.rejects["reason"].str.len() > 0).all()
    for file in real_files(name, ROOT):
        if name != "grafana":
            assert sources.loc[file.name, "rows_read"] == len(
                rows(file.relative_to(ROOT).as_posix())
            )


@pytest.mark.parametrize("name", FILES)
def test_every_table_is_canonical_and_in_utc(dataset, name):
    """Columns, types and zone are those of the canonical tables."""
    for table in tables.EXPORTS:
        frame = getattr(dataset(name), table)
        assert frame.columns.tolist() == tables.names(table)
        for column in frame.select_dtypes("datetimetz"):
            assert str(frame[column].dt.tz) == "UTC"


# An uptime log with one heartbeat a day


def test_the_worked_figure_of_dagshub_comes_out_exactly(dataset):
    """Availability, time, downtime, and the number, mean and median of outages of the README."""
    data = dataset("dagshub")
    counts = data.counts("dags-hub")
    assert counts["total"].sum() == 48_938_335
    assert counts["total"].sum() - counts["good"].sum() == 139_685
    assert counts["good"].sum() / counts["total"].sum() == pytest.approx(0.997145694, abs=5e-10)
    outages = data.incidents[data.incidents["service"] == "dags-hub"]
    length = (outages["resolved_at"] - outages["started_at"]).dt.total_seconds()
    assert len(outages) == 103
    assert length.mean() == pytest.approx(1356.165, abs=5e-4)
    assert length.median() == 681
    assert length.sum() == 139_685


def test_all_outages_of_dagshub_are_there(dataset):
    """116 outages at 3 sites."""
    down = dataset("dagshub").incidents
    assert (len(down), down["service"].nunique()) == (116, 3)


def test_silence_beyond_the_heartbeat_is_unknown_and_not_uptime(dataset):
    """Seconds known and up of every drycc site, added up row by row."""
    known: dict[str, float] = defaultdict(float)
    good: dict[str, float] = defaultdict(float)
    logs = defaultdict(list)
    for row in rows("upptime/drycc_checks.csv"):
        logs[row["slug"]].append((at(row["time_utc"]), row["status"]))
    for slug, log in logs.items():
        for (start, state), (stop, _) in pairwise(log):
            held = min(stop - start, timedelta(hours=25)).total_seconds()
            known[slug] += held
            good[slug] += held * (state != "down")
    data = dataset("drycc")
    assert set(data.series["service"]) == set(logs)
    assert len(logs) == 8
    for slug in logs:
        counts = data.counts(slug)
        assert counts["total"].sum() == pytest.approx(known[slug], abs=1e-6)
        assert counts["good"].sum() == pytest.approx(good[slug], abs=1e-6)
    whole = {slug: (log[-1][0] - log[0][0]).total_seconds() for slug, log in logs.items()}
    assert sum(known.values()) < sum(whole.values())


def test_degraded_is_slow_and_not_down(dataset):
    """Of the 21 outages of drycc two were only degraded; 401 and 403 count as up."""
    states = Counter(row["status"] for row in rows("upptime/drycc_checks.csv"))
    assert len(dataset("drycc").incidents) == states["down"] == 21 - states["degraded"]


# Deployments beside the reliability of the same service


def test_only_the_production_deployments_of_biosimulations_are_kept(dataset):
    """48 of 1,384; dev and deploy are refused with the way to keep them."""
    data = dataset("biosimulations")
    file = "biosimulations_deployments.csv"
    source = data.sources.set_index("file").loc[file]
    assert (source["rows_read"], source["rows_kept"]) == (1384, 48)
    refused = data.rejects[data.rejects["file"] == file]
    assert refused["value"].value_counts().to_dict() == {"dev": 1206, "deploy": 130}
    assert (data.deployments["environment"] == "prod").all()
    expected = [
        row for row in rows("delivery/biosimulations_deployments.csv")
        if row["environment"] == "prod"
    ]  # fmt: skip
    assert [t.isoformat() for t in data.deployments["finished_at"]] == sorted(
        at(row["deployed_at"]).isoformat() for row in expected
    )
    shas = Counter(row["service_commit"] for row in expected)
    assert data.deployments["commit_sha"].isna().sum() == shas[""] == 7


def test_every_commit_leads_to_the_deployment_that_shipped_it(dataset):
    """3,154 commits in 39 of the 48 deployments, none before it was written."""
    data = dataset("biosimulations")
    shipped = data.changes.merge(data.deployments, on=["deployment_id", "service"], how="left")
    assert len(shipped) == 3154
    assert shipped["finished_at"].notna().all()
    assert data.changes["deployment_id"].nunique() == 39
    lead = (shipped["finished_at"] - shipped["committed_at"]).dt.total_seconds()
    told = [
        float(row["lead_from_commit_s"])
        for row in rows("delivery/biosimulations_prod_deployment_commits.csv")
    ]
    assert sorted(lead) == sorted(told)


def test_minutes_down_per_day_become_seconds_of_the_service(dataset):
    """Every day of both windows is there, the time between them is unknown, downtime is exact."""
    counts = dataset("biosimulations").counts("biosimulations-api")
    days = sum((at(last) - at(first)).days + 1 for first, last in WINDOWS.values())
    down = sum(
        float(row["minutes_down"]) for row in rows(MINUTES_DOWN)
        if row["slug"] == "biosimulations-api"
    )  # fmt: skip
    assert counts["total"].sum() == days * 86_400
    assert counts["total"].sum() - counts["good"].sum() == pytest.approx(down * 60)
    assert quality.coverage(counts) == pytest.approx(days / len(counts))
    assert counts["total"].isna().sum() == len(counts) - days > 0


def test_releases_of_cow_services_are_told_apart_by_tag(dataset):
    """560 tags on fewer commits are 560 deployments; every commit knows its first release."""
    data = dataset("cow_services")
    told = rows("delivery/cow-services_releases.csv")
    assert len(data.deployments) == len(told) == 560
    assert data.deployments["commit_sha"].nunique() == len({row["commit"] for row in told}) == 557
    assert len(data.changes) == 4894
    assert data.changes["deployment_id"].isin(data.deployments["deployment_id"]).all()


# Incidents of a status page


@pytest.fixture
def told():
    """Incidents of GitHub with start, end and impact, as the csv module reads them."""
    return [
        (at(row["downtime_start"]), at(row["downtime_end"]), row["impact"])
        for row in rows("incidents/github_statuses_incidents.csv")
    ]


def test_planned_maintenance_is_not_downtime(dataset, told):
    """18 of 819 entries are announced work: exclusions, not incidents."""
    data = dataset("github")
    assert (len(data.incidents), len(data.exclusions)) == (801, 18)
    assert "maintenance" not in set(data.incidents["severity"])
    planned = sum(minutes(stop - start) for start, stop, impact in told if impact == "maintenance")
    length = data.exclusions["ends_at"] - data.exclusions["starts_at"]
    assert minutes(length.sum()) == planned


def test_zero_length_and_out_of_order_incidents_stay(dataset, told):
    """22 without length, 39 out of order in the file: none refused, sorted by start here."""
    data = dataset("github")
    assert sum(b[0] < a[0] for a, b in pairwise(told)) == 39
    assert data.rejects.empty
    length = data.incidents["resolved_at"] - data.incidents["started_at"]
    assert (length == timedelta()).sum() == sum(start == stop for start, stop, _ in told) == 22
    assert data.incidents["started_at"].is_monotonic_increasing


def test_overlapping_incidents_count_once(dataset, told):
    """108,444 minutes summed, 103,606 in their union, impact none and maintenance left out."""
    told_of = dataset("github").incidents
    felt = told_of[told_of["severity"] != "none"]
    spans = list(zip(felt["started_at"], felt["resolved_at"], strict=True))
    assert minutes((felt["resolved_at"] - felt["started_at"]).sum()) == 108_444
    assert minutes(union(spans)) == 103_606
    real = [(start, stop) for start, stop, impact in told if impact not in ("none", "maintenance")]
    assert minutes(union(real)) == 103_606


def test_downtime_of_github_is_the_union_whatever_the_order(dataset):
    """103,606 of 108,444 minutes; 22 without length and 31 that nobody felt add nothing."""
    data = dataset("github")
    shuffled = data.incidents.sample(frac=1, random_state=1)
    found = times._downtime(shuffled, between=times._history(shuffled, as_of=data.as_of))
    assert (minutes(found.downtime), minutes(found.summed)) == (103_606, 108_444)
    assert found.not_felt == (data.incidents["severity"] == "none").sum() == 31
    durations = times._durations(data.incidents, as_of=data.as_of)
    assert ((durations["seconds"] == 0).sum(), set(durations["state"])) == (22, {"ended"})


def test_incidents_of_github_got_more_and_longer(dataset):
    """Beyond chance, bursts allowed for, by every way to ask; halves counted by hand."""
    data = dataset("github")
    found = incidents.compare_periods(data.incidents, as_of=data.as_of)
    late = data.incidents["started_at"] >= found.split
    assert (found.counts.before.n, found.counts.after.n) == ((~late).sum(), late.sum())
    assert (found.counts.verdict, found.lengths.verdict) == ("worse", "worse")
    assert found.noise.share < 0.05
    again = found.recurrence
    assert again["weekday"].adjusted_p_value < 0.01
    assert again["weekday"].counts["count"].idxmin() == 6


def test_the_budget_counts_overlapping_incidents_once(dataset):
    """On a service that is down in every minute the incidents own their union, not their sum."""
    told_of = dataset("github").incidents
    felt = told_of[told_of["severity"] != "none"]
    index = pd.date_range(
        felt["started_at"].min().floor("D"), felt["resolved_at"].max().ceil("D"), freq="min"
    )
    total = pd.Series(1.0, index=index)
    spent = budget.spent_by_event(
        total * 0, total, target=0.999, incidents=felt, deployments=None, within="2h"
    )
    assert spent.loc[spent["cause"] == "incident", "bad"].sum() == 103_606
    assert spent["bad"].sum() == len(index)


# Metrics


def test_counters_become_the_requests_between_samples(dataset):
    """Increases of the nginx counters, zone by zone, with the 5xx among them."""
    data = dataset("metrics")
    told = rows("metrics/nginxplus_server_zones.csv")
    for zone in {row["zone"] for row in told}:
        samples = [row for row in told if row["zone"] == zone]
        rise = {
            name: sum(
                int(b[name]) - int(a[name])
                for a, b in pairwise(samples)
                if int(b[name]) >= int(a[name])
            )
            for name in ("responses_total", "r5xx_total")
        }
        counts = data.counts(zone)
        assert counts["total"].sum() == pytest.approx(rise["responses_total"], rel=0.01)
        assert counts["total"].sum() <= rise["responses_total"]
        bad = counts["total"].sum() - counts["good"].sum()
        assert bad == pytest.approx(rise["r5xx_total"], abs=3)


def test_three_errors_in_ten_thousand_requests(dataset):
    """The low-traffic service: 84 hours, 10,000 requests, 3 of them 5xx."""
    counts = dataset("metrics").counts("semicomplete")
    assert (len(counts), counts["total"].sum()) == (84, 10_000)
    assert counts["total"].sum() - counts["good"].sum() == 3


def test_idle_periods_are_unknown(dataset):
    """The load balancer's eight gaps lower the coverage, nothing else."""
    counts = dataset("metrics").counts("elb", "traffic")
    told = [datetime.fromisoformat(row["timestamp"]) for row in
            rows("metrics/nab_elb_request_count_8c0756.csv")]  # fmt: skip
    jumps = [b - a for a, b in pairwise(told) if b - a > timedelta(minutes=5)]
    assert len(quality._gaps(counts)) == len(jumps) == 8
    assert counts["total"].notna().sum() == len(told)


def test_an_hour_with_one_stamp_is_refused(dataset):
    """Twelve latencies share one time: which is right cannot be known, so none is kept."""
    data = dataset("metrics")
    file = "nab_ec2_request_latency_system_failure.csv"
    told = rows(f"metrics/{file}")
    often = Counter(row["timestamp"] for row in told)
    assert sorted(n for n in often.values() if n > 1) == [12]
    refused = data.rejects[data.rejects["file"] == file]
    assert len(refused) == 12
    stamps = [told[line - 2]["timestamp"] for line in refused["line"]]
    assert {often[stamp] for stamp in stamps} == {12}
    slow = sum(float(row["value"]) > 50 for row in told if often[row["timestamp"]] == 1)
    counts = data.counts("ec2", "latency")
    assert counts["total"].sum() - counts["good"].sum() == slow * 300


# Grafana panels as downloaded


def panel(name):
    """Header and rows of a panel whose file name holds the text."""
    (file,) = (f for f in real_files("grafana", ROOT) if name in f.name)
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def test_every_panel_is_recognised_as_one(dataset):
    """Ten files, spaces, dashes and ampersands in their names, all told to be Grafana's."""
    sources = dataset("grafana").sources
    assert len(sources) == 10
    assert set(sources["format"]) == {"grafana"}
    said = tomllib.loads((HERE / "grafana" / "sources.toml").read_text())["file"]
    files = {file.name: file for file in real_files("grafana", ROOT)}
    wanted = Counter(len(entry["series"]) for entry in said)
    for name, file in files.items():
        with file.open(newline="", encoding="utf-8") as text:
            count = len(list(csv.DictReader(text)))
        read = int(sources.set_index("file").loc[name, "rows_read"])
        assert read % count == 0
        wanted[read // count] -= 1
    assert set(wanted.values()) == {0}


def test_raw_epochs_and_counts_come_out_as_written(dataset):
    """Operations of a panel with epoch milliseconds; a series without a point adds nothing."""
    told = panel("R2 operations per minute by action_type")
    names = ("GetObject", "ListObjects", "PutObject")
    points = [[row[name] for name in names] for row in told]
    gets, lists, puts = (
        sum(float(point[n]) for point in points if point[n] != "undefined") for n in range(3)
    )
    assert all(point[:2] != ["undefined", "undefined"] for point in points)
    data = dataset("grafana")
    counts = data.counts("r2", "reads")
    assert counts["good"].sum() == pytest.approx(gets + lists)
    assert counts["total"].sum() == pytest.approx(gets + lists + puts)
    assert counts.index[0] == pd.Timestamp(int(told[0]["Time"]), unit="ms", tz="UTC")
    notes = data.sources.set_index("file")["notes"].filter(like="by action_type").iloc[0]
    assert "count a column without a value as zero" in notes


def test_formatted_values_are_read_with_their_units(dataset):
    """`7.47 KiB` and `567 B` against 1,024 bytes, in local times of a zone that was said."""
    told = panel("avg bytes per operation")
    values = {}
    for row in told:
        size = re.fullmatch(r"([\d.]+) (B|KiB|MiB)", row["put / A"])
        if size:
            values[row["Time"]] = float(size[1]) * {"B": 1, "KiB": 2**10, "MiB": 2**20}[size[2]]
    counts = dataset("grafana").counts("live_refine", "small-writes").dropna()
    assert len(counts) == len(values) > 100
    assert [f"{time:%Y-%m-%d %H:%M:%S}" for time in counts.index] == list(values)
    assert counts["good"].sum() == 60 * sum(value <= 1024 for value in values.values())


def test_more_good_than_total_is_refused_and_counted(dataset):
    """Where the application counted more than the provider billed, the ratio means nothing.

    It did in so many minutes that the others alone would lean: none of them is used.
    """
    name = "R2 Operations Total per Minute"
    cells = [(row["In-app"], row["Cloudflare (prom_tmp)"]) for row in panel(name)]
    both = [(float(a), float(b)) for a, b in cells if "undefined" not in (a, b)]
    over = sum(a > b for a, b in both)
    data = dataset("grafana")
    refused = data.rejects[data.rejects["file"].str.startswith(name)]
    assert over > len(both) / 100
    assert len(refused) == len(both) + 1  # one cell more holds no number
    assert refused["reason"].str.startswith("the whole series is refused").all()


def test_lead_times_of_biosimulations_are_those_worked_out_apart(dataset):
    """Median of the column of the README's file, and every commit shipped."""
    data = dataset("biosimulations")
    between = _history(data.deployments, as_of=data.as_of)
    row = delivery.change_lead_time(data.changes, data.deployments, between=between).iloc[0]
    told = rows("delivery/biosimulations_prod_deployment_commits.csv")
    first: dict[str, float] = {}
    for each in told:
        first.setdefault(each["sha"], float(each["lead_from_commit_s"]))
    assert row["n"] == len(first)
    assert row["value"] == pytest.approx(pd.Series(first).median())
    assert row["low"] < row["value"] < row["high"]


def test_silence_of_cow_services_on_failures_is_not_a_rate_of_0(dataset):
    """Release tags know of no incident, no rollback and no plan."""
    data = dataset("cow_services")
    between = _history(data.deployments, as_of=data.as_of)
    incidents = data.exported("incidents")
    found = delivery.metrics(data.deployments, data.changes, incidents, between=between)
    each = found["cow-services"]
    assert each.fail_rate.n == each.rework_rate.n == each.recovery.n == 0
    assert each.deployments == len(data.deployments)
    assert each.lead_time.n == len(data.changes)
    lead = [float(r["lead_from_commit_s"]) for r in rows("delivery/cow-services_commits.csv")
            if r["lead_from_commit_s"]]  # fmt: skip
    assert each.lead_time.value == pytest.approx(pd.Series(lead).median(), rel=0.01)
