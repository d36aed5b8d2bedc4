"""What notebook 00 says: what was read, what was refused, what was seen, what is missing.

`dataset` is what `srelib.load` returns, `sources` and `rejects` are its tables of these names.
`coverage` (or `overall`), `profiles` and `trouble` are the results of `coverage`, `profile` and
`clock_trouble` of `srelib.quality`, `unmeasured` of `srelib.objectives.without_data`.
Where there is nothing to say, a sentence is empty and a table None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from srelib import tables, wording
from srelib.findings.finding import Finding, markdown, name, names
from srelib.findings.finding import sentence as prose
from srelib.findings.show import Table, table
from srelib.fleet import Indicator, Results, answers
from srelib.quality import Profile

if TYPE_CHECKING:
    from srelib.dataset import Dataset
    from srelib.slos import Slo

HOW_TO = {
    "sli": "good and total events per service and minute, for example a Grafana panel: "
           "Inspect, Data, Download CSV",
    "slos": "a slos.yaml with one OpenSLO document per promise; `srelib init DIR` writes one",
    "deployments": "the output of `gh api repos/OWNER/REPO/deployments --paginate`, or a CSV with "
                   "service and finished_at",
    "incidents": "the incident list of the paging tool as CSV, or a CSV with service, started_at "
                 "and resolved_at",
    "changes": "what `srelib collect git REPO --tags 'v*' --out DIR` writes, or a CSV with "
               "change_id, service, committed_at and deployment_id",
    "alerts": "a CSV with service, rule, fired_at and resolved_at",
    "exclusions": "a CSV with service, starts_at and ends_at, where maintenance was announced",
}  # fmt: skip
WORDS = {
    "sli": "service level series", "slos": "objectives", "exclusions": "planned exclusions",
}  # fmt: skip


def folder_sentences(
    dataset: Dataset,
    *,
    coverage: Results[float],
    trouble: pd.DataFrame,
    unmeasured: Mapping[Indicator, Exception],
) -> list[str | Finding]:
    """The answer of the notebook: what was read, seen and missing, and what looks wrong."""
    return [
        _files_sentence(dataset.sources, rejects=dataset.rejects),
        span_sentence(dataset),
        coverage_sentence(coverage),
        _missing_sentence(dataset),
        _clock_sentence(trouble),
        unmeasured_sentence(unmeasured),
    ]


def _files_sentence(sources: pd.DataFrame, *, rejects: pd.DataFrame) -> str:
    """How many files and rows were read, kept, refused and left out by rule."""
    if sources.empty:
        return "No file was read."
    read, kept, rejected = (int(sources[f"rows_{kind}"].sum()) for kind in
                            ("read", "kept", "rejected"))  # fmt: skip
    left_out = int(tables.left_out(rejects).sum())
    refused = rejected - left_out
    files = wording.plural(len(sources), "file")
    if read == 0:
        return f"{files} without a single row."
    text = f"{wording.exact(read)} rows of {files} were read"
    if rejected == 0:
        return f"{text}, and every row was kept."
    phrases = [f"{wording.exact(kept)} kept"]
    if refused:
        share = wording.percent(refused / read)
        phrases.append(f"**{wording.exact(refused)} refused** ({share})")
    if left_out:
        phrases.append(f"{wording.exact(left_out)} left out by rule")
    return f"{text}: {', '.join(phrases)}, each with a reason."


def rejects_sentence(rejects: pd.DataFrame) -> str:
    """Why rows were refused, the most frequent reason first."""
    left_out = tables.left_out(rejects)
    fine = int(left_out.sum())
    rows = wording.plural(fine, "sound row")
    rule = f"{rows} {'was' if fine == 1 else 'were'} left out by rule" if fine else ""
    refused = rejects[~left_out]
    if refused.empty:
        return f"No row was refused{f'; {rule}' if rule else ''}."
    files, first = refused["file"].value_counts(), refused["reason"].value_counts()
    often = wording.plural(int(first.iloc[0]), "time")
    verbs = ("was", "counts") if len(refused) == 1 else ("were", "count")
    return (f"{wording.plural(len(refused), 'row')} in {wording.plural(len(files), 'file')} "
            f"{verbs[0]} refused and {verbs[1]} nowhere{f', {rule}' if rule else ''}; "
            f"most frequent reason for refusal ({often}): "
            f"{markdown(first.index[0], limit=160)}")  # fmt: skip


def span_sentence(dataset: Dataset) -> str:
    """Which time the series cover, and when "now" is."""
    series = dataset.series
    if series.empty:
        return "The exports hold no service level series, so there is nothing to measure."
    first, services = series["first"].min(), series["service"].nunique()
    length = wording.duration(dataset.as_of - first)
    return (f"The exports hold {wording.plural(len(series), 'series', 'series')} of "
            f"{wording.plural(services, 'service')} from {wording.day(first)} over {length}; "
            f"“now” is the end of the data, {wording.moment(dataset.as_of)}.")  # fmt: skip


def coverage_sentence(overall: Results[float], *, current: bool = False) -> Finding | str:
    """How much of its time, or of its `current` window, each series was observed."""
    if not overall:
        return "There is no series to judge here."
    shares = answers(overall)
    worst = min(shares, key=lambda key: shares[key])
    partial = sum(share < 1 for share in shares.values())
    time = prose("quality.time", "current" if current else "all")
    verdict = "whole" if not partial else "alone" if len(overall) == 1 else "least"
    full = len(overall) - partial
    text = wording.percent(shares[worst])
    return Finding(
        "quality.coverage", "coverage", worst.service, _window_of(worst, current), shares[worst],
        text, worst.sli, verdict,
        sentence=prose(
            "quality.coverage", verdict, who=name(worst.name), share=text, time=time,
            every="Every" if len(overall) > 1 else "The",
            rest=f"; {full} of {len(overall)} series have no gap" if full else "",
        ),
    )  # fmt: skip


def _window_of(key: Indicator, current: bool) -> str:
    return str(key.window) if current else "all the data"


def series_sentences(profiles: Results[Profile]) -> list[str]:
    """How many gaps there are, and which series often saw no traffic."""
    return [_gaps_sentence(profiles), _traffic_sentence(profiles)]


def _gaps_sentence(profiles: Results[Profile]) -> str:
    """How many gaps there are, and the longest."""
    broken = {key: p for key, p in answers(profiles).items() if p.gaps}
    if not broken:
        return "There is no gap in any series."
    worst = max(broken, key=lambda key: broken[key].longest_gap)
    gaps = wording.plural(sum(p.gaps for p in broken.values()), "gap")
    where = wording.plural(len(broken), "series", "series")
    longest = wording.duration(broken[worst].longest_gap)
    return (f"{gaps} in {where}; the longest lasts {longest}, in "
            f"{name(worst.service)} {markdown(worst.sli)} from "
            f"{wording.moment(broken[worst].gap_starts_at)}.")  # fmt: skip


def _traffic_sentence(profiles: Results[Profile]) -> str:
    """Which series often saw no traffic, which is neither an outage nor perfection."""
    shares = [f"{name(key.service)} {markdown(key.sli)} "
              f"({wording.percent(p.no_traffic)} of its buckets)"
              for key, p in answers(profiles).items() if p.no_traffic > 0.5]  # fmt: skip
    if not shares:
        return "No series is idle for most of its time."
    return (f"Mostly without traffic: {wording.listing(shares)}. "
            "Nothing asked is neither good nor bad and spends no budget.")  # fmt: skip


def _clock_sentence(trouble: pd.DataFrame) -> str:
    """What looks wrong with the times."""
    if trouble.empty:
        return "No time lies in the future, out of order or off by whole hours."
    kinds = [f"{wording.count(n)} {markdown(kind)}"
             for kind, n in trouble["trouble"].value_counts().items()]  # fmt: skip
    return (f"The clocks deserve a look: {wording.plural(len(trouble), 'finding')} "
            f"({wording.listing(kinds)}).")  # fmt: skip


def _missing_sentence(dataset: Dataset) -> str:
    """Which inputs are missing, and how to get them."""
    missing = [kind for kind in HOW_TO if len(getattr(dataset, kind)) == 0]
    if not missing:
        return "Every kind of input is there."
    phrases = [f"**{WORDS.get(kind, kind)}** ({HOW_TO[kind]})" for kind in missing]
    return f"Not in the folder: {wording.listing(phrases, limit=9)}."


def unmeasured_sentence(unmeasured: Mapping[Indicator, Exception]) -> str:
    """Objectives without data, with what to do about it."""
    if not unmeasured:
        return ""
    first = next(iter(unmeasured.values()))
    noun = "objective has" if len(unmeasured) == 1 else "objectives have"
    return (f"**{len(unmeasured)} {noun} no data**: {names(key.name for key in unmeasured)}. "
            f"{markdown(first, limit=300)}")  # fmt: skip


def notes_sentence(dataset: Dataset) -> str:
    """What the readers remarked on the folder as a whole."""
    return " ".join(markdown(note, limit=300) for note in dataset.notes[:5])


def sources_table(sources: pd.DataFrame, *, rejects: pd.DataFrame) -> Table:
    """What each file was understood as."""
    left_out = _left_out(sources, rejects)
    sources = sources.assign(refused=sources["rows_rejected"] - left_out, left_out=left_out)
    counts = {"rows_read": "read", "rows_kept": "kept", "refused": "refused",
              "left_out": "left out"}  # fmt: skip
    days = {"first": "first day", "last": "last day"}
    columns = ["file", "format", "table", *counts, *days, "timezone"]
    formats = dict.fromkeys(counts, wording.exact) | dict.fromkeys(days, _iso_day)
    caption = "What each file was understood as: rows (left out: by rule), UTC days, zone of times"
    return table(sources[columns], caption=caption, max_rows=50, formats=formats,
                 headers=counts | days | {"timezone": "zone"})  # fmt: skip


def _left_out(sources: pd.DataFrame, rejects: pd.DataFrame) -> pd.Series:
    """Of the rows rejected of each file, how many are fine and left out by a rule."""
    out = rejects.loc[tables.left_out(rejects), "file"].value_counts()
    return sources["file"].map(out).fillna(0).astype(int)


def _iso_day(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%d}"


def notes_table(sources: pd.DataFrame) -> Table | None:
    """What had to be assumed, file by file."""
    noted = sources.loc[sources["notes"].fillna("") != "", ["file", "notes"]]
    lines = noted.assign(notes=noted["notes"].str.split("\n")).explode("notes")
    if lines.empty:
        return None
    return table(lines, caption="What had to be assumed", headers={"notes": "assumption"})


def rejects_table(rejects: pd.DataFrame) -> Table | None:
    """Why rows were not used: refused ones first, one line per file and reason."""
    if rejects.empty:
        return None
    rejects = rejects.assign(by_rule=tables.left_out(rejects))
    groups = rejects.groupby(["file", "reason"], sort=False, dropna=False)
    frame = groups.agg(rows=("line", "size"), line=("line", "first"),
                       column=("column", "first"), value=("value", "first"),
                       rule=("by_rule", "first"))  # fmt: skip
    frame = frame.reset_index().sort_values(["rule", "rows"], ascending=[True, False],
                                            kind="stable")  # fmt: skip
    frame["what"] = frame["rule"].map({False: "refused", True: "left out by rule"})
    columns = ["file", "line", "column", "value", "reason", "what", "rows"]
    return table(frame[columns], max_rows=12,
                 caption="Rows not used, by file and reason, each with its first example",
                 formats={"line": str, "rows": wording.exact},
                 headers={"line": "first line"})  # fmt: skip


def series_table(profiles: Results[Profile]) -> Table:
    """How well each series was observed."""
    columns = ["service", "sli", "step", "total", "unit", "coverage", "gaps", "longest_gap",
               "no_traffic"]  # fmt: skip
    rows = [{"service": key.service, "sli": key.sli, "unit": key.unit, **vars(p)}
            for key, p in answers(profiles).items()]  # fmt: skip
    return table(pd.DataFrame(rows, columns=columns), max_rows=50,
                 caption="How well each series was observed",
                 formats={"coverage": wording.percent, "no_traffic": wording.percent},
                 headers={"step": "bucket", "no_traffic": "buckets without traffic"})  # fmt: skip


def trouble_table(trouble: pd.DataFrame) -> Table | None:
    """What looks wrong with the times."""
    if trouble.empty:
        return None
    columns = ["trouble", "table", "service", "key", "time", "detail"]
    return table(trouble[columns], caption="Times that look wrong (UTC)", max_rows=12)


def slos_table(slos: list[Slo]) -> Table | None:
    """What was promised."""
    if not slos:
        return None
    rows = [{"objective": slo.display_name or slo.name, "service": slo.service, "sli": slo.sli,
             "target": slo.target, "window": str(slo.window), "counted as": slo.counted_as}
            for slo in slos]  # fmt: skip
    return table(pd.DataFrame(rows), caption="What was promised", max_rows=50,
                 formats={"target": wording.percent})  # fmt: skip
