"""The start of a file and its text: encoding, delimiter, header; what is no text says so."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from srelib.errors import ReadError
from srelib.readers import base
from srelib.readers.base import head
from tests.readers.test_json_text import PAGES
from tests.readers.test_text import LONG, file_of


def test_json_is_told_from_its_first_character(tmp_path: Path) -> None:
    """A document that opens with a brace or bracket is JSON."""
    assert head(file_of(tmp_path, ' [{"a": 1}]')).kind == "json"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"PK\x03\x04rest", "a zip or Excel file"),
        (b"a,b\n\x00\x01\x02", "not text"),
        (gzip.compress(LONG.encode(), mtime=0)[:20], "damaged or cut short"),
    ],
)
def test_unusable_file_names_itself_and_the_fix(tmp_path: Path, content: bytes, said: str) -> None:
    """Empty, binary and damaged files end in an error with file and fix."""
    with pytest.raises(ReadError, match=rf"a\.csv: .*{said}.*Fix: ") as caught:
        head(file_of(tmp_path, content))
    assert caught.value.fix


def test_folder_named_like_a_file_is_an_error(tmp_path: Path) -> None:
    """A directory x.csv is named as what it is."""
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(ReadError, match=r"x\.csv: this is a folder"):
        head(tmp_path / "x.csv")


def test_unreadable_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be opened says so."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = file_of(tmp_path, LONG)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ReadError, match=r"a\.csv: .*Permission denied"):
        head(path)


def test_repeated_header_names_are_numbered(tmp_path: Path) -> None:
    """The second Labels becomes Labels.1, an unnamed column its position."""
    assert head(file_of(tmp_path, "Labels,Labels,\n1,2,3\n")).header == (
        "Labels", "Labels.1", "column 3",
    )  # fmt: skip


def test_packed_content_is_unpacked(tmp_path):
    """A gzip file reads as its content, whatever its name."""
    path = tmp_path / "d.json"
    path.write_bytes(gzip.compress(PAGES.encode()))
    assert base.file_text(base.head(path, tmp_path)) == PAGES


def test_a_truncated_gzip_says_so(tmp_path):
    """A download that broke off is an error with its remedy."""
    path = tmp_path / "d.json.gz"
    noise = "".join(chr(33 + (i * i) % 90) for i in range(200_000))
    packed = gzip.compress(f'["{noise}"'.replace("\\", "").encode())
    path.write_bytes(packed)
    head = base.head(path, tmp_path)
    path.write_bytes(packed[:-20])
    with pytest.raises(ReadError, match="cut short"):
        base.file_text(head)


def test_text_in_another_encoding_says_so(tmp_path):
    """Latin-1 text is refused instead of being read as something else."""
    path = tmp_path / "d.json"
    path.write_bytes('[{"id": "café"}]'.encode("latin-1"))
    with pytest.raises(ReadError, match="not utf-8"):
        base.file_text(base.head(path, tmp_path))
