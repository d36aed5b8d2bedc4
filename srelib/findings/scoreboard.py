"""What the scoreboard says: delivery and reliability of each service, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from srelib import wording
from srelib.findings.finding import FIELDS, beside_chance, name, names, of_fields
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, table
from srelib.sli.interval import ASSUMED, BACKGROUND_ONLY
from srelib.tradeoff.association import Span
from srelib.tradeoff.scoreboard import (
    FAST_FRAGILE,
    FAST_SAFE,
    SLOW_FRAGILE,
    SLOW_SAFE,
    Quadrants,
    Scorecard,
)
from srelib.windows.window import span_label

LIMITS = {ASSUMED: "outage sizes assumed", BACKGROUND_ONLY: "background only"}
"""What a cell says of an interval that assumes something or leaves something out."""


def quadrants_sentences(quadrants: Quadrants) -> list[str]:
    """Where services stand, each with the probability that it stands there."""
    if not len(quadrants.services):
        return ["No service can be placed: it takes deployments and an objective of the same "
                "service."]  # fmt: skip
    phrases = {
        FAST_FRAGILE: "**Fast and fragile**",
        SLOW_FRAGILE: "**Slow and fragile**",
        SLOW_SAFE: "**Slow with budget to spare**, so you can afford to ship more",
        FAST_SAFE: "**Fast and safe**",
    }
    rows, lines = quadrants.services, []
    for quadrant, words in phrases.items():
        held = rows[rows["quadrant"] == quadrant].sort_values(quadrant, ascending=False)
        if len(held):
            who = [f"{name(r['service'])} ({chance(float(r[quadrant]))})"
                   for _, r in held.iterrows()]  # fmt: skip
            lines.append(f"{words}: {wording.listing(who, limit=6)}.")
    doubt = rows[~rows["sure"].astype(bool)]
    if len(doubt):
        lines.append(f"In brackets the probability of that place; of "
                     f"{names(doubt['service'], limit=6)} it is below "
                     f"{wording.percent(quadrants.confidence)}.")  # fmt: skip
    return lines


def chance(p: float) -> str:
    """A probability from draws, which are too few to tell 99.5 % from 100 %.

    Examples
    --------
    >>> chance(0.9), chance(0.9999)
    ('90\\xa0%', 'over 99\\xa0%')
    """
    return f"over 99{wording.NBSP}%" if p > 0.995 else f"{p * 100:.0f}{wording.NBSP}%"


def lines_sentence(quadrants: Quadrants) -> str:
    """Where the lines between the quadrants lie, and who could not be placed."""
    if not len(quadrants.services):
        return ""
    line = wording.plural(round(quadrants.speed_line, 2), "deployment")
    where = "as stated" if quadrants.line_is == "stated" else f"the {quadrants.line_is}"
    text = (f"Fast is {line} a week or more ({where}); safe is at least "
            f"{wording.percent(quadrants.left_line)} of the budget left.")  # fmt: skip
    if quadrants.unknown:
        text += f" Not placed, for want of deployments or an objective: {names(quadrants.unknown)}."
    return text


def delivery_table(board: Mapping[str, Scorecard], *, between: Span | None) -> Table | None:
    """What DevOps looks at, per service, with interval and n."""
    columns = {
        "frequency": "deployments a week", "lead_time": "change lead time",
        "fail_rate": "change fail rate (shared)", "recovery": "recovery (shared)",
        "rework_rate": "unplanned rework",
    }  # fmt: skip
    return _board_table(board, columns, between, caption="DevOps looks at delivery, over {}: "
                        "value, {} and n (medians of times; shared: both disciplines "
                        "look at it)")  # fmt: skip


def reliability_table(board: Mapping[str, Scorecard], *, between: Span | None) -> Table | None:
    """What SRE looks at, per service, with interval and n."""
    columns = {
        "sli": "service level (target)", "left": "budget left, {}",
        "pages": "pages a week",
        "felt": "pages users felt (shared)", "incidents": "incidents a week",
        "restore": "time to restore",
    }  # fmt: skip
    return _board_table(board, columns, between, caption="SRE looks at reliability, over the same "
                        "{}: value, {} and n (shared: both disciplines look at it)"
                        )  # fmt: skip


def _board_table(
    board: Mapping[str, Scorecard], columns: Mapping[str, str], between: Span | None, *,
    caption: str,
) -> Table | None:  # fmt: skip
    if not board or between is None:
        return None
    window = span_label(*between)
    rows = [{"service": s, **{c: _estimate(one, c) for c in columns}} for s, one in board.items()]
    length = wording.roughly(between[1] - between[0])
    headers = {field: text.format(length) for field, text in columns.items()}
    said = [f for s, one in board.items() for f in of_fields("scoreboard.cell", one, service=s,
            window=window) if columns.keys() & _FIELD[f.quantity]]  # fmt: skip
    level = wording.interval(next(iter(board.values())).frequency.confidence)
    made = table(
        pd.DataFrame(rows), caption=caption.format(length, level), max_rows=40, headers=headers
    )
    return made.stating(said)


_FIELD = {quantity: {field} for field, quantity in FIELDS.items()}


def _estimate(one: Scorecard, field: str) -> str:
    """Value, interval and n of one number of a service."""
    e = getattr(one, field)
    if e.value != e.value:
        return "\u2013"
    texts = shown(field, (e.value, e.low, e.high), target=one.target)
    known = e.low == e.low and e.high == e.high
    limit = next((f"; {words}" for text, words in LIMITS.items() if e.method.endswith(text)), "")
    ends = f" ({texts[1]} to {texts[2]}{limit})" if known else ""
    goal = f" of {wording.percent(one.target)}" if field == "sli" and one.target == one.target \
        else ""  # fmt: skip
    n = f", n = {e.n:,.0f}" if field not in ("sli", "left") else ""
    if field == "fail_rate" and one.fail_chance == one.fail_chance:
        n += f"; {beside_chance(one)}"
    return f"{texts[0]}{goal}{ends}{n}"


def shown(field: str, values: tuple[float, ...], *, target: float = float("nan")) -> list[str]:
    """Numbers of a field of `Scorecard` as texts; service levels are held against the target.

    Examples
    --------
    >>> shown("frequency", (6.84, 6.17)), shown("fail_rate", (0.2, 0.141))
    (['6.8', '6.2'], ['20\\xa0%', '14\\xa0%'])
    """
    against = target if target == target else None
    return wording.estimates(field, values, against=against)


def devops_and_sre_sentence(board: Mapping[str, Scorecard]) -> str:
    """Which service is first by delivery and by reliability, where two have both."""
    both = {s: one for s, one in board.items()
            if one.frequency.value == one.frequency.value and one.left.value == one.left.value
            }  # fmt: skip
    if len(both) < 2:
        return ""
    quick = max(both, key=lambda s: both[s].frequency.value)
    safe = max(both, key=lambda s: both[s].left.value)
    if quick == safe:
        return (f"{name(quick)} ships most often **and** has the most of its budget left: "
                f"{wording.per_week(both[quick].frequency.value)} deployments a week, "
                f"{_left(both[quick])} left.")  # fmt: skip
    order = sorted(both, key=lambda s: -both[s].left.value)
    place = order.index(quick) + 1
    where = "last" if place == len(order) else f"number {place}"
    return (f"DevOps would point to {name(quick)} ({wording.per_week(both[quick].frequency.value)} "
            f"deployments a week), which is {where} of {len(order)} by budget left "
            f"({_left(both[quick])}); SRE to {name(safe)} "
            f"({_left(both[safe])} left), which ships "
            f"{wording.per_week(both[safe].frequency.value)} times a week.")  # fmt: skip


def _left(one: Scorecard) -> str:
    return shown("left", (one.left.value,))[0]


def missing_sentence(board: Mapping[str, Scorecard]) -> str:
    """What the exports do not hold, and how to add it."""
    needs = {
        "deployments": "frequency", "sli": "sli", "slos": "left", "changes": "lead_time",
        "incidents": "incidents", "alerts": "pages",
    }  # fmt: skip
    lacking = [
        kind
        for kind, field in needs.items()
        if all(getattr(one, field).value != getattr(one, field).value for one in board.values())
    ]
    if not lacking:
        return ""
    words = {"sli": "service levels", "slos": "objectives"}
    parts = [f"**{words.get(kind, kind)}** ({HOW_TO[kind]})" for kind in lacking]
    return f"For the whole comparison the folder lacks {wording.listing(parts, limit=6)}."


def span_sentence(span: Span | None, *, board: Mapping[str, Scorecard]) -> str:
    """The time that delivery and reliability are compared over."""
    if span is None:
        return "There is no time over which service levels are known."
    length = wording.roughly(span[1] - span[0])
    both = [s for s, one in board.items() if one.deployments and one.sli.value == one.sli.value]
    verb = "has" if len(board) == 1 else "have"
    return (f"Both sides are judged over the same {length}, {wording.day(span[0])} to "
            f"{wording.day(span[1])}; {len(both)} of {wording.plural(len(board), 'service')} "
            f"{verb} both deployments and service levels.")  # fmt: skip
