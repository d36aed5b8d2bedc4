"""Marks of changes: reverts, hotfixes, rollbacks, and the help of an AI tool."""

from __future__ import annotations

import pandas as pd
import pytest

from srelib.marks import with_marks


def changes(*rows: dict[str, str]) -> pd.DataFrame:
    """Changes c1, c2, ... of one service, an hour apart."""
    times = pd.date_range("2026-06-01", periods=len(rows), freq="h", tz="UTC")
    frame = pd.DataFrame(list(rows))
    names = [f"c{number}" for number in range(1, len(rows) + 1)]
    return frame.assign(
        change_id=frame.get("change_id", pd.Series(names)).fillna(pd.Series(names)),
        service=frame.get("service", pd.Series("shop", frame.index)).fillna("shop"),
        merged_at=times,
    )


def kinds(*rows: dict[str, str]) -> list[str | None]:
    """Kind of each of some changes; None: not known."""
    found = with_marks(changes(*rows)).get("kind", pd.Series([None] * len(rows)))
    return [None if pd.isna(kind) else kind for kind in found]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"title": "Add a cache"}, "regular"),
        ({"title": 'Revert "Add a cache"'}, "revert"),
        ({"title": "Revert “Add a cache” (#12)"}, "revert"),
        ({"title": "revert: add a cache"}, "revert"),
        ({"title": "revert(api)!: add a cache"}, "revert"),
        ({"title": "Revert to the old layout of the page"}, "regular"),
        ({"title": "Reverting is easier now"}, "regular"),
        ({"title": "Fix", "message": "This reverts commit 0123abc4."}, "revert"),
        ({"title": "Fix", "message": "This reverts merge request !12"}, "revert"),
        ({"title": 'Revert "Revert "Add a cache""'}, "regular"),
        ({"title": 'Reapply "Add a cache"', "message": "This reverts commit 0123abc4."}, "regular"),
        ({"title": "x", "labels": "bug\nhotfix"}, "hotfix"),
        ({"title": "x", "labels": "type: Hot-Fix"}, "hotfix"),
        ({"title": "x", "labels": "kind/rollback"}, "rollback"),
        ({"title": "x", "labels": "needs no hotfix, rollback plan"}, "regular"),
        ({"title": "x", "branch": "refs/heads/hotfix/login"}, "hotfix"),
        ({"title": "x", "branch": "releases/hotfix-2.1"}, "hotfix"),
        ({"title": "x", "branch": "rollback_v2"}, "rollback"),
        ({"title": "x", "branch": "revert-12-login"}, "revert"),
        ({"title": "x", "branch": "feature/better-hotfix-process"}, "regular"),
        ({"title": "hotfix(api): login"}, "hotfix"),
        ({"title": "[Hotfix] login"}, "hotfix"),
        ({"title": "Describe how a hotfix is made"}, "regular"),
        ({"title": 'Revert "x"', "labels": "hotfix, rollback"}, "revert, hotfix, rollback"),
        ({"kind": "Hotfix"}, "hotfix"),
        ({"kind": "hotfix/login"}, "hotfix"),
        ({"kind": "feature"}, "regular"),
        ({"kind": "revert, hotfix"}, "revert, hotfix"),
        ({"reverts": "c0"}, "revert"),
        ({"message": "nothing"}, None),
    ],
)
def test_the_kind_is_read_from_title_message_labels_and_branch(row, kind):
    """By whole words in the places where they mean it; missing where nothing can say it."""
    assert kinds(row) == [kind]


def test_a_revert_names_what_it_reverts():
    """By commit, by number, by quoted title; a name of nothing here stays as it is."""
    found = with_marks(
        changes(
            {"title": "Add a cache", "number": "11"},
            {"title": "Add a cache", "number": "12"},
            {"title": 'Revert "Add a cache"'},
            {"title": 'Revert "Add a cache"', "message": "Reverts acme/shop#11"},
            {"title": "x", "message": "This reverts commit 0123abc4d."},
            {
                "title": "x",
                "message": "This reverts commit 0123abc4d.\nThis reverts commit c0ffee1.",
            },
            {"title": "x", "branch": "revert-12-cache"},
            {"title": 'Revert "Never seen"'},
            {"title": "x", "message": "Reverts #99"},
            {"title": "revert: x", "message": "Refs: 0123abc, c0ffee1"},
            {"title": "Squashed (#13)"},
            {"title": 'Revert "Squashed (#13)" (#14)'},
            {"title": "x", "message": "Reverts #13"},
            {"reverts": "c1, c2"},
        )
    )
    assert found["reverts"].fillna("").tolist() == [
        "", "", "c2", "c1", "0123abc4d", "0123abc4d, c0ffee1", "c2", '"Never seen"', "#99",
        "0123abc, c0ffee1", "", "c11", "c11", "c1, c2",
    ]  # fmt: skip


