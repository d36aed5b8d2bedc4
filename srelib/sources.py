"""What `sources.toml` says about each file, and errors that name line, entry, key and fix."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

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
    if path.exists() and not path.is_file():
        problem, fix = "cannot be read (this is no file)", "write it as a text file"
        raise SourceError(problem, file=path.name, fix=fix)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        problem, fix = f"not UTF-8 text (byte {fault.start})", "save it as UTF-8"
    except OSError as fault:
        problem, fix = f"cannot be read ({fault.strerror})", "check its permissions"
    raise SourceError(problem, file=path.name, fix=fix)


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
        problem = "[file] is one table, not a list of them"
        fix = "write [[file]] with two brackets"
        raise SourceError(problem, file=name, line=_line(text, r"^\s*\[\s*file\s*\]"), fix=fix)
    return document


def source_error(fault: schema.Fault, text: str, name: str) -> SourceError:
    """The error about one fault: line, number of the entry, key, value and fix."""
    entry, series, keys = _where(fault.place)
    words = [f"[[file]] entry {entry}"] * bool(entry)
    words += [f"[[file.series]] entry {series}"] * bool(series)
    named = "unknown key" in fault.problem or "is missing" in fault.problem or not keys
    problem = fault.problem if named else f"{'.'.join(keys)}: {fault.problem}"
    line = _line(text, r"^\s*\[\[\s*file\s*\]\]", entry)
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
    text = value if isinstance(value, str) else ""
    found = re.fullmatch(r"\s*(\d{1,6})\s*([kKMGT]i?)?B\s*", text)
    if not found:
        raise schema.refused(f"{value!r} is not a size", 'write a size in quotes, such as "8 GiB"')
    unit = found[2] or " "
    power = " KMGT".index(unit[0].upper())
    return int(found[1]) * (1024 if unit.endswith("i") else 1000) ** power


def _operator(value: Any) -> Any:
    return OPS.get(value, value) if isinstance(value, str) else value


def _meaning(value: Any) -> Any:
    words = value.values() if isinstance(value, dict) else ()
    if isinstance(value, str) and value in ("good", "bad", "ignore"):
        return value
    if words and all(isinstance(word, str) for word in words):
        return value
    raise schema.refused(
        f"{schema.shown(value)} should be 'good', 'bad' or 'ignore' (of a state), or words with "
        "what they mean (of a column)",
        'write values = { up = "good" }, or values.status = { partiallySucceeded = "succeeded" }',
    )


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Text = Annotated[str, Field(min_length=1)]
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


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    part: ClassVar[str] = ""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        for name, (about, *examples) in _words()[cls.part].items():
            field = cls.model_fields[name]
            field.description, field.examples = about, examples


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(Path(__file__).with_name("source_keys.toml").read_text("utf-8"))


class SeriesSpec(_Model):
    """One indicator in a wide file: which of its columns hold what."""

    part = "series"

    service: Text | None = None
    sli: Text = "availability"
    good: Names = ()
    bad: Names = ()
    total: Names = ()
    ratio: str | None = None
    bad_ratio: str | None = None
    value: str | None = None
    threshold: Number = None
    op: Op | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        counts = [name for name in ("good", "bad", "total") if getattr(self, name)]
        alone = ("ratio", "bad_ratio", "value")
        given = [*counts, *(name for name in alone if getattr(self, name))]
        if given not in [[name] for name in alone] and (len(counts) != 2 or given != counts):
            fix = "give two of good, bad and total, or only ratio, bad_ratio or value"
            raise schema.refused(f"a series was given {', '.join(given) or 'no column'}", fix)
        return self


class Source(_Model):
    """What is said about the files one ``[[file]]`` entry matches."""

    part = "file"

    match: Text
    table: Table | None = None
    format: str | None = None
    sheet: Text | None = None
    fill_down: Names = ()
    date_and_time: Annotated[Names, Field(min_length=2, max_length=2)] = ()
    header: Names = ()
    time_format: Annotated[str, Field(min_length=2)] | None = None
    timezone: schema.TimeZone | None = None
    service: Text | None = None
    sli: Text | None = None
    columns: dict[str, str] = {}
    unit: Unit | None = None
    step: schema.Duration | None = None
    decimal: Literal[".", ","] | None = None
    absent: Literal["unknown", "zero"] | None = None
    environment: Names = ()
    services: dict[str, Service] = {}
    workflow: Names = ()
    label: Names = ()
    good: str | None = None
    records: Text | None = None
    where: dict[str, Names] = {}
    prereleases: Annotated[bool, Field(strict=True)] | None = None
    values: dict[str, Meaning] = {}
    max_silence: schema.Duration | None = None
    probes: Literal["any", "majority", "all"] | None = None
    threshold: Number = None
    op: Op | None = None
    max_size: Size | None = None
    series: tuple[SeriesSpec, ...] = ()

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
                problem = f"{pattern!r} is not a regular expression ({error})"
                fix = "write the name of the environment, or mend the expression"
                raise schema.refused(problem, fix) from None
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

    part = "sources"

    file: tuple[Source, ...] = ()
    teams: dict[str, Names] = {}

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
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", glob.removeprefix("./"))
    return re.fullmatch("".join(map(_pattern, parts)), seen) is not None


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


def _pattern(part: str) -> str:
    """The regular expression of a part of a glob."""
    special = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    if part in special or part[:1] + part[-1:] != "[]":
        return special.get(part, re.escape(part))
    inner = part[1:-1].replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
    return f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"


def _check_columns(source: Source, columns: Iterable[str], key: str) -> None:
    named = [source.table] if source.table in ("sli", *tables.RECORDS) else list(tables.EXPORTS)
    allowed = sorted({*EXTRA_COLUMNS, *(name for table in named for name in tables.names(table))})
    for column in columns:
        if column not in allowed:
            general = f"write srelib's name on the left of =, one of {', '.join(allowed)}"
            fix = schema.did_you_mean(column, allowed) or general
            raise schema.refused(f"{key}: unknown column {column!r}", fix)


def _check_series(source: Source, spec: SeriesSpec) -> None:
    if spec.service is None and source.service is None:
        raise schema.refused(
            "a series has no service", 'add service = "..." to the series or to the file'
        )
    if spec.value:
        threshold = source.threshold if spec.threshold is None else spec.threshold
        why = f"the series reads the value {spec.value!r}"
        _check_threshold(threshold, spec.op or source.op, why)


def _check_threshold(threshold: float | None, op: str | None, why: str) -> None:
    lacking = [n for n, v in (("threshold", threshold), ("op", op)) if v is None]
    if lacking:
        problem = f"{why}, but {' and '.join(lacking)} {'are' if lacking[1:] else 'is'} missing"
        fix = 'say when a bucket is good, as in threshold = 0.3 and op = "lte"'
        raise schema.refused(problem, fix)


UNSAID = Source(match="*")
"""What is said about a file that `sources.toml` does not name: nothing."""
