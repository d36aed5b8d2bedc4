"""The notebooks: built as the house style says, true to the data, useful with inputs missing."""

import ast
import contextlib
import io
import json
import re
import shutil
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest

from srelib import slos
from srelib.report.build import PART

ROOT = Path(__file__).parents[2]
BOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SHOWN = re.compile(r"findings\.show\(")


def load(path: Path) -> nbformat.NotebookNode:
    """A notebook as stored."""
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list:
    """Its code cells."""
    return [cell for cell in load(path).cells if cell.cell_type == "code"]


def tags(cell) -> list[str]:
    """Tags of a cell."""
    return cell.metadata.get("tags", [])


def headings(path: Path) -> list[str]:
    """All headings, in order."""
    text = "\n".join(c.source for c in load(path).cells if c.cell_type == "markdown")
    return re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)


each_book = pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)


# How they are built


@each_book
def test_notebook_is_valid_and_named_for_its_question(path):
    """The title of the page is the question the notebook opens with."""
    book = load(path)
    nbformat.validate(book)
    assert book.metadata["title"] == headings(path)[0]
    assert book.metadata["title"].endswith("?")


@each_book
def test_kernel_is_python3_and_metadata_is_bare(path):
    """Runs in any environment; nothing in the file depends on who ran it, or when."""
    book = load(path)
    assert book.metadata["kernelspec"]["name"] == "python3"
    assert set(book.metadata) == {"kernelspec", "language_info", "title"}
    assert {key for cell in book.cells for key in cell.metadata} <= {"tags"}


@each_book
def test_notebook_answers_first_and_ends_with_doubt(path):
    """What this says comes first, how sure that is after it; what next and the sources come last."""
    found = headings(path)
    assert found[1] == "What this says"
    assert "How sure are we?" in found
    assert found[-2:] == ["Things to try next", "References"]


@each_book
def test_there_is_one_parameters_cell_with_literals_only(path):
    """Every value can be set from outside, and none is derived from another."""
    (cell,) = [cell for cell in code_cells(path) if "parameters" in tags(cell)]
    assigned = ast.parse(cell.source).body
    assert all(isinstance(node, ast.Assign) for node in assigned)
    for node in assigned:
        ast.literal_eval(node.value)
    names = [node.targets[0].id for node in assigned]
    assert names[: 1 + len(PART)] == ["data", *PART]


@each_book
def test_cells_are_short_and_define_nothing(path):
    """At most six lines of code a cell, the load cell included; functions belong to the package."""
    for cell in code_cells(path):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= 6 or "parameters" in tags(cell), cell.source
        defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        assert not any(isinstance(node, defined) for node in ast.walk(ast.parse(cell.source)))
    assert 15 <= len(load(path).cells) <= 34


@each_book
def test_outputs_are_stored_and_without_noise(path):
    """Every cell was run in order; no warning, no error, no bare repr."""
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs
    assert not {output.output_type for output in outputs} & {"stream", "error"}
    assert not re.search(r"<\w[\w.]+ (object )?at 0x", str(outputs))


@each_book
def test_a_browser_that_saves_the_file_writes_the_same_numbers(path):
    """It would write 2.0 as 2."""
    numbers: list[str] = []
    json.loads(path.read_text(encoding="utf-8"), parse_float=numbers.append)
    assert [number for number in numbers if float(number).is_integer()] == []


@each_book
def test_every_figure_describes_itself(path):
    """One figure a cell, assigned and so without stray text, with alternative text and size."""
    drawn = [cell for cell in code_cells(path) if "figures." in cell.source.replace("import", "")]
    assert drawn
    for cell in drawn:
        (output,) = cell.outputs
        described = output.metadata["image/png"]
        assert len(described["alt"]) > 40
        assert described["width"] > 700
        assert cell.source.splitlines()[-1].startswith("ax = figures.")


@each_book
def test_sentences_are_checked_and_their_code_is_folded_away(path):
    """Every cell that speaks is tagged, so that what it says is compared."""
    for cell in code_cells(path):
        if SHOWN.search(cell.source):
            assert {"remove-input", "nbval-check-output"} <= set(tags(cell))
            assert "text/markdown" in cell.outputs[0].data


