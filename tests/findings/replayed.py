"""Replays that the tests of sentences about alerts share."""

import pandas as pd

from srelib import alerts, windows
from srelib.fleet import Indicator

WINDOW = windows.Window.parse("28d")
SHOP = Indicator("shop", "shop", "availability", target=0.99, window=WINDOW)
NASTY = Indicator("<b>*x*", "<b>*x*", "availability", target=0.99, window=WINDOW)
OUTAGE, LATER = "2026-06-02T12:00", "2026-06-07T23:00"


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def said(found: list) -> list[str]:
    """Sentences of findings with ordinary spaces."""
    return [plain(one.sentence) for one in found]


def incidents(*rows: tuple[str, str]) -> pd.DataFrame:
    """Incidents of an hour: title, start."""
    starts = pd.to_datetime([row[1] for row in rows], utc=True)
    return pd.DataFrame({
        "incident_id": [str(n) for n in range(len(rows))], "title": [row[0] for row in rows],
        "severity": "high", "service": "shop",
        "started_at": starts, "resolved_at": starts + pd.Timedelta("1h"),
    })  # fmt: skip


def replays(counts: pd.DataFrame, *, key: Indicator = SHOP, policy: str = "workbook", **options):
    """One objective replayed, beside the ready-made policies alone: what was tried is not said."""
    truth = "budget" if options.get("incidents") is None else "incidents"
    found = alerts.replay(
        counts["good"], counts["total"], target=0.99, period=WINDOW, policy=policy, truth=truth,
        candidates={}, **options,
    )  # fmt: skip
    return {key: found}
