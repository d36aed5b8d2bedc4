"""The commands that write exports: srelib collect git and prometheus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from srelib import options as opt
from srelib.terminal import _say

collect = typer.Typer(no_args_is_help=True, help="Write exports from what tools keep themselves.")


@collect.command("git", short_help="Write deployments.csv and changes.csv of a git repository.")
def collect_git(
    repository: Annotated[Path, typer.Argument(metavar="REPO", help="Top of the repository.")],
    out: Annotated[Path, opt.option("--out", "DIR", "Folder for the files.")],
    tags: opt.Tags = None,
    exclude_tags: opt.ExcludedTags = None,
    prereleases: Annotated[
        bool, typer.Option("--prereleases", help="Keep v1.1.0-rc.1, 2.0b1 and the like.")
    ] = False,
    path: opt.Paths = None,
    service: opt.Service = None,
    clock: opt.Clock = "committer",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there.")
    ] = False,
    debug: opt.Debug = False,
) -> None:
    """Write deployments.csv and changes.csv of a git repository, one deployment per release tag.

    A change belongs to the first release that contains it. Only git is asked; nothing of the
    repository is run.
    Exit 0: done. 2: no repository, no such tag, or a file is there already; nothing is written.
    """
    from srelib import collect as collecting

    found = collecting.git(
        repository.expanduser(),
        tags=tags or ["v*"],
        exclude_tags=exclude_tags or [],
        prereleases=prereleases,
        paths=path or [],
        service=service,
        clock=clock,  # type: ignore[arg-type]
    )
    for file in collecting.write(found, out.expanduser(), overwrite=overwrite):
        typer.echo(str(file))
    _say(f"{len(found.deployments):,} deployments, {len(found.changes):,} changes.")
    for note in found.notes:
        _say(f"- {note}")


@collect.command("prometheus", short_help="Write what a Prometheus counted for each objective.")
def collect_prometheus(
    url: Annotated[str, typer.Argument(metavar="URL", help="Such as http://localhost:9090.")],
    since: Annotated[str, opt.option("--since", "DATE", "From this day on (UTC), or time.")],
    out: Annotated[Path, opt.option("--out", "DIR", "Folder of exports.")],
    until: Annotated[str | None, opt.option("--until", "DATE", "Until then. Default: now.")] = None,
    slo: Annotated[
        Path | None, opt.option("--slo", "FILE", "Objectives. Default: slos.yaml in DIR.")
    ] = None,
    step: Annotated[str, opt.option("--step", "LENGTH", "Of a bucket.", shown=True)] = "1m",
    pause: Annotated[
        float, opt.option("--pause", "SECONDS", "Between two queries.", shown=True, min=0.0)
    ] = 0.1,
    debug: opt.Debug = False,
) -> None:
    """Write the good and total events of each objective, as answers of the server's own API.

    The queries are those of slos.yaml. What is there already is not asked for again, so that a
    run that failed goes on where it was. A bearer token is read from PROMETHEUS_TOKEN.
    Exit 0: done. 2: the server or an objective cannot be used; what came stays.
    """
    import pandas as pd

    from srelib import prometheus, slos
    from srelib.folder import selection
    from srelib.schema import duration

    out = out.expanduser()
    every = slos.read(slo or out)
    objectives = [one for one in every if not one.composite]
    if len(objectives) < len(every):
        left_out = ", ".join(one.name for one in every if one.composite)
        _say(f"Composites have no query and are left out: {left_out}")
    length = duration(step)
    first = selection.moment(since, "since", date=True)
    last = selection.moment(until, "until", date=True) if until else pd.Timestamp.now("UTC")
    prometheus.collect(
        url, objectives, since=first, until=last.floor(length), out=out, step=length, pause=pause,
        progress=lambda name, done, total: _say(f"{name}: {done} of {total}"),
    )  # fmt: skip
    if lacking := prometheus.add_entries(objectives, step=length, out=out):
        _say(f"Paste this at the top of sources.toml:\n\n{lacking}")
    typer.echo(str(out / prometheus.FOLDER))


Since = Annotated[str, opt.option("--since", "DATE", "From this day on (UTC), or time.")]
Exports = Annotated[Path, opt.option("--out", "DIR", "Folder of exports.")]
Api = Annotated[str | None, opt.option("--api", "URL", "Of the API of a server of your own.")]
_RUNS = "File of the workflow whose runs are deployments, instead of GitHub's deployments."


@collect.command("github", short_help="Write deployments, changes and issues of GitHub.")
def collect_github(
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="The repository.")],
    since: Since,
    out: Exports,
    workflow: Annotated[str | None, opt.option("--workflow", "FILE", _RUNS)] = None,
    api: Api = None,
    debug: opt.Debug = False,
) -> None:
    """Write deployments with their statuses, merged pull requests and issues, as the API says them.

    A token is read from GITHUB_TOKEN. A run that failed goes on where it was.
    Exit 0: done. 2: the server cannot be used; files that are whole stay.
    """
    _collect_hosted("github", repository, since, out, workflow, api)


@collect.command("gitlab", short_help="Write deployments and merge requests of GitLab.")
def collect_gitlab(
    project: Annotated[str, typer.Argument(metavar="GROUP/NAME", help="The project.")],
    since: Since,
    out: Exports,
    api: Api = None,
    debug: opt.Debug = False,
) -> None:
    """Write deployments and merged requests, as the API says them.

    A token is read from GITLAB_TOKEN.
    Exit 0: done. 2: the server cannot be used; files that are whole stay.
    """
    _collect_hosted("gitlab", project, since, out, None, api)


def _collect_hosted(
    hosting: str, repository: str, since: str, out: Path, workflow: str | None, api: str | None
) -> None:
    from srelib import hosting as hosts
    from srelib.folder import selection

    files = hosts.collect(
        hosting, repository, since=selection.moment(since, "since", date=True),
        out=out.expanduser(), workflow=workflow, api=api,
        progress=lambda file, records: _say(f"{file}: {records:,}"),
    )  # fmt: skip
    for file in files:
        typer.echo(str(file))
