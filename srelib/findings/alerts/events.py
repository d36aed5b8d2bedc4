"""What happened and what the pages said: false alarms, waits, and hours of the week."""

from __future__ import annotations

from typing import Any

import pandas as pd

from srelib import wording
from srelib.findings.alerts import words
from srelib.findings.alerts.words import NOTHING
from srelib.findings.show import Table, table
from srelib.findings.text import markdown, name

OFFICE = "Monday to Friday, 9 to 17 h"


def false_sentence(pooled: Any) -> str:
    """Pages that told about nothing on record, and whether the budget burned all the same.

    Parameters
    ----------
    pooled : Pooled or None

    Returns
    -------
    str
        Markdown.
    """
    if pooled is None:
        return NOTHING
    if not len(pooled.pages):
        return "Nothing fired, so nothing was a false alarm."
    false = pooled.pages[pooled.pages["key"].isna()]
    kind, line = markdown(pooled.severity), wording.percent(pooled.share)
    precision = words.share(pooled.precision)
    told = len(pooled.pages) - len(false)
    text = f"{told} of {wording.plural(len(pooled.pages), kind)} told about something ({precision})"
    if not len(false):
        return f"{text}."
    by = false["objective"].value_counts()
    who = name(by.index[0])
    if len(by) == 1:
        most = f"the other{'s' if len(false) > 1 else ''} came from {who}"
    else:
        most = f"of the others, most came from {who} ({by.iloc[0]} of {len(false)})"
    burning = int(false["burning"].fillna(False).sum())
    if pooled.truth != "incidents" or not burning:
        return f"{text}; {most}."
    if burning == 1:
        return (f"{text}; {most}. **1 was no false alarm**: it fell into a span that spent at "
                f"least {line} of a budget, and no incident records that.")  # fmt: skip
    return (f"{text}; {most}. **{burning} of these {len(false)} were no false alarms**: they fell "
            f"into spans that spent at least {line} of a budget, and no incident records those."
            )  # fmt: skip


def events_table(pooled: Any, *, max_rows: int = 15) -> Table | None:
    """What happened, dearest first, and when the first page came.

    Parameters
    ----------
    pooled : Pooled or None
    max_rows : int
        Most rows shown.

    Returns
    -------
    Table or None
        None where nothing happened.
    """
    if pooled is None or not len(pooled.events):
        return None
    rows = pooled.events.sort_values("spent", ascending=False, kind="stable")
    frame = pd.DataFrame({
        "what": [wording.label(text, limit=44) for text in rows["label"]],
        "objective": rows["objective"], "from": rows["starts_at"],
        "first": [words.about(x) if told else "never"
                  for x, told in zip(rows["detection"].tolist(), rows["caught"], strict=True)],
        "by_then": rows["spent_at_detection"], "spent": rows["spent"],
    })  # fmt: skip
    kind = pooled.severity
    return table(frame, caption=f"What happened, dearest first (times UTC; shares of the budget of "
                 f"a period; without a {kind}, spent by then is all)", max_rows=max_rows,
                 formats={"by_then": wording.percent, "spent": wording.percent},
                 headers={"first": f"first {kind} after", "by_then": "spent by then",
                          "spent": "spent in all"})  # fmt: skip


def detection_sentence(pooled: Any) -> str:
    """Whether what hurt most was told soonest.

    Parameters
    ----------
    pooled : Pooled or None

    Returns
    -------
    str
        Markdown.
    """
    if pooled is None:
        return NOTHING
    if not len(pooled.events):
        return "Nothing happened that could have been told in time or late."
    big = pooled.events[pooled.events["spent"] >= pooled.share]
    line, noun = wording.percent(pooled.share), words.noun(pooled)
    if not len(big):
        return f"Nothing spent {line} of a budget, so no {noun} needed anybody at once."
    told = big[big["caught"]]
    text = (f"Of {wording.plural(len(big), noun)} that spent at least {line} of a budget, "
            f"{len(told) or 'none'} {'was' if len(told) == 1 else 'were'} told about")  # fmt: skip
    if not len(told):
        return f"{text}."
    half = words.about(told["detection"].median())
    slow = told.loc[told["spent_at_detection"].idxmax()]
    return (f"{text}, half of those within {half}. The dearest wait: {words.event(slow)}, "
            f"{words.about(slow['detection'])} and {wording.percent(slow['spent_at_detection'])} "
            "of the budget until anybody knew.")  # fmt: skip


def hours_sentence(pooled: Any, *, timezone: str) -> str:
    """Who was woken: the share of pages outside office hours, and the busiest hour.

    Parameters
    ----------
    pooled : Pooled or None
    timezone : str
        IANA zone of the people who are paged.

    Returns
    -------
    str
        Markdown.
    """
    if pooled is None:
        return NOTHING
    if not len(pooled.pages):
        return "Nobody was woken: nothing fired."
    share = words.share(pooled.out_of_hours)
    local = pooled.pages["fired_at"].dt.tz_convert(timezone)
    night = int(((local.dt.hour < 7) | (local.dt.hour >= 23)).sum())
    n = wording.plural(len(local), markdown(pooled.severity))
    out = int(pooled.pages["out_of_hours"].sum())
    return (f"{out} of {n} came outside office hours ({OFFICE}, {markdown(timezone)}; {share}), "
            f"{night or 'none'} of them between 23 and 7 h. Spread evenly over the week, "
            f"{wording.percent(1 - 40 / 168)} would.")  # fmt: skip
