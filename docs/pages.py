"""Pages of the site that lie elsewhere in the tree, and links as they are there (mkdocs hooks)."""

import os
import re
from pathlib import Path

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    "srelib/starter/README.md": "every-month.md",
    "srelib/report/glossary.md": "glossary.md",
    "data/README.md": "sample-data.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#]+)")


def on_files(files: Files, config) -> Files:
    """Add those pages, the licence, and the report in the folder that SRELIB_REPORT names."""
    for source, target in PAGES.items():
        text = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, target, content=LINK.sub(_there, text)))
    files.append(File.generated(config, "LICENSE.txt", content=(ROOT / "LICENSE").read_text()))
    report = Path(os.environ.get("SRELIB_REPORT", ROOT / "reports"))
    for path in sorted(report.glob("*.*")):
        name = f"report/{path.name}"
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def _there(link: re.Match[str]) -> str:
    path = link[1]
    if path.startswith("notebooks/"):
        return f"report/{Path(path).stem}.html"
    return PAGES.get(path) or ("LICENSE.txt" if path == "LICENSE" else path.removeprefix("docs/"))
