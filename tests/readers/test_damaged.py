"""Damaged JSON records: each costs itself and nothing beside it, in every format."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srelib import readers
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
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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
    found, result = readers.read(path, root=tmp_path, source=source)
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
    _, result = readers.read(path, root=tmp_path, source=source)
    assert result.rejects["line"].tolist() == [2, 3]
    assert result.rejects["reason"].str.startswith("not a").all()
    assert result.rejects["value"].tolist() == ["null", '{"message": "Bad gateway"}']
