"""The command line: clear texts, the right exit codes, never a traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml

from srelib import cli, dataset, report, slos, tables
from srelib.errors import InputError
from srelib.report.proposal import start
from srelib.sources import Sources, read_sources
from srelib.windows import Window
from tests.report import conftest
from tests.report.tiny import book, code

books, exports = conftest.books, conftest.exports
ROOT = Path(__file__).parent.parent


def run(*arguments: object, capsys) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    with pytest.raises(SystemExit) as end:
        cli.main([str(argument) for argument in arguments])
    shown = capsys.readouterr()
    return int(end.value.code or 0), shown.out, shown.err


def test_report_prints_where_to_look(exports, books, tmp_path, capsys):
    """Exit 0, the index on standard output; where there is no terminal, lines instead of bars."""
    out = tmp_path / "out"
    code, shown, noise = run("report", exports, "--out", out, "--notebooks", books, capsys=capsys)
    assert (code, shown) == (0, f"{out / 'index.html'}\n")
    books = ("00_how_many", "01_where")
    lines = [f"{name}: {what}" for name in books for what in ("done", "started")]
    assert sorted(noise.splitlines()) == lines


def test_report_writes_its_first_page_as_markdown(exports, books, tmp_path, capsys):
    """Beside the pages, with what changed since the report before."""
    file, where = tmp_path / "first.md", ("--out", tmp_path / "out", "--notebooks", books)
    more = ("--markdown", file, "--previous", exports)
    assert run("report", exports, *where, *more, capsys=capsys)[0] == 0
    text = file.read_text("utf-8")
    assert text.startswith("# Report on my exports\n")
    assert "## Since the last report" in text


def test_a_file_that_cannot_be_written_is_refused_before_anything_runs(tmp_path, capsys):
    """In a folder that is not there, a folder itself, or one that the next report would refuse."""
    out = tmp_path / "out"
    for file in (tmp_path / "none" / "first.md", tmp_path, out / "first.md"):
        out.mkdir(exist_ok=True)
        status, _, noise = run("report", "x", "--out", out, "--markdown", file, capsys=capsys)
        assert status == 2
        assert noise.count("Fix: name another file with --markdown") == 1


def test_compare_prints_what_changed(exports, tmp_path, capsys):
    """Exit 0 and what is said on standard output, here of an export that holds nothing new."""
    status, shown, noise = run("compare", exports, exports, capsys=capsys)
    assert (status, noise) == (0, "")
    assert shown.count("the later report holds no later days") == 1
    assert shown.strip().endswith("Nothing could be compared.")


def test_compare_refuses_what_is_no_folder_of_either_kind(exports, tmp_path, capsys):
    """Exit 2 with the fix, for either of the two."""
    for pair in ((exports, tmp_path / "none"), (tmp_path / "none", exports)):
        status, shown, noise = run("compare", *pair, capsys=capsys)
        assert (status, shown) == (2, "")
        assert noise.startswith("srelib: ")
        assert "Fix: " in noise


def test_a_failed_notebook_is_exit_1(exports, books, tmp_path, capsys):
    """Which and why on standard error; the report is there."""
    nbformat.write(book(code("1/0")), books / "02_broken.ipynb")
    out = tmp_path / "out"
    status, _, noise = run("report", exports, "--out", out, "--notebooks", books, capsys=capsys)
    assert status == 1
    assert "02_broken did not finish: cell 1: ZeroDivisionError: division by zero" in noise
    assert (out / "index.html").exists()


def test_unusable_input_is_exit_2_without_traceback(books, tmp_path, capsys):
    """An empty folder: a sentence with the fix, nothing written."""
    (tmp_path / "empty").mkdir()
    arguments = ("report", tmp_path / "empty", "--out", tmp_path / "out", "--notebooks", books)
    status, shown, noise = run(*arguments, capsys=capsys)
    assert (status, shown) == (2, "")
    assert noise.splitlines()[-1].startswith("srelib: ")
    assert "Fix: " in noise
    assert "Traceback" not in noise
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("setting", "match"),
    [
        ("week=3", "did you mean 'weeks'"),
        ("weeks=many", "weeks must be a whole number such as 13; got 'many'"),
        ("weeks", "--set takes name=value; got 'weeks'"),
    ],
)
def test_a_wrong_setting_is_exit_2(setting, match, exports, books, tmp_path, capsys):
    """Never silently ignored."""
    where = ("--out", tmp_path / "out", "--notebooks", books)
    status, _, noise = run("report", exports, *where, "--set", setting, capsys=capsys)
    assert status == 2
    assert match in noise


def test_only_takes_several_numbers(monkeypatch, capsys):
    """As people write it: --only 02 06, or with commas."""
    seen = []

    def stop(data, **given):
        seen.append((str(data), given["only"]))
        raise InputError("enough")

    monkeypatch.setattr(report, "run", stop)
    for arguments in (["--only", "02", "06", "x"], ["x", "--only", "02,06"], ["x"]):
        assert run("report", *arguments, capsys=capsys)[0] == 2
    assert seen == [("x", ["02", "06"]), ("x", ["02", "06"]), ("x", None)]


def test_a_part_of_the_data_is_a_parameter_of_the_notebooks(monkeypatch, capsys):
    """Of all of them, by the names they have there."""
    seen = []

    def stop(data, **given):
        seen.append(given["parameters"])
        raise InputError("enough")

    monkeypatch.setattr(report, "run", stop)
    services = ("--service", "a", "--service", "b")
    run("report", "x", *services, "--since", "2026-05-01", "--as-of", "2026-06-01", capsys=capsys)
    run("report", "x", "--until", "2026-06-01", "--set", "weeks=3", capsys=capsys)
    run("report", "x", "--team", "pay", capsys=capsys)
    assert seen == [
        {"service": ["a", "b"], "since": "2026-05-01", "until": "2026-06-01"},
        {"until": "2026-06-01", "weeks": "3"},
        {"team": ["pay"]},
    ]


def test_an_internal_error_is_one_line_with_a_hint(monkeypatch, capsys):
    """Exit 3, so that scripts do not take a bug for bad input."""

    def crash(*_, **__):
        raise RuntimeError("oops\nsecond line")

    monkeypatch.setattr(report, "run", crash)
    status, _, noise = run("report", "x", capsys=capsys)
    assert status == 3
    assert noise.splitlines()[0] == "srelib: internal error, RuntimeError: oops"
    assert "--debug" in noise
    assert "Traceback" not in noise


def test_debug_shows_where_it_happened(monkeypatch):
    """The traceback is there for whoever asks."""

    def crash(*_, **__):
        raise RuntimeError("oops")

    monkeypatch.setattr(report, "run", crash)
    with pytest.raises(RuntimeError, match="oops"):
        cli.main(["report", "x", "--debug"])


def test_an_unknown_option_is_exit_2(capsys):
    """With the usage."""
    status, _, noise = run("report", "--ouput", "x", capsys=capsys)
    assert status == 2
    assert "--ouput" in noise


def _with_objective(folder: Path, target: float) -> None:
    """An objective for the service of the exports."""
    (folder / "slos.yaml").write_text(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: shop}\nspec:\n  service: shop\n"
        "  indicatorRef: availability\n  budgetingMethod: Occurrences\n"
        f"  timeWindow: [{{duration: 7d, isRolling: true}}]\n  objectives: [{{target: {target}}}]\n"
    )


def _hourly(folder: Path) -> None:
    """A week of a service of which one event in a hundred is bad."""
    times = pd.date_range("2026-06-01", periods=168, freq="1h", tz="UTC")
    frame = pd.DataFrame({"time": times.strftime("%Y-%m-%dT%H:%M:%SZ"), "service": "shop"})
    frame.assign(good=99, total=100).to_csv(folder / "requests.csv", index=False)


@pytest.mark.parametrize(("target", "left", "code"), [(0.98, 0.5, 0), (0.995, -1.0, 1)])
def test_budget_answers_by_its_exit_code(tmp_path, capsys, target, left, code):
    """Half of the budget is left, or it is spent twice."""
    _hourly(tmp_path)
    _with_objective(tmp_path, target)
    status, shown, noise = run("budget", tmp_path, capsys=capsys)
    assert (status, noise) == (code, "")
    assert f"{left:.0%}".replace("%", "\u00a0%").replace("-", "\u2212") in shown
    status, shown, _ = run("budget", tmp_path, "--json", "--service", "shop", capsys=capsys)
    said = json.loads(shown)
    assert status == code
    assert said["as_of"] == "2026-06-08T00:00:00+00:00"
    assert said["objectives"][0]["left"] == pytest.approx(left)


def test_budget_that_cannot_be_told_is_exit_2(tmp_path, capsys):
    """Without data for its objective, without an objective, and of a service that is not there."""
    _hourly(tmp_path)
    status, _, noise = run("budget", tmp_path, capsys=capsys)
    assert (status, "there is no objective" in noise) == (2, True)
    _with_objective(tmp_path, 0.98)
    text = (tmp_path / "slos.yaml").read_text()
    (tmp_path / "slos.yaml").write_text(text.replace("availability", "latency"))
    status, shown, _ = run("budget", tmp_path, "--json", capsys=capsys)
    found = json.loads(shown)["objectives"][0]
    assert (status, found["left"]) == (2, None)
    assert "there is no data" in found["problem"]
    status, _, noise = run("budget", tmp_path, "--service", "other", capsys=capsys)
    assert (status, "no service 'other'" in noise) == (2, True)


def test_check_says_what_each_file_was_understood_as(exports, capsys):
    """File, format, rows, span, objective, verdict."""
    status, shown, noise = run("check", exports, capsys=capsys)
    assert (status, noise) == (0, "")
    for expected in ("requests.csv", "2026-06-01 00:00", "48", "99 %", "28 days", "Usable."):
        assert expected in shown.replace("\xa0", " ")


def test_check_calls_nothing_usable_that_rests_on_a_proposal(exports, capsys):
    """A mark left in sources.toml is a value that only the file suggests: exit 1, not usable."""
    entry = '[[file]]\nmatch = "requests.csv"\nunit = "count"'
    for mark, usable in (("  # ? or rate", False), ("", True)):
        (exports / "sources.toml").write_text(f"{entry}{mark}\n")
        status, shown, _ = run("check", exports, capsys=capsys)
        assert status == (0 if usable else 1)
        assert json.loads(run("check", exports, "--json", capsys=capsys)[1])["usable"] == usable
        assert ("Usable." in shown) == usable
        assert ("nobody has confirmed: usable once" in shown) == (not usable)


def test_check_calls_what_it_leaves_out_no_export(exports, capsys):
    """A file that feeds no table has no colon without a word behind it."""
    (exports / "notes.md").write_text("notes")
    status, shown, _ = run("check", exports, capsys=capsys)
    assert status == 0
    assert "not an export" in next(row for row in shown.splitlines() if "notes.md" in row)
    assert "ignored:" not in shown


def test_check_shows_rejected_rows_with_their_lines(exports, capsys):
    """Good > total on line 3."""
    lines = (exports / "requests.csv").read_text().splitlines()
    lines[2] = lines[2].replace(",100,100", ",101,100")
    (exports / "requests.csv").write_text("\n".join([*lines, ""]))
    status, shown, _ = run("check", exports, "--json", capsys=capsys)
    seen = json.loads(shown)
    assert (status, seen["usable"]) == (0, True)
    (reject,) = seen["rejects"]
    assert (reject["file"], reject["rows"], reject["first_lines"]) == ("requests.csv", 1, [3])
    (file,) = [file for file in seen["files"] if file["file"] == "requests.csv"]
    assert (file["rows_read"], file["rows_kept"], file["rows_rejected"]) == (48, 47, 1)
    assert (reject["by_rule"], file["rows_left_out"]) == (False, 0)


def test_check_tells_rows_left_out_by_rule_from_refused_ones(exports, capsys):
    """A staging deployment is no mistake of the export."""
    (exports / "deployments.csv").write_text(
        "deployment_id,service,environment,finished_at,status\n"
        "d1,shop,production,2026-06-01T10:00:00Z,ok\nd2,shop,staging,2026-06-01T11:00:00Z,ok\n"
        "d3,shop,production,2026-06-01T12:00:00Z,whatever\n"
    )
    _, shown, _ = run("check", exports, "--json", capsys=capsys)
    seen = json.loads(shown)
    (file,) = [file for file in seen["files"] if file["file"] == "deployments.csv"]
    assert (file["rows_rejected"], file["rows_left_out"]) == (2, 1)
    assert [one["by_rule"] for one in seen["rejects"]] == [True, False]
    _, shown, _ = run("check", exports, capsys=capsys)
    assert "left out by rule" in next(row for row in shown.splitlines() if "environment" in row)
    assert "refused" in next(row for row in shown.splitlines() if "unknown status" in row)


def test_check_prints_the_entries_that_are_lacking(tmp_path, capsys):
    """The folder as it would be read on standard output, what is lacking on the other; exit 2."""
    (tmp_path / "a.csv").write_text(
        "ts;host;hits;errors\n2026-06-01 10:00;web;10;1\n2026-06-01 10:05;web;10;1\n"
    )
    status, out, err = run("check", tmp_path, capsys=capsys)
    assert status == 2
    assert "once sources.toml holds the entries below" in out
    assert 'columns = { service = "host", time = "ts", bad = "errors", total = "hits" }' in err
    assert "srelib check" not in out + err


def test_check_of_an_empty_folder_is_exit_2(tmp_path, capsys):
    """Also for machines."""
    status, shown, noise = run("check", tmp_path, "--json", capsys=capsys)
    assert status == 2
    assert json.loads(shown)["usable"] is False
    assert "Fix: " in noise


def test_check_prints_no_control_characters_from_the_data(exports, capsys):
    """A file must not clear the reader's terminal, nor be read as markup."""
    text = (exports / "requests.csv").read_text().replace(",shop,", ",\x1b[2J[red]shop,")
    (exports / "requests.csv").write_text(text)
    _, shown, _ = run("check", exports, capsys=capsys)
    assert "\x1b" not in shown
    assert "[red]shop" in shown


