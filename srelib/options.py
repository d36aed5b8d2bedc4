"""Arguments and options of the commands, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def option(
    flag: str, value: str, text: str, *, also: str | None = None, shown: bool = False, **more: Any
) -> Any:
    """An option that takes a value, its default shown where asked."""
    flags = [name for name in (flag, also) if name]
    return typer.Option(*flags, metavar=value, help=text, show_default=shown, **more)


_DATA = "Folder of exports. Default: data/sample inside the project, else the current folder."
Data = Annotated[Path | None, typer.Argument(metavar="DATA", show_default=False, help=_DATA)]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")]
Report = Annotated[Path, option("--out", "DIR", "Folder of the report.", shown=True)]
Only = Annotated[
    list[str] | None, option("--only", "NN ...", "Renew only these pages: --only 02 06.")
]
_SET = "A parameter of the notebooks; may be repeated. An unknown name is an error."
Copy = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the copy.")]
Settings = Annotated[list[str] | None, option("--set", "NAME=VALUE", _SET)]
_PART = "Only this service; may be repeated."
Services = Annotated[list[str] | None, option("--service", "NAME", _PART)]
_TEAM = "Only services of this team; may be repeated."
Teams = Annotated[list[str] | None, option("--team", "NAME", _TEAM)]
_SINCE = "Leave out what began before this day (UTC), or a time with its zone."
Since = Annotated[str | None, option("--since", "DATE", _SINCE)]
_UNTIL = "Leave out what began on this day or later: the report as if made then."
Until = Annotated[str | None, option("--until", "DATE", _UNTIL, also="--as-of")]
Jobs = Annotated[int | None, option("--jobs", "N", "Notebooks run at a time.", min=1)]
Notebooks = Annotated[
    Path | None, option("--notebooks", "DIR", "Other notebooks than the suite's.")
]
_CACHE = "Read and run everything anew, and keep nothing of it."
Keep = Annotated[bool, typer.Option(" /--no-cache", help=_CACHE, show_default=False)]
_PREVIOUS = "An earlier report, or folder of exports, that this one is compared with."
Previous = Annotated[Path | None, option("--previous", "DIR", _PREVIOUS)]
_MARKDOWN = "Write the first page as Markdown too, for a chat, wiki or pull request."
FirstPage = Annotated[Path | None, option("--markdown", "FILE", _MARKDOWN)]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Earlier = Annotated[Path, typer.Argument(metavar="OLD", help="The earlier report, or exports.")]
Later = Annotated[Path, typer.Argument(metavar="NEW", help="The later report, or exports.")]
_POLICY = "A ready-made policy of notebook 03, or your own: '2% in 1h/5m, 5% in 6h/30m'."
Policy = Annotated[str, option("--policy", "POLICY", _POLICY, shown=True)]
File = Annotated[Path | None, option("--out", "FILE", "Default: standard output.")]

_TAGS = "Tags that are releases; may be repeated. Default: v*"
Tags = Annotated[list[str] | None, option("--tags", "GLOB", _TAGS)]
_EXCLUDED = "Tags that are no releases; may be repeated."
ExcludedTags = Annotated[list[str] | None, option("--exclude-tags", "GLOB", _EXCLUDED)]
_PATH = "Only commits that touch this path from the top (monorepos); may be repeated."
Paths = Annotated[list[str] | None, option("--path", "PATH", _PATH)]
_SERVICE = "Default: the name of the path, or of the repository's folder."
Service = Annotated[str | None, option("--service", "NAME", _SERVICE)]
_CLOCK = "Time of a commit: committer or author."
Clock = Annotated[str, option("--clock", "NAME", _CLOCK, shown=True)]

_FORMAT = "html, or pdf: each page as PDF, too, by the Chromium or Chrome of this machine."
Format = Annotated[str, option("--format", "FORMAT", _FORMAT, shown=True)]

_LOGS = "Files, folders or patterns; with --engine or --sql the name of a table."
Logs = Annotated[list[str], typer.Argument(metavar="LOGS", show_default=False, help=_LOGS)]
_GOOD = 'Which requests are good: "status < 500", "success = \'true\' and status != 429".'
Good = Annotated[str, option("--good", "CONDITION", _GOOD)]
Table = Annotated[Path | None, option("--out", "DIR", "New folder for the table.")]
By = Annotated[str, option("--by", "COLUMN", "The service that was asked.", shown=True)]
_NAMED = "The one service that all requests asked, instead of --by."
Named = Annotated[str | None, option("--service", "NAME", _NAMED)]
Where = Annotated[str | None, option("--where", "CONDITION", "Leave out other requests.")]
_LATENCY = "Count those within these lengths of time too: 300ms,1s; needs --duration."
Latency = Annotated[str | None, option("--latency", "BOUNDS", _LATENCY)]
_DURATION = "How long a request took, and in which unit: latency_ms:ms, request_time:s."
Duration = Annotated[str | None, option("--duration", "COLUMN:UNIT", _DURATION)]
Every = Annotated[str, option("--every", "LENGTH", "Length of a bucket.", shown=True)]
Time = Annotated[str, option("--time", "COLUMN", "When the request was served.", shown=True)]
_ZONE = "Zone of times that name none: UTC, Europe/Berlin."
Zone = Annotated[str | None, option("--timezone", "ZONE", _ZONE)]
_KEY = "What names a request: of several rows with one name the earliest counts."
Key = Annotated[str | None, option("--key", "COLUMN", _KEY)]
_SLI = "Name of the indicator that --good is."
Indicator = Annotated[str, option("--sli", "NAME", _SLI, shown=True)]
_ENGINE = "Count in the table LOGS of this engine: postgres://..., pyspark://..., bigquery://..."
Engine = Annotated[str | None, option("--engine", "ADDRESS", _ENGINE)]
_SQL = "Print the query for this engine instead: databricks (also for Spark), bigquery, trino, ..."
Sql = Annotated[str | None, option("--sql", "DIALECT", _SQL)]
Memory = Annotated[str, option("--memory", "SIZE", "What DuckDB may hold.", shown=True)]
_SPILL = "Folder for what does not fit. Default: a temporary one."
Spill = Annotated[Path | None, option("--spill", "DIR", _SPILL)]

_FLEET_ENGINE = (
    "processes of this machine, or a master of Spark: local[4], spark://host:7077, yarn."
)
FleetEngine = Annotated[str, option("--engine", "ADDRESS", _FLEET_ENGINE, shown=True)]
_COUNTS = "Name or path of the counts as Spark knows it. Default: the Parquet in DATA."
Counts = Annotated[str | None, option("--table", "NAME", _COUNTS)]
_BUCKET = "Length of a bucket, where --table is given."
Bucket = Annotated[str | None, option("--every", "LENGTH", _BUCKET)]
_ASKED = "Services asked at a time. Default: one for each processor."
Processes = Annotated[int | None, option("--jobs", "N", _ASKED, min=1)]
_FLEET_SET = "sli, after, pass_probability, pages_per_week, alert_policy, freeze_policy, timezone."
FleetSettings = Annotated[list[str] | None, option("--set", "NAME=VALUE", _FLEET_SET)]
