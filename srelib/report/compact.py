"""A drawing in fewer bytes: no superfluous digit, point, clip or repetition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, pairwise
from xml.etree.ElementTree import Element

USUAL_SIZE = "8.5"
"""Size of letters where nothing is said."""

_SILENT = {
    ("font-weight", "400"), ("stroke-dasharray", "none"), ("text-anchor", "start"),
    ("font-size", USUAL_SIZE), ("stroke-linejoin", "round"), ("stroke-linecap", "butt"),
    ("transform", ""),
}  # fmt: skip
"""What is so where nothing is said."""

_OWN = {"path": {"d"}, "use": {"href", "x", "y"}}
"""What differs between shapes of one look."""

CLOSE = 0.06
"""How far from a straight line a point may lie to be left out [points of type]."""


def short(name: str, value: str, tag: str) -> str:
    """A value without superfluous digits; empty where it says nothing."""
    if name == "transform" and re.fullmatch(r"rotate\(-?0 [^)]*\)", value):
        return ""
    if name == "d":
        return _path(value)
    digits = 2 if tag == "pattern" or name == "stroke-width" else 1
    text = re.sub(r"-?\d+\.\d+", lambda found: _number(float(found[0]), digits), value)
    text = text.removesuffix("px")
    return "" if (name, text) in _SILENT else text


def _number(value: float, digits: int = 1) -> str:
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _path(d: str) -> str:
    """A path of straight lines by steps; one of curves with fewer digits."""
    if re.search(r"[^MLzZ\d\s.eE+-]", d):
        text = re.sub(r"-?\d+\.\d+", lambda found: _number(float(found[0]), 2), d)
        return re.sub(r"\s*([A-Za-z])\s*", r"\1", " ".join(text.split()))
    digits = 2 if len(d) < 60 and "z" not in d else 1
    return "".join(_steps(part, digits) for part in re.findall(r"M[^M]*", d))


def _steps(part: str, digits: int) -> str:
    """One line: where it begins, and how it goes on from point to point."""
    rounded = [round(float(n), digits) for n in re.findall(r"[-+\d.eE]+", part)]
    points = _straightened([complex(*xy) for xy in zip(rounded[::2], rounded[1::2], strict=True)])
    text = f"M{_number(points[0].real, digits)} {_number(points[0].imag, digits)}"
    for before, here in pairwise(points):
        step = here - before
        dx, dy = _number(step.real, digits), _number(step.imag, digits)
        text += f"v{dy}" if dx == "0" else f"h{dx}" if dy == "0" else f"l{dx} {dy}"
    return re.sub(r" (?=-)", "", text) + ("z" if part.rstrip()[-1] in "zZ" else "")


def _straightened(points: list[complex]) -> list[complex]:
    """Without points that lie between their neighbors."""
    kept = points[:1]
    for here, after in pairwise(points[1:]):
        if not _between(kept[-1], here, after):
            kept.append(here)
    return kept + points[1:][-1:]


def _between(a: complex, b: complex, c: complex) -> bool:
    way = c - a
    length = (way.real**2 + way.imag**2) ** 0.5
    if not length:
        return a == b
    turned = (b - a) * way.conjugate()
    return abs(turned.imag) / length <= CLOSE and 0 <= turned.real / length <= length


def shrink(root: Element) -> None:
    """Let go of clips that cut nothing and of what is not used; draw equals together."""
    clips = {clip.get("id"): clip[0] for clip in root.iter("clipPath") if len(clip) == 1}
    for path in root.iter("path"):
        clip = clips.get(path.get("clip-path", "")[5:-1])
        if clip is not None and clip.tag == "rect" and _is_within(path, clip):
            del path.attrib["clip-path"]
    for parent in list(root.iter()):
        children = list(parent)
        for child in children:
            parent.remove(child)
        parent.extend(_together(children))
    values = [value for one in root.iter() for name, value in one.items() if name != "id"]
    used = set(re.findall(r"#(\w+)", " ".join(values)))
    for parent in reversed(list(root.iter())):
        for child in list(parent):
            unused = child.tag in ("clipPath", "pattern") and child.get("id") not in used
            if unused or (child.tag in ("defs", "g") and not len(child)):
                parent.remove(child)


def _is_within(path: Element, rectangle: Element) -> bool:
    points = [] if "transform" in path.attrib else _points(path.get("d", ""))
    x, y, wide, tall = (float(rectangle.get(key, "0")) for key in ("x", "y", "width", "height"))
    return bool(points) and all(
        x - 0.1 <= across <= x + wide + 0.1 and y - 0.1 <= down <= y + tall + 0.1
        for across, down in points
    )


def _points(d: str) -> list[tuple[float, float]]:
    """The points of a path as `_steps` writes it; none of one with curves."""
    points, x, y = [], 0.0, 0.0
    for letter, rest in re.findall(r"([A-Za-z])([^A-Za-z]*)", d):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", rest)]
        if letter == "M":
            x, y = numbers
        elif letter in "hvl":
            dx, dy = {"h": [*numbers, 0.0], "v": [0.0, *numbers], "l": numbers}[letter]
            x, y = x + dx, y + dy
        elif letter != "z":
            return []
        points.append((x, y))
    return points


def _look(element: Element) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What shapes that can be drawn together have in common; else something of its own."""
    own = _OWN.get(element.tag)
    if own is None or "id" in element.attrib or len(element):
        return element.tag, (("", str(id(element))),)
    return element.tag, tuple(item for item in element.items() if item[0] not in own)


def _together(children: list[Element]) -> Iterator[Element]:
    for (tag, look), run in groupby(children, key=_look):
        shapes = list(run)
        if len(shapes) == 1 or tag not in _OWN:
            yield from shapes
        elif tag == "path" and not any("opacity" in name for name, _ in look):
            yield Element("path", {"d": "".join(one.attrib["d"] for one in shapes), **dict(look)})
        else:
            group = Element("g", dict(look))
            for one in shapes:
                group.append(Element(tag, {k: v for k, v in one.items() if k in _OWN[tag]}))
            yield group
