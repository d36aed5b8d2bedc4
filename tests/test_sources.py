"""sources.toml: what it may say, what is refused, and that its reference is complete."""

import os
import re
import tomllib
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import tables
from srelib.errors import SourceError
from srelib.sources import SeriesSpec, Source, Sources, matches, read_sources

DOCS = Path(__file__).parents[1] / "docs" / "sources.md"

EVERYTHING = """\
[[file]]
match = "checkout-*.csv"
table = "sli"
format = "generic"
timezone = "Europe/Berlin"
service = "checkout"
sli = "availability"
columns = { time = "ts", good = "2xx", total = "all" }
unit = "value"
step = "1m"
decimal = ","
absent = "zero"
environment = ["production", "prod-.*"]
services = { "API (EU)" = "api" }
workflow = "Deploy"
label = ["incident", "sev-[12]"]
values = { up = "good", degraded = "good", down = "bad", paused = "ignore" }
max_silence = "26h"
threshold = 1
op = "<="
max_size = "8 GiB"

  [[file.series]]
  sli = "latency"
  good = ["2xx", "3xx"]
  total = "all"

  [[file.series]]
  service = "search"
  value = "p99"
  op = "lt"
"""


def read_text(folder: Path, text: str) -> Sources:
    """What a text says, saved as sources.toml."""
    (folder / "sources.toml").write_text(text, encoding="utf-8")
    return read_sources(folder / "sources.toml")


def test_an_absent_file_says_nothing(tmp_path):
    """A folder works without sources.toml."""
    assert read_sources(tmp_path / "sources.toml") == Sources()
    assert read_sources(tmp_path).for_file("a.csv") is None


def test_every_key_is_read_with_its_type(tmp_path):
    """Text, lists, lengths of time and comparisons arrive as readers need them."""
    (entry,) = read_text(tmp_path, EVERYTHING).file
    assert (entry.table, entry.format, entry.timezone) == ("sli", "generic", "Europe/Berlin")
    assert (entry.service, entry.sli, entry.unit) == ("checkout", "availability", "value")
    assert entry.columns == {"time": "ts", "good": "2xx", "total": "all"}
    assert (entry.step, entry.max_silence) == (pd.Timedelta(minutes=1), pd.Timedelta(hours=26))
    assert (entry.decimal, entry.environment) == (",", ("production", "prod-.*"))
    assert entry.services == {"API (EU)": "api"}
    assert (entry.workflow, entry.label) == (("Deploy",), ("incident", "sev-[12]"))
    assert entry.values == {"up": "good", "degraded": "good", "down": "bad", "paused": "ignore"}
    assert (entry.threshold, entry.op) == (1.0, "lte")
    latency, search = entry.series
    assert (latency.service, latency.sli) == (None, "latency")
    assert (latency.good, latency.bad, latency.total) == (("2xx", "3xx"), (), ("all",))
    assert (search.service, search.sli, search.value) == ("search", "availability", "p99")
    assert (search.threshold, search.op) == (None, "lt")


def test_a_byte_order_mark_does_no_harm(tmp_path):
    """Editors on Windows put a mark before the first byte."""
    (tmp_path / "sources.toml").write_text('[[file]]\nmatch = "a"\n', encoding="utf-8-sig")
    assert read_sources(tmp_path).file[0].match == "a"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30s", pd.Timedelta(seconds=30)),
        ("5m", pd.Timedelta(minutes=5)),
        ("5min", pd.Timedelta(minutes=5)),
        ("1h30m", pd.Timedelta(minutes=90)),
        ("1.5h", pd.Timedelta(minutes=90)),
        ("2d", pd.Timedelta(days=2)),
        ("1w", pd.Timedelta(days=7)),
        ("500ms", pd.Timedelta(milliseconds=500)),
    ],
)
def test_lengths_of_time_have_units(tmp_path, text, length):
    """A length of time is a number with its unit; m is minutes."""
    assert read_text(tmp_path, f'[[file]]\nmatch = "a"\nstep = "{text}"').file[0].step == length


@pytest.mark.parametrize(
    ("glob", "name", "expected"),
    [
        ("checkout-*.csv", "checkout-june.csv", True),
        ("checkout-*.csv", "2026/checkout-june.csv", True),
        ("checkout-*.csv", "search-june.csv", False),
        ("checkout-*.csv", "checkout-june.csv.gz", False),
        ("2026/*.csv", "2026/a.csv", True),
        ("2026/*.csv", "2026/late/a.csv", False),
        ("2026/*.csv", "a.csv", False),
        ("2026/**/*.csv", "2026/late/very/a.csv", True),
        ("2026/**/*.csv", "2026/a.csv", True),
        ("**", "2026/a.csv", True),
        ("a?.csv", "ab.csv", True),
        ("a?.csv", "a.csv", False),
        ("a[12].csv", "a2.csv", True),
        ("a[!12].csv", "a2.csv", False),
        ("a[.csv", "a[.csv", True),
        ("A.csv", "a.csv", False),
        ("a.csv", "abcsv", False),
        ("a (1)+.csv", "a (1)+.csv", True),
    ],
)
def test_globs_match_the_name_or_the_path(glob, name, expected):
    """Without a slash the name counts, with one the path; stars stay inside a folder."""
    assert matches(glob, name) is expected


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_characters="*?[/"), min_size=1))
def test_a_plain_name_matches_itself(name):
    """No character but *, ? and [ means anything else than itself."""
    assert matches(name, f"some folder/{name}")
    assert not matches(name, f"{name}x")


