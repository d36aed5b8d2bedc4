"""What a file of no known format looks like: the keys of `sources.toml` that would read it.

Names and cells of the first records decide; nothing is read by a guess, it is only proposed.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from srelib import tables
from srelib.errors import ReadError
from srelib.folder.samples import Cells, all_are, cells_of, kinds_of, rows_of, says_share
from srelib.questions import Unconfirmed
from srelib.readers.base import Head
from srelib.readers.cells import MISSING
from srelib.readers.csv_start import TIME_OF_DAY
from srelib.readers.meaning import says_bad

Keys = Mapping[str, Any]

_IDENTIFIER = r"(?i)(^|[^a-z])(id|number|nr|no)$|[a-z]Id$"
_EPOCH = r"\d{9,19}(\.\d*)?"

_PROPOSED = ("incidents", "deployments", "changes", "alerts", "exclusions")
_OTHER = "then without the lines below, and check again"
_LEFT_OUT = '"ignore": not this file; where = { "COLUMN" = ["WORD"] }: only such records'
_PAIRS = "left srelib's name, right that of the file: check each"


@cache
def _patterns(of: str) -> dict[str, str]:
    """Words in names by what they show: of a table's columns, or of tables (`signs`)."""
    text = Path(__file__).with_name("column_patterns.toml").read_text("utf-8")
    return {name: "".join(words) for name, words in tomllib.loads(text)[of].items()}


def _is(kind: str, cell: Any) -> bool:
    """Whether the whole of a cell is a word of this kind."""
    return re.fullmatch(_patterns("cells")[kind], str(cell)) is not None


def filled(asks: Mapping[str, Any], head: Head, said: Keys | None = None) -> dict[str, Any]:
    """What is asked for, with values from the file where the question left them open (None)."""
    said = said or {}
    found = dict(asks)
    if "series" in found:
        found = found | _indicators(head, found.pop("series"))
    if "table" in found and found["table"] is None:
        known = {key: value for key, value in found.items() if value is not None}
        found = known | entry(head, said.get("table"))
    if "header" in found and found["header"] is None:
        found["header"] = header_of(head)
    columns = found.get("columns")
    named = columns.items() if isinstance(columns, dict) else ()
    if lacking := [name for name, column in named if column is None]:
        del found["columns"]
        whole = not said.get("columns")
        found = (found | more) if (more := missing_columns(head, found, lacking, whole)) else {}
    if "values" in found:
        found["values"] = _states(found["values"])
    if "service" in found and found["service"] is None:
        found["service"] = service_name(head.name)
    return found


def _states(shares: Mapping[str, float]) -> Unconfirmed:
    """What words of states probably mean; without a sign what most rows say is good."""
    likely = {
        str(word): "bad" if _is("bad", word) else "good"
        if share > 0.5 or _is("good", word) else "bad"
        for word, share in shares.items()
    }  # fmt: skip
    seen = ", ".join(f"{word} in {100 * share:.3g} %" for word, share in shares.items())
    return Unconfirmed(likely, f"each good, bad or ignore; {seen} of the rows")


def for_refused(
    refused: Mapping[str, Mapping[tuple[str, str], int]], keys: Keys, file: str
) -> Iterator[dict[str, Any]]:
    """What to say of rows that were refused, by what would keep them, and for which cells."""
    for what, cells in refused.items():
        counts = {word: count for (_, word), count in sorted(cells.items(), key=lambda p: -p[1])}
        if what == "status":
            yield {"values": {"status": _statuses(counts)}}
        elif what == "where":
            yield {"where": {next(iter(cells))[0]: _incidents(counts)}}
        elif what == "service":
            yield {"service": service_name(file)}
        else:
            columns = keys.get("columns") or {}
            column = getattr(columns, "value", columns).get("service", "service")
            about = "an empty cell means the one above, as in merged cells; else fill the cells in"
            yield {"fill_down": Unconfirmed([column], about)}


