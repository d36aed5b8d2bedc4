"""The glossary: its page, and the links where a page first uses a word."""

import re

import pytest

from srelib.report.glossary import linked

LINK = '<a class="term" href="glossary.html#{}">{}</a>'


def terms(html: str) -> list[str]:
    """Words that lead to the glossary."""
    return re.findall(r'<a class="term"[^>]*>([^<]*)</a>', linked(html))


def test_only_the_first_use_is_linked():
    """In any of its forms, written large or small."""
    html = "<p>Error budgets: the error budget is what a target allows. A budget left.</p>"
    assert linked(html) == (
        f"<p>{LINK.format('error-budget', 'Error budgets')}: the error budget is what a "
        f"{LINK.format('target', 'target')} allows. A budget left.</p>"
    )


@pytest.mark.parametrize(
    "html",
    [
        "<h2>Error budget</h2>",
        '<a href="02.html">Error budget</a>',
        "<caption>Error budget</caption>",
        "<code>error budget</code>",
        "<svg><title>Error budget</title></svg>",
        "<head><title>Error budget</title></head>",
        "<pre><span>error budget</span></pre>",
        '<p title="error budget">-</p>',
        "<p>terror budget, error budgeting</p>",
    ],
)
def test_where_no_link_belongs(html):
    """Headings, links, code, drawings, attributes and parts of words stay as they are."""
    assert linked(html) == html


def test_after_what_is_closed_text_is_linked_again():
    """One element inside another of the closed kinds, and void elements among them."""
    html = "<nav><a>SLO</a><br>SLO</nav><p>SLO</p>"
    assert linked(html) == f"<nav><a>SLO</a><br>SLO</nav><p>{LINK.format('objective', 'SLO')}</p>"


def test_p_is_a_word_only_before_its_value():
    """The letter alone is none."""
    assert terms("<p>p, p90 and (p = 0.002)</p>") == ["p"]
    assert terms("<p>p &lt; 0.001</p>") == ["p"]


def test_a_hard_space_is_a_space():
    """As the templates write it."""
    assert terms("<p>its 95&nbsp;% interval</p>") == ["95&nbsp;% interval"]


def test_linking_twice_changes_nothing():
    """Pages that `--only` keeps are linked already."""
    once = linked("<p>A target. Another target, an objective.</p>")
    assert linked(once) == once
