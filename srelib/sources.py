"""What `sources.toml` says about each file, and errors that name line, entry, key and fix."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from srelib import schema, tables
from srelib.condition import parse_condition
from srelib.errors import SourceError


def read_text(path: Path) -> str:
    """The text of the file."""
    try:
        if path.exists() and not path.is_file():
            raise SourceError(
                "cannot be read (this is no file)", file=path.name, fix="write it as a text file"
            )
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        raise SourceError(
            f"not UTF-8 text (byte {fault.start})", file=path.name, fix="save it as UTF-8"
        ) from None
    except OSError as fault:
        raise SourceError(
            f"cannot be read ({fault.strerror})", file=path.name, fix="check its permissions"
        ) from None


def parse(text: str, name: str) -> dict[str, Any]:
    """The tables of the file."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        long = re.search(r"\d{4300}|[\[{]{99}", text)
        line = re.search(r"at line (\d+)", str(fault))
        raise SourceError(
            f"not TOML: {str(fault)[:200]}",
            file=name,
            line=int(line.group(1)) if line else long and text.count("\n", 0, long.start()) + 1,
            fix='put text in quotes, as in match = "checkout-*.csv"',
        ) from None
    if isinstance(document.get("file"), dict):
        raise SourceError(
            "[file] is one table, not a list of them",
            file=name,
            line=_line(text, r"^\s*\[\s*file\s*\]"),
            fix="write [[file]] with two brackets",
        )
    return document


def source_error(fault: schema.Fault, text: str, name: str) -> SourceError:
    """The error about one fault: line, number of the entry, key, value and fix."""
    entry, series, keys = _where(fault.place)
    words = [f"[[file]] entry {entry}"] * bool(entry) + [f"[[file.series]] entry {series}"] * bool(
        series
    )
    named = "unknown key" in fault.problem or "is missing" in fault.problem or not keys
    problem = fault.problem if named else f"{'.'.join(keys)}: {fault.problem}"
    line = _line(text, r"^\s*\[\[\s*file\s*\]\]", entry) if entry else None
    return SourceError(
        ", ".join([*words, problem]),
        file=name,
        line=_key_line(text, line, keys[0]) if line and keys else line,
        fix=fault.fix,
    )


def _where(place: tuple[str | int, ...]) -> tuple[int, int, list[str]]:
    """Number of the entry, of the series in it (0: not inside one), and the keys below."""
    entry = int(place[1]) + 1 if place[:1] == ("file",) and len(place) > 1 else 0
    series = int(place[3]) + 1 if place[2:3] == ("series",) and len(place) > 3 else 0
    above = 4 if series else 2 if entry else 0
    return entry, series, [str(part) for part in place[above:]]


def _line(text: str, pattern: str, number: int = 1) -> int | None:
    lines = [n for n, line in enumerate(text.splitlines(), 1) if re.match(pattern, line)]
    return lines[number - 1] if 0 < number <= len(lines) else None


def _key_line(text: str, start: int, key: str) -> int:
    """Line of the first such key after a line and before the next entry; else that line."""
    for number, line in enumerate(text.splitlines()[start:], start + 1):
        if re.match(r"\s*\[\[\s*file\s*\]\]", line):
            break
        if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return start


FILE_NAME = "sources.toml"

OPS = {"<=": "lte", "<": "lt", ">=": "gte", ">": "gt"}
EXTRA_COLUMNS = ("bad", "ratio", "bad_ratio", "value", "state", "probe")
"""Columns of an export that are not columns of a table, because readers turn them into ones."""


def _listed(value: Any) -> Any:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _joined(value: Any) -> Any:
    """Several services as one text, a line each."""
    return "\n".join(map(str, value)) if isinstance(value, list) else value


def _size(value: Any) -> Any:
    """Bytes, from text such as 8 GiB."""
    found = re.fullmatch(
        r"\s*(\d{1,6})\s*([kKMGT]i?)?B\s*", value if isinstance(value, str) else ""
    )
    if not found:
        raise schema.refused(f"{value!r} is not a size", 'write a size in quotes, such as "8 GiB"')
    unit = found[2] or ""
    return int(found[1]) * (1024 if unit.endswith("i") else 1000) ** " KMGT".index(
        unit[:1].upper() or " "
    )


def _operator(value: Any) -> Any:
    return OPS.get(value, value) if isinstance(value, str) else value


def _meaning(value: Any) -> Any:
    words = value.values() if isinstance(value, dict) else ()
    if (
        value in ("good", "bad", "ignore")
        if isinstance(value, str)
        else words and all(isinstance(word, str) for word in words)
    ):
        return value
    raise schema.refused(
        f"{schema.shown(value)} should be 'good', 'bad' or 'ignore' (of a state), or words with "
        "what they mean (of a column)",
        'write values = { up = "good" }, or values.status = { partiallySucceeded = "succeeded" }',
    )


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Number = Annotated[float | None, Field(strict=True, allow_inf_nan=False)]
Op = Annotated[Literal["lte", "lt", "gte", "gt"], BeforeValidator(_operator)]
Size = Annotated[int, BeforeValidator(_size)]
Service = Annotated[str, BeforeValidator(_joined)]
Table = Literal[
    "sli", "deployments", "changes", "incidents", "alerts", "exclusions", "annotations", "teams",
    "ignore",
]  # fmt: skip
State = Literal["good", "bad", "ignore"]
Meaning = Annotated[State | dict[str, str], BeforeValidator(_meaning)]
Unit = Literal["count", "rate", "ratio", "percent", "counter", "value", "state", "event"]


def _key(about: str, *examples: str, default: Any = None, **limits: Any) -> Any:
    """A key of `sources.toml`, with what errors say of it."""
    return Field(default=default, description=about, examples=list(examples), **limits)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class SeriesSpec(_Model):
    """One indicator in a wide file: which of its columns hold what."""

    service: str | None = _key("service; default: the file's", '"checkout"', min_length=1)
    sli: str = _key("name of the indicator", '"latency"', default="availability", min_length=1)
    good: Names = _key("column of good events, or columns to add up", '"checkout good"', default=())
    bad: Names = _key("column of bad events, or columns to add up", '["4xx", "5xx"]', default=())
    total: Names = _key("column of all events, or columns to add up", '"checkout all"', default=())
    ratio: str | None = _key("column with the share of good events", '"availability"')
    bad_ratio: str | None = _key("column with the share of bad events", '"error_rate"')
    value: str | None = _key("column with a measured value, such as a latency", '"p99"')
    threshold: Number = _key(
        "a bucket is good when value op threshold; default: that of the file", "0.3"
    )
    op: Op | None = _key("how to compare: lte, lt, gte or gt", '"lte"')

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        counts = [name for name in ("good", "bad", "total") if getattr(self, name)]
        alone = ("ratio", "bad_ratio", "value")
        given = [*counts, *(name for name in alone if getattr(self, name))]
        if given not in [[name] for name in alone] and (len(counts) != 2 or given != counts):
            raise schema.refused(
                f"a series was given {', '.join(given) or 'no column'}",
                "give two of good, bad and total, or only ratio, bad_ratio or value",
            )
        return self


class Source(_Model):
    """What is said about the files one ``[[file]]`` entry matches."""

    match: str = _key(
        "glob on the path below the folder; without a slash: on the file name",
        '"checkout-*.csv"',
        default=...,
        min_length=1,
    )
    table: Table | None = _key("table the file feeds; ignore: leave it out", '"sli"')
    format: str | None = _key("read it as this format, whatever it looks like", '"generic"')
    sheet: str | None = _key("workbooks: the sheet to read", '"June"', min_length=1)
    fill_down: Names = _key(
        "columns of a table in which an empty cell means the one above, as merged cells do",
        '["System"]',
        default=(),
    )
    date_and_time: Names = _key(
        "the column of dates and that of times of day which are one time; where their names say "
        "so (Date and Time), nothing need be said",
        '["Tag", "Um"]',
        default=(),
        min_length=2,
        max_length=2,
    )
    header: Names = _key(
        "names of the columns of a file without a header", '["time", "state"]', default=()
    )
    time_format: str | None = _key(
        "how times are written, in the codes of strptime", '"%d-%m-%Y %H:%M"', min_length=2
    )
    timezone: schema.TimeZone | None = _key("zone of times written without one", '"Europe/Berlin"')
    service: str | None = _key(
        "service of every row, whatever the file says; only a column named in columns "
        "goes before it",
        '"checkout"',
        min_length=1,
    )
    sli: str | None = _key("indicator of every row, by the same rule", '"latency"', min_length=1)
    columns: dict[str, str] = _key(
        "column of srelib = column of the file",
        '{ time = "ts", good = "2xx", total = "all" }',
        default={},
    )
    unit: Unit | None = _key("what the numbers are", '"count"', '"rate"', '"counter"')
    step: schema.Duration | None = _key("length of one bucket", '"1m"')
    decimal: Literal[".", ","] | None = _key("decimal mark of the numbers", '","')
    absent: Literal["unknown", "zero"] | None = _key(
        "what a count without a value is where a count beside it has one; zero: for "
        "exporters whose series vanish while nothing happens; default: unknown",
        '"zero"',
    )
    environment: Names = _key(
        "deployments to keep: regular expressions on the whole environment name; "
        "default: production",
        '"production"',
        '["prod", "prod-.*"]',
        default=(),
    )
    services: dict[str, Service] = _key(
        "service by what the file calls it (components, identifiers, names in metrics); other "
        "names stay as they are; series of metrics are not joined by it",
        '{ "API (EU)" = "api" }',
        default={},
    )
    workflow: Names = _key(
        "CI runs (GitHub Actions, Azure DevOps): the workflows or definitions whose runs are "
        "deployments; names, file names, or regular expressions on the whole of one",
        '"Deploy"',
        '["deploy.yml", "Release .*"]',
        default=(),
    )
    label: Names = _key(
        "GitHub issues: the labels that make an issue an incident; names, or regular "
        "expressions on the whole of one; default: incident",
        '"incident"',
        '["status", "sev-[12]"]',
        default=(),
    )
    good: str | None = _key(
        "files with one row per event: the condition under which a row is good (comparisons, in, "
        "and, or, not)",
        "\"status < 500 and method in ('GET', 'POST')\"",
    )
    records: str | None = _key(
        "JSON of any kind: where the records are, as dotted keys; columns are dotted keys as well",
        '"data.items"',
        min_length=1,
    )
    where: dict[str, Names] = _key(
        "records to keep: of a column of the file, or dotted keys in JSON, the whole value",
        '{ "Issue Type" = ["Incident", "Outage"] }',
        default={},
    )
    prereleases: bool | None = _key(
        "releases and tags: whether release candidates, betas and the like count; default: no",
        "true",
        strict=True,
    )
    values: dict[str, Meaning] = _key(
        "what each state of a state log means; or, by column, what the words of a column mean "
        "(ignore: leave the row out)",
        '{ up = "good", down = "bad", paused = "ignore" }',
        '{ status = { partiallySucceeded = "succeeded" } }',
        default={},
    )
    max_silence: schema.Duration | None = _key(
        "state logs: silence longer than this is unknown", '"26h"'
    )
    probes: Literal["any", "majority", "all"] | None = _key(
        "state logs of several probes: how many must see the service up", '"majority"'
    )
    threshold: Number = _key("a bucket is good when value op threshold", "0.3")
    op: Op | None = _key("how to compare: lte, lt, gte or gt", '"lte"')
    max_size: Size | None = _key(
        "most text that a compressed file or a workbook may unpack to; default: 4 GiB", '"8 GiB"'
    )
    series: tuple[SeriesSpec, ...] = _key(
        "wide files: one [[file.series]] per indicator", default=()
    )

    @field_validator("match")
    @classmethod
    def _glob(cls, glob: str) -> str:
        try:
            matches(glob, "")
        except re.error as error:
            raise schema.refused(
                f"{glob!r} is not a glob ({error})", 'write a range upwards, as in "[a-z].csv"'
            ) from None
        return glob

    @field_validator("environment")
    @classmethod
    def _patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise schema.refused(
                    f"{pattern!r} is not a regular expression ({error})",
                    "write the name of the environment, or mend the expression",
                ) from None
        return patterns

    @field_validator("good")
    @classmethod
    def _condition(cls, text: str | None) -> str | None:
        try:
            if text is not None:
                parse_condition(text)
        except ValueError as error:
            problem, _, fix = str(error).partition("; ")
            raise schema.refused(problem, fix) from None
        return text

    @model_validator(mode="after")
    def _together(self) -> Self:
        _check_columns(self, self.columns, "columns")
        _check_columns(self, [k for k, v in self.values.items() if isinstance(v, dict)], "values")
        if self.unit == "value" and not self.series:
            _check_threshold(self.threshold, self.op, "unit is 'value'")
        for spec in self.series:
            _check_series(self, spec)
        return self


class Sources(_Model):
    """Everything `sources.toml` says; without a file, nothing."""

    file: tuple[Source, ...] = _key(
        "one [[file]] per group of files; the first that matches counts", default=()
    )
    teams: dict[str, Names] = _key(
        "services of each team; * in a name stands for anything",
        '[teams]\npayments = ["checkout", "billing-*"]',
        default={},
    )

    @field_validator("teams")
    @classmethod
    def _named(cls, teams: dict[str, Names]) -> dict[str, Names]:
        if any(not team.strip() for team in teams):
            raise schema.refused(
                "a team has no name", 'write its name on the left, as in payments = ["checkout"]'
            )
        return teams

    def for_file(self, name: str) -> Source | None:
        """The first entry that matches a file."""
        return next((entry for entry in self.file if matches(entry.match, name)), None)

    def unmatched(self, names: list[str]) -> list[str]:
        """Globs that match none of the files, most likely misspelt."""
        globs = [entry.match for entry in self.file]
        return [glob for glob in globs if not any(matches(glob, name) for name in names)]


def matches(glob: str, name: str) -> bool:
    """Whether a glob matches the path of a file."""
    seen = name if "/" in glob else name.rsplit("/", 1)[-1]
    return re.fullmatch(_pattern(glob.removeprefix("./")), seen) is not None


def read_sources(path: str | Path) -> Sources:
    """Read `sources.toml`."""
    path = Path(path)
    path = path / FILE_NAME if path.is_dir() else path
    if not path.exists():
        return Sources()
    text = read_text(path)
    try:
        return Sources.model_validate(parse(text, path.name))
    except ValidationError as error:
        raise source_error(schema.faults(error, Sources)[0], text, path.name) from None


def _pattern(glob: str) -> str:
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", glob)
    special = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    return "".join(
        special.get(part)
        or (_set(part) if part.startswith("[") and part.endswith("]") else "")
        or re.escape(part)
        for part in parts
    )


def _set(part: str) -> str:
    inner = part[1:-1].replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
    return f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"


def _check_columns(source: Source, columns: Iterable[str], key: str) -> None:
    named = [source.table] if source.table in ("sli", *tables.RECORDS) else list(tables.EXPORTS)
    allowed = sorted({*EXTRA_COLUMNS, *(name for table in named for name in tables.names(table))})
    for column in columns:
        if column not in allowed:
            raise schema.refused(
                f"{key}: unknown column {column!r}",
                schema.did_you_mean(column, allowed)
                or f"write srelib's name on the left of =, one of {', '.join(allowed)}",
            )


def _check_series(source: Source, spec: SeriesSpec) -> None:
    if spec.service is None and source.service is None:
        raise schema.refused(
            "a series has no service", 'add service = "..." to the series or to the file'
        )
    if spec.value:
        _check_threshold(
            source.threshold if spec.threshold is None else spec.threshold,
            spec.op or source.op,
            f"the series reads the value {spec.value!r}",
        )


def _check_threshold(threshold: float | None, op: str | None, why: str) -> None:
    lacking = [n for n, v in (("threshold", threshold), ("op", op)) if v is None]
    if lacking:
        raise schema.refused(
            f"{why}, but {' and '.join(lacking)} {'are' if lacking[1:] else 'is'} missing",
            'say when a bucket is good, as in threshold = 0.3 and op = "lte"',
        )


UNSAID = Source(match="*")
"""What is said about a file that `sources.toml` does not name: nothing."""
