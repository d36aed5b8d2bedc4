"""Request logs of any size as table `sli`.

`rollup` is one expression: on DuckDB for files (`opened`), on Spark or a warehouse for a table
there (`table_of`). `write` runs it and leaves a folder that `srelib.load` reads; `sql` prints it.
"""

from srelib.rollup.expression import DIALECTS, RequestRules, long, read_rules, rollup, sql
from srelib.rollup.files import Logs, opened
from srelib.rollup.output import Rolled, table_of, write

__all__ = [
    "DIALECTS",
    "Logs",
    "RequestRules",
    "Rolled",
    "long",
    "opened",
    "read_rules",
    "rollup",
    "sql",
    "table_of",
    "write",
]