def test_the_first_entry_that_matches_counts(tmp_path):
    """Later entries are for the files that earlier ones leave over."""
    text = """
        [[file]]
        match = "checkout*.csv"
        service = "checkout"
        [[file]]
        match = "*.csv"
        service = "other"
    """
    sources = read_text(tmp_path, text)
    assert sources.for_file("june/checkout.csv").service == "checkout"
    assert sources.for_file("search.csv").service == "other"
    assert sources.for_file("search.json") is None


def test_globs_that_match_nothing_can_be_named(tmp_path):
    """A misspelt match does nothing, so that somebody should hear of it."""
    sources = read_text(tmp_path, '[[file]]\nmatch = "a*"\n[[file]]\nmatch = "b*"\n')
    assert sources.unmatched(["a.csv", "c.csv"]) == ["b*"]


def entry(line: str) -> str:
    """A second [[file]] entry with one more line, after a good one."""
    return f'[[file]]\nmatch = "a"\n\n[[file]]\nmatch = "b"\n{line}\n'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('sevice = "x"', r"line 6: \[\[file\]\] entry 2, unknown key 'sevice'.*mean 'service'\?"),
        ('colour = "x"', r"line 6: .*unknown key 'colour'.*keys known here: match, table"),
        ("service = 404", r'line 6: .*service: 404 should be a valid string.*quotes: "404"'),
        ('service = ""', r"service: '' should"),
        ('table = "slis"', r"line 6: .*table: 'slis' should be 'sli'.*did you mean 'sli'\?"),
        ('unit = "percents"', r"unit: 'percents' should be 'count', 'rate'"),
        ('op = "=="', r"op: '==' should be 'lte', 'lt', 'gte' or 'gt'"),
        ('threshold = "0.3"', r"should be a valid number.*without quotes: 0.3"),
        ("threshold = nan", r"threshold: nan should be a finite number"),
        ("step = 60", r'step: 60 has no unit.*"30s"'),
        ('step = "1 minute"', r"step: '1 minute' is not a length of time"),
        ('step = "0s"', r"step: '0s' is no time at all"),
        ('timezone = "Berlin"', r"timezone: 'Berlin' is not a time zone"),
        ('timezone = "Europe/Berln"', r"did you mean 'Europe/Berlin'\?"),
        ('decimal = ";"', r"decimal: ';' should be '.' or ','"),
        ('environment = "("', r"environment: '\(' is not a regular expression"),
        ('values = { up = "fine" }', r"line 6: .*values.up: 'fine' should be 'good', 'bad' or"),
        ('columns = { tiem = "x" }', r"columns: unknown column 'tiem'.*did you mean 'time'"),
        ('table = "alerts"\ncolumns = { good = "x" }', r"unknown column 'good'.*one of"),
        ('columns = { time = ["a"] }', r"columns.time: a list should be a valid string"),
        ('unit = "value"', r"unit is 'value', but threshold and op are missing"),
        ("[[file.series]]\ngood = 'a'\ntotal = 'b'", "a series has no service"),
        ("[[file.series]]\ngood = 'a'", r"\[\[file.series\]\] entry 1, a series was given good"),
        ("[[file.series]]\nservice = 's'", "a series was given no column"),
        ("[[file.series]]\nratio = 'a'\ntotal = 'b'", "a series was given total, ratio"),
        ("[[file.series]]\ntotl = 'a'", r"line 7: .*unknown key 'totl'.*did you mean 'total'"),
        ("[[file.series]]\nservice = 's'\nvalue = 'p99'", "threshold and op"),
    ],
)
def test_errors_name_file_entry_key_value_and_fix(tmp_path, line, message):
    """Each mistake is answered with its place and with what to write."""
    with pytest.raises(SourceError, match=r"^sources\.toml, line \d+: \[\[file\]\] entry 2,") as e:
        read_text(tmp_path, entry(line))
    assert e.match(message)
    assert "Fix: " in str(e.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[[file]]\nservice = "a"\n', r"line 1: \[\[file\]\] entry 1, key 'match' is missing"),
        (b"[[file]]\nmatch = a\n", r"line 2: not TOML: .*put text in quotes"),
        (b'\n[file]\nmatch = "a"\n', r"line 2: .*write \[\[file\]\] with two brackets"),
        (b'[[files]]\nmatch = "a"\n', r"unknown key 'files'.*did you mean 'file'\?"),
        (b"file = 3\n", r"sources.toml: file: 3 should be a list"),
        (b"[[file]]\nmatch = '\xff'\n", r"not UTF-8 text \(byte 18\).*save it as UTF-8"),
    ],
)
def test_a_file_that_is_no_list_of_entries_is_refused(tmp_path, content, message):
    """What does not even hold entries is answered with a line and a fix."""
    (tmp_path / "sources.toml").write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read_sources(tmp_path)


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path):
    """A directory named sources.toml cannot be read, and that is said."""
    (tmp_path / "sources.toml").mkdir()
    with pytest.raises(SourceError, match="cannot be read"):
        read_sources(tmp_path)


