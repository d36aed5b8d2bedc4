"""Which format a file is: always one, told from its content; what is none is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srelib.errors import ReadError
from srelib.readers import base, recognition
from srelib.readers.json_text import keys_by_place, plain_key
from srelib.sources import Source
from tests.readers import shapes
from tests.readers.reading import ODD, rows_of_file

NAMED = {one.name: one for kind in ("csv", "json") for one in recognition.families(kind)}
GENERAL = {"statelog", "records", "generic"}  # they go by names of columns, not by a tool's marks


def start_of(folder: Path, kind: str):
    """Start of the example of a kind, and the format it has."""
    form, name, content = shapes.EXPORTS[kind]
    path = folder / name
    path.write_text(shapes.written(content), newline="")
    return base.head(path, folder), form


def test_every_format_has_an_example():
    """A new reader brings one, so that the tests here see it."""
    assert {form for form, _, _ in shapes.EXPORTS.values()} == set(NAMED)


@pytest.mark.parametrize("kind", shapes.EXPORTS)
def test_an_export_is_recognised_by_one_format_only(tmp_path, kind):
    """Of the formats of tools exactly one says yes; the order in which they are asked is free."""
    head, form = start_of(tmp_path, kind)
    said_yes = [name for name, family in NAMED.items() if family.recognise(head)]
    assert [name for name in said_yes if name not in GENERAL] == [form] * (form not in GENERAL)


@pytest.mark.parametrize("kind", shapes.EXPORTS)
def test_an_export_is_read_as_what_it_is(tmp_path, kind):
    """The format of the tool goes before any general one; notes are sentences on one line."""
    head, form = start_of(tmp_path, kind)
    more = shapes.SAID.get(kind, {})
    source = Source(match="*", workflow="Deploy", timezone="UTC", service="shop", step="1m", **more)
    found, result = recognition.read(head.path, root=tmp_path, source=source)
    assert found == form
    assert result.rows_read == result.rows_kept + result.rows_rejected
    own = [note for note in result.notes if note[:1].isupper()]
    assert [note for note in own if "\n" in note or len(note) > 400 or note[-1] != "."] == []


@pytest.mark.parametrize(
    "kind", [k for k, (_, name, _) in shapes.EXPORTS.items() if "json" in name]
)
def test_space_in_json_means_nothing(tmp_path, kind):
    """Pretty-printed, or in one line with a byte-order mark: the same format."""
    form, name, content = shapes.EXPORTS[kind]
    for text in (json.dumps(content, indent=4), "\ufeff" + json.dumps(content)):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        assert NAMED[form].recognise(base.head(path, tmp_path))


@pytest.mark.parametrize(
    ("content", "seen", "fix"),
    [
        ({"speed": 3, "Unit_of": "m"}, "keys seen: 'speed', 'Unit_of'", "write it as CSV"),
        ([], "it is empty", "check the filter"),
        ([[], [], {}], "it is empty", "check the filter"),
        ([1, 2], "it holds no object", "check the filter"),
        ({"message": "Not Found", "status": "404"}, r"error message .*'Not Found'", "access token"),
        ([{"date": "2026-06-01", "value": 3}], "GitLab DORA metric", "glab api"),
        ([{"tinyId": "1", "alias": "a", "createdAt": "x"}], "Opsgenie alerts", "export incidents"),
        ({"_class": "Folder", "jobs": []}, "Jenkins folder", "allBuilds"),
        ({"page": {"id": "1"}, "components": []}, "status page", "incidents.json"),
        ({"issues": [{"key": "A-1", "fields": {}, "self": "x"}]}, "Jira issues", "as CSV"),
    ],
)
def test_unknown_json_is_named_with_what_was_seen_and_what_to_do(tmp_path, content, seen, fix):
    """The text alone is enough to know what the file is and where to go from there."""
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ReadError, match=r"^odd\.json: the format of this JSON is not known: ") as e:
        recognition.read(path, root=tmp_path)
    assert e.match(seen)
    assert e.match(rf"Fix: .*{fix}")


def test_a_known_export_under_another_table_is_named(tmp_path):
    """`table = "incidents"` for workflow runs is answered with what they are."""
    path = tmp_path / "runs.json"
    path.write_text(json.dumps([shapes.run()]))
    with pytest.raises(ReadError, match=r"this is github_runs, which is read into deployments"):
        recognition.read(path, root=tmp_path, source=Source(match="*", table="incidents"))


def test_a_format_can_be_forced(tmp_path):
    """`format = "jenkins"` reads a file whatever it looks like, and says why it cannot."""
    path = tmp_path / "runs.json"
    path.write_text(json.dumps([shapes.run()]))
    with pytest.raises(ReadError, match="the builds hold neither result nor time"):
        recognition.read(path, root=tmp_path, source=Source(match="*", format="jenkins"))


@pytest.mark.parametrize(
    ("key", "value"),
    [("workflow", "Deploy"), ("label", "Deploy"), ("prereleases", True), ("where", {"a": "b"})],
)
def test_a_key_that_says_nothing_about_the_file_is_noted(tmp_path, key, value):
    """A key for another format is never ignored in silence."""
    path = tmp_path / "counts.csv"
    path.write_text("time,service,good,total\n2026-06-01T10:00:00Z,shop,5,6\n")
    source = Source(match="*", **{key: value})
    _, result = recognition.read(path, root=tmp_path, source=source)
    assert any(note.startswith(f"sources.toml: {key} says nothing") for note in result.notes)


def test_keys_are_told_apart_by_where_they_stand():
    """The objects of an array belong to the key above it; text is no key."""
    found = keys_by_place('{"a": [{"b_c": "{\\"x\\": 1}"}, {"d": {"e": []}}], "f": "g"}')
    assert {path: sorted(keys) for path, keys in found.items()} == {
        "": ["a", "f"], "a": ["bc", "d"], "a.d": ["e"],
    }  # fmt: skip


RECOGNITION_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


def keys_of(value, path=""):
    """Every key of an object with the path of the objects above it, by walking the value."""
    if isinstance(value, list):
        return set().union(*(keys_of(member, path) for member in value))
    if not isinstance(value, dict):
        return set()
    inner = (keys_of(v, ".".join(filter(None, [path, plain_key(k)]))) for k, v in value.items())
    return {(path, plain_key(key)) for key in value}.union(*inner)


@settings(max_examples=60, deadline=None)
@given(RECOGNITION_JSON, st.integers(0, 200))
def test_the_keys_seen_are_those_of_the_document(value, cut):
    """Of JSON, whole or cut anywhere, no key is made up, and of whole JSON none is lost."""
    text = json.dumps(value, ensure_ascii=False)
    simple = all(key.isidentifier() for _, key in keys_of(value))
    for start in (text, text[:cut]):
        seen = {(path, key) for path, keys in keys_by_place(start).items() for key in keys}
        if simple:
            assert seen <= keys_of(value)
    if simple:
        whole = {(path, key) for path, keys in keys_by_place(text).items() for key in keys}
        assert whole == keys_of(value)


SOURCE = Source(match="*", workflow="Deploy", columns={"planned": "payload.planned"})
INCIDENTS = Source(match="*", services={"x": "y"}, columns={"title": "labels"})
MAKERS = {
    "github_runs": (shapes.run, "id", SOURCE),
    "github_releases": (shapes.release, "tag_name", SOURCE),
    "github_issues": (shapes.issue, "number", INCIDENTS),
    "gitlab": (shapes.gitlab_deployment, "id", SOURCE),
    "bitbucket": (shapes.bitbucket_deployment, "uuid", SOURCE),
    "jenkins": (shapes.build, "number", SOURCE),
    "statuspage": (shapes.page_incident, "id", INCIDENTS),
    "opsgenie": (shapes.opsgenie_incident, "id", INCIDENTS),
    "pagerduty_api": (shapes.pagerduty_incident, "id", INCIDENTS),
}


@pytest.mark.parametrize("form", MAKERS)
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_record_costs_itself_and_nothing_else(tmp_path, form, data):
    """Whatever a record holds in whatever key, the sound ones beside it are read."""
    made, key, source = MAKERS[form]
    keys = st.sampled_from([*made(), "payload"])
    damage = data.draw(st.dictionaries(keys, st.sampled_from(ODD), max_size=4))
    whole = data.draw(st.sampled_from([None, None, None, 3, "x", [], {"message": "Not Found"}]))
    damaged = made(1) | damage if whole is None else whole
    path = tmp_path / "a.json"
    path.write_text(json.dumps([made(2), damaged, made(3)]))
    found, result = recognition.read(path, root=tmp_path, source=source)
    assert found == form
    assert result.rows_read == result.rows_kept + result.rows_rejected
    assert result.rows_kept == sum(rows_of_file(result, table) for table in result.tables)
    (name,) = {"deployments", "incidents"} & set(result.tables)
    kept = result.tables[name].iloc[:, 0].tolist()
    sound = [next(v for v in kept if str(made(n)[key]) in str(v)) for n in (2, 3)]
    assert len(set(sound)) == 2


@pytest.mark.parametrize("form", MAKERS)
def test_what_is_no_record_is_refused_with_its_number(tmp_path, form):
    """Nulls and error messages between records are counted and shown."""
    made, _, source = MAKERS[form]
    path = tmp_path / "a.json"
    path.write_text(json.dumps([made(2), None, {"message": "Bad gateway"}]))
    _, result = recognition.read(path, root=tmp_path, source=source)
    assert result.rejects["line"].tolist() == [2, 3]
    assert result.rejects["reason"].str.startswith("not a").all()
    assert result.rejects["value"].tolist() == ["null", '{"message": "Bad gateway"}']


JSON_KINDS = [kind for kind, (_, name, _) in shapes.EXPORTS.items() if name.endswith("json")]
SAID = Source(match="*", workflow="Deploy", timezone="UTC", service="shop", step="1m")


def places(value, path=()):
    """The way to everything inside a document."""
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    return [path, *(place for key, member in inner for place in places(member, (*path, key)))]


def replaced(value, path, odd):
    """The document with something odd in one place."""
    if not path:
        return odd
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], odd)
    return copy


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_damage_ends_in_anything_but_rejects_or_a_clear_error(tmp_path, data):
    """Anything anywhere in any export: what is read is conserved, and what is not is explained."""
    _, name, content = shapes.EXPORTS[data.draw(st.sampled_from(JSON_KINDS))]
    odd = st.sampled_from([*ODD, 1e300, 10**30, "0001-01-01T00:00:00Z", [[[]]], {"name": None}])
    for _ in range(2):
        content = replaced(content, data.draw(st.sampled_from(places(content))), data.draw(odd))
    path = tmp_path / name
    path.write_text(json.dumps(content))
    try:
        _, result = recognition.read(path, root=tmp_path, source=SAID)
        explained = len(result.rejects) == result.rows_rejected
        explained &= result.rows_read == result.rows_kept + result.rows_rejected
    except ReadError as error:
        explained = error.file == name
    assert explained
