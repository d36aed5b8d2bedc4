"""Published numbers: Davidovic, "Incident Metrics in SRE", 2021."""

import numpy as np
import pytest
from scipy.stats import gamma, norm

from srelib import incidents

# Incidents of one year, mean and standard deviation [min] of three public histories, how often
# an improvement by a tenth looked worse there, and with a gamma distribution of these moments.
HISTORIES = {
    "A": (173, 146, 316, 0.38, 0.376),
    "B": (103, 151, 301, 0.40, 0.396),
    "C": (609, 271, 413, 0.20, 0.198),
}
# 90 % intervals of the difference at 100 and at 1,000 incidents in all [min].
WITHIN = {"A": (104, 33), "B": (99, 31), "C": (136, 43)}


def durations(mean: float, sd: float) -> np.ndarray:
    """Quantiles of the gamma distribution with these moments, fine enough to have them."""
    shape = (mean / sd) ** 2
    places = (np.arange(100_000) + 0.5) / 100_000
    return gamma.ppf(places, shape, scale=sd**2 / mean)


def lognormal() -> np.ndarray:
    """Quantiles of the lognormal with log mean 4.25 and log standard deviation 1.25."""
    return np.exp(4.25 + 1.25 * norm.ppf((np.arange(100_000) + 0.5) / 100_000))


@pytest.mark.parametrize("name", HISTORIES)
def test_a_tenth_less_looks_worse_as_often_as_published(name):
    """38, 40 and 20 % of trials; the recomputed shares within the Monte Carlo error."""
    n, mean, sd, published, recomputed = HISTORIES[name]
    found = incidents.improvement_looks_worse(durations(mean, sd), n=n, trials=20_000)
    assert found.value == pytest.approx(published, abs=0.01)
    assert found.value == pytest.approx(recomputed, abs=3 * np.sqrt(0.24 / 20_000))


@pytest.mark.parametrize("name", WITHIN)
def test_halves_of_one_history_differ_as_much_as_published(name):
    """1 h 44, 1 h 39 and 2 h 16 at 100 incidents in all; 33, 31 and 43 min at 1,000."""
    _, mean, sd, *_ = HISTORIES[name]
    history = durations(mean, sd)
    found = [incidents.chance_difference(history, n=n, confidence=0.9) for n in (100, 1000)]
    assert found == pytest.approx(WITHIN[name], abs=0.6)


@pytest.mark.parametrize(
    ("n", "cut", "published"),
    [(100, 0.1, 0.088), (1000, 0.1, 0.474), (4000, 0.1, 0.964), (100, 0.5, 0.974)],
)
def test_power_of_a_t_test_on_log_durations_is_as_published(n, cut, published):
    """Within 1.5 points, n in each group."""
    found = incidents.power_of_cut(lognormal(), cut=cut, n=(n, n), test="log t")
    assert found == pytest.approx(published, abs=0.015)


@pytest.mark.parametrize(("n", "cut"), [(100, 0.1), (100, 0.5), (40, 0.6), (1000, 0.1)])
def test_ranks_need_a_few_percent_more_incidents_than_logs_do(n, cut):
    """Mann-Whitney on normal data does as well as t with 3 / pi of the incidents (Lehmann)."""
    ranks = incidents.power_of_cut(lognormal(), cut=cut, n=(n, n))
    fewer = n * 3 / np.pi
    logs = incidents.power_of_cut(lognormal(), cut=cut, n=(fewer, fewer), test="log t")
    assert ranks == pytest.approx(logs, abs=0.012)
