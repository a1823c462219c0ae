"""What walks remember: layers by their fields, results by what they were run on, and what blocks
drew.

A search over ``vars`` or over input sizes walks a model many times, and most of its layers come out
as they did before; so do those of the other specs of a repository.
"""

from __future__ import annotations

from shapecalc.graph import Inference
from shapecalc.layers.base import Tensor
from shapecalc.sizes import Rounding
from shapecalc.spec.known import Known
from shapecalc.walk.recording import Recordings

#: How many layers and results are kept before all of them are forgotten.
MOST = 20_000

Inferences = dict[tuple[int, tuple[Tensor, ...], bool], Inference]


class Memory:
    """Layers and results; a result keeps its layer alive, whose ``id`` is part of its key."""

    def __init__(self) -> None:
        self.known = Known()
        self.recordings = Recordings()
        self._inferences: dict[tuple[Rounding, bool], Inferences] = {}

    def inferences(self, rounding: Rounding, channels_last: bool) -> Inferences:
        """The results under these conventions."""
        return self._inferences.setdefault((rounding, channels_last), {})

    def trim(self) -> None:
        """Forget everything where it is too much."""
        results = sum(map(len, self._inferences.values()))
        if len(self.known) + results + self.recordings.size > MOST:
            self._inferences.clear()
            self.recordings.clear()
            self.known.clear()
