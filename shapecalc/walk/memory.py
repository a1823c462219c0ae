"""What walks remember: layers by their fields, and results by what they were run on.

A search over ``vars`` or over input sizes walks a model many times, and most of its layers come out
as they did before; so do those of the other specs of a repository.
"""

from __future__ import annotations

from shapecalc.graph import Inference
from shapecalc.layers.base import Tensor
from shapecalc.sizes import Rounding
from shapecalc.spec.known import Known

#: How many layers and results are kept before all of them are forgotten.
MOST = 20_000

Inferences = dict[tuple[int, tuple[Tensor, ...], bool], Inference]


class Memory:
    """Layers and results; a result keeps its layer alive, whose ``id`` is part of its key."""

    def __init__(self) -> None:
        self.known = Known()
        self._inferences: dict[tuple[Rounding, bool], Inferences] = {}

    def inferences(self, rounding: Rounding, channels_last: bool) -> Inferences:
        """The results under these conventions."""
        return self._inferences.setdefault((rounding, channels_last), {})

    def trim(self) -> None:
        """Forget everything where it is too much."""
        if len(self.known) + sum(map(len, self._inferences.values())) > MOST:
            self._inferences.clear()
            self.known.clear()