@each_book
def test_no_number_of_the_data_is_typed_into_prose(path):
    """No percentage with decimals, no date and no service name outside computed cells."""
    prose = "\n".join(c.source for c in load(path).cells if c.cell_type == "markdown")
    services = ("checkout", "billing", "warehouse", "partner-api", "catalog")
    assert not any(name in prose for name in services)
    assert not re.search(r"\d{4}-\d{2}-\d{2}", prose)


@each_book
def test_no_machine_path_is_stored(path):
    """Nothing in the file says where it was run."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(?:home|root|Users|tmp|work)/|[A-Z]:\\\\", text)


@each_book
def test_links_lead_to_notebooks_that_exist(path):
    """No dead link in the index."""
    prose = "\n".join(c.source for c in load(path).cells if c.cell_type == "markdown")
    for target in re.findall(r"\]\(([^)]+\.ipynb)\)", prose):
        assert (path.parent / target).exists()


@each_book
def test_what_only_jupyterlab_shows_is_left_out_of_pages(path):
    """A call of `explore`, its heading above it, no output stored; both tagged for the report."""
    cells = load(path).cells
    for above, cell in pairwise(cells):
        if cell.cell_type == "code" and cell.source.startswith("explore."):
            assert above.source.startswith("## Try another")
            assert tags(above) == tags(cell) == ["remove-cell"]
            assert cell.outputs == []
    assert sum("remove-cell" in tags(cell) for cell in cells) == 2 * (path.name[:2] in EXPLORED)


EXPLORED = ("03", "06", "07", "08", "09")


# What they say on other data


def run(path: Path, data: Path, **parameters: object) -> str:
    """Everything a notebook says about a folder of exports; figures are drawn and closed."""
    scope: dict[str, object] = {}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for cell in code_cells(path):
            exec(compile(cell.source, path.name, "exec"), scope)  # the notebook is the code tested
            if "parameters" in tags(cell):
                scope.update(parameters, data=str(data))
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()
    plt.close("all")
    return said.getvalue().replace("\u00a0", " ")


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """Ten days of hourly counts of two services, objectives, one incident, one deployment."""
    times = pd.date_range("2026-06-01", periods=240, freq="h", tz="UTC")
    rows = ["time,service,good,total"]
    for n, time in enumerate(times):
        stamp = f"{time:%Y-%m-%dT%H:%M:%SZ}"
        rows += [f"{stamp},<b>shop*,{90 if n == 100 else 100},100", f"{stamp},quiet,0,0"]
    (tmp_path / "requests.csv").write_text("\n".join([*rows, ""]))
    (tmp_path / "slos.yaml").write_text("---\n".join(OBJECTIVE.format(**o) for o in OBJECTIVES))
    (tmp_path / "incidents.csv").write_text(
        "incident_id,service,started_at,resolved_at,title\n"
        "i1,<b>shop*,2026-06-05T04:00:00Z,2026-06-05T05:00:00Z,<script>x</script>\n"
    )
    (tmp_path / "deployments.csv").write_text(
        "deployment_id,service,finished_at,status\nd1,<b>shop*,2026-06-07T04:00:00Z,succeeded\n"
    )
    return tmp_path


OBJECTIVE = """\
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}, displayName: '{shown}'}}
spec:
  service: '{service}'
  indicator: {{metadata: {{name: availability}}, spec: {{ratioMetric: {{counter: false,
    good: {{metricSource: {{type: csv, spec: {{query: good}}}}}},
    total: {{metricSource: {{type: csv, spec: {{query: total}}}}}}}}}}}}
  timeWindow: [{{duration: 7d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.999}}]
