"""Notebooks that ran before are shown again, byte for byte, and only where nothing changed."""

from __future__ import annotations

import pytest

from srelib.report import build, execute, kept_runs
from tests.report.test_build import files


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder of a user who keeps things; the names of the notebooks that are run."""
    monkeypatch.setenv("SRELIB_CACHE", str(tmp_path / "kept"))
    ran: list[str] = []
    honest = execute._run

    async def counted(name, *arguments):
        ran.append(name)
        return await honest(name, *arguments)

    monkeypatch.setattr(execute, "_run", counted)
    return ran


def test_nothing_new_is_run_again_and_the_bytes_are_the_same(exports, books, tmp_path, kept):
    """Fresh, kept and without the cache."""
    for name, keep in (("first", True), ("second", True), ("without", False)):
        build.run(exports, out=tmp_path / name, notebooks=books, keep=keep)
    assert len(kept) == 2 * len(execute.find(books))
    assert files(tmp_path / "first") == files(tmp_path / "second") == files(tmp_path / "without")


def test_only_what_its_parameter_changes_is_run_again(exports, books, tmp_path, kept):
    """And another export changes all."""
    build.run(exports, out=tmp_path / "first", notebooks=books)
    kept.clear()
    build.run(exports, out=tmp_path / "second", notebooks=books, parameters={"weeks": 4})
    knowing = [book.name for book in execute.find(books) if "weeks" in book.parameters]
    assert kept == knowing != []
    kept.clear()
    path = exports / "requests.csv"
    path.write_text(path.read_text() + "\n")
    build.run(exports, out=tmp_path / "third", notebooks=books)
    assert len(kept) == len(execute.find(books))


def test_a_failed_notebook_is_tried_again(exports, books, tmp_path, kept):
    """What failed may have failed for want of memory."""
    broken = next(iter(sorted(books.glob("*.ipynb"))))
    broken.write_text(broken.read_text().replace("import", "1 / 0\\nimport", 1))
    for name in ("first", "second"):
        assert build.run(exports, out=tmp_path / name, notebooks=books).failed
    assert kept.count(broken.stem) == 2


def test_exports_that_change_during_a_run_keep_nothing(exports, books, tmp_path, kept, monkeypatch):
    """Pages may be about either."""
    monkeypatch.setattr(kept_runs, "keep", lambda *_: pytest.fail("kept"))
    honest = build.dataset.load

    def load(path, **more):
        found = honest(path, **more)
        (exports / "requests.csv").write_text((exports / "requests.csv").read_text() + "\n")
        return found

    monkeypatch.setattr(build.dataset, "load", load)
    build.run(exports, out=tmp_path / "out", notebooks=books)
