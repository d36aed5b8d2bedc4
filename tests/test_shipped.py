"""What comes with the package: found in a checkout and from a wheel, and copied to work with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
from pathlib import Path
from typing import Any

import pytest

from srelib import shipped
from srelib.errors import InputError

ROOT = Path(__file__).parents[1]
MOST_BYTES = 8_000_000


def test_notebooks_and_sample_are_found_in_a_checkout_or_where_told(tmp_path, monkeypatch):
    """The suite's own by default; an empty place is an error with the fix."""
    assert (shipped.notebooks() / "00_start_here.ipynb").exists()
    assert (shipped.sample() / "sources.toml").exists()
    monkeypatch.setenv("SRELIB_NOTEBOOKS", str(ROOT / "notebooks"))
    assert shipped.notebooks() == ROOT / "notebooks"
    monkeypatch.setenv("SRELIB_NOTEBOOKS", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="not found"):
        shipped.notebooks()


def test_a_copy_has_the_places_of_the_original_and_keeps_what_was_changed(tmp_path):
    """The notebooks find the sample where they look for it; a second copy overwrites nothing."""
    notebooks = shipped.copied(tmp_path / "lab")
    first = notebooks / "00_start_here.ipynb"
    assert first.read_bytes() == (shipped.notebooks() / first.name).read_bytes()
    assert (notebooks / "../data/sample/slos.yaml").exists()
    first.write_text("mine")
    (notebooks / "01_service_levels.ipynb").unlink()
    shipped.copied(tmp_path / "lab")
    assert first.read_text() == "mine"
    assert (notebooks / "01_service_levels.ipynb").exists()
    assert not list(notebooks.glob(".*"))


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path):
    """Here below a file."""
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Fix: name another folder"):
        shipped.copied(tmp_path / "file" / "lab")


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """Programs of a fresh environment that holds the wheel, and sees what it depends on."""
    place = tmp_path_factory.mktemp("installed")
    build = ["-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run([sys.executable, *build], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = place.glob("*.whl")
    assert wheel.stat().st_size < MOST_BYTES
    fresh = place / "environment"
    venv.create(fresh, symlinks=os.name != "nt")
    places = {"base": str(fresh), "platbase": str(fresh)}
    purelib = Path(sysconfig.get_path("purelib", "venv", places))
    (purelib / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    programs = Path(sysconfig.get_path("scripts", "venv", places))
    install = ["-m", "pip", "--python", str(programs / "python"), "install", "--no-deps",
               "--no-index", "--quiet", "--disable-pip-version-check", str(wheel)]  # fmt: skip
    subprocess.run([sys.executable, *install], check=True)
    return programs


def environment(tmp_path: Path) -> dict[str, str]:
    """That of a stranger: no path into the checkout, nothing kept from other tests."""
    mine = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "SRELIB_NOTEBOOKS")}
    shared = Path(sysconfig.get_path("data"), "share", "jupyter")  # which a path alone cannot share
    return mine | {
        "SRELIB_CACHE": "",
        "JUPYTER_PATH": str(shared),
        "JUPYTERLAB_DIR": str(shared / "lab"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "run"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
    }


def test_an_installed_wheel_makes_the_report_of_the_sample(installed, tmp_path):
    """In an empty folder, without a checkout."""
    shown = subprocess.run(
        [installed / "srelib", "demo", "--only", "00"], cwd=tmp_path, env=environment(tmp_path),
        capture_output=True, text=True,
    )  # fmt: skip
    assert (shown.returncode, shown.stdout) == (0, f"{Path('reports', 'index.html')}\n")
    assert shown.stderr.splitlines() == ["00_start_here: started", "00_start_here: done"]
    page = (tmp_path / "reports" / "00_start_here.html").read_text("utf-8")
    assert "checkout" in page
    assert str(ROOT) not in page
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]


def test_an_installed_wheel_opens_a_copy_of_its_notebooks(installed, tmp_path):
    """JupyterLab serves them; the folder of the copy is said."""
    arguments = [
        "lab",
        "mine",
        "--no-browser",
        "--port=0",
        "--allow-root",
        "--IdentityProvider.token=t",
    ]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            [installed / "srelib", *arguments], cwd=tmp_path, env=environment(tmp_path), stderr=log
        ) as server,
    ):
        try:
            address = served(tmp_path / "run")
            found = fetched(f"{address}api/contents/notebooks/00_start_here.ipynb")
            page = fetched(f"{address}lab", as_json=False)
        finally:
            server.terminate()
    assert found["content"]["cells"][0]["source"].startswith("# ")
    assert "JupyterLab" in page
    said = (tmp_path / "log").read_text().splitlines()[0]
    assert said == f"These notebooks are yours to change: {tmp_path / 'mine' / 'notebooks'}"


def served(runtime: Path) -> str:
    """Address of the server that writes into a folder that it serves."""
    for _ in range(600):
        for file in runtime.glob("jpserver-*.json"):
            return str(json.loads(file.read_text())["url"])
        time.sleep(0.1)
    raise TimeoutError


def fetched(address: str, *, as_json: bool = True) -> Any:
    """What a server answers to somebody who knows its token."""
    with urllib.request.urlopen(f"{address}?token=t", timeout=60) as answer:
        text = answer.read().decode()
    return json.loads(text) if as_json else text