"""
OBJECTIVES = (
    {"name": "shop", "shown": "<b>shop*", "service": "<b>shop*"},
    {"name": "quiet", "shown": "quiet", "service": "quiet"},
)


@each_book
@pytest.mark.parametrize(
    "missing",
    [(), ("slos.yaml",), ("incidents.csv",), ("deployments.csv",),
     ("slos.yaml", "incidents.csv", "deployments.csv")],
    ids=lambda files: "without " + (" ".join(files) or "nothing"),
)  # fmt: skip
def test_notebook_runs_with_inputs_missing(path, missing, exports):
    """No input but service levels is needed; markup in names stays text."""
    for name in missing:
        (exports / name).unlink()
    said = run(path, exports)
    assert said
    assert "<b>" not in said
    assert "<script>" not in said


COMPOSITE = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: site-{name}
  annotations: {{srelib/composite: {name} {rule}, srelib/composite-target: "0.9995"}}
spec:
  service: site
  timeWindow: [{{duration: 7d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives:
    - {{target: 0.999, compositeWeight: 3, indicator: {{metadata: {{name: availability}}, spec:
        {{ratioMetric: {{good: {{metricSource: {{spec: {{service: shop}}}}}},
        total: {{metricSource: {{}}}}}}}}}}}}
    - {{target: 0.999, indicator: {{metadata: {{name: availability}}, spec:
        {{ratioMetric: {{good: {{metricSource: {{spec: {{service: quiet}}}}}},
        total: {{metricSource: {{}}}}}}}}}}}}
"""


@each_book
def test_notebook_runs_with_composites(path, exports):
    """Of a service and one without traffic, under each rule; what cannot be asked is refused.

    The mean is that of shop alone: 10 bad of 16,800 in seven days, of which 8.4 are allowed.
    """
    requests = exports / "requests.csv"
    requests.write_text(requests.read_text().replace("<b>shop*", "shop"))
    rules = ("weighted mean", "all events", "worst member")
    (exports / "slos.yaml").write_text("---\n".join(
        COMPOSITE.format(name=name, rule=rule) for name, rule in map(str.split, rules)
    ))  # fmt: skip
    said = run(path, exports)
    assert {
        "02_error_budget": "**site-weighted** is **overspent by 19 %**: 10 weighted events bad",
        "01_service_levels": "**site-weighted**",
        "03_alerting": "**site-weighted**: the weighted mean of several members exists over a",
        "08_choosing_slos": "**site-weighted**: **not enough data**",
    }.get(path.stem, "") in said


@each_book
def test_notebook_runs_with_a_target_that_changed(path, exports):
    """On the eighth of ten days; windows of a week before it are judged by the looser target."""
    documents = [
        OBJECTIVE.format(**OBJECTIVES[0]).replace(
            "{name: shop,", f'{{name: shop, annotations: {{srelib/valid-from: "{since}"}},'
        ).replace("0.999", target)
        for since, target in (("2026-05-01", "0.99"), ("2026-06-08", "0.999"))
    ]  # fmt: skip
    (exports / "slos.yaml").write_text("---\n".join(documents))
    said = run(path, exports)
    assert {
        "02_error_budget": "went from 99 % to 99.9 % on 8 June 2026.",
        "08_choosing_slos": "each judged by the target in force at its end",
    }.get(path.stem, "") in said


@each_book
def test_notebook_runs_on_a_state_log_alone(path, tmp_path):
    """Up and down of one site: availability by time, without objectives."""
    (tmp_path / "status.csv").write_text(
        "time,status\n2026-06-01T00:00:00Z,up\n2026-06-03T00:00:00Z,down\n"
        "2026-06-03T06:00:00Z,up\n2026-06-08T00:00:00Z,up\n"
    )
    (tmp_path / "sources.toml").write_text(
        '[[file]]\nmatch = "status.csv"\ntable = "sli"\nservice = "site"\nunit = "state"\n'
        'columns = { time = "time", state = "status" }\nmax_silence = "8d"\n'
    )
    said = run(path, tmp_path)
    assert {
        "00_start_here": "**objectives** (a slos.yaml",
        "01_service_levels": "**site**: 96.429 % good (95 % interval 86.825 % to 99.910 %, on",
        "02_error_budget": "There is no error budget, because no objective has data",
        "03_alerting": "No alert can be replayed, because no objective has data",
        "08_choosing_slos": "**site**: **not enough data**: 1 whole week observed; a target",
        "05_incidents": "**1 incident is too few** to say whether anything got better or worse.",
        "04_delivery": "There are no deployments in the folder",
        "06_delivery_vs_reliability": "there are no deployments in the folder",
        "07_budget_policy": "No policy can be replayed: no objective has data",
        "09_what_to_do": "**site**: **not enough data**. There is no objective.",
    }[path.stem] in said


