"""A figure as part of a page: its SVG rebuilt from what is known to be harmless.

Names in it come from exports. So nothing is passed on but shapes and text, with attributes whose
values have a known form: nothing that runs, loads, links or styles. Colors become those of the
page, which are others in the dark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from markupsafe import Markup, escape

from srelib.report import compact
from srelib.report.compact import USUAL_SIZE

SHAPES = frozenset(
    {"svg", "g", "defs", "clipPath", "pattern", "path", "rect", "circle", "line", "use", "text"}
)
NUMBER = r"[-+\d.eE]+"
COLOR = re.compile(r"#[0-9a-fA-F]{6}|none")
VALUES = {
    **dict.fromkeys(
        ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "opacity",
         "fill-opacity", "stroke-opacity", "stroke-width", "font-weight"),
        re.compile(NUMBER),
    ),
    "font-size": re.compile(rf"{NUMBER}(px)?"),
    "d": re.compile(r"[MmLlHhVvCcSsQqTtAaZz\d\s.,eE+-]*"),
    "transform": re.compile(r"((rotate|translate|scale|matrix)\([-+\d.eE ,]*\)\s*)*"),
    "viewBox": re.compile(rf"({NUMBER}\s*){{4}}"),
    "stroke-dasharray": re.compile(r"[\d.,\s]+|none"),
    "stroke-linecap": re.compile("butt|round|square"),
    "stroke-linejoin": re.compile("miter|round|bevel"),
    "text-anchor": re.compile("start|middle|end"),
    "font-style": re.compile("normal|italic"),
    "patternUnits": re.compile("userSpaceOnUse"),
}  # fmt: skip
"""Attributes that are kept, and the form their values must have."""

HUES = {
    "blue": (0, 114, 178), "vermillion": (213, 94, 0), "green": (0, 158, 115),
    "purple": (204, 121, 167), "deep": (0, 77, 133),
}  # fmt: skip
"""Colors of figures by the name of the page's own."""

LETTERS = {"vermillion": "bad", "green": "good", "purple": "plum"}
"""What letters of these colors have instead, for contrast."""

GREY, INK = 10, 0x1F
"""Largest difference of channels that counts as grey; the page's black in the light."""

QUIET = round(100 * (255 - 0x59) / (255 - INK))
"""Share of black in the grey of axes and notes [percent]."""


class Drawings:
    """The figures of one page, whose ids differ."""

    def __init__(self) -> None:
        self._figures = 0

    def html(self, figure: Mapping[str, Any]) -> Markup:
        """A figure with its title and caption, or the reason why there is none."""
        if reason := figure.get("reason"):
            return Markup('<p class="notes">{}</p>').format(reason)
        self._figures += 1
        title = Markup("<strong>{}</strong>").format(figure["title"])
        caption = Markup("<span>{}</span>").format(figure["caption"]) if figure["caption"] else ""
        drawn = Markup("").join(
            _Copy(f"f{self._figures}{kind[0]}", figure["names"]).html(
                figure[kind], f'class="{kind}" role="img" aria-label="{escape(figure["alt"])}"'
            )
            for kind in ("wide", "narrow")
        )
        return Markup("<figure><figcaption>{}{}</figcaption>{}</figure>").format(
            title, caption, drawn
        )


