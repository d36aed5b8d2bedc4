"""Search for longer: ``python -m tests.fuzz csv 600``; by atheris where it is installed.

What is found is written to ``tests/fuzz/corpus``, where the tests read it again.
"""

from __future__ import annotations

import hashlib
import random
import sys
import time
import traceback

from tests.fuzz.seeds import CORPUS, SEEDS, mutated
from tests.fuzz.targets import attempt


def _checked(target: str, content: bytes) -> None:
    """Run one input, and keep it where it shows a fault."""
    try:
        attempt(target, content)
    except Exception:
        name = f"{target}.{hashlib.sha256(content).hexdigest()[:8]}.bin"
        (CORPUS / name).write_bytes(content)
        print(name, traceback.format_exc(limit=-3), flush=True)


def main(target: str, seconds: str = "60", seed: str = "0") -> None:
    """Change seeds at random until the time is over, or hand them to atheris."""
    try:
        import atheris
    except ImportError:
        end, chance = time.monotonic() + float(seconds), random.Random(int(seed))
        while time.monotonic() < end:
            _checked(target, mutated(target, chance))
        return
    kept = CORPUS.parent / "atheris" / target
    kept.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(SEEDS[target]):
        (kept / f"seed-{number}").write_bytes(content)
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", str(kept)],
                  lambda data: _checked(target, data))  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
