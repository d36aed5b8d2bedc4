"""The project as a whole: dependencies in step, imports that point down, nothing left behind."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import srelib

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "srelib"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

# From the bottom to the top; a module may import only what stands before it.
# sli and budget stand below dataset, whose `slo_counts` uses both.
ORDER = [
    "notebook", "errors", "cache", "shipped", "questions", "wording", "tables", "shown",
    "annotations", "schema", "windows", "recurring", "marks", "stats", "fleet", "events",
    "series", "states", "slos", "condition", "sources", "readers", "rollup", "web", "hosting",
    "collect", "sli", "budget", "delivery", "incidents", "alerts", "prometheus", "tradeoff",
    "policy", "targets", "decisions", "folder", "dataset", "quality", "objectives", "changes",
    "simulate", "partitioned", "figures", "findings", "explore", "report", "options", "terminal",
    "cli_collect", "cli",
]  # fmt: skip

SLOW = ("scipy", "duckdb", "matplotlib", "nbconvert", "pydantic", "yaml")

UNLOCKED = {"pyspark"}
"""Brought by who has a cluster: 400 MB, which no test needs."""

CONDA_NAMES = {
    "duckdb": "python-duckdb",
    "matplotlib": "matplotlib-base",
    "tzdata": "python-tzdata",
}


def project() -> dict:
    """The [project] table of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def declared() -> list[Requirement]:
    """Every dependency of pyproject.toml, extras included."""
    extras = project()["optional-dependencies"].values()
    lines = [line for group in (project()["dependencies"], *extras) for line in group]
    return [one for one in map(Requirement, lines) if one.name not in UNLOCKED]


def locked() -> dict[str, tuple[str, list[str]]]:
    """Version and hashes of every package of requirements.lock."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = {}
    for line in lines:
        requirement, *hashes = line.split(" --hash=")
        name, version = requirement.split(";")[0].strip().split("==")
        found[canonicalize_name(name)] = (version, [part.strip() for part in hashes])
    return found


def conda() -> tuple[list[str], list[str]]:
    """What environment.yml asks of conda, and of pip."""
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = (entry["pip"] for entry in listed if isinstance(entry, dict))
    return [entry for entry in listed if isinstance(entry, str)], pip


def module_name(path: Path) -> str:
    """Dotted name of a module file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


KNOWN = {module_name(path) for path in MODULES}


def imports(path: Path, *, types: bool = True) -> Iterator[str]:
    """Dotted names a module imports anywhere, inside functions too; for types where asked."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guards = [
        n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test)
    ]
    skipped = set() if types else {id(n) for guard in guards for n in ast.walk(guard)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in KNOWN else node.module


def layer(name: str) -> str:
    """The part of srelib a dotted name belongs to; empty for srelib itself."""
    return name.split(".")[1] if "." in name else ""


def own_imports(path: Path, *, types: bool = True) -> set[str]:
    """Modules of srelib a module imports."""
    return {name for name in imports(path, types=types) if name.split(".")[0] == "srelib"}


def tracked() -> list[Path]:
    """Text files under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:4096]]


# Dependencies


def test_the_lock_holds_every_dependency_in_its_range():
    """Each dependency is pinned, to a version pyproject.toml allows."""
    pins = locked()
    wrong = [
        str(requirement)
        for requirement in declared()
        if pins.get(canonicalize_name(requirement.name), ("",))[0] not in requirement.specifier
    ]
    assert wrong == []


def test_every_pin_has_hashes():
    """A package is only installed when its bytes are the known ones."""
    hashes = {name: found for name, (_, found) in locked().items()}
    assert len(hashes) > len(declared())
    sha = re.compile(r"sha256:[0-9a-f]{64}")
    assert [n for n, h in hashes.items() if not h or not all(map(sha.fullmatch, h))] == []


