"""Sentences of notebook 03: what the policy in use and the alerts on record detected."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from srelib import wording
from srelib.alerts import AlertReplay, PooledAlerts, RecordedAlerts
from srelib.alerts.policies import OWN
from srelib.errors import SrelibError
from srelib.findings.finding import markdown, name, names, spent_by_incidents
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, refusal_reasons, table
from srelib.fleet import Indicator, refusals
from srelib.stats import Estimate

NOTHING = "No alert was replayed, so there is nothing to say here."
_ZERO = pd.Timedelta(0)
_INTERVAL = f"95{wording.NBSP}% interval"


def _median_detection(pooled: PooledAlerts) -> str:
    """How soon half of the events detected were detected."""
    if not pooled.detection_seconds.value > 0:
        return "half of those no later than the start"
    return f"half of those within {wording.wait(pooled.detection_seconds.value)} of the start"


def _share_text(estimate: Estimate) -> str:
    """A share with its interval."""
    value, low, high = wording.percents([estimate.value, estimate.low, estimate.high])
    return f"{value}, {_INTERVAL} {low} to {high}"


def _history_weeks(pooled: PooledAlerts) -> str:
    """Length of the history."""
    return wording.plural(round(pooled.weeks, 1), "week")


def _event_name(row: pd.Series) -> str:
    """An event by its title, service and day, or by its objective where it has no title."""
    day = f"{row['starts_at'].day}{wording.NBSP}{row['starts_at'].month_name()}"
    if row["label"].startswith(f"{row['starts_at']:%Y-%m-%d}"):
        return f"{name(row['objective'])}, {day}"
    return f"{name(row['label'])}, {markdown(row['service'])}, {day}"


def _detected_keys(pooled: PooledAlerts) -> set[tuple[str, str]]:
    """Events detected, by objective and key."""
    rows = pooled.events[pooled.events["detected"]]
    return set(zip(rows["objective"], rows["key"], strict=True))


PAST = ("missed", "told about", "would have told about", "would have missed")
NOW = ("misses", "tells about", "tells about", "misses")
"""What alerts on record, and another policy, do beside the policy in use."""


def _beside(
    who: str, one: PooledAlerts, current: PooledAlerts, verbs: tuple[str, ...], *, note: str = ""
) -> str:
    """What alerts detected and missed, beside the policy in use."""
    misses, tells, would_tell, would_miss = verbs
    seen, known, policy = _detected_keys(one), _detected_keys(current), name(current.policy)
    lost, won = known - seen, seen - known
    parts = []
    if lost:
        parts.append(f"{misses} {len(lost)} that {policy} {would_tell} ({_costliest(one, lost)})")
    if won:
        parts.append(f"{tells} {len(won)} that {policy} {would_miss} ({_costliest(one, won)})")
    same = f"{tells} the same {one.event_kind}s as {policy}{note}"
    return f"{who} ({_pages_a_week(one)}) {' and '.join(parts) or same}."


def _costliest(pooled: PooledAlerts, keys: set[tuple[str, str]]) -> str:
    """The event among these that spent most."""
    rows = pooled.events.sort_values("spent", ascending=False, kind="stable")
    kept = [pair in keys for pair in zip(rows["objective"], rows["key"], strict=True)]
    top = rows[kept].iloc[0]
    lead = "" if len(keys) == 1 else "dearest: "
    return f"{lead}{_event_name(top)}, {wording.percent(top['spent'])}"


def _pages_a_week(one: PooledAlerts) -> str:
    return f"{wording.rate(one.pages_per_week.value)} {markdown(one.severity)}s a week"


def _recorded_sentence(recorded: RecordedAlerts | None) -> str:
    """What the alerts that really fired detected."""
    if recorded is None or recorded.pooled is None:
        return ""
    one = recorded.pooled
    kinds = wording.plural(len(one.pages), markdown(one.severity))
    per = wording.rate(one.pages_per_week.value)
    if not len(one.events):
        return f"The {kinds} on record ({per} a week) had nothing to tell about."
    of = wording.plural(len(one.events), one.event_kind)
    detected = int(one.events["detected"].sum())
    when = f", {_median_detection(one)}" if detected else ""
    return (f"The {kinds} that **really fired** ({per} a week) detected "
            f"**{detected or 'none'} of {of}** ({_share_text(one.recall)}){when}.")  # fmt: skip


def recorded_sentences(
    recorded: RecordedAlerts | None, found: Mapping[str, PooledAlerts] | None, *, severity: str
) -> list[str]:
    """The alerts that really fired, beside the replay of the policy in use.

    Parameters
    ----------
    recorded : RecordedAlerts or None
        Without alerts on record, how to get them is said.
    found : mapping of str to PooledAlerts, or None
        As from `srelib.alerts.compare`.
    severity : str
        Of the rules that count.
    """
    if not found:
        return []
    if recorded is None:
        return ["There are no alerts in the folder, so what really fired is not compared. To add "
                f"them, put {HOW_TO['alerts']} beside the rest."]  # fmt: skip
    if recorded.unclear:
        return [f"Whether alerts of severity {names(recorded.unclear)} page somebody is not known, "
                "so what really fired is not compared. Say it with values.severity in "
                "sources.toml; `srelib check` writes the line."]  # fmt: skip
    if recorded.pooled is None:
        there = f"; there are {names(recorded.others)}" if recorded.others else ""
        return [f"No alert on record has the severity {name(severity)}, so what really fired is "
                f"not compared{there}."]  # fmt: skip
    one, current = recorded.pooled, next(iter(found.values()))
    lines = [
        _beside("**What really fired**", one, current, PAST,
                note=f" replayed ({_pages_a_week(current)})"),
        _which_came_first(one, current),
        _record_limits(recorded, current),
    ]  # fmt: skip
    return [line for line in lines if line]


def _which_came_first(one: PooledAlerts, current: PooledAlerts) -> str:
    """Whether the alerts on record came sooner, of what both detected."""
    rows = [p.events.set_index(["objective", "key"])["detected_at"] for p in (one, current)]
    later = (rows[0] - rows[1].reindex(rows[0].index)).dropna()
    if not len(later):
        return ""
    first, last = int((later < _ZERO).sum()), int((later > _ZERO).sum())
    middle = pd.Timedelta(later.median())
    text = (f"Of {wording.plural(len(later), one.event_kind)} that both told about, the alert on "
            f"record came first in {first or 'none'} and last in {last or 'none'}")  # fmt: skip
    if middle == _ZERO:
        return f"{text}; at the median neither came first."
    order = "later" if middle > _ZERO else "sooner"
    return f"{text}; at the median {wording.wait(abs(middle))} {order}."


def _record_limits(recorded: RecordedAlerts, current: PooledAlerts) -> str:
    """What the record itself leaves open."""
    parts = []
    same = current.severity.strip().lower()
    taken = [one for one in recorded.severities if one.strip().lower() != same]
    if not recorded.severities:
        parts.append("no alert on record has a severity, so all of them count")
    elif taken:
        verb = "is" if len(taken) == 1 else "are"
        parts.append(f"{names(taken)} {verb} taken for {name(current.severity)}")
    if recorded.silent:
        silent = names(recorded.silent)
        parts.append(f"there is no alert of {silent} on record, for whatever reason")
    limits = (("first", "begins", recorded.begins), ("last", "ends", recorded.ends))
    for which, verb, time in limits:
        if time is not None:
            day = f"{time.day}{wording.NBSP}{time.month_name()}"
            parts.append(f"the {which} alert on record is of {day}, perhaps because the export "
                         f"{verb} there")  # fmt: skip
    return f"Mind that {'; '.join(parts)}." if parts else ""


NO_SLO = ("**No alert can be replayed, because no objective has data.** A burn rate is measured "
          "against a target; put a slos.yaml beside the exports (`srelib init DIR` writes a "
          "commented one).")  # fmt: skip


def summary_sentences(
    pooled: PooledAlerts | None,
    *,
    replays: Mapping[Indicator, AlertReplay | SrelibError],
    policy: str = "",
    recorded: RecordedAlerts | None = None,
) -> list[str]:
    """The answer of the notebook: detected or not, how soon, at what price.

    Parameters
    ----------
    pooled : PooledAlerts or None
        Of the policy in use; None where nothing could be replayed.
    replays : mapping of Indicator to AlertReplay
        Or the errors in their place.
    policy : str
        The policy as somebody wrote it, to be said where it has no name.
    recorded : RecordedAlerts, optional
        What the alerts on record detected.
    """
    if pooled is None:
        why = _failed_sentence(replays)
        return [f"**No alert could be replayed.** {why}"] if why else [NO_SLO]
    lines = [_recorded_sentence(recorded)]
    if len(pooled.events):
        lines += [_recall_sentence(pooled, policy), _missed_sentence(pooled)]
        lines.append(_spent_sentence(pooled))
    else:
        lines.append(f"There was **nothing to tell about**: no {pooled.event_kind} in "
                     f"{_history_weeks(pooled)}.")  # fmt: skip
    lines += [_pages_sentence(pooled), _failed_sentence(replays)]
    return [line for line in lines if line]


def _recall_sentence(pooled: PooledAlerts, policy: str) -> str:
    of = wording.plural(len(pooled.events), pooled.event_kind)
    detected = int(pooled.events["detected"].sum())
    own = f"Your alert policy ({name(policy, limit=200)})" if policy else "Your alert policy"
    who = own if pooled.policy == OWN else f"The {name(pooled.policy)} alert policy"
    recall = _share_text(pooled.recall)
    if not detected:
        return f"{who}, replayed, would have detected **none** of {of} ({recall})."
    return (f"{who}, replayed, would have detected **{detected} of {of}** ({recall}), "
            f"{_median_detection(pooled)}.")  # fmt: skip


def _missed_sentence(pooled: PooledAlerts) -> str:
    """What no page detected, and whether it mattered, by name."""
    missed, line = pooled.missed, wording.percent(pooled.share)
    big = missed[missed["spent"] >= pooled.share]
    if not len(missed):
        return "It would have missed nothing."
    if not len(big):
        return (f"It would have missed {len(missed)}, none of which spent {line} of a budget: "
                f"{_priced_events(missed, limit=3)}.")  # fmt: skip
    if len(big) == len(missed):
        return (f"It would have missed {len(missed)}, each at least {line} of a budget: "
                f"{_priced_events(big)}.")  # fmt: skip
    return (f"It would have missed {len(missed)}, **{len(big)} of them {line} of a budget or "
            f"more**: {_priced_events(big)}.")  # fmt: skip


def _priced_events(rows: pd.DataFrame, *, limit: int = 4) -> str:
    parts = [f"{_event_name(row)} ({wording.percent(row['spent'])})" for _, row in rows.iterrows()]
    return wording.listing(parts, limit=limit)


def _spent_sentence(pooled: PooledAlerts) -> str:
    """How much budget was gone when the first page came."""
    spent = pooled.spent_at_detection
    if spent.value != spent.value:
        return ""
    low, high = wording.percents([spent.low, spent.high])
    around = f" ({_INTERVAL} {low} to {high})" if wording.UNKNOWN not in (low, high) else ""
    return (f"By the first {markdown(pooled.severity)}, or by its end where none came, half of "
            f"what happened had spent at most {wording.percent(spent.value)} of the budget of a "
            f"period{around}.")  # fmt: skip


def _pages_sentence(pooled: PooledAlerts) -> str:
    """What the pages cost: how many, how many for nothing, and how many out of hours."""
    kind, n = markdown(pooled.severity), len(pooled.pages)
    fleet = wording.plural(pooled.objectives, "objective")
    if not n:
        return f"It would have sent **no {kind}s** in {_history_weeks(pooled)}, over {fleet}."
    per = pooled.pages_per_week
    low, high = (wording.rate(x) for x in (per.low, per.high))
    text = (f"It would have sent **{wording.rate(per.value)} {kind}s a week** ({_INTERVAL} "
            f"{low} to {high}; {n} in {_history_weeks(pooled)}, over {fleet})")  # fmt: skip
    useful = wording.percent(pooled.precision.value)
    out = wording.percent(pooled.out_of_hours.value)
    return (f"{text}; {useful} of them told about one of these {pooled.event_kind}s, {out} came "
            "out of office hours.")  # fmt: skip


def _failed_sentence(replays: Mapping[Indicator, AlertReplay | SrelibError]) -> str:
    """Objectives that could not be replayed, each with the reason."""
    refused = refusal_reasons((key.name, error) for key, error in refusals(replays).items())
    return f"Not replayed: {'; '.join(f'{who}: {why}' for who, why in refused)}." if refused else ""


def truth_sentence(pooled: PooledAlerts | None, *, truth: str) -> str:
    """What the pages are scored against, and why.

    Parameters
    ----------
    pooled : PooledAlerts or None
    truth : {'incidents', 'budget'}
        What was asked for.
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