def test_init_makes_a_folder_that_check_understands(tmp_path, capsys):
    """The files written are listed."""
    status, shown, _ = run("init", tmp_path / "new", capsys=capsys)
    assert status == 0
    written = {Path(line).name for line in shown.splitlines()}
    assert {"slos.yaml", "sources.toml"} <= written
    assert written == {path.name for path in (tmp_path / "new").iterdir()}


def test_rules_are_those_of_the_objectives(tmp_path, capsys):
    """One group per objective of the sample, each with the two paging rules of the policy."""
    out = tmp_path / "rules.yml"
    status, shown, _ = run("rules", ROOT / "data" / "sample", "--out", out, capsys=capsys)
    groups = yaml.safe_load(out.read_text())["groups"]
    assert (status, shown) == (0, f"{out}\n")
    assert len(groups) == 8
    assert [g["name"] for g in groups][:2] == ["slo checkout-availability", "slo checkout-latency"]
    pages = [
        rule for rule in groups[0]["rules"] if rule.get("labels", {}).get("severity") == "page"
    ]
    assert len(pages) == 2


def test_rules_leave_composites_out_and_say_so(tmp_path, capsys):
    """There is no query to write; those of the members are written."""
    (tmp_path / "slos.yaml").write_text(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: site}\nspec:\n  service: site\n"
        "  budgetingMethod: Occurrences\n  objectives:\n" + "".join(
            f"  - {{target: 0.99, compositeWeight: 1, indicator: {{metadata: {{name: {name}}}, "
            f"spec: {{ratioMetric: {{bad: {{metricSource: {{spec: {{query: {name}_bad}}}}}}, "
            f"total: {{metricSource: {{spec: {{query: {name}}}}}}}}}}}}}}}\n"
            for name in ("cart", "pay")
        )
    )  # fmt: skip
    status, shown, noise = run("rules", tmp_path, capsys=capsys)
    assert status == 0
    assert [group["name"] for group in yaml.safe_load(shown)["groups"]] == [
        "slo site-1", "slo site-2",
    ]  # fmt: skip
    assert "No rules for composites, which have no query: site" in noise