class _Copy:
    """One drawing, copied with ids of its own."""

    def __init__(self, prefix: str, names: Mapping[str, list[str]]) -> None:
        self._prefix, self._names = prefix, names
        self._ids: dict[str, str] = {}

    def html(self, source: str, attributes: str) -> Markup:
        if "<!ENTITY" in source:
            return Markup("")
        root = ElementTree.fromstring(source)
        for element in root.iter():
            if name := element.get("id"):
                self._ids[name] = f"{self._prefix}{len(self._ids)}"
        [copy] = self._copied(root)
        copy.attrib = {"viewBox": copy.attrib["viewBox"], "font-size": USUAL_SIZE}
        compact.shrink(copy)
        text = ElementTree.tostring(copy, encoding="unicode")
        return Markup(text.replace("<svg", f"<svg {attributes}", 1))

    def _copied(self, element: Element) -> Iterator[Element]:
        """The element if it is a shape; of a group that says nothing, its children."""
        tag = element.tag.rpartition("}")[2]
        if tag not in SHAPES:
            return
        known = self._attributes(element, tag)
        copy = Element(tag, {name: value for name, value in known if value})
        if tag == "use" and "href" not in copy.attrib:
            return
        if tag == "text":
            copy.text = "".join(element.itertext())
        children = [one for child in element for one in self._copied(child)]
        if texts := self._names.get(element.get("id", "")):
            children = list(_named(children, texts))
        plain = tag == "path" and "id" not in copy.attrib  # neither inside nor line: invisible
        if tag == "g" and not copy.attrib:
            yield from children
        elif not (plain and copy.get("fill") == "none" and "stroke" not in copy.attrib):
            copy.extend(children)
            yield copy

    def _attributes(self, element: Element, tag: str) -> Iterator[tuple[str, str]]:
        given = {name.rpartition("}")[2]: value for name, value in element.items()}
        pairs = (part.partition(":") for part in given.pop("style", "").split(";"))
        given |= {name.strip(): value.strip() for name, _, value in pairs if value}
        if given.get("id") == "halo":
            yield "class", "halo"
        for name, value in sorted(given.items()):
            if name == "id" and tag not in ("g", "svg"):
                yield name, self._ids[value]
            elif name == "href" and value[:1] == "#" and value[1:] in self._ids:
                yield name, f"#{self._ids[value[1:]]}"
            elif name in ("clip-path", "fill", "stroke"):
                yield from self._paint(name, value, tag)
            elif name in VALUES and VALUES[name].fullmatch(value):
                yield name, compact.short(name, value, tag)

    def _paint(self, name: str, value: str, tag: str) -> Iterator[tuple[str, str]]:
        if own := re.fullmatch(r"url\(#([\w.-]+)\)", value):
            if own[1] in self._ids:
                yield name, f"url(#{self._ids[own[1]]})"
        elif name != "clip-path" and COLOR.fullmatch(value):
            yield name, value if value == "none" else color(value, letters=tag == "text")


def _named(points: list[Element], texts: list[str]) -> Iterator[Element]:
    """Invisible points, each with its text; none where they do not match."""
    uses = [use for point in points for use in point.iter("use")]
    for point in points:
        if point.tag == "defs":
            yield point
    for use, text in zip(uses, texts, strict=True) if len(uses) == len(texts) else ():
        copy = Element("use", {k: v for k, v in use.items() if k in ("href", "x", "y")})
        copy.set("class", "hover")
        title = Element("title")
        title.text = text
        copy.append(title)
        yield copy


def color(value: str, *, letters: bool = False) -> str:
    """A color as a mixture of the page's: of its black and white, or of a hue and its white."""
    red, green, blue = (int(value[i : i + 2], 16) for i in (1, 3, 5))
    if max(red, green, blue) - min(red, green, blue) <= GREY:
        return _mixed("ink", (255 - red) / (255 - INK))
    name, share, miss = min(
        ((name, *_fit((red, green, blue), hue)) for name, hue in HUES.items()), key=lambda f: f[2]
    )
    if miss > 30:
        return value
    return _mixed(LETTERS.get(name, name) if letters else name, share)


def _fit(value: tuple[int, int, int], hue: tuple[int, int, int]) -> tuple[float, float]:
    """How much of a hue, the rest white, comes nearest to a color, and how near."""
    depth, wanted = ([255 - c for c in one] for one in (hue, value))
    share = sum(a * b for a, b in zip(depth, wanted, strict=True)) / sum(a * a for a in depth)
    share = min(max(share, 0.0), 1.0)
    return share, sum((share * a - b) ** 2 for a, b in zip(depth, wanted, strict=True)) ** 0.5


def _mixed(name: str, share: float) -> str:
    percent = round(100 * share)
    if percent >= 97:
        return f"var(--{name})"
    if percent <= 0:
        return "var(--page)"
    if (name, percent) == ("ink", QUIET):
        return "var(--grey)"
    return f"color-mix(in srgb,var(--{name}) {percent}%,var(--page))"
