"""What marks of changes say: further signals of failure, and AI tools beside everything else.

`found` is what `srelib.delivery.failure_signals` found of all services together, `result` what
`srelib.delivery.assisted_changes` found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from srelib import wording
from srelib.delivery import AssistedChanges
from srelib.delivery.assistance import WAITED, Contrast
from srelib.delivery.signals import MARKED, MARKS, REVERTED
from srelib.findings.finding import Finding, sentence
from srelib.findings.show import Table, table
from srelib.windows.window import span_label

QUANTITIES = {
    "failed": "difference of fail rates with AI tools",
    "reworked": "difference of rework with AI tools",
    "lead_time": "factor on lead time with AI tools",
}
NAMES = {
    "failed": "failed", "reworked": "mended by another deployment",
    "lead_time": "change lead time (median)",
}  # fmt: skip


def marks_sentences(
    found: pd.DataFrame, result: AssistedChanges, *, between: tuple[pd.Timestamp, pd.Timestamp]
) -> list[Finding]:
    """What marks of failure and of AI tools say; one line where no change has any."""
    marked = marks_sentence(found, between=between)
    if marked.verdict == "nothing" and not result.marked:
        return [replace(marked, sentence=sentence("signals.marks", "neither"))]
    return [marked, *assisted_sentences(result)]


def marks_sentence(found: pd.DataFrame, *, between: tuple[pd.Timestamp, pd.Timestamp]) -> Finding:
    """How many deployments reverts, hotfixes and rollbacks mark as failed, and how many are new."""
    rows = found[found["signal"].isin([*MARKED.values(), MARKS])].set_index("signal")
    window = span_label(*between)
    if not len(rows):
        said = sentence("signals.marks", "nothing")
        return Finding("signals.marks", "deployments marked as failed", "", window, float("nan"),
                       verdict="nothing", sentence=said)  # fmt: skip
    failed = int(rows["failed"][MARKS])
    new = failed - int(rows["also"][MARKS])
    verdict = "none" if not failed else "new" if new else "known"
    parts = [
        sentence("signals.part", str(signal), many=wording.count(many))
        for signal, many in rows["failed"].items()
        if many and signal != MARKS
    ]
    lost = int(rows["unplaced"].get(REVERTED, 0))
    unplaced = sentence("signals.unplaced", "one" if lost == 1 else "some", many=f"{lost:,}")
    said = sentence(
        "signals.marks", verdict, failed=wording.plural(failed, "deployment"),
        fresh=wording.count(new), parts=wording.listing(parts), window=window,
        unplaced=unplaced if lost else "",
    )  # fmt: skip
    return Finding("signals.marks", "deployments marked as failed", "", window, float(failed),
                   wording.count(failed), verdict=verdict, sentence=said)  # fmt: skip


def marks_table(found: pd.DataFrame) -> Table | None:
    """Each signal by itself, and the rates with or without it; None where nothing is marked."""
    if not found["signal"].isin(MARKED.values()).any():
        return None
    rows = [
        {
            "signal": sentence("signals.signal", row["signal"]),
            "in the change fail rate": "yes" if row["in_rate"] else "no",
            "deployments": row["failed"],
            "also by another": row["also"],
            "share": _interval(row, "value", "low", "high", row["n"]),
            "change fail rate": _other(row, "fail_rate"),
            "rework rate": _other(row, "rework_rate"),
        }
        for row in found.to_dict("records")
    ]
    return table(pd.DataFrame(rows), caption=(
        "Signals of failed deployments, all services together: each by itself, how many of its "
        "deployments another signal also has, and the rates without a signal that the change fail "
        "rate counts, or with one that it does not (95 % intervals)"))  # fmt: skip


def _interval(row: Mapping[Any, Any], value: str, low: str, high: str, n: float | None) -> str:
    if row[value] != row[value]:
        return "–"
    middle, *ends = wording.shares([row[value], row[low], row[high]])
    many = "" if n is None else f"; n = {wording.count(n)}"
    return f"{middle} ({ends[0]} to {ends[1]}{many})"


def _other(row: Mapping[Any, Any], name: str) -> str:
    """A rate without the signal, or with it."""
    text = _interval(row, name, f"{name}_low", f"{name}_high", None)
    return text if text == "–" else f"{'without' if row['in_rate'] else 'with'}: {text}"


def assisted_sentences(result: AssistedChanges) -> list[Finding]:
    """How widely AI tools are used, and whether what they assisted fails, is mended or waits more.

    One line where no change is marked.
    """
    window = span_label(*result.between)
    what = "share of changes assisted by AI tools"
    if not result.marked:
        said = sentence("signals.adoption", "none")
        return [Finding("signals.adoption", what, "", window, float("nan"), verdict="none",
                        sentence=said)]  # fmt: skip
    first, last = wording.shares([result.first, result.last])
    halves = result.first == result.first and result.last == result.last
    verdict = "some" if halves else "part"
    said = sentence(
        "signals.adoption", verdict, marked=wording.count(result.marked), first=first, last=last,
        changes=wording.plural(result.changes, "change"), window=window,
    )  # fmt: skip
    share = result.marked / result.changes
    head = Finding("signals.adoption", what, "", window, share, verdict=verdict, n=result.changes,
                   sentence=said)  # fmt: skip
    return [head, *(_contrast(one, window) for one in result.contrasts)]


def _contrast(one: Contrast, window: str) -> Finding:
    """The sentence of one measure."""
    found, verdict = one.difference, _verdict(one)
    value, low, high = _sizes(one)
    if verdict == "less" and one.measure != WAITED:
        value, low, high = _points(-found.value, -found.high, -found.low)
    said = sentence(
        f"signals.{one.measure}", verdict, value=value, low=low, high=high,
        n=wording.count(found.n), level=wording.interval(found.confidence), reach=_reach(one),
        assisted=wording.count(one.counts[0]), others=wording.count(one.counts[1]),
        enough="" if one.enough != one.enough else wording.count(one.enough),
    )  # fmt: skip
    return Finding(f"signals.{one.measure}", QUANTITIES[one.measure], "", window, found.value,
                   value if value in said else "", verdict=verdict, low=found.low,
                   high=found.high, n=found.n, sentence=said)  # fmt: skip


def _verdict(one: Contrast) -> str:
    found, zero = one.difference, 1.0 if one.measure == WAITED else 0.0
    if found.low != found.low:
        return "unknown" if one.enough != one.enough else "few"
    return "more" if found.low > zero else "less" if found.high < zero else "chance"


def _sizes(one: Contrast) -> list[str]:
    """A difference in points, or a factor, with the ends of its interval."""
    found = one.difference
    values = (found.value, found.low, found.high)
    if found.low != found.low:
        return ["", "", ""]
    if one.measure != WAITED:
        return _points(*values)
    if found.high < 1:
        return [wording.percent(value) for value in values]
    return [wording.rounded(value) for value in values]


def _points(value: float, low: float, high: float) -> list[str]:
    """A difference in points and the ends of its interval, of which only the last has the unit."""
    middle, first, last = (wording.rounded(100 * share) for share in (value, low, high))
    return [f"{middle} points", first, f"{last} points"]


def _reach(one: Contrast) -> str:
    if one.detectable != one.detectable:
        return ""
    factor = one.measure == WAITED
    return wording.rounded(one.detectable) if factor else f"{100 * one.detectable:.0f} points"


def assisted_table(result: AssistedChanges) -> Table | None:
    """Each measure of assisted changes and others, and the difference; None without a mark."""
    if not result.marked:
        return None
    rows = [
        {
            "measure": NAMES[one.measure],
            "assisted": _plain(one, one.assisted, one.counts[0]),
            "others": _plain(one, one.others, one.counts[1]),
            "within service and month": _shown(one),
        }
        for one in result.contrasts
    ]
    return table(pd.DataFrame(rows), caption=(
        "Deployments with an assisted change, and changes, beside others: all services and months "
        "mixed, and the difference (of times: the factor) within service and month, with 95 % "
        "interval"))  # fmt: skip


def _plain(one: Contrast, value: float, n: int) -> str:
    write = wording.length if one.measure == WAITED else wording.percent
    return "–" if value != value else f"{write(value)} (n = {wording.count(n)})"


def _shown(one: Contrast) -> str:
    value, low, high = _sizes(one)
    return f"{value} ({low} to {high})" if value else "not enough data"
