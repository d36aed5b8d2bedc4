"""A file as readers see it (path, encoding, header), and what a reader returns."""

from __future__ import annotations

import gzip
import io
import re
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from srelib import tables, wording
from srelib.errors import ReadError
from srelib.readers import csv_start
from srelib.series import SeriesInfo

if TYPE_CHECKING:
    from srelib.readers.event_rows import EventRows
    from srelib.readers.state_logs import StateLog
    from srelib.sources import Source


@dataclass(frozen=True)
class Head:
    """The start of a file: all that recognition may look at."""

    path: Path
    name: str
    gzipped: bool
    encoding: str
    kind: str
    text: str
    delimiter: str = ""
    skip: int = 0
    header: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    headed: bool = True
    time_format: str | None = None
    most: int = 1 << 32
    annotated: bool = False
    keeps: object = None
    fill_down: tuple[int, ...] = ()
    dates: tuple[tuple[int, ...], ...] = ()
    records: Sequence[tuple[int, Any]] | None = None

    def as_said(self, source: Source) -> Head:
        """The head with what ``sources.toml`` says of the header and of times."""
        said = replace(self, time_format=source.time_format, most=source.max_size or self.most)
        if self.kind == "csv" and len(source.header) not in (0, len(self.header)):
            raise self.error(
                f"header names {len(source.header)} columns, and the first line has "
                f"{len(self.header)}",
                "name every column of the file in header = [...]",
            )
        if source.header:
            said = replace(said, header=tuple(source.header), first=self.header, headed=False)
        if self.kind != "csv":
            return said
        for key in ("fill_down", "date_and_time"):
            for column in getattr(source, key):
                said.demand_column(column, f"correct {key} = [...] in sources.toml")
        down, pair = (
            tuple(map(said.header.index, key)) for key in (source.fill_down, source.date_and_time)
        )
        rows = islice(said.rows(), said.headed, 300)
        dates = (pair,) if pair else csv_start.dates_and_times(said.header, rows)
        return replace(said, fill_down=down, dates=dates)

    def demand_column(self, name: str, fix: str) -> None:
        """Refuse a file without a column that was named for it."""
        if name not in self.header:
            seen = ", ".join(map(repr, dict.fromkeys(self.header)))
            raise self.error(f"there is no column {name!r}; the file has {seen}", fix)

    def table(self, header: Sequence[str], records: Sequence[tuple[int, Any]]) -> Head:
        """Records, each with its number, to be read as those of a text table with this header."""
        return replace(
            self, kind="csv", text="", header=tuple(header), headed=False, records=records
        )

    def error(self, problem: str, fix: str, line: int | None = None, **asks: Any) -> ReadError:
        """The error about the file, with the keys of `sources.toml` that would answer it."""
        return ReadError(problem, file=self.name, line=line, fix=fix, asks=asks)

    def dated(self, cells: list[str]) -> list[str]:
        """A row in which a date and its time of day, of two columns, stand in both as one time."""
        for date, time in self.dates if len(cells) == len(self.header) else ():
            day, clock = cells[date].strip().removesuffix(" 00:00:00"), cells[time].strip()
            cells[date] = cells[time] = f"{day} {clock or '?'}" if day else clock
        return cells

    def rows(self) -> Iterator[list[str]]:
        """The rows in the start of a text table, its header first."""
        return csv_start.text_records(
            "".join(self.text.splitlines(True)[self.skip :]), self.delimiter or ","
        )


LineOf = Callable[[np.ndarray], np.ndarray]
"""What gives the lines of rows by their positions; called when somebody asks."""


def lines_at(line_of: LineOf, rows: np.ndarray) -> LineOf:
    """What gives the lines of these rows, by their positions among them."""
    return lambda at: line_of(rows[at])


@dataclass(frozen=True)
class FileResult:
    """What a reader made of one file."""

    tables: dict[str, pd.DataFrame]
    rows_read: int
    rows_kept: int
    rows_missing: int = 0
    rejects: pd.DataFrame = field(default_factory=lambda: tables.empty("rejects"))
    series: tuple[SeriesInfo, ...] = ()
    timezone: str = "UTC"
    notes: tuple[str, ...] = ()
    lines: LineOf | None = None
    event_lines: dict[str, LineOf] = field(default_factory=dict)
    log: StateLog | None = None
    events: EventRows | None = None

    @property
    def rows_rejected(self) -> int:
        """Records refused."""
        return len(self.rejects)


