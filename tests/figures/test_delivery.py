"""What the figures of notebook 04 show: titles, marks, limits, and what they do with little."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from srelib import delivery, figures, tables
from srelib.figures.canvas import alt
from tests.delivery.made import changes, deployments, incidents

NOW = pd.Timestamp("2026-06-29", tz="UTC")
DRAW = ("plot_calendar", "plot_lead_times", "plot_rates", "plot_recovery")


@pytest.fixture(autouse=True)
def closed():
    """No figure outlives its test."""
    yield
    plt.close("all")


def look(shipped, made=None, broken=None):
    """What is found in small tables; no incidents means that nobody exported any."""
    made = tables.empty("changes") if made is None else made
    return delivery.performance(shipped, made, broken, as_of=NOW)


@pytest.fixture
def result():
    """Two services, one of which fails."""
    shop = "\n".join(
        f"deployment_id=d{n} finished_at={n:02d}T09:00 planned=yes" for n in range(1, 21)
    )
    web = "\n".join(f"deployment_id=w{n} finished_at={n:02d}T09:00 service=web planned=yes"
                    for n in (5, 15))  # fmt: skip
    made = "\n".join(f"change_id=c{n} committed_at={n:02d}T0{n % 8}:00 deployment_id=d{n}"
                     for n in range(1, 21))  # fmt: skip
    broken = "\n".join(f"incident_id=i{n} started_at={n:02d}T09:10 resolved_at={n:02d}T1{n % 9}:00"
                       for n in range(1, 8))  # fmt: skip
    return look(deployments(f"{shop}\n{web}"), changes(made), incidents(broken))


def test_the_calendar_counts_every_deployment(result):
    """Rows by how often; empty weeks stay white."""
    ax = figures.delivery.plot_calendar(result)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["shop", "web"]
    assert sum(int(t.get_text()) for t in ax.texts if t.get_text().isdigit()) == 22
    assert ax.get_title("left") == "shop was deployed most often, 5 a week; web least, 0.5 a week"


def test_lead_times_are_labelled_with_n_and_median(result):
    """One panel for the one service with changes."""
    ax = figures.delivery.plot_lead_times(result)
    (panel,) = ax.child_axes
    assert panel.get_title("left") == "shop"
    assert panel.get_title("right").startswith("median 6")
    assert panel.get_title("right").endswith("n = 20")
    assert panel.get_yscale() == "log"


def test_changes_of_a_service_that_is_not_deployed_itself_are_not_drawn():
    """Their deployments are those of another service."""
    made = changes("""
        change_id=c1 committed_at=02T08:00 deployment_id=d1
        change_id=c2 committed_at=02T08:00 deployment_id=d1 service=api
    """)
    found = look(deployments("deployment_id=d1 finished_at=02T09:00"), made)
    (panel,) = figures.delivery.plot_lead_times(found).child_axes
    assert panel.get_title("left") == "shop"


def test_the_title_names_nobody_whose_rate_could_be_chance():
    """An incident every 12 hours follows every deployment; a rollback is a sign of its own."""
    lines = ["deployment_id=d1 finished_at=10T09:00", "deployment_id=d2 finished_at=15T09:00"]
    lines += [f"deployment_id=w{n} finished_at={n:02d}T09:00 service=web"
              f"{' status=rolled_back' * (n == 9)}" for n in range(9, 13)]  # fmt: skip
    broken = "\n".join(f"incident_id=i{n} started_at={n // 2 + 1:02d}T{12 * (n % 2):02d}:00"
                       for n in range(56))  # fmt: skip
    ax = figures.delivery.plot_rates(look(deployments("\n".join(lines)), broken=incidents(broken)))
    assert " ".join(ax.get_title("left").split()) == (
        "web failed most often, in 1 of 4 deployments; the rate of shop could be chance"
    )


def test_rates_start_at_zero_and_say_their_counts(result):
    """7 of 20, and for web none; the rework panel has the same rows."""
    ax = figures.delivery.plot_rates(result)
    fail, rework = ax.child_axes
    assert [t.get_text() for t in fail.texts] == ["7 of 20", "0 of 2"]
    assert [t.get_text() for t in rework.texts] == ["0 of 20", "0 of 2"]
    assert fail.get_xlim()[0] == rework.get_xlim()[0] == 0
    assert " ".join(ax.get_title("left").split()) == (
        "shop failed most often, in 7 of 20 deployments; the intervals of all services overlap"
    )


def test_recovery_has_a_dot_per_failure(result):
    """Seven of them, on one row."""
    ax = figures.delivery.plot_recovery(result)
    assert len(ax.lines[0].get_xdata()) == 7
    assert [t.get_text() for t in ax.get_yticklabels()] == ["shop (7)"]
    assert ax.get_xscale() == "log"


def test_windows_show_what_chance_would_do():
    """Attributed and by chance, both from the result."""
    windows = pd.DataFrame(
        {"within": pd.to_timedelta(["1h", "24h"]), "service": "all", "value": [0.1, 0.2],
         "low": [0.05, 0.1], "high": [0.2, 0.3], "n": 40, "incidents": 10, "attributed": [3, 6],
         "by_chance": [0.4, 4.6]}
    )  # fmt: skip
    ax = figures.delivery.plot_sensitivity(windows, within="24h")
    counts, share = ax.child_axes
    assert counts.lines[0].get_ydata().tolist() == [3, 6]
    assert counts.lines[1].get_ydata().tolist() == [0.4, 4.6]
    assert share.lines[0].get_ydata().tolist() == [0.1, 0.2]
    assert " ".join(ax.get_title("left").split()) == (
        "Within 1 day after a deployment started 6 of 10 incidents; 5 would by chance alone"
    )


@pytest.mark.parametrize("name", DRAW)
def test_without_deployments_figures_say_how_to_get_them(name):
    """A note, not an error."""
    ax = getattr(figures.delivery, name)(look(tables.empty("deployments")))
    assert "gh api" in alt(ax)


def test_without_changes_or_failures_figures_say_so():
    """One deployment and nothing else."""
    alone = look(deployments("deployment_id=d1 finished_at=02T09:00"))
    assert "No change names" in alt(figures.delivery.plot_lead_times(alone))
    assert "not known" in alt(figures.delivery.plot_rates(alone))
    assert "no recovery" in alt(figures.delivery.plot_recovery(alone))
    windows = delivery.sensitivity(
        tables.empty("deployments"), None, between=alone.between, together="all"
    )
    drawn = figures.delivery.plot_sensitivity(windows, within="24h")
    assert "no incidents" in alt(drawn)


@pytest.mark.parametrize("services", [1, 25])
def test_many_services_and_long_names_fit(services):
    """At most twenty rows, names cut; everything can be drawn."""
    rows = [f"deployment_id={k}-{n} finished_at={n:02d}T09:00 planned=yes "
            f"service={'very-long-name-of-a-service-' * 3}{k}"
            for k in range(services) for n in range(1, 9)]  # fmt: skip
    made = [f"change_id={k}-c{n} committed_at={n:02d}T01:00 deployment_id={k}-{n} "
            f"service={'very-long-name-of-a-service-' * 3}{k}"
            for k in range(services) for n in range(1, 9)]  # fmt: skip
    result = look(deployments("\n".join(rows)), changes("\n".join(made)))
    for name in DRAW:
        ax = getattr(figures.delivery, name)(result)
        ax.get_figure().canvas.draw()
    ax = figures.delivery.plot_calendar(result)
    assert len(ax.get_yticklabels()) == min(services, 20)
    assert all(len(t.get_text()) <= 22 for t in ax.get_yticklabels())
