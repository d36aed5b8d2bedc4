"""A drawing in fewer bytes: no superfluous digit, point, clip or repetition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple
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


class _Box(NamedTuple):
    """Left, top, right and bottom of what is drawn."""

    left: float
    top: float
    right: float
    bottom: float


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
    numbers = [float(n) for n in re.findall(r"[-+\d.eE]+", part)]
    rounded = [round(n, digits) for n in numbers]
    points = _straightened(list(zip(rounded[::2], rounded[1::2], strict=True)))
    text, before = f"M{_number(points[0][0], digits)} {_number(points[0][1], digits)}", points[0]
    for x, y in points[1:]:
        dx, dy = (_number(b - a, digits) for a, b in zip(before, (x, y), strict=True))
        text += f"v{dy}" if dx == "0" else f"h{dx}" if dy == "0" else f"l{dx} {dy}"
        before = (x, y)
    return re.sub(r" (?=-)", "", text) + ("z" if part.rstrip()[-1] in "zZ" else "")


def _straightened(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without points that lie between their neighbors."""
    kept = points[:1]
    for here, after in zip(points[1:], [*points[2:], None], strict=False):
        if after is None or not _between(kept[-1], here, after):
            kept.append(here)
    return kept


def _between(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    across = (c[0] - a[0], c[1] - a[1])
    length = (across[0] ** 2 + across[1] ** 2) ** 0.5
    if not length:
        return a == b
    off = abs(across[0] * (b[1] - a[1]) - across[1] * (b[0] - a[0])) / length
    along = (across[0] * (b[0] - a[0]) + across[1] * (b[1] - a[1])) / length
    return off <= CLOSE and 0 <= along <= length


def shrink(root: Element) -> None:
    """Let go of clips that cut nothing and of what is not used; draw equals together."""
    clips = {clip.get("id"): _box(clip) for clip in root.iter("clipPath")}
    for one in list(root.iter()):
        clip = clips.get(one.get("clip-path", "")[5:-1])
        own = _box(one) if one.tag == "path" and clip else None
        if clip and own and _holds(clip, own):
            del one.attrib["clip-path"]
    for parent in list(root.iter()):
        children = list(parent)
        for child in children:
            parent.remove(child)
        parent.extend(_together(children))
    _drop_unused(root)


def _box(element: Element) -> _Box | None:
    """The corners of a rectangle, or of a path of straight lines."""
    if element.tag == "clipPath":
        boxes = [_box(child) for child in element]
        return boxes[0] if len(boxes) == 1 else None
    if element.tag == "rect":
        x, y, wide, tall = (float(element.get(key, "0")) for key in ("x", "y", "width", "height"))
        return _Box(x, y, x + wide, y + tall)
    if "transform" in element.attrib or not (points := _points(element.get("d", ""))):
        return None
    xs, ys = zip(*points, strict=True)
    return _Box(min(xs), min(ys), max(xs), max(ys))


def _points(d: str) -> list[tuple[float, float]]:
    """The points of a path as `_steps` writes it."""
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


def _holds(outer: _Box, inner: _Box) -> bool:
    return (
        outer.left - 0.1 <= inner.left
        and outer.top - 0.1 <= inner.top
        and inner.right <= outer.right + 0.1
        and inner.bottom <= outer.bottom + 0.1
    )


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


def _drop_unused(root: Element) -> None:
    """Let go of what is defined and not used."""
    values = [value for one in root.iter() for name, value in one.items() if name != "id"]
    used = set(re.findall(r"#(\w+)", " ".join(values)))
    for parent in reversed(list(root.iter())):
        for child in list(parent):
            unused = child.tag in ("clipPath", "pattern") and child.get("id") not in used
            if unused or (child.tag in ("defs", "g") and not len(child)):
                parent.remove(child)
