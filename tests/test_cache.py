"""What is kept: whole or absent, its user's own, and never in the way."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srelib import cache


@given(st.binary(max_size=200))
def test_what_was_put_is_got(tmp_path_factory, content: bytes) -> None:
    """Any bytes, under the name they were put."""
    with cache.using(tmp_path_factory.mktemp("kept") / "srelib"):
        name = cache.key("test", content.hex())
        assert cache.get(name) is None
        cache.put(name, content)
        assert cache.get(name) == content


def test_without_a_folder_nothing_is_kept() -> None:
    """Outside the block, and where no folder is wanted."""
    cache.put("name", b"content")
    assert cache.get("name") is None
    with cache.using(None):
        cache.put("name", b"content")
        assert not cache.in_use()
        assert cache.get("name") is None


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:30], lambda b: b"", lambda b: b[:64] + b"x" + b[65:]]
)
def test_a_damaged_entry_counts_as_absent(tmp_path, damage) -> None:
    """Cut short by a full disk, or changed by anybody."""
    with cache.using(tmp_path / "kept"):
        cache.put("name", b"content")
        entry = tmp_path / "kept" / "name"
        entry.write_bytes(damage(entry.read_bytes()))
        assert cache.get("name") is None
        cache.put("name", b"again")
        assert cache.get("name") == b"again"


def test_only_its_user_reads_it(tmp_path) -> None:
    """Folder and entries are closed to others, also below a folder that is open."""
    with cache.using(tmp_path / "deep" / "kept"):
        cache.put("name", b"content")
    kept = tmp_path / "deep" / "kept"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert stat.S_IMODE((kept / "name").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o707])
def test_a_folder_open_to_others_is_not_used(tmp_path, mode) -> None:
    """Whoever can write there could say what a report shows."""
    folder = tmp_path / "kept"
    folder.mkdir()
    folder.chmod(mode)
    with cache.using(folder):
        assert not cache.in_use()


def test_a_file_in_place_of_the_folder_is_not_used(tmp_path) -> None:
    """Nor does it stop anything."""
    (tmp_path / "kept").write_text("a file")
    with cache.using(tmp_path / "kept"):
        cache.put("name", b"content")
        assert cache.get("name") is None


def test_a_full_disk_keeps_nothing_and_stops_nothing(tmp_path, monkeypatch) -> None:
    """What was begun is taken away again."""
    with cache.using(tmp_path / "kept"):

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", full)
        cache.put("name", b"content")
        assert cache.get("name") is None
    assert list((tmp_path / "kept").iterdir()) == []


def test_what_was_not_used_for_longest_goes_first(tmp_path, monkeypatch) -> None:
    """The folder has a size, and entries in use stay."""
    monkeypatch.setattr(cache, "_MOST", 4 * (64 + 100))
    with cache.using(tmp_path / "kept"):
        for number in range(4):
            cache.put(str(number), bytes(100))
            at = time.time() - 1000 + number
            os.utime(tmp_path / "kept" / str(number), (at, at))
        cache.get("0")
        cache.put("new", bytes(100))
        left = {entry.name for entry in (tmp_path / "kept").iterdir()}
    assert left == {"0", "2", "3", "new"}


KILLED = """
import os, sys, threading
from pathlib import Path
from srelib import cache
with cache.using(Path(sys.argv[1])):
    print("ready", flush=True)
    number = 0
    while True:
        cache.put("name", bytes([number % 256]) * 300_000)
        number += 1
"""


def test_killed_at_any_moment_entries_are_whole(tmp_path) -> None:
    """Two writers of one entry, each killed: what is there is one of the contents written."""
    folder = tmp_path / "kept"
    command = [sys.executable, "-c", KILLED, str(folder)]
    for wait in (0.0, 0.05, 0.2):
        writers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
        time.sleep(wait)
        with cache.using(folder):
            seen = [cache.get("name") for _ in range(50)]
        for writer in writers:
            writer.kill()
            writer.communicate()
        with cache.using(folder):
            seen.append(cache.get("name"))
        known = [content for content in seen if content is not None]
        assert all(len(one) == 300_000 and len({*one}) == 1 for one in known)
    assert known


def test_the_key_depends_on_every_part_and_on_the_versions(monkeypatch) -> None:
    """Another part, another order, another version: another entry."""
    keys = {cache.key("a", "b"), cache.key("b", "a"), cache.key("ab"), cache.key("a", {"b": 1})}
    monkeypatch.setattr(cache, "_code", lambda: "another version")
    assert len(keys | {cache.key("a", "b")}) == 5


def test_the_folder_is_named_by_the_user_or_is_the_usual_one(monkeypatch) -> None:
    """An empty name switches it off."""
    monkeypatch.setenv("SRELIB_CACHE", "")
    assert cache.usual_folder() is None
    monkeypatch.setenv("SRELIB_CACHE", "/somewhere/else")
    assert cache.usual_folder() == Path("/somewhere/else")
    monkeypatch.delenv("SRELIB_CACHE")
    assert (cache.usual_folder() or Path()).name == "srelib"
