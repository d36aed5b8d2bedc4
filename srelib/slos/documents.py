"""YAML files as documents that know the line of every key.

Safe loading only: no tags that build objects.
Dates stay text, a key written twice is refused, and merging cannot blow up.
"""

from __future__ import annotations

import codecs
import copy
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from srelib import schema
from srelib.errors import InvalidTargetError, ParameterError, SloError
from srelib.recurring import BusinessHours
from srelib.slos.model import Origin
from srelib.windows import Window

Place = tuple[str | int, ...]

MAX_BYTES = 10_000_000


@dataclass(frozen=True)
class YamlDocument:
    """One YAML document, and a place in it; the whole document unless `at` says otherwise."""

    file: str
    number: int
    value: Any
    lines: dict[Place, int] = field(repr=False, default_factory=dict)
    place: Place = ()

    def at(self, *keys: str | int) -> YamlDocument:
        """The same document at a place below this one."""
        return replace(self, place=(*self.place, *keys))

    def root(self, *keys: str | int) -> YamlDocument:
        """The same document at a place given from its top."""
        return replace(self, place=keys)

    def line(self) -> int | None:
        """Line of the place, or of the nearest key around it."""
        around = (self.place[:n] for n in range(len(self.place), -1, -1))
        return next((self.lines[place] for place in around if place in self.lines), None)

    def origin(self) -> Origin:
        """Where an objective stands."""
        return Origin(self.file, self.number, self.line() or 1)

    def error(self, problem: str, fix: str) -> SloError:
        """The error about this place."""
        key = dotted_place(self.place)
        text = f"document {self.number}, {f'{key}: ' if key else ''}{problem}"
        return SloError(text, file=self.file, line=self.line(), fix=fix)


