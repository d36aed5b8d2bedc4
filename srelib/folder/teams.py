"""Which team owns each service, from everything in a folder that says so.

A service named without a wildcard in ``[teams]`` of `sources.toml` belongs to the team named there.
Everything else that says it must agree: wildcards in ``[teams]``, OpenSLO documents, tables of
services and teams, CODEOWNERS. Where they differ, the folder is refused with the line to paste.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import pandas as pd

from srelib import schema, tables, wording
from srelib.errors import InputError
from srelib.readers.base import FileResult
from srelib.slos.model import Owner

WHERE = "sources.toml"
Results = Mapping[str, FileResult]
Named = Mapping[str, Sequence[str]]
"""The services of each team, as ``[teams]`` names them."""


@dataclass(frozen=True)
class Owners:
    """The team of each service that has one, and what is to be said about that."""

    teams: pd.Series = field(default_factory=lambda: _series({}))
    rejects: tuple[pd.DataFrame, ...] = ()
    notes: tuple[str, ...] = ()
    problem: InputError | None = None


def owners(
    services: Collection[str], said: Named, documents: Sequence[Owner], results: Results
) -> Owners:
    """The team of each service; `results`: what each file was read as."""
    claims, rejects = _claims(services, said, documents, results)
    found, contested, notes = {}, {}, []
    for service, teams in sorted(claims.items()):
        exact = [team for team, names in said.items() if service in names]
        if len(teams) > 1 and len(exact) != 1:
            contested[service] = teams
            continue
        found[service] = exact[0] if exact else next(iter(teams))
        notes += [
            f"{service} belongs to {found[service]}, as {WHERE} says; {where} says {team}"
            for team, where in teams.items() if team != found[service]
        ]  # fmt: skip
    lacking = sorted({*services} - {*found, *contested})
    if found and lacking:
        notes.append(f"no team is named for {wording.listing(lacking, limit=12)}")
    notes += _in_vain(services, said)
    return Owners(_series(found), rejects, tuple(notes), _contradiction(contested))


def _series(found: Mapping[str, str]) -> pd.Series:
    index = pd.Index([*found], dtype="str", name="service")
    return pd.Series([*found.values()], index=index, dtype="str", name="team")


def _claims(
    services: Collection[str], said: Named, documents: Sequence[Owner], results: Results
) -> tuple[dict[str, dict[str, str]], tuple[pd.DataFrame, ...]]:
    """For each service the teams named for it, each with where; and rows about no service."""
    claims: dict[str, dict[str, str]] = defaultdict(dict)
    for team, names in said.items():
        for service in services:
            if service in names or any(fnmatchcase(service, name) for name in names):
                claims[service].setdefault(team, WHERE)
    for one in documents:
        if one.service in services:
            claims[one.service].setdefault(one.team, one.file)
    rejects = []
    for name, result in results.items():
        rows = result.tables.get("teams", tables.empty("teams"))
        known = rows["service"].isin([*services]).to_numpy()
        for service, team in rows[known].itertuples(index=False):
            claims[service].setdefault(team, name)
        if not known.all():
            lines = result.event_lines["teams"]((~known).nonzero()[0])
            strange = rows["service"][~known]
            reasons = [f"no export names this service{_hint(one, services)}" for one in strange]
            part = tables.rejects(name, lines, "service", strange.to_numpy(), reasons)
            rejects.append(part.assign(by_rule=True))
    return claims, tuple(rejects)


def _in_vain(services: Collection[str], said: Named) -> Iterator[str]:
    for team, names in said.items():
        for name in names:
            if name not in services and not any(fnmatchcase(one, name) for one in services):
                yield f"{WHERE}: no export names {name!r} of team {team}{_hint(name, services)}"


def _hint(name: str, services: Collection[str]) -> str:
    near = schema.did_you_mean(name, services)
    return f"; {near}" if near else ""


def _contradiction(contested: Mapping[str, Mapping[str, str]]) -> InputError | None:
    """The question which team it is, with the lines that say it."""
    if not contested:
        return None
    listed, proposed = [], defaultdict(list)
    for service, teams in contested.items():
        where = wording.listing(f"{team} ({where})" for team, where in teams.items())
        listed.append(f"{service}: {where}")
        proposed[next(iter(teams))].append(service)
    lines = "\n".join(f"{json.dumps(team, ensure_ascii=False)} = "
                      f"{json.dumps(names, ensure_ascii=False)}"
                      for team, names in proposed.items())  # fmt: skip
    return InputError(
        f"a service has one team, and several are named: {'; '.join(listed)}",
        fix=f"name the team that answers for it in {WHERE}, without a wildcard:\n[teams]\n{lines}\n"
        "and check again",
    )


def summary(teams: pd.Series) -> list[dict[str, object]]:
    """The teams by name, with the services of each."""
    return [{"team": str(team), "services": sorted(map(str, own.index))}
            for team, own in teams.groupby(teams)]  # fmt: skip