def test_the_words_follow_one_number(exports):
    """Ten bad events more in one hour of the last week, and the budget is said to be overspent."""
    book = ROOT / "notebooks" / "02_error_budget.ipynb"
    before = run(book, exports)
    path = exports / "requests.csv"
    changed = path.read_text().replace(
        "2026-06-09T00:00:00Z,<b>shop*,100", "2026-06-09T00:00:00Z,<b>shop*,80"
    )
    path.write_text(changed)
    after = run(book, exports)
    shop = "**&#60;b&#62;shop\\***"
    assert f"{shop} has 40 % of its budget left: 10 events bad, 17 events allowed" in before
    assert f"{shop} is **overspent by 79 %**: 30 events bad, 17 events allowed" in after


def test_the_alerts_follow_the_policy_and_the_truth(exports):
    """Minutes instead of hours: two outages, one written down; another policy, another answer."""
    times = pd.date_range("2026-06-01", periods=1440 * 8, freq="min", tz="UTC")
    failing = pd.Series(100, times)
    for start in ("2026-06-03T04:00Z", "2026-06-05T04:00Z"):
        failing[start : pd.Timestamp(start) + pd.Timedelta("4min")] = 0
    (exports / "requests.csv").write_text("time,service,good,total\n" + "".join(
        f"{time:%Y-%m-%dT%H:%M:%SZ},<b>shop*,{good},100\n" for time, good in failing.items()
    ))  # fmt: skip
    book = ROOT / "notebooks" / "03_alerting.ipynb"
    workbook = run(book, exports)
    assert "policy **workbook**, replayed on 1.1 weeks, would have detected **1 of 1 incident**" in workbook
    assert "so incidents are missing from the record" in workbook
    pyrra = run(book, exports, policy="pyrra", truth="budget")
    assert "policy **pyrra**, replayed on 1.1 weeks, would have detected **2 of 2 budget events**" in pyrra
    own = run(book, exports, policy="90% in 1h, ticket 1x in 1d")
    assert "The alert policy **90% in 1h, ticket 1x in 1d**, replayed on 1.1 weeks, would have detected **none of 1" in own
    assert "There are no alerts in the folder to compare with" in own
    (exports / "alerts.csv").write_text(
        "service,rule,severity,fired_at,resolved_at\n"
        "<b>shop*,Burn,page,2026-06-05T04:02:00Z,2026-06-05T04:20:00Z\n"
    )
    real = run(book, exports, policy="90% in 1h")
    assert "The **1 alert on record** (0.88 a week) detected **1 of 1 incident**" in real
    assert "Alerts on record detected 1 incident that the policy in use, replayed, would have missed" in real
    (exports / "incidents.csv").unlink()
    assert "There are no incidents in the folder, so alerts are scored against 2 spans" in run(book, exports)


def test_the_target_follows_the_data_and_what_is_asked(exports):
    """Thirteen weeks of hours: kept, then missed; with the document to copy."""
    times = pd.date_range("2026-03-30", periods=168 * 13, freq="h", tz="UTC")
    book = ROOT / "notebooks" / "08_choosing_slos.ipynb"

    def write(bad: int) -> None:
        rows = [f"{time:%Y-%m-%dT%H:%M:%SZ},<b>shop*,{10000 - bad * (time.hour == 4)},10000\n"
                for time in times]  # fmt: skip
        (exports / "requests.csv").write_text("time,service,good,total\n" + "".join(rows))

    write(150)
    kept = run(book, exports)
    assert "**&#60;b&#62;shop\\***: **keep 99.9 %**. It would be met in" in kept
    assert "there is no document to copy" in targets_document(book, exports)
    write(2000)
    missed = run(book, exports)
    assert "**&#60;b&#62;shop\\***: **loosen 99.9 % to 99 %**." in missed
    assert targets_document(book, exports).endswith("- target: 0.99")
    stands = run(book, exports, dependencies='{"<b>shop*": {"pay": 0.999}}')
    assert "**Too strict**" in stands


