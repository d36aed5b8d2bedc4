"""The search: planted histories, the front, and choosing early but testing late."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from srelib import alerts
from srelib.alerts import Rule
from srelib.errors import InsufficientDataError, ParameterError

DAYS = 28


def planted(seed: int = 3) -> tuple[pd.Series, pd.Series]:
    """Four weeks of minutes, 100 events each, an outage of some length and depth every day."""
    random = np.random.default_rng(seed)
    index = pd.date_range("2026-06-01", periods=DAYS * 1440, freq="min", tz="UTC", unit="us")
    total = pd.Series(100.0, index)
    bad = np.zeros(len(index))
    for day in range(DAYS):
        start = day * 1440 + int(random.integers(0, 1200))
        depth = random.choice([3, 10, 40, 100])
        bad[start : start + int(random.integers(5, 200))] = depth
    return total - bad, total


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    """A search over planted outages at 99.5 %."""
    good, total = planted()
    truth = alerts.budget_events(good, total, target=0.995, period="28d", share=0.02)
    return alerts.search(
        good, total, target=0.995, period="28d", truth=truth,
        current=(Rule("page", "10m", None, 1),), most_pages=3,
    )  # fmt: skip


def test_the_usual_candidates_are_four_hundred() -> None:
    """Each a fast and a slow rule that page, with windows of one to twelve."""
    tried = alerts.candidates("28d")
    assert len(tried) == 400
    for fast, slow in tried.values():
        assert fast.long < slow.long
        assert fast.long == 12 * fast.short
        assert {fast.severity, slow.severity} == {"page"}


def test_a_candidate_fires_at_the_share_it_is_named_for() -> None:
    """2% in 1h/5m is the Workbook's rule."""
    fast, slow = alerts.candidates("30d")["2% in 1h/5m or 5% in 6h/30m"]
    assert (fast, slow) == alerts.workbook_policy("30d")[:2]


def test_the_workbook_and_the_current_policy_are_marked(found: pd.DataFrame) -> None:
    """One row each besides the candidates."""
    assert found["kind"].value_counts().to_dict() == {"candidate": 400, "workbook": 1, "current": 1}


def test_the_front_is_what_nothing_beats(found: pd.DataFrame) -> None:
    """Compared pair by pair on the part they are chosen on."""
    x = found["pages_per_week_chosen_on"].to_numpy()
    y = found["spent_chosen_on"].to_numpy()
    no_worse = (x[:, None] <= x) & (y[:, None] <= y)
    better = (x[:, None] < x) | (y[:, None] < y)
    beaten = (no_worse & better).any(axis=0)
    assert found["front"].tolist() == (~beaten).tolist()


def test_the_chosen_policy_is_bearable_and_spends_least(found: pd.DataFrame) -> None:
    """On the first part, among policies of at most three pages a week."""
    bearable = found[found["pages_per_week_chosen_on"] <= 3]
    (chosen,) = found[found["chosen"]].to_dict("records")
    assert chosen["pages_per_week_chosen_on"] <= 3
    assert chosen["spent_chosen_on"] == bearable["spent_chosen_on"].min()


def test_numbers_are_those_of_the_score(found: pd.DataFrame) -> None:
    """Each part of the Workbook's row equals what `score` says of that part of the history."""
    good, total = planted()
    truth = alerts.budget_events(good, total, target=0.995, period="28d", share=0.02)
    fires = alerts.firing(good, total, target=0.995, policy=alerts.workbook_policy("28d"))
    (row,) = found[found["kind"] == "workbook"].to_dict("records")
    middle = good.index[0] + pd.Timedelta(days=DAYS / 2)
    end = good.index[0] + pd.Timedelta(days=DAYS)
    budget = alerts.spending(good, total, target=0.995, period="28d")
    for part, span in (("chosen_on", (good.index[0], middle)), ("tested_on", (middle, end))):
        one = alerts.score(fires, truth, between=span, budget=budget, merge="1h")
        assert row[f"pages_per_week_{part}"] == pytest.approx(one.pages_per_week.value)
        assert row[f"recall_{part}"] == pytest.approx(one.recall.value)
        assert row[f"precision_{part}"] == pytest.approx(one.precision.value)
        assert row[f"spent_{part}"] == pytest.approx(one.spent_at_detection.value)


def test_what_comes_later_does_not_change_the_choice(found: pd.DataFrame) -> None:
    """Another second half leaves everything chosen on the first as it was."""
    good, total = planted()
    other = planted(seed=4)[0]
    mixed = good.where(good.index < good.index[0] + pd.Timedelta(days=DAYS / 2), other)
    truth = alerts.budget_events(mixed, total, target=0.995, period="28d", share=0.02)
    again = alerts.search(mixed, total, target=0.995, period="28d", truth=truth, most_pages=3,
                          current=(Rule("page", "10m", None, 1),))  # fmt: skip
    assert again["chosen"].tolist() == found["chosen"].tolist()
    assert again["pages_per_week_chosen_on"].tolist() == found["pages_per_week_chosen_on"].tolist()


def test_no_bearable_policy_is_no_choice() -> None:
    """With outages every day nothing pages less than once in a thousand weeks."""
    good, total = planted()
    truth = alerts.budget_events(good, total, target=0.995, period="28d", share=0.02)
    none = alerts.search(good, total, target=0.995, period="28d", truth=truth, most_pages=0.001)
    silent = none["pages_per_week_chosen_on"] == 0
    assert none["chosen"].sum() == min(1, int(silent.sum()))


def test_parts_without_events_are_refused() -> None:
    """The error names the part, and what to change."""
    good, total = planted()
    truth = alerts.budget_events(good, total, target=0.995, period="28d", share=0.02)
    late = truth[truth["starts_at"] > "2026-06-20T00:00Z"]
    with pytest.raises(InsufficientDataError, match="no event starts between"):
        alerts.search(good, total, target=0.995, period="28d", truth=late)


def test_bad_parameters_are_refused() -> None:
    """A split outside (0, 1), and a policy that never pages."""
    good, total = planted()
    truth = alerts.budget_events(good, total, target=0.995, period="28d", share=0.02)
    with pytest.raises(ParameterError, match="split must lie strictly between 0 and 1; got 1"):
        alerts.search(good, total, target=0.995, period="28d", truth=truth, split=1)
    with pytest.raises(ParameterError, match="'quiet' has no rule of severity 'page'"):
        alerts.search(good, total, target=0.995, period="28d", truth=truth,
                      policies={"quiet": (Rule("ticket", "1h", None, 1),)})  # fmt: skip
