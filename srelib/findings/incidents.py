"""What notebook 05 says: better, worse or cannot tell, and what so few incidents could show.

`compared` is what `srelib.incidents.compare_periods` found, None where there are no incidents;
`costs` what `srelib.incidents.incident_costs` found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.findings.finding import markdown, name, spent_by_incidents
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, table
from srelib.incidents import Detectable, IncidentCosts, Noise, PeriodComparison, Recurrence
from srelib.stats import Estimate

NONE = (f"**There are no incidents in the folder**, so nothing can be said of them. To add them: "
        f"{HOW_TO['incidents']}.")  # fmt: skip
NOTHING = "Without incidents there is nothing to say here."
FREE = ("No incident belongs to a service with an objective and data, so none can be priced. "
        f"What is needed: {HOW_TO['slos']}.")  # fmt: skip
NO_TREND = "Over the history durations neither rose nor fell beyond chance"
TO = {"detect": "detection", "acknowledge": "acknowledgement", "mitigate": "mitigation",
      "restore": "restoration"}  # fmt: skip
HOURS_AND_DAYS = {"hour": "an hour of the day", "weekday": "a day of the week"}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONG_TITLE = 60


def better_sentences(compared: PeriodComparison | None, costs: IncidentCosts) -> list[str]:
    """The answer of the notebook, bottom line first: number and length of incidents, and chance."""
    if compared is None:
        return [NONE]
    lines = [_bottom_line(compared), _counts_sentence(compared), _lengths_sentence(compared),
             _detectable_sentence(compared.detectable), _postmortem_sentence(costs)]  # fmt: skip
    return [line for line in lines if line]


def _bottom_line(compared: PeriodComparison) -> str:
    incidents, day = len(compared.durations), wording.day(compared.split)
    n = wording.plural(incidents, "incident")
    often, long = compared.counts.verdict, compared.lengths.verdict
    number = {"better": "there are **fewer** incidents", "worse": "there are **more** incidents"}
    length = {"better": "they are **shorter**", "worse": "they are **longer**"}
    seen = compared.detectable
    blind = seen is None or (seen.cut != seen.cut and seen.count_cut != seen.count_cut)
    if blind and often == long == "cannot tell":
        verb = "is" if incidents == 1 else "are"
        return f"**{n} {verb} too few to say whether anything got better or worse.**"
    if often == long == "cannot tell":
        before, after = (f"{r.n:.0f}" for r in (compared.counts.before, compared.counts.after))
        return (f"**Better or worse, these incidents cannot tell**: the {before} before {day} and "
                f"the {after} since differ no more, in number or in length, than chance allows."
                )  # fmt: skip
    if often == "cannot tell":
        what = length[long].replace("they", "incidents")
        return f"Since {day} {what}, beyond chance; more or fewer, {n} cannot tell."
    if long == "cannot tell":
        return f"Since {day} {number[often]}, beyond chance; shorter or longer, {n} cannot tell."
    return f"Since {day} {number[often]} and {length[long]}, both beyond chance ({n})."


def _counts_sentence(compared: PeriodComparison) -> str:
    """How many incidents there were in either part, and whether that is a difference."""
    found = compared.counts
    before, after = (wording.rounded(rate.value) for rate in (found.before, found.after))
    text = (f"**{before} incidents a week before, {after} after** ({found.before.n:.0f} and "
            f"{found.after.n:.0f})")  # fmt: skip
    if not found.before.n:
        return f"{text}: too few to compare."
    ratio = f"{wording.rounded(found.ratio.value)} times as many{_interval(found.ratio)}"
    bursts = ""
    if found.index > 1.25:
        bursts = (f" They come in bursts: their number scatters {wording.rounded(found.index)} "
                  "times as much as that of independent ones, which widens the interval."
                  )  # fmt: skip
    return f"{text}: {ratio}, {wording.reach_of_chance(found.verdict)}.{bursts}"


def _lengths_sentence(compared: PeriodComparison) -> str:
    """How long it took to restore in either part, and whether that is a difference."""
    found = compared.lengths
    medians = (part.median.value for part in (found.before, found.after))
    parts = [wording.to_the_minute(x) if x == x else "a time not known yet" for x in medians]
    text = f"**Half were restored within {parts[0]} before, {parts[1]} after**"
    if found.ratio.value != found.ratio.value:
        return f"{text}: too few have ended to compare."
    return (f"{text}: durations changed by a factor of {wording.rounded(found.ratio.value)}"
            f"{_interval(found.ratio)}, {wording.reach_of_chance(found.verdict)}.")  # fmt: skip


def _detectable_sentence(found: Detectable | None) -> str:
    """What this many incidents could show at all."""
    if found is None:
        return "So few incidents could not show an improvement of any size."
    n = wording.plural(found.n_before + found.n_after, "incident")
    share = wording.percent(found.power)
    cut, fewer = (None if x != x else wording.percent(round(x, 2))
                  for x in (found.cut, found.count_cut))  # fmt: skip
    if cut is None and fewer is None:
        return f"With {n}, no improvement would show, however large."
    parts = [f"of every duration by at least {cut}" if cut else "",
             f"of their number by at least {fewer}" if fewer else ""]  # fmt: skip
    what = " or ".join(part for part in parts if part)
    return (f"With {n}, **only a cut {what} would show** (in {share} of such comparisons); a "
            "smaller one passes for noise more often than that.")  # fmt: skip


def noise_sentences(compared: PeriodComparison | None) -> list[str]:
    """What chance does: shuffled incidents, the smallest change that would show, a false alarm."""
    if compared is None:
        return [NOTHING]
    lines = [_shuffled_sentence(compared.noise), _detectable_sentence(compared.detectable)]
    if compared.looks_worse == compared.looks_worse:
        share = wording.percent(round(compared.looks_worse, 2))
        lines.append("If every later incident were a tenth shorter, the mean of as many incidents "
                     f"with durations like these would still **look worse in {share}** of cases."
                     )  # fmt: skip
    return lines


def _shuffled_sentence(found: Noise | None) -> str:
    """How often shuffling the incidents makes a difference as large."""
    if found is None:
        return "Too few incidents with a known duration to shuffle."
    times = [wording.to_the_minute(x) for x in (found.before, found.after)]
    text = (f"The {found.statistic} time to restore went from {times[0]} to {times[1]} "
            f"(n = {found.n_before} and {found.n_after}). Shuffled between the two parts, the "
            f"same incidents differ at least as much in **{wording.percent(found.share)}** of "
            "cases.")  # fmt: skip
    if found.open:
        still = wording.plural(found.open, "open one counts", "open ones count")
        text += f" {still[0].upper()}{still[1:]} for as long as seen so far."
    return text


def trust_sentences(compared: PeriodComparison | None, *, planned: int = 0) -> list[str]:
    """Is the record fit to use: missing times, incidents without length, overlaps, open ones.

    Parameters
    ----------
    planned : int, planned maintenance windows, which are no incidents
    """
    if compared is None:
        return [NONE]
    n = wording.plural(len(compared.durations), "incident")
    first, last = (wording.day(t) for t in compared.between)
    left = f"; {wording.plural(planned, 'planned maintenance window')} left out" if planned else ""
    lines = [f"{n} on record from {first} to {last}{left}.", _times_sentence(compared),
             _odd_sentence(compared), _silence_sentence(compared)]  # fmt: skip
    return [line for line in lines if line]


def _times_sentence(compared: PeriodComparison) -> str:
    times, parts = compared.times, []
    if times["detect"].median.n and not times["detect"].recorded:
        parts.append("**Detection cannot be known**, because the source sets it to the start of "
                     "the incident")  # fmt: skip
    for to in ("detect", "acknowledge", "mitigate", "restore"):
        unknown = times[to].unknown
        if unknown == times[to].incidents - times[to].open and unknown:
            parts.append(f"no time of {TO[to]} is on record")
        elif unknown:
            parts.append(f"{unknown} of {times[to].incidents} have no usable time of {TO[to]}")
    if not parts:
        return "Every incident has its times."
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _odd_sentence(compared: PeriodComparison) -> str:
    rows, down = compared.durations, compared.downtime
    zero = int((rows["seconds"] == 0).sum())
    still = int((rows["state"] == "open").sum())
    parts = [
        f"{wording.plural(still, 'is still open', 'are still open')}" if still else "",
        f"{wording.plural(zero, 'ended as it began', 'ended as they began')}" if zero else "",
        f"{wording.plural(down.overlapping, 'began', 'began')} before an earlier one of the same "
        "service was over" if down.overlapping else "",
        f"{wording.plural(down.not_felt, 'says of itself', 'say of themselves')} that no user was "
        "affected" if down.not_felt else "",
    ]  # fmt: skip
    return f"Of them {wording.listing(part for part in parts if part)}." if any(parts) else ""


def _silence_sentence(compared: PeriodComparison) -> str:
    if not compared.silence_p_value < 0.01:
        return ""
    return (f"**No incident in the last {wording.roughly(compared.silence)}**: at the rate until "
            f"then that comes by chance in {wording.percent(compared.silence_p_value)} of cases. "
            "Check that the export reaches the end of the data.")  # fmt: skip


def pattern_sentences(compared: PeriodComparison | None) -> list[str]:
    """How long users were affected, and whether incidents prefer an hour, a weekday, a service."""
    if compared is None:
        return [NOTHING]
    return [_downtime_sentence(compared),
            *_recurrence_sentences(compared.recurrence, compared.timezone)]  # fmt: skip


def _downtime_sentence(compared: PeriodComparison) -> str:
    """How long users were affected, each moment once."""
    found = compared.downtime
    text = (f"At least one incident was open for **{wording.duration(found.downtime)}** in "
            f"{wording.roughly(compared.between[1] - compared.between[0])}")  # fmt: skip
    if found.summed > found.downtime:
        text += f"; adding up durations would count {wording.duration(found.summed)}"
    if len(found.services) > 1:
        first = found.services.iloc[0]
        text += (f". Longest at {name(first['service'])}: {wording.duration(first['downtime'])} "
                 f"in {wording.plural(first['incidents'], 'incident')}")  # fmt: skip
    return f"{text}."


def trend_sentence(compared: PeriodComparison | None) -> str:
    """Do durations rise or fall over the whole history?"""
    if compared is None:
        return NOTHING
    found = compared.lengths.correlation
    if found.value != found.value:
        return "Too few durations, or all the same: no trend over time can be told."
    word = "rose" if found.low > 0 else "fell" if found.high < 0 else ""
    what = f"**Durations {word}** over the history" if word else NO_TREND
    low, high = wording.signed(found.low), wording.signed(found.high)
    return (f"{what}: rank correlation with time {wording.signed(found.value)} (95{wording.NBSP}% "
            f"interval {low} to {high}; n = {found.n}).")  # fmt: skip


def _postmortem_sentence(costs: IncidentCosts) -> str:
    """Which incidents need a postmortem by the rule of the Workbook."""
    if not len(costs.incidents):
        return ""
    rows, line = costs.incidents[costs.incidents["postmortem"]], wording.percent(costs.limit)
    of = wording.plural(len(costs.incidents), "incident")
    if not len(rows):
        none = (
            f"None of {of}"
            if len(costs.incidents) > 1
            else "The one incident that can be priced has not"
        )
        return f"{none} spent more than {line} of the budget of a period."
    listed = [f"{name(r['title'])}, {markdown(r['service'])}, {_day_month(r['starts_at'])} "
              f"({wording.percent(r['share'])})" for _, r in rows.iterrows()]  # fmt: skip
    need = "it needs a postmortem" if len(rows) == 1 else "each needs a postmortem"
    return (f"**{len(rows)} of {of} spent more than {line} of the budget of a period**, {need}: "
            f"{wording.listing(listed, limit=3)}.")  # fmt: skip


def cost_sentences(costs: IncidentCosts) -> list[str]:
    """How much of a budget the costliest incidents and kinds of outage took."""
    lines = [_costliest_sentence(costs), _classes_sentence(costs)]
    return [line for line in lines if line]


def _classes_sentence(costs: IncidentCosts) -> str:
    """Which kinds of outage spent too much of a quarter."""
    if not len(costs.classes):
        return ""
    rows, line = costs.classes[costs.classes["too_much"]], wording.percent(costs.limit)
    if not len(rows):
        return f"No kind of outage spent more than {line} of the budget of a quarter."
    parts = [f"{name(r['title'])}, {markdown(r['service'])} "
             f"({wording.percent(r['share_of_quarter'])} in "
             f"{wording.plural(r['incidents'], 'incident')})"
             for _, r in rows.iterrows()]  # fmt: skip
    return (f"More than {line} of the budget of the last 90 days went to one kind of outage: "
            f"{wording.listing(parts)}. That belongs into the plan.")  # fmt: skip


def _costliest_sentence(costs: IncidentCosts) -> str:
    """How much of a budget the costliest incident took, or why none can be priced."""
    measured = costs.incidents["share"] > 0
    if not measured.any():
        return FREE
    first, n = costs.incidents.iloc[0], len(measured)
    text = (f"Dearest was {name(first['title'])}, {markdown(first['service'])}, "
            f"{_day_month(first['starts_at'])}: {wording.percent(first['share'])} of the budget of "
            f"a period of {name(first['objective'])}, and "
            f"{wording.percent(first['share_of_spent'])} of all it spent.")  # fmt: skip
    free = n - int(measured.sum())
    if free:
        text += f" {wording.plural(free, 'incident')} of {n} spent none that was measured."
    return f"{text} {costs.objectives} objectives were looked at."


def _recurrence_sentences(found: Mapping[str, Recurrence], timezone: str) -> list[str]:
    """Do incidents prefer an hour, a weekday, a service?"""
    if found["hour"].p_value != found["hour"].p_value:
        return ["Too few incidents to say whether they prefer an hour, a weekday or a service."]
    significant = {of: r for of, r in found.items() if r.adjusted_p_value < 0.05}
    unclear = [text for of, text in HOURS_AND_DAYS.items() if of not in significant]
    lines = []
    if "hour" in significant:
        hour = _most(significant["hour"], lambda h: f"from {int(h)} to {int(h) + 1} h")
        lines.append(f"**They prefer hours of the day** ({markdown(timezone)}): {hour}.")
    if "weekday" in significant:
        day = _most(significant["weekday"], lambda d: f"on {DAYS[int(d)]}s")
        lines.append(f"**They prefer days of the week**: {day}.")
    if "service" in significant:
        lines.append("**They are not spread evenly over services**: "
                     f"{_most(significant['service'], lambda s: f'at {name(s)}')}.")  # fmt: skip
    if unclear:
        lines.append(f"No preference for {' or '.join(unclear)} beyond what chance would do.")
    return lines


def _most(one: Recurrence, write: Callable[[Any], str]) -> str:
    rows = one.counts.assign(over=one.counts["count"] / one.counts["expected"])
    first = rows.sort_values("over", ascending=False, kind="stable").iloc[0]
    p = one.adjusted_p_value
    return (f"most come {write(first['value'])}, {wording.plural(first['count'], 'incident')} "
            f"where an even spread gives {wording.rounded(first['expected'])} "
            f"(p {'< 0.001' if p < 0.001 else f'= {p:.2g}'}, corrected)")  # fmt: skip


def times_table(compared: PeriodComparison | None) -> Table | None:
    """How long until detection, acknowledgement, mitigation and restoration."""
    if compared is None:
        return None
    rows = []
    for to, found in compared.times.items():
        known = found.recorded and found.median.n > 0
        half, low, high, most = (
            wording.to_the_minute(x)
            for x in (found.median.value, found.median.low, found.median.high, found.p90.value)
        )
        rows.append({
            "until": TO[to],
            "half within": half if known else "cannot be known",
            "interval": f"{low} to {high}" if known else None,
            "nine in ten within": most if known else None,
            "known": found.incidents - found.unknown - found.open if known else 0,
            "open": found.open, "unknown": found.unknown,
        })  # fmt: skip
    level = next(iter(compared.times.values())).median.confidence
    return table(pd.DataFrame(rows), caption="Time from the start of an incident (open ones for as "
                 "long as they were seen)", headers={"interval": wording.interval(level),
                                                     "known": "ended"})  # fmt: skip


def services_table(compared: PeriodComparison | None) -> Table | None:
    """Each service: how many, how long, and whether that changed."""
    if compared is None:
        return None
    down = compared.downtime.services[["service", "downtime"]]
    rows = compared.services.merge(down, how="left")
    frame = pd.DataFrame({
        "service": rows["service"], "before": rows["before"], "after": rows["after"],
        "number": [_verdict(v, "fewer", "more") for v in rows["count_verdict"]],
        "half restored within": [wording.to_the_minute(x) for x in rows["restore"]],
        "duration": [_verdict(v, "shorter", "longer") for v in rows["duration_verdict"]],
        "open": rows["open"], "downtime": rows["downtime"],
    })  # fmt: skip
    return table(frame, caption="Incidents per service, before and after; a change is named only "
                 "where it is beyond chance among all of this table",
                 headers={"before": "incidents before", "downtime": "down (overlaps once)"}
                 )  # fmt: skip


def costs_table(costs: IncidentCosts) -> Table | None:
    """The costliest incidents, and which need a postmortem."""
    rows = costs.incidents[costs.incidents["share"] > 0]
    if not len(rows):
        return None
    frame = pd.DataFrame({
        "what": [wording.label(t, limit=LONG_TITLE) for t in rows["title"]],
        "objective": rows["objective"], "from": rows["starts_at"],
        "lasted": rows["ends_at"] - rows["starts_at"],
        "bad": rows["bad"], "share": rows["share"],
        "postmortem": ["needed" if p else "no" for p in rows["postmortem"]],
    })  # fmt: skip
    return table(frame, max_rows=12, formats={"share": wording.percent},
                 headers={"bad": "bad events", "share": "share of a budget"},
                 caption=f"Costliest incidents (UTC; more than {wording.percent(costs.limit)} of "
                         "the budget of a window: postmortem)").stating(
        spent_by_incidents(rows, incident="incident_id", share="share")
    )  # fmt: skip


def repeated_table(compared: PeriodComparison | None) -> Table | None:
    """Titles that came back."""
    if compared is None or not len(compared.repeated):
        return None
    repeated = compared.repeated
    frame = repeated.assign(title=[wording.label(t, limit=LONG_TITLE) for t in repeated["title"]],
                            gap=[wording.roughly(g) for g in repeated["gap"]])  # fmt: skip
    return table(frame, caption="Titles that came back (numbers in them ignored; times UTC)",
                 max_rows=10, headers={"gap": "usual gap"})  # fmt: skip


def _verdict(word: str, less: str, more: str) -> str:
    return {"better": less, "worse": more}.get(word, "cannot tell")


def _interval(found: Estimate) -> str:
    low = wording.rounded(found.low)
    if not math.isfinite(found.high):
        return f" (95{wording.NBSP}% interval from {low} up)"
    return f" (95{wording.NBSP}% interval {low} to {wording.rounded(found.high)})"


def _day_month(time: pd.Timestamp) -> str:
    return f"{time.day}{wording.NBSP}{time.month_name()}"
