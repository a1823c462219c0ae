"""Layers that were read before: a network has many of a kind, and so have the specs of a
repository."""

from __future__ import annotations

from typing import NamedTuple

from shapecalc.layers.base import Layer
from shapecalc.spec.model import LayerSpec


class Entry(NamedTuple):
    """A layer without a mistake, and the words in it: where one of them is the name of a value or
    of a block it may mean something else."""

    layer: LayerSpec
    words: frozenset[str]


class Known:
    """What one reading of a layer tells the next."""

    def __init__(self) -> None:
        #: By the class and the ``repr`` of the fields: equal layers are one object.
        self.built: dict[tuple[type[Layer], str], Layer] = {}
        #: By the framework and what is written in the layer.
        self.read: dict[tuple[str, str], Entry] = {}

    def __len__(self) -> int:
        return len(self.built) + len(self.read)

    def clear(self) -> None:
        """Forget all."""
        self.built.clear()
        self.read.clear()
