"""Pages as PDF, printed by the browser of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from srelib.errors import InputError

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)  # fmt: skip
FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-pdf-header-footer",
)  # fmt: skip
LONGEST = 120
"""After which a browser that does not finish a page is stopped [s]."""


def browser() -> str:
    """The browser that prints; without one there is no PDF."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise InputError(
            "no Chromium or Chrome on this machine prints the pages as PDF",
            fix="install one, or leave out --format pdf and print from your own browser",
        )
    return found


def printed(folder: Path, *, by: str) -> None:
    """Print every page of a folder beside it."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    flags = [*FLAGS, *(["--no-sandbox"] if root else [])]

    def one(page: Path) -> None:
        target = page.with_suffix(".pdf")
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            command = [by, *flags, f"--user-data-dir={profile}", f"--print-to-pdf={target}"]
            try:
                made = subprocess.run([*command, page.as_uri()], capture_output=True, text=True,
                                      timeout=LONGEST, check=False)  # fmt: skip
                said = made.stderr.strip().splitlines() or ["no word of why"]
            except subprocess.TimeoutExpired:
                said = [f"not done in {LONGEST} s"]
        if not target.is_file():
            raise InputError(f"{Path(by).name} could not print {page.name}: {said[-1]}",
                             fix="leave out --format pdf")  # fmt: skip

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, sorted(folder.glob("*.html"))))
