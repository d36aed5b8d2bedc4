"""Service level objectives: read from the YAML of five tools, written as OpenSLO."""

from srelib.slos.files import Documents, read, read_documents, write
from srelib.slos.model import Origin, Queries, Slo

__all__ = ["Documents", "Origin", "Queries", "Slo", "read", "read_documents", "write"]
