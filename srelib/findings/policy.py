"""What notebook 07 says: what a policy would have frozen, held and avoided; how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.errors import SrelibError
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, markdown, name, names, refusal_reasons, table
from srelib.fleet import Indicator, answers, refusals
from srelib.policy import Policy, PolicyReplay, PooledReplays
from srelib.policy.outcome import UNKNOWN

NO_SLO = ("**No policy can be replayed, because no objective has data.** A budget is measured "
          "against a target; put a slos.yaml beside the exports (`srelib init DIR` writes a "
          "commented one).")  # fmt: skip
NOTHING = "No policy was replayed, so there is nothing to say here."


def policy_sentences(
    pooled: PooledReplays | None, *, replays: Mapping[Indicator, PolicyReplay | SrelibError]
) -> list[str]:
    """The answer of the notebook: frozen, held, avoided.

    Parameters
    ----------
    pooled : PooledReplays or None
        Of the policy in question; None where nothing could be replayed.
    replays : mapping of Indicator to PolicyReplay
        Or the errors in their place.

    Returns
    -------
    list of str
        Markdown; the first is the bottom line.
    """
    if pooled is None:
        why = _failed_sentence(replays)
        return [f"**No policy could be replayed.** {why}"] if why else [NO_SLO]
    lines = [_bottom_line(pooled)]
    if not pooled.deployments:
        lines.append(
            "There are **no deployments** of these services in the time of the data, so nothing "
            f"could be held. To add them, export {HOW_TO['deployments']}."
        )
    elif _most_held(pooled):
        lines += [held_sentence(pooled), saved_sentence(pooled, replays=replays)]
    elif pooled.judged_days and _days(pooled)[1]:
        held_back = pooled.postponed.fates.get("exempt", 0)
        fixes = f"; {_fixes(held_back, held_back)} let through" if held_back else ""
        lines.append(f"**No deployment** came up on these days that it would have held{fixes}.")
    return [line for line in (*lines, _failed_sentence(replays)) if line]


def _bottom_line(pooled: PooledReplays) -> str:
    """How many days would have been frozen."""
    who = f"The {name(pooled.policy.name)} policy ({_rule_words(pooled.policy)})"
    if not pooled.judged_days:
        return (f"{who} would have **decided nothing**: less than half of its window was observed "
                "on every day. Export a longer history.")  # fmt: skip
    of = f"{wording.plural(pooled.judged_days, _unit(pooled))} that could be judged"
    (low, high), (slow_low, slow_high) = _days(pooled), _slow(pooled)
    slow = f", and rationed releases on {_range_text(slow_low, slow_high)}" if slow_high else ""
    if not high and not slow_high:
        return f"{who} would have frozen **nothing**: no budget fell that low on any of {of}."
    if low == high == pooled.judged_days:
        return f"{who} would have frozen releases on **every one** of {of}."
    if not high:
        return (
            f"{who} would have rationed releases on **{_range_text(slow_low, slow_high)}** of {of}."
        )
    return f"{who} would have frozen releases on **{_range_text(low, high)}** of {of}{slow}."


def _rule_words(policy: Policy) -> str:
    """What a policy does, in words."""
    window = "the window of each objective" if policy.window is None else f"{policy.window}"
    parts = [markdown(window)]
    if policy.freeze_below is not None:
        gone = "nothing is left" if not policy.freeze_below else _less(policy.freeze_below)
        parts.append(f"frozen when {gone}")
    if policy.until == "slo":
        parts.append(f"until the last {wording.duration(policy.recent)} kept the target")
    elif policy.thaw_above is not None:
        parts.append(f"until {wording.percent(policy.thaw_above)} is back")
    if policy.slow_below is not None:
        limit = "nothing is left" if not policy.slow_below else _less(policy.slow_below)
        parts.append(f"{wording.plural(policy.slow_to or 0, 'release')} a week when {limit}")
    if not policy.acts:
        parts.append("holds nothing")
    return ", ".join(parts)


def _less(share: float) -> str:
    if share < 0:
        return f"it is overspent by more than {wording.percent(-share)}"
    return f"less than {wording.percent(share)} is left"


def held_sentence(pooled: PooledReplays | None) -> str:
    """How many deployments would have been held, for how long, and what went through.

    Parameters
    ----------
    pooled : PooledReplays or None
    """
    if pooled is None:
        return NOTHING
    low, high = sorted(len(total.held) for total in pooled.totals)
    if not high:
        return "It would have held no deployment."
    of = wording.plural(pooled.deployments, "deployment")
    many = _range_text(low, high)
    return f"It would have held **{many} of {of}**{_how_long(pooled)}{_rest(pooled)}."


def _how_long(pooled: PooledReplays) -> str:
    """Median delays, shorter reading first; nothing where it cannot be told."""
    known = [t.delay.value for t in pooled.totals if len(t.held)]
    if not known or any(value != value for value in known):
        return ", so many of them to the end of the data that no median can be given"
    low, high = (wording.roughly(value) for value in (min(known), max(known)))
    number, _, unit = low.partition(wording.NBSP)
    if high.endswith(f"{wording.NBSP}{unit}") and low != high:
        low = number  # 3 to 6 days
    return f", half of them for {low if low == high else f'{low} to {high}'} or more"


def _rest(pooled: PooledReplays) -> str:
    waits = sorted(total.fates.get("waiting", 0) for total in pooled.totals)
    fixes = sorted(total.fates.get("exempt", 0) for total in pooled.totals)
    batch = max(total.batch for total in pooled.totals)
    parts = []
    if waits[1]:
        verb = "waits" if waits == [1, 1] else "wait"
        parts.append(f"{_range_text(*waits)} still {verb} at the end")
    if batch > 1:
        parts.append(f"up to {batch} of one service are let go together")
    if fixes[1]:
        parts.append(f"{_fixes(*fixes)} let through")
    return f"; {wording.listing(parts)}" if parts else ""


def _fixes(low: int, high: int) -> str:
    return f"{_range_text(low, high)} {'fix is' if high == 1 else 'fixes are'}"


def saved_sentence(
    pooled: PooledReplays | None, *, replays: Mapping[Indicator, PolicyReplay | SrelibError]
) -> str:
    """Bad events avoided, as a range between two readings, chance included.

    Parameters
    ----------
    pooled : PooledReplays or None
    replays : mapping of Indicator to PolicyReplay
    """
    if pooled is None:
        return NOTHING
    if not _most_held(pooled):
        return "Nothing was held, so nothing was avoided."
    known = answers(replays)
    key = max(known, key=lambda key: known[key].avoided.saved_share.value)
    one = known[key]
    if one.avoided.saved.high <= 0:
        return "Holding these back would have avoided **no bad event**."
    ends = _between(one.low, one.high, unit=key.unit)
    values = _between(*_ends(one), unit=key.unit)
    text = (f"That would have avoided most for {name(key.name)}: **{values}** of "
            f"{_bad(one.bad, key.unit)} (chance included {ends})")  # fmt: skip
    why = ("the lower end if the harm of a release only moves to the day it is let go, the upper "
           "if it never comes")  # fmt: skip
    if one.avoided.saved.low > 0:
        return f"{text}; {why}."
    return f"{text}; {why}. **Chance could explain all of it.**"


def _between(low: float, high: float, *, unit: str) -> str:
    """Two numbers of bad events, or lengths of bad time."""
    write = wording.duration if unit == "seconds" else lambda x: wording.count(round(x))
    ends = [write(low), write(high)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _bad(number: float, unit: str) -> str:
    if unit == "seconds":
        return f"{wording.duration(number)} of bad time"
    return f"{wording.count(round(number))} bad {markdown(unit)}"


def _ends(one: PolicyReplay) -> tuple[float, float]:
    values = one.postponed.saved.value, one.avoided.saved.value
    return min(values), max(values)


def freezes_sentence(replays: Mapping[Indicator, PolicyReplay | SrelibError]) -> str:
    """Which freeze was the longest, and which objective asked for it.

    Parameters
    ----------
    replays : mapping of Indicator to PolicyReplay
    """
    known = answers(replays)
    spans = [(key, start, end) for key, one in known.items()
             for start, end in one.postponed.spans if _asked(one, start, end)]  # fmt: skip
    if not known:
        return NOTHING
    if not spans:
        return "No service would have been frozen on any day."
    key, start, end = max(spans, key=lambda span: span[2] - span[1])
    one = known[key]
    until = "to the end of the data" if end >= one.last else f"to {wording.day(end)}"
    many = wording.plural(len({(span[0].service, span[1]) for span in spans}), "freeze")
    text = (f"Harm being only postponed, there would have been {many}. The longest: "
            f"{name(key.service)}, {wording.roughly(end - start)} from {wording.day(start)} "
            f"{until}, asked for by {name(key.name)}")  # fmt: skip
    best = one.avoided.frozen_days
    if best != one.postponed.frozen_days:
        return (f"{text}. Were harm avoided instead, {name(key.service)} would have been frozen on "
                f"{best} days instead of {one.postponed.frozen_days}.")  # fmt: skip
    return f"{text}."


def _asked(one: PolicyReplay, start: pd.Timestamp, end: pd.Timestamp) -> bool:
    """Whether this objective was the one that asked for the freeze."""
    days = one.postponed.days
    inside = (days["decided_at"] >= start) & (days["decided_at"] < end)
    return bool(days.loc[inside, "frozen"].iloc[0])


def days_table(replays: Mapping[Indicator, PolicyReplay | SrelibError]) -> Table | None:
    """Each objective: frozen days, held, and bad events avoided, under both readings.

    Parameters
    ----------
    replays : mapping of Indicator to PolicyReplay

    Returns
    -------
    Table or None
        None where nothing could be replayed.
    """
    known = answers(replays)
    if not known:
        return None
    rows = [{
        "objective": key.name,
        "frozen": _range_text(*sorted(o.frozen_days for o in one.outcomes)),
        "asked": _range_text(*sorted(int(o.days["frozen"].sum()) for o in one.outcomes)),
        "held": _range_text(*sorted(len(o.held) for o in one.outcomes)),
        "bad": wording.amount(round(one.bad), key.unit),
        "avoided": _values(one), "chance": _chance(one),
        "sli": _levels(one, key),
    } for key, one in known.items()]  # fmt: skip
    return table(
        pd.DataFrame(rows), max_rows=30,
        caption="What the policy would have changed, per objective, harm avoided or only "
                "postponed: days its service was frozen, days it asked for that itself, "
                "deployments held, bad recorded and avoided, share of good as recorded and at best",
        headers={"frozen": "frozen", "asked": "asked for", "bad": "bad recorded",
                 "avoided": "bad avoided", "chance": "chance included",
                 "sli": "good was, at best"},
    )  # fmt: skip


def _values(one: PolicyReplay) -> str:
    low, high = (round(x) for x in _ends(one))
    if low == high:
        return wording.count(low)
    return f"{wording.count(low)} to {wording.count(high)}"


def _chance(one: PolicyReplay) -> str:
    low, high = round(one.low), round(one.high)
    return "–" if low == high else f"{wording.count(low)} to {wording.count(high)}"


def _levels(one: PolicyReplay, key: Indicator) -> str:
    levels = wording.percents([one.sli, max(o.sli for o in one.outcomes)], against=key.target)
    return levels[0] if levels[0] == levels[1] else f"{levels[0]} and {levels[1]}"


def held_table(pooled: PooledReplays | None, *, max_rows: int = 12) -> Table | None:
    """Deployments that would have been held longest.

    Parameters
    ----------
    pooled : PooledReplays or None
    max_rows : int
        Most rows shown.

    Returns
    -------
    Table or None
        None where nothing was held.
    """
    if pooled is None or not len(pooled.postponed.held):
        return None
    rows = pooled.postponed.held.sort_values("delay", ascending=False, kind="stable")
    frame = pd.DataFrame({
        "deployment": [wording.label(text) for text in rows["deployment_id"]],
        "service": rows["service"], "came": rows["due_at"], "released": rows["released_at"],
        "delay": rows["delay"],
    })  # fmt: skip
    return table(frame, max_rows=max_rows,
                 caption="Deployments held longest, harm being only postponed (times UTC; – still "
                         "waits at the end)",
                 headers={"came": "came up", "released": "let go"})  # fmt: skip


def postmortems_sentence(
    due: Mapping[Indicator, pd.DataFrame | SrelibError], *, above: float = 0.2
) -> str:
    """Incidents costly enough by themselves for a postmortem.

    Parameters
    ----------
    due : mapping of Indicator to DataFrame
        Results of `srelib.policy.postmortems`.
    above : float
        Share of four weeks' budget that asks for one [fraction].
    """
    known = answers(due)
    if not known:
        return NOTHING
    line = f"more than {wording.percent(above)} of the budget of four weeks"
    rows = [(key, row) for key, frame in known.items() for row in frame.to_dict("records")]
    costliest: dict[tuple[str, str], tuple[Indicator, Any]] = {}
    for key, row in sorted(rows, key=lambda one: -one[1]["spent"]):
        costliest.setdefault((key.service, row["incident_id"]), (key, row))
    if not costliest:
        return f"No incident spent {line} by itself, so none asks for a postmortem."
    parts = [f"{name(row['title'])}, {markdown(key.service)}, {wording.day(row['started_at'])} "
             f"({wording.percent(row['spent'])})" for key, row in costliest.values()]  # fmt: skip
    verb = "asks" if len(costliest) == 1 else "ask"
    return (f"**{wording.plural(len(costliest), 'incident')}** {verb} for a postmortem, having "
            f"spent {line} each: {wording.listing(parts)}.")  # fmt: skip


def basis_sentences(
    pooled: PooledReplays | None, *, replays: Mapping[Indicator, PolicyReplay | SrelibError]
) -> list[str]:
    """What all this stands on: days judged, close decisions, how harm was told from chance.

    Parameters
    ----------
    pooled : PooledReplays or None
    replays : mapping of Indicator to PolicyReplay
    """
    if pooled is None:
        return [NOTHING]
    known = answers(replays)
    lines = [(f"{wording.percent(pooled.judged_days / pooled.days)} of "
              f"{wording.plural(pooled.days, _unit(pooled))} could be judged; before half of a "
              "window was seen, nothing is frozen.")]  # fmt: skip
    close = {key.service: _close(one) for key, one in known.items()}
    spread = {service: ends for service, ends in close.items() if ends[0] != ends[1]}
    if spread:
        parts = [f"{name(service)} {_range_text(*ends)} days" for service, ends in spread.items()]
        lines.append("Some decisions were close: with other luck in the hours after releases, "
                     f"frozen days run to {wording.listing(parts)}.")  # fmt: skip
    blind = [key.name for key, one in known.items() if one.method == UNKNOWN]
    if blind:
        lines.append(f"For {names(blind)} hardly any hours lie clear of releases, so harm cannot "
                     "be told from what would have come anyhow; the bounds are nothing and "
                     "everything.")  # fmt: skip
    return lines


def _close(one: PolicyReplay) -> tuple[int, int]:
    ends = [(o.frozen.low, o.frozen.high) for o in one.outcomes]
    return int(min(low for low, _ in ends)), int(max(high for _, high in ends))


def inputs_sentence(*, deployments: pd.DataFrame, incidents: pd.DataFrame) -> str:
    """What the replay had to do without, and what it knows of fixes.

    Parameters
    ----------
    deployments, incidents : DataFrame
        Tables of all services.

    Returns
    -------
    str
        Markdown; empty where nothing is missing.
    """
    parts = []
    if len(deployments) and "planned" in deployments:
        unknown = int(deployments["planned"].isna().sum())
        if unknown:
            parts.append(f"Of {wording.plural(unknown, 'deployment')} it is not known whether they "
                         "were fixes; they count as planned and can be held.")  # fmt: skip
    if not len(incidents):
        parts.append("There are no incidents in the folder, so a deployment shipped into a running "
                     "outage is held to have caused what followed. To add them, export "
                     f"{HOW_TO['incidents']}.")  # fmt: skip
    return " ".join(parts)


def _failed_sentence(replays: Mapping[Indicator, PolicyReplay | SrelibError]) -> str:
    """Objectives that could not be replayed, each with the reason."""
    refused = refusal_reasons((key.name, error) for key, error in refusals(replays).items())
    return f"Not replayed: {'; '.join(f'{who}: {why}' for who, why in refused)}." if refused else ""


def _days(pooled: PooledReplays) -> list[int]:
    return sorted(total.frozen_days for total in pooled.totals)


def _slow(pooled: PooledReplays) -> list[int]:
    return sorted(total.slow_days for total in pooled.totals)


def _most_held(pooled: PooledReplays) -> int:
    return max(len(total.held) for total in pooled.totals)


def _unit(pooled: PooledReplays) -> str:
    return "day" if pooled.services == 1 else "service-day"


def _range_text(low: float, high: float) -> str:
    """A range of two numbers, or one number where they are the same."""
    if low == high:
        return wording.count(low)
    return f"{wording.count(low)} to {wording.count(high)}"
