"""The notebooks in JupyterLab: parameters changed, sliders moved, files saved, mistakes made."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from srelib.notebook import KEEPING

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
BOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SLIDERS = {
    "03_alerting": 3, "06_delivery_vs_reliability": 2, "07_budget_policy": 4,
    "08_choosing_slos": 2, "09_what_to_do": 2,
}  # fmt: skip
"""How many controls the notebooks that have some show."""
QUICK = "08_choosing_slos"
IDLE = "Python 3 (ipykernel) | Idle"
CELLS = "jupyterapp.shell.currentWidget.content.model.toJSON().cells"
PARAMETERS = "cell => (cell.metadata.tags || []).includes('parameters')"
FIGURE = ".widget-html-content img"


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """Address and folder of a JupyterLab as `make lab` starts it, on copies of the notebooks."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "notebooks", ignore=lambda *_: [".ipynb_checkpoints"])
    shutil.copytree(ROOT / "data" / "sample", home / "data" / "sample")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    places |= {f"JUPYTERLAB_{name}_DIR": str(home / name) for name in ("SETTINGS", "WORKSPACES")}
    options = [
        "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0",
        "--IdentityProvider.token=", "--expose-app-in-browser", "--LabApp.news_url=",
        KEEPING, f"--ServerApp.root_dir={home}",
    ]  # fmt: skip
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], cwd=home, stdout=log, stderr=log,
            env={**os.environ, **places, "SRELIB_CACHE": str(home / "cache")},
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(lambda: urllib.request.urlopen(f"{address}/api", timeout=5), home / "log")
        yield address, home
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(answer: Callable[[], object], log: Path) -> None:
    for _ in range(240):
        try:
            answer()
        except OSError:
            time.sleep(0.25)
        else:
            return
    pytest.fail(f"JupyterLab did not answer: {log.read_text()[-2000:]}")


@pytest.fixture
def opened(browser, lab) -> Iterator[Callable]:
    """Open a notebook in a window of its own and wait until its kernel is idle."""
    address, _ = lab
    pages = []

    def new(name: str):
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        pages.append(page)
        page.set_default_timeout(120_000)
        page.goto(f"{address}/lab/tree/notebooks/{name}.ipynb?reset")
        page.get_by_text(IDLE).wait_for()
        return page

    yield new
    for page in pages:
        page.close()


def run_all(page, **parameters: str) -> list[dict]:
    """Write parameters into the first code cell, run every cell; the cells afterwards."""
    page.evaluate(
        f"""given => {{
          const model = jupyterapp.shell.currentWidget.content.model;
          const cell = [...model.cells].find(one => ({PARAMETERS})(one.toJSON())).sharedModel;
          for (const [name, value] of Object.entries(given))
            cell.setSource(cell.getSource().replace(
              new RegExp(`^${{name}} = [^#]*`, "m"), `${{name}} = ${{value}}  `));
        }}""",
        parameters,
    )
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    return page.evaluate(CELLS)


def errors(cells: list[dict]) -> list[dict]:
    """Outputs of cells that say that something failed."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output for output in outputs if output["output_type"] == "error"]


def save(page, path: Path) -> bytes:
    """The bytes of the file after saving it."""
    before = path.stat().st_mtime_ns
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    assert path.stat().st_mtime_ns > before
    return path.read_bytes()


def move_each(page, name: str) -> None:
    """Move every control of a notebook, the choice of a service last; the figure follows each of
    them, if not every step: three alert policies detect the same here.
    """
    assert page.locator(FIGURE).count() == (name in SLIDERS)
    controls = page.locator(".widget-hbox select, .widget-hbox .noUi-handle")
    assert controls.count() == SLIDERS.get(name, 0)
    for number in [*range(1, controls.count()), 0][: controls.count()]:
        before = page.locator(FIGURE).get_attribute("src")
        if not any(follows(page, before) for _ in steps(controls.nth(number))):
            pytest.fail(f"{name}: the figure does not follow control {number}")


def steps(control) -> Iterator[None]:
    """Take a control from one value to the next: a slider by keyboard, a list by its entries."""
    if control.evaluate("element => element.tagName") != "SELECT":
        for key in ("ArrowRight", "End", "Home"):
            yield control.press(key)
        return
    for number in range(1, control.locator("option").count()):
        control.select_option(index=number)
        yield None


def follows(page, before: str) -> bool:
    """Whether the figure becomes another one."""
    from playwright.sync_api import TimeoutError

    changed = f"before => document.querySelector('{FIGURE}')?.src !== before"
    try:
        page.wait_for_function(changed, arg=before, timeout=6000)
    except TimeoutError:
        return False
    return True


def try_out(page, path: Path) -> None:
    """All that one does with a notebook; each step says what it expects."""
    committed = path.read_bytes()
    assert save(page, path) == committed
    cells = run_all(page, service='["checkout", "catalog"]')
    assert errors(cells) == []
    said = [c["outputs"] for c in cells if "nbval-check-output" in c["metadata"].get("tags", [])]
    assert "checkout" in str(said)
    assert "warehouse" not in str(said)
    move_each(page, path.stem)
    (error,) = errors(run_all(page, service='"chekout"'))
    problem, where, fix = error["traceback"]
    assert "the data name no service 'chekout'" in problem
    assert where.startswith("Where: line 4 of the cell, dataset = srelib.load(data)")
    assert fix.startswith("Fix: did you mean 'checkout'?")
    folded = page.locator("details", has_text="Traceback")
    assert folded.count() == 1
    assert folded.get_attribute("open") is None


def test_a_notebook_is_a_pleasure_in_jupyterlab(opened, lab):
    """Saved as it was opened; another service, other sliders; a wrong value says what is wrong."""
    try_out(opened(QUICK), lab[1] / "notebooks" / f"{QUICK}.ipynb")


@pytest.mark.slow
@pytest.mark.parametrize("name", [path.stem for path in BOOKS if path.stem != QUICK])
def test_every_notebook_is_a_pleasure_in_jupyterlab(opened, lab, name):
    """The same of each of the others."""
    try_out(opened(name), lab[1] / "notebooks" / f"{name}.ipynb")
