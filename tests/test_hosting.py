"""What a repository has had deployed, merged and reported, from answers as the APIs give them."""

import json

import pandas as pd
import pytest

import srelib
from srelib import hosting
from srelib.errors import InputError
from tests import test_prometheus

failing = test_prometheus.failing
SINCE = pd.Timestamp("2026-06-01", tz="UTC")


def deployment(url, number, *, at="2026-06-02T10:00:00Z"):
    """A deployment as GitHub lists it."""
    top = f"{url}/repos/shop/web/deployments/{number}"
    return {
        "id": number, "sha": f"{number:040x}", "environment": "production", "created_at": at,
        "updated_at": at, "statuses_url": f"{top}/statuses", "url": top,
        "repository_url": f"{url}/repos/shop/web", "production_environment": True,
    }  # fmt: skip


def status(state="success", at="2026-06-02T10:05:00Z"):
    """A status of a deployment."""
    return {"id": 1, "state": state, "created_at": at, "updated_at": at}


def pull(number, merged="2026-06-02T09:00:00Z", updated="2026-06-02T09:00:00Z"):
    """A pull request."""
    return {"number": number, "id": number, "title": "x", "state": "closed", "merged_at": merged,
            "created_at": "2026-06-01T00:00:00Z", "updated_at": updated, "body": "",
            "merge_commit_sha": f"{number:040x}", "labels": [], "user": {"login": "a"},
            "head": {"ref": "b", "repo": {"name": "web"}}, "base": {"repo": {"name": "web"}},
            "html_url": f"https://github.com/shop/web/pull/{number}"}  # fmt: skip


def answer(found, **headers):
    """A page."""
    return 200, headers, json.dumps(found).encode()


def asked(url, out, **more):
    """What is collected of GitHub."""
    return hosting.collect("github", "shop/web", since=SINCE, out=out, api=url, **more)


def test_a_repository_is_read_as_it_was_collected(failing, tmp_path):
    """Deployments with their statuses over two pages, merged requests, issues that are none."""
    url, server = failing
    old = pull(3, updated="2026-05-01T00:00:00Z")
    server.answers = [
        answer([pull(1), old]), answer([{**pull(2), "pull_request": {}}]),
        answer([deployment(url, 7)], Link=f'<{url}/next>; rel="next", <{url}/x>; rel="last"'),
        answer([status()]), answer([deployment(url, 8)]), answer([status("failure")]),
    ]  # fmt: skip
    server.answers = [*server.answers[2:], *server.answers[:2]]
    files = asked(url, tmp_path)
    assert [file.name for file in files] == ["github-deployments.json", "github-pulls.json"]
    assert server.answers == []
    data = srelib.load(tmp_path)
    assert data.deployments["status"].astype("str").tolist() == ["succeeded", "failed"]
    assert set(data.deployments["service"].astype("str")) == {"web"}
    assert len(data.changes) == 1


def test_a_run_that_failed_asks_only_for_what_it_lacks(failing, tmp_path, monkeypatch):
    """Statuses of deployments that had ended are not asked for again, nor after a whole run."""
    url, server = failing
    monkeypatch.setattr(hosting, "_OFTEN", 1)
    page = [deployment(url, 7), deployment(url, 8)]
    server.answers = [answer(page), answer([status()]), (500, {}, b"")] + [(500, {}, b"")] * 4
    with pytest.raises(InputError, match="answers 500"):
        asked(url, tmp_path)
    assert not list(tmp_path.glob("*.json"))
    rest = [answer([]), answer([])]
    server.answers = [answer(page), answer([status()]), *rest]
    assert len(asked(url, tmp_path)) == 1
    assert server.answers == []
    server.answers = [answer(page), *rest]
    asked(url, tmp_path)
    assert server.answers == []
    found = json.loads((tmp_path / "github-deployments.json").read_bytes())
    assert [len(one["statuses"]) for one in found] == [1, 1]
    assert list(tmp_path.glob(".*")) == []


def test_what_is_older_ends_the_search(failing, tmp_path):
    """A page that holds nothing since then is the last one asked for."""
    url, server = failing
    old = deployment(url, 6, at="2026-05-01T00:00:00Z")
    server.answers = [answer([old], Link=f'<{url}/next>; rel="next"'), answer([]), answer([])]
    assert asked(url, tmp_path) == []
    assert server.answers == []


def test_runs_of_a_workflow_instead_of_deployments(failing, tmp_path):
    """Which `workflow` in sources.toml then names."""
    url, server = failing
    run = {"id": 5, "name": "Deploy", "head_sha": "a" * 40, "conclusion": "success",
           "status": "completed", "event": "push", "run_number": 1, "run_attempt": 1,
           "workflow_id": 2, "created_at": "2026-06-02T10:00:00Z",
           "run_started_at": "2026-06-02T10:00:00Z", "updated_at": "2026-06-02T10:05:00Z",
           "html_url": "https://github.com/shop/web/actions/runs/5"}  # fmt: skip
    server.answers = [answer({"total_count": 1, "workflow_runs": [run]}), answer([]), answer([])]
    (file,) = asked(url, tmp_path, workflow="deploy.yml")
    (tmp_path / "sources.toml").write_text(
        f'[[file]]\nmatch = "{file.name}"\nworkflow = "Deploy"\nservice = "web"\n'
    )
    assert srelib.load(tmp_path).deployments["status"].astype("str").tolist() == ["succeeded"]


def test_a_project_of_gitlab(failing, tmp_path):
    """Deployments and merge requests, the project under one name."""
    url, server = failing
    made = {"id": 1, "iid": 1, "ref": "main", "sha": "b" * 40, "status": "success",
            "created_at": "2026-06-02T10:00:00Z", "updated_at": "2026-06-02T10:05:00Z",
            "environment": {"name": "production"}, "deployable": {
                "finished_at": "2026-06-02T10:05:00Z", "started_at": "2026-06-02T10:00:00Z",
                "commit": {"id": "b" * 40}}}  # fmt: skip
    server.answers = [answer([made]), answer([])]
    (file,) = hosting.collect("gitlab", "group/web", since=SINCE, out=tmp_path, api=url)
    assert file.name == "gitlab-deployments.json"
    assert json.loads(file.read_bytes()) == [made]


def test_what_leads_elsewhere_is_refused(failing, tmp_path):
    """A next page of another server, and a name that is none of a repository."""
    url, server = failing
    server.answers = [answer([deployment(url, 7)], Link='<https://evil.example/x>; rel="next"'),
                      answer([status()])]  # fmt: skip
    with pytest.raises(InputError, match="on another server"):
        asked(url, tmp_path)
    with pytest.raises(InputError, match="write it as OWNER/NAME"):
        hosting.collect("github", "../etc", since=SINCE, out=tmp_path, api=url)
