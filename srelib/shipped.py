"""What comes with the package: the notebooks and the sample, in a checkout and installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from srelib.errors import InputError

_PACKAGE = Path(__file__).parent


def notebooks() -> Path:
    """Folder of the notebooks: where `SRELIB_NOTEBOOKS` says, else the suite's own."""
    said = os.environ.get("SRELIB_NOTEBOOKS")
    return _found("notebooks", "*.ipynb", *([Path(said)] if said else _own("notebooks")))


def sample() -> Path:
    """Folder of the sample exports."""
    return _found("sample", "slos.yaml", *_own("data/sample"))


def copied(folder: Path) -> Path:
    """A copy of notebooks and sample to work with; what is in the folder already stays."""
    try:
        for files, name in ((notebooks(), "notebooks"), (sample(), "data/sample")):
            (folder / name).mkdir(parents=True, exist_ok=True)
            for file in files.iterdir():
                copy = folder / name / file.name
                if file.is_file() and not copy.exists():
                    unfinished = copy.with_name(f".{copy.name}.part")
                    shutil.copyfile(file, unfinished)
                    unfinished.replace(copy)
    except OSError as error:
        raise InputError(
            f"cannot be written ({error.strerror})", file=str(folder),
            fix="name another folder, or check its permissions",
        ) from error  # fmt: skip
    return folder / "notebooks"


def _own(name: str) -> list[Path]:
    return [_PACKAGE / name, _PACKAGE.parent / name]


def _found(what: str, holds: str, *places: Path) -> Path:
    for place in places:
        if any(place.glob(holds)):
            return place
    raise InputError(f"the {what} of the suite were not found", fix="name their folder")