def test_the_lock_names_no_index():
    """Where packages come from is for each machine to say."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.findall(r"https?://|--\S*index\S*|--find-links|--trusted-host| @ ", text) == []


def test_conda_asks_for_the_same_packages():
    """environment.yml has python and every runtime dependency in the range of pyproject.toml."""
    wanted = [Requirement(line) for line in project()["dependencies"]]
    same = [f"{CONDA_NAMES.get(one.name, one.name)}{one.specifier}" for one in wanted]
    listed, _ = conda()
    assert sorted(listed) == sorted([f"python{project()['requires-python']}", "pip", *same])


def test_conda_installs_srelib_with_its_tests_through_pip():
    """What only tests need comes from the extra, so that it is written down once."""
    assert conda()[1] == ["-e .[test]"]


def installed_with(names: set[str]) -> set[str]:
    """Packages, and the ones each of them always brings along."""
    brought = (Requirement(line) for name in names for line in requires(name) or ())
    return names | {canonicalize_name(one.name) for one in brought if "extra" not in str(one)}


def test_every_import_is_a_declared_dependency():
    """The package imports what pyproject.toml installs, or what that always brings along.

    PySpark is declared, and not installed here.
    """
    extras = project()["optional-dependencies"]
    lines = project()["dependencies"] + extras["explore"] + extras["rollup"]
    declared_names = {canonicalize_name(Requirement(line).name) for line in lines}
    there, owners = installed_with(declared_names), packages_distributions()
    roots = {name.split(".")[0] for path in MODULES for name in imports(path)}
    spark = {Requirement(line).name for line in extras["spark"]}
    foreign = roots - set(sys.stdlib_module_names) - {"srelib"} - spark
    unknown = {n for n in foreign if not {canonicalize_name(o) for o in owners.get(n, [])} & there}
    assert unknown == set()


# Structure


def test_every_module_has_its_place_in_the_order():
    """A new part of the package is put into ORDER before anything imports it."""
    parts = {layer(module_name(path)) for path in MODULES} - {"", "__main__"}
    assert sorted(parts - set(ORDER)) == []


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.stem != "__main__" and layer(module_name(path))],
    ids=module_name,
)
def test_imports_point_down(path):
    """A module imports only parts below its own, inside functions and for types too."""
    own = layer(module_name(path))
    allowed = {"", *ORDER[: ORDER.index(own) + 1]}
    assert sorted(name for name in own_imports(path) if layer(name) not in allowed) == []


def test_figures_and_findings_do_not_know_each_other():
    """A sentence never needs a drawing, nor a drawing a sentence."""
    findings = [path for path in MODULES if layer(module_name(path)) == "findings"]
    assert [p.name for p in findings if "figures" in {layer(n) for n in own_imports(p)}] == []


def test_no_imports_run_in_a_circle():
    """No module reaches itself again through what it imports when it runs."""
    below = [path for path in MODULES if path != PACKAGE / "__init__.py"]
    edges = {module_name(path): own_imports(path, types=False) for path in below}
    state: dict[str, str] = {}

    def visit(name: str, path: tuple[str, ...]) -> list[str]:
        if state.get(name) == "open":
            return [" -> ".join([*path[path.index(name) :], name])]
        if name in state:
            return []
        state[name] = "open"
        found = [c for n in sorted(edges.get(name, ())) for c in visit(n, (*path, name))]
        state[name] = "done"
        return found

    assert [circle for name in sorted(edges) for circle in visit(name, ())] == []


def test_only_figures_import_matplotlib():
    """Measures and sentences work without drawing anything."""
    users = [
        module_name(path)
        for path in MODULES
        if any(name.split(".")[0] == "matplotlib" for name in imports(path))
    ]
    assert [name for name in users if layer(name) != "figures"] == []


def test_importing_srelib_loads_nothing_slow():
    """`import srelib` costs what pandas costs."""
    code = f"import sys, srelib; print([n for n in {SLOW!r} if n in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ran.stdout.strip() == "[]"


# Words


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Functions, methods and classes of a module outside functions and private classes."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not _is_overload(node):
                yield node
            if not isinstance(node, FUNCTIONS) and not _is_private_class(node):
                waiting.append(node)


def _is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "overload" for d in node.decorator_list)


def _is_private_class(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and node.name.startswith("_")


def without_docstring(paths: list[Path], chosen: str) -> list[str]:
    """Places of functions and classes whose name fits and that say nothing about themselves."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in paths
        for node in functions(path)
        if re.match(chosen, node.name) and not ast.get_docstring(node)
    ]


def test_every_test_says_what_it_shows():
    """Each test function has a docstring that states the behavior."""
    assert without_docstring(TESTS, "test_") == []


def test_everything_public_is_explained():
    """Each public function, method and class of the package has a docstring."""
    assert without_docstring(MODULES, "(?!_)") == []


