"""When outages were detected, and when the alert policy would have detected them."""

import pandas as pd
import pytest

from srelib import alerts
from srelib.decisions.detection import detection
from srelib.windows import history
from tests.decisions.by_hand import SHOP, incidents, with_outages

POLICY = alerts.workbook_policy(SHOP.window)


def detected(counts, pages=None, incidents=None):
    """Outages of an objective with the alert policy of the Workbook."""
    return detection(history(counts.good, counts.total), target=SHOP.target, window=SHOP.window,
                     policy=POLICY, alerts=pages, incidents=incidents)  # fmt: skip


def test_costly_outages_without_a_page_are_missed():
    """Two of 1,000 bad events an hour; one was paged for, a ticket does not count."""
    counts = with_outages([500, 1500], bad=900, length=5)
    index = counts.index
    pages = pd.DataFrame({"fired_at": index[[501, 1501]], "resolved_at": index[[506, 1506]],
                          "severity": ["page", "ticket"]})  # fmt: skip
    seen = detected(counts, pages)
    assert seen.missed(costly=0.2) == (1, pytest.approx(0.5, abs=0.01))
    assert detected(counts).missed(costly=0.2) == (0, 0.0)


def test_nothing_was_missed_while_nobody_knows_which_alerts_are_pages():
    """The severity P2 may or may not page somebody."""
    counts = with_outages([500, 1500], bad=900, length=5)
    index = counts.index
    pages = pd.DataFrame({"fired_at": index[[501, 1501]], "resolved_at": index[[506, 1506]],
                          "severity": ["page", "P2"]})  # fmt: skip
    seen = detected(counts, pages)
    assert not seen.recorded
    assert seen.missed(costly=0.2) == (0, 0.0)


def test_an_open_incident_detects_without_an_end():
    """Not resolved by the end of the data."""
    rows = incidents([2000])
    rows["resolved_at"] = rows["resolved_at"].where(rows["resolved_at"].isna())
    counts = with_outages([2000], bad=900, length=5)
    assert len(detected(counts, incidents=rows).events) == 1


def test_an_outage_ends_as_much_sooner_as_the_policy_pages():
    """The first page of the policy by `srelib.alerts.firing`; response lasts as long as it did."""
    index = pd.date_range("2026-03-30", periods=12 * 24 * 7 * 13, freq="5min", tz="UTC")
    counts = pd.DataFrame({"good": 100.0, "total": 100.0}, index)
    counts.iloc[5000:5060, 0] = 20.0
    fires = alerts.firing(counts.good, counts.total, target=SHOP.target,
                          policy=alerts.workbook_policy(SHOP.window), partial=True)  # fmt: skip
    first = index[int(fires["page"].to_numpy().argmax())] + pd.Timedelta("5min")
    # reported an hour after the policy would have paged: the outage is over an hour sooner
    late = pd.DataFrame({"fired_at": [first + pd.Timedelta("1h")], "severity": ["page"],
                         "resolved_at": [first + pd.Timedelta("5h")]})  # fmt: skip
    (row,) = detected(counts, late).events.to_dict("records")
    assert row["ends_at"] - row["over_at"] == pd.Timedelta("1h")
