"""GitHub: deployments of REST or GraphQL with their statuses, and runs of Actions."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from srelib.readers import declaration as say
from srelib.readers.engine import Format
from srelib.readers.json_text import as_moment, keyed, objects_in
from srelib.readers.record_tables import UNFINISHED
from srelib.readers.words import known_words

_OUTCOMES = {"SUCCESS": "succeeded", "ACTIVE": "succeeded", "FAILURE": "failed", "ERROR": "failed"}
_FETCH = "fetch them with `gh api repos/OWNER/REPO/deployments/ID/statuses`"
_NO_STATUS = f"no status says how and when it ended; {_FETCH}"
_INACTIVE = (
    "INACTIVE without a SUCCESS status: a newer deployment replaced it, but whether and when it "
    f"succeeded is not known; if statuses are missing, {_FETCH}"
)


def _with_statuses(found: list[Any], *_: Any) -> list[Any]:
    """The deployments, each with every status that stands in it or elsewhere in the file."""
    apart: dict[str, list[Any]] = {}
    deployments = []
    for node in _nodes(found):
        if "deploymenturl" in node and "sha" not in node:
            number = str(node["deploymenturl"]).rstrip("/").rsplit("/", 1)[-1]
            apart.setdefault(number, []).append(node)
        else:
            deployments.append(node)
    return [
        {**node, "statuses": _statuses(node) + apart.get(str(node.get("id")), [])}
        for node in deployments
    ]


def _nodes(records: list[Any]) -> Iterator[say.Record]:
    """Deployments and statuses, however deep a GraphQL answer holds them, with plain keys."""
    waiting: list[tuple[Any, Any]] = [(records, None)]
    while waiting:
        value, repository = waiting.pop()
        if isinstance(value, list):
            waiting.extend((member, repository) for member in reversed(value))
        elif isinstance(value, dict):
            node = keyed(value)
            if node.keys() & {"environment", "deploymenturl", "commitoid"}:
                yield {"repository": repository, **node}
            else:
                inner = node if "deployments" in node else repository
                waiting.extend((member, inner) for member in reversed(list(node.values())))


def _statuses(node: say.Record) -> list[say.Record]:
    given = node.get("statuses")
    given = keyed(given).get("nodes") if isinstance(given, dict) else given
    return objects_in(given or [node.get("lateststatus")])


def _state(status: say.Record) -> str:
    return (say.first(status, ("state", "status")) or "").upper()


def _order(status: say.Record) -> datetime:
    at = as_moment(say.first(status, ("createdat", "updatedat")))
    return at or datetime.min.replace(tzinfo=UTC)


def _ending(record: say.Record, row: say.Row, _: Any) -> say.Row:
    """How it ended and when; or why that is not known, and the states seen."""
    timed = sorted(record["statuses"], key=_order)
    final = [status for status in timed if _state(status) in _OUTCOMES]
    last = timed[-1] if timed else record
    if final:
        finished = say.first(final[-1], ("createdat", "updatedat"))
        found = {"status": _OUTCOMES[_state(final[-1])], "finished_at": finished}
    elif _state(last) in _OUTCOMES:
        finished = say.first(record, ("updatedat", "createdat"))
        found = {"status": _OUTCOMES[_state(last)], "finished_at": finished}
    else:
        runs = known_words("status").get(_state(last).lower()) == "unfinished"
        fault = UNFINISHED if runs else _NO_STATUS
        seen = ", ".join(map(_state, timed or [record])) or None
        fault = _INACTIVE if _state(last) == "INACTIVE" else fault
        found = say.refused(fault, value=seen, column="status")
    return {name: value for name, value in found.items() if row.get(name) is None}


GITHUB = Format(
    "github", "deployments", "a deployment",
    signs=(
        say.has("environment", "sha", "statusesurl", under=("*",)),
        say.has("environment", "sha", "statuses", under=("*",)),
        say.has("environment", "commitoid", under=("*",)),
    ),
    prepare=_with_statuses,
    empty=("no deployment in this file",
           "export them with `gh api repos/OWNER/REPO/deployments --paginate`"),
    columns={
        "deployment_id": ("databaseid", "id"),
        "service": ("repository.name", say.in_text(
            r"/repos/[^/]+/([^/]+)", "repositoryurl", "statusesurl", "url")),
        "environment": "environment",
        "started_at": "createdat",
        "commit_sha": ("sha", "commitoid"),
    },
    production={"productionenvironment": "true"},
    rules=(_ending,),
    paging=say.Paging((30, 100), "export with --paginate"),
    notes=(
        say.Note("{n} deployments bring no statuses: they are taken to have finished when they "
                 "were last updated, which is late for those replaced since.",
                 lambda one: not one["statuses"] and _state(one) in _OUTCOMES),
    ),
)  # fmt: skip

GITHUB_RUNS = Format(
    "github_runs", "deployments", "a run",
    signs=(
        say.has("workflowruns"),
        *(say.has("headsha", "conclusion", name)
          for name in ("workflowname", "workflowid", "runnumber", "runattempt", "event")),
    ),
    wrappers=("workflowruns",),
    sign="headsha",
    empty=("no workflow run in this file",
           "export them with `gh api repos/OWNER/REPO/actions/runs --paginate`"),
    columns={
        "deployment_id": ("databaseid", "id"),
        "service": ("repository.name", say.in_text(
            r"(?:/repos|//[^/]+)/[^/]+/([^/]+)/actions/runs/", "htmlurl", "url")),
        "started_at": ("startedat", "runstartedat", "createdat"),
        "finished_at": "updatedat",
        "commit_sha": "headsha",
        "url": ("htmlurl", "url"),
    },
    choice=say.Choice(
        "workflow", "workflow", say.only(("workflowname", "name")),  # a REST answer calls it name
        "not a run of the workflows named in sources.toml; to keep it, add its workflow",
        ("workflow",), "of the workflow",
        aliases=say.in_text(r"^(?:.*/)?([^/@]+)", "path"),  # .github/workflows/deploy.yml@main
        ask="a run of tests is no deployment, and nothing says which of these workflows deploy",
        lacking=(
            "these runs do not say which workflow they belong to",
            "export them with `gh run list --limit 1000 --json databaseId,workflowName,"
            "conclusion,status,createdAt,startedAt,updatedAt,headSha,event,attempt,url`",
        ),
    ),
    word=("conclusion", "status"),  # no conclusion: not at its end
    statuses=say.Outcomes(
        {"success": "succeeded", "failure": "failed", "timed_out": "failed",
         "startup_failure": "failed", "cancelled": "cancelled"},
        nothing={
            "skipped": "the run was skipped: nothing was deployed",
            "stale": "GitHub gave the run up as stale: nothing says that it deployed",
            "neutral": "the run ended neutral: nothing says that it deployed",
        },
    ),
    paging=say.Paging((20, 30, 100, 1000), "export with `gh run list --limit 1000`, --paginate, or "
                      "shorter periods with --created", total="totalcount"),
    notes=(
        say.Note("A run has no time of completion: finished_at is the time it was last updated."),
        say.Note("{n} of {of} runs were run again: only the last attempt is in the export, so "
                 "failures before it are missing and the fail rate is too low.",
                 {("runattempt", "attempt"): r"[2-9]|\d{2,}"}),
        say.Note("{n} of {of} runs were started by a pull request: such runs seldom reach "
                 "production; name a narrower workflow if these do not.",
                 {"event": "pull_request.*"}),
    ),
)  # fmt: skip
