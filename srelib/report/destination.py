"""The folder of a report: checked before anything runs, written by one run at a time.

A report is written beside its folder and takes its place as a whole: on Linux and macOS both are
exchanged in one step. Where that is not possible (Windows, a mounted folder, some file systems)
its files are moved one by one, the first page last; each is whole, and what an end in between
leaves to do, the next run does first.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from srelib.dataset import REPORT_MARKER
from srelib.errors import InputError

_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
_COMPLETE = ".complete"
"""In a new report whose files are being moved."""
_LOCK = ".lock"
_STARTING = 2.0
"""Longest that a run takes from making its lock to holding it [s]."""


@contextmanager
def reserved(out: Path) -> Iterator[None]:
    """Hold the folder of a report against other runs; what runs that were killed left is gone."""
    refuse_foreign(out)
    made = [folder for folder in out.parents if not folder.exists()]
    try:
        with ExitStack() as stack:
            with _refusing(out):
                out.parent.mkdir(parents=True, exist_ok=True)
                alone = stack.enter_context(_locked(_place(out) / f".{out.name}{_LOCK}"))
            if not alone:
                fix = "wait until it has ended, or name another folder with --out"
                raise InputError(f"another run is writing the report {out.name!r}", fix=fix)
            with _refusing(out):
                _clear(out)
                _new(out).mkdir()
                _new(out).rmdir()
            yield
    finally:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """A new folder, for one that is reserved, that takes its place when the block ends."""
    new = _new(out)
    with _refusing(out):
        new.mkdir()
        try:
            yield new
            names = sorted(path.name for path in new.iterdir())
            (new / REPORT_MARKER).write_text("\n".join([*names, ""]), "utf-8")
            refuse_foreign(out)
            _publish(new, out)
        finally:
            for folder in {new, out / new.name}:
                if not (folder / _COMPLETE).exists():
                    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def work_folder() -> Iterator[Path]:
    """A temporary folder that the next run removes where this one is killed."""
    for folder in Path(tempfile.gettempdir()).glob("srelib-*"):
        _remove_left(folder)
    temporary = tempfile.TemporaryDirectory(prefix="srelib-", ignore_cleanup_errors=True)
    with temporary as name, _locked(Path(name, _LOCK)):
        yield Path(name)


def _remove_left(folder: Path) -> None:
    lock = folder / _LOCK
    with suppress(OSError):
        if time.time() - lock.stat().st_mtime > _STARTING and (handle := _held(lock)) is not None:
            os.close(handle)
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(file: Path) -> Iterator[bool]:
    """Whether the lock is held in the block; a process that ends holds none."""
    handle = _held(file)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            if sys.platform != "win32":  # while it is held: afterwards it may be another's
                file.unlink(missing_ok=True)
            os.close(handle)
            if sys.platform == "win32":  # which removes no file that another has open
                with suppress(OSError):
                    file.unlink()


def _held(file: Path) -> int | None:
    """The handle that holds a lock; None where another one does."""
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        if not _lock(handle):
            os.close(handle)
            return None
        with suppress(OSError):  # removed by who held it meanwhile
            if os.path.samestat(os.fstat(handle), file.stat()):
                return handle
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def refuse_foreign(out: Path) -> None:
    """Refuse a folder that holds files no report wrote; the marker names those of a report."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out.name!r} is a file", fix="name a folder with --out")
    with _refusing(out):
        present = {path.name for path in out.iterdir()} if out.exists() else set()
    ours = {*_names(out), *_LITTER, REPORT_MARKER, f".{out.name}{_LOCK}"}
    foreign = sorted(name for name in present - ours if not _is_left(name, out))
    if foreign:
        named = ", ".join(repr(name) for name in foreign[:3])
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        held = f"folder {out.name!r} holds {named}{more}, which no report wrote"
        fix = "name another folder with --out, or move these files away"
        raise InputError(f"{held}; nothing was replaced", fix=fix)


def _names(folder: Path) -> set[str]:
    marker = folder / REPORT_MARKER
    return set(marker.read_text("utf-8").split("\n")) - {""} if marker.is_file() else set()


@contextmanager
def _refusing(out: Path) -> Iterator[None]:
    """An error of the operating system as one that says what to do."""
    try:
        yield
    except OSError as error:
        problem = f"the report cannot be written to {str(out)!r} ({error.strerror or error})"
        fix = "name another folder with --out, or check its permissions and the room on its disk"
        raise InputError(problem, fix=fix) from error


def _place(out: Path) -> Path:
    """Where a new report is written: beside its folder, or in it where that is the only place."""
    inside = out.is_dir() and (os.path.ismount(out) or not os.access(out.parent, os.W_OK))
    return out if inside else out.parent


def _new(out: Path) -> Path:
    return _place(out) / f".{out.name}.new-{os.getpid()}"


def _is_left(name: str, out: Path) -> bool:
    return re.fullmatch(rf"\.{re.escape(out.name)}\.new-\d+", name) is not None


def _clear(out: Path) -> None:
    """Finish or remove what runs that were killed left of this report."""
    for place in {out, out.parent}:
        for left in place.iterdir() if place.is_dir() else ():
            if _is_left(left.name, out):
                if (left / _COMPLETE).exists():
                    _move(left, out)
                shutil.rmtree(left)


def _publish(new: Path, out: Path) -> None:
    if not out.exists():
        new.rename(out)
    elif new.parent == out or not _exchange(new, out):
        inner = out / new.name
        if inner != new:
            shutil.copytree(new, inner)
        (inner / _COMPLETE).touch()
        _move(inner, out)
        shutil.rmtree(inner)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step, where the system can."""
    paths = os.fsencode(one), os.fsencode(other)
    try:
        if sys.platform == "linux":
            here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
            return ctypes.CDLL(None).renameat2(here, paths[0], here, paths[1], exchange) == 0
        if sys.platform == "darwin":
            return ctypes.CDLL(None).renamex_np(*paths, 2) == 0  # RENAME_SWAP
    except AttributeError:
        pass
    return False


def _move(new: Path, out: Path) -> None:
    """Move the files of a complete report into its folder; done again, it does what is left."""
    names, before = _names(new), _names(out)
    if not names:
        return
    both = new / f"{REPORT_MARKER}-both"
    both.write_text("\n".join([*sorted(names | before), ""]), "utf-8")
    both.replace(out / REPORT_MARKER)
    for name in sorted(names, key=lambda name: (name == "index.html", name)):
        if (new / name).exists():
            (new / name).replace(out / name)
    for name in before - names:
        (out / name).unlink(missing_ok=True)
    (new / REPORT_MARKER).replace(out / REPORT_MARKER)
