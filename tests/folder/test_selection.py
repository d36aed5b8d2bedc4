"""Parts of a dataset: what an export of just that part would hold, nothing twice, nothing lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import srelib
from srelib import simulate, tables
from srelib.errors import ParameterError
from srelib.folder import selection
from srelib.simulate import ServiceSpec

FLEET = simulate.fleet(
    3, services=[ServiceSpec(name=name, incidents_per_week=4.0) for name in ("api", "web")],
    weeks=3, step="1h",
).dataset  # fmt: skip
FIRST = FLEET.series["first"].min()


def ids(part: srelib.Dataset, table: str) -> list[str]:
    """Which records of a table are in a part."""
    frame = getattr(part, table)
    return sorted(" ".join(map(str, row)) for row in frame[tables.required(table)].to_numpy())


@settings(deadline=None)
@given(st.lists(st.integers(0, 21 * 24 * 2), min_size=1, max_size=4, unique=True))
def test_spans_one_after_the_other_hold_every_row_once(halves: list[int]) -> None:
    """Whatever the borders, half hours among them, parts add up to the whole; a bucket that a
    border cuts is in none."""
    borders = [FIRST + n * pd.Timedelta("30min") for n in sorted(halves)]
    parts = []
    for since, until in zip([None, *borders], [*borders, None], strict=True):
        try:
            parts.append(FLEET.between(since, until))
        except ParameterError:
            continue
    for table in ("deployments", "incidents", "alerts"):
        found = [one for part in parts for one in ids(part, table)]
        assert sorted(found) == ids(FLEET, table)
    cut = {border.floor("h") for border in borders if border != border.floor("h")}
    inside = [time for time in FLEET.sli["time"] if time not in cut]
    assert sum(len(part.sli) for part in parts) == len(inside)


def written(root: Path, rows: pd.DataFrame) -> srelib.Dataset:
    """A folder with these counts, read."""
    root.mkdir()
    rows.to_csv(root / "counts.csv", index=False)
    (root / "sources.toml").write_text('[[file]]\nmatch = "*.csv"\nunit = "count"\n')
    return srelib.load(root)


@pytest.mark.parametrize("step", ["5min", "1h", "D"])
def test_a_part_is_what_an_export_of_it_would_be(tmp_path: Path, step: str) -> None:
    """The same buckets, the same series, the same now."""
    times = pd.date_range("2026-03-02", periods=200, freq=step, tz="UTC").delete([50, 51, 120])
    rows = pd.DataFrame({"time": times, "service": "shop", "good": 99, "total": 100})
    since, until = times[30], times[150]
    inside = rows[(rows["time"] >= since) & (rows["time"] < until)]
    whole, part = written(tmp_path / "all", rows), written(tmp_path / "part", inside)
    cut = whole.between(since, until)
    pd.testing.assert_frame_equal(cut.sli, part.sli)
    pd.testing.assert_frame_equal(cut.series, part.series)
    assert cut.as_of == part.as_of == until


def test_calendar_months_are_cut_at_their_true_ends(tmp_path: Path) -> None:
    """A month that is not over is left out; its end is that of its time zone."""
    starts = pd.date_range("2026-01-01", periods=6, freq="MS", tz="Europe/Berlin")
    root = tmp_path / "months"
    root.mkdir()
    rows = pd.DataFrame({"time": starts.strftime("%Y-%m-%d"), "service": "shop", "good": 99,
                         "total": 100})  # fmt: skip
    rows.to_csv(root / "counts.csv", index=False)
    (root / "sources.toml").write_text(
        '[[file]]\nmatch = "*.csv"\nunit = "count"\ntimezone = "Europe/Berlin"\n'
    )
    months = srelib.load(root)
    assert len(months.between(until="2026-04-30T22:00Z").sli) == 4
    assert len(months.between(until="2026-04-30T21:59Z").sli) == 3
    part = months.between("2026-02-01T00:00+01:00", "2026-05-01T00:00+02:00")
    assert part.series["coverage"].tolist() == [1.0]
    assert part.counts("shop")["total"].tolist() == [100.0] * 3


def test_a_change_goes_with_the_deployment_that_shipped_it() -> None:
    """Committed before the span and shipped in it: its lead time is known."""
    shipped = FLEET.changes.merge(FLEET.deployments[["deployment_id", "finished_at"]])
    waited = shipped[shipped["finished_at"] - shipped["committed_at"] > pd.Timedelta("1min")]
    row = waited.iloc[len(waited) // 2]
    part = FLEET.between(since=row["committed_at"] + pd.Timedelta("30s"))
    assert row["change_id"] in set(part.changes["change_id"])
    named = part.changes["deployment_id"].dropna()
    assert named.isin(part.deployments["deployment_id"]).all()


def test_an_open_incident_is_open_again_before_its_end() -> None:
    """As if read then: neither its end nor what came later is known."""
    row = FLEET.incidents.dropna(subset="resolved_at").iloc[5]
    part = FLEET.between(until=row["resolved_at"] - pd.Timedelta("1s"))
    own = part.incidents[part.incidents["incident_id"] == row["incident_id"]]
    assert own["resolved_at"].isna().all()
    assert len(own) == 1
    for table in tables.EXPORTS:
        for name in tables.times(table):
            assert not (getattr(part, table)[name] > part.as_of).any()


def test_services_are_taken_with_what_is_for_all(tmp_path: Path) -> None:
    """Exclusions without a service stay; objectives and rows of others go."""
    part = FLEET.of("web")
    assert part.services == ["web"]
    assert set(part.series["service"]) == {"web"}
    assert part.of(["web"]).services == ["web"]
    assert FLEET.of(None) is FLEET
    everybody = pd.DataFrame({"service": [None, "api", "web"]})
    kept = selection.of_services({"exclusions": everybody}, ["web"])["exclusions"]
    assert kept["service"].fillna("all").tolist() == ["all", "web"]


def test_what_cannot_be_meant_is_an_error() -> None:
    """An unknown name, a time without zone, a span without data."""
    with pytest.raises(ParameterError, match=r"no service 'wbe'; did you mean 'web'\?"):
        FLEET.of("wbe")
    with pytest.raises(ParameterError, match="carries no time zone"):
        FLEET.between(since="2026-04-01 12:30")
    with pytest.raises(ParameterError, match="is no time"):
        FLEET.between(until="soon")
    with pytest.raises(ParameterError, match="nothing of the data is in this part; they end at"):
        FLEET.between(until="2000-01-01")
    with pytest.raises(ParameterError, match="nothing of the data"):
        FLEET.between(since="2100-01-01")


def test_a_time_beyond_the_data_changes_nothing() -> None:
    """Now stays the end of the data: what did not happen yet is not counted as nothing."""
    later = FLEET.between("2000-01-01", "2100-01-01")
    assert later.as_of == FLEET.as_of
    assert later.notes == FLEET.notes
    for table in (*tables.EXPORTS, "series"):
        pd.testing.assert_frame_equal(getattr(later, table), getattr(FLEET, table))


def test_notes_on_every_service_go_with_each_part() -> None:
    """Of others they are left out; a note on a day to come does not move now."""
    days = pd.DatetimeIndex(["2026-04-07", "2026-04-08", "2026-04-09", "2100-01-01"], tz="UTC")
    rows = {"service": ["web", "api", None, None], "date": days, "note": list("abcd")}
    noted = replace(FLEET, annotations=tables.conform(pd.DataFrame(rows), "annotations"))
    assert noted.of("web").annotations["note"].tolist() == ["a", "c", "d"]
    part = noted.between("2026-04-08", "2026-04-12")
    assert part.annotations["note"].tolist() == ["b", "c"]
    assert part.as_of == pd.Timestamp("2026-04-12", tz="UTC")
