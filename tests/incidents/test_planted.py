"""On the sample data: what was planted is found, and what was not is not claimed."""

import json
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import srelib
from srelib import events, fleet, incidents, objectives

ROOT = Path(__file__).parents[2]


@cache
def sample():
    """The sample data, its review and costs."""
    data = srelib.load(ROOT / "data" / "sample")
    review = incidents.review(
        data.incidents, as_of=data.as_of, observed_since=data.series["first"].min()
    )
    spent = fleet.each(
        objectives.with_target(data),
        lambda key, c: incidents.budget_spent(
            c.good, c.total, target=key.target, period=key.window,
            incidents=events.of_service(data.incidents, key.service),
        ),
    )  # fmt: skip
    return data, review, spent


@cache
def truth() -> pd.DataFrame:
    """The incidents planted in it."""
    planted = json.loads((ROOT / "tests" / "truth" / "sample.json").read_text(encoding="utf-8"))
    rows = pd.DataFrame(planted["incidents"])
    for name in ("started_at", "ended_at"):
        rows[name] = pd.to_datetime(rows[name], utc=True)
    return rows


def test_nothing_was_planted_to_change_and_no_change_is_claimed():
    """Rates and durations are the same throughout; a bad week in June is not a trend."""
    _, review, _ = sample()
    assert (review.counts.verdict, review.lengths.verdict) == ("cannot tell", "cannot tell")
    assert set(review.services["count_verdict"]) == {"cannot tell"}
    assert review.counts.index > 1.25


def test_every_planted_incident_is_counted_at_its_service():
    """62, as many at each service as were planted."""
    _, review, _ = sample()
    counted = review.services.set_index("service")["incidents"].to_dict()
    assert counted == truth()["service"].value_counts().to_dict()


def test_the_median_holds_the_planted_one():
    """True length of the harm is shorter than what the tickets say, by noticing and closing."""
    _, review, _ = sample()
    rows = truth()
    harm = (rows["ended_at"] - rows["started_at"]).dt.total_seconds().median()
    found = review.times["restore"].median
    assert found.low < harm < found.high


def test_detection_is_not_known_from_this_source():
    """The export is PagerDuty's, which knows nothing before the page."""
    _, review, _ = sample()
    assert not review.times["detect"].recorded


def test_what_incidents_spent_is_what_was_planted_in_them():
    """As far as the ticket was open while the harm lasted: tickets begin when somebody noticed."""
    data, _, spent = sample()
    rows = truth().set_index("incident_id")
    rows["ended_at"] = rows["ended_at"].clip(upper=data.as_of)
    known = []
    for key, found in fleet.answers(spent).items():
        if key.sli != "availability" or key.service not in ("checkout", "warehouse"):
            continue
        for _, row in found.iterrows():
            harm = rows.loc[row["incident_id"]]
            felt = harm["ended_at"] - harm["started_at"]
            open_then = min(row["ends_at"], harm["ended_at"]) - row["starts_at"]
            planted = harm["observed"] * (open_then / felt)
            if planted > 500:
                known.append((row["bad"], planted))
    assert len(known) >= 8
    for bad, planted in known:
        assert bad == pytest.approx(planted, rel=0.15)
