"""What notebook 00 says: what was read, what was refused, what was seen, what is missing.

`dataset` is what `srelib.load` returns, `sources` and `rejects` are its tables of these names.
`coverage` (or `overall`), `profiles` and `trouble` are the results of `coverage`, `profile` and
`clock_trouble` of `srelib.quality`, `unmeasured` of `srelib.objectives.without_data`.
Where there is nothing to say, a sentence is empty and a table None.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from srelib import tables, wording
from srelib.dataset import Dataset
from srelib.findings.finding import Finding, markdown, say, sentence
from srelib.findings.show import Table, table
from srelib.fleet import Indicator, Results, answers
from srelib.quality import Profile
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
}
WORDS = {
    "sli": "service level series", "slos": "objectives", "exclusions": "planned exclusions",
}  # fmt: skip


def folder_sentences(
    dataset: Dataset,
    *,
    coverage: Results[float],
    trouble: pd.DataFrame,
    unmeasured: Mapping[Indicator, Exception],
) -> list[Finding | str | None]:
    """The answer of the notebook: what was read, seen and missing, and what looks wrong."""
    sources = dataset.sources
    read, kept, rejected = (int(sources[f"rows_{kind}"].sum()) for kind in
                            ("read", "kept", "rejected"))  # fmt: skip
    out = int(tables.left_out(dataset.rejects).sum())
    verdict = ("none" if sources.empty else "empty" if not read else "all" if not rejected
               else "refused" if rejected > out else "rule")  # fmt: skip
    files = say("quality.files", verdict, files=len(sources), read=wording.exact(read),
                kept=wording.exact(kept), refused=wording.exact(rejected - out), out=out,
                share=(rejected - out) / max(read, 1))  # fmt: skip
    lacking = [f"**{WORDS.get(kind, kind)}** ({how})" for kind, how in HOW_TO.items()
               if len(getattr(dataset, kind)) == 0]  # fmt: skip
    kinds = [f"{wording.count(n)} {markdown(kind)}"
             for kind, n in trouble.get("trouble", pd.Series()).value_counts().items()]  # fmt: skip
    return [
        files, span_sentence(dataset), coverage_sentence(coverage),
        say("quality.missing", kinds=wording.listing(lacking, limit=9)) if lacking else None,
        say("quality.clocks", "some" if kinds else "none", many=len(trouble), kinds=kinds),
        unmeasured_sentence(unmeasured),
    ]  # fmt: skip


def span_sentence(dataset: Dataset) -> Finding:
    """Which time the series cover, and when "now" is."""
    series = dataset.series
    if series.empty:
        return say("quality.span", "none")
    first = series["first"].min()
    return say("quality.span", "some", series=wording.plural(len(series), "series", "series"),
               services=series["service"].nunique(), first=first, length=dataset.as_of - first,
               now=dataset.as_of)  # fmt: skip


def coverage_sentence(overall: Results[float], *, current: bool = False) -> Finding:
    """How much of its time, or of its `current` window, each series was observed."""
    if not overall:
        return say("quality.coverage", "nothing")
    shares = answers(overall)
    worst = min(shares, key=lambda key: shares[key])
    partial = sum(share < 1 for share in shares.values())
    verdict = "whole" if not partial else "alone" if len(overall) == 1 else "least"
    verdict = "all" if verdict == "least" and partial == len(overall) else verdict
    text = sentence(
        "quality.coverage", verdict, who=worst.name, share=shares[worst], many=len(overall),
        time=sentence("quality.time", "current" if current else "all"),
        whole=len(overall) - partial,
    )  # fmt: skip
    return Finding("quality.coverage", "coverage", worst.service,
                   str(worst.window) if current else "all the data", shares[worst],
                   wording.percent(shares[worst]), worst.sli, verdict, sentence=text)  # fmt: skip


def series_sentences(profiles: Results[Profile]) -> list[Finding]:
    """How many gaps there are and the longest, and which series often saw no traffic."""
    broken = {key: p for key, p in answers(profiles).items() if p.gaps}
    idle = {key: p.no_traffic for key, p in answers(profiles).items() if p.no_traffic > 0.5}
    lines = [say("quality.gaps", "none")]
    if broken:
        worst = max(broken, key=lambda key: broken[key].longest_gap)
        lines = [say("quality.gaps", "some", service=worst.service, key=worst, one=broken[worst],
                     gaps=sum(p.gaps for p in broken.values()),
                     series=wording.plural(len(broken), "series", "series"))]  # fmt: skip
    return lines + [say("quality.idle", service=key.service, key=key, share=share)
                    for key, share in list(idle.items())[:4]]  # fmt: skip


def unmeasured_sentence(unmeasured: Mapping[Indicator, Exception]) -> Finding | str:
    """Objectives without data, with what to do about it."""
    if not unmeasured:
        return ""
    why = markdown(next(iter(unmeasured.values())), limit=300)
    return say("quality.unmeasured", many=len(unmeasured), who=[k.name for k in unmeasured],
               why=why)  # fmt: skip


def notes_sentence(dataset: Dataset) -> Finding:
    """What the readers remarked on the folder as a whole."""
    notes = [markdown(note, limit=300) for note in dataset.notes[:5]]
    return say("quality.notes", "some" if notes else "none", notes=" ".join(notes))


def sources_table(sources: pd.DataFrame, *, rejects: pd.DataFrame) -> Table | None:
    """What each file was understood as."""
    left_out = _left_out(sources, rejects)
    sources = sources.assign(refused=sources["rows_rejected"] - left_out, left_out=left_out)
    counts = {"rows_read": "read", "rows_kept": "kept", "refused": "refused",
              "left_out": "left out"}  # fmt: skip
    days = {"first": "first day", "last": "last day"}
    columns = ["file", "format", "table", *counts, *days, "timezone"]
    formats = dict.fromkeys(counts, wording.exact) | dict.fromkeys(days, "{:%Y-%m-%d}".format)
    caption = "What each file was understood as: rows (left out: by rule), UTC days, zone of times"
    return table(sources[columns], caption=caption, formats=formats,
                 headers=counts | days | {"timezone": "zone"})  # fmt: skip


def _left_out(sources: pd.DataFrame, rejects: pd.DataFrame) -> pd.Series:
    """Of the rows rejected of each file, how many are fine and left out by a rule."""
    out = rejects.loc[tables.left_out(rejects), "file"].value_counts()
    return sources["file"].map(out).fillna(0).astype(int)


def notes_table(sources: pd.DataFrame) -> Table | None:
    """What had to be assumed, file by file."""
    noted = sources.loc[sources["notes"].fillna("") != "", ["file", "notes"]]
    lines = noted.assign(notes=noted["notes"].str.split("\n")).explode("notes")
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


def series_table(profiles: Results[Profile]) -> Table | None:
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
    columns = ["trouble", "table", "service", "key", "time", "detail"]
    return table(trouble[columns], caption="Times that look wrong (UTC)", max_rows=12)


def slos_table(slos: list[Slo]) -> Table | None:
    """The objectives."""
    rows = [{"objective": slo.display_name or slo.name, "service": slo.service, "sli": slo.sli,
             "target": slo.target, "window": str(slo.window), "counted as": slo.counted_as}
            for slo in slos]  # fmt: skip
    return table(rows, caption="Objectives", formats={"target": wording.percent})
