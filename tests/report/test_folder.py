"""A report folder is replaced whole, and never over files that are not the report's."""

from __future__ import annotations

import pytest

from srelib.errors import InputError
from srelib.report import folder


def write(out, **files: str) -> None:
    """Write a report of these files (dots as underscores)."""
    with folder.replaced(out) as new:
        for name, content in files.items():
            (new / name.replace("_", ".")).write_text(content)


def test_a_new_report_takes_the_place_of_the_old_one(tmp_path):
    """Pages that no longer exist are gone, nothing is left beside the folder."""
    out = tmp_path / "reports"
    write(out, a_html="old", b_html="old")
    write(out, a_html="new")
    assert (out / "a.html").read_text() == "new"
    assert not (out / "b.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]


def test_an_error_on_the_way_leaves_the_old_report(tmp_path):
    """Half a report is never seen."""
    out = tmp_path / "reports"
    write(out, a_html="old")

    def stop_halfway() -> None:
        with folder.replaced(out) as new:
            (new / "a.html").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stop_halfway()
    assert (out / "a.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]


def test_a_folder_with_other_files_is_refused_by_name(tmp_path):
    """`--out .` in a home directory must not delete it."""
    (tmp_path / "thesis.doc").write_text("precious")
    with pytest.raises(InputError, match=r"holds 'thesis.doc', which no report wrote"):
        folder.check(tmp_path)


def test_a_report_somebody_added_notes_to_is_refused(tmp_path):
    """Their file would be lost."""
    out = tmp_path / "reports"
    write(out, a_html="x")
    (out / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes.txt"), folder.replaced(out):
        pass
    assert (out / "notes.txt").read_text() == "mine"


def test_an_empty_folder_may_be_used(tmp_path):
    """Somebody made it for the report."""
    write(tmp_path / "new", a_html="x")
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty", a_html="x")
    assert (tmp_path / "empty" / "a.html").exists()


def test_a_file_of_that_name_is_refused(tmp_path):
    """It is not deleted to make room."""
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(InputError, match="is a file"):
        folder.check(tmp_path / "reports")
