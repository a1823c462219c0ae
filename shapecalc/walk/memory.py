"""What walks of one model remember: layers by their fields, and results by what they were run on.

A search over ``vars`` or over input sizes walks a model many times, and most of its layers come out
as they did before.
"""

from __future__ import annotations

from shapecalc.graph import Inference
from shapecalc.layers.base import Layer, Tensor

#: How many layers and results are kept before all of them are forgotten.
MOST = 100_000


class Memory:
    """Layers and results of one model; an entry of ``inferences`` keeps its layer alive, whose
    ``id`` is part of its key."""

    def __init__(self) -> None:
        self.layers: dict[tuple[type[Layer], str], Layer] = {}
        self.inferences: dict[tuple[int, tuple[Tensor, ...], bool], Inference] = {}

    def trim(self) -> None:
        """Forget everything where it is too much; not during a walk, which counts on ids."""
        if len(self.layers) + len(self.inferences) > MOST:
            self.inferences.clear()
            self.layers.clear()