def test_rules_of_a_policy_of_ones_own_are_written(capsys):
    """2 % in an hour of 28 days at a target of 99.5 %: above 13.44 * 0.005; no tickets."""
    status, shown, _ = run("rules", ROOT / "data" / "sample", "--policy", "2% in 1h/5m for 2m",
                           capsys=capsys)  # fmt: skip
    (alert,) = [rule for rule in yaml.safe_load(shown)["groups"][0]["rules"] if "alert" in rule]
    assert status == 0
    assert alert["expr"].endswith("} > 0.0672")
    assert (alert["for"], alert["labels"]["severity"]) == ("2m", "page")


def test_rules_as_openslo_have_names_of_their_own(capsys):
    """Objectives over 28 days and over a month have other factors; no name comes twice."""
    status, shown, _ = run("rules", ROOT / "data" / "sample", "--openslo", capsys=capsys)
    documents = list(yaml.safe_load_all(shown))
    names = [document["metadata"]["name"] for document in documents]
    assert status == 0
    assert {document["kind"] for document in documents} == {"AlertPolicy"}
    assert len(set(names)) == len(names) == 8


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("--policy", "loud"), "'loud' cannot be read. Write rules such as 'page 2% in 1h/5m"),
        (("--policy", "2% in 5m/1h"), "short must not be longer than long"),
        (("--out", "no-such-folder/rules.yml"), "cannot be written"),
    ],
)
def test_rules_that_cannot_be_written_are_exit_2(arguments, match, capsys):
    """The text says what there is, or what to do."""
    status, shown, noise = run("rules", ROOT / "data" / "sample", *arguments, capsys=capsys)
    assert (status, shown) == (2, "")
    assert match in noise


