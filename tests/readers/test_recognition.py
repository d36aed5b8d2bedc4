"""Which format a file is: always one, told from its content; what is none is named."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib.errors import ReadError
from srelib.readers import base, recognition
from srelib.readers.json_text import keys_by_place, plain_key
from srelib.readers.source import Source
from tests.readers import shapes

NAMED = {family.name: family for family in recognition.FAMILIES}
GENERAL = {family.name for family in recognition.GENERAL}


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


@pytest.mark.parametrize("kind", [k for k, (f, _, _) in shapes.EXPORTS.items() if f != "gittags"])
def test_an_export_is_read_as_what_it_is(tmp_path, kind):
    """Whatever general format would take the columns too, that of the tool is chosen."""
    head, form = start_of(tmp_path, kind)
    source = Source(match="*", workflow="Deploy", timezone="UTC", service="shop", step="1m")
    found, result = recognition.read(head.path, root=tmp_path, source=source)
    assert found == form
    assert result.rows_read == result.rows_kept + result.rows_rejected


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
        ({"MetricDataResults": []}, "CloudWatch get-metric-data", "write it as CSV"),
        ({"Label": "m", "Datapoints": []}, "CloudWatch get-metric-statistics", "write it as CSV"),
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


@pytest.mark.parametrize("key", ["workflow", "label"])
def test_a_key_that_says_nothing_about_the_file_is_noted(tmp_path, key):
    """A key for another format is never ignored in silence."""
    path = tmp_path / "releases.json"
    path.write_text(json.dumps([shapes.release()]))
    source = Source(match="*", **{key: "Deploy"})
    _, result = recognition.read(path, root=tmp_path, source=source)
    assert any(note.startswith(f"sources.toml: {key} says nothing") for note in result.notes)


def test_keys_are_told_apart_by_where_they_stand():
    """The objects of an array belong to the key above it; text is no key."""
    found = keys_by_place('{"a": [{"b_c": "{\\"x\\": 1}"}, {"d": {"e": []}}], "f": "g"}')
    assert {path: sorted(keys) for path, keys in found.items()} == {
        "": ["a", "f"], "a": ["bc", "d"], "a.d": ["e"],
    }  # fmt: skip


JSON = st.recursive(
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
@given(JSON, st.integers(0, 200))
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
