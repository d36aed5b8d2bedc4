"""What changed since the last report, in words."""

from __future__ import annotations

from srelib import wording
from srelib.changes import CHANCE, DATA, DEFINITION, REAL, Change, Changes
from srelib.changes.record import BACKGROUND, COVERAGE, FAIL_RATE, LEVEL, LOGARITHMS, RATES
from srelib.findings.finding import markdown, name, names, sentence
from srelib.findings.show import Table, table

SHARES = (LEVEL, BACKGROUND, COVERAGE, FAIL_RATE)
WHOLE = "whole report"
WORDS = {REAL: "real", DATA: "data", DEFINITION: "definition"}
"""Verdicts by the name of their sentences; what could be chance has several."""


def changes_sentence(found: Changes) -> str:
    """How many services changed by more than chance explains, and which."""
    changed = sorted({row.service for row in found.of(REAL)})
    many = len({row.service for row in found.rows if row.service})
    verdict = "none" if not changed else "one" if len(changed) == 1 else "some"
    if many and many == sum(map(len, _not_compared(found).values())):
        verdict = "nothing"
    return sentence(
        "changes.headline", verdict, many=f"{len(changed)}", who=names(changed, limit=8),
        services=wording.plural(many, "service"),
    )  # fmt: skip


def change_sentences(found: Changes) -> list[str]:
    """One sentence for every change that is certain, for all that is defined differently, and for
    the services of which nothing could be compared for the same reason.
    """
    return [_said(row) for verdict in WORDS for row in found.of(verdict)] + (
        not_compared_sentences(found)
    )


def not_compared_sentences(found: Changes) -> list[str]:
    """One sentence for the services of which nothing could be compared for the same reason."""
    return [
        sentence("changes.said", "nothing", who=names(services, limit=len(services)), detail=reason)
        for reason, services in _not_compared(found).items()
    ]


def _not_compared(found: Changes) -> dict[str, list[str]]:
    """Services of which no quantity has a number or a test, by the one reason for all of it."""
    reasons: dict[str, set[str]] = {}
    for row in found.rows:
        untested = row.verdict == CHANCE and _is_empty(row)
        reasons.setdefault(row.service, set()).add(row.detail if untested else "")
    silent: dict[str, list[str]] = {}
    for service, own in reasons.items():
        if len(own) == 1 and (reason := own.pop()):
            silent.setdefault(reason, []).append(service)
    return silent


def _is_empty(row: Change) -> bool:
    return row.before != row.before and row.after != row.after


def _said(row: Change) -> str:
    verdict = "number" if row.direction in ("more", "fewer") else WORDS[row.verdict]
    before, after = _numbers(row)
    return sentence(
        "changes.said", "service" if row.quantity == "service" else verdict,
        who=name(row.service) if row.service else WHOLE.capitalize(), direction=row.direction,
        what=markdown(quantity(row), limit=100), before=before, after=after,
        detail=markdown(row.detail, limit=200), window=window(row),
    )  # fmt: skip


def changes_table(found: Changes) -> Table | None:
    """Every service and quantity with what is said of it, where that is not one sentence."""
    rows = [dict(zip(HEADERS, cells(row), strict=True)) for row in table_rows(found)]
    return table(rows, caption=spans(found), max_rows=400)


def table_rows(found: Changes) -> list[Change]:
    """The rows a table shows: those of services of which something could be compared."""
    silent = {service for services in _not_compared(found).values() for service in services}
    return [row for row in found.rows if row.service not in silent]


HEADERS = ("Service", "Quantity", "Before", "After", "What is said")


def cells(row: Change) -> tuple[str, str, str, str, str]:
    """The cells of one change: whom, what, before, after and the verdict on it."""
    return row.service or WHOLE, quantity(row), *_numbers(row), _verdict(row)


def spans(found: Changes) -> str:
    """Which weeks were compared with which."""
    windows = list(dict.fromkeys(text for row in found.rows if (text := window(row))))
    return wording.listing(windows) or "Nothing in the later report is newer than the earlier one"


def window(row: Change) -> str:
    """The weeks that a change is about; empty without any."""
    if row.since is None or not all(row.weeks):
        return ""
    before, after = (wording.plural(many, "week") for many in row.weeks)
    return f"{after} from {wording.day(row.since)} against the {before} before"


def quantity(row: Change) -> str:
    """What changed, with the objective it belongs to."""
    unit = " a week" if row.quantity in RATES else ""
    return f"{row.quantity}{unit} ({row.subject})" if row.subject else f"{row.quantity}{unit}"


def _numbers(row: Change) -> tuple[str, str]:
    values = (row.before, row.after)
    if row.quantity in SHARES:
        known = [v for v in values if v == v]
        written = iter(wording.percents(known))
        before, after = (next(written) if v == v else "\u2013" for v in values)
    else:
        write = wording.length if row.quantity in LOGARITHMS else wording.per_week
        before, after = (write(v) if v == v else "\u2013" for v in values)
    return before, after


def _verdict(row: Change) -> str:
    """What is said of a change in its cell."""
    key, least = WORDS.get(row.verdict, ""), ""
    if row.verdict == CHANCE:
        least = _least(row)
        known = row.detectable > (1.0 if row.quantity in LOGARITHMS else 0.0)
        key = "untested" if row.detail else "chance" if least else "few" if known else "same"
    return sentence("changes.row", key, direction=row.direction, least=least, detail=row.detail)


def _least(row: Change) -> str:
    """The smallest difference that would have counted as a change; empty where none could."""
    size = row.detectable
    if row.quantity in LOGARITHMS:
        return f"a factor of {wording.rounded(size)}" if 1 < size < 100 else ""
    if row.quantity in SHARES:
        known = 0 < size <= max(row.before, 1 - row.before)
        return wording.percent(size).replace("%", "points") if known else ""
    return f"{wording.per_week(size)} a week" if size > 0 else ""