def test_a_tilde_is_the_home_folder(exports, books, tmp_path, monkeypatch, capsys):
    """Shells leave DATA=~/exports as it stands when make is given it; the commands do not."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine").symlink_to(exports)
    assert run("check", "~/mine", capsys=capsys)[0] == 0
    arguments = ("report", "~/mine", "--out", "~/pages", "--notebooks", books)
    status, shown, _ = run(*arguments, capsys=capsys)
    assert (status, shown) == (0, f"{tmp_path / 'pages' / 'index.html'}\n")
    assert (tmp_path / "pages" / "index.html").exists()
    assert run("init", "~/new", capsys=capsys)[0] == 0
    assert (tmp_path / "new" / "slos.yaml").exists()


def test_init_overwrites_nothing(tmp_path, capsys):
    """Exit 2, the file as it was."""
    (tmp_path / "slos.yaml").write_text("mine")
    status, _, noise = run("init", tmp_path, capsys=capsys)
    assert status == 2
    assert "slos.yaml" in noise
    assert (tmp_path / "slos.yaml").read_text() == "mine"


@pytest.mark.parametrize("module", ["srelib", "srelib.cli"])
def test_the_command_runs_as_a_module(module):
    """For those without the script on their path."""
    command = [sys.executable, "-m", module, "--version"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    assert shown.stdout.startswith("srelib 0.")
    assert shown.stderr == ""


def test_every_command_explains_itself(capsys):
    """Exit codes included where they matter."""
    for command in ("report", "check", "init"):
        status, shown, _ = run(command, "--help", capsys=capsys)
        assert status == 0
        assert "Exit 0" in shown


# What srelib init writes, and that it can be followed


FILES = ["README.md", "slos.yaml", "sources.toml"]


@pytest.fixture
def started(tmp_path):
    """A folder that srelib init has made."""
    start(tmp_path / "my-exports")
    return tmp_path / "my-exports"


def uncommented(path: Path) -> str:
    """`sources.toml` with every example switched on, as its first lines say."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(re.sub(r"^#(?=\s*(\[|\w+ = ))", "", line) for line in lines)


