"""`sources.toml`: what has to be said about exports that do not say it themselves.

Every key is optional except ``match``; a folder without the file works too.
`docs/sources.md` is the reference; a test keeps it in step with the models here.
"""

from __future__ import annotations

import re
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
from srelib.readers import source_text

FILE_NAME = "sources.toml"

OPS = {"<=": "lte", "<": "lt", ">=": "gte", ">": "gt"}
EXTRA_COLUMNS = ("bad", "ratio", "value", "state")
"""Columns of an export that are not columns of a table, because readers turn them into ones."""


def _listed(value: Any) -> Any:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _operator(value: Any) -> Any:
    return OPS.get(value, value) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Op = Annotated[Literal["lte", "lt", "gte", "gt"], BeforeValidator(_operator)]
Table = Literal["sli", "deployments", "changes", "incidents", "alerts", "exclusions", "ignore"]
Unit = Literal["count", "rate", "ratio", "counter", "value", "state"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class SeriesSpec(_Model):
    """One indicator in a wide file: which of its columns hold what."""

    service: str | None = Field(
        default=None,
        min_length=1,
        description="service; default: the file's",
        examples=['"checkout"'],
    )
    sli: str = Field(
        default="availability",
        min_length=1,
        description="name of the indicator",
        examples=['"latency"'],
    )
    good: Names = Field(
        default=(),
        description="column of good events, or columns to add up",
        examples=['"checkout good"'],
    )
    bad: Names = Field(
        default=(),
        description="column of bad events, or columns to add up",
        examples=['["4xx", "5xx"]'],
    )
    total: Names = Field(
        default=(),
        description="column of all events, or columns to add up",
        examples=['"checkout all"'],
    )
    ratio: str | None = Field(
        default=None,
        description="column with the share of good events",
        examples=['"availability"'],
    )
    value: str | None = Field(
        default=None,
        description="column with a measured value, such as a latency",
        examples=['"p99"'],
    )
    threshold: float | None = Field(
        default=None,
        strict=True,
        allow_inf_nan=False,
        description="a bucket is good when value op threshold; default: that of the file",
        examples=["0.3"],
    )
    op: Op | None = Field(
        default=None, description="how to compare: lte, lt, gte or gt", examples=['"lte"']
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        counts = [name for name in ("good", "bad", "total") if getattr(self, name)]
        given = [*counts, *(name for name in ("ratio", "value") if getattr(self, name))]
        if given not in (["ratio"], ["value"]) and (len(counts) != 2 or given != counts):
            raise schema.refused(
                f"a series was given {', '.join(given) or 'no column'}",
                "give two of good, bad and total, or only ratio, or only value",
            )
        return self


class Source(_Model):
    """What is said about the files one ``[[file]]`` entry matches."""

    match: str = Field(
        min_length=1,
        description="glob on the path below the folder; without a slash: on the file name",
        examples=['"checkout-*.csv"'],
    )
    table: Table | None = Field(
        default=None, description="table the file feeds; ignore: leave it out", examples=['"sli"']
    )
    format: str | None = Field(
        default=None,
        description="read it as this format, whatever it looks like",
        examples=['"generic"'],
    )
    timezone: schema.TimeZone | None = Field(
        default=None, description="zone of times written without one", examples=['"Europe/Berlin"']
    )
    service: str | None = Field(
        default=None,
        min_length=1,
        description="service of every row, whatever the file says; only a column named in columns "
        "goes before it",
        examples=['"checkout"'],
    )
    sli: str | None = Field(
        default=None,
        min_length=1,
        description="indicator of every row, by the same rule",
        examples=['"latency"'],
    )
    columns: dict[str, str] = Field(
        default={},
        description="column of srelib = column of the file",
        examples=['{ time = "ts", good = "2xx", total = "all" }'],
    )
    unit: Unit | None = Field(
        default=None,
        description="what the numbers are",
        examples=['"count"', '"rate"', '"counter"'],
    )
    step: schema.Duration | None = Field(
        default=None, description="length of one bucket", examples=['"1m"']
    )
    decimal: Literal[".", ","] | None = Field(
        default=None, description="decimal mark of the numbers", examples=['","']
    )
    absent: Literal["unknown", "zero"] | None = Field(
        default=None,
        description="what a count without a value is where a count beside it has one; zero: for "
        "exporters whose series vanish while nothing happens; default: unknown",
        examples=['"zero"'],
    )
    environment: Names = Field(
        default=(),
        description="deployments to keep: regular expressions on the whole environment name; "
        "default: production",
        examples=['"production"', '["prod", "prod-.*"]'],
    )
    services: dict[str, str] = Field(
        default={},
        description="events: service by what the file calls it (components, identifiers); other "
        "names stay as they are",
        examples=['{ "API (EU)" = "api" }'],
    )
    workflow: Names = Field(
        default=(),
        description="GitHub Actions: the workflows whose runs are deployments; names, file names, "
        "or regular expressions on the whole of one",
        examples=['"Deploy"', '["deploy.yml", "Release .*"]'],
    )
    label: Names = Field(
        default=(),
        description="GitHub issues: the labels that make an issue an incident; names, or regular "
        "expressions on the whole of one; default: incident",
        examples=['"incident"', '["status", "sev-[12]"]'],
    )
    values: dict[str, Literal["good", "bad", "ignore"]] = Field(
        default={},
        description="what each state of a state log means",
        examples=['{ up = "good", down = "bad", paused = "ignore" }'],
    )
    max_silence: schema.Duration | None = Field(
        default=None,
        description="state logs: silence longer than this is unknown",
        examples=['"26h"'],
    )
    threshold: float | None = Field(
        default=None,
        strict=True,
        allow_inf_nan=False,
        description="a bucket is good when value op threshold",
        examples=["0.3"],
    )
    op: Op | None = Field(
        default=None, description="how to compare: lte, lt, gte or gt", examples=['"lte"']
    )
    series: tuple[SeriesSpec, ...] = Field(
        default=(), description="wide files: one [[file.series]] per indicator"
    )

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

    @model_validator(mode="after")
    def _together(self) -> Self:
        _check_columns(self)
        if self.unit == "value" and not self.series:
            _check_threshold(self.threshold, self.op, "unit is 'value'")
        for spec in self.series:
            _check_series(self, spec)
        return self


class Sources(_Model):
    """Everything `sources.toml` says; without a file, nothing."""

    file: tuple[Source, ...] = Field(
        default=(), description="one [[file]] per group of files; the first that matches counts"
    )

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
    return re.fullmatch(_pattern(glob), seen) is not None


def read_sources(path: str | Path) -> Sources:
    """Read `sources.toml`."""
    path = Path(path)
    path = path / FILE_NAME if path.is_dir() else path
    if not path.exists():
        return Sources()
    text = source_text.read_text(path)
    try:
        return Sources.model_validate(source_text.parse(text, path.name))
    except ValidationError as error:
        raise source_text.error(schema.faults(error, Sources)[0], text, path.name) from None


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


def _check_columns(source: Source) -> None:
    named = [source.table] if source.table in tables.EXPORTS else list(tables.EXPORTS)
    allowed = sorted({*EXTRA_COLUMNS, *(name for table in named for name in tables.names(table))})
    for column in source.columns:
        if column not in allowed:
            raise schema.refused(
                f"columns: unknown column {column!r}",
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
