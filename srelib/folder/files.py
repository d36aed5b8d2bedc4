"""The files of a folder: which are read, what is said about each, and what they lack.

A file that lacks something is read again as if what it asks for were said, so that its next
question is found in the same round.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib import cache, series, tables, wording
from srelib.errors import InputError, ReadError
from srelib.folder import codeowners, kept_results, services
from srelib.readers.base import FileResult
from srelib.readers.sheets import SUFFIXES
from srelib.readers.words import NOTHING_LEFT, UNKNOWN_STATUS

if TYPE_CHECKING:
    from srelib.sources import Source, Sources

IGNORED_SUFFIXES = (".md", ".html", ".pdf", ".png", ".ipynb", ".py")
"""Files that lie about in folders of exports and hold no data."""

REPORT_MARKER = ".srelib-report"
"""File in every folder that holds a report; such a folder is never input."""

_ROUNDS = 12
"""More questions about one file than there are keys that answer them."""


@dataclass
class ReadFile:
    """One file, read; counts and rejects may still change when files are joined."""

    name: str
    format: str
    result: FileResult
    sha256: Future[str] | None = None
    fed: str = ""
    first: Any = pd.NaT
    last: Any = pd.NaT


@dataclass
class Folder:
    """Files read so far, what is wrong with them, and what was assumed to go on."""

    root: Path
    sources: Sources | None
    files: dict[str, Path]
    read: dict[str, ReadFile] = field(default_factory=dict)
    problems: list[InputError] = field(default_factory=list)
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    hashing: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, initializer=_give_way)
    )

    def read_all(self) -> None:
        """Read every file, each as often as it has a question that can be answered for a while."""
        for name in self.files:
            self._read(name)

    def stand_in(self, name: str, result: FileResult) -> None:
        """Take a result for files that are not read."""
        self.read[name] = _described(ReadFile(name, "parquet", result))

    def go_on(self, error: InputError) -> bool:
        """Note a problem of files that were joined; whether they now answer its question."""
        names = [error.file] if error.file in self.files else self._about(error)
        self.problems.append(error)
        if not names or not {*self.read} <= {*self.files} or not self._assume(names, error):
            return False
        taken = [name for name, one in self.read.items()
                 if "sli" in one.fed and "sli" not in one.result.tables]  # fmt: skip
        for name in dict.fromkeys([*names, *taken]):
            self._read(name)
        return True

    def entries(self) -> str:
        """The complete entries of `sources.toml` that were asked for, or that would keep rows which
        were refused; empty where nothing is lacking.
        """
        lacking = {name: found for name, one in self.read.items() if (found := _lacks(one.result))}
        if not self.asked and not lacking:
            return ""
        from srelib.folder import proposed_keys, source_entries

        more = {}
        for name, found in lacking.items():
            more[name] = self._keys(name)
            for asks in proposed_keys.for_refused(found, more[name], name):
                more[name] = source_entries.merged(more[name], asks)
        return source_entries.blocks(self.asked | more, self.files)

    def service_names(self) -> set[str]:
        """The names that services of the files were said to have."""
        entries = [self._source(name) for name in self.files]
        return {name for entry in entries if entry for name in entry.services.values()}

    def notes(self) -> list[str]:
        """What `sources.toml` says in vain, and what in it nobody has confirmed."""
        globs = self.sources.unmatched(list(self.files)) if self.sources else []
        notes = [f"sources.toml: match = {glob!r} matches no file" for glob in globs]
        if marked := self.unconfirmed():
            from srelib.folder import source_entries

            listed = ", ".join(f"{key} in line {number}" for number, key in marked[:20])
            notes.append(
                f"sources.toml: nobody has confirmed {listed}; correct what is wrong, and take the "
                f"mark {source_entries.MARK} away"
            )
        return notes

    def unconfirmed(self) -> list[tuple[int, str]]:
        """Line and key of each proposal in `sources.toml` that nobody has confirmed."""
        if self.sources is None:
            return []
        from srelib.folder import source_entries

        text = (self.root / "sources.toml").read_text(encoding="utf-8-sig")
        return source_entries.unconfirmed_lines(text)

    def _read(self, name: str) -> None:
        digest = self.hashing.submit(_sha256, self.files[name])
        for _ in range(_ROUNDS):
            try:
                read = _read_file(self.files[name], name, self.root, self._source(name))
                if read.format != "ignored":
                    read.sha256 = digest
                self.read[name] = read
                return
            except InputError as error:
                self.read.pop(name, None)
                self.problems.append(error)
                if not self._assume([name], error):
                    return

    def _source(self, name: str) -> Source | None:
        if name in self.asked:
            from srelib.folder import source_entries

            return source_entries.assumed(name, self.asked[name])
        return self.sources.for_file(name) if self.sources else None

    def _assume(self, names: list[str], error: InputError) -> bool:
        """Take what is asked for as said; whether that is something new and can be said."""
        if not error.asks:
            return False
        from srelib.folder import source_entries

        old = {name: self._keys(name) for name in names}
        new = {n: source_entries.merged(old[n], self._answers(n, error)) for n in names}
        before, after = (
            [source_entries.assumed(name, said[name]) for name in names] for said in (old, new)
        )
        if after == before or None in after:
            return False
        self.asked |= new
        return True

    def _keys(self, name: str) -> dict[str, Any]:
        from srelib.folder import source_entries

        said = self.sources.for_file(name) if self.sources else None
        return self.asked.get(name) or source_entries.said(said)

    def _answers(self, name: str, error: InputError) -> dict[str, Any]:
        """What is asked for, with proposals from the file where the question left them open."""
        from srelib.folder import proposed_keys
        from srelib.readers import recognition
        from srelib.sources import UNSAID

        columns = error.asks.get("columns")
        inner = columns.values() if isinstance(columns, dict) else ()
        said = None not in [*error.asks.values(), *inner]
        if said and not {"series", "values"} & {*error.asks}:
            return error.asks
        source = self._source(name)
        try:
            head = recognition.start(self.files[name], self.root, source or UNSAID)
            return proposed_keys.filled(error.asks, head, self._keys(name))
        except InputError:
            return {}

    def _about(self, error: InputError) -> list[str]:
        """The files whose records name a service that is asked about."""
        services = error.asks.get("services")
        wanted = set(getattr(services, "value", services) or ())
        return [
            name for name, one in self.read.items()
            if any("service" in frame and wanted & set(frame["service"].dropna().astype("str"))
                   for frame in one.result.tables.values())
        ]  # fmt: skip


def _lacks(result: FileResult) -> dict[str, dict[tuple[str, str], int]]:
    """What would keep refused rows, with the cells (column and value) they were refused for and how
    often: the meaning of statuses, a choice where no record is left, a service.
    """
    rejects = result.rejects
    reasons = rejects["reason"].astype("str")
    empty = (rejects["column"] == "service") & reasons.str.contains("is empty", regex=False)
    sheet = rejects["file"].astype("str").str.lower().str.endswith(SUFFIXES).fillna(False)
    refused = {
        "status": reasons.str.startswith(UNKNOWN_STATUS),
        "where": reasons.str.contains(NOTHING_LEFT, regex=False),
        "fill_down": empty & sheet,
        "service": empty & ~sheet if result.rows_kept == 0 else empty & False,
    }
    return {
        what: Counter(zip(rejects["column"][rows], rejects["value"][rows], strict=True))
        for what, rows in refused.items() if rows.any()
    }  # fmt: skip


def listing(path: Path) -> tuple[Path, list[Path]]:
    """The folder messages refer to, and the files to look at."""
    if not path.exists():
        raise InputError(f"{str(path)!r} does not exist", fix="check the path")
    if not path.is_dir():
        return path.parent, [path]
    files = sorted(_walk(path), key=lambda file: file.relative_to(path).as_posix())
    if not files:
        fix = "put CSV or JSON exports into it, or run srelib init on a new folder"
        raise InputError(f"the folder {path.name or str(path)!r} is empty", fix=fix)
    return path, files


def _walk(folder: Path) -> Iterator[Path]:
    """Every file, in each folder once; links to folders are followed last."""
    waiting, seen = deque([folder]), set()
    while waiting:
        here = waiting.popleft()
        if here.resolve() in seen or (here != folder and (here / REPORT_MARKER).exists()):
            continue
        seen.add(here.resolve())
        for entry in _entries(here, folder):
            looks_like_export = entry.suffix.lower() in (".csv", ".json", ".gz", ".tsv", ".jsonl")
            if entry.name.startswith("~$"):
                continue
            if not entry.is_dir() or looks_like_export:
                yield entry
            elif entry.is_symlink():
                waiting.append(entry)
            else:
                waiting.appendleft(entry)


def _entries(here: Path, folder: Path) -> list[Path]:
    """What lies in a folder, hidden files apart, by name."""
    try:
        return sorted(entry for entry in here.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise ReadError(
            f"the folder cannot be read ({error.strerror})", file=wording.shown_path(here, folder),
            fix="check that you may open it, or move it out",
        ) from error  # fmt: skip


def _read_file(file: Path, name: str, root: Path, source: Source | None) -> ReadFile:
    if file.suffix.lower() in IGNORED_SUFFIXES or (source and source.table == "ignore"):
        why = "as sources.toml says" if source else "not an export"
        return ReadFile(name, "ignored", FileResult({}, 0, 0, notes=(f"left out: {why}",)))
    try:
        if file.name == codeowners.FILE:
            return _described(ReadFile(name, "codeowners", codeowners.read(file, name)))
        form, result = _read_once(file, name, root, source)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReadError(f"cannot be read ({reason})", file=name, fix="try again") from error
    if source:
        result = services.named_as_said(result, source.services, name)
    return _described(ReadFile(name, form, result))


def _read_once(file: Path, name: str, root: Path, source: Source | None) -> tuple[str, FileResult]:
    """Format and result, also as they were kept of the same bytes read in the same way."""
    from srelib.readers import recognition

    read = partial(recognition.read, file, root=root, source=source)
    digest = _sha256(file) if cache.in_use() else ""
    if not digest:
        return read()
    entry = cache.key("export", digest, name, source.model_dump_json() if source else "")
    if (kept := cache.get(entry)) is not None:
        return kept_results.unpacked(kept, lambda: read()[1], entry)
    form, result = read()
    content = kept_results.packed(form, result)
    if content is None or _sha256(file) != digest:
        return form, result
    cache.put(entry, content)
    for_lines = replace(result, tables={})
    return kept_results.unpacked(content, lambda: for_lines, entry)


def fingerprint(path: Path) -> str:
    """Hash of what lies in a folder of exports: names and contents of all its files."""
    root, files = listing(path)
    found = [f"{_sha256(file)} {file.relative_to(root).as_posix()}" for file in files]
    return hashlib.sha256("\n".join(found).encode(errors="surrogateescape")).hexdigest()


def _described(entry: ReadFile) -> ReadFile:
    frames = entry.result.tables
    dated = [table for table in frames if table in tables.MAIN_TIME and len(frames[table])]
    times = [tables.main_time(frames[table], table) for table in dated]
    entry.fed = ", ".join(table for table in tables.TABLES if table in frames)
    ends = [series.ends(column) for column in times]
    entry.first = min((first for first, _ in ends), default=pd.NaT)
    entry.last = max((last for _, last in ends), default=pd.NaT)
    return entry


def _give_way() -> None:
    """Have this thread run where a processor has nothing else to do; known of Linux only."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)


def _sha256(file: Path) -> str:
    if not file.is_file():
        return ""
    try:
        with file.open("rb") as raw:
            return hashlib.file_digest(raw, "sha256").hexdigest()
    except OSError:
        return ""


def provenance(
    loaded: list[ReadFile], found: list[pd.DataFrame], missing: dict[str, int]
) -> pd.DataFrame:
    """Table ``sources``: what became of the rows of each file."""
    later = Counter(name for frame in found for name in frame["file"])
    rows = [
        {
            "file": entry.name, "format": entry.format, "table": entry.fed,
            "rows_read": entry.result.rows_read,
            "rows_kept": entry.result.rows_kept - later[entry.name],
            "rows_rejected": entry.result.rows_rejected + later[entry.name],
            "rows_missing": entry.result.rows_missing + missing.get(entry.name, 0),
            "first": entry.first, "last": entry.last,
            "timezone": entry.result.timezone if entry.fed else None,
            "sha256": entry.sha256.result() if entry.sha256 else "",
            "notes": "\n".join(entry.result.notes) or None,
        }
        for entry in loaded
    ]  # fmt: skip
    return tables.conform(pd.DataFrame(rows, columns=tables.names("sources")), "sources")