def test_three_files_are_written(tmp_path):
    """The folder is made, with parents."""
    start(tmp_path / "a" / "b")
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == FILES


def test_exports_that_are_already_there_stay(tmp_path):
    """A folder may be started around exports."""
    (tmp_path / "requests.csv").write_text("time,service,good,total\n")
    start(tmp_path)
    assert (tmp_path / "requests.csv").read_text() == "time,service,good,total\n"


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_overwritten(tmp_path, name):
    """One file that is already there stops everything, with its name and the fix."""
    (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match=rf"{name} would be overwritten\. Fix: name another"):
        start(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_file_is_no_folder(tmp_path):
    """A path that is a file is refused."""
    (tmp_path / "x").write_text("")
    with pytest.raises(InputError, match="is a file"):
        start(tmp_path / "x")


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    """An error of the operating system becomes one with a fix."""
    (tmp_path / "x").write_text("")
    with pytest.raises(InputError, match=r"cannot be written \(Not a directory\)"):
        start(tmp_path / "x" / "y")


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
    assert sources.teams == {"payments": ("checkout", "billing-*")}


def test_the_columns_of_the_readme_are_those_of_the_tables(started):
    """The README names exactly the columns the tables have."""
    text = (started / "README.md").read_text(encoding="utf-8")
    for table in ("incidents", "alerts", "changes", "exclusions", "annotations"):
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
    text = (started / "README.md").read_text(encoding="utf-8")
    metrics, deployments = re.findall(r"```csv\n(.*?)```", text, re.DOTALL)
    (started / "requests.csv").write_text(metrics)
    (started / "deployments.csv").write_text(deployments)
    data = dataset.load(started)
    counts = data.slo_counts(data.slos[0])
    assert (counts["good"].sum(), counts["total"].sum()) == (5990 + 6120, 6000 + 6120)
    assert data.deployments["status"].tolist() == ["succeeded", "failed"]
    assert len(data.rejects) == 0


def test_rollup_counts_a_log_into_a_folder_of_exports(tmp_path, capsys):
    """Which the other commands take; what became of the rows goes to standard error."""
    rows = "".join(f"2026-06-01T00:00:{i:02d}Z,shop,{503 if i == 7 else 200}\n" for i in range(60))
    (tmp_path / "a.csv").write_text("time,service,status\n" + rows)
    out = tmp_path / "exports"
    told = ("rollup", tmp_path / "a.csv", "--good", "status < 500", "--where", "status != 204")
    code, shown, noise = run(*told, "--out", out, capsys=capsys)
    assert (code, shown) == (0, f"{out}\n")
    assert noise.splitlines()[0] == (
        "60 rows: 60 kept, 0 left out by rule, 0 refused; 1\u00a0bucket of 1\u00a0service."
    )
    assert dataset.load(out).sli[["good", "total"]].to_numpy().tolist() == [[59.0, 60.0]]
    assert run("init", out, capsys=capsys)[0] == 0
    code, shown, noise = run(*told, "--out", out, capsys=capsys)
    assert (code, shown) == (2, "")
    assert "exists" in noise


def test_rollup_prints_its_query(capsys):
    """For those who may not connect; an engine that is not known is refused."""
    code, shown, _ = run("rollup", "requests", "--good", "status < 500", "--sql", "trino",
                         capsys=capsys)  # fmt: skip
    assert code == 0
    assert 'FROM "requests"' in shown
    assert run("rollup", "x", "--good", "a = 1", "--sql", "oracle", capsys=capsys)[0] == 2
    told = ("rollup", "x", "--good", "a = 1", "--sql", "trino", "--timezone", "Europe/Berlin")
    code, _, noise = run(*told, capsys=capsys)
    assert (code, "are for files" in noise) == (2, True)
    code, _, noise = run("rollup", "x", "--good", "a = 1", capsys=capsys)
    assert (code, "--out DIR" in noise) == (2, True)


def test_report_refuses_formats_it_does_not_know(exports, tmp_path, capsys):
    """Before anything runs."""
    code, _, noise = run("report", exports, "--out", tmp_path / "out", "--format", "docx",
                         capsys=capsys)  # fmt: skip
    assert (code, "html or pdf" in noise) == (2, True)


def test_fleet_refuses_what_it_would_ignore_or_cannot_mean(tmp_path, capsys):
    """Before anything is read; nothing is written."""
    out = tmp_path / "out"
    for more, said in (
        (["--every", "1m"], "--every is about --table"),
        (["--table", "counts"], "--table needs Spark"),
        (["--set", "after=banana"], "after is no length"),
        (["--set", "affter=6h"], "did you mean 'after'"),
    ):
        code, shown, noise = run("fleet", tmp_path, "--out", out, *more, capsys=capsys)
        assert (code, shown, out.exists()) == (2, "", False)
        assert said in noise
