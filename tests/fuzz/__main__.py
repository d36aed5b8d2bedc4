"""Search for longer: ``python -m tests.fuzz csv 600``; by atheris where it is installed.

What is found is written to ``tests/fuzz/corpus``, where the tests read it again.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import random
import sys
import time
import traceback
from typing import Any

try:
    import atheris
except ImportError:
    atheris = None

with atheris.instrument_imports(include=["srelib"]) if atheris else contextlib.nullcontext():
    seeds = importlib.import_module("tests.fuzz.seeds")
    targets = importlib.import_module("tests.fuzz.targets")

_SLOW = 5.0
"""Seconds of computing after which a small input counts as a fault."""


class _Search:
    """Inputs run, and the faults found: one input is kept of each."""

    def __init__(self, target: str) -> None:
        self.target, self.runs, self.seen = target, 0, set[Any]()

    def check(self, content: bytes) -> None:
        """Run one input, and keep it where it shows a new fault."""
        self.runs += 1
        started = time.process_time()
        try:
            targets.attempt(self.target, content)
        except BaseException as fault:
            if isinstance(fault, KeyboardInterrupt):
                raise
            place = traceback.extract_tb(fault.__traceback__)[-1]
            self._keep(content, (type(fault), place.filename, place.lineno))
        if time.process_time() - started > _SLOW:
            self._keep(content, "slow")

    def _keep(self, content: bytes, fault: Any) -> None:
        if fault in self.seen:
            return
        self.seen.add(fault)
        name = f"{self.target}.{hashlib.sha256(content).hexdigest()[:8]}.bin"
        (seeds.CORPUS / name).write_bytes(content)
        print(name, fault, traceback.format_exc(limit=-3), flush=True)


def _by_chance(search: _Search, seconds: float, chance: random.Random) -> None:
    """Change seeds at random until the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        search.check(seeds.mutated(search.target, chance))


def _by_coverage(search: _Search, seconds: str, seed: str) -> None:
    """Hand the seeds to atheris, which prints how many inputs it ran; half are changed as here."""
    kept = seeds.CORPUS.parent / "atheris" / search.target
    kept.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(seeds.SEEDS[search.target]):
        (kept / f"seed-{number}").write_bytes(content)

    def changed(content: bytes, most: int, number: int) -> bytes:
        chance = random.Random(number)
        if chance.random() < 0.5:
            return bytes(atheris.Mutate(content, most))
        return seeds.changed(content, chance)[:most]

    longest = max(4096, *map(len, seeds.SEEDS[search.target]))
    options = (f"-max_total_time={seconds}", f"-max_len={longest}", f"-seed={seed}",
               "-timeout=300", "-print_final_stats=1", "-rss_limit_mb=4096")  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(kept)], search.check, custom_mutator=changed)
    atheris.Fuzz()


def main(target: str, seconds: str = "60", seed: str = "1") -> None:
    """Search one target for some seconds."""
    search = _Search(target)
    if atheris:
        _by_coverage(search, seconds, seed)
        return
    _by_chance(search, float(seconds), random.Random(int(seed)))
    print(f"{target}: {search.runs:,} inputs, {len(search.seen)} faults")


if __name__ == "__main__":
    main(*sys.argv[1:])
