"""``python -m srelib.simulate data/sample``: write the sample exports."""

from __future__ import annotations

import argparse

from srelib.simulate import sample


def main(arguments: list[str] | None = None) -> None:
    """Write the sample exports into a folder, and their truth into a file."""
    parser = argparse.ArgumentParser(prog="python -m srelib.simulate", description=__doc__)
    parser.add_argument("folder", help="where the exports go")
    parser.add_argument("--truth", metavar="FILE", help="also write what only tests may know")
    given = parser.parse_args(arguments)
    for path in sample.write(given.folder, truth=given.truth):
        print(f"{path}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