@dataclass(frozen=True)
class Family:
    """One export format: its name, how it is recognised and read, and the tables it feeds."""

    name: str
    recognise: Callable[[Head], bool]
    read: Callable[[Head, Source], FileResult]
    tables: tuple[str, ...]


def no_faults() -> pd.DataFrame:
    """A table of refused cells without rows."""
    columns = ["row", "column", "value", "reason"]
    return pd.DataFrame(columns=columns, dtype="object").astype({"row": "int64"})


def in_line_order(*rejects: pd.DataFrame) -> pd.DataFrame:
    """Rejects of several steps as one table, by line."""
    return tables.stacked(rejects, "rejects").sort_values("line", kind="stable", ignore_index=True)


HEAD_BYTES = 1 << 16
LONGEST_HEADER = 1 << 24
_BINARY = {
    b"PK\x03\x04": "a zip or Excel file",
    b"\x1f\x8b": "a gzip file inside a gzip file",
    b"PAR1": "a Parquet file",
    b"SQLite": "a SQLite database",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"%PDF": "a PDF file",
}


def head(path: Path, root: Path | None = None) -> Head:
    """The start of a file: encoding, delimiter, header and first record."""
    path = Path(path)
    name = wording.shown_path(path, root or path.parent)
    start, gzipped = _first_bytes(path, name, HEAD_BYTES)
    if not start.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise ReadError("the file is empty", file=name, fix="export it again, or remove it")
    encoding = _encoding(start, name)
    text = _decode(start, encoding)
    if text.lstrip()[:1] in ("{", "["):
        return Head(path, name, gzipped, encoding, "json", text)
    size = len(start)
    while not _has_two_lines(text) and size == len(start) and size < LONGEST_HEADER:
        size *= 8
        start, _ = _first_bytes(path, name, size)
        text = _decode(start, encoding)
    if size >= LONGEST_HEADER and not _has_two_lines(text):
        raise ReadError(
            "the first line does not end within 16 MiB, so this is no table", file=name,
            fix="export it again as CSV or JSON",
        )  # fmt: skip
    return _csv_head(path, name, gzipped, encoding, text)


def _has_two_lines(text: str) -> bool:
    return len(text.splitlines()) > 2 or "\n" in text.rstrip("\n")


def _first_bytes(path: Path, name: str, size: int) -> tuple[bytes, bool]:
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
        if kind != stat.S_IFREG:
            what, fix = _SPECIAL.get(kind, ("a device, no file", _TAKE_OUT))
            raise ReadError(f"this is {what}", file=name, fix=fix)
        with path.open("rb") as raw:
            start = raw.read(size)
        if start[:2] != b"\x1f\x8b":
            return start, False
        with gzip.open(path) as packed:
            return packed.read(size), True
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _broken_gzip(name) from error
    except OSError as error:
        raise _not_opened(name, error) from error


_TAKE_OUT = "take it out of the folder"
_SPECIAL = {
    stat.S_IFDIR: ("a folder with the name of a file", "rename it, or hand over the files in it"),
    stat.S_IFIFO: ("a pipe (FIFO), no file", _TAKE_OUT),
    stat.S_IFSOCK: ("a socket, no file", _TAKE_OUT),
}


def _not_opened(name: str, error: OSError) -> ReadError:
    fix = "check that it exists and that you may read it"
    return ReadError(f"the file cannot be opened ({error.strerror or error})", file=name, fix=fix)


def _broken_gzip(name: str) -> ReadError:
    return ReadError(
        "the gzip file is damaged or cut short", file=name, fix="download or copy it again"
    )


def _encoding(start: bytes, name: str) -> str:
    for magic, what in _BINARY.items():
        if start.startswith(magic):
            fix = "unpack it, or export it as CSV or JSON"
            raise ReadError(f"this is {what}, not text", file=name, fix=fix)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if b"\x00" in start:
        raise ReadError(
            "this is not text (it holds zero bytes)", file=name,
            fix="export it as CSV or JSON in UTF-8",
        )  # fmt: skip
    return "utf-8-sig" if start.startswith(b"\xef\xbb\xbf") else "utf-8"


def _decode(start: bytes, encoding: str) -> str:
    if encoding == "utf-16" and len(start) % 2:
        start = start[:-1]
    return start.decode(encoding, errors="replace").lstrip("\ufeff")


