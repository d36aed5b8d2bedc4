"""More inputs of every kind of records in `cases`, made at random: right, or asked for.

The truth of each input is computed here, from the same random numbers, before it is written down
in the way that was once misread.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

import srelib
from srelib.report import sources
from tests.whole import test_kinds
from tests.whole.made import COVERED, START, more_of, outcome
from tests.whole.test_cases import CASES


def test_every_case_has_more_inputs_of_its_kind() -> None:
    """A new folder in `cases` brings a strategy that makes others like it."""
    assert test_kinds.more_of is more_of
    assert {case.name for case in CASES} == COVERED


def stamp(hours: int) -> str:
    """So many hours after the start, as most tools write it."""
    return f"{START + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def table(header: str, *rows: tuple[object, ...]) -> str:
    """Rows as CSV with every cell in quotes."""
    lines = [",".join('"' + str(cell).replace('"', '""') + '"' for cell in row) for row in rows]
    return "\n".join([header, *lines]) + "\n"


def ids(data: srelib.Dataset) -> list[str]:
    """The incidents that count."""
    return sorted(set(data.incidents["incident_id"]))


_TYPES = ("Incident", "Story", "Bug", "Task", "Sub-task", "Epic", "Outage", "Service Incident")


@more_of("20-jira-of-all-types")
@given(st.lists(st.sampled_from(_TYPES), min_size=2, max_size=9),
       st.sampled_from([(), ("Bug",), ("Story", "Outage")]),
       st.sampled_from(["Issue Type", "Work type"]))  # fmt: skip
def test_issues_of_all_types(
    tmp_path_factory, types: list[str], wanted: tuple[str, ...], column: str
) -> None:
    """Incidents and outages count, or the types that are named; the others are left out."""
    header = f"Summary,Issue key,Issue id,{column},Status,Priority,Created,Resolved,Component/s"
    days = [f"{n + 1:02d}/Feb/26" for n in range(len(types))]
    rows = [
        ("Down", f"OPS-{n}", n, kind, "Done", "High", f"{day} 6:16 PM", f"{day} 7:16 PM", "shop")
        for n, (kind, day) in enumerate(zip(types, days, strict=True))
    ]
    said = '[[file]]\nmatch = "jira.csv"\ntimezone = "UTC"\n'
    said += f'where = {{ "{column}" = {json.dumps(wanted)} }}\n' if wanted else ""
    counting = wanted or ("Incident", "Outage", "Service Incident")
    truth = [f"OPS-{n}" for n, kind in enumerate(types) if kind in counting]
    folder = tmp_path_factory.mktemp("exports")
    (folder / "jira.csv").write_text(table(header, *rows), encoding="utf-8")
    (folder / "sources.toml").write_text(said, encoding="utf-8")
    seen = sources.check(folder)
    data = outcome(tmp_path_factory, said, jira__csv=table(header, *rows)) if truth else None
    if data is None:
        assert not truth
        listed = sum(f"{kind!r} " in seen["error"] for kind in {*types})
        assert listed >= min(4, len({*types}))
        assert f'where = {{ "{column}" = [' in seen["sources_toml"]
        assert not seen["usable"]
        return
    assert ids(data) == truth
    assert data.sources["rows_rejected"].sum() == len(types) - len(truth)
    notes = str(data.sources["notes"].iloc[0])
    left = Counter(kind for kind in types if kind not in counting)
    assert all(f"{kind!r} {count}" in notes for kind, count in left.most_common(1))


_GERMAN = ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"]
_SPANISH = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"]
_LANGUAGES = {
    "de": ("Zusammenfassung,Vorgangsschlüssel,Vorgangs-ID,Vorgangstyp,Status,Priorität,Lösung,"
           "Erstellt,Aktualisiert,Erledigt,Komponente/n", _GERMAN),
    "es": ("Resumen,Clave de incidencia,ID de la incidencia,Tipo de Incidencia,Estado,Prioridad,"
           "Resolución,Creada,Actualizada,Resuelta,Componente/s", _SPANISH),
}  # fmt: skip


@more_of("21-jira-in-german")
@given(st.sampled_from(["de", "es"]), st.lists(st.dates(
    datetime(2025, 1, 1).date(), datetime(2026, 12, 30).date()), min_size=1, max_size=5),
       st.sampled_from(["Europe/Berlin", "Europe/Madrid", "America/Bogota"]),
       st.integers(4, 23), st.booleans())  # fmt: skip
def test_issues_in_other_languages(
    tmp_path_factory, language: str, days: list[datetime], zone: str, hour: int, half: bool
) -> None:
    """The months of the language, clocks of 12 or 24 hours, in the zone that is said."""
    header, months = _LANGUAGES[language]
    clock = f"{(hour - 1) % 12 + 1:02d}:15 {'PM' if hour > 11 else 'AM'}" if half else f"{hour}:15"
    rows, truth = [], {}
    for n, day in enumerate(days):
        at = f"{day.day:02d}/{months[day.month - 1]}/{day.year % 100} {clock}"
        rows.append(
            ("Kasse", f"OPS-{n}", n, "Incident", "Fertig", "Hoch", "Fertig", at, at, at, "k")
        )
        local = datetime(day.year, day.month, day.day, hour, 15, tzinfo=ZoneInfo(zone))
        truth[f"OPS-{n}"] = local.astimezone(UTC)
    said = f'[[file]]\nmatch = "jira.csv"\ntimezone = "{zone}"\n'
    data = outcome(tmp_path_factory, said, jira__csv=table(header, *rows))
    assert data is not None
    found = data.incidents.set_index("incident_id")["started_at"]
    assert {key: at.to_pydatetime() for key, at in found.items()} == truth
    assert outcome(tmp_path_factory, jira__csv=table(header, *rows)) is None


_FOREIGN = {
    "fr": ("Résumé,Clé de ticket,Type de ticket,État,Création,Mise à jour,Résolu", "août"),
    "pt": ("Resumo,Chave da item,Tipo de item,Status,Criado,Atualizado(a),Resolvido", "set"),
    "nl": ("Samenvatting,Issuesleutel,Issue-type,Status,Gemaakt,Bijgewerkt,Opgelost", "mrt"),
}
_MONTHS = {"août": 8, "set": 9, "mrt": 3}


@more_of("21-jira-in-german")
@given(st.sampled_from([*_FOREIGN]), st.integers(1, 6), st.integers(1, 600))
def test_issues_in_languages_that_are_not_known(
    tmp_path_factory, language: str, count: int, minutes: int
) -> None:
    """What `check` proposes reads them as Jira's, only the incidents, at their true times."""
    header, month = _FOREIGN[language]
    starts = [datetime(2026, _MONTHS[month], n + 1, 15, 45, tzinfo=UTC) for n in range(count)]
    rows = [
        ("Panne", f"{project}-{n}", kind, "Fini",
         *(f"{at.day:02d}/{month}/26 {at:%H:%M}" for at in times))
        for project, kind in (("OPS", "Incident"), ("DOC", "Tâche"))
        for n, start in enumerate(starts)
        for end in [start + timedelta(minutes=minutes)] for times in [(start, end, end)]
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("exports")
    (folder / "jira.csv").write_text(table(header, *rows), encoding="utf-8")
    (folder / "sources.toml").write_text(sources.check(folder)["sources_toml"], encoding="utf-8")
    found = srelib.load(folder).incidents.sort_values("started_at")
    assert found["started_at"].tolist() == starts
    assert ((found["resolved_at"] - found["started_at"]) == timedelta(minutes=minutes)).all()


@more_of("22-pull-requests")
@given(st.lists(st.booleans(), min_size=2, max_size=8), st.sampled_from(["gh", "rest", "issues"]),
       st.sampled_from(["web", "check-out.api"]))  # fmt: skip
def test_pull_requests(tmp_path_factory, merged: list[bool], form: str, name: str) -> None:
    """Merged ones are changes, the others nothing; no label makes an incident of one."""
    found: list[dict[str, object]] = []
    for n, is_merged in enumerate(merged):
        address = f"https://github.com/o/{name}/pull/{n}"
        at = stamp(n) if is_merged else None
        label = {"labels": [{"name": "incident"}], "title": "Outage", "number": n}
        if form == "gh":
            found.append(
                label
                | {
                    "createdAt": stamp(0),
                    "mergedAt": at,
                    "closedAt": at,
                    "url": address,
                    "state": "MERGED" if at else "OPEN",
                    "mergeCommit": {"oid": f"{n:040x}"},
                }
            )
        elif form == "rest":
            found.append(
                label
                | {
                    "created_at": stamp(0),
                    "merged_at": at,
                    "closed_at": at,
                    "html_url": address,
                    "merge_commit_sha": f"{n:040x}",
                    "base": {"repo": {"name": name}},
                    "state": "x",
                }
            )
        else:
            found.append(label | {
                "created_at": stamp(0), "closed_at": at, "html_url": address, "state": "closed",
                "pull_request": {"merged_at": at, "html_url": address}})  # fmt: skip
    folder = tmp_path_factory.mktemp("exports")
    (folder / "prs.json").write_text(json.dumps(found))
    truth = sum(merged) if form != "issues" else 0
    if not truth:
        assert not sources.check(folder)["usable"]
        return
    data = srelib.load(folder)
    assert (len(data.changes), len(data.incidents)) == (truth, 0)
    assert set(data.changes["service"]) == {name}
    assert data.sources["rows_rejected"].sum() == len(merged) - truth


_FINAL = ("v1.{n}.0", "1.{n}", "release-2026.{n}", "v2.{n}.1-hotfix", "api/v3.{n}.0")
_EARLY = ("v1.{n}.0-rc.1", "v1.{n}.0-beta", "2.{n}rc1", "v3.{n}.0-alpha.2", "1.{n}.0.dev4",
          "v1.{n}.0-SNAPSHOT", "2.{n}b2", "v4.{n}.0-preview1")  # fmt: skip


@more_of("23-release-candidates")
@given(st.lists(st.sampled_from(_FINAL), min_size=1, max_size=5),
       st.lists(st.sampled_from(_EARLY), max_size=5), st.booleans(),
       st.sampled_from(["tags", "gh", "rest"]))  # fmt: skip
def test_release_candidates(
    tmp_path_factory, final: list[str], early: list[str], keep: bool, form: str
) -> None:
    """Left out by one rule in every reader, and said; a key keeps them."""
    names = [form.format(n=n) for n, form in enumerate([*final, *early])]
    lines = [f"{name},2026-01-{n + 1:02d}T10:00:00+00:00,{n:012x},{n:012x},"[:-1]
             for n, name in enumerate(names)]  # fmt: skip
    gh = [{"tagName": name, "publishedAt": stamp(n), "createdAt": stamp(0), "isDraft": False,
           "isPrerelease": False, "name": "x"} for n, name in enumerate(names)]  # fmt: skip
    rest = [{"tag_name": name, "published_at": stamp(n), "draft": False, "prerelease": False}
            for n, name in enumerate(names)]  # fmt: skip
    file = {"tags": "\n".join(lines) + "\n", "gh": json.dumps(gh), "rest": json.dumps(rest)}[form]
    name = "tags__csv" if form == "tags" else "releases__json"
    said = '[[file]]\nmatch = "*"\nservice = "web"\n' + "prereleases = true\n" * keep
    data = outcome(tmp_path_factory, said, **{name: file})
    assert data is not None
    assert set(data.deployments["deployment_id"]) == set(names if keep else names[: len(final)])
    out = 0 if keep else len(early)
    assert data.sources["rows_rejected"].sum() == out
    assert ("prereleases = true" in str(data.sources["notes"].iloc[0])) == (out > 0)


@more_of("24-several-rows-an-incident")
@given(st.permutations(range(4)), st.integers(1, 9), st.booleans())
def test_the_history_of_a_record(
    tmp_path_factory, order: list[int], hours: int, updates: bool
) -> None:
    """The latest end counts, whatever the order of rows; where there are updates, the last."""
    ends = ["", *(f"2026-05-01T1{n}:30:00Z" for n in (2, 3, hours % 6 + 4))]
    rows = [("i1", "web", "2026-05-01T11:00:00Z", ends[n]) for n in order]
    data = outcome(tmp_path_factory, i__csv=table(_INCIDENTS, *rows))
    assert data is not None
    assert data.incidents["resolved_at"].max() == pd.Timestamp(max(ends))
    assert len(data.incidents) == 1
    assert data.sources["rows_rejected"].sum() == 3


_INCIDENTS = "incident_id,service,started_at,resolved_at"
_DEPLOYMENTS = "deployment_id,service,finished_at,status"


@more_of("25-services-in-one-cell")
@given(st.lists(st.sampled_from(["checkout", "search", "pay api"]), min_size=1, max_size=3,
                unique=True), st.sampled_from([", ", ",", "; ", ";"]),
       st.sampled_from(["list", "json", "python", "objects"]), st.booleans())  # fmt: skip
def test_several_services_in_one_cell(
    tmp_path_factory, named: list[str], mark: str, form: str, known: bool
) -> None:
    """Services where each is known elsewhere, else it asks; placeholders are nobody."""
    cell = {
        "list": mark.join(named), "json": json.dumps(named), "python": str(named),
        "objects": str([{"id": "P6", "summary": name} for name in named]),
    }[form]  # fmt: skip
    rows = [("i1", cell, stamp(1), stamp(2)), ("i2", "None", stamp(3), stamp(4)),
            ("i3", "search", stamp(5), stamp(6))]  # fmt: skip
    names = ["checkout", "search", "pay api"] if known else []
    deployed = [(n, name, stamp(n), "succeeded") for n, name in enumerate(names)]
    files = {"incidents__csv": table(_INCIDENTS, *rows)}
    files |= {"deployments__csv": table(_DEPLOYMENTS, *deployed)} if deployed else {}
    data = outcome(tmp_path_factory, **files)
    if data is None:
        assert len(named) > 1
        assert not known
        return
    mine = data.incidents.groupby("incident_id")["service"].agg(list)
    assert sorted(mine["i1"]) == sorted(named)
    assert mine["i3"] == ["search"]
    assert "i2" not in mine.index
    kept, refused = (data.sources.set_index("file").loc["incidents.csv", name]
                     for name in ("rows_kept", "rows_rejected"))  # fmt: skip
    assert (kept, refused) == (2, 1)


@more_of("26-names-that-differ")
@given(st.sampled_from([("checkout-api", "Checkout API"), ("PAYMENTS", "payments"),
                        ("web_shop", "web-shop"), ("search", "search\u200b"),
                        ("billing service", "billing-service"), ("mail", "Mail")]),
       st.booleans(), st.integers(1, 4))  # fmt: skip
def test_names_that_differ(
    tmp_path_factory, pair: tuple[str, str], swapped: bool, count: int
) -> None:
    """Check names the pair and the line to paste; with it the incidents belong to the service."""
    deployed, broken = pair[::-1] if swapped else pair
    folder = tmp_path_factory.mktemp("exports")
    rows = [(n, deployed, stamp(n), "succeeded") for n in range(count)]
    (folder / "deployments.csv").write_text(table(_DEPLOYMENTS, *rows), encoding="utf-8")
    rows = [(f"i{n}", broken, stamp(n), stamp(n + 1)) for n in range(count)]
    (folder / "incidents.csv").write_text(table(_INCIDENTS, *rows), encoding="utf-8")
    said = "\n".join(sources.check(folder)["notes"])
    assert "no incident belongs to a service that was deployed" in said
    line = f'services = {{ "{broken}" = "{deployed}" }}'
    assert line in said
    entry = f'[[file]]\nmatch = "incidents.csv"\n{line}\n'
    (folder / "sources.toml").write_text(entry, encoding="utf-8")
    data = srelib.load(folder)
    assert set(data.incidents["service"]) == set(data.deployments["service"]) == {deployed}


@more_of("27-dates-of-other-tools")
@given(st.integers(13, 28), st.integers(1, 12), st.sampled_from(["-", "/", "."]))
def test_dates_with_one_reading(tmp_path_factory, day: int, month: int, mark: str) -> None:
    """A day above 12 shows the order; without one it is asked for."""
    rows = [(f"i{d}", "web", f"{d:02d}{mark}{month:02d}{mark}2026 10:00:00", "") for d in (day, 3)]
    said = '[[file]]\nmatch = "i.csv"\ntimezone = "UTC"'
    data = outcome(tmp_path_factory, said, i__csv=table(_INCIDENTS, *rows))
    assert data is not None
    assert sorted(data.incidents["started_at"].dt.day) == [3, day]
    assert set(data.incidents["started_at"].dt.month) == {month}
    if mark != ".":
        assert outcome(tmp_path_factory, said, i__csv=table(_INCIDENTS, rows[1])) is None


_WORDS = ("partiallySucceeded", "TimedOut", "Wird geprüft", "DONE!", "exit 1", "grün")
_OUTCOMES = ("succeeded", "failed", "rolled_back", "cancelled")


@more_of("28-statuses-of-other-tools")
@given(st.dictionaries(st.sampled_from(_WORDS), st.sampled_from(_OUTCOMES), min_size=1),
       st.lists(st.integers(0, 20), min_size=3, max_size=12),
       st.sampled_from(["status", "Ergebnis", "success", "Deploy Status"]))  # fmt: skip
def test_statuses_of_other_tools(
    tmp_path_factory, means: dict[str, str], picked: list[int], column: str
) -> None:
    """Their words as `values` says; without it the word, how often, and the line to paste."""
    words = [[*means, "success"][n % (len(means) + 1)] for n in picked]
    rows = [(n, "web", stamp(n), word) for n, word in enumerate(words)]
    named = ", ".join(f'"{word}" = "{status}"' for word, status in means.items())
    said = f'[[file]]\nmatch = "d.csv"\nvalues.status = {{ {named} }}\n'
    header = _DEPLOYMENTS.replace("status", column)
    data = outcome(tmp_path_factory, said, d__csv=table(header, *rows))
    assert data is not None
    truth = Counter((means | {"success": "succeeded"})[word] for word in words)
    assert data.deployments["status"].value_counts().to_dict() == dict(truth)
    strange = Counter(word for word in words if word in means)
    folder = tmp_path_factory.mktemp("exports")
    (folder / "d.csv").write_text(table(header, *rows), encoding="utf-8")
    seen = sources.check(folder)
    for word, count in strange.most_common(1):
        assert f"{word} {count:,}" in seen["sources_toml"]


_RESULTS = {"succeeded": "succeeded", "partiallySucceeded": "succeeded", "failed": "failed",
            "canceled": "cancelled", None: None}  # fmt: skip


@more_of("28-statuses-of-other-tools")
@given(st.lists(st.sampled_from(["success", "failed", "Aborted", "rolled back"]),
                min_size=1, max_size=9), st.sampled_from(["How it went", "phase"]))  # fmt: skip
def test_outcomes_under_any_name(tmp_path_factory, words: list[str], column: str) -> None:
    """A column is the status where all its words are outcomes; no failure is lost in silence."""
    rows = [(n, "web", stamp(n), word) for n, word in enumerate(words)]
    header = _DEPLOYMENTS.replace("status", column)
    data = outcome(tmp_path_factory, d__csv=table(header, *rows))
    assert data is not None
    assert (data.deployments["status"] == "succeeded").sum() == words.count("success")
    assert column in str(data.sources["notes"].iloc[0])


@more_of("29-azure-devops-builds")
@given(st.lists(st.tuples(st.sampled_from([*_RESULTS]), st.sampled_from(["deploy-web", "CI"])),
                min_size=2, max_size=9), st.booleans())  # fmt: skip
def test_builds_of_azure_devops(
    tmp_path_factory, builds: list[tuple[str | None, str]], wrapped: bool
) -> None:
    """Of the definitions that deploy; a build without a result is not finished."""
    builds = [("failed", "deploy-web"), *builds]
    found = [
        {"id": n, "buildNumber": f"20260501.{n}", "result": result, "queueTime": stamp(n),
         "status": "completed" if result else "inProgress", "startTime": stamp(n),
         "finishTime": stamp(n + 1) if result else None,
         "definition": {"id": 7, "name": name}, "project": {"name": "shop"},
         "sourceBranch": "refs/heads/main", "sourceVersion": f"{n:040x}", "reason": "manual"}
        for n, (result, name) in enumerate(builds)
    ]  # fmt: skip
    file = json.dumps({"count": len(found), "value": found} if wrapped else found)
    mine = [_RESULTS[result] for result, name in builds if name == "deploy-web"]
    truth = Counter(status for status in mine if status)
    said = '[[file]]\nmatch = "builds.json"\nservice = "web"\n'
    data = outcome(tmp_path_factory, said + 'workflow = "deploy-web"', builds__json=file)
    assert data is not None
    assert data.deployments["status"].value_counts().to_dict() == dict(truth)
    assert data.sources["rows_read"].iloc[0] == len(builds)
    if len({name for _, name in builds}) > 1:
        assert outcome(tmp_path_factory, said, builds__json=file) is None


@more_of("30-gitlab-merge-requests")
@given(st.lists(st.sampled_from(["merged", "opened", "closed"]), max_size=8),
       st.sampled_from(["g/web", "g/sub/deep/web", "me/web"]), st.booleans())  # fmt: skip
def test_merge_requests(tmp_path_factory, states: list[str], project: str, squash: bool) -> None:
    """Merged ones are changes of their project, at the time of the merge."""
    states = ["merged", *states]
    found = [
        {"id": n, "iid": n, "project_id": 3, "title": "t", "state": state,
         "created_at": stamp(0), "merged_at": stamp(n + 1) if state == "merged" else None,
         "updated_at": stamp(90), "target_branch": "main", "source_branch": "f",
         "sha": f"{n:040x}", "merge_commit_sha": None if squash else f"{n + 50:040x}",
         "squash_commit_sha": f"{n + 99:040x}" if squash else None,
         "web_url": f"https://gitlab.example/{project}/-/merge_requests/{n}"}
        for n, state in enumerate(states)
    ]  # fmt: skip
    truth = {pd.Timestamp(stamp(n + 1)) for n, state in enumerate(states) if state == "merged"}
    files = {"mrs__json": json.dumps(found),
             "d__csv": table(_DEPLOYMENTS, (1, "web", stamp(1), "success"))}  # fmt: skip
    data = outcome(tmp_path_factory, **files)
    assert data is not None
    assert set(data.changes["merged_at"]) == truth
    assert data.changes["committed_at"].isna().all()
    assert set(data.changes["service"]) == {"web"}


@more_of("31-servicenow")
@given(st.lists(st.tuples(st.sampled_from(["1 - Critical", "3 - Moderate"]),
                          st.sampled_from(["Closed", "In Progress", "Canceled"]),
                          st.integers(1, 90)), min_size=2, max_size=6),
       st.sampled_from(["%Y-%m-%d %H:%M:%S", "%m-%d-%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S"]),
       st.booleans())  # fmt: skip
def test_incidents_of_servicenow(
    tmp_path_factory, found: list[tuple[str, str, int]], form: str, with_priority: bool
) -> None:
    """Priority and not severity; cancelled ones are none; the order of day and month shows."""
    found = [("2 - High", "Closed", 7), *found]
    header = "Number,State,Severity,Business service,Short description,Opened,Resolved"
    rows, hours, severities = [], {}, {}
    for n, (priority, state, minutes) in enumerate(found):
        begin = datetime(2026, 5, 20 + n, 10, tzinfo=UTC)
        end = begin + timedelta(minutes=minutes) if state == "Closed" else None
        ends = f"{end:{form}}" if end else ""
        row = (f"INC{n}", state, "3 - Low", "checkout", "Orders fail", f"{begin:{form}}", ends)
        rows.append((*row, priority) if with_priority else row)
        if state != "Canceled":
            hours[f"INC{n}"] = minutes if end else None
            severities[f"INC{n}"] = priority if with_priority else None
    header += ",Priority" * with_priority
    said = '[[file]]\nmatch = "incident.csv"\ntimezone = "UTC"\n'
    data = outcome(tmp_path_factory, said, incident__csv=table(header, *rows))
    assert data is not None
    mine = data.incidents.set_index("incident_id")
    lasted = (mine["resolved_at"] - mine["started_at"]) / pd.Timedelta("1min")
    assert {key: None if pd.isna(value) else value for key, value in lasted.items()} == hours
    assert {k: None if pd.isna(v) else v for k, v in mine["severity"].items()} == severities
    assert set(mine["title"]) == {"Orders fail"}