def _statuses(counts: Mapping[str, int]) -> Unconfirmed:
    """What words for the outcome of a deployment probably mean."""
    usual = max(counts, key=lambda word: counts[word])
    forms = _patterns("outcomes").items()
    likely = {
        word: next((status for status, form in forms if re.search(form, word.lower())),
                   "failed" if word.isdigit() and word != usual else "succeeded")
        for word in counts
    }  # fmt: skip
    about = f"succeeded, failed, rolled_back, cancelled or ignore; rows refused: {_often(counts)}"
    return Unconfirmed(likely, about)


def _incidents(counts: Mapping[str, int]) -> Unconfirmed:
    """The kinds of records that are probably incidents; the most frequent where none looks so."""
    likely = [kind for kind in counts if re.search(_patterns("cells")["incident"], str(kind))]
    return Unconfirmed(likely or [*counts][:1], f"the incidents, of {_often(counts)}")


def _often(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{word} {count:,}" for word, count in counts.items())


def _indicators(head: Head, names: Sequence[str]) -> dict[str, Any]:
    """Columns of a table, or one [[file.series]] among series that are named elsewhere."""
    if head.kind == "csv" and {*names} <= {*head.header}:
        return {key: value for key, value in entry(head).items() if key != "table"}
    if shares := [name for name in names if says_share(name)]:
        return {"series": [_share_of(name) for name in shares]} if len(names) > 1 else {}
    if found := series_like(names, service_name(head.name)):
        return {"series": found}
    part = next((role for role in ("bad", "total", "good") if _role(names, role)), None)
    if part:
        about = "where another file of this service holds the other part"
        return {"columns": Unconfirmed({part: names[0]}, about)}
    about = 'what the one series holds: "ratio", "percent", or "value" with threshold and op'
    return {"unit": Unconfirmed("ratio", about)} if len(names) == 1 else {}


def service_name(file: str) -> Unconfirmed:
    """A name for the service a file is about: that of the file."""
    return Unconfirmed(PurePath(file).name.split(".")[0] or file, "the service this file is about")


def entry(head: Head, said: Any = None) -> dict[str, Any]:
    """The keys that would read a file, as the table that is said or else likely; none where
    nothing in it looks like a time.
    """
    try:
        path, cells = cells_of(head)
    except ReadError:
        return {}
    times, numbers, words = kinds_of(cells)
    if not times:
        return {}
    if issues := _issues(cells):
        return issues
    found: dict[str, Any] = {"records": path} if path else {}
    table = str(getattr(said, "value", said) or _table(head.name, cells, times, numbers))
    others = ", ".join(name for name in (*_PROPOSED, "sli") if name != table)
    found["table"] = said or Unconfirmed(table, f"or {others} ({_OTHER}); {_LEFT_OUT}")
    if table != "sli":
        columns = columns_like(table, cells)
    else:
        columns, more = _indicator(cells, times, numbers, words)
        shares = [name for name in numbers if says_share(name)]
        if not shares and all(_are_shares(cells[name]) for name in numbers):
            shares = numbers
        if len(shares) > 1 and "service" not in columns:
            columns, more = {"time": times[0]}, {"series": [_share_of(name) for name in shares]}
        found |= more
    rest = "" if "series" in found else _unused(cells, columns)
    clocks = [name for name in cells if all_are(TIME_OF_DAY, cells[name])]
    if len(times) == len(clocks) == 1 and not any(":" in cell for cell in cells[times[0]]):
        about = "these two are one time; where they are not, take the line out"
        found["date_and_time"] = Unconfirmed([times[0], clocks[0]], about)
    return found | {"columns": Unconfirmed(columns, _PAIRS + rest)}


def _issues(cells: Cells) -> dict[str, Any]:
    """The keys for issues of Jira in a language whose headers are not known; none for others."""
    keys = [name for name, column in cells.items() if all_are(r"[A-Z][A-Z0-9_]+-\d+", column)]
    dated = [n for n, column in cells.items() if all_are(r"\d{1,2}/[^\W\d]+\.?/\d\d .*", column)]
    if not keys or len(dated) < 2:
        return {}
    ends = [name for name in dated[1:] if re.search(r"(?i)r[eéi]s|opge|lös|rozw", name)]
    columns = {"incident_id": keys[0], "title": next(iter(cells)), "started_at": dated[0],
               "resolved_at": (ends or dated)[-1]}  # fmt: skip
    found: dict[str, Any] = {"format": Unconfirmed("jira", "issues of Jira in another language")}
    kind = next((name for name in cells if re.search(r"(?i)\btype?\b|\btipo\b", name)), None)
    if kind is not None:
        found["where"] = {kind: _incidents(Counter(cells[kind]))}
    return found | {"columns": Unconfirmed(columns, _PAIRS + _unused(cells, columns))}


def header_of(head: Head) -> Unconfirmed:
    """Names for the columns of a file whose first line is data."""
    rows = [list(head.header), *rows_of(head)]
    columns = [[row[n] for row in rows if n < len(row)] for n in range(len(head.header))]
    kinds = [_column_kind(cells) for cells in columns]
    for kind, names in _PLACES.items():
        places = [n for n, one in enumerate(kinds) if one == kind]
        if kind == "group":
            other = "probe" if {"state", "status"} & {*kinds} else "group"
            names = (other,) if "service" in kinds else ("service", other)
        if kind == "number" and len(places) == 2:
            names = _parts([columns[n] for n in places])
        if len(places) > 1 or kind in ("group", "number"):
            for n, name in zip(places, names, strict=False):
                kinds[n] = name
    named = [kind if kind not in ("", "number", *kinds[:n]) else f"column {n + 1}"
             for n, kind in enumerate(kinds)]  # fmt: skip
    return Unconfirmed(named, "your own names, one for each column")


_PLACES: dict[str, tuple[str, ...]] = {"time": ("start", "end"), "group": (), "number": ()}
"""Kinds of which a file may have several columns, and their names in this order."""


def _parts(columns: list[list[str]]) -> tuple[str, ...]:
    """Names for two columns of numbers of which one is nowhere more than the other."""
    pairs = [(float(a), float(b)) for a, b in zip(*columns, strict=True)
             if all(re.fullmatch(r"\d+(\.\d+)?", one) for one in (a, b))]  # fmt: skip
    one, two = (sum(part) for part in zip(*pairs, strict=True)) if pairs else (0.0, 0.0)
    if all(a <= b for a, b in pairs) and one != two:
        return ("good" if 2 * one > two else "bad", "total")
    if all(a >= b for a, b in pairs) and one != two:
        return ("total", "good" if 2 * two > one else "bad")
    return ()


def _column_kind(cells: list[str]) -> str:
    """What a column without a name holds, as far as its cells show it."""
    times, numbers, words = kinds_of({"": cells})
    if times:
        return "time" if any(":" in cell or cell.isdigit() for cell in cells) else "date"
    if all_are(TIME_OF_DAY, cells):
        return "time"
    if numbers:
        coded = "status" if _code(cells) == "status" else "number"
        return "state" if all_are(r"[01]", cells) else coded
    if _is_state(cells):
        return "state"
    if all_are(r"\w+://\S+|[\w-]+(\.[\w-]+)+(:\d+)?(/\S*)?", cells):
        return "service"
    if words and 1 < len({*cells}) == len(cells) and all_are(r"[\w#.-]*\d", cells):
        return "id"
    return "group" if words and 2 * len({*cells}) < len(cells) else ""


def columns_like(table: str, cells: Cells) -> dict[str, str]:
    """The columns of a table of records whose names, and cells, say what they are."""
    times, numbers, words = kinds_of(cells)
    kinds = {column.name: column.kind for column in tables.TABLES[table]}
    found: dict[str, str] = {}
    for name, pattern in _patterns(table).items():
        among = times if kinds[name] == "time" else [*words, *numbers]
        free = [column for column in among if column not in found.values()]
        if (match := _named(_likely(name, free, cells), pattern)) is not None:
            found[name] = match
    main = tables.MAIN_TIME.get(table)
    free = [time for time in times if time not in found.values()]
    if main and free and not {main, "merged_at"} & {*found}:
        found[main] = free[0]
    return found


def _likely(role: str, names: list[str], cells: Cells) -> list[str]:
    """The names whose cells can be what is sought, likely ones first."""
    if role == "commit_sha":
        return [name for name in names if all_are(r"[0-9a-fA-F]{7,40}", cells[name])]
    if role == "status":
        return [name for name in names if any(_is("outcome", cell) for cell in cells[name])]
    if role == "service":  # a name rather than an identifier
        return sorted(names, key=lambda name: bool(re.search(r"(?i)(id|key|url|href)$", name)))
    if role in ("incident_id", "deployment_id", "change_id"):  # differs from row to row
        known = {name: [cell for cell in cells[name] if cell] for name in names}
        return sorted(names, key=lambda name: 10 * len({*known[name]}) < 9 * len(known[name]))
    return names


def missing_columns(
    head: Head, said: Mapping[str, Any], lacking: Sequence[str], whole: bool = False
) -> dict[str, Any]:
    """What to say of required columns that were not found, or of all; nothing without one."""
    _, cells = cells_of(head)
    times, numbers, words = kinds_of(cells)
    table = getattr(said.get("table"), "value", said.get("table")) or "sli"
    if table == "sli":
        like, _ = _indicator(cells, times, numbers, words) if times else ({}, {})
    else:
        like = columns_like(table, cells)
    wanted = [*lacking, *(like if whole else ())]
    found = {name: like[name] for name in wanted if name in like}
    asks: dict[str, Any] = {"columns": Unconfirmed(found, _PAIRS)} if found else {}
    if "service" in lacking and "service" not in found:
        asks["service"] = service_name(head.name)
    return asks if {*found, *asks} >= {*lacking} else {}


def series_like(names: Sequence[str], service: Any) -> list[dict[str, Any]]:
    """One indicator among the columns of counts, by words in their names."""
    bad, good = _role(names, "bad"), _role(names, "good")
    total = _role([name for name in names if name not in (bad, good)], "total")
    part = ("bad", bad) if bad and not good else ("good", good)
    rest = [name for name in names if name not in (part[1], total)]
    whole = total or (rest[0] if rest else None)
    if part[1] is None:
        left = [name for name in names if name != whole]
        part = ("good", left[0] if left else None)
    if part[1] is None or whole is None:
        return []
    about = f"check both columns; add a [[file.series]] for each further indicator among {names}"
    return [{"service": service, part[0]: part[1], "total": Unconfirmed(whole, about)}]


def _share_of(column: str) -> dict[str, Any]:
    """A column of shares as an indicator of the service that it is named for."""
    split = filter(None, re.split(r"[^\w.-]+|_", column))
    words = [word for word in split if not (says_bad(word) or says_share(word))]
    role = "bad_ratio" if says_bad(column) else "ratio"
    return {"service": Unconfirmed(" ".join(words) or column, "the service"), role: column}


def _table(name: str, cells: Cells, times: Sequence[str], numbers: Sequence[str]) -> str:
    """The table that the name of the file and those of the columns point to."""
    plain = PurePath(name).name.lower()
    counted = [n for n in numbers if not re.search(_IDENTIFIER, n)]
    hints = [key for key in ("bad", "good", "total") if _role(counted, key)]
    if len(hints) > 1 and len(times) == 1:
        return "sli"
    for table, pattern in _patterns("signs").items():
        if re.search(pattern, plain) and not (table == "deployments" and hints):
            return table
    told = [column for name, column in cells.items() if re.search(r"(?i)stat|result", name)]
    ran = any(_is("outcome", cell) for column in told for cell in column)
    series = counted or any(map(_is_state, cells.values()))
    series = series and not (
        ran and any(re.search(_IDENTIFIER, name) for name in cells)
    )  # numbered runs
    if (len(times) == 1 and series) or (hints and _is_bucket(cells, times)):
        return "sli"
    both = " ".join(cells).lower()
    signs = (table for table, pattern in _patterns("signs").items() if re.search(pattern, both))
    return next(signs, "deployments" if ran else "incidents")


def _is_bucket(cells: Cells, times: Sequence[str]) -> bool:
    """Whether two times of every record are equally far apart: the ends of a bucket."""
    if len(times) != 2 or not all(all_are(_EPOCH, cells[name]) for name in times):
        return False
    both = zip(*(map(float, filter(None, cells[name])) for name in times), strict=False)
    lengths = {last - first for first, last in both}
    return len(lengths) == 1 and max(lengths) > 0


def _indicator(
    cells: Cells, times: Sequence[str], numbers: Sequence[str], words: Sequence[str]
) -> tuple[dict[str, str], dict[str, Any]]:
    """Columns of an indicator, and the unit where the kind of the file shows it."""
    columns = {"time": times[0]}
    state = next((name for name in words if _is_state(cells[name])), None)
    coded = [n for n in numbers if re.fullmatch(r"(?i)(.*[^a-z])?(state|status|up)", n)]
    coded = [n for n in coded if len(set(cells[n])) <= 8 and _code(cells[n]) == "word"]
    state = state or next(iter(coded), None)
    code = next((name for name in numbers if _code(cells[name]) == "status"), None)
    service = _role([name for name in words if name != state], "service")
    if service:
        columns["service"] = service
    if code is not None:
        about = "the condition under which a row is good"
        text = code if re.fullmatch(r"[^\W\d][\w.]*", code) else f"`{code}`"
        return columns, {"unit": "event", "good": Unconfirmed(f"{text} < 500", about)}
    roles = ("bad", "good", "total")
    counts = [n for n in numbers if any(_role([n], role) for role in roles)]
    if state is not None and len(counts) < 2:
        probe = _named(words, r"probe|location|region|agent")
        columns |= {"state": state} | ({"probe": probe} if probe and probe != service else {})
        return columns, {"unit": "state"}
    specs = series_like(numbers, None) if len(counts) > 1 else []
    if specs:
        return columns | {k: str(getattr(v, "value", v)) for k, v in specs[0].items() if v}, {}
    share = next((n for n in numbers if says_share(n)), None)
    if share:
        return columns | {"bad_ratio" if says_bad(share) else "ratio": share}, {}
    if len(counts) == 1:
        return columns | {next(r for r in roles if _role(counts, r)): counts[0]}, {}
    value = _role(numbers, "value") or (numbers[0] if numbers else None)
    if value is None:
        return columns, {}
    named = Unconfirmed("latency", "name of the indicator")
    return columns | {"value": value}, {"sli": named}


def _named(names: Iterable[str], pattern: str) -> str | None:
    """The first name with the word that stands first in the pattern, then the next word."""
    listed = list(names)
    for word in re.split(r"\|(?![^(]*\))", pattern):
        for name in listed:
            if re.search(word, name.lower()):
                return name
    return None


def _role(names: Iterable[str], role: str) -> str | None:
    return _named(names, _patterns("sli")[role])


def _are_shares(cells: Sequence[str]) -> bool:
    """Whether numbers without a telling name look like percentages of good."""
    known = [float(c) for c in cells if re.fullmatch(r"\d{1,3}(\.\d+)?", c)]
    return bool(known) and 90 <= sorted(known)[len(known) // 2] <= max(known) <= 100


def _is_state(cells: Sequence[str]) -> bool:
    known = {cell.strip() for cell in cells if cell.strip() not in MISSING}
    return 0 < len(known) <= 8 and any(_is("state", cell) for cell in known)


def _code(cells: Sequence[str]) -> str:
    """``status`` where numbers are codes of HTTP, else ``word``: a number without a name."""
    known = [cell for cell in cells if cell not in MISSING]
    codes = all(re.fullmatch(r"[1-5]\d\d", cell) for cell in known)
    return "status" if known and codes and len(set(known)) <= 40 and "200" in known else "word"


def _unused(cells: Cells, columns: Mapping[str, str]) -> str:
    rest = [name for name in cells if name not in columns.values()]
    apart = [name for name in rest if all_are(TIME_OF_DAY, cells[name])]
    said = f"; {', '.join(apart)} only a time of day" if apart else ""
    shown = [name for name in rest if name not in apart]
    listed = ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "")
    return said + (f"; not used: {listed}" if shown else "")