def basis_sentence(pooled: PooledAlerts | None) -> str:
    """How many events and pages all this stands on.

    Parameters
    ----------
    pooled : PooledAlerts or None
    """
    if pooled is None:
        return NOTHING
    what, kind = wording.plural(len(pooled.events), pooled.event_kind), markdown(pooled.severity)
    text = (f"All of this stands on {what} and {wording.plural(len(pooled.pages), kind)} in "
            f"{_history_weeks(pooled)}")  # fmt: skip
    if pooled.recall.n and pooled.recall.high - pooled.recall.low > 0.3:
        return f"{text}: too few to tell policies apart that differ by a few {pooled.event_kind}s."
    return f"{text}."


def false_sentence(pooled: PooledAlerts | None) -> str:
    """Pages that detected nothing on record, and whether the budget burned all the same.

    Parameters
    ----------
    pooled : PooledAlerts or None
    """
    if pooled is None:
        return NOTHING
    if not len(pooled.pages):
        return "Nothing fired, so nothing was a false alarm."
    false = pooled.false_pages
    kind, line = markdown(pooled.severity), wording.percent(pooled.share)
    useful, sent = len(pooled.pages) - len(false), wording.plural(len(pooled.pages), kind)
    text = f"{useful} of {sent} told about something ({_share_text(pooled.precision)})"
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


