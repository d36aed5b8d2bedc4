"""How a figure shows itself: the same bytes every run, as PNG and as SVG for a page."""

import base64
import io
import re
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from srelib import figures
from srelib.figures import canvas, show
from srelib.fleet import Indicator
from tests.figures.drawn import SHOP, SITE, WINDOW, weekly

TEXT = "{http://www.w3.org/2000/svg}text"


def page(*keys) -> dict:
    """The figure of weekly service levels, for a page."""
    figure = figures.sli.plot_periods({key: weekly(0.02) for key in keys}).figure
    return show.page(figure)[show.PAGE]


def letters(svg: str) -> list[str]:
    """The texts in a drawing."""
    return [one.text for one in ElementTree.fromstring(svg).iter(TEXT)]


def test_png_is_the_same_every_time_and_carries_its_description():
    """Same result, same bytes; twice the pixels of its size on the page."""
    first = show.png(figures.sli.plot_periods({SHOP: weekly(0.02)}).figure)
    second = show.png(figures.sli.plot_periods({SHOP: weekly(0.02)}).figure)
    assert first == second
    assert first[1]["alt"].startswith("Share of bad events per week")
    image = Image.open(io.BytesIO(base64.b64decode(first[0])))
    assert image.size == (2 * first[1]["width"], 2 * first[1]["height"])
    assert not {"Software", "Creation Time"} & set(image.info)


def test_a_page_gets_the_same_drawings_every_time():
    """Same result, same bytes, with nothing of when and by what they were made."""
    assert page(SHOP) == page(SHOP)
    assert "matplotlib" not in page(SHOP)["wide"].replace("matplotlib.axis", "").lower()


def test_title_and_caption_are_text_of_the_page():
    """They are handed over beside the picture, and not in it."""
    shown = page(SHOP)
    assert shown["title"].startswith("shop missed its target in 2 of 2\u00a0weeks")
    assert shown["caption"].startswith("bad share per week, interval; dashed: allowed")
    assert shown["alt"].startswith("Share of bad events per week")
    for kind in ("wide", "narrow"):
        assert not any("missed its target" in text for text in letters(shown[kind]))
        assert "shop" in letters(shown[kind])


def test_on_a_phone_a_figure_is_narrow_and_panels_stand_below_one_another():
    """Drawn anew with the same letters, not made smaller."""
    shown = page(SHOP, SITE)
    sizes = {kind: [float(n) for n in re.search(r'viewBox="0 0 (\S+) (\S+)"', shown[kind]).groups()]
             for kind in ("wide", "narrow")}  # fmt: skip
    assert sizes["wide"][0] == 72 * canvas.WIDTH
    assert sizes["narrow"][0] == pytest.approx(72 * canvas.NARROW)
    assert sizes["narrow"][1] > 1.5 * sizes["wide"][1]


def test_letters_stay_letters_in_any_script():
    """Whoever shows the drawing has the font; the halo behind a name does not make it a shape."""
    key = Indicator("決済 🚀", target=0.99, window=WINDOW)
    assert "決済 🚀" in letters(page(key)["wide"])
    with canvas.on_page(canvas.WIDTH):
        ax = canvas.axes(None)
        ax.text(0, 0, "支払い", path_effects=canvas.halo())
        assert "支払い" in letters(show.svg(ax.figure))


def test_a_point_says_its_values_to_a_pointer():
    """One text for each week of the wide drawing; none for a phone, which has no pointer."""
    shown = page(SHOP)
    [texts] = shown["names"].values()
    assert texts[0] == (
        "shop, from 1\u00a0June\u00a02026: 2.0\u00a0% bad (1.9\u00a0% to 2.1\u00a0%)"
    )
    [name] = shown["names"]
    assert f'id="{name}"' in shown["wide"]
    assert f'id="{name}"' not in shown["narrow"]


def test_where_there_is_nothing_to_draw_the_page_gets_a_sentence():
    """No empty picture."""
    assert show.page(figures.sli.plot_periods({}).figure) == {
        show.PAGE: {"reason": figures.sli.NOTHING}
    }


def test_long_names_of_rows_are_broken_on_a_phone():
    """They leave room for what is drawn."""
    ax = plt.figure().add_subplot()
    long = "a service whose name is long and says what it is for"
    canvas.name_rows(ax, [long])
    assert show._wrap(ax)
    [label] = ax.get_yticklabels()
    assert label.get_text().replace("\n", " ") == long
    assert max(canvas.text_width(line, 8.5) for line in label.get_text().split("\n")) <= 140


def test_a_figure_of_ones_own_is_left_to_its_png():
    """What no function of the suite drew cannot be drawn again."""
    assert show.page(canvas.axes(None).figure) == {}


def test_a_quick_picture_is_described_and_its_figure_closed():
    """Names in its alternative text stay text; nothing is left open."""
    before = plt.get_fignums()
    shown = show.picture(canvas.describe(canvas.axes(None), 'of "<b>shop"'))
    assert shown.startswith('<img alt="of &quot;&lt;b&gt;shop&quot;" style="width: 792px')
    assert plt.get_fignums() == before
