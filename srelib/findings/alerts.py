"""What notebook 03 says: what a policy told us about, how soon, and what it cost in pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.alerts.ready import OWN, ready_made
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, table
from srelib.findings.text import markdown, name, names
from srelib.indicators import Indicator, answered

NO_SLO = ("**No alert can be replayed, because no objective has data.** A burn rate is measured "
          "against a target; put a slos.yaml beside the exports (`srelib init DIR` writes a "
          "commented one).")  # fmt: skip
NOTHING = "No alert was replayed, so there is nothing to say here."
OFFICE = "Monday to Friday, 9 to 17 h"
_ZERO = pd.Timedelta(0)


def told_sentences(
    pooled: Any, *, replays: Mapping[Indicator, Any], policy: str = "", real: Any = None
) -> list[str]:
    """The answer of the notebook: told or not, how soon, at what price.

    Parameters
    ----------
    pooled : Pooled or None
        Of the policy in use; None where nothing could be replayed.
    replays : mapping of Indicator to Replay
        Or the errors in their place.
    policy : str
        The policy as somebody wrote it, to be said where it has no name.
    real : Recorded, optional
        What the alerts on record told.

    Returns
    -------
    list of str
        Markdown; the first is the bottom line.
    """
    if pooled is None:
        why = failed_sentence(replays)
        return [f"**No alert could be replayed.** {why}"] if why else [NO_SLO]
    if not len(pooled.events):
        what = _noun(pooled)
        lines = [f"There was **nothing to tell about**: no {what} in {_weeks(pooled)}."]
    else:
        lines = [_recall(pooled, policy), missed_sentence(pooled), spent_sentence(pooled)]
    lines += [pages_sentence(pooled), recorded_sentence(real), failed_sentence(replays)]
    return [line for line in lines if line]


def _recall(pooled: Any, policy: str) -> str:
    told, of = int(pooled.events["caught"].sum()), wording.plural(len(pooled.events), _noun(pooled))
    own = f"Your policy ({name(policy, limit=200)})" if policy else "Your policy"
    who = own if pooled.policy == OWN else f"The {name(pooled.policy)} policy"
    share = _share(pooled.recall)
    if not told:
        return f"{who} told us about **none** of {of} ({share})."
    return f"{who} told us about **{told} of {of}** ({share}), {_half(pooled)}."


def _half(pooled: Any) -> str:
    """How soon half of what was told about was told."""
    if not pooled.detection_seconds.value > 0:
        return "half of those no later than the start"
    return f"half of those within {_about(pooled.detection_seconds.value)} of the start"


def missed_sentence(pooled: Any) -> str:
    """What no page told about, and whether it mattered, by name.

    Parameters
    ----------
    pooled : Pooled

    Returns
    -------
    str
        Markdown.
    """
    missed, line = pooled.missed, wording.percent(pooled.share)
    if not len(missed):
        return "It missed nothing." if len(pooled.events) else ""
    big = missed[missed["spent"] >= pooled.share]
    if not len(big):
        return (f"It missed {len(missed)}, none of which spent {line} of a budget: "
                f"{_listed(missed, limit=3)}.")  # fmt: skip
    if len(big) == len(missed):
        return f"It missed {len(missed)}, each at least {line} of a budget: {_listed(big)}."
    return (f"It missed {len(missed)}, **{len(big)} of them {line} of a budget or more**: "
            f"{_listed(big)}.")  # fmt: skip


def _listed(rows: pd.DataFrame, *, limit: int = 4) -> str:
    parts = [f"{_event(row)} ({wording.percent(row['spent'])})" for _, row in rows.iterrows()]
    return wording.listing(parts, limit=limit)


def _event(row: pd.Series) -> str:
    day = f"{row['starts_at'].day}{wording.NBSP}{row['starts_at'].month_name()}"
    if row["label"].startswith(f"{row['starts_at']:%Y-%m-%d}"):
        return f"{name(row['objective'])}, {day}"
    return f"{name(row['label'])}, {markdown(row['service'])}, {day}"


def spent_sentence(pooled: Any) -> str:
    """How much budget was gone when the first page came.

    Parameters
    ----------
    pooled : Pooled

    Returns
    -------
    str
        Markdown.
    """
    spent = pooled.spent_at_detection
    if spent.value != spent.value:
        return ""
    interval = _interval(wording.percents([spent.low, spent.high]))
    return (f"By the first {markdown(pooled.severity)}, or by its end where none came, half of "
            f"what happened had spent at most {wording.percent(spent.value)} of the budget of a "
            f"period{interval}.")  # fmt: skip


def pages_sentence(pooled: Any) -> str:
    """What the pages cost: how many, how many for nothing, and how many out of hours.

    Parameters
    ----------
    pooled : Pooled

    Returns
    -------
    str
        Markdown.
    """
    kind, n = markdown(pooled.severity), len(pooled.pages)
    fleet = wording.plural(pooled.objectives, "objective")
    if not n:
        return f"It sent **no {kind}s** in {_weeks(pooled)}, over {fleet}."
    per = pooled.pages_per_week
    low, high = (_number(x) for x in (per.low, per.high))
    text = (f"It sent **{_number(per.value)} {kind}s a week** (95{wording.NBSP}% interval {low} to "
            f"{high}; {n} in {_weeks(pooled)}, over {fleet})")  # fmt: skip
    told = wording.percent(pooled.precision.value)
    out = wording.percent(pooled.out_of_hours.value)
    return (f"{text}; {told} of them told about one of these {_noun(pooled)}s, {out} came out of "
            "office hours.")  # fmt: skip


def false_sentence(pooled: Any) -> str:
    """Pages that told about nothing on record, and whether the budget burned all the same.

    Parameters
    ----------
    pooled : Pooled or None

    Returns
    -------
    str
        Markdown.
    """
    if pooled is None:
        return NOTHING
    if not len(pooled.pages):
        return "Nothing fired, so nothing was a false alarm."
    false = pooled.pages[pooled.pages["key"].isna()]
    kind, line = markdown(pooled.severity), wording.percent(pooled.share)
    precision = _share(pooled.precision)
    told = len(pooled.pages) - len(false)
    text = f"{told} of {wording.plural(len(pooled.pages), kind)} told about something ({precision})"
    if not len(false):
        return f"{text}."
    by = false["objective"].value_counts()
    who = name(by.index[0])
    if len(by) == 1:
        most = f"the other{'s' if len(false) > 1 else ''} came from {who}"
    else:
        most = f"of the others, most came from {who} ({by.iloc[0]} of {len(false)})"
    burning = int(false["burning"].fillna(False).sum())
    if pooled.truth != "incidents" or not burning:
        return f"{text}; {most}."
    if burning == 1:
        return (f"{text}; {most}. **1 was no false alarm**: it fell into a span that spent at "
                f"least {line} of a budget, and no incident records that.")  # fmt: skip
    return (f"{text}; {most}. **{burning} of these {len(false)} were no false alarms**: they fell "
            f"into spans that spent at least {line} of a budget, and no incident records those."
            )  # fmt: skip


def truth_sentence(pooled: Any, *, truth: str) -> str:
    """What the pages are scored against, and why.

    Parameters
    ----------
    pooled : Pooled or None
    truth : str
        What was asked for: 'incidents' or 'budget'.

    Returns
    -------
    str
        Markdown.
    """
    if pooled is None:
        return NOTHING
    if pooled.truth == "incidents":
        n = wording.plural(len(pooled.events), "incident")
        return (f"Scored against {n} on record. People write incidents down late, or not at all; "
                "set `truth` to `budget` to score against the data itself.")  # fmt: skip
    events = wording.plural(len(pooled.events), "span")
    text = (f"Scored against {events} of time that spent at least {wording.percent(pooled.share)} "
            "of the budget of a period.")  # fmt: skip
    if truth == "incidents":
        return f"There are no incidents in the folder. {text} To add them, {HOW_TO['incidents']}."
    return text


def failed_sentence(replays: Mapping[Indicator, Any]) -> str:
    """Objectives that could not be replayed, each with the reason.

    Parameters
    ----------
    replays : mapping of Indicator to Replay
        Or the errors in their place.

    Returns
    -------
    str
        Markdown; empty where all could.
    """
    known = answered(replays)
    reasons: dict[str, list[str]] = {}
    for key, error in replays.items():
        if key not in known:
            reasons.setdefault(markdown(error, limit=400).rstrip("."), []).append(key.name)
    parts = [f"{names(who)}: {why}" for why, who in reasons.items()]
    return f"Not replayed: {'; '.join(parts)}." if parts else ""


def review_sentences(reviews: Mapping[Indicator, Any], *, severity: str) -> list[str]:
    """Rules that cannot do their job on this data: unreachable, blind, set off by one failure.

    Parameters
    ----------
    reviews : mapping of Indicator to DataFrame
        Results of `srelib.alerts.review`.
    severity : str
        Of the rules that count.

    Returns
    -------
    list of str
        Markdown.
    """
    rows = _rules(reviews, severity)
    if not len(rows):
        return ["There are no rules to look at."]
    kinds = (
        (~rows["reachable"], "**Unreachable**, not even a total outage fires it:"),
        (rows["blind"], "**Blind** and left out, a window is shorter than a bucket of the data:"),
        (rows["too_long"] & ~rows["blind"],
         "**Too long** and left out, it looks back further than the history:"),
        (rows["one_failure_fires"] & ~rows["blind"],
         "**One failure is enough** at average traffic:"),
    )  # fmt: skip
    found = [f"{text} {_places(rows[mask])}." for mask, text in kinds if mask.any()]
    if found:
        return found
    which = wording.plural(len(reviews), "objective")
    return [f"Every {markdown(severity)} rule can fire, sees the data and needs more than one "
            f"failure, on {which}."]  # fmt: skip


def _rules(reviews: Mapping[Indicator, Any], severity: str) -> pd.DataFrame:
    parts = [r.assign(objective=key.name) for key, r in answered(reviews).items()]
    if not parts:
        return pd.DataFrame()
    rows = pd.concat(parts, ignore_index=True)
    return rows[rows["severity"] == severity]


def _places(rows: pd.DataFrame) -> str:
    """Rules of each objective, objectives with the same rules together."""
    of: dict[str, list[str]] = {}
    for objective, part in rows.groupby("objective", sort=False):
        rules = wording.listing([_rule(rule) for rule in part["rule"]])
        of.setdefault(rules, []).append(str(objective))
    return "; ".join(f"{rules} of {names(who)}" for rules, who in of.items())


def _rule(rule: Any) -> str:
    windows = " and ".join(wording.duration(window) for window in rule.windows)
    return f"the {rule.factor:.4g}x rule over {windows}"


def rules_table(reviews: Mapping[Indicator, Any], *, severity: str) -> Table | None:
    """What each rule needs to fire, per objective.

    Parameters
    ----------
    reviews : mapping of Indicator to DataFrame
        Results of `srelib.alerts.review`.
    severity : str
        Of the rules that count.

    Returns
    -------
    Table or None
        None without rules.
    """
    rows = _rules(reviews, severity)
    if not len(rows):
        return None
    frame = pd.DataFrame({
        "objective": rows["objective"],
        "rule": [_rule(rule).removeprefix("the ").replace(" rule", "") for rule in rows["rule"]],
        "traffic": rows["events_in_long"], "needed": rows["failures_to_fire"],
        "outage": [_in_outage(*pair)
                   for pair in zip(rows["on_paper"], rows["replayed"], strict=True)],
        "on this data": ["blind" if b else "too long" if t else "replayed"
                         for b, t in zip(rows["blind"], rows["too_long"], strict=True)],
    })  # fmt: skip
    return table(frame, caption="What it takes to fire each rule, at average traffic", max_rows=24,
                 headers={"traffic": "events in its long window",
                          "needed": "bad events that fire it",
                          "outage": "a total outage fires it after"})  # fmt: skip


def _in_outage(paper: Any, replayed: Any) -> str:
    """How soon a rule fires in a total outage, on paper and in buckets of the data."""
    if pd.isna(paper):
        return "never"
    seen = "" if pd.isna(replayed) else f", replayed {wording.duration(replayed)}"
    return f"{wording.duration(paper)} on paper{seen}"


def events_table(pooled: Any, *, max_rows: int = 15) -> Table | None:
    """What happened, dearest first, and when the first page came.

    Parameters
    ----------
    pooled : Pooled or None
    max_rows : int
        Most rows shown.

    Returns
    -------
    Table or None
        None where nothing happened.
    """
    if pooled is None or not len(pooled.events):
        return None
    rows = pooled.events.sort_values("spent", ascending=False, kind="stable")
    frame = pd.DataFrame({
        "what": [wording.label(text, limit=44) for text in rows["label"]],
        "objective": rows["objective"], "from": rows["starts_at"],
        "first": [_about(x) if told else "never"
                  for x, told in zip(rows["detection"].tolist(), rows["caught"], strict=True)],
        "by_then": rows["spent_at_detection"], "spent": rows["spent"],
    })  # fmt: skip
    kind = pooled.severity
    return table(frame, caption=f"What happened, dearest first (times UTC; shares of the budget of "
                 f"a period; without a {kind}, spent by then is all)", max_rows=max_rows,
                 formats={"by_then": wording.percent, "spent": wording.percent},
                 headers={"first": f"first {kind} after", "by_then": "spent by then",
                          "spent": "spent in all"})  # fmt: skip


def detection_sentence(pooled: Any) -> str:
    """Whether what hurt most was told soonest.

    Parameters
    ----------
    pooled : Pooled or None

    Returns
    -------
    str
        Markdown.
    """
    if pooled is None:
        return NOTHING
    if not len(pooled.events):
        return "Nothing happened that could have been told in time or late."
    big = pooled.events[pooled.events["spent"] >= pooled.share]
    line = wording.percent(pooled.share)
    if not len(big):
        return f"Nothing spent {line} of a budget, so no {_noun(pooled)} needed anybody at once."
    told = big[big["caught"]]
    text = (f"Of {wording.plural(len(big), _noun(pooled))} that spent at least {line} of a budget, "
            f"{len(told) or 'none'} {'was' if len(told) == 1 else 'were'} told about")  # fmt: skip
    if not len(told):
        return f"{text}."
    half = _about(told["detection"].median())
    slow = told.loc[told["spent_at_detection"].idxmax()]
    return (f"{text}, half of those within {half}. The dearest wait: {_event(slow)}, "
            f"{_about(slow['detection'])} and {wording.percent(slow['spent_at_detection'])} of the "
            "budget until anybody knew.")  # fmt: skip


def hours_sentence(pooled: Any, *, timezone: str) -> str:
    """Who was woken: the share of pages outside office hours, and the busiest hour.

    Parameters
    ----------
    pooled : Pooled or None
    timezone : str
        IANA zone of the people who are paged.

    Returns
    -------
    str
        Markdown.
    """
    if pooled is None:
        return NOTHING
    if not len(pooled.pages):
        return "Nobody was woken: nothing fired."
    share = _share(pooled.out_of_hours)
    local = pooled.pages["fired_at"].dt.tz_convert(timezone)
    night = int(((local.dt.hour < 7) | (local.dt.hour >= 23)).sum())
    n = wording.plural(len(local), markdown(pooled.severity))
    out = int(pooled.pages["out_of_hours"].sum())
    return (f"{out} of {n} came outside office hours ({OFFICE}, {markdown(timezone)}; {share}), "
            f"{night or 'none'} of them between 23 and 7 h. Spread evenly over the week, "
            f"{wording.percent(1 - 40 / 168)} would.")  # fmt: skip


def compare_table(found: Mapping[str, Any]) -> Table | None:
    """Ready-made policies side by side on the same history.

    Parameters
    ----------
    found : mapping of str to Pooled
        As from `srelib.alerts.fleet.side_by_side`.

    Returns
    -------
    Table or None
        None without policies.
    """
    if not found:
        return None
    rows = [{"policy": policy, "told": _of(p.recall), "useful": _of(p.precision),
             "week": _number(p.pages_per_week.value),
             "first": _about(p.detection_seconds.value),
             "spent": wording.percent(p.spent_at_detection.value),
             "out": wording.percent(p.out_of_hours.value)}
            for policy, p in found.items()]  # fmt: skip
    one = next(iter(found.values()))
    kind = one.severity
    real = "; recorded: what really fired" if "recorded" in found else ""
    return table(pd.DataFrame(rows), max_rows=20,
                 caption="Policies on the same history, the one in use first; medians; numbered: "
                         f"the Workbook's own earlier attempts{real}",
                 headers={"told": f"{_noun(one)}s told about", "useful": f"{kind}s that told",
                          "week": f"{kind}s a week", "first": f"first {kind} after",
                          "spent": "budget spent by then", "out": "out of hours"})  # fmt: skip


def recorded_sentence(real: Any) -> str:
    """What the alerts that really fired told us.

    Parameters
    ----------
    real : Recorded or None

    Returns
    -------
    str
        Markdown; empty without alerts on record that count.
    """
    if real is None or real.pooled is None:
        return ""
    one = real.pooled
    kinds = wording.plural(len(one.pages), markdown(one.severity))
    per = _number(one.pages_per_week.value)
    if not len(one.events):
        return f"The {kinds} on record ({per} a week) had nothing to tell about."
    told, of = int(one.events["caught"].sum()), wording.plural(len(one.events), _noun(one))
    half = f", {_half(one)}" if told else ""
    return (f"The {kinds} that **really fired** ({per} a week) told us about **{told or 'none'} of "
            f"{of}** ({_share(one.recall)}){half}.")  # fmt: skip


def recorded_sentences(real: Any, found: Mapping[str, Any], *, severity: str) -> list[str]:
    """The alerts that really fired, beside the replay of the policy in use.

    Parameters
    ----------
    real : Recorded or None
    found : mapping of str to Pooled
        As from `srelib.alerts.fleet.side_by_side`.
    severity : str
        Of the rules that count.

    Returns
    -------
    list of str
        Markdown; without alerts on record how to get them, nothing where nothing was replayed.
    """
    if not found:
        return []
    if real is None:
        return ["There are no alerts in the folder, so what really fired is not compared. To add "
                f"them, put {HOW_TO['alerts']} beside the rest."]  # fmt: skip
    if real.pooled is None:
        return [f"No alert on record has the severity {name(severity)}, so what really fired is "
                f"not compared; there are {names(real.others)}."]  # fmt: skip
    current = next(iter(found.values()))
    lines = [_against(real.pooled, current), _sooner(real.pooled, current), _record(real, current)]
    return [line for line in lines if line]


def _against(one: Any, current: Any) -> str:
    """What the alerts on record told and missed, beside the policy in use."""
    seen, known = _caught(one), _caught(current)
    lost, won = known - seen, seen - known
    who, policy = f"**What really fired** ({_rate(one)})", name(current.policy)
    if not lost and not won:
        return f"{who} told about the same {_noun(one)}s as {policy} replayed ({_rate(current)})."
    parts = []
    if lost:
        parts.append(f"missed {len(lost)} that {policy} would have told about"
                     f" ({_dearest(one, lost)})")  # fmt: skip
    if won:
        parts.append(f"told about {len(won)} that {policy} would have missed"
                     f" ({_dearest(one, won)})")  # fmt: skip
    return f"{who} {' and '.join(parts)}."


def _rate(one: Any) -> str:
    return f"{_number(one.pages_per_week.value)} {markdown(one.severity)}s a week"


def _sooner(one: Any, current: Any) -> str:
    """Whether the alerts on record came sooner, of what both told about."""
    rows = [p.events.set_index(["objective", "key"])["detected_at"] for p in (one, current)]
    later = (rows[0] - rows[1].reindex(rows[0].index)).dropna()
    if not len(later):
        return ""
    first, last = int((later < _ZERO).sum()), int((later > _ZERO).sum())
    middle = later.median()
    text = (f"Of {wording.plural(len(later), _noun(one))} that both told about, the alert on "
            f"record came first in {first or 'none'} and last in {last or 'none'}")  # fmt: skip
    if middle == _ZERO:
        return f"{text}; at the median neither came first."
    order = "later" if middle > _ZERO else "sooner"
    return f"{text}; at the median {_about(abs(middle))} {order}."


def _record(real: Any, current: Any) -> str:
    """What the record itself leaves open."""
    parts = []
    kind = current.severity.lower()
    if not real.severities:
        parts.append("no alert on record has a severity, so all of them count")
    elif {name.strip().lower() for name in real.severities} != {kind}:
        parts.append(f"{names(real.severities)} is taken for {name(current.severity)}")
    if real.silent:
        parts.append(f"there is no alert of {names(real.silent)} on record, for whatever reason")
    for which, verb, time in (("first", "begins", real.begins), ("last", "ends", real.ends)):
        if time is not None:
            parts.append(f"the {which} alert on record is of {time.day}{wording.NBSP}"
                         f"{time.month_name()}, perhaps because the export {verb} there"
                         )  # fmt: skip
    return f"Mind that {'; '.join(parts)}." if parts else ""


def _of(estimate: Any) -> str:
    if not estimate.n:
        return "–"
    return f"{wording.percent(estimate.value)} of {wording.count(estimate.n)}"


def compare_sentences(found: Mapping[str, Any]) -> list[str]:
    """What each ready-made policy missed, beside the one in use.

    Parameters
    ----------
    found : mapping of str to Pooled

    Returns
    -------
    list of str
        Markdown, one per policy.
    """
    if not found:
        return [NOTHING]
    first, *others = found
    seen = {policy: _caught(p) for policy, p in found.items()}
    lines = [_beside(found[policy], seen[policy], found[first], seen[first]) for policy in others]
    left_out = [policy for policy in ready_made("28d") if policy not in found]
    if left_out:
        lines.append(f"Not replayed on every objective, so not compared: {names(left_out)}.")
    return lines


def _caught(pooled: Any) -> set[tuple[str, str]]:
    rows = pooled.events[pooled.events["caught"]]
    return set(zip(rows["objective"], rows["key"], strict=True))


def _beside(one: Any, seen: set[Any], current: Any, known: set[Any]) -> str:
    pages = f"{_number(one.pages_per_week.value)} {markdown(one.severity)}s a week"
    lost, won = known - seen, seen - known
    who = name(one.policy)
    if not lost and not won:
        return f"{who} ({pages}) tells about the same {_noun(one)}s as {name(current.policy)}."
    parts = []
    if lost:
        parts.append(f"misses {len(lost)} that {name(current.policy)} tells about"
                     f" ({_dearest(one, lost)})")  # fmt: skip
    if won:
        parts.append(f"tells about {len(won)} that {name(current.policy)} misses"
                     f" ({_dearest(one, won)})")  # fmt: skip
    return f"{who} ({pages}) {' and '.join(parts)}."


def _dearest(pooled: Any, keys: set[Any]) -> str:
    rows = pooled.events.sort_values("spent", ascending=False, kind="stable")
    kept = [pair in keys for pair in zip(rows["objective"], rows["key"], strict=True)]
    top = rows[kept].iloc[0]
    lead = "" if len(keys) == 1 else "dearest: "
    return f"{lead}{_event(top)}, {wording.percent(top['spent'])}"


def front_sentence(front: pd.DataFrame | None, *, severity: str) -> str:
    """Whether another policy would do better, chosen early and tested late.

    Parameters
    ----------
    front : DataFrame or None
        As from `srelib.alerts.fleet.front`.
    severity : str

    Returns
    -------
    str
        Markdown.
    """
    if front is None:
        return NOTHING
    if not len(front):
        return "One half of the history holds nothing to tell about, so no policy can be chosen."
    now = front[front["kind"] == "current"].iloc[0]
    best = front[front["chosen"]].iloc[0]
    tried = f"Of {len(front)} policies tried on the first half"
    if best["policy"] == now["policy"]:
        return (f"{tried}, none spends less before anybody knows for as few {markdown(severity)}s "
                f"as {name(now['policy'])}.")  # fmt: skip
    early, late = (_trade(best, now, part, severity) for part in ("chosen_on", "tested_on"))
    lasts = "**It lasts**" if _is_better(best, now) else "**It does not last**"
    return (f"{tried}, {name(best['policy'])} does best for no more {markdown(severity)}s than "
            f"{name(now['policy'])}: {early}. {lasts} on the second half: {late}.")  # fmt: skip


def _is_better(best: Any, now: Any) -> bool:
    pages = best["pages_per_week_tested_on"] - now["pages_per_week_tested_on"]
    spent = best["spent_tested_on"] - now["spent_tested_on"]
    return bool(pages <= 0 and spent <= 0 and (pages < 0 or spent < 0))


def _trade(best: Any, now: Any, part: str, severity: str) -> str:
    pages = [_number(row[f"pages_per_week_{part}"]) for row in (best, now)]
    spent = wording.percents([row[f"spent_{part}"] for row in (best, now)])
    gone = f"{spent[0]} against {spent[1]}" if spent[0] != spent[1] else f"{spent[0]} with either"
    n = int(best[f"events_{part}"])
    return (f"{pages[0]} against {pages[1]} {markdown(severity)}s a week, {gone} of a budget spent "
            f"before anybody knew (n = {n})")  # fmt: skip


def basis_sentence(pooled: Any) -> str:
    """How many events and pages all this stands on.

    Parameters
    ----------
    pooled : Pooled or None

    Returns
    -------
    str
        Markdown.
    """
    if pooled is None:
        return NOTHING
    what, kind = wording.plural(len(pooled.events), _noun(pooled)), markdown(pooled.severity)
    text = (f"All of this stands on {what} and {wording.plural(len(pooled.pages), kind)} in "
            f"{_weeks(pooled)}")  # fmt: skip
    if pooled.recall.n and pooled.recall.high - pooled.recall.low > 0.3:
        return f"{text}: too few to tell policies apart that differ by a few {_noun(pooled)}s."
    return f"{text}."


def _about(length: Any) -> str:
    """A length of time, to the minute from ten minutes on; none is at once."""
    if pd.isna(length):
        return wording.UNKNOWN
    length = length if isinstance(length, pd.Timedelta) else pd.Timedelta(length, "s")
    if length <= pd.Timedelta(0):
        return "0 min".replace(" ", wording.NBSP)
    return wording.duration(length.round("min") if length >= pd.Timedelta("10min") else length)


def _share(estimate: Any) -> str:
    value, low, high = wording.percents([estimate.value, estimate.low, estimate.high])
    return f"{value}, 95{wording.NBSP}% interval {low} to {high}"


def _interval(texts: list[str]) -> str:
    low, high = texts
    if wording.UNKNOWN in texts:
        return ""
    return f" (95{wording.NBSP}% interval {low} to {high})"


def _number(value: float) -> str:
    return wording.count(round(value, 1)) if value < 10 else wording.count(round(value))


def _noun(pooled: Any) -> str:
    return "incident" if pooled.truth == "incidents" else "budget event"


def _weeks(pooled: Any) -> str:
    return wording.plural(round(pooled.weeks, 1), "week")