def dotted_place(place: Place) -> str:
    """A place as people write it."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def load(path: Path, name: str) -> list[YamlDocument]:
    """The documents of one YAML file."""
    name = os.fsencode(name).decode("utf-8", errors="backslashreplace")
    text = _text(path, name)
    if yaml.__with_libyaml__:
        # what this one refuses, the other explains
        with suppress(SloError, yaml.YAMLError, ValueError, RecursionError):
            if not _is_deep(text):
                return _documents(_Quick(text), name)
    try:
        return _documents(_Loader(text), name)
    except SloError:
        raise
    except yaml.YAMLError as error:
        said = getattr(error, "problem", None) or str(error).splitlines()[0]
        fix = next((fix for part, fix in FIXES.items() if part in said), _MEND)
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        if isinstance(error, yaml.reader.ReaderError):
            line = text.count("\n", 0, error.position) + 1
        raise SloError(f"not YAML: {said}", file=name, line=line, fix=fix) from None
    except (ValueError, RecursionError) as error:
        raise SloError(f"not YAML srelib can read ({error})", file=name, fix=_MEND) from None


_MEND = "mend it, or move it out of the folder if it holds no SLO"

FIXES = {
    "'\\t'": "indent with spaces instead of tabs",
    "could not determine a constructor": "remove the tag (the word after the exclamation mark)",
    "unacceptable character": "save the file as plain UTF-8 text",
    "mapping values are not allowed": (
        "put text that holds a colon in quotes, and check the indentation"
    ),
}
"""What to do about what the parser said."""


class _Constructor(yaml.constructor.SafeConstructor):
    """Keeps dates as text and merges every key once."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (replaces a mutable attribute of the base)
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge, then keep only the last of each key, so that nested merges stay small."""
        super().flatten_mapping(node)
        last = {(key.tag, _key(key)): (key, value) for key, value in node.value}
        node.value = list(last.values())


class _Loader(_Constructor, yaml.SafeLoader):
    """All in Python."""

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        """A scalar in which escaped pairs of surrogates are the character they stand for."""
        node = super().compose_scalar_node(anchor)
        paired = node.value.encode("utf-16", "surrogatepass")
        node.value = paired.decode("utf-16", errors="replace")
        return node


if yaml.__with_libyaml__:

    class _Quick(_Constructor, yaml.CSafeLoader):
        """Twelve times as fast, but it ends the process where nodes are nested very deeply."""


_DEEP = 500


def _is_deep(text: str) -> bool:
    """Whether nodes are nested more deeply than any document about objectives nests them."""
    depth = 0
    for event in yaml.parse(text, Loader=_Quick):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEP:
            return True
    return False


def _documents(loader: Any, name: str) -> list[YamlDocument]:
    return [_document(loader, node, name, n) for n, node in enumerate(_nodes(loader), 1)]


def _document(loader: Any, node: yaml.Node, name: str, number: int) -> YamlDocument:
    lines = _lines(node, name)  # before construction, which merges keys into the nodes
    return YamlDocument(name, number, loader.construct_document(node), lines)


def _text(path: Path, name: str) -> str:
    if not path.is_file():
        raise SloError("this is no file", file=name, fix=_MEND)
    try:
        content = path.read_bytes()
    except OSError as error:
        problem, fix = f"cannot be read ({error.strerror})", "check its permissions"
        raise SloError(problem, file=name, fix=fix) from None
    if len(content) > MAX_BYTES:
        raise SloError(f"{len(content):,} bytes are too many for SLOs", file=name, fix=_MEND)
    wide = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SloError("not UTF-8 text", file=name, line=line, fix="save it as UTF-8") from None


def _nodes(loader: Any) -> Iterator[yaml.Node]:
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
    if isinstance(root, yaml.MappingNode):
        keys = {_key(key): value for key, value in root.value}
        root = keys.get("items") if "kind" in keys and _key(keys["kind"]) == "List" else None
    return root.value if isinstance(root, yaml.SequenceNode) else None


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


def _children(node: yaml.Node, name: str) -> Sequence[tuple[str | int, int, yaml.Node]]:
    """Key, line and value of all that stands below a node; a key written twice is refused."""
    if isinstance(node, yaml.SequenceNode):
        return [(n, item.start_mark.line + 1, item) for n, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return []
    found = [(_key(key), key.start_mark.line + 1, value) for key, value in node.value]
    first: dict[str, int] = {}
    for word, line, _ in found:
        if word in first and word != "<<":
            problem = f"key {word!r} was already written on line {first[word]}"
            raise SloError(problem, file=name, line=line, fix="keep one of the two")
        first[word] = line
    return found


def _key(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else f"<{node.tag}>"


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


class Resource(Strict):
    """What every document in the form of Kubernetes says first."""

    api_version: str
    kind: str
    metadata: Metadata


def as_model(model: type[Model], document: YamlDocument) -> tuple[Model, tuple[str, ...]]:
    """The document as a model, and a note on each key the format does not know."""
    try:
        return model.model_validate(document.value), ()
    except ValidationError as error:
        found = schema.faults(error, model)
    if not found[0].unknown:
        raise document.at(*found[0].place).error(found[0].problem, found[0].fix)
    value, names = copy.deepcopy(document.value), [dotted_place(fault.place) for fault in found]
    for fault in found:
        *above, last = fault.place
        reduce(getitem, above, value).pop(last, None)
    notes = tuple(f"{name} is not part of the format and was ignored." for name in names)
    return model.model_validate(value), notes


def fraction(at: YamlDocument, target: float) -> float:
    """A target written as a fraction."""
    if 0 < target < 1:
        return target
    problem = f"{target!r} is not a fraction strictly between 0 and 1"
    raise at.error(problem, InvalidTargetError.fix(target))


def percent(at: YamlDocument, target: float) -> float:
    """A target written in percent, as a fraction; divided as decimals, without rounding error."""
    if 0 < target < 100:
        return float(Decimal(repr(target)) / 100)
    problem = f"{target!r} is not a percentage strictly between 0 and 100"
    raise at.error(problem, "For 99.9 % write 99.9")


def percent_notes(target: float) -> tuple[str, ...]:
    """A note where a percentage looks like a fraction."""
    note = f"the target {target:g} is read as {target:g} %, because this format writes percent."
    return (note,) * (target < 1)


def read_window(at: YamlDocument, text: str, *, rolling: bool = True, **options: Any) -> Window:
    """A window from its text."""
    try:
        return Window.parse(text, rolling=rolling, **options)
    except ParameterError:
        kind, fix = ROLLING if rolling else CALENDAR
        raise at.error(f"{schema.shown(text)} is not a {kind} window", fix) from None


ROLLING = "rolling", "write a number and m (minutes), h, d or w, such as 28d"
CALENDAR = "calendar", "write a number and d, w, M (months), Q or Y, such as 1M"


def merged_labels(*mappings: dict[str, Any] | None) -> dict[str, str]:
    """Labels by their bare name: ``pyrra.dev/team`` and ``team`` are one."""
    found: dict[str, str] = {}
    for mapping in mappings:
        for key, value in (mapping or {}).items():
            words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            if words.strip():
                found.setdefault(str(key).rsplit("/", 1)[-1], words)
    return found


SCHEDULE = "srelib/schedule"
"""The annotation that says in which hours an objective holds."""


def read_schedule(metadata: Metadata, document: YamlDocument) -> BusinessHours | None:
    """The hours an objective holds in, where an annotation says so."""
    said = (metadata.annotations or {}).get(SCHEDULE)
    try:
        return None if said is None else BusinessHours(str(said))
    except ParameterError as error:
        problem, _, fix = str(error).rpartition("; ")
        raise document.root("metadata", "annotations", SCHEDULE).error(problem, fix) from error


def owner_label(labels: dict[str, str]) -> str | None:
    """Who answers for a service, where a label says so: a team rather than a person."""
    return labels.get("team") or labels.get("owner")
