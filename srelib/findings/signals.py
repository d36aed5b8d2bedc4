"""What marks of changes say: further signals of failure, and the use of AI tools.

`found` is what `srelib.delivery.failure_signals` found of all services together, `result` what
`srelib.delivery.assisted_changes` found.
"""

from __future__ import annotations

import math

import pandas as pd

from srelib import wording
from srelib.delivery import AssistedChanges
from srelib.delivery.assistance import WAITED, Contrast
from srelib.delivery.signals import MARKS, REVERTED
from srelib.findings.finding import Finding, sentence
from srelib.windows.window import span_label

QUANTITIES = {
    "failed": "difference of fail rates with AI tools",
    "reworked": "difference of rework with AI tools",
    "lead_time": "factor on lead time with AI tools",
}


def marks_sentence(found: pd.DataFrame, *, between: tuple[pd.Timestamp, pd.Timestamp]) -> Finding:
    """How many deployments reverts, hotfixes and rollbacks mark as failed, and how many are new."""
    rows, nothing = found.set_index("signal").to_dict("index"), {"failed": math.nan, "also": 0}
    row, window = rows.get(MARKS, nothing), span_label(*between)
    failed, new = float(row["failed"]), row["failed"] - row["also"]
    verdict = ("new" if new else "known" if failed else "none") if MARKS in rows else "nothing"
    lost = rows.get(REVERTED, {"unplaced": 0})["unplaced"]
    said = sentence("signals.marks", verdict, failed=failed, new=new, row=row,
                    lost=sentence("signals.marks", "lost", n=lost) if lost else "")  # fmt: skip
    text = wording.count(failed) if failed == failed else ""
    return Finding("signals.marks", "deployments marked as failed", "", window, failed, text,
                   verdict=verdict, sentence=said)  # fmt: skip


def assisted_sentences(result: AssistedChanges) -> list[Finding]:
    """How widely AI tools are used, and whether what they assisted fails, is mended or waits more.

    One line where no change is marked.
    """
    window, halves = span_label(*result.between), result.first + result.last
    verdict = ("some" if halves == halves else "part") if result.marked else "none"
    said = sentence("signals.adoption", verdict, marked=result.marked, n=result.changes,
                    first=result.first, last=result.last, window=window)  # fmt: skip
    share = result.marked / result.changes if result.marked else math.nan
    head = Finding("signals.adoption", "share of changes assisted by AI tools", "", window, share,
                   verdict=verdict, n=result.changes, sentence=said)  # fmt: skip
    return [head, *(_contrast(one, window) for one in result.contrasts if result.marked)]


def _contrast(one: Contrast, window: str) -> Finding:
    found, factor, verdict = one.difference, one.measure == WAITED, _verdict(one)
    value = low = high = ""
    if verdict not in ("unknown", "few"):
        sign = -1 if verdict == "less" and not factor else 1
        ends = (found.low, found.high)[::sign]
        numbers = (found.value, *ends) if factor else (100 * sign * x for x in (found.value, *ends))
        value, low, high = (wording.rounded(x) for x in numbers)
        value, high = (value, high) if factor else (f"{value} points", f"{high} points")
    reach = wording.rounded(one.detectable * (1 if factor else 100))
    said = sentence(
        f"signals.{'factor' if factor else 'share'}", verdict, value=value, low=low, high=high,
        what=sentence("signals.measure", one.measure), n=found.n, enough=one.enough,
        level=wording.interval(found.confidence), assisted=one.counts[0], others=one.counts[1],
        reach=reach,
    )  # fmt: skip
    shown = value if value in said else ""
    return Finding(f"signals.{one.measure}", QUANTITIES[one.measure], "", window, found.value,
                   shown, verdict=verdict, low=found.low, high=found.high, n=found.n,
                   sentence=said)  # fmt: skip


def _verdict(one: Contrast) -> str:
    found, zero = one.difference, 1.0 if one.measure == WAITED else 0.0
    if found.low != found.low:
        return "unknown" if one.enough != one.enough else "few"
    chance = "chance" if one.detectable == one.detectable else "blind"
    return "more" if found.low > zero else "less" if found.high < zero else chance