def targets_document(book: Path, data: Path) -> str:
    """The OpenSLO text the notebook about targets ends with."""
    scope: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in code_cells(book):
            exec(compile(cell.source, book.name, "exec"), scope)  # as in run
            if "parameters" in tags(cell):
                scope.update(data=str(data))
            if "openslo" in cell.source:
                return str(eval(cell.source, scope))
    return ""
def test_the_policy_follows_its_parameters(exports):
    """Ten days cannot judge four weeks; over seven days with half left, one release waits."""
    book = ROOT / "notebooks" / "07_budget_policy.ipynb"
    assert "would have **decided nothing**" in run(book, exports)
    assert "would have frozen **nothing**" in run(book, exports, window="7d")
    said = run(book, exports, window="7d", freeze_below=0.5, timezone="UTC")
    assert "the **workbook at 0.5 over 7 days** freeze policy" in said
    assert "would have delayed **1 of 1 deployment**" in said
    (exports / "deployments.csv").unlink()
    said = run(book, exports, window="7d", freeze_below=0.5)
    assert "There are **no deployments** of these services" in said


def test_an_objective_without_data_is_named(exports):
    """The others are still answered."""
    with (exports / "slos.yaml").open("a") as file:
        file.write("---\n" + OBJECTIVE.format(name="ghost", shown="ghost", service="ghost"))
    said = run(ROOT / "notebooks" / "01_service_levels.ipynb", exports)
    assert "**1 objective has no data**: **ghost**" in said
    assert "**&#60;b&#62;shop\\***: 99.9583 % good" in said


def test_notebooks_leave_the_exports_alone(exports, tmp_path_factory):
    """Reading changes no file."""
    copy = tmp_path_factory.mktemp("copy") / "exports"
    shutil.copytree(exports, copy)
    run(BOOKS[0], exports)
    assert {f.name: f.read_bytes() for f in exports.iterdir()} == {
        f.name: f.read_bytes() for f in copy.iterdir()
    }


def test_the_verdicts_on_the_sample_are_its_stories():
    """By planted causes: what used an overspent budget most is what is to be worked on."""
    truth = json.loads((ROOT / "tests" / "truth" / "sample.json").read_text())
    levels = {s["service"]: s for s in truth["slis"] if s["sli"] == "availability"}
    promised = {slo.service: slo.target for slo in slos.read(ROOT / "data/sample/slos.yaml")
                if slo.sli == "availability"}  # fmt: skip
    said = {
        one["service"]: one["verdict"]
        for cell in code_cells(ROOT / "notebooks" / "09_what_to_do.ipynb")
        for output in cell.outputs
        for one in output.metadata.get("srelib", {}).get("findings", [])
        if one["key"] == "decisions.service"
    }
    for service, level in levels.items():
        allowed = (1 - promised[service]) * level["counted_total"]
        used = {one["cause"]: one["counted"] / allowed for one in truth["causes"]
                if one["service"] == service}  # fmt: skip
        made = sum(one["service"] == service and one["status"] == "succeeded"
                   for one in truth["deployments"])  # fmt: skip
        if sum(used.values()) > 1:
            asks = {"deployment": "make releases safer", "incident": "fix outages unrelated to deployments"}
            assert said[service] == asks[max(used, key=lambda cause: used[cause])]
        elif sum(used.values()) < 0.5:
            calm = "deploy more often" if made < 13 else "no change needed"
            assert said[service] == calm
        else:
            assert said[service] != "make releases safer"
    assert len(said) == len(levels) == 6
