"""A folder of exports as one dataset: each bucket once, nothing lost, nothing guessed."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import srelib
from srelib import tables
from srelib.errors import InputError, ParameterError
from srelib.report.destination import replaced, reserved

HEADER = "time,service,good,total"


def at(minute: int) -> str:
    """A minute of one hour."""
    return f"2026-06-01T10:{minute:02}:00Z"


def line(minute: int, good: int = 9, total: int = 10, service: str = "shop") -> str:
    """A row of a long CSV."""
    return f"{at(minute)},{service},{good},{total}"


def csv(*lines: str) -> str:
    """A long CSV."""
    return "\n".join([HEADER, *lines]) + "\n"


def folder(root: Path, **files: str) -> Path:
    """A folder of files; two underscores in a name stand for a dot."""
    for name, text in files.items():
        path = root / name.replace("__", ".")
        path.write_text(text)
    return root


SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {{name: shop-latency}}
spec:
  service: shop
  indicator:
    metadata: {{name: latency}}
    spec:
      thresholdMetric:
        metricSource: {{type: srelib, spec: {{}}}}
  timeWindow: [{{duration: 28d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {target}, op: lte, value: 0.3}}]
"""


def test_every_table_is_canonical(tmp_path: Path) -> None:
    """Whatever the folder holds, each table has its columns and dtypes."""
    data = srelib.load(folder(tmp_path, a__csv=csv(line(0), line(1))))
    for table in (*tables.EXPORTS, "series", "sources", "rejects"):
        expected = tables.empty(table).dtypes.astype(str).to_dict()
        assert getattr(data, table).dtypes.astype(str).to_dict() == expected


def test_provenance_names_format_rows_and_hash(tmp_path: Path) -> None:
    """Each file has its row: what it was read as, and the SHA-256 of its bytes."""
    text = csv(line(0), line(1, 11, 10))
    row = srelib.load(folder(tmp_path, a__csv=text)).sources.iloc[0]
    assert row[["file", "format", "table"]].tolist() == ["a.csv", "generic", "sli"]
    assert row[["rows_read", "rows_kept", "rows_rejected"]].tolist() == [2, 1, 1]
    assert row["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert row["first"] == row["last"] == pd.Timestamp(at(0))


def test_a_report_inside_the_folder_is_not_input(tmp_path: Path) -> None:
    """What a run wrote beside the data changes nothing in the next one."""
    folder(tmp_path, a__csv=csv(line(0), line(1)))
    before = srelib.load(tmp_path)
    with reserved(tmp_path / "reports"), replaced(tmp_path / "reports") as out:
        (out / "index.html").write_text("<p>page</p>")
        (out / "b.csv").write_text(csv(line(2)))
    after = srelib.load(tmp_path)
    pd.testing.assert_frame_equal(after.sources, before.sources)
    assert after.notes == before.notes


def test_counts_lie_on_the_full_grid_and_gaps_are_missing(tmp_path: Path) -> None:
    """A minute that is not there is unknown; one with total 0 is observed."""
    data = srelib.load(folder(tmp_path, a__csv=csv(line(0), line(1, 0, 0), line(3), line(4))))
    counts = data.counts("shop", "availability")
    assert counts["total"].fillna(-1).tolist() == [10, 0, -1, 10, 10]
    assert counts.index.equals(pd.date_range(at(0), at(4), freq="min"))
    assert data.series.loc[0, ["step_seconds", "buckets", "coverage"]].tolist() == [60, 4, 0.8]
    assert data.as_of == pd.Timestamp(at(5))


def test_unknown_series_lists_what_there_is(tmp_path: Path) -> None:
    """No data for an indicator is an error with the fix."""
    data = srelib.load(folder(tmp_path, a__csv=csv(line(0), line(1))))
    with pytest.raises(InputError, match=r"'shop', indicator 'latency'; series seen: shop avail"):
        data.counts("shop", "latency")


messy = st.lists(
    st.one_of(
        st.builds(line, st.integers(0, 5), st.integers(-1, 11), st.just(10)),
        st.sampled_from([
            f"{at(1)},shop,undefined,10", f"{at(2)},shop,Infinity,10", "2026-06-01 10:00,shop,1,2",
            f"{at(3)},shop,1", f"{at(3)},shop,1,2,3", f'{at(4)},"shop\nfront",1,2', ",,,",
            "1777634280,shop,1,2", f"{at(3)},,1,2", "never,shop,1,2", f"{at(0)},é,x,2",
        ]),
    ),
    max_size=14,
)  # fmt: skip


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=messy, second=messy)
def test_rows_read_are_rows_kept_plus_rows_rejected(
    tmp_path: Path, first: list[str], second: list[str]
) -> None:
    """Whatever two files hold, every record is kept or listed; kept buckets are possible."""
    one, two = ([line(start + n) for n in range(5)] for start in (30, 40))
    root = folder(tmp_path, a__csv=csv(*one, *first), b__csv=csv(*two, *second))
    data = srelib.load(root)
    for row, written in zip(data.sources.itertuples(), (first, second), strict=True):
        assert row.rows_read == 5 + len(written)
        assert row.rows_read == row.rows_kept + row.rows_rejected
        assert row.rows_rejected == (data.rejects["file"] == row.file).sum()
    assert (data.sources["rows_kept"] - data.sources["rows_missing"]).sum() == len(data.sli)
    assert (data.sli["good"] <= data.sli["total"]).all()
    assert (data.sli["good"] >= 0).all()
    assert np.isfinite(data.sli[["good", "total"]]).all(axis=None)
    assert not data.sli.duplicated(["time", "service", "sli"]).any()


