"""What ``srelib init`` writes: a commented `slos.yaml`, `sources.toml` and `README.md`.

The three files lie beside this module, exactly as they are written.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from srelib.errors import InputError

__all__ = ["write"]

FILES = ("README.md", "slos.yaml", "sources.toml")


def write(folder: str | Path) -> list[Path]:
    """Start a folder for exports.

    Parameters
    ----------
    folder : str or Path
        Folder to start; made when it is not there, and it may already hold exports.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        The folder cannot be written, or one of the files is already there (nothing is written).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write(folder)]
    ['README.md', 'slos.yaml', 'sources.toml']
    """
    folder = Path(folder)
    _refuse_overwriting(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_copy(name, folder) for name in FILES]
    except OSError as error:
        raise InputError(
            f"cannot be written ({error.strerror})",
            file=str(folder),
            fix="name another folder, or check its permissions",
        ) from None


def _refuse_overwriting(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file", file=str(folder), fix="name a folder, new or not")
    there = [name for name in FILES if (folder / name).exists()]
    if there:
        raise InputError(
            f"{', '.join(there)} would be overwritten",
            file=str(folder),
            fix="name another folder, or move the old file away first",
        )


def _copy(name: str, folder: Path) -> Path:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    with (folder / name).open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return folder / name


def __dir__() -> list[str]:
    return __all__
