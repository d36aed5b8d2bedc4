"""Bad events by cause: they add up, and each is where it was put."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import tradeoff
from srelib.decisions.causes import causes
from srelib.decisions.levers import what_if
from srelib.targets.probability import _whole_weeks
from srelib.windows import history
from tests.decisions.made import KEY, TARGET, broken, deployments, hours, incidents, nights

OUTAGES = nights(3, 17, 31, 45)


def effect(counts: pd.DataFrame, made: pd.DataFrame) -> tradeoff.Effect:
    """What the deployments cost."""
    return tradeoff.deployment_effect(
        counts["good"], counts["total"], made, target=TARGET, placebos=200
    )


def found(counts: pd.DataFrame, made: pd.DataFrame | None = None, rows: pd.DataFrame | None = None):
    """Causes of these counts."""
    known = None if made is None else effect(counts, made)
    return causes(counts["good"], counts["total"], effect=known, incidents=rows)


def test_outages_are_what_goes_beyond_the_usual():
    """Four nights of 300 failures each; the others fail one request in five hours."""
    seen = found(broken(hours(), OUTAGES, 300))
    usual = -(-168 * 13 // 5)
    assert seen.sums[0] == 0
    assert seen.sums[1] == pytest.approx(4 * 300, rel=0.01)
    assert seen.sums[2] == pytest.approx(usual, rel=0.02)


def test_outages_outside_any_incident_count_all_the_same():
    """One of the four is on record: its kind is named, the others are outages without a name."""
    seen = found(broken(hours(), OUTAGES, 300), rows=incidents(OUTAGES[:1]))
    assert seen.named[["title", "incidents"]].values.tolist() == [["Disk full", 1]]
    assert seen.named["bad"].iloc[0] == pytest.approx(300, rel=0.01)
    assert seen.sums[1] == pytest.approx(4 * 300, rel=0.01)


def test_kinds_of_incidents_are_told_apart_by_title_the_costliest_first():
    """Numbers in a title do not make another kind."""
    rows = pd.concat([
        incidents(OUTAGES[:2], title="Disk full on node 7"),
        incidents(OUTAGES[2:3], title="Disk full on node 12"), incidents(OUTAGES[3:], title="DNS"),
    ])  # fmt: skip
    counts = broken(broken(hours(), OUTAGES[:3], 100), OUTAGES[3:], 400)
    seen = found(counts, rows=rows)
    assert seen.named["title"].str.split(" on").str[0].tolist() == ["DNS", "Disk full"]
    assert seen.named["incidents"].tolist() == [1, 3]
    assert seen.named["bad"].tolist() == pytest.approx([400, 300], rel=0.02)


def test_an_open_incident_owns_what_fails_until_the_end():
    """Without an end it lasts as long as the data; the usual errors stay usual."""
    rows = incidents(OUTAGES[3:])
    rows["resolved_at"] = rows["resolved_at"].where(rows["incident_id"].isna())
    seen = found(broken(hours(), nights(80), 500), rows=rows)
    assert seen.named["bad"].iloc[0] == pytest.approx(500, rel=0.05)


def test_harm_of_deployments_is_no_outage():
    """Every other deployment breaks 200 requests: all of it is theirs, nothing is counted twice."""
    made = deployments(3)
    counts = broken(hours(), made["finished_at"].iloc[::2], 200)
    seen = found(counts, made)
    planted = 200 * len(made.iloc[::2])
    assert seen.sums[0] == pytest.approx(planted, rel=0.1)
    assert seen.sums[1] < 0.1 * planted
    assert seen.sums.sum() == pytest.approx((counts["total"] - counts["good"]).sum())


def test_without_deployments_nothing_is_theirs():
    """No effect, no harm."""
    seen = found(broken(hours(), OUTAGES, 300))
    assert not seen.after_deployments.any()
    assert (seen.deployment == -1).all()
    assert len(seen.deployment_ids) == 0


def test_unknown_buckets_hold_no_bad_events():
    """What nobody measured has no cause."""
    counts = broken(hours(), OUTAGES, 300)
    counts.loc["2026-05-01":"2026-05-07"] = np.nan
    seen = found(counts, rows=incidents(OUTAGES))
    known = counts.dropna()
    assert seen.sums.sum() == pytest.approx((known["total"] - known["good"]).sum())


def test_an_incident_without_a_title_is_its_own_kind():
    """Named by its number."""
    seen = found(broken(hours(), OUTAGES, 300), rows=incidents(OUTAGES[:1]).assign(title=None))
    assert seen.named["title"].tolist() == ["Disk full 0"]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 500), st.booleans(), st.booleans())
def test_causes_add_up_to_all_bad_events(seed, size, noted, shipped):
    """Bucket by bucket, whatever failed, with and without incidents and deployments."""
    rng = np.random.default_rng(seed)
    starts = nights(*rng.permutation(91)[:5])
    counts = hours(bad_every=0)
    counts["good"] -= rng.poisson(0.5, len(counts))
    counts = broken(counts, starts, size)
    seen = found(counts, deployments(2, seed=seed) if shipped else None,
                 incidents(starts[:3]) if noted else None)  # fmt: skip
    parts = seen.after_deployments + seen.outages + seen.usual
    bad = (counts["total"] - counts["good"]).to_numpy()
    np.testing.assert_allclose(parts, bad, atol=1e-9)
    assert (seen.outages >= 0).all()
    assert (seen.outages <= bad + 1e-9).all()
    assert seen.named["bad"].sum() <= seen.outages.sum() + 1e-6


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 1))
def test_what_is_removed_never_lowers_the_probability(seed, part):
    """Nothing removed changes nothing; any part of the bad events removed meets no less often."""
    rng = np.random.default_rng(seed)
    counts = broken(hours(), nights(*rng.permutation(91)[:6]), 400)
    seen = found(counts)
    given = (counts["good"], counts["total"])
    weeks = _whole_weeks(history(*given))
    service = what_if(*given, seen, weeks, key=KEY)
    removed = part * rng.random(len(seen.outages)) * seen.past.bad
    assert service.met_without(np.zeros(len(removed))) is service.met
    # windows are drawn at random: 200 histories of 120 windows
    noise = 3 * np.sqrt(0.25 / (200 * 120)) + 0.02
    assert service.met_without(removed).mean() >= service.met.mean() - noise
    # worse weeks than were seen stay possible where none failed
    assert service.met_without(seen.past.bad).mean() > 0.98
    np.testing.assert_allclose(service.by_week(seen.past.bad).sum(), seen.past.bad.sum())
