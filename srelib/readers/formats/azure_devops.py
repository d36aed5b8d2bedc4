"""Azure DevOps builds: an array of ``az pipelines build list``, or ``{count, value}`` of REST."""

from srelib.readers import declaration as say
from srelib.readers.engine import Format

AZURE_DEVOPS = Format(
    "azure_devops", "deployments", "a build",
    signs=(say.has("buildnumber", "definition"), say.has("queuetime", "definition", "result")),
    wrappers=("value",),
    sign="definition",
    columns={
        "deployment_id": "id",
        "service": ("repository.name", say.in_text(r"/_git/([^/?]+)", "repository.url")),
        "started_at": ("starttime", "queuetime"),
        "finished_at": "finishtime",
        "commit_sha": "sourceversion",
        "url": "links.web.href",
    },
    choice=say.Choice(
        "workflow", "definition", "definition.name",
        "not a build of the definitions named in sources.toml; to keep it, add its workflow",
        ("definition",), "of the definition",
        ask="most builds are no deployments, and nothing says which of these definitions deploy",
        one_is_clear=True,
        lacking=("these builds do not say which definition they belong to",
                 "export them with `az pipelines build list --output json`"),
    ),
    word=("result", "status"),  # no result: not at its end
    statuses=say.Outcomes(
        {"succeeded": "succeeded", "partiallysucceeded": "succeeded", "failed": "failed",
         "canceled": "cancelled", "cancelled": "cancelled"},
        unfinished=("inprogress", "notstarted", "postponed", "none", "completed"),
    ),
    asks="these builds do not name a repository, so nothing says which service they deploy",
    paging=say.Paging((1000,), "export with --top, or shorter periods"),
    notes=(
        say.Note("{n} of {of} builds are partiallySucceeded and count as succeeded; to change "
                 'that, say values.status = {{ partiallySucceeded = "failed" }} in sources.toml.',
                 {"result": "partiallysucceeded"}),
        say.Note("{n} of {of} builds were started by a pull request: such builds seldom reach "
                 "production.", {"reason": "pullrequest"}),
    ),
)  # fmt: skip
