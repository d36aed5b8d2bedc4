"""Service level objectives: read from the YAML of five tools, written as OpenSLO.

One module per dialect (`openslo`, `openslo_v1alpha`, `sloth`, `pyrra`, `slo_generator`);
`model` holds `Slo`, `documents` the YAML with its line numbers.
"""

from srelib.slos.model import Origin, Queries, Slo
from srelib.slos.openslo import write
from srelib.slos.reading import Documents, read, read_documents

__all__ = ["Documents", "Origin", "Queries", "Slo", "read", "read_documents", "write"]