def _csv_head(path: Path, name: str, gzipped: bool, encoding: str, text: str) -> Head:
    skip, delimiter, annotated = csv_start.start(text)
    records = csv_start.text_records("".join(text.splitlines(keepends=True)[skip:]), delimiter)
    header = csv_start.unique_names(next(records, []))
    if any("\ufffd" in column for column in header):
        raise ReadError(
            "the header is not UTF-8 text", file=name,
            fix="export the file in UTF-8 (in Excel: CSV UTF-8)",
        )  # fmt: skip
    first = next(records, [])
    return Head(
        path, name, gzipped, encoding, "csv", text, delimiter, skip, tuple(header), tuple(first),
        annotated=annotated,
    )  # fmt: skip


@contextmanager
def plain_copy(head: Head) -> Iterator[Path]:
    """A path to the content as plain UTF-8 that DuckDB takes literally."""
    literal = not re.search(r"[*?\[\]{}\ud800-\udfff]", str(head.path))
    as_it_is = literal and not (head.gzipped or head.encoding == "utf-16" or head.annotated)
    if as_it_is or head.records is not None:
        yield head.path
        return
    with tempfile.TemporaryDirectory(prefix="srelib-") as folder:
        copy = Path(folder) / "export.txt"
        try:
            with _opened(head) as raw, copy.open("wb") as out:
                if head.annotated:
                    _blank_annotations(raw, out, head)
                else:
                    _transcode(raw, out, head)
        except UnicodeError as error:
            cut = "truncated" in str(error) or "unexpected end" in str(error)
            raise _not_text(head, error, _last_line(head) if cut else None) from error
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise _broken_gzip(head.name) from error
        yield copy


def _opened(head: Head) -> IO[bytes]:
    return gzip.open(head.path) if head.gzipped else head.path.open("rb")  # type: ignore[return-value]


def _transcode(raw: IO[bytes], out: IO[bytes], head: Head) -> None:
    """Copy the content as UTF-8, and no more of it than is allowed."""
    for block in _blocks(raw, head.encoding):
        if out.tell() + len(block) > head.most:
            raise too_large(head.name, head.most)
        out.write(block)


def too_large(name: str, most: int) -> ReadError:
    """The error about a file that unpacks to more than is allowed."""
    fix = "export a shorter span of time, or allow more with max_size in sources.toml"
    return ReadError(f"the file unpacks to more than {most:,} bytes of text", file=name, fix=fix)


def _blocks(raw: IO[bytes], encoding: str) -> Iterator[bytes]:
    if encoding != "utf-16":
        yield from iter(lambda: raw.read(1 << 20), b"")
        return
    with io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="") as text:
        for block in iter(lambda: text.read(1 << 20), ""):
            yield block.encode("utf-8", errors="surrogateescape")


def _last_line(head: Head) -> int:
    with _opened(head) as raw:
        return 1 + sum(block.count(b"\n") for block in iter(lambda: raw.read(1 << 20), b""))


def _not_text(head: Head, error: UnicodeError, line: int | None) -> ReadError:
    problem = f"the text is not {head.encoding} ({error.args[-1]})"
    return head.error(problem, "save it as UTF-8, or export it again, whole", line)


def _blank_annotations(raw: IO[bytes], out: IO[bytes], head: Head) -> None:
    """Copy the file with empty lines for annotations and for headers that repeat the first."""
    header, begins = "", False
    encoding = "utf-8-sig" if head.encoding == "utf-8" else head.encoding
    with io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape") as text:
        for line in text:
            is_header = begins and not line.startswith("#") and bool(line.strip())
            if is_header and header and line != header:
                raise head.error(
                    "the file holds tables with different columns",
                    "export each by itself, or bring them together before: |> keep(columns: "
                    '["_time", "_field", "_value"]) |> group()',
                )
            kept = not (line.startswith("#") or (is_header and header))
            header = header or (line if is_header else "")
            begins = line.startswith("#") or (begins and not is_header)
            out.write((line if kept else "\n").encode("utf-8", errors="surrogateescape"))


def file_text(head: Head) -> str:
    """The whole file as text, unpacked and decoded."""
    try:
        with plain_copy(head) as path:
            return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _not_text(head, error, line) from error
    except OSError as error:
        raise _not_opened(head.name, error) from error
