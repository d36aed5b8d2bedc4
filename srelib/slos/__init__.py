"""Service level objectives: read from the YAML of five tools, written as OpenSLO."""

from srelib.slos.files import read
from srelib.slos.model import Composite, Origin, Queries, Slo

__all__ = ["Composite", "Origin", "Queries", "Slo", "read"]
__dir__ = __all__.copy
