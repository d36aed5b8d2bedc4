"""What is asked of one service is what the notebooks ask of all."""

import shutil

import pandas as pd
import pytest

from srelib import alerts, budget, decisions, events, fleet, objectives, targets, tradeoff, windows
from srelib.decisions.verdict import NO_COUNTS, NOT_ENOUGH
from srelib.errors import ParameterError
from srelib.partitioned import Settings, summarize
from srelib.report import fleet_pages


@pytest.fixture(scope="module")
def counts(whole):
    """Good and total of every objective of the whole."""
    return objectives.measured(whole)


@pytest.fixture(scope="module")
def span(whole, counts):
    """The time compared."""
    deployed = events.eligible_deployments(whole.deployments)
    return tradeoff.shared_span(counts, deployed, incidents=whole.incidents, as_of=whole.as_of)


@pytest.fixture(scope="module")
def effects(whole, counts):
    """The effects as notebook 09 asks for them, all services together."""
    return tradeoff.adjusted(fleet.each(counts, lambda key, c: tradeoff.deployment_effect(
        c.good, c.total, events.of_service(whole.deployments, key.service), target=key.target,
        incidents=events.of_service(whole.incidents, key.service), after="6h",
        exclusions=events.of_service(whole.exclusions, key.service), details=False)))  # fmt: skip


def test_decisions_are_those_of_the_notebook(whole, counts, span, effects, found):
    """Verdict, confidence, causes and what each change would bring."""
    tables = {name: whole.exported(name) for name in ("deployments", "incidents", "alerts")}
    decided = decisions.decide_each(counts, effects, between=span, **tables)
    assert set(decided) == set(found.decided)
    for service, one in decided.items():
        mine = found.decided[service]
        assert (mine.verdict, mine.causes, mine.weeks, mine.frequency) == (
            one.verdict, one.causes, one.weeks, one.frequency)  # fmt: skip
        assert mine.confidence == pytest.approx(one.confidence, nan_ok=True)
        assert repr(mine.levers) == repr(one.levers)


def test_the_fleet_s_effect_is_that_of_the_notebook(effects, found):
    """One test, one total, of the same services."""
    together = tradeoff.fleet_effect(effects)
    assert (found.effect.total, found.effect.p_value) == (together.total, together.p_value)
    pd.testing.assert_frame_equal(found.effect.by_service, together.by_service)


def test_scorecards_are_those_of_the_scoreboard(whole, counts, span, found):
    """Every estimate."""
    deployed = events.eligible_deployments(whole.deployments)
    tables = {name: whole.exported(name) for name in ("changes", "incidents", "alerts")}
    board = tradeoff.scoreboard(counts, deployed, between=span, **tables)
    assert {name: repr(one.scorecard) for name, one in found.services.items()} == {
        name: repr(one) for name, one in board.items()
    }


def test_objectives_have_the_status_alerts_and_advice_of_the_notebooks(whole, counts, found):
    """Of 02, 03 and 08."""
    for key, c in counts.items():
        (mine,) = (one for one in found.services[key.service].objectives if one.key == key)
        now = windows.current(c, window=key.window)
        assert mine.status == budget.status(now.good, now.total, target=key.target)
        replayed = alerts.replay(
            c.good, c.total, target=key.target, period=key.window, policy="workbook",
            truth="incidents", incidents=events.of_service(whole.incidents, key.service),
        ).score  # fmt: skip
        pd.testing.assert_frame_equal(mine.alerts.events, replayed.events)
        table = targets.candidates(
            c.good, c.total, window=key.window, current=key.target, weighting=key.weighting,
            alert_policy=alerts.read_policy("workbook", period=key.window))  # fmt: skip
        advice = targets.recommend(table, pass_probability=0.9, pages_per_week=2.0)
        assert repr(mine.advice) == repr(advice)


def test_rows_are_kept_left_out_or_refused(whole, found):
    """And add up to those of the files."""
    rows = found.rows
    assert rows["read"] == rows["kept"] == len(whole.sli)
    counted = found.base.sources.set_index("file").loc["sli/*.parquet"]
    assert (counted["rows_read"], counted["rows_kept"]) == (rows["read"], rows["kept"])


def test_settings_are_read_by_name():
    """Numbers as numbers; what is none, or has no such name, is refused."""
    assert Settings.read({"pages_per_week": "3", "after": "2h"}) == Settings(
        pages_per_week=3.0, after="2h"
    )
    with pytest.raises(ParameterError, match=r"no parameter 'affter'; did you mean 'after'\?"):
        Settings.read({"affter": "2h"})
    with pytest.raises(ParameterError, match="a parameter must be a number"):
        Settings.read({"pass_probability": "high"})


@pytest.mark.parametrize(("name", "value", "said"), [
    ("pass_probability", "2", "pass_probability must lie strictly between"),
    ("pages_per_week", "0", "pages_per_week must be above 0"),
    ("after", "banana", "after is no length such as 6h"),
    ("after", "9D", "after must be longer than nothing and shorter than a week"),
    ("alert_policy", "wurkbook", "wurkbook"),
    ("freeze_policy", "wurkbook", "wurkbook"),
    ("timezone", "Mars/Base", "Mars/Base"),
])  # fmt: skip
def test_settings_that_make_no_sense_are_refused_before_any_service_is_asked(name, value, said):
    """They would be an error of every service instead."""
    with pytest.raises(ParameterError, match=said):
        Settings.read({name: value})


def test_a_service_that_only_changes_name_has_too_little_data(exports, tmp_path):
    """And a row on the pages, as any other."""
    folder = tmp_path / "more"
    shutil.copytree(exports, folder)
    with (folder / "changes.csv").open() as file:
        columns = file.readline().strip().split(",")
    row = {"change_id": "x1", "service": "ghost", "committed_at": "2026-04-01T00:00:00Z",
           "merged_at": "2026-04-01T01:00:00Z"}  # fmt: skip
    with (folder / "changes.csv").open("a") as file:
        file.write(",".join(row.get(name, "") for name in columns) + "\n")
    found = summarize(folder, keep=False)
    assert (found.decided["ghost"].verdict, found.decided["ghost"].lacks) == (
        NOT_ENOUGH, NO_COUNTS)  # fmt: skip
    assert "ghost" in dict(fleet_pages.pages(found))["names-1.html"]
