"""Sliders: each control moves the figure, which the functions of `figures` draw."""

import sys

import pandas as pd
import pytest

from srelib import (
    alerts,
    decisions,
    events,
    explore,
    fleet,
    notebook,
    objectives,
    policy,
    simulate,
    targets,
    tradeoff,
)
from srelib.figures.show import picture
from srelib.figures.targets import plot_chances
from srelib.windows import history


@pytest.fixture(scope="module")
def dataset():
    """Some services of a simulated fleet."""
    return simulate.fleet(seed=1).dataset


@pytest.fixture(scope="module")
def counts(dataset):
    """Good and total of two objectives."""
    return dict(list(objectives.with_target(dataset).items())[:2])


@pytest.fixture(scope="module")
def effects(dataset, counts):
    """What deployments of their services cost."""

    def effect(key, own):
        made = events.of_service(dataset.deployments, key.service)
        return tradeoff.deployment_effect(own.good, own.total, made, target=key.target)

    return fleet.each(counts, effect)


@pytest.fixture
def attended(monkeypatch):
    """Somebody sits at the notebook."""
    monkeypatch.setattr(notebook, "attended", lambda: True)


def follows(widget, *names: str) -> str:
    """Move each control once; the figure must follow every time. The last picture."""
    row, figure = widget.children
    assert [control.description for control in row.children] == list(names)
    for control in row.children:
        before = figure.value
        assert before.startswith('<img alt="')
        for option in reversed(control.options):
            control.value = option
            if figure.value != before:
                break
        assert figure.value != before, control.description
    return figure.value


def target(counts):
    """The controls of notebook 08."""
    spans = {key: key.window for key in counts}
    rules = {key: alerts.workbook_policy(key.window) for key in counts}
    return explore.target(counts, spans=spans, rules=rules, pass_probability=0.9, needs={})


def test_another_target(attended, counts):
    """For either objective; the picture is that of the notebook's own figure."""
    widget = target(counts)
    shown = follows(widget, "objective", "target")
    key = list(counts)[1]
    chosen = explore.TARGETS[0]
    own = counts[key]
    table = targets.candidates(own.good, own.total, window=key.window, current=chosen)
    advice = targets.recommend(table, pass_probability=0.9)
    widget.children[0].children[1].value = widget.children[0].children[1].options[0]
    shown = widget.children[1].value
    assert shown == picture(plot_chances({key: table}, {key: advice}, pass_probability=0.9))


def test_another_alert_policy(attended, counts, dataset):
    """Chosen by name, and with other factors."""

    def replay(key, own):
        given = {"target": key.target, "period": key.window, "candidates": {}}
        return alerts.replay(own.good, own.total, policy="workbook", **given)

    replays = fleet.each(counts, replay)
    follows(explore.alerts(counts, replays), "objective", "policy", "factors")


def test_another_window_after_deployments(attended, counts, effects, dataset):
    """An hour is not six."""
    follows(explore.after(counts, effects, dataset, after="5h"), "service", "after")


def test_another_freeze_policy(attended, counts, dataset):
    """Its name, its line and its window."""
    by_service = fleet.each(fleet.by_service(counts), lambda name, own: policy.prepare(
        own, events.of_service(dataset.deployments, name)))  # fmt: skip
    widget = explore.freezes(by_service, policy="early", timezone="UTC")
    follows(widget, "service", "policy", "freeze below", "window")


def test_another_harm_per_deployment(attended, counts, effects, dataset):
    """Of either service; half of it is the change that the verdict tried."""
    decided = {key.service: decisions.decide(
        {key: c}, key=key, effect=effects[key],
        deployments=events.of_service(dataset.deployments, key.service))
        for key, c in counts.items()}  # fmt: skip
    widget = explore.harm(
        counts, effects, decided, incidents=dataset.incidents[:0], pass_probability=0.9
    )
    follows(widget, "service", "harm")
    key = next(iter(counts))
    service = decisions.harm_what_if(counts[key], effects[key], key=key)
    half = decisions.changed_harm(service, effects[key], share=0.5)
    assert half == decided[key.service].lever(half.name)
    none, twice = (decisions.changed_harm(service, effects[key], share=s) for s in (0.0, 2.0))
    assert none.saved.value == pytest.approx(2 * half.saved.value)
    assert twice.saved.value == pytest.approx(-2 * half.saved.value)


def test_a_value_that_cannot_be_is_said_in_place_of_the_figure(attended, counts):
    """Escaped, and the next value is drawn again."""
    broken = {key: c.assign(good=c.total * 2) for key, c in counts.items()}
    _, figure = target(broken).children
    assert figure.value.startswith("<p role='alert'>")


def test_nothing_is_shown_to_nobody(counts):
    """In a report and in stored outputs only the figure of the page is seen."""
    assert target(counts) is None


def test_nothing_is_shown_about_nothing(attended):
    """Without objectives the page says so already."""
    assert target({}) is None


def test_how_to_get_sliders_is_said_without_them(attended, counts, monkeypatch, capsys):
    """One line, in place of the controls."""
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert target(counts) is None
    assert capsys.readouterr().out == f"{explore.HINT}\n"


def test_rules_replayed_alone_score_as_among_others(one_outage):
    """The same pages and events as in the whole replay."""
    given = {"target": 0.99, "period": pd.Timedelta("28D")}
    good, total = one_outage["good"], one_outage["total"]
    whole = alerts.replay(good, total, policy="pyrra", candidates={}, **given)
    rules = alerts.read_policy("pyrra", period="28d")
    alone = alerts.with_rules(whole, history(good, total), target=0.99, rules=rules)
    pd.testing.assert_frame_equal(alone.score.events, whole.score.events)
    pd.testing.assert_frame_equal(alone.score.pages, whole.score.pages.drop(columns="burning"))