def test_events_of_two_files_count_once_and_name_their_line(tmp_path: Path) -> None:
    """The record of the second file is refused with its own line and the file that has it."""
    top = "deployment_id,service,finished_at\n"
    root = folder(
        tmp_path, a__csv=f"{top}1,shop,{at(1)}\n", b__csv=f"{top}2,shop,{at(0)}\n1,shop,{at(1)}\n"
    )
    data = srelib.load(root)
    assert data.deployments["deployment_id"].tolist() == ["2", "1"]
    reject = data.rejects.iloc[0]
    assert reject[["file", "line", "value"]].tolist() == ["b.csv", 3, "1"]
    assert reject["reason"] == "repeats a record of a.csv (table deployments)"


def test_down_episodes_of_two_logs_count_once_and_name_their_line(tmp_path: Path) -> None:
    """Rows that repeat those of another log are refused with their lines; incidents count once."""
    top = "time,site,state\n"
    first = f"{at(0)},web,up\n{at(1)},web,down\n{at(2)},web,up\n"
    root = folder(tmp_path, a__csv=top + first, b__csv=f"{top}\n{first}")
    data = srelib.load(root)
    refused = data.rejects[data.rejects["reason"].str.contains("repeats a row of a.csv")]
    assert refused[["file", "line"]].values.tolist() == [["b.csv", 3], ["b.csv", 4], ["b.csv", 5]]
    assert len(data.incidents) == 1
    assert data.sources["rows_kept"].tolist() == [3, 0]


def test_exclusions_are_taken_out_of_objective_counts(tmp_path: Path) -> None:
    """Planned maintenance counts neither as good nor as bad."""
    values = "time,service,sli,good,total\n" + "".join(
        f"{at(m)},shop,latency,{g},10\n" for m, g in enumerate([10, 0, 10])
    )
    window = f"service,sli,starts_at,ends_at,reason\nshop,latency,{at(1)},{at(2)},works\n"
    data = srelib.load(
        folder(tmp_path, a__csv=values, m__csv=window, slos__yaml=SLO.format(target=0.9))
    )
    assert data.slo_counts(data.slos[0])["total"].tolist() == [10, 0, 10]
    assert data.slo_counts(data.slos[0], exclusions=False)["total"].tolist() == [10, 10, 10]


def test_as_of_leaves_out_what_is_later_and_counts_it(tmp_path: Path) -> None:
    """Unfinished buckets and later rows go; an incident that ended later was open."""
    incidents = (
        "incident_id,service,started_at,resolved_at\n"
        f"1,shop,{at(0)},{at(4)}\n2,shop,{at(3)},{at(4)}\n"
    )
    root = folder(tmp_path, a__csv=csv(line(0), line(1), line(2)), i__csv=incidents)
    data = srelib.load(root, as_of="2026-06-01T10:02:30Z")
    assert data.sli["time"].dt.minute.tolist() == [0, 1]
    assert data.incidents["incident_id"].tolist() == ["1"]
    assert data.incidents["resolved_at"].isna().all()
    assert data.as_of == pd.Timestamp("2026-06-01T10:02:30Z")
    (note,) = (note for note in data.notes if "later" in note)
    assert note == "left out because later than 2026-06-01 10:02 UTC: rows of sli 1, incidents 1"
    with pytest.raises(ParameterError, match="no time zone"):
        srelib.load(root, as_of="2026-06-01")


def test_without_indicators_now_is_the_latest_time(tmp_path: Path) -> None:
    """A folder of deployments alone ends with the last of them."""
    rows = f"deployment_id,service,finished_at\n1,shop,{at(1)}\n2,api,{at(7)}\n"
    data = srelib.load(folder(tmp_path, d__csv=rows))
    assert data.as_of == pd.Timestamp(at(7))
    assert data.services == ["api", "shop"]


def test_a_record_in_two_files_counts_once_as_the_fuller_one(tmp_path: Path) -> None:
    """An incident open in June's export and resolved in July's is one, resolved."""
    head = "incident_id,service,started_at,resolved_at\n"
    data = srelib.load(
        folder(
            tmp_path,
            june__csv=f"{head}1,shop,{at(0)},\n",
            july__csv=f"{head}1,shop,{at(0)},{at(9)}\n",
        )
    )
    assert data.incidents["resolved_at"].tolist() == [pd.Timestamp(at(9))]
    assert data.rejects["file"].tolist() == ["june.csv"]
    assert (
        data.sources["rows_read"] == data.sources[["rows_kept", "rows_rejected"]].sum(axis=1)
    ).all()


