"""Could it be chance: shuffling, what so few incidents can show, published numbers.

Published: Davidovic, "Incident Metrics in SRE", 2021.
"""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gamma, mannwhitneyu, nct, norm, t

from srelib import incidents
from srelib.errors import InsufficientDataError, ParameterError
from srelib.incidents import noise
from srelib.stats.comparisons import rate_ratio
from tests.incidents.made import EVEN, WHOLE, table

RNG_SEED = 5

# Incidents of one year, mean and standard deviation [min] of three public histories, how often
# an improvement by a tenth looked worse there, and with a gamma distribution of these moments.
HISTORIES = {
    "A": (173, 146, 316, 0.38, 0.376),
    "B": (103, 151, 301, 0.40, 0.396),
    "C": (609, 271, 413, 0.20, 0.198),
}


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
    seen = [rate_ratio((a, 1.0), (b, 1.0))[0].high < 1 for a, b in drawn]
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
    with pytest.raises(ParameterError, match="n must hold at least 2 incidents in either"):
        incidents.detectable_change(known, n=(1, 9))


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


# Published numbers


def durations(mean: float, sd: float) -> np.ndarray:
    """Quantiles of the gamma distribution with these moments, fine enough to have them."""
    shape = (mean / sd) ** 2
    places = (np.arange(100_000) + 0.5) / 100_000
    return gamma.ppf(places, shape, scale=sd**2 / mean)


def lognormal() -> np.ndarray:
    """Quantiles of the lognormal with log mean 4.25 and log standard deviation 1.25."""
    return np.exp(4.25 + 1.25 * norm.ppf((np.arange(4000) + 0.5) / 4000))


def power_of_t(cut: float, n: float) -> float:
    """How often a t test on log durations sees a cut, n incidents in either period."""
    shift = -np.log1p(-cut) / np.std(np.log(lognormal()), ddof=1) / np.sqrt(2 / n)
    limit = t.ppf(0.975, 2 * n - 2)
    return nct.sf(limit, 2 * n - 2, shift) + nct.cdf(-limit, 2 * n - 2, shift)


@pytest.mark.parametrize("name", HISTORIES)
def test_a_tenth_less_looks_worse_as_often_as_published(name):
    """38, 40 and 20 % of trials; the recomputed shares within the Monte Carlo error."""
    n, mean, sd, published, recomputed = HISTORIES[name]
    found = noise._improvement_looks_worse(durations(mean, sd), n=n, trials=20_000)
    assert found == pytest.approx(published, abs=0.01)
    assert found == pytest.approx(recomputed, abs=3 * np.sqrt(0.24 / 20_000))


@pytest.mark.parametrize(
    ("n", "cut", "published"),
    [(100, 0.1, 0.088), (1000, 0.1, 0.474), (4000, 0.1, 0.964), (100, 0.5, 0.974)],
)
def test_power_of_a_t_test_on_log_durations_is_as_published(n, cut, published):
    """Within 1.5 points, n in each group."""
    assert power_of_t(cut, n) == pytest.approx(published, abs=0.015)


@pytest.mark.parametrize(("n", "cut"), [(100, 0.1), (100, 0.5), (40, 0.6), (1000, 0.1)])
def test_ranks_need_a_few_percent_more_incidents_than_logs_do(n, cut):
    """Mann-Whitney on normal data does as well as t with 3 / pi of the incidents (Lehmann)."""
    ranks = noise._power_of_cut(lognormal(), cut, n=(n, n))
    assert ranks == pytest.approx(power_of_t(cut, n * 3 / np.pi), abs=0.012)


# Shuffling


def test_shuffling_six_incidents_counts_every_way_to_divide_them():
    """Exact: 3 + 3 of 1, 2, 3 | 4, 5, 9 hours; only the observed way and its mirror are as far."""
    hours = [1.0, 2.0, 3.0, 4.0, 5.0, 9.0]
    rows = table([1, 2, 3, 29, 30, 31], hours)
    found = incidents.noise_check(rows, between=WHOLE)
    ways = [sum(c) for c in itertools.combinations(hours, 3)]
    as_far = sum(abs(24 - 2 * s) >= 12 for s in ways)
    assert (as_far, len(ways)) == (2, 20)
    assert found.share == pytest.approx(as_far / len(ways))
    assert (found.before, found.after) == (2 * 3600, 6 * 3600)


def test_what_never_changed_is_often_as_different():
    """The share is even over histories in which nothing changed: half lie below one half."""
    rng = np.random.default_rng(4)
    found = [
        incidents.noise_check(
            table(EVEN, list(rng.lognormal(0, 1.2, 56))), between=WHOLE, resamples=99, seed=n
        ).share
        for n in range(60)
    ]
    assert np.mean(np.array(found) < 0.5) == pytest.approx(0.5, abs=0.2)


def test_the_same_seed_gives_the_same_shuffling():
    """And another one another, with the same answer within its error."""
    rows = table(EVEN, list(np.random.default_rng(0).lognormal(0, 1, 56)))
    one, two, other = (
        incidents.noise_check(rows, between=WHOLE, seed=seed, statistic="median")
        for seed in (1, 1, 2)
    )
    assert (one.differences == two.differences).all()
    assert not (one.differences == other.differences).all()
    assert one.share == pytest.approx(other.share, abs=0.03)


def test_an_incident_of_two_services_is_shuffled_once():
    """The second rows of two incidents change nothing."""
    rows = table([1, 2, 3, 29, 30, 31], [1.0, 2.0, 3.0, 4.0, 5.0, 9.0])
    both = pd.concat([rows, rows[1:4].assign(service="api")])
    one, two = (incidents.noise_check(t, between=WHOLE) for t in (rows, both))
    assert (two.n_before, two.n_after, two.share) == (3, 3, one.share)


def test_shuffling_refuses_what_it_cannot_do():
    """Too few in a half, or another statistic."""
    with pytest.raises(InsufficientDataError, match=r"at least 3 incidents .* got 2 before"):
        incidents.noise_check(table([1, 2, 30, 31, 32], [1.0] * 5), between=WHOLE)
    with pytest.raises(ParameterError, match="statistic must be one of mean, median; got 'max'"):
        incidents.noise_check(table(EVEN, [1.0] * 56), between=WHOLE, statistic="max")
