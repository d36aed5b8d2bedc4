"""What notebook 05 says: better, worse or cannot tell, and what so few incidents could show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, markdown, name, table
from srelib.fleet import Indicator, answers

NONE = (f"**There are no incidents in the folder**, so nothing can be said of them. To add them: "
        f"{HOW_TO['incidents']}.")  # fmt: skip
NOTHING = "Without incidents there is nothing to say here."
FREE = ("No incident belongs to a service with an objective and data, so none can be priced. "
        f"What is needed: {HOW_TO['slos']}.")  # fmt: skip
TO = {"detect": "detection", "acknowledge": "acknowledgement", "mitigate": "mitigation",
      "restore": "restoration"}  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONG_TITLE = 60


def better_sentences(review: Any, *, costs: pd.DataFrame, limit: float = 0.2) -> list[str]:
    """The answer of the notebook: number and length of incidents, and what chance would do.

    Parameters
    ----------
    review : Review or None
        As from `srelib.incidents.review`.
    costs : DataFrame
        As from `srelib.incidents.dearest`.
    limit : float
        Share of a budget above which an incident needs a postmortem [fraction].

    Returns
    -------
    list of str
        Markdown; the first is the bottom line.
    """
    if review is None:
        return [NONE]
    lines = [_bottom(review), counts_sentence(review), lengths_sentence(review),
             detectable_sentence(review), postmortem_sentence(costs, limit=limit)]  # fmt: skip
    return [line for line in lines if line]


def _bottom(review: Any) -> str:
    n, day = wording.plural(len(review.incidents), "incident"), wording.day(review.split)
    often, long = review.counts.verdict, review.lengths.verdict
    number = {"better": "there are **fewer** incidents", "worse": "there are **more** incidents"}
    length = {"better": "they are **shorter**", "worse": "they are **longer**"}
    if _shows_nothing(review.detectable) and often == long == "cannot tell":
        verb = "is" if len(review.incidents) == 1 else "are"
        return f"**{n} {verb} too few to say whether anything got better or worse.**"
    if often == long == "cannot tell":
        before, after = (f"{part.n:.0f}" for part in (review.counts.before, review.counts.after))
        return (f"**Better or worse, these incidents cannot tell**: the {before} before {day} and "
                f"the {after} since differ no more, in number or in length, than chance allows."
                )  # fmt: skip
    if often == "cannot tell":
        what = length[long].replace("they", "incidents")
        return f"Since {day} {what}, beyond chance; more or fewer, {n} cannot tell."
    if long == "cannot tell":
        return f"Since {day} {number[often]}, beyond chance; shorter or longer, {n} cannot tell."
    return f"Since {day} {number[often]} and {length[long]}, both beyond chance ({n})."


def _shows_nothing(found: Any) -> bool:
    return found is None or (found.cut != found.cut and found.count_cut != found.count_cut)


def counts_sentence(review: Any) -> str:
    """How many incidents there were in either part, and whether that is a difference."""
    if review is None:
        return NOTHING
    found = review.counts
    before, after = (_number(rate.value) for rate in (found.before, found.after))
    text = (f"**{before} incidents a week before, {after} after** ({found.before.n:.0f} and "
            f"{found.after.n:.0f})")  # fmt: skip
    if not found.before.n:
        return f"{text}: too few to compare."
    ratio = f"{_times(found.ratio.value)}{_interval(found.ratio)}"
    bursts = ""
    if found.index > 1.25:
        bursts = (f" They come in bursts: their number scatters {_number(found.index)} times as "
                  "much as that of independent ones, which widens the interval.")  # fmt: skip
    return f"{text}: {ratio}, {_reach(found.verdict)}.{bursts}"


def lengths_sentence(review: Any) -> str:
    """How long it took to restore in either part, and whether that is a difference."""
    if review is None:
        return NOTHING
    found = review.lengths
    parts = []
    for part in (found.before, found.after):
        value = part.median.value
        parts.append(_about(value) if value == value else "a time not known yet")
    text = f"**Half were restored within {parts[0]} before, {parts[1]} after**"
    if found.ratio.value != found.ratio.value:
        return f"{text}: too few have ended to compare."
    return (f"{text}: durations changed by a factor of {_number(found.ratio.value)}"
            f"{_interval(found.ratio)}, {_reach(found.verdict)}.")  # fmt: skip


def detectable_sentence(review: Any) -> str:
    """What this many incidents could show at all.

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    str
        Markdown.
    """
    if review is None:
        return NOTHING
    found = review.detectable
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


def noise_sentence(review: Any) -> str:
    """How often shuffling the incidents makes a difference as large.

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    str
        Markdown.
    """
    if review is None:
        return NOTHING
    found = review.noise
    if found is None:
        return "Too few incidents with a known duration to shuffle."
    times = [_about(x) for x in (found.before, found.after)]
    text = (f"The {found.statistic} time to restore went from {times[0]} to {times[1]} "
            f"(n = {found.n_before} and {found.n_after}). Shuffled between the two parts, the "
            f"same incidents differ at least as much in **{wording.percent(found.share)}** of "
            "cases.")  # fmt: skip
    if found.open:
        still = wording.plural(found.open, "open one counts", "open ones count")
        text += f" {still[0].upper()}{still[1:]} for as long as seen so far."
    return text


def looks_worse_sentence(review: Any) -> str:
    """How often a true improvement would look worse on a dashboard.

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    str
        Markdown.
    """
    if review is None or review.looks_worse != review.looks_worse:
        return ""
    share = wording.percent(round(review.looks_worse, 2))
    return ("If every later incident were a tenth shorter, the mean of as many incidents with "
            f"durations like these would still **look worse in {share}** of cases.")  # fmt: skip


def trust_sentences(review: Any, *, planned: int = 0) -> list[str]:
    """Is the record fit to use: missing times, incidents without length, overlaps, open ones.

    Parameters
    ----------
    review : Review or None
    planned : int
        Planned maintenance windows, which are no incidents.

    Returns
    -------
    list of str
        Markdown.
    """
    if review is None:
        return [NONE]
    rows, down = review.durations, review.downtime
    n = len(rows)
    first, last = (wording.day(t) for t in review.between)
    left = f"; {wording.plural(planned, 'planned maintenance window')} left out" if planned else ""
    lines = [f"{wording.plural(n, 'incident')} on record from {first} to {last}{left}."]
    lines += [_times_sentence(review), _odd_sentence(rows, down), _silence_sentence(review)]
    return [line for line in lines if line]


def _times_sentence(review: Any) -> str:
    times, parts = review.times, []
    if times["detect"].median.n and not times["detect"].recorded:
        parts.append("**detection cannot be known**, because the source sets it to the start of "
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
    first = 2 if text.startswith("**") else 0
    return f"{text[:first]}{text[first].upper()}{text[first + 1 :]}."


def _odd_sentence(rows: pd.DataFrame, down: Any) -> str:
    zero = int((rows["seconds"] == 0).sum())
    still = int((rows["state"] == "open").sum())
    overlap = int(down.services["overlapping"].sum())
    parts = [
        f"{wording.plural(still, 'is still open', 'are still open')}" if still else "",
        f"{wording.plural(zero, 'ended as it began', 'ended as they began')}" if zero else "",
        f"{wording.plural(overlap, 'began', 'began')} before an earlier one of the same service "
        "was over" if overlap else "",
        f"{wording.plural(down.not_felt, 'says of itself', 'say of themselves')} that no user was "
        "affected" if down.not_felt else "",
    ]  # fmt: skip
    return f"Of them {wording.listing(part for part in parts if part)}." if any(parts) else ""


def _silence_sentence(review: Any) -> str:
    if not review.silence_p_value < 0.01:
        return ""
    return (f"**No incident in the last {wording.roughly(review.silence)}**: at the rate until "
            f"then that comes by chance in {wording.percent(review.silence_p_value)} of cases. "
            "Check that the export reaches the end of the data.")  # fmt: skip


def downtime_sentence(review: Any) -> str:
    """How long users were affected, each moment once.

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    str
        Markdown.
    """
    if review is None:
        return NOTHING
    found = review.downtime
    text = (f"At least one incident was open for **{wording.duration(found.downtime)}** in "
            f"{wording.roughly(found.between[1] - found.between[0])}")  # fmt: skip
    if found.summed > found.downtime:
        text += f"; adding up durations would count {wording.duration(found.summed)}"
    if len(found.services) > 1:
        first = found.services.iloc[0]
        text += (f". Longest at {name(first['service'])}: {wording.duration(first['downtime'])} "
                 f"in {wording.plural(first['incidents'], 'incident')}")  # fmt: skip
    return f"{text}."


def trend_sentence(review: Any) -> str:
    """Do durations rise or fall over the whole history?

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    str
        Markdown.
    """
    if review is None:
        return NOTHING
    found = review.lengths.correlation
    if found.value != found.value:
        return "Too few durations, or all the same: no trend over time can be told."
    word = "rose" if found.low > 0 else "fell" if found.high < 0 else ""
    what = (
        f"**Durations {word}** over the history"
        if word
        else "Over the history durations neither rose nor fell beyond chance"
    )
    low, high = _signed(found.low), _signed(found.high)
    return (f"{what}: rank correlation with time {_signed(found.value)} (95{wording.NBSP}% "
            f"interval {low} to {high}; n = {found.n}).")  # fmt: skip


def postmortem_sentence(costs: pd.DataFrame, *, limit: float = 0.2) -> str:
    """Which incidents need a postmortem by the rule of the Workbook."""
    if not len(costs):
        return ""
    rows, line = costs[costs["postmortem"]], wording.percent(limit)
    of = wording.plural(len(costs), "incident")
    if not len(rows):
        none = f"None of {of}" if len(costs) > 1 else "The one incident that can be priced has not"
        return f"{none} spent more than {line} of the budget of a period."
    listed = [f"{name(r['title'])}, {markdown(r['service'])}, {_day_month(r['starts_at'])} "
              f"({wording.percent(r['share'])})" for _, r in rows.iterrows()]  # fmt: skip
    need = "it needs a postmortem" if len(rows) == 1 else "each needs a postmortem"
    return (f"**{len(rows)} of {of} spent more than {line} of the budget of a period**, {need}: "
            f"{wording.listing(listed, limit=3)}.")  # fmt: skip


def classes_sentence(classes: pd.DataFrame, *, limit: float = 0.2) -> str:
    """Which kinds of outage spent too much of a quarter.

    Parameters
    ----------
    classes : DataFrame
        As from `srelib.incidents.classes`.
    limit : float
        [fraction]

    Returns
    -------
    str
        Markdown; empty without classes.
    """
    if not len(classes):
        return ""
    line, rows = wording.percent(limit), classes[classes["too_much"]]
    if not len(rows):
        return f"No kind of outage spent more than {line} of the budget of a quarter."
    parts = [f"{name(r['title'])}, {markdown(r['service'])} "
             f"({wording.percent(r['share_of_quarter'])} in "
             f"{wording.plural(r['incidents'], 'incident')})"
             for _, r in rows.iterrows()]  # fmt: skip
    return (f"More than {line} of the budget of the last 90 days went to one kind of outage: "
            f"{wording.listing(parts)}. That belongs into the plan.")  # fmt: skip


def costs_sentence(costs: pd.DataFrame, *, spent: Mapping[Indicator, Any]) -> str:
    """How much of a budget the dearest incidents took, or why none can be priced.

    Parameters
    ----------
    costs : DataFrame
        As from `srelib.incidents.dearest`.
    spent : mapping of Indicator to DataFrame
        As from `srelib.incidents.budget_spent`, or the errors in their place.

    Returns
    -------
    str
        Markdown.
    """
    if not len(costs) or not (costs["share"] > 0).any():
        return FREE
    first, n = costs.iloc[0], len(costs)
    top = costs["bad"].notna() & (costs["share"] > 0)
    text = (f"Dearest was {name(first['title'])}, {markdown(first['service'])}, "
            f"{_day_month(first['starts_at'])}: {wording.percent(first['share'])} of the budget of "
            f"a period of {name(first['objective'])}, and "
            f"{wording.percent(first['share_of_spent'])} of all it spent.")  # fmt: skip
    free = n - int(top.sum())
    if free:
        text += f" {wording.plural(free, 'incident')} of {n} spent none that was measured."
    return f"{text} {len(answers(spent))} objectives were looked at."


def recurrence_sentences(found: Mapping[str, Any] | None, *, timezone: str) -> list[str]:
    """Do incidents prefer an hour, a weekday, a service?

    Parameters
    ----------
    found : mapping of str to Recurrence, or None
        As from `srelib.incidents.recurrence`.
    timezone : str
        In which hours and weekdays are meant.

    Returns
    -------
    list of str
        Markdown.
    """
    if found is None:
        return [NOTHING]
    if found["hour"].p_value != found["hour"].p_value:
        return ["Too few incidents to say whether they prefer an hour, a weekday or a service."]
    sure = {of: r for of, r in found.items() if r.adjusted_p_value < 0.05}
    unclear = [of for of in ("hour", "weekday") if of in found and of not in sure]
    lines = []
    if "hour" in sure:
        hour = _most(sure["hour"], lambda h: f"from {int(h)} to {int(h) + 1} h")
        lines.append(f"**They prefer hours of the day** ({markdown(timezone)}): {hour}.")
    if "weekday" in sure:
        day = _most(sure["weekday"], lambda d: f"on {DAYS[int(d)]}s")
        lines.append(f"**They prefer days of the week**: {day}.")
    if "service" in sure:
        lines.append("**They are not spread evenly over services**: "
                     f"{_most(sure['service'], lambda s: f'at {name(s)}')}.")  # fmt: skip
    if unclear:
        words = {"hour": "an hour of the day", "weekday": "a day of the week"}
        lines.append(f"No preference for {' or '.join(words[of] for of in unclear)} beyond what "
                     "chance would do.")  # fmt: skip
    return lines


def _most(one: Any, write: Any) -> str:
    rows = one.counts.assign(over=one.counts["count"] / one.counts["expected"])
    first = rows.sort_values("over", ascending=False, kind="stable").iloc[0]
    return (f"most come {write(first['value'])}, {wording.plural(first['count'], 'incident')} "
            f"where an even spread gives {_number(first['expected'])}{_p(one.adjusted_p_value)}"
            )  # fmt: skip


def _p(p_value: float) -> str:
    return f" (p {'< 0.001' if p_value < 0.001 else f'= {p_value:.2g}'}, corrected)"


def times_table(review: Any) -> Table | None:
    """How long until detection, acknowledgement, mitigation and restoration.

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    Table or None
        None without incidents.
    """
    if review is None:
        return None
    rows = []
    for to, found in review.times.items():
        known = found.recorded and found.median.n > 0
        rows.append({
            "until": TO[to],
            "half within": _about(found.median.value) if known else "cannot be known",
            "interval": _range(found.median) if known else None,
            "nine in ten within": _about(found.p90.value) if known else None,
            "known": found.incidents - found.unknown - found.open if known else 0,
            "open": found.open, "unknown": found.unknown,
        })  # fmt: skip
    return table(pd.DataFrame(rows), caption="Time from the start of an incident (open ones for as "
                 "long as they were seen)", headers={"interval": "95 % interval",
                                                     "known": "ended"})  # fmt: skip


def services_table(review: Any) -> Table | None:
    """Each service: how many, how long, and whether that changed.

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    Table or None
        None without incidents.
    """
    if review is None:
        return None
    rows = review.services.merge(review.downtime.services[["service", "downtime"]], how="left")
    frame = pd.DataFrame({
        "service": rows["service"], "before": rows["before"], "after": rows["after"],
        "number": [_verdict(v, "fewer", "more") for v in rows["count_verdict"]],
        "half restored within": [_about(x) for x in rows["restore"]],
        "duration": [_verdict(v, "shorter", "longer") for v in rows["duration_verdict"]],
        "open": rows["open"], "downtime": rows["downtime"],
    })  # fmt: skip
    return table(frame, caption="Incidents per service, before and after; a change is named only "
                 "where it is beyond chance among all of this table",
                 headers={"before": "incidents before", "downtime": "down (overlaps once)"}
                 )  # fmt: skip


def costs_table(costs: pd.DataFrame, *, limit: float = 0.2) -> Table | None:
    """The dearest incidents, and which need a postmortem.

    Parameters
    ----------
    costs : DataFrame
        As from `srelib.incidents.dearest`.
    limit : float
        Share of a budget above which one does [fraction].

    Returns
    -------
    Table or None
        None where no incident can be priced.
    """
    rows = costs[costs["share"] > 0] if len(costs) else costs
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
                 caption=f"Dearest incidents (UTC; more than {wording.percent(limit)} of the "
                         "budget of a period: postmortem)")  # fmt: skip


def repeated_table(repeated: pd.DataFrame) -> Table | None:
    """Titles that came back.

    Parameters
    ----------
    repeated : DataFrame
        As from `srelib.incidents.repeated`.

    Returns
    -------
    Table or None
        None where no title did.
    """
    if not len(repeated):
        return None
    frame = repeated.assign(title=[wording.label(t, limit=LONG_TITLE) for t in repeated["title"]],
                            gap=[wording.roughly(g) for g in repeated["gap"]])  # fmt: skip
    return table(frame, caption="Titles that came back (numbers in them ignored; times UTC)",
                 max_rows=10, headers={"gap": "usual gap"})  # fmt: skip


def _verdict(word: str, less: str, more: str) -> str:
    return {"better": less, "worse": more}.get(word, "cannot tell")


def _reach(word: str) -> str:
    return "within the reach of chance" if word == "cannot tell" else "beyond chance"


def _times(ratio: float) -> str:
    return f"{_number(ratio)} times as many"


def _interval(found: Any) -> str:
    low = _number(found.low)
    if found.high != found.high or found.high == float("inf"):
        return f" (95{wording.NBSP}% interval from {low} up)"
    return f" (95{wording.NBSP}% interval {low} to {_number(found.high)})"


def _range(found: Any) -> str:
    return f"{_about(found.low)} to {_about(found.high)}"


def _about(seconds: float) -> str:
    """A length of time, to the minute from ten minutes on."""
    if seconds != seconds:
        return wording.UNKNOWN
    return wording.duration(round(seconds / 60) * 60.0 if seconds >= 600 else seconds)


def _number(value: float) -> str:
    if value != value:
        return wording.UNKNOWN
    if value >= 10:
        return wording.count(round(value))
    return wording.count(round(value, 1) if value >= 2 else round(value, 2))


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", wording.MINUS)


def _day_month(time: pd.Timestamp) -> str:
    return f"{time.day}{wording.NBSP}{time.month_name()}"