def test_all_broken_files_are_named_in_one_error(tmp_path: Path) -> None:
    """Every problem is told at once, each with its fix."""
    root = folder(tmp_path, a__csv="", b__csv="x,y\n1,2\n", c__csv=csv(line(0)))
    (root / "d.csv").mkdir()
    (root / "e.csv.gz").write_bytes(gzip.compress(csv(line(0)).encode())[:-6])
    with pytest.raises(InputError) as caught:
        srelib.load(root)
    lines = str(caught.value).splitlines()
    assert lines[0] == "4 files cannot be used:"
    assert [text.split(":")[0] for text in lines[1:]] == [
        "- a.csv",
        "- b.csv",
        "- d.csv",
        "- e.csv.gz",
    ]
    assert all("Fix: " in text for text in lines[1:])


def test_a_file_of_nothing_but_rejects_says_why(tmp_path: Path) -> None:
    """When no record at all can be used, the first reason is in the error."""
    with pytest.raises(InputError, match=r"a\.csv, line 2: no record.*good is more than total"):
        srelib.load(folder(tmp_path, a__csv=csv(line(0, 11, 10))))


@pytest.mark.parametrize("make", [False, True])
def test_empty_and_absent_folders_are_errors(tmp_path: Path, make: bool) -> None:
    """No folder and an empty one each say what to do."""
    path = tmp_path / "exports"
    if make:
        path.mkdir()
    with pytest.raises(InputError, match="is empty.*srelib init" if make else "does not exist"):
        srelib.load(path)


def test_notes_hidden_files_and_ignored_files_are_left_out(tmp_path: Path) -> None:
    """README.md is listed as ignored, hidden files are not, ignore keeps a file out."""
    root = folder(
        tmp_path, a__csv=csv(line(0), line(1)), README__md="hello", junk__csv="x,y\n1,2\n",
        sources__toml='[[file]]\nmatch = "junk.csv"\ntable = "ignore"\n',
    )  # fmt: skip
    (root / ".hidden.csv").write_text("x")
    data = srelib.load(root)
    assert data.sources[["file", "format"]].values.tolist() == [
        ["README.md", "ignored"], ["a.csv", "generic"], ["junk.csv", "ignored"],
    ]  # fmt: skip


def test_misspelt_match_is_noted(tmp_path: Path) -> None:
    """An entry of sources.toml that matches nothing is told."""
    root = folder(tmp_path, a__csv=csv(line(0), line(1)),
                  sources__toml='[[file]]\nmatch = "b.csv"\nunit = "count"\n')  # fmt: skip
    assert any("'b.csv' matches no file" in note for note in srelib.load(root).notes)


def test_one_file_is_a_dataset_too(tmp_path: Path) -> None:
    """The path of a single export works like a folder with it."""
    folder(tmp_path, a__csv=csv(line(0), line(1)), b__csv="x,y\n1,2\n")
    data = srelib.load(tmp_path / "a.csv")
    assert data.sources["file"].tolist() == ["a.csv"]
    assert len(data.sli) == 2


def test_folders_in_the_folder_are_read(tmp_path: Path) -> None:
    """Files below are named by their path."""
    (tmp_path / "june").mkdir()
    folder(tmp_path / "june", a__csv=csv(line(0), line(1)))
    assert srelib.load(tmp_path).sources["file"].tolist() == ["june/a.csv"]


def test_same_folder_gives_the_same_dataset(tmp_path: Path) -> None:
    """Loading twice gives equal tables in equal order."""
    root = folder(tmp_path, b__csv=csv(line(1), line(0), line(0, 3)), a__csv=csv(line(5), line(6)))
    one, two = srelib.load(root), srelib.load(root)
    for table in ("sli", "series", "sources", "rejects"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(two, table))


def test_what_nobody_exported_is_told_from_what_did_not_happen(tmp_path: Path) -> None:
    """A file of incidents of which none is left is still a file of incidents."""
    counts = csv(line(0), line(1))
    assert srelib.load(folder(tmp_path, a__csv=counts)).exported("incidents") is None
    later = "incident_id,service,started_at\ni,shop,2026-06-01T10:40:00Z\n"
    root = folder(tmp_path, a__csv=counts, incidents__csv=later)
    assert len(srelib.load(root).exported("incidents")) == 1
    assert len(srelib.load(root, as_of=at(30)).exported("incidents")) == 0


def test_a_folder_reached_twice_is_read_once(tmp_path):
    """Links to a folder, and from a folder to the one above, add nothing."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.csv").write_text("\n".join([HEADER, line(0), line(1), ""]))
    (tmp_path / "again").symlink_to(tmp_path / "sub")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    assert srelib.load(tmp_path).sources["file"].tolist() == ["sub/a.csv"]
