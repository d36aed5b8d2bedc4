"""Indicators of several files: each bucket once, parts paired, on one even grid."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import srelib
from srelib.errors import InputError
from srelib.folder import joining
from tests.test_dataset import SLO, at, csv, folder, line


@pytest.mark.parametrize("services", [3, 40])
def test_rows_in_order_of_time_are_put_in_order_of_series(tmp_path: Path, services: int) -> None:
    """However many services share each minute, every series has its own numbers in order."""
    lines = [line(m, s, 100, f"s{s:02}") for m in range(3) for s in range(services)]
    data = srelib.load(folder(tmp_path, a__csv=csv(*lines)))
    assert data.sli["good"].tolist() == [s for s in range(services) for _ in range(3)]
    assert data.sli["time"].dt.minute.tolist() == [0, 1, 2] * services


@settings(max_examples=40, deadline=None)
@given(
    turns=st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4), max_size=6),
    repeated=st.integers(1, 5),
    shuffled=st.booleans(),
)
def test_rows_are_sorted_as_pandas_sorts_them(turns, repeated, shuffled):
    """By series and time, rows of one series and time in the order of the file; and so numbered."""
    names = [name for turn in turns for name in turn] * repeated
    minutes = [n for n, turn in enumerate(turns * repeated) for _ in turn]
    frame = pd.DataFrame(
        {
            "time": pd.Timestamp("2026-06-01", tz="UTC") + pd.to_timedelta(minutes, unit="min"),
            "service": pd.Categorical(names, list("dcba")),
            "sli": pd.Categorical(["availability"] * len(names)),
            "good": 1.0,
            "total": pd.Series(range(len(names)), dtype="float64"),
        }
    )
    frame = frame.sample(frac=1, random_state=1, ignore_index=True) if shuffled else frame
    by = pd.DataFrame({"service": frame["service"].astype("str"), "time": frame["time"]})
    order = by.sort_values(["service", "time"], kind="stable").index
    pool = joining.pooled([frame.copy()])
    assert pool.frame["total"].tolist() == frame["total"][order].tolist()
    assert pool.row_of(pd.RangeIndex(len(frame)).to_numpy()).tolist() == order.tolist()


def test_monthly_files_join_and_overlaps_count_once(tmp_path: Path) -> None:
    """Equal rows of two exports stay once; the second is a reject that names the first."""
    data = srelib.load(
        folder(tmp_path, june__csv=csv(line(1), line(2)), may__csv=csv(line(2), line(3)))
    )
    assert data.sli["time"].dt.minute.tolist() == [1, 2, 3]
    reject = data.rejects.iloc[0]
    assert (reject["file"], reject["line"]) == ("may.csv", 2)
    assert reject["reason"] == "repeats another row (same series and time)"
    assert reject["value"].endswith("T10:02:00Z good 9 total 10 = line 3 of june.csv")
    assert data.sources[["rows_kept", "rows_rejected"]].values.tolist() == [[2, 0], [1, 1]]


def test_rows_that_contradict_each_other_are_all_refused(tmp_path: Path) -> None:
    """Two totals for one minute: the bucket is unknown, both lines are listed."""
    data = srelib.load(
        folder(tmp_path, a__csv=csv(line(0), line(1), line(1, 8), line(2)), b__csv=csv(line(2, 1)))
    )
    assert data.sli["time"].dt.minute.tolist() == [0]
    assert data.rejects[["file", "line"]].values.tolist() == [
        ["a.csv", 3], ["a.csv", 4], ["a.csv", 5], ["b.csv", 2],
    ]  # fmt: skip
    assert data.rejects["reason"].str.contains("contradicts").all()
    assert data.rejects["value"].str.split(" ≠ ").str[1].tolist() == [
        "line 4", "line 3", "line 2 of b.csv", "line 5 of a.csv",
    ]  # fmt: skip


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_splitting_and_reordering_rows_changes_nothing(tmp_path: Path, data: st.DataObject) -> None:
    """The same rows in any order in one file or two give the same table."""
    lines = [line(m, m % 7, 9, s) for m in range(6) for s in ("a", "b")]
    mixed = data.draw(st.permutations(lines))
    cut = data.draw(st.integers(1, len(lines) - 1))
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir(exist_ok=True), two.mkdir(exist_ok=True)
    folder(one, x__csv=csv(*lines))
    folder(two, x__csv=csv(*mixed[:cut]), y__csv=csv(*mixed[cut:]))
    pd.testing.assert_frame_equal(srelib.load(one).sli, srelib.load(two).sli)


def test_good_and_total_of_two_files_are_paired(tmp_path: Path) -> None:
    """One query gave good, the other total; times without a partner are unknown."""
    said = '[[file]]\nmatch = "{}.json"\ncolumns = {{ {} = "value" }}\n'
    answer = {"data": {"resultType": "matrix", "result": [{"metric": {"job": "api"}}]}}

    def query(*samples: tuple[int, str]) -> str:
        answer["data"]["result"][0]["values"] = [[1777634280 + 60 * n, v] for n, v in samples]
        return json.dumps(answer)

    data = srelib.load(
        folder(
            tmp_path,
            g__json=query((0, "9"), (1, "11"), (2, "5")),
            t__json=query((0, "10"), (1, "10"), (3, "10")),
            sources__toml=said.format("g", "good") + said.format("t", "total"),
        )
    )
    assert data.sli[["good", "total"]].values.tolist() == [[9, 10]]
    assert data.rejects[["file", "line", "reason"]].values.tolist() == [
        ["g.json", 2, "good is more than total: check both columns"]
    ]
    assert data.sources["rows_missing"].tolist() == [1, 1]


def test_a_part_without_its_partner_is_an_error(tmp_path: Path) -> None:
    """A total alone names what is missing."""
    root = folder(
        tmp_path,
        t__csv="time,service,total\n" + at(0) + ",shop,5\n",
        sources__toml='[[file]]\nmatch = "*"\ncolumns = { total = "total" }\n',
    )
    with pytest.raises(InputError, match=r"t\.csv: shop availability: this file gives only total"):
        srelib.load(root)


def test_threshold_of_an_objective_judges_measured_values(tmp_path: Path) -> None:
    """A latency without a threshold in sources.toml is judged by the SLO about it."""
    values = "time,service,sli,value\n" + "".join(
        f"{at(m)},shop,latency,{v}\n" for m, v in enumerate([0.1, 0.3, 0.5])
    )
    root = folder(tmp_path, a__csv=values, slos__yaml=SLO.format(target=0.9))
    data = srelib.load(root)
    assert data.sli["good"].tolist() == [60, 60, 0]
    assert data.slo_counts(data.slos[0])["total"].tolist() == [60, 60, 60]
    (root / "slos.yaml").unlink()
    with pytest.raises(InputError, match="nothing says when it is good"):
        srelib.load(root)


def test_one_series_is_judged_by_one_threshold(tmp_path: Path) -> None:
    """Two objectives may share a threshold; two of them are an error that names both."""
    values = f"time,service,sli,value\n{at(0)},shop,latency,0.1\n{at(1)},shop,latency,0.4\n"
    slower = SLO.format(target=0.99).replace("shop-latency", "shop-slow")
    same = SLO.format(target=0.9) + "---\n" + slower
    root = folder(tmp_path, a__csv=values, slos__yaml=same)
    assert srelib.load(root).sli["good"].tolist() == [60, 0]
    fast, slow = ("0.99, op: lte, value: " + value for value in ("0.3", "0.5"))
    (root / "slos.yaml").write_text(same.replace(fast, slow))
    with pytest.raises(InputError, match=r"'shop-latency' .* lte 0\.3, SLO 'shop-slow' when lte"):
        srelib.load(root)


def test_errors_in_a_file_of_their_own_may_vanish(tmp_path: Path) -> None:
    """Totals without errors are unknown, or without errors where absent = "zero" says so."""
    said = (
        '[[file]]\nmatch = "e.csv"\ncolumns = { bad = "errors" }\n'
        '[[file]]\nmatch = "r.csv"\ncolumns = { total = "requests" }\n'
    )
    root = folder(
        tmp_path,
        e__csv=f"time,service,errors\n{at(1)},shop,3\n{at(9)},shop,1\n",
        r__csv="time,service,requests\n" + "".join(f"{at(m)},shop,10\n" for m in (0, 1, 2)),
        sources__toml=said,
    )
    assert srelib.load(root).sli["good"].tolist() == [7]
    (root / "sources.toml").write_text(said.replace('"errors" }', '"errors" }\nabsent = "zero"'))
    data = srelib.load(root)
    assert data.sli["good"].tolist() == [10, 7, 10]
    assert "2 buckets without a value of bad count as zero" in data.series["note"][0]
    assert data.sources.set_index("file")["rows_missing"].to_dict() == {"e.csv": 1, "r.csv": 0}


def test_off_grid_buckets_move_onto_it_and_say_so(tmp_path: Path) -> None:
    """One late stamp does not break an even series."""
    rows = [line(m) for m in range(5)] + ["2026-06-01T10:05:02Z,shop,9,10"]
    data = srelib.load(folder(tmp_path, a__csv=csv(*rows)))
    assert data.sli["time"].iloc[-1] == pd.Timestamp(at(5))
    assert "1 buckets off the grid" in data.series.loc[0, "note"]


def test_files_of_different_steps_meet_in_the_longer_one(tmp_path: Path) -> None:
    """Minutes and five minutes of one series, stated as such: minutes are added up."""
    fine = csv(*[line(m) for m in range(10)])
    coarse = csv(line(10, 45, 50), line(15, 45, 50), line(20, 45, 50))
    said = '[[file]]\nmatch = "*.csv"\nstep = "5m"\n'
    data = srelib.load(folder(tmp_path, a__csv=fine, b__csv=coarse, sources__toml=said))
    assert data.series.loc[0, "step_seconds"] == 300
    assert data.counts("shop")["total"].tolist() == [50, 50, 50, 50, 50]


def test_events_and_seconds_of_one_indicator_do_not_mix(tmp_path: Path) -> None:
    """A ratio file and a count file under one name are an error."""
    ratio = "time,service,ratio\n" + at(20) + ",shop,1\n" + at(21) + ",shop,1\n"
    root = folder(tmp_path, a__csv=csv(line(0), line(1)), b__csv=ratio)
    with pytest.raises(InputError, match=r"b\.csv: shop availability counts time here, but events"):
        srelib.load(root)


def test_dust_between_overlapping_exports_is_no_contradiction(tmp_path):
    """The same float, written by two versions of a tool, repeats; another number contradicts."""
    for name, number in (("a", "100.00000001"), ("b", "100"), ("c", "100.1")):
        (tmp_path / f"{name}.csv").write_text(
            f"time,service,good,total\n2026-06-01T10:00:00Z,shop,90,{number}\n"
            f"2026-06-01T10:01:00Z,shop,90,{'100' if name == 'c' else number}\n"
        )
    (tmp_path / "sources.toml").write_text('[[file]]\nmatch = "*"\nunit = "count"\n')
    found = srelib.load(tmp_path)
    assert found.sli["total"].tolist() == pytest.approx([100])
    verbs = found.rejects["reason"].str.split(" ").str[0]
    assert verbs.value_counts().to_dict() == {"contradicts": 3, "repeats": 2}
