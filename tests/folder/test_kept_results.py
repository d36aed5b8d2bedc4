"""A file's result kept and taken back is the same as read anew."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

import srelib
from srelib import cache
from srelib.errors import SrelibError
from srelib.folder import files, kept_results
from srelib.readers import recognition
from srelib.readers.base import FileResult

ROOT = Path(__file__).parents[2]
CASES = sorted(path for path in (ROOT / "tests" / "whole" / "cases").iterdir() if path.is_dir())
TABLES = ("sli", "deployments", "changes", "incidents", "alerts", "exclusions", "rejects",
          "sources", "series")  # fmt: skip


def loaded(folder: Path) -> srelib.Dataset | str:
    """The dataset, or the error in words."""
    try:
        return srelib.load(folder)
    except SrelibError as error:
        return str(error)


def assert_same(one: srelib.Dataset | str, other: srelib.Dataset | str) -> None:
    """All tables are alike, or both are refused alike."""
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    assert one.as_of == other.as_of
    assert one.notes == other.notes
    for name in TABLES:
        left, right = getattr(one, name), getattr(other, name)
        assert left.dtypes.equals(right.dtypes), name
        assert left.equals(right), name


@pytest.mark.parametrize("folder", [ROOT / "data" / "sample", *CASES], ids=lambda path: path.name)
def test_a_dataset_from_the_cache_is_the_one_read(folder, tmp_path) -> None:
    """Of every kind of export: the first time, from the cache, and without it."""
    fresh = loaded(folder)
    with cache.using(tmp_path / "kept"):
        assert_same(loaded(folder), fresh)
        assert_same(loaded(folder), fresh)


def test_what_is_kept_is_not_read_again(tmp_path, monkeypatch) -> None:
    """Neither the rows nor their lines, though some of the sample's rows are repeated."""
    with cache.using(tmp_path / "kept"):
        first = loaded(ROOT / "data" / "sample")

        def never(*_: object, **__: object) -> None:
            raise AssertionError("a file was read again")

        monkeypatch.setattr(recognition, "read", never)
        assert_same(loaded(ROOT / "data" / "sample"), first)


def monthly(folder: Path, months: int) -> Path:
    """Days of hourly counts, a file a month; each begins with the last day of the one before."""
    folder.mkdir(exist_ok=True)
    for month in range(months):
        first = pd.Timestamp("2025-01-01", tz="UTC") + pd.DateOffset(months=month)
        times = pd.date_range(first - pd.Timedelta("1D"), first + pd.DateOffset(months=1),
                              freq="h", inclusive="left")  # fmt: skip
        rows = [
            f"{at:%Y-%m-%dT%H:%M:%SZ},api,{900 + (at.day_of_year * 24 + at.hour) * 37 % 101},1000"
            for at in times
        ]
        text = "\n".join(["time,service,good,total", *rows]) + "\n"
        (folder / f"requests-{month:02}.csv").write_text(text)
    return folder


def test_twelve_months_with_overlaps_are_one_history_and_one_more_is_all_that_is_read(
    tmp_path, monkeypatch
) -> None:
    """Each hour counts once, repeated rows are said with their lines, and old files are kept."""
    folder = monthly(tmp_path / "exports", 12)
    with cache.using(tmp_path / "kept"):
        year = srelib.load(folder)
        assert len(year.sli) == 24 * 366
        assert len(year.rejects) == 11 * 24
        monthly(folder, 13)
        read = []
        honest = recognition.read
        monkeypatch.setattr(
            recognition, "read", lambda path, **more: read.append(path.name) or honest(path, **more)
        )
        more = srelib.load(folder)
    assert read == ["requests-12.csv"]
    assert len(more.sli) == 24 * (366 + 31)
    monkeypatch.undo()
    assert_same(more, srelib.load(folder))


def test_changed_content_or_meaning_is_read_anew(tmp_path) -> None:
    """Another byte, another entry of sources.toml, another name: never the old rows."""
    folder = monthly(tmp_path / "exports", 1)
    with cache.using(tmp_path / "kept"):
        assert srelib.load(folder).services == ["api"]
        path = folder / "requests-00.csv"
        path.write_text(path.read_text().replace(",api,", ",web,"))
        assert srelib.load(folder).services == ["web"]
        (folder / "sources.toml").write_text('[[file]]\nmatch = "*.csv"\nsli = "pages"\n')
        assert srelib.load(folder).series["sli"].tolist() == ["pages"]


def test_a_file_that_changes_while_it_is_read_is_not_kept(tmp_path, monkeypatch) -> None:
    """What was read may be neither the old content nor the new one."""
    folder = monthly(tmp_path / "exports", 1)
    honest = recognition.read

    def meanwhile(path: Path, **more: object) -> tuple[str, FileResult]:
        found = honest(path, **more)
        path.write_text(path.read_text() + "\n")
        return found

    with cache.using(tmp_path / "kept"):
        monkeypatch.setattr(recognition, "read", meanwhile)
        srelib.load(folder)
        assert list((tmp_path / "kept").iterdir()) == []


def test_every_field_of_a_result_is_kept_or_known_not_to_be() -> None:
    """A new field must be decided on."""
    known = {*kept_results._PLAIN, "tables", "rejects", "series", "lines", "event_lines"}
    unkept = {"log", "events"}
    assert {field.name for field in dataclasses.fields(FileResult)} == known | unkept


def test_the_fingerprint_of_a_folder_knows_names_and_contents(tmp_path) -> None:
    """Of every file, also of those that only say what others mean."""
    folder = monthly(tmp_path / "exports", 2)
    seen = {files.fingerprint(folder)}
    (folder / "requests-00.csv").rename(folder / "other.csv")
    seen.add(files.fingerprint(folder))
    (folder / "sources.toml").write_text("# nothing\n")
    seen.add(files.fingerprint(folder))
    assert len(seen) == 3
    assert files.fingerprint(folder) in seen
