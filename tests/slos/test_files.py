"""Folders of objectives in any format, and back to OpenSLO."""

from textwrap import dedent

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import slos
from srelib.errors import SloError
from srelib.slos import Queries, Slo
from srelib.slos.files import _read_documents, _write
from srelib.windows import Window
from tests.slos.made import PYRRA, SLO_GENERATOR, SLOTH, WEB, read_text


def test_documents_of_all_dialects_live_in_one_folder(tmp_path):
    """A folder may mix dialects, files and documents; the order is that of the files."""
    (tmp_path / "b.yaml").write_text(f"---\n{WEB}\n---\n---\n{PYRRA}")
    (tmp_path / "a.yml").write_text(SLOTH)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "c.yaml").write_text("not: [closed")
    names = [slo.name for slo in slos.read(tmp_path)]
    assert names == ["shop-requests", "web", "shop-errors"]


def test_other_documents_are_skipped_but_noted(tmp_path):
    """What is no SLO is named, so that nobody wonders where it went."""
    service = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\nspec: {}\n"
    deployment = "apiVersion: apps/v1\nkind: Deployment\n"
    (tmp_path / "slos.yaml").write_text("---\n".join([WEB, service, deployment, "- 5\n"]))
    found = _read_documents(tmp_path)
    assert [slo.name for slo in found.slos] == ["web"]
    assert found.files == ("slos.yaml",)
    assert found.notes == (
        "slos.yaml, document 2: kind Service is not needed; skipped.",
        "slos.yaml, document 3: kind Deployment is no SLO; skipped.",
        "slos.yaml, document 4: not a mapping; skipped.",
    )


def test_a_folder_without_objectives_is_empty(tmp_path):
    """An empty folder has no SLOs; whether that is an error is for the caller to say."""
    assert slos.read(tmp_path) == []


def test_a_name_used_twice_is_an_error(tmp_path):
    """Reports tell objectives apart by name; the text says where the first stands."""
    (tmp_path / "a.yaml").write_text(WEB)
    (tmp_path / "b.yaml").write_text(WEB)
    with pytest.raises(SloError, match=r"b\.yaml, line 21: .*'web' is already defined in a\.yaml"):
        slos.read(tmp_path)


def test_a_missing_file_is_a_clear_error(tmp_path):
    """A path that does not exist says how to get a first file."""
    with pytest.raises(SloError, match=r"no such file or folder.*srelib init"):
        slos.read(tmp_path / "none.yaml")


TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1)


NAMES = TEXT.filter(str.strip)


OPTIONAL = st.none() | TEXT


WINDOWS = st.one_of(
    st.builds(lambda n: Window(pd.Timedelta(hours=n)), st.integers(1, 9000)),
    st.builds(
        Window,
        unit=st.sampled_from(["day", "week", "month", "quarter", "year"]),
        count=st.integers(1, 6),
        timezone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
        anchor=st.none()
        | st.datetimes(pd.Timestamp("2000-01-01"), pd.Timestamp("2030-01-01")).map(pd.Timestamp),
    ),
)


SLICES = st.integers(1, 1440).map(lambda n: pd.Timedelta(minutes=n))


METHODS = st.one_of(
    st.just({}),
    st.builds(lambda s: {"method": "RatioTimeslices", "slice": s}, SLICES),
    st.builds(
        lambda s, t: {"method": "Timeslices", "slice": s, "slice_target": t},
        SLICES,
        st.floats(0.01, 1),
    ),
)


QUERIES = st.one_of(
    st.builds(Queries, good=OPTIONAL, total=OPTIONAL, source_type=OPTIONAL),
    st.builds(Queries, bad=TEXT, total=OPTIONAL, source_type=OPTIONAL),
    st.builds(Queries, raw=TEXT, raw_type=st.sampled_from(["success", "failure"])),
)


KINDS = st.one_of(
    st.builds(lambda q: {"queries": q}, QUERIES),
    st.builds(
        lambda q, t, o: {"queries": Queries(value=q), "threshold": t, "op": o},
        OPTIONAL,
        st.floats(-1e9, 1e9),
        st.sampled_from(["lte", "lt", "gte", "gt"]),
    ),
)


@st.composite
def objectives(draw):
    """Any objective OpenSLO can hold; an owner that is blank is none."""
    return Slo(
        name=draw(NAMES),
        service=draw(NAMES),
        sli=draw(NAMES),
        target=draw(st.floats(1e-9, 1, exclude_max=True)),
        window=draw(WINDOWS),
        display_name=draw(OPTIONAL),
        description=draw(OPTIONAL),
        owner=draw(st.none() | NAMES),
        **draw(METHODS),
        **draw(KINDS),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(objectives(), min_size=1, max_size=3, unique_by=lambda slo: slo.name))
def test_what_is_written_is_read_back(tmp_path_factory, written):
    """read(write(slos)) gives the same objectives, but for where they stand."""
    folder = tmp_path_factory.mktemp("slos")
    assert read_text(folder, _write(written)) == written


def test_what_is_read_from_any_dialect_can_be_written_as_openslo(tmp_path):
    """Every dialect can be moved to OpenSLO without losing a number."""
    for text in (WEB, SLOTH, PYRRA, SLO_GENERATOR):
        before = read_text(tmp_path, text)
        assert read_text(tmp_path, _write(before)) == before


def test_written_documents_are_openslo_v1():
    """The YAML has the keys the specification names."""
    slo = Slo(name="a", service="b", sli="c", target=0.999, window=Window.parse("28d"))
    assert _write([slo]) == dedent("""\
        apiVersion: openslo/v1
        kind: SLO
        metadata:
          name: a
        spec:
          service: b
          indicator:
            metadata:
              name: c
            spec:
              ratioMetric:
                good:
                  metricSource:
                    spec:
                      service: b
                      sli: c
                total:
                  metricSource:
                    spec:
                      service: b
                      sli: c
          timeWindow:
          - duration: 28d
            isRolling: true
          budgetingMethod: Occurrences
          objectives:
          - target: 0.999
    """)
