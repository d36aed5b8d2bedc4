"""A drawing takes fewer bytes and looks the same."""

from xml.etree import ElementTree

import pytest

from srelib.report import compact


def shrunk(inside: str) -> str:
    """A drawing after it was shrunk, without its outermost element."""
    root = ElementTree.fromstring(f"<svg>{inside}</svg>")
    compact.shrink(root)
    return (
        ElementTree.tostring(root, encoding="unicode").removeprefix("<svg>").removesuffix("</svg>")
    )


@pytest.mark.parametrize(("given", "wanted"), [
    ("M 0 0 \nL 10.04 0 \nL 10.04 5.5 \nz\n", "M0 0h10v5.5z"),
    ("M 1.04 2 \nL 3 4 \nL 5 6 \nL 7 3 \nz", "M1 2l4 4l2-3z"),
    ("M 0 0 L 5 0 M 0 3 L 5 3", "M0 0h5M0 3h5"),
    ("M 0 1.5 C 0.397805 1.5 0.779 1.34 1.06 1.06 z", "M0 1.5C0.4 1.5 0.78 1.34 1.06 1.06z"),
])  # fmt: skip
def test_paths_go_by_steps_without_points_on_the_way(given, wanted):
    """What lies between its neighbors is left out, curves keep two digits."""
    assert compact.short("d", given, "path") == wanted


def test_steps_do_not_drift():
    """A long line ends where it did, however its points are rounded."""
    points = [(i * 0.37, (i * i) % 7 * 0.33) for i in range(2000)]
    d = "M " + " L ".join(f"{x} {y}" for x, y in points)
    [*_, (x, y)] = compact._points(compact.short("d", d, "path"))
    assert (x, y) == (pytest.approx(points[-1][0], abs=0.1), pytest.approx(points[-1][1], abs=0.1))


def test_what_is_usual_is_not_said():
    """Letters of the usual size, a turn by nothing, a line without dashes."""
    assert compact.short("font-size", "8.5px", "text") == ""
    assert compact.short("font-size", "11px", "text") == "11"
    assert compact.short("transform", "rotate(-0 3.2 4.1)", "text") == ""
    assert compact.short("transform", "rotate(-90 3.24 4)", "text") == "rotate(-90 3.2 4)"
    assert compact.short("x", "-0.01", "text") == "0"


CLIP = '<defs><clipPath id="c"><rect x="0" y="0" width="10" height="10" /></clipPath></defs>'


def test_a_clip_that_cuts_nothing_is_let_go():
    """One that cuts stays, with its definition."""
    inside = '<path clip-path="url(#c)" d="M1 1h5" stroke="x" />'
    across = '<path clip-path="url(#c)" d="M1 1h50" stroke="y" />'
    assert shrunk(CLIP + inside) == '<path d="M1 1h5" stroke="x" />'
    assert shrunk(CLIP + across) == CLIP + across


def test_shapes_of_one_look_are_drawn_together():
    """As one path, unless what overlaps would then look different."""
    assert shrunk('<path d="M1 1h5" fill="x" /><path d="M2 2h5" fill="x" />') == (
        '<path d="M1 1h5M2 2h5" fill="x" />'
    )
    apart = '<path d="M1 1h5" opacity="0.5" /><path d="M2 2h5" opacity="0.5" />'
    assert shrunk(apart).count("<path") == 2
    marks = '<use fill="x" href="#a" x="1" y="1" /><use fill="x" href="#b" x="2" y="2" />'
    assert shrunk(marks) == marks.replace(' fill="x"', "").join(['<g fill="x">', "</g>"])


def test_what_follows_is_still_drawn_above():
    """Shapes of one look are not drawn together across others."""
    order = '<path d="M1 1h5" fill="x" /><path d="M2 2h5" fill="y" /><path d="M3 3h5" fill="x" />'
    assert shrunk(order) == order