def test_numbers_and_titles_are_those_of_the_own_service():
    """Number 7 of two repositories is two requests; what comes later cannot be meant."""
    found = with_marks(
        changes(
            {"title": "A", "number": "7", "service": "api"},
            {"title": "A", "number": "7"},
            {"title": 'Revert "A"', "service": "api"},
            {"title": "x", "message": "Reverts #7"},
            {"title": 'Revert "B"'},
            {"title": "B"},
        )
    )
    assert found["reverts"].fillna("").tolist() == ["", "", "c1", "c2", '"B"', ""]


@pytest.mark.parametrize(
    "row",
    [
        {"message": "x\n\nCo-Authored-By: Claude <noreply@anthropic.com>"},
        {"message": "x\n\nCo-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>"},
        {"message": "x\n\nCo-authored-by: Cursor <cursoragent@cursor.com>"},
        {"message": "x\n\nCo-authored-by: aider (gpt-4o) <noreply@aider.chat>"},
        {"message": "x\n\nco-authored-by: devin-ai-integration[bot] <1+d@example.org>"},
        {"message": "x\n\nAssisted-by: Claude:claude-3-opus coccinelle sparse"},
        {"message": "x\n\nGenerated-by: ChatGPT v4"},
        {"message": "x\n\n🤖 Generated with [Claude Code](https://claude.com/claude-code)"},
        {"labels": "bug, AI-assisted"},
        {"labels": "source: generated-by-ai"},
        {"author": "copilot-swe-agent[bot] <198982749+Copilot@users.noreply.github.com>"},
        {"author": "A. Person (aider) <a@example.org>"},
        {"assisted": "Copilot"},
        {"assisted": "Yes"},
    ],
)
def test_marks_of_ai_tools_are_known(row):
    """Trailers, the line of a tool, labels, agents as authors, a column of one's own."""
    assert with_marks(changes(row, {"title": "x"}))["assisted"].tolist() == [True, False]


@pytest.mark.parametrize(
    "row",
    [
        {"message": "x\n\nCo-authored-by: Claude Dupont <claude@example.org>"},
        {"message": "x\n\nCo-authored-by: dependabot[bot] <1+dependabot@users.noreply.github.com>"},
        {"message": "x\n\nAssisted-by: Jane Doe <jane@example.org>"},
        {"message": "x\n\nGenerated-by: protoc 3.1"},
        {"message": "Explain what Co-authored-by: Claude would mean"},
        {"title": "Ask claude and copilot about ai-assisted changes"},
        {"labels": "ai, copilot-integration"},
        {"author": "Claude Dupont"},
    ],
)
def test_people_and_other_tools_are_no_marks(row):
    """A source in which nothing is marked says nothing: missing, and not False."""
    assert with_marks(changes(row, {"title": "x"}))["assisted"].isna().all()


def test_a_column_that_also_says_no_leaves_blanks_unknown():
    """A column of marks means no where it is empty; one of answers does not."""
    answers = with_marks(changes({"assisted": "yes"}, {"assisted": "no"}, {"title": "x"}))
    assert answers["assisted"].tolist() == [True, False, pd.NA]
    denied = with_marks(changes({"assisted": "Cursor"}, {"assisted": "no AI"}))
    assert denied["assisted"].tolist() == [True, False]


def test_an_answer_nobody_knows_is_asked_about():
    """With the line to paste; an earlier fault of the row stays."""
    found = with_marks(
        changes({"assisted": "yes"}, {"assisted": "Foo"}, {"assisted": "Bar", "fault": "earlier"})
    )
    assert found["fault"][1].endswith('values.assisted = { "Foo" = "true" } (or "false") in '
                                      "sources.toml")  # fmt: skip
    assert found["fault"][2] == "earlier"
    assert pd.isna(found["fault"][0])


def test_changes_that_say_nothing_stay_as_they_are():
    """No column is made up."""
    bare = changes({"url": "x"})
    pd.testing.assert_frame_equal(with_marks(bare), bare)
