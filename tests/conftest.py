"""Series named for their shape, counts on a regular UTC index; and the order of the tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

os.environ["SRELIB_CACHE"] = ""
"""No test takes what another one kept, or what its user did."""

LONG = ("pages", "realdata", "report", "notebooks")
"""Folders of tests that run notebooks: begun first, so that no worker waits for them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first."""
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.parent.name, len(LONG)))


CHROMIUM = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Chromium; its absence skips here and fails where everything must run."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed, and in CI the browser tests must run")
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        yield started
        started.close()


def counts(start: str, buckets: int, *, freq: str = "min", total: float = 10.0) -> pd.DataFrame:
    """Buckets in which every event was good."""
    index = pd.date_range(start, periods=buckets, freq=freq, tz="UTC", unit="us", name="time")
    return pd.DataFrame({"good": total, "total": total}, index=index)


@pytest.fixture
def all_good() -> pd.DataFrame:
    """One day of minutes, 10 events each, all good."""
    return counts("2026-06-01", 1440)


@pytest.fixture
def all_bad() -> pd.DataFrame:
    """One day of minutes, 10 events each, all bad."""
    return counts("2026-06-01", 1440).assign(good=0.0)


@pytest.fixture
def one_outage() -> pd.DataFrame:
    """One day of minutes; from 12:00 to 13:00 every event failed: 600 of 14,400."""
    frame = counts("2026-06-01", 1440)
    frame.iloc[720:780, 0] = 0.0
    return frame


@pytest.fixture
def no_traffic_night() -> pd.DataFrame:
    """One day of minutes without any event until 06:00; one event in ten fails after that."""
    frame = counts("2026-06-01", 1440).assign(good=9.0)
    frame.iloc[:360] = 0.0
    return frame


@pytest.fixture
def gap() -> pd.DataFrame:
    """One day of minutes, one event in ten bad; nothing is known from 03:00 to 06:00."""
    frame = counts("2026-06-01", 1440).assign(good=9.0)
    frame.iloc[180:360] = np.nan
    return frame


@pytest.fixture
def dst_day() -> pd.DataFrame:
    """Hours of 28 to 30 March 2026 in Berlin, 100 events each; the 29th has 23 of them."""
    return counts("2026-03-27T23:00", 71, freq="h", total=100.0)
