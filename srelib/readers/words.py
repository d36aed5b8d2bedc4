"""Words in exports: what they mean, which records they choose, and how often they occur."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from srelib.sources import Source


def is_prerelease(name: str | None) -> bool:
    """Whether a tag or version is one of a release candidate, a beta and the like."""
    return name_clues()["prerelease"].search(name or "") is not None


PRERELEASE = "a pre-release; to keep it, set prereleases = true for this file in sources.toml"
UNKNOWN_STATUS = "unknown status"
SAY_STATUS = 'to say what it means: values.status = { WORD = "succeeded" } in sources.toml'
IGNORED = "left out as values in sources.toml says"
NOTHING_LEFT = "nothing is left"
NOT_CHOSEN = "not chosen by where = {...} in sources.toml"


@cache
def column_names() -> dict[str, dict[str, tuple[str, ...]]]:
    """Names that columns go by, for each column of each table, its own first."""
    return {
        table: {column: (column, *others) for column, others in columns.items()}
        for table, columns in packaged("column_names.toml").items()
    }


@cache
def known_words(column: str) -> dict[str, str]:
    """What the words in a column mean where `sources.toml` does not say it, by word."""
    said = packaged("words.toml")[column]
    return {word: meant for meant, words in said.items() for word in words}


@cache
def name_clues() -> dict[str, re.Pattern[str]]:
    """Patterns of names, and of units in cells, by what they show."""
    return {
        clue: re.compile("".join(words if isinstance(words, list) else [words]))
        for clue, words in packaged("name_clues.toml").items()
    }


def packaged(name: str) -> dict[str, Any]:
    """A table of data that stands beside this module."""
    return tomllib.loads(Path(__file__).with_name(name).read_text("utf-8"))


def columns_by_name(
    header: Iterable[str], known: Mapping[str, Sequence[str]], taken: Iterable[str] = ()
) -> dict[str, str]:
    """Columns by role, as their names suggest; each in one role, and none that is taken."""
    plain = {plain_name(name): name for name in reversed([*header])}
    plain |= {name.partition("_per_")[0]: plain[name] for name in plain if name.startswith("@")}
    found: dict[str, str] = {}
    for role, names in known.items():
        free = (plain[name] for name in names if name in plain)
        column = next((one for one in free if one not in {*taken, *found.values()}), None)
        if column is not None:
            found[role] = column
    return found


def plain_name(name: str) -> str:
    """The name of a column without its spelling."""
    return re.sub(r"[\s.-]+", "_", name.strip().lower())


def word_counts(words: Iterable[str | None], *, most: int = 6) -> str:
    """Words with how often they occur, the most frequent first."""
    counts = Counter("(none)" if word is None else repr(word) for word in words)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    named = ", ".join(f"{word} {count:,}" for word, count in ranked[:most])
    return named + (f" and {len(ranked) - most} more" if len(ranked) > most else "")


def left_out_note(values: Sequence[str | None], column: str, paste: str = "") -> str:
    """How many records a choice left out, by kind."""
    more = f"; {paste}" if paste else ""
    return f"{len(values):,} records left out by {column}: {word_counts(values, most=4)}{more}."


def words_of(source: Source, column: str) -> dict[str, str]:
    """What ``values`` of `sources.toml` says the words of a column mean, by word in lower case."""
    said = source.values.get(column)
    flat = {} if column != "state" else source.values
    found = said if isinstance(said, dict) else flat
    return {word.lower(): str(to) for word, to in found.items() if isinstance(to, str)}


def marked(
    rows: pd.DataFrame, mask: pd.Series, mark: str, reason: Any, column: str, values: pd.Series
) -> pd.DataFrame:
    """The rows, those under the mask without such a mark with one: ``left_out`` or ``fault``."""
    marks = {mark: reason, f"{mark}_column": column, f"{mark}_value": values}
    nothing = pd.Series(None, rows.index, dtype="object")
    old = {name: rows.get(name, nothing) for name in marks}
    first = mask & old[mark].isna()
    return rows.assign(**{name: old[name].mask(first, value) for name, value in marks.items()})


def chosen(
    rows: pd.DataFrame, seen_cells: pd.DataFrame, source: Source
) -> tuple[pd.DataFrame, list[str]]:
    """The rows, those marked that ``where`` of `sources.toml` does not choose; and how many."""
    kept, notes = pd.Series(True, rows.index), []
    for column, wanted in source.where.items():
        seen = seen_cells[column].astype("object").where(seen_cells[column].notna(), None)
        left = kept & ~seen_cells[column].astype("str").str.strip().isin(wanted)
        kept &= ~left
        if left.any():
            rows = marked(rows, left, "left_out", NOT_CHOSEN, column, seen)
            notes.append(left_out_note(seen[left].tolist(), column))
    return rows, notes


def without_prereleases(rows: pd.DataFrame, column: str) -> tuple[pd.DataFrame, list[str]]:
    """The rows of releases, those marked whose name is that of a pre-release; and how many."""
    names = rows["deployment_id"].astype("object")
    early = names.map(lambda name: is_prerelease(str(name)))
    if not early.any():
        return rows, []
    found = marked(rows, early, "left_out", PRERELEASE, column, names)
    return found, [prereleases_note(int(early.sum()), len(rows))]


def prereleases_note(count: int, of: int) -> str:
    """How many pre-releases were left out."""
    return (f"{count:,} of {of:,} are pre-releases and left out; prereleases = true in "
            "sources.toml keeps them.")  # fmt: skip


def unknown_note(words: pd.Series) -> str:
    """What to write about words for a status that nobody knows, with how often they occur."""
    first = str(words.iloc[0])
    return (
        f"{len(words):,} rows have an unknown status ({word_counts(words, most=4)}): say what it "
        f'means with values.status = {{ "{first}" = "succeeded" }} (or failed, rolled_back, '
        "cancelled, ignore) in sources.toml."
    )


_NAME_KEYS = ("name", "summary", "value", "title", "label")


def named_services(column: pd.Series) -> pd.Series:
    """The column with placeholders missing, and objects replaced by the names they hold."""
    text = column.astype("str").str.strip()
    placeholder = text.str.lower().str.rstrip(".").isin(known_words("service"))
    written = text.where(~placeholder)
    packed = written.str.startswith(("{", "[")).fillna(False).astype(bool)
    if packed.any():
        written = written.where(~packed, written[packed].map(_unpacked).reindex(text.index))
    return written


def _unpacked(cell: str) -> str | None:
    """The names in a cell that holds a dictionary or a list, as text with commas."""
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        names = [_name(one) for one in (value if isinstance(value, list) else [value])]
        return ", ".join(name for name in names if name) or None
    return cell


def _name(value: Any) -> str | None:
    if isinstance(value, dict):
        found = next((value[key] for key in _NAME_KEYS if value.get(key)), None)
        return None if found is None else str(found)
    return None if value is None else str(value)
