"""What so few incidents can show: simulated, not taken from the formula."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm

from srelib import incidents, stats
from srelib.errors import InsufficientDataError, ParameterError

RNG_SEED = 5


def history(size: int = 400) -> np.ndarray:
    """Durations with some of no length at all, as status pages have them."""
    rng = np.random.default_rng(RNG_SEED)
    return np.where(rng.random(size) < 0.03, 0.0, rng.lognormal(4.25, 1.25, size))


def test_the_detectable_cut_is_seen_in_four_of_five_simulations():
    """Mann-Whitney on samples drawn from the history, the later ones shortened by that much."""
    known, rng = history(), np.random.default_rng(1)
    cut = incidents.detectable_change(known, n=(60, 40)).cut
    before, after = rng.choice(known, (1500, 60)), rng.choice(known, (1500, 40)) * (1 - cut)
    p = mannwhitneyu(before, after, axis=1, method="asymptotic", use_continuity=False).pvalue
    assert np.mean(p < 0.05) == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize("n", [40, 400])
def test_the_detectable_cut_of_the_number_is_seen_in_four_of_five_simulations(n):
    """Poisson counts whose mean is n, the later ones fewer by that much."""
    cut = incidents.detectable_change(history(), n=(n / 2, n / 2)).count_cut
    rng = np.random.default_rng(2)
    before = n / (2 - cut)
    drawn = zip(rng.poisson(before, 1500), rng.poisson(before * (1 - cut), 1500), strict=True)
    seen = [stats.rate_ratio((a, 1.0), (b, 1.0)).high < 1 for a, b in drawn]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.05)


def test_more_incidents_show_smaller_changes():
    """Both curves fall, and bursts raise the one of counts."""
    found = incidents.detectable_change(history(), n=(100, 100))
    assert found.curve["cut"].dropna().is_monotonic_decreasing
    assert found.curve["count_cut"].dropna().is_monotonic_decreasing
    bursts = incidents.detectable_change(history(), n=(100, 100), index=2.0)
    assert bursts.count_cut > found.count_cut
    assert bursts.cut == found.cut


def test_hardly_any_incidents_show_nothing():
    """Two and two: no cut is seen often enough."""
    assert np.isnan(incidents.detectable_change(history(), n=(2, 2)).cut)


def test_what_cannot_be_asked_is_refused():
    """Each message says what was seen."""
    known = history()
    with pytest.raises(ParameterError, match="power must lie in"):
        incidents.detectable_change(known, power=80)
    with pytest.raises(ParameterError, match="test must be one of rank, log t; got 'median'"):
        incidents.power_of_cut(known, cut=0.1, n=(9, 9), test="median")
    with pytest.raises(ParameterError, match="the t test needs durations above 0"):
        incidents.power_of_cut(known, cut=0.1, n=(9, 9), test="log t")
    with pytest.raises(ParameterError, match="cut must lie in"):
        incidents.power_of_cut(known, cut=10, n=(9, 9))
    with pytest.raises(InsufficientDataError, match="at least 10 known ones that differ; got 2"):
        incidents.power_of_cut([1.0, 2.0, float("nan")], cut=0.1, n=(9, 9))


def test_too_few_durations_still_say_what_their_number_could_show():
    """Nine durations, or twenty of the same length: how they scatter is not known."""
    for known in (np.arange(9.0), np.full(20, 7.0)):
        found = incidents.detectable_change(known, n=(30, 30))
        assert np.isnan(found.cut)
        assert 0.4 < found.count_cut < 0.7


def test_a_dozen_durations_give_a_smooth_answer_near_that_of_their_distribution():
    """Twelve quantiles of the lognormal against thousands of them."""
    few, many = (np.exp(4.25 + 1.25 * norm.ppf((np.arange(k) + 0.5) / k)) for k in (12, 4000))
    found, known = (incidents.detectable_change(v, n=(40, 40)) for v in (few, many))
    assert found.cut == pytest.approx(known.cut, abs=0.05)
    assert found.curve["cut"].dropna().is_monotonic_decreasing
