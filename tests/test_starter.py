"""What srelib init writes, and that it can be followed."""

import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest
import yaml

from srelib import slos, starter
from srelib.errors import InputError
from srelib.readers.source import Sources, read_sources
from srelib.windows import Window

FILES = ["README.md", "slos.yaml", "sources.toml"]


@pytest.fixture
def started(tmp_path):
    """A folder that srelib init has made."""
    starter.write(tmp_path / "my-exports")
    return tmp_path / "my-exports"


def uncommented(path: Path) -> str:
    """`sources.toml` with every example switched on, as its first lines say."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(re.sub(r"^#(?=\s*(\[\[|\w+ = ))", "", line) for line in lines)


def test_three_files_are_written(tmp_path):
    """The folder is made, with parents, and the paths are returned."""
    written = starter.write(tmp_path / "a" / "b")
    assert [path.name for path in written] == FILES
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == FILES


def test_exports_that_are_already_there_stay(tmp_path):
    """A folder may be started around exports."""
    (tmp_path / "requests.csv").write_text("time,service,good,total\n")
    starter.write(tmp_path)
    assert (tmp_path / "requests.csv").read_text() == "time,service,good,total\n"


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_overwritten(tmp_path, name):
    """One file that is already there stops everything, with its name and the fix."""
    (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match=rf"{name} would be overwritten\. Fix: name another"):
        starter.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_file_is_no_folder(tmp_path):
    """A path that is a file is refused."""
    (tmp_path / "x").write_text("")
    with pytest.raises(InputError, match="is a file"):
        starter.write(tmp_path / "x")


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    """An error of the operating system becomes one with a fix."""
    (tmp_path / "x").write_text("")
    with pytest.raises(InputError, match=r"cannot be written \(Not a directory\)"):
        starter.write(tmp_path / "x" / "y")


def test_the_slos_are_valid_as_written(started):
    """slos.yaml can be used before anything but the service is changed."""
    (slo,) = slos.read(started)
    assert (slo.service, slo.sli, slo.target) == ("checkout", "availability", 0.995)
    assert slo.window == Window(pd.Timedelta(days=28))
    assert slo.notes == ()


def test_the_commented_slo_is_valid_too(started):
    """The second promise works when its # are removed."""
    text = (started / "slos.yaml").read_text(encoding="utf-8")
    head, tail = text.split("# ---\n")
    example = tail[tail.index("# apiVersion") :].replace("# ", "")
    (started / "slos.yaml").write_text(f"{head}---\n{example}", encoding="utf-8")
    first, second = slos.read(started)
    assert (second.method, second.slice_target) == ("Timeslices", 0.95)
    assert second.service == first.service


def test_the_calendar_window_in_the_comment_is_valid(started):
    """The window in the comment can take the place of the rolling one."""
    text = (started / "slos.yaml").read_text(encoding="utf-8")
    rolling = text[text.index("    - duration: 28d") : text.index("      # For a calendar")]
    text = re.sub(r" +# For a calendar.*\n", "", text.replace(rolling, ""))
    text = re.sub(r"^      # ", "    ", text, flags=re.MULTILINE)
    windows = yaml.safe_load(text)["spec"]["timeWindow"]
    assert windows[0]["duration"] == "1M"
    assert windows[0]["calendar"]["timeZone"] == "Europe/Berlin"


def test_the_sources_say_nothing_as_written(started):
    """sources.toml holds examples only, so that it can stay as it is."""
    assert read_sources(started) == Sources()


def test_every_example_of_the_sources_is_valid(started):
    """Each example works when the # at the start of its lines is removed."""
    text = uncommented(started / "sources.toml")
    sources = Sources.model_validate(tomllib.loads(text))
    assert len(sources.file) == 10
    assert [len(entry.series) for entry in sources.file] == [0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
    assert sources.file[8].services["API (EU)"] == "api"
    assert sources.file[4].values["paused"] == "ignore"


def test_the_columns_of_the_readme_are_those_of_the_tables(started):
    """The README names exactly the columns the tables have."""
    from srelib import tables

    text = (started / "README.md").read_text(encoding="utf-8")
    for table in ("incidents", "alerts", "changes", "exclusions"):
        row = next(line for line in text.splitlines() if line.startswith(f"| {table}"))
        needed, helpful = (re.findall(r"`(\w+)`", cell) for cell in row.split("|")[2:4])
        assert needed == tables.required(table)
        assert sorted(needed + helpful) == sorted(tables.names(table))


def test_no_line_is_too_long_to_read(started):
    """The files read well in a terminal; the Markdown has one sentence a line."""
    for name in ("slos.yaml", "sources.toml"):
        lines = (started / name).read_text(encoding="utf-8").splitlines()
        assert max(map(len, lines)) <= 100


def test_the_examples_of_the_readme_are_read(started):
    """Whoever copies the two tables of the README gets their indicator and deployments."""
    import srelib

    text = (started / "README.md").read_text(encoding="utf-8")
    metrics, deployments = re.findall(r"```csv\n(.*?)```", text, re.DOTALL)
    (started / "requests.csv").write_text(metrics)
    (started / "deployments.csv").write_text(deployments)
    data = srelib.load(started)
    counts = data.slo_counts(data.slos[0])
    assert (counts["good"].sum(), counts["total"].sum()) == (5990 + 6120, 6000 + 6120)
    assert data.deployments["status"].tolist() == ["succeeded", "failed"]
    assert len(data.rejects) == 0
