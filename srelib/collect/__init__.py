"""Deployments and changes of any git repository, from its tags and commits.

Every release tag is one deployment; the commits it contains and no earlier release did are what
it shipped.
`asking` runs git, `history` finds which release shipped which commit, `result` makes tables, notes
and files of it, `repository` is the way through.
"""

from srelib.collect.repository import Clock, git
from srelib.collect.result import TAG_KIND, Collected, write

__all__ = ["TAG_KIND", "Clock", "Collected", "git", "write"]
