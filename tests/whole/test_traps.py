"""The traps of exports are warnings that `srelib check` shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from srelib import cli
from tests.readers import shapes

SOURCES = """
[[file]]
match = "*"
service = "shop"
workflow = "Deploy"
timezone = "UTC"
"""


def deployment(number: int, *states: str) -> dict[str, Any]:
    """A GitHub deployment with these statuses, a day apart, the oldest first."""
    told = [{"state": state, "created_at": f"2026-06-{day:02d}T10:05:00Z"}
            for day, state in enumerate(states, start=1)]  # fmt: skip
    return shapes.GITHUB_DEPLOYMENT | {"id": number, "statuses": told}


def pages(made: Any, count: int) -> list[dict[str, Any]]:
    """So many records."""
    return [made(number) for number in range(1, count + 1)]


TRAPS: dict[str, tuple[Any, str]] = {
    "INACTIVE without success": (
        [deployment(1, "success"), deployment(2, "inactive")], "INACTIVE without a SUCCESS status",
    ),
    "GitHub deployments, a page": (
        [deployment(number, "success") for number in range(30)], "Exactly 30 deployments",
    ),
    "gh run list": (pages(shapes.gh_run, 20), "Exactly 20 runs"),
    "gh release list": (pages(shapes.gh_release, 30), "Exactly 30 releases"),
    "gh issue list": (pages(shapes.issue, 30), "Exactly 30 issues"),
    "GitLab, a page": (pages(shapes.gitlab_deployment, 20), "Exactly 20 deployments"),
    "GitLab without jobs": (
        [shapes.gitlab_deployment(deployable=None)], "tell no end of a job",
    ),
    "Argo CD": (shapes.application(), "a fail rate from its history is always 0"),
    "Jenkins": ({"builds": pages(shapes.build, 100)}, "Exactly 100 builds"),
    "Statuspage": (shapes.status_page(*pages(shapes.page_incident, 50)), "Exactly 50 incidents"),
    "Opsgenie": (
        [shapes.opsgenie_incident(n, id=str(n)) for n in range(20)], "Exactly 20 incidents",
    ),
    "PagerDuty REST": (
        {"incidents": pages(shapes.pagerduty_incident, 1), "more": True}, "says that there is more",
    ),
    "git tags": (f"v1.0,2026-06-01T10:00:00+00:00,{shapes.SHA},\n", "1 of 1 tags are lightweight"),
    "Alertmanager": ([shapes.alert(status={"state": "active"})], "alerts of one moment"),
}  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_the_check_warns(tmp_path, capsys, trap):
    """People read it in the text, machines in the notes or the reasons."""
    content, words = TRAPS[trap]
    name = "export.csv" if isinstance(content, str) else "export.json"
    (tmp_path / name).write_text(shapes.written(content), newline="")
    (tmp_path / "sources.toml").write_text(SOURCES)
    shown = []
    for more in ([], ["--json"]):
        with pytest.raises(SystemExit) as end:
            cli.main(["check", str(tmp_path), *more])
        assert end.value.code == 0
        shown.append(capsys.readouterr().out)
    assert words in " ".join(shown[0].split())
    seen = json.loads(shown[1])
    told = [file["notes"] or "" for file in seen["files"]]
    assert any(words in text for text in [*told, *(one["reason"] for one in seen["rejects"])])