ODD = ["", "[]", "{}", "1", "nan", "true", '""', '"x"', '["a", 1]', "{ a = 1 }", "2026-01-01"]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 30), st.sampled_from(ODD))
def test_no_value_ends_in_anything_but_a_clear_error(tmp_path_factory, at, odd):
    """Whatever stands in place of a value, the answer is entries or a SourceError."""
    lines = [line for line in EVERYTHING.splitlines() if line]
    at %= len(lines)
    lines[at] = f"{lines[at].split('=')[0]}= {odd}"
    try:
        clear = len(read_text(tmp_path_factory.mktemp("odd"), "\n".join(lines)).file) == 1
    except SourceError as error:
        clear = str(error).startswith("sources.toml")
    assert clear


# The reference in docs/sources.md


def written(annotation) -> str:
    """How a value of a type is written in TOML."""
    if get_origin(annotation) is Annotated:
        return written(get_args(annotation)[0])
    if get_origin(annotation) is UnionType or get_origin(annotation) is Union:
        kinds = [part for part in get_args(annotation) if part is not NoneType]
        return " or ".join(map(written, kinds))
    if get_origin(annotation) is Literal:
        return ", ".join(f'`"{value}"`' for value in get_args(annotation))
    parts = [part for part in get_args(annotation) if part is not NoneType]
    if get_origin(annotation) is dict:
        values = written(parts[1])
        return "table of text" if values == "text" else f"table of {values}"
    if get_origin(annotation) is tuple:
        return "tables" if parts[0] in (Source, SeriesSpec) else "text or list of text"
    if parts and NoneType in get_args(annotation):
        return written(parts[0])
    return {
        str: "text", bool: "true or false", float: "number", int: "size",
        pd.Timedelta: "length of time",
    }[annotation]  # fmt: skip


def row(name: str, field) -> str:
    """The line of the reference for one key."""
    examples = " or ".join(f"`{example}`" for example in field.examples or ())
    kind = written(field.annotation)
    return f"| `{name}` | {kind} | {field.description} | {examples} |".replace("|  |", "| |")


@pytest.mark.parametrize(
    ("heading", "model"),
    [("## Keys of `[[file]]`", Source), ("## Keys of `[[file.series]]`", SeriesSpec)],
)
def test_the_reference_lists_every_key_and_no_other(heading, model):
    """docs/sources.md has one line per key, in order, with what the model says of it."""
    section = DOCS.read_text(encoding="utf-8").split(f"{heading}\n")[1].split("\n## ")[0]
    listed = [line for line in section.splitlines() if line.startswith("| `")]
    assert listed == [row(name, field) for name, field in model.model_fields.items()]


def test_every_example_of_the_reference_is_valid():
    """The TOML blocks of docs/sources.md can be copied."""
    blocks = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 6
    for block in blocks:
        assert Sources.model_validate(tomllib.loads(block)).file


def test_the_reference_names_the_columns_of_every_table():
    """Whoever maps columns finds the names on the left of the = in docs/sources.md."""
    text = DOCS.read_text(encoding="utf-8").split("## Columns\n")[1]
    for table in ("sli", *tables.RECORDS):
        (line,) = (line for line in text.splitlines() if line.startswith(f"| `{table}` |"))
        assert [name for name in tables.names(table) if f"`{name}`" not in line] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[file]]\nmatch = "[z-a].csv"\n', r"line 2: .*'\[z-a\].csv' is not a glob"),
        (f'[[file]]\nmatch = "*"\nthreshold = {"9" * 5000}\n', "line 3: not TOML"),
        (f'[[file]]\nmatch = "*"\nx = {"[" * 5000}\n', "line 3: not TOML"),
        ('[[file]]\nmatch = "*"\nmax_size = "8"\n', r"line 3: .*max_size: '8' is not a size"),
    ],
    ids=["glob", "digits", "brackets", "size"],
)
def test_what_python_cannot_read_is_an_error_with_its_line(tmp_path, text, said):
    """No exception of re, tomllib or int reaches the user."""
    (tmp_path / "sources.toml").write_text(text)
    with pytest.raises(SourceError, match=rf"sources.toml, {said}"):
        read_sources(tmp_path)


def test_sizes_have_units():
    """MB are millions of bytes, MiB are not."""
    sizes = {"500 MB": 500_000_000, "8 GiB": 8 * 2**30, "10B": 10}
    assert {text: Source(match="*", max_size=text).max_size for text in sizes} == sizes


def test_sources_toml_must_be_a_file(tmp_path):
    """A pipe of that name is not waited for."""
    os.mkfifo(tmp_path / "sources.toml")
    with pytest.raises(SourceError, match=r"cannot be read \(this is no file\)"):
        read_sources(tmp_path)
