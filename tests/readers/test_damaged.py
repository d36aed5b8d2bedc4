"""Damaged JSON records: each costs itself and nothing beside it, in every format."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.readers.source import Source
from tests.readers import shapes
from tests.readers.reading import ODD

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
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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
    assert result.rows_kept == sum(map(len, result.tables.values()))
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


JSON = [kind for kind, (_, name, _) in shapes.EXPORTS.items() if name.endswith("json")]
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
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_damage_ends_in_anything_but_rejects_or_a_clear_error(tmp_path, data):
    """Anything anywhere in any export: what is read is conserved, and what is not is explained."""
    _, name, content = shapes.EXPORTS[data.draw(st.sampled_from(JSON))]
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
