"""A folder read a service at a time holds what the whole one does."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from srelib import events, objectives, partitioned, tradeoff
from srelib.dataset import Dataset
from srelib.errors import InputError, ParameterError
from srelib.partitioned.folder import Parts, load, of_files
from srelib.report import sources
from tests.partitioned import fleets


@pytest.fixture(scope="module")
def parts(exports: Path) -> Parts:
    """The folder, its counts where they lie."""
    return partitioned.read(exports)


def test_a_service_has_the_counts_records_and_objectives_it_has_in_the_whole(parts, whole):
    """Row for row, with where its series begins and how much of it was observed."""
    for service in whole.services:
        mine, theirs = parts.of(service, parts.counts(service)), whole.of(service)
        for table in ("sli", "deployments", "changes", "incidents", "alerts"):
            pd.testing.assert_frame_equal(
                getattr(mine, table).astype({"service": "str"}),
                getattr(theirs, table).astype({"service": "str"}),
                check_categorical=False,
            )
        pd.testing.assert_frame_equal(mine.series.reset_index(drop=True), theirs.series)
        assert mine.slos == theirs.slos
        assert (mine.as_of, mine.exported("alerts") is None) == (
            theirs.as_of, theirs.exported("alerts") is None
        )  # fmt: skip


def test_only_the_outline_of_the_counts_is_read(parts):
    """The first and the last bucket of each series."""
    assert len(parts.base.sli) == 2 * len(parts.base.series)


def test_the_time_compared_is_that_of_all_services(parts, whole):
    """As `shared_span` has it of the whole counts."""
    counts = objectives.per_service(objectives.measured(whole))
    deployed = events.eligible_deployments(whole.deployments)
    span = tradeoff.shared_span(counts, deployed, incidents=whole.incidents, as_of=whole.as_of)
    assert parts.between == span


def test_services_asked_for_are_loaded_and_no_others(exports, whole: Dataset):
    """Rows of the others are neither read nor counted; an unknown name is an error."""
    part = load(exports, service="web")
    assert part.services == ["web"]
    assert len(part.sli) == len(whole.of("web").sli)
    counted = part.sources.set_index("file").loc["sli/*.parquet"]
    assert counted["rows_read"] == counted["rows_kept"] == len(part.sli)
    assert len(load(exports).sli) == len(whole.sli)
    with pytest.raises(ParameterError, match=r"no service 'wep'; did you mean 'web'\?"):
        load(exports, service="wep")


def test_what_was_seen_of_all_services_is_that_of_the_whole(exports, whole, monkeypatch):
    """Series, refused rows and the account of rows, with the counts of one service at a time."""
    held = []
    inner = Parts.of
    monkeypatch.setattr(
        Parts, "of", lambda self, name, counts: held.append(name) or inner(self, name, counts)
    )
    seen = partitioned.read(exports).described()
    assert held == sorted(set(whole.sli["service"].astype("str")))
    pd.testing.assert_frame_equal(seen.series, whole.series)
    assert len(seen.rejects) == len(whole.rejects)
    counted = ["rows_read", "rows_kept", "rows_rejected"]
    assert seen.sources[counted].sum().to_dict() == whole.sources[counted].sum().to_dict()


def test_check_says_the_same_of_the_folder_in_parts(exports, whole):
    """One row stands for all files of counts."""
    seen = sources.check(exports)
    assert seen["usable"]
    assert len(seen["series"]) == len(whole.series)
    assert [one["name"] for one in seen["slos"]] == [slo.name for slo in whole.slos]
    counted = {file["file"]: file["rows_kept"] for file in seen["files"]}
    assert counted["sli/*.parquet"] == len(whole.sli)


def test_a_folder_without_parquet_is_held_in_memory():
    """A service is then a part of what was read."""
    from srelib import load as read
    from srelib import shipped

    parts, whole = partitioned.read(shipped.sample()), read(shipped.sample())
    mine = parts.of("search", parts.counts("search"))
    assert parts.step is None
    assert len(mine.sli) == len(whole.of("search").sli)
    assert parts.counts("nobody") is None


def test_counts_in_two_kinds_of_files_are_refused(exports, tmp_path):
    """They could be the same ones twice."""
    import shutil

    shutil.copytree(exports, tmp_path / "both")
    rows = "time,service,sli,good,total\n2026-04-01T00:00:00Z,other,availability,9,10\n"
    (tmp_path / "both" / "counts.csv").write_text(rows)
    with pytest.raises(InputError, match=r"counts\.csv: counts lie both in Parquet and in another"):
        partitioned.read(tmp_path / "both")
    seen = sources.check(tmp_path / "both")  # as `srelib.load` reads them
    assert seen["usable"]
    assert {"counts.csv"} < {file["file"] for file in seen["files"] if "sli" in file["table"]}
    assert "other" in load(tmp_path / "both", service="web").services


def test_parquet_of_something_else_is_refused(tmp_path):
    """With what to do about it."""
    rows = pd.DataFrame({"a": [1]})
    rows.to_parquet(tmp_path / "other.parquet")
    with pytest.raises(InputError, match=r"other\.parquet: this is a Parquet file that srelib"):
        partitioned.read(tmp_path)
    (tmp_path / "other.parquet").write_bytes(b"PAR1 and then no more")
    with pytest.raises(InputError, match="no whole Parquet file"):
        partitioned.read(tmp_path)


def test_files_with_other_buckets_are_refused(exports, tmp_path):
    """When the service is asked for."""
    world = fleets.fleet()
    folder = fleets.write(world, tmp_path / "fleet")
    (folder / "sli" / "service=web" / "data_0.parquet").unlink()
    (folder / "sli" / "service=web").rmdir()
    rows = world.dataset.of("web").sli
    fleets.write_counts(rows, folder / "sli" / "service=web", step="60")
    parts = partitioned.read(folder)
    with pytest.raises(InputError, match="buckets are not as long as in other files"):
        parts.counts("web")


def test_the_outline_has_every_series_once(exports, whole):
    """With its rows, its ends, and a checksum that another count changes."""
    files = sorted(exports.rglob("*.parquet"))
    seen = of_files(files)
    assert seen["rows"].sum() == len(whole.sli)
    assert list(seen["service"]) == list(whole.series["service"])
    again = of_files(list(reversed(files)))
    assert again["checksum"].tolist() == seen["checksum"].tolist()


def test_services_that_share_a_file_are_told_apart(exports, whole, tmp_path):
    """Each has its own rows."""
    from shutil import copytree, ignore_patterns

    copytree(exports, tmp_path / "one", ignore=ignore_patterns("sli"))
    fleets.write_counts(whole.sli, tmp_path / "one" / "counts")
    parts = partitioned.read(tmp_path / "one")
    for service in whole.services:
        assert len(parts.counts(service)) == len(whole.of(service).sli)


def test_the_length_of_a_bucket_must_be_said_for_a_table():
    """No file says it there."""
    with pytest.raises(InputError, match="how long a bucket is, no file says"):
        partitioned.read(Path(__file__).parent, outline=lambda files: pd.DataFrame())


def test_rows_without_a_service_are_refused(exports, whole, tmp_path):
    """Nobody would miss them otherwise."""
    folder = fleets.write(fleets.fleet(), tmp_path / "fleet")
    rows = whole.of("web").sli.astype({"service": "object", "sli": "str"})
    rows.loc[rows.index[:7], "service"] = None
    plain = rows.assign(time=rows["time"].dt.tz_localize(None))
    table = pa.Table.from_pandas(plain, preserve_index=False)
    file = folder / "sli" / "service=web" / "data_0.parquet"
    parquet.write_table(table.replace_schema_metadata({"step": "300"}), file)
    with pytest.raises(InputError, match="7 rows of counts name no service"):
        partitioned.read(folder)


def test_a_length_that_is_none_is_refused(exports):
    """Of a bucket."""
    for step in ("soon", "-1m"):
        with pytest.raises(ParameterError, match="every takes a length such as 1m"):
            partitioned.read(exports, step=step)
