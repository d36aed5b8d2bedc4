"""The start of a file and its text: encoding, delimiter, header; what is no text says so."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from srelib.errors import ReadError
from srelib.readers import base
from srelib.readers.base import head
from srelib.sources import Source
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
        (gzip.compress(gzip.compress(b"a,b", mtime=0), mtime=0), "a gzip file inside a gzip file"),
        (gzip.compress(b"PK\x03\x04rest", mtime=0), "a zip or Excel file"),
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


def test_only_files_are_opened(tmp_path: Path) -> None:
    """A pipe would wait for ever, a device never ends: both are named and not opened."""
    os.mkfifo(tmp_path / "x.csv")
    (tmp_path / "y.csv").symlink_to("/dev/zero")
    for name, said in (("x.csv", r"a pipe \(FIFO\)"), ("y.csv", "a device")):
        with pytest.raises(ReadError, match=rf"{name}: this is {said}, no file"):
            head(tmp_path / name)


def test_names_that_are_not_utf8_are_shown_escaped(tmp_path: Path) -> None:
    """Every byte of a name can be printed and matched."""
    path = tmp_path / os.fsdecode(b"a\xff.csv")
    path.write_text("a,b\n1,2\n")
    found = head(path, tmp_path)
    assert found.name == r"a\xff.csv"
    with base.plain_copy(found) as copy:
        assert str(copy).isascii()


def test_what_a_file_unpacks_to_is_bounded(tmp_path: Path) -> None:
    """At most max_size bytes are written anywhere, and a line of 16 MiB is no header."""
    path = file_of(tmp_path, gzip.compress(b"a,b\n" + b"1,2\n" * 1000))
    said = head(path).as_said(Source(match="*", max_size="4 kB"))
    with pytest.raises(ReadError, match=r"more than 4,000 bytes.*max_size"), base.plain_copy(said):
        pass
    with pytest.raises(ReadError, match="first line does not end within 16 MiB"):
        head(file_of(tmp_path, gzip.compress(b"a" * (1 << 25))))


def test_utf16_cut_by_a_byte_names_the_line(tmp_path: Path) -> None:
    """Half a character is where a download broke off."""
    path = file_of(tmp_path, "a,b\n1,2\n3,4".encode("utf-16")[:-1])
    with pytest.raises(ReadError, match=r"line 3: the text is not utf-16 .*truncated"), \
            base.plain_copy(head(path)):  # fmt: skip
        pass


def test_a_blank_line_between_comments_and_header_changes_nothing(tmp_path):
    """A comment is told from a header by the columns of the next line that holds anything."""
    path = tmp_path / "a.csv"
    path.write_text("# tool v1\n\n# x;y\n\ntime;service;good;total\n2026-06-01T10:00:00Z;a;1;2\n")
    assert base.head(path).header == ("time", "service", "good", "total")


def test_a_header_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    """Names of columns with broken letters would not be found."""
    with pytest.raises(ReadError, match=r"the header is not UTF-8 text.*CSV UTF-8"):
        head(file_of(tmp_path, "Priorität,Lösung\n1,2\n".encode("latin-1")))
