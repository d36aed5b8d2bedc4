"""True lines of a file, where records may span several of them."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from srelib.readers.base import Head


def record_starts(path: Path, head: Head) -> np.ndarray:
    """1-based first lines of all records after the header."""
    csv.field_size_limit(sys.maxsize)
    starts, before = [], 0
    with path.open(encoding="utf-8", errors="replace", newline="") as text:
        for _ in range(head.skip):
            before += bool(text.readline())
        reader = csv.reader(text, delimiter=head.delimiter)
        last = 0
        try:
            for record in reader:
                if record:
                    starts.append(before + last + 1)
                last = reader.line_num
        except csv.Error:
            pass
    return np.array(starts[1:], dtype="int64")


def lines_at(path: Path, offsets: np.ndarray) -> np.ndarray:
    """1-based lines at byte offsets."""
    lines, line, done = [], 1, 0
    with path.open("rb") as raw:
        for offset in offsets:
            while done < offset and (block := raw.read(min(1 << 20, int(offset) - done))):
                line += block.count(b"\n")
                done += len(block)
            carry = raw.read(1 << 12)
            raw.seek(done)
            extra = len(carry) - len(carry.lstrip(b"\r\n"))
            lines.append(line + carry[:extra].count(b"\n"))
    return np.array(lines, dtype="int64")
