"""Sliders for a notebook somebody sits at: one parameter moves, its figure is drawn again.

Each function returns controls (an `ipywidgets.Widget`) above the figure of one objective or
service, drawn by the function of `srelib.figures` that draws the figure of the page. Where nobody
could move anything (a report, a run by nbclient or papermill) it returns None, and the page keeps
its figure alone.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pandas as pd

from srelib import alerts as alerting
from srelib import decisions, events, figures, fleet, notebook, targets, tradeoff, windows, wording
from srelib import policy as policies
from srelib.alerts.policies import AlertPolicy, _builtin_policies
from srelib.dataset import Dataset
from srelib.errors import SrelibError
from srelib.figures.show import picture
from srelib.findings import show
from srelib.fleet import Indicator, Results
from srelib.policy.rules import FOUR_WEEKS
from srelib.windows import Window

__all__ = ["after", "alerts", "freezes", "harm", "target"]
__dir__ = __all__.copy

HINT = "Sliders need ipywidgets: `pip install 'srelib[explore]'`, then start the kernel again."

Counts = Mapping[Indicator, pd.DataFrame]

TARGETS = tuple(round(1 - digit / 10**nines, 6) for nines in range(1, 6) for digit in (5, 2, 1))
FACTORS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
HOURS = (1, 2, 3, 4, 6, 8, 12, 18, 24)
WINDOWS = ("7d", "14d", "28d", "90d")


def target(
    counts: Counts,
    *,
    spans: Mapping[Indicator, Window],
    rules: Mapping[Indicator, AlertPolicy],
    pass_probability: float,
    needs: Mapping[str, Mapping[str, Any]],
) -> Any:
    """Another target for an objective: how likely the next window meets it (notebook 08).

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame, good and total of each objective or service [events]
    spans, rules : mapping of Indicator to Window, and to alert policy, to replay targets with
    pass_probability : float, with which the next window must meet the target [fraction]
    needs : mapping of str to mapping, of `srelib.targets.parse_dependencies`, by service
    """

    def drawn(key: Indicator, target: float) -> Any:
        own = counts[key]
        table = targets.candidates(own["good"], own["total"], window=spans[key], current=target,
                                   weighting=key.weighting, alert_policy=rules[key],
                                   dependencies=needs.get(key.service))  # fmt: skip
        advice = targets.recommend(table, pass_probability=pass_probability)
        return figures.targets.plot_chances({key: table}, {key: advice},
                                            pass_probability=pass_probability)  # fmt: skip

    in_use = [key.target for key in counts if key.has_target]
    steps = {wording.percent(t): t for t in sorted({*TARGETS, *in_use})}
    return _explorer(drawn, objective=_Choice(_labels(counts)),
                     target=_slider(steps, (in_use or TARGETS)[0]))  # fmt: skip


def alerts(counts: Counts, replays: Results[alerting.AlertReplay], *, timezone: str = "UTC") -> Any:
    """Another alert policy for an objective: what it would have detected (notebook 03).

    Parameters
    ----------
    counts : as for `target`
    replays : mapping of Indicator to AlertReplay, or to the errors in their place
    timezone : str, IANA zone of the people who are paged
    """
    known = fleet.answers(replays)

    @cache
    def past(key: Indicator) -> windows.History:
        return windows.history(counts[key]["good"], counts[key]["total"])

    def drawn(key: Indicator, policy: str, factors: float) -> Any:
        rules = alerting.read_policy(policy, period=key.window or FOUR_WEEKS)
        faster = tuple(replace(rule, factor=rule.factor * factors) for rule in rules)
        found = alerting.with_rules(
            known[key], past(key), target=key.target, rules=faster, timezone=timezone
        )
        return figures.alerts.plot_timeline({key: found})

    names = {name: name for name in _builtin_policies("28d")}
    times = {f"× {factor:g}": factor for factor in FACTORS}
    return _explorer(drawn, objective=_Choice(_labels(known)), policy=_Choice(names),
                     factors=_slider(times, 1.0))  # fmt: skip


def after(
    counts: Counts, effects: Results[tradeoff.Effect], dataset: Dataset, *, after: str
) -> Any:
    """Another window after deployments: what they cost by then (notebook 06).

    Parameters
    ----------
    counts : as for `target`
    effects : mapping of Indicator to Effect, or to the errors in their place
        Of all services: p-values stay corrected for how many were asked.
    dataset : Dataset, its deployments, incidents and exclusions
    after : str, the window of these effects
    """
    known, of_service = fleet.answers(effects), events.of_service

    def drawn(key: Indicator, after: pd.Timedelta) -> Any:
        found = tradeoff.deployment_effect(
            counts[key]["good"], counts[key]["total"], of_service(dataset.deployments, key.service),
            incidents=of_service(dataset.incidents, key.service), target=key.target, after=after,
            exclusions=of_service(dataset.exclusions, key.service), by_week=False,
        )  # fmt: skip
        return figures.tradeoff.plot_curves({key: tradeoff.adjusted({**effects, key: found})[key]})

    begin = pd.Timedelta(after)
    lengths = sorted({begin, *(pd.Timedelta(hours=hour) for hour in HOURS)})
    steps = {wording.duration(length): length for length in lengths}
    return _explorer(drawn, service=_Choice(_labels(known, "service")), after=_slider(steps, begin))


def freezes(
    services: Mapping[str, policies.PreparedService | SrelibError], *, policy: str, **zone: Any
) -> Any:
    """Another freeze policy for a service: which days it would have frozen (notebook 07).

    Parameters
    ----------
    services : mapping of str to PreparedService, or to the errors in their place
    policy : str, name of the policy to begin with
    **zone : as of `srelib.policy.named`, ``timezone`` and ``exempt_fixes``
    """
    known = fleet.answers(services)

    def drawn(key: str, policy: str, freeze_below: float | None, window: str | None) -> Any:
        chosen = policies.named(policy, freeze_below=freeze_below, window=window, **zone)
        replayed = policies.replay_service(known[key], policy=chosen, draws=0)
        return figures.policy.plot_freezes(replayed)

    names = {name: name for name in policies.ready_made()}
    left = {"its own": None} | {f"{n} %": n / 100 for n in range(0, 95, 5)}
    lengths = {"its own": None} | {length: length for length in WINDOWS}
    return _explorer(drawn, service=_Choice({wording.label(name): name for name in known}),
                     policy=_Choice(names, policy), freeze_below=_slider(left, None),
                     window=_Choice(lengths))  # fmt: skip


def harm(
    counts: Counts,
    effects: Results[tradeoff.Effect],
    decided: Mapping[str, decisions.Decision | SrelibError],
    *,
    incidents: pd.DataFrame,
    pass_probability: float,
) -> Any:
    """Another harm of each deployment: what it would bring beside other changes (notebook 09).

    Parameters
    ----------
    counts, pass_probability : as for `target`
    effects : as for `after`
    decided : mapping of str to Decision, by service
    incidents : DataFrame, table ``incidents`` of all services
    """
    known, levers = fleet.answers(effects), fleet.answers(decided)
    keys = [key for key in known if key.service in levers and levers[key.service].levers]

    @cache
    def service(key: Indicator) -> Any:
        opened = events.of_service(incidents, key.service)
        return decisions.harm_what_if(counts[key], known[key], key=key, incidents=opened)

    def drawn(key: Indicator, harm: float) -> Any:
        one, changed = levers[key.service], decisions.changed_harm
        found = changed(service(key), known[key], share=harm)
        others = [lever for lever in one.levers if lever.name != found.name]
        both = replace(one, levers=(found, *others))
        return figures.decisions.plot_levers({key.service: both},
                                             pass_probability=pass_probability)  # fmt: skip

    shares = {f"{n} %": n / 100 for n in range(0, 310, 10)}
    return _explorer(drawn, service=_Choice(_labels(keys, "service")), harm=_slider(shares, 0.5))


def _labels(keys: Iterable[Indicator], of: str = "name") -> dict[str, Indicator]:
    return {wording.label(getattr(key, of)): key for key in keys}


@dataclass(frozen=True)
class _Choice:
    """A list to choose from: values by how they are shown, and the one to begin with."""

    options: Mapping[str, Any]
    begin: Any = None
    kind: str = "Dropdown"

    def widget(self, widgets: Any, name: str) -> Any:
        """The control, whose value is what is shown."""
        shown = [text for text, value in self.options.items() if value == self.begin]
        return getattr(widgets, self.kind)(
            options=list(self.options), value=(shown or list(self.options))[0],
            description=name.replace("_", " "), layout={"width": "25em"},
            style={"description_width": "initial"},
        )  # fmt: skip


def _slider(options: Mapping[str, Any], begin: Any) -> _Choice:
    return _Choice(options, begin, "SelectionSlider")


def _explorer(draw: Callable[..., Any], **choices: _Choice) -> Any:
    """Controls above the figure they draw; None without anybody or anything to move."""
    if notebook.attended() is None or not all(one.options for one in choices.values()):
        return None
    try:
        import ipywidgets
    except ImportError:
        return show(HINT)
    controls = [one.widget(ipywidgets, name) for name, one in choices.items()]
    figure = ipywidgets.HTML()

    def redraw(change: Any = None) -> None:
        chosen = zip(choices.values(), controls, strict=True)
        try:
            ax = draw(*(choice.options[control.value] for choice, control in chosen))
            figure.value = picture(ax)
        except SrelibError as error:
            figure.value = f"<p role='alert'>{html.escape(str(error))}</p>"

    for control in controls:
        control.observe(redraw, "value")
    redraw()
    row = ipywidgets.HBox(controls, layout={"flex_flow": "row wrap"})
    return ipywidgets.VBox([row, figure])
