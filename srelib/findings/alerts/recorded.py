"""The alerts that really fired, beside the replay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.findings.alerts import words
from srelib.findings.quality import HOW_TO
from srelib.findings.text import markdown, name, names

_ZERO = pd.Timedelta(0)


def recorded_sentence(real: Any) -> str:
    """What the alerts that really fired told us."""
    if real is None or real.pooled is None:
        return ""
    one = real.pooled
    kinds = wording.plural(len(one.pages), markdown(one.severity))
    per = words.number(one.pages_per_week.value)
    if not len(one.events):
        return f"The {kinds} on record ({per} a week) had nothing to tell about."
    told, of = int(one.events["caught"].sum()), wording.plural(len(one.events), words.noun(one))
    half = f", {words.half(one)}" if told else ""
    return (f"The {kinds} that **really fired** ({per} a week) told us about **{told or 'none'} of "
            f"{of}** ({words.share(one.recall)}){half}.")  # fmt: skip


def recorded_sentences(real: Any, found: Mapping[str, Any], *, severity: str) -> list[str]:
    """The alerts that really fired, beside the replay of the policy in use.

    Parameters
    ----------
    real : Recorded or None
    found : mapping of str to Pooled
        As from `srelib.alerts.fleet.side_by_side`.
    severity : str
        Of the rules that count.

    Returns
    -------
    list of str
        Markdown; without alerts on record how to get them, nothing where nothing was replayed.
    """
    if not found:
        return []
    if real is None:
        return ["There are no alerts in the folder, so what really fired is not compared. To add "
                f"them, put {HOW_TO['alerts']} beside the rest."]  # fmt: skip
    if real.pooled is None:
        return [f"No alert on record has the severity {name(severity)}, so what really fired is "
                f"not compared; there are {names(real.others)}."]  # fmt: skip
    current = next(iter(found.values()))
    lines = [_against(real.pooled, current), _sooner(real.pooled, current), _record(real, current)]
    return [line for line in lines if line]


def _against(one: Any, current: Any) -> str:
    """What the alerts on record told and missed, beside the policy in use."""
    seen, known = words.caught(one), words.caught(current)
    lost, won = known - seen, seen - known
    who, policy = f"**What really fired** ({_rate(one)})", name(current.policy)
    if not lost and not won:
        return (
            f"{who} told about the same {words.noun(one)}s as {policy} replayed ({_rate(current)})."
        )
    parts = []
    if lost:
        parts.append(f"missed {len(lost)} that {policy} would have told about"
                     f" ({words.dearest(one, lost)})")  # fmt: skip
    if won:
        parts.append(f"told about {len(won)} that {policy} would have missed"
                     f" ({words.dearest(one, won)})")  # fmt: skip
    return f"{who} {' and '.join(parts)}."


def _rate(one: Any) -> str:
    return f"{words.number(one.pages_per_week.value)} {markdown(one.severity)}s a week"


def _sooner(one: Any, current: Any) -> str:
    """Whether the alerts on record came sooner, of what both told about."""
    rows = [p.events.set_index(["objective", "key"])["detected_at"] for p in (one, current)]
    later = (rows[0] - rows[1].reindex(rows[0].index)).dropna()
    if not len(later):
        return ""
    first, last = int((later < _ZERO).sum()), int((later > _ZERO).sum())
    middle = later.median()
    text = (f"Of {wording.plural(len(later), words.noun(one))} that both told about, the alert on "
            f"record came first in {first or 'none'} and last in {last or 'none'}")  # fmt: skip
    if middle == _ZERO:
        return f"{text}; at the median neither came first."
    order = "later" if middle > _ZERO else "sooner"
    return f"{text}; at the median {words.about(abs(middle))} {order}."


def _record(real: Any, current: Any) -> str:
    """What the record itself leaves open."""
    parts = []
    kind = current.severity.lower()
    if not real.severities:
        parts.append("no alert on record has a severity, so all of them count")
    elif {name.strip().lower() for name in real.severities} != {kind}:
        parts.append(f"{names(real.severities)} is taken for {name(current.severity)}")
    if real.silent:
        parts.append(f"there is no alert of {names(real.silent)} on record, for whatever reason")
    for which, verb, time in (("first", "begins", real.begins), ("last", "ends", real.ends)):
        if time is not None:
            parts.append(f"the {which} alert on record is of {time.day}{wording.NBSP}"
                         f"{time.month_name()}, perhaps because the export {verb} there"
                         )  # fmt: skip
    return f"Mind that {'; '.join(parts)}." if parts else ""
