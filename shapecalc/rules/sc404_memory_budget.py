"""The model needs more memory than its budget.

What it does: compares the bytes of the parameters, the buffers and the tensors that live at once,
for one sample at inference and in float32, with `budget: {memory: …}`, with the budget of the
configuration, or with `--max-memory`. `training_memory` (`--max-training-memory`) is that of one
sample in training with Adam: with gradients, its states and what is kept for the backward pass.

Why is this bad: on a device with less, the model does not run at all.

Use instead: earlier strides or fewer channels where the message says that most memory is live, or a
larger budget.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph
from shapecalc.rules._budget import compare_memory
from shapecalc.rules.base import Found

SEVERITY = "error"
FAILS = """
input: [3, 32, 32]
budget: {memory: 64KiB}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""
PASSES = """
input: [3, 32, 32]
budget: {memory: 1MiB}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""


def check(graph: Graph) -> Iterator[Found]:
    """The model against its limit."""
    yield from compare_memory(graph)
