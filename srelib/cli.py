"""The command line: srelib report, check, budget, compare, init, rules, rollup, collect, demo, lab.

Results go to standard output, everything else to standard error.
Exit 0: done; 1: a notebook failed (the rest was written), proposals in the input are unconfirmed,
or a budget is spent; 2: the input cannot be used.
"""

from __future__ import annotations

import re
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from srelib import options as opt
from srelib.cli_collect import collect
from srelib.errors import InputError, ParameterError, SrelibError
from srelib.terminal import (
    _echo_json,
    _folder,
    _progress,
    _refuse_place,
    _say,
    _settings,
    _write_text,
)

FAILED = UNCONFIRMED = SPENT = 1
UNUSABLE, BROKEN = 2, 3

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Does the way we ship cost us reliability? Answers from the exports you already have.",
    epilog="Start with: srelib init my-exports, then srelib check my-exports.",
)


def _version(asked: bool) -> None:
    if asked:
        from srelib import __version__

        typer.echo(f"srelib {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Does the way we ship cost us reliability? Answers from the exports you already have."""


@app.command(short_help="Run the notebooks on DATA and write HTML pages.")
def report(
    data: opt.Data = None,
    out: opt.Report = Path("reports"),
    only: opt.Only = None,
    service: opt.Services = None,
    team: opt.Teams = None,
    since: opt.Since = None,
    until: opt.Until = None,
    previous: opt.Previous = None,
    markdown: opt.FirstPage = None,
    settings: opt.Settings = None,
    jobs: opt.Jobs = None,
    notebooks: opt.Notebooks = None,
    keep: opt.Keep = True,
    form: opt.Format = "html",
    debug: opt.Debug = False,
) -> None:
    """Run the notebooks on DATA and write one HTML page each, and index.html.

    Exit 0: done. 1: a notebook failed, the others are written and the index says why.
    2: the input cannot be used, nothing is written.
    """
    # jsonschema would build a grammar of URIs, which takes a second and is not used
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    from srelib.report import run

    part = {"service": service, "team": team, "since": since, "until": until}
    values = _settings(settings or []) | {name: value for name, value in part.items() if value}
    out = out.expanduser()
    if form not in ("html", "pdf"):
        raise ParameterError(f"--format takes html or pdf; got {form!r}.")
    if markdown is not None:
        _refuse_place(markdown, out)
    with _progress() as progress:
        result = run(
            _folder(data),
            out=out,
            notebooks=notebooks,
            only=[part for text in only or [] for part in text.split(",")] or None,
            parameters=values,
            previous=previous.expanduser() if previous else None,
            jobs=jobs,
            progress=progress,
            keep=keep,
            pdf=form == "pdf",
        )
    for name, reason in result.failed.items():
        _say(f"{name} did not finish: {reason}")
    if markdown is not None:
        _write_text(markdown, result.markdown, option="--markdown")
    typer.echo(str(out / "index.html"))
    if result.failed:
        raise typer.Exit(FAILED)


@app.command(short_help="Say what each file of DATA was understood as.")
def check(
    data: opt.Data = None,
    as_json: opt.AsJson = False,
    debug: opt.Debug = False,
) -> None:
    """Say what each file of DATA was understood as, before anything runs.

    Exit 0: usable. 1: read with proposals in sources.toml (lines marked # ?) that nobody has
    confirmed. 2: not usable.
    """
    from srelib.report import sources

    folder = _folder(data)
    try:
        seen = sources.check(folder)
    except SrelibError as error:
        if as_json:
            _echo_json({"usable": False, "error": str(error)})
        raise
    if as_json:
        _echo_json(seen)
    else:
        sources.show(seen)
        if (entries := seen["sources_toml"]) and not seen["error"]:
            typer.echo(f"\nRows were refused that these entries would keep.\n{entries}")
    if seen["error"]:
        _say(f"srelib: {seen['error']}")
    if not seen["usable"]:
        raise typer.Exit(UNCONFIRMED if seen.get("unconfirmed") else UNUSABLE)


@app.command(short_help="Say what changed from one report to a later one.")
def compare(old: opt.Earlier, new: opt.Later, debug: opt.Debug = False) -> None:
    """Say what changed from one report, or folder of exports, to a later one.

    Each quantity of each service: more than chance explains, could be chance, other data, or
    other definition. Weeks that both hold are not compared.
    Exit 0: done. 2: one of them cannot be used.
    """
    from srelib import changes
    from srelib.report import difference

    difference.show(changes.compare(old.expanduser(), new.expanduser()))


@app.command(short_help="Say what is left of every error budget; for pipelines.")
def budget(
    data: opt.Data = None,
    service: opt.Services = None,
    team: opt.Teams = None,
    until: opt.Until = None,
    as_json: opt.AsJson = False,
    debug: opt.Debug = False,
) -> None:
    """Say what each objective has left of its error budget, in its window up to now.

    Exit 0: all have some. 1: one has none left. 2: of one it cannot be told, or the input cannot
    be used.
    """
    from srelib import partitioned
    from srelib.report import budgets

    whole = partitioned.load(_folder(data), service=service, team=team)
    part = whole.of(service, team=team).between(until=until)
    rows = budgets.left(part)
    if not rows:
        raise InputError("there is no objective", fix="write one into slos.yaml (srelib init)")
    if as_json:
        _echo_json({"as_of": part.as_of.isoformat(), "objectives": rows})
    else:
        budgets.show(rows, until=f"{part.as_of:%Y-%m-%d %H:%M} UTC")
    if any(row["left"] is not None and row["left"] <= 0 for row in rows):
        raise typer.Exit(SPENT)
    if any(row["left"] is None for row in rows):
        raise typer.Exit(UNUSABLE)


@app.command(short_help="Write slos.yaml, sources.toml and README to DIR.")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New folder, or one with exports.")],
    debug: opt.Debug = False,
) -> None:
    """Write a commented slos.yaml, sources.toml and README to DIR.

    Where exports lie in DIR already, slos.yaml proposes an objective for each indicator in them,
    and sources.toml holds what they do not say themselves.
    Exit 0: done. 2: it would overwrite something.
    """
    from srelib.report.proposal import proposed, start

    folder = folder.expanduser()
    texts = proposed(folder)
    start(folder, texts)
    for path in sorted(folder.iterdir()):
        typer.echo(str(path))
    todo = f"Copy your exports into {folder}, edit slos.yaml"
    if texts is not None:
        todo = "Confirm the targets in slos.yaml and the lines marked # ? in sources.toml"
    _say(f"{todo}, then run: srelib check {folder}")


