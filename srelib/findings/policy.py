"""What notebook 07 says: what a policy would have frozen, held and avoided; how sure that is.

`pooled` is the policy in question on the whole fleet, None where nothing could be replayed;
`replays` are its replays by objective, or the errors in their place; `rows` come
from `srelib.policy.frontier`, one per policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from srelib import wording
from srelib.findings.finding import markdown, name, names
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, refusal_reasons, table
from srelib.fleet import Indicator, Results, answers, refusals
from srelib.policy import Policy, PolicyReplay, PooledReplays
from srelib.policy.outcome import UNKNOWN

NO_SLO = ("**No policy can be replayed, because no objective has data.** A budget is measured "
          "against a target; put a slos.yaml beside the exports (`srelib init DIR` writes a "
          "commented one).")  # fmt: skip
NOTHING = "No policy was replayed, so there is nothing to say here."


def policy_sentences(pooled: PooledReplays | None, *, replays: Results[PolicyReplay]) -> list[str]:
    """The answer of the notebook: frozen, held, avoided."""
    if pooled is None:
        why = _failed_sentence(replays)
        return [f"**No policy could be replayed.** {why}"] if why else [NO_SLO]
    lines = [_bottom_line(pooled)]
    if not pooled.deployments:
        lines.append(
            "There are **no deployments** of these services in the time of the data, so nothing "
            f"could be delayed. To add them, export {HOW_TO['deployments']}."
        )
    elif any(len(total.held) for total in pooled.totals):
        lines += [held_sentence(pooled), saved_sentence(pooled, replays=replays)]
    elif pooled.judged_days and any(total.frozen_days for total in pooled.totals):
        held_back = pooled.postponed.fates.get("exempt", 0)
        fixes = f"; {_fixes(held_back, held_back)} not delayed" if held_back else ""
        lines.append("**No deployment** was requested on these days that it would have "
                     f"delayed{fixes}.")  # fmt: skip
    return [line for line in (*lines, _failed_sentence(replays)) if line]


def _bottom_line(pooled: PooledReplays) -> str:
    """How many days would have been frozen."""
    who = f"{_who(pooled)} ({_rule_words(pooled.policy)})"
    if not pooled.judged_days:
        return (f"{who} would have **decided nothing**: less than half of its window was observed "
                "on every day. Export a longer history.")  # fmt: skip
    of = f"{wording.plural(pooled.judged_days, _unit(pooled))} that could be judged"
    days = [total.frozen_days for total in pooled.totals]
    slow = [total.slow_days for total in pooled.totals]
    if not any(days) and not any(slow):
        return f"{who} would have frozen **nothing**: no budget fell that low on any of {of}."
    if min(days) == max(days) == pooled.judged_days:
        return f"{who} would have frozen releases on **every one** of {of}."
    if not any(days):
        return f"{who} would have rationed releases on **{_range(slow)}** of {of}."
    also = f", and rationed releases on {_range(slow)}" if any(slow) else ""
    return f"{who} would have frozen releases on **{_range(days)}** of {of}{also}."


def _who(pooled: PooledReplays) -> str:
    return f"The {name(pooled.policy.name)} freeze policy"


def _rule_words(policy: Policy) -> str:
    """What a policy does, in words."""
    window = "the window of each objective" if policy.window is None else f"{policy.window}"
    parts = [markdown(window)]
    if policy.freeze_below is not None:
        parts.append(f"frozen when {_less(policy.freeze_below)}")
    if policy.until == "slo":
        parts.append(f"until the last {wording.duration(policy.recent)} kept the target")
    elif policy.thaw_above is not None:
        parts.append(f"until {wording.percent(policy.thaw_above)} is back")
    if policy.slow_below is not None:
        ration = wording.plural(policy.slow_to or 0, "release")
        parts.append(f"{ration} a week when {_less(policy.slow_below)}")
    if not policy.acts:
        parts.append("delays nothing")
    return ", ".join(parts)


def _less(share: float) -> str:
    if not share:
        return "nothing is left"
    if share < 0:
        return f"it is overspent by more than {wording.percent(-share)}"
    return f"less than {wording.percent(share)} is left"


def held_sentence(pooled: PooledReplays | None) -> str:
    """How many deployments would have been held, for how long, and what went through."""
    if pooled is None:
        return NOTHING
    many = [len(total.held) for total in pooled.totals]
    if not any(many):
        return f"{_who(pooled)} would have delayed no deployment."
    of = wording.plural(pooled.deployments, "deployment")
    return (f"{_who(pooled)} would have delayed **{_range(many)} of {of}**{_how_long(pooled)}"
            f"{_rest(pooled)}.")  # fmt: skip


def _how_long(pooled: PooledReplays) -> str:
    """Median delays, shorter reading first; nothing where it cannot be told."""
    known = [t.delay.value for t in pooled.totals if len(t.held)]
    if not known or any(value != value for value in known):
        return ", so many of them to the end of the data that no median can be given"
    low, high = (wording.roughly(value) for value in (min(known), max(known)))
    number, _, unit = low.partition(wording.NBSP)
    if high.endswith(f"{wording.NBSP}{unit}") and low != high:
        low = number  # 3 to 6 days
    return f", half of them by {low if low == high else f'{low} to {high}'} or more"


def _rest(pooled: PooledReplays) -> str:
    waits = sorted(total.fates.get("waiting", 0) for total in pooled.totals)
    fixes = sorted(total.fates.get("exempt", 0) for total in pooled.totals)
    batch = max(total.batch for total in pooled.totals)
    parts = []
    if waits[1]:
        parts.append(f"{_range(waits)} would still wait at the end")
    if batch > 1:
        parts.append(f"up to {batch} of one service would be released together")
    if fixes[1]:
        parts.append(f"{_fixes(*fixes)} not delayed")
    return f"; {wording.listing(parts)}" if parts else ""


def _fixes(low: int, high: int) -> str:
    return f"{_range([low, high])} {'fix' if high == 1 else 'fixes'}"


def saved_sentence(pooled: PooledReplays | None, *, replays: Results[PolicyReplay]) -> str:
    """Bad events avoided: only as the range over both readings, chance included."""
    if pooled is None:
        return NOTHING
    if not any(len(total.held) for total in pooled.totals):
        return f"{_who(pooled)} would have delayed nothing, so nothing would have been avoided."
    known = answers(replays)
    key = max(known, key=lambda key: known[key].avoided.saved_share.value)
    one = known[key]
    if one.avoided.saved.high <= 0:
        return "These delays would have avoided **no bad event**."
    write = wording.duration if key.unit == "seconds" else _whole
    of = "of bad time" if key.unit == "seconds" else f"bad {markdown(key.unit)}"
    text = (f"These delays would have avoided most for {name(key.name)}: "
            f"**{_range([one.low, one.high], write)}** of {write(one.bad)} {of}, chance included. "
            "The low end is for harm that only moves to the day of the release, the high end for "
            "harm that never comes")  # fmt: skip
    return (
        f"{text}." if one.avoided.saved.low > 0 else f"{text}. **Chance could explain all of it.**"
    )


def _whole(value: float) -> str:
    return wording.count(round(value))


def freezes_sentence(replays: Results[PolicyReplay]) -> str:
    """Which freeze was the longest, and which objective asked for it."""
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
    text = (f"If harm is only postponed, there would have been {many}. The longest: "
            f"{name(key.service)}, {wording.roughly(end - start)} from {wording.day(start)} "
            f"{until}, asked for by {name(key.name)}")  # fmt: skip
    best = one.avoided.frozen_days
    if best != one.postponed.frozen_days:
        return (f"{text}. If harm is avoided instead, {name(key.service)} would have been frozen "
                f"on {best} days instead of {one.postponed.frozen_days}.")  # fmt: skip
    return f"{text}."


def _asked(one: PolicyReplay, start: pd.Timestamp, end: pd.Timestamp) -> bool:
    """Whether this objective was the one that asked for the freeze."""
    days = one.postponed.days
    inside = (days["decided_at"] >= start) & (days["decided_at"] < end)
    return bool(days.loc[inside, "frozen"].iloc[0])


def days_table(replays: Results[PolicyReplay]) -> Table | None:
    """Each objective: frozen days, held, and bad events avoided, under both readings."""
    known = answers(replays)
    if not known:
        return None
    rows = [{
        "objective": key.name,
        "frozen": _range([o.frozen_days for o in one.outcomes]),
        "asked": _range([o.days["frozen"].sum() for o in one.outcomes]),
        "held": _range([len(o.held) for o in one.outcomes]),
        "bad": wording.amount(round(one.bad), key.unit),
        "avoided": _range([one.low, one.high], _whole), "sli": _levels(one, key),
    } for key, one in known.items()]  # fmt: skip
    return table(
        pd.DataFrame(rows), max_rows=30,
        caption="Replayed: what the freeze policy would have changed, per objective, harm avoided "
                "or only postponed: days its service would have been frozen, days this objective "
                "would have asked for that, deployments delayed, bad recorded and the range of bad "
                "avoided (chance included), share of good as recorded and at best",
        headers={"frozen": "frozen (replayed)", "asked": "asked for", "held": "delayed",
                 "bad": "bad recorded", "avoided": "bad avoided (range)",
                 "sli": "good recorded, at best"},
    )  # fmt: skip


def _levels(one: PolicyReplay, key: Indicator) -> str:
    levels = wording.percents([one.sli, max(o.sli for o in one.outcomes)], against=key.target)
    return levels[0] if levels[0] == levels[1] else f"{levels[0]} and {levels[1]}"


def held_table(pooled: PooledReplays | None, *, max_rows: int = 12) -> Table | None:
    """Deployments that would have been delayed longest."""
    if pooled is None or not len(pooled.postponed.held):
        return None
    rows = pooled.postponed.held.sort_values("delay", ascending=False, kind="stable")
    frame = pd.DataFrame({
        "deployment": [wording.label(text) for text in rows["deployment_id"]],
        "service": rows["service"], "came": rows["due_at"], "released": rows["released_at"],
        "delay": rows["delay"],
    })  # fmt: skip
    return table(frame, max_rows=max_rows, links={"deployment": rows["url"]},
                 caption="Replayed: deployments the freeze policy would have delayed longest, if "
                         "harm is only postponed (times UTC; – would still wait at the end)",
                 headers={"came": "requested", "released": "released (replayed)"})  # fmt: skip


def basis_sentences(pooled: PooledReplays | None, *, replays: Results[PolicyReplay]) -> list[str]:
    """What all this stands on: days judged, close decisions, how harm was told from chance."""
    if pooled is None:
        return [NOTHING]
    known = answers(replays)
    lines = [(f"{wording.percent(pooled.judged_days / pooled.days)} of "
              f"{wording.plural(pooled.days, _unit(pooled))} could be judged; before half of a "
              "window was seen, nothing is frozen.")]  # fmt: skip
    close = {key.service: [x for o in one.outcomes for x in (o.frozen.low, o.frozen.high)]
             for key, one in known.items()}  # fmt: skip
    parts = [f"{name(service)} {_range(ends)} days" for service, ends in close.items()
             if min(ends) != max(ends)]  # fmt: skip
    if parts:
        lines.append("Some replayed decisions were close: with other luck in the hours after "
                     f"releases, frozen days would run to {wording.listing(parts)}.")  # fmt: skip
    blind = [key.name for key, one in known.items() if one.avoided.saved.method == UNKNOWN]
    if blind:
        lines.append(f"For {names(blind)} hardly any hours lie clear of releases, so harm cannot "
                     "be told from what would have come anyhow; the bounds are nothing and "
                     "everything.")  # fmt: skip
    return lines


def inputs_sentence(*, deployments: pd.DataFrame, incidents: pd.DataFrame) -> str:
    """What the replay had to do without, and what it knows of fixes."""
    parts = []
    unknown = int(deployments["planned"].isna().sum()) if "planned" in deployments else 0
    if unknown:
        parts.append(f"Of {wording.plural(unknown, 'deployment')} it is not known whether they "
                     "were fixes; they count as planned and can be delayed.")  # fmt: skip
    if not len(incidents):
        parts.append("There are no incidents in the folder, so a deployment made during a running "
                     "outage counts as the cause of what followed. To add them, export "
                     f"{HOW_TO['incidents']}.")  # fmt: skip
    return " ".join(parts)


def _failed_sentence(replays: Results[PolicyReplay]) -> str:
    """Objectives that could not be replayed, each with the reason."""
    refused = refusal_reasons((key.name, error) for key, error in refusals(replays).items())
    return f"Not replayed: {'; '.join(f'{who}: {why}' for who, why in refused)}." if refused else ""


def _unit(pooled: PooledReplays) -> str:
    return "day" if pooled.services == 1 else "service-day"


def _range(values: Iterable[float], write: Callable[[float], str] = wording.count) -> str:
    """From the least to the most, or one number where they read the same."""
    low, high = write(min(values)), write(max(values))
    return low if low == high else f"{low} to {high}"


def policies_table(rows: pd.DataFrame, *, caption: str = "") -> Table | None:
    """Policies side by side."""
    if not len(rows):
        return None
    frame = pd.DataFrame({
        "policy": [f"{p} (in question)" if k == "current" else p
                   for p, k in zip(rows["policy"], rows["kind"], strict=True)],
        "frozen": _ranges(rows, "frozen_days"), "held": _ranges(rows, "held"),
        "delay": _ranges(rows, "deployment_days"), "batch": rows["batch"],
        "range": _spans(rows["low"], rows["high"]),
    })  # fmt: skip
    return table(
        frame, max_rows=30,
        caption=caption or "Replayed: freeze policies on the same history, all services together; "
                           "from harm avoided to only postponed",
        headers={"policy": "freeze policy", "frozen": "days frozen", "held": "deployments delayed",
                 "delay": "deployment-days of delay", "batch": "most released at once",
                 "range": "four-week budgets avoided (range, chance included)"},
    )  # fmt: skip


def _ranges(rows: pd.DataFrame, column: str) -> list[str]:
    pairs = rows[[column, f"{column}_best"]].round()
    return [_range(pair) for pair in pairs.to_numpy()]


def _spans(low: pd.Series, high: pd.Series) -> list[str]:
    return [f"{_number(a)} to {_number(b)}" for a, b in zip(low, high, strict=True)]


def frontier_sentence(rows: pd.DataFrame) -> str:
    """Whether another policy would avoid more for less."""
    if not len(rows):
        return NOTHING
    if not rows[["held", "held_best"]].to_numpy().any():
        return f"None of {len(rows)} freeze policies would have delayed a deployment."
    now = rows[rows["kind"] == "current"].iloc[0]
    cheaper = rows["deployment_days_best"] <= now["deployment_days_best"]
    others = rows["policy"] != now["policy"]
    better = rows[cheaper & others & (rows["avoided"] >= now["avoided"])]
    if now["front"] or not len(better):
        text = f"none would have avoided more than {name(now['policy'])} for no more delay"
    else:
        best = better.sort_values("avoided").iloc[-1]
        text = (f"{name(best['policy'])} would have avoided "
                f"{_number(best['avoided'])} four-week budgets against "
                f"{_number(now['avoided'])} of {name(now['policy'])}, for "
                f"{_number(best['deployment_days_best'])} against "
                f"{_number(now['deployment_days_best'])} deployment-days of delay")  # fmt: skip
    return (f"Of {len(rows)} freeze policies replayed, {text}, if harm is avoided. If harm is only "
            "postponed, each of them may have avoided nothing.")  # fmt: skip


def sensitivity_sentence(rows: pd.DataFrame) -> str:
    """How much the answer depends on window and threshold."""
    if not len(rows):
        return NOTHING
    days = rows[["frozen_days", "frozen_days_best"]].to_numpy()
    held = rows[["held", "held_best"]].to_numpy()
    text = (f"Replayed over {len(rows)} windows and thresholds, days frozen would run from "
            f"{days.min()} to {days.max()}, deployments delayed from {held.min()} to "
            f"{held.max()}")  # fmt: skip
    if not held.max():
        return f"{text}."
    return (f"{text}, and what is avoided at best from {_number(rows['avoided'].min())} to "
            f"{_number(rows['avoided'].max())} four-week budgets.")  # fmt: skip


def _number(value: float) -> str:
    """Two digits where they matter, whole from ten on."""
    return wording.count(round(value) if abs(value) >= 10 else round(value, 2) + 0.0)
