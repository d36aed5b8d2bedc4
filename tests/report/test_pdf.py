"""Pages as PDF, with a real browser and without one."""

import stat

import pytest

from srelib.errors import InputError
from srelib.report import pdf


@pytest.mark.browser
def test_every_page_is_printed_beside_itself(browser, tmp_path):
    """As PDF, whatever its name."""
    for name in ("index", "service-a b"):
        (tmp_path / f"{name}.html").write_text(f"<title>{name}</title><p>Budget left</p>")
    pdf.printed(tmp_path, by=pdf.browser())
    for name in ("index", "service-a b"):
        assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF-"), name


def test_without_a_browser_the_run_is_refused(monkeypatch):
    """With what to do instead."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(pdf, "BROWSERS", ("chromium",))
    with pytest.raises(InputError, match="prints the pages as PDF") as refused:
        pdf.browser()
    assert "leave out --format pdf" in str(refused.value)


def test_a_browser_that_fails_is_named_with_its_last_word(tmp_path):
    """And no page passes as printed."""
    broken = tmp_path / "chrome"
    broken.write_text("#!/bin/sh\necho 'cannot open display' >&2\nexit 3\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "index.html").write_text("<p>x</p>")
    with pytest.raises(InputError, match="cannot open display"):
        pdf.printed(tmp_path, by=str(broken))