@app.command(short_help="Write the alerting rules that notebook 03 replays.")
def rules(
    data: opt.Data = None,
    policy: opt.Policy = "workbook",
    out: opt.File = None,
    openslo: Annotated[
        bool, typer.Option("--openslo", help="OpenSLO alert policies instead of Prometheus rules.")
    ] = False,
    debug: opt.Debug = False,
) -> None:
    """Write Prometheus recording and alerting rules for the SLOs of DATA.

    The selectors come from the SLO documents; the windows and factors are those of the policy
    for the period of each SLO. `promtool check rules` accepts the file.
    Exit 0: done. 2: no SLO, no usable query, or no such policy; nothing is written.
    """
    from srelib import slos
    from srelib.alerts import policies
    from srelib.alerts.rules import openslo_policies, prometheus_rules

    objectives = slos.read(_folder(data))
    left_out = [slo.name for slo in objectives if slo.composite]
    if left_out:
        typer.echo(f"No rules for composites, which have no query: {', '.join(left_out)}", err=True)
    objectives = [slo for slo in objectives if not slo.composite]
    chosen = partial(policies.read_policy, policy)
    if openslo:
        of_each = [rule for slo in objectives for rule in chosen(period=slo.window)]
        text = openslo_policies(tuple(dict.fromkeys(of_each)))
    else:
        text = prometheus_rules(objectives, policy=lambda period: chosen(period=period))
    if out is None:
        typer.echo(text, nl=False)
        return
    _write_text(out, text, option="--out")
    typer.echo(str(out))


@app.command(short_help="Ask every service of a fleet of any size what to do.")
def fleet(
    data: opt.Data = None,
    out: opt.Report = Path("reports"),
    engine: opt.FleetEngine = "processes",
    table: opt.Counts = None,
    every: opt.Bucket = None,
    settings: opt.FleetSettings = None,
    jobs: opt.Processes = None,
    keep: opt.Keep = True,
    debug: opt.Debug = False,
) -> None:
    """Ask every service of DATA what to do, the counts of one service in memory at a time.

    The counts are the Parquet that srelib rollup writes; beside them lie deployments, incidents
    and slos.yaml as for srelib report. Writes pages (what needs doing first, each team, every
    service by name), services.csv and objectives.csv. A run that ended goes on where it was.
    Exit 0: done. 2: the input cannot be used, nothing is written.
    """
    from srelib import partitioned
    from srelib.report import destination, fleet_pages

    out = out.expanduser()
    destination.refuse_foreign(out)
    if every is not None and table is None:
        raise ParameterError("--every is about --table; the Parquet in DATA says it itself.")
    asked = partitioned.Settings.read(_settings(settings or []))
    with (
        _progress() as progress,
        closing(partitioned.engine(engine, jobs=jobs, table=table)) as on,
    ):
        found = partitioned.summarize(
            _folder(data),
            on=on,
            settings=asked,
            step=every,
            keep=keep,
            progress=progress,
        )
    fleet_pages.write(found, out)
    typer.echo(str(out / "index.html"))


