"""A layer's width is not a multiple of 8.

What it does: reports convolutions and linear layers whose number of outputs is not a multiple of 8,
but for those that lead straight to an output of the model. Off unless selected.

Why is this bad: matrix units (NVIDIA's tensor cores) work on tiles of 8 numbers of half precision;
what does not fill a tile is padded, or runs on slower units.

Use instead: the next multiple of 8, `make_divisible(width, 8)`.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph, Node
from shapecalc.rules._flow import (
    ACTIVATION,
    DROPOUT,
    IDENTITY,
    LINEAR,
    LINEAR_MAP,
    RESHAPE,
    SOFTMAX,
    Flow,
    flow,
)
from shapecalc.rules.base import Found

SEVERITY = "warning"
DEFAULT = False
FAILS = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 30, kernel_size: 3}
  - relu
  - {type: conv2d, out_channels: 10, kernel_size: 1}
"""
PASSES = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 32, kernel_size: 3}
  - relu
  - {type: conv2d, out_channels: 10, kernel_size: 1}
"""

#: Half-precision numbers to a tile.
MULTIPLE = 8


PASSING = IDENTITY | RESHAPE | DROPOUT | ACTIVATION | SOFTMAX


def check(graph: Graph) -> Iterator[Found]:
    """Widths that do not fill a tile."""
    found = flow(graph)
    for node in found.of(LINEAR_MAP):
        field = "out_features" if node in LINEAR else "out_channels"
        width = getattr(node.layer, field, None)
        if width and width % MULTIPLE and not _is_last(found, node):
            yield Found(
                node,
                f"{field} is {width}, which is no multiple of {MULTIPLE}",
                field,
                f"write {field}: {-(-width // MULTIPLE) * MULTIPLE}",
            )


def _is_last(found: Flow, node: Node) -> bool:
    """Whether what it yields is an output of the model."""
    reader: Node | None = node
    while reader is not None and (reader is node or reader in PASSING):
        if found.is_output(reader):
            return True
        reader = found.only_reader(reader)
    return False
