"""A merge that fits at this input size and fails at others.

What it does: reports an `add`, `concat`, `parallel` or `residual` whose inputs have equal sizes at
the spec's own input, but not at every one: along one branch a size is rounded that along the other
is not.

Why is this worth a note: a U-Net that takes images of 256×256 fails at 250×250. That only sizes
divisible by 16 fit is stated nowhere, and found out by trying.

Use instead: `upsample` or `center_crop` with `like` before the merge, where other sizes are to fit;
or pad the images. `shapecalc sizes` says which sizes fit the whole model.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph, Node
from shapecalc.rules.base import Found

SEVERITY = "note"
FAILS = """
input: [8, 64, 64]
layers:
  - {type: max_pool2d, kernel_size: 2}
  - {type: conv_transpose2d, out_channels: 8, kernel_size: 2, stride: 2}
  - {type: add, from: [input, prev]}
"""
PASSES = """
input: [8, 64, 64]
layers:
  - {type: max_pool2d, kernel_size: 2}
  - {type: upsample, like: input}
  - {type: add, from: [input, prev]}
"""


def check(graph: Graph) -> Iterator[Found]:
    """Merges whose inputs agree at some sizes only."""
    if not any(len(node.inputs) > 1 for node in graph.nodes):
        return
    # Only where there is something to reason about: it takes as long to load as all other rules.
    from shapecalc.reasoning.fragile import fragile_merges

    for node, needs in fragile_merges(graph):
        axes: dict[str, list[str]] = {}
        for name, sizes in needs:
            axes.setdefault(sizes.pattern, []).append(name)
        wanted = ", ".join(f"{' and '.join(names)} {text}" for text, names in axes.items())
        yield Found(
            node,
            f"its inputs fit at this input size, but not at every one: only for {wanted}",
            _field(node),
            "bring one input to the size of the other: {type: center_crop, like: …} or "
            "{type: upsample, like: …}",
        )


def _field(node: Node) -> str | None:
    return "from" if node.spec and "from" in node.spec.written else None