@app.command(short_help="Count the requests in logs of any size.")
def rollup(
    logs: opt.Logs,
    good: opt.Good,
    out: opt.Table = None,
    by: opt.By = "service",
    service: opt.Named = None,
    where: opt.Where = None,
    latency: opt.Latency = None,
    duration: opt.Duration = None,
    every: opt.Every = "1m",
    time: opt.Time = "time",
    timezone: opt.Zone = None,
    key: opt.Key = None,
    sli: opt.Indicator = "availability",
    engine: opt.Engine = None,
    sql: opt.Sql = None,
    memory: opt.Memory = "2GiB",
    spill: opt.Spill = None,
    debug: opt.Debug = False,
) -> None:
    """Count the requests in LOGS by service and minute: table sli, as a folder of exports.

    Files are CSV, JSON lines, Parquet, or logs of web servers and AWS load balancers, gzip too.
    Exit 0: done. 2: the logs cannot be used, or DIR exists; nothing is written.
    """
    from srelib import rollup as rolling

    rules = rolling.read_rules(
        good, time=time, service=by, every=every, where=where, latency=latency,
        duration=duration, key=key, sli=sli,
    )  # fmt: skip
    if (engine or sql) and (service or timezone or len(logs) > 1):
        raise ParameterError(
            "--service, --timezone and several LOGS are for files; with --engine or --sql make a "
            "view of the table that has a service and times in UTC."
        )
    if sql:
        typer.echo(rolling.sql(sql, logs[0], rules))
        return
    if out is None:
        raise ParameterError("rollup needs --out DIR, or --sql DIALECT.")
    if engine:
        rolled = rolling.write(rolling.table_of(engine, logs[0]), rules, out.expanduser())
    else:
        with rolling.opened(
            logs, rules, service=service, timezone=timezone, memory=memory, spill=spill
        ) as found:
            rolled = rolling.write(found, rules, out.expanduser())
    typer.echo(str(rolled.out))
    for line in rolled.lines():
        _say(line)


@app.command(short_help="Write the report of the sample that comes with srelib.")
def demo(
    out: opt.Report = Path("reports"), only: opt.Only = None, debug: opt.Debug = False
) -> None:
    """Write the report of the sample: 13 weeks of six services, generated.

    Exit 0: done. 1: a notebook failed.
    """
    from srelib import shipped

    report(shipped.sample(), out=out, only=only)


@app.command(
    short_help="Open a copy of the notebooks in JupyterLab.",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def lab(
    options: typer.Context, folder: opt.Copy = Path("srelib-lab"), debug: opt.Debug = False
) -> None:
    """Copy the notebooks and the sample to DIR and open them in JupyterLab.

    What is in DIR already stays as it is, so that your changes are there the next time. Options
    that are not known here go to JupyterLab; write their values as in --port=8889.
    Exit 2: DIR cannot be written.
    """
    from jupyterlab.labapp import main as open_lab

    from srelib import shipped
    from srelib.notebook import KEEPING

    folder = folder.expanduser().resolve()
    notebooks = shipped.copied(folder)
    _say(f"These notebooks are yours to change: {notebooks}")
    first = min(notebooks.glob("*.ipynb"))
    open_lab([str(first), f"--ServerApp.root_dir={folder}", KEEPING, *options.args])


app.add_typer(collect, name="collect", short_help="Write exports from a repository or a server.")


def _repeat_only(arguments: list[str]) -> list[str]:
    """``--only 02 06`` as ``--only 02 --only 06``, which is how options are parsed."""
    repeated: list[str] = []
    collecting = False
    for before, argument in zip(["", *arguments], arguments, strict=False):
        collecting = before == "--only" or (collecting and bool(_NUMBERED.fullmatch(argument)))
        if collecting and before != "--only":
            repeated.append("--only")
        repeated.append(argument)
    return repeated


_NUMBERED = re.compile(r"\d\d(_\w+)?(\.ipynb)?")


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command ``srelib`` on these arguments, by default those of the process, and exit."""
    arguments = _repeat_only(sys.argv[1:] if arguments is None else arguments)
    try:
        app(args=arguments, prog_name="srelib")
    except SrelibError as error:
        _say(f"srelib: {error}")
        sys.exit(UNUSABLE)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if "--debug" in arguments:
            raise
        first = (str(error).splitlines() or [""])[0]
        _say(f"srelib: internal error, {type(error).__name__}: {first}")
        _say("This is a bug. Run again with --debug to see where it happened.")
        sys.exit(BROKEN)
    sys.exit(0)


if __name__ == "__main__":
    main()
