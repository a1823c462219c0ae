"""What to say where a command needs numbers and the sizes of a model have names (``dims``)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.graph import Graph


def numbers_needed(graph: "Graph", way_out: str) -> str | None:
    """The error for a graph with named sizes, and the way out."""
    if graph.domain is None:
        return None
    names = ", ".join(graph.domain.names)
    return f"{graph.spec.name} has sizes with names ({names}), numbers are needed: {way_out}"


#: Where a command takes no sizes itself.
IN_THE_SPEC = "write numbers in its `input`"
