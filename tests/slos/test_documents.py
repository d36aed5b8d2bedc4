"""YAML that is none, or odd, or huge: an answer with a line, never a traceback."""

import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import slos
from srelib.errors import SloError
from srelib.slos import documents
from tests.slos.made import PYRRA, SLI, SLO_GENERATOR, SLOTH, WEB, read_text


def test_a_list_of_documents_counts_as_documents(tmp_path):
    """OpenSLO tools also write a list at the top of a file."""
    text = "".join(f"  {line}\n" for line in WEB.splitlines()).replace("  api", "- api", 1)
    assert [slo.name for slo in read_text(tmp_path, text)] == ["web"]


def test_a_kubernetes_list_counts_as_documents(tmp_path):
    """What kubectl get -o yaml prints can be saved and read."""
    items = "".join(f"  {line}\n" for line in PYRRA.splitlines()).replace("  api", "- api", 1)
    text = f"apiVersion: v1\nkind: List\nitems:\n{items}"
    assert [slo.name for slo in read_text(tmp_path, text)] == ["shop-errors"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1\nb: 2\n", r"line 2: not YAML"),
        (b"a:\n\tb: 2\n", r"line 2: .*indent with spaces"),
        (b"a: b: c\n", r"line 1: .*quotes"),
        (b"ok: 1\na: !!python/object:os.system x\n", r"line 2: .*remove the tag"),
        (b"ok: 1\na: \xff\n", r"line 2: not UTF-8 text.*save it as UTF-8"),
        (b"ok: 1\na: \x00\n", r"line 2: .*unacceptable character"),
        (b"[" * 5000, "not YAML"),
        (b"", "no SLO in this file.*srelib init"),
        (b"time,service,good,total\n", "no SLO in this file"),
    ],
)
def test_files_that_are_no_yaml_are_clear_errors(tmp_path, content, message):
    """Text that is no YAML is answered with a line and a fix, never a traceback of yaml."""
    (tmp_path / "slos.yaml").write_bytes(content)
    with pytest.raises(SloError, match=message):
        slos.read(tmp_path / "slos.yaml")


def test_other_encodings_with_a_mark_are_read(tmp_path):
    """Files saved with a byte order mark are read, UTF-16 included."""
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "slos.yaml").write_text(WEB, encoding=encoding)
        assert slos.read(tmp_path)[0].name == "web"


def test_nested_aliases_do_not_blow_up(tmp_path):
    """A small file that expands to billions of values is read without expanding it."""
    merges = "a0: &a0 {x: 1}\n" + "".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
    )
    lists = "a0: &a0 [1, 2]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    for text in (merges, lists):
        assert [slo.name for slo in read_text(tmp_path, text + WEB)] == ["web"]


ODD = [
    "",
    "[]",
    "{}",
    "[SLO]",
    "1",
    "1e999",
    "-0.5",
    "no",
    "~",
    "{1: 2}",
    "x: y",
    "&a [*a]",
    "!!set {a}",
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([WEB, SLOTH, PYRRA, SLO_GENERATOR, SLI]),
    st.integers(0, 30),
    st.sampled_from(ODD),
    st.booleans(),
)
def test_no_document_ends_in_anything_but_a_clear_error(tmp_path_factory, text, at, odd, drop):
    """Whatever stands in place of a value, the answer is objectives or an SloError."""
    lines = text.splitlines()
    at %= len(lines)
    lines[at] = "" if drop else f"{lines[at].split(':')[0]}: {odd}"
    folder = tmp_path_factory.mktemp("odd", numbered=True)
    (folder / "slos.yaml").write_text("\n".join(lines))
    try:
        clear = all(0 < slo.target < 1 for slo in slos.read(folder))
    except SloError as error:
        clear = str(error).startswith("slos.yaml")
    assert clear


@pytest.mark.parametrize(
    "deep", ["[" * 300_000, "- " * 300_000, "[ # ]\n" * 300_000, '["]", ' * 300_000]
)
def test_deep_nesting_is_an_error(tmp_path, deep):
    """And does not end the process, as it does with the parser in C."""
    with pytest.raises(SloError, match=r"slos\.yaml.*not YAML"):
        read_text(tmp_path, deep)


@pytest.mark.parametrize("text", [WEB, SLOTH, PYRRA, SLO_GENERATOR, SLI])
def test_both_parsers_see_the_same(tmp_path, text, monkeypatch):
    """Content and the line of every key, with and without the parser in C."""
    path = tmp_path / "slos.yaml"
    odd = "{a: 2026-01-31, b: {<<: {c: 1, d: 2}, d: 3}, e: 'it''s', f: [1e3, 0x1f, yes]}"
    path.write_text(f"{text}\n---\n# of a second\n{odd}\n")
    one = documents.load(path, path.name)
    monkeypatch.setattr(documents, "_is_deep", lambda text: True)
    other = documents.load(path, path.name)
    assert one == other


def test_escaped_pairs_of_surrogates_are_one_character(tmp_path):
    """JSON tools escape emoji as two halves; half of one is replaced."""
    for written, meant in ((r'"\ud83d\ude00"', "\U0001f600"), (r'"a\ud83d"', "a\ufffd")):
        text = re.sub("service: .*", lambda _, w=written: f"service: {w}", WEB)
        assert [slo.service for slo in read_text(tmp_path, text)] == [meant]


def test_only_files_are_read(tmp_path):
    """A pipe that is called slos.yaml is named and not waited for."""
    os.mkfifo(tmp_path / "slos.yaml")
    with pytest.raises(SloError, match=r"slos\.yaml: this is no file"):
        slos.read(tmp_path)