def test_every_module_says_what_it_is_for():
    """Each file of the package that holds anything opens with a docstring."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
    assert [p.name for p, tree in trees.items() if tree.body and not ast.get_docstring(tree)] == []


def test_the_changelog_has_a_place_for_the_next_change():
    """CHANGELOG.md keeps an Unreleased heading above the releases."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[0].strip("[]") == "Unreleased"


PATHS = re.compile(
    r"(?<![\w.:/~-])/(?:work|root|mnt|opt)/\w|(?<![\w.])/(?:home|Users)/(?!me\b)\w"
    r"|\b[A-Z]:\\+Users"
)
REGISTRIES = re.compile(r"pypi\.[o]rg|python[h]osted|--(?:extra-)?index-[u]rl|/[s]imple/")


def test_no_tracked_file_names_a_machine_or_a_registry():
    """What is here works on any machine: no absolute paths, no package registry."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        for pattern in (PATHS, REGISTRIES)
        for match in pattern.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_nothing_is_left_for_later():
    """No marker of unfinished work stays in the tree."""
    marker = re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X)\b")
    text = {path: path.read_text(encoding="utf-8", errors="replace") for path in tracked()}
    assert [str(path.relative_to(ROOT)) for path in text if marker.search(text[path])] == []


# Shape: tests, files, names


MOST_LINES = 500


def test_no_file_is_too_long_to_read():
    """A file that grows past 500 lines holds two questions."""
    lines = {
        module_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES
    }
    assert {name: n for name, n in lines.items() if n > MOST_LINES} == {}


def test_no_two_classes_share_a_name():
    """A result is known by its name alone, wherever it is made."""
    owners: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                owners.setdefault(node.name, []).append(module_name(path))
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


SUBJECTS = ["srelib", *(f"srelib.{name}" for name in sorted(srelib._SUBMODULES))]
"""What a user may write after `import srelib`."""


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_face_shows_what_a_user_may_call_and_nothing_else(name):
    """`__all__` says what is public; `dir()` shows just that."""
    module = importlib.import_module(name)
    shown = {one for one in dir(module) if not one.startswith("_")}
    assert shown == {one for one in module.__all__ if not one.startswith("_")}


OTHER_TESTS = {
    "fuzz": "of what happens to any bytes at all",
    "notebooks": "of files that are no modules",
    "pages": "of the report on the sample, in a browser",
    "realdata": "of exports that are not here",
    "validity": "of what intervals claim, by make validity",
    "whole": "of the way from files to an answer",
}
"""Folders of tests that mirror no module, and what they are of."""

UNTESTED = {
    "srelib": "loads its parts on first use, which this file tests",
    "srelib.__main__": "run by tests/test_cli.py",
    "srelib.options": "declarations that tests/test_cli.py runs",
    "srelib.terminal": "what the commands of tests/test_cli.py print and write",
    "srelib.schema": "models that srelib.slos and srelib.sources fill",
}
"""Modules with functions but without a test file of their own, and why."""


def mirrored(path: Path) -> Path:
    """The test file of a module; that of a folder's `__init__` has the name of the folder."""
    inner = path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else ROOT)
    if path.stem == "__init__":
        return ROOT / "tests" / inner.parent.parent / f"test_{path.parent.name}.py"
    return ROOT / "tests" / inner.parent / f"test_{path.stem}.py"


def test_every_test_file_has_its_module():
    """The test of srelib/x/y.py is tests/x/test_y.py."""
    known = {mirrored(path) for path in (*MODULES, ROOT / "data" / "make_sample.py")}
    tests = [path for path in TESTS if path.name.startswith("test_") and path != Path(__file__)]
    strays = [
        str(path.relative_to(ROOT))
        for path in tests
        if path.parent.name not in OTHER_TESTS and path not in known
    ]
    assert strays == []


def test_every_module_has_its_test_file():
    """What has a function has a test, where one looks for it."""
    lacking = [
        module_name(path)
        for path in MODULES
        if any(
            isinstance(node, FUNCTIONS) and node.name != "__dir__"
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
        )
        and not mirrored(path).exists()
    ]
    assert sorted(set(lacking) - set(UNTESTED)) == []


def test_every_test_file_holds_a_test():
    """An empty file in its place is no test of a module."""
    empty = [
        str(path.relative_to(ROOT))
        for path in TESTS
        if path.name.startswith("test_")
        and not any(
            isinstance(node, FUNCTIONS) and node.name.startswith("test_")
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
        )
    ]
    assert empty == []
