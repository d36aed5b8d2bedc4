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
    folder : str or Path, made when it is not there; it may already hold exports

    Returns
    -------
    list of Path, the files written

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
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file", file=str(folder), fix="name a folder, new or not")
    there = [name for name in FILES if (folder / name).exists()]
    if there:
        raise InputError(
            f"{', '.join(there)} would be overwritten",
            file=str(folder),
            fix="name another folder, or move the old file away first",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            text = resources.files(__package__).joinpath(name).read_bytes()
            with (folder / name).open("xb") as file:
                file.write(text)
    except OSError as error:
        raise InputError(
            f"cannot be written ({error.strerror})",
            file=str(folder),
            fix="name another folder, or check its permissions",
        ) from None
    return [folder / name for name in FILES]


def __dir__() -> list[str]:
    return __all__
