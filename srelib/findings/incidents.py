"""What notebook 05 says: better, worse or chance, and what so few incidents could show.

`compared` is what `srelib.incidents.compare_periods` found, None where there are no incidents;
`costs` what `srelib.incidents.incident_costs` found.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from srelib import wording
from srelib.findings.finding import Finding, say, sentence, spent_by_incidents
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, table
from srelib.incidents import IncidentCosts, PeriodComparison, Recurrence
from srelib.stats import Estimate

TO = {"detect": "detection", "acknowledge": "acknowledgement", "mitigate": "mitigation",
      "restore": "restoration"}  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONG_TITLE = 60


def summary_sentences(compared: PeriodComparison | None, costs: IncidentCosts) -> list[Finding]:
    """The answer of the notebook: number and length of incidents, and postmortems."""
    if compared is None:
        return [say("incidents.counts", "nothing", how=HOW_TO["incidents"])]
    found = _changes(compared)
    if len(costs.incidents):
        first, many = _rows(costs.incidents)[0], int(costs.incidents["postmortem"].sum())
        found.append(say("incidents.postmortems", "some" if many else "none", many=many,
                         first=first, n=len(costs.incidents), limit=costs.limit))  # fmt: skip
    return found


def _changes(compared: PeriodComparison) -> list[Finding]:
    counts, lengths = compared.counts, compared.lengths
    if compared.detectable is None or not counts.before.n:
        return [say("incidents.counts", "few", n=len(compared.durations))]
    known = lengths.ratio.value == lengths.ratio.value
    return [
        say("incidents.counts", _verdict(counts.verdict), before=counts.before, after=counts.after,
            split=compared.split, ratio=counts.ratio, range=_range(counts.ratio)),
        say("incidents.durations", _verdict(lengths.verdict) if known else "few",
            before=lengths.before, after=lengths.after, ratio=lengths.ratio,
            range=_range(lengths.ratio)),
    ]  # fmt: skip


def _verdict(word: str) -> str:
    return "chance" if word == "cannot tell" else word


def _range(found: Estimate) -> str:
    return sentence("incidents.range", "closed" if math.isfinite(found.high) else "open", of=found)


def basis_sentences(compared: PeriodComparison | None) -> list[Finding]:
    """What this many incidents could show at all."""
    if compared is None:
        return [say("incidents.nothing")]
    seen, n = compared.detectable, len(compared.durations)
    verdict, parts = "few", {"power": math.nan}
    if seen is not None:
        parts = {"cut": round(seen.cut, 2), "fewer": round(seen.count_cut, 2), "power": seen.power}
        known = [key for key in ("fewer", "cut") if parts[key] == parts[key]]
        verdict = "both" if len(known) == 2 else known[0] if known else "few"
    bursts = say("incidents.bursts", index=compared.counts.index)
    found = say("incidents.basis", verdict, n=n, seen=parts)
    return [found, *([bursts] if compared.counts.index > 1.25 else [])]


def noise_sentences(compared: PeriodComparison | None) -> list[Finding]:
    """What chance does: shuffled incidents, and a false alarm."""
    if compared is None:
        return [say("incidents.nothing")]
    found, share = compared.noise, compared.looks_worse
    verdict = "few" if found is None else "open" if found.open else "ended"
    worse = [say("incidents.looks_worse", share=round(share, 2))] if share == share else []
    return [say("incidents.shuffled", verdict, of=found), *worse]


def trust_sentences(compared: PeriodComparison | None, *, planned: int = 0) -> list[Finding]:
    """Is the record fit to use: missing times, incidents without length, overlaps, open ones;
    beside them how many maintenance windows were `planned`, which are no incidents.
    """
    if compared is None:
        return [say("incidents.nothing")]
    first, last = compared.between
    rows, down = compared.durations, compared.downtime
    odd = {
        "open": (rows["state"] == "open").sum(), "zero": (rows["seconds"] == 0).sum(),
        "overlapping": down.overlapping, "not_felt": down.not_felt,
    }  # fmt: skip
    parts = [sentence("incidents.odd", key, n=n) for key, n in odd.items() if n]
    silent, times = compared.silence_p_value < 0.01, _unknown_times(compared)
    return [
        say("incidents.record", "planned" if planned else "all", n=len(rows), first=first,
            last=last, planned=planned),
        *([say("incidents.record", "times", parts=times)] if times else []),
        *([say("incidents.record", "odd", parts=parts)] if parts else []),
        *([say("incidents.silence", length=compared.silence.total_seconds(),
               p=compared.silence_p_value)] if silent else []),
    ]  # fmt: skip


def _unknown_times(compared: PeriodComparison) -> list[str]:
    parts = []
    for to, found in compared.times.items():
        if to == "detect" and found.median.n and not found.recorded:
            parts.append(sentence("incidents.unknown", "detection"))
        elif found.unknown:
            every = found.unknown == found.incidents - found.open
            parts.append(sentence("incidents.unknown", "all" if every else "some", time=TO[to],
                                  n=found.unknown, of=found.incidents))  # fmt: skip
    return parts


def pattern_sentences(compared: PeriodComparison | None) -> list[Finding]:
    """How long users were affected, and whether incidents prefer an hour, a weekday, a service."""
    if compared is None:
        return [say("incidents.nothing")]
    down, (first, last) = compared.downtime, compared.between
    verdict = "several" if len(down.services) > 1 else "one"
    found = [say("incidents.downtime", verdict, downtime=down.downtime,
                 first=_rows(down.services)[0],
                 history=(last - first).total_seconds())]  # fmt: skip
    if math.isnan(compared.recurrence["hour"].p_value):
        return [*found, say("incidents.pattern", "few")]
    clear = {of: r for of, r in compared.recurrence.items() if r.adjusted_p_value < 0.05}
    found += [_pattern(of, one, compared.timezone) for of, one in clear.items()]
    unclear = [of for of in ("hour", "weekday") if of not in clear]
    verdict = "none" if len(unclear) > 1 else f"no_{''.join(unclear)}"
    return [*found, *([say("incidents.pattern", verdict)] if unclear else [])]


def _pattern(of: str, one: Recurrence, timezone: str) -> Finding:
    """Where most incidents come beyond an even spread."""
    first = _rows(one.counts.loc[[(one.counts["count"] / one.counts["expected"]).idxmax()]])[0]
    at = DAYS[int(first.value)] if of == "weekday" else first.value
    p = "p < 0.001" if one.adjusted_p_value < 0.001 else f"p = {one.adjusted_p_value:.2g}"
    return say("incidents.pattern", of, n=first.count, expected=first.expected, p=p, zone=timezone,
               at=at)  # fmt: skip


def trend_sentence(compared: PeriodComparison | None) -> Finding:
    """Do durations rise or fall over the whole history?"""
    if compared is None:
        return say("incidents.nothing")
    found = compared.lengths.correlation
    verdict = "rose" if found.low > 0 else "fell" if found.high < 0 else "chance"
    return say("incidents.trend", verdict if found.value == found.value else "few", of=found)


def cost_sentence(costs: IncidentCosts) -> Finding:
    """Which recurring kinds of incident took too much of a budget."""
    if not (costs.incidents["share"] > 0).any():
        return say("incidents.costs", "unpriced", how=HOW_TO["slos"])
    rows = costs.classes[costs.classes["too_much"]] if len(costs.classes) else costs.classes
    parts = [sentence("incidents.costs", "part", row=row) for row in _rows(rows)]
    return say("incidents.costs", "some" if parts else "none", parts=parts, limit=costs.limit)


def _rows(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples(index=False))


def times_table(compared: PeriodComparison | None) -> Table | None:
    """How long until detection, acknowledgement, mitigation and restoration, as far as known."""
    if compared is None:
        return None
    rows = []
    for to, found in compared.times.items():
        if found.recorded and found.median.n:
            half, low, high = (found.median.value, found.median.low, found.median.high)
            rows.append({
                "time to": TO[to],
                "median": f"{wording.length(half)}\n{wording.length(low)} to "
                          f"{wording.length(high)}",
                "90th percentile": wording.length(found.p90.value),
                "ended": found.incidents - found.unknown - found.open,
                "open": found.open,
            })  # fmt: skip
    level = wording.interval(next(iter(compared.times.values())).median.confidence)
    caption = f"Time from the start of an incident, with {level}"
    return table(rows, caption=caption)


def services_table(compared: PeriodComparison | None) -> Table | None:
    """Each service: how many, how long, and whether that changed."""
    if compared is None:
        return None
    down = compared.downtime.services[["service", "downtime"]]
    rows = compared.services.merge(down, how="left")
    words = {"count_verdict": {"better": "fewer", "worse": "more"},
             "duration_verdict": {"better": "shorter", "worse": "longer"}}  # fmt: skip
    changes = [
        ", ".join(known[row[key]] for key, known in words.items() if row[key] in known)
        for row in rows.to_dict("records")
    ]
    frame = pd.DataFrame({
        "service": rows["service"], "before": rows["before"], "after": rows["after"],
        "median time to restore": [wording.length(x) for x in rows["restore"]],
        "downtime": rows["downtime"], "significant change": [text or "none" for text in changes],
    })  # fmt: skip
    return table(frame, caption="Incidents per service before and after")


def costs_table(costs: IncidentCosts) -> Table | None:
    """The costliest incidents, by the objective of which they spent most."""
    rows = costs.incidents[costs.incidents["share"] > 0]
    if not len(rows):
        return None
    frame = pd.DataFrame({
        "incident": [wording.label(t, limit=LONG_TITLE) for t in rows["title"]],
        "objective": rows["objective"], "started": rows["starts_at"],
        "lasted": rows["ends_at"] - rows["starts_at"], "budget spent": rows["share"],
    })  # fmt: skip
    return table(frame, max_rows=5, formats={"budget spent": wording.percent},
                 caption=f"Costliest incidents (UTC); above {wording.percent(costs.limit)} of a "
                         "window's budget: postmortem",
                 findings=spent_by_incidents(rows, incident="incident_id", share="share")
                 )  # fmt: skip


def repeated_table(compared: PeriodComparison | None) -> Table | None:
    """Titles that came back."""
    if compared is None:
        return None
    rows = compared.repeated
    frame = rows.assign(title=[wording.label(t, limit=LONG_TITLE) for t in rows["title"]],
                        gap=[wording.roughly(g) for g in rows["gap"]])  # fmt: skip
    return table(frame[["title", "incidents", "last", "gap"]], max_rows=5,
                 caption="Recurring titles, numbers in them ignored (UTC)",
                 headers={"gap": "usual gap"})  # fmt: skip
