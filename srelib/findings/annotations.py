"""Notes on days, in words."""

from __future__ import annotations

import pandas as pd

from srelib import wording
from srelib.annotations import together
from srelib.findings.finding import markdown, names, sentence

MOST = 30
"""Notes listed under a figure."""


def note_sentences(
    annotations: pd.DataFrame | None, *, numbers: bool = True, most: int = MOST
) -> list[str]:
    """Each note with its day and services, and with its number where a figure shows that; nothing
    where there are no notes.
    """
    every, key = together(annotations), "annotations.note" if numbers else "annotations.dated"
    said = [
        sentence(key, "one" if services else "all", number=str(number), day=wording.day(day),
                 who=names(services, limit=6), note=markdown(note, limit=200))
        for number, day, services, note in every[:most]
    ]  # fmt: skip
    left_out = len(every) - len(said)
    return [*said, *([sentence("annotations.more", "some", more=str(left_out))] * (left_out > 0))]
