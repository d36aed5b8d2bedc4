"""Where the budget went: parts that add up, hand-worked and against planted truth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import simulate, tradeoff
from srelib.errors import InsufficientDataError
from srelib.tradeoff.attribution import PARTS

HOURS = pd.date_range("2026-01-05", periods=4 * 168, freq="h", tz="UTC", unit="us")


def table(rows: list[tuple[str, int, int, str | None]]) -> pd.DataFrame:
    """Incidents from identifier, first and last hour, and the deployment that caused them."""
    return pd.DataFrame(
        {
            "incident_id": [row[0] for row in rows],
            "started_at": HOURS[[row[1] for row in rows]],
            "resolved_at": HOURS[[row[2] for row in rows]],
            "deployment_id": pd.Series([row[3] for row in rows], dtype="str"),
        }
    )


def test_each_bad_event_has_one_cause():
    """Ten an hour is background; 90 more by an incident, 60 by a release's, 30 after another."""
    bad = pd.Series(10.0, HOURS)
    bad.iloc[[100, 200, 301]] += [90, 60, 30]
    total = pd.Series(1000.0, HOURS)
    shipped = pd.DataFrame({"deployment_id": ["d1", "d2"], "finished_at": HOURS[[200, 300]]})
    down = table([("i1", 100, 101, None), ("i2", 200, 201, "d1")])
    found = tradeoff.attribution(total - bad, total, shipped, incidents=down, target=0.99)
    assert found["cause"].tolist() == list(PARTS)
    assert found["bad"].to_numpy() == pytest.approx([60, 30, 90, 6720])
    assert found["share_of_allowance"].to_numpy() == pytest.approx(found["bad"] / 6720)
    assert found["share_of_spent"].sum() == pytest.approx(1)


def test_without_tables_everything_is_background():
    """What nothing is known about is not put down to anybody."""
    total = pd.Series(1000.0, HOURS)
    found = tradeoff.attribution(total - 3, total, None)
    assert found["bad"].tolist() == [0, 0, 0, 3 * 672]
    assert found["share_of_allowance"].isna().all()


def test_an_hour_with_fewer_bad_events_than_usual_saves_nothing():
    """A part is never less than nothing."""
    bad = pd.Series(10.0, HOURS)
    bad.iloc[300:306] = 0
    total = pd.Series(1000.0, HOURS)
    shipped = pd.DataFrame({"deployment_id": ["d"], "finished_at": HOURS[[300]]})
    found = tradeoff.attribution(total - bad, total, shipped)
    assert found["bad"].tolist() == [0, 0, 0, 6660]


def test_of_two_incidents_at_once_the_first_has_the_bad_events():
    """As in the error budget: the one that started first owns the hour."""
    bad = pd.Series(0.0, HOURS)
    bad.iloc[100:110] = 50
    total = pd.Series(1000.0, HOURS)
    down = table([("i1", 100, 105, None), ("i2", 103, 110, "d")])
    found = tradeoff.attribution(total - bad, total, None, incidents=down).set_index("cause")
    assert found.loc[[PARTS[0], PARTS[2]], "bad"].tolist() == [250, 250]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_the_parts_add_up_to_the_last_bit(seed, whole):
    """In any order, whether counts are whole or fractions of seconds."""
    rng = np.random.default_rng(seed)
    total = pd.Series(rng.integers(0, 900, len(HOURS)) * (1.0 if whole else 0.1), HOURS)
    good = total * rng.random(len(HOURS))
    good = np.floor(good) if whole else good
    shipped = pd.DataFrame({"deployment_id": ["d1", "d2"], "finished_at": HOURS[[120, 400]]})
    down = table([("i1", 100, 131, None), ("i2", 400, 405, "d2")])
    parts = tradeoff.attribution(good, total, shipped, incidents=down)["bad"]
    spent = tradeoff.attribution(good, total, None)["bad"].sum()
    assert parts.sum() == parts[::-1].sum() == spent
    assert (parts >= 0).all()


def test_shares_agree_with_what_was_planted():
    """Over thirty fleets the mean error of each share is below two points."""
    errors = []
    for seed in range(30):
        spec = simulate.ServiceSpec(name="api", break_probability=0.2)
        world = simulate.fleet(seed, services=[spec], weeks=13, step="1h")
        seen = world.counts("api")
        found = tradeoff.attribution(
            seen["good"], seen["total"], world.deployments, incidents=world.incidents
        ).set_index("cause")["share_of_spent"]
        known = world.truth.causes.set_index("cause")["observed"]
        shares = (found.iloc[0] + found.iloc[1], found.iloc[2], found.iloc[3])
        names = ["deployment", "incident", "background"]
        errors.append(np.array(shares) - (known[names] / known.sum()).to_numpy())
    assert np.abs(np.mean(errors, axis=0)).max() < 0.02


def test_too_short_a_history_is_refused():
    """Other weeks are needed to know what is usual."""
    total = pd.Series(10.0, HOURS[:100])
    with pytest.raises(InsufficientDataError, match="at least 3 weeks"):
        tradeoff.attribution(total, total, None)
