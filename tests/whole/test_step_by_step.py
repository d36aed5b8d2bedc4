"""Files of no known format, as a new user meets them: `docs/sources.md` shows these steps.

`python -m tests.whole.test_step_by_step` writes the chapter.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import srelib
from srelib.report.sources import check
from tests.readers.workbook import write_workbook

DOCS = Path(__file__).parents[2] / "docs" / "sources.md"
HEADING, NEXT = "## A file of your own, step by step\n", "## How to export\n"


def _execution(number: int, job: str, status: str) -> dict[str, object]:
    """An execution of Rundeck, one a day, a quarter of an hour long."""
    begin = pd.Timestamp("2026-11-02 09:00", tz="UTC") + pd.Timedelta(days=number)
    ends = {"date-started": begin, "date-ended": begin + pd.Timedelta(minutes=15)}
    return {
        "id": 4100 + number,
        "status": status,
        **{name: {"unixtime": int(at.timestamp() * 1000)} for name, at in ends.items()},
        "job": {"id": "8b4", "name": job},
    }


RUNS = [
    ("checkout", "succeeded"), ("search", "succeeded"), ("backup", "succeeded"),
    ("checkout", "failed"), ("checkout", "succeeded"), ("search", "timedout"),
]  # fmt: skip
OUTAGES = [
    ["Störungen 2026"],
    [],
    ["Nr.", "System", "Beginn", "Ende", "Prio", "Ursache"],
    [1, "Webshop", "03.11.2026 14:05", "03.11.2026 15:00", "hoch", "Datenbank voll"],
    [2, None, "09.11.2026 08:00", "09.11.2026 08:20", "mittel", "Zertifikat abgelaufen"],
    [3, "Kasse", "17.11.2026 22:10", "18.11.2026 01:10", "hoch", "Netz"],
    [4, None, "25.11.2026 10:00", "25.11.2026 10:30", "niedrig", "Neustart"],
]
PROBED = [
    f"{1793600000 + 60 * minute};{probe};https://shop.example.com/;{int(up)};0.{minute + 10}"
    for minute in range(40)
    for probe, up in (("eu-west", not 10 <= minute < 14), ("us-east", not 12 <= minute < 30))
]


def _runs(path: Path) -> str:
    record = {"executions": [_execution(n, *run) for n, run in enumerate(RUNS)]}
    path.write_text(json.dumps(record), encoding="utf-8")
    return json.dumps({"executions": [record["executions"][0], "..."]}, indent=1)


def _outages(path: Path) -> str:
    write_workbook(path, {"Liste": OUTAGES})
    rows = [" | ".join("" if cell is None else str(cell) for cell in row) for row in OUTAGES[:5]]
    return "\n".join([*rows, "..."])


def _probed(path: Path) -> str:
    path.write_text("\n".join(PROBED) + "\n", encoding="utf-8")
    return "\n".join([*PROBED[:3], "..."])


@dataclass(frozen=True)
class Trial:
    """One file, what is put in the place of its proposals, and why."""

    title: str
    file: str
    about: str
    write: Callable[[Path], str]
    answers: tuple[tuple[str, str, str], ...]
    kept: int


TRIALS = [
    Trial(
        "JSON: executions of Rundeck", "executions.json",
        "is what `GET /api/41/project/shop/executions` answered; it has one backup among the "
        "deployments",
        _runs,
        (
            ('table = "deployments"',
             'table = "deployments"\nwhere = { "job.name" = ["checkout", "search"] }',
             "The table is right, but not every execution is a deployment: the comment names "
             "`where`."),
            ("columns = ", "columns = ", "The columns are right."),
            ("values = ", "values = ", "A deployment that timed out has failed, as proposed."),
        ),
        5,
    ),
    Trial(
        "A sheet: a list of outages kept by hand", "Stoerungen.xlsx",
        "is a workbook with a title above the header, and a system that is written once for all "
        "its outages",
        _outages,
        (
            ('table = "incidents"', 'table = "incidents"', "Outages are incidents."),
            ("fill_down = ", "fill_down = ", "An empty cell does mean the system above it."),
            ('timezone = "UTC"', 'timezone = "Europe/Berlin"', "The list is kept in German time."),
            ("columns = ", "columns = ", "The columns are right."),
        ),
        4,
    ),
    Trial(
        "A log: two probes of one shop", "probe.log",
        "holds the lines a cron job wrote on two machines, without a header",
        _probed,
        (
            ('table = "sli"', 'table = "sli"', "Up and down make an indicator."),
            ("header = ", "header = ", "The names may stay as proposed."),
            ("columns = ", "columns = ", "The columns are right."),
            ("values = ", "values = ", "1 is up."),
            ('probes = "majority"', 'probes = "any"',
             "The shop is up when one of the two sees it: the network of a probe fails as well."),
        ),
        80,
    ),
]  # fmt: skip


def _pasted(seen: dict[str, object]) -> str:
    text = str(seen["sources_toml"])
    return text[text.index("[[file]]") :].rstrip("\n")


def _answered(block: str, trial: Trial) -> str:
    """The block with every proposal answered, and no mark left."""
    for old, new, _ in trial.answers:
        assert block.count(old) == 1, (old, block)
        block = block.replace(old, new)
    return "\n".join(line.partition("  # ? ")[0] for line in block.splitlines())


def _steps(trial: Trial, folder: Path) -> str:
    """The steps of one trial as the chapter shows them; `folder` is left as they leave it."""
    shown = trial.write(folder / trial.file)
    block = _pasted(check(folder))
    answered = _answered(block, trial)
    (folder / "sources.toml").write_text(answered, encoding="utf-8")
    seen = check(folder)
    (file,) = (one for one in seen["files"] if one["table"])
    refused = file["rows_rejected"] - file["rows_left_out"]
    verdict = "usable" if seen["usable"] else "not usable"
    told = [
        f"- `{new.partition(' = ')[0] if new == old else old}`: {why}"
        for old, new, why in trial.answers
    ]
    return "\n".join([
        f"### {trial.title}\n",
        f"`{trial.file}` {trial.about}:\n",
        f"```text\n{shown}\n```\n",
        "`srelib check` does not know it, and prints these lines:\n",
        f"```toml\n{block}\n```\n",
        "Each line with `# ?` is a question:\n",
        *told,
        "\nWith the answers, and without the marks, `sources.toml` holds\n",
        f"```toml\n{answered}\n```\n",
        f"and `srelib check` reads {file['rows_read']:,} rows as {file['table']}: "
        f"{file['rows_kept']:,} kept, {file['rows_left_out']:,} left out, {refused:,} refused; "
        f"the folder is {verdict}.\n",
    ])  # fmt: skip


def _chapter() -> str:
    """The whole chapter, every block in it as it is printed."""
    parts = [
        HEADING,
        "A file of a format that is not known here is read once `sources.toml` says what it holds.",
        "`srelib check` proposes that from its names and cells; you correct what is wrong, take "
        "the marks `# ?` away, and run it again.",
        "A table that is wrong is corrected alone: write only `match` and `table`, and the next "
        "`srelib check` proposes the columns of that table.\n",
    ]
    for trial in TRIALS:
        with tempfile.TemporaryDirectory() as folder:
            parts.append(_steps(trial, Path(folder)))
    return "\n".join(parts)


def test_the_chapter_shows_what_is_printed():
    """Every block in the documentation comes from running the steps."""
    text = DOCS.read_text(encoding="utf-8")
    assert text[text.index(HEADING) : text.index(NEXT)] == _chapter() + "\n"


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.file)
def test_one_round_is_enough_for_a_file_never_seen(tmp_path, trial):
    """After the answers nothing is asked, nothing refused, and nothing rests on a proposal."""
    _steps(trial, tmp_path)
    seen = check(tmp_path)
    assert seen["usable"]
    assert not seen["sources_toml"]
    assert not any("nobody has confirmed" in note for note in seen["notes"])
    (file,) = (one for one in seen["files"] if one["table"])
    assert (file["rows_kept"], file["rows_rejected"] - file["rows_left_out"]) == (trial.kept, 0)


def loaded(trial: Trial, folder: Path) -> srelib.Dataset:
    """What the steps of a trial end in."""
    _steps(trial, folder)
    return srelib.load(folder)


def test_the_deployments_are_those_of_the_tool(tmp_path):
    """Five, of which two failed, each 15 minutes long."""
    found = loaded(TRIALS[0], tmp_path).deployments.sort_values("finished_at")
    assert found["service"].tolist() == ["checkout", "search", "checkout", "checkout", "search"]
    assert found["status"].tolist() == ["succeeded", "succeeded", "failed", "succeeded", "failed"]
    assert (found["finished_at"] - found["started_at"] == pd.Timedelta("15min")).all()


def test_the_outages_are_those_of_the_sheet(tmp_path):
    """14:05 in Berlin is 13:05 UTC in November; the second outage is of the system above it."""
    found = loaded(TRIALS[1], tmp_path).incidents.sort_values("started_at")
    assert found["service"].tolist() == ["Webshop", "Webshop", "Kasse", "Kasse"]
    assert found["started_at"].iloc[0] == pd.Timestamp("2026-11-03 13:05", tz="UTC")
    minutes = (found["resolved_at"] - found["started_at"]).dt.total_seconds() / 60
    assert minutes.tolist() == [55, 20, 180, 30]


def test_the_shop_is_down_where_both_probes_say_so(tmp_path):
    """Both were down in the minutes 12 and 13, of 39 known ones: the last row holds for none."""
    found = loaded(TRIALS[2], tmp_path)
    down = found.sli["total"].sum() - found.sli["good"].sum()
    assert (down, found.sli["total"].sum()) == (120.0, 39 * 60.0)


if __name__ == "__main__":
    whole = DOCS.read_text(encoding="utf-8")
    start = whole.index(HEADING) if HEADING in whole else whole.index(NEXT)
    DOCS.write_text(f"{whole[:start]}{_chapter()}\n{whole[whole.index(NEXT) :]}", encoding="utf-8")
