"""A statement as a value, with the sentence or cell that says it; and the sentences, by verdict.

The sentences of a subject stand in one file, ``prose/<subject>.toml``: a text per statement, or a
table with one text per verdict. What is filled in stands in braces with how it is written:
``{share:%}`` a share, ``{days:day}`` a number with its noun in the right number, ``{days:|is|are}``
one of two words by the number, ``{who:name}`` a name from the data, in bold.
"""

from __future__ import annotations

import functools
import math
import string
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import pandas as pd

from srelib import wording
from srelib.delivery import Delivery
from srelib.tradeoff import Scorecard

UNITS = {
    "error budget left": "share of the budget",
    "error budget allowed": "bad events",
    "error budget spent": "bad events",
    "budget spent by an incident": "share of the budget",
    "coverage": "share of time",
    "cost of deployments": "share of the budget",
    "deployments": "1/week",
    "change lead time": "s",
    "change fail rate": "share of deployments",
    "recovery time": "s",
    "rework rate": "share of deployments",
    "confidence of a verdict": "share of redrawn histories",
    "probability to meet the next window": "probability",
    "probability after the change": "probability",
    "deployments marked as failed": "deployments",
    "share of changes assisted by AI tools": "share of changes",
    "difference of fail rates with AI tools": "share of deployments",
    "difference of rework with AI tools": "share of deployments",
    "factor on lead time with AI tools": "factor",
}
"""Quantities that are stated in several places, and their unit."""


@dataclass(frozen=True)
class Finding:
    """One statement: what was found, of whom, over which time, and how it is said.

    Parameters
    ----------
    key : str, which statement it is; also names its sentences in the prose file
    quantity : str, one of `UNITS`; empty where it states no number that is stated elsewhere, too
    service : str, whom it is about; empty for all services together
    window : str, the time it is about, as shown
    value : float, in the unit of the quantity; NaN where it is unknown
    text : str, the value as shown; empty where the statement shows no number of its own
    subject : str, what of the service: an objective, or the identifier of an incident
    verdict : str, which of the sentences was chosen
    low, high : float, ends of the interval; NaN without one
    n : float, how many it stands on; NaN where that says nothing
    sentence : str, Markdown; empty for a cell of a table
    anchor : str, the section of the page that shows the evidence
    """

    key: str
    quantity: str
    service: str
    window: str
    value: float
    text: str = ""
    subject: str = ""
    verdict: str = ""
    low: float = math.nan
    high: float = math.nan
    n: float = math.nan
    sentence: str = ""
    anchor: str = ""

    @property
    def unit(self) -> str:
        """Unit of the value and of the interval."""
        return UNITS[self.quantity] if self.quantity else ""


def spent_by_incidents(rows: pd.DataFrame, *, incident: str, share: str) -> list[Finding]:
    """What each incident spent of the budget that an objective has in a window, by these columns
    and those of service and objective.
    """
    return [
        Finding(
            "incident.cell", "budget spent by an incident", row["service"], "a window", row[share],
            wording.percent(row[share]), f"{row['objective']}: {row[incident]}",
        )
        for row in rows.to_dict("records")
    ]  # fmt: skip


FIELDS = {
    "frequency": "deployments", "lead_time": "change lead time", "fail_rate": "change fail rate",
    "recovery": "recovery time", "rework_rate": "rework rate", "left": "error budget left",
}  # fmt: skip
"""Fields of `tradeoff.Scorecard` and `delivery.Delivery` that are stated in several places."""


def of_fields(key: str, one: Scorecard | Delivery, *, service: str, window: str) -> list[Finding]:
    """The estimates of a service that are stated in several places, as findings."""
    found = []
    for name, quantity in FIELDS.items():
        estimate = getattr(one, name, None)
        if estimate is not None and estimate.value == estimate.value:
            numbers = (estimate.value, estimate.low, estimate.high)
            text = wording.estimates(name, numbers)[0]
            subject = getattr(one, "objective", "") if name == "left" else ""
            found.append(Finding(key, quantity, service, window, numbers[0], text, subject,
                                 low=numbers[1], high=numbers[2], n=estimate.n))  # fmt: skip
    return found


def beside_chance(one: Scorecard | Delivery) -> str:
    """What chance alone gives of a change fail rate, and whether the rate is clearly more."""
    share = wording.shares([one.fail_chance])[0]
    return f"chance alone {share}" if one.fail_clear else f"not clearly above chance ({share})"


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON holds it: what is unknown is null, and whole numbers have no decimals, so
    that a browser that reads and writes them changes nothing.
    """
    plain = asdict(finding) | {"unit": finding.unit}
    for name, value in plain.items():
        if value != value:
            plain[name] = None
        elif isinstance(value, float) and value.is_integer():
            plain[name] = int(value)
    return plain


def say(
    key: str, verdict: str = "", /, *, service: str = "", anchor: str = "", **parts: Any
) -> Finding:
    """A statement that shows no number of `UNITS`, in the words for its verdict."""
    text = sentence(key, verdict, **parts)
    return Finding(key, "", service, "", math.nan, verdict=verdict, sentence=text, anchor=anchor)


def sentence(key: str, verdict: str = "", /, **parts: Any) -> str:
    """The sentence of a statement for a verdict: ``budget.left`` is in ``prose/budget.toml``."""
    subject, _, name = key.partition(".")
    texts = _prose(subject)[name]
    return _FILLED.format(texts if isinstance(texts, str) else texts[verdict], **parts)


def markdown(value: Any, *, limit: int = 60) -> str:
    """A text from the data as Markdown that shows exactly that text, on one line."""
    return wording.label(value, limit=limit).translate(_TABLE).replace("www.", "www&#46;")


def name(value: Any, *, limit: int = 60) -> str:
    """A name from the data, in bold."""
    return f"**{markdown(value, limit=limit)}**"


def names(values: Any, *, limit: int = 4) -> str:
    """Several names from the data in a sentence, each in bold."""
    return wording.listing([name(value) for value in values], limit=limit)


_ENTITIES = {c: f"&#{ord(c)};" for c in "&<>\"'$@"}
_MARKUP = {c: f"\\{c}" for c in "\\`*_{}[]()#|~"}
_TABLE = str.maketrans({**_ENTITIES, **_MARKUP, ":": "&#58;"})


def _day(value: Any) -> str:
    return wording.day(value) if hasattr(value, "year") else wording.plural(value, "day")


WRITERS: dict[str, Callable[[Any], str]] = {
    "%": wording.percent,
    "share": lambda value: wording.shares([value])[0],
    "n": wording.count,
    "cost": wording.cost_share,
    "of100": wording.of_100,
    "rate": wording.per_week,
    "length": wording.length,
    "duration": wording.duration,
    "date": wording.day,
    "day": _day,
    "moment": wording.moment,
    "name": name,
    "names": names,
    "text": markdown,
    "list": wording.listing,
}
"""How a sentence writes what is filled in, by what follows the colon; else that is a noun."""


class _Filler(string.Formatter):
    """Fills numbers, times and names of the data into sentences."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec in WRITERS:
            return WRITERS[format_spec](value)
        if format_spec.startswith("|"):
            return format_spec.split("|")[1 if value == 1 else 2]
        return wording.plural(value, format_spec) if format_spec else str(value)


_FILLED = _Filler()


@functools.cache
def _prose(subject: str) -> dict[str, Any]:
    path = files("srelib.findings") / "prose" / f"{subject}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