def events_table(pooled: PooledAlerts | None) -> Table | None:
    """What happened, costliest first, and when the first page came.

    Parameters
    ----------
    pooled : PooledAlerts or None
    """
    if pooled is None or not len(pooled.events):
        return None
    rows = pooled.events.sort_values("spent", ascending=False, kind="stable")
    frame = pd.DataFrame({
        "what": [wording.label(text, limit=44) for text in rows["label"]],
        "objective": rows["objective"], "from": rows["starts_at"],
        "first": [wording.wait(x) if seen else "never"
                  for x, seen in zip(rows["detection"].tolist(), rows["detected"], strict=True)],
        "by_then": rows["spent_at_detection"], "spent": rows["spent"],
    })  # fmt: skip
    kind = pooled.severity
    return table(frame, caption="What happened, costliest first (times UTC; shares of the "
                 f"budget of a window; without a {kind}, spent by then is all)", max_rows=15,
                 formats={"by_then": wording.percent, "spent": wording.percent},
                 headers={"first": f"first {kind} after", "by_then": "spent by then",
                          "spent": "spent in all"}).stating(
        spent_by_incidents(rows, incident="key", share="spent") * (pooled.truth == "incidents")
    )  # fmt: skip


def detection_sentence(pooled: PooledAlerts | None) -> str:
    """Whether what hurt most was detected soonest.

    Parameters
    ----------
    pooled : PooledAlerts or None
    """
    if pooled is None:
        return NOTHING
    if not len(pooled.events):
        return "Nothing happened that could have been told in time or late."
    big = pooled.events[pooled.events["spent"] >= pooled.share]
    line, what = wording.percent(pooled.share), pooled.event_kind
    if not len(big):
        return f"Nothing spent {line} of a budget, so no {what} needed anybody at once."
    detected = big[big["detected"]]
    text = (f"Of {wording.plural(len(big), what)} that spent at least {line} of a budget, "
            f"{len(detected) or 'none'} {'was' if len(detected) == 1 else 'were'} "
            "told about")  # fmt: skip
    if not len(detected):
        return f"{text}."
    middle = wording.wait(detected["detection"].median())
    slow = detected.sort_values("spent_at_detection", ascending=False, kind="stable").iloc[0]
    wait = wording.wait(slow["detection"])
    return (f"{text}, half of those within {middle}. The dearest wait: {_event_name(slow)}, "
            f"{wait} and {wording.percent(slow['spent_at_detection'])} of the budget until "
            "anybody knew.")  # fmt: skip


def hours_sentence(pooled: PooledAlerts | None, *, timezone: str) -> str:
    """Who was woken: the share of pages outside office hours, and the busiest hour.

    Parameters
    ----------
    pooled : PooledAlerts or None
    timezone : str
        IANA zone of the people who are paged.
    """
    if pooled is None:
        return NOTHING
    if not len(pooled.pages):
        return "Nobody was woken: nothing fired."
    outside = _share_text(pooled.out_of_hours)
    local = pooled.pages["fired_at"].dt.tz_convert(timezone)
    night = int(((local.dt.hour < 7) | (local.dt.hour >= 23)).sum())
    n = wording.plural(len(local), markdown(pooled.severity))
    out = int(pooled.pages["out_of_hours"].sum())
    return (f"{out} of {n} came outside office hours (Monday to Friday, 9 to 17 h, "
            f"{markdown(timezone)}; {outside}), {night or 'none'} of them between 23 and 7 h. "
            f"Spread evenly over the week, {wording.percent(1 - 40 / 168)} would.")  # fmt: skip
