"""YAML files as documents that know the line of every key.

Safe loading only: no tags that build objects.
Dates stay text, a key written twice is refused, and merging cannot blow up.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from srelib import schema
from srelib.errors import ParameterError, SloError
from srelib.slos.model import Origin, _target_fix
from srelib.windows import Window

Place = tuple[str | int, ...]

MAX_BYTES = 10_000_000


@dataclass(frozen=True)
class YamlDocument:
    """One YAML document."""

    file: str
    number: int
    value: Any
    lines: dict[Place, int] = field(repr=False, default_factory=dict)

    def line(self, place: Place = ()) -> int | None:
        """Line of a place, or of the nearest key around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)

    def origin(self, place: Place = ()) -> Origin:
        """Where an objective stands."""
        return Origin(self.file, self.number, self.line(place) or 1)

    def error(self, place: Place, problem: str, fix: str) -> SloError:
        """The error about a place of this document."""
        key = dotted_place(place)
        return SloError(
            f"document {self.number}, {f'{key}: ' if key else ''}{problem}",
            file=self.file,
            line=self.line(place),
            fix=fix,
        )


def dotted_place(place: Place) -> str:
    """A place as people write it."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def load(path: Path, name: str) -> list[YamlDocument]:
    """The documents of one YAML file."""
    text = _text(path, name)
    try:
        loader = _Loader(text)
        return [_document(loader, node, name, n) for n, node in enumerate(_nodes(loader), 1)]
    except SloError:
        raise
    except yaml.YAMLError as error:
        raise _yaml_error(error, name, text) from None
    except (ValueError, RecursionError) as error:
        raise SloError(f"not YAML srelib can read ({error})", file=name, fix=_MEND) from None


_MEND = "mend it, or move it out of the folder if it holds no SLO"


class _Loader(yaml.SafeLoader):
    """Safe loader that keeps dates as text and merges every key once."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (replaces a mutable attribute of the base)
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge, then keep only the last of each key, so that nested merges stay small."""
        super().flatten_mapping(node)
        last = {(key.tag, _key(key)): (key, value) for key, value in node.value}
        node.value = list(last.values())


def _document(loader: _Loader, node: yaml.Node, name: str, number: int) -> YamlDocument:
    lines = _lines(node, name)  # before construction, which merges keys into the nodes
    return YamlDocument(name, number, loader.construct_document(node), lines)


def _text(path: Path, name: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SloError(
            f"cannot be read ({error.strerror})", file=name, fix="check its permissions"
        ) from None
    if len(content) > MAX_BYTES:
        raise SloError(f"{len(content):,} bytes are too many for SLOs", file=name, fix=_MEND)
    try:
        return content.decode(
            "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        )
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SloError("not UTF-8 text", file=name, line=line, fix="save it as UTF-8") from None


def _nodes(loader: _Loader) -> Iterator[yaml.Node]:
    """Roots of the documents; the items of a list at the top each count as one."""
    while loader.check_node():
        root = loader.get_node()
        items = _items(root)
        if items is not None:
            yield from items
        elif root is not None and root.tag != "tag:yaml.org,2002:null":
            yield root


def _items(root: yaml.Node | None) -> list[yaml.Node] | None:
    """Documents in a list, or in a ``kind: List`` as ``kubectl get -o yaml`` writes it."""
    if isinstance(root, yaml.SequenceNode):
        return root.value
    if not isinstance(root, yaml.MappingNode):
        return None
    keys = {_key(key): value for key, value in root.value}
    items = keys.get("items")
    is_list = "kind" in keys and _key(keys["kind"]) == "List"
    return items.value if is_list and isinstance(items, yaml.SequenceNode) else None


def _lines(root: yaml.Node, name: str) -> dict[Place, int]:
    """Line of every key; each node is visited once, so that aliases cannot blow it up."""
    lines: dict[Place, int] = {(): root.start_mark.line + 1}
    waiting: list[tuple[yaml.Node, Place]] = [(root, ())]
    seen: set[int] = set()
    while waiting:
        node, place = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        for key, line, child in _children(node, name):
            lines.setdefault((*place, key), line)
            waiting.append((child, (*place, key)))
    return lines


def _children(node: yaml.Node, name: str) -> list[tuple[str | int, int, yaml.Node]]:
    if isinstance(node, yaml.SequenceNode):
        return [(n, item.start_mark.line + 1, item) for n, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return []
    _refuse_twice(node, name)
    return [(_key(key), key.start_mark.line + 1, value) for key, value in node.value]


def _refuse_twice(node: yaml.MappingNode, name: str) -> None:
    first: dict[str, int] = {}
    for key, _ in node.value:
        word, line = _key(key), key.start_mark.line + 1
        if word in first and word != "<<":
            raise SloError(
                f"key {word!r} was already written on line {first[word]}",
                file=name,
                line=line,
                fix="keep one of the two",
            )
        first[word] = line


def _key(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else f"<{node.tag}>"


def _yaml_error(error: yaml.YAMLError, name: str, text: str) -> SloError:
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    return SloError(f"not YAML: {said}", file=name, line=_error_line(error, text), fix=_fix(said))


def _error_line(error: yaml.YAMLError, text: str) -> int | None:
    if isinstance(error, yaml.reader.ReaderError):
        return text.count("\n", 0, error.position) + 1
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark else None


def _fix(said: str) -> str:
    if "'\\t'" in said:
        return "indent with spaces instead of tabs"
    if "could not determine a constructor" in said:
        return "remove the tag (the word after the exclamation mark)"
    if "unacceptable character" in said:
        return "save the file as plain UTF-8 text"
    if "mapping values are not allowed" in said:
        return "put text that holds a colon in quotes, and check the indentation"
    return _MEND


Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Keys as in Kubernetes (camelCase), unknown ones refused, types taken as written."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=True
    )


class Metadata(Strict):
    """Name and labels of a document; Kubernetes may add what it likes."""

    model_config = ConfigDict(extra="ignore")

    name: str
    display_name: str | None = None
    labels: dict[str, Any] | None = None
    annotations: dict[str, Any] | None = None


def as_model(model: type[Model], document: YamlDocument) -> tuple[Model, tuple[str, ...]]:
    """The document as a model, and a note on each key the format does not know."""
    try:
        return model.model_validate(document.value), ()
    except ValidationError as error:
        found = schema.faults(error, model)
    if not found[0].unknown:
        raise document.error(found[0].place, found[0].problem, found[0].fix)
    value = _without(document.value, [fault.place for fault in found])
    notes = tuple(
        f"{dotted_place(f.place)} is not part of the format and was ignored." for f in found
    )
    return model.model_validate(value), notes


def fraction(document: YamlDocument, place: Place, target: float) -> float:
    """A target written as a fraction."""
    if 0 < target < 1:
        return target
    raise document.error(
        place, f"{target!r} is not a fraction strictly between 0 and 1", _target_fix(target)
    )


def percent(document: YamlDocument, place: Place, target: float) -> tuple[float, tuple[str, ...]]:
    """A target written in percent as a fraction, with a note where one may have been meant."""
    if not 0 < target < 100:
        fix = "For 99.9 % write 99.9"
        raise document.error(
            place, f"{target!r} is not a percentage strictly between 0 and 100", fix
        )
    note = f"the target {target:g} is read as {target:g} %, because this format writes percent."
    exact = float(Decimal(repr(target)) / 100)  # divided as decimals, without rounding error
    return exact, (note,) * (exact < 0.01)


def read_window(document: YamlDocument, place: Place, text: str, **options: Any) -> Window:
    """A window from its text."""
    try:
        return Window.parse(text, **options)
    except ParameterError:
        rolling = options.get("rolling", True)
        fix = (
            "write a number and m (minutes), h, d or w, such as 28d"
            if rolling
            else "write a number and d, w, M (months), Q or Y, such as 1M"
        )
        kind = "rolling" if rolling else "calendar"
        raise document.error(place, f"{text!r} is not a {kind} window", fix) from None


def merged_labels(*mappings: dict[str, Any] | None) -> dict[str, str]:
    """Labels by their bare name: ``pyrra.dev/team`` and ``team`` are one."""
    found: dict[str, str] = {}
    for mapping in mappings:
        for key, value in (mapping or {}).items():
            words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            if words.strip():
                found.setdefault(str(key).rsplit("/", 1)[-1], words)
    return found


def owner_label(labels: dict[str, str]) -> str | None:
    """Who answers for a service, where a label says so."""
    return labels.get("owner") or labels.get("team")


def slug(text: str) -> str:
    """A text as part of a name: lower case, words joined by hyphens."""
    return re.sub(r"[^\w.]+", "-", text.lower()).strip("-.")


def _without(value: Any, places: list[Place]) -> Any:
    value = copy.deepcopy(value)
    for place in places:
        holder = value
        for part in place[:-1]:
            holder = holder[part]
        holder.pop(place[-1], None)
    return value
